/* SPDX-License-Identifier: MIT */
/* x86-64 code of a block's IR, operation by operation: see gen.h. */
#include "jit/gen.h"

#include <stdlib.h>
#include <string.h>

static bool fits32(int64_t v)
{
	return v == (int32_t)v;
}

static const enum alu alu_of[] = {[IR_ADD] = ALU_ADD,
	[IR_SUB] = ALU_SUB,
	[IR_AND] = ALU_AND,
	[IR_OR] = ALU_OR,
	[IR_XOR] = ALU_XOR};

/* --- computation --- */

static void gen_alu_imm(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), d = gen_define(g, ir->d);
	int64_t v = ir->op == IR_SUB ? -ir->imm : ir->imm;

	if (!fits32(v)) {
		x_mov_imm(&g->c, RAX, (uint64_t)ir->imm);
		x_mov(&g->c, 8, d, a);
		x_alu(&g->c, alu_of[ir->op], 8, d, RAX);
	} else if (ir->op == IR_ADD && d != a) {
		x_lea(&g->c, d, mem_at(a, v));
	} else {
		x_mov(&g->c, 8, d, a);
		x_alu_imm(&g->c, ir->op == IR_SUB ? ALU_ADD : alu_of[ir->op], 8, d, (int32_t)v);
	}
}

static void gen_alu(struct gen *g, const struct ir *ir)
{
	if (ir->b == IR_NONE) {
		gen_alu_imm(g, ir);
		return;
	}
	enum reg a = gen_use(g, ir->a), b = gen_use(g, ir->b), d = gen_define(g, ir->d);
	if (ir->op == IR_ADD && d != a && d != b) {
		x_lea(&g->c, d, mem_index(a, b));
	} else if (d == b && d != a && ir->op == IR_SUB) {
		x_neg(&g->c, d);
		x_alu(&g->c, ALU_ADD, 8, d, a);
	} else if (d == b && d != a) {
		x_alu(&g->c, alu_of[ir->op], 8, d, a);
	} else {
		x_mov(&g->c, 8, d, a);
		x_alu(&g->c, alu_of[ir->op], 8, d, b);
	}
}

static void gen_rsub(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), d = gen_define(g, ir->d);

	x_mov_imm(&g->c, RAX, (uint64_t)ir->imm);
	x_alu(&g->c, ALU_SUB, 8, RAX, a);
	x_mov(&g->c, 8, d, RAX);
}

static void gen_mul(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), b = gen_use(g, ir->b), d = gen_define(g, ir->d);

	x_mov(&g->c, 8, RAX, a);
	x_imul(&g->c, RAX, b);
	x_mov(&g->c, 8, d, RAX);
}

/* The upper half of a * b + c; type: a and b are signed. rdx is ours for that time. */
static void gen_mulh(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg a = gen_use(g, ir->a), b = gen_use(g, ir->b);
	enum reg add = ir->c == IR_NONE ? RAX : gen_use(g, ir->c), d = gen_define(g, ir->d);

	x_mov(c, 8, RCX, RDX);
	x_mov(c, 8, RAX, a);
	x_mul(c, ir->type, b);
	if (ir->c != IR_NONE) {
		x_alu(c, ALU_ADD, 8, RAX, add == RDX ? RCX : add);
		x_alu_imm(c, ALU_ADC, 8, RDX, 0);
	}
	x_mov(c, 8, RAX, RDX);
	x_mov(c, 8, RDX, RCX);
	x_mov(c, 8, d, RAX);
}

/* The number of the first zero byte or pair from the right (type 0) or left. Bit 7 or 15 of each
 * zero part is found without carries between them. */
static void gen_czx(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg a = gen_use(g, ir->a), d = gen_define(g, ir->d);

	x_mov_imm(c, RCX, ir->size == 1 ? 0x7f7f7f7f7f7f7f7f : 0x7fff7fff7fff7fff);
	x_mov(c, 8, RAX, a);
	x_alu(c, ALU_AND, 8, RAX, RCX);
	x_alu(c, ALU_ADD, 8, RAX, RCX);
	x_alu(c, ALU_OR, 8, RAX, a);
	x_alu(c, ALU_OR, 8, RAX, RCX);
	x_not(c, RAX);
	x_scan(c, ir->type, RAX, RAX);
	x_mov_imm(c, RCX, ir->type ? 64 ^ 63 : 64);
	x_cmov(c, CC_E, RAX, RCX);
	if (ir->type)
		x_alu_imm(c, ALU_XOR, 4, RAX, 63);
	x_shift(c, SHIFT_SHR, 4, RAX, ir->size == 1 ? 3 : 4);
	x_mov(c, 8, d, RAX);
}

static void gen_shladd(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), b = gen_use(g, ir->b), d = gen_define(g, ir->d);
	struct mem m = {b, a, 1u << ir->imm, 0};

	x_lea(&g->c, d, m);
}

static void gen_shift(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), d = gen_define(g, ir->d);
	enum shift op = ir->op == IR_SHL ? SHIFT_SHL : ir->op == IR_SHR ? SHIFT_SHR : SHIFT_SAR;

	x_mov(&g->c, 8, d, a);
	if (ir->imm)
		x_shift(&g->c, op, 8, d, (unsigned)ir->imm);
}

/* Counts above 63 give 0, or the sign for SARV. */
static void gen_shift_v(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg a = gen_use(g, ir->a), b = gen_use(g, ir->b), d = gen_define(g, ir->d);

	x_mov(c, 8, RCX, b);
	if (ir->op == IR_SARV) {
		x_mov_imm(c, RAX, 63);
		x_alu(c, ALU_CMP, 8, RCX, RAX);
		x_cmov(c, CC_A, RCX, RAX);
		x_mov(c, 8, RAX, a);
		x_shift_cl(c, SHIFT_SAR, 8, RAX);
	} else {
		x_mov(c, 8, RAX, a);
		x_shift_cl(c, ir->op == IR_SHLV ? SHIFT_SHL : SHIFT_SHR, 8, RAX);
		x_alu_imm(c, ALU_CMP, 8, RCX, 64);
		x_alu(c, ALU_SBB, 8, RCX, RCX);
		x_alu(c, ALU_AND, 8, RAX, RCX);
	}
	x_mov(c, 8, d, RAX);
}

static void gen_shrd(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), b = gen_use(g, ir->b), d = gen_define(g, ir->d);

	x_mov(&g->c, 8, RAX, b);
	if (ir->imm)
		x_shrd(&g->c, RAX, a, (unsigned)ir->imm);
	x_mov(&g->c, 8, d, RAX);
}

static void gen_sel(struct gen *g, const struct ir *ir)
{
	bool v;

	if (gen_known(g, ir->qp, &v) && !v)
		return;
	enum reg a = gen_use(g, ir->a);
	if (gen_known(g, ir->qp, &v)) {
		x_mov(&g->c, 8, gen_define(g, ir->d), a);
		return;
	}
	enum reg d = gen_use(g, ir->d);
	gen_define(g, ir->d);
	x_cmov(&g->c, gen_test(g, &g->s, ir->qp), d, a);
}

static void gen_unary(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a), d = gen_define(g, ir->d);

	if (ir->op == IR_MOV)
		x_mov(&g->c, 8, d, a);
	else if (ir->op == IR_POPCNT)
		x_count(&g->c, 0xb8, d, a);
	else if (ir->op == IR_BSWAP)
		x_mov(&g->c, 8, d, a), x_bswap(&g->c, d);
	else
		x_extend(&g->c, ir->op == IR_SEXT, ir->size, d, a);
}

/* --- predicates as a whole --- */

void gen_all_preds_home(struct gen *g)
{
	gen_preds_home(g, &g->s);
	memset(g->s.pred, PRED_HOME, sizeof(g->s.pred));
}

static void gen_getpr(struct gen *g, const struct ir *ir)
{
	gen_all_preds_home(g);
	x_mov(&g->c, 8, gen_define(g, ir->d), R13);
}

static void gen_setpr(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	enum reg a = gen_use(g, ir->a);

	gen_all_preds_home(g);
	x_mov_imm(c, RCX, (uint64_t)ir->imm);
	x_mov(c, 8, RAX, a);
	x_alu(c, ALU_AND, 8, RAX, RCX);
	x_not(c, RCX);
	x_alu(c, ALU_AND, 8, R13, RCX);
	x_alu(c, ALU_OR, 8, R13, RAX);
}

/* --- memory --- */

/* Leaves the fast TLB entry's index in rax and jumps to the slow way when its tag differs. */
static uint8_t *probe(struct gen *g, enum reg va, unsigned size, bool write)
{
	struct code *c = &g->c;
	struct mem tag = mem_index(R14, RAX);

	tag.disp = write ? (int32_t)offsetof(struct ftlb_entry, tag_w)
			 : (int32_t)offsetof(struct ftlb_entry, tag_r);
	x_mov(c, 4, RAX, va);
	x_shift(c, SHIFT_SHR, 4, RAX, 7);
	x_alu_imm(c, ALU_AND, 4, RAX, (FTLB_SIZE - 1) << 5);
	x_mov(c, 8, RCX, va);
	x_alu_imm(c, ALU_AND, 8, RCX, (int32_t)(0xfffff000u | (size - 1)));
	x_alu_load(c, ALU_CMP, 8, RCX, tag);
	uint8_t *slow = x_jcc(c, CC_NE);
	tag.disp = (int32_t)offsetof(struct ftlb_entry, addend);
	x_load(c, 8, RAX, tag);
	return slow;
}

/* ld8.fill of a register whose UNAT bit is set goes the slow way. */
static uint8_t *probe_unat(struct gen *g, enum reg va)
{
	struct code *c = &g->c;

	x_mov(c, 8, RCX, va);
	x_shift(c, SHIFT_SHR, 4, RCX, 3);
	x_load(c, 8, RAX, CPU(ar[AR_UNAT]));
	x_shift_cl(c, SHIFT_SHR, 8, RAX);
	x_test_imm(c, 4, RAX, 1);
	return x_jcc(c, CC_NE);
}

static void gen_load(struct gen *g, const struct ir *ir)
{
	enum reg va = gen_use(g, ir->a);
	bool had = gen_find(&g->s, ir->d) >= 0;
	enum reg d = gen_define(g, ir->d);
	enum reg upper = ir->size == 16 ? gen_define(g, ir->c) : RAX;
	uint8_t *unat = ir->type ? probe_unat(g, va) : NULL;
	struct cold *cold = gen_cold(g, COLD_SLOW, probe(g, va, ir->size, false));

	cold->from[1] = unat;
	if (!had)
		gen_state_forget(&cold->state, ir->d);
	g->slow = (int)(cold - g->cold);
	if (ir->size == 16)
		x_load(&g->c, 8, upper, (struct mem){RAX, va, 1, 8});
	x_load(&g->c, ir->size == 16 ? 8 : ir->size, d, mem_index(RAX, va));
}

static void clear_unat(struct gen *g, enum reg va)
{
	struct code *c = &g->c;

	x_mov(c, 8, RCX, va);
	x_shift(c, SHIFT_SHR, 4, RCX, 3);
	x_load(c, 8, RAX, CPU(ar[AR_UNAT]));
	x_shift_cl(c, SHIFT_ROR, 8, RAX);
	x_alu_imm(c, ALU_AND, 8, RAX, -2);
	x_shift_cl(c, SHIFT_ROL, 8, RAX);
	x_store(c, 8, CPU(ar[AR_UNAT]), RAX);
}

static void gen_store(struct gen *g, const struct ir *ir)
{
	enum reg va = gen_use(g, ir->a), v = gen_use(g, ir->b);
	struct cold *cold = gen_cold(g, COLD_SLOW, probe(g, va, ir->size, true));

	if (g->slow < 0) /* an IR_FGET may have one already */
		g->slow = (int)(cold - g->cold);
	x_store(&g->c, ir->size == 16 ? 8 : ir->size, mem_index(RAX, va), v);
	if (ir->size == 16) {
		struct mem upper = {RAX, va, 1, 8};
		x_store(&g->c, 8, upper, gen_use(g, ir->c));
	}
	if (ir->type)
		clear_unat(g, va);
}

static void gen_rejoin(struct gen *g, const struct ir *ir)
{
	(void)ir;
	gen_drop_temps(g);
	for (unsigned n = g->slow < 0 ? g->colds : (unsigned)g->slow; n < g->colds; n++) {
		if (g->cold[n].kind != COLD_SLOW)
			continue;
		g->cold[n].back = g->c.p;
		g->cold[n].after = g->s;
	}
	g->slow = -1;
}

static void gen_check0(struct gen *g, const struct ir *ir)
{
	enum reg a = gen_use(g, ir->a);

	x_mov_imm(&g->c, RAX, (uint64_t)ir->imm);
	x_test(&g->c, 8, a, RAX);
	struct cold *cold = gen_cold(g, COLD_SLOW, x_jcc(&g->c, CC_NE));
	if (g->slow < 0)
		g->slow = (int)(cold - g->cold);
}

/* --- frame --- */

static void gen_alloc(struct gen *g, const struct ir *ir)
{
	struct code *c = &g->c;
	int sof = ir->imm & 0x7f, sol = ir->imm >> 7 & 0x7f;
	bool had = gen_find(&g->s, ir->d) >= 0;
	enum reg d = gen_define(g, ir->d);

	x_alu_mem_imm(c, ALU_CMP, 4, CPU(rse.dirty), 96 - sof);
	struct cold *cold = gen_cold(g, COLD_SLOW, x_jcc(c, CC_G));
	if (!had)
		gen_state_forget(&cold->state, ir->d);
	g->slow = (int)(cold - g->cold);
	x_store_imm(c, 4, CPU(sof), sof);
	x_store_imm(c, 4, CPU(sol), sol);
	x_load(c, 8, d, CPU(ar[AR_PFS]));
	g->s.sof = sof;
	g->s.sol = sol;
}

/* --- instructions under a predicate --- */

static int end_of_guard(const struct gen *g)
{
	unsigned n = g->pos;
	while (g->b->ir[n].op != IR_END)
		n++;
	return (int)n;
}

static void guard_value(struct gen *g, uint8_t v, bool defined)
{
	if (v >= IR_TEMP)
		return;
	gen_use(g, v);
	if (defined)
		gen_define(g, v);
}

/* Host registers for the temporaries up to end, as many as there can be. */
static unsigned room_for(const struct gen *g, int end)
{
	unsigned most = POOL - (unsigned)__builtin_popcount(g->pinned), count = 0;

	for (int n = (int)g->pos; n < end; n++) {
		unsigned v = g->b->ir[n].d;
		if (v >= IR_TEMP && v != IR_NONE && v - IR_TEMP >= count)
			count = v - IR_TEMP + 1;
		v = g->b->ir[n].c;
		if (v >= IR_TEMP && v != IR_NONE && v - IR_TEMP >= count)
			count = v - IR_TEMP + 1;
	}
	return count < most ? count : most;
}

/* Whatever host registers the guarded code needs is arranged before the test, so that both ways
 * arrive at its end with the same registers. */
static void gen_guard(struct gen *g, const struct ir *guard)
{
	bool v, calls = false, frs = false;
	int end = end_of_guard(g);

	if (gen_known(g, guard->qp, &v)) {
		if (!v)
			g->pos = (unsigned)end;
		return;
	}
	for (int n = (int)g->pos; n < end; n++) {
		calls |= g->b->ir[n].op == IR_CALL;
		frs |= gen_is_fr(&g->b->ir[n]);
	}
	g->guard_fr = frs;
	if (frs)
		gen_frs_flush(g);
	if (calls) {
		gen_flush(g);
	} else {
		for (int n = (int)g->pos + 1; n < end; n++) {
			const struct ir *ir = &g->b->ir[n];
			guard_value(g, ir->a, false);
			guard_value(g, ir->b, false);
			guard_value(g, ir->d, true);
			if (ir->op == IR_ALATCHECK)
				gen_keep_relations(g, (unsigned)ir->imm);
		}
		gen_make_room(g, room_for(g, end));
	}
	g->guard_end = end;
	g->guard_pins = g->pinned;
	g->guard_jump = x_jcc(&g->c, gen_test(g, &g->s, guard->qp) ^ 1);
}

static void gen_end(struct gen *g, const struct ir *ir)
{
	(void)ir;
	if (g->guard_end != (int)g->pos)
		return;
	gen_drop_temps(g);
	if (g->guard_fr)
		gen_frs_flush(g);
	x_here(&g->c, g->guard_jump);
	g->guard_end = -1;
	g->guard_pins = 0;
}

static void gen_call(struct gen *g, const struct ir *ir)
{
	gen_flush(g);
	gen_call_exec(g, ir->insn);
	g->s.sof = g->s.sol = -1;
	g->mfl = g->mfh = false;
	g->s.fmode = 0;
	g->no_natval[0] = g->no_natval[1] = 0;
}

/* --- one operation --- */

static void gen_field(struct gen *g, const struct ir *ir)
{
	unsigned size = ir->size ? ir->size : 8;

	if (ir->op == IR_LDC)
		x_load(&g->c, size, gen_define(g, ir->d), cpu_at(ir->imm));
	else
		x_store(&g->c, size, cpu_at(ir->imm), gen_use(g, ir->a));
}

/* rax = index of rotating register r behind r32. */
static void rotated_index(struct gen *g, unsigned r)
{
	struct code *c = &g->c;

	x_load(c, 4, RAX, CPU(rrb_gr));
	x_alu_imm(c, ALU_ADD, 4, RAX, (int32_t)r - 32);
	x_mov(c, 4, RCX, RAX);
	x_alu_load(c, ALU_SUB, 4, RCX, CPU(sor));
	x_cmov(c, CC_AE, RAX, RCX);
}

static void gen_rotating(struct gen *g, const struct ir *ir)
{
	struct mem m = {R12, RAX, 8, 32 * 8};
	enum reg r = ir->op == IR_LDR ? gen_define(g, ir->d) : gen_use(g, ir->a);

	rotated_index(g, (unsigned)ir->imm);
	if (ir->op == IR_LDR)
		x_load(&g->c, 8, r, m);
	else
		x_store(&g->c, 8, m, r);
}

static void gen_compute(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_MOVI:
		x_mov_imm(&g->c, gen_define(g, ir->d), (uint64_t)ir->imm);
		break;
	case IR_ADD:
	case IR_SUB:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
		gen_alu(g, ir);
		break;
	case IR_RSUB:
		gen_rsub(g, ir);
		break;
	case IR_MUL:
		gen_mul(g, ir);
		break;
	case IR_SHLADD:
		gen_shladd(g, ir);
		break;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		gen_shift(g, ir);
		break;
	case IR_SHLV:
	case IR_SHRV:
	case IR_SARV:
		gen_shift_v(g, ir);
		break;
	case IR_SHRD:
		gen_shrd(g, ir);
		break;
	case IR_MOV:
	case IR_SEXT:
	case IR_ZEXT:
	case IR_POPCNT:
	case IR_BSWAP:
		gen_unary(g, ir);
		break;
	case IR_SEL:
		gen_sel(g, ir);
		break;
	default:
		break;
	}
}

/* Operations with more to them than values. */
typedef void gen_fn(struct gen *g, const struct ir *ir);
static gen_fn *const gen_table[IR_COUNT] = {
	[IR_CMP] = gen_compare,
	[IR_TBIT] = gen_compare,
	[IR_GUARD] = gen_guard,
	[IR_END] = gen_end,
	[IR_LOAD] = gen_load,
	[IR_STORE] = gen_store,
	[IR_REJOIN] = gen_rejoin,
	[IR_CALL] = gen_call,
	[IR_LDR] = gen_rotating,
	[IR_STR] = gen_rotating,
	[IR_LDC] = gen_field,
	[IR_STC] = gen_field,
	[IR_FHOME] = gen_fr,
	[IR_FCHECK] = gen_fr,
	[IR_FNUM] = gen_fr,
	[IR_FANY] = gen_fr,
	[IR_FINT] = gen_fr,
	[IR_FSET] = gen_fr,
	[IR_FGET] = gen_fr,
	[IR_FARITH] = gen_fr,
	[IR_FSOFT] = gen_fr,
	[IR_FSIGN] = gen_fr,
	[IR_FCMP] = gen_fr,
	[IR_FTOINT] = gen_fr,
	[IR_FFROMINT] = gen_fr,
	[IR_DIVSTART] = gen_fr,
	[IR_DIVSTEP] = gen_fr,
	[IR_DIVEND] = gen_fr,
	[IR_FFLAGS] = gen_fr,
	[IR_CHECK0] = gen_check0,
	[IR_SEMAPHORE] = gen_semaphore,
	[IR_FENCE] = gen_fence,
	[IR_ALATSET] = gen_alat_set,
	[IR_ALATCHECK] = gen_alat_check,
	[IR_CZX] = gen_czx,
	[IR_MULH] = gen_mulh,
	[IR_GETPR] = gen_getpr,
	[IR_SETPR] = gen_setpr,
	[IR_ALLOC] = gen_alloc,
	[IR_BRANCH] = gen_branch,
	[IR_NEXT] = gen_next,
};

static void gen_op(struct gen *g, const struct ir *ir)
{
	(gen_table[ir->op] ? gen_table[ir->op] : gen_compute)(g, ir);
}

/* --- the block --- */

static void guard_jump(struct gen *g, enum cc cc)
{
	g->guard_from[g->guards++] = x_jcc(&g->c, cc);
}

/* Registers that the block reads hold no NaT (nat.c). */
static void guard_nats(struct gen *g)
{
	const uint64_t *test = g->b->nat_test;
	struct code *c = &g->c;

	x_alu(c, ALU_XOR, 4, RAX, RAX);
	x_load(c, 8, RCX, CPU(nat_base[1]));
	for (unsigned v = 1; v < IR_TEMP; v++) {
		if (!(test[v / 64] >> (v % 64) & 1))
			continue;
		struct mem m =
			v < 32 ? cpu_at((int64_t)offsetof(struct cpu, gr_nat) + v) : mem_at(RCX, v);
		x_load(c, 1, RDX, m);
		x_alu(c, ALU_OR, 4, RAX, RDX);
	}
	x_test(c, 4, RAX, RAX);
	guard_jump(g, CC_NE);
}

static void gen_entry(struct gen *g)
{
	if (g->b->need_sof) {
		x_alu_mem_imm(&g->c, ALU_CMP, 4, CPU(sof), (int32_t)g->b->need_sof);
		guard_jump(g, CC_B);
	}
	if (g->b->key & KEY_NAT)
		guard_nats(g);
}

static void gen_body(struct gen *g)
{
	for (g->pos = 0; g->pos < g->b->count && !g->c.full && !g->failed; g->pos++) {
		const struct ir *ir = &g->b->ir[g->pos];
		if (g->pos && ir->insn != ir[-1].insn && g->guard_end < 0)
			gen_drop_temps(g);
		g->pinned = g->guard_pins;
		gen_op(g, ir);
		gen_drop_dead(g);
		if (g->colds > BLOCK_COLD - 8)
			g->failed = true;
	}
}

static void gen_guards_out(struct gen *g)
{
	if (!g->guards)
		return;
	for (unsigned n = 0; n < g->guards; n++)
		x_here(&g->c, g->guard_from[n]);
	gen_leave(g, gen_exit_point(g, LEAVE_INTERPRET, 0));
}

uint8_t *gen_block(
	struct cpu *cpu, struct ir_block *b, struct block *blk, uint8_t *at, uint8_t *end)
{
	struct jit *jit = cpu->jit.state;
	struct gen *g = jit->gen;

	memset(g, 0, offsetof(struct gen, cold));
	memset(g->s.value, IR_NONE, sizeof(g->s.value));
	memset(g->s.fvalue, IR_NONE, sizeof(g->s.fvalue));
	g->c = (struct code){at, end, false};
	g->cpu = cpu;
	g->jit = jit;
	g->b = b;
	g->blk = blk;
	g->guard_end = g->slow = g->s.sof = g->s.sol = -1;
	gen_arrival(g);
	gen_entry(g);
	gen_body(g);
	if (!g->failed)
		gen_colds(g);
	gen_guards_out(g);
	gen_data(g);
	return g->c.full || g->failed ? NULL : g->c.p;
}
