/* SPDX-License-Identifier: MIT */
/*
 * Granules of RAM as they were before a run of a processor first wrote to them, so that the run can
 * be taken back and compared. A RAM that has a journal gives fast-TLB write rights only while
 * the journal is open, to granules copied first, and takes them away when it is closed. One thread.
 */
#ifndef MMU_JOURNAL_H
#define MMU_JOURNAL_H

#include "mmu/ram.h"

struct ftlb_entry;

#define JOURNAL_GRANULES 2048
#define JOURNAL_RIGHTS	 4096

struct journal_granule {
	uint8_t *host;
	gpa_t gpa;
	uint8_t before[GRANULE_SIZE], after[GRANULE_SIZE]; /* after: see journal_take_back */
};

struct journal {
	bool open;
	bool full; /* something was written that found no room: nothing can be taken back */
	unsigned count, rights;
	struct journal_granule *granule; /* JOURNAL_GRANULES, count of them in use */
	struct ftlb_entry *right[JOURNAL_RIGHTS];
	_Atomic uint32_t
		*kick;	  /* set to 1 when half full, so that the run ends; NULL: nobody asks */
	uint64_t granted; /* since the journal was made: stores that were slow because of it */
};

/* NULL: no memory. */
struct journal *journal_new(void);
void journal_free(struct journal *j);

/* Empties it, and notes from now on what ram is about to have written. */
void journal_open(struct journal *j, struct ram *ram);
/* Ends that and the write rights given meanwhile. */
void journal_close(struct journal *j);
/* Puts RAM back to what it was when the journal was opened; `after` keeps what the run left. */
void journal_take_back(struct journal *j);
/* The same without a copy of that. */
void journal_restore(const struct journal *j);
/* The copy of the granule at host, or NULL. */
const struct journal_granule *journal_find(const struct journal *j, const uint8_t *host);

/* --- for ram.c and ftlb.c --- */
/* Granule number n of s is about to be written. */
void journal_note(struct journal *j, const struct ram_slot *s, uint64_t n);
/* Whether e, the entry of a page in granule n, may allow writes now. */
bool journal_grant(
	struct journal *j, const struct ram_slot *s, uint64_t n, struct ftlb_entry *e, bool rse);

#endif
