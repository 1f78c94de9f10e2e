/* SPDX-License-Identifier: MIT */
/*
 * Memory of a domain as it changes (ABI 11.1): given back, taken again, exchanged.
 */
#include "hypercall.h"
#include "tests.h"

static s64 reserve(u32 op, u64 *list, u64 n, u32 order)
{
	struct reservation r = {
		.extents = inline_handle(list), .count = n, .order = order, .dom = DOMID_SELF};

	return hc_op(HC_MEMORY, op, &r);
}

static s64 pages_now(void)
{
	u16 dom = DOMID_SELF;

	return hc_op(HC_MEMORY, MEM_CURRENT, &dom);
}

static void numbers(void)
{
	u16 dom = DOMID_SELF, other = 77;
	s64 pages = pages_now();

	report(pages > 0 && (u64)pages >= start_info->nr_pages, "the domain has its pages");
	report(hc_op(HC_MEMORY, MEM_MAXIMUM, &dom) >= pages, "and may have no fewer");
	report((u64)hc_op(HC_MEMORY, MEM_MAX_GPFN, &dom) >= start_info->nr_pages - 1,
		"the last frame is known");
	report(hypercall(HC_MEMORY, MEM_MAX_RAM, 0, 0) > 0, "the machine has memory");
	s64 err = hc_op(HC_MEMORY, MEM_CURRENT, &other);
	report(err == -ESRCH || err == -EPERM, "others' pages are not told");
	report_eq((u64)hypercall(HC_MEMORY, MEM_CURRENT, 0, 0), (u64)-EFAULT,
		"a null handle is a fault");
	report_eq((u64)hc_op(HC_MEMORY, MEM_ADD, &dom), (u64)-ENOSYS,
		"add_to_physmap is for HVM domains");
	report_eq((u64)hc_op(HC_MEMORY, 5, &dom), (u64)-ENOSYS, "memory_op 5 is not there");
	report_eq((u64)hc_op(HC_MEMORY, 9, &dom), (u64)-ENOSYS, "memory_op 9 is not there");
	report_eq((u64)hc_op(HC_MEMORY, 55, &dom), (u64)-ENOSYS, "memory_op 55 is not there");
}

static bool all(const u64 *p, u64 value)
{
	for (unsigned n = 0; n < PAGE_SIZE / 8; n++)
		if (p[n] != value)
			return false;
	return true;
}

static void balloon(void)
{
	static u64 list[4];
	u64 *page[3];
	s64 before = pages_now();

	for (unsigned n = 0; n < 3; n++) {
		page[n] = page_alloc();
		page[n][7] = 0x1234;
		list[n] = gpfn(page[n]);
	}
	report_eq((u64)reserve(MEM_DECREASE, list, 3, 0), 3, "three pages are given back");
	report_eq((u64)pages_now(), (u64)before - 3, "the domain has three less");
	report_eq((u64)reserve(MEM_DECREASE, list, 1, 0), 0,
		"a page that is not there is not given back");
	(void)*(volatile u64 *)page[0];
	*(volatile u64 *)page[1] = 1;
	report(true, "touching one harms nobody");
	report_eq((u64)reserve(MEM_POPULATE, list, 3, 0), 3, "they are taken again");
	report_eq((u64)pages_now(), (u64)before, "the domain has as many as before");
	report(all(page[0], 0) && all(page[1], 0) && all(page[2], 0), "and they are empty");
	page[2][5] = 77;
	report_eq(page[2][5], 77, "and hold what is written");
	list[1] = gpfn(page[0]);
	list[0] = gpfn(page[0]);
	report_eq((u64)reserve(MEM_DECREASE, list, 2, 0), 1, "the same page twice is one");
	report_eq((u64)reserve(MEM_POPULATE, list, 1, 0), 1, "and comes back");
	report_eq(
		(u64)reserve(MEM_POPULATE, list, 1, 0), 0, "beyond its maximum a domain gets none");
	report_eq((u64)reserve(MEM_DECREASE, list, 1, 2), 0,
		"a domU has no extents of four pages to give");
	list[0] = 1ull << 40;
	report_eq((u64)reserve(MEM_DECREASE, list, 1, 0), 0, "a frame nowhere is not given back");
	struct reservation r = {.extents = 1ull << 50, .count = 1, .dom = DOMID_SELF};
	report_eq((u64)hc_op(HC_MEMORY, MEM_DECREASE, &r), 0, "a list nowhere gives nothing");
	r.dom = 77;
	report_eq((u64)hc_op(HC_MEMORY, MEM_DECREASE, &r), 0, "others' pages are not given back");
	for (unsigned n = 0; n < 3; n++)
		page_free(page[n]);
}

struct exchange {
	struct reservation in, out;
	u64 done;
};

static void exchanging(void)
{
	static u64 in[2], out[2];
	u64 *a = page_alloc(), *b = page_alloc();
	struct exchange x = {.in = {.extents = inline_handle(in), .count = 2, .dom = DOMID_SELF},
		.out = {.extents = inline_handle(out), .count = 2, .dom = DOMID_SELF}};
	s64 before = pages_now();

	in[0] = out[0] = gpfn(a);
	in[1] = out[1] = gpfn(b);
	report_eq((u64)hc_op(HC_MEMORY, MEM_EXCHANGE, &x), 0, "pages are exchanged");
	report_eq(x.done, 2, "both of them");
	report_eq((u64)pages_now(), (u64)before, "the domain has as many as before");
	a[1] = 0x11;
	b[1] = 0x22;
	report(a[1] == 0x11 && b[1] == 0x22, "and they are memory");
	x.done = 0;
	x.out.count = 1;
	report_eq((u64)hc_op(HC_MEMORY, MEM_EXCHANGE, &x), (u64)-EINVAL,
		"as many are given as taken");
	x.out.count = 2;
	x.done = 3;
	report_eq((u64)hc_op(HC_MEMORY, MEM_EXCHANGE, &x), (u64)-EINVAL,
		"no more were done than there are");
	x.done = 0;
	x.out.dom = 0;
	report_eq(
		(u64)hc_op(HC_MEMORY, MEM_EXCHANGE, &x), (u64)-EINVAL, "both belong to one domain");
	x.out.dom = DOMID_SELF;
	x.in.order = x.out.order = 1;
	report_eq((u64)hc_op(HC_MEMORY, MEM_EXCHANGE, &x), (u64)-EPERM,
		"a domU exchanges single pages");
	x.in.order = x.out.order = 0;
	in[0] = 1ull << 40;
	report_eq((u64)hc_op(HC_MEMORY, MEM_EXCHANGE, &x), (u64)-EINVAL,
		"a frame nowhere is not exchanged");
	report_eq((u64)pages_now(), (u64)before, "and nothing is lost by that");
	page_free(a);
	page_free(b);
}

void test_memory(void)
{
	numbers();
	balloon();
	exchanging();
}
