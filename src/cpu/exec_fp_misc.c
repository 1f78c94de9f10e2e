/* SPDX-License-Identifier: MIT */
/*
 * Instructions that move bits of floating-point registers without arithmetic (merge, mix, pack,
 * logic, integer multiply) and those that work on the FPSR. The former know one special value,
 * NaTVal, and raise no FP exceptions.
 */
#include "cpu/exec_fp.h"

#define HI_SIGN 0x8000000000000000ull
#define LO_SIGN 0x0000000080000000ull
#define HI	0xffffffff00000000ull
#define LO	0x00000000ffffffffull

/* f1 = expr (a struct freg) of a = f2 and b = f3. */
#define EXEC_MERGE(name, expr)                                                                     \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		struct freg a = *fr_get(cpu, i->r2), b = *fr_get(cpu, i->r3);                      \
		FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, 0);                                     \
		if (unlikely(freg_is_natval(&a) || freg_is_natval(&b)))                            \
			return fp_set(cpu, i, FREG_NATVAL);                                        \
		return fp_set(cpu, i, expr);                                                       \
	}

/* The significand of f1 = expr of the significands x of f2 and y of f3. */
#define EXEC_PAIR(name, expr)                                                                      \
	static inline uint64_t pair_##name(uint64_t x, uint64_t y)                                 \
	{                                                                                          \
		return expr;                                                                       \
	}                                                                                          \
	EXEC_MERGE(name, freg_from_int(pair_##name(a.sig, b.sig)))

EXEC_MERGE(fmerge_s, ((struct freg){b.sig, b.exp, a.sign}))
EXEC_MERGE(fmerge_ns, ((struct freg){b.sig, b.exp, !a.sign}))
EXEC_MERGE(fmerge_se, ((struct freg){b.sig, a.exp, a.sign}))
EXEC_MERGE(fpack, freg_from_int((uint64_t)freg_to_single(&a) << 32 | freg_to_single(&b)))

EXEC_PAIR(fmix_lr, (x & HI) | (y & LO))
EXEC_PAIR(fmix_r, x << 32 | (y & LO))
EXEC_PAIR(fmix_l, (x & HI) | y >> 32)
EXEC_PAIR(fsxt_r, (x & LO_SIGN ? HI : 0) | (y & LO))
EXEC_PAIR(fsxt_l, (x & HI_SIGN ? HI : 0) | y >> 32)
EXEC_PAIR(fswap, y << 32 | x >> 32)
EXEC_PAIR(fswap_nl, (y << 32 | x >> 32) ^ HI_SIGN)
EXEC_PAIR(fswap_nr, (y << 32 | x >> 32) ^ LO_SIGN)
EXEC_PAIR(fand, x &y)
EXEC_PAIR(fandcm, x & ~y)
EXEC_PAIR(for, x | y)
EXEC_PAIR(fxor, x ^ y)

#define SIGNS	   (HI_SIGN | LO_SIGN)
#define SIGNS_EXPS 0xff800000ff800000ull
EXEC_PAIR(fpmerge_s, (x & SIGNS) | (y & ~SIGNS))
EXEC_PAIR(fpmerge_ns, (~x & SIGNS) | (y & ~SIGNS))
EXEC_PAIR(fpmerge_se, (x & SIGNS_EXPS) | (y & ~SIGNS_EXPS))

/* The significand of f1 = expr of those of f2 (z), f3 (x) and f4 (y). */
#define EXEC_THREE(name, expr)                                                                     \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		const struct freg *f2 = fr_get(cpu, i->r2), *f3 = fr_get(cpu, i->r3);              \
		const struct freg *f4 = fr_get(cpu, i->r4);                                        \
		uint64_t x = f3->sig, y = f4->sig, z = f2->sig;                                    \
		FP_CHECK_ENABLED(cpu, i->r1, i->r2, i->r3, i->r4);                                 \
		if (unlikely(freg_is_natval(f2) || freg_is_natval(f3) || freg_is_natval(f4)))      \
			return fp_set(cpu, i, FREG_NATVAL);                                        \
		return fp_set(cpu, i, freg_from_int(expr));                                        \
	}

/* Bits 127:64 of x * y + z; the addend is zero-extended in both (3:301). */
static inline uint64_t xma_high_signed(uint64_t x, uint64_t y, uint64_t z)
{
	uint128_t product = (uint128_t)((int128_t)(int64_t)x * (int64_t)y);

	return (uint64_t)((product + z) >> 64);
}
static inline uint64_t xma_high(uint64_t x, uint64_t y, uint64_t z)
{
	return (uint64_t)(((uint128_t)x * y + z) >> 64);
}
static inline uint64_t xma_low(uint64_t x, uint64_t y, uint64_t z)
{
	return x * y + z;
}

EXEC_THREE(fselect, (x & z) | (y & ~z))
EXEC_THREE(xma_l, xma_low(x, y, z))
EXEC_THREE(xma_h, xma_high_signed(x, y, z))
EXEC_THREE(xma_hu, xma_high(x, y, z))

/* New controls for sf, made of those of sf0 (3:99). Reserved: pc = 1, and td of sf0. */
enum exec exec_fsetc(struct cpu *cpu, const struct insn *i)
{
	unsigned shift = FPSR_SF_SHIFT(fp_sf(i)), sf0 = (unsigned)(cpu->ar[AR_FPSR] >> 6);
	unsigned controls = (sf0 & i->imm & 0x7f) | (i->imm >> 7 & 0x7f);

	if ((controls >> 2 & 3) == 1 || (fp_sf(i) == 0 && controls & 0x40))
		return cpu_fault(cpu, FAULT_RESERVED_REG_FIELD, 0);
	cpu->ar[AR_FPSR] &= ~(0x7full << shift);
	cpu->ar[AR_FPSR] |= (uint64_t)controls << shift;
	return EXEC_NEXT;
}

enum exec exec_fclrf(struct cpu *cpu, const struct insn *i)
{
	cpu->ar[AR_FPSR] &= ~((uint64_t)FP_ALL << (FPSR_SF_SHIFT(fp_sf(i)) + 7));
	return EXEC_NEXT;
}

/* Branches when the flags of sf would have raised an enabled exception or are not yet in sf0
 * (3:63). As for chk, the branch is made here and not left to a Speculation fault handler. */
enum exec exec_fchkf(struct cpu *cpu, const struct insn *i)
{
	uint64_t fpsr = cpu->ar[AR_FPSR];
	unsigned flags = (unsigned)(fpsr >> (FPSR_SF_SHIFT(fp_sf(i)) + 7)) & FP_ALL;
	unsigned sf0 = (unsigned)(fpsr >> (FPSR_SF_SHIFT(0) + 7)) & FP_ALL;

	if (!(flags & ~(unsigned)fpsr) && !(flags & ~sf0))
		return EXEC_NEXT;
	cpu->next_ip = insn_ip(cpu, i) + (uint64_t)i->imm;
	cpu->next_ri = 0;
	return EXEC_BRANCH;
}
