/* SPDX-License-Identifier: MIT */
/* Registers and interrupt logic of the 16550A. */
#include "dev/uart.h"

#include <string.h>

#include "base/bus.h"
#include "base/stream.h"
#include "dev/ioport.h"
#include "dev/iosapic.h"

enum reg { REG_DATA, REG_IER, REG_IIR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };

enum { IER_RX = 1, IER_TX = 2, IER_LINE = 4, IER_MODEM = 8 };
enum {
	IIR_NONE = 1,
	IIR_MODEM = 0,
	IIR_TX = 2,
	IIR_RX = 4,
	IIR_LINE = 6,
	IIR_TIMEOUT = 12,
	IIR_FIFO = 0xc0
};
enum { FCR_ENABLE = 1, FCR_RX_CLEAR = 2, FCR_TX_CLEAR = 4, FCR_KEPT = 0xc9 };
enum { LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16 };
enum { LSR_READY = 1, LSR_OVERRUN = 2, LSR_BREAK = 16, LSR_THRE = 32, LSR_TEMT = 64 };
enum { MSR_CTS = 16, MSR_DSR = 32, MSR_RI = 64, MSR_DCD = 128 };

/* Divisor of 9600 baud, where the line starts. */
#define DIVISOR_RESET 12

static unsigned fifo_size(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static unsigned trigger_level(const struct uart *u)
{
	static const uint8_t level[4] = {1, 4, 8, 14};
	return u->fcr & FCR_ENABLE ? level[u->fcr >> 6] : 1;
}

/* The highest-priority interrupt that is enabled and pending. */
static uint8_t pending_interrupt(const struct uart *u)
{
	if (u->ier & IER_LINE && u->lsr_error)
		return IIR_LINE;
	if (u->ier & IER_RX && u->fifo_len >= trigger_level(u))
		return IIR_RX;
	/* the four character times of silence are over at once */
	if (u->ier & IER_RX && u->fifo_len)
		return IIR_TIMEOUT;
	if (u->ier & IER_TX && u->thr_pending)
		return IIR_TX;
	if (u->ier & IER_MODEM && u->msr & 15)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_irq(struct uart *u)
{
	iosapic_set_irq(u->iosapic, u->gsi, pending_interrupt(u) != IIR_NONE);
}

/* Moves waiting input into the FIFO; in loopback the line is not listened to. */
static void refill(struct uart *u)
{
	if (u->mcr & MCR_LOOP)
		return;
	while (u->queue_len && u->fifo_len < fifo_size(u)) {
		u->fifo[u->fifo_len++] = u->queue[u->queue_head];
		u->queue_head = (u->queue_head + 1) % UART_QUEUE;
		u->queue_len--;
	}
}

static void receive(struct uart *u, uint8_t c)
{
	if (u->fifo_len < fifo_size(u)) {
		u->fifo[u->fifo_len++] = c;
		return;
	}
	u->lsr_error |= LSR_OVERRUN;
	if (!(u->fcr & FCR_ENABLE))
		u->fifo[0] = c;
}

static uint8_t read_data(struct uart *u)
{
	if (!u->fifo_len)
		return 0;
	uint8_t c = u->fifo[0];
	memmove(u->fifo, u->fifo + 1, --u->fifo_len);
	refill(u);
	return c;
}

static void write_data(struct uart *u, uint8_t c)
{
	if (u->mcr & MCR_LOOP)
		receive(u, c);
	else if (u->output)
		u->output(u->output_ctx, &c, 1);
	u->thr_pending = true;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t iir = pending_interrupt(u);
	if (iir == IIR_TX)
		u->thr_pending = false;
	return u->fcr & FCR_ENABLE ? iir | IIR_FIFO : iir;
}

static uint8_t read_lsr(struct uart *u)
{
	uint8_t v = LSR_THRE | LSR_TEMT | u->lsr_error | (u->fifo_len ? LSR_READY : 0);
	u->lsr_error = 0;
	return v;
}

/* Modem inputs: a connected line, or in loopback the modem outputs. */
static uint8_t modem_lines(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (uint8_t)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
			 (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* Delta bits are set on every change, ring only when it ends. */
static void update_modem(struct uart *u)
{
	uint8_t now = modem_lines(u);
	uint8_t change = (u->msr ^ now) & 0xf0;
	if (now & MSR_RI)
		change &= (uint8_t)~MSR_RI;
	u->msr = (uint8_t)(now | (u->msr & 15) | change >> 4);
}

static uint8_t read_msr(struct uart *u)
{
	uint8_t v = u->msr;
	u->msr &= 0xf0;
	return v;
}

static void write_ier(struct uart *u, uint8_t v)
{
	/* enabling it with the transmitter empty interrupts at once */
	if (v & ~u->ier & IER_TX)
		u->thr_pending = true;
	u->ier = v & 15;
}

static void write_fcr(struct uart *u, uint8_t v)
{
	/* switching FIFOs on or off empties them */
	if ((v ^ u->fcr) & FCR_ENABLE || v & FCR_RX_CLEAR)
		u->fifo_len = 0;
	u->fcr = v & FCR_ENABLE ? v & FCR_KEPT : 0;
	refill(u);
}

static void write_mcr(struct uart *u, uint8_t v)
{
	u->mcr = v & 0x1f;
	update_modem(u);
	refill(u);
}

static uint8_t read_register(struct uart *u, unsigned reg)
{
	bool dlab = u->lcr & LCR_DLAB;
	switch ((enum reg)reg) {
	case REG_DATA:
		return dlab ? (uint8_t)u->divisor : read_data(u);
	case REG_IER:
		return dlab ? (uint8_t)(u->divisor >> 8) : u->ier;
	case REG_IIR:
		return read_iir(u);
	case REG_LCR:
		return u->lcr;
	case REG_MCR:
		return u->mcr;
	case REG_LSR:
		return read_lsr(u);
	case REG_MSR:
		return read_msr(u);
	case REG_SCR:
		return u->scr;
	}
	return 0xff;
}

static void write_register(struct uart *u, unsigned reg, uint8_t v)
{
	bool dlab = u->lcr & LCR_DLAB;
	switch ((enum reg)reg) {
	case REG_DATA:
		if (dlab)
			u->divisor = (uint16_t)((u->divisor & 0xff00) | v);
		else
			write_data(u, v);
		break;
	case REG_IER:
		if (dlab)
			u->divisor = (uint16_t)((u->divisor & 0xff) | v << 8);
		else
			write_ier(u, v);
		break;
	case REG_IIR:
		write_fcr(u, v);
		break;
	case REG_LCR:
		u->lcr = v;
		break;
	case REG_MCR:
		write_mcr(u, v);
		break;
	case REG_SCR:
		u->scr = v;
		break;
	case REG_LSR:
	case REG_MSR:
		break;
	}
}

/* A wider access is that many byte accesses, lowest register first, as the bus bridge splits it. */
static void uart_access(void *dev, struct bus_access *a)
{
	struct uart *u = dev;
	pthread_mutex_lock(&u->lock);
	if (!a->write)
		a->value = 0;
	for (unsigned i = 0; i < a->size; i++) {
		unsigned reg = (unsigned)(a->addr + i);
		if (a->write)
			write_register(u, reg, (uint8_t)(a->value >> 8 * i));
		else
			a->value |= (uint64_t)read_register(u, reg) << 8 * i;
	}
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

int uart_init(struct uart *u, struct ioport *io, unsigned port, struct iosapic *iosapic,
	unsigned gsi, uart_output_fn *output, void *ctx)
{
	*u = (struct uart){.iosapic = iosapic, .gsi = gsi, .output = output, .output_ctx = ctx};
	pthread_mutex_init(&u->lock, NULL);
	uart_reset(u);
	return ioport_add(io, port, 8, uart_access, u, "uart");
}

void uart_free(struct uart *u)
{
	pthread_mutex_destroy(&u->lock);
}

void uart_reset(struct uart *u)
{
	pthread_mutex_lock(&u->lock);
	u->ier = u->fcr = u->lcr = u->mcr = u->scr = u->lsr_error = 0;
	u->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	u->divisor = DIVISOR_RESET;
	u->thr_pending = false;
	u->fifo_len = 0;
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

size_t uart_input(struct uart *u, const uint8_t *data, size_t n)
{
	size_t taken = 0;
	pthread_mutex_lock(&u->lock);
	while (taken < n && u->queue_len < UART_QUEUE)
		u->queue[(u->queue_head + u->queue_len++) % UART_QUEUE] = data[taken++];
	refill(u);
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
	return taken;
}

size_t uart_room(struct uart *u)
{
	pthread_mutex_lock(&u->lock);
	size_t room = UART_QUEUE - u->queue_len;
	pthread_mutex_unlock(&u->lock);
	return room;
}

void uart_break(struct uart *u)
{
	pthread_mutex_lock(&u->lock);
	if (!(u->mcr & MCR_LOOP)) {
		receive(u, 0);
		u->lsr_error |= LSR_BREAK;
		update_irq(u);
	}
	pthread_mutex_unlock(&u->lock);
}

void uart_save(struct uart *u, struct stream *s)
{
	pthread_mutex_lock(&u->lock);
	const uint8_t regs[] = {u->ier, u->fcr, u->lcr, u->mcr, u->msr, u->scr, u->lsr_error};
	stream_begin(s, "uart", 1);
	stream_put(s, regs, sizeof(regs));
	stream_put_u64(s, u->divisor);
	stream_put_u64(s, u->thr_pending);
	stream_put_u64(s, u->fifo_len);
	stream_put(s, u->fifo, sizeof(u->fifo));
	stream_put_u64(s, u->queue_len);
	for (unsigned i = 0; i < u->queue_len; i++)
		stream_put(s, &u->queue[(u->queue_head + i) % UART_QUEUE], 1);
	stream_end(s);
	pthread_mutex_unlock(&u->lock);
}

void uart_load(struct uart *u, struct stream *s)
{
	uint8_t regs[7];
	pthread_mutex_lock(&u->lock);
	if (stream_open(s, "uart", 1)) {
		stream_get(s, regs, sizeof(regs));
		u->ier = regs[0] & 15;
		u->fcr = regs[1] & FCR_KEPT;
		u->lcr = regs[2];
		u->mcr = regs[3] & 0x1f;
		u->msr = regs[4];
		u->scr = regs[5];
		u->lsr_error = regs[6] & 0x1e;
		u->divisor = (uint16_t)stream_get_max(s, 0xffff, "divisor");
		u->thr_pending = stream_get_max(s, 1, "transmitter state");
		u->fifo_len = (unsigned)stream_get_max(s, UART_FIFO, "FIFO length");
		stream_get(s, u->fifo, sizeof(u->fifo));
		u->queue_head = 0;
		u->queue_len = (unsigned)stream_get_max(s, UART_QUEUE, "queue length");
		stream_get(s, u->queue, u->queue_len);
		stream_close(s);
	}
	pthread_mutex_unlock(&u->lock);
}
