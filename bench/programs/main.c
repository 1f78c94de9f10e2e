/* SPDX-License-Identifier: MIT */
/*
 * usage: PROGRAM [REPEATS [MILLISECONDS]]: at least so many repeats, and at least for so long.
 * Prints "checksum HEX best NS cpu NS repeats N": how long a repeat took by the clock and by the
 * process's CPU time, and how many there were. Repeats are timed in batches of some milliseconds,
 * alike for fast and slow machines, and the best batch counts: whatever else the machine does
 * disturbs some, not all.
 */
#include <time.h>

#include "bench.h"

#define BATCH_NS 2e6

static double read_clock(clockid_t clock)
{
	struct timespec t;
	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void bench_fail(const char *why)
{
	fflush(stdout);
	fprintf(stderr, "failed: %s\n", why);
	exit(1);
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

struct run {
	double best, cpu;
	uint64_t sum;
	long repeats;
};

/* Some repeats, until BATCH_NS have passed; returns the time. */
static double run_batch(struct run *r, double begin)
{
	double used = read_clock(CLOCK_PROCESS_CPUTIME_ID), now;
	long n = 0;
	do {
		uint64_t sum = bench();
		if (r->repeats > 0 && sum != r->sum)
			bench_fail("two repeats differ");
		r->sum = sum;
		r->repeats++;
		n++;
		now = read_clock(CLOCK_MONOTONIC);
	} while (now - begin < BATCH_NS);
	used = read_clock(CLOCK_PROCESS_CPUTIME_ID) - used;
	r->best = least(r->best, (now - begin) / (double)n);
	r->cpu = least(r->cpu, used / (double)n);
	return now;
}

int main(int argc, char **argv)
{
	long repeats = argc > 1 ? atol(argv[1]) : 1;
	double limit = argc > 2 ? 1e6 * (double)atol(argv[2]) : 0;
	double start = read_clock(CLOCK_MONOTONIC), now = start;
	struct run r = {.best = 1e18, .cpu = 1e18};
	while (r.repeats < repeats || now - start < limit)
		now = run_batch(&r, now);
	printf("checksum %016llx best %.0f cpu %.0f repeats %ld\n", (unsigned long long)r.sum,
		r.best, r.cpu, r.repeats);
	return 0;
}
