/* SPDX-License-Identifier: MIT */
/* Random register contents: mostly numbers near each other or near a limit of some format. */
#include "operand.h"

uint64_t source_bits(struct source *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned source_below(struct source *s, unsigned n)
{
	return (unsigned)((source_bits(s) >> 32) * n >> 32);
}

static const struct freg edges[] = {
	{0, 0, 0},	 /* zero */
	{0, 0x1fffe, 0}, /* NaTVal */
	{0, 0x1fffe, 1},
	{0, 1, 0},
	{0, 0xffff, 0},		  /* pseudo-zeros */
	{1ull << 63, 0x1ffff, 0}, /* infinity */
	{0xc000000000000000, 0x1ffff, 1},
	{0xe000000000000001, 0x1ffff, 0}, /* quiet NaNs */
	{0x8000000000000001, 0x1ffff, 0},
	{0xa000000000000000, 0x1ffff, 1}, /* signalling */
	{0, 0x1ffff, 0},
	{0x4000000000000000, 0x1ffff, 0},
	{1, 0x1ffff, 1}, /* unsupported */
	{1ull << 63, 0xffff, 0},
	{1ull << 63, 0x1003e, 0},
	{~0ull, 0x1fffe, 0},
	{1, 0, 0},
	{1ull << 63, 0, 0},
	{~0ull, 0, 0},
	{1ull << 62, 0, 0}, /* exponent 0 */
	{1, 1, 0},
	{1ull << 63, 1, 0},
	{1ull << 63, 0x1fffe, 0},
	{1, 0x1fffe, 0},
	{1ull << 63, 0xc001, 0},
	{1ull << 62, 0xc001, 0},
	{~0ull, 0x13ffe, 0},
	{1ull << 62, 0xff81, 0},
	{1ull << 40, 0xff81, 0},
	{0xffffff0000000000, 0x1007e, 0},
	{1ull << 62, 0xfc01, 0},
	{1ull << 11, 0xfc01, 0},
	{0xfffffffffffff800, 0x103fe, 0},
	{~0ull, 0x1003d, 0},
	{~0ull, 0x1003e, 0},
	{1ull << 63, 0x1003f, 0},
	{~0ull, 0x1001d, 0},
	{1ull << 63, 0x1001e, 0},
	{~0ull, 0xfffd, 0},
	{1ull << 63, 0xfffe, 0},
	{0x8000000000000001, 0xfffe, 0},
	{0xc000000000000000, 0xffff, 0},
};

static uint64_t random_significand(struct source *s)
{
	uint64_t v = source_bits(s);
	unsigned n = source_below(s, 64);

	switch (source_below(s, 10)) {
	case 0:
		return 1ull << 63;
	case 1:
		return ~0ull << n;
	case 2:
		return 1ull << 63 | 1ull << n;
	case 3: /* the middle between two singles or doubles, or next to it */
		v = (v & ~0ull << 40) | 1ull << 39;
		return (v | 1ull << 63) + source_below(s, 3) - 1;
	case 4:
		v = (v & ~0ull << 11) | 1ull << 10;
		return (v | 1ull << 63) + source_below(s, 3) - 1;
	case 5:
		return v << 40 | 1ull << 63;
	case 6:
		return v << 11 | 1ull << 63;
	case 7:
		return v >> n; /* unnormal */
	default:
		return v | 1ull << 63;
	}
}

static uint32_t clamp(long e)
{
	return (uint32_t)(e < 0 ? 0 : e > 0x1fffe ? 0x1fffe : e);
}

static uint32_t near_exponent(struct source *s, long e)
{
	return clamp(e + (long)source_below(s, 141) - 70);
}

static uint32_t random_exponent(struct source *s)
{
	static const int limits[] = {0, 1, 0xc001, 0x13ffe, 0xff81, 0x1007e, 0xfc01, 0x103fe,
		0x1fffe, 0x1003e, 0x1001e, 64, 0xe000, 0x12000, 0x8000, 0x17fff};

	switch (source_below(s, 4)) {
	case 0:
		return source_below(s, 0x1ffff);
	case 1:
		return near_exponent(s, limits[source_below(s, countof(limits))]);
	default:
		return near_exponent(s, 0xffff);
	}
}

struct freg source_register(struct source *s)
{
	struct freg f = {0};

	if (source_below(s, 6) == 0)
		f = edges[source_below(s, countof(edges))];
	else
		f = (struct freg){random_significand(s), random_exponent(s), 0};
	if (f.exp != 0x1fffe || f.sig)
		f.sign = source_below(s, 2);
	return f;
}

void source_triple(struct source *s, struct freg f[3])
{
	long product;

	for (int i = 0; i < 3; i++)
		f[i] = source_register(s);
	product = (long)f[0].exp + f[1].exp - 0xffff;
	switch (source_below(s, 5)) {
	case 0: /* the addend cancels most of the product */
		f[2].sig = (uint64_t)((uint128_t)f[0].sig * f[1].sig >> (63 + source_below(s, 2)));
		f[2].sig += source_below(s, 3) - 1;
		f[2].exp = clamp(product + (long)source_below(s, 3) - 1);
		break;
	case 1: /* it is somewhere near */
		f[2].exp = clamp(product + (long)source_below(s, 280) - 140);
		break;
	case 2: { /* the product meets a limit */
		static const int limits[] = {
			0, 1, 0xc001, 0x13ffe, 0xff81, 0x1007e, 0xfc01, 0x103fe, 0x1fffe};

		f[1].exp = clamp(limits[source_below(s, countof(limits))] - (long)f[0].exp +
				 0xffff + (long)source_below(s, 80) - 75);
		break;
	}
	case 3:
		f[source_below(s, 2)] = (struct freg){1ull << 63, 0xffff, 0};
		break;
	default:
		break;
	}
}

uint32_t source_single(struct source *s)
{
	static const uint32_t some[] = {0, 1, 0x7fffff, 0x800000, 0x800001, 0x3f800000, 0x7f7fffff,
		0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fffffff, 0x4effffff, 0x4f000000,
		0x4f7fffff, 0x4f800000, 0x3f000000, 0x3effffff, 0x00400000, 0x7e000000, 0x7e800000,
		0x7dffffff, 0x0c000000, 0x0c7fffff, 0x0b800000};
	uint32_t sign = source_below(s, 2) << 31;

	switch (source_below(s, 6)) {
	case 0:
		return sign | some[source_below(s, countof(some))];
	case 1:
		return (uint32_t)source_bits(s);
	case 2: /* denormals and the smallest normals */
		return sign | (uint32_t)(source_bits(s) & 0x1ffffff) >> source_below(s, 24);
	case 3:
		return sign | (uint32_t)(source_bits(s) % 48 + 110) << 23 |
		       (uint32_t)(source_bits(s) << source_below(s, 23) & 0x7fffff);
	default:
		return sign | (uint32_t)(source_bits(s) % 255) << 23 |
		       (uint32_t)(source_bits(s) & 0x7fffff);
	}
}
