/* SPDX-License-Identifier: MIT */
/* Double precision with divisions and square roots: five bodies that attract each other. The
 * checksum is the energy to six digits, which rounding does not reach. */
#include <math.h>

#include "bench.h"

#define BODIES 5
#define STEPS  1000

struct body {
	double at[3], speed[3], mass;
};

static void reset(struct body *b)
{
	uint64_t state = 11;
	for (unsigned n = 0; n < BODIES; n++) {
		for (unsigned k = 0; k < 3; k++) {
			b[n].at[k] = 10.0 * (n + k) + (double)(bench_random(&state) >> 60);
			b[n].speed[k] = (double)(bench_random(&state) >> 60) / 64 - 0.125;
		}
		b[n].mass = n == 0 ? 40 : 0.1 * n;
	}
}

static void step(struct body *b, double dt)
{
	for (unsigned i = 0; i < BODIES; i++)
		for (unsigned j = i + 1; j < BODIES; j++) {
			double d[3], square = 0;
			for (unsigned k = 0; k < 3; k++) {
				d[k] = b[i].at[k] - b[j].at[k];
				square += d[k] * d[k];
			}
			double pull = dt / (square * sqrt(square));
			for (unsigned k = 0; k < 3; k++) {
				b[i].speed[k] -= d[k] * b[j].mass * pull;
				b[j].speed[k] += d[k] * b[i].mass * pull;
			}
		}
	for (unsigned i = 0; i < BODIES; i++)
		for (unsigned k = 0; k < 3; k++)
			b[i].at[k] += dt * b[i].speed[k];
}

static double energy(const struct body *b)
{
	double e = 0;
	for (unsigned i = 0; i < BODIES; i++) {
		for (unsigned k = 0; k < 3; k++)
			e += 0.5 * b[i].mass * b[i].speed[k] * b[i].speed[k];
		for (unsigned j = i + 1; j < BODIES; j++) {
			double square = 0;
			for (unsigned k = 0; k < 3; k++)
				square += (b[i].at[k] - b[j].at[k]) * (b[i].at[k] - b[j].at[k]);
			e -= b[i].mass * b[j].mass / sqrt(square);
		}
	}
	return e;
}

uint64_t bench(void)
{
	struct body bodies[BODIES];
	reset(bodies);
	for (unsigned n = 0; n < STEPS; n++)
		step(bodies, 0.001);
	return (uint64_t)(int64_t)floor(energy(bodies) * 1e6 + 0.5);
}
