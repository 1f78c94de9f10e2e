/* SPDX-License-Identifier: MIT */
/* reboot: resets a domain's machine. */
#include "tool/control.h"
#include "tool/verbs.h"

int cmd_reboot(int argc, char **argv)
{
	return control_verb(argc, argv, "reboot");
}
