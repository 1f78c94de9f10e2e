/* SPDX-License-Identifier: MIT */
/*
 * The table of blocks of one processor. A block belongs to a host page, whose code it is, and is
 * for one virtual address, so that its code may contain addresses. When the cache is full all go.
 */
#include "jit/block.h"

#include "cpu/icache.h"
#include "isa/op.h"
#include "jit/gen.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_SIZE (16u << 20)
#define BLOCK_MOST (256u << 10) /* room that must be left for one block */

bool block_open(struct cpu *cpu)
{
	struct jit *jit = calloc(1, sizeof(*jit));

	if (!jit)
		return false;
	jit->gen = malloc(sizeof(*jit->gen));
	jit->exit = calloc(JIT_EXITS, sizeof(*jit->exit));
	cpu->jit.calls = calloc(OP_COUNT, sizeof(*cpu->jit.calls));
	if (!jit->gen || !jit->exit || !cpu->jit.calls || cache_init(&jit->cache, CACHE_SIZE)) {
		free(jit->gen);
		free(jit->exit);
		free(cpu->jit.calls);
		free(jit);
		return false;
	}
	for (unsigned n = 0; n < JUMPS; n++)
		jit->jump[n].va = 1;
	jit->exits = 1;
	cpu->jit.state = jit;
	cpu->jit.generation = cpu->machine->ram.code_generation;
	gen_common(cpu);
	return true;
}

static void block_free(struct block *b)
{
	free(b->insn);
	free(b);
}

static void drop_all(struct jit *jit)
{
	for (unsigned n = 0; n < JIT_BLOCKS; n++) {
		while (jit->chain[n]) {
			struct block *b = jit->chain[n];
			jit->chain[n] = b->next;
			block_free(b);
		}
		jit->page[n] = NULL;
	}
	for (unsigned n = 0; n < JUMPS; n++)
		jit->jump[n].va = 1;
}

void block_forget(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;

	drop_all(jit);
	jit->count.flushes++;
	jit->exits = 1;
	gen_common(cpu);
}

void block_close(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;

	if (!jit)
		return;
	drop_all(jit);
	cache_free(&jit->cache);
	free(jit->gen);
	free(jit->exit);
	free(cpu->jit.calls);
	free(jit);
	cpu->jit.state = NULL;
}

static struct block **chain_of(struct jit *jit, gva_t va, unsigned start)
{
	return &jit->chain[(va >> 4 ^ va >> 18 ^ (gva_t)start << 9) % JIT_BLOCKS];
}

static struct block **page_of(struct jit *jit, uintptr_t host)
{
	return &jit->page[host >> GRANULE_SHIFT & (JIT_BLOCKS - 1)];
}

static struct jump *jump_of(struct jit *jit, gva_t va)
{
	return &jit->jump[va >> 4 & (JUMPS - 1)];
}

static void drop(struct jit *jit, struct block *b)
{
	struct block **link = chain_of(jit, b->va, b->start);

	while (*link != b)
		link = &(*link)->next;
	*link = b->next;
	if (jump_of(jit, b->va)->code == b->code)
		jump_of(jit, b->va)->va = 1;
	jit->count.blocks_dropped++;
	block_free(b);
}

static void drop_host(struct jit *jit, uintptr_t host)
{
	for (struct block **link = page_of(jit, host); *link;) {
		struct block *b = *link;
		if (b->host == host) {
			*link = b->next_page;
			drop(jit, b);
		} else {
			link = &b->next_page;
		}
	}
}

void block_sync(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;
	struct ram *ram = &cpu->machine->ram;
	uint64_t now = ram->code_generation, last = cpu->jit.generation;

	if (likely(now == last))
		return;
	if (now - last < RAM_CODE_LOG)
		for (uint64_t n = last; n != now; n++) {
			gpa_t a = GPA(ram->code_log[n % RAM_CODE_LOG] << GRANULE_SHIFT);
			drop_host(jit, (uintptr_t)ram_read_ptr(ram, a, GRANULE_SIZE));
		}
	if (ram->code_generation - last >= RAM_CODE_LOG)
		drop_all(jit);
	cpu->jit.generation = now;
}

static void debug(const struct cpu *cpu, const struct ir_block *w, size_t used)
{
	const struct jit *jit = cpu->jit.state;
	const char *letters = cpu->machine->jit_debug;
	FILE *out = cpu->machine->jit_out ? cpu->machine->jit_out : stderr;

	if (strchr(letters, 'i'))
		ir_print(out, w);
	if (strchr(letters, 'c') && used < jit->cache.used) {
		used = (used + 15) & ~(size_t)15; /* where gen_block begins */
		code_print(out, jit->cache.rw + used, jit->cache.used - used);
	}
}

/* IR and code for a new block; the instructions it may call live as long as it. */
static bool translate(
	struct cpu *cpu, struct block *b, const struct icache_page *page, bool calls_only)
{
	struct jit *jit = cpu->jit.state;
	struct ir_block *w = &jit->work;
	struct insn buffer[BLOCK_INSNS];

	w->page = page->insn;
	w->va = b->va & ~(gva_t)(GRANULE_SIZE - 1);
	w->start = b->start;
	w->key = b->key;
	w->calls_only = calls_only;
	w->most = cpu->machine->jit_step ? cpu->machine->jit_step : BLOCK_INSNS;
	w->insn = buffer;
	ir_translate(w);
	size_t size = w->insns * sizeof(*b->insn);
	free(b->insn);
	b->insn = malloc(size);
	if (!b->insn)
		return false;
	memcpy(b->insn, buffer, size);
	w->insn = b->insn;
	size_t used = jit->cache.used;
	bool done = gen_block(cpu, w, b);
	if (unlikely(cpu->machine->jit_debug != NULL))
		debug(cpu, w, used);
	return done;
}

static struct block *make(
	struct cpu *cpu, const struct icache_page *page, unsigned start, unsigned key)
{
	struct jit *jit = cpu->jit.state;
	struct block *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	if (jit->cache.size - jit->cache.used < BLOCK_MOST || jit->exits > JIT_EXITS - 4096)
		block_forget(cpu);
	*b = (struct block){.va = cpu->ip,
		.host = page->host,
		.gpa = page->gpa,
		.start = (uint16_t)start,
		.key = (uint16_t)key};
	if (!translate(cpu, b, page, false) && !translate(cpu, b, page, true)) {
		block_free(b);
		return NULL;
	}
	b->next = *chain_of(jit, b->va, start);
	*chain_of(jit, b->va, start) = b;
	b->next_page = *page_of(jit, b->host);
	*page_of(jit, b->host) = b;
	jit->count.translations++;
	return b;
}

struct block *block_get(struct cpu *cpu, const struct icache_page *page, unsigned key)
{
	struct jit *jit = cpu->jit.state;
	unsigned start = (unsigned)(icache_entry(page, cpu->ip, cpu->ri) - page->insn);
	struct block *b = *chain_of(jit, cpu->ip, start);

	while (b &&
		(b->va != cpu->ip || b->start != start || b->host != page->host || b->key != key))
		b = b->next;
	if (!b)
		b = make(cpu, page, start, key);
	if (b && cpu->ri == 0)
		*jump_of(jit, b->va) = (struct jump){
			.va = b->va, .code = b->code, .host = b->host, .key = key, .gpa = b->gpa.v};
	return b;
}

struct link block_link_from(const struct exit_point *p)
{
	const struct block *b = p->block;
	return (struct link){p, b->va >> GRANULE_SHIFT, b->host, b->key};
}

void block_link(struct jit *jit, const struct link *from, const struct block *b)
{
	const struct exit_point *p = from->exit;
	bool branch = p->kind == LEAVE_BRANCH && b->start == (p->ip >> 4 & (PAGE_BUNDLES - 1)) * 3;
	bool next = p->kind == LEAVE_NEXT && b->start == p->entry;

	if (!p->patch || !(branch || next) || from->key != b->key || from->host != b->host ||
		from->page != b->va >> GRANULE_SHIFT)
		return;
	x_patch(p->patch, b->code - jit->cache.rx);
	jit->count.links++;
}
