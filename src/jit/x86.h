/* SPDX-License-Identifier: MIT */
/*
 * A small x86-64 assembler: functions named after what they emit, operands in Intel order. Values
 * are 64 bits wide unless w says 4 (w: 4 or 8). Emitting beyond the end only sets `full`.
 */
#ifndef JIT_X86_H
#define JIT_X86_H

#include "base/types.h"

enum reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

/* Condition codes as in the opcodes; cc ^ 1 is the opposite. */
enum cc {
	CC_O,
	CC_NO,
	CC_B,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G
};

/* Two-operand operations of the first opcode block; the number is their /digit. */
enum alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum shift { SHIFT_ROL = 0, SHIFT_ROR, SHIFT_SHL = 4, SHIFT_SHR, SHIFT_SAR = 7 };
enum bit { BIT_BT = 4, BIT_BTS, BIT_BTR, BIT_BTC };

struct code {
	uint8_t *p, *end;
	bool full;
};

/* [base + index * scale + disp]; no index: index = RSP. */
struct mem {
	enum reg base, index;
	unsigned scale; /* 1, 2, 4, 8 */
	int32_t disp;
};
static inline struct mem mem_at(enum reg base, int64_t disp)
{
	return (struct mem){base, RSP, 1, (int32_t)disp};
}
static inline struct mem mem_index(enum reg base, enum reg index)
{
	return (struct mem){base, index, 1, 0};
}

void x_mov(struct code *c, unsigned w, enum reg d, enum reg s);
/* The shortest encoding; changes no flags. */
void x_mov_imm(struct code *c, enum reg d, uint64_t v);
/* Zero-extending load of size 1, 2, 4 or 8 bytes. */
void x_load(struct code *c, unsigned size, enum reg d, struct mem m);
void x_store(struct code *c, unsigned size, struct mem m, enum reg s);
/* Stores v, which must be a sign-extended 32-bit number. size: 1, 4, 8. */
void x_store_imm(struct code *c, unsigned size, struct mem m, int32_t v);
void x_lea(struct code *c, enum reg d, struct mem m);
/* d = an address within the code, to be x_patched like a jump; returns the displacement. */
uint8_t *x_lea_here(struct code *c, enum reg d);
void x_alu(struct code *c, enum alu op, unsigned w, enum reg d, enum reg s);
void x_alu_imm(struct code *c, enum alu op, unsigned w, enum reg d, int32_t v);
void x_alu_load(struct code *c, enum alu op, unsigned w, enum reg d, struct mem m);
void x_alu_store(struct code *c, enum alu op, unsigned w, struct mem m, enum reg s);
void x_alu_mem_imm(struct code *c, enum alu op, unsigned w, struct mem m, int32_t v);
void x_test(struct code *c, unsigned w, enum reg a, enum reg b);
void x_test_imm(struct code *c, unsigned w, enum reg a, int32_t v);
void x_neg(struct code *c, enum reg d);
void x_not(struct code *c, enum reg d);
void x_shift(struct code *c, enum shift op, unsigned w, enum reg d, unsigned n);
/* By cl. */
void x_shift_cl(struct code *c, enum shift op, unsigned w, enum reg d);
/* d:s shifted right by n. */
void x_shrd(struct code *c, enum reg d, enum reg s, unsigned n);
void x_bit(struct code *c, enum bit op, enum reg d, unsigned n);
/* Sign (or zero) extension of the low size bytes. */
void x_extend(struct code *c, bool sign, unsigned size, enum reg d, enum reg s);
void x_setcc(struct code *c, enum cc cc, enum reg d); /* low byte only */
void x_cmov(struct code *c, enum cc cc, enum reg d, enum reg s);
void x_imul(struct code *c, enum reg d, enum reg s);
/* Two-byte opcodes with F3 (popcnt b8, tzcnt bc, lzcnt bd). */
void x_count(struct code *c, uint8_t opcode, enum reg d, enum reg s);
void x_scan(struct code *c, bool reverse, enum reg d, enum reg s); /* bsf, bsr */
/* Locked; xchg needs no prefix. cmpxchg: rax is compared and gets what was there. */
enum locked { LOCKED_XCHG = 0x86, LOCKED_CMPXCHG = 0x1b0, LOCKED_XADD = 0x1c0 };
void x_locked(struct code *c, enum locked op, unsigned size, struct mem m, enum reg r);
void x_mfence(struct code *c);
void x_bswap(struct code *c, enum reg d);
void x_mul(struct code *c, bool sign, enum reg s); /* rdx:rax = rax * s */
void x_idiv(struct code *c, enum reg s);	   /* rax = rdx:rax / s, rdx = the rest */
void x_inc_mem(struct code *c, bool dec, struct mem m);
void x_push(struct code *c, enum reg r);
void x_pop(struct code *c, enum reg r);
void x_ret(struct code *c);
void x_call(struct code *c, enum reg r);
void x_call_mem(struct code *c, struct mem m);
void x_call_to(struct code *c, const uint8_t *target);
void x_jmp_reg(struct code *c, enum reg r);
void x_jmp_mem(struct code *c, struct mem m);
/* Jumps return where the 32-bit displacement stands, for x_patch. */
uint8_t *x_jmp(struct code *c);
uint8_t *x_jcc(struct code *c, enum cc cc);
/* Bytes that are not run: fills up to a multiple of n; copies size bytes, returns where (NULL:
 * full).
 */
void x_align(struct code *c, unsigned n);
uint8_t *x_data(struct code *c, const void *data, size_t size);
/* A jump to the next instruction that x_link may change while it is executed. */
uint8_t *x_jmp_link(struct code *c);
/* Makes the jump whose displacement is at `at` go to target (both in the same view). */
void x_patch(uint8_t *at, const uint8_t *target);
void x_link(uint8_t *at, const uint8_t *target);
static inline void x_here(struct code *c, uint8_t *at)
{
	if (!c->full)
		x_patch(at, c->p);
}
void x_jmp_to(struct code *c, const uint8_t *target);
void x_jcc_to(struct code *c, enum cc cc, const uint8_t *target);

/* --- scalar floating point; registers are xmm0 to xmm15; size 8: doubles, 4: singles --- */
enum sse { SSE_SQRT = 0x51, SSE_ADD = 0x58, SSE_MUL, SSE_SUB = 0x5c, SSE_DIV = 0x5e };
void x_sse(struct code *c, enum sse op, unsigned size, unsigned d, unsigned s);
void x_sse_mov(struct code *c, unsigned d, unsigned s);
void x_sse_xor(struct code *c, unsigned d, unsigned s);
void x_sse_load(struct code *c, unsigned d, struct mem m); /* a double */
void x_sse_store(struct code *c, struct mem m, unsigned s);
/* Low w bytes between the kinds of registers. */
void x_sse_from_reg(struct code *c, unsigned w, unsigned d, enum reg s);
void x_sse_to_reg(struct code *c, unsigned w, enum reg d, unsigned s);
void x_sse_compare(struct code *c, unsigned a, unsigned b); /* ucomisd */
/* A number of this size into the other. */
void x_sse_convert(struct code *c, unsigned size, unsigned d, unsigned s);
void x_sse_to_int(struct code *c, bool truncate, enum reg d, unsigned s);
void x_sse_from_int(struct code *c, unsigned d, enum reg s);
/* d = a * d + b, a * d - b, -(a * d) + b, rounded once: hosts with FMA only. */
enum fma { FMA_ADD = 0xa9, FMA_SUB = 0xab, FMA_NADD = 0xad };
void x_fma(struct code *c, enum fma op, unsigned size, unsigned d, unsigned a, unsigned b);
void x_mxcsr_store(struct code *c, struct mem m);
void x_mxcsr_load(struct code *c, struct mem m);

#endif
