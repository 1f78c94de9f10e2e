/* SPDX-License-Identifier: MIT */
/*
 * The cache of translated code that processors share: what is translated once serves all, the
 * oldest goes first, memory of what somebody may be in stays, modified code goes and nothing else.
 * The guest is a chain of bundles, a block each, that counts in r14.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "cpu/cpu.h"
#include "isa/op.h"
#include "jit/block.h"

#define RAM   (4u << 20)
#define CHAIN 0x100000u /* guest address of the chain */
#define LOOP  0x10000u	/* of a loop of its own */
#define SMALL (1u << 20)
#define LONG  0x2000u /* bundles: far more code than SMALL */
#define PAGE  (GRANULE_SIZE / 16)

struct world {
	struct machine m;
};

static uint64_t encode(struct insn i)
{
	uint64_t slot = 0, l = 0;
	assert_int_equal(insn_encode(&i, &slot, &l), 0);
	return slot;
}

/* add is what the bundle adds to r14, then it branches by displacement. */
static void put_step(struct world *w, uint64_t at, int64_t add, int64_t displacement)
{
	uint64_t s0 = encode((struct insn){.op = OP_nop_m});
	uint64_t s1 = encode((struct insn){.op = OP_adds, .r1 = 14, .r3 = 14, .imm = add});
	uint64_t s2 = encode((struct insn){.op = OP_br_cond, .imm = displacement});
	uint64_t b[2] = {0x11 | s0 << 5 | s1 << 46, s1 >> 18 | s2 << 23};
	assert_int_equal(ram_write(&w->m.ram, GPA(at), b, 16), 0);
}

static void put_break(struct world *w, uint64_t at)
{
	uint64_t s0 = encode((struct insn){.op = OP_break_m, .imm = 0x12345});
	uint64_t s1 = encode((struct insn){.op = OP_nop_i});
	uint64_t b[2] = {0x01 | s0 << 5 | s1 << 46, s1 >> 18 | s1 << 23};
	assert_int_equal(ram_write(&w->m.ram, GPA(at), b, 16), 0);
}

static void put_chain(struct world *w, unsigned bundles)
{
	for (unsigned n = 0; n < bundles; n++)
		put_step(w, CHAIN + n * 16, 1, 16);
	put_break(w, CHAIN + bundles * 16);
}

static struct world *world_new(unsigned cpus, size_t cache)
{
	struct world *w = calloc(1, sizeof(*w));
	w->m.model = cpu_model_find(NULL);
	w->m.engine = &engine_jit;
	w->m.code_cache = cache;
	clock_init(&w->m.clock, true);
	assert_int_equal(ram_add_slot(&w->m.ram, 0, RAM), 0);
	for (w->m.cpus = 0; w->m.cpus < cpus; w->m.cpus++) {
		struct cpu *cpu = w->m.cpu[w->m.cpus] = cpu_new(&w->m, w->m.cpus);
		assert_non_null(cpu);
		cpu->intercept = true;
	}
	return w;
}

static void world_free(struct world *w)
{
	for (unsigned n = 0; n < w->m.cpus; n++)
		cpu_free(w->m.cpu[n]);
	assert_null(w->m.jit);
	ram_free(&w->m.ram);
	free(w);
}

/* Runs from ip to the break; returns what r14 has counted. */
static uint64_t run(struct cpu *cpu, uint64_t ip)
{
	enum exit e;
	cpu->gr[14] = 0;
	cpu->ip = ip;
	cpu->ri = 0;
	do
		e = cpu_run(cpu, 1 << 20);
	while (e == EXIT_BUDGET);
	assert_int_equal(e, EXIT_INTERRUPTION);
	assert_int_equal(cpu->mmu.fault.code, FAULT_BREAK);
	return cpu->gr[14];
}

static uint64_t translations(const struct cpu *cpu)
{
	return cpu->jit.own->count.translations;
}

static void what_one_processor_translates_serves_all(void **state)
{
	(void)state;
	struct world *w = world_new(3, 0);
	put_chain(w, 1000);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(run(w->m.cpu[n], CHAIN), 1000);
	assert_int_equal(translations(w->m.cpu[0]), 1001);
	assert_int_equal(translations(w->m.cpu[1]) + translations(w->m.cpu[2]), 0);
	world_free(w);
}

static void processors_may_go_while_others_stay(void **state)
{
	(void)state;
	struct world *w = world_new(2, 0);
	put_chain(w, 100);
	assert_int_equal(run(w->m.cpu[0], CHAIN), 100);
	cpu_free(w->m.cpu[0]);
	assert_int_equal(run(w->m.cpu[1], CHAIN), 100);
	w->m.cpu[0] = cpu_new(&w->m, 0);
	w->m.cpu[0]->intercept = true;
	assert_int_equal(run(w->m.cpu[0], CHAIN), 100);
	assert_int_equal(translations(w->m.cpu[0]) + translations(w->m.cpu[1]), 0);
	world_free(w);
}

static void the_oldest_blocks_go_first(void **state)
{
	(void)state;
	struct world *w = world_new(1, SMALL);
	struct cpu *cpu = w->m.cpu[0];
	put_chain(w, LONG);
	assert_int_equal(run(cpu, CHAIN), LONG);
	uint64_t made = translations(cpu), evicted = w->m.jit->evicted;
	assert_in_range(made - evicted, 256, LONG - 1000);
	/* the end of the chain is there, and stays while the beginning is made again */
	assert_int_equal(run(cpu, CHAIN + (LONG - 256) * 16), 256);
	assert_int_equal(translations(cpu), made);
	assert_int_equal(run(cpu, CHAIN), LONG);
	assert_in_range(translations(cpu), made + 1, 2 * made);
	assert_int_equal(cpu->jit.own->count.no_room, 0);
	world_free(w);
}

static void code_in_use_is_less_than_the_cache(void **state)
{
	(void)state;
	struct world *w = world_new(1, SMALL);
	put_chain(w, LONG);
	for (unsigned n = 0; n < 5; n++) {
		assert_int_equal(run(w->m.cpu[0], CHAIN), LONG);
		assert_in_range(w->m.jit->cache.used, SMALL / 2, SMALL);
	}
	world_free(w);
}

/* Processor 1 stands in a block while processor 0 needs room. */
static void memory_of_a_block_somebody_is_in_stays(void **state)
{
	(void)state;
	struct world *w = world_new(2, SMALL);
	struct cpu *inside = w->m.cpu[1];
	uint8_t code[64];
	put_chain(w, LONG);
	put_step(w, LOOP, 1, 0);

	epoch_enter(inside);
	inside->ip = LOOP;
	epoch_sync(inside);
	struct block *b = block_get(inside, (uintptr_t)ram_read_ptr(&w->m.ram, GPA(LOOP), 16), 0);
	assert_non_null(b);
	epoch_pass(inside);
	memcpy(code, b->code, sizeof(code));

	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(run(w->m.cpu[0], CHAIN), LONG); /* interpreted in the end */
	assert_memory_equal(b->code, code, sizeof(code));
	assert_true(b->retired);
	uint64_t no_room = w->m.cpu[0]->jit.own->count.no_room;
	assert_true(no_room > 0);

	epoch_leave(inside);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(run(w->m.cpu[0], CHAIN), LONG);
	assert_int_equal(w->m.cpu[0]->jit.own->count.no_room, no_room);
	world_free(w);
}

static void halted_processors_hold_nothing(void **state)
{
	(void)state;
	struct world *w = world_new(2, SMALL);
	put_chain(w, LONG);
	assert_int_equal(run(w->m.cpu[1], CHAIN), LONG);
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(run(w->m.cpu[0], CHAIN), LONG);
	assert_int_equal(w->m.cpu[0]->jit.own->count.no_room, 0);
	/* it has slept through more than the log of retired blocks holds */
	assert_int_equal(run(w->m.cpu[1], CHAIN), LONG);
	world_free(w);
}

static void only_modified_granules_are_translated_again(void **state)
{
	(void)state;
	struct world *w = world_new(2, 0);
	put_chain(w, 4 * PAGE);
	assert_int_equal(run(w->m.cpu[0], CHAIN), 4 * PAGE);
	uint64_t made = translations(w->m.cpu[0]);
	put_step(w, CHAIN + PAGE * 16 + 32, 101, 16);
	assert_int_equal(run(w->m.cpu[1], CHAIN), 4 * PAGE + 100);
	assert_int_equal(w->m.jit->dropped, PAGE);
	assert_int_equal(translations(w->m.cpu[1]), PAGE);
	assert_int_equal(run(w->m.cpu[0], CHAIN), 4 * PAGE + 100);
	assert_int_equal(translations(w->m.cpu[0]), made);
	world_free(w);
}

static void a_log_that_was_outrun_drops_everything(void **state)
{
	(void)state;
	struct world *w = world_new(1, 0);
	put_chain(w, 2 * PAGE);
	assert_int_equal(run(w->m.cpu[0], CHAIN), 2 * PAGE);
	put_step(w, CHAIN, 11, 16);
	for (unsigned n = 0; n < RAM_CODE_LOG; n++) { /* elsewhere */
		ram_set_flags(&w->m.ram, GPA(0), RAM_HAS_CODE);
		ram_invalidate_code(&w->m.ram, GPA(0), 64);
	}
	assert_int_equal(run(w->m.cpu[0], CHAIN), 2 * PAGE + 10);
	assert_int_equal(w->m.jit->dropped, 2 * PAGE + 1);
	world_free(w);
}

static struct block *find_block(struct jit *jit, gva_t va)
{
	for (struct block *b = jit->oldest; b; b = b->newer)
		if (b->va == va && !b->retired)
			return b;
	return NULL;
}

static void links_to_a_retired_block_are_undone(void **state)
{
	(void)state;
	struct world *w = world_new(1, 0);
	struct cpu *cpu = w->m.cpu[0];
	put_chain(w, 100);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(run(cpu, CHAIN), 100);
	uint64_t made = translations(cpu), links = cpu->jit.own->count.links;
	struct block *b = find_block(w->m.jit, CHAIN + 50 * 16);
	assert_true(b && b->links);
	pthread_mutex_lock(&w->m.jit->lock);
	block_retire(w->m.jit, b);
	pthread_mutex_unlock(&w->m.jit->lock);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(run(cpu, CHAIN), 100);
	assert_int_equal(translations(cpu), made + 1);
	assert_int_equal(cpu->jit.own->count.links, links + 2); /* to it and from it */
	world_free(w);
}

/* --- with threads --- */

struct runner {
	struct cpu *cpu;
	atomic_bool end;
	uint64_t rounds;
};

static void *loop_thread(void *arg)
{
	struct runner *r = arg;
	r->cpu->gr[14] = 0;
	r->cpu->ip = LOOP;
	while (!atomic_load(&r->end)) {
		if (cpu_run(r->cpu, 100000) != EXIT_BUDGET)
			return NULL;
	}
	return r;
}

/* One processor never leaves a loop but for the looks at the clock, the other needs room. */
static void a_loop_survives_the_eviction_of_its_block(void **state)
{
	(void)state;
	struct world *w = world_new(2, SMALL);
	struct runner r = {.cpu = w->m.cpu[1]};
	pthread_t t;
	void *ok;
	put_chain(w, LONG);
	put_step(w, LOOP, 1, 0);
	uint64_t slots = r.cpu->slots;
	pthread_create(&t, NULL, loop_thread, &r);
	for (unsigned n = 0; n < 30 || (w->m.jit->evicted <= LONG && n < 20000); n++)
		assert_int_equal(run(w->m.cpu[0], CHAIN), LONG);
	atomic_store(&r.end, true);
	pthread_join(t, &ok);
	assert_ptr_equal(ok, &r);
	assert_int_equal(r.cpu->gr[14], (r.cpu->slots - slots) / 3);
	assert_true(w->m.jit->evicted > LONG);
	world_free(w);
}

static void *chain_thread(void *arg)
{
	struct runner *r = arg;
	for (; r->rounds && !atomic_load(&r->end); r->rounds--)
		if (run(r->cpu, CHAIN) != LONG)
			return NULL;
	return r;
}

/* All translate, link, evict and modify at the same time. */
static void four_processors_share_a_cache_that_is_too_small(void **state)
{
	(void)state;
	struct world *w = world_new(4, SMALL);
	struct runner r[4];
	pthread_t t[4];
	put_chain(w, LONG);
	for (unsigned n = 0; n < 4; n++) {
		r[n] = (struct runner){.cpu = w->m.cpu[n], .rounds = 20};
		pthread_create(&t[n], NULL, chain_thread, &r[n]);
	}
	for (unsigned n = 0; n < 2000; n++)
		ram_invalidate_code(&w->m.ram, GPA(CHAIN + n % 32 * GRANULE_SIZE), GRANULE_SIZE);
	for (unsigned n = 0; n < 4; n++) {
		void *ok;
		pthread_join(t[n], &ok);
		assert_ptr_equal(ok, &r[n]);
	}
	assert_true(w->m.jit->evicted > 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_processor_translates_serves_all),
		cmocka_unit_test(processors_may_go_while_others_stay),
		cmocka_unit_test(the_oldest_blocks_go_first),
		cmocka_unit_test(code_in_use_is_less_than_the_cache),
		cmocka_unit_test(memory_of_a_block_somebody_is_in_stays),
		cmocka_unit_test(halted_processors_hold_nothing),
		cmocka_unit_test(only_modified_granules_are_translated_again),
		cmocka_unit_test(a_log_that_was_outrun_drops_everything),
		cmocka_unit_test(links_to_a_retired_block_are_undone),
		cmocka_unit_test(a_loop_survives_the_eviction_of_its_block),
		cmocka_unit_test(four_processors_share_a_cache_that_is_too_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
