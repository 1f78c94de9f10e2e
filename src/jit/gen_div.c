/* SPDX-License-Identifier: MIT */
/* Divisions that are sequences of instructions, in generated code: see divide.h. */
#include "jit/gen_fr.h"

static void set_step(struct gen *g, unsigned f, const struct ir *ir, unsigned step)
{
	struct state *s = &g->s;

	gen_fr_drop(g, f);
	gen_fr_know_nothing(g, f);
	gen_fr_mark(g, f);
	gen_fr_note_forms(g);
	if (s->steps == STEPS)
		gen_fr_step_home(g, s->step[0].fr);
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
			gen_fr_step_home(g, g->s.step[n].fr);
}

void gen_divstart(struct gen *g, const struct ir *ir)
{
	unsigned fa = ir_fr(ir->imm, 3), fb = ir_fr(ir->imm, 4);
	struct code *c = &g->c;
	bool single = ir->type == DIVIDE_SINGLE;

	end_division(g, ir->size);
	gen_fr_begin(g, IR_NONE, fa, fb, IR_NONE);
	if (ir->type != DIVIDE_INTEGER)
		gen_fr_check_mode(g, 0);
	gen_fr_check_mode(g, MODE_STEPS);
	unsigned a = gen_fr_use(g, fa, single), b = gen_fr_use(g, fb, single);
	x_sse_xor(c, XMM0, XMM0);
	x_sse_compare(c, a, XMM0);
	gen_fr_leave_if(g, CC_E);
	x_sse_compare(c, b, XMM0);
	gen_fr_leave_if(g, CC_E);
	gen_fr_commit(g);
	g->cold[g->fleave].kind = COLD_LEAVE; /* p2 may be false there */
	x_sse_store(c, gen_fr_operand_of(ir->size, 0), a);
	x_sse_store(c, gen_fr_operand_of(ir->size, 1), b);
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
	gen_fr_leave_if(g, CC_S);
}

void gen_divend(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned d = (unsigned)ir->imm;
	bool integer = ir->type == DIVIDE_INTEGER, single = ir->type == DIVIDE_SINGLE;

	gen_fr_begin(g, integer ? IR_NONE : d, IR_NONE, IR_NONE, IR_NONE);
	x_sse_load(c, XMM0, gen_fr_operand_of(ir->size, 0));
	x_sse_load(c, XMM1, gen_fr_operand_of(ir->size, 1));
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
		gen_fr_check_range(g, single ? 4 : 8);
		gen_fr_leave_if(g, CC_A);
	}
	gen_fr_commit(g);
	if (integer)
		gen_fr_set_integer(g, d);
	else
		x_sse_mov(c, gen_fr_define(g, d, single), XMM0);
	gen_fr_finish(g);
}

void gen_divstep(struct gen *g, const struct ir *ir)
{
	set_step(g, (unsigned)ir->imm, ir, ir->cc);
}
