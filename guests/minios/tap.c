/* SPDX-License-Identifier: MIT */
/*
 * Results as TAP on the console, and the command line's options.
 */
#include "minios.h"

static unsigned tests, failed;

static bool result(bool ok, const char *fmt, va_list ap, const char *more)
{
	char name[256];

	formatv(name, sizeof(name), fmt, ap);
	unsigned n = __sync_add_and_fetch(&tests, 1);
	if (!ok)
		__sync_add_and_fetch(&failed, 1);
	print("%sok %u - %s%s\r\n", ok ? "" : "not ", n, name, more);
	return ok;
}

bool report(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(ok, fmt, ap, "");
	va_end(ap);
	return ok;
}

bool report_eq(u64 got, u64 wanted, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(got == wanted, fmt, ap, "");
	va_end(ap);
	if (got != wanted)
		print("# got 0x%lx (%ld), wanted 0x%lx (%ld)\r\n", got, (s64)got, wanted,
			(s64)wanted);
	return got == wanted;
}

void skip(const char *why, const char *fmt, ...)
{
	char more[128];
	va_list ap;

	format(more, sizeof(more), " # SKIP %s", why);
	va_start(ap, fmt);
	result(true, fmt, ap, more);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	formatv(line, sizeof(line), fmt, ap);
	va_end(ap);
	print("# %s\r\n", line);
}

int tap_end(void)
{
	print("1..%u\r\n", tests);
	return (int)failed;
}

const char *option(const char *name, char *to, size_t size)
{
	size_t n = 0, length = strlen(name);

	for (const char *s = start_info->cmd_line; *s; s++)
		if ((s == start_info->cmd_line || s[-1] == ' ') && starts(s, name) &&
			s[length] == '=') {
			for (s += length + 1; *s && *s != ' ' && n + 1 < size; s++)
				to[n++] = *s;
			break;
		}
	to[n] = 0;
	return to;
}

u64 option_number(const char *name, u64 otherwise)
{
	char value[32];

	return *option(name, value, sizeof(value)) ? number_at(value) : otherwise;
}
