// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a block device open without having claimed it: the kernel tells how
 * many there are, but not who. Loop devices are in /sys, processes in /proc.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "opener.h"
#include "sysfs.h"

/* What it was opened as is all that a loop device tells. */
static bool backing(const char *name, struct stat *st)
{
	unsigned int maj, min;
	char path[512], num[32];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/sys/block/%s/dev", name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(num, sizeof(num), f) &&
		sscanf(num, "%u:%u", &maj, &min) == 2;
	fclose(f);
	return ok && dl_sysfs_read(makedev(maj, min), "loop/backing_file",
				   path, sizeof(path)) && !stat(path, st);
}

static bool same(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode))
		return S_ISBLK(b->st_mode) && a->st_rdev == b->st_rdev;
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool dl_opener_loop_file(const struct stat *st, char *buf, size_t size)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *e;
	bool found = false;
	struct stat below;

	while (dir && !found && (e = readdir(dir))) {
		if (strncmp(e->d_name, "loop", 4) ||
		    !backing(e->d_name, &below) || !same(st, &below))
			continue;
		snprintf(buf, size, "/dev/%s", e->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

bool dl_opener_loop(dev_t dev, char *buf, size_t size)
{
	struct stat st = { .st_mode = S_IFBLK, .st_rdev = dev };

	return dl_opener_loop_file(&st, buf, size);
}

/* The mode of the link is the one that the file was opened with. */
static bool is_device(int fds, const char *name, dev_t dev, bool writing)
{
	struct statx stx;
	struct stat link;

	if (fstatat(fds, name, &link, AT_SYMLINK_NOFOLLOW) ||
	    (writing && !(link.st_mode & 0200)))
		return false;
	/* A server that does not answer must not hold us up. */
	return !statx(fds, name, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) &&
		S_ISBLK(stx.stx_mode) &&
		makedev(stx.stx_rdev_major, stx.stx_rdev_minor) == dev;
}

static bool has_open(const char *pid, dev_t dev, bool writing)
{
	struct dirent *e;
	bool found = false;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (e = readdir(dir)))
		found = e->d_name[0] != '.' &&
			is_device(dirfd(dir), e->d_name, dev, writing);
	closedir(dir);
	return found;
}

static void describe(const char *pid, char *buf, size_t size)
{
	char path[300], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f) {
		if (fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		fclose(f);
	}
	if (name[0])
		snprintf(buf, size, "%s (process %s)", name, pid);
	else
		snprintf(buf, size, "process %s", pid);
}

bool dl_opener_process(dev_t dev, bool writing, char *buf, size_t size)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    atoi(e->d_name) == getpid() ||
		    !has_open(e->d_name, dev, writing))
			continue;
		describe(e->d_name, buf, size);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}
