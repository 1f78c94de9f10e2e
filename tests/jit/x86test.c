/* SPDX-License-Identifier: MIT */
/*
 * The assembler against objdump: writes the code of every function of jit/x86.h with many operands
 * to FILE, and what objdump must print for it to standard output, an instruction a line.
 *
 *   x86test FILE
 */
#include "jit/x86.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const r64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
	"r9", "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const r32[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d",
	"r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
static const char *const r16[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w",
	"r10w", "r11w", "r12w", "r13w", "r14w", "r15w"};
static const char *const r8[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b",
	"r10b", "r11b", "r12b", "r13b", "r14b", "r15b"};
static const char *const cc[] = {
	"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"};
static const char *const alu[] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};

static struct code c;

static const char *name(unsigned w, unsigned r)
{
	return w == 8 ? r64[r] : w == 4 ? r32[r] : w == 2 ? r16[r] : r8[r];
}

/* objdump's spelling of an address. */
static const char *mem(struct mem m)
{
	static char text[64];
	char index[16] = "", disp[16] = "";
	if (m.index != RSP)
		snprintf(index, sizeof(index), "+%s*%u", r64[m.index], m.scale);
	if (m.disp || (m.base & 7) == RBP)
		snprintf(disp, sizeof(disp), "%c0x%x", m.disp < 0 ? '-' : '+', abs(m.disp));
	snprintf(text, sizeof(text), "[%s%s%s]", r64[m.base], index, disp);
	return text;
}

static const char *const pointer[] = {[1] = "BYTE", [2] = "WORD", [4] = "DWORD", [8] = "QWORD"};

static void registers(enum reg a, enum reg b)
{
	for (unsigned w = 4; w <= 8; w += 4) {
		for (unsigned op = 0; op < 8; op++) {
			x_alu(&c, op, w, a, b);
			printf("%s %s,%s\n", alu[op], name(w, a), name(w, b));
		}
		x_test(&c, w, a, b);
		printf("test %s,%s\n", name(w, a), name(w, b));
	}
	if (a != b) {
		x_mov(&c, 8, a, b);
		printf("mov %s,%s\n", r64[a], r64[b]);
	}
	x_imul(&c, a, b);
	printf("imul %s,%s\n", r64[a], r64[b]);
	x_cmov(&c, (a ^ b) & 15, a, b);
	printf("cmov%s %s,%s\n", cc[(a ^ b) & 15], r64[a], r64[b]);
	x_shrd(&c, a, b, 17);
	printf("shrd %s,%s,0x11\n", r64[a], r64[b]);
	x_count(&c, 0xb8, a, b);
	printf("popcnt %s,%s\n", r64[a], r64[b]);
	for (unsigned size = 1; size <= 2; size++) {
		x_extend(&c, true, size, a, b);
		printf("movsx %s,%s\n", r64[a], name(size, b));
		x_extend(&c, false, size, a, b);
		printf("movzx %s,%s\n", r32[a], name(size, b));
	}
	x_extend(&c, true, 4, a, b);
	printf("movsxd %s,%s\n", r64[a], r32[b]);
	x_extend(&c, false, 4, a, b);
	printf("mov %s,%s\n", r32[a], r32[b]);
}

static void address(enum reg a, struct mem m)
{
	for (unsigned size = 1; size <= 8; size *= 2) {
		x_load(&c, size, a, m);
		printf("%s %s,%s PTR %s\n", size < 4 ? "movzx" : "mov", name(size == 8 ? 8 : 4, a),
			pointer[size], mem(m));
		x_store(&c, size, m, a);
		printf("mov %s PTR %s,%s\n", pointer[size], mem(m), name(size, a));
		if (size == 2)
			continue;
		x_store_imm(&c, size, m, 0x12);
		printf("mov %s PTR %s,0x12\n", pointer[size], mem(m));
		x_alu_mem_imm(&c, ALU_CMP, size, m, 0x7f);
		printf("cmp %s PTR %s,0x7f\n", pointer[size], mem(m));
		if (size == 1)
			continue;
		x_alu_load(&c, ALU_ADD, size, a, m);
		printf("add %s,%s PTR %s\n", name(size, a), pointer[size], mem(m));
		x_alu_store(&c, ALU_SUB, size, m, a);
		printf("sub %s PTR %s,%s\n", pointer[size], mem(m), name(size, a));
		x_alu_mem_imm(&c, ALU_OR, size, m, 0x12345);
		printf("or %s PTR %s,0x12345\n", pointer[size], mem(m));
	}
	x_lea(&c, a, m);
	printf("lea %s,%s\n", r64[a], mem(m));
	x_inc_mem(&c, true, m);
	printf("dec QWORD PTR %s\n", mem(m));
	x_call_mem(&c, m);
	printf("call QWORD PTR %s\n", mem(m));
	x_jmp_mem(&c, m);
	printf("jmp QWORD PTR %s\n", mem(m));
}

static void scalar(unsigned a, unsigned b)
{
	static const struct {
		enum sse op;
		const char *name;
	} op[] = {{SSE_SQRT, "sqrt"}, {SSE_ADD, "add"}, {SSE_MUL, "mul"}, {SSE_SUB, "sub"},
		{SSE_DIV, "div"}};
	static const struct {
		enum fma op;
		const char *name;
	} fma[] = {{FMA_ADD, "vfmadd213"}, {FMA_SUB, "vfmsub213"}, {FMA_NADD, "vfnmadd213"}};
	unsigned d = (a * 5 + b) & 15;

	for (unsigned k = 0; k < countof(op); k++)
		for (unsigned size = 4; size <= 8; size += 4) {
			x_sse(&c, op[k].op, size, a, b);
			printf("%ss%c xmm%u,xmm%u\n", op[k].name, size == 8 ? 'd' : 's', a, b);
		}
	for (unsigned k = 0; k < countof(fma); k++)
		for (unsigned size = 4; size <= 8; size += 4) {
			x_fma(&c, fma[k].op, size, d, a, b);
			printf("%ss%c xmm%u,xmm%u,xmm%u\n", fma[k].name, size == 8 ? 'd' : 's', d,
				a, b);
		}
	if (a != b) {
		x_sse_mov(&c, a, b);
		printf("movaps xmm%u,xmm%u\n", a, b);
	}
	x_sse_xor(&c, a, b);
	x_sse_compare(&c, a, b);
	x_sse_convert(&c, 8, a, b);
	x_sse_convert(&c, 4, a, b);
	printf("xorps xmm%u,xmm%u\nucomisd xmm%u,xmm%u\n", a, b, a, b);
	printf("cvtsd2ss xmm%u,xmm%u\ncvtss2sd xmm%u,xmm%u\n", a, b, a, b);
	x_sse_from_reg(&c, 8, a, b);
	x_sse_from_reg(&c, 4, a, b);
	x_sse_to_reg(&c, 8, a, b);
	x_sse_to_reg(&c, 4, a, b);
	printf("movq xmm%u,%s\nmovd xmm%u,%s\n", a, r64[b], a, r32[b]);
	printf("movq %s,xmm%u\nmovd %s,xmm%u\n", r64[a], b, r32[a], b);
	x_sse_to_int(&c, true, a, b);
	x_sse_to_int(&c, false, a, b);
	x_sse_from_int(&c, a, b);
	printf("cvttsd2si %s,xmm%u\ncvtsd2si %s,xmm%u\ncvtsi2sd xmm%u,%s\n", r64[a], b, r64[a], b,
		a, r64[b]);
	x_scan(&c, false, a, b);
	x_scan(&c, true, a, b);
	printf("bsf %s,%s\nbsr %s,%s\n", r64[a], r64[b], r64[a], r64[b]);
}

/* Locked instructions and what else is special about memory. */
static void indivisible(enum reg a, struct mem m)
{
	x_sse_load(&c, a, m);
	printf("movsd xmm%u,QWORD PTR %s\n", a, mem(m));
	x_sse_store(&c, m, a);
	printf("movsd QWORD PTR %s,xmm%u\n", mem(m), a);
	for (unsigned size = 1; size <= 8; size *= 2) {
		x_locked(&c, LOCKED_XCHG, size, m, a);
		printf("xchg %s PTR %s,%s\n", pointer[size], mem(m), name(size, a));
		x_locked(&c, LOCKED_CMPXCHG, size, m, a);
		printf("lock cmpxchg %s PTR %s,%s\n", pointer[size], mem(m), name(size, a));
		x_locked(&c, LOCKED_XADD, size, m, a);
		printf("lock xadd %s PTR %s,%s\n", pointer[size], mem(m), name(size, a));
	}
	x_mxcsr_load(&c, m);
	x_mxcsr_store(&c, m);
	x_mfence(&c);
	printf("ldmxcsr DWORD PTR %s\nstmxcsr DWORD PTR %s\nmfence\n", mem(m), mem(m));
}

static void one(enum reg a)
{
	static const struct {
		enum shift op;
		const char *name;
	} shift[] = {{SHIFT_ROL, "rol"}, {SHIFT_ROR, "ror"}, {SHIFT_SHL, "shl"}, {SHIFT_SHR, "shr"},
		{SHIFT_SAR, "sar"}};
	static const char *const bit[] = {"bt", "bts", "btr", "btc"};

	for (unsigned k = 0; k < countof(shift); k++) {
		x_shift(&c, shift[k].op, 8, a, 9);
		printf("%s %s,0x9\n", shift[k].name, r64[a]);
		x_shift_cl(&c, shift[k].op, 4, a);
		printf("%s %s,cl\n", shift[k].name, r32[a]);
	}
	for (unsigned k = 0; k < 4; k++) {
		x_bit(&c, BIT_BT + k, a, 5 + k * 16);
		printf("%s %s,0x%x\n", bit[k], r64[a], 5 + k * 16);
	}
	for (unsigned k = 0; k < 16; k++) {
		x_setcc(&c, k, a);
		printf("set%s %s\n", cc[k], r8[a]);
	}
	x_mov_imm(&c, a, 0x12345678);
	printf("mov %s,0x12345678\n", r32[a]);
	x_mov_imm(&c, a, ~0ull - 4);
	printf("mov %s,0xfffffffffffffffb\n", r64[a]);
	x_mov_imm(&c, a, 0x123456789abcdef0);
	printf("movabs %s,0x123456789abcdef0\n", r64[a]);
	x_neg(&c, a);
	x_not(&c, a);
	x_bswap(&c, a);
	x_mul(&c, false, a);
	x_mul(&c, true, a);
	x_idiv(&c, a);
	x_push(&c, a);
	x_pop(&c, a);
	x_call(&c, a);
	x_jmp_reg(&c, a);
	printf("neg %s\nnot %s\nbswap %s\nmul %s\nimul %s\nidiv %s\npush %s\npop %s\ncall %s\njmp "
	       "%s\n",
		r64[a], r64[a], r64[a], r64[a], r64[a], r64[a], r64[a], r64[a], r64[a], r64[a]);
	for (unsigned op = 0; op < 8; op++) {
		if (a != RAX) { /* gas would use a form of its own, and so may we */
			x_alu_imm(&c, op, 8, a, 0x12345);
			printf("%s %s,0x12345\n", alu[op], r64[a]);
		}
		x_alu_imm(&c, op, 4, a, 0x12);
		printf("%s %s,0x12\n", alu[op], r32[a]);
	}
	x_test_imm(&c, 4, a, 0x4000);
	printf("test %s,0x4000\n", r32[a]);
	x_ret(&c);
	printf("ret\n");
}

int main(int argc, char **argv)
{
	static uint8_t buffer[1 << 20];
	FILE *out = argc == 2 ? fopen(argv[1], "wb") : NULL;

	if (!out)
		return 2;
	c = (struct code){buffer, buffer + sizeof(buffer), false};
	for (enum reg a = RAX; a <= R15; a++) {
		one(a);
		for (enum reg b = RAX; b <= R15; b++) {
			registers(a, b);
			scalar(a, b);
			indivisible(a, mem_at(b, -8));
			address(a, mem_at(b, 0));
			address(a, mem_at(b, -8));
			address(a, mem_at(b, 0x1234));
			if (b != RSP)
				address(a,
					(struct mem){a, b, 1u << (b & 3), a & 1 ? 0x40 : 0x1000});
		}
	}
	return fwrite(buffer, (size_t)(c.p - buffer), 1, out) == 1 && !c.full ? 0 : 1;
}
