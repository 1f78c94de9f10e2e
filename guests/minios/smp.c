/* SPDX-License-Identifier: MIT */
/*
 * Processors: started by SAL's rendezvous, then they do what they are given.
 */
#include "hypercall.h"

extern char start_ap[], sal_stub[];

struct cpu *cpu_of(unsigned n)
{
	return (struct cpu *)((u64)cpus + ((u64)n << C_LOG_SIZE));
}

unsigned cpus_found(void)
{
	unsigned n = 0;

	while (n < MAX_CPUS && vcpu_op(3, n, NULL) >= 0)
		n++;
	return n;
}

#define SAL_PROC	(REGION7 + 0x820)
#define SAL_SET_VECTORS 0x1000000
#define AP_WAKE_UP	0xf3

bool cpu_start(unsigned n)
{
	struct cpu *c = cpu_of(n);

	c->alive = false;
	if (call_at(SAL_PROC, SAL_SET_VECTORS, 2, pa(start_ap), 0, 0, 0, 0))
		return false;
	send_ipi_vector(n, AP_WAKE_UP);
	return wait_until(c->alive, 5000);
}

void cpu_main(void)
{
	self->alive = true;
	for (;;) {
		void (*work)(void *) = self->work;
		if (!work) {
			yield();
			continue;
		}
		work(self->work_arg);
		__sync_synchronize();
		self->work = NULL;
	}
}

void cpu_post(unsigned n, void (*fn)(void *), void *arg)
{
	struct cpu *c = cpu_of(n);

	c->work_arg = arg;
	__sync_synchronize();
	c->work = fn;
}

bool cpu_idle(unsigned n)
{
	return !cpu_of(n)->work;
}

bool cpu_call(unsigned n, void (*fn)(void *), void *arg, unsigned ms)
{
	cpu_post(n, fn, arg);
	return wait_until(cpu_idle(n), ms);
}
