/* SPDX-License-Identifier: MIT */
/*
 * A domain as a file: one stream that each unit fills with its own section, configuration first.
 * Loading trusts nothing: whatever is wrong becomes the stream's first error.
 */
#include "domain/backend.h"
#include "domain/kind.h"
#include "domain/match.h"

#include "base/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "epixen save"

static void domain_save(struct domain *d, struct stream *s)
{
	stream_begin(s, "domain", 1);
	stream_put_u64(s, d->turn);
	stream_put_u64(s, d->kernel.entry);
	stream_put_u64(s, d->kernel.low);
	stream_put_u64(s, d->kernel.high);
	stream_put_u64(s, d->kernel.unwind_va);
	stream_put_u64(s, d->kernel.unwind_size);
	stream_put_u64(s, d->kernel.text_va);
	stream_end(s);
}

static void domain_load(struct domain *d, struct stream *s)
{
	stream_open(s, "domain", 1);
	d->turn = (unsigned)stream_get_max(s, d->config.vcpus - 1, "turn");
	d->kernel.entry = stream_get_u64(s);
	d->kernel.low = stream_get_u64(s);
	d->kernel.high = stream_get_u64(s);
	d->kernel.unwind_va = stream_get_u64(s);
	d->kernel.unwind_size = stream_get_u64(s);
	d->kernel.text_va = stream_get_u64(s);
	stream_close(s);
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int save_quiet(struct domain *d, int fd, char error[LOAD_ERROR_SIZE])
{
	struct stream s = {0};
	stream_begin(&s, MAGIC, 1);
	stream_end(&s);
	config_save(&d->config, &s);
	clock_save(&d->machine.clock, &s);
	domain_save(d, &s);
	for (unsigned i = 0; i < d->config.vcpus; i++)
		cpu_save(d->vcpu[i].cpu, &s);
	d->kind->save(d, &s);
	ram_save(&d->machine.ram, &s);
	int err = stream_ok(&s) ? write_all(fd, s.data, s.len) : -ENOMEM;
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "%s", stream_ok(&s) ? strerror(-err) : s.error);
	stream_free(&s);
	return err;
}

static int refuse(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	const char *busy = match_why_busy(d);

	if (busy)
		snprintf(error, LOAD_ERROR_SIZE, "%s", busy);
	return busy ? -EBUSY : 0;
}

/* Disks are quiet first: they, too, may keep another domain's page from coming back. */
int state_save(struct domain *d, int fd, char error[LOAD_ERROR_SIZE])
{
	int err = backend_quiesce(d, error);

	if (!err)
		err = refuse(d, error);
	if (!err)
		err = save_quiet(d, fd, error);
	backend_resume(d);
	return err;
}

/* Reads at most limit bytes of the file into the stream. */
static int read_file(int fd, struct stream *s, size_t limit)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	s->cap = (size_t)st.st_size < limit ? (size_t)st.st_size : limit;
	s->data = malloc(s->cap ? s->cap : 1);
	if (!s->data)
		return -ENOMEM;
	while (s->len < s->cap) {
		ssize_t n = pread(fd, s->data + s->len, s->cap - s->len, (off_t)s->len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		s->len += (size_t)n;
	}
	return 0;
}

static int open_state(int fd, struct stream *s, size_t limit, struct domain_config *c,
	char error[LOAD_ERROR_SIZE])
{
	int err = read_file(fd, s, limit);
	if (err) {
		snprintf(error, LOAD_ERROR_SIZE, "%s", strerror(-err));
		return err;
	}
	if (!stream_open(s, MAGIC, 1)) {
		snprintf(error, LOAD_ERROR_SIZE, "is not a save file of epixen");
		return -EINVAL;
	}
	stream_close(s);
	config_load(c, s);
	if (stream_ok(s))
		return 0;
	snprintf(error, LOAD_ERROR_SIZE, "damaged save file: %s", s->error);
	return -EINVAL;
}

int state_read_config(int fd, struct domain_config *c, char error[LOAD_ERROR_SIZE])
{
	struct stream s = {0};
	int err = open_state(fd, &s, CONFIG_SECTION_MAX, c, error);
	stream_free(&s);
	return err;
}

int state_load(struct domain *d, int fd, char error[LOAD_ERROR_SIZE])
{
	struct stream s = {0};
	struct domain_config config;
	int err = open_state(fd, &s, SIZE_MAX, &config, error);
	if (!err) {
		clock_load(&d->machine.clock, &s);
		domain_load(d, &s);
		for (unsigned i = 0; i < d->config.vcpus; i++)
			cpu_load(d->vcpu[i].cpu, &s);
		d->kind->load(d, &s);
		ram_load(&d->machine.ram, &s);
		if (stream_ok(&s) && s.pos != s.len)
			stream_fail(&s, "bytes left over at the end");
		if (!stream_ok(&s)) {
			snprintf(error, LOAD_ERROR_SIZE, "damaged save file: %s", s.error);
			err = -EINVAL;
		}
	}
	stream_free(&s);
	return err;
}
