/* SPDX-License-Identifier: MIT */
/* The two sockets. They are bound through /proc/self/fd, for long paths' sake. */
#define _GNU_SOURCE
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define XENSTORED "xenstored.sock"
#define EPIXEND	  "epixend.sock"

static short listen_events(struct peer *p)
{
	(void)p;
	return POLLIN;
}

/* A client that waits can be accepted later: all at once would starve the others. */
static bool accept_one(struct daemon *d, struct peer *p, void (*add)(struct daemon *, int))
{
	int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return false;
	add(d, fd);
	return true;
}

static void tool_ready(struct daemon *d, struct peer *p, short revents)
{
	(void)revents;
	accept_one(d, p, stream_add_tool);
}

static void line_ready(struct daemon *d, struct peer *p, short revents)
{
	(void)revents;
	accept_one(d, p, line_add);
}

static const struct peer_kind tools = {.events = listen_events, .ready = tool_ready};
static const struct peer_kind lines = {.events = listen_events, .ready = line_ready};

static int listen_at(struct daemon *d, const char *name, const struct peer_kind *kind)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", d->dir, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlinkat(d->dir, name, 0);
	mode_t old = umask(0177);
	int err =
		bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 128) < 0 ? -errno : 0;
	umask(old);
	if (!err && !peer_add(d, kind, fd))
		err = -ENOMEM;
	if (err)
		close(fd);
	return err;
}

int listen_start(struct daemon *d)
{
	int err = listen_at(d, XENSTORED, &tools);
	return err ? err : listen_at(d, EPIXEND, &lines);
}

bool listen_accept(struct daemon *d)
{
	bool any = false;
	for (struct peer *p = d->peers; p; p = p->next) {
		while (p->kind == &tools && accept_one(d, p, stream_add_tool))
			any = true;
		while (p->kind == &lines && accept_one(d, p, line_add))
			any = true;
	}
	return any;
}

void listen_remove(struct daemon *d)
{
	unlinkat(d->dir, XENSTORED, 0);
	unlinkat(d->dir, EPIXEND, 0);
}
