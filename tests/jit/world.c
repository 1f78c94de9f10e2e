/* SPDX-License-Identifier: MIT */
/* See world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/rse.h"
#include "cpu/sapic.h"
#include "jit/compare.h"

#define IVA  0x8000
#define PAGE 4096ull

/* Pages of data by number: what kinds of translations there are. */
#define RWX  0x661ull /* present, accessed, dirty, pl 0, read-write-execute */
#define RX   0x261ull
#define USER (3ull << 7)

void side_init(struct side *s, const struct engine *engine)
{
	s->m.model = cpu_model_find("poulson");
	s->m.engine = engine;
	clock_init(&s->m.clock, true);
	s->m.cpus = 1;
	if (ram_add_slot(&s->m.ram, 0, RAM) || !(s->cpu = cpu_new(&s->m, 0)))
		exit(2);
	s->m.cpu[0] = s->cpu;
}

/* --- handlers in the guest: skip what faults, take interrupts, map pages --- */

#define NONE		 ((struct insn){.op = OP_illegal})
#define I(name, ...)	 ((struct insn){.op = OP_##name, __VA_ARGS__})
#define FROM_CR(reg, cr) I(mov_from_cr, .r1 = reg, .r3 = cr)
#define TO_CR(cr, reg)	 I(mov_to_cr, .r3 = cr, .r2 = reg)

enum { MII = 0x00, MMI = 0x08, MIB = 0x10, MMB = 0x18 };

static unsigned handler_skip(struct bundle *b)
{
	b[0] = bundle_of(MMI, FROM_CR(16, CR_IPSR), FROM_CR(17, CR_IIP), NONE);
	b[1] = bundle_of(MII, NONE, I(extr_u, .r1 = 18, .r3 = 16, .pos = 41, .len = 2),
		I(cmp_eq_imm, .p1 = 6, .p2 = 7, .imm = 2, .r3 = 18));
	b[2] = bundle_of(MMI, I(adds, .qp = 6, .r1 = 17, .r3 = 17, .imm = 16),
		I(adds, .qp = 6, .r1 = 18, .r3 = 0),
		I(adds, .qp = 7, .r1 = 18, .r3 = 18, .imm = 1));
	b[3] = bundle_of(
		MII, NONE, I(dep, .r1 = 16, .r2 = 18, .r3 = 16, .pos = 41, .len = 2), NONE);
	b[4] = bundle_of(MMB, TO_CR(CR_IPSR, 16), TO_CR(CR_IIP, 17), I(rfi, .qp = 0));
	return 5;
}

static void handler_interrupt(struct bundle *b)
{
	b[0] = bundle_of(MMB, FROM_CR(16, CR_IVR), TO_CR(CR_EOI, 0), I(rfi, .qp = 0));
}

static void handler_map(struct bundle *b, bool inst)
{
	struct insn insert = {.op = inst ? OP_itc_i : OP_itc_d, .r2 = 16};

	b[0] = bundle_of(
		MII, FROM_CR(16, CR_IFA), I(dep_z, .r1 = 16, .r2 = 16, .pos = 0, .len = 18), NONE);
	b[1] = bundle_of(MII, NONE, I(dep_imm, .r1 = 16, .r3 = 16, .imm = 0, .pos = 0, .len = 12),
		I(addl, .r1 = 17, .r3 = 0, .imm = RWX | USER));
	b[2] = bundle_of(MII, I(or, .r1 = 16, .r2 = 16, .r3 = 17),
		I(adds, .r1 = 18, .r3 = 0, .imm = 12 << 2), NONE);
	b[3] = bundle_of(MMB, TO_CR(CR_ITIR, 18), insert, I(rfi, .qp = 0));
}

static void write_vectors(struct side *s)
{
	struct bundle b[16];

	for (unsigned v = 0; v < 0x8000; v += v < 0x5000 ? 0x400 : 0x100) {
		memset(b, 0, sizeof(b));
		handler_skip(b);
		if (v == 0x3000)
			handler_interrupt(b);
		else if (v == 0x400 || v == 0xc00 || v == 0x800 || v == 0x1000)
			handler_map(b, v == 0x400 || v == 0xc00);
		ram_write(&s->m.ram, GPA(IVA + v), b, sizeof(b));
	}
}

/* --- mapping --- */

/* Rights and attribute by page: mostly everything is allowed. */
static uint64_t page_bits(gva_t va)
{
	switch (va / PAGE % 16) {
	case 3:
		return (RWX & ~(7ull << 9)) | USER; /* read only */
	case 5:
		return (RWX & ~0x40ull) | USER; /* not dirty */
	case 7:
		return RWX; /* privileged */
	case 9:
		return RWX | USER | 4 << 2; /* uncacheable */
	case 11:
		return RWX | USER | 7 << 2; /* NaT page */
	case 12:
		return RWX | USER | 1ull << 52; /* exceptions deferred */
	default:
		return RWX | USER;
	}
}

static void map(struct cpu *cpu, bool inst, gva_t va)
{
	uint64_t pa = va & (RAM - 1) & ~(PAGE - 1), bits = RWX | USER;

	if (!inst && pa >= DATA && pa < STORE)
		bits = page_bits(va);
	else if (!inst && pa < DATA) /* programs that patch themselves use physical mode */
		bits = RX | USER;
	mmu_itc(&cpu->mmu, inst, va, 12 << 2, bits | pa);
}

static void map_all(struct cpu *cpu)
{
	for (gva_t va = IVA; va < CODE_END; va += PAGE)
		map(cpu, true, va);
	for (gva_t va = IVA; va < RAM; va += PAGE)
		if (va < DATA + 8 * PAGE || va >= STORE)
			map(cpu, false, va);
}

/* --- registers --- */

/* A number as programs compute with: a double, or an integer. Some are near the ends of what
 * doubles and singles can be, so that results are beyond. */
static struct freg plain_fr(uint64_t *dice)
{
	/* with those whose squares are there */
	static const uint32_t ends[] = {
		0xfc01, 0xff81, 0x1007e, 0x103fe, 0xfe00, 0xffc0, 0xfe00, 0x101fe};
	uint64_t sig = (draw(dice) | 1ull << 63) & ~(once_in(dice, 3) ? 0xffffffffffull : 0x7ffull);

	if (once_in(dice, 8))
		return (struct freg){draw(dice) >> draw(dice) % 64, FREG_EXP_INT, 0};
	if (once_in(dice, 3))
		return (struct freg){sig,
			ends[draw(dice) % countof(ends)] + (uint32_t)(draw(dice) % 5) - 2,
			draw(dice) & 1};
	return (struct freg){sig, 0xffff + (uint32_t)(draw(dice) % 9) - 4, draw(dice) & 1};
}

static struct freg random_fr(uint64_t *dice, bool plain)
{
	if (plain)
		return plain_fr(dice);
	switch (draw(dice) % 12) {
	case 0:
		return (struct freg){0, FREG_EXP_NATVAL, 0};
	case 1:
		return (struct freg){draw(dice), (uint32_t)(draw(dice) & 0x1ffff), draw(dice) & 1};
	case 2:
		return (struct freg){draw(dice) | 1ull << 63, 0x1003e, 0};
	case 3: /* near the ends of double and single */
		return (struct freg){(draw(dice) | 1ull << 63) & ~0xffffffffffull,
			(draw(dice) & 1 ? 0xfc01u : 0xff81u) + (uint32_t)(draw(dice) % 60), 0};
	case 4:
		return (struct freg){1ull << 63, 0xffffu, 0};
	case 5: /* infinity, NaNs */
		return (struct freg){1ull << 63 | (once_in(dice, 2) ? 0 : draw(dice)),
			FREG_EXP_SPECIAL, draw(dice) & 1};
	case 6: /* zeros, and the largest double */
		return once_in(dice, 2) ? (struct freg){0, 0, draw(dice) & 1}
					: (struct freg){~0x7ffull, 0x103fe, draw(dice) & 1};
	case 7: /* two singles */
		return (struct freg){draw(dice) & 0xbfbfffffbfbfffff, FREG_EXP_INT, 0};
	default:
		return plain_fr(dice);
	}
}

static uint64_t random_gr(uint64_t *dice)
{
	static const uint64_t edges[] = {0, 1, 63, 64, 65, ~0ull, 1ull << 63, ~0ull >> 1,
		0xffffffff, 0x80000000, 0x7fffffff, 0x100000000, 31, 32, 0x8000000080000000};

	switch (draw(dice) % 4) {
	case 0:
		return draw(dice) % 64;
	case 1:
		return edges[draw(dice) % countof(edges)];
	default:
		return draw(dice);
	}
}

/* An address of data: aligned or not, at a page's end, not mapped, of code, far away. */
static gva_t random_pointer(uint64_t *dice)
{
	gva_t page = DATA + draw(dice) % 16 * PAGE, region = once_in(dice, 8) ? 1ull << 61 : 0;

	switch (draw(dice) % 16) {
	case 0:
		return region + page + PAGE - draw(dice) % 20;
	case 1:
		return region + page + draw(dice) % PAGE;
	case 2:
		return once_in(dice, 8) ? CODE + draw(dice) % (BUNDLES * 16) : DATA + PAGE;
	case 3:
		return once_in(dice, 4) ? draw(dice) : region + page + 512;
	case 4:
		return STORE + draw(dice) % 64 * 8;
	case 5:
	case 6:
		return region + page + 0x400 + draw(dice) % 64 * 8;
	default:
		return DATA + PAGE + 0x400 + draw(dice) % 64 * 16;
	}
}

static void set_pointers(struct cpu *cpu, uint64_t *dice)
{
	for (unsigned r = R_POINTER; r < R_POINTER + 4; r++)
		gr_set(cpu, r, random_pointer(dice), 0);
}

/* PSR bits a program may begin with or an instruction may set; step: those that make the
 * interpreter take over. */
static uint64_t random_psr(uint64_t *dice)
{
	static const uint64_t rare[] = {PSR(BE), PSR(DFL), PSR(DFH), PSR(PK), PSR(DI), PSR(SI),
		PSR(SP), PSR(DB), PSR(SS), PSR(TB), PSR(LP)};
	uint64_t psr = PSR(IC) | PSR(BN);

	psr |= once_in(dice, 2) ? PSR(DT) | PSR(RT) | PSR(IT) : 0;
	psr |= once_in(dice, 2) ? PSR(I) : 0;
	psr |= once_in(dice, 8) ? PSR(AC) : 0;
	psr |= draw(dice) & (PSR(UP) | PSR(PP) | PSR(MFL) | PSR(MFH));
	if (psr & PSR(IT) && once_in(dice, 4))
		psr |= 3ull << PSR_CPL_BIT;
	for (unsigned n = 0; n < countof(rare); n++)
		psr |= once_in(dice, n < 3 ? 16 : 64) ? rare[n] : 0;
	return once_in(dice, 32) ? psr & ~PSR(IC) : psr;
}

static void set_grs(struct cpu *cpu, uint64_t *dice)
{
	bool nats = once_in(dice, 3);

	for (unsigned bank = 0; bank < 2; bank++) {
		cpu_set_psr(cpu, bank ? PSR(BN) : 0);
		for (unsigned r = 1; r < 32; r++) {
			uint64_t v = random_gr(dice);
			gr_set(cpu, r, v, nats && once_in(dice, 10));
		}
		set_pointers(cpu, dice);
		gr_set(cpu, R_PTE, RWX | USER | (DATA + draw(dice) % 16 * PAGE), 0);
		gr_set(cpu, R_SIZE, 12 << 2, 0);
		gr_set(cpu, R_RR, (draw(dice) % 3) << 8 | 12 << 2, 0);
		gr_set(cpu, R_CODE, CODE + draw(dice) % PATCHED * 16, 0);
		gr_set(cpu, R_PSR, random_psr(dice) & 0xffffffff, 0);
		gr_set(cpu, R_INDEX, draw(dice) % 8, 0);
	}
	for (unsigned r = 32; r < 52; r++) {
		uint64_t v = random_gr(dice);
		gr_set(cpu, r, v, nats && once_in(dice, 10));
	}
}

static uint64_t random_fpsr(uint64_t *dice)
{
	static const uint8_t pcs[] = {0, 2, 3, 3};
	uint64_t fpsr = once_in(dice, 8) ? draw(dice) & 0x3f : 0x3f;

	for (unsigned sf = 0; sf < 4; sf++) {
		uint64_t f = sf == 1 ? 0x4f : pcs[draw(dice) % 4] << 2;
		if (once_in(dice, 3))
			f |= (draw(dice) & 3) << 4; /* rounding */
		if (once_in(dice, 16))
			f |= draw(dice) & 3; /* ftz, wre */
		if (sf && once_in(dice, 8))
			f ^= 1 << 6; /* td */
		if (!once_in(dice, 3))
			f |= 1 << 12 | (once_in(dice, 4) ? draw(dice) & 0x1f80 : 0); /* flags */
		fpsr |= f << (6 + 13 * sf);
	}
	return fpsr;
}

static void set_ars(struct cpu *cpu, uint64_t *dice)
{
	if (once_in(dice, 2)) {
		cpu->ar[AR_FPSR] = random_fpsr(dice);
	} else if (once_in(dice, 2)) { /* inexactness seen in every field */
		for (unsigned sf = 0; sf < 4; sf++)
			cpu->ar[AR_FPSR] |= 1ull << (6 + 13 * sf + 12);
	}
	cpu->ar[AR_LC] = once_in(dice, 8) ? 1ull << 32 : draw(dice) % 20;
	cpu->ar[AR_EC] = draw(dice) % 5;
	cpu->ar[AR_PFS] = 20 | 4 << 7;
	cpu->ar[AR_UNAT] = once_in(dice, 2) ? draw(dice) : 0;
	cpu->ar[AR_CCV] = random_gr(dice);
	cpu->rse.mode_pl = (unsigned)(draw(dice) & 3) | (once_in(dice, 16) ? 16 : 0) |
			   (once_in(dice, 2) ? 12 : 0);
}

/* Interruptions return to the program, with whatever state. */
static void set_crs(struct cpu *cpu, uint64_t *dice)
{
	cpu->cr[CR_IVA] = IVA;
	cpu->cr[CR_IIP] = CODE + draw(dice) % PATCHED * 16;
	cpu->cr[CR_IPSR] = random_psr(dice) | draw(dice) % 3 << PSR_RI_BIT;
	cpu->cr[CR_IFS] = once_in(dice, 2) ? 1ull << 63 | 20 | 12 << 7 : 0;
	cpu->cr[CR_IFA] = random_pointer(dice);
	cpu->cr[CR_ITIR] = 12 << 2;
	cpu->cr[CR_DCR] = draw(dice) & 0x7f00;
}

static void write_memory(struct side *s, const struct program *p, uint64_t *dice)
{
	memset(ram_write_ptr(&s->m.ram, GPA(0), RAM), 0, RAM);
	write_vectors(s);
	ram_write(&s->m.ram, GPA(CODE), p->code, sizeof(p->code));
	for (unsigned n = 0; n < 0x4000; n += 8) {
		uint64_t v = random_gr(dice);
		ram_write(&s->m.ram, GPA(DATA + n), &v, 8);
	}
}

void side_start(struct side *s, const struct program *p)
{
	struct cpu *cpu = s->cpu;
	uint64_t dice = p->dice;

	cpu_reset(cpu);
	atomic_store(&cpu->kick, 0); /* of the program before */
	clock_init(&s->m.clock, true);
	cpu->slots = 0;
	cpu->alat_generation = 0;
	cpu->trap_slot = 0;
	cpu->iipa = 0;
	memset(cpu->rse.value, 0, sizeof(cpu->rse.value));
	write_memory(s, p, &dice);
	s->ttag_kicks = !program_is_kicked(p);
	cpu->intercept = draw(&dice) % 8 || program_is_kicked(p);
	cpu_set_cfm(cpu, 20 | 12 << 7);
	cpu->rse.bspstore = STORE;
	set_grs(cpu, &dice);
	for (unsigned n = 0; n < 3; n++)
		cpu->br[n] = CODE + draw(&dice) % BUNDLES * 16;
	bool plain = once_in(&dice, 2);
	for (unsigned n = 2; n < 128; n++)
		cpu->fr[n] = random_fr(&dice, plain);
	cpu->pr = draw(&dice) | 1;
	set_ars(cpu, &dice);
	set_crs(cpu, &dice);
	cpu_set_psr(cpu, random_psr(&dice));
	map_all(cpu);
	cpu->ip = CODE;
}

/* --- between runs --- */

static void skip(struct cpu *cpu, uint64_t where)
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
	if (cpu->ip < CODE || cpu->ip >= CODE + (PATCHED - 1) * 16) {
		cpu->ip = CODE + where % PATCHED * 16;
		cpu->ri = where >> 32 & 1;
	}
}

static bool is_tlb_miss(enum fault f)
{
	return f == FAULT_ITLB || f == FAULT_ALT_ITLB || f == FAULT_DTLB || f == FAULT_ALT_DTLB;
}

static void interruption(struct cpu *cpu, uint64_t *dice)
{
	const struct fault_info *f = &cpu->mmu.fault;
	bool again = draw(dice) % 4;

	if (is_tlb_miss(f->code) && again) {
		map(cpu, f->code == FAULT_ITLB || f->code == FAULT_ALT_ITLB, f->ifa);
		return;
	}
	if (f->code == FAULT_EXTERNAL_INTERRUPT) {
		sapic_read(cpu, CR_IVR);
		sapic_write(cpu, CR_EOI, 0);
		return;
	}
	skip(cpu, draw(dice));
	set_pointers(cpu, dice);
}

/* Modes that a program got itself into do not last: most would be the interpreter's. */
static void restore_mode(struct cpu *cpu, uint64_t *dice)
{
	unsigned ri = cpu->ri;

	cpu->inflight_ic = 0;
	cpu_set_psr(cpu, random_psr(dice));
	cpu->ri = ri;
	set_pointers(cpu, dice);
}

static void outside(struct side *s, uint64_t *dice)
{
	uint64_t v = draw(dice), at = DATA + draw(dice) % 0x4000 / 8 * 8;

	if (once_in(dice, 4))
		ram_write(&s->m.ram, GPA(at), &v, 8);
	if (once_in(dice, 16))
		sapic_post(s->cpu, SAPIC_INT, 16 + (unsigned)(draw(dice) % 240));
	if (once_in(dice, 16))
		s->cpu->cr[CR_ITM] = clock_now(&s->m.clock) + draw(dice) % 2000;
	if (once_in(dice, 16))
		cpu_kick(s->cpu);
}

void side_between(struct side *s, enum exit e, uint64_t dice)
{
	if (e == EXIT_INTERRUPTION)
		interruption(s->cpu, &dice);
	outside(s, &dice);
	if (once_in(&dice, 8))
		restore_mode(s->cpu, &dice);
	clock_advance(&s->m.clock, 1 + draw(&dice) % 500);
}

void side_sync_code(struct side *s)
{
	ram_invalidate_code(&s->m.ram, GPA(CODE), (CODE_END - CODE + PAGE - 1) & ~(PAGE - 1));
}

/* --- comparison --- */

static bool pending_alike(struct cpu *a, struct cpu *b)
{
	for (unsigned n = 0; n < 4; n++)
		if (atomic_load(&a->sapic.irr[n]) != atomic_load(&b->sapic.irr[n]))
			return false;
	return atomic_load(&a->sapic.init_pending) == atomic_load(&b->sapic.init_pending);
}

const char *sides_differ(const struct side *s)
{
	const char *what = compare_first(s[0].cpu, s[1].cpu);

	if (what)
		return what;
	if (!pending_alike(s[0].cpu, s[1].cpu))
		return "pending interrupts";
	if (memcmp(ram_read_ptr((struct ram *)&s[0].m.ram, GPA(0), RAM),
		    ram_read_ptr((struct ram *)&s[1].m.ram, GPA(0), RAM), RAM))
		return "memories";
	return NULL;
}

static void print_memory(struct side *s)
{
	const uint64_t *a = ram_read_ptr(&s[0].m.ram, GPA(0), RAM);
	const uint64_t *b = ram_read_ptr(&s[1].m.ram, GPA(0), RAM);

	for (unsigned n = 0; n < RAM / 8; n++)
		if (a[n] != b[n])
			printf("[%x] %lx %lx\n", n * 8, a[n], b[n]);
}

void sides_print(struct side *s)
{
	printf("  %-20s %-24s %-24s %s\n", "ip", "", "interpreter", "translated code");
	printf("  %-20s %-24s %016lx.%u       %016lx.%u\n", "", "", s[0].cpu->ip, s[0].cpu->ri,
		s[1].cpu->ip, s[1].cpu->ri);
	compare_print(stdout, NULL, s[0].cpu, s[1].cpu);
	print_memory(s);
}
