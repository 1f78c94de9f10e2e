/* SPDX-License-Identifier: MIT */
/*
 * ops.def and formats.def as constant data: the one form in which decoder, encoder and
 * disassembler read the instruction table. Private to src/isa.
 */
#ifndef ISA_TABLE_H
#define ISA_TABLE_H

#include "isa/insn.h"
#include "isa/op.h"

/* An instruction's bits: the slot, and the L slot before an X instruction. */
struct slot_bits {
	uint64_t slot, l;
};

#define L_BIT 64 /* bits from here on are those of the L slot */

struct field {
	uint8_t low, length;
};

enum operand_member {
	MEMBER_r1,
	MEMBER_r2,
	MEMBER_r3,
	MEMBER_r4,
	MEMBER_p1,
	MEMBER_p2,
	MEMBER_pos,
	MEMBER_len,
	MEMBER_imm,
	MEMBER_comp
};

enum operand_how { UNSIGNED, SIGNED, OFFSET, DOWN, VALUES };

#define OPERAND_FIELDS 6
#define NO	       0x7f /* a reserved value in a VALUES list */

/* How some fields of the slot make up one member of struct insn; a completer when names is set. */
struct operand {
	uint8_t member, how;
	uint8_t arg;		       /* shift, offset, minuend or VALUES list, by how */
	uint8_t shift;		       /* of a completer in comp */
	uint8_t field[OPERAND_FIELDS]; /* lowest first, 0 ends */
	const char *name;	       /* of a completer, as in {name} */
	const char *const *spelling;   /* of a completer, by value */
};

#define FORMAT_OPERANDS 5
#define ROW_COMPLETERS	3

struct format {
	uint64_t mask, value; /* the slot & mask must be value */
	uint8_t units;	      /* bit n: enum unit n */
	uint16_t first;	      /* op of the first row; the rows follow one another */
	uint8_t operand[FORMAT_OPERANDS];
	uint32_t attributes;
};

struct row {
	uint64_t mask, value;
	uint8_t format;
	uint8_t completer[ROW_COMPLETERS];
	uint32_t attributes;
	const char *id, *spelling;
};

extern const struct format isa_formats[];
extern const unsigned isa_format_count;
extern const struct row isa_rows[OP_COUNT];
extern const struct operand isa_operands[];
extern const unsigned isa_operand_count;

/* The member's value from the slot's bits; false when they are reserved. */
bool operand_get(const struct operand *o, const struct slot_bits *b, int64_t *value);
/* Puts value into the bits; false when it cannot be encoded. */
bool operand_put(const struct operand *o, struct slot_bits *b, int64_t value);
/* Reads and writes the member of i that o stands for (a completer: its bits of comp). */
int64_t operand_of_insn(const struct operand *o, const struct insn *i);
void operand_to_insn(const struct operand *o, struct insn *i, int64_t value);

#endif
