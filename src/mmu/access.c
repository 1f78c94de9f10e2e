/* SPDX-License-Identifier: MIT */
/*
 * The slow path of loads and stores. An access is one part or, across a 4 KB boundary, two; all
 * parts are translated and checked before anything is read or written. RAM is touched with relaxed
 * atomics only, as other processors' threads race over it.
 */
#include "mmu/access.h"

#include "base/bus.h"
#include "mmu/private.h"

#define PAGE_OFF(va) ((va)&0xfff)

struct part {
	gva_t va;
	unsigned len;
	struct xlat x;
};

struct access {
	struct part part[2];
	unsigned parts;
};

static bool data_is_be(const struct mmu *m, unsigned acc)
{
	return acc & ACC_RSE ? m->rse_be : m->data_be;
}

/* A condition that the MMU's tables do not decide: raised, or deferred by a speculative load. */
static enum fault condition(struct mmu *m, enum fault f, gva_t va, unsigned acc, struct xlat *x)
{
	if (acc & ACC_SPEC && m->defer >> f & 1) {
		x->deferred = true;
		return FAULT_NONE;
	}
	mmu_note_fault(m, f, va, acc);
	return f;
}

/* Natural alignment of an operand: 10-byte ones count as 16. */
static unsigned align_of(unsigned size)
{
	return size == 10 ? 16 : size;
}

static enum fault part_xlat(struct mmu *m, struct part *p, unsigned acc)
{
	return mmu_xlat(m, p->va, p->len, acc, mmu_level(m, acc), &p->x);
}

/* Translates and checks the whole access. */
static enum fault access_xlat(
	struct mmu *m, gva_t va, unsigned size, unsigned acc, struct access *a)
{
	bool unaligned = va & (align_of(size) - 1);
	bool refuse = unaligned && (m->align_check || acc & ACC_ATOMIC);
	unsigned room = 0x1000 - (unsigned)PAGE_OFF(va);
	unsigned first = size < room ? size : room;
	struct xlat *x = &a->part[0].x;
	enum fault f;

	if (acc & ACC_RSE)
		m->count.rse++;
	else
		m->count.data++;
	a->part[0] = (struct part){.va = va, .len = first};
	a->parts = 1;
	if ((f = part_xlat(m, &a->part[0], acc)))
		return f;
	if (refuse && (f = condition(m, FAULT_UNALIGNED, va, acc, x)))
		return f;
	if ((size == 10 || acc & ACC_ATOMIC) && x->ma != MA_WB && !x->deferred &&
		(f = condition(m, FAULT_UNSUPPORTED_DATA, va, acc, x)))
		return f;
	if (first < size && !x->deferred) {
		a->part[1] = (struct part){.va = va + first, .len = size - first};
		a->parts = 2;
		if ((f = part_xlat(m, &a->part[1], acc)))
			return f;
		x->deferred |= a->part[1].x.deferred;
	}
	return x->deferred ? MEM_DEFERRED : FAULT_NONE;
}

/* --- bytes of one part --- */

/* The largest naturally aligned piece at a with at most len bytes. */
static unsigned piece(uint64_t a, unsigned len)
{
	unsigned n = 8;
	while (n > len || a & (n - 1))
		n >>= 1;
	return n;
}

static void put_bytes(uint8_t *b, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_bytes(const uint8_t *b, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)b[i] << 8 * i;
	return v;
}

static uint64_t bus_read(struct mmu *m, uint64_t addr, unsigned n)
{
	struct bus_access a = {.addr = addr, .size = (uint8_t)n};
	bus_access(m->bus, &a);
	return a.value;
}

static void part_read(struct mmu *m, const struct part *p, uint8_t *b)
{
	const uint8_t *host = ram_read_ptr(m->ram, p->x.pa, p->len);
	for (unsigned i = 0, n; i < p->len; i += n) {
		uint64_t pa = p->x.pa.v + i;
		n = piece(pa, p->len - i);
		put_bytes(b + i, host ? host_load(host + i, n) : bus_read(m, pa, n), n);
	}
}

static void part_write(struct mmu *m, const struct part *p, const uint8_t *b)
{
	uint8_t *host = ram_write_ptr(m->ram, p->x.pa, p->len);
	bool ram = host || ram_find(m->ram, p->x.pa, p->len);
	for (unsigned i = 0, n; i < p->len; i += n) {
		uint64_t pa = p->x.pa.v + i;
		n = piece(pa, p->len - i);
		uint64_t v = get_bytes(b + i, n);
		struct bus_access a = {.addr = pa, .size = (uint8_t)n, .write = true, .value = v};
		if (host)
			host_store(host + i, n, v);
		else if (!ram)
			bus_access(m->bus, &a);
	}
}

static void reverse(uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		uint8_t t = b[i];
		b[i] = b[n - 1 - i];
		b[n - 1 - i] = t;
	}
}

/* --- what the inline path missed but the fast TLB still knows --- */

/* Host address when va's page is entered for the access in tables not current for the inline path
 * (big-endian, stale set), or va is not aligned. */
static uint8_t *fast_host(struct mmu *m, gva_t va, unsigned size, unsigned acc)
{
	if (PAGE_OFF(va) + size > 0x1000 || (m->align_check && va & (align_of(size) - 1)))
		return NULL;
	struct ftlb *t = ftlb_table(m, acc);
	if (!t)
		return NULL;
	struct ftlb_entry *e = ftlb_slot(t, va);
	uint64_t page = va & ~0xfffull;
	if ((acc & ACC_READ && e->tag_r != page) || (acc & ACC_WRITE && e->tag_w != page))
		return NULL;
	return (uint8_t *)(va + e->addend);
}

static void bytes_load(const uint8_t *p, unsigned size, uint8_t *b)
{
	for (unsigned i = 0, n; i < size; i += n) {
		n = piece((uintptr_t)p + i, size - i);
		put_bytes(b + i, host_load(p + i, n), n);
	}
}

static void bytes_store(uint8_t *p, unsigned size, const uint8_t *b)
{
	for (unsigned i = 0, n; i < size; i += n) {
		n = piece((uintptr_t)p + i, size - i);
		host_store(p + i, n, get_bytes(b + i, n));
	}
}

/* psr.da, psr.dd and deferral let one access through; that right must not stick. */
static void fill(struct mmu *m, const struct access *a, unsigned acc)
{
	for (unsigned i = 0; i < a->parts; i++)
		ftlb_fill_data(m, a->part[i].va, acc, &a->part[i].x);
}

static enum fault slow_load(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint8_t *b)
{
	const uint8_t *host = fast_host(m, va, size, acc);
	struct access a;

	if (host) {
		bytes_load(host, size, b);
	} else {
		enum fault f = access_xlat(m, va, size, acc, &a);
		if (f)
			return f;
		for (unsigned i = 0; i < a.parts; i++)
			part_read(m, &a.part[i], i ? b + a.part[0].len : b);
		fill(m, &a, acc);
	}
	if (data_is_be(m, acc))
		reverse(b, size);
	return FAULT_NONE;
}

/* b is in little-endian order and is changed. */
static enum fault slow_store(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint8_t *b)
{
	uint8_t *host = fast_host(m, va, size, acc);
	struct access a;

	if (data_is_be(m, acc))
		reverse(b, size);
	if (host) {
		bytes_store(host, size, b);
		return FAULT_NONE;
	}
	enum fault f = access_xlat(m, va, size, acc, &a);
	if (f)
		return f;
	for (unsigned i = 0; i < a.parts; i++)
		part_write(m, &a.part[i], i ? b + a.part[0].len : b);
	fill(m, &a, acc);
	return FAULT_NONE;
}

enum fault mem_slow_load(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t *v)
{
	uint8_t b[8];
	enum fault f = slow_load(m, va, size, acc, b);
	if (!f)
		*v = get_bytes(b, size);
	return f;
}

enum fault mem_slow_store(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t v)
{
	uint8_t b[8];
	put_bytes(b, v, size);
	return slow_store(m, va, size, acc, b);
}

/* --- what atomic.c builds on --- */

void *mem_locked_host(
	struct mmu *m, gva_t va, unsigned size, unsigned acc, bool *read_only, enum fault *f)
{
	void *p = va & (size - 1) ? NULL : fast_host(m, va, size, acc);
	struct access a;

	*read_only = false;
	if (p)
		return p;
	*f = access_xlat(m, va, size, acc | ACC_ATOMIC, &a);
	if (*f)
		return NULL;
	fill(m, &a, acc);
	p = acc & ACC_WRITE ? ram_write_ptr(m->ram, a.part[0].x.pa, size) : NULL;
	if (!p) {
		p = (void *)ram_read_ptr(m->ram, a.part[0].x.pa, size);
		*read_only = true;
	}
	if (!p) {
		mmu_note_fault(m, FAULT_UNSUPPORTED_DATA, va, acc);
		*f = FAULT_UNSUPPORTED_DATA;
	}
	return p;
}

/* --- big operands --- */

enum fault mem_load_big(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t v[2])
{
	uint8_t b[16] = {0};
	const struct ftlb_entry *e = ftlb_slot(m->data, va);

	acc |= ACC_READ;
	if (acc & ACC_ATOMIC)
		return mem_load_atomic16(m, va, acc, v);
	if (ftlb_hit(e->tag_r, va, 16)) {
		const uint8_t *p = (const uint8_t *)(va + e->addend);
		v[0] = host_load(p, 8);
		v[1] = host_load(p + 8, size == 10 ? 2 : 8);
		return FAULT_NONE;
	}
	enum fault f = slow_load(m, va, size, acc, b);
	if (!f) {
		v[0] = get_bytes(b, 8);
		v[1] = get_bytes(b + 8, 8);
	}
	return f;
}

enum fault mem_store_big(struct mmu *m, gva_t va, unsigned size, unsigned acc, const uint64_t v[2])
{
	uint8_t b[16];
	const struct ftlb_entry *e = ftlb_slot(m->data, va);

	acc |= ACC_WRITE;
	if (acc & ACC_ATOMIC)
		return mem_store_atomic16(m, va, acc, v);
	if (ftlb_hit(e->tag_w, va, 16)) {
		uint8_t *p = (uint8_t *)(va + e->addend);
		host_store(p, 8, v[0]);
		host_store(p + 8, size == 10 ? 2 : 8, v[1]);
		return FAULT_NONE;
	}
	put_bytes(b, v[0], 8);
	put_bytes(b + 8, v[1], 8);
	return slow_store(m, va, size, acc, b);
}

bool mem_is_speculative(struct mmu *m, gva_t va)
{
	return fast_host(m, va & ~15ull, 1, ACC_READ) != NULL;
}

bool mem_peek(struct mmu *m, gva_t va, unsigned size, uint64_t v[2])
{
	unsigned acc = ACC_READ | ACC_NOFAULT;
	const uint8_t *host = fast_host(m, va, size, acc);
	uint8_t b[16] = {0};
	struct access a;

	if (host) {
		bytes_load(host, size, b);
	} else {
		if (access_xlat(m, va, size, acc, &a))
			return false;
		for (unsigned i = 0; i < a.parts; i++) {
			if (!ram_find(m->ram, a.part[i].x.pa, a.part[i].len))
				return false;
			part_read(m, &a.part[i], i ? b + a.part[0].len : b);
		}
		fill(m, &a, acc);
	}
	if (data_is_be(m, acc))
		reverse(b, size);
	v[0] = get_bytes(b, 8);
	v[1] = get_bytes(b + 8, 8);
	return true;
}
