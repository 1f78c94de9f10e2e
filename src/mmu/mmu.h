/* SPDX-License-Identifier: MIT */
/*
 * Virtual memory of one processor: region registers, protection keys, translation registers and
 * caches, the VHPT walker, and the fast TLBs in front of them (2:45-2:94).
 * It knows nothing of struct cpu: the processor tells it the mode with mmu_set_mode and
 * writes the registers through the functions below.
 */
#ifndef MMU_MMU_H
#define MMU_MMU_H

#include "base/types.h"
#include "isa/fault.h"

struct ram;
struct bus;
struct stream;
struct cpu_model;
struct tlb_entry;

/* One fast TLB entry per 4 KB page. A tag is the page's virtual address, or FTLB_NONE (never equal
 * to an address with bits 11:4 masked) when that access is not allowed or needs the slow path
 * (MMIO, uncacheable, has-code granules for writes, data breakpoints, D bit clear, ...). */
struct ftlb_entry {
	uint64_t tag_r, tag_w;
	uintptr_t addend; /* host = va + addend */
	uint64_t pad;
};
/* Likewise for instructions. They have entries of their own: a page of code would lose a shared one
 * to each sweep through data. */
struct ftlb_code {
	uint64_t tag;
	uintptr_t addend;
};
#define FTLB_BITS 10
#define FTLB_SIZE (1u << FTLB_BITS)
#define FTLB_CODE 512u
#define FTLB_NONE 0x800ull

/* Fast TLB for one privilege level of one region-id set, or for physical addresses. */
struct ftlb {
	struct ftlb_entry e[FTLB_SIZE];
	struct ftlb_code code[FTLB_CODE];
	bool filled; /* something was entered since the last flush */
};

enum acc {
	ACC_READ = 1,
	ACC_WRITE = 2,
	ACC_EXEC = 4,
	ACC_SEM = ACC_READ | ACC_WRITE,
	ACC_SPEC = 8,	    /* ld.s: deferrable; sets ISR.sp */
	ACC_RSE = 16,	    /* sets ISR.rs, level rsc.pl, psr.rt */
	ACC_NA = 32,	    /* non-access: ISR.na, code in isr 3:0 */
	ACC_NOFAULT = 64,   /* only ask; do not touch fault info */
	ACC_ADVANCED = 128, /* ld.a: deferred on pages that are not speculative */
	ACC_ATOMIC = 4096,  /* ld16, st16: see access.h */
	/* the non-access instructions with their ISR codes (2:95); tpa, probe and tak search the
	 * DTLB even when psr.dt is 0 */
	ACC_TPA = ACC_NA,
	ACC_FC = ACC_NA | 1 << 8,
	ACC_PROBE = ACC_NA | 2 << 8,
	ACC_TAK = ACC_NA | 3 << 8,
	ACC_LFETCH = ACC_NA | 4 << 8,
	ACC_PROBE_FAULT = ACC_NA | 5 << 8
};
#define ACC_NA_CODE(acc) ((acc) >> 8 & 15)

#define MMU_MAX_TR    64
#define MMU_FTLB_SETS 8
#define FTLB_PHYSICAL 4 /* tables[0..3] are the privilege levels */

/* Not a fault but an answer to ACC_SPEC and ACC_ADVANCED accesses: nothing was read; the target
 * becomes NaT (ld.s, ld.sa) or zero (ld.a). */
#define MEM_DEFERRED FAULT_COUNT

/* What a hypervisor that knows its guest's address spaces puts in place of TLB look-ups and the
 * VHPT walker, and of the identity between the guest's physical addresses and those of RAM. */
struct mmu_nested {
	/* The translation of va for an access, or NULL with the fault in *f. It need only last
	 * until the next call; what it allows is cached until mmu_flush_fast or a purge of its TLB
	 * entry. */
	const struct tlb_entry *(*find)(void *ctx, gva_t va, unsigned acc, enum fault *f);
	/* Where the 4 KB page with guest-physical address a is; cached likewise. */
	gpa_t (*place)(void *ctx, gpa_t a);
};

/* Registers 2:45; the mode bits that mmu_set_mode keeps. Other fields are private to mmu/. */
struct mmu {
	/* Fast TLBs for the current mode; read inline by access.h. In big-endian mode data and rse
	 * point to a table that is always empty. */
	struct ftlb *data;    /* psr.dt, cpl */
	struct ftlb *rse;     /* psr.rt, rsc.pl */
	struct ftlb *inst;    /* psr.it, cpl */
	struct ftlb **tables; /* of the selected set of region ids */
	bool data_be, rse_be; /* psr.be, rsc.be */
	bool align_check;     /* psr.ac */
	bool set_stale;	      /* a region register changed: tables is the empty set */
	uint64_t moved;	      /* how often pages went elsewhere behind their translations */

	struct fault_info fault; /* the processor's one pending interruption */

	uint64_t defer; /* bit f: speculative accesses defer enum fault f, set before ACC_SPEC */
	uint64_t psr;	/* copy given to mmu_set_mode */
	unsigned rse_pl;
	uint64_t rr[8], pkr[64], pta, dcr;
	uint64_t dbr[8 * 2], ibr[8 * 2];
	const struct cpu_model *model;
	struct ram *ram;
	struct bus *bus;
	const struct mmu_nested *nested; /* NULL: none */
	void *nested_ctx;
	struct mmu_private *private;

	/* What did not go the fast way, for `epixen stat`. */
	struct {
		uint64_t data, rse, inst; /* accesses and fetches that no fast TLB entry answered */
		uint64_t walks, missed;	  /* of the VHPT; those that found nothing */
	} count;
};

/* Allocates the private part. Returns 0 or -ENOMEM. */
int mmu_init(struct mmu *m, const struct cpu_model *model, struct ram *ram, struct bus *bus);
/* Gives each side a translation cache of so many entries, a power of two from 4 on, instead of
 * 2048; they are empty. Before anything runs. 0 or -ENOMEM: then it can only be freed. */
int mmu_make_cache(struct mmu *m, unsigned entries);
/* The same with as many as another has. */
int mmu_make_cache_like(struct mmu *m, const struct mmu *other);
void mmu_free(struct mmu *m);
void mmu_reset(struct mmu *m);
/* Registers and translation registers; the caller calls mmu_set_mode after a load. */
void mmu_save(struct mmu *m, struct stream *s);
void mmu_load(struct mmu *m, struct stream *s);

/* Must be called whenever psr (it dt rt cpl pk be ac db ic da dd ia id), ar.rsc (pl, be) changes.
 * Cheap. While a change of psr.ic is in flight, psr.ic must be given as 1 (2:70). */
void mmu_set_mode(struct mmu *m, uint64_t psr, uint64_t rsc);
void mmu_write_rr(struct mmu *m, unsigned n, uint64_t v); /* selects the fast TLB set */
/* No other region register is about to change: does what would wait for the next access. */
void mmu_select_rids(struct mmu *m);
void mmu_write_pkr(struct mmu *m, unsigned n, uint64_t v);
void mmu_write_debug(struct mmu *m, bool inst, unsigned n, uint64_t v); /* dbr / ibr */
void mmu_set_dcr(struct mmu *m, uint64_t dcr); /* dcr.be: byte order of the VHPT */

/* The architectural lookup at the current mode. len bytes do not cross a 4 KB page.
 * On success *pa is the physical address and *uncached whether the attribute is UC/UCE.
 * On a fault returns it, with m->fault filled (unless ACC_NOFAULT). */
enum fault mmu_translate(
	struct mmu *m, gva_t va, unsigned len, unsigned acc, gpa_t *pa, bool *uncached);

/* Translation for an instruction fetch of the bundle at ip. */
enum fault mmu_fetch(struct mmu *m, gva_t ip, gpa_t *pa);
/* The privilege level an epc at ip promotes to: that of an execute-promote page (2:57), cpl
 * elsewhere, 0 when psr.it is 0. */
unsigned mmu_epc_level(struct mmu *m, gva_t ip);
/* ITLB.ed of the page at ip: 0 when psr.it is 0 or the ITLB has no entry (ISR.ed, 2:106). */
bool mmu_exec_ed(struct mmu *m, gva_t ip);
/* Does an instruction breakpoint match the bundle at ip now (psr.db, psr.id, ibr)? */
bool mmu_inst_breakpoint(struct mmu *m, gva_t ip);
/* The bits for m->defer: what a speculative load at ip defers (2:107). */
uint64_t mmu_deferral(struct mmu *m, gva_t ip, uint64_t dcr);

/* Insertions (2:52). itir and pte as in cr.itir and the source GR; ifa gives VA. The caller has
 * checked reserved fields. */
void mmu_itc(struct mmu *m, bool inst, gva_t ifa, uint64_t itir, uint64_t pte);
void mmu_itr(struct mmu *m, bool inst, unsigned slot, gva_t ifa, uint64_t itir, uint64_t pte);
/* Is the (itir, pte) pair legal on this model? else Reserved Register/Field fault. */
bool mmu_insert_legal(struct mmu *m, uint64_t itir, uint64_t pte);
/* Is va an implemented virtual address on this model? */
bool mmu_va_implemented(const struct mmu *m, gva_t va);
bool mmu_pa_implemented(const struct mmu *m, uint64_t pa); /* bit 63 is not looked at */
/* The entry that the TLB itself has for va in the present region ids, or NULL: for mmu_nested. */
const struct tlb_entry *mmu_lookup(const struct mmu *m, bool inst, gva_t va);
const struct tlb_entry *mmu_lookup_itr(const struct mmu *m, gva_t va);
/* Purges: translation caches (both sides) overlapping [va, va + 2^ps) in the region id given. */
void mmu_purge_tc(struct mmu *m, gva_t va, unsigned ps, uint32_t rid);
void mmu_purge_tr(struct mmu *m, bool inst, gva_t va, unsigned ps, uint32_t rid);
void mmu_purge_all_tc(struct mmu *m); /* ptc.e */

/* thash, ttag, tak, tpa and probe (2:66 onwards, volume 3). */
uint64_t mmu_thash(struct mmu *m, gva_t va);
uint64_t mmu_ttag(struct mmu *m, gva_t va);
enum fault mmu_tpa(struct mmu *m, gva_t va, uint64_t *pa);
uint64_t mmu_tak(struct mmu *m, gva_t va); /* key << 8, or 1 when there is none */
/* acc: ACC_READ and/or ACC_WRITE; level 0..3 (raised to cpl). *ok is the answer, false where no
 * address is; faults as for a non-access. Virtual even when psr.dt is 0 (3:217). */
enum fault mmu_probe(struct mmu *m, gva_t va, unsigned acc, unsigned level, bool *ok);
/* probe.fault: every fault the access itself would raise, physical when psr.dt is 0 (3:217). */
enum fault mmu_probe_fault(struct mmu *m, gva_t va, unsigned acc, unsigned level);

/* Physical address for fc at the current mode: rights checked as for a 1-byte read unless cpl is 0,
 * keys never (3:61). */
enum fault mmu_fc(struct mmu *m, gva_t va, gpa_t *pa);

/* Drops fast-TLB write rights to a granule that just got a flag, in this processor. */
void mmu_drop_writable(struct mmu *m, gpa_t granule);
/* Registers, TLBs and mode of another processor. Fast TLBs survive where nothing differs. */
void mmu_copy(struct mmu *to, const struct mmu *from);
/* Do both TLBs hold the same? */
bool mmu_tlbs_alike(const struct mmu *a, const struct mmu *b);
/* Drops every fast TLB entry; architectural state is untouched. */
void mmu_flush_fast(struct mmu *m);

#endif
