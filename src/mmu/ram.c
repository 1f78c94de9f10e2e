/* SPDX-License-Identifier: MIT */
/*
 * Guest RAM as sparse memfd mappings. Flags are atomics because any vCPU, the I/O thread and
 * the saver touch them; contents are the guest's business and are raced over as on hardware.
 */
#define _GNU_SOURCE
#include "mmu/ram.h"

#include "base/stream.h"
#include "mmu/journal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool ranges_overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
	return a < b + blen && b < a + alen;
}

static int slot_check(const struct ram *ram, uint64_t base, uint64_t size)
{
	if (size == 0 || (base | size) & (GRANULE_SIZE - 1) || base + size < base ||
		(base + size) >> 63)
		return -EINVAL;
	for (unsigned i = 0; i < ram->count; i++)
		if (ranges_overlap(base, size, ram->slot[i].base, ram->slot[i].size))
			return -EEXIST;
	return ram->count == countof(ram->slot) ? -ENOSPC : 0;
}

static void slot_free(struct ram_slot *s)
{
	if (s->host)
		munmap(s->host, s->size);
	if (s->fd >= 0)
		close(s->fd);
	free(s->flags);
}

static int slot_map(struct ram_slot *s)
{
	s->fd = memfd_create("guest-ram", MFD_CLOEXEC);
	if (s->fd < 0)
		return -ENOMEM;
	if (ftruncate(s->fd, (off_t)s->size) < 0)
		return -ENOMEM;
	void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, s->fd, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	s->host = p;
	s->flags = calloc(s->size >> GRANULE_SHIFT, 1);
	return s->flags ? 0 : -ENOMEM;
}

int ram_add_slot(struct ram *ram, uint64_t base, uint64_t size)
{
	int r = slot_check(ram, base, size);
	if (r < 0)
		return r;
	struct ram_slot s = {.base = base, .size = size, .fd = -1};
	r = slot_map(&s);
	if (r < 0) {
		slot_free(&s);
		return r;
	}
	ram->slot[ram->count++] = s;
	return 0;
}

void ram_free(struct ram *ram)
{
	for (unsigned i = 0; i < ram->count; i++)
		slot_free(&ram->slot[i]);
	ram->count = 0;
}

int ram_map_file(struct ram *ram, gpa_t at, uint64_t len, int fd, uint64_t offset)
{
	struct ram_slot *s = ram_find(ram, at, len);

	if (!s)
		return -EFAULT;
	ram_invalidate_code(ram, at, len);
	void *p = mmap(s->host + (at.v - s->base), len, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, (off_t)offset);
	if (p == MAP_FAILED)
		return -errno;
	for (uint64_t n = 0; n < len; n += GRANULE_SIZE) /* what was read-only is there no more */
		atomic_fetch_and(
			&s->flags[(at.v + n - s->base) >> GRANULE_SHIFT], (uint8_t)~RAM_READ_ONLY);
	return 0;
}

int ram_alias(struct ram *ram, gpa_t at, gpa_t page, uint64_t len)
{
	const struct ram_slot *s = ram_find(ram, page, len);
	return s ? ram_map_file(ram, at, len, s->fd, page.v - s->base) : -EFAULT;
}

int ram_unalias(struct ram *ram, gpa_t at, uint64_t len)
{
	const struct ram_slot *s = ram_find(ram, at, len);
	return s ? ram_map_file(ram, at, len, s->fd, at.v - s->base) : -EFAULT;
}

struct ram_slot *ram_find(struct ram *ram, gpa_t a, uint64_t len)
{
	for (unsigned i = 0; i < ram->count; i++) {
		struct ram_slot *s = &ram->slot[i];
		uint64_t off = a.v - s->base;
		if (off < s->size && len <= s->size - off)
			return s;
	}
	return NULL;
}

const void *ram_read_ptr(struct ram *ram, gpa_t a, uint64_t len)
{
	struct ram_slot *s = ram_find(ram, a, len);
	return s ? s->host + (a.v - s->base) : NULL;
}

/* Index of the first granule and number of granules that [a, a+len) touches. */
static uint64_t granules(const struct ram_slot *s, gpa_t a, uint64_t len, uint64_t *count)
{
	uint64_t off = a.v - s->base, first = off >> GRANULE_SHIFT;
	*count = len ? ((off + len - 1) >> GRANULE_SHIFT) - first + 1 : 0;
	return first;
}

static bool clear_flag(_Atomic uint8_t *f, uint8_t flag)
{
	if (!(*f & flag))
		return false;
	return atomic_fetch_and(f, (uint8_t)~flag) & flag;
}

/* The granule no longer has code: tells all vCPUs. The log's lock is held for a few instructions
 * and contended only while several vCPUs rewrite code. Whose flag another one has just cleared must
 * not go on, and run old code, before that one has told. */
static void drop_code(struct ram *ram, const struct ram_slot *s, uint64_t granule)
{
	if (!(s->flags[granule] & RAM_HAS_CODE)) {
		while (atomic_load_explicit(&ram->code_lock, memory_order_acquire))
			;
		return;
	}
	while (atomic_exchange_explicit(&ram->code_lock, true, memory_order_acquire))
		;
	if (clear_flag(&s->flags[granule], RAM_HAS_CODE)) {
		uint64_t g = ram->code_generation;
		ram->code_log[g % RAM_CODE_LOG] = (s->base >> GRANULE_SHIFT) + granule;
		ram->code_generation = g + 1;
	}
	atomic_store_explicit(&ram->code_lock, false, memory_order_release);
}

void *ram_write_ptr(struct ram *ram, gpa_t a, uint64_t len)
{
	struct ram_slot *s = ram_find(ram, a, len);
	uint64_t n, first;

	if (!s)
		return NULL;
	first = granules(s, a, len, &n);
	for (uint64_t i = 0; i < n; i++)
		if (s->flags[first + i] & RAM_READ_ONLY)
			return NULL;
	for (uint64_t i = 0; i < n; i++) {
		if (unlikely(ram->journal != NULL))
			journal_note(ram->journal, s, first + i);
		drop_code(ram, s, first + i);
		if (clear_flag(&s->flags[first + i], RAM_LOG_DIRTY))
			atomic_fetch_or(&s->flags[first + i], RAM_DIRTY);
	}
	return s->host + (a.v - s->base);
}

int ram_read(struct ram *ram, gpa_t a, void *buf, uint64_t len)
{
	const void *p = ram_read_ptr(ram, a, len);
	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

int ram_write(struct ram *ram, gpa_t a, const void *buf, uint64_t len)
{
	void *p = ram_write_ptr(ram, a, len);
	if (!p)
		return -EFAULT;
	memcpy(p, buf, len);
	return 0;
}

void ram_set_flags(struct ram *ram, gpa_t a, uint8_t set)
{
	struct ram_slot *s = ram_find(ram, a, 1);
	if (s)
		atomic_fetch_or(&s->flags[(a.v - s->base) >> GRANULE_SHIFT], set);
}

void ram_invalidate_code(struct ram *ram, gpa_t a, uint64_t len)
{
	struct ram_slot *s = ram_find(ram, a, len);
	uint64_t n, first;

	if (!s)
		return;
	/* what was stored must be seen by whoever sets the flag after the look at it below */
	atomic_thread_fence(memory_order_seq_cst);
	first = granules(s, a, len, &n);
	for (uint64_t i = 0; i < n; i++) {
		/* who replaces memory as a whole comes here only */
		if (unlikely(ram->journal && !ram->journal->open))
			journal_note(ram->journal, s, first + i);
		drop_code(ram, s, first + i);
	}
}

static bool granule_is_zero(const uint8_t *p)
{
	return p[0] == 0 && memcmp(p, p + 1, GRANULE_SIZE - 1) == 0;
}

/* Next offset at or after off that may hold data; holes of the memfd were never touched. */
static uint64_t next_data(const struct ram_slot *s, uint64_t off)
{
	off_t o = lseek(s->fd, (off_t)off, SEEK_DATA);
	if (o < 0)
		return errno == ENXIO ? s->size : off;
	return (uint64_t)o & ~(uint64_t)(GRANULE_SIZE - 1);
}

#define SAVE_END (~0ull)

static void slot_save(const struct ram_slot *s, struct stream *out)
{
	stream_put_u64(out, s->base);
	stream_put_u64(out, s->size);
	for (uint64_t off = next_data(s, 0); off < s->size; off = next_data(s, off)) {
		if (!granule_is_zero(s->host + off)) {
			stream_put_u64(out, off);
			stream_put(out, s->host + off, GRANULE_SIZE);
		}
		off += GRANULE_SIZE;
	}
	stream_put_u64(out, SAVE_END);
}

void ram_save(struct ram *ram, struct stream *s)
{
	stream_begin(s, "ram", 1);
	stream_put_u64(s, ram->count);
	for (unsigned i = 0; i < ram->count; i++)
		slot_save(&ram->slot[i], s);
	stream_end(s);
}

/* Back to zero without touching pages: the memfd's blocks are given back. */
static void slot_clear(struct ram_slot *s)
{
	if (ftruncate(s->fd, 0) < 0 || ftruncate(s->fd, (off_t)s->size) < 0)
		memset(s->host, 0, s->size);
	for (uint64_t i = 0; i < s->size >> GRANULE_SHIFT; i++)
		if (s->flags[i])
			s->flags[i] = 0;
}

static void slot_load(struct ram_slot *s, struct journal *journal, struct stream *in)
{
	if (stream_get_u64(in) != s->base || stream_get_u64(in) != s->size)
		stream_fail(in, "saved RAM slots differ from the domain's");
	slot_clear(s);
	for (uint64_t i = 0; journal && i < s->size >> GRANULE_SHIFT; i++)
		journal_note(journal, s, i);
	while (stream_ok(in)) {
		uint64_t off = stream_get_u64(in);
		if (off == SAVE_END)
			return;
		if (off >= s->size || off & (GRANULE_SIZE - 1))
			stream_fail(in, "RAM offset 0x%llx out of range", (unsigned long long)off);
		else
			stream_get(in, s->host + off, GRANULE_SIZE);
	}
}

void ram_load(struct ram *ram, struct stream *s)
{
	stream_open(s, "ram", 1);
	if (stream_get_u64(s) != ram->count)
		stream_fail(s, "saved RAM slots differ from the domain's");
	for (unsigned i = 0; i < ram->count && stream_ok(s); i++)
		slot_load(&ram->slot[i], ram->journal, s);
	stream_close(s);
	ram->code_generation += RAM_CODE_LOG + 1;
}
