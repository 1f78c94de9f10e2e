/* SPDX-License-Identifier: MIT */
/*
 * The definition of each instruction: one exec_<row> per row of isa/ops.def, spread over the
 * exec_*.c files by topic. What they may rely on and return is at enum exec in isa/insn.h.
 */
#ifndef CPU_EXEC_H
#define CPU_EXEC_H

#include "cpu/cpu.h"
#include "isa/insn.h"
#include "isa/op.h"

#define OP(id, ...) exec_fn exec_##id;
#include "isa/ops.def"
#undef OP

/* By enum op: what the instruction cache puts into insn.exec. */
extern exec_fn *const exec_table[OP_COUNT];

#endif
