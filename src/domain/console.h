/* SPDX-License-Identifier: MIT */
/*
 * The guest's serial console between the UART and whoever looks on. Output goes through a ring
 * with absolute positions, so that each reader keeps its own place and the ring keeps what nobody
 * has seen yet. A reader that falls behind by the whole ring loses the oldest part.
 */
#ifndef DOMAIN_CONSOLE_H
#define DOMAIN_CONSOLE_H

#include <pthread.h>

#include "base/types.h"

#define CONSOLE_RING (1u << 20)

struct console {
	pthread_mutex_t lock;
	uint8_t *ring;
	uint64_t head; /* bytes written since the start */
	uint64_t seen; /* the furthest any reader has got */
};

int console_init(struct console *c);
void console_free(struct console *c);
/* Any thread. */
void console_write(struct console *c, const void *p, size_t n);
/* Where a new reader begins: at what nobody has read. */
uint64_t console_start(struct console *c);
/* Copies at most n bytes from *pos on and moves *pos; returns how many. */
size_t console_read(struct console *c, uint64_t *pos, void *p, size_t n);
/* Is there anything after pos? */
bool console_pending(struct console *c, uint64_t pos);

#endif
