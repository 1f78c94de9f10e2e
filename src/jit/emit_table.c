/* SPDX-License-Identifier: MIT */
/* From row to emitter: see emit.h. Rows that are not here are called. */
#include "jit/emit.h"

#define BOTH(cmp, name, fn) [OP_##cmp##_##name] = fn, [OP_##cmp##_##name##_imm] = emit_cmp_imm
#define TYPES(x, suffix, fn)                                                                       \
	[OP_##x##_and##suffix] = fn, [OP_##x##_or##suffix] = fn, [OP_##x##_or_andcm##suffix] = fn
#define COMPARES(cmp)                                                                              \
	BOTH(cmp, lt, emit_cmp), BOTH(cmp, ltu, emit_cmp), BOTH(cmp, eq, emit_cmp),                \
		TYPES(cmp##_eq, , emit_cmp), TYPES(cmp##_ne, , emit_cmp),                          \
		TYPES(cmp##_eq, _imm, emit_cmp_imm), TYPES(cmp##_ne, _imm, emit_cmp_imm),          \
		TYPES(cmp##_gt, , emit_cmp_zero), TYPES(cmp##_le, , emit_cmp_zero),                \
		TYPES(cmp##_ge, , emit_cmp_zero), TYPES(cmp##_lt, , emit_cmp_zero)
#define LOADS(x)  [OP_##x] = emit_load, [OP_##x##_r] = emit_load, [OP_##x##_i] = emit_load
#define STORES(x) [OP_##x] = emit_store, [OP_##x##_i] = emit_store

emit_fn *const emit_table[OP_COUNT] = {
	[OP_add] = emit_alu2,
	[OP_add_1] = emit_alu2,
	[OP_sub] = emit_alu2,
	[OP_sub_1] = emit_alu2,
	[OP_and] = emit_alu2,
	[OP_andcm] = emit_alu2,
	[OP_or] = emit_alu2,
	[OP_xor] = emit_alu2,
	[OP_sub_imm] = emit_alu_imm,
	[OP_and_imm] = emit_alu_imm,
	[OP_andcm_imm] = emit_alu_imm,
	[OP_or_imm] = emit_alu_imm,
	[OP_xor_imm] = emit_alu_imm,
	[OP_adds] = emit_alu_imm,
	[OP_addl] = emit_alu_imm,
	[OP_shladd] = emit_shladd,
	[OP_addp4] = emit_addp4,
	[OP_shladdp4] = emit_addp4,
	[OP_addp4_imm] = emit_addp4_imm,
	[OP_movl] = emit_movl,
	[OP_mov_from_ip] = emit_mov_ip,
	[OP_shl] = emit_shift_v,
	[OP_shr] = emit_shift_v,
	[OP_shr_u] = emit_shift_v,
	[OP_shrp] = emit_shrp,
	[OP_extr] = emit_extr,
	[OP_extr_u] = emit_extr,
	[OP_dep] = emit_dep,
	[OP_dep_z] = emit_dep,
	[OP_dep_imm] = emit_dep,
	[OP_dep_z_imm] = emit_dep,
	[OP_sxt1] = emit_extend,
	[OP_sxt2] = emit_extend,
	[OP_sxt4] = emit_extend,
	[OP_zxt1] = emit_extend,
	[OP_zxt2] = emit_extend,
	[OP_zxt4] = emit_extend,
	[OP_popcnt] = emit_popcnt,

	COMPARES(cmp),
	COMPARES(cmp4),
	[OP_tbit_z] = emit_tbit,
	TYPES(tbit_z, , emit_tbit),
	TYPES(tbit_nz, , emit_tbit),

	LOADS(ld1),
	LOADS(ld2),
	LOADS(ld4),
	LOADS(ld8),
	LOADS(ld8_fill),
	STORES(st1),
	STORES(st2),
	STORES(st4),
	STORES(st8),
	STORES(st8_spill),
	[OP_lfetch] = emit_lfetch,
	[OP_lfetch_r] = emit_lfetch,
	[OP_lfetch_i] = emit_lfetch,

	[OP_mov_from_br] = emit_mov_from_br,
	[OP_mov_to_br] = emit_mov_to_br,
	[OP_mov_from_pr] = emit_mov_from_pr,
	[OP_mov_to_pr] = emit_mov_to_pr,
	[OP_mov_from_ar_i] = emit_mov_from_ar,
	[OP_mov_from_ar_m] = emit_mov_from_ar,
	[OP_mov_to_ar_i] = emit_mov_to_ar,
	[OP_mov_to_ar_m] = emit_mov_to_ar,
	[OP_mov_to_ar_imm_i] = emit_mov_to_ar,
	[OP_mov_to_ar_imm_m] = emit_mov_to_ar,
	[OP_alloc] = emit_alloc,
	[OP_chk_s_i] = emit_chk_s,
	[OP_chk_s_m] = emit_chk_s,
	[OP_hint_m] = emit_nothing,
	[OP_hint_i] = emit_nothing,
	[OP_hint_f] = emit_nothing,
	[OP_hint_b] = emit_nothing,
	[OP_hint_x] = emit_nothing,
	[OP_nop_m] = emit_nothing,
	[OP_nop_i] = emit_nothing,
	[OP_nop_f] = emit_nothing,
	[OP_nop_b] = emit_nothing,
	[OP_nop_x] = emit_nothing,
	[OP_brp] = emit_nothing,
	[OP_brp_ind] = emit_nothing,
	[OP_brp_ret] = emit_nothing,

	[OP_setf_sig] = emit_setf_sig,
	[OP_getf_sig] = emit_getf_sig,
	[OP_xma_l] = emit_xma_l,

	[OP_br_cond] = emit_br_cond,
	[OP_br_cond_ind] = emit_br_indirect,
	[OP_br_call] = emit_br_call,
	[OP_br_call_ind] = emit_br_call,
	[OP_br_ret] = emit_br_ret,
	[OP_br_cloop] = emit_br_cloop,
	[OP_br_ctop] = emit_br_counted,
	[OP_br_cexit] = emit_br_counted,
};
