/* SPDX-License-Identifier: MIT */
/*
 * Performance monitors (2:155-2:163): PMC0-3 with the freeze and overflow bits, generic counters
 * from PMC4/PMD4 on. Two events are counted, retired slots and cycles (at 1 GHz), whatever the
 * privilege level in plm; all others stay still. State is saved with the processor's other
 * registers.
 */
#ifndef CPU_PMU_H
#define CPU_PMU_H

#include "cpu/cpu.h"

/* Brings the counters up to now and raises PMV's vector if one overflowed with its interrupt
 * enabled. To be called before psr.up, psr.pp or psr.sp change, and now and then. */
void pmu_sync(struct cpu *cpu);

/* The instruction i, in a run of the engine, is about to call one of these: cpu->slots does not yet
 * count what the run has retired. */
static inline void pmu_at(struct cpu *cpu, const struct insn *i)
{
	cpu->pmu.at = cpu->slots + i->bundle * 3u + i->slot - cpu->slots_entry;
}

/* Registers that do not exist read as 0 and ignore writes. */
uint64_t pmu_read_pmc(struct cpu *cpu, unsigned n);
uint64_t pmu_read_pmd(struct cpu *cpu, unsigned n); /* psr.sp and PMC.pm hide it at cpl > 0 */
bool pmu_pmc_reserved(unsigned n, uint64_t v);
void pmu_write_pmc(struct cpu *cpu, unsigned n, uint64_t v);
void pmu_write_pmd(struct cpu *cpu, unsigned n, uint64_t v);

#endif
