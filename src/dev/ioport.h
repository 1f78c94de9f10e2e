/* SPDX-License-Identifier: MIT */
/*
 * Legacy I/O ports: 64 K ports seen through the sparse 64 MB window of the platform (2:268), four
 * ports in each 4 KB page. Port p stands at window + ((p >> 2) << 12) + (p & 0xfff).
 */
#ifndef DEV_IOPORT_H
#define DEV_IOPORT_H

#include "base/bus.h"

struct ioport {
	struct bus ports; /* addresses are port numbers; fixed once the domain is built */
};

/* Claims the window on the bus. Returns 0 or -errno of bus_add. */
int ioport_init(struct ioport *io, struct bus *bus);
/* Claims ports [port, port + count). As bus_add. */
int ioport_add(struct ioport *io, unsigned port, unsigned count, bus_handler *h, void *dev,
	const char *name);
/* Port number of an offset in the window. */
unsigned ioport_decode(uint64_t offset);

#endif
