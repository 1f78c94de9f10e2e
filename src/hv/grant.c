/* SPDX-License-Identifier: MIT */
/*
 * The shared entries of a grant table and who uses them (ABI 11.2). An entry is 8 bytes that the
 * guest changes at any time: flags and domid are one word, taken by compare-and-exchange; the frame
 * is read once and then remembered for as long as the grant is in use.
 */
#include "hv/grant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "hv/export.h"
#include "hv/grant_table.h"
#include "hv/memory.h"
#include "hv/peer.h"

enum {
	GTF_TYPE = 3,
	GTF_PERMIT_ACCESS = 1,
	GTF_ACCEPT_TRANSFER = 2,
	GTF_READONLY = 4,
	GTF_READING = 8,
	GTF_WRITING = 0x10,
	GTF_TRANSFER_COMMITTED = 4,
	GTF_TRANSFER_COMPLETED = 8
};

#define REFS	  (HV_GRANT_MAX * GRANTS_PER_FRAME)
#define USES_MOST (1u << 30)
#define NO_FRAME  (~0ull)

uint32_t *grant_word(const struct hv *hv, uint32_t ref)
{
	return (uint32_t *)(hv->grant->shared + 8ull * ref);
}

static uint32_t entry_frame(const struct hv *hv, uint32_t ref)
{
	return __atomic_load_n(grant_word(hv, ref) + 1, __ATOMIC_ACQUIRE);
}

/* Sets the flags that tell the guest of the use, if it grants it. */
static enum grant_status take_entry(struct hv *hv, uint32_t ref, uint16_t domid, bool readonly)
{
	uint32_t *word = grant_word(hv, ref);
	uint32_t old = __atomic_load_n(word, __ATOMIC_ACQUIRE), new;

	do {
		if ((old & GTF_TYPE) != GTF_PERMIT_ACCESS || old >> 16 != domid ||
			(!readonly && old & GTF_READONLY))
			return GNTST_GENERAL_ERROR;
		new = old | GTF_READING | (readonly ? 0 : GTF_WRITING);
	} while (!__atomic_compare_exchange_n(
		word, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
	return GNTST_OKAY;
}

static void clear_flags(struct hv *hv, uint32_t ref, uint32_t flags)
{
	__atomic_fetch_and(grant_word(hv, ref), ~flags, __ATOMIC_SEQ_CST);
}

/* The first use pins the frame. */
static enum grant_status pin_first(struct hv *hv, uint32_t ref, uint16_t domid)
{
	struct active *a = &hv->grant->active[ref];

	a->frame = entry_frame(hv, ref);
	a->domid = domid;
	a->host = memory_pin(hv, a->frame);
	if (a->host)
		return GNTST_OKAY;
	clear_flags(hv, ref, GTF_READING | GTF_WRITING);
	return GNTST_BAD_PAGE;
}

static enum grant_status acquire(struct hv *hv, uint32_t ref, uint16_t domid, bool readonly)
{
	struct active *a = &hv->grant->active[ref];
	bool used = a->readers || a->writers;

	if (used && (a->domid != domid || a->readers + a->writers >= USES_MOST))
		return GNTST_GENERAL_ERROR;
	enum grant_status status = take_entry(hv, ref, domid, readonly);
	if (status == GNTST_OKAY && !used)
		status = pin_first(hv, ref, domid);
	if (status == GNTST_OKAY)
		*(readonly ? &a->readers : &a->writers) += 1;
	return status;
}

uint8_t *grant_acquire(
	struct hv *hv, uint32_t ref, uint16_t domid, bool readonly, enum grant_status *status)
{
	uint8_t *host = NULL;

	pthread_mutex_lock(&hv->grant->lock);
	*status = GNTST_BAD_GNTREF;
	if (ref < hv->grant->frames * GRANTS_PER_FRAME)
		*status = acquire(hv, ref, domid, readonly);
	if (*status == GNTST_OKAY)
		host = hv->grant->active[ref].host;
	pthread_mutex_unlock(&hv->grant->lock);
	return host;
}

/* The lock is held; returns the frame if that was its last use, or NO_FRAME. */
static uint64_t release(struct hv *hv, uint32_t ref, bool readonly)
{
	struct active *a = &hv->grant->active[ref];
	uint32_t flags = 0;
	bool last;

	*(readonly ? &a->readers : &a->writers) -= 1;
	last = a->readers + a->writers == 0;
	if (!readonly && a->writers == 0)
		flags |= GTF_WRITING;
	if (last) {
		flags |= GTF_READING;
		memory_unpin(hv, a->frame);
		a->host = NULL;
	}
	clear_flags(hv, ref, flags);
	return last ? a->frame : NO_FRAME;
}

void grant_release(struct hv *hv, uint32_t ref, bool readonly)
{
	pthread_mutex_lock(&hv->grant->lock);
	uint64_t frame = release(hv, ref, readonly);
	pthread_mutex_unlock(&hv->grant->lock);
	if (frame != NO_FRAME && export_note(hv, frame))
		peers_notify(hv);
}

bool grant_release_of(struct hv *hv, uint32_t ref, uint16_t domid, bool readonly)
{
	uint64_t frame = NO_FRAME;

	pthread_mutex_lock(&hv->grant->lock);
	const struct active *a = ref < REFS ? &hv->grant->active[ref] : NULL;
	bool used = a && a->domid == domid && (readonly ? a->readers : a->writers);
	if (used)
		frame = release(hv, ref, readonly);
	pthread_mutex_unlock(&hv->grant->lock);
	if (frame != NO_FRAME)
		export_note(hv, frame);
	return used;
}

void grant_domain_gone(struct hv *hv, uint16_t domid)
{
	struct grant_table *t = hv->grant;

	pthread_mutex_lock(&t->lock);
	for (uint32_t ref = 0; ref < t->frames * GRANTS_PER_FRAME; ref++) {
		const struct active *a = &t->active[ref];
		while (a->domid == domid && a->readers + a->writers) {
			uint64_t frame = release(hv, ref, a->readers != 0);
			if (frame != NO_FRAME)
				export_note(hv, frame);
		}
	}
	pthread_mutex_unlock(&t->lock);
}

uint64_t grant_frame(const struct hv *hv, uint32_t ref)
{
	return hv->grant->active[ref].frame;
}

/* --- transfers to this domain --- */

static bool accepts(uint32_t word, uint16_t domid)
{
	return word == ((uint32_t)domid << 16 | GTF_ACCEPT_TRANSFER);
}

static enum grant_status transfer_to(
	struct hv *hv, uint32_t ref, uint16_t domid, const uint8_t page[XEN_PAGE_SIZE])
{
	uint32_t *word = grant_word(hv, ref), old = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	uint64_t gfn = entry_frame(hv, ref);

	/* claimed, it is no place of a grant before this processor has left the hypercall */
	if (!accepts(old, domid) || !memory_claim(hv, gfn))
		return GNTST_GENERAL_ERROR;
	if (!__atomic_compare_exchange_n(word, &old, old | GTF_TRANSFER_COMMITTED, false,
		    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return GNTST_GENERAL_ERROR;
	ram_write(&hv->machine->ram, GPA(gfn << XEN_PAGE_SHIFT), page, XEN_PAGE_SIZE);
	__atomic_fetch_or(word, GTF_TRANSFER_COMPLETED, __ATOMIC_SEQ_CST);
	return GNTST_OKAY;
}

enum grant_status grant_take_transfer(
	struct hv *hv, uint32_t ref, uint16_t domid, const uint8_t page[XEN_PAGE_SIZE])
{
	enum grant_status status = GNTST_GENERAL_ERROR;

	pthread_mutex_lock(&hv->grant->lock);
	if (ref < hv->grant->frames * GRANTS_PER_FRAME)
		status = transfer_to(hv, ref, domid, page);
	pthread_mutex_unlock(&hv->grant->lock);
	return status;
}

bool grant_accepts(struct hv *hv, uint32_t ref, uint16_t domid)
{
	pthread_mutex_lock(&hv->grant->lock);
	bool ok = ref < hv->grant->frames * GRANTS_PER_FRAME &&
		  accepts(__atomic_load_n(grant_word(hv, ref), __ATOMIC_ACQUIRE), domid);
	pthread_mutex_unlock(&hv->grant->lock);
	return ok;
}

const char *grant_why_busy(struct hv *hv)
{
	if (hv->grant->placed)
		return "the guest has mapped grants, of itself or of other domains";
	for (uint32_t ref = 0; ref < hv->grant->frames * GRANTS_PER_FRAME; ref++) {
		const struct active *a = &hv->grant->active[ref];
		if (a->readers + a->writers && a->domid != 0)
			return "another domain has mapped pages of the guest";
	}
	return NULL;
}

/* --- life --- */

int grant_init(struct hv *hv)
{
	struct grant_table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->active = calloc(REFS, sizeof(*t->active));
	t->shared = (uint8_t *)(uintptr_t)ram_read_ptr(
		&hv->machine->ram, GPA(HV_GRANT_FRAMES), HV_GRANT_MAX * XEN_PAGE_SIZE);
	if (!t->active || !t->shared) {
		free(t->active);
		free(t);
		return -ENOMEM;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->frames = 1;
	t->free = NO_MAP;
	hv->grant = t;
	return 0;
}

void grant_free(struct hv *hv)
{
	struct grant_table *t = hv->grant;

	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t->active);
	free(t->map);
	free(t);
	hv->grant = NULL;
}

void grant_reset(struct hv *hv)
{
	struct grant_table *t = hv->grant;

	grant_map_reset(hv);
	for (uint32_t ref = 0; ref < t->frames * GRANTS_PER_FRAME; ref++) /* of its own maps */
		if (t->active[ref].readers + t->active[ref].writers)
			memory_unpin(hv, t->active[ref].frame);
	memset(t->shared, 0, HV_GRANT_MAX * XEN_PAGE_SIZE);
	memset(t->active, 0, REFS * sizeof(*t->active));
	free(t->map);
	t->map = NULL;
	t->maps = 0;
	t->free = NO_MAP;
	t->frames = 1;
}

/* Entries are RAM. Uses are not saved: backends acquire again what their rings name. */
void grant_save(struct hv *hv, struct stream *s)
{
	stream_begin(s, "grant", 1);
	stream_put_u64(s, hv->grant->frames);
	stream_end(s);
}

void grant_load(struct hv *hv, struct stream *s)
{
	if (!stream_open(s, "grant", 1))
		return;
	hv->grant->frames = (unsigned)stream_get_max(s, HV_GRANT_MAX, "frames of grants");
	if (stream_ok(s) && !hv->grant->frames)
		stream_fail(s, "a grant table without a frame");
	stream_close(s);
	if (stream_ok(s))
		for (uint32_t ref = 0; ref < hv->grant->frames * GRANTS_PER_FRAME; ref++)
			clear_flags(hv, ref, GTF_READING | GTF_WRITING);
}
