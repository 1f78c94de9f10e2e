/* SPDX-License-Identifier: MIT */
/* The console UART as drivers see it: expected values are those of the PC16550D data sheet. */
#include "board.h"

enum { DATA = 0x3f8, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define IRQ_VECTOR 0x40

static int setup(void **state)
{
	struct board *b = board_new(1, 16ull << 20, NULL);
	/* line 4: level, to processor 0 */
	board_write(b, 0xfec00000, 4, 0x10 + 2 * GSI_COM1);
	board_write(b, 0xfec00010, 4, IRQ_VECTOR | 1 << 15);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	board_delete(*state);
	return 0;
}

/* The line asks for an interrupt now; acknowledged as a driver does. */
static bool interrupt(struct board *b)
{
	bool pending = board_take(b, 0, IRQ_VECTOR);
	board_write(b, 0xfec00040, 4, IRQ_VECTOR);
	return pending;
}

static void type(struct board *b, const char *s)
{
	assert_int_equal(uart_input(&b->p.uart, (const uint8_t *)s, strlen(s)), strlen(s));
}

static void written_characters_leave_at_once(void **state)
{
	struct board *b = *state;
	for (const char *p = "hello"; *p; p++) {
		assert_int_equal(board_in(b, LSR, 1) & 0x60, 0x60);
		board_outb(b, DATA, 1, (unsigned char)*p);
	}
	assert_string_equal(b->out, "hello");
}

static void typed_characters_are_read_in_order(void **state)
{
	struct board *b = *state;
	assert_int_equal(board_in(b, LSR, 1) & 1, 0);
	type(b, "xyz");
	for (const char *p = "xyz"; *p; p++) {
		assert_int_equal(board_in(b, LSR, 1) & 1, 1);
		assert_int_equal(board_in(b, DATA, 1), *p);
	}
	assert_int_equal(board_in(b, LSR, 1) & 1, 0);
}

static void a_flood_of_input_is_queued_and_not_overrun(void **state)
{
	struct board *b = *state;
	uint8_t in[UART_QUEUE + 100];
	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	board_outb(b, IIR, 1, 1);
	size_t n = uart_input(&b->p.uart, in, sizeof(in));
	assert_true(n >= UART_QUEUE && n <= UART_QUEUE + UART_FIFO);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(board_in(b, LSR, 1) & 3, 1);
		assert_int_equal(board_in(b, DATA, 1), in[i]);
	}
	assert_int_equal(board_in(b, LSR, 1) & 3, 0);
	assert_int_equal(uart_room(&b->p.uart), UART_QUEUE);
}

static void receive_interrupt_lasts_until_the_fifo_is_read(void **state)
{
	struct board *b = *state;
	board_outb(b, IIR, 1, 1);
	board_outb(b, IER, 1, 1);
	assert_false(interrupt(b));
	type(b, "ab");
	assert_true(interrupt(b));
	assert_int_equal(board_in(b, IIR, 1), 0xc4);
	board_in(b, DATA, 1);
	assert_true(interrupt(b));
	board_in(b, DATA, 1);
	assert_int_equal(board_in(b, IIR, 1), 0xc1);
	assert_false(interrupt(b) && interrupt(b));
}

static void below_the_trigger_level_the_timeout_is_reported(void **state)
{
	struct board *b = *state;
	board_outb(b, IIR, 1, 0xc1); /* level 14 */
	board_outb(b, IER, 1, 1);
	type(b, "a");
	assert_int_equal(board_in(b, IIR, 1), 0xcc);
	type(b, "bcdefghijklmno");
	assert_int_equal(board_in(b, IIR, 1), 0xc4);
}

static void transmitter_interrupt_is_acknowledged_by_reading_iir(void **state)
{
	struct board *b = *state;
	board_outb(b, IER, 1, 2);
	assert_true(interrupt(b));
	assert_int_equal(board_in(b, IIR, 1), 0x02);
	assert_int_equal(board_in(b, IIR, 1), 0x01);
	interrupt(b);
	assert_false(interrupt(b));
	board_outb(b, DATA, 1, 'x');
	assert_true(interrupt(b));
	assert_int_equal(board_in(b, IIR, 1), 0x02);
	/* enabling it again with the transmitter empty interrupts again */
	board_outb(b, IER, 1, 0);
	board_outb(b, IER, 1, 2);
	assert_int_equal(board_in(b, IIR, 1), 0x02);
}

static void receive_comes_before_transmit(void **state)
{
	struct board *b = *state;
	board_outb(b, IER, 1, 3);
	type(b, "a");
	assert_int_equal(board_in(b, IIR, 1), 0x04);
	board_in(b, DATA, 1);
	assert_int_equal(board_in(b, IIR, 1), 0x02);
}

static void divisor_stands_behind_dlab(void **state)
{
	struct board *b = *state;
	board_outb(b, LCR, 1, 0x83);
	board_outb(b, DATA, 1, 0x34);
	board_outb(b, IER, 1, 0x12);
	assert_int_equal(board_in(b, DATA, 1), 0x34);
	assert_int_equal(board_in(b, IER, 1), 0x12);
	board_outb(b, LCR, 1, 3);
	assert_int_equal(board_in(b, IER, 1), 0);
	assert_int_equal(b->out_len, 0);
}

static void a_16550a_is_detected(void **state)
{
	struct board *b = *state;
	board_outb(b, SCR, 1, 0x5a);
	assert_int_equal(board_in(b, SCR, 1), 0x5a);
	board_outb(b, IER, 1, 0xff);
	assert_int_equal(board_in(b, IER, 1), 0x0f);
	board_outb(b, IER, 1, 0);
	board_outb(b, IIR, 1, 1);
	assert_int_equal(board_in(b, IIR, 1) & 0xc0, 0xc0);
	board_outb(b, IIR, 1, 0);
	assert_int_equal(board_in(b, IIR, 1) & 0xc0, 0);
}

static void loopback_returns_data_and_modem_lines(void **state)
{
	struct board *b = *state;
	board_in(b, MSR, 1);
	board_outb(b, MCR, 1, 0x1a); /* loop, OUT2, RTS */
	assert_int_equal(board_in(b, MSR, 1) & 0xf0, 0x90);
	board_outb(b, DATA, 1, 'q');
	assert_int_equal(b->out_len, 0);
	assert_int_equal(board_in(b, DATA, 1), 'q');
	/* the line is not listened to meanwhile */
	type(b, "t");
	assert_int_equal(board_in(b, LSR, 1) & 1, 0);
	board_outb(b, MCR, 1, 0x0b);
	assert_int_equal(board_in(b, DATA, 1), 't');
	assert_int_equal(board_in(b, MSR, 1) & 0xf0, 0xb0);
}

static void loopback_overruns(void **state)
{
	struct board *b = *state;
	board_outb(b, MCR, 1, 0x10);
	board_outb(b, DATA, 1, '1');
	board_outb(b, DATA, 1, '2');
	assert_int_equal(board_in(b, LSR, 1) & 3, 3);
	assert_int_equal(board_in(b, LSR, 1) & 3, 1);
	assert_int_equal(board_in(b, DATA, 1), '2');
}

static void modem_change_interrupts_once(void **state)
{
	struct board *b = *state;
	board_in(b, MSR, 1);
	board_outb(b, IER, 1, 8);
	board_outb(b, MCR, 1, 0x10);
	assert_int_equal(board_in(b, IIR, 1), 0x00);
	assert_int_equal(board_in(b, MSR, 1) & 0x0f, 0x0b);
	assert_int_equal(board_in(b, IIR, 1), 0x01);
}

static void break_is_a_line_error_with_a_zero_character(void **state)
{
	struct board *b = *state;
	board_outb(b, IER, 1, 4);
	uart_break(&b->p.uart);
	assert_int_equal(board_in(b, IIR, 1), 0x06);
	assert_int_equal(board_in(b, LSR, 1) & 0x11, 0x11);
	assert_int_equal(board_in(b, IIR, 1), 0x01);
	assert_int_equal(board_in(b, DATA, 1), 0);
}

static void wide_accesses_touch_registers_in_order(void **state)
{
	struct board *b = *state;
	board_outb(b, LCR & ~3u, 4, 0);
	board_outb(b, 0x3fc, 4, 0x5a000000);
	assert_int_equal(board_in(b, SCR, 1), 0x5a);
	assert_int_equal(board_in(b, 0x3fc, 4) >> 24, 0x5a);
	/* eight bytes reach no device */
	assert_true(board_read(b, board_port(DATA), 8) == ~0ull);
}

static void state_survives_save_and_load(void **state)
{
	struct board *b = *state;
	struct stream s = {0};
	board_outb(b, IIR, 1, 0x81);
	board_outb(b, SCR, 1, 0x77);
	board_outb(b, IER, 1, 5);
	board_outb(b, MCR, 1, 0x0b);
	type(b, "0123456789abcdefghij");
	uart_save(&b->p.uart, &s);
	uart_reset(&b->p.uart);
	b->p.uart.queue_len = 0;
	assert_int_equal(board_in(b, SCR, 1), 0);
	uart_load(&b->p.uart, &s);
	assert_string_equal(s.error, "");
	assert_int_equal(board_in(b, SCR, 1), 0x77);
	assert_int_equal(board_in(b, IER, 1), 5);
	assert_int_equal(board_in(b, MCR, 1), 0x0b);
	for (const char *p = "0123456789abcdefghij"; *p; p++)
		assert_int_equal(board_in(b, DATA, 1), *p);
	stream_free(&s);
}

static void a_corrupt_stream_is_refused(void **state)
{
	struct board *b = *state;
	for (size_t cut = 0; cut < 100; cut += 3) {
		struct stream s = {0};
		uart_save(&b->p.uart, &s);
		s.len = s.len < cut ? 0 : s.len - cut - 1;
		uart_load(&b->p.uart, &s);
		assert_string_not_equal(s.error, "");
		assert_true(b->p.uart.fifo_len <= UART_FIFO && b->p.uart.queue_len <= UART_QUEUE);
		stream_free(&s);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(written_characters_leave_at_once),
		T(typed_characters_are_read_in_order),
		T(a_flood_of_input_is_queued_and_not_overrun),
		T(receive_interrupt_lasts_until_the_fifo_is_read),
		T(below_the_trigger_level_the_timeout_is_reported),
		T(transmitter_interrupt_is_acknowledged_by_reading_iir),
		T(receive_comes_before_transmit),
		T(divisor_stands_behind_dlab),
		T(a_16550a_is_detected),
		T(loopback_returns_data_and_modem_lines),
		T(loopback_overruns),
		T(modem_change_interrupts_once),
		T(break_is_a_line_error_with_a_zero_character),
		T(wide_accesses_touch_registers_in_order),
		T(state_survives_save_and_load),
		T(a_corrupt_stream_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
