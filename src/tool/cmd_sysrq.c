/* SPDX-License-Identifier: MIT */
/* sysrq: presses a key of the guest's kernel. */
#include "base/log.h"
#include "tool/guest.h"
#include "tool/verbs.h"

#include <stdlib.h>

int cmd_sysrq(int argc, char **argv)
{
	struct guest g;
	if (argc != 3)
		return verb_usage(argv[0]);
	if (!argv[2][0] || argv[2][1]) {
		log_error("sysrq: one letter is sent, not '%s'", argv[2]);
		return EXIT_FAILURE;
	}
	if (guest_open_pv(&g, argv[1]))
		return EXIT_FAILURE;
	int err = guest_write(&g, "control/sysrq", argv[2]);
	guest_close(&g);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
