/* SPDX-License-Identifier: MIT */
/*
 * A save file with changed bytes: refused, or loaded and run for a while. The input is a list of
 * changes of a good file: three bytes of position and one to exclusive-or.
 */
#define _GNU_SOURCE
#include "domain.h"

#include "domain/kind.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct image {
	struct domain *d;
	uint8_t *bytes, *copy;
	size_t len;
};

static void make(struct image *im)
{
	static const uint8_t loop[16] = {0x11, [12] = 0x00, [15] = 0x40};
	char error[LOAD_ERROR_SIZE];
	int fd = memfd_create("image", 0);
	im->d = fuzz_domain(1);
	fuzz_kernel_code(im->d, loop, sizeof(loop));
	if (domain_boot(im->d, error) || state_save(im->d, fd, error))
		exit(1);
	im->len = (size_t)lseek(fd, 0, SEEK_END);
	im->bytes = malloc(im->len);
	im->copy = malloc(im->len);
	if (pread(fd, im->bytes, im->len, 0) != (ssize_t)im->len)
		exit(1);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image im;
	char error[LOAD_ERROR_SIZE] = "";
	if (!im.d)
		make(&im);
	memcpy(im.copy, im.bytes, im.len);
	for (; size >= 4; data += 4, size -= 4)
		im.copy[(data[0] | data[1] << 8 | data[2] << 16) % im.len] ^= data[3];
	int fd = memfd_create("input", 0);
	if (write(fd, im.copy, im.len) != (ssize_t)im.len)
		exit(1);
	struct domain *d = im.d;
	int err = state_load(d, fd, error);
	close(fd);
	if (err && !error[0])
		abort();
	for (unsigned i = 0; !err && i < 5 && d->event == EVENT_NONE; i++) {
		if (cpu_run(d->vcpu[0].cpu, 2000) == EXIT_FIRMWARE)
			d->kind->call(&d->vcpu[0], EXIT_FIRMWARE);
	}
	d->event = EVENT_NONE;
	d->stops = 0;
	d->stopping = false;
	return 0;
}
