/* SPDX-License-Identifier: MIT */
/* create: configuration file and command line, to a running domain. */
#include "base/log.h"
#include "tool/settings.h"
#include "tool/start.h"
#include "tool/verbs.h"

#include <errno.h>
#include <fcntl.h>
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

/* The file that a key names. Returns its descriptor or -errno, logged. */
static int open_named(const struct cfg *cfg, const char *key, const char *path)
{
	char where[CONFIG_WHERE_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int err = errno;
	cfg_where(where, sizeof(where), cfg_find(cfg, key));
	log_error("%s: %s %s: %s", where, key, path, strerror(err));
	return -err;
}

static int open_files(
	const struct cfg *cfg, const struct domain_config *config, struct domain_fds *fds)
{
	*fds = (struct domain_fds){.ramdisk = -1, .state = -1};
	fds->kernel = open_named(cfg, "kernel", config->kernel);
	if (fds->kernel < 0)
		return fds->kernel;
	if (config->ramdisk[0])
		fds->ramdisk = open_named(cfg, "ramdisk", config->ramdisk);
	if (config->ramdisk[0] && fds->ramdisk < 0) {
		close(fds->kernel);
		return fds->ramdisk;
	}
	return 0;
}

int cmd_create(int argc, char **argv)
{
	struct start_options options = {0};
	struct domain_config config;
	struct domain_fds fds;
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
	if (!err)
		err = open_files(&cfg, &config, &fds);
	cfg_free(&cfg);
	free(text);
	return err ? EXIT_FAILURE : start_domain(&config, &fds, &options);
}
