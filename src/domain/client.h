/* SPDX-License-Identifier: MIT */
/*
 * Connections to the control socket. A client sends one line, a verb and its arguments. The answer
 * is any number of lines that start with '=', and then one that is "ok", "ok TEXT" or "error TEXT".
 * After "console" and its "ok" the connection carries raw console bytes both ways; "wait" is
 * answered when the domain ends. I/O thread only.
 */
#ifndef DOMAIN_CLIENT_H
#define DOMAIN_CLIENT_H

#include <poll.h>

#include "domain/domain.h"

enum client_kind {
	CLIENT_COMMAND, /* its line is not complete yet */
	CLIENT_CONSOLE,
	CLIENT_WAIT,
	CLIENT_DONE /* to be closed when all output is sent */
};

struct client {
	struct client *next;
	int fd;
	int passed; /* descriptor that came with the command, or -1 */
	enum client_kind kind;
	bool gone; /* peer closed or failed: drop it */
	char line[512];
	size_t line_len;
	struct text out;
	size_t sent;
	uint64_t pos;	    /* console: position in the ring */
	uint8_t input[256]; /* console: typed, not yet taken by the UART */
	size_t input_len;
};

/* Accepts one connection from the listening socket; returns false when none waits. */
bool client_accept(struct domain *d);
/* Accepts all who wait and hears what they want: before the socket goes. */
void client_accept_last(struct domain *d);
/* Which events to poll for. */
short client_events(struct domain *d, struct client *c);
/* Acts on what poll reported. */
void client_handle(struct domain *d, struct client *c, short revents);
/* Offers waiting console input to the UART; returns whether some is left. */
bool client_push_input(struct domain *d);
/* Frees clients that are gone or done. */
void client_reap(struct domain *d);
/* Has the client everything that was meant for it? */
bool client_drained(struct domain *d, struct client *c);
/* Adds a report's lines, each marked with '=' as more to come. */
void client_add_report(struct text *out, const struct text *report);
/* Answers all who wait for the end. */
void client_tell_end(struct domain *d);

/* Runs a command line and fills c->out or changes c->kind (control.c). */
void control_command(struct domain *d, struct client *c);

#endif
