/* SPDX-License-Identifier: MIT */
/* What perf needs to know of translated code: a file in its jitdump format. */
#ifndef JIT_JITDUMP_H
#define JIT_JITDUMP_H

#include "base/types.h"

struct jitdump;

/* Makes dir/jit-PID.dump, before the process is confined. NULL: it failed,
 * and errno says why. */
struct jitdump *jitdump_open(const char *dir);
void jitdump_close(struct jitdump *j);
/* Tells of new code: where it is executed and its bytes (anywhere). Any thread. */
void jitdump_code(struct jitdump *j, const char *name, const uint8_t *address, const uint8_t *code,
	size_t size);
/* The same for the block of a guest address, which becomes its name: ia64:0x1230.1 */
void jitdump_block(struct jitdump *j, gva_t va, unsigned slot, const uint8_t *address,
	const uint8_t *code, size_t size);

#endif
