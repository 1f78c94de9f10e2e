/* SPDX-License-Identifier: MIT */
/* One function and one table row for each type of request. */
#include "store/private.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void request_reply(struct request *q, const void *data, size_t n)
{
	conn_reply(q->c, &q->header, q->header.type, data, n);
	q->replied = true;
}

bool request_strings(const struct request *q, const char **string, unsigned count)
{
	size_t at = 0;
	unsigned n = 0;
	for (; at < q->header.len; n++) {
		if (n < count)
			string[n] = q->data + at;
		at += strlen(q->data + at) + 1;
	}
	return at == q->header.len && n == count;
}

/* The first string, where more may follow; NULL: none ends. */
static const char *first_string(const struct request *q, size_t *rest)
{
	*rest = strlen(q->data) + 1;
	return *rest <= q->header.len ? q->data : NULL;
}

/* The path that a client means, if it may do that there at all. */
static int resolve(
	struct request *q, char path[PATH_SIZE], const char *text, enum restrict_access a)
{
	int err = path_canonical(path, q->c->domid, text);
	return err ? err : restrict_check(q->c, q->tx ? q->tx->tree : q->c->store->root, path, a);
}

/* The node that the request names and may read; flags: what of it a transaction depends on. */
static int find_readable(struct request *q, const char *text, unsigned flags, struct node **n)
{
	char path[PATH_SIZE];
	struct change ch;
	int err = resolve(q, path, text, RESTRICT_READ);
	if (err)
		return err;
	change_begin_for(&ch, q->c, q->tx);
	err = change_find(&ch, path, ACCESS_READ, n);
	if (!err && q->tx && flags)
		err = tx_depend(q->tx, path, flags);
	change_drop(&ch);
	return err;
}

/* --- reading --- */

static int serve_read(struct request *q)
{
	const char *text;
	struct node *n;
	int err = request_strings(q, &text, 1) ? find_readable(q, text, DEP_VALUE, &n) : EINVAL;
	if (!err)
		request_reply(q, n->value, n->len);
	return err;
}

static void list_children(const struct node *n, struct text *list)
{
	for (unsigned i = 0; i < n->children; i++)
		text_add(list, n->child[i]->name, strlen(n->child[i]->name) + 1);
}

static int serve_directory(struct request *q)
{
	const char *text;
	struct node *n;
	struct text list = {0};
	int err = request_strings(q, &text, 1) ? find_readable(q, text, DEP_CHILDREN, &n) : EINVAL;
	if (err)
		return err;
	list_children(n, &list);
	if (list.failed)
		err = ENOMEM;
	else if (list.len > XS_PAYLOAD_MAX)
		err = E2BIG;
	else
		request_reply(q, list.data, list.len);
	text_free(&list);
	return err;
}

/* A node's generation, whole names from the offset on, and an empty name behind the last. */
static int serve_directory_part(struct request *q)
{
	const char *arg[2];
	char out[XS_PAYLOAD_MAX];
	struct node *n;
	struct text list = {0};
	if (!request_strings(q, arg, 2))
		return EINVAL;
	int err = find_readable(q, arg[0], DEP_CHILDREN, &n);
	if (err)
		return err;
	list_children(n, &list);
	size_t len = (size_t)snprintf(out, sizeof(out), "%" PRIu64, n->child_gen) + 1;
	uint64_t at = strtoull(arg[1], NULL, 10);
	for (size_t name; at < list.len; at += name, len += name) {
		name = strlen(list.data + at) + 1;
		if (len + name >= sizeof(out))
			break;
		memcpy(out + len, list.data + at, name);
	}
	if (at >= list.len)
		out[len++] = 0;
	err = list.failed ? ENOMEM : 0;
	text_free(&list);
	if (!err)
		request_reply(q, out, len);
	return err;
}

static struct node *special(struct request *q, const char *name)
{
	return node_child(q->c->store->special, name, strlen(name));
}

static int serve_get_perms(struct request *q)
{
	const char *text;
	struct node *n;
	struct text list = {0};
	if (!request_strings(q, &text, 1))
		return EINVAL;
	int err = 0;
	if (!path_is_special(text))
		err = find_readable(q, text, 0, &n);
	else if (!(n = special(q, text)))
		err = ENOENT;
	else if (!(perm_access(q->c->store, q->c->domid, n) & ACCESS_READ))
		err = EACCES;
	if (err)
		return err;
	perm_format(&list, n);
	if (list.len <= XS_PAYLOAD_MAX)
		request_reply(q, list.data, list.len);
	text_free(&list);
	return q->replied ? 0 : E2BIG;
}

/* --- changing --- */

/* A change that failed may have begun: what is there of it counts. */
static int finish(struct change *ch, int err)
{
	change_finish(ch);
	return err;
}

static int serve_write(struct request *q)
{
	char path[PATH_SIZE];
	struct change ch;
	size_t rest;
	const char *text = first_string(q, &rest);
	int err = text ? resolve(q, path, text, RESTRICT_WRITE) : EINVAL;
	if (err)
		return err;
	change_begin_for(&ch, q->c, q->tx);
	return finish(&ch, change_write(&ch, path, q->data + rest, q->header.len - rest));
}

static int change_one(
	struct request *q, int (*fn)(struct change *, const char *), enum restrict_access a)
{
	char path[PATH_SIZE];
	const char *text;
	struct change ch;
	int err = request_strings(q, &text, 1) ? resolve(q, path, text, a) : EINVAL;
	if (err)
		return err;
	change_begin_for(&ch, q->c, q->tx);
	return finish(&ch, fn(&ch, path));
}

static int serve_mkdir(struct request *q)
{
	return change_one(q, change_mkdir, RESTRICT_WRITE);
}

static int serve_rm(struct request *q)
{
	return change_one(q, change_rm, RESTRICT_REMOVE);
}

/* Who may hear of domains coming and going; not part of any transaction. */
static int set_special_perms(
	struct request *q, const char *name, const struct perm *perm, unsigned count)
{
	struct node *n = special(q, name);
	if (q->c->domid || q->c->backend)
		return EACCES;
	if (!n)
		return ENOENT;
	if (!node_set_perms(n, perm, count))
		return ENOMEM;
	record_note(q->c->store, 0, OP_SPECIAL_PERMS, name, perm, count * sizeof(*perm));
	return 0;
}

static int serve_set_perms(struct request *q)
{
	char path[PATH_SIZE];
	struct perm perm[XS_PAYLOAD_MAX / 3];
	struct change ch;
	size_t at;
	unsigned count = 0;
	const char *text = first_string(q, &at);
	for (size_t p = at; text && p < q->header.len; count++)
		p += strlen(q->data + p) + 1;
	if (!count || q->data[q->header.len - 1] || count > countof(perm) ||
		perm_parse(perm, count, q->data + at))
		return EINVAL;
	if (path_is_special(text))
		return set_special_perms(q, text, perm, count);
	int err = resolve(q, path, text, RESTRICT_PERMS);
	if (err)
		return err;
	change_begin_for(&ch, q->c, q->tx);
	return finish(&ch, change_perms(&ch, path, perm, count));
}

/* --- watches --- */

/* The path and token of a request about a watch. */
static int watch_arguments(
	struct request *q, char path[PATH_SIZE], const char **token, bool *relative)
{
	const char *arg[2];
	if (!request_strings(q, arg, 2))
		return EINVAL;
	*token = arg[1];
	*relative = arg[0][0] != '/' && arg[0][0] != '@';
	if (!path_is_special(arg[0]))
		return resolve(q, path, arg[0], RESTRICT_READ);
	if (q->c->backend)
		return EACCES;
	strcpy(path, arg[0]);
	return 0;
}

static int serve_watch(struct request *q)
{
	char path[PATH_SIZE];
	const char *token;
	bool relative;
	int err = watch_arguments(q, path, &token, &relative);
	if (!err)
		err = watch_add(q->c, path, token, relative);
	if (err)
		return err;
	if (q->c->domid)
		record_note(q->c->store, q->c->domid, OP_WATCH, path, q->data, q->header.len);
	request_reply(q, "OK", 3);
	struct watch *w = q->c->watches;
	while (w->sister)
		w = w->sister;
	watch_trigger(w);
	return 0;
}

static int serve_unwatch(struct request *q)
{
	char path[PATH_SIZE];
	const char *token;
	bool relative;
	int err = watch_arguments(q, path, &token, &relative);
	if (!err)
		err = watch_remove(q->c, path, token);
	if (!err && q->c->domid)
		record_note(q->c->store, q->c->domid, OP_UNWATCH, path, token, strlen(token) + 1);
	return err;
}

static int serve_reset(struct request *q)
{
	store_reset_conn(q->c);
	if (q->c->domid)
		record_note(q->c->store, q->c->domid, OP_RESET, "/", NULL, 0);
	return 0;
}

/* --- transactions --- */

static int serve_start(struct request *q)
{
	char text[12];
	uint32_t id;
	if (q->tx)
		return EBUSY;
	int err = tx_start(q->c, &id);
	if (!err)
		request_reply(q, text, (size_t)snprintf(text, sizeof(text), "%" PRIu32, id) + 1);
	return err;
}

static int serve_end(struct request *q)
{
	const char *how;
	if (!request_strings(q, &how, 1) || (strcmp(how, "T") && strcmp(how, "F")))
		return EINVAL;
	if (!q->tx) /* what is gone with an earlier connection has not to be dropped */
		return !q->c->lost_transactions || !q->header.tx_id ? ENOENT
		       : *how == 'T'				    ? EAGAIN
								    : 0;
	return tx_end(q->c, q->tx, *how == 'T');
}

/* --- the table --- */

enum { PRIVILEGED = 1, NO_TX = 2 };

/* clang-format off */
static const struct {
	const char *name;
	request_fn *fn;
	unsigned flags;
} table[XS_TYPES] = {
	[XS_CONTROL]              = {"CONTROL", command_request, PRIVILEGED | NO_TX},
	[XS_DIRECTORY]            = {"DIRECTORY", serve_directory, 0},
	[XS_READ]                 = {"READ", serve_read, 0},
	[XS_GET_PERMS]            = {"GET_PERMS", serve_get_perms, 0},
	[XS_WATCH]                = {"WATCH", serve_watch, NO_TX},
	[XS_UNWATCH]              = {"UNWATCH", serve_unwatch, NO_TX},
	[XS_TRANSACTION_START]    = {"TRANSACTION_START", serve_start, 0},
	[XS_TRANSACTION_END]      = {"TRANSACTION_END", serve_end, 0},
	[XS_INTRODUCE]            = {"INTRODUCE", admin_introduce, PRIVILEGED | NO_TX},
	[XS_RELEASE]              = {"RELEASE", admin_release, PRIVILEGED | NO_TX},
	[XS_GET_DOMAIN_PATH]      = {"GET_DOMAIN_PATH", admin_domain_path, NO_TX},
	[XS_WRITE]                = {"WRITE", serve_write, 0},
	[XS_MKDIR]                = {"MKDIR", serve_mkdir, 0},
	[XS_RM]                   = {"RM", serve_rm, 0},
	[XS_SET_PERMS]            = {"SET_PERMS", serve_set_perms, 0},
	[XS_IS_DOMAIN_INTRODUCED] = {"IS_DOMAIN_INTRODUCED", admin_introduced, PRIVILEGED | NO_TX},
	[XS_RESUME]               = {"RESUME", admin_resume, PRIVILEGED | NO_TX},
	[XS_SET_TARGET]           = {"SET_TARGET", admin_target, PRIVILEGED | NO_TX},
	[XS_RESET_WATCHES]        = {"RESET_WATCHES", serve_reset, NO_TX},
	[XS_DIRECTORY_PART]       = {"DIRECTORY_PART", serve_directory_part, 0},
};
/* clang-format on */

/* A transaction that went with an earlier connection is to be tried again, as one in conflict. */
static int look_up_tx(struct request *q)
{
	if (!q->header.tx_id || table[q->header.type].flags & NO_TX)
		return 0;
	q->tx = tx_find(q->c, q->header.tx_id);
	if (!q->tx && q->header.type == XS_TRANSACTION_END)
		return 0;
	if (!q->tx)
		return q->c->lost_transactions ? EAGAIN : ENOENT;
	return q->tx->doomed && q->header.type != XS_TRANSACTION_END ? EAGAIN : 0;
}

static int serve(struct request *q)
{
	uint32_t type = q->header.type;
	if (type >= XS_TYPES || !table[type].fn)
		return ENOSYS;
	if (table[type].flags & PRIVILEGED && (q->c->domid || q->c->backend))
		return EACCES;
	if (record_was_done(q->c, q->header.req_id))
		return 0;
	int err = look_up_tx(q);
	return err ? err : table[type].fn(q);
}

void request_serve(struct store_conn *c, const struct xs_header *h, const char *data)
{
	struct request q = {.c = c, .header = *h, .data = data};
	c->store->serving = c->counted ? c : NULL;
	c->store->serving_id = h->req_id;
	int err = serve(&q);
	c->store->serving = NULL;
	if (err) {
		const char *name = xs_error_name(err);
		conn_reply(c, h, XS_ERROR, name, strlen(name) + 1);
	} else if (!q.replied) {
		request_reply(&q, "OK", 3);
	}
	if (c->store->log)
		log_info("domain %u: %s %.200s: %s", c->domid,
			h->type < XS_TYPES && table[h->type].name ? table[h->type].name : "?", data,
			err ? xs_error_name(err) : "ok");
}
