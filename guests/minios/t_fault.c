/* SPDX-License-Identifier: MIT */
/*
 * Faults of the kernel, reflected to its vectors (ABI 7): which vector, with what in the page; and
 * misses that are no faults: the guest's VHPT, speculative loads.
 */
#include "hypercall.h"
#include "tests.h"

#define VA	  0x4000000000000000ull /* region 2, which has nothing */
#define ISR_X	  1ull << 32
#define ISR_W	  1ull << 33
#define ISR_R	  1ull << 34
#define ISR_NI_EI (3ull << 41 | 1ull << 39)
#define RR2	  (0x102 << 8 | PAGE_SHIFT << 2)

#define FAULTING(name)                                                                             \
	void name(u64 arg);                                                                        \
	extern char name##_at[]

FAULTING(f_load);
FAULTING(f_store);
FAULTING(f_add);
FAULTING(f_load4);
FAULTING(f_jump);
FAULTING(f_break);
FAULTING(f_nat);
FAULTING(f_spec);
FAULTING(f_high);
FAULTING(f_illegal);
FAULTING(f_divide);
FAULTING(f_inexact);
void f_break1(u64 arg), f_break2(u64 arg);
extern char f_spec_to[];
u64 f_spec_load(u64 va), f_nested(u64 va);

#define caught (&self->caught)

static u64 access_bits(void)
{
	return caught->isr >> 32 & 7;
}

/* One that sets ifa and itir: by which vector, where, what kind of access. */
static void one(
	void (*fn)(u64), const char *at, u64 address, u64 vector, u64 access, const char *name)
{
	u64 v = fault_of(fn, address);
	bool good = v == vector && caught->iip == (u64)at && access_bits() == access &&
		    caught->ifa == address;

	if (!report(good, "%s", name))
		note("vector %lx iip %lx isr %lx ifa %lx", v, caught->iip, caught->isr,
			caught->ifa);
}

static void misses_of_region_2(void)
{
	one(f_load, f_load_at, VA, 0x1000, 4,
		"a load without a translation is an alternate data miss");
	report_eq(caught->itir, RR2 & 0xfffffffc, "its itir is that of the region");
	report_eq(caught->isr >> 41 & 3, 0, "its instruction is in slot 0");
	report_eq(caught->ipsr >> 32 & 3, 0, "the level is 0, as the kernel sees it");
	report(caught->ipsr >> PSR_IC & 1 && caught->ipsr >> PSR_DT & 1 &&
			caught->ipsr >> PSR_IT & 1 && caught->ipsr >> PSR_RT & 1 &&
			caught->ipsr >> PSR_BN & 1,
		"ic, dt, it, rt and bn were 1");
	report_eq(caught->ipsr >> PSR_I & 1, 0, "i was 0");
	report(caught->ifs >> 63 && (caught->ifs & 0x7f) == 1,
		"the interrupted frame is in precover_ifs");
	report_eq(caught->xifs, 0, "ifs is empty at entry");
	one(f_store, f_store_at, VA + 64, 0x1000, 2, "a store");
	one(f_add, f_add_at, VA + 64, 0x1000, 6, "a semaphore reads and writes");
	u64 v = fault_of(f_jump, VA + 0x40);
	report(v == 0xc00 && access_bits() == 1 && caught->iip == VA + 0x40 &&
			caught->ifa == VA + 0x40,
		"a jump without a translation is an alternate instruction miss");
	events_on();
	v = fault_of(f_load, VA);
	report(v == 0x1000 && caught->ipsr >> PSR_I & 1, "i was 1 when events are on");
	events_off();
}

/* --- translations that are there, but not good --- */

static void with_pte(
	u64 pte, void (*fn)(u64), const char *at, u64 vector, u64 access, const char *name)
{
	map_clear();
	map_add(VA, pte, PAGE_SHIFT);
	one(fn, at, VA + 8, vector, access, name);
}

static void bad_translations(void)
{
	u64 *page = page_alloc();
	u64 p = pa(page);

	with_pte(p | (PTE_KERNEL & ~1ull), f_load, f_load_at, 0x5000, 4,
		"a page that is not present");
	with_pte(p | (PTE_KERNEL & ~0x20ull), f_load, f_load_at, 0x2800, 4,
		"the access bit of data");
	with_pte(p | (PTE_KERNEL & ~0x40ull), f_store, f_store_at, 0x2000, 2, "the dirty bit");
	with_pte(p | 0x061, f_store, f_store_at, 0x5300, 2, "a store to a page that is only read");
	map_clear();
	map_add(VA, p | (PTE_KERNEL & ~0x20ull), PAGE_SHIFT);
	page[0] = page[1] = 0;
	report_eq(fault_of(f_jump, VA), 0x2400, "the access bit of instructions");
	map_clear();
	map_add(VA, p | PTE_DATA, PAGE_SHIFT);
	report(fault_of(f_jump, VA) == 0x5200 && caught->ifa == VA,
		"a jump to a page that is not executed");
	map_clear();
	map_add(VA, p | PTE_KERNEL | 0x1cull, PAGE_SHIFT);
	report_eq(fault_of(f_load, VA), 0x5600, "a NaT page is consumed");
	map_clear();
	map_add(VA, p | PTE_KERNEL, PAGE_SHIFT);
	report_eq(fault_of(f_load, VA), NO_FAULT, "with a good one there is no fault");
	map_clear();
	page_free(page);
}

static void keys(void)
{
	u64 *page = page_alloc();
	u64 key = 0x55;

	page[0] = 1;
	__asm__ volatile("mov pkr[%0] = %1;;srlz.d" ::"r"(1ull), "r"(key << 8 | 1 | 4) : "memory");
	xsi64(XSI_IFA) = VA;
	xsi64(XSI_ITIR) = PAGE_SHIFT << 2 | key << 8;
	hp_itc_d(pa(page) | PTE_KERNEL);
	__asm__ volatile("ssm 1 << 15;;srlz.d" ::: "memory");
	u64 read = fault_of(f_load, VA);
	u64 written = fault_of(f_store, VA);
	report_eq(read, 0x5100, "a key without the right to read");
	report_eq(written, NO_FAULT, "but the one to write");
	__asm__ volatile("ssm 1 << 15;;srlz.d;;mov pkr[%0] = %1;;srlz.d" ::"r"(1ull), "r"(0ull)
			 : "memory");
	read = fault_of(f_load, VA);
	__asm__ volatile("rsm 1 << 15;;srlz.d" ::: "memory");
	report(read == 0x1c00 && caught->ifa == VA, "a key that is in no register is missed");
	report_eq(fault_of(f_load, VA), NO_FAULT, "without psr.pk keys do not count");
	tlb_purge(VA, PAGE_SHIFT);
	page_free(page);
}

/* --- others --- */

static void without_address(void)
{
	u64 v = fault_of(f_break, 0);

	report(v == 0x2c00 && caught->iim == 0x23456 && caught->iip == (u64)f_break_at,
		"break: its number, where it stands");
	v = fault_of(f_break1, 0);
	report(v == 0x2c00 && caught->iim == 0x7777 && (caught->ipsr >> 41 & 3) == 1,
		"a break in slot 1");
	v = fault_of(f_break2, 0);
	report(v == 0x2c00 && caught->iim == 0x7778 && (caught->ipsr >> 41 & 3) == 2,
		"a break in slot 2");
}

static void data_faults(void)
{
	u64 v = fault_of(f_load4, (u64)start_info + 2);

	report(v == 0x5a00 && caught->ifa == (u64)start_info + 2 && access_bits() == 4,
		"an unaligned load");
	v = fault_of(f_nat, 0);
	report(v == 0x5600 && caught->iip == (u64)f_nat_at && (caught->isr & 0xf0) == 0x10,
		"an address that is a NaT");
	v = fault_of(f_spec, 0);
	report(v == NO_FAULT || (v == 0x5700 && caught->iip + (caught->iim << 4) == (u64)f_spec_to),
		"chk.s of a NaT branches, or tells where to");
	report_eq(f_spec_load(VA), 1, "a speculative load that misses gives a NaT");
	report_eq(f_spec_load((u64)start_info), 0, "one that does not gives none");
	report(f_nested(VA), "a data miss with ic 0 goes to the nested vector and changes nothing");
	v = fault_of(f_illegal, 0);
	report(v == 0x2c00 || v == 0x5400, "a bundle of zeros is a break or illegal");
}

static void floating(void)
{
	u64 v = fault_of(f_high, 0);

	report_eq(v, NO_FAULT, "high floating-point registers are enabled");
	__asm__ volatile("ssm 1 << 19;;srlz.d" ::: "memory");
	v = fault_of(f_high, 0);
	bool set = caught->ipsr >> 19 & 1;
	__asm__ volatile("rsm 1 << 19;;srlz.d" ::: "memory");
	report(v == 0x5500 && caught->iip == (u64)f_high_at && set, "with psr.dfh they are not");
	v = fault_of(f_divide, 0x9804c0270033f & ~4ull);
	report(v == 0x5c00 && caught->iip == (u64)f_divide_at && (caught->isr & 0xffff) == 4,
		"a division by zero is a fault");
	v = fault_of(f_inexact, 0x9804c0270033f & ~0x20ull);
	report(v == 0x5d00 && caught->iip + (caught->ipsr >> 41 & 3) > (u64)f_inexact_at &&
			caught->isr & 0x2000,
		"an inexact result is a trap, behind the instruction");
}

/* --- the guest's VHPT --- */

#define PTA_SIZE  15
#define VHPT_BASE (VA + (1ull << 49))

static void vhpt(void)
{
	u64 *table = page_alloc(), *more = page_alloc(), *page = page_alloc();
	u64 address = VA + 5 * PAGE_SIZE;

	page[1] = 0x77;
	hp_set_rr(VA, RR2 | 1);
	cr_set(pta, VHPT_BASE | PTA_SIZE << 2 | 1);
	report_eq(hp_thash(address), VHPT_BASE + 5 * 8, "thash is where the entry stands");
	u64 v = fault_of(f_load, address + 8);
	report(v == 0 && caught->ifa == address + 8 && caught->iha == VHPT_BASE + 40,
		"an entry that is not mapped is a VHPT miss");
	map_add(VHPT_BASE, pa(table) | PTE_KERNEL, PAGE_SHIFT);
	itc_d(VHPT_BASE, pa(table) | PTE_KERNEL, PAGE_SHIFT);
	v = fault_of(f_load, address + 8);
	report(v == 0x800 && caught->ifa == address + 8 && caught->iha == VHPT_BASE + 40,
		"an entry that is not present is a data miss");
	v = fault_of(f_jump, address);
	report(v == 0x400 && caught->ifa == address, "or one of instructions");
	table[5] = pa(page) | PTE_KERNEL;
	v = fault_of(f_load, address + 8);
	report_eq(v, NO_FAULT, "an entry that is present is no fault");
	report_eq(*(volatile u64 *)(address + 8), 0x77, "and leads to its page");
	table[5] = pa(more) | PTE_KERNEL;
	report_eq(*(volatile u64 *)(address + 8), 0x77, "until it is purged");
	tlb_purge(address, PAGE_SHIFT);
	itc_d(VHPT_BASE, pa(table) | PTE_KERNEL, PAGE_SHIFT);
	report_eq(*(volatile u64 *)(address + 8), 0, "then to its new one");
	hp_set_rr(VA, RR2);
	cr_set(pta, PTA_SIZE << 2);
	tlb_purge(VHPT_BASE, PAGE_SHIFT);
	tlb_purge(address, PAGE_SHIFT);
	map_clear();
	page_free(table);
	page_free(more);
	page_free(page);
}

void test_fault(void)
{
	events_off();
	misses_of_region_2();
	bad_translations();
	keys();
	without_address();
	data_faults();
	floating();
	vhpt();
}
