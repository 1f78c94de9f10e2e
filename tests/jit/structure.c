/* SPDX-License-Identifier: MIT */
/*
 * What a program has beside random bundles: loops of every kind that run often enough to be linked,
 * functions whose calls nest until the register stack spills, and code that is written, flushed and
 * run. Bodies stay random.
 */
#include "structure.h"

#include <string.h>

#include "cpu/cpu.h"
#include "isa/op.h"

enum { MII = 0x00, MLX = 0x04, MMI = 0x08, MIB = 0x10, MMB = 0x18 };

#define FUNCTIONS 4

static const struct insn none = {.op = OP_illegal};

/* Puts i into slot of a random bundle. */
static void put(struct program *p, unsigned n, unsigned template, unsigned slot, struct insn i,
	uint64_t *dice)
{
	struct bundle b = random_bundle(template, n, dice);
	struct bundle own = bundle_of(
		template, slot == 0 ? i : none, slot == 1 ? i : none, slot == 2 ? i : none);
	uint64_t s[3];

	for (unsigned k = 0; k < 3; k++)
		s[k] = bundle_slot(k == slot ? own : b, k);
	p->code[n] = (struct bundle){template | s[0] << 5 | s[1] << 46, s[1] >> 18 | s[2] << 23};
}

static struct insn branch(unsigned op, unsigned qp, unsigned from, unsigned to)
{
	return (struct insn){
		.op = (uint16_t)op, .qp = (uint8_t)qp, .imm = ((int64_t)to - (int64_t)from) * 16};
}

static struct insn set_ar(unsigned ar, int64_t imm)
{
	return (struct insn){.op = OP_mov_to_ar_imm_i, .r3 = (uint8_t)ar, .imm = imm};
}

/* --- loops --- */

static struct insn loop_end(unsigned n, unsigned to, uint64_t *dice)
{
	static const uint16_t kinds[] = {OP_br_cloop, OP_br_cloop, OP_br_ctop, OP_br_ctop,
		OP_br_wtop, OP_br_cexit, OP_br_wexit, OP_br_cond};
	unsigned op = kinds[draw(dice) % countof(kinds)];
	unsigned qp = op == OP_br_wtop || op == OP_br_wexit ? 16 + (unsigned)(draw(dice) % 3)
		      : op == OP_br_cond		    ? 6
							    : 0;

	return branch(op, qp, n, to);
}

/* Three bundles in front: frame with rotating registers, counts, rotating predicates. */
static void loop(struct program *p, uint64_t *dice)
{
	unsigned length = 1 + (unsigned)(draw(dice) % 6);
	unsigned at = (unsigned)(draw(dice) % (PATCHED - length - 4));
	struct insn alloc = {
		.op = OP_alloc, .r1 = 41, .imm = 20 | 12 << 7 | (int64_t)(draw(dice) % 3) << 14};
	struct insn stage = {.op = OP_mov_to_pr_rot, .imm = 1 << 16};

	put(p, at + 2 + length, MIB, 2, loop_end(at + 2 + length, at + 2, dice), dice);
	if (once_in(dice, 8)) /* counts are what they are */
		return;
	p->code[at] = bundle_of(MIB, alloc, once_in(dice, 4) ? none : stage,
		once_in(dice, 4) ? none : (struct insn){.op = OP_clrrrb});
	p->code[at + 1] = bundle_of(MII, none, set_ar(AR_LC, (int64_t)(draw(dice) % 100)),
		set_ar(AR_EC, (int64_t)(draw(dice) % 6)));
}

/* --- functions --- */

struct functions {
	unsigned first[FUNCTIONS];
	unsigned count;
};

static void function(struct program *p, unsigned first, unsigned last, uint64_t *dice)
{
	struct insn alloc = {.op = OP_alloc,
		.r1 = R_SAVE,
		.imm = (int64_t)(20 + draw(dice) % 30) | (int64_t)(12 + draw(dice) % 8) << 7};
	struct insn from_b0 = {.op = OP_mov_from_br, .r1 = R_SAVE + 1, .r2 = 0};
	struct insn to_pfs = {.op = OP_mov_to_ar_i, .r3 = AR_PFS, .r2 = R_SAVE};
	struct insn to_b0 = {.op = OP_mov_to_br, .r1 = 0, .r2 = R_SAVE + 1, .comp = 1};
	struct insn ret = {.op = OP_br_ret, .r2 = 0};

	p->code[first] = bundle_of(MII, alloc, from_b0, none);
	p->code[last - 1] = bundle_of(MII, none, to_pfs, to_b0);
	put(p, last, MIB, 2, ret, dice);
}

static void call(struct program *p, unsigned n, const struct functions *f, uint64_t *dice)
{
	struct insn i =
		branch(OP_br_call, once_in(dice, 3) ? 7 : 0, n, f->first[draw(dice) % f->count]);

	if (once_in(dice, 8))
		i = (struct insn){.op = OP_br_call_ind, .r1 = 0, .r2 = 1, .comp = 1};
	put(p, n, MIB, 2, i, dice);
}

/* Each with a call inside, most of them of another function. */
static void functions(struct program *p, uint64_t *dice)
{
	struct functions f = {.count = 1 + (unsigned)(draw(dice) % FUNCTIONS)};

	for (unsigned n = 0; n < f.count; n++)
		f.first[n] = 150 + n * 30 + (unsigned)(draw(dice) % 8);
	for (unsigned n = 0; n < f.count; n++) {
		unsigned last = f.first[n] + 4 + (unsigned)(draw(dice) % 14);
		function(p, f.first[n], last, dice);
		call(p, f.first[n] + 2, &f, dice);
	}
	for (unsigned n = 0; n < 8; n++)
		call(p, (unsigned)(draw(dice) % 150), &f, dice);
}

/* --- division as compilers write it --- */

enum { S1 = 1 << 2, SINGLE = 1, DOUBLE = 2, MFI = 0x0c, STEPS = 10 };

/* f8 / f9: registers are those of the sequences in Intel's "Divide, Square Root and Remainder
 * Algorithms for the Itanium Architecture", one for each step. */
struct step {
	uint16_t op;
	uint8_t comp, r1, f3, f4, f2;
};

static const struct step as_double[STEPS] = {{OP_frcpa, 0, 10, 9, 0, 8},
	{OP_fnma, S1, 11, 9, 10, 1}, {OP_fma, S1, 12, 11, 11, 0}, {OP_fma, S1, 13, 10, 11, 10},
	{OP_fma, S1, 14, 12, 12, 0}, {OP_fma, S1, 15, 13, 12, 13}, {OP_fma, S1, 16, 15, 14, 15},
	{OP_fma, S1 | DOUBLE, 17, 8, 16, 0}, {OP_fnma, S1, 18, 9, 17, 8},
	{OP_fma, DOUBLE, 19, 18, 16, 17}};
static const struct step as_single[STEPS] = {{OP_frcpa, 0, 10, 9, 0, 8},
	{OP_fnma, S1, 11, 9, 10, 1}, {OP_fma, S1, 12, 10, 11, 10}, {OP_fma, S1, 13, 12, 11, 12},
	{OP_fma, S1 | SINGLE, 14, 8, 13, 0}, {OP_fnma, S1, 15, 9, 14, 8},
	{OP_fma, SINGLE, 16, 15, 13, 14}};
static const struct step as_integer[STEPS] = {{OP_frcpa, S1, 10, 9, 0, 8},
	{OP_fnma, S1, 11, 9, 10, 1}, {OP_fma, S1, 12, 8, 10, 0}, {OP_fma, S1, 13, 11, 11, 0},
	{OP_fma, S1, 14, 11, 12, 12}, {OP_fma, S1, 15, 11, 10, 10}, {OP_fma, S1, 16, 13, 14, 14},
	{OP_fma, S1, 17, 13, 15, 15}, {OP_fnma, S1, 18, 9, 16, 8}, {OP_fma, S1, 19, 18, 17, 16}};

/* FR f = a number that is none of the strange ones. */
static void make_number(struct program *p, unsigned n, unsigned f, uint64_t *dice)
{
	struct insn set = {
		.op = OP_setf_sig, .r1 = (uint8_t)f, .r2 = (uint8_t)(1 + draw(dice) % 9)};
	struct insn convert = {.op = OP_fcvt_xf, .r1 = (uint8_t)f, .r2 = (uint8_t)f};

	p->code[n] = bundle_of(MFI, set, convert, none);
}

/* One step may be another one than is right, or something else in between. Behind it one may be
 * copied. */
static void division(struct program *p, uint64_t *dice)
{
	static const struct step *const all[] = {as_double, as_single, as_integer};
	unsigned at = (unsigned)(draw(dice) % (PATCHED - 2 * STEPS)) + 2,
		 which = (unsigned)(draw(dice) % 3);
	unsigned wrong = (unsigned)(draw(dice) % 40);

	if (draw(dice) % 4) {
		make_number(p, at - 2, 8, dice);
		make_number(p, at - 1, 9, dice);
	}
	unsigned k = 0;
	for (; k < STEPS && all[which][k].op; k++) {
		struct step s = all[which][k];
		if (k == wrong)
			*(once_in(dice, 2) ? &s.f3 : &s.f2) = (uint8_t)(8 + draw(dice) % 12);
		struct insn i = {.op = s.op,
			.qp = k ? 6 : 0,
			.comp = s.comp,
			.r1 = s.r1,
			.r2 = s.f2,
			.r3 = s.f3,
			.r4 = s.f4,
			.p2 = 6};
		p->code[at + k] = bundle_of(MFI, none, i, none);
		if (once_in(dice, 8))
			put(p, at + k, MFI, 1, i, dice);
	}
	unsigned of = 10 + (unsigned)(once_in(dice, 2) ? 0 : draw(dice) % k);
	struct insn copy = {.op = OP_fmerge_s, .r1 = 20, .r2 = (uint8_t)of, .r3 = (uint8_t)of};
	if (once_in(dice, 2))
		p->code[at + k] = bundle_of(MFI, none, copy, none);
}

/* --- targets outside the frame --- */

#define R1_FIELD (0x7full << 6)

/* Behind an alloc in the same block, which makes the frame known. */
static void outside(struct program *p, uint64_t *dice)
{
	unsigned n = (unsigned)(draw(dice) % PATCHED);
	struct insn alloc = {.op = OP_alloc, .r1 = 32, .imm = 8};
	uint64_t s[3];

	put(p, n, once_in(dice, 2) ? MII : MMI, 0, alloc, dice);
	for (unsigned k = 0; k < 3; k++)
		s[k] = bundle_slot(p->code[n], k);
	for (unsigned k = 1; k < 3; k++)
		s[k] = (s[k] & ~R1_FIELD) | 45ull << 6;
	p->code[n] = (struct bundle){
		(p->code[n].lo & 0x1f) | s[0] << 5 | s[1] << 46, s[1] >> 18 | s[2] << 23};
}

/* --- advanced loads and their checks --- */

/* Entries that are still there when they are asked for; some of unaligned memory, which psr.ac may
 * forbid by then. */
static void advanced(struct program *p, uint64_t *dice)
{
	static const uint16_t loads[] = {OP_ld8, OP_ld8, OP_ld4, OP_ld2};
	bool fp = once_in(dice, 2);
	unsigned at = (unsigned)(draw(dice) % (PATCHED - 8)),
		 check = at + 2 + (unsigned)(draw(dice) % 3);
	uint8_t r = (uint8_t)(fp ? 10 : 40), pointer = (uint8_t)(R_POINTER + draw(dice) % 4);
	struct insn load = {.op = fp ? OP_ldfd : loads[draw(dice) % countof(loads)],
		.r1 = r,
		.r3 = pointer,
		.comp = 2 /* .a */};
	struct insn again = {.op = load.op,
		.r1 = r,
		.r3 = pointer,
		.comp = (uint16_t)(6 + draw(dice) % 2) /* .c.clr, .c.nc */};
	struct insn chk = {.op = fp ? OP_chk_a_fr : OP_chk_a_gr,
		.r1 = r,
		.imm = 64,
		.comp = (uint16_t)(draw(dice) % 2)};
	struct insn move = {
		.op = OP_adds, .r1 = pointer, .r3 = pointer, .imm = (int64_t)(draw(dice) % 8)};
	struct insn sum = {.op = OP_sum, .imm = 1 << PSR_AC_BIT};

	if (once_in(dice, 2))
		p->code[at] = bundle_of(MMI, move, none, none);
	p->code[at + 1] = bundle_of(MMI, load, once_in(dice, 2) ? sum : none, none);
	put(p, check, MMI, 0, once_in(dice, 2) ? again : chk, dice);
}

/* --- what is known behind a branch --- */

/* if (a == b) goto ...; else one of two computations. */
static void choice(struct program *p, uint64_t *dice)
{
	unsigned n = (unsigned)(draw(dice) % (PATCHED - 8));
	struct insn compare = {.op = OP_cmp_eq,
		.p1 = 6,
		.p2 = 7,
		.r2 = (uint8_t)(draw(dice) % 12),
		.r3 = (uint8_t)(draw(dice) % 12)};
	struct insn add = {.op = OP_add,
		.qp = 7,
		.r1 = (uint8_t)(1 + draw(dice) % 9),
		.r2 = (uint8_t)(draw(dice) % 12),
		.r3 = (uint8_t)(draw(dice) % 12)};
	struct insn other = add;

	other.qp = once_in(dice, 2) ? 6 : 7;
	other.r1 = (uint8_t)(1 + draw(dice) % 9);
	p->code[n] = bundle_of(MIB, compare, none, branch(OP_br_cond, 6, n, n + 3));
	p->code[n + 1] = bundle_of(MII, add, other, none);
}

/* Status fields with modes of their own. */
static void fields(struct program *p, uint64_t *dice)
{
	unsigned n = (unsigned)(draw(dice) % (PATCHED - 12));
	struct insn fma = {.op = OP_fma, .r2 = 8, .r3 = 8, .r4 = 9};

	for (uint8_t f = 8; f < 10; f++) {
		struct insn norm = {.op = OP_fma, .comp = DOUBLE, .r1 = f, .r3 = f, .r4 = 1};
		make_number(p, n++, f, dice);
		p->code[n++] = bundle_of(MFI, none, norm, none);
	}
	for (uint8_t f = 12; f < 15; f++) {
		fma.r1 = f;
		fma.comp = (uint16_t)(DOUBLE | draw(dice) % 3 << 2);
		p->code[n++] = bundle_of(MFI, none, fma, none);
	}
}

/* --- code that is written --- */

static struct bundle movl(unsigned r, uint64_t v)
{
	struct insn i = {.op = OP_movl, .r1 = (uint8_t)r, .imm = (int64_t)v};
	return bundle_of(MLX, none, i, none);
}

/* A new bundle for one of those behind PATCHED, or for one ahead in the same page: stored, flushed,
 * and branched to. */
static void patch(struct program *p, uint64_t *dice)
{
	unsigned at = (unsigned)(draw(dice) % (PATCHED - 8));
	unsigned n = PATCHED + (unsigned)(draw(dice) % (BUNDLES - PATCHED));
	struct bundle b = random_bundle(~0u, n, dice);
	struct insn st = {.op = OP_st8_i, .r3 = 20, .r2 = 21, .imm = 8};
	struct insn st2 = {.op = OP_st8, .r3 = 20, .r2 = 22};
	struct insn fc = {.op = once_in(dice, 2) ? OP_fc : OP_fc_i, .r3 = 20};

	p->code[at] = movl(20, CODE + n * 16);
	p->code[at + 1] = movl(21, b.lo);
	p->code[at + 2] = movl(22, b.hi);
	p->code[at + 3] = bundle_of(MMI, st, st2, none);
	p->code[at + 4] = bundle_of(MMI, fc, (struct insn){.op = OP_sync_i}, none);
	p->code[at + 5] = bundle_of(MMB, (struct insn){.op = OP_srlz_i}, none,
		branch(once_in(dice, 2) ? OP_br_call : OP_br_cond, 0, at + 5, n));
}

void structure(struct program *p, uint64_t *dice)
{
	if (once_in(dice, 2))
		functions(p, dice);
	for (uint64_t n = draw(dice) % 12; n-- > 0;)
		loop(p, dice);
	for (uint64_t n = draw(dice) % 4; n-- > 0;)
		division(p, dice);
	for (uint64_t n = draw(dice) % 4; n-- > 0;)
		outside(p, dice);
	for (uint64_t n = draw(dice) % 8; n-- > 0;)
		advanced(p, dice);
	for (uint64_t n = draw(dice) % 6; n-- > 0;)
		choice(p, dice);
	for (uint64_t n = draw(dice) % 4; n-- > 0;)
		fields(p, dice);
	for (uint64_t n = draw(dice) % 8 == 0 ? 4 : 0; n-- > 0;)
		patch(p, dice);
	/* what is run behind the patches goes back */
	for (unsigned n = PATCHED + 3; n < BUNDLES; n += 4)
		put(p, n, MIB, 2, branch(OP_br_cond, 0, n, (unsigned)(draw(dice) % 100)), dice);
}
