/* SPDX-License-Identifier: MIT */
/* IR of divisions that are sequences of instructions: see divide.h. */
#include "cpu/icache.h"
#include "jit/emit.h"
#include "jit/fr_form.h"

static const uint8_t first_field[RECIPES] = {[DIVIDE_INTEGER] = 1 << 2};

/* Does the block go on from the frcpa at t->entry to the sequence's end? */
static bool completes(const struct tr *t, enum recipe recipe, const struct insn *frcpa)
{
	unsigned entry = t->entry + frcpa->step, insns = t->b->insns, step;
	struct division d;

	divide_start(&d, recipe, frcpa);
	for (; entry < PAGE_INSNS && insns < t->b->most; insns++) {
		const struct insn *i = icache_window_at(t->b->page, entry);
		if (op_attributes(i->op) & (OP_BRANCH | OP_PRIV) || ir_ends_block(i->op))
			return false;
		enum divide_match m = divide_match(&d, i, &step);
		if (m == MATCH_END || m == MATCH_BREAK)
			return m == MATCH_END;
		entry += i->step;
	}
	return false;
}

static bool is_integer(const struct tr *t, unsigned f)
{
	return t->integer[f / 64] >> f % 64 & 1;
}

static bool possible(const struct tr *t, enum recipe recipe, const struct insn *i)
{
	if (i->comp != first_field[recipe])
		return false;
	return (recipe != DIVIDE_INTEGER || (is_integer(t, i->r2) && is_integer(t, i->r3))) &&
	       completes(t, recipe, i);
}

bool emit_frcpa(struct tr *t, const struct insn *i)
{
	unsigned k = 0, recipe = 0;

	if (i->qp || i->p2 == 0 || i->r2 < 2 - (i->r2 == 1) || i->r3 < 2 ||
		t->b->key & (KEY_DFL | KEY_DFH | KEY_RENAMED))
		return false;
	while (k < DIVISIONS && t->division[k].on)
		k++;
	while (recipe < RECIPES && !possible(t, (enum recipe)recipe, i))
		recipe++;
	if (k == DIVISIONS || recipe == RECIPES)
		return false;
	divide_start(&t->division[k], (enum recipe)recipe, i);
	struct ir *ir = ir_append(t, IR_DIVSTART);
	ir->imm = IR_FRS(i->r1, 0, i->r2, i->r3);
	ir->p2 = i->p2;
	ir->size = (uint8_t)k;
	ir->type = (uint8_t)recipe;
	return true;
}

static void append(struct tr *t, const struct insn *i, unsigned k, enum ir_op op, unsigned step)
{
	struct ir *ir = ir_append(t, op);

	ir->imm = i->r1;
	ir->size = (uint8_t)k;
	ir->type = t->division[k].recipe;
	ir->cc = (uint8_t)step;
	ir->a = IR_NONE;
}

bool ir_division(struct tr *t, const struct insn *i)
{
	bool done = false;

	for (unsigned k = 0; k < DIVISIONS; k++) {
		unsigned step = 0;
		enum divide_match m = MATCH_OTHER;
		if (t->division[k].on)
			m = divide_match(&t->division[k], i, &step);
		if (m == MATCH_STEP)
			append(t, i, k, IR_DIVSTEP, step);
		if (m == MATCH_END)
			append(t, i, k, IR_DIVEND, i->op == OP_fcvt_fxu);
		if (m >= MATCH_END)
			t->division[k].on = false;
		done |= m == MATCH_STEP || m == MATCH_END;
	}
	if (!fr_row(i) || i->op == OP_fcvt_xf || (i->op == OP_fma && (i->comp & 3) == 0))
		return done;
	t->integer[(i->r1 & 127) / 64] &= ~(1ull << i->r1 % 64);
	t->integer[(i->r2 & 127) / 64] &= ~(1ull << i->r2 % 64);
	return done;
}
