/* SPDX-License-Identifier: MIT */
/* See hold.h. Who writes from outside goes first, so that runs, which follow each other closely,
 * cannot keep them out. */
#include "mmu/hold.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define LOOK_NS 1000000 /* between two looks at the kick */

struct ram_hold {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned outside; /* at it, or waiting for the run's end */
	bool running;
};

struct ram_hold *hold_new(void)
{
	struct ram_hold *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	return h;
}

void hold_free(struct ram_hold *h)
{
	if (!h)
		return;
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void hold_enter(struct ram *ram)
{
	struct ram_hold *h = ram->hold;

	if (likely(!h))
		return;
	pthread_mutex_lock(&h->lock);
	h->outside++;
	while (h->running)
		pthread_cond_wait(&h->changed, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

void hold_leave(struct ram *ram)
{
	struct ram_hold *h = ram->hold;

	if (likely(!h))
		return;
	pthread_mutex_lock(&h->lock);
	h->outside--;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static void wait_a_little(struct ram_hold *h)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += LOOK_NS;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	pthread_cond_timedwait(&h->changed, &h->lock, &t);
}

bool hold_begin(struct ram *ram, _Atomic uint32_t *kick)
{
	struct ram_hold *h = ram->hold;

	pthread_mutex_lock(&h->lock);
	while (h->outside && !atomic_load(kick))
		wait_a_little(h);
	h->running = h->outside == 0;
	bool running = h->running;
	pthread_mutex_unlock(&h->lock);
	return running;
}

void hold_end(struct ram *ram)
{
	struct ram_hold *h = ram->hold;

	pthread_mutex_lock(&h->lock);
	h->running = false;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}
