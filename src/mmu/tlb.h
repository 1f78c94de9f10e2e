/* SPDX-License-Identifier: MIT */
/*
 * One side (instruction or data) of the architectural TLB: translation registers and a hashed
 * translation cache (2:46-2:53). Entries match by region id and address bits 60:0, whatever the
 * virtual region number, as some processor models do. Knows nothing of modes, rights or faults.
 */
#ifndef MMU_TLB_H
#define MMU_TLB_H

#include "base/types.h"

#define TLB_TRS	 64
#define TLB_SETS 512 /* of the cache, unless it is made with another number */
#define TLB_WAYS 4

/* Bits of a translation as inserted (2:53). */
#define PTE_P	     1ull
#define PTE_A	     (1ull << 5)
#define PTE_D	     (1ull << 6)
#define PTE_ED	     (1ull << 52)
#define PTE_PPN	     0x0003fffffffff000ull
#define PTE_RESERVED (2ull | 3ull << 50)
#define PTE_MA(pte)  ((unsigned)((pte) >> 2 & 7))
#define PTE_PL(pte)  ((unsigned)((pte) >> 7 & 3))
#define PTE_AR(pte)  ((unsigned)((pte) >> 9 & 7))

enum ma { MA_WB = 0, MA_UC = 4, MA_UCE = 5, MA_WC = 6, MA_NATPAGE = 7 };

#define VA61(va) ((va) << 3 >> 3) /* address bits without the region number */

struct tlb_entry {
	uint64_t vpn; /* va bits 60:0, those below ps clear */
	uint64_t pte;
	uint32_t rid, key;
	uint8_t ps; /* log2 of the page size, 12..32 */
	bool valid;
};

struct tlb {
	uint64_t tr_valid; /* bit n: tr[n] holds a translation */
	uint64_t sizes;	   /* bit n: the cache holds pages of 2^n */
	uint64_t digest;   /* of what it holds and where, whatever the order it came in */
	uint32_t count[64];
	struct tlb_entry tr[TLB_TRS];
	unsigned sets; /* a power of two */
	struct tlb_entry (*tc)[TLB_WAYS];
	uint8_t *victim; /* of each set: which entry goes next */
};

static inline uint64_t page_mask(unsigned ps)
{
	return ~((1ull << ps) - 1);
}

/* Makes an empty cache in place of the present one, if any. 0, or -ENOMEM: nothing has changed. */
int tlb_make_cache(struct tlb *t, unsigned sets);
void tlb_free_cache(struct tlb *t);
/* Makes to hold what from does; both have as many sets. */
void tlb_copy(struct tlb *to, const struct tlb *from);
/* The entry that translates va, translation registers first, or NULL. */
const struct tlb_entry *tlb_find(const struct tlb *t, uint64_t va61, uint32_t rid);
const struct tlb_entry *tlb_find_tr(const struct tlb *t, uint64_t va61, uint32_t rid);
/* Puts e into the cache; nothing overlapping may be there. If *victim becomes valid, that entry was
 * evicted to make room. */
void tlb_insert_tc(struct tlb *t, const struct tlb_entry *e, struct tlb_entry *victim);
/* Removes cache entries overlapping the page; returns the largest ps among them, 0 for none. An
 * entry larger than the page named goes as a whole. */
unsigned tlb_purge_tc(struct tlb *t, uint64_t va61, unsigned ps, uint32_t rid);
/* Removes translation registers overlapping the page; returns likewise. */
unsigned tlb_purge_tr(struct tlb *t, uint64_t va61, unsigned ps, uint32_t rid);
void tlb_clear_tc(struct tlb *t);
/* Do both hold the same entries in the same places? */
bool tlb_alike(const struct tlb *a, const struct tlb *b);

#endif
