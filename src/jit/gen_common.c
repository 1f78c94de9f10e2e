/* SPDX-License-Identifier: MIT */
/*
 * The code all blocks share, made once: into and out of translated code, calls of exec functions,
 * the look for a target's block, counted loops.
 */
#include <cpuid.h>

#include "jit/fr_form.h"
#include "jit/gen.h"
#include "jit/jitdump.h"

static const enum reg saved[] = {RBX, RBP, R12, R13, R14, R15};

static void load_fixed(struct code *c)
{
	x_load(c, 8, R12, CPU(gr_base[1]));
	x_load(c, 8, R13, CPU(pr));
	x_load(c, 8, R14, CPU(mmu.data));
}

/* int enter(cpu, code) */
static void common_enter(struct code *c)
{
	for (unsigned n = 0; n < countof(saved); n++)
		x_push(c, saved[n]);
	x_alu_imm(c, ALU_SUB, 8, RSP, 8);
	x_mov(c, 8, RBX, RDI);
	load_fixed(c);
	x_load(c, 8, R15, CPU(jit.left));
	x_jmp_reg(c, RSI);
}

static void common_leave(struct code *c)
{
	x_store(c, 8, CPU(pr), R13);
	x_store(c, 8, CPU(jit.left), R15);
	x_alu_imm(c, ALU_ADD, 8, RSP, 8);
	for (unsigned n = countof(saved); n-- > 0;)
		x_pop(c, saved[n]);
	x_ret(c);
}

/* Before the exec of an instruction about floating-point registers. */
static void common_settle(struct code *c)
{
	x_push(c, RSI);
	x_mov(c, 8, RDI, RBX);
	x_mov_imm(c, RAX, (uintptr_t)fr_settle_insn);
	x_call(c, RAX);
	x_pop(c, RSI);
}

/* rsi: the instruction. Flags say whether it was EXEC_NEXT; without NaTs, whether that is still so
 * as well. */
static void common_call(struct code *c, bool no_nat)
{
	x_alu_imm(c, ALU_SUB, 8, RSP, 8);
	x_store(c, 8, CPU(pr), R13);
	x_load(c, 2, RAX, mem_at(RSI, offsetof(struct insn, op)));
	x_load(c, 8, RCX, CPU(jit.calls));
	x_inc_mem(c, false, (struct mem){RCX, RAX, 8, 0});
	x_mov(c, 8, RDI, RBX);
	x_call_mem(c, mem_at(RSI, offsetof(struct insn, exec)));
	x_alu_imm(c, ALU_ADD, 8, RSP, 8);
	load_fixed(c);
	x_test(c, 4, RAX, RAX);
	if (no_nat) {
		uint8_t *other = x_jcc(c, CC_NE);
		x_load(c, 1, RAX, CPU(nat_seen));
		x_shift(c, SHIFT_SHL, 4, RAX, __builtin_ctz(RESULT_AFTER));
		x_test(c, 4, RAX, RAX);
		x_here(c, other);
	}
	x_ret(c);
}

/* rax: address, rcx: key. Everything that icache_find and the block table would look at is compared
 * with what they found last time. */
static void common_lookup(struct machine *m, struct code *c)
{
	uint8_t *miss[6];

	x_mov(c, 4, RDX, RAX);
	x_shift(c, SHIFT_SHR, 4, RDX, 4);
	x_alu_imm(c, ALU_AND, 4, RDX, JUMPS - 1);
	x_shift(c, SHIFT_SHL, 4, RDX, __builtin_ctz(sizeof(struct jump)));
	x_alu_load(c, ALU_ADD, 8, RDX, CPU(jit.own));
	x_alu_load(c, ALU_CMP, 8, RAX, mem_at(RDX, offsetof(struct jump, va)));
	miss[0] = x_jcc(c, CC_NE);
	x_alu_load(c, ALU_CMP, 8, RCX, mem_at(RDX, offsetof(struct jump, key)));
	miss[1] = x_jcc(c, CC_NE);
	x_alu_mem_imm(c, ALU_CMP, 8, CPU(stay_va), 1);
	miss[2] = x_jcc(c, CC_E);
	x_mov(c, 4, RDI, RAX);
	x_shift(c, SHIFT_SHR, 4, RDI, GRANULE_SHIFT - 4);
	x_alu_imm(c, ALU_AND, 4, RDI, (FTLB_CODE - 1) << 4);
	x_alu_load(c, ALU_ADD, 8, RDI, CPU(mmu.inst));
	x_mov(c, 8, RSI, RAX);
	x_alu_imm(c, ALU_AND, 8, RSI, -GRANULE_SIZE);
	x_alu_load(c, ALU_CMP, 8, RSI, mem_at(RDI, offsetof(struct ftlb, code[0].tag)));
	miss[3] = x_jcc(c, CC_NE);
	x_load(c, 8, RDI, mem_at(RDI, offsetof(struct ftlb, code[0].addend)));
	x_alu(c, ALU_ADD, 8, RDI, RSI);
	x_alu_load(c, ALU_CMP, 8, RDI, mem_at(RDX, offsetof(struct jump, host)));
	miss[4] = x_jcc(c, CC_NE);
	x_mov_imm(c, RDI, (uintptr_t)&m->ram.code_generation);
	x_load(c, 8, RDI, mem_at(RDI, 0));
	x_alu_load(c, ALU_CMP, 8, RDI, CPU(jit.generation));
	miss[5] = x_jcc(c, CC_NE);
	x_store(c, 8, CPU(page_va), RSI);
	x_store(c, 8, CPU(stay_va), RSI);
	x_load(c, 8, RDI, mem_at(RDX, offsetof(struct jump, gpa)));
	x_store(c, 8, CPU(code_gpa), RDI);
	x_jmp_mem(c, mem_at(RDX, offsetof(struct jump, code)));
	for (unsigned n = 0; n < countof(miss); n++)
		x_here(c, miss[n]);
	x_store(c, 8, CPU(jit.target), RAX);
	x_load(c, 4, RAX, CPU(jit.from));
	x_jmp_to(c, m->jit->leave);
}

/* One less, from 0 back to top (in rcx). Uses rax. */
static void count_down(struct code *c, struct mem m)
{
	x_load(c, 4, RAX, m);
	x_alu_imm(c, ALU_SUB, 4, RAX, 1);
	x_cmov(c, CC_B, RAX, RCX);
	x_store(c, 4, m, RAX);
}

/* Every register's name becomes one more, as in exec_branch.c. */
static void rotate(struct code *c)
{
	x_mov(c, 4, RCX, R13);
	x_alu_imm(c, ALU_AND, 4, RCX, 0xffff);
	x_mov(c, 8, RAX, R13);
	x_shift(c, SHIFT_SHR, 8, RAX, 63);
	x_shift(c, SHIFT_SHL, 8, RAX, 16);
	x_alu(c, ALU_XOR, 8, R13, RCX);
	x_shift(c, SHIFT_SHL, 8, R13, 1);
	x_alu(c, ALU_OR, 8, R13, RAX);
	x_alu(c, ALU_OR, 8, R13, RCX);
	x_mov_imm(c, RCX, 47);
	count_down(c, CPU(rrb_pr));
	x_mov_imm(c, RCX, 95);
	count_down(c, CPU(rrb_fr));
	x_load(c, 4, RCX, CPU(sor));
	x_alu_imm(c, ALU_SUB, 4, RCX, 1);
	uint8_t *none = x_jcc(c, CC_B);
	count_down(c, CPU(rrb_gr));
	x_here(c, none);
}

/* One step of a counted loop: not zero when it goes on. */
static void common_counted(struct code *c)
{
	x_alu_mem_imm(c, ALU_CMP, 8, CPU(ar[AR_LC]), 0);
	uint8_t *epilog = x_jcc(c, CC_E);
	x_inc_mem(c, true, CPU(ar[AR_LC]));
	x_bit(c, BIT_BTS, R13, 63);
	rotate(c);
	x_mov_imm(c, RAX, 1);
	x_test(c, 4, RAX, RAX);
	x_ret(c);
	x_here(c, epilog);
	x_bit(c, BIT_BTR, R13, 63);
	x_load(c, 8, RAX, CPU(ar[AR_EC]));
	x_test(c, 8, RAX, RAX);
	uint8_t *end = x_jcc(c, CC_E);
	x_alu_imm(c, ALU_SUB, 8, RAX, 1);
	x_store(c, 8, CPU(ar[AR_EC]), RAX);
	x_push(c, RAX);
	rotate(c);
	x_pop(c, RAX);
	x_test(c, 8, RAX, RAX);
	x_here(c, end);
	x_ret(c);
}

/* ecx |= bit if rdx is not 0. */
static void key_bit(struct code *c, int32_t bit)
{
	x_neg(c, RDX);
	x_alu(c, ALU_SBB, 4, RDX, RDX);
	x_alu_imm(c, ALU_AND, 4, RDX, bit);
	x_alu(c, ALU_OR, 4, RCX, RDX);
}

/* To next_ip, with the key as present_key in engine.c makes it. */
static void common_lookup_any(struct machine *m, struct code *c)
{
	x_load(c, 8, RAX, CPU(next_ip));
	x_load(c, 4, RCX, CPU(sor));
	x_shift(c, SHIFT_SHR, 4, RCX, 3);
	x_load(c, 4, RDX, CPU(rrb_gr));
	x_alu_load(c, ALU_OR, 4, RDX, CPU(rrb_fr));
	x_alu_load(c, ALU_OR, 4, RDX, CPU(rrb_pr));
	key_bit(c, KEY_RENAMED);
	x_load(c, 8, RDX, CPU(psr));
	x_shift(c, SHIFT_SHR, 4, RDX, PSR_DFL_BIT - 5);
	x_alu_imm(c, ALU_AND, 4, RDX, KEY_DFL | KEY_DFH);
	x_alu(c, ALU_OR, 4, RCX, RDX);
	x_load(c, 1, RDX, CPU(nat_seen));
	key_bit(c, KEY_NAT);
	x_jmp_to(c, m->jit->lookup);
}

/* Not every compiler's __builtin_cpu_supports knows this one. */
static bool has_lzcnt(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & bit_LZCNT;
}

static unsigned host_features(void)
{
	return (__builtin_cpu_supports("fma") ? HOST_FMA : 0) |
	       (__builtin_cpu_supports("popcnt") ? HOST_POPCNT : 0) |
	       (__builtin_cpu_supports("bmi2") ? HOST_BMI2 : 0) | (has_lzcnt() ? HOST_LZCNT : 0);
}

void gen_common(struct machine *m)
{
	struct jit *jit = m->jit;
	struct code c = {jit->cache.rw, jit->cache.rw + jit->cache.size, false};

	jit->host = host_features() & ~m->jit_without;
	jit->enter = (int (*)(struct cpu *, const uint8_t *))(uintptr_t)(c.p + jit->cache.rx);
	common_enter(&c);
	jit->leave = c.p;
	common_leave(&c);
	jit->call = c.p;
	common_call(&c, false);
	jit->call_no_nat = c.p;
	common_call(&c, true);
	jit->call_fr = c.p;
	common_settle(&c);
	common_call(&c, false);
	jit->call_fr_no_nat = c.p;
	common_settle(&c);
	common_call(&c, true);
	jit->alat_set = c.p;
	gen_common_alat_set(&c);
	jit->alat_check = c.p;
	gen_common_alat_check(&c);
	jit->form = c.p;
	gen_common_form(&c);
	jit->soft = c.p;
	gen_common_soft(&c);
	jit->to_double = c.p;
	gen_common_to_double(&c, jit->form);
	jit->lookup = c.p;
	common_lookup(m, &c);
	jit->arrive = c.p;
	gen_common_arrive(m, &c);
	jit->lookup_any = c.p;
	common_lookup_any(m, &c);
	jit->counted = c.p;
	common_counted(&c);
	jit->common = jit->cache.used = ((size_t)(c.p - jit->cache.rw) + 63) & ~(size_t)63;
	if (m->jitdump)
		jitdump_code(m->jitdump, "ia64:common", jit->cache.rw + jit->cache.rx,
			jit->cache.rw, jit->common);
}
