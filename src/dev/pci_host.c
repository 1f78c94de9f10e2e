/* SPDX-License-Identifier: MIT */
/* Configuration space of bus 0. */
#include "dev/pci_host.h"

#include <string.h>

#include "base/bus.h"
#include "base/stream.h"
#include "dev/ioport.h"
#include "dev/memmap.h"

#define PORT_ADDRESS   0xcf8
#define PORT_DATA      0xcfc
#define ADDRESS_ENABLE 0x80000000u

enum { CFG_VENDOR = 0, CFG_DEVICE = 2, CFG_COMMAND = 4, CFG_CLASS = 10, CFG_LATENCY = 13 };
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4 };

/* Intel 82460GX system address controller: an Itanium host bridge that needs no driver. */
#define BRIDGE_VENDOR	  0x8086
#define BRIDGE_DEVICE	  0x84e0
#define CLASS_HOST_BRIDGE 0x0600

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint32_t get(const uint8_t *p, unsigned size)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < size; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static struct pci_function *find(
	struct pci_host *p, unsigned segment, unsigned bus, unsigned devfn, unsigned reg)
{
	if (segment || bus || devfn > 255 || reg > 255)
		return NULL;
	return p->function[devfn];
}

uint32_t pci_host_read(struct pci_host *p, unsigned segment, unsigned bus, unsigned devfn,
	unsigned reg, unsigned size)
{
	uint32_t v = (uint32_t)(~0ull >> (64 - 8 * size));
	pthread_mutex_lock(&p->lock);
	struct pci_function *f = find(p, segment, bus, devfn, reg);
	if (f)
		v = get(f->config + reg, size);
	pthread_mutex_unlock(&p->lock);
	return v;
}

void pci_host_write(struct pci_host *p, unsigned segment, unsigned bus, unsigned devfn,
	unsigned reg, unsigned size, uint32_t value)
{
	pthread_mutex_lock(&p->lock);
	struct pci_function *f = find(p, segment, bus, devfn, reg);
	for (unsigned i = 0; f && i < size; i++) {
		uint8_t mask = f->writable[reg + i];
		uint8_t v = (uint8_t)(value >> 8 * i);
		f->config[reg + i] = (uint8_t)((f->config[reg + i] & ~mask) | (v & mask));
	}
	pthread_mutex_unlock(&p->lock);
}

/* Only a 4-byte access reaches the address register (PCI 2.3, 3.2.2.3.2). */
static void address_access(void *dev, struct bus_access *a)
{
	struct pci_host *p = dev;
	if (a->size != 4)
		return;
	pthread_mutex_lock(&p->lock);
	if (a->write)
		p->address = (uint32_t)a->value & 0x80fffffc;
	else
		a->value = p->address;
	pthread_mutex_unlock(&p->lock);
}

static void data_access(void *dev, struct bus_access *a)
{
	struct pci_host *p = dev;
	pthread_mutex_lock(&p->lock);
	uint32_t address = p->address;
	pthread_mutex_unlock(&p->lock);
	if (!(address & ADDRESS_ENABLE))
		return;
	unsigned bus = address >> 16 & 255, devfn = address >> 8 & 255;
	unsigned reg = (address & 0xfc) + (unsigned)a->addr;
	if (a->write)
		pci_host_write(p, 0, bus, devfn, reg, a->size, (uint32_t)a->value);
	else
		a->value = pci_host_read(p, 0, bus, devfn, reg, a->size);
}

int pci_host_init(struct pci_host *p, struct ioport *io)
{
	*p = (struct pci_host){0};
	pthread_mutex_init(&p->lock, NULL);
	p->function[0] = &p->bridge;
	pci_host_reset(p);
	int r = ioport_add(io, PORT_ADDRESS, 4, address_access, p, "pci-address");
	if (!r)
		r = ioport_add(io, PORT_DATA, 4, data_access, p, "pci-data");
	return r;
}

void pci_host_free(struct pci_host *p)
{
	pthread_mutex_destroy(&p->lock);
}

void pci_host_reset(struct pci_host *p)
{
	struct pci_function *f = &p->bridge;
	pthread_mutex_lock(&p->lock);
	p->address = 0;
	memset(f, 0, sizeof(*f));
	put16(f->config + CFG_VENDOR, BRIDGE_VENDOR);
	put16(f->config + CFG_DEVICE, BRIDGE_DEVICE);
	put16(f->config + CFG_COMMAND, COMMAND_MEMORY | COMMAND_MASTER);
	put16(f->config + CFG_CLASS, CLASS_HOST_BRIDGE);
	f->writable[CFG_COMMAND] = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER;
	f->writable[CFG_LATENCY] = 0xf8;
	pthread_mutex_unlock(&p->lock);
}

void pci_host_save(struct pci_host *p, struct stream *s)
{
	pthread_mutex_lock(&p->lock);
	stream_begin(s, "pci-host", 1);
	stream_put_u64(s, p->address);
	stream_put(s, p->bridge.config, sizeof(p->bridge.config));
	stream_end(s);
	pthread_mutex_unlock(&p->lock);
}

/* What software cannot write is not taken from the stream. */
static void load_function(struct pci_function *f, struct stream *s)
{
	uint8_t config[sizeof(f->config)];
	stream_get(s, config, sizeof(config));
	for (unsigned i = 0; i < sizeof(config); i++)
		f->config[i] =
			(uint8_t)((f->config[i] & ~f->writable[i]) | (config[i] & f->writable[i]));
}

void pci_host_load(struct pci_host *p, struct stream *s)
{
	pthread_mutex_lock(&p->lock);
	if (stream_open(s, "pci-host", 1)) {
		p->address = (uint32_t)stream_get_max(s, 0x80fffffc, "address");
		load_function(&p->bridge, s);
		stream_close(s);
	}
	pthread_mutex_unlock(&p->lock);
}
