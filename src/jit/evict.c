/* SPDX-License-Identifier: MIT */
/*
 * Room for blocks: code and exit points are given out in rings, so the oldest block's are the next
 * to be used again. Blocks are retired some time before their room is needed, so that all
 * processors have passed a dispatch by then; if one has not (its thread does not run), there is no
 * room and nothing is waited for. Positions in the rings only grow; the place is what is left over.
 */
#include "jit/block.h"

#include <stdlib.h>

static uint64_t ring_size(const struct jit *jit)
{
	return jit->cache.size - jit->common;
}

static uint64_t code_tail(const struct jit *jit)
{
	return jit->oldest ? jit->oldest->code_at : jit->code_head;
}

static uint64_t exits_tail(const struct jit *jit)
{
	return jit->oldest ? jit->oldest->exits_at : jit->exits;
}

static bool has_room(const struct jit *jit)
{
	return jit->code_head + BLOCK_MOST - code_tail(jit) <= ring_size(jit) &&
	       jit->exits + EXITS_MOST - exits_tail(jit) < jit->exit_count;
}

static void reclaim(struct jit *jit)
{
	struct block *b = jit->oldest;

	if (jit->retire_next == b)
		jit->retire_next = b->newer;
	jit->oldest = b->newer;
	if (!jit->oldest)
		jit->newest = NULL;
	free(b);
}

/* Is b among those whose room is needed soon? */
static bool too_old(const struct jit *jit, const struct block *b)
{
	/* that of a block, and what may be skipped at the ring's end */
	uint64_t ahead = ring_size(jit) / 8 + 2 * BLOCK_MOST;

	return jit->code_head + ahead - b->code_at > ring_size(jit) ||
	       jit->exits + 2 * EXITS_MOST - b->exits_at >= jit->exit_count;
}

static void retire_old(struct jit *jit)
{
	struct block *b;

	for (b = jit->retire_next; b && too_old(jit, b); b = b->newer)
		if (!b->retired) {
			block_retire(jit, b);
			jit->evicted++;
		}
	jit->retire_next = b;
}

bool evict_for_room(struct jit *jit)
{
	uint64_t left = ring_size(jit) - jit->code_head % ring_size(jit);

	if (left < BLOCK_MOST) /* code does not go around the end */
		jit->code_head += left;
	retire_old(jit);
	if (has_room(jit))
		return true;
	jit->safe = epoch_safe(jit);
	while (jit->oldest && jit->oldest->retired && jit->oldest->retired <= jit->safe &&
		!has_room(jit))
		reclaim(jit);
	return has_room(jit);
}

uint8_t *evict_code(struct jit *jit)
{
	return jit->cache.rw + jit->common + jit->code_head % ring_size(jit);
}

void evict_add(struct jit *jit, struct block *b)
{
	b->exits_end = jit->exits;
	b->newer = NULL;
	if (jit->newest)
		jit->newest->newer = b;
	else
		jit->oldest = b;
	jit->newest = b;
	if (!jit->retire_next)
		jit->retire_next = b;
	jit->cache.used = jit->common + jit->code_head - code_tail(jit);
}

void evict_free_all(struct jit *jit)
{
	while (jit->oldest)
		reclaim(jit);
}
