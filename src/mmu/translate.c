/* SPDX-License-Identifier: MIT */
/*
 * The architectural look-up: from a virtual address to a physical one, through TLB, VHPT and every
 * check in the manual's order of priority (2:69, 2:109), and the instructions that ask for
 * parts of it. Speculative accesses go on past what is deferred, since a condition that is not
 * may follow (2:105).
 */
#include "cpu/model.h"
#include "mmu/access.h"
#include "mmu/private.h"

/* Rights of access (2:56). For each ar and pl: what cpl 0, 1, 2, 3 may do. */
#define R 1
#define W 2
#define X 4
static const uint8_t rights_table[8][4][4] = {
	{{R, 0, 0, 0}, {R, R, 0, 0}, {R, R, R, 0}, {R, R, R, R}},
	{{R | X, 0, 0, 0}, {R | X, R | X, 0, 0}, {R | X, R | X, R | X, 0},
		{R | X, R | X, R | X, R | X}},
	{{R | W, 0, 0, 0}, {R | W, R | W, 0, 0}, {R | W, R | W, R | W, 0},
		{R | W, R | W, R | W, R | W}},
	{{R | W | X, 0, 0, 0}, {R | W | X, R | W | X, 0, 0}, {R | W | X, R | W | X, R | W | X, 0},
		{R | W | X, R | W | X, R | W | X, R | W | X}},
	{{R | W, 0, 0, 0}, {R | W, R, 0, 0}, {R | W, R | W, R, 0}, {R | W, R | W, R | W, R}},
	{{R | W | X, 0, 0, 0}, {R | W | X, R | X, 0, 0}, {R | W | X, R | X, R | X, 0},
		{R | W | X, R | X, R | X, R | X}},
	{{R | W, 0, 0, 0}, {R | W, R | W | X, 0, 0}, {R | W, R | W, R | W | X, 0},
		{R | W, R | W, R | W, R | W | X}},
	{{R | X, X, X, X}, {R | X, X, X, X}, {R | X, X, X, X}, {R | X, X, X, X}},
};
#undef R
#undef W
#undef X
_Static_assert(ACC_READ == 1 && ACC_WRITE == 2 && ACC_EXEC == 4, "rights_table uses acc bits");

#define ACC_RWX (ACC_READ | ACC_WRITE | ACC_EXEC)

static unsigned page_rights(const struct tlb_entry *e, unsigned level)
{
	return rights_table[PTE_AR(e->pte)][PTE_PL(e->pte)][level];
}

/* Guest-physical. */
static gpa_t entry_pa(const struct tlb_entry *e, gva_t va)
{
	return GPA((e->pte & PTE_PPN & page_mask(e->ps)) | (va & ~page_mask(e->ps)));
}

/* Where in RAM it is. */
static gpa_t place(const struct mmu *m, gpa_t pa)
{
	return m->nested ? m->nested->place(m->nested_ctx, pa) : pa;
}

void mmu_note_fault(struct mmu *m, enum fault f, gva_t va, unsigned acc)
{
	uint64_t isr = 0;
	if (acc & ACC_NOFAULT)
		return;
	isr |= acc & ACC_READ ? ISR_BIT(R) : 0;
	isr |= acc & ACC_WRITE ? ISR_BIT(W) : 0;
	isr |= acc & ACC_EXEC ? ISR_BIT(X) : 0;
	isr |= acc & ACC_SPEC ? ISR_BIT(SP) : 0;
	isr |= acc & ACC_RSE ? ISR_BIT(RS) : 0;
	isr |= acc & ACC_NA ? ISR_BIT(NA) | ACC_NA_CODE(acc) : 0;
	gva_t iha = mmu_thash(m, va);
	/* a VHPT translation fault asks for the entry's own page (2:168) */
	gva_t missing = f == FAULT_VHPT_TRANSLATION ? iha : va;
	m->fault = (struct fault_info){
		.code = f,
		.isr = isr,
		.ifa = va,
		.itir = m->rr[missing >> 61] & 0xfffffffcull,
		.iha = iha,
	};
}

/* A condition was found: is it the fault to raise? Otherwise it is deferred and FAULT_NONE. */
static enum fault found(struct mmu *m, enum fault f, gva_t va, unsigned acc, struct xlat *x)
{
	if (acc & ACC_SPEC && m->defer >> f & 1) {
		x->deferred = true;
		return FAULT_NONE;
	}
	mmu_note_fault(m, f, va, acc);
	return f;
}

static enum fault miss_fault(const struct mmu *m, unsigned acc, enum fault data)
{
	if (acc & ACC_EXEC)
		return data == FAULT_DTLB	? FAULT_ITLB
		       : data == FAULT_ALT_DTLB ? FAULT_ALT_ITLB
						: data;
	return m->psr & MPSR_IC ? data : FAULT_DATA_NESTED_TLB;
}

const struct tlb_entry *mmu_lookup(const struct mmu *m, bool inst, gva_t va)
{
	const struct tlb *t = inst ? &m->private->inst : &m->private->data;
	return tlb_find(t, VA61(va), rr_rid(m->rr[va >> 61]));
}

const struct tlb_entry *mmu_lookup_itr(const struct mmu *m, gva_t va)
{
	return tlb_find_tr(&m->private->inst, VA61(va), rr_rid(m->rr[va >> 61]));
}

/* TLB, then VHPT. NULL with the fault in *f when there is no translation. */
static const struct tlb_entry *find_entry(struct mmu *m, gva_t va, unsigned acc, enum fault *f)
{
	if (m->nested)
		return m->nested->find(m->nested_ctx, va, acc, f);
	const struct tlb *t = acc & ACC_EXEC ? &m->private->inst : &m->private->data;
	uint32_t rid = rr_rid(m->rr[va >> 61]);
	const struct tlb_entry *e = tlb_find(t, VA61(va), rid);
	if (e)
		return e;
	*f = FAULT_ALT_DTLB;
	if (vhpt_enabled(m, va, acc)) {
		m->count.walks++;
		m->count.missed++;
		switch (vhpt_walk(m, va, acc & ACC_EXEC)) {
		case VHPT_FOUND:
			m->count.missed--;
			*f = FAULT_NONE;
			return tlb_find(t, VA61(va), rid);
		case VHPT_ENTRY_MISS:
			*f = FAULT_VHPT_TRANSLATION;
			break;
		case VHPT_FAILED:
			*f = FAULT_DTLB;
			break;
		}
	}
	*f = miss_fault(m, acc, *f);
	return NULL;
}

unsigned mmu_key_rights(const struct mmu *m, const struct tlb_entry *e, bool *miss)
{
	*miss = false;
	if (!(m->psr & MPSR_PK))
		return ACC_RWX;
	for (unsigned i = 0; i < m->model->pkrs; i++) {
		uint64_t k = m->pkr[i];
		if (!(k & 1) || (k >> 8 & 0xffffff) != e->key)
			continue;
		return (k & 2 ? 0 : ACC_WRITE) | (k & 4 ? 0 : ACC_READ) | (k & 8 ? 0 : ACC_EXEC);
	}
	*miss = true;
	return 0;
}

/* Presence, NaTPage and keys: what every use of a translation but tpa's and tak's checks first. */
static enum fault check_usable(struct mmu *m, const struct tlb_entry *e, gva_t va, unsigned acc,
	unsigned *allowed, struct xlat *x)
{
	bool exec = acc & ACC_EXEC, miss;
	enum fault f;

	*allowed = 0;
	if (!(e->pte & PTE_P))
		return found(m, FAULT_PAGE_NOT_PRESENT, va, acc, x);
	if (PTE_MA(e->pte) == MA_NATPAGE)
		return found(m, FAULT_NATPAGE, va, acc, x);
	*allowed = mmu_key_rights(m, e, &miss);
	if (miss) {
		f = found(m, exec ? FAULT_INST_KEY_MISS : FAULT_DATA_KEY_MISS, va, acc, x);
		*allowed = ACC_RWX; /* a deferred miss precludes the permission check */
		return f;
	}
	return FAULT_NONE;
}

static enum fault check_bits(
	struct mmu *m, const struct tlb_entry *e, gva_t va, unsigned acc, struct xlat *x)
{
	if (acc & ACC_EXEC)
		return e->pte & PTE_A || m->psr & MPSR_IA
			       ? FAULT_NONE
			       : found(m, FAULT_INST_ACCESS_BIT, va, acc, x);
	if (m->psr & MPSR_DA)
		return FAULT_NONE;
	if (acc & ACC_WRITE && !(e->pte & PTE_D))
		return found(m, FAULT_DIRTY_BIT, va, acc, x);
	if (!(e->pte & PTE_A))
		return found(m, FAULT_DATA_ACCESS_BIT, va, acc, x);
	return FAULT_NONE;
}

/* What later accesses to the page may do without asking again. */
static void note_allowed(
	const struct tlb_entry *e, unsigned allowed, unsigned level, struct xlat *x)
{
	unsigned r = page_rights(e, level) & allowed;
	bool a = e->pte & PTE_A;
	x->allow_r = r & ACC_READ && a;
	x->allow_w = r & ACC_WRITE && a && e->pte & PTE_D;
}

static enum fault check_page(struct mmu *m, const struct tlb_entry *e, gva_t va, unsigned acc,
	unsigned level, struct xlat *x)
{
	unsigned allowed, want = acc & ACC_RWX;
	bool exec = acc & ACC_EXEC;
	enum fault f = check_usable(m, e, va, acc, &allowed, x);

	if (f || !(e->pte & PTE_P) || PTE_MA(e->pte) == MA_NATPAGE)
		return f;
	if (want & ~allowed && (f = found(m, FAULT_KEY_PERMISSION, va, acc, x)))
		return f;
	if (want & ~page_rights(e, level) &&
		(f = found(m, exec ? FAULT_INST_ACCESS_RIGHTS : FAULT_DATA_ACCESS_RIGHTS, va, acc,
			 x)))
		return f;
	if ((f = check_bits(m, e, va, acc, x)))
		return f;
	x->ma = (uint8_t)PTE_MA(e->pte);
	x->pa = place(m, entry_pa(e, va));
	if (!x->deferred)
		note_allowed(e, allowed, level, x);
	return FAULT_NONE;
}

/* Does a breakpoint register pair match byte va at the level (2:152)? */
static bool watch_matches(const uint64_t *reg, gva_t va, unsigned kind, unsigned level)
{
	uint64_t mask = (reg[1] & ~(0xffull << 56)) | 0xffull << 56;
	return reg[1] >> 62 & kind && reg[1] >> (56 + level) & 1 && ((reg[0] ^ va) & mask) == 0;
}

bool mmu_watched(const struct mmu *m, gva_t va, unsigned len, unsigned acc, unsigned level)
{
	unsigned kind = (acc & ACC_READ ? 2u : 0) | (acc & ACC_WRITE ? 1u : 0);
	if (likely(!(m->psr & MPSR_DB)) || m->psr & MPSR_DD)
		return false;
	for (unsigned i = 0; i < m->model->dbrs; i++)
		for (unsigned b = 0; b < len; b++)
			if (watch_matches(&m->dbr[2 * i], va + b, kind, level))
				return true;
	return false;
}

static enum fault check_debug(
	struct mmu *m, gva_t va, unsigned len, unsigned acc, unsigned level, struct xlat *x)
{
	if (acc & ACC_EXEC || !mmu_watched(m, va, len, acc, level))
		return FAULT_NONE;
	return found(m, FAULT_DATA_DEBUG, va, acc, x);
}

/* Physical addressing: bit 63 selects the uncacheable attribute (2:77). */
static enum fault xlat_physical(struct mmu *m, gva_t va, unsigned acc, struct xlat *x)
{
	if (!mmu_pa_implemented(m, va))
		return found(m, acc & ACC_EXEC ? FAULT_UNIMPL_INST_ADDR : FAULT_UNIMPL_DATA_ADDR,
			va, acc, x);
	x->pa = GPA(va & ~(1ull << 63));
	x->ma = va >> 63 ? MA_UC : MA_WB;
	x->allow_r = x->allow_w = true;
	return FAULT_NONE;
}

static enum fault xlat_virtual(
	struct mmu *m, gva_t va, unsigned acc, unsigned level, struct xlat *x)
{
	enum fault f;
	if (!mmu_va_implemented(m, va))
		return found(m, acc & ACC_EXEC ? FAULT_UNIMPL_INST_ADDR : FAULT_UNIMPL_DATA_ADDR,
			va, acc, x);
	const struct tlb_entry *e = find_entry(m, va, acc, &f);
	if (!e)
		return found(m, f, va, acc, x);
	return check_page(m, e, va, acc, level, x);
}

enum fault mmu_xlat(
	struct mmu *m, gva_t va, unsigned len, unsigned acc, unsigned level, struct xlat *x)
{
	uint64_t on = acc & ACC_EXEC ? MPSR_IT : acc & ACC_RSE ? MPSR_RT : MPSR_DT;
	enum fault f;

	*x = (struct xlat){.ma = MA_WB};
	f = m->psr & on ? xlat_virtual(m, va, acc, level, x) : xlat_physical(m, va, acc, x);
	if (f)
		return f;
	f = check_debug(m, va, len, acc, level, x);
	if (f)
		return f;
	/* Pages that may not be read ahead of need (2:80): ld.s and ld.a always defer. */
	if (acc & (ACC_SPEC | ACC_ADVANCED) && (x->ma == MA_UC || x->ma == MA_UCE))
		x->deferred = true;
	return FAULT_NONE;
}

enum fault mmu_translate(
	struct mmu *m, gva_t va, unsigned len, unsigned acc, gpa_t *pa, bool *uncached)
{
	struct xlat x;
	enum fault f = mmu_xlat(m, va, len, acc, mmu_level(m, acc), &x);
	if (f)
		return f;
	if (x.deferred)
		return MEM_DEFERRED;
	*pa = x.pa;
	*uncached = x.ma == MA_UC || x.ma == MA_UCE;
	return FAULT_NONE;
}

/* Sets of region ids are chosen by data accesses; code that makes none must not be slow forever,
 * and a fetch between two region register writes must not choose one (see ftlb.c). */
#define STALE_FETCHES 16

enum fault mmu_fetch(struct mmu *m, gva_t ip, gpa_t *pa)
{
	const struct ftlb_code *e = ftlb_code(m->inst, ip);
	struct xlat x;

	if (likely(e->tag == (ip & ~0xfffull))) {
		*pa = ram_gpa(m->ram, ip + e->addend);
		return FAULT_NONE;
	}
	m->count.inst++;
	enum fault f = mmu_xlat(m, ip & ~15ull, 16, ACC_EXEC, mpsr_cpl(m->psr), &x);
	if (f)
		return f;
	*pa = x.pa;
	pa->v |= ip & 15;
	/* psr.ia lets one instruction through; that right must not stick */
	if (x.ma == MA_WB && !(m->psr & MPSR_IA) &&
		(!m->set_stale || !(m->psr & MPSR_IT) ||
			++m->private->stale_fetches > STALE_FETCHES))
		ftlb_fill_inst(m, ip, x.pa);
	return FAULT_NONE;
}

static const struct tlb_entry *find_code(struct mmu *m, gva_t ip)
{
	return m->psr & MPSR_IT ? tlb_find(&m->private->inst, VA61(ip), rr_rid(m->rr[ip >> 61]))
				: NULL;
}

unsigned mmu_epc_level(struct mmu *m, gva_t ip)
{
	unsigned cpl = mpsr_cpl(m->psr);
	const struct tlb_entry *e = find_code(m, ip);
	if (!(m->psr & MPSR_IT))
		return 0;
	if (!e || PTE_AR(e->pte) != 7)
		return cpl;
	return PTE_PL(e->pte) < cpl ? PTE_PL(e->pte) : cpl;
}

bool mmu_exec_ed(struct mmu *m, gva_t ip)
{
	const struct tlb_entry *e = find_code(m, ip);
	return e && e->pte & PTE_ED;
}

bool mmu_inst_breakpoint(struct mmu *m, gva_t ip)
{
	if (!(m->psr & MPSR_DB) || m->psr & MPSR_ID)
		return false;
	for (unsigned i = 0; i < m->model->ibrs; i++) {
		const uint64_t *r = &m->ibr[2 * i];
		uint64_t mask = (r[1] | 0xffull << 56) & ~15ull;
		if (r[1] >> 63 && r[1] >> (56 + mpsr_cpl(m->psr)) & 1 && ((r[0] ^ ip) & mask) == 0)
			return true;
	}
	return false;
}

#define DCR_DM	(1ull << 8)
#define DCR_DP	(1ull << 9)
#define DCR_DK	(1ull << 10)
#define DCR_DX	(1ull << 11)
#define DCR_DR	(1ull << 12)
#define DCR_DA	(1ull << 13)
#define DCR_DD	(1ull << 14)
#define F(name) (1ull << FAULT_##name)
_Static_assert(FAULT_COUNT < 64, "faults must fit a bit mask");

uint64_t mmu_deferral(struct mmu *m, gva_t ip, uint64_t dcr)
{
	uint64_t d = F(UNIMPL_DATA_ADDR) | F(NATPAGE) | F(UNSUPPORTED_DATA);
	if (!(m->psr & MPSR_IC))
		return ~0ull;
	if (!mmu_exec_ed(m, ip))
		return d;
	d |= F(UNALIGNED);
	d |= dcr & DCR_DM ? F(ALT_DTLB) | F(VHPT_TRANSLATION) | F(DTLB) : 0;
	d |= dcr & DCR_DP ? F(PAGE_NOT_PRESENT) : 0;
	d |= dcr & DCR_DK ? F(DATA_KEY_MISS) : 0;
	d |= dcr & DCR_DX ? F(KEY_PERMISSION) : 0;
	d |= dcr & DCR_DR ? F(DATA_ACCESS_RIGHTS) : 0;
	d |= dcr & DCR_DA ? F(DATA_ACCESS_BIT) : 0;
	d |= dcr & DCR_DD ? F(DATA_DEBUG) : 0;
	return d;
}

/* The entry for a non-access that is virtual even when psr.dt is 0. */
static const struct tlb_entry *find_for(struct mmu *m, gva_t va, unsigned acc, enum fault *f)
{
	if (!mmu_va_implemented(m, va)) {
		*f = FAULT_UNIMPL_DATA_ADDR;
		return NULL;
	}
	return find_entry(m, va, acc, f);
}

enum fault mmu_tpa(struct mmu *m, gva_t va, uint64_t *pa)
{
	enum fault f = FAULT_NONE;
	const struct tlb_entry *e = find_for(m, va, ACC_TPA, &f);

	if (e && !(e->pte & PTE_P))
		f = FAULT_PAGE_NOT_PRESENT;
	else if (e && PTE_MA(e->pte) == MA_NATPAGE)
		f = FAULT_NATPAGE;
	if (f != FAULT_NONE) {
		mmu_note_fault(m, f, va, ACC_TPA);
		return f;
	}
	*pa = entry_pa(e, va).v;
	return FAULT_NONE;
}

uint64_t mmu_tak(struct mmu *m, gva_t va)
{
	enum fault f;
	const struct tlb_entry *e = find_for(m, va, ACC_TAK, &f);
	return e && e->pte & PTE_P ? (uint64_t)e->key << 8 : 1;
}

enum fault mmu_probe(struct mmu *m, gva_t va, unsigned acc, unsigned level, bool *ok)
{
	unsigned cpl = mpsr_cpl(m->psr), allowed;
	enum fault f = FAULT_NONE;
	struct xlat x;

	if (!mmu_va_implemented(m, va)) {
		*ok = false;
		return FAULT_NONE;
	}
	const struct tlb_entry *e = find_for(m, va, acc | ACC_PROBE, &f);
	if (!e) {
		mmu_note_fault(m, f, va, acc | ACC_PROBE);
		return f;
	}
	level = level > cpl ? level : cpl;
	f = check_usable(m, e, va, acc | ACC_PROBE, &allowed, &x);
	if (f == FAULT_NONE)
		*ok = !(acc & ACC_RWX & ~(allowed & page_rights(e, level)));
	return f;
}

enum fault mmu_probe_fault(struct mmu *m, gva_t va, unsigned acc, unsigned level)
{
	unsigned cpl = mpsr_cpl(m->psr);
	struct xlat x = {0};
	enum fault f;

	acc |= ACC_PROBE_FAULT;
	level = level > cpl ? level : cpl;
	if (m->psr & MPSR_DT)
		f = xlat_virtual(m, va, acc, level, &x);
	else
		f = xlat_physical(m, va, acc, &x);
	return f ? f : check_debug(m, va, 1, acc, level, &x);
}

enum fault mmu_fc(struct mmu *m, gva_t va, gpa_t *pa)
{
	const unsigned acc = ACC_READ | ACC_FC;
	unsigned cpl = mpsr_cpl(m->psr);
	const struct tlb_entry *e;
	enum fault f = FAULT_NONE;
	struct xlat x;

	if (!(m->psr & MPSR_DT)) {
		f = xlat_physical(m, va, acc, &x);
		*pa = GPA(va & ~(1ull << 63));
		return f;
	}
	e = find_for(m, va, acc, &f);
	if (e && !(e->pte & PTE_P))
		f = FAULT_PAGE_NOT_PRESENT;
	else if (e && PTE_MA(e->pte) == MA_NATPAGE)
		f = FAULT_NATPAGE;
	else if (e && cpl != 0 && !(page_rights(e, cpl) & ACC_READ))
		f = FAULT_DATA_ACCESS_RIGHTS;
	if (f != FAULT_NONE) {
		mmu_note_fault(m, f, va, acc);
		return f;
	}
	*pa = place(m, entry_pa(e, va));
	return FAULT_NONE;
}
