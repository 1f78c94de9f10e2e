/* SPDX-License-Identifier: MIT */
/*
 * A client of xenstore that never waits: requests are queued, replies and events are told to their
 * owner. Replies come in the order of the requests. I/O thread.
 */
#ifndef BACK_STORE_CLIENT_H
#define BACK_STORE_CLIENT_H

#include "base/text.h"
#include "store/wire.h"

/* What a reply is about; the owner's. */
struct store_tag {
	void *ctx;
	unsigned what, arg;
};

struct store_client {
	int fd; /* -1: none; it closes itself when the other end is gone */
	void *owner;
	/* ok: not refused. data has a zero behind its n bytes. */
	void (*reply)(void *owner, const struct store_tag *t, bool ok, const char *data, size_t n);
	void (*event)(void *owner, const char *path, const char *token);
	struct text out;
	size_t sent;
	struct store_tag *tag; /* of requests without a reply, from first on */
	unsigned first, tags, room;
	uint8_t in[XS_HEADER + XS_PAYLOAD_MAX + 1];
	size_t got;
};

/* owner, reply and event are set. */
void store_client_init(struct store_client *c);
void store_client_free(struct store_client *c);
/* A new stream, which is taken: what was asked on an earlier one is forgotten. */
void store_client_attach(struct store_client *c, int fd);
/* Queues a request about path, with n more bytes behind its zero; dropped without a stream. */
void store_client_ask(struct store_client *c, unsigned type, const char *path, const void *more,
	size_t n, struct store_tag t);
short store_client_events(const struct store_client *c);
/* Sends and receives what can be, calling reply and event, which may ask. */
void store_client_pump(struct store_client *c);

#endif
