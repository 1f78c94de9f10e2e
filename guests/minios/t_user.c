/* SPDX-License-Identifier: MIT */
/*
 * User level (ABI 4.1, 6.6, 7): system calls, what a user may not do, traps, byte order, the
 * register stack across levels, and gates by epc, which are how fast system calls come in.
 */
#include "hypercall.h"
#include "tests.h"

#define ENTRY(name) extern char name[], name##_at[]
ENTRY(u_syscall);
ENTRY(u_load);
ENTRY(u_load4);
ENTRY(u_store);
ENTRY(u_jump);
ENTRY(u_rsm);
ENTRY(u_cr);
ENTRY(u_kr);
ENTRY(u_itc);
ENTRY(u_hyperprivop);
ENTRY(u_hypercall);
ENTRY(u_big);
ENTRY(u_step);
ENTRY(u_branch);
ENTRY(u_deep);
ENTRY(u_keep);
ENTRY(u_gate);

#define caught	       (&self->caught)
#define at(name)       user_address(name##_at)
#define run(name, arg) user_run(user_address(name), arg)

#define PTE_GATE 0xe61 /* executed by all, epc promotes to level 0 */
#define CPL(psr) ((psr) >> 32 & 3)

static bool done(u64 vector)
{
	return vector == 0x2c00 && caught->iim == BREAK_USER;
}

static void system_calls(void)
{
	u64 v = run(u_syscall, 0x88);

	report(done(v), "a system call comes in by the break vector, with its number");
	report_eq(caught->iip, at(u_syscall), "cr.iip is at the break");
	report_eq(CPL(caught->ipsr), 3, "cr.ipsr has the user's level");
	report(caught->ipsr >> PSR_I & 1 && caught->ipsr >> PSR_IC & 1, "and i and ic");
	report(caught->r[8] == 0x88 && caught->r[9] == 0x99 && caught->r[20] == 0x2020 &&
			caught->r[31] == 0x3131,
		"registers of both banks are the user's");
	report_eq(caught->ifs >> 63, 1, "precover_ifs is valid");
	v = run(u_itc, 0);
	report(done(v) && caught->r[8] <= itc(), "the user reads ar.itc");
}

/* Goes on behind the break, with a result. */
static bool serve(struct frame *f)
{
	if (f->vector != 0x2c00 || f->iim != BREAK_USER + 1)
		return false;
	u64 ri = f->ipsr >> 41 & 3;
	f->ipsr &= ~(3ull << 41);
	if (ri == 2)
		f->iip += 16;
	else
		f->ipsr |= (ri + 1) << 41;
	f->r[8] += 1000;
	return true;
}

static void returns(void)
{
	self->hook = serve;
	u64 v = run(u_keep, 2000);
	report(done(v) && caught->r[8] == 1,
		"2000 system calls return, all registers and NaTs kept");
	volatile u64 *word = va(0);
	(void)word;
	v = run(u_deep, 60);
	report(done(v) && caught->r[8] == 1,
		"a deep call chain keeps its registers in the user's backing store");
	self->hook = NULL;
}

static void byte_order(void)
{
	u64 address = USER_DATA + 0x9000;

	map_fill(address, false);
	*(volatile u64 *)address = 0x1122334455667788;
	self->hook = serve;
	u64 v = run(u_big, address - 1000 + 1000);
	self->hook = NULL;
	report(done(v) && caught->r[9] == 0x8877665544332211,
		"with psr.be the user's data is big-endian");
	report_eq(caught->r[11], 0x0807060504030201, "its stores as well");
	map_fill(address, false);
	report_eq(*(volatile u64 *)address, 0x1122334455667788, "the kernel's is not");
}

static void one(u64 v, u64 vector, u64 ip, u64 ifa, const char *name)
{
	bool good = v == vector && caught->iip == ip && (ifa == ~0ull || caught->ifa == ifa) &&
		    CPL(caught->ipsr) == 3;

	if (!report(good, "%s", name))
		note("vector %lx iip %lx isr %lx ifa %lx iim %lx", v, caught->iip, caught->isr,
			caught->ifa, caught->iim);
}

static void refusals(void)
{
	u64 nowhere = USER_CODE + (1ull << 40);

	one(run(u_load, nowhere), 0x1000, at(u_load), nowhere,
		"a user's load without a translation");
	report(caught->isr >> 34 & 1, "is a read");
	one(run(u_store, nowhere), 0x1000, at(u_store), nowhere, "a user's store");
	report(caught->isr >> 33 & 1, "is a write");
	one(run(u_jump, nowhere), 0xc00, nowhere, nowhere, "a user's jump");
	one(run(u_load, (u64)start_info), 0x5300, at(u_load), (u64)start_info,
		"the kernel's memory is not read");
	one(run(u_store, (u64)start_info), 0x5300, at(u_store), (u64)start_info, "nor written");
	u64 v = run(u_load, XSI_REGS + XSI_IPSR);
	report(v == 0x5300 || v == 0x1000, "nor is the privileged-state page: %lx", v);
	v = run(u_store, XSI + 1);
	report(v == 0x5300 || v == 0x1000, "nor shared_info: %lx", v);
	one(run(u_load4, USER_DATA + 0x9002), 0x5a00, at(u_load4), USER_DATA + 0x9002,
		"an unaligned load faults");
	one(run(u_rsm, 0), 0x5400, at(u_rsm), ~0ull, "rsm psr.i is privileged");
	report_eq(caught->isr & 0xffff, 0x10, "as an operation");
	one(run(u_cr, 0), 0x5400, at(u_cr), ~0ull, "control registers are privileged");
	report_eq(caught->isr & 0xffff, 0x10, "as an operation");
	one(run(u_kr, 0), 0x5400, at(u_kr), ~0ull, "kernel registers are not written");
	report_eq(caught->isr & 0xffff, 0x20, "as they are privileged registers");
	one(run(u_hyperprivop, 0), 0x2c00, at(u_hyperprivop), ~0ull, "a hyperprivop is a break");
	report_eq(caught->iim, 1, "with its number");
	one(run(u_hypercall, 0), 0x2c00, at(u_hypercall), ~0ull, "a hypercall is a break");
	report_eq(caught->iim, BREAK_HYPERCALL, "with its number");
}

static u64 run_psr(const char *code, u64 bits, u64 arg)
{
	return user_run_at(user_address(code), PSR_USER | bits, arg);
}

static void traps(void)
{
	u64 v = run_psr(u_step, 1ull << 40, 0);

	report(v == 0x6000 && caught->ifa != 1, "psr.ss traps behind an instruction");
	report(caught->isr & 8, "its isr says so");
	v = run_psr(u_branch, 1ull << 26, 0);
	report(v == 0x5f00 && caught->iip == at(u_branch) && caught->isr & 4,
		"psr.tb traps behind a branch");
	__asm__ volatile("mov dbr[%0] = %1;;mov dbr[%2] = %3;;srlz.d" ::"r"(0ull),
			 "r"(USER_DATA + 0x9000), "r"(1ull),
			 "r"(1ull << 63 | 0xfull << 56 | 0x00fffffffffffff8)
			 : "memory");
	v = run_psr(u_load, 1ull << 24, USER_DATA + 0x9000);
	report(v == 0x5900 && caught->ifa == USER_DATA + 0x9000 && caught->iip == at(u_load),
		"a data breakpoint");
	v = run_psr(u_load, 0, USER_DATA + 0x9000);
	report(done(v), "which psr.db switches on");
	__asm__ volatile("mov dbr[%0] = %1;;srlz.d" ::"r"(1ull), "r"(0ull) : "memory");
	v = run_psr(u_load, 1ull << 19, 0);
	report(v != 0x5500, "psr.dfh alone stops nobody");
}

static void gates(void)
{
	u64 v = user_run_at(user_address(u_gate), PSR_USER & ~(1ull << PSR_I), 0);

	report(done(v), "a gate is called and returns");
	report_eq(CPL(caught->ipsr), 3, "to the user's level");
	report_eq(caught->r[11], xsi64(XSI_RRS), "inside it the privileged-state page is read");
	report_eq(caught->r[8] >> PSR_DT & 1, 1, "and hyperprivops are done");
	report_eq(caught->r[9] >> 62, 3, "ar.pfs has the user's level");
	v = user_run_at(user_address(u_gate), (PSR_USER & ~(1ull << PSR_I)) | 1ull << 25, 0);
	report(v == 0x5e00 && caught->isr & 2 && caught->iip == user_address(u_gate) + 16,
		"psr.lp traps the return from a gate");
}

void test_user(void)
{
	map_clear();
	user_map();
	map_add(USER_CODE + PAGE_SIZE, (pa(user_start) + PAGE_SIZE) | PTE_GATE, PAGE_SHIFT);
	system_calls();
	returns();
	byte_order();
	refusals();
	traps();
	gates();
	map_clear();
}
