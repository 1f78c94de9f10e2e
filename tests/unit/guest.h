/* SPDX-License-Identifier: MIT */
/*
 * A machine for tests of the system architecture: RAM, one processor in physical mode, an
 * interruption vector table whose entries leave cpu_run with the vector's number, and a place to
 * put instructions, one to a bundle.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/cpu.h"
#include "engine.h"
#include "isa/op.h"

#define GUEST_RAM  (64ull << 20)
#define GUEST_IVA  0x10000ull
#define GUEST_CODE 0x18000ull
#define GUEST_DONE 0xfff /* guest_run's answer at guest_end's marker */

struct guest {
	struct machine m;
	struct cpu *cpu;
	uint64_t at; /* where the next bundle goes */
};

static inline void guest_put(struct guest *g, uint64_t addr, uint64_t lo, uint64_t hi)
{
	uint64_t b[2] = {lo, hi};
	assert_int_equal(ram_write(&g->m.ram, GPA(addr), b, 16), 0);
}

static inline uint64_t guest_encode(struct insn i)
{
	uint64_t slot = 0, l = 0;
	assert_int_equal(insn_encode(&i, &slot, &l), 0);
	return slot;
}

/* Templates with the instruction in the slot of its unit, nops around it, a stop at the end. */
enum guest_unit { IN_M, IN_I, IN_F, IN_B };

static inline void guest_bundle(
	struct guest *g, unsigned tmpl, uint64_t s0, uint64_t s1, uint64_t s2)
{
	guest_put(g, g->at, tmpl | s0 << 5 | s1 << 46, s1 >> 18 | s2 << 23);
	g->at += 16;
}

static inline void guest_insn(struct guest *g, enum guest_unit u, struct insn i)
{
	uint64_t nop_m = guest_encode((struct insn){.op = OP_nop_m});
	uint64_t nop_i = guest_encode((struct insn){.op = OP_nop_i});
	uint64_t v = guest_encode(i);
	switch (u) {
	case IN_M:
		guest_bundle(g, 0x01, v, nop_i, nop_i);
		break;
	case IN_I:
		guest_bundle(g, 0x01, nop_m, v, nop_i);
		break;
	case IN_F:
		guest_bundle(g, 0x0d, nop_m, v, nop_i);
		break;
	case IN_B:
		guest_bundle(g, 0x11, nop_m, nop_i, v);
		break;
	}
}
#define guest_m(g, ...) guest_insn(g, IN_M, (struct insn){__VA_ARGS__})
#define guest_i(g, ...) guest_insn(g, IN_I, (struct insn){__VA_ARGS__})
#define guest_f(g, ...) guest_insn(g, IN_F, (struct insn){__VA_ARGS__})
#define guest_b(g, ...) guest_insn(g, IN_B, (struct insn){__VA_ARGS__})

/* The marker that ends a test program. */
static inline void guest_end(struct guest *g)
{
	guest_m(g, .op = OP_break_m, .imm = 0x1f0000 | GUEST_DONE);
}

static inline void guest_vectors(struct guest *g)
{
	for (g->at = GUEST_IVA; g->at < GUEST_IVA + 0x8000;)
		guest_m(g, .op = OP_break_m,
			.imm = 0x1f0000 | (int64_t)((g->at - GUEST_IVA) & 0x7f00) >> 4);
	g->at = GUEST_CODE;
}

static inline void guest_init(struct guest *g, const char *model)
{
	memset(g, 0, sizeof(*g));
	g->m.model = cpu_model_find(model);
	assert_non_null(g->m.model);
	assert_int_equal(ram_add_slot(&g->m.ram, 0, GUEST_RAM), 0);
	g->m.engine = test_engine;
	clock_init(&g->m.clock, true);
	g->m.fw_base = GPA(GUEST_IVA);
	g->m.fw_size = 0x10000;
	g->cpu = g->m.cpu[0] = cpu_new(&g->m, 0);
	assert_non_null(g->cpu);
	g->m.cpus = 1;
	guest_vectors(g);
	g->cpu->cr[CR_IVA] = GUEST_IVA;
	g->cpu->ip = GUEST_CODE;
	cpu_set_psr(g->cpu, PSR(IC) | PSR(BN));
}

static inline void guest_free(struct guest *g)
{
	for (unsigned n = 0; n < g->m.cpus; n++)
		cpu_free(g->m.cpu[n]);
	ram_free(&g->m.ram);
}

/* Runs to a vector, whose offset is returned, or to the end marker. */
static inline unsigned guest_run(struct guest *g)
{
	enum exit e = cpu_run(g->cpu, 100000);
	assert_int_equal(e, EXIT_FIRMWARE);
	return g->cpu->exit_arg == GUEST_DONE ? GUEST_DONE : (unsigned)g->cpu->exit_arg << 4;
}

/* Starts over at address code with PSR psr. */
static inline void guest_restart(struct guest *g, uint64_t code, uint64_t psr)
{
	g->cpu->ip = code;
	g->at = code;
	cpu_set_psr(g->cpu, psr);
}

#endif
