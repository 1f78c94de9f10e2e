/* SPDX-License-Identifier: MIT */
/* IR of branches, of the register frame and of moves to and from branch, predicate and application
 * registers. */
#include "jit/emit.h"

/* No rotating registers and all rename bases zero: what a call leaves behind. */
static bool plain_frame(const struct tr *t)
{
	return !(t->b->key & (KEY_SOR | KEY_RENAMED));
}

static struct ir *branch(struct tr *t, const struct insn *i, enum branch type)
{
	struct ir *ir = ir_append(t, IR_BRANCH);
	ir->type = (uint8_t)type;
	ir->qp = i->qp;
	ir->imm = (int64_t)(entry_ip(t->b, t->entry) + (uint64_t)i->imm);
	ir->size = i->r1;
	ir->cc = i->r2;
	t->ended = i->qp == 0 && type < BRANCH_CLOOP;
	return ir;
}

bool emit_br_cond(struct tr *t, const struct insn *i)
{
	branch(t, i, BRANCH_DIRECT);
	return true;
}

bool emit_br_call(struct tr *t, const struct insn *i)
{
	if (!plain_frame(t))
		return false;
	branch(t, i, i->op == OP_br_call ? BRANCH_CALL : BRANCH_CALL_INDIRECT);
	return true;
}

bool emit_br_indirect(struct tr *t, const struct insn *i)
{
	branch(t, i, BRANCH_INDIRECT);
	return true;
}

bool emit_br_ret(struct tr *t, const struct insn *i)
{
	if (!plain_frame(t))
		return false;
	branch(t, i, BRANCH_RETURN);
	return true;
}

bool emit_br_cloop(struct tr *t, const struct insn *i)
{
	branch(t, i, BRANCH_CLOOP);
	return true;
}

/* The first of these in a loop may make rename bases other than zero, which changes the key. */
bool emit_br_counted(struct tr *t, const struct insn *i)
{
	if (!(t->b->key & KEY_RENAMED))
		return false;
	branch(t, i, i->op == OP_br_ctop ? BRANCH_CTOP : BRANCH_CEXIT);
	return true;
}

/* While no register may hold a NaT there is nothing to check. */
bool emit_chk_s(struct tr *t, const struct insn *i)
{
	(void)i;
	return !(t->b->key & KEY_NAT);
}

bool emit_alloc(struct tr *t, const struct insn *i)
{
	if ((i->imm >> 14 & 15) != (t->b->key & KEY_SOR))
		return false;
	t->sof = i->imm & 0x7f;
	struct ir *ir = ir_append(t, IR_ALLOC);
	ir->d = i->r1;
	ir->imm = i->imm;
	ir_append(t, IR_REJOIN);
	return true;
}

static bool from_field(struct tr *t, const struct insn *i, int64_t field)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	ir_imm(t, IR_LDC, d, IR_NONE, field);
	ir_result_done(t, i, d);
	return true;
}

static bool to_field(struct tr *t, const struct insn *i, int64_t field)
{
	ir_guard(t, i);
	ir_imm(t, IR_STC, IR_NONE, i->r2, field);
	ir_guard_end(t, i);
	return true;
}

bool emit_mov_from_br(struct tr *t, const struct insn *i)
{
	return from_field(t, i, FIELD(br) + 8 * i->r2);
}

bool emit_mov_to_br(struct tr *t, const struct insn *i)
{
	return to_field(t, i, FIELD(br) + 8 * i->r1);
}

bool emit_mov_from_pr(struct tr *t, const struct insn *i)
{
	if (!plain_frame(t) || !ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	ir_append(t, IR_GETPR)->d = d;
	ir_result_done(t, i, d);
	return true;
}

bool emit_mov_to_pr(struct tr *t, const struct insn *i)
{
	if (!plain_frame(t) || i->qp)
		return false;
	ir_imm(t, IR_SETPR, IR_NONE, i->r2, i->imm & ~1ll);
	return true;
}

bool emit_mov_from_ar(struct tr *t, const struct insn *i)
{
	switch (i->r3) {
	case AR_K0 ... AR_K0 + 7:
	case AR_CSD:
	case AR_UNAT:
	case AR_CCV:
	case AR_FPSR:
		if (i->op != OP_mov_from_ar_m)
			return false;
		break;
	case AR_PFS:
	case AR_LC:
	case AR_EC:
		if (i->op != OP_mov_from_ar_i)
			return false;
		break;
	default:
		return false;
	}
	if (i->r3 == AR_FPSR)
		ir_append(t, IR_FFLAGS);
	return from_field(t, i, FIELD(ar) + 8 * i->r3);
}

#define PFS_RESERVED 0x3c0fffc000000000

bool emit_mov_to_ar(struct tr *t, const struct insn *i)
{
	bool on_m = i->op == OP_mov_to_ar_m || i->op == OP_mov_to_ar_imm_m;
	bool imm = i->op == OP_mov_to_ar_imm_m || i->op == OP_mov_to_ar_imm_i;

	if (i->op == OP_mov_to_ar_i && i->r3 == AR_PFS) {
		ir_guard(t, i);
		ir_imm(t, IR_CHECK0, IR_NONE, i->r2, PFS_RESERVED);
		ir_imm(t, IR_STC, IR_NONE, i->r2, FIELD(ar[AR_PFS]));
		ir_append(t, IR_REJOIN);
		ir_guard_end(t, i);
		return true;
	}
	if (!(on_m ? i->r3 == AR_UNAT || i->r3 == AR_CCV || i->r3 == AR_CSD : i->r3 == AR_LC))
		return false;
	if (!imm)
		return to_field(t, i, FIELD(ar) + 8 * i->r3);
	ir_guard(t, i);
	uint8_t x = ir_temp(t);
	ir_imm(t, IR_MOVI, x, IR_NONE, i->imm);
	ir_imm(t, IR_STC, IR_NONE, x, FIELD(ar) + 8 * i->r3);
	ir_guard_end(t, i);
	return true;
}
