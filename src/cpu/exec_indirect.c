/* SPDX-License-Identifier: MIT */
/* Moves to and from indirectly named registers (3:180): region, protection key, breakpoint and
 * performance monitor registers, CPUID; and the data access hint registers (3:178). */
#include "cpu/exec.h"
#include "cpu/interrupt.h"
#include "cpu/pmu.h"

#define INDEX(v) ((unsigned)(v)&0xff)

/* --- reading --- */

/* The checks of every from_form but CPUID's and PMD's, in the manual's order. limit: registers. */
static enum exec check_read(struct cpu *cpu, const struct insn *i, unsigned limit)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, 0);
	if (INDEX(gr_value(cpu, i->r3)) >= limit)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return EXEC_NEXT;
}

static enum exec read_from(
	struct cpu *cpu, const struct insn *i, const uint64_t *file, unsigned limit)
{
	if (check_read(cpu, i, limit) == EXEC_FAULT)
		return EXEC_FAULT;
	gr_set(cpu, i->r1, file[INDEX(gr_value(cpu, i->r3))], 0);
	return EXEC_NEXT;
}

enum exec exec_mov_from_rr(struct cpu *cpu, const struct insn *i)
{
	if (check_read(cpu, i, 256) == EXEC_FAULT)
		return EXEC_FAULT;
	gr_set(cpu, i->r1, cpu->mmu.rr[gr_value(cpu, i->r3) >> 61], 0);
	return EXEC_NEXT;
}

enum exec exec_mov_from_pkr(struct cpu *cpu, const struct insn *i)
{
	return read_from(cpu, i, cpu->mmu.pkr, cpu->model->pkrs);
}

enum exec exec_mov_from_dbr(struct cpu *cpu, const struct insn *i)
{
	return read_from(cpu, i, cpu->mmu.dbr, cpu->model->dbrs * 2u);
}

enum exec exec_mov_from_ibr(struct cpu *cpu, const struct insn *i)
{
	return read_from(cpu, i, cpu->mmu.ibr, cpu->model->ibrs * 2u);
}

enum exec exec_mov_from_pmc(struct cpu *cpu, const struct insn *i)
{
	if (check_read(cpu, i, 256) == EXEC_FAULT)
		return EXEC_FAULT;
	pmu_at(cpu, i);
	gr_set(cpu, i->r1, pmu_read_pmc(cpu, INDEX(gr_value(cpu, i->r3))), 0);
	return EXEC_NEXT;
}

enum exec exec_mov_from_pmd(struct cpu *cpu, const struct insn *i)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, 0);
	pmu_at(cpu, i);
	gr_set(cpu, i->r1, pmu_read_pmd(cpu, INDEX(gr_value(cpu, i->r3))), 0);
	return EXEC_NEXT;
}

enum exec exec_mov_from_cpuid(struct cpu *cpu, const struct insn *i)
{
	unsigned n = INDEX(gr_value(cpu, i->r3));
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, 0);
	if (n >= cpu_model_cpuids(cpu->model))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	gr_set(cpu, i->r1, cpu_model_cpuid(cpu->model, n), 0);
	return EXEC_NEXT;
}

/* --- writing --- */

/* The checks of every to_form; bad: the value has a reserved field set. */
static enum exec check_write(struct cpu *cpu, const struct insn *i, unsigned limit, bool bad)
{
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (gr_nat(cpu, i->r2) || gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, 0);
	if (INDEX(gr_value(cpu, i->r3)) >= limit || bad)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return EXEC_NEXT;
}

/* Region registers (2:58): ve 0, ps 7:2, rid 31:8 as far as implemented. */
static bool rr_reserved(const struct cpu *cpu, uint64_t v)
{
	return v >> (8 + cpu->model->rid_bits) || v & 2 ||
	       !(cpu->model->page_sizes >> bits(v, 2, 6) & 1);
}

enum exec exec_mov_to_rr(struct cpu *cpu, const struct insn *i)
{
	uint64_t v = gr_value(cpu, i->r2);
	if (check_write(cpu, i, 256, rr_reserved(cpu, v)) == EXEC_FAULT)
		return EXEC_FAULT;
	mmu_write_rr(&cpu->mmu, gr_value(cpu, i->r3) >> 61, v);
	return EXEC_STOP;
}

/* Protection key registers (2:59): v wd rd xd 3:0, key 31:8 as far as implemented. */
enum exec exec_mov_to_pkr(struct cpu *cpu, const struct insn *i)
{
	uint64_t v = gr_value(cpu, i->r2);
	bool bad = v & 0xf0 || v >> (8 + cpu->model->key_bits);
	if (check_write(cpu, i, cpu->model->pkrs, bad) == EXEC_FAULT)
		return EXEC_FAULT;
	mmu_write_pkr(&cpu->mmu, INDEX(gr_value(cpu, i->r3)), v);
	return EXEC_STOP;
}

/* Odd breakpoint registers (2:152): mask 55:0, plm 59:56, then ignored bits, r w or x at the top.
 */
#define DBR_KEPT 0xcfffffffffffffffull
#define IBR_KEPT 0x8fffffffffffffffull

static enum exec write_debug(struct cpu *cpu, const struct insn *i, bool inst)
{
	unsigned n = INDEX(gr_value(cpu, i->r3));
	unsigned limit = 2u * (inst ? cpu->model->ibrs : cpu->model->dbrs);
	uint64_t kept = n & 1 ? (inst ? IBR_KEPT : DBR_KEPT) : ~0ull;
	if (check_write(cpu, i, limit, false) == EXEC_FAULT)
		return EXEC_FAULT;
	mmu_write_debug(&cpu->mmu, inst, n, gr_value(cpu, i->r2) & kept);
	return EXEC_STOP;
}

enum exec exec_mov_to_dbr(struct cpu *cpu, const struct insn *i)
{
	return write_debug(cpu, i, false);
}

enum exec exec_mov_to_ibr(struct cpu *cpu, const struct insn *i)
{
	return write_debug(cpu, i, true);
}

enum exec exec_mov_to_pmc(struct cpu *cpu, const struct insn *i)
{
	uint64_t v = gr_value(cpu, i->r2);
	unsigned n = INDEX(gr_value(cpu, i->r3));
	if (check_write(cpu, i, 256, pmu_pmc_reserved(n, v)) == EXEC_FAULT)
		return EXEC_FAULT;
	pmu_at(cpu, i);
	pmu_write_pmc(cpu, n, v);
	return EXEC_NEXT;
}

enum exec exec_mov_to_pmd(struct cpu *cpu, const struct insn *i)
{
	if (check_write(cpu, i, 256, false) == EXEC_FAULT)
		return EXEC_FAULT;
	pmu_at(cpu, i);
	pmu_write_pmd(cpu, INDEX(gr_value(cpu, i->r3)), gr_value(cpu, i->r2));
	return EXEC_NEXT;
}

/* --- data access hints: kept, of no effect; a nop on processors without them --- */

enum exec exec_mov_to_dahr(struct cpu *cpu, const struct insn *i)
{
	if (cpu->model->features & CPU_DAHR)
		cpu->dahr[i->r3 & 7] = (uint16_t)i->imm;
	return EXEC_NEXT;
}

enum exec exec_mov_from_dahr(struct cpu *cpu, const struct insn *i)
{
	if (gr_bad_target(cpu, i->r1) || !(cpu->model->features & CPU_DAHR))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, 0);
	gr_set(cpu, i->r1, cpu->dahr[gr_value(cpu, i->r3) & 7], 0);
	return EXEC_NEXT;
}
