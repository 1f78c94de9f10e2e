/* SPDX-License-Identifier: MIT */
/* The matchmaker in epixend: domains that look for each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/packet.h"
#include "daemon/daemon.h"
#include "domain/match.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_domain(struct daemon *d, unsigned domid)
{
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(match_add(d, domid, pair[0]), 0);
	return pair[1];
}

/* Lets epixend see what has come, once from each. */
static void turn(struct daemon *d)
{
	for (struct peer *p = d->peers; p; p = p->next)
		if (!p->gone)
			p->kind->ready(d, p, POLLIN);
}

static void find(struct daemon *d, int fd, unsigned domid)
{
	const struct match_msg m = {.kind = MATCH_FIND, .domid = domid};

	assert_int_equal(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn(d);
}

/* What it says next, of whom; -1: nothing. Its descriptor, or -1. */
static int hears(int fd, unsigned *domid, int *passed)
{
	struct match_msg m;
	const struct iovec iov = {&m, sizeof(m)};

	if (packet_receive(fd, &iov, 1, passed) != sizeof(m))
		return -1;
	*domid = m.domid;
	return (int)m.kind;
}

static unsigned gone(const struct daemon *d)
{
	unsigned n = 0;

	for (const struct peer *p = d->peers; p; p = p->next)
		n += p->gone;
	return n;
}

static int teardown(void **state)
{
	struct daemon *d = *state;

	while (d->peers) {
		struct peer *p = d->peers;
		d->peers = p->next;
		close(p->fd);
		free(p);
	}
	free(d);
	return 0;
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct daemon));
	return 0;
}

static void both_get_an_end_of_the_same_pair(void **state)
{
	struct daemon *d = *state;
	int a = connect_domain(d, 1), b = connect_domain(d, 2), one, two;
	unsigned of;
	char c[4];

	find(d, a, 2);
	assert_int_equal(hears(a, &of, &one), MATCH_PEER);
	assert_int_equal(of, 2);
	assert_int_equal(hears(b, &of, &two), MATCH_PEER);
	assert_int_equal(of, 1);
	assert_int_equal(send(one, "abc", 3, 0), 3);
	assert_int_equal(recv(two, c, sizeof(c), 0), 3);
	close(one);
	assert_int_equal(recv(two, c, sizeof(c), 0), 0); /* epixend has kept none */
	close(two);
	close(a);
	close(b);
}

static void who_is_not_there_is_not_found(void **state)
{
	struct daemon *d = *state;
	int a = connect_domain(d, 1), passed;
	unsigned of;

	for (unsigned n = 0; n < 3; n++) {
		static const unsigned others[] = {1, 2, ~0u}; /* itself, too */
		find(d, a, others[n]);
		assert_int_equal(hears(a, &of, &passed), MATCH_NONE);
		assert_int_equal(of, others[n]);
		assert_int_equal(passed, -1);
	}
	close(a);
}

/* A domain that is being saved, say: who asks for it over and over harms itself at most. */
static void a_domain_that_does_not_read_stays(void **state)
{
	struct daemon *d = *state;
	int a = connect_domain(d, 1), b = connect_domain(d, 2), passed, kind = MATCH_PEER;
	unsigned of, asked = 0;

	for (; asked < 10000 && kind == MATCH_PEER; asked++) {
		find(d, a, 2);
		kind = hears(a, &of, &passed);
		if (passed >= 0)
			close(passed);
	}
	assert_int_equal(kind, MATCH_NONE);
	assert_int_equal(gone(d), 0);
	while (hears(b, &of, &passed) == MATCH_PEER)
		close(passed);
	find(d, a, 2);
	assert_int_equal(hears(b, &of, &passed), MATCH_PEER);
	close(passed);
	assert_int_equal(hears(a, &of, &passed), MATCH_PEER);
	close(passed);
	close(a);
	close(b);
}

static void who_makes_no_sense_is_left_alone(void **state)
{
	static const struct match_msg bad[] = {{MATCH_PEER, 2}, {MATCH_NONE, 2}, {~0u, 2}};
	struct daemon *d = *state;
	int b = connect_domain(d, 2), passed;
	unsigned of;

	for (unsigned n = 0; n < countof(bad); n++) {
		int a = connect_domain(d, 1); /* the one before is forgotten */
		assert_int_equal(
			send(a, &bad[n], sizeof(bad[n]) - (n == 2), 0), sizeof(bad[n]) - (n == 2));
		turn(d);
		assert_int_equal(gone(d), n + 1);
		close(a);
	}
	assert_int_equal(hears(b, &of, &passed), -1);
	close(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_get_an_end_of_the_same_pair),
		TEST(who_is_not_there_is_not_found),
		TEST(a_domain_that_does_not_read_stays),
		TEST(who_makes_no_sense_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
