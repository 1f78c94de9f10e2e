/* SPDX-License-Identifier: MIT */
/* The instructions of the register stack: alloc (3:9), cover (3:49), flushrs (3:134), loadrs
 * (3:164). What they do to the stack is in rse.c. */
#include "cpu/alu.h"
#include "cpu/rse.h"

#define IFS_VALID (1ull << 63)

/* The spills that make room may fault; done again, the instruction finds them done. */
enum exec exec_alloc(struct cpu *cpu, const struct insn *i)
{
	unsigned sof = i->imm & 0x7f, sol = i->imm >> 7 & 0x7f, sor = (i->imm >> 14 & 0xf) * 8;

	if (unlikely(i->r1 >= 32 + sof))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (unlikely(sor != cpu->sor && (cpu->rrb_gr | cpu->rrb_fr | cpu->rrb_pr)))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	if (unlikely(cpu->rse.dirty + (int)sof > RSE_PHYS) && rse_make_room(cpu, sof))
		return EXEC_FAULT;
	cpu->sof = sof;
	cpu->sol = sol;
	cpu->sor = sor;
	gr_set(cpu, i->r1, cpu->ar[AR_PFS], 0);
	return EXEC_NEXT;
}

enum exec exec_cover(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	if (unlikely(cpu->cpl == 0 && cpu->psr & PSR(VM)))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	if (!(cpu->psr & PSR(IC)))
		cpu->cr[CR_IFS] = cpu_cfm(cpu) | IFS_VALID;
	rse_cover(cpu);
	return EXEC_NEXT;
}

enum exec exec_flushrs(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return rse_flush(cpu) ? EXEC_FAULT : EXEC_NEXT;
}

enum exec exec_loadrs(struct cpu *cpu, const struct insn *i)
{
	bool some = cpu->rse.mode_pl >> 16 & 0x3ff8;

	(void)i;
	if (!rse_is_lazy(cpu) || (some && cpu->sof) || !rse_loadrs_fits(cpu))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return rse_loadrs(cpu) ? EXEC_FAULT : EXEC_NEXT;
}
