/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Diff: which sectors may differ between two snapshots, or a snapshot and now.
 *
 * What is in memory is enough to tell, nothing is read. Let a < b be pinned
 * sequences. If a sector does not hold at b what it held at a, some records in
 * (a, b] wrote it; let w be the last of them. Then one of these is there:
 *
 *   - the map's entry of w, or w in the tree of runs;
 *   - a version, or a run of the past, that begins at w: w was replaced when
 *     the origin did not have it, and the pin b kept it;
 *   - a version, or a run of the past, that ends in (a, b]: what was there at
 *     a. For if neither of the above is there, w has come to the origin. What
 *     was there at a then was a record that was replaced, or overwritten
 *     in the origin, or left there by a record that never came to it
 *     (reconcile.c, keep_behind()): each time the pin a kept it, and the
 *     first change that could still be told was at most w, because w itself
 *     was there to be told (first_change() in history.c).
 *
 * So: an entry or a run with its sequence, or a version or past run with its
 * beginning or its end, in (a, b]. Each of these is of a record in (a, b], so
 * nothing else is reported but sectors that were written in between.
 *
 * A rewind's mark is to all of them a write like any other. What refers to the
 * origin by reference (DL_PVAL_ORIGIN, DL_RUN_ORIGIN) is forgotten when the
 * mark has settled, pinned or not; but then the origin held it all the time,
 * what the mark R replaced had not come there, and so the pin a has kept that
 * as a version that ends at R.
 *
 * While one looks, these things move in one direction only: from the map and
 * the runs to the past, where they stay as long as a and b are pinned. So the
 * map is looked at first, then the runs of both kinds at once, then versions.
 * What is being freed or used anew meanwhile is no evidence: what is does not
 * change its sequences or its place from the moment it is there until it goes.
 *
 * To now is the same: now is pinned, in memory alone, for each call. What comes
 * behind the cursor between two calls may be missed.
 */
#ifndef DL_DIFF_H
#define DL_DIFF_H

#include "history.h"
#include "uapi/deltalog.h"

struct dl_diff {
	const char *from;
	const char *to;		/* "": now */
	u64 from_id, to_id;	/* 0: any; out */
	u64 cursor;		/* sector; out: 0 at the end */
	u64 sectors;		/* out: where all ends */
	struct dl_ctl_extent *out;	/* the caller's memory */
	u32 max;		/* extents it has room for, at least 1 */
	u32 nr;			/* out */
};

/**
 * dl_diff() - the next piece of a diff
 * @v: volume, held
 * @d: what is asked for, and the answer: ascending, apart from each other
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT; -EUCLEAN; -ESTALE: the name is another snapshot's than
 * the number; -EINVAL: the cursor; -ENOMEM; -EINTR. Logged, but for the latter
 * four.
 */
int dl_diff(struct dl_volume *v, struct dl_diff *d);

#endif
