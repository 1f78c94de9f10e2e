/* SPDX-License-Identifier: MIT */
/*
 * From the first stack to the tests: tests=NAME,NAME on the command line, all of one domain's own
 * otherwise; then=poweroff, reboot, crash, halt or wait (for what
 * xenstore says) is how it ends.
 */
#include "hypercall.h"
#include "tests.h"
#include "xenbus.h"

struct start_info *start_info;
struct boot_param *boot_param;

static const struct group {
	const char *name;
	void (*run)(void);
	bool asked; /* only when the command line names it */
} groups[] = {
	{"start", test_start, false},
	{"hypercall", test_hypercall, false},
	{"event", test_event, false},
	{"timer", test_timer, false},
	{"memory", test_memory, false},
	{"grant", test_grant, false},
	{"store", test_store, false},
	{"fault", test_fault, false},
	{"hyperprivop", test_hyperprivop, false},
	{"privop", test_privop, false},
	{"user", test_user, false},
	{"vcpu", test_vcpu, false},
	{"block", test_block, true},
	{"net", test_net, true},
	{"peer", test_peer, true},
};

static bool chosen(const struct group *g)
{
	char names[256];

	if (!*option("tests", names, sizeof(names)))
		return !g->asked;
	for (const char *s = names; *s; s++)
		if ((s == names || s[-1] == ',') && starts(s, g->name)) {
			char end = s[strlen(g->name)];
			if (!end || end == ',')
				return true;
		}
	return false;
}

void shut_down(u32 reason)
{
	console_flush();
	hc_op(HC_SCHED, SCHED_SHUTDOWN, &reason);
	for (;;)
		yield();
}

/* Obeys control/shutdown (ABI 13.1). */
static void wait_for_order(void)
{
	char order[32];
	const char *token;

	xs_init();
	xs_watch("control/shutdown", "order");
	for (;;) {
		xs_event(5000, &token);
		u32 tx = xs_begin();
		const char *s = xs_read(tx, "control/shutdown");
		format(order, sizeof(order), "%s", s ? s : "");
		if (*order)
			xs_write(tx, "control/shutdown", "%s", "");
		if (*xs_end(tx, true) || !*order)
			continue;
		print("# asked to %s\r\n", order);
		shut_down(!strcmp(order, "reboot") ? 1 : 0);
	}
}

/* Sets a watchdog of a second and forgets it. */
static void sleep_in(void)
{
	u32 w[2] = {0, 1};

	console_flush();
	hc_op(HC_SCHED, SCHED_WATCHDOG, w);
	for (;;)
		hypercall(HC_SCHED, SCHED_BLOCK, 0, 0);
}

static void finish(void)
{
	char then[16];

	tap_end();
	option("then", then, sizeof(then));
	if (!strcmp(then, "wait"))
		wait_for_order();
	if (!strcmp(then, "watchdog"))
		sleep_in();
	if (!strcmp(then, "halt"))
		for (;;)
			hypercall(HC_SCHED, SCHED_BLOCK, 0, 0);
	shut_down(!strcmp(then, "reboot") ? 1 : !strcmp(then, "crash") ? 3 : 0);
}

static void prepare_cpus(void)
{
	for (unsigned n = 0; n < MAX_CPUS; n++) {
		struct cpu *c = cpu_of(n);
		c->id = n;
		c->trap_rbs = (u64)c + 4096;
		c->trap_stack = (u64)c + (1 << C_LOG_SIZE) - 64;
	}
}

void main(u64 bp, u64 cpu);

void main(u64 bp, u64 cpu)
{
	if (cpu) {
		if (self->early)
			self->early(NULL);
		self->early = NULL;
		events_init();
		events_on();
		cpu_main();
	}
	prepare_cpus();
	boot_param = va(bp);
	start_info = va(shared->start_info_pfn << PAGE_SHIFT);
	memory_init();
	console_init();
	events_init();
	print("# minios, %lu MB, %u processors: %s\r\n", start_info->nr_pages / 64, cpus_found(),
		start_info->cmd_line);
	for (unsigned n = 0; n < countof(groups); n++)
		if (chosen(&groups[n]))
			groups[n].run();
	finish();
}
