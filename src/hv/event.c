/* SPDX-License-Identifier: MIT */
/*
 * Event channels (ABI 10). Ports change hands under the table's lock. Raising one sets bits in
 * shared_info, which the guest clears at any time, so these are atomic and their order matters:
 * pending, selector, upcall, kick.
 */
#include "hv/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "hv/hypercall.h"
#include "hv/peer.h"
#include "hv/pv_page.h"

#define AT_PENDING 0xc00
#define AT_MASK	   0xe00
#define AT_SEL	   8 /* in vcpu_info */

static struct evtchn *port_get(struct hv *hv, uint64_t port)
{
	return port > 0 && port < EVTCHN_PORTS ? &hv->event.port[port] : NULL;
}

/* --- raising (ABI 10.2) --- */

static uint64_t *shared_word(const struct hv *hv, unsigned at, uint32_t port)
{
	return (uint64_t *)(hv->shared_info + at) + port / 64;
}

static bool test_and_set(uint64_t *word, unsigned bit)
{
	return __atomic_fetch_or(word, 1ull << bit, __ATOMIC_SEQ_CST) >> bit & 1;
}

bool evtchn_pending(const struct hv *hv, uint32_t port)
{
	return __atomic_load_n(shared_word(hv, AT_PENDING, port), __ATOMIC_SEQ_CST) >> port % 64 &
	       1;
}

static bool masked(const struct hv *hv, uint32_t port)
{
	return __atomic_load_n(shared_word(hv, AT_MASK, port), __ATOMIC_SEQ_CST) >> port % 64 & 1;
}

/* The processor has an upcall to make. */
static void mark(struct hv *hv, unsigned vcpu)
{
	struct hv_vcpu *v = &hv->vcpu[vcpu];

	if (__atomic_exchange_n(shared_vcpu(v), 1, __ATOMIC_SEQ_CST) == 0)
		cpu_kick(v->cpu);
}

static void select_port(struct hv *hv, uint32_t port, unsigned vcpu)
{
	uint64_t *sel = (uint64_t *)(shared_vcpu(&hv->vcpu[vcpu]) + AT_SEL);

	if (!test_and_set(sel, port / 64))
		mark(hv, vcpu);
}

static void wake_pollers(struct hv *hv)
{
	for (unsigned n = 0; n < hv->vcpus; n++)
		if (hv->vcpu[n].polling)
			cpu_kick(hv->vcpu[n].cpu);
}

static void set_pending(struct hv *hv, uint32_t port, unsigned vcpu)
{
	if (test_and_set(shared_word(hv, AT_PENDING, port), port % 64))
		return;
	if (!masked(hv, port))
		select_port(hv, port, vcpu);
	wake_pollers(hv);
}

static void clear_pending(struct hv *hv, uint32_t port)
{
	__atomic_fetch_and(
		shared_word(hv, AT_PENDING, port), ~(1ull << port % 64), __ATOMIC_SEQ_CST);
}

bool evtchn_raise_virq(struct hv *hv, unsigned vcpu, unsigned virq)
{
	pthread_mutex_lock(&hv->event.lock);
	uint32_t port = hv->event.virq[vcpu][virq];
	if (port)
		set_pending(hv, port, hv->event.port[port].vcpu);
	pthread_mutex_unlock(&hv->event.lock);
	return port != 0;
}

void evtchn_signal(struct hv *hv, uint32_t port)
{
	pthread_mutex_lock(&hv->event.lock);
	const struct evtchn *e = port_get(hv, port);
	if (e && e->state == EVTCHN_INTERDOMAIN)
		set_pending(hv, port, e->vcpu);
	pthread_mutex_unlock(&hv->event.lock);
}

/* --- ports; the lock is held --- */

static int64_t port_alloc(struct hv *hv, enum evtchn_state state)
{
	for (uint32_t port = 1; port < EVTCHN_PORTS; port++) {
		struct evtchn *e = &hv->event.port[port];
		if (e->state != EVTCHN_CLOSED)
			continue;
		*e = (struct evtchn){.state = (uint8_t)state};
		return port;
	}
	return -XEN_ENOSPC;
}

/* The other end, in this same domain, is unbound again. */
static void release_peer(struct hv *hv, const struct evtchn *e)
{
	struct evtchn *peer = port_get(hv, e->remote_port);

	if (!is_self(hv, e->remote_dom) || !peer || peer->state != EVTCHN_INTERDOMAIN)
		return;
	peer->state = EVTCHN_UNBOUND;
	peer->remote_dom = hv->domid;
	peer->remote_port = 0;
}

/* Is it bound to another domain than the one in this process, which is told by notify? */
static bool is_foreign(const struct hv *hv, const struct evtchn *e)
{
	return e->state == EVTCHN_INTERDOMAIN && !is_self(hv, e->remote_dom) &&
	       e->remote_dom != DOMID_DOM0;
}

static bool virq_is_global(unsigned virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq < VIRQ_ITC;
}

/* Where it is noted who has bound it: a global one may have been moved to another processor. */
static uint32_t *virq_slot(struct hv *hv, const struct evtchn *e)
{
	return &hv->event.virq[virq_is_global(e->virq) ? 0 : e->vcpu][e->virq];
}

static void port_close(struct hv *hv, uint32_t port)
{
	struct evtchn *e = &hv->event.port[port];

	if (e->state == EVTCHN_VIRQ)
		*virq_slot(hv, e) = 0;
	if (is_foreign(hv, e))
		peer_tell(hv, e->remote_dom, 0,
			&(struct peer_msg){
				.kind = PEER_CLOSE, .port = e->remote_port, .from = port});
	else if (e->state == EVTCHN_INTERDOMAIN)
		release_peer(hv, e);
	*e = (struct evtchn){0};
	clear_pending(hv, port);
}

int64_t evtchn_alloc_unbound(struct hv *hv, uint16_t remote_dom)
{
	pthread_mutex_lock(&hv->event.lock);
	int64_t port = port_alloc(hv, EVTCHN_UNBOUND);
	if (port > 0)
		hv->event.port[port].remote_dom = remote_dom == DOMID_SELF ? hv->domid : remote_dom;
	pthread_mutex_unlock(&hv->event.lock);
	return port;
}

int64_t evtchn_connect(
	struct hv *hv, uint32_t port, uint16_t domid, evtchn_notify_fn *notify, void *ctx)
{
	int64_t r = -XEN_EINVAL;

	pthread_mutex_lock(&hv->event.lock);
	struct evtchn *e = port_get(hv, port);
	bool waits = e && e->state == EVTCHN_UNBOUND && e->remote_dom == domid;
	/* saved and loaded: the other end comes back */
	bool orphan = e && e->state == EVTCHN_INTERDOMAIN && e->remote_dom == domid && !e->notify;
	if (waits || orphan) {
		e->state = EVTCHN_INTERDOMAIN;
		e->notify = notify;
		e->ctx = ctx;
		r = 0;
	}
	pthread_mutex_unlock(&hv->event.lock);
	return r;
}

void evtchn_disconnect_from(struct hv *hv, uint32_t port, const void *ctx)
{
	pthread_mutex_lock(&hv->event.lock);
	struct evtchn *e = port_get(hv, port);
	if (e && e->state == EVTCHN_INTERDOMAIN && e->notify && (!ctx || e->ctx == ctx)) {
		e->state = EVTCHN_UNBOUND;
		e->notify = NULL;
		e->ctx = NULL;
	}
	pthread_mutex_unlock(&hv->event.lock);
}

void evtchn_disconnect(struct hv *hv, uint32_t port)
{
	evtchn_disconnect_from(hv, port, NULL);
}

/* --- ports that are bound to other domains' (peer.h) --- */

bool evtchn_accept(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from)
{
	struct evtchn *e = port_get(hv, port);
	bool waits = e && e->state == EVTCHN_UNBOUND && e->remote_dom == domid;

	if (waits) {
		e->state = EVTCHN_INTERDOMAIN;
		e->remote_port = from;
	}
	return waits;
}

void evtchn_bound(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from)
{
	pthread_mutex_lock(&hv->event.lock);
	struct evtchn *e = port_get(hv, port);
	if (e && e->state == EVTCHN_BINDING && e->remote_dom == domid) {
		e->state = EVTCHN_INTERDOMAIN;
		e->remote_port = from;
		/* events may have been lost before: the guest looks once */
		set_pending(hv, port, e->vcpu);
	}
	pthread_mutex_unlock(&hv->event.lock);
}

void evtchn_not_bound(struct hv *hv, uint32_t port)
{
	pthread_mutex_lock(&hv->event.lock);
	struct evtchn *e = port_get(hv, port);
	if (e && e->state == EVTCHN_BINDING)
		*e = (struct evtchn){0};
	pthread_mutex_unlock(&hv->event.lock);
}

/* The lock is held. NULL: it is not bound to that one, or not any more. */
static struct evtchn *port_of(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from)
{
	struct evtchn *e = port_get(hv, port);
	bool bound = e && is_foreign(hv, e) && e->remote_dom == domid && e->remote_port == from;

	return bound ? e : NULL;
}

void evtchn_signal_from(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from)
{
	pthread_mutex_lock(&hv->event.lock);
	const struct evtchn *e = port_of(hv, port, domid, from);
	if (e)
		set_pending(hv, port, e->vcpu);
	pthread_mutex_unlock(&hv->event.lock);
}

void evtchn_signal_again(struct hv *hv, uint32_t port, uint16_t domid)
{
	pthread_mutex_lock(&hv->event.lock);
	const struct evtchn *e = port_get(hv, port);
	if (e && is_foreign(hv, e) && e->remote_dom == domid)
		peer_signal(hv, domid, e->remote_port, port);
	pthread_mutex_unlock(&hv->event.lock);
}

void evtchn_lost(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from)
{
	pthread_mutex_lock(&hv->event.lock);
	struct evtchn *e = port_of(hv, port, domid, from);
	if (e) {
		e->state = EVTCHN_UNBOUND;
		e->remote_port = 0;
	}
	pthread_mutex_unlock(&hv->event.lock);
}

void evtchn_domain_gone(struct hv *hv, uint16_t domid)
{
	pthread_mutex_lock(&hv->event.lock);
	for (uint32_t port = 1; port < EVTCHN_PORTS; port++) {
		struct evtchn *e = &hv->event.port[port];
		if (!is_foreign(hv, e) || e->remote_dom != domid)
			continue;
		e->state = EVTCHN_UNBOUND;
		e->remote_port = 0;
	}
	pthread_mutex_unlock(&hv->event.lock);
}

/* --- event_channel_op (ABI 10.3): each gets its argument structure, and may write into it --- */

struct op_bind_interdomain {
	uint16_t remote_dom, pad;
	uint32_t remote_port, local_port;
};

/* The port is taken first: the other side hears its number. */
static int64_t bind_begin(struct hypercall *c, struct op_bind_interdomain *a)
{
	struct hv *hv = c->v->hv;
	int64_t port = port_alloc(hv, EVTCHN_BINDING);

	if (port < 0)
		return port;
	hv->event.port[port].remote_dom = a->remote_dom;
	a->local_port = (uint32_t)port;
	c->v->wait.port = a->local_port;
	c->v->wait.remote_port = a->remote_port;
	return 0;
}

/* evtchn_bound was called before an answer of 0 is seen here. */
static int64_t bind_foreign(struct hypercall *c, struct op_bind_interdomain *a)
{
	const struct peer_msg m = {.kind = PEER_BIND, .port = a->remote_port};
	struct peer_msg request = m;
	int64_t r = c->v->wait.again ? 0 : bind_begin(c, a);

	if (r)
		return r;
	request.from = a->local_port;
	enum peer_result result = peer_call(c, a->remote_dom, 0, &request, NULL);
	if (result == PEER_WAITS)
		return 0;
	c->v->wait.port = 0;
	struct evtchn *e = &c->v->hv->event.port[a->local_port];
	if (result == PEER_ANSWERED && e->state != EVTCHN_BINDING)
		return 0;
	if (e->state == EVTCHN_BINDING)
		*e = (struct evtchn){0};
	return result == PEER_NOBODY ? -XEN_ESRCH : -XEN_EINVAL;
}

static int64_t op_bind_interdomain(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	struct op_bind_interdomain *a = arg;
	struct evtchn *remote = port_get(hv, a->remote_port);

	if (a->remote_dom == DOMID_DOM0)
		return -XEN_EINVAL;
	if (!is_self(hv, a->remote_dom))
		return bind_foreign(c, a);
	if (!remote || remote->state != EVTCHN_UNBOUND || remote->remote_dom != hv->domid)
		return -XEN_EINVAL;
	int64_t port = port_alloc(hv, EVTCHN_INTERDOMAIN);
	if (port < 0)
		return port;
	struct evtchn *local = &hv->event.port[port];
	local->remote_dom = remote->remote_dom = hv->domid;
	local->remote_port = a->remote_port;
	remote->state = EVTCHN_INTERDOMAIN;
	remote->remote_port = (uint32_t)port;
	/* events may have been lost before: the guest looks once */
	set_pending(hv, (uint32_t)port, local->vcpu);
	a->local_port = (uint32_t)port;
	return 0;
}

struct op_bind_virq {
	uint32_t virq, vcpu, port;
};

static int64_t op_bind_virq(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	struct op_bind_virq *a = arg;

	if (a->virq >= EVTCHN_VIRQS || (virq_is_global(a->virq) && a->vcpu != 0))
		return -XEN_EINVAL;
	if (a->vcpu >= hv->vcpus)
		return -XEN_ENOENT;
	if (hv->event.virq[a->vcpu][a->virq])
		return -XEN_EEXIST;
	int64_t port = port_alloc(hv, EVTCHN_VIRQ);
	if (port < 0)
		return port;
	hv->event.port[port].virq = a->virq;
	hv->event.port[port].vcpu = (uint8_t)a->vcpu;
	hv->event.virq[a->vcpu][a->virq] = (uint32_t)port;
	a->port = (uint32_t)port;
	return 0;
}

/* There are no physical interrupts here to bind. */
static int64_t op_bind_pirq(struct hypercall *c, void *arg)
{
	(void)c, (void)arg;
	return -XEN_EPERM;
}

static int64_t op_close(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const uint32_t *port = arg;
	const struct evtchn *e = port_get(hv, *port);

	if (!e || e->state == EVTCHN_CLOSED || e->state == EVTCHN_BINDING)
		return -XEN_EINVAL;
	port_close(hv, *port);
	return 0;
}

static int64_t op_send(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const uint32_t *port = arg;
	const struct evtchn *e = port_get(hv, *port);

	if (!e)
		return -XEN_EINVAL;
	switch (e->state) {
	case EVTCHN_INTERDOMAIN:
		if (e->notify)
			e->notify(e->ctx);
		else if (is_self(hv, e->remote_dom))
			set_pending(hv, e->remote_port, hv->event.port[e->remote_port].vcpu);
		else
			peer_signal(hv, e->remote_dom, e->remote_port, *port);
		return 0;
	case EVTCHN_IPI:
		set_pending(hv, *port, e->vcpu);
		return 0;
	case EVTCHN_UNBOUND: /* nobody there: silently dropped */
		return 0;
	default:
		return -XEN_EINVAL;
	}
}

struct op_status {
	uint16_t dom, pad;
	uint32_t port, status, vcpu, u[2];
};

static int64_t op_status(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	struct op_status *a = arg;
	const struct evtchn *e = port_get(hv, a->port);

	if (!is_self(hv, a->dom))
		return -XEN_EPERM;
	if (!e)
		return -XEN_EINVAL;
	a->status = e->state == EVTCHN_BINDING ? EVTCHN_CLOSED : e->state;
	a->vcpu = e->vcpu;
	a->u[0] = e->state == EVTCHN_VIRQ ? e->virq : e->remote_dom;
	a->u[1] = e->remote_port;
	return 0;
}

struct op_alloc_unbound {
	uint16_t dom, remote_dom;
	uint32_t port;
};

static int64_t op_alloc_unbound(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	struct op_alloc_unbound *a = arg;

	if (!is_self(hv, a->dom))
		return -XEN_EPERM;
	int64_t port = port_alloc(hv, EVTCHN_UNBOUND);
	if (port < 0)
		return port;
	hv->event.port[port].remote_dom = a->remote_dom == DOMID_SELF ? hv->domid : a->remote_dom;
	a->port = (uint32_t)port;
	return 0;
}

struct op_bind_ipi {
	uint32_t vcpu, port;
};

static int64_t op_bind_ipi(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	struct op_bind_ipi *a = arg;

	if (a->vcpu >= hv->vcpus)
		return -XEN_ENOENT;
	int64_t port = port_alloc(hv, EVTCHN_IPI);
	if (port < 0)
		return port;
	hv->event.port[port].vcpu = (uint8_t)a->vcpu;
	a->port = (uint32_t)port;
	return 0;
}

struct op_bind_vcpu {
	uint32_t port, vcpu;
};

/* Ports of one processor's own causes stay with it. */
static int64_t op_bind_vcpu(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const struct op_bind_vcpu *a = arg;
	struct evtchn *e = port_get(hv, a->port);

	if (a->vcpu >= hv->vcpus)
		return -XEN_ENOENT;
	if (!e)
		return -XEN_EINVAL;
	bool movable = e->state == EVTCHN_UNBOUND || e->state == EVTCHN_INTERDOMAIN ||
		       (e->state == EVTCHN_VIRQ && virq_is_global(e->virq));
	if (!movable)
		return -XEN_EINVAL;
	e->vcpu = (uint8_t)a->vcpu;
	return 0;
}

static int64_t op_unmask(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const uint32_t *port = arg;
	const struct evtchn *e = port_get(hv, *port);

	if (!e)
		return -XEN_EINVAL;
	uint64_t bit = 1ull << *port % 64;
	uint64_t old = __atomic_fetch_and(shared_word(hv, AT_MASK, *port), ~bit, __ATOMIC_SEQ_CST);
	if (old & bit && evtchn_pending(hv, *port))
		select_port(hv, *port, e->vcpu);
	return 0;
}

static void close_all(struct hv *hv)
{
	for (uint32_t port = 1; port < EVTCHN_PORTS; port++)
		if (hv->event.port[port].state != EVTCHN_CLOSED &&
			hv->event.port[port].state != EVTCHN_BINDING)
			port_close(hv, port);
}

static int64_t op_reset(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const uint16_t *dom = arg;

	if (!is_self(hv, *dom))
		return -XEN_EPERM;
	close_all(hv);
	return 0;
}

static const struct {
	int64_t (*fn)(struct hypercall *c, void *arg);
	uint8_t size;
	bool out; /* the structure is written back */
} ops[] = {
	{op_bind_interdomain, sizeof(struct op_bind_interdomain), true},
	{op_bind_virq, sizeof(struct op_bind_virq), true},
	{op_bind_pirq, 12, false},
	{op_close, 4, false},
	{op_send, 4, false},
	{op_status, sizeof(struct op_status), true},
	{op_alloc_unbound, sizeof(struct op_alloc_unbound), true},
	{op_bind_ipi, sizeof(struct op_bind_ipi), true},
	{op_bind_vcpu, sizeof(struct op_bind_vcpu), false},
	{op_unmask, 4, false},
	{op_reset, 2, false},
};

int64_t hc_event_channel_op(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	uint64_t op = c->arg[0];
	struct hv_wait *w = &c->v->wait;
	_Alignas(8) uint8_t arg[24] = {0};

	if (op >= countof(ops))
		return -XEN_ENOSYS;
	if (w->again)
		memcpy(arg, w->arg, sizeof(arg));
	else if (xencomm_read(hv, c->arg[1], 0, arg, ops[op].size))
		return -XEN_EFAULT;
	pthread_mutex_lock(&hv->event.lock);
	int64_t r = ops[op].fn(c, arg);
	pthread_mutex_unlock(&hv->event.lock);
	w->again = c->again;
	if (c->again) {
		memcpy(w->arg, arg, sizeof(arg));
		return 0;
	}
	if (r == 0 && ops[op].out && xencomm_write(hv, c->arg[1], 0, arg, ops[op].size))
		return -XEN_EFAULT;
	return r;
}

/* --- life --- */

int evtchn_init(struct hv *hv)
{
	hv->event.port = calloc(EVTCHN_PORTS, sizeof(*hv->event.port));
	if (!hv->event.port)
		return -ENOMEM;
	pthread_mutex_init(&hv->event.lock, NULL);
	return 0;
}

void evtchn_free(struct hv *hv)
{
	if (!hv->event.port)
		return;
	pthread_mutex_destroy(&hv->event.lock);
	free(hv->event.port);
	hv->event.port = NULL;
}

void evtchn_reset(struct hv *hv)
{
	pthread_mutex_lock(&hv->event.lock);
	memset(hv->event.port, 0, EVTCHN_PORTS * sizeof(*hv->event.port));
	memset(hv->event.virq, 0, sizeof(hv->event.virq));
	pthread_mutex_unlock(&hv->event.lock);
}

void evtchn_save(struct hv *hv, struct stream *s)
{
	stream_begin(s, "evtchn", 1);
	for (uint32_t port = 1; port < EVTCHN_PORTS; port++) {
		const struct evtchn *e = &hv->event.port[port];
		if (e->state == EVTCHN_CLOSED || e->state == EVTCHN_BINDING)
			continue;
		stream_put_u64(s, port);
		stream_put_u64(s, e->state);
		stream_put_u64(s, e->vcpu);
		stream_put_u64(s, is_self(hv, e->remote_dom) ? DOMID_SELF : e->remote_dom);
		stream_put_u64(s, e->remote_port);
		stream_put_u64(s, e->virq);
	}
	stream_put_u64(s, 0);
	stream_end(s);
}

/* Who was at the other end in this process connects again; the domain may have another id now. */
void evtchn_load(struct hv *hv, struct stream *s)
{
	if (!stream_open(s, "evtchn", 1))
		return;
	evtchn_reset(hv);
	for (;;) {
		uint64_t port = stream_get_max(s, EVTCHN_PORTS - 1, "event channel");
		if (!port || !stream_ok(s))
			break;
		struct evtchn *e = &hv->event.port[port];
		e->state = (uint8_t)stream_get_max(s, EVTCHN_IPI, "event channel's state");
		e->vcpu = (uint8_t)stream_get_max(s, hv->vcpus - 1, "event channel's processor");
		e->remote_dom = (uint16_t)stream_get_max(s, UINT16_MAX, "domain");
		if (e->remote_dom == DOMID_SELF)
			e->remote_dom = hv->domid;
		e->remote_port = (uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "remote port");
		e->virq = (uint32_t)stream_get_max(s, EVTCHN_VIRQS - 1, "virtual interrupt");
		if (e->state == EVTCHN_VIRQ)
			*virq_slot(hv, e) = (uint32_t)port;
		if (is_foreign(hv, e)) /* that one knows the domain by another number */
			e->state = EVTCHN_UNBOUND;
	}
	stream_close(s);
}
