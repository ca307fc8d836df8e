/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing an empty log, and taking it back: every byte that is overwritten is
 * kept in memory until it is certain that the volume works.
 */
#ifndef DL_TOOL_MKLOG_H
#define DL_TOOL_MKLOG_H

#include "blkdev.h"
#include "probe.h"
#include "super.h"

struct dl_mklog {
	struct dl_blkdev *dev;
	struct dl_mklog_saved {
		struct dl_mklog_saved *next;
		uint64_t offset;
		size_t bytes;
		char data[];
	} *saved;		/* newest first */
};

/**
 * dl_mklog_write() - make an empty log
 * @m: out: what was overwritten; dl_mklog_forget() is due in any case
 * @dev: the log device, open for writing
 * @sb: from dl_super_layout(), with label; uuid, epoch, times and flags are
 *	filled in here
 * @wipe: signatures of former owners, made unrecognisable
 *
 * The order makes any crash on the way leave a blank log, never a mixture:
 * blank slots, checkpoint areas, slots, each durable before the next.
 *
 * Return: 0, or DL_EXIT_FAILED with the reason said and everything put back.
 */
int dl_mklog_write(struct dl_mklog *m, struct dl_blkdev *dev,
		   struct dl_super *sb, const struct dl_probe *wipe);

/* Put back every byte. Return: 0 or a negative errno. */
int dl_mklog_undo(struct dl_mklog *m);

void dl_mklog_forget(struct dl_mklog *m);

#endif
