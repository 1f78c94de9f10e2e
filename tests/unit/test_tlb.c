/* SPDX-License-Identifier: MIT */
/*
 * Translations: page sizes, overlap, purges, the VHPT, and a random walk of insertions, purges and
 * region changes against a list searched from end to end.
 */
#include "mmu_world.h"

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

/* How many of 4096 pages that were inserted one after the other are still there. */
static unsigned kept(struct mmu *m)
{
	unsigned n = 0;
	gpa_t pa;
	bool uc;
	for (unsigned i = 0; i < 4096; i++)
		map(m, REGION(4) | (uint64_t)i << 14, 14, RWX3 | (uint64_t)i << 14);
	for (unsigned i = 0; i < 4096; i++)
		n += mmu_translate(m, REGION(4) | (uint64_t)i << 14, 8, ACC_READ, &pa, &uc) == 0 &&
		     pa.v == (uint64_t)i << 14;
	return n;
}

static void a_larger_cache_keeps_more(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	assert_int_equal(kept(m), 2048);
	assert_int_equal(mmu_make_cache(m, 1024), 0);
	assert_int_equal(kept(m), 1024);
	assert_int_equal(mmu_make_cache(m, 8192), 0);
	assert_int_equal(kept(m), 4096);
	mmu_purge_tc(m, REGION(4), 30, 0x104);
	expect_load(m, REGION(4), FAULT_ALT_DTLB);
	expect_load(m, REGION(4) | 4095 << 14, FAULT_ALT_DTLB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_page_size_translates_and_is_purged),
		TEST(an_insertion_replaces_what_overlaps),
		TEST(an_evicted_translation_leaves_no_trace),
		TEST(a_larger_cache_keeps_more),
		TEST(region_id_0_is_like_any_other),
		TEST(purges_reach_every_region_set),
		TEST(translation_registers_outlive_tc_purges),
		TEST(reserved_translations_are_refused),
		TEST(the_short_vhpt_is_walked),
		TEST(the_walker_gives_up_on_bad_table_pages),
		TEST(the_walker_reads_in_the_byte_order_of_dcr),
		TEST(the_long_vhpt_is_walked),
		TEST(long_format_tags_are_unique),
		TEST(a_random_walk_agrees_with_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
