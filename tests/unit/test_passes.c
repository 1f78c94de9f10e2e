/* SPDX-License-Identifier: MIT */
/* Passes over IR: what they make of hand-written IR, and what they must leave alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "jit/pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 IR_TEMP
#define T1 (IR_TEMP + 1)

/* d = a op b or imm, of instruction insn; other fields by hand. */
static struct ir op(unsigned insn, unsigned o, unsigned d, unsigned a, unsigned b, int64_t imm)
{
	return (struct ir){.op = (uint8_t)o,
		.d = (uint8_t)d,
		.a = (uint8_t)a,
		.b = (uint8_t)b,
		.c = IR_NONE,
		.insn = (uint16_t)insn,
		.imm = imm};
}

static struct ir two(unsigned insn, unsigned o, unsigned d, unsigned a, unsigned b)
{
	return op(insn, o, d, a, b, 0);
}

static struct ir one(unsigned insn, unsigned o, unsigned d, unsigned a, int64_t imm)
{
	return op(insn, o, d, a, IR_NONE, imm);
}

static struct ir bare(unsigned insn, unsigned o)
{
	return op(insn, o, IR_NONE, IR_NONE, IR_NONE, 0);
}

static struct ir guard(unsigned insn, unsigned qp)
{
	struct ir ir = bare(insn, IR_GUARD);
	ir.qp = (uint8_t)qp;
	return ir;
}

static struct ir compare(
	unsigned insn, unsigned p1, unsigned p2, unsigned a, unsigned b, int64_t imm)
{
	struct ir ir = op(insn, IR_CMP, IR_NONE, a, b, imm);
	ir.p1 = (uint8_t)p1;
	ir.p2 = (uint8_t)p2;
	ir.cc = CC_L;
	ir.size = 8;
	return ir;
}

static struct ir sized(struct ir ir, unsigned size)
{
	ir.size = (uint8_t)size;
	return ir;
}

static bool alike(const struct ir *x, const struct ir *y)
{
	return x->op == y->op && x->cc == y->cc && x->size == y->size && x->type == y->type &&
	       x->d == y->d && x->a == y->a && x->b == y->b && x->c == y->c && x->qp == y->qp &&
	       x->p1 == y->p1 && x->p2 == y->p2 && x->insn == y->insn && x->imm == y->imm;
}

static bool all_alike(const struct ir *x, unsigned n, const struct ir *y, unsigned m)
{
	for (unsigned k = 0; k < n && k < m; k++)
		if (!alike(&x[k], &y[k]))
			return false;
	return n == m;
}

/* Runs pass on in; what comes out must be out. */
static void check(ir_pass_fn *pass, const struct ir *in, unsigned n, const struct ir *out,
	unsigned m, int line)
{
	struct ir_block *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	memcpy(b->ir, in, n * sizeof(*in));
	b->count = n;
	bool changed = pass(b);
	bool same = all_alike(b->ir, b->count, out, m), differs = !all_alike(in, n, out, m);
	if (!same || changed != differs) {
		struct insn none[BLOCK_INSNS] = {0};
		b->insn = none;
		ir_print(stderr, b);
		fail_msg("line %d: changed %d", line, changed);
	}
	free(b);
}

#define CHECK(pass, in, out) check(pass, in, countof(in), out, countof(out), __LINE__)
#define STAYS(pass, in)	     CHECK(pass, in, in)

/* --- propagation --- */

static void numbers_are_computed(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 6), one(1, IR_ADD, 15, 14, -2),
		two(2, IR_MUL, 16, 14, 15), two(3, IR_SUB, 17, 14, 16), one(4, IR_SHL, 18, 17, 60),
		one(5, IR_SAR, 19, 18, 60), one(6, IR_RSUB, 20, 19, 1),
		sized(one(7, IR_ZEXT, 21, 17, 0), 1), sized(one(8, IR_SEXT, 22, 21, 0), 1),
		one(9, IR_BSWAP, 23, 14, 0), one(10, IR_SHR, 24, 23, 57)};
	const struct ir out[] = {in[0], one(1, IR_MOVI, 15, IR_NONE, 4),
		one(2, IR_MOVI, 16, IR_NONE, 24), one(3, IR_MOVI, 17, IR_NONE, -18),
		one(4, IR_MOVI, 18, IR_NONE, (int64_t)(14ull << 60)),
		one(5, IR_MOVI, 19, IR_NONE, -2), one(6, IR_MOVI, 20, IR_NONE, 3),
		sized(one(7, IR_MOVI, 21, IR_NONE, 0xee), 1),
		sized(one(8, IR_MOVI, 22, IR_NONE, -18), 1),
		one(9, IR_MOVI, 23, IR_NONE, 6ll << 56), one(10, IR_MOVI, 24, IR_NONE, 3)};
	CHECK(ir_propagate, in, out);
}

static void one_number_becomes_immediate(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 70), two(1, IR_ADD, 15, 14, 9),
		two(2, IR_SUB, 16, 9, 14), two(3, IR_SHLV, 17, 9, 14), two(4, IR_SARV, 18, 9, 14),
		compare(5, 6, 7, 9, 14, 0), two(6, IR_SUB, 19, 14, 9), two(7, IR_OR, 20, 9, 0),
		two(8, IR_AND, 21, 0, 9)};
	const struct ir out[] = {in[0], one(1, IR_ADD, 15, 9, 70), one(2, IR_SUB, 16, 9, 70),
		one(3, IR_MOVI, 17, IR_NONE, 0), one(4, IR_SAR, 18, 9, 63),
		compare(5, 6, 7, 9, IR_NONE, 70), in[6], one(7, IR_MOV, 20, 9, 0),
		one(8, IR_MOVI, 21, IR_NONE, 0)};
	CHECK(ir_propagate, in, out);
}

/* The host compares with 32 bits, sign-extended. */
static void wide_numbers_are_not_compared_with(void **state)
{
	(void)state;
	const struct ir in[] = {
		one(0, IR_MOVI, 14, IR_NONE, 1ll << 31), compare(1, 6, 7, 9, 14, 0)};
	STAYS(ir_propagate, in);
}

static void copies_are_read_at_their_source(void **state)
{
	(void)state;
	const struct ir in[] = {two(0, IR_MOV, 32, 14, IR_NONE), two(1, IR_MOV, 33, 32, IR_NONE),
		two(2, IR_ADD, 15, 33, 9), sized(two(3, IR_STORE, IR_NONE, 33, 32), 8)};
	const struct ir out[] = {in[0], two(1, IR_MOV, 33, 14, IR_NONE), two(2, IR_ADD, 15, 14, 9),
		sized(two(3, IR_STORE, IR_NONE, 14, 14), 8)};
	CHECK(ir_propagate, in, out);
}

static void copies_end_with_their_source(void **state)
{
	(void)state;
	const struct ir in[] = {two(0, IR_MOV, 32, 14, IR_NONE), one(1, IR_ADD, 14, 14, 1),
		two(2, IR_ADD, 15, 32, 9)};
	STAYS(ir_propagate, in);
}

static void calls_change_everything(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 5), two(0, IR_MOV, 32, 15, IR_NONE),
		bare(1, IR_CALL), two(2, IR_ADD, 16, 14, 32)};
	STAYS(ir_propagate, in);
}

/* What a guard contains may not have happened; what was before it has, also within. */
static void guards_are_two_ways(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 5), guard(1, 6),
		one(1, IR_ADD, 14, 14, 1), two(1, IR_ADD, 16, 14, 9), bare(1, IR_END),
		two(2, IR_ADD, 17, 14, 9)};
	const struct ir out[] = {in[0], in[1], one(1, IR_MOVI, 14, IR_NONE, 6),
		one(1, IR_ADD, 16, 9, 6), in[4], in[5]};
	CHECK(ir_propagate, in, out);
}

static void loads_and_selections_are_not_known(void **state)
{
	(void)state;
	struct ir sel = two(2, IR_SEL, 15, 9, IR_NONE);
	sel.qp = 6;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 5), one(0, IR_MOVI, 15, IR_NONE, 5),
		sized(two(1, IR_LOAD, 14, 9, IR_NONE), 8), bare(1, IR_REJOIN), sel,
		two(3, IR_ADD, 16, 14, 15)};
	STAYS(ir_propagate, in);
}

/* The check of an advanced load loads again if it must, in its slow way. */
static void advanced_loads_are_not_known(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 5), two(0, IR_MOV, 32, 14, IR_NONE),
		one(1, IR_ALATCHECK, IR_NONE, IR_NONE, 14), bare(1, IR_REJOIN),
		two(2, IR_ADD, 16, 14, 32)};
	const struct ir out[] = {
		in[0], one(0, IR_MOVI, 32, IR_NONE, 5), in[2], in[3], one(2, IR_ADD, 16, 14, 5)};
	CHECK(ir_propagate, in, out);
}

static void temporaries_end_with_their_instruction(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, T0, IR_NONE, 5),
		two(0, IR_STC, IR_NONE, T0, IR_NONE), two(1, IR_ADD, 14, T0, 9)};
	STAYS(ir_propagate, in);
}

/* --- dead values --- */

static void overwritten_values_go(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_ADD, 14, 9, 1), one(1, IR_ADD, T0, 9, 1),
		one(1, IR_ADD, T1, 9, 2), two(1, IR_MOV, 15, T1, IR_NONE),
		one(2, IR_MOVI, 14, IR_NONE, 3), two(3, IR_MOV, 16, 16, IR_NONE), bare(4, IR_NEXT)};
	const struct ir out[] = {in[2], in[3], in[4], in[6]};
	CHECK(ir_dead, in, out);
}

/* Each of these shows r14 as it was, or reads it. */
static void values_that_show_stay(void **state)
{
	(void)state;
	struct ir branch = bare(1, IR_BRANCH), sel = two(1, IR_SEL, 20, 14, IR_NONE);
	branch.qp = sel.qp = 6;
	const struct ir show[] = {bare(1, IR_CALL), branch, sel,
		sized(two(1, IR_LOAD, 20, 9, IR_NONE), 8),
		sized(two(1, IR_STORE, IR_NONE, 9, 10), 8), one(1, IR_CHECK0, IR_NONE, 9, 1),
		one(1, IR_ALLOC, 20, IR_NONE, 0), two(1, IR_ADD, 20, 9, 14),
		compare(1, 6, 7, 14, 9, 0), op(1, IR_FCHECK, IR_NONE, IR_NONE, IR_NONE, 6),
		op(1, IR_FARITH, IR_NONE, IR_NONE, IR_NONE, 6)};
	for (unsigned n = 0; n < countof(show); n++) {
		const struct ir in[] = {one(0, IR_ADD, 14, 9, 1), show[n],
			one(2, IR_MOVI, 14, IR_NONE, 3), bare(3, IR_NEXT)};
		STAYS(ir_dead, in);
	}
}

static void effects_stay(void **state)
{
	(void)state;
	const struct ir in[] = {two(0, IR_STC, IR_NONE, 9, IR_NONE),
		two(1, IR_STR, IR_NONE, 9, IR_NONE), sized(two(2, IR_LOAD, 14, 9, IR_NONE), 8),
		bare(2, IR_REJOIN), one(3, IR_SETPR, IR_NONE, 9, 0xfe),
		one(4, IR_MOVI, 14, IR_NONE, 1), bare(5, IR_NEXT)};
	STAYS(ir_dead, in);
}

static void overwritten_predicates_go(void **state)
{
	(void)state;
	const struct ir in[] = {compare(0, 6, 7, 14, 15, 0), compare(1, 6, 8, 14, 15, 0),
		compare(2, 7, 8, 16, 15, 0), bare(3, IR_NEXT)};
	const struct ir out[] = {compare(1, 6, 0, 14, 15, 0), in[2], in[3]};
	CHECK(ir_dead, in, out);
}

static void predicates_that_are_asked_for_stay(void **state)
{
	(void)state;
	struct ir and = compare(1, 6, 7, 16, 17, 0), sel = two(1, IR_SEL, 20, 9, IR_NONE),
		  conditional = compare(1, 6, 7, 16, 17, 0);
	and.type = CMP_AND;
	sel.qp = 6;
	conditional.qp = 8;
	const struct ir ask[] = {and, conditional, sel, one(1, IR_GETPR, 20, IR_NONE, 0),
		bare(1, IR_CALL), guard(1, 6)};
	for (unsigned n = 0; n < countof(ask); n++) {
		struct ir in[] = {compare(0, 6, 0, 14, 15, 0), ask[n],
			two(1, IR_STC, IR_NONE, 9, IR_NONE), bare(1, IR_END),
			compare(2, 6, 7, 16, 15, 0), bare(3, IR_NEXT)};
		if (ask[n].op == IR_CMP)
			in[4].p1 = in[4].p2 = 20;
		STAYS(ir_dead, in);
	}
}

/* A write under a predicate leaves the old value needed; a guard around nothing goes. */
static void guards_and_what_they_keep(void **state)
{
	(void)state;
	const struct ir in[] = {one(0, IR_MOVI, 14, IR_NONE, 1), guard(1, 6),
		one(1, IR_MOVI, 14, IR_NONE, 2), bare(1, IR_END), guard(2, 7),
		one(2, IR_ADD, 15, 9, 1), bare(2, IR_END), one(3, IR_MOVI, 15, IR_NONE, 3),
		bare(4, IR_NEXT)};
	const struct ir out[] = {in[0], in[1], in[2], in[3], in[7], in[8]};
	CHECK(ir_dead, in, out);
}

/* --- NaTs --- */

static void registers_read_first_are_tested(void **state)
{
	(void)state;
	struct ir_block *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	const struct ir in[] = {two(0, IR_ADD, 14, 9, 40), two(1, IR_ADD, 15, 14, 0), guard(2, 6),
		one(2, IR_MOVI, 16, IR_NONE, 1), bare(2, IR_END), two(3, IR_SEL, 17, 14, IR_NONE),
		one(4, IR_MOVI, 18, IR_NONE, 1), bare(5, IR_NEXT)};
	memcpy(b->ir, in, sizeof(in));
	b->count = countof(in);
	assert_false(ir_nats(b));
	assert_int_equal(b->nat_test[0] | b->nat_test[1], 0);
	b->key = KEY_NAT;
	assert_true(ir_nats(b));
	assert_int_equal(b->nat_test[0], 1ull << 9 | 1ull << 40 | 1ull << 16 | 1ull << 17);
	assert_int_equal(b->nat_test[1], 0);
	assert_true(all_alike(b->ir, b->count, in, countof(in)));
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_computed),
		cmocka_unit_test(one_number_becomes_immediate),
		cmocka_unit_test(wide_numbers_are_not_compared_with),
		cmocka_unit_test(copies_are_read_at_their_source),
		cmocka_unit_test(copies_end_with_their_source),
		cmocka_unit_test(calls_change_everything),
		cmocka_unit_test(guards_are_two_ways),
		cmocka_unit_test(loads_and_selections_are_not_known),
		cmocka_unit_test(advanced_loads_are_not_known),
		cmocka_unit_test(temporaries_end_with_their_instruction),
		cmocka_unit_test(overwritten_values_go),
		cmocka_unit_test(values_that_show_stay),
		cmocka_unit_test(effects_stay),
		cmocka_unit_test(overwritten_predicates_go),
		cmocka_unit_test(predicates_that_are_asked_for_stay),
		cmocka_unit_test(guards_and_what_they_keep),
		cmocka_unit_test(registers_read_first_are_tested),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
