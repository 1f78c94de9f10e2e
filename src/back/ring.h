/* SPDX-License-Identifier: MIT */
/*
 * The byte rings of console and xenstore (ABI 2.6): two directions in one page of guest memory. The
 * guest may write anything there at any time; nothing outside the page is ever touched, and an
 * index that makes no sense empties its ring.
 */
#ifndef BACK_RING_H
#define BACK_RING_H

#include "base/types.h"

/* One direction: where its bytes and indices are in the page. */
struct byte_ring {
	uint16_t data, size; /* size: a power of two */
	uint16_t cons, prod;
};

extern const struct byte_ring console_out, console_in; /* from and to the guest */
extern const struct byte_ring store_request, store_response;

/* Takes up to n bytes that the guest has written; returns how many. page: 16 KB of guest memory. */
size_t byte_ring_take(uint8_t *page, const struct byte_ring *r, void *to, size_t n);
/* Puts up to n bytes for the guest; returns how many there was room for. */
size_t byte_ring_put(uint8_t *page, const struct byte_ring *r, const void *from, size_t n);
/* Bytes that the guest has not taken yet. */
size_t byte_ring_used(const uint8_t *page, const struct byte_ring *r);

#endif
