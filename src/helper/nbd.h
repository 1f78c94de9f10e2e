/* SPDX-License-Identifier: MIT */
/* How epixen-nbd is started. */
#ifndef HELPER_NBD_H
#define HELPER_NBD_H

/* Its descriptors: socket to the domain, memory shared with it, pipe to who starts it. */
enum { HELPER_SOCKET = 3, HELPER_MEMORY = 4, HELPER_READY = 5 };

#endif
