/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions that a kernel executes as on bare hardware, and that the hypervisor
 * emulates (ABI 6.3); those that it refuses, as General Exceptions with nothing but a code.
 */
#include "hypercall.h"
#include "tests.h"

#define VA  0x4000000000000000ull
#define RR2 (0x102 << 8 | PAGE_SHIFT << 2)

#define FAULTING(name)                                                                             \
	void name(u64 arg);                                                                        \
	extern char name##_at[]

FAULTING(f_rr);
FAULTING(f_pkr);
FAULTING(f_tpr);
FAULTING(f_itv);
FAULTING(f_lid);
FAULTING(f_pta);
FAULTING(f_ptc_g);
FAULTING(f_ssm);
FAULTING(f_tpa);
FAULTING(f_dbr);
void f_load(u64 va);

static void refused(void (*fn)(u64), const char *at, u64 arg, u64 isr, const char *name)
{
	u64 v = fault_of(fn, arg);

	if (!report(v == 0x5400 && self->caught.iip == (u64)at && self->caught.isr == isr, "%s",
		    name))
		note("vector %lx iip %lx isr %lx", v, self->caught.iip, self->caught.isr);
}

static void refusals(void)
{
	refused(f_rr, f_rr_at, 1ull << 40, 0x30, "a region register with reserved bits");
	refused(f_rr, f_rr_at, 0x100 << 8 | 11 << 2, 0x30, "a page size of 2 KB");
	refused(f_rr, f_rr_at, 0x100 << 8 | 17 << 2, 0x30, "a page size of 128 KB");
	refused(f_rr, f_rr_at, 1ull << 26 | 14 << 2, 0x30, "a region id of 19 bits");
	refused(f_pkr, f_pkr_at, 15, 0x30, "the hypervisor's key register");
	refused(f_tpr, f_tpr_at, 0x1000, 0x30, "cr.tpr with reserved bits");
	refused(f_itv, f_itv_at, 0x100, 0, "cr.itv with reserved bits");
	refused(f_lid, f_lid_at, 0, 0, "cr.lid is not written");
	refused(f_pta, f_pta_at, 2, 0x30, "cr.pta with reserved bits");
	refused(f_ptc_g, f_ptc_g_at, VA, 0, "ptc.g is not there");
	refused(f_ssm, f_ssm_at, 0, 0, "ssm of psr.di");
	refused(f_dbr, f_dbr_at, 0xf100000000000000, 0, "no breakpoints in the hypervisor");
}

#define round_trip(name, value, wanted)                                                            \
	do {                                                                                       \
		u64 old_ = cr_get(name);                                                           \
		cr_set(name, value);                                                               \
		report_eq(cr_get(name), wanted, "cr." #name " keeps what is written");             \
		cr_set(name, old_);                                                                \
	} while (0)

static void control_registers(void)
{
	round_trip(dcr, 0x7f00, 0x7f00);
	round_trip(iva, 0xe000000000407fff, 0xe000000000400000);
	round_trip(pta, VA | 15 << 2, VA | 15 << 2);
	round_trip(ipsr, PSR_KERNEL, PSR_KERNEL);
	round_trip(isr, 0x1234, 0x1234);
	round_trip(iip, 0x1000, 0x1000);
	round_trip(ifa, 0x123456789, 0x123456789);
	round_trip(itir, 14 << 2, 14 << 2);
	round_trip(iipa, 0x40, 0x40);
	round_trip(ifs, 0, 0);
	round_trip(iim, 77, 77);
	round_trip(iha, 0x88, 0x88);
	round_trip(tpr, 0x50, 0x50);
	round_trip(itv, 1 << 16 | 0xef, 1 << 16 | 0xef);
	round_trip(pmv, 1 << 16, 1 << 16);
	round_trip(cmcv, 1 << 16 | 0x1f, 1 << 16 | 0x1f);
	report_eq(cr_get(lid), self->id << 24, "cr.lid is the processor's number");
	report_eq(cr_get(ivr), 15, "cr.ivr is 15");
	report_eq(cr_get(eoi), 0, "cr.eoi reads 0");
	report_eq(cr_get(irr0) | cr_get(irr1) | cr_get(irr2) | cr_get(irr3), 0, "cr.irr is empty");
	report_eq(cr_get(lrr0), 1 << 16, "cr.lrr0 is masked");
	cr_set(ifa, 0x777);
	report_eq(xsi64(XSI_IFA), 0x777, "mov cr.ifa writes the page");
	xsi64(XSI_IHA) = 0x999;
	report_eq(cr_get(iha), 0x999, "and mov = cr.iha reads it");
}

static void indirect_registers(void)
{
	u64 v;

	__asm__ volatile("mov rr[%0] = %1;;srlz.d" ::"r"(3ull << 61), "r"(0x333ull << 8 | 14 << 2)
			 : "memory");
	v = hp_get_rr(3ull << 61);
	report_eq(v, 0x333 << 8 | 14 << 2, "mov to a region register");
	__asm__ volatile("mov %0 = rr[%1]" : "=r"(v) : "r"(3ull << 61));
	report_eq(v, 0x333 << 8 | 14 << 2, "mov from a region register");
	__asm__ volatile("mov pkr[%1] = %2;;srlz.d;;mov %0 = pkr[%1]"
			 : "=&r"(v)
			 : "r"(14ull), "r"(0x1234ull << 8 | 3));
	report_eq(v, 0x1234ull << 8 | 3, "protection key registers");
	__asm__ volatile("mov pkr[%0] = %1;;srlz.d" ::"r"(14ull), "r"(0ull) : "memory");
	__asm__ volatile("mov dbr[%1] = %2;;srlz.d;;mov %0 = dbr[%1]"
			 : "=&r"(v)
			 : "r"(2ull), "r"(0x12345678ull));
	report_eq(v, 0x12345678, "data breakpoint registers");
	__asm__ volatile("mov ibr[%1] = %2;;srlz.i;;mov %0 = ibr[%1]"
			 : "=&r"(v)
			 : "r"(3ull), "r"(0x1f00000000000000ull));
	report_eq(v >> 56 & 1, 0, "breakpoints do not count at the hypervisor's level");
	__asm__ volatile("mov ibr[%0] = %1;;srlz.i" ::"r"(3ull), "r"(0ull) : "memory");
}

static void application_registers(void)
{
	u64 before = itc(), kr;

	__asm__ volatile("mov ar.itc = %0" ::"r"(5ull));
	report(itc() >= before, "mov ar.itc is ignored");
	__asm__ volatile("mov ar.k3 = %1;;mov %0 = ar.k3" : "=&r"(kr) : "r"(0x3333ull));
	report_eq(kr, 0x3333, "mov ar.k3");
	report_eq(xsi64(XSI_KRS + 24), 0x3333, "is seen in the page");
	report_eq(ar_get(rsc) >> 2 & 3, 1, "ar.rsc has the real level, 1");
}

static void status(void)
{
	u64 v;

	__asm__ volatile("ssm 1 << 21;;mov %0 = psr;;rsm 1 << 21" : "=r"(v));
	report_eq(v >> 21 & 1, 1, "ssm psr.pp");
	__asm__ volatile("mov %0 = psr" : "=r"(v));
	report_eq(v >> 21 & 1, 0, "rsm psr.pp");
	__asm__ volatile("mov psr.l = %1;;srlz.d;;mov %0 = psr"
			 : "=&r"(v)
			 : "r"((v & 0xffffffff) | 1 << 21));
	report_eq(v >> 21 & 1, 1, "mov psr.l sets psr.pp");
	report_eq(v >> PSR_DT & 1, 1, "and keeps psr.dt");
	__asm__ volatile("rsm 1 << 21" ::: "memory");
	events_on();
	__asm__ volatile("rsm 1 << 14" ::: "memory");
	report_eq(shared->vcpu[0].mask, 1, "rsm psr.i masks events");
	u32 port = (u32)bind_ipi(0), was = event_count[port];
	port_clear(port);
	port_unmask(port);
	port_op(EVTCHN_SEND, port);
	report_eq(event_count[port], was, "none comes");
	__asm__ volatile("ssm 1 << 14" ::: "memory");
	report_eq(event_count[port], was + 1, "ssm psr.i lets it in");
	report_eq(shared->vcpu[0].mask, 0, "and unmasks");
	events_off();
	port_op(EVTCHN_CLOSE, port);
	__asm__ volatile("rsm 1 << 13" ::: "memory");
	report_eq(xsi32(XSI_IC), 0, "rsm psr.ic writes the page");
	__asm__ volatile("ssm 1 << 13" ::: "memory");
	report_eq(xsi32(XSI_IC), 1, "so does ssm psr.ic");
}

static void translations(void)
{
	u64 *a = page_alloc(), v;

	a[0] = 0x1111;
	cr_set(ifa, VA);
	cr_set(itir, PAGE_SHIFT << 2);
	__asm__ volatile("itc.d %0;;srlz.d" ::"r"(pa(a) | PTE_KERNEL) : "memory");
	report_eq(*(volatile u64 *)VA, 0x1111, "itc.d");
	__asm__ volatile("tpa %0 = %1" : "=r"(v) : "r"(VA + 0x123));
	report_eq(v, pa(a) + 0x123, "tpa");
	__asm__ volatile("tpa %0 = %1" : "=r"(v) : "r"(a));
	report_eq(v, pa(a), "tpa of region 7");
	__asm__ volatile("tak %0 = %1" : "=r"(v) : "r"(VA + (1ull << 40)));
	report_eq(v, 1, "tak of nothing is 1");
	__asm__ volatile("ptc.l %0, %1;;srlz.d" ::"r"(VA), "r"((u64)PAGE_SHIFT << 2) : "memory");
	report_eq(fault_of(f_load, VA), 0x1000, "ptc.l");
	v = fault_of(f_tpa, VA);
	report(v == 0x1000 && self->caught.ifa == VA && self->caught.iip == (u64)f_tpa_at,
		"tpa of nothing is a miss");
	cr_set(ifa, VA);
	cr_set(itir, PAGE_SHIFT << 2);
	__asm__ volatile("itr.d dtr[%0] = %1;;srlz.d" ::"r"(11ull), "r"(pa(a) | PTE_KERNEL)
			 : "memory");
	__asm__ volatile("ptc.e %0;;srlz.d" ::"r"(0ull) : "memory");
	report_eq(*(volatile u64 *)VA, 0x1111, "itr.d, which ptc.e leaves alone");
	__asm__ volatile("ptr.d %0, %1;;srlz.d" ::"r"(VA), "r"((u64)PAGE_SHIFT << 2) : "memory");
	report_eq(fault_of(f_load, VA), 0x1000, "ptr.d");
	itc_d(VA, pa(a) | PTE_KERNEL, PAGE_SHIFT);
	__asm__ volatile("ptc.e %0;;srlz.d" ::"r"(0ull) : "memory");
	report_eq(fault_of(f_load, VA), 0x1000, "ptc.e purges the rest");
	page_free(a);
}

void test_privop(void)
{
	events_off();
	refusals();
	control_registers();
	indirect_registers();
	application_registers();
	status();
	translations();
}
