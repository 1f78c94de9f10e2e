/* SPDX-License-Identifier: MIT */
/*
 * See match.h. Without epixend, who waits for a domain that there is no connection to yet is told
 * after a while that there is none; connections that there are do not need it.
 */
#define _GNU_SOURCE
#include "domain/match.h"

#include "base/packet.h"
#include "domain/domain.h"
#include "domain/sandbox.h"
#include "hv/export.h"
#include "hv/grant.h"
#include "hv/peer.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* How long epixend may be away. */
#define PATIENCE_MS 5000
#define LOOK_MS	    200
#define AWAITED_MS  1000
/* How long another domain may be, while it is saved for example. */
#define ANSWER_MS 60000
/* What it says in a turn. */
#define TURN 64

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void notify(void *ctx)
{
	domain_notify(ctx);
}

static void stop(void *ctx)
{
	domain_stop(ctx);
}

static void go(void *ctx)
{
	domain_go(ctx);
}

int match_init(struct domain *d)
{
	const struct peers_host host = {.ctx = d,
		.notify = notify,
		.patience = ANSWER_MS,
		.exports = sandbox_descriptors() / 2,
		.stop = stop,
		.go = go};

	d->match.fd = -1;
	return peers_init(&d->hv, &host);
}

static void drop(struct domain *d)
{
	if (d->match.fd >= 0)
		close(d->match.fd);
	d->match.fd = -1;
	d->match.lost = now_ms();
}

void match_free(struct domain *d)
{
	if (d->hv.peers)
		drop(d);
}

void match_take(struct domain *d, int fd)
{
	if (!d->hv.peers) {
		close(fd);
		return;
	}
	drop(d);
	d->match.fd = fd;
	peers_want_again(&d->hv);
}

unsigned match_poll(struct domain *d, struct pollfd *set)
{
	unsigned n = peers_poll(&d->hv, set);

	if (!d->hv.peers || d->match.fd < 0)
		return n;
	if (set)
		set[n] = (struct pollfd){.fd = d->match.fd, .events = POLLIN};
	return n + 1;
}

static void find(struct domain *d, uint16_t domid)
{
	const struct match_msg m = {.kind = MATCH_FIND, .domid = domid};
	const struct iovec iov = {(void *)(uintptr_t)&m, sizeof(m)};

	if (packet_send(d->match.fd, &iov, 1, -1))
		drop(d);
}

/* false: nothing more has come. */
static bool take(struct domain *d)
{
	struct match_msg m;
	const struct iovec iov = {&m, sizeof(m)};
	int passed;
	ssize_t n = packet_receive(d->match.fd, &iov, 1, &passed);

	if (n == sizeof(m) && m.kind == MATCH_PEER && passed >= 0)
		peers_connect(&d->hv, (uint16_t)m.domid, passed);
	else if (passed >= 0)
		close(passed);
	else if (n == sizeof(m)) /* none, or no descriptor was left for it */
		peers_refuse(&d->hv, (uint16_t)m.domid);
	if (n != sizeof(m) && n != -EAGAIN)
		drop(d);
	return n == sizeof(m);
}

void match_serve(struct domain *d)
{
	uint16_t domid;

	if (!d->hv.peers)
		return;
	for (unsigned n = 0; n < TURN && d->match.fd >= 0 && take(d); n++)
		continue;
	peers_serve(&d->hv);
	while (d->match.fd >= 0 && (domid = peers_wanted(&d->hv)))
		find(d, domid);
	if (d->match.fd >= 0 || now_ms() < d->match.lost + PATIENCE_MS)
		return;
	peers_want_again(&d->hv);
	while ((domid = peers_wanted(&d->hv)))
		peers_refuse(&d->hv, domid);
}

/* A page that others used a moment ago is in the domain's memory again first. */
const char *match_why_busy(struct domain *d)
{
	if (!d->config.pv)
		return NULL;
	if (peers_awaited(&d->hv))
		return "the guest waits for another domain: try again";
	if (export_count(&d->hv))
		export_sweep(&d->hv);
	const char *busy = grant_why_busy(&d->hv);
	if (!busy && export_count(&d->hv))
		busy = "a page that another domain had mapped is not back yet: try again";
	return busy;
}

int match_timeout(struct domain *d)
{
	if (!peers_awaited(&d->hv))
		return -1;
	return d->match.fd < 0 && peers_wanting(&d->hv) ? LOOK_MS : AWAITED_MS;
}
