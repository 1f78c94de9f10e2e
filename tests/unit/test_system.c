/* SPDX-License-Identifier: MIT */
/*
 * System instructions as encoded instructions on a processor: register moves with every register
 * number and every reserved bit, PSR, rfi, epc, bsw, translations, probes, global purges. Expected
 * values are from the manual's register pages (1:27-1:36, 2:23-2:44, 2:122-2:130, 2:152-2:160).
 */
#include "guest.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cpu/rse.h"
#include "cpu/sapic.h"

static int setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));
	guest_init(g, "poulson");
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	guest_free(*state);
	free(*state);
	return 0;
}

/* What one instruction at GUEST_CODE does: 0, or the vector, with ISR.code of General Exceptions
 * added to it. r15 is the usual source, r14 the usual target. */
static unsigned one(struct guest *g, uint64_t psr, enum guest_unit u, struct insn i)
{
	guest_restart(g, GUEST_CODE, psr | PSR(BN));
	guest_insn(g, u, i);
	guest_end(g);
	unsigned v = guest_run(g);
	if (v == GUEST_DONE)
		return 0;
	return v == 0x5400 ? v | (g->cpu->cr[CR_ISR] & 0xff) : v;
}
#define M(g, psr, ...) one(g, psr, IN_M, (struct insn){__VA_ARGS__})
#define I(g, psr, ...) one(g, psr, IN_I, (struct insn){__VA_ARGS__})
#define B(g, psr, ...) one(g, psr, IN_B, (struct insn){__VA_ARGS__})

enum { ILLEGAL = 0x5400, PRIV_OP = 0x5410, PRIV_REG = 0x5420, RESERVED = 0x5430, NAT = 0x5600 };
#define USER	  (3ull << PSR_CPL_BIT | PSR(IC))
#define PSR_OF(n) ((uint64_t)(n) << PSR_CPL_BIT | PSR(IC))

/* --- application registers --- */

static bool ar_on_m(unsigned ar)
{
	return ar <= 7 || (ar >= 16 && ar <= 19) || ar == 21 || (ar >= 24 && ar <= 30) ||
	       ar == 32 || ar == 36 || ar == 40 || ar == 44 || ar == 45;
}

static bool ar_ignored(unsigned ar)
{
	return (ar >= 48 && ar <= 63) || ar >= 112;
}

static void each_ar_belongs_to_its_unit(void **state)
{
	struct guest *g = *state;
	for (uint8_t ar = 0; ar < 128; ar++) {
		bool on_i = ar >= 64 && ar <= 66, any = ar_ignored(ar);
		unsigned m = ar_on_m(ar) || any ? 0 : ILLEGAL, i = on_i || any ? 0 : ILLEGAL;
		assert_int_equal(M(g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = ar), m);
		assert_int_equal(I(g, PSR(IC), .op = OP_mov_from_ar_i, .r1 = 14, .r3 = ar), i);
		m = ar == AR_BSP ? ILLEGAL : m;
		assert_int_equal(M(g, PSR(IC), .op = OP_mov_to_ar_imm_m, .r3 = ar), m);
		assert_int_equal(I(g, PSR(IC), .op = OP_mov_to_ar_imm_i, .r3 = ar), i);
	}
}

static void ruc_is_reserved_on_older_processors(void **state)
{
	(void)state;
	struct guest g;
	guest_init(&g, "madison");
	assert_int_equal(M(&g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_RUC), ILLEGAL);
	guest_free(&g);
}

static unsigned write_ar(struct guest *g, uint64_t psr, unsigned ar, uint64_t v)
{
	g->cpu->gr[2] = v;
	if (ar >= 64)
		return I(g, psr, .op = OP_mov_to_ar_i, .r3 = (uint8_t)ar, .r2 = 2);
	return M(g, psr, .op = OP_mov_to_ar_m, .r3 = (uint8_t)ar, .r2 = 2);
}

static uint64_t read_ar(struct guest *g, unsigned ar)
{
	unsigned r = ar >= 64 ? I(g, PSR(IC), .op = OP_mov_from_ar_i, .r1 = 14, .r3 = (uint8_t)ar)
			      : M(g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = (uint8_t)ar);
	assert_int_equal(r, 0);
	return g->cpu->gr[14];
}

static void ar_values_read_back_without_ignored_bits(void **state)
{
	static const struct {
		unsigned ar;
		uint64_t v, kept;
	} row[] = {
		{0, ~0ull, ~0ull},
		{7, ~0ull, ~0ull},
		{AR_RSC, 0x3fff001c, 0x3fff001c},
		{AR_BSPSTORE, 0x12345678, 0x12345678},
		{AR_BSPSTORE, 0x1237, 0x1230},
		{AR_RNAT, ~0ull, ~0ull >> 1},
		{AR_CSD, ~0ull, ~0ull},
		{AR_SSD, ~0ull, ~0ull},
		{AR_CCV, ~0ull, ~0ull},
		{AR_UNAT, ~0ull, ~0ull},
		{AR_FPSR, 0x9804c0270033full, 0x9804c0270033full},
		{48, ~0ull, 0},
		{63, ~0ull, 0},
		{AR_PFS, 0xc3f0003fffffffffull, 0xc3f0003fffffffffull},
		{AR_LC, ~0ull, ~0ull},
		{AR_EC, ~0ull, 0x3f},
		{112, ~0ull, 0},
	};
	for (unsigned n = 0; n < countof(row); n++) {
		assert_int_equal(write_ar(*state, PSR(IC), row[n].ar, row[n].v), 0);
		assert_true(read_ar(*state, row[n].ar) == row[n].kept);
	}
}

static void ar_reserved_bits_fault(void **state)
{
	struct guest *g = *state;
	for (unsigned b = 0; b < 64; b++) {
		uint64_t v = 1ull << b;
		bool rsc = (b >= 5 && b <= 15) || b >= 30;
		bool pfs = (b >= 38 && b <= 51) || (b >= 58 && b <= 61);
		bool pc = b >= 6 && b < 58 && (b - 6) % 13 == 2; /* pc = 1 */
		bool fpsr = b >= 58 || b == 12 || pc;
		assert_int_equal(write_ar(g, PSR(IC), AR_RSC, v), rsc ? RESERVED : 0);
		assert_int_equal(write_ar(g, PSR(IC), AR_PFS, v), pfs ? RESERVED : 0);
		assert_int_equal(write_ar(g, PSR(IC), AR_FPSR, v), fpsr ? RESERVED : 0);
	}
}

static void ar_privilege(void **state)
{
	struct guest *g = *state;
	assert_int_equal(write_ar(g, USER, 0, 0), PRIV_REG);
	assert_int_equal(write_ar(g, USER, 7, 0), PRIV_REG);
	assert_int_equal(write_ar(g, USER, AR_ITC, 0), PRIV_REG);
	assert_int_equal(write_ar(g, USER, AR_CFLG, 0), PRIV_REG);
	assert_int_equal(write_ar(g, USER, AR_CCV, 0), 0);
	assert_int_equal(M(g, USER, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = 7), 0);
	assert_int_equal(M(g, USER, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_ITC), 0);
	assert_int_equal(
		M(g, USER | PSR(SI), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_ITC), PRIV_REG);
	assert_int_equal(
		M(g, PSR(IC) | PSR(SI), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_ITC), 0);
	/* rsc.pl cannot be raised above cpl */
	assert_int_equal(write_ar(g, PSR_OF(2), AR_RSC, 1 << 2), 0);
	assert_int_equal(read_ar(g, AR_RSC), 2 << 2);
	assert_int_equal(write_ar(g, PSR_OF(2), AR_RSC, 3 << 2), 0);
	assert_int_equal(read_ar(g, AR_RSC), 3 << 2);
}

static void bspstore_and_rnat_need_lazy_mode(void **state)
{
	struct guest *g = *state;
	for (unsigned mode = 0; mode < 4; mode++) {
		unsigned want = mode ? ILLEGAL : 0;
		assert_int_equal(write_ar(g, PSR(IC), AR_RSC, mode), 0);
		assert_int_equal(write_ar(g, PSR(IC), AR_BSPSTORE, 0), want);
		assert_int_equal(write_ar(g, PSR(IC), AR_RNAT, 0), want);
		assert_int_equal(
			M(g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_RNAT), want);
		assert_int_equal(
			M(g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_BSPSTORE), want);
		assert_int_equal(M(g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_BSP), 0);
	}
}

static void ar_nat_and_targets(void **state)
{
	struct guest *g = *state;
	gr_set(g->cpu, 2, 0, 1);
	assert_int_equal(write_ar(g, PSR(IC), AR_CCV, 0), NAT);
	assert_int_equal(write_ar(g, PSR(IC), AR_LC, 0), NAT);
	assert_int_equal(M(g, PSR(IC), .op = OP_mov_from_ar_m, .r1 = 0, .r3 = AR_CCV), ILLEGAL);
	assert_int_equal(M(g, PSR(IC), .op = OP_mov_to_ar_imm_m, .r3 = AR_CCV, .imm = -128), 0);
	assert_true(read_ar(g, AR_CCV) == (uint64_t)-128);
}

static void itc_counts_nanoseconds_from_what_was_written(void **state)
{
	struct guest *g = *state;
	assert_int_equal(write_ar(g, PSR(IC), AR_ITC, 1000), 0);
	clock_advance(&g->m.clock, 50);
	assert_int_equal(read_ar(g, AR_ITC), 1050);
	assert_int_equal(write_ar(g, PSR(IC), AR_RUC, 77), 0);
	assert_int_equal(read_ar(g, AR_RUC), 77);
	assert_int_equal(read_ar(g, AR_ITC), 1050);
	assert_int_equal(write_ar(g, USER, AR_RUC, 0), PRIV_REG);
}

/* --- control registers --- */

static unsigned write_cr(struct guest *g, uint64_t psr, unsigned cr, uint64_t v)
{
	g->cpu->gr[2] = v;
	return M(g, psr, .op = OP_mov_to_cr, .r3 = (uint8_t)cr, .r2 = 2);
}

static uint64_t read_cr(struct guest *g, unsigned cr)
{
	assert_int_equal(M(g, 0, .op = OP_mov_from_cr, .r1 = 14, .r3 = (uint8_t)cr), 0);
	return g->cpu->gr[14];
}

static bool cr_exists(unsigned cr)
{
	return cr <= 2 || cr == 8 || cr == 16 || cr == 17 || (cr >= 19 && cr <= 27) ||
	       (cr >= 64 && cr <= 74) || cr == 80 || cr == 81;
}

static void each_cr_exists_or_is_illegal(void **state)
{
	struct guest *g = *state;
	for (uint8_t cr = 0; cr < 128; cr++) {
		bool interruption = cr >= 16 && cr <= 27;
		bool read_only = cr == 65 || (cr >= 68 && cr <= 71);
		unsigned r = cr_exists(cr) ? 0 : ILLEGAL;
		unsigned w = read_only ? ILLEGAL : r;
		assert_int_equal(M(g, 0, .op = OP_mov_from_cr, .r1 = 14, .r3 = cr), r);
		assert_int_equal(M(g, PSR(IC), .op = OP_mov_from_cr, .r1 = 14, .r3 = cr),
			interruption ? ILLEGAL : r);
		assert_int_equal(M(g, USER & ~PSR(IC), .op = OP_mov_from_cr, .r1 = 14, .r3 = cr),
			r ? r : PRIV_OP);
		if (cr == CR_IVA)
			continue;
		assert_int_equal(write_cr(g, 0, cr, 0), w);
		assert_int_equal(write_cr(g, PSR(IC), cr, 0), interruption ? ILLEGAL : w);
		assert_int_equal(write_cr(g, USER & ~PSR(IC), cr, 0), w ? w : PRIV_OP);
	}
	gr_set(g->cpu, 2, 0, 1);
	assert_int_equal(write_cr(g, 0, CR_IFA, 0), NAT);
	assert_int_equal(M(g, 0, .op = OP_mov_from_cr, .r1 = 0, .r3 = CR_IFA), ILLEGAL);
}

static void iib_is_illegal_before_the_9500(void **state)
{
	(void)state;
	struct guest g;
	guest_init(&g, "tukwila");
	assert_int_equal(M(&g, 0, .op = OP_mov_from_cr, .r1 = 14, .r3 = CR_IIB0), ILLEGAL);
	assert_int_equal(write_cr(&g, 0, CR_IIB1, 0), ILLEGAL);
	guest_free(&g);
}

/* What is kept of all ones but the reserved bits, and the reserved bits. */
static const struct {
	unsigned cr;
	uint64_t kept, reserved;
} cr_fields[] = {
	{CR_DCR, 0x7f07, ~0x7f07ull},
	{CR_ITM, ~0ull, 0},
	{CR_PTA, 0xffffffffffff81fdull, 0x7e02},
	{CR_IPSR, 0x00007fff0ffee03eull, 0xffff8000f0011fc1ull},
	{CR_ISR, 0x00000fff00ffffffull, 0xfffff000ff000000ull},
	{CR_IIP, ~0ull, 0},
	{CR_IFA, ~0ull, 0},
	{CR_ITIR, ~0ull, 0}, /* checked when used: itc, itr */
	{CR_IIPA, ~0ull, 0},
	{CR_IFS, 0x8000003fffffffffull, 0x7fffffc000000000ull},
	{CR_IIM, ~0ull, 0},
	{CR_IHA, ~3ull, 0},
	{CR_IIB0, ~0ull, 0},
	{CR_IIB1, ~0ull, 0},
	{CR_TPR, 0x100f0, 0xff00},
	{CR_ITV, 0x100ff, 0xef00},
	{CR_LRR1, 0x1a7ff, 0x4800},
};

static void cr_fields_are_kept_ignored_or_reserved(void **state)
{
	struct guest *g = *state;
	for (unsigned n = 0; n < countof(cr_fields); n++) {
		unsigned cr = cr_fields[n].cr;
		for (unsigned b = 0; b < 64; b++)
			assert_int_equal(write_cr(g, 0, cr, 1ull << b),
				cr_fields[n].reserved >> b & 1 ? RESERVED : 0);
		assert_int_equal(write_cr(g, 0, cr, ~cr_fields[n].reserved), 0);
		assert_true(read_cr(g, cr) == cr_fields[n].kept);
	}
	/* iva: 32 KB aligned */
	g->at = 0x108000;
	assert_int_equal(write_cr(g, 0, CR_IVA, 0x10ffff), 0);
	assert_true(g->cpu->cr[CR_IVA] == 0x108000);
}

static void writing_iipa_sets_the_last_ip(void **state)
{
	struct guest *g = *state;
	assert_int_equal(write_cr(g, 0, CR_IIPA, 0x4440), 0);
	g->cpu->mmu.fault.code = FAULT_BREAK;
	cpu_set_psr(g->cpu, PSR(IC));
	cpu_deliver(g->cpu);
	assert_int_equal(g->cpu->cr[CR_IIPA], 0x4440);
}

static void ivr_and_eoi_through_instructions(void **state)
{
	struct guest *g = *state;
	assert_int_equal(write_cr(g, 0, CR_TPR, 0), 0);
	sapic_post(g->cpu, SAPIC_INT, 0x50);
	assert_int_equal(cpu_run(g->cpu, 1), EXIT_KICK);
	assert_int_equal(read_cr(g, CR_IVR), 0x50);
	assert_int_equal(read_cr(g, CR_IVR), 15);
	assert_int_equal(write_cr(g, 0, CR_EOI, 0), 0);
	assert_int_equal(read_cr(g, CR_EOI), 0);
}

static void lowering_tpr_lets_the_interrupt_in(void **state)
{
	struct guest *g = *state;
	sapic_post(g->cpu, SAPIC_INT, 0x50);
	assert_int_equal(cpu_run(g->cpu, 1), EXIT_KICK);
	assert_int_equal(write_cr(g, PSR(I) | PSR(IC), CR_TPR, 0), 0x3000);
	assert_true(g->cpu->cr[CR_IIPA] == GUEST_CODE);
}

/* --- PSR --- */

#define UM_BITS	 0x3eull
#define SM_BITS	 0x00fee03eull
#define LOW_BITS 0x0ffee03eull

static void system_mask_bits(void **state)
{
	struct guest *g = *state;
	for (unsigned b = 0; b < 24; b++) {
		uint64_t bit = 1ull << b;
		unsigned want = SM_BITS & bit ? 0 : RESERVED;
		assert_int_equal(M(g, 0, .op = OP_ssm, .imm = (int64_t)bit), want);
		assert_true((cpu_psr(g->cpu) & bit) == (want ? 0 : bit) || want);
		if (bit == PSR(BE) || bit == PSR(PK))
			continue; /* stay out of the marker's way */
		assert_int_equal(M(g, bit & SM_BITS, .op = OP_rsm, .imm = (int64_t)bit), want);
		assert_true(want || !(cpu_psr(g->cpu) & bit));
	}
	assert_int_equal(M(g, USER, .op = OP_ssm, .imm = 0), PRIV_OP);
	assert_int_equal(M(g, USER, .op = OP_rsm, .imm = 1), PRIV_OP);
}

static void user_mask_bits(void **state)
{
	struct guest *g = *state;
	for (unsigned b = 0; b < 24; b++) {
		uint64_t bit = 1ull << b;
		unsigned want = UM_BITS & bit ? 0 : RESERVED;
		assert_int_equal(M(g, USER, .op = OP_sum, .imm = (int64_t)bit), want);
		if (!want)
			assert_true(cpu_psr(g->cpu) & bit);
		assert_int_equal(
			M(g, USER | (bit & UM_BITS), .op = OP_rum, .imm = (int64_t)bit), want);
		if (!want)
			assert_false(cpu_psr(g->cpu) & bit);
	}
	for (unsigned b = 0; b < 64; b++) {
		g->cpu->gr[2] = 1ull << b;
		assert_int_equal(M(g, USER, .op = OP_mov_to_psr_um, .r2 = 2),
			UM_BITS >> b & 1 ? 0 : RESERVED);
	}
	/* psr.sp keeps the user's hands off up */
	assert_int_equal(M(g, USER | PSR(SP), .op = OP_sum, .imm = PSR(UP)), 0);
	assert_false(cpu_psr(g->cpu) & PSR(UP));
	assert_int_equal(M(g, USER | PSR(UP), .op = OP_mov_from_psr_um, .r1 = 14), 0);
	assert_int_equal(g->cpu->gr[14], PSR(UP));
}

static void psr_l_bits(void **state)
{
	struct guest *g = *state;
	for (unsigned b = 0; b < 64; b++) {
		uint64_t bit = 1ull << b;
		if (bit & (PSR(LP) | PSR(TB) | PSR(DB)))
			continue;
		g->cpu->gr[2] = bit;
		bool bad = b < 32 && !(LOW_BITS & bit);
		assert_int_equal(M(g, 0, .op = OP_mov_to_psr_l, .r2 = 2), bad ? RESERVED : 0);
		if (!bad)
			assert_true((cpu_psr(g->cpu) & ~PSR(BN)) == (b < 32 ? bit : 0));
	}
	assert_int_equal(M(g, USER, .op = OP_mov_to_psr_l, .r2 = 2), PRIV_OP);
	assert_int_equal(M(g, USER, .op = OP_mov_from_psr, .r1 = 14), PRIV_OP);
	/* 31:0 and 36:35 are read */
	uint64_t psr = PSR(IC) | PSR(MC) | PSR(DI) | PSR(AC);
	assert_int_equal(M(g, psr, .op = OP_mov_from_psr, .r1 = 14), 0);
	assert_true(g->cpu->gr[14] == psr);
	gr_set(g->cpu, 2, 0, 1);
	assert_int_equal(M(g, 0, .op = OP_mov_to_psr_l, .r2 = 2), NAT);
}

static void ic_is_in_flight_until_serialised(void **state)
{
	static const unsigned srlz[] = {OP_srlz_d, OP_srlz_i};
	struct guest *g = *state;
	assert_int_equal(M(g, 0, .op = OP_ssm, .imm = PSR(IC)), 0);
	assert_int_equal(g->cpu->inflight_ic, 1);
	for (unsigned n = 0; n < 2; n++) {
		g->cpu->inflight_ic = 1;
		assert_int_equal(M(g, PSR(IC), .op = (uint16_t)srlz[n]), 0);
		assert_int_equal(g->cpu->inflight_ic, 0);
	}
}

/* --- rfi, epc, bsw --- */

static void rfi_restores_psr_ip_and_frame(void **state)
{
	struct guest *g = *state;
	struct cpu *cpu = g->cpu;
	g->at = GUEST_CODE + 0x200;
	guest_end(g);
	guest_bundle(g, 0x01, guest_encode((struct insn){.op = OP_adds, .r1 = 14, .imm = 1}),
		guest_encode((struct insn){.op = OP_adds, .r1 = 17, .imm = 2}),
		guest_encode((struct insn){.op = OP_nop_i}));
	guest_end(g);
	cpu_set_cfm(cpu, 0);
	cpu->rse.dirty = 10;
	cpu->rse.bspstore = 0x100000;
	cpu->cr[CR_IPSR] = PSR(IC) | PSR(BN) | PSR(DFH) | 2ull << PSR_CPL_BIT | 1ull << PSR_RI_BIT;
	cpu->cr[CR_IIP] = GUEST_CODE + 0x21f; /* low bits ignored */
	cpu->cr[CR_IFS] = 1ull << 63 | 8 | 4 << 7;
	cpu->gr[14] = 0;
	/* one() gives bank 1; what rfi restores is bank 1 again */
	cpu->gr[17] = 0;
	guest_restart(g, GUEST_CODE, 0);
	guest_b(g, .op = OP_rfi);
	assert_int_equal(guest_run(g), GUEST_DONE);
	assert_int_equal(cpu->gr[14], 0); /* slot 0 was skipped */
	assert_int_equal(cpu->gr[17], 2);
	assert_int_equal(cpu->cpl, 2);
	assert_true(cpu->psr & PSR(DFH));
	assert_int_equal(cpu->sof, 8);
	assert_int_equal(cpu->sol, 4);
	assert_int_equal(cpu->rse.dirty, 2);
	assert_int_equal(B(g, USER, .op = OP_rfi), PRIV_OP);
}

static void rfi_without_ifs_v_keeps_the_frame(void **state)
{
	struct guest *g = *state;
	cpu_set_cfm(g->cpu, 5);
	g->cpu->cr[CR_IPSR] = PSR(IC) | PSR(BN);
	g->cpu->cr[CR_IIP] = GUEST_CODE + 16;
	g->cpu->cr[CR_IFS] = 8;
	assert_int_equal(B(g, 0, .op = OP_rfi), 0);
	assert_int_equal(g->cpu->sof, 5);
}

static void rfi_to_slot_2_of_a_long_instruction_is_illegal(void **state)
{
	struct guest *g = *state;
	uint64_t nop_m = guest_encode((struct insn){.op = OP_nop_m});
	struct insn movl = {.op = OP_movl, .r1 = 14, .imm = 1};
	uint64_t slot, l;
	assert_int_equal(insn_encode(&movl, &slot, &l), 0);
	g->at = GUEST_CODE + 0x100;
	guest_bundle(g, 0x05, nop_m, l, slot);
	guest_end(g);
	g->cpu->cr[CR_IPSR] = PSR(IC) | PSR(BN) | 2ull << PSR_RI_BIT;
	g->cpu->cr[CR_IIP] = GUEST_CODE + 0x100;
	g->cpu->cr[CR_IFS] = 0;
	assert_int_equal(B(g, 0, .op = OP_rfi), ILLEGAL);
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE + 0x100);
}

static void epc_needs_pfs_and_a_gateway_page(void **state)
{
	struct guest *g = *state;
	struct mmu *m = &g->cpu->mmu;
	/* physical mode: straight to level 0 */
	g->cpu->ar[AR_PFS] = 3ull << 62;
	assert_int_equal(B(g, USER, .op = OP_epc), 0);
	assert_int_equal(g->cpu->cpl, 0);
	/* ppl more privileged than cpl */
	g->cpu->ar[AR_PFS] = 2ull << 62;
	assert_int_equal(B(g, USER, .op = OP_epc), ILLEGAL);
	/* execute-promote pages by their pl, others not at all */
	g->cpu->ar[AR_PFS] = 3ull << 62;
	for (uint64_t pl = 0; pl < 4; pl++) {
		mmu_itr(m, true, 0, 0, 26 << 2, 0x61 | 7ull << 9 | pl << 7);
		assert_int_equal(B(g, USER | PSR(IT), .op = OP_epc), 0);
		assert_int_equal(g->cpu->cpl, pl);
	}
	mmu_itr(m, true, 0, 0, 26 << 2, 0x61 | 1ull << 9 | 3ull << 7);
	assert_int_equal(B(g, USER | PSR(IT), .op = OP_epc), 0);
	assert_int_equal(g->cpu->cpl, 3);
}

static void bsw_switches_banks(void **state)
{
	struct guest *g = *state;
	g->cpu->gr[20] = 1;
	g->cpu->gr_bank[4] = 2;
	assert_int_equal(B(g, PSR(IC), .op = OP_bsw_1), 0);
	assert_int_equal(g->cpu->gr[20], 1);
	assert_int_equal(B(g, PSR(IC), .op = OP_bsw_0), 0);
	assert_int_equal(g->cpu->gr[20], 2);
	assert_int_equal(B(g, USER, .op = OP_bsw_0), PRIV_OP);
}

/* --- indirect registers --- */

static unsigned write_ind(struct guest *g, unsigned op, uint64_t index, uint64_t v)
{
	g->cpu->gr[2] = v;
	g->cpu->gr[3] = index;
	return M(g, PSR(IC), .op = (uint16_t)op, .r3 = 3, .r2 = 2);
}

static unsigned read_ind(struct guest *g, uint64_t psr, unsigned op, uint64_t index)
{
	g->cpu->gr[3] = index;
	return M(g, psr, .op = (uint16_t)op, .r1 = 14, .r3 = 3);
}

static void indirect_reserved_bits(void **state)
{
	static const struct {
		unsigned op;
		uint64_t index, base, reserved;
	} row[] = {
		{OP_mov_to_rr, 3ull << 61, 12 << 2, 0xffffffff00000002ull},
		{OP_mov_to_pkr, 15, 0, 0xffffffff000000f0ull},
		{OP_mov_to_dbr, 7, 0, 0},
		{OP_mov_to_ibr, 7, 0, 0},
		{OP_mov_to_pmc, 0, 0, 0xe},
		{OP_mov_to_pmd, 4, 0, 0},
	};
	for (unsigned n = 0; n < countof(row); n++) {
		for (unsigned b = 0; b < 64; b++) {
			uint64_t bit = 1ull << b;
			if (row[n].op == OP_mov_to_rr && b >= 2 && b < 8)
				continue;
			assert_int_equal(
				write_ind(*state, row[n].op, row[n].index, row[n].base | bit),
				row[n].reserved & bit ? RESERVED : 0);
		}
	}
	/* page sizes of region registers */
	uint64_t sizes = ((struct guest *)*state)->m.model->page_sizes;
	for (unsigned ps = 0; ps < 64; ps++)
		assert_int_equal(write_ind(*state, OP_mov_to_rr, 3ull << 61, ps << 2),
			sizes >> ps & 1 ? 0 : RESERVED);
}

static void indirect_indexes_and_privilege(void **state)
{
	static const struct {
		unsigned to, from;
		unsigned limit;
	} row[] = {
		{OP_mov_to_pkr, OP_mov_from_pkr, 16},
		{OP_mov_to_dbr, OP_mov_from_dbr, 8},
		{OP_mov_to_ibr, OP_mov_from_ibr, 8},
		{OP_mov_to_pmc, OP_mov_from_pmc, 256},
		{OP_mov_to_pmd, OP_mov_from_pmd, 256},
	};
	struct guest *g = *state;
	for (unsigned n = 0; n < countof(row); n++) {
		for (unsigned k = 0; k < 256; k++) {
			unsigned want = k < row[n].limit ? 0 : RESERVED;
			/* bits above 7 are ignored */
			assert_int_equal(write_ind(g, row[n].to, k | 0xff00, 0), want);
			assert_int_equal(read_ind(g, PSR(IC), row[n].from, k | ~0xffull), want);
		}
		g->cpu->gr[2] = 0;
		assert_int_equal(M(g, USER, .op = (uint16_t)row[n].to, .r3 = 3, .r2 = 2), PRIV_OP);
		assert_int_equal(read_ind(g, USER, row[n].from, 0),
			row[n].from == OP_mov_from_pmd ? 0 : PRIV_OP);
	}
	assert_int_equal(read_ind(g, USER, OP_mov_from_rr, 0), PRIV_OP);
}

static void indirect_values_read_back(void **state)
{
	struct guest *g = *state;
	for (uint64_t n = 0; n < 8; n++)
		assert_int_equal(
			write_ind(g, OP_mov_to_rr, n << 61 | 0x1fff, 14 << 2 | (n + 1) << 8), 0);
	for (uint64_t n = 0; n < 8; n++) {
		assert_int_equal(read_ind(g, PSR(IC), OP_mov_from_rr, n << 61), 0);
		assert_int_equal(g->cpu->gr[14], 14 << 2 | (n + 1) << 8);
	}
	assert_int_equal(write_ind(g, OP_mov_to_dbr, 3, ~0ull), 0);
	assert_int_equal(read_ind(g, PSR(IC), OP_mov_from_dbr, 3), 0);
	assert_true(g->cpu->gr[14] == 0xcfffffffffffffffull);
	assert_int_equal(write_ind(g, OP_mov_to_ibr, 3, ~0ull), 0);
	assert_int_equal(read_ind(g, PSR(IC), OP_mov_from_ibr, 3), 0);
	assert_true(g->cpu->gr[14] == 0x8fffffffffffffffull);
	/* a key is in one register at a time */
	assert_int_equal(write_ind(g, OP_mov_to_pkr, 1, 0x500 | 1), 0);
	assert_int_equal(write_ind(g, OP_mov_to_pkr, 2, 0x500 | 3), 0);
	assert_int_equal(read_ind(g, PSR(IC), OP_mov_from_pkr, 1), 0);
	assert_int_equal(g->cpu->gr[14] & 1, 0);
}

static void cpuid_registers(void **state)
{
	struct guest *g = *state;
	char vendor[16];
	for (uint64_t n = 0; n < 2; n++) {
		assert_int_equal(read_ind(g, USER, OP_mov_from_cpuid, n), 0);
		memcpy(vendor + 8 * n, &g->cpu->gr[14], 8);
	}
	assert_memory_equal(vendor, "GenuineIntel\0\0\0\0", 16);
	assert_int_equal(read_ind(g, USER, OP_mov_from_cpuid, 3), 0);
	assert_int_equal(g->cpu->gr[14] & 0xff, 4);
	assert_int_equal(g->cpu->gr[14] >> 24 & 0xff, 0x21);
	assert_int_equal(read_ind(g, USER, OP_mov_from_cpuid, 4), 0);
	assert_true(g->cpu->gr[14] & 1);
	assert_int_equal(read_ind(g, USER, OP_mov_from_cpuid, 5), RESERVED);
}

static void performance_counters_count_and_freeze(void **state)
{
	struct guest *g = *state;
	uint64_t psr = PSR(IC) | PSR(UP);
	/* cycles, all levels, user monitor; starts frozen off */
	assert_int_equal(write_ind(g, OP_mov_to_pmc, 0, 0), 0);
	assert_int_equal(write_ind(g, OP_mov_to_pmc, 4, 0x12 << 8 | 0xf), 0);
	assert_int_equal(write_ind(g, OP_mov_to_pmd, 4, 100), 0);
	cpu_set_psr(g->cpu, psr);
	clock_advance(&g->m.clock, 1000);
	assert_int_equal(read_ind(g, psr, OP_mov_from_pmd, 4), 0);
	assert_int_equal(g->cpu->gr[14], 1100);
	clock_advance(&g->m.clock, 1000);
	assert_int_equal(read_ind(g, psr, OP_mov_from_pmd, 4), 0);
	assert_int_equal(g->cpu->gr[14], 2100);
	/* overflow with oi: bit 4 of PMC0, frozen, PMV raised */
	g->cpu->sapic.tpr = 0;
	sapic_write(g->cpu, CR_PMV, 0xee);
	assert_int_equal(write_ind(g, OP_mov_to_pmc, 4, 0x12 << 8 | 0x2f), 0);
	assert_int_equal(write_ind(g, OP_mov_to_pmd, 4, (1ull << 47) - 1), 0);
	cpu_set_psr(g->cpu, psr);
	clock_advance(&g->m.clock, 10);
	assert_int_equal(read_ind(g, psr, OP_mov_from_pmd, 4), 0);
	assert_int_equal(g->cpu->gr[14], 9);
	assert_int_equal(g->cpu->pmc[0], 0x11);
	assert_int_equal(sapic_highest(g->cpu), 0xee);
	/* psr.sp hides them from users */
	assert_int_equal(read_ind(g, USER | PSR(SP), OP_mov_from_pmd, 4), 0);
	assert_int_equal(g->cpu->gr[14], 0);
}

/* --- translations --- */

#define VA     0x2000000000004000ull
#define PTE_OK (0x61ull | 3 << 7 | 3 << 9)

static unsigned insert(struct guest *g, uint64_t psr, unsigned op, uint64_t slot, uint64_t pte)
{
	g->cpu->gr[2] = pte;
	g->cpu->gr[3] = slot;
	return M(g, psr, .op = (uint16_t)op, .r2 = 2, .r3 = 3);
}

static unsigned ask(struct guest *g, uint64_t psr, unsigned op, uint64_t va)
{
	g->cpu->gr[15] = va;
	return M(g, psr, .op = (uint16_t)op, .r1 = 14, .r3 = 15);
}

static void inserts_check_what_they_are_given(void **state)
{
	static const unsigned op[] = {OP_itc_d, OP_itc_i, OP_itr_d, OP_itr_i};
	struct guest *g = *state;
	mmu_write_rr(&g->cpu->mmu, 1, 14 << 2 | 0x77 << 8);
	for (unsigned n = 0; n < countof(op); n++) {
		g->cpu->cr[CR_IFA] = VA;
		g->cpu->cr[CR_ITIR] = 14 << 2;
		assert_int_equal(insert(g, PSR(IC), op[n], 1, PTE_OK), ILLEGAL);
		assert_int_equal(insert(g, USER & ~PSR(IC), op[n], 1, PTE_OK), PRIV_OP);
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK), 0);
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK | 2), RESERVED);
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK | 1 << 2), RESERVED);
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK | 1ull << 50), RESERVED);
		g->cpu->cr[CR_ITIR] = 15 << 2;
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK), RESERVED);
		g->cpu->cr[CR_ITIR] = 14 << 2 | 1;
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK), RESERVED);
		g->cpu->cr[CR_ITIR] = 14 << 2;
		gr_set(g->cpu, 2, 0, 1);
		assert_int_equal(insert(g, 0, op[n], 1, PTE_OK), NAT);
		g->cpu->gr_nat[2] = 0;
		if (n >= 2)
			assert_int_equal(insert(g, 0, op[n], 32, PTE_OK), RESERVED);
	}
}

static void tpa_tak_and_purges(void **state)
{
	struct guest *g = *state;
	mmu_write_rr(&g->cpu->mmu, 1, 14 << 2 | 0x77 << 8);
	assert_int_equal(ask(g, PSR(IC), OP_tpa, VA), 0x1000);
	assert_true(g->cpu->cr[CR_ISR] == ISR_BIT(NA));
	assert_int_equal(ask(g, PSR(IC), OP_tak, VA), 0);
	assert_int_equal(g->cpu->gr[14], 1);
	static const unsigned purge[] = {OP_ptc_l, OP_ptc_g, OP_ptc_ga, OP_ptr_d, OP_ptc_e};
	for (unsigned n = 0; n < countof(purge); n++) {
		unsigned op = purge[n] == OP_ptr_d ? OP_itr_d : OP_itc_d;
		g->cpu->cr[CR_IFA] = VA;
		g->cpu->cr[CR_ITIR] = 14 << 2 | 0x99 << 8;
		assert_int_equal(insert(g, 0, op, 1, PTE_OK | 0x100000), 0);
		assert_int_equal(ask(g, PSR(IC), OP_tpa, VA + 0x123), 0);
		assert_int_equal(g->cpu->gr[14], 0x100123);
		assert_int_equal(ask(g, PSR(IC), OP_tak, VA), 0);
		assert_int_equal(g->cpu->gr[14], 0x99 << 8);
		g->cpu->gr[3] = VA;
		g->cpu->gr[2] = 14 << 2;
		assert_int_equal(M(g, USER, .op = (uint16_t)purge[n], .r3 = 3, .r2 = 2), PRIV_OP);
		assert_int_equal(M(g, PSR(IC), .op = (uint16_t)purge[n], .r3 = 3, .r2 = 2), 0);
		assert_int_equal(ask(g, PSR(IC), OP_tpa, VA), 0x1000);
	}
	assert_int_equal(ask(g, USER, OP_tpa, VA), PRIV_OP);
	assert_int_equal(ask(g, USER, OP_thash, VA), 0);
	assert_int_equal(ask(g, USER, OP_ttag, VA), 0);
}

static void thash_of_unimplemented_address_is_nat(void **state)
{
	(void)state;
	struct guest g;
	guest_init(&g, "merced");
	assert_int_equal(ask(&g, PSR(IC), OP_thash, 1ull << 55), 0);
	assert_int_equal(g.cpu->gr_nat[14], 1);
	assert_int_equal(ask(&g, PSR(IC), OP_ttag, 1ull << 55), 0);
	assert_int_equal(g.cpu->gr_nat[14], 1);
	guest_free(&g);
}

static void probes_answer_for_the_less_privileged(void **state)
{
	struct guest *g = *state;
	mmu_write_rr(&g->cpu->mmu, 1, 14 << 2 | 0x77 << 8);
	/* readable and writable at level 0, readable at 3: ar 4, pl 3 */
	mmu_itr(&g->cpu->mmu, false, 1, VA, 14 << 2, 0x61 | 3 << 7 | 4 << 9 | 0x100000);
	g->cpu->gr[15] = VA;
	for (unsigned cpl = 0; cpl < 4; cpl++) {
		for (unsigned level = 0; level < 4; level++) {
			uint64_t psr = PSR_OF(cpl) | PSR(DT);
			bool w = cpl < 3 && level < 3;
			g->cpu->gr[2] = level;
			assert_int_equal(
				M(g, psr, .op = OP_probe_w, .r1 = 14, .r3 = 15, .r2 = 2), 0);
			assert_int_equal(g->cpu->gr[14], w);
			assert_int_equal(
				M(g, psr, .op = OP_probe_w_imm, .r1 = 14, .r3 = 15, .imm = level),
				0);
			assert_int_equal(g->cpu->gr[14], w);
			assert_int_equal(
				M(g, psr, .op = OP_probe_r_imm, .r1 = 14, .r3 = 15, .imm = level),
				0);
			assert_int_equal(g->cpu->gr[14], 1);
			assert_int_equal(
				M(g, psr, .op = OP_probe_r_fault, .r3 = 15, .imm = level), 0);
			assert_int_equal(M(g, psr, .op = OP_probe_rw_fault, .r3 = 15, .imm = level),
				w ? 0 : 0x5300);
			if (!w)
				assert_true(g->cpu->cr[CR_ISR] ==
					    (ISR_BIT(NA) | ISR_BIT(R) | ISR_BIT(W) | 5));
		}
	}
}

/* --- global purges between threads --- */

struct smp {
	struct guest g;
	_Atomic bool stop;
	_Atomic unsigned long purges;
};

struct smp_arg {
	struct smp *smp;
	struct cpu *cpu;
};

/* Purges all the time; after each one no processor may have the translation. */
static void *purge_thread(void *p)
{
	struct smp_arg *a = p;
	struct cpu *cpu = a->cpu;
	gva_t va = VA + ((gva_t)cpu->index << 20);
	for (unsigned n = 0; n < 2000; n++) {
		cpu_enter(cpu);
		mmu_itc(&cpu->mmu, false, va, 14 << 2, PTE_OK);
		broadcast_purge(cpu, &(struct broadcast_purge){va, 14, 0x77, true, false});
		cpu_leave(cpu);
		if (n % 16 == 0)
			sched_yield();
		atomic_fetch_add(&a->smp->purges, 1);
	}
	return NULL;
}

static void purges_of_several_processors_do_not_block_each_other(void **state)
{
	(void)state;
	struct smp smp = {0};
	struct smp_arg arg[4];
	pthread_t t[4];
	guest_init(&smp.g, NULL);
	for (unsigned n = 0; n < 4; n++) {
		if (n)
			smp.g.m.cpu[n] = cpu_new(&smp.g.m, n);
		mmu_write_rr(&smp.g.m.cpu[n]->mmu, 1, 14 << 2 | 0x77 << 8);
	}
	smp.g.m.cpus = 4;
	for (unsigned n = 0; n < 4; n++) {
		arg[n] = (struct smp_arg){&smp, smp.g.m.cpu[n]};
		assert_int_equal(pthread_create(&t[n], NULL, purge_thread, &arg[n]), 0);
	}
	for (unsigned n = 0; n < 4; n++)
		pthread_join(t[n], NULL);
	assert_int_equal(atomic_load(&smp.purges), 8000);
	guest_free(&smp.g);
}

static void *run_guest(void *p)
{
	struct smp_arg *a = p;
	while (!atomic_load(&a->smp->stop)) {
		if (cpu_run(a->cpu, 1000000) == EXIT_CRASH)
			break;
	}
	return NULL;
}

/* One processor loops in guest code, the other purges its translation away under it. */
static void a_purge_takes_effect_in_a_running_processor(void **state)
{
	(void)state;
	struct smp smp = {0};
	struct guest *g = &smp.g;
	guest_init(g, NULL);
	struct cpu *other = g->m.cpu[1] = cpu_new(&g->m, 1);
	g->m.cpus = 2;
	for (unsigned n = 0; n < 2; n++)
		mmu_write_rr(&g->m.cpu[n]->mmu, 1, 14 << 2 | 0x77 << 8);
	guest_b(g, .op = OP_br_cond, .imm = 0);
	other->ip = GUEST_CODE;
	cpu_set_psr(other, PSR(IC));
	struct smp_arg arg = {&smp, other};
	pthread_t t;
	for (unsigned n = 0; n < 50; n++) {
		uint64_t pa;
		mmu_itc(&other->mmu, false, VA, 14 << 2, PTE_OK);
		atomic_store(&smp.stop, false);
		assert_int_equal(pthread_create(&t, NULL, run_guest, &arg), 0);
		cpu_enter(g->cpu);
		broadcast_purge(g->cpu, &(struct broadcast_purge){VA, 14, 0x77, false, false});
		cpu_leave(g->cpu);
		atomic_store(&smp.stop, true);
		cpu_kick(other);
		pthread_join(t, NULL);
		assert_int_equal(mmu_tpa(&other->mmu, VA, &pa), FAULT_ALT_DTLB);
	}
	guest_free(g);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_ar_belongs_to_its_unit),
		TEST(ruc_is_reserved_on_older_processors),
		TEST(ar_values_read_back_without_ignored_bits),
		TEST(ar_reserved_bits_fault),
		TEST(ar_privilege),
		TEST(bspstore_and_rnat_need_lazy_mode),
		TEST(ar_nat_and_targets),
		TEST(itc_counts_nanoseconds_from_what_was_written),
		TEST(each_cr_exists_or_is_illegal),
		TEST(iib_is_illegal_before_the_9500),
		TEST(cr_fields_are_kept_ignored_or_reserved),
		TEST(writing_iipa_sets_the_last_ip),
		TEST(ivr_and_eoi_through_instructions),
		TEST(lowering_tpr_lets_the_interrupt_in),
		TEST(system_mask_bits),
		TEST(user_mask_bits),
		TEST(psr_l_bits),
		TEST(ic_is_in_flight_until_serialised),
		TEST(rfi_restores_psr_ip_and_frame),
		TEST(rfi_without_ifs_v_keeps_the_frame),
		TEST(rfi_to_slot_2_of_a_long_instruction_is_illegal),
		TEST(epc_needs_pfs_and_a_gateway_page),
		TEST(bsw_switches_banks),
		TEST(indirect_reserved_bits),
		TEST(indirect_indexes_and_privilege),
		TEST(indirect_values_read_back),
		TEST(cpuid_registers),
		TEST(performance_counters_count_and_freeze),
		TEST(inserts_check_what_they_are_given),
		TEST(tpa_tak_and_purges),
		TEST(thash_of_unimplemented_address_is_nat),
		TEST(probes_answer_for_the_less_privileged),
		TEST(purges_of_several_processors_do_not_block_each_other),
		TEST(a_purge_takes_effect_in_a_running_processor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
