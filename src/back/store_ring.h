/* SPDX-License-Identifier: MIT */
/*
 * The other end of a guest's xenstore ring: messages between it and a stream to epixend, which may
 * be killed at any time. A request is kept until its reply is there, and goes to the next epixend
 * again, whole; a reply reaches the guest whole or not at all. Requests are numbered on the way,
 * each once, so that one that was done is not done again (store_counts_requests).
 *
 * The guest is hostile: whatever it writes, what is kept is bounded, and a request that is longer
 * than any can be ends the conversation until the guest starts anew. I/O thread.
 */
#ifndef BACK_STORE_RING_H
#define BACK_STORE_RING_H

#include "back/store_watches.h"
#include "base/types.h"
#include "store/wire.h"

struct store_request;
struct stream;

#define STORE_RING_REQUESTS 32 /* without a reply */

struct store_ring {
	int fd;		 /* of the stream, -1: none */
	uint32_t serial; /* of the request that comes next */
	bool broken;
	bool fresh; /* the guest started anew: all up to the reply of that number is not for it */
	uint32_t fresh_serial;
	struct store_request *first, **last; /* without a reply, in order */
	struct store_request *unsent;	     /* the first that is not sent whole; NULL: all are */
	size_t sent;			     /* of it */
	unsigned requests;
	uint8_t taken[XS_HEADER + XS_PAYLOAD_MAX]; /* of a request that the guest is writing */
	size_t taken_len;
	uint8_t reply[XS_HEADER + XS_PAYLOAD_MAX]; /* that comes in, or goes into the ring */
	size_t reply_len, reply_put;
	bool whole; /* it has come in */
	struct store_watches watches;
};

void store_ring_init(struct store_ring *r);
void store_ring_free(struct store_ring *r);
/* A new stream, which is taken; the former one ends. */
void store_ring_attach(struct store_ring *r, int fd);
/* The guest starts anew, with an empty ring: what the former one asked for is not answered any
 * more, its watches and transactions end. */
void store_ring_reset(struct store_ring *r);
/* What to poll the stream for. */
short store_ring_events(const struct store_ring *r);
/* Moves what can be moved; page: the guest's. Returns whether it has to be told. */
bool store_ring_pump(struct store_ring *r, uint8_t *page);

/* Messages on their way and watches, in a section that is open. */
void store_ring_save(const struct store_ring *r, struct stream *s);
/* watches: they are in the file too, and are put up again with the next stream; each then fires
 * once, as a new one does. */
void store_ring_load(struct store_ring *r, struct stream *s, bool watches);

#endif
