/* SPDX-License-Identifier: MIT */
/* A guest's xenstore ring against the real store, which is killed whenever that may hurt. */
#include "store_client.h"

#include "back/ring.h"
#include "back/store_ring.h"
#include "base/stream.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RING_PAGE 16384

struct world {
	uint8_t page[RING_PAGE];
	struct store_ring r;
	struct store *s;
	struct store_conn *dom0, *conn;
	int fd;		  /* the store's end; -1: nobody is there */
	struct text disk; /* the journal */
	uint32_t random;
	/* the guest */
	uint8_t got[XS_HEADER + XS_PAYLOAD_MAX];
	size_t got_len;
	unsigned events;
};

static unsigned chance(struct world *w, unsigned n)
{
	w->random = w->random * 1664525u + 1013904223u;
	return (w->random >> 16) % n;
}

/* --- epixend --- */

static void write_journal(struct world *w)
{
	const struct text *j = store_journal(w->s);
	text_add(&w->disk, j->data, j->len);
	store_journal_done(w->s);
}

static void give_stream(struct world *w)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	w->fd = pair[0];
	w->conn = store_attach(w->s, 7);
	store_counts_requests(w->conn);
	write_journal(w);
	store_ring_attach(&w->r, pair[1]);
}

static void kill_store(struct world *w)
{
	close(w->fd);
	w->fd = -1;
	store_free(w->s);
	w->s = store_new();
	assert_int_equal(store_replay(w->s, w->disk.data, w->disk.len), w->disk.len);
	store_number_transactions(w->s, chance(w, 60000) << 16);
	w->dom0 = store_connect(w->s);
}

/* One of the things that the store may do next; bytes at a time. Returns whether it did. */
static bool step_store(struct world *w, unsigned bytes)
{
	size_t n;
	bool did = false;
	uint8_t *to = store_space(w->conn, &n);
	ssize_t got = n ? recv(w->fd, to, n < bytes ? n : bytes, MSG_DONTWAIT) : 0;
	if (got > 0)
		store_received(w->conn, (size_t)got);
	if (chance(w, 3))
		did = store_run(w->conn);
	write_journal(w);
	const uint8_t *p = store_output(w->conn, &n);
	if (n && chance(w, 3)) {
		n = n < bytes ? n : bytes;
		assert_int_equal(send(w->fd, p, n, MSG_DONTWAIT), n);
		store_sent(w->conn, n);
	}
	return did || got > 0 || n;
}

/* --- the guest --- */

static void guest_puts(struct world *w, const void *p, size_t n)
{
	const uint8_t *from = p;
	/* what byte_ring_take reads: the guest's index is the producer */
	uint32_t *prod = (uint32_t *)(void *)(w->page + 0x804);
	const uint32_t *cons = (uint32_t *)(void *)(w->page + 0x800);
	for (size_t i = 0; i < n; i++) {
		while (*prod - *cons == 1024)
			store_ring_pump(&w->r, w->page);
		w->page[*prod & 1023] = from[i];
		++*prod;
	}
}

/* Takes one whole message; false: there is none yet. */
static bool guest_takes(struct world *w, struct answer *a)
{
	const uint32_t *prod = (uint32_t *)(void *)(w->page + 0x80c);
	uint32_t *cons = (uint32_t *)(void *)(w->page + 0x808);
	while (*cons != *prod) {
		w->got[w->got_len++] = w->page[0x400 + (*cons & 1023)];
		++*cons;
		if (w->got_len < XS_HEADER)
			continue;
		memcpy(&a->h, w->got, XS_HEADER);
		assert_in_range(a->h.len, 0, XS_PAYLOAD_MAX);
		if (w->got_len < XS_HEADER + a->h.len)
			continue;
		for (size_t i = 0; i < a->h.len; i++)
			a->text[i] = w->got[XS_HEADER + i] ? (char)w->got[XS_HEADER + i] : '|';
		a->text[a->h.len] = 0;
		w->got_len = 0;
		return true;
	}
	return false;
}

static void guest_asks(struct world *w, uint32_t id, unsigned type, unsigned tx, const char *text)
{
	struct xs_header h = {type, id, tx, (uint32_t)strlen(text)};
	char data[XS_PAYLOAD_MAX];
	for (size_t i = 0; i < h.len; i++)
		data[i] = text[i] == '|' ? 0 : text[i];
	guest_puts(w, &h, sizeof(h));
	guest_puts(w, data, h.len);
}

/* Until the next reply; all around may be killed meanwhile, one time in kills. */
static const char *guest_waits(struct world *w, uint32_t id, unsigned type, unsigned kills)
{
	static struct answer a;
	for (unsigned i = 0; i < 1000000; i++) {
		store_ring_pump(&w->r, w->page);
		if (w->fd < 0 && chance(w, 4) == 0)
			give_stream(w);
		if (w->fd >= 0)
			step_store(w, 1 + chance(w, 40));
		if (w->fd >= 0 && kills && chance(w, kills) == 0)
			kill_store(w);
		if (!guest_takes(w, &a))
			continue;
		if (a.h.type == XS_WATCH_EVENT) {
			w->events++;
			continue;
		}
		assert_int_equal(a.h.req_id, id);
		assert_true(a.h.type == type || a.h.type == XS_ERROR);
		return a.text;
	}
	fail_msg("no reply");
	return NULL;
}

static const char *asks(
	struct world *w, uint32_t id, unsigned type, unsigned tx, const char *text, unsigned kills)
{
	guest_asks(w, id, type, tx, text);
	return guest_waits(w, id, type, kills);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->random = 12345;
	w->s = store_new();
	w->dom0 = store_connect(w->s);
	store_ring_init(&w->r);
	give_stream(w);
	expect(w->dom0, XS_MKDIR, "/local/domain/7|", "OK|");
	expect(w->dom0, XS_SET_PERMS, "/local/domain/7|n7|", "OK|");
	expect(w->dom0, XS_INTRODUCE, "7|0|1|", "OK|");
	write_journal(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_CONTROL, "check|", "OK|");
	store_ring_free(&w->r);
	if (w->fd >= 0)
		close(w->fd);
	store_free(w->s);
	text_free(&w->disk);
	free(w);
	return 0;
}

/* --- tests --- */

static void a_guest_is_answered(void **state)
{
	struct world *w = *state;
	assert_string_equal(asks(w, 0, XS_WRITE, 0, "a|one", 0), "OK|");
	assert_string_equal(asks(w, 0xffffffff, XS_READ, 0, "a|", 0), "one");
	assert_string_equal(asks(w, 0, XS_READ, 0, "b|", 0), "ENOENT|");
}

/* Longer than the ring is. */
static void long_messages_pass_whole(void **state)
{
	struct world *w = *state;
	char text[2100] = "a|";
	memset(text + 2, 'x', 2048);
	for (unsigned i = 0; i < 20; i++) {
		assert_string_equal(asks(w, i, XS_WRITE, 0, text, 30), "OK|");
		assert_string_equal(asks(w, i, XS_READ, 0, "a|", 30), text + 2);
	}
}

static void several_requests_are_answered_in_order(void **state)
{
	struct world *w = *state;
	char text[40], want[40];
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 30; i++) {
			snprintf(text, sizeof(text), "n%u|%u", i, round * 100 + i);
			guest_asks(w, i, XS_WRITE, 0, text);
			snprintf(text, sizeof(text), "n%u|", i);
			guest_asks(w, i + 1000, XS_READ, 0, text);
		}
		for (unsigned i = 0; i < 30; i++) {
			assert_string_equal(guest_waits(w, i, XS_WRITE, 50), "OK|");
			snprintf(want, sizeof(want), "%u", round * 100 + i);
			assert_string_equal(guest_waits(w, i + 1000, XS_READ, 50), want);
		}
	}
}

/* What would show if it were done twice, or not at all. */
static void nothing_is_lost_or_doubled_when_epixend_is_killed(void **state)
{
	struct world *w = *state;
	unsigned commits = 0;
	char text[60];
	assert_string_equal(asks(w, 1, XS_WRITE, 0, "counter|0", 0), "OK|");
	for (unsigned i = 0; i < 400; i++) {
		unsigned kills = 3 + i % 60;
		assert_string_equal(asks(w, i, XS_WATCH, 0, "counter|token|", kills), "OK|");
		assert_string_equal(asks(w, i, XS_UNWATCH, 0, "counter|token|", kills), "OK|");
		const char *answer = asks(w, i, XS_TRANSACTION_START, 0, "|", kills);
		unsigned tx = (unsigned)strtoul(answer, NULL, 10);
		assert_int_not_equal(tx, 0);
		answer = asks(w, i, XS_READ, tx, "counter|", kills);
		if (strcmp(answer, "EAGAIN|")) {
			snprintf(text, sizeof(text), "counter|%lu", strtoul(answer, NULL, 10) + 1);
			answer = asks(w, i, XS_WRITE, tx, text, kills);
		}
		bool whole = strcmp(answer, "OK|") == 0;
		answer = asks(w, i, XS_TRANSACTION_END, tx, whole ? "T|" : "F|", kills);
		assert_true(
			strcmp(answer, "OK|") == 0 || (whole && strcmp(answer, "EAGAIN|") == 0));
		commits += whole && strcmp(answer, "OK|") == 0;
	}
	snprintf(text, sizeof(text), "%u", commits);
	assert_string_equal(asks(w, 1, XS_READ, 0, "counter|", 0), text);
	assert_in_range(commits, 50, 399);
}

/* A transaction of the former store must not be taken for a new one. */
static void transactions_of_a_killed_store_have_their_own_numbers(void **state)
{
	struct world *w = *state;
	unsigned old = (unsigned)strtoul(asks(w, 1, XS_TRANSACTION_START, 0, "|", 0), NULL, 10);
	kill_store(w);
	unsigned tx = (unsigned)strtoul(asks(w, 2, XS_TRANSACTION_START, 0, "|", 0), NULL, 10);
	assert_int_not_equal(old, tx);
	assert_string_equal(asks(w, 3, XS_WRITE, old, "a|1", 0), "EAGAIN|");
	assert_string_equal(asks(w, 3, XS_TRANSACTION_END, old, "F|", 0), "OK|");
	assert_string_equal(asks(w, 3, XS_TRANSACTION_END, tx, "T|", 0), "OK|");
}

static void watches_outlive_epixend(void **state)
{
	struct world *w = *state;
	assert_string_equal(asks(w, 1, XS_WATCH, 0, "a|t|", 0), "OK|");
	for (unsigned i = 0; i < 20; i++) {
		kill_store(w);
		w->events = 0;
		assert_string_equal(asks(w, 2, XS_WRITE, 0, "a|1", 5), "OK|");
		assert_string_equal(asks(w, 2, XS_READ, 0, "a|", 0), "1");
		assert_in_range(w->events, 1, 1000);
	}
}

static void a_ring_that_nobody_reads_holds_requests_back(void **state)
{
	struct world *w = *state;
	struct xs_header h = {XS_READ, 0, 0, 2};
	uint32_t *prod = (uint32_t *)(void *)(w->page + 0x804);
	const uint32_t *cons = (uint32_t *)(void *)(w->page + 0x800);
	for (unsigned i = 0; i < 100000; i++) {
		if (1024 - (*prod - *cons) >= sizeof(h) + 2) {
			guest_puts(w, &h, sizeof(h));
			guest_puts(w, "a", 2);
		}
		store_ring_pump(&w->r, w->page);
		step_store(w, 4096);
	}
	assert_in_range(w->r.requests, 1, STORE_RING_REQUESTS);
	assert_int_equal(store_ring_events(&w->r) & POLLIN, 0);
	assert_true(*prod - *cons > 1000);
}

static void a_request_too_long_ends_the_conversation_until_a_reset(void **state)
{
	struct world *w = *state;
	struct xs_header h = {XS_READ, 0, 0, XS_PAYLOAD_MAX + 1};
	guest_puts(w, &h, sizeof(h));
	store_ring_pump(&w->r, w->page);
	assert_true(w->r.broken);
	guest_asks(w, 1, XS_READ, 0, "a|");
	store_ring_pump(&w->r, w->page);
	assert_int_equal(w->r.requests, 0);
	memset(w->page, 0, RING_PAGE);
	store_ring_reset(&w->r);
	assert_string_equal(asks(w, 1, XS_READ, 0, "a|", 0), "ENOENT|");
}

static void indices_that_make_no_sense_do_no_harm(void **state)
{
	struct world *w = *state;
	uint32_t *index = (uint32_t *)(void *)(w->page + 0x800);
	for (unsigned i = 0; i < 20000; i++) {
		index[chance(w, 4)] = chance(w, 2) ? chance(w, 3000) : (uint32_t)-chance(w, 9);
		w->page[chance(w, 0x810)] = (uint8_t)chance(w, 256);
		store_ring_pump(&w->r, w->page);
		step_store(w, 100);
	}
	memset(w->page, 0, RING_PAGE);
	store_ring_reset(&w->r);
	assert_string_equal(asks(w, 1, XS_WRITE, 0, "a|1", 0), "OK|");
	assert_string_equal(asks(w, 2, XS_READ, 0, "a|", 0), "1");
}

/* At any moment of the former guest's traffic. */
static void a_guest_that_starts_anew_hears_nothing_of_the_former(void **state)
{
	struct world *w = *state;
	struct answer a;
	for (unsigned i = 0; i < 500; i++) {
		guest_asks(w, 100, XS_WATCH, 0, "old|t|");
		guest_asks(w, 101, XS_TRANSACTION_START, 0, "|");
		guest_asks(w, 102, XS_WRITE, 0, "old|1");
		for (unsigned n = chance(w, 30); n; n--) {
			store_ring_pump(&w->r, w->page);
			if (w->fd >= 0)
				step_store(w, 1 + chance(w, 60));
			else
				give_stream(w);
			if (w->fd >= 0 && chance(w, 25) == 0)
				kill_store(w);
		}
		memset(w->page, 0, RING_PAGE);
		w->got_len = 0;
		store_ring_reset(&w->r);
		if (chance(w, 4) == 0)
			store_ring_reset(&w->r);
		w->events = 0;
		assert_string_equal(asks(w, 5, XS_WRITE, 0, "old|2", 40), "OK|");
		assert_string_equal(asks(w, 6, XS_WATCH, 0, "new|n|", 0), "OK|");
		assert_string_equal(asks(w, 7, XS_UNWATCH, 0, "new|n|", 0), "OK|");
		assert_in_range(w->events, 0, 1);
		assert_false(guest_takes(w, &a));
	}
	expect(w->dom0, XS_CONTROL, "quota|7|",
		"Domain 7:\nnodes             :        2\nwatches           :        0\n"
		"transactions      :        0\noutstanding       :        0\n|");
}

/* Restored under an epixend that knows nothing of the guest. */
static void a_restored_guest_has_its_watches(void **state)
{
	struct world *w = *state;
	struct stream s = {0};
	assert_string_equal(asks(w, 1, XS_WATCH, 0, "a|left|", 0), "OK|");
	assert_string_equal(asks(w, 2, XS_WATCH, 0, "a|kept|", 0), "OK|");
	assert_string_equal(asks(w, 3, XS_UNWATCH, 0, "a|left|", 0), "OK|");
	assert_string_equal(asks(w, 4, XS_WATCH, 0, "/|", 0), "EINVAL|");
	stream_begin(&s, "ring", 1);
	store_ring_save(&w->r, &s);
	stream_end(&s);
	w->disk.len = 0; /* and so does its journal */
	kill_store(w);
	store_ring_free(&w->r);
	store_ring_init(&w->r);
	assert_int_equal(stream_open(&s, "ring", 1), 1);
	store_ring_load(&w->r, &s, true);
	stream_close(&s);
	assert_true(stream_ok(&s));
	stream_free(&s);
	give_stream(w);
	expect(w->dom0, XS_MKDIR, "/local/domain/7|", "OK|");
	expect(w->dom0, XS_SET_PERMS, "/local/domain/7|n7|", "OK|");
	expect(w->dom0, XS_INTRODUCE, "7|0|1|", "OK|");
	w->events = 0;
	assert_string_equal(asks(w, 5, XS_WRITE, 0, "a|one", 0), "OK|");
	assert_string_equal(asks(w, 6, XS_READ, 0, "a|", 0), "one");
	assert_int_equal(w->events, 2); /* one for itself, one for what was written */
	assert_string_equal(asks(w, 7, XS_UNWATCH, 0, "a|left|", 0), "ENOENT|");
	assert_string_equal(asks(w, 8, XS_UNWATCH, 0, "a|kept|", 0), "OK|");
}

/* A copy of all goes on where the first one was. */
static void a_saved_conversation_goes_on(void **state)
{
	struct world *w = *state;
	assert_string_equal(asks(w, 1, XS_WRITE, 0, "a|one", 0), "OK|");
	for (unsigned i = 0; i < 200; i++) {
		struct stream s = {0};
		char text[40];
		snprintf(text, sizeof(text), "a|%u", i);
		guest_asks(w, i, XS_WRITE, 0, text);
		guest_asks(w, i + 1, XS_READ, 0, "a|");
		if (w->fd < 0)
			give_stream(w);
		for (unsigned n = chance(w, 12); n; n--) {
			store_ring_pump(&w->r, w->page);
			step_store(w, 1 + chance(w, 30));
		}
		stream_begin(&s, "ring", 1);
		store_ring_save(&w->r, &s);
		stream_end(&s);
		kill_store(w);
		store_ring_free(&w->r);
		store_ring_init(&w->r);
		assert_int_equal(stream_open(&s, "ring", 1), 1);
		store_ring_load(&w->r, &s, true);
		stream_close(&s);
		assert_true(stream_ok(&s));
		stream_free(&s);
		expect(w->dom0, XS_WRITE, "/x|", "OK|");
		assert_string_equal(guest_waits(w, i, XS_WRITE, 0), "OK|");
		assert_string_equal(guest_waits(w, i + 1, XS_READ, 0), text + 2);
	}
}

static void a_damaged_save_file_is_refused(void **state)
{
	struct world *w = *state;
	struct stream s = {0};
	guest_asks(w, 1, XS_WRITE, 0, "a|one");
	store_ring_pump(&w->r, w->page);
	guest_puts(w, "\0\0", 2);
	store_ring_pump(&w->r, w->page);
	stream_begin(&s, "ring", 1);
	store_ring_save(&w->r, &s);
	stream_end(&s);
	unsigned refused = 0;
	for (size_t i = 24; i < s.len; i++) {
		struct store_ring r;
		uint8_t was = s.data[i];
		s.data[i] ^= 0xff;
		s.pos = 0;
		s.error[0] = 0;
		store_ring_init(&r);
		if (stream_open(&s, "ring", 1))
			store_ring_load(&r, &s, true);
		stream_close(&s);
		refused += !stream_ok(&s);
		store_ring_free(&r);
		s.data[i] = was;
	}
	assert_in_range(refused, 30, s.len);
	stream_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_guest_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(long_messages_pass_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(
			several_requests_are_answered_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			nothing_is_lost_or_doubled_when_epixend_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			transactions_of_a_killed_store_have_their_own_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(watches_outlive_epixend, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_ring_that_nobody_reads_holds_requests_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_request_too_long_ends_the_conversation_until_a_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(
			indices_that_make_no_sense_do_no_harm, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_guest_that_starts_anew_hears_nothing_of_the_former, setup, teardown),
		cmocka_unit_test_setup_teardown(a_restored_guest_has_its_watches, setup, teardown),
		cmocka_unit_test_setup_teardown(a_saved_conversation_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_save_file_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
