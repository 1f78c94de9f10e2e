/* SPDX-License-Identifier: MIT */
/*
 * The engine of translated code: finds the block for where the processor stands, runs it, and does
 * what its exit says. What blocks cannot do (single steps, incomplete frames, frames that
 * do not fit) the interpreter does, a run of instructions at a time.
 */
#include "cpu/icache.h"
#include "cpu/rse.h"
#include "jit/block.h"
#include "jit/fr_form.h"
#include "jit/gen.h"

#include <stdatomic.h>
#include <string.h>

/* Where a run of the engine stands. */
struct run {
	uint64_t end; /* cpu->slots at which the budget is spent */
	bool ic;      /* psr.ic: what changes it ends the run */
};

static gva_t page_of(const struct exit_point *p)
{
	return p->block->va & ~(gva_t)(GRANULE_SIZE - 1);
}

static void note_last(struct cpu *cpu, const struct run *run, const struct exit_point *p)
{
	if (run->ic)
		cpu->iipa = page_of(p) + p->bundle * 16u;
	cpu->trap_slot = p->slot;
}

/* The taken branch that led to the present block has completed last. */
static void note_branch(struct cpu *cpu, const struct run *run)
{
	if (cpu->jit.from)
		note_last(cpu, run, &cpu->jit.state->exit[cpu->jit.from]);
}

static void note_entry(struct cpu *cpu, const struct run *run, gva_t page, unsigned entry)
{
	if (run->ic)
		cpu->iipa = page + entry / 3 * 16;
	cpu->trap_slot = entry % 3;
}

static void stand_at(struct cpu *cpu, gva_t page, unsigned entry)
{
	cpu->ip = page + entry / 3 * 16;
	cpu->ri = entry % 3;
}

/* At a taken branch's target: EXEC_NEXT goes on. */
static enum exec at_target(const struct cpu *cpu)
{
	if (cpu->jit.left <= 0 || atomic_load_explicit(&cpu->kick, memory_order_relaxed) ||
		cpu->stay_va == 1)
		return EXEC_BRANCH;
	return EXEC_NEXT;
}

static enum exec arrive(struct cpu *cpu, gva_t ip)
{
	cpu->ip = ip;
	cpu->ri = cpu->next_ri;
	cpu->next_ri = 0;
	return at_target(cpu);
}

/* Behind an instruction, without a branch. */
static enum exec arrive_next(struct cpu *cpu, gva_t page, unsigned entry)
{
	stand_at(cpu, page, entry);
	if (entry < PAGE_INSNS)
		return EXEC_NEXT;
	cpu->jit.left--; /* the page's end counts as a taken branch */
	return at_target(cpu);
}

/* The exec function of an instruction gave something else than EXEC_NEXT. */
static enum exec leave_result(struct cpu *cpu, const struct run *run, const struct exit_point *p)
{
	enum exec r = (enum exec)cpu->jit.result;
	gva_t page = page_of(p);

	if (cpu->jit.result == RESULT_AFTER) {
		unsigned next = p->entry + p->step;
		cpu->jit.left -= next - p->block->start;
		note_entry(cpu, run, page, next - 1);
		return arrive_next(cpu, page, next);
	}
	cpu->jit.left -= p->entry - p->block->start;
	if (r == EXEC_FAULT) {
		if (p->entry == p->block->start)
			note_branch(cpu, run);
		else
			note_entry(cpu, run, page, p->entry - 1u);
		stand_at(cpu, page, p->entry);
		return r;
	}
	cpu->jit.left--;
	note_last(cpu, run, p);
	if (r == EXEC_BRANCH)
		return arrive(cpu, cpu->next_ip);
	if (r == EXEC_TRAP && cpu->taken) {
		cpu->ip = cpu->next_ip;
		cpu->ri = cpu->next_ri;
		cpu->next_ri = 0;
		cpu->taken = false;
	} else {
		/* a trap shows in iip that nops were skipped */
		stand_at(cpu, page, p->entry + (r == EXEC_TRAP ? 1u : p->step));
	}
	return r;
}

static enum exec interpret(struct cpu *cpu, const struct run *run)
{
	struct jit_counters *count = &cpu->jit.own->count;
	uint64_t before = run->end - (uint64_t)cpu->jit.left;

	fr_settle_all(cpu);
	fr_flags_merge(cpu);
	count->interpreted++;
	cpu->slots = before;
	enum exec r = (enum exec)engine_interpreter.run(cpu, 1);
	count->interpreted_slots += cpu->slots - before;
	cpu->jit.left = (int64_t)(run->end - cpu->slots);
	return r == EXEC_BRANCH ? at_target(cpu) : r;
}

/* Acts on an exit; EXEC_NEXT goes on at cpu->ip. */
static enum exec act(struct cpu *cpu, const struct run *run, const struct exit_point *p)
{
	cpu->jit.own->count.leaves[p->kind]++;
	switch (p->kind) {
	case LEAVE_BRANCH:
		note_last(cpu, run, p);
		return arrive(cpu, p->ip);
	case LEAVE_INDIRECT:
		note_last(cpu, run, p);
		return arrive(cpu, cpu->jit.target);
	case LEAVE_RETURN:
		note_branch(cpu, run);
		return arrive(cpu, p->ip);
	case LEAVE_RESULT:
		return leave_result(cpu, run, p);
	case LEAVE_NEXT:
		note_last(cpu, run, p);
		return arrive_next(cpu, page_of(p), p->entry);
	default:
		note_branch(cpu, run);
		stand_at(cpu, page_of(p), p->block->start);
		return interpret(cpu, run);
	}
}

/* When no register holds a NaT any more, dead ones included, nat_seen becomes false again. */
static void look_for_nats(struct cpu *cpu)
{
	uint64_t any = 0, part;

	for (unsigned n = 0; n < 32; n++)
		any |= cpu->gr_nat[n];
	for (unsigned n = 0; n < 16; n++)
		any |= cpu->gr_bank_nat[n];
	for (unsigned n = 0; n < STACKED_SIZE; n += sizeof(part)) {
		memcpy(&part, cpu->rse.nat + n, sizeof(part));
		any |= part;
	}
	cpu->nat_seen = any;
}

static enum exec fetch_failed(struct cpu *cpu)
{
	if (cpu->exit == EXIT_CRASH)
		return EXEC_EXIT;
	return cpu->mmu.fault.code == FAULT_UNIMPL_INST_ADDR ? EXEC_TRAP : EXEC_FAULT;
}

static unsigned present_key(const struct cpu *cpu)
{
	return cpu->sor / 8 | (cpu->rrb_gr | cpu->rrb_fr | cpu->rrb_pr ? KEY_RENAMED : 0) |
	       (cpu->psr & PSR(DFL) ? KEY_DFL : 0) | (cpu->psr & PSR(DFH) ? KEY_DFH : 0) |
	       (cpu->nat_seen ? KEY_NAT : 0);
}

/* The block at cpu->ip, or NULL with *r saying why not: EXEC_NEXT means interpret. */
static struct block *enter(struct cpu *cpu, enum exec *r)
{
	gva_t page = cpu->ip & ~(gva_t)(GRANULE_SIZE - 1);
	const struct ftlb_code *e = ftlb_code(cpu->mmu.inst, page);
	uintptr_t host = page + e->addend;
	gpa_t gpa;

	epoch_sync(cpu);
	if (unlikely(e->tag != page) && !icache_locate(cpu, cpu->ip, &gpa, &host)) {
		*r = fetch_failed(cpu);
		return NULL;
	}
	if (cpu->nat_seen)
		look_for_nats(cpu);
	*r = EXEC_NEXT;
	struct block *b = block_get(cpu, host, present_key(cpu));
	if (b) {
		cpu->page_va = cpu->stay_va = page;
		cpu->code_gpa = b->gpa;
	}
	return b;
}

/* Runs from b on; returns the exit it left by. */
static struct exit_point *run_from(struct cpu *cpu, const struct block *b)
{
	struct jit *jit = cpu->jit.state;

	cpu->jit.from = 0;
	cpu->jit.own->count.enters++;
	uint32_t n = (uint32_t)jit->enter(cpu, b->code);
	/* what other processors made is seen, where their links have led us */
	atomic_load_explicit(&jit->made, memory_order_acquire);
	return &jit->exit[n];
}

static enum exec run_blocks(struct cpu *cpu, const struct run *run)
{
	struct exit_point *p = NULL;

	for (;;) {
		enum exec r;
		struct block *b = enter(cpu, &r);
		if (b && p)
			block_link(cpu, p, b);
		epoch_pass(cpu);
		p = b ? run_from(cpu, b) : NULL;
		if (p)
			r = act(cpu, run, p);
		else if (r == EXEC_NEXT)
			r = interpret(cpu, run);
		if (r != EXEC_NEXT || cpu->machine->jit_step)
			return r;
	}
}

static int run_jit(struct cpu *cpu, uint64_t budget)
{
	if (rse_incomplete(cpu) || cpu->psr & PSR_STEP)
		return engine_interpreter.run(cpu, 1);
	if (!cpu->jit.state)
		return engine_interpreter.run(cpu, budget);
	struct run run = {cpu->slots + budget, cpu->psr & PSR(IC)};
	cpu->jit.left = (int64_t)budget;
	cpu->jit.end = run.end;
	epoch_enter(cpu);
	fr_flags_begin();
	enum exec r = run_blocks(cpu, &run);
	fr_settle_all(cpu);
	fr_flags_merge(cpu);
	epoch_leave(cpu);
	cpu->slots = run.end - (uint64_t)cpu->jit.left;
	return r;
}

const struct engine engine_jit = {
	.name = "jit",
	.run = run_jit,
	.invalidate = epoch_sync,
	.open = share_open,
	.close = share_close,
	.decoded_pages = 32,
};
