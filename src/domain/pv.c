/* SPDX-License-Identifier: MIT */
/*
 * Domains of type pv: the guest knows that it runs on Xen (ABI 2). Memory is one piece from 0; in
 * its last pages are the rings of console and xenstore, whose other ends are here.
 */
#include "domain/backend.h"
#include "domain/kind.h"
#include "domain/match.h"

#include "back/block.h"
#include "back/ring.h"
#include "base/stream.h"
#include "cpu/timer.h"
#include "hv/dom_fw.h"
#include "hv/event.h"
#include "hv/hypercall.h"
#include "hv/memory.h"
#include "hv/sched.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define PAGES(mb) ((uint64_t)(mb) << 20 >> XEN_PAGE_SHIFT)

/* --- life --- */

static int add_ram(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	uint64_t bytes = d->config.memory << 20;
	int err = -E2BIG;

	if (d->config.memory <= CONFIG_MAX_PV_MEMORY)
		err = ram_add_slot(&d->machine.ram, 0, bytes);
	if (err == -E2BIG)
		snprintf(error, LOAD_ERROR_SIZE,
			"memory of %llu MB is more than a PV domain's %llu",
			(unsigned long long)d->config.memory, CONFIG_MAX_PV_MEMORY);
	else if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for a guest of %llu MB",
			(unsigned long long)d->config.memory);
	return err;
}

static void console_io(void *ctx, const uint8_t *data, size_t n)
{
	struct domain *d = ctx;
	console_write(&d->console, data, n);
	domain_notify(d);
}

static void notify(void *ctx)
{
	domain_notify(ctx);
}

/* An entry of Xen's VHPT has 32 bytes; what is found there is in our translation cache (ABI 15.5).
 */
static int size_caches(struct domain *d)
{
	int err = 0;

	for (unsigned n = 0; n < d->machine.cpus && d->config.vhpt && !err; n++)
		err = mmu_make_cache(&d->machine.cpu[n]->mmu, 1u << (d->config.vhpt - 5));
	return err;
}

static int build(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	int err = size_caches(d);

	if (!err)
		err = fw_init(&d->fw, &d->machine, NULL);
	if (err) {
		snprintf(error, LOAD_ERROR_SIZE, "no memory for the firmware");
		return err;
	}
	err = hv_init(&d->hv, &d->machine, (uint16_t)d->config.id, error, LOAD_ERROR_SIZE);
	if (err)
		return err;
	d->hv.fw = &d->fw;
	d->hv.console.write = console_io;
	d->hv.console.ctx = d;
	config_uuid_bytes(&d->config, d->hv.uuid);
	err = match_init(d);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "no memory for what it has with other domains");
	return err;
}

static void unbuild(struct domain *d)
{
	match_free(d);
	hv_free(&d->hv);
	fw_free(&d->fw);
}

/* --- boot --- */

/* The ramdisk follows the kernel (ABI 2.7). */
static int load_guest(struct domain *d, struct dom_boot *boot, char error[LOAD_ERROR_SIZE])
{
	struct ram *ram = &d->machine.ram;
	struct kernel_rules rules = {
		.low = DOM_FW_END, .high = dom_page(&d->hv, DOM_MEMMAP_PAGE), .xen = true};
	int err = kernel_load(ram, d->fd.kernel, d->config.kernel, &rules, &d->kernel, error);

	if (err || d->fd.ramdisk < 0)
		return err;
	struct ramdisk_place place = {.low = d->kernel.high, .high = rules.high, .behind = true};
	return ramdisk_load(ram, d->fd.ramdisk, d->config.ramdisk, &place, &boot->initrd,
		&boot->initrd_size, error);
}

/* The two channels that a guest finds in its start_info. */
static void open_channels(struct domain *d)
{
	d->rings.store_port = (uint32_t)evtchn_alloc_unbound(&d->hv, DOMID_DOM0);
	d->rings.console_port = (uint32_t)evtchn_alloc_unbound(&d->hv, DOMID_DOM0);
}

static void notify_console(void *ctx)
{
	struct domain *d = ctx;

	d->rings.console_told = true;
	domain_notify(d);
}

static void connect_channels(struct domain *d)
{
	evtchn_connect(&d->hv, d->rings.store_port, DOMID_DOM0, notify, d);
	evtchn_connect(&d->hv, d->rings.console_port, DOMID_DOM0, notify_console, d);
}

static int boot(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	struct dom_boot b = {.cmdline = d->config.cmdline};

	hv_reset(&d->hv);
	int err = load_guest(d, &b, error);
	if (err)
		return err;
	open_channels(d);
	d->rings.console_told = false;
	b.entry = d->kernel.entry;
	b.big_endian = d->kernel.big_endian;
	b.store_port = d->rings.store_port;
	b.console_port = d->rings.console_port;
	dom_fw_build(&d->hv, &b);
	connect_channels(d);
	return 0;
}

static void save(struct domain *d, struct stream *s)
{
	fw_save(&d->fw, s);
	hv_save(&d->hv, s);
	stream_begin(s, "rings", 5);
	stream_put_u64(s, d->rings.store_port);
	stream_put_u64(s, d->rings.console_port);
	backend_save(d, s);
	stream_end(s);
}

static void load(struct domain *d, struct stream *s)
{
	fw_load(&d->fw, s);
	hv_load(&d->hv, s);
	uint32_t version = stream_open(s, "rings", 5);

	if (!version)
		return;
	d->rings.store_port = (uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "xenstore's channel");
	d->rings.console_port =
		(uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "the console's channel");
	if (version > 1)
		backend_load(d, s, version);
	stream_close(s);
	d->rings.console_told = true; /* perhaps, before it was saved */
	if (stream_ok(s))
		connect_channels(d);
}

/* --- the rings' other ends: I/O thread --- */

static void pump_console(struct domain *d)
{
	uint64_t gfn = dom_page(&d->hv, DOM_CONSOLE_PAGE) >> XEN_PAGE_SHIFT;
	uint8_t bytes[2048];

	if (!atomic_exchange(&d->rings.console_told, false))
		return;
	uint8_t *page = memory_hold(&d->hv, gfn);
	size_t n = byte_ring_take(page, &console_out, bytes, sizeof(bytes));
	memory_let(&d->hv, gfn, page);
	if (!n)
		return;
	console_write(&d->console, bytes, n);
	evtchn_signal(&d->hv, d->rings.console_port);
}

static size_t input(struct domain *d, const uint8_t *p, size_t n)
{
	uint64_t gfn = dom_page(&d->hv, DOM_CONSOLE_PAGE) >> XEN_PAGE_SHIFT;
	uint8_t *page = memory_hold(&d->hv, gfn);
	size_t done = byte_ring_put(page, &console_in, p, n);

	memory_let(&d->hv, gfn, page);
	if (done)
		evtchn_signal(&d->hv, d->rings.console_port);
	return done;
}

static uint64_t tick(struct domain *d)
{
	pump_console(d);
	return d->net_again;
}

static const char *ask_shutdown(struct domain *d)
{
	(void)d;
	return "its shutdown is asked for in xenstore";
}

/* --- vCPU threads --- */

static void act(struct vcpu *v, enum hv_action action)
{
	struct hv_vcpu *x = &v->domain->hv.vcpu[v->cpu->index];

	switch (action) {
	case HV_CONTINUE:
		break;
	case HV_BLOCK:
		v->cpu->halted = true;
		runstate_change(x, x->down ? RUNSTATE_OFFLINE : RUNSTATE_BLOCKED);
		break;
	case HV_POWEROFF:
		domain_ask(v->domain, EVENT_POWEROFF, v->cpu->index);
		break;
	case HV_REBOOT:
		domain_ask(v->domain, EVENT_REBOOT, v->cpu->index);
		break;
	case HV_SUSPEND:
		domain_crash(v, "suspended itself, which nobody had asked for");
		break;
	case HV_WATCHDOG:
		domain_watchdog(v);
		break;
	case HV_CRASH:
		domain_crash(v, "%s", v->cpu->exit_text);
		break;
	}
}

static void call(struct vcpu *v, enum exit exit)
{
	if (exit == EXIT_HYPERCALL) {
		enum hv_action action = hv_call(&v->domain->hv, v->cpu);
		block_eager(v->domain->block);
		act(v, action);
	} else
		domain_crash(v, "call of firmware that a PV domain has not");
}

static bool has_work(struct vcpu *v)
{
	struct hv_vcpu *x = &v->domain->hv.vcpu[v->cpu->index];

	if (!hv_is_up(x)) {
		if (x->runstate.state != RUNSTATE_OFFLINE)
			runstate_change(x, RUNSTATE_OFFLINE);
		return false;
	}
	timer_check(v->cpu);
	act(v, hv_tick(x));
	if (v->cpu->halted && !hv_has_work(x))
		return false;
	v->cpu->halted = false;
	if (x->runstate.state != RUNSTATE_RUNNING)
		runstate_change(x, RUNSTATE_RUNNING);
	if (x->wait.on) /* what it waited for is there: the call goes on */
		call(v, EXIT_HYPERCALL);
	return !v->cpu->halted;
}

static uint64_t deadline(struct vcpu *v)
{
	struct hv_vcpu *x = &v->domain->hv.vcpu[v->cpu->index];
	uint64_t timer = timer_deadline(v->cpu), other = hv_deadline(x);

	if (x->down)
		return UINT64_MAX;
	return timer < other ? timer : other;
}

const struct domain_kind kind_pv = {add_ram, build, unbuild, boot, save, load, tick, input,
	ask_shutdown, call, has_work, deadline};
