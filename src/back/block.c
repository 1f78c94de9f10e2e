/* SPDX-License-Identifier: MIT */
/* Disks as devices of the bus: see block.h. */
#include "back/block_private.h"

#include "base/log.h"
#include "base/stream.h"
#include "hv/event.h"
#include "hv/grant.h"
#include "hv/hypercall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a frontend that goes away is waited for: for what the host has to do for it. */
#define DISCONNECT_MS 5000

enum { INFO_CDROM = 1, INFO_REMOVABLE = 2, INFO_READONLY = 4 }; /* of the node "info" */

/* --- xenbus --- */

/* What the frontend wrote before it was saved: it will not do so again. */
static void saved_nodes(const struct vbd *v, struct text *out)
{
	xenbus_front(out, "ring-ref", "%u", v->saved.ring_ref);
	xenbus_front(out, "event-channel", "%u", v->saved.port);
	xenbus_front(out, "protocol", "%s", v->saved.protocol);
	xenbus_front(out, "state", "%d", XENBUS_CONNECTED);
}

static void vbd_nodes(const struct xenbus_device *x, struct text *out)
{
	const struct vbd *v = xenbus_dev(x);

	xenbus_front(out, "virtual-device", "%u", v->number);
	xenbus_front(out, "device-type", "%s", v->cdrom ? "cdrom" : "disk");
	if (v->saved.connected)
		saved_nodes(v, out);
	xenbus_back(out, "dev", "%s", v->name);
	xenbus_back(out, "type", "epixen");
	xenbus_back(out, "params", "%s", v->where);
	xenbus_back(out, "mode", "%s", v->target.readonly ? "r" : "w");
	xenbus_back(out, "device-type", "%s", v->cdrom ? "cdrom" : "disk");
	xenbus_back(out, "removable", "%d", v->cdrom);
	xenbus_back(out, "bootable", "1");
	xenbus_back(out, "discard-enable", "%d", v->target.image->discard_granule != 0);
}

static void vbd_describe(struct xenbus_device *x)
{
	const struct vbd *v = xenbus_dev(x);
	const struct block_image *i = v->target.image;
	unsigned info = (v->cdrom ? INFO_CDROM | INFO_REMOVABLE : 0u) |
			(v->target.readonly ? INFO_READONLY : 0u);

	xenbus_put(x, "feature-barrier", "1");
	xenbus_put(x, "feature-flush-cache", "1");
	xenbus_put(x, "feature-max-indirect-segments", "%u", BLOCK_INDIRECT_MAX);
	if (i->discard_granule) {
		xenbus_put(x, "feature-discard", "1");
		xenbus_put(x, "discard-granularity", "%u", i->discard_granule);
		xenbus_put(x, "discard-alignment", "0");
		xenbus_put(x, "discard-secure", "0");
	}
	xenbus_put(x, "sectors", "%llu", (unsigned long long)(i->size / BLOCK_SECTOR));
	xenbus_put(x, "sector-size", "%u", i->sector_size);
	xenbus_put(x, "physical-sector-size", "%u", i->sector_size);
	xenbus_put(x, "info", "%u", info);
}

/* On a vCPU's thread, with the event channels locked. */
static void vbd_notify(void *ctx)
{
	struct vbd *v = ctx;
	struct block *b = v->block;

	pthread_mutex_lock(&b->lock);
	v->kicked = true;
	if (b->eager_used)
		b->eager = true;
	else if (b->idle)
		pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
}

/* What the frontend wrote: its layout, ring and channel. */
static int read_keys(struct vbd *v, uint64_t *ref, uint64_t *port)
{
	const char *protocol = xenbus_get(v->x, "protocol");

	v->abi = block_abi_find(protocol);
	if (!v->abi)
		xenbus_error(v->x, "protocol '%s' is unknown", protocol);
	else if (!xenbus_get_number(v->x, "ring-ref", UINT32_MAX, ref))
		xenbus_error(v->x, "no ring-ref");
	else if (!xenbus_get_number(v->x, "event-channel", EVTCHN_PORTS - 1, port))
		xenbus_error(v->x, "no event-channel");
	else
		return 0;
	return -EINVAL;
}

static int map_ring(struct vbd *v, uint32_t ref)
{
	enum grant_status status;
	uint8_t *page = grant_acquire(v->block->hv, ref, DOMID_DOM0, false, &status);

	if (!page) {
		xenbus_error(v->x, "ring-ref %u cannot be mapped: %d", ref, status);
		return -EINVAL;
	}
	v->ring_ref = ref;
	v->mapped = true;
	shared_ring_attach(&v->ring, page, BLOCK_PAGE, block_abi_entry(v->abi));
	return 0;
}

static void go_live(struct vbd *v)
{
	struct block *b = v->block;

	pthread_mutex_lock(&b->lock);
	v->live = v->kicked = true;
	v->broken = v->report = v->held = false;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
}

static int vbd_connect(struct xenbus_device *x)
{
	struct vbd *v = xenbus_dev(x);
	uint64_t ref, port;

	if (v->mapped) {
		xenbus_error(x, "requests of its earlier connection are still in flight");
		return -EBUSY;
	}
	if (read_keys(v, &ref, &port) || map_ring(v, (uint32_t)ref))
		return -EINVAL;
	v->port = (uint32_t)port;
	if (evtchn_connect(v->block->hv, v->port, DOMID_DOM0, vbd_notify, v)) {
		xenbus_error(x, "event-channel %u is not for domain 0", v->port);
		return -EINVAL;
	}
	v->bound = true;
	go_live(v);
	return 0;
}

/* Lets go of what connect took, unless a request uses it. */
static void unmap(struct vbd *v)
{
	if (v->mapped && !v->flying)
		grant_release(v->block->hv, v->ring_ref, false);
	v->mapped = v->mapped && v->flying;
}

static void vbd_disconnect(struct xenbus_device *x)
{
	struct vbd *v = xenbus_dev(x);
	struct block *b = v->block;

	if (v->bound)
		evtchn_disconnect_from(b->hv, v->port, v);
	v->bound = false;
	pthread_mutex_lock(&b->lock);
	v->live = v->kicked = false;
	if (!block_await(v, DISCONNECT_MS))
		log_warn("disk %s: the host takes long to finish requests", v->name);
	unmap(v);
	pthread_mutex_unlock(&b->lock);
}

static const char *const vbd_keys[] = {"ring-ref", "event-channel", "protocol", NULL};

const struct xenbus_kind vbd_kind = {
	"vbd", vbd_keys, vbd_nodes, vbd_describe, vbd_connect, vbd_disconnect};

/* --- the domain's side --- */

struct block *block_new(struct hv *hv, struct xenbus *bus, block_wake_fn *wake, void *ctx)
{
	struct block *b = calloc(1, sizeof(*b));
	pthread_condattr_t monotonic;

	if (!b)
		return NULL;
	b->hv = hv;
	b->bus = bus;
	b->wake = wake;
	b->ctx = ctx;
	b->last = &b->disks;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->work, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&b->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return b;
}

int block_add(struct block *b, const struct block_disk *d)
{
	struct vbd *v = calloc(1, sizeof(*v));

	if (!v) {
		d->image->ops->free(d->image);
		return -ENOMEM;
	}
	v->block = b;
	snprintf(v->name, sizeof(v->name), "%s", d->name);
	snprintf(v->where, sizeof(v->where), "%s", d->target);
	v->number = d->number;
	v->cdrom = d->cdrom;
	v->target.hv = b->hv;
	v->target.image = d->image;
	v->target.name = v->name;
	v->target.readonly = d->readonly;
	*b->last = v;
	b->last = &v->next;
	v->x = xenbus_add(b->bus, &vbd_kind, d->number, v);
	return v->x ? 0 : -ENOMEM;
}

/* What the C library does at a thread's start is not allowed to a confined process. */
static void await_threads(struct block *b)
{
	pthread_mutex_lock(&b->lock);
	while (b->running < b->threads)
		pthread_cond_wait(&b->done, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

int block_start(struct block *b)
{
	while (b->disks && b->threads < BLOCK_THREADS) {
		int err = pthread_create(&b->thread[b->threads], NULL, block_work, b);
		if (err)
			return -err;
		b->threads++;
	}
	await_threads(b);
	return 0;
}

void block_use_eager(struct block *b)
{
	b->eager_used = true;
}

void block_serve(struct block *b)
{
	for (struct vbd *v = b->disks; v; v = v->next) {
		pthread_mutex_lock(&b->lock);
		bool report = v->report;
		v->report = false;
		pthread_mutex_unlock(&b->lock);
		if (report)
			xenbus_error(v->x, "the ring's indices make no sense: no more requests are "
					   "taken");
	}
}

const char *block_quiesce(struct block *b, unsigned ms)
{
	const char *late = NULL;

	pthread_mutex_lock(&b->lock);
	b->paused = true;
	for (struct vbd *v = b->disks; v && !late; v = v->next)
		late = block_await(v, ms) ? NULL : v->name;
	pthread_mutex_unlock(&b->lock);
	return late;
}

void block_resume(struct block *b)
{
	pthread_mutex_lock(&b->lock);
	b->paused = false;
	pthread_cond_broadcast(&b->work);
	pthread_mutex_unlock(&b->lock);
}

const char *block_stuck(struct block *b)
{
	const char *stuck = NULL;

	pthread_mutex_lock(&b->lock);
	for (struct vbd *v = b->disks; v && !stuck; v = v->next) {
		unmap(v);
		stuck = v->mapped && !v->live ? v->name : NULL;
	}
	pthread_mutex_unlock(&b->lock);
	return stuck;
}

void block_save(const struct block *b, struct stream *s)
{
	for (const struct vbd *v = b->disks; v; v = v->next) {
		char protocol[sizeof(v->saved.protocol)] = "";
		if (v->bound)
			snprintf(protocol, sizeof(protocol), "%s", block_abi_name(v->abi));
		stream_put_u64(s, v->number);
		stream_put_u64(s, v->bound);
		stream_put_u64(s, v->bound ? v->port : 0);
		stream_put_u64(s, v->bound ? v->ring_ref : 0);
		stream_put(s, protocol, sizeof(protocol));
	}
}

void block_load(struct block *b, struct stream *s)
{
	for (struct vbd *v = b->disks; v && stream_ok(s); v = v->next) {
		if (stream_get_u64(s) != v->number)
			stream_fail(s, "saved disks differ from the domain's");
		v->saved.connected = stream_get_max(s, 1, "state of a disk");
		v->saved.port = (uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "disk's channel");
		v->saved.ring_ref = (uint32_t)stream_get_max(s, UINT32_MAX, "disk's ring");
		stream_get(s, v->saved.protocol, sizeof(v->saved.protocol));
		v->saved.protocol[sizeof(v->saved.protocol) - 1] = 0;
		if (stream_ok(s) && v->saved.connected && !block_abi_find(v->saved.protocol))
			stream_fail(s, "disk with an unknown protocol");
	}
}

void block_end(struct block *b)
{
	for (struct vbd *v = b->disks; v; v = v->next) {
		vbd_disconnect(v->x);
		struct block_image *none = v->flying ? NULL : block_none_new();
		if (!none)
			continue;
		v->target.image->ops->free(v->target.image);
		v->target.image = none;
	}
}

static void free_disks(struct block *b)
{
	for (struct vbd *v = b->disks, *next; v; v = next) {
		next = v->next;
		v->target.image->ops->free(v->target.image);
		free(v);
	}
}

bool block_free(struct block *b)
{
	if (!b)
		return true;
	if (block_stuck(b))
		return false;
	pthread_mutex_lock(&b->lock);
	b->quit = true;
	pthread_cond_broadcast(&b->work);
	pthread_mutex_unlock(&b->lock);
	for (unsigned n = 0; n < b->threads; n++)
		pthread_join(b->thread[n], NULL);
	free_disks(b);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->done);
	free(b);
	return true;
}
