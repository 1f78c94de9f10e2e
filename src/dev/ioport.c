/* SPDX-License-Identifier: MIT */
/* The sparse port window: turns a memory access into a port access and hands it on. */
#include "dev/ioport.h"

#include "dev/memmap.h"

unsigned ioport_decode(uint64_t offset)
{
	return (unsigned)(offset >> 12 << 2 | (offset & 3));
}

/* The architecture has 1, 2 and 4-byte port accesses only; one of 8 bytes, or one that leaves its
 * page's four ports, finds no device. */
static void window_access(void *dev, struct bus_access *a)
{
	struct ioport *io = dev;
	if (a->size > 4 || (a->addr & 3) + a->size > 4)
		return;
	a->addr = ioport_decode(a->addr);
	bus_access(&io->ports, a);
}

int ioport_init(struct ioport *io, struct bus *bus)
{
	io->ports = (struct bus){0};
	return bus_add(bus, MAP_IOPORT_BASE, MAP_IOPORT_SIZE, window_access, io, "io-ports");
}

int ioport_add(struct ioport *io, unsigned port, unsigned count, bus_handler *h, void *dev,
	const char *name)
{
	return bus_add(&io->ports, port, count, h, dev, name);
}
