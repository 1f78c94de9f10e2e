/* SPDX-License-Identifier: MIT */
/*
 * The turns of a domain's life: pause, power-off, reboot and crash, and what the configuration
 * wants to follow. A restart is a reset of everything in the same process, with the vCPU threads
 * parked meanwhile.
 */
#include "domain/domain.h"

#include "base/log.h"
#include "domain/kind.h"
#include "jit/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void domain_pause(struct domain *d)
{
	if (d->paused)
		return;
	domain_stop(d);
	clock_pause(&d->machine.clock);
	d->paused = true;
}

void domain_unpause(struct domain *d)
{
	if (!d->paused)
		return;
	d->paused = false;
	clock_resume(&d->machine.clock);
	domain_go(d);
}

/* With all vCPUs stopped. Guest time goes on: clocks do not jump back. */
static void restart(struct domain *d)
{
	char error[LOAD_ERROR_SIZE];
	if (domain_boot(d, error)) {
		log_error("cannot restart: %s", error);
		d->end = END_CRASH;
		return;
	}
	d->crashed = d->shut_down = false;
}

/* Does what the configuration says should follow. Returns whether the guest goes on. */
static bool follow(struct domain *d, enum domain_action action, enum domain_end end)
{
	switch (action) {
	case ACTION_RESTART:
		restart(d);
		return d->end == END_NOT_YET;
	case ACTION_PRESERVE:
		d->crashed = end == END_CRASH;
		d->shut_down = end != END_CRASH;
		return false;
	default:
		d->end = end;
		return false;
	}
}

/* A guest that crashes and is restarted for ever must not fill the file system with its log. */
#define LOG_MAX (16 << 20)

static void report_crash(struct domain *d)
{
	struct text *t = &d->crash_report;
	text_free(t);
	text_printf(t, "domain %s crashed on vCPU %u: %s\n", d->config.name, d->event_vcpu,
		d->crash_text);
	const char *difference = verify_report(d->vcpu[d->event_vcpu].cpu);
	if (difference)
		text_printf(t, "%s", difference);
	dump_cpu(t, d->vcpu[d->event_vcpu].cpu, &d->kernel);
	if (lseek(STDERR_FILENO, 0, SEEK_END) > LOG_MAX)
		return;
	if (t->data && write(STDERR_FILENO, t->data, t->len) < 0)
		return;
}

void domain_report_checks(struct domain *d)
{
	char *text;
	if (!verify_finish(&d->machine, &text))
		d->end = END_CRASH;
	if (!text)
		return;
	text_printf(&d->crash_report, "%s", text);
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		log_warn("no room for the figures of engine 'verify'");
	free(text);
}

static bool act(struct domain *d, enum domain_event event)
{
	switch (event) {
	case EVENT_POWEROFF:
		return follow(d, d->config.on_poweroff, END_POWEROFF);
	case EVENT_REBOOT:
		return follow(d, d->config.on_reboot, END_REBOOT);
	case EVENT_RESTART:
		return follow(d, ACTION_RESTART, END_REBOOT);
	default:
		report_crash(d);
		return follow(d,
			event == EVENT_WATCHDOG ? d->config.on_watchdog : d->config.on_crash,
			END_CRASH);
	}
}

void domain_serve_event(struct domain *d)
{
	pthread_mutex_lock(&d->lock);
	enum domain_event event = d->event;
	pthread_mutex_unlock(&d->lock);
	if (event == EVENT_NONE || d->crashed || d->shut_down || d->end != END_NOT_YET)
		return;
	domain_stop(d);
	d->kind->tick(d); /* what the guest has said last may still be in its ring */
	if (act(d, event)) {
		pthread_mutex_lock(&d->lock);
		d->event = EVENT_NONE;
		pthread_mutex_unlock(&d->lock);
		domain_go(d);
	}
	domain_go(d);
}

/* A guest that has ended and was preserved holds the stop of its last event; that one is turned
 * into the request, else a new one is made. */
void domain_reboot(struct domain *d)
{
	if (!d->crashed && !d->shut_down) {
		domain_ask(d, EVENT_REBOOT, 0);
		return;
	}
	d->crashed = d->shut_down = false;
	pthread_mutex_lock(&d->lock);
	d->event = EVENT_RESTART;
	pthread_mutex_unlock(&d->lock);
	domain_notify(d);
}
