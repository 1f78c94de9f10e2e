/* SPDX-License-Identifier: MIT */
/* What the translator has done, in figures. */
#include "isa/op.h"
#include "jit/jit.h"

#include <inttypes.h>

#define ROW(group, name, field)                                                                    \
	{                                                                                          \
		group, name, offsetof(struct jit, field)                                           \
	}
#define LEFT(name, kind) ROW("left_translated_code", name, count.leaves[LEAVE_##kind])

/* clang-format off */
static const struct {
	const char *group, *name;
	size_t offset; /* of a uint64_t in struct jit */
} counters[] = {
	ROW("code", "blocks_translated", count.translations),
	ROW("code", "blocks_dropped", count.blocks_dropped),
	ROW("code", "links", count.links),
	ROW("code", "bytes", cache.used),
	ROW("code", "bytes_at_most", cache.size),
	ROW("code", "cache_emptied", count.flushes),
	ROW("left_translated_code", "entries", count.enters),
	LEFT("unlinked_branch", BRANCH),
	LEFT("unknown_target", INDIRECT),
	LEFT("instruction", RESULT),
	LEFT("end_of_block", NEXT),
	LEFT("frame_or_NaT", INTERPRET),
	ROW("left_translated_code", "interpreted_runs", count.interpreted),
	ROW("left_translated_code", "interpreted_slots", count.interpreted_slots),
};
/* clang-format on */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "counters of either type");

bool jit_counter(const struct cpu *cpu, unsigned n, struct jit_counter *c)
{
	if (!cpu->jit.state || n >= countof(counters))
		return false;
	const char *at = (const char *)cpu->jit.state + counters[n].offset;
	c->group = counters[n].group;
	c->name = counters[n].name;
	c->value = *(const uint64_t *)(const void *)at;
	return true;
}

uint64_t jit_slots_called(const struct cpu *cpu)
{
	uint64_t sum = 0;

	if (!cpu->jit.state)
		return 0;
	for (unsigned op = 0; op < OP_COUNT; op++)
		sum += cpu->jit.calls[op];
	return sum + cpu->jit.state->count.interpreted_slots;
}

void jit_print_stats(const struct cpu *cpu, FILE *out)
{
	struct jit_counter c;

	for (unsigned n = 0; jit_counter(cpu, n, &c); n++)
		fprintf(out, "%-20s %-18s %" PRIu64 "\n", c.group, c.name, c.value);
	if (!cpu->jit.state)
		return;
	for (unsigned op = 0; op < OP_COUNT; op++)
		if (cpu->jit.calls[op])
			fprintf(out, "called %-14s %" PRIu64 "\n", op_name(op), cpu->jit.calls[op]);
	fprintf(out, "translated %.2f %% of the slots\n",
		100 - 100 * (double)jit_slots_called(cpu) / (double)(cpu->slots + !cpu->slots));
}
