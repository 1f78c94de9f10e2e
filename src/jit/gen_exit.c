/* SPDX-License-Identifier: MIT */
/*
 * Ways out of a block: exit points, calls of exec functions, slow ways of memory accesses, and what
 * stands out of the way at a block's end. Branches are in gen_branch.c.
 */
#include "cpu/icache.h"
#include "isa/op.h"
#include "jit/block.h"
#include "jit/fr_form.h"
#include "jit/gen.h"

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

void gen_name_insn(struct gen *g, unsigned insn)
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

	gen_name_insn(g, insn);
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

void gen_leave_result(struct gen *g, unsigned insn)
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
	gen_leave_result(g, insn);
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
			gen_taken(g, &cold->state, &g->b->ir[cold->ir]);
			break;
		case COLD_RESULT:
			gen_leave_result(g, cold->ir);
			break;
		case COLD_AFTER:
			leave_after(g, cold->ir);
			break;
		default:
			gen_fr_cold(g, cold);
		}
	}
}
