/* SPDX-License-Identifier: MIT */
/*
 * Connections to other domains: packets out, in order, packets in, and the processors that wait for
 * an answer. What has no room in the socket is queued; signals are not, their ports are noted, so
 * that a storm of them needs no memory.
 */
#define _GNU_SOURCE
#include "hv/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/packet.h"
#include "hv/event.h"
#include "hv/export.h"
#include "hv/grant.h"
#include "hv/peer_private.h"

/* More than an honest peer that reads lets gather. */
#define QUEUE_BYTES (4u << 20)
/* Packets of one peer in a turn. */
#define TURN_PACKETS 128
/* More than a socket holds: behind them would be its end. */
#define DRAIN_PACKETS 4096

/* In the log, which nobody may fill. */
#define COMPLAINTS 100

#define SEQ_VCPU 6 /* bits of a seq that name the processor */

static struct peer *find(const struct peers *ps, uint16_t domid)
{
	struct peer *p = ps->list;

	while (p && (p->domid != domid || p->gone))
		p = p->next;
	return p;
}

static void notify(struct peers *ps)
{
	ps->host.notify(ps->host.ctx);
}

/* --- out; the lock is held --- */

static int put(struct peer *p, const struct peer_msg *m, const void *data, int pass)
{
	const struct iovec iov[2] = {
		{(void *)(uintptr_t)m, sizeof(*m)}, {(void *)(uintptr_t)data, m->len}};

	return packet_send(p->fd, iov, m->len ? 2 : 1, pass);
}

static bool enqueue(struct peer *p, const struct peer_msg *m, const void *data, int pass)
{
	size_t size = sizeof(struct peer_packet) + m->len;
	struct peer_packet *k = p->queued + size <= QUEUE_BYTES ? malloc(size) : NULL;

	if (!k)
		return false;
	*k = (struct peer_packet){.msg = *m, .pass = pass};
	if (m->len)
		memcpy(k->data, data, m->len);
	*p->tail = k;
	p->tail = &k->next;
	p->queued += size;
	return true;
}

static void out(
	struct peers *ps, struct peer *p, const struct peer_msg *m, const void *data, int pass)
{
	int err = p->queue ? -EAGAIN : put(p, m, data, pass);

	if (err == -EAGAIN && enqueue(p, m, data, pass))
		err = 0;
	if (err)
		p->gone = true;
	if (err || p->queue)
		notify(ps);
}

static void dequeue(struct peer *p)
{
	struct peer_packet *k = p->queue;

	p->queue = k->next;
	if (!p->queue)
		p->tail = &p->queue;
	p->queued -= sizeof(*k) + k->msg.len;
	free(k);
}

void peers_unpass(struct hv *hv, int fd)
{
	struct peers *ps = hv->peers;

	if (!ps)
		return;
	pthread_mutex_lock(&ps->lock);
	for (struct peer *p = ps->list; p; p = p->next)
		for (struct peer_packet *k = p->queue; k; k = k->next)
			if (k->pass == fd)
				k->pass = -1;
	pthread_mutex_unlock(&ps->lock);
}

static void flush_queue(struct peer *p)
{
	while (p->queue && !p->gone) {
		struct peer_packet *k = p->queue;
		int err = put(p, &k->msg, k->data, k->pass);
		if (err == -EAGAIN)
			return;
		if (err)
			p->gone = true;
		dequeue(p);
	}
}

void peer_tell_with(
	struct hv *hv, uint16_t domid, uint64_t link, const struct peer_msg *m, const void *data)
{
	struct peers *ps = hv->peers;

	if (!ps)
		return;
	pthread_mutex_lock(&ps->lock);
	struct peer *p = find(ps, domid);
	if (p && (!link || p->link == link))
		out(ps, p, m, data, -1);
	pthread_mutex_unlock(&ps->lock);
}

void peer_tell(struct hv *hv, uint16_t domid, uint64_t link, const struct peer_msg *m)
{
	peer_tell_with(hv, domid, link, m, NULL);
}

void peer_signal(struct hv *hv, uint16_t domid, uint32_t port, uint32_t own)
{
	struct peers *ps = hv->peers;
	const struct peer_msg m = {.kind = PEER_EVENT, .port = port, .from = own};

	if (!ps)
		return;
	pthread_mutex_lock(&ps->lock);
	struct peer *p = find(ps, domid);
	int err = !p ? 0 : p->queue ? -EAGAIN : put(p, &m, NULL, -1);
	if (err == -EAGAIN) {
		p->unsignalled[own / 64] |= 1ull << own % 64;
		p->signals = true;
	} else if (err) {
		p->gone = true;
	}
	pthread_mutex_unlock(&ps->lock);
	if (err)
		notify(ps);
}

void peer_answer_with(
	struct hv *hv, struct peer *p, const struct peer_msg *m, const void *data, int pass)
{
	struct peer_msg answer = *m;

	if (!m->seq)
		return;
	answer.kind = PEER_ANSWER;
	answer.flags = m->kind;
	pthread_mutex_lock(&hv->peers->lock);
	out(hv->peers, p, &answer, data, pass);
	pthread_mutex_unlock(&hv->peers->lock);
}

void peer_answer(struct hv *hv, struct peer *p, const struct peer_msg *m, int32_t status)
{
	struct peer_msg answer = *m;

	answer.status = status;
	answer.len = 0;
	peer_answer_with(hv, p, &answer, NULL, -1);
}

void peers_notify(struct hv *hv)
{
	if (hv->peers)
		notify(hv->peers);
}

void peer_stop(struct hv *hv)
{
	struct peers *ps = hv->peers;

	if (!ps->stopped)
		ps->host.stop(ps->host.ctx);
	ps->stopped = true;
}

/* --- who waits --- */

/* The lock is held. */
static void wake(struct hv_vcpu *v, int32_t status)
{
	v->wait.status = status;
	atomic_store(&v->wait.answered, true);
	cpu_kick(v->cpu);
}

/* A file that came with the answer, asked for or not. */
static void drop_file(struct hv_wait *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* The lock is held. A page that has come is given back. */
static void end_wait(struct peers *ps, struct hv_wait *w)
{
	const struct peer_msg m = {.kind = PEER_UNMAP, .port = w->ref, .flags = w->readonly};
	struct peer *p = w->answered && w->page ? find(ps, w->domid) : NULL;

	if (p && p->link == w->link)
		out(ps, p, &m, NULL, -1);
	w->on = false;
}

void peer_forget(struct hv_vcpu *v)
{
	struct peers *ps = v->hv->peers;

	if (!ps)
		return;
	if (v->wait.port)
		evtchn_not_bound(v->hv, v->wait.port);
	if (v->wait.hinted)
		peer_tell(v->hv, v->wait.hinted, 0, &(struct peer_msg){.kind = PEER_HINT});
	v->wait.hinted = 0;
	pthread_mutex_lock(&ps->lock);
	if (v->wait.on)
		end_wait(ps, &v->wait);
	drop_file(&v->wait);
	v->wait.entry = v->wait.element = 0;
	v->wait.port = v->wait.step = 0;
	v->wait.told = 0;
	v->wait.again = v->wait.nested = false;
	pthread_mutex_unlock(&ps->lock);
}

/* A connection that somebody waits for is there, or will not be. */
static void tell_waiting(struct hv *hv, uint16_t domid, bool asked)
{
	pthread_mutex_lock(&hv->peers->lock);
	for (unsigned n = 0; n < hv->vcpus; n++) {
		struct hv_vcpu *v = &hv->vcpu[n];
		if (v->wait.on && !v->wait.answered && v->wait.domid == domid &&
			v->wait.asked == asked) {
			v->wait.nobody = asked;
			wake(v, 0);
		}
	}
	pthread_mutex_unlock(&hv->peers->lock);
}

uint16_t peers_wanted(struct hv *hv)
{
	uint16_t domid = 0;

	pthread_mutex_lock(&hv->peers->lock);
	for (unsigned n = 0; n < hv->vcpus && !domid; n++) {
		struct hv_wait *w = &hv->vcpu[n].wait;
		if (!w->on || w->answered || w->asked || w->sought)
			continue;
		domid = w->domid;
		w->sought = true;
	}
	pthread_mutex_unlock(&hv->peers->lock);
	return domid;
}

void peers_want_again(struct hv *hv)
{
	pthread_mutex_lock(&hv->peers->lock);
	for (unsigned n = 0; n < hv->vcpus; n++)
		hv->vcpu[n].wait.sought = false;
	pthread_mutex_unlock(&hv->peers->lock);
}

bool peers_wanting(struct hv *hv)
{
	bool any = false;

	pthread_mutex_lock(&hv->peers->lock);
	for (unsigned n = 0; n < hv->vcpus; n++) {
		const struct hv_wait *w = &hv->vcpu[n].wait;
		any |= w->on && !w->answered && !w->asked;
	}
	pthread_mutex_unlock(&hv->peers->lock);
	return any;
}

bool peers_awaited(const struct hv *hv)
{
	bool any = false;

	if (!hv->peers)
		return false;
	pthread_mutex_lock(&hv->peers->lock);
	for (unsigned n = 0; n < hv->vcpus; n++)
		any |= hv->vcpu[n].wait.on;
	pthread_mutex_unlock(&hv->peers->lock);
	return any;
}

/* The lock is held; nobody else has the wait's answer. */
static enum peer_result resume(struct hv_wait *w, const struct peer *p)
{
	bool asked = w->asked;

	w->on = false;
	if (asked)
		return w->nobody ? PEER_NOBODY : PEER_ANSWERED;
	return p ? PEER_WAITS : PEER_NOBODY;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A processor must not stand still because somebody else's process does, or says nothing. */
static void give_up(struct hv *hv)
{
	struct peers *ps = hv->peers;

	pthread_mutex_lock(&ps->lock);
	uint64_t now = now_ms(); /* not before the time at which one has begun */
	for (unsigned n = 0; n < hv->vcpus; n++) {
		const struct hv_wait *w = &hv->vcpu[n].wait;
		if (!w->on || w->answered || now - w->since < ps->host.patience)
			continue;
		struct peer *p = find(ps, w->domid);
		if (!w->asked)
			wake(&hv->vcpu[n], 0);
		else if (p)
			p->gone = true;
	}
	pthread_mutex_unlock(&ps->lock);
}

static void begin_wait(struct hv *hv, struct hv_vcpu *v, uint16_t domid, bool asked)
{
	struct hv_wait *w = &v->wait;

	w->on = true;
	w->asked = asked;
	w->sought = w->nobody = w->page = false;
	w->domid = domid;
	w->since = now_ms();
	w->seq = ((w->seq >> SEQ_VCPU) + 1) << SEQ_VCPU | (uint32_t)(v - hv->vcpu);
	drop_file(w);
	atomic_store(&w->answered, false);
}

/* Asks p, or for p. */
static void ask(struct hypercall *c, uint16_t domid, struct peer *p, const struct peer_msg *m,
	const void *data)
{
	struct hv *hv = c->v->hv;
	struct peer_msg request = *m;

	begin_wait(hv, c->v, domid, p != NULL);
	request.seq = c->v->wait.seq;
	if (p)
		out(hv->peers, p, &request, data, -1);
	else
		notify(hv->peers);
}

enum peer_result peer_call(struct hypercall *c, uint16_t domid, uint64_t link,
	const struct peer_msg *m, const void *data)
{
	struct peers *ps = c->v->hv->peers;
	struct hv_wait *w = &c->v->wait;
	enum peer_result r = PEER_WAITS;

	if (!ps || domid > DOMID_LAST || domid == DOMID_DOM0 || domid == c->v->hv->domid)
		return PEER_NOBODY;
	pthread_mutex_lock(&ps->lock);
	struct peer *p = find(ps, domid);
	bool pending = w->on && !w->answered;
	if (w->on && !pending)
		r = resume(w, p);
	else if (!w->on && link && (!p || p->link != link))
		r = PEER_NOBODY;
	if (r == PEER_WAITS && !pending)
		ask(c, domid, p, m, data);
	pthread_mutex_unlock(&ps->lock);
	c->again = r == PEER_WAITS;
	return r;
}

/* --- in --- */

/* Whose answer it is; NULL: nobody waits for it any more. */
static struct hv_vcpu *asker(struct hv *hv, const struct peer *p, const struct peer_msg *m)
{
	unsigned n = m->seq & ((1u << SEQ_VCPU) - 1);
	struct hv_wait *w = n < hv->vcpus ? &hv->vcpu[n].wait : NULL;
	bool mine =
		w && w->on && w->asked && !w->answered && w->seq == m->seq && w->domid == p->domid;

	return mine ? &hv->vcpu[n] : NULL;
}

/* What nobody waits for any more is given back. */
static void decline(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	struct peer_msg back = {.port = m->port, .from = m->from};

	if (m->flags != PEER_BIND && m->flags != PEER_MAP)
		return;
	back.kind = m->flags == PEER_BIND ? PEER_CLOSE : PEER_UNMAP;
	back.flags = m->flags == PEER_MAP ? m->offset : 0;
	peer_tell(hv, p->domid, p->link, &back);
}

/* The lock is held. */
static void fill_answer(
	struct peers *ps, struct hv_wait *w, const struct peer *p, const struct peer_msg *m)
{
	w->value = m->from;
	w->len = m->len;
	w->link = p->link;
	w->page = m->flags == PEER_MAP && m->status == 0;
	w->ref = m->port;
	w->readonly = m->offset;
	if (m->len)
		memcpy(w->data, ps->data, m->len);
	w->fd = ps->passed;
	ps->passed = -1;
}

/* An answered bind is done here: signals may follow at once. */
static bool take_answer(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	struct peers *ps = hv->peers;
	uint32_t port = 0, remote = 0;

	pthread_mutex_lock(&ps->lock);
	struct hv_vcpu *v = asker(hv, p, m);
	if (v) {
		port = v->wait.port;
		remote = v->wait.remote_port;
	}
	pthread_mutex_unlock(&ps->lock);
	if (port && m->status == 0)
		evtchn_bound(hv, port, p->domid, remote);
	pthread_mutex_lock(&ps->lock);
	v = asker(hv, p, m);
	if (v) {
		fill_answer(ps, &v->wait, p, m);
		wake(v, m->status);
	}
	pthread_mutex_unlock(&ps->lock);
	if (!v && m->status == 0)
		decline(hv, p, m);
	return true;
}

static bool take_bind(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	if (m->from == 0 || m->from >= EVTCHN_PORTS)
		return false;
	pthread_mutex_lock(&hv->event.lock);
	bool ok = evtchn_accept(hv, m->port, p->domid, m->from);
	peer_answer(hv, p, m, ok ? 0 : -XEN_EINVAL);
	pthread_mutex_unlock(&hv->event.lock);
	return true;
}

static bool take_event(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	evtchn_signal_from(hv, m->port, p->domid, m->from);
	return true;
}

static bool take_close(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	evtchn_lost(hv, m->port, p->domid, m->from);
	return true;
}

static bool take_hello(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	peer_answer(hv, p, m, 0);
	return true;
}

/* false: it makes no sense */
static const struct {
	peer_take_fn *fn;
	uint32_t most; /* bytes behind the structure */
} kinds[PEER_KINDS] = {
	[PEER_ANSWER] = {take_answer, XEN_PAGE_SIZE},
	[PEER_BIND] = {take_bind, 0},
	[PEER_EVENT] = {take_event, 0},
	[PEER_CLOSE] = {take_close, 0},
	[PEER_HELLO] = {take_hello, 0},
	[PEER_MAP] = {peer_take_map, 0},
	[PEER_UNMAP] = {peer_take_unmap, 0},
	[PEER_READ] = {peer_take_read, 0},
	[PEER_WRITE] = {peer_take_write, XEN_PAGE_SIZE},
	[PEER_TRANSFER] = {peer_take_transfer, XEN_PAGE_SIZE},
	[PEER_HINT] = {peer_take_hint, PEER_HINTS * sizeof(uint32_t)},
};

bool peer_take(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	return m->kind < PEER_KINDS && m->len <= kinds[m->kind].most && kinds[m->kind].fn(hv, p, m);
}

/* One packet; false: there is none, or no connection any more. */
static bool take_one(struct hv *hv, struct peer *p)
{
	struct peers *ps = hv->peers;
	struct peer_msg m;
	const struct iovec iov[2] = {{&m, sizeof(m)}, {ps->data, XEN_PAGE_SIZE}};
	ssize_t n = packet_receive(p->fd, iov, 2, &ps->passed);
	bool ok = n >= (ssize_t)sizeof(m) && (size_t)n - sizeof(m) == m.len && peer_take(hv, p, &m);

	if (n > 0 && !ok && ps->broken++ < COMPLAINTS)
		log_warn("domain %u breaks the protocol: it is left alone", p->domid);
	if (ps->passed >= 0)
		close(ps->passed);
	ps->passed = -1;
	if (!ok && n != -EAGAIN)
		p->gone = true;
	return ok;
}

/* Ports that could not be signalled when it was asked for; the lock is not held meanwhile, events'
 * lock being the outer one. */
static void flush_signals(struct hv *hv, struct peer *p)
{
	struct peers *ps = hv->peers;
	uint64_t word[64] = {0};

	pthread_mutex_lock(&ps->lock);
	if (p->signals && !p->queue && !p->gone) {
		memcpy(word, p->unsignalled, sizeof(word));
		memset(p->unsignalled, 0, sizeof(word));
		p->signals = false;
	}
	pthread_mutex_unlock(&ps->lock);
	for (unsigned n = 0; n < countof(word); n++)
		for (uint64_t due = word[n]; due; due &= due - 1)
			evtchn_signal_again(hv, 64 * n + (unsigned)__builtin_ctzll(due), p->domid);
}

/* --- connections --- */

static void free_peer(struct peer *p)
{
	while (p->queue)
		dequeue(p);
	close(p->fd);
	free(p);
}

/* The domain has died, as far as we are concerned. */
static void end(struct hv *hv, struct peer *p)
{
	evtchn_domain_gone(hv, p->domid);
	grant_domain_gone(hv, p->domid);
	tell_waiting(hv, p->domid, true);
	free_peer(p);
}

static void reap(struct hv *hv)
{
	struct peers *ps = hv->peers;
	struct peer *gone;

	do {
		pthread_mutex_lock(&ps->lock);
		struct peer **at = &ps->list;
		while (*at && !(*at)->gone)
			at = &(*at)->next;
		gone = *at;
		if (gone)
			*at = gone->next;
		pthread_mutex_unlock(&ps->lock);
		if (gone)
			end(hv, gone);
	} while (gone);
}

unsigned peers_poll(struct hv *hv, struct pollfd *set)
{
	struct peers *ps = hv->peers;
	unsigned n = 0;

	if (!ps)
		return 0;
	pthread_mutex_lock(&ps->lock);
	for (const struct peer *p = ps->list; p; p = p->next, n++)
		if (set)
			set[n] = (struct pollfd){.fd = p->fd,
				.events = (short)(POLLIN | (p->queue || p->signals ? POLLOUT : 0))};
	pthread_mutex_unlock(&ps->lock);
	return n;
}

static void serve(struct hv *hv, struct peer *p)
{
	struct peers *ps = hv->peers;

	pthread_mutex_lock(&ps->lock);
	flush_queue(p);
	pthread_mutex_unlock(&ps->lock);
	if (p->signals)
		flush_signals(hv, p);
	for (unsigned n = 0; n < TURN_PACKETS && !p->gone && take_one(hv, p); n++)
		continue;
}

void peers_serve(struct hv *hv)
{
	struct peers *ps = hv->peers;

	if (!ps)
		return;
	for (struct peer *p = ps->list; p; p = p->next)
		serve(hv, p);
	give_up(hv);
	reap(hv);
	if (export_stale(hv)) {
		peer_stop(hv);
		export_sweep(hv);
	}
	if (ps->stopped)
		ps->host.go(ps->host.ctx);
	ps->stopped = false;
}

/* A connection that is there stays, unless the other side has given it up: both get new ones in the
 * same order. */
void peers_connect(struct hv *hv, uint16_t domid, int fd)
{
	struct peers *ps = hv->peers;
	struct peer *old = find(ps, domid), *p = NULL;

	for (unsigned n = 0; old && n < DRAIN_PACKETS && !old->gone && take_one(hv, old); n++)
		continue;
	reap(hv);
	if (!find(ps, domid) && domid <= DOMID_LAST && domid != DOMID_DOM0)
		p = calloc(1, sizeof(*p));
	if (p) {
		p->domid = domid;
		p->link = ++ps->links;
		p->fd = fd;
		p->tail = &p->queue;
		pthread_mutex_lock(&ps->lock);
		p->next = ps->list;
		ps->list = p;
		pthread_mutex_unlock(&ps->lock);
	} else {
		close(fd);
	}
	tell_waiting(hv, domid, false);
}

void peers_refuse(struct hv *hv, uint16_t domid)
{
	tell_waiting(hv, domid, false);
}

/* --- life --- */

static int make_buffers(struct hv *hv, struct peers *ps)
{
	bool ok = (ps->data = malloc(XEN_PAGE_SIZE)) != NULL;

	for (unsigned n = 0; n < hv->vcpus; n++) {
		hv->vcpu[n].wait.fd = -1;
		hv->vcpu[n].wait.data = malloc(XEN_PAGE_SIZE);
		ok = ok && hv->vcpu[n].wait.data;
	}
	return ok ? 0 : -ENOMEM;
}

int peers_init(struct hv *hv, const struct peers_host *host)
{
	struct peers *ps = calloc(1, sizeof(*ps));

	if (!ps)
		return -ENOMEM;
	ps->host = *host;
	ps->passed = -1;
	pthread_mutex_init(&ps->lock, NULL);
	hv->peers = ps;
	int err = make_buffers(hv, ps);
	if (!err)
		err = export_init(hv, host->exports);
	if (err)
		peers_free(hv);
	return err;
}

void peers_reset(struct hv *hv)
{
	struct peers *ps = hv->peers;

	if (!ps)
		return;
	export_reset(hv);
	for (struct peer *p = ps->list; p; p = p->next)
		p->gone = true;
	reap(hv);
	for (unsigned n = 0; n < hv->vcpus; n++)
		peer_forget(&hv->vcpu[n]);
}

void peers_free(struct hv *hv)
{
	struct peers *ps = hv->peers;

	if (!ps)
		return;
	peers_reset(hv);
	export_free(hv);
	pthread_mutex_destroy(&ps->lock);
	for (unsigned n = 0; n < hv->vcpus; n++)
		free(hv->vcpu[n].wait.data);
	free(ps->data);
	free(ps);
	hv->peers = NULL;
}
