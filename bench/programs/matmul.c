/* SPDX-License-Identifier: MIT */
/* Double precision: products of matrices of small integers, which are exact with or without fused
 * multiply-add, and Gaussian elimination. */
#include "bench.h"

#define SIZE 72

static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static void fill(void)
{
	uint64_t state = 10;
	for (size_t i = 0; i < SIZE; i++)
		for (size_t j = 0; j < SIZE; j++) {
			a[i][j] = (double)(bench_random(&state) >> 56);
			b[i][j] = (double)(bench_random(&state) >> 56) - 128;
		}
}

static uint64_t product(void)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < SIZE; i++)
		for (size_t j = 0; j < SIZE; j++) {
			double s = 0;
			for (size_t k = 0; k < SIZE; k++)
				s += a[i][k] * b[k][j];
			c[i][j] = s;
		}
	for (size_t i = 0; i < SIZE; i++)
		sum = bench_mix(sum, (uint64_t)(int64_t)c[i][(i * 7) % SIZE]);
	return sum;
}

/* The solution of A x = A 1 is 1; what is not within 1e-6 of it is counted. */
static uint64_t eliminate(void)
{
	double x[SIZE];
	uint64_t wrong = 0;
	memcpy(c, a, sizeof(c));
	for (size_t i = 0; i < SIZE; i++) {
		c[i][i] += 20000;
		x[i] = 0;
		for (size_t j = 0; j < SIZE; j++)
			x[i] += c[i][j];
	}
	for (size_t k = 0; k < SIZE; k++)
		for (size_t i = k + 1; i < SIZE; i++) {
			double factor = c[i][k] / c[k][k];
			for (size_t j = k; j < SIZE; j++)
				c[i][j] -= factor * c[k][j];
			x[i] -= factor * x[k];
		}
	for (size_t i = SIZE; i-- > 0;) {
		for (size_t j = i + 1; j < SIZE; j++)
			x[i] -= c[i][j] * x[j];
		x[i] /= c[i][i];
		wrong += x[i] < 0.999999 || x[i] > 1.000001;
	}
	return wrong;
}

uint64_t bench(void)
{
	fill();
	return bench_mix(product(), eliminate());
}
