/* SPDX-License-Identifier: MIT */
/* The MMU by behaviour: every fault it can raise, rights, keys, breakpoints, speculation. */
#include "mmu_world.h"

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

/* The regular form searches the DTLB even with psr.dt 0, the fault form takes a physical address
 * then; and where there is no address, one answers no and the other faults (3:217). */
static void the_forms_of_probe_differ_without_translation(void **state)
{
	struct mmu *m = &((struct world *)*state)->m;
	uint64_t na = ISR_BIT(NA) | ISR_BIT(R);
	bool ok = true;

	m->model = cpu_model_find("merced");
	mmu_itc(m, false, 0x4000, ITIR(14), P | AR(0) | PL(0));
	assert_int_equal(mmu_probe(m, 1ull << 55, ACC_READ, 0, &ok), FAULT_NONE);
	assert_false(ok);
	expect_fault(m, mmu_probe_fault(m, 1ull << 55, ACC_READ, 0), FAULT_UNIMPL_DATA_ADDR,
		1ull << 55, na | 5);
	mmu_set_mode(m, PSR_IC, 0);
	assert_int_equal(mmu_probe(m, 0x4000, ACC_READ, 0, &ok), FAULT_NONE);
	assert_true(ok);
	assert_int_equal(mmu_probe(m, 0x4000, ACC_READ, 3, &ok), FAULT_NONE);
	assert_false(ok);
	expect_fault(m, mmu_probe(m, 0x8000, ACC_READ, 0, &ok), FAULT_ALT_DTLB, 0x8000, na | 2);
	assert_int_equal(mmu_probe_fault(m, 0x4000, ACC_WRITE, 3), FAULT_NONE);
	assert_int_equal(mmu_probe_fault(m, 0x8000, ACC_SEM, 0), FAULT_NONE);
	expect_fault(m, mmu_probe_fault(m, 1ull << 50, ACC_READ, 0), FAULT_UNIMPL_DATA_ADDR,
		1ull << 50, na | 5);
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
		TEST(tpa_tak_and_probe_answer),
		TEST(the_forms_of_probe_differ_without_translation),
		TEST(probe_fails_on_keys_and_faults_on_their_absence),
		TEST(fc_checks_rights_below_level_0_and_never_keys),
		TEST(data_breakpoints_obey_mask_level_and_kind),
		TEST(instruction_breakpoints_match_bundles),
		TEST(a_speculative_load_defers_what_dcr_says),
		TEST(some_conditions_always_defer),
		TEST(save_keeps_registers_and_pinned_translations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
