/* SPDX-License-Identifier: MIT */
/* Requests and their replies, as docs/misc/xenstore.txt says. */
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
	expect(w->dom0, XS_CONTROL, "check|", "OK|");
	store_free(w->s);
	free(w);
	return 0;
}

static void written_values_are_read_back(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_WRITE, "/a/b/c|hello", "OK|");
	expect(w->dom0, XS_READ, "/a/b/c|", "hello");
	expect(w->dom0, XS_READ, "/a/b|", "");
	expect(w->dom0, XS_READ, "/a/x|", "ENOENT|");
	expect(w->dom0, XS_WRITE, "/a/b/c|with|zero|", "OK|");
	expect(w->dom0, XS_READ, "/a/b/c|", "with|zero|");
	expect(w->dom0, XS_WRITE, "/a/b/c|", "OK|");
	expect(w->dom0, XS_READ, "/a/b/c|", "");
}

static void directories_list_their_children(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_MKDIR, "/d|", "OK|");
	expect(w->dom0, XS_DIRECTORY, "/d|", "");
	expect(w->dom0, XS_WRITE, "/d/bb|1", "OK|");
	expect(w->dom0, XS_WRITE, "/d/b|1", "OK|");
	expect(w->dom0, XS_WRITE, "/d/a|1", "OK|");
	expect(w->dom0, XS_DIRECTORY, "/d|", "a|b|bb|");
	expect(w->dom0, XS_MKDIR, "/d/a|", "OK|");
	expect(w->dom0, XS_READ, "/d/a|", "1");
	expect(w->dom0, XS_DIRECTORY, "/e|", "ENOENT|");
}

static void removal_takes_children_along(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_WRITE, "/d/a/x|1", "OK|");
	expect(w->dom0, XS_RM, "/d/a|", "OK|");
	expect(w->dom0, XS_READ, "/d/a/x|", "ENOENT|");
	expect(w->dom0, XS_RM, "/d/a|", "OK|");
	expect(w->dom0, XS_RM, "/d/a/x|", "ENOENT|");
	expect(w->dom0, XS_RM, "/|", "EINVAL|");
}

static void bad_paths_are_refused(void **state)
{
	static const char *const bad[] = {
		"|", "//|", "/a/|", "/a//b|", "/a b|", "/a.b|", "/a", "/a|b|", ""};
	struct world *w = *state;
	for (unsigned i = 0; i < countof(bad); i++)
		expect(w->dom0, XS_READ, bad[i], "EINVAL|");
	char text[XS_PAYLOAD_MAX + 1];
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[XS_ABS_PATH_MAX] = '|';
	text[XS_ABS_PATH_MAX + 1] = 0;
	expect(w->dom0, XS_MKDIR, text, "OK|");
	text[XS_ABS_PATH_MAX] = 'a';
	text[XS_ABS_PATH_MAX + 1] = '|';
	text[XS_ABS_PATH_MAX + 2] = 0;
	expect(w->dom0, XS_MKDIR, text, "EINVAL|");
	text[0] = 'a';
	text[XS_REL_PATH_MAX + 1] = '|';
	text[XS_REL_PATH_MAX + 2] = 0;
	expect(w->one, XS_MKDIR, text, "EINVAL|");
}

static void relative_paths_are_below_the_domain(void **state)
{
	struct world *w = *state;
	expect(w->one, XS_WRITE, "data/x|1", "OK|");
	expect(w->dom0, XS_READ, "/local/domain/1/data/x|", "1");
	expect(w->dom0, XS_READ, "name|", "Domain-0");
	expect(w->one, XS_GET_DOMAIN_PATH, "1|", "/local/domain/1|");
}

static void domains_are_kept_apart(void **state)
{
	struct world *w = *state;
	expect(w->one, XS_WRITE, "secret|1", "OK|");
	expect(w->two, XS_READ, "/local/domain/1/secret|", "EACCES|");
	expect(w->two, XS_READ, "/local/domain/1/nothing|", "EACCES|");
	expect(w->two, XS_WRITE, "/local/domain/1/x|1", "EACCES|");
	expect(w->two, XS_RM, "/local/domain/1|", "EACCES|");
	expect(w->two, XS_DIRECTORY, "/|", "EACCES|");
	expect(w->one, XS_SET_PERMS, "secret|n1|r2|", "OK|");
	expect(w->two, XS_READ, "/local/domain/1/secret|", "1");
	expect(w->two, XS_WRITE, "/local/domain/1/secret|2", "EACCES|");
	expect(w->two, XS_SET_PERMS, "/local/domain/1/secret|b2|", "EACCES|");
	expect(w->one, XS_SET_PERMS, "secret|n1|b2|", "OK|");
	expect(w->two, XS_WRITE, "/local/domain/1/secret|2", "OK|");
	expect(w->two, XS_SET_PERMS, "/local/domain/1/secret|b2|", "EACCES|");
	expect(w->one, XS_SET_PERMS, "secret|n2|", "EPERM|");
	expect(w->one, XS_GET_PERMS, "secret|", "n1|b2|");
}

static void new_nodes_inherit_permissions(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_MKDIR, "/shared|", "OK|");
	expect(w->dom0, XS_SET_PERMS, "/shared|n0|b1|r2|", "OK|");
	expect(w->one, XS_WRITE, "/shared/by-one|1", "OK|");
	expect(w->dom0, XS_GET_PERMS, "/shared/by-one|", "n1|b1|r2|");
	expect(w->dom0, XS_WRITE, "/shared/by-zero|1", "OK|");
	expect(w->dom0, XS_GET_PERMS, "/shared/by-zero|", "n0|b1|r2|");
	expect(w->two, XS_READ, "/shared/by-one|", "1");
	expect(w->two, XS_READ, "/shared/nothing|", "ENOENT|");
	expect(w->two, XS_WRITE, "/shared/by-two|1", "EACCES|");
	expect(w->dom0, XS_SET_PERMS, "/shared|x0|", "EINVAL|");
	expect(w->dom0, XS_SET_PERMS, "/shared|r|", "EINVAL|");
	expect(w->dom0, XS_SET_PERMS, "/shared|", "EINVAL|");
}

static void a_target_lends_its_rights(void **state)
{
	struct world *w = *state;
	expect(w->one, XS_WRITE, "x|1", "OK|");
	expect(w->dom0, XS_SET_TARGET, "2|1|", "OK|");
	expect(w->two, XS_READ, "/local/domain/1/x|", "1");
	expect(w->dom0, XS_SET_TARGET, "2|9|", "ENOENT|");
}

static void administration_is_for_tools(void **state)
{
	static const unsigned types[] = {XS_CONTROL, XS_INTRODUCE, XS_RELEASE,
		XS_IS_DOMAIN_INTRODUCED, XS_RESUME, XS_SET_TARGET};
	struct world *w = *state;
	for (unsigned i = 0; i < countof(types); i++)
		expect(w->one, types[i], "1|1|1|", "EACCES|");
	expect(w->dom0, 99, "", "ENOSYS|");
	expect(w->dom0, XS_WATCH_EVENT, "/a|b|", "ENOSYS|");
	expect(w->dom0, 20, "1|", "ENOSYS|");
	expect(w->dom0, XS_IS_DOMAIN_INTRODUCED, "1|", "T|");
	expect(w->dom0, XS_IS_DOMAIN_INTRODUCED, "3|", "F|");
	expect(w->dom0, XS_RELEASE, "1|", "OK|");
	expect(w->dom0, XS_IS_DOMAIN_INTRODUCED, "1|", "F|");
	expect(w->dom0, XS_RELEASE, "1|", "ENOENT|");
	expect(w->dom0, XS_INTRODUCE, "3|0|1|", "ENOENT|");
	put(w->one, XS_READ, 0, "x|");
	assert_false(store_run(w->one));
	expect(w->dom0, XS_INTRODUCE, "1|0|1|", "OK|");
	assert_true(store_run(w->one));
}

static void long_lists_come_in_parts(void **state)
{
	struct world *w = *state;
	struct answer a;
	char text[64];
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "/many/child-%04u|", i);
		expect(w->dom0, XS_MKDIR, text, "OK|");
	}
	expect(w->dom0, XS_DIRECTORY, "/many|", "E2BIG|");
	unsigned at = 0, children = 0;
	for (bool end = false; !end;) {
		snprintf(text, sizeof(text), "/many|%u|", at);
		put(w->dom0, XS_DIRECTORY_PART, 0, text);
		assert_true(store_run(w->dom0));
		assert_true(take(w->dom0, &a));
		size_t p = strcspn(a.text, "|") + 1;
		for (; p < a.h.len && a.text[p] != '|'; p += 11, at += 11) {
			snprintf(text, sizeof(text), "child-%04u|", children++);
			assert_memory_equal(a.text + p, text, 11);
		}
		end = p < a.h.len;
	}
	assert_int_equal(children, 1000);
	expect(w->dom0, XS_RM, "/many|", "OK|");
}

static void bytes_may_come_one_at_a_time(void **state)
{
	struct world *w = *state;
	struct answer a;
	struct xs_header h = {XS_READ, 5, 0, 3};
	uint8_t bytes[19];
	expect(w->dom0, XS_WRITE, "/a|v", "OK|");
	memcpy(bytes, &h, 16);
	memcpy(bytes + 16, "/a", 3);
	for (unsigned i = 0; i < 19; i++) {
		assert_false(store_run(w->dom0));
		put_bytes(w->dom0, bytes + i, 1);
	}
	assert_true(store_run(w->dom0));
	assert_true(take(w->dom0, &a));
	assert_string_equal(a.text, "v");
	assert_int_equal(a.h.req_id, 5);
}

static void a_payload_too_long_breaks_the_connection(void **state)
{
	struct world *w = *state;
	struct xs_header h = {XS_READ, 5, 0, XS_PAYLOAD_MAX + 1};
	put_bytes(w->one, &h, sizeof(h));
	assert_false(store_run(w->one));
	assert_true(store_broken(w->one));
	assert_false(store_broken(w->two));
}

static void a_forgotten_domain_leaves_nothing(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_WRITE, "/vm/1-2-3/name|x", "OK|");
	expect(w->dom0, XS_WRITE, "/local/domain/1/vm|/vm/1-2-3", "OK|");
	expect(w->dom0, XS_MKDIR, "/shared|", "OK|");
	expect(w->dom0, XS_SET_PERMS, "/shared|n0|b1|b2|", "OK|");
	expect(w->one, XS_WRITE, "/shared/one/deep|1", "OK|");
	expect(w->two, XS_WRITE, "/shared/two|1", "OK|");
	expect(w->dom0, XS_WATCH, "@releaseDomain|t|", "OK|");
	events(w->dom0);
	store_forget(w->s, 1);
	assert_string_equal(events(w->dom0), "@releaseDomain t;");
	expect(w->dom0, XS_DIRECTORY, "/local/domain|", "0|2|");
	expect(w->dom0, XS_DIRECTORY, "/vm|", "");
	expect(w->dom0, XS_DIRECTORY, "/shared|", "two|");
	expect(w->dom0, XS_GET_PERMS, "/shared|", "n0|b2|");
	expect(w->dom0, XS_IS_DOMAIN_INTRODUCED, "1|", "F|");
	expect(w->dom0, XS_RM, "/shared|", "OK|");
	store_forget(w->s, 2);
	assert_false(store_has_content(w->s));
}

static void control_answers(void **state)
{
	struct world *w = *state;
	expect(w->dom0, XS_CONTROL, "nonsense|", "EINVAL|");
	expect(w->dom0, XS_CONTROL, "quota|set|nodes|7|", "OK|");
	assert_non_null(strstr(ask(w->dom0, XS_CONTROL, 0, "quota|"), ":        7 owned"));
	expect(w->dom0, XS_CONTROL, "quota|set|nonsense|7|", "EINVAL|");
	assert_non_null(strstr(ask(w->dom0, XS_CONTROL, 0, "quota|1|"), "Domain 1"));
	assert_non_null(strstr(ask(w->dom0, XS_CONTROL, 0, "help|"), "memreport"));
	assert_non_null(strstr(ask(w->dom0, XS_CONTROL, 0, "memreport|"), "nodes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(written_values_are_read_back),
		TEST(directories_list_their_children), TEST(removal_takes_children_along),
		TEST(bad_paths_are_refused), TEST(relative_paths_are_below_the_domain),
		TEST(domains_are_kept_apart), TEST(new_nodes_inherit_permissions),
		TEST(a_target_lends_its_rights), TEST(administration_is_for_tools),
		TEST(long_lists_come_in_parts), TEST(bytes_may_come_one_at_a_time),
		TEST(a_payload_too_long_breaks_the_connection),
		TEST(a_forgotten_domain_leaves_nothing), TEST(control_answers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
