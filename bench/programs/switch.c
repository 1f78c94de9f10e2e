/* SPDX-License-Identifier: MIT */
/* Context switches: a byte goes to and fro between two processes. */
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS 1000

static void answer(int from, int to)
{
	uint8_t c;
	while (read(from, &c, 1) == 1) {
		c++;
		if (write(to, &c, 1) != 1)
			break;
	}
	_exit(0);
}

uint64_t bench(void)
{
	int there[2], back[2], status;
	uint64_t sum = 0;
	if (pipe(there) != 0 || pipe(back) != 0)
		bench_fail("pipe");
	pid_t child = fork();
	if (child < 0)
		bench_fail("fork");
	if (child == 0) {
		close(there[1]);
		answer(there[0], back[1]);
	}
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint8_t c = (uint8_t)n;
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			bench_fail("read or write");
		sum = bench_mix(sum, c);
	}
	for (unsigned n = 0; n < 2; n++) {
		close(there[1 - n]);
		close(back[n]);
	}
	waitpid(child, &status, 0);
	return sum;
}
