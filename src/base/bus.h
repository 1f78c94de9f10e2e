/* SPDX-License-Identifier: MIT */
/*
 * Physical accesses that are not RAM. Devices claim ranges when the domain is built; vCPU threads
 * call bus_access. The table never changes after the build, so look-up takes no lock; each
 * device guards its own state.
 */
#ifndef BASE_BUS_H
#define BASE_BUS_H

#include "base/types.h"

struct bus_access {
	uint64_t addr; /* guest physical address; for a device, offset from its range's start */
	uint8_t size;  /* 1, 2, 4 or 8 bytes, naturally aligned */
	bool write;
	uint64_t value; /* little-endian value; a read's result, zero-extended */
};

/* Called from any vCPU thread. Reads of nothing leave value all ones (cut to size). */
typedef void bus_handler(void *dev, struct bus_access *a);

struct bus_range {
	uint64_t base, size;
	bus_handler *handler;
	void *dev;
	const char *name;
};

struct bus {
	struct bus_range range[32];
	unsigned count;
};

/* Claims [base, base+size). Returns 0, -EBUSY on overlap or -ENOSPC. */
int bus_add(
	struct bus *bus, uint64_t base, uint64_t size, bus_handler *h, void *dev, const char *name);
/* Performs the access; an unclaimed address reads as all ones and ignores writes. Returns whether
 * a device answered. */
bool bus_access(struct bus *bus, struct bus_access *a);

#endif
