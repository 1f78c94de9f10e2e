/* SPDX-License-Identifier: MIT */
/* The hypercall fuzzer's driver on bytes that are the same each time: it reaches every row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

#include "../fuzz/hypercall.h"

#define LENGTH 4096

/* That what guests write is written at once by several is no race of ours; and it takes long. */
#ifdef __SANITIZE_THREAD__
#define CALLERS 1
#define INPUTS	400
#else
#define CALLERS HC_VCPUS
#define INPUTS	1500
#endif

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static struct hc_world *world;

static void random_calls_leave_the_hypervisor_whole(void **state)
{
	static uint8_t bytes[LENGTH];
	uint64_t x = 0x9e3779b97f4a7c15;

	(void)state;
	for (unsigned n = 0; n < INPUTS; n++) {
		for (unsigned i = 0; i < LENGTH; i += 8)
			memcpy(bytes + i, &(uint64_t){next(&x)}, 8);
		hc_run(world, bytes, LENGTH);
	}
	print_message("# slowest call: %llu us\n", (unsigned long long)world->slowest / 1000);
}

#define ROUNDS 60

struct caller {
	struct hc_world w;
	uint64_t seed;
	pthread_t thread;
};

static void *rage(void *arg)
{
	struct caller *c = arg;
	uint8_t bytes[LENGTH];

	for (unsigned n = 0; n < ROUNDS; n++) {
		for (unsigned i = 0; i < LENGTH; i += 8)
			memcpy(bytes + i, &(uint64_t){next(&c->seed)}, 8);
		hc_run(&c->w, bytes, LENGTH);
	}
	return NULL;
}

/* Each processor on its own thread, nothing after the other. */
static void processors_call_at_the_same_time(void **state)
{
	static struct caller caller[CALLERS];

	(void)state;
	hc_run(world, NULL, 0);
	for (unsigned n = 0; n < CALLERS; n++) {
		caller[n] = (struct caller){.seed = 0x1234567 + n, .w = {.g = world->g, .vcpu = n}};
		assert_int_equal(pthread_create(&caller[n].thread, NULL, rage, &caller[n]), 0);
	}
	for (unsigned n = 0; n < CALLERS; n++)
		pthread_join(caller[n].thread, NULL);
	hc_check(world);
	hc_run(world, NULL, 0);
}

static void every_row_was_reached(void **state)
{
	unsigned missing = 0;

	(void)state;
	for (unsigned n = 0; n < HC_ROWS; n++) {
		const struct hc_row *r = &hc_rows[n];
		bool good = !(r->seen & HC_GOOD) || world->good[n];
		bool bad = !(r->seen & HC_BAD) || world->bad[n];
		bool only = r->seen == 0 || r->seen == HC_BOTH ||
			    (r->seen == HC_GOOD ? !world->bad[n] : !world->good[n]);
		if (world->called[n] > 100 && good && bad && only)
			continue;
		missing++;
		print_message("# %#x %#llx: called %llu times, %llu good, %llu bad\n", r->number,
			(unsigned long long)r->cmd, (unsigned long long)world->called[n],
			(unsigned long long)world->good[n], (unsigned long long)world->bad[n]);
	}
	assert_int_equal(missing, 0);
	assert_true(world->mapped > 1);
}

static bool known(unsigned number, unsigned cmd)
{
	for (unsigned n = 0; n < HC_ROWS; n++)
		if (hc_rows[n].number == number &&
			(hc_rows[n].cmd == cmd || hc_rows[n].args[0] != 'c'))
			return true;
	return false;
}

/* Whatever is answered otherwise than with -ENOSYS has a row. */
static void there_is_no_other_row(void **state)
{
	struct cpu *cpu = world->g->m.cpu[0];
	unsigned missing = 0;

	(void)state;
	for (unsigned number = 0; number < 0x100; number++)
		for (unsigned cmd = 0; cmd < 64; cmd++) {
			hc_run(world, NULL, 0);
			cpu_set_cfm(cpu, 8);
			gr_set(cpu, 2, number, 0);
			gr_set(cpu, 32, cmd, 0);
			for (unsigned n = 1; n < 6; n++)
				gr_set(cpu, 32 + n, 0, 0);
			hv_call(&world->g->hv, cpu);
			if ((int64_t)gr_value(cpu, 8) == -XEN_ENOSYS || known(number, cmd) ||
				number == 48)
				continue;
			missing++;
			print_message(
				"# %u %u answers %lld\n", number, cmd, (long long)gr_value(cpu, 8));
		}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls_leave_the_hypervisor_whole),
		cmocka_unit_test(every_row_was_reached),
		cmocka_unit_test(processors_call_at_the_same_time),
		cmocka_unit_test(there_is_no_other_row),
	};
	world = hc_world_new();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
