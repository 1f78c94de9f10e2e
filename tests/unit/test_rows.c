/* SPDX-License-Identifier: MIT */
/*
 * Rules that hold for every instruction with operands of a kind. Which rows these are is read off
 * their spelling, whose every word objdump confirms (tests/isa); what must happen is from the
 * manual: illegal targets (3:294), targets outside the frame, disabled floating-point registers
 * (2:165), NaT consumption, privileged instructions, false predicates.
 */
#include "guest.h"

#include "cpu/exec.h"
#include "isa/table.h"

/* --- what a spelling says --- */

static bool is(unsigned op, const char *start)
{
	return strncmp(isa_rows[op].spelling, start, strlen(start)) == 0;
}

/* The word in text, as a whole; NULL when it is not there. */
static const char *find(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = text; (at = strstr(at, word)); at += n)
		if (at > text && strchr(" ,[=", at[-1]) && strchr(",]=", at[n]))
			return at;
	return NULL;
}

static bool names(unsigned op, const char *word)
{
	return find(isa_rows[op].spelling, word);
}

static bool writes(unsigned op, const char *word)
{
	const char *at = find(isa_rows[op].spelling, word);
	return at && strchr(at, '=') && at[-1] != '[';
}

/* Base update: what follows the address of a load, a store or lfetch. */
static bool updates_base(unsigned op)
{
	const char *text = isa_rows[op].spelling;
	if (is(op, "lfetch.count"))
		return false;
	if (is(op, "ld") || is(op, "lfetch"))
		return strstr(text, "[r3],");
	return is(op, "st") && strstr(text, "2,imm");
}

/* --- one legal instruction of a row --- */

static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned units(unsigned op)
{
	return isa_formats[isa_rows[op].format].units;
}

/* A bundle with the slot where its unit is; *slot says which. */
static struct bundle bundle_of(unsigned op, uint64_t bits, uint64_t l, unsigned *slot)
{
	uint64_t nop = guest_encode((struct insn){.op = OP_nop_i}); /* nop.m and nop.b differ */
	uint64_t nop_m = guest_encode((struct insn){.op = OP_nop_m});
	unsigned tmpl = 0x01;
	uint64_t s[3] = {nop_m, nop, nop};
	*slot = 0;
	if (units(op) & 1 << UNIT_X) {
		tmpl = 0x05, *slot = 1;
		s[1] = l, s[2] = bits;
	} else {
		if (units(op) & 1 << UNIT_B)
			tmpl = 0x11, *slot = 2;
		else if (units(op) & 1 << UNIT_F)
			tmpl = 0x0d, *slot = 1;
		else if (!(units(op) & 1 << UNIT_M))
			*slot = 1;
		s[*slot] = bits;
	}
	return (struct bundle){tmpl | s[0] << 5 | s[1] << 46, s[1] >> 18 | s[2] << 23};
}

static struct insn decoded(struct insn i)
{
	uint64_t bits, l = 0;
	unsigned slot;
	assert_int_equal(insn_encode(&i, &bits, &l), 0);
	struct bundle b = bundle_of(i.op, bits, l, &slot);
	insn_decode(&i, b, slot);
	return i;
}

/* Random bits of the row that are legal; registers are then given fixed ordinary numbers. */
static struct insn sample(unsigned op, uint64_t *seed)
{
	const struct row *r = &isa_rows[op];
	const struct format *f = &isa_formats[r->format];
	uint64_t mask = f->mask | r->mask | 0x3f, value = f->value | r->value;
	for (;;) {
		unsigned slot;
		uint64_t l = draw(seed) & 0x1ffffffffff;
		uint64_t bits = (draw(seed) & 0x1ffffffffff & ~mask) | value;
		struct insn i;
		struct bundle b = bundle_of(op, bits, l, &slot);
		insn_decode(&i, b, slot);
		if (i.op == op)
			return i;
	}
}

/* --- rules the decoder applies --- */

static void assert_illegal(struct insn i)
{
	if (decoded(i).op != OP_illegal)
		fail_msg("%s r1=%u r2=%u r3=%u p1=%u p2=%u qp=%u in slot %u is not illegal",
			op_name(i.op), i.r1, i.r2, i.r3, i.p1, i.p2, i.qp, i.slot);
}

static void registers_that_cannot_be_written(struct insn i)
{
	struct insn bad = i;
	bad.r1 = 0;
	if (writes(i.op, "r1") || writes(i.op, "f1"))
		assert_illegal(bad);
	bad.r1 = 1;
	if (writes(i.op, "f1"))
		assert_illegal(bad);
	bad = i;
	bad.r3 = 0;
	if (updates_base(i.op))
		assert_illegal(bad);
	bad.r3 = i.r1;
	if (updates_base(i.op) && writes(i.op, "r1"))
		assert_illegal(bad);
}

static void registers_that_must_differ(struct insn i)
{
	struct insn bad = i;
	bad.p2 = i.p1;
	if (writes(i.op, "p1"))
		assert_illegal(bad);
	if (!writes(i.op, "f2"))
		return;
	static const uint8_t pairs[][2] = {{4, 0}, {5, 1}, {4, 6}, {7, 7}, {32, 34}, {127, 33}};
	for (unsigned k = 0; k < countof(pairs); k++) {
		bad = i;
		bad.r1 = pairs[k][0], bad.r2 = pairs[k][1];
		assert_illegal(bad);
	}
}

static void targets_are_checked_in_every_row(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		for (unsigned k = 0; k < 20; k++) {
			struct insn i = sample(op, &seed);
			registers_that_cannot_be_written(i);
			registers_that_must_differ(i);
		}
	}
}

/* 3:15, 3:20, 3:26, 3:30, 3:47, 3:54, 3:70, 3:165, 3:236, 3:262 */
static bool takes_no_predicate(unsigned op)
{
	static const uint16_t ops[] = {OP_alloc, OP_flushrs, OP_loadrs, OP_br_cloop, OP_br_ctop,
		OP_br_cexit, OP_br_ia, OP_cover, OP_clrrrb, OP_clrrrb_pr, OP_rfi, OP_bsw_0,
		OP_bsw_1, OP_epc, OP_vmsw_0, OP_vmsw_1};
	for (unsigned k = 0; k < countof(ops); k++)
		if (ops[k] == op)
			return true;
	return false;
}

static void predicates_and_slots_are_checked_in_every_row(void **state)
{
	(void)state;
	uint64_t seed = 2;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		struct insn i = sample(op, &seed), d;
		uint64_t bits, l = 0;
		unsigned slot;
		assert_int_equal(insn_encode(&i, &bits, &l), 0);
		struct bundle b = bundle_of(op, bits | 9, l, &slot);
		insn_decode(&d, b, slot);
		assert_int_equal(d.op, takes_no_predicate(op) ? OP_illegal : op);
		if (units(op) != 1 << UNIT_B)
			continue;
		bool last = op == OP_br_cloop || op == OP_br_ctop || op == OP_br_cexit ||
			    op == OP_br_wtop || op == OP_br_wexit;
		insn_decode(&d, (struct bundle){0x16 | bits << 5, 0}, 0);
		assert_int_equal(d.op, last ? OP_illegal : op);
	}
}

/* The run loop passes over what is marked so without looking. */
static void only_nop_and_brp_are_passed_over(void **state)
{
	(void)state;
	for (unsigned op = 0; op < OP_COUNT; op++)
		assert_int_equal(!!(op_attributes(op) & OP_NOP), is(op, "nop.") || is(op, "brp"));
}

/* --- rules of execution --- */

static int setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));
	guest_init(g, "poulson");
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	guest_free(*state);
	free(*state);
	return 0;
}

#define DATA 0x200000ull

/* A row's instruction with these registers, so that rules can be broken one at a time; loads
 * without speculation, compares without .unc. */
enum { R1 = 33, R2 = 35, R3 = 37, F1 = 6, F2 = 8, F3 = 10, F4 = 11, F2_TARGET = 9 };

static struct insn ordinary(unsigned op, uint64_t *seed)
{
	struct insn i = sample(op, seed);
	i.r1 = names(op, "r1") ? R1 : names(op, "f1") ? F1 : i.r1;
	i.r2 = names(op, "r2") ? R2 : writes(op, "f2") ? F2_TARGET : names(op, "f2") ? F2 : i.r2;
	i.r3 = op == OP_addl ? 3 : names(op, "r3") ? R3 : names(op, "f3") ? F3 : i.r3;
	i.r4 = names(op, "f4") ? F4 : i.r4;
	i.p1 = writes(op, "p1") ? 6 : 0;
	i.p2 = writes(op, "p2") ? 7 : 0;
	if (is(op, "ld") || is(op, "lfetch"))
		i.comp &= 0xfff0;
	if (names(op, "p1"))
		i.comp &= 0xfffe;
	return i;
}

/* The processor between instructions: GRs are 0 but for addresses and indexes in R3, FRs 1.0. */
static struct cpu *fresh(struct guest *g, unsigned op, uint64_t psr)
{
	struct cpu *cpu = g->cpu;
	cpu_set_psr(cpu, psr | PSR(BN)); /* psr.ic would make itc and itr illegal */
	cpu_set_cfm(cpu, 96);
	cpu->pr = 1;
	cpu->ar[AR_FPSR] = 0x9804c0270033f;
	memset(cpu->gr_nat, 0, sizeof(cpu->gr_nat));
	memset(cpu->gr + 1, 0, sizeof(cpu->gr) - sizeof(cpu->gr[0]));
	for (unsigned r = 32; r < 128; r++)
		gr_set(cpu, r, 0, 0);
	for (unsigned f = 2; f < 128; f++)
		*fr_ptr(cpu, f) = *fr_ptr(cpu, 1);
	bool index = is(op, "mov") || is(op, "itr");
	gr_set(cpu, R3, index ? 4 : DATA, 0);
	return cpu;
}

static unsigned run(struct guest *g, struct insn i)
{
	memset(&g->cpu->mmu.fault, 0, sizeof(g->cpu->mmu.fault));
	if (exec_table[i.op](g->cpu, &i) != EXEC_FAULT)
		return FAULT_NONE;
	return g->cpu->mmu.fault.code;
}

static void expect(struct guest *g, struct insn i, unsigned fault)
{
	unsigned got = run(g, i);
	if (got != fault)
		fail_msg("%s r1=%u r2=%u r3=%u r4=%u: fault %u, not %u", op_name(i.op), i.r1, i.r2,
			i.r3, i.r4, got, fault);
	if (fault == FAULT_ILLEGAL_OP)
		assert_int_equal(g->cpu->mmu.fault.isr, 0);
}

/* alloc's target lies in the frame it makes. */
static void targets_outside_the_frame_are_illegal_in_every_row(void **state)
{
	uint64_t seed = 3;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		struct insn i = ordinary(op, &seed);
		if (writes(op, "r1") && op != OP_alloc) {
			i.r1 = 40;
			cpu_set_cfm(fresh(*state, op, 0), 8);
			expect(*state, i, FAULT_ILLEGAL_OP);
		}
		if (updates_base(op)) {
			i = ordinary(op, &seed);
			i.r3 = 127;
			cpu_set_cfm(fresh(*state, op, 0), 95);
			expect(*state, i, FAULT_ILLEGAL_OP);
		}
	}
}

/* invala.e only forgets. */
static void every_operand_is_checked_for_disabled_registers(void **state)
{
	uint64_t seed = 4;
	static const char *const name[] = {"f1", "f2", "f3", "f4"};
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		for (unsigned k = 0; k < countof(name); k++) {
			if (!names(op, name[k]) || is(op, "invala"))
				continue;
			struct insn i = ordinary(op, &seed);
			struct cpu *cpu = fresh(*state, op, PSR(DFH));
			*(&i.r1 + k) = writes(op, "f2") && k == 1 ? 101 : 100;
			expect(*state, i, FAULT_DISABLED_FP);
			assert_int_equal(cpu->mmu.fault.isr & 0xf, 2);
			fresh(*state, op, PSR(DFL));
			i.r1 = names(op, "f1") ? 100 : i.r1;
			i.r2 = names(op, "f2") ? 101 : i.r2;
			i.r3 = names(op, "f3") ? 102 : i.r3;
			i.r4 = names(op, "f4") ? 103 : i.r4;
			*(&i.r1 + k) = F1 + k;
			expect(*state, i, FAULT_DISABLED_FP);
			assert_int_equal(cpu->mmu.fault.isr & 0xf, 1);
		}
	}
}

/* The list of 2:20 and the pages of volume 3. */
static bool is_privileged(unsigned op)
{
	static const char *const start[] = {"itc.", "itr.", "mov rr[", "mov dbr[", "mov ibr[",
		"mov pkr[", "mov pmc[", "mov pmd[", "mov r1=rr[", "mov r1=dbr[", "mov r1=ibr[",
		"mov r1=pkr[", "mov r1=pmc[", "mov cr3=", "mov r1=cr3", "mov psr.l=", "ssm", "rsm",
		"ptc.", "ptr.", "tpa", "tak", "rfi", "bsw.", "vmsw."};
	for (unsigned k = 0; k < countof(start); k++)
		if (is(op, start[k]))
			return true;
	return op == OP_mov_from_psr;
}

static void privileged_instructions_need_level_0(void **state)
{
	uint64_t seed = 5;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		struct insn i = ordinary(op, &seed);
		fresh(*state, op, 0);
		if (strstr(isa_rows[op].spelling, "cr3"))
			i.r3 = 1;
		for (unsigned level = 1; level < 4; level++) {
			fresh(*state, op, (uint64_t)level << PSR_CPL_BIT);
			if ((run(*state, i) == FAULT_PRIV_OP) != is_privileged(op))
				fail_msg("%s at level %u", op_name(op), level);
		}
	}
}

/* What a NaT in a general register does: Register NaT Consumption with these bits of ISR (2:169,
 * for non-access instructions 2:108), or none of it. The first that fits counts. */
#define CONSUMED 1ull << 63
#define R	 ISR_BIT(R)
#define W	 ISR_BIT(W)
#define NA	 ISR_BIT(NA)

static const struct {
	const char *start, *operand;
	uint64_t isr;
} nat_rules[] = {
	{"lfetch", "r3", 0},
	{"lfetch", "r2", 0},
	{"ld", "r2", 0}, /* an increment */
	{"ld", "r3", CONSUMED | R},
	{"st8.spill", "r2", 0},
	{"st", "r2", CONSUMED | W},
	{"st", "r3", CONSUMED | W},
	{"cmpxchg", "r2", CONSUMED | R | W},
	{"cmpxchg", "r3", CONSUMED | R | W},
	{"cmp8xchg", "r2", CONSUMED | R | W},
	{"cmp8xchg", "r3", CONSUMED | R | W},
	{"xchg", "r2", CONSUMED | R | W},
	{"xchg", "r3", CONSUMED | R | W},
	{"fetchadd", "r3", CONSUMED | R | W},
	{"tpa", "r3", CONSUMED | NA},
	{"fc", "r3", CONSUMED | NA | R | 1},
	{"probe.rw", "r3", CONSUMED | NA | R | W | 5},
	{"probe.r.fault", "r3", CONSUMED | NA | R | 5},
	{"probe.w.fault", "r3", CONSUMED | NA | W | 5},
	{"probe.r", "r2", CONSUMED | NA | R | 2},
	{"probe.r", "r3", CONSUMED | NA | R | 2},
	{"probe.w", "r2", CONSUMED | NA | W | 2},
	{"probe.w", "r3", CONSUMED | NA | W | 2},
	{"tak", "r3", CONSUMED | NA | 3},
	{"mov r1=dahr", "r3", CONSUMED},
	{"mov", "r2", CONSUMED},
	{"mov", "r3", CONSUMED},
	{"itc", "r2", CONSUMED},
	{"itr", "r2", CONSUMED},
	{"itr", "r3", CONSUMED},
	{"ptc", "r2", CONSUMED},
	{"ptc", "r3", CONSUMED},
	{"ptr", "r2", CONSUMED},
	{"ptr", "r3", CONSUMED},
};

static uint64_t nat_rule(unsigned op, const char *operand)
{
	for (unsigned k = 0; k < countof(nat_rules); k++)
		if (is(op, nat_rules[k].start) && !strcmp(operand, nat_rules[k].operand))
			return nat_rules[k].isr;
	return 0;
}

/* Where nothing is consumed, the result is NaT, both predicates are 0, or the instruction is about
 * NaTs (tnat, chk.s, setf, spill) or has no such result. */
static bool carries_nat(unsigned op, const char *operand)
{
	return writes(op, "r1") && !is(op, "ld") && !nat_rule(op, operand);
}

static void nat_in(struct guest *g, struct insn i, const char *operand, uint8_t reg)
{
	struct cpu *cpu = fresh(g, i.op, 0);
	uint64_t rule = nat_rule(i.op, operand);
	gr_set(cpu, reg, gr_value(cpu, reg), 1);
	cpu->pr = 1 | 3 << 6;
	expect(g, i, rule ? FAULT_NAT_CONSUMPTION : FAULT_NONE);
	if (rule && cpu->mmu.fault.isr != (rule & ~(CONSUMED)))
		fail_msg("%s %s: isr %#lx", op_name(i.op), operand, cpu->mmu.fault.isr);
	if (carries_nat(i.op, operand) && !gr_nat(cpu, R1))
		fail_msg("%s: NaT in %s does not spoil r1", op_name(i.op), operand);
	if (!rule && updates_base(i.op) && !is(i.op, "st") && !gr_nat(cpu, R3))
		fail_msg("%s: NaT in %s does not spoil r3", op_name(i.op), operand);
	bool normal = !strstr(isa_rows[i.op].spelling, "or ") &&
		      !strstr(isa_rows[i.op].spelling, "andcm ");
	if (writes(i.op, "p1") && !is(i.op, "tnat") && normal)
		assert_int_equal(cpu->pr, 1);
}

static void nat_sources_fault_or_spoil_the_result_in_every_row(void **state)
{
	uint64_t seed = 6;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		struct insn i = ordinary(op, &seed);
		i.r3 = names(op, "cr3") ? 1 : i.r3;
		if (names(op, "r2") && !is(op, "chk"))
			nat_in(*state, i, "r2", R2);
		if (names(op, "r3"))
			nat_in(*state, i, "r3", i.r3);
	}
}

/* One page, mapped to DATA; nothing before and after it. */
#define PAGE 0x40000000ull

static struct cpu *with_page(struct guest *g, unsigned op)
{
	struct cpu *cpu = fresh(g, op, PSR(DT));
	mmu_itc(&cpu->mmu, false, PAGE, 12 << 2, 0x661 | DATA);
	return cpu;
}

/* 2:108: lfetch is non-access instruction 4, and reaches one byte. */
static void lfetch_fault_faults(void **state)
{
	static const uint16_t ops[] = {OP_lfetch, OP_lfetch_r, OP_lfetch_i};
	uint64_t seed = 9;
	for (unsigned k = 0; k < countof(ops) * 2; k++) {
		struct insn i = ordinary(ops[k / 2], &seed);
		struct cpu *cpu = with_page(*state, i.op);
		i.comp = 2 | (k & 1); /* .fault, .fault.excl */
		gr_set(cpu, R3, PAGE + 4095, 0);
		gr_set(cpu, R2, 0, 1);
		expect(*state, i, FAULT_NONE);
		gr_set(cpu, R2, 0, 0);
		gr_set(cpu, R3, 0, 1);
		expect(*state, i, FAULT_NAT_CONSUMPTION);
		assert_true(cpu->mmu.fault.isr == (NA | R | 4));
		gr_set(cpu, R3, PAGE + 4096, 0);
		assert_int_not_equal(run(*state, i), FAULT_NONE);
		assert_true((cpu->mmu.fault.isr & ~ISR_BIT(NI)) == (NA | R | 4));
		i.comp = 0;
		expect(*state, i, FAULT_NONE);
	}
}

/* The predicates after one instruction with a false qualifying predicate, p6 and p7 being 1. */
static uint64_t unqualified(struct guest *g, struct insn i)
{
	uint64_t bits, l = 0;
	unsigned slot;
	i.qp = 9;
	assert_int_equal(insn_encode(&i, &bits, &l), 0);
	struct bundle b = bundle_of(i.op, bits, l, &slot);
	guest_restart(g, GUEST_CODE - 16, PSR(IC) | PSR(BN));
	guest_m(g, .op = OP_nop_m);
	guest_put(g, g->at, b.lo, b.hi);
	g->at += 16;
	guest_end(g);
	g->cpu->pr = 1 | 3 << 6;
	unsigned end = guest_run(g);
	if (end != GUEST_DONE)
		fail_msg("%s: vector %#x", op_name(i.op), end);
	return g->cpu->pr;
}

/* .unc clears both targets (3:39), frcpa and its like clear p2 (3:86), f1 legal or not. */
static void a_false_predicate_clears_targets_where_the_manual_says(void **state)
{
	uint64_t seed = 7;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		if (!writes(op, "p2"))
			continue;
		struct insn i = ordinary(op, &seed);
		uint64_t left = writes(op, "f1") ? 1 | 1 << 6 : 1 | 3 << 6;
		if (unqualified(*state, i) != left)
			fail_msg("%s", op_name(op));
		i.comp |= 1;
		if (strstr(isa_rows[op].spelling, "{unc}"))
			assert_int_equal(unqualified(*state, i), 1);
		i.r1 = 0;
		if (writes(op, "f1"))
			assert_int_equal(unqualified(*state, i), left);
	}
}

static bool is_natval(const struct freg *f)
{
	return f->sig == 0 && f->exp == 0x1fffe && f->sign == 0;
}

/* 2:80: a NaT address always defers, and the base becomes a NaT with it. */
static void speculative_loads_turn_a_nat_address_into_a_nat(void **state)
{
	uint64_t seed = 11;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		if (!strstr(isa_rows[op].spelling, "ldtype}"))
			continue;
		for (unsigned type = 1; type <= 3; type += 2) { /* .s, .sa */
			struct insn i = ordinary(op, &seed);
			struct cpu *cpu = fresh(*state, op, 0);
			i.comp |= (uint16_t)type;
			gr_set(cpu, R3, DATA, 1);
			expect(*state, i, FAULT_NONE);
			if (writes(op, "r1"))
				assert_true(gr_nat(cpu, R1));
			if (writes(op, "f1"))
				assert_true(is_natval(fr_ptr(cpu, F1)));
			if (writes(op, "f2"))
				assert_true(is_natval(fr_ptr(cpu, F2_TARGET)));
			if (updates_base(op))
				assert_true(gr_nat(cpu, R3));
		}
	}
}

/* 1:94: of the stores only stf.spill takes a NaTVal. */
static void natval_cannot_be_stored(void **state)
{
	uint64_t seed = 12;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		if (!is(op, "stf"))
			continue;
		struct insn i = ordinary(op, &seed);
		struct cpu *cpu = fresh(*state, op, 0);
		*fr_ptr(cpu, F2) = (struct freg){.exp = 0x1fffe};
		bool spill = is(op, "stf.spill");
		expect(*state, i, spill ? FAULT_NONE : FAULT_NAT_CONSUMPTION);
		if (!spill)
			assert_true(cpu->mmu.fault.isr == W);
	}
}

/* Bytes that an instruction reads or writes; 0: it accesses no memory. */
static unsigned access_size(unsigned op)
{
	static const struct {
		const char *start;
		unsigned size;
	} row[] = {{"ldfps", 8}, {"ldfp", 16}, {"ldfs", 4}, {"ldfe", 10}, {"ldf.fill", 16},
		{"ldf", 8}, {"stfs", 4}, {"stfe", 10}, {"stf.spill", 16}, {"stf", 8}, {"ld16", 16},
		{"st16", 16}, {"cmp8xchg16", 8}, {"ld1", 1}, {"ld2", 2}, {"ld4", 4}, {"ld8", 8},
		{"st1", 1}, {"st2", 2}, {"st4", 4}, {"st8", 8}, {"cmpxchg1", 1}, {"cmpxchg2", 2},
		{"cmpxchg4", 4}, {"cmpxchg8", 8}, {"xchg1", 1}, {"xchg2", 2}, {"xchg4", 4},
		{"xchg8", 8}, {"fetchadd4", 4}, {"fetchadd8", 8}};
	for (unsigned k = 0; k < countof(row); k++)
		if (is(op, row[k].start))
			return row[k].size;
	return 0;
}

static void accesses_reach_their_bytes_only(void **state)
{
	struct guest *g = *state;
	uint64_t seed = 8;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		unsigned size = access_size(op), old = 0;
		if (!size)
			continue;
		struct insn i = ordinary(op, &seed);
		with_page(g, op);
		for (unsigned n = 0; n < 4096; n++)
			((uint8_t *)g->m.ram.slot[0].host)[DATA + n] = 0xa5;
		gr_set(g->cpu, R2, 0x1122334455667788, 0);
		gr_set(g->cpu, R3, PAGE + 4096 - size, 0);
		expect(g, i, FAULT_NONE);
		for (unsigned n = 0; n < 4096; n++)
			old += ((uint8_t *)g->m.ram.slot[0].host)[DATA + n] == 0xa5;
		assert_true(old >= 4096 - (op == OP_cmp8xchg16 ? 16 : size));
		gr_set(g->cpu, R3, PAGE + 4096 - size + 1, 0);
		assert_int_not_equal(run(g, i), FAULT_NONE);
		gr_set(g->cpu, R3, PAGE - 1, 0);
		assert_int_not_equal(run(g, i), FAULT_NONE);
	}
}

/* 3:160: of the physical registers of a pair one is odd, one even; with a static and a rotating
 * register it depends on the rotation. */
static void load_pairs_are_checked_after_rotation(void **state)
{
	uint64_t seed = 13;
	for (unsigned op = OP_ldfps; op <= OP_ldfp8_i; op++) {
		for (unsigned n = 0; n < 96 * 4; n++) {
			struct insn i = ordinary(op, &seed);
			struct cpu *cpu = fresh(*state, op, 0);
			unsigned rrb = n >> 2, rotating = 40 + (n & 1);
			cpu_set_cfm(cpu, 96 | (uint64_t)rrb << 25);
			i.r1 = n & 2 ? 4 : (uint8_t)rotating;
			i.r2 = n & 2 ? (uint8_t)rotating : 4;
			bool odd = (32 + (rotating - 32 + rrb) % 96) & 1;
			expect(*state, i, odd ? FAULT_NONE : FAULT_ILLEGAL_OP);
		}
	}
}

/* Table 11-22 (2:335) without probe, which is optional, and what its row in volume 3 checks first.
 */
static void psr_vm_intercepts_what_virtual_machines_may_not_do(void **state)
{
	uint64_t seed = 14;
	for (unsigned op = OP_illegal + 1; op < OP_COUNT; op++) {
		struct insn i = ordinary(op, &seed);
		struct cpu *cpu = fresh(*state, op, PSR(VM));
		i.imm = is(op, "ssm") || is(op, "rsm") ? 1 << 13 : i.imm;
		bool insert = is(op, "itc") || is(op, "itr");
		i.r3 = names(op, "cr3") ? 1 : i.r3;
		if (insert || is(op, "mov rr") || is(op, "pt"))
			gr_set(cpu, R2, insert ? 0x661 : 14 << 2, 0);
		cpu->cr[CR_ITIR] = 14 << 2;
		if (is_privileged(op) || is(op, "thash") || is(op, "ttag") || is(op, "cover") ||
			op == OP_mov_from_cpuid)
			expect(*state, i, FAULT_VIRTUALIZATION);
		else
			assert_int_not_equal(run(*state, i), FAULT_VIRTUALIZATION);
	}
}

/* 1:35 (CPUID 4) and the pages of volume 3: what processors without a feature lack. */
static void features_can_be_missing(void **state)
{
	static const uint16_t ops[] = {OP_brl_cond, OP_brl_call, OP_ld16, OP_st16, OP_cmp8xchg16,
		OP_clz, OP_mpy4, OP_mpyshl4, OP_tf_z, OP_tf_z_and, OP_tf_nz_and, OP_tf_z_or,
		OP_tf_nz_or, OP_tf_z_or_andcm, OP_tf_nz_or_andcm, OP_mov_from_dahr, OP_vmsw_0,
		OP_vmsw_1};
	struct guest old;
	uint64_t seed = 10;
	guest_init(&old, "merced");
	for (unsigned k = 0; k < countof(ops); k++) {
		struct insn i = ordinary(ops[k], &seed);
		fresh(*state, i.op, 0);
		assert_int_not_equal(run(*state, i), FAULT_ILLEGAL_OP);
		fresh(&old, i.op, 0);
		expect(&old, i, FAULT_ILLEGAL_OP);
	}
	guest_free(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_checked_in_every_row),
		cmocka_unit_test(predicates_and_slots_are_checked_in_every_row),
		cmocka_unit_test(only_nop_and_brp_are_passed_over),
		cmocka_unit_test_setup_teardown(
			targets_outside_the_frame_are_illegal_in_every_row, setup, teardown),
		cmocka_unit_test_setup_teardown(
			every_operand_is_checked_for_disabled_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(
			privileged_instructions_need_level_0, setup, teardown),
		cmocka_unit_test_setup_teardown(
			nat_sources_fault_or_spoil_the_result_in_every_row, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_false_predicate_clears_targets_where_the_manual_says, setup, teardown),
		cmocka_unit_test_setup_teardown(lfetch_fault_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(
			speculative_loads_turn_a_nat_address_into_a_nat, setup, teardown),
		cmocka_unit_test_setup_teardown(natval_cannot_be_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(
			load_pairs_are_checked_after_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(
			psr_vm_intercepts_what_virtual_machines_may_not_do, setup, teardown),
		cmocka_unit_test_setup_teardown(features_can_be_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(accesses_reach_their_bytes_only, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
