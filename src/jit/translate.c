/* SPDX-License-Identifier: MIT */
/*
 * From an icache page's entries to IR. A block starts at any entry and goes on behind conditional
 * branches until one that is always taken, an instruction that changes what translations rely on,
 * or the end of the page.
 */
#include "cpu/exec.h"
#include "cpu/icache.h"
#include "jit/emit.h"

#include <string.h>

struct ir *ir_append(struct tr *t, enum ir_op op)
{
	struct ir *ir = &t->b->ir[t->b->count++];

	*ir = (struct ir){
		.op = (uint8_t)op, .d = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE};
	ir->insn = (uint16_t)(t->b->insns - 1);
	return ir;
}

struct ir *ir_op2(struct tr *t, enum ir_op op, uint8_t d, uint8_t a, uint8_t b)
{
	struct ir *ir = ir_append(t, op);
	ir->d = d;
	ir->a = a;
	ir->b = b;
	return ir;
}

struct ir *ir_imm(struct tr *t, enum ir_op op, uint8_t d, uint8_t a, int64_t imm)
{
	struct ir *ir = ir_op2(t, op, d, a, IR_NONE);
	ir->imm = imm;
	return ir;
}

bool ir_target(struct tr *t, unsigned r)
{
	if (r < 32)
		return r != 0;
	if (t->sof >= 0)
		return (int)r - 32 < t->sof;
	if (t->b->need_sof < r - 31)
		t->b->need_sof = r - 31;
	return true;
}

uint8_t ir_result(struct tr *t, const struct insn *i)
{
	return i->qp ? ir_temp(t) : i->r1;
}

void ir_result_done(struct tr *t, const struct insn *i, uint8_t d)
{
	if (i->qp)
		ir_op2(t, IR_SEL, i->r1, d, IR_NONE)->qp = i->qp;
}

void ir_guard(struct tr *t, const struct insn *i)
{
	if (i->qp)
		ir_append(t, IR_GUARD)->qp = i->qp;
}

void ir_guard_end(struct tr *t, const struct insn *i)
{
	if (i->qp)
		ir_append(t, IR_END);
}

/* Rotating registers move under the block's feet. */
static bool in_rotation(const struct tr *t, unsigned r)
{
	return r - 32 < (t->b->key & KEY_SOR) * 8;
}

/* After these a new look at what blocks rely on is due. */
bool ir_ends_block(unsigned op)
{
	switch (op) {
	case OP_alloc:
	case OP_cover:
	case OP_clrrrb:
	case OP_clrrrb_pr:
	case OP_br_ctop:
	case OP_br_cexit:
	case OP_br_wtop:
	case OP_br_wexit:
	case OP_epc:
	case OP_bsw_0:
	case OP_bsw_1:
	case OP_loadrs:
	case OP_flushrs:
		return true;
	case OP_mov_from_cr:
	case OP_mov_to_cr:
	case OP_mov_from_psr:
	case OP_mov_from_rr:
	case OP_mov_from_pkr:
	case OP_mov_from_pmc:
	case OP_tpa:
		return false;
	default:
		return op_attributes(op) & OP_PRIV;
	}
}

static void call(struct tr *t, struct insn *i)
{
	if (!i->always)
		ir_guard(t, i);
	ir_append(t, IR_CALL);
	if (!i->always)
		ir_guard_end(t, i);
}

static void next(struct tr *t, unsigned entry, bool look)
{
	struct ir *ir = ir_append(t, IR_NEXT);
	ir->imm = entry;
	ir->type = look;
	t->ended = true;
}

static bool is_branch(unsigned op)
{
	return op >= OP_br_cond && op <= OP_br_call_ind;
}

static void translate(struct tr *t, struct insn *i)
{
	emit_fn *emit = i->exec == exec_table[i->op] ? emit_table[i->op] : NULL;
	bool rotates = in_rotation(t, i->r1) || in_rotation(t, i->r2) || in_rotation(t, i->r3);

	unsigned first = t->b->count;

	t->temps = 0;
	if (t->b->calls_only && !is_branch(i->op))
		emit = NULL;
	else if (ir_division(t, i))
		return;
	if (emit && !(rotates && t->b->key & KEY_NAT) && emit(t, i)) {
		if (rotates)
			ir_rotate(t, first);
		return;
	}
	call(t, i);
	if (ir_ends_block(i->op))
		next(t, t->entry + i->step, true);
}

static void page_end(struct tr *t)
{
	struct ir *ir = ir_append(t, IR_BRANCH);
	ir->type = BRANCH_DIRECT;
	ir->imm = (int64_t)(t->b->va + GRANULE_SIZE);
	t->ended = true;
}

static void add(struct tr *t)
{
	struct ir_block *b = t->b;
	struct insn *i = &b->insn[b->insns];

	*i = *icache_window_at(b->page, t->entry);
	b->entry[b->insns++] = (uint16_t)t->entry;
	if (t->entry == PAGE_INSNS)
		page_end(t);
	else
		translate(t, i);
	if (!t->ended)
		t->entry += i->step;
}

void ir_translate(struct ir_block *b)
{
	struct tr t = {.b = b, .entry = b->start, .sof = -1};

	b->insns = b->count = b->need_sof = 0;
	while (!t.ended && b->insns < b->most && b->count < BLOCK_IR - INSN_IR)
		add(&t);
	if (!t.ended)
		next(&t, t.entry, false);
}
