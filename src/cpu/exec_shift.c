/* SPDX-License-Identifier: MIT */
/*
 * Shifts, bit fields, sign and zero extension, zero byte search and bit counts: formats I5, I7
 * and I9 to I15, I29. Fields that would reach beyond bit 63 are cut there (volume 3: dep, extr).
 */
#include "cpu/alu.h"

/* The low len bits, 0 <= len <= 64. */
static inline uint64_t low_bits(unsigned len)
{
	return len > 63 ? ~0ull : (1ull << len) - 1;
}

/* len cut so that the field at pos ends at bit 63. */
static inline unsigned field_length(const struct insn *i)
{
	unsigned room = 64u - i->pos;
	return i->len < room ? i->len : room;
}

static inline uint64_t deposit(const struct insn *i, uint64_t field, uint64_t into)
{
	uint64_t mask = low_bits(field_length(i)) << i->pos;
	return (into & ~mask) | (field << i->pos & mask);
}

/* High word a, low word b, shifted right together. */
static inline uint64_t shift_pair(uint64_t a, uint64_t b, unsigned count)
{
	return count ? b >> count | a << (64 - count) : b;
}

EXEC_GR2_GR3(shl, b > 63 ? 0 : a << b)
EXEC_GR2_GR3(shr_u, a > 63 ? 0 : b >> a)
EXEC_GR2_GR3(shr, (uint64_t)((int64_t)b >> (a > 63 ? 63 : a)))
EXEC_GR2_GR3(shrp, shift_pair(a, b, i->pos))

EXEC_GR3(extr, (uint64_t)sext(b >> i->pos, field_length(i)))
EXEC_GR3(extr_u, bits(b, i->pos, field_length(i)))

EXEC_GR2(dep_z, deposit(i, a, 0))
EXEC_GR3(dep_imm, deposit(i, (uint64_t)i->imm, b))
EXEC_GR2_GR3(dep, deposit(i, a, b))

enum exec exec_dep_z_imm(struct cpu *cpu, const struct insn *i)
{
	return gr_result(cpu, i, deposit(i, (uint64_t)i->imm, 0), 0);
}

EXEC_GR3(sxt1, (uint64_t)(int8_t)b)
EXEC_GR3(sxt2, (uint64_t)(int16_t)b)
EXEC_GR3(sxt4, (uint64_t)(int32_t)b)
EXEC_GR3(zxt1, (uint8_t)b)
EXEC_GR3(zxt2, (uint16_t)b)
EXEC_GR3(zxt4, (uint32_t)b)

/* The top bit of each width-bit element that is zero; exact, no carries between elements. */
static inline uint64_t zero_elements(uint64_t v, unsigned width)
{
	uint64_t top = width == 8 ? 0x8080808080808080 : 0x8000800080008000;
	return ~(((v & ~top) + ~top) | v | ~top);
}

/* Index of the first zero element from the left or right, or their number (volume 3: czx). */
static inline uint64_t first_zero(uint64_t v, unsigned width, bool left)
{
	uint64_t zeros = zero_elements(v, width);
	if (!zeros)
		return 64 / width;
	return (unsigned)(left ? __builtin_clzll(zeros) : __builtin_ctzll(zeros)) / width;
}

EXEC_GR3(czx1_l, first_zero(b, 8, true))
EXEC_GR3(czx1_r, first_zero(b, 8, false))
EXEC_GR3(czx2_l, first_zero(b, 16, true))
EXEC_GR3(czx2_r, first_zero(b, 16, false))

EXEC_GR3(popcnt, (unsigned)__builtin_popcountll(b))

enum exec exec_clz(struct cpu *cpu, const struct insn *i)
{
	uint64_t b = gr_value(cpu, i->r3);
	if (!(cpu->model->features & CPU_CZ))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return gr_result(cpu, i, b ? (unsigned)__builtin_clzll(b) : 64, gr_nat(cpu, i->r3));
}
