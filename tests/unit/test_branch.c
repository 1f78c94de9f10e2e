/* SPDX-License-Identifier: MIT */
/*
 * Branches, loops, the run loop's page changes, stepping and its traps. Bundles are put together
 * with the encoder and run in physical mode; expected values follow the figures of 1:76-1:80 and
 * the descriptions at 3:20, worked out here with plain arrays.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cpu/exec.h"
#include "engine.h"
#include "cpu/interrupt.h"
#include "cpu/rse.h"
#include "isa/op.h"

#define RAM_SIZE (1 << 20)
#define CODE	 0x10000ull

enum { MII = 0, MLX = 4, MMI = 8, MIB = 0x10, MBB = 0x12, BBB = 0x16 };

static struct machine machine;
static struct cpu *cpu;

/* --- putting code into memory --- */

static uint64_t slot_bits(struct insn i, uint64_t *l)
{
	uint64_t s = 0;
	assert_int_equal(insn_encode(&i, &s, l), 0);
	return s;
}

static void put_slots(gva_t at, unsigned template, uint64_t s0, uint64_t s1, uint64_t s2)
{
	uint64_t b[2] = {template | s0 << 5 | s1 << 46, s1 >> 18 | s2 << 23};
	assert_int_equal(ram_write(&machine.ram, GPA(at), b, 16), 0);
}

static void put(gva_t at, unsigned template, struct insn a, struct insn b, struct insn c)
{
	put_slots(at, template, slot_bits(a, NULL), slot_bits(b, NULL), slot_bits(c, NULL));
}

/* MLX */
static void put_long(gva_t at, struct insn a, struct insn x)
{
	uint64_t l = 0, s = slot_bits(x, &l);
	put_slots(at, MLX, slot_bits(a, NULL), l, s);
}

#define NOP_M ((struct insn){.op = OP_nop_m})
#define NOP_I ((struct insn){.op = OP_nop_i})
#define NOP_B ((struct insn){.op = OP_nop_b})

static struct insn addi(unsigned r, int64_t imm)
{
	return (struct insn){.op = OP_adds, .r1 = (uint8_t)r, .r3 = (uint8_t)r, .imm = imm};
}

static struct insn branch(unsigned op, int64_t disp)
{
	return (struct insn){.op = (uint16_t)op, .imm = disp};
}

/* One branch in slot 2, after two nops. */
static void put_branch(gva_t at, struct insn b)
{
	put(at, MIB, NOP_M, NOP_I, b);
}

/* The end of a test: what intercept shows as a break fault. */
static void put_stop(gva_t at)
{
	put(at, MII, (struct insn){.op = OP_break_m, .imm = 0x123}, NOP_I, NOP_I);
}

/* --- running it --- */

static void fresh(void)
{
	static const uint8_t zero[4096];
	for (gva_t a = CODE - 0x1000; a < CODE + 0x8000; a += sizeof(zero))
		assert_int_equal(ram_write(&machine.ram, GPA(a), zero, sizeof(zero)), 0);
	cpu_reset(cpu);
	cpu_set_psr(cpu, PSR(IC));
	cpu->intercept = true;
	cpu->ip = CODE;
	cpu->ri = 0;
}

static void run_to(enum fault f, gva_t ip, unsigned ri)
{
	assert_int_equal(cpu_run(cpu, 1000000), EXIT_INTERRUPTION);
	assert_string_equal(fault_name(cpu->mmu.fault.code), fault_name(f));
	assert_true(cpu->ip == ip);
	assert_int_equal(cpu->ri, ri);
}

static int setup(void **state)
{
	(void)state;
	machine.model = cpu_model_find(NULL);
	machine.engine = test_engine;
	if (ram_add_slot(&machine.ram, 0, RAM_SIZE) < 0)
		return -1;
	cpu = cpu_new(&machine, 0);
	return cpu ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cpu_free(cpu);
	ram_free(&machine.ram);
	return 0;
}

/* --- plain branches --- */

static void branches_go_where_they_say(void **state)
{
	static const int64_t disp[] = {16, 32, 0xff0, 0x1000, 0x1230, 0x7ff0, -16, -0xff0, -0x1000};
	(void)state;
	for (unsigned n = 0; n < countof(disp); n++) {
		for (gva_t at = CODE; at <= CODE + 0xff0; at += 0xff0) {
			fresh();
			cpu->ip = at;
			put_branch(at, branch(OP_br_cond, disp[n]));
			put_stop(at + (gva_t)disp[n]);
			run_to(FAULT_BREAK, at + (gva_t)disp[n], 0);
			assert_true(cpu->iipa == at);
		}
	}
}

static void false_predicate_does_not_branch(void **state)
{
	(void)state;
	fresh();
	struct insn b = branch(OP_br_cond, 64);
	b.qp = 6;
	put_branch(CODE, b);
	put_stop(CODE + 16);
	put_stop(CODE + 64);
	run_to(FAULT_BREAK, CODE + 16, 0);
	fresh();
	put_branch(CODE, b);
	put_stop(CODE + 64);
	pr_set(cpu, 6, true);
	run_to(FAULT_BREAK, CODE + 64, 0);
}

static void indirect_branch_ignores_the_low_bits(void **state)
{
	(void)state;
	fresh();
	put_branch(CODE, (struct insn){.op = OP_br_cond_ind, .r2 = 6});
	cpu->br[6] = CODE + 0x2000 + 13;
	put_stop(CODE + 0x2000);
	run_to(FAULT_BREAK, CODE + 0x2000, 0);
}

static void code_runs_on_into_the_next_page(void **state)
{
	(void)state;
	fresh();
	for (gva_t a = CODE; a < CODE + 0x3000; a += 16)
		put(a, MII, addi(14, 1), addi(15, 1), addi(16, 1));
	put_stop(CODE + 0x3000);
	uint64_t slots = cpu->slots;
	run_to(FAULT_BREAK, CODE + 0x3000, 0);
	assert_int_equal(cpu->gr[14], 0x300);
	assert_int_equal(cpu->gr[15], 0x300);
	assert_int_equal(cpu->gr[16], 0x300);
	assert_in_range(cpu->slots - slots, 0x900, 0x903);
	assert_true(cpu->iipa == CODE + 0x2ff0);
}

static void nops_are_passed(void **state)
{
	(void)state;
	for (unsigned nops = 0; nops < 400; nops += 7) {
		fresh();
		gva_t a = CODE;
		put(a, MII, addi(14, 1), NOP_I, NOP_I);
		for (unsigned n = 0; n < nops; n++) {
			a += 16;
			if (n % 3)
				put(a, MII, NOP_M, NOP_I, NOP_I);
			else
				put_long(a, NOP_M, (struct insn){.op = OP_nop_x, .imm = n});
		}
		put(a + 16, MII, NOP_M, NOP_I, addi(14, 1));
		put_stop(a + 32);
		run_to(FAULT_BREAK, a + 32, 0);
		assert_int_equal(cpu->gr[14], 2);
		assert_true(cpu->iipa == a + 16);
	}
}

static void long_instructions_take_two_slots(void **state)
{
	(void)state;
	fresh();
	put_long(CODE, addi(15, 1),
		(struct insn){.op = OP_movl, .r1 = 14, .imm = 0x123456789abcdef});
	put_long(CODE + 16, addi(15, 1), (struct insn){.op = OP_brl_cond, .imm = 0x2010});
	put_stop(CODE + 0x2020);
	run_to(FAULT_BREAK, CODE + 0x2020, 0);
	assert_int_equal(cpu->gr[14], 0x123456789abcdef);
	assert_int_equal(cpu->gr[15], 2);
	/* predicated off, and step by step */
	struct insn x = {.op = OP_movl, .r1 = 14, .imm = 1, .qp = 6};
	for (unsigned n = 0; n < 2; n++) {
		fresh();
		if (n)
			cpu_set_psr(cpu, PSR(IC) | PSR(LP));
		put_long(CODE, NOP_M, x);
		put_stop(CODE + 16);
		run_to(FAULT_BREAK, CODE + 16, 0);
		assert_int_equal(cpu->gr[14], 0);
	}
}

static void slot_2_of_a_long_instruction_is_illegal(void **state)
{
	(void)state;
	fresh();
	put_long(CODE, NOP_M, (struct insn){.op = OP_movl, .r1 = 14, .imm = 1});
	cpu->ri = 2;
	run_to(FAULT_ILLEGAL_OP, CODE, 2);
}

/* --- calls and returns --- */

static void call_saves_and_return_restores(void **state)
{
	(void)state;
	fresh();
	put_branch(CODE, (struct insn){.op = OP_br_call, .r1 = 3, .imm = 0x1000});
	put_branch(CODE + 0x1000, (struct insn){.op = OP_br_ret, .r2 = 3});
	put_stop(CODE + 16);
	cpu_set_cfm(cpu, 50 | 30 << 7 | 2 << 14 | 5ull << 18 | 7ull << 25 | 9ull << 32);
	uint64_t cfm = cpu_cfm(cpu);
	cpu->pr = 0x123456789abcdef1;
	cpu->ar[AR_EC] = 37;
	cpu->cpl = 2;
	cpu_sync_mode(cpu);
	run_to(FAULT_BREAK, CODE + 16, 0);
	assert_true(cpu->ar[AR_PFS] == (cfm | 37ull << 52 | 2ull << 62));
	assert_true(cpu->br[3] == CODE + 16);
	assert_true(cpu_cfm(cpu) == cfm);
	assert_true(cpu->pr == 0x123456789abcdef1);
	assert_int_equal(cpu->ar[AR_EC], 37);
}

static void return_lowers_but_never_raises_privilege(void **state)
{
	(void)state;
	for (unsigned from = 0; from < 4; from++) {
		for (unsigned to = 0; to < 4; to++) {
			for (unsigned lp = 0; lp < 2; lp++) {
				fresh();
				cpu_set_psr(
					cpu, PSR(IC) | (uint64_t)from << 32 | (lp ? PSR(LP) : 0));
				put_branch(CODE, (struct insn){.op = OP_br_ret, .r2 = 3});
				put_stop(CODE + 64);
				cpu->br[3] = CODE + 64;
				cpu->ar[AR_PFS] = (uint64_t)to << 62 | 11ull << 52;
				run_to(lp && to > from ? FAULT_LOWER_PRIV : FAULT_BREAK, CODE + 64,
					0);
				assert_int_equal(cpu->cpl, to > from ? to : from);
				assert_int_equal(cpu->ar[AR_EC], 11);
			}
		}
	}
}

static void long_call_links_like_the_short_one(void **state)
{
	(void)state;
	fresh();
	put_long(CODE, NOP_M, (struct insn){.op = OP_brl_call, .r1 = 2, .imm = 0x3000});
	put_stop(CODE + 0x3000);
	cpu_set_cfm(cpu, 20 | 12 << 7);
	run_to(FAULT_BREAK, CODE + 0x3000, 0);
	assert_true(cpu->br[2] == CODE + 16);
	assert_int_equal(cpu->sof, 8);
}

static void long_branches_need_the_feature(void **state)
{
	struct cpu_model plain = *cpu->model;
	const struct cpu_model *old = cpu->model;
	(void)state;
	plain.features &= ~(unsigned)CPU_LB;
	fresh();
	cpu->model = &plain;
	put_long(CODE, NOP_M, (struct insn){.op = OP_brl_cond, .imm = 0x3000});
	run_to(FAULT_ILLEGAL_OP, CODE, 1);
	fresh();
	cpu->model = &plain;
	put_long(CODE, NOP_M, (struct insn){.op = OP_brl_call, .imm = 0x3000});
	run_to(FAULT_ILLEGAL_OP, CODE, 1);
	cpu->model = old;
}

static void ia32_is_always_disabled(void **state)
{
	(void)state;
	fresh();
	put_branch(CODE, (struct insn){.op = OP_br_ia, .r2 = 3});
	run_to(FAULT_DISABLED_ISA, CODE, 2);
}

/* --- loops --- */

/* What rotation does, on files of registers that do not move: names go round instead. */
struct rotating {
	bool pr[48];
	unsigned gr[96], fr[96], sor;
	unsigned rrb_gr, rrb_fr, rrb_pr;
};

static void model_rotate(struct rotating *m)
{
	m->rrb_pr = (m->rrb_pr + 47) % 48;
	m->rrb_fr = (m->rrb_fr + 95) % 96;
	if (m->sor)
		m->rrb_gr = (m->rrb_gr + m->sor - 1) % m->sor;
}

static void compare_rotating(const struct rotating *m)
{
	for (unsigned n = 0; n < 48; n++)
		assert_int_equal(pr_get(cpu, 16 + n), m->pr[(n + m->rrb_pr) % 48]);
	for (unsigned n = 0; n < 96; n++)
		assert_int_equal(fr_ptr(cpu, 32 + n)->sig, m->fr[(n + m->rrb_fr) % 96]);
	for (unsigned n = 0; n < 96; n++)
		assert_int_equal(
			gr_value(cpu, 32 + n), m->gr[n < m->sor ? (n + m->rrb_gr) % m->sor : n]);
}

static void start_rotating(struct rotating *m, unsigned sor)
{
	memset(m, 0, sizeof(*m));
	m->sor = sor;
	cpu_set_cfm(cpu, 96 | 96 << 7 | sor / 8 << 14);
	for (unsigned n = 0; n < 96; n++) {
		gr_set(cpu, 32 + n, m->gr[n] = n * 3 + 1, 0);
		fr_ptr(cpu, 32 + n)->sig = m->fr[n] = n * 5 + 1;
	}
	for (unsigned n = 0; n < 48; n++)
		pr_set(cpu, 16 + n, m->pr[n] = n * n >> 2 & 1);
}

/* The state of one loop branch by the tables at 3:22; returns whether it is taken. */
static bool model_loop(struct rotating *m, unsigned op, bool qp, uint64_t *lc, uint64_t *ec)
{
	bool *pr63 = &m->pr[(47 + m->rrb_pr) % 48];
	bool counted = op == OP_br_ctop || op == OP_br_cexit;
	bool going = counted ? *lc != 0 : qp;
	bool more = going || *ec > 1;
	bool rotates = going || *ec != 0;
	*pr63 = counted && going;
	if (counted && going)
		--*lc;
	else if (!going && *ec)
		--*ec;
	if (rotates)
		model_rotate(m);
	return more == (op == OP_br_ctop || op == OP_br_wtop);
}

static void loop_branches_count_and_rotate(void **state)
{
	static const uint16_t ops[] = {OP_br_ctop, OP_br_cexit, OP_br_wtop, OP_br_wexit};
	(void)state;
	for (unsigned n = 0; n < 4 * 4 * 4 * 2 * 3; n++) {
		uint16_t op = ops[n % 4];
		uint64_t lc = n / 4 % 4, ec = n / 16 % 4;
		bool qp = n / 64 % 2;
		unsigned sor = n / 128 * 48;
		struct rotating m;
		fresh();
		start_rotating(&m, sor);
		struct insn b = branch(op, 0x100);
		bool counted = op == OP_br_ctop || op == OP_br_cexit;
		b.qp = counted ? 0 : 7;
		put_branch(CODE, b);
		put_stop(CODE + 16);
		put_stop(CODE + 0x100);
		/* again and again, until rotation has come round */
		for (unsigned k = 0; k < 100; k++) {
			if (k % 5 == 0)
				lc = k % 4, ec = k / 4 % 4;
			cpu->ip = CODE;
			cpu->ri = 0;
			cpu->ar[AR_LC] = lc;
			cpu->ar[AR_EC] = ec;
			pr_set(cpu, 7, qp);
			bool taken = model_loop(&m, op, qp, &lc, &ec);
			run_to(FAULT_BREAK, taken ? CODE + 0x100 : CODE + 16, 0);
			assert_int_equal(cpu->ar[AR_LC], lc);
			assert_int_equal(cpu->ar[AR_EC], ec);
			compare_rotating(&m);
		}
	}
}

static void cloop_counts_down_to_zero(void **state)
{
	(void)state;
	fresh();
	put(CODE, MII, addi(14, 1), NOP_I, NOP_I);
	put_branch(CODE + 16, branch(OP_br_cloop, -16));
	put_stop(CODE + 32);
	cpu->ar[AR_LC] = 999;
	run_to(FAULT_BREAK, CODE + 32, 0);
	assert_int_equal(cpu->gr[14], 1000);
	assert_int_equal(cpu->ar[AR_LC], 0);
}

static void clrrrb_resets_the_names(void **state)
{
	(void)state;
	for (unsigned only_pr = 0; only_pr < 2; only_pr++) {
		struct rotating m;
		fresh();
		start_rotating(&m, 16);
		for (unsigned n = 0; n < 5; n++) {
			put_branch(CODE, branch(OP_br_ctop, 16));
			put_stop(CODE + 16);
			cpu->ip = CODE;
			cpu->ri = 0;
			uint64_t lc = cpu->ar[AR_LC] = 9, ec = 0;
			model_loop(&m, OP_br_ctop, false, &lc, &ec);
			run_to(FAULT_BREAK, CODE + 16, 0);
		}
		compare_rotating(&m);
		put_branch(CODE, (struct insn){.op = only_pr ? OP_clrrrb_pr : OP_clrrrb});
		cpu->ip = CODE;
		cpu->ri = 0;
		m.rrb_pr = 0;
		if (!only_pr)
			m.rrb_gr = m.rrb_fr = 0;
		run_to(FAULT_BREAK, CODE + 16, 0);
		compare_rotating(&m);
	}
}

/* --- traps and stepping --- */

static void single_step_traps_after_each_slot(void **state)
{
	(void)state;
	fresh();
	put(CODE, MII, addi(14, 1), NOP_I, addi(14, 1));
	put_long(CODE + 16, NOP_M, (struct insn){.op = OP_movl, .r1 = 15, .imm = 9});
	put_branch(CODE + 32, branch(OP_br_cond, 0x1000));
	static const struct {
		gva_t ip;
		unsigned ri, done;
		gva_t at;
	} steps[] = {{CODE, 1, 0, CODE}, {CODE, 2, 1, CODE}, {CODE + 16, 0, 2, CODE},
		{CODE + 16, 1, 0, CODE + 16}, {CODE + 32, 0, 1, CODE + 16},
		{CODE + 32, 1, 0, CODE + 32}, {CODE + 32, 2, 1, CODE + 32},
		{CODE + 0x1020, 0, 2, CODE + 32}};
	for (unsigned n = 0; n < countof(steps); n++) {
		cpu_set_psr(cpu, PSR(IC) | PSR(SS) | (uint64_t)cpu->ri << 41);
		run_to(FAULT_SINGLE_STEP, steps[n].ip, steps[n].ri);
		assert_int_equal(cpu->mmu.fault.isr, TRAP_CODE_SINGLE_STEP);
		assert_int_equal(cpu->trap_slot, steps[n].done);
		assert_true(cpu->iipa == steps[n].at);
	}
	assert_int_equal(cpu->gr[14], 2);
	assert_int_equal(cpu->gr[15], 9);
}

static void taken_branches_trap(void **state)
{
	(void)state;
	for (unsigned ss = 0; ss < 2; ss++) {
		fresh();
		cpu_set_psr(cpu, PSR(IC) | PSR(TB) | (ss ? PSR(SS) : 0));
		cpu->ri = 2;
		struct insn b = branch(OP_br_cond, 0x40);
		put_branch(CODE, b);
		run_to(FAULT_TAKEN_BRANCH, CODE + 0x40, 0);
		assert_int_equal(cpu->mmu.fault.isr,
			TRAP_CODE_TAKEN_BRANCH | (ss ? TRAP_CODE_SINGLE_STEP : 0));
		assert_int_equal(cpu->trap_slot, 2);
	}
	fresh();
	cpu_set_psr(cpu, PSR(IC) | PSR(TB));
	struct insn b = branch(OP_br_cond, 0x40);
	b.qp = 6;
	put_branch(CODE, b);
	put_stop(CODE + 16);
	run_to(FAULT_BREAK, CODE + 16, 0);
}

static void all_traps_of_a_return_are_reported_together(void **state)
{
	(void)state;
	fresh();
	cpu_set_psr(cpu, PSR(IC) | PSR(TB) | PSR(SS) | PSR(LP));
	cpu->ri = 2;
	put_branch(CODE, (struct insn){.op = OP_br_ret, .r2 = 1});
	cpu->br[1] = CODE + 64;
	cpu->ar[AR_PFS] = 3ull << 62;
	run_to(FAULT_LOWER_PRIV, CODE + 64, 0);
	assert_int_equal(cpu->mmu.fault.isr,
		TRAP_CODE_LOWER_PRIV | TRAP_CODE_TAKEN_BRANCH | TRAP_CODE_SINGLE_STEP);
}

static void unimplemented_targets_trap(void **state)
{
	(void)state;
	for (unsigned tb = 0; tb < 2; tb++) {
		fresh();
		cpu_set_psr(cpu, PSR(IC) | (tb ? PSR(TB) : 0));
		put_branch(CODE, (struct insn){.op = OP_br_cond_ind, .r2 = 1});
		cpu->br[1] = 1ull << 62;
		run_to(FAULT_UNIMPL_INST_ADDR, 1ull << 62, 0);
		assert_int_equal(cpu->mmu.fault.isr,
			TRAP_CODE_UNIMPL_INST | (tb ? TRAP_CODE_TAKEN_BRANCH : 0));
		assert_true(cpu->iipa == CODE);
		assert_int_equal(cpu->trap_slot, 2);
	}
}

static void one_instruction_bits_are_cleared_by_it(void **state)
{
	static const uint64_t bit[] = {PSR(ID), PSR(DA), PSR(DD), PSR(IA), PSR(ED)};
	(void)state;
	for (unsigned n = 0; n < countof(bit); n++) {
		fresh();
		cpu_set_psr(cpu, PSR(IC) | PSR(SS) | bit[n]);
		put(CODE, MII, NOP_M, NOP_I, NOP_I);
		run_to(FAULT_SINGLE_STEP, CODE, 1);
		assert_false(cpu->psr & bit[n]);
		/* an instruction that faults leaves them */
		fresh();
		cpu_set_psr(cpu, PSR(IC) | bit[n]);
		put_stop(CODE);
		run_to(FAULT_BREAK, CODE, 0);
		assert_true(cpu->psr & bit[n]);
	}
}

static void instruction_breakpoints_stop_before_the_bundle(void **state)
{
	(void)state;
	fresh();
	cpu_set_psr(cpu, PSR(IC) | PSR(DB));
	for (unsigned n = 0; n < 4; n++)
		put(CODE + 16 * n, MII, addi(14, 1), addi(14, 1), addi(14, 1));
	mmu_write_debug(&cpu->mmu, true, 2, CODE + 32);
	mmu_write_debug(
		&cpu->mmu, true, 3, 1ull << 63 | 15ull << 56 | (((1ull << 56) - 1) & ~15ull));
	run_to(FAULT_INST_DEBUG, CODE + 32, 0);
	assert_int_equal(cpu->gr[14], 6);
	assert_true(cpu->mmu.fault.ifa == CODE + 32);
	assert_true(cpu->mmu.fault.isr == ISR_BIT(X));
	/* psr.id lets one instruction pass; the next slot of the bundle stops again */
	cpu_set_psr(cpu, PSR(IC) | PSR(DB) | PSR(ID));
	run_to(FAULT_INST_DEBUG, CODE + 32, 1);
	mmu_write_debug(&cpu->mmu, true, 3, 0);
}

static void faults_name_the_bundle_before(void **state)
{
	(void)state;
	for (unsigned step = 0; step < 2; step++) {
		fresh();
		if (step)
			cpu_set_psr(cpu, PSR(IC) | PSR(LP));
		put_branch(CODE, branch(OP_br_cond, 0x40));
		put(CODE + 0x40, MII, (struct insn){.op = OP_break_m}, NOP_I, NOP_I);
		run_to(FAULT_BREAK, CODE + 0x40, 0);
		assert_true(cpu->iipa == CODE);
		put(CODE + 0x40, MII, addi(14, 1), (struct insn){.op = OP_break_i}, NOP_I);
		run_to(FAULT_BREAK, CODE + 0x40, 1);
		assert_true(cpu->iipa == CODE + 0x40);
	}
}

/* --- code that changes, and code that is not there --- */

static void rewritten_code_is_decoded_again(void **state)
{
	(void)state;
	fresh();
	for (unsigned n = 1; n < 1000; n++) {
		gva_t at = CODE + n % 4 * 0x1000;
		put(at, MII, addi(14, (int64_t)n), NOP_I, NOP_I);
		put_stop(at + 16);
		cpu->gr[14] = 0;
		cpu->ip = at;
		cpu->ri = 0;
		run_to(FAULT_BREAK, at + 16, 0);
		assert_int_equal(cpu->gr[14], n);
	}
}

static void code_outside_memory_is_a_crash(void **state)
{
	(void)state;
	fresh();
	cpu->ip = 0xfee00000;
	assert_int_equal(cpu_run(cpu, 1000), EXIT_CRASH);
	assert_non_null(cpu->exit_text);
	cpu->ip = RAM_SIZE - 16;
	fresh();
}

/* --- the run loop --- */

static void budget_ends_a_run(void **state)
{
	(void)state;
	fresh();
	put_branch(CODE, branch(OP_br_cond, 0));
	uint64_t before = cpu->slots;
	assert_int_equal(cpu_run(cpu, 100000), EXIT_BUDGET);
	assert_in_range(cpu->slots - before, 100000, 100003);
	assert_true(cpu->ip == CODE);
}

static void *kicker(void *arg)
{
	(void)arg;
	usleep(20000);
	cpu_kick(cpu);
	return NULL;
}

static void kick_ends_a_run(void **state)
{
	pthread_t t;
	(void)state;
	fresh();
	put_branch(CODE, branch(OP_br_cond, 0));
	assert_int_equal(pthread_create(&t, NULL, kicker, NULL), 0);
	assert_int_equal(cpu_run(cpu, ~0ull >> 1), EXIT_KICK);
	pthread_join(t, NULL);
}

static void psr_and_cfm_come_back_as_written(void **state)
{
	(void)state;
	fresh();
	for (unsigned n = 0; n < 32; n++) {
		gr_set(cpu, n ? n : 1, n * 7, n & 1);
	}
	cpu->ri = 0;
	cpu_set_psr(cpu, PSR(BN) | 3ull << 32 | 2ull << 41 | PSR(BE) | PSR(AC));
	assert_true(cpu_psr(cpu) == (PSR(BN) | 3ull << 32 | 2ull << 41 | PSR(BE) | PSR(AC)));
	assert_int_equal(cpu->gr[15], 105);
	assert_int_equal(cpu->gr[16], 0);
	gr_set(cpu, 16, 1, 0);
	cpu_set_psr(cpu, 0);
	assert_int_equal(cpu->gr[16], 112);
	assert_int_equal(cpu->gr_nat[17], 1);
	uint64_t cfm = 96 | 96 << 7 | 12 << 14 | 95ull << 18 | 94ull << 25 | 47ull << 32;
	cpu_set_cfm(cpu, cfm);
	assert_true(cpu_cfm(cpu) == cfm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(branches_go_where_they_say),
		cmocka_unit_test(false_predicate_does_not_branch),
		cmocka_unit_test(indirect_branch_ignores_the_low_bits),
		cmocka_unit_test(code_runs_on_into_the_next_page),
		cmocka_unit_test(nops_are_passed),
		cmocka_unit_test(long_instructions_take_two_slots),
		cmocka_unit_test(slot_2_of_a_long_instruction_is_illegal),
		cmocka_unit_test(call_saves_and_return_restores),
		cmocka_unit_test(return_lowers_but_never_raises_privilege),
		cmocka_unit_test(long_call_links_like_the_short_one),
		cmocka_unit_test(long_branches_need_the_feature),
		cmocka_unit_test(ia32_is_always_disabled),
		cmocka_unit_test(loop_branches_count_and_rotate),
		cmocka_unit_test(cloop_counts_down_to_zero),
		cmocka_unit_test(clrrrb_resets_the_names),
		cmocka_unit_test(single_step_traps_after_each_slot),
		cmocka_unit_test(taken_branches_trap),
		cmocka_unit_test(all_traps_of_a_return_are_reported_together),
		cmocka_unit_test(unimplemented_targets_trap),
		cmocka_unit_test(one_instruction_bits_are_cleared_by_it),
		cmocka_unit_test(instruction_breakpoints_stop_before_the_bundle),
		cmocka_unit_test(faults_name_the_bundle_before),
		cmocka_unit_test(rewritten_code_is_decoded_again),
		cmocka_unit_test(code_outside_memory_is_a_crash),
		cmocka_unit_test(budget_ends_a_run),
		cmocka_unit_test(kick_ends_a_run),
		cmocka_unit_test(psr_and_cfm_come_back_as_written),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
