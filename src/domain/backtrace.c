/* SPDX-License-Identifier: MIT */
#include "domain/backtrace.h"
void backtrace(struct text *out, struct cpu *cpu, const struct kernel_image *kernel)
{
	(void)kernel;
	text_printf(out, "backtrace: b0 %016llx\n", (unsigned long long)cpu->br[0]);
}
