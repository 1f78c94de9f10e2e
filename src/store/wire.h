/* SPDX-License-Identifier: MIT */
/* The bytes of the xenstore protocol: a header of four little-endian words, then the payload. */
#ifndef STORE_WIRE_H
#define STORE_WIRE_H

#include "base/types.h"

enum xs_type {
	XS_CONTROL,
	XS_DIRECTORY,
	XS_READ,
	XS_GET_PERMS,
	XS_WATCH,
	XS_UNWATCH,
	XS_TRANSACTION_START,
	XS_TRANSACTION_END,
	XS_INTRODUCE,
	XS_RELEASE,
	XS_GET_DOMAIN_PATH,
	XS_WRITE,
	XS_MKDIR,
	XS_RM,
	XS_SET_PERMS,
	XS_WATCH_EVENT,
	XS_ERROR,
	XS_IS_DOMAIN_INTRODUCED,
	XS_RESUME,
	XS_SET_TARGET,
	XS_RESET_WATCHES = 21,
	XS_DIRECTORY_PART,
	XS_TYPES
};

struct xs_header {
	uint32_t type, req_id, tx_id, len;
};

#define XS_HEADER	 16
#define XS_PAYLOAD_MAX	 4096
#define XS_ABS_PATH_MAX	 3072
#define XS_REL_PATH_MAX	 2048
#define XS_DOMAIN_PREFIX "/local/domain/"
/* Domain ids from here on have special meanings. */
#define XS_DOMAINS    0x7ff0u
#define XS_DOMID_SELF 0x7ff0u

/* The name of a host errno, of those that the protocol knows; EIO for others. */
const char *xs_error_name(int err);

#endif
