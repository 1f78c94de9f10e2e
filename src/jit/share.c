/* SPDX-License-Identifier: MIT */
/* The translator that all processors of a machine share: made with the first, freed with the last.
 * Memory for code must be there before a domain is confined, so all is made at once. */
#include "jit/block.h"
#include "jit/gen.h"

#include "cpu/icache.h"
#include "isa/op.h"

#include <stdlib.h>

#define CACHE_DEFAULT (24u << 20)
#define CACHE_LEAST   (8 * BLOCK_MOST)
#define EXIT_BYTES    144 /* of code for each exit point, fewer than on average */

static size_t cache_size(const struct machine *m)
{
	size_t size = m->code_cache ? m->code_cache : CACHE_DEFAULT;

	if (size < CACHE_LEAST)
		size = CACHE_LEAST;
	return (size + 0xffff) & ~(size_t)0xffff;
}

static uint32_t exits_for(size_t size)
{
	size_t n = size / EXIT_BYTES;

	return n < 4 * EXITS_MOST ? 4 * EXITS_MOST : (uint32_t)n;
}

static void jit_free(struct jit *jit)
{
	evict_free_all(jit);
	if (jit->cache.size)
		cache_free(&jit->cache);
	pthread_mutex_destroy(&jit->lock);
	free(jit->window);
	free(jit->gen);
	free(jit->exit);
	free(jit);
}

static struct jit *jit_new(struct machine *m)
{
	struct jit *jit = calloc(1, sizeof(*jit));
	size_t size = cache_size(m);

	if (!jit)
		return NULL;
	pthread_mutex_init(&jit->lock, NULL);
	jit->exit_count = exits_for(size);
	jit->gen = malloc(sizeof(*jit->gen));
	jit->exit = calloc(jit->exit_count, sizeof(*jit->exit));
	jit->window = calloc(1, sizeof(*jit->window));
	if (!jit->gen || !jit->exit || !jit->window || cache_init(&jit->cache, size)) {
		jit_free(jit);
		return NULL;
	}
	jit->exits = 1;
	jit->generation = m->ram.code_generation;
	return jit;
}

bool share_open(struct cpu *cpu)
{
	struct machine *m = cpu->machine;
	struct jit_cpu *own = aligned_alloc(_Alignof(struct jit_cpu), sizeof(*own));

	cpu->jit.calls = calloc(OP_COUNT, sizeof(*cpu->jit.calls));
	if (own && cpu->jit.calls && !m->jit && (m->jit = jit_new(m)))
		gen_common(m);
	if (!own || !cpu->jit.calls || !m->jit) {
		free(own);
		free(cpu->jit.calls);
		return false;
	}
	*own = (struct jit_cpu){.seen = EPOCH_OUTSIDE, .done = m->jit->retired};
	for (unsigned n = 0; n < JUMPS; n++)
		own->jump[n].va = JUMP_NONE;
	epoch_forget_returns(cpu);
	cpu->jit.own = own;
	cpu->jit.state = m->jit;
	cpu->jit.generation = m->jit->generation;
	m->jit->cpu[cpu->index] = own;
	m->jit->cpus++;
	return true;
}

void share_close(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;

	if (!jit)
		return;
	jit->cpu[cpu->index] = NULL;
	cpu->jit.state = NULL;
	free(cpu->jit.own);
	free(cpu->jit.calls);
	if (--jit->cpus)
		return;
	cpu->machine->jit = NULL;
	jit_free(jit);
}
