/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is kept for snapshots: versions of pages (core/past.h) and of runs of
 * zeros, with their memory.
 *
 * The buckets of the past are numbered like the map's and guarded by the same
 * shard locks. Runs are guarded by dl_runs.lock, like the runs they once were.
 *
 * Memory: taken when the first snapshot is made or found, 40 bytes for as many
 * versions as the map has entries, and 4 bytes a bucket. Free versions
 * are one list under @lock; who needs some takes them all at once, or waits as
 * for a full log. Their number grows with the map's.
 *
 * Locks: shard -> lock.
 */
#ifndef DL_PAST_H
#define DL_PAST_H

#include <linux/spinlock.h>

#include "core/past.h"

#define DL_PAST_RUNS	512u

/* [start, end) read as zero (see @flags) from record @from on until @until. */
struct dl_past_run {
	u64 start, end;		/* sectors */
	u64 from, until;
	u32 home;		/* as dl_past_ent.home */
	u8 flags;		/* DL_RUN_ORIGIN */
};

struct dl_history {
	struct dl_past t;
	bool on;		/* the memory is there; never goes back */
	spinlock_t lock;	/* the free list */
	u32 free, nr_free, max;
	struct dl_past_run *runs;
	u32 nr_runs;		/* READ_ONCE: a lookup may be spared */
	bool starved;		/* a write waits for a version to come free */
};

/**
 * dl_history_alloc() - have the memory
 * @h: history
 * @max: versions at most
 * @nr_buckets: of the map
 *
 * Context: process, may sleep; nobody else does the same.
 * Return: 0 or -ENOMEM; then nothing has changed.
 */
int dl_history_alloc(struct dl_history *h, u32 max, u32 nr_buckets);
void dl_history_free(struct dl_history *h);

/**
 * dl_history_reserve() - have memory for more versions, if there is any at all
 * @h: history
 * @more: how many
 *
 * Context: process, may sleep; not beside dl_history_alloc().
 * Return: 0; -ENOMEM or -E2BIG, then there are no more than before.
 */
int dl_history_reserve(struct dl_history *h, u32 more);

/* There are @more, which were reserved. Who waits for one is the caller's to wake. */
void dl_history_grow(struct dl_history *h, u32 more);

/* Memory in bytes. */
u64 dl_history_bytes(const struct dl_history *h, u32 nr_buckets);

static inline u32 dl_history_used(const struct dl_history *h)
{
	return h->on ? h->max - READ_ONCE(h->nr_free) : 0;
}

/* Take @n free versions, chained through .next: their head, or 0 for none. */
u32 dl_history_take(struct dl_history *h, u32 n);
/* Give back one. Return: true when somebody waits for it. */
bool dl_history_give(struct dl_history *h, u32 idx);

/*
 * The youngest past run over @sector that is in force at @at: its @from and
 * *@flags, or 0.
 */
u64 dl_past_run_at(struct dl_history *h, u64 sector, u64 at, u8 *flags);

#endif
