/* SPDX-License-Identifier: MIT */
/* Moves to and from control registers (3:175, 2:29-2:44; CR64-CR81 are in sapic.c). */
#include "cpu/exec.h"
#include "cpu/interrupt.h"
#include "cpu/sapic.h"
#include "cpu/timer.h"

enum { EXISTS = 1, READ_ONLY = 2, INTERRUPTION = 4, SAPIC = 8 };

static unsigned cr_class(const struct cpu *cpu, unsigned cr)
{
	switch (cr) {
	case CR_DCR:
	case CR_ITM:
	case CR_IVA:
	case CR_PTA:
		return EXISTS;
	case CR_IPSR:
	case CR_ISR:
	case CR_IIP ... CR_IHA:
		return EXISTS | INTERRUPTION;
	case CR_IIB0:
	case CR_IIB1:
		return cpu->model->features & CPU_IIB ? EXISTS | INTERRUPTION : 0;
	case CR_IVR:
	case CR_IRR0 ... CR_IRR0 + 3:
		return EXISTS | SAPIC | READ_ONLY;
	case CR_LID:
	case CR_TPR:
	case CR_EOI:
	case CR_ITV:
	case CR_PMV:
	case CR_CMCV:
	case CR_LRR0:
	case CR_LRR1:
		return EXISTS | SAPIC;
	default:
		return 0;
	}
}

/* Fields that must be written as 0. */
static uint64_t cr_reserved(const struct cpu *cpu, unsigned cr)
{
	switch (cr) {
	case CR_DCR:
		return ~0x7f07ull;
	case CR_PTA:
		return 0x7e02;
	case CR_IPSR:
		return cpu->model->features & CPU_VM ? 0xffff8000f0011fc1ull
						     : 0xffffc000f0011fc1ull;
	case CR_ISR:
		return 0xfffff000ff000000ull;
	case CR_IFS:
		return 0x7fffffc000000000ull;
	default:
		return 0;
	}
}

static bool cr_bad_value(const struct cpu *cpu, unsigned cr, uint64_t v)
{
	return v & cr_reserved(cpu, cr) || sapic_reserved(cr, v);
}

static enum exec cr_check(struct cpu *cpu, unsigned cr, unsigned forbidden)
{
	unsigned class = cr_class(cpu, cr);
	if (!class || class & forbidden || (class & INTERRUPTION && cpu->psr & PSR(IC)))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return EXEC_NEXT;
}

enum exec exec_mov_from_cr(struct cpu *cpu, const struct insn *i)
{
	if (cr_check(cpu, i->r3, 0) == EXEC_FAULT)
		return EXEC_FAULT;
	if (gr_bad_target(cpu, i->r1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	bool sapic = cr_class(cpu, i->r3) & SAPIC;
	gr_set(cpu, i->r1, sapic ? sapic_read(cpu, i->r3) : cpu->cr[i->r3], 0);
	return EXEC_NEXT;
}

static enum exec cr_write(struct cpu *cpu, unsigned cr, uint64_t v)
{
	switch (cr) {
	case CR_ITM:
		timer_write_itm(cpu, v);
		return EXEC_STOP;
	case CR_IVA:
		cpu->cr[cr] = v & ~0x7fffull;
		return EXEC_NEXT;
	case CR_DCR:
		cpu->cr[cr] = v;
		mmu_set_dcr(&cpu->mmu, v);
		return EXEC_NEXT;
	case CR_PTA:
		cpu->cr[cr] = cpu->mmu.pta = v;
		return EXEC_NEXT;
	case CR_IHA:
		cpu->cr[cr] = v & ~3ull;
		return EXEC_NEXT;
	case CR_IIPA:
		cpu->cr[cr] = cpu->iipa = v;
		return EXEC_NEXT;
	default:
		cpu->cr[cr] = v;
		return EXEC_NEXT;
	}
}

enum exec exec_mov_to_cr(struct cpu *cpu, const struct insn *i)
{
	uint64_t v = gr_value(cpu, i->r2);
	if (cr_check(cpu, i->r3, READ_ONLY) == EXEC_FAULT)
		return EXEC_FAULT;
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (gr_nat(cpu, i->r2))
		return fault_nat_consumption(cpu, 0);
	if (cr_bad_value(cpu, i->r3, v))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	if (!(cr_class(cpu, i->r3) & SAPIC))
		return cr_write(cpu, i->r3, v);
	sapic_write(cpu, i->r3, v);
	return cpu_interrupt_pending(cpu) || i->r3 == CR_ITV ? EXEC_STOP : EXEC_NEXT;
}
