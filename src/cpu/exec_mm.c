/* SPDX-License-Identifier: MIT */
/*
 * Parallel integer arithmetic: A9, A10, I1 to I8 without the 64-bit shifts, and the 32-bit
 * multiplies of the newer processors. An operand is a vector of 8, 4 or 2 elements, element 0 in
 * the low bits; a result element is one expression of n, x and y.
 */
#include "cpu/alu.h"

union vec {
	uint64_t v;
	uint8_t u1[8];
	int8_t s1[8];
	uint16_t u2[4];
	int16_t s2[4];
	uint32_t u4[2];
	int32_t s4[2];
};

#define LANES(elem) (sizeof(union vec) / sizeof(((union vec *)0)->elem[0]))

/* r1 element n = expr of x (GR r2), y (GR r3) and n. */
#define VEC(name, elem, expr)                                                                      \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		union vec x = {gr_value(cpu, i->r2)}, y = {gr_value(cpu, i->r3)}, r;               \
		unsigned nat = gr_nat(cpu, i->r2) | gr_nat(cpu, i->r3);                            \
		for (unsigned n = 0; n < LANES(elem); n++)                                         \
			r.elem[n] = (__typeof__(r.elem[0]))(expr);                                 \
		return gr_result(cpu, i, r.v, nat);                                                \
	}

/* r1 element n = expr of x (GR r2 or r3, as reg says), n and the instruction's own fields. */
#define VEC_UNARY(name, reg, elem, expr)                                                           \
	enum exec exec_##name(struct cpu *cpu, const struct insn *i)                               \
	{                                                                                          \
		union vec x = {gr_value(cpu, i->reg)}, r;                                          \
		for (unsigned n = 0; n < LANES(elem); n++)                                         \
			r.elem[n] = (__typeof__(r.elem[0]))(expr);                                 \
		return gr_result(cpu, i, r.v, gr_nat(cpu, i->reg));                                \
	}

static inline int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* The forms of padd and psub, as x2b encodes them: signedness of result, first, second source. */
enum { MODULO, SSS, UUU, UUS };

static inline int add_form1(unsigned form, uint8_t x, uint8_t y, int sign)
{
	int a = form == SSS ? (int8_t)x : x, b = form == UUU ? y : (int8_t)y;
	int v = a + sign * b;
	if (form == MODULO)
		return v;
	return form == SSS ? clamp(v, INT8_MIN, INT8_MAX) : clamp(v, 0, UINT8_MAX);
}

static inline int add_form2(unsigned form, uint16_t x, uint16_t y, int sign)
{
	int a = form == SSS ? (int16_t)x : x, b = form == UUU ? y : (int16_t)y;
	int v = a + sign * b;
	if (form == MODULO)
		return v;
	return form == SSS ? clamp(v, INT16_MIN, INT16_MAX) : clamp(v, 0, UINT16_MAX);
}

VEC(padd1, u1, add_form1(i->comp, x.u1[n], y.u1[n], 1))
VEC(psub1, u1, add_form1(i->comp, x.u1[n], y.u1[n], -1))
VEC(padd2, u2, add_form2(i->comp, x.u2[n], y.u2[n], 1))
VEC(psub2, u2, add_form2(i->comp, x.u2[n], y.u2[n], -1))
VEC(padd4, u4, x.u4[n] + y.u4[n])
VEC(psub4, u4, x.u4[n] - y.u4[n])

/* Averages: raz (completer 1) rounds away from zero, else the lost bit is ORed in (volume 3: pavg).
 */
static inline unsigned average(unsigned sum, bool raz)
{
	return raz ? (sum + 1) >> 1 : sum >> 1 | (sum & 1);
}

VEC(pavg1, u1, average(x.u1[n] + y.u1[n], i->comp))
VEC(pavg2, u2, average(x.u2[n] + y.u2[n], i->comp))
VEC(pavgsub1, u1, average((unsigned)(x.u1[n] - y.u1[n]), false))
VEC(pavgsub2, u2, average((unsigned)(x.u2[n] - y.u2[n]), false))

VEC(pcmp1_eq, s1, -(x.s1[n] == y.s1[n]))
VEC(pcmp2_eq, s2, -(x.s2[n] == y.s2[n]))
VEC(pcmp4_eq, s4, -(x.s4[n] == y.s4[n]))
VEC(pcmp1_gt, s1, -(x.s1[n] > y.s1[n]))
VEC(pcmp2_gt, s2, -(x.s2[n] > y.s2[n]))
VEC(pcmp4_gt, s4, -(x.s4[n] > y.s4[n]))

/* An overflow of the shift already decides the result: y is not added then (volume 3: pshladd). */
static inline int shift_add(int16_t x, int16_t y, unsigned count)
{
	int shifted = x * (1 << count), limited = clamp(shifted, INT16_MIN, INT16_MAX);
	return shifted != limited ? limited : clamp(shifted + y, INT16_MIN, INT16_MAX);
}

VEC(pshladd2, s2, shift_add(x.s2[n], y.s2[n], i->pos))
VEC(pshradd2, s2, clamp((x.s2[n] >> i->pos) + y.s2[n], INT16_MIN, INT16_MAX))

VEC(pmpyshr2, s2, x.s2[n] * y.s2[n] >> i->pos)
VEC(pmpyshr2_u, u2, (uint32_t)x.u2[n] * y.u2[n] >> i->pos)
VEC(pmpy2_r, s4, x.s2[2 * n] * y.s2[2 * n])
VEC(pmpy2_l, s4, x.s2[2 * n + 1] * y.s2[2 * n + 1])

/* mix takes the even (right) or odd (left) elements of both, x and y in turn. */
VEC(mix1_r, u1, (n & 1 ? x : y).u1[n & ~1u])
VEC(mix2_r, u2, (n & 1 ? x : y).u2[n & ~1u])
VEC(mix4_r, u4, (n & 1 ? x : y).u4[n & ~1u])
VEC(mix1_l, u1, (n & 1 ? x : y).u1[n | 1])
VEC(mix2_l, u2, (n & 1 ? x : y).u2[n | 1])
VEC(mix4_l, u4, (n & 1 ? x : y).u4[n | 1])

/* unpack takes the elements of the high or low half of both, x and y in turn. */
VEC(unpack1_h, u1, (n & 1 ? x : y).u1[n / 2 + 4])
VEC(unpack2_h, u2, (n & 1 ? x : y).u2[n / 2 + 2])
VEC(unpack4_h, u4, (n & 1 ? x : y).u4[n / 2 + 1])
VEC(unpack1_l, u1, (n & 1 ? x : y).u1[n / 2])
VEC(unpack2_l, u2, (n & 1 ? x : y).u2[n / 2])
VEC(unpack4_l, u4, (n & 1 ? x : y).u4[n / 2])

VEC(pack2_uss, u1, clamp((n < 4 ? x : y).s2[n % 4], 0, UINT8_MAX))
VEC(pack2_sss, s1, clamp((n < 4 ? x : y).s2[n % 4], INT8_MIN, INT8_MAX))
VEC(pack4_sss, s2, clamp((n < 2 ? x : y).s4[n % 2], INT16_MIN, INT16_MAX))

VEC(pmin1_u, u1, x.u1[n] < y.u1[n] ? x.u1[n] : y.u1[n])
VEC(pmax1_u, u1, x.u1[n] > y.u1[n] ? x.u1[n] : y.u1[n])
VEC(pmin2, s2, x.s2[n] < y.s2[n] ? x.s2[n] : y.s2[n])
VEC(pmax2, s2, x.s2[n] > y.s2[n] ? x.s2[n] : y.s2[n])

static uint64_t sum_of_differences(union vec x, union vec y)
{
	unsigned sum = 0;
	for (unsigned n = 0; n < 8; n++)
		sum += (unsigned)(x.u1[n] > y.u1[n] ? x.u1[n] - y.u1[n] : y.u1[n] - x.u1[n]);
	return sum;
}
EXEC_GR2_GR3(psad1, sum_of_differences((union vec){a}, (union vec){b}))

/* mpy4 is the product of the low words; mpyshl4 adds up to a 64-bit product's high word. */
enum exec exec_mpy4(struct cpu *cpu, const struct insn *i)
{
	uint64_t a = (uint32_t)gr_value(cpu, i->r2), b = (uint32_t)gr_value(cpu, i->r3);
	if (!(cpu->model->features & CPU_CZ))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return gr_result(cpu, i, a * b, gr_nat(cpu, i->r2) | gr_nat(cpu, i->r3));
}

enum exec exec_mpyshl4(struct cpu *cpu, const struct insn *i)
{
	uint64_t a = gr_value(cpu, i->r2) >> 32, b = (uint32_t)gr_value(cpu, i->r3);
	if (!(cpu->model->features & CPU_CZ))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	return gr_result(cpu, i, a * b << 32, gr_nat(cpu, i->r2) | gr_nat(cpu, i->r3));
}

/* mux1: source element of each result element, by mbtype; 4 bits each, element 0 lowest. */
static const uint32_t mux1_order[16] = {
	[0x0] = 0x00000000, /* @brcst */
	[0x8] = 0x73516240, /* @mix */
	[0x9] = 0x73625140, /* @shuf */
	[0xa] = 0x75316420, /* @alt */
	[0xb] = 0x01234567, /* @rev */
};
VEC_UNARY(mux1, r2, u1, x.u1[mux1_order[i->imm & 15] >> 4 * n & 7])
VEC_UNARY(mux2, r2, u2, x.u2[i->imm >> 2 * n & 3])

/* Shift counts are unsigned 64-bit numbers; large ones give zeros or signs. */
static inline uint32_t shl_elem(uint32_t v, uint64_t count)
{
	return count > 31 ? 0 : v << count;
}

static inline uint32_t shr_elem(uint32_t v, uint64_t count)
{
	return count > 31 ? 0 : v >> count;
}

static inline int32_t sar_elem(int32_t v, uint64_t count)
{
	return v >> (count > 31 ? 31 : count);
}

VEC(pshr2, s2, sar_elem(y.s2[n], x.v))
VEC(pshr4, s4, sar_elem(y.s4[n], x.v))
VEC(pshr2_u, u2, shr_elem(y.u2[n], x.v))
VEC(pshr4_u, u4, shr_elem(y.u4[n], x.v))
VEC_UNARY(pshr2_imm, r3, s2, sar_elem(x.s2[n], i->pos))
VEC_UNARY(pshr4_imm, r3, s4, sar_elem(x.s4[n], i->pos))
VEC_UNARY(pshr2_u_imm, r3, u2, shr_elem(x.u2[n], i->pos))
VEC_UNARY(pshr4_u_imm, r3, u4, shr_elem(x.u4[n], i->pos))

VEC(pshl2, u2, shl_elem(x.u2[n], y.v))
VEC(pshl4, u4, shl_elem(x.u4[n], y.v))
VEC_UNARY(pshl2_imm, r2, u2, shl_elem(x.u2[n], i->pos))
VEC_UNARY(pshl4_imm, r2, u4, shl_elem(x.u4[n], i->pos))
