/* SPDX-License-Identifier: MIT */
/* From row to function: see exec.h. */
#include "cpu/exec.h"

exec_fn *const exec_table[OP_COUNT] = {
#define OP(id, ...) [OP_##id] = exec_##id,
#include "isa/ops.def"
#undef OP
};
