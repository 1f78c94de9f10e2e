/* SPDX-License-Identifier: MIT */
/*
 * A paravirtual processor for tests: guest.h's machine with a hypervisor, started in guest physical
 * mode at the kernel's level. Its virtual cr.iva points at guest.h's vectors.
 */
#ifndef TESTS_PV_H
#define TESTS_PV_H

#include "guest.h"

#include "cpu/rse.h"
#include "hv/pv.h"

#define XSI	    0xfffffffffff00000ull
#define XSI_REGS    (XSI + 0x4000)
#define PV_CRASH    0xcccc /* pv_run's answers beside vectors and GUEST_DONE */
#define PV_CALL	    0xca11
#define PV_CALLBACK (GUEST_IVA + 0x7f00) /* no vector is there */

struct pv {
	struct guest g;
	struct hv hv;
	struct hv_vcpu *v;
	struct cpu *cpu;
};

static inline void pv_start(struct pv *p)
{
	hv_boot_cpu(&p->hv, GUEST_CODE, 0);
	p->v->iva = GUEST_IVA;
	p->g.at = GUEST_CODE;
}

static inline int pv_setup(void **state)
{
	struct pv *p = calloc(1, sizeof(*p));
	char error[200];

	guest_init(&p->g, "poulson");
	assert_int_equal(hv_init(&p->hv, &p->g.m, 1, error, sizeof(error)), 0);
	p->cpu = p->g.cpu;
	p->v = &p->hv.vcpu[0];
	pv_start(p);
	cpu_enter(p->cpu);
	assert_true(hv_set_shared_info_va(&p->hv, p->cpu, XSI));
	cpu_leave(p->cpu);
	*state = p;
	return 0;
}

static inline int pv_teardown(void **state)
{
	struct pv *p = *state;
	hv_free(&p->hv);
	guest_free(&p->g);
	free(p);
	return 0;
}

/* Runs what stands from GUEST_CODE on, to a vector, the end marker, a hypercall or a crash. */
static inline unsigned pv_run(struct pv *p)
{
	switch (cpu_run(p->cpu, 100000)) {
	case EXIT_FIRMWARE:
		return p->cpu->exit_arg == GUEST_DONE ? GUEST_DONE
						      : (unsigned)p->cpu->exit_arg << 4;
	case EXIT_HYPERCALL:
		return PV_CALL;
	case EXIT_CRASH:
		return PV_CRASH;
	default:
		return 0xdead;
	}
}

/* Real state for the next run: code address and level; virtual state stays as it is. */
static inline void pv_at(struct pv *p, gva_t ip, unsigned cpl)
{
	p->cpu->ip = ip;
	p->g.at = ip & 0xffffff;
	cpu_set_psr(p->cpu, PSR_REAL_SET | (uint64_t)cpl << PSR_CPL_BIT);
	page_set(p->v, PAGE_IC, 1);
}

/* One instruction at GUEST_CODE at a level. */
static inline unsigned pv_one(struct pv *p, unsigned cpl, enum guest_unit u, struct insn i)
{
	pv_at(p, GUEST_CODE, cpl);
	guest_insn(&p->g, u, i);
	guest_end(&p->g);
	return pv_run(p);
}
#define PV_M(p, ...) pv_one(p, 1, IN_M, (struct insn){__VA_ARGS__})
#define PV_I(p, ...) pv_one(p, 1, IN_I, (struct insn){__VA_ARGS__})
#define PV_F(p, ...) pv_one(p, 1, IN_F, (struct insn){__VA_ARGS__})
#define PV_B(p, ...) pv_one(p, 1, IN_B, (struct insn){__VA_ARGS__})

/* Maps 16 MB of region 0 onto themselves, for the kernel or for everybody, for virtual mode. */
static inline void pv_map_region0(struct pv *p, unsigned pl)
{
	uint64_t pte = PTE_P | PTE_A | PTE_D | (uint64_t)pl << 7 | 3 << 9;

	page_set(p->v, PAGE_IFA, 0);
	page_set(p->v, PAGE_ITIR, 24 << 2);
	assert_int_equal(pv_itr(p->v, true, 0, pte), PV_OK);
	assert_int_equal(pv_itr(p->v, false, 0, pte), PV_OK);
}

#endif
