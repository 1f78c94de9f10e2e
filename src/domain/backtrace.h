/* SPDX-License-Identifier: MIT */
/*
 * Call chain of a stopped processor: from the kernel's own unwind table (Itanium Software
 * Conventions and Runtime Architecture Guide, chapter 11), which says for each address where the
 * return link and ar.pfs are kept.
 */
#ifndef DOMAIN_BACKTRACE_H
#define DOMAIN_BACKTRACE_H

#include "base/text.h"
#include "cpu/cpu.h"
#include "domain/kernel.h"

/* Adds one line per frame. Changes nothing in the guest. */
void backtrace(struct text *out, struct cpu *cpu, const struct kernel_image *kernel);

#endif
