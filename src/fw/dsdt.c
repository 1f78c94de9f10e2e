/* SPDX-License-Identifier: MIT */
/*
 * The DSDT's AML (ACPI 2.0c, chapter 17): processors, COM1, board resources, the PCI root with its
 * windows and interrupt routing, and how to reach S5. Objects are written front to back; lengths
 * are patched when an object ends.
 */
#include "dev/acpi_pm.h"
#include "dev/memmap.h"
#include "fw/call.h"

enum aml {
	AML_NAME = 0x08,
	AML_BYTE = 0x0a,
	AML_WORD = 0x0b,
	AML_DWORD = 0x0c,
	AML_SCOPE = 0x10,
	AML_BUFFER = 0x11,
	AML_PACKAGE = 0x12,
	AML_EXT = 0x5b,
	AML_EXT_DEVICE = 0x82,
	AML_EXT_PROCESSOR = 0x83
};

/* --- builder --- */

/* PkgLength, always in its three-byte form: 4 bits in the lead byte, then two bytes. */
static size_t begin_length(struct blob *b)
{
	size_t at = b->len;
	blob_zero(b, 3);
	return at;
}

static void end_length(struct blob *b, size_t at)
{
	size_t len = b->len - at;
	b->data[at] = (uint8_t)(0x80 | (len & 15));
	b->data[at + 1] = (uint8_t)(len >> 4);
	b->data[at + 2] = (uint8_t)(len >> 12);
}

/* The smallest form of a number. */
static void put_number(struct blob *b, uint32_t v)
{
	if (v < 2) {
		blob_u8(b, (uint8_t)v);
	} else if (v < 0x100) {
		blob_u8(b, AML_BYTE);
		blob_u8(b, (uint8_t)v);
	} else if (v < 0x10000) {
		blob_u8(b, AML_WORD);
		blob_u16(b, (uint16_t)v);
	} else {
		blob_u8(b, AML_DWORD);
		blob_u32(b, v);
	}
}

static void put_name(struct blob *b, const char *name)
{
	blob_u8(b, AML_NAME);
	blob_text(b, name, 4, '_');
}

/* "PNP0501" as a compressed EISA id. */
static void put_eisa_id(struct blob *b, const char *id)
{
	unsigned v = 0;
	for (unsigned i = 0; i < 3; i++)
		v = v << 5 | (unsigned)(id[i] - '@');
	for (unsigned i = 3; i < 7; i++)
		v = v << 4 | (unsigned)(id[i] <= '9' ? id[i] - '0' : id[i] - 'A' + 10);
	blob_u8(b, AML_DWORD);
	blob_u32(b, __builtin_bswap32(v));
}

static size_t begin_scope(struct blob *b, const char *name)
{
	blob_u8(b, AML_SCOPE);
	size_t at = begin_length(b);
	blob_text(b, name, 5, '_');
	return at;
}

static size_t begin_device(struct blob *b, const char *name, const char *hid, unsigned uid)
{
	blob_u8(b, AML_EXT);
	blob_u8(b, AML_EXT_DEVICE);
	size_t at = begin_length(b);
	blob_text(b, name, 4, '_');
	put_name(b, "_HID");
	put_eisa_id(b, hid);
	put_name(b, "_UID");
	put_number(b, uid);
	return at;
}

static size_t begin_package(struct blob *b, unsigned elements)
{
	blob_u8(b, AML_PACKAGE);
	size_t at = begin_length(b);
	blob_u8(b, (uint8_t)elements);
	return at;
}

/* A resource template: a buffer whose size is not known before its end. */
struct resources {
	size_t length, size, start;
};

static struct resources begin_resources(struct blob *b)
{
	struct resources r;
	put_name(b, "_CRS");
	blob_u8(b, AML_BUFFER);
	r.length = begin_length(b);
	blob_u8(b, AML_WORD);
	r.size = b->len;
	blob_u16(b, 0);
	r.start = b->len;
	return r;
}

static void end_resources(struct blob *b, struct resources r)
{
	blob_u8(b, 0x79); /* end tag, no checksum */
	blob_u8(b, 0);
	size_t size = b->len - r.start;
	b->data[r.size] = (uint8_t)size;
	b->data[r.size + 1] = (uint8_t)(size >> 8);
	end_length(b, r.length);
}

/* --- resource descriptors (ACPI 2.0c, 6.4) --- */

static void put_io(struct blob *b, unsigned port, unsigned count)
{
	blob_u8(b, 0x47);
	blob_u8(b, 1); /* 16-bit decode */
	blob_u16(b, (uint16_t)port);
	blob_u16(b, (uint16_t)port);
	blob_u8(b, 1);
	blob_u8(b, (uint8_t)count);
}

#define INTERRUPT_CONSUMER 1

/* Extended interrupt: level, active high, exclusive. */
static void put_interrupt(struct blob *b, unsigned gsi)
{
	blob_u8(b, 0x89);
	blob_u16(b, 6);
	blob_u8(b, INTERRUPT_CONSUMER);
	blob_u8(b, 1);
	blob_u32(b, gsi);
}

enum window { WINDOW_MEMORY = 0, WINDOW_IO = 1, WINDOW_BUS = 2 };

/* A range the bridge passes on: producer, both ends fixed, positive decode. */
static void put_window_head(struct blob *b, enum window type)
{
	static const uint8_t type_flags[] = {
		0x01, /* read-write, not cacheable */
		0x03, /* the entire range */
		0x00,
	};
	blob_u8(b, (uint8_t)type);
	blob_u8(b, 0x0c);
	blob_u8(b, type_flags[type]);
}

static void put_window16(struct blob *b, enum window type, unsigned first, unsigned last)
{
	blob_u8(b, 0x88);
	blob_u16(b, 13);
	put_window_head(b, type);
	blob_u16(b, 0);
	blob_u16(b, (uint16_t)first);
	blob_u16(b, (uint16_t)last);
	blob_u16(b, 0);
	blob_u16(b, (uint16_t)(last - first + 1));
}

static void put_window32(struct blob *b, enum window type, uint32_t first, uint32_t size)
{
	blob_u8(b, 0x87);
	blob_u16(b, 23);
	put_window_head(b, type);
	blob_u32(b, 0);
	blob_u32(b, first);
	blob_u32(b, first + size - 1);
	blob_u32(b, 0);
	blob_u32(b, size);
}

/* --- the machine --- */

/* Processor objects CPU0..: ACPI id as in the MADT, no processor block. */
static void put_processors(struct blob *b, unsigned cpus)
{
	static const char digits[] = "0123456789ABCDEF";
	for (unsigned i = 0; i < cpus; i++) {
		char name[4] = {'C', 'P', digits[i >> 4], digits[i & 15]};
		blob_u8(b, AML_EXT);
		blob_u8(b, AML_EXT_PROCESSOR);
		size_t at = begin_length(b);
		blob_bytes(b, name, 4);
		blob_u8(b, (uint8_t)i);
		blob_zero(b, 5);
		end_length(b, at);
	}
}

static void put_com1(struct blob *b)
{
	size_t at = begin_device(b, "COM1", "PNP0501", 0);
	struct resources r = begin_resources(b);
	put_io(b, PORT_COM1, 8);
	put_interrupt(b, GSI_COM1);
	end_resources(b, r);
	end_length(b, at);
}

/* Ports that no device object claims: fixed ACPI hardware. */
static void put_board(struct blob *b)
{
	size_t at = begin_device(b, "MBRD", "PNP0C02", 0);
	struct resources r = begin_resources(b);
	put_io(b, PORT_PM1_EVT, 16);
	end_resources(b, r);
	end_length(b, at);
}

#define PCI_DEVICES 32
#define PCI_PINS    4

static void put_pci_routing(struct blob *b)
{
	put_name(b, "_PRT");
	size_t all = begin_package(b, PCI_DEVICES * PCI_PINS);
	for (unsigned i = 0; i < PCI_DEVICES * PCI_PINS; i++) {
		unsigned device = i / PCI_PINS, pin = i % PCI_PINS;
		size_t one = begin_package(b, 4);
		put_number(b, device << 16 | 0xffff);
		put_number(b, pin);
		put_number(b, 0);
		put_number(b, gsi_pci(device, pin));
		end_length(b, one);
	}
	end_length(b, all);
}

static void put_pci(struct blob *b)
{
	size_t at = begin_device(b, "PCI0", "PNP0A03", 0);
	put_name(b, "_BBN");
	put_number(b, 0);
	put_name(b, "_SEG");
	put_number(b, 0);
	struct resources r = begin_resources(b);
	put_window16(b, WINDOW_BUS, 0, 0xff);
	put_io(b, 0xcf8, 8);
	put_window16(b, WINDOW_IO, 0, 0xcf7);
	put_window16(b, WINDOW_IO, 0xd00, 0xffff);
	put_window32(b, WINDOW_MEMORY, MAP_VGA_BASE, MAP_VGA_SIZE);
	put_window32(b, WINDOW_MEMORY, MAP_PCI_BASE, MAP_PCI_SIZE);
	end_resources(b, r);
	put_pci_routing(b);
	end_length(b, at);
}

static void put_s5(struct blob *b)
{
	put_name(b, "_S5_");
	size_t at = begin_package(b, 4);
	put_number(b, PM_SLP_TYP_S5);
	put_number(b, PM_SLP_TYP_S5);
	put_number(b, 0);
	put_number(b, 0);
	end_length(b, at);
}

void dsdt_build(const struct machine *m, struct blob *b)
{
	size_t at = begin_scope(b, "\\_SB_");
	put_processors(b, m->cpus);
	put_board(b);
	put_com1(b);
	put_pci(b);
	end_length(b, at);
	put_s5(b);
}
