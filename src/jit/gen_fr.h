/* SPDX-License-Identifier: MIT */
/*
 * Floating-point registers in generated code, for gen_fr*.c, gen_fp.c and gen_div.c. xmm4 and up
 * hold some of them as doubles, exact by construction: an operation that would meet or make
 * anything but an ordinary double, or report anything but inexactness, changes nothing and leaves
 * to its exec function instead. Inexactness of status field 0 is what MXCSR says; other fields must
 * have seen some already.
 *
 * An operation is: begin; modes, operands and computation into scratch registers, with ways out;
 * commit; results; finish or rejoin_later.
 */
#ifndef JIT_GEN_FR_H
#define JIT_GEN_FR_H

#include "cpu/fp_core.h"
#include "jit/divide.h"
#include "jit/fr_form.h"
#include "jit/gen.h"

#define XMM0	   0 /* scratch */
#define XMM1	   1
#define XMM2	   2
#define POOL_FIRST 4

static inline struct mem fr_sig(unsigned f)
{
	return cpu_at((int64_t)(offsetof(struct cpu, fr) + f * sizeof(struct freg)));
}

static inline struct mem fr_exp(unsigned f)
{
	struct mem m = fr_sig(f);
	m.disp += (int32_t)offsetof(struct freg, exp);
	return m;
}

/* Operand which of a division of the block. */
static inline struct mem gen_fr_operand_of(unsigned division, unsigned which)
{
	return cpu_at((int64_t)(offsetof(struct cpu, jit.division) + 16 * division + 8 * which));
}

/* Beside the fields' numbers: field 1 has wide exponents, 64 bits and has seen what the steps of a
 * division report; and integers as well. */
enum { MODE_STEPS = 4, MODE_INTEGERS, MODES };

/* FR f is at home as everybody knows it, and no NaTVal; nothing is known of it any more. */
void gen_fr_know_settled(struct gen *g, unsigned f);
void gen_fr_know_nothing(struct gen *g, unsigned f);
bool gen_fr_known_settled(const struct gen *g, unsigned f);
/* psr.mfl or mfh. */
void gen_fr_mark(struct gen *g, unsigned f);
/* The cache: xmm4 + n holds f, or -1; is free; is written home if it must be. */
int gen_fr_find(const struct state *s, unsigned f);
void gen_fr_forget(struct state *s, unsigned n);
void gen_fr_write(struct gen *g, const struct state *s, unsigned n);
/* For who looks at f at home. */
void gen_fr_step_home(struct gen *g, unsigned f);
/* f is about to be written at home, or has been. */
void gen_fr_drop(struct gen *g, unsigned f);
/* A register is going to have a form of translated code. */
void gen_fr_note_forms(struct gen *g);
/* The operation defines FR d and reads a, b, c (IR_NONE: none): there is room for them. */
void gen_fr_begin(struct gen *g, unsigned d, unsigned a, unsigned b, unsigned c);
/* A way out, to the exec function; the second: to code that may come back, see gen_fr_out.c. */
void gen_fr_leave_if(struct gen *g, enum cc cc);
struct cold *gen_fr_cold_form(struct gen *g, unsigned kind, enum cc cc, unsigned f);
/* No more ways out; what the operation changes comes behind this. The exec function does the whole
 * guest instruction. */
void gen_fr_commit(struct gen *g);
/* The guest instruction ends here, */
void gen_fr_finish(struct gen *g);
/* or at its IR_REJOIN. */
void gen_fr_rejoin_later(struct gen *g);
/* The flags say "equal" when status field sf allows the host's arithmetic; a way out when not.
 * Round to nearest, nothing trapped, and in field 0 the format's own range of exponents: then what
 * leaves after MXCSR has heard of it is inexact by its exec as well. Fields that MXCSR does not
 * stand for have their I flag. */
void gen_fr_test_mode(struct gen *g, unsigned sf);
void gen_fr_check_mode(struct gen *g, unsigned sf);
/* "Above" when the double in xmm0, of size bytes, is no ordinary number or might be tiny. */
void gen_fr_check_range(struct gen *g, unsigned size);
/* The xmm register with FR f as a double. Between begin and commit. */
unsigned gen_fr_use(struct gen *g, unsigned f, bool single);
/* Where FR f is to be put; behind commit. */
unsigned gen_fr_define(struct gen *g, unsigned f, bool single);
/* FR d = integer rax. */
void gen_fr_set_integer(struct gen *g, unsigned d);
/* fn of FR f's home, all registers but rax and rcx spared; rax: its result. */
void gen_fr_spare_call(struct gen *g, unsigned f, uint64_t (*fn)(struct cpu *, struct freg *));
/* The home of FR f becomes a double or single; rax: was it possible? */
void gen_fr_make_form(struct gen *g, unsigned f, bool single);
/* --- divisions (gen_div.c) --- */
void gen_divstart(struct gen *g, const struct ir *ir);
void gen_divend(struct gen *g, const struct ir *ir);
void gen_divstep(struct gen *g, const struct ir *ir);

#endif
