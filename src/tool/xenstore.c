/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a domain, as docs/misc/xenstore-paths lists them: what the domain may only read is
 * domain 0's, and it has the few places to write that frontends and the control protocols use.
 */
#include "tool/xenstore.h"

#include "store/wire.h"
#include "tool/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES	       10
#define ANSWER_SECONDS 10

int xenstore_open(struct registry *r)
{
	struct timeval t = {.tv_sec = ANSWER_SECONDS};
	int fd = control_connect_at(r->dir, "xenstored.sock", NULL, -1);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return fd;
}

static int receive(int fd, void *p, size_t n)
{
	ssize_t got = n ? recv(fd, p, n, MSG_WAITALL) : 0;
	if (got < 0)
		return -errno;
	return (size_t)got == n ? 0 : -EPIPE;
}

int xenstore_ask(int fd, unsigned type, uint32_t tx, const void *data, size_t n, struct text *reply)
{
	uint8_t buf[XS_HEADER + XS_PAYLOAD_MAX];
	struct xs_header h = {type, 0, tx, (uint32_t)n};
	if (n > XS_PAYLOAD_MAX)
		return -E2BIG;
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), data, n);
	if (send(fd, buf, sizeof(h) + n, MSG_NOSIGNAL) < 0)
		return -errno;
	int err = receive(fd, &h, sizeof(h));
	if (!err && h.len > XS_PAYLOAD_MAX)
		err = -EPIPE;
	if (!err)
		err = receive(fd, buf, h.len);
	if (err)
		return err;
	if (reply) {
		reply->len = 0;
		text_add(reply, (char *)buf, h.len);
	}
	return h.type == type ? 0 : -EPROTO;
}

/* A transaction that is being filled; the first error sticks. */
struct writer {
	int fd, err;
	uint32_t tx;
	unsigned domid;
	char base[128];
};

static void put(struct writer *w, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void put(struct writer *w, const char *name, const char *fmt, ...)
{
	char data[2048];
	va_list ap;
	int n = snprintf(data, sizeof(data), "%s%s", w->base, name) + 1;
	va_start(ap, fmt);
	n += vsnprintf(data + n, sizeof(data) - (size_t)n, fmt, ap);
	va_end(ap);
	if (!w->err)
		w->err = n < (int)sizeof(data)
				 ? xenstore_ask(w->fd, XS_WRITE, w->tx, data, (size_t)n, NULL)
				 : -E2BIG;
}

/* Permissions: of domain owner, to be read by the other, -1: by nobody else. */
static void give(struct writer *w, const char *name, unsigned owner, int reader)
{
	char data[256];
	int n = snprintf(data, sizeof(data), "%s%s", w->base, name) + 1;
	n += snprintf(data + n, sizeof(data) - (size_t)n, "n%u", owner) + 1;
	if (reader >= 0)
		n += snprintf(data + n, sizeof(data) - (size_t)n, "r%d", reader) + 1;
	if (!w->err)
		w->err = xenstore_ask(w->fd, XS_SET_PERMS, w->tx, data, (size_t)n, NULL);
}

static bool has_line(const struct xenstore_domain *d, const char *line)
{
	size_t n = strlen(line);
	const char *p = d->nodes.len ? strstr(d->nodes.data, line) : NULL;
	return p && (p == d->nodes.data || p[-1] == '\n') && p[n] == '\n';
}

static void put_machine(struct writer *w, const struct xenstore_domain *d)
{
	snprintf(w->base, sizeof(w->base), "/vm/%s", d->uuid);
	put(w, "", "%s", "");
	give(w, "", 0, (int)d->id);
	put(w, "/uuid", "%s", d->uuid);
	put(w, "/name", "%s", d->name);
	put(w, "/image/ostype", has_line(d, "type pv") ? "linux" : "hvm");
	put(w, "/image/kernel", "%s", d->kernel);
}

static void put_processors(struct writer *w, unsigned online, unsigned vcpus)
{
	char name[40];
	for (unsigned i = 0; i < vcpus; i++) {
		snprintf(name, sizeof(name), "/cpu/%u/availability", i);
		put(w, name, i < online ? "online" : "offline");
	}
}

static void put_domain(struct writer *w, const struct xenstore_domain *d)
{
	static const char *const own[] = {"/control/shutdown", "/control/feature-poweroff",
		"/control/feature-reboot", "/control/feature-suspend", "/control/feature-halt",
		"/control/sysrq", "/device/suspend/event-channel", "/data", "/drivers", "/feature",
		"/attr", "/error"};
	snprintf(w->base, sizeof(w->base), XS_DOMAIN_PREFIX "%u", d->id);
	put(w, "", "%s", "");
	give(w, "", 0, (int)d->id);
	put(w, "/vm", "/vm/%s", d->uuid);
	put(w, "/name", "%s", d->name);
	put(w, "/domid", "%u", d->id);
	put(w, "/memory/target", "%llu", (unsigned long long)d->target * 1024);
	put(w, "/memory/static-max", "%llu", (unsigned long long)d->maxmem * 1024);
	put(w, "/control/platform-feature-xs_reset_watches", "1");
	put(w, "/console/type", "xenconsoled");
	put(w, "/console/output", "pty");
	put(w, "/console/limit", "1048576");
	put(w, "/console/tty", "%s", d->console);
	put_processors(w, d->online, d->vcpus);
	for (unsigned i = 0; i < countof(own); i++) {
		put(w, own[i], "%s", "");
		give(w, own[i], d->id, -1);
	}
}

/* --- what the domain's process says of its devices --- */

/* Its text is used in paths: only letters that names are made of. */
static bool is_name(const char *p, bool slashes)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_@/";
	return *p && *p != '/' && !p[strspn(p, allowed)] && (slashes || !strchr(p, '/'));
}

struct device {
	char type[32];
	unsigned id;
};

static void at_front(struct writer *w, const struct device *x)
{
	snprintf(w->base, sizeof(w->base), XS_DOMAIN_PREFIX "%u/device/%s/%u", w->domid, x->type,
		x->id);
}

static void at_back(struct writer *w, const struct device *x)
{
	snprintf(w->base, sizeof(w->base), XS_DOMAIN_PREFIX "0/backend/%s/%u/%u", x->type, w->domid,
		x->id);
}

/* What all devices have. */
static void put_device(struct writer *w, const struct device *x)
{
	at_front(w, x);
	put(w, "", "%s", "");
	give(w, "", w->domid, 0);
	put(w, "/backend", XS_DOMAIN_PREFIX "0/backend/%s/%u/%u", x->type, w->domid, x->id);
	put(w, "/backend-id", "0");
	put(w, "/state", "1");
	at_back(w, x);
	put(w, "", "%s", "");
	give(w, "", 0, (int)w->domid);
	put(w, "/frontend", XS_DOMAIN_PREFIX "%u/device/%s/%u", w->domid, x->type, x->id);
	put(w, "/frontend-id", "%u", w->domid);
	put(w, "/online", "1");
	put(w, "/state", "1");
}

static void put_line(struct writer *w, struct device *x, const char *line)
{
	char name[80] = "/";
	int at = 0;
	if (sscanf(line, "device %31s %u", x->type, &x->id) == 2) {
		if (is_name(x->type, false))
			put_device(w, x);
		else
			w->err = -EPROTO;
		return;
	}
	if (strncmp(line, "type ", 5) == 0)
		return;
	bool front = strncmp(line, "front ", 6) == 0, back = strncmp(line, "back ", 5) == 0;
	if (sscanf(line, "%*s %78s%n", name + 1, &at) != 1 || !is_name(name + 1, true) ||
		((front || back) && !x->type[0])) {
		w->err = -EPROTO;
		return;
	}
	if (front)
		at_front(w, x);
	else if (back)
		at_back(w, x);
	else
		snprintf(w->base, sizeof(w->base), XS_DOMAIN_PREFIX "%u", w->domid);
	put(w, name, "%s", line + at + (line[at] == ' '));
}

static void put_lines(struct writer *w, const struct xenstore_domain *d)
{
	struct device x = {0};
	char line[1500];
	for (const char *p = d->nodes.len ? d->nodes.data : ""; *p && !w->err;) {
		size_t n = strcspn(p, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, p);
		put_line(w, &x, line);
		p += n + (p[n] == '\n');
	}
}

/* Returns 0, -EAGAIN to try again, or another -errno. */
static int write_nodes(int fd, const struct xenstore_domain *d)
{
	struct writer w = {.fd = fd, .domid = d->id};
	struct text reply = {0};
	w.err = xenstore_ask(fd, XS_TRANSACTION_START, 0, "", 1, &reply);
	if (!w.err)
		w.tx = (uint32_t)strtoul(reply.data, NULL, 10);
	put_machine(&w, d);
	put_domain(&w, d);
	put_lines(&w, d);
	if (!w.err)
		w.err = xenstore_ask(fd, XS_TRANSACTION_END, w.tx, "T", 2, &reply);
	bool again = w.err == -EPROTO && reply.len && !strcmp(reply.data, "EAGAIN");
	text_free(&reply);
	return again ? -EAGAIN : w.err;
}

int xenstore_introduce(int fd, const struct xenstore_domain *d)
{
	char text[40];
	struct text reply = {0};
	int n = snprintf(text, sizeof(text), "%u", d->id) + 1;
	int err = xenstore_ask(fd, XS_IS_DOMAIN_INTRODUCED, 0, text, (size_t)n, &reply);
	bool known = !err && reply.len && *reply.data == 'T';
	text_free(&reply);
	if (err || known)
		return err;
	err = -EAGAIN;
	for (unsigned i = 0; i < TRIES && err == -EAGAIN; i++)
		err = write_nodes(fd, d);
	n = snprintf(text, sizeof(text), "%u%c0%c1", d->id, 0, 0) + 1;
	return err ? err : xenstore_ask(fd, XS_INTRODUCE, 0, text, (size_t)n, NULL);
}
