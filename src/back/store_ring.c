/* SPDX-License-Identifier: MIT */
/* See store_ring.h. */
#include "back/store_ring.h"

#include "back/ring.h"
#include "base/log.h"
#include "base/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct store_request {
	struct store_request *next;
	uint32_t id; /* the guest's name for it */
	bool quiet;  /* it is ours: the guest hears nothing of the reply */
	uint32_t len;
	uint8_t bytes[]; /* with our number in its header */
};

static struct xs_header header_of(const uint8_t *bytes)
{
	struct xs_header h;
	memcpy(&h, bytes, sizeof(h));
	return h;
}

void store_ring_init(struct store_ring *r)
{
	*r = (struct store_ring){.fd = -1, .serial = 1};
	r->last = &r->first;
}

static void drop_first(struct store_ring *r)
{
	struct store_request *q = r->first;

	r->first = q->next;
	if (!r->first)
		r->last = &r->first;
	r->requests--;
	free(q);
}

static void drop_stream(struct store_ring *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->unsent = r->first;
	r->sent = 0;
	if (!r->whole)
		r->reply_len = 0; /* its request is answered again */
}

void store_ring_free(struct store_ring *r)
{
	drop_stream(r);
	while (r->first)
		drop_first(r);
	store_watches_clear(&r->watches);
}

void store_ring_attach(struct store_ring *r, int fd)
{
	drop_stream(r);
	r->fd = fd;
}

/* --- requests --- */

/* A request that has our number already; id: the guest's. NULL: no memory. */
static struct store_request *append(
	struct store_ring *r, uint32_t id, const uint8_t *bytes, size_t len)
{
	struct store_request *q = malloc(sizeof(*q) + len);

	if (!q)
		return NULL;
	q->next = NULL;
	q->id = id;
	q->quiet = false;
	q->len = (uint32_t)len;
	memcpy(q->bytes, bytes, len);
	*r->last = q;
	r->last = &q->next;
	r->requests++;
	if (!r->unsent) {
		r->unsent = q;
		r->sent = 0;
	}
	return q;
}

static void set_number(uint8_t *bytes, uint32_t number)
{
	memcpy(bytes + offsetof(struct xs_header, req_id), &number, sizeof(number));
}

static bool add(struct store_ring *r, uint8_t *bytes, size_t len)
{
	uint32_t id = header_of(bytes).req_id;

	set_number(bytes, r->serial);
	if (append(r, id, bytes, len)) {
		r->serial++;
		return true;
	}
	set_number(bytes, id); /* to be tried again */
	return false;
}

/* Takes up to the end of the message that the guest writes. Returns whether bytes were taken. */
static bool take(struct store_ring *r, uint8_t *page)
{
	size_t want = XS_HEADER;

	if (r->taken_len >= XS_HEADER)
		want += header_of(r->taken).len;
	size_t n =
		byte_ring_take(page, &store_request, r->taken + r->taken_len, want - r->taken_len);
	r->taken_len += n;
	if (r->taken_len < XS_HEADER)
		return n != 0;
	uint32_t len = header_of(r->taken).len;
	if (len > XS_PAYLOAD_MAX) {
		log_warn("the guest breaks the protocol of xenstore: it is not heard any more");
		r->broken = true;
	} else if (r->taken_len == XS_HEADER + len && add(r, r->taken, r->taken_len)) {
		r->taken_len = 0;
	}
	return n != 0;
}

static bool take_requests(struct store_ring *r, uint8_t *page)
{
	bool moved = false;

	while (!r->broken && r->requests < STORE_RING_REQUESTS && take(r, page))
		moved = true;
	return moved;
}

static void send_requests(struct store_ring *r)
{
	while (r->fd >= 0 && r->unsent) {
		ssize_t n = send(r->fd, r->unsent->bytes + r->sent, r->unsent->len - r->sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			drop_stream(r);
		if (n <= 0)
			return;
		r->sent += (size_t)n;
		if (r->sent < r->unsent->len)
			continue;
		r->unsent = r->unsent->next;
		r->sent = 0;
	}
}

/* --- replies --- */

/* A message has come in whole. Returns whether it is for this guest, whose number of the request it
 * gets back. */
static bool accept_reply(struct store_ring *r)
{
	struct xs_header h = header_of(r->reply);

	if (h.type == XS_WATCH_EVENT)
		return !r->fresh;
	if (!r->first || r->first == r->unsent || header_of(r->first->bytes).req_id != h.req_id) {
		log_error("xenstore: a reply that nobody waits for");
		drop_stream(r);
		return false;
	}
	bool ours = !r->fresh && !r->first->quiet;
	if (ours && h.type != XS_ERROR)
		store_watches_note(&r->watches, r->first->bytes);
	set_number(r->reply, r->first->id);
	drop_first(r);
	if (h.req_id == r->fresh_serial)
		r->fresh = false;
	return ours;
}

/* Returns false when nothing came. */
static bool receive(struct store_ring *r)
{
	size_t want = XS_HEADER;

	if (r->reply_len >= XS_HEADER)
		want += header_of(r->reply).len;
	ssize_t n = recv(r->fd, r->reply + r->reply_len, want - r->reply_len, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		drop_stream(r);
	if (n <= 0)
		return false;
	r->reply_len += (size_t)n;
	if (r->reply_len < XS_HEADER)
		return true;
	uint32_t len = header_of(r->reply).len;
	if (len > XS_PAYLOAD_MAX)
		drop_stream(r);
	else if (r->reply_len == XS_HEADER + len && !(r->whole = accept_reply(r)))
		r->reply_len = 0;
	return r->fd >= 0;
}

static bool deliver(struct store_ring *r, uint8_t *page)
{
	size_t n = byte_ring_put(
		page, &store_response, r->reply + r->reply_put, r->reply_len - r->reply_put);

	r->reply_put += n;
	if (r->reply_put == r->reply_len) {
		r->reply_put = r->reply_len = 0;
		r->whole = false;
	}
	return n != 0;
}

static bool take_replies(struct store_ring *r, uint8_t *page)
{
	bool moved = false;

	for (;;) {
		while (!r->whole && r->fd >= 0 && receive(r))
			continue;
		if (!r->whole || !deliver(r, page))
			return moved;
		moved = true;
	}
}

bool store_ring_pump(struct store_ring *r, uint8_t *page)
{
	bool moved = take_requests(r, page);

	send_requests(r);
	moved |= take_replies(r, page);
	if (r->requests < STORE_RING_REQUESTS)
		moved |= take_requests(r, page);
	send_requests(r);
	return moved;
}

short store_ring_events(const struct store_ring *r)
{
	return (short)((r->whole ? 0 : POLLIN) | (r->unsent ? POLLOUT : 0));
}

/* --- the guest's life --- */

/* Drops requests that were not sent; of one that was sent in part, the rest must follow. */
static void forget_unsent(struct store_ring *r)
{
	struct store_request **at = &r->first;

	while (*at && *at != r->unsent)
		at = &(*at)->next;
	if (*at && r->sent)
		at = &(*at)->next;
	else
		r->unsent = NULL;
	struct store_request *q = *at;
	*at = NULL;
	r->last = at;
	for (struct store_request *next; q; q = next) {
		next = q->next;
		free(q);
		r->requests--;
	}
}

/* Nobody has asked for anything since the last time. */
static bool is_fresh(const struct store_ring *r)
{
	const struct store_request *q = r->first;

	while (q && q->next)
		q = q->next;
	return r->fresh && q && header_of(q->bytes).req_id == r->fresh_serial;
}

void store_ring_reset(struct store_ring *r)
{
	static const struct xs_header anew = {XS_RESET_WATCHES, 0, 0, 1};
	uint8_t request[sizeof(anew) + 1] = {0};
	bool used = r->serial > 1 || r->broken;

	store_watches_clear(&r->watches);
	r->taken_len = 0;
	r->reply_put = 0;
	if (r->whole)
		r->reply_len = 0;
	r->whole = r->broken = false;
	if (!used)
		return;
	forget_unsent(r);
	if (is_fresh(r))
		return;
	memcpy(request, &anew, sizeof(anew));
	r->fresh_serial = r->serial;
	r->fresh = true;
	if (!add(r, request, sizeof(request)))
		r->broken = true;
}

/* --- save files --- */

static void save_bytes(struct stream *s, const uint8_t *p, size_t n)
{
	stream_put_u64(s, n);
	stream_put(s, p, n);
}

static size_t load_bytes(struct stream *s, uint8_t *p, size_t max)
{
	size_t n = stream_get_max(s, max, "bytes of xenstore");

	stream_get(s, p, n);
	return n;
}

/* The first request of this guest. */
static const struct store_request *first_own(const struct store_ring *r)
{
	const struct store_request *q = r->first;

	while (q && r->fresh && header_of(q->bytes).req_id != r->fresh_serial)
		q = q->next;
	return q && r->fresh ? q->next : q;
}

void store_ring_save(const struct store_ring *r, struct stream *s)
{
	uint64_t requests = 0;

	for (const struct store_request *q = first_own(r); q; q = q->next)
		requests += !q->quiet;

	stream_put_u64(s, r->broken);
	stream_put_u64(s, r->serial);
	save_bytes(s, r->taken, r->taken_len);
	stream_put_u64(s, r->whole);
	save_bytes(s, r->reply + r->reply_put, r->whole ? r->reply_len - r->reply_put : 0);
	stream_put_u64(s, requests);
	for (const struct store_request *q = first_own(r); q; q = q->next) {
		if (q->quiet)
			continue;
		stream_put_u64(s, q->id);
		save_bytes(s, q->bytes, q->len);
	}
	store_watches_save(&r->watches, s);
}

static void load_request(struct store_ring *r, struct stream *s)
{
	uint8_t bytes[XS_HEADER + XS_PAYLOAD_MAX];
	uint32_t id = (uint32_t)stream_get_max(s, UINT32_MAX, "number of a request");
	size_t n = load_bytes(s, bytes, sizeof(bytes));

	if (!stream_ok(s))
		return;
	if (n < XS_HEADER || n != XS_HEADER + (size_t)header_of(bytes).len) {
		stream_fail(s, "a request to xenstore is not whole");
		return;
	}
	if (!append(r, id, bytes, n))
		stream_fail(s, "no memory for a request to xenstore");
}

/* Where it is known already, the answer is an error, and nobody hears of it. */
static void watch_again(struct store_ring *r, struct stream *s)
{
	uint8_t bytes[XS_HEADER + XS_PAYLOAD_MAX];

	for (const struct store_watch *w = r->watches.first; w; w = w->next) {
		struct xs_header h = {XS_WATCH, r->serial, 0, w->len};
		memcpy(bytes, &h, sizeof(h));
		memcpy(bytes + sizeof(h), w->text, w->len);
		struct store_request *q = append(r, 0, bytes, sizeof(h) + w->len);
		if (!q) {
			stream_fail(s, "no memory for a request to xenstore");
			return;
		}
		q->quiet = true;
		r->serial++;
	}
}

void store_ring_load(struct store_ring *r, struct stream *s, bool watches)
{
	int fd = r->fd;

	while (r->first)
		drop_first(r);
	store_watches_clear(&r->watches);
	store_ring_init(r);
	r->fd = fd;
	r->broken = stream_get_max(s, 1, "whether xenstore is heard");
	r->serial = (uint32_t)stream_get_max(s, UINT32_MAX, "count of requests to xenstore");
	r->taken_len = load_bytes(s, r->taken, sizeof(r->taken));
	r->whole = stream_get_max(s, 1, "whether a reply is there");
	r->reply_len = load_bytes(s, r->reply, sizeof(r->reply));
	if (r->taken_len >= XS_HEADER &&
		r->taken_len >= XS_HEADER + (size_t)header_of(r->taken).len)
		stream_fail(s, "a request to xenstore was left");
	if (r->whole != (r->reply_len != 0))
		stream_fail(s, "a reply of xenstore is not whole");
	uint64_t n = stream_get_max(s, STORE_RING_REQUESTS + 1, "requests to xenstore");
	for (uint64_t i = 0; i < n && stream_ok(s); i++)
		load_request(r, s);
	if (watches && stream_ok(s))
		store_watches_load(&r->watches, s);
	if (stream_ok(s))
		watch_again(r, s);
}
