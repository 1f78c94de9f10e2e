/* SPDX-License-Identifier: MIT */
/* Two hypervisors with a pair of sockets between them: event channels and grants of two domains. */
#define _GNU_SOURCE
#include "pv.h"

#include "base/stream.h"
#include "hv/event.h"
#include "hv/hypercall.h"
#include "hv/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 0x300000ull /* guest-physical */
#define INLINE (1ull << 63)

enum { EVENT_OP = 32, MULTICALL = 13 };
enum { BIND, BIND_VIRQ, BIND_PIRQ, CLOSE, SEND, STATUS, ALLOC, BIND_IPI, BIND_VCPU, UNMASK, RESET };

struct two {
	struct pv *a, *b;
	unsigned notified, stops;
};

static void count_notify(void *ctx)
{
	((struct two *)ctx)->notified++;
}

static void count_stop(void *ctx)
{
	((struct two *)ctx)->stops++;
}

static void count_go(void *ctx)
{
	((struct two *)ctx)->stops--;
}

static struct pv *make(struct two *t, uint16_t domid)
{
	const struct peers_host host = {
		.ctx = t, .notify = count_notify, .stop = count_stop, .go = count_go};
	void *p;

	pv_setup(&p);
	((struct pv *)p)->hv.domid = domid;
	assert_int_equal(peers_init(&((struct pv *)p)->hv, &host), 0);
	return p;
}

static void pair_of_sockets(int pair[2])
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	assert_int_equal(socketpair(AF_UNIX, type, 0, pair), 0);
}

static void join(struct two *t)
{
	int pair[2];

	pair_of_sockets(pair);
	peers_connect(&t->a->hv, 2, pair[0]);
	peers_connect(&t->b->hv, 1, pair[1]);
}

static int setup(void **state)
{
	struct two *t = calloc(1, sizeof(*t));

	t->a = make(t, 1);
	t->b = make(t, 2);
	*state = t;
	return 0;
}

static int setup_joined(void **state)
{
	setup(state);
	join(*state);
	return 0;
}

static int teardown(void **state)
{
	struct two *t = *state;
	void *a = t->a, *b = t->b;

	if (a)
		pv_teardown(&a);
	pv_teardown(&b);
	assert_int_equal(t->stops, 0);
	free(t);
	return 0;
}

static void put(struct pv *p, uint64_t gpa, const void *data, size_t n)
{
	assert_int_equal(ram_write(&p->g.m.ram, GPA(gpa), data, n), 0);
}

static void get(struct pv *p, uint64_t gpa, void *data, size_t n)
{
	assert_int_equal(ram_read(&p->g.m.ram, GPA(gpa), data, n), 0);
}

static void pump(struct two *t)
{
	for (unsigned n = 0; n < 3; n++) {
		if (t->a)
			peers_serve(&t->a->hv);
		peers_serve(&t->b->hv);
	}
}

/* Begins a hypercall; true: it waits. */
static bool begin(struct pv *p, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2)
{
	cpu_set_cfm(p->cpu, 8);
	gr_set(p->cpu, 2, number, 0);
	gr_set(p->cpu, 32, a0, 0);
	gr_set(p->cpu, 33, a1, 0);
	gr_set(p->cpu, 34, a2, 0);
	gr_set(p->cpu, 8, 0x1234, 0);
	enum hv_action action = hv_call(&p->hv, p->cpu);
	assert_int_equal(action, p->v->wait.on ? HV_BLOCK : HV_CONTINUE);
	return p->v->wait.on;
}

/* To its end, of which the result is r8. */
static int64_t end(struct two *t, struct pv *p)
{
	for (unsigned n = 0; p->v->wait.on && n < 100000; n++) {
		assert_int_equal(gr_value(p->cpu, 8), 0x1234);
		pump(t);
		if (hv_has_work(p->v))
			hv_call(&p->hv, p->cpu);
	}
	assert_false(p->v->wait.on);
	return (int64_t)gr_value(p->cpu, 8);
}

static int64_t call_with(
	struct two *t, struct pv *p, uint64_t number, uint64_t cmd, void *arg, size_t n)
{
	put(p, BUFFER, arg, n);
	begin(p, number, cmd, BUFFER | INLINE, 1);
	int64_t r = end(t, p);
	get(p, BUFFER, arg, n);
	return r;
}

/* --- event channels --- */

struct op_bind {
	uint16_t dom, pad;
	uint32_t remote, local;
};

static uint32_t offer(struct two *t, struct pv *p, uint16_t to)
{
	struct {
		uint16_t dom, remote;
		uint32_t port;
	} op = {DOMID_SELF, to, 0};

	assert_int_equal(call_with(t, p, EVENT_OP, ALLOC, &op, sizeof(op)), 0);
	return op.port;
}

static int64_t bind_to(struct two *t, struct pv *p, uint16_t dom, uint32_t remote)
{
	struct op_bind op = {dom, 0, remote, 99};
	int64_t r = call_with(t, p, EVENT_OP, BIND, &op, sizeof(op));

	return r ? r : op.local;
}

static int64_t port_op(struct two *t, struct pv *p, unsigned op, uint32_t port)
{
	return call_with(t, p, EVENT_OP, op, &port, sizeof(port));
}

static bool take_event(struct pv *p, uint32_t port)
{
	bool pending = evtchn_pending(&p->hv, port);

	p->hv.shared_info[0xc00 + port / 8] &= (uint8_t) ~(1u << port % 8);
	return pending;
}

struct op_status {
	uint16_t dom, pad;
	uint32_t port, status, vcpu;
	uint16_t remote_dom, pad2;
	uint32_t remote_port;
};

static struct op_status status_of(struct two *t, struct pv *p, uint32_t port)
{
	struct op_status s = {.dom = DOMID_SELF, .port = port};

	assert_int_equal(call_with(t, p, EVENT_OP, STATUS, &s, sizeof(s)), 0);
	return s;
}

static void a_channel_to_another_domain_carries_events_both_ways(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2);
	int64_t local = bind_to(t, t->b, 1, port);

	assert_true(local > 0);
	assert_true(take_event(t->b, (uint32_t)local)); /* may have been lost before */
	assert_false(take_event(t->a, port));
	struct op_status s = status_of(t, t->a, port);
	assert_int_equal(s.status, 2);
	assert_int_equal(s.remote_dom, 2);
	assert_int_equal(s.remote_port, local);
	s = status_of(t, t->b, (uint32_t)local);
	assert_int_equal(s.status, 2);
	assert_int_equal(s.remote_dom, 1);
	assert_int_equal(s.remote_port, port);
	assert_int_equal(port_op(t, t->b, SEND, (uint32_t)local), 0);
	pump(t);
	assert_true(take_event(t->a, port));
	assert_int_equal(port_op(t, t->a, SEND, port), 0);
	pump(t);
	assert_true(take_event(t->b, (uint32_t)local));
}

static void only_what_is_offered_is_bound(void **state)
{
	struct two *t = *state;
	uint32_t ours = offer(t, t->a, 2), others = offer(t, t->a, 7), own = offer(t, t->a, 1);

	assert_int_equal(bind_to(t, t->b, 1, others), -22);
	assert_int_equal(bind_to(t, t->b, 1, own), -22);
	assert_int_equal(bind_to(t, t->b, 1, 0), -22);
	assert_int_equal(bind_to(t, t->b, 1, 4095), -22);
	assert_int_equal(bind_to(t, t->b, 1, 4096), -22);
	assert_int_equal(bind_to(t, t->b, 1, ~0u), -22);
	assert_int_equal(bind_to(t, t->b, 0, ours), -22);
	int64_t local = bind_to(t, t->b, 1, ours);
	assert_int_equal(local, 1); /* refusals have used up none */
	assert_int_equal(bind_to(t, t->b, 1, ours), -22);
	assert_int_equal(status_of(t, t->b, 2).status, 0);
}

static void a_domain_that_is_not_there_is_not_found(void **state)
{
	struct two *t = *state;
	struct op_bind op = {9, 0, 1, 0};

	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, EVENT_OP, BIND, BUFFER | INLINE, 0));
	assert_int_equal(peers_wanted(&t->b->hv), 9);
	assert_int_equal(peers_wanted(&t->b->hv), 0); /* once */
	peers_want_again(&t->b->hv);
	assert_int_equal(peers_wanted(&t->b->hv), 9);
	assert_false(hv_has_work(t->b->v));
	peers_refuse(&t->b->hv, 8);
	assert_false(hv_has_work(t->b->v));
	peers_refuse(&t->b->hv, 9);
	assert_true(hv_has_work(t->b->v));
	assert_int_equal(end(t, t->b), -3);
	assert_int_equal(bind_to(t, t->b, 0x7ff1, 1), -3);
	assert_int_equal(status_of(t, t->b, 1).status, 0);
}

static void who_asks_first_waits_for_the_connection(void **state)
{
	struct two *t = *state;
	struct op_bind op = {1, 0, offer(t, t->a, 2), 0};

	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, EVENT_OP, BIND, BUFFER | INLINE, 0));
	assert_int_equal(peers_wanted(&t->b->hv), 1);
	memset(&op, 0xff, sizeof(op)); /* another processor of the guest */
	put(t->b, BUFFER, &op, sizeof(op));
	join(t);
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, &op, sizeof(op));
	assert_int_equal(op.local, 1);
}

static void a_closed_channel_waits_for_the_same_domain_again(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2), local = (uint32_t)bind_to(t, t->b, 1, port);

	assert_int_equal(port_op(t, t->b, CLOSE, local), 0);
	pump(t);
	struct op_status s = status_of(t, t->a, port);
	assert_int_equal(s.status, 1);
	assert_int_equal(s.remote_dom, 2);
	assert_int_equal(port_op(t, t->a, SEND, port), 0); /* dropped */
	local = (uint32_t)bind_to(t, t->b, 1, port);
	assert_int_equal(status_of(t, t->a, port).remote_port, local);
	assert_int_equal(port_op(t, t->a, CLOSE, port), 0);
	pump(t);
	assert_int_equal(status_of(t, t->b, local).status, 1);
	assert_int_equal(status_of(t, t->b, local).remote_dom, 1);
	/* now the other one may bind */
	assert_int_equal(bind_to(t, t->a, 2, local), port);
}

static void a_signal_of_a_channel_that_was_closed_is_lost(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2), local = (uint32_t)bind_to(t, t->b, 1, port);

	take_event(t->b, local);
	assert_int_equal(port_op(t, t->a, SEND, port), 0);
	assert_int_equal(port_op(t, t->b, CLOSE, local), 0);
	uint32_t ipi[2] = {0, 0};
	assert_int_equal(call_with(t, t->b, EVENT_OP, BIND_IPI, ipi, 8), 0);
	assert_int_equal(ipi[1], local);
	pump(t);
	assert_false(take_event(t->b, local));
	assert_int_equal(status_of(t, t->b, local).status, 5);
}

static void death_frees_the_ports_that_were_bound(void **state)
{
	struct two *t = *state;
	uint32_t port[3], local[3];
	void *a = t->a;

	for (unsigned n = 0; n < 3; n++) {
		port[n] = offer(t, t->a, 2);
		local[n] = (uint32_t)bind_to(t, t->b, 1, port[n]);
	}
	pv_teardown(&a);
	t->a = NULL;
	pump(t);
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(status_of(t, t->b, local[n]).status, 1);
		assert_int_equal(status_of(t, t->b, local[n]).remote_dom, 1);
		assert_int_equal(port_op(t, t->b, SEND, local[n]), 0);
	}
}

static void death_answers_who_waits(void **state)
{
	struct two *t = *state;
	struct op_bind op = {1, 0, offer(t, t->a, 2), 0};
	void *a = t->a;

	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, EVENT_OP, BIND, BUFFER | INLINE, 0));
	pv_teardown(&a);
	t->a = NULL;
	assert_int_equal(end(t, t->b), -3);
	assert_int_equal(status_of(t, t->b, 1).status, 0);
}

static void a_reboot_is_a_death(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2), local = (uint32_t)bind_to(t, t->b, 1, port);

	hv_reset(&t->a->hv);
	pump(t);
	assert_int_equal(status_of(t, t->b, local).status, 1);
	pv_start(t->a);
	join(t);
	port = offer(t, t->a, 2);
	assert_true(bind_to(t, t->b, 1, port) > 0);
}

static void a_reboot_gives_up_what_it_waits_for(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2);
	struct op_bind op = {1, 0, port, 0};

	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, EVENT_OP, BIND, BUFFER | INLINE, 0));
	peer_forget(t->b->v); /* and the answer comes */
	pump(t);
	assert_false(t->b->v->wait.on);
	assert_int_equal(status_of(t, t->b, 1).status, 0);
	assert_int_equal(status_of(t, t->a, port).status, 1); /* was bound, and given back */
}

static void a_storm_of_signals_arrives_once_at_least(void **state)
{
	struct two *t = *state;
	uint32_t port[8], local[8];

	for (unsigned n = 0; n < 8; n++) {
		port[n] = offer(t, t->a, 2);
		local[n] = (uint32_t)bind_to(t, t->b, 1, port[n]);
		take_event(t->b, local[n]);
	}
	for (unsigned n = 0; n < 100000; n++)
		port_op(t, t->a, SEND, port[n % 7]);
	port_op(t, t->a, SEND, port[7]); /* long after the socket is full */
	for (unsigned n = 0; n < 10000 && !evtchn_pending(&t->b->hv, local[7]); n++)
		pump(t);
	for (unsigned n = 0; n < 8; n++)
		assert_true(take_event(t->b, local[n]));
}

static void a_multicall_goes_on_where_it_was(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2);
	struct op_bind op = {1, 0, port, 0};
	uint32_t ipi[2] = {0, 0};
	uint64_t entry[3][8] = {{EVENT_OP, 99, BIND_IPI, (BUFFER + 0x100) | INLINE},
		{EVENT_OP, 99, BIND, (BUFFER + 0x200) | INLINE},
		{EVENT_OP, 99, BIND_IPI, (BUFFER + 0x300) | INLINE}};

	put(t->b, BUFFER, entry, sizeof(entry));
	put(t->b, BUFFER + 0x100, ipi, 8);
	put(t->b, BUFFER + 0x200, &op, sizeof(op));
	put(t->b, BUFFER + 0x300, ipi, 8);
	assert_true(begin(t->b, MULTICALL, BUFFER | INLINE, 3, 0));
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, entry, sizeof(entry));
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(entry[n][1], 0);
	assert_int_equal(status_of(t, t->b, 1).status, 5);
	assert_int_equal(status_of(t, t->b, 2).status, 2);
	assert_int_equal(status_of(t, t->b, 3).status, 5);
	assert_int_equal(status_of(t, t->b, 4).status, 0); /* each was done once */
}

static void a_moved_global_virq_is_closed_where_it_was_bound(void **state)
{
	struct two *t = *state;
	uint32_t virq[3] = {2, 0, 0};

	for (unsigned n = 0; n < 2; n++) {
		assert_int_equal(call_with(t, t->a, EVENT_OP, BIND_VIRQ, virq, 12), 0);
		t->a->hv.event.port[virq[2]].vcpu = 1; /* bind_vcpu, had it two */
		assert_int_equal(port_op(t, t->a, CLOSE, virq[2]), 0);
	}
}

/* --- a peer that has been taken over --- */

/* B's end of a new connection, in our hands. */
static int impostor(struct two *t)
{
	int pair[2];

	pair_of_sockets(pair);
	peers_connect(&t->a->hv, 5, pair[0]);
	return pair[1];
}

static bool hung_up(struct two *t, int fd)
{
	char c[64];

	pump(t);
	return recv(fd, c, sizeof(c), MSG_DONTWAIT) == 0;
}

static void a_senseless_packet_ends_its_connection_only(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2);
	struct peer_msg m;
	const struct peer_msg bad[] = {
		{.kind = PEER_KINDS},
		{.kind = ~0u},
		{.kind = PEER_EVENT, .len = 5},
		{.kind = PEER_ANSWER, .len = ~0u},
		{.kind = PEER_BIND, .port = 1, .from = 0},
		{.kind = PEER_BIND, .port = 1, .from = 4096},
	};

	for (unsigned n = 0; n < countof(bad); n++) {
		int fd = impostor(t);
		assert_int_equal(send(fd, &bad[n], sizeof(bad[n]), 0), sizeof(bad[n]));
		assert_true(hung_up(t, fd));
		close(fd);
	}
	static const size_t sizes[] = {1, sizeof(m) - 1, sizeof(m) + 1, 40000};
	static uint8_t bytes[40000];
	for (unsigned n = 0; n < countof(sizes); n++) {
		int fd = impostor(t);
		assert_int_equal(send(fd, bytes, sizes[n], 0), sizes[n]);
		assert_true(hung_up(t, fd));
		close(fd);
	}
	assert_true(bind_to(t, t->b, 1, port) > 0);
}

static void others_channels_are_not_to_be_had(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2), local = (uint32_t)bind_to(t, t->b, 1, port);
	int fd = impostor(t);
	struct peer_msg m = {.kind = PEER_EVENT, .port = port, .from = local};

	send(fd, &m, sizeof(m), 0);
	m.kind = PEER_CLOSE;
	send(fd, &m, sizeof(m), 0);
	m = (struct peer_msg){.kind = PEER_ANSWER, .seq = 64};
	send(fd, &m, sizeof(m), 0);
	m = (struct peer_msg){.kind = PEER_BIND, .port = offer(t, t->a, 2), .from = 3, .seq = 77};
	send(fd, &m, sizeof(m), 0);
	pump(t);
	assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
	assert_int_equal(m.seq, 77);
	assert_int_equal(m.status, -22);
	assert_false(take_event(t->a, port));
	assert_int_equal(status_of(t, t->a, port).status, 2);
	close(fd);
}

static void an_answer_to_nothing_is_none(void **state)
{
	struct two *t = *state;
	int fd = impostor(t);
	struct op_bind op = {5, 0, 3, 0};
	struct peer_msg m;

	put(t->a, BUFFER, &op, sizeof(op));
	assert_true(begin(t->a, EVENT_OP, BIND, BUFFER | INLINE, 0));
	assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
	m.kind = PEER_ANSWER;
	m.seq += 64;
	send(fd, &m, sizeof(m), 0);
	m.seq += 63;
	send(fd, &m, sizeof(m), 0);
	pump(t);
	assert_false(hv_has_work(t->a->v));
	m.seq -= 127;
	m.status = 4711;
	send(fd, &m, sizeof(m), 0);
	assert_int_equal(end(t, t->a), -22);
	close(fd);
}

static void a_new_connection_takes_the_place_of_a_dead_one_only(void **state)
{
	struct two *t = *state;
	int first = impostor(t), second = impostor(t);

	assert_true(hung_up(t, second));
	close(second);
	close(first); /* not noticed yet */
	int third = impostor(t);
	assert_false(hung_up(t, third));
	close(third);
}

static void a_saved_channel_waits_for_its_domain(void **state)
{
	struct two *t = *state;
	uint32_t port = offer(t, t->a, 2);
	struct stream s = {0};

	bind_to(t, t->b, 1, port);
	evtchn_save(&t->a->hv, &s);
	evtchn_load(&t->a->hv, &s);
	assert_true(stream_ok(&s));
	stream_free(&s);
	assert_int_equal(status_of(t, t->a, port).status, 1);
	assert_int_equal(status_of(t, t->a, port).remote_dom, 2);
}

#define JOINED(f) cmocka_unit_test_setup_teardown(f, setup_joined, teardown)
#define APART(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOINED(a_channel_to_another_domain_carries_events_both_ways),
		JOINED(only_what_is_offered_is_bound),
		APART(a_domain_that_is_not_there_is_not_found),
		APART(who_asks_first_waits_for_the_connection),
		JOINED(a_closed_channel_waits_for_the_same_domain_again),
		JOINED(a_signal_of_a_channel_that_was_closed_is_lost),
		JOINED(death_frees_the_ports_that_were_bound),
		JOINED(death_answers_who_waits),
		JOINED(a_reboot_is_a_death),
		JOINED(a_reboot_gives_up_what_it_waits_for),
		JOINED(a_storm_of_signals_arrives_once_at_least),
		JOINED(a_multicall_goes_on_where_it_was),
		JOINED(a_moved_global_virq_is_closed_where_it_was_bound),
		JOINED(a_senseless_packet_ends_its_connection_only),
		JOINED(others_channels_are_not_to_be_had),
		JOINED(an_answer_to_nothing_is_none),
		JOINED(a_new_connection_takes_the_place_of_a_dead_one_only),
		JOINED(a_saved_channel_waits_for_its_domain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
