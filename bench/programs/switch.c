/* SPDX-License-Identifier: MIT */
/* Context switches: a byte goes to and fro between two processes. */
#include <unistd.h>

#include "bench.h"

#define ROUNDS 100

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

/* The other process ends when we do and with us the pipe. */
static void start(int there[2], int back[2])
{
	if (pipe(there) != 0 || pipe(back) != 0)
		bench_fail("pipe");
	pid_t child = fork();
	if (child < 0)
		bench_fail("fork");
	if (child == 0) {
		close(there[1]);
		answer(there[0], back[1]);
	}
}

uint64_t bench(void)
{
	static int there[2], back[2];
	uint64_t sum = 0;
	if (!there[1])
		start(there, back);
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint8_t c = (uint8_t)n;
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			bench_fail("read or write");
		sum = bench_mix(sum, c);
	}
	return sum;
}
