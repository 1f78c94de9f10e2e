/* SPDX-License-Identifier: MIT */
/* Rings of requests and responses: see shared_ring.h. */
#include "back/shared_ring.h"

#include <errno.h>

/* In the page. */
enum { REQ_PROD = 0, REQ_EVENT = 4, RSP_PROD = 8, RSP_EVENT = 12, SLOTS = 64 };

static uint32_t *word(const struct shared_ring *r, uint32_t at)
{
	return (uint32_t *)(void *)(r->page + at);
}

static uint32_t get(const struct shared_ring *r, uint32_t at)
{
	return __atomic_load_n(word(r, at), __ATOMIC_ACQUIRE);
}

/* Before anything is read that comes behind it. */
static void set_first(struct shared_ring *r, uint32_t at, uint32_t v)
{
	__atomic_exchange_n(word(r, at), v, __ATOMIC_SEQ_CST);
}

static uint32_t slot(const struct shared_ring *r, uint32_t index)
{
	return SLOTS + (index & (r->slots - 1)) * r->entry;
}

void shared_ring_attach(struct shared_ring *r, uint8_t *page, uint32_t size, uint32_t entry)
{
	*r = (struct shared_ring){.page = page, .entry = entry, .slots = 1};
	while ((uint64_t)r->slots * 2 * entry <= size - SLOTS)
		r->slots *= 2;
	r->taken = r->put = r->pushed = get(r, RSP_PROD);
}

int shared_ring_waiting(const struct shared_ring *r)
{
	uint32_t prod = get(r, REQ_PROD), waiting = prod - r->taken;

	/* every request needs a slot for its response, beside those that are not answered */
	return prod - r->put > r->slots || waiting > r->slots ? -EINVAL : (int)waiting;
}

/* Words, one read each: the guest may be writing the same ones. */
int shared_ring_take(struct shared_ring *r, void *request)
{
	int waiting = shared_ring_waiting(r);
	uint32_t *out = request, from = slot(r, r->taken);

	if (waiting <= 0)
		return waiting;
	for (uint32_t n = 0; n < r->entry; n += 4)
		out[n / 4] = __atomic_load_n(word(r, from + n), __ATOMIC_RELAXED);
	r->taken++;
	return 1;
}

bool shared_ring_sleep(struct shared_ring *r)
{
	/* the guest does the same the other way round: one of both sees what the other wrote */
	set_first(r, REQ_EVENT, r->taken + 1);
	return shared_ring_waiting(r) != 0;
}

void shared_ring_put(struct shared_ring *r, const void *response, size_t n)
{
	const uint8_t *in = response;
	uint8_t *to = r->page + slot(r, r->put++);

	for (size_t i = 0; i < n; i++)
		__atomic_store_n(to + i, in[i], __ATOMIC_RELAXED);
}

bool shared_ring_push(struct shared_ring *r)
{
	uint32_t old = r->pushed;

	set_first(r, RSP_PROD, r->put);
	r->pushed = r->put;
	/* has the index come to, or gone past, what the guest waits for? */
	return r->put - get(r, RSP_EVENT) < r->put - old;
}
