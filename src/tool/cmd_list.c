/* SPDX-License-Identifier: MIT */
/* list: the table that xl prints, each row asked from the domain itself. */
#define _GNU_SOURCE
#include "base/log.h"
#include "tool/control.h"
#include "tool/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A domain that does not answer within this is shown with state '?'. */
#define ANSWER_SECONDS 3

static int ask_info(struct registry *r, uint64_t id, struct text *info)
{
	struct timeval t = {.tv_sec = ANSWER_SECONDS};
	int fd = control_connect(r, id, "info", -1);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	int err = control_answer(fd, info, NULL, 0);
	close(fd);
	return err;
}

/* The value of a "key value" line, or a dash. */
static const char *value(const struct text *info, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);
	snprintf(buf, size, "-");
	for (const char *p = info->len ? info->data : NULL; p && *p;) {
		const char *end = strchrnul(p, '\n');
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			snprintf(buf, size, "%.*s", (int)(end - p - (long)len - 1), p + len + 1);
		p = *end ? end + 1 : NULL;
	}
	return buf;
}

static void print_row(const struct registry_entry *e, const struct text *info, bool answered)
{
	char mem[24], vcpus[24], state[24], time[24];
	value(info, "state", state, sizeof(state));
	printf("%-40s %5llu %5s %5s     %s  %8s\n", e->name, (unsigned long long)e->id,
		value(info, "memory", mem, sizeof(mem)), value(info, "up", vcpus, sizeof(vcpus)),
		answered ? state : "?-----", value(info, "time", time, sizeof(time)));
}

static bool selected(const struct registry_entry *e, int argc, char **argv)
{
	char id[24];
	snprintf(id, sizeof(id), "%llu", (unsigned long long)e->id);
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], e->name) == 0 || strcmp(argv[i], id) == 0)
			return true;
	}
	return argc == 0;
}

static int list(struct registry *r, bool all, int argc, char **argv)
{
	struct registry_entry *e, found;
	for (int i = 0; i < argc; i++) {
		if (registry_find(r, argv[i], &found))
			return EXIT_FAILURE;
	}
	unsigned n = registry_list(r, &e);
	registry_unlock(r);
	if (!all)
		printf("Name                                        ID   Mem "
		       "VCPUs\tState\tTime(s)\n");
	for (unsigned i = 0; i < n; i++) {
		struct text info = {0};
		if (!selected(&e[i], argc, argv))
			continue;
		bool answered = ask_info(r, e[i].id, &info) == 0;
		if (all)
			printf("%s%s", info.len ? info.data : "", i + 1 < n ? "\n" : "");
		else
			print_row(&e[i], &info, answered);
		text_free(&info);
	}
	free(e);
	return EXIT_SUCCESS;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {{"long", no_argument, NULL, 'l'}, {0}};
	struct registry r;
	bool all = false;
	for (int c; (c = getopt_long(argc, argv, "l", options, NULL)) != -1;) {
		if (c != 'l')
			return verb_usage(argv[0]);
		all = true;
	}
	if (registry_open(&r))
		return EXIT_FAILURE;
	int status = list(&r, all, argc - optind, argv + optind);
	registry_close(&r);
	return status;
}
