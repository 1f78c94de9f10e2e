/* SPDX-License-Identifier: MIT */
/* Semaphores, fences and the ALAT in generated code. */
#include "cpu/alat.h"
#include "jit/gen.h"

/* --- semaphores --- */

/* Leaves the host address in rcx; the page must be readable and writable. */
static void locate(struct gen *g, enum reg va, unsigned size, uint8_t *slow[2])
{
	struct code *c = &g->c;
	struct mem entry = mem_index(R14, RAX);

	x_mov(c, 4, RAX, va);
	x_shift(c, SHIFT_SHR, 4, RAX, 7);
	x_alu_imm(c, ALU_AND, 4, RAX, (FTLB_SIZE - 1) << 5);
	x_mov(c, 8, RCX, va);
	x_alu_imm(c, ALU_AND, 8, RCX, (int32_t)(0xfffff000u | (size - 1)));
	entry.disp = (int32_t)offsetof(struct ftlb_entry, tag_r);
	x_alu_load(c, ALU_CMP, 8, RCX, entry);
	slow[0] = x_jcc(c, CC_NE);
	entry.disp = (int32_t)offsetof(struct ftlb_entry, tag_w);
	x_alu_load(c, ALU_CMP, 8, RCX, entry);
	slow[1] = x_jcc(c, CC_NE);
	entry.disp = (int32_t)offsetof(struct ftlb_entry, addend);
	x_load(c, 8, RCX, entry);
	x_alu(c, ALU_ADD, 8, RCX, va);
}

/* rax = what was there. All of ar.ccv is compared, so its upper part must be 0 (3:47). */
static uint8_t *exchange_if(struct gen *g, const struct ir *ir, enum reg v)
{
	struct code *c = &g->c;
	uint8_t *slow = NULL;

	x_load(c, 8, RAX, CPU(ar[AR_CCV]));
	if (ir->size < 8) {
		x_shift(c, SHIFT_SHR, 8, RAX, 8 * ir->size);
		slow = x_jcc(c, CC_NE);
		x_load(c, 4, RAX, CPU(ar[AR_CCV]));
	}
	x_locked(c, LOCKED_CMPXCHG, ir->size, mem_at(RCX, 0), v);
	return slow;
}

void gen_semaphore(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg va = gen_use(g, ir->a), v = ir->b == IR_NONE ? RAX : gen_use(g, ir->b);
	bool had = gen_find(&g->s, ir->d) >= 0;
	enum reg d = gen_define(g, ir->d);
	uint8_t *slow[3] = {NULL};

	locate(g, va, ir->size, slow);
	if (ir->type == SEMAPHORE_CMPXCHG)
		slow[2] = exchange_if(g, ir, v);
	struct cold *cold = gen_cold(g, COLD_SLOW, slow[0]);
	cold->from[1] = slow[1];
	cold->from[2] = slow[2];
	if (!had)
		gen_state_forget(&cold->state, ir->d);
	g->slow = (int)(cold - g->cold);
	if (ir->type == SEMAPHORE_XCHG) {
		x_mov(c, 8, RAX, v);
		x_locked(c, LOCKED_XCHG, ir->size, mem_at(RCX, 0), RAX);
	} else if (ir->type == SEMAPHORE_ADD) {
		x_mov_imm(c, RAX, (uint64_t)ir->imm);
		x_locked(c, LOCKED_XADD, ir->size, mem_at(RCX, 0), RAX);
	}
	if (ir->size < 8)
		x_extend(c, false, ir->size, d, RAX);
	else
		x_mov(c, 8, d, RAX);
}

void gen_fence(struct gen *g, const struct ir *ir)
{
	(void)ir;
	x_mfence(&g->c);
}

/* --- ALAT (cpu/alat.h) --- */

#define CHECK_CLEAR 0x100

static struct mem entry_field(int64_t offset)
{
	struct mem m = {RBX, RDX, 1, (int32_t)((int64_t)offsetof(struct cpu, alat) + offset)};
	return m;
}
#define ENTRY(f) entry_field((int64_t)offsetof(struct alat_entry, f))

/* rax: a general register's number. rax = its tag, rdx = the offset of the tag's entry. */
static void tag(struct code *c)
{
	x_alu_imm(c, ALU_CMP, 4, RAX, 32);
	uint8_t *is_static = x_jcc(c, CC_B);
	x_load(c, 8, RDX, CPU(rse.bspstore));
	x_shift(c, SHIFT_SHR, 8, RDX, 3);
	x_alu(c, ALU_ADD, 8, RAX, RDX);
	x_shift(c, SHIFT_SHR, 8, RDX, 6);
	x_alu(c, ALU_SUB, 8, RAX, RDX);
	x_load(c, 4, RDX, CPU(rse.dirty));
	x_extend(c, true, 4, RDX, RDX);
	x_alu(c, ALU_ADD, 8, RAX, RDX);
	x_shift(c, SHIFT_SHL, 8, RAX, 3);
	x_shift(c, SHIFT_SHR, 8, RAX, 3);
	x_bit(c, BIT_BTS, RAX, 63);
	uint8_t *end = x_jmp(c);
	x_here(c, is_static);
	x_alu_imm(c, ALU_CMP, 4, RAX, 16);
	uint8_t *common = x_jcc(c, CC_B);
	x_load(c, 8, RDX, CPU(psr));
	x_shift(c, SHIFT_SHR, 8, RDX, PSR_BN_BIT - 5);
	x_alu_imm(c, ALU_AND, 4, RDX, 32);
	x_alu(c, ALU_OR, 4, RAX, RDX);
	x_here(c, common);
	x_bit(c, BIT_BTS, RAX, 62);
	x_here(c, end);
	x_mov(c, 4, RDX, RAX);
	x_alu_imm(c, ALU_AND, 4, RDX, ALAT_ENTRIES / 2 - 1);
	x_lea(c, RDX, (struct mem){RDX, RDX, 2, 0});
	x_shift(c, SHIFT_SHL, 4, RDX, 4);
}
_Static_assert(sizeof(struct alat_entry) == 48, "tag() multiplies by it");

/* ecx: register | size << 8; jit.alat: address and value. */
void gen_common_alat_set(struct code *c)
{
	x_push(c, RDX);
	x_extend(c, false, 1, RAX, RCX);
	tag(c);
	x_store(c, 8, ENTRY(tag), RAX);
	x_alu_imm(c, ALU_AND, 4, RCX, 0xff00);
	x_alu_imm(c, ALU_OR, 4, RCX, 1);
	x_store(c, 8, ENTRY(valid), RCX); /* and the size behind it */
	x_load(c, 8, RAX, CPU(alat_generation));
	x_store(c, 8, ENTRY(generation), RAX);
	x_load(c, 8, RAX, CPU(jit.alat[0]));
	x_store(c, 8, ENTRY(va), RAX);
	x_load(c, 8, RAX, CPU(jit.alat[1]));
	x_store(c, 8, ENTRY(value[0]), RAX);
	x_store_imm(c, 8, ENTRY(value[1]), 0);
	x_pop(c, RDX);
	x_ret(c);
}
_Static_assert(offsetof(struct alat_entry, size) == offsetof(struct alat_entry, valid) + 1,
	"gen_common_alat_set stores both at once");

/* rcx: the entry's address. Jumps when it is unaligned, which psr.ac may forbid by now. */
static uint8_t *unaligned(struct code *c)
{
	x_load(c, 1, RAX, ENTRY(size));
	x_alu_imm(c, ALU_SUB, 4, RAX, 1);
	x_test(c, 4, RAX, RCX);
	return x_jcc(c, CC_NE);
}

/* ecx: register | CHECK_CLEAR. Equal when it surely holds what memory holds, and then the entry is
 * cleared if asked for; else nothing is changed. */
void gen_common_alat_check(struct code *c)
{
	struct mem entry = mem_index(R14, RAX);
	uint8_t *miss[7];

	x_push(c, RDX);
	x_push(c, RCX);
	x_extend(c, false, 1, RAX, RCX);
	tag(c);
	x_alu_load(c, ALU_CMP, 8, RAX, ENTRY(tag));
	miss[0] = x_jcc(c, CC_NE);
	x_load(c, 8, RAX, CPU(alat_generation));
	x_alu_load(c, ALU_CMP, 8, RAX, ENTRY(generation));
	miss[1] = x_jcc(c, CC_NE);
	x_load(c, 2, RCX, ENTRY(valid));
	x_test_imm(c, 4, RCX, 1);
	miss[2] = x_jcc(c, CC_E);
	x_alu_imm(c, ALU_CMP, 4, RCX, 8 << 8 | 1); /* sizes of general registers */
	miss[3] = x_jcc(c, CC_A);
	x_load(c, 8, RCX, ENTRY(va));
	miss[6] = unaligned(c);
	x_mov(c, 4, RAX, RCX);
	x_alu_imm(c, ALU_AND, 4, RAX, 0xfff);
	x_alu_imm(c, ALU_CMP, 4, RAX, 0xff8); /* 8 bytes are read whatever the size */
	miss[4] = x_jcc(c, CC_A);
	x_mov(c, 4, RAX, RCX);
	x_shift(c, SHIFT_SHR, 4, RAX, 7);
	x_alu_imm(c, ALU_AND, 4, RAX, (FTLB_SIZE - 1) << 5);
	x_alu_imm(c, ALU_AND, 8, RCX, -GRANULE_SIZE);
	entry.disp = (int32_t)offsetof(struct ftlb_entry, tag_r);
	x_alu_load(c, ALU_CMP, 8, RCX, entry);
	miss[5] = x_jcc(c, CC_NE);
	entry.disp = (int32_t)offsetof(struct ftlb_entry, addend);
	x_load(c, 8, RCX, entry);
	x_alu_load(c, ALU_ADD, 8, RCX, ENTRY(va));
	x_load(c, 8, RAX, mem_at(RCX, 0));
	x_alu_load(c, ALU_XOR, 8, RAX, ENTRY(value[0]));
	x_load(c, 1, RCX, ENTRY(size));
	x_shift(c, SHIFT_SHL, 4, RCX, 3);
	x_neg(c, RCX); /* 64 - 8 * size, as counts go */
	x_shift_cl(c, SHIFT_SHL, 8, RAX);
	x_test(c, 8, RAX, RAX);
	x_pop(c, RCX);
	x_pop(c, RAX);
	uint8_t *other = x_jcc(c, CC_NE);
	x_bit(c, BIT_BT, RCX, 8);
	uint8_t *keep = x_jcc(c, CC_AE);
	x_store_imm(c, 1, ENTRY(valid), 0);
	x_here(c, keep);
	x_mov(c, 8, RDX, RAX);
	x_alu(c, ALU_CMP, 4, RAX, RAX);
	x_ret(c);
	for (unsigned n = 0; n < countof(miss); n++)
		x_here(c, miss[n]);
	x_pop(c, RCX);
	x_pop(c, RAX);
	x_here(c, other);
	x_mov(c, 8, RDX, RAX);
	x_mov_imm(c, RAX, 1);
	x_test(c, 4, RAX, RAX); /* not equal */
	x_ret(c);
}

void gen_alat_set(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;

	x_store(c, 8, CPU(jit.alat[0]), gen_use(g, ir->a));
	x_store(c, 8, CPU(jit.alat[1]), gen_use(g, ir->b));
	x_mov_imm(c, RCX, (uint64_t)ir->imm | (uint64_t)ir->size << 8);
	x_call_to(c, g->jit->alat_set);
}

void gen_alat_check(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;

	gen_keep_relations(g, (unsigned)ir->imm); /* the slow way of ld.c loads it anew */
	x_mov_imm(c, RCX, (uint64_t)ir->imm | (ir->type ? CHECK_CLEAR : 0));
	x_call_to(c, g->jit->alat_check);
	g->slow = (int)(gen_cold(g, COLD_SLOW, x_jcc(c, CC_NE)) - g->cold);
}
