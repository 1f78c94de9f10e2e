/* SPDX-License-Identifier: MIT */
/*
 * A pass: copy and constant propagation. Forwards, with what is known of each register and
 * temporary: that it is a number, or the same as a register that has not changed since. Operands
 * are replaced by what they are copies of, operations on numbers by the result, and those with one
 * number by the form that takes it.
 */
#include "jit/pass.h"

struct fact {
	enum { NOTHING, NUMBER, COPY } kind;
	uint8_t of;	 /* COPY: the register */
	uint16_t change; /* COPY: its changes then */
	int64_t number;
};

struct facts {
	struct fact fact[256];
	uint16_t changes[256];
	uint64_t guarded[4]; /* defined within the present guard */
	bool in_guard;
	unsigned end; /* of temporaries defined */
};

static bool fits32(int64_t v)
{
	return v == (int32_t)v;
}

static bool number(const struct facts *f, unsigned v, int64_t *n)
{
	*n = v == 0 ? 0 : f->fact[v].number;
	return v == 0 || (v != IR_NONE && f->fact[v].kind == NUMBER);
}

static void define(struct facts *f, unsigned v, struct fact fact)
{
	if (v == IR_NONE)
		return;
	f->changes[v]++;
	f->fact[v] = fact;
	if (f->in_guard)
		f->guarded[v / 64] |= 1ull << v % 64;
	if (v >= f->end)
		f->end = v + 1;
}

/* Behind a guard its contents have happened or not. */
static void end_guard(struct facts *f)
{
	for (unsigned k = 0; k < countof(f->guarded); k++)
		for (; f->guarded[k]; f->guarded[k] &= f->guarded[k] - 1)
			f->fact[64 * k + (unsigned)__builtin_ctzll(f->guarded[k])].kind = NOTHING;
	f->in_guard = false;
}

/* --- numbers --- */

static uint64_t low(uint64_t v, unsigned size, bool sign)
{
	unsigned shift = 64 - 8 * size;

	return sign ? (uint64_t)((int64_t)(v << shift) >> shift) : v << shift >> shift;
}

/* The result for two numbers x and y (or imm). false: not one of these operations. */
static bool fold_two(unsigned op, uint64_t x, uint64_t y, uint64_t *v)
{
	switch (op) {
	case IR_ADD:
		*v = x + y;
		return true;
	case IR_SUB:
		*v = x - y;
		return true;
	case IR_AND:
		*v = x & y;
		return true;
	case IR_OR:
		*v = x | y;
		return true;
	case IR_XOR:
		*v = x ^ y;
		return true;
	case IR_MUL:
		*v = x * y;
		return true;
	default:
		return false;
	}
}

/* For x and imm. */
static bool fold_one(const struct ir *ir, uint64_t x, uint64_t *v)
{
	switch (ir->op) {
	case IR_MOV:
		*v = x;
		return true;
	case IR_RSUB:
		*v = (uint64_t)ir->imm - x;
		return true;
	case IR_SHL:
		*v = x << ir->imm;
		return true;
	case IR_SHR:
		*v = x >> ir->imm;
		return true;
	case IR_SAR:
		*v = (uint64_t)((int64_t)x >> ir->imm);
		return true;
	case IR_SEXT:
	case IR_ZEXT:
		*v = low(x, ir->size, ir->op == IR_SEXT);
		return true;
	case IR_BSWAP:
		*v = __builtin_bswap64(x);
		return true;
	default:
		return false;
	}
}

static void become(struct ir *ir, enum ir_op op, uint8_t a, int64_t imm)
{
	ir->op = (uint8_t)op;
	ir->a = a;
	ir->b = IR_NONE;
	ir->imm = imm;
}

/* --- operations with one number --- */

/* The operand that is no number becomes a, if the order does not matter. */
static void number_last(const struct facts *f, struct ir *ir)
{
	int64_t n;
	bool turns = ir->op == IR_ADD || ir->op == IR_AND || ir->op == IR_OR || ir->op == IR_XOR;

	if (turns && ir->b != IR_NONE && number(f, ir->a, &n)) {
		uint8_t a = ir->a;
		ir->a = ir->b;
		ir->b = a;
	}
}

/* Counts above 63 give 0, or the sign. */
static void shift_by(struct ir *ir, int64_t n)
{
	bool out = (uint64_t)n > 63;

	if (ir->op == IR_SARV)
		become(ir, IR_SAR, ir->a, out ? 63 : n);
	else if (out)
		become(ir, IR_MOVI, IR_NONE, 0);
	else
		become(ir, ir->op == IR_SHLV ? IR_SHL : IR_SHR, ir->a, n);
}

/* b is n. */
static void take_number(struct ir *ir, int64_t n)
{
	switch (ir->op) {
	case IR_ADD:
	case IR_SUB:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
		become(ir, (enum ir_op)ir->op, ir->a, n);
		break;
	case IR_SHLADD:
		if (n == 0)
			become(ir, IR_SHL, ir->a, ir->imm);
		break;
	case IR_SHLV:
	case IR_SHRV:
	case IR_SARV:
		shift_by(ir, n);
		break;
	case IR_CMP:
		n = ir->size == 4 ? (int32_t)n : n;
		if (fits32(n))
			become(ir, IR_CMP, ir->a, n);
		break;
	default:
		break;
	}
}

/* What changes nothing is a copy. */
static void simplify(struct ir *ir)
{
	bool none = ir->b == IR_NONE;

	switch (ir->op) {
	case IR_ADD:
	case IR_SUB:
	case IR_OR:
	case IR_XOR:
		none &= ir->imm == 0;
		break;
	case IR_AND:
		if (none && ir->imm == 0)
			become(ir, IR_MOVI, IR_NONE, 0);
		none &= ir->imm == -1;
		break;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		none = ir->imm == 0;
		break;
	default:
		none = false;
	}
	if (none && ir->op != IR_MOVI)
		become(ir, IR_MOV, ir->a, 0);
}

/* --- one operation --- */

/* The register v is a copy of, which must not be one that may be renamed or replaced meanwhile. */
static uint8_t original(const struct facts *f, uint8_t v)
{
	const struct fact *k = &f->fact[v];

	if (v == IR_NONE || k->kind != COPY || f->changes[k->of] != k->change)
		return v;
	return k->of;
}

static void evaluate(const struct facts *f, struct ir *ir)
{
	int64_t x, y = ir->imm;
	uint64_t v;

	number_last(f, ir);
	bool a = number(f, ir->a, &x), b = number(f, ir->b, &y);
	if (ir->b == IR_NONE)
		y = ir->imm;
	if (a &&
		((b || ir->b == IR_NONE ? fold_two(ir->op, (uint64_t)x, (uint64_t)y, &v) : false) ||
			fold_one(ir, (uint64_t)x, &v)))
		become(ir, IR_MOVI, IR_NONE, (int64_t)v);
	else if (b)
		take_number(ir, y);
	simplify(ir);
}

static struct fact fact_of(const struct facts *f, const struct ir *ir)
{
	if (ir->op == IR_MOVI)
		return (struct fact){.kind = NUMBER, .number = ir->imm};
	if (ir->op == IR_MOV && ir->a < IR_TEMP)
		return (struct fact){.kind = COPY, .of = ir->a, .change = f->changes[ir->a]};
	return (struct fact){0};
}

/* Temporaries mean something else in the next instruction. */
static void forget(struct facts *f, unsigned first)
{
	for (unsigned v = first; v < f->end; v++)
		f->fact[v].kind = NOTHING;
	f->end = first;
}

static bool step(struct facts *f, struct ir *ir)
{
	struct ir old = *ir;

	ir->a = original(f, ir->a);
	ir->b = original(f, ir->b);
	if (ir_is_pure(ir) || ir->op == IR_CMP)
		evaluate(f, ir);
	if (ir->op == IR_CALL)
		forget(f, 0);
	f->in_guard |= ir->op == IR_GUARD;
	define(f, ir->d, fact_of(f, ir));
	if (ir->op == IR_LOAD)
		define(f, ir->c, (struct fact){0});
	if (ir->op == IR_ALATCHECK) /* its slow way may load the register anew */
		define(f, (unsigned)ir->imm, (struct fact){0});
	if (ir->op == IR_END)
		end_guard(f);
	return old.op != ir->op || old.a != ir->a || old.b != ir->b || old.imm != ir->imm;
}

bool ir_propagate(struct ir_block *b)
{
	struct facts f = {0};
	bool changed = false;

	for (unsigned n = 0; n < b->count; n++) {
		if (n && b->ir[n].insn != b->ir[n - 1].insn)
			forget(&f, IR_TEMP);
		changed |= step(&f, &b->ir[n]);
	}
	return changed;
}
