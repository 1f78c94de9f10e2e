/* SPDX-License-Identifier: MIT */
/* Page faults: memory is mapped, every page written once and read again, its rights changed, and
 * unmapped. The number of pages is the same everywhere, their size is not. */
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define PAGES 256

uint64_t bench(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t sum = 0;
	uint8_t *p = mmap(
		NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		bench_fail("mmap");
	for (size_t k = 0; k < PAGES; k++)
		p[k * page + k] = (uint8_t)k;
	if (mprotect(p, PAGES * page, PROT_READ) != 0)
		bench_fail("mprotect");
	for (size_t k = 0; k < PAGES; k++)
		sum = bench_mix(sum, p[k * page + k]);
	munmap(p, PAGES * page);
	return sum;
}
