/* SPDX-License-Identifier: MIT */
/*
 * The other end of Xen's rings of requests and responses (xen/include/public/io/ring.h), one page
 * of guest memory: four indices, then slots in which each response takes the place of a request.
 * The guest may write anything there at any time. Requests are copied out before anybody looks at
 * them, indices are read once, and those that make no sense mean that the ring is broken, which its
 * user should end.
 *
 * One thread at a time.
 */
#ifndef BACK_SHARED_RING_H
#define BACK_SHARED_RING_H

#include "base/types.h"

struct shared_ring {
	uint8_t *page;
	uint32_t entry;	 /* bytes of a slot: the larger of request and response */
	uint32_t slots;	 /* a power of two */
	uint32_t taken;	 /* requests, ever */
	uint32_t put;	 /* responses, ever */
	uint32_t pushed; /* of these the guest can see so many */
};

/* The page is the guest's and stays until nobody uses the ring. Goes on behind the responses that
 * are published there, so that a domain which was saved with every request answered that had been
 * taken continues when it is loaded. entry: at most size / 2, a multiple of 4. */
void shared_ring_attach(struct shared_ring *r, uint8_t *page, uint32_t size, uint32_t entry);

/* Copies the next request out: r->entry bytes, aligned to 4. 1; 0: there is none; -EINVAL: the
 * guest's index is wrong, also when it asks for more than there are slots for responses: the ring
 * is broken. */
int shared_ring_take(struct shared_ring *r, void *request);
/* How many requests wait, at most r->slots; -EINVAL as above. */
int shared_ring_waiting(const struct shared_ring *r);
/* Asks the guest to signal its next request, and looks again: is there one already? Before the
 * caller stops taking requests. True for a broken ring as well: shared_ring_take says so. */
bool shared_ring_sleep(struct shared_ring *r);

/* Puts a response of n bytes, at most r->entry, in the place of a request that was taken. At most
 * as many as requests were taken. Nobody sees it before shared_ring_push. */
void shared_ring_put(struct shared_ring *r, const void *response, size_t n);
/* Publishes all responses. Returns whether the guest wants to be signalled. */
bool shared_ring_push(struct shared_ring *r);

#endif
