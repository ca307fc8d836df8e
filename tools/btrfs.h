/* SPDX-License-Identifier: GPL-2.0 */
/* What has to be known of btrfs, which tells devices apart by what is on them. */
#ifndef DL_TOOL_BTRFS_H
#define DL_TOOL_BTRFS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a file system with this UUID is mounted, from whatever device. */
bool dl_btrfs_mounted(const char *uuid);

/* The number of devices that the file system on @path is made of, or 0. */
uint64_t dl_btrfs_devices(const char *path);

/**
 * dl_btrfs_forget() - make btrfs forget that it saw a device
 * @path: node of the device; one that is mounted is not forgotten
 *
 * Of two devices with the same content it would go on to take the one with the
 * newer state for the file system's, and refuse the other.
 */
void dl_btrfs_forget(const char *path);

#endif
