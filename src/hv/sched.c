/* SPDX-License-Identifier: MIT */
/*
 * sched_op (ABI 4.4): waiting for events, and the end of the domain. A processor that waits leaves
 * with HV_BLOCK; hv_has_work says when it goes on.
 */
#include <sched.h>

#include "base/clock.h"
#include "hv/event.h"
#include "hv/hypercall.h"
#include "hv/pv_page.h"
#include "hv/sched.h"

enum { SHUTDOWN_POWEROFF, SHUTDOWN_REBOOT, SHUTDOWN_SUSPEND, SHUTDOWN_CRASH, SHUTDOWN_WATCHDOG };

static int64_t yield(struct hypercall *c)
{
	(void)c;
	sched_yield();
	return 0;
}

/* Events are let in, whatever the mask was. */
static int64_t block(struct hypercall *c)
{
	shared_set_mask(c->v, 0);
	if (!shared_pending(c->v))
		c->action = HV_BLOCK;
	return 0;
}

/* What was announced counts, not what is said now. */
static int64_t shut_down(struct hypercall *c, uint8_t reason)
{
	int announced = c->v->hv->shutdown_code;

	switch (announced >= 0 ? announced : reason) {
	case SHUTDOWN_POWEROFF:
		c->action = HV_POWEROFF;
		return 0;
	case SHUTDOWN_REBOOT:
		c->action = HV_REBOOT;
		return 0;
	case SHUTDOWN_SUSPEND:
		c->action = HV_SUSPEND;
		return 0;
	case SHUTDOWN_CRASH:
		c->v->cpu->exit_text = "the guest says that it crashed";
		c->action = HV_CRASH;
		return 0;
	case SHUTDOWN_WATCHDOG:
		c->action = HV_WATCHDOG;
		return 0;
	default:
		c->v->cpu->exit_text = "the guest shut down for a reason that nobody knows";
		c->action = HV_CRASH;
		return 0;
	}
}

static int64_t shutdown(struct hypercall *c)
{
	uint32_t reason;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &reason, sizeof(reason)))
		return -XEN_EFAULT;
	return shut_down(c, (uint8_t)reason);
}

/* The first one counts. */
static int64_t shutdown_code(struct hypercall *c)
{
	int none = -1;
	uint32_t reason;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &reason, sizeof(reason)))
		return -XEN_EFAULT;
	atomic_compare_exchange_strong(&c->v->hv->shutdown_code, &none, (uint8_t)reason);
	return 0;
}

struct op_remote_shutdown {
	uint16_t domid, pad;
	uint32_t reason;
};

static int64_t remote_shutdown(struct hypercall *c)
{
	struct op_remote_shutdown op;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	return numbered_error(c->v->hv, op.domid);
}

/* --- poll: until one of the ports is pending, masked or not, or a time has come --- */

struct op_poll {
	uint64_t ports; /* handle */
	uint32_t count, pad;
	uint64_t timeout; /* absolute ns, 0: none */
};

static bool deliverable(const struct hv_vcpu *v)
{
	return shared_pending(v) && !shared_masked(v);
}

bool sched_poll_done(const struct hv_vcpu *v)
{
	for (unsigned n = 0; n < v->poll.count; n++)
		if (evtchn_pending(v->hv, v->poll.port[n]))
			return true;
	return clock_now(&v->hv->machine->clock) >= v->poll.deadline || deliverable(v);
}

/* Looks at the ports one by one: the first that is pending ends it, and those behind it may be
 * anything. 1: none is. */
static int64_t take_ports(struct hv_vcpu *v, const struct op_poll *op)
{
	uint32_t port;

	for (unsigned n = 0; n < op->count; n++) {
		if (xencomm_read(v->hv, op->ports, n * sizeof(port), &port, sizeof(port)))
			return -XEN_EFAULT;
		if (port >= EVTCHN_PORTS)
			return -XEN_EINVAL;
		if (evtchn_pending(v->hv, port))
			return 0;
		v->poll.port[n] = port;
	}
	v->poll.count = op->count;
	return 1;
}

/* A time before the year 0 has passed. */
static uint64_t poll_deadline(uint64_t timeout)
{
	if (timeout == 0)
		return UINT64_MAX;
	return timeout > INT64_MAX ? 1 : timeout;
}

static int64_t poll(struct hypercall *c)
{
	struct hv_vcpu *v = c->v;
	struct op_poll op;

	if (xencomm_read(v->hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.count > countof(v->poll.port))
		return -XEN_EINVAL;
	int64_t wait = deliverable(v) ? 0 : take_ports(v, &op);
	if (wait <= 0)
		return wait;
	v->poll.deadline = poll_deadline(op.timeout);
	v->polling = true;
	if (sched_poll_done(v))
		v->polling = false;
	else
		c->action = HV_BLOCK;
	return 0;
}

/* --- watchdogs --- */

struct op_watchdog {
	uint32_t id, timeout; /* s; 0: ends it */
};

static int64_t watchdog(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	uint64_t now = clock_now(&hv->machine->clock);
	struct op_watchdog op;
	int64_t id;

	if (xencomm_read(hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.id > countof(hv->watchdog.deadline) || (op.id == 0 && op.timeout == 0))
		return -XEN_EINVAL;
	pthread_mutex_lock(&hv->watchdog.lock);
	id = op.id;
	for (unsigned n = 0; n < countof(hv->watchdog.deadline) && !id; n++)
		if (!hv->watchdog.deadline[n])
			id = n + 1;
	if (!id)
		id = -XEN_ENOSPC;
	else if (op.id && !hv->watchdog.deadline[id - 1])
		id = -XEN_EINVAL;
	else
		hv->watchdog.deadline[id - 1] = op.timeout ? now + op.timeout * 1000000000ull : 0;
	pthread_mutex_unlock(&hv->watchdog.lock);
	return id < 0 || !op.id ? id : 0;
}

uint64_t sched_watchdog_deadline(struct hv *hv)
{
	uint64_t first = UINT64_MAX;

	pthread_mutex_lock(&hv->watchdog.lock);
	for (unsigned n = 0; n < countof(hv->watchdog.deadline); n++) {
		if (hv->watchdog.deadline[n] && hv->watchdog.deadline[n] < first)
			first = hv->watchdog.deadline[n];
	}
	pthread_mutex_unlock(&hv->watchdog.lock);
	return first;
}

/* --- dispatch --- */

int64_t hc_sched_op(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 0:
		return yield(c);
	case 1:
		return block(c);
	case 2:
		return shutdown(c);
	case 3:
		return poll(c);
	case 4:
		return remote_shutdown(c);
	case 5:
		return shutdown_code(c);
	case 6:
		return watchdog(c);
	default:
		return -XEN_ENOSYS;
	}
}

/* The old form: the reason by value. */
int64_t hc_sched_op_compat(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 0:
		return yield(c);
	case 1:
		return block(c);
	case 2:
		return shut_down(c, (uint8_t)c->arg[1]);
	default:
		return -XEN_ENOSYS;
	}
}
