/* SPDX-License-Identifier: MIT */
/* Domains of type hvm: a whole machine with devices and firmware, whose guest knows of nothing. */
#include "domain/kind.h"

#include "cpu/sapic.h"
#include "cpu/timer.h"

#include <errno.h>
#include <stdio.h>

static void console_output(void *ctx, const uint8_t *data, size_t n)
{
	struct domain *d = ctx;
	console_write(&d->console, data, n);
	domain_notify(d);
}

/* The event stops the domain; the vCPU parks when it leaves cpu_run. */
static void power_event(void *ctx, enum pm_event e)
{
	domain_ask(ctx, e == PM_POWEROFF ? EVENT_POWEROFF : EVENT_REBOOT, 0);
}

static int add_ram(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	return platform_add_ram(&d->machine, d->config.memory << 20, error, LOAD_ERROR_SIZE);
}

static int build(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	struct platform_config cfg = {
		.console = console_output, .console_ctx = d, .power = power_event, .power_ctx = d};
	int err = platform_init(&d->platform, &d->machine, &cfg, error, LOAD_ERROR_SIZE);
	if (err)
		return err;
	err = fw_init(&d->fw, &d->machine, &d->platform);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for the firmware");
	return err;
}

static void unbuild(struct domain *d)
{
	fw_free(&d->fw);
	platform_free(&d->platform);
}

static int load_guest(struct domain *d, struct fw_config *cfg, char error[LOAD_ERROR_SIZE])
{
	struct ram *ram = &d->machine.ram;
	struct kernel_rules rules = {.high = ~0ull};
	int err = kernel_load(ram, d->fd.kernel, d->config.kernel, &rules, &d->kernel, error);
	if (err)
		return err;
	if (d->kernel.big_endian) {
		snprintf(error, LOAD_ERROR_SIZE, "%s: is not a 64-bit little-endian ELF file",
			d->config.kernel);
		return -EINVAL;
	}
	cfg->entry = d->kernel.entry;
	cfg->kernel_low = d->kernel.low;
	cfg->kernel_high = d->kernel.high;
	if (d->fd.ramdisk < 0)
		return 0;
	struct ramdisk_place place = {.low = d->kernel.high, .high = MAP_PCI_BASE};
	return ramdisk_load(ram, d->fd.ramdisk, d->config.ramdisk, &place, &cfg->initrd,
		&cfg->initrd_size, error);
}

static int boot(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	uint8_t uuid[16] = {0};
	struct fw_config cfg = {.cmdline = d->config.cmdline, .name = d->config.name, .uuid = uuid};

	platform_reset(&d->platform);
	int err = load_guest(d, &cfg, error);
	if (err)
		return err;
	config_uuid_bytes(&d->config, uuid);
	return fw_build(&d->fw, &cfg, error, LOAD_ERROR_SIZE);
}

static void save(struct domain *d, struct stream *s)
{
	platform_save(&d->platform, s);
	fw_save(&d->fw, s);
}

static void load(struct domain *d, struct stream *s)
{
	platform_load(&d->platform, s);
	fw_load(&d->fw, s);
}

static uint64_t tick(struct domain *d)
{
	return platform_tick(&d->platform);
}

static size_t input(struct domain *d, const uint8_t *p, size_t n)
{
	return uart_input(&d->platform.uart, p, n);
}

static const char *ask_shutdown(struct domain *d)
{
	acpi_pm_power_button(&d->platform.pm);
	return NULL;
}

/* What firmware says must follow. */
static void call(struct vcpu *v, enum exit exit)
{
	if (exit == EXIT_HYPERCALL) {
		domain_crash(v, "hypercall 0x%llx in a domain of type hvm",
			(unsigned long long)v->cpu->exit_arg);
		return;
	}
	domain_firmware_action(v, fw_call(&v->domain->fw, v->cpu, v->cpu->exit_arg));
}

static bool has_work(struct vcpu *v)
{
	struct cpu *cpu = v->cpu;
	timer_check(cpu);
	return !cpu->halted || sapic_highest(cpu) >= 0 || atomic_load(&cpu->sapic.init_pending);
}

static uint64_t deadline(struct vcpu *v)
{
	return timer_deadline(v->cpu);
}

const struct domain_kind kind_hvm = {add_ram, build, unbuild, boot, save, load, tick, input,
	ask_shutdown, call, has_work, deadline};
