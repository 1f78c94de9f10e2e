/* SPDX-License-Identifier: MIT */
/* What the emitters of IR, one per row of ops.def, share. */
#ifndef JIT_EMIT_H
#define JIT_EMIT_H

#include "cpu/cpu.h"
#include "isa/op.h"
#include "jit/divide.h"
#include "jit/ir.h"

/* A translation under way. */
struct tr {
	struct ir_block *b;
	unsigned entry; /* of the present instruction */
	unsigned temps; /* used by it */
	int sof;	/* frame size when an alloc of the block has set it, else -1 */
	struct division division[DIVISIONS];
	uint64_t integer[2]; /* FRs whose doubles are integers */
	bool ended;	     /* the block does not go on behind it */
};

/* Appends the IR of i. false: nothing was appended, i is to be called instead. */
typedef bool emit_fn(struct tr *t, const struct insn *i);
/* By enum op; NULL: called. */
extern emit_fn *const emit_table[OP_COUNT];

struct ir *ir_append(struct tr *t, enum ir_op op);
static inline uint8_t ir_temp(struct tr *t)
{
	return (uint8_t)(IR_TEMP + t->temps++);
}
struct ir *ir_op2(struct tr *t, enum ir_op op, uint8_t d, uint8_t a, uint8_t b);
struct ir *ir_imm(struct tr *t, enum ir_op op, uint8_t d, uint8_t a, int64_t imm);
/* May general register r be written? In doubt notes what the frame must have. */
bool ir_target(struct tr *t, unsigned r);
/* Where to compute GR r1 of i to, and the end of that: under a predicate the move comes last. */
uint8_t ir_result(struct tr *t, const struct insn *i);
void ir_result_done(struct tr *t, const struct insn *i, uint8_t d);
/* Base update of a memory instruction, by what its name ends in; inc: r2 or a copy of it. */
void ir_update(struct tr *t, const struct insn *i, uint8_t inc);
bool ir_update_legal(struct tr *t, const struct insn *i);
/* Brackets around what cannot be computed and selected. */
void ir_guard(struct tr *t, const struct insn *i);
void ir_guard_end(struct tr *t, const struct insn *i);

/* IR of i if it belongs to a division under way. To be asked about every instruction. */
bool ir_division(struct tr *t, const struct insn *i);
/* Must blocks be left behind such an instruction? */
bool ir_ends_block(unsigned op);

/* Rotating registers in the IR from first on: see rotate.c. */
void ir_rotate(struct tr *t, unsigned first);

#define FIELD(f) ((int64_t)offsetof(struct cpu, f))

emit_fn emit_frcpa, emit_alu2, emit_alu_imm, emit_shladd, emit_addp4, emit_addp4_imm, emit_movl,
	emit_mov_ip, emit_nothing, emit_shift_v, emit_shrp, emit_extr, emit_dep, emit_extend,
	emit_popcnt, emit_cmp, emit_cmp_imm, emit_cmp_zero, emit_tbit, emit_load, emit_store,
	emit_lfetch, emit_mov_from_br, emit_mov_to_br, emit_mov_from_pr, emit_mov_to_pr,
	emit_mov_from_ar, emit_mov_to_ar, emit_alloc, emit_br_cond, emit_br_call, emit_br_indirect,
	emit_br_ret, emit_br_cloop, emit_br_counted, emit_setf_sig, emit_setf_d, emit_fp_store,
	emit_fp_load, emit_getf_d, emit_semaphore, emit_mf, emit_chk_a, emit_srlz_d, emit_rsm,
	emit_mov_from_psr, emit_mov_from_cr, emit_mov_to_cr, emit_czx, emit_xma_h, emit_setf_exp,
	emit_getf_exp, emit_tnat, emit_fp_load_pair, emit_fma, emit_fmerge, emit_fcmp, emit_fcvt_fx,
	emit_fcvt_xf, emit_mix4, emit_mux1, emit_mux2, emit_getf_sig, emit_xma_l, emit_chk_s;

#endif
