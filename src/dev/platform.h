/* SPDX-License-Identifier: MIT */
/*
 * The platform of an HVM domain: RAM layout and every device, built, reset, saved and loaded as
 * one. A new device is a member here and a row in platform.c.
 */
#ifndef DEV_PLATFORM_H
#define DEV_PLATFORM_H

#include "dev/acpi_pm.h"
#include "dev/ioport.h"
#include "dev/iosapic.h"
#include "dev/pci_host.h"
#include "dev/pib.h"
#include "dev/uart.h"

struct machine;
struct stream;

struct platform_config {
	uart_output_fn *console; /* output of COM1; may be NULL */
	void *console_ctx;
	pm_event_fn *power; /* the guest powered off or reset itself; may be NULL */
	void *power_ctx;
};

struct platform {
	struct machine *machine;
	struct ioport ports;
	struct iosapic iosapic;
	struct pib pib;
	struct uart uart;
	struct acpi_pm pm;
	struct pci_host pci;
};

/* Adds bytes of RAM (a multiple of 4 KB, at least 1 MB) and the firmware area to the machine, and
 * tells it where the latter is. Returns 0; -EINVAL for too little, -E2BIG for more than the map or
 * the CPU model's physical addresses hold, or -errno of ram_add_slot. err gets the reason. */
int platform_add_ram(struct machine *m, uint64_t bytes, char *err, size_t errlen);

/* Builds the devices onto the machine's bus. Returns 0 or -errno, err saying which. */
int platform_init(struct platform *p, struct machine *m, const struct platform_config *cfg,
	char *err, size_t errlen);
void platform_free(struct platform *p);
void platform_reset(struct platform *p);
/* vCPUs must be stopped. */
void platform_save(struct platform *p, struct stream *s);
void platform_load(struct platform *p, struct stream *s);

/* Work due by now that no guest access triggers. Returns the guest time (clock_now) at which to
 * call again, or UINT64_MAX; guest writes may bring that forward, so ask at least every second. */
uint64_t platform_tick(struct platform *p);

#endif
