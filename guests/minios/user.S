/* SPDX-License-Identifier: MIT */
/*
 * What tests run at user level: one page, mapped at USER_CODE.
 */
#include "abi.h"

	.section .user, "ax"
	.balign	16384
	.global	user_start
user_start:
	break	BREAK_USER
