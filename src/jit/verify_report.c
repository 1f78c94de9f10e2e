/* SPDX-License-Identifier: MIT */
/*
 * What to say about a run that differed. The run is made again with smaller budgets until the
 * stretch between two taken branches is known, then block by block with blocks of one, two, three
 * instructions: the length at which the difference comes names the instruction.
 */
#include "cpu/exec.h"
#include "cpu/icache.h"
#include "isa/op.h"
#include "jit/block.h"
#include "jit/verify_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Where the search stands. */
struct search {
	struct verify *v;
	FILE *out;
	gva_t ip; /* of the block that differs */
	unsigned ri;
	gva_t last_ip; /* of the instruction, 0: not known */
	unsigned last_ri;
};

/* Everything back to v->before. */
static void undo(struct verify *v)
{
	verify_rewind(v);
	verify_copy(v, v->shadow, v->before);
	mmu_flush_fast(&v->cpu->mmu);
	mmu_flush_fast(&v->shadow->mmu);
}

static const char *again(struct verify *v, uint64_t budget)
{
	undo(v);
	return verify_both(v, budget);
}

/* Makes the present state the one to start from. */
static void go_on_from_here(struct verify *v)
{
	verify_copy(v, v->before, v->cpu);
	v->first = v->next;
	v->journal[1]->count = 0;
}

/* --- blocks of a few instructions --- */

static bool at_nop(struct verify *v)
{
	struct cpu *cpu = v->shadow;
	const struct icache_page *page = icache_find(cpu, cpu->ip);

	return page && op_attributes(icache_entry(page, cpu->ip, cpu->ri)->op) & OP_NOP;
}

/* The shadow goes on to the slot given, and over one more instruction if that is to fault. */
static int interpret(struct search *s, uint64_t to, bool fault)
{
	struct cpu *cpu = s->v->shadow;
	int r = EXEC_NEXT;

	verify_begin(s->v, 0);
	while (!verify_ends(r) && (cpu->slots < to || fault)) {
		fault = fault && cpu->slots < to;
		if (!at_nop(s->v)) {
			s->last_ip = cpu->ip;
			s->last_ri = cpu->ri;
		}
		r = interp_step(cpu);
	}
	verify_end(s->v, 0);
	s->v->accesses_seen = s->v->next;
	return r;
}

/* Translated code of n instructions, or fewer where a block must end. */
static int translated(struct verify *v, unsigned n)
{
	struct machine *m = v->cpu->machine;

	m->jit_step = n;
	verify_begin(v, 1);
	int r = engine_jit.run(v->cpu, 1);
	if (v->warm) {
		verify_rewind(v);
		r = engine_jit.run(v->cpu, 1);
	}
	verify_end(v, 1);
	m->jit_step = 0;
	return r;
}

/* Both do one block of n instructions; the first time it is seen where it ends. */
static const char *step(struct search *s, unsigned n, bool warm)
{
	struct verify *v = s->v;

	block_forget(v->cpu);
	undo(v);
	v->warm = warm;
	bool fault = translated(v, n) == EXEC_FAULT;
	uint64_t end = v->cpu->slots;
	undo(v);
	int want = interpret(s, end, fault), got = translated(v, n);
	if (want != EXEC_TRAP) /* nobody will look at it */
		v->shadow->trap_slot = v->cpu->trap_slot;
	return verify_difference(v, want, got);
}

/* Finds the instruction in the stretch that ends at slot end. */
static bool find_instruction(struct search *s, uint64_t end)
{
	struct verify *v = s->v;
	uint64_t start;

	do {
		start = v->before->slots;
		s->ip = v->before->ip;
		s->ri = v->before->ri;
		for (unsigned n = 1; n <= BLOCK_INSNS; n++) {
			uint64_t was = v->cpu->slots;
			if (step(s, n, false) || step(s, n, true))
				return true;
			if (v->cpu->slots == was && n > 1)
				break;
		}
		go_on_from_here(v);
	} while (v->before->slots < end && v->before->slots > start);
	return false;
}

/* --- text --- */

static void print_instructions(struct search *s)
{
	struct cpu *cpu = s->v->before;
	gva_t ip = s->ip;
	const struct icache_page *page = icache_find(cpu, ip);

	fprintf(s->out, "guest code:\n");
	for (unsigned n = 0; page && n < BLOCK_INSNS / 2; n++, ip += 16) {
		struct bundle b;
		memcpy(&b, (const char *)page->host + (ip & 0xff0), sizeof(b));
		for (unsigned k = 0; k < bundle_slots(b); k++) {
			struct insn i;
			char text[128];
			bool here = ip == s->last_ip && k == s->last_ri;
			insn_decode(&i, b, k);
			insn_print(text, sizeof(text), &i, b, ip);
			fprintf(s->out, "%s %016" PRIx64 ".%u  %s\n", here ? " >" : "  ", ip, k,
				text);
		}
		if ((ip & 0xff0) == 0xff0 || (s->last_ip && ip > s->last_ip + 16))
			break;
	}
}

static void print_bytes(FILE *out, const char *name, const uint8_t *p)
{
	fprintf(out, "    %-12s", name);
	for (unsigned n = 0; n < 16; n++)
		fprintf(out, " %02x", p[n]);
	fputc('\n', out);
}

static void print_memory(const struct verify *v, FILE *out)
{
	const uint8_t *want, *before;
	gpa_t gpa = GPA(0);
	const uint8_t *host = verify_memory(v, &want, &before, &gpa);
	unsigned n = 0;

	if (!host)
		return;
	while (want[n] == host[n])
		n++;
	n &= ~15u;
	fprintf(out, "  RAM at %#" PRIx64 ":\n", gpa.v + n);
	print_bytes(out, "before", before + n);
	print_bytes(out, "interpreter", want + n);
	print_bytes(out, "translated", host + n);
}

static void print_access(const struct verify *v, FILE *out)
{
	const struct bus_access *a = &v->stray;

	if (v->strayed)
		fprintf(out,
			"  access not made by the interpreter: %s %u bytes at %#" PRIx64
			", value %#" PRIx64 "\n",
			a->write ? "write" : "read", a->size, a->addr, a->value);
	else if (v->next != v->accesses_seen)
		fprintf(out, "  %u accesses to devices were not made\n",
			v->accesses_seen - v->next);
}

static void print_states(const struct verify *v, FILE *out)
{
	fprintf(out, "  %-20s %-24s %-24s %s\n", "what differs", "before the block", "interpreter",
		"translated code");
	compare_print(out, v->before, v->shadow, v->cpu);
	print_memory(v, out);
	print_access(v, out);
}

/* The block as it is translated, by doing so once more. */
static void print_code(struct search *s)
{
	struct machine *m = s->v->cpu->machine;
	const char *letters = m->jit_debug;

	undo(s->v);
	block_forget(s->v->cpu);
	m->jit_debug = "ic";
	m->jit_out = s->out;
	fprintf(s->out, "its translation, and those of blocks it went on to:\n");
	verify_begin(s->v, 1);
	engine_jit.run(s->v->cpu, 1);
	verify_end(s->v, 1);
	m->jit_debug = letters;
	m->jit_out = NULL;
}

/* Halves the budget until one more slot makes the difference. Returns the budget that makes none.
 */
static uint64_t narrow(struct verify *v, uint64_t budget)
{
	uint64_t good = 0, bad = budget;

	while (bad - good > 1) {
		uint64_t middle = good + (bad - good) / 2;
		if (again(v, middle))
			bad = middle;
		else
			good = middle;
	}
	return good;
}

/* Before the stretch that differs; returns the slot it ends at. */
static uint64_t stand_before(struct verify *v, uint64_t good)
{
	undo(v);
	if (good) {
		verify_both(v, good);
		go_on_from_here(v);
	}
	if (!verify_both(v, 1)) {
		v->warm = true;
		again(v, 1);
	}
	return v->shadow->slots;
}

static char *states_text(const struct verify *v)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		print_states(v, out);
		fclose(out);
	}
	return text;
}

static void explain_stretch(struct search *s, uint64_t end)
{
	struct verify *v = s->v;
	char *text = states_text(v);

	undo(v);
	s->ip = v->cpu->ip;
	s->ri = v->cpu->ri;
	gva_t ip = s->ip;
	unsigned ri = s->ri;
	if (find_instruction(s, end)) {
		fprintf(s->out, "in the block at %#" PRIx64 ".%u, instruction %#" PRIx64 ".%u\n",
			s->ip, s->ri, s->last_ip, s->last_ri);
		print_instructions(s);
		print_states(v, s->out);
		print_code(s);
	} else {
		s->ip = ip;
		s->ri = ri;
		s->last_ip = 0;
		fprintf(s->out,
			"in the block at %#" PRIx64 ".%u, or one it is linked to;\n"
			"no single instruction differs in a block that ends with it\n",
			ip, ri);
		print_instructions(s);
		fputs(text ? text : "", s->out);
	}
	free(text);
}

void verify_explain(struct verify *v, uint64_t budget, const char *why)
{
	size_t size;
	struct search s = {.v = v, .out = open_memstream(&v->report, &size)};

	if (!s.out)
		return;
	fprintf(s.out,
		"vCPU %u: difference in %s after slot %" PRIu64 ", in a run that began at %#" PRIx64
		".%u\n",
		v->cpu->index, why, v->before->slots, v->before->ip, v->before->ri);
	char *text = states_text(v);
	if (!again(v, budget)) {
		fprintf(s.out, "but not when the run is made again\n%s", text ? text : "");
	} else {
		uint64_t end = stand_before(v, narrow(v, budget));
		explain_stretch(&s, end);
	}
	free(text);
	fclose(s.out);
	v->warm = false;
}

static void print_stray(FILE *out, const struct verify_stray *s)
{
	fprintf(out,
		"a stray store in the last %" PRIu64 " slots: RAM at "
		"%#" PRIx64 "\n",
		s->slots, s->gpa.v);
	print_bytes(out, "compared", s->want);
	print_bytes(out, "found", s->got);
}

void verify_explain_stray(struct verify *v, const struct verify_stray *s)
{
	size_t size;
	FILE *out = open_memstream(&v->report, &size);

	if (!out)
		return;
	print_stray(out, s);
	fclose(out);
}

const char *verify_report(const struct cpu *cpu)
{
	return cpu->verify ? cpu->verify->report : NULL;
}

/* --- the end --- */

static void print_most_called(const struct machine *m, FILE *out, double slots)
{
	uint64_t calls[OP_COUNT] = {0};

	for (unsigned n = 0; n < m->cpus; n++)
		for (unsigned op = 0; op < OP_COUNT; op++)
			calls[op] += m->cpu[n]->jit.calls[op];
	for (unsigned k = 0; k < 8; k++) {
		unsigned most = 0;
		for (unsigned op = 1; op < OP_COUNT; op++)
			if (calls[op] > calls[most])
				most = op;
		if (calls[most])
			fprintf(out, "  called %-16s %12" PRIu64 "  %.2f %%\n", op_name(most),
				calls[most], 100 * (double)calls[most] / slots);
		calls[most] = 0;
	}
}

static void print_figures(FILE *out, const struct machine *m)
{
	uint64_t slots = 0, runs = 0, called = 0, rights = 0;

	for (unsigned n = 0; n < m->cpus; n++) {
		slots += m->cpu[n]->slots;
		runs += m->cpu[n]->verify->runs;
		called += jit_slots_called(m->cpu[n]);
		rights += m->cpu[n]->verify->journal[1]->granted;
	}
	/* stores that were called only because a journal asked for it */
	called -= rights < called ? rights : called;
	slots += !slots;
	fprintf(out,
		"verify: %" PRIu64 " slots in %" PRIu64 " runs compared, %.2f %% of them ran as "
		"translated code\n",
		slots, runs, 100 - 100 * (double)called / (double)slots);
	print_most_called(m, out, (double)slots);
}

static bool found_difference(const struct machine *m)
{
	for (unsigned n = 0; n < m->cpus; n++)
		if (m->cpu[n]->verify->report)
			return true;
	return false;
}

bool verify_finish(struct machine *m, char **text)
{
	const struct verify *v = m->cpus ? m->cpu[0]->verify : NULL;
	struct verify_stray stray;
	size_t size;
	FILE *out = v ? open_memstream(text, &size) : NULL;

	*text = NULL;
	if (!out)
		return true;
	bool good = !v->ram || verify_ram_check(v->ram, &m->ram, true, &stray);
	if (!good)
		print_stray(out, &stray);
	if (!found_difference(m)) /* the search for its cause counts otherwise */
		print_figures(out, m);
	fclose(out);
	return good;
}
