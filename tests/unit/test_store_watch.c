/* SPDX-License-Identifier: MIT */
/* Watches, who hears what, and quotas: a client that floods meets its own, others go on. */
#include "store_client.h"

struct world {
	struct store *s;
	struct store_conn *dom0, *one, *two;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->s = store_new();
	w->dom0 = store_connect(w->s);
	w->one = guest(w->s, w->dom0, 1);
	w->two = guest(w->s, w->dom0, 2);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct store_conn *c = store_connect(w->s);
	expect(c, XS_CONTROL, "check|", "OK|");
	store_free(w->s);
	free(w);
	return 0;
}

static void watches_fire_for_what_is_below(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_WATCH, "/a/b|t|", "OK|");
	assert_string_equal(events(w->dom0), "/a/b t;");
	struct store_conn *other = store_connect(w->s);
	expect(other, XS_WRITE, "/a/b/c|1", "OK|");
	assert_string_equal(events(w->dom0), "/a/b/c t;");
	expect(other, XS_WRITE, "/a/bb|1", "OK|");
	expect(other, XS_WRITE, "/a|1", "OK|");
	expect(other, XS_MKDIR, "/a/b|", "OK|");
	assert_string_equal(events(w->dom0), "");
	expect(other, XS_SET_PERMS, "/a/b/c|r0|", "OK|");
	expect(other, XS_MKDIR, "/a/b/d|", "OK|");
	expect(other, XS_RM, "/a/b/d|", "OK|");
	assert_string_equal(events(w->dom0), "/a/b/c t;/a/b/d t;");
	expect(other, XS_RM, "/a|", "OK|");
	assert_string_equal(events(w->dom0), "/a/b t;");
	expect(other, XS_WATCH, "/|root|", "OK|");
	events(other);
	expect(w->dom0, XS_WRITE, "/z|1", "OK|");
	assert_string_equal(events(other), "/z root;");
}

static void paths_are_as_relative_as_the_watch(void **state)
{
	struct world *w = *state;
	expect(w->one, XS_WATCH, "dir|t|", "OK|");
	expect(w->one, XS_WATCH, "/local/domain/1/dir|u|", "OK|");
	events(w->one);
	expect(w->dom0, XS_WRITE, "/local/domain/1/dir/x|1", "OK|");
	const char *got = events(w->one);
	assert_non_null(strstr(got, "dir/x t;"));
	assert_non_null(strstr(got, "/local/domain/1/dir/x u;"));
	expect(w->one, XS_WATCH, "dir|t|", "EEXIST|");
	expect(w->one, XS_UNWATCH, "dir|v|", "ENOENT|");
	expect(w->one, XS_UNWATCH, "dir|t|", "OK|");
	expect(w->one, XS_RESET_WATCHES, "|", "OK|");
	expect(w->dom0, XS_WRITE, "/local/domain/1/dir/x|1", "OK|");
	assert_string_equal(events(w->one), "");
}

static void nobody_hears_of_what_it_may_not_read(void **state)
{
	struct world *w = *state;
	expect(w->two, XS_WATCH, "/local/domain/1|t|", "OK|");
	expect(w->two, XS_WATCH, "@releaseDomain|t|", "OK|");
	events(w->two);
	expect(w->one, XS_WRITE, "x|1", "OK|");
	assert_string_equal(events(w->two), "");
	expect(w->one, XS_SET_PERMS, "x|n1|r2|", "OK|");
	expect(w->one, XS_WRITE, "x|2", "OK|");
	assert_string_equal(events(w->two), "/local/domain/1/x t;");
	expect(w->one, XS_SET_PERMS, "x|n1|", "OK|");
	assert_string_equal(events(w->two), "/local/domain/1/x t;");
	expect(w->one, XS_WRITE, "x|3", "OK|");
	expect(w->one, XS_SET_PERMS, "x|n1|r2|", "OK|");
	events(w->two);
	expect(w->one, XS_RM, "x|", "OK|");
	assert_string_equal(events(w->two), "/local/domain/1/x t;");
	store_shutdown(w->s, 1);
	assert_string_equal(events(w->two), "");
	expect(w->dom0, XS_SET_PERMS, "@releaseDomain|n0|r2|", "OK|");
	store_shutdown(w->s, 1);
	assert_string_equal(events(w->two), "");
	expect(w->dom0, XS_RESUME, "1|", "OK|");
	store_shutdown(w->s, 1);
	assert_string_equal(events(w->two), "@releaseDomain t;");
}

static void introduction_is_told(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_WATCH, "@introduceDomain|i|", "OK|");
	expect(w->dom0, XS_WATCH, "@releaseDomain|r|", "OK|");
	assert_string_equal(events(w->dom0), "@releaseDomain r;");
	struct store_conn *tool = store_connect(w->s);
	guest(w->s, tool, 3);
	assert_string_equal(events(w->dom0), "@introduceDomain i;");
	expect(tool, XS_RELEASE, "3|", "OK|");
	assert_string_equal(events(w->dom0), "@releaseDomain r;");
	store_disconnect(tool);
}

static void quotas_stop_a_domain(void **state)
{
	struct world *w = *state;
	char text[XS_PAYLOAD_MAX + 1];
	unsigned n = 0;
	do {
		snprintf(text, sizeof(text), "n%u|x", n++);
	} while (strcmp(ask(w->one, XS_WRITE, 0, text), "OK|") == 0);
	assert_int_equal(n, 1000); /* with its home */
	assert_string_equal(ask(w->one, XS_WRITE, 0, text), "ENOSPC|");
	assert_string_equal(ask(w->two, XS_WRITE, 0, text), "OK|");
	expect(w->one, XS_RM, "n5|", "OK|");
	expect(w->one, XS_WRITE, "again|", "OK|");
	expect(w->one, XS_WRITE, "over|", "ENOSPC|");

	for (n = 0; n < 128; n++) {
		snprintf(text, sizeof(text), "w%u|t|", n);
		expect(w->one, XS_WATCH, text, "OK|");
	}
	expect(w->one, XS_WATCH, "more|t|", "E2BIG|");
	for (n = 0; n < 10; n++)
		assert_int_not_equal(begin(w->one), 0);
	expect(w->one, XS_TRANSACTION_START, "|", "ENOSPC|");
	expect(w->one, XS_RESET_WATCHES, "|", "OK|");
	assert_int_not_equal(begin(w->one), 0);
	expect(w->one, XS_WATCH, "more|t|", "OK|");

	memset(text, 'v', sizeof(text));
	memcpy(text, "again|", 6);
	text[6 + 2049] = 0;
	expect(w->one, XS_WRITE, text, "ENOSPC|");
	text[6 + 2048] = 0;
	expect(w->one, XS_WRITE, text, "OK|");
	expect(w->one, XS_SET_PERMS, "again|n1|r2|r3|r4|r5|", "OK|");
	expect(w->one, XS_SET_PERMS, "again|n1|r2|r3|r4|r5|r6|", "ENOSPC|");
	for (n = 0; n < 127; n++)
		memcpy(text + 2 * n, "d/", 3);
	strcpy(text + 2 * n, "d|");
	expect(w->two, XS_MKDIR, text, "ENOSPC|");
}

static void a_transaction_can_look_at_so_much(void **state)
{
	struct world *w = *state;
	char text[32];
	const char *answer = "ENOENT|";
	unsigned t = begin(w->one), n = 0;
	while (strcmp(answer, "ENOENT|") == 0) {
		snprintf(text, sizeof(text), "n%u|", n++);
		answer = ask(w->one, XS_READ, t, text);
	}
	assert_string_equal(answer, "ENOSPC|");
	assert_in_range(n, 900, 1024);
	answer = "OK|";
	t = begin(w->two);
	snprintf(text, sizeof(text), "x|");
	char big[2060] = "x|";
	memset(big + 2, 'v', 2048);
	for (n = 0; strcmp(answer, "OK|") == 0; n++)
		answer = ask(w->two, XS_WRITE, t, big);
	assert_string_equal(answer, "ENOSPC|");
	assert_in_range(n, 500, 1100);
	expect_tx(w->two, t, XS_TRANSACTION_END, "T|", "OK|");
}

/* A domain that asks and does not read is not served; its neighbour is. */
static void unread_replies_hold_their_client(void **state)
{
	struct world *w = *state;
	unsigned served = 0;
	for (unsigned i = 0; i < 100; i++) {
		put(w->one, XS_GET_DOMAIN_PATH, 0, "1|");
		if (!store_run(w->one))
			break;
		served++;
	}
	assert_int_equal(served, 20);
	expect(w->two, XS_GET_DOMAIN_PATH, "2|", "/local/domain/2|");
	struct answer a;
	assert_true(take(w->one, &a));
	assert_true(store_run(w->one));
	assert_false(store_run(w->one));
}

/* Events for a client that does not read: the same one waits once, and if there are too many
 * different ones it hears in the end that it has to look again. */
static void unread_events_are_bounded(void **state)
{
	struct world *w = *state;
	struct answer a;
	char text[2100];
	expect(w->two, XS_WATCH, "/local/domain/2|t|", "OK|");
	events(w->two);
	for (unsigned i = 0; i < 1000; i++)
		expect(w->dom0, XS_WRITE, "/local/domain/2/same|1", "OK|");
	assert_string_equal(events(w->two), "/local/domain/2/same t;");
	memset(text, 'x', sizeof(text));
	text[2001] = 0;
	size_t bytes = 0, count = 0;
	for (unsigned i = 0; i < 500; i++) {
		char path[2200];
		snprintf(path, sizeof(path), "/local/domain/2/%u%s|v", i, text);
		expect(w->dom0, XS_WRITE, path, "OK|");
	}
	bool told = false;
	while (take(w->two, &a)) {
		bytes += a.h.len;
		count++;
		told = strcmp(a.text, "/local/domain/2|t|") == 0;
	}
	assert_true(told);
	assert_in_range(bytes, 200000, 300000);
	assert_in_range(count, 100, 150);
	expect(w->dom0, XS_WRITE, "/local/domain/2/same|1", "OK|");
	assert_string_equal(events(w->two), "/local/domain/2/same t;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(watches_fire_for_what_is_below),
		TEST(paths_are_as_relative_as_the_watch),
		TEST(nobody_hears_of_what_it_may_not_read), TEST(introduction_is_told),
		TEST(quotas_stop_a_domain), TEST(a_transaction_can_look_at_so_much),
		TEST(unread_replies_hold_their_client), TEST(unread_events_are_bounded)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
