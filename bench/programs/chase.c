/* SPDX-License-Identifier: MIT */
/* Pointer chasing: one cycle through 2 MB of nodes in random order, and walks of a binary tree. */
#include "bench.h"

#define NODES 32768
#define STEPS 40000
#define KEYS  8000

struct node {
	struct node *next;
	uint64_t value[7];
};

struct leaf {
	struct leaf *child[2];
	uint32_t key;
};

static struct node nodes[NODES];
static struct leaf leaves[KEYS];

/* Sattolo's shuffle gives one cycle. */
static void make_cycle(void)
{
	static uint32_t order[NODES];
	uint64_t state = 1;
	for (uint32_t n = 0; n < NODES; n++)
		order[n] = n;
	for (uint32_t n = NODES - 1; n > 0; n--) {
		uint32_t m = (uint32_t)(bench_random(&state) % n), t = order[n];
		order[n] = order[m];
		order[m] = t;
	}
	for (uint32_t n = 0; n < NODES; n++) {
		nodes[order[n]].next = &nodes[order[(n + 1) % NODES]];
		nodes[n].value[n % 7] = n;
	}
}

static void make_tree(void)
{
	uint64_t state = 2;
	for (uint32_t n = 0; n < KEYS; n++) {
		struct leaf *l = &leaves[n], *at = leaves;
		l->key = (uint32_t)(bench_random(&state) >> 32);
		while (n > 0) {
			struct leaf **next = &at->child[l->key > at->key];
			if (!*next) {
				*next = l;
				break;
			}
			at = *next;
		}
	}
}

static uint64_t walk(uint32_t key)
{
	uint64_t depth = 0;
	for (const struct leaf *at = leaves; at; at = at->child[key > at->key])
		depth++;
	return depth;
}

uint64_t bench(void)
{
	uint64_t sum = 0, state = 3;
	if (!nodes[0].next) {
		make_cycle();
		make_tree();
	}
	const struct node *at = nodes;
	for (uint32_t n = 0; n < STEPS; n++, at = at->next)
		sum += at->value[n % 7];
	for (uint32_t n = 0; n < KEYS; n++)
		sum = bench_mix(sum, walk((uint32_t)(bench_random(&state) >> 32)));
	return sum;
}
