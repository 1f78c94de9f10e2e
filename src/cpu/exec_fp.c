/* SPDX-License-Identifier: MIT */
/* Scalar floating-point arithmetic: multiply-add, approximations, minima, compares, conversions. */
#include "cpu/exec_fp.h"

enum exec fp_fault(struct cpu *cpu, unsigned hi, unsigned lo)
{
	hi = (hi & FP_REPORT_FAULTS) >> 8;
	lo = (lo & FP_REPORT_FAULTS) >> 8;
	return cpu_fault(cpu, FAULT_FP_FAULT, hi | lo << 4);
}

enum exec fp_trap(struct cpu *cpu, unsigned hi, unsigned lo)
{
	hi = (hi & FP_REPORT_TRAPS) >> 12;
	lo = (lo & FP_REPORT_TRAPS) >> 12;
	return cpu_trap(cpu, FAULT_FP_TRAP, hi << 11 | lo << 7);
}

/* fma f1 = f3, f4, f2; with f2 = f0 it is an IEEE multiply (3:77). */
static inline enum exec multiply_add(struct cpu *cpu, const struct insn *i, enum fp_sign sign)
{
	const struct freg *a = fr_get(cpu, i->r3), *b = fr_get(cpu, i->r4);
	const struct freg *c = fr_get(cpu, i->r2);
	struct fp_mode m = fp_insn_mode(cpu, i, i->comp & 3);
	unsigned report;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, i->r4);
	report = fp_fma(fr_ptr(cpu, i->r1), a, b, i->r2 ? c : NULL, sign, &m);
	return fp_finish(cpu, i, report);
}

enum exec exec_fma(struct cpu *cpu, const struct insn *i)
{
	return multiply_add(cpu, i, FP_PLUS);
}

enum exec exec_fms(struct cpu *cpu, const struct insn *i)
{
	return multiply_add(cpu, i, FP_NEG_ADDEND);
}

enum exec exec_fnma(struct cpu *cpu, const struct insn *i)
{
	return multiply_add(cpu, i, FP_NEG_PRODUCT);
}

/* Reads the qualifying predicate itself: a false one clears p2 (3:86). */
enum exec exec_frcpa(struct cpu *cpu, const struct insn *i)
{
	const struct freg *num = fr_get(cpu, i->r2), *den = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_DYNAMIC);
	struct freg *r = fr_ptr(cpu, i->r1);
	bool p = false;
	unsigned report = 0;

	if (!pr_get(cpu, i->qp)) {
		pr_set(cpu, i->p2, false);
		return EXEC_NEXT;
	}
	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, 0);
	if (unlikely(freg_is_natval(num) || freg_is_natval(den)))
		*r = FREG_NATVAL;
	else
		report = fp_rcpa(r, &p, num, den, &m);
	if (!(report & FP_REPORT_FAULTS))
		pr_set(cpu, i->p2, p);
	return fp_finish(cpu, i, report);
}

enum exec exec_frsqrta(struct cpu *cpu, const struct insn *i)
{
	const struct freg *a = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_DYNAMIC);
	struct freg *r = fr_ptr(cpu, i->r1);
	bool p = false;
	unsigned report = 0;

	if (!pr_get(cpu, i->qp)) {
		pr_set(cpu, i->p2, false);
		return EXEC_NEXT;
	}
	FP_CHECK_ENABLED(cpu, i->r1, i->r3, 0, 0);
	if (unlikely(freg_is_natval(a)))
		*r = FREG_NATVAL;
	else
		report = fp_rsqrta(r, &p, a, &m);
	if (!(report & FP_REPORT_FAULTS))
		pr_set(cpu, i->p2, p);
	return fp_finish(cpu, i, report);
}

/* f2 when the relation holds, else f3: also for NaNs and equal operands (3:60, 3:61, 3:81). */
static enum exec choose(struct cpu *cpu, const struct insn *i, bool swap, bool magnitude)
{
	const struct freg *a = fr_get(cpu, i->r2), *b = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_DYNAMIC);
	unsigned report;
	bool less;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, 0);
	if (unlikely(freg_is_natval(a) || freg_is_natval(b)))
		return fp_set(cpu, i, FREG_NATVAL);
	report = swap ? fp_less(&less, b, a, magnitude, &m) : fp_less(&less, a, b, magnitude, &m);
	if (!(report & FP_REPORT_FAULTS))
		*fr_ptr(cpu, i->r1) = less ? *a : *b;
	return fp_finish(cpu, i, report);
}

enum exec exec_fmin(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, false, false);
}

enum exec exec_fmax(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, true, false);
}

enum exec exec_famin(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, false, true);
}

enum exec exec_famax(struct cpu *cpu, const struct insn *i)
{
	return choose(cpu, i, true, true);
}

static enum exec set_predicates(struct cpu *cpu, const struct insn *i, bool p1, bool p2)
{
	pr_set(cpu, i->p1, p1);
	pr_set(cpu, i->p2, p2);
	return EXEC_NEXT;
}

/* The qualifying predicate is false: .unc (completer bit 0) clears both targets. */
static enum exec compare_skipped(struct cpu *cpu, const struct insn *i)
{
	return i->comp & 1 ? set_predicates(cpu, i, false, false) : EXEC_NEXT;
}

static enum exec compare(struct cpu *cpu, const struct insn *i, enum fp_relation rel)
{
	const struct freg *a = fr_get(cpu, i->r2), *b = fr_get(cpu, i->r3);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_DYNAMIC);
	unsigned report;
	bool r;

	if (!pr_get(cpu, i->qp))
		return compare_skipped(cpu, i);
	FP_CHECK_ENABLED(cpu, i->r2, i->r3, 0, 0);
	if (unlikely(freg_is_natval(a) || freg_is_natval(b)))
		return set_predicates(cpu, i, false, false);
	report = fp_compare(&r, a, b, rel, &m);
	if (unlikely(report & FP_REPORT_FAULTS))
		return fp_fault(cpu, report, 0);
	fp_set_flags(cpu, i, report);
	return set_predicates(cpu, i, r, !r);
}

enum exec exec_fcmp_eq(struct cpu *cpu, const struct insn *i)
{
	return compare(cpu, i, FP_EQ);
}

enum exec exec_fcmp_lt(struct cpu *cpu, const struct insn *i)
{
	return compare(cpu, i, FP_LT);
}

enum exec exec_fcmp_le(struct cpu *cpu, const struct insn *i)
{
	return compare(cpu, i, FP_LE);
}

enum exec exec_fcmp_unord(struct cpu *cpu, const struct insn *i)
{
	return compare(cpu, i, FP_UNORD);
}

/* A NaTVal that is not asked for clears both targets (3:56). */
enum exec exec_fclass_m(struct cpu *cpu, const struct insn *i)
{
	const struct freg *f = fr_get(cpu, i->r2);
	bool member;

	if (!pr_get(cpu, i->qp))
		return compare_skipped(cpu, i);
	FP_CHECK_ENABLED(cpu, i->r2, 0, 0, 0);
	member = fp_class(f, (unsigned)i->imm);
	return set_predicates(cpu, i, member, !member && !freg_is_natval(f));
}

static enum exec convert(struct cpu *cpu, const struct insn *i, bool is_signed)
{
	const struct freg *a = fr_get(cpu, i->r2);
	struct fp_mode m = fp_insn_mode(cpu, i, FP_PC_DYNAMIC);
	unsigned report;
	uint64_t v = 0;

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, 0, 0);
	if (unlikely(freg_is_natval(a)))
		return fp_set(cpu, i, FREG_NATVAL);
	report = fp_to_int(&v, a, 64, is_signed, i->comp & 1 ? FP_ZERO : m.rc, &m);
	if (!(report & FP_REPORT_FAULTS))
		*fr_ptr(cpu, i->r1) = freg_from_int(v);
	return fp_finish(cpu, i, report);
}

enum exec exec_fcvt_fx(struct cpu *cpu, const struct insn *i)
{
	return convert(cpu, i, true);
}

enum exec exec_fcvt_fxu(struct cpu *cpu, const struct insn *i)
{
	return convert(cpu, i, false);
}

enum exec exec_fcvt_xf(struct cpu *cpu, const struct insn *i)
{
	const struct freg *a = fr_get(cpu, i->r2);

	FP_CHECK_ENABLED(cpu, i->r1, i->r2, 0, 0);
	if (unlikely(freg_is_natval(a)))
		return fp_set(cpu, i, FREG_NATVAL);
	return fp_set(cpu, i, fp_from_int((int64_t)a->sig));
}
