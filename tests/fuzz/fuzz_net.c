/* SPDX-License-Identifier: MIT */
/*
 * Any contents of a network interface's two rings and of the grant table behind them: packets are
 * moved as the I/O thread does. Rings are in guest memory, where grants may name them, so that they
 * change under whoever reads. Bytes: what it is tied to, 16 of indices for each ring, 32 grants of
 * 6 bytes, then what is in the rings, of which the first half is what is sent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "back/net_private.h"
#include "hv/grant_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_SIZE (2ull << 20)
#define TX_PAGE	 NET_PAGE
#define RX_PAGE	 (2 * NET_PAGE)
#define GRANTS	 32
#define HEAD	 (1 + 32 + GRANTS * 6)

struct world {
	struct machine m;
	struct hv hv;
	struct net net;
	struct vif vif;
	int outside;
};

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[200];
	int pair[2];

	w->m.model = cpu_model_find("montvale");
	clock_init(&w->m.clock, true);
	ram_add_slot(&w->m.ram, 0, RAM_SIZE);
	w->m.cpu[0] = cpu_new(&w->m, 0);
	w->m.cpus = 1;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) ||
		hv_init(&w->hv, &w->m, 1, error, sizeof(error)))
		abort();
	w->net.hv = &w->hv;
	w->vif.net = &w->net;
	w->vif.fd = pair[0];
	w->outside = pair[1];
	return w;
}

/* Entries near what the bytes say: most of them can be used. */
static void set_grants(struct world *w, const uint8_t *p)
{
	for (uint32_t ref = 0; ref < GRANTS; ref++, p += 6) {
		uint32_t *e = grant_word(&w->hv, ref), frame;
		e[0] = p[0] & 7 ? 1u | (p[0] & 0x84u) >> 1 : (uint32_t)p[0] << 16 | p[1];
		memcpy(&frame, p + 2, 4);
		e[1] = p[1] & 1 ? frame : frame % 8;
	}
}

static void set_ring(
	struct world *w, uint64_t page, const uint8_t *indices, const uint8_t *p, size_t n)
{
	uint8_t ring[NET_PAGE] = {0};

	memcpy(ring, indices, 16);
	memcpy(ring + 64, p, n);
	ram_write(&w->m.ram, GPA(page), ring, sizeof(ring));
}

static void attach(struct world *w, struct shared_ring *r, uint64_t page, uint32_t entry)
{
	uint8_t *at = (uint8_t *)(uintptr_t)ram_read_ptr(&w->m.ram, GPA(page), NET_PAGE);
	shared_ring_attach(r, at, NET_PAGE, entry);
}

/* A frame must be what a frame can be; one comes back for each. */
static void turn(struct world *w, const uint8_t *p, size_t n)
{
	static uint8_t frame[sizeof(struct net_header) + NET_FRAME];
	ssize_t got;

	while ((got = read(w->outside, frame, sizeof(frame))) >= 0)
		if (got > (ssize_t)sizeof(struct net_header) + 65535)
			abort();
	if (n && send(w->outside, p, n < 3000 ? n : 3000, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		abort();
}

static void serve(struct world *w, const uint8_t *p, size_t n)
{
	enum net_ring tx = NET_MORE, rx = NET_MORE;
	size_t bytes = 0;

	for (unsigned k = 0; k < 300 && (tx == NET_MORE || rx == NET_MORE); k++) {
		turn(w, p, n);
		if (tx == NET_MORE)
			tx = net_take(&w->vif, &bytes);
		if (bytes > 65535)
			abort();
		if (rx == NET_MORE)
			rx = net_give(&w->vif);
		shared_ring_push(&w->vif.tx.ring);
		shared_ring_push(&w->vif.rx.ring);
		shared_ring_sleep(&w->vif.tx.ring);
	}
	turn(w, NULL, 0);
	uint8_t rest[16];
	while (read(w->vif.fd, rest, sizeof(rest)) >= 0)
		continue;
}

static void nothing_is_held(const struct world *w)
{
	for (uint32_t ref = 0; ref < GRANTS; ref++) {
		const struct active *a = &w->hv.grant->active[ref];
		if (a->readers || a->writers)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	size_t n = size > HEAD ? (size - HEAD) / 2 : 0;

	if (!w)
		w = world_new();
	if (size < HEAD)
		return 0;
	if (n > NET_PAGE - 64)
		n = NET_PAGE - 64;
	w->vif.header = data[0] & 1;
	w->vif.gone = false;
	set_ring(w, TX_PAGE, data + 1, data + HEAD, n);
	set_ring(w, RX_PAGE, data + 17, data + HEAD + n, n);
	set_grants(w, data + 33);
	attach(w, &w->vif.tx.ring, TX_PAGE, 12);
	attach(w, &w->vif.rx.ring, RX_PAGE, 8);
	serve(w, data + HEAD, n);
	nothing_is_held(w);
	return 0;
}
