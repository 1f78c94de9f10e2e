/* SPDX-License-Identifier: MIT */
/* Routing of interrupt messages to processors by their local id, and the block's few registers. */
#include "dev/pib.h"

#include "base/bus.h"
#include "base/stream.h"
#include "cpu/cpu.h"
#include "cpu/sapic.h"
#include "dev/memmap.h"

#define UPPER_HALF 0x100000
#define REG_INTA   0x1e0000
#define REG_XTP	   0x1e0008

/* The spurious vector: what INTA answers without an 8259 behind it. */
#define SPURIOUS 0x0f

static bool has_lid(const struct cpu *cpu, unsigned id, unsigned eid)
{
	uint64_t lid = __atomic_load_n(&cpu->sapic.lid, __ATOMIC_RELAXED);
	return bits(lid, 24, 8) == id && bits(lid, 16, 8) == eid;
}

/* Processor n has id n unless the guest changed its LID, so that one is asked first. */
static struct cpu *find_cpu(struct machine *m, unsigned id, unsigned eid)
{
	if (id < m->cpus && has_lid(m->cpu[id], id, eid))
		return m->cpu[id];
	for (unsigned n = 0; n < m->cpus; n++)
		if (has_lid(m->cpu[n], id, eid))
			return m->cpu[n];
	return NULL;
}

void pib_deliver(struct machine *m, unsigned id, unsigned eid, unsigned mode, unsigned vector)
{
	struct cpu *cpu = find_cpu(m, id, eid);
	if (cpu)
		sapic_post(cpu, mode, vector);
}

/* Anything but an 8-byte store into the lower half is undefined (2:123): ignored. */
static void write_ipi(struct pib *p, const struct bus_access *a)
{
	if (a->size != 8)
		return;
	pib_deliver(p->machine, (unsigned)bits(a->addr, 12, 8), (unsigned)bits(a->addr, 4, 8),
		(unsigned)bits(a->value, 8, 3), (unsigned)bits(a->value, 0, 8));
}

static void pib_access(void *dev, struct bus_access *a)
{
	struct pib *p = dev;
	if (a->addr < UPPER_HALF) {
		if (a->write)
			write_ipi(p, a);
	} else if (a->addr == REG_XTP && a->size == 1) {
		if (a->write)
			p->xtp = (uint8_t)a->value;
		else
			a->value = p->xtp;
	} else if (!a->write) {
		a->value = a->addr == REG_INTA && a->size == 1 ? SPURIOUS : 0;
	}
}

int pib_init(struct pib *p, struct machine *m)
{
	p->machine = m;
	pib_reset(p);
	return bus_add(&m->bus, MAP_PIB_BASE, MAP_PIB_SIZE, pib_access, p, "pib");
}

void pib_reset(struct pib *p)
{
	p->xtp = 0;
}

void pib_save(struct pib *p, struct stream *s)
{
	stream_begin(s, "pib", 1);
	stream_put_u64(s, p->xtp);
	stream_end(s);
}

void pib_load(struct pib *p, struct stream *s)
{
	if (!stream_open(s, "pib", 1))
		return;
	p->xtp = (uint8_t)stream_get_max(s, 0xff, "xtp");
	stream_close(s);
}
