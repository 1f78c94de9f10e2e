/* SPDX-License-Identifier: MIT */
/* Processes: fork, copy on write of some pages, exit, wait. */
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define PAGES 16
#define PAGE  16384

static uint8_t memory[PAGES * PAGE];

uint64_t bench(void)
{
	uint64_t sum = 0;
	for (unsigned n = 0; n < PAGES; n++)
		memory[n * PAGE] = (uint8_t)n;
	for (unsigned n = 0; n < 3; n++) {
		pid_t child = fork();
		if (child < 0)
			bench_fail("fork");
		if (child == 0) {
			unsigned total = 0;
			for (unsigned k = 0; k < PAGES; k++)
				total += memory[k * PAGE] += (uint8_t)n;
			_exit((int)(total & 255));
		}
		int status;
		if (waitpid(child, &status, 0) != child)
			bench_fail("waitpid");
		sum = bench_mix(sum, (uint64_t)WEXITSTATUS(status));
	}
	return sum;
}
