/* SPDX-License-Identifier: MIT */
/*
 * Several processors (ABI 12): started, given events and timers of their own, purged, stopped,
 * started again.
 */
#include "hypercall.h"
#include "tests.h"

#define MS 1000000ull

static unsigned cpus_there;

/* --- the legacy interrupts of a processor without a callback (ABI 10.7) --- */

static volatile u64 legacy[8];

static void legacy_interrupts(void *arg)
{
	(void)arg;
	cr_set(tpr, 0);
	legacy[0] = hp_get_ivr();
	send_ipi_vector(self->id, 0x51);
	send_ipi_vector(self->id, 0xef);
	legacy[1] = cr_get(irr1) >> (0x51 - 64) & 1;
	legacy[2] = cr_get(irr3) >> (0xef - 192) & 1;
	legacy[3] = cr_get(ivr);
	legacy[4] = hp_get_ivr();
	hp_eoi();
	legacy[5] = hp_get_ivr();
	cr_set(eoi, 0);
	legacy[6] = hp_get_ivr();
	legacy[7] = 1;
}

static bool starting(void)
{
	struct evtchn_status st;

	report_eq((u64)vcpu_op(3, 1, NULL), 0, "processor 1 is down at first");
	report_eq((u64)vcpu_op(1, 1, NULL), (u64)-EINVAL,
		"and does not come up before it was started");
	s64 early = bind_ipi(1);
	report(early > 0 && !port_status((u32)early, &st) && st.vcpu == 1,
		"it may have ports before");
	port_op(EVTCHN_CLOSE, (u32)early);
	cpu_of(1)->early = legacy_interrupts;
	for (unsigned n = 1; n < cpus_there; n++) {
		if (!report(cpu_start(n), "processor %u starts", n))
			return false;
		report_eq((u64)vcpu_op(3, n, NULL), 1, "and is up");
	}
	report(legacy[7] && legacy[0] == 15, "without a callback cr.ivr is 15 at first");
	report(legacy[1] && legacy[2], "interrupts sent are in cr.irr");
	report_eq(legacy[3], 0xef, "cr.ivr gives the highest");
	report_eq(legacy[4], 15, "and none below before its end");
	report_eq(legacy[5], 0x51, "then the other");
	report_eq(legacy[6], 15, "then none");
	report_eq(
		(u64)vcpu_op(0, 1, NULL), (u64)-EFAULT, "no processor is initialised from nothing");
	report_eq((u64)vcpu_op(0, 1, va(0)), (u64)-EEXIST, "nor twice");
	report_eq((u64)vcpu_op(3, cpus_there, NULL),
		(u64)(cpus_there < MAX_CPUS ? -ENOENT : -EINVAL),
		"there are no more processors than there are");
	return true;
}

/* --- what is its own --- */

static volatile u64 id_seen[MAX_CPUS][4];

static void identify(void *arg)
{
	struct pal p = {.index = 12};

	(void)arg;
	pal_call(&p);
	id_seen[self->id][0] = p.value[0];
	id_seen[self->id][1] = cr_get(lid) >> 24;
	id_seen[self->id][2] = xsi64(XSI_MASK);
	xsi64(0xcd0) = 0xabc00 + self->id;
}

static void own_pages(void)
{
	bool numbers = true, masks = true, pages = true;

	for (unsigned n = 0; n < cpus_there; n++) {
		if (n)
			cpu_call(n, identify, NULL, 5000);
		else
			identify(NULL);
		numbers &= id_seen[n][0] == n && id_seen[n][1] == n;
		masks &= id_seen[n][2] == XSI + 48 * n + 1;
	}
	for (unsigned n = 0; n < cpus_there; n++)
		pages &= *(volatile u64 *)va(0x10000004000 + n * PAGE_SIZE + 0xcd0) == 0xabc00 + n;
	report(numbers, "each knows its number");
	report(masks, "each is told where its mask is");
	report(pages, "each has its own privileged-state page at one address");
}

/* --- events --- */

static void events_between(void)
{
	s64 port[MAX_CPUS];
	bool arrived = true, there = true;

	for (unsigned n = 0; n < cpus_there; n++) {
		port[n] = bind_ipi(n);
		port_unmask((unsigned)port[n]);
	}
	for (unsigned n = 0; n < cpus_there; n++) {
		u32 was = event_count[port[n]];
		port_op(EVTCHN_SEND, (u32)port[n]);
		arrived &= event_wait((unsigned)port[n], was + 1, 5000);
		there &= event_cpu[port[n]] == n;
	}
	report(arrived, "IPIs arrive");
	report(there, "where they are bound to");
	for (unsigned n = 0; n < cpus_there; n++)
		port_op(EVTCHN_CLOSE, (u32)port[n]);
	u32 a = (u32)alloc_unbound(DOMID_SELF, DOMID_SELF);
	u32 b = (u32)bind_interdomain(DOMID_SELF, a);
	port_clear(b);
	port_unmask(b);
	there = true;
	for (unsigned n = 0; n < cpus_there; n++) {
		u32 was = event_count[b];
		report_eq((u64)bind_vcpu(b, n), 0, "a port is bound to processor %u", n);
		port_op(EVTCHN_SEND, a);
		there &= event_wait(b, was + 1, 5000) && event_cpu[b] == n;
	}
	report(there, "and comes there");
	port_op(EVTCHN_CLOSE, a);
	port_op(EVTCHN_CLOSE, b);
}

static volatile u32 ring_port[MAX_CPUS];
static volatile u32 ring_left;

static void pass_on(unsigned port)
{
	(void)port;
	if (__sync_sub_and_fetch(&ring_left, 1) < 1u << 30)
		port_op(EVTCHN_SEND, ring_port[self->id + 1 < cpus_there ? self->id + 1 : 0]);
}

/* One event at a time, from processor to processor. */
static void ring_of_events(void)
{
	ring_left = 2000;
	for (unsigned n = 0; n < cpus_there; n++) {
		ring_port[n] = (u32)bind_ipi(n);
		event_handle(ring_port[n], pass_on);
		port_unmask(ring_port[n]);
	}
	port_op(EVTCHN_SEND, ring_port[0]);
	report(wait_until(ring_left > 1u << 30, 20000), "2000 events go around, none is lost");
	for (unsigned n = 0; n < cpus_there; n++) {
		port_op(EVTCHN_CLOSE, ring_port[n]);
		event_handle(ring_port[n], NULL);
	}
}

static volatile u64 woke;

static void sleeper(void *arg)
{
	(void)arg;
	for (unsigned n = 0; n < 5; n++) {
		u64 was = self->events;
		while (self->events == was)
			hc_op(HC_SCHED, SCHED_BLOCK, NULL);
		woke++;
	}
}

static void sleeping(void)
{
	u32 port = (u32)bind_ipi(1);
	struct runstate r = {0};
	bool all = true;

	port_unmask(port);
	woke = 0;
	cpu_post(1, sleeper, NULL);
	for (unsigned n = 0; n < 5; n++) {
		delay(10);
		if (n == 2)
			vcpu_op(4, 1, &r);
		port_op(EVTCHN_SEND, port);
		all &= wait_until(woke == n + 1, 5000);
	}
	report(all, "a processor that blocks is woken by an event");
	report_eq(r.state, 2, "its run state was blocked");
	report(wait_until(cpu_idle(1), 5000), "and goes on");
	port_op(EVTCHN_CLOSE, port);
}

static volatile u64 timer_late[MAX_CPUS];

static void own_timer(void *arg)
{
	u64 t = now();
	struct {
		u64 timeout;
		u32 flags;
	} once = {t + 20 * MS, 0};
	u32 port = (u32)bind_virq(VIRQ_TIMER, (u32)self->id);
	u32 was = event_count[port];

	(void)arg;
	port_clear(port);
	port_unmask(port);
	vcpu_op(8, (u32)self->id, &once);
	bool came = event_wait(port, was + 1, 5000) && event_cpu[port] == self->id;
	timer_late[self->id] = came ? now() - t : 0;
	port_op(EVTCHN_CLOSE, port);
}

static bool on_all(void (*fn)(void *), void *arg, unsigned ms)
{
	bool done = true;

	for (unsigned n = 1; n < cpus_there; n++)
		cpu_post(n, fn, arg);
	fn(arg);
	for (unsigned n = 1; n < cpus_there; n++)
		done &= wait_until(cpu_idle(n), ms);
	return done;
}

static void timers(void)
{
	struct {
		u64 timeout;
		u32 flags;
	} once = {0, 0};
	bool good = on_all(own_timer, NULL, 10000);

	for (unsigned n = 0; n < cpus_there; n++)
		good &= timer_late[n] >= 20 * MS;
	if (!report(good, "each has a timer of its own"))
		note("%lu %lu %lu %lu ns", timer_late[0], timer_late[1], timer_late[2],
			timer_late[3]);
	s64 err = vcpu_op(8, 1, &once);
	report(err == -EINVAL, "and sets no other's");
}

/* --- memory --- */

static volatile u64 counter, locked_counter;
static volatile int counter_lock;

static void count_up(void *arg)
{
	(void)arg;
	for (unsigned n = 0; n < 20000; n++)
		__sync_fetch_and_add(&counter, 1);
	for (unsigned n = 0; n < 2000; n++) {
		while (__sync_lock_test_and_set(&counter_lock, 1))
			;
		locked_counter++;
		__sync_lock_release(&counter_lock);
	}
}

static void atomic(void)
{
	counter = locked_counter = 0;
	report(on_all(count_up, NULL, 30000) && counter == 20000 * cpus_there,
		"fetchadd is atomic");
	report_eq(locked_counter, 2000 * cpus_there, "xchg makes a lock");
}

#define SHARED_VA 0x4000000000000000

static volatile u64 stop, reads_old, round;

static void reader(void *arg)
{
	volatile u64 *p = (volatile u64 *)SHARED_VA;

	(void)arg;
	while (!stop) {
		u64 r = round;
		__sync_synchronize();
		if (*p < r)
			reads_old++;
	}
}

/* The page changes under a translation that others use; the number in it is never lower than the
 * round. */
static void purging(void)
{
	u64 *page[2] = {page_alloc(), page_alloc()};

	stop = reads_old = round = 0;
	map_clear();
	map_add(SHARED_VA, pa(page[0]) | PTE_KERNEL, PAGE_SHIFT);
	for (unsigned n = 1; n < cpus_there; n++)
		cpu_post(n, reader, NULL);
	for (u64 n = 1; n < (cpus_there > 8 ? 30 : 300); n++) {
		page[n & 1][0] = n;
		map_replace(SHARED_VA, pa(page[n & 1]) | PTE_KERNEL, PAGE_SHIFT);
		if (n & 2)
			tlb_purge(SHARED_VA, PAGE_SHIFT);
		else
			__asm__ volatile(
				"ptc.ga %0, %1;;srlz.d" ::"r"(SHARED_VA), "r"((u64)PAGE_SHIFT << 2)
				: "memory");
		__sync_synchronize();
		round = n;
	}
	stop = 1;
	bool done = true;
	for (unsigned n = 1; n < cpus_there; n++)
		done &= wait_until(cpu_idle(n), 5000);
	report(done && !reads_old, "after ptc.ga nobody reads by the old translation");
	map_clear();
	page_free(page[0]);
	page_free(page[1]);
}

/* --- down --- */

static void count_for_ever(void *arg)
{
	(void)arg;
	while (!stop)
		counter++;
}

static void go_down(void *arg)
{
	struct pal p = {.index = 28};

	switch ((u64)arg) {
	case 0:
		pal_call(&p);
		break;
	case 1:
		call_at(REGION7 + 0x820, 0x2000000, 0, 0, 0, 0, 0, 0);
		break;
	default:
		hypercall5(0, 0, 0, 0, 0, 0x1200);
	}
	panic("processor %lu is still there", self->id);
}

static void down_and_up(void)
{
	static const char *const how[] = {"PAL_HALT", "SAL", "the return to SAL"};

	for (u64 n = 0; n < countof(how); n++) {
		cpu_post(1, go_down, (void *)n);
		report(wait_until(vcpu_op(3, 1, NULL) == 0, 5000), "a processor goes down by %s",
			how[n]);
		cpu_of(1)->work = NULL;
		report(cpu_start(1), "and is started again");
	}
	u64 was = 0;
	bool stands = false;
	stop = reads_old = round = counter = 0;
	cpu_post(1, count_for_ever, NULL);
	wait_until(counter > 0, 5000);
	report_eq((u64)vcpu_op(2, 1, NULL), 0, "another processor takes it down");
	for (unsigned n = 0; n < 100 && !stands; n++) {
		was = counter;
		delay(5);
		stands = counter == was;
	}
	report(stands && vcpu_op(3, 1, NULL) == 0, "it stands still");
	struct runstate r = {0};
	report(wait_until(!vcpu_op(4, 1, &r) && r.state == 3, 1000), "its run state is offline");
	report_eq((u64)vcpu_op(1, 1, NULL), 0, "and brings it up");
	report(wait_until(counter > was, 5000), "it goes on where it was");
	stop = 1;
	report(wait_until(cpu_idle(1), 5000), "and ends its work");
}

/* --- all at once --- */

static volatile u64 errors;

static void hypercalls_at_once(void *arg)
{
	(void)arg;
	for (unsigned n = 0; n < 300; n++) {
		s64 a = alloc_unbound(DOMID_SELF, DOMID_SELF);
		s64 b = a > 0 ? bind_interdomain(DOMID_SELF, (u32)a) : -1;
		bool good = b > 0 && !port_op(EVTCHN_SEND, (u32)a) &&
			    !port_op(EVTCHN_CLOSE, (u32)a) && !port_op(EVTCHN_CLOSE, (u32)b);
		if (!good || hypercall(HC_VERSION, 0, 0, 0) != 0x40001)
			__sync_fetch_and_add(&errors, 1);
	}
}

void test_vcpu(void)
{
	cpus_there = cpus_found();
	if (cpus_there < 2) {
		skip("one processor", "several processors");
		return;
	}
	events_on();
	if (!starting())
		return;
	own_pages();
	events_between();
	ring_of_events();
	sleeping();
	timers();
	atomic();
	purging();
	report(on_all(hypercalls_at_once, NULL, 30000) && !errors,
		"all use event channels at once");
	down_and_up();
	events_off();
}
