/* SPDX-License-Identifier: MIT */
/* The console ring. Writers never wait: a stuck reader must not stop the guest. */
#include "domain/console.h"

#include <errno.h>
#include <stdlib.h>

int console_init(struct console *c)
{
	*c = (struct console){.ring = malloc(CONSOLE_RING)};
	pthread_mutex_init(&c->lock, NULL);
	return c->ring ? 0 : -ENOMEM;
}

void console_free(struct console *c)
{
	free(c->ring);
	pthread_mutex_destroy(&c->lock);
}

void console_write(struct console *c, const void *p, size_t n)
{
	const uint8_t *from = p;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < n; i++)
		c->ring[c->head++ % CONSOLE_RING] = from[i];
	pthread_mutex_unlock(&c->lock);
}

/* The oldest position still in the ring. */
static uint64_t oldest(const struct console *c)
{
	return c->head > CONSOLE_RING ? c->head - CONSOLE_RING : 0;
}

uint64_t console_start(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	uint64_t pos = c->seen > oldest(c) ? c->seen : oldest(c);
	pthread_mutex_unlock(&c->lock);
	return pos;
}

size_t console_read(struct console *c, uint64_t *pos, void *p, size_t n)
{
	uint8_t *to = p;
	size_t done = 0;
	pthread_mutex_lock(&c->lock);
	if (*pos < oldest(c))
		*pos = oldest(c);
	while (done < n && *pos < c->head)
		to[done++] = c->ring[(*pos)++ % CONSOLE_RING];
	if (*pos > c->seen)
		c->seen = *pos;
	pthread_mutex_unlock(&c->lock);
	return done;
}

bool console_pending(struct console *c, uint64_t pos)
{
	pthread_mutex_lock(&c->lock);
	bool pending = pos < c->head;
	pthread_mutex_unlock(&c->lock);
	return pending;
}
