/* SPDX-License-Identifier: MIT */
/* What the decoder found no instruction in: the Illegal Operation fault (2:192). */
#include "cpu/exec.h"

/* Runs with a false predicate only for a reciprocal approximation to f0 or f1, which then still
 * clears p2 (3:86): see R_F1 in isa/decode.c. */
enum exec exec_illegal(struct cpu *cpu, const struct insn *i)
{
	if (pr_get(cpu, i->qp))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	pr_set(cpu, i->p2, false);
	return EXEC_NEXT;
}
