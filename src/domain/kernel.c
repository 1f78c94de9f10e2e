/* SPDX-License-Identifier: MIT */
/*
 * A kernel file is hostile input: every offset and size is checked against the file and the guest's
 * RAM before it is used, and nothing is copied to where no RAM is.
 */
#include "domain/kernel.h"

#include <elf.h>
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

/* The processor-specific program header of unwind tables (ELF psABI for IA-64). */
#define PT_UNWIND (PT_LOPROC + 1)

struct file {
	const char *name;
	uint8_t *data;
	size_t len;
	char *error;
};

static int fail(const struct file *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(const struct file *f, const char *fmt, ...)
{
	int n = snprintf(f->error, LOAD_ERROR_SIZE, "%s: ", f->name);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(f->error + n, LOAD_ERROR_SIZE - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int file_read(struct file *f, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail(f, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(f, "is not a regular file");
	if (st.st_size == 0)
		return fail(f, "is empty");
	f->data = malloc((size_t)st.st_size);
	if (!f->data)
		return fail(f, "is too large (%lld bytes)", (long long)st.st_size);
	while (f->len < (size_t)st.st_size) {
		ssize_t n = pread(fd, f->data + f->len, (size_t)st.st_size - f->len, (off_t)f->len);
		if (n < 0)
			return fail(f, "%s", strerror(errno));
		if (n == 0)
			break;
		f->len += (size_t)n;
	}
	return 0;
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

static int file_gunzip(struct file *f)
{
	z_stream z = {.next_in = f->data, .avail_in = (uInt)f->len};
	uint8_t *out = NULL;
	size_t len = 0;

	if (f->len > KERNEL_MAX)
		return fail(f, "is larger than a kernel can be");
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return fail(f, "no memory to decompress it");
	int status = inflate_all(&z, &out, &len);
	inflateEnd(&z);
	free(f->data);
	f->data = out;
	f->len = len;
	if (status == Z_STREAM_END)
		return 0;
	if (status == Z_BUF_ERROR)
		return fail(f, "gzip data is truncated");
	if (status == Z_OK)
		return fail(f, "decompresses to more than %llu MB", KERNEL_MAX >> 20);
	return fail(f, "gzip data is corrupt");
}

static const char *machine_name(unsigned machine, char buf[32])
{
	switch (machine) {
	case EM_386:
		return "32-bit x86";
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "AArch64";
	case EM_RISCV:
		return "RISC-V";
	default:
		snprintf(buf, 32, "machine type %u", machine);
		return buf;
	}
}

static int elf_check(const struct file *f, const Elf64_Ehdr *e)
{
	char buf[32];
	if (f->len < EI_NIDENT || memcmp(f->data, ELFMAG, SELFMAG) != 0)
		return fail(f, "is neither an ELF file nor gzip-compressed");
	if (f->len < sizeof(*e))
		return fail(f, "ELF file is truncated (%zu bytes)", f->len);
	if (e->e_machine != EM_IA_64)
		return fail(f, "is an ELF file for %s, not IA-64", machine_name(e->e_machine, buf));
	if (e->e_ident[EI_CLASS] != ELFCLASS64)
		return fail(f, "is not a 64-bit ELF file");
	if (e->e_type != ET_EXEC)
		return fail(f, "is not an executable ELF file (type %u)", e->e_type);
	if (e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phnum == 0 || e->e_phnum > 64)
		return fail(f, "has no usable ELF program headers");
	if (e->e_phoff > f->len || f->len - e->e_phoff < e->e_phnum * sizeof(Elf64_Phdr))
		return fail(f, "ELF file is truncated (program headers missing)");
	return 0;
}

/* --- byte order: headers are converted where they are read --- */

static bool is_big_endian(const struct file *f)
{
	return f->len > EI_DATA && f->data[EI_DATA] == ELFDATA2MSB;
}

static void swap64(uint64_t *v, unsigned n)
{
	while (n--)
		v[n] = __builtin_bswap64(v[n]);
}

static void read_header(const struct file *f, Elf64_Ehdr *e)
{
	memset(e, 0, sizeof(*e));
	memcpy(e, f->data, f->len < sizeof(*e) ? f->len : sizeof(*e));
	if (!is_big_endian(f))
		return;
	e->e_type = __builtin_bswap16(e->e_type);
	e->e_machine = __builtin_bswap16(e->e_machine);
	e->e_phentsize = __builtin_bswap16(e->e_phentsize);
	e->e_phnum = __builtin_bswap16(e->e_phnum);
	swap64(&e->e_entry, 1);
	swap64(&e->e_phoff, 1);
}

static void read_segments(const struct file *f, const Elf64_Ehdr *e, Elf64_Phdr *ph)
{
	memcpy(ph, f->data + e->e_phoff, e->e_phnum * sizeof(*ph));
	for (unsigned i = 0; is_big_endian(f) && i < e->e_phnum; i++) {
		ph[i].p_type = __builtin_bswap32(ph[i].p_type);
		ph[i].p_flags = __builtin_bswap32(ph[i].p_flags);
		swap64(&ph[i].p_offset, 6);
	}
}

static uint64_t number(const struct file *f, const uint8_t *p, unsigned size)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)p[is_big_endian(f) ? size - 1 - i : i] << 8 * i;
	return v;
}

/* --- notes of kernels that know Xen (ABI 2.1) --- */

enum { XEN_NOTE_ENTRY = 1, XEN_NOTE_VERSION = 5 };

static void take_note(const struct file *f, uint32_t type, const uint8_t *desc, uint64_t size,
	struct kernel_image *k)
{
	if (type == XEN_NOTE_ENTRY && (size == 4 || size == 8))
		k->xen_entry = number(f, desc, (unsigned)size);
	if (type == XEN_NOTE_VERSION && size < sizeof(k->xen_version))
		memcpy(k->xen_version, desc, size);
}

/* The file holds the segment whole. */
static void read_notes(const struct file *f, const Elf64_Phdr *p, struct kernel_image *k)
{
	uint64_t at = p->p_offset, end = p->p_offset + p->p_filesz;

	while (end - at >= 12) {
		uint64_t name = number(f, f->data + at, 4), desc = number(f, f->data + at + 4, 4);
		uint32_t type = (uint32_t)number(f, f->data + at + 8, 4);
		uint64_t desc_at = at + 12 + ((name + 3) & ~3ull);
		uint64_t next = desc_at + ((desc + 3) & ~3ull);
		if (desc_at > end || desc > end - desc_at)
			return;
		if (name == 4 && memcmp(f->data + at + 12, "Xen", 4) == 0)
			take_note(f, type, f->data + desc_at, desc, k);
		if (next > end)
			return;
		at = next;
	}
}

int kernel_check_xen(const struct kernel_image *k, const char *name, char error[LOAD_ERROR_SIZE])
{
	if (!k->xen_version[0] || strcmp(k->xen_version, "xen-3.0") == 0)
		return 0;
	snprintf(error, LOAD_ERROR_SIZE, "%s: is a kernel for '%s', not 'xen-3.0'", name,
		k->xen_version);
	return -EINVAL;
}

static int load_segment(struct ram *ram, const struct file *f, const Elf64_Phdr *p)
{
	if (p->p_filesz > p->p_memsz)
		return fail(f, "ELF segment at 0x%llx is larger in the file than in memory",
			(unsigned long long)p->p_paddr);
	if (p->p_offset > f->len || f->len - p->p_offset < p->p_filesz)
		return fail(f, "ELF file is truncated (segment at 0x%llx)",
			(unsigned long long)p->p_paddr);
	uint8_t *to = ram_write_ptr(ram, GPA(p->p_paddr), p->p_memsz);
	if (!to)
		return fail(f, "needs memory from 0x%llx to 0x%llx, which this domain has not",
			(unsigned long long)p->p_paddr,
			(unsigned long long)(p->p_paddr + p->p_memsz));
	memcpy(to, f->data + p->p_offset, p->p_filesz);
	memset(to + p->p_filesz, 0, p->p_memsz - p->p_filesz);
	return 0;
}

/* The entry point may be linked as a physical address, as Linux has it, or as a virtual one. */
static uint64_t physical_entry(const Elf64_Phdr *ph, unsigned n, uint64_t entry)
{
	for (unsigned i = 0; i < n; i++) {
		if (ph[i].p_type == PT_LOAD && entry - ph[i].p_paddr < ph[i].p_memsz)
			return entry;
	}
	for (unsigned i = 0; i < n; i++) {
		if (ph[i].p_type == PT_LOAD && entry - ph[i].p_vaddr < ph[i].p_memsz)
			return ph[i].p_paddr + (entry - ph[i].p_vaddr);
	}
	return ~0ull;
}

static int load_segments(struct ram *ram, const struct file *f, const Elf64_Phdr *ph, unsigned n,
	struct kernel_image *k)
{
	k->low = k->text_va = ~0ull;
	for (unsigned i = 0; i < n; i++) {
		if (ph[i].p_type == PT_NOTE && ph[i].p_offset <= f->len &&
			f->len - ph[i].p_offset >= ph[i].p_filesz)
			read_notes(f, &ph[i], k);
		if (ph[i].p_type == PT_UNWIND) {
			k->unwind_va = ph[i].p_vaddr;
			k->unwind_size = ph[i].p_memsz;
		}
		if (ph[i].p_type != PT_LOAD || ph[i].p_memsz == 0)
			continue;
		int err = load_segment(ram, f, &ph[i]);
		if (err)
			return err;
		if (ph[i].p_flags & PF_X && ph[i].p_vaddr < k->text_va)
			k->text_va = ph[i].p_vaddr;
		if (ph[i].p_paddr < k->low)
			k->low = ph[i].p_paddr;
		if (ph[i].p_paddr + ph[i].p_memsz > k->high)
			k->high = ph[i].p_paddr + ph[i].p_memsz;
	}
	return k->high ? 0 : fail(f, "has nothing to load");
}

static int elf_load(struct ram *ram, const struct file *f, struct kernel_image *k)
{
	Elf64_Ehdr e;
	Elf64_Phdr ph[64];
	read_header(f, &e);
	int err = elf_check(f, &e);
	if (err)
		return err;
	read_segments(f, &e, ph);
	k->big_endian = is_big_endian(f);
	err = load_segments(ram, f, ph, e.e_phnum, k);
	if (err)
		return err;
	k->entry = physical_entry(ph, e.e_phnum, e.e_entry);
	if (k->entry == ~0ull)
		return fail(f, "entry point 0x%llx is outside its segments",
			(unsigned long long)e.e_entry);
	if (!k->xen_entry)
		k->xen_entry = k->entry;
	return 0;
}

int kernel_load(struct ram *ram, int fd, const char *name, struct kernel_image *k,
	char error[LOAD_ERROR_SIZE])
{
	struct file f = {.name = name, .error = error};
	*k = (struct kernel_image){0};
	int err = file_read(&f, fd);
	if (!err && f.len >= 2 && f.data[0] == 0x1f && f.data[1] == 0x8b)
		err = file_gunzip(&f);
	if (!err)
		err = elf_load(ram, &f, k);
	free(f.data);
	return err;
}

/* The highest aligned place for size bytes that is RAM, within [low, high) and, to the end of the
 * RAM it is in, whole granules; 0: none. A page stays free behind it: old kernels of flat memory
 * stop at a last piece of memory that is smaller than a page. */
static uint64_t find_place(
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

int ramdisk_load(struct ram *ram, int fd, const char *name, uint64_t low, uint64_t high,
	uint64_t *base, uint64_t *size, char error[LOAD_ERROR_SIZE])
{
	struct file f = {.name = name, .error = error};
	int err = file_read(&f, fd);
	if (!err) {
		*size = f.len;
		/* Linux uses whole granules (64 or 16 MB) only, and later frees the ramdisk's pages
		 * as if it knew them: it must not lie in what is left over at the end. */
		*base = find_place(ram, f.len, low, high, 64 << 20);
		if (!*base)
			*base = find_place(ram, f.len, low, high, 16 << 20);
		if (!*base)
			*base = find_place(ram, f.len, low, high, RAMDISK_ALIGN);
		if (!*base || ram_write(ram, GPA(*base), f.data, f.len))
			err = fail(&f, "ramdisk of %zu KB does not fit into memory", f.len >> 10);
	}
	free(f.data);
	return err;
}
