/* SPDX-License-Identifier: MIT */
/*
 * A pass: values and predicates that are overwritten before anything can see them are not
 * computed. From the end backwards, with the set of those that somebody may still ask for: all
 * registers and predicates before an operation that may leave, temporaries only until their
 * instruction begins.
 */
#include "jit/pass.h"

struct live {
	uint64_t value[4]; /* registers, temporaries */
	uint64_t pred;
};

static bool is_live(const struct live *l, unsigned v)
{
	return l->value[v / 64] >> v % 64 & 1;
}

static void use(struct live *l, unsigned v)
{
	if (v != IR_NONE)
		l->value[v / 64] |= 1ull << v % 64;
}

static void define(struct live *l, unsigned v)
{
	if (v != IR_NONE)
		l->value[v / 64] &= ~(1ull << v % 64);
}

static bool is_compare(const struct ir *ir)
{
	return ir->op == IR_CMP || ir->op == IR_TBIT;
}

/* Targets nobody asks for become p0, which is never written. */
static bool drop_targets(struct ir *ir, const struct live *l)
{
	bool changed = false;

	if (ir->p1 && !(l->pred >> ir->p1 & 1))
		ir->p1 = 0, changed = true;
	if (ir->p2 && !(l->pred >> ir->p2 & 1))
		ir->p2 = 0, changed = true;
	return changed;
}

/* Before ir, given after it. */
static void step(struct live *l, const struct ir *ir, bool guarded)
{
	bool always = ir->type == CMP_UNC || (ir->type == CMP_NORMAL && ir->qp == 0);

	if (is_compare(ir) && always)
		l->pred &= ~(1ull << ir->p1 | 1ull << ir->p2);
	if (ir->op == IR_SETPR)
		l->pred &= ~(uint64_t)ir->imm;
	if (ir->op != IR_SEL && !guarded)
		define(l, ir->d);
	if (ir_leaves(ir)) {
		l->value[0] = l->value[1] = ~0ull;
		l->pred = ~0ull;
	}
	if (ir->op == IR_GETPR)
		l->pred = ~0ull;
	use(l, ir->a);
	use(l, ir->b);
	use(l, ir->c);
	if (ir->op == IR_SEL)
		use(l, ir->d);
	l->pred |= 1ull << ir->qp;
}

static bool is_dead(const struct ir *ir, const struct live *l)
{
	bool itself = (ir->op == IR_MOV || ir->op == IR_SEL) && ir->d == ir->a;

	if (is_compare(ir))
		return !ir->p1 && !ir->p2;
	return ir_is_pure(ir) && (itself || !is_live(l, ir->d));
}

/* Marks what is dead as IR_NOP; guards around nothing are. */
static bool mark(struct ir_block *b)
{
	struct live l = {{~0ull, ~0ull, 0, 0}, ~0ull};
	struct ir *end = NULL; /* of the guard around this, which has nothing in it yet */
	bool changed = false, guarded = false;

	for (unsigned n = b->count; n-- > 0;) {
		struct ir *ir = &b->ir[n];
		if (n + 1 == b->count || ir->insn != ir[1].insn)
			l.value[2] = l.value[3] = 0;
		if (is_compare(ir))
			changed |= drop_targets(ir, &l);
		if (is_dead(ir, &l) || (ir->op == IR_GUARD && end)) {
			if (ir->op == IR_GUARD)
				end->op = IR_NOP;
			guarded &= ir->op != IR_GUARD;
			ir->op = IR_NOP;
			changed = true;
			continue;
		}
		guarded = ir->op == IR_END || (guarded && ir->op != IR_GUARD);
		end = ir->op == IR_END ? ir : NULL;
		step(&l, ir, guarded);
	}
	return changed;
}

bool ir_dead(struct ir_block *b)
{
	unsigned kept = 0;

	if (!mark(b))
		return false;
	for (unsigned n = 0; n < b->count; n++)
		if (b->ir[n].op != IR_NOP)
			b->ir[kept++] = b->ir[n];
	b->count = kept;
	return true;
}
