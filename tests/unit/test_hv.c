/* SPDX-License-Identifier: MIT */
/* Hypercalls of PV guests: numbers, buffers, events, grants, memory, scheduling (ABI 1.2, 4, 9-12).
 */
#include "hv_call.h"

#include "base/clock.h"
#include "hv/event.h"
#include "hv/grant.h"
#include "hv/hypercall.h"
#include "hv/memory.h"

static enum hv_action last_action;

#define CALL(p, number, ...) call_on(p, 0, number, (const uint64_t[6]){__VA_ARGS__}, &last_action)

/* One with a structure behind its second argument, which comes back. */
static int64_t call_with(struct pv *p, uint64_t number, uint64_t cmd, void *arg, size_t n)
{
	put(p, BUFFER, arg, n);
	int64_t r = CALL(p, number, cmd, BUFFER | INLINE);
	get(p, BUFFER, arg, n);
	return r;
}

static uint8_t shared_byte(struct pv *p, unsigned at)
{
	return p->hv.shared_info[at];
}

static uint64_t shared_word(struct pv *p, unsigned at)
{
	uint64_t v;
	memcpy(&v, p->hv.shared_info + at, 8);
	return v;
}

static void numbers_are_known_privileged_or_none(void **state)
{
	struct pv *p = *state;

	for (uint64_t n = 0; n < 0x300; n++) {
		static const uint8_t privileged[] = {7, 31, 35, 37};
		bool refused = memchr(privileged, (int)n, sizeof(privileged)) && n < 64;
		static const uint8_t known[] = {
			6, 12, 13, 17, 18, 20, 24, 29, 30, 32, 33, 34, 36, 48, 49, 50};
		if (n < 64 && memchr(known, (int)n, sizeof(known)))
			continue;
		assert_int_equal(CALL(p, n, 0), refused ? -1 : -38);
	}
	assert_int_equal(CALL(p, 0x900, 0), -38);
	cpu_set_cfm(p->cpu, 8);
	for (unsigned n = 0; n < 2; n++) {
		gr_set(p->cpu, 2, n ? 0x1000 : XEN_VERSION, 1);
		gr_set(p->cpu, 8, 0, 0);
		hv_call(&p->hv, p->cpu);
		assert_int_equal(gr_value(p->cpu, 8), -38); /* r2 is a NaT */
	}
}

static void version_and_features_are_those_of_4_1(void **state)
{
	struct pv *p = *state;
	uint32_t features[2] = {0, 0}, other[2] = {1, 0};
	char text[1024] = {0};
	uint64_t start = 0;

	assert_int_equal(CALL(p, XEN_VERSION, 0), 0x00040001);
	assert_int_equal(CALL(p, XEN_VERSION, 7), 0x4000);
	assert_int_equal(call_with(p, XEN_VERSION, 6, features, 8), 0);
	assert_int_equal(features[1], 5);
	assert_int_equal(call_with(p, XEN_VERSION, 6, other, 8), -22);
	assert_int_equal(call_with(p, XEN_VERSION, 3, text, sizeof(text)), 0);
	assert_string_equal(text, "xen-3.0-ia64 xen-3.0-ia64be ");
	assert_int_equal(call_with(p, XEN_VERSION, 5, &start, 8), 0);
	assert_int_equal(start, 0xf000000000000000ull);
	assert_int_equal(CALL(p, XEN_VERSION, 99), -38);
}

static void buffers_are_inline_or_described(void **state)
{
	struct pv *p = *state;
	const uint64_t pages[2] = {BUFFER + 0x4000 - 4, BUFFER + 0x10000};
	uint32_t desc[2] = {0x58434f4d, 2};
	uint64_t value = 0;

	put(p, BUFFER + 0x100, desc, 8);
	put(p, BUFFER + 0x108, pages, 16);
	put(p, pages[0], "abcd", 4);
	put(p, pages[1], "efgh", 4);
	assert_int_equal(xencomm_read(&p->hv, BUFFER + 0x100, 0, &value, 8), 0);
	assert_memory_equal(&value, "abcdefgh", 8);
	assert_int_equal(xencomm_read(&p->hv, BUFFER + 0x100, 2, &value, 4), 0);
	assert_memory_equal(&value, "cdef", 4);
	assert_int_equal(xencomm_write(&p->hv, BUFFER + 0x100, 3, "XY", 2), 0);
	get(p, pages[1], &value, 1);
	assert_int_equal((char)value, 'Y');
	assert_int_equal(
		xencomm_read(&p->hv, BUFFER + 0x104, 0, &value, 8), -14); /* no magic, unaligned */
	assert_int_equal(xencomm_read(&p->hv, 0, 0, &value, 8), -14);
	assert_int_equal(xencomm_read(&p->hv, INLINE | 0x7000000000000ull, 0, &value, 8), -14);
	uint64_t end = (p->hv.pages << 14) - 4;
	assert_int_equal(xencomm_read(&p->hv, INLINE | end, 0, &value, 4), 0);
	assert_int_equal(xencomm_read(&p->hv, INLINE | end, 0, &value, 8), -14);
}

static void multicall_does_each_and_notes_its_result(void **state)
{
	struct pv *p = *state;
	uint64_t entry[3][8] = {{XEN_VERSION, 7, 0}, {5}, {MULTICALL}}, back[3][8];

	entry[0][2] = 7;
	put(p, BUFFER, entry, sizeof(entry));
	assert_int_equal(CALL(p, MULTICALL, BUFFER | INLINE, 3), 0);
	get(p, BUFFER, back, sizeof(back));
	assert_int_equal(back[0][1], 0x4000);
	assert_int_equal((int64_t)back[1][1], -38);
	assert_int_equal((int64_t)back[2][1], -22);
	assert_int_equal(CALL(p, MULTICALL, 0, 1), -14);
}

/* --- events --- */

static uint32_t bind_ipi(struct pv *p)
{
	uint32_t arg[2] = {0, 0};
	assert_int_equal(call_with(p, EVENT_OP, 7, arg, 8), 0);
	return arg[1];
}

static void a_sent_event_sets_three_levels_of_bits(void **state)
{
	struct pv *p = *state;
	uint32_t port = bind_ipi(p);

	assert_int_not_equal(port, 0);
	assert_int_equal(call_with(p, EVENT_OP, 4, &port, 4), 0);
	assert_int_equal(shared_word(p, 0xc00), 1ull << port);
	assert_int_equal(shared_word(p, 8), 1);
	assert_int_equal(shared_byte(p, 0), 1);
	assert_true(hv_has_work(p->v));
}

static void a_masked_event_waits_for_unmask(void **state)
{
	struct pv *p = *state;
	uint32_t port = bind_ipi(p);

	p->hv.shared_info[0xe00] = (uint8_t)(1u << port);
	assert_int_equal(call_with(p, EVENT_OP, 4, &port, 4), 0);
	assert_int_equal(shared_word(p, 0xc00), 1ull << port);
	assert_int_equal(shared_byte(p, 0), 0);
	assert_int_equal(call_with(p, EVENT_OP, 9, &port, 4), 0);
	assert_int_equal(shared_word(p, 0xe00), 0);
	assert_int_equal(shared_byte(p, 0), 1);
}

static void ports_are_checked(void **state)
{
	struct pv *p = *state;
	uint32_t none = 0, high = 4096, closed = 17, ipi[2] = {1, 0}, virq[3] = {24, 0, 0};

	for (unsigned op = 3; op <= 9; op += 6) {
		assert_int_equal(call_with(p, EVENT_OP, op, &none, 4), -22);
		assert_int_equal(call_with(p, EVENT_OP, op, &high, 4), -22);
	}
	assert_int_equal(call_with(p, EVENT_OP, 3, &closed, 4), -22);
	assert_int_equal(call_with(p, EVENT_OP, 4, &closed, 4), -22);
	assert_int_equal(call_with(p, EVENT_OP, 7, ipi, 8), -2); /* no such vcpu */
	assert_int_equal(call_with(p, EVENT_OP, 1, virq, 12), -22);
	assert_int_equal(CALL(p, EVENT_OP, 11, BUFFER | INLINE), -38);
	assert_int_equal(CALL(p, EVENT_OP, 4, 0), -14);
}

static void a_virtual_interrupt_is_bound_once(void **state)
{
	struct pv *p = *state;
	uint32_t arg[3] = {VIRQ_ITC, 0, 0}, again[3] = {VIRQ_ITC, 0, 0};

	assert_false(evtchn_raise_virq(&p->hv, 0, VIRQ_ITC));
	assert_int_equal(call_with(p, EVENT_OP, 1, arg, 12), 0);
	assert_int_equal(call_with(p, EVENT_OP, 1, again, 12), -17);
	assert_true(evtchn_raise_virq(&p->hv, 0, VIRQ_ITC));
	assert_true(evtchn_pending(&p->hv, arg[2]));
	assert_int_equal(call_with(p, EVENT_OP, 3, &arg[2], 4), 0);
	assert_false(evtchn_raise_virq(&p->hv, 0, VIRQ_ITC));
}

static void count_call(void *ctx)
{
	++*(unsigned *)ctx;
}

static void an_outside_end_hears_and_is_heard(void **state)
{
	struct pv *p = *state;
	unsigned calls = 0;
	uint32_t port = (uint32_t)evtchn_alloc_unbound(&p->hv, DOMID_DOM0);

	assert_int_equal(evtchn_connect(&p->hv, port, 5, count_call, &calls), -22);
	assert_int_equal(evtchn_connect(&p->hv, port, DOMID_DOM0, count_call, &calls), 0);
	assert_false(evtchn_pending(&p->hv, port)); /* binding raises nothing here */
	assert_int_equal(call_with(p, EVENT_OP, 4, &port, 4), 0);
	assert_int_equal(calls, 1);
	evtchn_signal(&p->hv, port);
	assert_true(evtchn_pending(&p->hv, port));
	evtchn_disconnect(&p->hv, port);
	assert_int_equal(call_with(p, EVENT_OP, 4, &port, 4), 0); /* dropped */
	assert_int_equal(calls, 1);
}

static void both_ends_may_be_the_guests_own(void **state)
{
	struct pv *p = *state;
	struct {
		uint16_t dom, remote;
		uint32_t port;
	} un = {DOMID_SELF, DOMID_SELF, 0};
	struct {
		uint16_t dom, pad;
		uint32_t remote, local;
	} bind = {DOMID_SELF, 0, 0, 0};

	assert_int_equal(call_with(p, EVENT_OP, 6, &un, 8), 0);
	bind.remote = un.port;
	assert_int_equal(call_with(p, EVENT_OP, 0, &bind, 12), 0);
	assert_int_equal(call_with(p, EVENT_OP, 4, &bind.local, 4), 0);
	assert_true(evtchn_pending(&p->hv, un.port));
	assert_int_equal(call_with(p, EVENT_OP, 3, &bind.local, 4), 0);
	assert_int_equal(p->hv.event.port[un.port].state, EVTCHN_UNBOUND);
}

/* --- grants --- */

static void grant(struct pv *p, uint32_t ref, uint16_t flags, uint16_t domid, uint32_t gfn)
{
	uint32_t entry[2] = {flags | (uint32_t)domid << 16, gfn};
	put(p, HV_GRANT_FRAMES + 8 * ref, entry, 8);
}

static uint16_t grant_flags(struct pv *p, uint32_t ref)
{
	uint16_t flags;
	get(p, HV_GRANT_FRAMES + 8 * ref, &flags, 2);
	return flags;
}

static void use_of_a_grant_shows_in_its_flags(void **state)
{
	struct pv *p = *state;
	enum grant_status s;

	grant(p, 9, 1, 0, 0x80);
	put(p, 0x80ull << 14, "page", 4);
	uint8_t *page = grant_acquire(&p->hv, 9, 0, false, &s);
	assert_non_null(page);
	assert_memory_equal(page, "page", 4);
	assert_int_equal(grant_flags(p, 9), 1 | 8 | 0x10);
	assert_false(memory_remove(&p->hv, 0x80));
	grant_release(&p->hv, 9, false);
	assert_int_equal(grant_flags(p, 9), 1);
	assert_true(memory_remove(&p->hv, 0x80));
}

static void what_is_not_granted_is_refused(void **state)
{
	struct pv *p = *state;
	enum grant_status s;

	grant(p, 1, 1, 7, 0x80);
	grant(p, 2, 1 | 4, 0, 0x80);
	grant(p, 3, 1, 0, 0xffffff);
	grant(p, 4, 0, 0, 0x80);
	assert_null(grant_acquire(&p->hv, 1, 0, true, &s));
	assert_int_equal(s, GNTST_GENERAL_ERROR);
	assert_null(grant_acquire(&p->hv, 2, 0, false, &s));
	assert_int_equal(s, GNTST_GENERAL_ERROR);
	assert_null(grant_acquire(&p->hv, 3, 0, true, &s));
	assert_int_equal(s, GNTST_BAD_PAGE);
	assert_int_equal(grant_flags(p, 3), 1);
	assert_null(grant_acquire(&p->hv, 4, 0, true, &s));
	assert_null(grant_acquire(&p->hv, 2048, 0, true, &s));
	assert_int_equal(s, GNTST_BAD_GNTREF);
}

struct op_map {
	uint64_t host_addr;
	uint32_t flags, ref;
	uint16_t dom;
	int16_t status;
	uint32_t handle;
	uint64_t dev;
};

static int64_t grant_op(struct pv *p, uint64_t cmd, void *arg, size_t n)
{
	put(p, BUFFER, arg, n);
	int64_t r = CALL(p, GRANT_OP, cmd, BUFFER | INLINE, 1);
	get(p, BUFFER, arg, n);
	return r;
}

static void a_mapped_grant_is_the_same_memory(void **state)
{
	struct pv *p = *state;
	struct op_map m = {.host_addr = 0x90ull << 14, .flags = 2, .ref = 5, .dom = DOMID_SELF};
	struct {
		uint64_t host_addr, dev;
		uint32_t handle;
		int16_t status, pad;
	} u;
	char text[4];

	grant(p, 5, 1, 1, 0x80);
	put(p, 0x80ull << 14, "one", 4);
	assert_int_equal(grant_op(p, 0, &m, sizeof(m)), 0);
	assert_int_equal(m.status, 0);
	get(p, 0x90ull << 14, text, 4);
	assert_string_equal(text, "one");
	put(p, 0x90ull << 14, "two", 4);
	get(p, 0x80ull << 14, text, 4);
	assert_string_equal(text, "two");
	u.host_addr = m.host_addr;
	u.dev = 0;
	u.handle = m.handle + 1;
	assert_int_equal(grant_op(p, 1, &u, sizeof(u)), 0);
	assert_int_equal(u.status, GNTST_BAD_HANDLE);
	u.handle = m.handle;
	assert_int_equal(grant_op(p, 1, &u, sizeof(u)), 0);
	assert_int_equal(u.status, 0);
	assert_false(memory_present(&p->hv, 0x90));
	assert_int_equal(grant_flags(p, 5), 1);
}

static void maps_are_checked(void **state)
{
	struct pv *p = *state;
	static const struct {
		uint64_t host_addr;
		uint32_t flags, ref;
		uint16_t dom;
		int status;
	} t[] = {
		{0x90ull << 14, 1, 5, DOMID_SELF, GNTST_GENERAL_ERROR},
		{0x90ull << 14, 2 | 16, 5, DOMID_SELF, GNTST_GENERAL_ERROR},
		{0x90ull << 14, 2, 5, 77, GNTST_BAD_DOMAIN},
		{(0x90ull << 14) + 8, 2, 5, DOMID_SELF, GNTST_BAD_VIRT_ADDR},
		{1ull << 50, 2, 5, DOMID_SELF, GNTST_BAD_VIRT_ADDR},
		{0x90ull << 14, 2, 9999, DOMID_SELF, GNTST_BAD_GNTREF},
	};

	grant(p, 5, 1, 1, 0x80);
	for (unsigned n = 0; n < countof(t); n++) {
		struct op_map m = {t[n].host_addr, t[n].flags, t[n].ref, t[n].dom, 99, 0, 0};
		assert_int_equal(grant_op(p, 0, &m, sizeof(m)), 0);
		assert_int_equal(m.status, t[n].status);
	}
	assert_int_equal(CALL(p, GRANT_OP, 0, 0, 1), -14);
	assert_int_equal(CALL(p, GRANT_OP, 11, 0, 1), -38);
	assert_int_equal(CALL(p, GRANT_OP, 0, 0, -1ull), -22);
}

/* --- memory --- */

struct reservation {
	uint64_t extents, count;
	uint32_t order, flags;
	uint16_t domid, pad[3];
};

static void frames_go_and_come_back_zeroed(void **state)
{
	struct pv *p = *state;
	uint64_t list[3] = {0x80, 0x81, 0xffffff}, before = p->hv.memory.present;
	struct reservation r = {(BUFFER + 0x1000) | INLINE, 3, 0, 0, DOMID_SELF, {0}};
	char text[4];

	put(p, BUFFER + 0x1000, list, sizeof(list));
	put(p, 0x80ull << 14, "old", 4);
	assert_int_equal(call_with(p, MEMORY_OP, 1, &r, sizeof(r)), 2);
	assert_int_equal(p->hv.memory.present, before - 2);
	assert_int_equal(hv_place(&p->hv, GPA((0x80ull << 14) + 8)).v, HV_SCRATCH + 8);
	assert_int_equal(call_with(p, MEMORY_OP, 6, &r, sizeof(r)), 2);
	assert_int_equal(p->hv.memory.present, before);
	get(p, 0x80ull << 14, text, 4);
	assert_memory_equal(text, "\0\0\0", 4);
	r.domid = 44;
	assert_int_equal(call_with(p, MEMORY_OP, 1, &r, sizeof(r)), 0);
	assert_int_equal(CALL(p, MEMORY_OP, 99, 0), -38);
}

/* --- scheduling --- */

static void block_lets_events_in_and_poll_does_not(void **state)
{
	struct pv *p = *state;
	uint32_t port = bind_ipi(p), reason;
	struct {
		uint64_t ports;
		uint32_t count, pad;
		uint64_t timeout;
	} poll = {(BUFFER + 0x800) | INLINE, 1, 0, 0};

	assert_int_equal(CALL(p, SCHED_OP, 1), 0);
	assert_int_equal(last_action, HV_BLOCK);
	assert_int_equal(shared_byte(p, 1), 0);
	p->hv.shared_info[1] = 1;
	put(p, BUFFER + 0x800, &port, 4);
	assert_int_equal(call_with(p, SCHED_OP, 3, &poll, sizeof(poll)), 0);
	assert_int_equal(last_action, HV_BLOCK);
	assert_false(hv_has_work(p->v));
	p->hv.shared_info[0xe00] = 0xff;
	assert_int_equal(call_with(p, EVENT_OP, 4, &port, 4), 0);
	assert_true(hv_has_work(p->v)); /* masked, but polled for */
	for (reason = 0; reason < 6; reason++) {
		static const enum hv_action actions[] = {
			HV_POWEROFF, HV_REBOOT, HV_SUSPEND, HV_CRASH, HV_WATCHDOG, HV_CRASH};
		assert_int_equal(call_with(p, SCHED_OP, 2, &reason, 4), 0);
		assert_int_equal(last_action, actions[reason]);
	}
}

static void poll_for_nothing_waits_for_its_time(void **state)
{
	struct pv *p = *state;
	uint64_t when = clock_now(&p->g.m.clock) + 1000;
	struct {
		uint64_t ports;
		uint32_t count, pad;
		uint64_t timeout;
	} poll = {0, 0, 0, when};

	assert_int_equal(call_with(p, SCHED_OP, 3, &poll, sizeof(poll)), 0);
	assert_int_equal(last_action, HV_BLOCK);
	assert_int_equal(hv_deadline(p->v), when);
	assert_false(hv_has_work(p->v));
	clock_advance(&p->g.m.clock, 1000);
	assert_true(hv_has_work(p->v));
}

static void a_watchdog_wakes_who_sleeps(void **state)
{
	struct pv *p = *state;
	uint64_t start = clock_now(&p->g.m.clock);
	uint32_t two_seconds[2] = {0, 2};

	assert_int_equal(call_with(p, SCHED_OP, 6, two_seconds, 8), 1);
	uint64_t due = hv_deadline(p->v);
	assert_true(due - start >= 2000000000 && due - start < 2100000000);
	assert_int_equal(hv_tick(p->v), HV_CONTINUE);
	clock_advance(&p->g.m.clock, 2100000000);
	assert_int_equal(hv_tick(p->v), HV_WATCHDOG);
}

static void nothing_of_a_multicall_follows_the_end(void **state)
{
	struct pv *p = *state;
	uint64_t entry[2][8] = {{6, 0, 2, 0}, {XEN_VERSION, 77, 7}}, back[2][8];

	put(p, BUFFER, entry, sizeof(entry));
	CALL(p, MULTICALL, BUFFER | INLINE, 2);
	assert_int_equal(last_action, HV_POWEROFF);
	get(p, BUFFER, back, sizeof(back));
	assert_int_equal(back[1][1], 77);
}

static void a_processors_own_timer_raises_virq_0(void **state)
{
	struct pv *p = *state;
	uint32_t virq[3] = {VIRQ_TIMER, 0, 0};
	uint64_t once[2] = {clock_now(&p->g.m.clock) + 5, 0};

	assert_int_equal(call_with(p, EVENT_OP, 1, virq, 12), 0);
	put(p, BUFFER, once, sizeof(once));
	assert_int_equal(CALL(p, VCPU_OP, 8, 0, BUFFER | INLINE), 0);
	assert_int_equal(hv_tick(p->v), HV_CONTINUE);
	assert_false(evtchn_pending(&p->hv, virq[2]));
	clock_advance(&p->g.m.clock, 10);
	assert_int_equal(hv_tick(p->v), HV_CONTINUE);
	assert_true(evtchn_pending(&p->hv, virq[2]));
	assert_int_equal(CALL(p, VCPU_OP, 8, 9, BUFFER | INLINE), -2);
	assert_int_equal(CALL(p, VCPU_OP, 3, 0), 1);
	assert_int_equal(CALL(p, VCPU_OP, 10, 0), -38);
}

static void a_callback_is_registered_outside_the_hypervisor(void **state)
{
	struct pv *p = *state;
	struct {
		uint16_t type, flags;
		uint32_t pad;
		uint64_t address;
	} r = {0, 0, 0, 0xa000000100001230ull};

	assert_int_equal(call_with(p, CALLBACK_OP, 0, &r, sizeof(r)), 0);
	assert_int_equal(p->v->callback, r.address);
	r.address = 0xf100000000000000ull;
	assert_int_equal(call_with(p, CALLBACK_OP, 0, &r, sizeof(r)), -22);
	r.address = 0x1000;
	r.type = 2;
	assert_int_equal(call_with(p, CALLBACK_OP, 0, &r, sizeof(r)), -38);
	assert_int_equal(CALL(p, CALLBACK_OP, 1), -14);
	assert_int_equal(CALL(p, CALLBACK_OP, 1, BUFFER | INLINE), -22);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_are_known_privileged_or_none),
		TEST(version_and_features_are_those_of_4_1),
		TEST(buffers_are_inline_or_described),
		TEST(multicall_does_each_and_notes_its_result),
		TEST(a_sent_event_sets_three_levels_of_bits),
		TEST(a_masked_event_waits_for_unmask),
		TEST(ports_are_checked),
		TEST(a_virtual_interrupt_is_bound_once),
		TEST(an_outside_end_hears_and_is_heard),
		TEST(both_ends_may_be_the_guests_own),
		TEST(use_of_a_grant_shows_in_its_flags),
		TEST(what_is_not_granted_is_refused),
		TEST(a_mapped_grant_is_the_same_memory),
		TEST(maps_are_checked),
		TEST(frames_go_and_come_back_zeroed),
		TEST(block_lets_events_in_and_poll_does_not),
		TEST(poll_for_nothing_waits_for_its_time),
		TEST(a_watchdog_wakes_who_sleeps),
		TEST(nothing_of_a_multicall_follows_the_end),
		TEST(a_processors_own_timer_raises_virq_0),
		TEST(a_callback_is_registered_outside_the_hypervisor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
