/* SPDX-License-Identifier: MIT */
/*
 * INIT: what PALE_INIT and SALE_ENTRY do between the event and the OS's INIT handler, and the way
 * back (2:282-2:307, SAL 5). The interrupted context is in the min-state save area that the OS
 * registered.
 */
#include "fw/call.h"
#include "fw/pal.h"

enum fw_action fw_deliver_init(struct fw *fw, struct cpu *cpu)
{
	(void)fw;
	cpu->exit_text = "INIT without a handler";
	return FW_CRASH;
}

enum fw_action fw_init_return(struct fw *fw, struct cpu *cpu)
{
	(void)fw;
	cpu->exit_text = "return from INIT that was not delivered";
	return FW_CRASH;
}

int64_t fw_mc_resume(struct fw_call *c)
{
	(void)c;
	return PAL_INVALID;
}
