/* SPDX-License-Identifier: MIT */
/*
 * One run on both engines. A second processor, the shadow, does it first on the interpreter; what
 * it wrote is taken back (mmu/journal.h); then the real one does the same with translated code. Bus
 * accesses happen once: the shadow's are performed and recorded, the other's are compared with the
 * record and answered from it. The shadow has a machine of its own that shares nothing but
 * the bytes of RAM, so that what it invalidates, purges and posts stays with it.
 */
#include "jit/verify.h"

#include "cpu/icache.h"
#include "cpu/personality.h"
#include "isa/op.h"
#include "jit/block.h"
#include "jit/verify_private.h"
#include "mmu/hold.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- the bus --- */

static bool same_access(const struct bus_access *a, const struct bus_access *b)
{
	return a->addr == b->addr && a->size == b->size && a->write == b->write &&
	       (!a->write || a->value == b->value);
}

static void post(struct cpu *cpu, const uint64_t irr[4])
{
	for (unsigned n = 0; n < 4; n++)
		if (irr[n])
			atomic_fetch_or(&cpu->sapic.irr[n], irr[n]);
}

/* Interrupts the access sent to the processor itself reach the shadow too, at the same time. */
static void record(struct verify *v, struct bus_access *a)
{
	struct verify_access x = {.a = *a};

	bus_access(&v->cpu->machine->bus, a);
	x.value = a->value;
	for (unsigned n = 0; n < 4; n++) {
		uint64_t now = atomic_load(&v->cpu->sapic.irr[n]);
		x.posted[n] = now & ~v->irr[n];
		v->irr[n] = now;
	}
	post(v->shadow, x.posted);
	if (atomic_load(&v->cpu->kick) || v->accesses > VERIFY_ACCESSES / 2)
		atomic_store(&v->shadow->kick, 1);
	if (v->accesses < VERIFY_ACCESSES)
		v->access[v->accesses++] = x;
	else
		v->strayed = true;
}

static void replay(struct verify *v, struct bus_access *a)
{
	const struct verify_access *x = &v->access[v->next];

	if (v->next == v->accesses || !same_access(&x->a, a)) {
		if (!v->strayed)
			v->stray = *a;
		v->strayed = true;
		return;
	}
	v->next++;
	a->value = x->value;
	post(v->running, x->posted);
}

static void verify_bus(void *dev, struct bus_access *a)
{
	struct verify *v = dev;

	if (!v->running)
		bus_access(&v->cpu->machine->bus, a);
	else if (v->recording)
		record(v, a);
	else
		replay(v, a);
}

/* --- two passes --- */

bool verify_ends(int r)
{
	return r == EXEC_FAULT || r == EXEC_TRAP || r == EXEC_EXIT;
}

/* Others have written code, stopped the clock or moved it. */
static void catch_up(struct verify *v)
{
	const struct machine *m = v->cpu->machine;
	uint64_t now = m->ram.code_generation;

	if (now - v->generation >= RAM_CODE_LOG)
		icache_drop_all(v->shadow);
	else
		for (uint64_t g = v->generation; g != now; g++)
			ram_invalidate_code(&v->machine.ram,
				GPA(m->ram.code_log[g % RAM_CODE_LOG] << GRANULE_SHIFT),
				GRANULE_SIZE);
	v->generation = now;
	v->machine.clock = m->clock;
	v->machine.fw_base = m->fw_base;
	v->machine.fw_size = m->fw_size;
}

/* What the hypervisor writes to by itself. */
static void note_granules(struct cpu *cpu, struct journal *j)
{
	gpa_t granule[PERSONALITY_GRANULES];

	cpu->machine->personality->granules(cpu, granule);
	for (unsigned n = 0; n < PERSONALITY_GRANULES; n++) {
		struct ram_slot *s = ram_find(&cpu->machine->ram, granule[n], GRANULE_SIZE);
		if (s)
			journal_note(j, s, (granule[n].v - s->base) >> GRANULE_SHIFT);
	}
}

void verify_begin(struct verify *v, unsigned side)
{
	struct cpu *cpu = side ? v->cpu : v->shadow;

	v->running = cpu;
	v->next = v->first;
	journal_open(v->journal[side], &cpu->machine->ram);
	if (v->machine.personality)
		note_granules(cpu, v->journal[side]);
}

void verify_end(struct verify *v, unsigned side)
{
	journal_close(v->journal[side]);
	v->running = NULL;
	if (side == 0)
		journal_take_back(v->journal[0]);
}

static int run_interpreter(struct verify *v, uint64_t budget)
{
	verify_begin(v, 0);
	int r = engine_interpreter.run(v->shadow, budget);
	verify_end(v, 0);
	return r;
}

/* Translated code up to where the shadow stands, in several runs if it is kicked meanwhile. */
static int follow(struct verify *v, int want)
{
	struct cpu *cpu = v->cpu;
	uint64_t end = v->shadow->slots + verify_ends(want);
	unsigned idle = 0;
	int r;

	do {
		uint64_t was = cpu->slots;
		v->kick |= atomic_exchange(&cpu->kick, 0);
		r = engine_jit.run(cpu, end > was ? end - was : 1);
		idle = cpu->slots == was ? idle + 1 : 0;
	} while (!verify_ends(r) && idle < 3 && cpu->slots < end);
	return r;
}

static int run_translated(struct verify *v, int want)
{
	verify_begin(v, 1);
	if (v->warm) {
		follow(v, want);
		verify_rewind(v);
	}
	int r = follow(v, want);
	verify_end(v, 1);
	return r;
}

void verify_rewind(struct verify *v)
{
	journal_restore(v->journal[1]);
	verify_copy(v, v->cpu, v->before);
	v->next = v->first;
	v->strayed = false;
}

void verify_copy(struct verify *v, struct cpu *to, const struct cpu *from)
{
	compare_copy(to, from);
	if (v->machine.personality)
		v->machine.personality->copy(to, from);
}

/* The first difference in what was written, or NULL. */
static const uint8_t *memory_differs(
	const struct verify *v, const uint8_t **want, const uint8_t **before)
{
	for (unsigned n = 0; n < v->journal[1]->count; n++) {
		const struct journal_granule *g = &v->journal[1]->granule[n];
		const struct journal_granule *i = journal_find(v->journal[0], g->host);
		*want = i ? i->after : g->before;
		*before = g->before;
		if (memcmp(*want, g->host, GRANULE_SIZE))
			return g->host;
	}
	for (unsigned n = 0; n < v->journal[0]->count; n++) {
		const struct journal_granule *g = &v->journal[0]->granule[n];
		*want = g->after;
		*before = g->before;
		if (!journal_find(v->journal[1], g->host) &&
			memcmp(g->after, g->host, GRANULE_SIZE))
			return g->host;
	}
	return NULL;
}

const uint8_t *verify_memory(
	const struct verify *v, const uint8_t **want, const uint8_t **before, gpa_t *gpa)
{
	const uint8_t *host = memory_differs(v, want, before);
	const struct ram *ram = &v->cpu->machine->ram;

	for (unsigned n = 0; host && n < ram->count; n++)
		if ((uintptr_t)host - (uintptr_t)ram->slot[n].host < ram->slot[n].size)
			*gpa = GPA(ram->slot[n].base + (uint64_t)(host - ram->slot[n].host));
	return host;
}

const char *verify_difference(const struct verify *v, int interpreted, int translated)
{
	const uint8_t *want, *before;
	bool ended = verify_ends(interpreted);

	if (v->strayed || v->next != v->accesses_seen)
		return "accesses to devices";
	if (ended != verify_ends(translated) || (ended && interpreted != translated))
		return "results";
	if (interpreted == EXEC_EXIT &&
		(v->shadow->exit != v->cpu->exit || v->shadow->exit_arg != v->cpu->exit_arg))
		return "exits";
	if (v->journal[1]->full || memory_differs(v, &want, &before))
		return "memory";
	const char *first = compare_first(v->shadow, v->cpu);
	if (!first && v->machine.personality)
		first = v->machine.personality->differs(v->shadow, v->cpu);
	return first;
}

const char *verify_both(struct verify *v, uint64_t budget)
{
	int interpreted = run_interpreter(v, budget);

	v->accesses_seen = v->next;
	return verify_difference(v, interpreted, v->result = run_translated(v, interpreted));
}

/* What became pending outside of the run is kept back until its end. */
static void hold_interrupts(struct verify *v, uint64_t held[4])
{
	for (unsigned n = 0; n < 4; n++) {
		uint64_t start = v->before->sapic.irr[n];
		held[n] = atomic_exchange(&v->cpu->sapic.irr[n], start) & ~start;
		for (unsigned k = 0; k < v->accesses; k++)
			held[n] &= ~v->access[k].posted[n];
	}
}

/* As verify_both, the first time: devices answer. */
static const char *perform(struct verify *v, uint64_t budget)
{
	uint64_t held[4];

	v->recording = true;
	v->strayed = false;
	v->accesses = v->first = 0;
	for (unsigned n = 0; n < 4; n++)
		v->irr[n] = v->before->sapic.irr[n];
	int interpreted = run_interpreter(v, budget);
	v->recording = false;
	v->accesses_seen = v->accesses;
	hold_interrupts(v, held);
	v->result = run_translated(v, interpreted);
	const char *why = verify_difference(v, interpreted, v->result);
	post(v->cpu, held);
	return why;
}

static void look_for_strays(struct verify *v)
{
	struct ram *ram = &v->cpu->machine->ram;
	struct verify_stray stray;

	verify_ram_update(v->ram, ram, v->journal[1], v->cpu->slots - v->before->slots);
	if (!verify_ram_check(v->ram, ram, false, &stray))
		verify_explain_stray(v, &stray);
}

static int crash(struct cpu *cpu, const char *why)
{
	cpu->exit = EXIT_CRASH;
	cpu->exit_text = why;
	return EXEC_EXIT;
}

static bool share_ram(struct ram *to, const struct ram *from)
{
	for (; to->count < from->count; to->count++) {
		struct ram_slot *s = &to->slot[to->count];
		*s = from->slot[to->count];
		s->flags = calloc(s->size >> GRANULE_SHIFT, 1);
		if (!s->flags)
			return false;
	}
	return true;
}

static bool make_alike(const struct verify *v, struct cpu *copy)
{
	return !mmu_make_cache_like(&copy->mmu, &v->cpu->mmu) &&
	       v->cpu->machine->personality->copy_open(copy, v->cpu);
}

/* The hypervisor's part comes when the processor has been made. It writes to memory by pointers of
 * its own, so there are stray stores without end. */
static bool meet_hypervisor(struct verify *v)
{
	const struct machine *m = v->cpu->machine;

	if (likely(m->personality == v->machine.personality))
		return true;
	verify_ram_free(v->ram, &v->machine.ram);
	v->ram = NULL;
	if (!share_ram(&v->machine.ram, &m->ram) || !make_alike(v, v->shadow) ||
		!make_alike(v, v->before))
		return false;
	v->machine.personality = m->personality;
	return true;
}

static void make_run(struct verify *v, uint64_t budget)
{
	struct cpu *cpu = v->cpu;

	v->kick = atomic_exchange(&cpu->kick, 0);
	catch_up(v);
	verify_copy(v, v->before, cpu);
	verify_copy(v, v->shadow, cpu);
	v->runs++;
	const char *why = perform(v, budget);
	if (unlikely(why != NULL))
		verify_explain(v, budget, why);
	else if (v->ram)
		look_for_strays(v);
	atomic_fetch_or(&cpu->kick, v->kick);
}

static int run_verify(struct cpu *cpu, uint64_t budget)
{
	struct verify *v = cpu->verify;
	struct ram *ram = &cpu->machine->ram;

	free(v->report);
	v->report = NULL;
	if (!meet_hypervisor(v))
		return crash(cpu, "no memory to compare engines");
	if (!hold_begin(ram, &cpu->kick))
		return EXEC_BRANCH;
	make_run(v, budget);
	hold_end(ram);
	return v->report ? crash(cpu, "translated code and the interpreter differ") : v->result;
}

/* --- made and freed --- */

static void free_copy(const struct verify *v, struct cpu *copy)
{
	if (copy && copy->hv)
		v->cpu->machine->personality->copy_close(copy);
	cpu_free(copy);
}

static void verify_free(struct verify *v)
{
	if (!v)
		return;
	free_copy(v, v->shadow);
	free_copy(v, v->before);
	verify_ram_free(v->ram, &v->machine.ram);
	journal_free(v->journal[0]);
	journal_free(v->journal[1]);
	for (unsigned n = 0; n < v->machine.ram.count; n++)
		free(v->machine.ram.slot[n].flags);
	free(v->report);
	free(v);
}

/* One for all processors: the first one makes it. */
static struct verify_ram *find_ram(const struct machine *m)
{
	if (!m->cpu[0] || !m->cpu[0]->verify)
		return verify_ram_new(&m->ram);
	struct verify_ram *r = m->cpu[0]->verify->ram;
	r->users++;
	return r;
}

static struct verify *verify_new(struct cpu *cpu)
{
	struct machine *m = cpu->machine;
	struct verify *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->cpu = cpu;
	v->machine.model = m->model;
	bus_add(&v->bus, 0, UINT64_MAX, verify_bus, v, "verify");
	v->journal[0] = journal_new();
	v->journal[1] = journal_new();
	v->ram = find_ram(m);
	if (share_ram(&v->machine.ram, &m->ram) && v->ram && v->journal[0] && v->journal[1]) {
		v->shadow = cpu_new(&v->machine, cpu->index);
		v->before = cpu_new(&v->machine, cpu->index);
	}
	if (v->shadow && v->before)
		return v;
	verify_free(v);
	return NULL;
}

static bool verify_open(struct cpu *cpu)
{
	struct ram *ram = &cpu->machine->ram;

	if (!engine_jit.open(cpu) || (!ram->hold && !(ram->hold = hold_new())))
		return false;
	struct verify *v = cpu->verify = verify_new(cpu);
	if (!v)
		return false;
	v->journal[0]->kick = &v->shadow->kick;
	v->shadow->mmu.bus = cpu->mmu.bus = &v->bus;
	/* from now on no write rights without a journal */
	for (unsigned side = 0; side < 2; side++) {
		verify_begin(v, side);
		verify_end(v, side);
	}
	return true;
}

static void verify_close(struct cpu *cpu)
{
	verify_free(cpu->verify);
	cpu->verify = NULL;
	cpu->machine->ram.journal = NULL;
	hold_free(cpu->machine->ram.hold);
	cpu->machine->ram.hold = NULL;
	engine_jit.close(cpu);
}

const struct engine engine_verify = {
	.name = "verify",
	.run = run_verify,
	.invalidate = epoch_sync,
	.open = verify_open,
	.close = verify_close,
};
