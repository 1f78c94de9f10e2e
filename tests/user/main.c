/* SPDX-License-Identifier: MIT */
/* epixen-user [OPTION...] PROGRAM [ARG...]: see process.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jit/jit.h"
#include "jit/jitdump.h"
#include "jit/verify.h"
#include "process.h"

#define RAM_SIZE (16ull << 30)

struct options {
	bool stats, plain;
	const char *cpu, *debug, *dump;
	const struct engine *engine;
};

static int usage(void)
{
	fprintf(stderr, "usage: epixen-user [OPTION...] PROGRAM [ARG...]\n"
			"Runs a static Linux/ia64 program.\n"
			"  -stats          prints slots, time and what the translator did\n"
			"  --engine NAME   interp (the default), jit or verify: both, compared\n"
			"  --jitdump DIR   writes DIR/jit-PID.dump for `perf inject --jit`\n"
			"  -d LETTERS      prints of each translation: i its IR, c its code;\n"
			"                  n, p, d the IR before and after the pass for NaTs, of\n"
			"                  propagation, of dead values, where that changed it\n"
			"  --plain-host    generated code uses nothing that not every x86-64 has\n"
			"  --cpu MODEL     one of");
	for (unsigned n = 0; n < cpu_model_count; n++)
		fprintf(stderr, " %s", cpu_models[n].name);
	fputc('\n', stderr);
	return 2;
}

static const struct engine *find_engine(const char *name)
{
	static const struct {
		const char *name;
		const struct engine *engine;
	} engines[] = {
		{"interp", &engine_interpreter}, {"jit", &engine_jit}, {"verify", &engine_verify}};
	for (unsigned n = 0; n < countof(engines); n++)
		if (strcmp(name, engines[n].name) == 0)
			return engines[n].engine;
	return NULL;
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int process_new(struct process *p, const struct cpu_model *model, const struct options *o)
{
	p->random_state = 1;
	p->machine.model = model;
	p->machine.engine = o->engine;
	p->machine.jit_debug = o->debug;
	p->machine.jit_without = o->plain ? ~0u : 0;
	if (o->dump && !(p->machine.jitdump = jitdump_open(o->dump)))
		return -1;
	p->machine.cpus = 1;
	clock_init(&p->machine.clock, o->engine == &engine_verify);
	if (ram_add_slot(&p->machine.ram, 0, RAM_SIZE) != 0)
		return -1;
	p->cpu = cpu_new(&p->machine, 0);
	if (!p->cpu)
		return -1;
	p->machine.cpu[0] = p->cpu;
	p->cpu->intercept = true;
	return 0;
}

static void print_stats(const struct process *p, double time)
{
	double slots = (double)p->cpu->slots;
	fprintf(stderr, "%.0f slots in %.3f s: %.2f million slots/s\n", slots, time,
		slots / time / 1e6);
	if (p->machine.engine == &engine_jit)
		jit_print_stats(p->cpu, stderr);
}

static int run(struct process *p, bool stats)
{
	double start = seconds();
	process_run(p);
	if (stats)
		print_stats(p, seconds() - start);
	char *text;
	if (!verify_finish(&p->machine, &text))
		p->status = 1;
	if (text)
		fputs(text, stderr);
	free(text);
	return p->status;
}

static void process_free(struct process *p)
{
	if (!p)
		return;
	if (p->cpu)
		cpu_free(p->cpu);
	jitdump_close(p->machine.jitdump);
	ram_free(&p->machine.ram);
	free(p);
}

/* Returns the index of the program's path, 0 if the command line is wrong. */
static int parse(int argc, char **argv, struct options *o)
{
	int n = 1;
	for (; n < argc && argv[n][0] == '-'; n++) {
		if (strcmp(argv[n], "-stats") == 0)
			o->stats = true;
		else if (strcmp(argv[n], "--plain-host") == 0)
			o->plain = true;
		else if (strcmp(argv[n], "--cpu") == 0 && n + 1 < argc)
			o->cpu = argv[++n];
		else if (strcmp(argv[n], "--jitdump") == 0 && n + 1 < argc)
			o->dump = argv[++n];
		else if (strcmp(argv[n], "-d") == 0 && n + 1 < argc)
			o->debug = argv[++n];
		else if (strcmp(argv[n], "--engine") == 0 && n + 1 < argc)
			o->engine = find_engine(argv[++n]);
		else
			return 0;
	}
	return n < argc ? n : 0;
}

int main(int argc, char **argv)
{
	struct options o = {.engine = &engine_jit};
	int n = parse(argc, argv, &o);
	const struct cpu_model *model = cpu_model_find(o.cpu);
	if (!n || !model || !o.engine)
		return usage();
	struct process *p = calloc(1, sizeof(*p));
	int status = 127;
	if (!p || process_new(p, model, &o) != 0)
		fprintf(stderr, "epixen-user: cannot start: %s\n", strerror(errno));
	else if (process_load(p, argv[n], argv + n) == 0)
		status = run(p, o.stats);
	process_free(p);
	return status;
}
