/* SPDX-License-Identifier: MIT */
/* See verify_ram.h. */
#define _GNU_SOURCE
#include "jit/verify_ram.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INTERVAL (1u << 25) /* slots between two looks: they take a twentieth of the time */

struct verify_ram *verify_ram_new(const struct ram *ram)
{
	struct verify_ram *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->users = 1;
	for (unsigned n = 0; n < ram->count; n++) {
		void *p = mmap(NULL, ram->slot[n].size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED) {
			verify_ram_free(r, ram);
			return NULL;
		}
		r->copy[n] = p;
	}
	return r;
}

void verify_ram_free(struct verify_ram *r, const struct ram *ram)
{
	if (!r || --r->users)
		return;
	for (unsigned n = 0; n < ram->count; n++)
		if (r->copy[n])
			munmap(r->copy[n], ram->slot[n].size);
	free(r);
}

void verify_ram_update(
	struct verify_ram *r, struct ram *ram, const struct journal *j, uint64_t slots)
{
	r->slots += slots;
	for (unsigned n = 0; n < j->count; n++) {
		const struct journal_granule *g = &j->granule[n];
		const struct ram_slot *s = ram_find(ram, g->gpa, GRANULE_SIZE);
		if (s)
			memcpy(r->copy[s - ram->slot] + (g->gpa.v - s->base), g->host,
				GRANULE_SIZE);
	}
}

/* Takes over what others wrote. false: a granule differs that they did not write. */
static bool granule_right(struct ram_slot *s, uint8_t *copy, uint64_t off)
{
	_Atomic uint8_t *flags = &s->flags[off >> GRANULE_SHIFT];

	if (memcmp(s->host + off, copy + off, GRANULE_SIZE) == 0)
		return true;
	if (!(*flags & RAM_OUTSIDE))
		return false;
	atomic_fetch_and(flags, (uint8_t)~RAM_OUTSIDE);
	memcpy(copy + off, s->host + off, GRANULE_SIZE);
	return true;
}

/* Offset of the first granule that differs and must not, or the slot's size. What was never
 * touched is a hole in the memfd. */
static uint64_t slot_check(struct ram_slot *s, uint8_t *copy)
{
	for (uint64_t off = 0; off < s->size; off += GRANULE_SIZE) {
		off_t data = lseek(s->fd, (off_t)off, SEEK_DATA), hole;
		if (data < 0)
			return s->size;
		hole = lseek(s->fd, data, SEEK_HOLE);
		for (off = (uint64_t)data; off < (uint64_t)hole; off += GRANULE_SIZE)
			if (!granule_right(s, copy, off))
				return off;
	}
	return s->size;
}

bool verify_ram_check(struct verify_ram *r, struct ram *ram, bool now, struct verify_stray *stray)
{
	if (!now && r->slots - r->checked < INTERVAL)
		return true;
	stray->slots = r->slots - r->checked;
	r->checked = r->slots;
	for (unsigned n = 0; n < ram->count; n++) {
		struct ram_slot *s = &ram->slot[n];
		uint64_t off = slot_check(s, r->copy[n]);
		if (off >= s->size)
			continue;
		while (s->host[off] == r->copy[n][off])
			off++;
		off &= ~15ull;
		stray->gpa = GPA(s->base + off);
		stray->want = r->copy[n] + off;
		stray->got = s->host + off;
		return false;
	}
	return true;
}
