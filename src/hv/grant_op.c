/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op (ABI 11.2): what a guest asks of grant tables, its own or another domain's. A
 * mapped grant takes the place of one of the guest's frames in host memory, so that nothing else
 * need know; unmapped, the frame is absent.
 */
#include <stdlib.h>
#include <string.h>

#include "hv/grant_table.h"
#include "hv/hypercall.h"
#include "hv/memory.h"

enum { MAP_DEVICE = 1, MAP_HOST = 2, MAP_READONLY = 4, MAP_KNOWN = 7 };
enum { GTF_TRANSFER_COMMITTED = 4, GTF_TRANSFER_COMPLETED = 8, GTF_ACCEPT_TRANSFER = 2 };

#define MAPS_MOST 65536

/* --- map and unmap --- */

struct op_map {
	uint64_t host_addr;
	uint32_t flags, ref;
	uint16_t dom;
	int16_t status;
	uint32_t handle;
	uint64_t dev_bus_addr;
};

/* A free handle, or -1. The lock is held. */
static int64_t map_new(struct grant_table *t)
{
	for (unsigned n = 0; n < t->maps; n++)
		if (!t->map[n].used)
			return n;
	unsigned more = t->maps ? t->maps * 2 : 64;
	struct grant_map *map = more <= MAPS_MOST ? realloc(t->map, more * sizeof(*map)) : NULL;
	if (!map)
		return -1;
	memset(map + t->maps, 0, (more - t->maps) * sizeof(*map));
	t->map = map;
	unsigned n = t->maps;
	t->maps = more;
	return n;
}

/* Is the frame a grant that was mapped there? Such a page is not the guest's to give. */
static bool is_mapped(struct hv *hv, uint64_t gfn)
{
	const struct grant_table *t = hv->grant;
	bool mapped = false;

	pthread_mutex_lock(&hv->grant->lock);
	for (unsigned n = 0; n < t->maps && !mapped; n++)
		mapped = t->map[n].used && t->map[n].placed && t->map[n].gfn == gfn;
	pthread_mutex_unlock(&hv->grant->lock);
	return mapped;
}

/* The granted page stands at gfn from now on. */
static enum grant_status place(struct hv *hv, uint32_t ref, uint64_t gfn, bool readonly)
{
	struct ram *ram = &hv->machine->ram;
	gpa_t at = GPA(gfn << XEN_PAGE_SHIFT), from = GPA(grant_frame(hv, ref) << XEN_PAGE_SHIFT);

	if (gfn >= hv->pages || at.v == from.v || is_mapped(hv, gfn))
		return GNTST_BAD_VIRT_ADDR;
	if (is_mapped(hv, grant_frame(hv, ref)))
		return GNTST_BAD_PAGE;
	if (memory_present(hv, gfn) && !memory_remove(hv, gfn))
		return GNTST_BAD_VIRT_ADDR;
	if (ram_alias(ram, at, from, XEN_PAGE_SIZE))
		return GNTST_NO_SPACE;
	for (unsigned n = 0; readonly && n < XEN_PAGE_SIZE; n += GRANULE_SIZE)
		ram_set_flags(ram, GPA(at.v + n), RAM_READ_ONLY);
	memory_add(hv, gfn);
	return GNTST_OKAY;
}

static int64_t map_add(struct hv *hv, const struct op_map *op, bool readonly)
{
	struct grant_table *t = hv->grant;

	pthread_mutex_lock(&t->lock);
	int64_t handle = map_new(t);
	if (handle >= 0)
		t->map[handle] = (struct grant_map){.used = true,
			.readonly = readonly,
			.dom = hv->domid,
			.ref = op->ref,
			.gfn = op->host_addr >> XEN_PAGE_SHIFT};
	pthread_mutex_unlock(&t->lock);
	return handle;
}

/* The mapping with that handle is in place, or is none. */
static void map_settle(struct hv *hv, uint32_t handle, bool placed)
{
	pthread_mutex_lock(&hv->grant->lock);
	hv->grant->map[handle].used = hv->grant->map[handle].placed = placed;
	pthread_mutex_unlock(&hv->grant->lock);
}

static enum grant_status map_grant_ref(struct hv *hv, void *arg)
{
	struct op_map *op = arg;
	bool readonly = op->flags & MAP_READONLY;
	enum grant_status status;

	if (!(op->flags & (MAP_HOST | MAP_DEVICE)))
		return GNTST_BAD_GNTREF;
	if (op->flags & MAP_DEVICE || op->flags & ~MAP_KNOWN)
		return GNTST_GENERAL_ERROR;
	if (!is_self(hv, op->dom))
		return GNTST_BAD_DOMAIN;
	if (op->host_addr & (XEN_PAGE_SIZE - 1))
		return GNTST_BAD_VIRT_ADDR;
	if (!grant_acquire(hv, op->ref, hv->domid, readonly, &status))
		return status;
	int64_t handle = map_add(hv, op, readonly);
	status = handle < 0 ? GNTST_NO_SPACE
			    : place(hv, op->ref, op->host_addr >> XEN_PAGE_SHIFT, readonly);
	if (handle >= 0)
		map_settle(hv, (uint32_t)handle, status == GNTST_OKAY);
	if (status != GNTST_OKAY) {
		grant_release(hv, op->ref, readonly);
		return status;
	}
	op->handle = (uint32_t)handle;
	op->dev_bus_addr = grant_frame(hv, op->ref) << XEN_PAGE_SHIFT;
	return GNTST_OKAY;
}

/* Takes the mapping out of the table if it is the one at gfn. */
static bool map_take(struct hv *hv, uint32_t handle, uint64_t gfn, struct grant_map *m)
{
	struct grant_table *t = hv->grant;

	pthread_mutex_lock(&t->lock);
	bool found = handle < t->maps && t->map[handle].placed && t->map[handle].gfn == gfn;
	if (found) {
		*m = t->map[handle];
		t->map[handle].used = t->map[handle].placed = false;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

static bool handle_known(struct hv *hv, uint32_t handle)
{
	pthread_mutex_lock(&hv->grant->lock);
	bool known = handle < hv->grant->maps && hv->grant->map[handle].placed;
	pthread_mutex_unlock(&hv->grant->lock);
	return known;
}

static enum grant_status unmap(struct hv *hv, uint64_t address, uint32_t handle)
{
	uint64_t gfn = address >> XEN_PAGE_SHIFT;
	struct grant_map m;

	if (!handle_known(hv, handle))
		return GNTST_BAD_HANDLE;
	if (address & (XEN_PAGE_SIZE - 1) || !map_take(hv, handle, gfn, &m))
		return GNTST_BAD_VIRT_ADDR;
	memory_remove(hv, gfn);
	ram_unalias(&hv->machine->ram, GPA(gfn << XEN_PAGE_SHIFT), XEN_PAGE_SIZE);
	memory_discard(hv, gfn);
	grant_release(hv, m.ref, m.readonly);
	return GNTST_OKAY;
}

struct op_unmap {
	uint64_t host_addr, dev_bus_addr;
	uint32_t handle;
	int16_t status, pad;
};

static enum grant_status unmap_grant_ref(struct hv *hv, void *arg)
{
	const struct op_unmap *op = arg;
	return unmap(hv, op->host_addr, op->handle);
}

struct op_replace {
	uint64_t host_addr, new_addr;
	uint32_t handle;
	int16_t status, pad;
};

/* The page at new_addr moves to where the grant was. */
static enum grant_status unmap_and_replace(struct hv *hv, void *arg)
{
	const struct op_replace *op = arg;
	uint64_t to = op->host_addr >> XEN_PAGE_SHIFT, from = op->new_addr >> XEN_PAGE_SHIFT;
	uint8_t page[XEN_PAGE_SIZE];

	if (op->new_addr & (XEN_PAGE_SIZE - 1) || !memory_present(hv, from) || from == to)
		return GNTST_BAD_VIRT_ADDR;
	if (ram_read(&hv->machine->ram, GPA(op->new_addr), page, sizeof(page)) ||
		!memory_remove(hv, from))
		return GNTST_BAD_VIRT_ADDR;
	enum grant_status status = unmap(hv, op->host_addr, op->handle);
	if (status != GNTST_OKAY) {
		memory_add(hv, from);
		return status;
	}
	memory_add(hv, to);
	ram_write(&hv->machine->ram, GPA(op->host_addr), page, sizeof(page));
	memory_discard(hv, from);
	return GNTST_OKAY;
}

/* --- transfer: a frame of ours for one that accepts it --- */

struct op_transfer {
	uint64_t gfn;
	uint16_t domid, pad;
	uint32_t ref;
	int16_t status, pad2[3];
};

static enum grant_status transfer(struct hv *hv, void *arg)
{
	const struct op_transfer *op = arg;
	uint8_t page[XEN_PAGE_SIZE] = {0};
	struct ram *ram = &hv->machine->ram;

	if (!is_self(hv, op->domid))
		return GNTST_BAD_DOMAIN;
	if (!memory_present(hv, op->gfn) || is_mapped(hv, op->gfn))
		return GNTST_BAD_PAGE;
	if (op->ref >= hv->grant->frames * GRANTS_PER_FRAME)
		return GNTST_BAD_GNTREF;
	uint32_t *word = grant_word(hv, op->ref);
	uint32_t expected = (uint32_t)hv->domid << 16 | GTF_ACCEPT_TRANSFER;
	if (!__atomic_compare_exchange_n(word, &expected, expected | GTF_TRANSFER_COMMITTED, false,
		    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return GNTST_GENERAL_ERROR;
	uint64_t to = __atomic_load_n(word + 1, __ATOMIC_ACQUIRE);
	if (to >= hv->pages || to == op->gfn || is_mapped(hv, to))
		return GNTST_BAD_PAGE;
	memory_add(hv, to);
	/* the donor gets a new frame, zeroed */
	ram_read(ram, GPA(op->gfn << XEN_PAGE_SHIFT), page, sizeof(page));
	ram_write(ram, GPA(to << XEN_PAGE_SHIFT), page, sizeof(page));
	memset(page, 0, sizeof(page));
	ram_write(ram, GPA(op->gfn << XEN_PAGE_SHIFT), page, sizeof(page));
	__atomic_fetch_or(word, GTF_TRANSFER_COMPLETED, __ATOMIC_SEQ_CST);
	return GNTST_OKAY;
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

static enum grant_status grant_copy(struct hv *hv, void *arg)
{
	const struct op_copy *op = arg;
	uint8_t bytes[XEN_PAGE_SIZE];
	struct copy_page from, to = {0};
	struct ram *ram = &hv->machine->ram;

	if (op->source.offset + op->len > XEN_PAGE_SIZE ||
		op->dest.offset + op->len > XEN_PAGE_SIZE)
		return GNTST_BAD_COPY_ARG;
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

/* --- the table itself --- */

struct op_setup {
	uint16_t dom, pad;
	uint32_t frames;
	int16_t status, pad2[3];
	uint64_t list;
};

static enum grant_status setup_table(struct hv *hv, void *arg)
{
	const struct op_setup *op = arg;

	if (!is_self(hv, op->dom))
		return op->dom == DOMID_DOM0 ? GNTST_PERMISSION_DENIED : GNTST_BAD_DOMAIN;
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

static enum grant_status query_size(struct hv *hv, void *arg)
{
	struct op_query *op = arg;

	if (!is_self(hv, op->dom))
		return op->dom == DOMID_DOM0 ? GNTST_PERMISSION_DENIED : GNTST_BAD_DOMAIN;
	op->frames = hv->grant->frames;
	op->max = HV_GRANT_MAX;
	return GNTST_OKAY;
}

struct op_dump {
	uint16_t dom;
	int16_t status;
};

static enum grant_status dump_table(struct hv *hv, void *arg)
{
	const struct op_dump *op = arg;
	return is_self(hv, op->dom) ? GNTST_OKAY : GNTST_PERMISSION_DENIED;
}

/* --- dispatch: each element is done for itself and gets its status --- */

static const struct {
	enum grant_status (*fn)(struct hv *hv, void *arg);
	uint8_t size, status; /* of an element; where its status is */
	bool frames;	      /* frames may come or go */
} ops[] = {
	[0] = {map_grant_ref, sizeof(struct op_map), offsetof(struct op_map, status), true},
	[1] = {unmap_grant_ref, sizeof(struct op_unmap), offsetof(struct op_unmap, status), true},
	[2] = {setup_table, sizeof(struct op_setup), offsetof(struct op_setup, status), false},
	[3] = {dump_table, sizeof(struct op_dump), offsetof(struct op_dump, status), false},
	[4] = {transfer, sizeof(struct op_transfer), offsetof(struct op_transfer, status), true},
	[5] = {grant_copy, sizeof(struct op_copy), offsetof(struct op_copy, status), false},
	[6] = {query_size, sizeof(struct op_query), offsetof(struct op_query, status), false},
	[7] = {unmap_and_replace, sizeof(struct op_replace), offsetof(struct op_replace, status),
		true},
};

#define OP_SET_VERSION 8
#define OP_GET_VERSION 10

static int64_t each(struct hypercall *c, unsigned op)
{
	struct hv *hv = c->v->hv;
	uint64_t handle = c->arg[1], count = c->arg[2];
	_Alignas(8) uint8_t arg[64];

	if (count > HYPERCALL_MOST)
		return -XEN_EINVAL;
	for (uint64_t n = 0; n < count; n++) {
		uint64_t at = n * ops[op].size;
		if (xencomm_read(hv, handle, at, arg, ops[op].size))
			return -XEN_EFAULT;
		int16_t status = (int16_t)ops[op].fn(hv, arg);
		memcpy(arg + ops[op].status, &status, sizeof(status));
		if (xencomm_write(hv, handle, at, arg, ops[op].size))
			return -XEN_EFAULT;
	}
	if (ops[op].frames && count)
		hv_flush(c->v->cpu);
	return 0;
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
