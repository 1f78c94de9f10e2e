/* SPDX-License-Identifier: MIT */
/* The ALAT's check (1:64): see alat.h for the idea. */
#include "cpu/alat.h"

bool alat_hit(struct cpu *cpu, uint64_t tag)
{
	const struct alat_entry *e = alat_slot(cpu, tag);
	uint64_t v[2] = {0, 0};

	if (!e->valid || e->tag != tag || e->generation != cpu->alat_generation)
		return false;
	const struct ftlb_entry *t = ftlb_slot(cpu->mmu.data, e->va);
	if (e->size <= 8 && ftlb_hit(t->tag_r, e->va, e->size))
		v[0] = host_load((const void *)(e->va + t->addend), e->size);
	else if (!mem_peek(&cpu->mmu, e->va, e->size, v))
		return false;
	return v[0] == e->value[0] && v[1] == e->value[1];
}
