/* SPDX-License-Identifier: MIT */
/* Loading what a guest boots from: an ELF kernel, plain or gzip-compressed, and a ramdisk. */
#ifndef DOMAIN_KERNEL_H
#define DOMAIN_KERNEL_H

#include "base/types.h"
#include "mmu/ram.h"

#define LOAD_ERROR_SIZE 1400

struct kernel_image {
	uint64_t entry;	    /* physical */
	uint64_t low, high; /* physical range [low, high) of all segments */
	uint64_t unwind_va; /* unwind table as linked, for backtraces; 0: none */
	uint64_t unwind_size;
	uint64_t text_va; /* lowest address of executable segments, as linked */
	bool big_endian;
};

/* What is asked of a kernel. */
struct kernel_rules {
	uint64_t low, high; /* it has to lie in [low, high), physical */
	bool xen;	    /* it will find Xen: what its notes say counts */
};

/* Copies the kernel's segments into RAM, which holds zeroes. fd is read from its start; name is for
 * messages. Returns 0, or -errno with one line in error. */
int kernel_load(struct ram *ram, int fd, const char *name, const struct kernel_rules *rules,
	struct kernel_image *k, char error[LOAD_ERROR_SIZE]);

struct ramdisk_place {
	uint64_t low, high; /* physical: all of it has to lie there */
	bool behind;	    /* at the first page (16 KB) from low on, else as high as it fits */
};

/* Puts the file into RAM; *base and *size tell where. Returns as kernel_load. */
int ramdisk_load(struct ram *ram, int fd, const char *name, const struct ramdisk_place *place,
	uint64_t *base, uint64_t *size, char error[LOAD_ERROR_SIZE]);

#endif
