/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op (ABI 12.2): processors go up and down, tell where their time went, and have two timers of
 * their own, both of which raise VIRQ_TIMER.
 */
#define _GNU_SOURCE
#include <time.h>

#include "base/clock.h"
#include "hv/dom_fw.h"
#include "hv/event.h"
#include "hv/hypercall.h"
#include "hv/sched.h"

/* --- run states --- */

static uint64_t now(const struct hv_vcpu *v)
{
	return clock_now(&v->hv->machine->clock);
}

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Of the time since the last change, what the host did not give to a running processor was spent
 * waiting for it: stolen, as the guest calls it. */
static void account(struct hv_vcpu *v)
{
	uint64_t t = now(v), used = thread_ns();
	uint64_t span = t - v->runstate.entry, busy = used - v->runstate.thread;

	if (v->runstate.state == RUNSTATE_RUNNING && busy < span &&
		!v->hv->machine->clock.is_virtual) {
		v->runstate.time[RUNSTATE_RUNNABLE] += span - busy;
		span = busy;
	}
	v->runstate.time[v->runstate.state] += span;
	v->runstate.entry = t;
	v->runstate.thread = used;
}

struct runstate_info {
	uint32_t state, pad;
	uint64_t entry, time[4];
};

static struct runstate_info runstate_info(const struct hv_vcpu *v)
{
	struct runstate_info i = {.state = v->runstate.state, .entry = v->runstate.entry};

	for (unsigned n = 0; n < 4; n++)
		i.time[n] = v->runstate.time[n];
	return i;
}

/* The time of entry comes last: readers look whether it has changed. */
static void publish(struct hv_vcpu *v)
{
	struct runstate_info i = runstate_info(v);

	if (!v->runstate.area)
		return;
	xencomm_write(v->hv, v->runstate.area, 0, &i, 8);
	xencomm_write(v->hv, v->runstate.area, 16, i.time, sizeof(i.time));
	xencomm_write(v->hv, v->runstate.area, 8, &i.entry, 8);
}

void runstate_change(struct hv_vcpu *v, enum runstate to)
{
	account(v);
	v->runstate.state = to;
	publish(v);
}

/* --- timers --- */

void vcpu_timer_check(struct hv_vcpu *v)
{
	uint64_t t = now(v);
	bool due = false;

	if (v->timer.single && v->timer.single <= t) {
		v->timer.single = 0;
		due = true;
	}
	if (v->timer.period && v->timer.next <= t) {
		v->timer.next += v->timer.period * ((t - v->timer.next) / v->timer.period + 1);
		due = true;
	}
	if (due)
		evtchn_raise_virq(v->hv, v->cpu->index, VIRQ_TIMER);
}

uint64_t vcpu_timer_deadline(const struct hv_vcpu *v)
{
	uint64_t single = v->timer.single ? v->timer.single : UINT64_MAX;
	uint64_t next = v->timer.period ? v->timer.next : UINT64_MAX;

	return single < next ? single : next;
}

/* A period of under a millisecond is refused. */
static int64_t set_periodic(struct hypercall *c, struct hv_vcpu *v)
{
	uint64_t period;

	if (xencomm_read(v->hv, c->arg[2], 0, &period, sizeof(period)))
		return -XEN_EFAULT;
	if (period < 1000000 || period >> 62)
		return -XEN_EINVAL;
	v->timer.period = period;
	v->timer.next = now(v) + period;
	return 0;
}

struct op_singleshot {
	uint64_t timeout;
	uint32_t flags; /* 1: must be in the future */
};

#define ETIME 62

static int64_t set_singleshot(struct hypercall *c, struct hv_vcpu *v)
{
	struct op_singleshot op;

	if (xencomm_read(v->hv, c->arg[2], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.flags & 1 && op.timeout < now(v))
		return -ETIME;
	v->timer.single = op.timeout ? op.timeout : 1;
	return 0;
}

/* Timers are their processor's own. */
static int64_t timer_op(struct hypercall *c, struct hv_vcpu *v)
{
	if (v != c->v)
		return -XEN_EINVAL;
	switch (c->arg[0]) {
	case 6:
		return set_periodic(c, v);
	case 7:
		v->timer.period = 0;
		return 0;
	case 8:
		return set_singleshot(c, v);
	default:
		v->timer.single = 0;
		return 0;
	}
}

/* --- up and down --- */

static int64_t up(struct hv_vcpu *v)
{
	if (!v->initialised)
		return -XEN_EINVAL;
	v->down = false;
	cpu_kick(v->cpu);
	return 0;
}

/* A processor stops at its next look around. */
static int64_t down(struct hypercall *c, struct hv_vcpu *v)
{
	v->down = true;
	if (v != c->v)
		cpu_kick(v->cpu);
	return 0;
}

/* The handle of the area stands at the argument; it is read now, and written at each change. */
static int64_t register_area(struct hypercall *c, struct hv_vcpu *v)
{
	uint64_t area;

	if (v != c->v)
		return -XEN_EINVAL;
	if (xencomm_read(v->hv, c->arg[2], 0, &area, sizeof(area)))
		return -XEN_EFAULT;
	v->runstate.area = area;
	account(v);
	publish(v);
	return 0;
}

static int64_t get_runstate(struct hypercall *c, struct hv_vcpu *v)
{
	if (v == c->v)
		account(v);
	struct runstate_info i = runstate_info(v);
	return xencomm_write(v->hv, c->arg[2], 0, &i, sizeof(i));
}

int64_t hc_vcpu_op(struct hypercall *c)
{
	struct hv *hv = c->v->hv;

	if (c->arg[1] >= hv->vcpus)
		return -XEN_ENOENT;
	struct hv_vcpu *v = &hv->vcpu[c->arg[1]];
	switch (c->arg[0]) {
	case 0: /* initialise: SAL starts processors here */
		return v->initialised ? -XEN_EEXIST : -XEN_EINVAL;
	case 1:
		return up(v);
	case 2:
		return down(c, v);
	case 3:
		return !v->down;
	case 4:
		return get_runstate(c, v);
	case 5:
		return register_area(c, v);
	case 6:
	case 7:
	case 8:
	case 9:
		return timer_op(c, v);
	default:
		return -XEN_ENOSYS;
	}
}
