/* SPDX-License-Identifier: MIT */
/*
 * The processors epixen can be, one row each: CPUID (1:34), the sizes PAL reports and the optional
 * instructions. Figures are from the processors' reference manuals.
 */
#include "cpu/model.h"

#include <string.h>

#define P(n) (1ull << (n))
/* 4 KB, 8 KB, 16 KB, 64 KB, 256 KB, 1 MB, 4 MB, 16 MB, 64 MB, 256 MB */
#define PAGES_MERCED (P(12) | P(13) | P(14) | P(16) | P(18) | P(20) | P(22) | P(24) | P(26) | P(28))
/* and 1 GB, 4 GB */
#define PAGES_ITANIUM2 (PAGES_MERCED | P(30) | P(32))

/* CPUID 3: index of the last register, revision, model, family. */
#define VERSION(revision, model, family)                                                           \
	(4u | (uint32_t)(revision) << 8 | (uint32_t)(model) << 16 | (uint32_t)(family) << 24)

#define IDENTITY(f, m, r, a)                                                                       \
	.version = VERSION(r, m, f), .family = (f), .model = (m), .revision = (r), .archrev = (a)

#define ITANIUM2_SIZES                                                                             \
	.page_sizes = PAGES_ITANIUM2, .purge_sizes = PAGES_ITANIUM2, .va_bits = 61, .pa_bits = 50, \
	.rid_bits = 24, .key_bits = 24, .pkrs = 16, .itrs = 32, .dtrs = 32, .dbrs = 4, .ibrs = 4,  \
	.pmc_width = 47

#define FEATURES_MONTECITO (CPU_LB | CPU_AO | CPU_RU | CPU_VM)

const struct cpu_model cpu_models[] = {
	{
		.name = "merced",
		.text = "Intel Itanium processor",
		IDENTITY(0x07, 0, 7, 0),
		.features = 0,
		.page_sizes = PAGES_MERCED,
		.purge_sizes = PAGES_MERCED | P(32),
		.va_bits = 51,
		.pa_bits = 44,
		.rid_bits = 18,
		.key_bits = 21,
		.pkrs = 16,
		.itrs = 8,
		.dtrs = 48,
		.dbrs = 4,
		.ibrs = 4,
		.pmcs = 4,
		.pmds = 4,
		.pmc_width = 32,
	},
	{
		.name = "mckinley",
		.text = "Intel Itanium 2 processor (McKinley)",
		IDENTITY(0x1f, 0, 7, 0),
		.features = CPU_LB,
		ITANIUM2_SIZES,
		.pmcs = 4,
		.pmds = 4,
	},
	{
		.name = "madison",
		.text = "Intel Itanium 2 processor (Madison)",
		IDENTITY(0x1f, 1, 5, 0),
		.features = CPU_LB,
		ITANIUM2_SIZES,
		.pmcs = 4,
		.pmds = 4,
	},
	{
		.name = "montecito",
		.text = "Dual-Core Intel Itanium processor 9000 (Montecito)",
		IDENTITY(0x20, 0, 7, 0),
		.features = FEATURES_MONTECITO,
		ITANIUM2_SIZES,
		.pmcs = 12,
		.pmds = 12,
	},
	{
		.name = "montvale",
		.text = "Dual-Core Intel Itanium processor 9100 (Montvale)",
		IDENTITY(0x20, 1, 1, 0),
		.features = FEATURES_MONTECITO,
		ITANIUM2_SIZES,
		.pmcs = 12,
		.pmds = 12,
	},
	{
		.name = "tukwila",
		.text = "Intel Itanium processor 9300 (Tukwila)",
		IDENTITY(0x20, 2, 4, 0),
		.features = FEATURES_MONTECITO,
		ITANIUM2_SIZES,
		.pmcs = 12,
		.pmds = 12,
	},
	{
		.name = "poulson",
		.text = "Intel Itanium processor 9500 (Poulson)",
		IDENTITY(0x21, 0, 4, 0),
		.features = FEATURES_MONTECITO | CPU_CZ | CPU_TF | CPU_IIB | CPU_DAHR,
		ITANIUM2_SIZES,
		.pmcs = 12,
		.pmds = 12,
	},
};

const unsigned cpu_model_count = sizeof(cpu_models) / sizeof(cpu_models[0]);

#define MODEL_DEFAULT "montecito"

const struct cpu_model *cpu_model_find(const char *name)
{
	for (unsigned n = 0; n < cpu_model_count; n++) {
		if (strcmp(cpu_models[n].name, name ? name : MODEL_DEFAULT) == 0)
			return &cpu_models[n];
	}
	return NULL;
}

unsigned cpu_model_cpuids(const struct cpu_model *m)
{
	return (m->version & 0xff) + 1;
}

/* CPUID 4 (1:36): bits 3:0 lb sd ao ru; 33:32 are what tf can test: clz, mpy4 and mpyshl4, and 34
 * data access hints. */
static uint64_t feature_bits(const struct cpu_model *m)
{
	uint64_t v = 0;
	v |= m->features & CPU_LB ? 1u << 0 : 0;
	v |= m->features & CPU_SD ? 1u << 1 : 0;
	v |= m->features & CPU_AO ? 1u << 2 : 0;
	v |= m->features & CPU_RU ? 1u << 3 : 0;
	v |= m->features & CPU_CZ ? 3ull << 32 : 0;
	v |= m->features & CPU_DAHR ? 1ull << 34 : 0;
	return v;
}

uint64_t cpu_model_cpuid(const struct cpu_model *m, unsigned n)
{
	switch (n) {
	case 0:
		return 0x49656e69756e6547ull; /* "GenuineI" */
	case 1:
		return 0x6c65746eull; /* "ntel" */
	case 3:
		return m->version | (uint64_t)m->archrev << 32;
	case 4:
		return feature_bits(m);
	default:
		return 0;
	}
}
