/* SPDX-License-Identifier: MIT */
/*
 * 16550A UART, the console. Characters leave at once, so the transmitter is always empty; input
 * waits in a queue of ours in front of the 16-byte receive FIFO, so that pasted text is not lost.
 * (National Semiconductor PC16550D data sheet.)
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include <pthread.h>

#include "base/types.h"

struct ioport;
struct iosapic;
struct stream;

#define UART_FIFO  16
#define UART_QUEUE 4096

/* Takes output; called with the UART's lock held, from vCPU threads. Must not block for long and
 * must not call back into the UART. */
typedef void uart_output_fn(void *ctx, const uint8_t *data, size_t n);

struct uart {
	pthread_mutex_t lock;
	struct iosapic *iosapic;
	unsigned gsi;
	uart_output_fn *output;
	void *output_ctx;

	uint8_t ier, fcr, lcr, mcr, msr, scr;
	uint8_t lsr_error; /* OE PE FE BI, cleared by reading LSR */
	uint16_t divisor;
	bool thr_pending; /* transmitter-empty interrupt not yet acknowledged */
	uint8_t fifo[UART_FIFO];
	unsigned fifo_len; /* 0 or 1 with FIFOs off */

	uint8_t queue[UART_QUEUE];
	unsigned queue_head, queue_len;
};

/* Claims 8 ports at port. output may be NULL. Returns 0 or -errno of ioport_add. */
int uart_init(struct uart *u, struct ioport *io, unsigned port, struct iosapic *iosapic,
	unsigned gsi, uart_output_fn *output, void *ctx);
void uart_free(struct uart *u);
void uart_reset(struct uart *u);
void uart_save(struct uart *u, struct stream *s);
void uart_load(struct uart *u, struct stream *s);

/* Characters from the user. Returns how many were taken: fewer than n when the queue is full; try
 * again later. Any thread. */
size_t uart_input(struct uart *u, const uint8_t *data, size_t n);
/* Room in the queue. Any thread. */
size_t uart_room(struct uart *u);
/* A line break from the user (SysRq). Any thread. */
void uart_break(struct uart *u);

#endif
