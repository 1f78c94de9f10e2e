/* SPDX-License-Identifier: MIT */
/*
 * Grants within one domain (ABI 11.2): the table, maps of own pages, copies.
 */
#include "grant.h"
#include "tests.h"
#include "xenbus.h"

static u16 domid;
void f_store(u64 va);

static void table(void)
{
	static u64 frames[4];
	struct grant_setup s = {
		.dom = DOMID_SELF, .frames = 4, .status = 99, .list = inline_handle(frames)};
	struct grant_query q = {.dom = DOMID_SELF};
	u32 version[2] = {DOMID_SELF, 0};

	report(!grant_op(GNTTAB_SETUP, &s, 1) && !s.status, "the table gets four frames");
	report(frames[0] == 0x4000041 && frames[3] == 0x4000044, "which are where the ABI says");
	report(!grant_op(GNTTAB_QUERY, &q, 1) && !q.status && q.frames == 4 && q.most >= 4,
		"its size is told");
	s.frames = 100000;
	s.status = 99;
	report(grant_op(GNTTAB_SETUP, &s, 1) == 0 && s.status == -1,
		"too many frames are a general error");
	s.frames = 1;
	s.dom = 77;
	s.status = 99;
	grant_op(GNTTAB_SETUP, &s, 1);
	report(s.status == -2 || s.status == -8, "others' tables are not set up");
	s64 err = grant_op(GNTTAB_GET_VERSION, version, 1);
	report(err == -ENOSYS || version[1] == 1, "the table has version 1");
	report_eq((u64)grant_op(99, &s, 1), (u64)-ENOSYS, "grant_table_op has no 99");
	report_eq((u64)hypercall(HC_GRANT, GNTTAB_SETUP, 0, 1), (u64)-EFAULT,
		"a null handle is a fault");
	report_eq((u64)grant_op(GNTTAB_MAP, &s, 0), 0, "an operation on none");
}

static void maps(void)
{
	u64 *page = page_alloc(), *at = page_alloc();
	u32 ref, handle, second;

	page[3] = 0x123456789;
	ref = grant_give(domid, page, false);
	report_eq((u64)grant_map(domid, ref, at, GNTMAP_HOST, &handle), 0,
		"an own page is mapped a second time");
	report_eq(grants[ref].flags, GTF_ACCESS | GTF_READING | GTF_WRITING,
		"its entry says that it is used");
	report_eq(at[3], 0x123456789, "its contents are seen");
	at[4] = 55;
	report_eq(page[4], 55, "writes go through");
	report_eq((u64)grant_unmap(at, handle), 0, "it is unmapped");
	report_eq(grants[ref].flags, GTF_ACCESS, "and not used any more");
	report_eq((u64)grant_unmap(at, handle), (u64)-4, "twice is a bad handle");
	grant_end(ref);
	ref = grant_give(domid, page, true);
	report_eq((u64)grant_map(domid, ref, at, GNTMAP_HOST, &handle), (u64)-1,
		"a read-only grant is not mapped for writing");
	report_eq((u64)grant_map(domid, ref, at, GNTMAP_HOST | GNTMAP_READONLY, &handle), 0,
		"but for reading");
	report_eq(grants[ref].flags, GTF_ACCESS | GTF_READONLY | GTF_READING, "its entry says so");
	report_eq(at[3], 0x123456789, "it is read");
	report_eq(fault_of(f_store, (u64)(at + 4)), 0x5300, "and a store is a fault");
	report_eq((u64)grant_unmap(at, handle), 0, "and unmapped");
	grant_end(ref);
	ref = grant_give(domid, page, false);
	grant_map(domid, ref, at, GNTMAP_HOST, &handle);
	u64 *at2 = page_alloc();
	report_eq((u64)grant_map(domid, ref, at2, GNTMAP_HOST | GNTMAP_READONLY, &second), 0,
		"a grant is mapped twice");
	report_eq((u64)grant_unmap(at, handle), 0, "one map ends");
	report_eq(grants[ref].flags & GTF_READING, GTF_READING, "the other goes on");
	report_eq(at2[3], 0x123456789, "and is seen");
	report_eq((u64)grant_unmap(at2, second), 0, "and ends");
	grant_end(ref);
	static u64 list[2];
	list[0] = gpfn(at);
	list[1] = gpfn(at2);
	struct reservation r = {.extents = inline_handle(list), .count = 2, .dom = DOMID_SELF};
	report_eq((u64)hc_op(HC_MEMORY, MEM_POPULATE, &r), 2, "where maps were is room for memory");
	report_eq(at[3], 0, "which is empty");
	page_free(page);
	page_free(at);
	page_free(at2);
}

static void refused_maps(void)
{
	void *page = page_alloc(), *at = page_alloc();
	u32 handle, ref = grant_give(domid, page, false);

	report_eq((u64)grant_map(77, ref, at, GNTMAP_HOST, &handle), (u64)-2,
		"a domain that is not there is a bad domain");
	report_eq((u64)grant_map(domid, 1 << 20, at, GNTMAP_HOST, &handle), (u64)-3,
		"a reference beyond the table is bad");
	report_eq((u64)grant_map(domid, ref + 9, at, GNTMAP_HOST, &handle), (u64)-1,
		"an entry that is not given is an error");
	report_eq((u64)grant_map(domid, ref, at, 0, &handle), (u64)-3, "a map needs a kind");
	grant_end(ref);
	ref = grant_give(0, page, false);
	report_eq((u64)grant_map(domid, ref, at, GNTMAP_HOST, &handle), (u64)-1,
		"what is given to another domain is not mapped");
	grant_end(ref);
	report_eq((u64)grant_unmap(at, 4000), (u64)-4, "a handle that is not there is bad");
	page_free(page);
	page_free(at);
}

static int copy(struct grant_copy_end from, struct grant_copy_end to, u16 length, u16 flags)
{
	struct grant_copy c = {
		.from = from, .to = to, .length = length, .flags = flags, .status = 99};
	s64 err = grant_op(GNTTAB_COPY, &c, 1);

	return err ? (int)err - 1000 : c.status;
}

static void copies(void)
{
	u64 *a = page_alloc(), *b = page_alloc();
	u32 ref = grant_give(domid, a, true), wref = grant_give(domid, b, false);
	struct grant_copy_end frame_a = {gpfn(a), DOMID_SELF, 64},
			      frame_b = {gpfn(b), DOMID_SELF, 128};
	struct grant_copy_end ref_a = {ref, domid, 64}, ref_b = {wref, domid, 128};

	for (unsigned n = 0; n < PAGE_SIZE / 8; n++)
		a[n] = n;
	report_eq((u64)copy(frame_a, frame_b, 80, 0), 0, "a copy between frames");
	report(b[15] == 0 && b[16] == 8 && b[25] == 17 && b[26] == 0, "copies what it says");
	memset(b, 0, PAGE_SIZE);
	report_eq((u64)copy(ref_a, frame_b, 16, COPY_FROM_REF), 0, "a copy from a grant");
	report(b[16] == 8 && b[17] == 9 && b[18] == 0, "copies what it says");
	memset(b, 0, PAGE_SIZE);
	report_eq((u64)copy(frame_a, ref_b, 16, COPY_TO_REF), 0, "a copy to a grant");
	report(b[16] == 8 && b[17] == 9 && b[18] == 0, "copies what it says");
	report_eq((u64)copy(ref_a, ref_b, 16, COPY_FROM_REF | COPY_TO_REF), 0,
		"a copy between grants");
	report_eq(
		grants[ref].flags | grants[wref].flags << 8, 0x105, "both are not used afterwards");
	ref_b = (struct grant_copy_end){ref, domid, 0};
	report_eq((u64)copy(frame_a, ref_b, 16, COPY_TO_REF), (u64)-1,
		"a read-only grant is not written to");
	frame_a.offset = PAGE_SIZE - 8;
	report_eq((u64)copy(frame_a, frame_b, 16, 0), (u64)-10, "a copy stays in its page");
	frame_a.frame = 1ull << 40;
	frame_a.offset = 0;
	s64 status = copy(frame_a, frame_b, 16, 0);
	report(status == -1 || status == -9, "a frame nowhere is an error: %ld", status);
	report_eq((u64)copy((struct grant_copy_end){ref, 77, 0}, frame_b, 16, COPY_FROM_REF),
		(u64)-2, "a copy from nobody is a bad domain");
	report_eq((u64)copy((struct grant_copy_end){gpfn(a), domid, 0}, frame_b, 16, 0), (u64)-8,
		"a frame is the caller's by its own name only");
	grant_end(ref);
	grant_end(wref);
	page_free(a);
	page_free(b);
}

static void many(void)
{
	static struct grant_map m[64];
	static struct grant_unmap u[64];
	char *page = page_alloc();
	u32 ref = grant_give(domid, page, false);
	void *at[64];
	unsigned good = 0;

	for (unsigned n = 0; n < 64; n++) {
		at[n] = page_alloc();
		m[n] = (struct grant_map){
			.host_addr = pa(at[n]), .flags = GNTMAP_HOST, .ref = ref, .dom = domid};
	}
	report_eq((u64)grant_op(GNTTAB_MAP, m, 64), 0, "64 maps in one call");
	for (unsigned n = 0; n < 64; n++) {
		good += !m[n].status;
		u[n] = (struct grant_unmap){.host_addr = pa(at[n]), .handle = m[n].handle};
		*(volatile u32 *)((char *)at[n] + 4 * n) = n;
	}
	report_eq(good, 64, "all are mapped");
	bool seen = true;
	for (u32 n = 0; n < 64; n++)
		seen &= *(u32 *)(page + 4 * n) == n;
	report(seen, "all are the same page");
	report_eq((u64)grant_op(GNTTAB_UNMAP, u, 64), 0, "64 maps end in one call");
	static u64 list[64];
	for (unsigned n = 0; n < 64; n++)
		list[n] = gpfn(at[n]);
	struct reservation r = {.extents = inline_handle(list), .count = 64, .dom = DOMID_SELF};
	report_eq((u64)hc_op(HC_MEMORY, MEM_POPULATE, &r), 64, "and leave room for memory");
	for (unsigned n = 0; n < 64; n++)
		page_free(at[n]);
	grant_end(ref);
	page_free(page);
}

void test_grant(void)
{
	xs_init();
	domid = own_domid();
	table();
	grants_init();
	maps();
	refused_maps();
	copies();
	many();
}
