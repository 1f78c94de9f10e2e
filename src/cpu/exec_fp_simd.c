/* SPDX-License-Identifier: MIT */
/*
 * Parallel floating-point: each half of a significand is an IEEE single (1:99). The lanes compute
 * as scalars do, report on their own, and share one status field; a fault in either stops both.
 */
#include "cpu/exec_fp.h"

struct lanes {
	struct freg hi, lo;
};

struct reports {
	unsigned hi, lo;
};

static inline struct lanes lanes_of(const struct freg *f)
{
	return (struct lanes){
		freg_from_single((uint32_t)(f->sig >> 32)), freg_from_single((uint32_t)f->sig)};
}

static inline uint64_t pair(const struct lanes *r)
{
	return (uint64_t)freg_to_single(&r->hi) << 32 | freg_to_single(&r->lo);
}

static inline bool faults(struct reports r)
{
	return (r.hi | r.lo) & FP_REPORT_FAULTS;
}

static enum exec finish(struct cpu *cpu, const struct insn *i, struct reports report, uint64_t sig)
{
	if (likely(!faults(report)))
		*fr_ptr(cpu, i->r1) = freg_from_int(sig);
	return fp_finish_lanes(cpu, i, report.hi, report.lo);
}

static enum exec multiply_add(struct cpu *cpu, const struct insn *i, enum fp_sign sign)
{
	const struct freg *f2 = fr_get(cpu, i->r2), *f3 = fr_get(cpu, i->r3);
	const struct freg *f4 = fr_get(cpu, i->r4);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_SIMD);
	struct lanes a = lanes_of(f3), b = lanes_of(f4), c = lanes_of(f2), r = {0};
	struct reports report;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, i->r4);
	if (unlikely(freg_is_natval(f2) || freg_is_natval(f3) || freg_is_natval(f4)))
		return fp_set(cpu, i, FREG_NATVAL);
	report.hi = fp_fma(&r.hi, &a.hi, &b.hi, i->r2 ? &c.hi : NULL, sign, &m);
	report.lo = fp_fma(&r.lo, &a.lo, &b.lo, i->r2 ? &c.lo : NULL, sign, &m);
	return finish(cpu, i, report, pair(&r));
}

enum exec exec_fpma(struct cpu *cpu, const struct insn *i)
{
	return multiply_add(cpu, i, FP_PLUS);
}

enum exec exec_fpms(struct cpu *cpu, const struct insn *i)
{
	return multiply_add(cpu, i, FP_NEG_ADDEND);
}

enum exec exec_fpnma(struct cpu *cpu, const struct insn *i)
{
	return multiply_add(cpu, i, FP_NEG_PRODUCT);
}

/* The predicate says that both lanes are approximations (3:94). */
enum exec exec_fprcpa(struct cpu *cpu, const struct insn *i)
{
	const struct freg *f2 = fr_get(cpu, i->r2), *f3 = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_SIMD);
	struct lanes num = lanes_of(f2), den = lanes_of(f3), r = {0};
	struct reports report;
	bool p_hi, p_lo;

	if (!pr_get(cpu, i->qp)) {
		pr_set(cpu, i->p2, false);
		return EXEC_NEXT;
	}
	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, 0);
	if (unlikely(freg_is_natval(f2) || freg_is_natval(f3))) {
		pr_set(cpu, i->p2, false);
		return fp_set(cpu, i, FREG_NATVAL);
	}
	report.hi = fp_rcpa_lane(&r.hi, &p_hi, &num.hi, &den.hi, &m);
	report.lo = fp_rcpa_lane(&r.lo, &p_lo, &num.lo, &den.lo, &m);
	if (!faults(report))
		pr_set(cpu, i->p2, p_hi && p_lo);
	return finish(cpu, i, report, pair(&r));
}

enum exec exec_fprsqrta(struct cpu *cpu, const struct insn *i)
{
	const struct freg *f3 = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_SIMD);
	struct lanes a = lanes_of(f3), r = {0};
	struct reports report;
	bool p_hi, p_lo;

	if (!pr_get(cpu, i->qp)) {
		pr_set(cpu, i->p2, false);
		return EXEC_NEXT;
	}
	FP_CHECK_ENABLED(cpu, i->r1, i->r3, 0, 0);
	if (unlikely(freg_is_natval(f3))) {
		pr_set(cpu, i->p2, false);
		return fp_set(cpu, i, FREG_NATVAL);
	}
	report.hi = fp_rsqrta_lane(&r.hi, &p_hi, &a.hi, &m);
	report.lo = fp_rsqrta_lane(&r.lo, &p_lo, &a.lo, &m);
	if (!faults(report))
		pr_set(cpu, i->p2, p_hi && p_lo);
	return finish(cpu, i, report, pair(&r));
}

/* Lanes of f2 where the relation holds, else of f3. */
static enum exec choose(struct cpu *cpu, const struct insn *i, bool swap, bool magnitude)
{
	const struct freg *f2 = fr_get(cpu, i->r2), *f3 = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_SIMD);
	struct lanes a = lanes_of(swap ? f3 : f2), b = lanes_of(swap ? f2 : f3);
	struct reports report;
	bool hi, lo;
	uint64_t mask;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, 0);
	if (unlikely(freg_is_natval(f2) || freg_is_natval(f3)))
		return fp_set(cpu, i, FREG_NATVAL);
	report.hi = fp_less(&hi, &a.hi, &b.hi, magnitude, &m);
	report.lo = fp_less(&lo, &a.lo, &b.lo, magnitude, &m);
	mask = (hi ? 0xffffffffull << 32 : 0) | (lo ? 0xffffffffull : 0);
	return finish(cpu, i, report, (f2->sig & mask) | (f3->sig & ~mask));
}

enum exec exec_fpmin(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, false, false);
}

enum exec exec_fpmax(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, true, false);
}

enum exec exec_fpamin(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, false, true);
}

enum exec exec_fpamax(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, true, true);
}

/* All ones where the relation holds (or, negated, does not). */
static enum exec compare(struct cpu *cpu, const struct insn *i, enum fp_relation rel, bool negate)
{
	const struct freg *f2 = fr_get(cpu, i->r2), *f3 = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_SIMD);
	struct lanes a = lanes_of(f2), b = lanes_of(f3);
	struct reports report;
	bool hi, lo;
	uint64_t mask;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, 0);
	if (unlikely(freg_is_natval(f2) || freg_is_natval(f3)))
		return fp_set(cpu, i, FREG_NATVAL);
	report.hi = fp_compare(&hi, &a.hi, &b.hi, rel, &m);
	report.lo = fp_compare(&lo, &a.lo, &b.lo, rel, &m);
	mask = (hi ? 0xffffffffull << 32 : 0) | (lo ? 0xffffffffull : 0);
	return finish(cpu, i, report, negate ? ~mask : mask);
}

#define EXEC_FPCMP(name, rel, negate)                                                              \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		return compare(cpu, i, rel, negate);                                               \
	}

EXEC_FPCMP(fpcmp_eq, FP_EQ, false)
EXEC_FPCMP(fpcmp_lt, FP_LT, false)
EXEC_FPCMP(fpcmp_le, FP_LE, false)
EXEC_FPCMP(fpcmp_unord, FP_UNORD, false)
EXEC_FPCMP(fpcmp_neq, FP_EQ, true)
EXEC_FPCMP(fpcmp_nlt, FP_LT, true)
EXEC_FPCMP(fpcmp_nle, FP_LE, true)
EXEC_FPCMP(fpcmp_ord, FP_UNORD, true)

static enum exec convert(struct cpu *cpu, const struct insn *i, bool is_signed)
{
	const struct freg *f2 = fr_get(cpu, i->r2);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_SIMD);
	struct lanes a = lanes_of(f2);
	unsigned rc = i->comp & 1 ? FP_ZERO : m.rc;
	uint64_t hi = 0, lo = 0;
	struct reports report;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, 0, 0);
	if (unlikely(freg_is_natval(f2)))
		return fp_set(cpu, i, FREG_NATVAL);
	report.hi = fp_to_int(&hi, &a.hi, 32, is_signed, rc, &m);
	report.lo = fp_to_int(&lo, &a.lo, 32, is_signed, rc, &m);
	return finish(cpu, i, report, hi << 32 | lo);
}

enum exec exec_fpcvt_fx(struct cpu *cpu, const struct insn *i)
{
	return convert(cpu, i, true);
}

enum exec exec_fpcvt_fxu(struct cpu *cpu, const struct insn *i)
{
	return convert(cpu, i, false);
}
