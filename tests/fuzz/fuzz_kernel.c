/* SPDX-License-Identifier: MIT */
/* Any bytes as a kernel file. The first byte chooses whether an ELF header comes first. */
#include "domain.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct domain *d;
	char error[LOAD_ERROR_SIZE] = "";
	if (!d)
		d = fuzz_domain(1);
	if (!size)
		return 0;
	fuzz_kernel(d, data, size);
	if (kernel_load(&d->machine.ram, d->fd.kernel, "kernel", &d->kernel, error) && !error[0])
		abort();
	return 0;
}
