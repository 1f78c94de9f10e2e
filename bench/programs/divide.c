/* SPDX-License-Identifier: MIT */
/* Integer division, which ia64 has as sequences of floating-point instructions: greatest common
 * divisors, powers modulo a number, numbers in decimal. */
#include "bench.h"

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t t = a % b;
		a = b;
		b = t;
	}
	return a;
}

static uint32_t power(uint32_t base, uint32_t exponent, uint32_t modulus)
{
	uint64_t r = 1, b = base % modulus;
	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			r = r * b % modulus;
		b = b * b % modulus;
	}
	return (uint32_t)r;
}

static uint64_t digits(int64_t n)
{
	uint64_t sum = 0;
	for (; n; n /= 10)
		sum = sum * 16 + (uint64_t)(n % 10);
	return sum;
}

uint64_t bench(void)
{
	uint64_t sum = 0, state = 12;
	for (unsigned n = 0; n < 500; n++) {
		uint64_t a = bench_random(&state), b = bench_random(&state);
		uint32_t modulus = (uint32_t)(b >> 33) | 1;
		sum = bench_mix(sum, gcd(a, b >> 20));
		if (n % 4 == 0)
			sum = bench_mix(sum, power((uint32_t)a, (uint32_t)b, modulus));
		sum = bench_mix(sum, digits((int64_t)(a ^ b)));
	}
	return sum;
}
