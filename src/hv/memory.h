/* SPDX-License-Identifier: MIT */
/* The frames a guest has, and who else uses them. Any thread. */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include "hv/hv.h"

#define MEMORY_PINS 256

/* A frame that others use: a granted page, a ring. */
struct memory_pin {
	struct memory_pin *next;
	uint64_t gfn;
	unsigned count;
};

/* hv->pages is set. 0 or -ENOMEM. */
int memory_init(struct hv *hv);
void memory_free(struct hv *hv);
/* All frames are there; pins stay. */
void memory_reset(struct hv *hv);
void memory_save(struct hv *hv, struct stream *s);
void memory_load(struct hv *hv, struct stream *s);

bool memory_present(const struct hv *hv, uint64_t gfn);
/* How many there are. */
uint64_t memory_count(struct hv *hv);
/* Takes a frame from the guest, or gives it one; false: not there or pinned, or there already.
 * hv_flush has to follow, and memory_discard behind a removal. */
bool memory_remove(struct hv *hv, uint64_t gfn);
bool memory_add(struct hv *hv, uint64_t gfn);
/* Gives it one that nobody else uses, or lets it have the one it has, if there is room for one
 * more. */
bool memory_claim(struct hv *hv, uint64_t gfn);
/* May a processor still know some frame that was taken? */
bool memory_stale(const struct hv *hv);
/* Gives the memory behind an absent frame back to the host. */
void memory_discard(struct hv *hv, uint64_t gfn);

/* The frame's 16 KB, which stay until they are unpinned as often; NULL: no such frame, no memory.
 * Writing there must be made known with ram_write_ptr when the frame may hold code. */
uint8_t *memory_pin(struct hv *hv, uint64_t gfn);
void memory_unpin(struct hv *hv, uint64_t gfn);
/* The same for a frame that somebody writes to unasked: where it is not the guest's own, but absent
 * or a mapped grant, it is the scratch page. Until memory_let. */
uint8_t *memory_hold(struct hv *hv, uint64_t gfn);
void memory_let(struct hv *hv, uint64_t gfn, const uint8_t *page);
bool memory_pinned(const struct hv *hv, uint64_t gfn);	 /* memory.lock is held */
unsigned memory_pins(const struct hv *hv, uint64_t gfn); /* likewise: how often */

/* Places of mapped grants. Such a frame can be used by processors, but not be pinned, removed or
 * added: it is not the guest's. While it is being changed it is absent. */
enum memory_place { MEMORY_NO_PLACE, MEMORY_WAS_ABSENT, MEMORY_WAS_PRESENT };
/* Takes the frame, whichever it is, unless it is pinned or a place already. hv_flush has to follow
 * if memory_stale. */
enum memory_place memory_place_begin(struct hv *hv, uint64_t gfn);
/* Something is mapped there. */
void memory_place_fill(struct hv *hv, uint64_t gfn);
/* Makes it absent, but still a place. */
void memory_place_clear(struct hv *hv, uint64_t gfn);
/* It is none any more, but a frame that is present or absent. */
void memory_place_end(struct hv *hv, uint64_t gfn, bool present);
bool memory_is_place(const struct hv *hv, uint64_t gfn);

#endif
