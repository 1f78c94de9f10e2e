/* SPDX-License-Identifier: MIT */
/* Any bytes as unwind descriptors, for any instruction. */
#include "domain/unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_frame f;
	if (size)
		unwind_decode(data + 1, size - 1, data[0], &f);
	return 0;
}
