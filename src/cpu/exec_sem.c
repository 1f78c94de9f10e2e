/* SPDX-License-Identifier: MIT */
/*
 * Semaphores: cmpxchg, xchg, fetchadd and cmp8xchg16 (3:46, 3:274). The host's locked
 * instructions are stronger than either completer, .acq or .rel.
 */
#include "cpu/exec_mem.h"

/* Checks that come before memory. */
static bool sem_faults(struct cpu *cpu, const struct insn *i, unsigned nat)
{
	if (gr_bad_target(cpu, i->r1)) {
		cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
		return true;
	}
	if (gr_nat(cpu, i->r3) | nat) {
		fault_nat_consumption(cpu, ISR_BIT(R) | ISR_BIT(W));
		return true;
	}
	return false;
}

static enum exec semaphore(struct cpu *cpu, const struct insn *i, unsigned size, enum sem_op op,
	uint64_t operand, unsigned nat)
{
	uint64_t old;

	if (unlikely(sem_faults(cpu, i, nat)))
		return EXEC_FAULT;
	if (mem_semaphore(
		    &cpu->mmu, gr_value(cpu, i->r3), size, op, operand, cpu->ar[AR_CCV], &old))
		return EXEC_FAULT;
	gr_set(cpu, i->r1, old, 0);
	return EXEC_NEXT;
}

#define EXEC_SEMAPHORE(name, size, op)                                                             \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		return semaphore(cpu, i, size, op, gr_value(cpu, i->r2), gr_nat(cpu, i->r2));      \
	}

EXEC_SEMAPHORE(cmpxchg1, 1, SEM_CMPXCHG)
EXEC_SEMAPHORE(cmpxchg2, 2, SEM_CMPXCHG)
EXEC_SEMAPHORE(cmpxchg4, 4, SEM_CMPXCHG)
EXEC_SEMAPHORE(cmpxchg8, 8, SEM_CMPXCHG)
EXEC_SEMAPHORE(xchg1, 1, SEM_XCHG)
EXEC_SEMAPHORE(xchg2, 2, SEM_XCHG)
EXEC_SEMAPHORE(xchg4, 4, SEM_XCHG)
EXEC_SEMAPHORE(xchg8, 8, SEM_XCHG)

enum exec exec_fetchadd4(struct cpu *cpu, const struct insn *i)
{
	return semaphore(cpu, i, 4, SEM_ADD, (uint64_t)i->imm, 0);
}

enum exec exec_fetchadd8(struct cpu *cpu, const struct insn *i)
{
	return semaphore(cpu, i, 8, SEM_ADD, (uint64_t)i->imm, 0);
}

enum exec exec_cmp8xchg16(struct cpu *cpu, const struct insn *i)
{
	uint64_t v[2] = {gr_value(cpu, i->r2), cpu->ar[AR_CSD]}, old;

	if (!(cpu->model->features & CPU_AO))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (sem_faults(cpu, i, gr_nat(cpu, i->r2)))
		return EXEC_FAULT;
	if (mem_cmp8xchg16(&cpu->mmu, gr_value(cpu, i->r3), cpu->ar[AR_CCV], v, &old))
		return EXEC_FAULT;
	gr_set(cpu, i->r1, old, 0);
	return EXEC_NEXT;
}
