/* SPDX-License-Identifier: MIT */
/* epixen-user [-stats] [--cpu MODEL] [--engine NAME] [-d LETTERS] PROGRAM [ARG...]: see process.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jit/jit.h"
#include "jit/verify.h"
#include "process.h"

#define RAM_SIZE (16ull << 30)

static int usage(void)
{
	fprintf(stderr,
		"usage: epixen-user [-stats] [--cpu MODEL] [--engine interp|jit|verify] [-d ic] "
		"PROGRAM [ARG...]\n"
		"Runs a static Linux/ia64 program. Models:");
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

static int process_new(
	struct process *p, const struct cpu_model *model, const struct engine *engine)
{
	p->random_state = 1;
	p->machine.model = model;
	p->machine.engine = engine;
	p->machine.cpus = 1;
	clock_init(&p->machine.clock, engine == &engine_verify);
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
	ram_free(&p->machine.ram);
	free(p);
}

int main(int argc, char **argv)
{
	bool stats = false;
	const char *name = NULL, *debug = NULL;
	const struct engine *engine = &engine_interpreter;
	int n = 1;
	for (; n < argc && argv[n][0] == '-'; n++) {
		if (strcmp(argv[n], "-stats") == 0)
			stats = true;
		else if (strcmp(argv[n], "--cpu") == 0 && n + 1 < argc)
			name = argv[++n];
		else if (strcmp(argv[n], "-d") == 0 && n + 1 < argc)
			debug = argv[++n];
		else if (strcmp(argv[n], "--engine") == 0 && n + 1 < argc)
			engine = find_engine(argv[++n]);
		else
			return usage();
	}
	const struct cpu_model *model = cpu_model_find(name);
	if (n >= argc || !model || !engine)
		return usage();
	struct process *p = calloc(1, sizeof(*p));
	if (p)
		p->machine.jit_debug = debug;
	int status = 127;
	if (!p || process_new(p, model, engine) != 0)
		fprintf(stderr, "epixen-user: out of memory\n");
	else if (process_load(p, argv[n], argv + n) == 0)
		status = run(p, stats);
	process_free(p);
	return status;
}
