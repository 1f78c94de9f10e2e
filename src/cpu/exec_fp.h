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

/* The end of an instruction with an FR target, which the core has written unless there is a fault.
 * lo: the report of the low lane of a parallel instruction, else 0. */
static inline enum exec fp_finish_lanes(
	struct cpu *cpu, const struct insn *i, unsigned hi, unsigned lo)
{
	if (unlikely((hi | lo) & FP_REPORT_FAULTS))
		return fp_fault(cpu, hi, lo);
	fp_set_flags(cpu, i, hi | lo);
	fr_mark_modified(cpu, i->r1);
	if (unlikely((hi | lo) & FP_REPORT_TRAPS))
		return fp_trap(cpu, hi, lo);
	return EXEC_NEXT;
}
static inline enum exec fp_finish(struct cpu *cpu, const struct insn *i, unsigned report)
{
	return fp_finish_lanes(cpu, i, report, 0);
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
