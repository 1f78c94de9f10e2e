/* SPDX-License-Identifier: MIT */
/*
 * Moves between general and floating-point registers (3:123, 3:258), where a NaT bit becomes NaTVal
 * and NaTVal a NaT bit, and the speculation check of an FR.
 */
#include "cpu/exec_fp.h"

/* f1 = expr (a struct freg) of v, the value of GR r2. */
#define EXEC_SETF(name, expr)                                                                      \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		uint64_t v = gr_value(cpu, i->r2);                                                 \
		FP_CHECK_ENABLED(cpu, i->r1, 0, 0, 0);                                             \
		return fp_set(cpu, i, unlikely(gr_nat(cpu, i->r2)) ? FREG_NATVAL : (expr));        \
	}

EXEC_SETF(setf_sig, freg_from_int(v))
EXEC_SETF(setf_exp, ((struct freg){FREG_INT_BIT, v & 0x1ffff, v >> 17 & 1}))
EXEC_SETF(setf_s, freg_from_single((uint32_t)v))
EXEC_SETF(setf_d, freg_from_double(v))

/* GR r1 = expr of f, a pointer to FR f2. */
#define EXEC_GETF(name, expr)                                                                      \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		const struct freg *f = fr_get(cpu, i->r2);                                         \
		if (unlikely(gr_bad_target(cpu, i->r1)))                                           \
			return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);                                \
		FP_CHECK_ENABLED(cpu, i->r2, 0, 0, 0);                                             \
		gr_set(cpu, i->r1, expr, freg_is_natval(f));                                       \
		return EXEC_NEXT;                                                                  \
	}

EXEC_GETF(getf_sig, f->sig)
EXEC_GETF(getf_exp, f->exp | f->sign << 17)
EXEC_GETF(getf_s, freg_to_single(f))
EXEC_GETF(getf_d, freg_to_double(f))

enum exec exec_chk_s_f(struct cpu *cpu, const struct insn *i)
{
	FP_CHECK_ENABLED(cpu, i->r2, 0, 0, 0);
	if (likely(!freg_is_natval(fr_get(cpu, i->r2))))
		return EXEC_NEXT;
	cpu->next_ip = insn_ip(cpu, i) + (uint64_t)i->imm;
	cpu->next_ri = 0;
	return EXEC_BRANCH;
}
