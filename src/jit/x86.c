/* SPDX-License-Identifier: MIT */
/* The assembler: see x86.h. Encodings from the Intel 64 manual, volume 2. */
#include "jit/x86.h"

#include <string.h>

static void put(struct code *c, uint64_t v, unsigned bytes)
{
	if (c->end - c->p < 16) {
		c->full = true;
		return;
	}
	memcpy(c->p, &v, bytes);
	c->p += bytes;
}

static void rex(struct code *c, bool w, unsigned reg, unsigned index, unsigned base, bool force)
{
	unsigned v = 0x40u | (unsigned)w << 3 | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 |
		     (base >> 3 & 1);
	if (v != 0x40 || force)
		put(c, v, 1);
}

/* Opcode with register operands; op may have two bytes (0x0fxx). */
static void op_rr(struct code *c, bool w, unsigned op, unsigned reg, unsigned rm, bool byte)
{
	rex(c, w, reg, 0, rm, byte && (reg >= 4 || rm >= 4));
	if (op > 0xff)
		put(c, 0x0f, 1);
	put(c, op & 0xff, 1);
	put(c, 0xc0 | (reg & 7) << 3 | (rm & 7), 1);
}

static bool fits8(int64_t v)
{
	return v >= -128 && v <= 127;
}

static void modrm_mem(struct code *c, unsigned reg, struct mem m)
{
	bool sib = m.index != RSP || (m.base & 7) == RSP;
	unsigned mod = m.disp == 0 && (m.base & 7) != RBP ? 0 : fits8(m.disp) ? 1 : 2;

	put(c, mod << 6 | (reg & 7) << 3 | (sib ? 4 : m.base & 7), 1);
	if (sib)
		put(c, (unsigned)__builtin_ctz(m.scale) << 6 | (m.index & 7) << 3 | (m.base & 7),
			1);
	if (mod)
		put(c, (uint32_t)m.disp, mod == 1 ? 1 : 4);
}

static void op_rm(struct code *c, bool w, unsigned op, unsigned reg, struct mem m, bool byte)
{
	rex(c, w, reg, m.index, m.base, byte && reg >= 4);
	if (op > 0xff)
		put(c, 0x0f, 1);
	put(c, op & 0xff, 1);
	modrm_mem(c, reg, m);
}

void x_mov(struct code *c, unsigned w, enum reg d, enum reg s)
{
	if (d != s || w == 4)
		op_rr(c, w == 8, 0x8b, d, s, false);
}

void x_mov_imm(struct code *c, enum reg d, uint64_t v)
{
	if (v <= UINT32_MAX) {
		rex(c, false, 0, 0, d, false);
		put(c, 0xb8 | (d & 7), 1);
		put(c, v, 4);
	} else if ((uint64_t)(int64_t)(int32_t)v == v) {
		op_rr(c, true, 0xc7, 0, d, false);
		put(c, (uint32_t)v, 4);
	} else {
		rex(c, true, 0, 0, d, false);
		put(c, 0xb8 | (d & 7), 1);
		put(c, v, 8);
	}
}

void x_load(struct code *c, unsigned size, enum reg d, struct mem m)
{
	static const unsigned op[] = {[1] = 0x1b6, [2] = 0x1b7, [4] = 0x8b, [8] = 0x8b};
	op_rm(c, size == 8, op[size], d, m, false);
}

void x_store(struct code *c, unsigned size, struct mem m, enum reg s)
{
	if (size == 2)
		put(c, 0x66, 1);
	op_rm(c, size == 8, size == 1 ? 0x88 : 0x89, s, m, size == 1);
}

void x_store_imm(struct code *c, unsigned size, struct mem m, int32_t v)
{
	op_rm(c, size == 8, size == 1 ? 0xc6 : 0xc7, 0, m, false);
	put(c, (uint32_t)v, size == 1 ? 1 : 4);
}

void x_lea(struct code *c, enum reg d, struct mem m)
{
	op_rm(c, true, 0x8d, d, m, false);
}

void x_alu(struct code *c, enum alu op, unsigned w, enum reg d, enum reg s)
{
	op_rr(c, w == 8, (unsigned)op << 3 | 3, d, s, false);
}

void x_alu_imm(struct code *c, enum alu op, unsigned w, enum reg d, int32_t v)
{
	op_rr(c, w == 8, fits8(v) ? 0x83 : 0x81, op, d, false);
	put(c, (uint32_t)v, fits8(v) ? 1 : 4);
}

void x_alu_load(struct code *c, enum alu op, unsigned w, enum reg d, struct mem m)
{
	op_rm(c, w == 8, (unsigned)op << 3 | 3, d, m, false);
}

void x_alu_store(struct code *c, enum alu op, unsigned w, struct mem m, enum reg s)
{
	op_rm(c, w == 8, (unsigned)op << 3 | 1, s, m, false);
}

void x_alu_mem_imm(struct code *c, enum alu op, unsigned w, struct mem m, int32_t v)
{
	if (w == 1) {
		op_rm(c, false, 0x80, op, m, false);
		put(c, (uint32_t)v, 1);
		return;
	}
	op_rm(c, w == 8, fits8(v) ? 0x83 : 0x81, op, m, false);
	put(c, (uint32_t)v, fits8(v) ? 1 : 4);
}

void x_test(struct code *c, unsigned w, enum reg a, enum reg b)
{
	op_rr(c, w == 8, 0x85, b, a, false);
}

void x_test_imm(struct code *c, unsigned w, enum reg a, int32_t v)
{
	op_rr(c, w == 8, 0xf7, 0, a, false);
	put(c, (uint32_t)v, 4);
}

void x_neg(struct code *c, enum reg d)
{
	op_rr(c, true, 0xf7, 3, d, false);
}

void x_not(struct code *c, enum reg d)
{
	op_rr(c, true, 0xf7, 2, d, false);
}

void x_shift(struct code *c, enum shift op, unsigned w, enum reg d, unsigned n)
{
	op_rr(c, w == 8, 0xc1, op, d, false);
	put(c, n, 1);
}

void x_shift_cl(struct code *c, enum shift op, unsigned w, enum reg d)
{
	op_rr(c, w == 8, 0xd3, op, d, false);
}

void x_shrd(struct code *c, enum reg d, enum reg s, unsigned n)
{
	op_rr(c, true, 0x1ac, s, d, false);
	put(c, n, 1);
}

void x_bit(struct code *c, enum bit op, enum reg d, unsigned n)
{
	op_rr(c, true, 0x1ba, op, d, false); /* 32 bits would clear the upper half */
	put(c, n, 1);
}

void x_extend(struct code *c, bool sign, unsigned size, enum reg d, enum reg s)
{
	if (size == 4 && !sign)
		op_rr(c, false, 0x8b, d, s, false);
	else if (size == 4)
		op_rr(c, true, 0x63, d, s, false);
	else
		op_rr(c, sign, (sign ? 0x1be : 0x1b6) + (size == 2), d, s, size == 1);
}

void x_setcc(struct code *c, enum cc cc, enum reg d)
{
	op_rr(c, false, 0x190u | cc, 0, d, true);
}

void x_cmov(struct code *c, enum cc cc, enum reg d, enum reg s)
{
	op_rr(c, true, 0x140u | cc, d, s, false);
}

void x_imul(struct code *c, enum reg d, enum reg s)
{
	op_rr(c, true, 0x1af, d, s, false);
}

void x_count(struct code *c, uint8_t opcode, enum reg d, enum reg s)
{
	put(c, 0xf3, 1);
	op_rr(c, true, 0x100u | opcode, d, s, false);
}

void x_scan(struct code *c, bool reverse, enum reg d, enum reg s)
{
	op_rr(c, true, 0x1bc + reverse, d, s, false);
}

void x_locked(struct code *c, enum locked op, unsigned size, struct mem m, enum reg r)
{
	if (op != LOCKED_XCHG)
		put(c, 0xf0, 1);
	if (size == 2)
		put(c, 0x66, 1);
	op_rm(c, size == 8, op + (size > 1), r, m, size == 1);
}

void x_mfence(struct code *c)
{
	put(c, 0xf0ae0f, 3);
}

void x_bswap(struct code *c, enum reg d)
{
	rex(c, true, 0, 0, d, false);
	put(c, 0x0f | (0xc8u | (d & 7)) << 8, 2);
}

void x_mul(struct code *c, bool sign, enum reg s)
{
	op_rr(c, true, 0xf7, sign ? 5 : 4, s, false);
}

void x_idiv(struct code *c, enum reg s)
{
	op_rr(c, true, 0xf7, 7, s, false);
}

void x_inc_mem(struct code *c, bool dec, struct mem m)
{
	op_rm(c, true, 0xff, dec, m, false);
}

void x_push(struct code *c, enum reg r)
{
	rex(c, false, 0, 0, r, false);
	put(c, 0x50 | (r & 7), 1);
}

void x_pop(struct code *c, enum reg r)
{
	rex(c, false, 0, 0, r, false);
	put(c, 0x58 | (r & 7), 1);
}

void x_ret(struct code *c)
{
	put(c, 0xc3, 1);
}

void x_call(struct code *c, enum reg r)
{
	op_rr(c, false, 0xff, 2, r, false);
}

void x_jmp_reg(struct code *c, enum reg r)
{
	op_rr(c, false, 0xff, 4, r, false);
}

void x_jmp_mem(struct code *c, struct mem m)
{
	op_rm(c, false, 0xff, 4, m, false);
}

uint8_t *x_jmp(struct code *c)
{
	put(c, 0xe9, 1);
	put(c, 0, 4);
	return c->p - 4;
}

/* The displacement is aligned, so that it changes in one piece for whoever runs it. */
uint8_t *x_jmp_link(struct code *c)
{
	static const uint32_t nop[] = {0, 0x90, 0x9066, 0x001f0f};
	unsigned pad = (unsigned)-((uintptr_t)c->p + 1) & 3;

	put(c, nop[pad], pad);
	return x_jmp(c);
}

void x_link(uint8_t *at, const uint8_t *target)
{
	__atomic_store_n((int32_t *)(void *)at, (int32_t)(target - (at + 4)), __ATOMIC_RELEASE);
}

uint8_t *x_jcc(struct code *c, enum cc cc)
{
	put(c, 0x800f | (unsigned)cc << 8, 2);
	put(c, 0, 4);
	return c->p - 4;
}

void x_patch(uint8_t *at, const uint8_t *target)
{
	int32_t d = (int32_t)(target - (at + 4));
	memcpy(at, &d, 4);
}

void x_jmp_to(struct code *c, const uint8_t *target)
{
	uint8_t *at = x_jmp(c);
	if (!c->full)
		x_patch(at, target);
}

void x_jcc_to(struct code *c, enum cc cc, const uint8_t *target)
{
	uint8_t *at = x_jcc(c, cc);
	if (!c->full)
		x_patch(at, target);
}

void x_call_mem(struct code *c, struct mem m)
{
	op_rm(c, false, 0xff, 2, m, false);
}

void x_call_to(struct code *c, const uint8_t *target)
{
	put(c, 0xe8, 1);
	put(c, 0, 4);
	if (!c->full)
		x_patch(c->p - 4, target);
}

uint8_t *x_lea_here(struct code *c, enum reg d)
{
	rex(c, true, d, 0, 0, false);
	put(c, 0x8d | (0x05 | (d & 7u) << 3) << 8, 2);
	put(c, 0, 4);
	return c->p - 4;
}

void x_align(struct code *c, unsigned n)
{
	while (!c->full && (uintptr_t)c->p % n)
		put(c, 0xcc, 1);
}

uint8_t *x_data(struct code *c, const void *data, size_t size)
{
	if (c->full || (size_t)(c->end - c->p) < size) {
		c->full = true;
		return NULL;
	}
	memcpy(c->p, data, size);
	c->p += size;
	return c->p - size;
}

/* --- scalar floating point --- */

/* A mandatory prefix stands before REX. */
static void sse_rr(struct code *c, unsigned prefix, bool w, unsigned op, unsigned reg, unsigned rm)
{
	if (prefix)
		put(c, prefix, 1);
	op_rr(c, w, 0x100 | op, reg, rm, false);
}

static unsigned scalar(unsigned size)
{
	return size == 8 ? 0xf2 : 0xf3;
}

void x_sse(struct code *c, enum sse op, unsigned size, unsigned d, unsigned s)
{
	sse_rr(c, scalar(size), false, op, d, s);
}

void x_sse_mov(struct code *c, unsigned d, unsigned s)
{
	if (d != s)
		sse_rr(c, 0, false, 0x28, d, s);
}

void x_sse_xor(struct code *c, unsigned d, unsigned s)
{
	sse_rr(c, 0, false, 0x57, d, s);
}

void x_sse_load(struct code *c, unsigned d, struct mem m)
{
	put(c, 0xf2, 1);
	op_rm(c, false, 0x110, d, m, false);
}

void x_sse_store(struct code *c, struct mem m, unsigned s)
{
	put(c, 0xf2, 1);
	op_rm(c, false, 0x111, s, m, false);
}

void x_sse_from_reg(struct code *c, unsigned w, unsigned d, enum reg s)
{
	sse_rr(c, 0x66, w == 8, 0x6e, d, s);
}

void x_sse_to_reg(struct code *c, unsigned w, enum reg d, unsigned s)
{
	sse_rr(c, 0x66, w == 8, 0x7e, s, d);
}

void x_sse_compare(struct code *c, unsigned a, unsigned b)
{
	sse_rr(c, 0x66, false, 0x2e, a, b);
}

void x_sse_convert(struct code *c, unsigned size, unsigned d, unsigned s)
{
	sse_rr(c, scalar(size), false, 0x5a, d, s);
}

void x_sse_to_int(struct code *c, bool truncate, enum reg d, unsigned s)
{
	sse_rr(c, 0xf2, true, truncate ? 0x2c : 0x2d, d, s);
}

void x_sse_from_int(struct code *c, unsigned d, enum reg s)
{
	sse_rr(c, 0xf2, true, 0x2a, d, s);
}

/* VEX.LIG.66.0F38: three bytes, then the opcode. */
void x_fma(struct code *c, enum fma op, unsigned size, unsigned d, unsigned a, unsigned b)
{
	put(c, 0xc4, 1);
	put(c, (d < 8 ? 0x80u : 0) | 0x40 | (b < 8 ? 0x20u : 0) | 2, 1);
	put(c, (size == 8 ? 0x80u : 0) | (~a & 15) << 3 | 1, 1);
	put(c, op, 1);
	put(c, 0xc0 | (d & 7) << 3 | (b & 7), 1);
}

void x_mxcsr_store(struct code *c, struct mem m)
{
	op_rm(c, false, 0x1ae, 3, m, false);
}

void x_mxcsr_load(struct code *c, struct mem m)
{
	op_rm(c, false, 0x1ae, 2, m, false);
}
