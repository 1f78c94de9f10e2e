/* SPDX-License-Identifier: MIT */
/*
 * One decoded instruction: what decode() makes from a bundle slot and what every exec function,
 * the disassembler, the encoder and the JIT read. The rows themselves are in ops.def.
 */
#ifndef ISA_INSN_H
#define ISA_INSN_H

#include "base/types.h"

struct cpu;
struct insn;

/* What an exec function says to the run loop. */
enum exec {
	EXEC_NEXT,   /* done, go on with the next instruction */
	EXEC_BRANCH, /* done, taken branch: cpu->next_ip (and next_ri after rfi) are set */
	EXEC_STOP,   /* done, but mode, mapping or interrupt state changed: re-evaluate */
	EXEC_EXIT,   /* done, and cpu->exit says what the level above must do */
	EXEC_FAULT,  /* not done, nothing changed: cpu->mmu.fault holds the interruption */
	EXEC_TRAP,   /* done (next_ip set as for a branch if it was one: see cpu->taken), then
			cpu->mmu.fault holds a trap */
};

typedef enum exec exec_fn(struct cpu *cpu, const struct insn *i);

/*
 * Fields keep the manual's operand names (3:293 onwards); a row uses those its format has.
 *   r1     first target: GR, or FR for FP formats, or AR/CR/BR... number for moves *to* them
 *   r2 r3  sources, in the manual's numbering (base register of memory formats is r3,
 *          stored value and register post-increment are r2; f2 f3 f4 are r2 r3 r4;
 *          b1 -> r1, b2 -> r2; ar3/cr3 -> r3 as source and as target, r2 the value moved)
 *   r4     f4 of fma-like formats; i of alloc's sof is in imm (see alloc)
 *   p1 p2  predicate targets
 *   imm    immediate, sign-extended and shifted as the manual says; for IP-relative branches,
 *          chk and brp the byte displacement from the bundle; alloc: sof | sol<<7 | sor<<14,
 *          sor in units of 8; post-increment immediates; mask17 of mov pr as a 64-bit mask;
 *          movl/brl: the whole 64-bit value or displacement
 *   pos,len deposit/extract position and length in bits; shift counts are in pos; shladd and
 *          pmpyshr2/shrp counts in pos (shladd: 1..4, the real shift)
 *   comp   the row's completers packed as the COMPLETER lines of formats.def say (ldtype 3:0, hint
 *          6:4, unc acq rel trunc 0, pc 1:0, sf 3:2, branch hints); OP_illegal: bit 0 = acts
 *          with a false predicate too
 */
struct insn {
	exec_fn *exec; /* NULL from insn_decode; the icache sets it from cpu/exec.h: exec_table[op]
			*/
	int64_t imm;
	uint16_t op;   /* enum op, row of ops.def */
	uint16_t comp; /* completers */
	uint8_t qp;
	uint8_t r1, r2, r3, r4;
	uint8_t p1, p2;
	uint8_t pos, len;
	uint8_t slot : 2;   /* 0..2; long X-unit instructions are slot 1 */
	uint8_t always : 1; /* exec runs with qp false as well (.unc, br.wtop): set by the icache */
	uint8_t bundle;	    /* index of the bundle in its 4 KB page, set by the icache */
	uint8_t step;	    /* icache entries to the next one worth running: nops are skipped */
};

/* Bundle access: 128 bits little-endian; template in bits 4:0. */
struct bundle {
	uint64_t lo, hi;
};

enum unit { UNIT_NONE, UNIT_M, UNIT_I, UNIT_F, UNIT_B, UNIT_L, UNIT_X };

struct bundle_template {
	enum unit unit[3]; /* UNIT_NONE in all three: reserved template */
	uint8_t stop;	   /* bit n: a stop after slot n */
};
extern const struct bundle_template bundle_templates[32];

/* The 41 bits of a slot. */
static inline uint64_t bundle_slot(struct bundle b, unsigned slot)
{
	switch (slot) {
	case 0:
		return b.lo >> 5 & 0x1ffffffffff;
	case 1:
		return (b.lo >> 46 | b.hi << 18) & 0x1ffffffffff;
	default:
		return b.hi >> 23;
	}
}

/* Decodes one slot; never fails: what the architecture does not define decodes to OP_illegal
 * (Illegal Operation fault, qp kept) or, where the manual says so, to a row whose exec raises
 * the right fault. A bundle with a reserved template gives OP_illegal with qp 0. For MLX, slot 1
 * gives the X instruction and slot 2 must not be decoded (bundle_slots() says 2).
 * slot_rules: the illegal-operation conditions known from the bits alone, including slot
 * position and qp == 0 rules, are decided here, in the legality column of the row. */
void insn_decode(struct insn *i, struct bundle b, unsigned slot);
/* The same without the legality rules: what a disassembler wants. No row: OP_illegal, qp kept. */
void insn_decode_lenient(struct insn *i, struct bundle b, unsigned slot);
/* Number of instructions in the bundle: 3, or 2 for an MLX template. */
unsigned bundle_slots(struct bundle b);

/* objdump's spelling, e.g. "(p06) add r14=r15,r16"; targets printed as absolute addresses, ip being
 * the bundle's; OP_illegal as data8 with the slot's bits. buf gets at most size bytes,
 * NUL-terminated. */
void insn_print(char *buf, size_t size, const struct insn *i, struct bundle b, gva_t ip);

/* The whole bundle as objdump prints it: a line per instruction, the first with the template's
 * name,
 * ";;" at stops. lenient: without the legality rules. */
void bundle_print(char *buf, size_t size, struct bundle b, gva_t ip, bool lenient);

/* Encodes i (op, operands, imm, comp, qp) to 41 bits (slot); for X-unit rows *l gets the L slot.
 * Returns 0 or -EINVAL when an operand does not fit. */
int insn_encode(const struct insn *i, uint64_t *slot, uint64_t *l);

const char *op_name(unsigned op);

#endif
