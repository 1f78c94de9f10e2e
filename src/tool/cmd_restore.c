/* SPDX-License-Identifier: MIT */
/*
 * restore: a save file, to a running domain. Kernel and ramdisk are opened again under their old
 * paths, for on_reboot="restart"; where that fails the domain ends at a reboot instead.
 */
#include "base/log.h"
#include "tool/start.h"
#include "tool/verbs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void end_instead(enum domain_action *a)
{
	if (*a == ACTION_RESTART)
		*a = ACTION_DESTROY;
}

int cmd_restore(int argc, char **argv)
{
	struct start_options options = {0};
	struct domain_config config;
	char error[LOAD_ERROR_SIZE];

	int first = start_parse(argc, argv, &options);
	if (first < 0 || argc - first != 1)
		return verb_usage(argv[0]);
	struct domain_fds fds = {.kernel = -1, .ramdisk = -1};
	fds.state = start_open(argv[first]);
	if (fds.state < 0)
		return EXIT_FAILURE;
	if (state_read_config(fds.state, &config, error)) {
		log_error("%s: %s", argv[first], error);
		close(fds.state);
		return EXIT_FAILURE;
	}
	fds.kernel = open(config.kernel, O_RDONLY | O_CLOEXEC);
	if (config.ramdisk[0])
		fds.ramdisk = open(config.ramdisk, O_RDONLY | O_CLOEXEC);
	if (fds.kernel < 0 || (config.ramdisk[0] && fds.ramdisk < 0)) {
		log_warn("warning: %s or %s cannot be opened: the domain cannot be restarted",
			config.kernel, config.ramdisk);
		end_instead(&config.on_poweroff);
		end_instead(&config.on_reboot);
		end_instead(&config.on_crash);
	}
	return start_domain(&config, &fds, &options);
}
