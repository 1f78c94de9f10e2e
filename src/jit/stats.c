/* SPDX-License-Identifier: MIT */
/* What the translator has done, in figures. */
#include "isa/op.h"
#include "jit/jit.h"

#include <inttypes.h>

#define OWN(group, name, field)                                                                    \
	{                                                                                          \
		group, name, false, offsetof(struct jit_cpu, count.field)                          \
	}
#define SHARED(group, name, field)                                                                 \
	{                                                                                          \
		group, name, true, offsetof(struct jit, field)                                     \
	}
#define LEFT(name, kind) OWN("left_translated_code", name, leaves[LEAVE_##kind])

/* clang-format off */
static const struct {
	const char *group, *name;
	bool shared;   /* by all processors: told by the first one only */
	size_t offset; /* of a uint64_t in struct jit or jit_cpu */
} counters[] = {
	OWN("code", "blocks_translated", translations),
	SHARED("code", "blocks_dropped", dropped),
	SHARED("code", "blocks_evicted", evicted),
	OWN("code", "links", links),
	SHARED("code", "bytes", cache.used),
	SHARED("code", "bytes_at_most", cache.size),
	OWN("code", "found_no_room", no_room),
	OWN("left_translated_code", "entries", enters),
	OWN("left_translated_code", "searched_table", searched),
	LEFT("unlinked_branch", BRANCH),
	LEFT("unknown_target", INDIRECT),
	LEFT("unlinked_return", RETURN),
	LEFT("instruction", RESULT),
	LEFT("end_of_block", NEXT),
	LEFT("frame_or_NaT", INTERPRET),
	OWN("left_translated_code", "interpreted_runs", interpreted),
	OWN("left_translated_code", "interpreted_slots", interpreted_slots),
};
/* clang-format on */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "counters of either type");

bool jit_counter(const struct cpu *cpu, unsigned n, struct jit_counter *c)
{
	if (!cpu->jit.state || n >= countof(counters))
		return false;
	const char *at =
		counters[n].shared ? (const char *)cpu->jit.state : (const char *)cpu->jit.own;
	c->group = counters[n].group;
	c->name = counters[n].name;
	c->value = 0;
	if (!counters[n].shared || cpu->index == 0)
		c->value = *(const uint64_t *)(const void *)(at + counters[n].offset);
	return true;
}

uint64_t jit_slots_called(const struct cpu *cpu)
{
	uint64_t sum = 0;

	if (!cpu->jit.state)
		return 0;
	for (unsigned op = 0; op < OP_COUNT; op++)
		sum += cpu->jit.calls[op];
	return sum + cpu->jit.own->count.interpreted_slots;
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
