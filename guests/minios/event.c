/* SPDX-License-Identifier: MIT */
/*
 * Event channels: the upcall, and what a test does with ports.
 */
#include "hypercall.h"

volatile u32 event_count[4096];
volatile u8 event_cpu[4096];
static event_fn *handlers[4096];
static volatile u8 port_cpu[4096]; /* where it is bound to: nobody else takes it */

extern char event_entry[];

static volatile struct vcpu_info *info(void)
{
	return &shared->vcpu[self->id];
}

struct callback {
	u16 type, flags;
	u64 address;
};

void events_init(void)
{
	struct callback c = {.address = (u64)event_entry};

	s64 err = hc_op(HC_CALLBACK, 0, &c);
	if (err)
		panic("the event callback is refused: %ld", err);
	for (unsigned n = 0; n < 64 && !self->id; n++)
		shared->mask[n] = ~0ull;
}

void events_on(void)
{
	info()->mask = 0;
	__asm__ volatile("" ::: "memory");
	if (info()->pending)
		hp_ssm_i();
}

bool events_off(void)
{
	bool on = !info()->mask;

	info()->mask = 1;
	__asm__ volatile("" ::: "memory");
	return on;
}

void events_restore(bool on)
{
	if (on)
		events_on();
}

void event_handle(unsigned port, event_fn *fn)
{
	handlers[port] = fn;
}

void port_unmask(unsigned port)
{
	port_op(EVTCHN_UNMASK, port);
}

void port_mask(unsigned port)
{
	__sync_fetch_and_or(&shared->mask[port / 64], 1ull << port % 64);
}

bool port_pending(unsigned port)
{
	return shared->pending[port / 64] >> port % 64 & 1;
}

void port_clear(unsigned port)
{
	__sync_fetch_and_and(&shared->pending[port / 64], ~(1ull << port % 64));
}

static void word(unsigned w)
{
	u64 due = shared->pending[w] & ~shared->mask[w];

	for (; due; due &= due - 1) {
		unsigned port = w * 64 + (unsigned)__builtin_ctzll(due);
		if (port_cpu[port] != self->id)
			continue;
		port_clear(port);
		event_cpu[port] = (u8)self->id;
		__sync_fetch_and_add(&event_count[port], 1);
		if (handlers[port])
			handlers[port](port);
	}
}

void event_upcall(void)
{
	self->events++;
	while (info()->pending) {
		info()->pending = 0;
		__sync_synchronize();
		u64 selector = __sync_lock_test_and_set(&info()->selector, 0);
		for (; selector; selector &= selector - 1)
			word((unsigned)__builtin_ctzll(selector));
	}
}

bool event_wait(unsigned port, u32 n, unsigned ms)
{
	return wait_until(event_count[port] >= n, ms);
}

/* --- hypercalls about ports --- */

static s64 bound(u32 port, u32 vcpu)
{
	port_cpu[port] = (u8)vcpu;
	return port;
}

s64 bind_virq(u32 virq, u32 vcpu)
{
	u32 op[3] = {virq, vcpu, 0};
	s64 err = hc_op(HC_EVENT, EVTCHN_BIND_VIRQ, op);

	return err ? err : bound(op[2], vcpu);
}

s64 bind_ipi(u32 vcpu)
{
	u32 op[2] = {vcpu, 0};
	s64 err = hc_op(HC_EVENT, EVTCHN_BIND_IPI, op);

	return err ? err : bound(op[1], vcpu);
}

s64 alloc_unbound(u16 dom, u16 remote)
{
	struct {
		u16 dom, remote;
		u32 port;
	} op = {dom, remote, 0};
	s64 err = hc_op(HC_EVENT, EVTCHN_ALLOC_UNBOUND, &op);

	return err ? err : bound(op.port, 0);
}

s64 bind_interdomain(u16 remote, u32 port)
{
	struct {
		u16 dom;
		u32 remote_port, local;
	} op = {remote, port, 0};
	s64 err = hc_op(HC_EVENT, EVTCHN_BIND_INTERDOMAIN, &op);

	return err ? err : bound(op.local, 0);
}

s64 port_op(u32 op, u32 port)
{
	if (op == EVTCHN_CLOSE && port < 4096)
		port_mask(port); /* as the next one of that number starts */
	return hc_op(HC_EVENT, op, &port);
}

s64 bind_vcpu(u32 port, u32 vcpu)
{
	u32 op[2] = {port, vcpu};
	s64 err = hc_op(HC_EVENT, EVTCHN_BIND_VCPU, op);

	if (!err)
		bound(port, vcpu);
	return err;
}

s64 port_status(u32 port, struct evtchn_status *s)
{
	*s = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
	return hc_op(HC_EVENT, EVTCHN_STATUS, s);
}
