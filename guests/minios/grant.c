/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: giving pages to others and using theirs.
 */
#include "grant.h"

volatile struct grant_entry *grants;
static u32 next_ref = 32;
static u32 free_ref[256], free_refs;

s64 grant_op(u32 op, void *args, u64 count)
{
	return hypercall5(op, inline_handle(args), count, 0, 0, HC_GRANT);
}

void grants_init(void)
{
	static u64 frame;
	struct grant_setup s = {.dom = DOMID_SELF, .frames = 1, .list = inline_handle(&frame)};

	if (grant_op(GNTTAB_SETUP, &s, 1) || s.status)
		panic("no grant table: %d", s.status);
	grants = va(frame << PAGE_SHIFT);
}

u32 grant_give(u16 dom, const void *p, bool readonly)
{
	u32 ref = free_refs ? free_ref[--free_refs] : next_ref++;

	grants[ref].frame = (u32)gpfn(p);
	grants[ref].dom = dom;
	__sync_synchronize();
	grants[ref].flags = (u16)(GTF_ACCESS | (readonly ? GTF_READONLY : 0));
	return ref;
}

void grant_end(u32 ref)
{
	grants[ref].flags = 0;
	if (free_refs < countof(free_ref))
		free_ref[free_refs++] = ref;
}

int grant_map(u16 dom, u32 ref, void *at, u32 flags, u32 *handle)
{
	struct grant_map m = {
		.host_addr = pa(at), .flags = flags, .ref = ref, .dom = dom, .status = 99};
	s64 err = grant_op(GNTTAB_MAP, &m, 1);

	*handle = m.handle;
	return err ? (int)err - 1000 : m.status;
}

int grant_unmap(void *at, u32 handle)
{
	struct grant_unmap u = {.host_addr = pa(at), .handle = handle, .status = 99};
	s64 err = grant_op(GNTTAB_UNMAP, &u, 1);

	return err ? (int)err - 1000 : u.status;
}
