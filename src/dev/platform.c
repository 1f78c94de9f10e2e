/* SPDX-License-Identifier: MIT */
/* RAM layout and device list of an HVM domain. */
#include "dev/platform.h"

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

int platform_add_ram(struct machine *m, uint64_t bytes, char *err, size_t errlen)
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

int platform_init(struct platform *p, struct machine *m, const struct platform_config *cfg,
	char *err, size_t errlen)
{
	p->machine = m;
	int r = ioport_init(&p->ports, &m->bus);
	if (!r)
		r = iosapic_init(&p->iosapic, m);
	if (!r)
		r = pib_init(&p->pib, m);
	if (!r)
		r = uart_init(&p->uart, &p->ports, PORT_COM1, &p->iosapic, GSI_COM1, cfg->console,
			cfg->console_ctx);
	if (!r)
		r = acpi_pm_init(
			&p->pm, &p->ports, &m->clock, &p->iosapic, cfg->power, cfg->power_ctx);
	if (!r)
		r = pci_host_init(&p->pci, &p->ports);
	if (r)
		snprintf(err, errlen, "platform devices: %s", strerror(-r));
	return r;
}

void platform_free(struct platform *p)
{
	iosapic_free(&p->iosapic);
	uart_free(&p->uart);
	acpi_pm_free(&p->pm);
	pci_host_free(&p->pci);
}

/* The IOSAPIC last: devices lower their lines on the way. */
void platform_reset(struct platform *p)
{
	pib_reset(&p->pib);
	uart_reset(&p->uart);
	acpi_pm_reset(&p->pm);
	pci_host_reset(&p->pci);
	iosapic_reset(&p->iosapic);
}

void platform_save(struct platform *p, struct stream *s)
{
	iosapic_save(&p->iosapic, s);
	pib_save(&p->pib, s);
	uart_save(&p->uart, s);
	acpi_pm_save(&p->pm, s);
	pci_host_save(&p->pci, s);
}

void platform_load(struct platform *p, struct stream *s)
{
	iosapic_load(&p->iosapic, s);
	pib_load(&p->pib, s);
	uart_load(&p->uart, s);
	acpi_pm_load(&p->pm, s);
	pci_host_load(&p->pci, s);
}

uint64_t platform_tick(struct platform *p)
{
	return acpi_pm_tick(&p->pm);
}
