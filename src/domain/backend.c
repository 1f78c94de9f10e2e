/* SPDX-License-Identifier: MIT */
/* See backend.h. */
#include "domain/backend.h"

#include "back/block.h"
#include "back/block_nbd.h"
#include "back/net.h"
#include "back/store_ring.h"
#include "back/xenbus.h"
#include "base/stream.h"
#include "hv/dom_fw.h"
#include "hv/event.h"
#include "hv/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long what the host has not finished keeps a save, a reboot or the end waiting. */
#define QUIESCE_MS 10000

static void wake(void *ctx)
{
	domain_notify(ctx);
}

static struct block_image *open_disk(const struct config_disk *c, int fd, int shared)
{
	struct block_image *i;

	if (c->format == DISK_EMPTY)
		i = block_none_new();
	else if (c->format == DISK_RAW)
		i = block_file_new(fd);
	else
		i = block_nbd_new(fd, shared);
	if (!i)
		return NULL;
	i->size = c->size;
	i->sector_size = (uint32_t)c->sector_size;
	i->discard_granule = (uint32_t)c->discard_granule;
	return i;
}

static int add_disk(struct domain *d, unsigned n)
{
	const struct config_disk *c = &d->config.disk[n];
	struct block_disk disk = {.name = c->vdev,
		.target = c->target,
		.number = (uint32_t)c->number,
		.readonly = c->readonly,
		.cdrom = c->cdrom,
		.image = open_disk(c, d->fd.disk[n].image, d->fd.disk[n].shared)};

	return disk.image ? block_add(d->block, &disk) : -ENOMEM;
}

static int init_disks(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	d->block = block_new(&d->hv, d->bus, wake, d);
	int err = d->block ? 0 : -ENOMEM;

	for (unsigned n = 0; n < d->config.disks && !err; n++)
		err = add_disk(d, n);
	if (!err && d->config.pv)
		block_use_eager(d->block);
	if (!err)
		err = block_start(d->block);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "cannot serve its disks: %s", strerror(-err));
	return err;
}

static int init_vifs(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	d->net = net_new(&d->hv, d->bus, wake, d);
	int err = d->net ? 0 : -ENOMEM;

	for (unsigned n = 0; n < d->config.vifs && !err; n++) {
		const struct config_vif *c = &d->config.vif[n];
		struct net_vif v = {.mac = c->mac,
			.fd = d->fd.vif[n],
			.header = c->tap[0],
			.rate_bytes = c->rate_bytes,
			.rate_usecs = c->rate_usecs};
		err = net_add(d->net, &v);
	}
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for its network interfaces");
	return err;
}

int backend_init(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	d->bus = xenbus_new((unsigned)d->config.id);
	d->store = malloc(sizeof(*d->store));
	if (d->store)
		store_ring_init(d->store);
	if (d->bus && d->store)
		return init_disks(d, error) ? -EINVAL : init_vifs(d, error);
	snprintf(error, LOAD_ERROR_SIZE, "no memory for the backends");
	return -ENOMEM;
}

void backend_free(struct domain *d)
{
	xenbus_free(d->bus);
	if (!block_free(d->block)) /* its threads use what would be freed next */
		_exit(1);
	d->block = NULL;
	net_free(d->net);
	d->net = NULL;
	if (d->store)
		store_ring_free(d->store);
	free(d->store);
	d->bus = NULL;
	d->store = NULL;
}

int backend_reset(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	xenbus_reset(d->bus);
	store_ring_reset(d->store);
	const char *stuck = block_stuck(d->block);
	if (stuck)
		snprintf(error, LOAD_ERROR_SIZE, "the host does not finish a request of disk %s",
			stuck);
	return stuck ? -EBUSY : 0;
}

int backend_quiesce(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	const char *late = block_quiesce(d->block, QUIESCE_MS);

	if (late)
		snprintf(error, LOAD_ERROR_SIZE, "the host does not finish a request of disk %s",
			late);
	return late ? -EBUSY : 0;
}

void backend_resume(struct domain *d)
{
	block_resume(d->block);
}

void backend_end(struct domain *d)
{
	block_end(d->block);
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
	return n + net_poll(d->net, set + n);
}

/* Its answers are moved by us, what it asks wakes us. */
static void serve_ring(struct domain *d)
{
	uint64_t gfn = dom_page(&d->hv, DOM_STORE_PAGE) >> XEN_PAGE_SHIFT;
	uint8_t *page = memory_hold(&d->hv, gfn);
	bool moved = store_ring_pump(d->store, page);

	memory_let(&d->hv, gfn, page);
	if (moved)
		evtchn_signal(&d->hv, d->rings.store_port);
}

/* A guest that has just been started is heard when its devices are what they were at first. */
void backend_serve(struct domain *d)
{
	xenbus_pump(d->bus);
	block_serve(d->block);
	d->net_again = net_serve(d->net, clock_now(&d->machine.clock));
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
	block_save(d->block, s);
	net_save(d->net, s);
}

void backend_load(struct domain *d, struct stream *s, uint32_t version)
{
	store_ring_load(d->store, s, version > 4);
	if (version > 2)
		block_load(d->block, s);
	if (version > 3)
		net_load(d->net, s);
}
