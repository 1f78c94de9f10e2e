/* SPDX-License-Identifier: MIT */
/* From a file to a process about to run: segments, stack with argv, envp and auxv, registers. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu/rse.h"
#include "process.h"

#define STACK_TOP  0x60000fffffffc000ull
#define STACK_SIZE (64ull << 20)
/* The register backing store grows upwards. */
#define RBS_BASE 0x6000080000000000ull
#define RBS_SIZE (64ull << 20)
#define BRK_SIZE (1ull << 30)

#define RSC_USER  0xfull /* eager, level 3 */
#define FPSR_USER 0x0009804c0270033full
#define RID(n)	  ((uint64_t)(n) + 1)
/* Speculative loads: defer everything that page tables can cause but misses, as Linux does. */
#define DCR_USER 0x7e00ull

static int fail(const char *path, const char *why)
{
	fprintf(stderr, "epixen-user: %s: %s\n", path, why);
	return -1;
}

/* The whole file; the caller frees it. */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return NULL;
	uint8_t *data = NULL;
	size_t cap = 0, len = 0;
	do {
		cap = cap ? cap * 2 : 1 << 20;
		uint8_t *more = realloc(data, cap);
		if (!more)
			break;
		data = more;
		len += fread(data + len, 1, cap - len, f);
	} while (len == cap);
	fclose(f);
	*size = len;
	return data;
}

static bool range_ok(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

static unsigned segment_prot(uint32_t flags)
{
	return (flags & PF_R ? USER_READ : 0) | (flags & PF_W ? USER_WRITE : 0) |
	       (flags & PF_X ? USER_EXEC : 0);
}

static int load_segment(struct process *p, const Elf64_Phdr *ph, const uint8_t *file, size_t size)
{
	if (!range_ok(ph->p_offset, ph->p_filesz, size) || ph->p_filesz > ph->p_memsz)
		return -EINVAL;
	gva_t start = ph->p_vaddr & -USER_PAGE;
	gva_t end = (ph->p_vaddr + ph->p_memsz + USER_PAGE - 1) & -USER_PAGE;
	if (end <= start)
		return ph->p_memsz ? -EINVAL : 0;
	int err = space_map(p, start, end - start, USER_READ | USER_WRITE);
	if (err)
		return err;
	if (ph->p_filesz)
		memcpy(space_ptr(p, ph->p_vaddr, ph->p_filesz, USER_WRITE), file + ph->p_offset,
			ph->p_filesz);
	if ((ph->p_flags & PF_W) && end > p->brk_start)
		p->brk_start = end;
	return space_protect(p, start, end - start, segment_prot(ph->p_flags));
}

/* Where the program headers are in memory. */
static gva_t headers_va(const Elf64_Ehdr *eh, const Elf64_Phdr *ph)
{
	for (unsigned n = 0; n < eh->e_phnum; n++)
		if (ph[n].p_type == PT_LOAD && eh->e_phoff >= ph[n].p_offset &&
			eh->e_phoff < ph[n].p_offset + ph[n].p_filesz)
			return ph[n].p_vaddr + (eh->e_phoff - ph[n].p_offset);
	return 0;
}

static gva_t push(struct process *p, gva_t sp, const void *data, size_t len)
{
	sp -= len;
	memcpy(space_ptr(p, sp, len, USER_WRITE), data, len);
	return sp;
}

/* Copies the strings of v onto the stack and their addresses to out; returns the new sp. */
static gva_t push_strings(struct process *p, gva_t sp, char **v, uint64_t *out, unsigned *count)
{
	unsigned n = 0;
	for (; v[n] && n < 255; n++) {
		sp = push(p, sp, v[n], strlen(v[n]) + 1);
		out[n] = sp;
	}
	out[n] = 0;
	*count = n;
	return sp;
}

static gva_t build_stack(struct process *p, const Elf64_Ehdr *eh, gva_t phdr, char **argv)
{
	static const uint8_t random_bytes[16] = "epixen-user 1234";
	static char *const no_env[] = {NULL};
	uint64_t arg[256], env[256];
	unsigned argc, envc;
	gva_t sp = push_strings(p, STACK_TOP - 64, argv, arg, &argc);
	sp = push_strings(p, sp, (char **)no_env, env, &envc);
	gva_t random_va = sp = push(p, sp & -16ull, random_bytes, sizeof(random_bytes));
	const uint64_t auxv[] = {AT_PAGESZ, USER_PAGE, AT_PHDR, phdr, AT_PHENT, sizeof(Elf64_Phdr),
		AT_PHNUM, eh->e_phnum, AT_BASE, 0, AT_FLAGS, 0, AT_ENTRY, eh->e_entry, AT_UID, 1000,
		AT_EUID, 1000, AT_GID, 1000, AT_EGID, 1000, AT_SECURE, 0, AT_CLKTCK, 100, AT_HWCAP,
		0, AT_RANDOM, random_va, AT_EXECFN, arg[0], AT_NULL, 0};
	size_t words = 1 + argc + 1 + envc + 1 + countof(auxv);
	if (words & 1)
		sp -= 8;
	sp = push(p, sp, auxv, sizeof(auxv));
	sp = push(p, sp, env, (envc + 1) * 8);
	sp = push(p, sp, arg, (argc + 1) * 8);
	uint64_t count = argc;
	return push(p, sp, &count, sizeof(count));
}

/* What the kernel's exec leaves in the registers. */
static void set_registers(struct process *p, gva_t entry, gva_t sp)
{
	struct cpu *cpu = p->cpu;
	for (unsigned n = 0; n < 8; n++)
		mmu_write_rr(&cpu->mmu, n, RID(n) << 8 | 14 << 2);
	cpu->cr[CR_DCR] = DCR_USER;
	cpu_set_psr(cpu, PSR(IC) | PSR(DT) | PSR(RT) | PSR(IT) | PSR(BN) | 3ull << PSR_CPL_BIT);
	rse_write_bspstore(cpu, RBS_BASE);
	rse_write_rsc(cpu, RSC_USER);
	cpu_set_cfm(cpu, 0);
	cpu->ar[AR_FPSR] = FPSR_USER;
	cpu->ip = entry;
	cpu->ri = 0;
	gr_set(cpu, 12, sp - 16, 0);
}

static int load_program(struct process *p, const uint8_t *file, size_t size, char **argv)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)file;
	if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0)
		return fail(p->path, "not an ELF file");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_IA_64 ||
		eh->e_ident[EI_DATA] != ELFDATA2LSB || eh->e_type != ET_EXEC)
		return fail(p->path, "not a static Linux/ia64 program");
	if (eh->e_phentsize != sizeof(Elf64_Phdr) || eh->e_phoff % 8 ||
		!range_ok(eh->e_phoff, eh->e_phnum * sizeof(Elf64_Phdr), size))
		return fail(p->path, "broken program headers");
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(file + eh->e_phoff);
	for (unsigned n = 0; n < eh->e_phnum; n++)
		if (ph[n].p_type == PT_LOAD && load_segment(p, &ph[n], file, size) != 0)
			return fail(p->path, "a segment cannot be loaded");
	p->brk = p->brk_start;
	if (space_map(p, p->brk_start, BRK_SIZE, USER_READ | USER_WRITE) ||
		space_map(p, STACK_TOP - STACK_SIZE, STACK_SIZE, USER_READ | USER_WRITE) ||
		space_map(p, RBS_BASE, RBS_SIZE, USER_READ | USER_WRITE))
		return fail(p->path, "no room for the stacks");
	set_registers(p, eh->e_entry, build_stack(p, eh, headers_va(eh, ph), argv));
	return 0;
}

int process_load(struct process *p, const char *path, char **argv)
{
	size_t size = 0;
	p->path = path;
	uint8_t *file = read_file(path, &size);
	if (!file)
		return fail(path, strerror(errno));
	int err = load_program(p, file, size, argv);
	free(file);
	return err;
}
