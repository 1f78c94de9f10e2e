/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on register-format numbers (1:85-1:107, volume 3): what a floating-point instruction
 * computes, as functions of operands and one status field, without a processor.
 *
 * Nothing here ever asks for software assistance: denormals, unnormals and the operands for which
 * frcpa and frsqrta give no useful approximation are completed the way the assist handler would.
 */
#ifndef CPU_FP_CORE_H
#define CPU_FP_CORE_H

#include "cpu/fp.h"

/* Exceptions in the order of FPSR.traps and of each status field's flags (1:89). */
enum { FP_V = 1, FP_D = 2, FP_Z = 4, FP_O = 8, FP_U = 16, FP_I = 32, FP_ALL = 63 };

/* Rounding control. */
enum { FP_NEAREST, FP_DOWN, FP_UP, FP_ZERO };

/* Precision completer of an instruction: comp bits 1:0; SIMD means lanes of IEEE singles. */
enum fp_pc { FP_PC_DYNAMIC, FP_PC_SINGLE, FP_PC_DOUBLE, FP_PC_SIMD };

/* Destination type. Exponents carry the register bias. */
struct fp_format {
	uint8_t precision;
	bool exp0; /* denormals get exponent 0 instead of emin (1:88) */
	bool simd; /* wrapped exponents have 8 bits, not 17 */
	int32_t emin, emax;
};

/* One status field as an instruction sees it. */
struct fp_mode {
	const struct fp_format *format;
	uint8_t masked; /* exceptions that raise no fault or trap: FPSR.traps, or all when td is set
			 */
	uint8_t rc;
	bool ftz;
};

/*
 * What an operation reports, in one word:
 *   5:0   flags for the status field
 *   10:8  faults that are enabled: V D Z; then nothing else holds and no result exists
 *   15:12 traps: O U I FPA, as ISR.code wants them
 */
#define FP_REPORT_FLAGS	 0x3fu
#define FP_REPORT_FAULTS 0x700u
#define FP_REPORT_TRAPS	 0xf000u
#define FP_TRAP_O	 0x1000u
#define FP_TRAP_U	 0x2000u
#define FP_TRAP_I	 0x4000u
#define FP_TRAP_FPA	 0x8000u

#define FPSR_SF_SHIFT(sf) (6 + 13 * (sf))

extern const struct fp_format fp_formats[4][2][4]; /* by completer, wre, pc */

static inline struct fp_mode fp_mode(uint64_t fpsr, unsigned sf, enum fp_pc pc)
{
	unsigned c = (unsigned)(fpsr >> FPSR_SF_SHIFT(sf));
	return (struct fp_mode){
		.format = &fp_formats[pc][c >> 1 & 1][c >> 2 & 3],
		.masked = (uint8_t)((fpsr | (c & 0x40 ? FP_ALL : 0)) & FP_ALL),
		.rc = c >> 4 & 3,
		.ftz = c & 1,
	};
}

/* Sign changes of fms and fnma. */
enum fp_sign { FP_PLUS, FP_NEG_ADDEND, FP_NEG_PRODUCT };

/* The functions below expect no NaTVal among their operands where they do not say otherwise, and
 * return a report; *r is written unless there is a fault. r may alias an operand. */

/* a * b + c, rounded once; NaTVal propagates. c NULL: IEEE multiply, the sign of a zero product is
 * kept (f2 = f0). */
unsigned fp_fma(struct freg *r, const struct freg *a, const struct freg *b, const struct freg *c,
	enum fp_sign sign, const struct fp_mode *m);

/* frcpa, frsqrta: *p is the predicate. */
unsigned fp_rcpa(struct freg *r, bool *p, const struct freg *num, const struct freg *den,
	const struct fp_mode *m);
unsigned fp_rsqrta(struct freg *r, bool *p, const struct freg *a, const struct fp_mode *m);
/* One lane of fprcpa, fprsqrta; operands and result are singles in register format. */
unsigned fp_rcpa_lane(struct freg *r, bool *p, const struct freg *num, const struct freg *den,
	const struct fp_mode *m);
unsigned fp_rsqrta_lane(struct freg *r, bool *p, const struct freg *a, const struct fp_mode *m);

/* Rounds to an integer of 64 or 32 bits; out of range gives V and 1 << (bits - 1). */
unsigned fp_to_int(uint64_t *r, const struct freg *a, unsigned bits, bool is_signed, unsigned rc,
	const struct fp_mode *m);
/* fcvt.xf: exact. */
struct freg fp_from_int(int64_t v);

enum fp_relation { FP_EQ, FP_LT, FP_LE, FP_UNORD };
unsigned fp_compare(bool *r, const struct freg *a, const struct freg *b, enum fp_relation rel,
	const struct fp_mode *m);
/* *r: is a < b, in magnitude when `magnitude`? NaNs are invalid and give false (fmin and others).
 */
unsigned fp_less(bool *r, const struct freg *a, const struct freg *b, bool magnitude,
	const struct fp_mode *m);
/* fclass.m; class9 as encoded (3:56). NaTVal is allowed here. */
bool fp_class(const struct freg *f, unsigned class9);

#endif
