/* SPDX-License-Identifier: MIT */
/* Fused multiply-add with one rounding (3:77): exact product, exact sum, then fp_round. */
#include "cpu/fp_number.h"

/* 128 bits with the top one set and 64 more below them: enough for every sum to be exact but for
 * a sticky bit that is far from the place of rounding. */
struct wide {
	uint128_t hi;
	uint64_t lo;
	int32_t exp; /* value = hi.lo / 2^127 * 2^(exp - bias) */
	uint32_t sign;
};

/* Shifts right; what leaves lo stays in its bit 0. w->lo is 0 before. */
static void wide_shift(struct wide *w, unsigned n)
{
	if (n == 0)
		return;
	if (n < 64) {
		w->lo = (uint64_t)w->hi << (64 - n);
		w->hi >>= n;
	} else {
		uint128_t v = fp_shift_jam(w->hi, n - 64);

		w->lo = (uint64_t)v;
		w->hi = v >> 64;
	}
}

static unsigned round_wide(struct freg *r, struct wide *w, unsigned flags, const struct fp_mode *m)
{
	unsigned lz = w->hi >> 64 ? (unsigned)__builtin_clzll((uint64_t)(w->hi >> 64))
				  : 64 + (unsigned)__builtin_clzll((uint64_t)w->hi);

	if (lz >= 64) {
		w->hi = w->hi << lz | (uint128_t)w->lo << (lz - 64);
		w->lo = 0;
	} else if (lz) {
		w->hi = w->hi << lz | w->lo >> (64 - lz);
		w->lo <<= lz;
	}
	w->exp -= (int32_t)lz;
	return fp_round(r, w->sign, w->exp, w->hi | (w->lo != 0), flags, m);
}

/* Magnitudes a + b; a.exp >= b.exp. */
static unsigned add_wide(
	struct freg *r, struct wide a, struct wide b, unsigned flags, const struct fp_mode *m)
{
	uint128_t sum;

	wide_shift(&b, (unsigned)(a.exp - b.exp));
	sum = a.hi + b.hi;
	if (sum < a.hi) {
		sum = fp_shift_jam(sum, 1) | (uint128_t)1 << 127;
		a.exp++;
	}
	return fp_round(r, a.sign, a.exp, sum | (b.lo != 0), flags, m);
}

/* Magnitudes a - b; a.exp >= b.exp. The upper part of the difference of unequal numbers is never 0:
 * a product of two 64-bit numbers is not that close to a power of two. */
static unsigned sub_wide(
	struct freg *r, struct wide a, struct wide b, unsigned flags, const struct fp_mode *m)
{
	if (a.exp == b.exp) {
		if (a.hi == b.hi) {
			*r = fp_zero(m->rc == FP_DOWN);
			return flags;
		}
		if (a.hi < b.hi) {
			struct wide t = a;
			a = b;
			b = t;
		}
	}
	wide_shift(&b, (unsigned)(a.exp - b.exp));
	a.hi -= b.hi + (b.lo != 0);
	a.lo = 0 - b.lo;
	return round_wide(r, &a, flags, m);
}

/* Products of finite numbers other than zero. */
static inline struct wide multiply(const struct fp_number *a, const struct fp_number *b)
{
	struct wide p = {
		.exp = a->exp + b->exp - (int32_t)FREG_EXP_BIAS, .sign = a->sign ^ b->sign};

	p.hi = (uint128_t)a->sig * b->sig;
	if (p.hi >> 127)
		p.exp++;
	else
		p.hi <<= 1;
	return p;
}

static inline unsigned sum(struct freg *r, struct wide p, const struct fp_number *c, unsigned flags,
	const struct fp_mode *m)
{
	struct wide w = {(uint128_t)c->sig << 64, 0, c->exp, c->sign};
	bool product_first = p.exp >= w.exp;

	if (p.sign == w.sign)
		return product_first ? add_wide(r, p, w, flags, m) : add_wide(r, w, p, flags, m);
	return product_first ? sub_wide(r, p, w, flags, m) : sub_wide(r, w, p, flags, m);
}

/* Finite operands of all kinds, zeros included. c NULL: none. */
static unsigned finite_fma(struct freg *r, const struct freg *fa, const struct freg *fb,
	const struct freg *fc, enum fp_sign sign, const struct fp_mode *m)
{
	struct fp_number a = fp_unpack(fa), b = fp_unpack(fb), c = {0, 0, 0};
	bool unorm = freg_is_unorm(fa) || freg_is_unorm(fb) || (fc && freg_is_unorm(fc));
	unsigned flags = fp_denormal(unorm, m);
	struct wide p;

	if (flags & FP_REPORT_FAULTS)
		return flags;
	if (fc)
		c = fp_unpack(fc);
	a.sign ^= sign == FP_NEG_PRODUCT;
	c.sign ^= sign == FP_NEG_ADDEND;
	if (a.sig && b.sig) {
		p = multiply(&a, &b);
		if (c.sig == 0)
			return fp_round(r, p.sign, p.exp, p.hi, flags, m);
		return sum(r, p, &c, flags, m);
	}
	if (c.sig)
		return fp_round(r, c.sign, c.exp, (uint128_t)c.sig << 64, flags, m);
	a.sign ^= b.sign;
	if (fc && a.sign != c.sign)
		a.sign = m->rc == FP_DOWN;
	*r = fp_zero(a.sign);
	return flags;
}

/* At least one operand is a NaN, an infinity or unsupported. NaNs are chosen in the order
 * f4, f2, f3 (1:101). */
static unsigned special_fma(struct freg *r, const struct freg *a, const struct freg *b,
	const struct freg *c, enum fp_sign sign, const struct fp_mode *m)
{
	uint32_t ps = a->sign ^ b->sign ^ (sign == FP_NEG_PRODUCT);
	uint32_t cs = c->sign ^ (sign == FP_NEG_ADDEND);
	unsigned report = 0;

	if (freg_is_unsupported(a) || freg_is_unsupported(b) || freg_is_unsupported(c))
		return fp_invalid(r, m);
	if (freg_is_snan(a) || freg_is_snan(b) || freg_is_snan(c))
		report = fp_raise(FP_V, m);
	if (report & FP_REPORT_FAULTS)
		return report;
	if (freg_is_nan(b) || freg_is_nan(c) || freg_is_nan(a)) {
		*r = fp_quiet(freg_is_nan(b) ? b : freg_is_nan(c) ? c : a);
		return report;
	}
	/* pseudo-zero * infinity is no invalid operation (1:88) */
	if (freg_is_inf(a) || freg_is_inf(b)) {
		if (freg_is_zero(a) || freg_is_zero(b) || (freg_is_inf(c) && ps != cs))
			return fp_invalid(r, m);
	} else {
		ps = cs;
	}
	report = fp_denormal(freg_is_unorm(a) || freg_is_unorm(b) || freg_is_unorm(c), m);
	if (!(report & FP_REPORT_FAULTS))
		*r = fp_infinity(ps);
	return report;
}

unsigned fp_fma(struct freg *r, const struct freg *a, const struct freg *b, const struct freg *c,
	enum fp_sign sign, const struct fp_mode *m)
{
	static const struct freg zero;

	if (likely(fp_is_normal(a) && fp_is_normal(b))) {
		struct fp_number na = {a->sig, (int32_t)a->exp, a->sign ^ (sign == FP_NEG_PRODUCT)};
		struct fp_number nb = {b->sig, (int32_t)b->exp, b->sign};

		if (!c || freg_is_zero(c)) {
			struct wide p = multiply(&na, &nb);

			return fp_round(r, p.sign, p.exp, p.hi, 0, m);
		}
		if (likely(fp_is_normal(c))) {
			struct fp_number nc = {
				c->sig, (int32_t)c->exp, c->sign ^ (sign == FP_NEG_ADDEND)};

			return sum(r, multiply(&na, &nb), &nc, 0, m);
		}
	}
	if (a->exp == FREG_EXP_SPECIAL || b->exp == FREG_EXP_SPECIAL ||
		(c && c->exp == FREG_EXP_SPECIAL))
		return special_fma(r, a, b, c ? c : &zero, sign, m);
	return finite_fma(r, a, b, c, sign, m);
}
