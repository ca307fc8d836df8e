/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pacing of writers while the log is nearly full.
 *
 * Reconcile frees segments in bursts. Left alone, writers would run at the
 * log's speed until nothing is free and then stand still until the next burst.
 * Once less than an eighth of the log is free they are let in at the rate at
 * which space came free lately, more or less of it as there is more or less
 * left than a sixteenth, so that both ends move evenly.
 *
 * Locks: @lock, process context only, innermost.
 */
#ifndef DL_THROTTLE_H
#define DL_THROTTLE_H

#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct dl_throttle {
	spinlock_t lock;	/* all below */
	bool on;		/* read racily by the write path */
	u64 rate;		/* bytes per millisecond, decayed */
	s64 budget;		/* bytes that may go in now */
	u64 freed;		/* bytes since @freed_ns */
	u64 freed_ns;
	u64 tick_ns;
	u32 free, total;	/* chunks, as of the last update */
	struct delayed_work tick;
	struct workqueue_struct *wq;
	void (*go)(void *ctx);	/* there is budget */
	void *ctx;
};

void dl_throttle_init(struct dl_throttle *t, struct workqueue_struct *wq,
		      void (*go)(void *ctx), void *ctx);
/* Let everybody in and stop ticking. May sleep. */
void dl_throttle_stop(struct dl_throttle *t);

/* Let everybody in, until the next update says otherwise. Any context. */
void dl_throttle_release(struct dl_throttle *t);

/* @free of @total chunks are free now. Context: process. */
void dl_throttle_update(struct dl_throttle *t, u32 free, u32 total);

/* @bytes of log came free. Context: process. */
void dl_throttle_freed(struct dl_throttle *t, u64 bytes);

/* May a write of @bytes go in now? If so it is charged. Context: process. */
bool dl_throttle_admit(struct dl_throttle *t, u32 bytes);

#endif
