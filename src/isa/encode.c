/* SPDX-License-Identifier: MIT */
/* From struct insn to a slot: the row's fixed fields, then each operand and completer. */
#include "isa/table.h"

#include <errno.h>

static bool put_operands(
	const struct insn *i, const uint8_t *list, unsigned count, struct slot_bits *b)
{
	for (unsigned k = 0; k < count && list[k]; k++) {
		const struct operand *o = &isa_operands[list[k]];
		if (!operand_put(o, b, operand_of_insn(o, i)))
			return false;
	}
	return true;
}

int insn_encode(const struct insn *i, uint64_t *slot, uint64_t *l)
{
	if (i->op == OP_illegal || i->op >= OP_COUNT || i->qp > 63)
		return -EINVAL;
	const struct row *r = &isa_rows[i->op];
	const struct format *f = &isa_formats[r->format];
	struct slot_bits b = {f->value | r->value, 0};
	if (!(op_attributes(i->op) & OP_NO_QP))
		b.slot |= i->qp;
	if (!put_operands(i, f->operand, FORMAT_OPERANDS, &b) ||
		!put_operands(i, r->completer, ROW_COMPLETERS, &b))
		return -EINVAL;
	*slot = b.slot;
	if (l)
		*l = b.l;
	return 0;
}
