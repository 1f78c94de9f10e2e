/* SPDX-License-Identifier: MIT */
/* A confined process: what a domain needs still works, anything else kills it with a line in the
 * log. Each case is a child of its own. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef void body_fn(void);

/* In the child a failed check ends it with a status of its own. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, __LINE__, #condition);     \
			_exit(77);                                                                 \
		}                                                                                  \
	} while (0)

/* Runs the body in a child, its log in text; returns the wait status. */
static int in_child(body_fn *body, char *text, size_t size)
{
	int log[2], status = -1;
	assert_int_equal(pipe(log), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(log[1], STDERR_FILENO);
		body();
		_exit(0);
	}
	close(log[1]);
	size_t n = 0;
	for (ssize_t got; (got = read(log[0], text + n, size - 1 - n)) > 0;)
		n += (size_t)got;
	text[n] = 0;
	close(log[0]);
	waitpid(pid, &status, 0);
	return status;
}

static void seal(void)
{
	sandbox_isolate();
	CHECK(sandbox_seal() == 0);
}

/* --- what is forbidden --- */

static void create_file(void)
{
	seal();
	syscall(SYS_openat, AT_FDCWD, "/tmp/epixen-sandbox", O_WRONLY | O_CREAT, 0600);
}

static void remove_file(void)
{
	seal();
	syscall(SYS_unlinkat, AT_FDCWD, "/tmp/epixen-sandbox", 0);
}

static void make_socket(void)
{
	seal();
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void execute(void)
{
	char *argv[] = {NULL};
	seal();
	syscall(SYS_execve, "/bin/true", argv, argv);
}

static void map_executable(void)
{
	seal();
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	seal();
	syscall(SYS_mprotect, p, 4096, PROT_READ | PROT_EXEC);
}

static void kill_another(void)
{
	pid_t parent = getppid();
	seal();
	syscall(SYS_kill, parent, 0);
}

static void enter_namespace(void)
{
	seal();
	syscall(SYS_unshare, CLONE_FILES);
}

/* A thread that has begun to run made the calls that only starting needs. */
struct helper {
	pthread_t thread;
	pthread_mutex_t lock; /* held until it may go on */
	sem_t begun;
};

static void start(struct helper *h, void *(*fn)(void *))
{
	pthread_mutex_init(&h->lock, NULL);
	sem_init(&h->begun, 0, 0);
	pthread_mutex_lock(&h->lock);
	CHECK(pthread_create(&h->thread, NULL, fn, h) == 0);
	sem_wait(&h->begun);
}

static void wait_to_go_on(struct helper *h)
{
	sem_post(&h->begun);
	pthread_mutex_lock(&h->lock);
	pthread_mutex_unlock(&h->lock);
}

static void *connecting_thread(void *arg)
{
	wait_to_go_on(arg);
	syscall(SYS_connect, -1, NULL, 0);
	return NULL;
}

/* The filter holds for threads that were there before. */
static void thread_connects(void)
{
	struct helper h;
	sandbox_isolate();
	start(&h, connecting_thread);
	CHECK(sandbox_seal() == 0);
	pthread_mutex_unlock(&h.lock);
	pthread_join(h.thread, NULL);
}

static void forbidden_calls_kill_with_a_line(void **state)
{
	static const struct {
		body_fn *body;
		const char *name;
	} cases[] = {
		{create_file, "openat"},
		{remove_file, "unlinkat"},
		{make_socket, "socket"},
		{execute, "execve"},
		{map_executable, "mmap"},
		{make_executable, "mprotect"},
		{kill_another, "kill"},
		{enter_namespace, "unshare"},
		{thread_connects, "connect"},
	};
	char log[1024], want[100];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = in_child(cases[i].body, log, sizeof(log));
		snprintf(want, sizeof(want), "sandbox: forbidden system call: %s (", cases[i].name);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS || !strstr(log, want))
			fail_msg("%s: status 0x%x, log: %s", cases[i].name, status, log);
		assert_int_equal(access("/tmp/epixen-sandbox", F_OK), -1);
	}
}

/* --- what is needed --- */

static void use_memory(void)
{
	char *p = malloc(100), *q = malloc(64 << 20);
	CHECK(p && q);
	memset(q, 1, 64 << 20);
	p = realloc(p, 32 << 20);
	CHECK(p);
	free(p);
	free(q);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED && madvise(p, 4096, MADV_DONTNEED) == 0 && munmap(p, 4096) == 0);
}

static void use_file(int fd)
{
	struct stat st;
	char c = 'x';
	CHECK(ftruncate(fd, 8192) == 0 && fstat(fd, &st) == 0 && st.st_size == 8192);
	CHECK(write(fd, &c, 1) == 1 && pread(fd, &c, 1, 0) == 1 && c == 'x');
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0);
	CHECK(lseek(fd, 0, SEEK_DATA) <= 0 || errno == ENXIO);
}

static void use_socket(const int pair[2])
{
	char control[CMSG_SPACE(sizeof(int))], c = 'y';
	struct iovec iov = {&c, 1};
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 24};
	struct pollfd p = {.fd = pair[1], .events = POLLIN};
	CHECK(send(pair[0], &c, 1, MSG_NOSIGNAL) == 1 && poll(&p, 1, 1000) == 1);
	CHECK(recvmsg(pair[1], &m, MSG_CMSG_CLOEXEC) == 1);
	CHECK(send(pair[0], &c, 1, MSG_NOSIGNAL) == 1 && recv(pair[1], &c, 1, 0) == 1);
	CHECK(accept4(pair[0], NULL, NULL, SOCK_CLOEXEC) == -1 && errno == EINVAL);
}

static void *sleeping_thread(void *arg)
{
	struct timespec t;
	wait_to_go_on(arg);
	free(malloc(1000));
	CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) == 0);
	return NULL;
}

/* Threads that were there may wait, work and end. */
static void work(void)
{
	struct helper h;
	int pair[2], fd = memfd_create("test", 0);
	CHECK(fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	sandbox_isolate();
	start(&h, sleeping_thread);
	CHECK(sandbox_seal() == 0);
	use_memory();
	use_file(fd);
	use_socket(pair);
	pthread_mutex_unlock(&h.lock);
	CHECK(pthread_join(h.thread, NULL) == 0);
	CHECK(close(fd) == 0);
}

static void what_a_domain_needs_works(void **state)
{
	char log[1024];
	(void)state;
	int status = in_child(work, log, sizeof(log));
	if (status)
		fail_msg("status 0x%x, log: %s", status, log);
}

/* --- isolation --- */

static void look_around(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct have[2];
	struct rlimit r;
	sandbox_isolate();
	CHECK(syscall(SYS_capget, &head, have) == 0);
	CHECK(!have[0].effective && !have[1].effective && !have[0].permitted && !have[1].permitted);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max <= 8192);
}

static void no_privilege_is_left(void **state)
{
	char log[1024];
	(void)state;
	int status = in_child(look_around, log, sizeof(log));
	if (status)
		fail_msg("status 0x%x, log: %s", status, log);
}

static void keep_core(void)
{
	struct rlimit before, after;
	CHECK(getrlimit(RLIMIT_CORE, &before) == 0);
	setenv(SANDBOX_KEEP_CORE, "1", 1);
	sandbox_isolate();
	CHECK(getrlimit(RLIMIT_CORE, &after) == 0 && after.rlim_max == before.rlim_max);
}

static void core_dumps_stay_when_asked_for(void **state)
{
	char log[1024];
	(void)state;
	assert_int_equal(in_child(keep_core, log, sizeof(log)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_calls_kill_with_a_line),
		cmocka_unit_test(what_a_domain_needs_works),
		cmocka_unit_test(no_privilege_is_left),
		cmocka_unit_test(core_dumps_stay_when_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
