/* SPDX-License-Identifier: MIT */
/* Byte rings in guest memory: see ring.h. Each index is read once; the other side's with acquire,
 * ours written with release. */
#include "back/ring.h"

const struct byte_ring console_in = {0x000, 1024, 0xc00, 0xc04};
const struct byte_ring console_out = {0x400, 2048, 0xc08, 0xc0c};
const struct byte_ring store_request = {0x000, 1024, 0x800, 0x804};
const struct byte_ring store_response = {0x400, 1024, 0x808, 0x80c};

static uint32_t get(const uint8_t *page, uint16_t at)
{
	return __atomic_load_n((const uint32_t *)(page + at), __ATOMIC_ACQUIRE);
}

static void set(uint8_t *page, uint16_t at, uint32_t v)
{
	__atomic_store_n((uint32_t *)(page + at), v, __ATOMIC_RELEASE);
}

size_t byte_ring_used(const uint8_t *page, const struct byte_ring *r)
{
	uint32_t used = get(page, r->prod) - get(page, r->cons);
	return used > r->size ? 0 : used;
}

/* Bytes go one by one: the guest may be reading the same ones. */
size_t byte_ring_take(uint8_t *page, const struct byte_ring *r, void *to, size_t n)
{
	uint32_t prod = get(page, r->prod), cons = get(page, r->cons);
	uint8_t *out = to;
	size_t done = 0;

	if (prod - cons > r->size) {
		set(page, r->cons, prod);
		return 0;
	}
	for (; done < n && cons != prod; cons++)
		out[done++] =
			__atomic_load_n(page + r->data + (cons & (r->size - 1)), __ATOMIC_RELAXED);
	set(page, r->cons, cons);
	return done;
}

size_t byte_ring_put(uint8_t *page, const struct byte_ring *r, const void *from, size_t n)
{
	uint32_t prod = get(page, r->prod), cons = get(page, r->cons);
	const uint8_t *in = from;
	size_t done = 0;

	if (prod - cons > r->size) {
		set(page, r->prod, cons);
		return 0;
	}
	for (; done < n && prod - cons < r->size; prod++)
		__atomic_store_n(
			page + r->data + (prod & (r->size - 1)), in[done++], __ATOMIC_RELAXED);
	set(page, r->prod, prod);
	return done;
}
