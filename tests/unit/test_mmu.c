/* SPDX-License-Identifier: MIT */
/*
 * The MMU by behaviour: every fault it can raise, rights, keys, page sizes, the VHPT, and a random
 * walk of insertions, purges and region changes against a list searched from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bus.h"
#include "base/stream.h"
#include "cpu/model.h"
#include "mmu/access.h"
#include "mmu/ram.h"

#define RAM_SIZE (64ull << 20)
#define BIT(n)	 (1ull << (n))

/* PSR bits (2:23). */
#define PSR_BE BIT(1)
#define PSR_AC BIT(3)
#define PSR_IC BIT(13)
#define PSR_PK BIT(15)
#define PSR_DT BIT(17)
#define PSR_DB BIT(24)
#define PSR_RT BIT(27)
#define PSR_IT BIT(36)
#define PSR_ID BIT(37)
#define PSR_DA BIT(38)
#define PSR_DD BIT(39)
#define PSR_IA BIT(45)
#define CPL(n) ((uint64_t)(n) << 32)
#define VIRT   (PSR_IC | PSR_DT | PSR_RT | PSR_IT)

/* Translations (2:53). */
#define P	  BIT(0)
#define MA(n)	  ((uint64_t)(n) << 2)
#define A	  BIT(5)
#define D	  BIT(6)
#define PL(n)	  ((uint64_t)(n) << 7)
#define AR(n)	  ((uint64_t)(n) << 9)
#define ED	  BIT(52)
#define RWX3	  (P | A | D | PL(3) | AR(3))
#define RID(n)	  ((uint64_t)(n) << 8)
#define ITIR(ps)  ((uint64_t)(ps) << 2)
#define KEY(n)	  ((uint64_t)(n) << 8)
#define REGION(n) ((uint64_t)(n) << 61)

struct world {
	struct mmu m;
	struct ram ram;
	struct bus bus;
};

static void set_rr(struct mmu *m, unsigned n, unsigned rid, unsigned ps, bool ve)
{
	mmu_write_rr(m, n, RID(rid) | ITIR(ps) | ve);
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_int_equal(ram_add_slot(&w->ram, 0, RAM_SIZE), 0);
	assert_int_equal(mmu_init(&w->m, cpu_model_find("tukwila"), &w->ram, &w->bus), 0);
	for (unsigned n = 0; n < 8; n++)
		set_rr(&w->m, n, 0x100 + n, 14, false);
	mmu_set_mode(&w->m, VIRT, 0);
	return w;
}

static void world_free(struct world *w)
{
	mmu_free(&w->m);
	ram_free(&w->ram);
	free(w);
}

static int setup(void **state)
{
	*state = world_new();
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void map(struct mmu *m, gva_t va, unsigned ps, uint64_t pte)
{
	mmu_itc(m, false, va, ITIR(ps), pte);
}

static enum fault load(struct mmu *m, gva_t va, uint64_t *v)
{
	return mem_load(m, va, 8, ACC_READ, v);
}

/* Expects a fault with these ISR bits, and ifa and itir of the address. */
static void expect_fault(struct mmu *m, enum fault got, enum fault want, gva_t va, uint64_t isr)
{
	assert_int_equal(got, want);
	assert_int_equal(m->fault.code, want);
	assert_int_equal(m->fault.isr, isr);
	assert_int_equal(m->fault.ifa, va);
	assert_int_equal(m->fault.itir, m->rr[va >> 61] & 0xfffffffc);
}

static void expect_load(struct mmu *m, gva_t va, enum fault want)
{
	uint64_t v;
	enum fault f = load(m, va, &v);
	if (want)
		expect_fault(m, f, want, va, ISR_BIT(R));
	else
		assert_int_equal(f, FAULT_NONE);
}

static void expect_store(struct mmu *m, gva_t va, enum fault want)
{
	enum fault f = mem_store(m, va, 8, ACC_WRITE, 0x55);
	if (want)
		expect_fault(m, f, want, va, ISR_BIT(W));
	else
		assert_int_equal(f, FAULT_NONE);
}

static void expect_fetch(struct mmu *m, gva_t va, enum fault want)
{
	gpa_t pa;
	enum fault f = mmu_fetch(m, va, &pa);
	if (want)
		expect_fault(m, f, want, va, ISR_BIT(X));
	else
		assert_int_equal(f, FAULT_NONE);
}

/* --- misses --- */

static void a_miss_without_the_walker_is_an_alternate_fault(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	expect_load(m, REGION(3) | 0x4000, FAULT_ALT_DTLB);
	expect_store(m, REGION(3) | 0x4000, FAULT_ALT_DTLB);
	expect_fetch(m, REGION(5) | 0x4000, FAULT_ALT_ITLB);
	mmu_set_mode(m, VIRT & ~PSR_IC, 0);
	expect_load(m, REGION(3) | 0x4000, FAULT_DATA_NESTED_TLB);
	expect_fetch(m, REGION(5) | 0x4000, FAULT_ALT_ITLB);
}

static void an_rse_access_uses_psr_rt_and_rsc_pl(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t v;
	map(m, 0x8000, 14, P | A | D | PL(2) | AR(2) | 0x100000);
	mmu_set_mode(m, VIRT | CPL(3), 2 << 2);
	assert_int_equal(mem_load(m, 0x8000, 8, ACC_RSE, &v), FAULT_NONE);
	assert_int_equal(mem_load(m, 0x8000, 8, 0, &v), FAULT_DATA_ACCESS_RIGHTS);
	mmu_set_mode(m, VIRT, 3 << 2);
	expect_fault(m, mem_store(m, 0x8000, 8, ACC_RSE, 1), FAULT_DATA_ACCESS_RIGHTS, 0x8000,
		ISR_BIT(W) | ISR_BIT(RS));
	mmu_set_mode(m, VIRT & ~PSR_RT, 3 << 2);
	assert_int_equal(mem_store(m, 0x8000, 8, ACC_RSE, 7), FAULT_NONE);
	assert_int_equal(ram_read(m->ram, GPA(0x8000), &v, 8), 0);
	assert_int_equal(v, 7);
}

static void unimplemented_addresses_fault(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	m->model = cpu_model_find("merced"); /* 51 bits virtual, 44 physical */
	assert_true(mmu_va_implemented(m, REGION(1) | 0x0003ffffffffffff));
	assert_true(mmu_va_implemented(m, REGION(1) | 0x1ffc000000000000));
	assert_false(mmu_va_implemented(m, REGION(1) | 0x0004000000000000));
	assert_false(mmu_va_implemented(m, REGION(1) | 0x1ff8000000000000));
	expect_load(m, REGION(1) | 0x0004000000000000, FAULT_UNIMPL_DATA_ADDR);
	expect_fetch(m, REGION(1) | 0x1ff8000000000000, FAULT_UNIMPL_INST_ADDR);
	mmu_set_mode(m, PSR_IC, 0);
	expect_load(m, 1ull << 44, FAULT_UNIMPL_DATA_ADDR);
	expect_store(m, 1ull << 62, FAULT_UNIMPL_DATA_ADDR);
	expect_fetch(m, 1ull << 44, FAULT_UNIMPL_INST_ADDR);
	expect_load(m, 0x1000, FAULT_NONE);
	expect_load(m, BIT(63) | 0x1000, FAULT_NONE);
}

/* --- faults of a translation, in their order --- */

static void faults_come_in_order_of_priority(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t itir = ITIR(14) | KEY(7), pte = 0x100000;
	gva_t va = REGION(2) | 0x10008;

	m->dbr[0] = va;
	m->dbr[1] = BIT(63) | BIT(62) | 0xfull << 56 | 0x00ffffffffffffff;
	mmu_set_mode(m, VIRT | PSR_PK | PSR_DB | PSR_AC | CPL(3), 0);
	mmu_itc(m, false, va, itir, pte);
	expect_store(m, va, FAULT_PAGE_NOT_PRESENT);
	mmu_itc(m, false, va, itir, pte |= P | MA(7));
	expect_store(m, va, FAULT_NATPAGE);
	mmu_itc(m, false, va, itir, pte &= ~MA(7));
	expect_store(m, va, FAULT_DATA_KEY_MISS);
	mmu_write_pkr(m, 3, KEY(7) | 1 | 2);
	expect_store(m, va, FAULT_KEY_PERMISSION);
	mmu_write_pkr(m, 3, KEY(7) | 1 | 4 | 8);
	expect_store(m, va, FAULT_DATA_ACCESS_RIGHTS);
	mmu_itc(m, false, va, itir, pte |= AR(2) | PL(3));
	expect_store(m, va, FAULT_DIRTY_BIT);
	mmu_itc(m, false, va, itir, pte |= D);
	expect_store(m, va, FAULT_DATA_ACCESS_BIT);
	mmu_itc(m, false, va, itir, pte |= A);
	expect_store(m, va, FAULT_DATA_DEBUG);
	expect_store(m, va - 1, FAULT_DATA_DEBUG);
	mmu_set_mode(m, VIRT | PSR_PK | PSR_DB | PSR_DD | PSR_AC | CPL(3), 0);
	expect_store(m, va - 1, FAULT_UNALIGNED);
	expect_store(m, va, FAULT_NONE);
	expect_load(m, va, FAULT_KEY_PERMISSION);
	expect_load(m, va + 1, FAULT_KEY_PERMISSION);
}

static void instruction_faults_come_in_order_of_priority(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t itir = ITIR(14) | KEY(7), pte = 0x100000;
	gva_t ip = REGION(2) | 0x10010;

	mmu_set_mode(m, VIRT | PSR_PK | CPL(3), 0);
	mmu_itc(m, true, ip, itir, pte);
	expect_fetch(m, ip, FAULT_PAGE_NOT_PRESENT);
	mmu_itc(m, true, ip, itir, pte |= P | MA(7));
	expect_fetch(m, ip, FAULT_NATPAGE);
	mmu_itc(m, true, ip, itir, pte &= ~MA(7));
	expect_fetch(m, ip, FAULT_INST_KEY_MISS);
	mmu_write_pkr(m, 3, KEY(7) | 1 | 8);
	expect_fetch(m, ip, FAULT_KEY_PERMISSION);
	mmu_write_pkr(m, 3, KEY(7) | 1 | 2 | 4);
	expect_fetch(m, ip, FAULT_INST_ACCESS_RIGHTS);
	mmu_itc(m, true, ip, itir, pte |= AR(1) | PL(3));
	expect_fetch(m, ip, FAULT_INST_ACCESS_BIT);
	mmu_set_mode(m, VIRT | PSR_PK | PSR_IA | CPL(3), 0);
	expect_fetch(m, ip, FAULT_NONE);
	mmu_set_mode(m, VIRT | PSR_PK | CPL(3), 0);
	expect_fetch(m, ip, FAULT_INST_ACCESS_BIT);
	mmu_itc(m, true, ip, itir, pte | A);
	expect_fetch(m, ip, FAULT_NONE);
	expect_fetch(m, ip, FAULT_NONE);
	/* the data side knows nothing of it */
	expect_load(m, ip & ~15ull, FAULT_ALT_DTLB);
}

static void psr_da_lets_accesses_pass_but_not_the_next(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	map(m, 0x4000, 14, (RWX3 & ~(A | D)) | 0x200000);
	mmu_set_mode(m, VIRT | PSR_DA, 0);
	expect_store(m, 0x4000, FAULT_NONE);
	expect_load(m, 0x4000, FAULT_NONE);
	mmu_set_mode(m, VIRT, 0);
	expect_store(m, 0x4000, FAULT_DIRTY_BIT);
	expect_load(m, 0x4000, FAULT_DATA_ACCESS_BIT);
	map(m, 0x4000, 14, (RWX3 & ~D) | 0x200000);
	expect_load(m, 0x4000, FAULT_NONE);
	expect_store(m, 0x4000, FAULT_DIRTY_BIT);
}

/* The table of 2:56, as printed: a line per ar, pl 3 2 1 0; a column per cpl 3 2 1 0. */
static const char *const rights[8][4] = {
	{"r r r r", "- r r r", "- - r r", "- - - r"},
	{"rx rx rx rx", "- rx rx rx", "- - rx rx", "- - - rx"},
	{"rw rw rw rw", "- rw rw rw", "- - rw rw", "- - - rw"},
	{"rwx rwx rwx rwx", "- rwx rwx rwx", "- - rwx rwx", "- - - rwx"},
	{"r rw rw rw", "- r rw rw", "- - r rw", "- - - rw"},
	{"rx rx rx rwx", "- rx rx rwx", "- - rx rwx", "- - - rwx"},
	{"rwx rw rw rw", "- rwx rw rw", "- - rwx rw", "- - - rw"},
	{"x x x rx", "x x x rx", "x x x rx", "x x x rx"},
};

static void rights_cell(unsigned ar, unsigned pl, unsigned cpl, char *cell)
{
	char line[32];
	snprintf(line, sizeof(line), "%s", rights[ar][3 - pl]);
	char *word = strtok(line, " ");
	for (unsigned i = 3; i > cpl; i--)
		word = strtok(NULL, " ");
	strcpy(cell, word);
}

static void access_rights_are_the_manuals_table(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	char cell[8];
	bool ok;

	for (unsigned n = 0; n < 8 * 4 * 4; n++) {
		unsigned ar = n >> 4, pl = n >> 2 & 3, cpl = n & 3;
		uint64_t pte = P | A | D | PL(pl) | AR(ar) | 0x300000;
		rights_cell(ar, pl, cpl, cell);
		bool r = strchr(cell, 'r'), wr = strchr(cell, 'w'), x = strchr(cell, 'x');
		map(m, 0x8000, 12, pte);
		mmu_itc(m, true, 0x8000, ITIR(12), pte);
		mmu_set_mode(m, VIRT | CPL(cpl), 0);
		expect_load(m, 0x8000, r ? FAULT_NONE : FAULT_DATA_ACCESS_RIGHTS);
		expect_store(m, 0x8000, wr ? FAULT_NONE : FAULT_DATA_ACCESS_RIGHTS);
		expect_load(m, 0x8000, r ? FAULT_NONE : FAULT_DATA_ACCESS_RIGHTS);
		expect_fetch(m, 0x8000, x ? FAULT_NONE : FAULT_INST_ACCESS_RIGHTS);
		assert_int_equal(mmu_epc_level(m, 0x8000), ar == 7 && pl < cpl ? pl : cpl);
		mmu_set_mode(m, VIRT, 0);
		assert_int_equal(mmu_probe(m, 0x8000, ACC_READ, cpl, &ok), 0);
		assert_int_equal(ok, r);
		assert_int_equal(mmu_probe(m, 0x8000, ACC_WRITE, cpl, &ok), 0);
		assert_int_equal(ok, wr);
		assert_int_equal(mmu_probe_fault(m, 0x8000, ACC_SEM, cpl),
			r && wr ? FAULT_NONE : FAULT_DATA_ACCESS_RIGHTS);
	}
}

static void keys_guard_reads_and_writes_apart(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	mmu_set_mode(m, VIRT | PSR_PK, 0);
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(0xabcdef), RWX3 | 0x100000);
	for (unsigned bits = 0; bits < 8; bits++) {
		mmu_write_pkr(m, 5, KEY(0xabcdef) | 1 | (uint64_t)bits << 1);
		expect_load(m, 0x4000, bits & 2 ? FAULT_KEY_PERMISSION : FAULT_NONE);
		expect_store(m, 0x4000, bits & 1 ? FAULT_KEY_PERMISSION : FAULT_NONE);
	}
	mmu_write_pkr(m, 5, KEY(0xabcdef));
	expect_load(m, 0x4000, FAULT_DATA_KEY_MISS);
	mmu_set_mode(m, VIRT, 0);
	expect_load(m, 0x4000, FAULT_NONE);
	mmu_set_mode(m, VIRT | PSR_PK, 0);
	expect_load(m, 0x4000, FAULT_DATA_KEY_MISS);
	/* the last write of a key wins */
	mmu_write_pkr(m, 5, KEY(0xabcdef) | 1);
	mmu_write_pkr(m, 6, KEY(0xabcdef) | 1 | 4);
	expect_load(m, 0x4000, FAULT_KEY_PERMISSION);
	assert_int_equal(m->pkr[5] & 1, 0);
}

/* --- page sizes, overlap, purges --- */

static void every_page_size_translates_and_is_purged(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	bool uc;
	for (unsigned ps = 12; ps <= 32; ps++) {
		gva_t base = REGION(4) | 0x1234ull << 40, last = base + BIT(ps) - 8;
		uint64_t pa = 0x2aull << 36;
		gpa_t got;
		if (!(m->model->page_sizes >> ps & 1))
			continue;
		map(m, last, ps, RWX3 | pa | 0x1000); /* bits below ps are ignored */
		assert_int_equal(mmu_translate(m, base, 8, ACC_READ, &got, &uc), 0);
		assert_int_equal(got.v, pa | (ps == 12 ? 0x1000 : 0));
		assert_int_equal(mmu_translate(m, last, 8, ACC_READ, &got, &uc), 0);
		assert_int_equal(got.v, (pa | (ps == 12 ? 0x1000 : 0)) + BIT(ps) - 8);
		expect_load(m, base - 8, FAULT_ALT_DTLB);
		expect_load(m, last + 8, FAULT_ALT_DTLB);
		mmu_purge_tc(m, last, 12, 0x104);
		expect_load(m, base, FAULT_ALT_DTLB);
	}
}

static void an_insertion_replaces_what_overlaps(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t v;
	map(m, 0x0, 24, RWX3 | 0x1000000);
	expect_load(m, 0x200000, FAULT_NONE);
	expect_load(m, 0x4000, FAULT_NONE);
	map(m, 0x4000, 12, RWX3 | 0x5000);
	/* the large page went as a whole */
	expect_load(m, 0x200000, FAULT_ALT_DTLB);
	expect_load(m, 0x5000, FAULT_ALT_DTLB);
	for (uint64_t a = 0; a < 0x100000; a += 0x1000)
		map(m, a, 12, RWX3 | a);
	expect_load(m, 0xff000, FAULT_NONE);
	map(m, 0, 16, RWX3 | 0x3000000);
	v = 0x77;
	ram_write(m->ram, GPA(0x3008000), &v, 8);
	assert_int_equal(load(m, 0x8000, &v), FAULT_NONE);
	assert_int_equal(v, 0x77);
	expect_load(m, 0xff000, FAULT_NONE);
	/* other region ids are not touched */
	map(m, REGION(1), 12, RWX3);
	map(m, REGION(2), 24, RWX3);
	expect_load(m, REGION(1), FAULT_NONE);
}

static void an_evicted_translation_leaves_no_trace(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t v = 0x1234;
	ram_write(m->ram, GPA(0x9000), &v, 8);
	map(m, 0x5000, 12, RWX3 | 0x8000);
	expect_load(m, 0x5000, FAULT_NONE);
	for (uint64_t n = 0; n < 20000; n++)
		map(m, 0x1000000 + (n << 12), 12, RWX3);
	map(m, 0x5000, 12, RWX3 | 0x9000);
	assert_int_equal(load(m, 0x5000, &v), FAULT_NONE);
	assert_int_equal(v, 0x1234);
}

static void region_id_0_is_like_any_other(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	for (unsigned n = 0; n < 8; n++)
		set_rr(m, n, 0, 14, false);
	map(m, 0x4000, 14, RWX3);
	expect_load(m, 0x4000, FAULT_NONE);
	mmu_purge_tc(m, 0x4000, 14, 0);
	expect_load(m, 0x4000, FAULT_ALT_DTLB);
}

static void purges_reach_every_region_set(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	map(m, REGION(1) | 0x4000, 14, RWX3 | 0x10000);
	expect_load(m, REGION(1) | 0x4000, FAULT_NONE);
	for (unsigned i = 0; i < 20; i++) { /* more sets than the pool has */
		set_rr(m, 0, 0x200 + i, 14, false);
		expect_load(m, REGION(1) | 0x4000, FAULT_NONE);
		expect_store(m, REGION(1) | 0x4008, FAULT_NONE);
	}
	mmu_purge_tc(m, REGION(1) | 0x4000, 14, 0x101);
	for (unsigned i = 0; i < 20; i++) {
		set_rr(m, 0, 0x200 + i, 14, false);
		expect_load(m, REGION(1) | 0x4000, FAULT_ALT_DTLB);
	}
	/* the same id through another region: purged with it */
	set_rr(m, 6, 0x101, 14, false);
	map(m, REGION(6) | 0x4000, 14, RWX3 | 0x10000);
	expect_load(m, REGION(6) | 0x4000, FAULT_NONE);
	mmu_purge_tc(m, REGION(1) | 0x4000, 14, 0x101);
	expect_load(m, REGION(6) | 0x4000, FAULT_ALT_DTLB);
}

static void translation_registers_outlive_tc_purges(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	mmu_itr(m, false, 3, REGION(5), ITIR(24), RWX3 | 0x1000000);
	mmu_itr(m, true, 0, REGION(5), ITIR(24), RWX3 | 0x1000000);
	expect_load(m, REGION(5) | 0x123000, FAULT_NONE);
	mmu_purge_tc(m, REGION(5), 32, 0x105);
	mmu_purge_all_tc(m);
	expect_load(m, REGION(5) | 0x123000, FAULT_NONE);
	/* replaced in its slot: the old page is gone */
	mmu_itr(m, false, 3, REGION(5) | 0x4000000, ITIR(24), RWX3 | 0x1000000);
	expect_load(m, REGION(5) | 0x123000, FAULT_ALT_DTLB);
	expect_load(m, REGION(5) | 0x4123000, FAULT_NONE);
	expect_fetch(m, REGION(5) | 0x123000, FAULT_NONE);
	mmu_purge_tr(m, false, REGION(5) | 0x4000000, 12, 0x105);
	expect_load(m, REGION(5) | 0x4123000, FAULT_ALT_DTLB);
	expect_fetch(m, REGION(5) | 0x123000, FAULT_NONE);
	mmu_purge_tr(m, true, REGION(5), 32, 0x105);
	expect_fetch(m, REGION(5) | 0x123000, FAULT_ALT_ITLB);
}

static void reserved_translations_are_refused(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	m->model = cpu_model_find("merced");
	assert_true(mmu_insert_legal(m, ITIR(14), RWX3));
	assert_false(mmu_insert_legal(m, ITIR(15), RWX3));
	assert_false(mmu_insert_legal(m, ITIR(32), RWX3));
	assert_false(mmu_insert_legal(m, ITIR(14) | 1, RWX3));
	assert_false(mmu_insert_legal(m, ITIR(14) | BIT(32), RWX3));
	assert_false(mmu_insert_legal(m, ITIR(14) | KEY(1 << 21), RWX3));
	assert_false(mmu_insert_legal(m, ITIR(14), RWX3 | 2));
	assert_false(mmu_insert_legal(m, ITIR(14), RWX3 | BIT(50)));
	assert_false(mmu_insert_legal(m, ITIR(14), RWX3 | BIT(51)));
	assert_true(mmu_insert_legal(m, ITIR(14), RWX3 | ED | 0x7ffull << 53));
	assert_true(mmu_insert_legal(m, ITIR(14), RWX3 | BIT(43)));
	assert_false(mmu_insert_legal(m, ITIR(14), RWX3 | BIT(44)));
	for (unsigned ma = 0; ma < 8; ma++)
		assert_int_equal(
			mmu_insert_legal(m, ITIR(14), RWX3 | MA(ma)), !(ma >= 1 && ma <= 3));
	assert_true(mmu_insert_legal(m, ITIR(14), ~BIT(0))); /* not present: ignored */
}

/* --- VHPT --- */

static void walk_short_format(struct mmu *m)
{
	gva_t va = REGION(3) | 0x12345678, iha = mmu_thash(m, va);
	uint64_t pte = RWX3 | 0x400000;
	/* 64 KB table at 0x...: offset of page 0x48d1 (16 KB pages) times 8 */
	assert_int_equal(iha, REGION(3) | 0x1fffffff00000000 | (0x12345678 >> 14) << 3);
	expect_fault(m, mem_load(m, va, 8, 0, &pte), FAULT_VHPT_TRANSLATION, va, ISR_BIT(R));
	assert_int_equal(m->fault.iha, iha);
	map(m, iha, 12, P | A | D | PL(0) | AR(2) | 0x800000);
	expect_load(m, va, FAULT_PAGE_NOT_PRESENT);
	pte = RWX3 | 0x400000;
	ram_write(m->ram, GPA(0x800000 | (iha & 0xfff)), &pte, 8);
	expect_load(m, va, FAULT_PAGE_NOT_PRESENT); /* the TLB has it */
	mmu_purge_tc(m, va, 14, 0x103);
	expect_load(m, va, FAULT_NONE);
	pte = RWX3 | BIT(50);
	ram_write(m->ram, GPA(0x800000 | (iha & 0xfff)), &pte, 8);
	mmu_purge_tc(m, va, 14, 0x103);
	expect_load(m, va, FAULT_DTLB);
	expect_fetch(m, va & ~15ull, FAULT_ITLB);
}

static void the_short_vhpt_is_walked(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	m->pta = 0x1fffffff00000000 | 32 << 2 | 1;
	set_rr(m, 3, 0x103, 14, true);
	walk_short_format(m);
	/* region 2 has it disabled */
	expect_load(m, REGION(2) | 0x12345678, FAULT_ALT_DTLB);
	mmu_set_mode(m, VIRT & ~PSR_IC, 0);
	expect_load(m, REGION(3) | 0x22345678, FAULT_DATA_NESTED_TLB);
	expect_fetch(m, REGION(3) | 0x12345670, FAULT_ALT_ITLB);
	/* with psr.ic 0 data references walk, and find */
	uint64_t pte = RWX3 | 0x400000;
	ram_write(m->ram, GPA(0x800000 | (mmu_thash(m, REGION(3) | 0x12345678) & 0xfff)), &pte, 8);
	mmu_purge_tc(m, REGION(3) | 0x12345678, 14, 0x103);
	expect_load(m, REGION(3) | 0x12345678, FAULT_NONE);
}

static void the_walker_gives_up_on_bad_table_pages(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	const uint64_t good = P | A | D | AR(2) | 0x800000;
	const uint64_t bad[] = {good & ~P, good & ~A, good | MA(4), good | MA(7), good | MA(6),
		(good & ~0x800000ull) | 1ull << 40};
	gva_t va = REGION(3) | 0x12345678;
	uint64_t pte = RWX3 | 0x400000;
	m->pta = 0x1fffffff00000000 | 32 << 2 | 1;
	set_rr(m, 3, 0x103, 14, true);
	ram_write(m->ram, GPA(0x800000 | (mmu_thash(m, va) & 0xfff)), &pte, 8);
	for (unsigned i = 0; i < countof(bad); i++) {
		map(m, mmu_thash(m, va), 12, bad[i]);
		expect_load(m, va, FAULT_DTLB);
	}
	mmu_set_mode(m, VIRT | PSR_PK, 0);
	map(m, mmu_thash(m, va), 12, good);
	expect_load(m, va, FAULT_DTLB);
	mmu_set_mode(m, VIRT, 0);
	expect_load(m, va, FAULT_NONE);
}

static void the_walker_reads_in_the_byte_order_of_dcr(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	gva_t va = REGION(3) | 0x12345678;
	uint64_t pte = __builtin_bswap64(RWX3 | 0x400000);
	m->pta = 0x1fffffff00000000 | 32 << 2 | 1;
	set_rr(m, 3, 0x103, 14, true);
	mmu_set_dcr(m, 2);
	map(m, mmu_thash(m, va), 12, P | A | D | AR(2) | 0x800000);
	ram_write(m->ram, GPA(0x800000 | (mmu_thash(m, va) & 0xfff)), &pte, 8);
	expect_load(m, va, FAULT_NONE);
}

static void the_long_vhpt_is_walked(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	gva_t va = REGION(3) | 0x12345678, iha;
	uint64_t entry[4] = {RWX3 | 0x400000, ITIR(16) | KEY(0x55), 0, 99};

	m->pta = REGION(7) | 0x40000000 | 1 << 8 | 20 << 2 | 1;
	set_rr(m, 3, 0x103, 14, true);
	iha = mmu_thash(m, va);
	assert_int_equal(iha & ~0xfffffull, REGION(7) | 0x40000000);
	assert_int_equal(iha & 31, 0);
	assert_int_equal(mem_load(m, va, 8, 0, entry + 3), FAULT_VHPT_TRANSLATION);
	assert_int_equal(m->fault.iha, iha);
	assert_int_equal(m->fault.itir, m->rr[7] & 0xfffffffc);
	mmu_itr(m, false, 0, iha, ITIR(20), P | A | D | AR(2) | 0x800000);
	expect_load(m, va, FAULT_DTLB);
	entry[2] = mmu_ttag(m, va);
	assert_int_equal(entry[2] >> 63, 0);
	ram_write(m->ram, GPA(0x800000 | (iha & 0xfffff)), entry, 32);
	expect_load(m, va, FAULT_NONE);
	assert_int_equal(mmu_tak(m, va), KEY(0x55));
	/* the entry's page size counts, not the region's */
	expect_load(m, va ^ 0x4000, FAULT_NONE);
	expect_load(m, va ^ 0x10000, FAULT_DTLB);
	entry[2] |= BIT(63);
	ram_write(m->ram, GPA(0x800000 | (iha & 0xfffff)), entry, 32);
	mmu_purge_all_tc(m);
	expect_load(m, va, FAULT_DTLB);
}

/* Tag and index together must name one page of one region id (2:66). */
static void long_format_tags_are_unique(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	srandom(1);
	m->pta = REGION(7) | 1 << 8 | 15 << 2 | 1;
	for (unsigned n = 0; n < 200000; n++) {
		unsigned ps = 12 + 2 * (n & 3);
		uint64_t va[2], h[2], t[2], rid[2];
		for (unsigned k = 0; k < 2; k++) {
			va[k] = k && random() & 1 ? va[0] ^ BIT(random() % 61)
						  : (uint64_t)random() << 31 ^ (uint64_t)random();
			va[k] = va[k] << 3 >> 3;
			rid[k] = k && random() & 1 ? rid[0] ^ BIT(random() % 24)
						   : (uint64_t)random() & 0xffffff;
			set_rr(m, 0, (unsigned)rid[k], ps, true);
			h[k] = mmu_thash(m, va[k]);
			t[k] = mmu_ttag(m, va[k]);
		}
		if (va[0] >> ps != va[1] >> ps || rid[0] != rid[1])
			assert_false(h[0] == h[1] && t[0] == t[1]);
	}
}

/* --- the instructions that ask --- */

static void tpa_tak_and_probe_answer(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t pa, na = ISR_BIT(NA);
	bool ok;

	expect_fault(m, mmu_tpa(m, 0x4000, &pa), FAULT_ALT_DTLB, 0x4000, na);
	assert_int_equal(mmu_tak(m, 0x4000), 1);
	expect_fault(m, mmu_probe(m, 0x4000, ACC_WRITE, 0, &ok), FAULT_ALT_DTLB, 0x4000,
		na | ISR_BIT(W) | 2);
	expect_fault(m, mmu_probe_fault(m, 0x4000, ACC_SEM, 0), FAULT_ALT_DTLB, 0x4000,
		na | ISR_BIT(W) | ISR_BIT(R) | 5);
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(9), 0);
	expect_fault(m, mmu_tpa(m, 0x4000, &pa), FAULT_PAGE_NOT_PRESENT, 0x4000, na);
	assert_int_equal(mmu_tak(m, 0x4000), 1);
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(9), RWX3 | MA(7));
	expect_fault(m, mmu_tpa(m, 0x4000, &pa), FAULT_NATPAGE, 0x4000, na);
	assert_int_equal(mmu_tak(m, 0x4000), KEY(9));
	/* neither access bit nor dirty bit matter to probe; they do to probe.fault */
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(9), (RWX3 & ~(A | D)) | 0x8000);
	assert_int_equal(mmu_probe(m, 0x4000, ACC_SEM, 3, &ok), FAULT_NONE);
	assert_true(ok);
	assert_int_equal(mmu_probe_fault(m, 0x4000, ACC_SEM, 3), FAULT_DIRTY_BIT);
	assert_int_equal(mmu_probe_fault(m, 0x4000, ACC_READ, 3), FAULT_DATA_ACCESS_BIT);
	assert_int_equal(mmu_tpa(m, 0x4567, &pa), FAULT_NONE);
	assert_int_equal(pa, 0x8567);
	/* no level above one's own can be asked for */
	map(m, 0x4000, 14, P | A | D | PL(0) | AR(2) | 0x8000);
	mmu_set_mode(m, VIRT | CPL(2), 0);
	assert_int_equal(mmu_probe(m, 0x4000, ACC_READ, 0, &ok), FAULT_NONE);
	assert_false(ok);
	assert_int_equal(mmu_probe_fault(m, 0x4000, ACC_READ, 0), FAULT_DATA_ACCESS_RIGHTS);
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(9), RWX3 | 0x8000);
	/* with psr.dt 0 the DTLB is searched all the same */
	mmu_set_mode(m, PSR_IC, 0);
	assert_int_equal(mmu_tpa(m, 0x4567, &pa), FAULT_NONE);
	assert_int_equal(mmu_tak(m, 0x4567), KEY(9));
	assert_int_equal(mmu_probe(m, 0x4000, ACC_READ, 3, &ok), FAULT_NONE);
}

static void probe_fails_on_keys_and_faults_on_their_absence(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	bool ok;
	mmu_set_mode(m, VIRT | PSR_PK, 0);
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(9), RWX3);
	expect_fault(m, mmu_probe(m, 0x4000, ACC_READ, 0, &ok), FAULT_DATA_KEY_MISS, 0x4000,
		ISR_BIT(NA) | ISR_BIT(R) | 2);
	mmu_write_pkr(m, 0, KEY(9) | 1 | 2);
	assert_int_equal(mmu_probe(m, 0x4000, ACC_READ, 0, &ok), FAULT_NONE);
	assert_true(ok);
	assert_int_equal(mmu_probe(m, 0x4000, ACC_WRITE, 0, &ok), FAULT_NONE);
	assert_false(ok);
	assert_int_equal(mmu_probe_fault(m, 0x4000, ACC_WRITE, 0), FAULT_KEY_PERMISSION);
}

static void fc_checks_rights_below_level_0_and_never_keys(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	gpa_t pa;
	mmu_itc(m, false, 0x4000, ITIR(14) | KEY(9), P | AR(0) | PL(0) | 0x10000);
	mmu_set_mode(m, VIRT | PSR_PK, 0);
	assert_int_equal(mmu_fc(m, 0x4010, &pa), FAULT_NONE);
	assert_int_equal(pa.v, 0x10010);
	mmu_set_mode(m, VIRT | CPL(1), 0);
	expect_fault(m, mmu_fc(m, 0x4010, &pa), FAULT_DATA_ACCESS_RIGHTS, 0x4010,
		ISR_BIT(NA) | ISR_BIT(R) | 1);
}

/* --- breakpoints --- */

static void data_breakpoints_obey_mask_level_and_kind(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	map(m, 0x4000, 14, RWX3 | 0x100000);
	expect_load(m, 0x4100, FAULT_NONE);
	mmu_write_debug(m, false, 2, 0x4100);
	mmu_write_debug(m, false, 3, BIT(63) | BIT(56 + 2) | 0x00fffffffffffff0);
	expect_load(m, 0x4100, FAULT_NONE);
	mmu_set_mode(m, VIRT | PSR_DB, 0);
	expect_load(m, 0x4100, FAULT_NONE);
	mmu_set_mode(m, VIRT | PSR_DB | CPL(2), 0);
	expect_load(m, 0x4100, FAULT_DATA_DEBUG);
	expect_load(m, 0x4108, FAULT_DATA_DEBUG);
	expect_load(m, 0x4110, FAULT_NONE);
	expect_load(m, 0x40f8, FAULT_NONE);
	expect_load(m, 0x40fc, FAULT_DATA_DEBUG);
	expect_store(m, 0x4100, FAULT_NONE);
	mmu_set_mode(m, VIRT | PSR_DB | PSR_DD | CPL(2), 0);
	expect_load(m, 0x4100, FAULT_NONE);
	mmu_set_mode(m, VIRT | PSR_DB | CPL(2), 0);
	expect_load(m, 0x4100, FAULT_DATA_DEBUG);
	mmu_write_debug(m, false, 3, BIT(62) | BIT(56 + 2) | 0x00ffffffffffffff);
	expect_load(m, 0x4100, FAULT_NONE);
	expect_store(m, 0x4100, FAULT_DATA_DEBUG);
	assert_int_equal(mmu_probe_fault(m, 0x4100, ACC_WRITE, 2), FAULT_DATA_DEBUG);
}

static void instruction_breakpoints_match_bundles(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	mmu_write_debug(m, true, 0, 0x4104);
	mmu_write_debug(m, true, 1, BIT(63) | 0xfull << 56 | 0x00ffffffffffffff);
	assert_false(mmu_inst_breakpoint(m, 0x4100));
	mmu_set_mode(m, VIRT | PSR_DB, 0);
	assert_true(mmu_inst_breakpoint(m, 0x4100));
	assert_false(mmu_inst_breakpoint(m, 0x4110));
	mmu_set_mode(m, VIRT | PSR_DB | PSR_ID, 0);
	assert_false(mmu_inst_breakpoint(m, 0x4100));
}

/* --- speculation --- */

static enum fault spec_load(struct mmu *m, gva_t va, uint64_t dcr)
{
	uint64_t v;
	m->defer = mmu_deferral(m, REGION(5), dcr);
	return mem_load(m, va, 8, ACC_SPEC, &v);
}

struct deferral {
	uint64_t pte, itir, psr, dcr;
	enum fault fault;
	gva_t va;
};

static void a_speculative_load_defers_what_dcr_says(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	const uint64_t all = 0x7f00;
	const struct deferral row[] = {
		{0, 0, 0, BIT(8), FAULT_ALT_DTLB, 0x4000},
		{A, ITIR(14), 0, BIT(9), FAULT_PAGE_NOT_PRESENT, 0x4000},
		{RWX3, ITIR(14) | KEY(5), PSR_PK, BIT(10), FAULT_DATA_KEY_MISS, 0x4000},
		{RWX3, ITIR(14) | KEY(6), PSR_PK, BIT(11), FAULT_KEY_PERMISSION, 0x4000},
		{P | A | D | AR(7), ITIR(14), CPL(1), BIT(12), FAULT_DATA_ACCESS_RIGHTS, 0x4000},
		{RWX3 & ~A, ITIR(14), 0, BIT(13), FAULT_DATA_ACCESS_BIT, 0x4000},
		{RWX3, ITIR(14), PSR_DB, BIT(14), FAULT_DATA_DEBUG, 0x4000},
		{RWX3, ITIR(14), PSR_AC, 0, FAULT_UNALIGNED, 0x4001},
	};

	mmu_write_pkr(m, 0, KEY(6) | 1 | 4);
	mmu_write_debug(m, false, 0, 0x4000);
	mmu_write_debug(m, false, 1, BIT(63) | 0xfull << 56 | 0x00ffffffffffffff);
	for (unsigned i = 0; i < countof(row); i++) {
		const struct deferral *d = &row[i];
		mmu_purge_all_tc(m);
		mmu_set_mode(m, VIRT | d->psr, 0);
		if (d->itir)
			mmu_itc(m, false, d->va, d->itir, d->pte);
		mmu_itc(m, true, REGION(5), ITIR(14), RWX3 | 0x4000);
		expect_fault(
			m, spec_load(m, d->va, all), d->fault, d->va, ISR_BIT(R) | ISR_BIT(SP));
		mmu_itc(m, true, REGION(5), ITIR(14), RWX3 | 0x4000 | ED);
		assert_int_equal(spec_load(m, d->va, d->dcr), MEM_DEFERRED);
		if (d->dcr)
			assert_int_equal(spec_load(m, d->va, all & ~d->dcr), d->fault);
		mmu_set_mode(m, (VIRT | d->psr) & ~PSR_IC, 0);
		assert_int_equal(spec_load(m, d->va, 0), MEM_DEFERRED);
	}
}

static void some_conditions_always_defer(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t v;
	mmu_itc(m, true, REGION(5), ITIR(14), RWX3 | 0x4000);
	map(m, 0x4000, 14, RWX3 | MA(7));
	assert_int_equal(spec_load(m, 0x4000, 0), MEM_DEFERRED);
	map(m, 0x4000, 14, RWX3 | MA(4));
	assert_int_equal(spec_load(m, 0x4000, 0), MEM_DEFERRED);
	assert_int_equal(mem_load(m, 0x4000, 8, ACC_ADVANCED, &v), MEM_DEFERRED);
	map(m, 0x4000, 14, RWX3 | MA(5));
	assert_int_equal(spec_load(m, 0x4000, 0), MEM_DEFERRED);
	assert_int_equal(mem_load(m, 0x4000, 8, ACC_ADVANCED, &v), MEM_DEFERRED);
	assert_int_equal(mem_load(m, 0x4000, 8, 0, &v), FAULT_NONE);
	/* the second page alone */
	map(m, 0x4000, 12, RWX3);
	map(m, 0x5000, 12, RWX3 | MA(7));
	assert_int_equal(spec_load(m, 0x4ffc, 0), MEM_DEFERRED);
	assert_int_equal(mem_load(m, 0x4ffc, 8, 0, &v), FAULT_NATPAGE);
	assert_int_equal(m->fault.ifa, 0x5000);
	/* a condition that is not deferred shows behind one that is */
	mmu_itc(m, true, REGION(5), ITIR(14), RWX3 | 0x4000 | ED);
	map(m, 0x4000, 14, RWX3 & ~(A | PL(3)));
	mmu_set_mode(m, VIRT | CPL(3), 0);
	assert_int_equal(spec_load(m, 0x4000, BIT(12)), FAULT_DATA_ACCESS_BIT);
	assert_int_equal(spec_load(m, 0x4000, BIT(12) | BIT(13)), MEM_DEFERRED);
	m->model = cpu_model_find("merced");
	assert_int_equal(spec_load(m, 1ull << 55, 0), MEM_DEFERRED);
}

/* --- save and load --- */

static void save_keeps_registers_and_pinned_translations(void **state)
{
	struct world *w = *state, *v = world_new();
	struct stream s = {0};
	w->m.pta = 0x12348000 | 20 << 2 | 1;
	mmu_set_dcr(&w->m, 0x7f00);
	mmu_write_pkr(&w->m, 4, KEY(3) | 1);
	mmu_write_debug(&w->m, true, 3, 0x1234);
	mmu_itr(&w->m, false, 7, REGION(2) | 0x1000000, ITIR(24), RWX3 | 0x1000000);
	mmu_itr(&w->m, true, 1, REGION(2) | 0x1000000, ITIR(22), RWX3 | 0x1000000);
	map(&w->m, 0x4000, 14, RWX3);
	mmu_save(&w->m, &s);
	map(&v->m, 0x8000, 14, RWX3);
	expect_load(&v->m, 0x8000, FAULT_NONE);
	mmu_load(&v->m, &s);
	assert_true(stream_ok(&s));
	mmu_set_mode(&v->m, VIRT, 0);
	assert_memory_equal(v->m.rr, w->m.rr, sizeof(v->m.rr));
	assert_int_equal(v->m.pta, w->m.pta);
	assert_int_equal(v->m.dcr, 0x7f00);
	assert_int_equal(v->m.pkr[4], KEY(3) | 1);
	assert_int_equal(v->m.ibr[3], 0x1234);
	expect_load(&v->m, REGION(2) | 0x1fffff8, FAULT_NONE);
	expect_fetch(&v->m, REGION(2) | 0x1000000, FAULT_NONE);
	expect_load(&v->m, 0x8000, FAULT_ALT_DTLB);
	stream_free(&s);
	world_free(v);
}

/* --- against a list --- */

struct naive {
	bool valid;
	gva_t va;
	unsigned ps;
	uint32_t rid;
	uint64_t pte;
};
#define NAIVE 4096

struct model {
	struct naive e[NAIVE];
	unsigned next;
};

static bool overlap(const struct naive *n, gva_t va, unsigned ps, uint32_t rid)
{
	unsigned shift = ps > n->ps ? ps : n->ps;
	return n->valid && n->rid == rid && n->va << 3 >> 3 >> shift == va << 3 >> 3 >> shift;
}

static void naive_purge(struct model *md, gva_t va, unsigned ps, uint32_t rid)
{
	for (unsigned i = 0; i < NAIVE; i++)
		if (overlap(&md->e[i], va, ps, rid))
			md->e[i].valid = false;
}

static const struct naive *naive_find(const struct model *md, gva_t va, uint32_t rid)
{
	for (unsigned i = 0; i < NAIVE; i++)
		if (overlap(&md->e[i], va, 0, rid))
			return &md->e[i];
	return NULL;
}

static gva_t random_va(void)
{
	return REGION(random() & 3) | ((uint64_t)random() & 0x3fffff8);
}

static enum fault naive_access(const struct naive *n, bool write, unsigned cpl)
{
	char cell[8];
	rights_cell(n->pte >> 9 & 7, n->pte >> 7 & 3, cpl, cell);
	if (!strchr(cell, write ? 'w' : 'r'))
		return FAULT_DATA_ACCESS_RIGHTS;
	if (write && !(n->pte & D))
		return FAULT_DIRTY_BIT;
	return n->pte & A ? FAULT_NONE : FAULT_DATA_ACCESS_BIT;
}

static void check_access(struct mmu *m, const struct model *md, unsigned cpl, unsigned *missed)
{
	gva_t va = random_va();
	const struct naive *n = naive_find(md, va, (uint32_t)(m->rr[va >> 61] >> 8));
	bool write = random() & 1;
	uint64_t v = 0;
	enum fault f = write ? mem_store(m, va, 8, 0, 0) : mem_load(m, va, 8, 0, &v);

	if (!n) {
		assert_int_equal(f, FAULT_ALT_DTLB);
	} else if (f == FAULT_ALT_DTLB) {
		(*missed)++;
	} else {
		assert_int_equal(f, naive_access(n, write, cpl));
		uint64_t off = va & (BIT(n->ps) - 1);
		uint64_t pa = ((n->pte & 0x3fffffffff000) >> n->ps << n->ps) + off;
		if (f)
			return;
		if (write)
			ram_write(m->ram, GPA(pa), &pa, 8);
		else
			assert_int_equal(v, pa);
	}
}

static void random_insert(struct mmu *m, struct model *md)
{
	static const uint8_t sizes[] = {12, 12, 12, 13, 14, 14, 14, 16, 18, 20, 22};
	gva_t va = random_va();
	unsigned ps = sizes[(unsigned long)random() % countof(sizes)];
	uint64_t pte = P | ((uint64_t)random() & (A | D | PL(3) | AR(7))) |
		       ((uint64_t)random() & 0x1fff000);
	uint32_t rid = (uint32_t)(m->rr[va >> 61] >> 8);
	if (random() & 3)
		pte |= A | D;
	naive_purge(md, va, ps, rid);
	md->e[md->next++ % NAIVE] = (struct naive){true, va & ~(BIT(ps) - 1), ps, rid, pte};
	mmu_itc(m, false, va, ITIR(ps), pte);
}

static void a_random_walk_agrees_with_a_list(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	struct model *md = calloc(1, sizeof(*md));
	unsigned cpl = 0, missed = 0, accesses = 0;

	srandom(7);
	for (uint64_t pa = 0; pa < RAM_SIZE; pa += 8)
		ram_write(m->ram, GPA(pa), &pa, 8);
	for (unsigned n = 0; n < 300000; n++) {
		unsigned op = (unsigned)random() % 100;
		gva_t va = random_va();
		unsigned ps = 12 + (unsigned)random() % 12;
		if (op < 12) {
			random_insert(m, md);
		} else if (op < 14) {
			uint32_t rid = (uint32_t)(m->rr[va >> 61] >> 8);
			mmu_purge_tc(m, va, ps, rid);
			naive_purge(md, va, ps, rid);
		} else if (op < 17) {
			set_rr(m, (unsigned)random() & 3, 0x40 + ((unsigned)random() & 3), 14, 0);
		} else if (op < 19) {
			cpl = (unsigned)random() & 3;
			mmu_set_mode(m, VIRT | CPL(cpl), 0);
		} else if (op == 20 && random() % 500 == 0) {
			mmu_purge_all_tc(m);
			memset(md->e, 0, sizeof(md->e));
		} else {
			check_access(m, md, cpl, &missed);
			accesses++;
		}
	}
	/* evictions are allowed but must be rare at this fill */
	assert_true(missed < accesses / 50);
	free(md);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_miss_without_the_walker_is_an_alternate_fault),
		TEST(an_rse_access_uses_psr_rt_and_rsc_pl),
		TEST(unimplemented_addresses_fault),
		TEST(faults_come_in_order_of_priority),
		TEST(instruction_faults_come_in_order_of_priority),
		TEST(psr_da_lets_accesses_pass_but_not_the_next),
		TEST(access_rights_are_the_manuals_table),
		TEST(keys_guard_reads_and_writes_apart),
		TEST(every_page_size_translates_and_is_purged),
		TEST(an_insertion_replaces_what_overlaps),
		TEST(an_evicted_translation_leaves_no_trace),
		TEST(region_id_0_is_like_any_other),
		TEST(purges_reach_every_region_set),
		TEST(translation_registers_outlive_tc_purges),
		TEST(reserved_translations_are_refused),
		TEST(the_short_vhpt_is_walked),
		TEST(the_walker_gives_up_on_bad_table_pages),
		TEST(the_walker_reads_in_the_byte_order_of_dcr),
		TEST(the_long_vhpt_is_walked),
		TEST(long_format_tags_are_unique),
		TEST(tpa_tak_and_probe_answer),
		TEST(probe_fails_on_keys_and_faults_on_their_absence),
		TEST(fc_checks_rights_below_level_0_and_never_keys),
		TEST(data_breakpoints_obey_mask_level_and_kind),
		TEST(instruction_breakpoints_match_bundles),
		TEST(a_speculative_load_defers_what_dcr_says),
		TEST(some_conditions_always_defer),
		TEST(save_keeps_registers_and_pinned_translations),
		TEST(a_random_walk_agrees_with_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
