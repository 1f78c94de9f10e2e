/* SPDX-License-Identifier: MIT */
/*
 * The Linux/ia64 system calls that static programs make: number in r15, arguments in the output
 * registers, result in r8 with r10 = -1 for an error. Files are the host's; file descriptors are
 * passed through.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

#define BRK_LIMIT (1ull << 30)
#define MMAP_BASE 0x2000000000000000ull
#define PID	  4242

/* mmap and futex arguments (asm-generic) */
#define MAP_FIXED_FLAG	   0x10
#define MAP_ANONYMOUS_FLAG 0x20
#define FUTEX_COMMAND	   0x7f
#define FUTEX_WAKE	   1

typedef int64_t syscall_fn(struct process *p, const uint64_t a[6]);

static int64_t result(int64_t r)
{
	return r < 0 ? -errno : r;
}

static int64_t copy_out(struct process *p, gva_t va, const void *data, size_t len)
{
	void *to = space_ptr(p, va, len, USER_WRITE);
	if (!to)
		return -EFAULT;
	memcpy(to, data, len);
	return 0;
}

/* --- processes --- */

static int64_t sys_exit(struct process *p, const uint64_t a[6])
{
	p->done = true;
	p->status = a[0] & 0xff;
	return 0;
}

static int64_t sys_getpid(struct process *p, const uint64_t a[6])
{
	(void)p, (void)a;
	return PID;
}

static int64_t sys_getuid(struct process *p, const uint64_t a[6])
{
	(void)p, (void)a;
	return 1000;
}

/* What has no consequence for a single thread without signals. */
static int64_t sys_ignore(struct process *p, const uint64_t a[6])
{
	(void)p, (void)a;
	return 0;
}

static int64_t sys_refuse(struct process *p, const uint64_t a[6])
{
	(void)p, (void)a;
	return -ENOSYS;
}

static int64_t signal_self(struct process *p, int64_t pid, uint64_t sig)
{
	if (pid != PID && pid != 0)
		return -ESRCH;
	if (sig == 0)
		return 0;
	fprintf(stderr, "epixen-user: %s: %s\n", p->path, strsignal((int)(sig & 63)));
	p->done = true;
	p->status = 128 + (int)(sig & 63);
	return 0;
}

static int64_t sys_kill(struct process *p, const uint64_t a[6])
{
	return signal_self(p, (int32_t)a[0], a[1]);
}

static int64_t sys_tgkill(struct process *p, const uint64_t a[6])
{
	return signal_self(p, (int32_t)a[1], a[2]);
}

/* No handler is ever called; the old one reads as the default. */
static int64_t sys_rt_sigaction(struct process *p, const uint64_t a[6])
{
	static const uint8_t none[24];
	return a[2] ? copy_out(p, a[2], none, sizeof(none)) : 0;
}

static int64_t sys_rt_sigprocmask(struct process *p, const uint64_t a[6])
{
	static const uint64_t none;
	return a[2] ? copy_out(p, a[2], &none, sizeof(none)) : 0;
}

static int64_t sys_futex(struct process *p, const uint64_t a[6])
{
	(void)p;
	return (a[1] & FUTEX_COMMAND) == FUTEX_WAKE ? 0 : -EAGAIN;
}

static int64_t sys_getrlimit(struct process *p, const uint64_t a[6])
{
	static const struct rlimit limit = {64 << 20, 64 << 20};
	return copy_out(p, a[1], &limit, sizeof(limit));
}

static int64_t sys_prlimit64(struct process *p, const uint64_t a[6])
{
	static const struct rlimit limit = {64 << 20, 64 << 20};
	return a[3] ? copy_out(p, a[3], &limit, sizeof(limit)) : 0;
}

static int64_t sys_getrusage(struct process *p, const uint64_t a[6])
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return copy_out(p, a[1], &usage, sizeof(usage));
}

static int64_t sys_uname(struct process *p, const uint64_t a[6])
{
	static const struct utsname name = {
		"Linux", "epixen-user", "6.1.0", "#1", "ia64", "(none)"};
	return copy_out(p, a[0], &name, sizeof(name));
}

/* The same numbers in every run. */
static int64_t sys_getrandom(struct process *p, const uint64_t a[6])
{
	uint8_t *to = space_ptr(p, a[0], a[1], USER_WRITE);
	if (!to)
		return -EFAULT;
	for (uint64_t n = 0; n < a[1]; n++) {
		p->random_state = p->random_state * 6364136223846793005 + 1442695040888963407;
		to[n] = (uint8_t)(p->random_state >> 56);
	}
	return (int64_t)a[1];
}

/* --- time --- */

static int64_t sys_clock_gettime(struct process *p, const uint64_t a[6])
{
	struct timespec t;
	if (clock_gettime((clockid_t)a[0], &t) != 0)
		return -errno;
	return copy_out(p, a[1], &t, sizeof(t));
}

static int64_t sys_gettimeofday(struct process *p, const uint64_t a[6])
{
	struct timeval t;
	gettimeofday(&t, NULL);
	return a[0] ? copy_out(p, a[0], &t, sizeof(t)) : 0;
}

static int64_t sys_times(struct process *p, const uint64_t a[6])
{
	struct tms t;
	int64_t ticks = times(&t);
	int64_t err = a[0] ? copy_out(p, a[0], &t, sizeof(t)) : 0;
	return err ? err : ticks;
}

static int64_t sys_nanosleep(struct process *p, const uint64_t a[6])
{
	const struct timespec *t = space_ptr(p, a[0], sizeof(*t), USER_READ);
	return t ? result(nanosleep(t, NULL)) : -EFAULT;
}

static int64_t sys_clock_nanosleep(struct process *p, const uint64_t a[6])
{
	const struct timespec *t = space_ptr(p, a[2], sizeof(*t), USER_READ);
	return t ? -clock_nanosleep((clockid_t)a[0], (int)a[1], t, NULL) : -EFAULT;
}

/* --- memory --- */

static int64_t sys_brk(struct process *p, const uint64_t a[6])
{
	if (a[0] < p->brk_start || a[0] > p->brk_start + BRK_LIMIT)
		return (int64_t)p->brk;
	gva_t first_free = (a[0] + USER_PAGE - 1) & -USER_PAGE;
	if (a[0] < p->brk && first_free < p->brk)
		space_zero(p, first_free, ((p->brk + USER_PAGE - 1) & -USER_PAGE) - first_free);
	p->brk = a[0];
	return (int64_t)p->brk;
}

static int64_t read_into(struct process *p, gva_t va, uint64_t len, int fd, off_t offset)
{
	void *to = space_ptr(p, va, len, USER_WRITE);
	return to ? result(pread(fd, to, len, offset)) : -EFAULT;
}

static int64_t sys_mmap(struct process *p, const uint64_t a[6])
{
	uint64_t len = (a[1] + USER_PAGE - 1) & -USER_PAGE;
	unsigned prot = a[2] & 7;
	gva_t va = a[0];
	if (len == 0 || len < a[1])
		return -EINVAL;
	if (!(a[3] & MAP_FIXED_FLAG))
		va = space_find_free(p, MMAP_BASE, len);
	else if (va % USER_PAGE)
		return -EINVAL;
	bool file = !(a[3] & MAP_ANONYMOUS_FLAG);
	int64_t err = space_map(p, va, len, file ? prot | USER_READ | USER_WRITE : prot);
	if (!err && file && (err = read_into(p, va, a[1], (int)a[4], (off_t)a[5])) >= 0)
		err = space_protect(p, va, len, prot);
	return err < 0 ? err : (int64_t)va;
}

static int64_t sys_munmap(struct process *p, const uint64_t a[6])
{
	if (a[0] % USER_PAGE || a[1] == 0)
		return -EINVAL;
	return space_unmap(p, a[0], (a[1] + USER_PAGE - 1) & -USER_PAGE);
}

static int64_t sys_mprotect(struct process *p, const uint64_t a[6])
{
	if (a[0] % USER_PAGE)
		return -EINVAL;
	uint64_t len = (a[1] + USER_PAGE - 1) & -USER_PAGE;
	return len ? space_protect(p, a[0], len, a[2] & 7) : 0;
}

/* malloc then copies by itself. */
static int64_t sys_mremap(struct process *p, const uint64_t a[6])
{
	(void)p, (void)a;
	return -ENOMEM;
}

/* --- files --- */

static int64_t sys_read(struct process *p, const uint64_t a[6])
{
	uint64_t len = a[2];
	void *to = space_ptr_some(p, a[1], &len, USER_WRITE);
	return to ? result(read((int)a[0], to, len)) : len ? -EFAULT : 0;
}

static int64_t sys_write(struct process *p, const uint64_t a[6])
{
	uint64_t len = a[2];
	const void *from = space_ptr_some(p, a[1], &len, USER_READ);
	return from ? result(write((int)a[0], from, len)) : len ? -EFAULT : 0;
}

struct guest_iovec {
	gva_t base;
	uint64_t len;
};

/* readv and writev: one after the other, stopping at the first short one. */
static int64_t vectored(struct process *p, const uint64_t a[6], syscall_fn *one)
{
	const struct guest_iovec *v = space_ptr(p, a[1], a[2] * sizeof(*v), USER_READ);
	int64_t total = 0;
	if (!v || a[2] > 1024)
		return v ? -EINVAL : -EFAULT;
	for (uint64_t n = 0; n < a[2]; n++) {
		int64_t done = one(p, (const uint64_t[6]){a[0], v[n].base, v[n].len});
		if (done < 0)
			return total ? total : done;
		total += done;
		if ((uint64_t)done < v[n].len)
			break;
	}
	return total;
}

static int64_t sys_readv(struct process *p, const uint64_t a[6])
{
	return vectored(p, a, sys_read);
}

static int64_t sys_writev(struct process *p, const uint64_t a[6])
{
	return vectored(p, a, sys_write);
}

static int64_t sys_openat(struct process *p, const uint64_t a[6])
{
	const char *path = space_string(p, a[1]);
	return path ? result(openat((int)a[0], path, (int)a[2], (mode_t)a[3])) : -EFAULT;
}

static int64_t sys_open(struct process *p, const uint64_t a[6])
{
	return sys_openat(p, (const uint64_t[6]){(uint64_t)AT_FDCWD, a[0], a[1], a[2]});
}

static int64_t sys_close(struct process *p, const uint64_t a[6])
{
	(void)p;
	return a[0] > 2 ? result(close((int)a[0])) : 0;
}

static int64_t sys_dup(struct process *p, const uint64_t a[6])
{
	(void)p;
	return result(dup((int)a[0]));
}

static int64_t sys_dup3(struct process *p, const uint64_t a[6])
{
	(void)p;
	return result(a[0] == a[1] ? fcntl((int)a[0], F_GETFD) : dup2((int)a[0], (int)a[1]));
}

static int64_t sys_lseek(struct process *p, const uint64_t a[6])
{
	(void)p;
	return result(lseek((int)a[0], (off_t)a[1], (int)a[2]));
}

static int64_t sys_unlink(struct process *p, const uint64_t a[6])
{
	const char *path = space_string(p, a[0]);
	return path ? result(unlink(path)) : -EFAULT;
}

static int64_t sys_access(struct process *p, const uint64_t a[6])
{
	const char *path = space_string(p, a[0]);
	return path ? result(access(path, (int)a[1])) : -EFAULT;
}

static int64_t sys_ioctl(struct process *p, const uint64_t a[6])
{
	(void)p, (void)a;
	return -ENOTTY;
}

static int64_t sys_fcntl(struct process *p, const uint64_t a[6])
{
	(void)p;
	if (a[1] != F_GETFD && a[1] != F_SETFD && a[1] != F_GETFL)
		return -EINVAL;
	return result(fcntl((int)a[0], (int)a[1], a[2]));
}

static int64_t sys_readlink(struct process *p, const uint64_t a[6])
{
	const char *path = space_string(p, a[0]);
	char *to = space_ptr(p, a[1], a[2], USER_WRITE);
	if (!path || !to)
		return -EFAULT;
	if (strcmp(path, "/proc/self/exe") != 0)
		return result(readlink(path, to, a[2]));
	char *exe = realpath(p->path, NULL); /* absolute: glibc insists */
	if (!exe)
		return -errno;
	size_t len = strlen(exe);
	len = len < a[2] ? len : a[2];
	memcpy(to, exe, len);
	free(exe);
	return (int64_t)len;
}

/* struct stat as the ia64 kernel has it. */
struct guest_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev, size, atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns, blksize, blocks;
	uint64_t unused[3];
};

static int64_t put_stat(struct process *p, gva_t va, int err, const struct stat *s)
{
	if (err)
		return -errno;
	struct guest_stat g = {.dev = s->st_dev,
		.ino = s->st_ino,
		.nlink = s->st_nlink,
		.mode = s->st_mode,
		.uid = s->st_uid,
		.gid = s->st_gid,
		.rdev = s->st_rdev,
		.size = (uint64_t)s->st_size,
		.atime = (uint64_t)s->st_atim.tv_sec,
		.atime_ns = (uint64_t)s->st_atim.tv_nsec,
		.mtime = (uint64_t)s->st_mtim.tv_sec,
		.mtime_ns = (uint64_t)s->st_mtim.tv_nsec,
		.ctime = (uint64_t)s->st_ctim.tv_sec,
		.ctime_ns = (uint64_t)s->st_ctim.tv_nsec,
		.blksize = (uint64_t)s->st_blksize,
		.blocks = (uint64_t)s->st_blocks};
	return copy_out(p, va, &g, sizeof(g));
}

static int64_t sys_newfstatat(struct process *p, const uint64_t a[6])
{
	struct stat s;
	const char *path = space_string(p, a[1]);
	if (!path)
		return -EFAULT;
	return put_stat(p, a[2], fstatat((int)a[0], path, &s, (int)a[3]), &s);
}

static int64_t sys_stat(struct process *p, const uint64_t a[6])
{
	return sys_newfstatat(p, (const uint64_t[6]){(uint64_t)AT_FDCWD, a[0], a[1], 0});
}

static int64_t sys_fstat(struct process *p, const uint64_t a[6])
{
	struct stat s;
	return put_stat(p, a[1], fstat((int)a[0], &s), &s);
}

/* --- the table --- */

static const struct {
	unsigned number;
	syscall_fn *fn;
} calls[] = {
	{1025, sys_exit}, {1026, sys_read}, {1027, sys_write}, {1028, sys_open}, {1029, sys_close},
	{1032, sys_unlink}, {1040, sys_lseek}, {1041, sys_getpid},
	{1046, sys_getuid}, /* getuid, geteuid, getgid, getegid */
	{1047, sys_getuid}, {1049, sys_access}, {1053, sys_kill}, {1057, sys_dup},
	{1059, sys_times}, {1060, sys_brk}, {1062, sys_getuid}, {1063, sys_getuid},
	{1065, sys_ioctl}, {1066, sys_fcntl}, {1070, sys_dup3}, {1085, sys_getrlimit},
	{1086, sys_getrusage}, {1087, sys_gettimeofday}, {1092, sys_readlink},
	{1105, sys_getpid}, /* gettid */
	{1130, sys_uname}, {1146, sys_readv}, {1147, sys_writev}, {1151, sys_mmap},
	{1152, sys_munmap}, {1155, sys_mprotect}, {1156, sys_mremap},
	{1164, sys_ignore}, /* sched_yield */
	{1168, sys_nanosleep}, {1177, sys_rt_sigaction}, {1179, sys_rt_sigprocmask},
	{1209, sys_ignore},		       /* madvise */
	{1210, sys_stat}, {1211, sys_stat},    /* lstat */
	{1212, sys_fstat}, {1229, sys_kill},   /* tkill */
	{1230, sys_futex}, {1233, sys_getpid}, /* set_tid_address */
	{1235, sys_tgkill}, {1236, sys_exit},  /* exit_group */
	{1254, sys_clock_gettime}, {1256, sys_clock_nanosleep}, {1281, sys_openat},
	{1286, sys_newfstatat}, {1298, sys_ignore}, /* set_robust_list */
	{1316, sys_dup3}, {1325, sys_prlimit64}, {1339, sys_getrandom},
	{1350, sys_refuse}, /* statx: there is newfstatat */
	{1357, sys_refuse}, /* rseq */
};

static syscall_fn *find_call(uint64_t number)
{
	for (unsigned n = 0; n < countof(calls); n++)
		if (calls[n].number == number)
			return calls[n].fn;
	fprintf(stderr, "epixen-user: unknown system call %llu\n", (unsigned long long)number);
	return sys_refuse;
}

void process_syscall(struct process *p)
{
	struct cpu *cpu = p->cpu;
	uint64_t a[6] = {0};
	for (unsigned n = 0; n < 6 && cpu->sol + n < cpu->sof; n++)
		a[n] = gr_value(cpu, 32 + cpu->sol + n);
	int64_t r = find_call(gr_value(cpu, 15))(p, a);
	bool error = r < 0 && r > -4096;
	gr_set(cpu, 8, (uint64_t)(error ? -r : r), 0);
	gr_set(cpu, 10, error ? ~0ull : 0, 0);
}
