/* SPDX-License-Identifier: MIT */
/*
 * Register file and line logic of the IOSAPIC. Two indirect registers (select, window) and the EOI
 * register are all that is mapped.
 */
#include "dev/iosapic.h"

#include "base/bus.h"
#include "base/stream.h"
#include "cpu/cpu.h"
#include "dev/pib.h"

#define REG_SELECT 0x00
#define REG_WINDOW 0x10
#define REG_EOI	   0x40

#define INDEX_ID      0x00
#define INDEX_VERSION 0x01
#define INDEX_RTE     0x10

/* 48 entries, version 2.1: what Xen/ia64 shows */
#define VERSION ((GSI_COUNT - 1) << 16 | 0x21)

/* Bits software may write in the low word: all but delivery status and remote IRR. */
#define RTE_LOW_WRITABLE  0x1afffull
#define RTE_HIGH_WRITABLE (0xffffull << RTE_EID_SHIFT)

static void send(struct iosapic *io, uint64_t rte)
{
	pib_deliver(io->machine, (unsigned)(rte >> RTE_ID_SHIFT) & 0xff,
		(unsigned)(rte >> RTE_EID_SHIFT) & 0xff, (unsigned)(rte >> RTE_MODE_SHIFT) & 7,
		(unsigned)rte & RTE_VECTOR);
}

/* Sends a level interrupt when its line asks for one that is not already on its way. */
static void update_level(struct iosapic *io, unsigned n)
{
	uint64_t rte = io->rte[n];
	if (!(rte & RTE_LEVEL) || rte & (RTE_MASK | RTE_REMOTE_IRR) || !(io->lines >> n & 1))
		return;
	io->rte[n] |= RTE_REMOTE_IRR;
	send(io, rte);
}

void iosapic_set_irq(struct iosapic *io, unsigned gsi, bool asserted)
{
	if (gsi >= GSI_COUNT)
		return;
	pthread_mutex_lock(&io->lock);
	uint64_t bit = 1ull << gsi;
	bool rising = asserted && !(io->lines & bit);
	io->lines = asserted ? io->lines | bit : io->lines & ~bit;
	/* an edge that meets a masked entry is lost */
	if (rising && !(io->rte[gsi] & (RTE_LEVEL | RTE_MASK)))
		send(io, io->rte[gsi]);
	update_level(io, gsi);
	pthread_mutex_unlock(&io->lock);
}

static void eoi(struct iosapic *io, unsigned vector)
{
	for (unsigned n = 0; n < GSI_COUNT; n++) {
		if ((io->rte[n] & RTE_VECTOR) != vector || !(io->rte[n] & RTE_REMOTE_IRR))
			continue;
		io->rte[n] &= ~(uint64_t)RTE_REMOTE_IRR;
		update_level(io, n);
	}
}

static uint32_t read_index(const struct iosapic *io)
{
	unsigned i = io->select;
	if (i == INDEX_ID)
		return io->id;
	if (i == INDEX_VERSION)
		return VERSION;
	if (i >= INDEX_RTE && i < INDEX_RTE + 2 * GSI_COUNT)
		return (uint32_t)(io->rte[(i - INDEX_RTE) / 2] >> (i & 1 ? 32 : 0));
	return 0;
}

static void write_rte(struct iosapic *io, unsigned n, bool high, uint32_t v)
{
	uint64_t mask = high ? RTE_HIGH_WRITABLE : RTE_LOW_WRITABLE;
	uint64_t value = high ? (uint64_t)v << 32 : v;
	io->rte[n] = (io->rte[n] & ~mask) | (value & mask);
	/* an entry turned to edge has no EOI to wait for */
	if (!(io->rte[n] & RTE_LEVEL))
		io->rte[n] &= ~(uint64_t)RTE_REMOTE_IRR;
	update_level(io, n);
}

static void write_index(struct iosapic *io, uint32_t v)
{
	unsigned i = io->select;
	if (i == INDEX_ID)
		io->id = v & 0x0f000000;
	else if (i >= INDEX_RTE && i < INDEX_RTE + 2 * GSI_COUNT)
		write_rte(io, (i - INDEX_RTE) / 2, i & 1, v);
}

static void read_register(struct iosapic *io, struct bus_access *a)
{
	switch (a->addr) {
	case REG_SELECT:
		a->value = io->select;
		break;
	case REG_WINDOW:
		a->value = read_index(io);
		break;
	default:
		a->value = 0;
	}
}

static void write_register(struct iosapic *io, const struct bus_access *a)
{
	switch (a->addr) {
	case REG_SELECT:
		io->select = a->value & 0xff;
		break;
	case REG_WINDOW:
		write_index(io, (uint32_t)a->value);
		break;
	case REG_EOI:
		eoi(io, a->value & 0xff);
		break;
	}
}

static void iosapic_access(void *dev, struct bus_access *a)
{
	struct iosapic *io = dev;
	pthread_mutex_lock(&io->lock);
	if (a->write)
		write_register(io, a);
	else
		read_register(io, a);
	pthread_mutex_unlock(&io->lock);
}

int iosapic_init(struct iosapic *io, struct machine *m)
{
	*io = (struct iosapic){.machine = m};
	pthread_mutex_init(&io->lock, NULL);
	iosapic_reset(io);
	return bus_add(&m->bus, MAP_IOSAPIC_BASE, MAP_IOSAPIC_SIZE, iosapic_access, io, "iosapic");
}

void iosapic_free(struct iosapic *io)
{
	pthread_mutex_destroy(&io->lock);
}

void iosapic_reset(struct iosapic *io)
{
	pthread_mutex_lock(&io->lock);
	io->select = 0;
	io->id = 0;
	io->lines = 0;
	for (unsigned n = 0; n < GSI_COUNT; n++)
		io->rte[n] = RTE_MASK;
	pthread_mutex_unlock(&io->lock);
}

void iosapic_save(struct iosapic *io, struct stream *s)
{
	pthread_mutex_lock(&io->lock);
	stream_begin(s, "iosapic", 1);
	stream_put_u64(s, io->select);
	stream_put_u64(s, io->id);
	stream_put_u64(s, io->lines);
	for (unsigned n = 0; n < GSI_COUNT; n++)
		stream_put_u64(s, io->rte[n]);
	stream_end(s);
	pthread_mutex_unlock(&io->lock);
}

void iosapic_load(struct iosapic *io, struct stream *s)
{
	const uint64_t legal = RTE_LOW_WRITABLE | RTE_HIGH_WRITABLE | RTE_STATUS | RTE_REMOTE_IRR;
	pthread_mutex_lock(&io->lock);
	if (stream_open(s, "iosapic", 1)) {
		io->select = (uint32_t)stream_get_max(s, 0xff, "register select");
		io->id = (uint32_t)stream_get_max(s, 0x0f000000, "id");
		io->lines = stream_get_max(s, (1ull << GSI_COUNT) - 1, "lines");
		for (unsigned n = 0; n < GSI_COUNT; n++)
			io->rte[n] = stream_get_u64(s) & legal;
		stream_close(s);
	}
	pthread_mutex_unlock(&io->lock);
}
