/* SPDX-License-Identifier: MIT */
/*
 * Taking interruptions (2:95-2:104, 2:165-2:211): what each vector leaves in the control registers,
 * the new PSR, and what is different while psr.ic is 0.
 */
#include "cpu/interrupt.h"

#include "cpu/pmu.h"
#include "cpu/rse.h"

enum {
	WRITES_IFA = 1,
	WRITES_ITIR = 2,
	WRITES_IHA = 4,
	WRITES_IIM = 8,
	WRITES_IIB = 16,    /* the bundle at iip, on processors that have iib0 and iib1 */
	DATA_REFERENCE = 32 /* ISR.ed is defined */
};

/* Which registers a vector defines beside ipsr, iip, iipa, ifs and isr (2:166, and the page of each
 * vector). What it leaves undefined is not touched. */
static unsigned vector_resources(enum fault f)
{
	switch (f) {
	case FAULT_VHPT_TRANSLATION:
	case FAULT_DTLB:
		return WRITES_IFA | WRITES_ITIR | WRITES_IHA | DATA_REFERENCE;
	case FAULT_ITLB:
		return WRITES_IFA | WRITES_ITIR | WRITES_IHA;
	case FAULT_ALT_ITLB:
	case FAULT_INST_KEY_MISS:
	case FAULT_INST_ACCESS_BIT:
	case FAULT_INST_ACCESS_RIGHTS:
		return WRITES_IFA | WRITES_ITIR;
	case FAULT_ALT_DTLB:
	case FAULT_DATA_KEY_MISS:
	case FAULT_DIRTY_BIT:
	case FAULT_DATA_ACCESS_BIT:
	case FAULT_PAGE_NOT_PRESENT:
	case FAULT_KEY_PERMISSION:
	case FAULT_DATA_ACCESS_RIGHTS:
		return WRITES_IFA | WRITES_ITIR | WRITES_IIB | DATA_REFERENCE;
	case FAULT_BREAK:
	case FAULT_SPECULATION:
		return WRITES_IIM | WRITES_IIB;
	case FAULT_NATPAGE:
	case FAULT_DATA_DEBUG:
	case FAULT_UNALIGNED:
	case FAULT_UNSUPPORTED_DATA:
	case FAULT_UNIMPL_DATA_ADDR:
		return WRITES_IFA | WRITES_IIB | DATA_REFERENCE;
	case FAULT_INST_DEBUG:
		return WRITES_IFA;
	case FAULT_NAT_CONSUMPTION:
		return WRITES_IIB | DATA_REFERENCE;
	case FAULT_EXTERNAL_INTERRUPT:
		return 0;
	default:
		return WRITES_IIB;
	}
}

bool fault_is_trap(enum fault f)
{
	return f == FAULT_FP_TRAP || (f >= FAULT_LOWER_PRIV && f <= FAULT_SINGLE_STEP);
}

static uint64_t trap_code(enum fault f)
{
	switch (f) {
	case FAULT_FP_TRAP:
		return TRAP_CODE_FP;
	case FAULT_LOWER_PRIV:
		return TRAP_CODE_LOWER_PRIV;
	case FAULT_TAKEN_BRANCH:
		return TRAP_CODE_TAKEN_BRANCH;
	case FAULT_SINGLE_STEP:
		return TRAP_CODE_SINGLE_STEP;
	default:
		return TRAP_CODE_UNIMPL_INST;
	}
}

/* Priority among traps of one instruction (2:109): the lower number is taken. */
static unsigned trap_rank(enum fault f)
{
	switch (f) {
	case FAULT_FP_TRAP:
		return 0;
	case FAULT_UNIMPL_INST_ADDR:
		return 1;
	case FAULT_LOWER_PRIV:
		return 2;
	case FAULT_TAKEN_BRANCH:
		return 3;
	default:
		return 4;
	}
}

enum exec cpu_fault(struct cpu *cpu, enum fault f, uint64_t isr)
{
	cpu->mmu.fault = (struct fault_info){.code = f, .isr = isr};
	return EXEC_FAULT;
}

enum exec cpu_fault_addr(struct cpu *cpu, enum fault f, uint64_t isr, gva_t ifa)
{
	cpu->mmu.fault = (struct fault_info){.code = f, .isr = isr, .ifa = ifa};
	return EXEC_FAULT;
}

enum exec cpu_fault_iim(struct cpu *cpu, enum fault f, uint64_t isr, uint64_t iim)
{
	cpu->mmu.fault = (struct fault_info){.code = f, .isr = isr, .iim = iim};
	return EXEC_FAULT;
}

enum exec fault_nat_consumption(struct cpu *cpu, uint64_t isr)
{
	return cpu_fault(cpu, FAULT_NAT_CONSUMPTION, isr);
}

/* Traps of one instruction add up: one bit each in ISR.code, the vector by priority. */
enum exec cpu_trap(struct cpu *cpu, enum fault f, uint64_t isr)
{
	struct fault_info *p = &cpu->mmu.fault;
	isr |= trap_code(f);
	if (!fault_is_trap(p->code)) {
		*p = (struct fault_info){.code = f, .isr = isr};
		return EXEC_TRAP;
	}
	p->isr |= isr;
	if (trap_rank(f) < trap_rank(p->code))
		p->code = f;
	return EXEC_TRAP;
}

/* mmu.fault.isr with what is known only now: the cause's code, ni, ir, ei, ed. */
static uint64_t build_isr(struct cpu *cpu, const struct fault_info *f, unsigned resources)
{
	bool trap = fault_is_trap(f->code);
	uint64_t isr = f->isr;
	if (trap)
		isr = (isr & ~ISR_BIT(X)) | trap_code(f->code);
	else
		isr |= fault_isr_code(f->code);
	if (!(cpu->psr & PSR(IC)) || cpu->inflight_ic)
		isr |= ISR_BIT(NI);
	if (rse_incomplete(cpu))
		isr |= ISR_BIT(IR);
	isr |= (uint64_t)(trap ? cpu->trap_slot : cpu->ri) << ISR_EI_BIT;
	if (resources & DATA_REFERENCE && !(isr & (ISR_BIT(X) | ISR_BIT(RS))) &&
		mmu_exec_ed(&cpu->mmu, cpu->ip))
		isr |= ISR_BIT(ED);
	return isr;
}

/* The bundle at iip, for traps at iipa, which is known whenever it stands in the page being
 * executed. */
static void write_iib(struct cpu *cpu, gva_t ip)
{
	uint64_t b[2];
	if (!(cpu->model->features & CPU_IIB) || ip >> 12 != cpu->page_va >> 12)
		return;
	gpa_t a = GPA((cpu->code_gpa.v & ~0xfffull) + (ip & 0xff0));
	if (ram_read(&cpu->machine->ram, a, b, sizeof(b)) == 0) {
		cpu->cr[CR_IIB0] = b[0];
		cpu->cr[CR_IIB1] = b[1];
	}
}

static void collect(struct cpu *cpu, const struct fault_info *f, unsigned resources)
{
	cpu->cr[CR_IPSR] = cpu_psr(cpu);
	cpu->cr[CR_IIP] = cpu->ip;
	cpu->cr[CR_IIPA] = cpu->iipa;
	cpu->cr[CR_IFS] &= ~(1ull << 63);
	if (resources & WRITES_IFA)
		cpu->cr[CR_IFA] = f->ifa;
	if (resources & WRITES_ITIR)
		cpu->cr[CR_ITIR] = f->itir;
	if (resources & WRITES_IHA)
		cpu->cr[CR_IHA] = f->iha;
	if (resources & WRITES_IIM)
		cpu->cr[CR_IIM] = f->iim;
	if (resources & WRITES_IIB)
		write_iib(cpu, fault_is_trap(f->code) ? cpu->iipa : cpu->ip);
}

/* With psr.ic 0 a data reference that misses has a vector of its own (2:174). */
static enum fault nested(const struct cpu *cpu, const struct fault_info *f)
{
	bool data = f->code == FAULT_DTLB || f->code == FAULT_ALT_DTLB ||
		    (f->code == FAULT_VHPT_TRANSLATION && !(f->isr & ISR_BIT(X)));
	if (data && !(cpu->psr & PSR(IC)) && !cpu->inflight_ic)
		return FAULT_DATA_NESTED_TLB;
	return f->code;
}

#define PSR_KEPT (PSR(UP) | PSR(MFL) | PSR(MFH) | PSR(PK) | PSR(DT) | PSR(RT) | PSR(MC) | PSR(IT))

/* PSR on entry to a handler (2:102, 2:24). */
static uint64_t handler_psr(const struct cpu *cpu)
{
	uint64_t dcr = cpu->cr[CR_DCR];
	uint64_t psr = cpu->psr & PSR_KEPT;
	psr |= dcr & 1 ? PSR(PP) : 0;
	psr |= dcr & 2 ? PSR(BE) : 0;
	return psr;
}

/* Interruptions are without end when a handler's first instruction leads back to it or round a few
 * handlers, or when very many come with psr.ic 0, of which none can be returned from. On hardware
 * only a machine check or INIT would end that. */
#define FRUITLESS_MAX 64
#define NESTED_MAX    (1u << 20)

static void crash_if_stuck(struct cpu *cpu, gva_t vector)
{
	bool fruitless = cpu->ip == cpu->nested.vector && cpu->ri == 0;
	bool same = cpu->ip == vector && cpu->ri == 0;

	cpu->nested.vector = vector;
	cpu->nested.fruitless = fruitless ? cpu->nested.fruitless + 1 : 0;
	cpu->nested.count++;
	if (cpu->psr & PSR(IC))
		cpu->nested.count = cpu->nested.fruitless = 0;
	else if (same || cpu->nested.fruitless > FRUITLESS_MAX || cpu->nested.count > NESTED_MAX) {
		cpu->exit = EXIT_CRASH;
		cpu->exit_text = "the interruption handler itself faults, for ever";
	}
}

uint64_t interrupt_isr(struct cpu *cpu, const struct fault_info *f)
{
	return build_isr(cpu, f, vector_resources(f->code));
}

bool interrupt_writes_ifa(enum fault f)
{
	return vector_resources(f) & WRITES_IFA;
}

void cpu_deliver(struct cpu *cpu)
{
	struct fault_info f = cpu->mmu.fault;
	f.code = nested(cpu, &f);
	cpu->delivered[f.code]++;
	unsigned resources = vector_resources(f.code);
	gva_t vector = (cpu->cr[CR_IVA] & ~0x7fffull) + fault_vector(f.code);
	if (f.code != FAULT_EXTERNAL_INTERRUPT)
		crash_if_stuck(cpu, vector);
	if (f.code != FAULT_DATA_NESTED_TLB)
		cpu->cr[CR_ISR] = build_isr(cpu, &f, resources);
	if (cpu->psr & PSR(IC))
		collect(cpu, &f, resources);
	cpu->mmu.fault.code = FAULT_NONE;
	cpu->taken = false;
	cpu->inflight_ic = 0;
	cpu->rse.load_frame = false;
	pmu_sync(cpu);
	cpu->ip = vector;
	cpu_set_psr(cpu, handler_psr(cpu));
}
