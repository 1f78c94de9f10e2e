/* SPDX-License-Identifier: MIT */
/*
 * Moves between general, branch and predicate registers and IP, movl, chk.s of a general register,
 * and the instructions that do nothing: I18, I20 to I25, X2 and the nop/hint formats.
 */
#include "cpu/alu.h"

EXEC_IMM(movl)

enum exec exec_mov_from_ip(struct cpu *cpu, const struct insn *i)
{
	return gr_result(cpu, i, insn_ip(cpu, i), 0);
}

enum exec exec_mov_from_br(struct cpu *cpu, const struct insn *i)
{
	return gr_result(cpu, i, cpu->br[i->r2], 0);
}

/* The prediction hints and the tag address have no effect. */
enum exec exec_mov_to_br(struct cpu *cpu, const struct insn *i)
{
	if (unlikely(gr_nat(cpu, i->r2)))
		return cpu_fault(cpu, FAULT_NAT_CONSUMPTION, 0);
	cpu->br[i->r1] = gr_value(cpu, i->r2);
	return EXEC_NEXT;
}

/*
 * Predicates as these moves see them: as if CFM.rrb.pr were zero (1:83). cpu->pr is ordered
 * by current name; current PR 16+n is the file's PR 16 + (n + rrb.pr) mod 48.
 */
#define ROTATING      48
#define ROTATING_MASK ((1ull << ROTATING) - 1)

static inline uint64_t rotate48(uint64_t pr, unsigned left)
{
	uint64_t v = pr >> 16;
	v = (v << left | v >> (ROTATING - left)) & ROTATING_MASK;
	return v << 16 | (pr & 0xffff);
}

static inline uint64_t pr_file(const struct cpu *cpu)
{
	return rotate48(cpu->pr, cpu->rrb_pr);
}

static inline void pr_set_file(struct cpu *cpu, uint64_t v)
{
	cpu->pr = rotate48(v | 1, ROTATING - cpu->rrb_pr);
}

enum exec exec_mov_from_pr(struct cpu *cpu, const struct insn *i)
{
	return gr_result(cpu, i, pr_file(cpu), 0);
}

enum exec exec_mov_to_pr(struct cpu *cpu, const struct insn *i)
{
	uint64_t mask = (uint64_t)i->imm;
	if (unlikely(gr_nat(cpu, i->r2)))
		return cpu_fault(cpu, FAULT_NAT_CONSUMPTION, 0);
	pr_set_file(cpu, (pr_file(cpu) & ~mask) | (gr_value(cpu, i->r2) & mask));
	return EXEC_NEXT;
}

enum exec exec_mov_to_pr_rot(struct cpu *cpu, const struct insn *i)
{
	pr_set_file(cpu, (pr_file(cpu) & 0xffff) | ((uint64_t)i->imm & ~0xffffull));
	return EXEC_NEXT;
}

/* chk.s may branch by itself or leave that to a Speculation fault handler (volume 3: chk): it
 * branches. */
static inline enum exec check_nat(struct cpu *cpu, const struct insn *i)
{
	if (likely(!gr_nat(cpu, i->r2)))
		return EXEC_NEXT;
	cpu->next_ip = insn_ip(cpu, i) + (uint64_t)i->imm;
	return EXEC_BRANCH;
}

enum exec exec_chk_s_i(struct cpu *cpu, const struct insn *i)
{
	return check_nat(cpu, i);
}

enum exec exec_chk_s_m(struct cpu *cpu, const struct insn *i)
{
	return check_nat(cpu, i);
}

#define EXEC_NOTHING(name)                                                                         \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		(void)cpu, (void)i;                                                                \
		return EXEC_NEXT;                                                                  \
	}

EXEC_NOTHING(nop_m)
EXEC_NOTHING(nop_i)
EXEC_NOTHING(nop_f)
EXEC_NOTHING(nop_b)
EXEC_NOTHING(nop_x)
EXEC_NOTHING(hint_m)
EXEC_NOTHING(hint_i)
EXEC_NOTHING(hint_f)
EXEC_NOTHING(hint_b)
EXEC_NOTHING(hint_x)
