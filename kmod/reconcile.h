/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reconcile: bring the origin up to a horizon, so that log can be freed.
 *
 * A cycle takes the oldest sealed, durable segments; writes every visible
 * sector whose record is in them to the origin, in LBA order; flushes the
 * origin; makes the log durable up to the present (a record that was dropped
 * from the map because a newer one replaced it must not be the only durable
 * one when its segment goes); commits the horizon; frees the segments.
 *
 * Only durable records are ever written to the origin, so it can never be
 * ahead of what recovery would bring back. Everything may be interrupted and
 * repeated at any point: records are absolute.
 *
 * While there are snapshots, what they need of the origin is logged before it is
 * overwritten (preserve.h), and segments stay as long as they hold any of it.
 *
 * Ownership: one work item runs the cycles, jobs of it run on a queue of their
 * own and finish before the cycle does. Locks: @lock guards the targets; the
 * rest belongs to the cycle.
 */
#ifndef DL_RECONCILE_H
#define DL_RECONCILE_H

#include <linux/bio.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "linger.h"

struct dl_volume;
struct dl_job;

/* Cycles, at least 5 s apart, before an error is taken for final. */
#define DL_READ_RETRIES	3

/* dl_reconcile.io_error */
#define DL_ORIGIN_FAILED	1
#define DL_LOG_UNREADABLE	2
#define DL_NO_ROOM		3	/* for what snapshots need */
#define DL_STOPPED		4

#define DL_JOBS		8
#define DL_JOB_PAGES	256

struct dl_reconcile {
	struct dl_volume *v;
	struct workqueue_struct *wq;	/* the cycle */
	struct workqueue_struct *job_wq;
	struct delayed_work work;
	spinlock_t lock;		/* @target, dl_volume.full */
	u64 target;			/* reconcile at least up to here */
	atomic_t asking;		/* who is about to set it */
	bool stop;			/* suspended */
	bool no_wait;			/* about to be: nobody may wait */
	bool running;			/* for room, until there is enough */
	bool under_way;			/* a cycle is, for whatever reason */
	int error;			/* of the last cycle */
	wait_queue_head_t wait;		/* progress, for drain */
	wait_queue_head_t readers;	/* a segment lost its last reader */
	wait_queue_head_t job_done;
	struct bio_set bios;	/* its own: file systems wait for us with theirs */
	u32 *idx;			/* entries of a batch, sorted by page */
	u32 batch;			/* their number at most */
	struct dl_job *jobs[DL_JOBS];
	u32 nr_jobs;
	bool sweep;			/* snapshots went, see dl_history_sweep() */
	bool no_room;			/* cleaning stopped for want of it */
	bool cramped;			/* no room to log whole what chains made */
	struct dl_linger linger;
	/* of the running cycle */
	u64 goal;
	bool bulk;			/* goes as far as a batch does */
	u64 due;			/* and at least so far, for what lingers */
	u64 records;			/* that it settles */
	unsigned long born;		/* of the oldest, jiffies */
	unsigned long took;		/* by a cycle, of late; jiffies */
	u64 each;			/* by a page of it, times 65536 */
	u32 told;			/* cycles that this is known by */
	u32 failures;			/* cycles in a row that failed */
	unsigned long last_failure;	/* jiffies of the one counted last */
	u32 read_failures;		/* those that could not read the log */
	atomic_t io_error;		/* DL_ORIGIN_FAILED, ... */
	/* counters */
	u64 cycles;
	u32 lag_ms;			/* the longest that a record had to wait */
	atomic64_t pages, sectors, origin_errors;
};

/* Is room short, and does any come free? By that writers can be paced. */
bool dl_reconcile_frees(struct dl_reconcile *rc);

int dl_reconcile_init(struct dl_reconcile *rc, struct dl_volume *v);
void dl_reconcile_exit(struct dl_reconcile *rc);

/* Look whether there is something to do. Any context. */
void dl_reconcile_kick(struct dl_reconcile *rc);

/* Snapshots have gone: drop what only they needed. Any context. */
void dl_reconcile_sweep(struct dl_reconcile *rc);

/**
 * dl_reconcile_all() - bring the origin up to everything accepted so far
 * @rc: reconcile
 * @wait: until it is
 *
 * Context: process, may sleep if @wait.
 * Return: 0; -EINTR on a signal (work goes on); -EIO when origin or log fail;
 * -EBUSY while the volume is suspended.
 */
int dl_reconcile_all(struct dl_reconcile *rc, bool wait);

/*
 * Send home who waits in dl_reconcile_all() and let nobody else wait: they
 * would hold up a suspend. Reconcile itself goes on, writes may need it.
 */
void dl_reconcile_no_wait(struct dl_reconcile *rc, bool no_wait);

void dl_reconcile_start(struct dl_reconcile *rc);
/* Ends the cycle at the next opportunity and waits for it. */
void dl_reconcile_stop(struct dl_reconcile *rc);

#endif
