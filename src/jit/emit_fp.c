/* SPDX-License-Identifier: MIT */
/*
 * IR of floating-point registers as bits: integers in them (setf.sig, xma, getf.sig), loads and
 * stores of integers, doubles and spilled registers. Registers that hold NaTVal where that matters
 * are left to the exec function.
 */
#include "cpu/exec_mem.h"
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

/* FR f = double v. */
static void set_double(struct tr *t, unsigned f, uint8_t v)
{
	uint8_t sig = ir_temp(t), exp = ir_temp(t);

	ir_op2(t, IR_DBL, sig, v, IR_NONE)->c = exp;
	ir_imm(t, IR_STC, IR_NONE, sig, fr_sig(f));
	ir_imm(t, IR_STC, IR_NONE, exp, fr_sig(f) + 8);
	ir_append(t, IR_FNUM)->imm = f;
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

bool emit_setf_d(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1))
		return false;
	ir_guard(t, i);
	set_double(t, i->r1, i->r2);
	ir_append(t, IR_REJOIN);
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

#define SPILL_SIGN 17 /* bit of the sign in the upper word of a spilled register */

static bool is_spill(unsigned op)
{
	return op == OP_stf_spill || op == OP_stf_spill_i;
}

static bool is_fill(unsigned op)
{
	return op == OP_ldf_fill || op == OP_ldf_fill_r || op == OP_ldf_fill_i;
}

static bool is_double(unsigned op)
{
	return op == OP_stfd || op == OP_stfd_i || op == OP_ldfd || op == OP_ldfd_r ||
	       op == OP_ldfd_i;
}

/* Exponent and sign, as a spill has them. */
static uint8_t spill_upper(struct tr *t, unsigned f)
{
	uint8_t x = ir_temp(t), y = ir_temp(t);

	ir_imm(t, IR_LDC, x, IR_NONE, fr_sig(f) + 8);
	ir_imm(t, IR_SHR, y, x, 32);
	ir_imm(t, IR_SHL, y, y, SPILL_SIGN);
	ir_op2(t, IR_ZEXT, x, x, IR_NONE)->size = 4;
	ir_op2(t, IR_OR, x, x, y);
	return x;
}

/* stf8, stfd, stf.spill */
bool emit_fp_store(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r2) || !ir_update_legal(t, i))
		return false;
	ir_guard(t, i);
	uint8_t low = ir_temp(t), high = IR_NONE;
	if (is_spill(i->op))
		high = spill_upper(t, i->r2);
	else
		check(t, i->r2);
	ir_imm(t, IR_LDC, low, IR_NONE, fr_sig(i->r2));
	if (is_double(i->op)) {
		uint8_t exp = ir_temp(t);
		ir_imm(t, IR_LDC, exp, IR_NONE, fr_sig(i->r2) + 8);
		ir_op2(t, IR_PACKD, low, low, exp);
	}
	struct ir *ir = ir_op2(t, IR_STORE, IR_NONE, i->r3, low);
	ir->c = high;
	ir->size = is_spill(i->op) ? 16 : 8;
	ir_update(t, i, IR_NONE);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

static void set_from_spill(struct tr *t, unsigned f, uint8_t upper)
{
	uint8_t x = ir_temp(t);

	ir_imm(t, IR_SHR, x, upper, SPILL_SIGN);
	ir_imm(t, IR_AND, x, x, 1);
	ir_imm(t, IR_SHL, x, x, 32);
	ir_imm(t, IR_AND, upper, upper, (1 << SPILL_SIGN) - 1);
	ir_op2(t, IR_OR, x, x, upper);
	ir_imm(t, IR_STC, IR_NONE, x, fr_sig(f) + 8);
	ir_append(t, IR_FANY)->imm = f;
}

/* ldf8, ldfd, ldf.fill; types that are more than a load are called. */
bool emit_fp_load(struct tr *t, const struct insn *i)
{
	bool fill = is_fill(i->op);

	if (!fr_static(t, i->r1) || !ir_update_legal(t, i) || (!fill && !ld_is_plain(i)))
		return false;
	ir_guard(t, i);
	uint8_t low = ir_temp(t), upper = fill ? ir_temp(t) : IR_NONE;
	struct ir *ir = ir_op2(t, IR_LOAD, low, i->r3, IR_NONE);
	ir->size = fill ? 16 : 8;
	ir->c = upper;
	if (fill) {
		ir_imm(t, IR_STC, IR_NONE, low, fr_sig(i->r1));
		set_from_spill(t, i->r1, upper);
	} else if (is_double(i->op)) {
		set_double(t, i->r1, low);
	} else {
		set_integer(t, i->r1, low);
	}
	ir_update(t, i, i->r2);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}
