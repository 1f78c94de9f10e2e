/* SPDX-License-Identifier: MIT */
/*
 * The run loop: what the processor would deliver to a kernel comes back as EXIT_INTERRUPTION and is
 * answered here the way Linux does, by a translation, a system call or a signal.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/verify.h"
#include "process.h"

#define BREAK_SYSCALL 0x100000

static void print_registers(const struct cpu *cpu)
{
	fprintf(stderr, "ip %016llx.%u psr %016llx cfm %010llx pr %016llx b0 %016llx\n",
		(unsigned long long)cpu->ip, cpu->ri, (unsigned long long)cpu_psr(cpu),
		(unsigned long long)cpu_cfm(cpu), (unsigned long long)cpu->pr,
		(unsigned long long)cpu->br[0]);
	for (unsigned r = 1; r < 32 + cpu->sof; r++)
		fprintf(stderr, "r%-3u%016llx%c%s", r, (unsigned long long)gr_value(cpu, r),
			gr_nat(cpu, r) ? '*' : ' ', r % 4 == 0 ? "\n" : " ");
	fputc('\n', stderr);
}

void process_die(struct process *p, int sig, const char *why)
{
	const struct fault_info *f = &p->cpu->mmu.fault;
	fflush(stdout);
	fprintf(stderr, "epixen-user: %s: %s: %s (ifa %016llx isr %016llx iim %llx)\n", p->path,
		strsignal(sig), why, (unsigned long long)f->ifa, (unsigned long long)f->isr,
		(unsigned long long)f->iim);
	const char *difference = verify_report(p->cpu);
	if (difference)
		fputs(difference, stderr);
	print_registers(p->cpu);
	p->done = true;
	p->status = 128 + sig;
}

static void skip_instruction(struct cpu *cpu)
{
	cpu->ri = (cpu->ri + 1) % 3;
	if (cpu->ri == 0)
		cpu->ip += 16;
}

static void translation_fault(struct process *p, bool inst)
{
	struct cpu *cpu = p->cpu;
	const struct fault_info *f = &cpu->mmu.fault;
	if (space_fill_tlb(p, f->ifa, inst))
		return;
	bool lfetch = (f->isr & ISR_BIT(NA)) && (f->isr & 15) == 4;
	if ((f->isr & ISR_BIT(SP)) || lfetch)
		cpu_set_psr(cpu, cpu_psr(cpu) | PSR(ED));
	else
		process_die(p, SIGSEGV, fault_name(f->code));
}

/* break with an immediate that is no system call: the software conventions' list. */
static void break_fault(struct process *p)
{
	static const uint8_t signals[] = {SIGILL, SIGFPE, SIGFPE, SIGFPE, SIGSEGV, SIGBUS, SIGFPE,
		SIGFPE, SIGFPE, SIGILL, SIGSEGV, SIGILL};
	uint64_t iim = p->cpu->mmu.fault.iim;
	if (iim == BREAK_SYSCALL) {
		skip_instruction(p->cpu);
		process_syscall(p);
	} else {
		process_die(
			p, iim < countof(signals) ? signals[iim] : SIGTRAP, "break instruction");
	}
}

/* chk and fchkf that leave the branch to software: IIM is their imm21. */
static void speculation_fault(struct cpu *cpu)
{
	cpu->ip += (uint64_t)sext(cpu->mmu.fault.iim, 21) << 4;
	cpu->ri = 0;
}

static void interruption(struct process *p)
{
	enum fault code = p->cpu->mmu.fault.code;
	switch (code) {
	case FAULT_ITLB:
	case FAULT_ALT_ITLB:
		translation_fault(p, true);
		break;
	case FAULT_DTLB:
	case FAULT_ALT_DTLB:
		translation_fault(p, false);
		break;
	case FAULT_BREAK:
		break_fault(p);
		break;
	case FAULT_SPECULATION:
		speculation_fault(p->cpu);
		break;
	case FAULT_FP_FAULT:
	case FAULT_FP_TRAP:
		process_die(p, SIGFPE, fault_name(code));
		break;
	case FAULT_UNALIGNED:
		process_die(p, SIGBUS, fault_name(code));
		break;
	case FAULT_INST_ACCESS_RIGHTS:
	case FAULT_DATA_ACCESS_RIGHTS:
		process_die(p, SIGSEGV, fault_name(code));
		break;
	default:
		process_die(p, SIGILL, fault_name(code));
	}
}

void process_run(struct process *p)
{
	bool frozen = p->machine.clock.is_virtual;
	while (!p->done) {
		uint64_t before = p->cpu->slots;
		enum exit e = cpu_run(p->cpu, frozen ? 20000 : 1ull << 40);
		if (frozen)
			clock_advance(&p->machine.clock, p->cpu->slots - before);
		if (e == EXIT_INTERRUPTION)
			interruption(p);
		else if (e != EXIT_BUDGET && e != EXIT_KICK)
			process_die(p, SIGKILL, p->cpu->exit_text ? p->cpu->exit_text : "stopped");
	}
}
