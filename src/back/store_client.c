/* SPDX-License-Identifier: MIT */
/* See store_client.h. Whatever is wrong with a stream ends it; the next epixend brings another. */
#include "back/store_client.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void drop(struct store_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	text_free(&c->out);
	c->sent = c->got = 0;
	c->first = c->tags = 0;
}

void store_client_init(struct store_client *c)
{
	c->fd = -1;
}

void store_client_free(struct store_client *c)
{
	drop(c);
	free(c->tag);
	c->tag = NULL;
	c->room = 0;
}

void store_client_attach(struct store_client *c, int fd)
{
	drop(c);
	c->fd = fd;
}

static bool push_tag(struct store_client *c, struct store_tag t)
{
	if (c->first && c->first + c->tags == c->room) {
		memmove(c->tag, c->tag + c->first, c->tags * sizeof(t));
		c->first = 0;
	}
	if (c->tags == c->room) {
		unsigned room = c->room * 2 + 16;
		struct store_tag *more = realloc(c->tag, room * sizeof(*more));
		if (!more)
			return false;
		c->tag = more;
		c->room = room;
	}
	c->tag[c->first + c->tags++] = t;
	return true;
}

void store_client_ask(struct store_client *c, unsigned type, const char *path, const void *more,
	size_t n, struct store_tag t)
{
	size_t len = strlen(path) + 1;
	struct xs_header h = {type, 0, 0, (uint32_t)(len + n)};

	if (c->fd < 0 || len + n > XS_PAYLOAD_MAX)
		return;
	text_add(&c->out, (const char *)&h, sizeof(h));
	text_add(&c->out, path, len);
	text_add(&c->out, more, n);
	if (c->out.failed || !push_tag(c, t)) {
		log_error("no memory for what backends ask of xenstore");
		drop(c);
	}
}

short store_client_events(const struct store_client *c)
{
	return (short)(POLLIN | (c->sent < c->out.len ? POLLOUT : 0));
}

static void send_all(struct store_client *c)
{
	while (c->fd >= 0 && c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			drop(c);
		if (n <= 0)
			return;
		c->sent += (size_t)n;
	}
	c->sent = c->out.len = 0;
}

/* An event is two strings. */
static void take_event(struct store_client *c, const char *data, size_t n)
{
	size_t path = strnlen(data, n) + 1;

	if (path < n && !data[n - 1])
		c->event(c->owner, data, data + path);
}

static void take(struct store_client *c, const struct xs_header *h)
{
	char data[XS_PAYLOAD_MAX + 1];

	memcpy(data, c->in + XS_HEADER, h->len);
	data[h->len] = 0;
	c->got = 0;
	if (h->type == XS_WATCH_EVENT) {
		take_event(c, data, h->len);
		return;
	}
	if (!c->tags) {
		drop(c);
		return;
	}
	struct store_tag t = c->tag[c->first++];
	c->tags--;
	c->reply(c->owner, &t, h->type != XS_ERROR, data, h->len);
}

/* Up to the end of the message that is coming in. Returns false when nothing came. */
static bool receive(struct store_client *c)
{
	struct xs_header h = {0};
	size_t want = XS_HEADER;

	if (c->got >= XS_HEADER) {
		memcpy(&h, c->in, XS_HEADER);
		want += h.len;
	}
	ssize_t n = want > c->got ? recv(c->fd, c->in + c->got, want - c->got, MSG_DONTWAIT) : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN))
		drop(c);
	if (n <= 0)
		return false;
	c->got += (size_t)n;
	if (c->got < XS_HEADER)
		return true;
	memcpy(&h, c->in, XS_HEADER);
	if (h.len > XS_PAYLOAD_MAX)
		drop(c);
	else if (c->got == XS_HEADER + h.len)
		take(c, &h);
	return c->fd >= 0;
}

void store_client_pump(struct store_client *c)
{
	send_all(c);
	while (c->fd >= 0 && receive(c))
		continue;
	send_all(c);
}
