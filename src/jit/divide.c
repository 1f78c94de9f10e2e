/* SPDX-License-Identifier: MIT */
/* The sequences of GCC and libgcc: see divide.h. */
#include "jit/divide.h"

#include "cpu/fp_core.h"
#include "isa/op.h"
#include "jit/fr_form.h"

#include <string.h>

/* Operands of a step: steps by number, or one of these. */
enum { ZERO = 0x20, ONE, A, B, NONE = 0xff };
enum { S1 = 1 << 2 }; /* completers: status field 1 */

struct step {
	uint16_t op;
	uint8_t comp; /* pc and sf */
	uint8_t x, y, add;
};

/* x * y + add, or add - x * y; step 0 is frcpa. */
#define FMA(x, y, add)                                                                             \
	{                                                                                          \
		OP_fma, S1, x, y, add                                                              \
	}
#define FNMA(x, y, add)                                                                            \
	{                                                                                          \
		OP_fnma, S1, x, y, add                                                             \
	}

/* clang-format off */
static const struct step recipes[RECIPES][DIVIDE_STEPS] = {
	[DIVIDE_DOUBLE] = {
		{OP_frcpa, 0, A, B, NONE},
		FNMA(B, 0, ONE), FMA(1, 1, ZERO), FMA(0, 1, 0), FMA(2, 2, ZERO), FMA(3, 2, 3),
		FMA(5, 4, 5),
		{OP_fma, FP_PC_DOUBLE | S1, A, 6, ZERO}, FNMA(B, 7, A),
		{OP_fma, FP_PC_DOUBLE, 8, 6, 7},
	},
	[DIVIDE_SINGLE] = {
		{OP_frcpa, 0, A, B, NONE},
		FNMA(B, 0, ONE), FMA(0, 1, 0), FMA(2, 1, 0),
		{OP_fma, FP_PC_SINGLE | S1, A, 3, ZERO}, FNMA(B, 4, A),
		{OP_fma, FP_PC_SINGLE, 5, 3, 4},
	},
	[DIVIDE_INTEGER] = {
		{OP_frcpa, S1, A, B, NONE},
		FNMA(B, 0, ONE), FMA(A, 0, ZERO), FMA(1, 1, ZERO), FMA(1, 2, 2), FMA(1, 0, 0),
		FMA(3, 4, 4), FMA(3, 5, 5), FNMA(B, 6, A), FMA(8, 7, 6),
	},
};
/* clang-format on */

unsigned divide_last(enum recipe recipe)
{
	return recipe == DIVIDE_SINGLE ? 6 : 9;
}

void divide_start(struct division *d, enum recipe recipe, const struct insn *i)
{
	memset(d, 0, sizeof(*d));
	d->on = true;
	d->recipe = (uint8_t)recipe;
	d->p = i->p2;
	d->a = i->r1 == i->r2 ? NONE : i->r2;
	d->b = i->r1 == i->r3 ? NONE : i->r3;
	d->step[i->r1] = 1;
}

/* Is FR f the operand? */
static bool is(const struct division *d, unsigned f, unsigned operand)
{
	switch (operand) {
	case ZERO:
		return f == 0;
	case ONE:
		return f == 1;
	case A:
		return f == d->a;
	case B:
		return f == d->b;
	default:
		return d->step[f] == operand + 1;
	}
}

static bool is_step(const struct division *d, const struct insn *i, const struct step *s)
{
	if (s->op != i->op || s->comp != (i->comp & 15) || i->qp != d->p || !is(d, i->r2, s->add))
		return false;
	return (is(d, i->r3, s->x) && is(d, i->r4, s->y)) ||
	       (is(d, i->r3, s->y) && is(d, i->r4, s->x));
}

static void wrote(struct division *d, unsigned f)
{
	d->step[f] = 0;
	if (f == d->a)
		d->a = NONE;
	if (f == d->b)
		d->b = NONE;
}

/* The quotient as an integer: a conversion of the last step. */
static bool is_conversion(const struct division *d, const struct insn *i)
{
	return d->recipe == DIVIDE_INTEGER && (i->op == OP_fcvt_fx || i->op == OP_fcvt_fxu) &&
	       i->comp == (S1 | 1) && (i->qp == 0 || i->qp == d->p) &&
	       d->step[i->r2] == divide_last(DIVIDE_INTEGER) + 1;
}

static bool reads_step(const struct division *d, const struct insn *i)
{
	unsigned any = 0;

	if (i->op >= OP_fma || i->op == OP_chk_s_f ||
		(i->op >= OP_getf_sig && i->op <= OP_getf_d) ||
		(i->op >= OP_stfs && i->op <= OP_stf_spill_i))
		any |= d->step[i->r2 & 127];
	if (i->op >= OP_fma)
		any |= d->step[i->r3 & 127] | d->step[i->r4 & 127];
	return any;
}

enum divide_match divide_match(struct division *d, const struct insn *i, unsigned *step)
{
	unsigned last = divide_last(d->recipe);

	if (!fr_row(i))
		return (d->p && (i->p1 == d->p || i->p2 == d->p)) || i->op == OP_mov_to_pr ||
				       i->op == OP_mov_to_pr_rot
			       ? MATCH_BREAK
			       : MATCH_OTHER;
	if (i->p1 == d->p || i->p2 == d->p)
		return MATCH_BREAK;
	if (is_conversion(d, i)) {
		wrote(d, i->r1);
		return MATCH_END;
	}
	for (unsigned n = 1; n <= last; n++)
		if (is_step(d, i, &recipes[d->recipe][n])) {
			wrote(d, i->r1);
			d->step[i->r1] = (uint8_t)(n + 1);
			*step = n;
			return n == last && d->recipe != DIVIDE_INTEGER ? MATCH_END : MATCH_STEP;
		}
	if (reads_step(d, i))
		return MATCH_BREAK;
	wrote(d, i->r1 & 127);
	wrote(d, i->r2 & 127); /* of loads of pairs; harmless otherwise */
	return MATCH_OTHER;
}

static struct freg operand(
	unsigned n, const struct freg v[], const struct freg *a, const struct freg *b)
{
	static const struct freg zero = {0, 0, 0}, one = {FREG_INT_BIT, FREG_EXP_BIAS, 0};

	switch (n) {
	case ZERO:
		return zero;
	case ONE:
		return one;
	case A:
		return *a;
	case B:
		return *b;
	default:
		return v[n];
	}
}

/* Wide exponents, 64 bits, to nearest, as was tested when the division began. */
#define FPSR_STEPS 0x9804c0270033full

struct freg divide_step(enum recipe recipe, unsigned step, uint64_t a, uint64_t b)
{
	struct freg v[DIVIDE_STEPS], fa = freg_from_double(a), fb = freg_from_double(b);
	struct fp_mode m = fp_mode(FPSR_STEPS, 1, FP_PC_DYNAMIC);
	bool p;

	fp_rcpa(&v[0], &p, &fa, &fb, &m);
	for (unsigned n = 1; n <= step; n++) {
		const struct step *s = &recipes[recipe][n];
		struct freg x = operand(s->x, v, &fa, &fb), y = operand(s->y, v, &fa, &fb);
		struct freg add = operand(s->add, v, &fa, &fb);
		m = fp_mode(FPSR_STEPS, 1, s->comp & 3);
		fp_fma(&v[n], &x, &y, s->add == ZERO ? NULL : &add,
			s->op == OP_fma ? FP_PLUS : FP_NEG_PRODUCT, &m);
	}
	return v[step];
}
