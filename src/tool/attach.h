/* SPDX-License-Identifier: MIT */
/* The terminal as a domain's console. */
#ifndef TOOL_ATTACH_H
#define TOOL_ATTACH_H

#include "tool/registry.h"

/* Joins standard input and output to the console until the domain ends or Ctrl-] is typed;
 * unpause: lets the domain start once attached. At the end of input, output goes on. Returns the
 * exit status: 0 when the guest powered off, was destroyed or the user detached, else
 * EXIT_FAILURE; a crash report goes to standard error. */
int attach_console(struct registry *r, uint64_t id, bool unpause);

#endif
