/* SPDX-License-Identifier: MIT */
/*
 * Engine verify makes each run of a processor twice, and memory must be the same both times. So
 * whoever else writes to guest memory waits while a run is made, and no run begins while one of
 * them is at it.
 */
#ifndef MMU_HOLD_H
#define MMU_HOLD_H

#include <stdatomic.h>

#include "mmu/ram.h"

struct ram_hold;

/* NULL: no memory. */
struct ram_hold *hold_new(void);
void hold_free(struct ram_hold *h);

/* Around whatever a thread that runs no processor does to guest memory; may be within another pair.
 * It may wait for processors to stop meanwhile. Nothing when the RAM has no hold. */
void hold_enter(struct ram *ram);
void hold_leave(struct ram *ram);

/* Around a run. False: it must not begin, for *kick was set while others were at it. */
bool hold_begin(struct ram *ram, _Atomic uint32_t *kick);
void hold_end(struct ram *ram);

#endif
