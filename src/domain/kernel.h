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
	uint64_t text_va;   /* lowest address of executable segments, as linked */
	uint64_t xen_entry; /* physical, for a PV domain: as its notes say, else entry */
	bool big_endian;
	char xen_version[16]; /* from its notes; empty: none */
};

/* Copies the kernel's segments into RAM. fd is read from its start; name is for messages.
 * Returns 0, or -errno with one line in error. */
int kernel_load(struct ram *ram, int fd, const char *name, struct kernel_image *k,
	char error[LOAD_ERROR_SIZE]);

/* May the kernel run in a PV domain? Returns 0, or -errno with one line in error. */
int kernel_check_xen(const struct kernel_image *k, const char *name, char error[LOAD_ERROR_SIZE]);

/* Puts the file as high as it fits into RAM between low and high (physical), 64 KB aligned;
 * *base and *size tell where. Returns as kernel_load. */
int ramdisk_load(struct ram *ram, int fd, const char *name, uint64_t low, uint64_t high,
	uint64_t *base, uint64_t *size, char error[LOAD_ERROR_SIZE]);

#endif
