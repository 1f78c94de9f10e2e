/* SPDX-License-Identifier: MIT */
/*
 * Interruptions against volume 2, chapters 5 and 8: which registers each vector writes, ISR, the
 * new PSR, psr.ic = 0; then every vector taken for real by an instruction that causes it.
 */
#include "guest.h"

#include "cpu/interrupt.h"
#include "cpu/rse.h"
#include "cpu/sapic.h"

static int setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));
	guest_init(g, NULL);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	guest_free(*state);
	free(*state);
	return 0;
}

/* --- delivery --- */

enum { A = 1, T = 2, H = 4, M = 8 }; /* ifa, itir, iha, iim */

/* From the vector pages 2:167-2:211; code is what ISR.code must hold when the cause adds nothing.
 */
static const struct {
	enum fault f;
	uint16_t vector, code;
	unsigned writes;
} rows[] = {
	{FAULT_VHPT_TRANSLATION, 0x0000, 0, A | T | H},
	{FAULT_ITLB, 0x0400, 0, A | T | H},
	{FAULT_DTLB, 0x0800, 0, A | T | H},
	{FAULT_ALT_ITLB, 0x0c00, 0, A | T},
	{FAULT_ALT_DTLB, 0x1000, 0, A | T},
	{FAULT_INST_KEY_MISS, 0x1800, 0, A | T},
	{FAULT_DATA_KEY_MISS, 0x1c00, 0, A | T},
	{FAULT_DIRTY_BIT, 0x2000, 0, A | T},
	{FAULT_INST_ACCESS_BIT, 0x2400, 0, A | T},
	{FAULT_DATA_ACCESS_BIT, 0x2800, 0, A | T},
	{FAULT_BREAK, 0x2c00, 0, M},
	{FAULT_EXTERNAL_INTERRUPT, 0x3000, 0, 0},
	{FAULT_PAGE_NOT_PRESENT, 0x5000, 0, A | T},
	{FAULT_KEY_PERMISSION, 0x5100, 0, A | T},
	{FAULT_INST_ACCESS_RIGHTS, 0x5200, 0, A | T},
	{FAULT_DATA_ACCESS_RIGHTS, 0x5300, 0, A | T},
	{FAULT_ILLEGAL_OP, 0x5400, 0x00, 0},
	{FAULT_PRIV_OP, 0x5400, 0x10, 0},
	{FAULT_PRIV_REG, 0x5400, 0x20, 0},
	{FAULT_RESERVED_REG_FIELD, 0x5400, 0x30, 0},
	{FAULT_UNIMPL_DATA_ADDR, 0x5400, 0x30, A},
	{FAULT_DISABLED_ISA, 0x5400, 0x40, 0},
	{FAULT_ILLEGAL_DEPENDENCY, 0x5400, 0x80, 0},
	{FAULT_DISABLED_FP, 0x5500, 0, 0},
	{FAULT_NAT_CONSUMPTION, 0x5600, 0x10, 0},
	{FAULT_NATPAGE, 0x5600, 0x20, A},
	{FAULT_SPECULATION, 0x5700, 0, M},
	{FAULT_INST_DEBUG, 0x5900, 0, A},
	{FAULT_DATA_DEBUG, 0x5900, 0, A},
	{FAULT_UNALIGNED, 0x5a00, 0, A},
	{FAULT_UNSUPPORTED_DATA, 0x5b00, 0, A},
	{FAULT_FP_FAULT, 0x5c00, 0, 0},
	{FAULT_FP_TRAP, 0x5d00, 1, 0},
	{FAULT_LOWER_PRIV, 0x5e00, 2, 0},
	{FAULT_UNIMPL_INST_ADDR, 0x5e00, 0x10, 0},
	{FAULT_TAKEN_BRANCH, 0x5f00, 4, 0},
	{FAULT_SINGLE_STEP, 0x6000, 8, 0},
	{FAULT_VIRTUALIZATION, 0x6100, 0, 0},
};

#define OLD 0x1111111111111111ull
#define IP  0x654320ull

static void prepare(struct cpu *cpu, enum fault f)
{
	for (unsigned n = CR_IPSR; n <= CR_IIB1; n++)
		cpu->cr[n] = OLD;
	cpu->cr[CR_IFS] = 1ull << 63 | 0x123;
	cpu->ip = IP;
	cpu->iipa = 0x777770;
	cpu->mmu.fault = (struct fault_info){
		.code = f, .ifa = 0xaaaa, .itir = 0xbbb0, .iha = 0xcccc, .iim = 0xdddd};
}

static void each_vector_writes_its_registers(void **state)
{
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	for (unsigned n = 0; n < countof(rows); n++) {
		bool trap = fault_is_trap(rows[n].f);
		cpu_set_psr(cpu, PSR(IC) | PSR(BN) | PSR(AC) | 2ull << PSR_RI_BIT);
		uint64_t psr = cpu_psr(cpu);
		prepare(cpu, rows[n].f);
		cpu->trap_slot = 1;
		cpu_deliver(cpu);
		assert_true(cpu->ip == GUEST_IVA + rows[n].vector);
		assert_true(cpu->cr[CR_IPSR] == psr);
		assert_true(cpu->cr[CR_IIP] == IP);
		assert_true(cpu->cr[CR_IIPA] == 0x777770);
		assert_false(cpu->cr[CR_IFS] >> 63);
		assert_true(cpu->cr[CR_IFA] == (rows[n].writes & A ? 0xaaaa : OLD));
		assert_true(cpu->cr[CR_ITIR] == (rows[n].writes & T ? 0xbbb0 : OLD));
		assert_true(cpu->cr[CR_IHA] == (rows[n].writes & H ? 0xcccc : OLD));
		assert_true(cpu->cr[CR_IIM] == (rows[n].writes & M ? 0xdddd : OLD));
		/* ei: the interrupted instruction, or the one that trapped */
		uint64_t ei = trap ? 1 : 2;
		assert_true(cpu->cr[CR_ISR] == (rows[n].code | ei << ISR_EI_BIT));
	}
}

static void with_ic_0_only_isr_is_written(void **state)
{
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	for (unsigned n = 0; n < countof(rows); n++) {
		bool nested = rows[n].f == FAULT_DTLB || rows[n].f == FAULT_ALT_DTLB ||
			      rows[n].f == FAULT_VHPT_TRANSLATION;
		cpu_set_psr(cpu, 0);
		prepare(cpu, rows[n].f);
		cpu->trap_slot = 0;
		cpu_deliver(cpu);
		assert_true(cpu->ip == GUEST_IVA + (nested ? 0x1400 : rows[n].vector));
		for (unsigned c = CR_IPSR; c <= CR_IIB1; c++) {
			if (c == CR_ISR)
				assert_true(cpu->cr[c] ==
					    (nested ? OLD : (rows[n].code | ISR_BIT(NI))));
			else if (c != CR_IFS)
				assert_true(cpu->cr[c] == OLD);
		}
		assert_true(cpu->cr[CR_IFS] == (1ull << 63 | 0x123));
	}
}

static void new_psr_keeps_what_the_manual_says(void **state)
{
	/* 2:102 and table 3-2: these stay, all others become 0, be and pp come from dcr */
	uint64_t keep =
		PSR(UP) | PSR(MFL) | PSR(MFH) | PSR(PK) | PSR(DT) | PSR(RT) | PSR(MC) | PSR(IT);
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	for (unsigned dcr = 0; dcr < 4; dcr++) {
		cpu->cr[CR_DCR] = dcr;
		cpu_set_psr(cpu, ~(PSR(IS) | PSR(VM) | 1ull << PSR_RI_BIT));
		prepare(cpu, FAULT_BREAK);
		cpu_deliver(cpu);
		assert_true(
			cpu_psr(cpu) == (keep | (dcr & 1 ? PSR(PP) : 0) | (dcr & 2 ? PSR(BE) : 0)));
	}
}

static void delivery_switches_to_bank_0(void **state)
{
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	cpu->gr[16] = 1;
	cpu->gr_bank[0] = 2;
	prepare(cpu, FAULT_BREAK);
	cpu_deliver(cpu);
	assert_int_equal(cpu->gr[16], 2);
	assert_int_equal(cpu->gr_bank[0], 1);
}

static void ni_is_set_while_ic_is_in_flight(void **state)
{
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	prepare(cpu, FAULT_BREAK);
	cpu->inflight_ic = 1;
	cpu_deliver(cpu);
	assert_true(cpu->cr[CR_ISR] == ISR_BIT(NI));
	assert_true(cpu->cr[CR_IIP] == IP);
	assert_int_equal(cpu->inflight_ic, 0);
}

static void ir_tells_of_an_incomplete_frame(void **state)
{
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	prepare(cpu, FAULT_BREAK);
	cpu->rse.dirty = -3;
	cpu_deliver(cpu);
	cpu->rse.dirty = 0;
	assert_true(cpu->cr[CR_ISR] == ISR_BIT(IR));
}

static void iib_holds_the_bundle_on_the_9500_only(void **state)
{
	static const char *const model[] = {"poulson", "tukwila"};
	(void)state;
	for (unsigned n = 0; n < 2; n++) {
		struct guest g;
		guest_init(&g, model[n]);
		g.cpu->cr[CR_IIB0] = g.cpu->cr[CR_IIB1] = OLD;
		guest_m(&g, .op = OP_break_m, .imm = 5);
		uint64_t b[2];
		ram_read(&g.m.ram, GPA(GUEST_CODE), b, 16);
		assert_int_equal(guest_run(&g), 0x2c00);
		assert_true(g.cpu->cr[CR_IIB0] == (n == 0 ? b[0] : OLD));
		assert_true(g.cpu->cr[CR_IIB1] == (n == 0 ? b[1] : OLD));
		/* a trap: the bundle at iipa */
		guest_restart(&g, GUEST_CODE, PSR(IC) | PSR(TB));
		guest_b(&g, .op = OP_br_cond, .imm = 0x100);
		ram_read(&g.m.ram, GPA(GUEST_CODE), b, 16);
		assert_int_equal(guest_run(&g), 0x5f00);
		assert_true(g.cpu->cr[CR_IIB0] == (n == 0 ? b[0] : OLD));
		guest_free(&g);
	}
}

static void concurrent_traps_share_one_isr(void **state)
{
	struct cpu *cpu = ((struct guest *)*state)->cpu;
	cpu_trap(cpu, FAULT_SINGLE_STEP, 0);
	cpu_trap(cpu, FAULT_TAKEN_BRANCH, 0);
	cpu_trap(cpu, FAULT_LOWER_PRIV, 0);
	cpu->trap_slot = 2;
	cpu_deliver(cpu);
	assert_true(cpu->ip == GUEST_IVA + 0x5e00);
	assert_true(cpu->cr[CR_ISR] == (0xe | 2ull << ISR_EI_BIT));
}

static void a_handler_that_faults_for_ever_is_a_crash(void **state)
{
	struct guest *g = *state;
	uint64_t at = GUEST_IVA + 0x2c00;
	g->at = at;
	guest_m(g, .op = OP_break_m, .imm = 1);
	g->m.fw_size = 0;
	g->at = GUEST_CODE;
	guest_m(g, .op = OP_break_m, .imm = 1);
	assert_int_equal(cpu_run(g->cpu, 100000), EXIT_CRASH);
	assert_non_null(g->cpu->exit_text);
}

/* A break whose handler is an illegal instruction, whose handler is a break. */
static void handlers_that_lead_to_each_other_are_a_crash(void **state)
{
	struct guest *g = *state;
	g->m.fw_size = 0;
	cpu_set_cfm(g->cpu, 0);
	g->at = GUEST_IVA + 0x2c00;
	guest_m(g, .op = OP_adds, .r1 = 32);
	g->at = GUEST_IVA + 0x5400;
	guest_m(g, .op = OP_break_m, .imm = 1);
	g->at = GUEST_CODE;
	guest_m(g, .op = OP_break_m, .imm = 1);
	assert_int_equal(cpu_run(g->cpu, 100000), EXIT_CRASH);
	assert_non_null(g->cpu->exit_text);
}

/* A handler that works a little before it misses the TLB again gets nowhere either. A few such
 * faults are how nested misses are handled. */
static void nested_faults_without_end_are_a_crash(void **state)
{
	struct guest *g = *state;
	g->m.fw_size = 0;
	g->cpu->gr_bank[15] = g->cpu->gr[31] = 0x2000000000000000;
	g->at = GUEST_IVA + 0x1400;
	guest_m(g, .op = OP_adds, .r1 = 14, .r3 = 14, .imm = 1);
	guest_m(g, .op = OP_ld8, .r1 = 15, .r3 = 31);
	g->at = GUEST_CODE;
	guest_m(g, .op = OP_ld8, .r1 = 15, .r3 = 31);
	cpu_set_psr(g->cpu, PSR(DT));
	assert_int_equal(cpu_run(g->cpu, 100), EXIT_BUDGET);
	assert_true(g->cpu->gr[14] > 10);
	assert_int_equal(cpu_run(g->cpu, 100000000), EXIT_CRASH);
}

/* --- each vector, taken by an instruction --- */

/* pte: p a d wb, ar 3 (rwx), pl 3 */
#define PTE_OK (1ull | 1 << 5 | 1 << 6 | 3 << 7 | 3 << 9)
#define PTE_P  1ull
#define PTE_A  (1ull << 5)
#define PTE_D  (1ull << 6)
#define PTE_AR (7ull << 9)
#define PTE_MA (7ull << 2)
#define VA     0x2000000000004000ull /* region 1 */
#define RID    0x77
#define KEY    0x99
#define PS     14
#define DATA   0x100000ull

/* Region 1 has pages of 16 KB. Identity-maps code and vectors for psr.it. */
static void map(struct guest *g)
{
	struct mmu *m = &g->cpu->mmu;
	mmu_write_rr(m, 0, 12 << 2 | 1 << 8);
	mmu_write_rr(m, 1, PS << 2 | RID << 8);
	mmu_itr(m, true, 0, 0, 26 << 2, PTE_OK & ~(3ull << 7));
}

static void map_data(struct guest *g, uint64_t pte)
{
	mmu_itr(&g->cpu->mmu, false, 1, VA, PS << 2 | KEY << 8, pte | DATA);
}

static void map_code(struct guest *g, uint64_t pte)
{
	mmu_itr(&g->cpu->mmu, true, 1, VA, PS << 2 | KEY << 8, pte | DATA);
}

/* Runs a load or store at VA with psr and expects a vector that reports it. */
static void expect_data(struct guest *g, unsigned op, uint64_t psr, unsigned vector, uint64_t isr)
{
	guest_restart(g, GUEST_CODE, psr | PSR(IC) | PSR(BN) | PSR(DT));
	guest_m(g, .op = op, .r1 = 14, .r2 = 13, .r3 = 15);
	guest_end(g);
	g->cpu->gr[15] = VA + 8;
	g->cpu->cr[CR_IFA] = g->cpu->cr[CR_ITIR] = OLD;
	assert_int_equal(guest_run(g), vector);
	assert_true(g->cpu->cr[CR_ISR] == isr);
	assert_true(g->cpu->cr[CR_IFA] == VA + 8);
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE);
}

#define R  ISR_BIT(R)
#define W  ISR_BIT(W)
#define RW (ISR_BIT(R) | ISR_BIT(W))
#define X  ISR_BIT(X)

static void data_tlb_misses(void **state)
{
	struct guest *g = *state;
	map(g);
	expect_data(g, OP_ld8, 0, 0x1000, R);
	assert_true(g->cpu->cr[CR_ITIR] == (PS << 2 | RID << 8));
	expect_data(g, OP_st8, 0, 0x1000, W);
	expect_data(g, OP_xchg8, 0, 0x1000, RW);
}

static void data_nested_tlb(void **state)
{
	struct guest *g = *state;
	map(g);
	guest_restart(g, GUEST_CODE, PSR(DT));
	guest_m(g, .op = OP_ld8, .r1 = 14, .r3 = 15);
	g->cpu->gr[15] = VA;
	g->cpu->cr[CR_ISR] = g->cpu->cr[CR_IIP] = OLD;
	assert_int_equal(guest_run(g), 0x1400);
	assert_true(g->cpu->cr[CR_ISR] == OLD);
	assert_true(g->cpu->cr[CR_IIP] == OLD);
}

/* Long-format table at region 0's VA 1 << 20, in the data translation of slot 0 or not at all. */
static void vhpt_vectors(void **state)
{
	struct guest *g = *state;
	struct mmu *m = &g->cpu->mmu;
	map(g);
	mmu_write_rr(m, 0, 12 << 2 | 1 << 8);
	mmu_write_rr(m, 1, 1 | PS << 2 | RID << 8);
	g->cpu->cr[CR_PTA] = m->pta = 1 | 15 << 2 | 1 << 8 | 1 << 20;
	expect_data(g, OP_ld8, 0, 0x0000, R);
	assert_true(g->cpu->cr[CR_IHA] == mmu_thash(m, VA + 8));
	/* the table is there, but its tags say invalid */
	mmu_itr(m, false, 0, 1 << 20, 20 << 2, PTE_OK | 2 << 20);
	uint64_t tag = 1ull << 63;
	for (unsigned n = 0; n < 1 << 15; n += 32)
		ram_write(&g->m.ram, GPA((2 << 20) + n + 16), &tag, 8);
	expect_data(g, OP_ld8, 0, 0x0800, R);
	assert_true(g->cpu->cr[CR_IHA] == mmu_thash(m, VA + 8));
}

static void data_page_faults(void **state)
{
	struct guest *g = *state;
	map(g);
	map_data(g, PTE_OK & ~PTE_P);
	expect_data(g, OP_ld8, 0, 0x5000, R);
	assert_true(g->cpu->cr[CR_ITIR] == (PS << 2 | RID << 8));
	map_data(g, PTE_OK & ~PTE_D);
	expect_data(g, OP_st8, 0, 0x2000, W);
	map_data(g, PTE_OK & ~PTE_A);
	expect_data(g, OP_ld8, 0, 0x2800, R);
	map_data(g, PTE_OK & ~PTE_AR);
	expect_data(g, OP_st8, 0, 0x5300, W);
	map_data(g, (PTE_OK & ~PTE_MA) | 7 << 2);
	expect_data(g, OP_ld8, 0, 0x5600, R | 0x20);
	map_data(g, PTE_OK);
	expect_data(g, OP_ld8, PSR(PK), 0x1c00, R);
	mmu_write_pkr(&g->cpu->mmu, 3, KEY << 8 | 4 | 1);
	expect_data(g, OP_ld8, PSR(PK), 0x5100, R);
	mmu_write_pkr(&g->cpu->mmu, 3, 0);
	map_data(g, (PTE_OK & ~PTE_MA) | 4 << 2);
	expect_data(g, OP_cmpxchg8, 0, 0x5b00, RW);
	/* breakpoint on the 8 bytes, reads, level 0 */
	map_data(g, PTE_OK);
	mmu_write_debug(&g->cpu->mmu, false, 0, VA + 8);
	mmu_write_debug(&g->cpu->mmu, false, 1, 1ull << 63 | 1ull << 56 | 0xfffffffffffff8);
	expect_data(g, OP_ld8, PSR(DB), 0x5900, R);
}

static void unaligned_reference(void **state)
{
	struct guest *g = *state;
	map(g);
	map_data(g, PTE_OK);
	guest_restart(g, GUEST_CODE, PSR(IC) | PSR(DT) | PSR(AC));
	guest_m(g, .op = OP_ld4, .r1 = 14, .r3 = 15);
	g->cpu->gr[15] = VA + 2;
	assert_int_equal(guest_run(g), 0x5a00);
	assert_true(g->cpu->cr[CR_ISR] == R);
	assert_true(g->cpu->cr[CR_IFA] == VA + 2);
}

/* ISR.ed is the ITLB's bit of the page the instruction stands in. */
static void ed_comes_from_the_code_page(void **state)
{
	struct guest *g = *state;
	map(g);
	mmu_itr(&g->cpu->mmu, true, 0, 0, 26 << 2, (PTE_OK & ~(3ull << 7)) | 1ull << 52);
	expect_data(g, OP_ld8, PSR(IT), 0x1000, R | ISR_BIT(ED));
}

static void expect_fetch(struct guest *g, uint64_t psr, unsigned vector, uint64_t isr)
{
	cpu_set_psr(g->cpu, psr | PSR(IC) | PSR(BN) | PSR(IT));
	g->cpu->ip = VA + 0x20;
	g->cpu->cr[CR_IFA] = OLD;
	assert_int_equal(guest_run(g), vector);
	assert_true(g->cpu->cr[CR_ISR] == isr);
	assert_true(g->cpu->cr[CR_IFA] == VA + 0x20);
	assert_true(g->cpu->cr[CR_IIP] == VA + 0x20);
}

static void fetch_faults(void **state)
{
	struct guest *g = *state;
	uint64_t key0 = 1; /* the vectors' page has key 0 */
	map(g);
	mmu_write_pkr(&g->cpu->mmu, 0, key0);
	expect_fetch(g, 0, 0x0c00, X);
	assert_true(g->cpu->cr[CR_ITIR] == (PS << 2 | RID << 8));
	map_code(g, PTE_OK & ~PTE_P);
	expect_fetch(g, 0, 0x5000, X);
	map_code(g, PTE_OK & ~PTE_A);
	expect_fetch(g, 0, 0x2400, X);
	map_code(g, PTE_OK & ~PTE_AR);
	expect_fetch(g, 0, 0x5200, X);
	map_code(g, (PTE_OK & ~PTE_MA) | 7 << 2);
	expect_fetch(g, 0, 0x5600, X | 0x20);
	map_code(g, PTE_OK);
	expect_fetch(g, PSR(PK), 0x1800, X);
	mmu_write_pkr(&g->cpu->mmu, 3, KEY << 8 | 8 | 1);
	expect_fetch(g, PSR(PK), 0x5100, X);
	mmu_write_debug(&g->cpu->mmu, true, 0, VA + 0x20);
	mmu_write_debug(&g->cpu->mmu, true, 1, 1ull << 63 | 1ull << 56 | 0xfffffffffffff0);
	expect_fetch(g, PSR(DB), 0x5900, X);
}

static void instruction_vhpt_vectors(void **state)
{
	struct guest *g = *state;
	struct mmu *m = &g->cpu->mmu;
	map(g);
	mmu_write_rr(m, 1, 1 | PS << 2 | RID << 8);
	g->cpu->cr[CR_PTA] = m->pta = 1 | 15 << 2 | 1 << 8 | 1 << 20;
	expect_fetch(g, PSR(DT), 0x0000, X);
	mmu_itr(m, false, 0, 1 << 20, 20 << 2, PTE_OK | 2 << 20);
	uint64_t tag = 1ull << 63;
	for (unsigned n = 0; n < 1 << 15; n += 32)
		ram_write(&g->m.ram, GPA((2 << 20) + n + 16), &tag, 8);
	expect_fetch(g, PSR(DT), 0x0400, X);
}

/* An instruction at GUEST_CODE, its slot, and the vector and ISR it must give. */
#define EXPECT(g, psr_, vector, isr, ...)                                                          \
	do {                                                                                       \
		guest_restart(g, GUEST_CODE, (psr_) | PSR(IC) | PSR(BN));                          \
		__VA_ARGS__;                                                                       \
		guest_end(g);                                                                      \
		assert_int_equal(guest_run(g), vector);                                            \
		assert_true((g)->cpu->cr[CR_ISR] == (isr));                                        \
	} while (0)

#define USER  (3ull << PSR_CPL_BIT)
#define EI(n) ((uint64_t)(n) << ISR_EI_BIT)

static void breaks_report_their_immediate(void **state)
{
	struct guest *g = *state;
	EXPECT(g, 0, 0x2c00, EI(0), guest_m(g, .op = OP_break_m, .imm = 0x1234));
	assert_int_equal(g->cpu->cr[CR_IIM], 0x1234);
	EXPECT(g, 0, 0x2c00, EI(1), guest_i(g, .op = OP_break_i, .imm = 0x1effff));
	assert_int_equal(g->cpu->cr[CR_IIM], 0x1effff);
	EXPECT(g, 0, 0x2c00, EI(1), guest_f(g, .op = OP_break_f, .imm = 7));
	assert_int_equal(g->cpu->cr[CR_IIM], 7);
	EXPECT(g, 0, 0x2c00, EI(2), guest_b(g, .op = OP_break_b, .imm = 0x55));
	assert_int_equal(g->cpu->cr[CR_IIM], 0);
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE);
	assert_true(bits(g->cpu->cr[CR_IPSR], PSR_RI_BIT, 2) == 2);
}

static void firmware_breaks_work_in_the_firmware_area_only(void **state)
{
	struct guest *g = *state;
	guest_m(g, .op = OP_break_m, .imm = 0x1f0123);
	assert_int_equal(cpu_run(g->cpu, 100), EXIT_FIRMWARE);
	assert_int_equal(g->cpu->exit_arg, 0x123);
	assert_true(g->cpu->ip == GUEST_CODE + 16); /* the nops are done as well */
	guest_restart(g, 0x30000, PSR(IC));
	guest_m(g, .op = OP_break_m, .imm = 0x1f0123);
	assert_int_equal(guest_run(g), 0x2c00);
	assert_int_equal(g->cpu->cr[CR_IIM], 0x1f0123);
}

static void general_exceptions(void **state)
{
	struct guest *g = *state;
	cpu_set_cfm(g->cpu, 0);
	EXPECT(g, 0, 0x5400, 0x00, guest_m(g, .op = OP_adds, .r1 = 32, .r3 = 0));
	EXPECT(g, USER, 0x5400, 0x10, guest_m(g, .op = OP_rsm, .imm = 0));
	EXPECT(g, USER, 0x5400, 0x10 | ISR_BIT(NA), guest_m(g, .op = OP_tpa, .r1 = 14, .r3 = 15));
	EXPECT(g, USER, 0x5400, 0x13 | ISR_BIT(NA), guest_m(g, .op = OP_tak, .r1 = 14, .r3 = 15));
	EXPECT(g, USER, 0x5400, 0x20, guest_m(g, .op = OP_mov_to_ar_m, .r3 = AR_K0, .r2 = 0));
	EXPECT(g, 0, 0x5400, 0x30, guest_m(g, .op = OP_ssm, .imm = 1));
	g->cpu->cr[CR_IPSR] = PSR(IS);
	EXPECT(g, 0, 0x5400, 0x40 | EI(2), g->cpu->cr[CR_IPSR] = PSR(IS); guest_b(g, .op = OP_rfi));
}

static void unimplemented_data_address(void **state)
{
	(void)state;
	struct guest g;
	guest_init(&g, "merced");
	g.cpu->gr[15] = 1ull << 55;
	EXPECT(&g, PSR(DT), 0x5400, 0x30 | R, guest_m(&g, .op = OP_ld8, .r1 = 14, .r3 = 15));
	EXPECT(&g, 0, 0x5400, 0x30, guest_m(&g, .op = OP_ptc_l, .r2 = 0, .r3 = 15));
	guest_free(&g);
}

static void register_nat_consumption(void **state)
{
	struct guest *g = *state;
	gr_set(g->cpu, 15, g->cpu->gr[15], 1);
	EXPECT(g, 0, 0x5600, 0x10 | R, guest_m(g, .op = OP_ld8, .r1 = 14, .r3 = 15));
	EXPECT(g, 0, 0x5600, 0x10 | W, guest_m(g, .op = OP_st8, .r2 = 14, .r3 = 15));
	EXPECT(g, 0, 0x5600, 0x10, guest_m(g, .op = OP_mov_to_cr, .r2 = 15, .r3 = CR_ITM));
	EXPECT(g, 0, 0x5600, 0x10 | ISR_BIT(NA), guest_m(g, .op = OP_tpa, .r1 = 14, .r3 = 15));
	EXPECT(g, 0, 0x5600, 0x12 | ISR_BIT(NA) | R,
		guest_m(g, .op = OP_probe_r_imm, .r1 = 14, .r3 = 15));
	EXPECT(g, 0, 0x5600, 0x15 | ISR_BIT(NA) | RW,
		guest_m(g, .op = OP_probe_rw_fault, .r3 = 15));
}

static void floating_point_vectors(void **state)
{
	struct guest *g = *state;
	EXPECT(g, PSR(DFL), 0x5500, 1, guest_m(g, .op = OP_setf_sig, .r1 = 6, .r2 = 0));
	EXPECT(g, PSR(DFH), 0x5500, 2, guest_m(g, .op = OP_setf_sig, .r1 = 66, .r2 = 0));
	/* invalid: 0 * infinity, vd clear; inexact trap: 1 + 2^-100, id clear */
	struct freg inf = {1ull << 63, FREG_EXP_SPECIAL, 0};
	g->cpu->fr[6] = inf;
	g->cpu->ar[AR_FPSR] = 0x9804c0270033full & ~1ull;
	EXPECT(g, 0, 0x5c00, 1 | EI(1),
		guest_f(g, .op = OP_fma, .r1 = 7, .r3 = 6, .r4 = 0, .r2 = 0));
	g->cpu->ar[AR_FPSR] = 0x9804c0270033full & ~0x20ull;
	g->cpu->fr[6] = (struct freg){1ull << 63, 0xffff - 100, 0};
	EXPECT(g, 0, 0x5d00, (g->cpu->cr[CR_ISR] & 0xfffe) | 1 | EI(1),
		guest_f(g, .op = OP_fma, .r1 = 7, .r3 = 6, .r4 = 1, .r2 = 1));
	assert_true(g->cpu->cr[CR_ISR] & 1 << 13);
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE);
	assert_int_equal(bits(g->cpu->cr[CR_IPSR], PSR_RI_BIT, 2), 2);
	assert_true(g->cpu->cr[CR_IIPA] == GUEST_CODE);
}

static void branch_and_step_traps(void **state)
{
	struct guest *g = *state;
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(2), guest_b(g, .op = OP_br_cond, .imm = 0x40));
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE + 0x40);
	assert_true(g->cpu->cr[CR_IIPA] == GUEST_CODE);
	EXPECT(g, PSR(SS), 0x6000, 8 | EI(0), guest_m(g, .op = OP_adds, .r1 = 14));
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE);
	assert_int_equal(bits(g->cpu->cr[CR_IPSR], PSR_RI_BIT, 2), 1);
	g->cpu->ar[AR_PFS] = 3ull << 62;
	g->cpu->br[6] = GUEST_CODE + 0x100;
	EXPECT(g, PSR(LP) | PSR(TB) | PSR(SS) | 2ull << PSR_RI_BIT, 0x5e00, 2 | 4 | 8 | EI(2),
		guest_b(g, .op = OP_br_ret, .r2 = 6));
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE + 0x100);
	assert_int_equal(bits(g->cpu->cr[CR_IPSR], PSR_CPL_BIT, 2), 3);
}

static void unimplemented_instruction_address(void **state)
{
	(void)state;
	struct guest g;
	guest_init(&g, "merced");
	g.cpu->br[6] = 1ull << 50;
	EXPECT(&g, 0, 0x5e00, 0x10 | EI(2), guest_b(&g, .op = OP_br_cond_ind, .r2 = 6));
	assert_true(g.cpu->cr[CR_IIP] == 1ull << 50);
	assert_true(g.cpu->cr[CR_IIPA] == GUEST_CODE);
	guest_free(&g);
}

/* A processor may take 0x5700 for these to have their branches emulated (3:36, 3:70); this one does
 * the branches, so that nothing takes that vector. */
static void checks_branch_without_a_speculation_fault(void **state)
{
	struct guest *g = *state;
	gr_set(g->cpu, 15, g->cpu->gr[15], 1);
	g->cpu->fr[7] = (struct freg){0, FREG_EXP_NATVAL, 0};
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(0), guest_m(g, .op = OP_chk_s_m, .r2 = 15, .imm = 64));
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(1), guest_i(g, .op = OP_chk_s_i, .r2 = 15, .imm = 64));
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(0), guest_m(g, .op = OP_chk_s_f, .r2 = 7, .imm = 64));
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(0), guest_m(g, .op = OP_chk_a_gr, .r1 = 14, .imm = 64));
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(0), guest_m(g, .op = OP_chk_a_fr, .r1 = 6, .imm = 64));
	/* a flag of sf1 that is an enabled trap in the main status field */
	g->cpu->ar[AR_FPSR] = (0x9804c0270033full & ~1ull) | 1ull << (6 + 13 + 7);
	EXPECT(g, PSR(TB), 0x5f00, 4 | EI(1),
		guest_f(g, .op = OP_fchkf, .comp = 1 << 2, .imm = 64));
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE + 64);
}

static void virtualization_fault(void **state)
{
	struct guest *g = *state;
	EXPECT(g, 0, 0x6100, EI(2), guest_b(g, .op = OP_vmsw_0));
	EXPECT(g, USER, 0x5400, 0x10 | EI(2), guest_b(g, .op = OP_vmsw_0));
}

static void external_interrupt_comes_before_the_next_instruction(void **state)
{
	struct guest *g = *state;
	g->cpu->sapic.tpr = 0;
	sapic_post(g->cpu, SAPIC_INT, 0x30);
	guest_m(g, .op = OP_adds, .r1 = 14, .imm = 5);
	guest_m(g, .op = OP_ssm, .imm = PSR(I));
	guest_m(g, .op = OP_adds, .r1 = 14, .imm = 6);
	assert_int_equal(cpu_run(g->cpu, 100), EXIT_KICK);
	assert_int_equal(guest_run(g), 0x3000);
	assert_int_equal(g->cpu->gr[14], 5);
	assert_true(g->cpu->cr[CR_ISR] == EI(0)); /* the nops are done as well */
	assert_true(g->cpu->cr[CR_IIP] == GUEST_CODE + 32);
	assert_true(g->cpu->cr[CR_IIPA] == GUEST_CODE + 16);
	assert_true(g->cpu->cr[CR_IPSR] & PSR(I));
}

/* What a handler does about a frame whose registers a page fault kept in memory (2:145). */
static void a_fill_that_faults_resumes_after_rfi(void **state)
{
	struct guest *g = *state;
	struct cpu *cpu = g->cpu;
	map(g);
	/* 4 registers in the backing store at VA + 0x100, br.ret to a frame of 4 */
	cpu_set_cfm(cpu, 0);
	cpu->rse.bspstore = VA + 0x120;
	cpu->rse.dirty = 0;
	for (uint64_t n = 0; n < 4; n++) {
		uint64_t v = 0x1000 + n;
		ram_write(&g->m.ram, GPA(DATA + 0x100 + 8 * n), &v, 8);
	}
	cpu->ar[AR_PFS] = 4 | 4 << 7;
	cpu->br[6] = GUEST_CODE + 0x100;
	g->at = GUEST_CODE;
	guest_b(g, .op = OP_br_ret, .r2 = 6);
	g->at = GUEST_CODE + 0x100;
	guest_end(g);
	g->at = GUEST_IVA + 0x1000;
	guest_m(g, .op = OP_break_m, .imm = 0x1f0100);
	guest_b(g, .op = OP_rfi);
	guest_restart(g, GUEST_CODE, PSR(IC) | PSR(RT) | PSR(DT));
	assert_int_equal(guest_run(g), 0x1000);
	assert_true(cpu->cr[CR_ISR] == (R | ISR_BIT(RS) | ISR_BIT(IR)));
	assert_true(cpu->cr[CR_IIP] == GUEST_CODE + 0x100);
	map_data(g, PTE_OK);
	assert_int_equal(guest_run(g), GUEST_DONE);
	for (unsigned n = 0; n < 4; n++)
		assert_true(gr_value(cpu, 32 + n) == 0x1000 + n);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_vector_writes_its_registers),
		TEST(with_ic_0_only_isr_is_written),
		TEST(new_psr_keeps_what_the_manual_says),
		TEST(delivery_switches_to_bank_0),
		TEST(ni_is_set_while_ic_is_in_flight),
		TEST(ir_tells_of_an_incomplete_frame),
		TEST(iib_holds_the_bundle_on_the_9500_only),
		TEST(concurrent_traps_share_one_isr),
		TEST(a_handler_that_faults_for_ever_is_a_crash),
		TEST(handlers_that_lead_to_each_other_are_a_crash),
		TEST(nested_faults_without_end_are_a_crash),
		TEST(data_tlb_misses),
		TEST(data_nested_tlb),
		TEST(vhpt_vectors),
		TEST(data_page_faults),
		TEST(unaligned_reference),
		TEST(ed_comes_from_the_code_page),
		TEST(fetch_faults),
		TEST(instruction_vhpt_vectors),
		TEST(breaks_report_their_immediate),
		TEST(firmware_breaks_work_in_the_firmware_area_only),
		TEST(general_exceptions),
		TEST(unimplemented_data_address),
		TEST(register_nat_consumption),
		TEST(floating_point_vectors),
		TEST(branch_and_step_traps),
		TEST(unimplemented_instruction_address),
		TEST(checks_branch_without_a_speculation_fault),
		TEST(virtualization_fault),
		TEST(external_interrupt_comes_before_the_next_instruction),
		TEST(a_fill_that_faults_resumes_after_rfi),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
