/* SPDX-License-Identifier: MIT */
/*
 * Random programs for both engines: bundles of random instructions, tamed so that most of them do
 * something, with structures in between that make code hot: counted and rotating loops, functions
 * that call each other, code that writes code.
 */
#ifndef TESTS_JIT_PROGRAM_H
#define TESTS_JIT_PROGRAM_H

#include "isa/insn.h"

#define BUNDLES 320 /* a page and a bit */
#define PATCHED 304 /* from here on bundles are written by the program */

/* Where things are, and general registers that random instructions leave alone. */
#define CODE	 0x10000
#define CODE_END (CODE + BUNDLES * 16)
#define DATA	 0x20000
#define STORE	 0x30000 /* backing store */
#define RAM	 0x40000

enum {
	R_POINTER = 16, /* four of them */
	R_PTE = 24,
	R_SIZE = 25,
	R_RR = 26,
	R_CODE = 27,
	R_PSR = 28,
	R_INDEX = 29,
	R_SAVE = 42, /* ar.pfs and b0 of functions */
};

struct program {
	uint64_t seed;
	uint64_t dice; /* what the generator would draw next: runs go on from it */
	struct bundle code[BUNDLES];
};

/* The next random number. */
uint64_t draw(uint64_t *dice);
/* 1 in n? */
static inline bool once_in(uint64_t *dice, unsigned n)
{
	return draw(dice) % n == 0;
}

/* Is the processor kicked at random times while the program runs? */
static inline bool program_is_kicked(const struct program *p)
{
	return p->seed % 16 == 7;
}

void program_make(struct program *p, uint64_t seed);
void program_print(const struct program *p);
/* A bundle that does nothing. */
struct bundle bundle_nop(void);
/* A bundle of these; slots are nops where op is OP_illegal. */
struct bundle bundle_of(unsigned template, struct insn a, struct insn b, struct insn c);

#endif
