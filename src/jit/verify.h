/* SPDX-License-Identifier: MIT */
/*
 * The engine that checks the translator: each run is made by the interpreter, taken back, made
 * again by translated code, and compared. docs/jit.md says how. It needs the virtual clock and all
 * processors in one thread.
 */
#ifndef JIT_VERIFY_H
#define JIT_VERIFY_H

#include <stdio.h>

#include "cpu/engine.h"

struct machine;

extern const struct engine engine_verify;

/* After a run that ended as a crash: what differed, with the block, both states and the code; NULL
 * when that was not the reason. Valid until the processor runs again. */
const char *verify_report(const struct cpu *cpu);
/* What was compared on all processors, and what of it ran as translated code. */
void verify_print_summary(const struct machine *m, FILE *out);
/* The same as text to be freed, NULL when there is nothing to say. */
char *verify_summary(const struct machine *m);

#endif
