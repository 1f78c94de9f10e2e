/* SPDX-License-Identifier: MIT */
/*
 * The domain's one source of time, in nanoseconds since the domain was built, which is also
 * its ITC at 1 GHz. Real: the host's monotonic clock less the time spent paused. Virtual: slots
 * retired, advanced only by the run loop, so that two runs see the same times.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/types.h"

struct stream;

struct clock {
	bool is_virtual;
	bool paused;
	uint64_t offset;	/* real: host monotonic ns at guest time 0 */
	uint64_t paused_at;	/* real: guest ns when pausing */
	_Atomic uint64_t slots; /* virtual: guest ns */
	int64_t wall_base;	/* ns since 1970 UTC at guest time 0; virtual: a constant */
};

void clock_init(struct clock *c, bool is_virtual);
/* Guest ns since the domain was built; monotonic, any thread. */
uint64_t clock_now(struct clock *c);
/* Wall clock, ns since 1970-01-01 UTC. */
int64_t clock_wall(struct clock *c);
/* Virtual clock only: moves time on by ns. */
void clock_advance(struct clock *c, uint64_t ns);
/* Stops and restarts guest time (pause, save); must alternate. */
void clock_pause(struct clock *c);
void clock_resume(struct clock *c);
void clock_save(struct clock *c, struct stream *s);
void clock_load(struct clock *c, struct stream *s);

#endif
