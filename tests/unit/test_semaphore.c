/* SPDX-License-Identifier: MIT */
/* Semaphores and 16-byte accesses, alone and between threads. */
#include <pthread.h>

#include "mem_world.h"

static exec_fn *const loads[] = {exec_ld1, exec_ld2, exec_ld4, exec_ld8};
static exec_fn *const stores[] = {exec_st1, exec_st2, exec_st4, exec_st8};

/* --- semaphores --- */

static void cmpxchg_compares_the_whole_of_ccv(void **state)
{
	struct world *w = *state;
	exec_fn *const f[] = {exec_cmpxchg1, exec_cmpxchg2, exec_cmpxchg4, exec_cmpxchg8};
	for (unsigned be = 0; be < 2; be++)
		for (unsigned n = 0; n < 4; n++) {
			uint64_t mask = ~0ull >> (64 - (8u << n));
			set_mode(w, be ? PSR(BE) : 0);
			run(w, exec_st8, 0x40100, 0, 0);
			run(w, stores[n], 0x40100, 0x8182838485868788, 0);
			w->cpu->ar[AR_CCV] = 0x8182838485868788 & mask;
			if (n < 3) {
				w->cpu->ar[AR_CCV] |= 1ull << 63;
				run(w, f[n], 0x40100, 0x42, 0);
				assert_int_equal(gr_value(w->cpu, 16), 0x8182838485868788 & mask);
				w->cpu->ar[AR_CCV] &= ~(1ull << 63);
			}
			run(w, f[n], 0x40100, 0x1122334455667742, 0);
			assert_int_equal(gr_value(w->cpu, 16), 0x8182838485868788 & mask);
			assert_int_equal(load(w, loads[n], 0x40100), 0x1122334455667742 & mask);
		}
}

static void xchg_and_fetchadd_return_the_old_value(void **state)
{
	struct world *w = *state;
	for (unsigned be = 0; be < 2; be++) {
		struct insn i = {.r1 = 16, .r3 = BASE, .imm = -16};
		set_mode(w, be ? PSR(BE) : 0);
		run(w, exec_st8, 0x40100, 0x1111111122222222, 0);
		run(w, exec_xchg2, 0x40102, 0xffff8888, 0);
		assert_int_equal(gr_value(w->cpu, 16), be ? 0x1111 : 0x2222);
		assert_int_equal(load(w, exec_ld2, 0x40102), 0x8888);
		run(w, exec_st4, 0x40100, 3, 0);
		gr_set(w->cpu, BASE, 0x40100, 0);
		assert_int_equal(exec_fetchadd4(w->cpu, &i), EXEC_NEXT);
		assert_int_equal(gr_value(w->cpu, 16), 3);
		assert_int_equal(load(w, exec_ld4, 0x40100), 0xfffffff3);
		run(w, exec_st8, 0x40100, 3, 0);
		gr_set(w->cpu, BASE, 0x40100, 0);
		assert_int_equal(exec_fetchadd8(w->cpu, &i), EXEC_NEXT);
		assert_int_equal(load(w, exec_ld8, 0x40100), -13);
	}
}

static void semaphores_need_alignment_and_write_back_memory(void **state)
{
	struct world *w = *state;
	const uint64_t rw = ISR_BIT(R) | ISR_BIT(W);
	expect_fault(w, run(w, exec_xchg4, 0x40102, 0, 0), FAULT_UNALIGNED, rw);
	expect_fault(w, run(w, exec_xchg8, 0x40ffc, 0, 0), FAULT_UNALIGNED, rw);
	expect_fault(w, run(w, exec_cmpxchg8, 0x60000, 0, 0), FAULT_UNSUPPORTED_DATA, rw);
	expect_fault(w, run(w, exec_ld16, 0x40108, 0, 0), FAULT_UNALIGNED, ISR_BIT(R));
	expect_fault(w, run(w, exec_st16, 0x60000, 0, 0), FAULT_UNSUPPORTED_DATA, ISR_BIT(W));
	expect_fault(w, run(w, exec_cmp8xchg16, 0x40104, 0, 0), FAULT_UNALIGNED, rw);
	struct insn i = {.r1 = 8, .r3 = BASE};
	gr_set(w->cpu, BASE, 0x60000, 0);
	expect_fault(w, exec_ldfe(w->cpu, &i), FAULT_UNSUPPORTED_DATA, ISR_BIT(R));
	/* write rights are needed even when the comparison fails */
	map(w, 0x62000, 0x2000, RWX & ~0x40ull);
	w->cpu->ar[AR_CCV] = 77;
	expect_fault(w, run(w, exec_cmpxchg8, 0x62000, 0, 0), FAULT_DIRTY_BIT, rw);
	map(w, 0x62000, 0x2000, 0x61);
	expect_fault(w, run(w, exec_cmpxchg8, 0x62000, 0, 0), FAULT_DATA_ACCESS_RIGHTS, rw);
}

static void sixteen_bytes_move_at_once(void **state)
{
	struct world *w = *state;
	struct cpu *cpu = w->cpu;
	for (unsigned be = 0; be < 2; be++) {
		set_mode(w, be ? PSR(BE) : 0);
		cpu->ar[AR_CSD] = 0xaaaaaaaaaaaaaaa1;
		run(w, exec_st16, 0x40200, 0xbbbbbbbbbbbbbbb2, 0);
		assert_int_equal(load(w, exec_ld8, 0x40200), 0xbbbbbbbbbbbbbbb2);
		assert_int_equal(load(w, exec_ld8, 0x40208), 0xaaaaaaaaaaaaaaa1);
		cpu->ar[AR_CSD] = 0;
		assert_int_equal(load(w, exec_ld16, 0x40200), 0xbbbbbbbbbbbbbbb2);
		assert_int_equal(cpu->ar[AR_CSD], 0xaaaaaaaaaaaaaaa1);
		/* compares either half, stores both */
		cpu->ar[AR_CSD] = 4;
		cpu->ar[AR_CCV] = 0;
		run(w, exec_cmp8xchg16, 0x40208, 3, 0);
		assert_int_equal(gr_value(cpu, 16), 0xaaaaaaaaaaaaaaa1);
		assert_int_equal(load(w, exec_ld8, 0x40200), 0xbbbbbbbbbbbbbbb2);
		cpu->ar[AR_CCV] = 0xaaaaaaaaaaaaaaa1;
		run(w, exec_cmp8xchg16, 0x40208, 3, 0);
		assert_int_equal(gr_value(cpu, 16), 0xaaaaaaaaaaaaaaa1);
		assert_int_equal(load(w, exec_ld8, 0x40200), 3);
		assert_int_equal(load(w, exec_ld8, 0x40208), 4);
	}
	cpu->model = cpu_model_find("madison");
	expect_fault(w, run(w, exec_ld16, 0x40200, 0, 0), FAULT_ILLEGAL_OP, 0);
	expect_fault(w, run(w, exec_st16, 0x40200, 0, 0), FAULT_ILLEGAL_OP, 0);
	expect_fault(w, run(w, exec_cmp8xchg16, 0x40200, 0, 0), FAULT_ILLEGAL_OP, 0);
}

#define TURNS 100000

struct adder {
	struct world *w;
	struct cpu *cpu;
};

/* cmpxchg, fetchadd, and a 16-byte pair whose halves must stay equal. */
static void *add_in_thread(void *arg)
{
	struct cpu *cpu = ((struct adder *)arg)->cpu;
	struct insn fa = {.r1 = 16, .r3 = BASE, .imm = 4};
	struct insn cx = {.r1 = 16, .r2 = VALUE, .r3 = 17}, wide = {.r1 = 16, .r2 = 19, .r3 = 18};

	gr_set(cpu, BASE, 0x100, 0);
	gr_set(cpu, 17, 0x108, 0);
	gr_set(cpu, 18, 0x110, 0);
	for (unsigned n = 0; n < TURNS; n++) {
		exec_fetchadd8(cpu, &fa);
		do {
			cpu->ar[AR_CCV] = gr_value(cpu, 16);
			gr_set(cpu, VALUE, cpu->ar[AR_CCV] + 1, 0);
			exec_cmpxchg4(cpu, &cx);
		} while (gr_value(cpu, 16) != cpu->ar[AR_CCV]);
		exec_ld16(cpu, &(struct insn){.r1 = 16, .r3 = 18});
		if (gr_value(cpu, 16) != cpu->ar[AR_CSD])
			return "torn";
		cpu->ar[AR_CCV] = gr_value(cpu, 16);
		gr_set(cpu, 19, cpu->ar[AR_CCV] + 1, 0);
		cpu->ar[AR_CSD] = cpu->ar[AR_CCV] + 1;
		exec_cmp8xchg16(cpu, &wide);
	}
	return NULL;
}

static void semaphores_are_atomic_between_threads(void **state)
{
	struct world *w = *state;
	struct adder a[2];
	pthread_t t[2];
	void *said;

	for (unsigned n = 0; n < 2; n++) {
		a[n] = (struct adder){w, cpu_new(&w->machine, n + 1)};
		cpu_set_psr(a[n].cpu, 0); /* physical addressing */
		assert_int_equal(pthread_create(&t[n], NULL, add_in_thread, &a[n]), 0);
	}
	for (unsigned n = 0; n < 2; n++) {
		assert_int_equal(pthread_join(t[n], &said), 0);
		assert_null(said);
		cpu_free(a[n].cpu);
	}
	uint64_t v[4];
	memcpy(v, ram(w, 0x100), sizeof(v));
	assert_int_equal(v[0], 2 * TURNS * 4);
	assert_int_equal(v[1], 2 * TURNS);
	assert_int_equal(v[2], v[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cmpxchg_compares_the_whole_of_ccv),
		TEST(xchg_and_fetchadd_return_the_old_value),
		TEST(semaphores_need_alignment_and_write_back_memory),
		TEST(sixteen_bytes_move_at_once),
		TEST(semaphores_are_atomic_between_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
