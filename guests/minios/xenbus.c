/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client over the ring that start_info names (ABI 2.6): polled, with events off for
 * its port.
 */
#include "xenbus.h"

#include "hypercall.h"

struct ring {
	u8 req[1024], rsp[1024];
	u32 req_cons, req_prod, rsp_cons, rsp_prod;
};

struct header {
	u32 type, id, tx, length;
};

static volatile struct ring *ring;
static struct xs_reply reply;
static char events[16][256];
static unsigned event_first, event_last;
static u32 next_id;

void xs_init(void)
{
	ring = va(start_info->store_mfn << PAGE_SHIFT);
	port_mask(start_info->store_evtchn);
}

/* For the other end to signal; a poll that ends early does no harm. */
static void pause(void)
{
	port_clear(start_info->store_evtchn);
	__sync_synchronize();
}

static void put(const void *data, u32 n)
{
	const u8 *b = data;

	while (n) {
		u32 prod = ring->req_prod;
		pause();
		if (prod - ring->req_cons == sizeof(ring->req)) {
			poll_port(start_info->store_evtchn, now() + 10000000);
			continue;
		}
		while (n && prod - ring->req_cons < sizeof(ring->req)) {
			ring->req[prod++ % sizeof(ring->req)] = *b++;
			n--;
		}
		__sync_synchronize();
		ring->req_prod = prod;
		port_op(EVTCHN_SEND, start_info->store_evtchn);
	}
}

static bool get(void *data, u32 n, u64 deadline)
{
	u8 *b = data;

	while (n) {
		u32 cons = ring->rsp_cons;
		pause();
		if (cons == ring->rsp_prod) {
			if (deadline && now() >= deadline)
				return false;
			poll_port(start_info->store_evtchn, deadline);
			continue;
		}
		while (n && cons != ring->rsp_prod) {
			*b++ = ring->rsp[cons++ % sizeof(ring->rsp)];
			n--;
		}
		__sync_synchronize();
		ring->rsp_cons = cons;
		port_op(EVTCHN_SEND, start_info->store_evtchn);
	}
	return true;
}

/* A message into reply; events go to their queue. */
static bool message(u64 deadline)
{
	struct header h;

	if (!get(&h, sizeof(h), deadline) || h.length > XS_MAX)
		return false;
	if (!get(reply.data, h.length, 0))
		return false;
	reply.type = h.type;
	reply.length = h.length;
	reply.data[h.length] = 0;
	if (h.type != XS_WATCH_EVENT)
		return h.id == next_id;
	memset(events[event_last % countof(events)], 0, sizeof(events[0]));
	memcpy(events[event_last++ % countof(events)], reply.data,
		h.length < sizeof(events[0]) ? h.length : sizeof(events[0]) - 2);
	return true;
}

const struct xs_reply *xs_request(u32 type, u32 tx, const char *path, const void *data, u32 size)
{
	u32 n = path ? (u32)strlen(path) + 1 : 0;
	struct header h = {.type = type, .id = ++next_id, .tx = tx, .length = n + size};

	put(&h, sizeof(h));
	put(path, n);
	put(data, size);
	do {
		reply.type = 0;
		if (!message(0)) {
			reply.type = 0;
			break;
		}
	} while (reply.type == XS_WATCH_EVENT);
	return &reply;
}

const char *xs_error(const struct xs_reply *r)
{
	return r->type == XS_ERROR ? r->data : r->type ? "" : "no answer";
}

const char *xs_read(u32 tx, const char *path)
{
	const struct xs_reply *r = xs_request(XS_READ, tx, path, NULL, 0);

	return r->type == XS_READ ? r->data : NULL;
}

const char *xs_write(u32 tx, const char *path, const char *fmt, ...)
{
	char value[512];
	va_list ap;

	va_start(ap, fmt);
	int n = formatv(value, sizeof(value), fmt, ap);
	va_end(ap);
	return xs_error(xs_request(XS_WRITE, tx, path, value, (u32)n));
}

u64 xs_number(const char *path, u64 otherwise)
{
	const char *s = xs_read(0, path);

	return s && *s >= '0' && *s <= '9' ? number_at(s) : otherwise;
}

u32 xs_begin(void)
{
	const struct xs_reply *r = xs_request(XS_TRANSACTION_START, 0, "", NULL, 0);

	return r->type == XS_TRANSACTION_START ? (u32)number_at(r->data) : 0;
}

const char *xs_end(u32 tx, bool commit)
{
	return xs_error(xs_request(XS_TRANSACTION_END, tx, commit ? "T" : "F", NULL, 0));
}

const char *xs_watch(const char *path, const char *token)
{
	return xs_error(xs_request(XS_WATCH, 0, path, token, (u32)strlen(token) + 1));
}

const char *xs_unwatch(const char *path, const char *token)
{
	return xs_error(xs_request(XS_UNWATCH, 0, path, token, (u32)strlen(token) + 1));
}

const char *xs_event(unsigned ms, const char **token)
{
	u64 deadline = wait_deadline(ms);

	while (event_first == event_last)
		if (!message(deadline))
			return NULL;
	const char *path = events[event_first++ % countof(events)];
	*token = path + strlen(path) + 1;
	return path;
}

bool xs_wait(const char *path, const char *value, unsigned ms)
{
	u64 end = now() + ms * 1000000ull;

	for (;;) {
		const char *s = xs_read(0, path);
		if (s && !strcmp(s, value))
			return true;
		if (now() >= end)
			return false;
		delay(5);
	}
}

u16 own_domid(void)
{
	return (u16)xs_number("domid", 0);
}
