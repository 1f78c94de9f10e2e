/* SPDX-License-Identifier: MIT */
/*
 * What a domain's process gives up before it looks at anything hostile: a kernel file, a save file,
 * the guest. First the rights that namespaces, capabilities and limits hold, then every system call
 * that vCPU and I/O threads do not need. Descriptors opened before stay usable; none can be opened
 * by path any more.
 */
#ifndef DOMAIN_SANDBOX_H
#define DOMAIN_SANDBOX_H

#define SANDBOX_KEEP_CORE "EPIXEN_CORE" /* environment: a violation or a bug may dump core */

/* Own user, network, IPC and mount namespaces (an empty file system) where the host allows them;
 * no capabilities, no core dumps, few descriptors. The caller must be its process's only thread. */
void sandbox_isolate(void);
/* How many descriptors there may be then. */
unsigned sandbox_descriptors(void);

/* The system call filter, for all threads there are, for good. A forbidden call writes one line to
 * the log and kills the process with SIGSYS. Returns 0 or -errno. */
int sandbox_seal(void);

/* The same, with more system calls allowed, given by number. */
int sandbox_seal_with(const int *more, unsigned count);

#endif
