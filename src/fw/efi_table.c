/* SPDX-License-Identifier: MIT */
/*
 * EFI system table, runtime services table, configuration tables, function descriptors and FPSWA
 * interface (EFI 1.10, chapter 4; UEFI 2.0, chapter 4), and the memory map. Addresses in them
 * are physical until SetVirtualAddressMap relocates them.
 */
#include <string.h>

#include "fw/efi.h"
#include "fw/layout.h"

#define SYSTEM_SIGNATURE  0x5453595320494249ull
#define RUNTIME_SIGNATURE 0x56524553544e5552ull
#define EFI_REVISION	  0x00020000u

/* Fixed places, so that they are found again. */
#define AT_FPSWA       0x000 /* interface: revision, reserved, pointer; then its descriptor */
#define AT_FPSWA_DESC  0x010
#define AT_SYSTEM      0x100
#define AT_RUNTIME     0x200
#define AT_DESCRIPTORS 0x300
#define AT_VENDOR      0x400
#define AT_END	       0x500

#define HEADER_SIZE    24
#define SYSTEM_SIZE    120
#define RUNTIME_SIZE   (HEADER_SIZE + 8 * EFI_SERVICES)
#define SYSTEM_VENDOR  24
#define SYSTEM_RUNTIME 88
#define SYSTEM_TABLES  112

/* CRC-32 of IEEE 802.3 (EFI 1.10, 4.2). */
static uint32_t crc32(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;
	while (n--) {
		crc ^= *p++;
		for (unsigned i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void put_crc(uint8_t *table, size_t size)
{
	memset(table + 16, 0, 4);
	uint32_t crc = crc32(table, size);
	memcpy(table + 16, &crc, 4);
}

static void put_header(struct blob *b, uint64_t signature, uint32_t size)
{
	blob_u64(b, signature);
	blob_u32(b, EFI_REVISION);
	blob_u32(b, size);
	blob_u64(b, 0); /* CRC, reserved */
}

static void pad_to(struct blob *b, size_t at)
{
	blob_zero(b, at - b->len);
}

/* Entry and gp; gp is not used by our entries. */
static void put_descriptor(struct blob *b, unsigned entry)
{
	blob_u64(b, FW_ENTRY_ADDRESS(entry));
	blob_u64(b, FW_DATA_BASE);
}

static void put_fpswa(struct blob *b)
{
	blob_u32(b, 0x00010012); /* revision 1.18 */
	blob_u32(b, 0);
	blob_u64(b, b->gpa + AT_FPSWA_DESC);
	put_descriptor(b, FW_ENTRY_FPSWA);
}

static void put_system(struct blob *b)
{
	put_header(b, SYSTEM_SIGNATURE, SYSTEM_SIZE);
	blob_u64(b, b->gpa + AT_VENDOR);
	blob_u32(b, 0x00010000); /* firmware revision */
	blob_u32(b, 0);
	blob_zero(b, 48); /* consoles: handles and protocols end with boot services */
	blob_u64(b, b->gpa + AT_RUNTIME);
	blob_u64(b, 0);	  /* boot services */
	blob_zero(b, 16); /* configuration tables: efi_tables_finish */
}

static void put_runtime(struct blob *b)
{
	put_header(b, RUNTIME_SIGNATURE, RUNTIME_SIZE);
	for (unsigned i = 0; i < EFI_SERVICES; i++)
		blob_u64(b, b->gpa + AT_DESCRIPTORS + 16 * i);
}

/* The area's start: everything with a fixed place. */
static void put_fixed(struct blob *b)
{
	static const char vendor[] = "epixen";
	put_fpswa(b);
	pad_to(b, AT_SYSTEM);
	put_system(b);
	pad_to(b, AT_RUNTIME);
	put_runtime(b);
	pad_to(b, AT_DESCRIPTORS);
	for (unsigned i = 0; i < EFI_SERVICES; i++)
		put_descriptor(b, FW_ENTRY_EFI + i);
	pad_to(b, AT_VENDOR);
	for (unsigned i = 0; i < sizeof(vendor); i++)
		blob_u16(b, (uint8_t)vendor[i]);
	pad_to(b, AT_END);
}

uint64_t efi_tables_begin(struct blob *b)
{
	put_fixed(b);
	return b->gpa + AT_SYSTEM;
}

void efi_tables_finish(struct blob *b, const struct efi_table *t, unsigned count)
{
	blob_align(b, 16);
	uint64_t at = blob_here(b);
	for (unsigned i = 0; i < count; i++) {
		blob_bytes(b, &t[i].guid, sizeof(t[i].guid));
		blob_u64(b, t[i].address);
	}
	blob_patch_u64(b, AT_SYSTEM + SYSTEM_TABLES - 8, count);
	blob_patch_u64(b, AT_SYSTEM + SYSTEM_TABLES, at);
	put_crc(b->data + AT_SYSTEM, SYSTEM_SIZE);
	put_crc(b->data + AT_RUNTIME, RUNTIME_SIZE);
}

/* --- relocation --- */

typedef uint64_t convert_fn(void *ctx, uint64_t pa);

static void relocate(uint8_t *p, convert_fn *convert, void *ctx)
{
	uint64_t v;
	memcpy(&v, p, 8);
	v = convert(ctx, v);
	memcpy(p, &v, 8);
}

/* SetVirtualAddressMap and ConvertPointer stay physical: they cannot be called any more
 * but by the next kernel after kexec, in physical mode. */
static bool stays_physical(unsigned service)
{
	return service == EFI_SET_VIRTUAL_ADDRESS_MAP || service == EFI_CONVERT_POINTER;
}

void efi_tables_relocate(struct fw *fw, convert_fn *convert, void *ctx)
{
	uint8_t *p = ram_write_ptr(&fw->machine->ram, GPA(FW_DATA_BASE), AT_END);
	if (!p)
		return;
	for (unsigned i = 0; i < EFI_SERVICES; i++) {
		if (stays_physical(i))
			continue;
		relocate(p + AT_RUNTIME + HEADER_SIZE + 8 * i, convert, ctx);
		relocate(p + AT_DESCRIPTORS + 16 * i, convert, ctx);
		relocate(p + AT_DESCRIPTORS + 16 * i + 8, convert, ctx);
	}
	relocate(p + AT_FPSWA + 8, convert, ctx);
	relocate(p + AT_FPSWA_DESC, convert, ctx);
	relocate(p + AT_FPSWA_DESC + 8, convert, ctx);
	relocate(p + AT_SYSTEM + SYSTEM_VENDOR, convert, ctx);
	relocate(p + AT_SYSTEM + SYSTEM_RUNTIME, convert, ctx);
	relocate(p + AT_SYSTEM + SYSTEM_TABLES, convert, ctx);
	put_crc(p + AT_SYSTEM, SYSTEM_SIZE);
	put_crc(p + AT_RUNTIME, RUNTIME_SIZE);
}
