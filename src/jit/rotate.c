/* SPDX-License-Identifier: MIT */
/*
 * A pass over the IR of one instruction: general registers that rotate are not where their names
 * say, so they become temporaries, read and written through the rename base. One translation serves
 * every base.
 */
#include "jit/emit.h"

#include <string.h>

static bool rotates(const struct tr *t, unsigned v)
{
	return v - 32 < (t->b->key & KEY_SOR) * 8;
}

static uint8_t read_rotating(struct tr *t, uint8_t v)
{
	if (!rotates(t, v))
		return v;
	uint8_t x = ir_temp(t);
	ir_imm(t, IR_LDR, x, IR_NONE, v);
	return x;
}

static void rewrite(struct tr *t, struct ir ir)
{
	uint8_t d = ir.d;

	ir.a = read_rotating(t, ir.a);
	ir.b = read_rotating(t, ir.b);
	if (rotates(t, d))
		ir.d = ir.op == IR_SEL ? read_rotating(t, d) : ir_temp(t);
	*ir_append(t, IR_NOP) = ir;
	if (rotates(t, d))
		ir_imm(t, IR_STR, IR_NONE, ir.d, d);
}

void ir_rotate(struct tr *t, unsigned first)
{
	struct ir old[32];
	unsigned n = t->b->count - first;

	memcpy(old, t->b->ir + first, n * sizeof(old[0]));
	t->b->count = first;
	for (unsigned k = 0; k < n; k++)
		rewrite(t, old[k]);
}
