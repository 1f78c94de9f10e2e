/* SPDX-License-Identifier: MIT */
/*
 * epixen-net [tcp|udp:[ADDRESS:]PORT:PORT]...: the user-mode network of one interface. Ethernet
 * frames come and go on descriptor 3, one for each message; libslirp makes connections of the host
 * of them. Descriptor 4 is told "ok", or why not. It ends with the other end of descriptor 3.
 *
 * The guest is 10.0.2.15 (DHCP), its gateway, which is also the host, 10.0.2.2, the name server
 * 10.0.2.3; in IPv6 fec0::/64 likewise.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/types.h"

enum { FRAMES = 3, READY = 4 };

/* Frames that are taken in before connections get their turn. */
#define TURN	  128
#define FRAME_MAX 65550

struct timer {
	struct timer *next;
	SlirpTimerCb cb;
	void *ctx;
	int64_t due; /* ms; -1: not set */
};

struct network {
	Slirp *slirp;
	struct timer *timers;
	struct pollfd *set;
	unsigned count, room;
	bool end;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- what libslirp calls --- */

/* A guest that takes nothing loses frames, as on a wire. */
static ssize_t send_packet(const void *data, size_t n, void *ctx)
{
	(void)ctx;
	(void)!send(FRAMES, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return (ssize_t)n;
}

static void guest_error(const char *text, void *ctx)
{
	(void)text, (void)ctx;
}

static int64_t clock_ns(void *ctx)
{
	(void)ctx;
	return now_ns();
}

static void *timer_new(SlirpTimerCb cb, void *cb_ctx, void *ctx)
{
	struct network *n = ctx;
	struct timer *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	*t = (struct timer){n->timers, cb, cb_ctx, -1};
	n->timers = t;
	return t;
}

static void timer_free(void *timer, void *ctx)
{
	struct network *n = ctx;

	for (struct timer **t = &n->timers; *t; t = &(*t)->next) {
		if (*t == timer) {
			*t = (*t)->next;
			free(timer);
			return;
		}
	}
}

static void timer_mod(void *timer, int64_t due, void *ctx)
{
	(void)ctx;
	((struct timer *)timer)->due = due;
}

static void no_fd(int fd, void *ctx)
{
	(void)fd, (void)ctx;
}

static void no_notify(void *ctx)
{
	(void)ctx;
}

static const SlirpCb callbacks = {.send_packet = send_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_ns,
	.timer_new = timer_new,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = no_fd,
	.unregister_poll_fd = no_fd,
	.notify = no_notify};

/* --- polling --- */

static int add_poll(int fd, int events, void *ctx)
{
	struct network *n = ctx;
	short wanted = (short)((events & SLIRP_POLL_IN ? POLLIN : 0) |
			       (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
			       (events & SLIRP_POLL_PRI ? POLLPRI : 0));

	if (n->count == n->room) {
		n->room = n->room ? 2 * n->room : 64;
		n->set = realloc(n->set, n->room * sizeof(*n->set));
		if (!n->set)
			abort();
	}
	n->set[n->count] = (struct pollfd){.fd = fd, .events = wanted};
	return (int)n->count++;
}

static int get_revents(int index, void *ctx)
{
	const struct network *n = ctx;
	short r = n->set[index].revents;

	return (r & POLLIN ? SLIRP_POLL_IN : 0) | (r & POLLOUT ? SLIRP_POLL_OUT : 0) |
	       (r & POLLPRI ? SLIRP_POLL_PRI : 0) | (r & POLLERR ? SLIRP_POLL_ERR : 0) |
	       (r & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static void run_timers(struct network *n)
{
	int64_t ms = now_ns() / 1000000;

	for (struct timer *t = n->timers, *next; t; t = next) {
		next = t->next;
		if (t->due >= 0 && t->due <= ms) {
			t->due = -1;
			t->cb(t->ctx);
		}
	}
}

static int timeout_ms(const struct network *n, uint32_t wanted)
{
	int64_t ms = now_ns() / 1000000, least = wanted > 1000000 ? 1000000 : wanted;

	for (const struct timer *t = n->timers; t; t = t->next) {
		if (t->due >= 0 && t->due - ms < least)
			least = t->due > ms ? t->due - ms : 0;
	}
	return (int)least;
}

static void take_frames(struct network *n)
{
	uint8_t frame[FRAME_MAX];

	for (unsigned k = 0; k < TURN; k++) {
		ssize_t got = recv(FRAMES, frame, sizeof(frame), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			n->end = true;
			return;
		}
		slirp_input(n->slirp, frame, (int)got);
	}
}

static void turn(struct network *n)
{
	uint32_t wait = UINT32_MAX;

	n->count = 0;
	add_poll(FRAMES, SLIRP_POLL_IN, n);
	slirp_pollfds_fill(n->slirp, &wait, add_poll, n);
	int ready = poll(n->set, n->count, timeout_ms(n, wait));
	if (ready < 0 && errno != EINTR)
		abort();
	slirp_pollfds_poll(n->slirp, ready < 0, get_revents, n);
	if (ready > 0 && n->set[0].revents)
		take_frames(n);
	run_timers(n);
}

/* --- the start --- */

static void say(const char *fmt, const char *what)
{
	dprintf(READY, fmt, what);
}

/* tcp:2222:22, udp:127.0.0.1:5353:53 */
static bool forward(struct network *n, const char *spec)
{
	char address[20] = "0.0.0.0", protocol[4];
	unsigned from, to;
	struct in_addr host, guest = {0};
	int end = 0;

	if (sscanf(spec, "%3[a-z]:%u:%u%n", protocol, &from, &to, &end) != 3 || spec[end]) {
		end = 0;
		if (sscanf(spec, "%3[a-z]:%19[0-9.]:%u:%u%n", protocol, address, &from, &to,
			    &end) != 4 ||
			spec[end])
			return false;
	}
	bool udp = strcmp(protocol, "udp") == 0;
	if ((!udp && strcmp(protocol, "tcp")) || from - 1 > 65534 || to - 1 > 65534 ||
		!inet_aton(address, &host))
		return false;
	return slirp_add_hostfwd(n->slirp, udp, host, (int)from, guest, (int)to) == 0;
}

static void start(struct network *n)
{
	SlirpConfig c = {.version = 1, .in_enabled = true, .in6_enabled = true};

	inet_aton("10.0.2.0", &c.vnetwork);
	inet_aton("255.255.255.0", &c.vnetmask);
	inet_aton("10.0.2.2", &c.vhost);
	inet_aton("10.0.2.3", &c.vnameserver);
	inet_aton("10.0.2.15", &c.vdhcp_start);
	inet_pton(AF_INET6, "fec0::", &c.vprefix_addr6);
	c.vprefix_len = 64;
	inet_pton(AF_INET6, "fec0::2", &c.vhost6);
	inet_pton(AF_INET6, "fec0::3", &c.vnameserver6);
	n->slirp = slirp_new(&c, &callbacks, n);
}

/* It has to open sockets, and to read what name servers there are; nothing can be executed, traced
 * or mounted. */
/* A leak check at the end traces its own process, and writes a report. */
#ifdef SANITIZED
enum { sanitized = true };
#else
enum { sanitized = false };
#endif

static int confine(void)
{
	static const int never[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
		SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
		SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(unlink),
		SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
		SCMP_SYS(mkdir), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(chown), SCMP_SYS(kill),
		SCMP_SYS(tgkill), SCMP_SYS(setuid), SCMP_SYS(bpf), SCMP_SYS(userfaultfd),
		SCMP_SYS(keyctl), SCMP_SYS(add_key)};
	struct rlimit none = {0, 0}, files = {1024, 1024};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int err = f ? 0 : -ENOMEM;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	if (!sanitized)
		setrlimit(RLIMIT_FSIZE, &none);
	setrlimit(RLIMIT_NOFILE, &files);
	for (unsigned i = 0; !err && i < countof(never); i++)
		if (!sanitized || never[i] != SCMP_SYS(ptrace))
			err = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, never[i], 0);
	if (!err)
		err = seccomp_load(f);
	seccomp_release(f);
	return err;
}

/* Whether it may begin; else its starter was told why not. */
static bool begin(struct network *n, int argc, char **argv)
{
	start(n);
	if (!n->slirp) {
		say("%s", "libslirp does not start");
		return false;
	}
	for (int i = 1; i < argc; i++) {
		if (forward(n, argv[i]))
			continue;
		say("cannot forward %s: the port is taken, or may not be used", argv[i]);
		return false;
	}
	if (confine()) {
		say("%s", "cannot confine its process (seccomp)");
		return false;
	}
	say("%s", "ok");
	close(READY);
	return true;
}

int main(int argc, char **argv)
{
	struct network n = {0};

	if (fcntl(FRAMES, F_GETFD) < 0 || fcntl(READY, F_GETFD) < 0) {
		fprintf(stderr, "epixen-net is started by `epixen create`\n");
		return 2;
	}
	bool begun = begin(&n, argc, argv);
	while (begun && !n.end)
		turn(&n);
	if (n.slirp)
		slirp_cleanup(n.slirp);
	free(n.set);
	return begun ? 0 : 1;
}
