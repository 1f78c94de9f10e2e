/* SPDX-License-Identifier: MIT */
/* The CLI's verbs: one function in one file each, and one row in verbs.c. */
#ifndef TOOL_VERBS_H
#define TOOL_VERBS_H

/* Exit status of a wrong command line; failures give EXIT_FAILURE. */
#define EXIT_USAGE 2

/* argv[0] is the verb. The result is the exit status. */
typedef int verb_fn(int argc, char **argv);

struct verb {
	const char *name;
	verb_fn *run;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line */
	const char *text;      /* options, for help VERB; may be empty */
	const char *example;   /* a command line that works */
};

extern const struct verb verbs[];
extern const unsigned verb_count;

const struct verb *verb_find(const char *name);
/* Prints the verb's usage line to standard error; returns EXIT_USAGE. */
int verb_usage(const char *name);

verb_fn cmd_console, cmd_create, cmd_destroy, cmd_dump_state, cmd_env, cmd_help, cmd_list,
	cmd_mem_set, cmd_pause, cmd_reboot, cmd_restore, cmd_save, cmd_shutdown, cmd_stat,
	cmd_sysrq, cmd_unpause, cmd_vcpu_set;

#endif
