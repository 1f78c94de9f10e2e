/* SPDX-License-Identifier: MIT */
/* unpause: lets a paused domain go on. */
#include "tool/control.h"
#include "tool/verbs.h"

int cmd_unpause(int argc, char **argv)
{
	return control_verb(argc, argv, "unpause");
}
