/* SPDX-License-Identifier: MIT */
/*
 * Interruptions in C: fills translations, hands a test the fault that it expects, ends the run for
 * others. Code at user level always comes back by a fault.
 */
#include "hypercall.h"

u64 misses;
static int panicking;

static struct jump *catching(struct frame *f)
{
	if (!self->expecting)
		return NULL;
	self->expecting = false;
	self->in_user = false;
	self->caught = *f;
	return &self->jump;
}

static bool is_miss(u64 vector)
{
	return vector == 0x400 || vector == 0x800 || vector == 0xc00 || vector == 0x1000;
}

void trap(struct frame *f);

void trap(struct frame *f)
{
	if (f->vector == VECTOR_EVENT) {
		event_upcall();
		return;
	}
	if (self->hook && self->hook(f))
		return;
	if (is_miss(f->vector) && map_fill(f->ifa, f->vector == 0x400 || f->vector == 0xc00))
		return;
	struct jump *j = catching(f);
	if (j)
		jump_to(j, 1);
	panic("vector %lx at %lx: isr %lx ifa %lx iim %lx ipsr %lx b0 %lx", f->vector, f->iip,
		f->isr, f->ifa, f->iim, f->ipsr, f->b0);
}

/* The jump leaves events off, ic on and ac off, as a handler runs. */
static __attribute__((noinline)) u64 caught_vector(bool on)
{
	__asm__ volatile("sum 8" ::: "memory");
	events_restore(on);
	return self->caught.vector;
}

__attribute__((noinline)) u64 fault_of(void (*fn)(u64), u64 arg)
{
	volatile bool on = events_off();

	events_restore(on);
	if (jump_set(&self->jump))
		return caught_vector(on);
	self->expecting = true;
	fn(arg);
	self->expecting = false;
	return NO_FAULT;
}

extern char user_end[];

void user_map(void)
{
	static char data[65536] __attribute__((aligned(65536)));

	map_add(USER_CODE, pa(user_start) | PTE_USER, 14);
	map_add(USER_DATA, pa(data) | PTE_USER, 16);
}

__attribute__((noinline)) u64 user_run_at(u64 ip, u64 psr, u64 arg)
{
	volatile bool on = events_off();

	if (jump_set(&self->jump))
		return caught_vector(on);
	self->expecting = true;
	self->in_user = true;
	user_enter(ip, psr, USER_DATA + 65536 - 64, USER_DATA, arg, 0);
}

u64 user_run(u64 ip, u64 arg)
{
	return user_run_at(ip, PSR_USER, arg);
}

void panic(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (panicking++)
		shut_down(3);
	va_start(ap, fmt);
	int n = formatv(line, sizeof(line), fmt, ap);
	va_end(ap);
	hypercall(HC_CONSOLE_IO, 0, 15, inline_handle("Bail out! CPU  "));
	hypercall(HC_CONSOLE_IO, 0, (u64)n, inline_handle(line));
	hypercall(HC_CONSOLE_IO, 0, 2, inline_handle("\r\n"));
	shut_down(3);
}
