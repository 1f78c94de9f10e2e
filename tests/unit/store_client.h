/* SPDX-License-Identifier: MIT */
/* Clients of a store, in one process: requests as text, replies as text with '|' for each zero. */
#ifndef TESTS_STORE_CLIENT_H
#define TESTS_STORE_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	struct xs_header h;
	char text[XS_PAYLOAD_MAX + 1];
};

static inline void put_bytes(struct store_conn *c, const void *p, size_t n)
{
	size_t room;
	uint8_t *to = store_space(c, &room);
	assert_true(room >= n);
	memcpy(to, p, n);
	store_received(c, n);
}

/* text: '|' stands for a zero byte. */
static inline void put(struct store_conn *c, unsigned type, unsigned tx, const char *text)
{
	struct xs_header h = {type, 77, tx, (uint32_t)strlen(text)};
	char data[XS_PAYLOAD_MAX + 1];
	for (size_t i = 0; i < h.len; i++)
		data[i] = text[i] == '|' ? 0 : text[i];
	put_bytes(c, &h, sizeof(h));
	put_bytes(c, data, h.len);
}

/* Takes one message; false when there is none. */
static inline bool take(struct store_conn *c, struct answer *a)
{
	size_t n;
	const uint8_t *p = store_output(c, &n);
	if (!n)
		return false;
	memcpy(&a->h, p, sizeof(a->h));
	assert_int_equal(n, sizeof(a->h) + a->h.len);
	for (size_t i = 0; i < a->h.len; i++)
		a->text[i] = p[sizeof(a->h) + i] ? (char)p[sizeof(a->h) + i] : '|';
	a->text[a->h.len] = 0;
	store_sent(c, n);
	return true;
}

/* Sends a request and returns the reply's text, in a buffer that the next call takes; events that
 * come with it are left out. */
static inline const char *ask(struct store_conn *c, unsigned type, unsigned tx, const char *text)
{
	static struct answer a;
	put(c, type, tx, text);
	while (store_run(c))
		continue;
	do {
		assert_true(take(c, &a));
	} while (a.h.type == XS_WATCH_EVENT);
	assert_int_equal(a.h.req_id, 77);
	assert_int_equal(a.h.tx_id, tx);
	assert_true(a.h.type == type || a.h.type == XS_ERROR);
	return a.text;
}

#define expect(c, type, text, answer)	     assert_string_equal(ask(c, type, 0, text), answer)
#define expect_tx(c, tx, type, text, answer) assert_string_equal(ask(c, type, tx, text), answer)

static inline unsigned begin(struct store_conn *c)
{
	return (unsigned)strtoul(ask(c, XS_TRANSACTION_START, 0, "|"), NULL, 10);
}

/* The waiting events, each as "path token;". */
static inline const char *events(struct store_conn *c)
{
	static char all[65536];
	struct answer a;
	size_t n = 0;
	all[0] = 0;
	while (take(c, &a)) {
		assert_int_equal(a.h.type, XS_WATCH_EVENT);
		assert_int_equal(a.h.req_id, 0);
		char *bar = strchr(a.text, '|');
		*bar = ' ';
		bar = strchr(bar, '|');
		*bar = ';';
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s", a.text);
	}
	return all;
}

/* A domain with its own directory, as a toolstack makes it. */
static inline struct store_conn *guest(struct store *s, struct store_conn *dom0, unsigned id)
{
	char text[200];
	struct store_conn *c = store_attach(s, id);
	assert_non_null(c);
	snprintf(text, sizeof(text), "/local/domain/%u|", id);
	expect(dom0, XS_MKDIR, text, "OK|");
	snprintf(text, sizeof(text), "/local/domain/%u|n%u|", id, id);
	expect(dom0, XS_SET_PERMS, text, "OK|");
	snprintf(text, sizeof(text), "%u|0|1|", id);
	expect(dom0, XS_INTRODUCE, text, "OK|");
	return c;
}

#endif
