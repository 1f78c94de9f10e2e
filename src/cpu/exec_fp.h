/* SPDX-License-Identifier: MIT */
/*
 * What floating-point exec functions have in common: operands are checked for disabled registers
 * and NaTVal, the core computes, and its report becomes flags, a fault or a trap (1:101-1:107).
 */
#ifndef CPU_EXEC_FP_H
#define CPU_EXEC_FP_H

#include "cpu/exec.h"
#include "cpu/fp_core.h"

/* Completers of FP formats. */
static inline unsigned fp_sf(const struct insn *i)
{
	return i->comp >> 2 & 3;
}
static inline struct fp_mode fp_insn_mode(
	const struct cpu *cpu, const struct insn *i, enum fp_pc pc)
{
	return fp_mode(cpu->ar[AR_FPSR], fp_sf(i), pc);
}

/* Floating-Point fault; scalar instructions and the high lane report in the low bits of ISR.code
 * (2:203). */
enum exec fp_fault(struct cpu *cpu, unsigned hi, unsigned lo);
/* Floating-Point trap, likewise: scalar and high lane in bits 14:11, low lane in 10:7. */
enum exec fp_trap(struct cpu *cpu, unsigned hi, unsigned lo);

static inline void fp_set_flags(struct cpu *cpu, const struct insn *i, unsigned report)
{
	cpu->ar[AR_FPSR] |= (uint64_t)(report & FP_REPORT_FLAGS) << (FPSR_SF_SHIFT(fp_sf(i)) + 7);
}

/* The end of a scalar instruction with an FR target. */
static inline enum exec fp_finish(
	struct cpu *cpu, const struct insn *i, unsigned report, struct freg r)
{
	if (unlikely(report & FP_REPORT_FAULTS))
		return fp_fault(cpu, report, 0);
	fp_set_flags(cpu, i, report);
	fr_set(cpu, i->r1, r);
	if (unlikely(report & FP_REPORT_TRAPS))
		return fp_trap(cpu, report, 0);
	return EXEC_NEXT;
}

/* The end of an instruction that cannot fault any more and sets no flags. */
static inline enum exec fp_set(struct cpu *cpu, const struct insn *i, struct freg r)
{
	fr_set(cpu, i->r1, r);
	return EXEC_NEXT;
}

/* Leaves the exec function when one of the registers named is disabled. */
#define FP_CHECK_ENABLED(cpu, f1, f2, f3, f4)                                                      \
	do {                                                                                       \
		unsigned disabled_ = fp_disabled(cpu, f1, f2, f3, f4);                             \
		if (unlikely(disabled_))                                                           \
			return fp_disabled_fault(cpu, disabled_, 0);                               \
	} while (0)

#endif
