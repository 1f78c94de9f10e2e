/* SPDX-License-Identifier: MIT */
/*
 * Guest time. The wall clock follows the host's across a pause or a restore, while guest ns stand
 * still: a guest neither sees a jump of its monotonic time nor keeps a date of the past.
 */
#include "base/clock.h"

#include "base/stream.h"

#include <stdatomic.h>
#include <time.h>

/* 2026-01-01 00:00 UTC: the date at which every virtual-clock domain starts. */
#define VIRTUAL_EPOCH (1767225600ll * 1000000000)

static uint64_t host_ns(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Makes host time now correspond to guest time ns. */
static void anchor(struct clock *c, uint64_t ns)
{
	c->offset = host_ns(CLOCK_MONOTONIC) - ns;
	c->wall_base = (int64_t)(host_ns(CLOCK_REALTIME) - ns);
}

void clock_init(struct clock *c, bool is_virtual)
{
	*c = (struct clock){.is_virtual = is_virtual};
	if (is_virtual)
		c->wall_base = VIRTUAL_EPOCH;
	else
		anchor(c, 0);
}

uint64_t clock_now(struct clock *c)
{
	if (c->is_virtual)
		return atomic_load_explicit(&c->slots, memory_order_relaxed);
	if (c->paused)
		return c->paused_at;
	return host_ns(CLOCK_MONOTONIC) - c->offset;
}

int64_t clock_wall(struct clock *c)
{
	return (int64_t)((uint64_t)c->wall_base + clock_now(c));
}

void clock_advance(struct clock *c, uint64_t ns)
{
	atomic_fetch_add_explicit(&c->slots, ns, memory_order_relaxed);
}

void clock_pause(struct clock *c)
{
	c->paused_at = clock_now(c);
	c->paused = true;
}

void clock_resume(struct clock *c)
{
	c->paused = false;
	if (!c->is_virtual)
		anchor(c, c->paused_at);
}

void clock_save(struct clock *c, struct stream *s)
{
	stream_begin(s, "clock", 1);
	stream_put_u64(s, c->is_virtual);
	stream_put_u64(s, clock_now(c));
	stream_end(s);
}

void clock_load(struct clock *c, struct stream *s)
{
	stream_open(s, "clock", 1);
	bool is_virtual = stream_get_max(s, 1, "kind of clock");
	uint64_t now = stream_get_u64(s);
	stream_close(s);
	clock_init(c, is_virtual);
	if (is_virtual)
		clock_advance(c, now);
	else
		anchor(c, now);
	c->paused_at = now;
	c->paused = true;
}
