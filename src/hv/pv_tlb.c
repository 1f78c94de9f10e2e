/* SPDX-License-Identifier: MIT */
/*
 * Address translation of paravirtual guests (ABI 1.5, 5.7, 8). The processor's TLB holds what the
 * guest inserted, with privilege raised to the level its kernel really has; this file answers its
 * misses: the shared pages, guest physical mode, the guest's VHPT, the identity map of region 7.
 * One domain being one process, the region ids that the processor really uses are the guest's, with
 * the region's number above: two regions with the same id share nothing.
 */
#include "hv/pv.h"

#include "cpu/broadcast.h"
#include "cpu/model.h"
#include "mmu/tlb.h"

#define RR_VE	 1ull
#define PTA_VE	 1ull
#define PTA_VF	 (1ull << 8)
#define DCR_BE	 2
#define PV_TRS	 12
#define RID_BITS 18 /* that guests may use */

#define REGION_SHIFT (8 + RID_BITS)
#define REGION_BITS  (7ull << REGION_SHIFT)

/* The identity map of region 7 ends where physical addresses do: Linux has its per-processor data
 * far above. */
#define IDENTITY_END ((1ull << 50) - GRANULE_SIZE)

/* Region register 0 in guest physical mode. */
#define METAPHYSICAL_RR (1ull << (REGION_SHIFT + 3) | XEN_PAGE_SHIFT << 2)

#define PTE_KEPT    (((1ull << 53) - 1) & ~PTE_RESERVED)
#define PTE_PL1	    (1ull << 7)
#define PTE_MA_MASK (7ull << 2)

/* As last written by the guest; what stands in its page may be anything. */
static uint64_t rr_of(const struct hv_vcpu *v, gva_t va)
{
	return va >> 61 ? v->cpu->mmu.rr[va >> 61] & ~REGION_BITS : v->rr0;
}

static unsigned ps_of(uint64_t rr)
{
	return rr >> 2 & 63;
}

static uint32_t rid_of(uint64_t rr)
{
	return rr >> 8 & 0xffffff;
}

/* The id that TLB entries of va's region have. */
static uint32_t real_rid(const struct hv_vcpu *v, gva_t va)
{
	return rid_of(rr_of(v, va) | (va >> 61) << REGION_SHIFT);
}

uint64_t pv_itir(const struct hv_vcpu *v, gva_t va)
{
	return rr_of(v, va) & 0xfffffffcull;
}

/* The short format's hash, whatever pta.vf says. */
uint64_t pv_thash(const struct hv_vcpu *v, gva_t va)
{
	uint64_t pta = page_get(v, PAGE_PTA), mask = (1ull << ps_of(pta)) - 1;
	uint64_t offset = va >> ps_of(rr_of(v, va)) << 3;

	mask |= 0x7fff;
	return (va & 7ull << 61) | VA61((pta & ~mask) | (offset & mask));
}

/* --- region registers --- */

bool pv_rr_legal(uint64_t rr)
{
	unsigned ps = ps_of(rr);
	return !(rr & 2) && rr >> (8 + RID_BITS) == 0 && ps >= 12 && ps <= 28 &&
	       (ps <= 15 || ps % 2 == 0);
}

void pv_sync_rr0(struct hv_vcpu *v)
{
	struct mmu *m = &v->cpu->mmu;
	bool settled = !m->set_stale;

	mmu_write_rr(m, 0, page_get(v, PAGE_METAPHYSICAL) ? METAPHYSICAL_RR : v->rr0);
	if (settled)
		mmu_select_rids(m);
}

bool pv_rrs_sane(const struct hv_vcpu *v)
{
	const uint64_t *rr = v->cpu->mmu.rr;
	bool sane = pv_rr_legal(v->rr0) && (rr[0] == v->rr0 || rr[0] == METAPHYSICAL_RR);

	for (uint64_t n = 1; n < 8; n++)
		sane = sane && pv_rr_legal(rr_of(v, n << 61)) &&
		       (rr[n] & REGION_BITS) >> REGION_SHIFT == n;
	return sane;
}

enum pv_fault pv_set_rr(struct hv_vcpu *v, gva_t va, uint64_t rr)
{
	if (rr && !pv_rr_legal(rr))
		return PV_RESERVED;
	page_set_at(v, PAGE_RRS, va >> 61, rr);
	/* Xen 3 took any page size, and mini-os clears the registers it has no use for */
	if (!rr)
		rr = XEN_PAGE_SHIFT << 2;
	if (va >> 61) {
		mmu_write_rr(&v->cpu->mmu, va >> 61, rr | (va >> 61) << REGION_SHIFT);
	} else {
		v->rr0 = rr;
		pv_sync_rr0(v);
	}
	return PV_OK;
}

/* --- what the guest's translations become --- */

static bool attribute_known(uint64_t pte)
{
	unsigned ma = PTE_MA(pte);
	return ma == MA_WB || ma >= MA_UC;
}

/* Memory is cacheable whatever the guest says; only NaTPages stay what they are. */
static uint64_t machine_pte(uint64_t pte)
{
	pte &= PTE_KEPT;
	if (PTE_PL(pte) == 0)
		pte |= PTE_PL1;
	if (PTE_MA(pte) != MA_NATPAGE)
		pte &= ~PTE_MA_MASK;
	return pte;
}

/* Region 0 has another id in guest physical mode, but insertions go to the guest's. */
static void insert(struct hv_vcpu *v, bool inst, gva_t ifa, uint64_t itir, uint64_t pte, int slot)
{
	struct mmu *m = &v->cpu->mmu;
	uint64_t rr0 = m->rr[0];

	m->rr[0] = v->rr0;
	if (slot < 0)
		mmu_itc(m, inst, ifa, itir, machine_pte(pte));
	else
		mmu_itr(m, inst, (unsigned)slot, ifa, itir, machine_pte(pte));
	m->rr[0] = rr0;
}

/* --- insertions and purges by instructions --- */

static enum pv_fault check_insert(struct hv_vcpu *v, uint64_t itir, uint64_t pte)
{
	if (!(v->cpu->model->page_sizes >> ps_of(itir) & 1))
		return PV_RESERVED;
	if (pte & PTE_P && !attribute_known(pte))
		return pv_crash(v->cpu, "unknown memory attribute in a translation");
	return PV_OK;
}

static uint64_t insert_itir(const struct hv_vcpu *v)
{
	return page_get(v, PAGE_ITIR) & 0xfffffffcull;
}

static bool overlaps(const struct hv_vcpu *v, gva_t va, unsigned ps)
{
	return pv_page_overlaps(v->hv, va & page_mask(ps), 1ull << ps);
}

enum pv_fault pv_itc(struct hv_vcpu *v, bool inst, uint64_t pte)
{
	uint64_t itir = insert_itir(v);
	gva_t ifa = page_get(v, PAGE_IFA);
	enum pv_fault f = check_insert(v, itir, pte);

	if (f)
		return f;
	if (overlaps(v, ifa, ps_of(itir)))
		return pv_crash(v->cpu, "itc at the hypervisor's addresses");
	insert(v, inst, ifa, itir, pte, -1);
	if (!inst) {
		v->last.va = ifa;
		v->last.valid = true;
	}
	return PV_OK;
}

enum pv_fault pv_itr(struct hv_vcpu *v, bool inst, uint64_t slot, uint64_t pte)
{
	uint64_t itir = insert_itir(v);
	enum pv_fault f = slot < PV_TRS ? check_insert(v, itir, pte) : PV_RESERVED;

	if (f == PV_OK)
		insert(v, inst, page_get(v, PAGE_IFA), itir, pte, (int)slot);
	return f;
}

static unsigned purge_size(unsigned ps)
{
	return ps < 12 ? 12 : ps > 60 ? 60 : ps;
}

enum pv_fault pv_ptc(struct hv_vcpu *v, gva_t va, unsigned ps, bool global)
{
	struct broadcast_purge p = {
		.va = va, .ps = purge_size(ps), .rid = real_rid(v, va), .alat = true};

	if (overlaps(v, va, p.ps))
		return pv_crash(v->cpu, "ptc at the hypervisor's addresses");
	if (global)
		broadcast_purge(v->cpu, &p);
	else
		mmu_purge_tc(&v->cpu->mmu, va, p.ps, p.rid);
	return PV_OK;
}

enum pv_fault pv_ptr(struct hv_vcpu *v, bool inst, gva_t va, unsigned ps)
{
	struct mmu *m = &v->cpu->mmu;
	uint32_t rid = real_rid(v, va);

	ps = purge_size(ps);
	if (overlaps(v, va, ps))
		return pv_crash(v->cpu, "ptr at the hypervisor's addresses");
	mmu_purge_tr(m, inst, va, ps, rid);
	mmu_purge_tc(m, va, ps, rid);
	return PV_OK;
}

/* --- answering misses --- */

static const struct tlb_entry *identity(struct hv_vcpu *v, gva_t va, bool inst)
{
	const struct hv *hv = v->hv;
	uint64_t pte = (va & PTE_PPN) | hv->identity.pgprot;

	insert(v, inst, va, (rr_of(v, va) & 0xfc) | (uint64_t)hv->identity.key << 8, pte, -1);
	return mmu_lookup(&v->cpu->mmu, inst, va);
}

/* The latest itc.d serves fetches too. */
static const struct tlb_entry *from_last(struct hv_vcpu *v, gva_t va)
{
	struct mmu *m = &v->cpu->mmu;
	const struct tlb_entry *e = v->last.valid ? mmu_lookup(m, false, va) : NULL;

	if (!e || (v->last.va ^ va) & page_mask(e->ps))
		return NULL;
	mmu_itc(m, true, va, (uint64_t)e->ps << 2 | (uint64_t)e->key << 8, e->pte);
	return mmu_lookup(m, true, va);
}

/* The word of the guest's VHPT at iha; the table itself is looked for in the TLB only. */
static bool read_vhpt(struct hv_vcpu *v, gva_t iha, uint64_t *pte)
{
	struct mmu *m = &v->cpu->mmu;
	const struct tlb_entry *e = mmu_lookup(m, false, iha);
	const uint64_t *p;

	if (!e)
		e = mmu_lookup_itr(m, iha);
	if (!e || (e->pte & (PTE_P | PTE_A)) != (PTE_P | PTE_A) || PTE_MA(e->pte) != MA_WB)
		return false;
	gpa_t a = GPA((e->pte & PTE_PPN & page_mask(e->ps)) | (iha & ~page_mask(e->ps)));
	p = ram_read_ptr(m->ram, hv_place(v->hv, a), 8);
	if (!p)
		return false;
	*pte = host_load(p, 8);
	if (page_get(v, PAGE_DCR) & DCR_BE)
		*pte = __builtin_bswap64(*pte);
	return true;
}

/* Does va lie in the table that maps it? It is not walked for itself. */
static bool in_vhpt(uint64_t pta, gva_t va)
{
	return VA61((va ^ pta) & page_mask(ps_of(pta))) == 0;
}

/* The short format; a long table is never searched. */
static const struct tlb_entry *walk(
	struct hv_vcpu *v, gva_t va, bool inst, uint64_t pta, enum fault *f)
{
	uint64_t pte;

	*f = inst ? FAULT_ITLB : FAULT_DTLB;
	if (pta & PTA_VF || in_vhpt(pta, va))
		return NULL;
	v->cpu->mmu.count.walks++;
	if (!read_vhpt(v, pv_thash(v, va), &pte)) {
		*f = FAULT_VHPT_TRANSLATION;
		return NULL;
	}
	if (!(pte & PTE_P))
		return NULL;
	if (!attribute_known(pte)) {
		*f = FAULT_UNSUPPORTED_DATA; /* crashes the domain */
		return NULL;
	}
	insert(v, inst, va, rr_of(v, va) & 0xfc, pte, -1);
	return mmu_lookup(&v->cpu->mmu, inst, va);
}

/* Neither the TLB nor what belongs to it has the page. */
static const struct tlb_entry *missed(struct hv_vcpu *v, gva_t va, bool inst, enum fault *f)
{
	uint64_t pta = page_get(v, PAGE_PTA);

	if (pta & PTA_VE && rr_of(v, va) & RR_VE)
		return walk(v, va, inst, pta, f);
	if (v->hv->identity.on && va >> 61 == 7 && VA61(va) < IDENTITY_END && pv_kernel(v->cpu))
		return identity(v, va, inst);
	*f = inst ? FAULT_ALT_ITLB : FAULT_ALT_DTLB;
	return NULL;
}

/* Guest physical mode: all of region 0, for the kernel. */
static const struct tlb_entry physical = {
	.pte = PTE_P | PTE_A | PTE_D | PTE_PL1 | 3 << 9, .ps = 61, .valid = true};

static const struct tlb_entry *look_up(struct hv_vcpu *v, gva_t va, unsigned acc, enum fault *f)
{
	struct mmu *m = &v->cpu->mmu;
	bool inst = acc & ACC_EXEC;
	const struct tlb_entry *e;

	if (!inst && (e = pv_page_find(v, va, &v->shared_entry)))
		return e;
	if (va >> 61 == 0 && m->rr[0] == METAPHYSICAL_RR)
		return &physical;
	if ((e = mmu_lookup(m, inst, va)))
		return e;
	e = inst ? from_last(v, va) : mmu_lookup_itr(m, va);
	return e ? e : missed(v, va, inst, f);
}

/* A grant mapped for reading is read only, whatever the guest's translation says (ABI 1.5). */
static const struct tlb_entry *lower(struct hv_vcpu *v, const struct tlb_entry *e, gva_t va)
{
	uint64_t page = page_mask(e->ps);
	gpa_t a = hv_place(v->hv, GPA((e->pte & PTE_PPN & page) | (va & ~page)));
	struct ram_slot *slot = ram_find(&v->hv->machine->ram, a, 1);

	if (!slot || !(ram_flags(slot, a) & RAM_READ_ONLY))
		return e;
	v->read_only = *e;
	v->read_only.pte &= ~(7ull << 9);
	return &v->read_only;
}

static const struct tlb_entry *find(void *ctx, gva_t va, unsigned acc, enum fault *f)
{
	struct hv_vcpu *v = ctx;
	const struct tlb_entry *e = look_up(v, va, acc, f);

	return e && !(acc & ACC_EXEC) ? lower(v, e, va) : e;
}

static gpa_t place(void *ctx, gpa_t a)
{
	const struct hv_vcpu *v = ctx;
	return hv_place(v->hv, a);
}

const struct mmu_nested pv_nested = {.find = find, .place = place};
