/* SPDX-License-Identifier: MIT */
/*
 * Linked with --wrap for every exec function: counts by row what each side of jittest runs, so that
 * the difference is what ran as translated code. Besides, ttag, which nobody translates, kicks its
 * processor, so that both engines must leave at the same branch.
 */
#include <stdatomic.h>

#include "cpu/exec.h"
#include "world.h"

static enum exec through(unsigned op, struct cpu *cpu, const struct insn *i, exec_fn *real)
{
	struct side *s = (struct side *)((char *)cpu->machine - offsetof(struct side, m));
	/* translated code calls compares that the interpreter would not run */
	bool runs = i->always || pr_get(cpu, i->qp);
	enum exec r = real(cpu, i);

	s->counts.run[op] += runs;
	s->counts.fault[op] += r == EXEC_FAULT;
	if (op == OP_ttag && s->ttag_kicks)
		atomic_fetch_or(&cpu->kick, KICK_EXIT);
	return r;
}

#define OP(id, ...)                                                                                \
	exec_fn __real_exec_##id, __wrap_exec_##id;                                                \
	enum exec __wrap_exec_##id(struct cpu *cpu, const struct insn *i)                          \
	{                                                                                          \
		return through(OP_##id, cpu, i, __real_exec_##id);                                 \
	}
#include "isa/ops.def"
#undef OP
