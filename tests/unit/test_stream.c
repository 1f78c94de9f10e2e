/* SPDX-License-Identifier: MIT */
/* The save stream: what is written comes back, and no damaged input is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/stream.h"

#include <stdlib.h>
#include <string.h>

static struct stream two_sections(void)
{
	struct stream s = {0};
	stream_begin(&s, "first", 3);
	stream_put_u64(&s, 0x0123456789abcdef);
	stream_put(&s, "xyz", 3);
	stream_end(&s);
	stream_begin(&s, "second", 1);
	stream_put_u64(&s, 42);
	stream_end(&s);
	return s;
}

static void sections_come_back_in_order(void **state)
{
	(void)state;
	struct stream s = two_sections();
	char text[3];
	assert_int_equal(stream_open(&s, "first", 3), 3);
	assert_true(stream_get_u64(&s) == 0x0123456789abcdef);
	stream_get(&s, text, 3);
	assert_memory_equal(text, "xyz", 3);
	stream_close(&s);
	assert_int_equal(stream_open(&s, "second", 7), 1);
	assert_int_equal(stream_get_max(&s, 42, "answer"), 42);
	stream_close(&s);
	assert_true(stream_ok(&s));
	stream_free(&s);
}

static void numbers_are_little_endian(void **state)
{
	(void)state;
	struct stream s = {0};
	stream_put_u64(&s, 0x0102030405060708);
	assert_memory_equal(s.data, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	stream_free(&s);
}

static void wrong_name_is_an_error(void **state)
{
	(void)state;
	struct stream s = two_sections();
	assert_int_equal(stream_open(&s, "second", 1), 0);
	assert_string_equal(s.error, "second: section \"first\" found in its place");
	assert_true(stream_get_u64(&s) == 0);
	stream_free(&s);
}

static void newer_version_is_an_error(void **state)
{
	(void)state;
	struct stream s = two_sections();
	assert_int_equal(stream_open(&s, "first", 2), 0);
	assert_string_equal(s.error, "first: version 3, this build reads up to 2");
	stream_free(&s);
}

static void reading_past_the_section_is_an_error(void **state)
{
	(void)state;
	struct stream s = two_sections();
	stream_open(&s, "first", 3);
	stream_get_u64(&s);
	assert_true(stream_get_u64(&s) == 0);
	assert_string_equal(s.error, "first: truncated");
	stream_free(&s);
}

static void bytes_left_over_are_an_error(void **state)
{
	(void)state;
	struct stream s = two_sections();
	stream_open(&s, "first", 3);
	stream_get_u64(&s);
	stream_close(&s);
	assert_string_equal(s.error, "first: 3 bytes left over");
	stream_free(&s);
}

static void value_above_its_maximum_is_an_error(void **state)
{
	(void)state;
	struct stream s = {0};
	stream_begin(&s, "cpu", 1);
	stream_put_u64(&s, 65);
	stream_end(&s);
	stream_open(&s, "cpu", 1);
	assert_int_equal(stream_get_max(&s, 64, "vcpus"), 0);
	assert_string_equal(s.error, "cpu: vcpus is 65, at most 64 possible");
	stream_free(&s);
}

static void every_truncation_is_noticed(void **state)
{
	(void)state;
	struct stream whole = two_sections();
	for (size_t len = 0; len < whole.len; len++) {
		struct stream s = {.data = malloc(len ? len : 1), .len = len};
		memcpy(s.data, whole.data, len);
		char text[3];
		stream_open(&s, "first", 3);
		stream_get_u64(&s);
		stream_get(&s, text, 3);
		stream_close(&s);
		stream_open(&s, "second", 1);
		stream_get_u64(&s);
		stream_close(&s);
		assert_false(stream_ok(&s));
		stream_free(&s);
	}
	stream_free(&whole);
}

static void huge_length_is_an_error(void **state)
{
	(void)state;
	struct stream s = two_sections();
	memset(s.data + 20, 0xff, 8);
	assert_int_equal(stream_open(&s, "first", 3), 0);
	assert_string_equal(s.error, "first: truncated");
	stream_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_back_in_order),
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(wrong_name_is_an_error),
		cmocka_unit_test(newer_version_is_an_error),
		cmocka_unit_test(reading_past_the_section_is_an_error),
		cmocka_unit_test(bytes_left_over_are_an_error),
		cmocka_unit_test(value_above_its_maximum_is_an_error),
		cmocka_unit_test(every_truncation_is_noticed),
		cmocka_unit_test(huge_length_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
