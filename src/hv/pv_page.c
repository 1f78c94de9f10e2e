/* SPDX-License-Identifier: MIT */
/* The pages shared with a paravirtual kernel: see pv_page.h, ABI 1.6, 1.7, 5.1, 2.8. */
#include "hv/pv_page.h"

#include "cpu/broadcast.h"
#include "mmu/tlb.h"

#define XSI_SIZE    (XEN_PAGE_SIZE + PAGE_SIZE_USED)
#define XSI_ALIGN   0xffffull
#define ITV_MASKED  0x10000
#define PTA_DEFAULT (15 << 2)
#define RR_DEFAULT  (XEN_PAGE_SHIFT << 2)
#define RR_VE	    1

/* ar 2: read and write, pl 1: the level kernels run at. */
#define PTE_SHARED (PTE_P | PTE_A | PTE_D | 1 << 7 | 2 << 9)

const struct tlb_entry *pv_page_find(const struct hv_vcpu *v, gva_t va, struct tlb_entry *e)
{
	uint64_t offset = va - v->hv->xsi;
	bool regs = offset >= XEN_PAGE_SIZE;

	if (likely(offset >= XSI_SIZE))
		return NULL;
	*e = (struct tlb_entry){
		.vpn = VA61(regs ? v->hv->xsi + XEN_PAGE_SIZE : v->hv->xsi),
		.pte = PTE_SHARED |
		       (regs ? HV_MAPPED_REGS + v->cpu->index * XEN_PAGE_SIZE : HV_SHARED_INFO),
		.ps = regs ? 12 : XEN_PAGE_SHIFT,
		.valid = true,
	};
	return e;
}

static bool overlaps(gva_t a, uint64_t a_size, gva_t b, uint64_t b_size)
{
	return a - b < b_size || b - a < a_size;
}

bool pv_page_overlaps(const struct hv *hv, gva_t va, uint64_t size)
{
	return va >> 61 == 7 && (overlaps(va, size, XEN_LOW, XEN_HIGH - XEN_LOW) ||
					overlaps(va, size, hv->xsi, XSI_SIZE));
}

static gva_t mask_address(const struct hv_vcpu *v)
{
	return v->hv->xsi + v->cpu->index * SHARED_VCPU_SIZE + 1;
}

bool pv_page_legal(gva_t va)
{
	return va >> 61 == 7 && !(va & XSI_ALIGN) &&
	       !overlaps(va, XSI_SIZE, XEN_LOW, XEN_HIGH - XEN_LOW);
}

bool hv_set_shared_info_va(struct hv *hv, struct cpu *caller, gva_t va)
{
	if (!pv_page_legal(va))
		return false;
	hv->xsi = va;
	for (unsigned n = 0; n < hv->vcpus; n++)
		page_set(&hv->vcpu[n], PAGE_MASK_ADDR, mask_address(&hv->vcpu[n]));
	hv_flush(caller);
	return true;
}

void pv_page_attach(struct hv *hv)
{
	struct ram *ram = &hv->machine->ram;

	hv->shared_info = ram_write_ptr(ram, GPA(HV_SHARED_INFO), XEN_PAGE_SIZE);
	for (unsigned n = 0; n < hv->vcpus; n++)
		hv->vcpu[n].regs =
			ram_write_ptr(ram, GPA(HV_MAPPED_REGS + n * XEN_PAGE_SIZE), XEN_PAGE_SIZE);
}

void pv_page_init(struct hv_vcpu *v)
{
	page_set(v, PAGE_BANKNUM, 1);
	page_set(v, PAGE_METAPHYSICAL, 1);
	page_set(v, PAGE_DFH, 0);
	page_set(v, PAGE_MASK_ADDR, mask_address(v));
	page_set(v, PAGE_ITV, ITV_MASKED);
	page_set(v, PAGE_PTA, PTA_DEFAULT);
	for (unsigned n = 0; n < 8; n++)
		page_set_at(v, PAGE_RRS, n, RR_DEFAULT | (n < 6 ? RR_VE : 0));
}
