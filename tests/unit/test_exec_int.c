/* SPDX-License-Identifier: MIT */
/*
 * Integer exec functions against the host's own arithmetic: SSE2 for the parallel ones, 128-bit
 * numbers for shifts and fields. Whole programs against Ski are in tests/insn.
 */
#include <emmintrin.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/exec.h"

#define ROUNDS 2000

static struct cpu_model model = {.name = "test", .features = CPU_CZ | CPU_TF};

/* r32.. at the ring's start plus margin; sources are r14 (r2) and r45 (r3), the target is r33. */
static struct cpu *new_cpu(void)
{
	struct cpu *cpu = calloc(1, sizeof(*cpu));
	cpu->model = &model;
	cpu->pr = 1;
	cpu->rse.frame = 32;
	cpu->gr_base[0] = cpu->gr;
	cpu->nat_base[0] = cpu->gr_nat;
	cpu->gr_base[1] = cpu->rse.value + cpu->rse.frame - 32;
	cpu->nat_base[1] = cpu->rse.nat + cpu->rse.frame - 32;
	cpu->sof = 96;
	return cpu;
}

static uint64_t random_state = 88172645463325252;

/* xorshift, with a taste for edges. */
static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	static const uint64_t edges[] = {0, ~0ull, 1, 0x8000000000000000, 0x7fffffffffffffff,
		0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8000800080008000, 0x7fff7fff7fff7fff,
		0x8000000080000000, 0x7fffffff7fffffff, 0x00ff00ff00ff00ff, 64, 63, 32, 16};
	unsigned pick = random_state >> 32 & 31;
	return pick < countof(edges) ? edges[pick] : random_state * 0x9e3779b97f4a7c15;
}

/* Runs one instruction on a and b and checks result, NaT propagation and the frame check. */
static uint64_t run_fields(exec_fn *f, uint64_t a, uint64_t b, struct insn i)
{
	struct cpu *cpu = new_cpu();
	i.r1 = 33, i.r2 = 14, i.r3 = 45;
	gr_set(cpu, 14, a, 0);
	gr_set(cpu, 45, b, 0);
	assert_int_equal(f(cpu, &i), EXEC_NEXT);
	uint64_t v = gr_value(cpu, 33);
	assert_int_equal(gr_nat(cpu, 33), 0);
	cpu->nat_base[0][14] = cpu->nat_base[1][45] = 1;
	assert_int_equal(f(cpu, &i), EXEC_NEXT);
	assert_int_equal(gr_nat(cpu, 33), 1);
	cpu->sof = 1;
	assert_int_equal(f(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_ILLEGAL_OP);
	free(cpu);
	return v;
}

static uint64_t run2(exec_fn *f, uint64_t a, uint64_t b, unsigned comp)
{
	return run_fields(f, a, b, (struct insn){.comp = (uint16_t)comp});
}

static __m128i vec(uint64_t v)
{
	return _mm_cvtsi64_si128((long long)v);
}

static uint64_t low(__m128i v)
{
	return (uint64_t)_mm_cvtsi128_si64(v);
}

static uint64_t high(__m128i v)
{
	return low(_mm_unpackhi_epi64(v, v));
}

/* x=r2 is the odd result element, so the host's unpack takes y first. */
#define SSE2_LIST(_)                                                                               \
	_(padd1, 0, low(_mm_add_epi8(x, y)))                                                       \
	_(padd1, 1, low(_mm_adds_epi8(x, y)))                                                      \
	_(padd1, 2, low(_mm_adds_epu8(x, y)))                                                      \
	_(padd2, 0, low(_mm_add_epi16(x, y)))                                                      \
	_(padd2, 1, low(_mm_adds_epi16(x, y)))                                                     \
	_(padd2, 2, low(_mm_adds_epu16(x, y)))                                                     \
	_(padd4, 0, low(_mm_add_epi32(x, y)))                                                      \
	_(psub1, 0, low(_mm_sub_epi8(x, y)))                                                       \
	_(psub1, 1, low(_mm_subs_epi8(x, y)))                                                      \
	_(psub1, 2, low(_mm_subs_epu8(x, y)))                                                      \
	_(psub2, 0, low(_mm_sub_epi16(x, y)))                                                      \
	_(psub2, 1, low(_mm_subs_epi16(x, y)))                                                     \
	_(psub2, 2, low(_mm_subs_epu16(x, y)))                                                     \
	_(psub4, 0, low(_mm_sub_epi32(x, y)))                                                      \
	_(pavg1, 1, low(_mm_avg_epu8(x, y)))                                                       \
	_(pavg2, 1, low(_mm_avg_epu16(x, y)))                                                      \
	_(pcmp1_eq, 0, low(_mm_cmpeq_epi8(x, y)))                                                  \
	_(pcmp2_eq, 0, low(_mm_cmpeq_epi16(x, y)))                                                 \
	_(pcmp4_eq, 0, low(_mm_cmpeq_epi32(x, y)))                                                 \
	_(pcmp1_gt, 0, low(_mm_cmpgt_epi8(x, y)))                                                  \
	_(pcmp2_gt, 0, low(_mm_cmpgt_epi16(x, y)))                                                 \
	_(pcmp4_gt, 0, low(_mm_cmpgt_epi32(x, y)))                                                 \
	_(pmin1_u, 0, low(_mm_min_epu8(x, y)))                                                     \
	_(pmax1_u, 0, low(_mm_max_epu8(x, y)))                                                     \
	_(pmin2, 0, low(_mm_min_epi16(x, y)))                                                      \
	_(pmax2, 0, low(_mm_max_epi16(x, y)))                                                      \
	_(psad1, 0, low(_mm_sad_epu8(x, y)))                                                       \
	_(mpy4, 0, low(_mm_mul_epu32(x, y)))                                                       \
	_(unpack1_l, 0, low(_mm_unpacklo_epi8(y, x)))                                              \
	_(unpack1_h, 0, high(_mm_unpacklo_epi8(y, x)))                                             \
	_(unpack2_l, 0, low(_mm_unpacklo_epi16(y, x)))                                             \
	_(unpack2_h, 0, high(_mm_unpacklo_epi16(y, x)))                                            \
	_(unpack4_l, 0, low(_mm_unpacklo_epi32(y, x)))                                             \
	_(unpack4_h, 0, high(_mm_unpacklo_epi32(y, x)))                                            \
	_(pack2_sss, 0, low(_mm_packs_epi16(_mm_unpacklo_epi64(x, y), x)))                         \
	_(pack2_uss, 0, low(_mm_packus_epi16(_mm_unpacklo_epi64(x, y), x)))                        \
	_(pack4_sss, 0, low(_mm_packs_epi32(_mm_unpacklo_epi64(x, y), x)))

static void parallel_arithmetic_equals_sse2(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t a = random64(), b = random64();
		__m128i x = vec(a), y = vec(b);
#define CHECK(name, comp, expected) assert_int_equal(run2(exec_##name, a, b, comp), expected);
		SSE2_LIST(CHECK)
#undef CHECK
	}
}

static void parallel_shifts_equal_sse2(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t v = random64(), count = n % 3 ? random64() & 31 : random64();
		__m128i x = vec(v), c = vec(count);
		assert_int_equal(run2(exec_pshl2, v, count, 0), low(_mm_sll_epi16(x, c)));
		assert_int_equal(run2(exec_pshl4, v, count, 0), low(_mm_sll_epi32(x, c)));
		assert_int_equal(run2(exec_pshr2, count, v, 0), low(_mm_sra_epi16(x, c)));
		assert_int_equal(run2(exec_pshr4, count, v, 0), low(_mm_sra_epi32(x, c)));
		assert_int_equal(run2(exec_pshr2_u, count, v, 0), low(_mm_srl_epi16(x, c)));
		assert_int_equal(run2(exec_pshr4_u, count, v, 0), low(_mm_srl_epi32(x, c)));
		struct insn i = {.pos = count & 31};
		c = vec(i.pos);
		assert_int_equal(run_fields(exec_pshr2_imm, v, v, i), low(_mm_sra_epi16(x, c)));
		assert_int_equal(run_fields(exec_pshl2_imm, v, v, i), low(_mm_sll_epi16(x, c)));
		assert_int_equal(run_fields(exec_pshr4_u_imm, v, v, i), low(_mm_srl_epi32(x, c)));
	}
}

static void parallel_multiplies_equal_sse2(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t a = random64(), b = random64();
		__m128i x = vec(a), y = vec(b), lo = _mm_mullo_epi16(x, y);
		__m128i products = _mm_unpacklo_epi16(lo, _mm_mulhi_epi16(x, y));
		__m128i right = _mm_shuffle_epi32(products, _MM_SHUFFLE(3, 1, 2, 0));
		assert_int_equal(run2(exec_pmpy2_r, a, b, 0), low(right));
		assert_int_equal(run2(exec_pmpy2_l, a, b, 0), high(right));
		struct insn i = {.pos = 16};
		assert_int_equal(run_fields(exec_pmpyshr2, a, b, i), low(_mm_mulhi_epi16(x, y)));
		assert_int_equal(run_fields(exec_pmpyshr2_u, a, b, i), low(_mm_mulhi_epu16(x, y)));
		i.pos = 0;
		assert_int_equal(run_fields(exec_pmpyshr2, a, b, i), low(lo));
		assert_int_equal(run_fields(exec_pmpyshr2_u, a, b, i), low(lo));
	}
}

/* Saturating doubling is what a saturating shift repeats; where it saturated, nothing is added. */
static void parallel_shift_and_add_equals_sse2(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t a = random64(), b = random64();
		struct insn i = {.pos = (uint8_t)(n % 3 + 1)};
		__m128i x = vec(a), y = vec(b), shifted = x, count = vec(i.pos);
		for (unsigned k = 0; k < i.pos; k++)
			shifted = _mm_adds_epi16(shifted, shifted);
		__m128i exact = _mm_cmpeq_epi16(_mm_sra_epi16(shifted, count), x);
		__m128i left = _mm_adds_epi16(shifted, _mm_and_si128(y, exact));
		__m128i right = _mm_adds_epi16(_mm_sra_epi16(x, count), y);
		assert_int_equal(run_fields(exec_pshladd2, a, b, i), low(left));
		assert_int_equal(run_fields(exec_pshradd2, a, b, i), low(right));
	}
}

/* The newer multiplies make a 64-bit product together, which is what they are for. */
static void mpy4_and_mpyshl4_make_a_64_bit_product(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t a = random64(), b = random64();
		uint64_t sum = run2(exec_mpy4, a, b, 0) + run2(exec_mpyshl4, a, b, 0) +
			       run2(exec_mpyshl4, b, a, 0);
		assert_int_equal(sum, a * b);
	}
}

static void fields_equal_wide_arithmetic(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t a = random64(), b = random64();
		struct insn i = {.pos = random64() & 63, .len = (random64() & 63) + 1};
		uint128_t mask = (((uint128_t)1 << i.len) - 1) << i.pos;
		uint64_t deposited = (uint64_t)((b & ~mask) | ((uint128_t)a << i.pos & mask));
		assert_int_equal(run_fields(exec_dep, a, b, i), deposited);
		assert_int_equal(run_fields(exec_dep_z, a, b, i), deposited & (uint64_t)mask);
		assert_int_equal(run_fields(exec_extr_u, a, b, i), (uint64_t)((b & mask) >> i.pos));
		/* beyond bit 63 a wide number repeats the sign, as extr does */
		int128_t wide =
			(int128_t)((uint128_t)(int128_t)(int64_t)b << (128 - i.pos - i.len));
		if (i.pos + i.len <= 64)
			assert_int_equal(
				run_fields(exec_extr, a, b, i), (uint64_t)(wide >> (128 - i.len)));
		else
			assert_int_equal(run_fields(exec_extr, a, b, i), (int64_t)b >> i.pos);
		uint128_t pair = (uint128_t)a << 64 | b;
		assert_int_equal(run_fields(exec_shrp, a, b, i), (uint64_t)(pair >> i.pos));
	}
}

static void shift_counts_above_63_give_zeros_or_signs(void **state)
{
	(void)state;
	uint64_t v = 0x8123456789abcdef;
	assert_int_equal(run2(exec_shl, v, 64, 0), 0);
	assert_int_equal(run2(exec_shl, v, 1ull << 63, 0), 0);
	assert_int_equal(run2(exec_shl, v, 63, 0), 1ull << 63);
	assert_int_equal(run2(exec_shr, 64, v, 0), ~0ull);
	assert_int_equal(run2(exec_shr, ~0ull, v, 0), ~0ull);
	assert_int_equal(run2(exec_shr_u, 64, v, 0), 0);
	assert_int_equal(run2(exec_shr_u, 1ull << 32, v, 0), 0);
}

static void zero_byte_search_equals_a_loop(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t v = random64() & random64() & random64();
		unsigned left = 0, right = 0;
		while (left < 8 && (v >> (56 - 8 * left) & 0xff))
			left++;
		while (right < 8 && (v >> 8 * right & 0xff))
			right++;
		assert_int_equal(run2(exec_czx1_l, v, v, 0), left);
		assert_int_equal(run2(exec_czx1_r, v, v, 0), right);
		left = right = 0;
		while (left < 4 && (v >> (48 - 16 * left) & 0xffff))
			left++;
		while (right < 4 && (v >> 16 * right & 0xffff))
			right++;
		assert_int_equal(run2(exec_czx2_l, v, v, 0), left);
		assert_int_equal(run2(exec_czx2_r, v, v, 0), right);
	}
	assert_int_equal(run2(exec_clz, 0, 0, 0), 64);
	assert_int_equal(run2(exec_clz, 0, 1, 0), 63);
	assert_int_equal(run2(exec_popcnt, 0, ~0ull, 0), 64);
}

/* Outcome of a compare: the two targets, from both possible old values. */
static unsigned compare(exec_fn *f, uint64_t b, unsigned nat, bool qp, unsigned comp, unsigned old)
{
	struct cpu *cpu = new_cpu();
	struct insn i = {.qp = 9, .p1 = 6, .p2 = 7, .r2 = 0, .r3 = 45, .comp = (uint16_t)comp};
	pr_set(cpu, 9, qp);
	pr_set(cpu, 6, old >> 1);
	pr_set(cpu, 7, old & 1);
	gr_set(cpu, 45, b, nat);
	assert_int_equal(f(cpu, &i), EXEC_NEXT);
	unsigned result = (unsigned)pr_get(cpu, 6) << 1 | pr_get(cpu, 7);
	assert_int_equal(cpu->pr & ~(3ull << 6), 1 | (uint64_t)qp << 9);
	free(cpu);
	return result;
}

/* Table 2-15 (3:39): relation true is r0 == 0, false r0 == 1, then a NaT source. */
static void compare_types_write_as_the_table_says(void **state)
{
	(void)state;
	static const struct {
		exec_fn *f;
		unsigned comp;
		int yes, no, nat; /* p1 p2; -1: unchanged */
	} rows[] = {
		{exec_cmp_eq, 0, 2, 1, 0},
		{exec_cmp_eq, 1, 2, 1, 0},
		{exec_cmp_eq_and, 0, -1, 0, 0},
		{exec_cmp_eq_or, 0, 3, -1, -1},
		{exec_cmp_eq_or_andcm, 0, 2, -1, -1},
	};
	for (unsigned n = 0; n < countof(rows); n++) {
		for (unsigned old = 0; old < 4; old++) {
#define EXPECT(want) ((want) < 0 ? old : (unsigned)(want))
			exec_fn *f = rows[n].f;
			unsigned c = rows[n].comp;
			assert_int_equal(compare(f, 0, 0, true, c, old), EXPECT(rows[n].yes));
			assert_int_equal(compare(f, 1, 0, true, c, old), EXPECT(rows[n].no));
			assert_int_equal(compare(f, 0, 1, true, c, old), EXPECT(rows[n].nat));
#undef EXPECT
		}
	}
}

static void unc_clears_its_targets_when_not_qualified(void **state)
{
	(void)state;
	assert_int_equal(compare(exec_cmp_lt, 5, 0, false, 1, 3), 0);
	assert_int_equal(compare(exec_cmp_lt, 5, 0, false, 0, 3), 3);
	assert_int_equal(compare(exec_tbit_z, 5, 0, false, 1, 3), 0);
	assert_int_equal(compare(exec_tnat_z, 5, 0, false, 1, 3), 0);
	assert_int_equal(compare(exec_tf_z, 5, 0, false, 1, 3), 0);
}

static void tnat_sees_the_nat_bit_and_is_not_spoiled_by_it(void **state)
{
	(void)state;
	assert_int_equal(compare(exec_tnat_z, 5, 1, true, 0, 3), 1);
	assert_int_equal(compare(exec_tnat_z, 5, 0, true, 0, 3), 2);
	assert_int_equal(compare(exec_tnat_nz_or, 5, 1, true, 0, 0), 3);
	assert_int_equal(compare(exec_tnat_nz_and, 5, 1, true, 0, 3), 3);
	assert_int_equal(compare(exec_tnat_z_and, 5, 1, true, 0, 3), 0);
}

static void older_processors_lack_clz_mpy4_and_tf(void **state)
{
	(void)state;
	static const struct cpu_model old_model = {.name = "old"};
	exec_fn *const rows[] = {exec_clz, exec_mpy4, exec_mpyshl4, exec_tf_z, exec_tf_nz_or};
	struct cpu *cpu = new_cpu();
	struct insn i = {.r1 = 33, .r2 = 14, .r3 = 45, .p1 = 6, .p2 = 7, .imm = 32};
	for (unsigned n = 0; n < countof(rows); n++) {
		cpu->model = &model;
		assert_int_equal(rows[n](cpu, &i), EXEC_NEXT);
		cpu->model = &old_model;
		assert_int_equal(rows[n](cpu, &i), EXEC_FAULT);
		assert_int_equal(cpu->mmu.fault.code, FAULT_ILLEGAL_OP);
	}
	free(cpu);
}

static void predicate_moves_ignore_rotation(void **state)
{
	(void)state;
	struct cpu *cpu = new_cpu();
	struct insn to = {.r2 = 14, .imm = -2}, from = {.r1 = 33}, rot = {.imm = 0x12340000};
	for (unsigned base = 0; base < 48; base++) {
		uint64_t v = random64();
		cpu->rrb_pr = base;
		gr_set(cpu, 14, v, 0);
		assert_int_equal(exec_mov_to_pr(cpu, &to), EXEC_NEXT);
		/* current p(16+n) is p(16 + (n + base) mod 48) of the file */
		for (unsigned n = 0; n < 48; n++)
			assert_int_equal(pr_get(cpu, 16 + n), v >> (16 + (n + base) % 48) & 1);
		assert_int_equal(exec_mov_from_pr(cpu, &from), EXEC_NEXT);
		assert_int_equal(gr_value(cpu, 33), v | 1);
		assert_int_equal(exec_mov_to_pr_rot(cpu, &rot), EXEC_NEXT);
		assert_int_equal(exec_mov_from_pr(cpu, &from), EXEC_NEXT);
		assert_int_equal(gr_value(cpu, 33), 0x12340000 | (v & 0xffff) | 1);
	}
	free(cpu);
}

static void nat_sources_of_moves_are_consumed(void **state)
{
	(void)state;
	struct cpu *cpu = new_cpu();
	struct insn i = {.r1 = 3, .r2 = 14, .imm = -2};
	gr_set(cpu, 14, 1, 1);
	assert_int_equal(exec_mov_to_br(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_NAT_CONSUMPTION);
	assert_int_equal(exec_mov_to_pr(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->br[3], 0);
	assert_int_equal(cpu->pr, 1);
	free(cpu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parallel_arithmetic_equals_sse2),
		cmocka_unit_test(parallel_shifts_equal_sse2),
		cmocka_unit_test(parallel_multiplies_equal_sse2),
		cmocka_unit_test(parallel_shift_and_add_equals_sse2),
		cmocka_unit_test(mpy4_and_mpyshl4_make_a_64_bit_product),
		cmocka_unit_test(fields_equal_wide_arithmetic),
		cmocka_unit_test(shift_counts_above_63_give_zeros_or_signs),
		cmocka_unit_test(zero_byte_search_equals_a_loop),
		cmocka_unit_test(compare_types_write_as_the_table_says),
		cmocka_unit_test(unc_clears_its_targets_when_not_qualified),
		cmocka_unit_test(tnat_sees_the_nat_bit_and_is_not_spoiled_by_it),
		cmocka_unit_test(older_processors_lack_clz_mpy4_and_tf),
		cmocka_unit_test(predicate_moves_ignore_rotation),
		cmocka_unit_test(nat_sources_of_moves_are_consumed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
