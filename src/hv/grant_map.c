/* SPDX-License-Identifier: MIT */
/*
 * Mapping grants (ABI 11.2). A mapped grant takes the place of one of the guest's frames in host
 * memory, so that nothing else need know; unmapped, the frame is absent. A page of another domain
 * comes as a file of its own (export.h).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hv/export.h"
#include "hv/grant_table.h"
#include "hv/hypercall.h"
#include "hv/memory.h"
#include "hv/peer.h"

enum { MAP_DEVICE = 1, MAP_HOST = 2, MAP_READONLY = 4, MAP_KNOWN = 7 };

/* Each may split two of the process's mappings, of which the host allows 65530 by default. */
#define MAPS_MOST 16384

static gpa_t address(uint64_t gfn)
{
	return GPA(gfn << XEN_PAGE_SHIFT);
}

/* --- handles --- */

/* The lock is held. */
static bool more_maps(struct grant_table *t)
{
	unsigned more = t->maps ? t->maps * 2 : 64;
	struct grant_map *map = more <= MAPS_MOST ? realloc(t->map, more * sizeof(*map)) : NULL;

	if (!map)
		return false;
	for (unsigned n = t->maps; n < more; n++)
		map[n] = (struct grant_map){.next = n + 1 < more ? n + 1 : t->free};
	t->free = t->maps;
	t->map = map;
	t->maps = more;
	return true;
}

/* A handle for what is being mapped, or -1. */
static int64_t map_add(struct hv *hv, const struct grant_map *m)
{
	struct grant_table *t = hv->grant;
	int64_t handle = -1;

	pthread_mutex_lock(&t->lock);
	if (t->free != NO_MAP || more_maps(t)) {
		handle = t->free;
		t->free = t->map[handle].next;
		t->map[handle] = *m;
		t->map[handle].used = true;
	}
	pthread_mutex_unlock(&t->lock);
	return handle;
}

static void map_free(struct grant_table *t, uint32_t handle)
{
	t->placed -= t->map[handle].placed;
	t->map[handle] = (struct grant_map){.next = t->free};
	t->free = handle;
}

/* The mapping with that handle is in place, or is none. */
static void map_settle(struct hv *hv, uint32_t handle, bool placed)
{
	struct grant_table *t = hv->grant;

	pthread_mutex_lock(&t->lock);
	t->map[handle].placed = placed;
	t->placed += placed;
	if (!placed)
		map_free(t, handle);
	pthread_mutex_unlock(&t->lock);
}

/* Takes the mapping out of the table, if it is the one at gfn and of that frame; 0: of any. */
static enum grant_status map_take(
	struct hv *hv, uint32_t handle, uint64_t gfn, uint64_t frame, struct grant_map *m)
{
	struct grant_table *t = hv->grant;
	enum grant_status status = GNTST_OKAY;

	pthread_mutex_lock(&t->lock);
	if (handle >= t->maps || !t->map[handle].placed)
		status = GNTST_BAD_HANDLE;
	else if (t->map[handle].gfn != gfn)
		status = GNTST_BAD_VIRT_ADDR;
	else if (frame && frame != t->map[handle].frame)
		status = GNTST_GENERAL_ERROR;
	if (status == GNTST_OKAY) {
		*m = t->map[handle];
		map_free(t, handle);
	}
	pthread_mutex_unlock(&t->lock);
	return status;
}

/* --- places --- */

static int alias(struct hv *hv, const struct grant_map *m, int fd)
{
	struct ram *ram = &hv->machine->ram;
	int err = fd >= 0 ? ram_map_file(ram, address(m->gfn), XEN_PAGE_SIZE, fd, 0)
			  : ram_alias(ram, address(m->gfn), address(m->frame), XEN_PAGE_SIZE);

	for (unsigned n = 0; !err && m->readonly && n < XEN_PAGE_SIZE; n += GRANULE_SIZE)
		ram_set_flags(ram, GPA(address(m->gfn).v + n), RAM_READ_ONLY);
	return err;
}

/* The frame that was there, which may not have come back yet from having been another domain's. */
static void restore(struct hv *hv, uint64_t gfn)
{
	struct ram *ram = &hv->machine->ram;
	int fd = export_find(hv, gfn);

	if (fd >= 0)
		ram_map_file(ram, address(gfn), XEN_PAGE_SIZE, fd, 0);
	else
		ram_unalias(ram, address(gfn), XEN_PAGE_SIZE);
}

/* The page in the file, or the own frame, stands at gfn from now on. No processor may still know
 * the frame that was there, even if another one has just taken it: it might write what is for
 * reading. */
static enum grant_status place(struct hypercall *c, const struct grant_map *m, int fd)
{
	struct hv *hv = c->v->hv;
	enum memory_place was = memory_place_begin(hv, m->gfn);

	if (was == MEMORY_NO_PLACE)
		return GNTST_BAD_VIRT_ADDR;
	if (memory_stale(hv))
		hv_flush(c->v->cpu);
	if (alias(hv, m, fd)) {
		restore(hv, m->gfn);
		memory_place_end(hv, m->gfn, was == MEMORY_WAS_PRESENT);
		return GNTST_NO_SPACE;
	}
	export_forget(hv, m->gfn);
	memory_place_fill(hv, m->gfn);
	return GNTST_OKAY;
}

/* Gives it a handle and its place; fd as for place. */
static enum grant_status map_here(
	struct hypercall *c, const struct grant_map *m, int fd, uint32_t *handle)
{
	int64_t n = map_add(c->v->hv, m);

	if (n < 0)
		return GNTST_NO_SPACE;
	enum grant_status status = place(c, m, fd);
	map_settle(c->v->hv, (uint32_t)n, status == GNTST_OKAY);
	*handle = (uint32_t)n;
	return status;
}

static void leave_place(struct hv *hv, uint64_t gfn)
{
	memory_place_clear(hv, gfn);
	ram_unalias(&hv->machine->ram, address(gfn), XEN_PAGE_SIZE);
	memory_discard(hv, gfn);
}

void grant_map_reset(struct hv *hv)
{
	struct grant_table *t = hv->grant;

	for (unsigned n = 0; n < t->maps; n++)
		if (t->map[n].placed)
			ram_unalias(&hv->machine->ram, address(t->map[n].gfn), XEN_PAGE_SIZE);
	t->placed = 0;
}

/* --- map --- */

struct op_map {
	uint64_t host_addr;
	uint32_t flags, ref;
	uint16_t dom;
	int16_t status;
	uint32_t handle;
	uint64_t dev_bus_addr;
};
_Static_assert(sizeof(struct op_map) == GRANT_MAP_SIZE, "of the guest");
_Static_assert(offsetof(struct op_map, status) == GRANT_MAP_STATUS, "of the guest");

static enum grant_status map_own(struct hypercall *c, struct grant_map *m, uint32_t *handle)
{
	struct hv *hv = c->v->hv;
	enum grant_status status;

	if (!grant_acquire(hv, m->ref, hv->domid, m->readonly, &status))
		return status;
	m->frame = grant_frame(hv, m->ref);
	status = map_here(c, m, export_find(hv, m->frame), handle);
	if (status != GNTST_OKAY)
		grant_release(hv, m->ref, m->readonly);
	return status;
}

/* A whole page that its owner cannot make smaller, or a look at it would end this process; and one
 * that can be mapped, for what stood there is gone when that fails. */
static bool is_page(int fd)
{
	int seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
	struct stat st;

	return seals >= 0 && seals & F_SEAL_SHRINK &&
	       !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) && fstat(fd, &st) == 0 &&
	       st.st_size == XEN_PAGE_SIZE;
}

enum grant_status grant_peer_status(const struct hv_vcpu *v)
{
	int32_t status = v->wait.status;

	return status <= 0 && status >= GNTST_EAGAIN ? (enum grant_status)status
						     : GNTST_GENERAL_ERROR;
}

/* The page has come. */
static enum grant_status map_answered(struct hypercall *c, struct grant_map *m, uint32_t *handle)
{
	struct hv_wait *w = &c->v->wait;
	enum grant_status status = grant_peer_status(c->v);

	m->frame = w->value;
	m->link = w->link;
	if (status == GNTST_OKAY) {
		status = is_page(w->fd) ? map_here(c, m, w->fd, handle) : GNTST_GENERAL_ERROR;
		if (status != GNTST_OKAY)
			peer_tell(c->v->hv, m->dom, m->link,
				&(struct peer_msg){
					.kind = PEER_UNMAP, .port = m->ref, .flags = m->readonly});
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	return status;
}

static enum grant_status map_foreign(struct hypercall *c, struct grant_map *m, uint32_t *handle)
{
	const struct peer_msg ask = {.kind = PEER_MAP, .port = m->ref, .flags = m->readonly};

	switch (peer_call(c, m->dom, 0, &ask, NULL)) {
	case PEER_WAITS:
		return GNTST_OKAY;
	case PEER_NOBODY:
		return GNTST_BAD_DOMAIN;
	default:
		return map_answered(c, m, handle);
	}
}

enum grant_status grant_map_ref(struct hypercall *c, void *arg)
{
	struct op_map *op = arg;
	struct hv *hv = c->v->hv;
	struct grant_map m = {.readonly = op->flags & MAP_READONLY,
		.dom = op->dom,
		.ref = op->ref,
		.gfn = op->host_addr >> XEN_PAGE_SHIFT};

	if (!(op->flags & (MAP_HOST | MAP_DEVICE)))
		return GNTST_BAD_GNTREF;
	if (op->flags & MAP_DEVICE || op->flags & ~MAP_KNOWN)
		return GNTST_GENERAL_ERROR;
	if (op->host_addr & (XEN_PAGE_SIZE - 1) || m.gfn >= hv->pages)
		return GNTST_BAD_VIRT_ADDR;
	enum grant_status status = is_self(hv, op->dom) ? map_own(c, &m, &op->handle)
							: map_foreign(c, &m, &op->handle);
	if (status == GNTST_OKAY && !c->again)
		op->dev_bus_addr = m.frame << XEN_PAGE_SHIFT;
	return status;
}

/* Of the elements from the n-th on, the domain of the first. */
void grant_map_hint(struct hypercall *c, uint64_t n, uint64_t count)
{
	struct hv_wait *w = &c->v->wait;
	struct peer_msg m = {.kind = PEER_HINT};
	uint32_t hint[PEER_HINTS];
	unsigned hints = 0;

	for (struct op_map op; hints < PEER_HINTS && n < count; n++) {
		if (xencomm_read(c->v->hv, c->arg[1], n * sizeof(op), &op, sizeof(op)))
			break;
		if (!hints)
			w->hinted = op.dom;
		if (op.dom != w->hinted || op.ref & PEER_HINT_READ)
			break;
		hint[hints++] = op.ref | (op.flags & MAP_READONLY ? PEER_HINT_READ : 0);
	}
	m.len = hints * (uint32_t)sizeof(*hint);
	if (hints > 1)
		peer_tell_with(c->v->hv, w->hinted, 0, &m, hint);
	else
		w->hinted = 0;
}

void grant_map_hint_end(struct hypercall *c)
{
	struct hv_wait *w = &c->v->wait;

	if (w->hinted)
		peer_tell(c->v->hv, w->hinted, 0, &(struct peer_msg){.kind = PEER_HINT});
	w->hinted = 0;
}

/* --- unmap --- */

struct op_unmap {
	uint64_t host_addr;
	uint64_t other; /* dev_bus_addr, or of unmap_and_replace new_addr */
	uint32_t handle;
	int16_t status, pad;
};
_Static_assert(sizeof(struct op_unmap) == GRANT_UNMAP_SIZE, "of the guest");
_Static_assert(offsetof(struct op_unmap, status) == GRANT_UNMAP_STATUS, "of the guest");

/* The owner hears of it before the guest goes on: what it sees in its table is true then. It is
 * waited for once, when the call ends; a second owner in the same call for each. One that has died
 * has nothing to hear. */
static enum grant_status give_back(struct hypercall *c, const struct grant_map *m)
{
	struct hv_wait *w = &c->v->wait;
	const struct peer_msg tell = {.kind = PEER_UNMAP, .port = m->ref, .flags = m->readonly};

	if (is_self(c->v->hv, m->dom)) {
		grant_release(c->v->hv, m->ref, m->readonly);
	} else if (!w->on && (!w->told || w->told == m->link)) {
		w->told = m->link;
		w->told_domid = m->dom;
		peer_tell(c->v->hv, m->dom, m->link, &tell);
	} else {
		peer_call(c, m->dom, m->link, &tell, NULL);
	}
	return GNTST_OKAY;
}

/* It had been told, and has answered; or waits still. */
static enum grant_status given_back(struct hypercall *c)
{
	const struct grant_map none = {.dom = c->v->wait.domid};

	return give_back(c, &none);
}

enum grant_status grant_unmap_ref(struct hypercall *c, void *arg)
{
	const struct op_unmap *op = arg;
	struct hv *hv = c->v->hv;
	struct grant_map m;

	if (c->v->wait.again)
		return given_back(c);
	enum grant_status status = map_take(
		hv, op->handle, op->host_addr >> XEN_PAGE_SHIFT, op->other >> XEN_PAGE_SHIFT, &m);
	if (status != GNTST_OKAY)
		return status;
	leave_place(hv, m.gfn);
	memory_place_end(hv, m.gfn, false);
	return give_back(c, &m);
}

/* The page at new_addr moves to where the grant was. */
enum grant_status grant_unmap_replace(struct hypercall *c, void *arg)
{
	const struct op_unmap *op = arg;
	struct hv *hv = c->v->hv;
	uint64_t to = op->host_addr >> XEN_PAGE_SHIFT, from = op->other >> XEN_PAGE_SHIFT;
	uint8_t page[XEN_PAGE_SIZE];
	struct grant_map m;

	if (c->v->wait.again)
		return given_back(c);
	if (op->other & (XEN_PAGE_SIZE - 1) || from == to || !memory_remove(hv, from))
		return GNTST_BAD_VIRT_ADDR;
	ram_read(&hv->machine->ram, address(from), page, sizeof(page));
	enum grant_status status = map_take(hv, op->handle, to, 0, &m);
	if (status != GNTST_OKAY) {
		memory_add(hv, from);
		return status;
	}
	leave_place(hv, to);
	ram_write(&hv->machine->ram, address(to), page, sizeof(page));
	memory_place_end(hv, to, true);
	memory_discard(hv, from);
	return give_back(c, &m);
}
