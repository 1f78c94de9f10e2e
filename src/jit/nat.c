/* SPDX-License-Identifier: MIT */
/*
 * A pass: under KEY_NAT, which general registers are tested to hold no NaT where the block begins.
 * Those are the ones it needs from before it. Nothing in a block makes a NaT without leaving it, so
 * that those need no clearing of their NaT bits when they are written, only the others do.
 */
#include "jit/pass.h"

/* Read, or written on one of two ways only. */
static bool needs(const struct ir *ir, unsigned operand, bool guarded)
{
	return operand < 3 || ir->op == IR_SEL || guarded;
}

bool ir_nats(struct ir_block *b)
{
	uint64_t written[2] = {1, 0}, *test = b->nat_test;
	bool guarded = false;

	test[0] = test[1] = 0;
	if (!(b->key & KEY_NAT))
		return false;
	for (unsigned n = 0; n < b->count; n++) {
		const struct ir *ir = &b->ir[n];
		const uint8_t value[4] = {ir->a, ir->b, ir->c, ir->d};
		guarded = ir_guarded(ir, guarded);
		for (unsigned k = 0; k < 4; k++)
			if (value[k] < IR_TEMP && needs(ir, k, guarded))
				test[value[k] / 64] |=
					1ull << value[k] % 64 & ~written[value[k] / 64];
		if (ir->d < IR_TEMP)
			written[ir->d / 64] |= 1ull << ir->d % 64;
	}
	return test[0] | test[1];
}
