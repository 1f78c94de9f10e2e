/* SPDX-License-Identifier: MIT */
/* The table of physical ranges that devices answer for: a short list, searched in order. */
#include "base/bus.h"

#include <errno.h>

int bus_add(
	struct bus *bus, uint64_t base, uint64_t size, bus_handler *h, void *dev, const char *name)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_range *r = &bus->range[i];
		if (base - r->base < r->size || r->base - base < size)
			return -EBUSY;
	}
	if (bus->count == countof(bus->range))
		return -ENOSPC;
	bus->range[bus->count++] = (struct bus_range){base, size, h, dev, name};
	return 0;
}

static uint64_t size_mask(unsigned size)
{
	return ~0ull >> (64 - 8 * size);
}

bool bus_access(struct bus *bus, struct bus_access *a)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_range *r = &bus->range[i];
		uint64_t offset = a->addr - r->base;
		if (offset >= r->size || r->size - offset < a->size)
			continue;
		struct bus_access local = *a;
		local.addr = offset;
		if (!a->write)
			local.value = size_mask(a->size);
		r->handler(r->dev, &local);
		if (!a->write)
			a->value = local.value & size_mask(a->size);
		return true;
	}
	if (!a->write)
		a->value = size_mask(a->size);
	return false;
}
