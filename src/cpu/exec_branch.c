/* SPDX-License-Identifier: MIT */
/*
 * Branches (3:20-3:33): formats B1 to B7, X3, X4, and the frame instructions of B8. A taken branch
 * leaves its target in next_ip; page changes, unimplemented targets and the taken-branch
 * and lower-privilege traps are the run loop's.
 */
#include "cpu/exec.h"
#include "cpu/rse.h"

static inline enum exec go(struct cpu *cpu, gva_t target)
{
	cpu->next_ip = target;
	return EXEC_BRANCH;
}

static inline enum exec go_relative(struct cpu *cpu, const struct insn *i)
{
	return go(cpu, insn_ip(cpu, i) + (uint64_t)i->imm);
}

enum exec exec_br_cond(struct cpu *cpu, const struct insn *i)
{
	return go_relative(cpu, i);
}

enum exec exec_br_cond_ind(struct cpu *cpu, const struct insn *i)
{
	return go(cpu, cpu->br[i->r2] & ~15ull);
}

/* --- calls and returns --- */

static enum exec call(struct cpu *cpu, const struct insn *i, gva_t target)
{
	cpu->br[i->r1] = insn_ip(cpu, i) + 16;
	cpu->ar[AR_PFS] = cpu_cfm(cpu) | cpu->ar[AR_EC] << 52 | (uint64_t)cpu->cpl << 62;
	rse_call(cpu);
	return go(cpu, target);
}

enum exec exec_br_call(struct cpu *cpu, const struct insn *i)
{
	return call(cpu, i, insn_ip(cpu, i) + (uint64_t)i->imm);
}

enum exec exec_br_call_ind(struct cpu *cpu, const struct insn *i)
{
	return call(cpu, i, cpu->br[i->r2] & ~15ull);
}

static void lower_privilege(struct cpu *cpu, unsigned cpl)
{
	cpu->cpl = cpl;
	cpu->stay_va = STAY_NOWHERE;
	cpu_sync_mode(cpu);
}

/* Loads of the returned-to frame come after the branch (2:145): when one faults, the branch is done
 * all the same and cpu_run finds the frame incomplete. */
enum exec exec_br_ret(struct cpu *cpu, const struct insn *i)
{
	uint64_t pfs = cpu->ar[AR_PFS];
	gva_t target = cpu->br[i->r2] & ~15ull;

	rse_return(cpu, pfs);
	cpu->ar[AR_EC] = bits(pfs, 52, 6);
	if (unlikely(pfs >> 62 > cpu->cpl))
		lower_privilege(cpu, pfs >> 62);
	if (unlikely(rse_incomplete(cpu))) {
		cpu->rse.load_frame = true;
		if (rse_fill(cpu))
			cpu->stay_va = 1;
	}
	return go(cpu, target);
}

/* --- loops (3:22) --- */

enum exec exec_br_cloop(struct cpu *cpu, const struct insn *i)
{
	if (cpu->ar[AR_LC] == 0)
		return EXEC_NEXT;
	cpu->ar[AR_LC]--;
	return go_relative(cpu, i);
}

/* Every name now means the register whose name was one less; PR 63 becomes PR 16. */
static inline void rotate(struct cpu *cpu)
{
	uint64_t v = cpu->pr >> 16;

	cpu->pr = (v << 1 | v >> 47) << 16 | (cpu->pr & 0xffff);
	cpu->rrb_pr = cpu->rrb_pr ? cpu->rrb_pr - 1 : 47;
	cpu->rrb_fr = cpu->rrb_fr ? cpu->rrb_fr - 1 : 95;
	if (cpu->sor)
		cpu->rrb_gr = cpu->rrb_gr ? cpu->rrb_gr - 1 : cpu->sor - 1;
}

static inline void set_pr63(struct cpu *cpu, bool v)
{
	cpu->pr = (cpu->pr & ~0ull >> 1) | (uint64_t)v << 63;
}

/* One step of a counted pipelined loop; returns whether it goes on. */
static bool counted_step(struct cpu *cpu)
{
	if (cpu->ar[AR_LC]) {
		cpu->ar[AR_LC]--;
		set_pr63(cpu, true);
		rotate(cpu);
		return true;
	}
	set_pr63(cpu, false);
	bool more = cpu->ar[AR_EC] > 1;
	if (cpu->ar[AR_EC]) {
		cpu->ar[AR_EC]--;
		rotate(cpu);
	}
	return more;
}

/* The same for while loops: qp is the loop condition. */
static bool while_step(struct cpu *cpu, const struct insn *i)
{
	bool cond = pr_get(cpu, i->qp), more = cond || cpu->ar[AR_EC] > 1;

	set_pr63(cpu, false);
	if (!cond && cpu->ar[AR_EC] == 0)
		return more;
	if (!cond)
		cpu->ar[AR_EC]--;
	rotate(cpu);
	return more;
}

enum exec exec_br_ctop(struct cpu *cpu, const struct insn *i)
{
	return counted_step(cpu) ? go_relative(cpu, i) : EXEC_NEXT;
}

enum exec exec_br_cexit(struct cpu *cpu, const struct insn *i)
{
	return counted_step(cpu) ? EXEC_NEXT : go_relative(cpu, i);
}

enum exec exec_br_wtop(struct cpu *cpu, const struct insn *i)
{
	return while_step(cpu, i) ? go_relative(cpu, i) : EXEC_NEXT;
}

enum exec exec_br_wexit(struct cpu *cpu, const struct insn *i)
{
	return while_step(cpu, i) ? EXEC_NEXT : go_relative(cpu, i);
}

/* --- long branches --- */

enum exec exec_brl_cond(struct cpu *cpu, const struct insn *i)
{
	if (unlikely(!(cpu->model->features & CPU_LB)))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return go_relative(cpu, i);
}

enum exec exec_brl_call(struct cpu *cpu, const struct insn *i)
{
	if (unlikely(!(cpu->model->features & CPU_LB)))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return call(cpu, i, insn_ip(cpu, i) + (uint64_t)i->imm);
}

/* No model here executes IA-32 instructions, so the transition is always disabled. */
enum exec exec_br_ia(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	if (rse_bsp(cpu) != cpu->rse.bspstore)
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return cpu_fault(cpu, FAULT_DISABLED_ISA, 0);
}

/* --- branch predict: hints only --- */

enum exec exec_brp(struct cpu *cpu, const struct insn *i)
{
	(void)cpu, (void)i;
	return EXEC_NEXT;
}

enum exec exec_brp_ind(struct cpu *cpu, const struct insn *i)
{
	return exec_brp(cpu, i);
}

enum exec exec_brp_ret(struct cpu *cpu, const struct insn *i)
{
	return exec_brp(cpu, i);
}

/* --- rename bases --- */

#define CFM_SIZES  0x3ffffull
#define CFM_RRB_PR (0x3full << 32)

enum exec exec_clrrrb(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	cpu_set_cfm(cpu, cpu_cfm(cpu) & CFM_SIZES);
	return EXEC_NEXT;
}

enum exec exec_clrrrb_pr(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	cpu_set_cfm(cpu, cpu_cfm(cpu) & ~CFM_RRB_PR);
	return EXEC_NEXT;
}
