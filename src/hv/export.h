/* SPDX-License-Identifier: MIT */
/*
 * Frames that other domains have mapped. Such a frame moves from the domain's memory into a file of
 * its own, whose descriptor another process may have without seeing anything else of the domain,
 * and moves back when nobody uses it any more: what somebody has kept of the file is then no part
 * of the domain. The frame's host address stays. I/O thread, but for those that say otherwise.
 */
#ifndef HV_EXPORT_H
#define HV_EXPORT_H

#include "hv/hv.h"

/* 0 or -ENOMEM. At most so many frames at a time. */
int export_init(struct hv *hv, unsigned most);
void export_free(struct hv *hv);
/* The frame's file, or -1. Any thread; of a frame that is pinned, it stays. */
int export_find(struct hv *hv, uint64_t gfn);
/* Moves a frame that has been pinned once out; no processor runs. The descriptor, or -EBUSY:
 * somebody else uses the frame by its host address, or another -errno: there is no room. */
int export_open(struct hv *hv, uint64_t gfn);
/* Moves it back, unless it is still pinned; no processor runs. */
void export_close(struct hv *hv, uint64_t gfn);
/* Something else stands at the frame's place now, which was not pinned: its file is dropped. Any
 * thread. */
void export_forget(struct hv *hv, uint64_t gfn);
/* Somebody has unpinned the frame for the last time: any thread. True if the I/O thread must call
 * export_sweep. */
bool export_note(struct hv *hv, uint64_t gfn);
/* Is there something to sweep? */
bool export_stale(const struct hv *hv);
/* export_close of all; no processor runs. */
void export_sweep(struct hv *hv);
/* All are forgotten, and what was in them: memory has been cleared. */
void export_reset(struct hv *hv);
unsigned export_count(const struct hv *hv);

#endif
