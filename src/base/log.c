/* SPDX-License-Identifier: MIT */
/* Each message leaves in one write, so that lines of several threads do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Set once before threads start: on the allow-list of tests/check-globals.sh. */
static struct {
	char prefix[64];
	enum log_level max;
} log_state = {"epixen", LOG_WARN};

void log_init(const char *prefix, enum log_level max)
{
	snprintf(log_state.prefix, sizeof(log_state.prefix), "%s", prefix);
	log_state.max = max;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	if (level > log_state.max)
		return;
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s: ", log_state.prefix);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	size_t len = strlen(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
