// SPDX-License-Identifier: GPL-2.0
/* What /sys tells about a block device. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sysfs.h"

#define ROOT "/sys/dev/block"

static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(buf, (int)size, f);
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

bool dl_sysfs_read(dev_t dev, const char *attr, char *buf, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), ROOT "/%u:%u/%s", major(dev), minor(dev),
		 attr);
	return read_line(path, buf, size);
}

bool dl_sysfs_devname(const char *devno, char *buf, size_t size)
{
	static const char key[] = "DEVNAME=";
	char path[256], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), ROOT "/%s/uevent", devno);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, sizeof(key) - 1))
			continue;
		snprintf(buf, size, "%s", line + sizeof(key) - 1);
		found = true;
	}
	fclose(f);
	return found;
}

bool dl_sysfs_parent(dev_t dev, dev_t *parent)
{
	unsigned int maj, min;
	char path[128], num[32];
	struct stat st;

	snprintf(path, sizeof(path), ROOT "/%u:%u/partition", major(dev),
		 minor(dev));
	/* A partition's directory lies in its disk's. */
	if (stat(path, &st) ||
	    !dl_sysfs_read(dev, "../dev", num, sizeof(num)) ||
	    sscanf(num, "%u:%u", &maj, &min) != 2)
		return false;
	*parent = makedev(maj, min);
	return true;
}

bool dl_sysfs_holder(dev_t dev, char *buf, size_t size)
{
	char path[512], dm[160];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), ROOT "/%u:%u/holders", major(dev),
		 minor(dev));
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/dm/name",
			 e->d_name);
		if (read_line(path, dm, sizeof(dm)))
			snprintf(buf, size, "/dev/mapper/%s", dm);
		else
			snprintf(buf, size, "/dev/%s", e->d_name);
		found = true;
	}
	closedir(dir);
	return found;
}
