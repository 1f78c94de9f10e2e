/* SPDX-License-Identifier: MIT */
/*
 * The virtual PSR of a paravirtual kernel (ABI 5.6): put together from the real one and the shared
 * pages, and written by taking it apart again; with the register bank (5.4) and the guest's
 * physical mode (5.7) that hang on it, and rfi (5.8).
 */
#include "cpu/engine.h"
#include "cpu/pmu.h"
#include "cpu/rse.h"
#include "hv/pv.h"

#define PSR_TRANSLATE (PSR(DT) | PSR(RT) | PSR(IT))
#define PSR_USER_CPL  (3ull << PSR_CPL_BIT)

uint64_t pv_psr(const struct hv_vcpu *v)
{
	uint64_t psr = (cpu_psr(v->cpu) & PSR_PLAIN) | PSR(DI);

	psr |= page_get(v, PAGE_IC) & 1 ? PSR(IC) : 0;
	psr |= shared_masked(v) ? 0 : PSR(I);
	psr |= page_get(v, PAGE_METAPHYSICAL) ? 0 : PSR_TRANSLATE;
	psr |= page_get(v, PAGE_DFH) ? PSR(DFH) : 0;
	psr |= page_get(v, PAGE_PP) ? PSR(PP) : 0;
	psr |= page_get(v, PAGE_BANKNUM) ? PSR(BN) : 0;
	return psr | (pv_kernel(v->cpu) ? 0 : (uint64_t)v->cpu->cpl << PSR_CPL_BIT);
}

uint64_t pv_psr_readable(const struct hv_vcpu *v)
{
	return pv_psr(v) & (0xffffffffull | PSR(MC) | PSR(IT));
}

void pv_set_metaphysical(struct hv_vcpu *v, bool on)
{
	if (on == (page_get(v, PAGE_METAPHYSICAL) != 0))
		return;
	page_set(v, PAGE_METAPHYSICAL, on);
	pv_sync_rr0(v);
}

/* --- register banks; NaT bits stand where st8.spill puts them in ar.unat --- */

static void save_bank(struct hv_vcpu *v, enum page_field regs, enum page_field nats, unsigned shift)
{
	uint64_t nat = 0;

	for (unsigned n = 0; n < 16; n++)
		page_set_at(v, regs, n, v->cpu->gr[16 + n]);
	for (unsigned n = 0; n < 16 && v->cpu->nat_seen; n++)
		nat |= (uint64_t)v->cpu->gr_nat[16 + n] << n;
	page_set(v, nats, (page_get(v, nats) & ~(0xffffull << shift)) | nat << shift);
}

static void load_bank(struct hv_vcpu *v, enum page_field regs, enum page_field nats, unsigned shift)
{
	uint64_t nat = page_get(v, nats) >> shift & 0xffff;

	for (unsigned n = 0; n < 16; n++)
		v->cpu->gr[16 + n] = page_get_at(v, regs, n);
	if (likely(!nat && !v->cpu->nat_seen))
		return;
	for (unsigned n = 0; n < 16; n++)
		v->cpu->gr_nat[16 + n] = nat >> n & 1;
	v->cpu->nat_seen = true;
}

void pv_set_bank(struct hv_vcpu *v, unsigned bank)
{
	if (bank == (page_get(v, PAGE_BANKNUM) != 0))
		return;
	if (bank) {
		save_bank(v, PAGE_BANK0, PAGE_VBNAT, 16);
		load_bank(v, PAGE_BANK1, PAGE_VNAT, 0);
	} else {
		save_bank(v, PAGE_BANK1, PAGE_VNAT, 0);
		load_bank(v, PAGE_BANK0, PAGE_VBNAT, 16);
	}
	page_set(v, PAGE_BANKNUM, bank);
}

/* --- writing --- */

/* The parts that live in the pages, but for the bank. */
static void set_virtual_bits(struct hv_vcpu *v, uint64_t psr)
{
	page_set(v, PAGE_IC, psr >> PSR_IC_BIT & 1);
	page_set(v, PAGE_DFH, psr >> PSR_DFH_BIT & 1);
	page_set(v, PAGE_PP, psr >> PSR_PP_BIT & 1);
	shared_set_mask(v, !(psr & PSR(I)));
}

void pv_set_psr(struct hv_vcpu *v, uint64_t psr)
{
	uint64_t cpl = bits(psr, PSR_CPL_BIT, 2);
	uint64_t real = (psr & (PSR_PLAIN | PSR(DFH))) | PSR_REAL_SET | PSR(DI);

	set_virtual_bits(v, psr);
	pv_set_metaphysical(v, (psr & PSR_TRANSLATE) != PSR_TRANSLATE);
	pmu_sync(v->cpu);
	cpu_set_psr(v->cpu, real | (cpl > KERNEL_PL ? cpl : KERNEL_PL) << PSR_CPL_BIT);
}

/* Instruction translation is out of reach of these; physical mode needs dt and rt only. */
void pv_change_psr(struct hv_vcpu *v, uint64_t value, uint64_t mask)
{
	uint64_t psr = (pv_psr(v) & ~mask) | (value & mask);
	uint64_t real = cpu_psr(v->cpu), next;

	set_virtual_bits(v, psr);
	if (mask & PSR(DT))
		pv_set_metaphysical(
			v, !(value & PSR(DT)) || (mask & PSR(RT) && !(value & PSR(RT))));
	next = (real & ~(PSR_PLAIN | PSR(DFH))) | (psr & (PSR_PLAIN | PSR(DFH)));
	if (next == real)
		return;
	pmu_sync(v->cpu);
	cpu_set_psr(v->cpu, next);
}

/* --- rfi --- */

/* Can the engine go on at next_ip without a look from the run loop? */
static bool may_stay(struct cpu *cpu)
{
	return !(cpu->psr & PSR_STEP) && cpu->next_ri == 0 && !rse_incomplete(cpu) &&
	       !pv_event_due(cpu);
}

/* Without a valid ifs the frame stays as it is. Bank 1 is active afterwards whatever ipsr says, as
 * with the hypervisor's own quick way (ABI 5.4). */
enum exec pv_rfi(struct hv_vcpu *v)
{
	struct cpu *cpu = v->cpu;
	uint64_t ifs = page_get(v, PAGE_IFS);

	pv_set_psr(v, page_get(v, PAGE_IPSR));
	pv_set_bank(v, 1);
	cpu->next_ip = page_get(v, PAGE_IIP) & ~15ull;
	cpu->next_ri = cpu->ri;
	if (ifs & IFS_VALID) {
		page_set(v, PAGE_IFS, ifs & (IFS_VALID | 0x3fffffffffull));
		rse_return_interrupted(cpu, ifs);
	}
	cpu->rse.load_frame = true;
	if (!mmu_va_implemented(&cpu->mmu, cpu->next_ip)) {
		cpu->taken = true;
		return cpu_trap(cpu, FAULT_UNIMPL_INST_ADDR, 0);
	}
	if (may_stay(cpu))
		cpu->stay_va = STAY_NOWHERE;
	return EXEC_BRANCH;
}
