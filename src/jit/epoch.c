/* SPDX-License-Identifier: MIT */
/*
 * When the memory of a retired block may be used again. Retired blocks are numbered; nobody finds
 * them any more, but processors may still be in them, or hold their numbers. At each dispatch a
 * processor forgets what was retired and says up to which number it has (`seen`); one that runs no
 * translated code says EPOCH_OUTSIDE. What all have passed nobody uses.
 */
#include "jit/block.h"

static void forget_jumps(struct jit_cpu *own)
{
	for (unsigned n = 0; n < JUMPS; n++)
		own->jump[n].va = JUMP_NONE;
}

static void forget_jump(struct jit_cpu *own, const uint8_t *code, gva_t va)
{
	struct jump *j = jump_of(own, va & ~(gva_t)3, va & 3);

	if (j->code == code)
		j->va = JUMP_NONE;
}

void epoch_forget_returns(struct cpu *cpu)
{
	for (unsigned n = 0; n < JIT_RETURNS; n++)
		cpu->jit.ret[n].tag = RETURN_NONE;
}

void epoch_enter(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;
	uint64_t n = atomic_load(&jit->retired);

	/* Who retires counts first and looks at `seen` then; so one of us sees the other. */
	atomic_store(&cpu->jit.own->seen, n);
	while (n != atomic_load(&jit->retired))
		atomic_store(&cpu->jit.own->seen, n = atomic_load(&jit->retired));
}

void epoch_leave(struct cpu *cpu)
{
	atomic_store_explicit(&cpu->jit.own->seen, EPOCH_OUTSIDE, memory_order_release);
}

void epoch_pass(struct cpu *cpu)
{
	struct jit_cpu *own = cpu->jit.own;

	if (atomic_load_explicit(&own->seen, memory_order_relaxed) != own->done)
		atomic_store_explicit(&own->seen, own->done, memory_order_release);
}

void epoch_sync(struct cpu *cpu)
{
	struct jit *jit = cpu->jit.state;
	struct jit_cpu *own = cpu->jit.own;

	if (likely(cpu->machine->ram.code_generation == cpu->jit.generation &&
		    atomic_load_explicit(&jit->retired, memory_order_acquire) == own->done))
		return;
	pthread_mutex_lock(&jit->lock);
	block_drop_stale(jit, &cpu->machine->ram);
	cpu->jit.generation = jit->generation;
	uint64_t now = atomic_load_explicit(&jit->retired, memory_order_relaxed);
	if (now != own->done)
		epoch_forget_returns(cpu);
	if (now - own->done > RETIRED_LOG)
		forget_jumps(own);
	else
		for (uint64_t n = own->done + 1; n <= now; n++)
			forget_jump(own, jit->retired_log[n % RETIRED_LOG].code,
				jit->retired_log[n % RETIRED_LOG].va);
	own->done = now;
	pthread_mutex_unlock(&jit->lock);
}

uint64_t epoch_safe(const struct jit *jit)
{
	uint64_t safe = atomic_load(&jit->retired);

	for (unsigned n = 0; n < MAX_CPUS; n++) {
		uint64_t seen = jit->cpu[n] ? atomic_load(&jit->cpu[n]->seen) : EPOCH_OUTSIDE;
		if (seen < safe)
			safe = seen;
	}
	return safe;
}

void epoch_retire(struct jit *jit, struct block *b)
{
	uint64_t n = atomic_load_explicit(&jit->retired, memory_order_relaxed) + 1;

	b->retired = n;
	jit->retired_log[n % RETIRED_LOG].code = b->code;
	jit->retired_log[n % RETIRED_LOG].va = b->va + b->start % 3;
	atomic_store(&jit->retired, n);
}
