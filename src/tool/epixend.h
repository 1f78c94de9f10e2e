/* SPDX-License-Identifier: MIT */
/* The CLI's side of epixend: starting it on demand, and making domains known to it. */
#ifndef TOOL_EPIXEND_H
#define TOOL_EPIXEND_H

#include "tool/registry.h"

#define EPIXEND_WHY 200

/* Starts epixend unless it answers; all domains that live are then attached to the new one. The
 * registry must be locked. Returns 1 when it was started, 0, or -errno with a text in why. */
int epixend_ensure(struct registry *r, bool stay, char why[EPIXEND_WHY]);
/* A new domain: makes its nodes in xenstore and gives it its stream. Locks the registry, which must
 * not be locked, for the while. Returns 0, or -errno with a text in why. */
int epixend_introduce(struct registry *r, uint64_t id, char why[EPIXEND_WHY]);
/* Sends a line (daemon/line.c), with a descriptor when pass >= 0. Returns 0, -EPROTO: refused, or
 * another -errno. */
int epixend_request(struct registry *r, const char *line, int pass);

#endif
