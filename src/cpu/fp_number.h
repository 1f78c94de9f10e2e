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

/* A significand rounded to m->format's precision; sig is 0 when the carry left the top. */
struct fp_rounded {
	uint64_t sig;
	bool inexact, up; /* up: the magnitude grew */
};

static inline struct fp_rounded fp_round_sig(uint128_t v, uint32_t sign, const struct fp_mode *m)
{
	unsigned precision = m->format->precision;
	uint64_t mask = ~0ull >> (precision - 1) >> 1, hi = (uint64_t)(v >> 64);
	uint128_t rest = v & ((uint128_t)mask << 64 | ~0ull);
	uint128_t half = (uint128_t)1 << (127 - precision);
	struct fp_rounded r = {hi & ~mask, rest != 0, false};

	if (likely(m->rc == FP_NEAREST))
		r.up = rest > half || (rest == half && (hi & (mask + 1)));
	else
		r.up = r.inexact && m->rc == (sign ? FP_DOWN : FP_UP);
	r.sig += (mask + 1) & -(uint64_t)r.up;
	return r;
}

/* The trap part of a report for an inexact result. */
static inline unsigned fp_inexact_trap(bool up, const struct fp_mode *m)
{
	if (likely(m->masked & FP_I))
		return 0;
	return FP_TRAP_I | (up ? FP_TRAP_FPA : 0);
}

/* fp_round for results beyond the exponent range. exp, v: before rounding; s, exp_s: rounded as
 * though the exponent were unbounded. */
unsigned fp_round_beyond(struct freg *r, uint32_t sign, int32_t exp, uint128_t v, int32_t exp_s,
	struct fp_rounded s, const struct fp_mode *m);

/* Rounds the number (v / 2^127) * 2^(exp - bias), bit 127 of v set, bit 0 sticky, to m->format and
 * handles overflow and underflow (1:105). flags: what the operands reported (D). */
static inline unsigned fp_round(struct freg *r, uint32_t sign, int32_t exp, uint128_t v,
	unsigned flags, const struct fp_mode *m)
{
	const struct fp_format *f = m->format;
	struct fp_rounded s = fp_round_sig(v, sign, m);
	int32_t exp_s = exp;

	if (unlikely(s.sig == 0)) {
		s.sig = FREG_INT_BIT;
		exp_s++;
	}
	if (unlikely(exp_s > f->emax || exp_s < f->emin))
		return flags | fp_round_beyond(r, sign, exp, v, exp_s, s, m);
	*r = (struct freg){s.sig, (uint32_t)exp_s, sign};
	if (!s.inexact)
		return flags;
	return flags | FP_I | fp_inexact_trap(s.up, m);
}

#endif
