/* SPDX-License-Identifier: MIT */
/* reboot: asks a paravirtual guest; resets any other domain's machine. */
#include "tool/control.h"
#include "tool/guest.h"
#include "tool/verbs.h"

#include <getopt.h>
#include <stdlib.h>

int cmd_reboot(int argc, char **argv)
{
	bool force = false;
	for (int c; (c = getopt(argc, argv, "F")) != -1;) {
		if (c != 'F')
			return verb_usage(argv[0]);
		force = true;
	}
	if (argc - optind != 1)
		return verb_usage(argv[0]);
	int pv = force ? 0 : guest_is_pv(argv[optind]);
	int err = pv < 0 ? pv
		  : pv	 ? guest_shutdown(argv[optind], "reboot")
			 : control_request(argv[optind], "reboot", -1, NULL);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
