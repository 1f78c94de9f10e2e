/* SPDX-License-Identifier: MIT */
/* Transactions: what they see, when they conflict, what a commit does; and the journal. */
#include "store_client.h"

struct world {
	struct store *s;
	struct store_conn *a, *b, *one;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->s = store_new();
	w->a = store_connect(w->s);
	w->b = store_connect(w->s);
	w->one = guest(w->s, w->a, 1);
	expect(w->a, XS_WRITE, "/d/x|1", "OK|");
	expect(w->a, XS_WRITE, "/d/y|1", "OK|");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	expect(w->a, XS_CONTROL, "check|", "OK|");
	store_free(w->s);
	free(w);
	return 0;
}

static void changes_are_seen_at_the_commit(void **state)
{
	struct world *w = *state;
	unsigned t = begin(w->a);
	expect_tx(w->a, t, XS_WRITE, "/d/x|2", "OK|");
	expect_tx(w->a, t, XS_RM, "/d/y|", "OK|");
	expect_tx(w->a, t, XS_READ, "/d/x|", "2");
	expect_tx(w->a, t, XS_DIRECTORY, "/d|", "x|");
	expect(w->b, XS_READ, "/d/x|", "1");
	expect(w->b, XS_DIRECTORY, "/d|", "x|y|");
	expect_tx(w->a, t, XS_TRANSACTION_END, "T|", "OK|");
	expect(w->b, XS_READ, "/d/x|", "2");
	expect(w->b, XS_DIRECTORY, "/d|", "x|");
	expect_tx(w->a, t, XS_READ, "/d/x|", "ENOENT|");
}

static void an_abort_changes_nothing(void **state)
{
	struct world *w = *state;
	unsigned t = begin(w->a);
	expect_tx(w->a, t, XS_WRITE, "/d/x|2", "OK|");
	expect_tx(w->a, t, XS_TRANSACTION_END, "F|", "OK|");
	expect(w->b, XS_READ, "/d/x|", "1");
	expect_tx(w->a, t, XS_TRANSACTION_END, "T|", "ENOENT|");
	expect_tx(w->b, begin(w->a), XS_READ, "/d/x|", "ENOENT|");
	expect_tx(w->b, begin(w->b), XS_TRANSACTION_END, "X|", "EINVAL|");
	expect_tx(w->b, begin(w->b), XS_TRANSACTION_START, "|", "EBUSY|");
}

static void the_view_does_not_move(void **state)
{
	struct world *w = *state;
	unsigned t = begin(w->a);
	expect(w->b, XS_WRITE, "/d/x|2", "OK|");
	expect(w->b, XS_WRITE, "/d/new|2", "OK|");
	expect_tx(w->a, t, XS_READ, "/d/x|", "1");
	expect_tx(w->a, t, XS_DIRECTORY, "/d|", "x|y|");
	expect_tx(w->a, t, XS_TRANSACTION_END, "T|", "EAGAIN|");
}

/* What a transaction does, what another client does meanwhile, and the end of it. */
static void conflicts_are_about_the_same_things(void **state)
{
	static const struct {
		unsigned mine;
		const char *my_text;
		unsigned others;
		const char *others_text, *end;
	} cases[] = {
		{XS_READ, "/d/x|", XS_WRITE, "/d/x|2", "EAGAIN|"},
		{XS_READ, "/d/x|", XS_WRITE, "/d/y|2", "OK|"},
		{XS_READ, "/d/x|", XS_RM, "/d/x|", "EAGAIN|"},
		{XS_READ, "/d/x|", XS_RM, "/d|", "EAGAIN|"},
		{XS_READ, "/d/x|", XS_WRITE, "/d/x/below|2", "OK|"},
		{XS_READ, "/d/n|", XS_WRITE, "/d/n|2", "EAGAIN|"},
		{XS_READ, "/d/n|", XS_WRITE, "/d/m|2", "OK|"},
		{XS_WRITE, "/d/x|3", XS_WRITE, "/d/x|2", "EAGAIN|"},
		{XS_WRITE, "/d/x|3", XS_WRITE, "/d/y|2", "OK|"},
		{XS_WRITE, "/d/n|3", XS_WRITE, "/d/m|2", "OK|"},
		{XS_WRITE, "/d/n|3", XS_WRITE, "/d/n|2", "EAGAIN|"},
		{XS_WRITE, "/d/n/m|3", XS_MKDIR, "/d/n|", "EAGAIN|"},
		{XS_WRITE, "/d/n|3", XS_RM, "/d|", "EAGAIN|"},
		{XS_WRITE, "/d/n|3", XS_SET_PERMS, "/d|n1|", "EAGAIN|"},
		{XS_DIRECTORY, "/d|", XS_WRITE, "/d/n|2", "EAGAIN|"},
		{XS_DIRECTORY, "/d|", XS_RM, "/d/x|", "EAGAIN|"},
		{XS_DIRECTORY, "/d|", XS_WRITE, "/d/x|2", "OK|"},
		{XS_DIRECTORY, "/d|", XS_WRITE, "/d|2", "OK|"},
		{XS_RM, "/d|", XS_WRITE, "/d/x|2", "EAGAIN|"},
		{XS_RM, "/d/x|", XS_WRITE, "/d/y|2", "OK|"},
		{XS_RM, "/d/n|", XS_WRITE, "/d/n|2", "EAGAIN|"},
		{XS_SET_PERMS, "/d/x|n1|", XS_SET_PERMS, "/d/x|n2|", "EAGAIN|"},
		{XS_SET_PERMS, "/d/x|n1|", XS_WRITE, "/d/x|2", "OK|"},
		{XS_GET_PERMS, "/d/x|", XS_SET_PERMS, "/d/x|n1|", "EAGAIN|"},
		{XS_GET_PERMS, "/d/x|", XS_WRITE, "/d/x|2", "OK|"},
		{XS_MKDIR, "/d/x|", XS_RM, "/d/x|", "EAGAIN|"},
		{XS_MKDIR, "/d/x|", XS_WRITE, "/d/x|2", "OK|"},
	};
	struct world *w = *state;
	for (unsigned i = 0; i < countof(cases); i++) {
		ask(w->a, XS_RM, 0, "/d|");
		expect(w->a, XS_WRITE, "/d/x|1", "OK|");
		expect(w->a, XS_WRITE, "/d/y|1", "OK|");
		unsigned t = begin(w->a);
		ask(w->a, cases[i].mine, t, cases[i].my_text);
		ask(w->b, cases[i].others, 0, cases[i].others_text);
		const char *end = ask(w->a, XS_TRANSACTION_END, t, "T|");
		if (strcmp(end, cases[i].end))
			fail_msg("case %u (%s, %s): %s", i, cases[i].my_text, cases[i].others_text,
				end);
	}
}

static void both_commits_count(void **state)
{
	struct world *w = *state;
	unsigned t = begin(w->a), u = begin(w->b);
	expect_tx(w->a, t, XS_WRITE, "/d/new/a|1", "OK|");
	expect_tx(w->b, u, XS_WRITE, "/d/other/b|1", "OK|");
	expect_tx(w->a, t, XS_TRANSACTION_END, "T|", "OK|");
	expect_tx(w->b, u, XS_TRANSACTION_END, "T|", "OK|");
	expect(w->a, XS_DIRECTORY, "/d|", "new|other|x|y|");
}

static void a_commit_keeps_to_the_quota(void **state)
{
	struct world *w = *state;
	expect(w->a, XS_CONTROL, "quota|set|nodes|4|", "OK|");
	unsigned t = begin(w->one), u = begin(w->one);
	expect_tx(w->one, t, XS_WRITE, "a|1", "OK|");
	expect_tx(w->one, t, XS_WRITE, "b|1", "OK|");
	expect_tx(w->one, u, XS_WRITE, "c|1", "OK|");
	expect_tx(w->one, u, XS_WRITE, "d|1", "OK|");
	expect_tx(w->one, u, XS_WRITE, "e|1", "OK|");
	expect_tx(w->one, u, XS_WRITE, "f|1", "ENOSPC|");
	expect_tx(w->one, u, XS_RM, "e|", "OK|");
	expect_tx(w->one, t, XS_TRANSACTION_END, "T|", "OK|");
	expect_tx(w->one, u, XS_TRANSACTION_END, "T|", "ENOSPC|");
	expect(w->one, XS_DIRECTORY, "/local/domain/1|", "a|b|");
}

static void events_wait_for_the_commit(void **state)
{
	struct world *w = *state;
	expect(w->b, XS_WATCH, "/d|tok|", "OK|");
	assert_string_equal(events(w->b), "/d tok;");
	unsigned t = begin(w->a);
	expect_tx(w->a, t, XS_WRITE, "/d/x|2", "OK|");
	expect_tx(w->a, t, XS_RM, "/d/y|", "OK|");
	assert_string_equal(events(w->b), "");
	expect_tx(w->a, t, XS_TRANSACTION_END, "T|", "OK|");
	assert_string_equal(events(w->b), "/d/x tok;/d/y tok;");
	t = begin(w->a);
	expect_tx(w->a, t, XS_WRITE, "/d/x|3", "OK|");
	expect_tx(w->a, t, XS_TRANSACTION_END, "F|", "OK|");
	assert_string_equal(events(w->b), "");
}

static void an_overtaken_transaction_is_let_go(void **state)
{
	struct world *w = *state;
	unsigned t = begin(w->one);
	expect_tx(w->one, t, XS_WRITE, "a|1", "OK|");
	for (unsigned i = 0; i < 23000; i++)
		expect(w->a, XS_WRITE, i & 1 ? "/d/x|1" : "/d/x|2", "OK|");
	expect_tx(w->one, t, XS_READ, "a|", "EAGAIN|");
	expect_tx(w->one, t, XS_TRANSACTION_END, "T|", "EAGAIN|");
	expect_tx(w->one, t, XS_READ, "a|", "ENOENT|");
}

/* --- journal --- */

/* A store made from the records that w has written; *used gets how many bytes it took. */
static struct store *again(const void *data, size_t n, size_t *used)
{
	struct store *s = store_new();
	*used = store_replay(s, data, n);
	return s;
}

static void same_content(struct store *a, struct store *b)
{
	struct text x = {0}, y = {0};
	store_snapshot(a, &x);
	store_snapshot(b, &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	text_free(&x);
	text_free(&y);
}

static void much(struct world *w)
{
	expect(w->a, XS_SET_PERMS, "/d/x|n0|r1|", "OK|");
	expect(w->a, XS_SET_PERMS, "@releaseDomain|n0|r1|", "OK|");
	expect(w->a, XS_CONTROL, "quota|set|nodes|77|", "OK|");
	expect(w->one, XS_WRITE, "mine/a|text|with|zeros", "OK|");
	expect(w->one, XS_WATCH, "mine|relative|", "OK|");
	expect(w->one, XS_WATCH, "/d|absolute|", "OK|");
	expect(w->one, XS_WATCH, "gone|absolute|", "OK|");
	expect(w->one, XS_UNWATCH, "gone|absolute|", "OK|");
	unsigned t = begin(w->b);
	expect_tx(w->b, t, XS_WRITE, "/tx/a|1", "OK|");
	expect_tx(w->b, t, XS_RM, "/d/y|", "OK|");
	expect_tx(w->b, t, XS_TRANSACTION_END, "T|", "OK|");
	guest(w->s, w->a, 2);
	guest(w->s, w->a, 3);
	expect(w->a, XS_SET_TARGET, "3|2|", "OK|");
	guest(w->s, w->a, 4);
	store_forget(w->s, 4);
	expect(w->a, XS_RELEASE, "2|", "OK|");
}

static void the_journal_makes_the_same_store(void **state)
{
	struct world *w = *state;
	size_t used;
	much(w);
	const struct text *j = store_journal(w->s);
	struct store *s = again(j->data, j->len, &used);
	assert_int_equal(used, j->len);
	same_content(w->s, s);
	struct store_conn *c = store_attach(s, 1);
	assert_string_equal(events(c), "mine relative;/d absolute;");
	expect(c, XS_READ, "mine/a|", "text|with|zeros");
	expect_tx(c, 5, XS_TRANSACTION_END, "T|", "EAGAIN|");
	assert_int_equal(store_next_domain(s, 0), 1);
	assert_int_equal(store_next_domain(s, 1), 2);
	assert_int_equal(store_next_domain(s, 3), 0);
	store_free(s);
}

static void a_snapshot_makes_the_same_store(void **state)
{
	struct world *w = *state;
	struct text all = {0};
	size_t used;
	much(w);
	store_snapshot(w->s, &all);
	struct store *s = again(all.data, all.len, &used);
	assert_int_equal(used, all.len);
	same_content(w->s, s);
	struct store_conn *c = store_connect(s);
	expect(c, XS_CONTROL, "check|", "OK|");
	store_free(s);
	text_free(&all);
}

static void a_cut_record_counts_for_nothing(void **state)
{
	struct world *w = *state;
	size_t used, before = store_journal(w->s)->len;
	unsigned t = begin(w->a);
	expect_tx(w->a, t, XS_WRITE, "/cut/a|1", "OK|");
	expect_tx(w->a, t, XS_WRITE, "/cut/b|1", "OK|");
	expect_tx(w->a, t, XS_TRANSACTION_END, "T|", "OK|");
	const struct text *j = store_journal(w->s);
	for (size_t n = before; n < j->len; n++) {
		struct store *s = again(j->data, n, &used);
		assert_int_equal(used, before);
		struct store_conn *c = store_connect(s);
		expect(c, XS_READ, "/cut|", "ENOENT|");
		store_free(s);
	}
	char *broken = malloc(j->len);
	memcpy(broken, j->data, j->len);
	broken[before + 20] ^= 1;
	struct store *s = again(broken, j->len, &used);
	assert_int_equal(used, before);
	store_free(s);
	free(broken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(changes_are_seen_at_the_commit),
		TEST(an_abort_changes_nothing), TEST(the_view_does_not_move),
		TEST(conflicts_are_about_the_same_things), TEST(both_commits_count),
		TEST(a_commit_keeps_to_the_quota), TEST(events_wait_for_the_commit),
		TEST(an_overtaken_transaction_is_let_go), TEST(the_journal_makes_the_same_store),
		TEST(a_snapshot_makes_the_same_store), TEST(a_cut_record_counts_for_nothing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
