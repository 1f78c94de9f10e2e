/* SPDX-License-Identifier: MIT */
/* IR of compares and bit tests: A6 to A8, I16. */
#include "jit/emit.h"

/* What a compare row says: relation of first and second operand, width, how targets are written. */
struct relation {
	enum cc cc;
	unsigned size;
	enum cmp_type type;
};

#define TYPES(name, suffix, c, w)                                                                  \
	case OP_##name##_and##suffix:                                                              \
		return (struct relation){c, w, CMP_AND};                                           \
	case OP_##name##_or##suffix:                                                               \
		return (struct relation){c, w, CMP_OR};                                            \
	case OP_##name##_or_andcm##suffix:                                                         \
		return (struct relation){c, w, CMP_OR_ANDCM};
#define COMPARES(cmp, suffix, w)                                                                   \
	case OP_##cmp##_lt##suffix:                                                                \
		return (struct relation){CC_L, w, CMP_NORMAL};                                     \
	case OP_##cmp##_ltu##suffix:                                                               \
		return (struct relation){CC_B, w, CMP_NORMAL};                                     \
	case OP_##cmp##_eq##suffix:                                                                \
		return (struct relation){CC_E, w, CMP_NORMAL};                                     \
		TYPES(cmp##_eq, suffix, CC_E, w)                                                   \
		TYPES(cmp##_ne, suffix, CC_NE, w)

static struct relation relation_of(unsigned op)
{
	switch (op) {
		COMPARES(cmp, , 8)
		COMPARES(cmp4, , 4)
		COMPARES(cmp, _imm, 8)
		COMPARES(cmp4, _imm, 4)
		TYPES(cmp_gt, , CC_G, 8)
		TYPES(cmp_le, , CC_LE, 8)
		TYPES(cmp_ge, , CC_GE, 8)
		TYPES(cmp_lt, , CC_L, 8)
		TYPES(cmp4_gt, , CC_G, 4)
		TYPES(cmp4_le, , CC_LE, 4)
		TYPES(cmp4_ge, , CC_GE, 4)
		TYPES(cmp4_lt, , CC_L, 4)
	case OP_tbit_z:
		return (struct relation){CC_AE, 0, CMP_NORMAL};
		TYPES(tbit_z, , CC_AE, 0)
		TYPES(tbit_nz, , CC_B, 0)
	default:
		return (struct relation){CC_E, 0, CMP_NORMAL};
	}
}

/* The same relation with its operands exchanged. */
static enum cc swapped(enum cc cc)
{
	switch (cc) {
	case CC_L:
		return CC_G;
	case CC_G:
		return CC_L;
	case CC_LE:
		return CC_GE;
	case CC_GE:
		return CC_LE;
	case CC_B:
		return CC_A;
	default:
		return cc;
	}
}

static struct ir *compare(struct tr *t, const struct insn *i, enum ir_op op)
{
	struct relation r = relation_of(i->op);
	struct ir *ir = ir_append(t, op);

	ir->cc = (uint8_t)r.cc;
	ir->size = (uint8_t)r.size;
	ir->type = (uint8_t)(r.type == CMP_NORMAL && i->comp & 1 ? CMP_UNC : r.type);
	ir->qp = i->qp;
	ir->p1 = i->p1;
	ir->p2 = i->p2;
	return ir;
}

/* first rel r3 with a constant first */
static bool compare_constant(struct tr *t, const struct insn *i, int64_t first, uint8_t second)
{
	struct ir *ir = compare(t, i, IR_CMP);
	ir->cc = (uint8_t)swapped(ir->cc);
	ir->a = second;
	ir->imm = first;
	return true;
}

bool emit_cmp(struct tr *t, const struct insn *i)
{
	if (i->r2 == 0)
		return compare_constant(t, i, 0, i->r3);
	struct ir *ir = compare(t, i, IR_CMP);
	ir->a = i->r2;
	if (i->r3)
		ir->b = i->r3;
	return true;
}

bool emit_cmp_imm(struct tr *t, const struct insn *i)
{
	return compare_constant(t, i, i->imm, i->r3);
}

bool emit_cmp_zero(struct tr *t, const struct insn *i)
{
	return compare_constant(t, i, 0, i->r3);
}

bool emit_tbit(struct tr *t, const struct insn *i)
{
	struct ir *ir = compare(t, i, IR_TBIT);
	ir->a = i->r3;
	ir->imm = i->pos;
	return true;
}

/* While no register may hold a NaT: a relation known beforehand. */
bool emit_tnat(struct tr *t, const struct insn *i)
{
	if (t->b->key & KEY_NAT)
		return false;
	struct ir *ir = ir_imm(t, IR_CMP, IR_NONE, 0, 0);
	ir->size = 8;
	ir->cc = CC_E;
	ir->type = i->comp & 1 ? CMP_UNC : CMP_NORMAL;
	ir->p1 = i->p1;
	ir->p2 = i->p2;
	ir->qp = i->qp;
	return true;
}
