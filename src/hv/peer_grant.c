/* SPDX-License-Identifier: MIT */
/* What other domains ask of this one's grant table; I/O thread. */
#include <errno.h>
#include <string.h>

#include "hv/export.h"
#include "hv/grant.h"
#include "hv/memory.h"
#include "hv/peer_private.h"

static int export(struct hv *hv, uint64_t gfn)
{
	int fd = export_find(hv, gfn);

	if (fd >= 0)
		return fd;
	peer_stop(hv);
	return export_open(hv, gfn);
}

bool peer_take_map(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	bool readonly = m->flags;
	enum grant_status status;
	struct peer_msg answer = *m;

	if (!grant_acquire(hv, m->port, p->domid, readonly, &status)) {
		peer_answer(hv, p, m, status);
		return true;
	}
	uint64_t gfn = grant_frame(hv, m->port);
	int fd = export(hv, gfn);
	if (fd < 0) {
		grant_release_of(hv, m->port, p->domid, readonly);
		peer_answer(hv, p, m, fd == -EBUSY ? GNTST_GENERAL_ERROR : GNTST_NO_SPACE);
		return true;
	}
	answer.from = (uint32_t)gfn;
	answer.offset = m->flags;
	peer_answer_with(hv, p, &answer, NULL, fd);
	return true;
}

/* One that it has not, or not any more, is none of ours. */
bool peer_take_unmap(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	bool used = grant_release_of(hv, m->port, p->domid, m->flags);

	if (used && export_stale(hv)) {
		peer_stop(hv);
		export_sweep(hv);
	}
	peer_answer(hv, p, m, used ? GNTST_OKAY : GNTST_GENERAL_ERROR);
	return true;
}

static bool in_page(uint32_t offset, uint32_t len)
{
	return offset <= XEN_PAGE_SIZE && len <= XEN_PAGE_SIZE - offset;
}

bool peer_take_read(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	enum grant_status status;
	struct peer_msg answer = *m;

	if (!in_page(m->offset, m->from))
		return false;
	const uint8_t *page = grant_acquire(hv, m->port, p->domid, true, &status);
	if (!page) {
		peer_answer(hv, p, m, status);
		return true;
	}
	memcpy(hv->peers->data, page + m->offset, m->from);
	grant_release_of(hv, m->port, p->domid, true);
	answer.len = m->from;
	peer_answer_with(hv, p, &answer, hv->peers->data, -1);
	return true;
}

bool peer_take_write(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	enum grant_status status = GNTST_OKAY;

	if (!in_page(m->offset, m->len))
		return false;
	if (grant_acquire(hv, m->port, p->domid, false, &status)) {
		gpa_t at = GPA((grant_frame(hv, m->port) << XEN_PAGE_SHIFT) + m->offset);
		if (ram_write(&hv->machine->ram, at, hv->peers->data, m->len))
			status = GNTST_BAD_PAGE;
		grant_release_of(hv, m->port, p->domid, false);
	}
	peer_answer(hv, p, m, status);
	return true;
}

/* Where the new frame is, processors knew of none. They do not stop for what is refused anyway. */
bool peer_take_transfer(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	struct cpu *cpu = hv->vcpu[0].cpu;

	if (m->len != XEN_PAGE_SIZE)
		return false;
	if (!grant_accepts(hv, m->port, p->domid)) {
		peer_answer(hv, p, m, GNTST_GENERAL_ERROR);
		return true;
	}
	peer_stop(hv);
	enum grant_status status = grant_take_transfer(hv, m->port, p->domid, hv->peers->data);
	cpu_enter(cpu);
	hv_flush(cpu);
	cpu_leave(cpu);
	peer_answer(hv, p, m, status);
	return true;
}

static bool hint_read(uint32_t hint)
{
	return hint & PEER_HINT_READ;
}

/* In use, as if it were mapped, and in a file of its own. */
static bool take_hint(struct hv *hv, const struct peer *p, uint32_t hint)
{
	uint32_t ref = hint & ~PEER_HINT_READ;
	enum grant_status status;

	if (!grant_acquire(hv, ref, p->domid, hint_read(hint), &status))
		return false;
	if (export(hv, grant_frame(hv, ref)) >= 0)
		return true;
	grant_release_of(hv, ref, p->domid, hint_read(hint));
	return false;
}

/* What was hinted before goes last: it may be the same. */
bool peer_take_hint(struct hv *hv, struct peer *p, const struct peer_msg *m)
{
	uint32_t old[PEER_HINTS], new[PEER_HINTS];
	unsigned olds = p->hints, news = m->len / (unsigned)sizeof(*new);

	if (m->len % sizeof(*new))
		return false;
	memcpy(old, p->hint, sizeof(old));
	memcpy(new, hv->peers->data, m->len);
	p->hints = 0;
	for (unsigned n = 0; n < news; n++)
		if (take_hint(hv, p, new[n]))
			p->hint[p->hints++] = new[n];
	for (unsigned n = 0; n < olds; n++)
		grant_release_of(hv, old[n] & ~PEER_HINT_READ, p->domid, hint_read(old[n]));
	return true;
}
