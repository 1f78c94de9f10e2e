/* SPDX-License-Identifier: MIT */
/*
 * IR of what kernels do all the time with processor state: psr.i, control registers of
 * interruptions, serialisation. Privilege is tested when it runs; whatever has consequences beyond
 * the register is left to the exec functions.
 */
#include "jit/emit.h"

#define PSR_READ (0xffffffffull | PSR(MC) | PSR(IT))

static uint8_t load_field(struct tr *t, int64_t field)
{
	uint8_t x = ir_temp(t);

	ir_imm(t, IR_LDC, x, IR_NONE, field);
	return x;
}

/* Level 0, no virtual machine; a temporary with psr. */
static uint8_t privileged(struct tr *t, uint64_t psr_zeros)
{
	uint8_t cpl = load_field(t, FIELD(cpl)), psr;

	t->b->ir[t->b->count - 1].size = 4;
	ir_imm(t, IR_CHECK0, IR_NONE, cpl, 3);
	psr = load_field(t, FIELD(psr));
	ir_imm(t, IR_CHECK0, IR_NONE, psr, (int64_t)(psr_zeros | PSR(VM)));
	return psr;
}

bool emit_srlz_d(struct tr *t, const struct insn *i)
{
	uint8_t x = ir_temp(t);

	ir_guard(t, i);
	ir_imm(t, IR_MOVI, x, IR_NONE, 0);
	ir_imm(t, IR_STC, IR_NONE, x, FIELD(inflight_ic))->size = 1;
	ir_guard_end(t, i);
	return true;
}

/* ssm and rsm of psr.i alone. Where an interrupt may be waiting exec looks closely. */
bool emit_rsm(struct tr *t, const struct insn *i)
{
	if ((uint64_t)i->imm != PSR(I))
		return false;
	ir_guard(t, i);
	uint8_t psr = privileged(t, 0), x = ir_temp(t);
	if (i->op == OP_ssm) {
		for (unsigned n = 0; n < 4; n++) {
			ir_imm(t, IR_LDC, x, IR_NONE, FIELD(sapic.irr) + 8 * n);
			ir_imm(t, IR_CHECK0, IR_NONE, x, -1);
		}
		ir_imm(t, IR_OR, x, psr, (int64_t)PSR(I));
	} else {
		ir_imm(t, IR_AND, x, psr, (int64_t)~PSR(I));
	}
	ir_imm(t, IR_STC, IR_NONE, x, FIELD(psr));
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

bool emit_mov_from_psr(struct tr *t, const struct insn *i)
{
	if (!ir_target(t, i->r1))
		return false;
	ir_guard(t, i);
	ir_imm(t, IR_AND, i->r1, privileged(t, 0), (int64_t)PSR_READ);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

static uint64_t zeros_for(unsigned cr)
{
	return cr >= CR_IPSR && cr <= CR_IHA ? PSR(IC) : 0;
}

bool emit_mov_from_cr(struct tr *t, const struct insn *i)
{
	unsigned cr = i->r3;
	bool plain = cr <= CR_IVA || cr == CR_PTA || cr == CR_IPSR || cr == CR_ISR ||
		     (cr >= CR_IIP && cr <= CR_IHA);

	if ((!plain && cr != CR_TPR) || !ir_target(t, i->r1))
		return false;
	ir_guard(t, i);
	privileged(t, zeros_for(cr));
	ir_imm(t, IR_LDC, i->r1, IR_NONE, plain ? FIELD(cr) + 8 * cr : FIELD(sapic.tpr));
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}

/* Those that are nothing but a value. */
bool emit_mov_to_cr(struct tr *t, const struct insn *i)
{
	unsigned cr = i->r3;

	if (cr != CR_IIP && cr != CR_IFA && cr != CR_ITIR && cr != CR_IIM && cr != CR_IFS)
		return false;
	ir_guard(t, i);
	privileged(t, zeros_for(cr));
	if (cr == CR_IFS)
		ir_imm(t, IR_CHECK0, IR_NONE, i->r2, 0x7fffffc000000000);
	ir_imm(t, IR_STC, IR_NONE, i->r2, FIELD(cr) + 8 * cr);
	ir_append(t, IR_REJOIN);
	ir_guard_end(t, i);
	return true;
}
