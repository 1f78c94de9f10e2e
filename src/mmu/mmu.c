/* SPDX-License-Identifier: MIT */
/*
 * The MMU's registers, insertions and purges (2:46-2:60). Each function leaves the fast TLBs with
 * nothing that the registers and TLBs no longer say.
 */
#include "mmu/mmu.h"

#include "base/stream.h"
#include "cpu/model.h"
#include "mmu/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mmu_init(struct mmu *m, const struct cpu_model *model, struct ram *ram, struct bus *bus)
{
	memset(m, 0, sizeof(*m));
	m->private = calloc(1, sizeof(*m->private));
	if (!m->private)
		return -ENOMEM;
	if (mmu_make_cache(m, TLB_SETS * TLB_WAYS)) {
		tlb_free_cache(&m->private->data);
		free(m->private);
		m->private = NULL;
		return -ENOMEM;
	}
	m->model = model;
	m->ram = ram;
	m->bus = bus;
	ftlb_init(m);
	mmu_reset(m);
	return 0;
}

int mmu_make_cache(struct mmu *m, unsigned entries)
{
	int err = tlb_make_cache(&m->private->data, entries / TLB_WAYS);

	return err ? err : tlb_make_cache(&m->private->inst, entries / TLB_WAYS);
}

int mmu_make_cache_like(struct mmu *m, const struct mmu *other)
{
	return mmu_make_cache(m, other->private->data.sets * TLB_WAYS);
}

void mmu_free(struct mmu *m)
{
	if (!m->private)
		return;
	ftlb_free(m);
	tlb_free_cache(&m->private->data);
	tlb_free_cache(&m->private->inst);
	free(m->private);
	m->private = NULL;
}

static void rr_changed(struct mmu *m)
{
	m->tables = m->private->stale_tables;
	m->set_stale = true;
	ftlb_point(m);
}

void mmu_reset(struct mmu *m)
{
	tlb_clear_tc(&m->private->data);
	tlb_clear_tc(&m->private->inst);
	m->private->data.tr_valid = 0;
	m->private->inst.tr_valid = 0;
	mmu_flush_fast(m);
	/* a page size must be in the region registers for thash and ITIR defaults */
	for (unsigned i = 0; i < 8; i++)
		m->rr[i] = 12 << 2;
	memset(m->pkr, 0, sizeof(m->pkr));
	memset(m->dbr, 0, sizeof(m->dbr));
	memset(m->ibr, 0, sizeof(m->ibr));
	memset(&m->fault, 0, sizeof(m->fault));
	m->pta = 15 << 2;
	m->dcr = 0;
	m->defer = 0;
	rr_changed(m);
	mmu_set_mode(m, 0, 0);
}

void mmu_set_mode(struct mmu *m, uint64_t psr, uint64_t rsc)
{
	uint64_t changed = m->psr ^ psr;
	m->psr = psr;
	m->rse_pl = rsc >> 2 & 3;
	m->data_be = psr & MPSR_BE;
	m->rse_be = rsc >> 4 & 1;
	m->align_check = psr & MPSR_AC;
	if (unlikely(changed & MPSR_PK))
		mmu_flush_fast(m);
	ftlb_point(m);
}

void mmu_write_rr(struct mmu *m, unsigned n, uint64_t v)
{
	bool same = rr_rid(m->rr[n]) == rr_rid(v);
	m->rr[n] = v;
	if (!same)
		rr_changed(m);
}

void mmu_select_rids(struct mmu *m)
{
	if (m->set_stale)
		ftlb_select(m);
}

void mmu_write_pkr(struct mmu *m, unsigned n, uint64_t v)
{
	if (m->pkr[n] == v)
		return;
	/* A key is in one register at a time: writing it again invalidates the older one (2:60). */
	for (unsigned i = 0; i < countof(m->pkr); i++)
		if (i != n && v & 1 && m->pkr[i] & 1 && (m->pkr[i] ^ v) >> 8 == 0)
			m->pkr[i] &= ~1ull;
	m->pkr[n] = v;
	if (m->psr & MPSR_PK)
		mmu_flush_fast(m);
}

void mmu_write_debug(struct mmu *m, bool inst, unsigned n, uint64_t v)
{
	uint64_t *reg = inst ? &m->ibr[n] : &m->dbr[n];
	if (*reg == v)
		return;
	*reg = v;
	mmu_flush_fast(m);
}

void mmu_set_dcr(struct mmu *m, uint64_t dcr)
{
	m->dcr = dcr;
}

bool mmu_va_implemented(const struct mmu *m, gva_t va)
{
	uint64_t va61 = VA61(va);
	return VA61((uint64_t)sext(va61, m->model->va_bits)) == va61;
}

bool mmu_pa_implemented(const struct mmu *m, uint64_t pa)
{
	return (pa & ~(1ull << 63)) >> m->model->pa_bits == 0;
}

bool mmu_insert_legal(struct mmu *m, uint64_t itir, uint64_t pte)
{
	unsigned ps = rr_ps(itir), ma = PTE_MA(pte);
	if (itir & 3 || !(m->model->page_sizes >> ps & 1))
		return false;
	if (!(pte & PTE_P))
		return true;
	if (itir >> 32 || (itir >> 8 & 0xffffff) >> m->model->key_bits)
		return false;
	if (pte & PTE_RESERVED || (ma >= 1 && ma <= 3))
		return false;
	return mmu_pa_implemented(m, pte & PTE_PPN);
}

static struct tlb_entry entry_make(struct mmu *m, gva_t ifa, uint64_t itir, uint64_t pte)
{
	unsigned ps = rr_ps(itir);
	return (struct tlb_entry){
		.vpn = VA61(ifa) & page_mask(ps),
		.pte = pte,
		.rid = rr_rid(m->rr[ifa >> 61]),
		.key = itir >> 8 & 0xffffff,
		.ps = (uint8_t)ps,
		.valid = true,
	};
}

static struct tlb *side(struct mmu *m, bool inst)
{
	return inst ? &m->private->inst : &m->private->data;
}

/* Something overlapping the page went from a TLB, the largest of size 2^largest (0: nothing). */
static void purged(struct mmu *m, uint64_t va61, unsigned ps, uint32_t rid, unsigned largest)
{
	if (largest)
		ftlb_purge(m, va61, largest > ps ? largest : ps, rid);
}

void mmu_itc(struct mmu *m, bool inst, gva_t ifa, uint64_t itir, uint64_t pte)
{
	struct tlb_entry e = entry_make(m, ifa, itir, pte), victim;
	struct tlb *t = side(m, inst);
	purged(m, e.vpn, e.ps, e.rid, tlb_purge_tc(t, e.vpn, e.ps, e.rid));
	tlb_insert_tc(t, &e, &victim);
	if (victim.valid)
		ftlb_purge(m, victim.vpn, victim.ps, victim.rid);
}

static void tr_drop(struct mmu *m, struct tlb *t, unsigned slot)
{
	struct tlb_entry *e = &t->tr[slot];
	if (!(t->tr_valid >> slot & 1))
		return;
	t->tr_valid &= ~(1ull << slot);
	ftlb_purge(m, e->vpn, e->ps, e->rid);
}

void mmu_itr(struct mmu *m, bool inst, unsigned slot, gva_t ifa, uint64_t itir, uint64_t pte)
{
	struct tlb_entry e = entry_make(m, ifa, itir, pte);
	struct tlb *t = side(m, inst);
	tr_drop(m, t, slot);
	purged(m, e.vpn, e.ps, e.rid, tlb_purge_tc(t, e.vpn, e.ps, e.rid));
	/* Overlap with another TR is a machine check on hardware (2:52); here the newer one wins.
	 */
	purged(m, e.vpn, e.ps, e.rid, tlb_purge_tr(t, e.vpn, e.ps, e.rid));
	t->tr[slot] = e;
	t->tr_valid |= 1ull << slot;
}

void mmu_purge_tc(struct mmu *m, gva_t va, unsigned ps, uint32_t rid)
{
	uint64_t va61 = VA61(va);
	ps = ps < 12 ? 12 : ps > 61 ? 61 : ps;
	purged(m, va61, ps, rid, tlb_purge_tc(&m->private->data, va61, ps, rid));
	purged(m, va61, ps, rid, tlb_purge_tc(&m->private->inst, va61, ps, rid));
}

void mmu_purge_tr(struct mmu *m, bool inst, gva_t va, unsigned ps, uint32_t rid)
{
	uint64_t va61 = VA61(va);
	ps = ps < 12 ? 12 : ps > 61 ? 61 : ps;
	purged(m, va61, ps, rid, tlb_purge_tc(side(m, inst), va61, ps, rid));
	purged(m, va61, ps, rid, tlb_purge_tr(side(m, inst), va61, ps, rid));
}

void mmu_purge_all_tc(struct mmu *m)
{
	tlb_clear_tc(&m->private->data);
	tlb_clear_tc(&m->private->inst);
	mmu_flush_fast(m);
}

bool mmu_tlbs_alike(const struct mmu *a, const struct mmu *b)
{
	return tlb_alike(&a->private->data, &b->private->data) &&
	       tlb_alike(&a->private->inst, &b->private->inst);
}

static bool registers_alike(const struct mmu *a, const struct mmu *b)
{
	return !memcmp(a->rr, b->rr, sizeof(a->rr)) && !memcmp(a->pkr, b->pkr, sizeof(a->pkr)) &&
	       !memcmp(a->dbr, b->dbr, sizeof(a->dbr)) && !memcmp(a->ibr, b->ibr, sizeof(a->ibr));
}

static void copy_registers(struct mmu *to, const struct mmu *from)
{
	memcpy(to->rr, from->rr, sizeof(to->rr));
	memcpy(to->pkr, from->pkr, sizeof(to->pkr));
	memcpy(to->dbr, from->dbr, sizeof(to->dbr));
	memcpy(to->ibr, from->ibr, sizeof(to->ibr));
	mmu_flush_fast(to);
	rr_changed(to);
}

static void copy_tlb(struct mmu *to, struct tlb *t, const struct tlb *from)
{
	if (tlb_alike(t, from))
		return;
	tlb_copy(t, from);
	mmu_flush_fast(to);
}

void mmu_copy(struct mmu *to, const struct mmu *from)
{
	copy_tlb(to, &to->private->data, &from->private->data);
	copy_tlb(to, &to->private->inst, &from->private->inst);
	if (!registers_alike(to, from))
		copy_registers(to, from);
	if (to->moved != from->moved)
		mmu_flush_fast(to);
	to->moved = from->moved;
	to->fault = from->fault;
	to->defer = from->defer;
	to->pta = from->pta;
	to->dcr = from->dcr;
	mmu_set_mode(to, from->psr, (uint64_t)from->rse_pl << 2 | (uint64_t)from->rse_be << 4);
}

static void put_array(struct stream *s, const uint64_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		stream_put_u64(s, v[i]);
}

static void get_array(struct stream *s, uint64_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i] = stream_get_u64(s);
}

static void save_trs(struct stream *s, const struct tlb *t)
{
	stream_put_u64(s, t->tr_valid);
	for (unsigned i = 0; i < TLB_TRS; i++) {
		if (!(t->tr_valid >> i & 1))
			continue;
		stream_put_u64(s, t->tr[i].vpn);
		stream_put_u64(s, t->tr[i].pte);
		stream_put_u64(s, t->tr[i].rid);
		stream_put_u64(s, t->tr[i].key);
		stream_put_u64(s, t->tr[i].ps);
	}
}

static void load_trs(struct stream *s, struct tlb *t)
{
	t->tr_valid = stream_get_u64(s);
	for (unsigned i = 0; i < TLB_TRS; i++) {
		if (!(t->tr_valid >> i & 1))
			continue;
		t->tr[i].vpn = VA61(stream_get_u64(s));
		t->tr[i].pte = stream_get_u64(s);
		t->tr[i].rid = (uint32_t)stream_get_max(s, 0xffffff, "region id");
		t->tr[i].key = (uint32_t)stream_get_max(s, 0xffffff, "protection key");
		t->tr[i].ps = (uint8_t)stream_get_max(s, 61, "page size");
		t->tr[i].vpn &= page_mask(t->tr[i].ps);
		t->tr[i].valid = true;
		if (t->tr[i].ps < 12)
			stream_fail(s, "page size below 4 KB in a translation register");
	}
}

void mmu_save(struct mmu *m, struct stream *s)
{
	stream_begin(s, "mmu", 1);
	put_array(s, m->rr, countof(m->rr));
	put_array(s, m->pkr, countof(m->pkr));
	put_array(s, m->dbr, countof(m->dbr));
	put_array(s, m->ibr, countof(m->ibr));
	stream_put_u64(s, m->pta);
	stream_put_u64(s, m->dcr);
	save_trs(s, &m->private->data);
	save_trs(s, &m->private->inst);
	stream_end(s);
}

/* The size in pta may be anything: the guest wrote it so, and hashing copes. */
static void check_rr(struct stream *s, uint64_t v)
{
	unsigned ps = rr_ps(v);
	if (stream_ok(s) && (ps < 12 || ps > 61))
		stream_fail(s, "page size 2^%u in a region register is out of range", ps);
}

void mmu_load(struct mmu *m, struct stream *s)
{
	mmu_reset(m);
	stream_open(s, "mmu", 1);
	get_array(s, m->rr, countof(m->rr));
	get_array(s, m->pkr, countof(m->pkr));
	get_array(s, m->dbr, countof(m->dbr));
	get_array(s, m->ibr, countof(m->ibr));
	m->pta = stream_get_u64(s);
	m->dcr = stream_get_u64(s);
	for (unsigned i = 0; i < 8; i++)
		check_rr(s, m->rr[i]);
	load_trs(s, &m->private->data);
	load_trs(s, &m->private->inst);
	stream_close(s);
	if (!stream_ok(s))
		mmu_reset(m);
	rr_changed(m);
}
