/* SPDX-License-Identifier: MIT */
/*
 * The threads that run guest code. Each loops over vcpu_step: run the processor until something
 * above it must act, and act, in the one switch of vcpu_run. With the virtual clock one thread
 * gives every processor a fixed slice in turn and time is the number of slots retired, so that
 * two runs are alike; when all are halted, time jumps to the next deadline.
 */
#define _GNU_SOURCE
#include "domain/kind.h"

#include "base/log.h"
#include "cpu/sapic.h"
#include "cpu/timer.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Slots between two looks at timers: under a millisecond in the slowest build. */
#define BUDGET_REAL 20000
/* One turn with the virtual clock, also its resolution in guest ns. */
#define BUDGET_VIRTUAL 2000

/* Real time never shows a counter equal to its match register once the interrupt is taken, and
 * Linux complains when it sees that: leaves no deadline at the very present. */
static void pass_deadlines(struct domain *d)
{
	uint64_t now = clock_now(&d->machine.clock);
	for (unsigned i = 0; i < d->config.vcpus; i++) {
		const struct cpu *cpu = d->vcpu[i].cpu;
		if (cpu->cr[CR_ITM] - cpu->itc_offset == now) {
			clock_advance(&d->machine.clock, 1);
			now++;
		}
	}
}

/* Devices' timers are served here, not by the I/O thread, whose time is the host's. Guest writes
 * may set one: look each millisecond. */
static void tick_devices(struct domain *d)
{
	uint64_t now = clock_now(&d->machine.clock);
	if (now < d->device_look)
		return;
	d->device_deadline = d->kind->tick(d);
	d->device_look = d->device_deadline < now + 1000000 ? d->device_deadline : now + 1000000;
}

/* Virtual time goes on by the slots of a slice. */
static void spend(struct domain *d, uint64_t slots)
{
	clock_advance(&d->machine.clock, slots + 1);
	pass_deadlines(d);
	tick_devices(d);
}

/* Runs the processor for about budget slots. */
static void vcpu_run(struct vcpu *v, uint64_t budget)
{
	struct cpu *cpu = v->cpu;
	uint64_t before = cpu->slots;

	if (sapic_take_init(cpu)) {
		cpu->halted = false;
		domain_init_interrupt(v);
		return;
	}
	enum exit exit = cpu_run(cpu, budget);
	if (v->domain->config.virtual_clock)
		spend(v->domain, cpu->slots - before);
	switch (exit) {
	case EXIT_NONE:
	case EXIT_BUDGET:
	case EXIT_KICK:
	case EXIT_HALT:
		break;
	case EXIT_FIRMWARE:
	case EXIT_HYPERCALL:
		v->domain->kind->call(v, exit);
		break;
	case EXIT_INTERRUPTION:
		domain_crash(v, "intercepted interruption: %s", fault_name(cpu->mmu.fault.code));
		break;
	case EXIT_CRASH:
		domain_crash(v, "%s", cpu->exit_text ? cpu->exit_text : "no reason given");
		break;
	}
}

/* Blocks until a wake-up or until ns have passed. woken: v->wakeups before the last look. */
static void futex_wait(struct vcpu *v, uint32_t woken, uint64_t ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	syscall(SYS_futex, &v->wakeups, FUTEX_WAIT_PRIVATE, woken, ns == UINT64_MAX ? NULL : &t,
		NULL, 0);
}

/* Sleeps until an interrupt may be there: its post wakes us, or the deadline (guest ns) passes.
 * woken was read before the last look for work, so that no wake-up in between is lost. */
static void vcpu_sleep(struct vcpu *v, uint32_t woken, uint64_t deadline)
{
	uint64_t now = clock_now(&v->domain->machine.clock);
	if (deadline <= now)
		return;
	atomic_store(&v->asleep, true);
	futex_wait(v, woken, deadline == UINT64_MAX ? deadline : deadline - now);
	atomic_store(&v->asleep, false);
}

static void *real_thread(void *arg)
{
	struct vcpu *v = arg;
	for (;;) {
		uint32_t woken = atomic_load(&v->wakeups);
		if (!vcpu_park(v))
			return NULL;
		if (v->domain->kind->has_work(v))
			vcpu_run(v, BUDGET_REAL);
		else
			vcpu_sleep(v, woken, v->domain->kind->deadline(v));
	}
}

/* All are halted: moves time to the earliest deadline, or sleeps when there is none. */
static void virtual_skip(struct domain *d, uint32_t woken)
{
	uint64_t now = clock_now(&d->machine.clock), first = d->device_deadline;
	for (unsigned i = 0; i < d->config.vcpus; i++) {
		uint64_t deadline = d->kind->deadline(&d->vcpu[i]);
		if (deadline < first)
			first = deadline;
	}
	if (first == UINT64_MAX) {
		d->device_look = 0; /* the guest may wait for what a device does unasked */
		tick_devices(d);
		vcpu_sleep(&d->vcpu[0], woken, first);
	} else if (first > now) {
		clock_advance(&d->machine.clock, first - now);
	}
	pass_deadlines(d);
	tick_devices(d);
}

/* One turn: the next processor with something to do runs for a slice. Returns false when there
 * is none. */
static bool virtual_slice(struct domain *d)
{
	for (unsigned n = 0; n < d->config.vcpus; n++) {
		struct vcpu *v = &d->vcpu[d->turn];
		d->turn = (d->turn + 1) % (unsigned)d->config.vcpus;
		if (!d->kind->has_work(v))
			continue;
		vcpu_run(v, BUDGET_VIRTUAL);
		return true;
	}
	return false;
}

static void *virtual_thread(void *arg)
{
	struct vcpu *v = arg;
	for (;;) {
		uint32_t woken = atomic_load(&v->wakeups);
		if (!vcpu_park(v))
			return NULL;
		if (!virtual_slice(v->domain))
			virtual_skip(v->domain, woken);
	}
}

/* What cpu_kick calls: with one thread for all, that thread is the one to wake. */
static void wake(struct cpu *cpu)
{
	struct vcpu *v = cpu->wait;
	struct domain *d = v->domain;
	vcpu_wake(d->config.virtual_clock ? &d->vcpu[0] : v);
}

void vcpu_attach(struct domain *d, unsigned index, struct cpu *cpu)
{
	struct vcpu *v = &d->vcpu[index];
	v->domain = d;
	v->cpu = cpu;
	cpu->wait = v;
	cpu->wake = wake;
}

/* Where the thread may run. Nowhere is no reason not to start: the host may have changed. */
static void pin(struct domain *d, unsigned n)
{
	const struct config_affinity *a = &d->config.affinity[n];
	cpu_set_t set;

	if (n >= d->config.affinities)
		return;
	CPU_ZERO(&set);
	for (unsigned i = 0; i < CONFIG_HOST_CPUS && i < CPU_SETSIZE; i++)
		if (a->set[i / 64] >> i % 64 & 1)
			CPU_SET(i, &set);
	int err = pthread_setaffinity_np(d->vcpu[n].thread, sizeof(set), &set);
	if (err)
		log_warn("vCPU %u runs anywhere, not where cpus says: %s", n, strerror(err));
}

int domain_start(struct domain *d)
{
	sigset_t all, old;
	int err = 0;

	d->threads = d->config.virtual_clock ? 1 : (unsigned)d->config.vcpus;
	sigfillset(&all);
	sigdelset(&all, SIGSYS); /* sandbox.c reports it */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	unsigned n = 0;
	for (; n < d->threads && !err; n++)
		err = pthread_create(&d->vcpu[n].thread, NULL,
			d->config.virtual_clock ? virtual_thread : real_thread, &d->vcpu[n]);
	for (unsigned i = 0; i < n && !err; i++)
		pin(d, i);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	d->started = true;
	if (!err)
		return 0;
	log_error("cannot start a thread: %s", strerror(err));
	d->threads = n - 1;
	domain_join(d);
	return -err;
}

void domain_join(struct domain *d)
{
	if (!d->started)
		return;
	domain_stop(d);
	pthread_mutex_lock(&d->lock);
	d->quit = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	for (unsigned i = 0; i < d->threads; i++)
		pthread_join(d->vcpu[i].thread, NULL);
	d->started = false;
}
