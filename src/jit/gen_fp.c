/* SPDX-License-Identifier: MIT */
/* Arithmetic, compares, conversions and moves of floating-point registers: see gen_fr.h. */
#include "jit/gen_fr.h"

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

	gen_fr_begin(g, d, o.fa, o.fb == 1 ? IR_NONE : o.fb, o.fc == 0 ? IR_NONE : o.fc);
	gen_fr_check_mode(g, ir->cc);
	o.a = gen_fr_use(g, o.fa, single && !rounds);
	o.b = o.fb == 1 ? 0 : gen_fr_use(g, o.fb, single);
	o.c = o.fc == 0 ? 0 : gen_fr_use(g, o.fc, single);
	compute(g, (enum farith)ir->type, &o);
	if (!rounds || single) {
		gen_fr_check_range(g, ir->size);
		struct cold *cold = gen_fr_cold_form(g, COLD_ZERO, CC_A, 0);
		bool sum = o.fb == 1;
		cold->fr[1] = (uint8_t)(sum && !rounds ? 0 : o.a);
		cold->fr[2] = (uint8_t)(sum ? 0 : o.b);
		cold->fr[3] = (uint8_t)(o.fc == 0 || sum ? 0 : o.c);
	}
	gen_fr_commit(g);
	x_sse_mov(&g->c, gen_fr_define(g, d, single), XMM0);
	gen_fr_finish(g);
}

/* A copy of whatever it is. */
static void copy_home(struct gen *g, unsigned d, unsigned a)
{
	struct code *c = &g->c;

	gen_fr_step_home(g, a);
	x_alu_mem_imm(c, ALU_CMP, 4, fr_exp(a), FORM_STEP);
	gen_fr_cold_form(g, COLD_SETTLE, CC_GE, a)->fr[1] = false;
	x_load(c, 8, RAX, fr_sig(a));
	x_load(c, 8, RCX, fr_exp(a));
	x_store(c, 8, fr_sig(d), RAX);
	x_store(c, 8, fr_exp(d), RCX);
	gen_fr_drop(g, d);
	gen_fr_know_nothing(g, d);
	gen_fr_mark(g, d);
}

static void gen_fsoft(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned d = ir_fr(ir->imm, 1);

	gen_frs_flush(g);
	gen_fr_begin(g, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
	x_mov_imm(c, RCX, fr_fma_pack((uint32_t)ir->imm, ir->type, ir->size, ir->cc));
	x_mov_imm(c, RAX, (uintptr_t)fr_fma);
	x_call_to(c, g->jit->soft);
	x_test(c, 4, RAX, RAX);
	gen_fr_leave_if(g, CC_E);
	gen_fr_commit(g);
	gen_fr_know_nothing(g, d);
	gen_fr_mark(g, d);
	gen_fr_finish(g);
}

static void gen_fsign(struct gen *g, const struct ir *ir)
{
	static const enum bit op[] = {
		[FSIGN_OTHER] = BIT_BTC, [FSIGN_PLUS] = BIT_BTR, [FSIGN_MINUS] = BIT_BTS};
	unsigned d = ir_fr(ir->imm, 1), a = ir_fr(ir->imm, 3);
	struct code *c = &g->c;

	if (ir->type == FSIGN_SAME && a > 1 && gen_fr_find(&g->s, a) < 0) {
		copy_home(g, d, a);
		return;
	}
	gen_fr_begin(g, d, a, IR_NONE, IR_NONE);
	unsigned x = gen_fr_use(g, a, false);
	bool single = g->s.fsingle >> (x - POOL_FIRST) & 1;
	gen_fr_commit(g);
	unsigned y = gen_fr_define(g, d, single);
	if (ir->type == FSIGN_SAME) {
		x_sse_mov(c, y, x);
	} else {
		x_sse_to_reg(c, 8, RAX, x);
		x_bit(c, op[ir->type], RAX, 63);
		x_sse_from_reg(c, 8, y, RAX);
	}
	gen_fr_finish(g);
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

	gen_fr_begin(g, IR_NONE, fa, fb, IR_NONE);
	unsigned a = gen_fr_use(g, fa, false), b = gen_fr_use(g, fb, false);
	gen_fr_commit(g);
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
	gen_fr_finish(g);
}

/* --- conversions and moves --- */

/* The host's answer to all that does not fit is the least integer. */
static void gen_ftoint(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned a = ir_fr(ir->imm, 3), d = ir_fr(ir->imm, 1);

	gen_fr_begin(g, IR_NONE, a, IR_NONE, IR_NONE);
	gen_fr_check_mode(g, ir->cc);
	unsigned x = gen_fr_use(g, a, false);
	if (ir->type & FTOINT_UNSIGNED) { /* before MXCSR hears of it */
		x_sse_to_reg(c, 8, RAX, x);
		x_test(c, 8, RAX, RAX);
		gen_fr_leave_if(g, CC_S);
	}
	x_sse_to_int(c, ir->type & FTOINT_TRUNC, RAX, x);
	x_alu_imm(c, ALU_CMP, 8, RAX, 1);
	gen_fr_leave_if(g, CC_O);
	gen_fr_commit(g);
	gen_fr_set_integer(g, d);
	gen_fr_finish(g);
}

static void gen_ffromint(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned f = ir_fr(ir->imm, 3);

	gen_fr_begin(g, ir_fr(ir->imm, 1), IR_NONE, IR_NONE, IR_NONE);
	if (ir->type) {
		gen_fr_check_mode(g, MODE_INTEGERS);
		x_alu_mem_imm(c, ALU_CMP, 8, fr_exp(f), FREG_EXP_INT);
		gen_fr_leave_if(g, CC_NE);
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
	gen_fr_leave_if(g, CC_NE);
	gen_fr_commit(g);
	unsigned d = gen_fr_define(g, ir_fr(ir->imm, 1), false);
	x_sse_xor(c, d, d);
	x_sse_from_int(c, d, RCX);
	gen_fr_finish(g);
}

/* Of what was loaded or moved. Zeros take a way of their own. */
static void gen_fset(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg a = gen_use(g, ir->a);
	bool single = ir->size == 4;

	gen_fr_begin(g, (unsigned)ir->imm, IR_NONE, IR_NONE, IR_NONE);
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
	struct cold *cold = gen_fr_cold_form(g, COLD_ZERO, CC_AE, 0);
	cold->fr[1] = cold->fr[2] = cold->fr[3] = 0;
	gen_fr_commit(g);
	gen_fr_rejoin_later(g);
	x_sse_mov(c, gen_fr_define(g, (unsigned)ir->imm, single), XMM0);
}

static void gen_fget(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned f = (unsigned)ir->imm;

	gen_fr_begin(g, IR_NONE, f, IR_NONE, IR_NONE);
	unsigned x = gen_fr_use(g, f, ir->size == 4);
	gen_fr_commit(g);
	gen_fr_rejoin_later(g);
	if (ir->size == 4) {
		x_sse_convert(c, 8, XMM0, x);
		x = XMM0;
	}
	x_sse_to_reg(c, ir->size, gen_define(g, ir->d), x);
}

/* --- registers at home --- */

static void gen_fhome(struct gen *g, const struct ir *ir)
{
	unsigned f = (unsigned)ir->imm;
	int n = gen_fr_find(&g->s, f);
	bool check = ir->op == IR_FCHECK;

	if (gen_fr_known_settled(g, f))
		return;
	if (n >= 0) {
		gen_fr_write(g, &g->s, (unsigned)n);
		gen_fr_spare_call(g, f, fr_settle);
		gen_fr_forget(&g->s, (unsigned)n);
		gen_fr_know_settled(g, f);
		return;
	}
	gen_fr_step_home(g, f);
	x_alu_mem_imm(&g->c, ALU_CMP, 4, fr_exp(f), check ? FREG_EXP_NATVAL : FORM_STEP);
	struct cold *cold = gen_fr_cold_form(g, COLD_SETTLE, CC_AE, f);
	cold->fr[1] = check;
	cold->leave = (uint16_t)g->colds;
	if (check)
		gen_cold(g, COLD_LEAVE, NULL);
	if (check)
		gen_fr_know_settled(g, f);
}

static void gen_fwritten(struct gen *g, const struct ir *ir)
{
	unsigned f = (unsigned)ir->imm;

	gen_fr_drop(g, f);
	if (ir->op == IR_FINT)
		x_store_imm(&g->c, 8, fr_exp(f), FREG_EXP_INT);
	if (ir->op == IR_FANY)
		gen_fr_know_nothing(g, f);
	else
		gen_fr_know_settled(g, f);
	gen_fr_mark(g, f);
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
		gen_divstep(g, ir);
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
