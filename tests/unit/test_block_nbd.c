/* SPDX-License-Identifier: MIT */
/* Images served by a helper: against one that the test plays, well and badly, and against
 * epixen-nbd with qemu-nbd, where both are. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "back/block_nbd.h"
#include "helper/nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (1u << 20)

/* --- a helper of the test's --- */

enum manner {
	RIGHT,
	SWAPPED, /* answers come two at a time, the later one first */
	REFUSES,
	WRONG_SLOT,
	IDLE_SLOT,
	POSITIVE,
	SHORT,
	SILENT /* goes away */
};

struct helper {
	int socket, memory;
	enum manner manner;
	uint8_t *shared, disk[SIZE];
	unsigned flushes, discards;
	bool closed;
	pthread_t thread;
	struct block_image *image;
};

static void answer(struct helper *h, uint32_t slot, int err)
{
	struct nbd_answer a = {slot, err};
	switch (h->manner) {
	case REFUSES:
		a.err = -ENOSPC;
		break;
	case WRONG_SLOT:
		a.slot = NBD_SLOTS + 5;
		break;
	case IDLE_SLOT:
		a.slot = (slot + 1) % NBD_SLOTS;
		break;
	case POSITIVE:
		a.err = 5;
		break;
	default:
		break;
	}
	send(h->socket, &a, h->manner == SHORT ? 4 : sizeof(a), MSG_NOSIGNAL);
}

static void perform(struct helper *h, const struct nbd_call *c)
{
	uint8_t *bytes = h->shared + c->slot * NBD_SLOT_SIZE;
	switch (c->op) {
	case NBD_READ:
		memcpy(bytes, h->disk + c->at, c->len);
		break;
	case NBD_WRITE:
		memcpy(h->disk + c->at, bytes, c->len);
		break;
	case NBD_DISCARD:
		h->discards++;
		memset(h->disk + c->at, 0, c->len);
		break;
	default:
		h->flushes++;
	}
}

static void *play(void *arg)
{
	struct helper *h = arg;
	struct nbd_call c, kept = {0};
	bool keeps = false;
	while (recv(h->socket, &c, sizeof(c), 0) == sizeof(c)) {
		h->closed = c.op == NBD_CLOSE;
		if (h->closed || h->manner == SILENT)
			break;
		perform(h, &c);
		struct pollfd more = {.fd = h->socket, .events = POLLIN};
		if (h->manner == SWAPPED && !keeps && poll(&more, 1, 5) == 1) {
			kept = c;
			keeps = true;
			continue;
		}
		answer(h, c.slot, 0);
		if (keeps)
			answer(h, kept.slot, 0);
		keeps = false;
	}
	close(h->socket);
	return NULL;
}

static int make_memory(void)
{
	int fd = memfd_create("shared", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, NBD_SHARED), 0);
	return fd;
}

static struct helper *helper_new(enum manner manner)
{
	struct helper *h = calloc(1, sizeof(*h));
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	h->manner = manner;
	h->socket = pair[1];
	h->memory = make_memory();
	h->shared = mmap(NULL, NBD_SHARED, PROT_READ | PROT_WRITE, MAP_SHARED, h->memory, 0);
	h->image = block_nbd_new(pair[0], h->memory);
	assert_non_null(h->image);
	pthread_create(&h->thread, NULL, play, h);
	return h;
}

static void helper_free(struct helper *h)
{
	h->image->ops->free(h->image);
	pthread_join(h->thread, NULL);
	munmap(h->shared, NBD_SHARED);
	free(h);
}

static int move(struct block_image *i, bool write, void *p, size_t n, uint64_t at)
{
	struct iovec v[2] = {{p, n / 2}, {(uint8_t *)p + n / 2, n - n / 2}};
	return write ? i->ops->write(i, v, 2, at, n) : i->ops->read(i, v, 2, at, n);
}

static void bytes_come_and_go(void **state)
{
	(void)state;
	struct helper *h = helper_new(RIGHT);
	uint8_t out[5000], in[5000] = {0};
	for (unsigned n = 0; n < sizeof(out); n++)
		out[n] = (uint8_t)(n * 7);
	assert_int_equal(move(h->image, true, out, sizeof(out), 1234), 0);
	assert_memory_equal(h->disk + 1234, out, sizeof(out));
	assert_int_equal(move(h->image, false, in, sizeof(in), 1234), 0);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(h->image->ops->flush(h->image), 0);
	assert_int_equal(h->flushes, 1);
	assert_int_equal(h->image->ops->discard(h->image, 1234, 100), 0);
	assert_int_equal(h->discards, 1);
	assert_int_equal(h->disk[1300], 0);
	assert_int_equal(h->disk[1400], (uint8_t)((1400 - 1234) * 7));
	h->image->ops->free(h->image);
	pthread_join(h->thread, NULL);
	assert_true(h->closed);
	munmap(h->shared, NBD_SHARED);
	free(h);
}

struct mover {
	struct helper *h;
	uint8_t value;
	pthread_t thread;
};

static void *move_much(void *arg)
{
	struct mover *m = arg;
	uint8_t out[4096], in[4096];
	memset(out, m->value, sizeof(out));
	for (unsigned n = 0; n < 300; n++) {
		uint64_t at = m->value * 65536u + n % 16 * 4096;
		if (move(m->h->image, true, out, sizeof(out), at) ||
			move(m->h->image, false, in, sizeof(in), at) || memcmp(in, out, sizeof(in)))
			return m;
	}
	return NULL;
}

static void more_threads_than_slots_do_not_mix(void **state)
{
	static const enum manner manners[] = {RIGHT, SWAPPED};
	(void)state;
	for (unsigned k = 0; k < countof(manners); k++) {
		struct helper *h = helper_new(manners[k]);
		struct mover m[8];
		for (unsigned n = 0; n < 8; n++) {
			m[n] = (struct mover){.h = h, .value = (uint8_t)n};
			pthread_create(&m[n].thread, NULL, move_much, &m[n]);
		}
		void *bad = NULL, *got;
		for (unsigned n = 0; n < 8; n++) {
			pthread_join(m[n].thread, &got);
			bad = got ? got : bad;
		}
		assert_null(bad);
		helper_free(h);
	}
}

static void failures_of_the_image_are_told(void **state)
{
	(void)state;
	struct helper *h = helper_new(REFUSES);
	uint8_t p[512];
	assert_int_equal(move(h->image, true, p, sizeof(p), 0), -ENOSPC);
	assert_int_equal(h->image->ops->flush(h->image), -ENOSPC);
	h->manner = RIGHT;
	assert_int_equal(move(h->image, true, p, sizeof(p), 0), 0);
	helper_free(h);
}

static void a_helper_that_goes_or_makes_no_sense_fails_all(void **state)
{
	static const enum manner bad[] = {WRONG_SLOT, IDLE_SLOT, POSITIVE, SHORT, SILENT};
	(void)state;
	for (unsigned k = 0; k < countof(bad); k++) {
		struct helper *h = helper_new(bad[k]);
		uint8_t p[512] = {0};
		assert_int_equal(move(h->image, false, p, sizeof(p), 0), -EIO);
		assert_int_equal(move(h->image, true, p, sizeof(p), 0), -EIO);
		assert_int_equal(h->image->ops->flush(h->image), -EIO);
		helper_free(h);
	}
}

static void more_than_a_slot_holds_is_refused(void **state)
{
	(void)state;
	struct helper *h = helper_new(RIGHT);
	uint8_t *p = malloc(NBD_SLOT_SIZE + 512);
	assert_int_equal(move(h->image, false, p, NBD_SLOT_SIZE, 0), 0);
	assert_int_equal(move(h->image, false, p, NBD_SLOT_SIZE + 512, 0), -EINVAL);
	assert_int_equal(move(h->image, true, p, NBD_SLOT_SIZE + 512, 0), -EINVAL);
	free(p);
	helper_free(h);
}

/* --- epixen-nbd --- */

struct real {
	char directory[40], image[60];
	pid_t pid;
	struct block_image *nbd;
};

static void program(char path[4096])
{
	ssize_t n = readlink("/proc/self/exe", path, 4000);
	path[n > 0 ? n : 0] = 0;
	for (unsigned i = 0; i < 3 && strrchr(path, '/'); i++)
		*strrchr(path, '/') = 0;
	strcat(path, "/epixen-nbd");
}

static bool there(void)
{
	char path[4096];
	program(path);
	return access(path, X_OK) == 0 && system("qemu-img --version >/dev/null 2>&1") == 0 &&
	       system("qemu-nbd --version >/dev/null 2>&1") == 0;
}

/* Starts the helper; what it says first is put into word. */
static void start(struct real *r, const char *format, const char *access_to, char word[1000])
{
	int pair[2], ready[2], memory = make_memory();
	char path[4096];
	program(path);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	r->pid = fork();
	if (r->pid == 0) {
		int fd[3] = {fcntl(pair[1], F_DUPFD, 20), fcntl(memory, F_DUPFD, 20),
			fcntl(ready[1], F_DUPFD, 20)};
		for (int i = 0; i < 3; i++) {
			dup2(fd[i], HELPER_SOCKET + i);
			close(fd[i]);
		}
		execl(path, "epixen-nbd", format, access_to, r->image, NULL);
		_exit(127);
	}
	close(pair[1]);
	close(ready[1]);
	ssize_t n = 0, got;
	while ((got = read(ready[0], word + n, (size_t)(999 - n))) > 0)
		n += got;
	word[n] = 0;
	close(ready[0]);
	r->nbd = block_nbd_new(pair[0], memory);
	assert_non_null(r->nbd);
}

static void stop(struct real *r)
{
	int status;
	r->nbd->ops->free(r->nbd);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status));
}

static int shell(const char *fmt, ...)
{
	char command[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static void begin(struct real *r, const char *format)
{
	if (!there())
		skip();
	strcpy(r->directory, "/tmp/epixen-nbd-XXXXXX");
	assert_non_null(mkdtemp(r->directory));
	snprintf(r->image, sizeof(r->image), "%s/a,b=c", r->directory);
	assert_int_equal(shell("qemu-img create -q -f %s %s 8M", format, r->image), 0);
}

static void end(struct real *r)
{
	shell("rm -rf %s", r->directory);
}

/* What was written is found by qemu-img. */
static void images_in_formats_are_read_and_written(void **state)
{
	static const char *const formats[][2] = {{"qcow2", "qcow2"}, {"qcow", "qcow"},
		{"qed", "qed"}, {"vpc", "vhd"}, {"vmdk", "vmdk"}, {"vdi", "vdi"}};
	(void)state;
	for (unsigned k = 0; k < countof(formats); k++) {
		struct real r = {0};
		char word[1000], raw[80];
		long long size = 0;
		begin(&r, formats[k][0]);
		start(&r, formats[k][1], "w", word);
		if (sscanf(word, "ok %lld", &size) != 1)
			fail_msg("%s: %s", formats[k][1], word);
		assert_true(size >= 8 << 20 && size < 9 << 20); /* vhd has whole cylinders */
		uint8_t out[4096], in[4096];
		for (unsigned n = 0; n < 64; n++) {
			memset(out, 0x30 + (int)n, sizeof(out));
			assert_int_equal(move(r.nbd, true, out, sizeof(out), n * 100 * 1024), 0);
		}
		assert_int_equal(r.nbd->ops->flush(r.nbd), 0);
		assert_int_equal(move(r.nbd, false, in, sizeof(in), 63 * 100 * 1024), 0);
		assert_memory_equal(in, out, sizeof(in));
		stop(&r);
		snprintf(raw, sizeof(raw), "%s/raw", r.directory);
		assert_int_equal(
			shell("qemu-img convert -f %s -O raw %s %s", formats[k][0], r.image, raw),
			0);
		int fd = open(raw, O_RDONLY);
		assert_int_equal(pread(fd, in, sizeof(in), 17 * 100 * 1024), sizeof(in));
		memset(out, 0x30 + 17, sizeof(out));
		assert_memory_equal(in, out, sizeof(in));
		close(fd);
		end(&r);
	}
}

static void discarded_clusters_are_zeroes(void **state)
{
	(void)state;
	struct real r = {0};
	char word[1000];
	uint8_t p[65536], zero[65536] = {0};
	long long size, granule;
	begin(&r, "qcow2");
	start(&r, "qcow2", "w", word);
	assert_int_equal(sscanf(word, "ok %lld %lld", &size, &granule), 2);
	assert_true(granule >= 512);
	memset(p, 1, sizeof(p));
	assert_int_equal(move(r.nbd, true, p, sizeof(p), 65536), 0);
	assert_int_equal(r.nbd->ops->discard(r.nbd, 65536, 65536), 0);
	assert_int_equal(move(r.nbd, false, p, sizeof(p), 65536), 0);
	assert_memory_equal(p, zero, sizeof(p));
	stop(&r);
	end(&r);
}

static void an_image_is_written_by_one(void **state)
{
	(void)state;
	struct real r = {0}, other;
	char word[1000];
	begin(&r, "qcow2");
	start(&r, "qcow2", "w", word);
	assert_memory_equal(word, "ok ", 3);
	other = r;
	start(&other, "qcow2", "w", word);
	assert_non_null(strstr(word, "using the image"));
	stop(&other);
	stop(&r);
	start(&r, "qcow2", "r", word); /* at once */
	assert_memory_equal(word, "ok ", 3);
	uint8_t p[512] = {0};
	assert_int_not_equal(move(r.nbd, true, p, sizeof(p), 0), 0);
	assert_int_equal(move(r.nbd, false, p, sizeof(p), 0), 0);
	stop(&r);
	end(&r);
}

static void bad_images_are_named(void **state)
{
	(void)state;
	struct real r = {0};
	char word[1000];
	begin(&r, "raw");
	start(&r, "qcow2", "w", word);
	assert_non_null(strstr(word, "Image is not in qcow2 format"));
	stop(&r);
	snprintf(r.image, sizeof(r.image), "nbd://localhost:1/");
	start(&r, "nbd", "w", word);
	assert_non_null(strstr(word, "refused"));
	stop(&r);
	end(&r);
}

static void requests_fail_when_qemu_dies(void **state)
{
	(void)state;
	struct real r = {0};
	char word[1000];
	uint8_t p[512] = {0};
	begin(&r, "qcow2");
	start(&r, "qcow2", "w", word);
	assert_int_equal(move(r.nbd, true, p, sizeof(p), 0), 0);
	assert_int_equal(shell("kill -9 $(ps -o pid= --ppid %d)", (int)r.pid), 0);
	assert_int_not_equal(move(r.nbd, true, p, sizeof(p), 0), 0);
	assert_int_not_equal(move(r.nbd, false, p, sizeof(p), 0), 0);
	stop(&r);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_and_go),
		cmocka_unit_test(more_threads_than_slots_do_not_mix),
		cmocka_unit_test(failures_of_the_image_are_told),
		cmocka_unit_test(a_helper_that_goes_or_makes_no_sense_fails_all),
		cmocka_unit_test(more_than_a_slot_holds_is_refused),
		cmocka_unit_test(images_in_formats_are_read_and_written),
		cmocka_unit_test(discarded_clusters_are_zeroes),
		cmocka_unit_test(an_image_is_written_by_one),
		cmocka_unit_test(bad_images_are_named),
		cmocka_unit_test(requests_fail_when_qemu_dies),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
