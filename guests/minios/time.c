/* SPDX-License-Identifier: MIT */
/*
 * Time: the hypervisor's, as run states tell it; waiting.
 */
#include "hypercall.h"

s64 vcpu_op(u32 op, u32 vcpu, void *arg)
{
	return hypercall5(op, vcpu, arg ? inline_handle(arg) : 0, 0, 0, HC_VCPU);
}

/* The state began at its entry; since then times have gone on from those in the area, which is
 * written when a state begins. */
u64 now(void)
{
	volatile struct runstate *area = &self->area;
	struct runstate r = {0};
	u64 handle = inline_handle(area), t;

	if (!area->entry)
		vcpu_op(5, (u32)self->id, &handle);
	do {
		if (vcpu_op(4, (u32)self->id, &r))
			panic("no run state");
		t = r.entry;
		for (unsigned n = 0; n < 4; n++)
			t += r.time[n] - area->time[n];
	} while (area->entry != r.entry);
	return t;
}

void yield(void)
{
	hypercall(HC_SCHED, SCHED_YIELD, 0, 0);
}

void delay(unsigned ms)
{
	u64 end = now() + ms * 1000000ull;

	while (now() < end)
		yield();
}

s64 poll_port(u32 port, u64 deadline)
{
	struct {
		u64 ports;
		u32 count, pad;
		u64 timeout;
	} op = {.ports = inline_handle(&port), .count = 1, .timeout = deadline};

	return hc_op(HC_SCHED, SCHED_POLL, &op);
}
