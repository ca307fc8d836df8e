/* SPDX-License-Identifier: GPL-2.0 */
/* Is the origin what the log remembers of it: the samples in a checkpoint. */
#ifndef DL_TOOL_SAMPLES_H
#define DL_TOOL_SAMPLES_H

#include "logdev.h"

struct dl_samples {
	unsigned int compared;	/* samples that could be compared */
	unsigned int skipped;	/* not valid, or the page has a record */
	unsigned int differ;
	u64 first;		/* page of the first that differs */
};

/**
 * dl_samples_compare() - compare a checkpoint's samples with the origin
 * @cp: checkpoint
 * @origin: the origin, open
 * @skip: true for pages that have a record in the log, whose content on the
 *	origin is anyone's guess; NULL when the log is empty
 * @ctx: for @skip
 * @sum: out
 *
 * Return: 0, or DL_EXIT_FAILED with the reason said when a sample cannot be
 * read.
 */
int dl_samples_compare(const struct dl_logcp *cp, struct dl_blkdev *origin,
		       bool (*skip)(void *ctx, u64 page), void *ctx,
		       struct dl_samples *sum);

#endif
