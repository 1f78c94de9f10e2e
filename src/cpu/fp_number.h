/* SPDX-License-Identifier: MIT */
/* Finite numbers taken apart and put together again: shared by the fp_*.c files only. */
#ifndef CPU_FP_NUMBER_H
#define CPU_FP_NUMBER_H

#include "cpu/fp_core.h"

/* Exponent that a register exponent of 0 stands for (1:86). */
#define FP_EXP0_VALUE 0xc001

/* sig is normalised, or 0 for zeros of every kind; exp may leave the 17-bit range. */
struct fp_number {
	uint64_t sig;
	int32_t exp;
	uint32_t sign;
};

/* Normal numbers: no NaN, infinity, NaTVal, unnormal or zero. */
static inline bool fp_is_normal(const struct freg *f)
{
	return f->exp - 1u < FREG_EXP_SPECIAL - 1u && (int64_t)f->sig < 0;
}

static inline struct fp_number fp_unpack(const struct freg *f)
{
	struct fp_number n = {f->sig, (int32_t)f->exp, f->sign};
	unsigned lz;

	if (n.exp == 0)
		n.exp = FP_EXP0_VALUE;
	if (n.sig == 0)
		return n;
	lz = (unsigned)__builtin_clzll(n.sig);
	n.sig <<= lz;
	n.exp -= (int32_t)lz;
	return n;
}

static inline struct freg fp_zero(uint32_t sign)
{
	return (struct freg){0, 0, sign};
}
static inline struct freg fp_infinity(uint32_t sign)
{
	return (struct freg){FREG_INT_BIT, FREG_EXP_SPECIAL, sign};
}
static inline struct freg fp_quiet(const struct freg *f)
{
	return (struct freg){f->sig | FREG_QUIET_BIT, f->exp, f->sign};
}

/* An exception that faults when enabled: the report for it. */
static inline unsigned fp_raise(unsigned flag, const struct fp_mode *m)
{
	return m->masked & flag ? flag : flag << 8;
}
static inline unsigned fp_invalid(struct freg *r, const struct fp_mode *m)
{
	if (m->masked & FP_V)
		*r = FREG_INDEFINITE;
	return fp_raise(FP_V, m);
}
static inline unsigned fp_denormal(bool unorm, const struct fp_mode *m)
{
	return unorm ? fp_raise(FP_D, m) : 0;
}

/* v >> n with the bits lost OR-ed into bit 0; any n. */
static inline uint128_t fp_shift_jam(uint128_t v, unsigned n)
{
	if (n == 0)
		return v;
	if (n > 127)
		return v != 0;
	return v >> n | ((v << (128 - n)) != 0);
}

/* Rounds the number (v / 2^127) * 2^(exp - bias), bit 127 of v set, bit 0 sticky, to m->format and
 * handles overflow and underflow (1:105). flags: what the operands reported (D). */
unsigned fp_round(struct freg *r, uint32_t sign, int32_t exp, uint128_t v, unsigned flags,
	const struct fp_mode *m);

#endif
