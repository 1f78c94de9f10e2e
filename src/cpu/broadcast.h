/* SPDX-License-Identifier: MIT */
/*
 * Purges that every processor of the machine must have done before ptc.g or ptc.ga completes
 * (2:51, 3:213). A processor inside cpu_run is asked through its port and does the work itself; for
 * one that is not, the requester does it under the port's lock. While a requester waits it serves
 * its own port, so two that purge at once cannot block each other.
 */
#ifndef CPU_BROADCAST_H
#define CPU_BROADCAST_H

#include <pthread.h>

#include "base/types.h"

struct cpu;
struct broadcast_node;

/* One per processor. All zero is a valid initial state. */
struct broadcast_port {
	pthread_mutex_t lock;
	pthread_cond_t news;	      /* a request came in, or one of ours was done */
	struct broadcast_node *queue; /* requests not yet served; they live on requesters' stacks */
	bool inside;		      /* the owner is inside cpu_run */
};

/* What is purged: translation caches in [va, va + 2^ps) of region rid, with the ALAT for ptc.ga. */
struct broadcast_purge {
	gva_t va;
	unsigned ps;
	uint32_t rid;
	bool alat;
	bool frames; /* instead: what the fast TLBs know of where guest-physical pages are */
};

/* The owner's thread calls these around running guest code, and around anything else that reads or
 * changes its translations while other processors may run. cpu_leave serves what came in. */
void cpu_enter(struct cpu *cpu);
void cpu_leave(struct cpu *cpu);

/* Serves the owner's port. Own thread, inside. */
void broadcast_serve(struct cpu *cpu);

/* Purges in all processors, the caller's own included. Own thread, inside. */
void broadcast_purge(struct cpu *cpu, const struct broadcast_purge *p);

#endif
