/* SPDX-License-Identifier: MIT */
/* See packet.h; unix(7), cmsg(3). */
#define _GNU_SOURCE
#include "base/packet.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int packet_send(int fd, const struct iovec *iov, unsigned count, int pass)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = count};

	if (pass >= 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &pass, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static void take_descriptors(const struct cmsghdr *h, int *passed)
{
	int fd;

	for (size_t at = 0; at + sizeof(fd) <= h->cmsg_len - CMSG_LEN(0); at += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(h) + at, sizeof(fd));
		if (*passed >= 0)
			close(fd);
		else
			*passed = fd;
	}
}

ssize_t packet_receive(int fd, const struct iovec *iov, unsigned count, int *passed)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = count,
		.msg_control = control,
		.msg_controllen = sizeof(control)};

	*passed = -1;
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
		take_descriptors(h, passed);
	return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}
