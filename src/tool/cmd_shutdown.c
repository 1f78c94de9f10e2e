/* SPDX-License-Identifier: MIT */
/* shutdown: asks the guest to power off, by xenstore or the power button; whether it obeys is its
 * decision. */
#include "tool/control.h"
#include "tool/guest.h"
#include "tool/verbs.h"

#include <getopt.h>
#include <stdlib.h>

static int ask(const char *domain)
{
	int pv = guest_is_pv(domain);
	if (pv < 0)
		return pv;
	return pv ? guest_shutdown(domain, "poweroff")
		  : control_request(domain, "shutdown", -1, NULL);
}

int cmd_shutdown(int argc, char **argv)
{
	/* -F is for scripts made for xl: the power button is pressed where there is one anyway */
	static const struct option options[] = {
		{"wait", no_argument, NULL, 'w'}, {NULL, no_argument, NULL, 'F'}, {0}};
	bool wait = false;
	for (int c; (c = getopt_long(argc, argv, "wF", options, NULL)) != -1;) {
		if (c != 'w' && c != 'F')
			return verb_usage(argv[0]);
		wait |= c == 'w';
	}
	if (argc - optind != 1)
		return verb_usage(argv[0]);
	/* waiting begins first: a guest may be gone as soon as it is asked */
	int end = wait ? control_begin(argv[optind], "wait", -1) : -1;
	if (wait && end < 0)
		return EXIT_FAILURE;
	if (ask(argv[optind]))
		return EXIT_FAILURE;
	return wait && control_end(argv[optind], end, NULL) ? EXIT_FAILURE : EXIT_SUCCESS;
}
