/* SPDX-License-Identifier: MIT */
/*
 * Pointers that a guest passes to firmware: addresses in its current mode, so virtual ones go
 * through its TLB, and a miss is the guest's to handle.
 */
#include "fw/call.h"

typedef bool page_fn(struct fw_call *c, gpa_t pa, uint8_t *buf, size_t len);

static bool each_page(
	struct fw_call *c, gva_t va, uint8_t *buf, size_t len, unsigned acc, page_fn *fn)
{
	while (len) {
		size_t part = GRANULE_SIZE - (va & (GRANULE_SIZE - 1));
		if (part > len)
			part = len;
		gpa_t pa = GPA(va);
		bool uncached;
		if (!c->physical &&
			mmu_translate(&c->cpu->mmu, va, (unsigned)part, acc, &pa, &uncached)) {
			c->faulted = true;
			return false;
		}
		if (!fn(c, pa, buf, part))
			return false;
		va += part;
		len -= part;
		if (buf)
			buf += part;
	}
	return true;
}

static bool read_page(struct fw_call *c, gpa_t pa, uint8_t *buf, size_t len)
{
	return ram_read(&c->fw->machine->ram, pa, buf, len) == 0;
}

static bool write_page(struct fw_call *c, gpa_t pa, uint8_t *buf, size_t len)
{
	return ram_write(&c->fw->machine->ram, pa, buf, len) == 0;
}

static bool check_page(struct fw_call *c, gpa_t pa, uint8_t *buf, size_t len)
{
	(void)buf;
	return ram_find(&c->fw->machine->ram, pa, len) != NULL;
}

bool fw_read(struct fw_call *c, gva_t va, void *buf, size_t len)
{
	return each_page(c, va, buf, len, ACC_READ, read_page);
}

bool fw_writable(struct fw_call *c, gva_t va, size_t len)
{
	return each_page(c, va, NULL, len, ACC_WRITE, check_page);
}

bool fw_write(struct fw_call *c, gva_t va, const void *buf, size_t len)
{
	return fw_writable(c, va, len) &&
	       each_page(c, va, (uint8_t *)(uintptr_t)buf, len, ACC_WRITE, write_page);
}
