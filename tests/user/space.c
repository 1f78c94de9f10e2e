/* SPDX-License-Identifier: MIT */
/*
 * The address space: a sorted array of areas, each contiguous in guest-physical memory too, so that
 * translations may use large pages and system calls reach buffers by one pointer. Guest-physical
 * memory that no area uses is all zero.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "process.h"

#define PTE_PRESENT 1ull
#define PTE_A	    (1ull << 5)
#define PTE_D	    (1ull << 6)
#define PTE_PL3	    (3ull << 7)
#define PTE_AR(n)   ((uint64_t)(n) << 9)
#define PTE_ED	    (1ull << 52)

#define LARGEST_PAGE 26

static struct ram_slot *ram(struct process *p)
{
	return &p->machine.ram.slot[0];
}

static void punch(struct process *p, uint64_t gpa, uint64_t len)
{
	ram_invalidate_code(&p->machine.ram, GPA(gpa), len);
	if (madvise(ram(p)->host + gpa, len, MADV_REMOVE) != 0)
		memset(ram(p)->host + gpa, 0, len);
}

static void insert_area(struct process *p, struct area a)
{
	unsigned n = p->areas++;
	while (n > 0 && p->area[n - 1].start > a.start) {
		p->area[n] = p->area[n - 1];
		n--;
	}
	p->area[n] = a;
}

static void remove_area(struct process *p, unsigned n)
{
	p->areas--;
	memmove(&p->area[n], &p->area[n + 1], (p->areas - n) * sizeof(p->area[0]));
}

/* Makes va a border between areas. */
static void split_at(struct process *p, gva_t va)
{
	struct area *a = space_area(p, va);
	if (!a || a->start == va)
		return;
	struct area upper = {va, a->end, a->gpa + (va - a->start), a->prot};
	a->end = va;
	insert_area(p, upper);
}

/* Free guest-physical memory, at the same place within a large page as va. */
static uint64_t find_gpa(struct process *p, gva_t va, uint64_t len)
{
	uint64_t align = USER_PAGE;
	while (align < len && align < 1ull << LARGEST_PAGE)
		align *= 2;
	uint64_t gpa = va & (align - 1);
	for (unsigned n = 0; n < p->areas; n++) {
		const struct area *a = &p->area[n];
		uint64_t end = a->gpa + (a->end - a->start);
		if (gpa < end && a->gpa < gpa + len) {
			gpa = ((end - (va & (align - 1)) + align - 1) & -align) +
			      (va & (align - 1));
			n = -1u;
		}
	}
	return gpa;
}

struct area *space_area(struct process *p, gva_t va)
{
	for (unsigned n = 0; n < p->areas; n++)
		if (va >= p->area[n].start && va < p->area[n].end)
			return &p->area[n];
	return NULL;
}

int space_map(struct process *p, gva_t start, uint64_t len, unsigned prot)
{
	if (len == 0 || p->areas + 3 > MAX_AREAS || len > ram(p)->size)
		return -ENOMEM;
	int err = space_unmap(p, start, len);
	if (err)
		return err;
	uint64_t gpa = find_gpa(p, start, len);
	if (gpa + len > ram(p)->size)
		return -ENOMEM;
	insert_area(p, (struct area){start, start + len, gpa, prot});
	return 0;
}

gva_t space_find_free(struct process *p, gva_t hint, uint64_t len)
{
	for (unsigned n = 0; n < p->areas; n++)
		if (hint < p->area[n].end && p->area[n].start < hint + len)
			hint = p->area[n].end;
	return hint;
}

int space_unmap(struct process *p, gva_t start, uint64_t len)
{
	if (p->areas + 3 > MAX_AREAS)
		return -ENOMEM;
	split_at(p, start);
	split_at(p, start + len);
	for (unsigned n = p->areas; n-- > 0;) {
		struct area *a = &p->area[n];
		if (a->start < start || a->end > start + len)
			continue;
		punch(p, a->gpa, a->end - a->start);
		remove_area(p, n);
	}
	mmu_purge_all_tc(&p->cpu->mmu);
	return 0;
}

int space_protect(struct process *p, gva_t start, uint64_t len, unsigned prot)
{
	if (p->areas + 3 > MAX_AREAS)
		return -ENOMEM;
	split_at(p, start);
	split_at(p, start + len);
	uint64_t covered = 0;
	for (unsigned n = 0; n < p->areas; n++) {
		struct area *a = &p->area[n];
		if (a->start < start || a->end > start + len)
			continue;
		a->prot = prot;
		covered += a->end - a->start;
	}
	mmu_purge_all_tc(&p->cpu->mmu);
	return covered == len ? 0 : -ENOMEM;
}

void space_zero(struct process *p, gva_t start, uint64_t len)
{
	struct area *a = space_area(p, start);
	if (a && len && start + len <= a->end)
		punch(p, a->gpa + (start - a->start), len);
}

/* The largest page around va that stays in the area and is aligned on both sides. */
static unsigned page_shift(const struct area *a, gva_t va)
{
	unsigned ps = LARGEST_PAGE;
	for (; ps > 14; ps -= 2) {
		gva_t mask = (1ull << ps) - 1, page = va & ~mask;
		if (((a->start ^ a->gpa) & mask) == 0 && page >= a->start && page + mask < a->end)
			break;
	}
	return ps;
}

bool space_fill_tlb(struct process *p, gva_t va, bool inst)
{
	const struct area *a = space_area(p, va);
	if (!a || a->prot == 0)
		return false;
	unsigned ps = page_shift(a, va);
	gva_t page = va & ~((1ull << ps) - 1);
	unsigned ar = (a->prot & USER_WRITE ? 2 : 0) | (a->prot & USER_EXEC ? 1 : 0);
	uint64_t pte = (a->gpa + (page - a->start)) | PTE_PRESENT | PTE_A | PTE_D | PTE_PL3 |
		       PTE_AR(ar) | PTE_ED;
	mmu_itc(&p->cpu->mmu, inst, va, (uint64_t)ps << 2, pte);
	return true;
}

void *space_ptr_some(struct process *p, gva_t va, uint64_t *len, unsigned prot)
{
	const struct area *a = space_area(p, va);
	if (!a || (a->prot & prot) != prot)
		return NULL;
	if (*len > a->end - va)
		*len = a->end - va;
	gpa_t gpa = GPA(a->gpa + (va - a->start));
	if (prot & USER_WRITE)
		return ram_write_ptr(&p->machine.ram, gpa, *len);
	return (void *)(uintptr_t)ram_read_ptr(&p->machine.ram, gpa, *len);
}

void *space_ptr(struct process *p, gva_t va, uint64_t len, unsigned prot)
{
	uint64_t have = len;
	void *ptr = space_ptr_some(p, va, &have, prot);
	return have == len ? ptr : NULL;
}

const char *space_string(struct process *p, gva_t va)
{
	uint64_t len = 65536;
	const char *s = space_ptr_some(p, va, &len, USER_READ);
	return s && memchr(s, 0, len) ? s : NULL;
}
