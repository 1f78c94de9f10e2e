/* SPDX-License-Identifier: MIT */
/* Connections that speak the xenstore protocol: bytes between a socket and the store. */
#define _GNU_SOURCE
#include "daemon/daemon.h"

#include "base/log.h"
#include "store/store.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct peer_kind domain, backend;

static short stream_events(struct peer *p)
{
	size_t room, n;
	store_space(p->conn, &room);
	store_output(p->conn, &n);
	return (short)((room ? POLLIN : 0) | (n ? POLLOUT : 0));
}

static void stream_ready(struct daemon *d, struct peer *p, short revents)
{
	size_t room;
	uint8_t *to = store_space(p->conn, &room);
	(void)d;
	if (revents & POLLIN && room) {
		ssize_t n = recv(p->fd, to, room, MSG_DONTWAIT);
		if (n > 0)
			store_received(p->conn, (size_t)n);
		else if (n == 0 || errno != EAGAIN)
			p->eof = true;
	} else if (revents & (POLLHUP | POLLERR | POLLNVAL)) {
		p->eof = true;
	}
}

/* Who has hung up still gets done what was complete. A tool that broke the protocol is dropped; a
 * domain is not served any more, until it is introduced again. */
static bool stream_work(struct daemon *d, struct peer *p)
{
	(void)d;
	bool did = store_run(p->conn);
	if (!did && (p->eof || (p->kind != &domain && store_broken(p->conn))))
		p->gone = true;
	return did;
}

static void stream_flush(struct daemon *d, struct peer *p)
{
	size_t n;
	(void)d;
	for (const uint8_t *out; (out = store_output(p->conn, &n)), n;) {
		ssize_t sent = send(p->fd, out, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0) {
			p->eof |= errno != EAGAIN;
			return;
		}
		store_sent(p->conn, (size_t)sent);
	}
}

static void tool_end(struct daemon *d, struct peer *p)
{
	(void)d;
	store_disconnect(p->conn);
}

/* Unless another stream has taken its place. */
static void domain_end(struct daemon *d, struct peer *p)
{
	for (struct peer *b = d->peers; b && p->domid; b = b->next)
		b->gone |= b->kind == &backend && b->domid == p->domid;
	if (p->domid)
		store_forget(d->store, p->domid);
}

static const struct peer_kind tool = {.events = stream_events,
	.ready = stream_ready,
	.work = stream_work,
	.flush = stream_flush,
	.end = tool_end,
	.counts = true};
static const struct peer_kind domain = {.events = stream_events,
	.ready = stream_ready,
	.work = stream_work,
	.flush = stream_flush,
	.end = domain_end,
	.counts = true};
static const struct peer_kind backend = {.events = stream_events,
	.ready = stream_ready,
	.work = stream_work,
	.flush = stream_flush,
	.end = tool_end};

void stream_add_tool(struct daemon *d, int fd)
{
	struct store_conn *c = store_connect(d->store);
	struct peer *p = c ? peer_add(d, &tool, fd) : NULL;
	if (p) {
		p->conn = c;
		return;
	}
	log_error("no memory for a client");
	if (c)
		store_disconnect(c);
	close(fd);
}

static struct peer *find(struct daemon *d, const struct peer_kind *kind, unsigned domid)
{
	struct peer *p = d->peers;
	while (p && (p->kind != kind || p->domid != domid))
		p = p->next;
	return p;
}

int stream_add_backend(struct daemon *d, unsigned domid, int fd)
{
	struct peer *old = find(d, &backend, domid);
	struct store_conn *c = store_backend(d->store, domid);
	struct peer *p = c ? peer_add(d, &backend, fd) : NULL;
	if (!p) {
		if (c)
			store_disconnect(c);
		close(fd);
		return c ? -ENOMEM : -EINVAL;
	}
	p->conn = c;
	p->domid = domid;
	if (old)
		old->gone = true;
	return 0;
}

int stream_add_domain(struct daemon *d, unsigned domid, bool counted, int fd)
{
	struct peer *old = find(d, &domain, domid);
	struct store_conn *c = store_attach(d->store, domid);
	struct peer *p = c ? peer_add(d, &domain, fd) : NULL;
	if (!p) {
		close(fd);
		return c ? -ENOMEM : -EINVAL;
	}
	if (counted)
		store_counts_requests(c);
	p->conn = c;
	p->domid = domid;
	if (old) {
		old->domid = 0;
		old->gone = true;
	}
	return 0;
}

void stream_settle(struct daemon *d)
{
	d->settle_at = 0;
	for (unsigned id = 0; (id = store_next_domain(d->store, id));) {
		if (!find(d, &domain, id))
			store_forget(d->store, id);
	}
}
