/* SPDX-License-Identifier: MIT */
/* save: the file gets its name only when it is complete, so that a failure leaves nothing. */
#include "base/log.h"
#include "tool/control.h"
#include "tool/guest.h"
#include "tool/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The request. A restored domain's nodes in xenstore are new: what mem-set and vcpu-set have
 * written goes along. */
static int make_request(const char *domain, bool keep, char *out, size_t size)
{
	uint64_t target = 0, online = 0;
	int pv = guest_is_pv(domain);

	if (pv > 0) /* can be done without, if there is no epixend */
		guest_wishes(domain, &target, &online);
	snprintf(out, size, "save%s %llu %llu", keep ? " keep" : "", (unsigned long long)target,
		(unsigned long long)online);
	return pv < 0 ? pv : 0;
}

static int save(const char *domain, const char *file, bool keep)
{
	char partial[4096], command[80];
	struct stat st;
	if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
		log_error("%s: %s", file, strerror(EISDIR));
		return EXIT_FAILURE;
	}
	if (make_request(domain, keep, command, sizeof(command)))
		return EXIT_FAILURE;
	if ((size_t)snprintf(partial, sizeof(partial), "%s.partial", file) >= sizeof(partial)) {
		log_error("%s: %s", file, strerror(ENAMETOOLONG));
		return EXIT_FAILURE;
	}
	int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		log_error("%s: %s", file, strerror(errno));
		return EXIT_FAILURE;
	}
	int err = control_request(domain, command, fd, NULL);
	close(fd);
	if (!err && rename(partial, file) == 0)
		return EXIT_SUCCESS;
	if (!err)
		log_error("%s: %s; the domain is in %s", file, strerror(errno), partial);
	else
		unlink(partial);
	return EXIT_FAILURE;
}

int cmd_save(int argc, char **argv)
{
	static const struct option options[] = {{"checkpoint", no_argument, NULL, 'c'}, {0}};
	bool keep = false;
	for (int c; (c = getopt_long(argc, argv, "c", options, NULL)) != -1;) {
		if (c != 'c')
			return verb_usage(argv[0]);
		keep = true;
	}
	if (argc - optind != 2)
		return verb_usage(argv[0]);
	return save(argv[optind], argv[optind + 1], keep);
}
