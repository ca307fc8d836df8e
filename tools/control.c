// SPDX-License-Identifier: GPL-2.0
/* /dev/deltalog-control. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "control.h"
#include "dm.h"
#include "err.h"

#define NODE	"/dev/" DL_CTL_NODE

int dl_control_open(int *fd)
{
	*fd = open(NODE, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		return dl_err(DL_EXIT_KERNEL,
			      "%s is not there; load the module of this release",
			      NODE);
	return dl_err(DL_EXIT_KERNEL, "%s: cannot be opened: %s%s", NODE,
		      strerror(errno), errno == EACCES ? "; are you root?" : "");
}

int dl_control_call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int dl_control_failed(const struct dl_dm_volume *v, const char *doing, int rc)
{
	switch (rc) {
	case -EPERM:
		return dl_err(DL_EXIT_KERNEL,
			      "%s: %s failed: CAP_SYS_ADMIN is needed; are you root?",
			      v->name, doing);
	case -ENOTTY:
	case -E2BIG:
		return dl_err(DL_EXIT_KERNEL,
			      "%s: %s failed: the module is of another release; load that of this one",
			      v->name, doing);
	case -ENODEV:
		return dl_err(DL_EXIT_NAME,
			      "volume '%s' is gone, or has no active table",
			      v->name);
	case -EINTR:
		return dl_err(DL_EXIT_INTERRUPTED, "%s: %s was interrupted",
			      v->name, doing);
	case -ENOMEM:
		return dl_err_nomem();
	default:
		return dl_err(DL_EXIT_KERNEL, "%s: %s failed: %s", v->name,
			      doing, strerror(-rc));
	}
}
