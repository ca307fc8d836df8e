// SPDX-License-Identifier: GPL-2.0
/* What a block device is built on, as /sys tells. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "below.h"
#include "sysfs.h"

#define DEPTH 16	/* nobody builds higher, and it ends */

static bool search(dev_t top, dev_t dev, int depth);

static bool search_slaves(dev_t top, dev_t dev, int depth)
{
	char path[512], attr[320], num[32];
	unsigned int maj, min;
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/slaves", major(top),
		 minor(top));
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(attr, sizeof(attr), "slaves/%s/dev", e->d_name);
		if (dl_sysfs_read(top, attr, num, sizeof(num)) &&
		    sscanf(num, "%u:%u", &maj, &min) == 2)
			found = search(makedev(maj, min), dev, depth);
	}
	closedir(dir);
	return found;
}

static bool search(dev_t top, dev_t dev, int depth)
{
	struct stat st;
	char file[512];
	dev_t parent;

	if (top == dev)
		return true;
	if (!depth--)
		return false;
	if (dl_sysfs_parent(top, &parent) && search(parent, dev, depth))
		return true;
	if (dl_sysfs_read(top, "loop/backing_file", file, sizeof(file)) &&
	    !stat(file, &st) &&
	    search(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev, dev, depth))
		return true;
	return search_slaves(top, dev, depth);
}

bool dl_below(dev_t top, dev_t dev)
{
	return top != dev && search(top, dev, DEPTH);
}
