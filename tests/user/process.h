/* SPDX-License-Identifier: MIT */
/*
 * epixen-user: runs one static Linux/ia64 program on one bare processor, without firmware and
 * kernel, so that compiled programs and instruction tests judge the cpu and mmu layers directly.
 * The kernel's part (address space, faults, system calls) is played by these files.
 */
#ifndef USER_PROCESS_H
#define USER_PROCESS_H

#include "cpu/cpu.h"

#define USER_PAGE 16384ull

/* Protections as mmap has them. */
enum { USER_READ = 1, USER_WRITE = 2, USER_EXEC = 4 };

/* A run of pages: virtual [start, end), guest-physical from gpa on. */
struct area {
	gva_t start, end;
	uint64_t gpa;
	unsigned prot;
};

#define MAX_AREAS 512

struct process {
	struct machine machine;
	struct cpu *cpu;
	struct area area[MAX_AREAS];
	unsigned areas;
	gva_t brk_start, brk;
	const char *path;
	bool done;
	int status; /* as a shell sees it: exit code, or 128 + signal */
	uint64_t random_state;
};

/* --- space.c --- */
/* Maps zeroed memory at start (multiples of USER_PAGE), replacing what was there. Returns 0 or
 * -ENOMEM. */
int space_map(struct process *p, gva_t start, uint64_t len, unsigned prot);
/* The lowest free range at or above hint. */
gva_t space_find_free(struct process *p, gva_t hint, uint64_t len);
int space_unmap(struct process *p, gva_t start, uint64_t len);
/* Returns 0, or -ENOMEM when [start, start+len) has holes. */
int space_protect(struct process *p, gva_t start, uint64_t len, unsigned prot);
/* Discards the contents. */
void space_zero(struct process *p, gva_t start, uint64_t len);
/* The area of va, or NULL. */
struct area *space_area(struct process *p, gva_t va);
/* Enters a translation for va. false: nothing is mapped there. */
bool space_fill_tlb(struct process *p, gva_t va, bool inst);
/* Host pointer to [va, va+len) when it lies in one area with that right, else NULL. */
void *space_ptr(struct process *p, gva_t va, uint64_t len, unsigned prot);
/* As space_ptr for as many bytes as the area has, at most *len; *len is set. */
void *space_ptr_some(struct process *p, gva_t va, uint64_t *len, unsigned prot);
/* A NUL-terminated string, or NULL. */
const char *space_string(struct process *p, gva_t va);

/* --- load.c --- */
/* Loads the program and builds stack and registers as the kernel does. Returns 0, or -1 after a
 * message. */
int process_load(struct process *p, const char *path, char **argv);

/* --- run.c --- */
/* Runs to the end; p->status is set. */
void process_run(struct process *p);
/* Ends the process as by a signal, with a message and the registers on stderr. */
void process_die(struct process *p, int sig, const char *why);

/* --- syscall.c --- */
void process_syscall(struct process *p);

#endif
