/* SPDX-License-Identifier: MIT */
/* vcpu_op and the starting of processors (ABI 12), with two of them. */
#include "hv_call.h"

#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "base/stream.h"
#include "fw/fw.h"
#include "hv/event.h"
#include "hv/sched.h"

enum { INITIALISE, UP, DOWN, IS_UP, RUNSTATE, AREA, PERIODIC, STOP_PERIODIC, SINGLE, STOP_SINGLE };

#define ARG (BUFFER | INLINE)
#define BAD (INLINE | 1ull << 50)

struct info {
	uint32_t state, pad;
	uint64_t entry, time[4];
};

static struct fw fw;
static enum hv_action action;

static int two(void **state)
{
	struct pv *p = calloc(1, sizeof(*p));
	char error[200];

	guest_init(&p->g, "poulson");
	p->g.m.cpu[1] = cpu_new(&p->g.m, 1);
	p->g.m.cpus = 2;
	assert_int_equal(hv_init(&p->hv, &p->g.m, 1, error, sizeof(error)), 0);
	assert_int_equal(fw_init(&fw, &p->g.m, NULL), 0);
	p->hv.fw = &fw;
	p->cpu = p->g.cpu;
	p->v = &p->hv.vcpu[0];
	pv_start(p);
	p->hv.rendezvous.ip = 0x5000000;
	p->hv.rendezvous.gp = 0x77;
	*state = p;
	return 0;
}

static int end_two(void **state)
{
	fw_free(&fw);
	return pv_teardown(state);
}

static int64_t vcpu_op(struct pv *p, unsigned on, uint64_t op, uint64_t vcpu, uint64_t handle)
{
	return call_on(p, on, VCPU_OP, (const uint64_t[6]){op, vcpu, handle}, &action);
}

/* As its thread does between two runs. */
static void look(struct hv_vcpu *v)
{
	if (hv_is_up(v) && v->runstate.state != RUNSTATE_RUNNING)
		runstate_change(v, RUNSTATE_RUNNING);
	else if (!hv_is_up(v) && v->runstate.state != RUNSTATE_OFFLINE)
		runstate_change(v, RUNSTATE_OFFLINE);
}

static void wake(struct pv *p, uint64_t vcpu, uint64_t vector)
{
	gr_set(p->cpu, 2, 0x400, 0);
	gr_set(p->cpu, 14, vcpu, 0);
	gr_set(p->cpu, 15, vector, 0);
	assert_int_equal(hv_call(&p->hv, p->cpu), HV_CONTINUE);
}

static struct info info_of(struct pv *p, unsigned on, unsigned vcpu)
{
	struct info i;

	assert_int_equal(vcpu_op(p, on, RUNSTATE, vcpu, ARG), 0);
	get(p, BUFFER, &i, sizeof(i));
	return i;
}

static void processors_are_checked(void **state)
{
	struct pv *p = *state;

	for (uint64_t op = 0; op < 14; op++) {
		assert_int_equal(vcpu_op(p, 0, op, 2, ARG), -2);
		assert_int_equal(vcpu_op(p, 0, op, 64, ARG), -22);
		assert_int_equal(vcpu_op(p, 0, op, ~0ull, ARG), -22);
		if (op > STOP_SINGLE)
			assert_int_equal(vcpu_op(p, 0, op, 0, ARG), -38);
	}
	for (uint64_t op = 0; op < 9; op++)
		if (op == INITIALISE || op == RUNSTATE || op == AREA || op == PERIODIC ||
			op == SINGLE)
			assert_int_equal(vcpu_op(p, 0, op, 0, BAD), -14);
	assert_int_equal(vcpu_op(p, 0, INITIALISE, 0, ARG), -17);
	assert_int_equal(vcpu_op(p, 0, UP, 1, 0), -22); /* has no registers yet */
	assert_int_equal(vcpu_op(p, 0, IS_UP, 1, 0), 0);
	assert_int_equal(vcpu_op(p, 0, IS_UP | 1ull << 32, 1ull << 32, 0), 1); /* ints */
}

static void a_processor_starts_on_its_own_thread(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *v = &p->hv.vcpu[1];

	v->cpu->gr[9] = 9;
	wake(p, 1, 0xf3);
	assert_int_equal(vcpu_op(p, 0, IS_UP, 1, 0), 1);
	assert_int_equal(v->cpu->gr[9], 9); /* nobody else touches its registers */
	assert_true(hv_is_up(v));
	assert_int_equal(v->cpu->gr[9], 0);
	assert_int_equal(v->cpu->ip, 0x5000000);
	assert_int_equal(v->cpu->gr[1], 0x77);
	v->cpu->ip = 0x6000000;
	assert_true(hv_is_up(v)); /* once */
	assert_int_equal(v->cpu->ip, 0x6000000);
	wake(p, 1, 0xf3); /* is up: the vector as any other */
	assert_int_equal(v->irr[3], 1ull << (0xf3 - 192));
	assert_true(hv_is_up(v));
	assert_int_equal(v->cpu->ip, 0x6000000);
	wake(p, 2, 0xf3);
	wake(p, 1, 256);
}

/* It went down, and is started again before its thread has noticed. */
static void a_start_is_not_lost(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *v = &p->hv.vcpu[1];

	for (unsigned n = 0; n < 2; n++) {
		wake(p, 1, 0xf3);
		assert_true(hv_is_up(v));
		assert_int_equal(vcpu_op(p, 0, DOWN, 1, 0), 0);
		wake(p, 1, 0xf3);
		if (n) { /* it does go down itself, on the way */
			gr_set(v->cpu, 2, 0x1200, 0);
			assert_int_equal(hv_call(&p->hv, v->cpu), HV_CONTINUE);
		}
		assert_int_equal(vcpu_op(p, 0, IS_UP, 1, 0), 1);
		v->cpu->ip = 0;
		assert_true(hv_is_up(v));
		assert_int_equal(v->cpu->ip, 0x5000000);
		assert_int_equal(vcpu_op(p, 0, DOWN, 1, 0), 0);
		assert_false(hv_is_up(v));
	}
}

/* Down and up again it goes on where it was; started anew it waits for nothing. */
static void waiting_outlives_down_and_up_but_no_start(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *v = &p->hv.vcpu[1];
	uint64_t poll[3] = {0, 0, 1ull << 60};

	wake(p, 1, 0xf3);
	assert_true(hv_is_up(v));
	assert_int_equal(vcpu_op(p, 1, DOWN, 1, 0), 0);
	assert_int_equal(action, HV_CONTINUE); /* it does not wait for an event as well */
	assert_int_equal(vcpu_op(p, 0, UP, 1, 0), 0);
	assert_true(hv_is_up(v));
	put(p, BUFFER, poll, sizeof(poll));
	call_on(p, 1, SCHED_OP, (const uint64_t[6]){3, ARG}, &action);
	assert_int_equal(action, HV_BLOCK);
	v->cpu->halted = true;
	vcpu_op(p, 0, DOWN, 1, 0);
	vcpu_op(p, 0, UP, 1, 0);
	assert_true(hv_is_up(v) && v->polling && !hv_has_work(v));
	vcpu_op(p, 0, DOWN, 1, 0);
	wake(p, 1, 0xf3);
	assert_true(hv_is_up(v));
	assert_false(v->polling || v->cpu->halted);
}

/* --- time --- */

static void a_run_state_begins_when_it_changes(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *v = &p->hv.vcpu[0];
	uint64_t start = clock_now(&p->g.m.clock);

	runstate_change(v, RUNSTATE_RUNNING);
	clock_advance(&p->g.m.clock, 500);
	struct info a = info_of(p, 0, 0);
	clock_advance(&p->g.m.clock, 500);
	struct info b = info_of(p, 0, 0);
	assert_int_equal(a.state, RUNSTATE_RUNNING);
	assert_int_equal(a.entry, start);
	assert_int_equal(b.entry, start); /* asking does not begin another */
	assert_int_equal(a.time[0], 500);
	assert_int_equal(b.time[0], 1000);
	runstate_change(v, RUNSTATE_BLOCKED);
	clock_advance(&p->g.m.clock, 70);
	runstate_change(v, RUNSTATE_RUNNING);
	b = info_of(p, 0, 0);
	assert_int_equal(b.entry, start + 1070);
	assert_int_equal(b.time[2], 70);
}

/* Others' are known up to now, too. */
static void run_states_of_others_go_on(void **state)
{
	struct pv *p = *state;
	uint64_t area = (BUFFER + 0x100) | INLINE;
	struct info i;

	clock_advance(&p->g.m.clock, 1000);
	i = info_of(p, 0, 1);
	assert_int_equal(i.state, RUNSTATE_OFFLINE);
	assert_int_equal(i.time[3], 1000);
	wake(p, 1, 0xf3);
	look(&p->hv.vcpu[1]);
	clock_advance(&p->g.m.clock, 200);
	i = info_of(p, 0, 1);
	assert_int_equal(i.state, RUNSTATE_RUNNING);
	assert_int_equal(i.time[0], 200);
	assert_int_equal(i.time[3], 1000);
	put(p, BUFFER, &area, 8);
	assert_int_equal(vcpu_op(p, 0, AREA, 1, ARG), 0); /* for another */
	get(p, BUFFER + 0x100, &i, sizeof(i));
	assert_int_equal(i.time[0], 200);
	vcpu_op(p, 0, DOWN, 1, 0);
	look(&p->hv.vcpu[1]);
	get(p, BUFFER + 0x100, &i, sizeof(i));
	assert_int_equal(i.state, RUNSTATE_OFFLINE);
}

/* A processor that runs on and on tells its time, too, so that a guest can see what was stolen. */
static void long_runs_are_told(void **state)
{
	struct pv *p = *state;
	uint64_t area = (BUFFER + 0x100) | INLINE;
	struct info i;

	runstate_change(p->v, RUNSTATE_RUNNING);
	put(p, BUFFER, &area, 8);
	assert_int_equal(vcpu_op(p, 0, AREA, 0, ARG), 0);
	clock_advance(&p->g.m.clock, 1000000);
	assert_int_equal(hv_tick(p->v), HV_CONTINUE);
	get(p, BUFFER + 0x100, &i, sizeof(i));
	assert_int_equal(i.time[0], 0);
	clock_advance(&p->g.m.clock, 40000000);
	assert_int_equal(hv_tick(p->v), HV_CONTINUE);
	get(p, BUFFER + 0x100, &i, sizeof(i));
	assert_int_equal(i.time[0], 41000000);
	assert_int_equal(i.state, RUNSTATE_RUNNING);
}

static void run_states_are_saved(void **state)
{
	struct pv *p = *state;
	struct stream s = {0};

	wake(p, 1, 0xf3); /* has not started yet */
	runstate_change(p->v, RUNSTATE_RUNNING);
	clock_advance(&p->g.m.clock, 300);
	runstate_change(p->v, RUNSTATE_RUNNING);
	hv_save(&p->hv, &s);
	hv_reset(&p->hv);
	assert_int_equal(info_of(p, 0, 0).time[0], 0);
	hv_load(&p->hv, &s);
	assert_true(stream_ok(&s));
	assert_int_equal(info_of(p, 0, 0).time[0], 300);
	p->hv.vcpu[1].cpu->ip = 0;
	assert_true(hv_is_up(&p->hv.vcpu[1]));
	assert_int_equal(p->hv.vcpu[1].cpu->ip, 0x5000000);
	stream_free(&s);
}

static uint32_t bind_timer(struct pv *p, uint32_t vcpu)
{
	uint32_t virq[3] = {VIRQ_TIMER, vcpu, 0};

	put(p, BUFFER, virq, sizeof(virq));
	call_on(p, 0, EVENT_OP, (const uint64_t[6]){1, ARG}, &action);
	get(p, BUFFER, virq, sizeof(virq));
	return virq[2];
}

static bool comes(struct pv *p, unsigned vcpu, uint32_t port, uint64_t ns)
{
	clock_advance(&p->g.m.clock, ns);
	hv_tick(&p->hv.vcpu[vcpu]);
	uint8_t *bits = p->hv.shared_info + 0xc00 + port / 8;
	bool pending = *bits >> port % 8 & 1;
	*bits &= (uint8_t) ~(1u << port % 8);
	return pending;
}

static void periods_are_for_any_processor(void **state)
{
	struct pv *p = *state;
	uint32_t port = bind_timer(p, 1);
	static const struct {
		uint64_t period;
		int64_t answer;
	} t[] = {{999999, -22}, {0, -22}, {1ull << 62, -22}, {~0ull, -22}, {(1ull << 62) - 1, 0},
		{1000000, 0}};

	for (unsigned n = 0; n < countof(t); n++) {
		put(p, BUFFER, &t[n].period, 8);
		assert_int_equal(vcpu_op(p, 0, PERIODIC, 1, ARG), t[n].answer);
	}
	assert_false(comes(p, 1, port, 900000));
	assert_true(comes(p, 1, port, 100000));
	assert_false(comes(p, 1, port, 900000));
	assert_true(comes(p, 1, port, 100000));
	assert_int_equal(vcpu_op(p, 0, STOP_PERIODIC, 1, 0), 0);
	assert_false(comes(p, 1, port, 5000000));
}

static void one_shots_are_ones_own(void **state)
{
	struct pv *p = *state;
	uint32_t port = bind_timer(p, 0);
	struct {
		uint64_t when;
		uint32_t flags;
	} op = {0, 1};

	clock_advance(&p->g.m.clock, 1000);
	put(p, BUFFER, &op, sizeof(op));
	assert_int_equal(vcpu_op(p, 0, SINGLE, 1, BAD), -22);
	assert_int_equal(vcpu_op(p, 0, STOP_SINGLE, 1, 0), -22);
	assert_int_equal(vcpu_op(p, 0, SINGLE, 0, ARG), -62);
	op.flags = 0;
	for (unsigned n = 0; n < 2; n++) { /* in the past: at once */
		op.when = n ? 1ull << 63 : 5;
		put(p, BUFFER, &op, sizeof(op));
		assert_int_equal(vcpu_op(p, 0, SINGLE, 0, ARG), 0);
		assert_true(comes(p, 0, port, 0));
		assert_false(comes(p, 0, port, 1000000));
	}
	op.when = clock_now(&p->g.m.clock) + 1000;
	put(p, BUFFER, &op, sizeof(op));
	assert_int_equal(vcpu_op(p, 0, SINGLE, 0, ARG), 0);
	assert_int_equal(vcpu_op(p, 0, STOP_SINGLE, 0, 0), 0);
	assert_false(comes(p, 0, port, 2000));
}

/* --- both at once --- */

#define STARTS 2000

static _Atomic bool ended;

/* Whenever it is up it has been given its registers; then it goes down. */
static void *start_and_stop(void *arg)
{
	struct hv_vcpu *v = arg;
	void *wrong = NULL;

	for (unsigned n = 0; n < STARTS; n++) {
		v->cpu->ip = 0;
		while (!hv_is_up(v))
			sched_yield();
		if (v->cpu->ip != 0x5000000)
			wrong = v;
		gr_set(v->cpu, 2, 0x1200, 0);
		hv_call(v->hv, v->cpu);
	}
	ended = true;
	return wrong;
}

static void a_processor_never_runs_before_its_start(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *v = &p->hv.vcpu[1];
	pthread_t thread;
	void *wrong;

	assert_int_equal(pthread_create(&thread, NULL, start_and_stop, v), 0);
	for (unsigned n = 0; n < STARTS; n++) {
		while (!v->down && !ended)
			sched_yield();
		wake(p, 1, 0xf3);
	}
	pthread_join(thread, &wrong);
	assert_null(wrong);
}

struct storm {
	struct pv *p;
	unsigned on;
	pthread_t thread;
};

/* Starts and stops the other, asks for its time, sets its timer, sends it events. */
static void *rage(void *arg)
{
	struct storm *s = arg;
	struct pv *p = s->p;
	struct hv_vcpu *v = &p->hv.vcpu[s->on];
	uint64_t other = !s->on, at = BUFFER + 0x1000 + 0x100ull * s->on, period = 1000000;
	enum hv_action a;

	ram_write(&p->g.m.ram, GPA(at), &period, 8);
	for (unsigned n = 0; n < 3000; n++) {
		static const uint8_t ops[] = {
			DOWN, RUNSTATE, UP, PERIODIC, IS_UP, AREA, STOP_PERIODIC};
		uint8_t op = ops[n % countof(ops)];
		uint64_t handle = (at + (op == RUNSTATE || op == AREA ? 0x40 : 0)) | INLINE;
		call_on(p, s->on, VCPU_OP, (const uint64_t[6]){op, other, handle}, &a);
		evtchn_raise_virq(&p->hv, (unsigned)other, VIRQ_TIMER);
		hv_tick(v);
		hv_is_up(v);
		runstate_change(v, n % 2 ? RUNSTATE_RUNNING : RUNSTATE_BLOCKED);
		hv_has_work(v);
	}
	return NULL;
}

static void processors_may_do_it_at_the_same_time(void **state)
{
	struct pv *p = *state;
	struct storm s[2] = {{.p = p, .on = 0}, {.p = p, .on = 1}};

	wake(p, 1, 0xf3);
	assert_true(hv_is_up(&p->hv.vcpu[1]));
	bind_timer(p, 0);
	bind_timer(p, 1);
	for (unsigned n = 0; n < 2; n++)
		assert_int_equal(pthread_create(&s[n].thread, NULL, rage, &s[n]), 0);
	for (unsigned n = 0; n < 2; n++)
		pthread_join(s[n].thread, NULL);
	assert_int_equal(vcpu_op(p, 0, UP, 1, 0), 0);
	assert_true(hv_is_up(&p->hv.vcpu[1]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, two, end_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(processors_are_checked),
		TEST(a_processor_starts_on_its_own_thread),
		TEST(a_start_is_not_lost),
		TEST(waiting_outlives_down_and_up_but_no_start),
		TEST(a_run_state_begins_when_it_changes),
		TEST(run_states_of_others_go_on),
		TEST(long_runs_are_told),
		TEST(run_states_are_saved),
		TEST(periods_are_for_any_processor),
		TEST(one_shots_are_ones_own),
		TEST(a_processor_never_runs_before_its_start),
		TEST(processors_may_do_it_at_the_same_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
