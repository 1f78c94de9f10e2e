/* SPDX-License-Identifier: MIT */
/*
 * Hyperprivops, as break instructions that a paravirtual kernel executes. Expected results are
 * those of the guest ABI, sections 5.6-5.8, 6.1, 6.2, 8.6, 10.7.
 */
#include "pv.h"

static unsigned hp(struct pv *p, int64_t number)
{
	return PV_M(p, .op = OP_break_m, .imm = number);
}

static uint64_t get(struct pv *p, enum page_field f)
{
	return page_get(p->v, f);
}

static void set_args(struct pv *p, uint64_t r8, uint64_t r9)
{
	p->cpu->gr[8] = r8;
	p->cpu->gr[9] = r9;
}

/* --- who may --- */

static void user_level_takes_a_break_fault(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 3);
	for (unsigned n = 1; n <= 0x1b; n++) {
		page_set(p->v, PAGE_IIM, ~0ull);
		pv_set_metaphysical(p->v, false);
		assert_int_equal(
			pv_one(p, 3, IN_M, (struct insn){.op = OP_break_m, .imm = n}), 0x2c00);
		assert_int_equal(get(p, PAGE_IIM), n);
	}
}

static void only_numbers_1_to_1a_are_hyperprivops(void **state)
{
	struct pv *p = *state;
	static const int64_t other[] = {0, 0x1b, 0x80001, 0xfff, 0x1001, 0x1effff};

	for (unsigned n = 0; n < countof(other); n++) {
		assert_int_equal(hp(p, other[n]), 0x2c00);
		assert_int_equal(get(p, PAGE_IIM), other[n]);
		assert_int_equal(get(p, PAGE_IIP), GUEST_CODE);
	}
	assert_int_equal(hp(p, 0x1000), PV_CALL);
	assert_int_equal(pv_run(p), GUEST_DONE);
}

static void every_unit_but_b_reports_the_immediate(void **state)
{
	struct pv *p = *state;

	p->cpu->gr[8] = 0;
	page_set_at(p->v, PAGE_RRS, 0, 0x1239);
	assert_int_equal(PV_I(p, .op = OP_break_i, .imm = 0x10), GUEST_DONE);
	assert_int_equal(p->cpu->gr[8], 0x1239);
	p->cpu->gr[8] = 0;
	assert_int_equal(PV_F(p, .op = OP_break_f, .imm = 0x10), GUEST_DONE);
	assert_int_equal(p->cpu->gr[8], 0x1239);
	assert_int_equal(PV_B(p, .op = OP_break_b, .imm = 0x10), 0x2c00);
	assert_int_equal(get(p, PAGE_IIM), 0);
}

/* A hypercall that is to be made again stands at its break afterwards. */
static void a_hypercall_can_be_made_again(void **state)
{
	struct pv *p = *state;

	assert_int_equal(PV_I(p, .op = OP_break_i, .imm = 0x1000), PV_CALL);
	hv_call_again(p->cpu);
	assert_int_equal(p->cpu->ip, GUEST_CODE);
	assert_int_equal(p->cpu->ri, 1);
	assert_int_equal(pv_run(p), PV_CALL);
	assert_int_equal(pv_run(p), GUEST_DONE);
}

/* --- rfi --- */

#define VIRTUAL (PSR(DT) | PSR(RT) | PSR(IT))

static unsigned rfi_to(struct pv *p, uint64_t ipsr, uint64_t ifs)
{
	gva_t target = GUEST_CODE + 0x100;

	pv_at(p, target, 1);
	guest_end(&p->g);
	page_set(p->v, PAGE_IPSR, ipsr);
	page_set(p->v, PAGE_IIP, target);
	page_set(p->v, PAGE_IFS, ifs);
	return hp(p, 1);
}

static void rfi_takes_the_virtual_psr_apart(void **state)
{
	struct pv *p = *state;
	uint64_t plain = PSR(UP) | PSR(AC) | PSR(MFL) | PSR(MFH) | PSR(SP) | PSR(PK);

	pv_map_region0(p, 1);
	assert_int_equal(
		rfi_to(p, plain | VIRTUAL | PSR(IC) | PSR(DFH) | PSR(PP) | PSR(BN), 0), GUEST_DONE);
	assert_int_equal(p->cpu->cpl, 1);
	assert_true((p->cpu->psr & plain) == plain);
	assert_true(p->cpu->psr & PSR(DFH));
	assert_false(p->cpu->psr & PSR(PP));
	assert_int_equal(get(p, PAGE_DFH), 1);
	assert_int_equal(get(p, PAGE_PP), 1);
	assert_int_equal(get(p, PAGE_IC), 1);
	assert_int_equal(get(p, PAGE_METAPHYSICAL), 0);
	assert_true(shared_masked(p->v));

	assert_int_equal(rfi_to(p, PSR(I) | PSR(SI) | PSR(IS) | PSR(MC) | PSR(VM), 0), GUEST_DONE);
	assert_int_equal(get(p, PAGE_DFH), 0);
	assert_int_equal(get(p, PAGE_IC), 0);
	assert_int_equal(get(p, PAGE_METAPHYSICAL), 1);
	assert_false(shared_masked(p->v));
	assert_false(p->cpu->psr & (plain | PSR(DFH) | PSR(SI) | PSR(IS) | PSR(MC) | PSR(VM)));
	assert_true((p->cpu->psr & PSR_REAL_SET) == PSR_REAL_SET);
}

static void any_missing_translation_bit_is_physical_mode(void **state)
{
	struct pv *p = *state;
	static const uint64_t some[] = {
		PSR(DT), PSR(RT), PSR(IT), PSR(DT) | PSR(RT), PSR(DT) | PSR(IT), PSR(RT) | PSR(IT)};

	pv_map_region0(p, 1);
	for (unsigned n = 0; n < countof(some); n++) {
		assert_int_equal(rfi_to(p, VIRTUAL, 0), GUEST_DONE);
		assert_int_equal(get(p, PAGE_METAPHYSICAL), 0);
		assert_int_equal(rfi_to(p, some[n], 0), GUEST_DONE);
		assert_int_equal(get(p, PAGE_METAPHYSICAL), 1);
	}
}

static void rfi_raises_the_level_to_1(void **state)
{
	struct pv *p = *state;
	static const unsigned real[] = {1, 1, 2, 3};

	pv_map_region0(p, 3);
	for (uint64_t cpl = 0; cpl < 4; cpl++) {
		assert_int_equal(rfi_to(p, VIRTUAL | cpl << PSR_CPL_BIT, 0), GUEST_DONE);
		assert_int_equal(p->cpu->cpl, real[cpl]);
	}
}

static void rfi_goes_to_the_slot_of_ipsr(void **state)
{
	struct pv *p = *state;
	gva_t target = GUEST_CODE + 0x100;

	for (unsigned ri = 0; ri < 3; ri++) {
		pv_at(p, target, 1);
		guest_bundle(&p->g, 0x01,
			guest_encode((struct insn){.op = OP_break_m, .imm = 0x40}),
			guest_encode((struct insn){.op = OP_break_i, .imm = 0x41}),
			guest_encode((struct insn){.op = OP_break_i, .imm = 0x42}));
		page_set(p->v, PAGE_IPSR, PSR(IC) | (uint64_t)ri << PSR_RI_BIT);
		page_set(p->v, PAGE_IIP, target);
		page_set(p->v, PAGE_IFS, 0);
		assert_int_equal(hp(p, 1), 0x2c00);
		assert_int_equal(get(p, PAGE_IIM), 0x40 + ri);
		assert_int_equal(bits(get(p, PAGE_IPSR), PSR_RI_BIT, 2), ri);
	}
}

/* Frame cases: 16 registers, 4 of them locals, are the interrupted frame. */
#define CFM_16 (16ull | 4 << 7)

static void rfi_restores_the_frame_that_cover_put_away(void **state)
{
	struct pv *p = *state;

	cpu_set_cfm(p->cpu, CFM_16);
	gr_set(p->cpu, 35, 0x35, 0);
	gva_t bsp = rse_bsp(p->cpu);
	assert_int_equal(hp(p, 4), GUEST_DONE);
	assert_int_equal(cpu_cfm(p->cpu), 0);
	assert_true(get(p, PAGE_IFS) == (1ull << 63 | CFM_16));
	assert_int_equal(rse_bsp(p->cpu), rse_skip(bsp, 16));
	assert_int_equal(rfi_to(p, PSR(IC), get(p, PAGE_IFS)), GUEST_DONE);
	assert_int_equal(cpu_cfm(p->cpu), CFM_16);
	assert_int_equal(rse_bsp(p->cpu), bsp);
	assert_int_equal(gr_value(p->cpu, 35), 0x35);
}

static void rfi_without_valid_ifs_keeps_the_frame(void **state)
{
	struct pv *p = *state;

	cpu_set_cfm(p->cpu, CFM_16);
	gva_t bsp = rse_bsp(p->cpu);
	assert_int_equal(rfi_to(p, PSR(IC), 7), GUEST_DONE);
	assert_int_equal(cpu_cfm(p->cpu), CFM_16);
	assert_int_equal(rse_bsp(p->cpu), bsp);
	assert_int_equal(get(p, PAGE_IFS), 7);
}

static void rfi_clears_what_is_no_frame_marker_in_ifs(void **state)
{
	struct pv *p = *state;

	assert_int_equal(rfi_to(p, PSR(IC), ~0ull << 38), GUEST_DONE);
	assert_true(get(p, PAGE_IFS) == 1ull << 63);
	assert_int_equal(cpu_cfm(p->cpu), 0);
}

static void rfi_leaves_bank_1_active(void **state)
{
	struct pv *p = *state;

	for (unsigned n = 0; n < 16; n++)
		page_set_at(p->v, PAGE_BANK1, n, 0x100 + n);
	page_set(p->v, PAGE_VNAT, 1 << 3);
	page_set(p->v, PAGE_BANKNUM, 0);
	assert_int_equal(rfi_to(p, PSR(IC), 0), GUEST_DONE);
	assert_int_equal(get(p, PAGE_BANKNUM), 1);
	for (unsigned n = 0; n < 16; n++) {
		assert_int_equal(p->cpu->gr[16 + n], 0x100 + n);
		assert_int_equal(p->cpu->gr_nat[16 + n], n == 3);
	}
}

static void rfi_delivers_a_waiting_event(void **state)
{
	struct pv *p = *state;

	p->v->callback = GUEST_IVA + 0x3000;
	shared_vcpu(p->v)[0] = 1;
	assert_int_equal(rfi_to(p, PSR(IC), 0), GUEST_DONE);
	assert_int_equal(rfi_to(p, PSR(IC) | PSR(I) | PSR(BN), 0), 0x3000);
	assert_int_equal(get(p, PAGE_IIP), GUEST_CODE + 0x100);
	assert_true(get(p, PAGE_IPSR) & PSR(I));
}

/* --- mode --- */

static void rsm_dt_and_ssm_dt_switch_physical_mode(void **state)
{
	struct pv *p = *state;

	pv_map_region0(p, 1);
	assert_int_equal(hp(p, 3), GUEST_DONE);
	assert_int_equal(get(p, PAGE_METAPHYSICAL), 0);
	assert_int_equal(hp(p, 3), GUEST_DONE);
	assert_int_equal(hp(p, 2), GUEST_DONE);
	assert_int_equal(get(p, PAGE_METAPHYSICAL), 1);
}

static void ssm_i_enables_both_and_lets_the_event_in(void **state)
{
	struct pv *p = *state;

	p->v->callback = GUEST_IVA + 0x3000;
	assert_int_equal(hp(p, 7), GUEST_DONE);
	assert_false(shared_masked(p->v));
	assert_int_equal(get(p, PAGE_IC), 1);
	shared_set_mask(p->v, 1);
	shared_vcpu(p->v)[0] = 1;
	pv_at(p, GUEST_CODE, 1);
	guest_bundle(&p->g, 0x01, guest_encode((struct insn){.op = OP_break_m, .imm = 7}),
		guest_encode((struct insn){.op = OP_break_i, .imm = 0x99}),
		guest_encode((struct insn){.op = OP_nop_i}));
	assert_int_equal(pv_run(p), 0x3000);
	assert_true(shared_masked(p->v));
	assert_int_equal(get(p, PAGE_IC), 0);
	assert_int_equal(get(p, PAGE_IIP), GUEST_CODE);
	assert_int_equal(bits(get(p, PAGE_IPSR), PSR_RI_BIT, 2), 1);
	assert_true((get(p, PAGE_IPSR) & (PSR(I) | PSR(IC))) == (PSR(I) | PSR(IC)));
	assert_true(get(p, PAGE_ISR) == 1ull << ISR_EI_BIT);
	assert_int_equal(shared_vcpu(p->v)[0], 1);
}

static void an_event_follows_any_hyperprivop(void **state)
{
	struct pv *p = *state;

	p->v->callback = GUEST_IVA + 0x3000;
	shared_vcpu(p->v)[0] = 1;
	for (unsigned n = 2; n <= 0x1a; n++) {
		if (n == 3)
			continue; /* nothing is mapped in virtual mode */
		shared_set_mask(p->v, 0);
		assert_int_equal(hp(p, n), 0x3000);
		page_set(p->v, PAGE_BANKNUM, 1);
	}
}

static void rsm_be_ends_big_endian_mode(void **state)
{
	struct pv *p = *state;

	pv_at(p, GUEST_CODE, 1);
	guest_m(&p->g, .op = OP_break_m, .imm = 0x18);
	guest_end(&p->g);
	cpu_set_psr(p->cpu, cpu_psr(p->cpu) | PSR(BE));
	assert_int_equal(pv_run(p), GUEST_DONE);
	assert_false(p->cpu->psr & PSR(BE));
	assert_false(p->cpu->mmu.data_be);
}

static void get_psr_gives_bits_31_to_0_and_36_35(void **state)
{
	struct pv *p = *state;

	page_set(p->v, PAGE_PP, 1);
	page_set(p->v, PAGE_DFH, 1);
	assert_int_equal(hp(p, 0x19), GUEST_DONE);
	assert_true(p->cpu->gr[8] == (PSR(IC) | PSR(DI) | PSR(PP) | PSR(DFH)));
	shared_set_mask(p->v, 0);
	pv_map_region0(p, 1);
	pv_set_metaphysical(p->v, false);
	assert_int_equal(hp(p, 0x19), GUEST_DONE);
	assert_true(p->cpu->gr[8] == (PSR(IC) | PSR(I) | PSR(DI) | PSR(PP) | PSR(DFH) | VIRTUAL));
}

/* --- registers --- */

static void set_rr_and_get_rr(void **state)
{
	struct pv *p = *state;

	for (uint64_t n = 0; n < 8; n++) {
		uint64_t rr = (0x100 + n) << 8 | 16 << 2 | (n & 1);
		set_args(p, n << 61 | 0x1234, rr);
		assert_int_equal(hp(p, 0x11), GUEST_DONE);
		assert_int_equal(page_get_at(p->v, PAGE_RRS, n), rr);
		set_args(p, n << 61, 0);
		assert_int_equal(hp(p, 0x10), GUEST_DONE);
		assert_int_equal(p->cpu->gr[8], rr);
	}
}

static void set_rr_ignores_what_is_out_of_range(void **state)
{
	struct pv *p = *state;
	static const uint64_t bad[] = {
		1ull << 26 | 14 << 2, 14 << 2 | 2, 11 << 2, 29 << 2, 17 << 2, 1ull << 40 | 14 << 2};

	for (unsigned n = 0; n < countof(bad); n++) {
		set_args(p, 3ull << 61, bad[n]);
		assert_int_equal(hp(p, 0x11), GUEST_DONE);
		assert_int_equal(page_get_at(p->v, PAGE_RRS, 3), 14 << 2 | 1);
	}
	set_args(p, 3ull << 61, 0x3ffffull << 8 | 15 << 2);
	assert_int_equal(hp(p, 0x11), GUEST_DONE);
	assert_int_equal(page_get_at(p->v, PAGE_RRS, 3), 0x3ffffull << 8 | 15 << 2);
}

static void set_rr0_to_rr4_sets_all_or_none(void **state)
{
	struct pv *p = *state;
	static const uint8_t reg[] = {8, 9, 10, 11, 14};

	for (unsigned n = 0; n < 5; n++)
		p->cpu->gr[reg[n]] = (0x50 + n) << 8 | 14 << 2 | 1;
	assert_int_equal(hp(p, 0x1a), GUEST_DONE);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(page_get_at(p->v, PAGE_RRS, n), (0x50 + n) << 8 | 14 << 2 | 1);
	for (unsigned n = 0; n < 5; n++)
		p->cpu->gr[reg[n]] = (0x60 + n) << 8 | 14 << 2;
	p->cpu->gr[14] = 1ull << 26 | 14 << 2;
	assert_int_equal(hp(p, 0x1a), GUEST_DONE);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(page_get_at(p->v, PAGE_RRS, n), (0x50 + n) << 8 | 14 << 2 | 1);
}

static void set_kr_writes_both_copies_and_destroys_r8(void **state)
{
	struct pv *p = *state;

	for (uint64_t n = 0; n < 8; n++) {
		set_args(p, n, 0x1000 + n);
		assert_int_equal(hp(p, 0x12), GUEST_DONE);
		assert_true(p->cpu->gr[8] == n - 8);
		assert_int_equal(page_get_at(p->v, PAGE_KRS, n), 0x1000 + n);
		assert_int_equal(
			PV_M(p, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = (uint8_t)n), GUEST_DONE);
		assert_int_equal(p->cpu->gr[14], 0x1000 + n);
	}
	set_args(p, 8, 5);
	assert_int_equal(hp(p, 0x12), GUEST_DONE);
	assert_int_equal(get(p, FIELD(0xcd0, 8)), 0);
}

static void get_cpuid_says_xen(void **state)
{
	struct pv *p = *state;

	set_args(p, 0, 0);
	assert_int_equal(hp(p, 0x14), GUEST_DONE);
	assert_memory_equal(&p->cpu->gr[8], "Xen/ia64", 8);
	for (unsigned n = 1; n < 5; n++) {
		set_args(p, n, 0);
		assert_int_equal(hp(p, 0x14), GUEST_DONE);
		assert_int_equal(p->cpu->gr[8], n < 3 ? 0 : cpu_model_cpuid(p->cpu->model, n));
	}
	set_args(p, ~0ull, 0);
	assert_int_equal(hp(p, 0x14), GUEST_DONE);
}

static void thash_is_the_short_format(void **state)
{
	struct pv *p = *state;

	/* 2^15 bytes at 0x1ffffffffff00000 of each region, pages of 16 KB */
	page_set(p->v, PAGE_PTA, 0x1ffffffffff00000ull | 15 << 2 | 1);
	set_args(p, 0xa000000000004000ull, 0);
	assert_int_equal(hp(p, 0x0d), GUEST_DONE);
	assert_true(p->cpu->gr[8] == 0xbffffffffff00008ull);
	/* the offset replaces as many bits as the size says */
	page_set(p->v, PAGE_PTA, 0x1ffff00000000000ull | 40 << 2 | 1);
	set_args(p, 0x2000123456789abcull, 0);
	assert_int_equal(hp(p, 0x0d), GUEST_DONE);
	uint64_t offset = 0x2000123456789abcull >> 14 << 3;
	assert_true(p->cpu->gr[8] ==
		    (0x3fffff0000000000ull & ~((1ull << 40) - 1) & 0x3ffff00000000000ull) +
			    (offset & ((1ull << 40) - 1)));
	/* vf = 1 makes no difference */
	page_set(p->v, PAGE_PTA, 0x1ffffffffff00000ull | 15 << 2 | 1 << 8 | 1);
	set_args(p, 0xa000000000004000ull, 0);
	assert_int_equal(hp(p, 0x0d), GUEST_DONE);
	assert_true(p->cpu->gr[8] == 0xbffffffffff00008ull);
}

static void arguments_and_other_registers_stay(void **state)
{
	struct pv *p = *state;
	static const uint8_t quiet[] = {
		2, 4, 6, 7, 0x0a, 0x0b, 0x0c, 0x0e, 0x11, 0x13, 0x16, 0x17, 0x18, 0x1a};

	for (unsigned n = 0; n < countof(quiet); n++) {
		for (uint64_t r = 1; r < 32; r++)
			p->cpu->gr[r] = r * 0x10;
		assert_int_equal(hp(p, quiet[n]), GUEST_DONE);
		for (uint64_t r = 1; r < 32; r++)
			assert_int_equal(p->cpu->gr[r], r * 0x10);
	}
}

/* --- legacy vectors --- */

static uint64_t hp_result(struct pv *p, unsigned n)
{
	assert_int_equal(hp(p, n), GUEST_DONE);
	return p->cpu->gr[8];
}

static void vectors_are_served_by_priority(void **state)
{
	struct pv *p = *state;

	assert_int_equal(hp_result(p, 8), 15);
	hv_pend_vector(p->v, 0x30);
	hv_pend_vector(p->v, 0xef);
	assert_int_equal(get(p, PAGE_PENDING), 1);
	assert_int_equal(hp_result(p, 8), 0xef);
	assert_int_equal(hp_result(p, 8), 15); /* one below is in service */
	assert_int_equal(get(p, PAGE_PENDING), 0);
	hv_pend_vector(p->v, 0xef);
	assert_int_equal(hp_result(p, 8), 15);
	hp(p, 0x0b);
	assert_int_equal(hp_result(p, 8), 0xef);
	hp(p, 0x0b);
	assert_int_equal(hp_result(p, 8), 0x30);
	hp(p, 0x0b);
	hp(p, 0x0b);
	assert_int_equal(hp_result(p, 8), 15);
}

static void tpr_masks_vectors(void **state)
{
	struct pv *p = *state;

	hv_pend_vector(p->v, 0x5f);
	set_args(p, 0x50, 0);
	hp(p, 0x0a);
	assert_int_equal(hp_result(p, 9), 0x50);
	assert_int_equal(hp_result(p, 8), 15);
	set_args(p, 0x10000, 0);
	hp(p, 0x0a);
	assert_int_equal(hp_result(p, 8), 15);
	set_args(p, 0x140, 0); /* reserved bits: left out */
	hp(p, 0x0a);
	assert_int_equal(hp_result(p, 9), 0x10000);
	set_args(p, 0x40, 0);
	hp(p, 0x0a);
	assert_int_equal(hp_result(p, 8), 0x5f);
}

static void a_callback_ends_vectors(void **state)
{
	struct pv *p = *state;

	p->v->callback = GUEST_IVA + 0x3000;
	hv_pend_vector(p->v, 0x40);
	assert_int_equal(p->v->irr[1], 0);
	assert_int_equal(hp_result(p, 8), 15);
}

static void an_event_without_callback_pends_its_vector(void **state)
{
	struct pv *p = *state;

	p->hv.shared_info[SHARED_EVTCHN_VECTOR] = 0xe9;
	shared_set_mask(p->v, 0);
	shared_vcpu(p->v)[0] = 1;
	assert_int_equal(hp_result(p, 8), 0xe9);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)
	const struct CMUnitTest tests[] = {
		T(user_level_takes_a_break_fault),
		T(only_numbers_1_to_1a_are_hyperprivops),
		T(every_unit_but_b_reports_the_immediate),
		T(a_hypercall_can_be_made_again),
		T(rfi_takes_the_virtual_psr_apart),
		T(any_missing_translation_bit_is_physical_mode),
		T(rfi_raises_the_level_to_1),
		T(rfi_goes_to_the_slot_of_ipsr),
		T(rfi_restores_the_frame_that_cover_put_away),
		T(rfi_without_valid_ifs_keeps_the_frame),
		T(rfi_clears_what_is_no_frame_marker_in_ifs),
		T(rfi_leaves_bank_1_active),
		T(rfi_delivers_a_waiting_event),
		T(rsm_dt_and_ssm_dt_switch_physical_mode),
		T(ssm_i_enables_both_and_lets_the_event_in),
		T(an_event_follows_any_hyperprivop),
		T(rsm_be_ends_big_endian_mode),
		T(get_psr_gives_bits_31_to_0_and_36_35),
		T(set_rr_and_get_rr),
		T(set_rr_ignores_what_is_out_of_range),
		T(set_rr0_to_rr4_sets_all_or_none),
		T(set_kr_writes_both_copies_and_destroys_r8),
		T(get_cpuid_says_xen),
		T(thash_is_the_short_format),
		T(arguments_and_other_registers_stay),
		T(vectors_are_served_by_priority),
		T(tpr_masks_vectors),
		T(a_callback_ends_vectors),
		T(an_event_without_callback_pends_its_vector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
