/* SPDX-License-Identifier: MIT */
/*
 * Stopping all vCPUs at an instruction boundary, the one primitive that pause, save, dump, reboot
 * and crash are made of. A count of reasons, a kick for those that run, a wake-up for those that
 * sleep, and a wait until every thread has parked.
 */
#include "domain/domain.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

void vcpu_wake(struct vcpu *v)
{
	atomic_fetch_add(&v->wakeups, 1);
	if (atomic_load(&v->asleep))
		syscall(SYS_futex, &v->wakeups, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void domain_notify(struct domain *d)
{
	uint64_t one = 1;
	if (write(d->wake_fd, &one, sizeof(one)) < 0)
		return; /* the counter is full: the I/O thread will look anyway */
}

static void add_stop(struct domain *d)
{
	d->stops++;
	atomic_store(&d->stopping, true);
}

static void kick_all(struct domain *d)
{
	for (unsigned i = 0; d->started && i < d->config.vcpus; i++)
		cpu_kick(d->vcpu[i].cpu);
}

void domain_stop(struct domain *d)
{
	pthread_mutex_lock(&d->lock);
	add_stop(d);
	kick_all(d);
	while (d->started && d->parked < d->threads)
		pthread_cond_wait(&d->changed, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

void domain_go(struct domain *d)
{
	pthread_mutex_lock(&d->lock);
	if (--d->stops == 0) {
		atomic_store(&d->stopping, false);
		pthread_cond_broadcast(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
}

bool vcpu_park(struct vcpu *v)
{
	struct domain *d = v->domain;
	if (likely(!atomic_load(&d->stopping)))
		return true;
	pthread_mutex_lock(&d->lock);
	d->parked++;
	pthread_cond_broadcast(&d->changed);
	while (d->stops && !d->quit)
		pthread_cond_wait(&d->changed, &d->lock);
	d->parked--;
	bool quit = d->quit;
	pthread_mutex_unlock(&d->lock);
	return !quit;
}

void domain_ask(struct domain *d, enum domain_event event, unsigned vcpu)
{
	pthread_mutex_lock(&d->lock);
	if (d->event == EVENT_NONE) {
		d->event = event;
		d->event_vcpu = vcpu;
		add_stop(d);
	}
	kick_all(d);
	pthread_mutex_unlock(&d->lock);
	domain_notify(d);
}

static void end(struct vcpu *v, enum domain_event event, const char *text)
{
	pthread_mutex_lock(&v->domain->lock);
	if (v->domain->event == EVENT_NONE)
		snprintf(v->domain->crash_text, sizeof(v->domain->crash_text), "%s", text);
	pthread_mutex_unlock(&v->domain->lock);
	domain_ask(v->domain, event, v->cpu->index);
}

void domain_crash(struct vcpu *v, const char *fmt, ...)
{
	char text[sizeof(v->domain->crash_text)];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	end(v, EVENT_CRASH, text);
}

void domain_watchdog(struct vcpu *v)
{
	end(v, EVENT_WATCHDOG, "the guest's watchdog was not served in time");
}
