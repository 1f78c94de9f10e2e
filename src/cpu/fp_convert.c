/* SPDX-License-Identifier: MIT */
/* Conversions to and from integers, comparisons and classes (3:47-3:62, 3:77, 3:79). */
#include "cpu/fp_number.h"

struct integer {
	uint64_t v; /* magnitude */
	bool huge, inexact, up;
};

/* |n| rounded to an integer below 2^64, or huge. */
static struct integer round_integer(const struct fp_number *n, unsigned rc)
{
	int32_t shift = (int32_t)FREG_EXP_INT - n->exp; /* bits of sig below the point */
	struct integer i = {0, shift < 0 && n->sig, false, false};
	uint128_t v, half = (uint128_t)1 << 63;
	uint64_t rest;

	if (n->sig == 0 || i.huge)
		return i;
	v = fp_shift_jam((uint128_t)n->sig << 64, shift > 128 ? 128 : (unsigned)shift);
	i.v = (uint64_t)(v >> 64);
	rest = (uint64_t)v;
	i.inexact = rest != 0;
	if (rc == FP_NEAREST)
		i.up = rest > half || (rest == half && (i.v & 1));
	else
		i.up = i.inexact && rc == (n->sign ? FP_DOWN : FP_UP);
	/* no overflow: with a fraction, v has fewer than 64 bits */
	i.v += i.up;
	return i;
}

unsigned fp_to_int(uint64_t *r, const struct freg *a, unsigned bits, bool is_signed, unsigned rc,
	const struct fp_mode *m)
{
	struct fp_number n = fp_unpack(a);
	struct integer i = round_integer(&n, rc);
	uint64_t top = 1ull << (bits - 1), max = top - 1 + (is_signed ? 0 : top);
	unsigned report;

	if (n.sign)
		max = is_signed ? top : 0;
	if (a->exp == FREG_EXP_SPECIAL || i.huge || i.v > max) {
		*r = top;
		return fp_raise(FP_V, m);
	}
	report = fp_denormal(freg_is_unorm(a), m);
	if (report & FP_REPORT_FAULTS)
		return report;
	*r = (n.sign ? 0 - i.v : i.v) & (top - 1 + top);
	if (!i.inexact)
		return report;
	if (!(m->masked & FP_I))
		report |= FP_TRAP_I | (i.up ? FP_TRAP_FPA : 0);
	return report | FP_I;
}

struct freg fp_from_int(int64_t v)
{
	uint64_t sig = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	unsigned lz;

	if (sig == 0)
		return fp_zero(0);
	lz = (unsigned)__builtin_clzll(sig);
	return (struct freg){sig << lz, FREG_EXP_INT - lz, v < 0};
}

/* -1, 0, 1 as a <, =, > b; no NaNs. Infinities have the largest exponent and need no care. */
static int order(const struct freg *fa, const struct freg *fb, bool magnitude)
{
	struct fp_number a = fp_unpack(fa), b = fp_unpack(fb);
	int r;

	if (magnitude)
		a.sign = b.sign = 0;
	if (a.sig == 0 && b.sig == 0)
		return 0;
	if (a.sign != b.sign)
		return a.sign ? -1 : 1;
	if (a.sig == 0 || b.sig == 0)
		r = a.sig ? 1 : -1;
	else if (a.exp != b.exp)
		r = a.exp < b.exp ? -1 : 1;
	else
		r = a.sig < b.sig ? -1 : a.sig > b.sig;
	return a.sign ? -r : r;
}

static bool is_number(const struct freg *f)
{
	return f->exp != FREG_EXP_SPECIAL || f->sig == FREG_INT_BIT;
}

unsigned fp_compare(bool *r, const struct freg *a, const struct freg *b, enum fp_relation rel,
	const struct fp_mode *m)
{
	unsigned report;

	*r = rel == FP_UNORD;
	if (unlikely(!is_number(a) || !is_number(b))) {
		bool quiet = (is_number(a) || freg_is_qnan(a)) && (is_number(b) || freg_is_qnan(b));

		return quiet && (rel == FP_EQ || rel == FP_UNORD) ? 0 : fp_raise(FP_V, m);
	}
	report = fp_denormal(freg_is_unorm(a) || freg_is_unorm(b), m);
	switch (rel) {
	case FP_EQ:
		*r = order(a, b, false) == 0;
		break;
	case FP_LT:
		*r = order(a, b, false) < 0;
		break;
	case FP_LE:
		*r = order(a, b, false) <= 0;
		break;
	case FP_UNORD:
		*r = false;
		break;
	}
	return report;
}

unsigned fp_less(bool *r, const struct freg *a, const struct freg *b, bool magnitude,
	const struct fp_mode *m)
{
	*r = false;
	if (!is_number(a) || !is_number(b))
		return fp_raise(FP_V, m);
	*r = order(a, b, magnitude) < 0;
	return fp_denormal(freg_is_unorm(a) || freg_is_unorm(b), m);
}

bool fp_class(const struct freg *f, unsigned class9)
{
	unsigned kind;

	if (freg_is_natval(f))
		return class9 & 0x100;
	if (freg_is_nan(f))
		return class9 & (freg_is_qnan(f) ? 0x80 : 0x40);
	if (freg_is_unsupported(f))
		return false;
	if (freg_is_inf(f))
		kind = 0x20;
	else if (freg_is_unorm(f))
		kind = 0x08;
	else
		kind = f->sig ? 0x10 : 0x04;
	return (class9 & kind) && (class9 & (f->sign ? 2 : 1));
}
