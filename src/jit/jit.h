/* SPDX-License-Identifier: MIT */
/*
 * The translating engine: blocks of guest code become x86-64 code. docs/jit.md follows one through.
 * engine.c finds, runs and leaves blocks, translate.c and emit_*.c make IR of instructions, gen.c
 * makes code of IR, cache.c holds the code.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <pthread.h>
#include <stdatomic.h>
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
	ptrdiff_t rx;	   /* add to a writable address to get the executable one */
	size_t size, used; /* used: by blocks, those that wait to be reclaimed included */
};
int cache_init(struct cache *c, size_t size);
void cache_free(struct cache *c);

/* --- ways out of translated code --- */
enum leave {
	LEAVE_INDIRECT, /* to cpu->next_ip; cpu->jit.from says where from */
	LEAVE_BRANCH,	/* to ip */
	LEAVE_RESULT,	/* the exec of entry gave cpu->jit.result */
	LEAVE_NEXT,	/* go on at entry */
	LEAVE_RETURN,	/* to ip, behind the call; cpu->jit.from is the return */
	LEAVE_INTERPRET /* the block does not fit the present frame */
};

/* In cpu->jit.result, beside enum exec: done, but the block must be left behind it. */
#define RESULT_AFTER 0x80

/* One exit of a block. Its number is what the code returns in eax. */
struct exit_point {
	uint8_t kind;	      /* enum leave */
	uint8_t bundle, slot; /* of the instruction completed last */
	uint8_t step;	      /* of the instruction */
	uint16_t entry;	      /* likewise */
	gva_t ip;
	struct block *block;
	struct block *_Atomic to; /* linked: where its jump goes */
	uint32_t patch;		  /* displacement of the jump to link, in the cache; 0: none */
	uint32_t next, prev;	  /* of the links to the same block */
};

/* Immutable but for what the lock protects. It stands in the table until it is retired, and its
 * memory is used again when nobody can be in it any more (epoch.c). */
struct block {
	struct block *_Atomic next; /* in its hash chain */
	gva_t va;		    /* of the first bundle */
	uintptr_t host;		    /* of the page */
	gpa_t gpa;		    /* likewise */
	uint16_t start;		    /* entry */
	uint16_t key;
	const uint8_t *code; /* executable; for who comes from the same page, or has looked at what
			      * struct arrival names */
	const uint8_t *far;  /* for all others; NULL: none */
	/* under the lock */
	struct block *next_page;	       /* of the same host page */
	struct block *newer;		       /* made next */
	uint64_t code_at, exits_at, exits_end; /* positions in the rings */
	uint64_t retired; /* its number among those retired, from 1 on; 0: it stands in the table */
	uint32_t links;	  /* exit points that jump here */
};

/* What code entered from other pages looks at: the page must be where it was. */
struct arrival {
	gva_t va, page;
	uintptr_t addend;
	uint64_t slot; /* where struct ftlb has its entry */
	uint64_t gpa, key;
};

/* Target addresses of indirect and distant jumps, looked up by the code itself. */
struct jump {
	gva_t va; /* with the slot in bits 1:0 */
	const uint8_t *code;
	uintptr_t host; /* of the page */
	uint64_t key;
	uint64_t gpa;
	struct block *block;
	uint64_t pad[2];
};
#define JUMPS	  4096
#define JUMP_NONE 3 /* no address */

#define JIT_BLOCKS  16384 /* hash chains */
#define RETIRED_LOG 1024  /* who falls further behind forgets all jumps */

struct jit_counters {
	uint64_t translations, searched, no_room, enters, interpreted, links;
	uint64_t interpreted_slots;
	uint64_t leaves[LEAVE_INTERPRET + 1];
};

/* What a host may have beside SSE2. */
enum { HOST_FMA = 1, HOST_POPCNT = 2, HOST_BMI2 = 4, HOST_LZCNT = 8 };

/* What a processor has of its own; its thread's but for `seen`. */
struct jit_cpu {
	_Alignas(64) struct jump jump[JUMPS]; /* a cache line each */
	/* Blocks retired up to this number are not used any more; EPOCH_OUTSIDE: no block is. */
	_Atomic uint64_t seen;
	uint64_t done; /* retired ones that the jumps have been cleared of */
	struct jit_counters count;
};

/* What all processors of a machine share. */
struct jit {
	pthread_mutex_t lock; /* for whatever makes, links and retires blocks */
	struct cache cache;
	int (*enter)(struct cpu *cpu, const uint8_t *code);
	unsigned host; /* HOST_ features to use */
	const uint8_t *leave, *lookup, *lookup_any, *arrive, *call, *call_no_nat, *call_fr,
		*call_fr_no_nat, *form, *soft, *to_double, *alat_set, *alat_check,
		*counted; /* common code, writable addresses */
	struct block *_Atomic chain[JIT_BLOCKS];
	struct block *page[JIT_BLOCKS]; /* by host page */
	struct exit_point *exit;	/* a ring, number 0 is none */
	uint32_t exit_count;
	uint64_t exits; /* numbers given out */
	struct block *oldest, *newest, *retire_next;
	size_t common;		   /* bytes of common code, in front of the ring */
	uint64_t code_head;	   /* where in the ring the next block begins */
	uint64_t generation;	   /* of ram's code log, up to which blocks have been dropped */
	_Atomic uint64_t made;	   /* blocks, ever: counted when they are complete */
	_Atomic uint64_t retired;  /* likewise */
	uint64_t safe;		   /* up to this number nobody uses them */
	uint64_t dropped, evicted; /* of them because their code changed, because of their age */
	struct {
		const uint8_t *code;
		gva_t va;
	} retired_log[RETIRED_LOG]; /* number n is at n % RETIRED_LOG */
	struct jit_cpu *cpu[MAX_CPUS];
	unsigned cpus;		      /* opened */
	struct icache_window *window; /* what is being translated */
	struct ir_block work;
	struct gen *gen;
};

/* --- gen.c --- */
/* Makes code of b->ir for blk between at and end. Returns where it ends, NULL: no room or too many
 * exits. */
uint8_t *gen_block(
	struct cpu *cpu, struct ir_block *b, struct block *blk, uint8_t *at, uint8_t *end);
/* The code all blocks share, at the start of the cache. */
void gen_common(struct machine *m);

#endif
