/* SPDX-License-Identifier: MIT */
/*
 * ACPI fixed hardware (ACPI 2.0, 4.7.3): PM1a event and control blocks, the 3.579545 MHz PM timer
 * and the reset register. The machine is always in ACPI mode. Sleeping means S5: power off.
 */
#ifndef DEV_ACPI_PM_H
#define DEV_ACPI_PM_H

#include <pthread.h>

#include "base/types.h"

struct clock;
struct ioport;
struct iosapic;
struct stream;

#define PM_SLP_TYP_S5  5
#define PM_RESET_VALUE 6
#define PM_TIMER_HZ    3579545

enum pm_event { PM_POWEROFF, PM_RESET };
/* What the guest asked for; called from a vCPU thread with no lock held. */
typedef void pm_event_fn(void *ctx, enum pm_event e);

struct acpi_pm {
	pthread_mutex_t lock;
	struct clock *clock;
	struct iosapic *iosapic;
	pm_event_fn *event;
	void *event_ctx;
	uint16_t status, enable, control;
	uint8_t reset;
	uint64_t halves; /* half periods of the timer seen so far: its top bit flips at each */
};

/* Returns 0 or -errno of ioport_add. */
int acpi_pm_init(struct acpi_pm *pm, struct ioport *io, struct clock *clock,
	struct iosapic *iosapic, pm_event_fn *event, void *ctx);
void acpi_pm_free(struct acpi_pm *pm);
void acpi_pm_reset(struct acpi_pm *pm);
void acpi_pm_save(struct acpi_pm *pm, struct stream *s);
void acpi_pm_load(struct acpi_pm *pm, struct stream *s);

/* The user pressed the power or sleep button: the guest may shut itself down. Any thread. */
void acpi_pm_power_button(struct acpi_pm *pm);
/* Raises the timer's carry interrupt when due. Returns the guest time (clock_now) of the next
 * one, or UINT64_MAX while the guest has it disabled. Any thread. */
uint64_t acpi_pm_tick(struct acpi_pm *pm);

#endif
