/* SPDX-License-Identifier: MIT */
/*
 * Multiply-add on host doubles and floats where that is exact in every respect: operands that are
 * such numbers, normal or zero, round to nearest, a normal result of the instruction's own
 * precision, and nothing to report but inexactness, which the status field has already seen.
 * Everything else is the exec function's (1:101-1:107).
 */
#include "cpu/exec_fp.h"
#include "jit/fast_fp.h"

#include <string.h>

#define FPSR_WRE    2u
#define FPSR_TD	    0x40u
#define FPSR_RC	    0x30u
#define FPSR_FLAG_I (1u << 12)

/* Does the status field allow it? */
static inline bool mode_allows(const struct cpu *cpu, unsigned sf)
{
	uint64_t fpsr = cpu->ar[AR_FPSR];
	unsigned c = (unsigned)(fpsr >> FPSR_SF_SHIFT(sf));

	return (c & (FPSR_WRE | FPSR_RC | FPSR_FLAG_I)) == FPSR_FLAG_I &&
	       (c & FPSR_TD || (fpsr & FP_ALL) == FP_ALL);
}

/* f as the double it is. */
static inline bool as_double(const struct freg *f, uint64_t sign, double *d)
{
	uint64_t v = ((uint64_t)f->sign ^ sign) << 63;

	if (f->sig == 0 && f->exp == 0) {
		memcpy(d, &v, sizeof(v));
		return true;
	}
	if (f->exp - 0xfc01u > 0x7fd || (f->sig & (FREG_INT_BIT | 0x7ff)) != FREG_INT_BIT)
		return false;
	v |= (uint64_t)(f->exp - 0xfc00) << 52 | (f->sig << 1) >> 12;
	memcpy(d, &v, sizeof(v));
	return true;
}

/* r = d if it is normal; the smallest exponent might be one that was tiny before rounding. */
static inline bool from_double(struct freg *r, double d)
{
	uint64_t v;
	memcpy(&v, &d, sizeof(v));
	uint32_t e = v >> 52 & 0x7ff;

	if (e - 2 > 0x7fe - 2)
		return false;
	*r = (struct freg){v << 11 | FREG_INT_BIT, e + 0xfc00, (uint32_t)(v >> 63)};
	return true;
}

/* The same for singles, which are doubles of less precision. */
static inline bool as_float(const struct freg *f, uint64_t sign, float *s)
{
	double d;
	if (!as_double(f, sign, &d))
		return false;
	if (f->sig && (f->exp - 0xff81u > 0xfd || f->sig & 0xffffffffff))
		return false;
	*s = (float)d;
	return true;
}

static inline bool from_float(struct freg *r, float s)
{
	uint32_t v;
	memcpy(&v, &s, sizeof(v));
	uint32_t e = v >> 23 & 0xff;

	if (e - 2 > 0xfe - 2)
		return false;
	*r = (struct freg){(uint64_t)v << 40 | FREG_INT_BIT, e + 0xff80, v >> 31};
	return true;
}

/* na: the product's sign changes, nc: the addend's. */
static inline __attribute__((always_inline, target("fma"))) bool multiply_add(
	struct cpu *cpu, const struct insn *i, unsigned na, unsigned nc)
{
	const struct freg *a = fr_get(cpu, i->r3), *b = fr_get(cpu, i->r4);
	const struct freg *c = fr_get(cpu, i->r2);

	if (fp_disabled(cpu, i->r1, i->r2, i->r3, i->r4) || !mode_allows(cpu, fp_sf(i)))
		return false;
	if ((i->comp & 3) == FP_PC_DOUBLE) {
		double x, y, z;
		return as_double(a, na, &x) && as_double(b, 0, &y) && as_double(c, nc, &z) &&
		       from_double(fr_ptr(cpu, i->r1), i->r2 ? __builtin_fma(x, y, z) : x * y);
	}
	float x, y, z;
	return as_float(a, na, &x) && as_float(b, 0, &y) && as_float(c, nc, &z) &&
	       from_float(fr_ptr(cpu, i->r1), i->r2 ? __builtin_fmaf(x, y, z) : x * y);
}

#define FAST(name, na, nc)                                                                         \
	static __attribute__((target("fma"))) enum exec fast_##name(                               \
		struct cpu *cpu, const struct insn *i)                                             \
	{                                                                                          \
		if (!multiply_add(cpu, i, na, nc))                                                 \
			return exec_##name(cpu, i);                                                \
		fr_mark_modified(cpu, i->r1);                                                      \
		return EXEC_NEXT;                                                                  \
	}

FAST(fma, 0, 0)
FAST(fms, 0, 1)
FAST(fnma, 1, 0)

exec_fn *fast_fp(const struct insn *i)
{
	bool own_precision = (i->comp & 3) == FP_PC_SINGLE || (i->comp & 3) == FP_PC_DOUBLE;

	if (!own_precision || !__builtin_cpu_supports("fma"))
		return NULL;
	switch (i->op) {
	case OP_fma:
		return fast_fma;
	case OP_fms:
		return fast_fms;
	case OP_fnma:
		return fast_fnma;
	default:
		return NULL;
	}
}
