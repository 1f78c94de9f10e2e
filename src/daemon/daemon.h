/* SPDX-License-Identifier: MIT */
/*
 * epixend: the process that serves what domains and tools share. One thread, one poll loop over
 * peers; what a peer is, is a table of functions (struct peer_kind) in a file of its own.
 *
 * In the runtime directory: xenstored.sock, where tools speak the xenstore protocol, privileged as
 * domain 0 is, the directory being nobody else's; epixend.sock, where the command line sends one
 * line (line.c); epixend.journal.0 and .1 (disk.c); epixend.log.
 *
 * A domain's xenstore is a stream socket, one end of which the command line passes here and the
 * other to the domain's process. It carries messages as store/store.h says, and its end is the end
 * of the domain: what it had goes. Another one beside it is for the domain's backends. After
 * epixend was killed, who starts the next one passes a new stream to each domain: requests that
 * were not answered have to be sent again, from their first byte; a reply that was cut begins anew
 * too.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <poll.h>

#include "base/text.h"
#include "base/types.h"

struct daemon;
struct peer;
struct store;
struct store_conn;

struct peer_kind {
	/* Which events to poll for; POLLHUP comes unasked. */
	short (*events)(struct peer *p);
	/* poll reported something: takes what has come in. */
	void (*ready)(struct daemon *d, struct peer *p, short revents);
	/* One piece of work; returns whether there may be more. NULL: none. */
	bool (*work)(struct daemon *d, struct peer *p);
	/* Sends what can be sent without waiting; the journal is written. NULL: nothing. */
	void (*flush)(struct daemon *d, struct peer *p);
	/* Before it is freed and its descriptor closed. NULL: nothing. */
	void (*end)(struct daemon *d, struct peer *p);
	bool counts; /* keeps epixend running */
};

struct peer {
	struct peer *next;
	const struct peer_kind *kind;
	int fd;
	bool gone;		 /* drop it at the next opportunity */
	bool eof;		 /* nothing more will come */
	struct store_conn *conn; /* stream.c */
	unsigned domid;		 /* of a domain, a backend, or match.c */
	struct text out;	 /* line.c */
	bool counted;
	char line[256];
	size_t line_len;
	int passed; /* descriptor that came with the line, or -1 */
};

struct disk {
	int fd[2];
	unsigned current;
	uint64_t sequence; /* of the current file */
	uint64_t size;
	uint64_t compact_at;
	bool failed;
};

struct daemon {
	int dir;  /* the runtime directory */
	int lock; /* the registry's, taken to end */
	struct store *store;
	struct disk disk;
	struct peer *peers;
	bool stay;	     /* does not end by itself */
	bool end;	     /* was told to */
	uint64_t idle_since; /* ms; 0: not idle */
	uint64_t settle_at;  /* ms; when domains of the journal that nobody attached go; 0: never */
};

/* --- main.c --- */
/* The process epixend: argv is its name, the numbers of the directory's descriptor and of a pipe
 * to tell "ok" or an error, and maybe --stay. Returns the exit status. */
int daemon_main(int argc, char **argv);

/* --- loop.c --- */
struct peer *peer_add(struct daemon *d, const struct peer_kind *kind, int fd);
/* Serves until the end. */
void loop_run(struct daemon *d);
/* Milliseconds of a clock that does not jump. */
uint64_t loop_now(void);

/* --- listen.c: the two sockets --- */
/* Makes and listens on both. Returns 0 or -errno. */
int listen_start(struct daemon *d);
/* Accepts all that wait; returns whether there were any. */
bool listen_accept(struct daemon *d);
void listen_remove(struct daemon *d);

/* --- stream.c: the xenstore protocol --- */
/* A tool; takes fd. */
void stream_add_tool(struct daemon *d, int fd);
/* A domain; counted: it numbers its requests (store_counts_requests). Takes fd. Returns 0 or
 * -errno. */
int stream_add_domain(struct daemon *d, unsigned domid, bool counted, int fd);
/* Who serves the devices of a domain, which has a stream; takes fd. Returns 0 or -errno. */
int stream_add_backend(struct daemon *d, unsigned domid, int fd);
/* Domains that are known from the journal only are no more. */
void stream_settle(struct daemon *d);

/* --- match.c: domains that look for others --- */
/* A domain; takes fd. Returns 0 or -errno. */
int match_add(struct daemon *d, unsigned domid, int fd);

/* --- line.c: requests of the command line --- */
void line_add(struct daemon *d, int fd);

/* --- disk.c: the journal's files --- */
/* Opens them and makes the store what they say. Returns 0 or -errno. */
int disk_open(struct daemon *d);
/* Appends what the store has recorded; starts the other file when this one is long. */
void disk_append(struct daemon *d);
void disk_remove(struct daemon *d);

#endif
