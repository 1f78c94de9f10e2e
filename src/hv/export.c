/* SPDX-License-Identifier: MIT */
/*
 * See export.h. Threads that do not stop with the processors, those of disks, use frames that they
 * have pinned: memory.lock is held while one moves.
 */
#define _GNU_SOURCE
#include "hv/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv/memory.h"
#include "hv/peer.h"
#include "mmu/ram.h"

#define BUCKETS 256

struct export
{
	struct export *next;
	uint64_t gfn;
	int fd;
};

struct exports {
	pthread_mutex_t lock; /* guards the buckets, inside memory.lock */
	struct export *bucket[BUCKETS];
	unsigned count, most;
	_Atomic bool stale;
};

static gpa_t address(uint64_t gfn)
{
	return GPA(gfn << XEN_PAGE_SHIFT);
}

static struct export **link_of(struct exports *x, uint64_t gfn)
{
	struct export **at = &x->bucket[gfn % BUCKETS];

	while (*at && (*at)->gfn != gfn)
		at = &(*at)->next;
	return at;
}

int export_find(struct hv *hv, uint64_t gfn)
{
	struct exports *x = hv->exports;
	int fd = -1;

	if (!x)
		return -1;
	pthread_mutex_lock(&x->lock);
	const struct export *e = *link_of(x, gfn);
	if (e)
		fd = e->fd;
	pthread_mutex_unlock(&x->lock);
	return fd;
}

/* A file of one page, that nobody can make smaller under somebody who has mapped it. */
static int make_file(const uint8_t *page)
{
	int fd = memfd_create("granted", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (write(fd, page, XEN_PAGE_SIZE) == XEN_PAGE_SIZE &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -ENOMEM;
}

/* What the domain's memory has there is given back to the host. */
static void drop_own(struct hv *hv, uint64_t gfn)
{
	const struct ram_slot *s = ram_find(&hv->machine->ram, address(gfn), XEN_PAGE_SIZE);

	if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)(address(gfn).v - s->base), XEN_PAGE_SIZE))
		return; /* its old contents are not seen again: it is written when it comes back */
}

static int move_out(struct hv *hv, uint64_t gfn)
{
	struct ram *ram = &hv->machine->ram;
	const uint8_t *host = ram_read_ptr(ram, address(gfn), XEN_PAGE_SIZE);
	int fd = host ? make_file(host) : -EFAULT;

	if (fd < 0)
		return fd;
	int err = ram_map_file(ram, address(gfn), XEN_PAGE_SIZE, fd, 0);
	if (err) {
		close(fd);
		return err;
	}
	drop_own(hv, gfn);
	return fd;
}

int export_open(struct hv *hv, uint64_t gfn)
{
	struct exports *x = hv->exports;
	struct export *e = x && x->count < x->most ? malloc(sizeof(*e)) : NULL;

	if (!e)
		return -ENOMEM;
	pthread_mutex_lock(&hv->memory.lock);
	int fd = memory_pins(hv, gfn) == 1 ? move_out(hv, gfn) : -EBUSY;
	pthread_mutex_unlock(&hv->memory.lock);
	if (fd < 0) {
		free(e);
		return fd;
	}
	*e = (struct export){.gfn = gfn, .fd = fd};
	pthread_mutex_lock(&x->lock);
	e->next = x->bucket[gfn % BUCKETS];
	x->bucket[gfn % BUCKETS] = e;
	x->count++;
	pthread_mutex_unlock(&x->lock);
	return fd;
}

/* It is in no bucket any more. */
static void end_export(struct hv *hv, struct export *e)
{
	peers_unpass(hv, e->fd);
	close(e->fd);
	free(e);
}

/* Where the host has no room for the page in its old place, it stays in its file. One that the
 * guest has given away meanwhile is not wanted. */
static bool move_back(struct hv *hv, uint64_t gfn)
{
	struct ram *ram = &hv->machine->ram;
	uint8_t page[XEN_PAGE_SIZE];

	if (!memory_present(hv, gfn))
		return ram_unalias(ram, address(gfn), XEN_PAGE_SIZE) == 0;
	if (ram_read(ram, address(gfn), page, sizeof(page)) ||
		ram_unalias(ram, address(gfn), XEN_PAGE_SIZE))
		return false;
	ram_write(ram, address(gfn), page, sizeof(page));
	return true;
}

void export_close(struct hv *hv, uint64_t gfn)
{
	struct exports *x = hv->exports;
	struct export *e = NULL;

	if (!x)
		return;
	pthread_mutex_lock(&hv->memory.lock);
	pthread_mutex_lock(&x->lock);
	struct export **at = link_of(x, gfn);
	if (*at && !memory_pinned(hv, gfn) && move_back(hv, gfn)) {
		e = *at;
		*at = e->next;
		x->count--;
	}
	pthread_mutex_unlock(&x->lock);
	pthread_mutex_unlock(&hv->memory.lock);
	if (e)
		end_export(hv, e);
}

void export_forget(struct hv *hv, uint64_t gfn)
{
	struct exports *x = hv->exports;

	if (!x)
		return;
	pthread_mutex_lock(&x->lock);
	struct export **at = link_of(x, gfn), *e = *at;
	if (e) {
		*at = e->next;
		x->count--;
	}
	pthread_mutex_unlock(&x->lock);
	if (e)
		end_export(hv, e);
}

bool export_note(struct hv *hv, uint64_t gfn)
{
	if (export_find(hv, gfn) < 0)
		return false;
	hv->exports->stale = true;
	return true;
}

bool export_stale(const struct hv *hv)
{
	return hv->exports && hv->exports->stale;
}

void export_sweep(struct hv *hv)
{
	struct exports *x = hv->exports;

	x->stale = false;
	for (unsigned n = 0; n < BUCKETS; n++)
		for (struct export *e = x->bucket[n], *next; e; e = next) {
			next = e->next;
			export_close(hv, e->gfn);
		}
}

void export_reset(struct hv *hv)
{
	struct exports *x = hv->exports;

	for (unsigned n = 0; x && n < BUCKETS; n++)
		while (x->bucket[n]) {
			struct export *e = x->bucket[n];
			x->bucket[n] = e->next;
			ram_unalias(&hv->machine->ram, address(e->gfn), XEN_PAGE_SIZE);
			end_export(hv, e);
		}
	if (x)
		x->count = 0;
}

unsigned export_count(const struct hv *hv)
{
	return hv->exports ? hv->exports->count : 0;
}

int export_init(struct hv *hv, unsigned most)
{
	hv->exports = calloc(1, sizeof(*hv->exports));
	if (!hv->exports)
		return -ENOMEM;
	pthread_mutex_init(&hv->exports->lock, NULL);
	hv->exports->most = most;
	return 0;
}

void export_free(struct hv *hv)
{
	if (!hv->exports)
		return;
	export_reset(hv);
	pthread_mutex_destroy(&hv->exports->lock);
	free(hv->exports);
	hv->exports = NULL;
}
