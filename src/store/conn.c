/* SPDX-License-Identifier: MIT */
/*
 * A connection's two streams. Requests are taken while there is room for their replies; a client
 * that does not read its own is not served, and is told of lost events when it has read all.
 */
#include "store/private.h"

#include <stdlib.h>
#include <string.h>

struct store_conn *conn_new(struct store *s, unsigned domid)
{
	struct store_conn *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->store = s;
	c->domid = domid;
	c->out_end = &c->out;
	c->next = s->conns;
	c->back = &s->conns;
	if (c->next)
		c->next->back = &c->next;
	s->conns = c;
	return c;
}

void conn_clear(struct store_conn *c)
{
	for (struct message *m = c->out, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	c->out = NULL;
	c->out_end = &c->out;
	c->out_bytes = c->sent = c->in_len = 0;
	c->replies = 0;
	c->lost_events = false;
}

void conn_free(struct store_conn *c)
{
	conn_clear(c);
	*c->back = c->next;
	if (c->next)
		c->next->back = c->back;
	free(c);
}

static bool queue(struct store_conn *c, const struct xs_header *h, const void *data, bool event)
{
	struct message *m = malloc(sizeof(*m) + XS_HEADER + h->len);
	if (!m)
		return false;
	m->next = NULL;
	m->event = event;
	m->len = XS_HEADER + h->len;
	memcpy(m->bytes, h, XS_HEADER);
	if (h->len)
		memcpy(m->bytes + XS_HEADER, data, h->len);
	*c->out_end = m;
	c->out_end = &m->next;
	c->out_bytes += m->len;
	c->replies += !event;
	return true;
}

void conn_reply(
	struct store_conn *c, const struct xs_header *to, uint32_t type, const void *data, size_t n)
{
	struct xs_header h = {type, to->req_id, to->tx_id, (uint32_t)n};
	if (!queue(c, &h, data, false))
		c->broken = true; /* a client without its reply would wait for ever */
}

static bool waits_already(const struct store_conn *c, const uint8_t *data, size_t n)
{
	const struct message *m = c->out;
	if (m && c->sent)
		m = m->next;
	for (; m; m = m->next) {
		if (m->event && m->len == XS_HEADER + n && !memcmp(m->bytes + XS_HEADER, data, n))
			return true;
	}
	return false;
}

bool conn_event(struct store_conn *c, const char *path, const char *token)
{
	uint8_t data[XS_PAYLOAD_MAX];
	size_t p = strlen(path) + 1, t = strlen(token) + 1;
	if (p + t > sizeof(data) || c->out_bytes > OUTPUT_MAX)
		return false;
	memcpy(data, path, p);
	memcpy(data + p, token, t);
	if (waits_already(c, data, p + t))
		return true;
	struct xs_header h = {XS_WATCH_EVENT, 0, 0, (uint32_t)(p + t)};
	return queue(c, &h, data, true);
}

uint8_t *store_space(struct store_conn *c, size_t *room)
{
	*room = c->broken ? 0 : sizeof(c->in) - c->in_len;
	return c->in + c->in_len;
}

void store_received(struct store_conn *c, size_t n)
{
	c->in_len += n;
}

static bool held(const struct store_conn *c)
{
	unsigned max;
	if (c->broken || c->out_bytes > OUTPUT_MAX)
		return true;
	if (c->domid && !domain_at(c->store, c->domid)->introduced)
		return true;
	return store_limit(c, QUOTA_OUTSTANDING, &max) && c->replies >= max;
}

bool store_run(struct store_conn *c)
{
	char data[XS_PAYLOAD_MAX + 1];
	struct xs_header h;
	if (c->in_len < XS_HEADER || held(c))
		return false;
	memcpy(&h, c->in, XS_HEADER);
	if (h.len > XS_PAYLOAD_MAX) {
		c->broken = true;
		return false;
	}
	size_t size = XS_HEADER + h.len;
	if (c->in_len < size)
		return false;
	memcpy(data, c->in + XS_HEADER, h.len);
	data[h.len] = 0;
	c->in_len -= size;
	memmove(c->in, c->in + size, c->in_len);
	request_serve(c, &h, data);
	return true;
}

const uint8_t *store_output(struct store_conn *c, size_t *n)
{
	*n = c->out ? c->out->len - c->sent : 0;
	return c->out ? c->out->bytes + c->sent : NULL;
}

void store_sent(struct store_conn *c, size_t n)
{
	c->sent += n;
	while (c->out && c->sent >= c->out->len) {
		struct message *m = c->out;
		c->sent -= m->len;
		c->out_bytes -= m->len;
		c->replies -= !m->event;
		c->out = m->next;
		free(m);
	}
	if (c->out)
		return;
	c->out_end = &c->out;
	if (c->lost_events)
		watch_tell_lost(c);
}

bool store_broken(const struct store_conn *c)
{
	return c->broken;
}
