/* SPDX-License-Identifier: MIT */
/*
 * Translation of paravirtual guests: the shared pages, guest physical mode, insertions, the order
 * of look-ups, the guest's VHPT, the identity map, purges, frames that are not there. Expected
 * results are those of the guest ABI, sections 1.5-1.7, 5.1, 5.7 and 8.
 */
#include "pv.h"

#define DATA  0x2000000000100000ull /* region 1 */
#define FRAME 0x200000ull
#define ALL   (PTE_P | PTE_A | PTE_D)
#define RW    (1ull << 7 | 2 << 9)
#define RWX   (1ull << 7 | 3 << 9)

static void put(struct pv *p, gpa_t a, uint64_t v)
{
	assert_int_equal(ram_write(&p->g.m.ram, a, &v, 8), 0);
}

static uint64_t peek(struct pv *p, gpa_t a)
{
	uint64_t v = 0;
	assert_int_equal(ram_read(&p->g.m.ram, a, &v, 8), 0);
	return v;
}

static unsigned load_at(struct pv *p, unsigned cpl, gva_t va)
{
	p->cpu->gr[3] = va;
	p->cpu->gr[14] = 0xdead;
	page_set(p->v, PAGE_BANKNUM, 1);
	return pv_one(p, cpl, IN_M, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3});
}

static uint64_t load(struct pv *p, gva_t va)
{
	assert_int_equal(load_at(p, 1, va), GUEST_DONE);
	return p->cpu->gr[14];
}

static unsigned store(struct pv *p, gva_t va, uint64_t v)
{
	p->cpu->gr[3] = va;
	p->cpu->gr[4] = v;
	page_set(p->v, PAGE_BANKNUM, 1);
	return PV_M(p, .op = OP_st8, .r3 = 3, .r2 = 4);
}

static unsigned insert_at(struct pv *p, unsigned op, gva_t va, uint64_t itir, uint64_t pte)
{
	page_set(p->v, PAGE_IFA, va);
	page_set(p->v, PAGE_ITIR, itir);
	page_set(p->v, PAGE_BANKNUM, 1);
	p->cpu->gr[2] = pte;
	p->cpu->gr[3] = 1;
	return PV_M(p, .op = (uint16_t)op, .r2 = 2, .r3 = 3);
}

/* Runs a marker's break 0x77 at va; the vector that came. */
static unsigned run_at(struct pv *p, gva_t va, unsigned cpl)
{
	pv_at(p, va, cpl);
	page_set(p->v, PAGE_BANKNUM, 1);
	return pv_run(p);
}

static void put_code(struct pv *p, uint64_t gpa)
{
	p->g.at = gpa;
	guest_m(&p->g, .op = OP_break_m, .imm = 0x77);
}

/* --- shared pages --- */

static void the_kernel_sees_both_pages_whatever_rr7_says(void **state)
{
	struct pv *p = *state;

	for (uint64_t rid = 0; rid < 3; rid++) {
		assert_int_equal(pv_set_rr(p->v, XSI, rid << 8 | 24 << 2), PV_OK);
		page_set(p->v, PAGE_IIM, 0x1234 + rid);
		assert_int_equal(load(p, XSI_REGS + 0x8c0), 0x1234 + rid);
		p->hv.shared_info[0x1008] = (uint8_t)(5 + rid);
		assert_int_equal(load(p, XSI + 0x1008), 5 + rid);
		assert_int_equal(store(p, XSI_REGS + 0x8b8, 99 + rid), GUEST_DONE);
		assert_int_equal(page_get(p->v, PAGE_IFS), 99 + rid);
		assert_int_equal(store(p, XSI + 0xc00, rid), GUEST_DONE);
		assert_int_equal(p->hv.shared_info[0xc00], rid);
	}
	assert_int_equal(load_at(p, 1, XSI_REGS + 0x1000), 0x1000);
	assert_int_equal(load_at(p, 1, XSI - 8), 0x1000);
	assert_int_equal(run_at(p, XSI + 0x100, 1), 0x0c00); /* data only */
}

static void users_do_not_see_them(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 3);
	pv_set_metaphysical(p->v, false);
	assert_int_equal(load_at(p, 3, XSI), 0x5300);
	assert_int_equal(load_at(p, 3, XSI_REGS), 0x5300);
}

static void they_are_at_their_physical_addresses_too(void **state)
{
	struct pv *p = *state;

	page_set(p->v, PAGE_IIM, 0x4321);
	assert_int_equal(load(p, 0x10000004000ull + 0x8c0), 0x4321);
	p->hv.shared_info[0x1008] = 9;
	assert_int_equal(load(p, 0x10000001008ull), 9);
}

static void translation_registers_do_not_cover_them(void **state)
{
	struct pv *p = *state;

	assert_int_equal(
		insert_at(p, OP_itr_d, 0xfffffffff0000000ull, 28 << 2, ALL | RW), GUEST_DONE);
	page_set(p->v, PAGE_IIM, 0x77);
	assert_int_equal(load(p, XSI_REGS + 0x8c0), 0x77);
}

static void set_shared_info_va_takes_region_7_only(void **state)
{
	struct pv *p = *state;
	static const gva_t bad[] = {0, 0xdffffffffff00000ull, XSI + 0x1000, XSI + 0x8000,
		0xf000000000000000ull, 0xf500000000000000ull, 0xf7fffffffffe0000ull,
		0xf7ffffffffff0000ull};

	cpu_enter(p->cpu);
	for (unsigned n = 0; n < countof(bad); n++)
		assert_false(hv_set_shared_info_va(&p->hv, p->cpu, bad[n]));
	assert_int_equal(p->hv.xsi, XSI);
	assert_true(hv_set_shared_info_va(&p->hv, p->cpu, 0xf800000000000000ull));
	cpu_leave(p->cpu);
	assert_true(page_get(p->v, PAGE_MASK_ADDR) == 0xf800000000000001ull);
	page_set(p->v, PAGE_IIM, 0x88);
	assert_int_equal(load(p, 0xf8000000000048c0ull), 0x88);
	assert_int_equal(load_at(p, 1, XSI), 0x1000);
}

static void the_first_address_is_the_hypervisors(void **state)
{
	struct pv *p = *state;

	hv_reset(&p->hv);
	pv_start(p);
	page_set(p->v, PAGE_IIM, 0x99);
	assert_int_equal(load(p, 0xf5000000000048c0ull), 0x99);
	assert_true(page_get(p->v, PAGE_MASK_ADDR) == 0xf500000000000001ull);
}

/* --- physical mode --- */

static void physical_mode_is_region_0_for_the_kernel(void **state)
{
	struct pv *p = *state;

	put(p, GPA(FRAME), 42);
	assert_int_equal(load(p, FRAME), 42);
	assert_int_equal(store(p, FRAME + 8, 43), GUEST_DONE);
	assert_int_equal(peek(p, GPA(FRAME + 8)), 43);
	assert_int_equal(load_at(p, 1, DATA), 0x1000);
	assert_int_equal(load_at(p, 1, 4ull << 61 | FRAME), 0x1000);
	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, FRAME | ALL | RW), GUEST_DONE);
	assert_int_equal(load(p, DATA), 42);
}

static void region_0_is_translated_in_virtual_mode(void **state)
{
	struct pv *p = *state;

	put(p, GPA(FRAME), 42);
	assert_int_equal(insert_at(p, OP_itc_d, 0x8000000, 14 << 2, FRAME | ALL | RW), GUEST_DONE);
	assert_int_equal(load(p, 0x8000000), peek(p, GPA(0)));
	pv_map_region0(p, 1);
	pv_set_metaphysical(p->v, false);
	assert_int_equal(load(p, 0x8000000), 42);
	assert_int_equal(load_at(p, 1, 0x8004000), 0x1000);
}

/* --- insertions --- */

static void privilege_is_raised_to_level_1(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 3);
	pv_set_metaphysical(p->v, false);
	for (uint64_t pl = 0; pl < 4; pl++) {
		uint64_t pte = FRAME | ALL | pl << 7 | 2 << 9;
		assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, pte), GUEST_DONE);
		assert_int_equal(load_at(p, 1, DATA), GUEST_DONE);
		assert_int_equal(load_at(p, 3, DATA), pl == 3 ? GUEST_DONE : 0x5300);
	}
}

static void high_and_reserved_bits_are_dropped(void **state)
{
	struct pv *p = *state;

	put(p, GPA(FRAME), 42);
	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2 | 3ull << 32 | 3,
				 FRAME | ALL | RW | 0x7ffull << 53 | 3ull << 50 | 2),
		GUEST_DONE);
	assert_int_equal(load(p, DATA), 42);
}

static void attributes(void **state)
{
	struct pv *p = *state;

	put(p, GPA(FRAME), 42);
	for (uint64_t ma = 0; ma < 8; ma++) {
		uint64_t pte = FRAME | ALL | RW | ma << 2;
		if (ma >= 1 && ma <= 3) {
			assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, pte), PV_CRASH);
			continue;
		}
		assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, pte), GUEST_DONE);
		assert_int_equal(load_at(p, 1, DATA), ma == 7 ? 0x5600 : GUEST_DONE);
	}
}

static void page_sizes(void **state)
{
	struct pv *p = *state;
	static const unsigned legal[] = {12, 13, 14, 16, 18, 20, 22, 24, 26, 28};

	put(p, GPA(FRAME), 42);
	for (unsigned n = 0; n < countof(legal); n++)
		assert_int_equal(
			insert_at(p, OP_itc_d, 1ull << 61, legal[n] << 2, ALL | RW), GUEST_DONE);
	assert_int_equal(load(p, 1ull << 61 | FRAME), 42);
	assert_int_equal(insert_at(p, OP_itc_d, DATA, 11 << 2, ALL | RW), 0x5400);
	assert_int_equal(page_get(p->v, PAGE_ISR), 0x30);
	assert_int_equal(insert_at(p, OP_itr_d, DATA, 63 << 2, ALL | RW), 0x5400);
}

static void translation_registers_have_12_slots(void **state)
{
	struct pv *p = *state;

	page_set(p->v, PAGE_IFA, DATA);
	page_set(p->v, PAGE_ITIR, 14 << 2);
	p->cpu->gr[2] = FRAME | ALL | RWX;
	for (unsigned slot = 0; slot < 14; slot++) {
		p->cpu->gr[3] = slot;
		page_set(p->v, PAGE_BANKNUM, 1);
		assert_int_equal(
			PV_M(p, .op = OP_itr_d, .r3 = 3, .r2 = 2), slot < 12 ? GUEST_DONE : 0x5400);
		page_set(p->v, PAGE_IFA, DATA);
		page_set(p->v, PAGE_BANKNUM, 1);
		assert_int_equal(
			PV_M(p, .op = OP_itr_i, .r3 = 3, .r2 = 2), slot < 12 ? GUEST_DONE : 0x5400);
	}
}

static void insertions_at_the_hypervisors_addresses_crash(void **state)
{
	static const struct {
		gva_t va;
		unsigned ps, ok;
	} row[] = {{0xf000000000000000ull, 14, 0}, {0xf7ffffffffffc000ull, 14, 0},
		{0xf800000000000000ull, 14, 1}, {0xefffffffffffc000ull, 14, 1}, {XSI, 14, 0},
		{XSI + 0x4000, 12, 0}, {XSI + 0x5000, 12, 1}, {XSI - 0x4000, 14, 1},
		{0xffffffffff000000ull, 24, 0}, {0xdffffffffff00000ull, 14, 1}};
	struct pv *p = *state;

	for (unsigned n = 0; n < countof(row); n++) {
		unsigned want = row[n].ok ? GUEST_DONE : PV_CRASH;
		uint64_t itir = row[n].ps << 2;
		assert_int_equal(insert_at(p, OP_itc_d, row[n].va, itir, ALL | RW), want);
		assert_int_equal(insert_at(p, OP_itc_i, row[n].va, itir, ALL | RWX), want);
		static const uint16_t op[] = {OP_ptc_l, OP_ptc_ga, OP_ptr_d, OP_ptr_i};
		for (unsigned k = 0; k < countof(op); k++) {
			p->cpu->gr[3] = row[n].va;
			p->cpu->gr[2] = itir;
			assert_int_equal(PV_M(p, .op = op[k], .r3 = 3, .r2 = 2), want);
		}
		p->cpu->gr[8] = row[n].va;
		p->cpu->gr[9] = itir;
		assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 0x0e), want);
	}
}

/* --- order of look-ups --- */

static void data_is_found_in_instruction_registers(void **state)
{
	struct pv *p = *state;

	put(p, GPA(FRAME), 42);
	assert_int_equal(insert_at(p, OP_itr_i, DATA, 14 << 2, FRAME | ALL | RWX), GUEST_DONE);
	assert_int_equal(load(p, DATA), 42);
	assert_int_equal(
		insert_at(p, OP_itc_i, DATA + 0x4000, 14 << 2, FRAME | ALL | RWX), GUEST_DONE);
	assert_int_equal(load_at(p, 1, DATA + 0x4000), 0x1000); /* not in the cache */
	p->cpu->gr[3] = DATA;
	p->cpu->gr[2] = 14 << 2;
	assert_int_equal(PV_M(p, .op = OP_ptr_i, .r3 = 3, .r2 = 2), GUEST_DONE);
	assert_int_equal(load_at(p, 1, DATA), 0x1000);
}

static void the_latest_data_insertion_serves_fetches(void **state)
{
	struct pv *p = *state;

	put_code(p, FRAME);
	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, FRAME | ALL | RWX), GUEST_DONE);
	assert_int_equal(run_at(p, DATA, 1), 0x2c00);
	assert_int_equal(page_get(p->v, PAGE_IIM), 0x77);
	p->cpu->gr[3] = DATA;
	p->cpu->gr[2] = 14 << 2;
	assert_int_equal(PV_M(p, .op = OP_ptc_l, .r3 = 3, .r2 = 2), GUEST_DONE);
	assert_int_equal(run_at(p, DATA, 1), 0x0c00);
	/* one only */
	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, FRAME | ALL | RWX), GUEST_DONE);
	assert_int_equal(insert_at(p, OP_itc_d, DATA + 0x4000, 14 << 2, ALL | RWX), GUEST_DONE);
	assert_int_equal(run_at(p, DATA, 1), 0x0c00);
}

#define PTA_BASE 0x1ffffffffff00000ull
#define TABLE	 0x300000ull

/* A table of 32 KB for region 1 at frame TABLE, mapped by a translation register. */
static void set_table(struct pv *p)
{
	assert_int_equal(pv_set_rr(p->v, DATA, 0x50 << 8 | 14 << 2 | 1), PV_OK);
	page_set(p->v, PAGE_PTA, PTA_BASE | 15 << 2 | 1);
	page_set(p->v, PAGE_IFA, 1ull << 61 | PTA_BASE);
	page_set(p->v, PAGE_ITIR, 16 << 2);
	assert_int_equal(pv_itr(p->v, false, 5, TABLE | ALL | RW), PV_OK);
}

static void the_guests_vhpt_is_walked(void **state)
{
	struct pv *p = *state;
	gpa_t entry = GPA(TABLE + (0x100000 >> 14 << 3));

	set_table(p);
	put(p, GPA(FRAME), 42);
	put_code(p, FRAME + 0x100);
	assert_int_equal(load_at(p, 1, DATA), 0x0800); /* p = 0 */
	assert_int_equal(run_at(p, DATA + 0x100, 1), 0x0400);
	put(p, entry, FRAME | ALL | RWX);
	assert_int_equal(load(p, DATA), 42);
	assert_int_equal(run_at(p, DATA + 0x100, 1), 0x2c00);
	/* kept until purged */
	put(p, entry, 0);
	assert_int_equal(load(p, DATA), 42);
	p->cpu->gr[3] = DATA;
	p->cpu->gr[2] = 14 << 2;
	assert_int_equal(PV_M(p, .op = OP_ptc_ga, .r3 = 3, .r2 = 2), GUEST_DONE);
	assert_int_equal(load_at(p, 1, DATA), 0x0800);
	/* big-endian tables */
	put(p, entry, __builtin_bswap64(FRAME | ALL | RWX));
	page_set(p->v, PAGE_DCR, 2);
	assert_int_equal(load(p, DATA), 42);
	page_set(p->v, PAGE_DCR, 0);
	/* attributes that no page may have end the domain */
	mmu_purge_all_tc(&p->cpu->mmu);
	put(p, entry, FRAME | ALL | RWX | 1 << 2);
	assert_int_equal(load_at(p, 1, DATA), PV_CRASH);
}

static void the_table_must_be_mapped_and_readable(void **state)
{
	struct pv *p = *state;

	set_table(p);
	put(p, GPA(TABLE + (0x100000 >> 14 << 3)), FRAME | ALL | RW);
	assert_int_equal(load(p, DATA), 0);
	mmu_purge_all_tc(&p->cpu->mmu);
	page_set(p->v, PAGE_IFA, 1ull << 61 | PTA_BASE);
	page_set(p->v, PAGE_ITIR, 16 << 2);
	assert_int_equal(pv_itr(p->v, false, 5, (TABLE | ALL | RW) & ~PTE_A), PV_OK);
	assert_int_equal(load_at(p, 1, DATA), 0x0000);
	assert_int_equal(pv_ptr(p->v, false, 1ull << 61 | PTA_BASE, 16), PV_OK);
	assert_int_equal(load_at(p, 1, DATA), 0x0000);
	assert_true(page_get(p->v, PAGE_IHA) == (1ull << 61 | PTA_BASE) + (0x100000 >> 14 << 3));
}

static void region_7_identity_map(void **state)
{
	struct pv *p = *state;
	gva_t va = 7ull << 61 | FRAME;

	put(p, GPA(FRAME), 42);
	put_code(p, FRAME + 0x100);
	assert_int_equal(pv_set_rr(p->v, va, 7 << 8 | 24 << 2), PV_OK);
	assert_int_equal(load_at(p, 1, va), 0x1000);
	p->hv.identity.pgprot = ALL | RWX;
	p->hv.identity.key = 0x234;
	p->hv.identity.on = true;
	assert_int_equal(load(p, va), 42);
	assert_int_equal(run_at(p, va + 0x100, 1), 0x2c00);
	p->cpu->gr[3] = va;
	assert_int_equal(PV_M(p, .op = OP_tak, .r1 = 14, .r3 = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr[14], 0x234 << 8);
	assert_int_equal(load_at(p, 1, DATA), 0x1000); /* other regions */
	mmu_purge_all_tc(&p->cpu->mmu);
	pv_map_region0(p, 3);
	pv_set_metaphysical(p->v, false);
	assert_int_equal(load_at(p, 3, va), 0x1000); /* users */
	/* with ve in both places the table is walked instead */
	assert_int_equal(pv_set_rr(p->v, va, 7 << 8 | 24 << 2 | 1), PV_OK);
	page_set(p->v, PAGE_PTA, PTA_BASE | 15 << 2 | 1);
	assert_int_equal(load_at(p, 1, va), 0x0000);
}

/* --- purges --- */

static void purges(void **state)
{
	struct pv *p = *state;
	static const uint16_t op[] = {OP_ptc_l, OP_ptc_ga, OP_ptc_e};

	for (unsigned n = 0; n < countof(op); n++) {
		assert_int_equal(
			insert_at(p, OP_itc_d, DATA, 14 << 2, FRAME | ALL | RW), GUEST_DONE);
		assert_int_equal(load_at(p, 1, DATA), GUEST_DONE);
		p->cpu->gr[3] = op[n] == OP_ptc_e ? 0 : DATA;
		p->cpu->gr[2] = 14 << 2;
		assert_int_equal(PV_M(p, .op = op[n], .r3 = 3, .r2 = 2), GUEST_DONE);
		assert_int_equal(load_at(p, 1, DATA), 0x1000);
	}
	assert_int_equal(insert_at(p, OP_itr_d, DATA, 14 << 2, FRAME | ALL | RW), GUEST_DONE);
	p->cpu->gr[3] = DATA;
	assert_int_equal(PV_M(p, .op = OP_ptc_l, .r3 = 3, .r2 = 2), GUEST_DONE);
	assert_int_equal(load_at(p, 1, DATA), GUEST_DONE);
	p->cpu->gr[3] = DATA;
	assert_int_equal(PV_M(p, .op = OP_ptr_d, .r3 = 3, .r2 = 2), GUEST_DONE);
	assert_int_equal(load_at(p, 1, DATA), 0x1000);
	assert_int_equal(PV_M(p, .op = OP_ptc_g, .r3 = 3, .r2 = 2), 0x5400);
	assert_int_equal(page_get(p->v, PAGE_ISR), 0);
}

/* --- questions --- */

static void tpa_gives_guest_physical_addresses(void **state)
{
	struct pv *p = *state;

	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, FRAME | ALL | RW), GUEST_DONE);
	p->cpu->gr[3] = DATA + 0x123;
	assert_int_equal(PV_M(p, .op = OP_tpa, .r1 = 14, .r3 = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr[14], FRAME + 0x123);
	p->cpu->gr[3] = 0x1234567; /* physical mode */
	assert_int_equal(PV_M(p, .op = OP_tpa, .r1 = 14, .r3 = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr[14], 0x1234567);
	for (unsigned ve = 0; ve < 2; ve++) {
		p->cpu->gr[3] = DATA + 0x4000;
		page_set(p->v, PAGE_BANKNUM, 1);
		page_set(p->v, PAGE_PTA, PTA_BASE | 15 << 2 | 1);
		assert_int_equal(pv_set_rr(p->v, DATA, 14 << 2 | ve), PV_OK);
		assert_int_equal(PV_M(p, .op = OP_tpa, .r1 = 14, .r3 = 3), ve ? 0x0800 : 0x1000);
		assert_int_equal(page_get(p->v, PAGE_IFA), DATA + 0x4000);
		assert_int_equal(page_get(p->v, PAGE_ITIR), 14 << 2);
		assert_true(page_get(p->v, PAGE_IHA) == pv_thash(p->v, DATA + 0x4000));
	}
	p->cpu->gr[3] = DATA + 0x4000;
	assert_int_equal(PV_M(p, .op = OP_tak, .r1 = 14, .r3 = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr[14], 1);
}

static void probe_knows_the_real_levels(void **state)
{
	struct pv *p = *state;

	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, FRAME | ALL | 2 << 9), GUEST_DONE);
	p->cpu->gr[3] = DATA;
	assert_int_equal(PV_M(p, .op = OP_probe_w_imm, .r1 = 14, .r3 = 3, .imm = 0), GUEST_DONE);
	assert_int_equal(p->cpu->gr[14], 1);
	assert_int_equal(PV_M(p, .op = OP_probe_r_imm, .r1 = 14, .r3 = 3, .imm = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr[14], 0);
}

/* --- epc --- */

static void epc_reaches_level_1_and_no_further(void **state)
{
	struct pv *p = *state;

	for (uint64_t pl = 0; pl < 3; pl++) {
		pv_map_region0(p, 3);
		pv_set_metaphysical(p->v, false);
		page_set(p->v, PAGE_IFA, DATA);
		page_set(p->v, PAGE_ITIR, 14 << 2);
		assert_int_equal(pv_itc(p->v, true, FRAME | ALL | pl << 7 | 7 << 9), PV_OK);
		p->g.at = FRAME;
		guest_b(&p->g, .op = OP_epc);
		guest_m(&p->g, .op = OP_break_m, .imm = 0x77);
		p->cpu->ar[AR_PFS] = 3ull << 62;
		assert_int_equal(run_at(p, DATA, 3), 0x2c00);
		uint64_t cpl = bits(page_get(p->v, PAGE_IPSR), PSR_CPL_BIT, 2);
		assert_int_equal(cpl, pl <= 1 ? 0 : 2);
	}
}

/* --- frames --- */

static void frames_that_are_not_there_are_a_scratch_page(void **state)
{
	struct pv *p = *state;
	uint64_t beyond = GUEST_RAM + 0x40000;

	assert_int_equal(load(p, beyond), 0);
	assert_int_equal(store(p, beyond + 8, 77), GUEST_DONE);
	assert_int_equal(load(p, beyond + 0x100008), 77); /* all are the same page */
	assert_int_equal(insert_at(p, OP_itc_d, DATA, 14 << 2, 1ull << 45 | ALL | RW), GUEST_DONE);
	assert_int_equal(load(p, DATA + 8), 77);
	assert_int_equal(store(p, 0x3ffffffff0000ull, 78), GUEST_DONE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)
	const struct CMUnitTest tests[] = {
		T(the_kernel_sees_both_pages_whatever_rr7_says),
		T(users_do_not_see_them),
		T(they_are_at_their_physical_addresses_too),
		T(translation_registers_do_not_cover_them),
		T(set_shared_info_va_takes_region_7_only),
		T(the_first_address_is_the_hypervisors),
		T(physical_mode_is_region_0_for_the_kernel),
		T(region_0_is_translated_in_virtual_mode),
		T(privilege_is_raised_to_level_1),
		T(high_and_reserved_bits_are_dropped),
		T(attributes),
		T(page_sizes),
		T(translation_registers_have_12_slots),
		T(insertions_at_the_hypervisors_addresses_crash),
		T(data_is_found_in_instruction_registers),
		T(the_latest_data_insertion_serves_fetches),
		T(the_guests_vhpt_is_walked),
		T(the_table_must_be_mapped_and_readable),
		T(region_7_identity_map),
		T(purges),
		T(tpa_gives_guest_physical_addresses),
		T(probe_knows_the_real_levels),
		T(epc_reaches_level_1_and_no_further),
		T(frames_that_are_not_there_are_a_scratch_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
