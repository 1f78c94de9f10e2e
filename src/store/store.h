/* SPDX-License-Identifier: MIT */
/*
 * xenstore, without its sockets: bytes of connections go in, bytes come out. A connection is a
 * tool's, which is privileged as domain 0 is, or a domain's. One thread.
 *
 * Both directions of a connection are a stream of messages (store/wire.h). For a domain that is
 * what its ring carries: whoever serves the ring moves its request bytes into the stream and the
 * stream's bytes into the ring, as room is, and looks at neither.
 *
 * Nothing that a client sends hurts another: each has quotas, its output is bounded, and while too
 * much of it waits unread the client's further requests wait too. Watch events that found no room
 * are told later as one event for the watch's own path: look at everything below it again.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/text.h"
#include "store/wire.h"

struct store;
struct store_conn;

/* A store with the nodes that every one has. NULL: no memory. */
struct store *store_new(void);
void store_free(struct store *s);

/* --- connections --- */

/* A tool's connection; NULL: no memory. Ended by store_disconnect. */
struct store_conn *store_connect(struct store *s);
/* The connection of a process that serves a domain's devices: it is domain 0 in what is the
 * backends' of that domain, and nothing elsewhere (restrict.c). NULL: no memory, no such domain. */
struct store_conn *store_backend(struct store *s, unsigned domid);
/* Ends a tool's or backend's connection: its watches and transactions are gone. */
void store_disconnect(struct store_conn *c);

/* Where to put bytes that arrived, and how many; none while requests wait. */
uint8_t *store_space(struct store_conn *c, size_t *room);
void store_received(struct store_conn *c, size_t n);
/* Serves one complete request, if there is one and the client may have it served now. Returns
 * whether it did: call again, others in between. */
bool store_run(struct store_conn *c);
/* Bytes to be sent, in order; store_sent when they are. Journal bytes must be safe before. */
const uint8_t *store_output(struct store_conn *c, size_t *n);
void store_sent(struct store_conn *c, size_t n);
/* The client has broken the protocol beyond repair: close its connection. */
bool store_broken(const struct store_conn *c);

/* --- domains --- */

/* There is a stream to this domain: returns its connection, which is the store's and lives until
 * store_forget. Requests are served once the domain is introduced. A domain that had one before
 * keeps its watches, each of which fires, and has lost its transactions: they end with EAGAIN.
 * NULL: not a domain's id, or no memory. */
struct store_conn *store_attach(struct store *s, unsigned domid);
/* Who sends the domain's requests numbers them, each once: one that was done is answered, not done
 * again, when it is sent again to the store of the next epixend. */
void store_counts_requests(struct store_conn *c);
/* The domain has shut down: @releaseDomain, once until RESUME. */
void store_shutdown(struct store *s, unsigned domid);
/* The domain is no more: its connection, its own nodes, /local/domain/ID and /vm/UUID go. */
void store_forget(struct store *s, unsigned domid);
/* Ids of domains that have a connection, the next after id; 0 when there is none. */
unsigned store_next_domain(const struct store *s, unsigned id);
/* Is anything in it that somebody other than a domain put there? */
bool store_has_content(const struct store *s);

/* --- persistence: what changes is appended to a journal before it is acknowledged --- */

/* Records since the last store_journal_done, to be appended to the file. */
const struct text *store_journal(const struct store *s);
void store_journal_done(struct store *s);
/* Appends records to out that make this store from a new one. */
void store_snapshot(struct store *s, struct text *out);
/* Ids of transactions go on from here: no two stores with one journal may use the same. */
void store_number_transactions(struct store *s, uint32_t from);
/* Applies records to a new store. Returns how many bytes were whole records; what follows was
 * being written when its writer died. */
size_t store_replay(struct store *s, const void *data, size_t n);

#endif
