/* SPDX-License-Identifier: MIT */
/*
 * See block_request.h. All grants of a request are held before the first byte moves and until the
 * last has; the pages cannot go away between. Memory that the image is read into is made known to
 * the RAM layer before, for who compares, and behind, for who has looked between.
 */
#include "back/block_request.h"

#include "base/log.h"
#include "hv/grant.h"
#include "hv/hypercall.h"
#include "mmu/ram.h"

#include <errno.h>
#include <string.h>

/* Pages that a request holds. */
struct held {
	struct iovec v[BLOCK_INDIRECT_MAX];
	unsigned count;
	size_t total; /* bytes */
	bool readonly;
};

static void release(struct block_target *t, const struct block_request *q, const struct held *h)
{
	for (unsigned n = 0; n < h->count; n++)
		grant_release(t->hv, q->segment[n].ref, h->readonly);
}

/* Says that the guest's bytes change. False: nobody may write there. */
static bool note_write(struct block_target *t, const struct iovec *v)
{
	struct ram *ram = &t->hv->machine->ram;
	gpa_t a = ram_gpa(ram, (uintptr_t)v->iov_base);

	return ram_write_ptr(ram, a, v->iov_len) == v->iov_base;
}

static bool hold_one(struct block_target *t, struct block_segment s, struct held *h)
{
	enum grant_status status;

	if (s.first > s.last || s.last >= BLOCK_PAGE / BLOCK_SECTOR)
		return false;
	uint8_t *page = grant_acquire(t->hv, s.ref, DOMID_DOM0, h->readonly, &status);
	if (!page)
		return false;
	struct iovec *v = &h->v[h->count++];
	v->iov_base = page + s.first * BLOCK_SECTOR;
	v->iov_len = (s.last - s.first + 1u) * BLOCK_SECTOR;
	h->total += v->iov_len;
	return h->readonly || note_write(t, v);
}

static bool hold(struct block_target *t, const struct block_request *q, struct held *h)
{
	for (unsigned n = 0; n < q->segments; n++) {
		if (!hold_one(t, q->segment[n], h))
			return false;
	}
	return true;
}

/* Is [sector, sector + count) on the disk? */
static bool in_range(const struct block_target *t, uint64_t sector, uint64_t count)
{
	uint64_t all = t->image->size / BLOCK_SECTOR;

	return sector <= all && count <= all - sector;
}

/* Segments of an indirect request stand in a page of the guest, which it may change: one read. */
static bool fetch_segments(struct block_target *t, struct block_request *q)
{
	uint8_t raw[BLOCK_INDIRECT_MAX * 8];
	enum grant_status status;

	if (q->segments > BLOCK_INDIRECT_MAX)
		return false;
	const uint8_t *page = grant_acquire(t->hv, q->indirect_ref, DOMID_DOM0, true, &status);
	if (!page)
		return false;
	for (unsigned n = 0; n < q->segments * 8u; n++)
		raw[n] = __atomic_load_n(page + n, __ATOMIC_RELAXED);
	grant_release(t->hv, q->indirect_ref, true);
	for (unsigned n = 0; n < q->segments; n++)
		q->segment[n] = block_abi_segment(raw + n * 8);
	return true;
}

/* --- what the host says --- */

static enum block_status answer(struct block_target *t, const char *what, int err)
{
	if (likely(err == 0))
		return BLOCK_OKAY;
	if (err == -EOPNOTSUPP)
		return BLOCK_EOPNOTSUPP;
	if (!atomic_exchange(&t->complained, true))
		log_error("disk %s: %s: %s; no more is said of this disk", t->name, what,
			strerror(-err));
	return BLOCK_ERROR;
}

static enum block_status flush(struct block_target *t)
{
	return t->readonly ? BLOCK_OKAY : answer(t, "flush", t->image->ops->flush(t->image));
}

/* --- operations --- */

static enum block_status move(struct block_target *t, struct block_request *q, struct held *h)
{
	const struct block_image_ops *ops = t->image->ops;
	uint64_t at = q->sector * BLOCK_SECTOR;

	if (h->readonly)
		return answer(t, "write", ops->write(t->image, h->v, (int)h->count, at, h->total));
	enum block_status s =
		answer(t, "read", ops->read(t->image, h->v, (int)h->count, at, h->total));
	for (unsigned n = 0; n < h->count; n++)
		note_write(t, &h->v[n]);
	return s;
}

static enum block_status transfer(struct block_target *t, struct block_request *q)
{
	struct held h = {.readonly = q->op != BLOCK_READ};
	enum block_status s = BLOCK_ERROR;

	if (q->segments > (q->indirect ? BLOCK_INDIRECT_MAX : BLOCK_DIRECT_MAX) ||
		(h.readonly && t->readonly))
		return BLOCK_ERROR;
	if (q->indirect && !fetch_segments(t, q))
		return BLOCK_ERROR;
	if (hold(t, q, &h) && in_range(t, q->sector, h.total / BLOCK_SECTOR))
		s = move(t, q, &h);
	release(t, q, &h);
	return s;
}

bool block_try(struct block_target *t, const struct block_request *q, enum block_status *s)
{
	struct held h = {.readonly = false};
	const struct block_image_ops *ops = t->image->ops;
	int err = -EAGAIN;

	if (q->op != BLOCK_READ || q->indirect || q->segments != 1 || !ops->try_read)
		return false;
	if (hold(t, q, &h) && in_range(t, q->sector, h.total / BLOCK_SECTOR)) {
		err = ops->try_read(t->image, h.v, 1, q->sector * BLOCK_SECTOR, h.total);
		note_write(t, &h.v[0]);
	}
	release(t, q, &h);
	*s = BLOCK_OKAY;
	return err == 0;
}

static enum block_status discard(struct block_target *t, const struct block_request *q)
{
	if (!t->image->discard_granule)
		return BLOCK_EOPNOTSUPP;
	if (t->readonly || !in_range(t, q->sector, q->discarded))
		return BLOCK_ERROR;
	if (!q->discarded)
		return BLOCK_OKAY;
	return answer(t, "discard",
		t->image->ops->discard(
			t->image, q->sector * BLOCK_SECTOR, q->discarded * BLOCK_SECTOR));
}

/* Both may come with something to write. A barrier's is on the disk when it is answered, as what
 * was written before it. */
static enum block_status flush_and_write(struct block_target *t, struct block_request *q)
{
	enum block_status s = flush(t);

	if (s != BLOCK_OKAY || !q->segments)
		return s;
	s = transfer(t, q);
	return s == BLOCK_OKAY && q->op == BLOCK_WRITE_BARRIER ? flush(t) : s;
}

enum block_status block_perform(struct block_target *t, struct block_request *q)
{
	switch (q->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		return q->segments ? transfer(t, q) : BLOCK_ERROR;
	case BLOCK_WRITE_BARRIER:
	case BLOCK_FLUSH:
		return q->indirect ? BLOCK_ERROR : flush_and_write(t, q);
	case BLOCK_DISCARD:
		return q->indirect ? BLOCK_ERROR : discard(t, q);
	default:
		return BLOCK_EOPNOTSUPP;
	}
}
