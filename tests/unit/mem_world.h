/* SPDX-License-Identifier: MIT */
/* One processor, some RAM mapped at 0x40000 and a device at 0x60000, for memory instructions. */
#ifndef TESTS_UNIT_MEM_WORLD_H
#define TESTS_UNIT_MEM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/exec.h"

#define MODE  (PSR(DT) | PSR(RT) | PSR(IT) | PSR(IC))
#define RWX   0x661ull /* present, accessed, dirty, pl 0, read-write-execute */
#define DEV   0x80000000ull
#define CODE  0xa000000000000000ull /* a page with TLB.ed */
#define BASE  14		    /* the register that holds addresses */
#define VALUE 15

/* ldtype completers */
enum { LD_A = 2, LD_SA = 3, LD_C_CLR = 6, LD_C_NC = 7 };

struct world {
	struct machine machine;
	struct cpu *cpu;
	struct bus_access seen[16];
	unsigned accesses;
};

static inline void device(void *dev, struct bus_access *a)
{
	struct world *w = dev;
	w->seen[w->accesses++ % 16] = *a;
	a->value = a->write ? a->value : 0x1122334455667788 + a->addr;
}

static inline void map(struct world *w, uint64_t va, uint64_t pa, uint64_t bits)
{
	mmu_itc(&w->cpu->mmu, false, va, 12 << 2, bits | pa);
}

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->machine.model = cpu_model_find("tukwila");
	assert_int_equal(ram_add_slot(&w->machine.ram, 0, 1 << 20), 0);
	assert_int_equal(bus_add(&w->machine.bus, DEV, 0x1000, device, w, "test"), 0);
	w->cpu = cpu_new(&w->machine, 0);
	assert_non_null(w->cpu);
	cpu_set_psr(w->cpu, MODE);
	cpu_set_cfm(w->cpu, 96 | 8ull << 7);
	for (uint64_t p = 0; p < 16; p++)
		map(w, 0x40000 + (p << 12), p << 12, RWX);
	map(w, 0x60000, DEV, RWX | 4 << 2);
	mmu_itc(&w->cpu->mmu, true, CODE, 12 << 2, RWX | 1ull << 52 | 0x8000);
	w->cpu->page_va = CODE;
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;
	cpu_free(w->cpu);
	ram_free(&w->machine.ram);
	free(w);
	return 0;
}

/* Runs one instruction on [BASE], value in VALUE, target r16 / f32 and f33. */
static inline enum exec run(struct world *w, exec_fn *f, uint64_t va, uint64_t v, unsigned comp)
{
	struct insn i = {.r1 = 16, .r2 = VALUE, .r3 = BASE, .comp = (uint16_t)comp};
	gr_set(w->cpu, BASE, va, 0);
	gr_set(w->cpu, VALUE, v, 0);
	return f(w->cpu, &i);
}

static inline uint64_t load(struct world *w, exec_fn *f, uint64_t va)
{
	assert_int_equal(run(w, f, va, 0, 0), EXEC_NEXT);
	assert_int_equal(gr_nat(w->cpu, 16), 0);
	return gr_value(w->cpu, 16);
}

static inline void expect_fault(struct world *w, enum exec r, enum fault f, uint64_t isr)
{
	assert_int_equal(r, EXEC_FAULT);
	assert_int_equal(w->cpu->mmu.fault.code, f);
	assert_int_equal(w->cpu->mmu.fault.isr, isr);
}

static inline uint8_t *ram(struct world *w, uint64_t pa)
{
	return w->machine.ram.slot[0].host + pa;
}

static inline void set_mode(struct world *w, uint64_t extra)
{
	cpu_set_psr(w->cpu, MODE | extra);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
