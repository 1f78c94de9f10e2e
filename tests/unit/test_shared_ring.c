/* SPDX-License-Identifier: MIT */
/* Rings of requests and responses against a frontend that follows Xen's io/ring.h, and one that
 * does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "back/shared_ring.h"

#include <errno.h>

#define PAGE  16384u
#define ENTRY 112u

/* The page as a frontend sees it, with its private indices. */
struct front {
	_Alignas(64) uint32_t page[PAGE / 4 + 1];
	uint32_t req, rsp, slots;
	struct shared_ring r;
};

enum { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT };

static void begin(struct front *f, uint32_t size, uint32_t entry, uint32_t slots)
{
	memset(f, 0, sizeof(*f));
	f->page[REQ_EVENT] = f->page[RSP_EVENT] = 1;
	f->slots = slots;
	f->page[size / 4] = 0xfeedfeed; /* behind the page */
	shared_ring_attach(&f->r, (uint8_t *)f->page, size, entry);
}

/* Both return whether the other side wants to be signalled. */
static bool send(struct front *f, uint32_t value)
{
	uint32_t old = f->page[REQ_PROD];
	f->page[16 + (f->req++ & (f->slots - 1)) * (f->r.entry / 4)] = value;
	f->page[REQ_PROD] = f->req;
	return f->req - f->page[REQ_EVENT] < f->req - old;
}

static bool answer(struct front *f, uint32_t value)
{
	shared_ring_put(&f->r, &value, sizeof(value));
	return shared_ring_push(&f->r);
}

static uint32_t receive(struct front *f)
{
	return f->page[16 + (f->rsp++ & (f->slots - 1)) * (f->r.entry / 4)];
}

static void slots_are_as_many_as_fit_in_a_power_of_two(void **state)
{
	(void)state;
	/* __RING_SIZE of io/ring.h, computed by hand for Xen's structures */
	static const struct {
		uint32_t page, entry, slots;
	} known[] = {{16384, 112, 128}, {16384, 108, 128}, {4096, 112, 32}, {4096, 108, 32},
		{16384, 12, 1024}, {16384, 8, 1024}, {4096, 12, 256}, {4096, 8, 256}};
	for (unsigned n = 0; n < countof(known); n++) {
		struct front f;
		begin(&f, known[n].page, known[n].entry, known[n].slots);
		assert_int_equal(f.r.slots, known[n].slots);
	}
}

static void requests_come_in_order_and_responses_take_their_places(void **state)
{
	(void)state;
	struct front f;
	begin(&f, PAGE, ENTRY, 128);
	uint32_t request[ENTRY / 4];
	assert_int_equal(shared_ring_take(&f.r, request), 0);
	for (uint32_t n = 0; n < 1000; n++) {
		send(&f, n * 2);
		send(&f, n * 2 + 1);
		assert_int_equal(shared_ring_waiting(&f.r), 2);
		assert_int_equal(shared_ring_take(&f.r, request), 1);
		assert_int_equal(request[0], n * 2);
		assert_int_equal(shared_ring_take(&f.r, request), 1);
		assert_int_equal(request[0], n * 2 + 1);
		assert_int_equal(shared_ring_take(&f.r, request), 0);
		answer(&f, ~n);
		answer(&f, n);
		assert_int_equal(f.page[RSP_PROD], n * 2 + 2);
		assert_int_equal(receive(&f), ~n);
		assert_int_equal(receive(&f), n);
	}
	assert_int_equal(f.page[PAGE / 4], 0xfeedfeed);
}

static void guest_is_signalled_when_it_waits_for_that_response(void **state)
{
	(void)state;
	struct front f;
	begin(&f, PAGE, ENTRY, 128);
	uint32_t request[ENTRY / 4];
	for (uint32_t n = 0; n < 8; n++) {
		send(&f, n);
		shared_ring_take(&f.r, request);
	}
	assert_true(answer(&f, 0)); /* rsp_event is 1 */
	assert_false(answer(&f, 1));
	f.page[RSP_EVENT] = 5;
	assert_false(answer(&f, 2));
	assert_false(answer(&f, 3));
	assert_true(answer(&f, 4));
	assert_false(shared_ring_push(&f.r));
	f.page[RSP_EVENT] = 7; /* two at once go past it */
	shared_ring_put(&f.r, request, 4);
	shared_ring_put(&f.r, request, 4);
	shared_ring_put(&f.r, request, 4);
	assert_int_equal(f.page[RSP_PROD], 5);
	assert_true(shared_ring_push(&f.r));
	assert_int_equal(f.page[RSP_PROD], 8);
}

static void sleeping_asks_for_the_next_request_only(void **state)
{
	(void)state;
	struct front f;
	begin(&f, PAGE, ENTRY, 128);
	uint32_t request[ENTRY / 4];
	assert_true(send(&f, 0));
	assert_false(send(&f, 1)); /* we are awake */
	assert_true(shared_ring_sleep(&f.r));
	shared_ring_take(&f.r, request);
	shared_ring_take(&f.r, request);
	assert_false(shared_ring_sleep(&f.r));
	assert_true(send(&f, 2));
}

static void indices_that_make_no_sense_break_the_ring(void **state)
{
	(void)state;
	struct front f;
	uint32_t request[ENTRY / 4];
	static const uint32_t wrong[] = {133, 500, 0x80000000, UINT32_MAX, 2, 0};
	for (unsigned n = 0; n < countof(wrong); n++) {
		begin(&f, PAGE, ENTRY, 128);
		for (uint32_t i = 0; i < 4; i++) {
			send(&f, i);
			shared_ring_take(&f.r, request);
			answer(&f, i);
		}
		f.page[REQ_PROD] = wrong[n];
		assert_int_equal(shared_ring_take(&f.r, request), -EINVAL);
		assert_int_equal(shared_ring_waiting(&f.r), -EINVAL);
		assert_true(shared_ring_sleep(&f.r));
	}
	begin(&f, PAGE, ENTRY, 128);
	f.page[REQ_PROD] = 128; /* as many as there are slots is right */
	for (unsigned n = 0; n < 128; n++)
		assert_int_equal(shared_ring_take(&f.r, request), 1);
	f.page[REQ_PROD] = 129; /* no response has made room yet */
	assert_int_equal(shared_ring_take(&f.r, request), -EINVAL);
	answer(&f, 0);
	assert_int_equal(shared_ring_take(&f.r, request), 1);
}

static void guests_changes_of_the_responses_index_change_nothing(void **state)
{
	(void)state;
	struct front f;
	begin(&f, PAGE, ENTRY, 128);
	uint32_t request[ENTRY / 4];
	send(&f, 7);
	shared_ring_take(&f.r, request);
	f.page[RSP_PROD] = 0x12345;
	answer(&f, 9);
	assert_int_equal(f.page[RSP_PROD], 1);
	assert_int_equal(receive(&f), 9);
}

static void attaching_again_goes_on_where_responses_ended(void **state)
{
	(void)state;
	struct front f;
	begin(&f, PAGE, ENTRY, 128);
	uint32_t request[ENTRY / 4];
	for (uint32_t n = 0; n < 300; n++) {
		send(&f, n);
		shared_ring_take(&f.r, request);
		answer(&f, n);
		receive(&f);
	}
	send(&f, 1000);
	send(&f, 1001);
	shared_ring_attach(&f.r, (uint8_t *)f.page, PAGE, ENTRY);
	assert_int_equal(shared_ring_waiting(&f.r), 2);
	assert_int_equal(shared_ring_take(&f.r, request), 1);
	assert_int_equal(request[0], 1000);
	answer(&f, 77);
	assert_int_equal(receive(&f), 77);
}

static void indices_wrap_around(void **state)
{
	(void)state;
	struct front f;
	begin(&f, PAGE, ENTRY, 128);
	f.req = f.rsp = f.page[REQ_PROD] = f.page[RSP_PROD] = UINT32_MAX - 1;
	f.page[RSP_EVENT] = f.page[REQ_EVENT] = UINT32_MAX;
	shared_ring_attach(&f.r, (uint8_t *)f.page, PAGE, ENTRY);
	uint32_t request[ENTRY / 4];
	for (uint32_t n = 0; n < 4; n++) {
		assert_true(send(&f, n));
		assert_int_equal(shared_ring_take(&f.r, request), 1);
		assert_int_equal(request[0], n);
		assert_true(answer(&f, n + 50));
		assert_int_equal(receive(&f), n + 50);
		f.page[RSP_EVENT]++;
		assert_false(shared_ring_sleep(&f.r));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_as_many_as_fit_in_a_power_of_two),
		cmocka_unit_test(requests_come_in_order_and_responses_take_their_places),
		cmocka_unit_test(guest_is_signalled_when_it_waits_for_that_response),
		cmocka_unit_test(sleeping_asks_for_the_next_request_only),
		cmocka_unit_test(indices_that_make_no_sense_break_the_ring),
		cmocka_unit_test(guests_changes_of_the_responses_index_change_nothing),
		cmocka_unit_test(attaching_again_goes_on_where_responses_ended),
		cmocka_unit_test(indices_wrap_around),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
