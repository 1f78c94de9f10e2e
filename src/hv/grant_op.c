/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op (ABI 11.2): what a guest asks of grant tables, its own or another domain's. A call
 * about another domain may have to wait for it, and then goes on with the element where it was.
 */
#include <string.h>

#include "hv/grant_table.h"
#include "hv/hypercall.h"
#include "hv/memory.h"
#include "hv/peer.h"

/* --- transfer: a frame of ours for one that accepts it --- */

struct op_transfer {
	uint64_t gfn;
	uint16_t domid, pad;
	uint32_t ref;
	int16_t status, pad2[3];
};

/* The guest gets a new frame in place of the one it gave, zeroed. */
static void renew(struct hv *hv, uint64_t gfn)
{
	static const uint8_t zero[XEN_PAGE_SIZE];

	if (memory_present(hv, gfn) && !memory_is_place(hv, gfn))
		ram_write(&hv->machine->ram, GPA(gfn << XEN_PAGE_SHIFT), zero, sizeof(zero));
}

/* Only a frame that nobody else uses can be given. */
static bool may_give(struct hv *hv, uint64_t gfn)
{
	pthread_mutex_lock(&hv->memory.lock);
	bool may = memory_present(hv, gfn) && !memory_is_place(hv, gfn) && !memory_pinned(hv, gfn);
	pthread_mutex_unlock(&hv->memory.lock);
	return may;
}

static enum grant_status give(
	struct hypercall *c, const struct op_transfer *op, const uint8_t page[XEN_PAGE_SIZE])
{
	const struct peer_msg m = {.kind = PEER_TRANSFER, .port = op->ref, .len = XEN_PAGE_SIZE};

	if (is_self(c->v->hv, op->domid))
		return grant_take_transfer(c->v->hv, op->ref, c->v->hv->domid, page);
	switch (peer_call(c, op->domid, 0, &m, page)) {
	case PEER_WAITS:
		return GNTST_OKAY;
	case PEER_NOBODY:
		return GNTST_BAD_DOMAIN;
	default:
		return grant_peer_status(c->v);
	}
}

/* Where it is refused, the guest keeps its page, which Xen would have taken away. */
static enum grant_status transfer(struct hypercall *c, void *arg)
{
	const struct op_transfer *op = arg;
	struct hv *hv = c->v->hv;
	uint8_t page[XEN_PAGE_SIZE];

	if (!c->v->wait.again && !may_give(hv, op->gfn))
		return GNTST_BAD_PAGE;
	if (ram_read(&hv->machine->ram, GPA(op->gfn << XEN_PAGE_SHIFT), page, sizeof(page)))
		return GNTST_BAD_PAGE;
	enum grant_status status = give(c, op, page);
	if (status == GNTST_OKAY && !c->again)
		renew(hv, op->gfn);
	return status;
}

/* --- copy --- */

struct copy_end {
	uint64_t ref_or_gfn;
	uint16_t domid, offset;
	uint32_t pad;
};

struct op_copy {
	struct copy_end source, dest;
	uint16_t len, flags;
	int16_t status, pad;
};

enum { COPY_SOURCE_REF = 1, COPY_DEST_REF = 2 };

/* An end of a copy in use: its page, and how to let go. */
struct copy_page {
	uint64_t gfn;
	bool granted, pinned;
};

static enum grant_status copy_begin(
	struct hv *hv, const struct copy_end *e, bool by_ref, bool readonly, struct copy_page *p)
{
	enum grant_status status = GNTST_OKAY;

	*p = (struct copy_page){0};
	if (!by_ref && e->domid != DOMID_SELF)
		return GNTST_PERMISSION_DENIED;
	if (!is_self(hv, e->domid))
		return GNTST_BAD_DOMAIN;
	if (by_ref) {
		uint32_t ref = (uint32_t)e->ref_or_gfn;
		if (!grant_acquire(hv, ref, hv->domid, readonly, &status))
			return status;
		p->granted = true;
		p->gfn = grant_frame(hv, ref);
		return GNTST_OKAY;
	}
	p->gfn = e->ref_or_gfn;
	p->pinned = memory_pin(hv, p->gfn) != NULL;
	return p->pinned ? GNTST_OKAY : GNTST_BAD_PAGE;
}

static void copy_end(
	struct hv *hv, const struct copy_end *e, bool readonly, const struct copy_page *p)
{
	if (p->granted)
		grant_release(hv, (uint32_t)e->ref_or_gfn, readonly);
	if (p->pinned)
		memory_unpin(hv, p->gfn);
}

/* Both ends are in this domain. */
static enum grant_status copy_own(struct hv *hv, const struct op_copy *op)
{
	uint8_t bytes[XEN_PAGE_SIZE];
	struct copy_page from, to = {0};
	struct ram *ram = &hv->machine->ram;

	enum grant_status status =
		copy_begin(hv, &op->source, op->flags & COPY_SOURCE_REF, true, &from);
	if (status == GNTST_OKAY)
		status = copy_begin(hv, &op->dest, op->flags & COPY_DEST_REF, false, &to);
	if (status == GNTST_OKAY) {
		gpa_t a = GPA((from.gfn << XEN_PAGE_SHIFT) + op->source.offset);
		gpa_t b = GPA((to.gfn << XEN_PAGE_SHIFT) + op->dest.offset);
		if (ram_read(ram, a, bytes, op->len) || ram_write(ram, b, bytes, op->len))
			status = GNTST_BAD_PAGE;
	}
	copy_end(hv, &op->dest, false, &to);
	copy_end(hv, &op->source, true, &from);
	return status;
}

static bool is_foreign(const struct hv *hv, const struct copy_end *e, bool by_ref)
{
	return by_ref && !is_self(hv, e->domid);
}

/* One end, of this domain or another, by way of wait.data. */
static enum grant_status copy_half(
	struct hypercall *c, const struct op_copy *op, const struct copy_end *e, bool write)
{
	struct hv *hv = c->v->hv;
	struct hv_wait *w = &c->v->wait;
	bool by_ref = op->flags & (write ? COPY_DEST_REF : COPY_SOURCE_REF);
	struct copy_page p;
	struct ram *ram = &hv->machine->ram;

	if (is_foreign(hv, e, by_ref)) {
		const struct peer_msg m = {.kind = write ? PEER_WRITE : PEER_READ,
			.port = (uint32_t)e->ref_or_gfn,
			.offset = e->offset,
			.from = op->len,
			.len = write ? op->len : 0};
		enum peer_result r = peer_call(c, e->domid, 0, &m, w->data);
		enum grant_status s = r == PEER_WAITS	 ? GNTST_OKAY
				      : r == PEER_NOBODY ? GNTST_BAD_DOMAIN
							 : grant_peer_status(c->v);
		bool short_answer = r == PEER_ANSWERED && !write && w->len != op->len;
		return s == GNTST_OKAY && short_answer ? GNTST_GENERAL_ERROR : s;
	}
	enum grant_status status = copy_begin(hv, e, by_ref, !write, &p);
	gpa_t at = GPA((p.gfn << XEN_PAGE_SHIFT) + e->offset);
	if (status == GNTST_OKAY && (write ? ram_write(ram, at, w->data, op->len)
					   : ram_read(ram, at, w->data, op->len)))
		status = GNTST_BAD_PAGE;
	copy_end(hv, e, !write, &p);
	return status;
}

/* The source first; step 1: it has been read. */
static enum grant_status copy_far(struct hypercall *c, const struct op_copy *op)
{
	enum grant_status status = GNTST_OKAY;

	if (c->v->wait.step == 0)
		status = copy_half(c, op, &op->source, false);
	if (c->again || status != GNTST_OKAY)
		return status;
	c->v->wait.step = 1;
	return copy_half(c, op, &op->dest, true);
}

static enum grant_status grant_copy(struct hypercall *c, void *arg)
{
	const struct op_copy *op = arg;
	struct hv *hv = c->v->hv;
	bool far = is_foreign(hv, &op->source, op->flags & COPY_SOURCE_REF) ||
		   is_foreign(hv, &op->dest, op->flags & COPY_DEST_REF);

	if (op->source.offset + op->len > XEN_PAGE_SIZE ||
		op->dest.offset + op->len > XEN_PAGE_SIZE)
		return GNTST_BAD_COPY_ARG;
	if ((!(op->flags & COPY_SOURCE_REF) && op->source.domid != DOMID_SELF) ||
		(!(op->flags & COPY_DEST_REF) && op->dest.domid != DOMID_SELF))
		return GNTST_PERMISSION_DENIED;
	if (!far)
		return copy_own(hv, op);
	return hv->peers ? copy_far(c, op) : GNTST_BAD_DOMAIN;
}

/* --- the table itself --- */

/* What concerns another domain's table as a whole is not for this one. */
static enum grant_status not_ours(struct hypercall *c, uint16_t domid)
{
	if (domid == DOMID_DOM0)
		return GNTST_PERMISSION_DENIED;
	switch (peer_call(c, domid, 0, &(struct peer_msg){.kind = PEER_HELLO}, NULL)) {
	case PEER_WAITS:
		return GNTST_OKAY;
	case PEER_NOBODY:
		return GNTST_BAD_DOMAIN;
	default:
		return GNTST_PERMISSION_DENIED;
	}
}

struct op_setup {
	uint16_t dom, pad;
	uint32_t frames;
	int16_t status, pad2[3];
	uint64_t list;
};

static enum grant_status setup_table(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const struct op_setup *op = arg;

	if (!is_self(hv, op->dom))
		return not_ours(c, op->dom);
	if (op->frames > HV_GRANT_MAX)
		return GNTST_GENERAL_ERROR;
	pthread_mutex_lock(&hv->grant->lock);
	if (op->frames > hv->grant->frames)
		hv->grant->frames = op->frames;
	pthread_mutex_unlock(&hv->grant->lock);
	for (uint64_t n = 0; n < op->frames; n++) {
		uint64_t gfn = (HV_GRANT_FRAMES >> XEN_PAGE_SHIFT) + n;
		if (xencomm_write(hv, op->list, 8 * n, &gfn, 8))
			return GNTST_GENERAL_ERROR;
	}
	return GNTST_OKAY;
}

struct op_query {
	uint16_t dom, pad;
	uint32_t frames, max;
	int16_t status, pad2;
};

static enum grant_status query_size(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	struct op_query *op = arg;

	if (!is_self(hv, op->dom))
		return not_ours(c, op->dom);
	op->frames = hv->grant->frames;
	op->max = HV_GRANT_MAX;
	return GNTST_OKAY;
}

struct op_dump {
	uint16_t dom;
	int16_t status;
};

static enum grant_status dump_table(struct hypercall *c, void *arg)
{
	struct hv *hv = c->v->hv;
	const struct op_dump *op = arg;
	return is_self(hv, op->dom) ? GNTST_OKAY : not_ours(c, op->dom);
}

/* --- dispatch: each element is done for itself and gets its status --- */

static const struct {
	grant_op_fn *fn;
	uint8_t size, status; /* of an element; where its status is */
	bool frames;	      /* frames may come or go */
} ops[] = {
	[0] = {grant_map_ref, GRANT_MAP_SIZE, GRANT_MAP_STATUS, true},
	[1] = {grant_unmap_ref, GRANT_UNMAP_SIZE, GRANT_UNMAP_STATUS, true},
	[2] = {setup_table, sizeof(struct op_setup), offsetof(struct op_setup, status), false},
	[3] = {dump_table, sizeof(struct op_dump), offsetof(struct op_dump, status), false},
	[4] = {transfer, sizeof(struct op_transfer), offsetof(struct op_transfer, status), true},
	[5] = {grant_copy, sizeof(struct op_copy), offsetof(struct op_copy, status), false},
	[6] = {query_size, sizeof(struct op_query), offsetof(struct op_query, status), false},
	[7] = {grant_unmap_replace, GRANT_UNMAP_SIZE, GRANT_UNMAP_STATUS, true},
};

#define OP_MAP	       0
#define OP_SETUP_TABLE 2
#define OP_QUERY_SIZE  6
#define OP_SET_VERSION 8
#define OP_GET_VERSION 10

/* One element; c->again: it waits, and its argument is kept as it was. */
static int64_t one(struct hypercall *c, unsigned op, uint64_t n)
{
	struct hv *hv = c->v->hv;
	struct hv_wait *w = &c->v->wait;
	uint64_t at = n * ops[op].size;
	_Alignas(8) uint8_t arg[sizeof(w->arg)];

	if (w->again)
		memcpy(arg, w->arg, sizeof(arg));
	else if (xencomm_read(hv, c->arg[1], at, arg, ops[op].size))
		return -XEN_EFAULT;
	int16_t status = (int16_t)ops[op].fn(c, arg);
	w->again = c->again;
	if (c->again) {
		memcpy(w->arg, arg, sizeof(arg));
		return 0;
	}
	w->step = 0;
	memcpy(arg + ops[op].status, &status, sizeof(status));
	return xencomm_write(hv, c->arg[1], at, arg, ops[op].size);
}

/* The domain that was told of unmapped pages, each in its turn, has heard of all: the guest may
 * look at what they agree on. */
static void settle(struct hypercall *c, uint64_t count)
{
	struct hv_wait *w = &c->v->wait;

	if (!w->told)
		return;
	peer_call(c, w->told_domid, w->told, &(struct peer_msg){.kind = PEER_HELLO}, NULL);
	if (c->again)
		w->element = count;
	else
		w->told = 0;
}

static int64_t each(struct hypercall *c, unsigned op)
{
	struct hv_wait *w = &c->v->wait;
	uint64_t count = c->arg[2], n = w->element;
	bool table = op == OP_SETUP_TABLE || op == OP_QUERY_SIZE;
	uint64_t cost = count * (table ? HV_GRANT_MAX : 1) + (ops[op].frames ? HYPERCALL_FLUSH : 0);
	int64_t err = (table && count != 1) || !hypercall_spend(c, cost) ? -XEN_EINVAL : 0;

	for (; n < count && !err && !c->again; n += !c->again) {
		if (op == OP_MAP && !w->again && n % PEER_HINTS == 0 && count - n > 1)
			grant_map_hint(c, n, count);
		err = one(c, op, n);
	}
	w->element = c->again ? n : 0;
	if (!c->again && op == OP_MAP)
		grant_map_hint_end(c);
	if (err)
		w->told = 0;
	else if (!c->again)
		settle(c, count);
	if (ops[op].frames && n && !c->again)
		hv_flush(c->v->cpu);
	return err;
}

/* Version 1 is what there is, whatever was asked for. */
static int64_t version(struct hypercall *c, uint64_t offset)
{
	const uint32_t one = 1;
	return xencomm_write(c->v->hv, c->arg[1], offset, &one, sizeof(one));
}

int64_t hc_grant_table_op(struct hypercall *c)
{
	uint64_t op = c->arg[0];

	if ((int64_t)c->arg[2] < 0 || c->arg[2] >> 31)
		return -XEN_EINVAL;
	if (op < countof(ops))
		return each(c, (unsigned)op);
	if (op == OP_SET_VERSION)
		return version(c, 0);
	if (op == OP_GET_VERSION)
		return version(c, 4);
	return -XEN_ENOSYS;
}
