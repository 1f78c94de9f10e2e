/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables (ACPI 2.0c, chapter 5; the Local SAPIC entry is that of 3.0): RSDP, XSDT, FADT, FACS,
 * MADT, SPCR, DSDT. Fixed hardware is at the ports of dev/memmap.h and the machine is always
 * in ACPI mode.
 */
#include "dev/acpi_pm.h"
#include "fw/call.h"
#include "fw/layout.h"

#define HEADER_SIZE 36
#define CHECKSUM_AT 9

enum space { SPACE_MEMORY = 0, SPACE_IO = 1 };

/* Starts a table; its length and checksum are set by end_table. */
static size_t begin_table(struct blob *b, const char *signature, uint8_t revision)
{
	blob_align(b, 16);
	size_t at = b->len;
	blob_text(b, signature, 4, ' ');
	blob_u32(b, 0);
	blob_u8(b, revision);
	blob_u8(b, 0);
	blob_text(b, "EPIXEN", 6, ' ');
	blob_text(b, "EPIXEN", 8, ' ');
	blob_u32(b, 1);
	blob_text(b, "EPIX", 4, ' ');
	blob_u32(b, 1);
	return at;
}

static uint64_t end_table(struct blob *b, size_t at)
{
	size_t len = b->len - at;
	blob_patch_u32(b, at + 4, (uint32_t)len);
	blob_checksum(b, at, len, at + CHECKSUM_AT);
	return b->gpa + at;
}

/* Generic address; width in bytes, access size 1, 2 or 3 for 1, 2 or 4 bytes. All zero when
 * width is 0. */
static void put_address(struct blob *b, enum space space, uint64_t address, unsigned width)
{
	static const uint8_t access[] = {0, 1, 2, 0, 3};
	blob_u8(b, width ? (uint8_t)space : 0);
	blob_u8(b, (uint8_t)(width * 8));
	blob_u8(b, 0);
	blob_u8(b, access[width]);
	blob_u64(b, width ? address : 0);
}

static uint64_t put_facs(struct blob *b)
{
	uint64_t at = blob_here(b);
	blob_text(b, "FACS", 4, 0);
	blob_u32(b, 64);
	blob_zero(b, 24); /* no waking vectors, no global lock */
	blob_u8(b, 1);	  /* version */
	blob_zero(b, 31);
	return at;
}

#define FADT_WBINVD		  (1u << 0)
#define FADT_SLEEP_BUTTON	  (1u << 5) /* not fixed hardware, here: none */
#define FADT_TIMER_32		  (1u << 8)
#define FADT_RESET		  (1u << 10)
#define PROFILE_ENTERPRISE_SERVER 4

/* The ACPI 1.0 part, up to the flags. 32-bit addresses of FACS and DSDT stay 0: the X_ ones count.
 */
static void put_fadt_legacy(struct blob *b)
{
	blob_u32(b, 0);
	blob_u32(b, 0);
	blob_u8(b, 0);
	blob_u8(b, PROFILE_ENTERPRISE_SERVER);
	blob_u16(b, GSI_SCI);
	blob_zero(b, 8); /* no SMI command port */
	blob_u32(b, PORT_PM1_EVT);
	blob_u32(b, 0);
	blob_u32(b, PORT_PM1_CNT);
	blob_u32(b, 0);
	blob_u32(b, 0);
	blob_u32(b, PORT_PM_TIMER);
	blob_zero(b, 8); /* no general-purpose events */
	blob_u8(b, 4);
	blob_u8(b, 2);
	blob_u8(b, 0);
	blob_u8(b, 4);
	blob_zero(b, 4);
	blob_u16(b, 0xffff); /* C2, C3: not supported */
	blob_u16(b, 0xffff);
	blob_zero(b, 4 + 5);
	blob_u16(b, 1); /* legacy devices: the UART; no 8042 */
	blob_u8(b, 0);
	blob_u32(b, FADT_WBINVD | FADT_SLEEP_BUTTON | FADT_TIMER_32 | FADT_RESET);
}

static uint64_t put_fadt(struct blob *b, uint64_t facs, uint64_t dsdt)
{
	size_t at = begin_table(b, "FACP", 3);
	put_fadt_legacy(b);
	put_address(b, SPACE_IO, PORT_RESET, 1);
	blob_u8(b, PM_RESET_VALUE);
	blob_zero(b, 3);
	blob_u64(b, facs);
	blob_u64(b, dsdt);
	put_address(b, SPACE_IO, PORT_PM1_EVT, 4);
	put_address(b, SPACE_IO, 0, 0);
	put_address(b, SPACE_IO, PORT_PM1_CNT, 2);
	put_address(b, SPACE_IO, 0, 0);
	put_address(b, SPACE_IO, 0, 0);
	put_address(b, SPACE_IO, PORT_PM_TIMER, 4);
	put_address(b, SPACE_IO, 0, 0);
	put_address(b, SPACE_IO, 0, 0);
	return end_table(b, at);
}

enum madt_type { MADT_IOSAPIC = 6, MADT_LSAPIC = 7 };
#define MADT_ENABLED 1

/* Local SAPIC: ACPI id, id, eid, unique id as number and as text. Its length keeps what follows
 * aligned. */
static void put_lsapic(struct blob *b, unsigned i)
{
	char uid[4] = {(char)('0' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10), 0};
	blob_u8(b, MADT_LSAPIC);
	blob_u8(b, 20);
	blob_u8(b, (uint8_t)i);
	blob_u8(b, (uint8_t)i);
	blob_u8(b, 0);
	blob_zero(b, 3);
	blob_u32(b, MADT_ENABLED);
	blob_u32(b, i);
	blob_bytes(b, uid, 4);
}

static uint64_t put_madt(struct blob *b, const struct machine *m)
{
	size_t at = begin_table(b, "APIC", 2);
	blob_u32(b, MAP_PIB_BASE);
	blob_u32(b, 0); /* no 8259 */
	for (unsigned i = 0; i < m->cpus; i++)
		put_lsapic(b, i);
	blob_u8(b, MADT_IOSAPIC);
	blob_u8(b, 16);
	blob_u8(b, 0);
	blob_u8(b, 0);
	blob_u32(b, 0); /* its first line */
	blob_u64(b, MAP_IOSAPIC_BASE);
	return end_table(b, at);
}

#define SPCR_INTERRUPT_SAPIC 8
#define SPCR_BAUD_115200     7
#define SPCR_VT_UTF8	     2

static uint64_t put_spcr(struct blob *b)
{
	size_t at = begin_table(b, "SPCR", 1);
	blob_u8(b, 0); /* 16550 */
	blob_zero(b, 3);
	put_address(b, SPACE_IO, PORT_COM1, 1);
	blob_u8(b, SPCR_INTERRUPT_SAPIC);
	blob_u8(b, 0);
	blob_u32(b, GSI_COM1);
	blob_u8(b, SPCR_BAUD_115200);
	blob_u8(b, 0); /* parity */
	blob_u8(b, 1); /* stop bits */
	blob_u8(b, 0); /* flow control */
	blob_u8(b, SPCR_VT_UTF8);
	blob_u8(b, 0);
	blob_u16(b, 0xffff); /* not a PCI device */
	blob_u16(b, 0xffff);
	blob_zero(b, 12);
	return end_table(b, at);
}

static uint64_t put_dsdt(struct blob *b, const struct machine *m)
{
	size_t at = begin_table(b, "DSDT", 2);
	dsdt_build(m, b);
	return end_table(b, at);
}

static uint64_t put_rsdp(struct blob *b, uint64_t xsdt)
{
	blob_align(b, 16);
	size_t at = b->len;
	blob_text(b, "RSD PTR ", 8, 0);
	blob_u8(b, 0);
	blob_text(b, "EPIXEN", 6, ' ');
	blob_u8(b, 2);
	blob_u32(b, 0); /* no RSDT */
	blob_u32(b, 36);
	blob_u64(b, xsdt);
	blob_u32(b, 0);
	blob_checksum(b, at, 20, at + 8);
	blob_checksum(b, at, 36, at + 32);
	return b->gpa + at;
}

uint64_t acpi_build(const struct machine *m, struct blob *b, struct blob *nvs)
{
	uint64_t facs = put_facs(nvs);
	uint64_t dsdt = put_dsdt(b, m);
	const uint64_t tables[] = {put_fadt(b, facs, dsdt), put_madt(b, m), put_spcr(b)};
	size_t at = begin_table(b, "XSDT", 1);
	for (unsigned i = 0; i < countof(tables); i++)
		blob_u64(b, tables[i]);
	return put_rsdp(b, end_table(b, at));
}
