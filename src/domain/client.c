/* SPDX-License-Identifier: MIT */
/* Moving bytes between clients' sockets, the control commands and the console. Never blocks. */
#define _GNU_SOURCE
#include "domain/client.h"
#include "domain/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool client_accept(struct domain *d)
{
	int fd = accept4(d->fd.control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return false;
	struct client *c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return true;
	}
	c->fd = fd;
	c->passed = -1;
	c->next = d->clients;
	d->clients = c;
	return true;
}

static bool unsent(const struct client *c)
{
	return c->sent < c->out.len;
}

short client_events(struct domain *d, struct client *c)
{
	short events = 0;
	if (c->kind == CLIENT_COMMAND || c->kind == CLIENT_WAIT ||
		(c->kind == CLIENT_CONSOLE && c->input_len < sizeof(c->input)))
		events |= POLLIN;
	if (unsent(c) || (c->kind == CLIENT_CONSOLE && console_pending(&d->console, c->pos)))
		events |= POLLOUT;
	return events;
}

/* Keeps the last descriptor; others are closed, or a peer could fill our table. */
static void take_descriptors(struct client *c, struct cmsghdr *h)
{
	int fd;
	for (size_t at = 0; at + sizeof(fd) <= h->cmsg_len - CMSG_LEN(0); at += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(h) + at, sizeof(fd));
		if (c->passed >= 0)
			close(c->passed);
		c->passed = fd;
	}
}

/* recv that also takes a descriptor sent along. */
static ssize_t receive(struct client *c, void *p, size_t n)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {p, n};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC);
	if (got <= 0)
		return got;
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
		take_descriptors(c, h);
	return got;
}

static void read_command(struct domain *d, struct client *c)
{
	ssize_t n = receive(c, c->line + c->line_len, sizeof(c->line) - 1 - c->line_len);
	if (n <= 0) {
		c->gone = n == 0 || errno != EAGAIN;
		return;
	}
	c->line_len += (size_t)n;
	c->line[c->line_len] = 0;
	char *end = strchr(c->line, '\n');
	if (end) {
		*end = 0;
		control_command(d, c);
	} else if (c->line_len == sizeof(c->line) - 1) {
		c->gone = true;
	}
}

static void read_console(struct client *c)
{
	ssize_t n = recv(c->fd, c->input + c->input_len, sizeof(c->input) - c->input_len, 0);
	if (n > 0)
		c->input_len += (size_t)n;
	else
		c->gone = n == 0 || errno != EAGAIN;
}

void client_accept_last(struct domain *d)
{
	while (client_accept(d))
		continue;
	for (struct client *c = d->clients; c; c = c->next) {
		if (c->kind == CLIENT_COMMAND && !c->gone)
			read_command(d, c);
	}
}

static void send_out(struct client *c)
{
	ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		c->gone = errno != EAGAIN;
	else
		c->sent += (size_t)n;
}

static void send_console(struct domain *d, struct client *c)
{
	uint8_t buf[4096];
	uint64_t pos = c->pos;
	size_t n = console_read(&d->console, &pos, buf, sizeof(buf));
	if (!n)
		return;
	ssize_t sent = send(c->fd, buf, n, MSG_NOSIGNAL);
	if (sent < 0)
		c->gone = errno != EAGAIN;
	else
		c->pos = pos - (n - (size_t)sent);
}

void client_handle(struct domain *d, struct client *c, short revents)
{
	if (revents & POLLIN && c->kind == CLIENT_COMMAND)
		read_command(d, c);
	else if (revents & POLLIN && c->kind == CLIENT_CONSOLE)
		read_console(c);
	else if (revents & POLLIN && c->kind == CLIENT_WAIT)
		c->gone = true; /* nothing more is to be said: the peer closed */
	if (revents & (POLLERR | POLLNVAL) || (revents & POLLHUP && !(revents & POLLIN)))
		c->gone = true;
	if (revents & POLLOUT && !c->gone) {
		if (unsent(c))
			send_out(c);
		else if (c->kind == CLIENT_CONSOLE)
			send_console(d, c);
	}
}

bool client_push_input(struct domain *d)
{
	bool left = false;
	for (struct client *c = d->clients; c; c = c->next) {
		if (!c->input_len)
			continue;
		size_t n = d->kind->input(d, c->input, c->input_len);
		memmove(c->input, c->input + n, c->input_len - n);
		c->input_len -= n;
		left |= c->input_len != 0;
	}
	return left;
}

bool client_drained(struct domain *d, struct client *c)
{
	return c->gone ||
	       (!unsent(c) && (c->kind != CLIENT_CONSOLE || !console_pending(&d->console, c->pos)));
}

void client_reap(struct domain *d)
{
	for (struct client **p = &d->clients; *p;) {
		struct client *c = *p;
		if (!c->gone && !(c->kind == CLIENT_DONE && client_drained(d, c))) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		close(c->fd);
		if (c->passed >= 0)
			close(c->passed);
		text_free(&c->out);
		free(c);
	}
}

void client_add_report(struct text *out, const struct text *report)
{
	for (size_t at = 0; at < report->len;) {
		const char *end = memchr(report->data + at, '\n', report->len - at);
		size_t len = end ? (size_t)(end - report->data) - at : report->len - at;
		text_printf(out, "=%.*s\n", (int)len, report->data + at);
		at += len + 1;
	}
}

void client_tell_end(struct domain *d)
{
	static const char *const names[] = END_NAMES;
	for (struct client *c = d->clients; c; c = c->next) {
		if (c->kind != CLIENT_WAIT)
			continue;
		client_add_report(&c->out, &d->crash_report);
		text_printf(&c->out, "ok %s\n", names[d->end]);
		c->kind = CLIENT_DONE;
	}
}
