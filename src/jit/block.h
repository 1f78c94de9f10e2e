/* SPDX-License-Identifier: MIT */
/* Blocks of translated code: found by address and key, made, linked, dropped. */
#ifndef JIT_BLOCK_H
#define JIT_BLOCK_H

#include "jit/jit.h"

struct icache_page;

/* Makes cpu->jit.state. false: no memory. */
bool block_open(struct cpu *cpu);
void block_close(struct cpu *cpu);
/* Drops all blocks. */
void block_forget(struct cpu *cpu);
/* Drops blocks of granules that were written or flushed. */
void block_sync(struct cpu *cpu);
/* The block at cpu->ip and ri, translated if need be. NULL: interpret. */
struct block *block_get(struct cpu *cpu, const struct icache_page *page, unsigned key);
/* An exit just taken, with what must be known of its block, which may be gone by the time the next
 * one is found. */
struct link {
	const struct exit_point *exit;
	uint64_t page;
	uintptr_t host;
	unsigned key;
};
struct link block_link_from(const struct exit_point *p);
/* Makes that exit go straight to b, if it may. No flush may have come between. */
void block_link(struct jit *jit, const struct link *from, const struct block *b);

#endif
