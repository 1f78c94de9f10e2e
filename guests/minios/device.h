/* SPDX-License-Identifier: MIT */
/* Frontends: their nodes and states, and rings of requests and responses. */
#ifndef MINIOS_DEVICE_H
#define MINIOS_DEVICE_H

#include "grant.h"
#include "xenbus.h"

enum { ST_INITIALISING = 1, ST_INIT_WAIT, ST_INITIALISED, ST_CONNECTED, ST_CLOSING, ST_CLOSED };

struct device {
	char front[64], back[96];
	u16 backend;
};

/* The nth device of a type ("vbd", "vif"); false when there is none. */
bool device_find(const char *type, unsigned n, struct device *d);
bool device_state(const struct device *d, unsigned state);
bool device_wait(const struct device *d, unsigned state, unsigned ms); /* for the backend's */
u64 device_back(const struct device *d, const char *key, u64 otherwise);
bool device_put(const struct device *d, const char *key, u64 value);

struct front_ring {
	volatile u32 *header; /* req_prod, req_event, rsp_prod, rsp_event */
	u8 *entries;
	u32 size, count; /* of an entry; of entries, a power of 2 */
	u32 prod, cons, ref, port;
};

/* A page granted to the backend and a port for it. */
void ring_create(struct front_ring *r, u16 backend, u32 entry_size);
void ring_destroy(struct front_ring *r);
void *ring_next(struct front_ring *r); /* the next request to fill */
void ring_push(struct front_ring *r);
/* The next response, NULL when none comes within ms. */
const void *ring_answer(struct front_ring *r, unsigned ms);

#endif
