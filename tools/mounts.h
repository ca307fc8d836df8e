/* SPDX-License-Identifier: GPL-2.0 */
/* What is mounted where, through libmount. */
#ifndef DL_TOOL_MOUNTS_H
#define DL_TOOL_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DL_MOUNTS_PATH	4096

struct dl_mount {
	char where[DL_MOUNTS_PATH];
	char type[64];
	dev_t dev;		/* the block device, 0 if there is none */
	bool anon;		/* the file system has another number than it */
	int id;			/* of the mount, in this mount namespace */
};

/**
 * dl_mounts_each() - call @fn for every mount of a block device
 * @dev: the device
 * @fn: non-zero stops and is returned
 * @ctx: for @fn
 *
 * Return: 0 or what @fn returned; a table of mounts that cannot be read is an
 * empty one.
 */
int dl_mounts_each(dev_t dev,
		   int (*fn)(const struct dl_mount *m, void *ctx), void *ctx);

/* Where @dev is mounted. Return: whether it is. */
bool dl_mounts_find(dev_t dev, struct dl_mount *m);

/* The uppermost mount on @where, a path without links. False: there is none. */
bool dl_mounts_at(const char *where, struct dl_mount *m);

/**
 * dl_mounts_mount() - mount read-only
 * @source: device
 * @where: directory
 * @type: of the file system
 * @options: what goes with "ro": ",noload"
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_mounts_mount(const char *source, const char *where, const char *type,
		    const char *options);

/* Unmount. Return: 0, DL_EXIT_BUSY or another exit code with the reason. */
int dl_mounts_umount(const char *where);

#endif
