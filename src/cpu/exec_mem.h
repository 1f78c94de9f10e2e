/* SPDX-License-Identifier: MIT */
/* What loads and stores of general and floating-point registers have in common. */
#ifndef CPU_EXEC_MEM_H
#define CPU_EXEC_MEM_H

#include "cpu/alat.h"
#include "cpu/exec.h"
#include "cpu/interrupt.h"

/* Completer field ldtype of ops.def. */
enum ldtype { LD_NONE, LD_S, LD_A, LD_SA, LD_BIAS, LD_ACQ, LD_C_CLR, LD_C_NC, LD_C_CLR_ACQ };

/* Base update of an instruction form. */
enum update { UPDATE_NONE, UPDATE_REG, UPDATE_IMM };

static inline enum ldtype ld_type(const struct insn *i)
{
	return (enum ldtype)(i->comp & 15);
}
/* Nothing but a load to us: x86 loads are acquire. */
static inline bool ld_is_plain(const struct insn *i)
{
	return 1u << ld_type(i) & (1u << LD_NONE | 1u << LD_BIAS | 1u << LD_ACQ);
}
static inline bool ld_is_speculative(enum ldtype t)
{
	return t == LD_S || t == LD_SA;
}
static inline bool ld_is_advanced(enum ldtype t)
{
	return t == LD_A || t == LD_SA;
}
static inline bool ld_is_check(enum ldtype t)
{
	return t >= LD_C_CLR;
}

/* What a load found: at most 16 bytes as in memory, little-endian order. */
struct loaded {
	uint64_t v[2]; /* 0 when deferred */
	bool deferred; /* NaT or NaTVal to the target; zero for ld.a */
	bool keep;     /* check load that hit: the target stays */
};

/* A load of any type but the plain ones. base_nat: NaT bit of the address. */
enum exec load_typed(struct cpu *cpu, const struct insn *i, uint64_t tag, unsigned size, gva_t va,
	unsigned base_nat, struct loaded *l);

/* r3 += r2 or imm; inc and inc_nat were read before the target was written. */
static inline void base_update(
	struct cpu *cpu, const struct insn *i, enum update u, uint64_t inc, unsigned inc_nat)
{
	if (u == UPDATE_NONE)
		return;
	unsigned nat = gr_nat(cpu, i->r3) | (u == UPDATE_REG ? inc_nat : 0);
	uint64_t add = u == UPDATE_REG ? inc : (uint64_t)i->imm;
	gr_set(cpu, i->r3, gr_value(cpu, i->r3) + add, nat);
}

#endif
