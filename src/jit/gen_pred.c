/* SPDX-License-Identifier: MIT */
/* Predicates in generated code: see gen.h. */
#include "jit/gen.h"

static bool fits32(int64_t v)
{
	return v == (int32_t)v;
}

/* rax = value v, or the register that has it. */
static enum reg operand(struct gen *g, const struct state *s, unsigned v)
{
	int n = gen_find(s, v);

	if (n >= 0)
		return gen_pool[n];
	x_load(&g->c, 8, RAX, gen_home(v));
	return RAX;
}

static void test_relation(struct gen *g, const struct state *s, const struct relation *r)
{
	enum reg a = operand(g, s, r->a);

	if (r->size == 0) {
		x_bit(&g->c, BIT_BT, a, (unsigned)r->imm);
	} else if (r->b == IR_NONE && r->imm == 0) {
		x_test(&g->c, r->size, a, a);
	} else if (r->b == IR_NONE) {
		x_alu_imm(&g->c, ALU_CMP, r->size, a, (int32_t)r->imm);
	} else {
		int n = gen_find(s, r->b);
		if (n >= 0)
			x_alu(&g->c, ALU_CMP, r->size, a, gen_pool[n]);
		else
			x_alu_load(&g->c, ALU_CMP, r->size, a, gen_home(r->b));
	}
}

enum cc gen_test(struct gen *g, const struct state *s, unsigned p)
{
	uint8_t k = s->pred[p];

	if (k >= PRED_RELATION) {
		const struct relation *r = &s->relation[(k - PRED_RELATION) / 2];
		test_relation(g, s, r);
		return (enum cc)(r->cc ^ ((k - PRED_RELATION) & 1));
	}
	if (p < 31) {
		x_test_imm(&g->c, 4, R13, 1 << p);
		return CC_NE;
	}
	x_bit(&g->c, BIT_BT, R13, p);
	return CC_B;
}

void gen_pred_home(struct gen *g, const struct state *s, unsigned p)
{
	struct code *c = &g->c;

	switch (s->pred[p]) {
	case PRED_HOME:
		break;
	case PRED_FALSE:
		x_bit(c, BIT_BTR, R13, p);
		break;
	case PRED_TRUE:
		x_bit(c, BIT_BTS, R13, p);
		break;
	default: {
		enum cc cc = gen_test(g, s, p);
		x_setcc(c, cc, RAX);
		x_extend(c, false, 1, RAX, RAX);
		x_shift(c, SHIFT_SHL, 8, RAX, p);
		x_bit(c, BIT_BTR, R13, p);
		x_alu(c, ALU_OR, 8, R13, RAX);
	}
	}
}

/* Known ones by mask, as far as 32 bits reach. */
static void known_home(struct gen *g, const struct state *s)
{
	uint32_t set = 0, clear = 0;

	for (unsigned p = 1; p < 31; p++) {
		set |= (uint32_t)(s->pred[p] == PRED_TRUE) << p;
		clear |= (uint32_t)(s->pred[p] == PRED_FALSE) << p;
	}
	if (clear)
		x_alu_imm(&g->c, ALU_AND, 8, R13, (int32_t)~clear);
	if (set)
		x_alu_imm(&g->c, ALU_OR, 8, R13, (int32_t)set);
}

void gen_preds_home(struct gen *g, const struct state *s)
{
	known_home(g, s);
	for (unsigned p = 1; p < 64; p++)
		if (s->pred[p] >= PRED_RELATION || (p >= 31 && s->pred[p] != PRED_HOME))
			gen_pred_home(g, s, p);
}

void gen_pred_known(struct state *s, unsigned p, bool v)
{
	uint8_t k = s->pred[p];

	s->pred[p] = v ? PRED_TRUE : PRED_FALSE;
	if (k < PRED_RELATION)
		return;
	uint8_t same = k, opposite = (uint8_t)(((k - PRED_RELATION) ^ 1) + PRED_RELATION);
	for (unsigned q = 1; q < 64; q++) {
		if (s->pred[q] == same)
			s->pred[q] = v ? PRED_TRUE : PRED_FALSE;
		else if (s->pred[q] == opposite)
			s->pred[q] = v ? PRED_FALSE : PRED_TRUE;
	}
}

/* A relation no predicate uses, or one made free. */
static unsigned free_relation(struct gen *g)
{
	for (unsigned k = 0; k < RELATIONS; k++) {
		bool used = false;
		for (unsigned p = 1; p < 64; p++)
			used |= g->s.pred[p] >= PRED_RELATION &&
				(g->s.pred[p] - PRED_RELATION) / 2u == k;
		if (!used)
			return k;
	}
	for (unsigned p = 1; p < 64; p++)
		if (g->s.pred[p] == PRED_RELATION || g->s.pred[p] == PRED_RELATION + 1) {
			gen_pred_home(g, &g->s, p);
			g->s.pred[p] = PRED_HOME;
		}
	return 0;
}

static void set_pred(struct gen *g, unsigned p, unsigned kind)
{
	if (p)
		g->s.pred[p] = (uint8_t)kind;
}

static struct relation relation_of(const struct ir *ir)
{
	return (struct relation){ir->cc, ir->op == IR_TBIT ? 0 : ir->size, ir->a, ir->b, ir->imm};
}

static void bit(struct gen *g, unsigned p, bool v)
{
	if (p)
		x_bit(&g->c, v ? BIT_BTS : BIT_BTR, R13, p);
}

void gen_store_both(struct gen *g, const struct ir *ir, enum cc cc)
{
	struct code *c = &g->c;

	x_setcc(c, cc, RAX);
	x_extend(c, false, 1, RAX, RAX);
	bit(g, ir->p1, false);
	bit(g, ir->p2, false);
	if (ir->p1) {
		x_mov(c, 4, RCX, RAX);
		x_shift(c, SHIFT_SHL, 8, RCX, ir->p1);
		x_alu(c, ALU_OR, 8, R13, RCX);
	}
	if (ir->p2) {
		x_alu_imm(c, ALU_XOR, 4, RAX, 1);
		x_shift(c, SHIFT_SHL, 8, RAX, ir->p2);
		x_alu(c, ALU_OR, 8, R13, RAX);
	}
}

static void store_parallel(struct gen *g, const struct ir *ir, enum cc cc)
{
	uint8_t *skip = x_jcc(&g->c, ir->type == CMP_AND ? cc : cc ^ 1);

	bit(g, ir->p1, ir->type != CMP_AND);
	bit(g, ir->p2, ir->type == CMP_OR);
	x_here(&g->c, skip);
}

static void home(struct gen *g, unsigned p)
{
	gen_pred_home(g, &g->s, p);
	g->s.pred[p] = PRED_HOME;
}

/* The targets change partly or conditionally: done in r13. */
static void compare_home(struct gen *g, const struct ir *ir, bool qualified)
{
	struct relation r = relation_of(ir);
	uint8_t *skip = NULL;

	if (ir->p1)
		home(g, ir->p1);
	if (ir->p2)
		home(g, ir->p2);
	if (!qualified) {
		enum cc q = gen_test(g, &g->s, ir->qp);
		skip = x_jcc(&g->c, q ^ 1);
	}
	test_relation(g, &g->s, &r);
	if (ir->type == CMP_NORMAL || ir->type == CMP_UNC)
		gen_store_both(g, ir, (enum cc)ir->cc);
	else
		store_parallel(g, ir, (enum cc)ir->cc);
	if (!skip)
		return;
	if (ir->type == CMP_UNC) {
		uint8_t *end = x_jmp(&g->c);
		x_here(&g->c, skip);
		bit(g, ir->p1, false);
		bit(g, ir->p2, false);
		x_here(&g->c, end);
	} else {
		x_here(&g->c, skip);
	}
}

void gen_compare(struct gen *g, const struct ir *ir)
{
	bool qp, known = gen_known(g, ir->qp, &qp);

	if (known && !qp) {
		if (ir->type == CMP_UNC) {
			set_pred(g, ir->p1, PRED_FALSE);
			set_pred(g, ir->p2, PRED_FALSE);
		}
		return;
	}
	gen_use(g, ir->a);
	if (ir->b != IR_NONE)
		gen_use(g, ir->b);
	bool lasts = ir->a < IR_TEMP && (ir->b < IR_TEMP || ir->b == IR_NONE);
	if (!known || !lasts || ir->type > CMP_UNC || !fits32(ir->imm)) {
		compare_home(g, ir, known);
		return;
	}
	set_pred(g, ir->p1, PRED_HOME); /* what they were is of no interest */
	set_pred(g, ir->p2, PRED_HOME);
	unsigned k = free_relation(g);
	g->s.relation[k] = relation_of(ir);
	set_pred(g, ir->p1, PRED_RELATION + 2 * k);
	set_pred(g, ir->p2, PRED_RELATION + 2 * k + 1);
}
