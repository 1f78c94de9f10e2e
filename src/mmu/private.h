/* SPDX-License-Identifier: MIT */
/* What the files of mmu/ share and nobody else sees. */
#ifndef MMU_PRIVATE_H
#define MMU_PRIVATE_H

#include "mmu/mmu.h"
#include "mmu/ram.h"
#include "mmu/tlb.h"

/* PSR bits the MMU looks at (2:23). */
#define MPSR_BE (1ull << 1)
#define MPSR_AC (1ull << 3)
#define MPSR_IC (1ull << 13)
#define MPSR_PK (1ull << 15)
#define MPSR_DT (1ull << 17)
#define MPSR_DB (1ull << 24)
#define MPSR_RT (1ull << 27)
#define MPSR_IT (1ull << 36)
#define MPSR_ID (1ull << 37)
#define MPSR_DA (1ull << 38)
#define MPSR_DD (1ull << 39)
#define MPSR_ED (1ull << 43)
#define MPSR_IA (1ull << 45)

static inline unsigned mpsr_cpl(uint64_t psr)
{
	return psr >> 32 & 3;
}

/* Region register and PTA fields (2:59, 2:36). */
static inline uint32_t rr_rid(uint64_t rr)
{
	return rr >> 8 & 0xffffff;
}
static inline unsigned rr_ps(uint64_t rr)
{
	return rr >> 2 & 63;
}

struct ftlb_set {
	struct ftlb *table[5]; /* privilege levels, physical; never NULL */
	uint32_t rid[8];
	bool used;
	uint64_t stamp; /* when it was last selected */
};

#define READ_ONLY_KNOWN 1024 /* direct-mapped by granule */

struct mmu_private {
	struct tlb data, inst;
	struct ftlb empty;    /* never filled */
	struct ftlb physical; /* shared by all sets */
	struct ftlb_set set[MMU_FTLB_SETS];
	struct ftlb *stale_tables[5]; /* empty ones, while set_stale */
	uint64_t clock;		      /* for the sets' stamps */
	unsigned stale_fetches;
	/* Granules without write rights here since their flag was set: mmu_drop_writable has
	 * nothing to do until some flag is cleared, which moves ram's code_generation. */
	struct {
		uint64_t generation;
		uint64_t base[READ_ONLY_KNOWN]; /* plus 1 */
	} read_only;
};

/* What a look-up found out about one access within a 4 KB page. */
struct xlat {
	gpa_t pa;
	uint8_t ma;	       /* enum ma; physical addresses: MA_WB or MA_UC */
	bool allow_r, allow_w; /* data: later reads and writes need no checks */
	bool deferred; /* ACC_SPEC: something was wrong that is deferred, nothing may be read */
};

/* --- translate.c --- */
/* The architectural look-up. level: whose rights count; ACC_EXEC uses the instruction side. The
 * access lies in one 4 KB page. Faults are noted unless ACC_NOFAULT. */
enum fault mmu_xlat(
	struct mmu *m, gva_t va, unsigned len, unsigned acc, unsigned level, struct xlat *x);
/* Fills m->fault for va. */
void mmu_note_fault(struct mmu *m, enum fault f, gva_t va, unsigned acc);
/* Protection keys (2:59): what of r, w, x the key allows; *miss when no register holds it. */
unsigned mmu_key_rights(const struct mmu *m, const struct tlb_entry *e, bool *miss);
/* Does a data breakpoint match one of the bytes now (psr.db, psr.dd, dbr)? */
bool mmu_watched(const struct mmu *m, gva_t va, unsigned len, unsigned acc, unsigned level);
static inline unsigned mmu_level(const struct mmu *m, unsigned acc)
{
	return acc & ACC_RSE ? m->rse_pl : mpsr_cpl(m->psr);
}

/* --- vhpt.c --- */
enum vhpt_result { VHPT_FOUND, VHPT_ENTRY_MISS, VHPT_FAILED };
/* May the walker look for va (2:67)? */
bool vhpt_enabled(const struct mmu *m, gva_t va, unsigned acc);
/* Searches the VHPT and enters what it found into the instruction or data TC. */
enum vhpt_result vhpt_walk(struct mmu *m, gva_t va, bool inst);

/* --- access.c --- */
/* Host address of an aligned access that must be to cacheable RAM, every check done. *read_only:
 * RAM that ignores writes, to be read only. NULL with a fault in *f. */
void *mem_locked_host(
	struct mmu *m, gva_t va, unsigned size, unsigned acc, bool *read_only, enum fault *f);

/* --- atomic.c --- */
enum fault mem_load_atomic16(struct mmu *m, gva_t va, unsigned acc, uint64_t v[2]);
enum fault mem_store_atomic16(struct mmu *m, gva_t va, unsigned acc, const uint64_t v[2]);

/* --- ftlb.c --- */
void ftlb_init(struct mmu *m);
void ftlb_free(struct mmu *m);
/* Points data, rse and inst at the tables of the current mode. */
static inline void ftlb_point(struct mmu *m)
{
	struct ftlb **t = m->tables;
	uint64_t psr = m->psr;
	struct ftlb *empty = &m->private->empty;
	unsigned cpl = mpsr_cpl(psr);
	m->data = m->data_be ? empty : t[psr & MPSR_DT ? cpl : FTLB_PHYSICAL];
	m->rse = m->rse_be ? empty : t[psr & MPSR_RT ? m->rse_pl : FTLB_PHYSICAL];
	m->inst = t[psr & MPSR_IT ? cpl : FTLB_PHYSICAL];
}
/* Selects the set for the region registers as they are now. */
void ftlb_select(struct mmu *m);
/* The table for an access in the current mode, in either byte order; never the empty one's slot to
 * write to: allocates on demand, NULL when that fails. */
struct ftlb *ftlb_table(struct mmu *m, unsigned acc);
/* Enters the page of va for what x allows; host is where va is. */
void ftlb_fill_data(struct mmu *m, gva_t va, unsigned acc, const struct xlat *x);
void ftlb_fill_inst(struct mmu *m, gva_t va, gpa_t pa);
/* Drops the page from every set that maps rid. */
void ftlb_purge(struct mmu *m, uint64_t va61, unsigned ps, uint32_t rid);

#endif
