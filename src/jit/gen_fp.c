/* SPDX-License-Identifier: MIT */
/*
 * Floating-point registers in generated code. xmm4 and up hold some of them as doubles, exact by
 * construction: an operation that would meet or make anything but an ordinary double, or report
 * anything but inexactness, changes nothing and leaves to its exec function instead. Inexactness
 * of status field 0 is what MXCSR says; other fields must have seen some already.
 */
#include "cpu/fp_core.h"
#include "isa/op.h"
#include "jit/divide.h"
#include "jit/fr_form.h"
#include "jit/gen.h"

#include <string.h>

#define XMM0	   0
#define XMM1	   1
#define XMM2	   2
#define POOL_FIRST 4

static struct mem fr_sig(unsigned f)
{
	return cpu_at((int64_t)(offsetof(struct cpu, fr) + f * sizeof(struct freg)));
}

static struct mem fr_exp(unsigned f)
{
	struct mem m = fr_sig(f);
	m.disp += (int32_t)offsetof(struct freg, exp);
	return m;
}

bool gen_is_fr(const struct ir *ir)
{
	return ir->op >= IR_FHOME && ir->op <= IR_DIVEND;
}

/* --- what is known of a register --- */

static void know_settled(struct gen *g, unsigned f)
{
	if (g->guard_end < 0)
		g->no_natval[f / 64] |= 1ull << f % 64;
}

static void know_nothing(struct gen *g, unsigned f)
{
	g->no_natval[f / 64] &= ~(1ull << f % 64);
}

static bool known_settled(const struct gen *g, unsigned f)
{
	return f < 2 || g->no_natval[f / 64] >> f % 64 & 1;
}

static void mark_modified(struct gen *g, unsigned f)
{
	bool *marked = f < 32 ? &g->mfl : &g->mfh;

	if (*marked)
		return;
	x_alu_mem_imm(&g->c, ALU_OR, 1, CPU(psr), f < 32 ? PSR(MFL) : PSR(MFH));
	*marked = g->guard_end < 0;
}

/* --- the cache of doubles --- */

static int find(const struct state *s, unsigned f)
{
	for (int n = 0; n < FPOOL; n++)
		if (s->fvalue[n] == f)
			return n;
	return -1;
}

static void write_one(struct gen *g, const struct state *s, unsigned n)
{
	unsigned f = s->fvalue[n];

	if (f == IR_NONE || !(s->fdirty >> n & 1))
		return;
	x_sse_store(&g->c, fr_sig(f), POOL_FIRST + n);
	x_store_imm(
		&g->c, 8, fr_exp(f), (int32_t)(s->fsingle >> n & 1 ? FORM_SINGLE : FORM_DOUBLE));
}

static void forget(struct state *s, unsigned n)
{
	s->fvalue[n] = IR_NONE;
	s->fdirty &= (uint16_t) ~(1u << n);
	s->fsingle &= (uint16_t) ~(1u << n);
}

/* --- steps of divisions --- */

static struct mem operand_of(unsigned division, unsigned which)
{
	return cpu_at((int64_t)(offsetof(struct cpu, jit.division) + 16 * division + 8 * which));
}

static void write_step(struct gen *g, const struct state *s, unsigned n)
{
	struct code *c = &g->c;
	unsigned f = s->step[n].fr;

	x_load(c, 8, RAX, operand_of(s->step[n].division, 0));
	x_store(c, 8, fr_sig(f), RAX);
	x_load(c, 8, RAX, operand_of(s->step[n].division, 1));
	x_store(c, 8, cpu_at((int64_t)(offsetof(struct cpu, jit.divisor) + 8 * f)), RAX);
	x_store_imm(c, 8, fr_exp(f),
		(int32_t)(FORM_STEP | (unsigned)s->step[n].recipe << 8 | s->step[n].step));
}

static int find_step(const struct state *s, unsigned f)
{
	for (int n = 0; n < s->steps; n++)
		if (s->step[n].fr == f)
			return n;
	return -1;
}

static void forget_step(struct state *s, int n)
{
	if (n >= 0)
		s->step[n] = s->step[--s->steps];
}

/* For who looks at f at home. */
static void step_home(struct gen *g, unsigned f)
{
	int n = find_step(&g->s, f);

	if (n < 0)
		return;
	write_step(g, &g->s, (unsigned)n);
	forget_step(&g->s, n);
}

void gen_frs_home(struct gen *g, const struct state *s)
{
	for (unsigned n = 0; n < FPOOL; n++)
		write_one(g, s, n);
	for (unsigned n = 0; n < s->steps; n++)
		write_step(g, s, n);
}

void gen_frs_flush(struct gen *g)
{
	gen_frs_home(g, &g->s);
	g->s.steps = 0;
	for (unsigned n = 0; n < FPOOL; n++)
		forget(&g->s, n);
}

/* f is about to be written at home, or has been. */
static void drop(struct gen *g, unsigned f)
{
	int n = find(&g->s, f);

	if (n >= 0)
		forget(&g->s, (unsigned)n);
	forget_step(&g->s, find_step(&g->s, f));
}

/* A free place; round about, as loops use what they use. */
static unsigned take(struct gen *g)
{
	for (unsigned n = 0; n < FPOOL; n++)
		if (g->s.fvalue[n] == IR_NONE && !(g->fpinned >> n & 1))
			return n;
	do
		g->fnext = (g->fnext + 1) % FPOOL;
	while (g->fpinned >> g->fnext & 1);
	write_one(g, &g->s, g->fnext);
	forget(&g->s, g->fnext);
	return g->fnext;
}

/* --- leaving: an operation's ways out all start from one state, and one piece of code --- */

/* The operation defines FR d and reads a, b, c; IR_NONE: none. */
static void begin(struct gen *g, unsigned d, unsigned a, unsigned b, unsigned c)
{
	const unsigned f[] = {d, a, b, c};
	unsigned held = 0, found = 0;

	for (unsigned k = 0; k < countof(f); k++)
		if (f[k] != IR_NONE && find(&g->s, f[k]) >= 0)
			found |= 1u << find(&g->s, f[k]);
	g->fpinned = found;
	for (unsigned k = 0; k < countof(f); k++) {
		if (f[k] == IR_NONE || find(&g->s, f[k]) >= 0)
			continue;
		unsigned n = take(g);
		held |= 1u << n;
		g->fpinned |= 1u << n;
	}
	g->fpinned = found;
	g->fstate = g->s;
	g->fjumps = 0;
	g->fforms = g->colds;
}

static void leave_if(struct gen *g, enum cc cc)
{
	g->fjump[g->fjumps++] = x_jcc(&g->c, cc);
}

static struct cold *form_cold(struct gen *g, unsigned kind, enum cc cc, unsigned f)
{
	struct cold *cold = gen_cold(g, kind, x_jcc(&g->c, cc));

	cold->fr[0] = (uint8_t)f;
	cold->back = g->c.p;
	return cold;
}

/* No more ways out; what the operation changes comes behind this. The exec function does the whole
 * guest instruction. */
static void commit(struct gen *g)
{
	unsigned last = g->colds;

	g->fleave = -1;
	if (!g->fjumps && g->fforms == last)
		return;
	struct cold *cold = gen_cold(g, COLD_SLOW, NULL);
	cold->state = g->fstate;
	memcpy(cold->from, g->fjump, g->fjumps * sizeof(g->fjump[0]));
	for (unsigned n = g->fforms; n < last; n++)
		g->cold[n].leave = (uint16_t)last;
	g->fleave = (int)last;
}

/* The guest instruction ends here, */
static void finish(struct gen *g)
{
	if (g->fleave < 0)
		return;
	g->cold[g->fleave].after = g->s;
	g->cold[g->fleave].back = g->c.p;
}

/* or at its IR_REJOIN. */
static void rejoin_later(struct gen *g)
{
	if (g->slow < 0)
		g->slow = g->fleave;
}

/* --- operands and results --- */

/* An ordinary number has this many exponents above the least that are surely not tiny. */
static void check_range(struct gen *g, unsigned size)
{
	struct code *c = &g->c;
	int32_t low = size == 8 ? 2 : 1023 - 125;

	x_sse_to_reg(c, 8, RAX, XMM0);
	x_alu(c, ALU_ADD, 8, RAX, RAX);
	x_shift(c, SHIFT_SHR, 8, RAX, 53);
	x_alu_imm(c, ALU_SUB, 4, RAX, low);
	x_alu_imm(c, ALU_CMP, 4, RAX, size == 8 ? 0x7fe - 2 : 0xfe - 2);
}

/* f is in xmm4 + n, but is it a single? */
static void check_single(struct gen *g, unsigned n)
{
	struct code *c = &g->c;

	x_sse_to_reg(c, 8, RAX, POOL_FIRST + n);
	x_test_imm(c, 4, RAX, 0x1fffffff);
	leave_if(g, CC_NE);
	x_sse_mov(c, XMM0, POOL_FIRST + n);
	check_range(g, 4);
	struct cold *cold = form_cold(g, COLD_ZERO, CC_A, 0);
	cold->fr[1] = cold->fr[2] = cold->fr[3] = 0;
	if (g->guard_end < 0)
		g->s.fsingle |= (uint16_t)(1u << n);
}

static unsigned load(struct gen *g, unsigned f, bool single)
{
	struct code *c = &g->c;
	unsigned n = take(g);

	if (f == 0) {
		x_sse_xor(c, POOL_FIRST + n, POOL_FIRST + n);
	} else if (f == 1) {
		x_mov_imm(c, RAX, 0x3ff0000000000000);
		x_sse_from_reg(c, 8, POOL_FIRST + n, RAX);
	} else {
		step_home(g, f);
		x_alu_mem_imm(c, ALU_CMP, 4, fr_exp(f), single ? (int32_t)FORM_SINGLE : 0);
		form_cold(g, COLD_FORM, single ? CC_NE : CC_NS, f)->fr[1] = single;
		x_sse_load(c, POOL_FIRST + n, fr_sig(f));
		know_nothing(g, f);
	}
	g->s.fvalue[n] = (uint8_t)f;
	if (single || f < 2)
		g->s.fsingle |= (uint16_t)(1u << n);
	return n;
}

/* The xmm register with FR f as a double. Between begin and commit. */
static unsigned use(struct gen *g, unsigned f, bool single)
{
	int n = find(&g->s, f);

	if (n < 0)
		n = (int)load(g, f, single);
	else if (single && !(g->s.fsingle >> n & 1))
		check_single(g, (unsigned)n);
	g->fpinned |= 1u << n;
	return POOL_FIRST + (unsigned)n;
}

static void note_forms(struct gen *g)
{
	if (g->forms)
		return;
	x_store_imm(&g->c, 1, CPU(jit.forms), 1);
	g->forms = g->guard_end < 0;
}

/* Where FR f is to be put; behind commit. */
static unsigned define(struct gen *g, unsigned f, bool single)
{
	int n = find(&g->s, f);

	if (n < 0)
		n = (int)take(g);
	forget_step(&g->s, find_step(&g->s, f));
	g->s.fvalue[n] = (uint8_t)f;
	g->s.fdirty |= (uint16_t)(1u << n);
	g->s.fsingle &= (uint16_t) ~(1u << n);
	g->s.fsingle |= (uint16_t)((unsigned)single << n);
	know_nothing(g, f);
	mark_modified(g, f);
	note_forms(g);
	return POOL_FIRST + (unsigned)n;
}

/* Beside the fields' numbers: field 1 has wide exponents, 64 bits and has seen what the steps of a
 * division report; and integers as well. */
enum { MODE_STEPS = 4, MODE_INTEGERS, MODES };

/* Round to nearest, nothing trapped, and in field 0 the format's own range of exponents: then what
 * leaves after MXCSR has heard of it is inexact by its exec as well. Fields that MXCSR does not
 * stand for have their I flag. */
static void test_mode(struct gen *g, unsigned sf)
{
	struct code *c = &g->c;
	unsigned shift = FPSR_SF_SHIFT(sf >= MODE_STEPS ? 1 : sf);
	uint64_t mask = 0x30ull << shift, want = 0;

	if (sf >= MODE_STEPS) {
		unsigned flags = sf == MODE_STEPS ? FP_I : FP_I | FP_D;
		want = 0x4eull << shift | (uint64_t)flags << (shift + 7);
		mask = 0x7eull << shift | (uint64_t)flags << (shift + 7);
	} else if (sf) {
		want = 0x40ull << shift | (uint64_t)FP_I << (shift + 7) |
		       (uint64_t)FP_I << (FPSR_SF_SHIFT(0) + 7);
		mask |= want;
	} else {
		mask |= FP_ALL | 2u << shift;
		want = FP_ALL;
	}
	x_mov_imm(c, RAX, mask);
	x_alu_load(c, ALU_AND, 8, RAX, CPU(ar[AR_FPSR]));
	if (want >> 31) {
		x_mov_imm(c, RCX, want);
		x_alu(c, ALU_CMP, 8, RAX, RCX);
	} else {
		x_alu_imm(c, ALU_CMP, 8, RAX, (int32_t)want);
	}
}

static void check_mode(struct gen *g, unsigned sf)
{
	if (g->s.fmode >> sf & 1)
		return;
	test_mode(g, sf);
	leave_if(g, CC_NE);
	if (g->guard_end < 0)
		g->s.fmode |= (uint8_t)(1u << sf);
}

/* --- arithmetic --- */

struct operands {
	unsigned a, b, c; /* xmm registers */
	unsigned fa, fb, fc;
	unsigned size;
};

/* xmm n as size says, in itself or in the scratch register. */
static unsigned sized(struct gen *g, unsigned size, unsigned scratch, unsigned n)
{
	if (size == 8)
		return n;
	x_sse_convert(&g->c, 8, scratch, n);
	return scratch;
}

static void negate(struct gen *g, unsigned x)
{
	x_mov_imm(&g->c, RAX, 1ull << 63);
	x_sse_from_reg(&g->c, 8, XMM1, RAX);
	x_sse_xor(&g->c, x, XMM1);
}

/* xmm0 = a op b; the sum of two singles rounded twice is as though it were rounded once. */
static void two(struct gen *g, enum sse op, const struct operands *o, unsigned a, unsigned b)
{
	x_sse_mov(&g->c, XMM0, a);
	x_sse(&g->c, op, 8, XMM0, b);
	if (o->size == 4) {
		x_sse_convert(&g->c, 8, XMM0, XMM0);
		x_sse_convert(&g->c, 4, XMM0, XMM0);
	}
}

static void three(struct gen *g, enum farith type, const struct operands *o)
{
	static const enum fma op[] = {
		[FARITH_FMA] = FMA_ADD, [FARITH_FMS] = FMA_SUB, [FARITH_FNMA] = FMA_NADD};

	if (o->size == 8) {
		x_sse_mov(&g->c, XMM0, o->a);
		x_fma(&g->c, op[type], 8, XMM0, o->b, o->c);
		return;
	}
	unsigned a = sized(g, 4, XMM0, o->a), b = sized(g, 4, XMM1, o->b);
	x_fma(&g->c, op[type], 4, a, b, sized(g, 4, XMM2, o->c));
	x_sse_convert(&g->c, 4, XMM0, XMM0);
}

/* Multiplication by 1, to round: of any double. */
static void round_only(struct gen *g, enum farith type, const struct operands *o)
{
	x_sse_mov(&g->c, XMM0, o->a);
	if (o->size == 4) {
		x_sse_convert(&g->c, 8, XMM0, XMM0);
		x_sse_convert(&g->c, 4, XMM0, XMM0);
	}
	if (type == FARITH_FNMA)
		negate(g, XMM0);
}

static void compute(struct gen *g, enum farith type, const struct operands *o)
{
	if (o->fb == 1 && o->fc == 0) {
		round_only(g, type, o);
	} else if (o->fc == 0) {
		two(g, SSE_MUL, o, o->a, o->b);
		if (type == FARITH_FNMA)
			negate(g, XMM0);
	} else if (o->fb == 1) {
		if (type == FARITH_FMA)
			two(g, SSE_ADD, o, o->a, o->c);
		else if (type == FARITH_FMS)
			two(g, SSE_SUB, o, o->a, o->c);
		else
			two(g, SSE_SUB, o, o->c, o->a);
	} else {
		three(g, type, o);
	}
}

static void gen_farith(struct gen *g, const struct ir *ir)
{
	struct operands o = {.fc = ir_fr(ir->imm, 2),
		.fa = ir_fr(ir->imm, 3),
		.fb = ir_fr(ir->imm, 4),
		.size = ir->size};
	unsigned d = ir_fr(ir->imm, 1);
	bool rounds = o.fb == 1 && o.fc == 0, single = ir->size == 4;

	begin(g, d, o.fa, o.fb == 1 ? IR_NONE : o.fb, o.fc == 0 ? IR_NONE : o.fc);
	check_mode(g, ir->cc);
	o.a = use(g, o.fa, single && !rounds);
	o.b = o.fb == 1 ? 0 : use(g, o.fb, single);
	o.c = o.fc == 0 ? 0 : use(g, o.fc, single);
	compute(g, (enum farith)ir->type, &o);
	if (!rounds || single) {
		check_range(g, ir->size);
		struct cold *cold = form_cold(g, COLD_ZERO, CC_A, 0);
		bool sum = o.fb == 1;
		cold->fr[1] = (uint8_t)(sum && !rounds ? 0 : o.a);
		cold->fr[2] = (uint8_t)(sum ? 0 : o.b);
		cold->fr[3] = (uint8_t)(o.fc == 0 || sum ? 0 : o.c);
	}
	commit(g);
	x_sse_mov(&g->c, define(g, d, single), XMM0);
	finish(g);
}

/* A copy of whatever it is. */
static void copy_home(struct gen *g, unsigned d, unsigned a)
{
	struct code *c = &g->c;

	step_home(g, a);
	x_alu_mem_imm(c, ALU_CMP, 4, fr_exp(a), FORM_STEP);
	form_cold(g, COLD_SETTLE, CC_GE, a)->fr[1] = false;
	x_load(c, 8, RAX, fr_sig(a));
	x_load(c, 8, RCX, fr_exp(a));
	x_store(c, 8, fr_sig(d), RAX);
	x_store(c, 8, fr_exp(d), RCX);
	drop(g, d);
	know_nothing(g, d);
	mark_modified(g, d);
}

static void gen_fsoft(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned d = ir_fr(ir->imm, 1);

	gen_frs_flush(g);
	begin(g, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
	x_mov_imm(c, RCX, fr_fma_pack((uint32_t)ir->imm, ir->type, ir->size, ir->cc));
	x_mov_imm(c, RAX, (uintptr_t)fr_fma);
	x_call_to(c, g->jit->soft);
	x_test(c, 4, RAX, RAX);
	leave_if(g, CC_E);
	commit(g);
	know_nothing(g, d);
	mark_modified(g, d);
	finish(g);
}

static void gen_fsign(struct gen *g, const struct ir *ir)
{
	static const enum bit op[] = {
		[FSIGN_OTHER] = BIT_BTC, [FSIGN_PLUS] = BIT_BTR, [FSIGN_MINUS] = BIT_BTS};
	unsigned d = ir_fr(ir->imm, 1), a = ir_fr(ir->imm, 3);
	struct code *c = &g->c;

	if (ir->type == FSIGN_SAME && a > 1 && find(&g->s, a) < 0) {
		copy_home(g, d, a);
		return;
	}
	begin(g, d, a, IR_NONE, IR_NONE);
	unsigned x = use(g, a, false);
	bool single = g->s.fsingle >> (x - POOL_FIRST) & 1;
	commit(g);
	unsigned y = define(g, d, single);
	if (ir->type == FSIGN_SAME) {
		x_sse_mov(c, y, x);
	} else {
		x_sse_to_reg(c, 8, RAX, x);
		x_bit(c, op[ir->type], RAX, 63);
		x_sse_from_reg(c, 8, y, RAX);
	}
	finish(g);
}

static void clear_both(struct gen *g, const struct ir *ir)
{
	if (ir->p1)
		x_bit(&g->c, BIT_BTR, R13, ir->p1);
	if (ir->p2)
		x_bit(&g->c, BIT_BTR, R13, ir->p2);
}

static void gen_fcmp(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned fa = ir_fr(ir->imm, 3), fb = ir_fr(ir->imm, 4);
	bool v, known = gen_known(g, ir->qp, &v);
	uint8_t *skip = NULL;

	begin(g, IR_NONE, fa, fb, IR_NONE);
	unsigned a = use(g, fa, false), b = use(g, fb, false);
	commit(g);
	if (ir->p1)
		gen_pred_home(g, &g->s, ir->p1), g->s.pred[ir->p1] = PRED_HOME;
	if (ir->p2)
		gen_pred_home(g, &g->s, ir->p2), g->s.pred[ir->p2] = PRED_HOME;
	if (!known)
		skip = x_jcc(c, gen_test(g, &g->s, ir->qp) ^ 1);
	if (!known || v) {
		x_sse_compare(c, a, b);
		gen_store_both(g, ir, (enum cc)ir->cc);
	}
	if (ir->type == CMP_UNC && known && !v) {
		clear_both(g, ir);
	} else if (ir->type == CMP_UNC && !known) {
		uint8_t *end = x_jmp(c);
		x_here(c, skip);
		clear_both(g, ir);
		x_here(c, end);
	} else if (skip) {
		x_here(c, skip);
	}
	finish(g);
}

/* --- conversions and moves --- */

/* FR d = integer rax. */
static void set_integer(struct gen *g, unsigned d)
{
	drop(g, d);
	x_store(&g->c, 8, fr_sig(d), RAX);
	x_store_imm(&g->c, 8, fr_exp(d), FREG_EXP_INT);
	know_settled(g, d);
	mark_modified(g, d);
}

/* The host's answer to all that does not fit is the least integer. */
static void gen_ftoint(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned a = ir_fr(ir->imm, 3), d = ir_fr(ir->imm, 1);

	begin(g, IR_NONE, a, IR_NONE, IR_NONE);
	check_mode(g, ir->cc);
	unsigned x = use(g, a, false);
	if (ir->type & FTOINT_UNSIGNED) { /* before MXCSR hears of it */
		x_sse_to_reg(c, 8, RAX, x);
		x_test(c, 8, RAX, RAX);
		leave_if(g, CC_S);
	}
	x_sse_to_int(c, ir->type & FTOINT_TRUNC, RAX, x);
	x_alu_imm(c, ALU_CMP, 8, RAX, 1);
	leave_if(g, CC_O);
	commit(g);
	set_integer(g, d);
	finish(g);
}

static void gen_ffromint(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned f = ir_fr(ir->imm, 3);

	begin(g, ir_fr(ir->imm, 1), IR_NONE, IR_NONE, IR_NONE);
	if (ir->type) {
		check_mode(g, MODE_INTEGERS);
		x_alu_mem_imm(c, ALU_CMP, 8, fr_exp(f), FREG_EXP_INT);
		leave_if(g, CC_NE);
	}
	x_load(c, 8, RCX, fr_sig(f));
	if (ir->type) {
		x_lea(c, RAX, mem_at(RCX, -1));
		x_shift(c, SHIFT_SHR, 8, RAX, 53);
	} else {
		x_mov_imm(c, RAX, 1ull << 53);
		x_alu(c, ALU_ADD, 8, RAX, RCX);
		x_shift(c, SHIFT_SHR, 8, RAX, 54);
	}
	leave_if(g, CC_NE);
	commit(g);
	unsigned d = define(g, ir_fr(ir->imm, 1), false);
	x_sse_xor(c, d, d);
	x_sse_from_int(c, d, RCX);
	finish(g);
}

/* Of what was loaded or moved. Zeros take a way of their own. */
static void gen_fset(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg a = gen_use(g, ir->a);
	bool single = ir->size == 4;

	begin(g, (unsigned)ir->imm, IR_NONE, IR_NONE, IR_NONE);
	if (single) {
		x_mov(c, 4, RAX, a);
		x_alu(c, ALU_ADD, 4, RAX, RAX);
		x_shift(c, SHIFT_SHR, 4, RAX, 24);
	} else {
		x_lea(c, RAX, mem_index(a, a));
		x_shift(c, SHIFT_SHR, 8, RAX, 53);
	}
	x_sse_from_reg(c, ir->size, XMM0, a);
	if (single)
		x_sse_convert(c, 4, XMM0, XMM0);
	x_alu_imm(c, ALU_SUB, 4, RAX, 1);
	x_alu_imm(c, ALU_CMP, 4, RAX, single ? 0xfe : 0x7fe);
	struct cold *cold = form_cold(g, COLD_ZERO, CC_AE, 0);
	cold->fr[1] = cold->fr[2] = cold->fr[3] = 0;
	commit(g);
	rejoin_later(g);
	x_sse_mov(c, define(g, (unsigned)ir->imm, single), XMM0);
}

static void gen_fget(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned f = (unsigned)ir->imm;

	begin(g, IR_NONE, f, IR_NONE, IR_NONE);
	unsigned x = use(g, f, ir->size == 4);
	commit(g);
	rejoin_later(g);
	if (ir->size == 4) {
		x_sse_convert(c, 8, XMM0, x);
		x = XMM0;
	}
	x_sse_to_reg(c, ir->size, gen_define(g, ir->d), x);
}

/* --- divisions --- */

static void set_step(struct gen *g, unsigned f, const struct ir *ir, unsigned step)
{
	struct state *s = &g->s;

	drop(g, f);
	know_nothing(g, f);
	mark_modified(g, f);
	note_forms(g);
	if (s->steps == STEPS)
		step_home(g, s->step[0].fr);
	s->step[s->steps].fr = (uint8_t)f;
	s->step[s->steps].division = ir->size;
	s->step[s->steps].recipe = ir->type;
	s->step[s->steps++].step = (uint8_t)step;
}

/* Its memory is wanted for another one. */
static void end_division(struct gen *g, unsigned division)
{
	for (unsigned n = g->s.steps; n-- > 0;)
		if (g->s.step[n].division == division)
			step_home(g, g->s.step[n].fr);
}

static void gen_divstart(struct gen *g, const struct ir *ir)
{
	unsigned fa = ir_fr(ir->imm, 3), fb = ir_fr(ir->imm, 4);
	struct code *c = &g->c;
	bool single = ir->type == DIVIDE_SINGLE;

	end_division(g, ir->size);
	begin(g, IR_NONE, fa, fb, IR_NONE);
	if (ir->type != DIVIDE_INTEGER)
		check_mode(g, 0);
	check_mode(g, MODE_STEPS);
	unsigned a = use(g, fa, single), b = use(g, fb, single);
	x_sse_xor(c, XMM0, XMM0);
	x_sse_compare(c, a, XMM0);
	leave_if(g, CC_E);
	x_sse_compare(c, b, XMM0);
	leave_if(g, CC_E);
	commit(g);
	g->cold[g->fleave].kind = COLD_LEAVE; /* p2 may be false there */
	x_sse_store(c, operand_of(ir->size, 0), a);
	x_sse_store(c, operand_of(ir->size, 1), b);
	g->s.pred[ir->p2] = PRED_TRUE;
	set_step(g, ir_fr(ir->imm, 1), ir, 0);
}

/* rax = the quotient of integers in xmm0 and xmm1. */
static void divide_integers(struct gen *g, bool positive)
{
	struct code *c = &g->c;

	x_push(c, RDX);
	x_sse_to_int(c, true, RAX, XMM0);
	x_sse_to_int(c, true, RCX, XMM1);
	x_mov(c, 8, RDX, RAX);
	x_shift(c, SHIFT_SAR, 8, RDX, 63);
	x_idiv(c, RCX);
	x_pop(c, RDX);
	if (!positive)
		return;
	x_test(c, 8, RAX, RAX);
	leave_if(g, CC_S);
}

static void gen_divend(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned d = (unsigned)ir->imm;
	bool integer = ir->type == DIVIDE_INTEGER, single = ir->type == DIVIDE_SINGLE;

	begin(g, integer ? IR_NONE : d, IR_NONE, IR_NONE, IR_NONE);
	x_sse_load(c, XMM0, operand_of(ir->size, 0));
	x_sse_load(c, XMM1, operand_of(ir->size, 1));
	if (integer) {
		divide_integers(g, ir->cc);
	} else if (single) {
		x_sse_convert(c, 8, XMM0, XMM0);
		x_sse_convert(c, 8, XMM1, XMM1);
		x_sse(c, SSE_DIV, 4, XMM0, XMM1);
		x_sse_convert(c, 4, XMM0, XMM0);
	} else {
		x_sse(c, SSE_DIV, 8, XMM0, XMM1);
	}
	if (!integer) {
		check_range(g, single ? 4 : 8);
		leave_if(g, CC_A);
	}
	commit(g);
	if (integer)
		set_integer(g, d);
	else
		x_sse_mov(c, define(g, d, single), XMM0);
	finish(g);
}

/* --- registers at home --- */

static void spare_call(struct gen *g, unsigned f, uint64_t (*fn)(struct cpu *, struct freg *))
{
	x_lea(&g->c, RCX, fr_sig(f));
	x_mov_imm(&g->c, RAX, (uintptr_t)fn);
	x_call_to(&g->c, g->jit->form);
}

/* rax: was it possible? */
static void make_form(struct gen *g, unsigned f, bool single)
{
	if (single) {
		spare_call(g, f, fr_to_single);
		return;
	}
	x_lea(&g->c, RCX, fr_sig(f));
	x_call_to(&g->c, g->jit->to_double);
}

static void gen_fhome(struct gen *g, const struct ir *ir)
{
	unsigned f = (unsigned)ir->imm;
	int n = find(&g->s, f);
	bool check = ir->op == IR_FCHECK;

	if (known_settled(g, f))
		return;
	if (n >= 0) {
		write_one(g, &g->s, (unsigned)n);
		spare_call(g, f, fr_settle);
		forget(&g->s, (unsigned)n);
		know_settled(g, f);
		return;
	}
	step_home(g, f);
	x_alu_mem_imm(&g->c, ALU_CMP, 4, fr_exp(f), check ? FREG_EXP_NATVAL : FORM_STEP);
	struct cold *cold = form_cold(g, COLD_SETTLE, CC_AE, f);
	cold->fr[1] = check;
	cold->leave = (uint16_t)g->colds;
	if (check)
		gen_cold(g, COLD_LEAVE, NULL);
	if (check)
		know_settled(g, f);
}

static void gen_fwritten(struct gen *g, const struct ir *ir)
{
	unsigned f = (unsigned)ir->imm;

	drop(g, f);
	if (ir->op == IR_FINT)
		x_store_imm(&g->c, 8, fr_exp(f), FREG_EXP_INT);
	if (ir->op == IR_FANY)
		know_nothing(g, f);
	else
		know_settled(g, f);
	mark_modified(g, f);
}

static void gen_fflags(struct gen *g)
{
	struct code *c = &g->c;

	x_mxcsr_store(c, CPU(jit.mxcsr));
	x_load(c, 4, RAX, CPU(jit.mxcsr));
	x_alu_imm(c, ALU_AND, 4, RAX, FP_I); /* MXCSR has it in the same place */
	x_shift(c, SHIFT_SHL, 4, RAX, FPSR_SF_SHIFT(0) + 7);
	x_alu_store(c, ALU_OR, 8, CPU(ar[AR_FPSR]), RAX);
}

void gen_fr(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_FHOME:
	case IR_FCHECK:
		gen_fhome(g, ir);
		break;
	case IR_FSET:
		gen_fset(g, ir);
		break;
	case IR_FGET:
		gen_fget(g, ir);
		break;
	case IR_FARITH:
		gen_farith(g, ir);
		break;
	case IR_FSOFT:
		gen_fsoft(g, ir);
		break;
	case IR_FSIGN:
		gen_fsign(g, ir);
		break;
	case IR_FCMP:
		gen_fcmp(g, ir);
		break;
	case IR_FTOINT:
		gen_ftoint(g, ir);
		break;
	case IR_FFROMINT:
		gen_ffromint(g, ir);
		break;
	case IR_DIVSTART:
		gen_divstart(g, ir);
		break;
	case IR_DIVSTEP:
		set_step(g, (unsigned)ir->imm, ir, ir->cc);
		break;
	case IR_DIVEND:
		gen_divend(g, ir);
		break;
	case IR_FFLAGS:
		gen_fflags(g);
		break;
	default:
		gen_fwritten(g, ir);
	}
}

/* --- out of the way --- */

static void to_leave(struct gen *g, const struct cold *cold, uint8_t *at)
{
	struct cold *leave = &g->cold[cold->leave];

	for (unsigned k = 0; k < countof(leave->from); k++)
		if (!leave->from[k]) {
			leave->from[k] = at;
			return;
		}
	g->failed = true;
}

/* xmm0 is zero, overflown, tiny, or no number. Zero is right when a factor is, or the sum had
 * another addend than zero. fr: 0 or the xmm registers of factors and addend. */
static void cold_zero(struct gen *g, const struct cold *cold)
{
	struct code *c = &g->c;
	const uint8_t *x = cold->fr;

	x_sse_to_reg(c, 8, RAX, XMM0);
	x_alu(c, ALU_ADD, 8, RAX, RAX);
	to_leave(g, cold, x_jcc(c, CC_NE));
	if (x[1] | x[2] | x[3])
		x_sse_xor(c, XMM1, XMM1);
	if (x[3]) {
		x_sse_compare(c, x[3], XMM1);
		x_jcc_to(c, CC_NE, cold->back);
	}
	for (unsigned k = 1; k < 3; k++)
		if (x[k]) {
			x_sse_compare(c, x[k], XMM1);
			x_jcc_to(c, CC_E, cold->back);
		}
	if (x[1] | x[2] | x[3])
		to_leave(g, cold, x_jmp(c));
	else
		x_jmp_to(c, cold->back);
}

void gen_fr_cold(struct gen *g, const struct cold *cold)
{
	struct code *c = &g->c;
	unsigned f = cold->fr[0];

	if (cold->kind == COLD_ZERO) {
		cold_zero(g, cold);
		return;
	}
	if (cold->kind == COLD_FORM) {
		make_form(g, f, cold->fr[1]);
		x_test(c, 4, RAX, RAX);
		x_jcc_to(c, CC_NE, cold->back);
		to_leave(g, cold, x_jmp(c));
		return;
	}
	spare_call(g, f, fr_settle);
	if (cold->fr[1]) {
		x_alu_mem_imm(c, ALU_CMP, 4, fr_exp(f), FREG_EXP_NATVAL);
		to_leave(g, cold, x_jcc(c, CC_E));
	}
	x_jmp_to(c, cold->back);
}

static void after_if(struct gen *g, enum cc cc, unsigned insn)
{
	gen_cold(g, COLD_AFTER, x_jcc(&g->c, cc))->ir = (uint16_t)insn;
}

/* Is what the block relies on true behind the exec, whatever made it necessary? */
static void recheck(struct gen *g, const struct state *s, unsigned insn)
{
	const struct insn *i = &g->b->insn[insn];

	for (unsigned sf = 0; sf < MODES; sf++)
		if (s->fmode >> sf & 1) {
			test_mode(g, sf);
			after_if(g, CC_NE, insn);
		}
	if (i->op == OP_fcvt_fx || i->op == OP_fcvt_fxu) {
		x_alu_mem_imm(&g->c, ALU_CMP, 4, fr_exp(i->r1), FREG_EXP_NATVAL);
		after_if(g, CC_E, insn);
	}
}

/* The exec has settled its operands and may have written something else than a double. */
void gen_frs_reload(struct gen *g, const struct state *s, unsigned insn)
{
	struct code *c = &g->c;
	bool settled = fr_row(&g->b->insn[insn]);

	if (settled)
		recheck(g, s, insn);
	for (unsigned n = 0; n < FPOOL; n++) {
		unsigned f = s->fvalue[n];
		if (f == IR_NONE)
			continue;
		if (f == 0) {
			x_sse_xor(c, POOL_FIRST + n, POOL_FIRST + n);
			continue;
		}
		if (f == 1) {
			x_mov_imm(c, RAX, 0x3ff0000000000000);
			x_sse_from_reg(c, 8, POOL_FIRST + n, RAX);
			continue;
		}
		if (settled) {
			make_form(g, f, s->fsingle >> n & 1);
			x_test(c, 4, RAX, RAX);
			after_if(g, CC_E, insn);
		}
		x_sse_load(c, POOL_FIRST + n, fr_sig(f));
	}
}

/* rax: a C function of cpu and rcx. */
static void common_call(struct code *c, unsigned xmms)
{
	static const enum reg spared[] = {RDX, RSI, RDI, R8, R9, R10, R11};

	/* with 7 registers and the return address the stack is aligned */
	for (unsigned n = 0; n < countof(spared); n++)
		x_push(c, spared[n]);
	if (xmms)
		x_alu_imm(c, ALU_SUB, 8, RSP, 8 * 16);
	for (unsigned n = 0; n < xmms; n++)
		x_sse_store(c, mem_at(RSP, 8 * n), n);
	x_mov(c, 8, RDI, RBX);
	x_mov(c, 8, RSI, RCX);
	x_call(c, RAX);
	for (unsigned n = 0; n < xmms; n++)
		x_sse_load(c, n, mem_at(RSP, 8 * n));
	if (xmms)
		x_alu_imm(c, ALU_ADD, 8, RSP, 8 * 16);
	for (unsigned n = countof(spared); n-- > 0;)
		x_pop(c, spared[n]);
	x_ret(c);
}

void gen_common_form(struct code *c)
{
	common_call(c, 16);
}

void gen_common_soft(struct code *c)
{
	common_call(c, 0);
}

/* The everyday case of fr_to_double. */
void gen_common_to_double(struct code *c, const uint8_t *form)
{
	uint8_t *other[3];

	x_push(c, RDX);
	x_load(c, 8, RDX, mem_at(RCX, offsetof(struct freg, sig)));
	x_load(c, 4, RAX, mem_at(RCX, offsetof(struct freg, exp)));
	x_alu_imm(c, ALU_SUB, 4, RAX, 0xfc01);
	x_alu_imm(c, ALU_CMP, 4, RAX, 0x7fd);
	other[0] = x_jcc(c, CC_A);
	x_test_imm(c, 4, RDX, 0x7ff);
	other[1] = x_jcc(c, CC_NE);
	x_test(c, 8, RDX, RDX);
	other[2] = x_jcc(c, CC_NS);
	x_alu_imm(c, ALU_ADD, 4, RAX, 1);
	x_shift(c, SHIFT_SHL, 8, RAX, 52);
	x_shift(c, SHIFT_SHL, 8, RDX, 1);
	x_shift(c, SHIFT_SHR, 8, RDX, 12);
	x_alu(c, ALU_OR, 8, RAX, RDX);
	x_load(c, 4, RDX, mem_at(RCX, offsetof(struct freg, sign)));
	x_shift(c, SHIFT_SHL, 8, RDX, 63);
	x_alu(c, ALU_OR, 8, RAX, RDX);
	x_store(c, 8, mem_at(RCX, offsetof(struct freg, sig)), RAX);
	x_store_imm(c, 8, mem_at(RCX, offsetof(struct freg, exp)), (int32_t)FORM_DOUBLE);
	x_store_imm(c, 1, CPU(jit.forms), 1);
	x_mov_imm(c, RAX, 1);
	x_pop(c, RDX);
	x_ret(c);
	for (unsigned n = 0; n < countof(other); n++)
		x_here(c, other[n]);
	x_pop(c, RDX);
	x_mov_imm(c, RAX, (uintptr_t)fr_to_double);
	x_jmp_to(c, form);
}
