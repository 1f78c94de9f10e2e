/* SPDX-License-Identifier: MIT */
/*
 * Floating-point registers as values (1:85-1:100): encodings, memory formats, the disabled-register
 * check and register writes. The arithmetic itself is in fp_core.h.
 */
#ifndef CPU_FP_H
#define CPU_FP_H

#include "cpu/cpu.h"

#define FREG_INT_BIT   0x8000000000000000ull /* explicit integer bit of the significand */
#define FREG_QUIET_BIT 0x4000000000000000ull /* set in quiet NaNs */

#define FREG_NATVAL	((struct freg){0, FREG_EXP_NATVAL, 0})
#define FREG_ZERO	((struct freg){0, 0, 0})
#define FREG_ONE	((struct freg){FREG_INT_BIT, FREG_EXP_BIAS, 0})
#define FREG_INDEFINITE ((struct freg){FREG_INT_BIT | FREG_QUIET_BIT, FREG_EXP_SPECIAL, 1})

/* --- classes (1:87); each takes any of the 2^82 encodings --- */
static inline bool freg_is_natval(const struct freg *f)
{
	return f->exp == FREG_EXP_NATVAL && f->sign == 0 && f->sig == 0;
}
static inline bool freg_is_inf(const struct freg *f)
{
	return f->exp == FREG_EXP_SPECIAL && f->sig == FREG_INT_BIT;
}
/* Quiet or signalling; pseudo-NaNs are not NaNs but unsupported. */
static inline bool freg_is_nan(const struct freg *f)
{
	return f->exp == FREG_EXP_SPECIAL && f->sig > FREG_INT_BIT;
}
static inline bool freg_is_snan(const struct freg *f)
{
	return freg_is_nan(f) && !(f->sig & FREG_QUIET_BIT);
}
static inline bool freg_is_qnan(const struct freg *f)
{
	return freg_is_nan(f) && (f->sig & FREG_QUIET_BIT);
}
/* Pseudo-NaNs and pseudo-infinities. */
static inline bool freg_is_unsupported(const struct freg *f)
{
	return f->exp == FREG_EXP_SPECIAL && !(f->sig & FREG_INT_BIT);
}
/* True zero; pseudo-zeros (sig 0, exp not 0) are unnormalised numbers instead. */
static inline bool freg_is_zero(const struct freg *f)
{
	return f->sig == 0 && f->exp == 0;
}
/* Denormals, pseudo-denormals, unnormalised numbers and pseudo-zeros: what D reports. */
static inline bool freg_is_unorm(const struct freg *f)
{
	if (f->exp == FREG_EXP_SPECIAL || freg_is_natval(f))
		return false;
	return f->exp == 0 ? f->sig != 0 : !(f->sig & FREG_INT_BIT);
}

/* --- memory formats (1:94-1:99): bit-exact moves, they raise nothing --- */
struct freg freg_from_single(uint32_t v);
struct freg freg_from_double(uint64_t v);
/* se: sign in bit 15, exponent in 14:0, the two bytes above the significand. */
struct freg freg_from_extended(uint64_t sig, uint16_t se);
/* ldf8, setf.sig: v becomes the significand of an integer. */
static inline struct freg freg_from_int(uint64_t v)
{
	return (struct freg){v, FREG_EXP_INT, 0};
}
uint32_t freg_to_single(const struct freg *f);
uint64_t freg_to_double(const struct freg *f);
void freg_to_extended(const struct freg *f, uint64_t *sig, uint16_t *se);
/* stf.spill, ldf.fill: v[0] significand at the lower address, v[1] exponent and sign in 17:0. */
struct freg freg_from_spill(const uint64_t v[2]);
void freg_to_spill(const struct freg *f, uint64_t v[2]);

/* Does a value for ar.fpsr set reserved fields (1:88)? */
bool fpsr_reserved(uint64_t v);

/* --- access checks --- */
/* ISR.code for registers that psr.dfl (f2-f31) or psr.dfh (f32-f127) disables: 0 when all may be
 * used, else bit 0 for low and bit 1 for high. Unused operands: 0. */
unsigned fp_disabled_code(
	const struct cpu *cpu, unsigned f1, unsigned f2, unsigned f3, unsigned f4);
static inline unsigned fp_disabled(
	const struct cpu *cpu, unsigned f1, unsigned f2, unsigned f3, unsigned f4)
{
	if (likely(!(cpu->psr & (PSR(DFL) | PSR(DFH)))))
		return 0;
	return fp_disabled_code(cpu, f1, f2, f3, f4);
}
/* Disabled FP-Register fault with that code; rw: ISR_BIT(R) and/or ISR_BIT(W) for instructions
 * that reference memory, else 0. */
enum exec fp_disabled_fault(struct cpu *cpu, unsigned code, uint64_t rw);

static inline void fr_mark_modified(struct cpu *cpu, unsigned f)
{
	cpu->psr |= f < 32 ? PSR(MFL) : PSR(MFH);
}
/* Writes register f (number in the instruction, 2..127) and marks its half modified. */
static inline void fr_set(struct cpu *cpu, unsigned f, struct freg v)
{
	fr_mark_modified(cpu, f);
	cpu->fr[fr_rotate(cpu, f)] = v;
}
static inline const struct freg *fr_get(const struct cpu *cpu, unsigned f)
{
	return &cpu->fr[fr_rotate(cpu, f)];
}

#endif
