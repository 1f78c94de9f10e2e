/* SPDX-License-Identifier: MIT */
/*
 * Instructions that read or write PSR (2:23-2:29). Writes take effect at once, which the
 * architecture allows; only the turning on of psr.ic is remembered until a serialisation, for
 * ISR.ni.
 */
#include "cpu/exec.h"
#include "cpu/interrupt.h"
#include "cpu/pmu.h"
#include "cpu/sapic.h"

#define PSR_UM	     0x3eull
#define PSR_SM_BITS  (PSR_UM | 0x00fee000ull)
#define PSR_LOW_BITS (PSR_UM | 0x0ffee000ull)

/* Bits that are only ever read from cpu->psr; the others are part of the mode. */
#define PSR_PLAIN                                                                                  \
	(PSR(UP) | PSR(MFL) | PSR(MFH) | PSR(I) | PSR(DFL) | PSR(DFH) | PSR(SP) | PSR(PP) |        \
		PSR(DI) | PSR(SI))

/* Writes PSR under mask; tells the run loop when that matters to it. */
static enum exec change_psr(struct cpu *cpu, const struct insn *i, uint64_t value, uint64_t mask)
{
	uint64_t old = cpu_psr(cpu);
	uint64_t next = (old & ~mask) | (value & mask);
	uint64_t changed = old ^ next;
	if (!changed)
		return EXEC_NEXT;
	if (changed & (PSR(UP) | PSR(PP) | PSR(SP))) {
		pmu_at(cpu, i);
		pmu_sync(cpu);
	}
	if (changed & next & PSR(IC))
		cpu->inflight_ic = 1;
	if (changed & ~PSR_PLAIN)
		cpu_set_psr(cpu, next);
	else
		cpu->psr ^= changed;
	if (changed & (PSR(IC) | PSR(DB) | PSR(LP) | PSR(TB) | PSR(PK)))
		return EXEC_STOP;
	return changed & next & PSR(I) && cpu_interrupt_pending(cpu) ? EXEC_STOP : EXEC_NEXT;
}

static enum exec user_mask(struct cpu *cpu, const struct insn *i, uint64_t value, uint64_t mask)
{
	if (cpu->psr & PSR(SP))
		mask &= ~PSR(UP);
	return change_psr(cpu, i, value, mask);
}

enum exec exec_sum(struct cpu *cpu, const struct insn *i)
{
	if ((uint64_t)i->imm & ~PSR_UM)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	return user_mask(cpu, i, ~0ull, (uint64_t)i->imm);
}

enum exec exec_rum(struct cpu *cpu, const struct insn *i)
{
	if ((uint64_t)i->imm & ~PSR_UM)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	return user_mask(cpu, i, 0, (uint64_t)i->imm);
}

enum exec exec_mov_to_psr_um(struct cpu *cpu, const struct insn *i)
{
	uint64_t v = gr_value(cpu, i->r2);
	if (gr_nat(cpu, i->r2))
		return fault_nat_consumption(cpu, 0);
	if (v & ~PSR_UM)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	return user_mask(cpu, i, v, PSR_UM);
}

enum exec exec_mov_from_psr_um(struct cpu *cpu, const struct insn *i)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	gr_set(cpu, i->r1, cpu->psr & PSR_UM, 0);
	return EXEC_NEXT;
}

static enum exec system_mask(struct cpu *cpu, const struct insn *i, uint64_t value, uint64_t mask)
{
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (mask & ~PSR_SM_BITS)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return change_psr(cpu, i, value, mask);
}

enum exec exec_ssm(struct cpu *cpu, const struct insn *i)
{
	return system_mask(cpu, i, ~0ull, (uint64_t)i->imm);
}

enum exec exec_rsm(struct cpu *cpu, const struct insn *i)
{
	return system_mask(cpu, i, 0, (uint64_t)i->imm);
}

enum exec exec_mov_to_psr_l(struct cpu *cpu, const struct insn *i)
{
	uint64_t v = gr_value(cpu, i->r2);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (gr_nat(cpu, i->r2))
		return fault_nat_consumption(cpu, 0);
	if (v & 0xffffffffull & ~PSR_LOW_BITS)
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return change_psr(cpu, i, v, PSR_LOW_BITS);
}

enum exec exec_mov_from_psr(struct cpu *cpu, const struct insn *i)
{
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	gr_set(cpu, i->r1, cpu->psr & (0xffffffffull | PSR(MC) | PSR(IT)), 0);
	return EXEC_NEXT;
}

/* Everything is serialised already; what srlz can end is psr.ic in flight. */
enum exec exec_srlz_d(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	cpu->inflight_ic = 0;
	return EXEC_NEXT;
}

/* The fetch of the following bundle starts anew. */
enum exec exec_srlz_i(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	cpu->inflight_ic = 0;
	return EXEC_STOP;
}
