/* SPDX-License-Identifier: MIT */
/* pause: stops a domain's processors and its clock. */
#include "tool/control.h"
#include "tool/verbs.h"

int cmd_pause(int argc, char **argv)
{
	return control_verb(argc, argv, "pause");
}
