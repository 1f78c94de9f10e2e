/* SPDX-License-Identifier: MIT */
/*
 * The console: the ring once it is known, console_io before.
 */
#include "hypercall.h"

struct ring {
	u8 in[1024], out[2048];
	u32 in_cons, in_prod, out_cons, out_prod;
};

static volatile struct ring *ring;
static volatile int lock;

void console_init(void)
{
	ring = va(start_info->console_mfn << PAGE_SHIFT);
}

static void ring_write(const char *s, size_t n)
{
	while (n) {
		u32 prod = ring->out_prod;
		while (n && prod - ring->out_cons < sizeof(ring->out)) {
			ring->out[prod++ % sizeof(ring->out)] = (u8)*s++;
			n--;
		}
		__sync_synchronize();
		ring->out_prod = prod;
		port_op(EVTCHN_SEND, start_info->console_evtchn);
		if (n)
			yield();
	}
}

void console_write(const char *s, size_t n)
{
	bool on = events_off();

	while (__sync_lock_test_and_set(&lock, 1))
		yield();
	if (ring)
		ring_write(s, n);
	else
		hypercall(HC_CONSOLE_IO, 0, n, inline_handle(s));
	__sync_lock_release(&lock);
	events_restore(on);
}

void console_flush(void)
{
	if (!ring)
		return;
	port_mask(start_info->console_evtchn);
	while (ring->out_cons != ring->out_prod) {
		port_clear(start_info->console_evtchn);
		__sync_synchronize();
		if (ring->out_cons != ring->out_prod)
			poll_port(start_info->console_evtchn, 0);
	}
}

void print(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	int n = formatv(line, sizeof(line), fmt, ap);
	va_end(ap);
	console_write(line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
}
