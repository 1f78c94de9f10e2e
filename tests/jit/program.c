/* SPDX-License-Identifier: MIT */
/* See program.h: one random instruction, one bundle, the program. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "isa/op.h"
#include "isa/table.h"
#include "structure.h"

uint64_t draw(uint64_t *dice)
{
	uint64_t z = *dice += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* What is not generated. The real clock is not used, so that ar.itc is comparable. */
static bool unwanted(unsigned op)
{
	switch (op) {
	case OP_illegal: /* no encoding: random bits make it */
		return true;
	default:
		return false;
	}
}

/* --- operands --- */

static unsigned gr(uint64_t *dice, bool target)
{
	unsigned r = draw(dice) % 48;

	if (r < 20)
		return target && r == 0 ? 9 : r % 10;
	if (r < 40)
		return 32 + r % 10;
	if (r < 44)
		return 20 + r % 4;
	if (r < 46)
		return 44 + (unsigned)(draw(dice) % 8);
	if (r == 46)
		return once_in(dice, 4) ? 92 + (unsigned)(draw(dice) % 12) : 36;
	return target ? 21 : 16 + (unsigned)(draw(dice) % 16);
}

static unsigned predicate(uint64_t *dice)
{
	static const uint8_t some[] = {0, 6, 7, 8, 9, 15, 16, 17, 18, 62, 63, 31, 32};
	return some[draw(dice) % sizeof(some)];
}

static unsigned one_of(uint64_t *dice, const uint8_t *list, unsigned count)
{
	return list[draw(dice) % count];
}

static int64_t displacement(unsigned bundle, uint64_t *dice)
{
	unsigned to = draw(dice) % 8 ? bundle + 1 + (unsigned)(draw(dice) % 12)
				     : (unsigned)(draw(dice) % BUNDLES);
	return ((int64_t)(to % BUNDLES) - (int64_t)bundle) * 16;
}

/* Application registers that do something, and sometimes any. */
static unsigned ar_number(unsigned op, uint64_t *dice)
{
	static const uint8_t on_m[] = {AR_UNAT, AR_CCV, AR_FPSR, AR_UNAT, AR_CCV, AR_CSD, AR_RSC,
		AR_BSP, AR_BSPSTORE, AR_RNAT, AR_K0 + 3, AR_ITC};
	static const uint8_t on_i[] = {AR_PFS, AR_LC, AR_EC, AR_LC, AR_PFS};
	bool m = op == OP_mov_to_ar_m || op == OP_mov_from_ar_m || op == OP_mov_to_ar_imm_m;

	if (once_in(dice, 16))
		return (unsigned)(draw(dice) % 128);
	return m ? one_of(dice, on_m, sizeof(on_m)) : one_of(dice, on_i, sizeof(on_i));
}

static unsigned cr_number(uint64_t *dice)
{
	static const uint8_t some[] = {CR_DCR, CR_ITM, CR_PTA, CR_IPSR, CR_ISR, CR_IIP, CR_IFA,
		CR_ITIR, CR_IIPA, CR_IFS, CR_IIM, CR_IHA, CR_TPR, CR_EOI, CR_ITV, CR_IVR, CR_IRR0,
		CR_LID, CR_IIP, CR_IFA, CR_LRR0};
	return once_in(dice, 32) ? (unsigned)(draw(dice) % 82) : one_of(dice, some, sizeof(some));
}

/* Bits that sum, rum, ssm and rsm change. */
static int64_t psr_mask(bool system, uint64_t *dice)
{
	static const uint8_t user[] = {
		PSR_BE_BIT, PSR_AC_BIT, PSR_UP_BIT, PSR_MFL_BIT, PSR_MFH_BIT};
	static const uint8_t all[] = {PSR_IC_BIT, PSR_I_BIT, PSR_DT_BIT, PSR_DFL_BIT, PSR_DFH_BIT,
		PSR_SP_BIT, PSR_PP_BIT, PSR_DI_BIT, PSR_SI_BIT, PSR_PK_BIT, PSR_BE_BIT};
	int64_t mask = 0;

	if (system && once_in(dice, 3))
		return PSR(I);
	for (unsigned n = 0; n < 1 + draw(dice) % 2; n++)
		mask |= 1ll << (system ? one_of(dice, all, sizeof(all))
				       : one_of(dice, user, sizeof(user)));
	return mask;
}

/* --- taming: random fields become operands that meet --- */

static void tame_branch(struct insn *i, unsigned bundle, uint64_t *dice)
{
	i->imm = displacement(bundle, dice);
	if (i->op == OP_chk_a_gr || i->op == OP_chk_a_fr)
		i->r1 = (uint8_t)gr(dice, true);
	else
		i->r1 %= 3;
	if (i->op == OP_chk_s_i || i->op == OP_chk_s_m || i->op == OP_chk_s_f)
		i->r2 = (uint8_t)gr(dice, false);
	else
		i->r2 %= 3;
}

static void tame_memory(struct insn *i, uint64_t *dice)
{
	i->r3 = (uint8_t)(draw(dice) % 30 ? R_POINTER + draw(dice) % 4 : gr(dice, true));
	if (once_in(dice, 2)) /* no speculation, no ordering */
		i->comp &= ~15u;
	if (i->imm > 64 || i->imm < -64)
		i->imm = (int64_t)(draw(dice) % 17 * 8) - 64;
	if (i->op >= OP_ldfps && i->op <= OP_ldfp8_i) /* one odd, one even */
		i->r2 = (uint8_t)(i->r2 & ~1u) | (~i->r1 & 1);
}

/* Sources of privileged instructions hold what they want. */
static void tame_system(struct insn *i, uint64_t *dice)
{
	uint8_t pointer = (uint8_t)(R_POINTER + draw(dice) % 4);

	switch (i->op) {
	case OP_itr_d:
	case OP_itr_i:
		i->r3 = R_INDEX;
		i->r2 = R_PTE;
		break;
	case OP_itc_d:
	case OP_itc_i:
		i->r2 = R_PTE;
		break;
	case OP_ptc_l:
	case OP_ptc_g:
	case OP_ptc_ga:
	case OP_ptr_d:
	case OP_ptr_i:
		i->r3 = pointer;
		i->r2 = R_SIZE;
		break;
	case OP_mov_to_rr:
		i->r3 = pointer;
		i->r2 = R_RR;
		break;
	case OP_mov_to_dbr:
	case OP_mov_to_ibr:
	case OP_mov_to_pkr:
	case OP_mov_from_rr:
	case OP_mov_from_dbr:
	case OP_mov_from_ibr:
	case OP_mov_from_pkr:
	case OP_mov_from_pmc:
	case OP_mov_from_pmd:
	case OP_mov_from_cpuid:
		i->r3 = R_INDEX;
		break;
	case OP_mov_to_psr_l:
		i->r2 = R_PSR;
		break;
	default:
		i->r3 = pointer;
	}
}

static bool is_lfetch(unsigned op)
{
	return op >= OP_lfetch_count && op <= OP_lfetch_i;
}

/* Formats in which r3 is an address but no row says so, and those of tame_system. */
static bool is_system(unsigned op)
{
	return is_lfetch(op) || op == OP_fc || op == OP_fc_i || op == OP_mov_to_psr_l ||
	       (op >= OP_probe_r && op <= OP_mov_from_cpuid) || (op >= OP_ptc_l && op <= OP_ptc_e);
}

static bool is_ar(unsigned op)
{
	return op == OP_mov_to_ar_i || op == OP_mov_to_ar_m || op == OP_mov_from_ar_i ||
	       op == OP_mov_from_ar_m || op == OP_mov_to_ar_imm_i || op == OP_mov_to_ar_imm_m;
}

static void tame_special(struct insn *i, uint64_t *dice)
{
	if (i->op == OP_mov_to_br)
		i->r1 = draw(dice) % 3;
	else if (i->op == OP_mov_from_br)
		i->r2 %= 8;
	else if (is_ar(i->op))
		i->r3 = (uint8_t)ar_number(i->op, dice);
	else if (i->op == OP_mov_to_cr || i->op == OP_mov_from_cr)
		i->r3 = (uint8_t)cr_number(dice);
	else if (i->op == OP_sum || i->op == OP_rum || i->op == OP_ssm || i->op == OP_rsm)
		i->imm = psr_mask(i->op >= OP_ssm, dice);
	else if (i->op == OP_mux1 && once_in(dice, 2))
		i->imm = once_in(dice, 2) ? 0 : 11;
	if (i->op == OP_mov_to_cr && once_in(dice, 2))
		i->r2 = i->r3 == CR_IIP	   ? R_CODE
			: i->r3 == CR_IPSR ? R_PSR
			: i->r3 == CR_ITIR ? R_SIZE
					   : R_POINTER;
	if (i->op >= OP_dep_z && i->op <= OP_dep && once_in(dice, 4))
		i->len = 64;
}

/* Moves and negations are merges of a register with itself; f0 and f1 are operands, too. */
static void tame_fp(struct insn *i, uint64_t *dice)
{
	if (i->r1 < 2)
		i->r1 += 4;
	if (once_in(dice, 4))
		i->r3 = i->r2;
	if (once_in(dice, 6))
		i->r2 = draw(dice) % 2;
	if (once_in(dice, 6))
		i->r4 = 1;
}

static int64_t random_frame(uint64_t *dice)
{
	unsigned sof = once_in(dice, 8) ? (unsigned)(draw(dice) % 97) : 20;

	return (int64_t)(sof | (draw(dice) % (sof + 1)) << 7 |
			 (once_in(dice, 2) ? draw(dice) % 4 % (sof / 8 + 1) : 0) << 14);
}

static void tame(struct insn *i, unsigned bundle, uint64_t *dice)
{
	i->qp = (uint8_t)(draw(dice) % 3 ? 0 : predicate(dice));
	i->p1 = (uint8_t)predicate(dice);
	i->p2 = (uint8_t)predicate(dice);
	if (i->p1 == i->p2 && draw(dice) % 8)
		i->p2 = i->p1 == 6 ? 7 : 6;
	if (op_attributes(i->op) & OP_BRANCH && i->op != OP_rfi) {
		tame_branch(i, bundle, dice);
		return;
	}
	i->r1 = (uint8_t)gr(dice, true);
	i->r2 = (uint8_t)gr(dice, false);
	i->r3 = (uint8_t)gr(dice, false);
	i->r4 = (uint8_t)gr(dice, false);
	if (i->op >= OP_fma)
		tame_fp(i, dice);
	tame_special(i, dice);
	if (op_attributes(i->op) & (OP_LOAD | OP_STORE))
		tame_memory(i, dice);
	else if (is_system(i->op))
		tame_system(i, dice);
	if (i->op == OP_alloc)
		i->imm = random_frame(dice);
}

/* --- slots and bundles --- */

static unsigned random_op(uint64_t *dice)
{
	if (once_in(dice, 100))
		return OP_ttag; /* kicks: see count.c */
	if (once_in(dice, 40)) {
		static const uint16_t rare[] = {
			OP_ssm, OP_rsm, OP_sum, OP_rum, OP_chk_a_gr, OP_chk_a_fr};
		return rare[draw(dice) % countof(rare)];
	}
	if (once_in(dice, 8)) /* loads and stores more often than there are rows of them */
		return (unsigned)(OP_ld1 + draw(dice) % (OP_stf_spill_i - OP_ld1 + 1));
	if (once_in(dice, 12))
		return (unsigned)(OP_fma + draw(dice) % 3);
	if (once_in(dice, 4))
		return (unsigned)(OP_fma + draw(dice) % (OP_hint_f - OP_fma));
	if (once_in(dice, 3)) /* plain things */
		return (unsigned)(OP_add + draw(dice) % (OP_cmp4_ne_or_andcm_imm - OP_add));
	return (unsigned)(draw(dice) % OP_COUNT);
}

/* The bits of the row with random ones elsewhere, as an instruction. */
static void decode_random(struct insn *i, unsigned op, uint64_t *dice)
{
	const struct row *r = &isa_rows[op];
	const struct format *f = &isa_formats[r->format];
	struct slot_bits bits = {
		((draw(dice) & ~(f->mask | r->mask)) | f->value | r->value) & 0x1ffffffffff,
		draw(dice) & 0x1ffffffffff};
	int64_t v;

	memset(i, 0, sizeof(*i));
	i->op = (uint16_t)op;
	for (unsigned k = 0; k < FORMAT_OPERANDS && f->operand[k]; k++)
		if (operand_get(&isa_operands[f->operand[k]], &bits, &v))
			operand_to_insn(&isa_operands[f->operand[k]], i, v);
	for (unsigned k = 0; k < ROW_COMPLETERS && r->completer[k]; k++)
		if (operand_get(&isa_operands[r->completer[k]], &bits, &v))
			operand_to_insn(&isa_operands[r->completer[k]], i, v);
}

/* Rare ones would end most programs early. */
static bool too_often(unsigned op, uint64_t *dice)
{
	switch (op) {
	case OP_rfi:
		return draw(dice) % 16;
	case OP_vmsw_1:
	case OP_mov_to_psr_l:
	case OP_br_ia:
	case OP_break_m:
	case OP_break_i:
	case OP_break_b:
	case OP_break_f:
	case OP_break_x:
	case OP_bsw_0:
	case OP_loadrs:
	case OP_mov_to_cr:
	case OP_mov_to_rr:
	case OP_rsm:
	case OP_ssm:
	case OP_epc:
		return draw(dice) % 4;
	default:
		return false;
	}
}

static uint64_t random_slot(enum unit unit, unsigned bundle, uint64_t *dice, uint64_t *l)
{
	uint64_t slot;

	if (once_in(dice, 96) && unit != UNIT_X)
		return draw(dice) & 0x1ffffffffff;
	for (;;) {
		unsigned op = random_op(dice);
		struct insn i;

		if (!(isa_formats[isa_rows[op].format].units >> unit & 1) || unwanted(op) ||
			too_often(op, dice))
			continue;
		decode_random(&i, op, dice);
		tame(&i, bundle, dice);
		if (insn_encode(&i, &slot, l) == 0)
			return slot;
	}
}

static struct bundle join(unsigned template, const uint64_t s[3])
{
	return (struct bundle){template | s[0] << 5 | s[1] << 46, s[1] >> 18 | s[2] << 23};
}

struct bundle random_bundle(unsigned template, unsigned n, uint64_t *dice)
{
	while (template > 31 || bundle_templates[template].unit[0] == UNIT_NONE)
		template = draw(dice) & 0x1f;
	const enum unit *unit = bundle_templates[template].unit;
	uint64_t s[3] = {0}, l = 0;

	for (unsigned k = 0; k < 3; k++)
		if (unit[k] != UNIT_L)
			s[k] = random_slot(unit[k], n, dice, &l);
	if (unit[1] == UNIT_L)
		s[1] = l;
	return join(template, s);
}

static uint64_t encode(struct insn i, enum unit unit, uint64_t *l)
{
	uint64_t slot = 0;

	if (i.op == OP_illegal)
		i = (struct insn){.op = unit == UNIT_M	 ? OP_nop_m
					: unit == UNIT_I ? OP_nop_i
					: unit == UNIT_F ? OP_nop_f
							 : OP_nop_b};
	if (insn_encode(&i, &slot, l))
		abort();
	return slot;
}

struct bundle bundle_of(unsigned template, struct insn a, struct insn b, struct insn c)
{
	const enum unit *unit = bundle_templates[template].unit;
	uint64_t l = 0, s[3] = {encode(a, unit[0], &l)};

	if (unit[1] == UNIT_L) {
		s[2] = encode(b, UNIT_X, &l);
		s[1] = l;
	} else {
		s[1] = encode(b, unit[1], &l);
		s[2] = encode(c, unit[2], &l);
	}
	return join(template, s);
}

struct bundle bundle_nop(void)
{
	struct insn nop = {.op = OP_illegal};
	return bundle_of(0, nop, nop, nop);
}

void program_make(struct program *p, uint64_t seed)
{
	uint64_t dice = seed * 0x123456789abcdef;

	p->seed = seed;
	for (unsigned n = 0; n < BUNDLES; n++)
		p->code[n] = random_bundle(~0u, n, &dice);
	structure(p, &dice);
	p->dice = dice;
}

void program_print(const struct program *p)
{
	struct bundle nop = bundle_nop();

	for (unsigned n = 0; n < BUNDLES; n++) {
		char text[512];
		if (memcmp(&p->code[n], &nop, sizeof(nop)) == 0)
			continue;
		bundle_print(text, sizeof(text), p->code[n], CODE + n * 16, false);
		printf("%x %s%s", CODE + n * 16, text, text[strlen(text) - 1] == '\n' ? "" : "\n");
	}
}
