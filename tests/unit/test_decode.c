/* SPDX-License-Identifier: MIT */
/*
 * The decoder: every legality rule, opcode space without instructions, and that encoder and decoder
 * are each other's inverse for every row. Spelling, and with it the meaning of every field, is
 * checked against objdump by tests/isa/objdump.sh.
 */
#include "isa/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- bundles to decode --- */
static struct bundle bundle_of(unsigned template, uint64_t s0, uint64_t s1, uint64_t s2)
{
	return (struct bundle){template | s0 << 5 | s1 << 46, s1 >> 18 | s2 << 23};
}

/* A bundle with the bits in a slot that unit serves; *slot says which. */
static struct bundle bundle_for(enum unit unit, struct slot_bits b, unsigned *slot)
{
	switch (unit) {
	case UNIT_M:
		*slot = 0;
		return bundle_of(0x00, b.slot, 0, 0);
	case UNIT_I:
		*slot = 1;
		return bundle_of(0x00, 0, b.slot, 0);
	case UNIT_F:
		*slot = 1;
		return bundle_of(0x0c, 0, b.slot, 0);
	case UNIT_X:
		*slot = 1;
		return bundle_of(0x04, 0, b.l, b.slot);
	default:
		*slot = 2;
		return bundle_of(0x16, 0, 0, b.slot);
	}
}

static enum unit unit_of(unsigned op)
{
	enum unit unit = UNIT_M;
	while (!(isa_formats[isa_rows[op].format].units >> unit & 1))
		unit++;
	return unit;
}

static struct slot_bits encode(struct insn i)
{
	struct slot_bits b;
	assert_int_equal(insn_encode(&i, &b.slot, &b.l), 0);
	return b;
}

static struct insn decode(enum unit unit, struct slot_bits bits)
{
	struct insn i;
	unsigned slot;
	struct bundle b = bundle_for(unit, bits, &slot);
	insn_decode(&i, b, slot);
	return i;
}

static struct insn decode_bits(enum unit unit, uint64_t bits)
{
	return decode(unit, (struct slot_bits){bits, 0});
}

/* What becomes of i when it is encoded and decoded under the rules. */
static struct insn through(struct insn i)
{
	return decode(unit_of(i.op), encode(i));
}

#define INSN(id, ...) ((struct insn){.op = OP_##id, __VA_ARGS__})

static void assert_legal(struct insn i)
{
	assert_string_equal(op_name(through(i).op), op_name(i.op));
}

/* The fault depends on the predicate: OP_illegal keeps qp. */
static void assert_reserved_qp(struct insn i)
{
	i.qp = 9;
	struct insn d = through(i);
	assert_int_equal(d.op, OP_illegal);
	assert_int_equal(d.qp, 9);
}

/* The fault comes whatever the predicate. */
static void assert_reserved(struct insn i)
{
	struct insn d = through(i);
	assert_int_equal(d.op, OP_illegal);
	assert_int_equal(d.qp, 0);
}

/* --- legality rules --- */
static void r0_is_no_target(void **state)
{
	(void)state;
	assert_legal(INSN(add, .r1 = 1));
	assert_reserved_qp(INSN(add, .r1 = 0));
	assert_reserved_qp(INSN(movl, .r1 = 0));
	assert_reserved_qp(INSN(ld8, .r1 = 0));
	assert_reserved_qp(INSN(getf_sig, .r1 = 0));
	assert_reserved_qp(INSN(mov_from_br, .r1 = 0));
	assert_legal(INSN(chk_a_gr, .r1 = 0));
	assert_legal(INSN(st8, .r2 = 0));
}

static void updated_base_is_not_r0(void **state)
{
	(void)state;
	assert_legal(INSN(ld8, .r1 = 4, .r3 = 0));
	assert_reserved_qp(INSN(ld8_i, .r1 = 4, .r3 = 0));
	assert_reserved_qp(INSN(ld8_r, .r1 = 4, .r3 = 0));
	assert_reserved_qp(INSN(st8_i, .r3 = 0));
	assert_reserved_qp(INSN(ldfd_i, .r1 = 4, .r3 = 0));
	assert_reserved_qp(INSN(ldfd_r, .r1 = 4, .r3 = 0));
	assert_reserved_qp(INSN(stfd_i, .r3 = 0));
	assert_reserved_qp(INSN(ldfpd_i, .r1 = 4, .r2 = 5, .r3 = 0));
	assert_reserved_qp(INSN(lfetch_i, .r3 = 0));
	assert_reserved_qp(INSN(lfetch_r, .r3 = 0));
	assert_legal(INSN(lfetch, .r3 = 0));
}

static void updated_base_is_not_the_target(void **state)
{
	(void)state;
	assert_legal(INSN(ld4, .r1 = 7, .r3 = 7));
	assert_reserved_qp(INSN(ld4_i, .r1 = 7, .r3 = 7));
	assert_reserved_qp(INSN(ld4_r, .r1 = 7, .r3 = 7, .r2 = 1));
	assert_legal(INSN(ldfs_i, .r1 = 7, .r3 = 7));
}

static void f0_and_f1_are_no_targets(void **state)
{
	(void)state;
	assert_legal(INSN(fma, .r1 = 2));
	for (uint8_t f = 0; f < 2; f++) {
		assert_reserved_qp(INSN(fma, .r1 = f));
		assert_reserved_qp(INSN(ldfs, .r1 = f));
		assert_reserved_qp(INSN(setf_exp, .r1 = f));
		assert_reserved_qp(INSN(fcvt_xf, .r1 = f));
		assert_reserved_qp(INSN(ldfps, .r1 = f, .r2 = 4));
		assert_reserved_qp(INSN(ldfps, .r1 = 4 + f, .r2 = (uint8_t)(1 - f)));
		assert_legal(INSN(chk_a_fr, .r1 = f));
	}
}

/* frcpa with a false predicate clears p2 whatever its target: exec_illegal must still do so. */
static void illegal_reciprocals_keep_what_a_false_predicate_does(void **state)
{
	(void)state;
	static const uint16_t ops[] = {OP_frcpa, OP_fprcpa, OP_frsqrta, OP_fprsqrta};
	for (unsigned k = 0; k < countof(ops); k++) {
		struct insn i = {.op = ops[k], .r1 = 1, .p2 = 6};
		assert_reserved_qp(i);
		assert_int_equal(through(i).p2, 6);
		assert_int_equal(through(i).comp & 1, 1);
	}
	assert_int_equal(through(INSN(fma, .r1 = 1)).comp, 0);
}

static void load_pairs_need_an_odd_and_an_even_target(void **state)
{
	(void)state;
	assert_legal(INSN(ldfpd, .r1 = 4, .r2 = 7));
	assert_legal(INSN(ldfpd, .r1 = 33, .r2 = 40));
	assert_reserved_qp(INSN(ldfpd, .r1 = 4, .r2 = 6));
	assert_reserved_qp(INSN(ldfpd, .r1 = 33, .r2 = 33));
	/* one static, one rotating: the rename base decides, at run time */
	assert_legal(INSN(ldfpd, .r1 = 4, .r2 = 40));
}

static void predicate_targets_differ(void **state)
{
	(void)state;
	static const uint16_t ops[] = {OP_cmp_lt, OP_cmp4_eq_imm, OP_cmp_ne_or_andcm, OP_cmp_gt_and,
		OP_tbit_z, OP_tbit_nz_or, OP_tnat_z, OP_tf_z, OP_fcmp_eq, OP_fclass_m};
	for (unsigned k = 0; k < countof(ops); k++) {
		struct insn i = {.op = ops[k], .p1 = 6, .p2 = 7, .imm = 33};
		assert_legal(i);
		i.p2 = 6;
		assert_reserved_qp(i);
	}
}

static void unc_with_equal_targets_faults_without_predicate_too(void **state)
{
	(void)state;
	static const uint16_t ops[] = {
		OP_cmp_lt, OP_cmp4_eq_imm, OP_tbit_z, OP_tnat_z, OP_tf_z, OP_fcmp_eq, OP_fclass_m};
	for (unsigned k = 0; k < countof(ops); k++)
		assert_reserved((struct insn){
			.op = ops[k], .qp = 9, .p1 = 6, .p2 = 6, .comp = 1, .imm = 33});
}

/* The encoder drops the qp of a row without one: put it into the bits. */
static void some_instructions_take_no_predicate(void **state)
{
	(void)state;
	static const uint16_t ops[] = {OP_alloc, OP_flushrs, OP_loadrs, OP_br_cloop, OP_br_cexit,
		OP_br_ctop, OP_br_ia, OP_cover, OP_clrrrb, OP_clrrrb_pr, OP_rfi, OP_bsw_0, OP_bsw_1,
		OP_epc, OP_vmsw_0, OP_vmsw_1};
	for (unsigned k = 0; k < countof(ops); k++) {
		uint64_t bits = encode((struct insn){.op = ops[k], .r1 = 5}).slot;
		assert_int_equal(decode_bits(unit_of(ops[k]), bits).op, ops[k]);
		struct insn d = decode_bits(unit_of(ops[k]), bits | 9);
		assert_int_equal(d.op, OP_illegal);
		assert_int_equal(d.qp, 0);
	}
}

static void loop_branches_stand_in_slot_2(void **state)
{
	(void)state;
	static const uint16_t ops[] = {
		OP_br_cloop, OP_br_cexit, OP_br_ctop, OP_br_wexit, OP_br_wtop};
	for (unsigned k = 0; k < countof(ops); k++) {
		uint64_t bits = encode((struct insn){.op = ops[k]}).slot;
		struct bundle b = bundle_of(0x16, bits, bits, bits);
		for (unsigned slot = 0; slot < 3; slot++) {
			struct insn d;
			insn_decode(&d, b, slot);
			assert_int_equal(d.op, slot == 2 ? ops[k] : OP_illegal);
			assert_int_equal(d.qp, 0);
		}
	}
}

static void alloc_frame_is_consistent(void **state)
{
	(void)state;
#define ALLOC(r, sof, sol, sor) INSN(alloc, .r1 = (r), .imm = (sof) | (sol) << 7 | (sor) << 14)
	assert_legal(ALLOC(127, 96, 96, 12));
	assert_legal(ALLOC(32, 1, 0, 0));
	assert_legal(ALLOC(31, 0, 0, 0));
	assert_reserved(ALLOC(5, 97, 0, 0));
	assert_reserved(ALLOC(5, 10, 11, 0));
	assert_reserved(ALLOC(5, 15, 0, 2));
	assert_reserved(ALLOC(0, 10, 0, 0));
	assert_reserved(ALLOC(42, 10, 0, 0));
#undef ALLOC
}

static bool among(unsigned n, const uint8_t *list, unsigned count)
{
	for (unsigned k = 0; k < count; k++)
		if (list[k] == n)
			return true;
	return (n >= 48 && n < 64) || n >= 112;
}

static void check_register(struct insn i, bool legal)
{
	if (legal)
		assert_legal(i);
	else
		assert_reserved_qp(i);
}

static void reserved_application_registers_fault(void **state)
{
	(void)state;
	static const uint8_t m[] = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 21, 24, 25, 26, 27, 28,
		29, 30, 32, 36, 40, 44, 45};
	static const uint8_t i[] = {64, 65, 66};
	for (unsigned r = 0; r < 128; r++) {
		bool on_m = among(r, m, countof(m)), on_i = among(r, i, countof(i));
		check_register(INSN(mov_from_ar_m, .r1 = 5, .r3 = (uint8_t)r), on_m);
		check_register(INSN(mov_to_ar_m, .r3 = (uint8_t)r), on_m && r != 17);
		check_register(INSN(mov_to_ar_imm_m, .r3 = (uint8_t)r), on_m && r != 17);
		check_register(INSN(mov_from_ar_i, .r1 = 5, .r3 = (uint8_t)r), on_i);
		check_register(INSN(mov_to_ar_i, .r3 = (uint8_t)r), on_i);
		check_register(INSN(mov_to_ar_imm_i, .r3 = (uint8_t)r), on_i);
	}
}

static void reserved_and_read_only_control_registers_fault(void **state)
{
	(void)state;
	static const uint8_t all[] = {0, 1, 2, 8, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 64,
		65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 80, 81};
	for (unsigned r = 0; r < 128; r++) {
		bool exists = memchr(all, (int)r, sizeof(all)) != NULL;
		bool read_only = r == 65 || (r >= 68 && r <= 71);
		check_register(INSN(mov_from_cr, .r1 = 5, .r3 = (uint8_t)r), exists);
		check_register(INSN(mov_to_cr, .r3 = (uint8_t)r), exists && !read_only);
	}
}

static void parallel_shift_and_add_counts_to_three(void **state)
{
	(void)state;
	assert_legal(INSN(pshladd2, .r1 = 5, .pos = 3));
	assert_reserved_qp(INSN(pshladd2, .r1 = 5, .pos = 4));
	assert_reserved_qp(INSN(pshradd2, .r1 = 5, .pos = 4));
	assert_legal(INSN(shladd, .r1 = 5, .pos = 4));
}

static void mux1_permutations_are_five(void **state)
{
	(void)state;
	for (int type = 0; type < 16; type++)
		check_register(
			INSN(mux1, .r1 = 5, .imm = type), type == 0 || (type >= 8 && type <= 11));
}

/* --- opcode space without instructions --- */
static void assert_bits(enum unit unit, uint64_t bits, unsigned op, unsigned qp)
{
	struct insn i = decode_bits(unit, bits | 9);
	assert_int_equal(i.op, op);
	assert_int_equal(i.qp, qp);
}

#define OPCODE(n) ((uint64_t)(n) << 37)
#define X6(n)	  ((uint64_t)(n) << 27)

static void unused_opcodes_fault_if_the_predicate_is_true(void **state)
{
	(void)state;
	static const unsigned a[] = {2, 3, 0xa, 0xb, 0xf}, i[] = {1, 2, 3, 6, 0xa, 0xb, 0xf},
			      f[] = {2, 3, 6, 7, 0xf};
	for (unsigned k = 0; k < countof(a); k++)
		assert_bits(UNIT_M, OPCODE(a[k]), OP_illegal, 9);
	for (unsigned k = 0; k < countof(i); k++)
		assert_bits(UNIT_I, OPCODE(i[k]), OP_illegal, 9);
	for (unsigned k = 0; k < countof(f); k++)
		assert_bits(UNIT_F, OPCODE(f[k]), OP_illegal, 9);
	for (unsigned op = 1; op < 16; op++)
		if (op != 6 && op != 0xc && op != 0xd)
			assert_bits(UNIT_X, OPCODE(op), OP_illegal, 9);
	assert_bits(UNIT_X, OPCODE(6) | 1 << 20, OP_illegal, 9); /* movl with vc = 1 */
}

static void reserved_load_types_fault_if_the_predicate_is_true(void **state)
{
	(void)state;
	uint64_t load = OPCODE(4) | 5 << 6, fload = OPCODE(6) | 5 << 6;
	assert_bits(UNIT_M, load | 0x17ull << 30, OP_ld8, 9);
	assert_bits(UNIT_M, load | 0x18ull << 30, OP_illegal, 9); /* a fill of one byte */
	assert_bits(UNIT_M, load | 0x1full << 30, OP_illegal, 9);
	assert_bits(UNIT_M, load | 0x2cull << 30, OP_illegal, 9);
	assert_bits(UNIT_M, fload | 0x14ull << 30, OP_illegal, 9); /* ldf.acq */
	assert_bits(UNIT_M, fload | 1 << 27, OP_illegal, 9);	   /* ldfp of extended */
}

static void unused_branch_opcodes_follow_the_shading(void **state)
{
	(void)state;
	static const unsigned always[] = {8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf};
	for (unsigned k = 0; k < countof(always); k++)
		assert_bits(UNIT_B, OPCODE(always[k]), OP_illegal, 0);
	assert_bits(UNIT_B, OPCODE(4) | 1 << 6, OP_illegal, 0);
	assert_bits(UNIT_B, OPCODE(4) | 4 << 6, OP_illegal, 0);
	assert_bits(UNIT_B, X6(0x22), OP_illegal, 0);
	assert_bits(UNIT_B, X6(0x20) | 2 << 6, OP_illegal, 0);
	assert_bits(UNIT_B, X6(0x21) | 1 << 6, OP_illegal, 0);
	assert_bits(UNIT_B, X6(3), OP_illegal, 9);
	assert_bits(UNIT_B, X6(0x1f), OP_illegal, 9);
	assert_bits(UNIT_B, X6(1), OP_nop_b, 0);
	assert_bits(UNIT_B, OPCODE(2) | X6(2), OP_nop_b, 0);
	assert_bits(UNIT_B, OPCODE(2) | X6(0x3f), OP_nop_b, 0);
	assert_bits(UNIT_B, OPCODE(3), OP_nop_b, 0);
	assert_bits(UNIT_B, OPCODE(6), OP_nop_b, 0);
}

static void reserved_templates_are_illegal_in_every_slot(void **state)
{
	(void)state;
	static const uint8_t reserved[] = {0x06, 0x07, 0x14, 0x15, 0x1a, 0x1b, 0x1e, 0x1f};
	for (unsigned k = 0; k < countof(reserved); k++) {
		struct bundle b = bundle_of(reserved[k], 9, 9, 9);
		assert_int_equal(bundle_slots(b), 3);
		for (unsigned slot = 0; slot < 3; slot++) {
			struct insn i;
			insn_decode(&i, b, slot);
			assert_int_equal(i.op, OP_illegal);
			assert_int_equal(i.qp, 0);
		}
	}
}

static void long_instructions_join_two_slots(void **state)
{
	(void)state;
	struct slot_bits bits = encode(INSN(movl, .qp = 3, .r1 = 5, .imm = 0x8123456789abcdef));
	struct bundle b = bundle_of(0x05, 0, bits.l, bits.slot);
	struct insn i;
	assert_int_equal(bundle_slots(b), 2);
	insn_decode(&i, b, 1);
	assert_int_equal(i.op, OP_movl);
	assert_int_equal(i.qp, 3);
	assert_int_equal(i.slot, 1);
	assert_true(i.imm == (int64_t)0x8123456789abcdef);
	insn_decode(&i, b, 2);
	assert_int_equal(i.op, OP_illegal);
}

/* --- decoder and encoder --- */
static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Random bits with the row's fixed fields. */
static struct slot_bits random_row(unsigned op, uint64_t *seed)
{
	const struct row *r = &isa_rows[op];
	const struct format *f = &isa_formats[r->format];
	uint64_t all = 0x1ffffffffff, fixed = f->mask | r->mask;
	return (struct slot_bits){
		(draw(seed) & all & ~fixed) | f->value | r->value, draw(seed) & all};
}

/* One random instruction of the row, if the bits are legal: encoding gives the bits again but for
 * those no field covers, and these do not matter. */
static bool round_trip(unsigned op, uint64_t *seed)
{
	struct slot_bits bits = random_row(op, seed), coded;
	if (op_attributes(op) & (R_QP0 | OP_NO_QP))
		bits.slot &= ~0x3full;
	struct insn i = decode(unit_of(op), bits), again;
	if (i.op != op)
		return false;
	assert_int_equal(insn_encode(&i, &coded.slot, &coded.l), 0);
	assert_true((coded.slot & ~bits.slot) == 0 && (coded.l & ~bits.l) == 0);
	again = decode(unit_of(op), coded);
	assert_memory_equal(&i, &again, sizeof(i));
	return true;
}

static void every_row_survives_encode_and_decode(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		unsigned legal = 0;
		for (unsigned k = 0; k < 2000; k++)
			legal += round_trip(op, &seed);
		if (legal < 10)
			fail_msg("%s: only %u of 2000 random encodings are legal", op_name(op),
				legal);
	}
}

/* Bits that a row neither fixes nor reads as operands: flipping one changes nothing. */
static void ignored_bits_are_ignored(void **state)
{
	(void)state;
	uint64_t bits = encode(INSN(add, .r1 = 5, .r2 = 6, .r3 = 7)).slot;
	struct insn i = decode_bits(UNIT_M, bits), again = decode_bits(UNIT_M, bits | 1ull << 36);
	assert_memory_equal(&i, &again, sizeof(i));
}

static void alu_instructions_run_on_both_units(void **state)
{
	(void)state;
	uint64_t bits = encode(INSN(cmp_lt, .p1 = 6, .p2 = 7)).slot;
	assert_int_equal(decode_bits(UNIT_M, bits).op, OP_cmp_lt);
	assert_int_equal(decode_bits(UNIT_I, bits).op, OP_cmp_lt);
}

static void operands_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const struct insn bad[] = {
		{.op = OP_illegal},
		{.op = OP_COUNT},
		{.op = OP_adds, .r1 = 1, .imm = 8192},
		{.op = OP_adds, .r1 = 1, .imm = -8193},
		{.op = OP_addl, .r1 = 1, .r3 = 4},
		{.op = OP_add, .r1 = 128},
		{.op = OP_add, .r1 = 1, .qp = 64},
		{.op = OP_br_cond, .imm = 8},
		{.op = OP_br_cond, .imm = 1 << 24},
		{.op = OP_fetchadd4, .r1 = 1, .imm = 2},
		{.op = OP_pmpyshr2, .r1 = 1, .pos = 8},
		{.op = OP_extr, .r1 = 1, .len = 65},
		{.op = OP_mov_to_pr, .imm = 1},
		{.op = OP_tf_z, .p1 = 1, .imm = 31},
		{.op = OP_ld8, .r1 = 1, .comp = 9},
	};
	for (unsigned k = 0; k < countof(bad); k++) {
		uint64_t slot, l;
		assert_int_equal(insn_encode(&bad[k], &slot, &l), -EINVAL);
	}
}

/* --- printing --- */
static void assert_prints(struct insn i, const char *text)
{
	char buf[80];
	insn_print(buf, sizeof(buf), &i, (struct bundle){0, 0}, 0x1000);
	assert_string_equal(buf, text);
}

static void instructions_print_as_objdump_spells(void **state)
{
	(void)state;
	assert_prints(INSN(add, .qp = 6, .r1 = 14, .r2 = 15, .r3 = 16), "(p06) add r14=r15,r16");
	assert_prints(INSN(adds, .r1 = 3, .r3 = 4), "mov r3=r4");
	assert_prints(INSN(br_cond, .imm = -0x20, .qp = 7), "(p07) br.cond.sptk.few 0xfe0");
	assert_prints(INSN(mov_from_ar_i, .r1 = 3, .r3 = 64), "mov.i r3=ar.pfs");
	assert_prints(INSN(fma, .r1 = 3, .r2 = 5, .r3 = 6, .r4 = 1, .comp = 1 | 1 << 2),
		"fadd.s.s1 f3=f6,f5");
	assert_prints(INSN(illegal), "data8 0x000000000");
}

static void printing_never_overruns(void **state)
{
	(void)state;
	struct bundle b = bundle_of(0x01, 0x00008000000, 0x00008000000, 0x00008000000);
	for (size_t size = 1; size < 100; size++) {
		char buf[101];
		memset(buf, '#', sizeof(buf));
		bundle_print(buf, size, b, 0, false);
		assert_non_null(memchr(buf, 0, size));
		assert_int_equal(buf[size], '#');
	}
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(r0_is_no_target),
		TEST(updated_base_is_not_r0),
		TEST(updated_base_is_not_the_target),
		TEST(f0_and_f1_are_no_targets),
		TEST(illegal_reciprocals_keep_what_a_false_predicate_does),
		TEST(load_pairs_need_an_odd_and_an_even_target),
		TEST(predicate_targets_differ),
		TEST(unc_with_equal_targets_faults_without_predicate_too),
		TEST(some_instructions_take_no_predicate),
		TEST(loop_branches_stand_in_slot_2),
		TEST(alloc_frame_is_consistent),
		TEST(reserved_application_registers_fault),
		TEST(reserved_and_read_only_control_registers_fault),
		TEST(parallel_shift_and_add_counts_to_three),
		TEST(mux1_permutations_are_five),
		TEST(unused_opcodes_fault_if_the_predicate_is_true),
		TEST(reserved_load_types_fault_if_the_predicate_is_true),
		TEST(unused_branch_opcodes_follow_the_shading),
		TEST(reserved_templates_are_illegal_in_every_slot),
		TEST(long_instructions_join_two_slots),
		TEST(every_row_survives_encode_and_decode),
		TEST(ignored_bits_are_ignored),
		TEST(alu_instructions_run_on_both_units),
		TEST(operands_that_do_not_fit_are_refused),
		TEST(instructions_print_as_objdump_spells),
		TEST(printing_never_overruns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
