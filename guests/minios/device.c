/* SPDX-License-Identifier: MIT */
/*
 * What frontends share: the handshake in xenstore, the ring.
 */
#include "device.h"

bool device_find(const char *type, unsigned n, struct device *d)
{
	char path[96];
	const struct xs_reply *r;
	u32 at = 0;

	format(path, sizeof(path), "device/%s", type);
	r = xs_request(XS_DIRECTORY, 0, path, NULL, 0);
	if (r->type != XS_DIRECTORY)
		return false;
	while (n-- && at < r->length)
		at += (u32)strlen(r->data + at) + 1;
	if (at >= r->length)
		return false;
	format(d->front, sizeof(d->front), "device/%s/%s", type, r->data + at);
	format(path, sizeof(path), "%s/backend", d->front);
	const char *back = xs_read(0, path);
	if (!back)
		return false;
	format(d->back, sizeof(d->back), "%s", back);
	format(path, sizeof(path), "%s/backend-id", d->front);
	d->backend = (u16)xs_number(path, 0);
	return true;
}

bool device_put(const struct device *d, const char *key, u64 value)
{
	char path[96];

	format(path, sizeof(path), "%s/%s", d->front, key);
	return !*xs_write(0, path, "%lu", value);
}

bool device_state(const struct device *d, unsigned state)
{
	return device_put(d, "state", state);
}

bool device_wait(const struct device *d, unsigned state, unsigned ms)
{
	char path[128], value[8];

	format(path, sizeof(path), "%s/state", d->back);
	format(value, sizeof(value), "%u", state);
	return xs_wait(path, value, ms);
}

u64 device_back(const struct device *d, const char *key, u64 otherwise)
{
	char path[128];

	format(path, sizeof(path), "%s/%s", d->back, key);
	return xs_number(path, otherwise);
}

/* --- rings --- */

#define RING_HEADER 64

void ring_create(struct front_ring *r, u16 backend, u32 entry_size)
{
	u8 *page = page_alloc();

	r->header = (volatile u32 *)page;
	r->entries = page + RING_HEADER;
	r->size = entry_size;
	for (r->count = 1; RING_HEADER + 2 * r->count * entry_size <= PAGE_SIZE;)
		r->count *= 2;
	r->prod = r->cons = 0;
	r->header[1] = r->header[3] = 1;
	r->ref = grant_give(backend, page, false);
	r->port = (u32)alloc_unbound(DOMID_SELF, backend);
	port_mask(r->port);
}

void ring_destroy(struct front_ring *r)
{
	port_op(EVTCHN_CLOSE, r->port);
	grant_end(r->ref);
	page_free((void *)r->header);
}

void *ring_next(struct front_ring *r)
{
	u8 *e = r->entries + (r->prod++ & (r->count - 1)) * r->size;

	return memset(e, 0, r->size);
}

void ring_push(struct front_ring *r)
{
	u32 old = r->header[0];

	__sync_synchronize();
	r->header[0] = r->prod;
	__sync_synchronize();
	if (r->prod - r->header[1] < r->prod - old)
		port_op(EVTCHN_SEND, r->port);
}

const void *ring_answer(struct front_ring *r, unsigned ms)
{
	u64 deadline = wait_deadline(ms);

	while (r->header[2] == r->cons) {
		r->header[3] = r->cons + 1;
		port_clear(r->port);
		__sync_synchronize();
		if (r->header[2] != r->cons)
			break;
		if (deadline && now() >= deadline)
			return NULL;
		poll_port(r->port, deadline);
	}
	__sync_synchronize();
	return r->entries + (r->cons++ & (r->count - 1)) * r->size;
}
