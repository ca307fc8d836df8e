// SPDX-License-Identifier: GPL-2.0
/* What has to be known of btrfs. */
#include <endian.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "btrfs.h"

/* The first superblock, and in it the number of devices. */
#define SUPER_AT	65536
#define NUM_DEVICES_AT	0x88

bool dl_btrfs_mounted(const char *uuid)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/fs/btrfs/%s", uuid);
	return uuid[0] && !access(path, F_OK);
}

uint64_t dl_btrfs_devices(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t le = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &le, sizeof(le), SUPER_AT + NUM_DEVICES_AT) !=
	    (ssize_t)sizeof(le))
		le = 0;
	close(fd);
	return le64toh(le);
}

void dl_btrfs_forget(const char *path)
{
	struct btrfs_ioctl_vol_args args;
	int fd;

	memset(&args, 0, sizeof(args));
	snprintf(args.name, sizeof(args.name), "%s", path);
	fd = open("/dev/btrfs-control", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	/* One that it never saw, or that is mounted, is as it should be. */
	ioctl(fd, BTRFS_IOC_FORGET_DEV, &args);
	close(fd);
}
