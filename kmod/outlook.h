/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outlook: whether the log is going to be full, and what room the next burst of
 * writes takes. core/fullness.h judges; here is what it judges by, and what follows.
 *
 * Counted ten times a second are the bytes that go to the log, and once a second what
 * there is that only the past needs: payloads of versions in the log, and of the origin
 * what reconcile is going to log before it overwrites it, by how much of it that was
 * lately. How fast reconcile frees is measured while it runs.
 *
 * What follows: that the log is full within full_within_secs is announced, once; and
 * reconcile runs, whatever the watermarks say, until the next burst has room. Without
 * foresight, or as long as too little is known, neither happens.
 *
 * What it judges by is kept in checkpoints, without what forecasters say and what
 * has been announced: that is seen anew within a second.
 *
 * Memory: in dl_volume, 5 KiB. Locks: @lock, process context; nothing else is taken
 * under it.
 */
#ifndef DL_OUTLOOK_H
#define DL_OUTLOOK_H

#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "core/fullness.h"

struct dl_volume;

struct dl_outlook {
	struct delayed_work work;
	spinlock_t lock;	/* all below */
	bool on;		/* it is to look */
	bool idle;		/* nothing is going on: looks are rare */
	u32 within_secs;	/* that the flows are for */
	u64 looked_ms;
	u64 log_sectors;	/* counter, when it was last looked at */
	u64 past;		/* bytes that only the past needs */
	bool kept;		/* is anything? */
	bool loaded;		/* @past is to be seen first */
	u64 settles;		/* bytes that reconcile can free */
	u32 saved;		/* of a page that is settled, kept of the origin; of 65536 */
	/* reconcile's pace */
	u64 drain;		/* bytes a second; 0: not known */
	u64 freed;		/* since it was last put down */
	u64 freed_ns;		/* and in that time */
	bool making_room;	/* for a burst */
	bool announced;
	struct dl_fullness is;
	struct dl_flow log, held;
	struct dl_bursts bursts;
	struct dl_disk_outlook packed;	/* room for it as it is on disk */
};

void dl_outlook_init(struct dl_volume *v);

struct dl_cp_writer;

/*
 * To a checkpoint, if it has room for it; and from one before dl_outlook_start().
 * Context: process.
 */
void dl_outlook_save(struct dl_volume *v, struct dl_cp_writer *w);
void dl_outlook_load(struct dl_volume *v, const void *body, size_t bytes);

/* Look from now on; and no more, which may sleep. */
void dl_outlook_start(struct dl_volume *v);
void dl_outlook_stop(struct dl_volume *v);

/* Something is going on. Context: process. */
void dl_outlook_wake(struct dl_volume *v);

/* Where a cycle of reconcile began: for dl_outlook_cycle(). */
struct dl_outlook_cycle {
	u64 ns, pages, saved;
};

struct dl_outlook_cycle dl_outlook_cycle_begin(struct dl_volume *v);

/* It is done. Context: reconcile's work item. */
void dl_outlook_cycle_end(struct dl_volume *v, const struct dl_outlook_cycle *c);

/* @bytes of the log were given back. Context: process. */
void dl_outlook_freed(struct dl_volume *v, u64 bytes);

/* Is reconcile to run because the next burst has no room? Context: process. */
bool dl_outlook_early(struct dl_volume *v);

/* What is to be expected. Context: process. */
struct dl_fullness dl_outlook_get(struct dl_volume *v);

#endif
