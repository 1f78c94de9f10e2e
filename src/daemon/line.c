/* SPDX-License-Identifier: MIT */
/*
 * epixend.sock: one line and maybe a descriptor, then an answer as of a domain's control socket,
 * "ok" or "error ...". One function and one table row for each verb.
 *
 *   attach ID     the descriptor is the domain's xenstore stream; "attach ID counted" when requests
 *                 are numbered, each once
 *   backend ID    it is that of the process that serves its devices
 *   match ID      it is that through which it finds others
 *   settle        all domains that live have been attached: what others had goes
 *   shutdown ID   the domain has shut down
 *   stay          do not end by itself
 *   end           end as soon as the registry is not locked
 *   ping          go on
 */
#define _GNU_SOURCE
#include "daemon/daemon.h"

#include "base/log.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef void line_fn(struct daemon *d, struct peer *p, unsigned id);

static void attach(struct daemon *d, struct peer *p, unsigned id)
{
	int err = p->passed < 0 ? -EBADF : stream_add_domain(d, id, p->counted, p->passed);
	p->passed = -1;
	if (err)
		text_printf(&p->out, "error %s\n", strerror(-err));
}

static void backend(struct daemon *d, struct peer *p, unsigned id)
{
	int err = p->passed < 0 ? -EBADF : stream_add_backend(d, id, p->passed);
	p->passed = -1;
	if (err)
		text_printf(&p->out, "error %s\n", strerror(-err));
}

static void match(struct daemon *d, struct peer *p, unsigned id)
{
	int err = p->passed < 0 ? -EBADF : match_add(d, id, p->passed);
	p->passed = -1;
	if (err)
		text_printf(&p->out, "error %s\n", strerror(-err));
}

static void settle(struct daemon *d, struct peer *p, unsigned id)
{
	(void)p;
	(void)id;
	stream_settle(d);
}

static void shut_down(struct daemon *d, struct peer *p, unsigned id)
{
	(void)p;
	store_shutdown(d->store, id);
}

static void stay(struct daemon *d, struct peer *p, unsigned id)
{
	(void)p;
	(void)id;
	d->stay = true;
	d->end = false;
}

static void end(struct daemon *d, struct peer *p, unsigned id)
{
	(void)id;
	if (store_next_domain(d->store, 0))
		text_printf(&p->out, "error there are domains\n");
	else
		d->end = true;
}

/* Who asks will rely on us: an end that has not come yet is off. */
static void ping(struct daemon *d, struct peer *p, unsigned id)
{
	(void)p;
	(void)id;
	d->end = false;
}

static const struct {
	const char *name;
	line_fn *fn;
} verbs[] = {
	{"attach", attach},
	{"backend", backend},
	{"end", end},
	{"match", match},
	{"ping", ping},
	{"settle", settle},
	{"shutdown", shut_down},
	{"stay", stay},
};

static void serve(struct daemon *d, struct peer *p)
{
	char *arg = strchr(p->line, ' ');
	unsigned i = 0;
	if (arg)
		*arg++ = 0;
	p->counted = arg && strstr(arg, " counted");
	while (i < countof(verbs) && strcmp(verbs[i].name, p->line))
		i++;
	if (i < countof(verbs))
		verbs[i].fn(d, p, arg ? (unsigned)strtoul(arg, NULL, 10) : 0);
	else
		text_printf(&p->out, "error unknown command\n");
	if (!p->out.len)
		text_printf(&p->out, "ok\n");
}

/* Keeps the last descriptor and closes others. */
static void take_descriptors(struct peer *p, struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int fd;
	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
		return;
	for (size_t at = 0; at + sizeof(fd) <= h->cmsg_len - CMSG_LEN(0); at += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(h) + at, sizeof(fd));
		if (p->passed >= 0)
			close(p->passed);
		p->passed = fd;
	}
}

static void line_ready(struct daemon *d, struct peer *p, short revents)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {p->line + p->line_len, sizeof(p->line) - 1 - p->line_len};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	if (!(revents & POLLIN) || p->out.len) {
		p->gone |= (revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
		return;
	}
	ssize_t n = recvmsg(p->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n <= 0) {
		p->gone = n == 0 || errno != EAGAIN;
		return;
	}
	take_descriptors(p, &m);
	p->line_len += (size_t)n;
	char *stop = memchr(p->line, '\n', p->line_len);
	if (stop) {
		*stop = 0;
		serve(d, p);
	} else if (p->line_len == sizeof(p->line) - 1) {
		p->gone = true;
	}
}

static short line_events(struct peer *p)
{
	return p->out.len ? POLLOUT : POLLIN;
}

/* The answers are short: a socket that has no room for one has nobody who waits. */
static void line_flush(struct daemon *d, struct peer *p)
{
	(void)d;
	if (!p->out.len)
		return;
	if (send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("nobody waits for an answer");
	p->gone = true;
}

static const struct peer_kind line = {
	.events = line_events, .ready = line_ready, .flush = line_flush, .counts = true};

void line_add(struct daemon *d, int fd)
{
	if (!peer_add(d, &line, fd))
		close(fd);
}
