/* SPDX-License-Identifier: MIT */
/*
 * The I/O thread: one poll loop over the control socket, its clients, what vCPU threads ask for
 * and the devices' timers. After the domain's end it goes on until every client has the
 * rest of its output, or takes none for a while.
 */
#define _GNU_SOURCE
#include "domain/backend.h"
#include "domain/client.h"
#include "domain/janitor.h"
#include "domain/kind.h"
#include "domain/match.h"
#include "mmu/hold.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* How soon to offer typed bytes again that the UART had no room for. */
#define INPUT_RETRY_MS 5
/* Guest writes may set a device's timer, which nobody tells us: look this often. */
#define DEVICE_LOOK_MS 1000
/* How long the last output may wait for a client that does not read. */
#define DRAIN_MS 5000

/* Descriptors in front of the clients' in the poll set. */
#define FIXED 3

static bool runs(const struct domain *d)
{
	return d->end == END_NOT_YET && !d->paused;
}

/* Milliseconds until the next thing to do without an event, or -1. */
static int next_timeout(struct domain *d, bool input_left)
{
	if (d->end != END_NOT_YET)
		return DRAIN_MS;
	if (d->paused)
		return -1;
	if (d->config.virtual_clock)
		return input_left ? INPUT_RETRY_MS : match_timeout(d);
	uint64_t deadline = d->kind->tick(d), now = clock_now(&d->machine.clock);
	uint64_t ms = input_left ? INPUT_RETRY_MS : DEVICE_LOOK_MS;
	uint64_t wait = deadline > now ? (deadline - now + 999999) / 1000000 : 0;
	return (int)(wait < ms ? wait : ms);
}

/* Fills the poll set; returns its size, or 0 when memory is short. */
static unsigned poll_set(struct domain *d, struct pollfd **set)
{
	struct pollfd back[BACKEND_POLLS];
	unsigned backs = runs(d) ? backend_poll(d, back) : 0;
	unsigned others = d->end == END_NOT_YET ? match_poll(d, NULL) : 0;
	unsigned n = FIXED + backs + others;
	for (struct client *c = d->clients; c; c = c->next)
		n++;
	struct pollfd *p = realloc(*set, n * sizeof(*p));
	if (!p)
		return 0;
	*set = p;
	p[0] = (struct pollfd){.fd = d->wake_fd, .events = POLLIN};
	p[1] = (struct pollfd){.fd = d->fd.control, .events = POLLIN};
	p[2] = (struct pollfd){.fd = d->signal_fd, .events = POLLIN};
	unsigned i = FIXED;
	for (struct client *c = d->clients; c; c = c->next)
		p[i++] = (struct pollfd){.fd = c->fd, .events = client_events(d, c)};
	for (unsigned b = 0; b < backs; b++)
		p[i++] = back[b]; /* backend_serve looks at all */
	if (others)
		match_poll(d, p + i);
	return n;
}

static void handle_set(struct domain *d, const struct pollfd *set)
{
	uint64_t count;
	if (set[0].revents & POLLIN && read(d->wake_fd, &count, sizeof(count)) < 0)
		return;
	unsigned i = FIXED;
	for (struct client *c = d->clients; c; c = c->next)
		client_handle(d, c, set[i++].revents);
	if (set[1].revents & POLLIN)
		client_accept(d);
	if (set[2].revents & POLLIN && d->end == END_NOT_YET)
		d->end = END_DESTROYED;
}

static bool all_drained(struct domain *d)
{
	for (struct client *c = d->clients; c; c = c->next) {
		if (!client_drained(d, c))
			return false;
	}
	return true;
}

/* The end was decided: the guest stops for good and all who wait hear of it. */
static void finish(struct domain *d)
{
	domain_stop(d);
	domain_report_checks(d);
	backend_end(d);
	/* before anybody is told: a name is free again as soon as its domain is seen to be gone */
	janitor_finish(d, d->end == END_CRASH);
	client_accept_last(d);
	client_tell_end(d);
}

void domain_loop(struct domain *d)
{
	struct pollfd *set = NULL;
	bool told = false;

	hold_enter(&d->machine.ram);
	for (;;) {
		bool input_left = client_push_input(d);
		domain_serve_event(d);
		if (d->end != END_NOT_YET && !told) {
			finish(d);
			told = true;
		}
		client_reap(d);
		if (told && all_drained(d))
			break;
		int timeout = next_timeout(d, input_left);
		if (runs(d))
			backend_serve(d);
		if (d->end == END_NOT_YET)
			match_serve(d);
		unsigned n = poll_set(d, &set);
		hold_leave(&d->machine.ram);
		int ready = n ? poll(set, n, timeout) : 0;
		hold_enter(&d->machine.ram);
		if (ready > 0)
			handle_set(d, set);
		else if (ready == 0 && told)
			break;
	}
	hold_leave(&d->machine.ram);
	free(set);
	for (struct client *c = d->clients; c; c = c->next)
		c->gone = true;
	client_reap(d);
}
