/* SPDX-License-Identifier: MIT */
/* State of a paravirtual processor at its start (ABI 2.8), and in save files. */
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "cpu/broadcast.h"
#include "cpu/rse.h"
#include "hv/peer.h"
#include "hv/pv.h"

#define DCR_REAL  0x7e04 /* the hypervisor's own: every deferral but of TLB misses, and lc */
#define PKR_XEN	  15
#define PKR_VALID 1 /* key 0, every access */
#define AP_RETURN 0x840
#define RSC_PL1	  (KERNEL_PL << 2)

void pv_attach(struct hv_vcpu *v)
{
	v->cpu->mmu.nested = &pv_nested;
	v->cpu->mmu.nested_ctx = v;
}

/* --- copies for engine verify; what runs do not change is not in them --- */

static bool copy_open(struct cpu *copy, const struct cpu *of)
{
	struct hv_vcpu *v = calloc(1, sizeof(*v));

	if (!v)
		return false;
	v->hv = of->hv->hv;
	v->regs = of->hv->regs;
	v->cpu = copy;
	copy->hv = v;
	pv_attach(v);
	return true;
}

static void copy_close(struct cpu *copy)
{
	free(copy->hv);
	copy->hv = NULL;
}

static void copy_state(struct cpu *to, const struct cpu *from)
{
	struct hv_vcpu *a = to->hv;
	const struct hv_vcpu *b = from->hv;

	a->callback = b->callback;
	a->iva = b->iva;
	a->rr0 = b->rr0;
	a->itm_last = b->itm_last;
	a->timer_due = b->timer_due;
	for (unsigned n = 0; n < 4; n++) {
		a->irr[n] = b->irr[n];
		a->insvc[n] = b->insvc[n];
	}
	a->plain_isr = b->plain_isr;
	a->last = b->last;
}

static bool vectors_differ(const struct hv_vcpu *a, const struct hv_vcpu *b)
{
	for (unsigned n = 0; n < 4; n++)
		if (a->irr[n] != b->irr[n] || a->insvc[n] != b->insvc[n])
			return true;
	return false;
}

static const char *differs(const struct cpu *x, const struct cpu *y)
{
	const struct hv_vcpu *a = x->hv, *b = y->hv;

	if (a->iva != b->iva || a->rr0 != b->rr0)
		return "virtual cr.iva or rr0";
	if (a->itm_last != b->itm_last || a->timer_due != b->timer_due)
		return "virtual timer";
	if (vectors_differ(a, b))
		return "legacy vectors";
	if (a->plain_isr != b->plain_isr)
		return "emulated fault";
	if (a->last.valid != b->last.valid || (a->last.valid && a->last.va != b->last.va))
		return "latest itc.d";
	return NULL;
}

static void granules(const struct cpu *cpu, gpa_t granule[PERSONALITY_GRANULES])
{
	granule[0] = GPA(HV_SHARED_INFO);
	granule[1] = GPA(HV_MAPPED_REGS + cpu->index * XEN_PAGE_SIZE);
}

const struct personality pv_personality = {
	.exec = pv_exec,
	.deliver = pv_deliver,
	.interrupt = pv_interrupt_due,
	.timer = pv_timer_expired,
	.copy_open = copy_open,
	.copy_close = copy_close,
	.copy = copy_state,
	.differs = differs,
	.granules = granules,
};

static void set_rrs(struct hv_vcpu *v)
{
	for (uint64_t n = 0; n < 8; n++)
		pv_set_rr(v, n << 61, page_get_at(v, PAGE_RRS, n));
}

/* Registers that the hypervisor itself needs. */
static void set_own(struct cpu *cpu)
{
	mmu_write_pkr(&cpu->mmu, PKR_XEN, PKR_VALID);
	cpu->cr[CR_DCR] = DCR_REAL;
}

/* What the shared page says is not touched but for the fields of pv_page_init. */
static void start(struct hv_vcpu *v, uint64_t psr)
{
	struct cpu *cpu = v->cpu;

	cpu_reset(cpu);
	pv_page_init(v);
	set_rrs(v);
	set_own(cpu);
	for (unsigned n = 0; n < 8; n++)
		cpu->ar[AR_K0 + n] = page_get_at(v, PAGE_KRS, n);
	cpu_set_cfm(cpu, 0);
	cpu_set_psr(cpu, PSR_REAL_SET | psr | (uint64_t)KERNEL_PL << PSR_CPL_BIT);
	rse_write_rsc(cpu, RSC_PL1);
	v->itm_last = ~0ull;
	v->last.valid = v->plain_isr = false;
	pv_timer_arm(v);
}

void pv_reset(struct hv_vcpu *v)
{
	memset(v->regs, 0, PAGE_SIZE_USED);
	v->iva = v->rr0 = 0;
	for (unsigned n = 0; n < 4; n++)
		v->irr[n] = v->insvc[n] = 0;
	start(v, 0);
}

void hv_boot_cpu(struct hv *hv, uint64_t entry, uint64_t boot_param)
{
	struct hv_vcpu *v = &hv->vcpu[0];

	start(v, PSR(AC));
	page_set(v, PAGE_IC, 1);
	shared_set_mask(v, 1);
	v->cpu->ip = entry & ~15ull;
	v->cpu->gr[28] = boot_param;
	v->initialised = true;
	v->down = false;
}

/* As if inside cpu_run, so that purges from other processors wait. What it waited for before it
 * went down is forgotten. */
void hv_boot_ap(struct hv_vcpu *v, uint64_t ip, uint64_t gp)
{
	peer_forget(v);
	v->initialised = true;
	v->polling = false;
	cpu_enter(v->cpu);
	start(v, PSR(AC) | PSR(SP));
	shared_set_mask(v, 0xff);
	v->cpu->ip = ip & ~15ull;
	v->cpu->gr[1] = gp;
	v->cpu->br[0] = AP_RETURN;
	v->cpu->halted = false;
	cpu_leave(v->cpu);
}

/* The break is the instruction that completed last. */
void hv_call_again(struct cpu *cpu)
{
	cpu->ip = cpu->iipa;
	cpu->ri = cpu->trap_slot;
}

/* --- saving; caches, the latest itc.d among them, are not saved --- */

void pv_save(const struct hv_vcpu *v, struct stream *s)
{
	stream_put_u64(s, v->iva);
	stream_put_u64(s, v->rr0);
	stream_put_u64(s, v->itm_last);
	stream_put_u64(s, v->timer_due);
	for (unsigned n = 0; n < 4; n++) {
		stream_put_u64(s, v->irr[n]);
		stream_put_u64(s, v->insvc[n]);
	}
}

/* The real PSR is what it must be, whatever the processor's own section says. The shared page may
 * not be loaded yet. */
static void fix_loaded(struct hv_vcpu *v)
{
	struct cpu *cpu = v->cpu;
	uint64_t psr = cpu_psr(cpu) & ~(PSR(VM) | PSR(IS) | 3ull << PSR_CPL_BIT);
	uint64_t cpl = cpu->cpl > KERNEL_PL ? cpu->cpl : KERNEL_PL;

	cpu_set_psr(cpu, psr | PSR_REAL_SET | cpl << PSR_CPL_BIT);
	set_own(cpu);
	v->last.valid = v->plain_isr = false;
}

void pv_load(struct hv_vcpu *v, struct stream *s)
{
	v->iva = stream_get_u64(s) & ~0x7fffull;
	v->rr0 = stream_get_u64(s);
	if (stream_ok(s) && !pv_rrs_sane(v))
		stream_fail(s, "a region register is out of range");
	v->itm_last = stream_get_u64(s);
	v->timer_due = stream_get_max(s, 1, "timer due");
	for (unsigned n = 0; n < 4; n++) {
		v->irr[n] = stream_get_u64(s);
		v->insvc[n] = stream_get_u64(s);
	}
	if (stream_ok(s))
		fix_loaded(v);
}
