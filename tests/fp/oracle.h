/* SPDX-License-Identifier: MIT */
/*
 * What the manual says a floating-point instruction gives, computed with MPFR and with nothing of
 * src/cpu but the shape of a register.
 */
#ifndef TESTS_FP_ORACLE_H
#define TESTS_FP_ORACLE_H

#include <mpfr.h>

#include "cpu/cpu.h"

enum { V = 1, D = 2, Z = 4, O = 8, U = 16, I = 32 };

/* The state of one status field and the trap bits. */
struct controls {
	unsigned rc, pc, wre, ftz;
	unsigned masked; /* exceptions disabled, td included */
};

/* ISR.code bits of one lane, as for a scalar instruction. */
enum { TRAP_O = 0x800, TRAP_U = 0x1000, TRAP_I = 0x2000, TRAP_FPA = 0x4000 };

struct expected {
	struct freg value;
	unsigned flags, fault, trap;
	bool p; /* frcpa, frsqrta, compares: the answer */
};

/* Destination type. */
struct type {
	unsigned precision, exponent_bits;
	bool simd;
};

struct oracle {
	mpfr_t a, b, c, exact, rounded;
	mpz_t integer;
	unsigned recip[256], recip_sqrt[256];
};

void oracle_init(struct oracle *o);
void oracle_free(struct oracle *o);

/* completer: 0 none, 1 .s, 2 .d, 3 a lane. */
struct type oracle_type(unsigned completer, const struct controls *k);

/* product * sign_product + c * sign_c; with_c false: f2 is f0. No NaTVal in any of these. */
struct expected oracle_fma(struct oracle *o, const struct freg *a, const struct freg *b,
	const struct freg *c, bool with_c, bool negate_product, bool negate_c, struct type t,
	const struct controls *k);
struct expected oracle_frcpa(struct oracle *o, const struct freg *num, const struct freg *den,
	bool lane, const struct controls *k);
struct expected oracle_frsqrta(
	struct oracle *o, const struct freg *a, bool lane, const struct controls *k);
/* relation: 0 eq, 1 lt, 2 le, 3 unord; the answer is in p. */
struct expected oracle_compare(struct oracle *o, const struct freg *a, const struct freg *b,
	unsigned relation, const struct controls *k);
/* fmin, fmax, famin, famax: value is a or b. */
struct expected oracle_choose(struct oracle *o, const struct freg *a, const struct freg *b,
	bool max, bool magnitude, const struct controls *k);
/* fcvt.fx and fpcvt.fx: the integer is in value.sig. */
struct expected oracle_to_int(struct oracle *o, const struct freg *a, unsigned bits, bool is_signed,
	bool truncate, const struct controls *k);
struct freg oracle_from_int(struct oracle *o, uint64_t v);
bool oracle_class(const struct freg *f, unsigned class9);
/* Widens an IEEE single, and narrows what a lane holds. */
struct freg oracle_widen(uint32_t v);
uint32_t oracle_narrow(const struct freg *f);

#endif
