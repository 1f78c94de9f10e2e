/* SPDX-License-Identifier: MIT */
/*
 * Any contents of the pages of console and xenstore, which change while they are used: nothing
 * beside the page is touched, what is kept is bounded, and epixend hears whole messages only. Bytes
 * are steps: the guest writes somewhere, or one of the two is served, or epixend answers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "back/ring.h"
#include "back/store_ring.h"
#include "base/log.h"
#include "base/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE 16384

struct world {
	uint8_t *page; /* of its own size, so that any byte beyond is noticed */
	struct store_ring store;
	int epixend;
	uint8_t heard[4 * (XS_HEADER + XS_PAYLOAD_MAX)];
	size_t heard_len;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void connect_store(struct world *w)
{
	int pair[2];

	if (w->epixend >= 0)
		close(w->epixend);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	w->epixend = pair[1];
	w->heard_len = 0;
	store_ring_attach(&w->store, pair[0]);
}

/* Messages one after the other, and an answer to each: right, wrong, or none. */
static void epixend_step(struct world *w, uint8_t how)
{
	ssize_t n = read(w->epixend, w->heard + w->heard_len, sizeof(w->heard) - w->heard_len);
	struct xs_header h;

	w->heard_len += n > 0 ? (size_t)n : 0;
	while (w->heard_len >= sizeof(h)) {
		memcpy(&h, w->heard, sizeof(h));
		check(h.len <= XS_PAYLOAD_MAX);
		if (w->heard_len < sizeof(h) + h.len)
			break;
		w->heard_len -= sizeof(h) + h.len;
		memmove(w->heard, w->heard + sizeof(h) + h.len, w->heard_len);
		h.len = how % 5 == 0 ? 1u << how % 32 : how % 100;
		h.req_id += how == 3;
		uint8_t reply[sizeof(h) + 128] = {0};
		memcpy(reply, &h, sizeof(h));
		size_t whole = sizeof(h) + (h.len < 128 ? h.len : 128);
		if (how & 0x80 && send(w->epixend, reply, whole - (how == 0x81), MSG_NOSIGNAL) < 0)
			connect_store(w);
	}
}

/* Indices that make sense, nearly, or bytes anywhere. */
static const uint8_t *guest_step(struct world *w, uint8_t how, const uint8_t *p, const uint8_t *end)
{
	static const uint16_t indices[] = {0xc00, 0xc04, 0xc08, 0xc0c, 0x800, 0x804, 0x808, 0x80c};
	size_t at = end - p > 1 ? (p[0] | p[1] << 8) % (PAGE - 4) : 0, n = how & 31;
	uint32_t v;

	p += end - p > 1 ? 2 : 0;
	if (how & 0x20) {
		uint16_t index = indices[at % 8];
		memcpy(&v, w->page + index, 4);
		v += how & 0x40 ? (uint32_t)at : n;
		memcpy(w->page + index, &v, 4);
		return p;
	}
	n = n < (size_t)(end - p) ? n : (size_t)(end - p);
	memcpy(w->page + (at + n <= PAGE ? at : 0), p, n);
	return p + n;
}

static void save_and_load(struct world *w)
{
	struct stream s = {0};

	stream_begin(&s, "store", 1);
	store_ring_save(&w->store, &s);
	stream_end(&s);
	stream_open(&s, "store", 1);
	store_ring_load(&w->store, &s, true);
	check(stream_ok(&s));
	stream_close(&s);
	stream_free(&s);
	connect_store(w);
}

static const uint8_t *step(struct world *w, const uint8_t *p, const uint8_t *end)
{
	uint8_t k = *p++, how = p < end ? *p++ : 0, bytes[4096];

	switch (k % 8) {
	case 0:
		byte_ring_take(w->page, &console_out, bytes, (size_t)how * 16);
		break;
	case 1:
		byte_ring_put(w->page, &console_in, p, (size_t)(end - p) < how ? 0 : how);
		break;
	case 2:
	case 3:
		store_ring_pump(&w->store, w->page);
		check(w->store.requests <= STORE_RING_REQUESTS + 1);
		break;
	case 4:
		epixend_step(w, how);
		break;
	case 5:
		if (how < 20)
			store_ring_reset(&w->store);
		else if (how < 30)
			save_and_load(w);
		break;
	default:
		p = guest_step(w, how, p, end);
	}
	check(byte_ring_used(w->page, &console_in) <= console_in.size);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = {.epixend = -1, .page = calloc(1, PAGE)};
	const uint8_t *end = data + size;

	log_init("fuzz", LOG_ERROR);
	store_ring_init(&w.store);
	connect_store(&w);
	for (const uint8_t *p = data; p < end;)
		p = step(&w, p, end);
	store_ring_free(&w.store);
	close(w.epixend);
	free(w.page);
	return 0;
}
