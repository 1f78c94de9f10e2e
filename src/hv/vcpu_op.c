/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op (ABI 12.2): processors go up and down, tell where their time went, and have two timers of
 * their own, both of which raise VIRQ_TIMER.
 */
#define _GNU_SOURCE
#include <time.h>

#include "base/clock.h"
#include "cpu/broadcast.h"
#include "hv/dom_fw.h"
#include "hv/event.h"
#include "hv/hypercall.h"
#include "hv/sched.h"

#define CONTEXT_SIZE 0x56c0 /* of vcpu_guest_context */

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

struct runstate_info {
	uint32_t state, pad;
	uint64_t entry, time[4];
};

/* As at the last change; the lock is held. */
static struct runstate_info runstate_info(const struct hv_vcpu *v)
{
	struct runstate_info i = {.state = v->runstate.state, .entry = v->runstate.entry};

	for (unsigned n = 0; n < 4; n++)
		i.time[n] = v->runstate.time[n];
	return i;
}

/* The same with what has passed since. Of that, what the host did not give to a running processor
 * was spent waiting for it: stolen, as the guest calls it. That is known on its own thread, used
 * being that thread's time; for others used is 0. */
static struct runstate_info runstate_at(const struct hv_vcpu *v, uint64_t t, uint64_t used)
{
	struct runstate_info i = runstate_info(v);
	uint64_t span = t > i.entry ? t - i.entry : 0, busy = used - v->runstate.thread;

	if (i.state == RUNSTATE_RUNNING && used && busy < span &&
		!v->hv->machine->clock.is_virtual) {
		i.time[RUNSTATE_RUNNABLE] += span - busy;
		span = busy;
	}
	i.time[i.state] += span;
	return i;
}

/* The time of entry comes last: readers look whether it has changed. */
static void publish(struct hv_vcpu *v, const struct runstate_info *i)
{
	if (!v->runstate.area)
		return;
	xencomm_write(v->hv, v->runstate.area, 0, i, 8);
	xencomm_write(v->hv, v->runstate.area, 16, i->time, sizeof(i->time));
	xencomm_write(v->hv, v->runstate.area, 8, &i->entry, 8);
}

/* As if inside cpu_run: the page is not exchanged for a grant while it is written to. */
void runstate_change(struct hv_vcpu *v, enum runstate to)
{
	uint64_t t = now(v), used = thread_ns();

	cpu_enter(v->cpu);
	pthread_mutex_lock(&v->lock);
	struct runstate_info i = runstate_at(v, t, used);
	for (unsigned n = 0; n < 4; n++)
		v->runstate.time[n] = i.time[n];
	v->runstate.state = to;
	v->runstate.entry = t;
	v->runstate.thread = used;
	i = runstate_info(v);
	publish(v, &i);
	pthread_mutex_unlock(&v->lock);
	cpu_leave(v->cpu);
}

#define REFRESH 30000000 /* ns */

void runstate_refresh(struct hv_vcpu *v)
{
	if (v->runstate.state == RUNSTATE_RUNNING && now(v) - v->runstate.entry >= REFRESH)
		runstate_change(v, RUNSTATE_RUNNING);
}

/* --- timers --- */

void vcpu_timer_check(struct hv_vcpu *v)
{
	uint64_t t = now(v);
	bool due = false;

	pthread_mutex_lock(&v->lock);
	if (v->timer.single && v->timer.single <= t) {
		v->timer.single = 0;
		due = true;
	}
	if (v->timer.period && v->timer.next <= t) {
		v->timer.next += v->timer.period * ((t - v->timer.next) / v->timer.period + 1);
		due = true;
	}
	pthread_mutex_unlock(&v->lock);
	if (due)
		evtchn_raise_virq(v->hv, v->cpu->index, VIRQ_TIMER);
}

uint64_t vcpu_timer_deadline(struct hv_vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	uint64_t single = v->timer.single ? v->timer.single : UINT64_MAX;
	uint64_t next = v->timer.period ? v->timer.next : UINT64_MAX;
	pthread_mutex_unlock(&v->lock);
	return single < next ? single : next;
}

/* Another processor has to look when it is due. */
static void set_period(struct hypercall *c, struct hv_vcpu *v, uint64_t period)
{
	pthread_mutex_lock(&v->lock);
	v->timer.period = period;
	v->timer.next = now(v) + period;
	pthread_mutex_unlock(&v->lock);
	if (v != c->v)
		cpu_kick(v->cpu);
}

static void set_single(struct hv_vcpu *v, uint64_t when)
{
	pthread_mutex_lock(&v->lock);
	v->timer.single = when;
	pthread_mutex_unlock(&v->lock);
}

/* A period of under a millisecond is refused. */
static int64_t set_periodic(struct hypercall *c, struct hv_vcpu *v)
{
	uint64_t period;

	if (xencomm_read(v->hv, c->arg[2], 0, &period, sizeof(period)))
		return -XEN_EFAULT;
	if (period < 1000000 || period >> 62)
		return -XEN_EINVAL;
	set_period(c, v, period);
	return 0;
}

struct op_singleshot {
	uint64_t timeout;
	uint32_t flags; /* 1: must be in the future */
};

/* The one-shot timer is its processor's own. A time before the year 0 has passed. */
static int64_t set_singleshot(struct hypercall *c, struct hv_vcpu *v)
{
	struct op_singleshot op;

	if (v != c->v)
		return -XEN_EINVAL;
	if (xencomm_read(v->hv, c->arg[2], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.flags & 1 && op.timeout < now(v))
		return -XEN_ETIME;
	set_single(v, op.timeout && op.timeout <= INT64_MAX ? op.timeout : 1);
	return 0;
}

static int64_t stop_singleshot(struct hypercall *c, struct hv_vcpu *v)
{
	if (v != c->v)
		return -XEN_EINVAL;
	set_single(v, 0);
	return 0;
}

/* --- up and down --- */

static void set_down(struct hv_vcpu *v, bool down)
{
	pthread_mutex_lock(&v->lock);
	v->down = down;
	pthread_mutex_unlock(&v->lock);
}

static int64_t up(struct hv_vcpu *v)
{
	if (!v->initialised)
		return -XEN_EINVAL;
	set_down(v, false);
	cpu_kick(v->cpu);
	return 0;
}

/* A processor stops at its next look around. */
static int64_t down(struct hypercall *c, struct hv_vcpu *v)
{
	set_down(v, true);
	if (v != c->v)
		cpu_kick(v->cpu);
	return 0;
}

/* Registers come from SAL here (ABI 12.1): no processor is without, or none is given any. */
static int64_t initialise(struct hypercall *c, struct hv_vcpu *v)
{
	uint8_t last;

	if (xencomm_read(v->hv, c->arg[2], CONTEXT_SIZE - 1, &last, 1))
		return -XEN_EFAULT;
	return v->initialised ? -XEN_EEXIST : -XEN_EINVAL;
}

/* The handle of the area stands at the argument; it is read now, and written at each change. */
static int64_t register_area(struct hypercall *c, struct hv_vcpu *v)
{
	uint64_t area;

	if (xencomm_read(v->hv, c->arg[2], 0, &area, sizeof(area)))
		return -XEN_EFAULT;
	pthread_mutex_lock(&v->lock);
	v->runstate.area = area;
	struct runstate_info i = v == c->v ? runstate_info(v) : runstate_at(v, now(v), 0);
	publish(v, &i);
	pthread_mutex_unlock(&v->lock);
	return 0;
}

static int64_t get_runstate(struct hypercall *c, struct hv_vcpu *v)
{
	uint64_t used = v == c->v ? thread_ns() : 0;

	pthread_mutex_lock(&v->lock);
	struct runstate_info i = runstate_at(v, now(v), used);
	pthread_mutex_unlock(&v->lock);
	return xencomm_write(v->hv, c->arg[2], 0, &i, sizeof(i));
}

int64_t hc_vcpu_op(struct hypercall *c)
{
	struct hv *hv = c->v->hv;

	if (c->arg[1] >= MAX_CPUS)
		return -XEN_EINVAL;
	if (c->arg[1] >= hv->vcpus)
		return -XEN_ENOENT;
	struct hv_vcpu *v = &hv->vcpu[c->arg[1]];
	switch (c->arg[0]) {
	case 0:
		return initialise(c, v);
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
		return set_periodic(c, v);
	case 7:
		set_period(c, v, 0);
		return 0;
	case 8:
		return set_singleshot(c, v);
	case 9:
		return stop_singleshot(c, v);
	default:
		return -XEN_ENOSYS;
	}
}
