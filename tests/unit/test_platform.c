/* SPDX-License-Identifier: MIT */
/* RAM layout, sparse ports, ACPI fixed hardware and PCI configuration of an HVM machine. */
#include "board.h"

#define SELECT	   0xfec00000
#define WINDOW	   0xfec00010
#define SCI_VECTOR 0x55

static int setup(void **state)
{
	struct board *b = board_new(1, 16ull << 20, NULL);
	board_write(b, SELECT, 4, 0x10 + 2 * GSI_SCI);
	board_write(b, WINDOW, 4, SCI_VECTOR | 1 << 15);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	board_delete(*state);
	return 0;
}

static int add_ram(uint64_t bytes, const char *model, struct machine *m, char *err)
{
	memset(m, 0, sizeof(*m));
	m->model = cpu_model_find(model);
	return platform_add_ram(m, bytes, err, 200);
}

static void check_layout(uint64_t bytes)
{
	static struct machine m;
	char err[200];
	uint64_t total = 0;
	assert_int_equal(add_ram(bytes, NULL, &m, err), 0);
	for (unsigned i = 0; i < m.ram.count; i++) {
		const struct ram_slot *s = &m.ram.slot[i];
		bool low = s->base + s->size <= 0xa0000;
		bool mid = s->base >= 0xc0000 && s->base + s->size <= 0xc0000000;
		bool high = s->base >= 0x100000000;
		bool fw = s->base == 0xff000000 && s->size == 0x1000000;
		assert_true(low || mid || high || fw);
		total += fw ? 0 : s->size;
	}
	assert_int_equal(total, bytes);
	assert_int_equal(m.fw_base.v, 0xff000000);
	ram_free(&m.ram);
}

static void ram_leaves_the_holes_of_the_map_free(void **state)
{
	(void)state;
	check_layout(1ull << 20);
	check_layout(512ull << 20);
	check_layout((3ull << 30) - (128 << 10));
	check_layout((3ull << 30) - (128 << 10) + 4096);
	check_layout(8ull << 30);
	check_layout(300ull << 30);
}

static void sizes_that_do_not_fit_are_refused_with_a_reason(void **state)
{
	static struct machine m;
	char err[200];
	(void)state;
	static const uint64_t sizes[] = {
		0, 4096, (1 << 20) - 4096, (16 << 20) + 1, 1ull << 40, 1ull << 50, ~0xfffull};
	for (unsigned i = 0; i < countof(sizes); i++) {
		err[0] = 0;
		assert_true(add_ram(sizes[i], NULL, &m, err) < 0);
		assert_string_not_equal(err, "");
		ram_free(&m.ram);
	}
}

static void the_port_window_is_sparse(void **state)
{
	(void)state;
	assert_int_equal(ioport_decode(0), 0);
	assert_int_equal(ioport_decode(0xfe3f8), 0x3f8);
	assert_int_equal(ioport_decode(board_port(0xcfc) - 0xe0000000), 0xcfc);
	assert_int_equal(ioport_decode(board_port(0xffff) - 0xe0000000), 0xffff);
}

static void ports_without_a_device_read_as_ones(void **state)
{
	struct board *b = *state;
	assert_int_equal(board_in(b, 0x80, 1), 0xff);
	assert_int_equal(board_in(b, 0x80, 2), 0xffff);
	board_outb(b, 0x80, 1, 1);
	assert_int_equal(board_in(b, 0x80, 4), 0xffffffff);
}

static void the_pm_timer_runs_at_its_rate(void **state)
{
	struct board *b = *state;
	unsigned before = board_in(b, PORT_PM_TIMER, 4);
	clock_advance(&b->m.clock, 1000000000);
	unsigned after = board_in(b, PORT_PM_TIMER, 4);
	assert_in_range(after - before, 3579544, 3579546);
	/* it is 32 bits wide: after 20 minutes it has wrapped */
	clock_advance(&b->m.clock, 1200ull * 1000000000);
	uint64_t ticks = 1201ull * 3579545;
	assert_in_range(board_in(b, PORT_PM_TIMER, 4), (uint32_t)ticks - 2, (uint32_t)ticks + 2);
}

static void the_timer_carry_raises_sci_when_enabled(void **state)
{
	struct board *b = *state;
	assert_true(platform_tick(&b->p) == UINT64_MAX);
	board_outb(b, PORT_PM1_EVT + 2, 2, 1);
	uint64_t at = platform_tick(&b->p);
	assert_in_range(at / 1000000, 599900, 599960);
	clock_advance(&b->m.clock, at - clock_now(&b->m.clock) - 1000);
	platform_tick(&b->p);
	assert_false(board_take(b, 0, SCI_VECTOR));
	clock_advance(&b->m.clock, 1000);
	assert_true(platform_tick(&b->p) > at);
	assert_true(board_take(b, 0, SCI_VECTOR));
	assert_int_equal(board_in(b, PORT_PM1_EVT, 2), 1);
	board_outb(b, PORT_PM1_EVT, 2, 1);
	assert_int_equal(board_in(b, PORT_PM1_EVT, 2), 0);
	board_write(b, 0xfec00040, 4, SCI_VECTOR);
	assert_false(board_take(b, 0, SCI_VECTOR));
}

static void the_power_button_raises_sci_when_enabled(void **state)
{
	struct board *b = *state;
	acpi_pm_power_button(&b->p.pm);
	assert_false(board_take(b, 0, SCI_VECTOR));
	assert_int_equal(board_in(b, PORT_PM1_EVT, 4), 0x100);
	board_outb(b, PORT_PM1_EVT, 4, 0x01000100);
	assert_int_equal(board_in(b, PORT_PM1_EVT, 4), 0x01000000);
	acpi_pm_power_button(&b->p.pm);
	assert_true(board_take(b, 0, SCI_VECTOR));
	/* byte accesses reach the same bits */
	assert_int_equal(board_in(b, PORT_PM1_EVT + 1, 1), 1);
	board_outb(b, PORT_PM1_EVT + 1, 1, 1);
	assert_int_equal(board_in(b, PORT_PM1_EVT, 2), 0);
}

static void s5_powers_off_and_other_sleep_types_do_not(void **state)
{
	struct board *b = *state;
	assert_int_equal(board_in(b, PORT_PM1_CNT, 2) & 1, 1);
	board_outb(b, PORT_PM1_CNT, 2, 1 << 13 | 3 << 10);
	board_outb(b, PORT_PM1_CNT, 2, 5 << 10);
	assert_int_equal(b->poweroffs, 0);
	board_outb(b, PORT_PM1_CNT, 2, 1 << 13 | 5 << 10);
	assert_int_equal(b->poweroffs, 1);
}

static void the_reset_register_resets(void **state)
{
	struct board *b = *state;
	board_outb(b, PORT_RESET, 1, 2);
	assert_int_equal(b->resets, 0);
	board_outb(b, PORT_RESET, 1, PM_RESET_VALUE);
	assert_int_equal(b->resets, 1);
}

static unsigned config(struct board *b, unsigned address, unsigned offset, unsigned size)
{
	board_outb(b, 0xcf8, 4, address);
	return board_in(b, 0xcfc + offset, size);
}

static void the_host_bridge_is_alone_on_bus_0(void **state)
{
	struct board *b = *state;
	assert_int_equal(config(b, 0x80000000, 0, 4), 0x84e08086);
	assert_int_equal(config(b, 0x80000008, 2, 2), 0x0600);
	for (unsigned devfn = 1; devfn < 256; devfn++)
		assert_int_equal(config(b, 0x80000000 | devfn << 8, 0, 4), 0xffffffff);
	assert_int_equal(config(b, 0x80010000, 0, 4), 0xffffffff);
	assert_int_equal(config(b, 0x00000000, 0, 4), 0xffffffff);
	assert_int_equal(pci_host_read(&b->p.pci, 1, 0, 0, 0, 4), 0xffffffff);
	assert_int_equal(pci_host_read(&b->p.pci, 0, 0, 0, 256, 2), 0xffff);
}

static void read_only_configuration_stays(void **state)
{
	struct board *b = *state;
	board_outb(b, 0xcf8, 4, 0x80000000);
	board_outb(b, 0xcfc, 4, 0);
	assert_int_equal(config(b, 0x80000000, 0, 4), 0x84e08086);
	board_outb(b, 0xcf8, 4, 0x80000004);
	board_outb(b, 0xcfc, 2, 0xffff);
	assert_int_equal(config(b, 0x80000004, 0, 2), 7);
	assert_int_equal(board_in(b, 0xcf8, 4), 0x80000004);
	assert_int_equal(board_in(b, 0xcf8, 1), 0xff);
}

static void pci_lines_are_swizzled_over_32(void **state)
{
	(void)state;
	assert_int_equal(gsi_pci(0, 0), 16);
	assert_int_equal(gsi_pci(1, 0), 20);
	assert_int_equal(gsi_pci(7, 3), 47);
	assert_int_equal(gsi_pci(8, 0), 17);
	for (unsigned i = 0; i < 128; i++)
		assert_in_range(gsi_pci(i / 4, i % 4), 16, 47);
}

static void the_whole_platform_survives_save_and_load(void **state)
{
	struct board *b = *state;
	struct stream s = {0}, again = {0};
	board_outb(b, PORT_PM1_EVT + 2, 2, 0x101);
	acpi_pm_power_button(&b->p.pm);
	board_outb(b, 0xcf8, 4, 0x80000004);
	board_outb(b, 0xcfc, 2, 1);
	platform_save(&b->p, &s);
	platform_reset(&b->p);
	assert_int_equal(board_in(b, PORT_PM1_EVT, 4), 0);
	platform_load(&b->p, &s);
	assert_string_equal(s.error, "");
	assert_int_equal(board_in(b, PORT_PM1_EVT, 4), 0x01010100);
	assert_int_equal(board_in(b, 0xcfc, 2), 1);
	platform_save(&b->p, &again);
	assert_int_equal(again.len, s.len);
	assert_memory_equal(again.data, s.data, s.len);
	stream_free(&s);
	stream_free(&again);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_leaves_the_holes_of_the_map_free),
		cmocka_unit_test(sizes_that_do_not_fit_are_refused_with_a_reason),
		cmocka_unit_test(the_port_window_is_sparse),
		T(ports_without_a_device_read_as_ones),
		T(the_pm_timer_runs_at_its_rate),
		T(the_timer_carry_raises_sci_when_enabled),
		T(the_power_button_raises_sci_when_enabled),
		T(s5_powers_off_and_other_sleep_types_do_not),
		T(the_reset_register_resets),
		T(the_host_bridge_is_alone_on_bus_0),
		T(read_only_configuration_stays),
		cmocka_unit_test(pci_lines_are_swizzled_over_32),
		T(the_whole_platform_survives_save_and_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
