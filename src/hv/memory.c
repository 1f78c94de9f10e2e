/* SPDX-License-Identifier: MIT */
/*
 * Which frames the guest has, and memory_op (ABI 11.1): a balloon gives frames back to the host and
 * takes them again. Frames have one number, the guest's own. A frame that the guest gave away reads
 * as the scratch page (1.5), and its memory is the host's.
 */
#define _GNU_SOURCE
#include "hv/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "hv/hypercall.h"

/* --- frames --- */

static gpa_t frame_address(uint64_t gfn)
{
	return GPA(gfn << XEN_PAGE_SHIFT);
}

bool memory_present(const struct hv *hv, uint64_t gfn)
{
	return gfn < hv->pages && !(atomic_load(&hv->memory.absent[gfn / 64]) >> gfn % 64 & 1);
}

uint64_t memory_count(struct hv *hv)
{
	pthread_mutex_lock(&hv->memory.lock);
	uint64_t n = hv->memory.present;
	pthread_mutex_unlock(&hv->memory.lock);
	return n;
}

/* The host gets the page back; where it cannot take it, it is zeroed at least. */
void memory_discard(struct hv *hv, uint64_t gfn)
{
	gpa_t a = frame_address(gfn);
	uint8_t *host = ram_write_ptr(&hv->machine->ram, a, XEN_PAGE_SIZE);
	struct ram_slot *s = ram_find(&hv->machine->ram, a, XEN_PAGE_SIZE);

	if (host && fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			    (off_t)(a.v - s->base), XEN_PAGE_SIZE))
		memset(host, 0, XEN_PAGE_SIZE);
}

bool memory_remove(struct hv *hv, uint64_t gfn)
{
	bool removed = false;

	pthread_mutex_lock(&hv->memory.lock);
	if (memory_present(hv, gfn) && !memory_pinned(hv, gfn) && !memory_is_place(hv, gfn)) {
		hv->memory.taken++;
		atomic_fetch_or(&hv->memory.absent[gfn / 64], 1ull << gfn % 64);
		hv->memory.present--;
		removed = true;
	}
	pthread_mutex_unlock(&hv->memory.lock);
	return removed;
}

bool memory_stale(const struct hv *hv)
{
	return hv->memory.flushed != hv->memory.taken;
}

bool memory_add(struct hv *hv, uint64_t gfn)
{
	bool added = false;

	pthread_mutex_lock(&hv->memory.lock);
	if (gfn < hv->pages && !memory_present(hv, gfn) && !memory_is_place(hv, gfn)) {
		atomic_fetch_and(&hv->memory.absent[gfn / 64], ~(1ull << gfn % 64));
		hv->memory.present++;
		added = true;
	}
	pthread_mutex_unlock(&hv->memory.lock);
	return added;
}

/* --- pins: frames that somebody else uses must stay --- */

static struct memory_pin *pin_find(const struct hv *hv, uint64_t gfn)
{
	for (struct memory_pin *p = hv->memory.pin[gfn % MEMORY_PINS]; p; p = p->next)
		if (p->gfn == gfn)
			return p;
	return NULL;
}

bool memory_pinned(const struct hv *hv, uint64_t gfn)
{
	return pin_find(hv, gfn) != NULL;
}

unsigned memory_pins(const struct hv *hv, uint64_t gfn)
{
	const struct memory_pin *p = pin_find(hv, gfn);
	return p ? p->count : 0;
}

static struct memory_pin *pin_new(struct hv *hv, uint64_t gfn)
{
	struct memory_pin *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->gfn = gfn;
	p->next = hv->memory.pin[gfn % MEMORY_PINS];
	hv->memory.pin[gfn % MEMORY_PINS] = p;
	return p;
}

uint8_t *memory_pin(struct hv *hv, uint64_t gfn)
{
	uint8_t *host = NULL;

	pthread_mutex_lock(&hv->memory.lock);
	if (memory_present(hv, gfn) && !memory_is_place(hv, gfn)) {
		struct memory_pin *p = pin_find(hv, gfn);
		if (!p)
			p = pin_new(hv, gfn);
		if (p) {
			p->count++;
			gpa_t a = frame_address(gfn);
			host = (uint8_t *)(uintptr_t)ram_read_ptr(
				&hv->machine->ram, a, XEN_PAGE_SIZE);
		}
	}
	pthread_mutex_unlock(&hv->memory.lock);
	return host;
}

void memory_unpin(struct hv *hv, uint64_t gfn)
{
	pthread_mutex_lock(&hv->memory.lock);
	struct memory_pin **link = &hv->memory.pin[gfn % MEMORY_PINS];
	while (*link && (*link)->gfn != gfn)
		link = &(*link)->next;
	struct memory_pin *p = *link;
	if (p && --p->count == 0) {
		*link = p->next;
		free(p);
	}
	pthread_mutex_unlock(&hv->memory.lock);
}

static uint8_t *scratch(struct hv *hv)
{
	return (uint8_t *)(uintptr_t)ram_read_ptr(
		&hv->machine->ram, GPA(HV_SCRATCH), XEN_PAGE_SIZE);
}

uint8_t *memory_hold(struct hv *hv, uint64_t gfn)
{
	uint8_t *page = memory_pin(hv, gfn);
	return page ? page : scratch(hv);
}

void memory_let(struct hv *hv, uint64_t gfn, const uint8_t *page)
{
	if (page != scratch(hv))
		memory_unpin(hv, gfn);
}

bool memory_claim(struct hv *hv, uint64_t gfn)
{
	pthread_mutex_lock(&hv->memory.lock);
	bool free = hv->memory.present < hv->pages && gfn < hv->pages &&
		    !memory_is_place(hv, gfn) && !memory_pinned(hv, gfn);
	if (free && !memory_present(hv, gfn)) {
		atomic_fetch_and(&hv->memory.absent[gfn / 64], ~(1ull << gfn % 64));
		hv->memory.present++;
	}
	pthread_mutex_unlock(&hv->memory.lock);
	return free;
}

/* --- places of mapped grants; they are not among the frames that are present --- */

static void set_bit(_Atomic uint64_t *bits, uint64_t n, bool on)
{
	if (on)
		atomic_fetch_or(&bits[n / 64], 1ull << n % 64);
	else
		atomic_fetch_and(&bits[n / 64], ~(1ull << n % 64));
}

bool memory_is_place(const struct hv *hv, uint64_t gfn)
{
	return gfn < hv->pages && atomic_load(&hv->memory.place[gfn / 64]) >> gfn % 64 & 1;
}

enum memory_place memory_place_begin(struct hv *hv, uint64_t gfn)
{
	enum memory_place was = MEMORY_NO_PLACE;

	pthread_mutex_lock(&hv->memory.lock);
	if (gfn < hv->pages && !memory_is_place(hv, gfn) && !memory_pinned(hv, gfn)) {
		was = memory_present(hv, gfn) ? MEMORY_WAS_PRESENT : MEMORY_WAS_ABSENT;
		hv->memory.present -= was == MEMORY_WAS_PRESENT;
		hv->memory.taken += was == MEMORY_WAS_PRESENT;
		set_bit(hv->memory.absent, gfn, true);
		set_bit(hv->memory.place, gfn, true);
	}
	pthread_mutex_unlock(&hv->memory.lock);
	return was;
}

void memory_place_fill(struct hv *hv, uint64_t gfn)
{
	set_bit(hv->memory.absent, gfn, false);
}

void memory_place_clear(struct hv *hv, uint64_t gfn)
{
	hv->memory.taken++;
	set_bit(hv->memory.absent, gfn, true);
}

void memory_place_end(struct hv *hv, uint64_t gfn, bool present)
{
	pthread_mutex_lock(&hv->memory.lock);
	set_bit(hv->memory.place, gfn, false);
	set_bit(hv->memory.absent, gfn, !present);
	hv->memory.present += present;
	pthread_mutex_unlock(&hv->memory.lock);
}

/* --- memory_op --- */

/* Of the operation's number, what is above is how many extents were done before. */
#define OP_BITS 6

enum { INCREASE = 0, DECREASE = 1, POPULATE = 6 };

struct reservation {
	uint64_t extents; /* handle */
	uint64_t count;
	uint32_t order, flags;
	uint16_t domid, pad[3];
};

static bool extent(struct hypercall *c, uint64_t handle, uint64_t n, uint64_t *gfn)
{
	return xencomm_read(c->v->hv, handle, n * sizeof(*gfn), gfn, sizeof(*gfn)) == 0;
}

/* Of the extents from number n to count, those done; as many as a call may have. */
static uint64_t each_extent(struct hypercall *c, const struct reservation *r, uint64_t n,
	bool (*fn)(struct hv *hv, uint64_t gfn))
{
	uint64_t gfn;

	while (n < r->count && hypercall_spend(c, 1) && extent(c, r->extents, n, &gfn) &&
		fn(c->v->hv, gfn))
		n++;
	return n;
}

/* Frames that were taken: no processor uses them any more, then their memory goes. */
static void discard_extents(
	struct hypercall *c, const struct reservation *r, uint64_t n, uint64_t to)
{
	struct hv *hv = c->v->hv;
	uint64_t gfn;

	if (n < to)
		hv_flush(c->v->cpu);
	for (; n < to; n++)
		if (extent(c, r->extents, n, &gfn) && gfn < hv->pages && !memory_present(hv, gfn))
			memory_discard(hv, gfn);
}

/* Answers how many extents are done, as all errors do. Frames that have no place in the guest's
 * address space do not exist here, and a domU has single ones only. */
static int64_t reservation(struct hypercall *c, unsigned op, uint64_t start)
{
	struct hv *hv = c->v->hv;
	struct reservation r;
	uint64_t done = start;

	if (xencomm_read(hv, c->arg[1], 0, &r, sizeof(r)) || start >= r.count ||
		r.count > UINT64_MAX >> OP_BITS || domain_error(hv, r.domid) || r.order)
		return (int64_t)start;
	if (!hypercall_spend(c, HYPERCALL_FLUSH))
		return (int64_t)start;
	if (op == DECREASE) {
		done = each_extent(c, &r, start, memory_remove);
		discard_extents(c, &r, start, done);
	} else if (op == POPULATE) {
		done = each_extent(c, &r, start, memory_add);
		if (done > start)
			hv_flush(c->v->cpu); /* the scratch page stood there */
	}
	return (int64_t)done;
}

/* --- exchange: frames for others --- */

struct exchange {
	struct reservation in, out;
	uint64_t done;
};

#define ORDER_MOST 20

static int64_t exchange_check(const struct hv *hv, const struct exchange *e)
{
	const struct reservation *in = &e->in, *out = &e->out;

	if (e->done > in->count || in->domid != out->domid || in->order > ORDER_MOST ||
		out->order > ORDER_MOST || ~0ull >> in->order < in->count ||
		~0ull >> out->order < out->count ||
		in->count << in->order != out->count << out->order)
		return -XEN_EINVAL;
	if (in->order || out->order)
		return -XEN_EPERM;
	return domain_error(hv, in->domid);
}

/* Frames that are exchanged with one flush. */
struct chunk {
	uint64_t from[64], to[64];
	unsigned n;
};

/* Takes the next frame, which will come back as a new one, at its place or another where none must
 * be. */
static int64_t exchange_take(struct hypercall *c, const struct exchange *e, struct chunk *k)
{
	struct hv *hv = c->v->hv;
	uint64_t *from = &k->from[k->n], *to = &k->to[k->n];

	if (!hypercall_spend(c, 1))
		return -XEN_ENOMEM;
	if (!extent(c, e->in.extents, e->done + k->n, from))
		return -XEN_EFAULT;
	if (!extent(c, e->out.extents, e->done + k->n, to))
		*to = *from;
	if (*to != *from && (*to >= hv->pages || memory_present(hv, *to)))
		return -XEN_EINVAL;
	if (!memory_remove(hv, *from))
		return -XEN_EINVAL;
	k->n++;
	return 0;
}

/* An error counts when the frame is the first: those before it may make room for it. */
static int64_t exchange_chunk(struct hypercall *c, const struct exchange *e, struct chunk *k)
{
	struct hv *hv = c->v->hv;
	int64_t err = hypercall_spend(c, HYPERCALL_FLUSH) ? 0 : -XEN_ENOMEM;

	k->n = 0;
	while (!err && k->n < countof(k->from) && e->done + k->n < e->in.count)
		err = exchange_take(c, e, k);
	if (!k->n)
		return err;
	hv_flush(c->v->cpu);
	for (unsigned n = 0; n < k->n; n++)
		memory_discard(hv, k->from[n]);
	for (unsigned n = 0; n < k->n; n++)
		if (!memory_add(hv, k->to[n])) /* it was named twice, or another processor's */
			memory_add(hv, k->from[n]);
	return 0;
}

static int64_t exchange(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	struct exchange e;
	struct chunk k;

	if (xencomm_read(hv, c->arg[1], 0, &e, sizeof(e)))
		return -XEN_EFAULT;
	uint64_t first = e.done;
	int64_t err = exchange_check(hv, &e);
	while (!err && e.done < e.in.count) {
		err = exchange_chunk(c, &e, &k);
		e.done += err ? 0 : k.n;
	}
	if (e.done != first)
		hv_flush(c->v->cpu);
	if (xencomm_write(hv, c->arg[1], offsetof(struct exchange, done), &e.done, sizeof(e.done)))
		return -XEN_EFAULT;
	return err;
}

/* A domain's numbers: its id stands at the handle. */
static int64_t reservation_of(struct hypercall *c, uint64_t value)
{
	uint16_t domid;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &domid, sizeof(domid)))
		return -XEN_EFAULT;
	int64_t err = domain_error(c->v->hv, domid);
	return err ? err : (int64_t)value;
}

struct op_add_to_physmap {
	uint16_t domid, pad;
	uint32_t space;
	uint64_t index, gfn;
};

/* HVM only. */
static int64_t add_to_physmap(struct hypercall *c)
{
	struct op_add_to_physmap op;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	int64_t err = domain_error(c->v->hv, op.domid);
	return err ? err : -XEN_ENOSYS;
}

int64_t hc_memory_op(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	unsigned op = c->arg[0] & ((1u << OP_BITS) - 1);

	switch (op) {
	case INCREASE:
	case DECREASE:
	case POPULATE:
		return reservation(c, op, c->arg[0] >> OP_BITS);
	case 2: /* maximum_ram_page */
		return (int64_t)hv->pages;
	case 3:
		return reservation_of(c, hv->memory.present);
	case 4:
		return reservation_of(c, hv->pages);
	case 7:
		return add_to_physmap(c);
	case 11:
		return exchange(c);
	case 14: /* maximum_gpfn */
		return reservation_of(c, hv->pages - 1);
	case 10: /* machine_memory_map, set_pod_target, get_pod_target: dom0's */
	case 16:
	case 17:
		return -XEN_EINVAL;
	default:
		return -XEN_ENOSYS;
	}
}

/* --- life --- */

int memory_init(struct hv *hv)
{
	hv->memory.absent = calloc(hv->pages / 64 + 1, sizeof(*hv->memory.absent));
	hv->memory.place = calloc(hv->pages / 64 + 1, sizeof(*hv->memory.place));
	if (!hv->memory.absent || !hv->memory.place) {
		free(hv->memory.absent);
		free(hv->memory.place);
		hv->memory.absent = hv->memory.place = NULL;
		return -ENOMEM;
	}
	pthread_mutex_init(&hv->memory.lock, NULL);
	hv->memory.present = hv->pages;
	return 0;
}

void memory_free(struct hv *hv)
{
	if (!hv->memory.absent)
		return;
	for (unsigned n = 0; n < MEMORY_PINS; n++)
		while (hv->memory.pin[n]) {
			struct memory_pin *p = hv->memory.pin[n];
			hv->memory.pin[n] = p->next;
			free(p);
		}
	pthread_mutex_destroy(&hv->memory.lock);
	free(hv->memory.absent);
	free(hv->memory.place);
	hv->memory.absent = hv->memory.place = NULL;
}

void memory_reset(struct hv *hv)
{
	for (uint64_t n = 0; n <= hv->pages / 64; n++)
		hv->memory.absent[n] = hv->memory.place[n] = 0;
	hv->memory.present = hv->pages;
}

void memory_save(struct hv *hv, struct stream *s)
{
	stream_begin(s, "p2m", 1);
	for (uint64_t n = 0; n <= hv->pages / 64; n++)
		if (hv->memory.absent[n]) {
			stream_put_u64(s, n + 1);
			stream_put_u64(s, hv->memory.absent[n]);
		}
	stream_put_u64(s, 0);
	stream_end(s);
}

void memory_load(struct hv *hv, struct stream *s)
{
	if (!stream_open(s, "p2m", 1))
		return;
	memory_reset(hv);
	for (;;) {
		uint64_t n = stream_get_max(s, hv->pages / 64 + 1, "frame number");
		if (!n || !stream_ok(s))
			break;
		hv->memory.absent[n - 1] = stream_get_u64(s);
		hv->memory.present -= (uint64_t)__builtin_popcountll(hv->memory.absent[n - 1]);
	}
	if (hv->memory.present > hv->pages)
		stream_fail(s, "more frames are missing than there are");
	stream_close(s);
}
