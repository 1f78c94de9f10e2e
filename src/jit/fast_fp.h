/* SPDX-License-Identifier: MIT */
/* Exec functions that use the host's floating point where they can. */
#ifndef JIT_FAST_FP_H
#define JIT_FAST_FP_H

#include "isa/insn.h"

/* What may be called instead of i->exec, or NULL. */
exec_fn *fast_fp(const struct insn *i);

#endif
