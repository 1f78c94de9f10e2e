/* SPDX-License-Identifier: MIT */
/*
 * Returns that are foreseen, and the way into blocks from other pages. A call puts the address it
 * returns to on a small stack of the processor's, with the key the code there will need, and
 * the code that goes there: a jump beside the call, linked to the block behind it. A return that
 * finds its target and key on top takes that way; all others look theirs up. Who arrives from
 * another page, by a return or a linked branch, first looks whether the block's page still is where
 * it was translated.
 */
#include "cpu/icache.h"
#include "jit/block.h"
#include "jit/gen.h"

#define ENTRY sizeof(((struct cpu *)0)->jit.ret[0])

/* What the tag says of the key; the frames of both ends are plain. */
static unsigned tag_bits(const struct gen *g)
{
	_Static_assert((KEY_DFL | KEY_DFH | KEY_NAT) >> 5 == 7, "three bits beside an address");
	return g->b->key >> 5 & 7;
}

static struct mem entry_field(enum reg top, size_t field)
{
	return (struct mem){RBX, top, 1, (int32_t)field};
}
#define TAG(top)  entry_field(top, offsetof(struct cpu, jit.ret[0].tag))
#define CODE(top) entry_field(top, offsetof(struct cpu, jit.ret[0].code))

/* Moves the top by n: the old one is in r8 then, the new one in rcx. */
static void move_top(struct code *c, int32_t n)
{
	x_load(c, 4, R8, CPU(jit.ret_top));
	x_mov(c, 4, RCX, R8);
	x_alu_imm(c, ALU_ADD, 4, RCX, n);
	x_alu_imm(c, ALU_AND, 4, RCX, JIT_RETURNS * ENTRY - 1);
	x_store(c, 4, CPU(jit.ret_top), RCX);
}

void gen_return_push_none(struct gen *g)
{
	move_top(&g->c, ENTRY);
	x_store_imm(&g->c, 8, TAG(RCX), RETURN_NONE);
}

uint8_t *gen_return_push(struct gen *g, unsigned insn)
{
	struct code *c = &g->c;
	gva_t ip = entry_ip(g->b, g->b->entry[insn]) + 16;

	if (ip >> GRANULE_SHIFT != g->b->va >> GRANULE_SHIFT) {
		gen_return_push_none(g);
		return NULL;
	}
	move_top(c, ENTRY);
	x_mov_imm(c, RAX, ip | tag_bits(g));
	x_store(c, 8, TAG(RCX), RAX);
	uint8_t *at = x_lea_here(c, RAX);
	x_store(c, 8, CODE(RCX), RAX);
	return at;
}

void gen_return_way(struct gen *g, unsigned insn, uint8_t *at)
{
	if (!at)
		return;
	uint32_t exit = gen_exit_point(g, LEAVE_RETURN, insn);

	g->jit->exit[exit].ip = entry_ip(g->b, g->b->entry[insn]) + 16;
	x_here(&g->c, at);
	gen_linkable(g, exit);
	gen_leave(g, exit);
}

void gen_return_pop(struct gen *g)
{
	move_top(&g->c, -(int32_t)ENTRY);
}

void gen_return_follow(struct gen *g)
{
	struct code *c = &g->c;

	x_lea(c, RDX, mem_at(RAX, tag_bits(g)));
	x_alu_load(c, ALU_CMP, 8, RDX, TAG(R8));
	uint8_t *other = x_jcc(c, CC_NE);
	x_jmp_mem(c, CODE(R8));
	x_here(c, other);
}

/* --- arrivals --- */

void gen_arrival(struct gen *g)
{
	if (g->b->start % 3 == 0) {
		g->blk->far = g->c.p + g->jit->cache.rx;
		g->arrival = x_lea_here(&g->c, RDX);
		x_call_to(&g->c, g->jit->arrive);
	}
	g->blk->code = g->c.p + g->jit->cache.rx;
}

void gen_arrival_data(struct gen *g)
{
	gva_t page = g->b->va;
	struct arrival a = {.va = g->blk->va,
		.page = page,
		.addend = g->blk->host - page,
		.slot = offsetof(struct ftlb, code) +
			(page >> GRANULE_SHIFT) % FTLB_CODE * sizeof(struct ftlb_code),
		.gpa = g->blk->gpa.v,
		.key = g->b->key};

	if (!g->arrival)
		return;
	uint8_t *p = x_data(&g->c, &a, sizeof(a));
	if (p)
		x_patch(g->arrival, p);
}

#define ARRIVAL(f) mem_at(RDX, offsetof(struct arrival, f))

/* rdx: struct arrival. Comes back if the block may be entered, else looks for another one. */
void gen_common_arrive(const struct machine *m, struct code *c)
{
	uint8_t *far[2], *miss[4];

	x_load(c, 8, RSI, ARRIVAL(page));
	x_load(c, 8, RDI, ARRIVAL(gpa));
	x_alu_load(c, ALU_CMP, 8, RSI, CPU(page_va));
	far[0] = x_jcc(c, CC_NE);
	x_alu_load(c, ALU_CMP, 8, RDI, CPU(code_gpa));
	far[1] = x_jcc(c, CC_NE);
	x_ret(c);
	x_here(c, far[0]);
	x_here(c, far[1]);
	x_load(c, 8, RCX, CPU(mmu.inst));
	x_alu_load(c, ALU_ADD, 8, RCX, ARRIVAL(slot));
	x_alu_load(c, ALU_CMP, 8, RSI, mem_at(RCX, offsetof(struct ftlb_code, tag)));
	miss[0] = x_jcc(c, CC_NE);
	x_load(c, 8, RCX, mem_at(RCX, offsetof(struct ftlb_code, addend)));
	x_alu_load(c, ALU_CMP, 8, RCX, ARRIVAL(addend));
	miss[1] = x_jcc(c, CC_NE);
	x_alu_mem_imm(c, ALU_CMP, 8, CPU(stay_va), 1);
	miss[2] = x_jcc(c, CC_E);
	x_mov_imm(c, RCX, (uintptr_t)&m->ram.code_generation);
	x_load(c, 8, RCX, mem_at(RCX, 0));
	x_alu_load(c, ALU_CMP, 8, RCX, CPU(jit.generation));
	miss[3] = x_jcc(c, CC_NE);
	x_store(c, 8, CPU(page_va), RSI);
	x_store(c, 8, CPU(stay_va), RSI);
	x_store(c, 8, CPU(code_gpa), RDI);
	x_ret(c);
	for (unsigned n = 0; n < countof(miss); n++)
		x_here(c, miss[n]);
	x_alu_imm(c, ALU_ADD, 8, RSP, 8);
	x_load(c, 8, RAX, ARRIVAL(va));
	x_load(c, 8, RCX, ARRIVAL(key));
	x_jmp_to(c, m->jit->lookup);
}
