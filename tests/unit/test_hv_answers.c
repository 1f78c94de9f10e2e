/* SPDX-License-Identifier: MIT */
/*
 * What each hypercall answers to a domU, errors first: Xen 4.1.6, common/ and arch/ia64/xen. What
 * is not a domU's to do is refused before, or behind, its arguments have been looked at, as there.
 */
#include "hv_call.h"

#include <time.h>

#include "hv/hypercall.h"
#include "hv/memory.h"

#define BAD  (INLINE | 1ull << 50) /* there is no memory */
#define ARG  (BUFFER | INLINE)
#define LIST (BUFFER + 0x1000)

static enum hv_action action;

static int64_t call3(struct pv *p, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	return call_on(p, 0, number, (const uint64_t[6]){a, b, c}, &action);
}

/* Words behind ARG, and what the call with that operation answers then. */
static void answers_are_xens(void **state)
{
	static const struct {
		unsigned number, op;
		uint64_t handle;
		int64_t answer;
		uint32_t word[6];
	} t[] = {
		{SCHED_OP, 2, BAD, -14, {0}},
		{SCHED_OP, 3, BAD, -14, {0}},
		{SCHED_OP, 4, BAD, -14, {0}},
		{SCHED_OP, 4, ARG, -1, {0, 2}},
		{SCHED_OP, 4, ARG, -1, {1, 2}},
		{SCHED_OP, 4, ARG, -3, {DOMID_SELF, 2}},
		{SCHED_OP, 4, ARG, -3, {55, 2}},
		{SCHED_OP, 5, BAD, -14, {0}},
		{SCHED_OP, 6, BAD, -14, {0}},
		{SCHED_OP, 6, ARG, -22, {3, 1}},
		{SCHED_OP, 6, ARG, -22, {1, 1}},
		{SCHED_OP, 7, ARG, -38, {0}},
		{SCHED_OP_COMPAT, 3, 0, -38, {0}},
		{MEMORY_OP, 0, BAD, 0, {0}},
		{MEMORY_OP, 1, BAD, 0, {0}},
		{MEMORY_OP, 6, BAD, 0, {0}},
		{MEMORY_OP, 6 | 5 << 6, BAD, 5, {0}},
		{MEMORY_OP, 3, BAD, -14, {0}},
		{MEMORY_OP, 3, ARG, -1, {0}},
		{MEMORY_OP, 4, ARG, -3, {99}},
		{MEMORY_OP, 7, BAD, -14, {0}},
		{MEMORY_OP, 7, ARG, -3, {99}},
		{MEMORY_OP, 7, ARG, -38, {DOMID_SELF}},
		{MEMORY_OP, 10, ARG, -22, {0}},
		{MEMORY_OP, 11, BAD, -14, {0}},
		{MEMORY_OP, 14, ARG, 0xfff, {DOMID_SELF}},
		{MEMORY_OP, 16, ARG, -22, {0}},
		{MEMORY_OP, 17, ARG, -22, {0}},
		{MEMORY_OP, 5, ARG, -38, {0}},
		{MEMORY_OP, 9, ARG, -38, {0}},
		{XEN_VERSION, 7, 0, 0x4000, {0}},
		{XEN_VERSION, 7, INLINE, 0x4000, {0}},
		{XEN_VERSION, 7, BUFFER, 0x4000, {0}}, /* no descriptor */
		{XEN_VERSION, 7, ARG, -22, {0}},
		{XEN_VERSION, 1, BAD, -14, {0}},
		{XEN_VERSION, 6, BAD, -14, {0}},
		{CALLBACK_OP, 0, BAD, -14, {0}},
		{CALLBACK_OP, 1, BAD, -14, {0}},
		{CALLBACK_OP, 1, ARG, -22, {0}},
		{CALLBACK_OP, 2, ARG, -38, {0}},
		{PHYSDEV_OP, 4, 0, 0, {0}},
		{PHYSDEV_OP, 5, BAD, -14, {0}},
		{PHYSDEV_OP, 5, ARG, -22, {256}},
		{PHYSDEV_OP, 5, ARG, 0, {255}},
		{PHYSDEV_OP, 8, BAD, -14, {0}},
		{PHYSDEV_OP, 8, ARG, -1, {0}},
		{PHYSDEV_OP, 9, ARG, -1, {0}},
		{PHYSDEV_OP, 10, BAD, -14, {0}},
		{PHYSDEV_OP, 11, ARG, -1, {0}},
		{PHYSDEV_OP, 12, BAD, -14, {0}},
		{PHYSDEV_OP, 12, ARG, -22, {256}},
		{PHYSDEV_OP, 12, ARG, 0, {16}},
		{PHYSDEV_OP, 13, BAD, -14, {0}},
		{PHYSDEV_OP, 13, ARG, 0, {0}},
		{PHYSDEV_OP, 14, ARG, 0, {0}},
		{PHYSDEV_OP, 15, BAD, -1, {0}},
		{PHYSDEV_OP, 20, BAD, -1, {0}},
		{PHYSDEV_OP, 17, BAD, -14, {0}},
		{PHYSDEV_OP, 17, ARG, -22, {0xffffff}},
		{PHYSDEV_OP, 28, ARG, 0, {0x80}},
		{PHYSDEV_OP, 17, ARG, -16, {0x80}}, /* once */
		{PHYSDEV_OP, 30, ARG, -38, {0}},
		{HVM_OP, 0, BAD, -14, {0}},
		{HVM_OP, 0, ARG, -22, {DOMID_SELF, 26}},
		{HVM_OP, 1, ARG, -3, {99, 1}},
		{HVM_OP, 2, ARG, -22, {0}},
		{HVM_OP, 4, BAD, 0, {0}},
		{HVM_OP, 6, BAD, -38, {0}},
		{36, BUFFER, 0, -14, {0}}, /* domctl: the handle comes first */
		{49, 255, 0, 0, {0}},
		{49, 256, 0, -22, {0}},
		{50, 0, 0, -14, {0}},
	};
	struct pv *p = *state;

	assert_int_equal(p->hv.pages, 0x1000);
	for (unsigned n = 0; n < countof(t); n++) {
		put(p, BUFFER, t[n].word, sizeof(t[n].word));
		int64_t r = call3(p, t[n].number, t[n].op, t[n].handle, 0);
		if (r != t[n].answer)
			fail_msg("%u %u: %lld, not %lld", t[n].number, t[n].op, (long long)r,
				(long long)t[n].answer);
		/* operations are ints */
		bool narrow = t[n].number != MEMORY_OP && t[n].number != HVM_OP && t[n].op < 32;
		if (narrow && r < 0)
			assert_int_equal(
				call3(p, t[n].number, t[n].op | 1ull << 32, t[n].handle, 0), r);
	}
	uint32_t domctl[2] = {1, 6};
	put(p, BUFFER, domctl, sizeof(domctl));
	assert_int_equal(call3(p, 36, ARG, 0, 0), -13);
	domctl[1] = 7;
	put(p, BUFFER, domctl, sizeof(domctl));
	assert_int_equal(call3(p, 36, ARG, 0, 0), -1);
	assert_int_equal(call3(p, 50, 0, 1, ARG), -1);
	assert_int_equal(call3(p, 50, 0, 77, ARG), -3);
}

static void frames_are_machine_frames(void **state)
{
	struct pv *p = *state;

	assert_int_equal(call3(p, DOM0VP_OP, 1, 0x80, 0), 0x80);
	assert_int_equal(call3(p, DOM0VP_OP, 3, 0x1000, 0), -1);
	assert_int_equal(call3(p, DOM0VP_OP, 5, 0x80, 1), -38);
	assert_int_equal(call3(p, DOM0VP_OP, 5, 0x80, 0), 0); /* zapped */
	assert_int_equal(call3(p, DOM0VP_OP, 1, 0x80, 0), -1);
	assert_int_equal(call3(p, DOM0VP_OP, 5, 0x80, 0), 0);
	assert_int_equal(p->hv.memory.present, 0xfff);
	assert_int_equal(call3(p, DOM0VP_OP, 0, 1ull << 43, 0x4000), -1);
	assert_int_equal(call3(p, DOM0VP_OP, 10, ARG, 0), -38);
	uint64_t shared = HV_SHARED_INFO >> XEN_PAGE_SHIFT;
	assert_int_equal(call3(p, DOM0VP_OP, 1, shared, 0), shared);
	assert_int_equal(call3(p, DOM0VP_OP, 1, shared | 1ull << 50, 0), -1);
	assert_int_equal(call3(p, DOM0VP_OP, 13, 0x5000, 3), -2);
}

static void a_domain_may_have_its_memory_map(void **state)
{
	struct pv *p = *state;
	uint64_t map[4] = {8, 40, 1, 0x1234}, back[4] = {0, 0, 0, 0}, gfn = 0x90;

	put(p, gfn << 14, map, sizeof(map));
	memcpy(p->hv.shared_info + SHARED_MEMMAP_INFO_PFN, &gfn, 8);
	assert_int_equal(call3(p, DOM0VP_OP, 14, DOMID_SELF, ARG), 0);
	get(p, BUFFER, back, sizeof(back));
	assert_memory_equal(back, map, sizeof(map));
	assert_int_equal(call3(p, DOM0VP_OP, 14, DOMID_SELF, BAD), -14);
	assert_int_equal(call3(p, DOM0VP_OP, 14, 0, ARG), -1);
	assert_int_equal(call3(p, DOM0VP_OP, 14, 77, ARG), -3);
	map[0] = XEN_PAGE_SIZE - 23;
	put(p, gfn << 14, map, sizeof(map));
	assert_int_equal(call3(p, DOM0VP_OP, 14, DOMID_SELF, ARG), -14);
	gfn = ~0ull;
	memcpy(p->hv.shared_info + SHARED_MEMMAP_INFO_PFN, &gfn, 8);
	assert_int_equal(call3(p, DOM0VP_OP, 14, DOMID_SELF, ARG), -14);
}

/* --- the end of the domain --- */

static void an_announced_reason_counts(void **state)
{
	struct pv *p = *state;
	uint32_t reason = 1, other = 0;

	put(p, BUFFER, &reason, 4);
	put(p, BUFFER + 8, &other, 4);
	assert_int_equal(call3(p, SCHED_OP, 5, ARG, 0), 0);
	assert_int_equal(call3(p, SCHED_OP, 5, ARG + 8, 0), 0); /* the first one */
	assert_int_equal(call3(p, SCHED_OP, 2, ARG + 8, 0), 0);
	assert_int_equal(action, HV_REBOOT);
	assert_int_equal(call3(p, SCHED_OP_COMPAT, 2, 3, 0), 0);
	assert_int_equal(action, HV_REBOOT);
	hv_reset(&p->hv);
	assert_int_equal(call3(p, SCHED_OP_COMPAT, 2, 0x102, 0), 0); /* a byte */
	assert_int_equal(action, HV_SUSPEND);
}

static void watchdogs_are_two(void **state)
{
	struct pv *p = *state;
	static const struct {
		uint32_t id, timeout;
		int64_t answer;
	} t[] = {{0, 100, 1}, {0, 200, 2}, {0, 1, -28}, {1, 300, 0}, {2, 0, 0}, {2, 5, -22},
		{0, 7, 2}, {0, 0, -22}};

	for (unsigned n = 0; n < countof(t); n++) {
		put(p, BUFFER, &t[n].id, 8);
		assert_int_equal(call3(p, SCHED_OP, 6, ARG, 0), t[n].answer);
	}
}

/* --- poll --- */

struct poll {
	uint64_t ports;
	uint32_t count, pad;
	uint64_t timeout;
};

static int64_t poll(struct pv *p, uint64_t ports, uint32_t count, uint64_t timeout)
{
	struct poll op = {ports, count, 0, timeout};

	put(p, BUFFER, &op, sizeof(op));
	return call3(p, SCHED_OP, 3, ARG, 0);
}

static void poll_looks_at_ports_in_order(void **state)
{
	struct pv *p = *state;
	uint32_t ports[3] = {1, 5000, 2};

	put(p, LIST, ports, sizeof(ports));
	assert_int_equal(poll(p, LIST | INLINE, 129, 0), -22);
	assert_int_equal(poll(p, LIST | INLINE, 3, 0), -22);
	assert_int_equal(poll(p, BAD, 3, 0), -14);
	p->hv.shared_info[0xc00] = 2; /* port 1 is pending: what is behind it does not matter */
	assert_int_equal(poll(p, LIST | INLINE, 3, 0), 0);
	assert_int_equal(action, HV_CONTINUE);
	p->hv.shared_info[0xc00] = 0;
	p->hv.shared_info[0] = 1; /* an event that is let in comes first of all */
	p->hv.shared_info[1] = 0;
	assert_int_equal(poll(p, BAD, 3, 0), 0);
	p->hv.shared_info[0] = 0;
	clock_advance(&p->g.m.clock, 10);
	assert_int_equal(poll(p, 0, 0, 1ull << 63), 0); /* a time long ago */
	assert_int_equal(action, HV_CONTINUE);
	assert_int_equal(poll(p, 0, 0, 0), 0);
	assert_int_equal(action, HV_BLOCK);
}

/* --- memory --- */

struct reservation {
	uint64_t extents, count;
	uint32_t order, flags;
	uint16_t domid, pad[3];
};

struct exchange {
	struct reservation in, out;
	uint64_t done;
};

static int64_t exchange(struct pv *p, struct exchange *e)
{
	put(p, BUFFER, e, sizeof(*e));
	int64_t r = call3(p, MEMORY_OP, 11, ARG, 0);
	get(p, BUFFER, e, sizeof(*e));
	return r;
}

static void reservations_go_on_where_they_were(void **state)
{
	struct pv *p = *state;
	uint64_t list[4] = {0x90, 0x91, 0x92, 0x93};
	struct reservation r = {LIST | INLINE, 4, 0, 0, DOMID_SELF, {0}};

	put(p, LIST, list, sizeof(list));
	put(p, BUFFER, &r, sizeof(r));
	assert_int_equal(call3(p, MEMORY_OP, 1 | 2 << 6, ARG, 0), 4);
	assert_true(memory_present(&p->hv, 0x91) && !memory_present(&p->hv, 0x92));
	assert_int_equal(call3(p, MEMORY_OP, 6 | 1 << 6, ARG, 0), 1); /* is there already */
	assert_int_equal(call3(p, MEMORY_OP, 6 | 3 << 6, ARG, 0), 4);
	assert_int_equal(call3(p, MEMORY_OP, 6 | 4 << 6, ARG, 0), 4);
	assert_int_equal(call3(p, MEMORY_OP, 6 | 9 << 6, ARG, 0), 9);
	r.count = 1ull << 60;
	put(p, BUFFER, &r, sizeof(r));
	assert_int_equal(call3(p, MEMORY_OP, 1 | 2 << 6, ARG, 0), 2);
}

/* nr_exchanged tells how far it came, whatever the answer. */
static void exchange_tells_how_far_it_came(void **state)
{
	struct pv *p = *state;
	uint64_t in[3] = {0x90, 0x91, 0xffffff}, out[3] = {0x90, 0x91, 0x92};
	struct reservation r = {LIST | INLINE, 3, 0, 0, DOMID_SELF, {0}};
	struct exchange e = {r, r, 0}, bad;

	e.out.extents = (LIST + 0x100) | INLINE;
	put(p, LIST, in, sizeof(in));
	put(p, LIST + 0x100, out, sizeof(out));
	put(p, 0x90ull << 14, "old", 4);
	assert_int_equal(exchange(p, &e), -22);
	assert_int_equal(e.done, 2);
	char text[4];
	get(p, 0x90ull << 14, text, 4);
	assert_memory_equal(text, "\0\0\0", 4); /* a new frame */
	assert_int_equal(p->hv.memory.present, 0x1000);
	assert_int_equal(exchange(p, &e), -22); /* goes on at the third */
	assert_int_equal(e.done, 2);
	e.in.count = e.out.count = 2;
	assert_int_equal(exchange(p, &e), 0);
	for (unsigned n = 0; n < 5; n++) {
		static const int64_t answer[] = {-22, -22, -1, -3, -14};
		bad = e;
		bad.done = n == 0 ? 3 : 1;
		bad.out.count += n == 1;
		bad.in.order = bad.out.order = n == 2;
		bad.in.domid = bad.out.domid = n == 3 ? 99 : DOMID_SELF;
		bad.in.extents = n == 4 ? BAD : bad.in.extents;
		uint64_t done = bad.done;
		assert_int_equal(exchange(p, &bad), answer[n]);
		assert_int_equal(bad.done, done);
	}
}

/* Each frame may make room for the next one; that is Xen's order. */
static void frames_change_places(void **state)
{
	struct pv *p = *state;
	uint64_t in[100], out[100];
	struct reservation r = {LIST | INLINE, 100, 0, 0, DOMID_SELF, {0}};
	struct exchange e = {r, r, 0};

	e.out.extents = (LIST + 0x800) | INLINE;
	for (unsigned n = 0; n < 100; n++) {
		in[n] = 0x200 + n;
		out[n] = n ? in[n - 1] : 0x1ff;
	}
	put(p, LIST, in, sizeof(in));
	put(p, LIST + 0x800, out, sizeof(out));
	assert_int_equal(exchange(p, &e), -22); /* nobody has left 0x1ff */
	assert_int_equal(e.done, 0);
	assert_int_equal(call3(p, DOM0VP_OP, 5, 0x1ff, 0), 0);
	assert_int_equal(exchange(p, &e), 0);
	assert_int_equal(e.done, 100);
	assert_true(memory_present(&p->hv, 0x1ff) && memory_present(&p->hv, 0x262));
	assert_false(memory_present(&p->hv, 0x263));
	assert_int_equal(p->hv.memory.present, 0xfff);
	e.done = 0;
	in[0] = 0x1ff; /* round and round: the frame that comes back goes again */
	in[1] = out[0] = 0x263;
	out[1] = 0x1ff;
	e.in.count = e.out.count = 2;
	put(p, LIST, in, 16);
	put(p, LIST + 0x800, out, 16);
	assert_int_equal(exchange(p, &e), 0);
	assert_true(memory_present(&p->hv, 0x1ff));
	assert_false(memory_present(&p->hv, 0x263));
	assert_int_equal(p->hv.memory.present, 0xfff);
}

/* --- grants --- */

static void tables_are_set_up_one_at_a_time(void **state)
{
	struct pv *p = *state;
	struct {
		uint16_t dom, pad;
		uint32_t frames, max;
		int16_t status, pad2;
	} q = {DOMID_SELF, 0, 0, 0, 99, 0};

	for (uint64_t count = 0; count < 3; count++)
		for (uint64_t op = 2; op <= 6; op += 4) {
			put(p, BUFFER, &q, sizeof(q));
			assert_int_equal(call3(p, GRANT_OP, op, ARG, count), count == 1 ? 0 : -22);
		}
	put(p, BUFFER, &q, sizeof(q));
	assert_int_equal(call3(p, GRANT_OP, 6, ARG, 1), 0);
	get(p, BUFFER, &q, sizeof(q));
	assert_int_equal(q.status, 0);
	assert_int_equal(call3(p, GRANT_OP, 0, BAD, 1ull << 32), 0); /* none: an int */
	assert_int_equal(call3(p, GRANT_OP, 0, BAD, 1ull << 31), -22);
}

/* --- what a call may cost --- */

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#define CALLS	0x1000000ull /* a multicall; a descriptor that does not end, to the end of RAM */
#define ENDLESS 0x2000000ull

/* Many entries whose structures are behind as many pieces as there can be. */
static void a_call_has_an_end(void **state)
{
	struct pv *p = *state;
	uint8_t *ram = p->g.m.ram.slot[0].host;
	uint32_t head[2] = {0x58434f4d, UINT32_MAX};
	static const uint64_t entry[][8] = {
		{SCHED_OP, 0, 2, ENDLESS},
		{MEMORY_OP, 0, 1, ARG},
		{GRANT_OP, 0, 5, ENDLESS, 0xffff},
		{CONSOLE_IO, 0, 0, 0x7fffffff, INLINE},
		{DOM0VP_OP, 0, 5, 0x90, 0},
		{EVENT_OP, 0, 10, ARG},
		{EVENT_OP, 0, 7, ARG},
	};
	struct reservation r = {ENDLESS, 1ull << 40, 0, 0, DOMID_SELF, {0}};

	memset(ram + ENDLESS, 0xff, GUEST_RAM - ENDLESS);
	put(p, ENDLESS, head, sizeof(head));
	put(p, BUFFER, &r, sizeof(r));
	for (unsigned kind = 0; kind < countof(entry); kind++) {
		uint64_t count = HYPERCALL_MOST - 64, start = thread_ns();
		for (uint64_t n = 0; n < count; n++)
			put(p, CALLS + n * 64, entry[kind], sizeof(entry[kind]));
		uint64_t set_up = thread_ns();
		assert_int_equal(call3(p, MULTICALL, CALLS | INLINE, count, 0), 0);
		uint64_t took = thread_ns() - set_up;
		assert_true(took < 2000000000 + 20 * (set_up - start));
	}
	assert_int_equal(call3(p, MULTICALL, CALLS | INLINE, HYPERCALL_MOST + 1, 0), -22);
	assert_int_equal(call3(p, CONSOLE_IO, 0, 0x80000000, BAD), 0); /* fewer than none */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_are_xens),
		TEST(frames_are_machine_frames),
		TEST(a_domain_may_have_its_memory_map),
		TEST(an_announced_reason_counts),
		TEST(watchdogs_are_two),
		TEST(poll_looks_at_ports_in_order),
		TEST(reservations_go_on_where_they_were),
		TEST(exchange_tells_how_far_it_came),
		TEST(frames_change_places),
		TEST(tables_are_set_up_one_at_a_time),
		TEST(a_call_has_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
