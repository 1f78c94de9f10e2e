/* SPDX-License-Identifier: MIT */
/*
 * Event channels of one domain (ABI 10): kinds of ports, masks, the upcall, polling.
 */
#include "hypercall.h"
#include "tests.h"

static u64 errno_of(s64 result)
{
	return result < 0 ? (u64)result : 0;
}

static void ipis(void)
{
	struct evtchn_status st;
	s64 port = bind_ipi(0);

	if (!report(port > 0, "an IPI is bound"))
		return;
	report(!port_status((u32)port, &st) && st.status == 5 && st.vcpu == 0, "its status is ipi");
	port_unmask((unsigned)port);
	report_eq((u64)port_op(EVTCHN_SEND, (u32)port), 0, "it is sent");
	report(port_pending((unsigned)port) && !event_count[port],
		"with events off it is pending only");
	report(shared->vcpu[0].pending, "and the upcall is pending");
	events_on();
	report_eq(event_count[port], 1, "it comes as soon as events are on");
	port_op(EVTCHN_SEND, (u32)port);
	report_eq(event_count[port], 2, "with events on it comes before the hypercall returns");
	port_mask((unsigned)port);
	port_op(EVTCHN_SEND, (u32)port);
	report(event_count[port] == 2 && port_pending((unsigned)port),
		"a masked port is pending and does not come");
	port_unmask((unsigned)port);
	report_eq(event_count[port], 3, "unmasked it comes");
	events_off();
	port_op(EVTCHN_SEND, (u32)port);
	port_op(EVTCHN_SEND, (u32)port);
	events_on();
	report_eq(event_count[port], 4, "two sends while one is pending are one event");
	report_eq((u64)port_op(EVTCHN_CLOSE, (u32)port), 0, "it is closed");
	report(!port_status((u32)port, &st) && st.status == 0, "its status is closed");
	report_eq(
		(u64)port_op(EVTCHN_SEND, (u32)port), (u64)-EINVAL, "a closed port is not sent to");
	report_eq((u64)port_op(EVTCHN_CLOSE, (u32)port), (u64)-EINVAL, "nor closed");
	report_eq(errno_of(bind_ipi(64)), (u64)-ENOENT, "no IPI for a processor that is not there");
}

static void virqs(void)
{
	struct evtchn_status st;
	s64 port = bind_virq(VIRQ_DEBUG, 0);

	if (!report(port > 0, "a VIRQ is bound"))
		return;
	report(!port_status((u32)port, &st) && st.status == 4 && st.virq == VIRQ_DEBUG,
		"its status is virq");
	report_eq(errno_of(bind_virq(VIRQ_DEBUG, 0)), (u64)-EEXIST, "it is not bound twice");
	report_eq((u64)port_op(EVTCHN_SEND, (u32)port), (u64)-EINVAL, "a VIRQ is not sent to");
	report_eq((u64)port_op(EVTCHN_CLOSE, (u32)port), 0, "it is closed");
	port = bind_virq(VIRQ_DEBUG, 0);
	report(port > 0, "and bound again");
	port_op(EVTCHN_CLOSE, (u32)port);
	report_eq(errno_of(bind_virq(24, 0)), (u64)-EINVAL, "there are 24 VIRQs");
	report_eq(errno_of(bind_virq(VIRQ_DEBUG, 64)), (u64)-ENOENT,
		"no VIRQ for a processor that is not there");
}

static void loopback(void)
{
	struct evtchn_status st;
	s64 a = alloc_unbound(DOMID_SELF, DOMID_SELF);

	if (!report(a > 0, "an unbound port for the own domain"))
		return;
	report(!port_status((u32)a, &st) && st.status == 1, "its status is unbound");
	s64 b = bind_interdomain(DOMID_SELF, (u32)a);
	if (!report(b > 0 && b != a, "it is bound to another port"))
		return;
	report(!port_status((u32)a, &st) && st.status == 2 && st.interdomain.port == (u32)b,
		"both are interdomain: one");
	report(!port_status((u32)b, &st) && st.status == 2 && st.interdomain.port == (u32)a,
		"and the other");
	port_unmask((unsigned)a);
	port_unmask((unsigned)b);
	u32 was = event_count[b], was_a = event_count[a];
	port_op(EVTCHN_SEND, (u32)a);
	report(event_wait((unsigned)b, was + 1, 1000), "sending to one makes the other pending");
	port_op(EVTCHN_SEND, (u32)b);
	report(event_wait((unsigned)a, was_a + 1, 1000), "and the other way round");
	report_eq(errno_of(bind_interdomain(DOMID_SELF, (u32)a)), (u64)-EINVAL,
		"a bound port is not bound again");
	report_eq((u64)port_op(EVTCHN_CLOSE, (u32)b), 0, "one end is closed");
	report(!port_status((u32)a, &st) && st.status == 1, "the other is unbound again");
	report_eq((u64)port_op(EVTCHN_CLOSE, (u32)a), 0, "and closed");
}

static void refusals(void)
{
	struct evtchn_status st;
	u16 dom = DOMID_SELF;

	report_eq(errno_of(alloc_unbound(DOMID_SELF, 0)), 0, "an unbound port for dom0");
	report_eq(errno_of(alloc_unbound(77, 0)), (u64)-EPERM, "none in another domain");
	report_eq((u64)port_op(EVTCHN_SEND, 4095), (u64)-EINVAL, "port 4095 is closed");
	report_eq((u64)port_op(EVTCHN_SEND, 4096), (u64)-EINVAL, "port 4096 is not there");
	report_eq(
		(u64)port_op(EVTCHN_UNMASK, 1 << 20), (u64)-EINVAL, "port 1 << 20 is not unmasked");
	report_eq((u64)port_status(1 << 20, &st), (u64)-EINVAL, "and has no status");
	report_eq((u64)bind_vcpu(4095, 0), (u64)-EINVAL, "a closed port has no processor");
	report_eq((u64)hc_op(HC_EVENT, 99, &dom), (u64)-ENOSYS, "event_channel_op has no 99");
	report_eq((u64)hypercall(HC_EVENT, EVTCHN_SEND, 0, 0), (u64)-EFAULT,
		"a null handle is a fault");
	u32 pirq[3] = {1, 0, 0};
	s64 err = hc_op(HC_EVENT, EVTCHN_BIND_PIRQ, pirq);
	report(err < 0, "a domU has no physical interrupts");
}

static void binding(void)
{
	s64 port = alloc_unbound(DOMID_SELF, DOMID_SELF);
	s64 ipi = bind_ipi(0), virq = bind_virq(VIRQ_DEBUG, 0);

	report_eq((u64)bind_vcpu((u32)port, 0), 0, "an unbound port is bound to a processor");
	report_eq((u64)bind_vcpu((u32)port, 64), (u64)-ENOENT, "which has to exist");
	report_eq((u64)bind_vcpu((u32)ipi, 0), (u64)-EINVAL, "an IPI stays where it is");
	report_eq((u64)bind_vcpu((u32)virq, 0), (u64)-EINVAL, "so does a processor's VIRQ");
	port_op(EVTCHN_CLOSE, (u32)port);
	port_op(EVTCHN_CLOSE, (u32)ipi);
	port_op(EVTCHN_CLOSE, (u32)virq);
}

static void polling(void)
{
	s64 port = bind_ipi(0);
	u64 t = now();

	port_mask((unsigned)port);
	report_eq((u64)poll_port((u32)port, t + 20000000), 0, "a poll with a timeout ends");
	report(now() - t >= 20000000, "not before its time");
	port_op(EVTCHN_SEND, (u32)port);
	t = now();
	report_eq((u64)poll_port((u32)port, t + 5000000000), 0, "a poll of a port that is pending");
	report(now() - t < 4000000000, "ends at once, though it is masked");
	port_clear((unsigned)port);
	report_eq(
		(u64)poll_port(1 << 20, t), (u64)-EINVAL, "a port that is not there is not polled");
	port_op(EVTCHN_CLOSE, (u32)port);
}

static void many(void)
{
	unsigned n = 0;
	s64 port, last = 0;

	while ((port = alloc_unbound(DOMID_SELF, DOMID_SELF)) > 0) {
		last = port;
		n++;
	}
	report(port == -ENOSPC && last == 4095, "4096 ports, then no space: %u", n);
	unsigned closed = 0;
	for (u32 p = 1; p < 4096; p++) {
		struct evtchn_status st;
		if (!port_status(p, &st) && st.status == 1 && !port_op(EVTCHN_CLOSE, p))
			closed++;
	}
	report(closed >= n, "all of them are closed");
}

void test_event(void)
{
	events_off();
	ipis();
	events_on();
	virqs();
	loopback();
	refusals();
	binding();
	polling();
	many();
	events_off();
}
