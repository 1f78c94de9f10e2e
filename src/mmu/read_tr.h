/* SPDX-License-Identifier: MIT */
/* Reading a translation register back, which only PAL_VM_TR_READ can (2:469). */
#ifndef MMU_READ_TR_H
#define MMU_READ_TR_H

#include "mmu/mmu.h"

/* Fills w with translation, itir, ifa and region register of a TR, 0 when it is empty; returns
 * whether it holds a translation. slot is one the model has. Own thread. */
bool mmu_read_tr(const struct mmu *m, bool inst, unsigned slot, uint64_t w[4]);

#endif
