/* SPDX-License-Identifier: MIT */
/* Any bytes as a guest's hypercalls and firmware calls: see hypercall.h. */
#include "hypercall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_world *w;

	if (!w)
		w = hc_world_new();
	hc_run(w, data, size);
	return 0;
}
