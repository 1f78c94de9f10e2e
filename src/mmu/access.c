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

/* --- 16 bytes at once --- */

/* Compares and swaps 16 aligned bytes; *expect gets what was there. */
__attribute__((target("cx16"))) static bool cas16(uint128_t *p, uint128_t *expect, uint128_t v)
{
	uint128_t old = __sync_val_compare_and_swap(p, *expect, v);
	bool done = old == *expect;
	*expect = old;
	return done;
}

static uint128_t load16(uint128_t *p)
{
	uint128_t v = 0;
	cas16(p, &v, 0); /* stores zero over zero at most */
	return v;
}

static void store16(uint128_t *p, uint128_t v)
{
	uint128_t old = 0;
	while (!cas16(p, &old, v))
		;
}

static uint128_t swap128(uint128_t v)
{
	return (uint128_t)__builtin_bswap64((uint64_t)v) << 64 |
	       __builtin_bswap64((uint64_t)(v >> 64));
}

/* Host address of an access that must be to cacheable RAM with every check done. *read_only: RAM
 * that ignores writes; the pointer may then be read only. NULL with a fault in *f. */
static void *locked_host(
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

static enum fault load_atomic16(struct mmu *m, gva_t va, unsigned acc, uint64_t v[2])
{
	enum fault f = FAULT_NONE;
	bool read_only;
	uint128_t *p = locked_host(m, va, 16, acc, &read_only, &f), x;
	if (!p)
		return f;
	x = load16(p);
	x = data_is_be(m, acc) ? swap128(x) : x;
	v[0] = (uint64_t)x;
	v[1] = (uint64_t)(x >> 64);
	return FAULT_NONE;
}

static enum fault store_atomic16(struct mmu *m, gva_t va, unsigned acc, const uint64_t v[2])
{
	enum fault f = FAULT_NONE;
	bool read_only;
	uint128_t *p = locked_host(m, va, 16, acc, &read_only, &f);
	uint128_t x = (uint128_t)v[1] << 64 | v[0];
	if (!p)
		return f;
	if (!read_only)
		store16(p, data_is_be(m, acc) ? swap128(x) : x);
	return FAULT_NONE;
}

enum fault mem_load_big(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t v[2])
{
	uint8_t b[16] = {0};
	const struct ftlb_entry *e = ftlb_slot(m->data, va);

	acc |= ACC_READ;
	if (acc & ACC_ATOMIC)
		return load_atomic16(m, va, acc, v);
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
		return store_atomic16(m, va, acc, v);
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

/* --- semaphores --- */

/* The low size bytes of v reversed; the rest is dropped. */
static uint64_t swap_bytes(uint64_t v, unsigned size)
{
	return __builtin_bswap64(v) >> (64 - 8 * size);
}

/* Stores v if *p holds old; returns what it held. */
static uint64_t host_cmpxchg(void *p, unsigned size, uint64_t old, uint64_t v)
{
	switch (size) {
	case 1:
		return __sync_val_compare_and_swap((uint8_t *)p, (uint8_t)old, (uint8_t)v);
	case 2:
		return __sync_val_compare_and_swap((uint16_t *)p, (uint16_t)old, (uint16_t)v);
	case 4:
		return __sync_val_compare_and_swap((uint32_t *)p, (uint32_t)old, (uint32_t)v);
	default:
		return __sync_val_compare_and_swap((uint64_t *)p, old, v);
	}
}

static uint64_t host_xchg(void *p, unsigned size, uint64_t v)
{
	switch (size) {
	case 1:
		return __atomic_exchange_n((uint8_t *)p, (uint8_t)v, __ATOMIC_SEQ_CST);
	case 2:
		return __atomic_exchange_n((uint16_t *)p, (uint16_t)v, __ATOMIC_SEQ_CST);
	case 4:
		return __atomic_exchange_n((uint32_t *)p, (uint32_t)v, __ATOMIC_SEQ_CST);
	default:
		return __atomic_exchange_n((uint64_t *)p, v, __ATOMIC_SEQ_CST);
	}
}

static uint64_t host_add(void *p, unsigned size, uint64_t v)
{
	return size == 4 ? __atomic_fetch_add((uint32_t *)p, (uint32_t)v, __ATOMIC_SEQ_CST)
			 : __atomic_fetch_add((uint64_t *)p, v, __ATOMIC_SEQ_CST);
}

/* fetchadd of a big-endian number. */
static uint64_t host_add_be(void *p, unsigned size, uint64_t v)
{
	uint64_t old = host_load(p, size), seen;
	for (;; old = seen) {
		uint64_t sum = swap_bytes(old, size) + v;
		seen = host_cmpxchg(p, size, old, swap_bytes(sum, size));
		if (seen == old)
			return old;
	}
}

enum fault mem_semaphore(struct mmu *m, gva_t va, unsigned size, enum sem_op op, uint64_t operand,
	uint64_t compare, uint64_t *old)
{
	enum fault f = FAULT_NONE;
	bool read_only, be = m->data_be;
	void *p = locked_host(m, va, size, ACC_SEM, &read_only, &f);

	if (!p)
		return f;
	/* the operand is compared zero-extended with all of ar.ccv (3:47) */
	bool cannot_match = op == SEM_CMPXCHG && size < 8 && compare >> 8 * size;
	if (read_only || cannot_match)
		*old = host_load(p, size);
	else if (op == SEM_ADD)
		*old = be ? host_add_be(p, size, operand) : host_add(p, size, operand);
	else if (op == SEM_XCHG)
		*old = host_xchg(p, size, be ? swap_bytes(operand, size) : operand);
	else
		*old = host_cmpxchg(p, size, be ? swap_bytes(compare, size) : compare,
			be ? swap_bytes(operand, size) : operand);
	if (be)
		*old = swap_bytes(*old, size);
	return FAULT_NONE;
}

enum fault mem_cmp8xchg16(
	struct mmu *m, gva_t va, uint64_t compare, const uint64_t v[2], uint64_t *old)
{
	enum fault f = FAULT_NONE;
	bool read_only, be = m->data_be;
	unsigned half = va & 8 ? 64 : 0;
	uint8_t *p8 = locked_host(m, va, 8, ACC_SEM, &read_only, &f);

	if (!p8)
		return f;
	uint128_t *p = (uint128_t *)(p8 - (va & 8)), seen = load16(p);
	uint64_t lo = be ? __builtin_bswap64(v[0]) : v[0], hi = be ? __builtin_bswap64(v[1]) : v[1];
	do {
		*old = (uint64_t)(seen >> half);
		*old = be ? __builtin_bswap64(*old) : *old;
	} while (*old == compare && !read_only && !cas16(p, &seen, (uint128_t)hi << 64 | lo));
	return FAULT_NONE;
}
