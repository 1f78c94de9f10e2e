/* SPDX-License-Identifier: MIT */
/*
 * What integer instructions have in common: operands come with a NaT bit, the result's NaT bit is
 * the OR of the sources', and the target must lie in the frame. The macros below make one
 * exec function of one expression, so that an instruction is a line.
 */
#ifndef CPU_ALU_H
#define CPU_ALU_H

#include "cpu/exec.h"

/* A source register: value and NaT bit, rotated once. */
struct operand {
	uint64_t v;
	unsigned nat;
};

static inline struct operand operand(const struct cpu *cpu, unsigned r)
{
	r = gr_rotate(cpu, r);
	return (struct operand){cpu->gr_base[r >= 32][r], cpu->nat_base[r >= 32][r]};
}

/* GR r1 = v, the end of every instruction with one GR target. */
static inline enum exec gr_result(struct cpu *cpu, const struct insn *i, uint64_t v, unsigned nat)
{
	if (unlikely(gr_bad_target(cpu, i->r1)))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	gr_set(cpu, i->r1, v, nat);
	return EXEC_NEXT;
}

/* r1 = expr of a (GR r2) and b (GR r3); i is the instruction. */
#define EXEC_GR2_GR3(name, expr)                                                                   \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		struct operand x = operand(cpu, i->r2), y = operand(cpu, i->r3);                   \
		uint64_t a = x.v, b = y.v;                                                         \
		return gr_result(cpu, i, expr, x.nat | y.nat);                                     \
	}

/* r1 = expr of a (the immediate) and b (GR r3). */
#define EXEC_IMM_GR3(name, expr)                                                                   \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		struct operand y = operand(cpu, i->r3);                                            \
		uint64_t a = (uint64_t)i->imm, b = y.v;                                            \
		return gr_result(cpu, i, expr, y.nat);                                             \
	}

/* r1 = expr of a (GR r2). */
#define EXEC_GR2(name, expr)                                                                       \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		struct operand x = operand(cpu, i->r2);                                            \
		uint64_t a = x.v;                                                                  \
		return gr_result(cpu, i, expr, x.nat);                                             \
	}

/* r1 = the immediate. */
#define EXEC_IMM(name)                                                                             \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		return gr_result(cpu, i, (uint64_t)i->imm, 0);                                     \
	}

/* r1 = expr of b (GR r3). */
#define EXEC_GR3(name, expr)                                                                       \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		struct operand y = operand(cpu, i->r3);                                            \
		uint64_t b = y.v;                                                                  \
		return gr_result(cpu, i, expr, y.nat);                                             \
	}

#endif
