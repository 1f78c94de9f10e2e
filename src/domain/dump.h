/* SPDX-License-Identifier: MIT */
/* Pieces of a processor's report: dump.c has the whole. */
#ifndef DOMAIN_DUMP_H
#define DOMAIN_DUMP_H

#include "base/text.h"
#include "hv/hv.h"

/* One of four values in a line; column is 0 at first. */
void dump_line(struct text *t, unsigned *column, const char *name, uint64_t v, bool nat);
/* Ends a line that is not full. */
void dump_end(struct text *t, unsigned *column);
void dump_psr(struct text *t, const char *name, uint64_t psr);

/* --- dump_pv.c --- */
/* What a paravirtual kernel has for its privileged registers, and what it waits for. */
void dump_pv(struct text *t, struct hv_vcpu *v);

#endif
