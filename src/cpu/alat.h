/* SPDX-License-Identifier: MIT */
/*
 * Advanced Load Address Table (1:64). A check reloads and compares with the value the advanced load
 * saw, so that stores, other processors and DMA need not know of the table; memory that changed and
 * changed back is no conflict a program could tell.
 *
 * A register is named by a tag that survives rotation, calls and returns: for stacked registers the
 * count of registers below it in the backing store, which no two live registers share. One entry
 * per index; a conflict only costs a failed check.
 */
#ifndef CPU_ALAT_H
#define CPU_ALAT_H

#include "cpu/cpu.h"

#define ALAT_GR_STACKED (1ull << 63)
#define ALAT_GR_STATIC	(1ull << 62)
#define ALAT_FR		(1ull << 61)

static inline uint64_t alat_gr_tag(const struct cpu *cpu, unsigned r)
{
	uint64_t s = cpu->rse.bspstore >> 3;
	r = gr_rotate(cpu, r);
	if (r < 32)
		return ALAT_GR_STATIC | (cpu->psr & PSR(BN) && r >= 16 ? 32 : 0) | r;
	/* of 64 words in the backing store one is a NaT collection */
	return ALAT_GR_STACKED | ((s - (s >> 6) + (uint64_t)(int64_t)cpu->rse.dirty + r) << 3 >> 3);
}
static inline uint64_t alat_fr_tag(const struct cpu *cpu, unsigned f)
{
	return ALAT_FR | fr_rotate(cpu, f);
}

/* GRs have the lower half of the table. */
static inline struct alat_entry *alat_slot(struct cpu *cpu, uint64_t tag)
{
	unsigned half = ALAT_ENTRIES / 2;
	return &cpu->alat[(tag & (half - 1)) + (tag & ALAT_FR ? half : 0)];
}

static inline void alat_set(
	struct cpu *cpu, uint64_t tag, gva_t va, unsigned size, uint64_t lo, uint64_t hi)
{
	*alat_slot(cpu, tag) = (struct alat_entry){
		.valid = true,
		.size = (uint8_t)size,
		.tag = tag,
		.generation = cpu->alat_generation,
		.va = va,
		.value = {lo, hi},
	};
}

/* Removes the register's entry, if it has one. */
static inline void alat_drop(struct cpu *cpu, uint64_t tag)
{
	struct alat_entry *e = alat_slot(cpu, tag);
	if (e->tag == tag)
		e->valid = false;
}

static inline void alat_drop_all(struct cpu *cpu)
{
	cpu->alat_generation++;
}

/* Does the register still hold what memory holds? */
bool alat_hit(struct cpu *cpu, uint64_t tag);

#endif
