/* SPDX-License-Identifier: MIT */
/* The CLI's end of a domain's control socket (protocol: domain/client.h). */
#ifndef TOOL_CONTROL_H
#define TOOL_CONTROL_H

#include "base/text.h"
#include "tool/registry.h"

/* Connects and sends the command line, with a descriptor when pass >= 0. Returns the socket or
 * -errno. */
int control_connect(struct registry *r, uint64_t id, const char *line, int pass);
/* The same, for a socket of any name in a directory; line may be NULL. */
int control_connect_at(int dir, const char *name, const char *line, int pass);
/* Reads an answer to its end. Lines of data go to out, their mark removed, and the text after "ok"
 * to verdict (size bytes; may be NULL). Returns 0; -EPROTO when the domain refused, verdict then
 * says why; -EPIPE when the connection broke. */
int control_answer(int fd, struct text *out, char *verdict, size_t size);
/* The same for a domain named by the user; failures are logged: begin gives the connection for end,
 * or -errno. */
int control_begin(const char *domain, const char *line, int pass);
int control_end(const char *domain, int fd, struct text *out);
/* Both. out may be NULL. Returns 0 or -errno. */
int control_request(const char *domain, const char *line, int pass, struct text *out);

/* The usual verb: exactly one argument, a domain, to which `command` is sent. Exit status. */
int control_verb(int argc, char **argv, const char *command);

#endif
