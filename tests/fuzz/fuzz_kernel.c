/* SPDX-License-Identifier: MIT */
/* Any bytes as a kernel file, of a domain of each type. What is refused is so with a reason, what
 * is taken lies where it may. */
#include "domain.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(struct domain *d, const struct kernel_rules *rules)
{
	struct kernel_image *k = &d->kernel;
	char error[LOAD_ERROR_SIZE] = "";

	if (kernel_load(&d->machine.ram, d->fd.kernel, "kernel", rules, k, error)) {
		if (!error[0])
			abort();
	} else if (k->low < rules->low || k->high > rules->high || k->low >= k->high ||
		   k->entry - k->low >= k->high - k->low)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct domain *d;
	if (!d)
		d = fuzz_domain(1);
	if (!size)
		return 0;
	fuzz_kernel(d, data, size);
	load(d, &(struct kernel_rules){.high = ~0ull});
	load(d, &(struct kernel_rules){.low = 0x3000, .high = (8 << 20) - 0x10000, .xen = true});
	return 0;
}
