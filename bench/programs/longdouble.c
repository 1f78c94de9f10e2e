/* SPDX-License-Identifier: MIT */
/* Extended precision: Newton's square roots, sums of series, and a Mandelbrot row. Machines differ
 * in what a long double is, so the checksum is of rounded values. */
#include "bench.h"

static long double root(long double x)
{
	long double r = x;
	for (unsigned n = 0; n < 12; n++)
		r = (r + x / r) / 2;
	return r;
}

static uint64_t rounded(long double x)
{
	return (uint64_t)(int64_t)(x * 1e9L + 0.5L);
}

static uint64_t series(void)
{
	long double e = 1, term = 1, pi = 0;
	for (unsigned n = 1; n < 30; n++) {
		term /= n;
		e += term;
	}
	for (unsigned n = 0; n < 4000; n++)
		pi += (n & 1 ? -4.0L : 4.0L) / (2 * n + 1);
	return bench_mix(rounded(e), rounded(pi));
}

/* Points well away from the border, so that the last bits do not decide. */
static uint64_t mandelbrot(void)
{
	uint64_t steps = 0;
	for (int i = -8; i < 8; i++)
		for (int j = 0; j < 16; j++) {
			long double re = i * 0.25L - 0.03L, im = j * 0.125L + 0.01L, x = 0, y = 0;
			unsigned n = 0;
			for (; n < 50 && x * x + y * y < 4; n++) {
				long double t = x * x - y * y + re;
				y = 2 * x * y + im;
				x = t;
			}
			steps += n;
		}
	return steps;
}

uint64_t bench(void)
{
	uint64_t sum = 0;
	for (unsigned n = 2; n < 250; n++)
		sum = bench_mix(sum, rounded(root(n)));
	return bench_mix(bench_mix(sum, series()), mandelbrot());
}
