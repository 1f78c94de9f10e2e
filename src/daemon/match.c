/* SPDX-License-Identifier: MIT */
/*
 * Domains that look for each other: who asks for one that is here gets an end of a new pair of
 * sockets, the other domain the other end. What goes through it is theirs.
 */
#define _GNU_SOURCE
#include "daemon/daemon.h"

#include "base/packet.h"
#include "domain/match.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct peer_kind match;

static struct peer *find(struct daemon *d, unsigned domid)
{
	struct peer *p = d->peers;

	while (p && (p->kind != &match || p->domid != domid || p->gone))
		p = p->next;
	return p;
}

static int say(const struct peer *p, enum match_kind kind, unsigned domid, int fd)
{
	const struct match_msg m = {.kind = kind, .domid = domid};
	const struct iovec iov = {(void *)(uintptr_t)&m, sizeof(m)};

	return packet_send(p->fd, &iov, 1, fd);
}

/* Who does not read its answers is not worth keeping. */
static void tell(struct peer *p, enum match_kind kind, unsigned domid, int fd)
{
	if (say(p, kind, domid, fd))
		p->gone = true;
}

/* What a asks must not harm b, which may be busy for long: it is not there then. */
static void pair_up(struct peer *a, struct peer *b)
{
	int pair[2];
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (socketpair(AF_UNIX, type, 0, pair) < 0) {
		tell(a, MATCH_NONE, b->domid, -1);
		return;
	}
	if (say(b, MATCH_PEER, a->domid, pair[1]))
		tell(a, MATCH_NONE, b->domid, -1);
	else
		tell(a, MATCH_PEER, b->domid, pair[0]);
	close(pair[0]);
	close(pair[1]);
}

static void match_ready(struct daemon *d, struct peer *p, short revents)
{
	struct match_msg m;
	const struct iovec iov = {&m, sizeof(m)};
	int passed;
	ssize_t n = packet_receive(p->fd, &iov, 1, &passed);

	(void)revents;
	if (passed >= 0)
		close(passed);
	if (n == -EAGAIN)
		return;
	if (n != sizeof(m) || m.kind != MATCH_FIND) {
		p->gone = true;
		return;
	}
	struct peer *other = m.domid == p->domid ? NULL : find(d, m.domid);
	if (other)
		pair_up(p, other);
	else
		tell(p, MATCH_NONE, m.domid, -1);
}

static short match_events(struct peer *p)
{
	(void)p;
	return POLLIN;
}

static const struct peer_kind match = {.events = match_events, .ready = match_ready};

int match_add(struct daemon *d, unsigned domid, int fd)
{
	struct peer *old = find(d, domid);
	struct peer *p = domid ? peer_add(d, &match, fd) : NULL;

	if (!p) {
		close(fd);
		return domid ? -ENOMEM : -EINVAL;
	}
	p->domid = domid;
	if (old)
		old->gone = true;
	return 0;
}
