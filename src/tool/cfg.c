/* SPDX-License-Identifier: MIT */
/* Recursive descent over the text; errors stop at the first and name its line. */
#include "tool/cfg.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	struct cfg *cfg;
	const char *file;
	const char *p, *end;
	unsigned line;
};

static int fail(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct parser *p, const char *fmt, ...)
{
	char text[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct cfg_setting here = {.file = p->file, .line = p->line};
	return cfg_fail(p->cfg, &here, "%s", text);
}

void cfg_where(char *buf, size_t size, const struct cfg_setting *s)
{
	size_t len = strlen(s->file), room = size - sizeof("...:4294967295");
	const char *file = len > room ? s->file + len - room : s->file;
	const char *dots = len > room ? "..." : "";

	if (s->line)
		snprintf(buf, size, "%s%s:%u", dots, file, s->line);
	else
		snprintf(buf, size, "%s%s", dots, file);
}

int cfg_fail(struct cfg *cfg, const struct cfg_setting *s, const char *fmt, ...)
{
	char where[100], text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cfg_where(where, sizeof(where), s);
	snprintf(cfg->error, sizeof(cfg->error), "%s: %s", where, text);
	return -EINVAL;
}

static int peek(const struct parser *p)
{
	return p->p < p->end ? (unsigned char)*p->p : -1;
}

/* Skips blanks and comments; newlines too when `lines`. */
static void skip(struct parser *p, bool lines)
{
	while (p->p < p->end) {
		if (*p->p == '#') {
			while (p->p < p->end && *p->p != '\n')
				p->p++;
		} else if (*p->p == '\n' && lines) {
			p->line++;
			p->p++;
		} else if (*p->p == ' ' || *p->p == '\t' || *p->p == '\r') {
			p->p++;
		} else {
			return;
		}
	}
}

/* Names the next character for a message. */
static const char *found(const struct parser *p, char buf[24])
{
	int c = peek(p);
	if (c < 0)
		return "end of file";
	if (c == '\n')
		return "end of line";
	if (isprint(c))
		snprintf(buf, 24, "'%c'", c);
	else
		snprintf(buf, 24, "byte 0x%02x", (unsigned)c);
	return buf;
}

static int parse_escape(struct parser *p, char *out)
{
	static const char from[] = "ntr\\'\"", to[] = "\n\t\r\\'\"";
	const char *at = p->p < p->end && *p->p ? strchr(from, *p->p) : NULL;
	if (!at)
		return fail(p, "unknown escape in string");
	*out = to[at - from];
	p->p++;
	return 0;
}

static int parse_string(struct parser *p, struct cfg_value *v)
{
	char quote = *p->p++;
	size_t n = 0;

	v->kind = CFG_STRING;
	v->text = malloc((size_t)(p->end - p->p) + 1);
	if (!v->text)
		return fail(p, "out of memory");
	while (p->p < p->end && *p->p != quote && *p->p != '\n') {
		char c = *p->p++;
		if (c == 0)
			return fail(p, "NUL byte in string");
		if (c == '\\' && parse_escape(p, &c))
			return -EINVAL;
		v->text[n++] = c;
	}
	if (peek(p) != quote)
		return fail(p, "string is not closed");
	p->p++;
	v->text[n] = 0;
	return 0;
}

static int parse_number(struct parser *p, struct cfg_value *v)
{
	const char *start = p->p;
	if (*p->p == '-')
		p->p++;
	while (p->p < p->end && isalnum((unsigned char)*p->p))
		p->p++;
	v->kind = CFG_NUMBER;
	v->text = strndup(start, (size_t)(p->p - start));
	if (!v->text)
		return fail(p, "out of memory");
	char *rest;
	errno = 0;
	strtoll(v->text, &rest, 0);
	if (*rest || errno || rest == v->text)
		return fail(p, "bad number '%s'", v->text);
	return 0;
}

static int parse_atom(struct parser *p, struct cfg_value *v)
{
	int c = peek(p);
	char buf[24];

	v->line = p->line;
	if (c == '"' || c == '\'')
		return parse_string(p, v);
	if (c == '-' || (c >= '0' && c <= '9'))
		return parse_number(p, v);
	return fail(p, "string, number or list expected, %s found", found(p, buf));
}

static int parse_list(struct parser *p, struct cfg_setting *s)
{
	char buf[24];

	p->p++;
	s->value.kind = CFG_LIST;
	for (;;) {
		skip(p, true);
		if (peek(p) == ']')
			break;
		struct cfg_value *item = realloc(s->item, (s->items + 1) * sizeof(*item));
		if (!item)
			return fail(p, "out of memory");
		s->item = item;
		s->item[s->items] = (struct cfg_value){0};
		if (parse_atom(p, &s->item[s->items++]))
			return -EINVAL;
		skip(p, true);
		if (peek(p) == ',')
			p->p++;
		else if (peek(p) != ']')
			return fail(p, "',' or ']' expected in list, %s found", found(p, buf));
	}
	p->p++;
	return 0;
}

static int parse_key(struct parser *p, struct cfg_setting *s)
{
	const char *start = p->p;
	char buf[24];

	while (p->p < p->end && (isalnum((unsigned char)*p->p) || *p->p == '_') &&
		!(p->p == start && isdigit((unsigned char)*p->p)))
		p->p++;
	if (p->p == start)
		return fail(p, "key expected, %s found", found(p, buf));
	s->key = strndup(start, (size_t)(p->p - start));
	if (!s->key)
		return fail(p, "out of memory");
	skip(p, false);
	if (peek(p) != '=')
		return fail(p, "'=' expected after '%s', %s found", s->key, found(p, buf));
	p->p++;
	skip(p, false);
	return 0;
}

static int parse_setting(struct parser *p, struct cfg_setting *s)
{
	char buf[24];

	s->line = s->value.line = p->line;
	if (parse_key(p, s))
		return -EINVAL;
	if (peek(p) == '[' ? parse_list(p, s) : parse_atom(p, &s->value))
		return -EINVAL;
	skip(p, false);
	if (peek(p) == ';')
		p->p++;
	else if (peek(p) != '\n' && peek(p) >= 0)
		return fail(p, "end of line expected after '%s', %s found", s->key, found(p, buf));
	return 0;
}

static struct cfg_setting *add_setting(struct cfg *cfg, const char *file)
{
	struct cfg_setting *s = realloc(cfg->setting, (cfg->count + 1) * sizeof(*s));
	if (!s)
		return NULL;
	cfg->setting = s;
	s += cfg->count++;
	*s = (struct cfg_setting){.file = file};
	return s;
}

int cfg_parse(struct cfg *cfg, const char *file, const char *text, size_t len)
{
	struct parser p = {.cfg = cfg, .file = file, .p = text, .end = text + len, .line = 1};
	cfg->file = file;
	for (;;) {
		skip(&p, true);
		if (peek(&p) == ';')
			p.p++;
		else if (peek(&p) < 0)
			return 0;
		else {
			struct cfg_setting *s = add_setting(cfg, file);
			if (!s)
				return fail(&p, "out of memory");
			if (parse_setting(&p, s))
				return -EINVAL;
		}
	}
}

static bool is_number(const char *text)
{
	char *rest;
	errno = 0;
	strtoll(text, &rest, 0);
	return *text && !isspace((unsigned char)*text) && !*rest && !errno;
}

int cfg_parse_arg(struct cfg *cfg, const char *arg)
{
	struct parser p = {.cfg = cfg, .file = "command line", .p = arg, .end = arg + strlen(arg)};
	struct cfg_setting *s = add_setting(cfg, p.file);
	if (!s)
		return fail(&p, "out of memory");
	if (!strchr(arg, '='))
		return fail(&p, "key=value expected, '%s' found", arg);
	if (parse_key(&p, s))
		return -EINVAL;
	int c = peek(&p);
	if (c == '[' || c == '"' || c == '\'') {
		if (c == '[' ? parse_list(&p, s) : parse_string(&p, &s->value))
			return -EINVAL;
		skip(&p, false);
		return p.p == p.end ? 0 : fail(&p, "text after the value of '%s'", s->key);
	}
	s->value.kind = is_number(p.p) ? CFG_NUMBER : CFG_STRING;
	s->value.text = strdup(p.p);
	return s->value.text ? 0 : fail(&p, "out of memory");
}

const struct cfg_setting *cfg_find(const struct cfg *cfg, const char *key)
{
	const struct cfg_setting *found = NULL;

	for (unsigned i = 0; i < cfg->count; i++) {
		if (strcmp(cfg->setting[i].key, key) == 0)
			found = &cfg->setting[i];
	}
	return found;
}

void cfg_free(struct cfg *cfg)
{
	for (unsigned i = 0; i < cfg->count; i++) {
		struct cfg_setting *s = &cfg->setting[i];
		for (unsigned n = 0; n < s->items; n++)
			free(s->item[n].text);
		free(s->item);
		free(s->value.text);
		free(s->key);
	}
	free(cfg->setting);
	cfg->setting = NULL;
	cfg->count = 0;
}
