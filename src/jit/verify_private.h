/* SPDX-License-Identifier: MIT */
/* What the files of the verifier share. */
#ifndef JIT_VERIFY_PRIVATE_H
#define JIT_VERIFY_PRIVATE_H

#include "jit/compare.h"
#include "jit/jit.h"
#include "jit/verify.h"
#include "jit/verify_ram.h"

#define VERIFY_ACCESSES 4096

struct verify_access {
	struct bus_access a;
	uint64_t value;	    /* read */
	uint64_t posted[4]; /* what it made pending in this very processor */
};

struct verify {
	struct cpu *cpu;	    /* the real one: translated code */
	struct cpu *shadow;	    /* the interpreter's */
	struct cpu *before;	    /* both at the start; never runs */
	struct machine machine;	    /* the shadow's */
	struct bus bus;		    /* what both take for the bus */
	struct verify_ram *ram;	    /* shared by all processors of the machine */
	struct journal *journal[2]; /* of the shadow, of the real one */

	struct cpu *running; /* NULL: neither, accesses go through */
	bool recording;
	bool warm; /* translated code runs twice, the second time with the write rights of the first
		    */
	bool strayed; /* an access not in the record, which is in stray */
	struct bus_access stray;
	unsigned first, next;		  /* in the record: of the passes, of the present one */
	unsigned accesses, accesses_seen; /* recorded; made by the shadow in its latest pass */
	struct verify_access access[VERIFY_ACCESSES];
	uint64_t irr[4]; /* pending in the real one, as far as the record knows */

	uint64_t generation; /* of the real RAM's code log, as far as the shadow knows */
	uint32_t kick;	     /* taken from the real one during a run */
	int result;	     /* of translated code */
	uint64_t runs;
	char *report;
};

/* Does an engine's result end a run for good: fault, trap or exit? */
bool verify_ends(int r);
/* Makes `to` stand where `from` stands: two of v's processors. */
void verify_copy(struct verify *v, struct cpu *to, const struct cpu *from);
/* Around a pass: side 0 is the shadow, whose stores are taken back at its end, 1 the real one. */
void verify_begin(struct verify *v, unsigned side);
void verify_end(struct verify *v, unsigned side);
/* The real processor and what it wrote back to `before`; its write rights stay. */
void verify_rewind(struct verify *v);
/* Both passes from where both stand, devices answering from the record. What differs, or NULL; RAM
 * and processors are left as the passes ended. */
const char *verify_both(struct verify *v, uint64_t budget);
const char *verify_difference(const struct verify *v, int interpreted, int translated);
/* The granule that differs after both passes, or NULL; what it should hold and did hold. */
const uint8_t *verify_memory(
	const struct verify *v, const uint8_t **want, const uint8_t **before, gpa_t *gpa);

/* --- verify_report.c --- */
/* A run differed, why says in what: finds the instruction and makes v->report. */
void verify_explain(struct verify *v, uint64_t budget, const char *why);
/* The same for a stray store. */
void verify_explain_stray(struct verify *v, const struct verify_stray *s);

#endif
