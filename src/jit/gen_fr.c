/* SPDX-License-Identifier: MIT */
/*
 * Which floating-point register is where: the cache of doubles, steps of divisions not yet written,
 * and the frame of an operation with its ways out. See gen_fr.h.
 */
#include "jit/gen_fr.h"

#include <string.h>

bool gen_is_fr(const struct ir *ir)
{
	return ir->op >= IR_FHOME && ir->op <= IR_DIVEND;
}

/* --- what is known of a register --- */

void gen_fr_know_settled(struct gen *g, unsigned f)
{
	if (g->guard_end < 0)
		g->no_natval[f / 64] |= 1ull << f % 64;
}

void gen_fr_know_nothing(struct gen *g, unsigned f)
{
	g->no_natval[f / 64] &= ~(1ull << f % 64);
}

bool gen_fr_known_settled(const struct gen *g, unsigned f)
{
	return f < 2 || g->no_natval[f / 64] >> f % 64 & 1;
}

void gen_fr_mark(struct gen *g, unsigned f)
{
	bool *marked = f < 32 ? &g->mfl : &g->mfh;

	if (*marked)
		return;
	x_alu_mem_imm(&g->c, ALU_OR, 1, CPU(psr), f < 32 ? PSR(MFL) : PSR(MFH));
	*marked = g->guard_end < 0;
}

/* --- the cache of doubles --- */

int gen_fr_find(const struct state *s, unsigned f)
{
	for (int n = 0; n < FPOOL; n++)
		if (s->fvalue[n] == f)
			return n;
	return -1;
}

void gen_fr_write(struct gen *g, const struct state *s, unsigned n)
{
	unsigned f = s->fvalue[n];

	if (f == IR_NONE || !(s->fdirty >> n & 1))
		return;
	x_sse_store(&g->c, fr_sig(f), POOL_FIRST + n);
	x_store_imm(
		&g->c, 8, fr_exp(f), (int32_t)(s->fsingle >> n & 1 ? FORM_SINGLE : FORM_DOUBLE));
}

void gen_fr_forget(struct state *s, unsigned n)
{
	s->fvalue[n] = IR_NONE;
	s->fdirty &= (uint16_t) ~(1u << n);
	s->fsingle &= (uint16_t) ~(1u << n);
}

/* --- steps of divisions --- */

static void write_step(struct gen *g, const struct state *s, unsigned n)
{
	struct code *c = &g->c;
	unsigned f = s->step[n].fr;

	x_load(c, 8, RAX, gen_fr_operand_of(s->step[n].division, 0));
	x_store(c, 8, fr_sig(f), RAX);
	x_load(c, 8, RAX, gen_fr_operand_of(s->step[n].division, 1));
	x_store(c, 8, cpu_at((int64_t)(offsetof(struct cpu, jit.divisor) + 8 * f)), RAX);
	x_store_imm(c, 8, fr_exp(f),
		(int32_t)(FORM_STEP | (unsigned)s->step[n].recipe << 8 | s->step[n].step));
}

static int find_step(const struct state *s, unsigned f)
{
	for (int n = 0; n < s->steps; n++)
		if (s->step[n].fr == f)
			return n;
	return -1;
}

static void forget_step(struct state *s, int n)
{
	if (n >= 0)
		s->step[n] = s->step[--s->steps];
}

void gen_fr_step_home(struct gen *g, unsigned f)
{
	int n = find_step(&g->s, f);

	if (n < 0)
		return;
	write_step(g, &g->s, (unsigned)n);
	forget_step(&g->s, n);
}

void gen_frs_home(struct gen *g, const struct state *s)
{
	for (unsigned n = 0; n < FPOOL; n++)
		gen_fr_write(g, s, n);
	for (unsigned n = 0; n < s->steps; n++)
		write_step(g, s, n);
}

void gen_frs_flush(struct gen *g)
{
	gen_frs_home(g, &g->s);
	g->s.steps = 0;
	for (unsigned n = 0; n < FPOOL; n++)
		gen_fr_forget(&g->s, n);
}

void gen_fr_drop(struct gen *g, unsigned f)
{
	int n = gen_fr_find(&g->s, f);

	if (n >= 0)
		gen_fr_forget(&g->s, (unsigned)n);
	forget_step(&g->s, find_step(&g->s, f));
}

/* A free place; round about, as loops use what they use. */
static unsigned take(struct gen *g)
{
	for (unsigned n = 0; n < FPOOL; n++)
		if (g->s.fvalue[n] == IR_NONE && !(g->fpinned >> n & 1))
			return n;
	do
		g->fnext = (g->fnext + 1) % FPOOL;
	while (g->fpinned >> g->fnext & 1);
	gen_fr_write(g, &g->s, g->fnext);
	gen_fr_forget(&g->s, g->fnext);
	return g->fnext;
}

/* --- leaving: an operation's ways out all start from one state, and one piece of code --- */

void gen_fr_begin(struct gen *g, unsigned d, unsigned a, unsigned b, unsigned c)
{
	const unsigned f[] = {d, a, b, c};
	unsigned found = 0;

	for (unsigned k = 0; k < countof(f); k++)
		if (f[k] != IR_NONE && gen_fr_find(&g->s, f[k]) >= 0)
			found |= 1u << gen_fr_find(&g->s, f[k]);
	g->fpinned = found;
	for (unsigned k = 0; k < countof(f); k++) {
		if (f[k] == IR_NONE || gen_fr_find(&g->s, f[k]) >= 0)
			continue;
		g->fpinned |= 1u << take(g);
	}
	g->fpinned = found;
	g->fstate = g->s;
	g->fjumps = 0;
	g->fforms = g->colds;
}

void gen_fr_leave_if(struct gen *g, enum cc cc)
{
	g->fjump[g->fjumps++] = x_jcc(&g->c, cc);
}

struct cold *gen_fr_cold_form(struct gen *g, unsigned kind, enum cc cc, unsigned f)
{
	struct cold *cold = gen_cold(g, kind, x_jcc(&g->c, cc));

	cold->fr[0] = (uint8_t)f;
	cold->back = g->c.p;
	return cold;
}

void gen_fr_commit(struct gen *g)
{
	unsigned last = g->colds;

	g->fleave = -1;
	if (!g->fjumps && g->fforms == last)
		return;
	struct cold *cold = gen_cold(g, COLD_SLOW, NULL);
	cold->state = g->fstate;
	memcpy(cold->from, g->fjump, g->fjumps * sizeof(g->fjump[0]));
	for (unsigned n = g->fforms; n < last; n++)
		g->cold[n].leave = (uint16_t)last;
	g->fleave = (int)last;
}

void gen_fr_finish(struct gen *g)
{
	if (g->fleave < 0)
		return;
	g->cold[g->fleave].after = g->s;
	g->cold[g->fleave].back = g->c.p;
}

void gen_fr_rejoin_later(struct gen *g)
{
	if (g->slow < 0)
		g->slow = g->fleave;
}

/* --- operands and results --- */

void gen_fr_check_range(struct gen *g, unsigned size)
{
	struct code *c = &g->c;
	int32_t low = size == 8 ? 2 : 1023 - 125;

	x_sse_to_reg(c, 8, RAX, XMM0);
	x_alu(c, ALU_ADD, 8, RAX, RAX);
	x_shift(c, SHIFT_SHR, 8, RAX, 53);
	x_alu_imm(c, ALU_SUB, 4, RAX, low);
	x_alu_imm(c, ALU_CMP, 4, RAX, size == 8 ? 0x7fe - 2 : 0xfe - 2);
}

/* f is in xmm4 + n, but is it a single? */
static void check_single(struct gen *g, unsigned n)
{
	struct code *c = &g->c;

	x_sse_to_reg(c, 8, RAX, POOL_FIRST + n);
	x_test_imm(c, 4, RAX, 0x1fffffff);
	gen_fr_leave_if(g, CC_NE);
	x_sse_mov(c, XMM0, POOL_FIRST + n);
	gen_fr_check_range(g, 4);
	struct cold *cold = gen_fr_cold_form(g, COLD_ZERO, CC_A, 0);
	cold->fr[1] = cold->fr[2] = cold->fr[3] = 0;
	if (g->guard_end < 0)
		g->s.fsingle |= (uint16_t)(1u << n);
}

static unsigned load(struct gen *g, unsigned f, bool single)
{
	struct code *c = &g->c;
	unsigned n = take(g);

	if (f == 0) {
		x_sse_xor(c, POOL_FIRST + n, POOL_FIRST + n);
	} else if (f == 1) {
		x_mov_imm(c, RAX, 0x3ff0000000000000);
		x_sse_from_reg(c, 8, POOL_FIRST + n, RAX);
	} else {
		gen_fr_step_home(g, f);
		x_alu_mem_imm(c, ALU_CMP, 4, fr_exp(f), single ? (int32_t)FORM_SINGLE : 0);
		gen_fr_cold_form(g, COLD_FORM, single ? CC_NE : CC_NS, f)->fr[1] = single;
		x_sse_load(c, POOL_FIRST + n, fr_sig(f));
		gen_fr_know_nothing(g, f);
	}
	g->s.fvalue[n] = (uint8_t)f;
	if (single || f < 2)
		g->s.fsingle |= (uint16_t)(1u << n);
	return n;
}

unsigned gen_fr_use(struct gen *g, unsigned f, bool single)
{
	int n = gen_fr_find(&g->s, f);

	if (n < 0)
		n = (int)load(g, f, single);
	else if (single && !(g->s.fsingle >> n & 1))
		check_single(g, (unsigned)n);
	g->fpinned |= 1u << n;
	return POOL_FIRST + (unsigned)n;
}

void gen_fr_note_forms(struct gen *g)
{
	if (g->forms)
		return;
	x_store_imm(&g->c, 1, CPU(jit.forms), 1);
	g->forms = g->guard_end < 0;
}

unsigned gen_fr_define(struct gen *g, unsigned f, bool single)
{
	int n = gen_fr_find(&g->s, f);

	if (n < 0)
		n = (int)take(g);
	forget_step(&g->s, find_step(&g->s, f));
	g->s.fvalue[n] = (uint8_t)f;
	g->s.fdirty |= (uint16_t)(1u << n);
	g->s.fsingle &= (uint16_t) ~(1u << n);
	g->s.fsingle |= (uint16_t)((unsigned)single << n);
	gen_fr_know_nothing(g, f);
	gen_fr_mark(g, f);
	gen_fr_note_forms(g);
	return POOL_FIRST + (unsigned)n;
}

void gen_fr_test_mode(struct gen *g, unsigned sf)
{
	struct code *c = &g->c;
	unsigned shift = FPSR_SF_SHIFT(sf >= MODE_STEPS ? 1 : sf);
	uint64_t mask = 0x30ull << shift, want = 0;

	if (sf >= MODE_STEPS) {
		unsigned flags = sf == MODE_STEPS ? FP_I : FP_I | FP_D;
		want = 0x4eull << shift | (uint64_t)flags << (shift + 7);
		mask = 0x7eull << shift | (uint64_t)flags << (shift + 7);
	} else if (sf) {
		want = 0x40ull << shift | (uint64_t)FP_I << (shift + 7) |
		       (uint64_t)FP_I << (FPSR_SF_SHIFT(0) + 7);
		mask |= want;
	} else {
		mask |= FP_ALL | 2u << shift;
		want = FP_ALL;
	}
	x_mov_imm(c, RAX, mask);
	x_alu_load(c, ALU_AND, 8, RAX, CPU(ar[AR_FPSR]));
	if (want >> 31) {
		x_mov_imm(c, RCX, want);
		x_alu(c, ALU_CMP, 8, RAX, RCX);
	} else {
		x_alu_imm(c, ALU_CMP, 8, RAX, (int32_t)want);
	}
}

void gen_fr_check_mode(struct gen *g, unsigned sf)
{
	if (g->s.fmode >> sf & 1)
		return;
	gen_fr_test_mode(g, sf);
	gen_fr_leave_if(g, CC_NE);
	if (g->guard_end < 0)
		g->s.fmode |= (uint8_t)(1u << sf);
}

void gen_fr_set_integer(struct gen *g, unsigned d)
{
	gen_fr_drop(g, d);
	x_store(&g->c, 8, fr_sig(d), RAX);
	x_store_imm(&g->c, 8, fr_exp(d), FREG_EXP_INT);
	gen_fr_know_settled(g, d);
	gen_fr_mark(g, d);
}
