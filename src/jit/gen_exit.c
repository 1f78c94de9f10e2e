/* SPDX-License-Identifier: MIT */
/*
 * Ways out of a block: branches, calls of exec functions, slow ways of memory accesses, and the
 * code all blocks share.
 */
#include "cpu/icache.h"
#include "cpu/rse.h"
#include "isa/op.h"
#include "jit/block.h"
#include "jit/fr_form.h"
#include "jit/gen.h"
#include "jit/jitdump.h"

#include <string.h>

#define NO_ENTRY 0xffff

uint32_t gen_exit_point(struct gen *g, enum leave kind, unsigned insn)
{
	struct jit *jit = g->jit;
	unsigned entry = g->b->entry[insn];

	if (jit->exits - g->blk->exits_at >= EXITS_MOST - 1) {
		g->failed = true;
		return 0;
	}
	uint32_t n = jit->exits++ % jit->exit_count;
	if (n == 0) /* none */
		n = jit->exits++ % jit->exit_count;
	struct exit_point *p = &jit->exit[n];
	p->kind = (uint8_t)kind;
	p->bundle = (uint8_t)((entry == PAGE_INSNS ? entry - 1 : entry) / 3);
	p->slot = (uint8_t)(entry == PAGE_INSNS ? 2 : entry % 3);
	p->step = g->b->insn[insn].step;
	p->entry = (uint16_t)entry;
	p->ip = 0;
	p->block = g->blk;
	p->patch = p->next = p->prev = 0;
	atomic_store_explicit(&p->to, NULL, memory_order_relaxed);
	return n;
}

struct cold *gen_cold(struct gen *g, unsigned kind, uint8_t *from)
{
	struct cold *cold = &g->cold[g->colds++];

	cold->kind = kind;
	cold->ir = (uint16_t)g->pos;
	cold->state = g->s;
	memset(cold->from, 0, sizeof(cold->from));
	cold->from[0] = from;
	cold->back = NULL;
	return cold;
}

void gen_leave(struct gen *g, uint32_t exit)
{
	x_mov_imm(&g->c, RAX, exit);
	x_jmp_to(&g->c, g->jit->leave);
}

/* --- going on at another entry of the page --- */

static uint32_t next_point(struct gen *g, unsigned entry)
{
	uint32_t exit = gen_exit_point(g, LEAVE_NEXT, 0);
	struct exit_point *p = &g->jit->exit[exit];

	p->entry = (uint16_t)entry;
	p->bundle = (uint8_t)((entry - 1) / 3);
	p->slot = (uint8_t)((entry - 1) % 3);
	return exit;
}

/* --- calls of exec --- */

static void check_nat(struct gen *g, unsigned insn, unsigned r)
{
	if (r == 0 || r > 127 || r - 32 < (g->b->key & KEY_SOR) * 8)
		return;
	struct mem m = cpu_at((int64_t)offsetof(struct cpu, gr_nat) + r);
	if (r >= 32) {
		x_load(&g->c, 8, RCX, CPU(nat_base[1]));
		m = mem_at(RCX, r);
	}
	x_alu_mem_imm(&g->c, ALU_CMP, 1, m, 0);
	gen_cold(g, COLD_AFTER, x_jcc(&g->c, CC_NE))->ir = (uint16_t)insn;
}

/* rsi = the instruction. */
static void name_insn(struct gen *g, unsigned insn)
{
	if (g->insns == BLOCK_INSN_USES) {
		g->failed = true;
		return;
	}
	g->insn[g->insns].insn = insn;
	g->insn[g->insns++].at = x_lea_here(&g->c, RSI);
}

/* Executable memory is where they are read, so what writes them is the assembler. */
static void gen_insns(struct gen *g)
{
	uint8_t *copy[BLOCK_INSNS] = {NULL};

	for (unsigned n = 0; n < g->insns && !g->c.full; n++) {
		unsigned insn = g->insn[n].insn;
		if (!copy[insn])
			copy[insn] = x_data(&g->c, &g->b->insn[insn], sizeof(struct insn));
		if (copy[insn])
			x_patch(g->insn[n].at, copy[insn]);
	}
}

void gen_data(struct gen *g)
{
	x_align(&g->c, 16);
	gen_insns(g);
	gen_arrival_data(g);
}

/* Does exec look at how many slots have retired, in most cases? */
static bool counts_slots(unsigned op)
{
	switch (op) {
	case OP_mov_to_pmc:
	case OP_mov_to_pmd:
	case OP_mov_from_pmc:
	case OP_mov_from_pmd:
	case OP_mov_to_psr_l:
	case OP_mov_to_psr_um:
	case OP_sum:
	case OP_rum:
	case OP_ssm:
	case OP_rsm:
	case OP_rfi:
		return true;
	default:
		return false;
	}
}

/* What pmu_at takes for given. */
static void tell_slots(struct gen *g)
{
	x_load(&g->c, 8, RAX, CPU(jit.end));
	x_alu(&g->c, ALU_SUB, 8, RAX, R15);
	x_store(&g->c, 8, CPU(slots), RAX);
	x_store_imm(&g->c, 4, CPU(slots_entry), (int32_t)g->b->start);
}

void gen_call_exec(struct gen *g, unsigned insn)
{
	const struct insn *i = &g->b->insn[insn];

	if (counts_slots(i->op))
		tell_slots(g);

	name_insn(g, insn);
	const struct jit *jit = g->jit;
	bool nat = g->b->key & KEY_NAT, fr = fr_row(i);
	x_call_to(&g->c, nat ? (fr ? jit->call_fr : jit->call)
			     : (fr ? jit->call_fr_no_nat : jit->call_no_nat));
	gen_cold(g, COLD_RESULT, x_jcc(&g->c, CC_NE))->ir = (uint16_t)insn;
	if (g->b->key & KEY_NAT) {
		check_nat(g, insn, i->r1);
		check_nat(g, insn, i->r3);
	}
}

static void cold_slow(struct gen *g, const struct cold *cold)
{
	gen_write_home(g, &cold->state);
	gen_call_exec(g, g->b->ir[cold->ir].insn);
	gen_frs_reload(g, &cold->after, g->b->ir[cold->ir].insn);
	for (unsigned n = 0; n < POOL; n++) {
		unsigned v = cold->after.value[n];
		if (v != IR_NONE)
			x_load(&g->c, 8, gen_pool[n], gen_home(v));
	}
	x_jmp_to(&g->c, cold->back);
}

/* Calls and returns of frames that rotate are not foreseen, but those around them are. */
static void balance_returns(struct gen *g, unsigned insn)
{
	switch (g->b->insn[insn].op) {
	case OP_br_call:
	case OP_br_call_ind:
	case OP_brl_call:
		if (g->b->key & (KEY_SOR | KEY_RENAMED))
			gen_return_push_none(g);
		break;
	case OP_br_ret:
		if (g->b->key & (KEY_SOR | KEY_RENAMED))
			gen_return_pop(g);
		break;
	}
}

/* A taken branch, says eax: goes on without leaving if nothing is in the way. */
static void follow_branch(struct gen *g, unsigned insn)
{
	struct code *c = &g->c;
	int32_t slots = g->b->entry[insn] - (int32_t)g->b->start + 1;
	uint32_t exit = gen_exit_point(g, LEAVE_INDIRECT, insn);

	x_alu_imm(c, ALU_CMP, 4, RAX, EXEC_BRANCH);
	uint8_t *other = x_jcc(c, CC_NE);
	x_alu_mem_imm(c, ALU_CMP, 4, CPU(next_ri), 0);
	uint8_t *slot = x_jcc(c, CC_NE);
	x_alu_imm(c, ALU_CMP, 8, R15, slots);
	uint8_t *spent = x_jcc(c, CC_LE);
	x_alu_mem_imm(c, ALU_CMP, 4, CPU(kick), 0);
	uint8_t *kick = x_jcc(c, CC_NE);
	x_alu_imm(c, ALU_SUB, 8, R15, slots);
	x_store_imm(c, 4, CPU(jit.from), (int32_t)exit);
	balance_returns(g, insn);
	x_jmp_to(c, g->jit->lookup_any);
	x_here(c, other);
	x_here(c, slot);
	x_here(c, spent);
	x_here(c, kick);
}

/* The exec of an instruction gave eax. */
static void leave_result(struct gen *g, unsigned insn)
{
	if (op_attributes(g->b->insn[insn].op) & OP_BRANCH)
		follow_branch(g, insn);
	uint32_t exit = gen_exit_point(g, LEAVE_RESULT, insn);
	x_store(&g->c, 4, CPU(jit.result), RAX);
	gen_leave(g, exit);
}

/* Leaves behind instruction insn. */
static void leave_after(struct gen *g, unsigned insn)
{
	x_mov_imm(&g->c, RAX, RESULT_AFTER);
	leave_result(g, insn);
}

static void cold_leave(struct gen *g, const struct cold *cold)
{
	unsigned insn = g->b->ir[cold->ir].insn;

	gen_write_home(g, &cold->state);
	gen_call_exec(g, insn);
	leave_after(g, insn);
}

/* A jump that later goes straight to the next block; until then it leaves. */
void gen_linkable(struct gen *g, uint32_t exit)
{
	uint8_t *at = x_jmp_link(&g->c);

	g->jit->exit[exit].patch = (uint32_t)(at - g->jit->cache.rw);
}

void gen_next(struct gen *g, const struct ir *ir)
{
	gen_flush(g);
	uint32_t exit = next_point(g, (unsigned)ir->imm);
	x_alu_imm(&g->c, ALU_SUB, 8, R15, (int32_t)(ir->imm - g->b->start));
	if (!ir->type) {
		x_store_imm(&g->c, 4, CPU(jit.from), (int32_t)exit);
		gen_linkable(g, exit);
	}
	gen_leave(g, exit);
}

/* --- taken branches --- */

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
	name_insn(g, ir->insn);
	x_call_to(&g->c, g->jit->call);
	leave_result(g, ir->insn);
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

static void taken(struct gen *g, const struct state *s, const struct ir *ir)
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
			taken(g, &g->s, ir);
			g->pos = g->b->count; /* nothing is reached behind it */
		}
		return;
	}
	struct cold *cold = gen_cold(g, COLD_BRANCH, x_jcc(&g->c, gen_test(g, &g->s, ir->qp)));
	gen_pred_known(&cold->state, ir->qp, true);
	gen_pred_known(&g->s, ir->qp, false);
}

void gen_colds(struct gen *g)
{
	for (unsigned n = 0; n < g->colds && !g->c.full && !g->failed; n++) {
		struct cold *cold = &g->cold[n];
		for (unsigned k = 0; k < countof(cold->from); k++)
			if (cold->from[k])
				x_here(&g->c, cold->from[k]);
		switch (cold->kind) {
		case COLD_SLOW:
			cold_slow(g, cold);
			break;
		case COLD_LEAVE:
			cold_leave(g, cold);
			break;
		case COLD_BRANCH:
			taken(g, &cold->state, &g->b->ir[cold->ir]);
			break;
		case COLD_RESULT:
			leave_result(g, cold->ir);
			break;
		case COLD_AFTER:
			leave_after(g, cold->ir);
			break;
		default:
			gen_fr_cold(g, cold);
		}
	}
}

/* --- code all blocks share --- */

static const enum reg saved[] = {RBX, RBP, R12, R13, R14, R15};

static void load_fixed(struct code *c)
{
	x_load(c, 8, R12, CPU(gr_base[1]));
	x_load(c, 8, R13, CPU(pr));
	x_load(c, 8, R14, CPU(mmu.data));
}

/* int enter(cpu, code) */
static void common_enter(struct code *c)
{
	for (unsigned n = 0; n < countof(saved); n++)
		x_push(c, saved[n]);
	x_alu_imm(c, ALU_SUB, 8, RSP, 8);
	x_mov(c, 8, RBX, RDI);
	load_fixed(c);
	x_load(c, 8, R15, CPU(jit.left));
	x_jmp_reg(c, RSI);
}

static void common_leave(struct code *c)
{
	x_store(c, 8, CPU(pr), R13);
	x_store(c, 8, CPU(jit.left), R15);
	x_alu_imm(c, ALU_ADD, 8, RSP, 8);
	for (unsigned n = countof(saved); n-- > 0;)
		x_pop(c, saved[n]);
	x_ret(c);
}

/* Before the exec of an instruction about floating-point registers. */
static void common_settle(struct code *c)
{
	x_push(c, RSI);
	x_mov(c, 8, RDI, RBX);
	x_mov_imm(c, RAX, (uintptr_t)fr_settle_insn);
	x_call(c, RAX);
	x_pop(c, RSI);
}

/* rsi: the instruction. Flags say whether it was EXEC_NEXT; without NaTs, whether that is still so
 * as well. */
static void common_call(struct code *c, bool no_nat)
{
	x_alu_imm(c, ALU_SUB, 8, RSP, 8);
	x_store(c, 8, CPU(pr), R13);
	x_load(c, 2, RAX, mem_at(RSI, offsetof(struct insn, op)));
	x_load(c, 8, RCX, CPU(jit.calls));
	x_inc_mem(c, false, (struct mem){RCX, RAX, 8, 0});
	x_mov(c, 8, RDI, RBX);
	x_call_mem(c, mem_at(RSI, offsetof(struct insn, exec)));
	x_alu_imm(c, ALU_ADD, 8, RSP, 8);
	load_fixed(c);
	x_test(c, 4, RAX, RAX);
	if (no_nat) {
		uint8_t *other = x_jcc(c, CC_NE);
		x_load(c, 1, RAX, CPU(nat_seen));
		x_shift(c, SHIFT_SHL, 4, RAX, __builtin_ctz(RESULT_AFTER));
		x_test(c, 4, RAX, RAX);
		x_here(c, other);
	}
	x_ret(c);
}

/* rax: address, rcx: key. Everything that icache_find and the block table would look at is compared
 * with what they found last time. */
static void common_lookup(struct machine *m, struct code *c)
{
	uint8_t *miss[6];

	x_mov(c, 4, RDX, RAX);
	x_shift(c, SHIFT_SHR, 4, RDX, 4);
	x_alu_imm(c, ALU_AND, 4, RDX, JUMPS - 1);
	x_shift(c, SHIFT_SHL, 4, RDX, __builtin_ctz(sizeof(struct jump)));
	x_alu_load(c, ALU_ADD, 8, RDX, CPU(jit.own));
	x_alu_load(c, ALU_CMP, 8, RAX, mem_at(RDX, offsetof(struct jump, va)));
	miss[0] = x_jcc(c, CC_NE);
	x_alu_load(c, ALU_CMP, 8, RCX, mem_at(RDX, offsetof(struct jump, key)));
	miss[1] = x_jcc(c, CC_NE);
	x_alu_mem_imm(c, ALU_CMP, 8, CPU(stay_va), 1);
	miss[2] = x_jcc(c, CC_E);
	x_mov(c, 4, RDI, RAX);
	x_shift(c, SHIFT_SHR, 4, RDI, GRANULE_SHIFT - 4);
	x_alu_imm(c, ALU_AND, 4, RDI, (FTLB_CODE - 1) << 4);
	x_alu_load(c, ALU_ADD, 8, RDI, CPU(mmu.inst));
	x_mov(c, 8, RSI, RAX);
	x_alu_imm(c, ALU_AND, 8, RSI, -GRANULE_SIZE);
	x_alu_load(c, ALU_CMP, 8, RSI, mem_at(RDI, offsetof(struct ftlb, code[0].tag)));
	miss[3] = x_jcc(c, CC_NE);
	x_load(c, 8, RDI, mem_at(RDI, offsetof(struct ftlb, code[0].addend)));
	x_alu(c, ALU_ADD, 8, RDI, RSI);
	x_alu_load(c, ALU_CMP, 8, RDI, mem_at(RDX, offsetof(struct jump, host)));
	miss[4] = x_jcc(c, CC_NE);
	x_mov_imm(c, RDI, (uintptr_t)&m->ram.code_generation);
	x_load(c, 8, RDI, mem_at(RDI, 0));
	x_alu_load(c, ALU_CMP, 8, RDI, CPU(jit.generation));
	miss[5] = x_jcc(c, CC_NE);
	x_store(c, 8, CPU(page_va), RSI);
	x_store(c, 8, CPU(stay_va), RSI);
	x_load(c, 8, RDI, mem_at(RDX, offsetof(struct jump, gpa)));
	x_store(c, 8, CPU(code_gpa), RDI);
	x_jmp_mem(c, mem_at(RDX, offsetof(struct jump, code)));
	for (unsigned n = 0; n < countof(miss); n++)
		x_here(c, miss[n]);
	x_store(c, 8, CPU(jit.target), RAX);
	x_load(c, 4, RAX, CPU(jit.from));
	x_jmp_to(c, m->jit->leave);
}

/* One less, from 0 back to top (in rcx). Uses rax. */
static void count_down(struct code *c, struct mem m)
{
	x_load(c, 4, RAX, m);
	x_alu_imm(c, ALU_SUB, 4, RAX, 1);
	x_cmov(c, CC_B, RAX, RCX);
	x_store(c, 4, m, RAX);
}

/* Every register's name becomes one more, as in exec_branch.c. */
static void rotate(struct code *c)
{
	x_mov(c, 4, RCX, R13);
	x_alu_imm(c, ALU_AND, 4, RCX, 0xffff);
	x_mov(c, 8, RAX, R13);
	x_shift(c, SHIFT_SHR, 8, RAX, 63);
	x_shift(c, SHIFT_SHL, 8, RAX, 16);
	x_alu(c, ALU_XOR, 8, R13, RCX);
	x_shift(c, SHIFT_SHL, 8, R13, 1);
	x_alu(c, ALU_OR, 8, R13, RAX);
	x_alu(c, ALU_OR, 8, R13, RCX);
	x_mov_imm(c, RCX, 47);
	count_down(c, CPU(rrb_pr));
	x_mov_imm(c, RCX, 95);
	count_down(c, CPU(rrb_fr));
	x_load(c, 4, RCX, CPU(sor));
	x_alu_imm(c, ALU_SUB, 4, RCX, 1);
	uint8_t *none = x_jcc(c, CC_B);
	count_down(c, CPU(rrb_gr));
	x_here(c, none);
}

/* One step of a counted loop: not zero when it goes on. */
static void common_counted(struct code *c)
{
	x_alu_mem_imm(c, ALU_CMP, 8, CPU(ar[AR_LC]), 0);
	uint8_t *epilog = x_jcc(c, CC_E);
	x_inc_mem(c, true, CPU(ar[AR_LC]));
	x_bit(c, BIT_BTS, R13, 63);
	rotate(c);
	x_mov_imm(c, RAX, 1);
	x_test(c, 4, RAX, RAX);
	x_ret(c);
	x_here(c, epilog);
	x_bit(c, BIT_BTR, R13, 63);
	x_load(c, 8, RAX, CPU(ar[AR_EC]));
	x_test(c, 8, RAX, RAX);
	uint8_t *end = x_jcc(c, CC_E);
	x_alu_imm(c, ALU_SUB, 8, RAX, 1);
	x_store(c, 8, CPU(ar[AR_EC]), RAX);
	x_push(c, RAX);
	rotate(c);
	x_pop(c, RAX);
	x_test(c, 8, RAX, RAX);
	x_here(c, end);
	x_ret(c);
}

/* ecx |= bit if rdx is not 0. */
static void key_bit(struct code *c, int32_t bit)
{
	x_neg(c, RDX);
	x_alu(c, ALU_SBB, 4, RDX, RDX);
	x_alu_imm(c, ALU_AND, 4, RDX, bit);
	x_alu(c, ALU_OR, 4, RCX, RDX);
}

/* To next_ip, with the key as present_key in engine.c makes it. */
static void common_lookup_any(struct machine *m, struct code *c)
{
	x_load(c, 8, RAX, CPU(next_ip));
	x_load(c, 4, RCX, CPU(sor));
	x_shift(c, SHIFT_SHR, 4, RCX, 3);
	x_load(c, 4, RDX, CPU(rrb_gr));
	x_alu_load(c, ALU_OR, 4, RDX, CPU(rrb_fr));
	x_alu_load(c, ALU_OR, 4, RDX, CPU(rrb_pr));
	key_bit(c, KEY_RENAMED);
	x_load(c, 8, RDX, CPU(psr));
	x_shift(c, SHIFT_SHR, 4, RDX, PSR_DFL_BIT - 5);
	x_alu_imm(c, ALU_AND, 4, RDX, KEY_DFL | KEY_DFH);
	x_alu(c, ALU_OR, 4, RCX, RDX);
	x_load(c, 1, RDX, CPU(nat_seen));
	key_bit(c, KEY_NAT);
	x_jmp_to(c, m->jit->lookup);
}

static unsigned host_features(void)
{
	return (__builtin_cpu_supports("fma") ? HOST_FMA : 0) |
	       (__builtin_cpu_supports("popcnt") ? HOST_POPCNT : 0) |
	       (__builtin_cpu_supports("bmi2") ? HOST_BMI2 : 0) |
	       (__builtin_cpu_supports("lzcnt") ? HOST_LZCNT : 0);
}

void gen_common(struct machine *m)
{
	struct jit *jit = m->jit;
	struct code c = {jit->cache.rw, jit->cache.rw + jit->cache.size, false};

	jit->host = host_features() & ~m->jit_without;
	jit->enter = (int (*)(struct cpu *, const uint8_t *))(uintptr_t)(c.p + jit->cache.rx);
	common_enter(&c);
	jit->leave = c.p;
	common_leave(&c);
	jit->call = c.p;
	common_call(&c, false);
	jit->call_no_nat = c.p;
	common_call(&c, true);
	jit->call_fr = c.p;
	common_settle(&c);
	common_call(&c, false);
	jit->call_fr_no_nat = c.p;
	common_settle(&c);
	common_call(&c, true);
	jit->alat_set = c.p;
	gen_common_alat_set(&c);
	jit->alat_check = c.p;
	gen_common_alat_check(&c);
	jit->form = c.p;
	gen_common_form(&c);
	jit->soft = c.p;
	gen_common_soft(&c);
	jit->to_double = c.p;
	gen_common_to_double(&c, jit->form);
	jit->lookup = c.p;
	common_lookup(m, &c);
	jit->arrive = c.p;
	gen_common_arrive(m, &c);
	jit->lookup_any = c.p;
	common_lookup_any(m, &c);
	jit->counted = c.p;
	common_counted(&c);
	jit->common = jit->cache.used = ((size_t)(c.p - jit->cache.rw) + 63) & ~(size_t)63;
	if (m->jitdump)
		jitdump_code(m->jitdump, "ia64:common", jit->cache.rw + jit->cache.rx,
			jit->cache.rw, jit->common);
}
