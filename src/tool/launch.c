/* SPDX-License-Identifier: MIT */
/*
 * The child becomes epixen-domain by executing our own image anew: nothing of the CLI's memory
 * goes along, only the descriptors that handover_make lists.
 */
#define _GNU_SOURCE
#include "tool/launch.h"

#include "base/log.h"
#include "domain/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void become_domain(const struct domain_config *c, int config, int log)
{
	char number[16], name[sizeof(c->name)];
	char arg0[] = "epixen-domain";
	char *argv[] = {arg0, name, number, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	snprintf(name, sizeof(name), "%s", c->name);
	snprintf(number, sizeof(number), "%d", config);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* Waits for the verdict of the new process. Returns 0 or -EINVAL with a line logged. */
static int await_ready(int ready, pid_t pid, const char *what)
{
	char text[LOAD_ERROR_SIZE] = "";
	size_t n = 0;
	ssize_t got;
	while (n < sizeof(text) - 1 && (got = read(ready, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	if (strcmp(text, "ok") == 0)
		return 0;
	int status = 0;
	waitpid(pid, &status, 0);
	if (n)
		log_error("%s", text);
	else
		log_error("%s: the domain's process died while it was being built (%s %d)", what,
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return -EINVAL;
}

/* Forks with everything open; closes what only the child needs. */
static int start_process(struct domain_config *c, struct domain_fds *fds, int log)
{
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	fds->ready = ready[1];
	int config = handover_make(c, fds);
	pid_t pid = config < 0 ? -1 : fork();
	if (pid == 0)
		become_domain(c, config, log);
	int err = pid < 0 ? -errno : 0;
	close(ready[1]);
	if (err)
		log_error("cannot start the domain's process: %s", strerror(-err));
	else
		err = await_ready(ready[0], pid, c->name);
	close(ready[0]);
	if (config >= 0)
		close(config);
	return err;
}

static void close_all(const struct registry_slot *slot, int registry, int log)
{
	const int all[] = {slot->directory, slot->lock, slot->control, registry, log};
	for (unsigned i = 0; i < countof(all); i++) {
		if (all[i] >= 0)
			close(all[i]);
	}
}

int launch_domain(struct registry *r, struct domain_config *c, struct domain_fds *fds)
{
	struct registry_slot slot;
	int err = registry_add(r, c->name, &slot);
	registry_unlock(r);
	if (err)
		return err;
	c->id = slot.id;
	fds->control = slot.control;
	fds->directory = slot.directory;
	fds->lock = slot.lock;
	fds->registry = dup(r->dir);
	int log = registry_open_log(r, c->name);
	if (log < 0)
		log_error("%s/log: %s", r->path, strerror(-log));
	err = log < 0 ? log : start_process(c, fds, log);
	if (err) {
		registry_remove(r, slot.id);
		registry_remove_log(r, c->name);
	}
	close_all(&slot, fds->registry, log);
	return err;
}
