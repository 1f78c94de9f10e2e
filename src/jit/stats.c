/* SPDX-License-Identifier: MIT */
/* What the translator has done, in figures. */
#include "isa/op.h"
#include "jit/jit.h"

#include <inttypes.h>

static void print_calls(const struct jit *jit, FILE *out)
{
	for (unsigned op = 0; op < OP_COUNT; op++)
		if (jit->calls[op])
			fprintf(out, "  call %-14s %" PRIu64 "\n", op_name(op), jit->calls[op]);
}

void jit_print_stats(const struct cpu *cpu, FILE *out)
{
	static const char *const leave[] = {"indirect", "branch", "result", "next", "interpret"};
	const struct jit *jit = cpu->jit.state;

	if (!jit)
		return;
	fprintf(out,
		"jit: %" PRIu64 " translations, %" PRIu64 " dropped, %" PRIu64 " flushes, %" PRIu64
		" links, %" PRIu64 " interpreted runs, %zu bytes of code\n",
		jit->count.translations, jit->count.blocks_dropped, jit->count.flushes,
		jit->count.links, jit->count.interpreted, jit->cache.used);
	for (unsigned n = 0; n < countof(leave); n++)
		fprintf(out, "  left by %-9s %" PRIu64 "\n", leave[n], jit->count.leaves[n]);
	if (jit->calls)
		print_calls(jit, out);
}
