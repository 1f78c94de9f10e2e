/* SPDX-License-Identifier: MIT */
/*
 * The architectural TLB. The cache is hashed per page size: a look-up probes one set for each
 * size in use, which is one to three on real systems, where a linear scan would cost hundreds of
 * compares in every refill.
 */
#include "mmu/tlb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tlb_make_cache(struct tlb *t, unsigned sets)
{
	struct tlb_entry(*tc)[TLB_WAYS] = calloc(sets, sizeof(*tc));
	uint8_t *victim = calloc(sets, 1);

	if (!tc || !victim) {
		free(tc);
		free(victim);
		return -ENOMEM;
	}
	tlb_free_cache(t);
	t->tc = tc;
	t->victim = victim;
	t->sets = sets;
	memset(t->count, 0, sizeof(t->count));
	t->sizes = t->digest = 0;
	return 0;
}

void tlb_free_cache(struct tlb *t)
{
	free(t->tc);
	free(t->victim);
	t->tc = NULL;
	t->victim = NULL;
}

void tlb_copy(struct tlb *to, const struct tlb *from)
{
	struct tlb_entry(*tc)[TLB_WAYS] = to->tc;
	uint8_t *victim = to->victim;

	*to = *from;
	to->tc = tc;
	to->victim = victim;
	memcpy(to->tc, from->tc, from->sets * sizeof(from->tc[0]));
	memcpy(to->victim, from->victim, from->sets);
}

static unsigned tc_hash(const struct tlb *t, uint64_t vpn, uint32_t rid, unsigned ps)
{
	uint64_t h = vpn >> ps ^ (uint64_t)rid * 0x9e3779b1u ^ (uint64_t)ps << 5;
	return (unsigned)((h ^ h >> 9) & (t->sets - 1));
}

static bool entry_is(const struct tlb_entry *e, uint64_t vpn, uint32_t rid, unsigned ps)
{
	return e->vpn == vpn && e->rid == rid && e->ps == ps && e->valid;
}

static bool entry_overlaps(const struct tlb_entry *e, uint64_t va61, unsigned ps, uint32_t rid)
{
	uint64_t mask = page_mask(ps > e->ps ? ps : e->ps);
	return e->valid && e->rid == rid && ((e->vpn ^ va61) & mask) == 0;
}

const struct tlb_entry *tlb_find_tr(const struct tlb *t, uint64_t va61, uint32_t rid)
{
	for (uint64_t left = t->tr_valid; left; left &= left - 1) {
		const struct tlb_entry *e = &t->tr[__builtin_ctzll(left)];
		if (e->rid == rid && ((e->vpn ^ va61) & page_mask(e->ps)) == 0)
			return e;
	}
	return NULL;
}

const struct tlb_entry *tlb_find(const struct tlb *t, uint64_t va61, uint32_t rid)
{
	const struct tlb_entry *tr = tlb_find_tr(t, va61, rid);
	if (tr)
		return tr;
	for (uint64_t left = t->sizes; left; left &= left - 1) {
		unsigned ps = (unsigned)__builtin_ctzll(left);
		uint64_t vpn = va61 & page_mask(ps);
		const struct tlb_entry *set = t->tc[tc_hash(t, vpn, rid, ps)];
		for (unsigned w = 0; w < TLB_WAYS; w++)
			if (entry_is(&set[w], vpn, rid, ps))
				return &set[w];
	}
	return NULL;
}

/* An entry's part of the digest. */
static uint64_t mark(const struct tlb *t, const struct tlb_entry *e)
{
	uint64_t h = (uint64_t)(e - t->tc[0]) ^ (uint64_t)e->ps << 56;
	h = (h ^ e->vpn) * 0x9e3779b97f4a7c15;
	h = (h ^ h >> 32 ^ e->pte) * 0xbf58476d1ce4e5b9;
	h = (h ^ h >> 29 ^ e->rid ^ (uint64_t)e->key << 32) * 0x94d049bb133111eb;
	return h ^ h >> 31;
}

static void entry_drop(struct tlb *t, struct tlb_entry *e)
{
	t->digest ^= mark(t, e);
	e->valid = false;
	if (--t->count[e->ps] == 0)
		t->sizes &= ~(1ull << e->ps);
}

void tlb_insert_tc(struct tlb *t, const struct tlb_entry *e, struct tlb_entry *victim)
{
	unsigned n = tc_hash(t, e->vpn, e->rid, e->ps);
	struct tlb_entry *set = t->tc[n], *to = NULL;

	victim->valid = false;
	for (unsigned w = 0; w < TLB_WAYS && !to; w++)
		if (!set[w].valid)
			to = &set[w];
	if (!to) {
		to = &set[t->victim[n]++ % TLB_WAYS];
		*victim = *to;
		entry_drop(t, to);
	}
	*to = *e;
	to->valid = true;
	t->digest ^= mark(t, to);
	t->count[e->ps]++;
	t->sizes |= 1ull << e->ps;
}

static unsigned purge_scan(struct tlb *t, uint64_t va61, unsigned ps, uint32_t rid)
{
	unsigned largest = 0;
	for (unsigned n = 0; n < t->sets; n++)
		for (unsigned w = 0; w < TLB_WAYS; w++) {
			struct tlb_entry *e = &t->tc[n][w];
			if (!entry_overlaps(e, va61, ps, rid))
				continue;
			largest = e->ps > largest ? e->ps : largest;
			entry_drop(t, e);
		}
	return largest;
}

/* Drops the one page of size ps at va61, if it is cached. */
static bool purge_page(struct tlb *t, uint64_t va61, unsigned ps, uint32_t rid)
{
	uint64_t vpn = va61 & page_mask(ps);
	struct tlb_entry *set = t->tc[tc_hash(t, vpn, rid, ps)];
	for (unsigned w = 0; w < TLB_WAYS; w++)
		if (entry_is(&set[w], vpn, rid, ps)) {
			entry_drop(t, &set[w]);
			return true;
		}
	return false;
}

unsigned tlb_purge_tc(struct tlb *t, uint64_t va61, unsigned ps, uint32_t rid)
{
	uint64_t base = va61 & page_mask(ps), size = 1ull << ps;
	unsigned largest = 0;

	for (uint64_t left = t->sizes; left; left &= left - 1) {
		unsigned s = (unsigned)__builtin_ctzll(left);
		if (s < ps && size >> s > 64)
			return purge_scan(t, va61, ps, rid);
	}
	for (uint64_t left = t->sizes; left; left &= left - 1) {
		unsigned s = (unsigned)__builtin_ctzll(left);
		uint64_t pages = s < ps ? size >> s : 1;
		for (uint64_t i = 0; i < pages; i++)
			if (purge_page(t, base + (i << s), s, rid))
				largest = s;
	}
	return largest;
}

unsigned tlb_purge_tr(struct tlb *t, uint64_t va61, unsigned ps, uint32_t rid)
{
	unsigned largest = 0;
	for (uint64_t left = t->tr_valid; left; left &= left - 1) {
		unsigned n = (unsigned)__builtin_ctzll(left);
		if (entry_overlaps(&t->tr[n], va61, ps, rid)) {
			t->tr[n].valid = false;
			t->tr_valid &= ~(1ull << n);
			largest = t->tr[n].ps > largest ? t->tr[n].ps : largest;
		}
	}
	return largest;
}

void tlb_clear_tc(struct tlb *t)
{
	memset(t->tc, 0, t->sets * sizeof(t->tc[0]));
	memset(t->count, 0, sizeof(t->count));
	memset(t->victim, 0, t->sets);
	t->sizes = t->digest = 0;
}

bool tlb_alike(const struct tlb *a, const struct tlb *b)
{
	return a->digest == b->digest && a->tr_valid == b->tr_valid &&
	       memcmp(a->tr, b->tr, sizeof(a->tr)) == 0;
}
