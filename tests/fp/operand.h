/* SPDX-License-Identifier: MIT */
/* Operands with a taste for edges; the same seed gives the same sequence everywhere. */
#ifndef TESTS_FP_OPERAND_H
#define TESTS_FP_OPERAND_H

#include "oracle.h"

struct source {
	uint64_t state;
};

uint64_t source_bits(struct source *s);
/* 0 <= result < n */
unsigned source_below(struct source *s, unsigned n);
/* Any register content, NaTVal and unsupported encodings included. */
struct freg source_register(struct source *s);
/* Three operands of a * b + c whose sum is likely to cancel or to fall on a limit. */
void source_triple(struct source *s, struct freg f[3]);
uint32_t source_single(struct source *s);

#endif
