/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that linger in the log: those that a cycle would settle, and that are likely
 * to be written again before long.
 *
 * What such a page holds is logged again, at the head of the log, as a write of the
 * same: an ordinary record with a sequence of its own, which the map has from then
 * on. So a crash, a reader, or a snapshot that is made later find nothing
 * that a write would not have made, and the horizon may pass the older record for
 * the reason for which it may pass any that was replaced: the cycle makes the log
 * durable up to the present before it commits the horizon.
 *
 * A page lingers once. Either it is written again before its record comes to be
 * settled, and a write of the origin was saved, or it is settled then, or when it
 * is due: as old as what a cycle is begun for. None lingers while there are
 * snapshots or a window, a rewind, or somebody who waits for the origin to be
 * brought up to date; nor where the time left is short or the log nearly full.
 *
 * Ownership and locks: all of it is the cycle's work item's. @waited, @hits and @misses
 * are read by others, racily. A page is looked at and logged under its shard's
 * lock. Memory: 16 bytes for a page that lingers, a table for an eighth of the map's
 * records, 65536 at most, had when the first one comes.
 */
#ifndef DL_LINGER_H
#define DL_LINGER_H

#include "core/odds.h"

struct dl_volume;
struct dl_linger_slot;

struct dl_linger {
	struct dl_linger_slot *slots;	/* NULL: none lingered yet */
	u32 nr_slots;
	struct dl_bar bar;
	u64 waited;		/* pages that were logged again */
	u64 hits;		/* written again in time */
	u64 misses;		/* settled after all */
	/* of the running cycle */
	u64 room;		/* pages that may linger yet */
	u32 since;		/* jiffies: none is older than that */
	u32 ms;			/* time until they would come to be settled again */
	bool crowded;
};

void dl_linger_init(struct dl_linger *lg);
void dl_linger_exit(struct dl_linger *lg);
u64 dl_linger_bytes(const struct dl_linger *lg);

/**
 * dl_linger_left() - time until a page that lingers is due
 * @v: volume
 * @most: how long any may wait; jiffies
 * @seq: out: the highest sequence of those that are due, or 0
 *
 * Forgets those that were written again. Context: the work item.
 * Return: jiffies, at most @most; 0: one is due.
 */
unsigned long dl_linger_left(struct dl_volume *v, unsigned long most, u64 *seq);

/**
 * dl_linger_begin() - a cycle begins: may pages linger, and how many?
 * @v: volume
 * @records: that the cycle settles
 * @born: when the oldest was written, in jiffies
 * @most: how long one may wait; jiffies
 */
void dl_linger_begin(struct dl_volume *v, u64 records, unsigned long born,
		     unsigned long most);

/**
 * dl_linger_batch() - have some pages of a batch linger
 * @v: volume
 * @idx: entries of the map that are to be settled
 * @nr: how many
 *
 * Those that do are newer than the goal from then on. Context: the work item, may
 * sleep.
 */
void dl_linger_batch(struct dl_volume *v, const u32 *idx, u32 nr);

/**
 * dl_linger_end() - the horizon has moved: what lingered below it is settled
 * @v: volume
 *
 * Context: the work item. Before entries of the map are given away.
 * Return: the longest that any of it had waited, not its last record alone; jiffies.
 */
unsigned long dl_linger_end(struct dl_volume *v);

#endif
