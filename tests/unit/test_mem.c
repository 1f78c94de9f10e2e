/* SPDX-License-Identifier: MIT */
/*
 * Memory instructions on a whole processor: byte order, alignment, page crossing, devices,
 * semaphores between threads, NaT bits, the ALAT.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/exec.h"

#define MODE  (PSR(DT) | PSR(RT) | PSR(IT) | PSR(IC))
#define RWX   0x661ull /* present, accessed, dirty, pl 0, read-write-execute */
#define DEV   0x80000000ull
#define CODE  0xa000000000000000ull /* a page with TLB.ed */
#define BASE  14		    /* the register that holds addresses */
#define VALUE 15

struct world {
	struct machine machine;
	struct cpu *cpu;
	struct bus_access seen[16];
	unsigned accesses;
};

static void device(void *dev, struct bus_access *a)
{
	struct world *w = dev;
	w->seen[w->accesses++ % 16] = *a;
	a->value = a->write ? a->value : 0x1122334455667788 + a->addr;
}

static void map(struct world *w, uint64_t va, uint64_t pa, uint64_t bits)
{
	mmu_itc(&w->cpu->mmu, false, va, 12 << 2, bits | pa);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->machine.model = cpu_model_find("tukwila");
	assert_int_equal(ram_add_slot(&w->machine.ram, 0, 1 << 20), 0);
	assert_int_equal(bus_add(&w->machine.bus, DEV, 0x1000, device, w, "test"), 0);
	w->cpu = cpu_new(&w->machine, 0);
	assert_non_null(w->cpu);
	cpu_set_psr(w->cpu, MODE);
	cpu_set_cfm(w->cpu, 96 | 8ull << 7);
	for (uint64_t p = 0; p < 16; p++)
		map(w, 0x40000 + (p << 12), p << 12, RWX);
	map(w, 0x60000, DEV, RWX | 4 << 2);
	mmu_itc(&w->cpu->mmu, true, CODE, 12 << 2, RWX | 1ull << 52 | 0x8000);
	w->cpu->page_va = CODE;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	cpu_free(w->cpu);
	ram_free(&w->machine.ram);
	free(w);
	return 0;
}

/* Runs one instruction on [BASE], value in VALUE, target r16 / f32 and f33. */
static enum exec run(struct world *w, exec_fn *f, uint64_t va, uint64_t v, unsigned comp)
{
	struct insn i = {.r1 = 16, .r2 = VALUE, .r3 = BASE, .comp = (uint16_t)comp};
	gr_set(w->cpu, BASE, va, 0);
	gr_set(w->cpu, VALUE, v, 0);
	return f(w->cpu, &i);
}

static uint64_t load(struct world *w, exec_fn *f, uint64_t va)
{
	assert_int_equal(run(w, f, va, 0, 0), EXEC_NEXT);
	assert_int_equal(gr_nat(w->cpu, 16), 0);
	return gr_value(w->cpu, 16);
}

static void expect_fault(struct world *w, enum exec r, enum fault f, uint64_t isr)
{
	assert_int_equal(r, EXEC_FAULT);
	assert_int_equal(w->cpu->mmu.fault.code, f);
	assert_int_equal(w->cpu->mmu.fault.isr, isr);
}

static uint8_t *ram(struct world *w, uint64_t pa)
{
	return w->machine.ram.slot[0].host + pa;
}

static void set_mode(struct world *w, uint64_t extra)
{
	cpu_set_psr(w->cpu, MODE | extra);
}

static exec_fn *const loads[] = {exec_ld1, exec_ld2, exec_ld4, exec_ld8};
static exec_fn *const stores[] = {exec_st1, exec_st2, exec_st4, exec_st8};

/* At every offset around a page boundary, in both byte orders: against a byte array. */
static void loads_and_stores_agree_with_bytes(void **state)
{
	struct world *w = *state;
	uint8_t want[32];

	for (unsigned be = 0; be < 2; be++)
		for (unsigned n = 0; n < 4; n++)
			for (unsigned off = 0; off < 16; off++) {
				unsigned size = 1u << n;
				uint64_t v = 0x0123456789abcdef, got;
				set_mode(w, be ? PSR(BE) : 0);
				memset(want, 0xee, sizeof(want));
				memset(ram(w, 0xff8), 0xee, 32);
				for (unsigned b = 0; b < size; b++)
					want[off + b] = (uint8_t)(v >> 8 * (be ? size - 1 - b : b));
				assert_int_equal(run(w, stores[n], 0x40ff8 + off, v, 0), EXEC_NEXT);
				assert_memory_equal(ram(w, 0xff8), want, 32);
				got = load(w, loads[n], 0x40ff8 + off);
				assert_int_equal(got, n == 3 ? v : v & ((1ull << 8 * size) - 1));
			}
}

static void unaligned_accesses_fault_with_psr_ac(void **state)
{
	struct world *w = *state;
	for (unsigned n = 0; n < 4; n++)
		for (unsigned off = 0; off < 8; off++) {
			bool bad = off & ((1u << n) - 1);
			set_mode(w, PSR(AC));
			enum exec r = run(w, loads[n], 0x40010 + off, 0, 0);
			if (bad)
				expect_fault(w, r, FAULT_UNALIGNED, ISR_BIT(R));
			else
				assert_int_equal(r, EXEC_NEXT);
			r = run(w, stores[n], 0x40010 + off, 0, 0);
			if (bad)
				expect_fault(w, r, FAULT_UNALIGNED, ISR_BIT(W));
			set_mode(w, 0);
			assert_int_equal(run(w, loads[n], 0x40010 + off, 0, 0), EXEC_NEXT);
		}
}

static void a_crossing_store_writes_nothing_when_the_second_page_faults(void **state)
{
	struct world *w = *state;
	memset(ram(w, 0xff00), 0xaa, 0x100);
	enum exec r = run(w, exec_st8, 0x4fffc, ~0ull, 0);
	expect_fault(w, r, FAULT_ALT_DTLB, ISR_BIT(W));
	assert_int_equal(w->cpu->mmu.fault.ifa, 0x50000);
	for (unsigned i = 0; i < 0x100; i++)
		assert_int_equal(ram(w, 0xff00)[i], 0xaa);
	r = run(w, exec_ld8, 0x4fffc, 0, 0);
	expect_fault(w, r, FAULT_ALT_DTLB, ISR_BIT(R));
	assert_int_equal(w->cpu->mmu.fault.ifa, 0x50000);
}

static void devices_see_naturally_aligned_pieces(void **state)
{
	struct world *w = *state;
	assert_int_equal(load(w, exec_ld4, 0x60010), 0x55667798);
	assert_int_equal(w->accesses, 1);
	assert_int_equal(w->seen[0].size, 4);
	assert_int_equal(run(w, exec_st2, 0x60022, 0xabcd, 0), EXEC_NEXT);
	assert_true(w->seen[1].write);
	assert_int_equal(w->seen[1].addr, 0x22);
	assert_int_equal(w->seen[1].value, 0xabcd);
	assert_int_equal(run(w, exec_st8, 0x60023, 0x0807060504030201, 0), EXEC_NEXT);
	assert_int_equal(w->accesses, 6);
	const struct bus_access want[] = {{0x23, 1, true, 1}, {0x24, 4, true, 0x05040302},
		{0x28, 2, true, 0x0706}, {0x2a, 1, true, 8}};
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(w->seen[2 + i].addr, want[i].addr);
		assert_int_equal(w->seen[2 + i].size, want[i].size);
		assert_int_equal(w->seen[2 + i].value, want[i].value);
	}
	/* nothing there: all ones */
	map(w, 0x61000, 0x90000000, RWX | 4 << 2);
	assert_int_equal(load(w, exec_ld2, 0x61000), 0xffff);
	assert_int_equal(run(w, exec_st8, 0x61000, 1, 0), EXEC_NEXT);
}

static void read_only_ram_ignores_writes_and_code_is_noticed(void **state)
{
	struct world *w = *state;
	struct ram *r = &w->machine.ram;
	ram_set_flags(r, GPA(0x3000), RAM_READ_ONLY);
	ram_set_flags(r, GPA(0x4000), RAM_HAS_CODE);
	assert_int_equal(run(w, exec_st8, 0x43000, 1, 0), EXEC_NEXT);
	assert_int_equal(load(w, exec_ld8, 0x43000), 0);
	assert_int_equal(run(w, exec_xchg8, 0x43000, 5, 0), EXEC_NEXT);
	assert_int_equal(run(w, exec_st16, 0x43000, 5, 0), EXEC_NEXT);
	assert_int_equal(load(w, exec_ld8, 0x43000), 0);
	uint64_t before = r->code_generation;
	assert_int_equal(load(w, exec_ld8, 0x44000), 0);
	assert_int_equal(run(w, exec_fetchadd8, 0x44000, 0, 0), EXEC_NEXT);
	assert_int_not_equal(r->code_generation, before);
	/* written to with a fast entry, then decoded: the entry goes with mmu_drop_writable */
	assert_int_equal(run(w, exec_st8, 0x44000, 1, 0), EXEC_NEXT);
	ram_set_flags(r, GPA(0x4000), RAM_HAS_CODE);
	mmu_drop_writable(&w->cpu->mmu, GPA(0x4000));
	before = r->code_generation;
	assert_int_equal(run(w, exec_st8, 0x44000, 1, 0), EXEC_NEXT);
	assert_int_not_equal(r->code_generation, before);
	/* fc.i */
	ram_set_flags(r, GPA(0x4000), RAM_HAS_CODE);
	before = r->code_generation;
	assert_int_equal(run(w, exec_fc_i, 0x44ff0, 0, 0), EXEC_NEXT);
	assert_int_not_equal(r->code_generation, before);
	expect_fault(
		w, run(w, exec_fc, 0x7777000, 0, 0), FAULT_ALT_DTLB, ISR_BIT(R) | ISR_BIT(NA) | 1);
}

/* --- updates and NaT bits --- */

static void base_updates_carry_nat_bits(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	struct insn i = {.r1 = 16, .r2 = VALUE, .r3 = BASE, .imm = -8};

	memset(ram(w, 0), 0x11, 64);
	gr_set(cpu, BASE, 0x40010, 0);
	assert_int_equal(exec_ld8_i(cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_value(cpu, BASE), 0x40008);
	gr_set(cpu, VALUE, 0x10, 1);
	assert_int_equal(exec_ld8_r(cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_value(cpu, BASE), 0x40018);
	assert_int_equal(gr_nat(cpu, BASE), 1);
	expect_fault(w, exec_ld8_r(cpu, &i), FAULT_NAT_CONSUMPTION, ISR_BIT(R));
	/* r1 == r2: the increment is the old value */
	gr_set(cpu, BASE, 0x40000, 0);
	gr_set(cpu, 16, 0x20, 0);
	i.r2 = 16;
	assert_int_equal(exec_ld8_r(cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_value(cpu, BASE), 0x40020);
	assert_int_equal(gr_value(cpu, 16), 0x1111111111111111);
	/* ld.s with NaT base: target NaT, the base goes on */
	gr_set(cpu, BASE, 0x40000, 1);
	i.comp = 1;
	assert_int_equal(exec_ld8_i(cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_nat(cpu, 16), 1);
	assert_int_equal(gr_value(cpu, BASE), 0x3fff8);
	assert_int_equal(gr_nat(cpu, BASE), 1);
	/* stores of and to NaT */
	expect_fault(w, exec_st8(cpu, &(struct insn){.r2 = 17, .r3 = BASE}), FAULT_NAT_CONSUMPTION,
		ISR_BIT(W));
	gr_set(cpu, 17, 0, 1);
	gr_set(cpu, BASE, 0x40000, 0);
	expect_fault(w, exec_st8(cpu, &(struct insn){.r2 = 17, .r3 = BASE}), FAULT_NAT_CONSUMPTION,
		ISR_BIT(W));
	expect_fault(w, exec_cmpxchg8(cpu, &(struct insn){.r1 = 16, .r2 = 17, .r3 = BASE}),
		FAULT_NAT_CONSUMPTION, ISR_BIT(R) | ISR_BIT(W));
}

static void spill_and_fill_keep_nat_bits_in_unat(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	for (unsigned n = 0; n < 64; n++) {
		struct insn i = {.r1 = 16, .r2 = 17, .r3 = BASE};
		gr_set(cpu, 17, n, n % 3 == 0);
		gr_set(cpu, BASE, 0x40100 + 8 * n, 0);
		assert_int_equal(exec_st8_spill(cpu, &i), EXEC_NEXT);
	}
	for (unsigned n = 0; n < 64; n++) {
		assert_int_equal(cpu->ar[AR_UNAT] >> ((0x100 / 8 + n) & 63) & 1, n % 3 == 0);
		assert_int_equal(run(w, exec_ld8_fill, 0x40100 + 8 * n, 0, 0), EXEC_NEXT);
		assert_int_equal(gr_value(cpu, 16), n);
		assert_int_equal(gr_nat(cpu, 16), n % 3 == 0);
	}
	cpu->ar[AR_UNAT] = 5;
	expect_fault(w, run(w, exec_st8_spill, 0x70000, 0, 0), FAULT_ALT_DTLB, ISR_BIT(W));
	assert_int_equal(cpu->ar[AR_UNAT], 5);
}

static void targets_outside_the_frame_are_illegal(void **state)
{
	struct world *w = *state;
	struct insn i = {.r1 = 40, .r2 = VALUE, .r3 = BASE};
	cpu_set_cfm(w->cpu, 8);
	gr_set(w->cpu, BASE, 0x40000, 0);
	expect_fault(w, exec_ld8(w->cpu, &i), FAULT_ILLEGAL_OP, 0);
	expect_fault(w, exec_fetchadd4(w->cpu, &i), FAULT_ILLEGAL_OP, 0);
	i.r1 = 16, i.r3 = 40;
	expect_fault(w, exec_st8_i(w->cpu, &i), FAULT_ILLEGAL_OP, 0);
	expect_fault(w, exec_lfetch_i(w->cpu, &i), FAULT_ILLEGAL_OP, 0);
	expect_fault(
		w, exec_ldfd_i(w->cpu, &(struct insn){.r1 = 8, .r3 = 40}), FAULT_ILLEGAL_OP, 0);
}

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

enum { LD_A = 2, LD_SA = 3, LD_C_CLR = 6, LD_C_NC = 7 };

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

/* --- semaphores --- */

static void cmpxchg_compares_the_whole_of_ccv(void **state)
{
	struct world *w = *state;
	exec_fn *const f[] = {exec_cmpxchg1, exec_cmpxchg2, exec_cmpxchg4, exec_cmpxchg8};
	for (unsigned be = 0; be < 2; be++)
		for (unsigned n = 0; n < 4; n++) {
			uint64_t mask = ~0ull >> (64 - (8u << n));
			set_mode(w, be ? PSR(BE) : 0);
			run(w, exec_st8, 0x40100, 0, 0);
			run(w, stores[n], 0x40100, 0x8182838485868788, 0);
			w->cpu->ar[AR_CCV] = 0x8182838485868788 & mask;
			if (n < 3) {
				w->cpu->ar[AR_CCV] |= 1ull << 63;
				run(w, f[n], 0x40100, 0x42, 0);
				assert_int_equal(gr_value(w->cpu, 16), 0x8182838485868788 & mask);
				w->cpu->ar[AR_CCV] &= ~(1ull << 63);
			}
			run(w, f[n], 0x40100, 0x1122334455667742, 0);
			assert_int_equal(gr_value(w->cpu, 16), 0x8182838485868788 & mask);
			assert_int_equal(load(w, loads[n], 0x40100), 0x1122334455667742 & mask);
		}
}

static void xchg_and_fetchadd_return_the_old_value(void **state)
{
	struct world *w = *state;
	for (unsigned be = 0; be < 2; be++) {
		struct insn i = {.r1 = 16, .r3 = BASE, .imm = -16};
		set_mode(w, be ? PSR(BE) : 0);
		run(w, exec_st8, 0x40100, 0x1111111122222222, 0);
		run(w, exec_xchg2, 0x40102, 0xffff8888, 0);
		assert_int_equal(gr_value(w->cpu, 16), be ? 0x1111 : 0x2222);
		assert_int_equal(load(w, exec_ld2, 0x40102), 0x8888);
		run(w, exec_st4, 0x40100, 3, 0);
		gr_set(w->cpu, BASE, 0x40100, 0);
		assert_int_equal(exec_fetchadd4(w->cpu, &i), EXEC_NEXT);
		assert_int_equal(gr_value(w->cpu, 16), 3);
		assert_int_equal(load(w, exec_ld4, 0x40100), 0xfffffff3);
		run(w, exec_st8, 0x40100, 3, 0);
		gr_set(w->cpu, BASE, 0x40100, 0);
		assert_int_equal(exec_fetchadd8(w->cpu, &i), EXEC_NEXT);
		assert_int_equal(load(w, exec_ld8, 0x40100), -13);
	}
}

static void semaphores_need_alignment_and_write_back_memory(void **state)
{
	struct world *w = *state;
	const uint64_t rw = ISR_BIT(R) | ISR_BIT(W);
	expect_fault(w, run(w, exec_xchg4, 0x40102, 0, 0), FAULT_UNALIGNED, rw);
	expect_fault(w, run(w, exec_xchg8, 0x40ffc, 0, 0), FAULT_UNALIGNED, rw);
	expect_fault(w, run(w, exec_cmpxchg8, 0x60000, 0, 0), FAULT_UNSUPPORTED_DATA, rw);
	expect_fault(w, run(w, exec_ld16, 0x40108, 0, 0), FAULT_UNALIGNED, ISR_BIT(R));
	expect_fault(w, run(w, exec_st16, 0x60000, 0, 0), FAULT_UNSUPPORTED_DATA, ISR_BIT(W));
	expect_fault(w, run(w, exec_cmp8xchg16, 0x40104, 0, 0), FAULT_UNALIGNED, rw);
	struct insn i = {.r1 = 8, .r3 = BASE};
	gr_set(w->cpu, BASE, 0x60000, 0);
	expect_fault(w, exec_ldfe(w->cpu, &i), FAULT_UNSUPPORTED_DATA, ISR_BIT(R));
	/* write rights are needed even when the comparison fails */
	map(w, 0x62000, 0x2000, RWX & ~0x40ull);
	w->cpu->ar[AR_CCV] = 77;
	expect_fault(w, run(w, exec_cmpxchg8, 0x62000, 0, 0), FAULT_DIRTY_BIT, rw);
	map(w, 0x62000, 0x2000, 0x61);
	expect_fault(w, run(w, exec_cmpxchg8, 0x62000, 0, 0), FAULT_DATA_ACCESS_RIGHTS, rw);
}

static void sixteen_bytes_move_at_once(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	for (unsigned be = 0; be < 2; be++) {
		set_mode(w, be ? PSR(BE) : 0);
		cpu->ar[AR_CSD] = 0xaaaaaaaaaaaaaaa1;
		run(w, exec_st16, 0x40200, 0xbbbbbbbbbbbbbbb2, 0);
		assert_int_equal(load(w, exec_ld8, 0x40200), 0xbbbbbbbbbbbbbbb2);
		assert_int_equal(load(w, exec_ld8, 0x40208), 0xaaaaaaaaaaaaaaa1);
		cpu->ar[AR_CSD] = 0;
		assert_int_equal(load(w, exec_ld16, 0x40200), 0xbbbbbbbbbbbbbbb2);
		assert_int_equal(cpu->ar[AR_CSD], 0xaaaaaaaaaaaaaaa1);
		/* compares either half, stores both */
		cpu->ar[AR_CSD] = 4;
		cpu->ar[AR_CCV] = 0;
		run(w, exec_cmp8xchg16, 0x40208, 3, 0);
		assert_int_equal(gr_value(cpu, 16), 0xaaaaaaaaaaaaaaa1);
		assert_int_equal(load(w, exec_ld8, 0x40200), 0xbbbbbbbbbbbbbbb2);
		cpu->ar[AR_CCV] = 0xaaaaaaaaaaaaaaa1;
		run(w, exec_cmp8xchg16, 0x40208, 3, 0);
		assert_int_equal(gr_value(cpu, 16), 0xaaaaaaaaaaaaaaa1);
		assert_int_equal(load(w, exec_ld8, 0x40200), 3);
		assert_int_equal(load(w, exec_ld8, 0x40208), 4);
	}
	cpu->model = cpu_model_find("madison");
	expect_fault(w, run(w, exec_ld16, 0x40200, 0, 0), FAULT_ILLEGAL_OP, 0);
	expect_fault(w, run(w, exec_st16, 0x40200, 0, 0), FAULT_ILLEGAL_OP, 0);
	expect_fault(w, run(w, exec_cmp8xchg16, 0x40200, 0, 0), FAULT_ILLEGAL_OP, 0);
}

#define TURNS 100000

struct adder {
	struct world *w;
	struct cpu *cpu;
};

/* cmpxchg, fetchadd, and a 16-byte pair whose halves must stay equal. */
static void *add_in_thread(void *arg)
{
	struct cpu *cpu = ((struct adder *)arg)->cpu;
	struct insn fa = {.r1 = 16, .r3 = BASE, .imm = 4};
	struct insn cx = {.r1 = 16, .r2 = VALUE, .r3 = 17}, wide = {.r1 = 16, .r2 = 19, .r3 = 18};

	gr_set(cpu, BASE, 0x100, 0);
	gr_set(cpu, 17, 0x108, 0);
	gr_set(cpu, 18, 0x110, 0);
	for (unsigned n = 0; n < TURNS; n++) {
		exec_fetchadd8(cpu, &fa);
		do {
			cpu->ar[AR_CCV] = gr_value(cpu, 16);
			gr_set(cpu, VALUE, cpu->ar[AR_CCV] + 1, 0);
			exec_cmpxchg4(cpu, &cx);
		} while (gr_value(cpu, 16) != cpu->ar[AR_CCV]);
		exec_ld16(cpu, &(struct insn){.r1 = 16, .r3 = 18});
		if (gr_value(cpu, 16) != cpu->ar[AR_CSD])
			return "torn";
		cpu->ar[AR_CCV] = gr_value(cpu, 16);
		gr_set(cpu, 19, cpu->ar[AR_CCV] + 1, 0);
		cpu->ar[AR_CSD] = cpu->ar[AR_CCV] + 1;
		exec_cmp8xchg16(cpu, &wide);
	}
	return NULL;
}

static void semaphores_are_atomic_between_threads(void **state)
{
	struct world *w = *state;
	struct adder a[2];
	pthread_t t[2];
	void *said;

	for (unsigned n = 0; n < 2; n++) {
		a[n] = (struct adder){w, cpu_new(&w->machine, n + 1)};
		cpu_set_psr(a[n].cpu, 0); /* physical addressing */
		assert_int_equal(pthread_create(&t[n], NULL, add_in_thread, &a[n]), 0);
	}
	for (unsigned n = 0; n < 2; n++) {
		assert_int_equal(pthread_join(t[n], &said), 0);
		assert_null(said);
		cpu_free(a[n].cpu);
	}
	uint64_t v[4];
	memcpy(v, ram(w, 0x100), sizeof(v));
	assert_int_equal(v[0], 2 * TURNS * 4);
	assert_int_equal(v[1], 2 * TURNS);
	assert_int_equal(v[2], v[3]);
}

/* --- floating point --- */

static const uint8_t be_bytes[16] = {
	0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18, 0x3f, 0xc0, 0, 0, 0xbf, 0x80, 0, 0};

static void fp_loads_obey_byte_order(void **state)
{
	struct world *w = *state;
	struct insn i = {.r1 = 8, .r2 = 9, .r3 = BASE};
	uint64_t got;

	set_mode(w, PSR(BE));
	memcpy(ram(w, 0x300), be_bytes, 16);
	gr_set(w->cpu, BASE, 0x40300, 0);
	assert_int_equal(exec_ldfd(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[8].sig, 0xc90fdaa22168c000);
	assert_int_equal(w->cpu->fr[8].exp, 0x10000);
	gr_set(w->cpu, BASE, 0x40308, 0);
	assert_int_equal(exec_ldfps(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[8].sig, 0xc000000000000000);
	assert_int_equal(w->cpu->fr[8].sign, 0);
	assert_int_equal(w->cpu->fr[9].sig, 0x8000000000000000);
	assert_int_equal(w->cpu->fr[9].exp, 0xffff);
	assert_int_equal(w->cpu->fr[9].sign, 1);
	gr_set(w->cpu, BASE, 0x40300, 0);
	assert_int_equal(exec_ldfp8(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[8].sig, 0x400921fb54442d18);
	assert_int_equal(w->cpu->fr[9].sig, 0x3fc00000bf800000);
	/* ten bytes: sign and exponent first */
	i.r2 = 8;
	memset(ram(w, 0x300), 0, 16);
	assert_int_equal(exec_stfe(w->cpu, &(struct insn){.r2 = 1, .r3 = BASE}), EXEC_NEXT);
	assert_memory_equal(ram(w, 0x300), "\x3f\xff\x80\0\0\0\0\0\0\0\0", 11);
	assert_int_equal(exec_ldfe(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[8].exp, 0xffff);
	/* spill: 16 bytes reversed */
	w->cpu->fr[8] = (struct freg){0x0123456789abcdef, 0x1abcd, 1};
	assert_int_equal(exec_stf_spill(w->cpu, &i), EXEC_NEXT);
	memcpy(&got, ram(w, 0x308), 8);
	assert_int_equal(__builtin_bswap64(got), 0x0123456789abcdef);
	assert_memory_equal(ram(w, 0x300), "\0\0\0\0\0\x03\xab\xcd", 8);
	assert_int_equal(exec_ldf_fill(w->cpu, &(struct insn){.r1 = 10, .r3 = BASE}), EXEC_NEXT);
	assert_memory_equal(&w->cpu->fr[10], &w->cpu->fr[8], sizeof(struct freg));
}

static void fp_loads_cross_pages_and_update(void **state)
{
	struct world *w = *state;
	struct insn i = {.r1 = 8, .r2 = 9, .r3 = BASE, .imm = 5};
	for (unsigned n = 0; n < 24; n++)
		ram(w, 0xff8)[n] = (uint8_t)(n + 1);
	gr_set(w->cpu, BASE, 0x40ffb, 0);
	assert_int_equal(exec_ldfp8_i(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[8].sig, 0x0b0a090807060504);
	assert_int_equal(w->cpu->fr[9].sig, 0x131211100f0e0d0c);
	assert_int_equal(gr_value(w->cpu, BASE), 0x4100b);
	gr_set(w->cpu, BASE, 0x40ffb, 0);
	assert_int_equal(exec_ldf_fill_i(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_value(w->cpu, BASE), 0x41000);
	set_mode(w, PSR(AC));
	gr_set(w->cpu, BASE, 0x40ffb, 0);
	expect_fault(w, exec_ldfp8(w->cpu, &i), FAULT_UNALIGNED, ISR_BIT(R));
	expect_fault(w, exec_stfe(w->cpu, &i), FAULT_UNALIGNED, ISR_BIT(W));
	i.r2 = 10;
	expect_fault(w, exec_ldfpd(w->cpu, &i), FAULT_ILLEGAL_OP, 0);
}

static void natval_is_made_kept_and_refused(void **state)
{
	struct world *w = *state;
	struct insn i = {.r1 = 8, .r2 = 8, .r3 = BASE, .comp = 1};
	exec_fn *const st[] = {exec_stfs, exec_stfd, exec_stf8, exec_stfe};
	gr_set(w->cpu, BASE, 0x60000, 0);
	assert_int_equal(exec_ldfd(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[8].exp, FREG_EXP_NATVAL);
	assert_true(w->cpu->psr & PSR(MFL));
	gr_set(w->cpu, BASE, 0x40000, 0);
	for (unsigned n = 0; n < 4; n++)
		expect_fault(w, st[n](w->cpu, &i), FAULT_NAT_CONSUMPTION, ISR_BIT(W));
	i.comp = 0;
	assert_int_equal(exec_stf_spill(w->cpu, &i), EXEC_NEXT);
	i.r1 = 40;
	assert_int_equal(exec_ldf_fill(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[40].exp, FREG_EXP_NATVAL);
	assert_true(w->cpu->psr & PSR(MFH));
	/* ldf.a of uncacheable memory: zeros in the load's format */
	gr_set(w->cpu, BASE, 0x60000, 0);
	i.comp = LD_A;
	assert_int_equal(exec_ldfd(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[40].exp, 0);
	assert_int_equal(exec_ldf8(w->cpu, &i), EXEC_NEXT);
	assert_int_equal(w->cpu->fr[40].exp, FREG_EXP_INT);
}

static void disabled_registers_fault_first(void **state)
{
	struct world *w = *state;
	struct insn i = {.r1 = 8, .r2 = 33, .r3 = BASE};
	set_mode(w, PSR(DFL));
	gr_set(w->cpu, BASE, 0x90000, 0);
	expect_fault(w, exec_ldfd(w->cpu, &i), FAULT_DISABLED_FP, ISR_BIT(R) | 1);
	set_mode(w, PSR(DFH));
	expect_fault(w, exec_stfd(w->cpu, &i), FAULT_DISABLED_FP, ISR_BIT(W) | 2);
	set_mode(w, PSR(DFH) | PSR(DFL));
	expect_fault(w, exec_ldfpd(w->cpu, &i), FAULT_DISABLED_FP, ISR_BIT(R) | 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loads_and_stores_agree_with_bytes),
		TEST(unaligned_accesses_fault_with_psr_ac),
		TEST(a_crossing_store_writes_nothing_when_the_second_page_faults),
		TEST(devices_see_naturally_aligned_pieces),
		TEST(read_only_ram_ignores_writes_and_code_is_noticed),
		TEST(base_updates_carry_nat_bits),
		TEST(spill_and_fill_keep_nat_bits_in_unat),
		TEST(targets_outside_the_frame_are_illegal),
		TEST(ld_s_defers_only_what_it_may),
		TEST(lfetch_faults_only_when_asked),
		TEST(a_check_hits_until_memory_changes),
		TEST(a_check_misses_when_the_page_is_gone),
		TEST(failed_advanced_loads_leave_no_entry),
		TEST(invala_forgets),
		TEST(entries_follow_registers_through_calls_and_rotation),
		TEST(fp_checks_work_like_integer_ones),
		TEST(cmpxchg_compares_the_whole_of_ccv),
		TEST(xchg_and_fetchadd_return_the_old_value),
		TEST(semaphores_need_alignment_and_write_back_memory),
		TEST(sixteen_bytes_move_at_once),
		TEST(semaphores_are_atomic_between_threads),
		TEST(fp_loads_obey_byte_order),
		TEST(fp_loads_cross_pages_and_update),
		TEST(natval_is_made_kept_and_refused),
		TEST(disabled_registers_fault_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
