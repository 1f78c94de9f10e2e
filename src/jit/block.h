/* SPDX-License-Identifier: MIT */
/* Blocks of translated code, which all processors share: made and found, evicted, not used any
 * more. */
#ifndef JIT_BLOCK_H
#define JIT_BLOCK_H

#include "jit/jit.h"

/* --- block.c --- */
/* The block at cpu->ip and ri, whose page is at host; translated if need be. NULL: interpret. Only
 * between epoch_enter and epoch_leave, as everything that follows. */
struct block *block_get(struct cpu *cpu, uintptr_t host, unsigned key);
/* Makes the exit that has just been taken go straight to b, if it may. */
void block_link(struct cpu *cpu, struct exit_point *p, struct block *b);
/* Under the lock: takes b out of the table, so that nobody finds it any more. */
void block_retire(struct jit *jit, struct block *b);
/* Retires all blocks. */
void block_forget(struct cpu *cpu);
/* Retires the blocks of granules that were written or flushed, for all processors. */
void block_drop_stale(struct jit *jit, struct ram *ram);

/* --- evict.c, under the lock --- */
#define BLOCK_MOST (128u << 10) /* bytes of code of one block */
#define EXITS_MOST 4096		/* of one block */
/* Is there room for a block? The oldest blocks make some. */
bool evict_for_room(struct jit *jit);
/* Takes a new block into the order of ages; its code and exits are those given out last. */
void evict_add(struct jit *jit, struct block *b);
void evict_free_all(struct jit *jit);
/* Where the next block's code goes. */
uint8_t *evict_code(struct jit *jit);

/* --- epoch.c --- */
#define EPOCH_OUTSIDE UINT64_MAX
/* A processor begins and ends to use blocks, by its own thread. */
void epoch_enter(struct cpu *cpu);
void epoch_leave(struct cpu *cpu);
/* At a dispatch: no more uses any block that was retired before the latest epoch_sync. */
void epoch_pass(struct cpu *cpu);
/* At a dispatch: learns what was retired, after blocks of modified code have been. */
void epoch_sync(struct cpu *cpu);
/* Predicted returns: tags are an address with key bits in bits 2:0, or this. */
#define RETURN_NONE 8
void epoch_forget_returns(struct cpu *cpu);
/* Under the lock: blocks retired up to this number are used by nobody. */
uint64_t epoch_safe(const struct jit *jit);
/* Under the lock: b is retired now. */
void epoch_retire(struct jit *jit, struct block *b);

static inline struct jump *jump_of(struct jit_cpu *own, gva_t va, unsigned slot)
{
	return &own->jump[(va >> 4 ^ (gva_t)slot << 8) & (JUMPS - 1)];
}

/* --- share.c --- */
/* Makes cpu->jit.own, and the machine's translator with the first processor's. false: no memory. */
bool share_open(struct cpu *cpu);
void share_close(struct cpu *cpu);

#endif
