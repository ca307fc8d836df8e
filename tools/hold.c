// SPDX-License-Identifier: GPL-2.0
/*
 * Holding a volume: an exclusive open, which the kernel refuses as long as
 * somebody has claimed the device, and which keeps others from doing so.
 *
 * Not all who write to a device claim it: loop devices and virtual machines do
 * not. They are looked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "hold.h"
#include "inuse.h"
#include "opener.h"

#define TRIES	10
#define WAIT_MS	200

static dev_t devno(const struct dl_dm_volume *v)
{
	return makedev(v->major, v->minor);
}

/* Uses that last. */
static int refuse_used(const struct dl_dm_volume *v)
{
	const char *what;
	char where[600];

	if (dl_opener_loop(devno(v), where, sizeof(where)))
		return dl_err(DL_EXIT_BUSY,
			      "%s is part of %s; detach that loop device first (losetup -d %s)",
			      v->name, where, where);
	if (!dl_inuse_where(devno(v), where, sizeof(where), &what))
		return 0;
	/* Nobody can unmount that. */
	if (!strcmp(where, "mounted on /"))
		what = "it holds the root file system: do it from rescue media";
	return dl_err(DL_EXIT_BUSY, "%s is %s; %s", v->name, where, what);
}

static int refuse_busy(const struct dl_dm_volume *v)
{
	char who[128];

	if (dl_opener_process(devno(v), true, who, sizeof(who)))
		return dl_err(DL_EXIT_BUSY,
			      "%s is open for writing by %s; end that first",
			      v->name, who);
	if (dl_opener_process(devno(v), false, who, sizeof(who)))
		return dl_err(DL_EXIT_BUSY,
			      "%s is claimed, and open by %s; end that first",
			      v->name, who);
	return dl_err(DL_EXIT_BUSY,
		      "%s is claimed by the kernel: mounted in a container (lsns -t mnt shows those there are), or part of a file system of several devices; unmount that first",
		      v->name);
}

/* Return: 0 or a negative errno, -EBUSY when it is used. */
static int take(const struct dl_dm_volume *v, const char *path, int *fd)
{
	char who[128];
	struct stat st;

	if (dl_opener_process(devno(v), true, who, sizeof(who)))
		return -EBUSY;
	*fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	if (!fstat(*fd, &st) && S_ISBLK(st.st_mode) && st.st_rdev == devno(v))
		return 0;
	close(*fd);
	return -ENODEV;
}

int dl_hold_take(const struct dl_dm_volume *v, int *fd)
{
	const struct timespec wait = { .tv_nsec = WAIT_MS * 1000000L };
	char path[DL_DM_NAME + 16];
	int i, rc;

	snprintf(path, sizeof(path), "/dev/mapper/%s", v->name);
	for (i = 0; ; i++) {
		rc = refuse_used(v);
		if (rc)
			return rc;
		rc = take(v, path, fd);
		/* udev or the like claim it just for a moment. */
		if (rc != -EBUSY || i == TRIES)
			break;
		nanosleep(&wait, NULL);
	}
	if (rc == -EBUSY)
		return refuse_busy(v);
	if (rc == -ENODEV)
		return dl_err(DL_EXIT_FAILED,
			      "%s is not volume %s; have the nodes made anew (dmsetup mknodes)",
			      path, v->name);
	if (rc)
		return dl_err(DL_EXIT_FAILED, "%s cannot be opened: %s", path,
			      strerror(-rc));
	return 0;
}
