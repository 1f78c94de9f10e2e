/* SPDX-License-Identifier: MIT */
/*
 * Random programs on both engines: after each fault, trap and budget everything a guest could see
 * must be alike. A program that fails is made as short as it still fails, and printed.
 *
 *   jittest [-c] [-d LETTERS] [-m KB] [-w MASK] [-v] COUNT SEED
 *                COUNT programs; exits with 1 at the first difference
 *     -c       coverage: rows by how often they ran, translated and as calls; fails when one that
 *              has an emitter was hardly translated, or something the translator counts never
 *              happened
 *     -d LETTERS  as epixen-user -d
 *     -m KB    code cache of this size
 *     -w MASK  without these features of the host: HOST_ in jit.h
 *     -v       prints each run
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cpu/engine.h"
#include "jit/emit.h"
#include "jit/jit.h"
#include "program.h"
#include "world.h"

#define RUNS 60

/* Kicks the JIT's side at any time. */
struct kicker {
	struct cpu *cpu;
	pthread_mutex_t lock;
	bool on, end;
	pthread_t thread;
};

struct test {
	struct side side[2];
	struct kicker kicker;
	bool verbose;
	uint64_t slots, wild; /* done; programs given up because they wrote on themselves */
};

static void *kick_now_and_then(void *arg)
{
	struct kicker *k = arg;
	const struct timespec t = {0, 20000};

	for (bool end = false; !end;) {
		nanosleep(&t, NULL);
		pthread_mutex_lock(&k->lock);
		if (k->on)
			cpu_kick(k->cpu);
		end = k->end;
		pthread_mutex_unlock(&k->lock);
	}
	return NULL;
}

static void kick(struct kicker *k, bool on, bool end)
{
	pthread_mutex_lock(&k->lock);
	k->on = on;
	k->end = end;
	pthread_mutex_unlock(&k->lock);
}

static uint64_t random_budget(uint64_t *dice)
{
	switch (draw(dice) % 4) {
	case 0:
		return 1 + draw(dice) % 50;
	case 1:
		return 3000;
	default:
		return 400;
	}
}

/* Runs both sides as far; false: not even as far as that. */
static const char *run_both(struct test *t, uint64_t budget, bool kicked, enum exit *e)
{
	struct cpu *a = t->side[0].cpu, *b = t->side[1].cpu;

	if (!kicked) {
		*e = cpu_run(a, budget);
		enum exit other = cpu_run(b, budget);
		const char *what = sides_differ(t->side);
		return what ? what : *e != other ? "exits" : NULL;
	}
	uint64_t began = b->slots;
	kick(&t->kicker, true, false);
	*e = cpu_run(b, budget);
	kick(&t->kicker, false, false);
	if (*e == EXIT_KICK)
		*e = EXIT_BUDGET;
	atomic_store(&b->kick, 0);
	atomic_store(&a->kick, 0);
	if (b->slots == began && *e == EXIT_BUDGET)
		cpu_kick(a);
	cpu_run(a, b->slots - began + (b->slots == began || *e != EXIT_BUDGET));
	atomic_store(&a->kick, 0); /* a fault may have come before it */
	if (*e == EXIT_BUDGET)	   /* what the interpreter did not come to is no fault of it */
		b->mmu.fault = a->mmu.fault;
	return sides_differ(t->side);
}

/* Has code changed that nobody will flush? When it is seen is up to each engine. */
static bool code_went_wild(struct test *t, const struct program *p)
{
	for (unsigned n = 0; n < 2; n++)
		if (memcmp(ram_read_ptr(&t->side[n].m.ram, GPA(CODE), sizeof(p->code)), p->code,
			    PATCHED * 16))
			return true;
	return false;
}

/* NULL, or what differs. */
static const char *run_program(struct test *t, const struct program *p)
{
	uint64_t dice = p->dice;
	bool kicked = program_is_kicked(p);

	for (unsigned n = 0; n < 2; n++)
		side_start(&t->side[n], p);
	for (unsigned n = 0; n < RUNS; n++) {
		gva_t from = t->side[0].cpu->ip;
		enum exit e;
		const char *what = run_both(t, random_budget(&dice), kicked, &e);

		if (t->verbose)
			printf("from %lx exit %d fault %u to %lx.%u psr %lx\n", from, e,
				t->side[0].cpu->mmu.fault.code, t->side[0].cpu->ip,
				t->side[0].cpu->ri, cpu_psr(t->side[0].cpu));
		if (code_went_wild(t, p)) {
			t->wild++;
			break;
		}
		if (what)
			return what;
		if (e == EXIT_CRASH || e == EXIT_FIRMWARE || e == EXIT_HALT)
			break;
		uint64_t random = draw(&dice);
		for (unsigned k = 0; k < 2; k++) {
			side_sync_code(&t->side[k]);
			side_between(&t->side[k], e, random);
		}
	}
	t->slots += t->side[0].cpu->slots;
	return NULL;
}

/* --- a failing program --- */

/* Leaves out as many bundles as may be missing. */
static void minimise(struct test *t, struct program *p)
{
	for (unsigned size = BUNDLES / 4; size > 0; size /= 2)
		for (unsigned at = 0; at < BUNDLES; at += size) {
			struct program less = *p;
			for (unsigned n = at; n < at + size && n < BUNDLES; n++)
				less.code[n] = bundle_nop();
			if (memcmp(&less, p, sizeof(less)) && run_program(t, &less))
				*p = less;
		}
}

static void report(struct test *t, struct program *p, const char *first)
{
	printf("program %" PRIu64 ": %s differ\n", p->seed, first);
	sides_print(t->side);
	minimise(t, p);
	minimise(t, p);
	t->verbose = true;
	const char *what = run_program(t, p);
	printf("FAIL program %" PRIu64 ", %s\n", p->seed, what ? what : "not reproducible");
	if (what)
		sides_print(t->side);
	program_print(p);
}

/* --- coverage --- */

static bool translatable(unsigned op)
{
	return emit_table[op] && !(op_attributes(op) & OP_NOP);
}

/* Returns the number of rows that were not tested well enough: least: translated executions of each
 * row with an emitter. */
static unsigned print_coverage(const struct test *t, uint64_t least)
{
	const struct counts *all = &t->side[0].counts, *called = &t->side[1].counts;
	unsigned missing = 0;

	printf("%-18s %12s %12s %12s %12s\n", "row", "run", "translated", "called", "faults");
	for (unsigned op = 0; op < OP_COUNT; op++) {
		uint64_t translated =
			all->run[op] > called->run[op] ? all->run[op] - called->run[op] : 0;
		bool bad = translatable(op) && translated < least;
		bad |= all->run[op] == 0 && !(op_attributes(op) & OP_NOP);
		printf("%-18s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "%s\n",
			op_name(op), all->run[op], translated, called->run[op], all->fault[op],
			bad ? "  FAIL hardly tested" : "");
		missing += bad;
	}
	return missing;
}

/* Whatever the translator counts should have happened: links, evictions, every way out. */
static unsigned print_counters(const struct test *t)
{
	struct jit_counter c;
	unsigned missing = 0;

	for (unsigned n = 0; jit_counter(t->side[1].cpu, n, &c); n++) {
		bool bad = c.value == 0 && strcmp(c.name, "found_no_room");
		printf("%-22s %-18s %" PRIu64 "%s\n", c.group, c.name, c.value,
			bad ? "  FAIL never happened" : "");
		missing += bad;
	}
	return missing;
}

static void test_init(struct test *t)
{
	side_init(&t->side[0], &engine_interpreter);
	side_init(&t->side[1], &engine_jit);
	t->kicker.cpu = t->side[1].cpu;
	pthread_mutex_init(&t->kicker.lock, NULL);
	if (pthread_create(&t->kicker.thread, NULL, kick_now_and_then, &t->kicker))
		exit(2);
}

static void test_free(struct test *t)
{
	kick(&t->kicker, false, true);
	pthread_join(t->kicker.thread, NULL);
	for (unsigned n = 0; n < 2; n++) {
		cpu_free(t->side[n].cpu);
		ram_free(&t->side[n].m.ram);
	}
	free(t);
}

static unsigned run_all(struct test *t, uint64_t count, uint64_t seed)
{
	struct program p;

	for (uint64_t n = 0; n < count; n++) {
		program_make(&p, seed + n);
		const char *what = run_program(t, &p);
		if (what) {
			report(t, &p, what);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool coverage = false;
	struct test *t = calloc(1, sizeof(*t));
	int c;

	if (!t)
		return 2;
	while ((c = getopt(argc, argv, "cd:m:vw:")) != -1) {
		coverage |= c == 'c';
		t->verbose |= c == 'v';
		if (c == 'd')
			t->side[1].m.jit_debug = optarg;
		if (c == 'm')
			t->side[1].m.code_cache = strtoul(optarg, NULL, 0) << 10;
		if (c == 'w')
			t->side[1].m.jit_without = (unsigned)strtoul(optarg, NULL, 0);
	}
	uint64_t count = optind < argc ? strtoull(argv[optind], NULL, 0) : 100;
	uint64_t seed = optind + 1 < argc ? strtoull(argv[optind + 1], NULL, 0) : 1;
	test_init(t);
	unsigned failed = run_all(t, count, seed);
	if (coverage)
		failed += print_coverage(t, count / 1000) + print_counters(t);
	printf("%" PRIu64 " slots, %" PRIu64 " programs that overwrote themselves\n", t->slots,
		t->wild);
	printf("%" PRIu64 " passed, %u failed, 0 skipped\n", count, failed);
	test_free(t);
	return failed != 0;
}
