/* SPDX-License-Identifier: MIT */
/* System calls that Linux for ia64 does in its gate page (fsyscalls), without a whole entry into
 * the kernel. */
#include <unistd.h>

#include "bench.h"

uint64_t bench(void)
{
	pid_t self = getpid();
	uint64_t sum = 0;

	for (unsigned n = 0; n < 1000; n++)
		sum = bench_mix(sum, getpid() == self);
	return sum;
}
