/* SPDX-License-Identifier: MIT */
/* Lists of the host's processors, as xl has them: "0-3,5,^2", "all". */
#ifndef TOOL_CPUS_H
#define TOOL_CPUS_H

#include "base/types.h"
#include "domain/config.h"

#define CPUS_ERROR_SIZE 160

/* Sets the bits of the processors, of which the host has so many. Returns 0, or -EINVAL with the
 * reason in why. */
int cpus_parse(
	const char *text, unsigned host, struct config_affinity *a, char why[CPUS_ERROR_SIZE]);

#endif
