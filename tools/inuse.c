// SPDX-License-Identifier: GPL-2.0
/*
 * Who uses a block device: mounts, swap, devices built on it, and, for users
 * that leave no trace, the kernel's answer to an exclusive open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "err.h"
#include "inuse.h"
#include "sysfs.h"

/* @dev is the device asked for or a partition of it. */
static bool within(dev_t dev, dev_t asked)
{
	dev_t parent;

	return dev == asked ||
		(dl_sysfs_parent(dev, &parent) && parent == asked);
}

static bool path_within(const char *path, dev_t asked)
{
	struct stat st;

	return path[0] == '/' && !stat(path, &st) && S_ISBLK(st.st_mode) &&
		within(st.st_rdev, asked);
}

/* The kernel writes blanks and backslashes in paths as \ooo. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
					(s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* The source field counts too: btrfs mounts have a number of their own. */
static bool mounted(dev_t asked, char *where, size_t size)
{
	char *line = NULL, *dash, point[512], source[512];
	unsigned int maj, min;
	bool found = false;
	size_t cap = 0;
	FILE *f;

	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return false;
	while (!found && getline(&line, &cap, f) > 0) {
		if (sscanf(line, "%*d %*d %u:%u %*s %511s", &maj, &min,
			   point) != 3)
			continue;
		source[0] = '\0';
		dash = strstr(line, " - ");
		if (dash && sscanf(dash, " - %*s %511s", source) == 1)
			unescape(source);
		if (!within(makedev(maj, min), asked) &&
		    !path_within(source, asked))
			continue;
		unescape(point);
		snprintf(where, size, "%s", point);
		found = true;
	}
	free(line);
	fclose(f);
	return found;
}

static bool swapped(dev_t asked)
{
	char line[600], path[512];
	bool found = false;
	FILE *f;

	f = fopen("/proc/swaps", "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%511s", path) != 1)
			continue;
		unescape(path);
		found = path_within(path, asked);
	}
	fclose(f);
	return found;
}

bool dl_inuse_where(dev_t dev, char *buf, size_t size, const char **what)
{
	char where[512];

	if (mounted(dev, where, sizeof(where))) {
		snprintf(buf, size, "mounted on %s", where);
		*what = "unmount it first";
		return true;
	}
	if (swapped(dev)) {
		snprintf(buf, size, "used as swap");
		*what = "swapoff it first";
		return true;
	}
	if (dl_sysfs_holder(dev, where, sizeof(where))) {
		snprintf(buf, size, "part of %s", where);
		*what = "stop that device first";
		return true;
	}
	return false;
}

int dl_inuse_claim(const struct dl_blkdev *d, int *fd)
{
	const char *what;
	char where[600];
	int err;

	*fd = -1;
	if (!d->block)
		return 0;
	if (dl_inuse_where(d->rdev, where, sizeof(where), &what))
		return dl_err(DL_EXIT_BUSY, "%s %s is %s; %s", d->role, d->path,
			      where, what);
	*fd = open(d->path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	err = errno;
	if (err != EBUSY)
		return dl_err(DL_EXIT_FAILED, "%s %s cannot be opened: %s",
			      d->role, d->path, strerror(err));
	return dl_err(DL_EXIT_BUSY,
		      "%s %s is in use by the kernel or another program; stop what uses it",
		      d->role, d->path);
}
