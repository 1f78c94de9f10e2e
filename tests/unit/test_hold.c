/* SPDX-License-Identifier: MIT */
/* Who writes to memory while engine verify makes its runs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "mmu/hold.h"

struct world {
	struct ram ram;
	_Atomic uint32_t kick;
	_Atomic bool inside;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->ram.hold = hold_new();
	assert_non_null(w->ram.hold);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	hold_free(w->ram.hold);
	free(w);
	return 0;
}

static void *write_from_outside(void *arg)
{
	struct world *w = arg;

	hold_enter(&w->ram);
	w->inside = true;
	hold_leave(&w->ram);
	return NULL;
}

static void others_wait_for_the_end_of_a_run(void **state)
{
	struct world *w = *state;
	pthread_t t;

	assert_true(hold_begin(&w->ram, &w->kick));
	pthread_create(&t, NULL, write_from_outside, w);
	usleep(20000);
	assert_false(w->inside);
	hold_end(&w->ram);
	pthread_join(t, NULL);
	assert_true(w->inside);
	assert_true(hold_begin(&w->ram, &w->kick));
	hold_end(&w->ram);
}

static void *leave_soon(void *arg)
{
	struct world *w = arg;

	usleep(20000);
	w->inside = false;
	hold_leave(&w->ram);
	return NULL;
}

static void a_run_waits_for_others(void **state)
{
	struct world *w = *state;
	pthread_t t;

	w->inside = true;
	hold_enter(&w->ram);
	pthread_create(&t, NULL, leave_soon, w);
	assert_true(hold_begin(&w->ram, &w->kick));
	assert_false(w->inside);
	hold_end(&w->ram);
	pthread_join(t, NULL);
}

static void *kick_soon(void *arg)
{
	struct world *w = arg;

	usleep(20000);
	w->kick = 1;
	return NULL;
}

static void a_kicked_run_does_not_begin_while_others_are_at_it(void **state)
{
	struct world *w = *state;
	pthread_t t;

	hold_enter(&w->ram);
	hold_enter(&w->ram); /* within another pair */
	pthread_create(&t, NULL, kick_soon, w);
	assert_false(hold_begin(&w->ram, &w->kick));
	pthread_join(t, NULL);
	hold_leave(&w->ram);
	assert_false(hold_begin(&w->ram, &w->kick));
	hold_leave(&w->ram);
	assert_true(hold_begin(&w->ram, &w->kick));
	hold_end(&w->ram);
}

static void memory_without_a_hold_keeps_nobody(void **state)
{
	struct ram ram = {0};

	(void)state;
	hold_enter(&ram);
	hold_leave(&ram);
	hold_free(NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(others_wait_for_the_end_of_a_run),
		T(a_run_waits_for_others),
		T(a_kicked_run_does_not_begin_while_others_are_at_it),
		cmocka_unit_test(memory_without_a_hold_keeps_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
