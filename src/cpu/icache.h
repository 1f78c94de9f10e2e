/* SPDX-License-Identifier: MIT */
/*
 * Decoded instructions of one processor: 4 KB granules of guest RAM as arrays of struct insn. A
 * page is found by the host address that the fast TLB gives for an instruction address, so purges
 * and mode changes need no care here; a granule that holds decoded code carries RAM_HAS_CODE, and
 * writing or flushing it (fc, devices) moves ram.code_generation, which is compared at each
 * look-up.
 */
#ifndef CPU_ICACHE_H
#define CPU_ICACHE_H

#include "cpu/cpu.h"

#define PAGE_BUNDLES  (GRANULE_SIZE / 16)
#define PAGE_INSNS    (PAGE_BUNDLES * 3)
#define ICACHE_PAGES  1024 /* 25 MB of decoded code at most */
#define ICACHE_RECENT 256

/* Entry 3*b+s is slot s of bundle b. The last entry is the page's end: a branch to the next page.
 * insn.step leads over nops, never beyond the end. */
struct icache_page {
	uintptr_t host; /* 0: unused */
	gpa_t gpa;
	struct icache_page *next; /* in its hash chain */
	struct insn insn[PAGE_INSNS + 1];
};

struct icache {
	struct icache_page *recent[ICACHE_RECENT]; /* by virtual page: a guess, verified by host */
	struct icache_page *chain[ICACHE_PAGES];   /* by physical page */
	struct icache_page *page[ICACHE_PAGES];
	unsigned count, hand, most;
	uint64_t generation; /* invalidations of ram's log that are done here */
	struct icache_page none;
};

/* Does the instruction in slot 1 take slot 2 as well? */
bool icache_is_long(const struct insn *i);

/* A page decoded as far as somebody has asked, for who looks at pages once. */
struct icache_window {
	struct icache_page page;
	const struct personality *personality;
	bool decoded[PAGE_BUNDLES];
};
/* Shows the window the page at host, as it is now: RAM_HAS_CODE is set first. */
void icache_window_set(struct icache_window *w, struct cpu *cpu, gpa_t gpa, uintptr_t host);
const struct insn *icache_window_at(struct icache_window *w, unsigned entry);

/* most: pages at most, up to ICACHE_PAGES. */
struct icache *icache_new(unsigned most);
void icache_free(struct icache *ic);
/* Forgets everything. */
void icache_drop_all(struct cpu *cpu);
/* Forgets what was invalidated since the last call. */
void icache_sync(struct cpu *cpu);

/* Is ip an implemented instruction address in the present mode (2:73)? */
bool icache_implemented(struct cpu *cpu, gva_t ip);
/* Where the page of ip is; false: as NULL of icache_find. */
bool icache_locate(struct cpu *cpu, gva_t ip, gpa_t *gpa, uintptr_t *host);
/* The slow half of icache_find. */
struct icache_page *icache_fetch(struct cpu *cpu, gva_t ip);

/* The page that ip stands in, or NULL: then mmu.fault holds the interruption, or cpu->exit is
 * EXIT_CRASH because there is nothing executable. */
static inline struct icache_page *icache_find(struct cpu *cpu, gva_t ip)
{
	struct icache *ic = cpu->icache;
	gva_t va = ip & ~(gva_t)(GRANULE_SIZE - 1);
	const struct ftlb_code *e = ftlb_code(cpu->mmu.inst, ip);
	struct icache_page *p = ic->recent[va >> GRANULE_SHIFT & (ICACHE_RECENT - 1)];
	uint64_t generation =
		__atomic_load_n((uint64_t *)&cpu->machine->ram.code_generation, __ATOMIC_ACQUIRE);

	if (likely(e->tag == va && p->host == va + e->addend && generation == ic->generation))
		return p;
	return icache_fetch(cpu, ip);
}

/* Entry of slot ri of the bundle at ip. */
static inline const struct insn *icache_entry(const struct icache_page *p, gva_t ip, unsigned ri)
{
	return &p->insn[(ip >> 4 & (PAGE_BUNDLES - 1)) * 3 + ri];
}

#endif
