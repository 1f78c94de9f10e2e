/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "domain.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

struct domain *fuzz_domain(unsigned vcpus)
{
	char error[LOAD_ERROR_SIZE] = "";
	struct domain *d = calloc(1, sizeof(*d));
	d->config = (struct domain_config){.name = "fuzz",
		.kernel = "kernel",
		.memory = 8,
		.vcpus = vcpus,
		.virtual_clock = true};
	d->fd = (struct domain_fds){.kernel = -1,
		.ramdisk = -1,
		.control = -1,
		.directory = -1,
		.registry = -1,
		.lock = -1,
		.ready = -1,
		.state = -1};
	d->fd.kernel = memfd_create("kernel", 0);
	d->wake_fd = eventfd(0, EFD_NONBLOCK);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	if (console_init(&d->console) || domain_build(d, error)) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	return d;
}

void fuzz_kernel(struct domain *d, const void *p, size_t n)
{
	if (ftruncate(d->fd.kernel, 0) || pwrite(d->fd.kernel, p, n, 0) != (ssize_t)n)
		exit(1);
}

void fuzz_kernel_code(struct domain *d, const void *p, size_t n)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p;
	} head = {.e = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			  .e_type = ET_EXEC,
			  .e_machine = EM_IA_64,
			  .e_entry = 1 << 20,
			  .e_phoff = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1},
		.p = {.p_type = PT_LOAD,
			.p_offset = sizeof(head),
			.p_vaddr = 1 << 20,
			.p_paddr = 1 << 20,
			.p_filesz = n,
			.p_memsz = n + 16}};
	fuzz_kernel(d, &head, sizeof(head));
	if (pwrite(d->fd.kernel, p, n, sizeof(head)) != (ssize_t)n)
		exit(1);
}
