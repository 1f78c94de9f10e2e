/* SPDX-License-Identifier: MIT */
/*
 * Passes over a block's IR: each leaves IR that means the same and is less work. They look at
 * nothing but the block. What may be left out is decided by what can see it: an operation that may
 * leave the block, take a slow way or call (ir_leaves) shows every register and predicate as the
 * guest knows them.
 */
#ifndef JIT_PASS_H
#define JIT_PASS_H

#include "jit/ir.h"

/* Returns whether it changed the IR. */
typedef bool ir_pass_fn(struct ir_block *b);

ir_pass_fn ir_nats, ir_propagate, ir_dead;

/* All of them, in order. Those whose letter is in letters (NULL: none) print the IR before and
 * after they changed it. */
void ir_run_passes(struct ir_block *b, const char *letters, FILE *out);

/* Does it only compute d (and c) of its operands? */
static inline bool ir_is_pure(const struct ir *ir)
{
	return (ir->op >= IR_MOV && ir->op <= IR_SEL) || ir->op == IR_BSWAP || ir->op == IR_MULH ||
	       ir->op == IR_CZX || ir->op == IR_LDC || ir->op == IR_LDR;
}

/* May it leave the block or show the guest's state otherwise? */
bool ir_leaves(const struct ir *ir);

/* What a guard's contents define is so on one of two ways only. */
static inline bool ir_guarded(const struct ir *ir, bool before)
{
	return ir->op == IR_GUARD || (before && ir->op != IR_END);
}

#endif
