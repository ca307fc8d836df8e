/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a snapshot is copied to: a block device that holds nothing of worth, or
 * a regular file, which is made anew and gets its name when it is complete.
 */
#ifndef DL_TOOL_DEST_H
#define DL_TOOL_DEST_H

#include <limits.h>

#include "blkdev.h"
#include "dm.h"

struct dl_dest {
	struct dl_blkdev dev;
	int claim;		/* of a device, -1: none */
	char file[PATH_MAX];	/* what the file is to be called, else "" */
	char temp[PATH_MAX];	/* what it is called until then, else "" */
};

/* What is asked of it. */
struct dl_dest_want {
	const struct dl_dm_volume *volume;	/* what the snapshot is of */
	uint64_t end;		/* a device must have that many bytes */
	uint64_t bytes;		/* a file gets that many */
	bool whole;		/* all of it is written, up to @end */
	bool force;		/* although something is recognised on it */
};

/**
 * dl_dest_open() - open and claim it, after all that could be wrong was looked at
 * @d: out
 * @path: device, or file that may or may not be there
 * @want: what is asked of it
 *
 * Return: 0; DL_EXIT_REFUSED, DL_EXIT_BUSY or another exit code with the reason
 * said. dl_dest_close() is due in either case.
 */
int dl_dest_open(struct dl_dest *d, const char *path,
		 const struct dl_dest_want *want);

/* It is complete: a file gets its name. Return: 0 or an exit code. */
int dl_dest_finish(struct dl_dest *d);

/* Give it back; a file that is not finished goes away. */
void dl_dest_close(struct dl_dest *d);

#endif
