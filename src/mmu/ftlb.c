/* SPDX-License-Identifier: MIT */
/*
 * Fast TLBs: for each of a few sets of region ids, a table per privilege level. Everything in a
 * table is backed by a translation register or cache entry that is valid now, so whatever removes
 * one of those calls ftlb_purge. Writing a region register only marks the set stale; the set for
 * the new ids is selected by the next miss, so that a context switch that writes five registers
 * selects one set and not five.
 */
#include "mmu/access.h"
#include "mmu/journal.h"
#include "mmu/private.h"

#include <stdlib.h>
#include <string.h>

static void table_clear(struct ftlb *t)
{
	for (unsigned i = 0; i < FTLB_SIZE; i++)
		t->e[i] = (struct ftlb_entry){.tag_r = FTLB_NONE, .tag_w = FTLB_NONE};
	for (unsigned i = 0; i < FTLB_CODE; i++)
		t->code[i].tag = FTLB_NONE;
	t->filled = false;
}

static void set_init(struct mmu *m, struct ftlb **table)
{
	for (unsigned i = 0; i < FTLB_PHYSICAL; i++)
		table[i] = &m->private->empty;
	table[FTLB_PHYSICAL] = &m->private->physical;
}

void ftlb_init(struct mmu *m)
{
	struct mmu_private *p = m->private;
	table_clear(&p->empty);
	table_clear(&p->physical);
	for (unsigned i = 0; i < MMU_FTLB_SETS; i++)
		set_init(m, p->set[i].table);
	set_init(m, p->stale_tables);
	m->tables = p->stale_tables;
	m->set_stale = true;
}

void ftlb_free(struct mmu *m)
{
	struct mmu_private *p = m->private;
	for (unsigned i = 0; i < MMU_FTLB_SETS; i++)
		for (unsigned k = 0; k < FTLB_PHYSICAL; k++)
			if (p->set[i].table[k] != &p->empty)
				free(p->set[i].table[k]);
}

static void set_flush(struct ftlb_set *s)
{
	for (unsigned k = 0; k < FTLB_PHYSICAL; k++)
		if (s->table[k]->filled)
			table_clear(s->table[k]);
}

void mmu_flush_fast(struct mmu *m)
{
	struct mmu_private *p = m->private;
	for (unsigned i = 0; i < MMU_FTLB_SETS; i++)
		set_flush(&p->set[i]);
	if (p->physical.filled)
		table_clear(&p->physical);
}

static bool set_matches(const struct mmu *m, const struct ftlb_set *s)
{
	for (unsigned i = 0; i < 8; i++)
		if (s->rid[i] != rr_rid(m->rr[i]))
			return false;
	return s->used;
}

static struct ftlb_set *set_find(struct mmu *m)
{
	struct mmu_private *p = m->private;
	struct ftlb_set *oldest = &p->set[0];
	for (unsigned i = 0; i < MMU_FTLB_SETS; i++) {
		if (set_matches(m, &p->set[i]))
			return &p->set[i];
		if (p->set[i].stamp < oldest->stamp)
			oldest = &p->set[i];
	}
	set_flush(oldest);
	for (unsigned i = 0; i < 8; i++)
		oldest->rid[i] = rr_rid(m->rr[i]);
	oldest->used = true;
	return oldest;
}

void ftlb_select(struct mmu *m)
{
	struct ftlb_set *s = set_find(m);
	s->stamp = ++m->private->clock;
	m->tables = s->table;
	m->set_stale = false;
	m->private->stale_fetches = 0;
	ftlb_point(m);
}

static struct ftlb *table_get(struct mmu *m, unsigned k)
{
	if (k != FTLB_PHYSICAL && m->set_stale)
		ftlb_select(m);
	if (m->tables[k] != &m->private->empty)
		return m->tables[k];
	struct ftlb *t = malloc(sizeof(*t));
	if (!t)
		return NULL;
	table_clear(t);
	m->tables[k] = t;
	ftlb_point(m);
	return t;
}

struct ftlb *ftlb_table(struct mmu *m, unsigned acc)
{
	uint64_t on = acc & ACC_EXEC ? MPSR_IT : acc & ACC_RSE ? MPSR_RT : MPSR_DT;
	return table_get(m, m->psr & on ? mmu_level(m, acc) : FTLB_PHYSICAL);
}

/* The entry for va's page, emptied unless it already is that page's with the same addend. */
static struct ftlb_entry *entry_for(struct ftlb *t, gva_t va, uintptr_t addend)
{
	struct ftlb_entry *e = &t->e[va >> 12 & (FTLB_SIZE - 1)];
	gva_t page = va & ~0xfffull;
	bool same = e->tag_r == page || e->tag_w == page;
	if (!same || e->addend != addend)
		*e = (struct ftlb_entry){FTLB_NONE, FTLB_NONE, addend, 0};
	t->filled = true;
	return e;
}

/* Does a data breakpoint, enabled or not by psr.db, cover part of the page? */
static bool page_watched(const struct mmu *m, gva_t page)
{
	for (unsigned i = 0; i < countof(m->dbr); i += 2) {
		uint64_t mask = (m->dbr[i + 1] | 0xffull << 56) & ~0xfffull;
		if (m->dbr[i + 1] >> 62 && ((m->dbr[i] ^ page) & mask) == 0)
			return true;
	}
	return false;
}

void ftlb_fill_data(struct mmu *m, gva_t va, unsigned acc, const struct xlat *x)
{
	gva_t page = va & ~0xfffull;
	gpa_t pa = GPA(x->pa.v & ~0xfffull);
	struct ram_slot *s;

	if (x->ma != MA_WB || page_watched(m, page))
		return;
	s = ram_find(m->ram, pa, GRANULE_SIZE);
	if (!s)
		return;
	struct ftlb *t = ftlb_table(m, acc);
	if (!t)
		return;
	struct ftlb_entry *e = entry_for(t, va, (uintptr_t)s->host + (pa.v - s->base) - page);
	bool write = x->allow_w && !(ram_flags(s, pa) & RAM_SLOW_WRITE);
	if (unlikely(m->ram->journal != NULL) && e->tag_w != page)
		write = write && acc & ACC_WRITE &&
			journal_grant(m->ram->journal, s, (pa.v - s->base) >> GRANULE_SHIFT, e,
				acc & ACC_RSE);
	e->tag_r = x->allow_r ? page : FTLB_NONE;
	e->tag_w = write ? page : FTLB_NONE;
}

void ftlb_fill_inst(struct mmu *m, gva_t va, gpa_t pa)
{
	gva_t page = va & ~0xfffull;
	gpa_t base = GPA(pa.v & ~0xfffull);
	struct ram_slot *s = ram_find(m->ram, base, GRANULE_SIZE);
	struct ftlb *t = s ? ftlb_table(m, ACC_EXEC) : NULL;
	if (!t)
		return;
	*ftlb_code(t, va) =
		(struct ftlb_code){page, (uintptr_t)s->host + (base.v - s->base) - page};
	t->filled = true;
}

static void entry_purge(struct ftlb_entry *e, gva_t base, uint64_t mask)
{
	if ((e->tag_r & mask) == base)
		e->tag_r = FTLB_NONE;
	if ((e->tag_w & mask) == base)
		e->tag_w = FTLB_NONE;
}

static void table_purge(struct ftlb *t, gva_t base, unsigned ps)
{
	uint64_t pages = 1ull << (ps - 12), first = base >> 12, mask = page_mask(ps);
	if (!t->filled)
		return;
	if (pages > FTLB_SIZE) {
		pages = FTLB_SIZE;
		first = 0;
	}
	for (uint64_t i = 0; i < pages; i++)
		entry_purge(&t->e[(first + i) & (FTLB_SIZE - 1)], base, mask);
	for (uint64_t i = 0; i < pages && i < FTLB_CODE; i++)
		if ((t->code[(first + i) & (FTLB_CODE - 1)].tag & mask) == base)
			t->code[(first + i) & (FTLB_CODE - 1)].tag = FTLB_NONE;
}

void ftlb_purge(struct mmu *m, uint64_t va61, unsigned ps, uint32_t rid)
{
	struct mmu_private *p = m->private;
	for (unsigned i = 0; i < MMU_FTLB_SETS; i++)
		for (uint64_t n = 0; n < 8; n++) {
			if (!p->set[i].used || p->set[i].rid[n] != rid)
				continue;
			for (unsigned k = 0; k < FTLB_PHYSICAL; k++)
				table_purge(
					p->set[i].table[k], n << 61 | (va61 & page_mask(ps)), ps);
		}
}

static void table_drop_writable(struct ftlb *t, uintptr_t host)
{
	if (!t->filled)
		return;
	for (unsigned i = 0; i < FTLB_SIZE; i++)
		if (t->e[i].tag_w != FTLB_NONE && t->e[i].tag_w + t->e[i].addend == host)
			t->e[i].tag_w = FTLB_NONE;
}

/* Is it known to have no write rights? It is from now on. */
static bool known_read_only(struct mmu *m, gpa_t base)
{
	struct mmu_private *p = m->private;
	uint64_t now = __atomic_load_n((uint64_t *)&m->ram->code_generation, __ATOMIC_ACQUIRE);
	uint64_t *known = &p->read_only.base[base.v / GRANULE_SIZE % READ_ONLY_KNOWN];

	if (p->read_only.generation != now)
		memset(&p->read_only, 0, sizeof(p->read_only));
	p->read_only.generation = now;
	bool was = *known == base.v + 1;
	*known = base.v + 1;
	return was;
}

void mmu_drop_writable(struct mmu *m, gpa_t granule)
{
	struct mmu_private *p = m->private;
	gpa_t base = GPA(granule.v & ~(uint64_t)(GRANULE_SIZE - 1));
	uintptr_t host = (uintptr_t)ram_read_ptr(m->ram, base, GRANULE_SIZE);
	if (!host || known_read_only(m, base))
		return;
	for (unsigned i = 0; i < MMU_FTLB_SETS; i++)
		for (unsigned k = 0; k < FTLB_PHYSICAL; k++)
			table_drop_writable(p->set[i].table[k], host);
	table_drop_writable(&p->physical, host);
}
