/* SPDX-License-Identifier: MIT */
/*
 * Interruptions of a paravirtual guest (ABI 5.4, 5.5, 7): events to the callback, faults and traps
 * reflected to the vector under its virtual cr.iva, with what the shared page then holds. What
 * cannot be reflected crashes the domain.
 */
#include "cpu/alat.h"
#include "cpu/interrupt.h"
#include "cpu/pmu.h"
#include "cpu/rse.h"
#include "hv/pv.h"

/* What a vector writes beside the state common to all. */
enum {
	SETS_IFA = 1, /* ifa and itir */
	SETS_IHA = 2,
	SETS_IIM = 4,
	REFLECTED = 8, /* others crash the domain */
	ADDRESS = REFLECTED | SETS_IFA,
	MISS = ADDRESS | SETS_IHA
};

static unsigned what_vector_sets(enum fault f)
{
	switch (f) {
	case FAULT_VHPT_TRANSLATION:
	case FAULT_ITLB:
	case FAULT_DTLB:
	case FAULT_ALT_ITLB:
	case FAULT_ALT_DTLB:
		return MISS;
	case FAULT_BREAK:
		return REFLECTED | SETS_IIM;
	case FAULT_SPECULATION:
		return ADDRESS | SETS_IIM;
	case FAULT_UNSUPPORTED_DATA:
	case FAULT_VIRTUALIZATION:
		return 0;
	default:
		return ADDRESS;
	}
}

static bool is_miss(enum fault f)
{
	return (what_vector_sets(f) & MISS) == MISS;
}

/* PSR bits that stay as they were; be may be set too (ABI 5.4). */
#define PSR_KEPT (PSR(BE) | PSR(UP) | PSR(MFL) | PSR(MFH) | PSR(PK) | PSR(PP) | PSR(VM))

static void enter_handler(struct hv_vcpu *v, gva_t ip)
{
	struct cpu *cpu = v->cpu;
	uint64_t psr = (cpu->psr & PSR_KEPT & ~PSR(BE)) | PSR_REAL_SET;

	psr |= page_get(v, PAGE_DCR) & 2 ? PSR(BE) : 0;
	page_set(v, PAGE_DFH, 0);
	cpu->taken = false;
	cpu->inflight_ic = 0;
	cpu->rse.load_frame = false;
	cpu->ip = ip;
	pmu_sync(cpu);
	cpu_set_psr(cpu, psr | (uint64_t)KERNEL_PL << PSR_CPL_BIT);
}

/* vipsr.bn is 1 always, since rfi makes bank 1 active whatever it says. */
static void collect(struct hv_vcpu *v, uint64_t isr)
{
	page_set(v, PAGE_UNAT, v->cpu->ar[AR_UNAT]);
	page_set(v, PAGE_PRECOVER_IFS, IFS_VALID | cpu_cfm(v->cpu));
	page_set(v, PAGE_IPSR, pv_psr(v) | PSR(BN));
	page_set(v, PAGE_ISR, isr);
	page_set(v, PAGE_IIP, v->cpu->ip);
	page_set(v, PAGE_IFS, 0);
	pv_set_bank(v, 0);
	page_set(v, PAGE_IC, 0);
	shared_set_mask(v, 1);
}

static void deliver_event(struct hv_vcpu *v)
{
	collect(v, (uint64_t)v->cpu->ri << ISR_EI_BIT);
	enter_handler(v, v->callback & ~15ull);
}

bool pv_event_due(struct cpu *cpu)
{
	struct hv_vcpu *v = cpu->hv;

	if (shared_masked(v) || !shared_pending(v))
		return false;
	if (likely(v->callback))
		return true;
	hv_pend_vector(v, host_load(v->hv->shared_info + SHARED_EVTCHN_VECTOR, 4) & 0xff);
	return false;
}

bool pv_interrupt_due(struct cpu *cpu)
{
	if (unlikely(cpu->hv->timer_due))
		pv_timer_retry(cpu->hv);
	return pv_event_due(cpu);
}

/* --- faults --- */

/* A speculative load that misses gives a NaT, and lfetch.fault does nothing: tried again with
 * psr.ed, whatever cr.dcr says. */
static bool defer_miss(struct cpu *cpu, const struct fault_info *f)
{
	bool lfetch = f->isr & ISR_BIT(NA) && (f->isr & 15) == ACC_NA_CODE(ACC_LFETCH);

	if (!is_miss(f->code) || !(f->isr & ISR_BIT(SP) || lfetch))
		return false;
	cpu->psr |= PSR(ED);
	cpu_sync_mode(cpu);
	return true;
}

/* While vpsr.ic is 0 a data miss goes to a vector of its own and leaves the page as it is. */
static void deliver_nested(struct hv_vcpu *v, const struct fault_info *f)
{
	gva_t vector = v->iva + fault_vector(FAULT_DATA_NESTED_TLB);

	if (!(page_get(v, PAGE_IPSR) & PSR(DT)))
		pv_crash(v->cpu, "fault with virtual psr.ic and psr.dt off");
	else if (!is_miss(f->code) || f->isr & ISR_BIT(X))
		pv_crash(v->cpu, "fault with virtual psr.ic off");
	else if (v->cpu->ip == vector && v->cpu->ri == 0)
		pv_crash(v->cpu, "the interruption handler itself faults, for ever");
	else
		enter_handler(v, vector);
}

/* Illegal and privileged operations of the kernel went to emulation first, which failed. */
static bool from_emulation(const struct hv_vcpu *v, enum fault f)
{
	bool tried = f == FAULT_ILLEGAL_OP || f == FAULT_PRIV_OP || f == FAULT_PRIV_REG;
	return v->plain_isr || (tried && pv_kernel(v->cpu));
}

static uint64_t plain_isr(enum fault f)
{
	return f == FAULT_RESERVED_REG_FIELD ? 0x30 : 0;
}

static void set_address(struct hv_vcpu *v, const struct fault_info *f)
{
	uint64_t *ifa = &v->cpu->cr[CR_IFA]; /* the real register keeps the latest address */

	if (interrupt_writes_ifa(f->code))
		*ifa = f->ifa;
	page_set(v, PAGE_IFA, *ifa);
	page_set(v, PAGE_ITIR, pv_itir(v, *ifa));
}

static void reflect(struct hv_vcpu *v, const struct fault_info *f)
{
	unsigned sets = what_vector_sets(f->code);
	bool plain = from_emulation(v, f->code);

	if (!plain && sets & SETS_IFA)
		set_address(v, f);
	if (sets & SETS_IHA)
		page_set(v, PAGE_IHA, pv_thash(v, f->ifa));
	if (sets & SETS_IIM)
		page_set(v, PAGE_IIM, f->iim);
	collect(v, plain ? plain_isr(f->code) : interrupt_isr(v->cpu, f));
	enter_handler(v, v->iva + fault_vector(f->code));
}

void pv_deliver(struct cpu *cpu)
{
	struct hv_vcpu *v = cpu->hv;
	struct fault_info f = cpu->mmu.fault;

	cpu->mmu.fault.code = FAULT_NONE;
	cpu->delivered[f.code]++;
	if (f.code == FAULT_EXTERNAL_INTERRUPT)
		deliver_event(v);
	else if (!defer_miss(cpu, &f)) {
		if (!(page_get(v, PAGE_IC) & 1))
			deliver_nested(v, &f);
		else if (!(what_vector_sets(f.code) & REFLECTED))
			pv_crash(cpu, "fault that paravirtual guests cannot handle");
		else
			reflect(v, &f);
	}
	v->plain_isr = false;
}
