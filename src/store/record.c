/* SPDX-License-Identifier: MIT */
/*
 * The journal: what changed, so that a new store can be made what this one is. A record is applied
 * whole or not at all: its size and a checksum come first, then who, then operations.
 */
#include "store/private.h"

#include <string.h>

#define RECORD_HEAD 8
#define OP_HEAD	    7

static uint32_t checksum(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

void record_op(struct text *out, enum op op, const char *path, const void *data, size_t n)
{
	uint8_t head[OP_HEAD] = {(uint8_t)op};
	uint16_t length = (uint16_t)(strlen(path) + 1);
	uint32_t size = (uint32_t)n;
	memcpy(head + 1, &length, sizeof(length));
	memcpy(head + 3, &size, sizeof(size));
	text_add(out, (const char *)head, sizeof(head));
	text_add(out, path, length);
	text_add(out, data, n);
}

bool record_read(const uint8_t **at, const uint8_t *end, enum op *op, const char **path,
	const uint8_t **data, size_t *n)
{
	const uint8_t *p = *at;
	uint16_t length;
	uint32_t size;
	if (end - p < OP_HEAD)
		return false;
	*op = (enum op)p[0];
	memcpy(&length, p + 1, sizeof(length));
	memcpy(&size, p + 3, sizeof(size));
	p += OP_HEAD;
	if ((size_t)(end - p) < (size_t)length + size || !length || length > PATH_SIZE ||
		memchr(p, 0, length) != p + length - 1)
		return false;
	*path = (const char *)p;
	*data = p + length;
	*n = size;
	*at = *data + size;
	return true;
}

static void record_append(struct text *out, unsigned domid, const struct text *ops)
{
	uint32_t head[3] = {(uint32_t)(sizeof(uint32_t) + ops->len), 0, domid};
	size_t start = out->len;
	text_add(out, (const char *)head, sizeof(head));
	text_add(out, ops->data, ops->len);
	if (out->failed)
		return;
	uint32_t check = checksum((uint8_t *)out->data + start + RECORD_HEAD, head[0]);
	memcpy(out->data + start + sizeof(uint32_t), &check, sizeof(check));
}

void record_done(struct store_conn *c, uint32_t id)
{
	c->done[c->dones++ % DONE_MAX] = id;
}

bool record_was_done(const struct store_conn *c, uint32_t id)
{
	unsigned n = c->dones < DONE_MAX ? c->dones : DONE_MAX;
	for (unsigned i = 0; c->counted && i < n; i++) {
		if (c->done[i] == id)
			return true;
	}
	return false;
}

/* In one record with what was done: either both are known afterwards, or none. */
static void append_counted(struct store *s, const struct text *ops)
{
	struct text all = {0};
	struct store_conn *c = s->serving;
	s->serving = NULL;
	record_done(c, s->serving_id);
	record_op(&all, OP_DONE, "/", &s->serving_id, sizeof(s->serving_id));
	text_add(&all, ops->data, ops->len);
	record_append(&s->journal, c->domid, &all);
	s->journal.failed |= all.failed;
	text_free(&all);
}

void record_add(struct store *s, unsigned domid, const struct text *ops)
{
	if (s->replaying)
		return;
	if (s->serving && s->serving->domid == domid)
		append_counted(s, ops);
	else
		record_append(&s->journal, domid, ops);
}

void record_note(
	struct store *s, unsigned domid, enum op op, const char *path, const void *data, size_t n)
{
	struct text ops = {0};
	record_op(&ops, op, path, data, n);
	record_add(s, domid, &ops);
	text_free(&ops);
}

const struct text *store_journal(const struct store *s)
{
	return &s->journal;
}

void store_journal_done(struct store *s)
{
	s->journal.len = 0;
	if (s->journal.cap > (1u << 20))
		text_free(&s->journal);
}

/* --- all at once --- */

static void snapshot_node(struct text *out, const struct node *n, const char *path)
{
	struct text ops = {0};
	record_op(&ops, n->len ? OP_WRITE : OP_MKDIR, path, n->value, n->len);
	record_op(&ops, OP_PERMS, path, n->perm, n->perms * sizeof(*n->perm));
	record_append(out, 0, &ops);
	text_free(&ops);
}

/* path: len bytes, without the root's slash, and room for more. */
static void snapshot_nodes(struct text *out, const struct node *n, char *path, size_t len)
{
	snapshot_node(out, n, len ? path : "/");
	for (unsigned i = 0; i < n->children; i++) {
		size_t name = strlen(n->child[i]->name);
		path[len] = '/';
		memcpy(path + len + 1, n->child[i]->name, name + 1);
		snapshot_nodes(out, n->child[i], path, len + 1 + name);
	}
}

static void snapshot_tree(struct text *out, const struct store *s)
{
	char path[PATH_SIZE] = "";
	snapshot_nodes(out, s->root, path, 0);
}

static void snapshot_watches(struct text *ops, const struct store_conn *c)
{
	for (const struct watch *w = c->watches; w; w = w->sister) {
		char prefix[PATH_SIZE];
		struct text strings = {0};
		const char *shown = w->path + (w->relative ? path_prefix(prefix, c->domid) : 0);
		text_add(&strings, shown, strlen(shown) + 1);
		text_add(&strings, w->token, strlen(w->token) + 1);
		record_op(ops, OP_WATCH, w->path, strings.data, strings.len);
		text_free(&strings);
	}
}

static void snapshot_domain(struct text *out, const struct domain_entry *d, unsigned id)
{
	struct text ops = {0};
	record_op(&ops, OP_ATTACH, "/", NULL, 0);
	if (d->introduced)
		record_op(&ops, OP_INTRODUCE, "/", NULL, 0);
	if (d->target)
		record_op(&ops, OP_TARGET, "/", &d->target, sizeof(d->target));
	snapshot_watches(&ops, d->conn);
	unsigned n = d->conn->dones < DONE_MAX ? d->conn->dones : DONE_MAX;
	for (unsigned i = d->conn->dones - n; i < d->conn->dones; i++)
		record_op(&ops, OP_DONE, "/", &d->conn->done[i % DONE_MAX], sizeof(uint32_t));
	record_append(out, id, &ops);
	text_free(&ops);
}

static void snapshot_settings(struct text *out, const struct store *s)
{
	struct text ops = {0};
	for (unsigned i = 0; i < s->special->children; i++) {
		const struct node *n = s->special->child[i];
		record_op(&ops, OP_SPECIAL_PERMS, n->name, n->perm, n->perms * sizeof(*n->perm));
	}
	for (unsigned i = 0; i < QUOTAS; i++) {
		const unsigned set[2] = {i, s->quota[i]};
		record_op(&ops, OP_QUOTA, "/", set, sizeof(set));
	}
	record_append(out, 0, &ops);
	text_free(&ops);
}

void store_snapshot(struct store *s, struct text *out)
{
	snapshot_settings(out, s);
	snapshot_tree(out, s);
	for (unsigned id = 0; (id = store_next_domain(s, id));)
		snapshot_domain(out, domain_at(s, id), id);
}

bool store_has_content(const struct store *s)
{
	struct store *fresh = store_new();
	struct text here = {0}, there = {0};
	if (fresh) {
		snapshot_tree(&here, s);
		snapshot_tree(&there, fresh);
	}
	bool same = here.len == there.len && !memcmp(here.data, there.data, here.len);
	text_free(&here);
	text_free(&there);
	store_free(fresh);
	return !same;
}

/* --- and back --- */

static void replay_special(struct store *s, const char *name, const uint8_t *data, size_t n)
{
	struct perm perm[XS_PAYLOAD_MAX / 3];
	struct node *node = node_child(s->special, name, strlen(name));
	if (!node || n < sizeof(*perm) || n > sizeof(perm))
		return;
	memcpy(perm, data, n);
	node_set_perms(node, perm, (unsigned)(n / sizeof(*perm)));
}

static void replay_quota(struct store *s, const uint8_t *data, size_t n)
{
	unsigned set[2];
	if (n != sizeof(set))
		return;
	memcpy(set, data, n);
	if (set[0] < QUOTAS)
		s->quota[set[0]] = set[1];
}

static void replay_watch(
	struct store_conn *c, enum op op, const char *path, const char *text, size_t n)
{
	if (op == OP_UNWATCH)
		watch_remove(c, path, text);
	else if (strlen(text) + 1 < n)
		watch_add(c, path, text + strlen(text) + 1, *text != '/' && *text != '@');
}

/* Operations about a domain; the connection makes its entry. */
static void replay_domain(
	struct store *s, unsigned id, enum op op, const char *path, const uint8_t *data, size_t n)
{
	struct store_conn *c = store_domain_conn(s, id);
	unsigned target;
	uint32_t done;
	if (!c)
		return;
	switch (op) {
	case OP_DONE:
		if (n == sizeof(done)) {
			memcpy(&done, data, n);
			record_done(c, done);
		}
		break;
	case OP_WATCH:
	case OP_UNWATCH:
		if (n && !data[n - 1])
			replay_watch(c, op, path, (const char *)data, n);
		break;
	case OP_TARGET:
		memcpy(&target, data, n == sizeof(target) ? n : 0);
		domain_at(s, id)->target = n == sizeof(target) && target < XS_DOMAINS ? target : 0;
		break;
	case OP_FORGET:
		store_drop_domain(s, id);
		break;
	case OP_RESET:
	case OP_INTRODUCE:
	case OP_RELEASE:
		if (op != OP_INTRODUCE || domain_at(s, id)->introduced)
			store_reset_conn(c);
		if (op != OP_RESET)
			domain_at(s, id)->introduced = op == OP_INTRODUCE;
		break;
	default:
		break;
	}
}

/* One operation; the tree's are left to change_apply. Returns false for the end or damage. */
static bool replay_op(struct store *s, unsigned domid, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *start = *at, *data;
	const char *path;
	enum op op;
	size_t n;
	if (!record_read(at, end, &op, &path, &data, &n))
		return false;
	if (op == OP_SPECIAL_PERMS) {
		replay_special(s, path, data, n);
	} else if (op == OP_QUOTA) {
		replay_quota(s, data, n);
	} else if (op > OP_PERMS) {
		replay_domain(s, domid, op, path, data, n);
	} else {
		struct change ch;
		change_begin(&ch, s, domid, NULL);
		ch.trusted = true;
		int err = change_apply(&ch, &start, end);
		change_finish(&ch);
		return !err;
	}
	return true;
}

size_t store_replay(struct store *s, const void *data, size_t n)
{
	const uint8_t *p = data, *end = p + n;
	uint32_t head[3];
	bool good = true;
	s->replaying = true;
	while (good && (size_t)(end - p) >= sizeof(head)) {
		memcpy(head, p, sizeof(head));
		if (head[0] < sizeof(uint32_t) || head[0] > (size_t)(end - p) - RECORD_HEAD ||
			head[1] != checksum(p + RECORD_HEAD, head[0]) || head[2] >= XS_DOMAINS)
			break;
		const uint8_t *at = p + sizeof(head), *stop = p + RECORD_HEAD + head[0];
		while (at < stop && good)
			good = replay_op(s, head[2], &at, stop);
		p = stop;
	}
	s->replaying = false;
	return (size_t)(p - (const uint8_t *)data);
}
