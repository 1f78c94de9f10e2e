/* SPDX-License-Identifier: MIT */
/*
 * Another domain's process that has been taken over, and a guest that calls anything about channels
 * and grants meanwhile. Bytes: what to do next, and what with. In the end the connection is closed,
 * and nothing of the domain may be in the other one's hands.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/packet.h"
#include "hv/event.h"
#include "hv/export.h"
#include "hv/grant.h"
#include "hv/memory.h"
#include "hv/peer.h"
#include "hv/pv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_SIZE (8ull << 20)
#define BUFFER	 0x100000ull
#define INLINE	 (1ull << 63)
#define OTHER	 5

struct world {
	struct machine m;
	struct hv hv;
	int end; /* of the pair, ours */
	int stops;
	uint32_t seq; /* of its latest request */
};

struct input {
	const uint8_t *at, *end;
};

static uint64_t take(struct input *in, unsigned n)
{
	uint64_t v = 0;

	for (; n && in->at < in->end; n--)
		v = v << 8 | *in->at++;
	return v;
}

static void nothing(void *ctx)
{
	(void)ctx;
}

static void stop(void *ctx)
{
	((struct world *)ctx)->stops++;
}

static void go(void *ctx)
{
	((struct world *)ctx)->stops--;
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct peers_host host = {.ctx = w,
		.notify = nothing,
		.stop = stop,
		.go = go,
		.exports = 20,
		.patience = ~0u};
	char error[200];

	assert(w);
	log_init("fuzz", LOG_ERROR);
	w->m.model = cpu_model_find("montvale");
	clock_init(&w->m.clock, true);
	ram_add_slot(&w->m.ram, 0, RAM_SIZE);
	w->m.cpu[0] = cpu_new(&w->m, 0);
	w->m.cpus = 1;
	if (hv_init(&w->hv, &w->m, 1, error, sizeof(error)) || peers_init(&w->hv, &host))
		abort();
	w->end = -1;
	return w;
}

static void join(struct world *w)
{
	int pair[2];

	if (w->end >= 0)
		close(w->end);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		abort();
	peers_connect(&w->hv, OTHER, pair[0]);
	w->end = pair[1];
}

static int make_file(unsigned how)
{
	int fd = how ? memfd_create("f", MFD_ALLOW_SEALING) : -1;

	if (fd >= 0 && ftruncate(fd, how == 2 ? 4096 : XEN_PAGE_SIZE))
		abort();
	if (how == 3)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
	return fd;
}

static void packet(struct world *w, struct input *in)
{
	static uint8_t data[XEN_PAGE_SIZE + 1];
	uint8_t bits = (uint8_t)take(in, 1);
	struct peer_msg m = {.kind = (uint32_t)take(in, 1) % (PEER_KINDS + 1),
		.seq = bits & 1 ? w->seq : (uint32_t)take(in, 1),
		.status = -(int32_t)take(in, bits & 2 ? 0 : 1),
		.port = (uint32_t)take(in, bits & 4 ? 1 : 2),
		.from = (uint32_t)take(in, bits & 4 ? 1 : 2),
		.offset = (uint32_t)take(in, 2),
		.flags = bits & 8 ? m.kind : (uint32_t)take(in, 1)};
	size_t len = bits & 16 ? take(in, 2) % sizeof(data) : bits & 32 ? XEN_PAGE_SIZE : 0;
	int fd = make_file(bits >> 6);

	m.len = (uint32_t)len;
	const struct iovec iov[2] = {{&m, sizeof(m)}, {data, len}};
	packet_send(w->end, iov, 2, fd);
	if (fd >= 0)
		close(fd);
}

/* What it asks us; the descriptors are mapped and written to, as far as they let us. */
static void listen_to(struct world *w)
{
	static uint8_t data[XEN_PAGE_SIZE];
	struct peer_msg m;
	const struct iovec iov[2] = {{&m, sizeof(m)}, {data, sizeof(data)}};
	int fd;

	while (packet_receive(w->end, iov, 2, &fd) > 0) {
		if (m.kind != PEER_ANSWER)
			w->seq = m.seq;
		if (fd < 0)
			continue;
		assert(ftruncate(fd, 0) < 0);
		close(fd);
	}
}

/* References, frames and ports that are there, mostly. */
static uint64_t small(struct input *in)
{
	uint64_t v = take(in, 1);

	return v < 250 ? v % 40 : take(in, 4);
}

static void call(struct world *w, struct input *in)
{
	static const uint8_t numbers[] = {20, 20, 20, 32, 12};
	struct hv_vcpu *v = &w->hv.vcpu[0];
	uint64_t arg[8];

	if (v->wait.on)
		return;
	for (unsigned n = 0; n < 8; n++)
		arg[n] = small(in);
	uint8_t how = (uint8_t)take(in, 1);
	if (how & 1)
		arg[0] = arg[0] << 14;
	if (how & 2)
		arg[1] = arg[1] << 14;
	if (how & 4)
		((uint16_t *)arg)[8] = OTHER;
	if (how & 8)
		((uint16_t *)arg)[0] = OTHER;
	ram_write(&w->m.ram, GPA(BUFFER), arg, sizeof(arg));
	cpu_set_cfm(w->m.cpu[0], 8);
	gr_set(w->m.cpu[0], 2, numbers[take(in, 1) % countof(numbers)], 0);
	gr_set(w->m.cpu[0], 32, take(in, 1) % 12, 0);
	gr_set(w->m.cpu[0], 33, BUFFER | INLINE, 0);
	gr_set(w->m.cpu[0], 34, take(in, 1) % 3, 0);
	hv_call(&w->hv, w->m.cpu[0]);
}

static void go_on(struct world *w)
{
	if (w->hv.vcpu[0].wait.on && hv_has_work(&w->hv.vcpu[0]))
		hv_call(&w->hv, w->m.cpu[0]);
}

static void entry(struct world *w, struct input *in)
{
	uint32_t e[2] = {(uint32_t)take(in, 1), (uint32_t)small(in)};

	e[0] |= (uint32_t)OTHER << 16;
	ram_write(&w->m.ram, GPA(HV_GRANT_FRAMES + 8 * (small(in) & 2047)), e, sizeof(e));
}

static void step(struct world *w, struct input *in)
{
	switch (take(in, 1) % 16) {
	case 0:
		join(w);
		break;
	case 1:
		peers_refuse(&w->hv, (uint16_t)take(in, 1));
		break;
	case 2:
	case 3:
		entry(w, in);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		call(w, in);
		break;
	case 8:
		go_on(w);
		break;
	case 9:
		listen_to(w);
		break;
	case 10:
	case 11:
		peers_serve(&w->hv);
		break;
	default:
		packet(w, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	struct input in = {data, data + size};

	if (!w)
		w = world_new();
	join(w);
	while (in.at < in.end) {
		step(w, &in);
		if (in.at < in.end && *in.at & 0x80) {
			listen_to(w);
			peers_serve(&w->hv);
			go_on(w);
		}
	}
	close(w->end);
	w->end = -1;
	for (unsigned n = 0; n < 3; n++) {
		peers_serve(&w->hv);
		peers_refuse(&w->hv, OTHER);
		go_on(w);
	}
	assert(w->stops == 0);
	assert(w->hv.grant && (export_count(&w->hv) == 0 || grant_why_busy(&w->hv)));
	hv_reset(&w->hv);
	assert(!grant_why_busy(&w->hv) && export_count(&w->hv) == 0);
	return 0;
}
