/* SPDX-License-Identifier: MIT */
/*
 * RAM as the stores that were compared left it. A second copy, which only they go to, finds those
 * that hit somewhere else: a granule that differs and that nobody else wrote to (RAM_OUTSIDE).
 */
#ifndef JIT_VERIFY_RAM_H
#define JIT_VERIFY_RAM_H

#include "mmu/journal.h"

struct verify_ram {
	unsigned users; /* processors */
	uint8_t *copy[countof(((struct ram *)0)->slot)];
	uint64_t slots, checked; /* run since the machine was made; as of the latest check */
};

struct verify_stray {
	gpa_t gpa;
	const uint8_t *want, *got; /* 16 bytes */
	uint64_t slots;		   /* how many ago it was not yet there */
};

/* For a RAM that is still zero. NULL: no memory. */
struct verify_ram *verify_ram_new(const struct ram *ram);
/* Frees it with its last user. */
void verify_ram_free(struct verify_ram *r, const struct ram *ram);
/* A run of that many slots wrote what j says, rightly. */
void verify_ram_update(
	struct verify_ram *r, struct ram *ram, const struct journal *j, uint64_t slots);
/* Looks at all of RAM if it is time to, or always if now. false: a stray store, *s. */
bool verify_ram_check(struct verify_ram *r, struct ram *ram, bool now, struct verify_stray *s);

#endif
