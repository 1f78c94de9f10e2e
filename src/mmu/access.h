/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores as instructions do them: one compare against the fast TLB, else the slow path
 * with translation, alignment, page crossing, breakpoints, MMIO and byte order. x86 ordering makes
 * plain loads acquire and plain stores release. All return FAULT_NONE or a fault with m->fault set
 * and nothing changed; ACC_SPEC and ACC_ADVANCED loads may also return MEM_DEFERRED. size: 1, 2, 4,
 * 8. Values are zero-extended.
 */
#ifndef MMU_ACCESS_H
#define MMU_ACCESS_H

#include "mmu/mmu.h"

/* acc: ACC_READ or ACC_WRITE plus ACC_SPEC / ACC_RSE. Any alignment; psr.be or rsc.be applied. */
enum fault mem_slow_load(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t *v);
enum fault mem_slow_store(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t v);

static inline struct ftlb_code *ftlb_code(struct ftlb *t, gva_t va)
{
	return &t->code[va >> 12 & (FTLB_CODE - 1)];
}
static inline struct ftlb_entry *ftlb_slot(struct ftlb *t, gva_t va)
{
	return &t->e[va >> 12 & (FTLB_SIZE - 1)];
}

static inline uint64_t host_load(const void *p, unsigned size)
{
	switch (size) {
	case 1:
		return __atomic_load_n((const uint8_t *)p, __ATOMIC_ACQUIRE);
	case 2:
		return __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
	case 4:
		return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
	default:
		return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
	}
}

static inline void host_store(void *p, unsigned size, uint64_t v)
{
	switch (size) {
	case 1:
		__atomic_store_n((uint8_t *)p, (uint8_t)v, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_RELEASE);
		break;
	default:
		__atomic_store_n((uint64_t *)p, v, __ATOMIC_RELEASE);
	}
}

/* One compare finds the page and that va is aligned; byte order needs none (see struct mmu). */
static inline bool ftlb_hit(uint64_t tag, gva_t va, unsigned size)
{
	return likely((va & (~0xfffull | (size - 1))) == tag);
}

static inline enum fault mem_load(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t *v)
{
	const struct ftlb_entry *e = ftlb_slot(acc & ACC_RSE ? m->rse : m->data, va);
	if (!ftlb_hit(e->tag_r, va, size))
		return mem_slow_load(m, va, size, acc | ACC_READ, v);
	*v = host_load((const void *)(va + e->addend), size);
	return FAULT_NONE;
}

static inline enum fault mem_store(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t v)
{
	const struct ftlb_entry *e = ftlb_slot(acc & ACC_RSE ? m->rse : m->data, va);
	if (!ftlb_hit(e->tag_w, va, size))
		return mem_slow_store(m, va, size, acc | ACC_WRITE, v);
	host_store((void *)(va + e->addend), size, v);
	return FAULT_NONE;
}

/* 10-byte (ldfe/stfe) and 16-byte accesses. lo is at the lower address in little-endian order; in
 * big-endian mode all size bytes are reversed. ACC_ATOMIC (ld16, st16): single-copy atomic, must
 * be aligned and cacheable. */
enum fault mem_load_big(struct mmu *m, gva_t va, unsigned size, unsigned acc, uint64_t v[2]);
enum fault mem_store_big(struct mmu *m, gva_t va, unsigned size, unsigned acc, const uint64_t v[2]);

/* May the ALAT hold what a load at va just read: a speculative page of RAM (2:80)? */
bool mem_is_speculative(struct mmu *m, gva_t va);
/* Reads again what a load at va read, for the ALAT: false when it would now fault or is not RAM.
 * Has no side effect the guest can see. */
bool mem_peek(struct mmu *m, gva_t va, unsigned size, uint64_t v[2]);

/* Semaphores (3:46, 3:274, 2:87): naturally aligned or Unaligned fault; pages that are not WB give
 * Unsupported Data Reference. For cmpxchg no store happens when *old is not compare, but write
 * rights are needed all the same. */
enum sem_op { SEM_CMPXCHG, SEM_XCHG, SEM_ADD };
enum fault mem_semaphore(struct mmu *m, gva_t va, unsigned size, enum sem_op op, uint64_t operand,
	uint64_t compare, uint64_t *old);
/* cmp8xchg16 (3:46): compares the 8 bytes at va, stores v[0] at va & ~8 and v[1] after it. */
enum fault mem_cmp8xchg16(
	struct mmu *m, gva_t va, uint64_t compare, const uint64_t v[2], uint64_t *old);

#endif
