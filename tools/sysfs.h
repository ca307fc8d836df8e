/* SPDX-License-Identifier: GPL-2.0 */
/* What /sys tells about a block device. */
#ifndef DL_TOOL_SYSFS_H
#define DL_TOOL_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* First line of the device's attribute @attr. Return: false if there is none. */
bool dl_sysfs_read(dev_t dev, const char *attr, char *buf, size_t size);

/* The kernel's name ("sda1", "mapper/x" never) of "major:minor". */
bool dl_sysfs_devname(const char *devno, char *buf, size_t size);

/* The disk that partition @dev is on. Return: false if it is no partition. */
bool dl_sysfs_parent(dev_t dev, dev_t *parent);

/* Name of a device that is built on @dev (a dm or md device), if there is one;
 * a dm device by the name it has in /dev/mapper.
 */
bool dl_sysfs_holder(dev_t dev, char *buf, size_t size);

#endif
