/* SPDX-License-Identifier: MIT */
/*
 * Interruptions of a paravirtual guest: what each vector leaves in the shared page and in the real
 * PSR, events at each point where they are delivered, what crashes the domain. Expected results
 * are those of the guest ABI, sections 5.4, 5.5, 5.8 and 7.
 */
#include "pv.h"

#define VIRTUAL (PSR(DT) | PSR(RT) | PSR(IT))
#define STALE	0x5a5a5a5a5a5a5a5aull
#define DATA	0x2000000000100000ull /* region 1 */
#define RR1	(0x77ull << 8 | 14 << 2)

static uint64_t get(struct pv *p, enum page_field f)
{
	return page_get(p->v, f);
}

/* Every field that a vector may write holds something else before. */
static void make_stale(struct pv *p)
{
	static const enum page_field f[] = {PAGE_IPSR, PAGE_ISR, PAGE_IIP, PAGE_IFA, PAGE_ITIR,
		PAGE_IFS, PAGE_IIM, PAGE_IHA, PAGE_IIPA, PAGE_UNAT, PAGE_PRECOVER_IFS};

	for (unsigned n = 0; n < countof(f); n++)
		page_set(p->v, f[n], STALE);
	for (unsigned n = 0; n < 16; n++) {
		p->cpu->gr[16 + n] = 0x100 + n;
		page_set_at(p->v, PAGE_BANK0, n, 0x200 + n);
	}
	page_set(p->v, PAGE_BANKNUM, 1);
	p->cpu->ar[AR_UNAT] = 0x1234;
	pv_set_rr(p->v, DATA, RR1);
}

/* State common to all deliveries (5.4), of an instruction in physical mode with psr.i on. */
static void check_common(struct pv *p, uint64_t ipsr, uint64_t cfm)
{
	assert_int_equal(get(p, PAGE_UNAT), 0x1234);
	assert_true(get(p, PAGE_PRECOVER_IFS) == (1ull << 63 | cfm));
	assert_int_equal(cpu_cfm(p->cpu), cfm);
	assert_true(get(p, PAGE_IPSR) == ipsr);
	assert_int_equal(get(p, PAGE_IFS), 0);
	assert_true(get(p, PAGE_IIPA) == STALE);
	assert_int_equal(get(p, PAGE_BANKNUM), 0);
	for (unsigned n = 0; n < 16; n++) {
		assert_int_equal(p->cpu->gr[16 + n], 0x200 + n);
		assert_int_equal(page_get_at(p->v, PAGE_BANK1, n), 0x100 + n);
	}
	assert_int_equal(get(p, PAGE_IC), 0);
	assert_true(shared_masked(p->v));
	assert_int_equal(get(p, PAGE_DFH), 0);
	assert_int_equal(p->cpu->cpl, 1);
}

enum { IFA = 1, IHA = 2, IIM = 4 };

static void check_extra(struct pv *p, unsigned set, gva_t ifa, uint64_t iim)
{
	uint64_t rr = page_get_at(p->v, PAGE_RRS, ifa >> 61);

	assert_true(get(p, PAGE_IFA) == (set & IFA ? ifa : STALE));
	assert_true(get(p, PAGE_ITIR) == (set & IFA ? rr & 0xfffffffc : STALE));
	assert_true(get(p, PAGE_IHA) == (set & IHA ? pv_thash(p->v, ifa) : STALE));
	assert_true(get(p, PAGE_IIM) == (set & IIM ? iim : STALE));
}

static void map_data(struct pv *p, uint64_t pte)
{
	page_set(p->v, PAGE_IFA, DATA);
	page_set(p->v, PAGE_ITIR, 14 << 2 | 0x99 << 8);
	assert_int_equal(pv_itc(p->v, false, 0x200000 | pte), PV_OK);
}

/* An 8-byte load from or store to DATA + 8 by the kernel, interrupts on. */
static unsigned access_data(struct pv *p, bool store, uint64_t pte)
{
	make_stale(p);
	if (pte)
		map_data(p, pte);
	make_stale(p);
	shared_set_mask(p->v, 0);
	p->cpu->gr[3] = DATA + 8;
	return store ? PV_M(p, .op = OP_st8, .r3 = 3, .r2 = 4)
		     : PV_M(p, .op = OP_ld8, .r1 = 14, .r3 = 3);
}

#define KERNEL_IPSR (PSR(IC) | PSR(I) | PSR(DI) | PSR(BN))

static void data_fault(struct pv *p, bool store, uint64_t pte, unsigned vector, unsigned set)
{
	assert_int_equal(access_data(p, store, pte), vector);
	check_common(p, KERNEL_IPSR, 0);
	check_extra(p, set, DATA + 8, 0);
	assert_int_equal(get(p, PAGE_IIP), GUEST_CODE);
	assert_true(get(p, PAGE_ISR) == (store ? ISR_BIT(W) : ISR_BIT(R)));
	mmu_purge_all_tc(&p->cpu->mmu);
}

#define RW (1ull << 7 | 2 << 9)

static void data_vectors(void **state)
{
	struct pv *p = *state;

	data_fault(p, false, 0, 0x1000, IFA | IHA);
	data_fault(p, true, 0, 0x1000, IFA | IHA);
	data_fault(p, false, RW | PTE_D | PTE_A, 0x5000, IFA);
	data_fault(p, true, RW | PTE_P | PTE_A, 0x2000, IFA);
	data_fault(p, false, RW | PTE_P, 0x2800, IFA);
	data_fault(p, true, PTE_P | PTE_A | PTE_D, 0x5300, IFA);
}

static void rr_ve_and_pta_ve_make_tlb_and_vhpt_vectors(void **state)
{
	struct pv *p = *state;
	const uint64_t pta = 0x1ffffffffff00000ull | 15 << 2 | 1;

	page_set(p->v, PAGE_PTA, pta);
	data_fault(p, false, 0, 0x1000, IFA | IHA);
	assert_int_equal(access_data(p, false, 0), 0x1000);
	pv_set_rr(p->v, DATA, RR1 | 1);
	shared_set_mask(p->v, 0);
	make_stale(p);
	pv_set_rr(p->v, DATA, RR1 | 1);
	p->cpu->gr[3] = DATA + 8;
	assert_int_equal(PV_M(p, .op = OP_ld8, .r1 = 14, .r3 = 3), 0x0000);
	check_extra(p, IFA | IHA, DATA + 8, 0);
	/* the table itself is not walked */
	p->cpu->gr[3] = 0x3ffffffffff00000ull + 0x40;
	make_stale(p);
	pv_set_rr(p->v, DATA, RR1 | 1);
	assert_int_equal(PV_M(p, .op = OP_ld8, .r1 = 14, .r3 = 3), 0x0800);
	check_extra(p, IFA | IHA, 0x3ffffffffff00040ull, 0);
	/* nor a long one */
	page_set(p->v, PAGE_PTA, pta | 1 << 8);
	p->cpu->gr[3] = DATA;
	make_stale(p);
	pv_set_rr(p->v, DATA, RR1 | 1);
	assert_int_equal(PV_M(p, .op = OP_ld8, .r1 = 14, .r3 = 3), 0x0800);
	/* pta off */
	page_set(p->v, PAGE_PTA, pta & ~1ull);
	make_stale(p);
	pv_set_rr(p->v, DATA, RR1 | 1);
	assert_int_equal(PV_M(p, .op = OP_ld8, .r1 = 14, .r3 = 3), 0x1000);
}

static unsigned fetch(struct pv *p, uint64_t pte)
{
	make_stale(p);
	if (pte) {
		page_set(p->v, PAGE_IFA, DATA);
		page_set(p->v, PAGE_ITIR, 14 << 2 | 0x99 << 8);
		assert_int_equal(pv_itc(p->v, true, 0x200000 | pte), PV_OK);
	}
	make_stale(p);
	shared_set_mask(p->v, 0);
	cpu_set_psr(p->cpu, PSR_REAL_SET | 1ull << PSR_CPL_BIT);
	p->cpu->ip = DATA + 0x40;
	page_set(p->v, PAGE_IC, 1);
	return pv_run(p);
}

static void instruction_vectors(void **state)
{
	struct pv *p = *state;
	static const struct {
		uint64_t pte;
		unsigned vector, set;
	} row[] = {{0, 0x0c00, IFA | IHA}, {PTE_A | 3 << 9, 0x5000, IFA},
		{PTE_P | 3 << 9, 0x2400, IFA}, {PTE_P | PTE_A | 2 << 9, 0x5200, IFA}};

	for (unsigned n = 0; n < countof(row); n++) {
		assert_int_equal(fetch(p, row[n].pte), row[n].vector);
		check_common(p, KERNEL_IPSR, 0);
		check_extra(p, row[n].set, DATA + 0x40, 0);
		assert_int_equal(get(p, PAGE_IIP), DATA + 0x40);
		assert_true(get(p, PAGE_ISR) == ISR_BIT(X));
		mmu_purge_all_tc(&p->cpu->mmu);
	}
	pv_set_rr(p->v, DATA, RR1);
	page_set(p->v, PAGE_PTA, 0x1ffffffffff00000ull | 15 << 2 | 1 << 8 | 1);
	make_stale(p);
	pv_set_rr(p->v, DATA, RR1 | 1);
	p->cpu->ip = DATA + 0x40;
	page_set(p->v, PAGE_IC, 1);
	assert_int_equal(pv_run(p), 0x0400);
}

static void key_vectors(void **state)
{
	struct pv *p = *state;
	uint64_t pte = RW | PTE_P | PTE_A | PTE_D;

	make_stale(p);
	map_data(p, pte);
	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_ld8, .r1 = 14, .r3 = 3);
	guest_end(&p->g);
	cpu_set_psr(p->cpu, cpu_psr(p->cpu) | PSR(PK));
	make_stale(p);
	p->cpu->gr[3] = DATA + 8;
	assert_int_equal(pv_run(p), 0x1c00); /* the code has key 0, which pkr[15] allows */
	check_extra(p, IFA, DATA + 8, 0);
	assert_true(p->cpu->psr & PSR(PK));
	mmu_write_pkr(&p->cpu->mmu, 3, 0x99 << 8 | 4 | 1); /* no reads */
	pv_at(p, GUEST_CODE, 1);
	cpu_set_psr(p->cpu, cpu_psr(p->cpu) | PSR(PK));
	make_stale(p);
	assert_int_equal(pv_run(p), 0x5100);
	check_extra(p, IFA, DATA + 8, 0);
}

static void break_and_speculation(void **state)
{
	struct pv *p = *state;

	make_stale(p);
	p->cpu->cr[CR_IFA] = DATA;
	assert_int_equal(PV_I(p, .op = OP_break_i, .imm = 0x80123), 0x2c00);
	check_extra(p, IIM, 0, 0x80123);
	assert_int_equal(get(p, PAGE_IIP), GUEST_CODE);
	assert_int_equal(bits(get(p, PAGE_IPSR), PSR_RI_BIT, 2), 1);
	assert_true(get(p, PAGE_ISR) == 1ull << ISR_EI_BIT);
}

static void general_exceptions(void **state)
{
	struct pv *p = *state;

	/* of the kernel: emulation has failed, the code only */
	make_stale(p);
	assert_int_equal(PV_I(p, .op = OP_break_i, .imm = 0x80123), 0x2c00);
	make_stale(p);
	assert_int_equal(PV_B(p, .op = OP_vmsw_0), 0x5400);
	check_extra(p, 0, 0, 0);
	assert_int_equal(get(p, PAGE_ISR), 0);
	/* of the user: the hardware's */
	pv_map_region0(p, 3);
	pv_set_metaphysical(p->v, false);
	make_stale(p);
	p->cpu->cr[CR_IFA] = DATA;
	assert_int_equal(pv_one(p, 3, IN_B, (struct insn){.op = OP_vmsw_0}), 0x5400);
	check_extra(p, IFA, DATA, 0);
	assert_true(get(p, PAGE_ISR) == (0x10 | 2ull << ISR_EI_BIT));
	assert_int_equal(bits(get(p, PAGE_IPSR), PSR_CPL_BIT, 2), 3);
}

static void unaligned_and_nat_consumption(void **state)
{
	struct pv *p = *state;

	make_stale(p);
	map_data(p, RW | PTE_P | PTE_A | PTE_D);
	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_ld8, .r1 = 14, .r3 = 3);
	guest_end(&p->g);
	cpu_set_psr(p->cpu, cpu_psr(p->cpu) | PSR(AC));
	p->cpu->gr[3] = DATA + 3;
	make_stale(p);
	assert_int_equal(pv_run(p), 0x5a00);
	check_extra(p, IFA, DATA + 3, 0);
	assert_true(get(p, PAGE_IPSR) & PSR(AC));
	assert_false(p->cpu->psr & PSR(AC));
	pv_at(p, GUEST_CODE, 1);
	p->cpu->gr_nat[3] = 1;
	p->cpu->nat_seen = true;
	make_stale(p);
	assert_int_equal(pv_run(p), 0x5600);
	check_extra(p, IFA, DATA + 3, 0); /* the address of the fault before */
}

static void disabled_fp(void **state)
{
	struct pv *p = *state;

	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_getf_sig, .r1 = 14, .r2 = 40);
	guest_end(&p->g);
	page_set(p->v, PAGE_DFH, 1);
	cpu_set_psr(p->cpu, cpu_psr(p->cpu) | PSR(DFH));
	make_stale(p);
	assert_int_equal(pv_run(p), 0x5500);
	assert_true(get(p, PAGE_IPSR) & PSR(DFH));
	assert_int_equal(get(p, PAGE_DFH), 0);
	assert_false(p->cpu->psr & PSR(DFH));
}

/* Section 7 row by row: what is written when the hardware reports DATA + 8 in cr.ifa, or nothing,
 * cr.ifa then being what it was: DATA. */
enum { CRASH = 8, STAYS = 16 };

static const struct {
	enum fault f;
	unsigned vector, set;
} reflected[] = {
	{FAULT_VHPT_TRANSLATION, 0x0000, IFA | IHA},
	{FAULT_ITLB, 0x0400, IFA | IHA},
	{FAULT_DTLB, 0x0800, IFA | IHA},
	{FAULT_ALT_ITLB, 0x0c00, IFA | IHA},
	{FAULT_ALT_DTLB, 0x1000, IFA | IHA},
	{FAULT_INST_KEY_MISS, 0x1800, IFA},
	{FAULT_DATA_KEY_MISS, 0x1c00, IFA},
	{FAULT_DIRTY_BIT, 0x2000, IFA},
	{FAULT_INST_ACCESS_BIT, 0x2400, IFA},
	{FAULT_DATA_ACCESS_BIT, 0x2800, IFA},
	{FAULT_BREAK, 0x2c00, IIM},
	{FAULT_PAGE_NOT_PRESENT, 0x5000, IFA},
	{FAULT_KEY_PERMISSION, 0x5100, IFA},
	{FAULT_INST_ACCESS_RIGHTS, 0x5200, IFA},
	{FAULT_DATA_ACCESS_RIGHTS, 0x5300, IFA},
	{FAULT_RESERVED_REG_FIELD, 0x5400, IFA | STAYS},
	{FAULT_UNIMPL_DATA_ADDR, 0x5400, IFA},
	{FAULT_DISABLED_ISA, 0x5400, IFA | STAYS},
	{FAULT_DISABLED_FP, 0x5500, IFA | STAYS},
	{FAULT_NAT_CONSUMPTION, 0x5600, IFA | STAYS},
	{FAULT_NATPAGE, 0x5600, IFA},
	{FAULT_SPECULATION, 0x5700, IFA | IIM | STAYS},
	{FAULT_INST_DEBUG, 0x5900, IFA},
	{FAULT_DATA_DEBUG, 0x5900, IFA},
	{FAULT_UNALIGNED, 0x5a00, IFA},
	{FAULT_UNSUPPORTED_DATA, 0x5b00, CRASH},
	{FAULT_FP_FAULT, 0x5c00, IFA | STAYS},
	{FAULT_FP_TRAP, 0x5d00, IFA | STAYS},
	{FAULT_LOWER_PRIV, 0x5e00, IFA | STAYS},
	{FAULT_UNIMPL_INST_ADDR, 0x5e00, IFA | STAYS},
	{FAULT_TAKEN_BRANCH, 0x5f00, IFA | STAYS},
	{FAULT_SINGLE_STEP, 0x6000, IFA | STAYS},
	{FAULT_VIRTUALIZATION, 0x6100, CRASH},
};

static void every_vector_writes_its_fields(void **state)
{
	struct pv *p = *state;

	for (unsigned n = 0; n < countof(reflected); n++) {
		gva_t ifa = reflected[n].set & STAYS ? DATA : DATA + 8;
		pv_at(p, GUEST_CODE, 1);
		make_stale(p);
		shared_set_mask(p->v, 0);
		p->cpu->cr[CR_IFA] = DATA;
		p->cpu->mmu.fault = (struct fault_info){
			.code = reflected[n].f, .ifa = DATA + 8, .iim = 0x123, .itir = 1, .iha = 2};
		p->cpu->exit = EXIT_NONE;
		pv_deliver(p->cpu);
		if (reflected[n].set & CRASH) {
			assert_int_equal(p->cpu->exit, EXIT_CRASH);
			continue;
		}
		assert_int_equal(p->cpu->exit, EXIT_NONE);
		assert_int_equal(p->cpu->ip, GUEST_IVA + reflected[n].vector);
		check_common(p, KERNEL_IPSR, 0);
		check_extra(p, reflected[n].set & 7, ifa, 0x123);
	}
}

/* --- psr of the handler --- */

static void real_psr_of_a_handler(void **state)
{
	struct pv *p = *state;
	const uint64_t kept = PSR(UP) | PSR(MFL) | PSR(MFH) | PSR(PK);
	const uint64_t cleared = PSR(AC) | PSR(DFL) | PSR(SP) | PSR(ED);

	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_break_m, .imm = 0x99);
	for (unsigned be = 0; be < 2; be++) {
		pv_at(p, GUEST_CODE, 1);
		cpu_set_psr(p->cpu, cpu_psr(p->cpu) | kept | cleared);
		page_set(p->v, PAGE_DCR, be << 1);
		make_stale(p);
		assert_int_equal(pv_run(p), 0x2c00);
		assert_true((p->cpu->psr & kept) == kept);
		assert_false(p->cpu->psr & cleared);
		assert_true((p->cpu->psr & PSR_REAL_SET) == PSR_REAL_SET);
		assert_int_equal(p->cpu->psr >> PSR_BE_BIT & 1, be);
		assert_true((get(p, PAGE_IPSR) & (kept | cleared)) == (kept | cleared));
	}
}

static void user_mode_is_seen_in_ipsr(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 3);
	pv_set_metaphysical(p->v, false);
	make_stale(p);
	shared_set_mask(p->v, 0);
	assert_int_equal(pv_one(p, 3, IN_M, (struct insn){.op = OP_break_m, .imm = 0x100}), 0x2c00);
	check_common(p, KERNEL_IPSR | VIRTUAL | 3ull << PSR_CPL_BIT, 0);
}

static void the_interrupted_frame_stays_current(void **state)
{
	struct pv *p = *state;

	cpu_set_cfm(p->cpu, 24 | 8 << 7);
	make_stale(p);
	shared_set_mask(p->v, 0);
	assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 0x99), 0x2c00);
	check_common(p, KERNEL_IPSR, 24 | 8 << 7);
}

/* A big-endian application under a little-endian kernel and the other way round (2.9). */
static void byte_order_follows_psr_and_dcr(void **state)
{
	struct pv *p = *state;
	uint64_t v = 0x1122334455667788;

	assert_int_equal(ram_write(&p->g.m.ram, GPA(0x200000), &v, 8), 0);
	pv_map_region0(p, 3);
	for (unsigned user_be = 0; user_be < 2; user_be++) {
		for (unsigned kernel_be = 0; kernel_be < 2; kernel_be++) {
			page_set(p->v, PAGE_DCR, kernel_be << 1);
			page_set(p->v, PAGE_IPSR,
				PSR(IC) | VIRTUAL | 3ull << PSR_CPL_BIT | (user_be ? PSR(BE) : 0));
			page_set(p->v, PAGE_IIP, GUEST_CODE + 0x100);
			page_set(p->v, PAGE_IFS, 0);
			p->cpu->gr[3] = 0x200000;
			pv_at(p, GUEST_CODE + 0x100, 1);
			guest_m(&p->g, .op = OP_ld8, .r1 = 14, .r3 = 3);
			guest_m(&p->g, .op = OP_break_m, .imm = 0x100000);
			assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 1), 0x2c00);
			assert_true(p->cpu->gr[14] == (user_be ? __builtin_bswap64(v) : v));
			assert_int_equal(p->cpu->mmu.data_be, kernel_be);
			assert_int_equal(get(p, PAGE_IPSR) >> PSR_BE_BIT & 1, user_be);
		}
	}
}

/* A user's break is a fault: it neither completes nor takes the single step trap. */
static void breaks_of_stepped_users(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 3);
	for (unsigned ss = 0; ss < 2; ss++) {
		pv_set_metaphysical(p->v, false);
		pv_at(p, GUEST_CODE, 3);
		guest_m(&p->g, .op = OP_break_m, .imm = 0x100000);
		cpu_set_psr(p->cpu, cpu_psr(p->cpu) | (ss ? PSR(SS) | PSR(TB) | PSR(DD) : 0));
		make_stale(p);
		assert_int_equal(pv_run(p), 0x2c00);
		assert_int_equal(get(p, PAGE_IIP), GUEST_CODE);
		assert_int_equal(get(p, PAGE_IPSR) >> PSR_SS_BIT & 1, ss);
		assert_int_equal(get(p, PAGE_IPSR) >> PSR_DD_BIT & 1, ss);
		assert_int_equal(bits(get(p, PAGE_IPSR), PSR_CPL_BIT, 2), 3);
		assert_false(p->cpu->psr & (PSR(SS) | PSR(TB) | PSR(DD)));
	}
}

static void single_steps_and_taken_branches(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 3);
	for (unsigned tb = 0; tb < 2; tb++) {
		page_set(p->v, PAGE_IPSR,
			PSR(IC) | VIRTUAL | 3ull << PSR_CPL_BIT | (tb ? PSR(TB) : PSR(SS)));
		page_set(p->v, PAGE_IIP, GUEST_CODE + 0x100);
		page_set(p->v, PAGE_IFS, 0);
		pv_at(p, GUEST_CODE + 0x100, 1);
		guest_b(&p->g, .op = OP_br_cond, .imm = 32);
		make_stale(p);
		page_set(p->v, PAGE_IPSR,
			PSR(IC) | VIRTUAL | 3ull << PSR_CPL_BIT | (tb ? PSR(TB) : PSR(SS)));
		page_set(p->v, PAGE_IIP, GUEST_CODE + 0x100);
		page_set(p->v, PAGE_IFS, 0);
		assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 1), tb ? 0x5f00 : 0x6000);
		assert_int_equal(get(p, PAGE_IIP), tb ? GUEST_CODE + 0x120 : GUEST_CODE + 0x100);
	}
}

/* --- psr.ic off --- */

static unsigned access_with_ic_off(struct pv *p, uint64_t outer_ipsr, uint64_t pte)
{
	make_stale(p);
	if (pte)
		map_data(p, pte);
	make_stale(p);
	page_set(p->v, PAGE_IPSR, outer_ipsr);
	p->cpu->gr[3] = DATA + 8;
	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_ld8, .r1 = 14, .r3 = 3);
	guest_end(&p->g);
	page_set(p->v, PAGE_IC, 0);
	page_set(p->v, PAGE_DFH, 1);
	return pv_run(p);
}

static void nested_data_tlb_changes_nothing_else(void **state)
{
	struct pv *p = *state;

	for (unsigned ve = 0; ve < 2; ve++) {
		page_set(p->v, PAGE_PTA, 15 << 2 | ve);
		pv_set_rr(p->v, DATA, RR1 | ve);
		assert_int_equal(access_with_ic_off(p, PSR(DT), 0), 0x1400);
		check_extra(p, 0, 0, 0);
		assert_true(get(p, PAGE_IPSR) == PSR(DT));
		assert_true(get(p, PAGE_ISR) == STALE && get(p, PAGE_IIP) == STALE);
		assert_true(get(p, PAGE_IFS) == STALE && get(p, PAGE_PRECOVER_IFS) == STALE);
		assert_int_equal(get(p, PAGE_BANKNUM), 1);
		assert_int_equal(p->cpu->gr[16], 0x100);
		assert_int_equal(get(p, PAGE_DFH), 0);
	}
}

static void other_faults_with_ic_off_crash(void **state)
{
	struct pv *p = *state;

	assert_int_equal(access_with_ic_off(p, 0, 0), PV_CRASH);
	assert_int_equal(access_with_ic_off(p, PSR(DT), RW | PTE_A), PV_CRASH);
	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_break_m, .imm = 0x99);
	page_set(p->v, PAGE_IC, 0);
	assert_int_equal(pv_run(p), PV_CRASH);
	pv_at(p, DATA, 1); /* an instruction miss */
	page_set(p->v, PAGE_IC, 0);
	assert_int_equal(pv_run(p), PV_CRASH);
}

static void a_handler_that_faults_for_ever_is_a_crash(void **state)
{
	struct pv *p = *state;

	pv_at(p, GUEST_IVA + 0x1400, 1);
	guest_m(&p->g, .op = OP_ld8, .r1 = 14, .r3 = 3);
	assert_int_equal(access_with_ic_off(p, PSR(DT), 0), PV_CRASH);
}

/* --- speculation --- */

static void speculative_misses_give_nats(void **state)
{
	struct pv *p = *state;

	make_stale(p);
	p->cpu->gr[3] = DATA + 8;
	page_set(p->v, PAGE_DCR, 0); /* whatever it says */
	assert_int_equal(PV_M(p, .op = OP_ld8, .comp = 1, .r1 = 14, .r3 = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr_nat[14], 1);
	assert_false(p->cpu->psr & PSR(ED));
	map_data(p, RW | PTE_P | PTE_A | PTE_D);
	assert_int_equal(PV_M(p, .op = OP_ld8, .comp = 1, .r1 = 14, .r3 = 3), GUEST_DONE);
	assert_int_equal(p->cpu->gr_nat[14], 0);
}

static void lfetch_fault_that_misses_is_nothing(void **state)
{
	struct pv *p = *state;

	make_stale(p);
	p->cpu->gr[3] = DATA + 8;
	assert_int_equal(PV_M(p, .op = OP_lfetch_i, .comp = 2, .r3 = 3, .imm = 16), GUEST_DONE);
	assert_int_equal(p->cpu->gr[3], DATA + 24);
}

/* --- events --- */

static void an_event_is_delivered_as_it_is(void **state)
{
	struct pv *p = *state;

	make_stale(p);
	p->v->callback = GUEST_IVA + 0x3000;
	shared_set_mask(p->v, 0);
	shared_vcpu(p->v)[0] = 1;
	pv_at(p, GUEST_CODE, 1);
	guest_end(&p->g);
	p->cpu->ri = 1;
	cpu_set_cfm(p->cpu, 7);
	assert_int_equal(pv_run(p), 0x3000);
	check_common(p, KERNEL_IPSR | 1ull << PSR_RI_BIT, 7);
	check_extra(p, 0, 0, 0);
	assert_true(get(p, PAGE_ISR) == 1ull << ISR_EI_BIT);
	assert_int_equal(get(p, PAGE_IIP), GUEST_CODE);
	assert_int_equal(shared_vcpu(p->v)[0], 1);
}

static void an_event_waits_for_the_mask_and_the_callback(void **state)
{
	struct pv *p = *state;

	shared_vcpu(p->v)[0] = 1;
	p->v->callback = GUEST_IVA + 0x3000;
	pv_at(p, GUEST_CODE, 1);
	guest_end(&p->g);
	assert_int_equal(pv_run(p), GUEST_DONE);
	p->v->callback = 0;
	shared_set_mask(p->v, 0);
	pv_at(p, GUEST_CODE, 1);
	assert_int_equal(pv_run(p), GUEST_DONE);
	assert_int_equal(get(p, PAGE_PENDING), 1);
	p->v->callback = GUEST_IVA + 0x3000;
	pv_at(p, GUEST_CODE, 1);
	page_set(p->v, PAGE_IC, 0); /* delivered even so */
	assert_int_equal(pv_run(p), 0x3000);
}

static void iva_counts_in_32_kb(void **state)
{
	struct pv *p = *state;

	p->cpu->gr[2] = GUEST_IVA + 0x1234;
	assert_int_equal(PV_M(p, .op = OP_mov_to_cr, .r3 = CR_IVA, .r2 = 2), GUEST_DONE);
	assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 0x99), 0x2c00);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)
	const struct CMUnitTest tests[] = {
		T(data_vectors),
		T(rr_ve_and_pta_ve_make_tlb_and_vhpt_vectors),
		T(instruction_vectors),
		T(key_vectors),
		T(break_and_speculation),
		T(general_exceptions),
		T(unaligned_and_nat_consumption),
		T(disabled_fp),
		T(every_vector_writes_its_fields),
		T(real_psr_of_a_handler),
		T(user_mode_is_seen_in_ipsr),
		T(the_interrupted_frame_stays_current),
		T(byte_order_follows_psr_and_dcr),
		T(breaks_of_stepped_users),
		T(single_steps_and_taken_branches),
		T(nested_data_tlb_changes_nothing_else),
		T(other_faults_with_ic_off_crash),
		T(a_handler_that_faults_for_ever_is_a_crash),
		T(speculative_misses_give_nats),
		T(lfetch_fault_that_misses_is_nothing),
		T(an_event_is_delivered_as_it_is),
		T(an_event_waits_for_the_mask_and_the_callback),
		T(iva_counts_in_32_kb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
