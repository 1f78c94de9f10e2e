/* SPDX-License-Identifier: MIT */
/*
 * Stand-ins for rows of isa/ops.def that have no exec function yet: weak, so that the real one
 * replaces them at link time; the guest sees an Illegal Operation fault. To be removed when the
 * last row is there.
 */
#include "cpu/exec.h"

#define OP(id, ...)                                                                               \
	__attribute__((weak)) enum exec exec_##id(struct cpu *cpu, const struct insn *i)          \
	{                                                                                         \
		(void)i;                                                                          \
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);                                       \
	}
#include "isa/ops.def"
#undef OP
