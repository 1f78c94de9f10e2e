/* SPDX-License-Identifier: MIT */
/*
 * What is different for a processor whose system software runs under a hypervisor that it knows of,
 * instead of on the hardware: the meaning of privileged instructions, what an interruption does,
 * where interrupts and translations come from. machine->personality is set before processors are
 * made and never changes; NULL is the bare hardware. The functions run on the processor's own
 * thread.
 */
#ifndef CPU_PERSONALITY_H
#define CPU_PERSONALITY_H

#include "cpu/cpu.h"
#include "isa/insn.h"

#define PERSONALITY_GRANULES 2

struct personality {
	/* The exec function of a decoded instruction, in place of exec_table's; for most rows the
	 * same. */
	exec_fn *(*exec)(const struct insn *i);
	/* In place of cpu_deliver; may set cpu->exit to EXIT_CRASH. */
	void (*deliver)(struct cpu *cpu);
	/* Is FAULT_EXTERNAL_INTERRUPT to be delivered before the next instruction? */
	bool (*interrupt)(struct cpu *cpu);
	/* ar.itc has reached cr.itm. */
	void (*timer)(struct cpu *cpu);

	/* Engine verify makes each run on a second processor first. That one's part of the
	 * hypervisor is a copy, which only runs use: made (false: no memory) and freed, brought to
	 * where another's stands, and compared: the name of what differs, or NULL. */
	bool (*copy_open)(struct cpu *copy, const struct cpu *of);
	void (*copy_close)(struct cpu *copy);
	void (*copy)(struct cpu *to, const struct cpu *from);
	const char *(*differs)(const struct cpu *a, const struct cpu *b);
	/* The granules that runs write to without looking for a translation. */
	void (*granules)(const struct cpu *cpu, gpa_t granule[PERSONALITY_GRANULES]);
};

#endif
