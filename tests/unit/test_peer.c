/* SPDX-License-Identifier: MIT */
/* Two hypervisors with a pair of sockets between them: event channels and grants of two domains. */
#define _GNU_SOURCE
#include "pv.h"

#include "base/packet.h"
#include "base/stream.h"
#include "hv/event.h"
#include "hv/export.h"
#include "hv/grant.h"
#include "hv/hypercall.h"
#include "hv/memory.h"
#include "hv/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER	 0x300000ull /* guest-physical */
#define INLINE	 (1ull << 63)
#define PATIENCE 3600000 /* more than a test may take */

enum { EVENT_OP = 32, MULTICALL = 13, GRANT_OP = 20, MEMORY_OP = 12, SCHED_OP = 29 };
enum { BIND, BIND_VIRQ, BIND_PIRQ, CLOSE, SEND, STATUS, ALLOC, BIND_IPI, BIND_VCPU, UNMASK, RESET };

struct two {
	struct pv *a, *b;
	unsigned notified, stops, stopped; /* now, ever */
};

static void count_notify(void *ctx)
{
	((struct two *)ctx)->notified++;
}

static void count_stop(void *ctx)
{
	((struct two *)ctx)->stops++;
	((struct two *)ctx)->stopped++;
}

static void count_go(void *ctx)
{
	((struct two *)ctx)->stops--;
}

static struct pv *make(struct two *t, uint16_t domid)
{
	const struct peers_host host = {.ctx = t,
		.notify = count_notify,
		.exports = 500,
		.patience = PATIENCE,
		.stop = count_stop,
		.go = count_go};
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

static void a_watchdog_does_not_wait_for_another_domain(void **state)
{
	struct two *t = *state;
	uint32_t watchdog[2] = {0, 5}; /* a new one, of 5 s */
	struct op_bind op = {9, 0, 1, 0};

	assert_int_equal(call_with(t, t->b, SCHED_OP, 6, watchdog, sizeof(watchdog)), 1);
	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, EVENT_OP, BIND, BUFFER | INLINE, 0));
	assert_true(hv_deadline(t->b->v) == UINT64_MAX);
	t->b->g.m.clock.is_virtual = false;
	uint64_t deadline = hv_deadline(t->b->v);
	t->b->g.m.clock.is_virtual = true;
	assert_int_equal(deadline, t->b->hv.watchdog.deadline[0]);
	peers_refuse(&t->b->hv, 9);
	assert_int_equal(end(t, t->b), -3);
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
	uint64_t other[8] = {17, 99, 7}; /* by another processor of the guest */
	put(t->b, BUFFER + 64, other, sizeof(other));
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

/* --- grants --- */

enum { MAP, UNMAP, SETUP, DUMP, TRANSFER, COPY, QUERY, REPLACE };
enum { HOST = 2, READONLY = 4 };
enum { ACCESS = 1, ACCEPT = 2, RO = 4, READING = 8, WRITING = 16 };

struct op_map {
	uint64_t host_addr;
	uint32_t flags, ref;
	uint16_t dom;
	int16_t status;
	uint32_t handle;
	uint64_t dev;
};

struct op_unmap {
	uint64_t host_addr, dev;
	uint32_t handle;
	int16_t status, pad;
};

struct copy_end {
	uint64_t what;
	uint16_t dom, offset;
	uint32_t pad;
};

struct op_copy {
	struct copy_end from, to;
	uint16_t len, flags;
	int16_t status, pad;
};

struct op_transfer {
	uint64_t gfn;
	uint16_t dom, pad;
	uint32_t ref;
	int16_t status, pad2[3];
};

#define PAGE(gfn) ((uint64_t)(gfn) << 14)

static void grant(struct pv *p, uint32_t ref, uint16_t flags, uint16_t domid, uint32_t gfn)
{
	uint32_t entry[2] = {flags | (uint32_t)domid << 16, gfn};
	put(p, HV_GRANT_FRAMES + 8 * ref, entry, 8);
}

static uint16_t flags_of(struct pv *p, uint32_t ref)
{
	uint16_t flags;
	get(p, HV_GRANT_FRAMES + 8 * ref, &flags, 2);
	return flags;
}

static uint64_t word_at(struct pv *p, uint64_t gpa)
{
	uint64_t v;
	get(p, gpa, &v, 8);
	return v;
}

static void set_word(struct pv *p, uint64_t gpa, uint64_t v)
{
	put(p, gpa, &v, 8);
}

/* B maps what A granted; status. */
static int map(struct two *t, uint32_t ref, uint32_t flags, uint64_t gfn, uint32_t *handle)
{
	struct op_map op = {PAGE(gfn), flags, ref, 1, 99, 0, 0};

	assert_int_equal(call_with(t, t->b, GRANT_OP, MAP, &op, sizeof(op)), 0);
	*handle = op.handle;
	return op.status;
}

static int unmap(struct two *t, uint64_t gfn, uint32_t handle)
{
	struct op_unmap op = {PAGE(gfn), 0, handle, 99, 0};

	assert_int_equal(call_with(t, t->b, GRANT_OP, UNMAP, &op, sizeof(op)), 0);
	return op.status;
}

static int copy(
	struct two *t, struct copy_end from, struct copy_end to, uint16_t len, uint16_t flags)
{
	struct op_copy op = {from, to, len, flags, 99, 0};

	assert_int_equal(call_with(t, t->b, GRANT_OP, COPY, &op, sizeof(op)), 0);
	return op.status;
}

static void a_mapped_page_is_one_page_of_both(void **state)
{
	struct two *t = *state;
	uint32_t handle;

	grant(t->a, 9, ACCESS, 2, 0x80);
	set_word(t->a, PAGE(0x80) + 64, 0x1111);
	set_word(t->a, PAGE(0x81), 0x8181);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	assert_int_equal(flags_of(t->a, 9), ACCESS | READING | WRITING);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 64), 0x1111);
	set_word(t->b, PAGE(0x90) + 72, 0x2222);
	assert_int_equal(word_at(t->a, PAGE(0x80) + 72), 0x2222);
	set_word(t->a, PAGE(0x80) + 80, 0x3333);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 80), 0x3333);
	assert_int_equal(export_count(&t->a->hv), 1);
	assert_false(memory_remove(&t->a->hv, 0x80));
	assert_false(memory_remove(&t->b->hv, 0x90));
	assert_int_equal(unmap(t, 0x90, handle), 0);
	assert_int_equal(flags_of(t->a, 9), ACCESS);
	assert_int_equal(export_count(&t->a->hv), 0);
	assert_int_equal(word_at(t->a, PAGE(0x80) + 72), 0x2222); /* has moved back */
	assert_int_equal(word_at(t->a, PAGE(0x81)), 0x8181);
	assert_false(memory_present(&t->b->hv, 0x90));
	assert_true(memory_add(&t->b->hv, 0x90));
	assert_int_equal(word_at(t->b, PAGE(0x90) + 64), 0);
	assert_int_equal(unmap(t, 0x90, handle), GNTST_BAD_HANDLE);
	assert_true(memory_remove(&t->a->hv, 0x80));
}

/* What a taken-over process has kept of the file is no part of the domain any more. */
static void a_page_that_came_back_is_the_domains_own(void **state)
{
	struct two *t = *state;
	uint32_t handle;

	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	int fd = dup(export_find(&t->a->hv, 0x80));
	uint8_t *kept = mmap(NULL, XEN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), XEN_PAGE_SIZE); /* and nothing else was in it */
	assert_int_not_equal(ftruncate(fd, 0), 0);
	assert_int_equal(unmap(t, 0x90, handle), 0);
	kept[8] = 1;
	set_word(t->a, PAGE(0x80), 5);
	assert_int_equal(kept[0], 0);
	assert_int_equal(word_at(t->a, PAGE(0x80) + 8), 0);
	munmap(kept, XEN_PAGE_SIZE);
	close(fd);
}

static void a_page_for_reading_is_not_written(void **state)
{
	struct two *t = *state;
	uint32_t handle;

	grant(t->a, 9, ACCESS | RO, 2, 0x80);
	set_word(t->a, PAGE(0x80), 7);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), GNTST_GENERAL_ERROR);
	assert_int_equal(flags_of(t->a, 9), ACCESS | RO);
	assert_int_equal(map(t, 9, HOST | READONLY, 0x90, &handle), 0);
	assert_int_equal(flags_of(t->a, 9), ACCESS | RO | READING);
	assert_int_equal(word_at(t->b, PAGE(0x90)), 7);
	assert_null(ram_write_ptr(&t->b->g.m.ram, GPA(PAGE(0x90)), 8));
	uint8_t *ring = memory_hold(&t->b->hv, 0x90); /* nor by who serves a ring of B's there */
	memset(ring, 9, XEN_PAGE_SIZE);
	memory_let(&t->b->hv, 0x90, ring);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 7);
	assert_int_equal(unmap(t, 0x90, handle), 0);
	assert_true(memory_add(&t->b->hv, 0x90));
	set_word(t->b, PAGE(0x90), 8);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 7);
	ring = memory_hold(&t->b->hv, 0x90);
	assert_int_equal(ring[0], 8);
	assert_false(memory_remove(&t->b->hv, 0x90));
	memory_let(&t->b->hv, 0x90, ring);
	assert_true(memory_remove(&t->b->hv, 0x90));
}

static void what_is_not_granted_is_not_mapped(void **state)
{
	struct two *t = *state;
	uint32_t handle;

	grant(t->a, 1, ACCESS, 3, 0x80);
	grant(t->a, 2, 0, 2, 0x80);
	grant(t->a, 3, ACCESS, 2, 0xffffff);
	grant(t->a, 4, ACCEPT, 2, 0x80);
	grant(t->a, 5, ACCESS, 2, 0x81);
	assert_int_equal(map(t, 1, HOST, 0x90, &handle), GNTST_GENERAL_ERROR);
	assert_int_equal(map(t, 2, HOST, 0x90, &handle), GNTST_GENERAL_ERROR);
	assert_int_equal(map(t, 3, HOST, 0x90, &handle), GNTST_BAD_PAGE);
	assert_int_equal(map(t, 4, HOST, 0x90, &handle), GNTST_GENERAL_ERROR);
	assert_int_equal(map(t, 2048, HOST, 0x90, &handle), GNTST_BAD_GNTREF);
	assert_int_equal(map(t, ~0u, HOST, 0x90, &handle), GNTST_BAD_GNTREF);
	assert_int_equal(map(t, 5, 0, 0x90, &handle), GNTST_BAD_GNTREF);
	assert_int_equal(map(t, 5, HOST, t->b->hv.pages, &handle), GNTST_BAD_VIRT_ADDR);
	assert_non_null(memory_pin(&t->b->hv, 0x91));
	assert_int_equal(map(t, 5, HOST, 0x91, &handle), GNTST_BAD_VIRT_ADDR);
	pump(t);
	assert_int_equal(flags_of(t->a, 5), ACCESS); /* was given back */
	assert_int_equal(export_count(&t->a->hv), 0);
	memory_unpin(&t->b->hv, 0x91);
	assert_int_equal(map(t, 5, HOST, 0x91, &handle), 0);
	assert_int_equal(map(t, 5, HOST, 0x91, &handle), GNTST_BAD_VIRT_ADDR); /* taken */
}

static void a_page_is_mapped_as_often_as_wanted(void **state)
{
	struct two *t = *state;
	uint32_t first, second, third;

	grant(t->a, 9, ACCESS, 2, 0x80);
	grant(t->a, 10, ACCESS | RO, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &first), 0);
	assert_int_equal(map(t, 9, HOST | READONLY, 0x91, &second), 0);
	assert_int_equal(map(t, 10, HOST | READONLY, 0x92, &third), 0);
	set_word(t->b, PAGE(0x90), 0x77);
	assert_int_equal(word_at(t->b, PAGE(0x91)), 0x77);
	assert_int_equal(word_at(t->b, PAGE(0x92)), 0x77);
	assert_int_equal(unmap(t, 0x90, first), 0);
	assert_int_equal(flags_of(t->a, 9), ACCESS | READING);
	assert_int_equal(export_count(&t->a->hv), 1);
	set_word(t->a, PAGE(0x80), 0x78);
	assert_int_equal(word_at(t->b, PAGE(0x92)), 0x78);
	assert_int_equal(unmap(t, 0x91, second), 0);
	assert_int_equal(flags_of(t->a, 9), ACCESS);
	assert_int_equal(unmap(t, 0x92, third), 0);
	assert_int_equal(export_count(&t->a->hv), 0);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 0x78);
}

static void one_call_maps_many(void **state)
{
	struct two *t = *state;
	struct op_map m[40];
	struct op_unmap u[40];

	for (uint32_t n = 0; n < 40; n++) {
		grant(t->a, n, ACCESS, n == 20 ? 3 : 2, 0x80 + n);
		set_word(t->a, PAGE(0x80 + n), n);
		m[n] = (struct op_map){PAGE(0x100 + n), HOST, n, 1, 99, 0, 0};
	}
	put(t->b, BUFFER, m, sizeof(m));
	assert_true(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 40));
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, m, sizeof(m));
	for (uint32_t n = 0; n < 40; n++) {
		assert_int_equal(m[n].status, n == 20 ? GNTST_GENERAL_ERROR : 0);
		if (n != 20)
			assert_int_equal(word_at(t->b, PAGE(0x100 + n)), n);
		u[n] = (struct op_unmap){PAGE(0x100 + n), m[n].dev, m[n].handle, 99, 0};
	}
	pump(t);
	assert_int_equal(export_count(&t->a->hv), 39);
	assert_in_range(t->stopped, 1, 2); /* not for each */
	u[20].handle = 4000;
	put(t->b, BUFFER, u, sizeof(u));
	assert_true(begin(t->b, GRANT_OP, UNMAP, BUFFER | INLINE, 40));
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, u, sizeof(u));
	for (uint32_t n = 0; n < 40; n++) {
		assert_int_equal(u[n].status, n == 20 ? GNTST_BAD_HANDLE : 0);
		assert_int_equal(flags_of(t->a, n), ACCESS);
	}
	assert_in_range(t->stopped, 2, 4);
	assert_int_equal(export_count(&t->a->hv), 0);
}

static void there_is_an_end_to_exports(void **state)
{
	struct two *t = *state;
	uint32_t handle, last = 0;

	for (uint32_t n = 0; n < 500; n++) {
		grant(t->a, n, ACCESS, 2, 0x100 + n);
		assert_int_equal(map(t, n, HOST, 0x100 + n, &last), 0);
	}
	grant(t->a, 500, ACCESS, 2, 0xa0);
	assert_int_equal(map(t, 500, HOST, 0xa0, &handle), GNTST_NO_SPACE);
	assert_int_equal(flags_of(t->a, 500), ACCESS);
	assert_int_equal(unmap(t, 0x100 + 499, last), 0);
	assert_int_equal(map(t, 500, HOST, 0xa0, &handle), 0);
}

static void a_page_that_a_device_uses_stays_where_it_is(void **state)
{
	struct two *t = *state;
	enum grant_status s;
	uint32_t handle;

	grant(t->a, 9, ACCESS, 2, 0x80);
	grant(t->a, 10, ACCESS, 0, 0x80);
	assert_non_null(grant_acquire(&t->a->hv, 10, 0, false, &s));
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), GNTST_GENERAL_ERROR);
	grant_release(&t->a->hv, 10, false);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	uint8_t *page = grant_acquire(&t->a->hv, 10, 0, false, &s);
	assert_non_null(page);
	page[5] = 5;
	assert_int_equal(word_at(t->b, PAGE(0x90)), 5ull << 40);
	assert_int_equal(unmap(t, 0x90, handle), 0);
	assert_int_equal(export_count(&t->a->hv), 1);
	page[6] = 6;
	grant_release(&t->a->hv, 10, false);
	pump(t);
	assert_int_equal(export_count(&t->a->hv), 0);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 5ull << 40 | 6ull << 48);
}

static void what_is_mapped_is_not_granted_on(void **state)
{
	struct two *t = *state;
	uint32_t handle;
	struct op_map op = {PAGE(0xa0), HOST, 3, 2, 99, 0, 0};

	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	grant(t->b, 3, ACCESS, 1, 0x90);
	assert_int_equal(call_with(t, t->a, GRANT_OP, MAP, &op, sizeof(op)), 0);
	assert_int_equal(op.status, GNTST_BAD_PAGE);
	struct op_transfer give = {0x90, 1, 0, 4, 99, {0}};
	grant(t->a, 4, ACCEPT, 2, 0x81);
	assert_int_equal(call_with(t, t->b, GRANT_OP, TRANSFER, &give, sizeof(give)), 0);
	assert_int_equal(give.status, GNTST_BAD_PAGE);
}

static void copies_go_either_way_and_across(void **state)
{
	struct two *t = *state;
	struct copy_end own = {0x90, DOMID_SELF, 8, 0}, ro = {9, 1, 64, 0}, rw = {10, 1, 128, 0};

	grant(t->a, 9, ACCESS | RO, 2, 0x80);
	grant(t->a, 10, ACCESS, 2, 0x81);
	set_word(t->a, PAGE(0x80) + 64, 0xaaaa);
	set_word(t->a, PAGE(0x80) + 72, 0xbbbb);
	assert_int_equal(copy(t, ro, own, 8, 1), 0);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 8), 0xaaaa);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 16), 0);
	set_word(t->b, PAGE(0x90) + 8, 0xcccc);
	assert_int_equal(copy(t, own, rw, 8, 2), 0);
	assert_int_equal(word_at(t->a, PAGE(0x81) + 128), 0xcccc);
	assert_int_equal(copy(t, ro, rw, 16, 3), 0);
	assert_int_equal(word_at(t->a, PAGE(0x81) + 128), 0xaaaa);
	assert_int_equal(word_at(t->a, PAGE(0x81) + 136), 0xbbbb);
	assert_int_equal(flags_of(t->a, 9) | flags_of(t->a, 10) << 8, 0x105);
	assert_int_equal(export_count(&t->a->hv), 0);
	ro.offset = rw.offset = own.offset = 0;
	assert_int_equal(copy(t, ro, own, XEN_PAGE_SIZE, 1), 0);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 72), 0xbbbb);
	assert_int_equal(copy(t, own, rw, 0, 2), 0);
}

static void copies_are_checked_at_the_other_side(void **state)
{
	struct two *t = *state;
	struct copy_end own = {0x90, DOMID_SELF, 0, 0}, ro = {9, 1, 0, 0}, none = {11, 1, 0, 0},
			high = {5000, 1, 0, 0}, dead = {9, 7, 0, 0};

	grant(t->a, 9, ACCESS | RO, 2, 0x80);
	grant(t->a, 11, ACCESS, 3, 0x80);
	assert_int_equal(copy(t, own, ro, 8, 2), GNTST_GENERAL_ERROR);
	assert_int_equal(copy(t, none, own, 8, 1), GNTST_GENERAL_ERROR);
	assert_int_equal(copy(t, high, own, 8, 1), GNTST_BAD_GNTREF);
	assert_int_equal(copy(t, own, ro, 8, 0), GNTST_PERMISSION_DENIED);
	ro.offset = XEN_PAGE_SIZE - 7;
	assert_int_equal(copy(t, ro, own, 8, 1), GNTST_BAD_COPY_ARG);
	ro.offset = 0;
	own.what = 0xffffff;
	assert_int_equal(copy(t, ro, own, 8, 1), GNTST_BAD_PAGE);
	own.what = 0x90;
	struct op_copy op = {dead, own, 8, 1, 99, 0};
	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, GRANT_OP, COPY, BUFFER | INLINE, 1));
	assert_int_equal(peers_wanted(&t->b->hv), 7);
	peers_refuse(&t->b->hv, 7);
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, &op, sizeof(op));
	assert_int_equal(op.status, GNTST_BAD_DOMAIN);
}

static void a_page_is_given_to_who_accepts_it(void **state)
{
	struct two *t = *state;
	struct op_transfer op = {0x90, 1, 0, 6, 99, {0}};

	set_word(t->b, PAGE(0x90) + 8, 0x4242);
	grant(t->a, 6, ACCEPT, 2, 0x80);
	assert_int_equal(call_with(t, t->b, GRANT_OP, TRANSFER, &op, sizeof(op)), 0);
	assert_int_equal(op.status, GNTST_GENERAL_ERROR); /* it has all its frames */
	assert_int_equal(flags_of(t->a, 6), ACCEPT);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 8), 0x4242);
	assert_true(memory_remove(&t->a->hv, 0x80));
	memory_discard(&t->a->hv, 0x80);
	assert_int_equal(call_with(t, t->b, GRANT_OP, TRANSFER, &op, sizeof(op)), 0);
	assert_int_equal(op.status, 0);
	assert_int_equal(flags_of(t->a, 6), ACCEPT | 4 | 8);
	assert_true(memory_present(&t->a->hv, 0x80));
	assert_int_equal(word_at(t->a, PAGE(0x80) + 8), 0x4242);
	assert_int_equal(word_at(t->b, PAGE(0x90) + 8), 0);
	assert_true(memory_present(&t->b->hv, 0x90));
	assert_int_equal(call_with(t, t->b, GRANT_OP, TRANSFER, &op, sizeof(op)), 0);
	assert_int_equal(op.status, GNTST_GENERAL_ERROR); /* once */
	op.gfn = 0xffffff;
	assert_int_equal(call_with(t, t->b, GRANT_OP, TRANSFER, &op, sizeof(op)), 0);
	assert_int_equal(op.status, GNTST_BAD_PAGE);
}

static void a_map_outlives_who_granted_it(void **state)
{
	struct two *t = *state;
	uint32_t handle;
	void *a = t->a;

	grant(t->a, 9, ACCESS, 2, 0x80);
	set_word(t->a, PAGE(0x80), 0x99);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	pv_teardown(&a);
	t->a = NULL;
	pump(t);
	assert_int_equal(word_at(t->b, PAGE(0x90)), 0x99);
	set_word(t->b, PAGE(0x90), 0x9a);
	assert_int_equal(unmap(t, 0x90, handle), 0);
	assert_false(memory_present(&t->b->hv, 0x90));
	struct op_map op = {PAGE(0x90), HOST, 9, 1, 99, 0, 0};
	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 1));
	assert_int_equal(peers_wanted(&t->b->hv), 1);
	peers_refuse(&t->b->hv, 1);
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, &op, sizeof(op));
	assert_int_equal(op.status, GNTST_BAD_DOMAIN);
}

static void the_death_of_the_user_ends_its_use(void **state)
{
	struct two *t = *state;
	uint32_t handle;
	struct pv *b = t->b;

	for (uint32_t ref = 1; ref < 4; ref++) {
		grant(t->a, ref, ACCESS, 2, 0x80 + ref);
		assert_int_equal(map(t, ref, HOST, 0x90 + 2 * ref, &handle), 0);
		assert_int_equal(map(t, ref, HOST | READONLY, 0x91 + 2 * ref, &handle), 0);
		set_word(b, PAGE(0x90 + 2 * ref), ref);
	}
	peers_free(&b->hv);
	for (unsigned n = 0; n < 3; n++)
		peers_serve(&t->a->hv);
	for (uint32_t ref = 1; ref < 4; ref++) {
		assert_int_equal(flags_of(t->a, ref), ACCESS);
		assert_int_equal(word_at(t->a, PAGE(0x80 + ref)), ref);
		assert_true(memory_remove(&t->a->hv, 0x80 + ref));
	}
	assert_int_equal(export_count(&t->a->hv), 0);
}

static void a_reboot_of_who_granted_leaves_nothing_behind(void **state)
{
	struct two *t = *state;
	uint32_t old, new;
	enum grant_status s;

	grant(t->a, 9, ACCESS, 2, 0x80);
	set_word(t->a, PAGE(0x80), 0x99);
	assert_int_equal(map(t, 9, HOST, 0x90, &old), 0);
	hv_reset(&t->a->hv);
	pump(t);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 0); /* the domain has cleared its memory */
	assert_int_equal(word_at(t->b, PAGE(0x90)), 0x99);
	assert_true(memory_remove(&t->a->hv, 0x80));
	assert_true(memory_add(&t->a->hv, 0x80));
	join(t);
	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x91, &new), 0);
	assert_int_equal(unmap(t, 0x90, old), 0); /* which is none of the new one's */
	assert_int_equal(flags_of(t->a, 9), ACCESS | READING | WRITING);
	assert_int_equal(unmap(t, 0x91, new), 0);
	assert_null(grant_acquire(&t->a->hv, 9, 3, false, &s));
}

static void a_reboot_of_the_user_leaves_nothing_behind(void **state)
{
	struct two *t = *state;
	uint32_t handle;

	grant(t->a, 9, ACCESS, 2, 0x80);
	set_word(t->a, PAGE(0x80), 0x99);
	assert_int_equal(map(t, 9, HOST | READONLY, 0x90, &handle), 0);
	assert_non_null(grant_why_busy(&t->b->hv));
	assert_non_null(grant_why_busy(&t->a->hv));
	hv_reset(&t->b->hv);
	pump(t);
	assert_int_equal(flags_of(t->a, 9), ACCESS);
	assert_int_equal(word_at(t->b, PAGE(0x90)), 0);
	set_word(t->b, PAGE(0x90), 1);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 0x99);
	assert_null(grant_why_busy(&t->b->hv));
	assert_null(grant_why_busy(&t->a->hv));
}

static void a_map_that_nobody_waits_for_is_given_back(void **state)
{
	struct two *t = *state;
	struct op_map op[2] = {
		{PAGE(0x90), HOST, 9, 1, 99, 0, 0}, {PAGE(0x91), HOST, 10, 1, 99, 0, 0}};

	grant(t->a, 9, ACCESS, 2, 0x80);
	grant(t->a, 10, ACCESS, 2, 0x81);
	put(t->b, BUFFER, op, sizeof(op));
	for (unsigned answered = 0; answered < 2; answered++) {
		assert_true(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 2));
		if (answered)
			pump(t);
		assert_int_equal(hv_has_work(t->b->v), answered);
		peer_forget(t->b->v);
		pump(t);
		assert_int_equal(flags_of(t->a, 9), ACCESS);
		assert_int_equal(flags_of(t->a, 10), ACCESS); /* was about to be mapped */
		assert_int_equal(export_count(&t->a->hv), 0);
	}
}

static void a_page_moves_to_where_a_grant_was(void **state)
{
	struct two *t = *state;
	uint32_t handle;

	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	set_word(t->b, PAGE(0x91), 0x9191);
	struct op_unmap op = {PAGE(0x90), PAGE(0x91), handle, 99, 0};
	assert_int_equal(call_with(t, t->b, GRANT_OP, REPLACE, &op, sizeof(op)), 0);
	assert_int_equal(op.status, 0);
	assert_int_equal(flags_of(t->a, 9), ACCESS);
	assert_int_equal(word_at(t->b, PAGE(0x90)), 0x9191);
	assert_true(memory_present(&t->b->hv, 0x90));
	assert_false(memory_present(&t->b->hv, 0x91));
	assert_int_equal(word_at(t->a, PAGE(0x80)), 0);
}

static void others_tables_are_not_looked_at(void **state)
{
	struct two *t = *state;
	struct {
		uint16_t dom, pad;
		uint32_t frames, max;
		int16_t status, pad2;
	} op = {1, 0, 0, 0, 99, 0};

	assert_int_equal(call_with(t, t->b, GRANT_OP, QUERY, &op, sizeof(op)), 0);
	assert_int_equal(op.status, GNTST_PERMISSION_DENIED);
}

static void what_is_asked_is_read_once(void **state)
{
	struct two *t = *state;
	struct op_map op = {PAGE(0x90), HOST | READONLY, 9, 1, 99, 0, 0};

	grant(t->a, 9, ACCESS, 2, 0x80);
	put(t->b, BUFFER, &op, sizeof(op));
	assert_true(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 1));
	op = (struct op_map){PAGE(0x91), HOST, 10, 7, 99, 0, 0}; /* by another processor */
	put(t->b, BUFFER, &op, sizeof(op));
	assert_int_equal(end(t, t->b), 0);
	get(t->b, BUFFER, &op, sizeof(op));
	assert_int_equal(op.status, 0);
	assert_int_equal(op.host_addr, PAGE(0x90));
	assert_true(memory_is_place(&t->b->hv, 0x90));
	assert_false(memory_is_place(&t->b->hv, 0x91));
	assert_null(ram_write_ptr(&t->b->g.m.ram, GPA(PAGE(0x90)), 8));
}

static void both_may_wait_for_each_other(void **state)
{
	struct two *t = *state;
	struct op_map from_a = {PAGE(0x90), HOST, 9, 1, 99, 0, 0},
		      from_b = {PAGE(0x90), HOST, 9, 2, 99, 0, 0};

	grant(t->a, 9, ACCESS, 2, 0x80);
	grant(t->b, 9, ACCESS, 1, 0x80);
	put(t->b, BUFFER, &from_a, sizeof(from_a));
	put(t->a, BUFFER, &from_b, sizeof(from_b));
	assert_true(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 1));
	assert_true(begin(t->a, GRANT_OP, MAP, BUFFER | INLINE, 1));
	assert_int_equal(end(t, t->b), 0);
	assert_int_equal(end(t, t->a), 0);
	set_word(t->a, PAGE(0x80), 0xa);
	set_word(t->b, PAGE(0x80), 0xb);
	assert_int_equal(word_at(t->a, PAGE(0x90)), 0xb);
	assert_int_equal(word_at(t->b, PAGE(0x90)), 0xa);
}

static void own_maps_share_an_exported_page(void **state)
{
	struct two *t = *state;
	uint32_t handle;
	struct op_map op = {PAGE(0xa0), HOST, 10, 1, 99, 0, 0};

	grant(t->a, 9, ACCESS, 2, 0x80);
	grant(t->a, 10, ACCESS, 1, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	assert_int_equal(call_with(t, t->a, GRANT_OP, MAP, &op, sizeof(op)), 0);
	assert_int_equal(op.status, 0);
	set_word(t->b, PAGE(0x90), 0x5e1f);
	assert_int_equal(word_at(t->a, PAGE(0xa0)), 0x5e1f);
	assert_int_equal(unmap(t, 0x90, handle), 0);
	set_word(t->a, PAGE(0xa0), 0x5e20);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 0x5e20);
	struct op_unmap u = {PAGE(0xa0), 0, op.handle, 99, 0};
	assert_int_equal(call_with(t, t->a, GRANT_OP, UNMAP, &u, sizeof(u)), 0);
	assert_int_equal(u.status, 0);
	pump(t);
	assert_int_equal(export_count(&t->a->hv), 0);
	assert_int_equal(word_at(t->a, PAGE(0x80)), 0x5e20);
}

static void a_hint_that_nothing_follows_is_over_with_the_next(void **state)
{
	struct two *t = *state;
	struct op_map op[3] = {{PAGE(0x90), HOST, 9, 1, 99, 0, 0},
		{PAGE(0x91), HOST | READONLY, 10, 1, 99, 0, 0},
		{PAGE(0x92), HOST, 11, 1, 99, 0, 0}};

	grant(t->a, 9, ACCESS, 2, 0x80);
	grant(t->a, 10, ACCESS | RO, 2, 0x81);
	grant(t->a, 11, ACCESS, 2, 0x82);
	put(t->b, BUFFER, op, sizeof(op));
	assert_true(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 3));
	peers_serve(&t->a->hv);
	assert_int_equal(flags_of(t->a, 10), ACCESS | RO | READING);
	assert_int_equal(export_count(&t->a->hv), 3);
	op[1].ref = 12; /* by another processor */
	put(t->b, BUFFER, op, sizeof(op));
	assert_int_equal(end(t, t->b), 0);
	pump(t);
	assert_int_equal(flags_of(t->a, 10), ACCESS | RO);
	assert_int_equal(export_count(&t->a->hv), 2);
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
		{.kind = PEER_READ, .offset = 1, .from = XEN_PAGE_SIZE},
		{.kind = PEER_READ, .offset = ~0u, .from = 2},
		{.kind = PEER_READ, .from = ~0u},
		{.kind = PEER_WRITE, .offset = XEN_PAGE_SIZE + 1},
		{.kind = PEER_TRANSFER},
		{.kind = PEER_HINT, .len = 4 * PEER_HINTS + 4},
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

static void a_channel_is_between_two_ports(void **state)
{
	struct two *t = *state;
	int fd = impostor(t);
	uint32_t port = offer(t, t->a, 5);
	struct peer_msg m = {.kind = PEER_BIND, .port = port, .from = 3, .seq = 77};

	send(fd, &m, sizeof(m), 0);
	m = (struct peer_msg){.kind = PEER_EVENT, .port = port, .from = 4};
	send(fd, &m, sizeof(m), 0);
	m.kind = PEER_CLOSE;
	send(fd, &m, sizeof(m), 0);
	pump(t);
	assert_false(take_event(t->a, port));
	assert_int_equal(status_of(t, t->a, port).status, 2);
	m = (struct peer_msg){.kind = PEER_EVENT, .port = port, .from = 3};
	send(fd, &m, sizeof(m), 0);
	pump(t);
	assert_true(take_event(t->a, port));
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

/* The processor goes on, as if that one had died. */
static void who_does_not_answer_is_given_up(void **state)
{
	struct two *t = *state;
	int fd = impostor(t);
	struct op_bind op = {5, 0, 3, 0};
	struct peer_msg m;

	put(t->a, BUFFER, &op, sizeof(op));
	assert_true(begin(t->a, EVENT_OP, BIND, BUFFER | INLINE, 0));
	pump(t);
	assert_false(hv_has_work(t->a->v));
	t->a->v->wait.since -= PATIENCE;
	assert_int_equal(end(t, t->a), -3);
	assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
	assert_true(hung_up(t, fd));
	close(fd);
	op.dom = 77; /* that the matchmaker says nothing about */
	put(t->a, BUFFER, &op, sizeof(op));
	assert_true(begin(t->a, EVENT_OP, BIND, BUFFER | INLINE, 0));
	t->a->v->wait.since -= PATIENCE;
	assert_int_equal(end(t, t->a), -3);
	assert_true(bind_to(t, t->b, 1, offer(t, t->a, 2)) > 0);
}

static void use_is_ended_by_the_user_only(void **state)
{
	struct two *t = *state;
	uint32_t handle;
	int fd = impostor(t);
	struct peer_msg m = {.kind = PEER_UNMAP, .port = 9, .seq = 5};

	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	for (unsigned n = 0; n < 3; n++) {
		static const uint32_t refs[] = {9, 70000, ~0u};
		m.port = refs[n];
		send(fd, &m, sizeof(m), 0);
		pump(t);
		assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
		assert_int_equal(m.status, -1);
		m.kind = PEER_UNMAP;
	}
	assert_int_equal(flags_of(t->a, 9), ACCESS | READING | WRITING);
	close(fd);
	pump(t);
	assert_int_equal(flags_of(t->a, 9), ACCESS | READING | WRITING);
}

static void send_with(int to, struct peer_msg *m, int pass)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {m, sizeof(*m)};
	struct msghdr h = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(c), &pass, sizeof(int));
	assert_int_equal(sendmsg(to, &h, 0), sizeof(*m));
}

/* A file that its owner can make smaller would end who looks at it. */
static void only_a_file_of_a_page_is_mapped(void **state)
{
	struct two *t = *state;
	int fd = impostor(t), file[5];
	struct peer_msg m;

	file[0] = memfd_create("t", MFD_ALLOW_SEALING); /* not sealed */
	assert_int_equal(ftruncate(file[0], XEN_PAGE_SIZE), 0);
	file[1] = memfd_create("t", MFD_ALLOW_SEALING); /* too short */
	assert_int_equal(ftruncate(file[1], 4096), 0);
	fcntl(file[1], F_ADD_SEALS, F_SEAL_SHRINK);
	file[2] = open("/dev/null", O_RDWR);
	file[3] = memfd_create("t", MFD_ALLOW_SEALING); /* for reading only */
	assert_int_equal(ftruncate(file[3], XEN_PAGE_SIZE), 0);
	assert_int_equal(fcntl(file[3], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE), 0);
	file[4] = -1;
	for (unsigned n = 0; n < countof(file); n++) {
		struct op_map op = {PAGE(0x90), HOST, 3, 5, 99, 0, 0};
		put(t->a, BUFFER, &op, sizeof(op));
		assert_true(begin(t->a, GRANT_OP, MAP, BUFFER | INLINE, 1));
		assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
		m.flags = m.kind;
		m.kind = PEER_ANSWER;
		m.status = 0;
		if (file[n] >= 0)
			send_with(fd, &m, file[n]);
		else
			send(fd, &m, sizeof(m), 0);
		assert_int_equal(end(t, t->a), 0);
		get(t->a, BUFFER, &op, sizeof(op));
		assert_int_equal(op.status, GNTST_GENERAL_ERROR);
		assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
		assert_int_equal(m.kind, PEER_UNMAP);
		assert_true(memory_present(&t->a->hv, 0x90));
		if (file[n] >= 0)
			close(file[n]);
	}
	close(fd);
}

/* Though who granted the first was told. */
static void an_element_that_is_not_there_is_told(void **state)
{
	struct two *t = *state;
	uint64_t last = (t->b->hv.pages << 14) - sizeof(struct op_unmap);
	uint32_t handle;

	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST, 0x90, &handle), 0);
	struct op_unmap op = {PAGE(0x90), 0, handle, 99, 0};
	put(t->b, last, &op, sizeof(op));
	begin(t->b, GRANT_OP, UNMAP, last | INLINE, 2);
	assert_int_equal(end(t, t->b), -14);
	get(t->b, last, &op, sizeof(op));
	assert_int_equal(op.status, 0);
	pump(t);
	assert_int_equal(flags_of(t->a, 9), ACCESS);
}

/* Or a processor might still write by way of what it knew of the frame. */
static void a_grant_takes_the_place_of_nothing_that_a_processor_knows(void **state)
{
	struct two *t = *state;
	struct hv *hv = &t->b->hv;
	uint32_t handle;

	assert_false(memory_stale(hv));
	assert_true(memory_remove(hv, 0x90)); /* another processor's, which has yet to flush */
	assert_true(memory_stale(hv));
	assert_int_equal(memory_place_begin(hv, 0x91), MEMORY_WAS_PRESENT);
	hv_flush(t->b->cpu);
	assert_false(memory_stale(hv));
	assert_int_equal(memory_place_begin(hv, 0x90), MEMORY_WAS_ABSENT);
	memory_place_end(hv, 0x90, false);
	assert_false(memory_stale(hv));
	grant(t->a, 9, ACCESS, 2, 0x80);
	assert_int_equal(map(t, 9, HOST | READONLY, 0x92, &handle), 0);
	assert_false(memory_stale(hv));
	memory_place_clear(hv, 0x92);
	assert_true(memory_stale(hv));
	memory_place_fill(hv, 0x92);
	assert_int_equal(unmap(t, 0x92, handle), 0);
	assert_false(memory_stale(hv));
}

static unsigned descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void what_is_refused_stops_no_processor(void **state)
{
	struct two *t = *state;
	int fd = impostor(t);
	struct {
		struct peer_msg m;
		uint8_t page[XEN_PAGE_SIZE];
	} p = {0};
	static const uint32_t kinds[] = {
		PEER_TRANSFER, PEER_MAP, PEER_UNMAP, PEER_READ, PEER_WRITE};

	grant(t->a, 9, ACCEPT, 2, 0x80);
	grant(t->a, 10, ACCESS, 2, 0x81);
	for (unsigned n = 0; n < 2 * countof(kinds); n++) {
		p.m = (struct peer_msg){.kind = kinds[n / 2], .port = 9 + n % 2, .seq = 64};
		p.m.len = p.m.kind == PEER_TRANSFER ? XEN_PAGE_SIZE : 0;
		send(fd, &p, sizeof(p.m) + p.m.len, 0);
		pump(t);
		assert_int_equal(recv(fd, &p, sizeof(p), MSG_DONTWAIT), sizeof(p.m));
		assert_int_equal(p.m.status, GNTST_GENERAL_ERROR);
	}
	assert_int_equal(t->stopped, 0);
	close(fd);
}

/* Whoever answers: files that nobody has asked for do not gather. */
static void files_that_nobody_has_asked_for_are_closed(void **state)
{
	struct two *t = *state;
	int fd = impostor(t), file = memfd_create("t", 0);
	unsigned before = descriptors();
	struct peer_msg m;

	for (unsigned n = 0; n < 20; n++) {
		struct op_bind op = {5, 0, 3, 0};
		put(t->a, BUFFER, &op, sizeof(op));
		assert_true(begin(t->a, EVENT_OP, BIND, BUFFER | INLINE, 0));
		assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
		m.kind = PEER_ANSWER;
		m.status = -22;
		send_with(fd, &m, file);
		assert_int_equal(end(t, t->a), -22);
	}
	assert_true(descriptors() <= before + 1);
	close(file);
	close(fd);
}

/* Who does not read what it has asked for gets no file that has taken the number of its own. */
static void a_file_that_waits_to_be_sent_is_not_taken_for_another(void **state)
{
	struct two *t = *state;
	int fd = impostor(t), file, files = 0;
	struct peer_msg m = {.kind = PEER_READ, .port = 9, .from = XEN_PAGE_SIZE, .seq = 64};
	static uint8_t page[XEN_PAGE_SIZE];
	const struct iovec iov[2] = {{&m, sizeof(m)}, {page, sizeof(page)}};

	grant(t->a, 9, ACCESS, 5, 0x80);
	for (unsigned n = 0; n < 40; n++) {
		assert_int_equal(send(fd, &m, sizeof(m), 0), sizeof(m));
		pump(t);
	}
	m = (struct peer_msg){.kind = PEER_MAP, .port = 9, .seq = 65};
	send(fd, &m, sizeof(m), 0);
	pump(t);
	assert_int_equal(export_count(&t->a->hv), 1);
	m.kind = PEER_UNMAP;
	send(fd, &m, sizeof(m), 0);
	pump(t);
	assert_int_equal(export_count(&t->a->hv), 0);
	int secret = open("/dev/null", O_RDONLY);
	for (unsigned n = 0; n < 42; n++) {
		pump(t);
		assert_true(packet_receive(fd, iov, 2, &file) > 0);
		files += file >= 0;
	}
	assert_int_equal(m.flags, PEER_UNMAP);
	assert_int_equal(files, 0);
	close(secret);
	close(fd);
}

/* Its user has gone, but it has not come back yet. */
static void a_frame_that_is_not_back_yet_takes_a_grant(void **state)
{
	struct two *t = *state;
	struct hv *hv = &t->b->hv;
	enum grant_status status;

	grant(t->b, 7, ACCESS, 1, 0x90);
	assert_non_null(grant_acquire(hv, 7, 1, false, &status));
	assert_true(export_open(hv, 0x90) >= 0);
	grant_release(hv, 7, false);
	assert_int_equal(export_count(hv), 1);
	grant(t->b, 9, ACCESS, 2, 0x80);
	struct op_map op = {PAGE(0x90), HOST, 9, 2, 99, 0, 0};
	put(t->b, BUFFER, &op, sizeof(op));
	assert_false(begin(t->b, GRANT_OP, MAP, BUFFER | INLINE, 1));
	get(t->b, BUFFER, &op, sizeof(op));
	assert_int_equal(op.status, 0);
	assert_int_equal(export_count(hv), 0);
	pump(t);
	set_word(t->b, PAGE(0x80), 0x8181);
	assert_int_equal(word_at(t->b, PAGE(0x90)), 0x8181);
	assert_int_equal(unmap(t, 0x90, op.handle), 0);
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
		APART(a_watchdog_does_not_wait_for_another_domain),
		JOINED(a_closed_channel_waits_for_the_same_domain_again),
		JOINED(a_signal_of_a_channel_that_was_closed_is_lost),
		JOINED(death_frees_the_ports_that_were_bound),
		JOINED(death_answers_who_waits),
		JOINED(a_reboot_is_a_death),
		JOINED(a_reboot_gives_up_what_it_waits_for),
		JOINED(a_storm_of_signals_arrives_once_at_least),
		JOINED(a_multicall_goes_on_where_it_was),
		JOINED(a_moved_global_virq_is_closed_where_it_was_bound),
		JOINED(a_mapped_page_is_one_page_of_both),
		JOINED(a_page_that_came_back_is_the_domains_own),
		JOINED(a_page_for_reading_is_not_written),
		JOINED(what_is_not_granted_is_not_mapped),
		JOINED(a_page_is_mapped_as_often_as_wanted),
		JOINED(one_call_maps_many),
		JOINED(there_is_an_end_to_exports),
		JOINED(a_page_that_a_device_uses_stays_where_it_is),
		JOINED(what_is_mapped_is_not_granted_on),
		JOINED(copies_go_either_way_and_across),
		JOINED(copies_are_checked_at_the_other_side),
		JOINED(a_page_is_given_to_who_accepts_it),
		JOINED(a_map_outlives_who_granted_it),
		JOINED(the_death_of_the_user_ends_its_use),
		JOINED(a_reboot_of_who_granted_leaves_nothing_behind),
		JOINED(a_reboot_of_the_user_leaves_nothing_behind),
		JOINED(a_map_that_nobody_waits_for_is_given_back),
		JOINED(a_page_moves_to_where_a_grant_was),
		JOINED(others_tables_are_not_looked_at),
		JOINED(what_is_asked_is_read_once),
		JOINED(a_hint_that_nothing_follows_is_over_with_the_next),
		JOINED(both_may_wait_for_each_other),
		JOINED(own_maps_share_an_exported_page),
		JOINED(who_does_not_answer_is_given_up),
		JOINED(use_is_ended_by_the_user_only),
		JOINED(only_a_file_of_a_page_is_mapped),
		JOINED(a_senseless_packet_ends_its_connection_only),
		JOINED(others_channels_are_not_to_be_had),
		JOINED(a_channel_is_between_two_ports),
		JOINED(an_answer_to_nothing_is_none),
		JOINED(a_grant_takes_the_place_of_nothing_that_a_processor_knows),
		JOINED(an_element_that_is_not_there_is_told),
		JOINED(what_is_refused_stops_no_processor),
		JOINED(files_that_nobody_has_asked_for_are_closed),
		JOINED(a_file_that_waits_to_be_sent_is_not_taken_for_another),
		JOINED(a_frame_that_is_not_back_yet_takes_a_grant),
		JOINED(a_new_connection_takes_the_place_of_a_dead_one_only),
		JOINED(a_saved_channel_waits_for_its_domain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
