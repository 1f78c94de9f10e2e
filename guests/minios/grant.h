/* SPDX-License-Identifier: MIT */
/* Grant tables (ABI 11.2), version 1. */
#ifndef MINIOS_GRANT_H
#define MINIOS_GRANT_H

#include "hypercall.h"

struct grant_entry {
	u16 flags, dom;
	u32 frame;
};
enum {
	GTF_ACCESS = 1,
	GTF_TRANSFER = 2,
	GTF_READONLY = 4,
	GTF_READING = 8,
	GTF_WRITING = 16,
	GTF_COMMITTED = 4,
	GTF_COMPLETED = 8
};
enum {
	GNTTAB_MAP,
	GNTTAB_UNMAP,
	GNTTAB_SETUP,
	GNTTAB_DUMP,
	GNTTAB_TRANSFER,
	GNTTAB_COPY,
	GNTTAB_QUERY,
	GNTTAB_REPLACE,
	GNTTAB_SET_VERSION,
	GNTTAB_STATUS_FRAMES,
	GNTTAB_GET_VERSION
};
enum { GNTMAP_DEVICE = 1, GNTMAP_HOST = 2, GNTMAP_READONLY = 4 };

struct grant_map {
	u64 host_addr;
	u32 flags, ref;
	u16 dom;
	int16_t status;
	u32 handle;
	u64 dev_bus_addr;
};
struct grant_unmap {
	u64 host_addr, dev_bus_addr;
	u32 handle;
	int16_t status;
};
struct grant_copy_end {
	u64 frame; /* or a reference */
	u16 dom, offset;
};
struct grant_copy {
	struct grant_copy_end from, to;
	u16 length, flags;
	int16_t status;
};
enum { COPY_FROM_REF = 1, COPY_TO_REF = 2 };
struct grant_transfer {
	u64 frame;
	u16 dom;
	u32 ref;
	int16_t status;
};
struct grant_setup {
	u16 dom;
	u32 frames;
	int16_t status;
	u64 list;
};
struct grant_query {
	u16 dom;
	u32 frames, most;
	int16_t status;
};

extern volatile struct grant_entry *grants;

s64 grant_op(u32 op, void *args, u64 count);
/* The table's first frame. */
void grants_init(void);
/* Lets dom use the page at p by the reference that is returned. */
u32 grant_give(u16 dom, const void *p, bool readonly);
void grant_end(u32 ref);
/* status of the operation; *handle when it is 0. */
int grant_map(u16 dom, u32 ref, void *at, u32 flags, u32 *handle);
int grant_unmap(void *at, u32 handle);

#endif
