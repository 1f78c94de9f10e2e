/* SPDX-License-Identifier: MIT */
/* Translation registers as PAL shows them. The region number is not kept: ifa has bits 60:0. */
#include "mmu/read_tr.h"

#include <string.h>

#include "mmu/private.h"

bool mmu_read_tr(const struct mmu *m, bool inst, unsigned slot, uint64_t w[4])
{
	const struct tlb *t = inst ? &m->private->inst : &m->private->data;
	memset(w, 0, 4 * sizeof(w[0]));
	if (slot >= TLB_TRS || !(t->tr_valid >> slot & 1))
		return false;
	const struct tlb_entry *e = &t->tr[slot];
	w[0] = e->pte;
	w[1] = (uint64_t)e->key << 8 | (uint64_t)e->ps << 2;
	w[2] = e->vpn;
	w[3] = (uint64_t)e->rid << 8;
	return true;
}
