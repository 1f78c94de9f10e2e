/* SPDX-License-Identifier: MIT */
/*
 * The register stack against a model that has no ring, no partitions and no pointers: an endless
 * array of registers whose addresses are found by walking over the backing store word by word.
 * Every word the RSE touches faults once, by a data breakpoint on just that word, and is resumed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/exec.h"
#include "base/stream.h"
#include "cpu/rse.h"

#define RAM_SIZE (1 << 20)
#define STORE	 0x40000ull /* where backing stores start, 512-byte aligned */
#define LOGICAL	 8192	    /* registers of the model */

static struct machine machine;
static struct cpu *cpu;

static struct {
	uint64_t value[LOGICAL];
	uint8_t nat[LOGICAL];
	gva_t address[LOGICAL]; /* of each register in the backing store */
	unsigned base;		/* register of r32 */
	unsigned faults;
	bool inject;
} model;

static uint64_t random_state = 88172645463325252;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x9e3779b97f4a7c15;
}

/* --- fault injection --- */

#define DBR_READ_WRITE (3ull << 62 | 15ull << 56)
#define WHOLE_WORD     (((1ull << 56) - 1) & ~7ull)

static void watch(unsigned pair, gva_t word)
{
	mmu_write_debug(&cpu->mmu, false, 2 * pair, word);
	mmu_write_debug(&cpu->mmu, false, 2 * pair + 1, DBR_READ_WRITE | WHOLE_WORD);
}

static void watch_around(gva_t store, gva_t load)
{
	if (!model.inject)
		return;
	watch(0, store);
	watch(1, load);
}

/* The next word may be accessed only after it has faulted. */
static void watch_next(void)
{
	watch_around(cpu->rse.bspstore, cpu->rse.bspstore - 8);
}

/* Called after a fault: checks that it is the one provoked, and lets that word pass. */
static void faulted(void)
{
	gva_t at = cpu->rse.bspstore;
	assert_true(model.inject);
	assert_int_equal(cpu->mmu.fault.code, FAULT_DATA_DEBUG);
	assert_true(cpu->mmu.fault.isr & ISR_BIT(RS));
	assert_true(cpu->mmu.fault.ifa == at || cpu->mmu.fault.ifa == at - 8);
	assert_int_equal(!!(cpu->mmu.fault.isr & ISR_BIT(W)), cpu->mmu.fault.ifa == at);
	model.faults++;
	watch_around(at + 8, at - 16);
}

static void execute(exec_fn *f, struct insn i)
{
	watch_next();
	for (;;) {
		enum exec r = f(cpu, &i);
		if (r != EXEC_FAULT)
			return;
		faulted();
	}
}

static void finish_frame(void)
{
	while (rse_incomplete(cpu)) {
		if (rse_fill(cpu) != FAULT_NONE)
			faulted();
	}
}

/* --- the instructions, with their effect on the model --- */

static void alloc(unsigned sof, unsigned sol)
{
	execute(exec_alloc, (struct insn){.r1 = 14, .imm = sof | sol << 7});
	assert_int_equal(cpu->sof, sof);
	assert_int_equal(cpu->sol, sol);
}

static void call(void)
{
	model.base += cpu->sol;
	execute(exec_br_call, (struct insn){.r1 = 0});
}

static void ret(uint64_t pfs)
{
	model.base -= pfs >> 7 & 0x7f;
	cpu->ar[AR_PFS] = pfs;
	watch_next();
	struct insn i = {.r2 = 0};
	assert_int_equal(exec_br_ret(cpu, &i), EXEC_BRANCH);
	if (rse_incomplete(cpu))
		faulted();
	finish_frame();
}

static void fill_frame(void)
{
	for (unsigned r = 0; r < cpu->sof; r++) {
		unsigned n = model.base + r;
		model.value[n] = random64();
		model.nat[n] = random64() >> 63;
		gr_set(cpu, 32 + r, model.value[n], model.nat[n]);
	}
}

static void check_frame(void)
{
	for (unsigned r = 0; r < cpu->sof; r++) {
		assert_true(gr_value(cpu, 32 + r) == model.value[model.base + r]);
		assert_int_equal(gr_nat(cpu, 32 + r), model.nat[model.base + r]);
	}
	assert_true(rse_bsp(cpu) == model.address[model.base]);
	assert_true(cpu->rse.dirty + (int)cpu->sof <= 96);
}

static uint64_t word(gva_t a)
{
	uint64_t v = 0;
	assert_int_equal(ram_read(&machine.ram, GPA(a), &v, 8), 0);
	return v;
}

/* After a flush: every register below the frame is in its place, and its NaT bit in the collection
 * that follows it, or in ar.rnat when none does yet. */
static void check_store(void)
{
	gva_t bsp = rse_bsp(cpu);
	assert_true(cpu->rse.bspstore == bsp);
	for (unsigned n = 0; n < model.base; n++) {
		gva_t a = model.address[n], collection = a | 0x1f8;
		uint64_t rnat = collection < bsp ? word(collection) : cpu->rse.rnat;
		assert_true(word(a) == model.value[n]);
		assert_int_equal(rnat >> (a >> 3 & 63) & 1, model.nat[n]);
		assert_true(collection >= bsp || word(collection) >> 63 == 0);
	}
}

static void flush(void)
{
	execute(exec_flushrs, (struct insn){.r1 = 0});
	check_store();
}

/* A stack that starts at the given slot of its 512 bytes, with an empty frame. */
static void start(unsigned slot, bool inject)
{
	gva_t a = STORE + slot * 8;
	cpu_reset(cpu);
	cpu_set_psr(cpu, PSR(DB));
	model.inject = false;
	mmu_write_debug(&cpu->mmu, false, 1, 0);
	mmu_write_debug(&cpu->mmu, false, 3, 0);
	alloc(0, 0);
	rse_write_bspstore(cpu, a);
	rse_write_rnat(cpu, 0);
	for (unsigned n = 0; n < LOGICAL; n++, a += 8) {
		if ((a & 0x1f8) == 0x1f8)
			a += 8;
		model.address[n] = a;
	}
	model.base = 0;
	model.inject = inject;
}

static int setup(void **state)
{
	(void)state;
	machine.model = cpu_model_find(NULL);
	if (ram_add_slot(&machine.ram, 0, RAM_SIZE) < 0)
		return -1;
	cpu = cpu_new(&machine, 0);
	return cpu ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cpu_free(cpu);
	ram_free(&machine.ram);
	return 0;
}

/* --- the tests --- */

#define DEPTH 6

/* Down DEPTH frames, all locals, and back. */
static void down_and_up(unsigned size, bool flushed)
{
	uint64_t pfs[DEPTH];
	for (unsigned d = 0; d < DEPTH; d++) {
		alloc(size, size);
		fill_frame();
		call();
		pfs[d] = cpu->ar[AR_PFS];
		assert_int_equal(cpu->sof, 0);
	}
	if (flushed)
		flush();
	for (unsigned d = DEPTH; d-- > 0;) {
		ret(pfs[d]);
		assert_int_equal(cpu->sof, size);
		check_frame();
	}
	assert_int_equal(model.base, 0);
}

static void frames_of_every_size_survive_at_every_alignment(void **state)
{
	(void)state;
	for (unsigned slot = 0; slot < 63; slot++) {
		for (unsigned size = 0; size <= 96; size++) {
			start(slot, false);
			down_and_up(size, size & 1);
		}
	}
}

static void each_spill_and_fill_may_fault_and_resumes(void **state)
{
	(void)state;
	model.faults = 0;
	for (unsigned slot = 0; slot < 63; slot++) {
		for (unsigned size = 1; size <= 96; size++) {
			start(slot, true);
			unsigned before = model.faults;
			down_and_up(size, true);
			/* every register out and back in, and the collections both ways */
			assert_true(model.faults - before >= 2 * DEPTH * size);
			assert_true(model.faults - before <=
				    2 * (DEPTH * size + DEPTH * size / 63 + 2));
		}
	}
}

static void calls_pass_outputs(void **state)
{
	(void)state;
	start(60, false);
	alloc(20, 12);
	fill_frame();
	call();
	assert_int_equal(cpu->sof, 8);
	assert_int_equal(cpu->sol, 0);
	check_frame();
	uint64_t pfs = cpu->ar[AR_PFS];
	assert_int_equal(pfs & 0x3fff, 20 | 12 << 7);
	fill_frame(); /* results in the caller's outputs */
	ret(pfs);
	check_frame();
}

static void dirty_registers_and_frame_never_exceed_96(void **state)
{
	(void)state;
	uint64_t pfs[400];
	unsigned depth = 0;
	for (unsigned round = 0; round < 40; round++) {
		start((unsigned)(random64() % 63), round & 1);
		depth = 0;
		for (unsigned n = 0; n < 4000; n++) {
			unsigned what = random64() % 8;
			if (what < 4 && depth < 80) {
				unsigned sof = random64() % 97;
				alloc(sof, sof ? (unsigned)(random64() % (sof + 1)) : 0);
				fill_frame();
				call();
				pfs[depth++] = cpu->ar[AR_PFS];
			} else if (what < 7 && depth > 0) {
				ret(pfs[--depth]);
				check_frame();
			} else if (what == 7 && n % 16 == 0) {
				flush();
			}
			assert_true(cpu->rse.dirty + (int)cpu->sof <= 96);
			assert_true(cpu->rse.dirty >= 0);
		}
	}
}

/* What a kernel does when the RSE itself faulted in mid-return: cover, another backing store, calls
 * of its own, the interrupted registers back by loadrs, rfi. */
static void handler_on_another_store(gva_t store)
{
	uint64_t user_rnat, user_store;
	cpu->rse.load_frame = false;
	cpu_set_psr(cpu, cpu_psr(cpu) & ~PSR(IC));
	model.inject = false;
	mmu_write_debug(&cpu->mmu, false, 1, 0);
	mmu_write_debug(&cpu->mmu, false, 3, 0);

	unsigned sof = cpu->sof;
	execute(exec_cover, (struct insn){.r1 = 0});
	assert_int_equal(cpu->cr[CR_IFS] >> 63, 1);
	assert_int_equal(cpu->cr[CR_IFS] & 0x7f, sof);
	assert_true(rse_bsp(cpu) == model.address[model.base + sof]);
	user_rnat = cpu->rse.rnat;
	user_store = cpu->rse.bspstore;
	rse_write_bspstore(cpu, store);
	gva_t size = rse_bsp(cpu) - store;
	uint64_t pfs[8];
	for (unsigned d = 0; d < 8; d++) {
		execute(exec_alloc, (struct insn){.r1 = 14, .imm = 30 | 30 << 7});
		for (unsigned r = 32; r < 62; r++)
			gr_set(cpu, r, random64(), r & 1);
		execute(exec_br_call, (struct insn){.r1 = 0});
		pfs[d] = cpu->ar[AR_PFS];
	}
	for (unsigned d = 8; d-- > 0;) {
		struct insn i = {.r2 = 0};
		cpu->ar[AR_PFS] = pfs[d];
		assert_int_equal(exec_br_ret(cpu, &i), EXEC_BRANCH);
		assert_false(rse_incomplete(cpu));
	}
	execute(exec_alloc, (struct insn){.r1 = 14, .imm = 0});
	rse_write_rsc(cpu, size << 16);
	execute(exec_loadrs, (struct insn){.r1 = 0});
	assert_true(cpu->rse.bspstore == rse_bsp(cpu) - size);
	rse_write_bspstore(cpu, user_store);
	rse_write_rnat(cpu, user_rnat);
	assert_true(rse_bsp(cpu) == model.address[model.base + sof]);
	rse_return_interrupted(cpu, cpu->cr[CR_IFS]);
	cpu->rse.load_frame = true;
	model.inject = true;
}

/* One load of the incomplete frame is let through, then the next faults again. */
static void each_load_of_a_frame_can_be_interrupted_by_a_kernel(void **state)
{
	(void)state;
	for (unsigned slot = 0; slot < 63; slot += 2) {
		for (unsigned size = 1; size <= 96; size += 5) {
			start(slot, false);
			alloc(size, size);
			fill_frame();
			call();
			uint64_t pfs = cpu->ar[AR_PFS];
			flush();
			model.base -= size;
			cpu->ar[AR_PFS] = pfs;
			model.inject = true;
			watch_next();
			struct insn i = {.r2 = 0};
			assert_int_equal(exec_br_ret(cpu, &i), EXEC_BRANCH);
			unsigned faults = 0;
			while (rse_incomplete(cpu)) {
				handler_on_another_store(0x80000 + slot * 128);
				watch_around(cpu->rse.bspstore, cpu->rse.bspstore - 16);
				rse_fill(cpu);
				faults++;
			}
			assert_true(faults >= size);
			check_frame();
		}
	}
}

static void loadrs_takes_and_drops_what_rsc_says(void **state)
{
	(void)state;
	for (unsigned slot = 0; slot < 63; slot++) {
		for (unsigned keep = 0; keep <= 96; keep += 1 + keep / 8) {
			for (unsigned flushed = 0; flushed < 2; flushed++) {
				start(slot, true);
				alloc(96, 96);
				fill_frame();
				call();
				if (flushed)
					flush();
				gva_t tear = model.address[96 - keep];
				if (keep == 0)
					tear = rse_bsp(cpu);
				gva_t bytes = rse_bsp(cpu) - tear;
				rse_write_rsc(cpu, bytes << 16 | 7 << 16);
				execute(exec_loadrs, (struct insn){.r1 = 0});
				assert_int_equal(cpu->rse.dirty, keep);
				assert_true(cpu->rse.bspstore == tear);
				ret(keep | keep << 7);
				assert_int_equal(cpu->sof, keep);
				check_frame();
			}
		}
	}
}

static void loadrs_is_illegal_outside_its_conditions(void **state)
{
	struct insn i = {.r1 = 0};
	(void)state;
	start(0, false);
	alloc(96, 96);
	call();
	rse_write_rsc(cpu, 3);
	assert_int_equal(exec_loadrs(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_ILLEGAL_OP);
	/* 97 registers and the collections among them */
	rse_write_rsc(cpu, (97 + 2) * 8ull << 16);
	assert_int_equal(exec_loadrs(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_ILLEGAL_OP);
	alloc(1, 0);
	rse_write_rsc(cpu, 8ull << 16);
	assert_int_equal(exec_loadrs(cpu, &i), EXEC_FAULT);
	assert_int_equal(cpu->mmu.fault.code, FAULT_ILLEGAL_OP);
	rse_write_rsc(cpu, 0);
	assert_int_equal(exec_loadrs(cpu, &i), EXEC_NEXT);
	assert_int_equal(cpu->rse.dirty, 0);
}

/* 2:143: growth beyond the physical registers leaves no frame. */
static void return_to_a_frame_that_cannot_fit_empties_it(void **state)
{
	(void)state;
	start(0, false);
	alloc(90, 90);
	fill_frame();
	call();
	cpu->ar[AR_PFS] = 40 | 5 << 7; /* 85 stay dirty, 40 do not fit above them */
	struct insn i = {.r2 = 0};
	assert_int_equal(exec_br_ret(cpu, &i), EXEC_BRANCH);
	assert_int_equal(cpu->sof, 0);
	assert_int_equal(cpu->sol, 0);
	assert_int_equal(cpu->rse.dirty, 85);
	assert_true(rse_bsp(cpu) == model.address[85]);
}

/* Values of ar.pfs that no call can have made must not leave the ring. */
static void arbitrary_pfs_and_ifs_stay_in_bounds(void **state)
{
	(void)state;
	start(0, false);
	for (unsigned n = 0; n < 200000; n++) {
		struct insn i = {.r2 = 0};
		uint64_t v = random64();
		switch (random64() % 6) {
		case 0:
			rse_return_interrupted(cpu, v);
			break;
		case 1:
			exec_cover(cpu, &i);
			break;
		case 2:
			exec_br_call(cpu, &i);
			break;
		case 3:
			i.imm = v % 97;
			exec_alloc(cpu, &i);
			break;
		default:
			if (v & 1)
				v = (v & 0x7f) % 97 | ((v & 0x7f) % 97) << 7;
			rse_return(cpu, v);
			if (v & 2)
				rse_fill(cpu);
		}
		rse_write_bspstore(cpu, STORE + v % 0x1000);
		assert_in_range(cpu->rse.frame, RSE_FRAME_LOW, RSE_FRAME_HIGH);
		assert_true(cpu->rse.dirty + (int)cpu->sof <= 96);
		assert_true(cpu->rse.dirty >= -96);
		assert_true((int)cpu->rse.frame - cpu->rse.dirty >= 32);
	}
}

static void rse_addresses_step_over_collections(void **state)
{
	(void)state;
	for (unsigned slot = 0; slot < 63; slot++) {
		start(slot, false);
		for (unsigned n = 0; n < 300; n++) {
			assert_true(rse_skip(model.address[0], (int)n) == model.address[n]);
			assert_true(rse_skip(model.address[n], -(int)n) == model.address[0]);
			assert_int_equal(rse_registers(model.address[0], model.address[n]), n);
		}
	}
}

static void saved_stack_goes_on_after_load(void **state)
{
	struct stream s = {0};
	uint64_t pfs[4];
	(void)state;
	start(50, false);
	for (unsigned d = 0; d < 4; d++) {
		alloc(40, 40);
		fill_frame();
		call();
		pfs[d] = cpu->ar[AR_PFS];
	}
	cpu_save(cpu, &s);
	cpu_reset(cpu);
	cpu_load(cpu, &s);
	assert_string_equal(s.error, "");
	for (unsigned d = 4; d-- > 0;) {
		ret(pfs[d]);
		check_frame();
	}
	stream_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rse_addresses_step_over_collections),
		cmocka_unit_test(frames_of_every_size_survive_at_every_alignment),
		cmocka_unit_test(each_spill_and_fill_may_fault_and_resumes),
		cmocka_unit_test(calls_pass_outputs),
		cmocka_unit_test(dirty_registers_and_frame_never_exceed_96),
		cmocka_unit_test(each_load_of_a_frame_can_be_interrupted_by_a_kernel),
		cmocka_unit_test(loadrs_takes_and_drops_what_rsc_says),
		cmocka_unit_test(loadrs_is_illegal_outside_its_conditions),
		cmocka_unit_test(return_to_a_frame_that_cannot_fit_empties_it),
		cmocka_unit_test(arbitrary_pfs_and_ifs_stay_in_bounds),
		cmocka_unit_test(saved_stack_goes_on_after_load),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
