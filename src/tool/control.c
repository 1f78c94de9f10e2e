/* SPDX-License-Identifier: MIT */
/* Requests to domains. Answers are read byte by byte where console data may follow. */
#define _GNU_SOURCE
#include "tool/control.h"

#include "base/log.h"
#include "tool/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int send_line(int fd, const char *line, int pass)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov[2] = {
		{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	if (pass >= 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &pass, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int control_connect_at(int dir, const char *name, const char *line, int pass)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	if (!err && line)
		err = send_line(fd, line, pass);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

int control_connect(struct registry *r, uint64_t id, const char *line, int pass)
{
	char name[24];
	snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
	int dir = openat(r->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	int fd = control_connect_at(dir, "control", line, pass);
	close(dir);
	return fd;
}

/* Reads one line without its end. Returns false when the connection ends first. */
static bool read_line(int fd, struct text *line)
{
	char c;
	line->len = 0;
	for (;;) {
		ssize_t n = read(fd, &c, 1);
		if (n <= 0)
			return false;
		if (c == '\n')
			return true;
		text_add(line, &c, 1);
	}
}

int control_answer(int fd, struct text *out, char *verdict, size_t size)
{
	struct text line = {0};
	int err = -EPIPE;

	while (err == -EPIPE && read_line(fd, &line)) {
		const char *p = line.len ? line.data : "";
		if (*p == '=' && out) {
			text_add(out, p + 1, line.len - 1);
			text_add(out, "\n", 1);
		} else if (strncmp(p, "ok", 2) == 0 || strncmp(p, "error ", 6) == 0) {
			err = *p == 'o' ? 0 : -EPROTO;
			p += *p == 'o' ? 2 : 6;
			if (verdict)
				snprintf(verdict, size, "%s", p + (*p == ' '));
		}
	}
	text_free(&line);
	return err;
}

int control_begin(const char *domain, const char *line, int pass)
{
	struct registry r;
	struct registry_entry e;

	int err = registry_open(&r);
	if (err)
		return err;
	err = registry_find(&r, domain, &e);
	registry_unlock(&r);
	int fd = err ? err : control_connect(&r, e.id, line, pass);
	registry_close(&r);
	if (!err && fd < 0)
		log_error("%s: cannot talk to the domain: %s", domain, strerror(-fd));
	return fd;
}

int control_end(const char *domain, int fd, struct text *out)
{
	char verdict[300] = "";

	int err = control_answer(fd, out, verdict, sizeof(verdict));
	close(fd);
	if (err == -EPROTO)
		log_error("%s: %s", domain, verdict);
	else if (err)
		log_error("%s: cannot talk to the domain: %s", domain, strerror(-err));
	return err;
}

int control_request(const char *domain, const char *line, int pass, struct text *out)
{
	int fd = control_begin(domain, line, pass);

	return fd < 0 ? fd : control_end(domain, fd, out);
}

int control_verb(int argc, char **argv, const char *command)
{
	if (argc != 2)
		return verb_usage(argv[0]);
	return control_request(argv[1], command, -1, NULL) ? EXIT_FAILURE : EXIT_SUCCESS;
}
