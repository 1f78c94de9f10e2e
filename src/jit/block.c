/* SPDX-License-Identifier: MIT */
/*
 * The table of blocks. A block belongs to a host page, whose code it is, and is for one virtual
 * address, so that its code may contain addresses. Each processor first looks at its own jumps,
 * then at the table, which takes no lock: blocks are taken out under the lock and freed when nobody
 * can be looking at them any more (epoch.c). Linking and translating take the lock.
 */
#include "jit/block.h"

#include "cpu/icache.h"
#include "jit/gen.h"
#include "jit/jitdump.h"
#include "jit/pass.h"

#include <stdlib.h>
#include <string.h>

static struct block *_Atomic *chain_of(struct jit *jit, gva_t va, unsigned start)
{
	return &jit->chain[(va >> 4 ^ va >> 18 ^ (gva_t)start << 9) % JIT_BLOCKS];
}

static struct block **page_of(struct jit *jit, uintptr_t host)
{
	return &jit->page[host >> GRANULE_SHIFT & (JIT_BLOCKS - 1)];
}

static struct block *next_of(struct block *_Atomic *link)
{
	return atomic_load_explicit(link, memory_order_acquire);
}

/* --- links --- */

static void unlink_exit(struct jit *jit, struct exit_point *p)
{
	struct block *to = atomic_load_explicit(&p->to, memory_order_relaxed);
	uint8_t *at = jit->cache.rw + p->patch;

	x_link(at, at + 4);
	if (p->prev)
		jit->exit[p->prev].next = p->next;
	else
		to->links = p->next;
	if (p->next)
		jit->exit[p->next].prev = p->prev;
	atomic_store_explicit(&p->to, NULL, memory_order_relaxed);
}

/* Both are of the same page, which cannot be elsewhere while it is executed. */
static bool near(const struct exit_point *p, const struct block *to)
{
	return p->kind != LEAVE_RETURN && p->block->host == to->host &&
	       p->block->va >> GRANULE_SHIFT == to->va >> GRANULE_SHIFT;
}

/* Does the exit lead to b whenever it is taken, but for what b's arrival looks at? */
static bool leads_to(const struct exit_point *p, const struct block *b)
{
	if (p->block->key != b->key)
		return false;
	if (p->kind == LEAVE_NEXT)
		return b->start == p->entry && near(p, b);
	return p->ip == b->va && b->start % 3 == 0 && (near(p, b) || b->far);
}

static void link_exit(struct jit *jit, struct exit_point *p, struct block *to)
{
	uint32_t n = (uint32_t)(p - jit->exit);

	p->prev = 0;
	p->next = to->links;
	if (to->links)
		jit->exit[to->links].prev = n;
	to->links = n;
	atomic_store_explicit(&p->to, to, memory_order_relaxed);
	x_link(jit->cache.rw + p->patch, (near(p, to) ? to->code : to->far) - jit->cache.rx);
}

void block_link(struct cpu *cpu, struct exit_point *p, struct block *b)
{
	struct jit *jit = cpu->jit.state;
	const struct block *from = p->block;

	if (!p->patch || atomic_load_explicit(&p->to, memory_order_relaxed) || !leads_to(p, b))
		return;
	pthread_mutex_lock(&jit->lock);
	if (!from->retired && !b->retired && !atomic_load_explicit(&p->to, memory_order_relaxed)) {
		link_exit(jit, p, b);
		cpu->jit.own->count.links++;
	}
	pthread_mutex_unlock(&jit->lock);
}

/* --- out of the table --- */

static void leave_page(struct jit *jit, struct block *b)
{
	struct block **link = page_of(jit, b->host);

	while (*link != b)
		link = &(*link)->next_page;
	*link = b->next_page;
}

/* Who stands at b goes on from there, so b's own link stays. */
static void leave_chain(struct jit *jit, struct block *b)
{
	struct block *_Atomic *link = chain_of(jit, b->va, b->start);

	while (next_of(link) != b)
		link = &next_of(link)->next;
	atomic_store_explicit(link, next_of(&b->next), memory_order_release);
}

void block_retire(struct jit *jit, struct block *b)
{
	leave_chain(jit, b);
	leave_page(jit, b);
	while (b->links)
		unlink_exit(jit, &jit->exit[b->links]);
	for (uint64_t n = b->exits_at; n < b->exits_end; n++) {
		struct exit_point *p = &jit->exit[n % jit->exit_count];
		if (atomic_load_explicit(&p->to, memory_order_relaxed))
			unlink_exit(jit, p);
	}
	epoch_retire(jit, b);
}

static void drop_host(struct jit *jit, uintptr_t host)
{
	struct block *next;

	for (struct block *b = *page_of(jit, host); b; b = next) {
		next = b->next_page;
		if (b->host == host) {
			block_retire(jit, b);
			jit->dropped++;
		}
	}
}

static void drop_all(struct jit *jit)
{
	for (unsigned n = 0; n < JIT_BLOCKS; n++)
		while (jit->page[n])
			drop_host(jit, jit->page[n]->host);
}

void block_forget(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;

	pthread_mutex_lock(&jit->lock);
	drop_all(jit);
	pthread_mutex_unlock(&jit->lock);
}

void block_drop_stale(struct jit *jit, struct ram *ram)
{
	uint64_t now = ram->code_generation, last = jit->generation;

	if (now - last < RAM_CODE_LOG)
		for (uint64_t n = last; n != now; n++) {
			gpa_t a = GPA(ram->code_log[n % RAM_CODE_LOG] << GRANULE_SHIFT);
			drop_host(jit, (uintptr_t)ram_read_ptr(ram, a, GRANULE_SIZE));
		}
	/* the log's entries stay good for a whole round */
	if (ram->code_generation - last >= RAM_CODE_LOG)
		drop_all(jit);
	if (now != last)
		jit->window->page.host = 0;
	jit->generation = now;
}

/* --- making --- */

static void debug(const struct cpu *cpu, const uint8_t *code, const uint8_t *end)
{
	const struct jit *jit = cpu->jit.state;
	const char *letters = cpu->machine->jit_debug;
	FILE *out = cpu->machine->jit_out ? cpu->machine->jit_out : stderr;

	if (strchr(letters, 'i'))
		ir_print(out, &jit->work);
	if (strchr(letters, 'c') && end)
		code_print(out, code, (size_t)(end - code));
}

/* IR and code. Returns the code's end, NULL: no code. */
static uint8_t *translate(struct cpu *cpu, struct block *b, uint8_t *at, bool calls_only)
{
	struct jit *jit = cpu->jit.state;
	struct ir_block *w = &jit->work;
	struct insn buffer[BLOCK_INSNS];

	w->page = jit->window;
	w->va = b->va & ~(gva_t)(GRANULE_SIZE - 1);
	w->start = b->start;
	w->key = b->key;
	w->calls_only = calls_only;
	w->most = cpu->machine->jit_step ? cpu->machine->jit_step : BLOCK_INSNS;
	w->host = jit->host;
	w->insn = buffer;
	ir_translate(w);
	ir_run_passes(
		w, cpu->machine->jit_debug, cpu->machine->jit_out ? cpu->machine->jit_out : stderr);
	jit->exits = b->exits_at;
	uint8_t *end = gen_block(cpu, w, b, at, at + BLOCK_MOST);
	if (unlikely(cpu->machine->jit_debug != NULL))
		debug(cpu, at, end);
	return end;
}

/* Its instructions' page, decoded from what is there now. */
static void show_window(struct cpu *cpu, const struct block *b)
{
	struct jit *jit = cpu->jit.state;

	if (jit->window->page.host != b->host)
		icache_window_set(jit->window, cpu, b->gpa, b->host);
}

static struct block *make(struct cpu *cpu, uintptr_t host, unsigned start, unsigned key)
{
	struct jit *jit = cpu->jit.state;
	struct block *b = evict_for_room(jit) ? calloc(1, sizeof(*b)) : NULL;

	if (!b) {
		cpu->jit.own->count.no_room++;
		return NULL;
	}
	uint8_t *at = evict_code(jit), *end;
	b->va = cpu->ip;
	b->host = host;
	b->gpa = ram_gpa(&cpu->machine->ram, host);
	b->start = (uint16_t)start;
	b->key = (uint16_t)key;
	b->code_at = jit->code_head;
	b->exits_at = jit->exits;
	show_window(cpu, b);
	if (!(end = translate(cpu, b, at, false)) && !(end = translate(cpu, b, at, true))) {
		jit->exits = b->exits_at;
		free(b);
		return NULL;
	}
	if (unlikely(cpu->machine->jitdump != NULL))
		jitdump_block(
			cpu->machine->jitdump, b->va, start % 3, b->code, at, (size_t)(end - at));
	jit->code_head += ((uint64_t)(end - at) + 15) & ~15ull;
	evict_add(jit, b);
	b->next_page = *page_of(jit, host);
	*page_of(jit, host) = b;
	atomic_store_explicit(&b->next, next_of(chain_of(jit, b->va, start)), memory_order_relaxed);
	atomic_store_explicit(chain_of(jit, b->va, start), b, memory_order_release);
	atomic_fetch_add_explicit(&jit->made, 1, memory_order_release);
	cpu->jit.own->count.translations++;
	return b;
}

/* --- finding --- */

static struct block *find(struct cpu *cpu, uintptr_t host, unsigned start, unsigned key)
{
	struct block *b = next_of(chain_of(cpu->jit.state, cpu->ip, start));

	while (b && (b->va != cpu->ip || b->start != start || b->host != host || b->key != key))
		b = next_of(&b->next);
	return b;
}

static struct block *find_or_make(struct cpu *cpu, uintptr_t host, unsigned start, unsigned key)
{
	struct jit *jit = cpu->jit.state;
	struct block *b = find(cpu, host, start, key);

	if (b)
		return b;
	pthread_mutex_lock(&jit->lock);
	b = find(cpu, host, start, key);
	if (!b)
		b = make(cpu, host, start, key);
	pthread_mutex_unlock(&jit->lock);
	return b;
}

struct block *block_get(struct cpu *cpu, uintptr_t host, unsigned key)
{
	unsigned start = (unsigned)(cpu->ip >> 4 & (PAGE_BUNDLES - 1)) * 3 + cpu->ri;
	struct jump *j = jump_of(cpu->jit.own, cpu->ip, cpu->ri);

	if (j->va == (cpu->ip | cpu->ri) && j->host == host && j->key == key)
		return j->block;
	cpu->jit.own->count.searched++;
	struct block *b = find_or_make(cpu, host, start, key);
	if (b)
		*j = (struct jump){.va = b->va | cpu->ri,
			.code = b->code,
			.host = b->host,
			.key = key,
			.gpa = b->gpa.v,
			.block = b};
	return b;
}
