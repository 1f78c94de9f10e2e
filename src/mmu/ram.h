/* SPDX-License-Identifier: MIT */
/*
 * Guest RAM: a few slots of guest-physical memory, each one sparse host mapping of a memfd, with
 * one flags byte per 4 KB granule. A host pointer into RAM comes only from here.
 */
#ifndef MMU_RAM_H
#define MMU_RAM_H

#include <stdatomic.h>

#include "base/types.h"

struct stream;
struct journal;
struct ram_hold;

#define GRANULE_SHIFT 12
#define GRANULE_SIZE  4096

/* Granule flags; any of RAM_SLOW_WRITE keeps the granule out of writable fast-TLB entries. */
enum {
	RAM_HAS_CODE = 1,  /* some vCPU holds decoded or translated instructions of it */
	RAM_LOG_DIRTY = 2, /* migration wants to know the first write */
	RAM_GRANTED = 4,
	RAM_READ_ONLY = 8, /* writes are ignored */
	RAM_DIRTY = 16,	   /* written since RAM_LOG_DIRTY was set, which the write cleared */
	RAM_OUTSIDE = 32   /* engine verify: written by somebody else than a processor's run */
};
#define RAM_SLOW_WRITE (RAM_HAS_CODE | RAM_LOG_DIRTY | RAM_GRANTED | RAM_READ_ONLY)

#define RAM_CODE_LOG 256 /* who falls further behind drops all its decoded code */

struct ram_slot {
	uint64_t base, size; /* guest-physical, multiples of 4 KB */
	uint8_t *host;
	_Atomic uint8_t *flags; /* size / 4096 */
	int fd;
};

struct ram {
	struct ram_slot slot[8];
	unsigned count;
	/* Counts invalidations of granules with code; vCPUs that hold decoded code compare it at
	 * dispatch and drop what the log says. Invalidation g is of granule code_log[g % size]. */
	_Atomic uint64_t code_generation;
	_Atomic uint64_t code_log[RAM_CODE_LOG];
	_Atomic bool code_lock;	 /* for writers of the log */
	struct journal *journal; /* engine verify: is told of writes; NULL: nobody is */
	struct ram_hold *hold;	 /* likewise: who writes from outside waits for it (hold.h) */
};

/* Adds a slot of zeroed memory. Returns 0, -EEXIST on overlap, -ENOSPC, -ENOMEM, -EINVAL. */
int ram_add_slot(struct ram *ram, uint64_t base, uint64_t size);
void ram_free(struct ram *ram);

/* The slot that wholly contains [a, a+len), or NULL. */
struct ram_slot *ram_find(struct ram *ram, gpa_t a, uint64_t len);
/* Host pointer for reading len bytes at a, or NULL when not all RAM (one slot). */
const void *ram_read_ptr(struct ram *ram, gpa_t a, uint64_t len);
/* The address of what ram_read_ptr gave. */
static inline gpa_t ram_gpa(const struct ram *ram, uintptr_t host)
{
	for (unsigned i = 0; i < ram->count; i++) {
		const struct ram_slot *s = &ram->slot[i];
		if (host - (uintptr_t)s->host < s->size)
			return GPA(host - (uintptr_t)s->host + s->base);
	}
	return GPA(0);
}
/* Host pointer for writing, or NULL. Does what the flags of each touched granule ask for: code
 * is invalidated (RAM_HAS_CODE cleared, code_generation bumped), dirty logged; NULL if read-only.
 * For devices, firmware, builder and the MMU's slow path alike. */
void *ram_write_ptr(struct ram *ram, gpa_t a, uint64_t len);
/* Copies; return 0 or -EFAULT with nothing copied. */
int ram_read(struct ram *ram, gpa_t a, void *buf, uint64_t len);
int ram_write(struct ram *ram, gpa_t a, const void *buf, uint64_t len);

static inline uint8_t ram_flags(struct ram_slot *s, gpa_t a)
{
	return s->flags[(a.v - s->base) >> GRANULE_SHIFT];
}
void ram_set_flags(struct ram *ram, gpa_t a, uint8_t set);
/* Guest flushed or overwrote [a, a+len) as code: clears RAM_HAS_CODE there and bumps
 * code_generation if any was set. */
void ram_invalidate_code(struct ram *ram, gpa_t a, uint64_t len);

/* Puts the memory of [page, page+len) at [at, at+len) as well, in place of what is there, or takes
 * it away again; whole granules of one slot each. Processors must look anew when code or rights
 * change: the host addresses stay. 0 or -errno. */
int ram_alias(struct ram *ram, gpa_t at, gpa_t page, uint64_t len);
/* The same with len bytes at offset of a file, which may be closed then. */
int ram_map_file(struct ram *ram, gpa_t at, uint64_t len, int fd, uint64_t offset);
int ram_unalias(struct ram *ram, gpa_t at, uint64_t len);

/* Saves only granules that are not all zero. */
void ram_save(struct ram *ram, struct stream *s);
void ram_load(struct ram *ram, struct stream *s);

#endif
