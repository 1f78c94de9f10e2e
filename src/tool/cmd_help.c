/* SPDX-License-Identifier: MIT */
/* help: what verbs there are. */
#include "base/log.h"
#include "tool/verbs.h"

#include <stdio.h>
#include <stdlib.h>

static void print_all(void)
{
	printf("usage: epixen VERB [ARGUMENTS]\n\n");
	for (unsigned i = 0; i < verb_count; i++)
		printf("  %-11s %s\n", verbs[i].name, verbs[i].summary);
	printf("\nDOMAIN is a name or an id. `epixen help VERB` says more.\n");
}

int cmd_help(int argc, char **argv)
{
	if (argc < 2) {
		print_all();
		return EXIT_SUCCESS;
	}
	if (argc > 2)
		return verb_usage(argv[0]);
	const struct verb *v = verb_find(argv[1]);
	if (!v) {
		log_error("no verb '%s': `epixen help` lists them", argv[1]);
		return EXIT_USAGE;
	}
	printf("usage: epixen %s %s\n%s.\n%s\nExample:\n  %s\n", v->name, v->arguments, v->summary,
		v->text, v->example);
	return EXIT_SUCCESS;
}
