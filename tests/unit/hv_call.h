/* SPDX-License-Identifier: MIT */
/* Hypercalls made by the processor of pv.h, as tests make them. */
#ifndef TESTS_HV_CALL_H
#define TESTS_HV_CALL_H

#include "pv.h"

#define BUFFER 0x300000ull /* guest-physical */
#define INLINE (1ull << 63)

enum {
	SCHED_OP_COMPAT = 6,
	MEMORY_OP = 12,
	MULTICALL = 13,
	XEN_VERSION = 17,
	CONSOLE_IO = 18,
	GRANT_OP = 20,
	VCPU_OP = 24,
	SCHED_OP = 29,
	CALLBACK_OP = 30,
	EVENT_OP = 32,
	PHYSDEV_OP = 33,
	HVM_OP = 34,
	DOM0VP_OP = 48
};

static inline void put(struct pv *p, uint64_t gpa, const void *data, size_t n)
{
	assert_int_equal(ram_write(&p->g.m.ram, GPA(gpa), data, n), 0);
}

static inline void get(struct pv *p, uint64_t gpa, void *data, size_t n)
{
	assert_int_equal(ram_read(&p->g.m.ram, GPA(gpa), data, n), 0);
}

/* The hypercall of a processor with its arguments; r8. */
static inline int64_t call_on(
	struct pv *p, unsigned vcpu, uint64_t number, const uint64_t arg[6], enum hv_action *action)
{
	struct cpu *cpu = p->g.m.cpu[vcpu];

	cpu_set_cfm(cpu, 8);
	gr_set(cpu, 2, number, 0);
	gr_set(cpu, 8, 0, 0);
	for (unsigned n = 0; n < 6; n++)
		gr_set(cpu, 32 + n, arg[n], 0);
	*action = hv_call(&p->hv, cpu);
	return (int64_t)gr_value(cpu, 8);
}

#endif
