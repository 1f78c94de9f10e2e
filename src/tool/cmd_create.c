/* SPDX-License-Identifier: MIT */
/* create: configuration file and command line, to a running domain. */
#include "base/log.h"
#include "tool/settings.h"
#include "tool/start.h"
#include "tool/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A configuration is short; anything longer was named by mistake. */
#define CONFIG_FILE_MAX (1 << 20)

/* Reads the whole file into *text. Returns its length or -errno, logged. */
static ssize_t read_config(const char *path, char **text)
{
	struct stat st;
	int fd = start_open(path);
	if (fd < 0)
		return fd;
	ssize_t n = -1;
	*text = malloc(CONFIG_FILE_MAX);
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (*text)
		n = read(fd, *text, CONFIG_FILE_MAX);
	int err = n < 0 ? -errno : n == CONFIG_FILE_MAX ? -EFBIG : 0;
	close(fd);
	if (err)
		log_error("%s: %s", path, strerror(-err));
	return err ? err : n;
}

static int configure(struct cfg *cfg, int argc, char **argv, const char *text, size_t len,
	struct domain_config *config)
{
	int err = cfg_parse(cfg, argv[0], text, len);
	for (int i = 1; i < argc && !err; i++)
		err = cfg_parse_arg(cfg, argv[i]);
	if (!err)
		err = settings_apply(cfg, config);
	if (err)
		log_error("%s", cfg->error);
	return err;
}

static int start(struct domain_config *config, const struct start_options *o)
{
	struct domain_fds fds = {.ramdisk = -1, .state = -1};
	fds.kernel = start_open(config->kernel);
	if (fds.kernel < 0)
		return EXIT_FAILURE;
	if (config->ramdisk[0]) {
		fds.ramdisk = start_open(config->ramdisk);
		if (fds.ramdisk < 0) {
			close(fds.kernel);
			return EXIT_FAILURE;
		}
	}
	return start_domain(config, &fds, o);
}

int cmd_create(int argc, char **argv)
{
	struct start_options options = {0};
	struct domain_config config;
	struct cfg cfg = {0};
	char *text = NULL;

	int first = start_parse(argc, argv, &options);
	if (first < 0 || first == argc)
		return verb_usage(argv[0]);
	if (options.quiet)
		log_init("epixen", LOG_ERROR);
	ssize_t len = read_config(argv[first], &text);
	int err = len < 0 ? (int)len
			  : configure(&cfg, argc - first, argv + first, text, (size_t)len, &config);
	cfg_free(&cfg);
	free(text);
	return err ? EXIT_FAILURE : start(&config, &options);
}
