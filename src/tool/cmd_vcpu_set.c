/* SPDX-License-Identifier: MIT */
/* vcpu-set: how many processors the guest is to use. */
#include "base/log.h"
#include "tool/guest.h"
#include "tool/verbs.h"

#include <stdio.h>
#include <stdlib.h>

static int set(struct guest *g, uint64_t count)
{
	char node[40];
	int err = 0;
	for (uint64_t i = 0; i < g->vcpus && !err; i++) {
		snprintf(node, sizeof(node), "cpu/%llu/availability", (unsigned long long)i);
		err = guest_write(g, node, i < count ? "online" : "offline");
	}
	return err;
}

int cmd_vcpu_set(int argc, char **argv)
{
	struct guest g;
	char *rest;
	if (argc != 3)
		return verb_usage(argv[0]);
	uint64_t count = strtoull(argv[2], &rest, 10);
	if (argv[2][0] < '0' || argv[2][0] > '9' || *rest) {
		log_error("vcpu-set: '%s' is not a number", argv[2]);
		return EXIT_FAILURE;
	}
	if (guest_open_pv(&g, argv[1]))
		return EXIT_FAILURE;
	int err = 0;
	if (count < 1 || count > g.vcpus) {
		log_error("%s: it can have 1 to %llu vCPUs, not %s", g.name,
			(unsigned long long)g.vcpus, argv[2]);
		err = -1;
	}
	if (!err)
		err = set(&g, count);
	guest_close(&g);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
