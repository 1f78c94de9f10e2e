/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as guest code: whatever it does, firmware calls and device accesses included, must
 * hurt the host's memory in no way. The first byte chooses the processor state at the start.
 */
#include "domain.h"

#include "cpu/sapic.h"
#include "domain/kind.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET 3000
#define ROUNDS 20

static void run(struct domain *d)
{
	struct vcpu *v = &d->vcpu[0];
	for (unsigned i = 0; i < ROUNDS && d->event == EVENT_NONE; i++) {
		enum exit e = cpu_run(v->cpu, BUDGET);
		clock_advance(&d->machine.clock, BUDGET);
		if (e == EXIT_FIRMWARE)
			d->kind->call(v, e);
		else if (e == EXIT_HALT || e == EXIT_CRASH)
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct domain *d;
	char error[LOAD_ERROR_SIZE];
	if (!d)
		d = fuzz_domain(1);
	if (size < 17)
		return 0;
	fuzz_kernel_code(d, data + 1, size - 1);
	if (domain_boot(d, error))
		return 0;
	struct cpu *cpu = d->vcpu[0].cpu;
	for (unsigned r = 1; r < 32; r++) /* pointers into RAM, small numbers, rubbish */
		cpu->gr[r] = r % 3 == 0	  ? 0x200000 + r * 64
			     : r % 3 == 1 ? r
					  : r * 0x9e3779b97f4a7c15;
	if (data[0] & 1)
		cpu_set_psr(cpu, cpu_psr(cpu) & ~PSR(IC));
	if (data[0] & 2)
		cpu->cr[CR_IVA] = 0x100000;
	run(d);
	d->event = EVENT_NONE;
	d->stops = 0;
	d->stopping = false;
	return 0;
}
