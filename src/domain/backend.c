/* SPDX-License-Identifier: MIT */
/* See backend.h. */
#include "domain/backend.h"

#include "back/store_ring.h"
#include "back/xenbus.h"
#include "base/stream.h"
#include "hv/dom_fw.h"
#include "hv/event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int backend_init(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	d->bus = xenbus_new((unsigned)d->config.id);
	d->store = malloc(sizeof(*d->store));
	if (d->store)
		store_ring_init(d->store);
	if (d->bus && d->store)
		return 0;
	snprintf(error, LOAD_ERROR_SIZE, "no memory for the backends");
	return -ENOMEM;
}

void backend_free(struct domain *d)
{
	xenbus_free(d->bus);
	if (d->store)
		store_ring_free(d->store);
	free(d->store);
	d->bus = NULL;
	d->store = NULL;
}

void backend_reset(struct domain *d)
{
	xenbus_reset(d->bus);
	store_ring_reset(d->store);
}

static void add(struct pollfd *set, unsigned *n, int fd, short events)
{
	if (fd >= 0 && events)
		set[(*n)++] = (struct pollfd){.fd = fd, .events = events};
}

unsigned backend_poll(struct domain *d, struct pollfd set[BACKEND_POLLS])
{
	unsigned n = 0;

	if (d->config.pv)
		add(set, &n, d->store->fd, store_ring_events(d->store));
	add(set, &n, xenbus_fd(d->bus), xenbus_events(d->bus));
	return n;
}

/* Its answers are moved by us, what it asks wakes us. */
static void serve_ring(struct domain *d)
{
	gpa_t a = GPA(dom_page(&d->hv, DOM_STORE_PAGE));
	uint8_t *page = (uint8_t *)(uintptr_t)ram_read_ptr(&d->machine.ram, a, XEN_PAGE_SIZE);

	if (store_ring_pump(d->store, page))
		evtchn_signal(&d->hv, d->rings.store_port);
}

/* A guest that has just been started is heard when its devices are what they were at first. */
void backend_serve(struct domain *d)
{
	xenbus_pump(d->bus);
	if (d->config.pv && xenbus_settled(d->bus))
		serve_ring(d);
}

void backend_take_store(struct domain *d, int fd)
{
	store_ring_attach(d->store, fd);
}

void backend_take_bus(struct domain *d, int fd)
{
	xenbus_attach(d->bus, fd);
}

static void ring_nodes(struct text *out, const char *name, uint64_t page, uint32_t port)
{
	text_printf(
		out, "node %s/ring-ref %llu\n", name, (unsigned long long)(page >> XEN_PAGE_SHIFT));
	text_printf(out, "node %s/port %u\n", name, port);
}

void backend_nodes(struct domain *d, struct text *out)
{
	text_printf(out, "type %s\n", d->config.pv ? "pv" : "hvm");
	xenbus_nodes(d->bus, out);
	if (!d->config.pv)
		return;
	ring_nodes(out, "store", dom_page(&d->hv, DOM_STORE_PAGE), d->rings.store_port);
	ring_nodes(out, "console", dom_page(&d->hv, DOM_CONSOLE_PAGE), d->rings.console_port);
}

void backend_save(struct domain *d, struct stream *s)
{
	store_ring_save(d->store, s);
}

void backend_load(struct domain *d, struct stream *s)
{
	store_ring_load(d->store, s);
}
