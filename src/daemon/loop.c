/* SPDX-License-Identifier: MIT */
/*
 * One turn of the loop: take in what came, do a few rounds of work, one piece of each peer's at a
 * time, make it safe, send. So nobody waits for anybody else's many requests, and nobody hears of
 * a change that a crash could undo.
 */
#include "daemon/daemon.h"

#include "store/store.h"

#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	   16
#define LINGER_MS  5000
#define END_TRY_MS 50

uint64_t loop_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct peer *peer_add(struct daemon *d, const struct peer_kind *kind, int fd)
{
	struct peer *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->kind = kind;
	p->fd = fd;
	p->passed = -1;
	p->next = d->peers;
	d->peers = p;
	return p;
}

static void free_peer(struct daemon *d, struct peer *p)
{
	if (p->kind->end)
		p->kind->end(d, p);
	close(p->fd);
	if (p->passed >= 0)
		close(p->passed);
	text_free(&p->out);
	free(p);
}

static void reap(struct daemon *d)
{
	for (struct peer **at = &d->peers; *at;) {
		struct peer *p = *at;
		if (!p->gone) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free_peer(d, p);
		at = &d->peers; /* its end may have changed the list */
	}
}

static bool work(struct daemon *d)
{
	bool more = true;
	for (unsigned i = 0; i < ROUNDS && more; i++) {
		more = false;
		for (struct peer *p = d->peers; p; p = p->next) {
			if (p->kind->work && !p->gone)
				more |= p->kind->work(d, p);
		}
	}
	return more;
}

static void flush(struct daemon *d)
{
	disk_append(d);
	for (struct peer *p = d->peers; p; p = p->next) {
		if (p->kind->flush && !p->gone)
			p->kind->flush(d, p);
	}
}

/* Fills the set in the order of the list; returns its size, or 0 when memory is short. */
static unsigned poll_set(struct daemon *d, struct pollfd **set)
{
	unsigned n = 0, i = 0;
	for (struct peer *p = d->peers; p; p = p->next)
		n++;
	struct pollfd *more = realloc(*set, (n + 1) * sizeof(*more));
	if (!more)
		return 0;
	*set = more;
	for (struct peer *p = d->peers; p; p = p->next)
		more[i++] = (struct pollfd){.fd = p->fd, .events = p->kind->events(p)};
	return n;
}

/* Peers that are added meanwhile stand before those that the set is about. */
static void handle_set(struct daemon *d, const struct pollfd *set)
{
	unsigned i = 0;
	for (struct peer *p = d->peers, *next; p; p = next) {
		next = p->next;
		if (set[i].revents && !p->gone)
			p->kind->ready(d, p, set[i].revents);
		i++;
	}
}

static bool idle(const struct daemon *d)
{
	for (const struct peer *p = d->peers; p; p = p->next) {
		if (p->kind->counts)
			return false;
	}
	return store_next_domain(d->store, 0) == 0;
}

/* While the registry is locked nobody can be about to count on us. */
static bool try_end(struct daemon *d)
{
	if (flock(d->lock, LOCK_EX | LOCK_NB) < 0)
		return false;
	if (!listen_accept(d) || d->end) {
		listen_remove(d);
		return true;
	}
	flock(d->lock, LOCK_UN);
	return false;
}

static int min_ms(int timeout, uint64_t until, uint64_t now)
{
	int ms = until > now ? (int)(until - now) : 0;
	return timeout < 0 || ms < timeout ? ms : timeout;
}

/* Milliseconds until the next thing to do without an event, or -1; -2: the end. */
static int next_timeout(struct daemon *d)
{
	uint64_t now = loop_now();
	int timeout = -1;
	if (d->settle_at && now >= d->settle_at)
		stream_settle(d);
	if (d->settle_at)
		timeout = min_ms(timeout, d->settle_at, now);
	if (!idle(d) && !d->end) {
		d->idle_since = 0;
		return timeout;
	}
	if (!d->idle_since)
		d->idle_since = now;
	if (d->stay && !d->end)
		return timeout;
	uint64_t until = d->end ? now : d->idle_since + LINGER_MS;
	if (now < until)
		return min_ms(timeout, until, now);
	return try_end(d) ? -2 : END_TRY_MS;
}

void loop_run(struct daemon *d)
{
	struct pollfd *set = NULL;
	for (;;) {
		bool more = work(d);
		flush(d);
		reap(d);
		disk_append(d); /* what domains' ends changed */
		int timeout = next_timeout(d);
		if (timeout == -2)
			break;
		unsigned n = poll_set(d, &set);
		int ready = n ? poll(set, n, more ? 0 : timeout) : 0;
		if (ready > 0)
			handle_set(d, set);
	}
	free(set);
	for (struct peer *p = d->peers; p; p = p->next)
		p->gone = true;
	reap(d);
}
