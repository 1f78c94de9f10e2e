/* SPDX-License-Identifier: MIT */
/*
 * epixen-nbd, the helper that serves one disk of a domain from an image in some format, by way of
 * qemu-nbd, or from a server of NBD. It is started by `epixen create` as
 *
 *	epixen-nbd FORMAT r|w TARGET
 *
 * with the descriptors below, says "ok SIZE GRANULE" or what is wrong on the pipe, and is confined
 * from then on. back/block_nbd.h has what it does.
 */
#define _GNU_SOURCE
#include "helper/nbd.h"

#include <libnbd.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "back/block_nbd.h"
#include "base/text.h"
#include "domain/sandbox.h"

struct helper {
	struct nbd_handle *nbd;
	uint8_t *shared;
	pid_t qemu;   /* or 0 */
	int messages; /* what it writes as errors */
	struct request {
		struct helper *h;
		uint32_t slot;
		bool busy;
	} request[NBD_SLOTS];
	bool end;
};

/* --- its beginning --- */

/* The last line that qemu-nbd wrote, or what libnbd says. */
static const char *reason(struct helper *h, char *text, size_t size)
{
	ssize_t n = pread(h->messages, text, size - 1, 0);

	text[n > 0 ? n : 0] = 0;
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = 0;
	const char *line = strrchr(text, '\n');
	const char *said = nbd_get_error();
	return *text ? line ? line + 1 : text : said ? said : "it cannot be opened";
}

static bool give_up(struct helper *h)
{
	char text[1000];

	dprintf(HELPER_READY, "%s", reason(h, text, sizeof(text)));
	return false;
}

static const char *driver(const char *format)
{
	return strcmp(format, "vhd") ? format : "vpc";
}

/* Commas are doubled, as option lists of qemu want it; the name is nothing else than a file's. */
static void image_options(struct text *t, const char *format, const char *target)
{
	text_printf(t, "driver=%s,file.driver=file,file.filename=", driver(format));
	for (; *target; target++)
		text_printf(t, *target == ',' ? ",," : "%c", *target);
}

static void become_qemu(int listening, const char *format, bool readonly, const char *target)
{
	struct text options = {0};
	char pid[16];

	image_options(&options, format, target);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	/* as sd_listen_fds(3) has it: the first descriptor behind the standard ones */
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	dup2(listening, STDERR_FILENO + 1);
	execlp("qemu-nbd", "qemu-nbd", "--cache=writeback",
		readonly ? "--read-only" : "--discard=unmap", "--image-opts", options.data, NULL);
	dprintf(STDERR_FILENO, "qemu-nbd: %s", strerror(errno));
	_exit(127);
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* It gets a listening socket, in a directory that only we may enter, and serves one client. */
static int start_qemu(struct helper *h, const char *format, bool readonly, const char *target)
{
	char directory[] = "/tmp/epixen-nbd-XXXXXX", path[sizeof(directory) + 8];

	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", directory);
	int err = -1, listening = listen_at(path);
	h->qemu = listening < 0 ? -1 : fork();
	if (h->qemu == 0)
		become_qemu(listening, format, readonly, target);
	if (listening >= 0)
		close(listening);
	if (h->qemu > 0)
		err = nbd_connect_unix(h->nbd, path);
	unlink(path);
	rmdir(directory);
	return err;
}

/* A child that is executed writes its errors where we can read them. */
static bool connect_image(struct helper *h, const char *format, bool readonly, const char *target)
{
	h->messages = memfd_create("messages", 0);
	h->nbd = nbd_create();
	if (h->messages < 0 || !h->nbd)
		return give_up(h);
	dup2(h->messages, STDERR_FILENO);
	int err = strcmp(format, "nbd") ? start_qemu(h, format, readonly, target)
					: nbd_connect_uri(h->nbd, target);
	if (err < 0)
		return give_up(h);
	if (!readonly && nbd_is_read_only(h->nbd) != 0) {
		dprintf(HELPER_READY, "cannot be written: say access=r");
		return false;
	}
	return true;
}

static bool report(struct helper *h, bool readonly)
{
	int64_t size = nbd_get_size(h->nbd);
	int64_t granule = nbd_get_block_size(h->nbd, LIBNBD_SIZE_PREFERRED);

	if (size < 0)
		return give_up(h);
	if (readonly || nbd_can_trim(h->nbd) <= 0)
		granule = 0;
	else if (granule < 512)
		granule = 4096;
	dprintf(HELPER_READY, "ok %lld %lld", (long long)size, (long long)granule);
	close(HELPER_READY);
	return true;
}

/* Sockets of libnbd, and the end of its child. */
static int confine(void)
{
	static const int more[] = {
		SYS_shutdown, SYS_wait4, SYS_getsockopt, SYS_sendmsg, SYS_setsockopt, SYS_fcntl};

	sandbox_isolate();
	return sandbox_seal_with(more, countof(more));
}

/* --- requests --- */

static void answer(uint32_t slot, int err)
{
	struct nbd_answer a = {slot, err};

	if (send(HELPER_SOCKET, &a, sizeof(a), MSG_NOSIGNAL) < 0)
		return; /* the domain is gone: recv says so */
}

static int done(void *user, int *error)
{
	struct request *r = user;

	r->busy = false;
	answer(r->slot, *error > 0 ? -*error : 0);
	return 1;
}

static int64_t issue(struct helper *h, const struct nbd_call *c, struct request *r)
{
	uint8_t *bytes = h->shared + c->slot * NBD_SLOT_SIZE;
	nbd_completion_callback then = {.callback = done, .user_data = r};

	switch (c->op) {
	case NBD_READ:
		return nbd_aio_pread(h->nbd, bytes, c->len, c->at, then, 0);
	case NBD_WRITE:
		return nbd_aio_pwrite(h->nbd, bytes, c->len, c->at, then, 0);
	case NBD_FLUSH:
		return nbd_aio_flush(h->nbd, then, 0);
	default:
		return nbd_aio_trim(h->nbd, c->len, c->at, then, 0);
	}
}

static void serve(struct helper *h, const struct nbd_call *c)
{
	struct request *r = &h->request[c->slot];

	if (c->op == NBD_FLUSH && nbd_can_flush(h->nbd) <= 0) {
		answer(c->slot, 0); /* it has no cache */
		return;
	}
	r->busy = true;
	if (issue(h, c, r) >= 0)
		return;
	int err = nbd_get_errno();
	if (r->busy) /* else its completion has told */
		answer(c->slot, err > 0 ? -err : -EIO);
	r->busy = false;
}

static void take_call(struct helper *h)
{
	struct nbd_call c;
	ssize_t n = recv(HELPER_SOCKET, &c, sizeof(c), 0);

	if (n < 0 && errno == EINTR)
		return;
	h->end = n != sizeof(c) || c.op >= NBD_CLOSE || c.slot >= NBD_SLOTS ||
		 c.len > (c.op == NBD_DISCARD ? UINT64_MAX : NBD_SLOT_SIZE) ||
		 h->request[c.slot].busy;
	if (!h->end)
		serve(h, &c);
}

static short nbd_events(struct helper *h)
{
	unsigned d = nbd_aio_get_direction(h->nbd);

	return (short)((d & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
		       (d & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0));
}

/* With the server gone, requests fail, one after the other. */
static void loop(struct helper *h)
{
	while (!h->end) {
		bool gone = nbd_aio_is_dead(h->nbd) || nbd_aio_is_closed(h->nbd);
		struct pollfd p[2] = {{.fd = HELPER_SOCKET, .events = POLLIN},
			{.fd = gone ? -1 : nbd_aio_get_fd(h->nbd), .events = 0}};
		if (!gone)
			p[1].events = nbd_events(h);
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents & (POLLIN | POLLHUP | POLLERR))
			nbd_aio_notify_read(h->nbd);
		else if (p[1].revents & POLLOUT)
			nbd_aio_notify_write(h->nbd);
		if (p[0].revents)
			take_call(h);
	}
}

static int live(struct helper *h, const char *format, bool readonly, const char *target)
{
	void *p = mmap(NULL, NBD_SHARED, PROT_READ | PROT_WRITE, MAP_SHARED, HELPER_MEMORY, 0);

	if (p == MAP_FAILED || !connect_image(h, format, readonly, target))
		return 1;
	h->shared = p;
	if (confine()) {
		dprintf(HELPER_READY, "its helper cannot be confined");
		return 1;
	}
	if (!report(h, readonly))
		return 1;
	loop(h);
	if (!nbd_aio_is_dead(h->nbd))
		nbd_shutdown(h->nbd, 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct helper h = {.messages = -1};

	if (argc != 4 || prctl(PR_SET_NAME, "epixen-nbd", 0, 0, 0) < 0) {
		fprintf(stderr, "epixen-nbd is started by `epixen create`\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (int fd = HELPER_SOCKET; fd <= HELPER_READY; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC); /* nothing of ours for qemu-nbd */
	for (uint32_t n = 0; n < NBD_SLOTS; n++)
		h.request[n] = (struct request){.h = &h, .slot = n};
	int status = live(&h, argv[1], strcmp(argv[2], "r") == 0, argv[3]);
	nbd_close(h.nbd);
	if (h.qemu > 0)
		waitpid(h.qemu, NULL, 0); /* then the image is closed */
	return status;
}
