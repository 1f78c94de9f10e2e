/* SPDX-License-Identifier: MIT */
/*
 * Kernel and ramdisk files as the domain builder takes them (ABI 2.1, 2.7): ELF files made here
 * field by field, good ones and every kind of bad one.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "domain/kernel.h"

#define RAM_SIZE (8ull << 20)
#define LOW	 0x3000ull
#define HIGH	 (RAM_SIZE - 0x10000)
#define VIRTUAL	 0xa000000100000000ull

struct world {
	struct ram ram;
	struct kernel_image k;
	char error[LOAD_ERROR_SIZE];
	uint8_t file[0x8000];
	size_t len;
	bool big;
	Elf64_Ehdr *e; /* in file; numbers are put by put() */
	Elf64_Phdr *ph;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_int_equal(ram_add_slot(&w->ram, 0, RAM_SIZE), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	ram_free(&w->ram);
	free(w);
	return 0;
}

/* --- making files --- */

static void put(const struct world *w, void *to, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		((uint8_t *)to)[w->big ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
}
#define PUT(w, field, v) put(w, &(field), v, sizeof(field))

static void segment(struct world *w, unsigned n, uint32_t type, uint64_t offset, uint64_t paddr,
	uint64_t filesz, uint64_t memsz)
{
	PUT(w, w->ph[n].p_type, type);
	PUT(w, w->ph[n].p_flags, PF_R | PF_W | PF_X);
	PUT(w, w->ph[n].p_offset, offset);
	PUT(w, w->ph[n].p_vaddr, VIRTUAL + paddr);
	PUT(w, w->ph[n].p_paddr, paddr);
	PUT(w, w->ph[n].p_filesz, filesz);
	PUT(w, w->ph[n].p_memsz, memsz);
}

/* 0x1000 bytes at 1 MB, of which the file has 0x800, and room for three segments more. */
static void begin(struct world *w, bool big)
{
	memset(w->file, 0, sizeof(w->file));
	w->big = big;
	w->e = (Elf64_Ehdr *)(void *)w->file;
	w->ph = (Elf64_Phdr *)(void *)(w->file + sizeof(*w->e));
	memcpy(w->e->e_ident, ELFMAG, SELFMAG);
	w->e->e_ident[EI_CLASS] = ELFCLASS64;
	w->e->e_ident[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	w->e->e_ident[EI_VERSION] = EV_CURRENT;
	PUT(w, w->e->e_type, ET_EXEC);
	PUT(w, w->e->e_machine, EM_IA_64);
	PUT(w, w->e->e_entry, 0x100010);
	PUT(w, w->e->e_phoff, sizeof(*w->e));
	PUT(w, w->e->e_phentsize, sizeof(Elf64_Phdr));
	PUT(w, w->e->e_phnum, 4);
	segment(w, 0, PT_LOAD, 0x1000, 0x100000, 0x800, 0x1000);
	for (unsigned i = 0; i < 0x800; i++)
		w->file[0x1000 + i] = (uint8_t)(i * 7 + 1);
	w->len = 0x2000;
}

/* Appends a note to those at 0x2000, which are segment 3. */
static void note(struct world *w, uint32_t type, const void *data, uint32_t size)
{
	uint8_t *p = w->file + w->len;

	put(w, p, 4, 4);
	put(w, p + 4, size, 4);
	put(w, p + 8, type, 4);
	memcpy(p + 12, "Xen", 4);
	memcpy(p + 16, data, size);
	w->len += 16 + ((size + 3) & ~3u);
	segment(w, 3, PT_NOTE, 0x2000, 0x102000, w->len - 0x2000, w->len - 0x2000);
}

static void note_number(struct world *w, uint32_t type, uint64_t v, unsigned size)
{
	uint8_t data[8];
	put(w, data, v, size);
	note(w, type, data, size);
}

static void note_text(struct world *w, uint32_t type, const char *text)
{
	note(w, type, text, (uint32_t)strlen(text) + 1);
}

/* What Linux has. */
static void notes(struct world *w)
{
	note_text(w, 6, "linux");
	note_text(w, 7, "2.6");
	note_text(w, 5, "xen-3.0");
}

/* --- loading them --- */

static int fd_of(const void *data, size_t len)
{
	int fd = memfd_create("file", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

static int load_as(struct world *w, bool xen, const void *data, size_t len)
{
	struct kernel_rules pv = {LOW, HIGH, true}, hvm = {0, ~0ull, false};
	int fd = fd_of(data, len);

	w->error[0] = 0;
	int err = kernel_load(&w->ram, fd, "k", xen ? &pv : &hvm, &w->k, w->error);
	close(fd);
	return err;
}

static void loads(struct world *w)
{
	if (load_as(w, true, w->file, w->len))
		fail_msg("%s", w->error);
}

static void fails(struct world *w, const char *error)
{
	assert_int_not_equal(load_as(w, true, w->file, w->len), 0);
	assert_string_equal(w->error, error);
}

static void is_at(struct world *w, uint64_t gpa)
{
	const uint8_t *p = ram_read_ptr(&w->ram, GPA(gpa), 0x1000);

	assert_memory_equal(p, w->file + 0x1000, 0x800);
	for (unsigned i = 0x800; i < 0x1000; i++)
		assert_int_equal(p[i], 0);
}

/* --- good kernels --- */

static void each_segment_goes_to_its_physical_address(void **state)
{
	struct world *w = *state;

	begin(w, false);
	segment(w, 1, PT_LOAD, 0x1000, 0x200003, 0x7f5, 0x10001); /* of no page, of odd length */
	loads(w);
	is_at(w, 0x100000);
	assert_memory_equal(ram_read_ptr(&w->ram, GPA(0x200003), 0x7f5), w->file + 0x1000, 0x7f5);
	assert_int_equal(w->k.low, 0x100000);
	assert_int_equal(w->k.high, 0x210004);
	assert_int_equal(w->k.entry, 0x100010);
}

static void memory_a_segment_only_asks_for_is_not_touched(void **state)
{
	struct world *w = *state;
	struct stat st;

	begin(w, false);
	segment(w, 1, PT_LOAD, 0x1000, 0x200000, 16, 5 << 20);
	loads(w);
	assert_int_equal(fstat(w->ram.slot[0].fd, &st), 0);
	assert_true(st.st_blocks * 512 <= 64 << 10);
}

static void segments_may_touch(void **state)
{
	struct world *w = *state;

	begin(w, false);
	segment(w, 1, PT_LOAD, 0x1000, 0x101000, 0x800, 0x800);
	segment(w, 2, PT_LOAD, 0x1000, 0xff000, 0x800, 0x1000);
	loads(w);
	is_at(w, 0x100000);
}

static void a_kernel_without_notes_starts_at_its_entry(void **state)
{
	struct world *w = *state;

	begin(w, false);
	loads(w);
	assert_int_equal(w->k.entry, 0x100010);
	PUT(w, w->e->e_entry, VIRTUAL + 0x100020);
	loads(w);
	assert_int_equal(w->k.entry, 0x100020);
}

static void note_entry_comes_first(void **state)
{
	struct world *w = *state;

	for (unsigned size = 4; size <= 8; size += 4) {
		begin(w, false);
		notes(w);
		note_number(w, 1, 0x100100, size);
		loads(w);
		assert_int_equal(w->k.entry, 0x100100);
	}
	assert_int_equal(load_as(w, false, w->file, w->len), 0);
	assert_int_equal(w->k.entry, 0x100010); /* where there is no Xen */
}

static void notes_of_others_are_stepped_over(void **state)
{
	struct world *w = *state;

	begin(w, false);
	note_number(w, 3, 0x12345678, 8); /* becomes GNU's build id */
	memcpy(w->file + 0x2000 + 12, "GNU", 4);
	notes(w);
	note_number(w, 1, 0x100100, 8);
	note_text(w, 99, "of the future");
	loads(w);
	assert_int_equal(w->k.entry, 0x100100);
}

static void a_big_endian_kernel_is_one(void **state)
{
	struct world *w = *state;

	begin(w, false);
	loads(w);
	assert_false(w->k.big_endian);
	begin(w, true);
	notes(w);
	note_number(w, 1, 0x100100, 8);
	loads(w);
	assert_true(w->k.big_endian);
	assert_int_equal(w->k.entry, 0x100100);
	is_at(w, 0x100000);
}

static void a_generic_loader_serves_any_system(void **state)
{
	struct world *w = *state;

	begin(w, false);
	note_text(w, 6, "minios");
	note_text(w, 8, "generic");
	note_text(w, 5, "xen-3.0");
	loads(w);
}

/* Section headers for one section at 0x2000 and the names. */
static void sections(struct world *w, uint32_t type, const char *name)
{
	Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(w->file + 0x4000);
	size_t size = w->len - 0x2000;

	PUT(w, w->ph[3].p_type, PT_NULL);
	snprintf((char *)w->file + 0x5001, 64, "%s", name);
	PUT(w, w->e->e_shoff, 0x4000);
	PUT(w, w->e->e_shentsize, sizeof(*sh));
	PUT(w, w->e->e_shnum, 3);
	PUT(w, w->e->e_shstrndx, 2);
	PUT(w, sh[1].sh_type, type);
	PUT(w, sh[1].sh_name, 1);
	PUT(w, sh[1].sh_offset, 0x2000);
	PUT(w, sh[1].sh_size, size);
	PUT(w, sh[2].sh_type, SHT_STRTAB);
	PUT(w, sh[2].sh_offset, 0x5000);
	PUT(w, sh[2].sh_size, 64);
	w->len = 0x6000;
}

static void notes_may_be_in_a_section_only(void **state)
{
	struct world *w = *state;

	begin(w, false);
	notes(w);
	note_number(w, 1, 0x100100, 8);
	sections(w, SHT_NOTE, ".notes");
	loads(w);
	assert_int_equal(w->k.entry, 0x100100);
}

static void guest_section(struct world *w, const char *text)
{
	begin(w, false);
	memcpy(w->file + 0x2000, text, strlen(text) + 1);
	w->len = 0x2000 + strlen(text) + 1;
	sections(w, SHT_PROGBITS, "__xen_guest");
}

static void the_section_of_old_kernels_is_read(void **state)
{
	struct world *w = *state;

	guest_section(w, "GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_ENTRY=0x100200,LOADER=generic");
	loads(w);
	assert_int_equal(w->k.entry, 0x100200);
	guest_section(w, "GUEST_OS=linux,XEN_VER=xen-2.0");
	fails(w, "k: is a kernel for 'xen-2.0', not 'xen-3.0'");
	/* its base is what its physical addresses begin with */
	guest_section(w, "GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0x80000,VIRT_ENTRY=0x80010");
	loads(w);
	is_at(w, 0x80000);
}

static void physical_addresses_may_have_an_offset(void **state)
{
	struct world *w = *state;

	begin(w, false);
	notes(w);
	note_number(w, 3, 0, 8);
	note_number(w, 4, 0x40000, 8);
	note_number(w, 1, 0xc0040, 8);
	loads(w);
	is_at(w, 0xc0000);
	assert_int_equal(w->k.entry, 0xc0040);
}

/* --- gzip --- */

static size_t gzipped(const void *data, size_t len, uint8_t *out, size_t size)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)data,
		.avail_in = (uInt)len,
		.next_out = out,
		.avail_out = (uInt)size};

	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

static void a_compressed_kernel_is_the_same(void **state)
{
	struct world *w = *state;
	uint8_t out[0x8000];

	begin(w, false);
	notes(w);
	size_t len = gzipped(w->file, w->len, out, sizeof(out));
	assert_int_equal(load_as(w, true, out, len), 0);
	is_at(w, 0x100000);
	assert_int_equal(load_as(w, true, out, len - 9), -22);
	assert_string_equal(w->error, "k: gzip data is truncated");
	out[len / 2] ^= 0xff;
	assert_int_equal(load_as(w, true, out, len), -22);
	len = gzipped(out, len, out + 0x4000, 0x4000);
	assert_int_equal(load_as(w, true, out + 0x4000, len), -22);
	assert_string_equal(w->error, "k: is neither an ELF file nor gzip-compressed");
}

/* A megabyte of zeroes in a kilobyte, as often as it takes. */
static void a_bomb_does_not_explode(void **state)
{
	struct world *w = *state;
	enum { PIECE = 1 << 20, TIMES = 1030 };
	uint8_t *zeroes = calloc(1, PIECE), *out = malloc(PIECE * 2);
	z_stream z = {.next_in = zeroes, .avail_in = PIECE, .next_out = out, .avail_out = PIECE};

	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	deflate(&z, Z_FULL_FLUSH);
	size_t first = PIECE - z.avail_out; /* with the header, which the next has not */
	z.next_in = zeroes;
	z.avail_in = PIECE;
	deflate(&z, Z_FULL_FLUSH);
	size_t next = PIECE - z.avail_out - first, len = first;
	uint8_t *piece = malloc(next);
	memcpy(piece, out + first, next);
	for (unsigned n = 0; n < TIMES; n++, len += next)
		memcpy(out + len, piece, next);
	assert_true(len < 2 * PIECE);
	assert_int_equal(load_as(w, true, out, len), -22);
	assert_string_equal(w->error, "k: decompresses to more than 1024 MB");
	deflateEnd(&z);
	free(piece);
	free(out);
	free(zeroes);
}

static void a_sparse_file_of_a_terabyte_is_not_read(void **state)
{
	struct world *w = *state;
	int fd = memfd_create("huge", 0);
	struct kernel_rules rules = {LOW, HIGH, true};
	struct ramdisk_place place = {LOW, HIGH, true};
	uint64_t base, size;

	assert_int_equal(ftruncate(fd, 1ll << 40), 0);
	assert_int_not_equal(kernel_load(&w->ram, fd, "k", &rules, &w->k, w->error), 0);
	assert_string_equal(w->error, "k: is larger than a kernel can be (1024 MB)");
	assert_int_not_equal(ramdisk_load(&w->ram, fd, "r", &place, &base, &size, w->error), 0);
	assert_string_equal(w->error, "r: ramdisk of 1073741824 KB does not fit into memory");
	close(fd);
}

/* --- bad headers --- */

static void every_truncation_is_told(void **state)
{
	struct world *w = *state;

	begin(w, false);
	notes(w);
	for (size_t len = 1; len < w->len; len++) {
		assert_int_not_equal(load_as(w, true, w->file, len), 0);
		assert_non_null(strstr(w->error, len < SELFMAG ? "is neither" : "is truncated"));
	}
}

static void an_elf_file_of_another_kind_is_refused(void **state)
{
	struct world *w = *state;

	begin(w, false);
	w->e->e_ident[EI_CLASS] = ELFCLASS32;
	fails(w, "k: is not a 64-bit ELF file");
	begin(w, false);
	w->e->e_ident[EI_DATA] = 3;
	fails(w, "k: is an ELF file of unknown byte order");
	begin(w, false);
	w->e->e_ident[EI_DATA] = ELFDATA2MSB; /* but its fields are not */
	fails(w, "k: is an ELF file for machine type 12800, not IA-64");
	begin(w, false);
	PUT(w, w->e->e_machine, EM_PPC64);
	fails(w, "k: is an ELF file for 64-bit PowerPC, not IA-64");
	begin(w, false);
	PUT(w, w->e->e_type, ET_REL);
	fails(w, "k: is not an executable ELF file (type 1)");
	begin(w, false);
	PUT(w, w->e->e_phentsize, 32);
	fails(w, "k: has no usable ELF program headers");
	begin(w, false);
	PUT(w, w->e->e_phnum, 0xffff);
	fails(w, "k: has no usable ELF program headers");
	begin(w, false);
	PUT(w, w->e->e_phoff, ~0ull - 8);
	fails(w, "k: ELF file is truncated (program headers missing)");
	begin(w, false);
	PUT(w, w->ph[0].p_type, PT_NULL);
	fails(w, "k: has nothing to load");
}

/* --- bad segments --- */

static void segments_must_fit(void **state)
{
	struct world *w = *state;

	begin(w, false);
	segment(w, 0, PT_LOAD, 0x1000, 0x100000, 0x801, 0x800);
	fails(w, "k: ELF segment at 0x100000 is larger in the file than in memory");
	begin(w, false);
	segment(w, 0, PT_LOAD, ~0ull - 16, 0x100000, 0x800, 0x800);
	fails(w, "k: ELF file is truncated (segment at 0x100000)");
	begin(w, false);
	segment(w, 0, PT_LOAD, 0x1000, 0x100000, 0x800, ~0ull - 0x1000);
	fails(w, "k: ELF segment at 0x100000 has 0xffffffffffffefff bytes");
	begin(w, false);
	segment(w, 0, PT_LOAD, 0x1000, 0x100000, 0x800, 1ull << 36);
	fails(w, "k: needs memory from 0x100000 to 0x1000100000; a PV domain of this size has "
		 "0x3000 to 0x7f0000");
	begin(w, false);
	segment(w, 0, PT_LOAD, 0x1000, 0x2fff, 0x800, 0x800); /* on the firmware's tables */
	fails(w, "k: needs memory from 0x2fff to 0x37ff; a PV domain of this size has 0x3000 to "
		 "0x7f0000");
	begin(w, false);
	segment(w, 0, PT_LOAD, 0x1000, 0x7ef801, 0x800, 0x800); /* on the last four pages */
	fails(w, "k: needs memory from 0x7ef801 to 0x7f0001; a PV domain of this size has 0x3000 "
		 "to 0x7f0000");
	begin(w, false);
	segment(w, 0, PT_LOAD, 0x1000, 1ull << 40, 0x800, 0x800); /* on shared_info */
	assert_int_not_equal(load_as(w, true, w->file, w->len), 0);
	assert_int_not_equal(load_as(w, false, w->file, w->len), 0);
	assert_string_equal(w->error, "k: needs memory from 0x10000000000 to 0x10000000800, which "
				      "this domain has not");
}

static void segments_must_not_overlap(void **state)
{
	struct world *w = *state;

	begin(w, false);
	segment(w, 2, PT_LOAD, 0x1000, 0x100fff, 0x10, 0x10);
	fails(w, "k: ELF segments at 0x100000 and 0x100fff overlap");
	segment(w, 2, PT_LOAD, 0x1000, 0x100000, 0x800, 0x800);
	fails(w, "k: ELF segments at 0x100000 and 0x100000 overlap");
	segment(w, 2, PT_LOAD, 0x1000, 0xff000, 0x10, 0x5000);
	fails(w, "k: ELF segments at 0x100000 and 0xff000 overlap");
}

static void the_entry_must_be_loaded(void **state)
{
	struct world *w = *state;

	begin(w, false);
	PUT(w, w->e->e_entry, 0x101000);
	fails(w, "k: entry point 0x101000 is outside its segments");
	begin(w, false);
	notes(w);
	note_number(w, 1, 0xfffff, 8);
	fails(w, "k: entry point 0xfffff is outside its segments");
}

static void what_does_not_fit_is_not_copied(void **state)
{
	struct world *w = *state;
	struct stat st;

	begin(w, false);
	segment(w, 1, PT_LOAD, 0x1000, RAM_SIZE, 0x800, 0x800);
	assert_int_not_equal(load_as(w, true, w->file, w->len), 0);
	assert_int_equal(fstat(w->ram.slot[0].fd, &st), 0);
	assert_int_equal(st.st_blocks, 0);
}

/* --- notes that lie --- */

static void notes_must_be_for_this_xen(void **state)
{
	struct world *w = *state;

	begin(w, false);
	note_text(w, 6, "linux");
	note_text(w, 5, "xen-4.0");
	fails(w, "k: is a kernel for 'xen-4.0', not 'xen-3.0'");
	begin(w, false);
	note_text(w, 6, "linux");
	fails(w, "k: is a kernel for '', not 'xen-3.0'");
	begin(w, false);
	note_text(w, 6, "plan9");
	note_text(w, 5, "xen-3.0");
	fails(w, "k: is for system 'plan9' and loader ''; 'linux' or 'generic' is known here");
	assert_int_equal(load_as(w, false, w->file, w->len), 0);
}

static void needed_features_must_be_there(void **state)
{
	struct world *w = *state;

	begin(w, false);
	notes(w);
	note_text(w, 10, "!writable_page_tables|pae_pgdir_above_4gb|new|!auto_translated_physmap");
	loads(w);
	begin(w, false);
	notes(w);
	note_text(w, 10, "writable_page_tables|!supervisor_mode_kernel");
	fails(w, "k: needs the feature 'supervisor_mode_kernel', which is not here");
}

static void sizes_of_notes_are_checked(void **state)
{
	struct world *w = *state;

	begin(w, false);
	notes(w);
	note(w, 1, "abc", 3);
	fails(w, "k: its note ENTRY has 3 bytes, not 4 or 8");
	begin(w, false);
	note(w, 6, "linux", 5);
	fails(w, "k: its note GUEST_OS is not a string");
	begin(w, false);
	note(w, 10, "", 0);
	fails(w, "k: its note FEATURES is not a string");
	begin(w, false);
	notes(w);
	put(w, w->file + 0x2004, 0xfffffff0, 4); /* size of the first one's value */
	fails(w, "k: its ELF note at 0x2000 is larger than what it is in");
	begin(w, false);
	notes(w);
	put(w, w->file + 0x2000, 0xffffffff, 4); /* of its name */
	fails(w, "k: its ELF note at 0x2000 is larger than what it is in");
	begin(w, false);
	notes(w);
	PUT(w, w->ph[3].p_filesz, 0x10000);
	fails(w, "k: ELF file is truncated (notes)");
	begin(w, false);
	notes(w);
	note_number(w, 4, 0x1000, 8);
	fails(w, "k: its notes have PADDR_OFFSET without VIRT_BASE");
}

/* Or a file of a few megabytes would take hours. */
static void notes_are_walked_once(void **state)
{
	struct world *w = *state;
	Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(w->file + 0x4000);

	begin(w, false);
	w->len = 0x4000;
	sections(w, SHT_NOTE, "zeros");
	PUT(w, w->e->e_shnum, 9);
	for (unsigned n = 3; n < 9; n++)
		sh[n] = sh[1];
	fails(w, "k: its ELF notes overlap");
	PUT(w, w->e->e_shnum, 5);
	loads(w);
}

/* --- ramdisks --- */

static int ramdisk(struct world *w, size_t len, const struct ramdisk_place *p, uint64_t *base)
{
	uint8_t *data = malloc(len);
	uint64_t size = 0;

	memset(data, 0x5a, len);
	int fd = fd_of(data, len);
	int err = ramdisk_load(&w->ram, fd, "r", p, base, &size, w->error);
	if (!err) {
		assert_int_equal(size, len);
		assert_memory_equal(ram_read_ptr(&w->ram, GPA(*base), len), data, len);
	}
	close(fd);
	free(data);
	return err;
}

static void a_ramdisk_follows_on_the_next_page(void **state)
{
	struct world *w = *state;
	uint64_t base = 0;

	assert_int_equal(
		ramdisk(w, 12345, &(struct ramdisk_place){0x100001, HIGH, true}, &base), 0);
	assert_int_equal(base, 0x104000);
	assert_int_equal(
		ramdisk(w, 12345, &(struct ramdisk_place){0x104000, HIGH, true}, &base), 0);
	assert_int_equal(base, 0x104000);
	assert_int_equal(
		ramdisk(w, 0x4000, &(struct ramdisk_place){HIGH - 0x4000, HIGH, true}, &base), 0);
}

static void a_ramdisk_larger_than_memory_is_refused(void **state)
{
	struct world *w = *state;
	uint64_t base;

	assert_int_not_equal(
		ramdisk(w, 0x4001, &(struct ramdisk_place){HIGH - 0x4000, HIGH, true}, &base), 0);
	assert_string_equal(w->error, "r: ramdisk of 16 KB does not fit into memory");
	assert_int_not_equal(
		ramdisk(w, 9 << 20, &(struct ramdisk_place){LOW, HIGH, true}, &base), 0);
	assert_string_equal(w->error, "r: ramdisk of 9216 KB does not fit into memory");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_segment_goes_to_its_physical_address),
		TEST(memory_a_segment_only_asks_for_is_not_touched),
		TEST(segments_may_touch),
		TEST(a_kernel_without_notes_starts_at_its_entry),
		TEST(note_entry_comes_first),
		TEST(notes_of_others_are_stepped_over),
		TEST(a_big_endian_kernel_is_one),
		TEST(a_generic_loader_serves_any_system),
		TEST(notes_may_be_in_a_section_only),
		TEST(the_section_of_old_kernels_is_read),
		TEST(physical_addresses_may_have_an_offset),
		TEST(a_compressed_kernel_is_the_same),
		TEST(a_bomb_does_not_explode),
		TEST(a_sparse_file_of_a_terabyte_is_not_read),
		TEST(every_truncation_is_told),
		TEST(an_elf_file_of_another_kind_is_refused),
		TEST(segments_must_fit),
		TEST(segments_must_not_overlap),
		TEST(the_entry_must_be_loaded),
		TEST(what_does_not_fit_is_not_copied),
		TEST(notes_must_be_for_this_xen),
		TEST(needed_features_must_be_there),
		TEST(sizes_of_notes_are_checked),
		TEST(notes_are_walked_once),
		TEST(a_ramdisk_follows_on_the_next_page),
		TEST(a_ramdisk_larger_than_memory_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
