/* SPDX-License-Identifier: MIT */
/* Guest RAM: slots, flags, invalidation of code and the save format. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/stream.h"
#include "mmu/ram.h"

static void slots_that_overlap_or_are_unaligned_are_refused(void **state)
{
	struct ram ram = {.count = 0};
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0x10000, 0x20000), 0);
	assert_int_equal(ram_add_slot(&ram, 0x2f000, 0x1000), -EEXIST);
	assert_int_equal(ram_add_slot(&ram, 0xf000, 0x2000), -EEXIST);
	assert_int_equal(ram_add_slot(&ram, 0x30000, 0x1000), 0);
	assert_int_equal(ram_add_slot(&ram, 0x40000, 0), -EINVAL);
	assert_int_equal(ram_add_slot(&ram, 0x40000, 0x800), -EINVAL);
	assert_int_equal(ram_add_slot(&ram, 0x40100, 0x1000), -EINVAL);
	assert_int_equal(ram_add_slot(&ram, ~0xfffull, 0x2000), -EINVAL);
	for (uint64_t i = 2; i < countof(ram.slot); i++)
		assert_int_equal(ram_add_slot(&ram, i << 20, 0x1000), 0);
	assert_int_equal(ram_add_slot(&ram, 1 << 28, 0x1000), -ENOSPC);
	ram_free(&ram);
}

static void pointers_never_leave_a_slot(void **state)
{
	struct ram ram = {.count = 0};
	uint8_t b[16];
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0x10000, 0x10000), 0);
	assert_int_equal(ram_add_slot(&ram, 0x20000, 0x10000), 0);
	assert_non_null(ram_read_ptr(&ram, GPA(0x1fff8), 8));
	assert_null(ram_read_ptr(&ram, GPA(0x1fff9), 8));
	assert_null(ram_read_ptr(&ram, GPA(0xffff), 2));
	assert_null(ram_read_ptr(&ram, GPA(0x10000), ~0ull));
	assert_null(ram_write_ptr(&ram, GPA(0x30000), 1));
	assert_int_equal(ram_read(&ram, GPA(0x1fffc), b, 8), -EFAULT);
	assert_int_equal(ram_write(&ram, GPA(0x2fffc), b, 8), -EFAULT);
	ram_free(&ram);
}

static void a_slot_may_be_larger_than_the_host_has(void **state)
{
	struct ram ram = {.count = 0};
	uint64_t v = 42, w = 0;
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0, 1ull << 36), 0);
	assert_int_equal(ram_write(&ram, GPA((1ull << 36) - 8), &v, 8), 0);
	assert_int_equal(ram_read(&ram, GPA((1ull << 36) - 8), &w, 8), 0);
	assert_int_equal(w, 42);
	ram_free(&ram);
}

static void writing_code_clears_the_flag_and_moves_the_generation(void **state)
{
	struct ram ram = {.count = 0};
	uint64_t before, v = 0;
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0, 0x10000), 0);
	ram_set_flags(&ram, GPA(0x3000), RAM_HAS_CODE);
	before = ram.code_generation;
	assert_int_equal(ram_write(&ram, GPA(0x2ff8), &v, 8), 0);
	assert_int_equal(ram.code_generation, before);
	assert_int_equal(ram_write(&ram, GPA(0x2ffc), &v, 8), 0);
	assert_int_equal(ram.code_generation, before + 1);
	assert_int_equal(ram_flags(&ram.slot[0], GPA(0x3000)), 0);
	ram_set_flags(&ram, GPA(0x5000), RAM_HAS_CODE);
	ram_invalidate_code(&ram, GPA(0x4fc0), 0x40);
	assert_int_equal(ram.code_generation, before + 1);
	ram_invalidate_code(&ram, GPA(0x5fc0), 0x40);
	assert_int_equal(ram.code_generation, before + 2);
	ram_invalidate_code(&ram, GPA(0xfffffff0), 0x40);
	ram_free(&ram);
}

static void read_only_and_dirty_flags_work(void **state)
{
	struct ram ram = {.count = 0};
	uint64_t v = 1;
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0, 0x10000), 0);
	ram_set_flags(&ram, GPA(0x1000), RAM_READ_ONLY | RAM_HAS_CODE);
	assert_int_equal(ram_write(&ram, GPA(0x1000), &v, 8), -EFAULT);
	assert_int_equal(ram_write(&ram, GPA(0xffc), &v, 8), -EFAULT);
	assert_int_equal(ram_flags(&ram.slot[0], GPA(0x1000)), RAM_READ_ONLY | RAM_HAS_CODE);
	ram_set_flags(&ram, GPA(0x2000), RAM_LOG_DIRTY);
	assert_int_equal(ram_write(&ram, GPA(0x2100), &v, 8), 0);
	assert_int_equal(ram_flags(&ram.slot[0], GPA(0x2000)), RAM_DIRTY);
	ram_free(&ram);
}

static void save_keeps_contents_and_skips_zeros(void **state)
{
	struct ram ram = {.count = 0}, copy = {.count = 0};
	struct stream s = {0};
	uint64_t v = 0x1122334455667788, w = 1, zero = 0;
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0, 64 << 20), 0);
	assert_int_equal(ram_add_slot(&ram, 1ull << 40, 0x10000), 0);
	assert_int_equal(ram_write(&ram, GPA(0x7ff8), &v, 8), 0);
	assert_int_equal(ram_write(&ram, GPA((1ull << 40) + 0xf000), &v, 8), 0);
	assert_int_equal(ram_write(&ram, GPA(0x9000), &zero, 8), 0);
	ram_save(&ram, &s);
	assert_in_range(s.len, 2 * 4096, 3 * 4096);
	assert_int_equal(ram_add_slot(&copy, 0, 64 << 20), 0);
	assert_int_equal(ram_add_slot(&copy, 1ull << 40, 0x10000), 0);
	assert_int_equal(ram_write(&copy, GPA(0x100000), &v, 8), 0);
	ram_load(&copy, &s);
	assert_true(stream_ok(&s));
	ram_read(&copy, GPA(0x100000), &w, 8);
	assert_int_equal(w, 0);
	ram_read(&copy, GPA(0x7ff8), &w, 8);
	assert_int_equal(w, v);
	ram_read(&copy, GPA((1ull << 40) + 0xf000), &w, 8);
	assert_int_equal(w, v);
	stream_free(&s);
	ram_free(&ram);
	ram_free(&copy);
}

static void load_refuses_other_slots_and_bad_offsets(void **state)
{
	struct ram ram = {.count = 0}, other = {.count = 0};
	struct stream s = {0}, t = {0};
	(void)state;
	assert_int_equal(ram_add_slot(&ram, 0, 0x10000), 0);
	assert_int_equal(ram_add_slot(&other, 0, 0x20000), 0);
	ram_save(&ram, &s);
	ram_load(&other, &s);
	assert_false(stream_ok(&s));
	stream_begin(&t, "ram", 1);
	stream_put_u64(&t, 1);
	stream_put_u64(&t, 0);
	stream_put_u64(&t, 0x10000);
	stream_put_u64(&t, 0x10000);
	stream_end(&t);
	ram_load(&ram, &t);
	assert_false(stream_ok(&t));
	stream_free(&s);
	stream_free(&t);
	ram_free(&ram);
	ram_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_that_overlap_or_are_unaligned_are_refused),
		cmocka_unit_test(pointers_never_leave_a_slot),
		cmocka_unit_test(a_slot_may_be_larger_than_the_host_has),
		cmocka_unit_test(writing_code_clears_the_flag_and_moves_the_generation),
		cmocka_unit_test(read_only_and_dirty_flags_work),
		cmocka_unit_test(save_keeps_contents_and_skips_zeros),
		cmocka_unit_test(load_refuses_other_slots_and_bad_offsets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
