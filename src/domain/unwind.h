/* SPDX-License-Identifier: MIT */
/*
 * Unwind descriptors of IA-64 programs (Itanium Software Conventions and Runtime Architecture
 * Guide, chapter 11): where at a given instruction the return link, ar.pfs and the
 * previous stack pointer are kept. What else they describe is skipped.
 */
#ifndef DOMAIN_UNWIND_H
#define DOMAIN_UNWIND_H

#include "base/types.h"

enum unwind_place {
	PLACE_HOME, /* still (or always) in its register: b0, ar.pfs; for psp: sp + offset */
	PLACE_GR,   /* general register `value` of the frame */
	PLACE_BR,   /* branch register */
	PLACE_PSP,  /* memory at psp + 16 - value */
	PLACE_SP    /* memory at sp + value */
};

struct unwind_save {
	enum unwind_place place;
	uint64_t value;
	uint64_t when; /* slots of the region after which it is there */
	bool known;    /* a descriptor named a place: it counts once `when` has passed */
};

struct unwind_frame {
	struct unwind_save rp, pfs, psp;
	bool interruption; /* .unwabi: a frame that an interruption made */
};

/* Decodes len bytes of descriptors for the instruction at slot (counted from the start of the
 * function). Returns false when they make no sense. */
bool unwind_decode(const uint8_t *p, size_t len, uint64_t slot, struct unwind_frame *f);

#endif
