/* SPDX-License-Identifier: MIT */
/* Two processors side by side: all that a guest could ever see of them, by name. */
#ifndef JIT_COMPARE_H
#define JIT_COMPARE_H

#include <stdio.h>

#include "cpu/cpu.h"

/* Makes `to` stand where `from` stands, pending interrupts included; whatever caches it has stay
 * valid. Both must be stopped; `to` must not have been asked to stop. */
void compare_copy(struct cpu *to, const struct cpu *from);
/* The name of the first thing that differs, or NULL. What became pending in one only, interrupts,
 * does not count. */
const char *compare_first(const struct cpu *a, const struct cpu *b);
/* All that differs, a line each: name, what it was before (NULL: not shown), in a, in b. */
void compare_print(FILE *out, const struct cpu *before, const struct cpu *a, const struct cpu *b);

#endif
