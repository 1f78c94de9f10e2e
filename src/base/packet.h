/* SPDX-License-Identifier: MIT */
/* Packets between processes, over SOCK_SEQPACKET sockets: some bytes, and maybe a descriptor. */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Sends one without waiting; pass >= 0 is the descriptor to go along, which stays open. 0 or
 * -errno: -EAGAIN when there is no room. */
int packet_send(int fd, const struct iovec *iov, unsigned count, int pass);
/* Takes one without waiting: its bytes, *passed its descriptor or -1, the caller's to close. What
 * comes beyond one descriptor is closed. 0 at the end of the connection, or -errno: -EAGAIN when
 * there is none, -EMSGSIZE when it is longer than the room for it. */
ssize_t packet_receive(int fd, const struct iovec *iov, unsigned count, int *passed);

#endif
