/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that are not a subsystem: the table's rows, version, console, multicall, handles.
 */
#include "hypercall.h"
#include "tests.h"

u64 described_handle(struct xencomm *d, void *p, u64 size)
{
	u64 at = pa(p), end = at + size;

	d->magic = XENCOMM_MAGIC;
	d->count = 0;
	while (at < end && d->count < countof(d->address)) {
		d->address[d->count++] = at;
		at = (at & -(u64)PAGE_SIZE) + PAGE_SIZE;
	}
	return pa(d);
}

/* 0: its own test; else what a domU gets for it with arguments of 0. */
static const signed char rows[64] = {
	[7] = -EPERM,
	[31] = -EPERM,
	[35] = -EPERM,
	[36] = -EFAULT, /* it would read its version first */
	[37] = -EPERM,
	[50] = -EFAULT,
};

static bool own_test(unsigned n)
{
	static const u8 numbers[] = {6, 12, 13, 17, 18, 20, 24, 29, 30, 32, 33, 34, 38, 48, 49};

	for (unsigned i = 0; i < countof(numbers); i++)
		if (numbers[i] == n)
			return true;
	return false;
}

static void table(void)
{
	for (unsigned n = 0; n < 64; n++) {
		if (own_test(n))
			continue;
		s64 wanted = rows[n] ? rows[n] : -ENOSYS;
		report_eq((u64)hypercall(n, 0, 0, 0), (u64)wanted, "hypercall %u is %s", n,
			rows[n] ? "privileged" : "not there");
	}
	report_eq((u64)hypercall(64, 0, 0, 0), (u64)-ENOSYS, "hypercall 64 is not there");
	report_eq((u64)hypercall(255, 0, 0, 0), (u64)-ENOSYS, "hypercall 255 is not there");
	report_eq(
		(u64)hypercall(0x200, 0, 0, 0), (u64)-ENOSYS, "the fast class 0x200 is not there");
	report_eq((u64)hypercall(0x900, 0, 0, 0), (u64)-ENOSYS, "class 0x900 is not there");
}

/* --- xen_version --- */

static void version(void)
{
	static char text[1100] __attribute__((aligned(16)));
	u64 n[2] = {0, 0};
	u32 feature[2] = {0, 0};

	report_eq((u64)hypercall(HC_VERSION, 0, 0, 0), 0x40001, "xen_version is 4.1");
	report_eq((u64)hc_op(HC_VERSION, 1, text), 0, "there is an extraversion");
	report_eq((u64)hc_op(HC_VERSION, 2, text), 0, "there is compile information");
	memset(text, 0, sizeof(text));
	report_eq((u64)hc_op(HC_VERSION, 3, text), 0, "there are capabilities");
	report(starts(text, "xen-3.0-ia64 xen-3.0-ia64be "), "which are both byte orders: %s",
		text);
	report_eq((u64)hc_op(HC_VERSION, 4, text), 0, "there is a changeset");
	report_eq((u64)hc_op(HC_VERSION, 5, n), 0, "there are platform parameters");
	report_eq(n[0], 0xf000000000000000, "which are where Xen begins");
	report_eq((u64)hc_op(HC_VERSION, 6, feature), 0, "there are features");
	report_eq(feature[1], 5, "writable page tables and automatic translation");
	feature[0] = 1;
	report_eq(
		(u64)hc_op(HC_VERSION, 6, feature), (u64)-EINVAL, "and no second word of features");
	report_eq((u64)hypercall(HC_VERSION, 7, 0, 0), PAGE_SIZE, "pages have 16 KB");
	report_eq((u64)hc_op(HC_VERSION, 8, text), 0, "the domain has a handle");
	report_eq((u64)hc_op(HC_VERSION, 9, text), 0, "the hypervisor has a command line");
	report_eq((u64)hypercall(HC_VERSION, 10, 0, 0), (u64)-ENOSYS,
		"xen_version has ten sub-operations");
	report_eq((u64)hypercall(HC_VERSION, 5, 0, 0), (u64)-EFAULT, "a null handle is a fault");
}

/* --- handles --- */

static void handles(void)
{
	static struct xencomm d;
	char *pages = page_alloc(), *more = page_alloc();
	char *split = more == pages + PAGE_SIZE ? more - 5 : pages + PAGE_SIZE - 5;

	memset(pages, 0, PAGE_SIZE);
	report_eq((u64)hypercall(HC_VERSION, 3, described_handle(&d, pages, 1024), 0), 0,
		"a descriptor is taken");
	report(starts(pages, "xen-3.0-ia64 "), "and what it describes is written");
	if (more == pages + PAGE_SIZE) {
		report_eq((u64)hypercall(HC_VERSION, 3, described_handle(&d, split, 1024), 0), 0,
			"a descriptor of two pieces");
		report(starts(split, "xen-3.0-ia64 "), "has one behind the other");
		memset(split, 0, 32);
		report_eq((u64)hypercall(HC_VERSION, 3, inline_handle(split), 0), 0,
			"an inline handle crosses pages");
		report(starts(split, "xen-3.0-ia64 "), "as physical addresses go on");
	}
	d = (struct xencomm){
		.magic = XENCOMM_MAGIC, .count = 3, .address = {~0ull, pa(pages), pa(more)}};
	memset(pages, 0, 64);
	report_eq((u64)hypercall(HC_VERSION, 3, pa(&d), 0), 0,
		"a descriptor's invalid pages are left out");
	d.magic++;
	report_eq((u64)hypercall(HC_VERSION, 3, pa(&d), 0), (u64)-EFAULT,
		"a descriptor without magic is a fault");
	described_handle(&d, pages, 16);
	d.address[0] += PAGE_SIZE - 16;
	report_eq((u64)hypercall(HC_VERSION, 3, pa(&d), 0), (u64)-EFAULT,
		"a descriptor that is too short is a fault");
	report_eq((u64)hypercall(HC_VERSION, 3, pa(&d) + 4, 0), (u64)-EFAULT,
		"a descriptor is aligned");
	report_eq((u64)hypercall(HC_VERSION, 3, 1ull << 63 | 1ull << 45, 0), (u64)-EFAULT,
		"a handle to nowhere is a fault");
	report_eq((u64)hypercall(HC_VERSION, 3, 1ull << 50, 0), (u64)-EFAULT,
		"a descriptor nowhere is a fault");
	page_free(pages);
	page_free(more);
}

/* --- multicall --- */

struct call {
	u64 op;
	s64 result;
	u64 arg[6];
};

static void multicall(void)
{
	static struct call c[3] = {{.op = HC_VERSION}, {.op = 15}, {.op = HC_VERSION, .arg = {7}}};

	report_eq((u64)hypercall(HC_MULTICALL, inline_handle(c), 3, 0), 0, "a multicall of three");
	report_eq((u64)c[0].result, 0x40001, "its first call");
	report_eq((u64)c[1].result, (u64)-ENOSYS, "its second, which fails by itself");
	report_eq((u64)c[2].result, PAGE_SIZE, "its third");
	report_eq((u64)hypercall(HC_MULTICALL, inline_handle(c), 0, 0), 0, "a multicall of none");
	report_eq((u64)hypercall(HC_MULTICALL, 0, 1, 0), (u64)-EFAULT,
		"a multicall nowhere is a fault");
}

/* --- others --- */

static void callbacks(void)
{
	struct {
		u16 type, flags;
		u64 address;
	} c = {.type = 1, .address = 0xe000000000400000};

	report_eq((u64)hc_op(HC_CALLBACK, 0, &c), 0, "a failsafe callback is taken");
	c.type = 2;
	report_eq((u64)hc_op(HC_CALLBACK, 0, &c), (u64)-ENOSYS, "other callbacks are not there");
	c.type = 0;
	c.address = 0xf100000000000000;
	report_eq((u64)hc_op(HC_CALLBACK, 0, &c), (u64)-EINVAL,
		"no callback at the hypervisor's addresses");
	report_eq((u64)hc_op(HC_CALLBACK, 1, &c), (u64)-EINVAL, "callbacks are not unregistered");
	report_eq(
		(u64)hc_op(HC_CALLBACK, 2, &c), (u64)-ENOSYS, "callback_op has two sub-operations");
	report_eq(
		(u64)hypercall(HC_CALLBACK, 0, 0, 0), (u64)-EFAULT, "callback_op of a null handle");
}

static void features(void)
{
	static struct {
		u64 cmd;
		u8 on;
		u64 pgprot, key;
	} f = {.cmd = 1, .on = 1, .pgprot = PTE_KERNEL};
	u64 before = misses;

	report_eq((u64)hypercall(HC_OPT_FEATURE, inline_handle(&f), 0, 0), 0,
		"region 7's identity map is taken");
	volatile u64 sum = 0;
	for (u64 p = 0; p < start_info->nr_pages; p += 16)
		sum += *(volatile u64 *)va(p << PAGE_SHIFT);
	report_eq(misses, before, "with it no miss of region 7 is seen");
	f.on = 0;
	report_eq(
		(u64)hypercall(HC_OPT_FEATURE, inline_handle(&f), 0, 0), 0, "and it is given back");
	f.cmd = 9;
	report_eq((u64)hypercall(HC_OPT_FEATURE, inline_handle(&f), 0, 0), (u64)-ENOSYS,
		"features are three");
	report_eq((u64)hypercall(HC_OPT_FEATURE, 0, 0, 0), (u64)-EFAULT,
		"opt_feature of a null handle");
}

static void refusals(void)
{
	u64 words[8] = {0};

	report_eq((u64)hypercall(HC_CONSOLE_IO, 0, 0, inline_handle(words)), 0,
		"console_io writes nothing");
	report_eq((u64)hypercall(HC_CONSOLE_IO, 7, 1, inline_handle(words)), (u64)-ENOSYS,
		"console_io: two operations");
	report_eq((u64)hc_op(HC_PHYSDEV, 10, words), (u64)-EPERM, "alloc_irq_vector is dom0's");
	report_eq((u64)hc_op(HC_PHYSDEV, 8, words), (u64)-EPERM, "apic_read is dom0's");
	report_eq((u64)hc_op(HC_PHYSDEV, 13, words), 0, "map_pirq is a dummy");
	report_eq((u64)hc_op(HC_PHYSDEV, 99, words), (u64)-ENOSYS, "physdev_op has no 99");
	report_eq((u64)hypercall(HC_DOM0VP, 99, 0, 0), (u64)-1, "dom0vp_op has no 99");
	report_eq((u64)hc_op(HC_HVM, 4, words), 0, "hvm_op 4 is a dummy");
	report_eq((u64)hc_op(HC_HVM, 99, words), (u64)-ENOSYS, "hvm_op has no 99");
	report_eq((u64)hc_op(HC_SCHED, SCHED_YIELD, NULL), 0, "yield");
	report_eq((u64)hypercall(HC_SCHED_COMPAT, 0, 0, 0), 0, "yield, the old form");
	report_eq((u64)hypercall(HC_SCHED_COMPAT, 3, 0, 0), (u64)-ENOSYS,
		"sched_op_compat: three operations");
	report_eq((u64)hypercall(HC_SCHED, 7, 0, 0), (u64)-ENOSYS, "sched_op: seven operations");
	report_eq((u64)hypercall(HC_SCHED, SCHED_SHUTDOWN, 0, 0), (u64)-EFAULT,
		"shutdown of a null handle");
}

static void watchdog(void)
{
	u32 w[2] = {0, 60};
	s64 id = hc_op(HC_SCHED, SCHED_WATCHDOG, w);

	report(id > 0, "a watchdog is set");
	w[0] = (u32)id;
	w[1] = 60;
	report_eq((u64)hc_op(HC_SCHED, SCHED_WATCHDOG, w), 0, "and patted");
	w[1] = 0;
	report_eq((u64)hc_op(HC_SCHED, SCHED_WATCHDOG, w), 0, "and ended");
	w[0] = 0;
	report_eq((u64)hc_op(HC_SCHED, SCHED_WATCHDOG, w), (u64)-EINVAL, "ending none is an error");
	w[0] = 99;
	w[1] = 1;
	report_eq(
		(u64)hc_op(HC_SCHED, SCHED_WATCHDOG, w), (u64)-EINVAL, "watchdog 99 is not there");
}

void test_hypercall(void)
{
	table();
	version();
	handles();
	multicall();
	callbacks();
	features();
	refusals();
	watchdog();
}
