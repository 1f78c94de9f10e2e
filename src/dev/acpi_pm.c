/* SPDX-License-Identifier: MIT */
/* PM1a registers, PM timer, reset register. */
#include "dev/acpi_pm.h"

#include "base/bus.h"
#include "base/clock.h"
#include "base/stream.h"
#include "dev/ioport.h"
#include "dev/iosapic.h"
#include "dev/memmap.h"

enum { STS_TIMER = 1, STS_GLOBAL = 1 << 5, STS_BUTTON = 1 << 8, STS_WAKE = 1 << 15 };
#define STS_ALL (STS_TIMER | STS_GLOBAL | STS_BUTTON | STS_WAKE)
#define EN_ALL	(STS_TIMER | STS_GLOBAL | STS_BUTTON)
enum { CNT_SCI_EN = 1, CNT_SLP_TYP = 7 << 10, CNT_SLP_EN = 1 << 13 };

#define NS_PER_S 1000000000ull

static uint64_t timer_ticks(const struct acpi_pm *pm)
{
	return (uint64_t)((uint128_t)clock_now(pm->clock) * PM_TIMER_HZ / NS_PER_S);
}

/* Guest time at which half period n begins. */
static uint64_t half_start(uint64_t n)
{
	return (uint64_t)(((uint128_t)n << 31) * NS_PER_S / PM_TIMER_HZ) + 1;
}

static void update_timer(struct acpi_pm *pm)
{
	uint64_t halves = timer_ticks(pm) >> 31;
	if (halves != pm->halves)
		pm->status |= STS_TIMER;
	pm->halves = halves;
}

static void update_irq(struct acpi_pm *pm)
{
	iosapic_set_irq(pm->iosapic, GSI_SCI, pm->status & pm->enable & EN_ALL);
}

/* Registers are bytes in a row, so that accesses of any size and alignment work. */
static uint64_t read_bytes(uint32_t reg, const struct bus_access *a)
{
	return reg >> 8 * (a->addr & 3);
}

static uint32_t write_bytes(uint32_t old, const struct bus_access *a)
{
	unsigned shift = 8 * (a->addr & 3);
	uint32_t mask = (uint32_t)(~0ull >> (64 - 8 * a->size)) << shift;
	return (old & ~mask) | ((uint32_t)a->value << shift & mask);
}

static void event_access(void *dev, struct bus_access *a)
{
	struct acpi_pm *pm = dev;
	pthread_mutex_lock(&pm->lock);
	update_timer(pm);
	if (a->write) {
		/* status bits are cleared by writing ones */
		uint32_t ones = write_bytes(0, a);
		uint32_t v = write_bytes((uint32_t)pm->enable << 16, a);
		pm->status &= (uint16_t)~ones;
		pm->enable = (uint16_t)(v >> 16) & EN_ALL;
	} else {
		a->value = read_bytes(pm->status | (uint32_t)pm->enable << 16, a);
	}
	update_irq(pm);
	pthread_mutex_unlock(&pm->lock);
}

static void control_access(void *dev, struct bus_access *a)
{
	struct acpi_pm *pm = dev;
	bool off = false;
	pthread_mutex_lock(&pm->lock);
	if (a->write) {
		uint32_t v = write_bytes(pm->control, a);
		off = v & CNT_SLP_EN && (v & CNT_SLP_TYP) == PM_SLP_TYP_S5 << 10;
		pm->control = (uint16_t)((v & CNT_SLP_TYP) | CNT_SCI_EN);
	} else {
		a->value = read_bytes(pm->control, a);
	}
	pthread_mutex_unlock(&pm->lock);
	if (off && pm->event)
		pm->event(pm->event_ctx, PM_POWEROFF);
}

/* Read-only, 32 bits (ACPI 2.0, 4.7.3.3). */
static void timer_access(void *dev, struct bus_access *a)
{
	struct acpi_pm *pm = dev;
	if (!a->write)
		a->value = read_bytes((uint32_t)timer_ticks(pm), a);
}

/* As on chip sets: bit 1 arms, bit 2 resets. */
static void reset_access(void *dev, struct bus_access *a)
{
	struct acpi_pm *pm = dev;
	pthread_mutex_lock(&pm->lock);
	if (a->write)
		pm->reset = (uint8_t)a->value & PM_RESET_VALUE;
	else
		a->value = pm->reset;
	bool fire = a->write && pm->reset & 4;
	pthread_mutex_unlock(&pm->lock);
	if (fire && pm->event)
		pm->event(pm->event_ctx, PM_RESET);
}

int acpi_pm_init(struct acpi_pm *pm, struct ioport *io, struct clock *clock,
	struct iosapic *iosapic, pm_event_fn *event, void *ctx)
{
	*pm = (struct acpi_pm){
		.clock = clock, .iosapic = iosapic, .event = event, .event_ctx = ctx};
	pthread_mutex_init(&pm->lock, NULL);
	acpi_pm_reset(pm);
	int r = ioport_add(io, PORT_PM1_EVT, 4, event_access, pm, "pm1a-event");
	if (!r)
		r = ioport_add(io, PORT_PM1_CNT, 2, control_access, pm, "pm1a-control");
	if (!r)
		r = ioport_add(io, PORT_PM_TIMER, 4, timer_access, pm, "pm-timer");
	if (!r)
		r = ioport_add(io, PORT_RESET, 1, reset_access, pm, "reset");
	return r;
}

void acpi_pm_free(struct acpi_pm *pm)
{
	pthread_mutex_destroy(&pm->lock);
}

void acpi_pm_reset(struct acpi_pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	pm->status = pm->enable = 0;
	pm->control = CNT_SCI_EN;
	pm->reset = 0;
	pm->halves = timer_ticks(pm) >> 31;
	update_irq(pm);
	pthread_mutex_unlock(&pm->lock);
}

void acpi_pm_power_button(struct acpi_pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	pm->status |= STS_BUTTON;
	update_irq(pm);
	pthread_mutex_unlock(&pm->lock);
}

uint64_t acpi_pm_tick(struct acpi_pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	update_timer(pm);
	update_irq(pm);
	uint64_t next = pm->enable & STS_TIMER ? half_start(pm->halves + 1) : UINT64_MAX;
	pthread_mutex_unlock(&pm->lock);
	return next;
}

void acpi_pm_save(struct acpi_pm *pm, struct stream *s)
{
	pthread_mutex_lock(&pm->lock);
	stream_begin(s, "acpi-pm", 1);
	stream_put_u64(s, pm->status);
	stream_put_u64(s, pm->enable);
	stream_put_u64(s, pm->control);
	stream_put_u64(s, pm->reset);
	stream_put_u64(s, pm->halves);
	stream_end(s);
	pthread_mutex_unlock(&pm->lock);
}

void acpi_pm_load(struct acpi_pm *pm, struct stream *s)
{
	pthread_mutex_lock(&pm->lock);
	if (stream_open(s, "acpi-pm", 1)) {
		pm->status = (uint16_t)stream_get_max(s, STS_ALL, "status");
		pm->enable = (uint16_t)stream_get_max(s, EN_ALL, "enable");
		pm->control = (uint16_t)stream_get_max(s, CNT_SLP_TYP | CNT_SCI_EN, "control");
		pm->reset = (uint8_t)stream_get_max(s, PM_RESET_VALUE, "reset");
		pm->halves = stream_get_u64(s);
		stream_close(s);
	}
	pthread_mutex_unlock(&pm->lock);
}
