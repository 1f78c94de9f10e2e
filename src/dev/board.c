/* SPDX-License-Identifier: MIT */
/* RAM layout and device list of an HVM domain. */
#include "dev/board.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cpu/cpu.h"
#include "dev/memmap.h"

#define MIN_RAM (1ull << 20)

static int add_slots(struct machine *m, uint64_t base, uint64_t size, char *err, size_t errlen)
{
	while (size) {
		uint64_t part = size < MAP_SLOT_MAX ? size : MAP_SLOT_MAX;
		int r = ram_add_slot(&m->ram, base, part);
		if (r) {
			snprintf(err, errlen, "memory at 0x%llx: %s", (unsigned long long)base,
				strerror(-r));
			return r;
		}
		base += part;
		size -= part;
	}
	return 0;
}

int board_add_ram(struct machine *m, uint64_t bytes, char *err, size_t errlen)
{
	const uint64_t low = MAP_PCI_BASE - MAP_LOW2_BASE + MAP_LOW_END;
	uint64_t end = MAP_HIGH_END;
	if (m->model->pa_bits < 40)
		end = 1ull << m->model->pa_bits;
	if (bytes < MIN_RAM || bytes % GRANULE_SIZE) {
		snprintf(err, errlen, "memory: at least 1 MB is needed");
		return -EINVAL;
	}
	if (bytes > low + (end - MAP_HIGH_BASE)) {
		snprintf(err, errlen, "memory: more than the guest-physical layout holds (%llu MB)",
			(unsigned long long)((low + (end - MAP_HIGH_BASE)) >> 20));
		return -E2BIG;
	}
	uint64_t below = bytes < low ? bytes : low;
	int r = add_slots(m, 0, MAP_LOW_END, err, errlen);
	if (!r)
		r = add_slots(m, MAP_LOW2_BASE, below - MAP_LOW_END, err, errlen);
	if (!r)
		r = add_slots(m, MAP_HIGH_BASE, bytes - below, err, errlen);
	if (!r)
		r = add_slots(m, MAP_FW_BASE, MAP_FW_SIZE, err, errlen);
	m->fw_base = GPA(MAP_FW_BASE);
	m->fw_size = MAP_FW_SIZE;
	return r;
}

int board_init(struct board *b, struct machine *m, const struct board_config *cfg, char *err,
	size_t errlen)
{
	b->machine = m;
	int r = ioport_init(&b->ports, &m->bus);
	if (!r)
		r = iosapic_init(&b->iosapic, m);
	if (!r)
		r = pib_init(&b->pib, m);
	if (!r)
		r = uart_init(&b->uart, &b->ports, PORT_COM1, &b->iosapic, GSI_COM1, cfg->console,
			cfg->console_ctx);
	if (!r)
		r = acpi_pm_init(
			&b->pm, &b->ports, &m->clock, &b->iosapic, cfg->power, cfg->power_ctx);
	if (!r)
		r = pci_host_init(&b->pci, &b->ports);
	if (r)
		snprintf(err, errlen, "platform devices: %s", strerror(-r));
	return r;
}

void board_free(struct board *b)
{
	iosapic_free(&b->iosapic);
	uart_free(&b->uart);
	acpi_pm_free(&b->pm);
	pci_host_free(&b->pci);
}

/* The IOSAPIC last: devices lower their lines on the way. */
void board_reset(struct board *b)
{
	pib_reset(&b->pib);
	uart_reset(&b->uart);
	acpi_pm_reset(&b->pm);
	pci_host_reset(&b->pci);
	iosapic_reset(&b->iosapic);
}

void board_save(struct board *b, struct stream *s)
{
	iosapic_save(&b->iosapic, s);
	pib_save(&b->pib, s);
	uart_save(&b->uart, s);
	acpi_pm_save(&b->pm, s);
	pci_host_save(&b->pci, s);
}

void board_load(struct board *b, struct stream *s)
{
	iosapic_load(&b->iosapic, s);
	pib_load(&b->pib, s);
	uart_load(&b->uart, s);
	acpi_pm_load(&b->pm, s);
	pci_host_load(&b->pci, s);
}

uint64_t board_tick(struct board *b)
{
	return acpi_pm_tick(&b->pm);
}
