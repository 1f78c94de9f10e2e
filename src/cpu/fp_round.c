/* SPDX-License-Identifier: MIT */
/* Destination types, and results that are too large or too small for them (1:103-1:107). */
#include "cpu/fp_number.h"

/* clang-format off */
#define SGL(simd)   {24, false, simd, 0xff81, 0x1007e}
#define DBL         {53, false, false, 0xfc01, 0x103fe}
#define EXT(bits)   {bits, true, false, FP_EXP0_VALUE, 0x13ffe}
#define WIDE(bits)  {bits, false, false, 1, 0x1fffe}
#define FOUR(x)     {x, x, x, x}

/* 1:90, table 5-6. pc = 1 is reserved and cannot be set by the guest. */
const struct fp_format fp_formats[4][2][4] = {
	[FP_PC_DYNAMIC] = {{EXT(24), EXT(64), EXT(53), EXT(64)},
			   {WIDE(24), WIDE(64), WIDE(53), WIDE(64)}},
	[FP_PC_SINGLE] = {FOUR(SGL(false)), FOUR(WIDE(24))},
	[FP_PC_DOUBLE] = {FOUR(DBL), FOUR(WIDE(53))},
	[FP_PC_SIMD] = {FOUR(SGL(true)), FOUR(SGL(true))},
};
/* clang-format on */

/* The trap-enabled response: the rounded significand with the exponent wrapped (1:105). */
static unsigned wrap(struct freg *r, uint32_t sign, int32_t exp, struct fp_rounded s, unsigned flag,
	const struct fp_mode *m)
{
	unsigned report = flag | (flag == FP_O ? FP_TRAP_O : FP_TRAP_U);

	if (m->format->simd)
		exp = 0xff80 + ((exp - 0xff80) & 0xff);
	*r = (struct freg){s.sig, (uint32_t)exp & 0x1ffff, sign};
	if (s.inexact)
		report |= FP_I | FP_TRAP_I | (s.up ? FP_TRAP_FPA : 0);
	return report;
}

static unsigned overflow(
	struct freg *r, uint32_t sign, int32_t exp, struct fp_rounded s, const struct fp_mode *m)
{
	bool inf = m->rc == FP_NEAREST || m->rc == (sign ? FP_DOWN : FP_UP);

	if (!(m->masked & FP_O))
		return wrap(r, sign, exp, s, FP_O, m);
	if (inf)
		*r = fp_infinity(sign);
	else
		*r = (struct freg){
			~0ull << (64 - m->format->precision) % 64, (uint32_t)m->format->emax, sign};
	return FP_O | FP_I | fp_inexact_trap(inf, m);
}

/* The tiny result v denormalised, then rounded once; s, exp_s are for the trap. */
static unsigned underflow(struct freg *r, uint32_t sign, int32_t exp, uint128_t v, int32_t exp_s,
	struct fp_rounded s, const struct fp_mode *m)
{
	const struct fp_format *f = m->format;

	if (!(m->masked & FP_U))
		return wrap(r, sign, exp_s, s, FP_U, m);
	if (m->ftz) {
		*r = fp_zero(sign);
		return FP_U | FP_I | fp_inexact_trap(false, m);
	}
	s = fp_round_sig(fp_shift_jam(v, (unsigned)(f->emin - exp)), sign, m);
	*r = (struct freg){s.sig, (uint32_t)f->emin, sign};
	if (s.sig == 0 || (f->exp0 && !(s.sig & FREG_INT_BIT)))
		r->exp = 0;
	return s.inexact ? FP_U | FP_I | fp_inexact_trap(s.up, m) : 0;
}

unsigned fp_round_beyond(struct freg *r, uint32_t sign, int32_t exp, uint128_t v, int32_t exp_s,
	struct fp_rounded s, const struct fp_mode *m)
{
	if (exp_s > m->format->emax)
		return overflow(r, sign, exp_s, s, m);
	return underflow(r, sign, exp, v, exp_s, s, m);
}
