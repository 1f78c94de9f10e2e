/* SPDX-License-Identifier: MIT */
/*
 * Kernel and ramdisk files, which are hostile input: what they are is found out before anything is
 * copied, and nothing is copied to where no RAM is.
 */
#include "domain/kernel_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* A kernel decompresses to at most this; more is an attack or no kernel. */
#define KERNEL_MAX    (1ull << 30)
#define RAMDISK_ALIGN 0x10000ull
#define RAMDISK_PAGE  0x4000ull

int kernel_fail(const struct kernel_file *f, const char *fmt, ...)
{
	int n = snprintf(f->error, LOAD_ERROR_SIZE, "%s: ", f->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->error + n, LOAD_ERROR_SIZE - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* --- files --- */

static int file_size(const struct kernel_file *f, int fd, uint64_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kernel_fail(f, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return kernel_fail(f, "is not a regular file");
	if (st.st_size == 0)
		return kernel_fail(f, "is empty");
	*size = (uint64_t)st.st_size;
	return 0;
}

static int read_bytes(const struct kernel_file *f, int fd, uint8_t *to, uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, to + at, size - at, (off_t)at);
		if (n < 0)
			return kernel_fail(f, "%s", strerror(errno));
		if (n == 0)
			return kernel_fail(f, "has become shorter while it was read");
		at += (uint64_t)n;
	}
	return 0;
}

static int file_read(struct kernel_file *f, int fd)
{
	uint64_t size = 0;
	int err = file_size(f, fd, &size);

	if (err)
		return err;
	if (size > KERNEL_MAX)
		return kernel_fail(f, "is larger than a kernel can be (%llu MB)", KERNEL_MAX >> 20);
	f->data = malloc(size);
	if (!f->data)
		return kernel_fail(f, "is too large (%llu bytes)", (unsigned long long)size);
	f->len = size;
	return read_bytes(f, fd, f->data, size);
}

/* Inflates all of z's input into a growing buffer; returns zlib's last word. */
static int inflate_all(z_stream *z, uint8_t **out, size_t *len)
{
	size_t cap = 0;
	int status = Z_OK;

	while (status == Z_OK && *len < KERNEL_MAX) {
		if (*len == cap) {
			cap = cap ? cap * 2 : 16 << 20;
			uint8_t *p = realloc(*out, cap);
			if (!p)
				return Z_MEM_ERROR;
			*out = p;
		}
		z->next_out = *out + *len;
		z->avail_out = (uInt)(cap - *len);
		status = inflate(z, Z_NO_FLUSH);
		*len = cap - z->avail_out;
	}
	return status;
}

static int file_gunzip(struct kernel_file *f)
{
	z_stream z = {.next_in = f->data, .avail_in = (uInt)f->len};
	uint8_t *out = NULL;
	size_t len = 0;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return kernel_fail(f, "no memory to decompress it");
	int status = inflate_all(&z, &out, &len);
	inflateEnd(&z);
	free(f->data);
	f->data = out;
	f->len = len;
	if (status == Z_STREAM_END)
		return 0;
	if (status == Z_BUF_ERROR)
		return kernel_fail(f, "gzip data is truncated");
	if (status == Z_OK)
		return kernel_fail(f, "decompresses to more than %llu MB", KERNEL_MAX >> 20);
	return kernel_fail(f, "gzip data is corrupt");
}

/* An address as linked, physical, as Linux has it, or virtual: where it is in RAM, else ~0. */
static uint64_t physical(const struct kernel_file *f, uint64_t entry)
{
	const Elf64_Phdr *end = f->ph + f->e.e_phnum;

	for (const Elf64_Phdr *p = f->ph; p < end; p++)
		if (p->p_type == PT_LOAD && entry - p->p_paddr < p->p_memsz)
			return entry;
	for (const Elf64_Phdr *p = f->ph; p < end; p++)
		if (p->p_type == PT_LOAD && entry - p->p_vaddr < p->p_memsz)
			return p->p_paddr + (entry - p->p_vaddr);
	return ~0ull;
}

static int load_elf(struct ram *ram, struct kernel_file *f, const struct kernel_rules *rules,
	struct kernel_image *k)
{
	struct kernel_notes notes = {0};
	int err = kernel_read_headers(f);

	if (!err && rules->xen)
		err = kernel_read_notes(f, &notes);
	if (!err)
		err = kernel_load_segments(ram, f, rules, notes.offset, k);
	if (err)
		return err;
	uint64_t entry = notes.has_entry ? notes.entry : f->e.e_entry;
	k->big_endian = kernel_big_endian(f);
	k->entry = physical(f, entry);
	if (k->entry == ~0ull)
		return kernel_fail(
			f, "entry point 0x%llx is outside its segments", (unsigned long long)entry);
	return 0;
}

int kernel_load(struct ram *ram, int fd, const char *name, const struct kernel_rules *rules,
	struct kernel_image *k, char error[LOAD_ERROR_SIZE])
{
	struct kernel_file f = {.name = name, .error = error};

	*k = (struct kernel_image){0};
	int err = file_read(&f, fd);
	if (!err && f.len >= 2 && f.data[0] == 0x1f && f.data[1] == 0x8b)
		err = file_gunzip(&f);
	if (!err)
		err = load_elf(ram, &f, rules, k);
	free(f.data);
	return err;
}

/* --- the ramdisk --- */

/* The highest aligned place for size bytes that is RAM, within [low, high) and, to the end of the
 * RAM it is in, whole granules; 0: none. A page stays free behind it: old kernels of flat memory
 * stop at a last piece of memory that is smaller than a page. */
static uint64_t find_high(
	struct ram *ram, uint64_t size, uint64_t low, uint64_t high, uint64_t granule)
{
	uint64_t best = 0;
	for (unsigned i = 0; i < ram->count; i++) {
		const struct ram_slot *s = &ram->slot[i];
		uint64_t end = s->base + s->size < high ? s->base + s->size : high;
		uint64_t start = s->base > low ? s->base : low;
		end &= ~(granule - 1);
		if (end <= start || end - start < size + RAMDISK_ALIGN)
			continue;
		uint64_t at = (end - RAMDISK_ALIGN - size) & ~(RAMDISK_ALIGN - 1);
		if (at >= start && at > best)
			best = at;
	}
	return best;
}

/* Linux uses whole granules (64 or 16 MB) only, and later frees the ramdisk's pages as if it knew
 * them: it must not lie in what is left over at the end. */
static uint64_t find_place(struct ram *ram, uint64_t size, const struct ramdisk_place *p)
{
	uint64_t at = (p->low + RAMDISK_PAGE - 1) & ~(RAMDISK_PAGE - 1);

	if (p->behind)
		return at <= p->high && size <= p->high - at ? at : 0;
	at = find_high(ram, size, p->low, p->high, 64 << 20);
	if (!at)
		at = find_high(ram, size, p->low, p->high, 16 << 20);
	return at ? at : find_high(ram, size, p->low, p->high, RAMDISK_ALIGN);
}

int ramdisk_load(struct ram *ram, int fd, const char *name, const struct ramdisk_place *place,
	uint64_t *base, uint64_t *size, char error[LOAD_ERROR_SIZE])
{
	struct kernel_file f = {.name = name, .error = error};
	int err = file_size(&f, fd, size);

	if (err)
		return err;
	*base = find_place(ram, *size, place);
	uint8_t *to = *base ? ram_write_ptr(ram, GPA(*base), *size) : NULL;
	if (!to)
		return kernel_fail(&f, "ramdisk of %llu KB does not fit into memory",
			(unsigned long long)*size >> 10);
	return read_bytes(&f, fd, to, *size);
}
