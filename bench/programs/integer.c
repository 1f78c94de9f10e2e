/* SPDX-License-Identifier: MIT */
/* Plain integer loops: a sieve, and the longest Collatz sequence. */
#include "bench.h"

#define SIEVE	200000
#define COLLATZ 4000

static uint8_t composite[SIEVE];

static uint64_t primes(void)
{
	uint64_t sum = 0;
	memset(composite, 0, sizeof(composite));
	for (uint32_t n = 2; n < SIEVE; n++) {
		if (composite[n])
			continue;
		sum = bench_mix(sum, n);
		for (uint64_t m = (uint64_t)n * n; m < SIEVE; m += n)
			composite[m] = 1;
	}
	return sum;
}

static uint64_t collatz(void)
{
	uint64_t longest = 0, start = 0;
	for (uint64_t n = 1; n < COLLATZ; n++) {
		uint64_t steps = 0;
		for (uint64_t x = n; x != 1; steps++)
			x = x & 1 ? 3 * x + 1 : x / 2;
		if (steps > longest) {
			longest = steps;
			start = n;
		}
	}
	return bench_mix(longest, start);
}

uint64_t bench(void)
{
	return bench_mix(primes(), collatz());
}
