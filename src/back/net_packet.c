/* SPDX-License-Identifier: MIT */
/*
 * Packets in the rings of a vif (io/netif.h). The guest's consist of slots with a granted piece
 * each, extra information behind the first; the first slot's size is that of all. All slots are
 * copied out before any is believed, pieces are copied before the frame is looked at.
 */
#include "back/net_private.h"

#include "back/net_frame.h"
#include "hv/grant.h"
#include "hv/hypercall.h"
#include "mmu/ram.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { TX_CSUM_BLANK = 1, TX_MORE = 4, TX_EXTRA = 8 };
enum { RX_VALIDATED = 1 };
enum { RSP_ERROR = -1, RSP_OKAY = 0, RSP_NULL = 1 };
enum { EXTRA_GSO = 1, EXTRA_MORE = 1, GSO_TCPV4 = 1, GSO_TCPV6 = 2 };
enum { HEADER_CHECKSUM = 1, HEADER_TCPV4 = 1, HEADER_TCPV6 = 4 }; /* virtio's */

struct tx_request {
	uint32_t ref;
	uint16_t offset, flags, id, size;
};

/* Takes the place of a request. */
struct tx_extra {
	uint8_t type, flags;
	uint16_t size;
	uint8_t gso_type, pad;
	uint16_t features;
	uint32_t unused;
};

struct tx_response {
	uint16_t id;
	int16_t status;
};

struct rx_request {
	uint16_t id, pad;
	uint32_t ref;
};

struct rx_response {
	uint16_t id, offset, flags;
	int16_t status;
};

struct packet {
	struct tx_request slot[NET_SLOTS];
	bool extra[NET_SLOTS]; /* that slot is none */
	unsigned slots;
	unsigned gso_type;
	uint16_t gso_size;
};

/* --- from the guest --- */

/* Its slots, as many as belong together. False: they do not. */
static bool take_slots(struct vif *v, struct packet *p)
{
	bool more = true, extra = false;

	while (more || extra) {
		if (p->slots == NET_SLOTS || shared_ring_take(&v->tx.ring, &p->slot[p->slots]) != 1)
			return false;
		const struct tx_request *q = &p->slot[p->slots];
		if (extra) {
			struct tx_extra e;
			memcpy(&e, q, sizeof(e));
			p->extra[p->slots] = true;
			if (e.type == EXTRA_GSO && e.gso_type <= GSO_TCPV6) {
				p->gso_type = e.gso_type;
				p->gso_size = e.size;
			}
			extra = e.flags & EXTRA_MORE;
		} else {
			more = q->flags & TX_MORE;
			extra = p->slots == 0 && q->flags & TX_EXTRA;
		}
		p->slots++;
	}
	return true;
}

static bool copy_piece(struct vif *v, const struct tx_request *q, size_t size, uint8_t *to)
{
	struct hv *hv = v->net->hv;
	enum grant_status status;

	if (q->offset > NET_PAGE || size > NET_PAGE - q->offset)
		return false;
	const uint8_t *page = grant_acquire(hv, q->ref, DOMID_DOM0, true, &status);
	if (!page)
		return false;
	memcpy(to, page + q->offset, size);
	grant_release(hv, q->ref, true);
	return true;
}

/* The frame's bytes, or 0: it is not one. */
static size_t copy_frame(struct vif *v, const struct packet *p)
{
	uint8_t *to = v->net->buffer.frame;
	size_t total = p->slot[0].size, first = total, at;

	for (unsigned n = 1; n < p->slots; n++) {
		size_t size = p->extra[n] ? 0 : p->slot[n].size;
		if (size > first)
			return 0;
		first -= size;
	}
	if (!copy_piece(v, &p->slot[0], first, to))
		return 0;
	at = first;
	for (unsigned n = 1; n < p->slots; n++) {
		if (p->extra[n])
			continue;
		if (!copy_piece(v, &p->slot[n], p->slot[n].size, to + at))
			return 0;
		at += p->slot[n].size;
	}
	return total;
}

/* The host's stack does what is left to do with it, for a tap device. */
static void describe(struct vif *v, const struct packet *p, size_t n)
{
	struct net_header *h = &v->net->buffer.header;
	uint16_t start, offset;

	*h = (struct net_header){0};
	if (!(p->slot[0].flags & TX_CSUM_BLANK) ||
		!net_frame_checksum(v->net->buffer.frame, n, &start, &offset))
		return;
	h->flags = HEADER_CHECKSUM;
	h->checksum_start = start;
	h->checksum_offset = offset;
	if (!p->gso_type || !p->gso_size)
		return;
	h->gso_type = p->gso_type == GSO_TCPV4 ? HEADER_TCPV4 : HEADER_TCPV6;
	h->gso_size = p->gso_size;
	h->length = (uint16_t)(start + 20);
}

/* The user-mode network ends connections itself, so that it takes a segment of any size. */
static void pass_on(struct vif *v, const struct packet *p, size_t n)
{
	uint8_t *from = v->net->buffer.frame;

	if (v->header) {
		describe(v, p, n);
		from -= sizeof(struct net_header);
		n += sizeof(struct net_header);
	} else if (p->slot[0].flags & TX_CSUM_BLANK) {
		net_frame_complete(from, n);
	}
	if (v->gone || write(v->fd, from, n) < 0)
		v->dropped++;
}

enum net_ring net_take(struct vif *v, size_t *bytes)
{
	struct packet p = {.slots = 0};
	int waiting = shared_ring_waiting(&v->tx.ring);

	if (waiting <= 0)
		return waiting ? NET_BROKEN : NET_IDLE;
	if (!take_slots(v, &p))
		return NET_BROKEN;
	*bytes = copy_frame(v, &p);
	if (*bytes)
		pass_on(v, &p, *bytes);
	for (unsigned n = 0; n < p.slots; n++) {
		struct tx_response r = {.id = p.extra[n] ? 0 : p.slot[n].id,
			.status = p.extra[n] ? RSP_NULL
				  : *bytes   ? RSP_OKAY
					     : RSP_ERROR};
		shared_ring_put(&v->tx.ring, &r, sizeof(r));
	}
	return NET_MORE;
}

/* --- to the guest --- */

static int16_t copy_to(struct vif *v, uint32_t ref, const uint8_t *from, size_t n)
{
	struct hv *hv = v->net->hv;
	struct ram *ram = &hv->machine->ram;
	enum grant_status status;
	int16_t done = RSP_ERROR;
	uint8_t *page = grant_acquire(hv, ref, DOMID_DOM0, false, &status);

	if (!page)
		return RSP_ERROR;
	if (ram_write(ram, ram_gpa(ram, (uintptr_t)page), from, n) == 0)
		done = (int16_t)n;
	grant_release(hv, ref, false);
	return done;
}

/* Frames are no larger than a page of the guest: nobody has offered more to the other side. */
enum net_ring net_give(struct vif *v)
{
	uint8_t *frame = v->net->buffer.frame, *to = frame;
	size_t room = NET_PAGE, head = 0;
	struct rx_request q;
	int waiting = shared_ring_waiting(&v->rx.ring);

	if (waiting <= 0 || v->gone)
		return waiting < 0 ? NET_BROKEN : NET_IDLE;
	if (v->header) {
		head = sizeof(struct net_header);
		to -= head;
	}
	ssize_t n = read(v->fd, to, room + head);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return NET_IDLE;
	if (n <= (ssize_t)head) {
		v->gone = n <= 0;
		return v->gone ? NET_IDLE : NET_MORE;
	}
	shared_ring_take(&v->rx.ring, &q);
	struct rx_response r = {.id = q.id,
		.flags = v->header ? 0 : RX_VALIDATED,
		.status = copy_to(v, q.ref, frame, (size_t)n - head)};
	shared_ring_put(&v->rx.ring, &r, sizeof(r));
	return NET_MORE;
}
