/* SPDX-License-Identifier: MIT */
/*
 * Any bytes on the control socket, from both sides. A domain must answer a line with '=' lines and
 * then one that is "ok" or "error", or drop the client; who asks must take any answer. The first
 * byte chooses the side and how many bytes come at a time.
 */
#define _GNU_SOURCE
#include "domain.h"

#include "domain/client.h"
#include "tool/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct client *c)
{
	const char *p = c->out.data, *end = p + c->out.len;
	while (p < end && *p == '=') {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p++)
			abort();
	}
	bool verdict = end - p >= 3 && (!memcmp(p, "ok", 2) || !memcmp(p, "err", 3));
	if (!verdict || memchr(p, '\n', (size_t)(end - p)) != end - 1)
		abort();
}

static void forget(struct domain *d)
{
	d->clients->gone = true;
	client_reap(d);
	domain_unpause(d);
	d->end = END_NOT_YET;
	d->event = EVENT_NONE;
	d->stops = 0;
	d->stopping = false;
}

static void ask(struct domain *d, int peer, int fd, const uint8_t *data, size_t size, size_t step)
{
	struct client *c = calloc(1, sizeof(*c));
	c->fd = fd;
	c->passed = -1;
	d->clients = c;
	while (size && !c->gone && c->kind == CLIENT_COMMAND) {
		size_t n = size < step ? size : step;
		if (send(peer, data, n, 0) != (ssize_t)n)
			exit(1);
		client_handle(d, c, POLLIN);
		data += n, size -= n;
	}
	if (c->kind == CLIENT_DONE)
		check_answer(c);
	client_handle(d, c, POLLOUT);
	forget(d);
}

static void answer(int peer, int fd, const uint8_t *data, size_t size)
{
	struct text out = {0};
	char verdict[20] = "";
	if (size > 60000 || send(peer, data, size, 0) != (ssize_t)size)
		size = 0;
	shutdown(peer, SHUT_WR);
	if (control_answer(fd, &out, verdict, sizeof(verdict)) == 0 && !size)
		abort();
	if (strnlen(verdict, sizeof(verdict)) == sizeof(verdict))
		abort();
	text_free(&out);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct domain *d;
	int pair[2];
	char error[LOAD_ERROR_SIZE];
	if (!d) {
		static const uint8_t loop[16] = {0x11, [12] = 0x00, [15] = 0x40};
		d = fuzz_domain(2);
		fuzz_kernel_code(d, loop, sizeof(loop));
		if (domain_boot(d, error))
			exit(1);
	}
	if (!size || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		return 0;
	if (data[0] & 1)
		answer(pair[0], pair[1], data + 1, size - 1);
	else
		ask(d, pair[0], pair[1], data + 1, size - 1, 1 + (data[0] >> 1) * 4);
	close(pair[0]);
	return 0;
}
