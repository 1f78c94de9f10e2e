/* SPDX-License-Identifier: MIT */
/*
 * The hardware page table walker and its hash functions (2:61-2:70). The short format is a linear
 * table per region. The long format's hash and tag are the implementation's choice: together
 * they name one page number and region id.
 */
#include "cpu/model.h"
#include "mmu/private.h"

#define PTA_VE	    1ull
#define PTA_VF	    (1ull << 8)
#define RR_VE	    1ull
#define DCR_BE	    2ull
#define TAG_INVALID (1ull << 63)

static unsigned pta_size(uint64_t pta)
{
	return pta >> 2 & 63;
}

/* Virtual page number of preferred size, without region bits and unimplemented ones. */
static uint64_t page_number(const struct mmu *m, gva_t va)
{
	uint64_t implemented = va & ((1ull << m->model->va_bits) - 1);
	return implemented >> rr_ps(m->rr[va >> 61]);
}

/* region: bits 63:61 of the result; off: byte offset into the table. */
static gva_t table_address(uint64_t pta, uint64_t region, uint64_t off)
{
	uint64_t mask = (1ull << pta_size(pta)) - 1;
	uint64_t base = VA61(pta & ~0x7fffull);
	return region << 61 | VA61((base & ~mask) | (off & (mask | 0x7fff)));
}

uint64_t mmu_thash(struct mmu *m, gva_t va)
{
	uint64_t vpn = page_number(m, va);
	if (!(m->pta & PTA_VF)) {
		uint64_t off = VA61(va) >> rr_ps(m->rr[va >> 61]) << 3;
		return table_address(m->pta, va >> 61, off);
	}
	return table_address(m->pta, m->pta >> 61, (vpn ^ rr_rid(m->rr[va >> 61])) << 5);
}

uint64_t mmu_ttag(struct mmu *m, gva_t va)
{
	uint64_t rid = rr_rid(m->rr[va >> 61]);
	return (page_number(m, va) ^ rid << 39) & ~TAG_INVALID;
}

bool vhpt_enabled(const struct mmu *m, gva_t va, unsigned acc)
{
	uint64_t need = acc & ACC_EXEC ? MPSR_IT | MPSR_IC : acc & ACC_RSE ? MPSR_RT : MPSR_DT;
	return m->pta & PTA_VE && m->rr[va >> 61] & RR_VE && (m->psr & need) == need;
}

/* May the walker read through this translation? If not it gives up; it never faults on it. */
static bool readable(const struct mmu *m, const struct tlb_entry *e)
{
	const uint64_t need = PTE_P | PTE_A;
	bool miss;
	return (e->pte & need) == need && PTE_MA(e->pte) == MA_WB &&
	       mmu_key_rights(m, e, &miss) & ACC_READ;
}

/* Where the walker reads the entry at va; NULL: it gives up, *miss when the DTLB has no entry. */
static const uint64_t *entry_pointer(struct mmu *m, gva_t va, unsigned size, bool *miss)
{
	*miss = false;
	if (!mmu_va_implemented(m, va))
		return NULL;
	const struct tlb_entry *e = tlb_find(&m->private->data, VA61(va), rr_rid(m->rr[va >> 61]));
	if (!e) {
		*miss = true;
		return NULL;
	}
	if (!readable(m, e) || mmu_watched(m, va, size, ACC_READ, 0))
		return NULL;
	uint64_t pa = (e->pte & PTE_PPN & page_mask(e->ps)) | (va & ~page_mask(e->ps));
	return ram_read_ptr(m->ram, GPA(pa), size);
}

static uint64_t entry_word(const struct mmu *m, const uint64_t *p)
{
	uint64_t v = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	return m->dcr & DCR_BE ? __builtin_bswap64(v) : v;
}

/* Long format: checks the tag around the read, since another processor may be updating. */
static bool read_long(struct mmu *m, const uint64_t *p, gva_t va, uint64_t *pte, uint64_t *itir)
{
	uint64_t want = mmu_ttag(m, va);
	if (entry_word(m, p + 2) != want)
		return false;
	*pte = entry_word(m, p);
	*itir = entry_word(m, p + 1);
	return entry_word(m, p + 2) == want;
}

enum vhpt_result vhpt_walk(struct mmu *m, gva_t va, bool inst)
{
	bool longform = m->pta & PTA_VF, miss;
	uint64_t rr = m->rr[va >> 61], pte, itir = rr & 0xfffffffcull;
	const uint64_t *p = entry_pointer(m, mmu_thash(m, va), longform ? 32 : 8, &miss);

	if (!p)
		return miss ? VHPT_ENTRY_MISS : VHPT_FAILED;
	if (!longform)
		pte = entry_word(m, p);
	else if (!read_long(m, p, va, &pte, &itir))
		return VHPT_FAILED;
	if (!mmu_insert_legal(m, itir, pte))
		return VHPT_FAILED;
	mmu_itc(m, inst, va, itir, pte);
	return VHPT_FOUND;
}
