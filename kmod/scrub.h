/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scrubbing: reading all of the log before anybody needs it, so that what has
 * decayed is known while it can still be dealt with.
 *
 * A step reads so much and returns; who asks for the steps sets the pace, and may
 * stop at any time. Where it got to is kept with the volume, and with every
 * checkpoint, so that the next life goes on with the segment this one was in.
 *
 * Looked at are, as of the beginning: both superblocks and checkpoints, and of every
 * sealed segment its frames, with every payload, and its summary. What is of the
 * open segment was written moments ago; it is sealed at the beginning. What is
 * damaged is mended where what it held is known: superblocks and checkpoints are
 * written anew, a page that deltas have made is logged whole.
 *
 * Locks: @lock, held for a step, outside of all others, snapshot_lock too.
 */
#ifndef DL_SCRUB_H
#define DL_SCRUB_H

#include <linux/mutex.h>

#include "core/status.h"

struct dl_cp_writer;
struct dl_volume;

struct dl_scrub {
	struct mutex lock;	/* one step at a time */
	bool running;		/* there is more to look at */
	u64 segment;		/* id of the one to look at next, or in hand */
	u64 until;		/* and of the last one */
	u32 off;		/* sectors of it that are done */
	u64 commit;		/* of the frame there; 0: its first */
	u64 sectors;		/* looked at so far */
	u64 records;
	u64 damaged;		/* found so far */
	u64 mended;		/* of these */
	u64 spare;		/* and of no use to anybody */
	u64 began_ns;		/* wall clock */
	u64 ended_ns;		/* 0: never */
	/* As of the beginning of @segment, from where the next life goes on. */
	struct dl_scrub_counts {
		u64 sectors, records, damaged, mended, spare;
	} saved;
};

/* What became of what was damaged. */
enum dl_scrub_fate {
	DL_SCRUB_PRESENT,	/* the volume reads an error there */
	DL_SCRUB_PAST,		/* a snapshot or the window does */
	DL_SCRUB_SPARE,		/* nothing needs it any more, or there is another */
	DL_SCRUB_MENDED,
	DL_SCRUB_STRUCTURE,	/* the log's own: the next recovery may need it */
};

struct dl_scrub_item {
	u64 sector;		/* of the log */
	u64 page;		/* U64_MAX: of no page */
	enum dl_scrub_fate fate;
	enum dl_status why;
	const char *what;
};

#define DL_SCRUB_TELL	64u	/* a step ends with the frame that makes it so many */
#define DL_SCRUB_ITEMS	1152u	/* those, and as many as a frame has records */

struct dl_scrub_step {
	u32 nr;
	struct dl_scrub_item item[DL_SCRUB_ITEMS];
};

void dl_scrub_init(struct dl_scrub *s);

/**
 * dl_scrub_begin() - begin anew
 * @v: volume
 * @out: out: what is wrong with superblocks and checkpoints
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY: not resumed; -EROFS; -ENOMEM; -EIO: the log cannot be written.
 */
int dl_scrub_begin(struct dl_volume *v, struct dl_scrub_step *out);

/**
 * dl_scrub_step() - look at some more
 * @v: volume
 * @sectors: at least so many, if there are; a frame is not left half done
 * @out: out: what is damaged in them
 *
 * Context: process, may sleep; a signal ends it.
 * Return: 0; -ENODATA: there is nothing to go on with; -EBUSY: suspended; -EINTR:
 * nothing was lost, the same is looked at again; -ENOMEM.
 */
int dl_scrub_step(struct dl_volume *v, u32 sectors, struct dl_scrub_step *out);

/* Sectors still to be looked at. */
u64 dl_scrub_left(struct dl_volume *v);

/* With a checkpoint, and from one. */
void dl_scrub_save(struct dl_volume *v, struct dl_cp_writer *w);
void dl_scrub_load(struct dl_volume *v, const void *body, size_t bytes);

const char *dl_scrub_fate_name(enum dl_scrub_fate fate);

#endif
