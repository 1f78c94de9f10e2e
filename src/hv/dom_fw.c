/* SPDX-License-Identifier: MIT */
/*
 * The firmware of a PV domain as it lies in its memory (ABI 2.2-2.5, 3.1-3.3): stubs that make
 * hypercalls in the first 4 KB, ACPI tables in the second, EFI and SAL tables and the memory map in
 * the third, start information in the last pages. Guests use these addresses.
 */
#include "hv/dom_fw.h"

#include <stdlib.h>
#include <string.h>

#include "fw/call.h"
#include "fw/efi.h"
#include "fw/layout.h"
#include "hv/pv_page.h"

/* Places of tables, gpa = offset in the image. */
enum {
	AT_PAL = 0x800,
	AT_SAL = 0x820,
	AT_SAL_RETURN = 0x840,
	AT_RSDP = 0x1000,
	AT_XSDT = 0x1024,
	AT_FADT = 0x1058,
	AT_FACS = 0x114c,
	AT_DSDT = 0x118c,
	AT_MADT = 0x1478,
	AT_PM1A_EVT = 0x17a4,
	AT_PM1A_CNT = 0x17a8,
	AT_PM_TMR = 0x17a9,
	AT_SYSTAB = 0x2000,
	AT_RUNTIME = 0x2078,
	AT_CONFIG = 0x20e8,
	AT_SST = 0x2178,
	AT_SST_END = 0x2218,
	AT_DESCRIPTORS = 0x2228,
	AT_VENDOR = 0x2340,
	AT_MEMMAP = 0x2380
};

#define STUB(n)	       (16 * (n))
#define STUB_EFI       0x10 /* ten of them, in the order of the runtime table */
#define EFI_STUBS      10
#define NUMBER_EFI     0x300
#define NUMBER_PAL     0x1000
#define NUMBER_SAL     0x1100
#define NUMBER_RETURN  0x1200
#define AP_WAKEUP      0xf3
#define IO_PORTS_BASE  0xffffc000000ull
#define IO_PORTS_SIZE  (64ull << 20)
#define CMDLINE_SIZE   1024
#define BOOT_PARAM     0x490 /* in the page of start_info */
#define XEN_VERSION_NR 0x00040001

struct image {
	uint8_t data[DOM_FW_END];
};

static struct blob at(struct image *m, size_t place)
{
	return (struct blob){.data = m->data, .len = place, .cap = sizeof(m->data), .gpa = 0};
}

/* --- stubs (ABI 3.1) --- */

static void put_bundle(struct image *m, size_t place, unsigned template, const uint64_t slot[3])
{
	uint64_t lo = template | slot[0] << 5 | slot[1] << 46;
	uint64_t hi = slot[1] >> 18 | slot[2] << 23;

	memcpy(m->data + place, &lo, 8);
	memcpy(m->data + place + 8, &hi, 8);
}

/* Instructions as they are encoded in 41 bits: adds (A4), break (I19, M37), branches (B4). */
#define MIB_STOP   0x11
#define MI_STOP_I  0x03 /* with a second stop at its end */
#define MBB_STOP   0x13
#define BR_COND_B0 (0x20ull << 27)
#define BR_RET_B0  (0x21ull << 27 | 4u << 6)
#define MANY_SPTK  (1ull << 12)
#define QP(p)	   ((uint64_t)(p))
#define CMP_LTU_R28                                                                                \
	(0xdull << 37 | 8ull << 27 | 9ull << 20 | 28ull << 13 | 7ull << 6) /* p7, p8               \
									    */

/* mov r = imm: adds r = imm, r0 */
static uint64_t mov_imm(unsigned r, uint64_t imm)
{
	return 8ull << 37 | 2ull << 34 | (imm >> 7 & 0x3f) << 27 | (imm & 0x7f) << 13 |
	       (uint64_t)r << 6;
}

static uint64_t break_imm(uint64_t imm)
{
	return imm >> 20 << 36 | (imm & 0xfffff) << 6;
}

static void put_stub(struct image *m, size_t place, uint64_t number, uint64_t branch)
{
	put_bundle(
		m, place, MIB_STOP, (uint64_t[]){mov_imm(2, number), break_imm(HV_BREAK), branch});
}

/* Static procedures (index in r28 below 256) return by a plain branch, stacked ones by br.ret. */
static void put_pal_stub(struct image *m)
{
	put_bundle(m, AT_PAL, MI_STOP_I,
		(uint64_t[]){mov_imm(2, NUMBER_PAL), mov_imm(9, 256), CMP_LTU_R28});
	put_bundle(m, AT_PAL + 16, MBB_STOP,
		(uint64_t[]){break_imm(HV_BREAK), BR_COND_B0 | QP(7), BR_RET_B0 | QP(8)});
}

static void put_stubs(struct image *m)
{
	for (unsigned n = 0; n < EFI_STUBS; n++)
		put_stub(m, STUB(STUB_EFI + n), NUMBER_EFI + n, BR_RET_B0 | MANY_SPTK);
	put_pal_stub(m);
	put_stub(m, AT_SAL, NUMBER_SAL, BR_RET_B0 | MANY_SPTK);
	put_stub(m, AT_SAL_RETURN, NUMBER_RETURN, BR_COND_B0);
}

/* --- ACPI (ABI 3.3) --- */

static void put_header(struct blob *b, const char *signature, uint32_t length, uint8_t revision)
{
	blob_text(b, signature, 4, ' ');
	blob_u32(b, length);
	blob_u8(b, revision);
	blob_u8(b, 0);
	blob_text(b, "XEN", 6, 0);
	blob_text(b, "Xen/ia64", 8, 0);
	blob_u32(b, 1);
	blob_text(b, "XEN", 4, 0);
	blob_u32(b, XEN_VERSION_NR);
}

#define HEADER_CHECKSUM 9

static void put_rsdp(struct image *m)
{
	struct blob b = at(m, AT_RSDP);

	blob_text(&b, "RSD PTR ", 8, ' ');
	blob_u8(&b, 0);
	blob_text(&b, "XEN", 6, 0);
	blob_u8(&b, 2);
	blob_u32(&b, 0);
	blob_u32(&b, 36);
	blob_u64(&b, AT_XSDT);
	blob_u32(&b, 0);
	blob_checksum(&b, AT_RSDP, 20, AT_RSDP + 8);
	blob_checksum(&b, AT_RSDP, 36, AT_RSDP + 32);
}

static void put_xsdt(struct image *m)
{
	struct blob b = at(m, AT_XSDT);

	put_header(&b, "XSDT", 52, 1);
	blob_u64(&b, AT_FADT);
	blob_u64(&b, AT_MADT);
	blob_checksum(&b, AT_XSDT, 52, AT_XSDT + HEADER_CHECKSUM);
}

/* A generic address in memory: the registers are plain bytes behind the MADT, where nothing ticks.
 */
static void put_address(struct blob *b, uint64_t address, unsigned bytes)
{
	blob_u8(b, 0);
	blob_u8(b, (uint8_t)(bytes * 8));
	blob_u16(b, 0);
	blob_u64(b, address);
}

static void put_fadt(struct image *m)
{
	struct blob b = at(m, AT_FADT);

	put_header(&b, "FACP", 244, 3);
	blob_zero(&b, AT_FADT + 88 - b.len);
	blob_u8(&b, 4); /* PM1_EVT_LEN */
	blob_u8(&b, 1); /* PM1_CNT_LEN */
	blob_u8(&b, 0);
	blob_u8(&b, 4); /* PM_TMR_LEN */
	blob_zero(&b, AT_FADT + 132 - b.len);
	blob_u64(&b, AT_FACS);
	blob_u64(&b, AT_DSDT);
	put_address(&b, AT_PM1A_EVT, 4);
	put_address(&b, 0, 0);
	put_address(&b, AT_PM1A_CNT, 1);
	put_address(&b, 0, 0);
	put_address(&b, 0, 0);
	put_address(&b, AT_PM_TMR, 4);
	blob_zero(&b, AT_FADT + 244 - b.len);
	blob_checksum(&b, AT_FADT, 244, AT_FADT + HEADER_CHECKSUM);
}

static void put_facs(struct image *m)
{
	struct blob b = at(m, AT_FACS);

	blob_text(&b, "FACS", 4, 0);
	blob_u32(&b, 64);
	blob_zero(&b, 24);
	blob_u8(&b, 1);
	blob_zero(&b, 31);
}

/* Scope (\_SB) { Processor (CPU0..CPU2, n, 0, 0) {} } */
static void put_dsdt(struct image *m)
{
	struct blob b = at(m, AT_DSDT);
	const uint32_t length = 36 + 46;

	put_header(&b, "DSDT", length, 1);
	blob_bytes(&b, (uint8_t[]){0x10, 45, '\\'}, 3);
	blob_text(&b, "_SB_", 4, '_');
	for (uint8_t n = 0; n < 3; n++) {
		blob_bytes(
			&b, (uint8_t[]){0x5b, 0x83, 11, 'C', 'P', 'U', (uint8_t)('0' + n), n}, 8);
		blob_zero(&b, 5);
	}
	blob_checksum(&b, AT_DSDT, length, AT_DSDT + HEADER_CHECKSUM);
}

static void put_madt(struct image *m, unsigned vcpus)
{
	struct blob b = at(m, AT_MADT);
	uint32_t length = 44 + 12 * vcpus;

	put_header(&b, "APIC", length, 2);
	blob_u64(&b, 0);
	for (unsigned n = 0; n < MAX_CPUS; n++) {
		blob_bytes(&b, (uint8_t[]){7, 12, (uint8_t)n, (uint8_t)n, 0, 0, 0, 0}, 8);
		blob_u32(&b, n < vcpus);
	}
	blob_checksum(&b, AT_MADT, length, AT_MADT + HEADER_CHECKSUM);
}

/* --- EFI and SAL (ABI 3.2) --- */

static void put_systab(struct image *m)
{
	struct blob b = at(m, AT_SYSTAB);

	blob_u64(&b, 0x5453595320494249ull);
	blob_u32(&b, 0x00010000);
	blob_u32(&b, 24);
	blob_u64(&b, 0);
	blob_u64(&b, AT_VENDOR);
	blob_u64(&b, 1);
	blob_zero(&b, 48);
	blob_u64(&b, AT_RUNTIME);
	blob_u64(&b, 0);
	blob_u64(&b, 6);
	blob_u64(&b, AT_CONFIG);
}

/* Descriptors stand in the table's order; there is none of ConvertPointer, the sixth. */
static void put_runtime(struct image *m)
{
	struct blob b = at(m, AT_RUNTIME);
	unsigned n = 0;

	blob_u64(&b, 0x5652453544e5552ull); /* as Xen has it */
	blob_u32(&b, 0x10000);
	blob_u32(&b, 24);
	blob_u64(&b, 0);
	for (unsigned service = 0; service <= EFI_STUBS; service++)
		blob_u64(&b, service == EFI_CONVERT_POINTER ? 0 : AT_DESCRIPTORS + 16u * n++);
	b = at(m, AT_DESCRIPTORS);
	for (n = 0; n < EFI_STUBS; n++) {
		blob_u64(&b, STUB(STUB_EFI + n));
		blob_u64(&b, 0);
	}
}

static void put_config(struct image *m)
{
	static const struct guid sal =
		GUID(0xeb9d2d32, 0x2d88, 0x11d3, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d);
	static const struct guid acpi =
		GUID(0x8868e871, 0xe4f1, 0x11d3, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81);
	struct blob b = at(m, AT_CONFIG);

	blob_bytes(&b, &sal, sizeof(sal));
	blob_u64(&b, AT_SST);
	blob_bytes(&b, &acpi, sizeof(acpi));
	blob_u64(&b, AT_RSDP);
	blob_zero(&b, 4 * 24);
	b = at(m, AT_VENDOR);
	for (const char *c = "Xen/ia64"; *c; c++)
		blob_u16(&b, (uint8_t)*c);
}

/* The table with its two entries: PAL's and SAL's entry points, how processors are woken. */
static void put_sst(struct image *m)
{
	struct blob b = at(m, AT_SST);

	blob_text(&b, "SST_", 4, ' ');
	blob_u32(&b, 96);
	blob_u8(&b, 1);
	blob_u8(&b, 0);
	blob_u16(&b, 2);
	blob_zero(&b, 12);
	blob_text(&b, "Xen/ia64", 32, 0);
	blob_text(&b, "Xen/ia64", 32, 0);
	blob_zero(&b, 8);
	blob_zero(&b, 8); /* entry point descriptor: type 0 */
	blob_u64(&b, AT_PAL);
	blob_u64(&b, AT_SAL);
	blob_zero(&b, 24);
	blob_u8(&b, 5); /* wakeup: type 5, by external interrupt */
	blob_zero(&b, 7);
	blob_u64(&b, AP_WAKEUP);
	blob_checksum(&b, AT_SST, AT_SST_END - AT_SST, AT_SST + 12);
}

/* --- memory map --- */

static void put_descriptor(
	struct blob *b, uint32_t type, uint64_t start, uint64_t end, uint64_t attributes)
{
	struct efi_descriptor d = {.type = type,
		.start = start,
		.pages = (end - start) >> 12,
		.attributes = attributes};

	blob_bytes(b, &d, sizeof(d));
}

static uint64_t put_memory_map(struct image *m, const struct hv *hv)
{
	const uint64_t fw = EFI_MEMORY_WB | EFI_MEMORY_RUNTIME;
	const uint64_t end = hv->pages << XEN_PAGE_SHIFT, last = dom_page(hv, DOM_MEMMAP_PAGE);
	struct blob b = at(m, AT_MEMMAP);

	put_descriptor(&b, EFI_PAL_CODE, 0, 0x1000, fw);
	put_descriptor(&b, EFI_ACPI_NVS, 0x1000, 0x2000, fw);
	put_descriptor(&b, EFI_RUNTIME_DATA, 0x2000, DOM_FW_END, fw);
	put_descriptor(&b, EFI_CONVENTIONAL, DOM_FW_END, last, EFI_MEMORY_WB);
	put_descriptor(&b, EFI_RUNTIME_DATA, last, end, EFI_MEMORY_WB);
	put_descriptor(
		&b, EFI_IO_PORTS, IO_PORTS_BASE, IO_PORTS_BASE + IO_PORTS_SIZE, EFI_MEMORY_UC);
	return b.len - AT_MEMMAP;
}

/* --- pages at the end of RAM --- */

struct page {
	uint8_t data[XEN_PAGE_SIZE];
};

static struct blob page_at(struct page *p, uint64_t gpa, size_t place)
{
	return (struct blob){.data = p->data, .len = place, .cap = sizeof(p->data), .gpa = gpa};
}

/* xen_ia64_memmap_info, for tools: one range (ABI 2.2). */
static void fill_memmap_page(const struct hv *hv, struct page *p)
{
	struct blob b = page_at(p, 0, 0);

	blob_u64(&b, sizeof(struct efi_descriptor));
	blob_u64(&b, sizeof(struct efi_descriptor));
	blob_u64(&b, 1);
	put_descriptor(&b, EFI_CONVENTIONAL, 0, hv->pages << XEN_PAGE_SHIFT, EFI_MEMORY_WB);
}

static void put_start_info(const struct hv *hv, const struct dom_boot *boot, struct page *p)
{
	struct blob b = page_at(p, 0, 0);

	blob_text(&b, boot->big_endian ? "xen-3.0-ia64be" : "xen-3.0-ia64", 32, 0);
	blob_u64(&b, hv->pages);
	blob_u64(&b, 0);
	blob_u64(&b, 0);
	blob_u64(&b, hv->pages - DOM_STORE_PAGE);
	blob_u64(&b, boot->store_port);
	blob_u64(&b, hv->pages - DOM_CONSOLE_PAGE);
	blob_u64(&b, boot->console_port);
	blob_zero(&b, 24);
	blob_u64(&b, boot->initrd_size ? boot->initrd : 0);
	blob_u64(&b, boot->initrd_size);
	if (boot->cmdline)
		blob_text(&b, boot->cmdline, CMDLINE_SIZE - 1, 0);
}

static void put_boot_param(
	const struct dom_boot *boot, struct page *p, uint64_t start_info, uint64_t memory_map_size)
{
	struct blob b = page_at(p, start_info, BOOT_PARAM);

	blob_u64(&b, start_info + 0x80);
	blob_u64(&b, AT_SYSTAB);
	blob_u64(&b, AT_MEMMAP);
	blob_u64(&b, memory_map_size);
	blob_u64(&b, sizeof(struct efi_descriptor));
	blob_u32(&b, 1);
	blob_u16(&b, 80);
	blob_u16(&b, 25);
	blob_u16(&b, 0);
	blob_u16(&b, 24);
	blob_u32(&b, 0);
	blob_u64(&b, 0); /* no FPSWA: our processors need no software assistance */
	blob_u64(&b, boot->initrd_size ? boot->initrd : 0);
	blob_u64(&b, boot->initrd_size);
	blob_zero(&b, 16);
}

static void write_page(struct hv *hv, unsigned which, const struct page *p)
{
	ram_write(&hv->machine->ram, GPA(dom_page(hv, which)), p->data, sizeof(p->data));
}

static void put_u32(uint8_t *to, uint32_t v)
{
	memcpy(to, &v, sizeof(v));
}

static void put_u64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof(v));
}

static void fill_shared_info(struct hv *hv)
{
	put_u64(hv->shared_info + SHARED_START_INFO_PFN, hv->pages - DOM_START_INFO_PAGE);
	put_u32(hv->shared_info + SHARED_MEMMAP_INFO_PAGES, 1);
	put_u64(hv->shared_info + SHARED_MEMMAP_INFO_PFN, hv->pages - DOM_MEMMAP_PAGE);
}

static uint64_t build_image(struct hv *hv)
{
	static const struct image empty;
	struct image m = empty;

	put_stubs(&m);
	put_rsdp(&m);
	put_xsdt(&m);
	put_fadt(&m);
	put_facs(&m);
	put_dsdt(&m);
	put_madt(&m, hv->vcpus);
	put_systab(&m);
	put_runtime(&m);
	put_config(&m);
	put_sst(&m);
	uint64_t size = put_memory_map(&m, hv);
	ram_write(&hv->machine->ram, GPA(0), m.data, sizeof(m.data));
	return size;
}

void dom_fw_build(struct hv *hv, const struct dom_boot *boot)
{
	uint64_t start_info = dom_page(hv, DOM_START_INFO_PAGE);
	struct page p = {0};

	write_page(hv, DOM_CONSOLE_PAGE, &p);
	write_page(hv, DOM_STORE_PAGE, &p);
	put_start_info(hv, boot, &p);
	put_boot_param(boot, &p, start_info, build_image(hv));
	write_page(hv, DOM_START_INFO_PAGE, &p);
	p = (struct page){0};
	fill_memmap_page(hv, &p);
	write_page(hv, DOM_MEMMAP_PAGE, &p);
	fill_shared_info(hv);
	hv_boot_cpu(hv, boot->entry, start_info + BOOT_PARAM);
}
