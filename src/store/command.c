/* SPDX-License-Identifier: MIT */
/* CONTROL: what xenstore-control asks for. One function and one table row for each command. */
#include "store/private.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS 4

typedef int command_fn(struct request *q, const char **arg, unsigned args, struct text *out);

/* Checks a subtree and counts its nodes by owner. Returns what is wrong, or NULL. */
static const char *check_tree(const struct node *n, unsigned *owned, unsigned depth)
{
	if (!n->perms || n->perm[0].domid >= XS_DOMAINS)
		return "a node without owner";
	if (depth > XS_ABS_PATH_MAX / 2)
		return "a path too deep";
	owned[n->perm[0].domid]++;
	for (unsigned i = 0; i < n->children; i++) {
		if (!n->child[i]->refs)
			return "a node that is free";
		if (i && strcmp(n->child[i - 1]->name, n->child[i]->name) >= 0)
			return "children out of order";
		const char *wrong = check_tree(n->child[i], owned, depth + 1);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static int check(struct request *q, const char **arg, unsigned args, struct text *out)
{
	struct store *s = q->c->store;
	unsigned *owned = calloc(XS_DOMAINS, sizeof(*owned));
	(void)arg;
	if (args || !owned) {
		free(owned);
		return args ? EINVAL : ENOMEM;
	}
	const char *wrong = check_tree(s->root, owned, 0);
	for (unsigned i = 0; i < XS_DOMAINS && !wrong; i = domain_next(s, i)) {
		if (owned[i] != domain_at(s, i)->nodes)
			wrong = "a domain's count of nodes";
	}
	free(owned);
	text_printf(out, "%s%s", wrong ? "damaged: " : "OK", wrong ? wrong : "");
	return 0;
}

static int log_requests(struct request *q, const char **arg, unsigned args, struct text *out)
{
	if (args != 1 || (strcmp(arg[0], "on") && strcmp(arg[0], "off")))
		return EINVAL;
	q->c->store->log = strcmp(arg[0], "on") == 0;
	text_printf(out, "OK");
	return 0;
}

static int print(struct request *q, const char **arg, unsigned args, struct text *out)
{
	(void)q;
	if (args != 1)
		return EINVAL;
	log_info("control: %s", arg[0]);
	text_printf(out, "OK");
	return 0;
}

static int show_domain(struct store *s, const char *text, struct text *out)
{
	unsigned id;
	if (!request_domid(text, &id) || id >= XS_DOMAINS)
		return EINVAL;
	const struct domain_entry *d = domain_at(s, id);
	if (!d)
		return ENOENT;
	text_printf(out, "Domain %u:\nnodes             : %8u\nwatches           : %8u\n", id,
		d->nodes, d->watches);
	text_printf(out, "transactions      : %8u\noutstanding       : %8u\n", d->transactions,
		d->conn ? d->conn->replies : 0);
	return 0;
}

static int set_quota(struct store *s, const char *name, const char *value)
{
	char *rest;
	unsigned long v = strtoul(value, &rest, 10);
	if (!*value || *rest || v > UINT32_MAX)
		return EINVAL;
	for (unsigned i = 0; i < QUOTAS; i++) {
		if (strcmp(quota_table[i].name, name) == 0) {
			const unsigned set[2] = {i, (unsigned)v};
			s->quota[i] = (unsigned)v;
			record_note(s, 0, OP_QUOTA, "/", set, sizeof(set));
			return 0;
		}
	}
	return EINVAL;
}

static int quota(struct request *q, const char **arg, unsigned args, struct text *out)
{
	struct store *s = q->c->store;
	if (args == 1)
		return show_domain(s, arg[0], out);
	if (args == 3 && strcmp(arg[0], "set") == 0) {
		text_printf(out, "OK");
		return set_quota(s, arg[1], arg[2]);
	}
	if (args)
		return EINVAL;
	text_printf(out, "Quota settings:\n");
	for (unsigned i = 0; i < QUOTAS; i++)
		text_printf(out, "%-17s: %8u %s\n", quota_table[i].name, s->quota[i],
			quota_table[i].what);
	return 0;
}

static unsigned count_nodes(const struct node *n, uint64_t *bytes)
{
	unsigned sum = 1;
	*bytes += sizeof(*n) + strlen(n->name) + 1 + n->len + n->perms * sizeof(*n->perm) +
		  n->room * sizeof(*n->child);
	for (unsigned i = 0; i < n->children; i++)
		sum += count_nodes(n->child[i], bytes);
	return sum;
}

static int memory(struct request *q, const char **arg, unsigned args, struct text *out)
{
	struct store *s = q->c->store;
	unsigned conns = 0, transactions = 0;
	uint64_t bytes = 0, waiting = 0;
	(void)arg;
	if (args)
		return EINVAL;
	for (const struct store_conn *c = s->conns; c; c = c->next) {
		conns++;
		waiting += c->out_bytes;
		for (const struct tx *tx = c->transactions; tx; tx = tx->next)
			transactions++;
	}
	unsigned nodes = count_nodes(s->root, &bytes);
	text_printf(out, "nodes %u\nbytes %llu\nconnections %u\ntransactions %u\noutput %llu\n",
		nodes, (unsigned long long)bytes, conns, transactions, (unsigned long long)waiting);
	return 0;
}

static command_fn help;

static const struct {
	const char *name;
	command_fn *fn;
	const char *arguments;
} commands[] = {
	{"check", check, ""},
	{"help", help, ""},
	{"log", log_requests, " on|off"},
	{"memreport", memory, ""},
	{"print", print, " <string>"},
	{"quota", quota, " [set <name> <value>|<domid>]"},
};

static int help(struct request *q, const char **arg, unsigned args, struct text *out)
{
	(void)q;
	(void)arg;
	if (args)
		return EINVAL;
	text_printf(out, "commands:\n");
	for (unsigned i = 0; i < countof(commands); i++)
		text_printf(out, "  %s%s\n", commands[i].name, commands[i].arguments);
	return 0;
}

/* How many strings there are; more than max, when the last one does not end. */
static unsigned count_strings(const struct request *q, unsigned max)
{
	const char *string[ARGUMENTS + 1];
	unsigned n = 1;
	while (n <= max && !request_strings(q, string, n))
		n++;
	return n;
}

int command_request(struct request *q)
{
	const char *arg[ARGUMENTS + 1];
	struct text out = {0};
	unsigned n = count_strings(q, ARGUMENTS);
	if (n > ARGUMENTS || !request_strings(q, arg, n))
		return EINVAL;
	int err = EINVAL;
	for (unsigned i = 0; i < countof(commands); i++) {
		if (strcmp(commands[i].name, arg[0]) == 0)
			err = commands[i].fn(q, arg + 1, n - 1, &out);
	}
	if (!err && !out.failed && out.len < XS_PAYLOAD_MAX)
		request_reply(q, out.data, out.len + 1);
	text_free(&out);
	return err ? err : q->replied ? 0 : ENOMEM;
}
