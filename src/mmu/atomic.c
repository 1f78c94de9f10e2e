/* SPDX-License-Identifier: MIT */
/*
 * Accesses that are one indivisible step to all processors: semaphores (2:87) and 16-byte loads and
 * stores. They are the host's locked instructions on cacheable RAM; anything else faults.
 */
#include "mmu/access.h"
#include "mmu/private.h"

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

enum fault mem_load_atomic16(struct mmu *m, gva_t va, unsigned acc, uint64_t v[2])
{
	enum fault f = FAULT_NONE;
	bool read_only;
	uint128_t *p = mem_locked_host(m, va, 16, acc, &read_only, &f), x;
	if (!p)
		return f;
	x = load16(p);
	x = m->data_be ? swap128(x) : x;
	v[0] = (uint64_t)x;
	v[1] = (uint64_t)(x >> 64);
	return FAULT_NONE;
}

enum fault mem_store_atomic16(struct mmu *m, gva_t va, unsigned acc, const uint64_t v[2])
{
	enum fault f = FAULT_NONE;
	bool read_only;
	uint128_t *p = mem_locked_host(m, va, 16, acc, &read_only, &f);
	uint128_t x = (uint128_t)v[1] << 64 | v[0];
	if (!p)
		return f;
	if (!read_only)
		store16(p, m->data_be ? swap128(x) : x);
	return FAULT_NONE;
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
	void *p = mem_locked_host(m, va, size, ACC_SEM, &read_only, &f);

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
	uint8_t *p8 = mem_locked_host(m, va, 8, ACC_SEM, &read_only, &f);

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
