/* SPDX-License-Identifier: MIT */
/* Instructions on translations: inserts (3:149) and purges (3:233), and those that ask
 * about them: probe (3:217), thash, ttag, tpa, tak (3:260). */
#include "cpu/exec.h"
#include "cpu/interrupt.h"

/* --- inserts --- */

/* Checks common to itc and itr but for the slot's. nat: of any operand. */
static enum exec check_insert(struct cpu *cpu, unsigned nat)
{
	if (cpu->psr & PSR(IC))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (nat)
		return fault_nat_consumption(cpu, 0);
	return EXEC_NEXT;
}

static enum exec check_entry(struct cpu *cpu, uint64_t pte)
{
	if (!mmu_insert_legal(&cpu->mmu, cpu->cr[CR_ITIR], pte))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (!mmu_va_implemented(&cpu->mmu, cpu->cr[CR_IFA]))
		return cpu_fault_addr(cpu, FAULT_UNIMPL_DATA_ADDR, 0, cpu->cr[CR_IFA]);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return EXEC_NEXT;
}

static enum exec insert_tc(struct cpu *cpu, const struct insn *i, bool inst)
{
	uint64_t pte = gr_value(cpu, i->r2);
	if (check_insert(cpu, gr_nat(cpu, i->r2)) == EXEC_FAULT)
		return EXEC_FAULT;
	if (check_entry(cpu, pte) == EXEC_FAULT)
		return EXEC_FAULT;
	mmu_itc(&cpu->mmu, inst, cpu->cr[CR_IFA], cpu->cr[CR_ITIR], pte);
	return inst ? EXEC_STOP : EXEC_NEXT;
}

enum exec exec_itc_d(struct cpu *cpu, const struct insn *i)
{
	return insert_tc(cpu, i, false);
}

enum exec exec_itc_i(struct cpu *cpu, const struct insn *i)
{
	return insert_tc(cpu, i, true);
}

static enum exec insert_tr(struct cpu *cpu, const struct insn *i, bool inst)
{
	uint64_t pte = gr_value(cpu, i->r2);
	unsigned slot = gr_value(cpu, i->r3) & 0xff;
	if (check_insert(cpu, gr_nat(cpu, i->r2) | gr_nat(cpu, i->r3)) == EXEC_FAULT)
		return EXEC_FAULT;
	if (slot >= (inst ? cpu->model->itrs : cpu->model->dtrs))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (check_entry(cpu, pte) == EXEC_FAULT)
		return EXEC_FAULT;
	mmu_itr(&cpu->mmu, inst, slot, cpu->cr[CR_IFA], cpu->cr[CR_ITIR], pte);
	return EXEC_STOP;
}

enum exec exec_itr_d(struct cpu *cpu, const struct insn *i)
{
	return insert_tr(cpu, i, false);
}

enum exec exec_itr_i(struct cpu *cpu, const struct insn *i)
{
	return insert_tr(cpu, i, true);
}

/* --- purges: address in r3, size in bits 7:2 of r2 --- */

static enum exec check_purge(struct cpu *cpu, const struct insn *i)
{
	gva_t va = gr_value(cpu, i->r3);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (gr_nat(cpu, i->r3) || gr_nat(cpu, i->r2))
		return fault_nat_consumption(cpu, 0);
	if (!mmu_va_implemented(&cpu->mmu, va))
		return cpu_fault_addr(cpu, FAULT_UNIMPL_DATA_ADDR, 0, va);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return EXEC_NEXT;
}

static struct broadcast_purge purge_operands(struct cpu *cpu, const struct insn *i)
{
	gva_t va = gr_value(cpu, i->r3);
	return (struct broadcast_purge){
		.va = va,
		.ps = (unsigned)bits(gr_value(cpu, i->r2), 2, 6),
		.rid = (uint32_t)bits(cpu->mmu.rr[va >> 61], 8, 24),
	};
}

enum exec exec_ptc_l(struct cpu *cpu, const struct insn *i)
{
	if (check_purge(cpu, i) == EXEC_FAULT)
		return EXEC_FAULT;
	struct broadcast_purge p = purge_operands(cpu, i);
	mmu_purge_tc(&cpu->mmu, p.va, p.ps, p.rid);
	return EXEC_STOP;
}

static enum exec purge_global(struct cpu *cpu, const struct insn *i, bool alat)
{
	if (check_purge(cpu, i) == EXEC_FAULT)
		return EXEC_FAULT;
	struct broadcast_purge p = purge_operands(cpu, i);
	p.alat = alat;
	broadcast_purge(cpu, &p);
	return EXEC_STOP;
}

enum exec exec_ptc_g(struct cpu *cpu, const struct insn *i)
{
	return purge_global(cpu, i, false);
}

enum exec exec_ptc_ga(struct cpu *cpu, const struct insn *i)
{
	return purge_global(cpu, i, true);
}

static enum exec purge_tr(struct cpu *cpu, const struct insn *i, bool inst)
{
	if (check_purge(cpu, i) == EXEC_FAULT)
		return EXEC_FAULT;
	struct broadcast_purge p = purge_operands(cpu, i);
	mmu_purge_tr(&cpu->mmu, inst, p.va, p.ps, p.rid);
	return EXEC_STOP;
}

enum exec exec_ptr_d(struct cpu *cpu, const struct insn *i)
{
	return purge_tr(cpu, i, false);
}

enum exec exec_ptr_i(struct cpu *cpu, const struct insn *i)
{
	return purge_tr(cpu, i, true);
}

/* One purge empties the caches: PAL_PTCE_INFO says a loop count of 1. */
enum exec exec_ptc_e(struct cpu *cpu, const struct insn *i)
{
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	mmu_purge_all_tc(&cpu->mmu);
	return EXEC_STOP;
}

/* --- questions --- */

#define NA_TPA	       (ISR_BIT(NA) | 0)
#define NA_PROBE       (ISR_BIT(NA) | 2)
#define NA_TAK	       (ISR_BIT(NA) | 3)
#define NA_PROBE_FAULT (ISR_BIT(NA) | 5)

static uint64_t access_isr(unsigned acc)
{
	return (acc & ACC_READ ? ISR_BIT(R) : 0) | (acc & ACC_WRITE ? ISR_BIT(W) : 0);
}

static enum exec probe(struct cpu *cpu, const struct insn *i, unsigned acc, unsigned level)
{
	bool ok;
	if (mmu_probe(&cpu->mmu, gr_value(cpu, i->r3), acc, level, &ok))
		return EXEC_FAULT;
	gr_set(cpu, i->r1, ok, 0);
	return EXEC_NEXT;
}

static enum exec probe_reg(struct cpu *cpu, const struct insn *i, unsigned acc)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (gr_nat(cpu, i->r3) || gr_nat(cpu, i->r2))
		return fault_nat_consumption(cpu, NA_PROBE | access_isr(acc));
	return probe(cpu, i, acc, gr_value(cpu, i->r2) & 3);
}

static enum exec probe_imm(struct cpu *cpu, const struct insn *i, unsigned acc)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, NA_PROBE | access_isr(acc));
	return probe(cpu, i, acc, (unsigned)i->imm & 3);
}

static enum exec probe_fault(struct cpu *cpu, const struct insn *i, unsigned acc)
{
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, NA_PROBE_FAULT | access_isr(acc));
	if (mmu_probe_fault(&cpu->mmu, gr_value(cpu, i->r3), acc, (unsigned)i->imm & 3))
		return EXEC_FAULT;
	return EXEC_NEXT;
}

enum exec exec_probe_r(struct cpu *cpu, const struct insn *i)
{
	return probe_reg(cpu, i, ACC_READ);
}

enum exec exec_probe_w(struct cpu *cpu, const struct insn *i)
{
	return probe_reg(cpu, i, ACC_WRITE);
}

enum exec exec_probe_r_imm(struct cpu *cpu, const struct insn *i)
{
	return probe_imm(cpu, i, ACC_READ);
}

enum exec exec_probe_w_imm(struct cpu *cpu, const struct insn *i)
{
	return probe_imm(cpu, i, ACC_WRITE);
}

enum exec exec_probe_rw_fault(struct cpu *cpu, const struct insn *i)
{
	return probe_fault(cpu, i, ACC_READ | ACC_WRITE);
}

enum exec exec_probe_r_fault(struct cpu *cpu, const struct insn *i)
{
	return probe_fault(cpu, i, ACC_READ);
}

enum exec exec_probe_w_fault(struct cpu *cpu, const struct insn *i)
{
	return probe_fault(cpu, i, ACC_WRITE);
}

/* thash and ttag are unprivileged; an unimplemented address gives NaT. */
static enum exec hash(
	struct cpu *cpu, const struct insn *i, uint64_t (*fn)(struct mmu *m, gva_t va))
{
	gva_t va = gr_value(cpu, i->r3);
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	bool nat = gr_nat(cpu, i->r3) || !mmu_va_implemented(&cpu->mmu, va);
	gr_set(cpu, i->r1, nat ? 0 : fn(&cpu->mmu, va), nat);
	return EXEC_NEXT;
}

enum exec exec_thash(struct cpu *cpu, const struct insn *i)
{
	return hash(cpu, i, mmu_thash);
}

enum exec exec_ttag(struct cpu *cpu, const struct insn *i)
{
	return hash(cpu, i, mmu_ttag);
}

static enum exec check_question(struct cpu *cpu, const struct insn *i, uint64_t na)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, na);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, na);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return EXEC_NEXT;
}

enum exec exec_tpa(struct cpu *cpu, const struct insn *i)
{
	uint64_t pa;
	if (check_question(cpu, i, NA_TPA) == EXEC_FAULT)
		return EXEC_FAULT;
	if (mmu_tpa(&cpu->mmu, gr_value(cpu, i->r3), &pa))
		return EXEC_FAULT;
	gr_set(cpu, i->r1, pa, 0);
	return EXEC_NEXT;
}

enum exec exec_tak(struct cpu *cpu, const struct insn *i)
{
	if (check_question(cpu, i, NA_TAK) == EXEC_FAULT)
		return EXEC_FAULT;
	gr_set(cpu, i->r1, mmu_tak(&cpu->mmu, gr_value(cpu, i->r3)), 0);
	return EXEC_NEXT;
}
