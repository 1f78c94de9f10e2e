/* SPDX-License-Identifier: MIT */
/* Moves between the register format and the memory formats (1:94-1:99), and the disabled check. */
#include "cpu/fp.h"

struct freg freg_from_single(uint32_t v)
{
	uint32_t exp = v >> 23 & 0xff, frac = v & 0x7fffff;
	struct freg f = {(uint64_t)frac << 40, 0, v >> 31};

	if (exp == 0xff)
		f.exp = FREG_EXP_SPECIAL;
	else if (exp)
		f.exp = exp + (FREG_EXP_BIAS - 127);
	else if (frac)
		f.exp = 1 + FREG_EXP_BIAS - 127;
	if (exp)
		f.sig |= FREG_INT_BIT;
	return f;
}

struct freg freg_from_double(uint64_t v)
{
	uint32_t exp = v >> 52 & 0x7ff;
	uint64_t frac = v & 0xfffffffffffff;
	struct freg f = {frac << 11, 0, (uint32_t)(v >> 63)};

	if (exp == 0x7ff)
		f.exp = FREG_EXP_SPECIAL;
	else if (exp)
		f.exp = exp + (FREG_EXP_BIAS - 1023);
	else if (frac)
		f.exp = 1 + FREG_EXP_BIAS - 1023;
	if (exp)
		f.sig |= FREG_INT_BIT;
	return f;
}

struct freg freg_from_extended(uint64_t sig, uint16_t se)
{
	uint32_t exp = se & 0x7fff;
	struct freg f = {sig, 0, se >> 15};

	if (exp == 0x7fff)
		f.exp = FREG_EXP_SPECIAL;
	else if (exp)
		f.exp = exp + (FREG_EXP_BIAS - 16383);
	return f;
}

/* A clear integer bit makes the memory exponent 0, whatever the register's is. */
uint32_t freg_to_single(const struct freg *f)
{
	uint32_t exp = f->sig & FREG_INT_BIT ? (f->exp >> 16) << 7 | (f->exp & 0x7f) : 0;

	return f->sign << 31 | exp << 23 | (uint32_t)(f->sig >> 40 & 0x7fffff);
}

uint64_t freg_to_double(const struct freg *f)
{
	uint64_t exp = f->sig & FREG_INT_BIT ? (f->exp >> 16) << 10 | (f->exp & 0x3ff) : 0;

	return (uint64_t)f->sign << 63 | exp << 52 | (f->sig >> 11 & 0xfffffffffffff);
}

void freg_to_extended(const struct freg *f, uint64_t *sig, uint16_t *se)
{
	*sig = f->sig;
	*se = (uint16_t)(f->sign << 15 | (f->exp >> 16) << 14 | (f->exp & 0x3fff));
}

struct freg freg_from_spill(const uint64_t v[2])
{
	return (struct freg){v[0], v[1] & 0x1ffff, v[1] >> 17 & 1};
}

void freg_to_spill(const struct freg *f, uint64_t v[2])
{
	v[0] = f->sig;
	v[1] = (uint64_t)f->sign << 17 | f->exp;
}

bool fpsr_reserved(uint64_t v)
{
	/* no td in sf0; precision control 1 is reserved */
	if (v >> 58 || v >> 12 & 1)
		return true;
	for (unsigned sf = 0; sf < 4; sf++) {
		if (bits(v, 6 + 13 * sf + 2, 2) == 1)
			return true;
	}
	return false;
}

unsigned fp_disabled_code(const struct cpu *cpu, unsigned f1, unsigned f2, unsigned f3, unsigned f4)
{
	bool high = (f1 | f2 | f3 | f4) >= 32;
	bool low = f1 - 2u < 30 || f2 - 2u < 30 || f3 - 2u < 30 || f4 - 2u < 30;
	unsigned code = 0;

	if (low && (cpu->psr & PSR(DFL)))
		code |= 1;
	if (high && (cpu->psr & PSR(DFH)))
		code |= 2;
	return code;
}

enum exec fp_disabled_fault(struct cpu *cpu, unsigned code, uint64_t rw)
{
	return cpu_fault(cpu, FAULT_DISABLED_FP, rw | code);
}
