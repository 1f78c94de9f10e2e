/* SPDX-License-Identifier: MIT */
/* Two threads share 64 pieces of work, integer and floating point, that they take from a counter; a
 * spin lock guards the result. On one processor they take turns. */
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

#define THREADS 2
#define PIECES	64
#define PIECE	4000

struct job {
	atomic_uint next;
	atomic_flag lock;
	uint64_t sum;
};

static uint64_t piece(uint64_t n)
{
	uint64_t state = n + 1, sum = 0;
	double x = 0;
	for (unsigned k = 0; k < PIECE; k++) {
		uint64_t r = bench_random(&state);
		sum = bench_mix(sum, r);
		x += (double)(r >> 60) * 0.5;
	}
	return bench_mix(sum, (uint64_t)x);
}

static void *work(void *argument)
{
	struct job *job = argument;
	unsigned n;
	while ((n = atomic_fetch_add(&job->next, 1)) < PIECES) {
		uint64_t result = piece(n);
		while (atomic_flag_test_and_set(&job->lock))
			;
		job->sum += result;
		atomic_flag_clear(&job->lock);
	}
	return NULL;
}

uint64_t bench(void)
{
	pthread_t thread[THREADS];
	struct job job = {.sum = 0, .lock = ATOMIC_FLAG_INIT};
	for (unsigned n = 0; n < THREADS; n++)
		if (pthread_create(&thread[n], NULL, work, &job) != 0)
			bench_fail("pthread_create");
	for (unsigned n = 0; n < THREADS; n++)
		pthread_join(thread[n], NULL);
	return job.sum;
}
