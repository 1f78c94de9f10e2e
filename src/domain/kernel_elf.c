/* SPDX-License-Identifier: MIT */
/*
 * The ELF side of a kernel: headers in either byte order, segments. Everything is checked, against
 * the file, the guest's RAM and each other, before a byte is copied.
 */
#include "domain/kernel_private.h"

#include <string.h>

/* The processor-specific program header of unwind tables (ELF psABI for IA-64). */
#define PT_UNWIND (PT_LOPROC + 1)

typedef unsigned long long ull;

bool kernel_big_endian(const struct kernel_file *f)
{
	return f->len > EI_DATA && f->data[EI_DATA] == ELFDATA2MSB;
}

uint64_t kernel_number(const struct kernel_file *f, const uint8_t *p, unsigned size)
{
	bool big = kernel_big_endian(f);
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)p[big ? size - 1 - i : i] << 8 * i;
	return v;
}

bool kernel_has(const struct kernel_file *f, uint64_t offset, uint64_t size)
{
	return offset <= f->len && size <= f->len - offset;
}

/* --- headers --- */

static void swap16(uint16_t *v)
{
	*v = __builtin_bswap16(*v);
}

static void swap64(uint64_t *v, unsigned n)
{
	while (n--)
		v[n] = __builtin_bswap64(v[n]);
}

static void convert_header(Elf64_Ehdr *e)
{
	swap16(&e->e_type);
	swap16(&e->e_machine);
	swap16(&e->e_phentsize);
	swap16(&e->e_phnum);
	swap16(&e->e_shentsize);
	swap16(&e->e_shnum);
	swap16(&e->e_shstrndx);
	swap64(&e->e_entry, 1);
	swap64(&e->e_phoff, 1);
	swap64(&e->e_shoff, 1);
}

static void convert_segments(Elf64_Phdr *ph, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		ph[i].p_type = __builtin_bswap32(ph[i].p_type);
		ph[i].p_flags = __builtin_bswap32(ph[i].p_flags);
		swap64(&ph[i].p_offset, 6);
	}
}

static int check_machine(const struct kernel_file *f)
{
	static const struct {
		unsigned machine;
		const char *name;
	} known[] = {{EM_386, "32-bit x86"}, {EM_X86_64, "x86-64"}, {EM_AARCH64, "AArch64"},
		{EM_RISCV, "RISC-V"}, {EM_PPC64, "64-bit PowerPC"}, {EM_S390, "S/390"}};

	if (f->e.e_machine == EM_IA_64)
		return 0;
	for (unsigned i = 0; i < countof(known); i++)
		if (known[i].machine == f->e.e_machine)
			return kernel_fail(f, "is an ELF file for %s, not IA-64", known[i].name);
	return kernel_fail(f, "is an ELF file for machine type %u, not IA-64", f->e.e_machine);
}

static int check_header(const struct kernel_file *f)
{
	const Elf64_Ehdr *e = &f->e;
	int err = check_machine(f);

	if (err)
		return err;
	if (e->e_ident[EI_CLASS] != ELFCLASS64)
		return kernel_fail(f, "is not a 64-bit ELF file");
	if (e->e_ident[EI_DATA] != ELFDATA2LSB && e->e_ident[EI_DATA] != ELFDATA2MSB)
		return kernel_fail(f, "is an ELF file of unknown byte order");
	if (e->e_type != ET_EXEC)
		return kernel_fail(f, "is not an executable ELF file (type %u)", e->e_type);
	if (e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phnum == 0 || e->e_phnum > KERNEL_SEGMENTS)
		return kernel_fail(f, "has no usable ELF program headers");
	if (!kernel_has(f, e->e_phoff, e->e_phnum * sizeof(Elf64_Phdr)))
		return kernel_fail(f, "ELF file is truncated (program headers missing)");
	return 0;
}

int kernel_read_headers(struct kernel_file *f)
{
	if (f->len < SELFMAG || memcmp(f->data, ELFMAG, SELFMAG) != 0)
		return kernel_fail(f, "is neither an ELF file nor gzip-compressed");
	if (f->len < sizeof(f->e))
		return kernel_fail(f, "ELF file is truncated (%zu bytes)", f->len);
	memcpy(&f->e, f->data, sizeof(f->e));
	if (kernel_big_endian(f))
		convert_header(&f->e);
	int err = check_header(f);
	if (err)
		return err;
	memcpy(f->ph, f->data + f->e.e_phoff, f->e.e_phnum * sizeof(f->ph[0]));
	if (kernel_big_endian(f))
		convert_segments(f->ph, f->e.e_phnum);
	return 0;
}

/* --- segments --- */

static bool is_loaded(const Elf64_Phdr *p)
{
	return p->p_type == PT_LOAD && p->p_memsz;
}

static int check_segment(
	const struct kernel_file *f, const Elf64_Phdr *p, const struct kernel_rules *rules)
{
	ull start = p->p_paddr, end = p->p_paddr + p->p_memsz;

	if (p->p_filesz > p->p_memsz)
		return kernel_fail(
			f, "ELF segment at 0x%llx is larger in the file than in memory", start);
	if (!kernel_has(f, p->p_offset, p->p_filesz))
		return kernel_fail(f, "ELF file is truncated (segment at 0x%llx)", start);
	if (end < start)
		return kernel_fail(
			f, "ELF segment at 0x%llx has 0x%llx bytes", start, (ull)p->p_memsz);
	if (start >= rules->low && end <= rules->high)
		return 0;
	return kernel_fail(f,
		"needs memory from 0x%llx to 0x%llx; a PV domain of this size has 0x%llx to 0x%llx",
		start, end, (ull)rules->low, (ull)rules->high);
}

static int check_overlaps(const struct kernel_file *f, const Elf64_Phdr *p)
{
	for (const Elf64_Phdr *q = f->ph; q < p; q++)
		if (is_loaded(q) && p->p_paddr < q->p_paddr + q->p_memsz &&
			q->p_paddr < p->p_paddr + p->p_memsz)
			return kernel_fail(f, "ELF segments at 0x%llx and 0x%llx overlap",
				(ull)q->p_paddr, (ull)p->p_paddr);
	return 0;
}

static int check_segments(
	struct ram *ram, const struct kernel_file *f, const struct kernel_rules *rules)
{
	unsigned loaded = 0;

	for (const Elf64_Phdr *p = f->ph; p < f->ph + f->e.e_phnum; p++) {
		if (!is_loaded(p))
			continue;
		int err = check_segment(f, p, rules);
		if (!err)
			err = check_overlaps(f, p);
		if (err)
			return err;
		if (!ram_find(ram, GPA(p->p_paddr), p->p_memsz))
			return kernel_fail(f,
				"needs memory from 0x%llx to 0x%llx, which this domain has not",
				(ull)p->p_paddr, (ull)(p->p_paddr + p->p_memsz));
		loaded++;
	}
	return loaded ? 0 : kernel_fail(f, "has nothing to load");
}

static void note_segment(const Elf64_Phdr *p, struct kernel_image *k)
{
	if (p->p_flags & PF_X && p->p_vaddr < k->text_va)
		k->text_va = p->p_vaddr;
	if (p->p_paddr < k->low)
		k->low = p->p_paddr;
	if (p->p_paddr + p->p_memsz > k->high)
		k->high = p->p_paddr + p->p_memsz;
}

int kernel_load_segments(struct ram *ram, struct kernel_file *f, const struct kernel_rules *rules,
	uint64_t offset, struct kernel_image *k)
{
	for (Elf64_Phdr *p = f->ph; p < f->ph + f->e.e_phnum; p++)
		p->p_paddr -= offset;
	int err = check_segments(ram, f, rules);
	k->low = k->text_va = ~0ull;
	for (const Elf64_Phdr *p = f->ph; p < f->ph + f->e.e_phnum && !err; p++) {
		if (p->p_type == PT_UNWIND) {
			k->unwind_va = p->p_vaddr;
			k->unwind_size = p->p_memsz;
		}
		if (!is_loaded(p))
			continue;
		note_segment(p, k);
		if (ram_write(ram, GPA(p->p_paddr), f->data + p->p_offset, p->p_filesz))
			err = kernel_fail(f, "cannot be put to 0x%llx", (ull)p->p_paddr);
	}
	return err;
}
