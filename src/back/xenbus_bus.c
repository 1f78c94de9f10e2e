/* SPDX-License-Identifier: MIT */
/* The bus as a whole: its devices, its stream to epixend, a guest that starts anew. */
#include "back/xenbus_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- devices --- */

struct xenbus *xenbus_new(unsigned domid)
{
	struct xenbus *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->domid = domid;
	b->last = &b->devices;
	b->client.owner = b;
	b->client.reply = xenbus_reply;
	b->client.event = xenbus_event;
	store_client_init(&b->client);
	return b;
}

void xenbus_free(struct xenbus *b)
{
	if (!b)
		return;
	for (struct xenbus_device *x = b->devices, *next; x; x = next) {
		next = x->next;
		xenbus_free_device(x);
	}
	store_client_free(&b->client);
	free(b);
}

/* The stream is new: all is told, what is there already as well. */
static void tell_all(struct xenbus_device *x)
{
	char path[sizeof(x->front) + 8], token[sizeof(x->front)];

	x->reading = x->again = false;
	x->round++;
	if (x->described)
		xenbus_put_again(x);
	else
		xenbus_offer(x);
	snprintf(path, sizeof(path), "%s/state", x->front);
	size_t n = (size_t)snprintf(token, sizeof(token), "%s", x->front) + 1;
	store_client_ask(
		&x->bus->client, XS_WATCH, path, token, n, (struct store_tag){x, ASK_NOTHING, 0});
}

struct xenbus_device *xenbus_add(
	struct xenbus *b, const struct xenbus_kind *k, unsigned devid, void *dev)
{
	struct xenbus_device *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->bus = b;
	x->kind = k;
	x->devid = devid;
	x->dev = dev;
	x->state = XENBUS_INITIALISING;
	x->last = &x->values;
	snprintf(x->front, sizeof(x->front), XS_DOMAIN_PREFIX "%u/device/%s/%u", b->domid, k->type,
		devid);
	snprintf(x->back, sizeof(x->back), XS_DOMAIN_PREFIX "0/backend/%s/%u/%u", k->type, b->domid,
		devid);
	*b->last = x;
	b->last = &x->next;
	if (b->client.fd >= 0)
		tell_all(x);
	return x;
}

/* --- the stream --- */

int xenbus_fd(const struct xenbus *b)
{
	return b->client.fd;
}

short xenbus_events(const struct xenbus *b)
{
	return store_client_events(&b->client);
}

static void reset_node(
	struct xenbus *b, unsigned type, const char *dir, const char *name, const char *value)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	b->resets++;
	store_client_ask(&b->client, type, path, value, strlen(value),
		(struct store_tag){NULL, ASK_RESET, 0});
}

/* What frontends wrote goes, their state last. */
static void reset_nodes(struct xenbus *b)
{
	char home[40];

	snprintf(home, sizeof(home), XS_DOMAIN_PREFIX "%u", b->domid);
	for (struct xenbus_device *x = b->devices; x; x = x->next) {
		for (unsigned i = 0; i < xenbus_keys(x); i++)
			reset_node(b, XS_RM, x->front, x->kind->keys[i], "");
		reset_node(b, XS_WRITE, x->front, "state", "1");
	}
	reset_node(b, XS_WRITE, home, "control/shutdown", "");
}

void xenbus_reset(struct xenbus *b)
{
	for (struct xenbus_device *x = b->devices; x; x = x->next) {
		xenbus_stop(x);
		x->again = x->reading; /* its answer would be the former guest's */
		if (x->described)
			xenbus_offer(x);
	}
	b->resetting = b->attached;
	if (b->client.fd >= 0)
		reset_nodes(b);
}

bool xenbus_settled(const struct xenbus *b)
{
	return !b->resetting;
}

void xenbus_attach(struct xenbus *b, int fd)
{
	store_client_attach(&b->client, fd);
	b->attached = true;
	b->resets = 0;
	if (b->resetting)
		reset_nodes(b);
	for (struct xenbus_device *x = b->devices; x; x = x->next)
		tell_all(x);
	xenbus_pump(b);
}

void xenbus_pump(struct xenbus *b)
{
	store_client_pump(&b->client);
}

/* --- for the creator --- */

static void add_line(
	struct text *out, const char *what, const char *name, const char *fmt, va_list ap)
{
	char value[1024];

	vsnprintf(value, sizeof(value), fmt, ap);
	for (char *p = value; *p; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	text_printf(out, "%s %s %s\n", what, name, value);
}

void xenbus_front(struct text *out, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(out, "front", name, fmt, ap);
	va_end(ap);
}

void xenbus_back(struct text *out, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(out, "back", name, fmt, ap);
	va_end(ap);
}

void xenbus_nodes(const struct xenbus *b, struct text *out)
{
	for (const struct xenbus_device *x = b->devices; x; x = x->next) {
		text_printf(out, "device %s %u\n", x->kind->type, x->devid);
		if (x->kind->nodes)
			x->kind->nodes(x, out);
	}
}
