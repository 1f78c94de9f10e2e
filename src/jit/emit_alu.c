/* SPDX-License-Identifier: MIT */
/* IR of integer computation: formats A1 to A5, I5, I7, I9 to I15, I29 and movl. */
#include "jit/emit.h"
#include "jit/jit.h"

static enum ir_op alu_op(unsigned op)
{
	switch (op) {
	case OP_add:
	case OP_add_1:
	case OP_adds:
	case OP_addl:
		return IR_ADD;
	case OP_sub:
	case OP_sub_1:
		return IR_SUB;
	case OP_sub_imm:
		return IR_RSUB;
	case OP_and:
	case OP_and_imm:
	case OP_andcm:
	case OP_andcm_imm:
		return IR_AND;
	case OP_or:
	case OP_or_imm:
		return IR_OR;
	default:
		return IR_XOR;
	}
}

bool emit_alu2(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), b = i->r3;
	bool more = i->op == OP_add_1 || i->op == OP_sub_1;
	uint8_t first = more ? ir_temp(t) : d;

	if (i->op == OP_andcm) {
		b = ir_temp(t);
		ir_imm(t, IR_XOR, b, i->r3, -1);
	}
	ir_op2(t, alu_op(i->op), first, i->r2, b);
	if (more)
		ir_imm(t, IR_ADD, d, first, i->op == OP_add_1 ? 1 : -1);
	ir_result_done(t, i, d);
	return true;
}

bool emit_alu_imm(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), a = i->r3;

	if (i->op == OP_andcm_imm) {
		a = ir_temp(t);
		ir_imm(t, IR_XOR, a, i->r3, -1);
	}
	if (alu_op(i->op) == IR_ADD && a == 0)
		ir_imm(t, IR_MOVI, d, IR_NONE, i->imm);
	else if (alu_op(i->op) == IR_ADD && i->imm == 0)
		ir_op2(t, IR_MOV, d, a, IR_NONE);
	else
		ir_imm(t, alu_op(i->op), d, a, i->imm);
	ir_result_done(t, i, d);
	return true;
}

/* Count 4 is a shift and an add. */
static void shladd(struct tr *t, const struct insn *i, uint8_t d)
{
	if (i->pos < 4) {
		ir_op2(t, IR_SHLADD, d, i->r2, i->r3)->imm = i->pos;
		return;
	}
	uint8_t x = ir_temp(t);
	ir_imm(t, IR_SHL, x, i->r2, i->pos);
	ir_op2(t, IR_ADD, d, x, i->r3);
}

bool emit_shladd(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	shladd(t, i, d);
	ir_result_done(t, i, d);
	return true;
}

/* d = sum cut to 32 bits, with bits 31:30 of the pointer as region. */
static void pointer4(struct tr *t, uint8_t d, uint8_t sum, uint8_t pointer)
{
	uint8_t region = ir_temp(t), low = ir_temp(t);
	ir_imm(t, IR_SHR, region, pointer, 30);
	ir_imm(t, IR_AND, region, region, 3);
	ir_imm(t, IR_SHL, region, region, 61);
	ir_op2(t, IR_ZEXT, low, sum, IR_NONE)->size = 4;
	ir_op2(t, IR_OR, d, low, region);
}

bool emit_addp4(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), sum = ir_temp(t);
	if (i->op == OP_addp4)
		ir_op2(t, IR_ADD, sum, i->r2, i->r3);
	else
		shladd(t, i, sum);
	pointer4(t, d, sum, i->r3);
	ir_result_done(t, i, d);
	return true;
}

bool emit_addp4_imm(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), sum = ir_temp(t);
	ir_imm(t, IR_ADD, sum, i->r3, i->imm);
	pointer4(t, d, sum, i->r3);
	ir_result_done(t, i, d);
	return true;
}

static bool constant(struct tr *t, const struct insn *i, uint64_t v)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	ir_imm(t, IR_MOVI, d, IR_NONE, (int64_t)v);
	ir_result_done(t, i, d);
	return true;
}

bool emit_movl(struct tr *t, const struct insn *i)
{
	return constant(t, i, (uint64_t)i->imm);
}

bool emit_mov_ip(struct tr *t, const struct insn *i)
{
	return constant(t, i, entry_ip(t->b, t->entry));
}

bool emit_nothing(struct tr *t, const struct insn *i)
{
	(void)t, (void)i;
	return true;
}

bool emit_shift_v(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	if (i->op == OP_shl)
		ir_op2(t, IR_SHLV, d, i->r2, i->r3);
	else
		ir_op2(t, i->op == OP_shr ? IR_SARV : IR_SHRV, d, i->r3, i->r2);
	ir_result_done(t, i, d);
	return true;
}

bool emit_shrp(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	ir_op2(t, IR_SHRD, d, i->r2, i->r3)->imm = i->pos;
	ir_result_done(t, i, d);
	return true;
}

static unsigned field_length(const struct insn *i)
{
	unsigned room = 64u - i->pos;
	return i->len < room ? i->len : room;
}

/* d = len bits of a at pos, sign- or zero-extended. */
static void extract(struct tr *t, uint8_t d, uint8_t a, unsigned pos, unsigned len, bool sign)
{
	if (pos == 0 && (len == 8 || len == 16 || len == 32)) {
		ir_op2(t, sign ? IR_SEXT : IR_ZEXT, d, a, IR_NONE)->size = (uint8_t)(len / 8);
		return;
	}
	if (pos + len == 64) {
		ir_imm(t, sign ? IR_SAR : IR_SHR, d, a, pos);
		return;
	}
	uint8_t x = ir_temp(t);
	if (!sign && len < 32) {
		ir_imm(t, IR_SHR, x, a, pos);
		ir_imm(t, IR_AND, d, x, (1ll << len) - 1);
		return;
	}
	ir_imm(t, IR_SHL, x, a, 64 - (int)(pos + len));
	ir_imm(t, sign ? IR_SAR : IR_SHR, d, x, 64 - (int)len);
}

bool emit_extr(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	extract(t, d, i->r3, i->pos, field_length(i), i->op == OP_extr);
	ir_result_done(t, i, d);
	return true;
}

/* dep, dep_z, dep_imm, dep_z_imm: a field moved to pos, around it r3 or nothing. */
bool emit_dep(struct tr *t, const struct insn *i)
{
	unsigned len = field_length(i);
	bool imm = i->op == OP_dep_imm || i->op == OP_dep_z_imm;
	bool zero = i->op == OP_dep_z || i->op == OP_dep_z_imm;
	uint64_t low = len > 63 ? ~0ull : (1ull << len) - 1, mask = low << i->pos;

	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	if (imm) {
		int64_t field = (int64_t)((uint64_t)i->imm << i->pos & mask);
		if (zero) {
			ir_imm(t, IR_MOVI, d, IR_NONE, field);
		} else if (field) {
			ir_imm(t, IR_OR, d, i->r3, field);
		} else {
			ir_imm(t, IR_AND, d, i->r3, (int64_t)~mask);
		}
	} else {
		uint8_t x = ir_temp(t), rest = ir_temp(t);
		extract(t, x, i->r2, 0, len, false);
		if (zero) {
			ir_imm(t, IR_SHL, d, x, i->pos);
		} else {
			ir_imm(t, IR_SHL, x, x, i->pos);
			ir_imm(t, IR_AND, rest, i->r3, (int64_t)~mask);
			ir_op2(t, IR_OR, d, rest, x);
		}
	}
	ir_result_done(t, i, d);
	return true;
}

bool emit_extend(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	bool sign = i->op == OP_sxt1 || i->op == OP_sxt2 || i->op == OP_sxt4;
	unsigned size = i->op == OP_sxt1 || i->op == OP_zxt1   ? 1
			: i->op == OP_sxt2 || i->op == OP_zxt2 ? 2
							       : 4;
	uint8_t d = ir_result(t, i);
	ir_op2(t, sign ? IR_SEXT : IR_ZEXT, d, i->r3, IR_NONE)->size = (uint8_t)size;
	ir_result_done(t, i, d);
	return true;
}

bool emit_czx(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	struct ir *ir = ir_op2(t, IR_CZX, d, i->r3, IR_NONE);
	ir->size = i->op == OP_czx1_l || i->op == OP_czx1_r ? 1 : 2;
	ir->type = i->op == OP_czx1_l || i->op == OP_czx2_l;
	ir_result_done(t, i, d);
	return true;
}

bool emit_popcnt(struct tr *t, const struct insn *i)
{
	if (!(t->b->host & HOST_POPCNT) || !ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i);
	ir_op2(t, IR_POPCNT, d, i->r3, IR_NONE);
	ir_result_done(t, i, d);
	return true;
}

/* Left or right halves of r2 and r3 side by side: unpack4.l makes what mix4.r does. */
bool emit_mix4(struct tr *t, const struct insn *i)
{
	bool right = i->op == OP_mix4_r || i->op == OP_unpack4_l;

	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), x = ir_temp(t), y = ir_temp(t);
	if (right) {
		ir_imm(t, IR_SHL, x, i->r2, 32);
		ir_op2(t, IR_ZEXT, y, i->r3, IR_NONE)->size = 4;
	} else {
		ir_imm(t, IR_SHR, x, i->r2, 32);
		ir_imm(t, IR_SHL, x, x, 32);
		ir_imm(t, IR_SHR, y, i->r3, 32);
	}
	ir_op2(t, IR_OR, d, x, y);
	ir_result_done(t, i, d);
	return true;
}

#define MUX1_BRCST 0
#define MUX1_REV   11

bool emit_mux1(struct tr *t, const struct insn *i)
{
	if ((i->imm != MUX1_REV && i->imm != MUX1_BRCST) || !ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), x = ir_temp(t), y = ir_temp(t);
	if (i->imm == MUX1_REV) {
		ir_op2(t, IR_BSWAP, d, i->r2, IR_NONE);
	} else {
		ir_op2(t, IR_ZEXT, x, i->r2, IR_NONE)->size = 1;
		ir_imm(t, IR_MOVI, y, IR_NONE, 0x0101010101010101);
		ir_op2(t, IR_MUL, d, x, y);
	}
	ir_result_done(t, i, d);
	return true;
}

/* Each quarter is the one that two bits of the immediate name. */
bool emit_mux2(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	uint8_t d = ir_result(t, i), x = ir_temp(t), y = ir_temp(t);
	for (unsigned n = 0; n < 4; n++) {
		uint8_t part = n ? y : x;
		extract(t, part, i->r2, ((uint64_t)i->imm >> 2 * n & 3) * 16, 16, false);
		t->temps = (unsigned)(y - IR_TEMP) + 1; /* extract's own is free again */
		if (n == 0)
			continue;
		ir_imm(t, IR_SHL, y, y, 16 * (int)n);
		ir_op2(t, IR_OR, n == 3 ? d : x, x, y);
	}
	ir_result_done(t, i, d);
	return true;
}
