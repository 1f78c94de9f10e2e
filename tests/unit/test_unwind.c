/* SPDX-License-Identifier: MIT */
/* Unwind descriptors. The bytes come from a Linux kernel, their meaning from readelf -u. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/unwind.h"

#include <stdlib.h>
#include <string.h>

/* prologue_gr(mask=[rp,ar.pfs],grsave=r35,rlen=3) pfs_when(0) mem_stack_f(1,672) rp_when(2)
 * body(54) label_state(1) epilogue(1,0) body(15) copy_state(1) epilogue(1,0) and padding */
static const uint8_t two_exits[] = {0x46, 0x23, 0x03, 0xe6, 0x00, 0xe0, 0x01, 0x2a, 0xe4, 0x02,
	0x61, 0x36, 0x81, 0xc0, 0x01, 0x2f, 0xa1, 0xc0, 0x01, 0, 0, 0, 0, 0};

static struct unwind_frame at(uint64_t slot)
{
	struct unwind_frame f;
	assert_true(unwind_decode(two_exits, sizeof(two_exits), slot, &f));
	return f;
}

static void registers_are_saved_when_the_prologue_says(void **state)
{
	(void)state;
	struct unwind_frame f = at(0);
	assert_int_equal(f.rp.place, PLACE_HOME);
	assert_int_equal(f.pfs.place, PLACE_HOME);
	assert_int_equal(f.psp.value, 0);
	f = at(1);
	assert_int_equal(f.pfs.place, PLACE_GR);
	assert_int_equal(f.pfs.value, 36);
	assert_int_equal(f.psp.value, 0);
	f = at(2);
	assert_int_equal(f.rp.place, PLACE_HOME);
	assert_int_equal(f.psp.place, PLACE_HOME);
	assert_int_equal(f.psp.value, 672);
}

static void body_has_all_saved(void **state)
{
	(void)state;
	for (uint64_t slot = 3; slot < 3 + 54; slot++) {
		struct unwind_frame f = at(slot);
		assert_int_equal(f.rp.place, PLACE_GR);
		assert_int_equal(f.rp.value, 35);
		assert_int_equal(f.pfs.value, 36);
		assert_int_equal(f.psp.value, 672);
	}
}

static void copied_state_holds_behind_an_epilogue(void **state)
{
	(void)state;
	struct unwind_frame f = at(3 + 54);
	assert_int_equal(f.rp.value, 35);
	assert_int_equal(f.psp.value, 672);
}

static void an_instruction_outside_all_regions_is_refused(void **state)
{
	(void)state;
	struct unwind_frame f;
	assert_false(unwind_decode(two_exits, sizeof(two_exits), 3 + 54 + 15, &f));
	assert_false(unwind_decode(two_exits, 0, 0, &f));
}

static void interruption_frames_are_recognised(void **state)
{
	(void)state;
	/* prologue(0) body(170) prologue(0) unwabi(3,0x69) mem_stack_f(0,464) body(16) */
	static const uint8_t abi[] = {
		0x00, 0x61, 0xaa, 0x01, 0x00, 0xff, 0x03, 0x69, 0xe0, 0x00, 0x1d, 0x30};
	struct unwind_frame f;
	assert_true(unwind_decode(abi, sizeof(abi), 3, &f));
	assert_false(f.interruption);
	assert_true(unwind_decode(abi, sizeof(abi), 175, &f));
	assert_true(f.interruption);
	assert_int_equal(f.psp.value, 464);
}

static void every_truncation_ends(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(two_exits); len++) {
		uint8_t *copy = malloc(len + 1); /* exactly as long, for AddressSanitizer */
		struct unwind_frame f;
		memcpy(copy, two_exits, len);
		copy = realloc(copy, len ? len : 1);
		unwind_decode(copy, len, 60, &f);
		free(copy);
	}
}

static void random_bytes_end(void **state)
{
	(void)state;
	uint64_t x = 88172645463325252ull;
	for (unsigned n = 0; n < 200000; n++) {
		uint8_t bytes[48];
		struct unwind_frame f;
		for (size_t i = 0; i < sizeof(bytes); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[i] = (uint8_t)x;
		}
		unwind_decode(bytes, sizeof(bytes), x & 255, &f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_are_saved_when_the_prologue_says),
		cmocka_unit_test(body_has_all_saved),
		cmocka_unit_test(copied_state_holds_behind_an_epilogue),
		cmocka_unit_test(an_instruction_outside_all_regions_is_refused),
		cmocka_unit_test(interruption_frames_are_recognised),
		cmocka_unit_test(every_truncation_ends),
		cmocka_unit_test(random_bytes_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
