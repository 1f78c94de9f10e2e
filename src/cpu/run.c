/* SPDX-License-Identifier: MIT */
/*
 * The run loop of a processor: interrupts are looked for between runs of the engine, its faults and
 * traps delivered, and everything else handed up. Runs are short enough for the interval timer,
 * which has no thread of its own.
 */
#include "cpu/broadcast.h"
#include "cpu/cpu.h"
#include "cpu/engine.h"
#include "cpu/personality.h"
#include "cpu/pmu.h"
#include "cpu/sapic.h"
#include "cpu/timer.h"

#include <stdatomic.h>

#define SLICE 16384 /* slots between looks at the clock: some 50 us */

void cpu_kick(struct cpu *cpu)
{
	atomic_fetch_or(&cpu->kick, KICK_EXIT);
	if (cpu->wake)
		cpu->wake(cpu);
}

/* Does what other threads asked for; returns whether one wants us out. */
static bool serve_kicks(struct cpu *cpu)
{
	uint32_t k = atomic_exchange(&cpu->kick, 0);

	if (k & KICK_SERVE)
		broadcast_serve(cpu);
	return k & KICK_EXIT;
}

/* An interruption is in mmu.fault: into the guest, or out to whoever asked to see it. */
static enum exit interrupted(struct cpu *cpu)
{
	const struct personality *p = cpu->machine->personality;

	if (cpu->intercept)
		return EXIT_INTERRUPTION;
	(p ? p->deliver : cpu_deliver)(cpu);
	return cpu->exit;
}

static enum exit external_interrupt(struct cpu *cpu)
{
	cpu->mmu.fault = (struct fault_info){.code = FAULT_EXTERNAL_INTERRUPT};
	return interrupted(cpu);
}

static bool interrupt_due(struct cpu *cpu)
{
	const struct personality *p = cpu->machine->personality;

	return p ? p->interrupt(cpu) : cpu_interrupt_pending(cpu);
}

/* What comes before the next instruction. */
static enum exit attend(struct cpu *cpu)
{
	if (unlikely(atomic_load_explicit(&cpu->kick, memory_order_relaxed)) && serve_kicks(cpu))
		return EXIT_KICK;
	if (unlikely(cpu->halted)) {
		timer_check(cpu);
		if (sapic_highest(cpu) < 0)
			return EXIT_HALT;
		cpu->halted = false;
	}
	return interrupt_due(cpu) ? external_interrupt(cpu) : EXIT_NONE;
}

/* One run of the engine and what follows from its answer. */
static enum exit run_engine(struct cpu *cpu, uint64_t budget)
{
	const struct engine *engine = cpu->machine->engine;

	switch ((engine ? engine : &engine_interpreter)->run(cpu, budget)) {
	case EXEC_FAULT:
	case EXEC_TRAP:
		return interrupted(cpu);
	case EXEC_EXIT:
		return cpu->exit;
	default:
		return EXIT_NONE;
	}
}

/* Runs for at most budget slots, to the next look at the clock. */
static enum exit run_slice(struct cpu *cpu, uint64_t budget)
{
	uint64_t end = cpu->slots + budget;
	enum exit e = EXIT_NONE;

	timer_check(cpu);
	pmu_sync(cpu);
	while (e == EXIT_NONE && cpu->slots < end) {
		e = attend(cpu);
		if (e == EXIT_NONE)
			e = run_engine(cpu, end - cpu->slots);
	}
	return e;
}

enum exit cpu_run(struct cpu *cpu, uint64_t budget)
{
	uint64_t end = cpu->slots + budget;
	enum exit e = EXIT_NONE;

	cpu->exit = EXIT_NONE;
	cpu->mmu.fault.code = FAULT_NONE; /* an intercepted one may stand there */
	cpu_enter(cpu);
	while (e == EXIT_NONE && cpu->slots < end) {
		uint64_t left = end - cpu->slots;
		e = run_slice(cpu, left < SLICE ? left : SLICE);
	}
	cpu_leave(cpu);
	return e == EXIT_NONE ? EXIT_BUDGET : e;
}
