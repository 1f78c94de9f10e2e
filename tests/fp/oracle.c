/* SPDX-License-Identifier: MIT */
/* The oracle: classes by the table of encodings (1:87), numbers by MPFR, exceptions by 1:101. */
#include "oracle.h"

#define BIAS 65535

enum kind { UNSUPPORTED, SNAN, QNAN, INFINITE, ZERO, PSEUDO_ZERO, NUMBER };

static enum kind kind_of(const struct freg *f)
{
	if (f->exp == 0x1ffff) {
		if (f->sig >> 63 == 0)
			return UNSUPPORTED;
		if (f->sig << 1 == 0)
			return INFINITE;
		return f->sig >> 62 & 1 ? QNAN : SNAN;
	}
	if (f->sig)
		return NUMBER;
	return f->exp ? PSEUDO_ZERO : ZERO;
}

static bool unnormal(const struct freg *f)
{
	switch (kind_of(f)) {
	case PSEUDO_ZERO:
		return true;
	case NUMBER:
		return f->exp == 0 || f->sig >> 63 == 0;
	default:
		return false;
	}
}

static bool is_nan(const struct freg *f)
{
	return kind_of(f) == QNAN || kind_of(f) == SNAN;
}

static bool is_zero(const struct freg *f)
{
	return kind_of(f) == ZERO || kind_of(f) == PSEUDO_ZERO;
}

static void load(mpfr_t x, const struct freg *f)
{
	if (kind_of(f) == INFINITE) {
		mpfr_set_inf(x, 1);
	} else {
		long e = f->exp ? (long)f->exp : 0xc001;

		mpfr_set_ui_2exp(x, f->sig, e - BIAS - 63, MPFR_RNDN);
	}
	if (f->sign)
		mpfr_neg(x, x, MPFR_RNDN);
}

void oracle_init(struct oracle *o)
{
	mpfr_set_emin(mpfr_get_emin_min());
	mpfr_set_emax(mpfr_get_emax_max());
	mpfr_inits2(64, o->a, o->b, o->c, o->exact, o->rounded, (mpfr_ptr)NULL);
	mpz_init(o->integer);
	for (unsigned i = 0; i < 256; i++) {
		mpfr_set_d(o->a, 1 + (i + .5) / 256, MPFR_RNDN);
		mpfr_ui_div(o->a, 2048, o->a, MPFR_RNDN);
		o->recip[i] = (unsigned)mpfr_get_ui(o->a, MPFR_RNDN);
		mpfr_set_d(o->a, (1 + (i % 128 + .5) / 128) * (i < 128 ? 2 : 1), MPFR_RNDN);
		mpfr_rec_sqrt(o->a, o->a, MPFR_RNDN);
		mpfr_mul_ui(o->a, o->a, 2048, MPFR_RNDN);
		o->recip_sqrt[i] = (unsigned)mpfr_get_ui(o->a, MPFR_RNDN);
	}
}

void oracle_free(struct oracle *o)
{
	mpfr_clears(o->a, o->b, o->c, o->exact, o->rounded, (mpfr_ptr)NULL);
	mpz_clear(o->integer);
	mpfr_free_cache();
}

struct type oracle_type(unsigned completer, const struct controls *k)
{
	static const unsigned precision[4] = {24, 0, 53, 64};
	unsigned wide = k->wre ? 17 : 0;

	switch (completer) {
	case 1:
		return (struct type){24, wide ? wide : 8, false};
	case 2:
		return (struct type){53, wide ? wide : 11, false};
	case 3:
		return (struct type){24, 8, true};
	default:
		return (struct type){precision[k->pc], wide ? wide : 15, false};
	}
}

static struct expected fault_or_flag(unsigned flag, struct freg value, const struct controls *k)
{
	struct expected e = {.value = value};

	if (k->masked & flag)
		e.flags = flag;
	else
		e.fault = flag;
	return e;
}

static struct freg indefinite(void)
{
	return (struct freg){0xc000000000000000, 0x1ffff, 1};
}

static struct freg quieted(const struct freg *f)
{
	return (struct freg){f->sig | 1ull << 62, f->exp, f->sign};
}

/* An operation that MPFR rounds correctly at the precision of r. */
enum operation { FMA, DIV, SQRT };
static int compute(struct oracle *o, enum operation op, mpfr_t r, mpfr_rnd_t rnd)
{
	switch (op) {
	case FMA:
		return mpfr_fma(r, o->a, o->b, o->c, rnd);
	case DIV:
		return mpfr_div(r, o->a, o->b, rnd);
	default:
		return mpfr_sqrt(r, o->a, rnd);
	}
}

struct outcome {
	uint64_t sig;
	long exp; /* unbiased */
	bool negative, inexact, up;
};

static const mpfr_rnd_t modes[4] = {MPFR_RNDN, MPFR_RNDD, MPFR_RNDU, MPFR_RNDZ};

static struct outcome round_at(struct oracle *o, enum operation op, unsigned precision, unsigned rc)
{
	struct outcome r = {0};
	int t;

	mpfr_set_prec(o->rounded, precision);
	t = compute(o, op, o->rounded, modes[rc]);
	r.negative = mpfr_signbit(o->rounded);
	r.inexact = t != 0;
	r.up = r.negative ? t < 0 : t > 0;
	if (!mpfr_zero_p(o->rounded)) {
		r.sig = *(const uint64_t *)mpfr_custom_get_significand(o->rounded);
		r.exp = mpfr_get_exp(o->rounded) - 1;
	}
	return r;
}

/* The exact result has `lost` more bits of precision than the denormal it becomes. */
static struct outcome denormalise(
	struct oracle *o, enum operation op, struct type t, long lost, unsigned rc, long emin)
{
	struct outcome r, exact;
	long kept = (long)t.precision - lost;

	if (kept >= 1) {
		r = round_at(o, op, (unsigned)kept, rc);
		if (r.exp < emin) {
			r.sig >>= emin - r.exp;
			r.exp = emin;
		}
		return r;
	}
	/* below the smallest denormal: it or zero */
	exact = round_at(o, op, 64, 3);
	r = (struct outcome){.negative = exact.negative, .inexact = true, .exp = emin};
	if (rc == 0)
		r.up = kept == 0 && (exact.inexact || exact.sig << 1);
	else
		r.up = rc == (exact.negative ? 1 : 2);
	if (r.up)
		r.sig = 1ull << (64 - t.precision);
	return r;
}

static void inexact(struct expected *e, bool up, const struct controls *k)
{
	e->flags |= I;
	if (!(k->masked & I))
		e->trap |= TRAP_I | (up ? TRAP_FPA : 0);
}

static void trapped(struct expected *e, struct outcome r, unsigned flag, struct type t)
{
	long biased = r.exp + BIAS;

	if (t.simd)
		biased = ((r.exp + 127) & 0xff) + BIAS - 127;
	e->value = (struct freg){r.sig, (uint32_t)(biased & 0x1ffff), r.negative};
	e->flags |= flag;
	e->trap |= flag == O ? TRAP_O : TRAP_U;
	if (r.inexact) {
		e->flags |= I;
		e->trap |= TRAP_I | (r.up ? TRAP_FPA : 0);
	}
}

static void overflowed(
	struct expected *e, struct outcome r, struct type t, long emax, const struct controls *k)
{
	bool to_inf = k->rc == 0 || (k->rc == 1 && r.negative) || (k->rc == 2 && !r.negative);

	e->flags |= O;
	if (to_inf)
		e->value = (struct freg){1ull << 63, 0x1ffff, r.negative};
	else
		e->value = (struct freg){
			(((1ull << (t.precision - 1)) - 1) * 2 + 1) << (64 - t.precision),
			(uint32_t)(emax + BIAS), r.negative};
	inexact(e, to_inf, k);
}

static void underflowed(struct oracle *o, struct expected *e, enum operation op, struct outcome r,
	struct type t, long emin, const struct controls *k)
{
	struct outcome low;

	if (k->ftz) {
		e->value = (struct freg){0, 0, r.negative};
		e->flags |= U;
		inexact(e, false, k);
		return;
	}
	low = round_at(o, op, 64, 3);
	low = denormalise(o, op, t, emin - low.exp, k->rc, emin);
	e->value = (struct freg){low.sig, (uint32_t)(emin + BIAS), low.negative};
	if (low.sig == 0 || (t.exponent_bits == 15 && !(low.sig >> 63)))
		e->value.exp = 0;
	if (low.inexact) {
		e->flags |= U;
		inexact(e, low.up, k);
	}
}

/* A result that is not zero. */
static void deliver(struct oracle *o, struct expected *e, enum operation op, struct type t,
	const struct controls *k)
{
	long emax = (1l << (t.exponent_bits - 1)) - 1, emin = 1 - emax;
	struct outcome r = round_at(o, op, t.precision, k->rc);

	if (r.exp > emax && !(k->masked & O)) {
		trapped(e, r, O, t);
	} else if (r.exp > emax) {
		overflowed(e, r, t, emax, k);
	} else if (r.exp < emin && !(k->masked & U)) {
		trapped(e, r, U, t);
	} else if (r.exp < emin) {
		underflowed(o, e, op, r, t, emin, k);
	} else {
		e->value = (struct freg){r.sig, (uint32_t)(r.exp + BIAS), r.negative};
		if (r.inexact)
			inexact(e, r.up, k);
	}
}

struct expected oracle_fma(struct oracle *o, const struct freg *a, const struct freg *b,
	const struct freg *c, bool with_c, bool negate_product, bool negate_c, struct type t,
	const struct controls *k)
{
	const struct freg zero = {0}, *x = with_c ? c : &zero;
	const struct freg *order[3] = {b, x, a};
	bool sp = a->sign ^ b->sign ^ negate_product, sc = x->sign ^ negate_c;
	bool any_unnormal = unnormal(a) || unnormal(b) || unnormal(x), pinf;
	struct expected e = {0};

	for (int i = 0; i < 3; i++)
		if (kind_of(order[i]) == UNSUPPORTED)
			return fault_or_flag(V, indefinite(), k);
	for (int i = 0; i < 3; i++) {
		if (!is_nan(order[i]))
			continue;
		for (int j = 0; j < 3; j++)
			if (kind_of(order[j]) == SNAN)
				return fault_or_flag(V, quieted(order[i]), k);
		e.value = quieted(order[i]);
		return e;
	}
	pinf = kind_of(a) == INFINITE || kind_of(b) == INFINITE;
	if ((pinf && (kind_of(a) == ZERO || kind_of(b) == ZERO)) ||
		(pinf && kind_of(x) == INFINITE && sp != sc))
		return fault_or_flag(V, indefinite(), k);
	if (any_unnormal)
		e = fault_or_flag(D, zero, k);
	if (e.fault)
		return e;
	if (pinf || kind_of(x) == INFINITE) {
		e.value = (struct freg){1ull << 63, 0x1ffff, pinf ? sp : sc};
		return e;
	}
	load(o->a, a);
	load(o->b, b);
	load(o->c, x);
	if (negate_product)
		mpfr_neg(o->a, o->a, MPFR_RNDN);
	if (negate_c)
		mpfr_neg(o->c, o->c, MPFR_RNDN);
	mpfr_set_prec(o->exact, 64);
	mpfr_fma(o->exact, o->a, o->b, o->c, MPFR_RNDZ);
	if (!mpfr_zero_p(o->exact)) {
		deliver(o, &e, FMA, t, k);
		return e;
	}
	if (is_zero(a) || is_zero(b))
		e.value.sign = !with_c || sp == sc ? sp : k->rc == 1;
	else
		e.value.sign = k->rc == 1;
	return e;
}

static long exponent(mpfr_t x)
{
	return mpfr_get_exp(x) - 1;
}

/* Division by the exceptional cases first; *done when e is final. */
static struct expected divide(
	const struct freg *num, const struct freg *den, bool *done, const struct controls *k)
{
	struct freg inf = {1ull << 63, 0x1ffff, num->sign ^ den->sign};
	struct freg zero = {0, 0, num->sign ^ den->sign};
	struct expected e = {0};

	*done = true;
	if (kind_of(num) == UNSUPPORTED || kind_of(den) == UNSUPPORTED)
		return fault_or_flag(V, indefinite(), k);
	if (is_nan(num) || is_nan(den)) {
		e.value = quieted(is_nan(num) ? num : den);
		if (kind_of(num) == SNAN || kind_of(den) == SNAN)
			return fault_or_flag(V, e.value, k);
		return e;
	}
	if ((is_zero(num) && is_zero(den)) ||
		(kind_of(num) == INFINITE && kind_of(den) == INFINITE))
		return fault_or_flag(V, indefinite(), k);
	if (is_zero(den) && kind_of(num) != INFINITE)
		return fault_or_flag(Z, inf, k);
	if (unnormal(num) || unnormal(den))
		e = fault_or_flag(D, zero, k);
	if (e.fault)
		return e;
	if (kind_of(num) == INFINITE)
		e.value = inf;
	else if (is_zero(num) || kind_of(den) == INFINITE)
		e.value = zero;
	else
		*done = false;
	return e;
}

static struct freg approximation(const struct oracle *o, mpfr_t x)
{
	uint64_t sig = *(const uint64_t *)mpfr_custom_get_significand(x);

	return (struct freg){(uint64_t)o->recip[sig << 1 >> 56] << 53,
		(uint32_t)(BIAS - 1 - exponent(x)), mpfr_signbit(x)};
}

struct expected oracle_frcpa(struct oracle *o, const struct freg *num, const struct freg *den,
	bool lane, const struct controls *k)
{
	long emax = lane ? 127 : 65535, emin = 1 - emax, bits = lane ? 24 : 64, ea, eb;
	bool done, limits;
	struct expected e = divide(num, den, &done, k);

	if (done)
		return e;
	load(o->a, num);
	load(o->b, den);
	ea = exponent(o->a);
	eb = exponent(o->b);
	limits = ea - eb >= emax || ea - eb <= emin + 1 || ea <= emin + bits - 1;
	if (!lane && (limits || eb <= emin - 1 || eb >= emax - 2)) {
		deliver(o, &e, DIV, oracle_type(0, k), k);
		return e;
	}
	if (lane && eb < emin) {
		e.value = (struct freg){1ull << 63, 0x1ffff, den->sign};
	} else if (lane && eb >= emax - 2) {
		e.value = (struct freg){0, 0, den->sign};
	} else {
		e.value = approximation(o, o->b);
		e.p = !limits;
	}
	return e;
}

struct expected oracle_frsqrta(
	struct oracle *o, const struct freg *a, bool lane, const struct controls *k)
{
	struct expected e = {0};
	uint64_t sig;
	long ea;
	bool low;

	if (kind_of(a) == QNAN || kind_of(a) == SNAN) {
		if (kind_of(a) == SNAN)
			return fault_or_flag(V, quieted(a), k);
		e.value = quieted(a);
		return e;
	}
	if (kind_of(a) == UNSUPPORTED || (a->sign && !is_zero(a)))
		return fault_or_flag(V, indefinite(), k);
	if (unnormal(a))
		e = fault_or_flag(D, e.value, k);
	if (e.fault)
		return e;
	if (is_zero(a) || kind_of(a) == INFINITE) {
		if (is_zero(a) == lane)
			e.value = (struct freg){1ull << 63, 0x1ffff, a->sign};
		else
			e.value = (struct freg){0, 0, a->sign};
		return e;
	}
	load(o->a, a);
	ea = exponent(o->a);
	low = ea <= (lane ? -126 + 24 - 1 : -65534 + 64 - 1);
	if (low && !lane) {
		deliver(o, &e, SQRT, oracle_type(0, k), k);
		return e;
	}
	sig = *(const uint64_t *)mpfr_custom_get_significand(o->a);
	/* odd unbiased exponents take the half of the table for 2m */
	e.value.sig = (uint64_t)o->recip_sqrt[(ea & 1 ? 0 : 128) + (sig << 1 >> 57)] << 53;
	e.value.exp = (uint32_t)(BIAS - 1 - (ea - (ea & 1)) / 2);
	e.p = !low;
	return e;
}

struct expected oracle_compare(struct oracle *o, const struct freg *a, const struct freg *b,
	unsigned relation, const struct controls *k)
{
	bool nan = is_nan(a) || is_nan(b), signalling, answer = false;
	bool bad = kind_of(a) == UNSUPPORTED || kind_of(b) == UNSUPPORTED;
	struct expected e = {0};

	signalling = kind_of(a) == SNAN || kind_of(b) == SNAN || bad;
	if (nan || bad) {
		if (signalling || relation == 1 || relation == 2)
			e = fault_or_flag(V, e.value, k);
		e.p = relation == 3;
		return e;
	}
	load(o->a, a);
	load(o->b, b);
	if (relation == 0)
		answer = mpfr_equal_p(o->a, o->b);
	else if (relation == 1)
		answer = mpfr_less_p(o->a, o->b);
	else if (relation == 2)
		answer = mpfr_lessequal_p(o->a, o->b);
	if (unnormal(a) || unnormal(b))
		e = fault_or_flag(D, e.value, k);
	e.p = answer;
	return e;
}

struct expected oracle_choose(struct oracle *o, const struct freg *a, const struct freg *b,
	bool max, bool magnitude, const struct controls *k)
{
	struct expected e = {0};
	int order;

	if (is_nan(a) || is_nan(b) || kind_of(a) == UNSUPPORTED || kind_of(b) == UNSUPPORTED)
		return fault_or_flag(V, *b, k);
	load(o->a, a);
	load(o->b, b);
	order = magnitude ? mpfr_cmpabs(o->a, o->b) : mpfr_cmp(o->a, o->b);
	if (unnormal(a) || unnormal(b))
		e = fault_or_flag(D, e.value, k);
	e.value = (max ? order > 0 : order < 0) ? *a : *b;
	return e;
}

struct expected oracle_to_int(struct oracle *o, const struct freg *a, unsigned bits, bool is_signed,
	bool truncate, const struct controls *k)
{
	struct freg bad = {1ull << (bits - 1), 0x1003e, 0};
	struct expected e = {0};
	bool in_range;
	int t;

	if (kind_of(a) < ZERO)
		return fault_or_flag(V, bad, k);
	load(o->a, a);
	if (!mpfr_zero_p(o->a) && exponent(o->a) > 64)
		return fault_or_flag(V, bad, k);
	t = mpfr_get_z(o->integer, o->a, modes[truncate ? 3 : k->rc]);
	if (mpz_sgn(o->integer) < 0) {
		mpz_neg(o->integer, o->integer);
		mpz_sub_ui(o->integer, o->integer, 1);
		in_range = is_signed && mpz_sizeinbase(o->integer, 2) <= bits - 1;
		e.value.sig = ~mpz_get_ui(o->integer);
	} else {
		in_range = mpz_sizeinbase(o->integer, 2) <= bits - (is_signed ? 1 : 0);
		e.value.sig = mpz_get_ui(o->integer);
	}
	if (!in_range)
		return fault_or_flag(V, bad, k);
	bad.sig = e.value.sig & (bits == 32 ? 0xffffffff : ~0ull);
	if (unnormal(a))
		e = fault_or_flag(D, bad, k);
	e.value = bad;
	if (t && !e.fault)
		inexact(&e, mpfr_signbit(o->a) ? t < 0 : t > 0, k);
	return e;
}

struct freg oracle_from_int(struct oracle *o, uint64_t v)
{
	struct freg r = {0};

	mpfr_set_si(o->a, (long)v, MPFR_RNDN);
	if (v == 0)
		return r;
	r.sig = *(const uint64_t *)mpfr_custom_get_significand(o->a);
	r.exp = (uint32_t)(exponent(o->a) + BIAS);
	r.sign = mpfr_signbit(o->a);
	return r;
}

bool oracle_class(const struct freg *f, unsigned class9)
{
	static const unsigned bit[] = {[ZERO] = 4, [PSEUDO_ZERO] = 8, [INFINITE] = 0x20};
	enum kind kind = kind_of(f);
	unsigned wanted;

	if (kind == PSEUDO_ZERO && f->exp == 0x1fffe && !f->sign)
		return class9 >> 8;
	if (kind == QNAN || kind == SNAN)
		return class9 & (kind == QNAN ? 0x80 : 0x40);
	if (kind == UNSUPPORTED)
		return false;
	wanted = kind != NUMBER ? bit[kind] : unnormal(f) ? 8 : 0x10;
	return (class9 & wanted) && (class9 & (f->sign ? 2 : 1));
}

struct freg oracle_widen(uint32_t v)
{
	struct freg r = {(uint64_t)(v & 0x7fffff) << 40, (v >> 23 & 0xff) + BIAS - 127, v >> 31};

	if ((v & 0x7f800000) == 0x7f800000)
		r.exp = 0x1ffff;
	if (v & 0x7f800000)
		r.sig |= 1ull << 63;
	else
		r.exp = v & 0x7fffff ? BIAS - 126 : 0;
	return r;
}

uint32_t oracle_narrow(const struct freg *f)
{
	uint32_t exp = f->exp == 0x1ffff ? 255 : f->exp - (BIAS - 127);

	if (!(f->sig >> 63))
		exp = 0;
	return f->sign << 31 | exp << 23 | (uint32_t)(f->sig << 1 >> 41);
}
