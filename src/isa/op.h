/* SPDX-License-Identifier: MIT */
/* The rows of ops.def as numbers, and what a row says beyond its encoding. */
#ifndef ISA_OP_H
#define ISA_OP_H

#include "base/types.h"

/* OP_illegal is 0, then in table order. */
enum op {
#define OP(id, ...) OP_##id,
#include "isa/ops.def"
#undef OP
	OP_COUNT
};

/* Attributes of a row: facts about the instruction, then legality rules (explained in ops.def). */
enum op_attribute {
	OP_ALWAYS = 1 << 0, /* exec runs even when qp is false, and tests it itself */
	OP_UNC = 1 << 9,    /* the same when comp bit 0, which is .unc, is set */
	OP_BRANCH = 1 << 1, /* may go elsewhere than the next slot without a fault */
	OP_NOP = 1 << 2,    /* no effect whatever: may be skipped */
	OP_PRIV = 1 << 3,   /* privilege level 0 only */
	OP_FIRST = 1 << 4,  /* must be first in its instruction group, else undefined */
	OP_LAST = 1 << 5,   /* must be last in its instruction group, else undefined */
	OP_LOAD = 1 << 6,   /* reads data memory */
	OP_STORE = 1 << 7,  /* writes data memory */
	OP_NO_QP = 1 << 8,  /* bits 5:0 are no predicate */
	R_R1 = 1 << 12,
	R_R3 = 1 << 13,
	R_R1_R3 = 1 << 14,
	R_F1 = 1 << 15,
	R_F1_F2 = 1 << 16,
	R_P1_P2 = 1 << 17,
	R_QP0 = 1 << 18,
	R_SLOT2 = 1 << 19,
	R_AR_M = 1 << 20,
	R_AR_I = 1 << 21,
	R_AR_W = 1 << 22,
	R_CR_R = 1 << 23,
	R_CR_W = 1 << 24,
	R_COUNT3 = 1 << 25,
	R_MBTYPE = 1 << 26,
	R_FRAME = 1 << 27,
};

/* Row id as text ("cmp_eq_or_andcm"), "?" beyond the table. */
const char *op_name(unsigned op);
/* OP_ and R_ bits of a row, those of its format included; 0 beyond the table. */
uint32_t op_attributes(unsigned op);

#endif
