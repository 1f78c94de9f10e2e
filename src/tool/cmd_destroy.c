/* SPDX-License-Identifier: MIT */
/* destroy: ends a domain at once. */
#include "tool/control.h"
#include "tool/verbs.h"

int cmd_destroy(int argc, char **argv)
{
	return control_verb(argc, argv, "destroy");
}
