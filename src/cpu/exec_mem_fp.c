/* SPDX-License-Identifier: MIT */
/*
 * Floating-point loads and stores (3:158-3:163, 3:253-3:255). Memory formats are bit-exact moves:
 * see fp.h and 1:94-1:99.
 */
#include "cpu/exec_mem.h"
#include "cpu/fp.h"

enum format { FMT_SINGLE, FMT_DOUBLE, FMT_INT, FMT_EXTENDED, FMT_SPILL };

static inline unsigned format_size(enum format fmt)
{
	switch (fmt) {
	case FMT_SINGLE:
		return 4;
	case FMT_EXTENDED:
		return 10;
	case FMT_SPILL:
		return 16;
	default:
		return 8;
	}
}

static inline struct freg format_load(enum format fmt, const uint64_t v[2])
{
	switch (fmt) {
	case FMT_SINGLE:
		return freg_from_single((uint32_t)v[0]);
	case FMT_DOUBLE:
		return freg_from_double(v[0]);
	case FMT_INT:
		return freg_from_int(v[0]);
	case FMT_EXTENDED:
		return freg_from_extended(v[0], (uint16_t)v[1]);
	default:
		return freg_from_spill(v);
	}
}

static inline void format_store(enum format fmt, const struct freg *f, uint64_t v[2])
{
	uint16_t se;

	v[1] = 0;
	switch (fmt) {
	case FMT_SINGLE:
		v[0] = freg_to_single(f);
		break;
	case FMT_DOUBLE:
		v[0] = freg_to_double(f);
		break;
	case FMT_INT:
		v[0] = f->sig;
		break;
	case FMT_EXTENDED:
		freg_to_extended(f, &v[0], &se);
		v[1] = se;
		break;
	default:
		freg_to_spill(f, v);
	}
}

/* What a deferred load leaves: NaTVal, or zero in the load's format for ldf.a (2:80). */
static struct freg deferred_value(const struct insn *i, enum format fmt)
{
	if (ld_is_speculative(ld_type(i)))
		return FREG_NATVAL;
	return fmt == FMT_INT ? freg_from_int(0) : FREG_ZERO;
}

static inline enum fault read_plain(struct mmu *m, gva_t va, unsigned size, uint64_t v[2])
{
	v[1] = 0;
	return size > 8 ? mem_load_big(m, va, size, ACC_READ, v)
			: mem_load(m, va, size, ACC_READ, v);
}

/* Target checks of all FP loads: base in frame, register not disabled. */
static inline bool load_faults(struct cpu *cpu, const struct insn *i, enum update u, unsigned f2)
{
	unsigned code;
	if (u != UPDATE_NONE && unlikely(gr_bad_target(cpu, i->r3))) {
		cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
		return true;
	}
	if (unlikely(code = fp_disabled(cpu, i->r1, f2, 0, 0))) {
		fp_disabled_fault(cpu, code, ISR_BIT(R));
		return true;
	}
	return false;
}

/* Reads size bytes for a load of any type. */
static inline enum exec fp_read(
	struct cpu *cpu, const struct insn *i, unsigned size, struct loaded *l)
{
	gva_t va = gr_value(cpu, i->r3);

	if (unlikely(!ld_is_plain(i)))
		return load_typed(cpu, i, alat_fr_tag(cpu, i->r1), size, va, gr_nat(cpu, i->r3), l);
	l->keep = l->deferred = false;
	if (unlikely(gr_nat(cpu, i->r3)))
		return fault_nat_consumption(cpu, ISR_BIT(R));
	return unlikely(read_plain(&cpu->mmu, va, size, l->v)) ? EXEC_FAULT : EXEC_NEXT;
}

static inline __attribute__((always_inline)) enum exec fp_load(
	struct cpu *cpu, const struct insn *i, enum format fmt, enum update u)
{
	uint64_t inc = u == UPDATE_REG ? gr_value(cpu, i->r2) : 0;
	unsigned inc_nat = u == UPDATE_REG ? gr_nat(cpu, i->r2) : 0;
	struct loaded l;

	if (unlikely(load_faults(cpu, i, u, 0)))
		return EXEC_FAULT;
	if (unlikely(fp_read(cpu, i, format_size(fmt), &l) == EXEC_FAULT))
		return EXEC_FAULT;
	if (likely(!l.keep))
		fr_set(cpu, i->r1,
			unlikely(l.deferred) ? deferred_value(i, fmt) : format_load(fmt, l.v));
	base_update(cpu, i, u, inc, inc_nat);
	return EXEC_NEXT;
}

#define EXEC_FP_LOAD(name, fmt)                                                                    \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		return fp_load(cpu, i, fmt, UPDATE_NONE);                                          \
	}                                                                                          \
	enum exec exec_##name##_r(struct cpu *cpu, const struct insn *i)                           \
	{                                                                                          \
		return fp_load(cpu, i, fmt, UPDATE_REG);                                           \
	}                                                                                          \
	enum exec exec_##name##_i(struct cpu *cpu, const struct insn *i)                           \
	{                                                                                          \
		return fp_load(cpu, i, fmt, UPDATE_IMM);                                           \
	}

EXEC_FP_LOAD(ldfs, FMT_SINGLE)
EXEC_FP_LOAD(ldfd, FMT_DOUBLE)
EXEC_FP_LOAD(ldf8, FMT_INT)
EXEC_FP_LOAD(ldfe, FMT_EXTENDED)
EXEC_FP_LOAD(ldf_fill, FMT_SPILL)

/* --- pairs: f1 has the lower address in either byte order --- */

/* Splits what was read into the two numbers; big-endian accesses reversed them as one. */
static void split_pair(const struct cpu *cpu, enum format fmt, const uint64_t v[2], uint64_t p[2])
{
	bool be = cpu->mmu.data_be;
	if (fmt == FMT_SINGLE) {
		p[be] = (uint32_t)v[0];
		p[!be] = v[0] >> 32;
	} else {
		p[0] = v[be];
		p[1] = v[!be];
	}
}

static enum exec fp_load_pair(struct cpu *cpu, const struct insn *i, enum format fmt, enum update u)
{
	unsigned size = 2 * format_size(fmt);
	struct loaded l;
	uint64_t p[2];

	/* one odd and one even register after rotation, decode cannot tell (3:161) */
	if (!((fr_rotate(cpu, i->r1) ^ fr_rotate(cpu, i->r2)) & 1))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (load_faults(cpu, i, u, i->r2) || fp_read(cpu, i, size, &l) == EXEC_FAULT)
		return EXEC_FAULT;
	split_pair(cpu, fmt, l.v, p);
	if (!l.keep) {
		fr_set(cpu, i->r1,
			l.deferred ? deferred_value(i, fmt)
				   : format_load(fmt, (uint64_t[2]){p[0], 0}));
		fr_set(cpu, i->r2,
			l.deferred ? deferred_value(i, fmt)
				   : format_load(fmt, (uint64_t[2]){p[1], 0}));
	}
	if (u != UPDATE_NONE)
		gr_set(cpu, i->r3, gr_value(cpu, i->r3) + size, gr_nat(cpu, i->r3));
	return EXEC_NEXT;
}

#define EXEC_FP_PAIR(name, fmt)                                                                    \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		return fp_load_pair(cpu, i, fmt, UPDATE_NONE);                                     \
	}                                                                                          \
	enum exec exec_##name##_i(struct cpu *cpu, const struct insn *i)                           \
	{                                                                                          \
		return fp_load_pair(cpu, i, fmt, UPDATE_IMM);                                      \
	}

EXEC_FP_PAIR(ldfps, FMT_SINGLE)
EXEC_FP_PAIR(ldfpd, FMT_DOUBLE)
EXEC_FP_PAIR(ldfp8, FMT_INT)

/* --- stores --- */

static inline __attribute__((always_inline)) enum exec fp_store(
	struct cpu *cpu, const struct insn *i, enum format fmt, enum update u)
{
	const struct freg *f = fr_get(cpu, i->r2);
	unsigned size = format_size(fmt), code;
	gva_t va = gr_value(cpu, i->r3);
	uint64_t v[2];

	if (u != UPDATE_NONE && unlikely(gr_bad_target(cpu, i->r3)))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (unlikely(code = fp_disabled(cpu, i->r2, 0, 0, 0)))
		return fp_disabled_fault(cpu, code, ISR_BIT(W));
	if (unlikely(gr_nat(cpu, i->r3) || (fmt != FMT_SPILL && freg_is_natval(f))))
		return fault_nat_consumption(cpu, ISR_BIT(W));
	format_store(fmt, f, v);
	if (unlikely(size > 8 ? mem_store_big(&cpu->mmu, va, size, ACC_WRITE, v)
			      : mem_store(&cpu->mmu, va, size, ACC_WRITE, v[0])))
		return EXEC_FAULT;
	base_update(cpu, i, u, 0, 0);
	return EXEC_NEXT;
}

#define EXEC_FP_STORE(name, fmt)                                                                   \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		return fp_store(cpu, i, fmt, UPDATE_NONE);                                         \
	}                                                                                          \
	enum exec exec_##name##_i(struct cpu *cpu, const struct insn *i)                           \
	{                                                                                          \
		return fp_store(cpu, i, fmt, UPDATE_IMM);                                          \
	}

EXEC_FP_STORE(stfs, FMT_SINGLE)
EXEC_FP_STORE(stfd, FMT_DOUBLE)
EXEC_FP_STORE(stf8, FMT_INT)
EXEC_FP_STORE(stfe, FMT_EXTENDED)
EXEC_FP_STORE(stf_spill, FMT_SPILL)
