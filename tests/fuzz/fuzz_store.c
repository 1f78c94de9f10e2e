/* SPDX-License-Identifier: MIT */
/*
 * Any bytes on a guest's connection to the store, or its backends'. Every message out has to be
 * well formed, other clients' nodes stay as they are, the store has to pass its own check, and its
 * journal has to make the same one again. The first byte chooses the connection, and raw bytes or
 * messages put together from the rest.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Takes all output; keeps the last transaction id. */
static void drain(struct store_conn *c, uint32_t *tx)
{
	struct xs_header h;
	size_t n;
	for (const uint8_t *p; (p = store_output(c, &n)), n; store_sent(c, n)) {
		check(n >= sizeof(h));
		memcpy(&h, p, sizeof(h));
		check(h.len == n - sizeof(h) && h.len <= XS_PAYLOAD_MAX && h.type < XS_TYPES);
		if (h.type == XS_ERROR)
			check(h.len > 2 && p[sizeof(h)] == 'E' && !p[n - 1]);
		if (h.type == XS_TRANSACTION_START)
			*tx = (uint32_t)strtoul((const char *)p + sizeof(h), NULL, 10);
	}
}

static void feed(struct store_conn *c, const void *p, size_t n)
{
	size_t room;
	uint8_t *to = store_space(c, &room);
	if (n > room)
		n = room;
	memcpy(to, p, n);
	store_received(c, n);
	while (store_run(c))
		continue;
}

static void ask(struct store_conn *c, uint32_t type, const char *text, size_t n)
{
	struct xs_header h = {type, 1, 0, (uint32_t)n};
	feed(c, &h, sizeof(h));
	feed(c, text, n);
}

static void raw(struct store_conn *c, const uint8_t *data, size_t size, uint32_t *tx)
{
	for (size_t n; size && !store_broken(c); data += n, size -= n) {
		n = size < 100 ? size : 100;
		feed(c, data, n);
		drain(c, tx);
	}
}

/* type, whether in the transaction, length, payload; zeros for spaces */
static void messages(struct store_conn *c, const uint8_t *data, size_t size, uint32_t *tx)
{
	uint8_t text[256];
	while (size > 3 && !store_broken(c)) {
		struct xs_header h = {
			data[0] % (XS_TYPES + 1), data[1], data[1] & 1 ? *tx : 0, data[2]};
		data += 3, size -= 3;
		if (h.len > size)
			h.len = (uint32_t)size;
		for (size_t i = 0; i < h.len; i++)
			text[i] = data[i] == ' ' ? 0 : data[i];
		feed(c, &h, sizeof(h));
		feed(c, text, h.len);
		if (h.req_id & 2)
			drain(c, tx);
		data += h.len, size -= h.len;
	}
}

static void check_journal(struct store *s, const struct text *journal)
{
	struct text here = {0}, there = {0};
	struct store *again = store_new();
	check(store_replay(again, journal->data, journal->len) == journal->len);
	store_snapshot(s, &here);
	store_snapshot(again, &there);
	check(here.len == there.len && memcmp(here.data, there.data, here.len) == 0);
	text_free(&here);
	text_free(&there);
	store_free(again);
}

static void check_store(struct store *s)
{
	struct store_conn *c = store_connect(s);
	struct xs_header h;
	size_t n;
	ask(c, XS_CONTROL, "check", 6);
	const uint8_t *p = store_output(c, &n);
	check(n == sizeof(h) + 3 && !memcmp(p + sizeof(h), "OK", 3));
	store_sent(c, n);
	ask(c, XS_READ, "/local/domain/2/own", 20);
	p = store_output(c, &n);
	check(n == sizeof(h) + 5 && !memcmp(p + sizeof(h), "value", 5));
	check_journal(s, store_journal(s));
	store_disconnect(c);
}

static struct store_conn *backend(struct store *s, struct store_conn *tool)
{
	ask(tool, XS_MKDIR, "/local/domain/1/device/vbd/5/state", 35);
	ask(tool, XS_MKDIR, "/local/domain/0/backend/vbd/1/5/state", 38);
	ask(tool, XS_MKDIR, "/local/domain/0/backend/vbd/2/5/state", 38);
	return store_backend(s, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *s = store_new();
	struct store_conn *tool = store_connect(s), *c = store_attach(s, 1);
	uint32_t tx = 0;
	if (!size)
		return store_free(s), 0;
	ask(tool, XS_WATCH, "/\0tool", 7);
	ask(tool, XS_WRITE, "/local/domain/2/own\0value", 25);
	ask(tool, XS_MKDIR, "/local/domain/1", 16);
	ask(tool, XS_SET_PERMS, "/local/domain/1\0n1", 19);
	store_attach(s, 2);
	ask(tool, XS_INTRODUCE, "1\0000\0001", 6);
	if (data[0] & 4)
		c = backend(s, tool);
	else if (data[0] & 8)
		store_counts_requests(c);
	if (data[0] & 1)
		messages(c, data + 1, size - 1, &tx);
	else
		raw(c, data + 1, size - 1, &tx);
	if (data[0] & 2)
		store_forget(s, 1);
	drain(tool, &tx);
	check_store(s);
	store_free(s);
	return 0;
}
