/* SPDX-License-Identifier: MIT */
/* Calls: Fibonacci numbers, Takeuchi's function, Ackermann's (a deep register stack), seven queens.
 */
#include "bench.h"

#define OPAQUE __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

OPAQUE static uint64_t fib(uint64_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

OPAQUE static int tak(int x, int y, int z)
{
	return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

OPAQUE static uint64_t ackermann(uint64_t m, uint64_t n)
{
	if (m == 0)
		return n + 1;
	return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

OPAQUE static unsigned queens(unsigned columns, unsigned left, unsigned right)
{
	unsigned found = columns == 127;
	for (unsigned free = 127 & ~(columns | left | right); free; free &= free - 1) {
		unsigned q = free & -free;
		found += queens(columns | q, (left | q) << 1, (right | q) >> 1);
	}
	return found;
}

uint64_t bench(void)
{
	uint64_t sum = bench_mix(fib(20), (uint64_t)tak(12, 8, 4));
	return bench_mix(bench_mix(sum, ackermann(2, 200)), queens(0, 0, 0));
}
