/* SPDX-License-Identifier: MIT */
/* What the files of the store share: its state, and the functions between them. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/path.h"
#include "store/store.h"
#include "store/tree.h"

/* Waiting output in bytes: beyond, replies hold the client and events are told later. */
#define OUTPUT_MAX  (256u << 10)
#define WATCH_LISTS 256
#define DOMAIN_PAGE 256
/* Changes by others that a transaction can live through: its snapshot keeps old nodes alive. */
#define TX_STEPS_MAX 20000
#define TX_AGE_STEPS 1024 /* how often to look for them */
/* Bytes that the changes of one transaction can take, and of a privileged client's. */
#define TX_BYTES_MAX	  (2u << 20)
#define TX_BYTES_MAX_PRIV (64u << 20)
/* Requests of a counted client that were done last: more than it has in flight. */
#define DONE_MAX 64

/* --- quotas: of each unprivileged domain; 0 is no limit --- */
enum quota {
	QUOTA_NODES,
	QUOTA_WATCHES,
	QUOTA_TRANSACTIONS,
	QUOTA_TRANSACTION_NODES,
	QUOTA_NODE_SIZE,
	QUOTA_PERMISSIONS,
	QUOTA_PATH_DEPTH,
	QUOTA_OUTSTANDING,
	QUOTAS
};
struct quota_info {
	const char *name;
	unsigned value;
	const char *what;
};
extern const struct quota_info quota_table[QUOTAS];

struct domain_entry {
	unsigned nodes; /* owned */
	unsigned watches, transactions;
	unsigned target; /* domain whose rights it has too; 0: none */
	bool introduced, shut_down;
	struct store_conn *conn; /* NULL: only an owner of nodes */
};

struct watch {
	struct watch *next;   /* in its list of store.watch */
	struct watch *sister; /* of the same connection */
	struct store_conn *conn;
	char *token;
	bool relative; /* events leave out the prefix */
	bool lost;     /* events found no room */
	char path[];
};

struct message {
	struct message *next;
	bool event;
	uint32_t len;
	uint8_t bytes[]; /* with the header */
};

struct dep;

struct tx {
	struct tx *next;
	uint32_t id;
	uint64_t started;  /* store.steps then */
	unsigned max_deps; /* 0: no limit */
	bool doomed;	   /* must end with EAGAIN */
	struct node *base, *tree;
	struct dep **dep; /* sorted by path */
	unsigned deps, room;
	int owned;	 /* nodes more that its domain owns */
	struct text ops; /* journal format */
};

struct store_conn {
	struct store *store;
	struct store_conn *next, **back;
	unsigned domid;	  /* 0: a tool, or a backend */
	unsigned backend; /* of this domain: what it may do, restrict.c says; 0: it is none */
	bool broken;
	bool counted;		 /* request ids are a count */
	uint32_t done[DONE_MAX]; /* those that changed something, the last ones */
	unsigned dones;
	bool lost_transactions; /* unknown ones were those of an earlier connection */
	bool lost_events;
	struct watch *watches;
	struct tx *transactions;
	unsigned watch_count, tx_count;
	uint8_t in[2 * (XS_HEADER + XS_PAYLOAD_MAX)];
	size_t in_len;
	struct message *out, **out_end;
	size_t out_bytes, sent; /* sent: of the first message */
	unsigned replies;
};

struct store {
	struct node *root;
	struct node *special; /* children: permissions of @introduceDomain, @releaseDomain */
	uint64_t changes;     /* of nodes, in anybody's tree */
	uint64_t steps;	      /* changes that everybody sees */
	uint32_t next_tx;
	bool log;
	bool replaying;
	struct store_conn *serving; /* a counted client, whose request has changed nothing yet */
	uint32_t serving_id;
	unsigned quota[QUOTAS];
	struct store_conn *conns;
	struct watch *watch[WATCH_LISTS];
	struct domain_entry **domain[XS_DOMAINS / DOMAIN_PAGE + 1]; /* by pages of ids */
	struct text journal;
};

/* NULL when there is nothing about the domain. */
static inline struct domain_entry *domain_at(const struct store *s, unsigned id)
{
	struct domain_entry **page = s->domain[id / DOMAIN_PAGE];
	return page ? page[id % DOMAIN_PAGE] : NULL;
}

/* --- store.c --- */
/* The entry of a domain, made when there is none; NULL: no memory. id < XS_DOMAINS. */
struct domain_entry *store_domain(struct store *s, unsigned id);
/* Removes the connection's watches and transactions. */
void store_reset_conn(struct store_conn *c);
/* RELEASE: the domain is not introduced any more, its watches and transactions go. */
void store_release(struct store *s, unsigned domid);
/* The next id after this one that there is something about; XS_DOMAINS: none. */
unsigned domain_next(const struct store *s, unsigned id);
/* The connection of a domain, made when there is none; no events. NULL: no memory, no such id. */
struct store_conn *store_domain_conn(struct store *s, unsigned id);
/* The domain's connection and what belongs to it, but for nodes. */
void store_drop_domain(struct store *s, unsigned id);
/* Puts the quota's limit into *limit; false when it does not apply to the client. */
bool store_limit(const struct store_conn *c, enum quota q, unsigned *limit);

/* --- perm.c --- */
/* What a domain may do with a node: ACCESS bits. */
unsigned perm_access(const struct store *s, unsigned domid, const struct node *n);
/* Reads count strings of n bytes in all into perm. Returns 0 or EINVAL. */
int perm_parse(struct perm *perm, unsigned count, const char *text);
/* Appends the strings. */
void perm_format(struct text *out, const struct node *n);

/* --- change.c: everything that changes the tree --- */

/* Kinds of journal operations. The first four change the tree. */
enum op {
	OP_WRITE = 1,
	OP_MKDIR,
	OP_RM,
	OP_PERMS,
	OP_SPECIAL_PERMS,
	OP_WATCH,
	OP_UNWATCH,
	OP_RESET,
	OP_ATTACH,
	OP_INTRODUCE,
	OP_RELEASE,
	OP_TARGET,
	OP_FORGET,
	OP_QUOTA,
	OP_DONE /* data: the id of the request that the rest of the record is of */
};

struct event {
	struct event *next;
	struct node *old; /* as it was before it was removed or its permissions changed */
	char path[];
};
struct tally {
	unsigned domid;
	int nodes;
};

/* One request's view of the tree, or a commit's. */
struct change {
	struct store *store;
	unsigned domid;	  /* who; 0 is privileged */
	unsigned backend; /* as in store_conn */
	bool trusted;	  /* no checks: the journal */
	struct tx *tx;	  /* what is looked at is noted there */
	struct node **root;
	struct text ops;
	struct event *events, **last;
	struct tally *tally;
	unsigned tallies;
};

void change_begin(struct change *ch, struct store *s, unsigned domid, struct tx *tx);
/* The same for what a client asks. */
void change_begin_for(struct change *ch, const struct store_conn *c, struct tx *tx);
/* What was done counts: journal, quota, events; or into the transaction. */
void change_finish(struct change *ch);
/* Frees it; the tree stays as it is. */
void change_drop(struct change *ch);
/* The node, if the client has the access. Returns 0, ENOENT or EACCES; NULL n: only the result. */
int change_find(struct change *ch, const char *path, unsigned need, struct node **n);
/* Each returns 0 or an errno, and has then changed nothing that matters. */
int change_write(struct change *ch, const char *path, const void *value, size_t len);
int change_mkdir(struct change *ch, const char *path);
int change_rm(struct change *ch, const char *path);
int change_perms(struct change *ch, const char *path, const struct perm *perm, unsigned count);
/* Does one operation in journal format at *at; moves on. Returns 0, an errno, or EIO: cut. */
int change_apply(struct change *ch, const uint8_t **at, const uint8_t *end);

/* --- restrict.c --- */
enum restrict_access { RESTRICT_READ, RESTRICT_WRITE, RESTRICT_REMOVE, RESTRICT_PERMS };
/* May a client do that with a node of the tree, whatever its permissions? 0, EACCES, or ENOENT for
 * a node to be written that only others may make. Any client: all but backends may. */
int restrict_check(
	const struct store_conn *c, struct node *root, const char *path, enum restrict_access a);
/* How many nodes the backends of a domain have. */
unsigned restrict_count(struct node *root, unsigned domid);
/* Removes them, and directories that become empty. */
void restrict_remove(struct change *ch, unsigned domid);

/* --- tx.c --- */
enum { DEP_VALUE = 1, DEP_PERMS = 2, DEP_CHILDREN = 4, DEP_TREE = 8 };
/* Notes that the transaction depends on the node, or on its absence. Returns 0 or an errno. */
int tx_depend(struct tx *tx, const char *path, unsigned flags);
struct tx *tx_find(struct store_conn *c, uint32_t id);
int tx_start(struct store_conn *c, uint32_t *id);
/* Ends it; with commit, 0, EAGAIN, or why it did not fit. */
int tx_end(struct store_conn *c, struct tx *tx, bool commit);
/* Lets go of the snapshots of transactions that others have overtaken too often. */
void tx_age_all(struct store *s);

/* --- watch.c --- */
/* Tells all watches that a node changed; old as in struct event. */
void watch_fire(struct store *s, const char *path, struct node *old);
/* Tells those who may know it of @introduceDomain or @releaseDomain. */
void watch_fire_special(struct store *s, const char *name);
/* Without an event. Returns 0, EEXIST, E2BIG or ENOMEM. */
int watch_add(struct store_conn *c, const char *path, const char *token, bool relative);
int watch_remove(struct store_conn *c, const char *path, const char *token);
void watch_remove_all(struct store_conn *c);
/* An event for the watch's own path. */
void watch_trigger(struct watch *w);
/* Events that found no room, now that there is. */
void watch_tell_lost(struct store_conn *c);

/* --- conn.c --- */
struct store_conn *conn_new(struct store *s, unsigned domid);
void conn_free(struct store_conn *c);
/* Forgets requests and replies. */
void conn_clear(struct store_conn *c);
void conn_reply(struct store_conn *c, const struct xs_header *to, uint32_t type, const void *data,
	size_t n);
/* Queues an event unless the same one waits already; false: no room. */
bool conn_event(struct store_conn *c, const char *path, const char *token);

/* --- request.c, admin.c, command.c --- */
struct request {
	struct store_conn *c;
	struct xs_header header;
	const char *data; /* header.len bytes, and a zero */
	struct tx *tx;
	bool replied;
};
typedef int request_fn(struct request *q);
/* Serves it: whatever it is, there is one reply. */
void request_serve(struct store_conn *c, const struct xs_header *h, const char *data);
void request_reply(struct request *q, const void *data, size_t n);
/* The strings of the payload, of which there must be count, terminated. */
bool request_strings(const struct request *q, const char **string, unsigned count);
/* A domain's id from text; false when it is none. */
bool request_domid(const char *text, unsigned *id);
request_fn admin_introduce, admin_release, admin_domain_path, admin_introduced, admin_resume,
	admin_target, command_request;

/* --- record.c --- */
void record_op(struct text *out, enum op op, const char *path, const void *data, size_t n);
/* Reads one operation of the kind that record_op writes; false: cut or damaged. */
bool record_read(const uint8_t **at, const uint8_t *end, enum op *op, const char **path,
	const uint8_t **data, size_t *n);
/* Appends a record with these operations. */
void record_add(struct store *s, unsigned domid, const struct text *ops);
/* Notes that a counted client has had a request done. */
void record_done(struct store_conn *c, uint32_t id);
/* Was it done? */
bool record_was_done(const struct store_conn *c, uint32_t id);
/* A record of one operation. */
void record_note(
	struct store *s, unsigned domid, enum op op, const char *path, const void *data, size_t n);

#endif
