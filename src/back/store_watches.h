/* SPDX-License-Identifier: MIT */
/*
 * The watches that a guest has in xenstore, as it asked for them. They are epixend's; what is kept
 * here goes into save files, so that a restored guest, of which that epixend has never heard, has
 * them again. I/O thread.
 */
#ifndef BACK_STORE_WATCHES_H
#define BACK_STORE_WATCHES_H

#include "base/types.h"

struct stream;

/* Of more than so many, which no quota but a raised one allows, the rest is forgotten. */
#define STORE_WATCHES_MOST 1024

struct store_watch {
	struct store_watch *next;
	uint32_t len;
	uint8_t text[]; /* path and token, each with its end: the payload of a request */
};

struct store_watches {
	struct store_watch *first;
	unsigned count;
};

/* A request, whole, that was answered without an error: watches come and go. */
void store_watches_note(struct store_watches *w, const uint8_t *request);
void store_watches_clear(struct store_watches *w);

/* In a section that is open. */
void store_watches_save(const struct store_watches *w, struct stream *s);
void store_watches_load(struct store_watches *w, struct stream *s);

#endif
