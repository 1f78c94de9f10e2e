/* SPDX-License-Identifier: MIT */
/*
 * The engine that checks the translator: each run is made by the interpreter, taken back, made
 * again by translated code, and compared. docs/jit.md says how. It needs the virtual clock and all
 * processors in one thread.
 */
#ifndef JIT_VERIFY_H
#define JIT_VERIFY_H

#include "cpu/engine.h"

struct machine;

extern const struct engine engine_verify;

/* After a run that ended as a crash: what differed, with the block, both states and the code; NULL
 * when that was not the reason. Valid until the processor runs again. */
const char *verify_report(const struct cpu *cpu);
/* At the end, all processors stopped: looks at RAM once more and makes *text, to be freed, of what
 * was compared and what of it ran as translated code; NULL when that was nothing. false: a stray
 * store was found, the text says where. */
bool verify_finish(struct machine *m, char **text);

#endif
