/* SPDX-License-Identifier: MIT */
/* CPU models: one table row each. What differs between processors is read from here only. */
#ifndef CPU_MODEL_H
#define CPU_MODEL_H

#include "base/types.h"

/* Optional instructions and behaviours. */
enum cpu_feature {
	CPU_LB = 1,  /* brl (CPUID 4 bit 0) */
	CPU_SD = 2,  /* spontaneous deferral */
	CPU_AO = 4,  /* ld16, st16, cmp8xchg16 (CPUID 4 bit 2) */
	CPU_RU = 8,  /* ar.ruc and tf (CPUID 4 bit 3, 32) */
	CPU_CZ = 16, /* clz, mpy4, mpyshl4 */
	CPU_TF = 32,
	CPU_VM = 64,	/* vmsw, psr.vm */
	CPU_IA32 = 128, /* never set: listed for PAL answers */
	CPU_IIB = 256,	/* cr.iib0 and cr.iib1 */
	CPU_DAHR = 512	/* data access hint registers */
};

struct cpu_model {
	const char *name; /* config key cpu_model */
	const char *text; /* "Intel Itanium 2 processor (Madison)" */
	uint32_t version; /* CPUID 3 bits 39:0: number, revision, model, family, archrev */
	uint8_t family, model, revision, archrev;
	unsigned features;   /* enum cpu_feature */
	uint64_t page_sizes; /* bit n: 2^n insertable */
	uint64_t purge_sizes;
	uint8_t va_bits; /* implemented virtual address bits below 61 (51, 54 ...) minus 1 =
			    impl_va_msb */
	uint8_t pa_bits; /* implemented physical address bits */
	uint8_t rid_bits, key_bits;
	uint8_t pkrs, itrs, dtrs;
	uint8_t dbrs, ibrs; /* pairs */
	uint8_t pmcs, pmds; /* generic counter pairs */
	uint8_t pmc_width;
};

extern const struct cpu_model cpu_models[];
extern const unsigned cpu_model_count;
/* By name; NULL when unknown. name NULL gives the default. */
const struct cpu_model *cpu_model_find(const char *name);
/* CPUID register n (1:34); 0 for those that do not exist: see cpu_model_cpuids. */
uint64_t cpu_model_cpuid(const struct cpu_model *m, unsigned n);
/* Number of CPUID registers: 0..n-1 exist. */
unsigned cpu_model_cpuids(const struct cpu_model *m);

#endif
