/* SPDX-License-Identifier: MIT */
/* Performance monitors: see pmu.h. */
#include "cpu/pmu.h"

#include "cpu/sapic.h"

#define FIRST_COUNTER 4u
#define PMC0_FREEZE   1ull

/* Generic PMC fields (2:158) */
#define PMC_PLM(v) bits(v, 0, 4)
#define PMC_OI	   (1ull << 5)
#define PMC_PM	   (1ull << 6)
#define PMC_ES(v)  bits(v, 8, 8)

/* Events, the same on all models */
enum { EVENT_INST_RETIRED = 0x08, EVENT_CPU_CYCLES = 0x12 };

static bool is_counter(const struct cpu *cpu, unsigned n)
{
	return n >= FIRST_COUNTER && n < FIRST_COUNTER + cpu->model->pmcs;
}

static uint64_t width_mask(const struct cpu *cpu)
{
	return ~0ull >> (64 - cpu->model->pmc_width);
}

/* psr.up enables user monitors, psr.pp privileged ones (2:156). */
static bool counts(const struct cpu *cpu, uint64_t pmc)
{
	return PMC_PLM(pmc) && cpu->psr & (pmc & PMC_PM ? PSR(PP) : PSR(UP));
}

/* Adds to a counter; an overflow sets its bit in PMC0-3, and freezes all when oi asks. */
static bool add(struct cpu *cpu, unsigned n, uint64_t delta)
{
	uint64_t mask = width_mask(cpu);
	uint64_t old = cpu->pmd[n] & mask;
	cpu->pmd[n] = (old + delta) & mask;
	if (delta <= mask - old)
		return false;
	cpu->pmc[n >> 6] |= 1ull << (n & 63);
	if (!(cpu->pmc[n] & PMC_OI))
		return false;
	cpu->pmc[0] |= PMC0_FREEZE;
	return true;
}

/* Is there anything to count? Most guests leave the monitors alone: then nothing costs time. */
static bool armed(const struct cpu *cpu)
{
	uint64_t plm = 0;
	for (unsigned n = FIRST_COUNTER; is_counter(cpu, n); n++)
		plm |= PMC_PLM(cpu->pmc[n]);
	return plm && !(cpu->pmc[0] & PMC0_FREEZE);
}

/* Slots retired by now, in a run or between two. */
static uint64_t slots_now(const struct cpu *cpu)
{
	return cpu->pmu.at > cpu->slots ? cpu->pmu.at : cpu->slots;
}

static void start(struct cpu *cpu)
{
	cpu->pmu.slots = slots_now(cpu);
	cpu->pmu.ns = clock_now(&cpu->machine->clock);
}

void pmu_sync(struct cpu *cpu)
{
	if (!armed(cpu))
		return;
	uint64_t now = clock_now(&cpu->machine->clock);
	uint64_t retired = slots_now(cpu), slots = retired - cpu->pmu.slots, ns = now - cpu->pmu.ns;
	bool overflow = false;
	cpu->pmu.slots = retired;
	cpu->pmu.ns = now;
	for (unsigned n = FIRST_COUNTER; is_counter(cpu, n); n++) {
		uint64_t event = PMC_ES(cpu->pmc[n]);
		if (!counts(cpu, cpu->pmc[n]))
			continue;
		if (event == EVENT_INST_RETIRED)
			overflow |= add(cpu, n, slots);
		else if (event == EVENT_CPU_CYCLES)
			overflow |= add(cpu, n, ns);
	}
	if (overflow)
		sapic_raise(cpu, cpu->sapic.pmv);
}

uint64_t pmu_read_pmc(struct cpu *cpu, unsigned n)
{
	pmu_sync(cpu);
	return cpu->pmc[n];
}

uint64_t pmu_read_pmd(struct cpu *cpu, unsigned n)
{
	pmu_sync(cpu);
	if (cpu->cpl != 0 && (cpu->psr & PSR(SP) || cpu->pmc[n] & PMC_PM))
		return 0;
	return cpu->pmd[n];
}

/* PMC0: freeze 0, reserved 3:1, then overflow bits. Generic: plm 3:0, ev 4, oi 5, pm 6, 7 ignored.
 */
bool pmu_pmc_reserved(unsigned n, uint64_t v)
{
	return n == 0 && v & 0xe;
}

void pmu_write_pmc(struct cpu *cpu, unsigned n, uint64_t v)
{
	pmu_sync(cpu);
	bool was = armed(cpu);
	if (n < FIRST_COUNTER || is_counter(cpu, n))
		cpu->pmc[n] = n < FIRST_COUNTER ? v : v & ~0x80ull;
	if (!was && armed(cpu))
		start(cpu);
}

void pmu_write_pmd(struct cpu *cpu, unsigned n, uint64_t v)
{
	pmu_sync(cpu);
	if (is_counter(cpu, n))
		cpu->pmd[n] = v & width_mask(cpu);
}
