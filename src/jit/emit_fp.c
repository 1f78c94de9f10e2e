/* SPDX-License-Identifier: MIT */
/*
 * IR of floating-point registers used as integers (setf.sig, xma, getf.sig). Registers that hold
 * NaTVal are left to the exec function.
 */
#include "jit/emit.h"

/* Where FR f is; false: it moves, or may be disabled. */
static bool fr_static(const struct tr *t, unsigned f)
{
	return !(t->b->key & (f < 32 ? KEY_DFL : KEY_DFH | KEY_RENAMED));
}

static int64_t fr_sig(unsigned f)
{
	return FIELD(fr) + (int64_t)(f * sizeof(struct freg) + offsetof(struct freg, sig));
}

static void check(struct tr *t, unsigned f)
{
	if (f > 1)
		ir_append(t, IR_FCHECK)->imm = f;
}

/* FR f = integer v. */
static void set_integer(struct tr *t, unsigned f, uint8_t v)
{
	ir_imm(t, IR_STC, IR_NONE, v, fr_sig(f));
	ir_append(t, IR_FINT)->imm = f;
}

bool emit_setf_sig(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1))
		return false;
	ir_guard(t, i);
	set_integer(t, i->r1, i->r2);
	ir_guard_end(t, i);
	return true;
}

bool emit_getf_sig(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r2) || !ir_target(t, i->r1))
		return false;
	ir_guard(t, i);
	check(t, i->r2);
	ir_imm(t, IR_LDC, i->r1, IR_NONE, fr_sig(i->r2));
	ir_guard_end(t, i);
	return true;
}

bool emit_xma_l(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1) || !fr_static(t, i->r2) || !fr_static(t, i->r3) ||
		!fr_static(t, i->r4))
		return false;
	ir_guard(t, i);
	check(t, i->r2);
	check(t, i->r3);
	check(t, i->r4);
	uint8_t x = ir_temp(t), y = ir_temp(t);
	ir_imm(t, IR_LDC, x, IR_NONE, fr_sig(i->r3));
	ir_imm(t, IR_LDC, y, IR_NONE, fr_sig(i->r4));
	ir_op2(t, IR_MUL, x, x, y);
	if (i->r2) {
		ir_imm(t, IR_LDC, y, IR_NONE, fr_sig(i->r2));
		ir_op2(t, IR_ADD, x, x, y);
	}
	set_integer(t, i->r1, x);
	ir_guard_end(t, i);
	return true;
}
