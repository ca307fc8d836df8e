/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block device, or for reading an image file: open it, learn its sizes,
 * read and write it so that nothing stale is seen.
 *
 * Reads of block devices bypass the page cache: while a volume is active the
 * kernel writes the log and the origin below that cache, which would go on to
 * show what was there before.
 */
#ifndef DL_TOOL_BLKDEV_H
#define DL_TOOL_BLKDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dl_blkdev {
	const char *role;	/* "origin", "log": for messages */
	char path[256];
	int fd;			/* -1: closed */
	bool block;		/* a block device, else a regular file */
	dev_t rdev;
	uint64_t bytes;
	uint32_t logical, physical;	/* block sizes */
	char *bounce;		/* for unaligned direct reads */
};

/* dl_blkdev_open() */
#define DL_BLKDEV_WRITE	(1u << 0)
#define DL_BLKDEV_FILE	(1u << 1)  /* an image file will do */
#define DL_BLKDEV_RW	(1u << 2)  /* refuse one set read-only; open to read */

/**
 * dl_blkdev_open() - open a device
 * @d: out
 * @role: what it is to be, for messages
 * @path: its path
 * @flags: DL_BLKDEV_*
 *
 * Return: 0, or an exit code with the reason said. dl_blkdev_close() is due
 * only after 0, and does no harm otherwise.
 */
int dl_blkdev_open(struct dl_blkdev *d, const char *role, const char *path,
		   unsigned int flags);
void dl_blkdev_close(struct dl_blkdev *d);

/**
 * dl_blkdev_open_devno() - open the device with a number, to read it
 * @d: out
 * @role: what it is
 * @devno: "major:minor" as a table line has it
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_blkdev_open_devno(struct dl_blkdev *d, const char *role,
			 const char *devno);

/* Read @n bytes at @offset, all or a negative errno. */
int dl_blkdev_read(struct dl_blkdev *d, uint64_t offset, void *buf, size_t n);
/* Write, all or a negative errno; reaches the medium at dl_blkdev_sync(). */
int dl_blkdev_write(struct dl_blkdev *d, uint64_t offset, const void *buf,
		    size_t n);
int dl_blkdev_sync(struct dl_blkdev *d);
/* What is written is synced, and read from the medium from here on. */
int dl_blkdev_settle(struct dl_blkdev *d);

/* Path of the node for "major:minor", or "major:minor" itself. */
void dl_blkdev_name(char *buf, size_t size, const char *devno);

/**
 * dl_blkdev_apart() - make sure that two devices share no byte
 * @a: one
 * @b: other
 *
 * Finds: the same device under two names, a partition and its disk, loop
 * devices over overlapping parts of one file, a loop device over a file that
 * is the other device.
 * Return: 0 or DL_EXIT_REFUSED with the reason said.
 */
int dl_blkdev_apart(const struct dl_blkdev *a, const struct dl_blkdev *b);

#endif
