/* SPDX-License-Identifier: MIT */
/*
 * xenstore as a guest sees it: through its ring, with a domain's rights.
 */
#include "hypercall.h"
#include "tests.h"
#include "xenbus.h"

static void values(void)
{
	char own[64], path[32];
	u16 domid = own_domid();

	report(domid > 0, "the domain knows its number: %u", domid);
	char number[8];
	format(number, sizeof(number), "%u", domid);
	format(path, sizeof(path), "/local/domain/%u", domid);
	const struct xs_reply *r = xs_request(XS_GET_DOMAIN_PATH, 0, number, NULL, 0);
	report(r->type == XS_GET_DOMAIN_PATH && !strcmp(r->data, path), "and where its nodes are");
	report(xs_read(0, "name") != NULL, "it has a name");
	report(xs_read(0, "vm") != NULL, "and a node of its virtual machine");
	report_eq(xs_number("console/ring-ref", 0), start_info->console_mfn,
		"the console's page is told");
	report_eq(xs_number("console/port", 0), start_info->console_evtchn, "and its port");
	report_eq(xs_number("store/ring-ref", 0), start_info->store_mfn, "so is the store's page");
	report_eq(xs_number("store/port", 0), start_info->store_evtchn, "and its port");
	format(own, sizeof(own), "%s/data/minios", path);
	report(!*xs_write(0, "data/minios", "%s", "one"), "a relative path is written");
	const char *s = xs_read(0, own);
	report(s && !strcmp(s, "one"), "and read by its full name");
	report(!*xs_write(0, own, "%s", ""), "an empty value is written");
	s = xs_read(0, own);
	report(s && !*s, "and read");
	report(!strcmp(xs_error(xs_request(XS_READ, 0, "data/nothing", NULL, 0)), "ENOENT"),
		"what is not there is ENOENT");
	report(!strcmp(xs_error(xs_request(XS_READ, 0, "data//x", NULL, 0)), "EINVAL"),
		"a bad path is EINVAL");
	report(!strcmp(xs_error(xs_request(99, 0, "data", NULL, 0)), "ENOSYS"),
		"an unknown request is ENOSYS");
	report(!strcmp(xs_write(0, "/local/domain/0/x", "x"), "EACCES"),
		"dom0's directory is not written to");
	report(!strcmp(xs_error(xs_request(XS_INTRODUCE, 0, "9", "1", 2)), "EACCES"),
		"a domU introduces nobody");
}

/* The names in a directory, sorted or not: is name there? */
static bool listed(const char *dir, const char *name)
{
	const struct xs_reply *r = xs_request(XS_DIRECTORY, 0, dir, NULL, 0);

	if (r->type != XS_DIRECTORY)
		return false;
	for (u32 at = 0; at < r->length; at += (u32)strlen(r->data + at) + 1)
		if (!strcmp(r->data + at, name))
			return true;
	return false;
}

static void directories(void)
{
	report(!*xs_error(xs_request(XS_MKDIR, 0, "data/dir", NULL, 0)), "a directory is made");
	report(!*xs_error(xs_request(XS_MKDIR, 0, "data/dir", NULL, 0)), "again without an error");
	report(!*xs_write(0, "data/dir/a/b", "deep"), "nodes on the way are made");
	report(listed("data/dir", "a") && listed("data", "dir"), "both are listed");
	report(!*xs_error(xs_request(XS_RM, 0, "data/dir", NULL, 0)), "a directory is removed");
	report(!xs_read(0, "data/dir/a/b") && !listed("data", "dir"), "with what is in it");
	report(!*xs_error(xs_request(XS_RM, 0, "data/dir", NULL, 0)),
		"what is not there is removed without an error");
	static char big[2100];
	memset(big, 'x', sizeof(big));
	report(!*xs_error(xs_request(XS_WRITE, 0, "data/big", big, 2000)),
		"a value larger than the ring is written");
	const struct xs_reply *r = xs_request(XS_READ, 0, "data/big", NULL, 0);
	report(r->type == XS_READ && r->length == 2000 && !memcmp(r->data, big, 2000), "and read");
	report(!strcmp(xs_error(xs_request(XS_WRITE, 0, "data/big", big, 2100)), "ENOSPC"),
		"one beyond the quota is ENOSPC");
}

static void permissions(void)
{
	const struct xs_reply *r;
	char mine[16];
	u32 n = (u32)format(mine, sizeof(mine), "n%u", own_domid()) + 1;

	xs_write(0, "data/perm", "x");
	r = xs_request(XS_GET_PERMS, 0, "data/perm", NULL, 0);
	report(r->type == XS_GET_PERMS && starts(r->data, mine),
		"a new node belongs to who made it");
	memcpy(mine + n, "r0", 3);
	report(!*xs_error(xs_request(XS_SET_PERMS, 0, "data/perm", mine, n + 3)),
		"its permissions are set");
	r = xs_request(XS_GET_PERMS, 0, "data/perm", NULL, 0);
	report(r->type == XS_GET_PERMS && !memcmp(r->data, mine, n + 3), "and read");
	report(!strcmp(xs_error(xs_request(XS_SET_PERMS, 0, "domid", mine, n + 3)), "EACCES"),
		"those of others' nodes are not set");
}

static void watches(void)
{
	const char *token, *path;

	report(!*xs_watch("data/w", "first"), "a watch is set");
	path = xs_event(5000, &token);
	report(path && !strcmp(path, "data/w") && !strcmp(token, "first"), "it fires at once");
	xs_write(0, "data/w/x", "1");
	path = xs_event(5000, &token);
	report(path && !strcmp(path, "data/w/x") && !strcmp(token, "first"),
		"and for a node below, by the form of its path");
	report(!strcmp(xs_watch("data/w", "first"), "EEXIST"), "the same watch twice is EEXIST");
	report(!*xs_watch("data/w", "other"), "another token is another watch");
	path = xs_event(5000, &token);
	report(path && !strcmp(token, "other"), "which fires");
	xs_request(XS_RM, 0, "data/w", NULL, 0);
	unsigned first = 0, other = 0;
	for (int i = 0; i < 2 && (path = xs_event(5000, &token)); i++) {
		first += !strcmp(token, "first");
		other += !strcmp(token, "other");
	}
	report(first == 1 && other == 1, "a removal fires both");
	report(!*xs_unwatch("data/w", "first") && !*xs_unwatch("data/w", "other"),
		"watches are ended");
	xs_write(0, "data/w", "2");
	report(!xs_event(50, &token), "and fire no more");
	report(!strcmp(xs_unwatch("data/w", "first"), "ENOENT"),
		"a watch that is not there is ENOENT");
	report(!*xs_watch("@releaseDomain", "r"), "special watches are taken");
	path = xs_event(5000, &token);
	report(path && !strcmp(path, "@releaseDomain"), "and fire");
	xs_unwatch("@releaseDomain", "r");
}

static void transactions(void)
{
	const char *s;
	u32 tx = xs_begin();

	report(tx != 0, "a transaction is begun");
	xs_write(0, "data/t", "before");
	report(!*xs_end(tx, true), "one that did nothing ends well");
	tx = xs_begin();
	xs_write(tx, "data/t", "inside");
	s = xs_read(0, "data/t");
	report(s && !strcmp(s, "before"), "what it writes is not seen outside");
	s = xs_read(tx, "data/t");
	report(s && !strcmp(s, "inside"), "but inside");
	report(!*xs_end(tx, true), "it is committed");
	s = xs_read(0, "data/t");
	report(s && !strcmp(s, "inside"), "and seen by all");
	tx = xs_begin();
	xs_write(tx, "data/t", "dropped");
	report(!*xs_end(tx, false), "one is given up");
	s = xs_read(0, "data/t");
	report(s && !strcmp(s, "inside"), "and has changed nothing");
	tx = xs_begin();
	xs_read(tx, "data/t");
	xs_write(tx, "data/t2", "x");
	xs_write(0, "data/t", "conflict");
	report(!strcmp(xs_end(tx, true), "EAGAIN"),
		"one that read what has changed since is EAGAIN");
	report(!xs_read(0, "data/t2"), "and has changed nothing either");
	report(!strcmp(xs_end(tx, true), "ENOENT"), "a transaction that is over is ENOENT");
}

void test_store(void)
{
	xs_init();
	values();
	directories();
	permissions();
	watches();
	transactions();
}
