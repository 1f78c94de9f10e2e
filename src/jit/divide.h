/* SPDX-License-Identifier: MIT */
/*
 * Division as compilers write it: frcpa, Newton's iteration in status field 1, and a last step that
 * rounds to the quotient, which is what one division of the host gives. The steps between leave
 * values in registers that nearly nobody reads: a register then only names step and operands (a
 * form beside those of fr_form.h), and is computed when somebody does.
 */
#ifndef JIT_DIVIDE_H
#define JIT_DIVIDE_H

#include "cpu/cpu.h"
#include "isa/insn.h"

/* exp of a register that is step exp & 0xff of recipe exp >> 8 & 0xff; the dividend's double is in
 * sig, the divisor's in cpu->jit.divisor. */
#define FORM_STEP 0x40000000u

enum recipe { DIVIDE_DOUBLE, DIVIDE_SINGLE, DIVIDE_INTEGER, RECIPES };
#define DIVIDE_STEPS 10
#define DIVISIONS    4 /* at a time in one block */

/* One division under way: which FR holds which step, plus 1. */
struct division {
	bool on;
	uint8_t recipe, p, a, b; /* operands' FRs; 0xff once overwritten */
	uint8_t step[128];
};

enum divide_match {
	MATCH_OTHER, /* nothing to do with it, but see divide_wrote */
	MATCH_STEP,  /* the step in *step */
	MATCH_END,   /* the quotient */
	MATCH_BREAK  /* reads a step without being one, or changes the predicate */
};

/* i is a frcpa without qualifying predicate: starts a division by this recipe. */
void divide_start(struct division *d, enum recipe recipe, const struct insn *i);
/* What i is to d; then d knows what i wrote. */
enum divide_match divide_match(struct division *d, const struct insn *i, unsigned *step);
/* The last step of a recipe. */
unsigned divide_last(enum recipe recipe);
/* The value of a step. */
struct freg divide_step(enum recipe recipe, unsigned step, uint64_t a, uint64_t b);

#endif
