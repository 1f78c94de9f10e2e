/* SPDX-License-Identifier: MIT */
/*
 * Guest buffers of hypercalls (ABI 4.3). A handle is a guest-physical address with bit 63 set,
 * whose bytes follow each other, or the address of a descriptor that lists the pieces, each from an
 * address to the end of its 16 KB page.
 */
#include "hv/hypercall.h"

#define INLINE	    (1ull << 63)
#define MAGIC	    0x58434f4du
#define INVALID	    (~0ull) /* a piece that is skipped */
#define HEADER_SIZE 8
/* Pieces that a copy looks at: 16 MB of them, gaps included. */
#define PIECES_MOST 1024
#define BATCH	    64 /* pieces read at a time */

struct buffer {
	struct hv *hv;
	uint8_t *bytes;
	bool write;
};

/* One piece, that lies in one page of the guest. */
static bool copy_piece(struct buffer *b, uint64_t gpa, uint64_t len)
{
	struct ram *ram = &b->hv->machine->ram;
	gpa_t place = hv_place(b->hv, GPA(gpa));

	if (place.v != gpa)
		return false;
	int r = b->write ? ram_write(ram, place, b->bytes, len)
			 : ram_read(ram, place, b->bytes, len);
	b->bytes += len;
	return r == 0;
}

static uint64_t to_page_end(uint64_t gpa)
{
	return XEN_PAGE_SIZE - (gpa & (XEN_PAGE_SIZE - 1));
}

static bool copy_inline(struct buffer *b, uint64_t gpa, uint64_t len)
{
	while (len) {
		uint64_t part = to_page_end(gpa) < len ? to_page_end(gpa) : len;
		if (!copy_piece(b, gpa, part))
			return false;
		gpa += part;
		len -= part;
	}
	return true;
}

static bool read_guest(struct hv *hv, uint64_t gpa, void *to, uint64_t len)
{
	struct buffer b = {hv, to, false};
	return copy_inline(&b, gpa, len);
}

/* A walk along the pieces of a descriptor. */
struct pieces {
	struct hv *hv;
	uint64_t at; /* of the next piece's address */
	unsigned left, held, next;
	uint64_t gpa[BATCH];
};

static bool pieces_begin(struct pieces *p, struct hv *hv, uint64_t desc)
{
	uint32_t header[2];

	*p = (struct pieces){.hv = hv, .at = desc + HEADER_SIZE};
	if (desc & 7 || to_page_end(desc) < HEADER_SIZE ||
		!read_guest(hv, desc, header, sizeof(header)) || header[0] != MAGIC)
		return false;
	p->left = header[1] < PIECES_MOST ? header[1] : PIECES_MOST;
	return true;
}

/* The next piece that is one; false at the end. */
static bool pieces_next(struct pieces *p, uint64_t *gpa)
{
	do {
		if (p->next == p->held) {
			uint64_t n = to_page_end(p->at) / 8;
			n = n < p->left ? n : p->left;
			n = n < BATCH ? n : BATCH;
			if (!n || !read_guest(p->hv, p->at, p->gpa, 8 * n))
				return false;
			p->at += 8 * n;
			p->left -= (unsigned)n;
			p->held = (unsigned)n;
			p->next = 0;
		}
		*gpa = p->gpa[p->next++];
	} while (*gpa == INVALID);
	return true;
}

/* Passes over skip bytes, then copies len. */
static bool copy_described(struct buffer *b, uint64_t desc, uint64_t skip, uint64_t len)
{
	struct pieces p;
	uint64_t gpa;

	if (!pieces_begin(&p, b->hv, desc))
		return false;
	while (len && pieces_next(&p, &gpa)) {
		uint64_t part = to_page_end(gpa);
		if (skip >= part) {
			skip -= part;
			continue;
		}
		gpa += skip;
		part = part - skip < len ? part - skip : len;
		skip = 0;
		if (!copy_piece(b, gpa, part))
			return false;
		len -= part;
	}
	return len == 0;
}

bool xencomm_is_null(struct hv *hv, uint64_t handle)
{
	struct pieces p;
	uint64_t gpa;

	if (handle & INLINE)
		return handle == INLINE;
	return !pieces_begin(&p, hv, handle) || !pieces_next(&p, &gpa);
}

static int64_t copy(struct buffer *b, uint64_t handle, uint64_t offset, uint64_t len)
{
	bool ok = handle != 0;

	if (ok && handle & INLINE)
		ok = copy_inline(b, (handle & ~INLINE) + offset, len);
	else if (ok)
		ok = copy_described(b, handle, offset, len);
	return ok ? 0 : -XEN_EFAULT;
}

int64_t xencomm_read(struct hv *hv, uint64_t handle, uint64_t offset, void *to, uint64_t len)
{
	struct buffer b = {hv, to, false};
	return copy(&b, handle, offset, len);
}

int64_t xencomm_write(
	struct hv *hv, uint64_t handle, uint64_t offset, const void *from, uint64_t len)
{
	struct buffer b = {hv, (uint8_t *)(uintptr_t)from, true};
	return copy(&b, handle, offset, len);
}
