/* SPDX-License-Identifier: MIT */
/*
 * Out of the way of floating-point code: registers in another form than expected, results that are
 * zero, coming back from an exec function, and the common code for that. See gen_fr.h.
 */
#include "isa/op.h"
#include "jit/gen_fr.h"

void gen_fr_spare_call(struct gen *g, unsigned f, uint64_t (*fn)(struct cpu *, struct freg *))
{
	x_lea(&g->c, RCX, fr_sig(f));
	x_mov_imm(&g->c, RAX, (uintptr_t)fn);
	x_call_to(&g->c, g->jit->form);
}

void gen_fr_make_form(struct gen *g, unsigned f, bool single)
{
	if (single) {
		gen_fr_spare_call(g, f, fr_to_single);
		return;
	}
	x_lea(&g->c, RCX, fr_sig(f));
	x_call_to(&g->c, g->jit->to_double);
}

/* --- out of the way --- */

static void to_leave(struct gen *g, const struct cold *cold, uint8_t *at)
{
	struct cold *leave = &g->cold[cold->leave];

	for (unsigned k = 0; k < countof(leave->from); k++)
		if (!leave->from[k]) {
			leave->from[k] = at;
			return;
		}
	g->failed = true;
}

/* xmm0 is zero, overflown, tiny, or no number. Zero is right when a factor is, or the sum had
 * another addend than zero. fr: 0 or the xmm registers of factors and addend. */
static void cold_zero(struct gen *g, const struct cold *cold)
{
	struct code *c = &g->c;
	const uint8_t *x = cold->fr;

	x_sse_to_reg(c, 8, RAX, XMM0);
	x_alu(c, ALU_ADD, 8, RAX, RAX);
	to_leave(g, cold, x_jcc(c, CC_NE));
	if (x[1] | x[2] | x[3])
		x_sse_xor(c, XMM1, XMM1);
	if (x[3]) {
		x_sse_compare(c, x[3], XMM1);
		x_jcc_to(c, CC_NE, cold->back);
	}
	for (unsigned k = 1; k < 3; k++)
		if (x[k]) {
			x_sse_compare(c, x[k], XMM1);
			x_jcc_to(c, CC_E, cold->back);
		}
	if (x[1] | x[2] | x[3])
		to_leave(g, cold, x_jmp(c));
	else
		x_jmp_to(c, cold->back);
}

void gen_fr_cold(struct gen *g, const struct cold *cold)
{
	struct code *c = &g->c;
	unsigned f = cold->fr[0];

	if (cold->kind == COLD_ZERO) {
		cold_zero(g, cold);
		return;
	}
	if (cold->kind == COLD_FORM) {
		gen_fr_make_form(g, f, cold->fr[1]);
		x_test(c, 4, RAX, RAX);
		x_jcc_to(c, CC_NE, cold->back);
		to_leave(g, cold, x_jmp(c));
		return;
	}
	gen_fr_spare_call(g, f, fr_settle);
	if (cold->fr[1]) {
		x_alu_mem_imm(c, ALU_CMP, 4, fr_exp(f), FREG_EXP_NATVAL);
		to_leave(g, cold, x_jcc(c, CC_E));
	}
	x_jmp_to(c, cold->back);
}

static void after_if(struct gen *g, enum cc cc, unsigned insn)
{
	gen_cold(g, COLD_AFTER, x_jcc(&g->c, cc))->ir = (uint16_t)insn;
}

/* Is what the block relies on true behind the exec, whatever made it necessary? */
static void recheck(struct gen *g, const struct state *s, unsigned insn)
{
	const struct insn *i = &g->b->insn[insn];

	for (unsigned sf = 0; sf < MODES; sf++)
		if (s->fmode >> sf & 1) {
			gen_fr_test_mode(g, sf);
			after_if(g, CC_NE, insn);
		}
	if (i->op == OP_fcvt_fx || i->op == OP_fcvt_fxu) {
		x_alu_mem_imm(&g->c, ALU_CMP, 4, fr_exp(i->r1), FREG_EXP_NATVAL);
		after_if(g, CC_E, insn);
	}
}

/* The exec has settled its operands and may have written something else than a double. */
void gen_frs_reload(struct gen *g, const struct state *s, unsigned insn)
{
	struct code *c = &g->c;
	bool settled = fr_row(&g->b->insn[insn]);

	if (settled)
		recheck(g, s, insn);
	for (unsigned n = 0; n < FPOOL; n++) {
		unsigned f = s->fvalue[n];
		if (f == IR_NONE)
			continue;
		if (f == 0) {
			x_sse_xor(c, POOL_FIRST + n, POOL_FIRST + n);
			continue;
		}
		if (f == 1) {
			x_mov_imm(c, RAX, 0x3ff0000000000000);
			x_sse_from_reg(c, 8, POOL_FIRST + n, RAX);
			continue;
		}
		if (settled) {
			gen_fr_make_form(g, f, s->fsingle >> n & 1);
			x_test(c, 4, RAX, RAX);
			after_if(g, CC_E, insn);
		}
		x_sse_load(c, POOL_FIRST + n, fr_sig(f));
	}
}

/* rax: a C function of cpu and rcx. */
static void common_call(struct code *c, unsigned xmms)
{
	static const enum reg spared[] = {RDX, RSI, RDI, R8, R9, R10, R11};

	/* with 7 registers and the return address the stack is aligned */
	for (unsigned n = 0; n < countof(spared); n++)
		x_push(c, spared[n]);
	if (xmms)
		x_alu_imm(c, ALU_SUB, 8, RSP, 8 * 16);
	for (unsigned n = 0; n < xmms; n++)
		x_sse_store(c, mem_at(RSP, 8 * n), n);
	x_mov(c, 8, RDI, RBX);
	x_mov(c, 8, RSI, RCX);
	x_call(c, RAX);
	for (unsigned n = 0; n < xmms; n++)
		x_sse_load(c, n, mem_at(RSP, 8 * n));
	if (xmms)
		x_alu_imm(c, ALU_ADD, 8, RSP, 8 * 16);
	for (unsigned n = countof(spared); n-- > 0;)
		x_pop(c, spared[n]);
	x_ret(c);
}

void gen_common_form(struct code *c)
{
	common_call(c, 16);
}

void gen_common_soft(struct code *c)
{
	common_call(c, 0);
}

/* The everyday case of fr_to_double. */
void gen_common_to_double(struct code *c, const uint8_t *form)
{
	uint8_t *other[3];

	x_push(c, RDX);
	x_load(c, 8, RDX, mem_at(RCX, offsetof(struct freg, sig)));
	x_load(c, 4, RAX, mem_at(RCX, offsetof(struct freg, exp)));
	x_alu_imm(c, ALU_SUB, 4, RAX, 0xfc01);
	x_alu_imm(c, ALU_CMP, 4, RAX, 0x7fd);
	other[0] = x_jcc(c, CC_A);
	x_test_imm(c, 4, RDX, 0x7ff);
	other[1] = x_jcc(c, CC_NE);
	x_test(c, 8, RDX, RDX);
	other[2] = x_jcc(c, CC_NS);
	x_alu_imm(c, ALU_ADD, 4, RAX, 1);
	x_shift(c, SHIFT_SHL, 8, RAX, 52);
	x_shift(c, SHIFT_SHL, 8, RDX, 1);
	x_shift(c, SHIFT_SHR, 8, RDX, 12);
	x_alu(c, ALU_OR, 8, RAX, RDX);
	x_load(c, 4, RDX, mem_at(RCX, offsetof(struct freg, sign)));
	x_shift(c, SHIFT_SHL, 8, RDX, 63);
	x_alu(c, ALU_OR, 8, RAX, RDX);
	x_store(c, 8, mem_at(RCX, offsetof(struct freg, sig)), RAX);
	x_store_imm(c, 8, mem_at(RCX, offsetof(struct freg, exp)), (int32_t)FORM_DOUBLE);
	x_store_imm(c, 1, CPU(jit.forms), 1);
	x_mov_imm(c, RAX, 1);
	x_pop(c, RDX);
	x_ret(c);
	for (unsigned n = 0; n < countof(other); n++)
		x_here(c, other[n]);
	x_pop(c, RDX);
	x_mov_imm(c, RAX, (uintptr_t)fr_to_double);
	x_jmp_to(c, form);
}
