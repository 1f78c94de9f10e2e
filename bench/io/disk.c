/* SPDX-License-Identifier: MIT */
/*
 * disk FILE read|write seq|random KB DEPTH MB: moves MB in pieces of KB with DEPTH threads, at
 * places one after the other or at random, and prints "bytes N ns T". A block device is used past
 * the system's cache (in a guest only the host's cache counts then), a file through it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
	int fd;
	bool write, random;
	size_t piece;
	uint64_t pieces; /* of the file */
	uint64_t share;	 /* pieces that each thread moves */
} job;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t place(uint64_t thread, uint64_t n, uint64_t *state)
{
	if (!job.random)
		return (thread * job.share + n) % job.pieces;
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % job.pieces;
}

static void *move(void *number)
{
	uint64_t thread = (uint64_t)(uintptr_t)number, state = thread + 0x9e3779b97f4a7c15;
	void *buffer;

	if (posix_memalign(&buffer, 4096, job.piece))
		fail("memory");
	memset(buffer, (int)thread + 1, job.piece);
	for (uint64_t n = 0; n < job.share; n++) {
		off_t at = (off_t)(place(thread, n, &state) * job.piece);
		ssize_t got = job.write ? pwrite(job.fd, buffer, job.piece, at)
					: pread(job.fd, buffer, job.piece, at);
		if (got != (ssize_t)job.piece)
			fail("transfer");
	}
	free(buffer);
	return NULL;
}

static uint64_t run(unsigned depth)
{
	pthread_t thread[64];
	uint64_t start = now();

	for (unsigned n = 0; n < depth; n++) {
		if (pthread_create(&thread[n], NULL, move, (void *)(uintptr_t)n))
			fail("thread");
	}
	for (unsigned n = 0; n < depth; n++)
		pthread_join(thread[n], NULL);
	return now() - start;
}

int main(int argc, char **argv)
{
	struct stat s;

	if (argc != 7 || stat(argv[1], &s)) {
		fputs("disk FILE read|write seq|random KB DEPTH MB\n", stderr);
		return 2;
	}
	unsigned depth = (unsigned)atoi(argv[5]);
	job.fd = open(argv[1], O_RDWR | (S_ISBLK(s.st_mode) ? O_DIRECT : 0));
	if (job.fd < 0)
		fail(argv[1]);
	job.write = !strcmp(argv[2], "write");
	job.random = !strcmp(argv[3], "random");
	job.piece = (size_t)atoi(argv[4]) << 10;
	job.pieces = (uint64_t)lseek(job.fd, 0, SEEK_END) / job.piece;
	job.share = ((uint64_t)atoi(argv[6]) << 20) / job.piece / depth;
	printf("bytes %llu ", (unsigned long long)(job.share * depth * job.piece));
	printf("ns %llu\n", (unsigned long long)run(depth));
	return 0;
}
