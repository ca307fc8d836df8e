/* SPDX-License-Identifier: GPL-2.0 */
/* What a block device is built on. */
#ifndef DL_TOOL_BELOW_H
#define DL_TOOL_BELOW_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * dl_below() - whether a device lies below another, however deep
 * @top: device
 * @dev: device that may be below it
 *
 * Follows what device-mapper and md are built on, partitions, and loop devices
 * to the device or to the file system that their file is on.
 */
bool dl_below(dev_t top, dev_t dev);

#endif
