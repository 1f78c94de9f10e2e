/* SPDX-License-Identifier: MIT */
/* IOSAPIC and processor interrupt block: what reaches which processor, and when again. */
#include "board.h"

#define SELECT	   0xfec00000
#define WINDOW	   0xfec00010
#define EOI	   0xfec00040
#define PIB	   0xfee00000
#define LEVEL	   (1u << 15)
#define MASK	   (1u << 16)
#define REMOTE_IRR (1u << 14)

static int setup(void **state)
{
	*state = board_new(3, 16ull << 20, NULL);
	return 0;
}

static int teardown(void **state)
{
	board_delete(*state);
	return 0;
}

static uint32_t get(struct board *b, unsigned index)
{
	board_write(b, SELECT, 4, index);
	return (uint32_t)board_read(b, WINDOW, 4);
}

static void put(struct board *b, unsigned index, uint32_t v)
{
	board_write(b, SELECT, 4, index);
	board_write(b, WINDOW, 4, v);
}

static void route(struct board *b, unsigned gsi, unsigned cpu, uint32_t low)
{
	put(b, 0x11 + 2 * gsi, cpu << 24);
	put(b, 0x10 + 2 * gsi, low);
}

static void assert_line(struct board *b, unsigned gsi, bool on)
{
	iosapic_set_irq(&b->p.iosapic, gsi, on);
}

static void version_tells_48_entries(void **state)
{
	struct board *b = *state;
	assert_int_equal(get(b, 1), 0x2f0021);
	assert_int_equal(board_read(b, SELECT, 4), 1);
}

static void entries_start_masked(void **state)
{
	struct board *b = *state;
	for (unsigned n = 0; n < 48; n++) {
		assert_int_equal(get(b, 0x10 + 2 * n), MASK);
		assert_int_equal(get(b, 0x11 + 2 * n), 0);
		assert_line(b, n, true);
		assert_line(b, n, false);
	}
	for (unsigned v = 0; v < 256; v++)
		assert_false(board_take(b, 0, v));
}

static void entries_keep_what_is_written_but_status(void **state)
{
	struct board *b = *state;
	put(b, 0x10 + 2 * 7, 0xffffffff);
	put(b, 0x11 + 2 * 7, 0xffffffff);
	assert_int_equal(get(b, 0x10 + 2 * 7), 0x1afff);
	assert_int_equal(get(b, 0x11 + 2 * 7), 0xffff0000);
	/* beyond the last entry there is nothing */
	put(b, 0x10 + 2 * 48, 0xffffffff);
	assert_int_equal(get(b, 0x10 + 2 * 48), 0);
	assert_int_equal(get(b, 0xff), 0);
}

static void an_edge_is_sent_once_for_each_rise(void **state)
{
	struct board *b = *state;
	route(b, 5, 1, 0x51);
	assert_line(b, 5, true);
	assert_true(board_take(b, 1, 0x51));
	assert_line(b, 5, true);
	assert_false(board_take(b, 1, 0x51));
	board_write(b, EOI, 4, 0x51);
	assert_false(board_take(b, 1, 0x51));
	assert_line(b, 5, false);
	assert_false(board_take(b, 1, 0x51));
	assert_line(b, 5, true);
	assert_true(board_take(b, 1, 0x51));
	assert_false(board_take(b, 0, 0x51));
}

static void an_edge_that_meets_a_mask_is_lost(void **state)
{
	struct board *b = *state;
	route(b, 5, 1, 0x51 | MASK);
	assert_line(b, 5, true);
	route(b, 5, 1, 0x51);
	assert_false(board_take(b, 1, 0x51));
}

static void a_level_is_sent_again_after_eoi_while_asserted(void **state)
{
	struct board *b = *state;
	route(b, 9, 2, 0x60 | LEVEL);
	assert_line(b, 9, true);
	assert_true(board_take(b, 2, 0x60));
	assert_int_equal(get(b, 0x10 + 18) & REMOTE_IRR, REMOTE_IRR);
	assert_line(b, 9, false);
	assert_line(b, 9, true);
	assert_false(board_take(b, 2, 0x60));
	board_write(b, EOI, 4, 0x61);
	assert_false(board_take(b, 2, 0x60));
	board_write(b, EOI, 4, 0x60);
	assert_true(board_take(b, 2, 0x60));
	assert_line(b, 9, false);
	board_write(b, EOI, 4, 0x60);
	assert_false(board_take(b, 2, 0x60));
	assert_int_equal(get(b, 0x10 + 18) & REMOTE_IRR, 0);
}

static void a_masked_level_waits_for_the_unmask(void **state)
{
	struct board *b = *state;
	route(b, 9, 0, 0x60 | LEVEL | MASK);
	assert_line(b, 9, true);
	assert_false(board_take(b, 0, 0x60));
	put(b, 0x10 + 18, 0x60 | LEVEL);
	assert_true(board_take(b, 0, 0x60));
	put(b, 0x10 + 18, 0x60 | LEVEL | MASK);
	board_write(b, EOI, 4, 0x60);
	assert_false(board_take(b, 0, 0x60));
	put(b, 0x10 + 18, 0x60 | LEVEL);
	assert_true(board_take(b, 0, 0x60));
}

static void one_eoi_ends_all_lines_that_share_a_vector(void **state)
{
	struct board *b = *state;
	route(b, 20, 0, 0x70 | LEVEL);
	route(b, 21, 0, 0x70 | LEVEL);
	assert_line(b, 20, true);
	assert_true(board_take(b, 0, 0x70));
	assert_line(b, 21, true);
	assert_true(board_take(b, 0, 0x70));
	assert_line(b, 20, false);
	board_write(b, EOI, 4, 0x70);
	assert_true(board_take(b, 0, 0x70));
	assert_line(b, 21, false);
	board_write(b, EOI, 4, 0x70);
	assert_false(board_take(b, 0, 0x70));
}

static void delivery_modes_reach_the_processor(void **state)
{
	struct board *b = *state;
	route(b, 10, 0, 4 << 8);
	assert_line(b, 10, true);
	assert_true(board_take(b, 0, SAPIC_VECTOR_NMI));
	route(b, 11, 0, 7 << 8);
	assert_line(b, 11, true);
	assert_true(board_take(b, 0, SAPIC_VECTOR_EXTINT));
	route(b, 12, 0, 5 << 8);
	assert_line(b, 12, true);
	assert_true(sapic_take_init(b->m.cpu[0]));
	route(b, 13, 1, 1 << 8 | 0x99);
	assert_line(b, 13, true);
	assert_true(board_take(b, 1, 0x99));
}

static void lines_and_destinations_that_do_not_exist_are_ignored(void **state)
{
	struct board *b = *state;
	assert_line(b, 48, true);
	assert_line(b, 1000, true);
	route(b, 5, 77, 0x51);
	assert_line(b, 5, true);
	put(b, 0x11 + 10, 1u << 16); /* eid 1 */
	assert_line(b, 5, false);
	assert_line(b, 5, true);
	for (unsigned n = 0; n < 3; n++)
		assert_false(board_take(b, n, 0x51));
}

static void ipis_go_by_id_and_eid(void **state)
{
	struct board *b = *state;
	board_write(b, PIB + (2u << 12), 8, 0xfe);
	assert_true(board_take(b, 2, 0xfe));
	board_write(b, PIB + (2u << 12) + 8, 8, 0xfd); /* redirection hint */
	assert_true(board_take(b, 2, 0xfd));
	board_write(b, PIB + (2u << 12) + (1 << 4), 8, 0xfc); /* eid 1: nobody */
	assert_false(board_take(b, 2, 0xfc));
	board_write(b, PIB, 8, 4 << 8 | 0x33);
	assert_true(board_take(b, 0, SAPIC_VECTOR_NMI));
	assert_false(board_take(b, 0, 0x33));
}

static void ipis_follow_a_changed_lid(void **state)
{
	struct board *b = *state;
	sapic_write(b->m.cpu[1], CR_LID, 0x2a050000);
	board_write(b, PIB + (0x2au << 12) + (5u << 4), 8, 0x44);
	assert_true(board_take(b, 1, 0x44));
	board_write(b, PIB + (1u << 12), 8, 0x44);
	assert_false(board_take(b, 1, 0x44));
}

static void only_eight_byte_stores_are_ipis(void **state)
{
	struct board *b = *state;
	board_write(b, PIB, 4, 0x44);
	board_write(b, PIB, 1, 0x44);
	board_read(b, PIB, 8);
	assert_false(board_take(b, 0, 0x44));
}

static void inta_and_xtp_answer(void **state)
{
	struct board *b = *state;
	board_write(b, PIB + 0x1e0008, 1, 0x8f);
	assert_int_equal(board_read(b, PIB + 0x1e0008, 1), 0x8f);
	assert_int_equal(board_read(b, PIB + 0x1e0000, 1), 0x0f);
	assert_int_equal(board_read(b, PIB + 0x1f0000, 8), 0);
}

static void state_survives_save_and_load(void **state)
{
	struct board *b = *state;
	struct stream s = {0};
	route(b, 9, 1, 0x60 | LEVEL);
	assert_line(b, 9, true);
	assert_true(board_take(b, 1, 0x60));
	board_write(b, PIB + 0x1e0008, 1, 0x70);
	iosapic_save(&b->p.iosapic, &s);
	pib_save(&b->p.pib, &s);
	iosapic_reset(&b->p.iosapic);
	pib_reset(&b->p.pib);
	iosapic_load(&b->p.iosapic, &s);
	pib_load(&b->p.pib, &s);
	assert_string_equal(s.error, "");
	assert_int_equal(board_read(b, PIB + 0x1e0008, 1), 0x70);
	assert_int_equal(get(b, 0x10 + 18), 0x60 | LEVEL | REMOTE_IRR);
	assert_false(board_take(b, 1, 0x60));
	board_write(b, EOI, 4, 0x60);
	assert_true(board_take(b, 1, 0x60));
	stream_free(&s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(version_tells_48_entries),
		T(entries_start_masked),
		T(entries_keep_what_is_written_but_status),
		T(an_edge_is_sent_once_for_each_rise),
		T(an_edge_that_meets_a_mask_is_lost),
		T(a_level_is_sent_again_after_eoi_while_asserted),
		T(a_masked_level_waits_for_the_unmask),
		T(one_eoi_ends_all_lines_that_share_a_vector),
		T(delivery_modes_reach_the_processor),
		T(lines_and_destinations_that_do_not_exist_are_ignored),
		T(ipis_go_by_id_and_eid),
		T(ipis_follow_a_changed_lid),
		T(only_eight_byte_stores_are_ipis),
		T(inta_and_xtp_answer),
		T(state_survives_save_and_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
