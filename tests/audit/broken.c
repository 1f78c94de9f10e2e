/* SPDX-License-Identifier: MIT */
/*
 * Linked into a test program with --wrap for every exec function: the row named by EPIXEN_BROKEN
 * does nothing, or, with a '!' before the name, raises an Illegal Operation fault. A test of that
 * row must fail then (audit.py).
 */
#include <stdlib.h>
#include <string.h>

#include "cpu/exec.h"

static unsigned find_broken(bool *fault)
{
	const char *name = getenv("EPIXEN_BROKEN");
	*fault = name && *name == '!';
	for (unsigned op = 0; name && op < OP_COUNT; op++)
		if (!strcmp(name + *fault, op_name(op)))
			return op;
	return OP_COUNT;
}

static enum exec through(unsigned op, struct cpu *cpu, const struct insn *i, exec_fn *real)
{
	static _Thread_local unsigned broken = OP_COUNT + 1;
	static _Thread_local bool fault;
	if (broken > OP_COUNT)
		broken = find_broken(&fault);
	if (op != broken)
		return real(cpu, i);
	return fault ? cpu_fault(cpu, FAULT_ILLEGAL_OP, 0) : EXEC_NEXT;
}

#define OP(id, ...)                                                                                \
	exec_fn __real_exec_##id, __wrap_exec_##id;                                                \
	enum exec __wrap_exec_##id(struct cpu *cpu, const struct insn *i)                          \
	{                                                                                          \
		return through(OP_##id, cpu, i, __real_exec_##id);                                 \
	}
#include "isa/ops.def"
#undef OP
