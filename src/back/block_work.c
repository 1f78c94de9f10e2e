/* SPDX-License-Identifier: MIT */
/*
 * The threads that do the I/O of disks. Who takes a request sees first that another thread looks
 * after what is behind it. A barrier is taken as any request is, but done when nothing else flies,
 * and nothing is taken meanwhile.
 */
#include "back/block_private.h"

#include "base/log.h"
#include "hv/event.h"
#include "mmu/hold.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

/* --- the lock is held --- */

static bool may_take(const struct vbd *v)
{
	return v->live && v->kicked && !v->held && !v->broken && !v->block->paused;
}

static bool ready(const struct vbd *v)
{
	return v->put_off || may_take(v);
}

/* Disks take turns. */
static struct vbd *next_ready(struct block *b)
{
	struct vbd *v = b->turn ? b->turn : b->disks;

	for (struct vbd *first = v; v;) {
		if (ready(v)) {
			b->turn = v->next;
			return v;
		}
		v = v->next ? v->next : b->disks;
		if (v == first)
			break;
	}
	return NULL;
}

static void ring_is_broken(struct vbd *v)
{
	v->broken = v->report = true;
	v->block->wake(v->block->ctx);
}

/* The next request; false: there is none, or none may be done now. */
static bool take(struct vbd *v, struct block_request *q)
{
	_Alignas(8) uint8_t raw[BLOCK_REQUEST_MAX];
	int got;

	while ((got = shared_ring_take(&v->ring, raw)) == 0) {
		if (!shared_ring_sleep(&v->ring)) {
			v->kicked = false;
			return false;
		}
	}
	if (got < 0) {
		ring_is_broken(v);
		return false;
	}
	block_abi_request(v->abi, raw, q);
	if (q->op == BLOCK_WRITE_BARRIER && v->flying) {
		v->barrier = *q;
		v->held = true;
		return false;
	}
	v->held = q->op == BLOCK_WRITE_BARRIER;
	v->flying++;
	return true;
}

/* What is to be done next. */
static bool next_request(struct vbd *v, struct block_request *q)
{
	if (!v->put_off)
		return take(v, q);
	*q = v->deferred;
	v->put_off = false;
	return true;
}

/* What a guest sees of a disk that was disconnected meanwhile is nothing. */
static bool publish(struct vbd *v, const struct block_request *q, enum block_status s)
{
	uint8_t raw[BLOCK_RESPONSE_MAX];

	if (!v->live)
		return false;
	size_t n = block_abi_response(v->abi, q->id, q->op, (int16_t)s, raw);
	shared_ring_put(&v->ring, raw, n);
	return shared_ring_push(&v->ring);
}

/* Makes the answered request's part of the state undone. Returns whether q is a barrier that can be
 * done now. */
static bool land(struct vbd *v, struct block_request *q)
{
	bool was_barrier = q->op == BLOCK_WRITE_BARRIER;

	if (was_barrier)
		v->held = false;
	if (--v->flying)
		return false;
	if (v->held && v->live) {
		*q = v->barrier;
		v->flying++;
		return true;
	}
	pthread_cond_broadcast(&v->block->done);
	return false;
}

static void tell(struct vbd *v, const struct block_request *q, enum block_status s)
{
	struct block *b = v->block;

	if (!publish(v, q, s))
		return;
	pthread_mutex_unlock(&b->lock);
	evtchn_signal(b->hv, v->port);
	pthread_mutex_lock(&b->lock);
}

/* Does a request, and the barrier that waits for it. */
static void serve(struct vbd *v, struct block_request *q)
{
	struct block *b = v->block;

	do {
		if (b->idle && shared_ring_waiting(&v->ring) && !v->held)
			pthread_cond_signal(&b->work);
		pthread_mutex_unlock(&b->lock);
		enum block_status s = block_perform(&v->target, q);
		pthread_mutex_lock(&b->lock);
		tell(v, q, s);
	} while (land(v, q));
}

/* Takes what can be done at once; the first that cannot is put off, and one of the threads goes on
 * behind it. */
static void serve_eagerly(struct vbd *v)
{
	struct block *b = v->block;
	struct block_request q;
	enum block_status s;

	if (v->busy)
		return;
	v->busy = true;
	while (may_take(v) && !v->put_off && take(v, &q)) {
		pthread_mutex_unlock(&b->lock);
		bool done = block_try(&v->target, &q, &s);
		pthread_mutex_lock(&b->lock);
		if (!done) {
			v->deferred = q;
			v->put_off = true;
			break;
		}
		tell(v, &q, s);
		if (land(v, &q)) { /* a barrier now */
			v->deferred = q;
			v->put_off = true;
		}
	}
	v->busy = false;
}

void block_eager(struct block *b)
{
	bool more = false;

	if (likely(!atomic_load_explicit(&b->eager, memory_order_relaxed)))
		return;
	pthread_mutex_lock(&b->lock);
	b->eager = false;
	for (struct vbd *v = b->disks; v; v = v->next) {
		serve_eagerly(v);
		more |= ready(v);
	}
	if (more)
		pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
}

/* The hold goes before the lock. */
static void take_hold(struct block *b)
{
	pthread_mutex_unlock(&b->lock);
	hold_enter(&b->hv->machine->ram);
	pthread_mutex_lock(&b->lock);
}

static void wait_for_work(struct block *b)
{
	hold_leave(&b->hv->machine->ram);
	b->idle++;
	pthread_cond_wait(&b->work, &b->lock);
	b->idle--;
	take_hold(b);
}

void *block_work(void *arg)
{
	struct block *b = arg;
	struct block_request q;

	pthread_mutex_lock(&b->lock);
	b->running++;
	pthread_cond_signal(&b->done);
	take_hold(b);
	while (!b->quit) {
		struct vbd *v = next_ready(b);
		if (!v)
			wait_for_work(b);
		else if (next_request(v, &q))
			serve(v, &q);
	}
	hold_leave(&b->hv->machine->ram);
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

bool block_await(struct vbd *v, unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	while (v->flying) {
		if (pthread_cond_timedwait(&v->block->done, &v->block->lock, &t) == ETIMEDOUT)
			return v->flying == 0;
	}
	return true;
}
