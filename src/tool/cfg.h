/* SPDX-License-Identifier: MIT */
/*
 * The grammar of xl.cfg files, without meaning: "key = value" lines, where a value is a quoted
 * string, a number or a list of those in brackets. '#' starts a comment; ';' ends a setting too.
 */
#ifndef TOOL_CFG_H
#define TOOL_CFG_H

#include "base/types.h"

enum cfg_kind { CFG_STRING, CFG_NUMBER, CFG_LIST };

struct cfg_value {
	enum cfg_kind kind;
	unsigned line;
	char *text; /* string or number as written, without quotes */
};

struct cfg_setting {
	char *key;
	const char *file; /* as given to cfg_parse: not copied */
	unsigned line;	  /* 0 on the command line */
	struct cfg_value value;
	struct cfg_value *item; /* list members */
	unsigned items;
};

struct cfg {
	const char *file; /* that was read: not copied */
	struct cfg_setting *setting;
	unsigned count;
	char error[512]; /* "file:line: what is wrong" */
};

/* Adds the settings of text (len bytes, need not be terminated). Returns 0, or -EINVAL with error
 * set. file stays in use until cfg_free. */
int cfg_parse(struct cfg *cfg, const char *file, const char *text, size_t len);
/* Adds a "key=value" argument. What is not quoted, a list or a number is taken as a string. */
int cfg_parse_arg(struct cfg *cfg, const char *arg);
void cfg_free(struct cfg *cfg);

/* The setting of a key that counts, which is the last; NULL: there is none. */
const struct cfg_setting *cfg_find(const struct cfg *cfg, const char *key);

/* Sets error to "file:line: ..." for the setting; returns -EINVAL. */
int cfg_fail(struct cfg *cfg, const struct cfg_setting *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "file:line" of the setting, for messages; of a long path its end. size: 32 or more. */
void cfg_where(char *buf, size_t size, const struct cfg_setting *s);

#endif
