/* SPDX-License-Identifier: MIT */
/* shutdown: presses the power button; whether the guest obeys is its decision. */
#include "tool/control.h"
#include "tool/verbs.h"

#include <getopt.h>
#include <stdlib.h>

int cmd_shutdown(int argc, char **argv)
{
	static const struct option options[] = {{"wait", no_argument, NULL, 'w'}, {0}};
	bool wait = false;
	for (int c; (c = getopt_long(argc, argv, "w", options, NULL)) != -1;) {
		if (c != 'w')
			return verb_usage(argv[0]);
		wait = true;
	}
	if (argc - optind != 1)
		return verb_usage(argv[0]);
	if (control_request(argv[optind], "shutdown", -1, NULL))
		return EXIT_FAILURE;
	if (wait && control_request(argv[optind], "wait", -1, NULL))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
