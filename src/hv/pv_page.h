/* SPDX-License-Identifier: MIT */
/*
 * What a paravirtual kernel and its hypervisor share: the privileged-state page of each processor
 * (mapped_regs, ABI 5.2) and shared_info (10.1). The guest writes both at any time, so
 * a value is read once and checked before it is used for anything.
 */
#ifndef HV_PV_PAGE_H
#define HV_PV_PAGE_H

#include "hv/hv.h"
#include "mmu/access.h"

#define PAGE_SIZE_USED 0x1000

/* A field's offset and size. */
#define FIELD(offset, size) ((offset) << 4 | (size))

/* clang-format off */
enum page_field {
	PAGE_BANK1        = FIELD(0x400, 8), /* r16-r31 of bank 1 while bank 0 is active: [16] */
	PAGE_BANK0        = FIELD(0x480, 8), /* and the other way round */
	PAGE_VNAT         = FIELD(0x500, 8), /* NaTs of bank 1 in bits 15:0 */
	PAGE_VBNAT        = FIELD(0x508, 8), /* NaTs of bank 0 in bits 31:16 */
	PAGE_DCR          = FIELD(0x800, 8),
	PAGE_PTA          = FIELD(0x840, 8),
	PAGE_IPSR         = FIELD(0x880, 8),
	PAGE_ISR          = FIELD(0x888, 8),
	PAGE_IIP          = FIELD(0x898, 8),
	PAGE_IFA          = FIELD(0x8a0, 8),
	PAGE_ITIR         = FIELD(0x8a8, 8),
	PAGE_IIPA         = FIELD(0x8b0, 8),
	PAGE_IFS          = FIELD(0x8b8, 8),
	PAGE_IIM          = FIELD(0x8c0, 8),
	PAGE_IHA          = FIELD(0x8c8, 8),
	PAGE_TPR          = FIELD(0xa10, 8),
	PAGE_ITV          = FIELD(0xa40, 8),
	PAGE_PMV          = FIELD(0xa48, 8),
	PAGE_CMCV         = FIELD(0xa50, 8),
	PAGE_PRECOVER_IFS = FIELD(0xc00, 8),
	PAGE_UNAT         = FIELD(0xc08, 8),
	PAGE_IC           = FIELD(0xc10, 4), /* interrupt_collection_enabled: vpsr.ic */
	PAGE_MASK_ADDR    = FIELD(0xc18, 8), /* guest address of evtchn_upcall_mask */
	PAGE_PENDING      = FIELD(0xc20, 4), /* pending_interruption */
	PAGE_PP           = FIELD(0xc24, 1), /* vpsr.pp */
	PAGE_DFH          = FIELD(0xc25, 1), /* vpsr.dfh */
	PAGE_METAPHYSICAL = FIELD(0xc48, 4),
	PAGE_BANKNUM      = FIELD(0xc4c, 4),
	PAGE_RRS          = FIELD(0xc50, 8), /* [8] */
	PAGE_KRS          = FIELD(0xc90, 8), /* [8] */
	PAGE_ITC_OFFSET   = FIELD(0xd50, 8),
	PAGE_ITC_LAST     = FIELD(0xd58, 8)
};
/* clang-format on */

static inline uint64_t page_get_at(const struct hv_vcpu *v, enum page_field f, unsigned n)
{
	unsigned size = f & 15;
	return host_load(v->regs + (f >> 4) + n * size, size);
}

static inline void page_set_at(struct hv_vcpu *v, enum page_field f, unsigned n, uint64_t value)
{
	unsigned size = f & 15;
	host_store(v->regs + (f >> 4) + n * size, size, value);
}

static inline uint64_t page_get(const struct hv_vcpu *v, enum page_field f)
{
	return page_get_at(v, f, 0);
}

static inline void page_set(struct hv_vcpu *v, enum page_field f, uint64_t value)
{
	page_set_at(v, f, 0, value);
}

/* --- shared_info --- */

#define SHARED_VCPU_SIZE	 48
#define SHARED_START_INFO_PFN	 0x1010
#define SHARED_EVTCHN_VECTOR	 0x1018
#define SHARED_MEMMAP_INFO_PAGES 0x101c
#define SHARED_MEMMAP_INFO_PFN	 0x1020

static inline uint8_t *shared_vcpu(const struct hv_vcpu *v)
{
	return v->hv->shared_info + v->cpu->index * SHARED_VCPU_SIZE;
}

/* evtchn_upcall_pending and evtchn_upcall_mask. Reading in this order: who sets pending and then
 * looks whether to kick relies on the processor looking at mask and then pending. */
static inline bool shared_pending(const struct hv_vcpu *v)
{
	return __atomic_load_n(shared_vcpu(v), __ATOMIC_ACQUIRE) != 0;
}

static inline bool shared_masked(const struct hv_vcpu *v)
{
	return __atomic_load_n(shared_vcpu(v) + 1, __ATOMIC_ACQUIRE) != 0;
}

static inline void shared_set_mask(struct hv_vcpu *v, uint8_t mask)
{
	__atomic_store_n(shared_vcpu(v) + 1, mask, __ATOMIC_RELEASE);
}

/* --- where the guest sees them --- */

/* The hypervisor's own addresses (ABI 1.7). */
#define XEN_LOW	 0xf000000000000000ull
#define XEN_HIGH 0xf800000000000000ull

/* Both pages of the processor at hv->xsi: data, kernel level only. NULL when va is neither's. */
const struct tlb_entry *pv_page_find(const struct hv_vcpu *v, gva_t va, struct tlb_entry *e);
/* Does [va, va + size) touch the hypervisor's own addresses or the two pages (ABI 1.7)? */
bool pv_page_overlaps(const struct hv *hv, gva_t va, uint64_t size);
/* May the guest have both pages at va? */
bool pv_page_legal(gva_t va);
/* Points regs and shared_info into RAM. */
void pv_page_attach(struct hv *hv);
/* The fields that a processor starts with (ABI 2.8); others keep their values. */
void pv_page_init(struct hv_vcpu *v);

#endif
