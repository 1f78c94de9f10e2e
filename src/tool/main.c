/* SPDX-License-Identifier: MIT */
/* The program: the command line, or, under its other names, a domain's process or epixend. */
#include "base/log.h"
#include "daemon/daemon.h"
#include "domain/domain.h"
#include "tool/verbs.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "0.1"

/* With a standard descriptor closed, files we open would take its number. */
static void fill_standard_descriptors(void)
{
	int fd;
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[0], "epixen-domain") == 0)
		return domain_main(atoi(argv[2]));
	if (argc >= 3 && strcmp(argv[0], "epixend") == 0)
		return daemon_main(argc, argv);
	fill_standard_descriptors();
	log_init("epixen", LOG_WARN);
	if (argc < 2) {
		cmd_help(1, argv);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("epixen " VERSION);
		return EXIT_SUCCESS;
	}
	if (is_help(argv[1]))
		return cmd_help(1, argv);
	const struct verb *v = verb_find(argv[1]);
	if (!v) {
		log_error("no verb '%s': `epixen help` lists them", argv[1]);
		return EXIT_USAGE;
	}
	if (argc > 2 && is_help(argv[2]))
		return cmd_help(2, argv);
	return v->run(argc - 1, argv + 1);
}
