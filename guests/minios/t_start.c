/* SPDX-License-Identifier: MIT */
/*
 * What the builder leaves (ABI 2, 3): start info, boot parameters, tables, memory map.
 */
#include "hypercall.h"
#include "tests.h"

#define WORD(address) (*(volatile u64 *)va(address))

static void starts_as_documented(void)
{
	u64 n = start_info->nr_pages;

	report(!strcmp(start_info->magic, "xen-3.0-ia64"), "start_info names the ABI");
	report_eq(shared->start_info_pfn, n - 3, "start_info is the third page from the end");
	report_eq(pa(boot_param), (n - 3) * PAGE_SIZE + 0x490,
		"r28 points at boot_param behind start_info");
	report_eq(
		start_info->store_mfn, n - 2, "the xenstore ring is the second page from the end");
	report_eq(start_info->console_mfn, n - 1, "the console ring is the last page");
	report_eq(start_info->flags, 0, "a domU has no flags");
	report_eq(start_info->shared_info, 0, "start_info names no shared_info at first start");
	report(start_info->store_evtchn && start_info->console_evtchn &&
			start_info->store_evtchn != start_info->console_evtchn,
		"store and console have ports");
	report_eq(boot_param->command_line, pa(start_info->cmd_line),
		"boot_param points to the command line");
	report_eq(boot_param->efi_systab, 0x2000, "boot_param: EFI system table");
	report_eq(boot_param->efi_memmap, 0x2380, "boot_param: memory map");
	report_eq(boot_param->efi_memdesc_size, 40, "boot_param: size of a descriptor");
	report_eq(boot_param->columns << 16 | boot_param->rows, 80 << 16 | 25,
		"boot_param: 80 by 25");
	report_eq(shared->memmap_info_pfn, n - 4, "memmap_info is the fourth page from the end");
	report_eq(shared->memmap_info_pages, 1, "memmap_info is one page");
}

static u64 sum_of(u64 address, unsigned n)
{
	const u8 *b = va(address);
	u8 sum = 0;

	while (n--)
		sum = (u8)(sum + *b++);
	return sum;
}

static void tables(void)
{
	report_eq(WORD(0x2000), 0x5453595320494249, "the EFI system table has its signature");
	report_eq(WORD(0x2058), 0x2078, "and points to runtime services");
	report_eq(WORD(0x2068), 6, "it has six configuration tables");
	report(!memcmp(va(0x2178), "SST_", 4) && !sum_of(0x2178, 0x2218 - 0x2178),
		"the SAL system table has its signature and checksum");
	report_eq(WORD(0x21d8 + 8), 0x800, "SAL's entry descriptor: PAL_PROC");
	report_eq(WORD(0x21d8 + 16), 0x820, "SAL's entry descriptor: SAL_PROC");
	report(!memcmp(va(0x1000), "RSD PTR ", 8) && !sum_of(0x1000, 36),
		"ACPI's root pointer is valid");
	report(!memcmp(va(0x1024), "XSDT", 4) && !sum_of(0x1024, 52), "the XSDT is valid");
	report(!memcmp(va(0x1024 + 10), "XEN", 4), "its OEM is XEN");
	report(!memcmp(va(0x1058), "FACP", 4) && !sum_of(0x1058, 244), "the FADT is valid");
	report(!memcmp(va(0x1478), "APIC", 4) && !sum_of(0x1478, *(u32 *)va(0x147c)),
		"the MADT is valid");
	unsigned enabled = 0;
	for (unsigned n = 0; n < 64 && 0x14a4 + 12 * n < 0x1478 + *(u32 *)va(0x147c); n++)
		enabled += *(u32 *)va(0x14a4 + 12 * n + 8) & 1;
	report_eq(enabled, cpus_found(), "the MADT enables the processors that there are");
}

struct descriptor {
	u32 type, pad;
	u64 start, virtual, pages, attributes;
};

static void memory_map(void)
{
	const struct descriptor *d = va(boot_param->efi_memmap);
	unsigned n = (unsigned)(boot_param->efi_memmap_size / 40);
	u64 ram = 0, at = 0;
	bool sorted = true, ports = false;

	for (; n--; d++) {
		sorted &= d->start >= at;
		at = d->start;
		if (d->type == 7)
			ram += d->pages << 12;
		ports |= d->type == 12 && d->start == 0xffffc000000;
	}
	report(sorted, "the memory map is sorted");
	report_eq(ram, (start_info->nr_pages - 4) * PAGE_SIZE - 0x3000,
		"all RAM but tables is conventional");
	report(ports, "the memory map has the I/O port space");
}

static void runtime(void)
{
	static u8 time[16];
	u64 get_time = *(u64 *)va(WORD(0x2078 + 24));

	report_eq((u64)call_at(REGION7 + get_time, pa(time), 0, 0, 0, 0, 0, 0), 0,
		"EFI tells the time");
	u16 year = (u16)(time[0] | time[1] << 8);
	report(year >= 2024 && time[2] - 1u < 12 && time[3] - 1u < 31 && time[4] < 24,
		"which is a date of today");
	report_eq((u64)call_at(REGION7 + *(u64 *)va(WORD(0x2078 + 32)), pa(time), 0, 0, 0, 0, 0, 0),
		0x8000000000000003, "EFI does not set the time");
}

static struct pal pal(u64 index, u64 a, u64 b, u64 c)
{
	struct pal p = {.index = index, .arg = {a, b, c}};

	pal_call(&p);
	return p;
}

static void firmware_calls(void)
{
	struct pal p = pal(8, 0, 0, 0);

	report(!p.status && (p.value[1] & 0xff) == 50 && (p.value[1] >> 8 & 0xff) == 18,
		"PAL_VM_SUMMARY: 51 bits of addresses, 18 of region ids");
	report_eq(p.value[0] >> 40 & 0xff, 11,
		"PAL_VM_SUMMARY: 12 instruction translation registers");
	p = pal(6, 0, 0, 0);
	report(!p.status && p.value[0] == 0 && p.value[1] == 0x100000001 && p.value[2] == 0,
		"PAL_PTCE_INFO: one ptc.e purges all");
	p = pal(12, 0, 0, 0);
	report(!p.status && p.value[0] == self->id, "PAL_FIXED_ADDR is the processor's number");
	p = pal(14, 0, 0, 0);
	report(!p.status && p.value[2] >> 32 && (u32)p.value[2], "PAL_FREQ_RATIOS has the ITC's");
	p = pal(18, 0, 0, 0);
	report_eq((u64)p.status, (u64)-1, "PAL_PROC_SET_FEATURES is not there");
	report_eq((u64)call_at(REGION7 + 0x820, 0x1000001, 0, 0, 0, 0, 0, 0), (u64)-5,
		"SAL has no error records");
	report_eq((u64)call_at(REGION7 + 0x820, 0x1000000, 2, 0, 0, 1, 0, 0), (u64)-2,
		"SAL_SET_VECTORS refuses further arguments");
	report_eq((u64)call_at(REGION7 + 0x820, 0x1000013, 0, 0, 0, 0, 0, 0), (u64)-1,
		"other SAL calls are not there");
}

void test_start(void)
{
	starts_as_documented();
	tables();
	memory_map();
	runtime();
	firmware_calls();
}
