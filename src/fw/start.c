/* SPDX-License-Identifier: MIT */
/*
 * How processors start: the first one at the kernel as a boot loader leaves it (physical mode,
 * r28 = boot parameters), the others in a loop inside SAL until the wake-up interrupt sends them to
 * the OS's rendezvous address (SAL 3.2.4).
 */
#include "base/bus.h"
#include "cpu/rse.h"
#include "cpu/sapic.h"
#include "fw/call.h"
#include "fw/layout.h"

/* Physical mode, faults collected, bank 1; the register stack engine enforced lazy (SAL 3.2.5):
 * Linux reads ar.rnat before it has set a mode. */
#define START_PSR (PSR(AC) | PSR(IC) | PSR(BN))

void fw_start_state(struct cpu *cpu, uint64_t ip)
{
	uint64_t stack = FW_STACK_BASE + cpu->index * FW_STACK_SIZE;
	cpu->inflight_ic = 0;
	cpu->rse.load_frame = false;
	cpu_set_cfm(cpu, 0);
	rse_write_rsc(cpu, 0);
	rse_write_bspstore(cpu, stack);
	cpu_set_psr(cpu, START_PSR);
	cpu->cr[CR_IVA] = FW_IVT_BASE;
	cpu->ar[AR_K0] = MAP_IOPORT_BASE;
	sapic_write(cpu, CR_TPR, 0);
	/* the scratch area of the calling convention is above sp */
	gr_set(cpu, 12, stack + FW_STACK_SIZE - 32, 0);
	cpu->ip = ip & ~15ull;
	cpu->ri = 0;
}

/* Takes every pending interrupt; says whether the wake-up was among them. */
static bool drain_interrupts(struct cpu *cpu)
{
	bool woken = false;
	uint64_t v;
	while ((v = sapic_read(cpu, CR_IVR)) != SAPIC_VECTOR_SPURIOUS) {
		woken |= v == FW_WAKEUP_VECTOR;
		sapic_write(cpu, CR_EOI, 0);
	}
	return woken;
}

enum fw_action fw_ap_wait(struct fw *fw, struct cpu *cpu)
{
	struct fw_cpu *f = &fw->cpu[cpu->index];
	if (!f->waiting) {
		/* an OS gave its processor back: b0 of its start led here */
		fw_start_state(cpu, FW_ENTRY_ADDRESS(FW_ENTRY_AP_WAIT));
		f->waiting = true;
	}
	pthread_mutex_lock(&fw->lock);
	struct fw_vector v = fw->vector[FW_OS_BOOT_RENDEZ];
	pthread_mutex_unlock(&fw->lock);
	if (!drain_interrupts(cpu) || !v.ip)
		return FW_HALT;
	f->waiting = false;
	fw_start_state(cpu, v.ip);
	gr_set(cpu, 1, v.gp, 0);
	cpu->br[0] = FW_ENTRY_ADDRESS(FW_ENTRY_AP_WAIT);
	return FW_CONTINUE;
}
