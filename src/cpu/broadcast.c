/* SPDX-License-Identifier: MIT */
/* Purges done by all processors: see broadcast.h. Locks are taken one at a time, so in any order.
 */
#include "cpu/broadcast.h"

#include <stdatomic.h>

#include "cpu/cpu.h"

struct broadcast_request {
	struct broadcast_purge purge;
	struct cpu *from;
	_Atomic unsigned pending; /* processors that have yet to do it */
};

struct broadcast_node {
	struct broadcast_node *next;
	struct broadcast_request *request;
};

static void purge_here(struct cpu *cpu, const struct broadcast_purge *p)
{
	if (p->frames) {
		cpu->mmu.moved++;
		mmu_flush_fast(&cpu->mmu);
		return;
	}
	mmu_purge_tc(&cpu->mmu, p->va, p->ps, p->rid);
	if (!p->alat)
		return;
	for (unsigned n = 0; n < ALAT_ENTRIES; n++)
		cpu->alat[n].valid = false;
}

/* After the last acknowledgement the request may be gone: it is on the requester's stack. */
static void acknowledge(struct broadcast_request *r)
{
	struct cpu *from = r->from;
	if (atomic_fetch_sub(&r->pending, 1) != 1)
		return;
	pthread_mutex_lock(&from->port.lock);
	pthread_cond_signal(&from->port.news);
	pthread_mutex_unlock(&from->port.lock);
}

/* Called with the port's lock held; drops it to acknowledge and returns with it dropped. */
static void serve_and_unlock(struct cpu *cpu)
{
	struct broadcast_node *n = cpu->port.queue;
	cpu->port.queue = NULL;
	for (struct broadcast_node *k = n; k; k = k->next)
		purge_here(cpu, &k->request->purge);
	pthread_mutex_unlock(&cpu->port.lock);
	while (n) {
		struct broadcast_node *next = n->next;
		acknowledge(n->request);
		n = next;
	}
}

void cpu_enter(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->port.lock);
	cpu->port.inside = true;
	pthread_mutex_unlock(&cpu->port.lock);
}

void cpu_leave(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->port.lock);
	cpu->port.inside = false;
	serve_and_unlock(cpu);
}

void broadcast_serve(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->port.lock);
	serve_and_unlock(cpu);
}

static void ask(struct cpu *to, struct broadcast_request *r, struct broadcast_node *n)
{
	pthread_mutex_lock(&to->port.lock);
	if (!to->port.inside) {
		purge_here(to, &r->purge);
		pthread_mutex_unlock(&to->port.lock);
		return;
	}
	atomic_fetch_add(&r->pending, 1);
	*n = (struct broadcast_node){to->port.queue, r};
	to->port.queue = n;
	pthread_cond_signal(&to->port.news);
	pthread_mutex_unlock(&to->port.lock);
	atomic_fetch_or(&to->kick, KICK_SERVE);
}

static void wait_for_all(struct cpu *cpu, struct broadcast_request *r)
{
	while (atomic_load(&r->pending)) {
		pthread_mutex_lock(&cpu->port.lock);
		while (atomic_load(&r->pending) && !cpu->port.queue)
			pthread_cond_wait(&cpu->port.news, &cpu->port.lock);
		serve_and_unlock(cpu);
	}
}

void broadcast_purge(struct cpu *cpu, const struct broadcast_purge *p)
{
	struct broadcast_request r = {.purge = *p, .from = cpu};
	struct broadcast_node node[MAX_CPUS];
	struct machine *m = cpu->machine;
	purge_here(cpu, p);
	for (unsigned n = 0; n < m->cpus; n++) {
		if (m->cpu[n] && m->cpu[n] != cpu)
			ask(m->cpu[n], &r, &node[n]);
	}
	wait_for_all(cpu, &r);
}
