/* SPDX-License-Identifier: MIT */
/* See journal.h. Runs write to few granules, and only a granule's first write comes here: a list.
 */
#include "mmu/journal.h"

#include "mmu/mmu.h"

#include <stdlib.h>
#include <string.h>

struct journal *journal_new(void)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->granule = calloc(JOURNAL_GRANULES, sizeof(*j->granule));
	if (j->granule)
		return j;
	free(j);
	return NULL;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	free(j->granule);
	free(j);
}

void journal_open(struct journal *j, struct ram *ram)
{
	j->count = j->rights = 0;
	j->full = false;
	j->open = true;
	ram->journal = j;
}

void journal_close(struct journal *j)
{
	for (unsigned n = 0; n < j->rights; n++)
		j->right[n]->tag_w = FTLB_NONE;
	j->rights = 0;
	j->open = false;
}

void journal_take_back(struct journal *j)
{
	for (unsigned n = 0; n < j->count; n++)
		memcpy(j->granule[n].after, j->granule[n].host, GRANULE_SIZE);
	journal_restore(j);
}

/* The other way round: two granules may be the same memory, and the first was noted before any
 * write. */
void journal_restore(const struct journal *j)
{
	for (unsigned n = j->count; n-- > 0;)
		memcpy(j->granule[n].host, j->granule[n].before, GRANULE_SIZE);
}

const struct journal_granule *journal_find(const struct journal *j, const uint8_t *host)
{
	for (unsigned n = j->count; n-- > 0;)
		if (j->granule[n].host == host)
			return &j->granule[n];
	return NULL;
}

static void ask_to_stop(const struct journal *j)
{
	if (j->kick && (j->count > JOURNAL_GRANULES / 2 || j->rights > JOURNAL_RIGHTS / 2))
		atomic_store(j->kick, 1);
}

void journal_note(struct journal *j, const struct ram_slot *s, uint64_t n)
{
	uint8_t *host = s->host + (n << GRANULE_SHIFT);

	if (!j->open)
		atomic_fetch_or(&s->flags[n], RAM_OUTSIDE);
	if (!j->open || journal_find(j, host))
		return;
	if (j->count == JOURNAL_GRANULES) {
		j->full = true;
		return;
	}
	struct journal_granule *g = &j->granule[j->count++];
	g->host = host;
	g->gpa = GPA(s->base + (n << GRANULE_SHIFT));
	memcpy(g->before, host, GRANULE_SIZE);
	ask_to_stop(j);
}

bool journal_grant(
	struct journal *j, const struct ram_slot *s, uint64_t n, struct ftlb_entry *e, bool rse)
{
	if (!j->open || j->rights == JOURNAL_RIGHTS)
		return false;
	journal_note(j, s, n);
	j->right[j->rights++] = e;
	j->granted += !rse;
	ask_to_stop(j);
	return !j->full;
}
