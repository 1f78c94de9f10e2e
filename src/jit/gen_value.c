/* SPDX-License-Identifier: MIT */
/* Host registers as a cache of general registers: see gen.h. */
#include "jit/gen.h"

const enum reg gen_pool[POOL] = {RDX, RBP, RSI, RDI, R8, R9, R10, R11};

struct mem gen_home(unsigned v)
{
	if (v < 32)
		return cpu_at((int64_t)(offsetof(struct cpu, gr) + 8 * v));
	return mem_at(R12, 8 * v);
}

int gen_find(const struct state *s, unsigned v)
{
	for (int n = 0; n < POOL; n++)
		if (s->value[n] == v)
			return n;
	return -1;
}

static void write_nat(struct gen *g, unsigned v)
{
	if (v < 32) {
		x_store_imm(&g->c, 1, cpu_at((int64_t)(offsetof(struct cpu, gr_nat) + v)), 0);
		return;
	}
	x_load(&g->c, 8, RAX, CPU(nat_base[1]));
	x_store_imm(&g->c, 1, mem_at(RAX, v), 0);
}

static void write_one(struct gen *g, unsigned n, unsigned v)
{
	if (v >= IR_TEMP)
		return;
	x_store(&g->c, 8, gen_home(v), gen_pool[n]);
	if (g->b->key & KEY_NAT && !(g->b->nat_test[v / 64] >> v % 64 & 1))
		write_nat(g, v);
}

static bool reads(const struct ir *ir, unsigned v)
{
	return ir->a == v || ir->b == v || ir->c == v || ((ir->op == IR_SEL) && ir->d == v);
}

/* Distance to the next use of v. */
static unsigned next_use(const struct gen *g, unsigned v)
{
	unsigned n = g->pos;
	while (n < g->b->count && !reads(&g->b->ir[n], v))
		n++;
	return n;
}

static unsigned victim(struct gen *g)
{
	unsigned best = POOL, far = 0;

	for (unsigned n = 0; n < POOL; n++) {
		if (g->pinned >> n & 1 || (g->s.value[n] >= IR_TEMP && g->s.value[n] != IR_NONE))
			continue;
		if (g->s.value[n] == IR_NONE)
			return n;
		if (g->guard_end >= 0) /* would hold on one of the two ways only */
			continue;
		unsigned d = next_use(g, g->s.value[n]);
		if (best == POOL || d > far) {
			best = n;
			far = d;
		}
	}
	return best;
}

static unsigned take(struct gen *g)
{
	unsigned n = victim(g);

	if (n == POOL) {
		g->failed = true;
		return 0;
	}
	if (g->s.value[n] != IR_NONE && g->s.dirty >> n & 1)
		write_one(g, n, g->s.value[n]);
	g->s.value[n] = IR_NONE;
	g->s.dirty &= (uint8_t) ~(1u << n);
	return n;
}

enum reg gen_use(struct gen *g, unsigned v)
{
	int n = gen_find(&g->s, v);

	if (n < 0) {
		n = (int)take(g);
		if (v == 0)
			x_alu(&g->c, ALU_XOR, 4, gen_pool[n], gen_pool[n]);
		else
			x_load(&g->c, 8, gen_pool[n], gen_home(v));
		g->s.value[n] = (uint8_t)v;
	}
	g->pinned |= 1u << n;
	return gen_pool[n];
}

void gen_keep_relations(struct gen *g, unsigned v)
{
	for (unsigned p = 1; p < 64; p++) {
		uint8_t k = g->s.pred[p];
		if (k < PRED_RELATION)
			continue;
		const struct relation *r = &g->s.relation[(k - PRED_RELATION) / 2];
		if (r->a != v && r->b != v)
			continue;
		gen_pred_home(g, &g->s, p);
		g->s.pred[p] = PRED_HOME;
	}
}

enum reg gen_define(struct gen *g, unsigned v)
{
	int n = gen_find(&g->s, v);

	if (v < IR_TEMP)
		gen_keep_relations(g, v);
	if (n < 0) {
		n = (int)take(g);
		g->s.value[n] = (uint8_t)v;
	}
	g->s.dirty |= (uint8_t)(1u << n);
	g->pinned |= 1u << n;
	return gen_pool[n];
}

void gen_state_forget(struct state *s, unsigned v)
{
	int n = gen_find(s, v);

	s->value[n] = IR_NONE;
	s->dirty &= (uint8_t) ~(1u << n);
}

void gen_write_home(struct gen *g, const struct state *s)
{
	for (unsigned n = 0; n < POOL; n++)
		if (s->value[n] != IR_NONE && s->dirty >> n & 1)
			write_one(g, n, s->value[n]);
	gen_frs_home(g, s);
	gen_preds_home(g, s);
}

static void all_home(struct gen *g)
{
	gen_write_home(g, &g->s);
	for (unsigned p = 0; p < 64; p++)
		g->s.pred[p] = PRED_HOME;
}

void gen_flush(struct gen *g)
{
	all_home(g);
	for (unsigned n = 0; n < POOL; n++)
		g->s.value[n] = IR_NONE;
	for (unsigned n = 0; n < FPOOL; n++)
		g->s.fvalue[n] = IR_NONE;
	g->s.dirty = 0;
	g->s.fdirty = g->s.fsingle = 0;
	g->s.steps = 0;
}

void gen_make_room(struct gen *g, unsigned n)
{
	unsigned held = 0, had = g->pinned;

	while (n--) {
		unsigned k = take(g);
		held |= 1u << k;
		g->pinned |= 1u << k;
	}
	g->pinned = had & ~held;
}

/* Temporaries nobody reads any more. */
void gen_drop_dead(struct gen *g)
{
	unsigned insn = g->b->ir[g->pos].insn;

	for (unsigned n = 0; n < POOL; n++) {
		unsigned v = g->s.value[n], k = g->pos + 1;
		if (v < IR_TEMP || v == IR_NONE)
			continue;
		while (k < g->b->count && g->b->ir[k].insn == insn && !reads(&g->b->ir[k], v))
			k++;
		if (k < g->b->count && g->b->ir[k].insn == insn)
			continue;
		g->s.value[n] = IR_NONE;
		g->s.dirty &= (uint8_t) ~(1u << n);
	}
}

void gen_drop_temps(struct gen *g)
{
	for (unsigned n = 0; n < POOL; n++)
		if (g->s.value[n] >= IR_TEMP && g->s.value[n] != IR_NONE) {
			g->s.value[n] = IR_NONE;
			g->s.dirty &= (uint8_t) ~(1u << n);
		}
}
