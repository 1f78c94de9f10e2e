/* SPDX-License-Identifier: MIT */
/* What interrupt.c offers beside the functions at cpu_fault in cpu.h. */
#ifndef CPU_INTERRUPT_H
#define CPU_INTERRUPT_H

#include "cpu/cpu.h"

/* Bits of ISR.code of traps (2:101): several may be reported at once. */
enum {
	TRAP_CODE_FP = 1,
	TRAP_CODE_LOWER_PRIV = 2,
	TRAP_CODE_TAKEN_BRANCH = 4,
	TRAP_CODE_SINGLE_STEP = 8,
	TRAP_CODE_UNIMPL_INST = 16
};

/* Is f raised after the instruction has completed? */
bool fault_is_trap(enum fault f);

/* The whole cr.isr for f at the present instruction. */
uint64_t interrupt_isr(struct cpu *cpu, const struct fault_info *f);
/* Does the hardware report an address in cr.ifa for f? */
bool interrupt_writes_ifa(enum fault f);

/* Register NaT Consumption; na: 0 or the ISR bits and code of a non-access instruction or access.
 */
enum exec fault_nat_consumption(struct cpu *cpu, uint64_t isr);

#endif
