/* SPDX-License-Identifier: MIT */
/*
 * The state of code generation: which host register holds what, and what is known of predicates.
 *
 *   rbx  struct cpu          r12  gr_base[1]: register 32+n is at [r12 + 8 * (32 + n)]
 *   r13  cpu->pr             r14  fast TLB for data (mmu.data)
 *   r15  slots of the budget left, as of the latest taken branch
 *   rax, rcx scratch; the others hold general registers and temporaries
 *
 * A predicate is in r13, or known to be 0 or 1, or the relation of two general registers that have
 * not changed since: then testing it is the compare, and it is written to r13 only when code is
 * left that may read it there.
 */
#ifndef JIT_GEN_H
#define JIT_GEN_H

#include "jit/jit.h"

#define POOL		8
#define FPOOL		12 /* xmm4 and up hold FRs, those below are scratch */
#define STEPS		12
#define RELATIONS	8
#define BLOCK_COLD	1000
#define BLOCK_INSN_USES 2048

/* What a predicate is: PRED_HOME in r13, PRED_FALSE, PRED_TRUE, or relation k: PRED_RELATION + 2 *
 * k, plus 1 for its opposite. */
enum { PRED_HOME, PRED_FALSE, PRED_TRUE, PRED_RELATION };

struct relation {
	uint8_t cc, size, a, b; /* as in struct ir; size 0: bit imm of a */
	int64_t imm;
};

struct state {
	uint8_t value[POOL]; /* in the host register, or IR_NONE */
	uint8_t dirty;	     /* bit n: not yet at home */
	uint8_t pred[64];
	struct relation relation[RELATIONS];
	uint8_t fvalue[FPOOL];	  /* the FR whose double xmm4 + n has, or IR_NONE */
	uint16_t fdirty, fsingle; /* bit n: not yet at home; a single */
	struct {
		uint8_t fr, division, recipe, step;
	} step[STEPS]; /* FRs that hold steps of divisions, not yet at home */
	uint8_t steps;
	uint8_t fmode; /* bit n: status field n allows the host's arithmetic */
	int sof, sol;  /* frame as the block's alloc set it, else -1 */
};

/* Code out of the way: exits and slow ways. */
struct cold {
	enum {
		COLD_SLOW,
		COLD_LEAVE,
		COLD_BRANCH,
		COLD_RESULT,
		COLD_AFTER,
		COLD_FORM,
		COLD_SETTLE,
		COLD_ZERO
	} kind;
	uint16_t ir;
	uint16_t leave;		   /* COLD_FORM and later: the COLD_LEAVE when they fail */
	uint8_t fr[4];		   /* likewise: what they are about, see gen_fp.c */
	struct state state, after; /* where it leaves, where it comes back */
	uint8_t *from[10];	   /* jumps to it */
	uint8_t *back;
};

struct gen {
	struct code c;
	struct state s;
	struct cpu *cpu;
	struct jit *jit;
	struct ir_block *b;
	struct block *blk;
	unsigned pos;	     /* in b->ir */
	unsigned pinned;     /* host registers that must stay as they are */
	unsigned guard_pins; /* those of the guard we are in */
	int guard_end;	     /* in a guard: position of its IR_END, else -1 */
	uint8_t *guard_jump;
	int slow;	       /* cold entry that waits for IR_REJOIN, or -1 */
	uint64_t no_natval[2]; /* FRs that are at home, settled, and no NaTVal */
	bool mfl, mfh;	       /* psr.mfl, mfh are set */
	bool forms;	       /* cpu->jit.forms is set */
	unsigned fpinned, fnext;
	bool guard_fr;	     /* the guard's end writes FRs home */
	struct state fstate; /* where the present FR operation leaves */
	unsigned fjumps, fforms;
	int fleave; /* its way out, or -1 */
	uint8_t *fjump[10];
	bool failed;
	unsigned guards;
	uint8_t *guard_from[4]; /* jumps of the tests at the block's entry */
	uint8_t *arrival;	/* where code names its struct arrival */
	unsigned insns;
	struct { /* where code names an instruction's copy, which stands behind it */
		uint8_t *at;
		unsigned insn;
	} insn[BLOCK_INSN_USES];
	unsigned colds;
	struct cold cold[BLOCK_COLD];
};

extern const enum reg gen_pool[POOL];

#define CPU(f) mem_at(RBX, (int64_t)offsetof(struct cpu, f))
static inline struct mem cpu_at(int64_t offset)
{
	return mem_at(RBX, offset);
}

/* --- values (gen_value.c) --- */
struct mem gen_home(unsigned v);
int gen_find(const struct state *s, unsigned v);
/* The host register that holds v, loaded if need be, pinned for this operation. */
enum reg gen_use(struct gen *g, unsigned v);
/* The host register to compute v into; its old value need not be there. Call after gen_use. */
enum reg gen_define(struct gen *g, unsigned v);
/* Writes everything home and forgets the registers. */
void gen_flush(struct gen *g);
/* Emits what writes the registers and predicates of s home. */
void gen_write_home(struct gen *g, const struct state *s);
/* Makes at least n host registers free. */
void gen_make_room(struct gen *g, unsigned n);
/* s is as it was before v got a host register. */
void gen_state_forget(struct state *s, unsigned v);
void gen_drop_temps(struct gen *g);
void gen_drop_dead(struct gen *g);
/* Relations of v are about to lose their operand. */
void gen_keep_relations(struct gen *g, unsigned v);

/* --- floating-point registers (gen_fp.c) --- */
void gen_fr(struct gen *g, const struct ir *ir);
bool gen_is_fr(const struct ir *ir);
/* Writes those of s home; the present state forgets them; they are loaded again as s has them,
 * behind a call of insn's exec. */
void gen_frs_home(struct gen *g, const struct state *s);
void gen_frs_flush(struct gen *g);
void gen_frs_reload(struct gen *g, const struct state *s, unsigned insn);
void gen_fr_cold(struct gen *g, const struct cold *cold);
/* Common code: a C function of (cpu, rcx) that spares all registers but rax and rcx. */
void gen_common_form(struct code *c);
/* The same, but xmm registers are lost. */
void gen_common_soft(struct code *c);
/* fr_to_double of rcx likewise, form being where the other one is. */
void gen_common_to_double(struct code *c, const uint8_t *form);

/* --- semaphores, the ALAT (gen_sync.c) --- */
void gen_semaphore(struct gen *g, const struct ir *ir);
void gen_fence(struct gen *g, const struct ir *ir);
void gen_alat_set(struct gen *g, const struct ir *ir);
void gen_alat_check(struct gen *g, const struct ir *ir);
void gen_common_alat_set(struct code *c);
void gen_common_alat_check(struct code *c);

/* --- predicates (gen_pred.c) --- */
/* p1, p2 of ir = the condition cc, which the host's flags hold now: not for a false qp. */
void gen_store_both(struct gen *g, const struct ir *ir, enum cc cc);
/* Emits a test of predicate p, which is not known; the condition is its truth. Uses rax. */
enum cc gen_test(struct gen *g, const struct state *s, unsigned p);
/* Brings p to r13. Uses rax. */
void gen_pred_home(struct gen *g, const struct state *s, unsigned p);
void gen_preds_home(struct gen *g, const struct state *s);
/* The same for the present state, which then knows nothing of them. */
void gen_all_preds_home(struct gen *g);
void gen_compare(struct gen *g, const struct ir *ir);
/* p turned out to be v: so is whatever hangs on the same relation. */
void gen_pred_known(struct state *s, unsigned p, bool v);
static inline bool gen_known(const struct gen *g, unsigned p, bool *v)
{
	uint8_t k = p ? g->s.pred[p] : PRED_TRUE;
	*v = k == PRED_TRUE;
	return k == PRED_TRUE || k == PRED_FALSE;
}

/* --- exits (gen_exit.c) --- */
uint32_t gen_exit_point(struct gen *g, enum leave kind, unsigned insn);
struct cold *gen_cold(struct gen *g, unsigned kind, uint8_t *from);
/* rsi = the instruction. */
void gen_name_insn(struct gen *g, unsigned insn);
/* The exec of an instruction gave eax: leaves with it. */
void gen_leave_result(struct gen *g, unsigned insn);
void gen_next(struct gen *g, const struct ir *ir);
void gen_colds(struct gen *g);
/* Leaves translated code with this exit. */
void gen_leave(struct gen *g, uint32_t exit);
/* The jump of an exit that may be linked; what follows is where it goes until then. */
void gen_linkable(struct gen *g, uint32_t exit);

/* --- branches (gen_branch.c) --- */
void gen_branch(struct gen *g, const struct ir *ir);
/* What a branch does that is taken, s being the state before it. */
void gen_taken(struct gen *g, const struct state *s, const struct ir *ir);

/* --- returns (gen_return.c) --- */
/* At a call, everything being home: notes where it will return to, if it can be foreseen. Pass the
 * answer to gen_return_way, which emits the way back, out of the way. Use rax, rcx, r8. */
uint8_t *gen_return_push(struct gen *g, unsigned insn);
void gen_return_way(struct gen *g, unsigned insn, uint8_t *at);
void gen_return_push_none(struct gen *g);
/* At a return: takes the latest note, to which r8 points then. Uses rcx. */
void gen_return_pop(struct gen *g);
/* Goes where the note says if rax is its address. Uses rdx. */
void gen_return_follow(struct gen *g);
void gen_arrival_data(struct gen *g);
void gen_common_arrive(const struct machine *m, struct code *c);
/* The block's beginning for who comes from other pages; sets its entries. */
void gen_arrival(struct gen *g);
/* Behind the code: copies of the instructions that exec functions are called with, and where the
 * block must be. */
void gen_data(struct gen *g);
/* The call of the present guest instruction's exec, everything being home. */
void gen_call_exec(struct gen *g, unsigned insn);

#endif
