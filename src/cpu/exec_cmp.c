/* SPDX-License-Identifier: MIT */
/*
 * Compares and tests: A6 to A8, I16, I17, I30. All make one relation and write two predicates in
 * one of five ways, the compare types (3:39, table 2-15). Equal targets are illegal from the bits
 * alone, so the decoder has dealt with them.
 */
#include "cpu/alu.h"

/* cpu->pr with the two targets cleared. Bit 0 is put back by whoever stores it. */
static inline uint64_t pr_without(const struct cpu *cpu, const struct insn *i)
{
	return cpu->pr & ~(1ull << i->p1 | 1ull << i->p2);
}

/* The qualifying predicate is false: only .unc (completer bit 0) still writes. */
static enum exec compare_skipped(struct cpu *cpu, const struct insn *i)
{
	if (i->comp & 1)
		cpu->pr = pr_without(cpu, i) | 1;
	return EXEC_NEXT;
}

/* Types none and unc, with a true qualifying predicate. */
static inline enum exec compare_normal(struct cpu *cpu, const struct insn *i, bool rel, bool nat)
{
	uint64_t set = nat ? 0 : 1ull << (rel ? i->p1 : i->p2);
	cpu->pr = pr_without(cpu, i) | set | 1;
	return EXEC_NEXT;
}

static inline enum exec compare_and(struct cpu *cpu, const struct insn *i, bool rel, bool nat)
{
	if (nat || !rel)
		cpu->pr = pr_without(cpu, i) | 1;
	return EXEC_NEXT;
}

static inline enum exec compare_or(struct cpu *cpu, const struct insn *i, bool rel, bool nat)
{
	if (!nat && rel)
		cpu->pr |= 1ull << i->p1 | 1ull << i->p2;
	return EXEC_NEXT;
}

static inline enum exec compare_or_andcm(struct cpu *cpu, const struct insn *i, bool rel, bool nat)
{
	if (!nat && rel)
		cpu->pr = pr_without(cpu, i) | 1ull << i->p1 | 1;
	return EXEC_NEXT;
}

/* In a relation a is the first source, as `first` says, and b is GR r3. */
#define GR2  operand(cpu, i->r2)
#define IMM  ((struct operand){(uint64_t)i->imm, 0})
#define ZERO ((struct operand){0, 0})

/* Type none or unc: these rows are called whatever the qualifying predicate. */
#define NORMAL(name, first, rel)                                                                   \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		if (!pr_get(cpu, i->qp))                                                           \
			return compare_skipped(cpu, i);                                            \
		struct operand x = first, y = operand(cpu, i->r3);                                 \
		uint64_t a = x.v, b = y.v;                                                         \
		(void)a;                                                                           \
		return compare_normal(cpu, i, rel, x.nat | y.nat);                                 \
	}

#define PARALLEL(name, type, first, rel)                                                           \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		struct operand x = first, y = operand(cpu, i->r3);                                 \
		uint64_t a = x.v, b = y.v;                                                         \
		(void)a;                                                                           \
		return compare_##type(cpu, i, rel, x.nat | y.nat);                                 \
	}

#define PARALLEL_ALL(name, suffix, first, rel)                                                     \
	PARALLEL(name##_and##suffix, and, first, rel)                                              \
	PARALLEL(name##_or##suffix, or, first, rel)                                                \
	PARALLEL(name##_or_andcm##suffix, or_andcm, first, rel)

/* All compares of one width: S and U are its signed and unsigned type. Formats A6, A8, A7. */
#define COMPARES(cmp, S, U)                                                                        \
	NORMAL(cmp##_lt, GR2, (S)a < (S)b)                                                         \
	NORMAL(cmp##_ltu, GR2, (U)a < (U)b)                                                        \
	NORMAL(cmp##_eq, GR2, (U)a == (U)b)                                                        \
	PARALLEL_ALL(cmp##_eq, , GR2, (U)a == (U)b)                                                \
	PARALLEL_ALL(cmp##_ne, , GR2, (U)a != (U)b)                                                \
                                                                                                   \
	NORMAL(cmp##_lt_imm, IMM, (S)a < (S)b)                                                     \
	NORMAL(cmp##_ltu_imm, IMM, (U)a < (U)b)                                                    \
	NORMAL(cmp##_eq_imm, IMM, (U)a == (U)b)                                                    \
	PARALLEL_ALL(cmp##_eq, _imm, IMM, (U)a == (U)b)                                            \
	PARALLEL_ALL(cmp##_ne, _imm, IMM, (U)a != (U)b)                                            \
                                                                                                   \
	PARALLEL_ALL(cmp##_gt, , ZERO, (S)a > (S)b)                                                \
	PARALLEL_ALL(cmp##_le, , ZERO, (S)a <= (S)b)                                               \
	PARALLEL_ALL(cmp##_ge, , ZERO, (S)a >= (S)b)                                               \
	PARALLEL_ALL(cmp##_lt, , ZERO, (S)a < (S)b)

COMPARES(cmp, int64_t, uint64_t)
COMPARES(cmp4, int32_t, uint32_t)

/* tbit: a bit of GR r3. */
NORMAL(tbit_z, ZERO, !(b >> i->pos & 1))
PARALLEL_ALL(tbit_z, , ZERO, !(b >> i->pos & 1))
PARALLEL_ALL(tbit_nz, , ZERO, b >> i->pos & 1)

/* tnat: the NaT bit is what is tested and so never spoils the result. */
enum exec exec_tnat_z(struct cpu *cpu, const struct insn *i)
{
	if (!pr_get(cpu, i->qp))
		return compare_skipped(cpu, i);
	return compare_normal(cpu, i, !gr_nat(cpu, i->r3), false);
}

#define TNAT(name, type, rel)                                                                      \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		bool nat = gr_nat(cpu, i->r3);                                                     \
		return compare_##type(cpu, i, rel, false);                                         \
	}

TNAT(tnat_z_and, and, !nat)
TNAT(tnat_z_or, or, !nat)
TNAT(tnat_z_or_andcm, or_andcm, !nat)
TNAT(tnat_nz_and, and, nat)
TNAT(tnat_nz_or, or, nat)
TNAT(tnat_nz_or_andcm, or_andcm, nat)

/* tf: a bit of CPUID register 4. Processors without it have no such instruction. */
static inline bool has_tf(const struct cpu *cpu)
{
	return cpu->model->features & CPU_TF;
}

#define TF (cpu_model_cpuid(cpu->model, 4) >> i->imm & 1)
#define TF_PARALLEL(name, type, rel)                                                               \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		if (!has_tf(cpu))                                                                  \
			return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);                                \
		return compare_##type(cpu, i, rel, false);                                         \
	}

enum exec exec_tf_z(struct cpu *cpu, const struct insn *i)
{
	bool qualified = pr_get(cpu, i->qp);
	if (!has_tf(cpu) && (qualified || i->comp & 1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return qualified ? compare_normal(cpu, i, !TF, false) : compare_skipped(cpu, i);
}
TF_PARALLEL(tf_z_and, and, !TF)
TF_PARALLEL(tf_z_or, or, !TF)
TF_PARALLEL(tf_z_or_andcm, or_andcm, !TF)
TF_PARALLEL(tf_nz_and, and, TF)
TF_PARALLEL(tf_nz_or, or, TF)
TF_PARALLEL(tf_nz_or_andcm, or_andcm, TF)
