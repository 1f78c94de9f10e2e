/* SPDX-License-Identifier: MIT */
/*
 * Two machines that start alike, one for each engine, and what stands in for their operating
 * system: it maps pages, skips what faults, posts interrupts and writes memory as a device would,
 * to both the same.
 */
#ifndef TESTS_JIT_WORLD_H
#define TESTS_JIT_WORLD_H

#include "cpu/cpu.h"
#include "isa/op.h"
#include "program.h"

/* By row: how often exec ran, and how often that raised a fault. */
struct counts {
	uint64_t run[OP_COUNT], fault[OP_COUNT];
};

struct side {
	struct machine m;
	struct cpu *cpu;
	struct counts counts;
	bool ttag_kicks;
};

void side_init(struct side *s, const struct engine *engine);
/* The state a program begins in. */
void side_start(struct side *s, const struct program *p);
/* What happens between two runs; e: how the last one ended. Sides that were alike stay alike. */
void side_between(struct side *s, enum exit e, uint64_t dice);
/* Code that the program has written without flushing it is seen from now on. */
void side_sync_code(struct side *s);

/* What differs, or NULL. */
const char *sides_differ(const struct side *s);
void sides_print(struct side *s);

#endif
