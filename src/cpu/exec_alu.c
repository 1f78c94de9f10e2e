/* SPDX-License-Identifier: MIT */
/* Integer add, subtract, logic and shift-and-add: formats A1 to A5. */
#include "cpu/alu.h"

/* A 32-bit pointer's sum made a 64-bit address: the pointer's bits 31:30 pick the region. */
static inline uint64_t pointer4(uint64_t sum, uint64_t pointer)
{
	return (uint32_t)sum | bits(pointer, 30, 2) << 61;
}

EXEC_GR2_GR3(add, a + b)
EXEC_GR2_GR3(add_1, a + b + 1)
EXEC_GR2_GR3(sub, a - b)
EXEC_GR2_GR3(sub_1, a - b - 1)
EXEC_GR2_GR3(addp4, pointer4(a + b, b))
EXEC_GR2_GR3(and, a &b)
EXEC_GR2_GR3(andcm, a & ~b)
EXEC_GR2_GR3(or, a | b)
EXEC_GR2_GR3(xor, a ^ b)

EXEC_GR2_GR3(shladd, (a << i->pos) + b)
EXEC_GR2_GR3(shladdp4, pointer4((a << i->pos) + b, b))

EXEC_IMM_GR3(sub_imm, a - b)
EXEC_IMM_GR3(and_imm, a &b)
EXEC_IMM_GR3(andcm_imm, a & ~b)
EXEC_IMM_GR3(or_imm, a | b)
EXEC_IMM_GR3(xor_imm, a ^ b)

EXEC_IMM_GR3(adds, a + b)
EXEC_IMM_GR3(addp4_imm, pointer4(a + b, b))

EXEC_IMM_GR3(addl, a + b)
