/* SPDX-License-Identifier: MIT */
/* Rounding to the destination type, with overflow, underflow and inexact (1:103-1:107). */
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

struct rounded {
	uint64_t sig; /* 0 when the carry left the top */
	bool inexact, up;
};

static inline struct rounded round_sig(uint128_t v, unsigned precision, unsigned rc, uint32_t sign)
{
	uint64_t mask = ~0ull >> (precision - 1) >> 1, hi = (uint64_t)(v >> 64);
	uint128_t rest = v & ((uint128_t)mask << 64 | ~0ull);
	uint128_t half = (uint128_t)1 << (127 - precision);
	struct rounded r = {hi & ~mask, rest != 0, false};

	if (likely(rc == FP_NEAREST))
		r.up = rest > half || (rest == half && (hi & (mask + 1)));
	else
		r.up = r.inexact && rc == (sign ? FP_DOWN : FP_UP);
	if (r.up)
		r.sig += mask + 1;
	return r;
}

static unsigned inexact_trap(bool up, const struct fp_mode *m)
{
	if (m->masked & FP_I)
		return 0;
	return FP_TRAP_I | (up ? FP_TRAP_FPA : 0);
}

/* The trap-enabled response: the rounded significand with the exponent wrapped (1:105). */
static unsigned wrap(struct freg *r, uint32_t sign, int32_t exp, struct rounded s, unsigned flag,
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
	struct freg *r, uint32_t sign, int32_t exp, struct rounded s, const struct fp_mode *m)
{
	bool inf = m->rc == FP_NEAREST || m->rc == (sign ? FP_DOWN : FP_UP);

	if (!(m->masked & FP_O))
		return wrap(r, sign, exp, s, FP_O, m);
	if (inf)
		*r = fp_infinity(sign);
	else
		*r = (struct freg){
			~0ull << (64 - m->format->precision) % 64, (uint32_t)m->format->emax, sign};
	return FP_O | FP_I | inexact_trap(inf, m);
}

/* exp, v: before rounding; s, exp_s: rounded as though the exponent were unbounded. */
static unsigned underflow(struct freg *r, uint32_t sign, int32_t exp, uint128_t v, int32_t exp_s,
	struct rounded s, const struct fp_mode *m)
{
	const struct fp_format *f = m->format;

	if (!(m->masked & FP_U))
		return wrap(r, sign, exp_s, s, FP_U, m);
	if (m->ftz) {
		*r = fp_zero(sign);
		return FP_U | FP_I | inexact_trap(false, m);
	}
	s = round_sig(fp_shift_jam(v, (unsigned)(f->emin - exp)), f->precision, m->rc, sign);
	*r = (struct freg){s.sig, (uint32_t)f->emin, sign};
	if (s.sig == 0 || (f->exp0 && !(s.sig & FREG_INT_BIT)))
		r->exp = 0;
	return s.inexact ? FP_U | FP_I | inexact_trap(s.up, m) : 0;
}

unsigned fp_round(struct freg *r, uint32_t sign, int32_t exp, uint128_t v, unsigned flags,
	const struct fp_mode *m)
{
	const struct fp_format *f = m->format;
	struct rounded s = round_sig(v, f->precision, m->rc, sign);
	int32_t exp_s = exp;

	if (unlikely(s.sig == 0)) {
		s.sig = FREG_INT_BIT;
		exp_s++;
	}
	if (unlikely(exp_s > f->emax))
		return flags | overflow(r, sign, exp_s, s, m);
	if (unlikely(exp_s < f->emin))
		return flags | underflow(r, sign, exp, v, exp_s, s, m);
	*r = (struct freg){s.sig, (uint32_t)exp_s, sign};
	if (!s.inexact)
		return flags;
	return flags | FP_I | inexact_trap(s.up, m);
}
