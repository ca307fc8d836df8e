/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core's walk over a whole log on a device or in an image: every segment
 * of the checkpoint, then the successors that frames name.
 */
#ifndef DL_TOOL_SCAN_H
#define DL_TOOL_SCAN_H

#include "logdev.h"
#include "walk.h"

struct dl_scan {
	/* set by the caller */
	struct dl_logdev *log;
	const struct dl_super *sb;
	const struct dl_logcp *cp;
	u32 flags;			/* DL_WALK_* */
	bool go_on;			/* past lost frames, to see what else is
					 * damaged; recovery would not
					 */
	const char *progress;		/* what to call it, NULL for silence */
	void *ctx;
	/* visitors, each may be NULL; non-zero from the first three stops */
	int (*segment)(void *ctx, const struct dl_walk_segment_info *info);
	int (*frame)(void *ctx, const struct dl_frame_head *h, u64 sector);
	int (*record)(void *ctx, const struct dl_rec *rec);
	void (*note)(void *ctx, const struct dl_note *note);
	/* filled in */
	enum dl_status st;		/* DL_OK: the whole log was walked */
	struct dl_walk walk;		/* totals */
	u32 nr_segments;
	u64 bytes_read, bytes_total;
};

/**
 * dl_scan_run() - walk
 * @s: with the caller's part set, the rest zero
 *
 * Segments that overlap, a chain that leads back into itself or out of the log
 * are told as fatal notes and end the walk.
 *
 * Return: 0 also when damage ended the walk (s->st, the notes); what a visitor
 * returned; DL_EXIT_FAILED, with the reason said, when out of memory.
 */
int dl_scan_run(struct dl_scan *s);

/**
 * dl_scan_loss() - what is in a log and not in its origin
 * @l: log
 * @slot: slot to start from, and
 * @cp: its checkpoint
 * @records: out: their number
 * @bytes: out: of data
 *
 * Return: true when the whole log could be read; else the numbers are a lower
 * bound.
 */
bool dl_scan_loss(struct dl_logdev *l, int slot, const struct dl_logcp *cp,
		  u64 *records, u64 *bytes);

#endif
