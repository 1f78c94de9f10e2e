/* SPDX-License-Identifier: MIT */
/* From the forms of floating-point registers in translated code and back: see fr_form.h. */
#include "jit/fr_form.h"

#include "cpu/fp_core.h"
#include "isa/op.h"
#include "jit/divide.h"
#include "jit/ir.h"

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

/* Of a register that stays in its form. */
static inline struct freg value_of(const struct cpu *cpu, const struct freg *f)
{
	if (likely(f->exp < FORM_STEP))
		return *f;
	if (f->exp & FORM_DOUBLE)
		return freg_from_double(f->sig);
	return divide_step((enum recipe)(f->exp >> 8 & 0xff), f->exp & 0xff, f->sig,
		cpu->jit.divisor[f - cpu->fr]);
}

uint64_t fr_settle(struct cpu *cpu, struct freg *f)
{
	if (f->exp >= FORM_STEP)
		*f = value_of(cpu, f);
	return true;
}

uint64_t fr_fma(struct cpu *cpu, uint64_t what)
{
	static const uint8_t sign_of[] = {[FARITH_FMA] = FP_PLUS,
		[FARITH_FMS] = FP_NEG_ADDEND,
		[FARITH_FNMA] = FP_NEG_PRODUCT};
	unsigned f2 = what >> 8 & 0xff, sf = what >> 48 & 3;
	struct freg a = value_of(cpu, &cpu->fr[what >> 16 & 0x7f]);
	struct freg b = value_of(cpu, &cpu->fr[what >> 24 & 0x7f]);
	struct freg c = value_of(cpu, &cpu->fr[f2 & 0x7f]), r;
	struct fp_mode m = fp_mode(cpu->ar[AR_FPSR], sf, (enum fp_pc)(what >> 40 & 3));
	unsigned report =
		fp_fma(&r, &a, &b, f2 ? &c : NULL, (enum fp_sign)sign_of[what >> 32 & 3], &m);

	if (unlikely(report & (FP_REPORT_FAULTS | FP_REPORT_TRAPS)))
		return false;
	cpu->fr[what & 0x7f] = r;
	cpu->ar[AR_FPSR] |= (uint64_t)(report & FP_REPORT_FLAGS) << (FPSR_SF_SHIFT(sf) + 7);
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
