/* SPDX-License-Identifier: MIT */
/*
 * Putting a domain together: machine, devices and firmware once, and what the guest boots from
 * each time it boots.
 */
#define _GNU_SOURCE
#include "domain/backend.h"
#include "domain/kind.h"

#include "base/log.h"
#include "jit/jit.h"
#include "jit/jitdump.h"
#include "jit/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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
	int err = d->kind->add_ram(d, error);
	if (err)
		return err;
	err = make_processors(d);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for %u vcpus", m->cpus);
	return err;
}

int domain_build(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	d->kind = d->config.pv ? &kind_pv : &kind_hvm;
	int err = make_machine(d, error);
	if (!err)
		err = d->kind->build(d, error);
	return err ? err : backend_init(d, error);
}

void domain_unbuild(struct domain *d)
{
	backend_free(d);
	if (d->kind)
		d->kind->unbuild(d);
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

int domain_boot(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	int err = backend_reset(d, error);
	if (err)
		return err;
	clear_ram(&d->machine.ram);
	for (unsigned i = 0; i < d->machine.cpus; i++)
		cpu_reset(d->machine.cpu[i]);
	return d->kind->boot(d, error);
}

void domain_firmware_action(struct vcpu *v, enum fw_action action)
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

void domain_init_interrupt(struct vcpu *v)
{
	domain_firmware_action(v, fw_deliver_init(&v->domain->fw, v->cpu));
}
