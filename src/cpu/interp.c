/* SPDX-License-Identifier: MIT */
/*
 * The interpreter. run_fast goes through a decoded page from entry to entry; taken branches inside
 * the page stay in the loop, others look up the next page. What needs attention after every single
 * instruction (traps of PSR.ss and tb, breakpoints, the one-instruction bits of 2:23) is
 * left to run_steps.
 */
#include "cpu/engine.h"
#include "cpu/exec.h"
#include "cpu/icache.h"
#include "cpu/rse.h"

#include <stdatomic.h>

static void enter_page(struct cpu *cpu, const struct icache_page *p, gva_t ip)
{
	cpu->page_va = cpu->stay_va = ip & ~(gva_t)(GRANULE_SIZE - 1);
	cpu->code_gpa = p->gpa;
}

static enum exec fetch_failed(struct cpu *cpu)
{
	if (cpu->exit == EXIT_CRASH)
		return EXEC_EXIT;
	return cpu->mmu.fault.code == FAULT_UNIMPL_INST_ADDR ? EXEC_TRAP : EXEC_FAULT;
}

/* --- one instruction at a time --- */

static void finish_once_bits(struct cpu *cpu, const struct insn *i, uint64_t before)
{
	if (i->op == OP_rfi || !(before & PSR_ONCE))
		return;
	cpu->psr &= ~(before & PSR_ONCE);
	cpu_sync_mode(cpu);
}

/* Traps of a completed instruction, added to one it raised itself (2:109); psr and cpl are those it
 * began with. rfi takes none. */
static enum exec step_traps(
	struct cpu *cpu, const struct insn *i, enum exec r, bool taken, uint64_t psr, unsigned cpl)
{
	if (i->op == OP_rfi || r == EXEC_EXIT)
		return r;
	if (taken && !icache_implemented(cpu, cpu->ip))
		r = cpu_trap(cpu, FAULT_UNIMPL_INST_ADDR, 0);
	if (psr & PSR(LP) && i->op == OP_br_ret && cpu->cpl > cpl)
		r = cpu_trap(cpu, FAULT_LOWER_PRIV, 0);
	if (psr & PSR(TB) && taken)
		r = cpu_trap(cpu, FAULT_TAKEN_BRANCH, 0);
	if (psr & PSR(SS))
		r = cpu_trap(cpu, FAULT_SINGLE_STEP, 0);
	return r;
}

static void go_on(struct cpu *cpu, const struct insn *i, bool taken)
{
	if (taken) {
		cpu->ip = cpu->next_ip;
		cpu->ri = cpu->next_ri;
		cpu->next_ri = 0;
	} else if (i->slot == 2 || icache_is_long(i)) {
		cpu->ip += 16;
		cpu->ri = 0;
	} else {
		cpu->ri = i->slot + 1u;
	}
}

static enum exec complete(
	struct cpu *cpu, const struct insn *i, enum exec r, uint64_t psr, unsigned cpl)
{
	bool taken = r == EXEC_BRANCH || (r == EXEC_TRAP && cpu->taken);

	if (psr & PSR(IC))
		cpu->iipa = cpu->ip;
	cpu->trap_slot = i->slot;
	finish_once_bits(cpu, i, psr);
	go_on(cpu, i, taken);
	cpu->taken = false;
	cpu->slots += icache_is_long(i) && !taken ? 2 : 1; /* as a run counts entries */
	return step_traps(cpu, i, r, taken, psr, cpl);
}

enum exec interp_step(struct cpu *cpu)
{
	struct icache_page *page = icache_find(cpu, cpu->ip);
	uint64_t psr = cpu->psr;
	unsigned cpl = cpu->cpl;
	enum exec r = EXEC_NEXT;

	if (!page)
		return fetch_failed(cpu);
	if (psr & PSR(DB) && mmu_inst_breakpoint(&cpu->mmu, cpu->ip))
		return cpu_fault_addr(cpu, FAULT_INST_DEBUG, ISR_BIT(X), cpu->ip);
	enter_page(cpu, page, cpu->ip);
	const struct insn *i = icache_entry(page, cpu->ip, cpu->ri);
	cpu->slots_entry = (unsigned)(i - page->insn);
	if (pr_get(cpu, i->qp) || i->always)
		r = i->exec(cpu, i);
	return r == EXEC_FAULT ? r : complete(cpu, i, r, psr, cpl);
}

static enum exec run_steps(struct cpu *cpu, uint64_t budget)
{
	uint64_t end = cpu->slots + budget;

	while (cpu->psr & PSR_STEP && cpu->slots < end) {
		enum exec r = interp_step(cpu);
		if (r != EXEC_NEXT && r != EXEC_BRANCH)
			return r;
		if (cpu->stay_va == 1 || atomic_load_explicit(&cpu->kick, memory_order_relaxed))
			break;
	}
	return EXEC_STOP;
}

/* --- the fast loop --- */

/* Where the fast loop stands, for the cold paths. */
struct run {
	const struct icache_page *page;
	const struct insn *start; /* of the run since the last taken branch */
	gva_t from;		  /* bundle of that branch */
	uint8_t from_slot;
	bool ic; /* psr.ic: what changes it leaves the loop */
};

static void note_last(struct cpu *cpu, const struct run *run, gva_t bundle, unsigned slot)
{
	if (run->ic)
		cpu->iipa = bundle;
	cpu->trap_slot = (uint8_t)slot;
}

/* The instruction before entry i in the run has completed last; before the first, the branch. */
static void note_before(struct cpu *cpu, const struct run *run, const struct insn *i)
{
	if (i == run->start) {
		note_last(cpu, run, run->from, run->from_slot);
	} else {
		unsigned n = (unsigned)(i - run->page->insn) - 1;
		note_last(cpu, run, cpu->page_va + n / 3 * 16, n % 3);
	}
}

static void stand_at(struct cpu *cpu, const struct run *run, const struct insn *i)
{
	unsigned n = (unsigned)(i - run->page->insn);

	cpu->ip = cpu->page_va + n / 3 * 16;
	cpu->ri = n % 3;
}

/* Leaves the loop because entry i returned r, which is neither EXEC_NEXT nor EXEC_BRANCH. */
static enum exec leave_at(struct cpu *cpu, const struct run *run, const struct insn *i, enum exec r)
{
	cpu->slots += (uint64_t)(i - run->start);
	if (r == EXEC_FAULT) {
		note_before(cpu, run, i);
		stand_at(cpu, run, i);
		return r;
	}
	cpu->slots++;
	note_last(cpu, run, insn_ip(cpu, i), i->slot);
	if (r == EXEC_TRAP && cpu->taken) {
		cpu->ip = cpu->next_ip;
		cpu->ri = cpu->next_ri;
		cpu->next_ri = 0;
		cpu->taken = false;
	} else {
		/* a trap shows in iip that nops were skipped */
		stand_at(cpu, run, i + (r == EXEC_TRAP ? 1 : i->step));
	}
	return r;
}

/* Leaves it at the target of a taken branch. */
static enum exec leave_branch(struct cpu *cpu, const struct run *run, enum exec r)
{
	note_last(cpu, run, run->from, run->from_slot);
	cpu->ip = cpu->next_ip;
	cpu->ri = cpu->next_ri;
	cpu->next_ri = 0;
	return r;
}

static enum exec run_fast(struct cpu *cpu, uint64_t budget)
{
	struct icache_page *page = icache_find(cpu, cpu->ip);
	if (!page)
		return fetch_failed(cpu);
	enter_page(cpu, page, cpu->ip);

	const struct insn *i = icache_entry(page, cpu->ip, cpu->ri);
	struct run run = {page, i, cpu->iipa, cpu->trap_slot, cpu->psr & PSR(IC)};
	uint64_t end = cpu->slots + budget;

	cpu->slots_entry = (unsigned)(i - page->insn);
	for (;;) {
		enum exec r = EXEC_NEXT;
		if (likely(pr_get(cpu, i->qp) || i->always))
			r = i->exec(cpu, i);
		if (likely(r == EXEC_NEXT)) {
			i += i->step;
			continue;
		}
		if (unlikely(r != EXEC_BRANCH))
			return leave_at(cpu, &run, i, r);

		gva_t ip = cpu->next_ip;
		run.from = insn_ip(cpu, i);
		run.from_slot = i->slot;
		cpu->slots += (uint64_t)(i - run.start) + 1;
		if (unlikely(cpu->slots >= end ||
			     atomic_load_explicit(&cpu->kick, memory_order_relaxed)))
			return leave_branch(cpu, &run, EXEC_BRANCH);
		if (unlikely((ip & ~(gva_t)(GRANULE_SIZE - 1)) != cpu->stay_va)) {
			if (cpu->stay_va == 1)
				return leave_branch(cpu, &run, EXEC_BRANCH);
			page = icache_find(cpu, ip);
			if (!page) {
				leave_branch(cpu, &run, EXEC_STOP);
				return fetch_failed(cpu);
			}
			enter_page(cpu, page, ip);
			run.page = page;
		}
		i = run.start = icache_entry(page, ip, 0);
		cpu->slots_entry = (unsigned)(i - page->insn);
	}
}

static int run_interpreter(struct cpu *cpu, uint64_t budget)
{
	if (unlikely(rse_incomplete(cpu)) && cpu->rse.load_frame && rse_fill(cpu))
		return EXEC_FAULT;
	if (unlikely(cpu->psr & PSR_STEP))
		return run_steps(cpu, budget);
	return run_fast(cpu, budget);
}

const struct engine engine_interpreter = {
	.name = "interpreter",
	.run = run_interpreter,
	.invalidate = icache_sync,
};
