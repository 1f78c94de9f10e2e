/* SPDX-License-Identifier: MIT */
/* What the files of the vif backend share. */
#ifndef BACK_NET_PRIVATE_H
#define BACK_NET_PRIVATE_H

#include "back/net.h"
#include "back/shared_ring.h"

#define NET_PAGE  16384u
#define NET_SLOTS 20	/* of one packet, extra information included */
#define NET_FRAME 65550 /* largest frame, its Ethernet header included */

/* In front of a frame for a tap device: struct virtio_net_hdr of the virtio specification, 5.1.6.
 */
struct net_header {
	uint8_t flags, gso_type;
	uint16_t length, gso_size, checksum_start, checksum_offset;
};

struct vif {
	struct vif *next;
	struct net *net;
	struct xenbus_device *x;
	char mac[18];
	int fd;
	bool header;
	bool gone; /* the other end of fd is */
	struct {
		struct shared_ring ring;
		uint32_t ref, port;
		bool mapped, bound;
	} tx, rx; /* from and to the guest */
	bool live;
	_Atomic bool told; /* the guest has signalled */
	struct {
		uint64_t bytes, ns; /* so many in each interval */
		uint64_t left, next;
	} rate;
	struct {
		bool connected;
		uint32_t tx_ref, rx_ref, tx_port, rx_port;
	} saved;	  /* in the file that the domain was restored from */
	uint64_t dropped; /* frames of the guest that could not be passed on */
};

struct net {
	struct hv *hv;
	struct xenbus *bus;
	net_wake_fn *wake;
	void *ctx;
	struct vif *vifs, **last;
	unsigned count;
	/* One frame with its header. */
	struct {
		struct net_header header;
		uint8_t frame[NET_FRAME];
	} buffer;
};

enum net_ring { NET_IDLE, NET_MORE, NET_BROKEN };

/* Takes the next packet of the guest and passes it on. NET_BROKEN: the ring's contents make no
 * sense. */
enum net_ring net_take(struct vif *v, size_t *bytes);
/* Gives the guest a frame from outside, when it has room and there is one. */
enum net_ring net_give(struct vif *v);

#endif
