/* SPDX-License-Identifier: MIT */
#ifndef TESTS_JIT_STRUCTURE_H
#define TESTS_JIT_STRUCTURE_H

#include "program.h"

/* Random loops, functions and patches over the random bundles of a program. */
void structure(struct program *p, uint64_t *dice);

/* One random bundle that stands as number n; template beyond 31: any. */
struct bundle random_bundle(unsigned template, unsigned n, uint64_t *dice);

#endif
