/* SPDX-License-Identifier: GPL-2.0 */
/* Who uses a block device. */
#ifndef DL_TOOL_INUSE_H
#define DL_TOOL_INUSE_H

#include "blkdev.h"

/**
 * dl_inuse_where() - find out what a device is used for
 * @dev: device; a use of one of its partitions counts
 * @buf: out: in words: "mounted on /srv", "used as swap", "part of /dev/md0"
 * @what: out: what to do about it, a static string
 *
 * Return: whether any use was found.
 */
bool dl_inuse_where(dev_t dev, char *buf, size_t size, const char **what);

/**
 * dl_inuse_claim() - claim a device, or say who uses it
 * @d: the device, open; for an image file there is nothing to claim
 * @fd: out: holds the claim until it is closed; -1 for an image file
 *
 * The kernel cannot activate a volume on a claimed device.
 * Return: 0, DL_EXIT_BUSY with the user named, or DL_EXIT_FAILED.
 */
int dl_inuse_claim(const struct dl_blkdev *d, int *fd);

#endif
