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
static inline void wide_shift(struct wide *w, unsigned n)
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

/* w = the sum of magnitudes w + b; w->exp >= b.exp. */
static inline void wide_add(struct wide *w, struct wide b)
{
	wide_shift(&b, (unsigned)(w->exp - b.exp));
	w->lo = b.lo;
	w->hi += b.hi;
	if (w->hi < b.hi) {
		w->hi = fp_shift_jam(w->hi, 1) | (uint128_t)1 << 127;
		w->exp++;
	}
}

/* Shifts left until the top bit is set. hi is not 0. */
static inline void wide_normalise(struct wide *w)
{
	uint64_t top = (uint64_t)(w->hi >> 64);
	unsigned lz = top ? (unsigned)__builtin_clzll(top)
			  : 64 + (unsigned)__builtin_clzll((uint64_t)w->hi);

	if (lz >= 64) {
		w->hi = w->hi << lz | (uint128_t)w->lo << (lz - 64);
		w->lo = 0;
	} else if (lz) {
		w->hi = w->hi << lz | w->lo >> (64 - lz);
		w->lo <<= lz;
	}
	w->exp -= (int32_t)lz;
}

/* w = the difference of magnitudes w - b, its sign turned when b is greater; w->exp >= b.exp. False
 * when it is 0. Otherwise its upper part is never 0: a product of two 64-bit numbers is not that
 * close to a power of two. */
static inline bool wide_sub(struct wide *w, struct wide b)
{
	if (w->exp == b.exp && w->hi <= b.hi) {
		if (w->hi == b.hi)
			return false;
		w->hi = b.hi - w->hi;
		w->sign ^= 1;
	} else {
		wide_shift(&b, (unsigned)(w->exp - b.exp));
		w->hi -= b.hi + (b.lo != 0);
		w->lo = 0 - b.lo;
	}
	wide_normalise(w);
	return true;
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

/* a * b + c with the signs as they are, a and b not 0. */
static inline unsigned finish(struct freg *r, const struct fp_number *a, const struct fp_number *b,
	const struct fp_number *c, unsigned flags, const struct fp_mode *m)
{
	struct wide w = multiply(a, b), addend = {(uint128_t)c->sig << 64, 0, c->exp, c->sign};

	if (c->sig) {
		if (w.exp < addend.exp) {
			struct wide t = w;
			w = addend;
			addend = t;
		}
		if (w.sign == addend.sign) {
			wide_add(&w, addend);
		} else if (!wide_sub(&w, addend)) {
			*r = fp_zero(m->rc == FP_DOWN);
			return flags;
		}
	}
	return fp_round(r, w.sign, w.exp, w.hi | (w.lo != 0), flags, m);
}

/* Finite operands of all kinds, zeros included. c NULL: none. */
static unsigned finite_fma(struct freg *r, const struct freg *fa, const struct freg *fb,
	const struct freg *fc, enum fp_sign sign, const struct fp_mode *m)
{
	struct fp_number a = fp_unpack(fa), b = fp_unpack(fb), c = {0, 0, 0};
	bool unorm = freg_is_unorm(fa) || freg_is_unorm(fb) || (fc && freg_is_unorm(fc));
	unsigned flags = fp_denormal(unorm, m);

	if (flags & FP_REPORT_FAULTS)
		return flags;
	if (fc)
		c = fp_unpack(fc);
	a.sign ^= sign == FP_NEG_PRODUCT;
	c.sign ^= sign == FP_NEG_ADDEND;
	if (a.sig && b.sig)
		return finish(r, &a, &b, &c, flags, m);
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
	const struct freg *addend = c ? c : &zero;

	if (likely(fp_is_normal(a) && fp_is_normal(b) &&
		    (fp_is_normal(addend) || freg_is_zero(addend)))) {
		struct fp_number na = {a->sig, (int32_t)a->exp, a->sign ^ (sign == FP_NEG_PRODUCT)};
		struct fp_number nb = {b->sig, (int32_t)b->exp, b->sign};
		struct fp_number nc = {
			addend->sig, (int32_t)addend->exp, addend->sign ^ (sign == FP_NEG_ADDEND)};

		return finish(r, &na, &nb, &nc, 0, m);
	}
	if (freg_is_natval(a) || freg_is_natval(b) || freg_is_natval(addend)) {
		*r = FREG_NATVAL;
		return 0;
	}
	if (a->exp == FREG_EXP_SPECIAL || b->exp == FREG_EXP_SPECIAL ||
		addend->exp == FREG_EXP_SPECIAL)
		return special_fma(r, a, b, addend, sign, m);
	return finite_fma(r, a, b, c, sign, m);
}
