/* SPDX-License-Identifier: MIT */
/* The seam between cpu_run and what executes instructions: the interpreter, later the JIT. */
#ifndef CPU_ENGINE_H
#define CPU_ENGINE_H

#include "base/types.h"
#include "isa/insn.h"

struct cpu;

struct engine {
	const char *name;
	/* Executes from cpu->ip/ri until an interruption is to be delivered (EXEC_FAULT/EXEC_TRAP
	 * in the sense of insn.h is handled by cpu_run), a kick, a mode change or `budget` slots.
	 * Leaves ip/ri exact. Returns an enum exec; EXEC_BRANCH: at a branch's target, with the
	 * budget spent, a kick pending or stay_va 1. */
	int (*run)(struct cpu *cpu, uint64_t budget);
	/* Drops what was cached of code; called after code_generation moved. */
	void (*invalidate)(struct cpu *cpu);
	/* Makes and frees what the engine keeps for a processor; NULL: nothing. open is called by
	 * cpu_new, before the process is confined; false: no memory. */
	bool (*open)(struct cpu *cpu);
	void (*close)(struct cpu *cpu);
	/* Pages that the interpreter keeps decoded for each processor; 0: ICACHE_PAGES. */
	unsigned decoded_pages;
};

/* PSR bits that need attention after every single instruction: those cleared by each one that
 * completes, and traps and breakpoints. Only the interpreter does that. */
#define PSR_ONCE (PSR(ID) | PSR(DA) | PSR(DD) | PSR(IA) | PSR(ED))
#define PSR_STEP (PSR_ONCE | PSR(SS) | PSR(TB) | PSR(LP) | PSR(DB))

extern const struct engine engine_interpreter;

/* Interprets the one instruction at cpu->ip and ri; the frame is complete. */
enum exec interp_step(struct cpu *cpu);

#endif
