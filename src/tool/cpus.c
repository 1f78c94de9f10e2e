/* SPDX-License-Identifier: MIT */
/* Lists of processors: numbers and ranges between commas, those behind '^' are taken away again. */
#include "tool/cpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number at *p, which moves behind it; ~0 for what is none or too large. */
static unsigned number(const char **p)
{
	char *end;
	unsigned long v = **p >= '0' && **p <= '9' ? strtoul(*p, &end, 10) : ~0ul;

	if (v >= CONFIG_HOST_CPUS)
		return ~0u;
	*p = end;
	return (unsigned)v;
}

static void change(struct config_affinity *a, unsigned from, unsigned to, bool on)
{
	for (unsigned n = from; n <= to; n++) {
		uint64_t bit = 1ull << n % 64;
		a->set[n / 64] = on ? a->set[n / 64] | bit : a->set[n / 64] & ~bit;
	}
}

/* One element at *p, which moves behind it and its comma. */
static bool element(const char **p, unsigned host, struct config_affinity *a)
{
	bool on = **p != '^';
	unsigned from, to;

	*p += !on;
	if (strncmp(*p, "all", 3) == 0) {
		*p += 3;
		from = 0;
		to = (host < CONFIG_HOST_CPUS ? host : CONFIG_HOST_CPUS) - 1;
	} else {
		from = to = number(p);
		if (**p == '-') {
			++*p;
			to = number(p);
		}
	}
	if (from == ~0u || to == ~0u || from > to || (**p && **p != ','))
		return false;
	change(a, from, to, on);
	*p += **p == ',';
	return true;
}

int cpus_parse(
	const char *text, unsigned host, struct config_affinity *a, char why[CPUS_ERROR_SIZE])
{
	const char *p = text;
	bool some = false;

	*a = (struct config_affinity){0};
	do {
		if (!element(&p, host, a)) {
			snprintf(why, CPUS_ERROR_SIZE,
				"'%.60s' is not a list of processors, such as 0-3,^2", text);
			return -EINVAL;
		}
	} while (*p);
	for (unsigned n = 0; n < host && n < CONFIG_HOST_CPUS; n++)
		some |= a->set[n / 64] >> n % 64 & 1;
	if (some)
		return 0;
	snprintf(why, CPUS_ERROR_SIZE, "'%.60s' names none of the host's processors, 0 to %u", text,
		host - 1);
	return -EINVAL;
}
