/* SPDX-License-Identifier: GPL-2.0 */
/* Copying ranges from one device to the same place on another, and proving it. */
#ifndef DL_TOOL_COPY_H
#define DL_TOOL_COPY_H

#include "blkdev.h"
#include "ranges.h"

/* What need not be written. */
enum dl_copy_skip {
	DL_COPY_ALL,		/* nothing: all is written */
	DL_COPY_NO_ZEROS,	/* zeros, as there are no others there */
	DL_COPY_CHANGED,	/* what is there already */
};

struct dl_copy {
	struct dl_blkdev *from, *to;
	const char *source;	/* what @from shows, for messages */
	enum dl_copy_skip skip;
	/* Called before anything is written; what it returns ends the copying. */
	int (*first)(void *ctx);
	void *ctx;
	uint64_t written;	/* bytes, so far */
	uint64_t unsynced;	/* of these */
};

/**
 * dl_copy_run() - copy ranges, one after the other
 * @c: what and how; @c->written counts
 * @ranges: where, within both
 *
 * Shows its progress. What it wrote is on the medium when 0 is returned.
 * Interrupts have to be caught (interrupt.h).
 * Return: 0; DL_EXIT_INTERRUPTED, and nothing is said; DL_EXIT_CORRUPT when
 * @c->from cannot be read or another exit code, with the reason said.
 */
int dl_copy_run(struct dl_copy *c, const struct dl_ranges *ranges);

/**
 * dl_copy_verify() - read both again, from the medium, and compare
 * @c: what was copied
 * @ranges: where
 *
 * Return: as dl_copy_run(); DL_EXIT_CORRUPT when they differ.
 */
int dl_copy_verify(struct dl_copy *c, const struct dl_ranges *ranges);

#endif
