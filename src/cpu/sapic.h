/* SPDX-License-Identifier: MIT */
/*
 * The processor's interrupt unit, the local SAPIC (2:114-2:130): what is pending, what is in
 * service, what TPR masks, and the control registers CR64-CR81 that show it.
 */
#ifndef CPU_SAPIC_H
#define CPU_SAPIC_H

#include "cpu/cpu.h"

/* Delivery modes of interrupt messages, IOSAPIC entries and LRRs (2:129). */
enum sapic_mode {
	SAPIC_INT = 0,
	SAPIC_LOWEST = 1, /* IOSAPIC: redirectable; delivered as INT */
	SAPIC_PMI = 2,
	SAPIC_NMI = 4,
	SAPIC_INIT = 5,
	SAPIC_EXTINT = 7
};

enum {
	SAPIC_VECTOR_EXTINT = 0,
	SAPIC_VECTOR_NMI = 2,
	SAPIC_VECTOR_SPURIOUS = 15,
	SAPIC_MASKED = 1 << 16 /* m of ITV, PMV, CMCV, LRR */
};

void sapic_reset(struct cpu *cpu);
void sapic_save(struct cpu *cpu, struct stream *s);
void sapic_load(struct cpu *cpu, struct stream *s);

/* An interrupt message reaches the processor, which is kicked. vector counts for SAPIC_INT and
 * SAPIC_LOWEST only, where 0-15 are ignored; PMI and reserved modes do nothing. Any thread. */
void sapic_post(struct cpu *cpu, unsigned mode, unsigned vector);
/* Makes a vector pending without a kick: for causes inside the processor, from its own thread.
 * reg: value of ITV, PMV or CMCV; nothing happens when it is masked or its vector is reserved. */
void sapic_raise(struct cpu *cpu, uint64_t reg);

/* The unmasked pending vector of highest priority, or -1: TPR and in-service ones are considered,
 * psr.i is not. Ends a halt. */
int sapic_highest(const struct cpu *cpu);
/* Would an external interrupt be taken before the next instruction: psr.i and sapic_highest. */
bool cpu_interrupt_pending(const struct cpu *cpu);
/* An INIT arrived and psr.mc allows it: clears and returns true; the caller enters PALE_INIT. */
bool sapic_take_init(struct cpu *cpu);

/* mov from CR64-CR81; reading IVR takes the interrupt into service. The register exists. */
uint64_t sapic_read(struct cpu *cpu, unsigned cr);
/* Would mov to that CR raise Reserved Register/Field? */
bool sapic_reserved(unsigned cr, uint64_t v);
/* mov to CR64, 66, 67, 72-74, 80, 81, legality checked. */
void sapic_write(struct cpu *cpu, unsigned cr, uint64_t v);

#endif
