/* SPDX-License-Identifier: MIT */
/*
 * Forms of floating-point registers while translated code runs, told apart by `exp`: a number in
 * sig, exp and sign as everywhere else, or an ordinary double (normal or zero) whose bits are in
 * sig. A single is such a double that the single format holds as well and is no denormal there.
 *
 * Only generated code makes the other forms, and cpu->jit.forms is set by then. Whoever else reads
 * registers settles them first: engine.c does before it returns or interprets, and calls of exec
 * functions do for their operands.
 *
 * Inexactness in status field 0 is kept in the host's MXCSR until somebody may look at ar.fpsr.
 */
#ifndef JIT_FR_FORM_H
#define JIT_FR_FORM_H

#include "cpu/cpu.h"

#define FORM_DOUBLE 0x80000000u
#define FORM_SINGLE 0xc0000000u

/* f in that form if its value has it. Bit-exact; false: f is as it was. */
uint64_t fr_to_double(struct cpu *cpu, struct freg *f);
uint64_t fr_to_single(struct cpu *cpu, struct freg *f);
/* f as everybody knows it. */
uint64_t fr_settle(struct cpu *cpu, struct freg *f);
/* Multiply-add of any operands; what: see fr_fma_pack. false: it has to fault or trap, nothing was
 * done. */
uint64_t fr_fma(struct cpu *cpu, uint64_t what);
/* FRs as IR_FRS has them, enum farith, completer and status field. */
static inline uint64_t fr_fma_pack(uint32_t frs, unsigned type, unsigned pc, unsigned sf)
{
	return frs | (uint64_t)type << 32 | (uint64_t)pc << 40 | (uint64_t)sf << 48;
}
/* All registers; those i names (its fields are taken for registers whether they are or not). */
void fr_settle_all(struct cpu *cpu);
void fr_settle_insn(struct cpu *cpu, const struct insn *i);
/* Does the row read or write floating-point registers or what is in MXCSR? */
bool fr_row(const struct insn *i);

/* MXCSR for translated code: nothing inexact yet. Then what it says goes to ar.fpsr. */
void fr_flags_begin(void);
void fr_flags_merge(struct cpu *cpu);

#endif
