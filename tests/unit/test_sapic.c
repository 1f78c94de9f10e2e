/* SPDX-License-Identifier: MIT */
/* Local SAPIC and interval timer against the rules of 2:114-2:130. */
#include "guest.h"

#include <pthread.h>

#include "base/stream.h"
#include "cpu/sapic.h"
#include "cpu/timer.h"

static int setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));
	guest_init(g, NULL);
	g->cpu->sapic.tpr = 0;
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	guest_free(*state);
	free(*state);
	return 0;
}

static struct cpu *cpu_of(void **state)
{
	return ((struct guest *)*state)->cpu;
}

static void nothing_pending_reads_spurious_vector(void **state)
{
	struct cpu *cpu = cpu_of(state);
	assert_int_equal(sapic_read(cpu, CR_IVR), 15);
	assert_int_equal(sapic_highest(cpu), -1);
	/* and leaves nothing in service */
	sapic_post(cpu, SAPIC_INT, 16);
	assert_int_equal(sapic_read(cpu, CR_IVR), 16);
}

static void vectors_come_in_order_of_priority(void **state)
{
	static const unsigned order[] = {2, 0, 255, 240, 128, 64, 63, 17, 16};
	struct cpu *cpu = cpu_of(state);
	for (unsigned n = countof(order); n-- > 0;) {
		unsigned v = order[n];
		sapic_post(cpu, v == 2 ? SAPIC_NMI : v == 0 ? SAPIC_EXTINT : SAPIC_INT, v);
	}
	for (unsigned n = 0; n < countof(order); n++) {
		assert_int_equal(sapic_read(cpu, CR_IVR), order[n]);
		sapic_write(cpu, CR_EOI, 0);
	}
	assert_int_equal(sapic_read(cpu, CR_IVR), 15);
}

static void in_service_masks_lower_and_equal(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_post(cpu, SAPIC_INT, 100);
	assert_int_equal(sapic_read(cpu, CR_IVR), 100);
	sapic_post(cpu, SAPIC_INT, 100);
	sapic_post(cpu, SAPIC_INT, 99);
	assert_int_equal(sapic_highest(cpu), -1);
	assert_int_equal(sapic_read(cpu, CR_IVR), 15);
	sapic_post(cpu, SAPIC_INT, 101);
	assert_int_equal(sapic_read(cpu, CR_IVR), 101);
	sapic_write(cpu, CR_EOI, 0); /* ends 101, not 100 */
	assert_int_equal(sapic_highest(cpu), -1);
	sapic_write(cpu, CR_EOI, 0);
	assert_int_equal(sapic_read(cpu, CR_IVR), 100);
	sapic_write(cpu, CR_EOI, 0);
	assert_int_equal(sapic_read(cpu, CR_IVR), 99);
}

static void in_service_extint_masks_vectors_and_nmi_masks_extint(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_post(cpu, SAPIC_EXTINT, 0);
	assert_int_equal(sapic_read(cpu, CR_IVR), 0);
	sapic_post(cpu, SAPIC_INT, 255);
	assert_int_equal(sapic_highest(cpu), -1);
	sapic_post(cpu, SAPIC_NMI, 0);
	assert_int_equal(sapic_read(cpu, CR_IVR), 2);
	sapic_post(cpu, SAPIC_EXTINT, 0);
	assert_int_equal(sapic_highest(cpu), -1);
}

static void tpr_class_masks_up_to_its_class(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_write(cpu, CR_TPR, 5 << 4);
	sapic_post(cpu, SAPIC_INT, 0x5f);
	assert_int_equal(sapic_highest(cpu), -1);
	sapic_post(cpu, SAPIC_INT, 0x60);
	assert_int_equal(sapic_highest(cpu), 0x60);
	assert_int_equal(sapic_read(cpu, CR_IVR), 0x60);
	sapic_write(cpu, CR_EOI, 0);
	sapic_write(cpu, CR_TPR, 15 << 4);
	sapic_post(cpu, SAPIC_INT, 0xff);
	assert_int_equal(sapic_highest(cpu), -1);
	sapic_post(cpu, SAPIC_EXTINT, 0); /* a class does not mask ExtINT */
	assert_int_equal(sapic_highest(cpu), 0);
}

static void tpr_mmi_masks_all_but_nmi(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_write(cpu, CR_TPR, 1 << 16);
	sapic_post(cpu, SAPIC_INT, 0xff);
	sapic_post(cpu, SAPIC_EXTINT, 0);
	assert_int_equal(sapic_highest(cpu), -1);
	sapic_post(cpu, SAPIC_NMI, 0);
	assert_int_equal(sapic_highest(cpu), 2);
}

static void irr_shows_what_is_pending_until_ivr_is_read(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_post(cpu, SAPIC_INT, 16);
	sapic_post(cpu, SAPIC_INT, 64);
	sapic_post(cpu, SAPIC_INT, 129);
	sapic_post(cpu, SAPIC_INT, 255);
	assert_int_equal(sapic_read(cpu, CR_IRR0), 1u << 16);
	assert_int_equal(sapic_read(cpu, CR_IRR0 + 1), 1);
	assert_int_equal(sapic_read(cpu, CR_IRR0 + 2), 2);
	assert_true(sapic_read(cpu, CR_IRR0 + 3) == 1ull << 63);
	assert_int_equal(sapic_read(cpu, CR_IVR), 255);
	assert_true(sapic_read(cpu, CR_IRR0 + 3) == 0);
}

static void reserved_vectors_and_modes_are_ignored(void **state)
{
	struct cpu *cpu = cpu_of(state);
	for (unsigned v = 0; v < 16; v++)
		sapic_post(cpu, SAPIC_INT, v);
	sapic_post(cpu, SAPIC_INT, 256);
	sapic_post(cpu, SAPIC_PMI, 33);
	sapic_post(cpu, 3, 33);
	sapic_post(cpu, 6, 33);
	sapic_raise(cpu, 3);
	sapic_raise(cpu, 15);
	sapic_raise(cpu, SAPIC_MASKED | 32);
	for (unsigned n = 0; n < 4; n++)
		assert_true(sapic_read(cpu, CR_IRR0 + n) == 0);
}

static void init_waits_for_psr_mc(void **state)
{
	struct cpu *cpu = cpu_of(state);
	cpu->psr |= PSR(MC);
	sapic_post(cpu, SAPIC_INIT, 0);
	assert_false(sapic_take_init(cpu));
	cpu->psr &= ~PSR(MC);
	assert_true(sapic_take_init(cpu));
	assert_false(sapic_take_init(cpu));
}

static void psr_i_gates_delivery_only(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_post(cpu, SAPIC_INT, 32);
	assert_false(cpu_interrupt_pending(cpu));
	assert_int_equal(sapic_highest(cpu), 32);
	cpu->psr |= PSR(I);
	assert_true(cpu_interrupt_pending(cpu));
}

static void fields_are_kept_ignored_or_reserved(void **state)
{
	static const struct {
		unsigned cr;
		uint64_t kept, reserved;
	} row[] = {
		{CR_LID, 0xffff0000, 0xffff},
		{CR_TPR, 0x100f0, 0xff00},
		{CR_ITV, 0x100ff, 0xef00},
		{CR_PMV, 0x100ff, 0xef00},
		{CR_CMCV, 0x100ff, 0xef00},
		{CR_LRR0, 0x1a7ff, 0x4800},
		{CR_LRR1, 0x1a7ff, 0x4800},
	};
	struct cpu *cpu = cpu_of(state);
	for (unsigned n = 0; n < countof(row); n++) {
		for (unsigned b = 0; b < 64; b++)
			assert_int_equal(
				sapic_reserved(row[n].cr, 1ull << b), row[n].reserved >> b & 1);
		sapic_write(cpu, row[n].cr, ~row[n].reserved);
		assert_true(sapic_read(cpu, row[n].cr) == row[n].kept);
	}
	assert_int_equal(sapic_read(cpu, CR_EOI), 0);
}

static void state_survives_save_and_load(void **state)
{
	struct cpu *cpu = cpu_of(state);
	struct stream s = {0};
	sapic_write(cpu, CR_ITV, 0xef);
	timer_write_itm(cpu, 1000);
	sapic_post(cpu, SAPIC_INT, 200);
	sapic_post(cpu, SAPIC_INT, 100);
	assert_int_equal(sapic_read(cpu, CR_IVR), 200);
	sapic_post(cpu, SAPIC_INIT, 0);
	sapic_save(cpu, &s);
	timer_save(cpu, &s);
	sapic_reset(cpu);
	timer_reset(cpu);
	assert_true(timer_deadline(cpu) == UINT64_MAX);
	sapic_load(cpu, &s);
	timer_load(cpu, &s);
	assert_true(stream_ok(&s));
	stream_free(&s);
	assert_int_equal(sapic_highest(cpu), -1);
	sapic_write(cpu, CR_EOI, 0);
	assert_int_equal(sapic_highest(cpu), 100);
	assert_true(sapic_take_init(cpu));
	assert_int_equal(timer_deadline(cpu), 1000);
}

#define POSTS 100000

static void *post_many(void *arg)
{
	for (unsigned n = 0; n < POSTS; n++)
		sapic_post(arg, SAPIC_INT, 16 + n % 240);
	return NULL;
}

static void posts_from_other_threads_are_not_lost(void **state)
{
	struct cpu *cpu = cpu_of(state);
	pthread_t t[2];
	for (unsigned n = 0; n < 2; n++)
		assert_int_equal(pthread_create(&t[n], NULL, post_many, cpu), 0);
	for (unsigned n = 0; n < 1000; n++) {
		if (sapic_read(cpu, CR_IVR) != 15)
			sapic_write(cpu, CR_EOI, 0);
	}
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	post_many(cpu);
	for (unsigned v = 255; v >= 16; v--) {
		assert_int_equal(sapic_read(cpu, CR_IVR), v);
		sapic_write(cpu, CR_EOI, 0);
	}
}

/* --- the interval timer; the clock is virtual, so time moves only when told --- */

static void match_raises_itv_once(void **state)
{
	struct cpu *cpu = cpu_of(state);
	struct clock *c = &cpu->machine->clock;
	sapic_write(cpu, CR_ITV, 239);
	timer_write_itm(cpu, timer_read_itc(cpu) + 500);
	assert_int_equal(timer_deadline(cpu), clock_now(c) + 500);
	clock_advance(c, 499);
	timer_check(cpu);
	assert_int_equal(sapic_highest(cpu), -1);
	clock_advance(c, 1);
	timer_check(cpu);
	assert_int_equal(sapic_read(cpu, CR_IVR), 239);
	sapic_write(cpu, CR_EOI, 0);
	clock_advance(c, 100000);
	timer_check(cpu);
	assert_int_equal(sapic_highest(cpu), -1);
	assert_true(timer_deadline(cpu) == UINT64_MAX);
}

static void masked_matches_are_discarded(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_write(cpu, CR_ITV, SAPIC_MASKED | 239);
	timer_write_itm(cpu, timer_read_itc(cpu) + 500);
	assert_true(timer_deadline(cpu) == UINT64_MAX);
	clock_advance(&cpu->machine->clock, 600);
	sapic_write(cpu, CR_ITV, 239);
	timer_check(cpu);
	assert_int_equal(sapic_highest(cpu), -1);
}

static void itm_behind_what_the_guest_saw_does_not_match(void **state)
{
	struct cpu *cpu = cpu_of(state);
	clock_advance(&cpu->machine->clock, 1000);
	sapic_write(cpu, CR_ITV, 239);
	timer_write_itm(cpu, timer_read_itc(cpu) - 1);
	timer_check(cpu);
	assert_int_equal(sapic_highest(cpu), -1);
	assert_true(timer_deadline(cpu) == UINT64_MAX);
}

static void itm_passed_since_the_guest_looked_matches(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_write(cpu, CR_ITV, 239);
	uint64_t seen = timer_read_itc(cpu);
	clock_advance(&cpu->machine->clock, 1000); /* the host was busy elsewhere */
	timer_write_itm(cpu, seen + 100);
	timer_check(cpu);
	assert_int_equal(sapic_highest(cpu), 239);
}

static void writing_itc_moves_the_match(void **state)
{
	struct cpu *cpu = cpu_of(state);
	sapic_write(cpu, CR_ITV, 239);
	timer_write_itm(cpu, 1ull << 40);
	timer_write_itc(cpu, (1ull << 40) - 10);
	assert_int_equal(timer_deadline(cpu), clock_now(&cpu->machine->clock) + 10);
	assert_true(timer_read_itc(cpu) == (1ull << 40) - 10);
	clock_advance(&cpu->machine->clock, 10);
	timer_check(cpu);
	assert_int_equal(sapic_highest(cpu), 239);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_pending_reads_spurious_vector),
		TEST(vectors_come_in_order_of_priority),
		TEST(in_service_masks_lower_and_equal),
		TEST(in_service_extint_masks_vectors_and_nmi_masks_extint),
		TEST(tpr_class_masks_up_to_its_class),
		TEST(tpr_mmi_masks_all_but_nmi),
		TEST(irr_shows_what_is_pending_until_ivr_is_read),
		TEST(reserved_vectors_and_modes_are_ignored),
		TEST(init_waits_for_psr_mc),
		TEST(psr_i_gates_delivery_only),
		TEST(fields_are_kept_ignored_or_reserved),
		TEST(state_survives_save_and_load),
		TEST(posts_from_other_threads_are_not_lost),
		TEST(match_raises_itv_once),
		TEST(masked_matches_are_discarded),
		TEST(itm_behind_what_the_guest_saw_does_not_match),
		TEST(itm_passed_since_the_guest_looked_matches),
		TEST(writing_itc_moves_the_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
