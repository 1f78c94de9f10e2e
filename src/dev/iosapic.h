/* SPDX-License-Identifier: MIT */
/*
 * IOSAPIC: the I/O interrupt controller. Each of 48 lines has a redirection entry that says vector,
 * delivery mode, trigger and destination; a level-triggered line is sent once and again
 * after EOI while still asserted. (Intel 82093AA and 460GX/E8870 data sheets.)
 */
#ifndef DEV_IOSAPIC_H
#define DEV_IOSAPIC_H

#include <pthread.h>

#include "base/types.h"
#include "dev/memmap.h"

struct bus;
struct machine;
struct stream;

/* Redirection entry bits. */
enum {
	RTE_VECTOR = 0xff,
	RTE_MODE_SHIFT = 8, /* 3 bits */
	RTE_STATUS = 1 << 12,
	RTE_LOW_ACTIVE = 1 << 13,
	RTE_REMOTE_IRR = 1 << 14,
	RTE_LEVEL = 1 << 15,
	RTE_MASK = 1 << 16
};
#define RTE_EID_SHIFT 48
#define RTE_ID_SHIFT  56

struct iosapic {
	pthread_mutex_t lock;
	struct machine *machine;
	uint32_t select;
	uint32_t id;
	uint64_t rte[GSI_COUNT];
	uint64_t lines; /* bit n: line n is asserted */
};

/* Claims its range on the machine's bus. Returns 0 or -errno of bus_add. */
int iosapic_init(struct iosapic *io, struct machine *m);
void iosapic_free(struct iosapic *io);
void iosapic_reset(struct iosapic *io);
void iosapic_save(struct iosapic *io, struct stream *s);
void iosapic_load(struct iosapic *io, struct stream *s);

/* Asserts or deasserts a line; polarity is not the caller's business. Any thread. */
void iosapic_set_irq(struct iosapic *io, unsigned gsi, bool asserted);

#endif
