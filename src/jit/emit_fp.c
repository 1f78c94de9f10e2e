/* SPDX-License-Identifier: MIT */
/*
 * IR of floating-point registers as bits: integers in them (setf.sig, xma, getf.sig), loads and
 * stores of integers, doubles and spilled registers. Registers that hold NaTVal where that matters
 * are left to the exec function.
 */
#include "cpu/exec_mem.h"
#include "cpu/fp_core.h"
#include "jit/emit.h"
#include "jit/jit.h"

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

/* FR f = double (size 8) or single v. */
static void set_number(struct tr *t, unsigned f, uint8_t v, unsigned size)
{
	struct ir *ir = ir_op2(t, IR_FSET, IR_NONE, v, IR_NONE);
	ir->imm = f;
	ir->size = (uint8_t)size;
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

/* setf.s, setf.d */
bool emit_setf_d(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1))
		return false;
	ir_guard(t, i);
	set_number(t, i->r1, i->r2, i->op == OP_setf_d ? 8 : 4);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

static uint8_t get_number(struct tr *t, unsigned f, uint8_t v, unsigned size)
{
	struct ir *ir = ir_imm(t, IR_FGET, v, IR_NONE, f);
	ir->size = (uint8_t)size;
	return v;
}

/* getf.s, getf.d */
bool emit_getf_d(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r2) || !ir_target(t, i->r1))
		return false;
	ir_guard(t, i);
	get_number(t, i->r2, i->r1, i->op == OP_getf_d ? 8 : 4);
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

/* xma.h, xma.hu: the addend is an unsigned 64-bit number in both. */
bool emit_xma_h(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1) || !fr_static(t, i->r2) || !fr_static(t, i->r3) ||
		!fr_static(t, i->r4))
		return false;
	ir_guard(t, i);
	check(t, i->r2);
	check(t, i->r3);
	check(t, i->r4);
	uint8_t x = ir_temp(t), y = ir_temp(t), z = IR_NONE;
	ir_imm(t, IR_LDC, x, IR_NONE, fr_sig(i->r3));
	ir_imm(t, IR_LDC, y, IR_NONE, fr_sig(i->r4));
	if (i->r2) {
		z = ir_temp(t);
		ir_imm(t, IR_LDC, z, IR_NONE, fr_sig(i->r2));
	}
	struct ir *ir = ir_op2(t, IR_MULH, x, x, y);
	ir->c = z;
	ir->type = i->op == OP_xma_h;
	set_integer(t, i->r1, x);
	ir_guard_end(t, i);
	return true;
}

/* --- memory --- */

#define SPILL_SIGN 17 /* bit of the sign in the upper word of a spilled register */

enum format { INTEGER, SINGLE, DOUBLE, SPILL };

static enum format format_of(unsigned op)
{
	switch (op) {
	case OP_ldfs:
	case OP_ldfs_r:
	case OP_ldfs_i:
	case OP_stfs:
	case OP_stfs_i:
	case OP_ldfps:
	case OP_ldfps_i:
		return SINGLE;
	case OP_ldfd:
	case OP_ldfd_r:
	case OP_ldfd_i:
	case OP_stfd:
	case OP_stfd_i:
	case OP_ldfpd:
	case OP_ldfpd_i:
		return DOUBLE;
	case OP_ldf_fill:
	case OP_ldf_fill_r:
	case OP_ldf_fill_i:
	case OP_stf_spill:
	case OP_stf_spill_i:
		return SPILL;
	default:
		return INTEGER;
	}
}

static const uint8_t format_size[] = {[INTEGER] = 8, [SINGLE] = 4, [DOUBLE] = 8, [SPILL] = 16};

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

bool emit_getf_exp(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r2) || !ir_target(t, i->r1))
		return false;
	ir_guard(t, i);
	check(t, i->r2);
	ir_op2(t, IR_MOV, i->r1, spill_upper(t, i->r2), IR_NONE);
	ir_guard_end(t, i);
	return true;
}

/* stfs, stfd, stf8, stf.spill */
bool emit_fp_store(struct tr *t, const struct insn *i)
{
	enum format format = format_of(i->op);

	if (!fr_static(t, i->r2) || !ir_update_legal(t, i))
		return false;
	ir_guard(t, i);
	uint8_t low = ir_temp(t), high = IR_NONE;
	if (format == SPILL) {
		ir_append(t, IR_FHOME)->imm = i->r2;
		high = spill_upper(t, i->r2);
	} else if (format == INTEGER) {
		check(t, i->r2);
	}
	if (format == SPILL || format == INTEGER)
		ir_imm(t, IR_LDC, low, IR_NONE, fr_sig(i->r2));
	else
		get_number(t, i->r2, low, format_size[format]);
	struct ir *ir = ir_op2(t, IR_STORE, IR_NONE, i->r3, low);
	ir->c = high;
	ir->size = format_size[format];
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

bool emit_setf_exp(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1))
		return false;
	ir_guard(t, i);
	uint8_t sig = ir_temp(t), upper = ir_temp(t);
	ir_imm(t, IR_MOVI, sig, IR_NONE, INT64_MIN);
	ir_imm(t, IR_STC, IR_NONE, sig, fr_sig(i->r1));
	ir_imm(t, IR_AND, upper, i->r2, (2 << SPILL_SIGN) - 1);
	set_from_spill(t, i->r1, upper);
	ir_append(t, IR_FNUM)->imm = i->r1; /* its integer bit is set */
	ir_guard_end(t, i);
	return true;
}

static void set_from_memory(struct tr *t, unsigned f, uint8_t v, enum format format)
{
	if (format == INTEGER)
		set_integer(t, f, v);
	else
		set_number(t, f, v, format_size[format]);
}

/* ldfs, ldfd, ldf8, ldf.fill; types that are more than a load are called. */
bool emit_fp_load(struct tr *t, const struct insn *i)
{
	enum format format = format_of(i->op);
	bool fill = format == SPILL;

	if (!fr_static(t, i->r1) || !ir_update_legal(t, i) || (!fill && !ld_is_plain(i)))
		return false;
	ir_guard(t, i);
	uint8_t low = ir_temp(t), upper = fill ? ir_temp(t) : IR_NONE;
	struct ir *ir = ir_op2(t, IR_LOAD, low, i->r3, IR_NONE);
	ir->size = format_size[format];
	ir->c = upper;
	if (fill) {
		ir_imm(t, IR_STC, IR_NONE, low, fr_sig(i->r1));
		set_from_spill(t, i->r1, upper);
	} else {
		set_from_memory(t, i->r1, low, format);
	}
	ir_update(t, i, i->r2);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

/* ldfps, ldfpd, ldfp8: the first has the lower address. */
bool emit_fp_load_pair(struct tr *t, const struct insn *i)
{
	enum format format = format_of(i->op);
	bool update = i->op == OP_ldfps_i || i->op == OP_ldfpd_i || i->op == OP_ldfp8_i;
	unsigned size = 2 * format_size[format];

	if (!fr_static(t, i->r1) || !fr_static(t, i->r2) || !ld_is_plain(i) ||
		!((i->r1 ^ i->r2) & 1) || (update && !ir_target(t, i->r3)))
		return false;
	ir_guard(t, i);
	uint8_t low = ir_temp(t), high = ir_temp(t);
	struct ir *ir = ir_op2(t, IR_LOAD, low, i->r3, IR_NONE);
	ir->size = (uint8_t)size;
	if (format == SINGLE)
		ir_imm(t, IR_SHR, high, low, 32);
	else
		ir->c = high;
	set_from_memory(t, i->r1, low, format);
	set_from_memory(t, i->r2, high, format);
	if (update)
		ir_imm(t, IR_ADD, i->r3, i->r3, size);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

/* --- arithmetic --- */

static unsigned status_field(const struct insn *i)
{
	return i->comp >> 2 & 3;
}

static void from_integer(struct tr *t, const struct insn *i, unsigned f, unsigned type)
{
	ir_guard(t, i);
	check(t, f);
	struct ir *ir = ir_append(t, IR_FFROMINT);
	ir->imm = IR_FRS(i->r1, 0, f, 0);
	ir->type = (uint8_t)type;
	ir_guard_end(t, i);
	if (i->qp == 0)
		t->integer[i->r1 / 64] |= 1ull << i->r1 % 64;
}

/* fnorm.s1, which is fcvt.xuf, of a small integer is exact in any precision; its integer bit is
 * clear, which is reported. */
static bool emit_fnorm_integer(struct tr *t, const struct insn *i)
{
	bool integer = t->integer[i->r1 / 64] >> i->r1 % 64 & 1;

	t->integer[i->r1 / 64] &= ~(1ull << i->r1 % 64);
	if (i->op != OP_fma || status_field(i) != 1 || i->r4 != 1 || i->r2 != 0 || i->r3 < 2 ||
		integer || !fr_static(t, i->r1) || !fr_static(t, i->r3))
		return false;
	from_integer(t, i, i->r3, 1);
	return true;
}

/* fma, fms, fnma: on the host with a precision of their own; without its FMA only what is a sum or
 * a product. A factor of 1 comes second: the order matters for NaNs only, and 1 is none. */
bool emit_fma(struct tr *t, const struct insn *i)
{
	unsigned pc = i->comp & 3, f3 = i->r3, f4 = i->r4;

	if (pc == 0 && emit_fnorm_integer(t, i))
		return true;
	if (!fr_static(t, i->r1) || !fr_static(t, i->r2) || !fr_static(t, f3) || !fr_static(t, f4))
		return false;
	if (f3 == 1) {
		f3 = f4;
		f4 = 1;
	}
	bool soft = pc == 0 || (f4 != 1 && i->r2 && !(t->b->host & HOST_FMA));
	ir_guard(t, i);
	struct ir *ir = ir_append(t, soft ? IR_FSOFT : IR_FARITH);
	ir->imm = IR_FRS(i->r1, i->r2, f3, f4);
	ir->size = (uint8_t)(soft ? pc : pc == FP_PC_DOUBLE ? 8 : 4);
	ir->cc = (uint8_t)status_field(i);
	ir->type = i->op == OP_fma ? FARITH_FMA : i->op == OP_fms ? FARITH_FMS : FARITH_FNMA;
	ir_guard_end(t, i);
	return true;
}

/* fmerge.s and fmerge.ns of a register with itself, and with a constant */
bool emit_fmerge(struct tr *t, const struct insn *i)
{
	bool other = i->op == OP_fmerge_ns;

	if ((i->r2 != i->r3 && i->r2 > 1) || !fr_static(t, i->r1) || !fr_static(t, i->r3))
		return false;
	ir_guard(t, i);
	struct ir *ir = ir_append(t, IR_FSIGN);
	ir->imm = IR_FRS(i->r1, 0, i->r3, 0);
	if (i->r2 == i->r3)
		ir->type = other ? FSIGN_OTHER : FSIGN_SAME;
	else
		ir->type = other ? FSIGN_MINUS : FSIGN_PLUS;
	ir_guard_end(t, i);
	return true;
}

/* The host sets the carry flag for less. */
bool emit_fcmp(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r2) || !fr_static(t, i->r3))
		return false;
	struct ir *ir = ir_append(t, IR_FCMP);
	ir->imm = IR_FRS(0, 0, i->r2, i->r3);
	ir->cc = i->op == OP_fcmp_lt   ? CC_B
		 : i->op == OP_fcmp_le ? CC_BE
		 : i->op == OP_fcmp_eq ? CC_E
				       : CC_P;
	ir->p1 = i->p1;
	ir->p2 = i->p2;
	ir->qp = i->qp;
	ir->type = i->comp & 1 ? CMP_UNC : CMP_NORMAL;
	return true;
}

bool emit_fcvt_fx(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1) || !fr_static(t, i->r2))
		return false;
	ir_guard(t, i);
	struct ir *ir = ir_append(t, IR_FTOINT);
	ir->imm = IR_FRS(i->r1, 0, i->r2, 0);
	ir->cc = (uint8_t)status_field(i);
	ir->type = (uint8_t)((i->comp & 1 ? FTOINT_TRUNC : 0) |
			     (i->op == OP_fcvt_fxu ? FTOINT_UNSIGNED : 0));
	ir_guard_end(t, i);
	return true;
}

bool emit_fcvt_xf(struct tr *t, const struct insn *i)
{
	if (!fr_static(t, i->r1) || !fr_static(t, i->r2))
		return false;
	t->integer[i->r1 / 64] &= ~(1ull << i->r1 % 64);
	from_integer(t, i, i->r2, 0);
	return true;
}
