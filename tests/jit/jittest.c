/* SPDX-License-Identifier: MIT */
/*
 * Random programs on both engines: two processors with memory of their own start alike, and after
 * each fault, trap and budget everything a guest could see must be alike again.
 *
 *   jittest COUNT SEED [verbose]    COUNT programs; exits with 1 at the first difference
 */
#include "cpu/engine.h"
#include "cpu/icache.h"
#include "cpu/rse.h"
#include "isa/table.h"
#include "jit/jit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RAM	(1u << 20)
#define CODE	0x10000
#define BUNDLES 300 /* a page and a bit */
#define DATA	0x40000
#define RUNS	60
#define BUDGET	400

struct side {
	struct machine m;
	struct cpu *cpu;
};

static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* --- programs --- */

/* What would make runs incomparable or leave the small world: time, mode and mapping changes. */
static bool unwanted(unsigned op)
{
	switch (op) {
	case OP_rfi:
	case OP_itc_d:
	case OP_itc_i:
	case OP_itr_d:
	case OP_itr_i:
	case OP_epc:
	case OP_mov_to_rr:
	case OP_mov_to_pmc:
	case OP_mov_to_pmd:
	case OP_mov_to_cr:
	case OP_mov_to_psr_l:
	case OP_ssm:
	case OP_rsm:
	case OP_mov_to_dbr:
	case OP_mov_to_ibr:
	case OP_ptc_ga:
	case OP_ptc_g:
	case OP_ptc_l:
	case OP_ptc_e:
	case OP_bsw_0:
	case OP_bsw_1:
	case OP_mov_from_pmd:
	case OP_vmsw_0:
	case OP_vmsw_1:
	case OP_ptr_d:
	case OP_ptr_i:
	case OP_mov_to_pkr:
	case OP_fc:
	case OP_fc_i:
	case OP_loadrs:
	case OP_illegal:
		return true;
	default:
		return false;
	}
}

/* Pointers live in r16 to r19. */
static unsigned gr(uint64_t *seed, bool target)
{
	unsigned r = draw(seed) % 24;
	if (r < 10)
		return target && r == 0 ? 9 : r;
	if (r < 22)
		return 32 + (r - 10) + (unsigned)(draw(seed) % 40 == 0) * 60;
	return target ? 20 + r % 4 : 16 + r % 4;
}

static unsigned predicate(uint64_t *seed)
{
	static const uint8_t some[] = {0, 6, 7, 8, 9, 16, 17, 18, 62, 63, 31, 32};
	return some[draw(seed) % sizeof(some)];
}

static void tame_memory(struct insn *i, uint64_t *seed)
{
	i->r3 = (uint8_t)(draw(seed) % 30 ? 16 + draw(seed) % 4 : gr(seed, true));
	if (i->imm > 64 || i->imm < -64)
		i->imm = (int64_t)(draw(seed) % 17 * 8) - 64;
}

static int64_t displacement(unsigned bundle, uint64_t *seed)
{
	unsigned to = draw(seed) % 8 ? bundle + 1 + (unsigned)(draw(seed) % 12)
				     : (unsigned)(draw(seed) % BUNDLES);
	return ((int64_t)(to % BUNDLES) - (int64_t)bundle) * 16;
}

static void tame(struct insn *i, unsigned bundle, uint64_t *seed)
{
	bool branch = i->op >= OP_br_cond && i->op <= OP_br_call_ind;

	i->qp = (uint8_t)(draw(seed) % 3 ? 0 : predicate(seed));
	i->p1 = (uint8_t)predicate(seed);
	i->p2 = (uint8_t)predicate(seed);
	if (branch || (op_attributes(i->op) & OP_BRANCH) || i->op == OP_brl_cond ||
		i->op == OP_brl_call) {
		i->imm = displacement(bundle, seed);
		i->r1 %= 3;
		i->r2 = i->op == OP_chk_s_i || i->op == OP_chk_s_m ? (uint8_t)gr(seed, false)
								   : i->r2 % 3;
		return;
	}
	i->r1 = (uint8_t)(i->op == OP_mov_to_br ? draw(seed) % 3 : gr(seed, true));
	i->r2 = (uint8_t)gr(seed, false);
	if (i->op == OP_mov_from_br)
		i->r2 %= 8;
	else if (i->op != OP_mov_to_ar_i && i->op != OP_mov_to_ar_m && i->op != OP_mov_from_ar_i &&
		 i->op != OP_mov_from_ar_m && i->op != OP_mov_to_ar_imm_i &&
		 i->op != OP_mov_to_ar_imm_m)
		i->r3 = (uint8_t)gr(seed, false);
	else
		i->r3 = (uint8_t[]){AR_UNAT, AR_CCV, AR_PFS, AR_LC, AR_EC, AR_FPSR}[draw(seed) % 6];
	i->r4 = (uint8_t)(draw(seed) % 12);
	if (op_attributes(i->op) & (OP_LOAD | OP_STORE))
		tame_memory(i, seed);
	if (i->op == OP_fma || i->op == OP_fms || i->op == OP_fnma) {
		i->r2 = (uint8_t[]){0, 1, 5, 6, 7, 33}[draw(seed) % 6];
		i->r3 = (uint8_t)(1 + draw(seed) % 12);
		i->r1 = (uint8_t)(2 + draw(seed) % 12);
	}
	if (i->op == OP_alloc)
		i->imm = (int64_t)(20 | (draw(seed) % 20) << 7 |
				   (draw(seed) % 2 ? draw(seed) % 3 : 0) << 14);
}

static uint64_t slot_for(enum unit unit, unsigned bundle, uint64_t *seed, uint64_t *l)
{
	for (;;) {
		unsigned op = (unsigned)(draw(seed) % OP_COUNT);
		const struct row *r = &isa_rows[op];
		const struct format *f = &isa_formats[r->format];
		struct insn i;
		uint64_t slot;

		if (draw(seed) % 6 == 0)
			op = (unsigned)(OP_fma + draw(seed) % 3);
		if (draw(seed) % 3 == 0) /* plain things more often */
			op = (unsigned)(OP_add + draw(seed) % (OP_cmp4_ne_or_andcm_imm - OP_add));
		r = &isa_rows[op];
		f = &isa_formats[r->format];
		if (!(f->units >> unit & 1) || unwanted(op))
			continue;
		slot = ((draw(seed) & ~(f->mask | r->mask)) | f->value | r->value) & 0x1ffffffffff;
		struct bundle b = {slot << 5, slot >> 59};
		(void)b;
		memset(&i, 0, sizeof(i));
		i.op = (uint16_t)op;
		for (unsigned k = 0; k < FORMAT_OPERANDS && f->operand[k]; k++) {
			int64_t v;
			struct slot_bits bits = {slot, 0};
			if (operand_get(&isa_operands[f->operand[k]], &bits, &v))
				operand_to_insn(&isa_operands[f->operand[k]], &i, v);
		}
		for (unsigned k = 0; k < ROW_COMPLETERS && r->completer[k]; k++) {
			int64_t v;
			struct slot_bits bits = {slot, 0};
			if (operand_get(&isa_operands[r->completer[k]], &bits, &v))
				operand_to_insn(&isa_operands[r->completer[k]], &i, v);
		}
		tame(&i, bundle, seed);
		if (insn_encode(&i, &slot, l) == 0)
			return slot;
	}
}

static struct bundle random_bundle(unsigned n, uint64_t *seed)
{
	for (;;) {
		unsigned template = draw(seed) & 0x1f;
		const enum unit *unit = bundle_templates[template].unit;
		uint64_t s[3], l = 0;
		if (unit[0] == UNIT_NONE)
			continue;
		for (unsigned k = 0; k < 3; k++) {
			uint64_t x = 0;
			s[k] = unit[k] == UNIT_L ? 0 : slot_for(unit[k], n, seed, &x);
			if (unit[k] == UNIT_X)
				l = x;
		}
		if (unit[1] == UNIT_L)
			s[1] = l;
		return (struct bundle){template | s[0] << 5 | s[1] << 46, s[1] >> 18 | s[2] << 23};
	}
}

/* --- the two sides --- */

static void side_init(struct side *s, const struct engine *engine)
{
	s->m.model = cpu_model_find(NULL);
	s->m.engine = engine;
	clock_init(&s->m.clock, true);
	s->m.cpus = 1;
	if (ram_add_slot(&s->m.ram, 0, RAM) || !(s->cpu = cpu_new(&s->m, 0)))
		exit(2);
	s->m.cpu[0] = s->cpu;
	s->cpu->intercept = true;
}

static struct freg random_fr(uint64_t *seed)
{
	switch (draw(seed) % 8) {
	case 0:
		return (struct freg){0, FREG_EXP_NATVAL, 0};
	case 1:
		return (struct freg){draw(seed), (uint32_t)(draw(seed) & 0x1ffff), draw(seed) & 1};
	case 2:
		return (struct freg){draw(seed) | 1ull << 63, 0x1003e, 0};
	case 3: /* near the ends of double and single */
		return (struct freg){(draw(seed) | 1ull << 63) & ~0xffffffffffull,
			(draw(seed) & 1 ? 0xfc01u : 0xff81u) + (uint32_t)(draw(seed) % 60), 0};
	case 4:
		return (struct freg){1ull << 63, 0xffffu, 0};
	default:
		return (struct freg){(draw(seed) | 1ull << 63) & ~0x7ffull,
			0xffff + (uint32_t)(draw(seed) % 9) - 4, draw(seed) & 1};
	}
}

static void start(struct side *s, const struct bundle *code, uint64_t seed, bool nats)
{
	struct cpu *cpu = s->cpu;
	bool be = draw(&seed) % 16 == 0;

	cpu_reset(cpu);
	cpu->slots = 0;
	memset(cpu->rse.value, 0, sizeof(cpu->rse.value));
	memset(ram_write_ptr(&s->m.ram, GPA(0), RAM), 0, RAM);
	ram_write(&s->m.ram, GPA(CODE), code, BUNDLES * sizeof(*code));
	ram_invalidate_code(&s->m.ram, GPA(CODE), 0x2000);
	for (unsigned n = 0; n < 0x2000; n += 8) {
		uint64_t v = draw(&seed);
		ram_write(&s->m.ram, GPA(DATA + n), &v, 8);
	}
	cpu_set_psr(cpu, PSR(IC) | PSR(BN) | (be ? PSR(BE) : 0));
	cpu_set_cfm(cpu, 20 | 12 << 7);
	cpu->rse.bspstore = DATA + 0x10000;
	for (unsigned r = 1; r < 52; r++) {
		uint64_t v = draw(&seed) % 4 ? draw(&seed) : draw(&seed) % 64;
		gr_set(cpu, r, v, nats && draw(&seed) % 10 == 0);
	}
	for (unsigned r = 16; r < 20; r++)
		gr_set(cpu, r, DATA + 0x1000 + draw(&seed) % 64 * 8, 0);
	for (unsigned n = 0; n < 3; n++)
		cpu->br[n] = CODE + draw(&seed) % BUNDLES * 16;
	for (unsigned n = 2; n < 128; n++)
		cpu->fr[n] = random_fr(&seed);
	cpu->pr = draw(&seed) | 1;
	if (draw(&seed) % 2) /* inexactness seen in every field */
		for (unsigned sf = 0; sf < 4; sf++)
			cpu->ar[AR_FPSR] |= 1ull << (6 + 13 * sf + 12);
	cpu->ar[AR_LC] = draw(&seed) % 20;
	cpu->ar[AR_EC] = draw(&seed) % 5;
	cpu->ar[AR_PFS] = 20 | 4 << 7;
	cpu->ip = CODE;
}

/* --- comparison --- */

static const char *diff(const struct cpu *a, const struct cpu *b)
{
	if (a->ip != b->ip || a->ri != b->ri)
		return "ip";
	if (a->slots != b->slots)
		return "slots";
	if (a->pr != b->pr)
		return "pr";
	if (cpu_cfm(a) != cpu_cfm(b))
		return "cfm";
	if (cpu_psr(a) != cpu_psr(b))
		return "psr";
	if (memcmp(a->gr, b->gr, sizeof(a->gr)) || memcmp(a->gr_nat, b->gr_nat, sizeof(a->gr_nat)))
		return "gr";
	if (memcmp(a->br, b->br, sizeof(a->br)))
		return "br";
	if (memcmp(a->ar, b->ar, sizeof(a->ar)))
		return "ar";
	if (memcmp(a->fr, b->fr, sizeof(a->fr)))
		return "fr";
	if (a->rse.frame != b->rse.frame || a->rse.dirty != b->rse.dirty ||
		a->rse.bspstore != b->rse.bspstore || a->rse.rnat != b->rse.rnat ||
		a->rse.mode_pl != b->rse.mode_pl)
		return "rse";
	if (memcmp(a->rse.value, b->rse.value, sizeof(a->rse.value)))
		return "stacked registers";
	if (memcmp(a->rse.nat, b->rse.nat, sizeof(a->rse.nat)))
		return "stacked nats";
	if (a->iipa != b->iipa || a->trap_slot != b->trap_slot)
		return "iipa";
	if (a->mmu.fault.code != b->mmu.fault.code || a->mmu.fault.isr != b->mmu.fault.isr ||
		a->mmu.fault.ifa != b->mmu.fault.ifa)
		return "fault";
	if (a->gr_base[1] != a->rse.value + a->rse.frame - 32 ||
		b->gr_base[1] != b->rse.value + b->rse.frame - 32 ||
		b->nat_base[1] != b->rse.nat + b->rse.frame - 32)
		return "bases";
	return NULL;
}

static void print_side(const struct cpu *c)
{
	printf("%s: ip %" PRIx64 ".%u slots %" PRIu64 " pr %" PRIx64 " cfm %" PRIx64 " psr %" PRIx64
	       " iipa %" PRIx64 " trap %u fault %u isr %" PRIx64 " dirty %d frame %u lc %" PRIx64
	       " ec %" PRIx64 " pfs %" PRIx64 " unat %" PRIx64 "\n",
		c->jit.state ? "jit   " : "interp", c->ip, c->ri, c->slots, c->pr, cpu_cfm(c),
		cpu_psr(c), c->iipa, c->trap_slot, c->mmu.fault.code, c->mmu.fault.isr,
		c->rse.dirty, c->rse.frame, c->ar[AR_LC], c->ar[AR_EC], c->ar[AR_PFS],
		c->ar[AR_UNAT]);
}

static void print_difference(
	struct side *s, const char *what, const struct bundle *code, gva_t from, uint64_t seed)
{
	printf("program %" PRIu64 ": %s differ; the run began at %" PRIx64 "\n", seed, what, from);
	print_side(s[0].cpu);
	print_side(s[1].cpu);
	for (unsigned r = 1; r < 52; r++)
		if (gr_value(s[0].cpu, r) != gr_value(s[1].cpu, r) ||
			gr_nat(s[0].cpu, r) != gr_nat(s[1].cpu, r))
			printf("r%u %" PRIx64 ".%u %" PRIx64 ".%u\n", r, gr_value(s[0].cpu, r),
				gr_nat(s[0].cpu, r), gr_value(s[1].cpu, r), gr_nat(s[1].cpu, r));
	for (unsigned n = 0; n < 128; n++)
		if (memcmp(&s[0].cpu->fr[n], &s[1].cpu->fr[n], sizeof(struct freg)))
			for (unsigned k = 0; k < 2; k++)
				printf("fr[%u] %u %x %016" PRIx64 "\n", n, s[k].cpu->fr[n].sign,
					s[k].cpu->fr[n].exp, s[k].cpu->fr[n].sig);
	for (unsigned n = 0; n < BUNDLES; n++) {
		char text[512];
		bundle_print(text, sizeof(text), code[n], CODE + n * 16, false);
		printf("%x %s", CODE + n * 16, text);
		if (text[strlen(text) - 1] != '\n')
			putchar('\n');
	}
}

static bool memory_alike(struct side *s)
{
	return memcmp(ram_read_ptr(&s[0].m.ram, GPA(0), RAM),
		       ram_read_ptr(&s[1].m.ram, GPA(0), RAM), RAM) == 0;
}

/* When it changes without fc.i and sync.i is up to each engine. */
static bool code_changed(struct side *s, const struct bundle *code)
{
	return memcmp(ram_read_ptr(&s[0].m.ram, GPA(CODE), RAM - CODE), code,
		       BUNDLES * sizeof(*code)) != 0;
}

/* Past what faulted, or to somewhere in the program. */
static void go_on(struct cpu *cpu, uint64_t where)
{
	bool fault = cpu->mmu.fault.code < FAULT_COUNT;

	cpu->rse.load_frame = false;
	if (rse_incomplete(cpu))
		cpu->rse.dirty = 0;
	if (fault && cpu->ri < 2) {
		cpu->ri++;
	} else {
		cpu->ip += 16;
		cpu->ri = 0;
	}
	if (cpu->ip < CODE || cpu->ip >= CODE + (BUNDLES - 1) * 16) {
		cpu->ip = CODE + where % BUNDLES * 16;
		cpu->ri = where >> 32 & 1;
	}
	for (unsigned r = 16; r < 20; r++)
		gr_set(cpu, r, DATA + 0x1000 + r * 8, 0);
}

static bool run_program(struct side *s, uint64_t seed, bool verbose)
{
	static struct bundle code[BUNDLES];
	uint64_t x = seed * 0x123456789abcdef;
	bool nats = seed % 3 == 0;

	for (unsigned n = 0; n < BUNDLES; n++)
		code[n] = random_bundle(n, &x);
	for (unsigned n = 0; n < 2; n++)
		start(&s[n], code, x, nats);
	for (unsigned n = 0; n < RUNS; n++) {
		gva_t from = s[0].cpu->ip;
		enum exit e0 = cpu_run(s[0].cpu, BUDGET), e1 = cpu_run(s[1].cpu, BUDGET);
		const char *what = diff(s[0].cpu, s[1].cpu);
		if (!what && e0 != e1)
			what = "exits";
		if (!what && !memory_alike(s))
			what = "memories";
		if (verbose)
			printf("from %" PRIx64 " exit %d to %" PRIx64 "\n", from, e0, s[0].cpu->ip);
		if (code_changed(s, code))
			return true;
		if (what) {
			print_difference(s, what, code, from, seed);
			return false;
		}
		uint64_t where = draw(&x);
		if (e0 != EXIT_BUDGET) {
			go_on(s[0].cpu, where);
			go_on(s[1].cpu, where);
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 100;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	static struct side s[2];

	side_init(&s[0], &engine_interpreter);
	side_init(&s[1], &engine_jit);
	for (uint64_t n = 0; n < count; n++)
		if (!run_program(s, seed + n, argc > 3)) {
			printf("%" PRIu64 " passed, 1 failed, 0 skipped\n", n);
			return 1;
		}
	printf("%" PRIu64 " passed, 0 failed, 0 skipped\n", count);
	return 0;
}
