/* SPDX-License-Identifier: MIT */
/*
 * Floating-point beside arithmetic (tests/fp has that): memory formats against the host's float,
 * double and x87 extended, disabled registers, predication, FPSR instructions, moves with NaT, and
 * the division and square root sequences compilers emit against the host's / and sqrt.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/exec.h"
#include "cpu/fp.h"

#define ROUNDS 20000

static const struct cpu_model model = {.name = "test"};

/* r32.. at the ring's start plus margin, 96 of them. */
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
	cpu->fr[1] = FREG_ONE;
	cpu->ar[AR_FPSR] = 0x9804c0270033f; /* what Linux starts a process with */
	return cpu;
}

static uint64_t random64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x9e3779b97f4a7c15;
}

static double as_double(uint64_t bits)
{
	double d;
	memcpy(&d, &bits, 8);
	return d;
}

static uint64_t double_bits(double d)
{
	uint64_t v;
	memcpy(&v, &d, 8);
	return v;
}

static float as_float(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, 4);
	return f;
}

/* A register's finite value, as far as a long double holds it. */
static long double value(const struct freg *f)
{
	long double v = ldexpl((long double)f->sig, (int)f->exp - 65535 - 63);
	return f->sign ? -v : v;
}

static const uint64_t edge_doubles[] = {0, 1, 0xfffffffffffff, 0x10000000000000, 0x3ff0000000000000,
	0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001, 0x7ff8000000000000,
	0x4000000000000000, 0x1ff0000000000000, 0x7fd0000000000000};

static uint64_t random_double(uint64_t *state)
{
	uint64_t v = random64(state), sign = v & 1ull << 63;

	if ((v & 7) == 0)
		return edge_doubles[(v >> 8) % countof(edge_doubles)] | sign;
	if ((v & 7) < 4) /* near 1 */
		return (v & 0x800fffffffffffff) | (1023 - 30 + (random64(state) >> 8) % 60) << 52;
	return v;
}

static void singles_and_doubles_keep_their_value_in_a_register(void **unused)
{
	uint64_t state = 1;

	(void)unused;
	for (int n = 0; n < ROUNDS; n++) {
		uint64_t d = random_double(&state);
		uint32_t s = n & 1 ? (uint32_t)random64(&state) : (uint32_t)(d >> 32);
		struct freg fd = freg_from_double(d), fs = freg_from_single(s);

		assert_true(freg_to_double(&fd) == d);
		assert_int_equal(freg_to_single(&fs), s);
		if (isfinite(as_double(d)))
			assert_true(value(&fd) == (long double)as_double(d));
		else
			assert_int_equal(fd.exp, FREG_EXP_SPECIAL);
		if (isfinite(as_float(s)))
			assert_true(value(&fs) == (long double)as_float(s));
		else
			assert_int_equal(fs.exp, FREG_EXP_SPECIAL);
		assert_int_equal(freg_is_nan(&fd), isnan(as_double(d)) != 0);
		assert_int_equal(freg_is_inf(&fs), isinf(as_float(s)) != 0);
	}
}

static void extended_numbers_have_the_value_the_x87_gives_them(void **unused)
{
	uint64_t state = 2, sig;
	uint16_t se;

	(void)unused;
	for (int n = 0; n < ROUNDS; n++) {
		uint64_t v[2] = {random64(&state), random64(&state) & 0xffff};
		struct freg f;
		long double x;

		if (n % 8 == 0)
			v[1] &= 0x8000;
		else if (n % 8 == 1)
			v[1] |= 0x7fff;
		if (v[1] & 0x7fff)
			v[0] |= 1ull << 63;
		f = freg_from_extended(v[0], (uint16_t)v[1]);
		freg_to_extended(&f, &sig, &se);
		assert_true(sig == v[0] && se == v[1]);
		memcpy(&x, v, 10);
		if (!(v[1] & 0x7fff))
			assert_int_equal(f.exp, 0);
		else if (isfinite(x))
			assert_true(value(&f) == x);
	}
}

static void spill_and_fill_keep_every_bit(void **unused)
{
	uint64_t state = 3;

	(void)unused;
	for (int n = 0; n < ROUNDS; n++) {
		uint64_t v[2] = {random64(&state), random64(&state)}, w[2];
		struct freg f = freg_from_spill(v);

		freg_to_spill(&f, w);
		assert_true(w[0] == v[0] && w[1] == (v[1] & 0x3ffff));
	}
}

static void moves_turn_nat_bits_into_natval_and_back(void **unused)
{
	static exec_fn *const setf[] = {exec_setf_sig, exec_setf_exp, exec_setf_s, exec_setf_d};
	static exec_fn *const getf[] = {exec_getf_sig, exec_getf_exp, exec_getf_s, exec_getf_d};
	static const uint64_t v = 0x40490fdb40490fdb;
	static const uint64_t back[] = {v, v & 0x3ffff, (uint32_t)v, v};
	struct cpu *cpu = new_cpu();
	struct insn to = {.r1 = 6, .r2 = 14}, from = {.r1 = 33, .r2 = 6};

	(void)unused;
	for (unsigned n = 0; n < 4; n++) {
		gr_set(cpu, 14, v, 0);
		assert_int_equal(setf[n](cpu, &to), EXEC_NEXT);
		assert_int_equal(getf[n](cpu, &from), EXEC_NEXT);
		assert_true(gr_value(cpu, 33) == back[n]);
		assert_int_equal(gr_nat(cpu, 33), 0);
		gr_set(cpu, 14, v, 1);
		assert_int_equal(setf[n](cpu, &to), EXEC_NEXT);
		assert_true(freg_is_natval(&cpu->fr[6]));
		assert_int_equal(getf[n](cpu, &from), EXEC_NEXT);
		assert_int_equal(gr_nat(cpu, 33), 1);
	}
	from.r1 = 127;
	cpu->sof = 95;
	assert_int_equal(exec_getf_sig(cpu, &from), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_ILLEGAL_OP);
	free(cpu);
}

static void chk_s_branches_on_natval_only(void **unused)
{
	struct cpu *cpu = new_cpu();
	struct insn i = {.r2 = 6, .imm = -0x120, .bundle = 3};

	(void)unused;
	cpu->page_va = 0x4000;
	assert_int_equal(exec_chk_s_f(cpu, &i), EXEC_NEXT);
	cpu->fr[6] = FREG_NATVAL;
	assert_int_equal(exec_chk_s_f(cpu, &i), EXEC_BRANCH);
	assert_true(cpu->next_ip == 0x4030 - 0x120);
	cpu->fr[6].sign = 1; /* a pseudo-zero */
	assert_int_equal(exec_chk_s_f(cpu, &i), EXEC_NEXT);
	free(cpu);
}

/* Rows and which of r1..r4 name floating-point registers. */
static const struct {
	exec_fn *exec;
	unsigned operands; /* bit 0: r1 */
} fp_rows[] = {
	{exec_fma, 15},
	{exec_fms, 15},
	{exec_fnma, 15},
	{exec_fpma, 15},
	{exec_fpms, 15},
	{exec_fpnma, 15},
	{exec_xma_l, 15},
	{exec_xma_h, 15},
	{exec_xma_hu, 15},
	{exec_fselect, 15},
	{exec_fcmp_eq, 6},
	{exec_fcmp_lt, 6},
	{exec_fcmp_le, 6},
	{exec_fcmp_unord, 6},
	{exec_fclass_m, 2},
	{exec_frcpa, 7},
	{exec_fprcpa, 7},
	{exec_frsqrta, 5},
	{exec_fprsqrta, 5},
	{exec_fmin, 7},
	{exec_fmax, 7},
	{exec_famin, 7},
	{exec_famax, 7},
	{exec_fpmin, 7},
	{exec_fpmax, 7},
	{exec_fpamin, 7},
	{exec_fpamax, 7},
	{exec_fpcmp_eq, 7},
	{exec_fpcmp_lt, 7},
	{exec_fpcmp_le, 7},
	{exec_fpcmp_unord, 7},
	{exec_fpcmp_neq, 7},
	{exec_fpcmp_nlt, 7},
	{exec_fpcmp_nle, 7},
	{exec_fpcmp_ord, 7},
	{exec_fmerge_s, 7},
	{exec_fmerge_ns, 7},
	{exec_fmerge_se, 7},
	{exec_fmix_lr, 7},
	{exec_fmix_r, 7},
	{exec_fmix_l, 7},
	{exec_fsxt_r, 7},
	{exec_fsxt_l, 7},
	{exec_fpack, 7},
	{exec_fswap, 7},
	{exec_fswap_nl, 7},
	{exec_fswap_nr, 7},
	{exec_fand, 7},
	{exec_fandcm, 7},
	{exec_for, 7},
	{exec_fxor, 7},
	{exec_fpmerge_s, 7},
	{exec_fpmerge_ns, 7},
	{exec_fpmerge_se, 7},
	{exec_fcvt_fx, 3},
	{exec_fcvt_fxu, 3},
	{exec_fpcvt_fx, 3},
	{exec_fpcvt_fxu, 3},
	{exec_fcvt_xf, 3},
	{exec_setf_sig, 1},
	{exec_setf_exp, 1},
	{exec_setf_s, 1},
	{exec_setf_d, 1},
	{exec_getf_sig, 2},
	{exec_getf_exp, 2},
	{exec_getf_s, 2},
	{exec_getf_d, 2},
	{exec_chk_s_f, 2},
};

static void every_operand_is_checked_for_disabled_registers(void **unused)
{
	struct cpu *cpu = new_cpu();

	(void)unused;
	for (unsigned n = 0; n < countof(fp_rows); n++) {
		for (unsigned which = 0; which < 4; which++) {
			for (unsigned high = 0; high < 2; high++) {
				struct insn i = {.r1 = high ? 2 : 32, .r2 = 1, .r3 = 1, .r4 = 1};
				uint8_t *r[] = {&i.r1, &i.r2, &i.r3, &i.r4};

				if (!(fp_rows[n].operands & 1))
					i.r1 = 33; /* a GR */
				if (!(fp_rows[n].operands >> which & 1))
					continue;
				*r[which] = high ? 127 : 31;
				cpu->psr = high ? PSR(DFH) : PSR(DFL);
				assert_int_equal(fp_rows[n].exec(cpu, &i), EXEC_FAULT);
				assert_int_equal(cpu->mmu.fault.code, FAULT_DISABLED_FP);
				assert_int_equal(cpu->mmu.fault.isr, high ? 2 : 1);
				cpu->psr = high ? PSR(DFL) : PSR(DFH);
				if (which == 0)
					assert_int_equal(fp_rows[n].exec(cpu, &i), EXEC_NEXT);
			}
		}
	}
	free(cpu);
}

static void both_halves_disabled_are_both_reported(void **unused)
{
	struct cpu *cpu = new_cpu();
	struct insn i = {.r1 = 2, .r2 = 0, .r3 = 1, .r4 = 40};

	(void)unused;
	cpu->psr = PSR(DFL) | PSR(DFH);
	assert_int_equal(exec_fma(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.isr, 3);
	free(cpu);
}

static void writes_mark_their_half_modified(void **unused)
{
	struct cpu *cpu = new_cpu();

	(void)unused;
	for (unsigned n = 0; n < countof(fp_rows); n++) {
		struct insn i = {.r1 = 31, .r2 = 1, .r3 = 1, .r4 = 1};

		if (!(fp_rows[n].operands & 1))
			continue;
		cpu->psr = 0;
		assert_int_equal(fp_rows[n].exec(cpu, &i), EXEC_NEXT);
		assert_true(cpu->psr == PSR(MFL));
		i.r1 = 32;
		cpu->psr = 0;
		assert_int_equal(fp_rows[n].exec(cpu, &i), EXEC_NEXT);
		assert_true(cpu->psr == PSR(MFH));
	}
	free(cpu);
}

static void rotation_renames_all_operands(void **unused)
{
	struct cpu *cpu = new_cpu();
	struct insn i = {.r1 = 127, .r2 = 0, .r3 = 32, .r4 = 33};

	(void)unused;
	cpu->rrb_fr = 95; /* f32 is physical 127, f33 is 32, f127 is 126 */
	cpu->fr[127] = freg_from_double(double_bits(3));
	cpu->fr[32] = freg_from_double(double_bits(5));
	assert_int_equal(exec_fma(cpu, &i), EXEC_NEXT);
	assert_true(freg_to_double(&cpu->fr[126]) == double_bits(15));
	free(cpu);
}

static void a_false_predicate_clears_only_unconditional_targets(void **unused)
{
	static exec_fn *const rows[] = {
		exec_fcmp_eq, exec_fcmp_lt, exec_fcmp_le, exec_fcmp_unord, exec_fclass_m};
	static exec_fn *const approximations[] = {
		exec_frcpa, exec_frsqrta, exec_fprcpa, exec_fprsqrta};
	struct cpu *cpu = new_cpu();
	struct insn i = {.qp = 5, .p1 = 6, .p2 = 7, .r1 = 9, .r2 = 1, .r3 = 1, .imm = 0x1ff};

	(void)unused;
	for (unsigned n = 0; n < countof(rows); n++) {
		i.comp = 0;
		cpu->pr = 0xc1;
		assert_int_equal(rows[n](cpu, &i), EXEC_NEXT);
		assert_true(cpu->pr == 0xc1);
		i.comp = 1;
		assert_int_equal(rows[n](cpu, &i), EXEC_NEXT);
		assert_true(cpu->pr == 1);
	}
	for (unsigned n = 0; n < countof(approximations); n++) {
		cpu->pr = 0xc1;
		assert_int_equal(approximations[n](cpu, &i), EXEC_NEXT);
		assert_true(cpu->pr == 0x41);
		assert_true(cpu->psr == 0 && cpu->fr[9].sig == 0);
	}
	free(cpu);
}

static uint64_t fsetc(struct cpu *cpu, unsigned sf, unsigned amask, unsigned omask, bool legal)
{
	struct insn i = {.comp = (uint16_t)(sf << 2), .imm = amask | omask << 7};

	assert_int_equal(exec_fsetc(cpu, &i), legal ? EXEC_NEXT : EXEC_FAULT);
	if (!legal)
		assert_int_equal(cpu->mmu.fault.code, FAULT_RESERVED_REG_FIELD);
	return cpu->ar[AR_FPSR] >> (6 + 13 * sf) & 0x7f;
}

static void fsetc_derives_controls_from_field_0(void **unused)
{
	struct cpu *cpu = new_cpu();

	(void)unused;
	assert_int_equal(fsetc(cpu, 2, 0x7f, 0x40, true), 0x4c);
	assert_int_equal(fsetc(cpu, 1, 0, 0x33, true), 0x33);
	assert_int_equal(fsetc(cpu, 3, 0x77, 0, false), 0x4c);	  /* pc would be 1 */
	assert_int_equal(fsetc(cpu, 0, 0x7f, 0x40, false), 0x0c); /* sf0 has no td */
	assert_int_equal(fsetc(cpu, 0, 0x7f, 0x10, true), 0x1c);
	free(cpu);
}

static void fclrf_clears_one_field_and_fchkf_compares_two(void **unused)
{
	struct cpu *cpu = new_cpu();
	struct insn i = {.comp = 2 << 2, .imm = 0x50};
	uint64_t clean = cpu->ar[AR_FPSR];

	(void)unused;
	assert_int_equal(exec_fchkf(cpu, &i), EXEC_NEXT);
	cpu->ar[AR_FPSR] |= 0x20ull << (6 + 26 + 7); /* I in sf2, not in sf0 */
	assert_int_equal(exec_fchkf(cpu, &i), EXEC_BRANCH);
	assert_true(cpu->next_ip == 0x50);
	cpu->ar[AR_FPSR] |= 0x20ull << (6 + 7);
	assert_int_equal(exec_fchkf(cpu, &i), EXEC_NEXT);
	cpu->ar[AR_FPSR] &= ~0x20ull; /* in both, but its trap is enabled */
	assert_int_equal(exec_fchkf(cpu, &i), EXEC_BRANCH);
	cpu->ar[AR_FPSR] |= 0x20;
	assert_int_equal(exec_fclrf(cpu, &i), EXEC_NEXT);
	assert_true(cpu->ar[AR_FPSR] == (clean | 0x20ull << 13));
	free(cpu);
}

static void lanes_report_their_faults_and_traps_apart(void **unused)
{
	struct cpu *cpu = new_cpu();
	struct insn i = {.r1 = 2, .r2 = 0, .r3 = 3, .r4 = 4};

	(void)unused;
	cpu->ar[AR_FPSR] &= ~0x3full;			/* everything enabled */
	cpu->fr[3] = freg_from_int(0x7f80000000000001); /* infinity, denormal */
	cpu->fr[4] = freg_from_int(0x000000003f800000); /* 0, 1 */
	assert_int_equal(exec_fpma(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_FP_FAULT);
	assert_int_equal(cpu->mmu.fault.isr, 0x21); /* V above, D below */
	cpu->mmu.fault = (struct fault_info){0};
	cpu->fr[3] = freg_from_int(0x7f7fffff3f800001);
	cpu->fr[4] = freg_from_int(0x7f7fffff3f800001);
	assert_int_equal(exec_fpma(cpu, &i), EXEC_TRAP);
	assert_int_equal(cpu->mmu.fault.code, FAULT_FP_TRAP);
	assert_int_equal(cpu->mmu.fault.isr, 0x800 | 0x2000 | 0x200 | 1); /* O I above, I below */
	free(cpu);
}

/* --- sequences: f8 = f6 / f7 and others, as compilers write them --- */
struct step {
	exec_fn *exec;
	uint8_t r1, r3, r4, r2;
	uint8_t pc, sf;
};

static void run_steps(struct cpu *cpu, const struct step *s, unsigned n)
{
	for (; n--; s++) {
		struct insn i = {.r1 = s->r1,
			.r2 = s->r2,
			.r3 = s->r3,
			.r4 = s->r4,
			.comp = (uint16_t)(s->sf << 2 | s->pc)};
		assert_int_equal(s->exec(cpu, &i), EXEC_NEXT);
	}
}

static void check_double(struct cpu *cpu, double got, double want)
{
	(void)cpu;
	if (isnan(want))
		assert_true(isnan(got));
	else
		assert_true(double_bits(got) == double_bits(want));
}

static void double_division_sequence_equals_host_division(void **unused)
{
	static const struct step steps[] = {{exec_fnma, 9, 7, 8, 1, 0, 1},
		{exec_fma, 8, 9, 8, 8, 0, 1}, {exec_fma, 9, 9, 9, 0, 0, 1},
		{exec_fma, 8, 9, 8, 8, 0, 1}, {exec_fma, 9, 9, 9, 0, 0, 1},
		{exec_fma, 8, 9, 8, 8, 0, 1}, {exec_fma, 9, 6, 8, 0, 2, 1},
		{exec_fnma, 10, 7, 9, 6, 2, 1}, {exec_fma, 8, 10, 8, 9, 2, 0}};
	struct insn start = {.r1 = 8, .p2 = 6, .r2 = 6, .r3 = 7}, norm;
	struct cpu *cpu = new_cpu();
	uint64_t state = 5;

	(void)unused;
	for (int n = 0; n < ROUNDS; n++) {
		uint64_t a = random_double(&state), b = random_double(&state);

		cpu->fr[6] = freg_from_double(a);
		cpu->fr[7] = freg_from_double(b);
		assert_int_equal(exec_frcpa(cpu, &start), EXEC_NEXT);
		if (pr_get(cpu, 6))
			run_steps(cpu, steps, countof(steps));
		norm = (struct insn){.r1 = 8, .r2 = 0, .r3 = 8, .r4 = 1, .comp = 2};
		assert_int_equal(exec_fma(cpu, &norm), EXEC_NEXT);
		check_double(
			cpu, as_double(freg_to_double(&cpu->fr[8])), as_double(a) / as_double(b));
	}
	free(cpu);
}

static void double_square_root_sequence_equals_host_sqrt(void **unused)
{
	/* f7 = 1/2; y in f8, h in f9, g in f10, d in f11 */
	static const struct step steps[] = {{exec_fma, 9, 7, 8, 0, 0, 1},
		{exec_fma, 10, 6, 8, 0, 0, 1}, {exec_fnma, 11, 10, 9, 7, 0, 1},
		{exec_fma, 10, 10, 11, 10, 0, 1}, {exec_fma, 9, 9, 11, 9, 0, 1},
		{exec_fnma, 11, 10, 9, 7, 0, 1}, {exec_fma, 10, 10, 11, 10, 0, 1},
		{exec_fma, 9, 9, 11, 9, 0, 1}, {exec_fnma, 11, 10, 9, 7, 0, 1},
		{exec_fma, 10, 10, 11, 10, 2, 1}, {exec_fma, 9, 9, 11, 9, 0, 1},
		{exec_fnma, 11, 10, 10, 6, 0, 1}, {exec_fma, 8, 11, 9, 10, 2, 0}};
	struct insn start = {.r1 = 8, .p2 = 6, .r3 = 6};
	struct cpu *cpu = new_cpu();
	uint64_t state = 6;

	(void)unused;
	cpu->fr[7] = freg_from_double(double_bits(.5));
	for (int n = 0; n < ROUNDS; n++) {
		uint64_t a = random_double(&state);

		cpu->fr[6] = freg_from_double(a);
		assert_int_equal(exec_frsqrta(cpu, &start), EXEC_NEXT);
		if (pr_get(cpu, 6))
			run_steps(cpu, steps, countof(steps));
		check_double(cpu, as_double(freg_to_double(&cpu->fr[8])), sqrt(as_double(a)));
	}
	free(cpu);
}

static void unsigned_integer_division_sequence_equals_host_division(void **unused)
{
	static const struct step steps[] = {{exec_fma, 10, 6, 8, 0, 0, 1},
		{exec_fnma, 9, 7, 8, 1, 0, 1}, {exec_fma, 10, 9, 10, 10, 0, 1},
		{exec_fma, 11, 9, 9, 0, 0, 1}, {exec_fma, 8, 9, 8, 8, 0, 1},
		{exec_fma, 10, 11, 10, 10, 0, 1}, {exec_fma, 8, 11, 8, 8, 0, 1},
		{exec_fnma, 11, 7, 10, 6, 0, 1}, {exec_fma, 8, 11, 8, 10, 0, 1}};
	struct insn start = {.r1 = 8, .p2 = 6, .r2 = 6, .r3 = 7, .comp = 1 << 2};
	struct insn end = {.r1 = 8, .r2 = 8, .comp = 1 << 2 | 1};
	struct cpu *cpu = new_cpu();
	uint64_t state = 7;

	(void)unused;
	for (int n = 0; n < ROUNDS; n++) {
		uint64_t a = random64(&state) >> (random64(&state) >> 58);
		uint64_t b = random64(&state) >> (random64(&state) >> 58);
		struct insn xuf = {.r1 = 6, .r2 = 0, .r3 = 6, .r4 = 1, .comp = 1 << 2};

		if (b == 0)
			continue;
		cpu->fr[6] = freg_from_int(a);
		cpu->fr[7] = freg_from_int(b);
		assert_int_equal(exec_fma(cpu, &xuf), EXEC_NEXT);
		xuf.r1 = xuf.r3 = 7;
		assert_int_equal(exec_fma(cpu, &xuf), EXEC_NEXT);
		assert_int_equal(exec_frcpa(cpu, &start), EXEC_NEXT);
		if (pr_get(cpu, 6))
			run_steps(cpu, steps, countof(steps));
		assert_int_equal(exec_fcvt_fxu(cpu, &end), EXEC_NEXT);
		assert_true(cpu->fr[8].sig == a / b);
	}
	free(cpu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(singles_and_doubles_keep_their_value_in_a_register),
		cmocka_unit_test(extended_numbers_have_the_value_the_x87_gives_them),
		cmocka_unit_test(spill_and_fill_keep_every_bit),
		cmocka_unit_test(moves_turn_nat_bits_into_natval_and_back),
		cmocka_unit_test(chk_s_branches_on_natval_only),
		cmocka_unit_test(every_operand_is_checked_for_disabled_registers),
		cmocka_unit_test(both_halves_disabled_are_both_reported),
		cmocka_unit_test(writes_mark_their_half_modified),
		cmocka_unit_test(rotation_renames_all_operands),
		cmocka_unit_test(a_false_predicate_clears_only_unconditional_targets),
		cmocka_unit_test(fsetc_derives_controls_from_field_0),
		cmocka_unit_test(fclrf_clears_one_field_and_fchkf_compares_two),
		cmocka_unit_test(lanes_report_their_faults_and_traps_apart),
		cmocka_unit_test(double_division_sequence_equals_host_division),
		cmocka_unit_test(double_square_root_sequence_equals_host_sqrt),
		cmocka_unit_test(unsigned_integer_division_sequence_equals_host_division),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
