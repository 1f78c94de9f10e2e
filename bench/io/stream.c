/* SPDX-License-Identifier: MIT */
/*
 * stream ADDRESS PORT send|receive MB: moves MB through one TCP connection and prints "bytes N ns
 * T". The other side is told by the first byte, 's' or 'r', and the amount, 8 bytes, little end
 * first; of what is sent to it, it answers one byte at the end.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[64 << 10];

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

static int open_stream(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || fd < 0)
		fail(address);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		fail("connect");
	return fd;
}

static void move(int fd, int sends, uint64_t bytes)
{
	for (uint64_t left = bytes; left;) {
		size_t piece = left < sizeof(buffer) ? left : sizeof(buffer);
		ssize_t n = sends ? write(fd, buffer, piece) : read(fd, buffer, piece);

		if (n <= 0)
			fail("transfer");
		left -= (uint64_t)n;
	}
	if (sends && read(fd, buffer, 1) != 1)
		fail("answer");
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fputs("stream ADDRESS PORT send|receive MB\n", stderr);
		return 2;
	}
	uint64_t bytes = (uint64_t)atoi(argv[4]) << 20;
	char order[9] = {argv[3][0]};

	for (unsigned n = 0; n < 8; n++)
		order[1 + n] = (char)(bytes >> (8 * n));
	int fd = open_stream(argv[1], argv[2]);
	uint64_t start = now();
	if (write(fd, order, sizeof(order)) != sizeof(order))
		fail("write");
	move(fd, argv[3][0] == 's', bytes);
	printf("bytes %llu ns %llu\n", (unsigned long long)bytes,
		(unsigned long long)(now() - start));
	return 0;
}
