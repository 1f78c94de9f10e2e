/* SPDX-License-Identifier: MIT */
/* Control and data speculation: what ld.s defers, what the ALAT keeps and forgets. */
#include "mem_world.h"

/* --- speculation --- */

static void ld_s_defers_only_what_it_may(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	memset(ram(w, 0), 0x22, 8);
	assert_int_equal(run(w, exec_ld8, 0x40000, 0, 1), EXEC_NEXT);
	assert_int_equal(gr_value(cpu, 16), 0x2222222222222222);
	assert_int_equal(gr_nat(cpu, 16), 0);
	expect_fault(w, run(w, exec_ld8, 0x90000, 0, 1), FAULT_ALT_DTLB, ISR_BIT(R) | ISR_BIT(SP));
	cpu->cr[CR_DCR] = 1 << 8;
	assert_int_equal(run(w, exec_ld8, 0x90000, 0, 1), EXEC_NEXT);
	assert_int_equal(gr_nat(cpu, 16), 1);
	cpu->cr[CR_DCR] = 0;
	set_mode(w, PSR(ED));
	assert_int_equal(run(w, exec_ld8, 0x40000, 0, 1), EXEC_NEXT);
	assert_int_equal(gr_nat(cpu, 16), 1);
	assert_int_equal(run(w, exec_lfetch, 0x90000, 0, 2), EXEC_NEXT);
	set_mode(w, 0);
	/* uncacheable: never read ahead */
	assert_int_equal(run(w, exec_ld8, 0x60000, 0, 1), EXEC_NEXT);
	assert_int_equal(gr_nat(cpu, 16), 1);
	assert_int_equal(w->accesses, 0);
	/* ld.a there: zero, not NaT */
	assert_int_equal(run(w, exec_ld8, 0x60000, 0, 2), EXEC_NEXT);
	assert_int_equal(gr_nat(cpu, 16), 0);
	assert_int_equal(gr_value(cpu, 16), 0);
	assert_int_equal(w->accesses, 0);
}

static void lfetch_faults_only_when_asked(void **state)
{
	struct world *w = *state;
	const uint64_t na = ISR_BIT(R) | ISR_BIT(NA) | 4;
	assert_int_equal(run(w, exec_lfetch, 0x90000, 0, 0), EXEC_NEXT);
	assert_int_equal(run(w, exec_lfetch, 0x90000, 0, 1), EXEC_NEXT);
	expect_fault(w, run(w, exec_lfetch, 0x90000, 0, 2), FAULT_ALT_DTLB, na);
	assert_int_equal(run(w, exec_lfetch, 0x40001, 0, 3), EXEC_NEXT);
	gr_set(w->cpu, 20, 0, 1);
	struct insn i = {.r2 = VALUE, .r3 = 20, .imm = 64};
	assert_int_equal(exec_lfetch_i(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_value(w->cpu, 20), 64);
	assert_int_equal(gr_nat(w->cpu, 20), 1);
	i.comp = 2;
	expect_fault(w, exec_lfetch_i(w->cpu, &i), FAULT_NAT_CONSUMPTION, na);
}

/* --- ALAT --- */

static bool chk_a(struct world *w, unsigned r, bool clr)
{
	struct insn i = {.r1 = (uint8_t)r, .imm = 0x40, .comp = clr};
	return exec_chk_a_gr(w->cpu, &i) == EXEC_NEXT;
}

static void a_check_hits_until_memory_changes(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	for (unsigned be = 0; be < 2; be++) {
		set_mode(w, be ? PSR(BE) : 0);
		assert_false(chk_a(w, 16, false));
		assert_int_equal(cpu->next_ip, CODE + 0x40);
		run(w, exec_ld8, 0x40100, 0, LD_A);
		assert_true(chk_a(w, 16, false));
		ram(w, 0x104)[0] ^= 1;
		assert_false(chk_a(w, 16, false));
		/* ld.c reloads, .nc enters it again */
		run(w, exec_ld8, 0x40100, 0, LD_C_NC);
		assert_true(chk_a(w, 16, true));
		assert_false(chk_a(w, 16, true));
	}
	set_mode(w, 0);
	/* a hit leaves the register alone */
	run(w, exec_ld8, 0x40100, 0, LD_A);
	gr_set(cpu, 16, 123, 0);
	run(w, exec_ld8, 0x40100, 0, LD_C_CLR);
	assert_int_equal(gr_value(cpu, 16), 123);
	run(w, exec_ld8, 0x40100, 0, LD_C_CLR);
	assert_int_not_equal(gr_value(cpu, 16), 123);
	/* unaligned and page-crossing ones work as well */
	run(w, exec_ld8, 0x40ffd, 0, LD_A);
	assert_true(chk_a(w, 16, false));
	ram(w, 0x1002)[0] ^= 1;
	assert_false(chk_a(w, 16, false));
}

static void a_check_misses_when_the_page_is_gone(void **state)
{
	struct world *w = *state;
	run(w, exec_ld8, 0x40100, 0, LD_A);
	assert_true(chk_a(w, 16, false));
	mmu_purge_all_tc(&w->cpu->mmu);
	memset(&w->cpu->mmu.fault, 0, sizeof(w->cpu->mmu.fault));
	assert_false(chk_a(w, 16, false));
	assert_int_equal(w->cpu->mmu.fault.code, FAULT_NONE);
	map(w, 0x40000, DEV, RWX | 4 << 2);
	assert_false(chk_a(w, 16, false));
	assert_int_equal(w->accesses, 0);
}

static void failed_advanced_loads_leave_no_entry(void **state)
{
	struct world *w = *state;
	run(w, exec_ld8, 0x40100, 0, LD_A);
	run(w, exec_ld8, 0x60000, 0, LD_A);
	assert_false(chk_a(w, 16, false));
	run(w, exec_ld8, 0x40100, 0, LD_A);
	w->cpu->cr[CR_DCR] = 1 << 8;
	run(w, exec_ld8, 0x90000, 0, LD_SA);
	assert_int_equal(gr_nat(w->cpu, 16), 1);
	assert_false(chk_a(w, 16, false));
}

static void invala_forgets(void **state)
{
	struct world *w = *state;
	struct insn i = {.r1 = 16};
	run(w, exec_ld8, 0x40100, 0, LD_A);
	i.r1 = 17;
	exec_invala_gr(w->cpu, &i);
	assert_true(chk_a(w, 16, false));
	i.r1 = 16;
	exec_invala_gr(w->cpu, &i);
	assert_false(chk_a(w, 16, false));
	run(w, exec_ld8, 0x40100, 0, LD_A);
	exec_invala(w->cpu, &i);
	assert_false(chk_a(w, 16, false));
}

static void entries_follow_registers_through_calls_and_rotation(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	struct insn ld = {.r1 = 36, .r3 = BASE, .comp = LD_A};
	struct insn call = {.r1 = 0, .imm = 0x100};

	cpu_set_cfm(cpu, 40 | 32ull << 7 | 4ull << 14);
	gr_set(cpu, BASE, 0x40100, 0);
	assert_int_equal(exec_ld8(cpu, &ld), EXEC_NEXT);
	assert_true(chk_a(w, 36, false));
	assert_false(chk_a(w, 37, false));
	/* one rotation: r36 is now r37 */
	cpu_set_cfm(cpu, 40 | 32ull << 7 | 4ull << 14 | 31ull << 18);
	assert_true(chk_a(w, 37, false));
	assert_false(chk_a(w, 36, false));
	/* in a callee the caller's local r36 is no register at all, and comes back */
	cpu_set_cfm(cpu, 40 | 32ull << 7);
	uint64_t bsp = cpu->rse.bspstore;
	assert_int_equal(exec_br_call(cpu, &call), EXEC_BRANCH);
	assert_int_equal(cpu->rse.bspstore, bsp);
	for (unsigned r = 32; r < 40; r++)
		assert_false(chk_a(w, r, false));
	/* outputs keep their identity under their new names */
	ld.r1 = 35;
	assert_int_equal(exec_ld8(cpu, &ld), EXEC_NEXT);
	assert_int_equal(exec_br_ret(cpu, &(struct insn){.r2 = 0}), EXEC_BRANCH);
	assert_true(chk_a(w, 36, false));
	assert_true(chk_a(w, 67, false));
}

static void fp_checks_work_like_integer_ones(void **state)
{
	struct world *w = *state;
	struct insn ld = {.r1 = 8, .r3 = BASE, .comp = LD_A}, chk = {.r1 = 8, .imm = 0x40};
	exec_fn *const f[] = {exec_ldfs, exec_ldfd, exec_ldf8, exec_ldfe};
	for (unsigned n = 0; n < countof(f); n++) {
		gr_set(w->cpu, BASE, 0x40200, 0);
		assert_int_equal(f[n](w->cpu, &ld), EXEC_NEXT);
		assert_int_equal(exec_chk_a_fr(w->cpu, &chk), EXEC_NEXT);
		ram(w, 0x200)[n == 3 ? 9 : 3] ^= 1;
		assert_int_equal(exec_chk_a_fr(w->cpu, &chk), EXEC_BRANCH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ld_s_defers_only_what_it_may),
		TEST(lfetch_faults_only_when_asked),
		TEST(a_check_hits_until_memory_changes),
		TEST(a_check_misses_when_the_page_is_gone),
		TEST(failed_advanced_loads_leave_no_entry),
		TEST(invala_forgets),
		TEST(entries_follow_registers_through_calls_and_rotation),
		TEST(fp_checks_work_like_integer_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
