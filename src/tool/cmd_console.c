/* SPDX-License-Identifier: MIT */
/* console: attaches to a running domain. */
#include "tool/attach.h"
#include "tool/verbs.h"

#include <stdlib.h>

int cmd_console(int argc, char **argv)
{
	struct registry r;
	struct registry_entry e;
	if (argc != 2)
		return verb_usage(argv[0]);
	if (registry_open(&r))
		return EXIT_FAILURE;
	int err = registry_find(&r, argv[1], &e);
	registry_unlock(&r);
	int status = err ? EXIT_FAILURE : attach_console(&r, e.id, false);
	registry_close(&r);
	return status;
}
