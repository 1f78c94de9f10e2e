/* SPDX-License-Identifier: MIT */
/*
 * The counters of all processors, for `epixen stat`: one line each, "GROUP NAME V0 V1 ..." with a
 * value for each processor, '_' for a blank in names. Those that are 0 everywhere are left out. The
 * reader makes differences, sums and shares of them.
 */
#include "domain/domain.h"

#include "isa/op.h"
#include "jit/jit.h"

#include <string.h>
#include <time.h>

/* A counter's line; n: which of several. */
typedef uint64_t read_fn(struct vcpu *v, unsigned n);

static void line(struct domain *d, struct text *out, const char *group, const char *name,
	read_fn *read, unsigned n)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < d->config.vcpus; i++)
		any |= read(&d->vcpu[i], n);
	if (!any)
		return;
	text_printf(out, "%s ", group);
	for (const char *p = name; *p; p++)
		text_add(out, *p == ' ' ? "_" : p, 1);
	for (unsigned i = 0; i < d->config.vcpus; i++)
		text_printf(out, " %llu", (unsigned long long)read(&d->vcpu[i], n));
	text_printf(out, "\n");
}

static uint64_t slots(struct vcpu *v, unsigned n)
{
	(void)n;
	return v->cpu->slots;
}

static uint64_t slots_called(struct vcpu *v, unsigned n)
{
	(void)n;
	return jit_slots_called(v->cpu);
}

/* Of the host, spent by the processor's thread: with the virtual clock the first has it all. */
static uint64_t host_ns(struct vcpu *v, unsigned n)
{
	clockid_t id;
	struct timespec t;

	(void)n;
	if ((unsigned)(v - v->domain->vcpu) >= v->domain->threads)
		return 0;
	if (pthread_getcpuclockid(v->thread, &id) || clock_gettime(id, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t delivered(struct vcpu *v, unsigned n)
{
	return v->cpu->delivered[n];
}

static uint64_t mmu_counter(struct vcpu *v, unsigned n)
{
	const struct mmu *m = &v->cpu->mmu;
	const uint64_t all[] = {
		m->count.data, m->count.inst, m->count.rse, m->count.walks, m->count.missed};

	return all[n];
}

static uint64_t translator(struct vcpu *v, unsigned n)
{
	struct jit_counter c;

	return jit_counter(v->cpu, n, &c) ? c.value : 0;
}

static uint64_t called(struct vcpu *v, unsigned n)
{
	return v->cpu->jit.calls ? v->cpu->jit.calls[n] : 0;
}

static void mmu_lines(struct domain *d, struct text *out)
{
	static const char *const names[] = {"data misses", "instruction misses",
		"register stack misses", "VHPT walks", "VHPT walks in vain"};

	for (unsigned n = 0; n < countof(names); n++)
		line(d, out, "fast_TLB", names[n], mmu_counter, n);
}

void stat_report(struct domain *d, struct text *out)
{
	struct jit_counter c;

	text_printf(out, "engine %s\n", d->machine.engine->name);
	line(d, out, "processor", "slots", slots, 0);
	line(d, out, "processor", "host ns", host_ns, 0);
	line(d, out, "processor", "slots called", slots_called, 0);
	for (unsigned n = 0; jit_counter(d->vcpu[0].cpu, n, &c); n++)
		line(d, out, c.group, c.name, translator, n);
	mmu_lines(d, out);
	for (unsigned f = 1; f < FAULT_COUNT; f++)
		line(d, out, "interruptions", fault_name((enum fault)f), delivered, f);
	for (unsigned op = 0; op < OP_COUNT; op++)
		line(d, out, "calls", op_name(op), called, op);
}
