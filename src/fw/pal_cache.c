/* SPDX-License-Identifier: MIT */
/*
 * The caches PAL tells of (2:348-2:370): those of an Itanium 2. They exist on paper only; systems
 * take line sizes, strides and associativity from here.
 */
#include "fw/pal.h"

struct cache {
	uint8_t level, type; /* type 1 instruction, 2 data or unified */
	bool unified;
	uint8_t ways, line, stride; /* line and stride: log2 */
	uint8_t store_latency, load_latency;
	uint32_t size;
	uint8_t alias, tag_low; /* log2 of the alias boundary; lowest tag bit */
};

static const struct cache caches[] = {
	{0, 1, false, 4, 6, 7, 0xff, 1, 16u << 10, 0, 12},
	{0, 2, false, 4, 6, 7, 1, 1, 16u << 10, 0, 12},
	{1, 2, true, 8, 7, 7, 5, 5, 256u << 10, 0, 15},
	{2, 2, true, 12, 7, 7, 12, 12, 9u << 20, 0, 20},
};
#define LEVELS	 3
#define TAG_HIGH 49

uint64_t pal_last_cache_size(void)
{
	return caches[countof(caches) - 1].size;
}

/* Arguments of all but the summary: level, type. NULL when there is no such cache. */
static const struct cache *find(const struct fw_call *c)
{
	for (unsigned i = 0; i < countof(caches); i++)
		if (caches[i].level == c->arg[1] && caches[i].type == c->arg[2])
			return &caches[i];
	return NULL;
}

int64_t pal_cache_summary(struct fw_call *c)
{
	c->ret[1] = LEVELS;
	c->ret[2] = countof(caches);
	return PAL_OK;
}

int64_t pal_cache_info(struct fw_call *c)
{
	const struct cache *p = find(c);
	if (!p || c->arg[3])
		return PAL_INVALID;
	uint64_t write_back = p->level ? 1 : 0;
	/* hints: temporal and non-temporal in all levels */
	c->ret[1] = p->unified | write_back << 1 | (uint64_t)p->ways << 8 |
		    (uint64_t)p->line << 16 | (uint64_t)p->stride << 24 |
		    (uint64_t)p->store_latency << 32 | (uint64_t)p->load_latency << 40 |
		    9ull << 48 | 11ull << 56;
	c->ret[2] = p->size | (uint64_t)p->alias << 32 | (uint64_t)p->tag_low << 40 |
		    (uint64_t)TAG_HIGH << 48;
	return PAL_OK;
}

/* No protection (method 0) for data and tags. */
int64_t pal_cache_prot_info(struct fw_call *c)
{
	return find(c) && !c->arg[3] ? PAL_OK : PAL_INVALID;
}

/* Every cache is its processor's own. */
int64_t pal_cache_shared_info(struct fw_call *c)
{
	uint64_t n = c->arg[3];
	if (!find(c) || (n != ~0ull && n != 0))
		return PAL_INVALID;
	c->ret[1] = 1;
	c->ret[2] = 0;
	c->ret[3] = c->cpu->index << 8;
	return PAL_OK;
}
