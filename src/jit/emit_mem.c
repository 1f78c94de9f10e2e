/* SPDX-License-Identifier: MIT */
/* IR of loads, stores and prefetches of general registers: M1 to M5, M13 to M15. */
#include "cpu/exec_mem.h"
#include "jit/emit.h"

/* Access size and base update by row. */
static unsigned access_size(unsigned op)
{
	switch (op) {
	case OP_ld1:
	case OP_ld1_r:
	case OP_ld1_i:
	case OP_st1:
	case OP_st1_i:
		return 1;
	case OP_ld2:
	case OP_ld2_r:
	case OP_ld2_i:
	case OP_st2:
	case OP_st2_i:
		return 2;
	case OP_ld4:
	case OP_ld4_r:
	case OP_ld4_i:
	case OP_st4:
	case OP_st4_i:
		return 4;
	default:
		return 8;
	}
}

static enum update update_of(unsigned op)
{
	switch (op) {
	case OP_ld1_r:
	case OP_ld2_r:
	case OP_ld4_r:
	case OP_ld8_r:
	case OP_ld8_fill_r:
	case OP_lfetch_r:
	case OP_ldf8_r:
	case OP_ldfd_r:
	case OP_ldfs_r:
	case OP_ldf_fill_r:
		return UPDATE_REG;
	case OP_ld1_i:
	case OP_ld2_i:
	case OP_ld4_i:
	case OP_ld8_i:
	case OP_ld8_fill_i:
	case OP_st1_i:
	case OP_st2_i:
	case OP_st4_i:
	case OP_st8_i:
	case OP_st8_spill_i:
	case OP_lfetch_i:
	case OP_ldf8_i:
	case OP_ldfd_i:
	case OP_ldfs_i:
	case OP_stfs_i:
	case OP_stfd_i:
	case OP_ldf_fill_i:
	case OP_stf8_i:
	case OP_stf_spill_i:
		return UPDATE_IMM;
	default:
		return UPDATE_NONE;
	}
}

void ir_update(struct tr *t, const struct insn *i, uint8_t inc)
{
	enum update u = update_of(i->op);

	if (u == UPDATE_REG)
		ir_op2(t, IR_ADD, i->r3, i->r3, inc);
	else if (u == UPDATE_IMM && i->imm)
		ir_imm(t, IR_ADD, i->r3, i->r3, i->imm);
}

bool ir_update_legal(struct tr *t, const struct insn *i)
{
	return update_of(i->op) == UPDATE_NONE || ir_target(t, i->r3);
}

/* A register that an ALAT entry may be made for here. */
static bool alat_register(const struct tr *t, unsigned r)
{
	return !(t->b->key & KEY_NAT) && r - 32 >= (t->b->key & KEY_SOR) * 8;
}

/* A check load does nothing but the base update while the entry holds. */
static bool check_load(struct tr *t, const struct insn *i)
{
	enum ldtype type = ld_type(i);

	if (!alat_register(t, i->r1) || !ir_target(t, i->r1) || !ir_update_legal(t, i))
		return false;
	ir_guard(t, i);
	struct ir *ir = ir_imm(t, IR_ALATCHECK, IR_NONE, IR_NONE, i->r1);
	ir->type = type != LD_C_NC;
	ir_update(t, i, i->r2);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

bool emit_load(struct tr *t, const struct insn *i)
{
	enum update u = update_of(i->op);
	bool fill = i->op == OP_ld8_fill || i->op == OP_ld8_fill_r || i->op == OP_ld8_fill_i;
	bool advanced = !fill && ld_is_advanced(ld_type(i));
	uint8_t inc = i->r2, va = i->r3;

	if (!fill && ld_is_check(ld_type(i)))
		return check_load(t, i);
	if (advanced && !alat_register(t, i->r1))
		return false;
	if (!ir_target(t, i->r1) || !ir_update_legal(t, i))
		return false;
	ir_guard(t, i);
	if (u == UPDATE_REG && inc == i->r1) {
		inc = ir_temp(t);
		ir_op2(t, IR_MOV, inc, i->r2, IR_NONE);
	}
	if (advanced && va == i->r1) {
		va = ir_temp(t);
		ir_op2(t, IR_MOV, va, i->r3, IR_NONE);
	}
	struct ir *ir = ir_op2(t, IR_LOAD, i->r1, va, IR_NONE);
	ir->size = (uint8_t)access_size(i->op);
	ir->type = fill;
	if (advanced) {
		ir = ir_op2(t, IR_ALATSET, IR_NONE, va, i->r1);
		ir->imm = i->r1;
		ir->size = (uint8_t)access_size(i->op);
	}
	ir_update(t, i, inc);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

/* chk.a: its exec branches where there is no entry. */
bool emit_chk_a(struct tr *t, const struct insn *i)
{
	if (!alat_register(t, i->r1))
		return false;
	ir_guard(t, i);
	struct ir *ir = ir_imm(t, IR_ALATCHECK, IR_NONE, IR_NONE, i->r1);
	ir->type = i->comp & 1;
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

bool emit_mf(struct tr *t, const struct insn *i)
{
	ir_guard(t, i);
	ir_append(t, IR_FENCE);
	ir_guard_end(t, i);
	return true;
}

static unsigned semaphore_size(unsigned op)
{
	switch (op) {
	case OP_cmpxchg1:
	case OP_xchg1:
		return 1;
	case OP_cmpxchg2:
	case OP_xchg2:
		return 2;
	case OP_cmpxchg4:
	case OP_xchg4:
	case OP_fetchadd4:
		return 4;
	default:
		return 8;
	}
}

bool emit_semaphore(struct tr *t, const struct insn *i)
{
	bool add = i->op == OP_fetchadd4 || i->op == OP_fetchadd8;

	if (!ir_target(t, i->r1))
		return false;
	ir_guard(t, i);
	struct ir *ir = ir_op2(t, IR_SEMAPHORE, i->r1, i->r3, add ? IR_NONE : i->r2);
	ir->imm = i->imm;
	ir->size = (uint8_t)semaphore_size(i->op);
	ir->type = add					    ? SEMAPHORE_ADD
		   : i->op >= OP_xchg1 && i->op <= OP_xchg8 ? SEMAPHORE_XCHG
							    : SEMAPHORE_CMPXCHG;
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

bool emit_store(struct tr *t, const struct insn *i)
{
	bool spill = i->op == OP_st8_spill || i->op == OP_st8_spill_i;

	if (!ir_update_legal(t, i))
		return false;
	ir_guard(t, i);
	struct ir *ir = ir_op2(t, IR_STORE, IR_NONE, i->r3, i->r2);
	ir->size = (uint8_t)access_size(i->op);
	ir->type = spill;
	ir_update(t, i, IR_NONE);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

#define LFETCH_FAULT 2

bool emit_lfetch(struct tr *t, const struct insn *i)
{
	enum update u = update_of(i->op);

	if (i->comp & LFETCH_FAULT || !ir_update_legal(t, i))
		return false;
	if (u == UPDATE_NONE)
		return true;
	ir_guard(t, i);
	ir_update(t, i, i->r2);
	ir_guard_end(t, i);
	return true;
}
