/* SPDX-License-Identifier: MIT */
/*
 * From a bundle slot to struct insn. Finds the row of ops.def by its fixed fields, reads the
 * operands, then applies the row's legality rules. What is left over behaves as the shading of the
 * opcode tables says (3:294): reserved, reserved if PR[qp] is 1, or ignored.
 */
#include "isa/table.h"

/* clang-format off */
const struct bundle_template bundle_templates[32] = {
	[0x00] = {{UNIT_M, UNIT_I, UNIT_I}, 0}, [0x01] = {{UNIT_M, UNIT_I, UNIT_I}, 4},
	[0x02] = {{UNIT_M, UNIT_I, UNIT_I}, 2}, [0x03] = {{UNIT_M, UNIT_I, UNIT_I}, 6},
	[0x04] = {{UNIT_M, UNIT_L, UNIT_X}, 0}, [0x05] = {{UNIT_M, UNIT_L, UNIT_X}, 4},
	[0x08] = {{UNIT_M, UNIT_M, UNIT_I}, 0}, [0x09] = {{UNIT_M, UNIT_M, UNIT_I}, 4},
	[0x0a] = {{UNIT_M, UNIT_M, UNIT_I}, 1}, [0x0b] = {{UNIT_M, UNIT_M, UNIT_I}, 5},
	[0x0c] = {{UNIT_M, UNIT_F, UNIT_I}, 0}, [0x0d] = {{UNIT_M, UNIT_F, UNIT_I}, 4},
	[0x0e] = {{UNIT_M, UNIT_M, UNIT_F}, 0}, [0x0f] = {{UNIT_M, UNIT_M, UNIT_F}, 4},
	[0x10] = {{UNIT_M, UNIT_I, UNIT_B}, 0}, [0x11] = {{UNIT_M, UNIT_I, UNIT_B}, 4},
	[0x12] = {{UNIT_M, UNIT_B, UNIT_B}, 0}, [0x13] = {{UNIT_M, UNIT_B, UNIT_B}, 4},
	[0x16] = {{UNIT_B, UNIT_B, UNIT_B}, 0}, [0x17] = {{UNIT_B, UNIT_B, UNIT_B}, 4},
	[0x18] = {{UNIT_M, UNIT_M, UNIT_B}, 0}, [0x19] = {{UNIT_M, UNIT_M, UNIT_B}, 4},
	[0x1c] = {{UNIT_M, UNIT_F, UNIT_B}, 0}, [0x1d] = {{UNIT_M, UNIT_F, UNIT_B}, 4},
};
/* clang-format on */

unsigned bundle_slots(struct bundle b)
{
	return bundle_templates[b.lo & 0x1f].unit[1] == UNIT_L ? 2 : 3;
}

/* --- operands --- */
static bool read_operands(
	struct insn *i, const uint8_t *list, unsigned count, const struct slot_bits *b)
{
	for (unsigned k = 0; k < count && list[k]; k++) {
		const struct operand *o = &isa_operands[list[k]];
		int64_t value;
		if (!operand_get(o, b, &value))
			return false;
		operand_to_insn(o, i, value);
	}
	return true;
}

static bool read_row(struct insn *i, const struct row *r, const struct slot_bits *b)
{
	struct insn read = {.slot = i->slot, .qp = b->slot & 0x3f};
	if ((b->slot & r->mask) != r->value)
		return false;
	if (!read_operands(&read, isa_formats[r->format].operand, FORMAT_OPERANDS, b) ||
		!read_operands(&read, r->completer, ROW_COMPLETERS, b))
		return false;
	*i = read;
	i->op = (uint16_t)(r - isa_rows);
	return true;
}

/* Fills i from the first row that fits; false, and i untouched, when none does. */
static bool find_row(struct insn *i, enum unit unit, const struct slot_bits *b)
{
	for (unsigned f = 0; f < isa_format_count; f++) {
		const struct format *format = &isa_formats[f];
		if (!(format->units >> unit & 1) || (b->slot & format->mask) != format->value)
			continue;
		for (unsigned op = format->first; op < OP_COUNT && isa_rows[op].format == f; op++)
			if (read_row(i, &isa_rows[op], b))
				return true;
	}
	return false;
}

/* --- legality --- */
enum verdict { LEGAL, RESERVED_QP, RESERVED, IGNORED };

/* Application registers (1:32): 48-63 and 112-127 are ignored, both units reach them. */
static bool ar_exists(unsigned ar, bool m_unit)
{
	static const uint64_t m_low = 0xff | 0xfull << 16 | 0x7full << 24 | 1ull << 21 |
				      1ull << 32 | 1ull << 36 | 1ull << 40 | 3ull << 44;
	if ((ar >= 48 && ar < 64) || ar >= 112)
		return true;
	return m_unit ? ar < 48 && m_low >> ar & 1 : ar >= 64 && ar <= 66;
}

/* Control registers (2:29): 0-2, 8, 16, 17, 19-27, 64-74, 80, 81. */
static bool cr_exists(unsigned cr)
{
	static const uint64_t low = 7 | 1 << 8 | 3 << 16 | 0x1ff << 19, high = 0x7ff | 3 << 16;
	return (cr < 64 ? low : high) >> (cr & 63) & 1;
}

/* IVR and IRR0-3. */
static bool cr_read_only(unsigned cr)
{
	return cr == 65 || (cr >= 68 && cr <= 71);
}

/* ldfp targets (3:160): the rule is on physical registers; with one static and one rotating
 * register it depends on the rename base, and exec decides. */
static bool bad_pair(unsigned f1, unsigned f2)
{
	return f2 < 2 || ((f1 < 32) == (f2 < 32) && ((f1 ^ f2) & 1) == 0);
}

/* alloc (3:15). */
static bool bad_frame(const struct insn *i)
{
	unsigned sof = i->imm & 0x7f, sol = i->imm >> 7 & 0x7f, sor = i->imm >> 14 & 0xf;
	return sof > 96 || sol > sof || sor * 8 > sof || i->r1 == 0 || i->r1 >= 32 + sof;
}

static bool breaks_ar_or_cr_rule(const struct insn *i, uint32_t rules)
{
	if (rules & (R_AR_M | R_AR_I) && !ar_exists(i->r3, rules & R_AR_M))
		return true;
	if (rules & R_AR_W && i->r3 == 17) /* BSP */
		return true;
	if (rules & (R_CR_R | R_CR_W) && !cr_exists(i->r3))
		return true;
	return rules & R_CR_W && cr_read_only(i->r3);
}

/* mux1 (3:190): @brcst, @mix, @shuf, @alt, @rev. */
static bool bad_mbtype(int64_t type)
{
	return !(0xf01 >> type & 1);
}

static bool breaks_value_rule(const struct insn *i, uint32_t rules)
{
	return (rules & R_COUNT3 && i->pos > 3) || (rules & R_MBTYPE && bad_mbtype(i->imm));
}

static bool breaks_register_rule(const struct insn *i, uint32_t rules)
{
	return (rules & R_R1 && i->r1 == 0) || (rules & R_R3 && i->r3 == 0) ||
	       (rules & R_R1_R3 && i->r1 == i->r3) || (rules & R_F1 && i->r1 < 2) ||
	       (rules & R_F1_F2 && bad_pair(i->r1, i->r2));
}

static enum verdict judge(const struct insn *i)
{
	uint32_t rules = op_attributes(i->op);
	if (rules & R_QP0 && i->qp != 0)
		return RESERVED;
	if (rules & R_SLOT2 && i->slot != 2)
		return RESERVED;
	if (rules & R_FRAME && bad_frame(i))
		return RESERVED;
	if (rules & R_P1_P2 && i->p1 == i->p2) /* .unc acts, so faults, with a false qp too */
		return rules & OP_UNC && i->comp & 1 ? RESERVED : RESERVED_QP;
	if (breaks_register_rule(i, rules) || breaks_ar_or_cr_rule(i, rules) ||
		breaks_value_rule(i, rules))
		return RESERVED_QP;
	return LEGAL;
}

/* Opcode space without a row (shading of tables 4-3 to 4-73): reserved if PR[qp] is 1, but for the
 * B unit. There major opcodes 2 (beyond brp, nop, hint), 3 and 6 and the old nop 0/1 are ignored,
 * and opcode 0 from x6 = 20 on, 4 and 8 to F fault whatever the predicate. */
static enum verdict unassigned(enum unit unit, uint64_t slot)
{
	unsigned op = (unsigned)bits(slot, 37, 4), x6 = (unsigned)bits(slot, 27, 6);
	if (unit != UNIT_B)
		return unit == UNIT_NONE ? RESERVED : RESERVED_QP;
	if (op == 2 || op == 3 || op == 6 || (op == 0 && x6 == 1))
		return IGNORED;
	return op == 0 && x6 < 0x20 ? RESERVED_QP : RESERVED;
}

/* --- the whole --- */
static enum unit slot_unit(struct bundle b, unsigned slot, struct slot_bits *bits)
{
	enum unit unit = bundle_templates[b.lo & 0x1f].unit[slot];
	bits->slot = bundle_slot(b, slot);
	bits->l = 0;
	if (unit == UNIT_L) {
		bits->l = bits->slot;
		bits->slot = bundle_slot(b, 2);
		return UNIT_X;
	}
	return unit == UNIT_X ? UNIT_NONE : unit;
}

static void drop_qp(struct insn *i)
{
	if (op_attributes(i->op) & OP_NO_QP)
		i->qp = 0;
}

void insn_decode_lenient(struct insn *i, struct bundle b, unsigned slot)
{
	struct slot_bits raw;
	enum unit unit = slot_unit(b, slot, &raw);
	*i = (struct insn){.slot = (uint8_t)slot, .qp = raw.slot & 0x3f};
	find_row(i, unit, &raw);
	drop_qp(i);
}

/* i is no instruction: OP_illegal, which runs whatever the predicate when comp bit 0 is set. That
 * is for frcpa and its like to f0 or f1: a false predicate clears p2 even then (3:86). */
static void replace(struct insn *i, enum verdict verdict, unsigned qp)
{
	struct insn bad = {.op = OP_illegal, .slot = i->slot};
	uint32_t rules = op_attributes(i->op);
	if (verdict == IGNORED)
		bad.op = OP_nop_b;
	else if (verdict == RESERVED_QP)
		bad.qp = (uint8_t)qp;
	if (verdict == RESERVED_QP && rules & R_F1 && rules & OP_ALWAYS) {
		bad.p2 = i->p2;
		bad.comp = 1;
	}
	*i = bad;
}

void insn_decode(struct insn *i, struct bundle b, unsigned slot)
{
	struct slot_bits raw;
	enum unit unit = slot_unit(b, slot, &raw);
	*i = (struct insn){.slot = (uint8_t)slot};
	enum verdict verdict = find_row(i, unit, &raw) ? judge(i) : unassigned(unit, raw.slot);
	if (verdict != LEGAL)
		replace(i, verdict, raw.slot & 0x3f);
	drop_qp(i);
}
