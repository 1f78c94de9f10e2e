/* SPDX-License-Identifier: MIT */
/* Loads and stores, integer and FP: byte order, alignment, page crossing, devices, NaT bits. */
#include "mem_world.h"

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
		TEST(fp_loads_obey_byte_order),
		TEST(fp_loads_cross_pages_and_update),
		TEST(natval_is_made_kept_and_refused),
		TEST(disabled_registers_fault_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
