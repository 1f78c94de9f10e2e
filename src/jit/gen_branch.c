/* SPDX-License-Identifier: MIT */
/*
 * Taken branches: slots retire, the budget's end or a kick leaves, and the way to the target is a
 * jump that can be linked, a look at where a register leads, or a note of br.call's that comes
 * back.
 */
#include "cpu/rse.h"
#include "jit/gen.h"

/* Slots retire, and the budget's end or a kick leaves. Returns the jumps to where. */
static void retire(struct gen *g, const struct ir *ir, uint32_t exit, uint8_t *out[2])
{
	unsigned slots = g->b->entry[ir->insn] - g->b->start + 1;

	x_alu_imm(&g->c, ALU_SUB, 8, R15, (int32_t)slots);
	out[0] = x_jcc(&g->c, CC_LE);
	x_alu_mem_imm(&g->c, ALU_CMP, 4, CPU(kick), 0);
	out[1] = x_jcc(&g->c, CC_NE);
	x_store_imm(&g->c, 4, CPU(jit.from), (int32_t)exit);
}

static void go_direct(struct gen *g, const struct ir *ir)
{
	uint32_t exit = gen_exit_point(g, LEAVE_BRANCH, ir->insn);
	uint8_t *out[2];

	g->jit->exit[exit].ip = (gva_t)ir->imm;
	retire(g, ir, exit, out);
	gen_linkable(g, exit);
	x_here(&g->c, out[0]);
	x_here(&g->c, out[1]);
	gen_leave(g, exit);
}

/* The target is in rax. */
static void go_indirect(struct gen *g, const struct ir *ir)
{
	uint32_t exit = gen_exit_point(g, LEAVE_INDIRECT, ir->insn);
	uint8_t *out[2];

	retire(g, ir, exit, out);
	if (ir->type == BRANCH_RETURN)
		gen_return_follow(g);
	x_mov_imm(&g->c, RCX, g->b->key);
	x_jmp_to(&g->c, g->jit->lookup);
	x_here(&g->c, out[0]);
	x_here(&g->c, out[1]);
	x_store(&g->c, 8, CPU(jit.target), RAX);
	gen_leave(g, exit);
}

static void load_target(struct gen *g, enum reg d, unsigned b)
{
	x_load(&g->c, 8, d, cpu_at((int64_t)offsetof(struct cpu, br) + 8 * b));
	x_alu_imm(&g->c, ALU_AND, 8, d, -16);
}

/* What inline code does not do: exec does, and says that it branched. */
static void call_and_leave(struct gen *g, const struct ir *ir)
{
	gen_name_insn(g, ir->insn);
	x_call_to(&g->c, g->jit->call);
	gen_leave_result(g, ir->insn);
}

/* br and ar.pfs of a call. */
static void call_links(struct gen *g, const struct state *s, const struct ir *ir)
{
	struct code *c = &g->c;
	unsigned entry = g->b->entry[ir->insn];

	x_mov_imm(c, RAX, entry_ip(g->b, entry) + 16);
	x_store(c, 8, cpu_at((int64_t)offsetof(struct cpu, br) + 8 * ir->size), RAX);
	if (s->sof >= 0) {
		x_mov_imm(c, RAX, (unsigned)(s->sof | s->sol << 7));
	} else {
		x_load(c, 4, RAX, CPU(sol));
		x_shift(c, SHIFT_SHL, 4, RAX, 7);
		x_alu_load(c, ALU_OR, 4, RAX, CPU(sof));
	}
	x_load(c, 8, RCX, CPU(ar[AR_EC]));
	x_shift(c, SHIFT_SHL, 8, RCX, 52);
	x_alu(c, ALU_OR, 8, RAX, RCX);
	x_load(c, 4, RCX, CPU(cpl));
	x_shift(c, SHIFT_SHL, 8, RCX, 62);
	x_alu(c, ALU_OR, 8, RAX, RCX);
	x_store(c, 8, CPU(ar[AR_PFS]), RAX);
}

/* The locals become dirty; rdi is the new frame index, rsi the locals. */
static void call_frame(struct gen *g)
{
	struct code *c = &g->c;
	struct mem r12 = {R12, RSI, 8, 0};

	x_store(c, 4, CPU(rse.frame), RDI);
	x_lea(c, R12, r12);
	x_store(c, 8, CPU(gr_base[1]), R12);
	x_alu_store(c, ALU_ADD, 8, CPU(nat_base[1]), RSI);
	x_alu_store(c, ALU_ADD, 4, CPU(rse.dirty), RSI);
	x_alu_store(c, ALU_SUB, 4, CPU(sof), RSI);
	x_store_imm(c, 4, CPU(sol), 0);
}

static void taken_call(struct gen *g, const struct state *s, const struct ir *ir)
{
	struct code *c = &g->c;
	uint8_t *way = gen_return_push(g, ir->insn);

	x_load(c, 4, RSI, CPU(sol));
	x_load(c, 4, RDI, CPU(rse.frame));
	x_alu(c, ALU_ADD, 4, RDI, RSI);
	x_alu_imm(c, ALU_CMP, 4, RDI, RSE_FRAME_HIGH);
	uint8_t *slow = x_jcc(c, CC_A);
	if (ir->type == BRANCH_CALL_INDIRECT)
		load_target(g, RDX, ir->cc);
	call_links(g, s, ir);
	call_frame(g);
	if (ir->type == BRANCH_CALL_INDIRECT) {
		x_mov(c, 8, RAX, RDX);
		go_indirect(g, ir);
	} else {
		go_direct(g, ir);
	}
	gen_return_way(g, ir->insn, way);
	x_here(c, slow);
	call_and_leave(g, ir);
}

/* rax: ar.pfs; leaves sof in rdx, sol in rcx, dirty in rsi, frame in rdi; jumps away when the
 * return is not an everyday one: rotation, lower privilege, fill, or a moved ring. */
static unsigned return_frame(struct gen *g, uint8_t *slow[8])
{
	struct code *c = &g->c;
	unsigned n = 0;

	x_mov_imm(c, RCX, 0x3fffffc000); /* sor and rename bases */
	x_test(c, 8, RAX, RCX);
	slow[n++] = x_jcc(c, CC_NE);
	x_mov(c, 8, RCX, RAX);
	x_shift(c, SHIFT_SHR, 8, RCX, 62);
	x_alu_load(c, ALU_CMP, 4, RCX, CPU(cpl));
	slow[n++] = x_jcc(c, CC_A);
	x_mov(c, 4, RCX, RAX);
	x_shift(c, SHIFT_SHR, 4, RCX, 7);
	x_alu_imm(c, ALU_AND, 4, RCX, 0x7f);
	x_mov(c, 4, RDX, RAX);
	x_alu_imm(c, ALU_AND, 4, RDX, 0x7f);
	x_alu(c, ALU_CMP, 4, RCX, RDX);
	slow[n++] = x_jcc(c, CC_A);
	x_load(c, 4, RSI, CPU(rse.dirty));
	x_alu(c, ALU_SUB, 4, RSI, RCX);
	slow[n++] = x_jcc(c, CC_S);
	x_lea(c, RDI, mem_index(RSI, RDX));
	x_alu_imm(c, ALU_CMP, 4, RDI, RSE_PHYS); /* so sof is not above it either */
	slow[n++] = x_jcc(c, CC_A);
	x_load(c, 4, RDI, CPU(rse.frame));
	x_alu(c, ALU_SUB, 4, RDI, RCX);
	x_alu_imm(c, ALU_CMP, 4, RDI, RSE_FRAME_LOW);
	slow[n++] = x_jcc(c, CC_B);
	return n;
}

static void taken_return(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	uint8_t *slow[8];

	gen_return_pop(g);
	x_load(c, 8, RAX, CPU(ar[AR_PFS]));
	unsigned n = return_frame(g, slow);
	x_store(c, 4, CPU(rse.dirty), RSI);
	x_store(c, 4, CPU(rse.frame), RDI);
	x_store(c, 4, CPU(sof), RDX);
	x_store(c, 4, CPU(sol), RCX);
	x_alu_store(c, ALU_SUB, 8, CPU(nat_base[1]), RCX);
	x_shift(c, SHIFT_SHL, 4, RCX, 3);
	x_alu(c, ALU_SUB, 8, R12, RCX);
	x_store(c, 8, CPU(gr_base[1]), R12);
	x_shift(c, SHIFT_SHR, 8, RAX, 52);
	x_alu_imm(c, ALU_AND, 4, RAX, 63);
	x_store(c, 8, CPU(ar[AR_EC]), RAX);
	load_target(g, RAX, ir->cc);
	go_indirect(g, ir);
	while (n--)
		x_here(c, slow[n]);
	call_and_leave(g, ir);
}

void gen_taken(struct gen *g, const struct state *s, const struct ir *ir)
{
	gen_write_home(g, s);
	switch (ir->type) {
	case BRANCH_CLOOP:
		x_inc_mem(&g->c, true, CPU(ar[AR_LC]));
		go_direct(g, ir);
		break;
	case BRANCH_CALL:
	case BRANCH_CALL_INDIRECT:
		taken_call(g, s, ir);
		break;
	case BRANCH_INDIRECT:
		load_target(g, RAX, ir->cc);
		go_indirect(g, ir);
		break;
	case BRANCH_RETURN:
		taken_return(g, ir);
		break;
	default:
		go_direct(g, ir);
	}
}

void gen_branch(struct gen *g, const struct ir *ir)
{
	bool v;

	if (ir->type == BRANCH_CLOOP) {
		x_alu_mem_imm(&g->c, ALU_CMP, 8, CPU(ar[AR_LC]), 0);
		gen_cold(g, COLD_BRANCH, x_jcc(&g->c, CC_NE));
		return;
	}
	if (ir->type == BRANCH_CTOP || ir->type == BRANCH_CEXIT) {
		gen_all_preds_home(g);
		x_call_to(&g->c, g->jit->counted);
		gen_cold(g, COLD_BRANCH, x_jcc(&g->c, ir->type == BRANCH_CTOP ? CC_NE : CC_E));
		return;
	}
	if (gen_known(g, ir->qp, &v)) {
		if (v) {
			gen_taken(g, &g->s, ir);
			g->pos = g->b->count; /* nothing is reached behind it */
		}
		return;
	}
	struct cold *cold = gen_cold(g, COLD_BRANCH, x_jcc(&g->c, gen_test(g, &g->s, ir->qp)));
	gen_pred_known(&cold->state, ir->qp, true);
	gen_pred_known(&g->s, ir->qp, false);
}
