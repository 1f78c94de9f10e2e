/* SPDX-License-Identifier: MIT */
/* Backends and frontends in the real store: states in and out of order, and epixend killed. */
#include "store_client.h"

#include "back/xenbus.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRONT "/local/domain/7/device/vbd/51712"
#define BACK  "/local/domain/0/backend/vbd/7/51712"

struct disk {
	struct xenbus_device *x;
	unsigned described, connects, disconnects;
	bool connected;
	int refuse; /* what connect returns */
	char ring[40], channel[40];
};

struct world {
	struct store *s;
	struct store_conn *dom0, *front, *conn;
	int fd; /* the store's end */
	struct xenbus *b;
	struct disk disk;
};

/* --- the backend --- */

static void describe(struct xenbus_device *x)
{
	struct disk *k = xenbus_dev(x);
	k->described++;
	xenbus_put(x, "sectors", "%u", 2048);
}

static int connect_disk(struct xenbus_device *x)
{
	struct disk *k = xenbus_dev(x);
	const char *ring = xenbus_get(x, "ring-ref"), *channel = xenbus_get(x, "event-channel");
	assert_false(k->connected);
	k->connects++;
	k->connected = true;
	snprintf(k->ring, sizeof(k->ring), "%s", ring ? ring : "none");
	snprintf(k->channel, sizeof(k->channel), "%s", channel ? channel : "none");
	if (k->refuse)
		xenbus_error(x, "ring %s cannot be mapped", k->ring);
	return k->refuse;
}

static void disconnect(struct xenbus_device *x)
{
	struct disk *k = xenbus_dev(x);
	assert_true(k->connected);
	k->disconnects++;
	k->connected = false;
}

static void nodes(const struct xenbus_device *x, struct text *out)
{
	xenbus_front(out, "virtual-device", "%u", xenbus_devid(x));
	xenbus_back(out, "params", "a file\nof two lines");
}

static const char *const keys[] = {"ring-ref", "event-channel", "protocol", NULL};
static const struct xenbus_kind vbd = {"vbd", keys, nodes, describe, connect_disk, disconnect};

/* --- the world --- */

/* Moves bytes between the socket and the store until nothing moves. */
static void settle(struct world *w)
{
	bool moved = true;
	while (moved && w->conn) {
		size_t n;
		moved = false;
		xenbus_pump(w->b);
		uint8_t *to = store_space(w->conn, &n);
		ssize_t got = n ? recv(w->fd, to, n, MSG_DONTWAIT) : 0;
		if (got > 0)
			store_received(w->conn, (size_t)got);
		while (store_run(w->conn))
			moved = true;
		for (const uint8_t *p; (p = store_output(w->conn, &n)), n; moved = true) {
			assert_int_equal(send(w->fd, p, n, MSG_DONTWAIT), n);
			store_sent(w->conn, n);
		}
		moved |= got > 0;
	}
}

static void give_stream(struct world *w)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	w->fd = pair[0];
	w->conn = store_backend(w->s, 7);
	assert_non_null(w->conn);
	xenbus_attach(w->b, pair[1]);
	settle(w);
}

/* epixend is killed: what it has not read is lost. */
static void kill_store(struct world *w)
{
	struct text all = {0};
	close(w->fd);
	store_snapshot(w->s, &all);
	store_free(w->s);
	w->s = store_new();
	assert_int_equal(store_replay(w->s, all.data, all.len), all.len);
	text_free(&all);
	w->conn = NULL;
	w->dom0 = store_connect(w->s);
	w->front = store_attach(w->s, 7);
	xenbus_pump(w->b);
	assert_int_equal(xenbus_fd(w->b), -1);
}

static void make_device(struct world *w)
{
	expect(w->dom0, XS_MKDIR, FRONT "|", "OK|");
	expect(w->dom0, XS_SET_PERMS, FRONT "|n7|r0|", "OK|");
	expect(w->dom0, XS_WRITE, FRONT "/state|1", "OK|");
	expect(w->dom0, XS_WRITE, "/local/domain/7/control/shutdown|", "OK|");
	expect(w->dom0, XS_MKDIR, BACK "|", "OK|");
	expect(w->dom0, XS_SET_PERMS, BACK "|n0|r7|", "OK|");
	expect(w->dom0, XS_WRITE, BACK "/state|1", "OK|");
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->s = store_new();
	w->dom0 = store_connect(w->s);
	w->front = guest(w->s, w->dom0, 7);
	make_device(w);
	w->b = xenbus_new(7);
	w->disk.x = xenbus_add(w->b, &vbd, 51712, &w->disk);
	give_stream(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_CONTROL, "check|", "OK|");
	xenbus_free(w->b);
	assert_false(w->disk.connected);
	if (w->conn)
		close(w->fd);
	store_free(w->s);
	free(w);
	return 0;
}

static void front_writes(struct world *w, const char *name, const char *value)
{
	char text[400];
	snprintf(text, sizeof(text), FRONT "/%s|%s", name, value);
	expect(w->front, XS_WRITE, text, "OK|");
	settle(w);
}

static void front_says(struct world *w, unsigned state)
{
	char text[2] = {(char)('0' + state)};
	front_writes(w, "state", text);
}

/* The frontend reads. */
static void back_is(struct world *w, const char *state)
{
	expect(w->front, XS_READ, BACK "/state|", state);
}

static void connect_front(struct world *w)
{
	front_writes(w, "ring-ref", "8");
	front_writes(w, "event-channel", "5");
	front_says(w, XENBUS_INITIALISED);
}

/* --- tests --- */

static void a_backend_describes_itself_and_waits(void **state)
{
	struct world *w = *state;
	back_is(w, "2");
	expect(w->front, XS_READ, BACK "/sectors|", "2048");
	assert_int_equal(w->disk.described, 1);
	assert_int_equal(w->disk.connects, 0);
}

static void a_frontend_connects(void **state)
{
	struct world *w = *state;
	connect_front(w);
	back_is(w, "4");
	assert_string_equal(w->disk.ring, "8");
	assert_string_equal(w->disk.channel, "5");
	assert_null(xenbus_get(w->disk.x, "protocol"));
	front_says(w, XENBUS_CONNECTED);
	assert_int_equal(w->disk.connects, 1);
	assert_int_equal(w->disk.disconnects, 0);
}

/* netfront goes there at once. */
static void a_frontend_may_say_connected_first(void **state)
{
	struct world *w = *state;
	front_writes(w, "ring-ref", "8");
	front_says(w, XENBUS_CONNECTED);
	back_is(w, "4");
	assert_int_equal(w->disk.connects, 1);
}

static void a_frontend_closes_and_comes_back(void **state)
{
	struct world *w = *state;
	for (unsigned i = 1; i < 4; i++) {
		connect_front(w);
		front_says(w, XENBUS_CONNECTED);
		front_says(w, XENBUS_CLOSING);
		back_is(w, "5");
		assert_false(w->disk.connected);
		front_says(w, XENBUS_CLOSED);
		back_is(w, "6");
		front_says(w, XENBUS_INITIALISING);
		back_is(w, "2");
		assert_int_equal(w->disk.connects, i);
		assert_int_equal(w->disk.disconnects, i);
		assert_int_equal(w->disk.described, i + 1);
	}
}

static void a_frontend_that_connects_from_closed_is_served(void **state)
{
	struct world *w = *state;
	connect_front(w);
	front_says(w, XENBUS_CLOSED);
	back_is(w, "6");
	connect_front(w);
	back_is(w, "4");
	assert_int_equal(w->disk.connects, 2);
}

/* What kexec leaves: nobody has closed, and the states between were too quick to be seen. */
static void a_new_ring_in_the_same_state_is_connected_anew(void **state)
{
	struct world *w = *state;
	connect_front(w);
	front_writes(w, "ring-ref", "9");
	assert_int_equal(w->disk.connects, 1);
	front_says(w, XENBUS_INITIALISED);
	back_is(w, "4");
	assert_string_equal(w->disk.ring, "9");
	assert_int_equal(w->disk.connects, 2);
	front_says(w, XENBUS_INITIALISING);
	back_is(w, "2");
	assert_false(w->disk.connected);
}

static void a_connect_that_fails_closes(void **state)
{
	struct world *w = *state;
	w->disk.refuse = -EINVAL;
	connect_front(w);
	back_is(w, "5");
	expect(w->front, XS_READ, BACK "/error|", "ring 8 cannot be mapped");
	assert_false(w->disk.connected);
	front_says(w, XENBUS_CLOSED);
	back_is(w, "6");
	w->disk.refuse = 0;
	front_says(w, XENBUS_INITIALISING);
	connect_front(w);
	back_is(w, "4");
}

static void a_frontend_that_is_gone_is_closed(void **state)
{
	struct world *w = *state;
	connect_front(w);
	expect(w->dom0, XS_RM, FRONT "|", "OK|");
	settle(w);
	assert_false(w->disk.connected);
	back_is(w, "6");
}

static void states_that_make_no_sense_change_nothing(void **state)
{
	static const char *const bad[] = {"", "x", "-1", "4 ", "04294967299", "9",
		"77777777777777777777", "2", "7", "8", "3;", "\x01\x02"};
	struct world *w = *state;
	for (unsigned i = 0; i < countof(bad); i++) {
		front_writes(w, "state", bad[i]);
		back_is(w, "2");
	}
	assert_int_equal(w->disk.connects, 0);
	connect_front(w);
	for (unsigned i = 0; i < countof(bad); i++) {
		front_writes(w, "state", bad[i]);
		back_is(w, "4");
	}
	assert_int_equal(w->disk.connects, 1);
}

static void missing_and_hostile_keys_are_none(void **state)
{
	struct world *w = *state;
	char text[1000] = "";
	memset(text, '7', 300);
	front_says(w, XENBUS_INITIALISED);
	assert_string_equal(w->disk.ring, "none");
	front_writes(w, "ring-ref", text);
	front_writes(w, "event-channel", "5|6");
	front_says(w, XENBUS_CONNECTED);
	assert_string_equal(w->disk.ring, "none");
	assert_string_equal(w->disk.channel, "none");
	expect(w->front, XS_RM, FRONT "/ring-ref|", "OK|");
	expect(w->front, XS_MKDIR, FRONT "/ring-ref/below|", "OK|");
	front_says(w, XENBUS_INITIALISED);
	assert_string_equal(w->disk.ring, "");
}

static void numbers_are_decimal_and_bounded(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x10", "4096",
		"99999999999999999999", "18446744073709551617"};
	struct world *w = *state;
	uint64_t v = 0;
	for (unsigned i = 0; i < countof(bad); i++) {
		front_writes(w, "ring-ref", bad[i]);
		front_says(w, XENBUS_INITIALISED);
		assert_false(xenbus_get_number(w->disk.x, "ring-ref", 4095, &v));
	}
	front_writes(w, "ring-ref", "4095");
	front_says(w, XENBUS_INITIALISED);
	assert_true(xenbus_get_number(w->disk.x, "ring-ref", 4095, &v));
	assert_int_equal(v, 4095);
	assert_false(xenbus_get_number(w->disk.x, "protocol", 4095, &v));
}

/* However often it changes its mind, requests on their way are few. */
static void a_frontend_that_flickers_is_followed_to_the_end(void **state)
{
	struct world *w = *state;
	front_writes(w, "ring-ref", "8");
	for (unsigned i = 0; i < 3000; i++) {
		char text[400];
		snprintf(text, sizeof(text), FRONT "/state|%u", i % 9);
		expect(w->front, XS_WRITE, text, "OK|");
		if (i % 7 == 0)
			xenbus_pump(w->b);
		if (i % 50 == 0)
			settle(w);
	}
	front_says(w, XENBUS_CLOSED);
	back_is(w, "6");
	front_says(w, XENBUS_INITIALISING);
	connect_front(w);
	back_is(w, "4");
}

static void a_killed_epixend_is_told_all_again(void **state)
{
	struct world *w = *state;
	connect_front(w);
	front_says(w, XENBUS_CONNECTED);
	kill_store(w);
	expect(w->dom0, XS_RM, BACK "/sectors|", "OK|"); /* as if it had not been written yet */
	give_stream(w);
	back_is(w, "4");
	expect(w->front, XS_READ, BACK "/sectors|", "2048");
	assert_int_equal(w->disk.connects, 1);
	assert_int_equal(w->disk.disconnects, 0);
	front_says(w, XENBUS_CLOSING);
	back_is(w, "5");
}

static void what_a_frontend_does_while_epixend_is_away_is_seen(void **state)
{
	struct world *w = *state;
	front_writes(w, "ring-ref", "8");
	kill_store(w);
	expect(w->front, XS_WRITE, FRONT "/state|3", "OK|");
	give_stream(w);
	back_is(w, "4");
	kill_store(w);
	expect(w->front, XS_WRITE, FRONT "/state|6", "OK|");
	give_stream(w);
	back_is(w, "6");
	assert_false(w->disk.connected);
}

/* At every byte of its replies. */
static void a_stream_that_is_cut_anywhere_is_resumed(void **state)
{
	struct world *w = *state;
	for (size_t cut = 0; cut < 120; cut++) {
		size_t n, left = cut;
		kill_store(w);
		expect(w->front, XS_WRITE, FRONT "/ring-ref|8", "OK|");
		expect(w->front, XS_WRITE, FRONT "/state|3", "OK|");
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		w->fd = pair[0];
		w->conn = store_backend(w->s, 7);
		xenbus_attach(w->b, pair[1]);
		while (left) {
			uint8_t *to = store_space(w->conn, &n);
			ssize_t got = recv(w->fd, to, n, MSG_DONTWAIT);
			if (got > 0)
				store_received(w->conn, (size_t)got);
			while (store_run(w->conn))
				continue;
			const uint8_t *p = store_output(w->conn, &n);
			if (!n)
				break;
			n = n < left ? n : left;
			assert_int_equal(send(w->fd, p, n, 0), n);
			store_sent(w->conn, n);
			left -= n;
			xenbus_pump(w->b);
		}
		kill_store(w);
		give_stream(w);
		back_is(w, "4");
		front_says(w, XENBUS_CLOSED);
		back_is(w, "6");
		assert_int_equal(w->disk.connects, cut + 1);
		front_says(w, XENBUS_INITIALISING);
	}
}

static void a_guest_that_starts_anew_finds_first_states(void **state)
{
	struct world *w = *state;
	connect_front(w);
	expect(w->dom0, XS_WRITE, "/local/domain/7/control/shutdown|reboot", "OK|");
	xenbus_reset(w->b);
	assert_false(w->disk.connected);
	assert_false(xenbus_settled(w->b));
	settle(w);
	assert_true(xenbus_settled(w->b));
	expect(w->front, XS_READ, FRONT "/state|", "1");
	expect(w->front, XS_READ, FRONT "/ring-ref|", "ENOENT|");
	expect(w->front, XS_READ, "control/shutdown|", "");
	back_is(w, "2");
	connect_front(w);
	back_is(w, "4");
	assert_int_equal(w->disk.connects, 2);
}

static void a_guest_may_start_anew_while_epixend_is_away(void **state)
{
	struct world *w = *state;
	connect_front(w);
	kill_store(w);
	xenbus_reset(w->b);
	xenbus_reset(w->b);
	assert_false(w->disk.connected);
	assert_false(xenbus_settled(w->b));
	give_stream(w);
	assert_true(xenbus_settled(w->b));
	expect(w->front, XS_READ, FRONT "/state|", "1");
	back_is(w, "2");
	assert_int_equal(w->disk.connects, 1);
}

/* The state was being read when it happened. */
static void an_answer_for_the_former_guest_is_not_taken(void **state)
{
	struct world *w = *state;
	front_writes(w, "ring-ref", "8");
	expect(w->front, XS_WRITE, FRONT "/state|3", "OK|");
	size_t n;
	const uint8_t *p = store_output(w->conn, &n);
	assert_int_equal(send(w->fd, p, n, 0), n); /* the event */
	store_sent(w->conn, n);
	xenbus_pump(w->b);
	xenbus_reset(w->b);
	settle(w);
	assert_int_equal(w->disk.connects, 0);
	back_is(w, "2");
	expect(w->front, XS_READ, FRONT "/state|", "1");
}

static void a_device_may_come_later(void **state)
{
	struct world *w = *state;
	struct disk other = {0};
	expect(w->dom0, XS_MKDIR, "/local/domain/7/device/vbd/5|", "OK|");
	expect(w->dom0, XS_SET_PERMS, "/local/domain/7/device/vbd/5|n7|r0|", "OK|");
	expect(w->dom0, XS_MKDIR, "/local/domain/0/backend/vbd/7/5|", "OK|");
	other.x = xenbus_add(w->b, &vbd, 5, &other);
	settle(w);
	expect(w->front, XS_WRITE, "device/vbd/5/state|4", "OK|");
	settle(w);
	assert_int_equal(other.connects, 1);
	assert_int_equal(w->disk.connects, 0);
	expect(w->dom0, XS_READ, "/local/domain/0/backend/vbd/7/5/state|", "4");
	xenbus_free(w->b);
	w->b = xenbus_new(7);
	assert_int_equal(other.disconnects, 1);
}

static void who_creates_the_domain_is_told_nodes(void **state)
{
	struct world *w = *state;
	struct text out = {0};
	xenbus_nodes(w->b, &out);
	assert_string_equal(out.data, "device vbd 51712\nfront virtual-device 51712\n"
				      "back params a file of two lines\n");
	text_free(&out);
}

/* --- what the connection may do --- */

static void a_backend_reaches_nothing_else(void **state)
{
	static const char *const elsewhere[] = {"/|", "/vm|", "/local|", "/local/domain|",
		"/local/domain/0|", "name|", "/local/domain/0/backend|",
		"/local/domain/0/backend/vbd|", "/local/domain/0/backend/vbd/8|",
		"/local/domain/0/backend/vbd/8/1/state|", "/local/domain/0/backend/vbd/70/1|",
		"/local/domain/8|", "/local/domain/70/name|"};
	struct world *w = *state;
	struct store_conn *c = store_backend(w->s, 7);
	expect(w->dom0, XS_WRITE, "/local/domain/0/backend/vbd/8/1/state|1", "OK|");
	for (unsigned i = 0; i < countof(elsewhere); i++) {
		char watch[100];
		snprintf(watch, sizeof(watch), "%st|", elsewhere[i]);
		expect(c, XS_READ, elsewhere[i], "EACCES|");
		expect(c, XS_DIRECTORY, elsewhere[i], "EACCES|");
		expect(c, XS_GET_PERMS, elsewhere[i], "EACCES|");
		expect(c, XS_WRITE, elsewhere[i], "EACCES|");
		expect(c, XS_MKDIR, elsewhere[i], "EACCES|");
		expect(c, XS_RM, elsewhere[i], "EACCES|");
		expect(c, XS_WATCH, watch, "EACCES|");
	}
	expect(c, XS_WATCH, "@releaseDomain|t|", "EACCES|");
	expect(c, XS_INTRODUCE, "7|0|1|", "EACCES|");
	expect(c, XS_RELEASE, "7|", "EACCES|");
	expect(c, XS_SET_TARGET, "7|8|", "EACCES|");
	expect(c, XS_CONTROL, "check|", "EACCES|");
	expect(c, XS_SET_PERMS, "@releaseDomain|n7|", "EACCES|");
	store_disconnect(c);
}

static void a_backend_writes_only_below_its_devices(void **state)
{
	struct world *w = *state;
	struct store_conn *c = store_backend(w->s, 7);
	expect(w->dom0, XS_WRITE, "/local/domain/7/vm|/vm/x", "OK|");
	expect(w->dom0, XS_WRITE, FRONT "/ring-ref|8", "OK|");
	expect(c, XS_WRITE, BACK "/a/b|1", "OK|");
	expect(c, XS_READ, BACK "/a/b|", "1");
	expect(c, XS_RM, BACK "/a|", "OK|");
	expect(c, XS_DIRECTORY, "/local/domain/0/backend/vbd/7|", "51712|");
	expect(c, XS_READ, "/local/domain/7/vm|", "/vm/x");
	expect(c, XS_WRITE, "/local/domain/7/vm|/vm/y", "EACCES|");
	expect(c, XS_WRITE, "/local/domain/7|1", "EACCES|");
	expect(c, XS_WRITE, "/local/domain/7/device/vbd/51712|1", "EACCES|");
	expect(c, XS_WRITE, FRONT "/state|1", "OK|");
	expect(c, XS_WRITE, FRONT "/new|1", "ENOENT|");
	expect(c, XS_RM, FRONT "/ring-ref|", "OK|");
	expect(c, XS_RM, FRONT "|", "EACCES|");
	expect(c, XS_RM, BACK "|", "EACCES|");
	expect(c, XS_WRITE, BACK "|1", "EACCES|");
	expect(c, XS_WRITE, "/local/domain/0/backend/vbd/7/1/x|1", "ENOENT|");
	expect(c, XS_MKDIR, "/local/domain/0/backend/new/7/1/x|", "ENOENT|");
	expect(c, XS_SET_PERMS, BACK "/state|n8|", "EACCES|");
	expect(c, XS_SET_PERMS, FRONT "/state|n8|", "EACCES|");
	store_disconnect(c);
}

static void a_backend_has_limits(void **state)
{
	struct world *w = *state;
	struct store_conn *c = store_backend(w->s, 7);
	char text[3000], big[2100];
	unsigned made = 0;
	const char *answer;
	do {
		snprintf(text, sizeof(text), BACK "/n%u|1", made);
		answer = ask(c, XS_WRITE, 0, text);
	} while (strcmp(answer, "OK|") == 0 && ++made < 2000);
	assert_string_equal(answer, "ENOSPC|");
	assert_in_range(made, 900, 1000);
	memset(big, 'x', sizeof(big));
	snprintf(text, sizeof(text), BACK "/n1|%.2049s", big);
	expect(c, XS_WRITE, text, "ENOSPC|");
	made = 0;
	do {
		snprintf(text, sizeof(text), BACK "|%u|", made);
		answer = ask(c, XS_WATCH, 0, text);
		events(c);
	} while (strcmp(answer, "OK|") == 0 && ++made < 2000);
	assert_int_equal(made, 128);
	for (made = 0; made < 2000 && strcmp(ask(c, XS_TRANSACTION_START, 0, "|"), "ENOSPC|");)
		made++;
	assert_int_equal(made, 10);
	store_disconnect(c);
	expect(w->dom0, XS_RM, BACK "/n1|", "OK|");
}

static void a_transaction_of_a_backend_has_its_limits(void **state)
{
	struct world *w = *state;
	struct store_conn *c = store_backend(w->s, 7);
	unsigned tx = begin(c);
	expect_tx(c, tx, XS_WRITE, "/local/domain/0/name|x", "EACCES|");
	expect_tx(c, tx, XS_WRITE, BACK "/a|1", "OK|");
	expect(w->dom0, XS_RM, BACK "|", "OK|");
	expect_tx(c, tx, XS_TRANSACTION_END, "T|", "EAGAIN|");
	expect(w->dom0, XS_READ, BACK "|", "ENOENT|");
	expect(c, XS_WRITE, BACK "/a|1", "ENOENT|");
	store_disconnect(c);
}

static void nothing_of_a_domain_is_left_with_backends(void **state)
{
	struct world *w = *state;
	connect_front(w);
	expect(w->dom0, XS_WRITE, "/local/domain/0/backend/vif/7/0/mac|1", "OK|");
	expect(w->dom0, XS_WRITE, "/local/domain/0/backend/vif/8/0/mac|1", "OK|");
	store_forget(w->s, 7);
	expect(w->dom0, XS_DIRECTORY, "/local/domain|", "0|");
	expect(w->dom0, XS_DIRECTORY, "/local/domain/0/backend|", "vif|");
	expect(w->dom0, XS_DIRECTORY, "/local/domain/0/backend/vif|", "8|");
	assert_null(store_backend(w->s, 7));
	settle(w);
	expect(w->dom0, XS_DIRECTORY, "/local/domain/0/backend|", "vif|");
	w->front = guest(w->s, w->dom0, 8);
	store_forget(w->s, 8);
	expect(w->dom0, XS_DIRECTORY, "/local/domain/0|", "domid|name|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_backend_describes_itself_and_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frontend_connects, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_frontend_may_say_connected_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frontend_closes_and_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_frontend_that_connects_from_closed_is_served, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_new_ring_in_the_same_state_is_connected_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_connect_that_fails_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frontend_that_is_gone_is_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			states_that_make_no_sense_change_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_and_hostile_keys_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_decimal_and_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_frontend_that_flickers_is_followed_to_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_killed_epixend_is_told_all_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_a_frontend_does_while_epixend_is_away_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_stream_that_is_cut_anywhere_is_resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_guest_that_starts_anew_finds_first_states, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_guest_may_start_anew_while_epixend_is_away, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_answer_for_the_former_guest_is_not_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_may_come_later, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_creates_the_domain_is_told_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_backend_reaches_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_backend_writes_only_below_its_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(a_backend_has_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_transaction_of_a_backend_has_its_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			nothing_of_a_domain_is_left_with_backends, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
