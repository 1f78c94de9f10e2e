/* SPDX-License-Identifier: MIT */
/* dump-state: registers and call chain of every virtual processor. */
#include "tool/control.h"
#include "tool/verbs.h"

#include <stdio.h>
#include <stdlib.h>

int cmd_dump_state(int argc, char **argv)
{
	struct text out = {0};
	if (argc != 2)
		return verb_usage(argv[0]);
	int err = control_request(argv[1], "dump", -1, &out);
	if (out.len)
		fputs(out.data, stdout);
	text_free(&out);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
