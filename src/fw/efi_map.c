/* SPDX-License-Identifier: MIT */
/*
 * The EFI memory map (EFI 1.10, 5.2): RAM, what is loaded in it, the firmware area and the I/O
 * windows, sorted and without overlap. Linux drops RAM that does not fill a 16 MB granule of one
 * attribute, so nothing here cuts granules needlessly.
 */
#include "fw/efi.h"
#include "fw/layout.h"

struct map {
	struct efi_descriptor *d;
	unsigned count;
};

static void add(
	struct map *m, enum efi_memory_type type, uint64_t start, uint64_t end, uint64_t attributes)
{
	if (start >= end || m->count == EFI_DESCRIPTORS_MAX)
		return;
	m->d[m->count++] = (struct efi_descriptor){.type = type,
		.start = start,
		.pages = (end - start) >> 12,
		.attributes = attributes};
}

/* The first loader range that ends after a, cut to pages; an empty one at end when there is none.
 */
static void next_loader(
	const uint64_t (*loader)[2], unsigned count, uint64_t a, uint64_t end, uint64_t range[2])
{
	range[0] = range[1] = end;
	for (unsigned i = 0; i < count; i++) {
		uint64_t low = loader[i][0] & ~0xfffull, high = (loader[i][1] + 0xfff) & ~0xfffull;
		if (loader[i][0] < loader[i][1] && high > a && low < range[0]) {
			range[0] = low < a ? a : low;
			range[1] = high < end ? high : end;
		}
	}
}

static void add_ram(
	struct map *m, uint64_t start, uint64_t end, const uint64_t (*loader)[2], unsigned count)
{
	while (start < end) {
		uint64_t range[2];
		next_loader(loader, count, start, end, range);
		add(m, EFI_CONVENTIONAL, start, range[0], EFI_MEMORY_WB);
		add(m, EFI_LOADER_DATA, range[0], range[1], EFI_MEMORY_WB);
		start = range[1];
	}
}

static void add_firmware(struct map *m)
{
	const uint64_t runtime = EFI_MEMORY_WB | EFI_MEMORY_RUNTIME;
	const uint64_t stack_end = FW_STACK_BASE + MAX_CPUS * FW_STACK_SIZE;
	add(m, EFI_PAL_CODE, FW_PAL_BASE, FW_CODE_BASE, runtime);
	add(m, EFI_RUNTIME_CODE, FW_CODE_BASE, FW_DATA_BASE, runtime);
	add(m, EFI_RUNTIME_DATA, FW_DATA_BASE, FW_ACPI_BASE, runtime);
	add(m, EFI_ACPI_RECLAIM, FW_ACPI_BASE, FW_NVS_BASE, EFI_MEMORY_WB);
	add(m, EFI_ACPI_NVS, FW_NVS_BASE, FW_NVS_BASE + FW_NVS_SIZE, EFI_MEMORY_WB);
	add(m, EFI_RESERVED, FW_NVS_BASE + FW_NVS_SIZE, FW_MIN_STATE_BASE, EFI_MEMORY_WB);
	add(m, EFI_RUNTIME_DATA, FW_MIN_STATE_BASE, stack_end, runtime);
	add(m, EFI_RESERVED, stack_end, MAP_FW_BASE + MAP_FW_SIZE, EFI_MEMORY_WB);
}

/* Windows of devices between the RAM below and above 4 GB. */
static void add_devices(struct map *m)
{
	const uint64_t uc = EFI_MEMORY_UC;
	add(m, EFI_MMIO, MAP_PCI_BASE, MAP_PCI_BASE + MAP_PCI_SIZE, uc);
	add(m, EFI_IO_PORTS, MAP_IOPORT_BASE, MAP_IOPORT_BASE + MAP_IOPORT_SIZE,
		uc | EFI_MEMORY_RUNTIME);
	add(m, EFI_MMIO, MAP_IOSAPIC_BASE, MAP_PIB_BASE + MAP_PIB_SIZE, uc);
}

/* RAM slots within [from, to), lowest first. */
static void add_slots(struct map *m, const struct ram *ram, uint64_t from, uint64_t to,
	const uint64_t (*loader)[2], unsigned count)
{
	for (;;) {
		const struct ram_slot *low = NULL;
		for (unsigned i = 0; i < ram->count; i++) {
			const struct ram_slot *s = &ram->slot[i];
			if (s->base >= from && s->base < to && (!low || s->base < low->base))
				low = s;
		}
		if (!low)
			return;
		add_ram(m, low->base, low->base + low->size, loader, count);
		from = low->base + low->size;
	}
}

unsigned efi_memory_map(const struct ram *ram, const uint64_t (*loader)[2], unsigned count,
	struct efi_descriptor *d)
{
	struct map m = {.d = d};
	add_slots(&m, ram, 0, MAP_LOW_END, loader, count);
	add(&m, EFI_MMIO, MAP_VGA_BASE, MAP_VGA_BASE + MAP_VGA_SIZE, EFI_MEMORY_UC);
	add_slots(&m, ram, MAP_LOW2_BASE, MAP_PCI_BASE, loader, count);
	add_devices(&m);
	add_firmware(&m);
	add_slots(&m, ram, MAP_HIGH_BASE, MAP_HIGH_END, loader, count);
	return m.count;
}
