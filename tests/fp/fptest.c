/* SPDX-License-Identifier: MIT */
/*
 * fptest N SEED [jit|jit-plain]: runs N random floating-point instructions through the exec
 * functions, or as translated code (jit-plain: for any x86-64), and through the oracle and compares
 * results, predicates, flags, faults and traps. The last line is "N passed, N failed, 0 skipped";
 * the first differences are printed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/exec.h"
#include "code.h"
#include "isa/op.h"
#include "jit/jit.h"
#include "moves.h"
#include "operand.h"

enum shape {
	MULTIPLY_ADD,
	RECIP,
	ROOT,
	CHOOSE,
	COMPARE,
	CLASS,
	TO_INT,
	FROM_INT,
	BITS,
	PAIR_MULTIPLY_ADD,
	PAIR_RECIP,
	PAIR_ROOT,
	PAIR_CHOOSE,
	PAIR_COMPARE,
	PAIR_TO_INT
};

/* arg: what distinguishes rows of one shape. */
struct row {
	const char *name;
	exec_fn *exec;
	unsigned op;
	enum shape shape;
	unsigned arg;
};

/* Bits of arg */
enum { NEGATE_C = 1, NEGATE_PRODUCT = 2 };
enum { MAX = 1, MAGNITUDE = 2 };
enum { NEGATED = 4 };
enum { UNSIGNED = 1 };
/* clang-format off */
#define ROW(name, shape, arg) {#name, exec_##name, OP_##name, shape, arg}
static const struct row rows[] = {
	ROW(fma, MULTIPLY_ADD, 0), ROW(fms, MULTIPLY_ADD, NEGATE_C),
	ROW(fnma, MULTIPLY_ADD, NEGATE_PRODUCT), ROW(fma, MULTIPLY_ADD, 0),
	ROW(fms, MULTIPLY_ADD, NEGATE_C), ROW(fnma, MULTIPLY_ADD, NEGATE_PRODUCT),
	ROW(fpma, PAIR_MULTIPLY_ADD, 0), ROW(fpms, PAIR_MULTIPLY_ADD, NEGATE_C),
	ROW(fpnma, PAIR_MULTIPLY_ADD, NEGATE_PRODUCT),
	ROW(frcpa, RECIP, 0), ROW(frsqrta, ROOT, 0), ROW(fprcpa, PAIR_RECIP, 0),
	ROW(fprsqrta, PAIR_ROOT, 0),
	ROW(fmin, CHOOSE, 0), ROW(fmax, CHOOSE, MAX), ROW(famin, CHOOSE, MAGNITUDE),
	ROW(famax, CHOOSE, MAX | MAGNITUDE),
	ROW(fpmin, PAIR_CHOOSE, 0), ROW(fpmax, PAIR_CHOOSE, MAX),
	ROW(fpamin, PAIR_CHOOSE, MAGNITUDE), ROW(fpamax, PAIR_CHOOSE, MAX | MAGNITUDE),
	ROW(fcmp_eq, COMPARE, 0), ROW(fcmp_lt, COMPARE, 1), ROW(fcmp_le, COMPARE, 2),
	ROW(fcmp_unord, COMPARE, 3),
	ROW(fpcmp_eq, PAIR_COMPARE, 0), ROW(fpcmp_lt, PAIR_COMPARE, 1),
	ROW(fpcmp_le, PAIR_COMPARE, 2), ROW(fpcmp_unord, PAIR_COMPARE, 3),
	ROW(fpcmp_neq, PAIR_COMPARE, NEGATED | 0), ROW(fpcmp_nlt, PAIR_COMPARE, NEGATED | 1),
	ROW(fpcmp_nle, PAIR_COMPARE, NEGATED | 2), ROW(fpcmp_ord, PAIR_COMPARE, NEGATED | 3),
	ROW(fclass_m, CLASS, 0),
	ROW(fcvt_fx, TO_INT, 0), ROW(fcvt_fxu, TO_INT, UNSIGNED), ROW(fpcvt_fx, PAIR_TO_INT, 0),
	ROW(fpcvt_fxu, PAIR_TO_INT, UNSIGNED), ROW(fcvt_xf, FROM_INT, 0),
	ROW(fmerge_s, BITS, MERGE_S), ROW(fmerge_ns, BITS, MERGE_NS),
	ROW(fmerge_se, BITS, MERGE_SE), ROW(fmix_lr, BITS, MIX_LR), ROW(fmix_r, BITS, MIX_R),
	ROW(fmix_l, BITS, MIX_L), ROW(fsxt_r, BITS, SXT_R), ROW(fsxt_l, BITS, SXT_L),
	ROW(fpack, BITS, PACK), ROW(fswap, BITS, SWAP), ROW(fswap_nl, BITS, SWAP_NL),
	ROW(fswap_nr, BITS, SWAP_NR), ROW(fand, BITS, AND), ROW(fandcm, BITS, ANDCM),
	ROW(for, BITS, OR), ROW(fxor, BITS, XOR), ROW(fpmerge_s, BITS, PMERGE_S),
	ROW(fpmerge_ns, BITS, PMERGE_NS), ROW(fpmerge_se, BITS, PMERGE_SE),
	ROW(fselect, BITS, SELECT), ROW(xma_l, BITS, XMA_L), ROW(xma_h, BITS, XMA_H),
	ROW(xma_hu, BITS, XMA_HU),
};
/* clang-format on */

/* One instruction: f8 = f9 (r2), f10 (r3), f11 (r4), predicates p1 and p2. The target may also be
 * one of the sources. */
enum { TARGET = 8, F2, F3, F4, P1 = 6, P2 };

struct run {
	struct source source;
	struct oracle oracle;
	struct cpu *cpu;
	struct fpcode *code; /* NULL: exec functions */
	struct insn insn;
	struct controls controls;
	struct freg f[3];   /* f2 f3 f4 */
	struct freg before; /* what the target holds: a pattern, or it is a source as well */
	uint64_t fpsr;
	unsigned sf;
};

/* What the processor must look like afterwards. */
struct answer {
	bool target; /* is it written? */
	struct freg value;
	bool p1, p2;
	unsigned flags, fault, trap; /* fault, trap: ISR.code */
};

static bool natval(const struct freg *f)
{
	return f->exp == 0x1fffe && f->sig == 0 && f->sign == 0;
}

static void random_controls(struct run *r)
{
	static const unsigned pcs[3] = {0, 2, 3};
	struct source *s = &r->source;
	struct controls *k = &r->controls;
	unsigned traps = source_below(s, 8) < 5 ? 0x3f : source_below(s, 64), td, field;

	r->sf = source_below(s, 4);
	k->rc = source_below(s, 4);
	k->pc = source_below(s, 3) ? 3 : pcs[source_below(s, 3)];
	k->wre = source_below(s, 2);
	k->ftz = source_below(s, 6) == 0;
	td = r->sf && source_below(s, 4) == 0;
	k->masked = td ? 0x3f : traps;
	field = k->ftz | k->wre << 1 | k->pc << 2 | k->rc << 4 | td << 6;
	if (source_below(s, 2))
		field |= source_below(s, 64) << 7; /* flags that are set already */
	r->fpsr = source_bits(s) >> 6 << 6;
	r->fpsr &= ~(0x1fffull << (6 + 13 * r->sf));
	r->fpsr |= (uint64_t)field << (6 + 13 * r->sf) | traps;
}

static void random_operands(struct run *r, const struct row *row)
{
	struct source *s = &r->source;
	struct freg t[3];

	if (row->shape == MULTIPLY_ADD) {
		source_triple(s, t);
		r->f[0] = t[2], r->f[1] = t[0], r->f[2] = t[1];
		return;
	}
	for (int i = 0; i < 3; i++)
		r->f[i] = source_register(s);
	if (row->shape >= PAIR_MULTIPLY_ADD || source_below(s, 16) == 0)
		for (int i = 0; i < 3; i++)
			if (source_below(s, 64)) {
				uint64_t v = (uint64_t)source_single(s) << 32;
				r->f[i] = (struct freg){v | source_single(s), 0x1003e, 0};
			}
	if (source_below(s, 8) == 0)
		r->f[0].exp = r->f[1].exp;
	if (source_below(s, 16) == 0)
		r->f[0] = r->f[1];
}

static void random_insn(struct run *r, const struct row *row)
{
	struct source *s = &r->source;
	bool pc = row->shape == MULTIPLY_ADD;

	r->insn = (struct insn){.exec = row->exec,
		.op = (uint16_t)row->op,
		.r1 = TARGET,
		.r2 = F2,
		.r3 = F3,
		.r4 = F4,
		.p1 = P1,
		.p2 = P2};
	r->insn.comp = (uint16_t)(r->sf << 2 | (pc ? source_below(s, 3) : source_below(s, 2)));
	r->insn.imm = source_below(s, 512);
	r->before = (struct freg){0x5555, 0x10101, 1};
	if (source_below(s, 8) == 0) {
		unsigned n = source_below(s, 3);

		r->insn.r1 = (uint8_t)(F2 + n);
		r->before = r->f[n];
	}
	if ((pc || row->shape == PAIR_MULTIPLY_ADD) && source_below(s, 4) == 0)
		r->insn.r2 = 0;
}

static struct answer scalar(struct expected e)
{
	return (struct answer){.target = true,
		.value = e.value,
		.flags = e.flags,
		.fault = e.fault,
		.trap = e.trap ? e.trap | 1 : 0,
		.p1 = e.p,
		.p2 = e.p};
}

static struct answer pair(struct expected hi, struct expected lo, uint64_t sig)
{
	struct answer a = scalar(hi);

	a.value = (struct freg){sig, 0x1003e, 0};
	a.flags |= lo.flags;
	a.fault |= lo.fault << 4;
	a.trap |= lo.trap ? lo.trap >> 4 | 1 : 0;
	a.p2 = hi.p && lo.p;
	return a;
}

static uint64_t join(struct expected hi, struct expected lo)
{
	return (uint64_t)oracle_narrow(&hi.value) << 32 | oracle_narrow(&lo.value);
}

static struct answer multiply_add(struct run *r, const struct row *row)
{
	struct type t = oracle_type(r->insn.comp & 3, &r->controls);

	return scalar(oracle_fma(&r->oracle, &r->f[1], &r->f[2], &r->f[0], r->insn.r2 != 0,
		row->arg & NEGATE_PRODUCT, row->arg & NEGATE_C, t, &r->controls));
}

/* Lane of operand n. */
static struct freg lane(const struct run *r, unsigned n, bool hi)
{
	return oracle_widen((uint32_t)(r->f[n].sig >> (hi ? 32 : 0)));
}

static struct expected one_lane(struct run *r, const struct row *row, bool hi)
{
	struct freg f2 = lane(r, 0, hi), f3 = lane(r, 1, hi), f4 = lane(r, 2, hi);
	struct type t = oracle_type(3, &r->controls);

	switch (row->shape) {
	case PAIR_MULTIPLY_ADD:
		return oracle_fma(&r->oracle, &f3, &f4, &f2, r->insn.r2 != 0,
			row->arg & NEGATE_PRODUCT, row->arg & NEGATE_C, t, &r->controls);
	case PAIR_RECIP:
		return oracle_frcpa(&r->oracle, &f2, &f3, true, &r->controls);
	case PAIR_ROOT:
		return oracle_frsqrta(&r->oracle, &f3, true, &r->controls);
	case PAIR_CHOOSE:
		return oracle_choose(
			&r->oracle, &f2, &f3, row->arg & MAX, row->arg & MAGNITUDE, &r->controls);
	case PAIR_COMPARE:
		return oracle_compare(&r->oracle, &f2, &f3, row->arg & 3, &r->controls);
	default:
		return oracle_to_int(&r->oracle, &f2, 32, !(row->arg & UNSIGNED), r->insn.comp & 1,
			&r->controls);
	}
}

static struct answer both_lanes(struct run *r, const struct row *row)
{
	struct expected hi = one_lane(r, row, true), lo = one_lane(r, row, false);
	bool negated = row->arg & NEGATED;

	if (row->shape == PAIR_TO_INT)
		return pair(hi, lo, hi.value.sig << 32 | lo.value.sig);
	if (row->shape == PAIR_COMPARE)
		return pair(hi, lo,
			(hi.p != negated ? 0xffffffffull << 32 : 0) |
				(lo.p != negated ? 0xffffffffull : 0));
	return pair(hi, lo, join(hi, lo));
}

/* How many of f2, f3, f4 the row reads, as a mask. */
static unsigned sources(const struct run *r, const struct row *row)
{
	switch (row->shape) {
	case MULTIPLY_ADD:
	case PAIR_MULTIPLY_ADD:
		return r->insn.r2 ? 7 : 6;
	case BITS:
		return row->arg >= SELECT ? 7 : 3;
	case ROOT:
	case PAIR_ROOT:
		return 2;
	case CLASS:
		return 0; /* NaTVal is a class */
	case TO_INT:
	case PAIR_TO_INT:
	case FROM_INT:
		return 1;
	default:
		return 3;
	}
}

static bool writes_predicate(const struct row *row)
{
	switch (row->shape) {
	case RECIP:
	case ROOT:
	case PAIR_RECIP:
	case PAIR_ROOT:
	case COMPARE:
	case CLASS:
		return true;
	default:
		return false;
	}
}

static struct answer ask(struct run *r, const struct row *row)
{
	struct oracle *o = &r->oracle;
	const struct freg *f2 = &r->f[0], *f3 = &r->f[1];
	struct answer a = {.target = true, .value = {0, 0x1fffe, 0}};
	unsigned read = sources(r, row);

	for (int n = 0; n < 3; n++)
		if (read >> n & 1 && natval(&r->f[n])) {
			a.target = row->shape != COMPARE;
			return a;
		}
	switch (row->shape) {
	case MULTIPLY_ADD:
		return multiply_add(r, row);
	case RECIP:
		return scalar(oracle_frcpa(o, f2, f3, false, &r->controls));
	case ROOT:
		return scalar(oracle_frsqrta(o, f3, false, &r->controls));
	case CHOOSE:
		return scalar(oracle_choose(
			o, f2, f3, row->arg & MAX, row->arg & MAGNITUDE, &r->controls));
	case COMPARE:
		a = scalar(oracle_compare(o, f2, f3, row->arg, &r->controls));
		a.target = false;
		a.p2 = !a.p1;
		return a;
	case CLASS:
		a.target = false;
		a.p1 = oracle_class(f2, (unsigned)r->insn.imm);
		a.p2 = !a.p1 && !natval(f2);
		return a;
	case TO_INT:
		return scalar(oracle_to_int(
			o, f2, 64, !(row->arg & UNSIGNED), r->insn.comp & 1, &r->controls));
	case FROM_INT:
		a.value = oracle_from_int(o, f2->sig);
		return a;
	case BITS:
		a.value = oracle_move(row->arg, r->f);
		return a;
	default:
		return both_lanes(r, row);
	}
}

static bool same(const struct freg *a, const struct freg *b)
{
	return a->sig == b->sig && a->exp == b->exp && a->sign == b->sign;
}

/* Puts the state before into the processor; the predicates hold a pattern. */
static void prepare(struct run *r)
{
	struct cpu *cpu = r->cpu;

	memcpy(&cpu->fr[F2], r->f, sizeof(r->f));
	cpu->fr[r->insn.r1] = r->before;
	cpu->pr = 1 | (r->insn.imm & 3) << P1;
	cpu->psr = 0;
	cpu->ar[AR_FPSR] = r->fpsr;
	cpu->mmu.fault = (struct fault_info){0};
}

static bool correct(const struct run *r, const struct row *row, enum exec done, struct answer a)
{
	const struct cpu *cpu = r->cpu;
	const struct fault_info *f = &cpu->mmu.fault;
	const struct freg *target = &cpu->fr[r->insn.r1];
	bool p1 = cpu->pr >> P1 & 1, p2 = cpu->pr >> P2 & 1, p1_expected = a.p1;

	if (a.fault)
		return done == EXEC_FAULT && f->code == FAULT_FP_FAULT && f->isr == a.fault &&
		       cpu->ar[AR_FPSR] == r->fpsr && same(target, &r->before) &&
		       cpu->pr == (1 | (uint64_t)(r->insn.imm & 3) << P1);
	if (a.trap ? done != EXEC_TRAP || f->code != FAULT_FP_TRAP || f->isr != a.trap
		   : done != EXEC_NEXT)
		return false;
	if (cpu->ar[AR_FPSR] != (r->fpsr | (uint64_t)a.flags << (6 + 13 * r->sf + 7)))
		return false;
	if (row->shape != COMPARE && row->shape != CLASS)
		p1_expected = r->insn.imm & 1;
	if (p1 != p1_expected)
		return false;
	if (p2 != (writes_predicate(row) ? a.p2 : (r->insn.imm >> 1 & 1)))
		return false;
	return same(target, a.target ? &a.value : &r->before) &&
	       cpu->psr == (a.target ? PSR(MFL) : 0);
}

static void print_register(const char *name, const struct freg *f)
{
	printf("  %-8s %c %05x %016" PRIx64 "\n", name, f->sign ? '-' : '+', f->exp, f->sig);
}

static void explain(const struct run *r, const struct row *row, enum exec done, struct answer a)
{
	const struct cpu *cpu = r->cpu;

	printf("%s comp %x r2 %d imm %" PRIx64 " fpsr %016" PRIx64
	       " rc %u pc %u wre %u ftz %u masked %02x\n",
		row->name, r->insn.comp, r->insn.r2, r->insn.imm, r->fpsr, r->controls.rc,
		r->controls.pc, r->controls.wre, r->controls.ftz, r->controls.masked);
	print_register("f2", &r->f[0]);
	print_register("f3", &r->f[1]);
	print_register("f4", &r->f[2]);
	print_register("got", &cpu->fr[r->insn.r1]);
	print_register("expected", &a.value);
	printf("  got exec %d isr %" PRIx64 " fpsr %016" PRIx64 " pr %" PRIx64
	       "; expected fault %x trap %x flags %02x p1 %d p2 %d\n",
		done, cpu->mmu.fault.isr, cpu->ar[AR_FPSR], cpu->pr, a.fault, a.trap, a.flags, a.p1,
		a.p2);
}

static bool one_case(struct run *r, bool verbose)
{
	const struct row *row = &rows[source_below(&r->source, countof(rows))];
	struct answer a;
	enum exec done;

	random_controls(r);
	random_operands(r, row);
	random_insn(r, row);
	a = ask(r, row);
	prepare(r);
	done = r->code ? code_run(r->code, &r->insn) : row->exec(r->cpu, &r->insn);
	if (correct(r, row, done, a))
		return true;
	if (verbose)
		explain(r, row, done, a);
	return false;
}

int main(int argc, char **argv)
{
	struct run *r = calloc(1, sizeof(*r));
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000, failed = 0;

	r->source.state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	if (argc > 3 && strncmp(argv[3], "jit", 3) == 0) {
		r->code = calloc(1, sizeof(*r->code));
		r->code->m.jit_without = strcmp(argv[3], "jit-plain") == 0 ? ~0u : 0;
		code_init(r->code, &engine_jit);
	}
	r->cpu = r->code ? r->code->cpu : calloc(1, sizeof(*r->cpu));
	oracle_init(&r->oracle);
	for (uint64_t i = 0; i < n; i++)
		failed += !one_case(r, failed < 5);
	printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", n - failed, failed);
	oracle_free(&r->oracle);
	if (r->code)
		code_free(r->code);
	else
		free(r->cpu);
	free(r);
	return failed != 0;
}
