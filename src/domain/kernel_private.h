/* SPDX-License-Identifier: MIT */
/* Inside the kernel loader: a file in memory, its ELF headers, what it says to Xen. */
#ifndef DOMAIN_KERNEL_PRIVATE_H
#define DOMAIN_KERNEL_PRIVATE_H

#include <elf.h>

#include "domain/kernel.h"

#define KERNEL_SEGMENTS 64

struct kernel_file {
	const char *name;
	char *error;
	uint8_t *data;
	size_t len;
	/* From kernel_read_headers on, in the host's byte order. */
	Elf64_Ehdr e;
	Elf64_Phdr ph[KERNEL_SEGMENTS];
};

/* Puts name and text into the error. Returns -EINVAL. */
int kernel_fail(const struct kernel_file *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* --- kernel_elf.c --- */
bool kernel_big_endian(const struct kernel_file *f);
/* A number of the file, in its byte order; the caller knows that it is there. */
uint64_t kernel_number(const struct kernel_file *f, const uint8_t *p, unsigned size);
/* Are size bytes from offset on in the file? */
bool kernel_has(const struct kernel_file *f, uint64_t offset, uint64_t size);
/* Checks and converts header and program headers. 0 or -errno with its line, as all here. */
int kernel_read_headers(struct kernel_file *f);
/* Checks all segments, then copies them to where they belong, offset below p_paddr. */
int kernel_load_segments(struct ram *ram, struct kernel_file *f, const struct kernel_rules *rules,
	uint64_t offset, struct kernel_image *k);

/* --- kernel_note.c --- */
/* What the kernel says about itself to Xen's domain builder (ABI 2.1). */
struct kernel_notes {
	bool found, has_entry, has_base, has_offset;
	uint64_t entry, base, offset;
	char loader[32], system[32], version[32];
	uint64_t walked; /* bytes of notes */
};
/* Reads notes, or where there are none the section __xen_guest, and checks that a domain of ours is
 * what they want. */
int kernel_read_notes(const struct kernel_file *f, struct kernel_notes *n);

#endif
