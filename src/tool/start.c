/* SPDX-License-Identifier: MIT */
/* A domain always starts paused, so that no output is lost before the console is attached. */
#include "tool/start.h"

#include "base/log.h"
#include "tool/attach.h"
#include "tool/control.h"
#include "tool/disk.h"
#include "tool/epixend.h"
#include "tool/launch.h"
#include "tool/vif.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int start_parse(int argc, char **argv, struct start_options *o)
{
	static const struct option options[] = {{"console", no_argument, NULL, 'c'},
		{"paused", no_argument, NULL, 'p'}, {"quiet", no_argument, NULL, 'q'}, {0}};
	for (int c; (c = getopt_long(argc, argv, "cpq", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			o->console = true;
			break;
		case 'p':
			o->paused = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		default:
			return -1;
		}
	}
	return optind;
}

int start_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int err = errno;
	log_error("%s: %s", path, strerror(err));
	return -err;
}

static int go_on(struct registry *r, const struct domain_config *c, const struct start_options *o)
{
	if (o->console)
		return attach_console(r, c->id, !o->paused);
	if (o->paused)
		return EXIT_SUCCESS;
	int fd = control_connect(r, c->id, "unpause", -1);
	int err = fd < 0 ? fd : control_answer(fd, NULL, NULL, 0);
	if (fd >= 0)
		close(fd);
	if (err)
		log_error("%s: cannot start it: %s", c->name, strerror(-err));
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A PV guest cannot do without xenstore. */
static void give_up(struct registry *r, const struct domain_config *c, const char *why)
{
	int fd = control_connect(r, c->id, "destroy", -1);
	if (fd >= 0) {
		control_answer(fd, NULL, NULL, 0);
		close(fd);
	}
	log_error("%s: %s", c->name, why);
}

int start_domain(struct domain_config *c, struct domain_fds *fds, const struct start_options *o)
{
	const int files[] = {fds->kernel, fds->ramdisk, fds->state};
	struct registry r;
	char why[EPIXEND_WHY];
	int status = EXIT_FAILURE;
	bool opened = registry_open(&r) == 0;
	int err = opened ? registry_check_name(&r, c->name) : -EIO;
	if (!err)
		err = disks_open(c, fds);
	bool disks = !err;
	if (!err)
		err = vifs_open(c, fds);
	bool vifs = !err;
	if (!err)
		err = launch_domain(&r, c, fds);
	if (vifs)
		vifs_close(c, fds);
	if (disks)
		disks_close(c, fds);
	for (unsigned i = 0; i < countof(files); i++) {
		if (files[i] >= 0)
			close(files[i]);
	}
	if (!err) {
		err = epixend_introduce(&r, c->id, why);
		if (err && !c->pv)
			log_warn("warning: %s goes on without xenstore: %s", c->name, why);
		if (err && c->pv)
			give_up(&r, c, why);
		else
			status = go_on(&r, c, o);
	}
	if (opened)
		registry_close(&r);
	return status;
}
