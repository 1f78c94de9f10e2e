/* SPDX-License-Identifier: MIT */
/* See code.h. */
#include "code.h"

#include <stdio.h>
#include <stdlib.h>

#include "isa/op.h"

#define RAM  (4ull << 20)
#define BASE 0x10000ull
#define MFB  0x1c

void code_init(struct fpcode *c, const struct engine *engine)
{
	c->m.model = cpu_model_find(NULL);
	c->m.engine = engine;
	c->m.cpus = 1;
	clock_init(&c->m.clock, true);
	if (ram_add_slot(&c->m.ram, 0, RAM) || !(c->cpu = cpu_new(&c->m, 0))) {
		fprintf(stderr, "fptest: no memory\n");
		exit(2);
	}
	c->m.cpu[0] = c->cpu;
	cpu_set_psr(c->cpu, 0);
}

void code_free(struct fpcode *c)
{
	cpu_free(c->cpu);
	ram_free(&c->m.ram);
	free(c);
}

static uint64_t encode(const struct insn *i)
{
	uint64_t slot = 0, l = 0;

	if (insn_encode(i, &slot, &l))
		abort();
	return slot;
}

/* Behind the instruction is a branch to itself, at which the engine's budget ends. */
static gva_t place(struct fpcode *c, uint64_t slot)
{
	unsigned n = (unsigned)(slot * 0x9e3779b97f4a7c15 >> 47) % CODE_SLOTS;
	uint64_t nop = encode(&(struct insn){.op = OP_nop_m});
	uint64_t branch = encode(&(struct insn){.op = OP_br_cond});

	while (c->place[n].at && c->place[n].slot != slot)
		n = (n + 1) % CODE_SLOTS;
	if (!c->place[n].at) {
		gva_t at = BASE + c->count++ * 16ull;
		uint64_t b[2] = {MFB | nop << 5 | slot << 46, slot >> 18 | branch << 23};
		if (ram_write(&c->m.ram, GPA(at), b, sizeof(b)))
			abort();
		c->place[n].slot = slot;
		c->place[n].at = at;
	}
	return c->place[n].at;
}

enum exec code_run(struct fpcode *c, const struct insn *i)
{
	c->cpu->ip = place(c, encode(i));
	c->cpu->ri = 0;
	c->cpu->stay_va = 1;
	enum exec r = (enum exec)c->m.engine->run(c->cpu, 1);
	return r == EXEC_BRANCH ? EXEC_NEXT : r;
}
