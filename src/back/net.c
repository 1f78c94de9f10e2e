/* SPDX-License-Identifier: MIT */
/* Interfaces as devices of the bus, and when their rings are looked at: see net.h. */
#include "back/net_private.h"

#include "base/log.h"
#include "base/stream.h"
#include "hv/event.h"
#include "hv/grant.h"
#include "hv/hypercall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TX_ENTRY = 12, RX_ENTRY = 8 };

/* Packets of one interface that are moved before others get their turn. */
#define TURN 256

/* --- xenbus --- */

/* What the frontend wrote before it was saved: it will not do so again. */
static void saved_nodes(const struct vif *v, struct text *out)
{
	xenbus_front(out, "tx-ring-ref", "%u", v->saved.tx_ref);
	xenbus_front(out, "rx-ring-ref", "%u", v->saved.rx_ref);
	if (v->saved.tx_port == v->saved.rx_port) {
		xenbus_front(out, "event-channel", "%u", v->saved.tx_port);
	} else {
		xenbus_front(out, "event-channel-tx", "%u", v->saved.tx_port);
		xenbus_front(out, "event-channel-rx", "%u", v->saved.rx_port);
	}
	xenbus_front(out, "request-rx-copy", "1");
	xenbus_front(out, "state", "%d", XENBUS_CONNECTED);
}

static void vif_nodes(const struct xenbus_device *x, struct text *out)
{
	const struct vif *v = xenbus_dev(x);

	xenbus_front(out, "handle", "%u", xenbus_devid(x));
	xenbus_front(out, "mac", "%s", v->mac);
	xenbus_front(out, "mtu", "1500");
	if (v->saved.connected)
		saved_nodes(v, out);
	xenbus_back(out, "handle", "%u", xenbus_devid(x));
	xenbus_back(out, "mac", "%s", v->mac);
	xenbus_back(out, "type", "epixen");
	if (v->rate.bytes)
		xenbus_back(out, "rate", "%llu,%llu", (unsigned long long)v->rate.bytes,
			(unsigned long long)(v->rate.ns / 1000));
}

static void vif_describe(struct xenbus_device *x)
{
	xenbus_put(x, "feature-sg", "1");
	xenbus_put(x, "feature-gso-tcpv4", "1");
	xenbus_put(x, "feature-gso-tcpv6", "1");
	xenbus_put(x, "feature-ipv6-csum-offload", "1");
	xenbus_put(x, "feature-rx-copy", "1");
	xenbus_put(x, "feature-rx-flip", "0");
	xenbus_put(x, "feature-split-event-channels", "1");
}

/* On a vCPU's thread, with the event channels locked. */
static void vif_notify(void *ctx)
{
	struct vif *v = ctx;

	v->told = true;
	v->net->wake(v->net->ctx);
}

static int map_ring(struct vif *v, const char *key, struct shared_ring *ring, uint32_t *ref,
	bool *mapped, uint32_t entry)
{
	enum grant_status status;
	uint64_t value;

	if (!xenbus_get_number(v->x, key, UINT32_MAX, &value)) {
		xenbus_error(v->x, "no %s", key);
		return -EINVAL;
	}
	*ref = (uint32_t)value;
	uint8_t *page = grant_acquire(v->net->hv, *ref, DOMID_DOM0, false, &status);
	if (!page) {
		xenbus_error(v->x, "%s %u cannot be mapped: %d", key, *ref, status);
		return -EINVAL;
	}
	*mapped = true;
	shared_ring_attach(ring, page, NET_PAGE, entry);
	return 0;
}

static int bind(struct vif *v, uint64_t port, uint32_t *to, bool *bound)
{
	*to = (uint32_t)port;
	if (evtchn_connect(v->net->hv, *to, DOMID_DOM0, vif_notify, v)) {
		xenbus_error(v->x, "event-channel %u is not for domain 0", *to);
		return -EINVAL;
	}
	*bound = true;
	return 0;
}

/* One channel for both, or one for each. */
static int bind_channels(struct vif *v)
{
	uint64_t tx, rx;

	if (xenbus_get_number(v->x, "event-channel", EVTCHN_PORTS - 1, &tx)) {
		v->rx.port = (uint32_t)tx;
		return bind(v, tx, &v->tx.port, &v->tx.bound);
	}
	if (!xenbus_get_number(v->x, "event-channel-tx", EVTCHN_PORTS - 1, &tx) ||
		!xenbus_get_number(v->x, "event-channel-rx", EVTCHN_PORTS - 1, &rx)) {
		xenbus_error(v->x, "no event-channel");
		return -EINVAL;
	}
	if (bind(v, tx, &v->tx.port, &v->tx.bound))
		return -EINVAL;
	return bind(v, rx, &v->rx.port, &v->rx.bound);
}

static int vif_connect(struct xenbus_device *x)
{
	struct vif *v = xenbus_dev(x);
	uint64_t copy = 0;

	if (!xenbus_get_number(x, "request-rx-copy", 1, &copy) || !copy) {
		xenbus_error(x,
			"the frontend wants pages exchanged, which is not supported: it has "
			"to set request-rx-copy");
		return -EOPNOTSUPP;
	}
	if (map_ring(v, "tx-ring-ref", &v->tx.ring, &v->tx.ref, &v->tx.mapped, TX_ENTRY) ||
		map_ring(v, "rx-ring-ref", &v->rx.ring, &v->rx.ref, &v->rx.mapped, RX_ENTRY) ||
		bind_channels(v))
		return -EINVAL;
	v->live = true;
	v->told = true;
	v->net->wake(v->net->ctx);
	return 0;
}

static void vif_disconnect(struct xenbus_device *x)
{
	struct vif *v = xenbus_dev(x);
	struct hv *hv = v->net->hv;

	if (v->tx.bound)
		evtchn_disconnect_from(hv, v->tx.port, v);
	if (v->rx.bound)
		evtchn_disconnect_from(hv, v->rx.port, v);
	if (v->tx.mapped)
		grant_release(hv, v->tx.ref, false);
	if (v->rx.mapped)
		grant_release(hv, v->rx.ref, false);
	v->tx.bound = v->rx.bound = v->tx.mapped = v->rx.mapped = v->live = false;
}

static const char *const vif_keys[] = {"tx-ring-ref", "rx-ring-ref", "event-channel",
	"event-channel-tx", "event-channel-rx", "request-rx-copy", NULL};

static const struct xenbus_kind vif_kind = {
	"vif", vif_keys, vif_nodes, vif_describe, vif_connect, vif_disconnect};

/* --- the domain's side --- */

struct net *net_new(struct hv *hv, struct xenbus *bus, net_wake_fn *wake, void *ctx)
{
	struct net *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->hv = hv;
	n->bus = bus;
	n->wake = wake;
	n->ctx = ctx;
	n->last = &n->vifs;
	return n;
}

int net_add(struct net *n, const struct net_vif *c)
{
	struct vif *v = calloc(1, sizeof(*v));

	if (!v) {
		close(c->fd);
		return -ENOMEM;
	}
	v->net = n;
	snprintf(v->mac, sizeof(v->mac), "%s", c->mac);
	v->fd = c->fd;
	v->header = c->header;
	v->rate.bytes = v->rate.left = c->rate_bytes;
	v->rate.ns = c->rate_usecs * 1000;
	*n->last = v;
	n->last = &v->next;
	v->x = xenbus_add(n->bus, &vif_kind, n->count++, v);
	return v->x ? 0 : -ENOMEM;
}

void net_save(const struct net *n, struct stream *s)
{
	for (const struct vif *v = n->vifs; v; v = v->next) {
		stream_put_u64(s, v->live);
		stream_put_u64(s, v->tx.ref);
		stream_put_u64(s, v->rx.ref);
		stream_put_u64(s, v->tx.port);
		stream_put_u64(s, v->rx.port);
	}
}

void net_load(struct net *n, struct stream *s)
{
	for (struct vif *v = n->vifs; v && stream_ok(s); v = v->next) {
		v->saved.connected = stream_get_max(s, 1, "state of an interface");
		v->saved.tx_ref = (uint32_t)stream_get_max(s, UINT32_MAX, "interface's ring");
		v->saved.rx_ref = (uint32_t)stream_get_max(s, UINT32_MAX, "interface's ring");
		v->saved.tx_port =
			(uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "interface's channel");
		v->saved.rx_port =
			(uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "interface's channel");
	}
}

void net_free(struct net *n)
{
	for (struct vif *v = n ? n->vifs : NULL, *next; v; v = next) {
		next = v->next;
		close(v->fd);
		free(v);
	}
	free(n);
}

unsigned net_poll(struct net *n, struct pollfd set[NET_VIFS])
{
	unsigned count = 0;

	for (struct vif *v = n->vifs; v; v = v->next) {
		if (v->live && !v->gone && shared_ring_waiting(&v->rx.ring) > 0)
			set[count++] = (struct pollfd){.fd = v->fd, .events = POLLIN};
	}
	return count;
}

/* --- moving packets --- */

/* May the guest send now? Else until when not. */
static bool has_credit(struct vif *v, uint64_t now)
{
	if (!v->rate.bytes)
		return true;
	if (now >= v->rate.next) {
		v->rate.left = v->rate.bytes;
		v->rate.next = now + v->rate.ns;
	}
	return v->rate.left != 0;
}

/* Returns when to go on: now, later, or when the guest signals. */
static uint64_t serve_tx(struct vif *v, uint64_t now, bool *broken)
{
	enum net_ring state = NET_MORE;
	uint64_t until = UINT64_MAX;
	size_t bytes = 0;

	for (unsigned k = 0; state == NET_MORE; k++) {
		if (k == TURN || !has_credit(v, now)) {
			until = k == TURN ? now : v->rate.next;
			break;
		}
		state = net_take(v, &bytes);
		if (state == NET_IDLE && shared_ring_sleep(&v->tx.ring))
			state = NET_MORE;
		v->rate.left -= bytes < v->rate.left ? bytes : v->rate.left;
	}
	if (shared_ring_push(&v->tx.ring))
		evtchn_signal(v->net->hv, v->tx.port);
	*broken = state == NET_BROKEN;
	return until;
}

static uint64_t serve_rx(struct vif *v, uint64_t now, bool *broken)
{
	enum net_ring state = NET_MORE;
	unsigned k;

	for (k = 0; k < TURN && state == NET_MORE; k++)
		state = net_give(v);
	if (state == NET_IDLE)
		shared_ring_sleep(&v->rx.ring);
	if (shared_ring_push(&v->rx.ring))
		evtchn_signal(v->net->hv, v->rx.port);
	*broken = state == NET_BROKEN;
	return k == TURN ? now : UINT64_MAX;
}

static uint64_t serve(struct vif *v, uint64_t now)
{
	bool tx_broken, rx_broken, was_gone = v->gone;
	uint64_t tx = serve_tx(v, now, &tx_broken), rx = serve_rx(v, now, &rx_broken);

	if (tx_broken || rx_broken) {
		xenbus_error(v->x, "the %s ring makes no sense: no more packets are moved",
			tx_broken ? "tx" : "rx");
		vif_disconnect(v->x);
		return UINT64_MAX;
	}
	if (v->gone && !was_gone)
		log_error("vif %u: its network is gone: packets are dropped", xenbus_devid(v->x));
	return tx < rx ? tx : rx;
}

uint64_t net_serve(struct net *n, uint64_t now)
{
	uint64_t first = UINT64_MAX;

	for (struct vif *v = n->vifs; v; v = v->next) {
		v->told = false;
		uint64_t next = v->live ? serve(v, now) : UINT64_MAX;
		if (next < first)
			first = next;
	}
	return first;
}
