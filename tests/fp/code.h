/* SPDX-License-Identifier: MIT */
/* Instructions of fptest as guest code: each distinct one has a bundle of its own, so that the
 * engine meets it again and again with other operands. */
#ifndef TESTS_FP_CODE_H
#define TESTS_FP_CODE_H

#include "cpu/cpu.h"
#include "cpu/engine.h"

#define CODE_SLOTS (1u << 17)

struct fpcode {
	struct machine m;
	struct cpu *cpu;
	unsigned count;
	struct {
		uint64_t slot;
		gva_t at; /* 0: free */
	} place[CODE_SLOTS];
};

/* A processor in physical mode; exits when there is no memory. */
void code_init(struct fpcode *c, const struct engine *engine);
void code_free(struct fpcode *c);
/* Runs the instruction; says what its exec function would. */
enum exec code_run(struct fpcode *c, const struct insn *i);

#endif
