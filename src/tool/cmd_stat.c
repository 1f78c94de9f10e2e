/* SPDX-License-Identifier: MIT */
/*
 * stat: the counters of a domain's processors as tables. The domain names groups, counters and
 * values (domain/stat.c); here they are subtracted from those of the sample before, sorted and
 * aligned. Only rates and shares are counters that the domain does not know.
 */
#define _GNU_SOURCE
#include "base/log.h"
#include "cpu/cpu.h"
#include "tool/control.h"
#include "tool/verbs.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS	1024 /* more than there are counters */
#define COLUMNS 6    /* processors beside each other */
#define TOP	20

struct row {
	char group[32], name[40];
	uint64_t value[MAX_CPUS + 1]; /* the last used one: their sum */
};

struct sample {
	char engine[16];
	unsigned cpus, rows;
	struct row row[ROWS];
};

struct options {
	bool all;
	double interval;
	long count; /* tables of differences, -1: for ever */
};

/* --- reading --- */

static void read_row(struct sample *s, const char *p)
{
	struct row *r = &s->row[s->rows];
	int at = 0;

	if (s->rows == ROWS || sscanf(p, "%31s %39s%n", r->group, r->name, &at) != 2)
		return;
	memset(r->value, 0, sizeof(r->value));
	unsigned n = 0;
	char *end;
	for (p += at; n < MAX_CPUS; p = end) {
		uint64_t v = strtoull(p, &end, 10);
		if (end == p)
			break;
		r->value[n++] = v;
	}
	s->cpus = n;
	s->rows++;
}

static int take_sample(const char *domain, struct sample *s)
{
	struct text out = {0};
	int err = control_request(domain, "stat", -1, &out);
	char *rest = NULL;

	s->rows = s->cpus = 0;
	for (char *l = out.len ? strtok_r(out.data, "\n", &rest) : NULL; l;
		l = strtok_r(NULL, "\n", &rest))
		if (sscanf(l, "engine %15s", s->engine) != 1)
			read_row(s, l);
	text_free(&out);
	return err;
}

static struct row *find(struct sample *s, const struct row *like)
{
	for (unsigned n = 0; n < s->rows; n++)
		if (strcmp(s->row[n].group, like->group) == 0 &&
			strcmp(s->row[n].name, like->name) == 0)
			return &s->row[n];
	return NULL;
}

/* What grew from one sample to the next; after a restart counters begin anew. */
static void subtract(struct sample *d, const struct sample *now, struct sample *before)
{
	*d = *now;
	for (unsigned n = 0; n < d->rows; n++) {
		const struct row *old = find(before, &d->row[n]);
		for (unsigned i = 0; old && i < d->cpus; i++)
			if (d->row[n].value[i] >= old->value[i])
				d->row[n].value[i] -= old->value[i];
	}
}

static void add_up(struct sample *s)
{
	for (unsigned n = 0; n < s->rows; n++)
		for (unsigned i = 0; i < s->cpus; i++)
			s->row[n].value[s->cpus] += s->row[n].value[i];
}

/* --- printing --- */

/* Columns first to last of a table; the one behind the last processor is the sum. */
struct columns {
	unsigned first, last;
};

static void print_label(const char *name)
{
	int n = printf("  ");
	for (; *name; name++, n++)
		putchar(*name == '_' ? ' ' : *name);
	printf("%*s", n < 30 ? 30 - n : 0, "");
}

static void print_row(const struct row *r, struct columns c)
{
	print_label(r->name);
	for (unsigned i = c.first; i <= c.last; i++)
		printf(" %14llu", (unsigned long long)r->value[i]);
	putchar('\n');
}

static void print_real(const char *name, const double *v, struct columns c, int digits)
{
	print_label(name);
	for (unsigned i = c.first; i <= c.last; i++)
		if (isfinite(v[i]))
			printf(" %14.*f", digits, v[i]);
		else
			printf(" %14s", "-");
	putchar('\n');
}

/* The counter's row; like, which is empty, if the domain did not name it. */
static const struct row *processor(struct sample *s, const char *name, struct row *like)
{
	*like = (struct row){.group = "processor"};
	snprintf(like->name, sizeof(like->name), "%s", name);
	struct row *r = find(s, like);
	return r ? r : like;
}

/* Slots, their rates, and how many of them were executed by translated code. */
static void print_processor(struct sample *s, struct columns c, double seconds)
{
	double rate[MAX_CPUS + 1], speed[MAX_CPUS + 1], host[MAX_CPUS + 1], share[MAX_CPUS + 1];
	struct row none[3];
	const struct row *slots = processor(s, "slots", &none[0]),
			 *ns = processor(s, "host_ns", &none[1]),
			 *called = processor(s, "slots_called", &none[2]);

	for (unsigned i = c.first; i <= c.last; i++) {
		double n = (double)slots->value[i];
		host[i] = (double)ns->value[i] / 1e9;
		rate[i] = n / seconds / 1e6;
		speed[i] = n / (double)ns->value[i] * 1e3;
		share[i] = 100 - 100 * (double)called->value[i] / n;
	}
	puts("processor");
	print_row(slots, c);
	print_real("host seconds", host, c, 3);
	print_real("million slots/host second", speed, c, 1);
	if (seconds > 0)
		print_real("million slots/second", rate, c, 1);
	if (strncmp(s->engine, "interp", 6) != 0)
		print_real("% of slots translated", share, c, 2);
}

static bool is_zero(const struct sample *s, const struct row *r)
{
	return r->value[s->cpus] == 0;
}

/* The groups in the order in which the domain names them. */
static void print_groups(struct sample *s, struct columns c)
{
	const char *group = "processor";

	for (unsigned n = 0; n < s->rows; n++) {
		const struct row *r = &s->row[n];
		if (strcmp(r->group, "processor") == 0 || strcmp(r->group, "calls") == 0 ||
			is_zero(s, r))
			continue;
		if (strcmp(r->group, group) != 0) {
			group = r->group;
			for (const char *p = group; *p; p++)
				putchar(*p == '_' ? ' ' : *p);
			putchar('\n');
		}
		print_row(r, c);
	}
}

static int by_calls(const void *a, const void *b, void *cpus)
{
	const struct row *x = a, *y = b;
	unsigned sum = *(unsigned *)cpus;

	return x->value[sum] < y->value[sum] ? 1 : x->value[sum] > y->value[sum] ? -1 : 0;
}

/* Calls are the last rows: sorted in place. */
static void print_calls(struct sample *s, struct columns c, bool all)
{
	unsigned first = 0, used = 0;

	while (first < s->rows && strcmp(s->row[first].group, "calls") != 0)
		first++;
	qsort_r(s->row + first, s->rows - first, sizeof(s->row[0]), by_calls, &s->cpus);
	while (first + used < s->rows && !is_zero(s, &s->row[first + used]))
		used++;
	if (!used)
		return;
	unsigned shown = all || used < TOP ? used : TOP;
	printf("calls of instructions' functions (%u of %u)\n", shown, used);
	for (unsigned n = 0; n < shown; n++)
		print_row(&s->row[first + n], c);
}

static void print_head(const struct sample *s, const char *domain, struct columns c)
{
	char title[80];

	snprintf(title, sizeof(title), "%s (%s)", domain, s->engine);
	printf("%-32s", title);
	for (unsigned i = c.first; i <= c.last; i++)
		i < s->cpus ? printf("        vCPU %2u", i) : printf(" %14s", "all");
	putchar('\n');
}

/* seconds: that the counters took to grow, 0: all the domain's life. */
static void print_sample(struct sample *s, const char *domain, double seconds, bool all)
{
	unsigned last = s->cpus > 1 ? s->cpus : 0; /* one needs no sum */

	add_up(s);
	for (unsigned first = 0; first <= last; first += COLUMNS) {
		unsigned end = first + COLUMNS - 1;
		struct columns c = {first, end < last ? end : last};
		print_head(s, domain, c);
		print_processor(s, c, seconds);
		print_groups(s, c);
		print_calls(s, c, all);
	}
	fflush(stdout);
}

/* --- the verb --- */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_until(double t)
{
	double rest = t - now();
	struct timespec ts;

	if (rest <= 0)
		return;
	ts.tv_sec = (time_t)rest;
	ts.tv_nsec = (long)((rest - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

/* Samples: two to subtract and what comes out. */
static int watch(const char *domain, const struct options *o, struct sample s[3])
{
	double before = now(), next = before;

	if (take_sample(domain, &s[0]))
		return EXIT_FAILURE;
	if (o->interval == 0) {
		print_sample(&s[0], domain, 0, o->all);
		return EXIT_SUCCESS;
	}
	for (long n = 0; n != o->count; n++) {
		struct sample *old = &s[n % 2], *new = &s[(n + 1) % 2];
		sleep_until(next += o->interval);
		if (take_sample(domain, new))
			return EXIT_FAILURE;
		double t = now();
		subtract(&s[2], new, old);
		if (n)
			putchar('\n');
		print_sample(&s[2], domain, t - before, o->all);
		before = t;
	}
	return EXIT_SUCCESS;
}

static bool positive(const char *text, double *v)
{
	char *end;
	*v = strtod(text, &end);
	return end != text && !*end && *v > 0 && *v < 1e9;
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {{"all", no_argument, NULL, 'a'},
		{"interval", required_argument, NULL, 'i'}, {"count", required_argument, NULL, 'n'},
		{0}};
	double v;

	for (int c; (c = getopt_long(argc, argv, "ai:n:", options, NULL)) != -1;) {
		if (c == 'a')
			o->all = true;
		else if (c == 'i' && positive(optarg, &v))
			o->interval = v;
		else if (c == 'n' && positive(optarg, &v) && v == (double)(long)v)
			o->count = (long)v;
		else
			return false;
	}
	if (o->count > 0 && o->interval == 0)
		o->interval = 1;
	return argc - optind == 1;
}

int cmd_stat(int argc, char **argv)
{
	struct options o = {.count = -1};

	if (!parse(argc, argv, &o))
		return verb_usage(argv[0]);
	struct sample *s = calloc(3, sizeof(*s));
	if (!s) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	int status = watch(argv[optind], &o, s);
	free(s);
	return status;
}
