/* SPDX-License-Identifier: MIT */
/* What create and restore have in common: opening files, launching, and how to go on. */
#ifndef TOOL_START_H
#define TOOL_START_H

#include "domain/domain.h"

struct start_options {
	bool console, paused, quiet;
};

/* Parses -c, -p and -q; returns the index of the first argument, or -1 for a wrong option. */
int start_parse(int argc, char **argv, struct start_options *o);
/* Opens a file for the domain; failures are logged. Returns the descriptor or -errno. */
int start_open(const char *path);
/* Launches and, as the options say, unpauses and attaches. Closes the files in fds. Returns the
 * exit status. */
int start_domain(struct domain_config *c, struct domain_fds *fds, const struct start_options *o);

#endif
