/* SPDX-License-Identifier: MIT */
/* Bit moves as volume 3 describes them: 32-bit halves put together by hand. */
#include "moves.h"

typedef unsigned __int128 wide;

struct halves {
	uint32_t l, r; /* left (63:32) and right single */
};

static struct halves halves_of(uint64_t v)
{
	return (struct halves){(uint32_t)(v >> 32), (uint32_t)v};
}

static uint32_t replace(uint32_t to, uint32_t from, uint32_t mask)
{
	return (to & ~mask) | (from & mask);
}

static uint32_t extend(uint32_t v)
{
	return (int32_t)v < 0 ? 0xffffffff : 0;
}

/* clang-format off */
static struct halves move_halves(enum move what, struct halves a, struct halves b)
{
	const uint32_t sign = 0x80000000, se = 0xff800000;

	switch (what) {
	case MIX_LR: return (struct halves){a.l, b.r};
	case MIX_R: return (struct halves){a.r, b.r};
	case MIX_L: return (struct halves){a.l, b.l};
	case SXT_R: return (struct halves){extend(a.r), b.r};
	case SXT_L: return (struct halves){extend(a.l), b.l};
	case SWAP: return (struct halves){b.r, a.l};
	case SWAP_NL: return (struct halves){b.r ^ sign, a.l};
	case SWAP_NR: return (struct halves){b.r, a.l ^ sign};
	case PMERGE_S: return (struct halves){replace(b.l, a.l, sign), replace(b.r, a.r, sign)};
	case PMERGE_NS: return (struct halves){replace(b.l, ~a.l, sign), replace(b.r, ~a.r, sign)};
	default: return (struct halves){replace(b.l, a.l, se), replace(b.r, a.r, se)};
	}
}

static uint64_t combine(enum move what, uint64_t f2, uint64_t f3, uint64_t f4)
{
	switch (what) {
	case AND: return f2 & f3;
	case ANDCM: return f2 & ~f3;
	case OR: return f2 | f3;
	case XOR: return f2 ^ f3;
	case SELECT: return (f3 & f2) | (f4 & ~f2);
	case XMA_L: return f3 * f4 + f2;
	case XMA_H: return (uint64_t)(((wide)((__int128)(int64_t)f3 * (int64_t)f4) + f2) >> 64);
	default: return (uint64_t)(((wide)f3 * f4 + f2) >> 64);
	}
}
/* clang-format on */

/* As stfs stores it: without the integer bit there is no exponent. */
static uint32_t pack(const struct freg *f)
{
	uint32_t exp = (f->exp >> 16) << 7 | (f->exp & 0x7f);

	return f->sign << 31 | (f->sig >> 63 ? exp : 0) << 23 | (uint32_t)(f->sig << 1 >> 41);
}

struct freg oracle_move(enum move what, const struct freg f[3])
{
	const struct freg *a = &f[0], *b = &f[1];
	struct halves h;
	uint64_t sig;

	if (what == MERGE_S)
		return (struct freg){b->sig, b->exp, a->sign};
	if (what == MERGE_NS)
		return (struct freg){b->sig, b->exp, !a->sign};
	if (what == MERGE_SE)
		return (struct freg){b->sig, a->exp, a->sign};
	if (what >= AND) {
		sig = combine(what, a->sig, b->sig, f[2].sig);
	} else {
		h = what == PACK ? (struct halves){pack(a), pack(b)}
				 : move_halves(what, halves_of(a->sig), halves_of(b->sig));
		sig = (uint64_t)h.l << 32 | h.r;
	}
	return (struct freg){sig, 0x1003e, 0};
}
