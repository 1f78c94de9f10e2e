/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces of a domain: backends of type vif (xen/include/public/io/netif.h). Frames go
 * to and come from a descriptor, one for each read or write: the socket of the process that has
 * the user-mode network, or a tap device with virtio's header in front of frames. A frame is copied
 * once. Nothing queues here: frames from outside wait in the descriptor until the guest has room,
 * which then drops or holds back the rest.
 *
 * All on the I/O thread.
 */
#ifndef BACK_NET_H
#define BACK_NET_H

#include <poll.h>

#include "back/xenbus.h"
#include "hv/hv.h"

struct net;
struct stream;

struct net_vif {
	const char *mac; /* "00:16:3e:..." */
	int fd;		 /* not blocking; taken */
	bool header;	 /* it is a tap device, with struct virtio_net_hdr */
	/* The guest may send so many bytes in each interval of so many microseconds; 0: no limit.
	 */
	uint64_t rate_bytes, rate_usecs;
};

/* The guest has signalled: net_serve is to be called. Any thread. */
typedef void net_wake_fn(void *ctx);

/* NULL: no memory. */
struct net *net_new(struct hv *hv, struct xenbus *bus, net_wake_fn *wake, void *ctx);
/* One more interface, numbered from 0. 0 or -errno. */
int net_add(struct net *n, const struct net_vif *v);
/* Behind xenbus_free; NULL is allowed. */
void net_free(struct net *n);

/* What the frontends wrote that are connected; a domain that is loaded has the same interfaces. */
void net_save(const struct net *n, struct stream *s);
void net_load(struct net *n, struct stream *s);

/* Descriptors to poll, at most NET_VIFS; returns how many. */
#define NET_VIFS 8
unsigned net_poll(struct net *n, struct pollfd set[NET_VIFS]);
/* Moves what can be moved, for some time. now: ns of a clock that goes on. Returns when there is
 * more to do without anybody's signal, or UINT64_MAX. */
uint64_t net_serve(struct net *n, uint64_t now);

#endif
