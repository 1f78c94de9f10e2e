/* SPDX-License-Identifier: MIT */
/* From the forms of floating-point registers in translated code and back: see fr_form.h. */
#include "jit/fr_form.h"

#include "cpu/fp_core.h"
#include "isa/op.h"
#include "jit/divide.h"

#include <xmmintrin.h>

#define MXCSR_START   0x1f80u /* all exceptions masked, to nearest, denormals kept */
#define MXCSR_INEXACT 0x20u

static bool is_zero(const struct freg *f)
{
	return f->sig == 0 && f->exp == 0;
}

uint64_t fr_to_double(struct cpu *cpu, struct freg *f)
{
	if (f->exp & FORM_DOUBLE)
		return true;
	fr_settle(cpu, f);
	uint64_t v = (uint64_t)f->sign << 63;
	if (!is_zero(f)) {
		if (f->exp - 0xfc01u > 0x7fd || (f->sig & (FREG_INT_BIT | 0x7ff)) != FREG_INT_BIT)
			return false;
		v |= (uint64_t)(f->exp - 0xfc00) << 52 | (f->sig << 1) >> 12;
	}
	*f = (struct freg){v, FORM_DOUBLE, 0};
	cpu->jit.forms = true;
	return true;
}

uint64_t fr_to_single(struct cpu *cpu, struct freg *f)
{
	struct freg had = *f;

	if (!fr_to_double(cpu, f))
		return false;
	uint64_t e = f->sig >> 52 & 0x7ff;
	bool zero = f->sig << 1 == 0;
	if (!zero && (f->sig & 0x1fffffff || e - (1023 - 126) > 0xfd)) {
		*f = had;
		return false;
	}
	f->exp = FORM_SINGLE;
	return true;
}

uint64_t fr_settle(struct cpu *cpu, struct freg *f)
{
	if (f->exp & FORM_DOUBLE)
		*f = freg_from_double(f->sig);
	else if (f->exp & FORM_STEP)
		*f = divide_step((enum recipe)(f->exp >> 8 & 0xff), f->exp & 0xff, f->sig,
			cpu->jit.divisor[f - cpu->fr]);
	return true;
}

void fr_settle_all(struct cpu *cpu)
{
	if (!cpu->jit.forms)
		return;
	for (unsigned n = 2; n < countof(cpu->fr); n++)
		fr_settle(cpu, &cpu->fr[n]);
	cpu->jit.forms = false;
}

static bool names_fpsr(const struct insn *i)
{
	switch (i->op) {
	case OP_mov_to_ar_m:
	case OP_mov_to_ar_imm_m:
	case OP_mov_from_ar_m:
		return i->r3 == AR_FPSR;
	case OP_fsetc:
	case OP_fclrf:
	case OP_fchkf:
		return true;
	default:
		return false;
	}
}

void fr_settle_insn(struct cpu *cpu, const struct insn *i)
{
	const uint8_t r[] = {i->r1, i->r2, i->r3, i->r4};

	if (cpu->jit.forms)
		for (unsigned n = 0; n < countof(r); n++)
			fr_settle(cpu, fr_ptr(cpu, r[n] & 127));
	if (names_fpsr(i))
		fr_flags_merge(cpu);
}

bool fr_row(const struct insn *i)
{
	return names_fpsr(i) || (i->op >= OP_ldfs && i->op <= OP_ldfp8_i) ||
	       (i->op >= OP_setf_sig && i->op <= OP_getf_d) || i->op == OP_chk_s_f ||
	       (i->op >= OP_fma && i->op <= OP_fchkf);
}

void fr_flags_begin(void)
{
	_mm_setcsr(MXCSR_START);
}

void fr_flags_merge(struct cpu *cpu)
{
	if (!(_mm_getcsr() & MXCSR_INEXACT))
		return;
	cpu->ar[AR_FPSR] |= (uint64_t)FP_I << (FPSR_SF_SHIFT(0) + 7);
	fr_flags_begin();
}
