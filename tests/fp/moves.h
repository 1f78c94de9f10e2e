/* SPDX-License-Identifier: MIT */
/* The oracle for instructions that only move bits of registers. */
#ifndef TESTS_FP_MOVES_H
#define TESTS_FP_MOVES_H

#include "cpu/cpu.h"

/* clang-format off */
enum move {
	MERGE_S, MERGE_NS, MERGE_SE, PACK,
	MIX_LR, MIX_R, MIX_L, SXT_R, SXT_L, SWAP, SWAP_NL, SWAP_NR, PMERGE_S, PMERGE_NS, PMERGE_SE,
	AND, ANDCM, OR, XOR, SELECT, XMA_L, XMA_H, XMA_HU
};
/* clang-format on */

/* f: the contents of f2, f3 and f4, none of them NaTVal. */
struct freg oracle_move(enum move what, const struct freg f[3]);

#endif
