/* SPDX-License-Identifier: MIT */
/*
 * The translating engine: blocks of guest code become x86-64 code. docs/jit.md follows one through.
 * engine.c finds, runs and leaves blocks, translate.c and emit_*.c make IR of instructions, gen.c
 * makes code of IR, cache.c holds the code.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <stdio.h>

#include "cpu/cpu.h"
#include "cpu/engine.h"
#include "jit/ir.h"

extern const struct engine engine_jit;

/* A counter of what the translator did on a processor: translations, exits by cause, code. */
struct jit_counter {
	const char *group, *name; /* without blanks */
	uint64_t value;
};
/* Counter n; false: there is none, or this processor does not run translated code. The processor
 * must not be running. */
bool jit_counter(const struct cpu *cpu, unsigned n, struct jit_counter *c);
/* Slots that were executed by exec functions: called, or interpreted where no block fits. */
uint64_t jit_slots_called(const struct cpu *cpu);
/* All that as text, with the calls of exec functions by row. */
void jit_print_stats(const struct cpu *cpu, FILE *out);

/* --- memory for code (cache.c): one memfd mapped twice, so that nothing is writable and executable
 * at once --- */
struct cache {
	uint8_t *rw;
	ptrdiff_t rx; /* add to a writable address to get the executable one */
	size_t size, used;
};
int cache_init(struct cache *c, size_t size);
void cache_free(struct cache *c);

/* --- ways out of translated code --- */
enum leave {
	LEAVE_INDIRECT, /* to cpu->next_ip; cpu->jit.from says where from */
	LEAVE_BRANCH,	/* to ip */
	LEAVE_RESULT,	/* the exec of entry gave cpu->jit.result */
	LEAVE_NEXT,	/* go on at entry */
	LEAVE_INTERPRET /* the block does not fit the present frame */
};

/* In cpu->jit.result, beside enum exec: done, but the block must be left behind it. */
#define RESULT_AFTER 0x80

/* One exit of a block. Its number is what the code returns in eax. */
struct exit_point {
	uint8_t kind;	       /* enum leave */
	uint8_t slot;	       /* of the instruction completed last, in bundle from */
	uint16_t entry, start; /* of the instruction, of the block */
	uint16_t step;
	gva_t from, ip;
	uint8_t *patch; /* LEAVE_BRANCH within the page: displacement of the jump to link */
	struct block *block;
};

struct block {
	struct block *next;	 /* in its hash chain */
	struct block *next_page; /* of the same host page */
	gva_t va;		 /* of the first bundle */
	uintptr_t host;		 /* of the page */
	gpa_t gpa;		 /* likewise */
	uint16_t start;		 /* entry */
	uint16_t key;
	const uint8_t *code; /* executable; NULL: interpret */
	struct insn *insn;
};

/* Target addresses of indirect and distant jumps, looked up by the code itself. */
struct jump {
	gva_t va;
	const uint8_t *code;
	uintptr_t host; /* of the page */
	uint64_t key;
	uint64_t gpa;
	uint64_t pad[3];
};
#define JUMPS 4096

#define JIT_BLOCKS 16384 /* hash chains */
#define JIT_EXITS  (1u << 18)

struct jit_counters {
	uint64_t translations, blocks_dropped, flushes, enters, interpreted, links;
	uint64_t interpreted_slots;
	uint64_t leaves[LEAVE_INTERPRET + 1];
};

struct jit {
	struct jump jump[JUMPS];
	struct cache cache;
	int (*enter)(struct cpu *cpu, const uint8_t *code);
	const uint8_t *leave, *lookup, *lookup_any, *call, *call_no_nat,
		*counted; /* common code, writable addresses */
	struct block *chain[JIT_BLOCKS];
	struct block *page[JIT_BLOCKS]; /* by host page */
	struct exit_point *exit;
	unsigned exits;
	uint64_t generation; /* of ram's code log */
	struct jit_counters count;
	struct ir_block work;
	struct gen *gen;
};

/* --- gen.c --- */
/* Makes code of b->ir for blk. false: no room in the cache or too many exits. */
bool gen_block(struct cpu *cpu, struct ir_block *b, struct block *blk);
/* The code all blocks share; at the start of an empty cache. */
void gen_common(struct cpu *cpu);

#endif
