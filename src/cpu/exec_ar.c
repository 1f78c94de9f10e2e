/* SPDX-License-Identifier: MIT */
/* Moves to and from application registers (3:165, 1:27-1:33). */
#include "cpu/exec.h"
#include "cpu/fp.h"
#include "cpu/interrupt.h"
#include "cpu/rse.h"
#include "cpu/sapic.h"
#include "cpu/timer.h"

enum {
	ON_M = 1,
	ON_I = 2,
	IGNORED = 4, /* reads as 0, writes do nothing */
	READ_ONLY = 8
};

/* Which unit reaches register ar, 0 when it is reserved (1:27, table 3-3). */
static unsigned ar_class(const struct cpu *cpu, unsigned ar)
{
	switch (ar) {
	case AR_K0 ... AR_K0 + 7:
	case AR_RSC:
	case AR_BSPSTORE:
	case AR_RNAT:
	case AR_FCR:
	case AR_EFLAG ... AR_FDR:
	case AR_CCV:
	case AR_UNAT:
	case AR_FPSR:
	case AR_ITC:
		return ON_M;
	case AR_RUC:
		return cpu->model->features & CPU_RU ? ON_M : 0;
	case AR_BSP:
		return ON_M | READ_ONLY;
	case AR_PFS:
	case AR_LC:
	case AR_EC:
		return ON_I;
	case 48 ... 63:
	case 112 ... 127:
		return ON_M | ON_I | IGNORED;
	default:
		return 0;
	}
}

/* ar.bspstore and ar.rnat belong to the RSE unless it is in enforced lazy mode. */
static bool rse_owns(const struct cpu *cpu, unsigned ar)
{
	return (ar == AR_BSPSTORE || ar == AR_RNAT) && !rse_is_lazy(cpu);
}

static uint64_t ar_read(struct cpu *cpu, unsigned ar)
{
	switch (ar) {
	case AR_RSC:
		return cpu->rse.mode_pl;
	case AR_BSP:
		return rse_bsp(cpu);
	case AR_BSPSTORE:
		return cpu->rse.bspstore;
	case AR_RNAT:
		return cpu->rse.rnat;
	case AR_ITC:
		return timer_read_itc(cpu);
	case AR_RUC: /* no other logical processor shares this one: it counts all the time */
		return clock_now(&cpu->machine->clock) + cpu->ar[AR_RUC];
	default:
		return cpu->ar[ar];
	}
}

/* Fields that must be written as 0 (1:29-1:33). */
static bool ar_reserved(unsigned ar, uint64_t v)
{
	switch (ar) {
	case AR_RSC:
		return v & ~0x3fff001full;
	case AR_PFS:
		return v & 0x3c0fffc000000000ull;
	case AR_FPSR:
		return fpsr_reserved(v);
	default:
		return false;
	}
}

static enum exec ar_write(struct cpu *cpu, unsigned ar, uint64_t v)
{
	switch (ar) {
	case AR_RSC:
		rse_write_rsc(cpu, v);
		break;
	case AR_BSPSTORE:
		rse_write_bspstore(cpu, v);
		break;
	case AR_RNAT:
		rse_write_rnat(cpu, v);
		break;
	case AR_ITC:
		timer_write_itc(cpu, v);
		return EXEC_STOP;
	case AR_RUC:
		cpu->ar[ar] = v - clock_now(&cpu->machine->clock);
		break;
	case AR_EC:
		cpu->ar[ar] = v & 0x3f;
		break;
	default:
		cpu->ar[ar] = v;
	}
	return EXEC_NEXT;
}

static bool is_time(unsigned ar)
{
	return ar == AR_ITC || ar == AR_RUC;
}

static enum exec mov_from_ar(struct cpu *cpu, const struct insn *i, unsigned unit)
{
	unsigned class = ar_class(cpu, i->r3);
	if (!(class & unit) || gr_bad_target(cpu, i->r1) || rse_owns(cpu, i->r3))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (is_time(i->r3) && cpu->psr & PSR(SI) && cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_REG, 0);
	if (is_time(i->r3) && cpu->psr & PSR(SI) && cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	gr_set(cpu, i->r1, class & IGNORED ? 0 : ar_read(cpu, i->r3), 0);
	return EXEC_NEXT;
}

/* ar.cflg is a control register of IA-32 that only the kernel may write (2:253). */
static bool ar_privileged(unsigned ar)
{
	return ar <= AR_K0 + 7 || ar == AR_CFLG || is_time(ar);
}

static enum exec mov_to_ar(struct cpu *cpu, unsigned ar, unsigned unit, uint64_t v, unsigned nat)
{
	unsigned class = ar_class(cpu, ar);
	if (!(class & unit) || class & READ_ONLY || rse_owns(cpu, ar))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (nat)
		return fault_nat_consumption(cpu, 0);
	if (class & IGNORED)
		return EXEC_NEXT;
	if (ar_reserved(ar, v))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (ar_privileged(ar) && cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_REG, 0);
	if (is_time(ar) && cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	return ar_write(cpu, ar, v);
}

enum exec exec_mov_from_ar_i(struct cpu *cpu, const struct insn *i)
{
	return mov_from_ar(cpu, i, ON_I);
}

enum exec exec_mov_from_ar_m(struct cpu *cpu, const struct insn *i)
{
	return mov_from_ar(cpu, i, ON_M);
}

enum exec exec_mov_to_ar_i(struct cpu *cpu, const struct insn *i)
{
	return mov_to_ar(cpu, i->r3, ON_I, gr_value(cpu, i->r2), gr_nat(cpu, i->r2));
}

enum exec exec_mov_to_ar_m(struct cpu *cpu, const struct insn *i)
{
	return mov_to_ar(cpu, i->r3, ON_M, gr_value(cpu, i->r2), gr_nat(cpu, i->r2));
}

enum exec exec_mov_to_ar_imm_i(struct cpu *cpu, const struct insn *i)
{
	return mov_to_ar(cpu, i->r3, ON_I, (uint64_t)i->imm, 0);
}

enum exec exec_mov_to_ar_imm_m(struct cpu *cpu, const struct insn *i)
{
	return mov_to_ar(cpu, i->r3, ON_M, (uint64_t)i->imm, 0);
}
