/* SPDX-License-Identifier: MIT */
/*
 * Time (ABI 9): cr.itm by VIRQ_ITC, timers of vcpu_op by VIRQ_TIMER, run states. Lower bounds are
 * exact; upper ones are seconds, since the host may be busy.
 */
#include "hypercall.h"
#include "tests.h"

#define MS 1000000ull

static void interval_timer(void)
{
	s64 port = bind_virq(VIRQ_ITC, 0);

	if (!report(port > 0, "VIRQ_ITC is bound"))
		return;
	port_unmask((unsigned)port);
	u32 was = event_count[port];
	cr_set(itv, 0xef);
	u64 t = itc();
	hp_set_itm(t + 10 * MS);
	report(event_wait((unsigned)port, was + 1, 5000), "SET_ITM raises VIRQ_ITC");
	report(itc() >= t + 10 * MS, "not before its time");
	delay(30);
	report_eq(event_count[port], was + 1, "and once");
	t = itc();
	cr_set(itm, t + 10 * MS);
	report(event_wait((unsigned)port, was + 2, 5000), "mov cr.itm does the same");
	hp_set_itm(itc() - MS);
	report(event_wait((unsigned)port, was + 3, 5000), "a time that is over is noticed too");
	cr_set(itv, 1 << 16);
	hp_set_itm(itc() + 5 * MS);
	delay(20);
	report_eq(event_count[port], was + 3, "a masked cr.itv lets none through");
	cr_set(itv, 0xef);
	u64 start = itc();
	hp_set_itm(start + 20 * MS);
	events_off();
	struct pal halt = {.index = 29};
	pal_call(&halt);
	report(!halt.status && itc() >= start + 20 * MS, "PAL_HALT_LIGHT sleeps until cr.itm");
	report(shared->vcpu[0].mask, "and returns with events masked");
	events_on();
	report_eq(event_count[port], was + 4, "the event that ended it comes then");
	cr_set(itv, 1 << 16);
	port_op(EVTCHN_CLOSE, (u32)port);
}

static void vcpu_timers(void)
{
	s64 port = bind_virq(VIRQ_TIMER, 0);

	if (!report(port > 0, "VIRQ_TIMER is bound"))
		return;
	port_unmask((unsigned)port);
	u32 was = event_count[port];
	u64 t = now();
	struct {
		u64 timeout;
		u32 flags;
	} once = {t + 10 * MS, 1};
	report_eq((u64)vcpu_op(8, 0, &once), 0, "a single-shot timer is set");
	report(event_wait((unsigned)port, was + 1, 5000), "it raises VIRQ_TIMER");
	report(now() >= t + 10 * MS, "not before its time");
	once.timeout = now() - MS;
	report_eq((u64)vcpu_op(8, 0, &once), (u64)-62,
		"one in the past is refused when asked for that");
	once.flags = 0;
	report_eq((u64)vcpu_op(8, 0, &once), 0, "otherwise taken");
	report(event_wait((unsigned)port, was + 2, 5000), "and raised at once");
	once.timeout = now() + 30 * MS;
	vcpu_op(8, 0, &once);
	report_eq((u64)vcpu_op(9, 0, NULL), 0, "a single-shot timer is stopped");
	delay(50);
	report_eq(event_count[port], was + 2, "and does not come");
	u64 period = 5 * MS;
	t = now();
	report_eq((u64)vcpu_op(6, 0, &period), 0, "a periodic timer is set");
	report(event_wait((unsigned)port, was + 5, 5000), "it comes again and again");
	report(now() - t >= 12 * MS, "with its period");
	report_eq((u64)vcpu_op(7, 0, NULL), 0, "it is stopped");
	delay(15);
	u32 count = event_count[port];
	delay(20);
	report_eq(event_count[port], count, "and comes no more");
	period = 1000;
	report_eq((u64)vcpu_op(6, 0, &period), (u64)-EINVAL,
		"a period under a millisecond is refused");
	port_op(EVTCHN_CLOSE, (u32)port);
	report_eq((u64)hypercall(HC_SET_TIMER, now(), 0, 0), (u64)-ENOSYS,
		"set_timer_op is not there");
}

static void blocking(void)
{
	struct {
		u64 timeout;
		u32 flags;
	} once;
	struct runstate a = {0}, b = {0};
	s64 port = bind_virq(VIRQ_TIMER, 0);

	port_unmask((unsigned)port);
	events_off();
	vcpu_op(4, 0, &a);
	u64 t = now();
	once.timeout = t + 30 * MS;
	once.flags = 0;
	vcpu_op(8, 0, &once);
	report_eq((u64)hc_op(HC_SCHED, SCHED_BLOCK, NULL), 0, "block waits for an event");
	report(now() - t >= 30 * MS, "as long as there is none");
	report(!shared->vcpu[0].mask, "and lets events in");
	vcpu_op(4, 0, &b);
	report(b.time[2] - a.time[2] >= 25 * MS, "its time counts as blocked");
	report(b.time[0] >= a.time[0] && b.time[1] >= a.time[1] && b.time[3] == a.time[3],
		"and no other goes back");
	port_op(EVTCHN_CLOSE, (u32)port);
}

static void runstates(void)
{
	volatile struct runstate *area = &self->area;
	static struct {
		u64 handle;
	} op;
	struct runstate r = {0}, again = {0};

	report_eq((u64)vcpu_op(4, 0, &r), 0, "the run state is read");
	report_eq(r.state, 0, "who asks is running");
	vcpu_op(4, 0, &again);
	report(again.entry >= r.entry, "since then");
	report(r.time[0] > 0, "and has been");
	op.handle = inline_handle(area);
	report_eq((u64)vcpu_op(5, 0, &op), 0, "an area for run states is registered");
	report(area->entry && area->time[0], "it is written at once");
	u64 blocked = area->time[2];
	u64 end = now() + 20 * MS;
	s64 port = bind_ipi(0);
	poll_port((u32)port, end);
	port_op(EVTCHN_CLOSE, (u32)port);
	report(area->time[2] - blocked >= 15 * MS, "and after each wait");
	report_eq(area->state, 0, "it says running when somebody runs to read it");
	if (cpus_found() < MAX_CPUS)
		report_eq((u64)vcpu_op(4, MAX_CPUS - 1, &r), (u64)-ENOENT,
			"a processor that is not there has none");
	report_eq((u64)vcpu_op(4, MAX_CPUS, &r), (u64)-EINVAL, "nor has one that cannot be");
	report_eq((u64)vcpu_op(10, 0, &r), (u64)-ENOSYS, "register_vcpu_info is not there");
}

static void clocks_agree(void)
{
	u64 c = itc(), t = now();

	delay(50);
	u64 dc = itc() - c, dt = now() - t;
	report(dc + 5 * MS > dt && dt + 5 * MS > dc,
		"ar.itc and the hypervisor's clock go alike: 1 GHz");
	u64 last = itc();
	bool monotonic = true;
	for (unsigned n = 0; n < 10000; n++) {
		u64 next = itc();
		monotonic &= next >= last;
		last = next;
	}
	report(monotonic, "ar.itc does not go back");
}

void test_timer(void)
{
	events_on();
	interval_timer();
	vcpu_timers();
	blocking();
	runstates();
	clocks_agree();
	events_off();
}
