/* SPDX-License-Identifier: MIT */
/*
 * Filling the firmware area: entry points, the tables, and the boot parameter block that Linux's
 * boot loaders hand over (struct ia64_boot_param, 0x60 bytes).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bus.h"
#include "fw/call.h"
#include "fw/layout.h"

/* --- entry points --- */

#define TEMPLATE_MIB_STOP 0x11
#define NOP_I		  (1ull << 27)
#define BR_RET_B0	  (0x21ull << 27 | 4u << 6)
#define BR_TO_SELF	  (4ull << 37)

/* break.m 0x1f0000 + entry (M37: imm20 at 25:6, bit 20 at 36) */
static uint64_t break_m(unsigned entry)
{
	uint64_t imm = 0x1f0000u + entry;
	return imm >> 20 << 36 | (imm & 0xfffff) << 6;
}

static void put_entry(uint8_t *area, uint64_t address, unsigned entry, uint64_t branch)
{
	uint64_t slot0 = break_m(entry);
	uint64_t lo = TEMPLATE_MIB_STOP | slot0 << 5 | NOP_I << 46;
	uint64_t hi = NOP_I >> 18 | branch << 23;
	memcpy(area + (address - MAP_FW_BASE), &lo, 8);
	memcpy(area + (address - MAP_FW_BASE) + 8, &hi, 8);
}

static void put_entries(uint8_t *area)
{
	for (unsigned e = 0; e < FW_ENTRY_EFI + EFI_SERVICES; e++) {
		bool loop = e == FW_ENTRY_AP_WAIT;
		put_entry(area, FW_ENTRY_ADDRESS(e), e, loop ? BR_TO_SELF : BR_RET_B0);
	}
	for (unsigned offset = 0; offset < 0x8000; offset += 0x100)
		put_entry(area, FW_IVT_BASE + offset, FW_ENTRY_VECTOR + (offset >> 8), BR_TO_SELF);
}

/* --- tables --- */

static struct blob part(uint8_t *area, uint64_t base, uint64_t size)
{
	return (struct blob){.data = area + (base - MAP_FW_BASE), .cap = size, .gpa = base};
}

/* Returns the address of the EFI system table. */
static uint64_t put_tables(const struct machine *m, const struct fw_config *cfg, uint8_t *area)
{
	struct blob data = part(area, FW_DATA_BASE, FW_DATA_SIZE);
	struct blob acpi = part(area, FW_ACPI_BASE, FW_ACPI_SIZE);
	struct blob nvs = part(area, FW_NVS_BASE, FW_NVS_SIZE);
	uint64_t systab = efi_tables_begin(&data);
	struct efi_table t[] = {
		{GUID(0xeb9d2d32, 0x2d88, 0x11d3, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d),
			sal_table_build(m, &data)},
		{GUID(0x8868e871, 0xe4f1, 0x11d3, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81),
			acpi_build(m, &acpi, &nvs)},
		{GUID(0xeb9d2d31, 0x2d88, 0x11d3, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d),
			smbios_build(m, cfg, &data)},
		{GUID(0xf951938d, 0x620b, 0x42ef, 0x82, 0x79, 0xa8, 0x4b, 0x79, 0x61, 0x78, 0x98),
			hcdp_build(&data)},
	};
	efi_tables_finish(&data, t, countof(t));
	return systab;
}

/* --- boot parameters --- */

/* One block of loader data: boot parameters, memory map, command line. */
#define BOOT_MAP     0x100
#define BOOT_CMDLINE 0x1000
#define CMDLINE_MAX  0x1000
#define BOOT_SIZE    0x2000

struct boot_param {
	uint64_t command_line, efi_systab, efi_memmap, efi_memmap_size, efi_memdesc_size;
	uint32_t efi_memdesc_version;
	uint16_t num_cols, num_rows, orig_x, orig_y;
	uint32_t pad;
	uint64_t fpswa, initrd_start, initrd_size, domain_start, domain_size;
};
_Static_assert(sizeof(struct boot_param) == 0x60, "layout of the boot parameter block");
_Static_assert(BOOT_MAP + EFI_DESCRIPTORS_MAX * sizeof(struct efi_descriptor) <= BOOT_CMDLINE,
	"the memory map fits");

static bool overlaps(uint64_t a, uint64_t alen, uint64_t b, uint64_t bend)
{
	return a < bend && b < a + alen;
}

static bool is_free(const struct ram *ram, const struct fw_config *cfg, uint64_t a)
{
	return ram_find((struct ram *)(uintptr_t)ram, GPA(a), BOOT_SIZE) &&
	       !overlaps(a, BOOT_SIZE, cfg->kernel_low, cfg->kernel_high) &&
	       !overlaps(a, BOOT_SIZE, cfg->initrd, cfg->initrd + cfg->initrd_size);
}

/* A place below 16 MB, which Linux uses for nothing else, or anywhere. 0: none. */
static uint64_t find_place(const struct ram *ram, const struct fw_config *cfg)
{
	for (uint64_t a = 0x100000; a < MAP_PCI_BASE; a += 0x10000)
		if (is_free(ram, cfg, a))
			return a;
	for (uint64_t a = 0x10000; a < MAP_LOW_END; a += 0x10000)
		if (is_free(ram, cfg, a))
			return a;
	return 0;
}

static void put_boot_block(
	struct ram *ram, const struct fw_config *cfg, uint64_t at, uint64_t systab, uint8_t *p)
{
	const char *cmdline = cfg->cmdline ? cfg->cmdline : "";
	const uint64_t loader[][2] = {
		{at, at + BOOT_SIZE},
		{cfg->kernel_low, cfg->kernel_high},
		{cfg->initrd, cfg->initrd + cfg->initrd_size},
	};
	struct efi_descriptor map[EFI_DESCRIPTORS_MAX];
	unsigned n = efi_memory_map(ram, loader, countof(loader), map);
	struct boot_param bp = {
		.command_line = at + BOOT_CMDLINE,
		.efi_systab = systab,
		.efi_memmap = at + BOOT_MAP,
		.efi_memmap_size = n * sizeof(map[0]),
		.efi_memdesc_size = sizeof(map[0]),
		.efi_memdesc_version = 1,
		.num_cols = 80,
		.num_rows = 25,
		.orig_y = 24,
		.fpswa = FW_DATA_BASE,
		.initrd_start = cfg->initrd_size ? cfg->initrd : 0,
		.initrd_size = cfg->initrd_size,
	};
	memset(p, 0, BOOT_SIZE);
	memcpy(p, &bp, sizeof(bp));
	memcpy(p + BOOT_MAP, map, n * sizeof(map[0]));
	memcpy(p + BOOT_CMDLINE, cmdline, strlen(cmdline));
}

static int put_boot_param(
	struct fw *fw, const struct fw_config *cfg, uint64_t systab, char *err, size_t errlen)
{
	struct ram *ram = &fw->machine->ram;
	if (cfg->cmdline && strlen(cfg->cmdline) >= CMDLINE_MAX) {
		snprintf(err, errlen, "the kernel command line is longer than %u characters",
			CMDLINE_MAX - 1);
		return -EINVAL;
	}
	uint64_t at = find_place(ram, cfg);
	void *p = at ? ram_write_ptr(ram, GPA(at), BOOT_SIZE) : NULL;
	if (!p) {
		snprintf(err, errlen, "memory: no room for boot parameters beside the kernel");
		return -ENOSPC;
	}
	put_boot_block(ram, cfg, at, systab, p);
	fw->boot_param = at;
	return 0;
}

static void start_processors(struct fw *fw)
{
	struct machine *m = fw->machine;
	for (unsigned i = 0; i < m->cpus; i++) {
		struct cpu *cpu = m->cpu[i];
		/* SAL has registered the save area before the OS starts */
		fw->cpu[i] = (struct fw_cpu){
			.waiting = i != 0, .min_state = FW_MIN_STATE_BASE + i * FW_MIN_STATE_SIZE};
		fw_start_state(cpu, i ? FW_ENTRY_ADDRESS(FW_ENTRY_AP_WAIT) : fw->entry);
	}
	gr_set(m->cpu[0], 28, fw->boot_param, 0);
	m->cpu[0]->br[0] = FW_ENTRY_ADDRESS(FW_ENTRY_OS_RETURN);
}

int fw_build(struct fw *fw, const struct fw_config *cfg, char *err, size_t errlen)
{
	uint8_t *area = ram_write_ptr(&fw->machine->ram, GPA(MAP_FW_BASE), MAP_FW_SIZE);
	if (!area) {
		snprintf(err, errlen, "memory: the firmware area is missing");
		return -EINVAL;
	}
	memset(area, 0, FW_NVS_BASE + FW_NVS_SIZE - MAP_FW_BASE);
	put_entries(area);
	int r = put_boot_param(fw, cfg, put_tables(fw->machine, cfg, area), err, errlen);
	if (r)
		return r;
	fw->entry = cfg->entry;
	fw->in_init = 0;
	fw->virtual_mode = false;
	memset(fw->vector, 0, sizeof(fw->vector));
	start_processors(fw);
	return 0;
}
