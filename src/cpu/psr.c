/* SPDX-License-Identifier: MIT */
/* The processor status register (2:23) and the current frame marker (1:27), taken apart for speed
 * into fields of struct cpu, put together again. */
#include "cpu/rse.h"

#define PSR_CPL (3ull << PSR_CPL_BIT)
#define PSR_RI	(3ull << PSR_RI_BIT)
#define PSR_IMPLEMENTED                                                                            \
	(0x3eull | PSR(IC) | PSR(I) | PSR(PK) | 0x7feull << PSR_DT_BIT | PSR(DT) | PSR_CPL |       \
		0xfffull << PSR_IS_BIT | PSR(VM))

uint64_t cpu_psr(const struct cpu *cpu)
{
	return cpu->psr | (uint64_t)cpu->cpl << PSR_CPL_BIT | (uint64_t)cpu->ri << PSR_RI_BIT;
}

static void switch_bank(struct cpu *cpu)
{
	for (unsigned n = 0; n < 16; n++) {
		uint64_t v = cpu->gr[16 + n];
		uint8_t nat = cpu->gr_nat[16 + n];

		cpu->gr[16 + n] = cpu->gr_bank[n];
		cpu->gr_nat[16 + n] = cpu->gr_bank_nat[n];
		cpu->gr_bank[n] = v;
		cpu->gr_bank_nat[n] = nat;
	}
}

void cpu_sync_mode(struct cpu *cpu)
{
	uint64_t psr = cpu_psr(cpu);

	if (cpu->inflight_ic)
		psr |= PSR(IC);
	mmu_set_mode(&cpu->mmu, psr, cpu->rse.mode_pl);
}

void cpu_set_psr(struct cpu *cpu, uint64_t psr)
{
	psr &= PSR_IMPLEMENTED;
	if ((cpu->psr ^ psr) & PSR(BN))
		switch_bank(cpu);
	cpu->psr = psr & ~(PSR_CPL | PSR_RI);
	cpu->cpl = bits(psr, PSR_CPL_BIT, 2);
	cpu->ri = bits(psr, PSR_RI_BIT, 2);
	cpu->stay_va = 1;
	cpu_sync_mode(cpu);
}

uint64_t cpu_cfm(const struct cpu *cpu)
{
	return (uint64_t)cpu->sof | (uint64_t)cpu->sol << 7 | (uint64_t)(cpu->sor / 8) << 14 |
	       (uint64_t)cpu->rrb_gr << 18 | (uint64_t)cpu->rrb_fr << 25 |
	       (uint64_t)cpu->rrb_pr << 32;
}

#define ROTATING 48

/* cpu->pr is ordered by current name: name 16+n is register 16 + (n + rrb) mod 48. */
static void rename_predicates(struct cpu *cpu, unsigned rrb)
{
	unsigned d = (rrb + ROTATING - cpu->rrb_pr) % ROTATING;
	uint64_t v = cpu->pr >> 16;

	if (d)
		v = (v >> d | v << (ROTATING - d)) & ((1ull << ROTATING) - 1);
	cpu->pr = v << 16 | (cpu->pr & 0xffff);
	cpu->rrb_pr = rrb;
}

void cpu_set_cfm(struct cpu *cpu, uint64_t cfm)
{
	cpu->sof = cfm & 0x7f;
	cpu->sol = bits(cfm, 7, 7);
	cpu->sor = (unsigned)bits(cfm, 14, 4) * 8;
	cpu->rrb_gr = bits(cfm, 18, 7);
	cpu->rrb_fr = bits(cfm, 25, 7);
	rename_predicates(cpu, bits(cfm, 32, 6));
}
