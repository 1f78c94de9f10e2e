/* SPDX-License-Identifier: MIT */
/* What engine verify is made of: the journal of granules, copies of processors, their comparison,
 * the copy of RAM that finds stray stores. */
#include "jit/compare.h"
#include "jit/verify_ram.h"
#include "mem_world.h"
#include "mmu/journal.h"

static uint64_t word(struct world *w, uint64_t a)
{
	uint64_t v = 0;
	assert_int_equal(ram_read(&w->machine.ram, GPA(a), &v, 8), 0);
	return v;
}

static void put(struct world *w, uint64_t a, uint64_t v)
{
	assert_int_equal(ram_write(&w->machine.ram, GPA(a), &v, 8), 0);
}

static bool writable(const struct world *w, uint64_t va)
{
	return ftlb_hit(ftlb_slot(w->cpu->mmu.data, va)->tag_w, va, 8);
}

static void done(struct world *w, struct journal *j)
{
	w->machine.ram.journal = NULL;
	journal_free(j);
}

static void what_was_written_is_taken_back_and_kept(void **state)
{
	struct world *w = *state;
	struct ram *ram = &w->machine.ram;
	struct journal *j = journal_new();

	put(w, 0x2000, 7);
	journal_open(j, ram);
	put(w, 0x2ff8, 9);
	put(w, 0x2000, 9);
	put(w, 0x5000, 9);
	journal_close(j);
	put(w, 0x6000, 9);
	assert_int_equal(j->count, 2);
	journal_take_back(j);
	assert_int_equal(word(w, 0x2000), 7);
	assert_int_equal(word(w, 0x2ff8), 0);
	assert_int_equal(word(w, 0x5000), 0);
	assert_int_equal(word(w, 0x6000), 9);
	const struct journal_granule *g = journal_find(j, ram_read_ptr(ram, GPA(0x2000), 1));
	assert_non_null(g);
	assert_int_equal(g->gpa.v, 0x2000);
	assert_int_equal(g->before[0], 7);
	assert_int_equal(g->after[0], 9);
	assert_int_equal(g->after[0xff8], 9);
	assert_null(journal_find(j, ram_read_ptr(ram, GPA(0x6000), 1)));
	journal_open(j, ram);
	assert_int_equal(j->count, 0);
	done(w, j);
}

static void write_rights_last_as_long_as_the_journal_is_open(void **state)
{
	struct world *w = *state;
	struct journal *j = journal_new();

	journal_open(j, &w->machine.ram);
	assert_int_equal(run(w, exec_ld8, 0x40008, 0, 0), EXEC_NEXT);
	assert_false(writable(w, 0x40008)); /* it has not been written */
	assert_int_equal(run(w, exec_st8, 0x40008, 5, 0), EXEC_NEXT);
	assert_true(writable(w, 0x40008));
	assert_int_equal(run(w, exec_ld8, 0x40010, 0, 0), EXEC_NEXT);
	assert_true(writable(w, 0x40008));
	assert_int_equal(run(w, exec_st8, 0x40010, 6, 0), EXEC_NEXT); /* inline */
	journal_close(j);
	assert_false(writable(w, 0x40008));
	assert_int_equal(j->count, 1);
	assert_int_equal(j->granted, 1);
	journal_take_back(j);
	assert_int_equal(word(w, 8), 0);
	assert_int_equal(word(w, 16), 0);
	assert_int_equal(run(w, exec_st8, 0x40008, 5, 0), EXEC_NEXT);
	assert_false(writable(w, 0x40008));
	done(w, j);
}

static void a_journal_asks_for_the_end_of_a_run_before_it_is_full(void **state)
{
	struct world *w = *state;
	struct journal *j = journal_new();
	_Atomic uint32_t kick = 0;

	assert_int_equal(ram_add_slot(&w->machine.ram, 1 << 24, 16 << 20), 0);
	j->kick = &kick;
	journal_open(j, &w->machine.ram);
	for (unsigned n = 0; n < JOURNAL_GRANULES / 2; n++)
		put(w, (1 << 24) + n * GRANULE_SIZE, 1);
	assert_int_equal(kick, 0);
	for (unsigned n = JOURNAL_GRANULES / 2; n < JOURNAL_GRANULES; n++)
		put(w, (1 << 24) + n * GRANULE_SIZE, 1);
	assert_int_equal(kick, 1);
	assert_false(j->full);
	put(w, 0, 1);
	assert_true(j->full);
	done(w, j);
}

static void stray_stores_are_those_nobody_noted(void **state)
{
	struct world *w = *state;
	struct ram *ram = &w->machine.ram;
	struct journal *j = journal_new();
	struct verify_ram *r = verify_ram_new(ram);
	struct verify_stray s;

	journal_open(j, ram);
	put(w, 0x3000, 1);
	journal_close(j);
	verify_ram_update(r, ram, j, 100);
	put(w, 0x7000, 2); /* from outside */
	assert_true(verify_ram_check(r, ram, true, &s));
	ram->slot[0].host[0x7013]++;
	assert_true(verify_ram_check(r, ram, false, &s)); /* not yet due */
	assert_false(verify_ram_check(r, ram, true, &s));
	assert_int_equal(s.gpa.v, 0x7010);
	assert_int_equal(s.want[3], 0);
	assert_int_equal(s.got[3], 1);
	verify_ram_free(r, ram);
	done(w, j);
}

static void copies_are_alike_until_something_changes(void **state)
{
	struct world *w = *state;
	struct machine other = {.model = w->machine.model};
	struct cpu *a = w->cpu, *b;

	assert_int_equal(ram_add_slot(&other.ram, 0, 1 << 20), 0);
	b = cpu_new(&other, 0);
	assert_non_null(compare_first(a, b));
	compare_copy(b, a);
	assert_null(compare_first(a, b));
	map(w, 0x90000, 0x1000, RWX);
	assert_string_equal(compare_first(a, b), "TLB");
	compare_copy(b, a);
	assert_null(compare_first(a, b));
	mmu_purge_tc(&b->mmu, 0x90000, 12, 0);
	assert_string_equal(compare_first(a, b), "TLB");
	map(w, 0xa0000, 0x1000, RWX);
	mmu_purge_tc(&a->mmu, 0xa0000, 12, 0);
	mmu_purge_tc(&a->mmu, 0x90000, 12, 0);
	assert_null(compare_first(a, b)); /* the same again, whatever the way */
	a->alat[3] = (struct alat_entry){.valid = true, .generation = a->alat_generation + 1};
	assert_null(compare_first(a, b)); /* void */
	a->alat[3].generation--;
	assert_string_equal(compare_first(a, b), "ALAT");
	compare_copy(b, a);
	gr_set(b, 40, 1, 0);
	assert_string_equal(compare_first(a, b), "stacked N");
	compare_copy(b, a);
	a->mmu.rr[3] ^= 1 << 8;
	assert_string_equal(compare_first(a, b), "rrN");
	cpu_free(b);
	ram_free(&other.ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_written_is_taken_back_and_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(
			write_rights_last_as_long_as_the_journal_is_open, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_journal_asks_for_the_end_of_a_run_before_it_is_full, setup, teardown),
		cmocka_unit_test_setup_teardown(
			stray_stores_are_those_nobody_noted, setup, teardown),
		cmocka_unit_test_setup_teardown(
			copies_are_alike_until_something_changes, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
