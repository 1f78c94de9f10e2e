/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions executed natively by a paravirtual kernel, and at user level. Expected
 * results are those of the guest ABI, sections 5.6, 5.8, 6.3 and 8.2.
 */
#include "pv.h"

/* The vector, with the code of General Exceptions; those of emulation have nothing else in ISR. */
static unsigned outcome(struct pv *p, unsigned vector)
{
	if (vector != 0x5400)
		return vector == GUEST_DONE ? 0 : vector;
	return vector | (unsigned)(page_get(p->v, PAGE_ISR) & 0xff);
}

static unsigned kernel(struct pv *p, enum guest_unit u, struct insn i)
{
	unsigned r = outcome(p, pv_one(p, 1, u, i));
	if (r >> 8 == 0x54)
		assert_int_equal(page_get(p->v, PAGE_ISR), r & 0xff);
	page_set(p->v, PAGE_BANKNUM, 1);
	return r;
}
#define M(p, ...) kernel(p, IN_M, (struct insn){__VA_ARGS__})
#define B(p, ...) kernel(p, IN_B, (struct insn){__VA_ARGS__})

enum { ILLEGAL = 0x5400, RESERVED = 0x5430, NAT = 0x5600 };

static unsigned write_cr(struct pv *p, unsigned cr, uint64_t v)
{
	p->cpu->gr[2] = v;
	return M(p, .op = OP_mov_to_cr, .r3 = (uint8_t)cr, .r2 = 2);
}

static unsigned read_cr(struct pv *p, unsigned cr, uint64_t *v)
{
	unsigned r = M(p, .op = OP_mov_from_cr, .r1 = 14, .r3 = (uint8_t)cr);
	*v = p->cpu->gr[14];
	return r;
}

/* --- control registers --- */

static void control_registers_read_back(void **state)
{
	struct pv *p = *state;
	static const struct {
		unsigned cr;
		uint64_t in, out;
	} row[] = {{CR_DCR, 0x7f07, 0x7f07}, {CR_ITM, 1ull << 60, 1ull << 60},
		{CR_PTA, 0x1ffffffffff8003dull, 0x1ffffffffff8003dull}, {CR_IPSR, ~0ull, ~0ull},
		{CR_IIP, ~0ull, ~0ull}, {CR_IIPA, ~0ull, ~0ull}, {CR_IIM, ~0ull, ~0ull},
		{CR_IHA, ~0ull, ~0ull}, {CR_TPR, 0x100f0, 0x100f0}, {CR_ITV, 0x100ef, 0x100ef},
		{CR_PMV, 0x100ff, 0x100ff}, {CR_CMCV, 0x1001f, 0x1001f}, {CR_EOI, 0, 0},
		{CR_LRR0, 0x100ff, 0x10000}, {CR_LRR1, 0x10000, 0x10000}};
	uint64_t v;

	for (unsigned n = 0; n < countof(row); n++) {
		assert_int_equal(write_cr(p, row[n].cr, row[n].in), 0);
		assert_int_equal(read_cr(p, row[n].cr, &v), 0);
		assert_true(v == row[n].out);
	}
}

/* These are in the shared page, where other code finds and leaves them. */
static void control_registers_are_in_the_page(void **state)
{
	struct pv *p = *state;
	static const struct {
		unsigned cr, offset;
	} row[] = {{CR_DCR, 0x800}, {CR_PTA, 0x840}, {CR_IPSR, 0x880}, {CR_ISR, 0x888},
		{CR_IIP, 0x898}, {CR_IFA, 0x8a0}, {CR_ITIR, 0x8a8}, {CR_IIPA, 0x8b0},
		{CR_IFS, 0x8b8}, {CR_IIM, 0x8c0}, {CR_IHA, 0x8c8}, {CR_TPR, 0xa10}, {CR_ITV, 0xa40},
		{CR_PMV, 0xa48}, {CR_CMCV, 0xa50}};
	uint64_t v, in = 0x10010, found;

	for (unsigned n = 0; n < countof(row); n++) {
		assert_int_equal(write_cr(p, row[n].cr, in), 0);
		memcpy(&found, p->v->regs + row[n].offset, 8);
		assert_int_equal(found, in);
		memset(p->v->regs + row[n].offset, 0x10, 8);
		assert_int_equal(read_cr(p, row[n].cr, &v), 0);
		assert_true(v == 0x1010101010101010ull);
	}
}

static void control_registers_that_cannot_be_written(void **state)
{
	struct pv *p = *state;
	static const uint8_t bad[] = {
		CR_LID, CR_IVR, CR_IRR0, CR_IRR0 + 1, CR_IRR0 + 2, CR_IRR0 + 3, 3, 18, 26, 75, 127};

	for (unsigned n = 0; n < countof(bad); n++)
		assert_int_equal(write_cr(p, bad[n], 0x10000), ILLEGAL);
	assert_int_equal(write_cr(p, CR_LRR0, 0), ILLEGAL);
	assert_int_equal(write_cr(p, CR_LRR1, 0xff), ILLEGAL);
	assert_int_equal(write_cr(p, CR_ITV, 0x100), ILLEGAL);
	assert_int_equal(write_cr(p, CR_ITV, 0x8000), ILLEGAL);
	assert_int_equal(write_cr(p, CR_PTA, 2 | 15 << 2), RESERVED);
	assert_int_equal(write_cr(p, CR_PTA, 1 << 14 | 15 << 2), RESERVED);
	assert_int_equal(write_cr(p, CR_TPR, 0x100), RESERVED);
	assert_int_equal(write_cr(p, CR_PMV, 0x800), RESERVED);
	assert_int_equal(write_cr(p, CR_CMCV, 0x4000), RESERVED);
}

static void iva_lid_irr_and_ivr(void **state)
{
	struct pv *p = *state;
	uint64_t v;

	assert_int_equal(write_cr(p, CR_IVA, GUEST_IVA | 0x7fff), 0);
	assert_int_equal(read_cr(p, CR_IVA, &v), 0);
	assert_int_equal(v, GUEST_IVA);
	assert_int_equal(read_cr(p, CR_LID, &v), 0);
	assert_int_equal(v, 0);
	for (unsigned n = 0; n < 4; n++) {
		hv_pend_vector(p->v, n * 64 + 33);
		assert_int_equal(read_cr(p, CR_IRR0 + n, &v), 0);
		assert_int_equal(v, 1ull << 33);
	}
	assert_int_equal(read_cr(p, CR_IVR, &v), 0);
	assert_int_equal(v, 3 * 64 + 33);
	assert_int_equal(read_cr(p, CR_IRR0 + 3, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(write_cr(p, CR_EOI, 0), 0);
	assert_int_equal(read_cr(p, CR_IVR, &v), 0);
	assert_int_equal(v, 2 * 64 + 33);
	assert_int_equal(read_cr(p, 3, &v), ILLEGAL);
}

/* --- PSR --- */

#define VIRTUAL (PSR(DT) | PSR(RT) | PSR(IT))

static uint64_t read_psr(struct pv *p)
{
	assert_int_equal(M(p, .op = OP_mov_from_psr, .r1 = 14), 0);
	return p->cpu->gr[14];
}

static unsigned ssm(struct pv *p, uint64_t mask)
{
	return M(p, .op = OP_ssm, .imm = (int64_t)mask);
}

static unsigned rsm(struct pv *p, uint64_t mask)
{
	return M(p, .op = OP_rsm, .imm = (int64_t)mask);
}

static void ssm_and_rsm_know_some_bits(void **state)
{
	struct pv *p = *state;
	const uint64_t both = PSR(BE) | PSR(UP) | PSR(IC) | PSR(I) | PSR(PK) | PSR(DFL) | PSR(DFH) |
			      PSR(SP) | PSR(PP);
	const uint64_t set = PSR(AC) | PSR(MFL) | PSR(MFH);

	pv_map_region0(p, 1);
	for (unsigned b = 0; b < 24; b++) {
		uint64_t bit = 1ull << b;
		bool dt = bit == PSR(DT);
		pv_set_metaphysical(p->v, false);
		assert_int_equal(ssm(p, bit), (both | set) & bit || dt ? 0 : ILLEGAL);
		assert_int_equal(rsm(p, bit), both & bit || dt ? 0 : ILLEGAL);
	}
}

static void ssm_and_rsm_move_virtual_bits(void **state)
{
	struct pv *p = *state;

	assert_int_equal(ssm(p, PSR(I)), 0);
	assert_false(shared_masked(p->v));
	assert_int_equal(rsm(p, PSR(I)), 0);
	assert_true(shared_masked(p->v));
	assert_int_equal(ssm(p, PSR(PP) | PSR(DFH)), 0);
	assert_int_equal(page_get(p->v, PAGE_PP), 1);
	assert_int_equal(page_get(p->v, PAGE_DFH), 1);
	assert_true(p->cpu->psr & PSR(DFH));
	assert_int_equal(rsm(p, PSR(PP) | PSR(DFH)), 0);
	assert_int_equal(page_get(p->v, PAGE_PP), 0);
	assert_int_equal(page_get(p->v, PAGE_DFH), 0);
	assert_false(p->cpu->psr & PSR(DFH));
	assert_int_equal(rsm(p, PSR(IC)), 0);
	assert_int_equal(page_get(p->v, PAGE_IC), 0);
	assert_true(p->cpu->psr & PSR(IC));
	pv_map_region0(p, 1);
	assert_int_equal(ssm(p, PSR(DT)), 0);
	assert_int_equal(page_get(p->v, PAGE_METAPHYSICAL), 0);
	assert_int_equal(rsm(p, PSR(DT)), 0);
	assert_int_equal(page_get(p->v, PAGE_METAPHYSICAL), 1);
}

static void psr_reads_as_the_kernel_expects(void **state)
{
	struct pv *p = *state;

	assert_true(read_psr(p) == (PSR(IC) | PSR(DI)));
	shared_set_mask(p->v, 0);
	pv_map_region0(p, 1);
	pv_set_metaphysical(p->v, false);
	assert_true(read_psr(p) == (PSR(IC) | PSR(I) | PSR(DI) | VIRTUAL));
}

static void mov_to_psr_l_needs_dt_and_rt_for_virtual_mode(void **state)
{
	struct pv *p = *state;
	static const struct {
		uint64_t bits;
		unsigned metaphysical;
	} row[] = {
		{PSR(DT) | PSR(RT), 0}, {PSR(DT), 1}, {PSR(DT) | PSR(RT), 0}, {PSR(RT), 1}, {0, 1}};

	pv_map_region0(p, 1);
	for (unsigned n = 0; n < countof(row); n++) {
		p->cpu->gr[2] = row[n].bits | PSR(IC) | PSR(AC) | PSR(I) | PSR(PP);
		assert_int_equal(M(p, .op = OP_mov_to_psr_l, .r2 = 2), 0);
		assert_int_equal(page_get(p->v, PAGE_METAPHYSICAL), row[n].metaphysical);
		assert_int_equal(page_get(p->v, PAGE_PP), 1);
		assert_false(shared_masked(p->v));
		assert_true(p->cpu->psr & PSR(AC));
	}
	p->cpu->gr[2] = 0;
	assert_int_equal(M(p, .op = OP_mov_to_psr_l, .r2 = 2), 0);
	assert_int_equal(page_get(p->v, PAGE_IC), 0);
	assert_int_equal(page_get(p->v, PAGE_PP), 0);
	assert_true(shared_masked(p->v));
	assert_false(p->cpu->psr & PSR(AC));
	assert_true((p->cpu->psr & PSR_REAL_SET) == PSR_REAL_SET);
}

static void enabling_psr_i_lets_the_event_in(void **state)
{
	struct pv *p = *state;

	p->v->callback = GUEST_IVA + 0x3000;
	shared_vcpu(p->v)[0] = 1;
	assert_int_equal(ssm(p, PSR(I)), 0x3000);
}

static void bsw_switches_banks_through_the_page(void **state)
{
	struct pv *p = *state;

	for (unsigned n = 0; n < 16; n++) {
		p->cpu->gr[16 + n] = 0x100 + n;
		page_set_at(p->v, PAGE_BANK0, n, 0x200 + n);
	}
	p->cpu->gr_nat[17] = 1;
	p->cpu->nat_seen = true;
	page_set(p->v, PAGE_VBNAT, 1ull << 20);
	assert_int_equal(pv_one(p, 1, IN_B, (struct insn){.op = OP_bsw_0}), GUEST_DONE);
	assert_int_equal(page_get(p->v, PAGE_BANKNUM), 0);
	assert_int_equal(page_get(p->v, PAGE_VNAT), 2);
	for (unsigned n = 0; n < 16; n++) {
		assert_int_equal(page_get_at(p->v, PAGE_BANK1, n), 0x100 + n);
		assert_int_equal(p->cpu->gr[16 + n], 0x200 + n);
		assert_int_equal(p->cpu->gr_nat[16 + n], n == 4);
	}
	assert_int_equal(B(p, .op = OP_bsw_1), 0);
	assert_int_equal(page_get(p->v, PAGE_BANKNUM), 1);
	assert_int_equal(p->cpu->gr[16], 0x100);
	assert_int_equal(p->cpu->gr_nat[17], 1);
}

static void rfi_instruction_cannot_stack_frames(void **state)
{
	struct pv *p = *state;

	page_set(p->v, PAGE_IIP, GUEST_CODE + 16);
	page_set(p->v, PAGE_IPSR, PSR(IC));
	page_set(p->v, PAGE_IFS, 0);
	assert_int_equal(B(p, .op = OP_rfi), 0);
	cpu_set_cfm(p->cpu, 3);
	rse_cover(p->cpu);
	page_set(p->v, PAGE_IFS, 1ull << 63 | 3);
	assert_int_equal(B(p, .op = OP_rfi), 0);
	assert_int_equal(cpu_cfm(p->cpu), 3);
	assert_int_equal(pv_one(p, 1, IN_B, (struct insn){.op = OP_rfi}), PV_CRASH);
}

static void cover_with_real_ic_leaves_ifs(void **state)
{
	struct pv *p = *state;

	cpu_set_cfm(p->cpu, 5);
	page_set(p->v, PAGE_IFS, 0x77);
	assert_int_equal(B(p, .op = OP_cover), 0);
	assert_int_equal(cpu_cfm(p->cpu), 0);
	assert_int_equal(page_get(p->v, PAGE_IFS), 0x77);
}

/* --- indirect registers --- */

static unsigned write_to(struct pv *p, unsigned op, uint64_t index, uint64_t v)
{
	p->cpu->gr[2] = v;
	p->cpu->gr[3] = index;
	return M(p, .op = (uint16_t)op, .r3 = 3, .r2 = 2);
}

static unsigned read_from(struct pv *p, unsigned op, uint64_t index, uint64_t *v)
{
	p->cpu->gr[3] = index;
	unsigned r = M(p, .op = (uint16_t)op, .r1 = 14, .r3 = 3);
	*v = p->cpu->gr[14];
	return r;
}

static void region_registers(void **state)
{
	struct pv *p = *state;
	uint64_t v;

	for (uint64_t n = 0; n < 8; n++) {
		assert_int_equal(write_to(p, OP_mov_to_rr, n << 61, (7 + n) << 8 | 14 << 2 | 1), 0);
		assert_int_equal(read_from(p, OP_mov_from_rr, n << 61 | 99, &v), 0);
		assert_int_equal(v, (7 + n) << 8 | 14 << 2 | 1);
		assert_int_equal(page_get_at(p->v, PAGE_RRS, n), v);
	}
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 2 | 14 << 2), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 1ull << 26 | 14 << 2), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 11 << 2), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 15 << 2), 0);
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 17 << 2), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 28 << 2), 0);
	assert_int_equal(write_to(p, OP_mov_to_rr, 0, 30 << 2), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_rr, 3ull << 61, 0), 0);
	assert_int_equal(read_from(p, OP_mov_from_rr, 3ull << 61, &v), 0);
	assert_int_equal(v, 0);
}

static void the_last_protection_key_register_is_reserved(void **state)
{
	struct pv *p = *state;
	uint64_t v;

	for (unsigned n = 0; n < 15; n++)
		assert_int_equal(write_to(p, OP_mov_to_pkr, n, (n + 1) << 8 | 1), 0);
	assert_int_equal(write_to(p, OP_mov_to_pkr, 15, 0x100), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_pkr, 16, 0x100), RESERVED);
	assert_int_equal(write_to(p, OP_mov_to_pkr, 0, 0x10), RESERVED);
	assert_int_equal(read_from(p, OP_mov_from_pkr, 14, &v), 0);
	assert_int_equal(v, 15 << 8 | 1);
	assert_int_equal(read_from(p, OP_mov_from_pkr, 15, &v), 0);
	assert_int_equal(v, 1); /* key 0, valid */
	assert_int_equal(read_from(p, OP_mov_from_pkr, 16, &v), RESERVED);
}

static void debug_registers(void **state)
{
	struct pv *p = *state;
	static const unsigned to[] = {OP_mov_to_dbr, OP_mov_to_ibr};
	static const unsigned from[] = {OP_mov_from_dbr, OP_mov_from_ibr};
	uint64_t v;

	for (unsigned k = 0; k < 2; k++) {
		assert_int_equal(write_to(p, to[k], 6, 0x123450), 0);
		assert_int_equal(read_from(p, from[k], 6, &v), 0);
		assert_int_equal(v, 0x123450);
		assert_int_equal(write_to(p, to[k], 7, 1ull << 63 | 0xfull << 56 | 0xff), 0);
		assert_int_equal(read_from(p, from[k], 7, &v), 0);
		assert_true(v == (1ull << 63 | 0xeull << 56 | 0xff)); /* not level 0 */
		assert_int_equal(write_to(p, to[k], 7, 0), 0);
		assert_int_equal(write_to(p, to[k], 8, 0), RESERVED);
		assert_int_equal(read_from(p, from[k], 8, &v), RESERVED);
		assert_int_equal(write_to(p, to[k], 0, 0xf000000000000000ull), ILLEGAL);
		assert_int_equal(write_to(p, to[k], 0, 0xf7ffffffffffffffull), ILLEGAL);
		assert_int_equal(write_to(p, to[k], 0, 0xf800000000000010ull), 0);
	}
}

static void performance_registers(void **state)
{
	struct pv *p = *state;
	uint64_t v;

	assert_int_equal(write_to(p, OP_mov_to_pmd, 4, 0x1234), 0);
	assert_int_equal(read_from(p, OP_mov_from_pmd, 4, &v), 0);
	assert_int_equal(v, 0x1234);
	assert_int_equal(write_to(p, OP_mov_to_pmc, 4, 0), 0);
	assert_int_equal(read_from(p, OP_mov_from_pmc, 4, &v), 0);
}

/* --- application registers --- */

static void kernel_registers_and_itc(void **state)
{
	struct pv *p = *state;

	for (uint8_t n = 0; n < 8; n++) {
		p->cpu->gr[2] = 0x900 + n;
		assert_int_equal(M(p, .op = OP_mov_to_ar_m, .r3 = n, .r2 = 2), 0);
		assert_int_equal(page_get_at(p->v, PAGE_KRS, n), 0x900 + n);
		assert_int_equal(M(p, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = n), 0);
		assert_int_equal(p->cpu->gr[14], 0x900 + n);
	}
	assert_int_equal(M(p, .op = OP_mov_to_ar_imm_m, .r3 = 3, .imm = -5), 0);
	assert_true(page_get_at(p->v, PAGE_KRS, 3) == (uint64_t)-5);
	p->cpu->gr[2] = 1ull << 60;
	assert_int_equal(M(p, .op = OP_mov_to_ar_m, .r3 = AR_ITC, .r2 = 2), 0);
	assert_int_equal(M(p, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_ITC), 0);
	assert_true(p->cpu->gr[14] < 1ull << 60);
	assert_int_equal(M(p, .op = OP_mov_to_ar_m, .r3 = AR_CFLG, .r2 = 2), ILLEGAL);
	assert_int_equal(M(p, .op = OP_mov_to_ar_m, .r3 = AR_CCV, .r2 = 2), 0);
	assert_int_equal(p->cpu->ar[AR_CCV], 1ull << 60);
	p->cpu->gr[2] = 0;
	assert_int_equal(M(p, .op = OP_mov_to_ar_m, .r3 = AR_RSC, .r2 = 2), 0);
	assert_int_equal(M(p, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_RSC), 0);
	assert_int_equal(p->cpu->gr[14], 1 << 2); /* the level the kernel really has */
}

/* --- faults --- */

static void user_level_has_the_faults_of_bare_hardware(void **state)
{
	struct pv *p = *state;
	static const struct {
		uint16_t op;
		uint8_t unit, r3;
		unsigned code;
	} row[] = {{OP_mov_to_cr, IN_M, 0, 0x10}, {OP_mov_from_cr, IN_M, 0, 0x10},
		{OP_ssm, IN_M, 0, 0x10}, {OP_rsm, IN_M, 0, 0x10}, {OP_mov_to_psr_l, IN_M, 0, 0x10},
		{OP_mov_from_psr, IN_M, 0, 0x10}, {OP_bsw_0, IN_B, 0, 0x10},
		{OP_bsw_1, IN_B, 0, 0x10}, {OP_rfi, IN_B, 0, 0x10}, {OP_mov_to_rr, IN_M, 3, 0x10},
		{OP_mov_to_pkr, IN_M, 3, 0x10}, {OP_mov_to_dbr, IN_M, 3, 0x10},
		{OP_mov_to_ibr, IN_M, 3, 0x10}, {OP_mov_to_pmc, IN_M, 3, 0x10},
		{OP_mov_to_pmd, IN_M, 3, 0x10}, {OP_mov_from_rr, IN_M, 3, 0x10},
		{OP_mov_from_pkr, IN_M, 3, 0x10}, {OP_mov_from_dbr, IN_M, 3, 0x10},
		{OP_mov_from_ibr, IN_M, 3, 0x10}, {OP_mov_from_pmc, IN_M, 3, 0x10},
		{OP_itc_d, IN_M, 0, 0}, {OP_itc_i, IN_M, 0, 0}, {OP_itr_d, IN_M, 3, 0},
		{OP_itr_i, IN_M, 3, 0}, {OP_ptc_l, IN_M, 3, 0x10}, {OP_ptc_g, IN_M, 3, 0x10},
		{OP_ptc_ga, IN_M, 3, 0x10}, {OP_ptr_d, IN_M, 3, 0x10}, {OP_ptr_i, IN_M, 3, 0x10},
		{OP_ptc_e, IN_M, 3, 0x10}, {OP_tpa, IN_M, 3, 0x10}, {OP_tak, IN_M, 3, 0x10},
		{OP_mov_to_ar_m, IN_M, 3, 0x20}, {OP_mov_to_ar_imm_m, IN_M, 3, 0x20}};

	pv_map_region0(p, 3);
	for (unsigned n = 0; n < countof(row); n++) {
		struct insn i = {.op = row[n].op, .r2 = 2, .r3 = row[n].r3};
		if (n == 1 || n == 5 || (n >= 15 && n <= 19) || n == 30 || n == 31)
			i.r1 = 14;
		if (n == 2 || n == 3)
			i.imm = PSR(I);
		pv_set_metaphysical(p->v, false);
		page_set(p->v, PAGE_BANKNUM, 1);
		assert_int_equal(pv_one(p, 3, row[n].unit, i), 0x5400);
		assert_int_equal(page_get(p->v, PAGE_ISR) & 0xf0, row[n].code);
		assert_int_equal(bits(page_get(p->v, PAGE_IPSR), PSR_CPL_BIT, 2), 3);
		/* the slot is told, unlike by emulation */
		assert_int_equal(
			bits(page_get(p->v, PAGE_ISR), ISR_EI_BIT, 2), row[n].unit == IN_B ? 2 : 0);
	}
}

static void nats_and_targets(void **state)
{
	struct pv *p = *state;

	p->cpu->gr_nat[2] = 1;
	p->cpu->nat_seen = true;
	assert_int_equal(M(p, .op = OP_mov_to_cr, .r3 = CR_IFA, .r2 = 2), NAT);
	assert_int_equal(M(p, .op = OP_mov_to_psr_l, .r2 = 2), NAT);
	assert_int_equal(M(p, .op = OP_mov_to_rr, .r3 = 3, .r2 = 2), NAT);
	assert_int_equal(M(p, .op = OP_mov_to_ar_m, .r3 = 1, .r2 = 2), NAT);
	assert_int_equal(M(p, .op = OP_itc_d, .r2 = 2), NAT);
	assert_int_equal(M(p, .op = OP_tpa, .r1 = 14, .r3 = 2), NAT);
	assert_int_equal(M(p, .op = OP_mov_from_cr, .r1 = 0, .r3 = CR_IFA), ILLEGAL);
	assert_int_equal(M(p, .op = OP_mov_from_psr, .r1 = 40), ILLEGAL);
	assert_int_equal(M(p, .op = OP_mov_from_rr, .r1 = 40, .r3 = 3), ILLEGAL);
}

static void vmsw_is_illegal(void **state)
{
	assert_int_equal(B(*state, .op = OP_vmsw_0), ILLEGAL);
	assert_int_equal(B(*state, .op = OP_vmsw_1), ILLEGAL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)
	const struct CMUnitTest tests[] = {
		T(control_registers_read_back),
		T(control_registers_are_in_the_page),
		T(control_registers_that_cannot_be_written),
		T(iva_lid_irr_and_ivr),
		T(ssm_and_rsm_know_some_bits),
		T(ssm_and_rsm_move_virtual_bits),
		T(psr_reads_as_the_kernel_expects),
		T(mov_to_psr_l_needs_dt_and_rt_for_virtual_mode),
		T(enabling_psr_i_lets_the_event_in),
		T(bsw_switches_banks_through_the_page),
		T(rfi_instruction_cannot_stack_frames),
		T(cover_with_real_ic_leaves_ifs),
		T(region_registers),
		T(the_last_protection_key_register_is_reserved),
		T(debug_registers),
		T(performance_registers),
		T(kernel_registers_and_itc),
		T(user_level_has_the_faults_of_bare_hardware),
		T(nats_and_targets),
		T(vmsw_is_illegal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
