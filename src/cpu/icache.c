/* SPDX-License-Identifier: MIT */
/* Decoded instructions: see icache.h. */
#include "cpu/icache.h"

#include "cpu/exec.h"
#include "cpu/personality.h"

#include <stdlib.h>
#include <string.h>

struct icache *icache_new(unsigned most)
{
	struct icache *ic = calloc(1, sizeof(*ic));

	if (!ic)
		return NULL;
	ic->most = most;
	for (unsigned n = 0; n < ICACHE_RECENT; n++)
		ic->recent[n] = &ic->none;
	return ic;
}

void icache_free(struct icache *ic)
{
	if (!ic)
		return;
	for (unsigned n = 0; n < ic->count; n++)
		free(ic->page[n]);
	free(ic);
}

static struct icache_page **chain_of(struct icache *ic, gpa_t gpa)
{
	return &ic->chain[gpa.v >> GRANULE_SHIFT & (ICACHE_PAGES - 1)];
}

static void drop(struct icache *ic, struct icache_page *p)
{
	if (!p->host)
		return;
	struct icache_page **link = chain_of(ic, p->gpa);
	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	p->host = 0;
}

void icache_drop_all(struct cpu *cpu)
{
	for (unsigned n = 0; n < cpu->icache->count; n++)
		drop(cpu->icache, cpu->icache->page[n]);
}

static void drop_granule(struct icache *ic, gpa_t gpa)
{
	struct icache_page *next;

	for (struct icache_page *p = *chain_of(ic, gpa); p; p = next) {
		next = p->next;
		if (p->gpa.v == gpa.v)
			drop(ic, p);
	}
}

void icache_sync(struct cpu *cpu)
{
	struct icache *ic = cpu->icache;
	struct ram *ram = &cpu->machine->ram;
	uint64_t now = ram->code_generation;

	if (now - ic->generation < RAM_CODE_LOG)
		for (uint64_t g = ic->generation; g != now; g++)
			drop_granule(ic, GPA(ram->code_log[g % RAM_CODE_LOG] << GRANULE_SHIFT));
	/* the log's entries stay good for a whole round */
	if (ram->code_generation - ic->generation >= RAM_CODE_LOG)
		icache_drop_all(cpu);
	ic->generation = now;
}

/* A page to fill: a new one while the limit allows, else the next in turn. */
static struct icache_page *take_page(struct icache *ic)
{
	struct icache_page *p = NULL;

	if (ic->count < ic->most)
		p = calloc(1, sizeof(*p));
	if (p)
		return ic->page[ic->count++] = p;
	if (ic->count == 0)
		return NULL;
	p = ic->page[ic->hand++ % ic->count];
	drop(ic, p);
	return p;
}

/* The end of a page goes on in the next one. */
static enum exec page_end(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	cpu->next_ip = cpu->page_va + GRANULE_SIZE;
	return EXEC_BRANCH;
}

/* The missing slot 2 behind a long instruction, reached by rfi only (3:236). */
static enum exec hole(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
}

bool icache_is_long(const struct insn *i)
{
	return i->slot == 1 && i[1].exec == hole;
}

/* Must exec run with qp false? */
static bool runs_always(const struct insn *i)
{
	uint32_t attributes = op_attributes(i->op);

	return attributes & OP_ALWAYS || (attributes & OP_UNC && i->comp & 1);
}

static exec_fn *exec_of(const struct insn *i, const struct personality *p)
{
	return p ? p->exec(i) : exec_table[i->op];
}

static void decode_bundle(struct icache_page *p, unsigned n, const struct personality *personality)
{
	const uint64_t *host = (const uint64_t *)(p->host + n * 16);
	struct bundle b = {host_load(host, 8), host_load(host + 1, 8)};
	unsigned slots = bundle_slots(b);

	for (unsigned s = 0; s < 3; s++) {
		struct insn *i = &p->insn[n * 3 + s];
		if (s < slots)
			insn_decode(i, b, s);
		else
			*i = (struct insn){.op = OP_illegal, .slot = 2};
		i->bundle = (uint8_t)n;
		i->exec = s < slots ? exec_of(i, personality) : hole;
		i->always = runs_always(i);
	}
}

/* From the end backwards: step leads to the next entry that does something. */
static void link_entries(struct icache_page *p)
{
	unsigned next = PAGE_INSNS;

	for (unsigned n = PAGE_INSNS; n-- > 0;) {
		struct insn *i = &p->insn[n];
		unsigned step = next - n;

		i->step = (uint8_t)step;
		if (p->insn[n].exec == hole)
			continue;
		if (!(op_attributes(i->op) & OP_NOP) || step >= 254) /* step has 8 bits */
			next = n;
	}
}

static const struct insn end_entry = {
	.exec = page_end, .op = OP_nop_b, .slot = 2, .bundle = PAGE_BUNDLES - 1};

static void flag_page(struct cpu *cpu, gpa_t gpa)
{
	/* flag first, read later: who writes and flushes in between then finds the flag */
	ram_set_flags(&cpu->machine->ram, gpa, RAM_HAS_CODE);
	mmu_drop_writable(&cpu->mmu, gpa);
}

static void fill(struct cpu *cpu, struct icache_page *p)
{
	flag_page(cpu, p->gpa);
	for (unsigned n = 0; n < PAGE_BUNDLES; n++)
		decode_bundle(p, n, cpu->machine->personality);
	link_entries(p);
	p->insn[PAGE_INSNS] = end_entry;
}

/* --- windows --- */

void icache_window_set(struct icache_window *w, struct cpu *cpu, gpa_t gpa, uintptr_t host)
{
	flag_page(cpu, gpa);
	w->personality = cpu->machine->personality;
	w->page.host = host;
	w->page.gpa = gpa;
	w->page.insn[PAGE_INSNS] = end_entry;
	memset(w->decoded, 0, sizeof(w->decoded));
}

static struct insn *window_entry(struct icache_window *w, unsigned entry)
{
	unsigned bundle = entry / 3;

	if (entry < PAGE_INSNS && !w->decoded[bundle]) {
		decode_bundle(&w->page, bundle, w->personality);
		w->decoded[bundle] = true;
	}
	return &w->page.insn[entry];
}

static bool worth_running(const struct insn *i)
{
	return i->exec != hole && !(op_attributes(i->op) & OP_NOP);
}

const struct insn *icache_window_at(struct icache_window *w, unsigned entry)
{
	struct insn *i = window_entry(w, entry);
	unsigned next = entry + 1;

	while (next < PAGE_INSNS && next - entry < 254 && !worth_running(window_entry(w, next)))
		next++;
	if (next < PAGE_INSNS && w->page.insn[next].exec == hole)
		next--; /* a long nop ends the longest step */
	if (entry < PAGE_INSNS)
		i->step = (uint8_t)(next - entry);
	return i;
}

static struct icache_page *find_or_fill(struct cpu *cpu, gpa_t gpa, uintptr_t host)
{
	struct icache *ic = cpu->icache;
	struct icache_page *p;

	for (p = *chain_of(ic, gpa); p; p = p->next)
		if (p->host == host)
			return p;
	p = take_page(ic);
	if (!p)
		return NULL;
	p->host = host;
	p->gpa = gpa;
	p->next = *chain_of(ic, gpa);
	*chain_of(ic, gpa) = p;
	fill(cpu, p);
	return p;
}

static struct icache_page *crash(struct cpu *cpu, const char *why)
{
	cpu->exit = EXIT_CRASH;
	cpu->exit_text = why;
	return NULL;
}

bool icache_implemented(struct cpu *cpu, gva_t ip)
{
	if (cpu->psr & PSR(IT))
		return mmu_va_implemented(&cpu->mmu, ip);
	return mmu_pa_implemented(&cpu->mmu, ip);
}

bool icache_locate(struct cpu *cpu, gva_t ip, gpa_t *gpa, uintptr_t *host)
{
	if (!icache_implemented(cpu, ip)) {
		cpu_trap(cpu, FAULT_UNIMPL_INST_ADDR, 0);
		return false;
	}
	if (mmu_fetch(&cpu->mmu, ip, gpa))
		return false;
	gpa->v &= ~(uint64_t)(GRANULE_SIZE - 1);
	*host = (uintptr_t)ram_read_ptr(&cpu->machine->ram, *gpa, GRANULE_SIZE);
	if (!*host)
		crash(cpu, "instruction fetch from an address that is not memory");
	return *host;
}

struct icache_page *icache_fetch(struct cpu *cpu, gva_t ip)
{
	gva_t va = ip & ~(gva_t)(GRANULE_SIZE - 1);
	uintptr_t host;
	gpa_t gpa;

	if (cpu->machine->ram.code_generation != cpu->icache->generation)
		icache_sync(cpu);
	if (!icache_locate(cpu, ip, &gpa, &host))
		return NULL;
	struct icache_page *p = find_or_fill(cpu, gpa, host);
	if (!p)
		return crash(cpu, "no host memory for decoded instructions");
	cpu->icache->recent[va >> GRANULE_SHIFT & (ICACHE_RECENT - 1)] = p;
	return p;
}
