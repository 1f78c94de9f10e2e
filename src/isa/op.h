/* SPDX-License-Identifier: MIT */
/* The rows of ops.def as numbers: OP_illegal is 0, then in table order. */
#ifndef ISA_OP_H
#define ISA_OP_H

enum op {
#define OP(id, ...) OP_##id,
#include "isa/ops.def"
#undef OP
	OP_COUNT
};

#endif
