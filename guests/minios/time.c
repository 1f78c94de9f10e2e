/* SPDX-License-Identifier: MIT */
/*
 * Time: the hypervisor's, as run states tell it; waiting.
 */
#include "hypercall.h"

s64 vcpu_op(u32 op, u32 vcpu, void *arg)
{
	return hypercall5(op, vcpu, arg ? inline_handle(arg) : 0, 0, 0, HC_VCPU);
}

/* Asking for one's own run state begins no new one on Xen: the times' sum is what goes on. */
u64 now(void)
{
	struct runstate r = {0};

	if (vcpu_op(4, (u32)self->id, &r))
		panic("no run state");
	return r.entry;
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
