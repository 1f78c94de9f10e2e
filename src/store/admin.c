/* SPDX-License-Identifier: MIT */
/* Requests about domains: tools only, but for the path. */
#include "store/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The domain that a string names, which has to have a connection. */
static int find(struct request *q, const char *text, unsigned *id)
{
	if (!request_domid(text, id) || !*id || *id >= XS_DOMAINS)
		return EINVAL;
	const struct domain_entry *d = domain_at(q->c->store, *id);
	return d && d->conn ? 0 : ENOENT;
}

static int find_introduced(struct request *q, const char *text, unsigned *id)
{
	int err = find(q, text, id);
	return !err && !domain_at(q->c->store, *id)->introduced ? ENOENT : err;
}

/* Frame and port mean nothing here: the domain's stream came with store_attach. */
int admin_introduce(struct request *q)
{
	const char *arg[3];
	unsigned id;
	if (!request_strings(q, arg, 3))
		return EINVAL;
	int err = find(q, arg[0], &id);
	if (err)
		return err;
	struct domain_entry *d = domain_at(q->c->store, id);
	bool again = d->introduced;
	d->introduced = true;
	record_note(q->c->store, id, OP_INTRODUCE, "/", NULL, 0);
	if (again) {
		store_reset_conn(d->conn);
		conn_clear(d->conn);
	} else {
		watch_fire_special(q->c->store, "@introduceDomain");
	}
	return 0;
}

int admin_release(struct request *q)
{
	const char *arg;
	unsigned id;
	int err = request_strings(q, &arg, 1) ? find_introduced(q, arg, &id) : EINVAL;
	if (!err)
		store_release(q->c->store, id);
	return err;
}

int admin_domain_path(struct request *q)
{
	const char *arg;
	char path[PATH_SIZE];
	unsigned id;
	if (!request_strings(q, &arg, 1) || !request_domid(arg, &id))
		return EINVAL;
	size_t n = path_prefix(path, id);
	path[n - 1] = 0;
	request_reply(q, path, n);
	return 0;
}

int admin_introduced(struct request *q)
{
	const char *arg;
	unsigned id;
	if (!request_strings(q, &arg, 1) || !request_domid(arg, &id))
		return EINVAL;
	const struct domain_entry *d = id < XS_DOMAINS ? domain_at(q->c->store, id) : NULL;
	request_reply(q, id == XS_DOMID_SELF || id == 0 || (d && d->introduced) ? "T" : "F", 2);
	return 0;
}

int admin_resume(struct request *q)
{
	const char *arg;
	unsigned id;
	int err = request_strings(q, &arg, 1) ? find_introduced(q, arg, &id) : EINVAL;
	if (!err)
		domain_at(q->c->store, id)->shut_down = false;
	return err;
}

int admin_target(struct request *q)
{
	const char *arg[2];
	unsigned id, target;
	int err = request_strings(q, arg, 2) ? find_introduced(q, arg[0], &id) : EINVAL;
	if (!err)
		err = find_introduced(q, arg[1], &target);
	if (err)
		return err;
	domain_at(q->c->store, id)->target = target;
	record_note(q->c->store, id, OP_TARGET, "/", &target, sizeof(target));
	return 0;
}
