/* SPDX-License-Identifier: MIT */
/*
 * Putting a domain together: machine, devices and firmware once, and what the guest boots from
 * each time it boots. Also the wires between them: console output, power requests, firmware calls.
 */
#define _GNU_SOURCE
#include "domain/domain.h"

#include "base/log.h"
#include "jit/jit.h"
#include "jit/jitdump.h"
#include "jit/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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

static int make_processors(struct domain *d)
{
	struct machine *m = &d->machine;
	m->cpus = (unsigned)d->config.vcpus;
	for (unsigned i = 0; i < m->cpus; i++) {
		m->cpu[i] = cpu_new(m, i);
		if (!m->cpu[i])
			return -ENOMEM;
		vcpu_attach(d, i, m->cpu[i]);
	}
	return 0;
}

static const struct engine *engine_of(const struct domain_config *c)
{
	switch (c->engine) {
	case ENGINE_JIT:
		return &engine_jit;
	case ENGINE_VERIFY:
		return &engine_verify;
	default:
		return &engine_interpreter;
	}
}

static int make_machine(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	struct machine *m = &d->machine;
	m->model = cpu_model_find(d->config.cpu_model[0] ? d->config.cpu_model : NULL);
	if (!m->model) {
		snprintf(error, LOAD_ERROR_SIZE, "cpu_model '%s' is unknown", d->config.cpu_model);
		return -EINVAL;
	}
	m->engine = engine_of(&d->config);
	m->jit_debug = d->config.jit_debug[0] ? d->config.jit_debug : NULL;
	if (d->config.jitdump && !(m->jitdump = jitdump_open("."))) {
		snprintf(
			error, LOAD_ERROR_SIZE, "cannot write a jitdump here: %s", strerror(errno));
		return -errno;
	}
	m->code_cache = d->config.code_cache << 20;
	clock_init(&m->clock, d->config.virtual_clock);
	clock_pause(&m->clock);
	d->paused = true;
	int err = platform_add_ram(m, d->config.memory << 20, error, LOAD_ERROR_SIZE);
	if (err)
		return err;
	err = make_processors(d);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for %u vcpus", m->cpus);
	return err;
}

int domain_build(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	struct platform_config cfg = {
		.console = console_output, .console_ctx = d, .power = power_event, .power_ctx = d};
	int err = make_machine(d, error);
	if (!err)
		err = platform_init(&d->platform, &d->machine, &cfg, error, LOAD_ERROR_SIZE);
	if (err)
		return err;
	err = fw_init(&d->fw, &d->machine, &d->platform);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for the firmware");
	return err;
}

void domain_unbuild(struct domain *d)
{
	fw_free(&d->fw);
	platform_free(&d->platform);
	for (unsigned i = 0; i < d->machine.cpus; i++)
		cpu_free(d->machine.cpu[i]);
	jitdump_close(d->machine.jitdump);
	ram_free(&d->machine.ram);
}

/* Memory after power-on: zeroes, given back to the host until they are touched. */
static void clear_ram(struct ram *ram)
{
	for (unsigned i = 0; i < ram->count; i++) {
		struct ram_slot *s = &ram->slot[i];
		ram_invalidate_code(ram, GPA(s->base), s->size);
		if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)s->size))
			memset(s->host, 0, s->size);
	}
}

static int load_guest(struct domain *d, struct fw_config *cfg, char error[LOAD_ERROR_SIZE])
{
	struct ram *ram = &d->machine.ram;
	int err = kernel_load(ram, d->fd.kernel, d->config.kernel, &d->kernel, error);
	if (err)
		return err;
	cfg->entry = d->kernel.entry;
	cfg->kernel_low = d->kernel.low;
	cfg->kernel_high = d->kernel.high;
	if (d->fd.ramdisk < 0)
		return 0;
	return ramdisk_load(ram, d->fd.ramdisk, d->config.ramdisk, d->kernel.high, MAP_PCI_BASE,
		&cfg->initrd, &cfg->initrd_size, error);
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20) - 'a' + 10u;
}

static void uuid_bytes(const char *text, uint8_t out[16])
{
	unsigned n = 0;
	for (const char *p = text; p[0] && p[1] && n < 16;) {
		if (*p == '-') {
			p++;
			continue;
		}
		out[n++] = (uint8_t)(hex_digit(p[0]) << 4 | (hex_digit(p[1]) & 15));
		p += 2;
	}
}

int domain_boot(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	uint8_t uuid[16] = {0};
	struct fw_config cfg = {.cmdline = d->config.cmdline, .name = d->config.name, .uuid = uuid};

	clear_ram(&d->machine.ram);
	for (unsigned i = 0; i < d->machine.cpus; i++)
		cpu_reset(d->machine.cpu[i]);
	platform_reset(&d->platform);
	int err = load_guest(d, &cfg, error);
	if (err)
		return err;
	uuid_bytes(d->config.uuid, uuid);
	return fw_build(&d->fw, &cfg, error, LOAD_ERROR_SIZE);
}

/* What firmware says must follow: the other half of the exit switch. */
static void firmware_action(struct vcpu *v, enum fw_action action)
{
	switch (action) {
	case FW_CONTINUE:
		break;
	case FW_HALT:
		v->cpu->halted = true;
		break;
	case FW_RESET_COLD:
	case FW_RESET_WARM:
		domain_ask(v->domain, EVENT_REBOOT, v->cpu->index);
		break;
	case FW_POWEROFF:
		domain_ask(v->domain, EVENT_POWEROFF, v->cpu->index);
		break;
	case FW_CRASH:
		domain_crash(v, "%s", v->cpu->exit_text);
		break;
	}
}

void domain_firmware(struct vcpu *v)
{
	firmware_action(v, fw_call(&v->domain->fw, v->cpu, v->cpu->exit_arg));
}

void domain_init_interrupt(struct vcpu *v)
{
	firmware_action(v, fw_deliver_init(&v->domain->fw, v->cpu));
}
