/* SPDX-License-Identifier: MIT */
/*
 * Pages between the kernel and the end of memory, and translations outside region 7.
 */
#include "hypercall.h"

extern char image_end[];

static u64 next_page, last_page;
static u64 free_list[256];
static unsigned free_count;
static volatile int lock;

void memory_init(void)
{
	next_page = (pa(image_end) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	last_page = start_info->nr_pages - 4;
	if (start_info->mod_len && start_info->mod_start >> PAGE_SHIFT >= next_page)
		last_page = start_info->mod_start >> PAGE_SHIFT;
}

void *page_alloc(void)
{
	while (__sync_lock_test_and_set(&lock, 1))
		;
	u64 page = free_count ? free_list[--free_count] : next_page < last_page ? next_page++ : 0;
	__sync_lock_release(&lock);
	if (!page)
		panic("out of memory");
	return memset(va(page << PAGE_SHIFT), 0, PAGE_SIZE);
}

void page_free(void *p)
{
	while (__sync_lock_test_and_set(&lock, 1))
		;
	if (free_count < countof(free_list))
		free_list[free_count++] = gpfn(p);
	__sync_lock_release(&lock);
}

u64 pages_left(void)
{
	return last_page - next_page + free_count;
}

/* --- translations --- */

static struct mapping mappings[32];
static unsigned mapped;

void map_add(u64 address, u64 pte, unsigned ps)
{
	mappings[mapped++ % countof(mappings)] =
		(struct mapping){.va = address, .pte = pte, .ps = ps};
}

void map_replace(u64 address, u64 pte, unsigned ps)
{
	for (unsigned i = 0; i < mapped; i++)
		if (mappings[i].va == address && mappings[i].ps == ps)
			mappings[i].pte = pte;
}

void map_clear(void)
{
	for (unsigned i = 0; i < mapped; i++)
		tlb_purge(mappings[i].va, mappings[i].ps);
	mapped = 0;
}

/* What another processor has replaced meanwhile may have been inserted after its purge. */
static void insert(const volatile struct mapping *m, u64 ifa, bool instruction)
{
	for (u64 pte = m->pte;; pte = m->pte) {
		if (instruction)
			itc_i(ifa, pte, m->ps);
		else
			itc_d(ifa, pte, m->ps);
		__sync_synchronize();
		if (m->pte == pte)
			return;
		tlb_purge(m->va, m->ps);
	}
}

bool map_fill(u64 ifa, bool instruction)
{
	for (unsigned i = 0; i < mapped; i++) {
		const struct mapping *m = &mappings[i];
		if (ifa < m->va || ifa - m->va >= 1ull << m->ps)
			continue;
		insert(m, ifa, instruction);
		return true;
	}
	return false;
}

void tlb_purge(u64 address, unsigned ps)
{
	hp_ptc_ga(address, (u64)ps << 2);
}
