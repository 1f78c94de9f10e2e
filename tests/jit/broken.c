/* SPDX-License-Identifier: MIT */
/*
 * Linked into epixen and epixen-user with --wrap: the translator has the bug that EPIXEN_BROKEN
 * names, and engine verify must find it (run-verify.sh).
 *
 *   value   sub adds
 *   store   st4 stores 8 bytes
 *   lost    st2 stores nothing
 *   fault   no register is outside the frame
 *   stray   fc, which is called, changes the last byte of RAM
 */
#include <stdlib.h>
#include <string.h>

#include "cpu/exec.h"
#include "jit/emit.h"

static bool broken(const char *how)
{
	const char *name = getenv("EPIXEN_BROKEN");
	return name && strcmp(name, how) == 0;
}

emit_fn __real_emit_alu2, __wrap_emit_alu2, __real_emit_store, __wrap_emit_store;
bool __real_ir_target(struct tr *t, unsigned r);
bool __wrap_ir_target(struct tr *t, unsigned r);
exec_fn __real_exec_fc, __wrap_exec_fc;

bool __wrap_emit_alu2(struct tr *t, const struct insn *i)
{
	unsigned first = t->b->count;

	if (!__real_emit_alu2(t, i))
		return false;
	if (i->op == OP_sub && broken("value"))
		for (unsigned n = first; n < t->b->count; n++)
			if (t->b->ir[n].op == IR_SUB)
				t->b->ir[n].op = IR_ADD;
	return true;
}

bool __wrap_emit_store(struct tr *t, const struct insn *i)
{
	unsigned first = t->b->count;

	if (i->op == OP_st2 && broken("lost"))
		return true;
	if (!__real_emit_store(t, i))
		return false;
	if (i->op == OP_st4 && broken("store"))
		for (unsigned n = first; n < t->b->count; n++)
			if (t->b->ir[n].op == IR_STORE)
				t->b->ir[n].size = 8;
	return true;
}

bool __wrap_ir_target(struct tr *t, unsigned r)
{
	return broken("fault") || __real_ir_target(t, r);
}

/* In the pass of translated code only, past every table of who may write. */
enum exec __wrap_exec_fc(struct cpu *cpu, const struct insn *i)
{
	const struct ram_slot *s = &cpu->machine->ram.slot[0];

	if (cpu->verify && broken("stray"))
		s->host[s->size - 1]++;
	return __real_exec_fc(cpu, i);
}
