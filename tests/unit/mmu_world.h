/* SPDX-License-Identifier: MIT */
/* An MMU with RAM and a few verbs, for the tests of mmu/. */
#ifndef TESTS_UNIT_MMU_WORLD_H
#define TESTS_UNIT_MMU_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bus.h"
#include "base/stream.h"
#include "cpu/model.h"
#include "mmu/access.h"
#include "mmu/ram.h"

#define RAM_SIZE (64ull << 20)
#define BIT(n)	 (1ull << (n))

/* PSR bits (2:23). */
#define PSR_BE BIT(1)
#define PSR_AC BIT(3)
#define PSR_IC BIT(13)
#define PSR_PK BIT(15)
#define PSR_DT BIT(17)
#define PSR_DB BIT(24)
#define PSR_RT BIT(27)
#define PSR_IT BIT(36)
#define PSR_ID BIT(37)
#define PSR_DA BIT(38)
#define PSR_DD BIT(39)
#define PSR_IA BIT(45)
#define CPL(n) ((uint64_t)(n) << 32)
#define VIRT   (PSR_IC | PSR_DT | PSR_RT | PSR_IT)

/* Translations (2:53). */
#define P	  BIT(0)
#define MA(n)	  ((uint64_t)(n) << 2)
#define A	  BIT(5)
#define D	  BIT(6)
#define PL(n)	  ((uint64_t)(n) << 7)
#define AR(n)	  ((uint64_t)(n) << 9)
#define ED	  BIT(52)
#define RWX3	  (P | A | D | PL(3) | AR(3))
#define RID(n)	  ((uint64_t)(n) << 8)
#define ITIR(ps)  ((uint64_t)(ps) << 2)
#define KEY(n)	  ((uint64_t)(n) << 8)
#define REGION(n) ((uint64_t)(n) << 61)

struct world {
	struct mmu m;
	struct ram ram;
	struct bus bus;
};

static inline void set_rr(struct mmu *m, unsigned n, unsigned rid, unsigned ps, bool ve)
{
	mmu_write_rr(m, n, RID(rid) | ITIR(ps) | ve);
}

static inline struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_int_equal(ram_add_slot(&w->ram, 0, RAM_SIZE), 0);
	assert_int_equal(mmu_init(&w->m, cpu_model_find("tukwila"), &w->ram, &w->bus), 0);
	for (unsigned n = 0; n < 8; n++)
		set_rr(&w->m, n, 0x100 + n, 14, false);
	mmu_set_mode(&w->m, VIRT, 0);
	return w;
}

static inline void world_free(struct world *w)
{
	mmu_free(&w->m);
	ram_free(&w->ram);
	free(w);
}

static inline int setup(void **state)
{
	*state = world_new();
	return 0;
}

static inline int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static inline void map(struct mmu *m, gva_t va, unsigned ps, uint64_t pte)
{
	mmu_itc(m, false, va, ITIR(ps), pte);
}

static inline enum fault load(struct mmu *m, gva_t va, uint64_t *v)
{
	return mem_load(m, va, 8, ACC_READ, v);
}

/* Expects a fault with these ISR bits, and ifa and itir of the address. */
static inline void expect_fault(
	struct mmu *m, enum fault got, enum fault want, gva_t va, uint64_t isr)
{
	assert_int_equal(got, want);
	assert_int_equal(m->fault.code, want);
	assert_int_equal(m->fault.isr, isr);
	assert_int_equal(m->fault.ifa, va);
	assert_int_equal(m->fault.itir, m->rr[va >> 61] & 0xfffffffc);
}

static inline void expect_load(struct mmu *m, gva_t va, enum fault want)
{
	uint64_t v;
	enum fault f = load(m, va, &v);
	if (want)
		expect_fault(m, f, want, va, ISR_BIT(R));
	else
		assert_int_equal(f, FAULT_NONE);
}

static inline void expect_store(struct mmu *m, gva_t va, enum fault want)
{
	enum fault f = mem_store(m, va, 8, ACC_WRITE, 0x55);
	if (want)
		expect_fault(m, f, want, va, ISR_BIT(W));
	else
		assert_int_equal(f, FAULT_NONE);
}

static inline void expect_fetch(struct mmu *m, gva_t va, enum fault want)
{
	gpa_t pa;
	enum fault f = mmu_fetch(m, va, &pa);
	if (want)
		expect_fault(m, f, want, va, ISR_BIT(X));
	else
		assert_int_equal(f, FAULT_NONE);
}

/* The table of 2:56, as printed: a line per ar, pl 3 2 1 0; a column per cpl 3 2 1 0. */
static const char *const rights[8][4] = {
	{"r r r r", "- r r r", "- - r r", "- - - r"},
	{"rx rx rx rx", "- rx rx rx", "- - rx rx", "- - - rx"},
	{"rw rw rw rw", "- rw rw rw", "- - rw rw", "- - - rw"},
	{"rwx rwx rwx rwx", "- rwx rwx rwx", "- - rwx rwx", "- - - rwx"},
	{"r rw rw rw", "- r rw rw", "- - r rw", "- - - rw"},
	{"rx rx rx rwx", "- rx rx rwx", "- - rx rwx", "- - - rwx"},
	{"rwx rw rw rw", "- rwx rw rw", "- - rwx rw", "- - - rw"},
	{"x x x rx", "x x x rx", "x x x rx", "x x x rx"},
};

static inline void rights_cell(unsigned ar, unsigned pl, unsigned cpl, char *cell)
{
	char line[32];
	snprintf(line, sizeof(line), "%s", rights[ar][3 - pl]);
	char *word = strtok(line, " ");
	for (unsigned i = 3; i > cpl; i--)
		word = strtok(NULL, " ");
	strcpy(cell, word);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
