/* SPDX-License-Identifier: MIT */
/*
 * What instructions without another oracle must do, from their pages in volume 3: Ski's user mode
 * has none of them, and their results are few enough to be written down here.
 */
#include "guest.h"

#include "cpu/alat.h"
#include "isa/table.h"

#define VA  0x2000000000004000ull
#define PTE 0x61ull /* present, accessed, dirty; rights are added */
#define RID 0x77ull

static int setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));
	guest_init(g, "poulson");
	mmu_write_rr(&g->cpu->mmu, 1, 14 << 2 | RID << 8);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	guest_free(*state);
	free(*state);
	return 0;
}

/* Runs one instruction: 0 or the vector, ISR.code of General Exceptions added. Sources are r2, r3,
 * the target is r14, which holds -1 before. */
static unsigned one(struct guest *g, uint64_t psr, enum guest_unit u, struct insn i)
{
	guest_restart(g, GUEST_CODE, psr | PSR(IC) | PSR(BN));
	guest_insn(g, u, i);
	guest_end(g);
	g->cpu->gr[14] = ~0ull;
	unsigned v = guest_run(g);
	if (v == GUEST_DONE)
		return 0;
	return v == 0x5400 ? v | (g->cpu->cr[CR_ISR] & 0xff) : v;
}
#define M(g, psr, ...) one(g, psr, IN_M, (struct insn){__VA_ARGS__})
#define I(g, psr, ...) one(g, psr, IN_I, (struct insn){__VA_ARGS__})
#define B(g, psr, ...) one(g, psr, IN_B, (struct insn){__VA_ARGS__})
#define ILLEGAL	       0x5400u
#define LEVEL(n)       ((uint64_t)(n) << PSR_CPL_BIT)

/* 3:267: feature 32 is clz, there on the 9500 and not before; 40 is reserved, so not there. */
static void tf_tests_what_cpuid_4_says(void **state)
{
	static const struct {
		unsigned op;
		int yes, no; /* p6 * 2 + p7 when the feature is there or not; -1: as before */
	} row[] = {
		{OP_tf_z, 1, 2},
		{OP_tf_z_and, 0, -1},
		{OP_tf_nz_and, -1, 0},
		{OP_tf_z_or, -1, 3},
		{OP_tf_nz_or, 3, -1},
		{OP_tf_z_or_andcm, -1, 2},
		{OP_tf_nz_or_andcm, 2, -1},
	};
	struct guest *g = *state;
	for (unsigned n = 0; n < countof(row) * 4; n++) {
		unsigned old = n & 3, k = n >> 2;
		for (int there = 0; there < 2; there++) {
			g->cpu->pr = 1 | (old >> 1) << 6 | (old & 1) << 7;
			assert_int_equal(I(g, 0, .op = (uint16_t)row[k].op, .p1 = 6, .p2 = 7,
						 .imm = there ? 32 : 40),
				0);
			int want = there ? row[k].yes : row[k].no;
			unsigned got = (g->cpu->pr >> 6 & 1) << 1 | (g->cpu->pr >> 7 & 1);
			assert_int_equal(got, want < 0 ? old : (unsigned)want);
		}
	}
	struct guest older;
	guest_init(&older, "madison");
	for (unsigned k = 0; k < countof(row); k++)
		assert_int_equal(
			I(&older, 0, .op = (uint16_t)row[k].op, .p1 = 6, .p2 = 7, .imm = 32),
			ILLEGAL);
	guest_free(&older);
}

/* 3:38, 3:170, 3:171: none of them on processors before the 9500. */
static void newer_integer_instructions_need_the_9500(void **state)
{
	struct guest *g = *state;
	static const unsigned op[] = {OP_clz, OP_mpy4, OP_mpyshl4};
	static const uint64_t result[] = {3, 0xfffffffe00000001, 0xfffffffe00000001 << 32};
	struct guest older;
	guest_init(&older, "montecito");
	g->cpu->gr[2] = 0xffffffffffffffff;
	for (unsigned k = 0; k < countof(op); k++) {
		g->cpu->gr[3] = k ? 0x12345678ffffffff : 0x1fffffffffffffff;
		assert_int_equal(I(g, 0, .op = (uint16_t)op[k], .r1 = 14, .r2 = 2, .r3 = 3), 0);
		assert_true(g->cpu->gr[14] == result[k]);
		assert_int_equal(
			I(&older, 0, .op = (uint16_t)op[k], .r1 = 14, .r2 = 2, .r3 = 3), ILLEGAL);
	}
	guest_free(&older);
}

/* 3:178: 16 bits, eight registers. */
static void dahr_keep_16_bits(void **state)
{
	struct guest *g = *state;
	for (unsigned n = 0; n < 8; n++)
		assert_int_equal(
			M(g, 0, .op = OP_mov_to_dahr, .r3 = (uint8_t)n, .imm = 0xf0e1 ^ n * 0x1111),
			0);
	for (unsigned n = 0; n < 8; n++) {
		g->cpu->gr[3] = n;
		assert_int_equal(M(g, LEVEL(3), .op = OP_mov_from_dahr, .r1 = 14, .r3 = 3), 0);
		assert_true(g->cpu->gr[14] == (0xf0e1 ^ n * 0x1111));
	}
	struct guest older;
	guest_init(&older, "tukwila");
	assert_int_equal(M(&older, 0, .op = OP_mov_to_dahr, .r3 = 1, .imm = 5), 0); /* a hint.m */
	assert_int_equal(older.cpu->dahr[1], 0);
	assert_int_equal(M(&older, 0, .op = OP_mov_from_dahr, .r1 = 14, .r3 = 3), ILLEGAL);
	guest_free(&older);
}

/* Hints: nothing happens, whatever the address. */
static void hints_never_fault(void **state)
{
	struct guest *g = *state;
	g->cpu->gr[3] = 1ull << 60;
	static const unsigned m[] = {OP_fwb, OP_mf, OP_mf_a, OP_sync_i, OP_hint_m, OP_lfetch};
	for (unsigned k = 0; k < countof(m); k++)
		assert_int_equal(M(g, PSR(DT), .op = (uint16_t)m[k], .r3 = 3), 0);
	assert_int_equal(M(g, PSR(DT), .op = OP_lfetch_count, .r3 = 3, .len = 5, .imm = -64), 0);
	gr_set(g->cpu, 3, g->cpu->gr[3], 1);
	assert_int_equal(M(g, PSR(DT), .op = OP_lfetch_count, .r3 = 3, .len = 64, .imm = 64), 0);
	assert_true(g->cpu->gr[3] == 1ull << 60);
	static const unsigned b[] = {OP_brp, OP_brp_ind, OP_brp_ret, OP_hint_b};
	for (unsigned k = 0; k < countof(b); k++)
		assert_int_equal(B(g, 0, .op = (uint16_t)b[k]), 0);
}

/* 3:213: the answer for the less privileged of cpl and the level asked for. Rights 2 are reading
 * and writing at level pl and above; 0 are reading; 4 are writing at pl, reading at all levels
 * from there to 3 (table 4-3, 2:56; here with pl 3, 3 and 2). */
static void probes_answer_as_an_access_would(void **state)
{
	static const struct {
		uint64_t rights;
		unsigned read, write; /* the least privileged level that may */
	} page[] = {{2 << 9 | 1 << 7, 1, 1}, {0 << 9 | 2 << 7, 2, 9}, {4 << 9 | 3 << 7, 3, 0}};
	struct guest *g = *state;
	for (unsigned n = 0; n < countof(page) * 16; n++) {
		unsigned p = n >> 4, cpl = n & 3, level = n >> 2 & 3;
		unsigned asked = level > cpl ? level : cpl;
		bool r = asked <= page[p].read;
		bool w = page[p].write != 9 && asked <= (p == 2 ? 2 : page[p].write);
		mmu_itr(&g->cpu->mmu, false, 1, VA, 14 << 2, PTE | page[p].rights | 0x100000);
		uint64_t psr = LEVEL(cpl) | PSR(DT);
		g->cpu->gr[3] = VA;
		g->cpu->gr[2] = level;
		assert_int_equal(M(g, psr, .op = OP_probe_r, .r1 = 14, .r3 = 3, .r2 = 2), 0);
		assert_int_equal(g->cpu->gr[14], r);
		assert_int_equal(M(g, psr, .op = OP_probe_w, .r1 = 14, .r3 = 3, .r2 = 2), 0);
		assert_int_equal(g->cpu->gr[14], w);
		assert_int_equal(
			M(g, psr, .op = OP_probe_r_imm, .r1 = 14, .r3 = 3, .imm = level), 0);
		assert_int_equal(g->cpu->gr[14], r);
		assert_int_equal(
			M(g, psr, .op = OP_probe_w_imm, .r1 = 14, .r3 = 3, .imm = level), 0);
		assert_int_equal(g->cpu->gr[14], w);
		assert_int_equal(
			M(g, psr, .op = OP_probe_r_fault, .r3 = 3, .imm = level), r ? 0 : 0x5300);
		assert_int_equal(
			M(g, psr, .op = OP_probe_w_fault, .r3 = 3, .imm = level), w ? 0 : 0x5300);
		assert_int_equal(M(g, psr, .op = OP_probe_rw_fault, .r3 = 3, .imm = level),
			r && w ? 0 : 0x5300);
	}
}

/* Each probe that faults says which: non-access code 2 or 5 (2:108), and what it asked for. */
static void probes_report_what_they_asked(void **state)
{
	static const struct {
		unsigned op;
		uint64_t isr;
	} row[] = {
		{OP_probe_r, ISR_BIT(R) | 2},
		{OP_probe_w, ISR_BIT(W) | 2},
		{OP_probe_r_imm, ISR_BIT(R) | 2},
		{OP_probe_w_imm, ISR_BIT(W) | 2},
		{OP_probe_r_fault, ISR_BIT(R) | 5},
		{OP_probe_w_fault, ISR_BIT(W) | 5},
		{OP_probe_rw_fault, ISR_BIT(R) | ISR_BIT(W) | 5},
	};
	struct guest *g = *state;
	g->cpu->gr[3] = VA;
	for (unsigned k = 0; k < countof(row); k++) {
		assert_int_equal(
			M(g, PSR(DT), .op = (uint16_t)row[k].op, .r1 = 14, .r3 = 3, .r2 = 2),
			0x1000);
		assert_true(g->cpu->cr[CR_ISR] == (row[k].isr | ISR_BIT(NA)));
		assert_true(g->cpu->cr[CR_IFA] == VA);
	}
}

/* Puts a translation to where thash says, with ttag's tag changed by some bits; returns what a load
 * through it says. */
static unsigned load_by_vhpt(struct guest *g, uint64_t va, uint64_t change)
{
	uint64_t entry[4] = {PTE | 2 << 9 | 0x100000, 14 << 2};
	g->cpu->gr[3] = va + 8;
	assert_int_equal(M(g, LEVEL(3), .op = OP_ttag, .r1 = 14, .r3 = 3), 0);
	entry[2] = g->cpu->gr[14] ^ change;
	assert_int_equal(g->cpu->gr[14] >> 63, 0); /* the ti bit */
	assert_int_equal(M(g, LEVEL(3), .op = OP_thash, .r1 = 14, .r3 = 3), 0);
	uint64_t hash = g->cpu->gr[14];
	assert_true(hash >= 0x400000 && hash < 0x410000 && hash % 32 == 0);
	assert_int_equal(ram_write(&g->m.ram, GPA(hash), entry, sizeof(entry)), 0);
	return M(g, PSR(DT), .op = OP_ld8, .r1 = 14, .r3 = 3);
}

/* What thash and ttag give is what the walker of the long-format VHPT looks for (2:64), in the byte
 * order that dcr.be sets (2:31). */
static void the_walker_finds_what_thash_and_ttag_describe(void **state)
{
	struct guest *g = *state;
	mmu_write_rr(&g->cpu->mmu, 1, 14 << 2 | RID << 8 | 1);
	g->cpu->gr[2] = 0x400000 | 1 << 8 | 16 << 2 | 1;
	assert_int_equal(M(g, 0, .op = OP_mov_to_cr, .r3 = CR_PTA, .r2 = 2), 0);
	mmu_itr(&g->cpu->mmu, false, 0, 0x400000, 22 << 2, PTE | 2 << 9 | 0x400000);
	for (uint64_t n = 0; n < 200; n++) {
		assert_int_equal(load_by_vhpt(g, VA + (n << 14), 1), 0x800);
		assert_int_equal(load_by_vhpt(g, VA + (n << 14), 0), 0);
	}
	g->cpu->gr[2] = 2;
	assert_int_equal(M(g, 0, .op = OP_mov_to_cr, .r3 = CR_DCR, .r2 = 2), 0);
	assert_int_not_equal(load_by_vhpt(g, VA + (200 << 14), 0), 0);
}

/* 3:223: ptr.i purges from the ITRs only, ptr.d from the DTRs only. */
static void ptr_purges_one_side(void **state)
{
	struct guest *g = *state;
	struct mmu *m = &g->cpu->mmu;
	gpa_t pa;
	for (unsigned k = 0; k < 2; k++) {
		mmu_itr(m, false, 1, VA, 14 << 2, PTE | 3 << 9 | 0x100000);
		mmu_itr(m, true, 1, VA, 14 << 2, PTE | 3 << 9 | 0x100000);
		g->cpu->gr[3] = VA;
		g->cpu->gr[2] = 14 << 2;
		unsigned op = k ? OP_ptr_i : OP_ptr_d;
		assert_int_equal(M(g, 0, .op = (uint16_t)op, .r3 = 3, .r2 = 2), 0);
		assert_int_equal(M(g, PSR(DT), .op = OP_ld8, .r1 = 14, .r3 = 3), k ? 0 : 0x1000);
		mmu_set_mode(m, PSR(IT) | PSR(DT) | PSR(IC), 0);
		assert_int_equal(mmu_fetch(m, VA, &pa), k ? FAULT_ALT_ITLB : FAULT_NONE);
	}
}

/* The run loop passes over nops, but not where it begins. */
static void a_run_may_begin_at_what_does_nothing(void **state)
{
	static const struct {
		unsigned op, tmpl, slot;
	} row[] = {{OP_nop_m, 0x01, 0}, {OP_nop_i, 0x01, 1}, {OP_nop_f, 0x0d, 1},
		{OP_nop_b, 0x11, 2}, {OP_nop_x, 0x05, 1}, {OP_brp, 0x11, 2}, {OP_brp_ind, 0x11, 2},
		{OP_brp_ret, 0x11, 2}};
	struct guest *g = *state;
	uint64_t nop = guest_encode((struct insn){.op = OP_nop_m});
	for (unsigned k = 0; k < countof(row); k++) {
		uint64_t s[3] = {nop, nop, nop}, x = row[k].op == OP_nop_x ? 2 : row[k].slot;
		s[x] = guest_encode((struct insn){.op = (uint16_t)row[k].op});
		guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
		guest_bundle(g, row[k].tmpl, s[0], s[1], s[2]);
		guest_end(g);
		g->cpu->ri = (uint8_t)row[k].slot;
		assert_int_equal(guest_run(g), GUEST_DONE);
	}
}

/* 3:34: r16 to r31 are exchanged for the other bank's. */
static void bsw_switches_between_two_banks(void **state)
{
	struct guest *g = *state;
	struct insn copy = {.op = OP_adds, .r1 = 14, .r3 = 20};
	for (unsigned bank = 0; bank < 2; bank++) {
		guest_restart(g, GUEST_CODE, PSR(IC) | (bank ? 0 : PSR(BN)));
		g->cpu->gr[20] = 100;
		guest_b(g, .op = bank ? OP_bsw_1 : OP_bsw_0);
		guest_m(g, .op = OP_adds, .r1 = 20, .imm = 200);
		guest_b(g, .op = bank ? OP_bsw_0 : OP_bsw_1);
		guest_insn(g, IN_M, copy);
		guest_end(g);
		assert_int_equal(guest_run(g), GUEST_DONE);
		assert_int_equal(g->cpu->gr[14], 100);
	}
}

/* 3:29: IIM gets the low 21 bits of break.x's 62; break.b's are ignored. */
static void break_x_reports_21_bits(void **state)
{
	struct guest *g = *state;
	struct insn i = {.op = OP_break_x, .imm = 0x2123456789b54321};
	uint64_t x, l;
	assert_int_equal(insn_encode(&i, &x, &l), 0);
	guest_restart(g, 0x30000, PSR(IC) | PSR(BN));
	guest_bundle(g, 0x05, guest_encode((struct insn){.op = OP_nop_m}), l, x);
	assert_int_equal(guest_run(g), 0x2c00);
	assert_true(g->cpu->cr[CR_IIM] == (0x89b54321 & 0x1fffff));
	assert_true(g->cpu->cr[CR_IIP] == 0x30000);
}

#define BEHIND_FIRMWARE (GUEST_IVA + 0x10000)

/* The entry number of a break.x in the firmware area. */
static void break_x_reaches_the_firmware(void **state)
{
	struct guest *g = *state;
	struct insn i = {.op = OP_break_x, .imm = 0x1f0abc};
	uint64_t x, l;
	assert_int_equal(insn_encode(&i, &x, &l), 0);
	guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
	guest_bundle(g, 0x05, guest_encode((struct insn){.op = OP_nop_m}), l, x);
	assert_int_equal(cpu_run(g->cpu, 1000), EXIT_FIRMWARE);
	assert_int_equal(g->cpu->exit_arg, 0xabc);
}

/* Every break but break.b is an entry of the firmware inside its area, and a break elsewhere. */
static void breaks_of_all_units_reach_the_firmware(void **state)
{
	static const struct {
		unsigned op;
		enum guest_unit unit;
	} row[] = {{OP_break_m, IN_M}, {OP_break_i, IN_I}, {OP_break_f, IN_F}};
	struct guest *g = *state;
	for (unsigned k = 0; k < countof(row); k++) {
		struct insn i = {.op = (uint16_t)row[k].op, .imm = 0x1f0ffe};
		guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
		guest_insn(g, row[k].unit, i);
		assert_int_equal(cpu_run(g->cpu, 1000), EXIT_FIRMWARE);
		assert_int_equal(g->cpu->exit_arg, 0xffe);
		guest_restart(g, BEHIND_FIRMWARE, PSR(IC) | PSR(BN));
		guest_insn(g, row[k].unit, i);
		assert_int_equal(guest_run(g), 0x2c00);
		assert_true(g->cpu->cr[CR_IIM] == 0x1f0ffe);
		i.imm = 0x100ffe;
		guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
		guest_insn(g, row[k].unit, i);
		assert_int_equal(guest_run(g), 0x2c00);
		assert_true(g->cpu->cr[CR_IIM] == 0x100ffe);
	}
}

/* 3:273: with the features disabled both fault, at level 0 and where vmsw exists. */
static void vmsw_is_disabled(void **state)
{
	struct guest *g = *state, older;
	guest_init(&older, "madison");
	for (unsigned k = 0; k < 2; k++) {
		unsigned op = k ? OP_vmsw_1 : OP_vmsw_0;
		assert_int_equal(B(g, 0, .op = (uint16_t)op), 0x6100);
		assert_int_equal(B(g, LEVEL(1), .op = (uint16_t)op), 0x5410);
		assert_int_equal(B(&older, LEVEL(1), .op = (uint16_t)op), ILLEGAL);
	}
	guest_free(&older);
}

/* 3:137: one entry of the ALAT, or all. */
static void invala_e_forgets_one_register(void **state)
{
	struct guest *g = *state;
	for (unsigned k = 0; k < 3; k++) {
		guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
		g->cpu->gr[3] = 0x200000;
		g->cpu->gr[14] = g->cpu->gr[15] = 0;
		guest_m(g, .op = OP_ldf8, .r1 = 40, .r3 = 3, .comp = 2);
		guest_m(g, .op = OP_ldf8, .r1 = 41, .r3 = 3, .comp = 2);
		if (k)
			guest_m(g, .op = k == 1 ? OP_invala_fr : OP_invala, .r1 = 40);
		guest_m(g, .op = OP_chk_a_fr, .r1 = 40, .imm = 32);
		guest_m(g, .op = OP_adds, .r1 = 14, .imm = 1);
		guest_m(g, .op = OP_chk_a_fr, .r1 = 41, .imm = 32);
		guest_m(g, .op = OP_adds, .r1 = 15, .imm = 1);
		guest_end(g);
		assert_int_equal(guest_run(g), GUEST_DONE);
		assert_int_equal(g->cpu->gr[14], k == 0);
		assert_int_equal(g->cpu->gr[15], k != 2);
	}
}

/* A register's entry stays when the registers below it go to memory. */
static void alat_entries_outlive_a_flush(void **state)
{
	struct guest *g = *state;
	guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
	cpu_set_cfm(g->cpu, 8 | 8 << 7);
	g->cpu->ar[AR_RSC] = 0;
	g->cpu->rse.bspstore = 0x300000;
	g->cpu->gr[3] = 0x200000;
	g->cpu->gr[14] = 0;
	guest_b(g, .op = OP_br_call, .r1 = 1, .imm = 16);
	guest_m(g, .op = OP_alloc, .r1 = 32, .imm = 8);
	guest_m(g, .op = OP_ld8, .r1 = 33, .r3 = 3, .comp = 2);
	guest_m(g, .op = OP_flushrs);
	guest_m(g, .op = OP_chk_a_gr, .r1 = 33, .imm = 32);
	guest_m(g, .op = OP_adds, .r1 = 14, .imm = 1);
	guest_end(g);
	assert_int_equal(guest_run(g), GUEST_DONE);
	assert_int_equal(g->cpu->rse.bspstore, 0x300000 + 8 * 8);
	assert_int_equal(g->cpu->gr[14], 1);
}

/* An entry is the physical register's: another bank's registers have none. */
static void alat_entries_belong_to_a_bank(void **state)
{
	struct guest *g = *state;
	for (uint8_t r = 16; r < 32; r++) {
		guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
		g->cpu->gr[3] = 0x200000;
		g->cpu->gr[14] = g->cpu->gr[15] = 0;
		guest_m(g, .op = OP_ld8, .r1 = r, .r3 = 3, .comp = 2);
		guest_b(g, .op = OP_bsw_0);
		guest_m(g, .op = OP_chk_a_gr, .r1 = r, .imm = 32);
		guest_m(g, .op = OP_adds, .r1 = 14, .imm = 1);
		guest_b(g, .op = OP_bsw_1);
		guest_m(g, .op = OP_chk_a_gr, .r1 = r, .imm = 32);
		guest_m(g, .op = OP_adds, .r1 = 15, .imm = 1);
		guest_end(g);
		assert_int_equal(guest_run(g), GUEST_DONE);
		assert_int_equal(g->cpu->gr[14], 0);
		assert_int_equal(g->cpu->gr[15], 1);
	}
}

/* 3:15: sor changes only while all rename bases are 0. */
static void alloc_changes_sor_without_rotation_only(void **state)
{
	struct guest *g = *state;
	struct insn i = {.op = OP_alloc, .r1 = 34, .imm = 16 | 2 << 14};
	for (unsigned n = 0; n < 8; n++) {
		uint64_t rrb = (uint64_t)(n & 1) << 18 | (uint64_t)(n >> 1 & 1) << 25 |
			       (uint64_t)(n >> 2 & 1) << 32;
		for (unsigned sor = 1; sor <= 2; sor++) {
			guest_restart(g, GUEST_CODE, PSR(IC) | PSR(BN));
			cpu_set_cfm(g->cpu, 16 | sor << 14 | rrb);
			guest_insn(g, IN_M, i);
			guest_end(g);
			unsigned v = guest_run(g);
			assert_int_equal(v, n && sor == 1 ? 0x5400 : GUEST_DONE);
			if (v == 0x5400)
				assert_int_equal(g->cpu->cr[CR_ISR] & 0xff, 0x30);
		}
	}
}

/* Ring 3 may read and write what these name; bits beyond the named ones stay. */
static void immediates_move_to_application_registers(void **state)
{
	struct guest *g = *state;
	for (int imm = -128; imm < 128; imm += 51) {
		assert_int_equal(
			I(g, LEVEL(3), .op = OP_mov_to_ar_imm_i, .r3 = AR_LC, .imm = imm), 0);
		assert_true(g->cpu->ar[AR_LC] == (uint64_t)(int64_t)imm);
		assert_int_equal(
			M(g, LEVEL(3), .op = OP_mov_to_ar_imm_m, .r3 = AR_CCV, .imm = imm), 0);
		assert_true(g->cpu->ar[AR_CCV] == (uint64_t)(int64_t)imm);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tf_tests_what_cpuid_4_says),
		TEST(newer_integer_instructions_need_the_9500),
		TEST(dahr_keep_16_bits),
		TEST(hints_never_fault),
		TEST(probes_answer_as_an_access_would),
		TEST(probes_report_what_they_asked),
		TEST(the_walker_finds_what_thash_and_ttag_describe),
		TEST(ptr_purges_one_side),
		TEST(a_run_may_begin_at_what_does_nothing),
		TEST(bsw_switches_between_two_banks),
		TEST(break_x_reports_21_bits),
		TEST(breaks_of_all_units_reach_the_firmware),
		TEST(break_x_reaches_the_firmware),
		TEST(alat_entries_outlive_a_flush),
		TEST(alat_entries_belong_to_a_bank),
		TEST(alloc_changes_sor_without_rotation_only),
		TEST(vmsw_is_disabled),
		TEST(invala_e_forgets_one_register),
		TEST(immediates_move_to_application_registers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
