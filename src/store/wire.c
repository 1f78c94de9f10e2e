/* SPDX-License-Identifier: MIT */
/* Errors travel as names. */
#include "store/wire.h"

#include <errno.h>

const char *xs_error_name(int err)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {{EINVAL, "EINVAL"}, {EACCES, "EACCES"}, {EEXIST, "EEXIST"}, {EISDIR, "EISDIR"},
		{ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"}, {ENOSPC, "ENOSPC"}, {EIO, "EIO"},
		{ENOTEMPTY, "ENOTEMPTY"}, {ENOSYS, "ENOSYS"}, {EROFS, "EROFS"}, {EBUSY, "EBUSY"},
		{EAGAIN, "EAGAIN"}, {EISCONN, "EISCONN"}, {E2BIG, "E2BIG"}, {EPERM, "EPERM"}};
	for (unsigned i = 0; i < countof(names); i++) {
		if (names[i].number == err)
			return names[i].name;
	}
	return "EIO";
}
