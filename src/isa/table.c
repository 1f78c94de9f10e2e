/* SPDX-License-Identifier: MIT */
/* The expansion of ops.def and formats.def into constant data, and how operands are read from and
 * written to a slot. */
#include "isa/table.h"

/* --- fields --- */
#define L(n) (L_BIT + (n))

enum field_id {
	FIELD_none,
#define FIELD(name, high, low) FIELD_##name,
#include "isa/formats.def"
};

enum {
#define FIELD(name, high, low) LOW_##name = (low), LENGTH_##name = (high) - (low) + 1,
#include "isa/formats.def"
};

static const struct field fields[] = {
#define FIELD(name, high, low) [FIELD_##name] = {LOW_##name, LENGTH_##name},
#include "isa/formats.def"
};

/* --- values of operands that follow no rule --- */
enum {
#define VALUES(name, ...) VALUES_##name,
#include "isa/formats.def"
};

static const int8_t values[][16] = {
#define VALUES(name, ...) [VALUES_##name] = {__VA_ARGS__},
#include "isa/formats.def"
};

/* --- operands and completers --- */
#define P(name) FIELD_##name,

enum operand_id {
	OPERAND_none,
#define OPERAND(name, ...)   OPERAND_##name,
#define COMPLETER(name, ...) OPERAND_##name,
#include "isa/formats.def"
	OPERAND_COUNT
};

#define COMPLETER(id, at, kind, a, parts, ...)                                                     \
	static const char *const spelling_##id[] = {__VA_ARGS__};
#include "isa/formats.def"

const struct operand isa_operands[] = {
#define OPERAND(id, to, kind, a, parts)                                                            \
	[OPERAND_##id] = {.member = MEMBER_##to, .how = (kind), .arg = (a), .field = {parts}},
#define COMPLETER(id, at, kind, a, parts, ...)                                                     \
	[OPERAND_##id] = {.member = MEMBER_comp,                                                   \
		.how = (kind),                                                                     \
		.arg = (a),                                                                        \
		.shift = (at),                                                                     \
		.field = {parts},                                                                  \
		.name = #id,                                                                       \
		.spelling = spelling_##id},
#include "isa/formats.def"
};
const unsigned isa_operand_count = OPERAND_COUNT;

/* --- formats and rows --- */
/* A fixed field as mask (high half) and value (low half), so that fields can be ored together. */
#define F(name, v)                                                                                 \
	| ((uint128_t)(~0ull >> (64 - LENGTH_##name)) << (LOW_##name) << 64 |                      \
		  (uint128_t)(v) << (LOW_##name))
#define C(name)	 OPERAND_##name,
#define MASK(f)	 ((uint64_t)(((uint128_t)0 f) >> 64))
#define VALUE(f) ((uint64_t)((uint128_t)0 f))

enum {
	UNITS_NONE = 0,
	UNITS_A = 1 << UNIT_M | 1 << UNIT_I,
	UNITS_M = 1 << UNIT_M,
	UNITS_I = 1 << UNIT_I,
	UNITS_F = 1 << UNIT_F,
	UNITS_B = 1 << UNIT_B,
	UNITS_X = 1 << UNIT_X,
};

enum format_id {
#define FORMAT(name, ...) FORMAT_##name,
#define OP(...)
#include "isa/ops.def"
#undef OP
	FORMAT_COUNT
};

/* FIRST_x takes the number of the row after it, and leaves it to that row. */
enum {
#define FORMAT(name, ...) FIRST_##name, BEFORE_##name = FIRST_##name - 1,
#define OP(id, ...)	  ROW_##id,
#include "isa/ops.def"
#undef OP
};

const struct format isa_formats[] = {
#define FORMAT(name, on, fixed, ops, attr)                                                         \
	[FORMAT_##name] = {MASK(fixed), VALUE(fixed), UNITS_##on, FIRST_##name, {ops}, (attr)},
#define OP(...)
#include "isa/ops.def"
#undef OP
};
const unsigned isa_format_count = FORMAT_COUNT;

const struct row isa_rows[OP_COUNT] = {
#define OP(name, form, fixed, comps, text, attr)                                                   \
	[OP_##name] = {MASK(fixed), VALUE(fixed), FORMAT_##form, {comps}, (attr), #name, text},
#include "isa/ops.def"
#undef OP
};

const char *op_name(unsigned op)
{
	return op < OP_COUNT ? isa_rows[op].id : "?";
}

uint32_t op_attributes(unsigned op)
{
	if (op >= OP_COUNT)
		return 0;
	return isa_rows[op].attributes | isa_formats[isa_rows[op].format].attributes;
}

/* --- reading and writing operands --- */
static unsigned operand_width(const struct operand *o)
{
	unsigned width = 0;
	for (unsigned k = 0; k < OPERAND_FIELDS && o->field[k]; k++)
		width += fields[o->field[k]].length;
	return width;
}

static uint64_t operand_join(const struct operand *o, const struct slot_bits *b)
{
	uint64_t value = 0;
	unsigned at = 0;
	for (unsigned k = 0; k < OPERAND_FIELDS && o->field[k]; k++) {
		struct field f = fields[o->field[k]];
		value |= (f.low < L_BIT ? bits(b->slot, f.low, f.length)
					: bits(b->l, f.low - L_BIT, f.length))
			 << at;
		at += f.length;
	}
	return value;
}

static void operand_split(const struct operand *o, struct slot_bits *b, uint64_t value)
{
	for (unsigned k = 0; k < OPERAND_FIELDS && o->field[k]; k++) {
		struct field f = fields[o->field[k]];
		uint64_t part = bits(value, 0, f.length);
		if (f.low < L_BIT)
			b->slot |= part << f.low;
		else
			b->l |= part << (f.low - L_BIT);
		value = f.length < 64 ? value >> f.length : 0;
	}
}

bool operand_get(const struct operand *o, const struct slot_bits *b, int64_t *value)
{
	uint64_t raw = operand_join(o, b);
	switch (o->how) {
	case SIGNED:
		raw = (uint64_t)sext(raw, operand_width(o));
		break;
	case OFFSET:
		raw += o->arg;
		break;
	case DOWN:
		raw = o->arg - raw;
		break;
	case VALUES:
		raw = (uint64_t)(int64_t)values[o->arg][raw];
		break;
	default:
		break;
	}
	if (o->how == SIGNED || o->how == UNSIGNED)
		raw <<= o->arg;
	*value = (int64_t)raw;
	return o->how != VALUES || raw != NO;
}

/* Finds the encoding by trying: what reads back as value is right. */
bool operand_put(const struct operand *o, struct slot_bits *b, int64_t value)
{
	uint64_t raw = (uint64_t)value;
	if (o->how == SIGNED || o->how == UNSIGNED)
		raw >>= o->arg;
	else if (o->how == OFFSET)
		raw -= o->arg;
	else if (o->how == DOWN)
		raw = o->arg - raw;
	else
		for (raw = 0; raw < 16 && values[o->arg][raw] != value; raw++)
			;
	struct slot_bits alone = {0, 0};
	int64_t again;
	operand_split(o, &alone, raw);
	if (!operand_get(o, &alone, &again) || again != value)
		return false;
	b->slot |= alone.slot;
	b->l |= alone.l;
	return true;
}

/* Bits of comp a completer takes: enough for its largest value. */
static unsigned completer_width(const struct operand *o)
{
	return o->how == VALUES ? (o->arg == VALUES_pc ? 2 : 4) : operand_width(o);
}

int64_t operand_of_insn(const struct operand *o, const struct insn *i)
{
	switch (o->member) {
	case MEMBER_r1:
		return i->r1;
	case MEMBER_r2:
		return i->r2;
	case MEMBER_r3:
		return i->r3;
	case MEMBER_r4:
		return i->r4;
	case MEMBER_p1:
		return i->p1;
	case MEMBER_p2:
		return i->p2;
	case MEMBER_pos:
		return i->pos;
	case MEMBER_len:
		return i->len;
	case MEMBER_imm:
		return i->imm;
	default:
		return (int64_t)bits(i->comp, o->shift, completer_width(o));
	}
}

void operand_to_insn(const struct operand *o, struct insn *i, int64_t value)
{
	switch (o->member) {
	case MEMBER_r1:
		i->r1 = (uint8_t)value;
		break;
	case MEMBER_r2:
		i->r2 = (uint8_t)value;
		break;
	case MEMBER_r3:
		i->r3 = (uint8_t)value;
		break;
	case MEMBER_r4:
		i->r4 = (uint8_t)value;
		break;
	case MEMBER_p1:
		i->p1 = (uint8_t)value;
		break;
	case MEMBER_p2:
		i->p2 = (uint8_t)value;
		break;
	case MEMBER_pos:
		i->pos = (uint8_t)value;
		break;
	case MEMBER_len:
		i->len = (uint8_t)value;
		break;
	case MEMBER_imm:
		i->imm = value;
		break;
	default:
		i->comp = (uint16_t)(i->comp | (uint64_t)value << o->shift);
		break;
	}
}
