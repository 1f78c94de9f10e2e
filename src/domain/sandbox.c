/* SPDX-License-Identifier: MIT */
/*
 * The filter is one table of what is allowed; seccomp(2), namespaces(7). What is not in it traps,
 * so that a line in the log can name it, and the handler's own last call is one that the filter
 * answers by killing the process: whoever overwrites the handler still makes no forbidden call.
 */
#define _GNU_SOURCE
#include "domain/sandbox.h"

#include "base/log.h"
#include "base/types.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- namespaces, capabilities, limits --- */

#define DESCRIPTORS_MAX 8192

/* Sanitizers read files of /proc and start threads of their own, whenever they like. */
#ifdef SANITIZED
enum { sanitized = true };
#else
enum { sanitized = false };
#endif

static int note(const char *what)
{
	log_debug("sandbox: %s: %s; going on without", what, strerror(errno));
	return -1;
}

/* An empty, read-only root directory takes the place of the host's file system. */
static int empty_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
		mount("none", "/tmp", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NOEXEC, "size=4k") < 0 ||
		chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0)
		return note("empty root directory");
	return 0;
}

static void enter_namespaces(void)
{
	if (sanitized)
		return;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWNS) < 0)
		note("namespaces");
	else
		empty_root();
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) < 0)
		note("capabilities");
}

static void limit(int resource, rlim_t value)
{
	struct rlimit r;
	if (getrlimit((__rlimit_resource_t)resource, &r) < 0)
		return;
	if (r.rlim_max < value)
		value = r.rlim_max;
	r = (struct rlimit){value, value};
	if (setrlimit((__rlimit_resource_t)resource, &r) < 0)
		note("resource limit");
}

unsigned sandbox_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_max > DESCRIPTORS_MAX)
		return DESCRIPTORS_MAX;
	return (unsigned)r.rlim_max;
}

void sandbox_isolate(void)
{
	enter_namespaces();
	drop_capabilities();
	if (!getenv(SANDBOX_KEEP_CORE))
		limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
	mallopt(M_ARENA_MAX, 1); /* to shrink any other, glibc asks a file of /proc */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* --- system calls --- */

struct rule {
	int number;
	unsigned conditions;
	struct scmp_arg_cmp condition[2];
};

#define ALLOW(name)                                                                                \
	{                                                                                          \
		SCMP_SYS(name), 0,                                                                 \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define ALLOW_IF(name, ...)                                                                        \
	{                                                                                          \
		SCMP_SYS(name), 1,                                                                 \
		{                                                                                  \
			{                                                                          \
				__VA_ARGS__                                                        \
			}                                                                          \
		}                                                                                  \
	}
#define MASKED(n, mask, want)                                                                      \
	.arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (mask), .datum_b = (want)
#define EQUAL(n, want) .arg = (n), .op = SCMP_CMP_EQ, .datum_a = (want)

static const struct rule allowed[] = {
	/* guest code: the clock where the vDSO cannot tell it, sleeping, waking */
	ALLOW(clock_gettime),
	ALLOW(gettimeofday),
	ALLOW(futex),
	ALLOW(restart_syscall),
	ALLOW(rt_sigreturn),
	/* the I/O thread: clients, console, save files, kernel and ramdisk at a restart */
	ALLOW(accept4),
	ALLOW(close),
	ALLOW(lseek),
	ALLOW(poll),
	ALLOW(pread64),
	ALLOW(read),
	ALLOW(recvfrom),
	ALLOW(recvmsg),
	ALLOW(sendmsg),
	ALLOW(sendto),
	ALLOW(write),
	ALLOW(fstat),
	/* how the C library spells fstat; the path of a file can be asked about, not opened */
	ALLOW_IF(newfstatat, EQUAL(3, AT_EMPTY_PATH)),
	/* disks */
	ALLOW(fdatasync),
	ALLOW(preadv),
	ALLOW(preadv2),
	ALLOW(pwritev),
	/* pages for other domains, in files of their own */
	ALLOW(memfd_create),
	ALLOW_IF(fcntl, EQUAL(1, F_ADD_SEALS)),
	ALLOW_IF(fcntl, EQUAL(1, F_GET_SEALS)),
	/* memory, never executable; pages of guest RAM given back */
	ALLOW(brk),
	ALLOW(fallocate),
	ALLOW(ftruncate),
	ALLOW(madvise),
	ALLOW_IF(mmap, MASKED(2, PROT_EXEC, 0)),
	ALLOW_IF(mprotect, MASKED(2, PROT_EXEC, 0)),
	ALLOW(mremap),
	ALLOW(munmap),
	/* the C library: arenas and their keys; the end of threads and of the process */
	ALLOW(getpid),
	ALLOW(getrandom),
	ALLOW(gettid),
	ALLOW(rt_sigprocmask),
	ALLOW(sched_getaffinity),
	ALLOW(sched_yield),
	ALLOW(exit),
	ALLOW(exit_group),
};

/* Leak checks, reports with symbols, background threads. Nothing can be executed, nothing created
 * but reports. */
static const struct rule allowed_sanitized[] = {
	ALLOW(access),
	ALLOW(arch_prctl),
	ALLOW(clock_nanosleep),
	ALLOW(clone),
	ALLOW(clone3),
	ALLOW(dup),
	ALLOW(fcntl),
	ALLOW(getdents),
	ALLOW(getdents64),
	ALLOW(getppid),
	ALLOW(getrlimit),
	ALLOW(ioctl),
	ALLOW(mincore),
	ALLOW(nanosleep),
	ALLOW(newfstatat),
	ALLOW_IF(openat, MASKED(2, O_ACCMODE | O_CREAT, O_RDONLY)),
	ALLOW_IF(open, MASKED(1, O_ACCMODE | O_CREAT, O_RDONLY)),
	ALLOW_IF(open, MASKED(1, O_TRUNC, O_TRUNC)), /* the report's file */
	ALLOW(pipe2),
	ALLOW(prctl),
	ALLOW(prlimit64),
	ALLOW(process_vm_readv),
	ALLOW(ptrace),
	ALLOW(readlink),
	ALLOW(rseq),
	ALLOW(rt_sigaction),
	ALLOW(set_robust_list),
	ALLOW(sigaltstack),
	ALLOW(stat),
	ALLOW(tgkill),
	ALLOW(wait4),
	ALLOW(writev),
};

/* Removed from Linux long ago, so nothing else makes it: the handler's way to die. */
#define CALL_TO_DIE SCMP_SYS(uselib)

/* Those an attacker would try; others are told by number. */
#define NAMED(name)                                                                                \
	{                                                                                          \
		SCMP_SYS(name), #name                                                              \
	}
static const struct {
	int number;
	const char *name;
} names[] = {NAMED(open), NAMED(openat), NAMED(openat2), NAMED(creat), NAMED(unlink),
	NAMED(unlinkat), NAMED(rename), NAMED(mkdir), NAMED(mount), NAMED(readlink), NAMED(stat),
	NAMED(socket), NAMED(connect), NAMED(bind), NAMED(execve), NAMED(execveat), NAMED(fork),
	NAMED(vfork), NAMED(clone), NAMED(clone3), NAMED(ptrace), NAMED(process_vm_readv),
	NAMED(process_vm_writev), NAMED(kill), NAMED(tgkill), NAMED(unshare), NAMED(setns),
	NAMED(ioctl), NAMED(prctl), NAMED(mmap), NAMED(mprotect), NAMED(memfd_create), NAMED(bpf),
	NAMED(keyctl), NAMED(writev), NAMED(sendmsg), NAMED(fcntl), NAMED(rt_sigaction)};

static const char *call_name(int number)
{
	for (unsigned i = 0; i < countof(names); i++) {
		if (names[i].number == number)
			return names[i].name;
	}
	return "system call";
}

static void forbidden(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	log_error("sandbox: forbidden system call: %s (%d), called from %p: the process is killed",
		call_name(info->si_syscall), info->si_syscall, info->si_call_addr);
	syscall(CALL_TO_DIE, NULL);
	_exit(128 + SIGSYS);
}

static int add_rules(scmp_filter_ctx ctx, const struct rule *rule, unsigned count)
{
	int err = 0;
	for (unsigned i = 0; i < count && !err; i++)
		err = seccomp_rule_add_array(
			ctx, SCMP_ACT_ALLOW, rule[i].number, rule[i].conditions, rule[i].condition);
	return err;
}

static int load_filter(scmp_filter_ctx ctx, const int *more, unsigned count)
{
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = add_rules(ctx, allowed, countof(allowed));
	for (unsigned i = 0; i < count && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, more[i], 0);
	if (!err && sanitized)
		err = add_rules(ctx, allowed_sanitized, countof(allowed_sanitized));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, CALL_TO_DIE, 0);
	return err ? err : seccomp_load(ctx);
}

int sandbox_seal_with(const int *more, unsigned count)
{
	struct sigaction trap = {.sa_sigaction = forbidden, .sa_flags = SA_SIGINFO};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	if (!ctx)
		return -ENOMEM;
	sigaction(SIGSYS, &trap, NULL);
	int err = load_filter(ctx, more, count);
	seccomp_release(ctx);
	return err;
}

int sandbox_seal(void)
{
	return sandbox_seal_with(NULL, 0);
}
