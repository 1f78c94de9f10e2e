/* SPDX-License-Identifier: MIT */
/* A domain without threads and clients, for the fuzzers: built once, booted for each input. */
#ifndef FUZZ_DOMAIN_H
#define FUZZ_DOMAIN_H

#include "domain/domain.h"

/* 8 MB, virtual clock. Ends the program when it cannot be built. */
struct domain *fuzz_domain(unsigned vcpus);
/* Puts bytes into the memfd that the domain takes as its kernel file. */
void fuzz_kernel(struct domain *d, const void *p, size_t n);
/* The same, behind an ELF header that loads them to 1 MB and starts there. */
void fuzz_kernel_code(struct domain *d, const void *p, size_t n);

#endif
