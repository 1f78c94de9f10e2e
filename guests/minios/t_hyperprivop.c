/* SPDX-License-Identifier: MIT */
/*
 * Hyperprivops (ABI 6.1, 6.2) and the state that they change.
 */
#include "hypercall.h"
#include "tests.h"

#define VA    0x4000000000000000ull
#define RR(n) ((0x100ull + (n)) << 8 | PAGE_SHIFT << 2)

u64 hp_keep(void), hp_nat(void), hp_rfi_stay(void), hp_rfi_slot(void), bank_switch(void);
u64 hp_cover_raw(void);
u64 read_physical(u64 a), read_physical_natively(u64 a), read_in_physical_mode(u64 a),
	big_then_little(u64 a);
extern volatile u64 nat_word[2];
void f_load(u64 va), f_jump(u64 va);

static void registers(void)
{
	report_eq(hp_keep(), 1, "hyperprivops change no register but their result");
	report_eq(hp_nat(), 1, "results are no NaTs");
	report_eq(bank_switch(), 1, "bsw keeps both banks and their NaTs");
}

static void rfi(void)
{
	report_eq(hp_cover_raw(), 1ull << 63 | 15 | 10 << 7,
		"COVER puts the frame's marker into ifs");
	report_eq(nat_word[1], 0, "and RFI takes the frame back by it");
	report_eq(hp_rfi_stay(), 1, "RFI with an empty ifs keeps the frame and bank 1");
	report_eq(hp_rfi_slot(), 4, "RFI goes to the slot in ipsr.ri");
}

static void physical_mode(void)
{
	u64 wanted = *(u64 *)va(0x2000);

	report_eq(xsi32(XSI_META), 0, "the kernel runs in virtual mode");
	report_eq(read_physical(0x2000), wanted, "RSM_DT makes region 0 physical");
	report_eq(xsi32(XSI_META), 0, "SSM_DT ends that");
	report_eq(read_physical_natively(0x2000), wanted, "so do rsm and ssm psr.dt");
	report_eq(read_in_physical_mode(0x2000), wanted,
		"RFI with it, dt and rt 0 goes to physical mode");
	report_eq(nat_word[1], 1ull << 63, "where code runs at its physical address");
	u64 v = fault_of(f_load, 0x2000);
	report(v == 0x1000 && self->caught.ifa == 0x2000,
		"in virtual mode region 0 is like others");
}

static void identity_of_registers(void)
{
	report_eq(hp_get_cpuid(0), 0x343661692f6e6558, "GET_CPUID(0) is Xen/ia64");
	report_eq(hp_get_cpuid(1) | hp_get_cpuid(2), 0, "GET_CPUID(1) and (2) are 0");
	u64 host;
	__asm__ volatile("mov %0 = cpuid[%1]" : "=r"(host) : "r"(3ull));
	report_eq(hp_get_cpuid(3), host, "GET_CPUID(3) is the processor's");
	hp_get_pmd(4);
	hp_get_eflag();
	hp_set_eflag(5);
	report_eq(hp_set_kr(5, 0x5555), 5 - 8, "SET_KR leaves index - 8 in r8");
	u64 kr;
	__asm__ volatile("mov %0 = ar.k5" : "=r"(kr));
	report_eq(kr, 0x5555, "SET_KR sets ar.k5");
	report_eq(xsi64(XSI_KRS + 5 * 8), 0x5555, "and what the page shows");
	hp_set_kr(8, 1);
	report_eq(xsi64(XSI_KRS + 5 * 8), 0x5555, "SET_KR(8) is left out");
}

static void regions(void)
{
	report_eq(hp_get_rr(3ull << 61), RR(3), "GET_RR is what was written");
	report_eq(hp_get_rr((3ull << 61) + 12345), RR(3), "of any address of the region");
	hp_set_rr(3ull << 61, 0x12344 << 8 | 13 << 2);
	report_eq(hp_get_rr(3ull << 61), 0x12344 << 8 | 13 << 2, "SET_RR sets it");
	report_eq(xsi64(XSI_RRS + 24), 0x12344 << 8 | 13 << 2, "and what the page shows");
	hp_set_rr(3ull << 61, 1ull << 26 | PAGE_SHIFT << 2);
	report_eq(hp_get_rr(3ull << 61), 0x12344 << 8 | 13 << 2,
		"SET_RR with too large an id is left out");
	hp_set_rr0_to_rr4(RR(0), RR(1), RR(9), RR(3), RR(4));
	report(hp_get_rr(VA) == RR(9) && hp_get_rr(0) == RR(0) && hp_get_rr(4ull << 61) == RR(4),
		"SET_RR0_TO_RR4 sets five");
	hp_set_rr0_to_rr4(RR(0), RR(1), RR(2), 1ull << 26 | PAGE_SHIFT << 2, RR(4));
	report_eq(hp_get_rr(VA), RR(9), "or none, when one is bad");
	hp_set_rr(VA, RR(2));
}

static void region_ids(void)
{
	u64 *a = page_alloc(), *b = page_alloc();

	a[0] = 0xaaaa;
	b[0] = 0xbbbb;
	itc_d(VA, pa(a) | PTE_KERNEL, PAGE_SHIFT);
	hp_set_rr(VA, RR(33));
	u64 v = fault_of(f_load, VA);
	report_eq(v, 0x1000, "a translation is its region id's");
	itc_d(VA, pa(b) | PTE_KERNEL, PAGE_SHIFT);
	report_eq(*(volatile u64 *)VA, 0xbbbb, "another id has its own");
	hp_ptc_ga(VA, PAGE_SHIFT << 2);
	report_eq(fault_of(f_load, VA), 0x1000, "PTC_GA purges it");
	hp_set_rr(VA, RR(2));
	hp_ptc_ga(VA, PAGE_SHIFT << 2);
	report_eq(fault_of(f_load, VA), 0x1000, "and the first, once its id is back");
	page_free(a);
	page_free(b);
}

static void translations(void)
{
	u64 *a = page_alloc(), *b = page_alloc();

	a[0] = 0xaaaa;
	a[1024] = 0xcccc;
	xsi64(XSI_IFA) = VA + PAGE_SIZE;
	xsi64(XSI_ITIR) = PAGE_SHIFT << 2;
	hp_itr_d(5, pa(a) | PTE_KERNEL);
	report_eq(
		*(volatile u64 *)(VA + PAGE_SIZE), 0xaaaa, "ITR_D inserts a translation register");
	hp_ptc_ga(VA + (1ull << 40), PAGE_SHIFT << 2);
	report_eq(*(volatile u64 *)(VA + PAGE_SIZE), 0xaaaa,
		"which purges of other addresses leave alone");
	__asm__ volatile("ptr.d %0, %1;;srlz.d" ::"r"(VA + PAGE_SIZE), "r"((u64)PAGE_SHIFT << 2)
			 : "memory");
	report_eq(fault_of(f_load, VA + PAGE_SIZE), 0x1000, "ptr.d removes it");
	itc_d(VA, pa(a) | PTE_KERNEL, 13);
	report_eq(*(volatile u64 *)(VA + 0x1ff8 - 0x1ff8), 0xaaaa, "a page of 8 KB");
	report_eq(fault_of(f_load, VA + 0x2000), 0x1000, "ends after 8 KB");
	hp_ptc_ga(VA, 13 << 2);
	itc_d(VA, pa(a) | PTE_KERNEL, 12);
	itc_d(VA + 0x1000, pa(b) | PTE_KERNEL, 12);
	b[0] = 0xbbbb;
	report(*(volatile u64 *)VA == 0xaaaa && *(volatile u64 *)(VA + 0x1000) == 0xbbbb,
		"pages of 4 KB side by side");
	hp_ptc_ga(VA, PAGE_SHIFT << 2);
	itc_d(VA + 0x2000, (pa(a) & -(1ull << 24)) | PTE_KERNEL, 24);
	u64 in_large = VA + (pa(a) & ((1ull << 24) - 1));
	map_add(VA, (pa(a) & -(1ull << 24)) | PTE_KERNEL, 24);
	report_eq(*(volatile u64 *)in_large, 0xaaaa, "a page of 16 MB");
	map_clear();
	hp_ptc_ga(VA, 24 << 2);
	report_eq(fault_of(f_load, in_large), 0x1000, "is purged as a whole");
	page_free(a);
	page_free(b);
}

static void code(void)
{
	extern char return_1[], return_2[];
	u64 *page = page_alloc();

	memcpy(page, return_1, 16);
	hp_fc(((u64)page));
	itc_i(VA, pa(page) | PTE_KERNEL, PAGE_SHIFT);
	report_eq((u64)call_at(VA, 0, 0, 0, 0, 0, 0, 0), 1, "ITC_I inserts a translation for code");
	for (unsigned n = 0; n < 100; n++)
		call_at(VA, 0, 0, 0, 0, 0, 0, 0);
	memcpy(page, return_2, 16);
	hp_fc(((u64)page));
	__asm__ volatile("sync.i;;srlz.i" ::: "memory");
	report_eq((u64)call_at(VA, 0, 0, 0, 0, 0, 0, 0), 2, "FC makes new code seen");
	hp_ptc_ga(VA, PAGE_SHIFT << 2);
	report_eq(fault_of(f_jump, VA), 0xc00, "PTC_GA purges code as well");
	page_free(page);
}

static void status(void)
{
	u64 psr = hp_get_psr(), native;

	__asm__ volatile("mov %0 = psr" : "=r"(native));
	report_eq(psr, native, "GET_PSR is what mov = psr gives");
	report(psr >> PSR_IC & 1 && psr >> PSR_DT & 1 && psr >> PSR_RT & 1 && psr >> PSR_IT & 1,
		"ic, dt, rt and it are 1");
	report_eq(psr >> PSR_I & 1, 0, "i is 0");
	report_eq(psr & ~0x18fffffffffull & ~0x1800000000, 0, "bits that cannot be read are 0");
	events_on();
	report_eq(hp_get_psr() >> PSR_I & 1, 1, "with events on i is 1");
	events_off();
	xsi32(XSI_IC) = 0;
	u64 off = hp_get_psr();
	xsi32(XSI_IC) = 1;
	report_eq(off >> PSR_IC & 1, 0, "ic is what the page says");
	nat_word[0] = 0x0102030405060708;
	report_eq(big_then_little((u64)nat_word), 0x0807060504030201,
		"sum psr.be makes loads big-endian");
	report_eq(nat_word[1], 0x0102030405060708, "RSM_BE ends that");
	nat_word[0] = 0;
}

static void interrupts(void)
{
	u32 port = (u32)bind_ipi(0), was = event_count[port];

	report_eq(hp_get_ivr(), 15, "with a callback GET_IVR is 15");
	hp_eoi();
	hp_set_tpr(0x50);
	report_eq(hp_get_tpr(), 0x50, "SET_TPR and GET_TPR");
	hp_set_tpr(0x1250);
	report_eq(hp_get_tpr(), 0x50, "SET_TPR with reserved bits is left out");
	hp_set_tpr(0);
	port_clear(port);
	port_unmask(port);
	port_op(EVTCHN_SEND, port);
	xsi32(XSI_IC) = 1;
	hp_ssm_i();
	report_eq(event_count[port], was + 1, "SSM_I delivers what is pending");
	report_eq(shared->vcpu[0].mask, 0, "and events are on behind it");
	events_off();
	port_op(EVTCHN_CLOSE, port);
}

static void hashes(void)
{
	u64 pta = VA + (1ull << 49) + (1ull << 20);

	cr_set(pta, pta | 20 << 2);
	u64 address = VA + 0x123456789000;
	u64 offset = (address >> PAGE_SHIFT & ~(7ull << (61 - PAGE_SHIFT))) << 3,
	    mask = (1 << 20) - 1;
	u64 want = (address & 7ull << 61) |
		   (((pta & ~mask) | (offset & mask)) & 0x1fffffffffff8000) | (offset & 0x7fff);
	report_eq(hp_thash(address), want, "THASH");
	cr_set(pta, 15 << 2);
}

void test_hyperprivop(void)
{
	events_off();
	registers();
	rfi();
	physical_mode();
	identity_of_registers();
	regions();
	region_ids();
	translations();
	code();
	status();
	interrupts();
	hashes();
}
