/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeping the past: the versions there are, and what a snapshot still needs of
 * the origin.
 *
 * A record that is replaced becomes a version: retire.h. What only the origin
 * has becomes one before the origin is overwritten: preserve.h. Who drops a pin
 * sweeps: versions that no pin lies in go.
 *
 * A segment knows how many versions have their payload (@held) and how many
 * their index entry (@index) in it, and stays while there are any.
 */
#ifndef DL_HISTORY_H
#define DL_HISTORY_H

#include "volume.h"

/* One above the youngest snapshot's sequence; 0: there is none. */
static inline u64 dl_history_newest(const struct dl_volume *v)
{
	/* Pairs with the release in dl_pins_announce(). */
	return smp_load_acquire(&v->pins.newest);
}

/* Is there any snapshot? */
static inline bool dl_history_wanted(const struct dl_volume *v)
{
	return dl_history_newest(v);
}

/* A version that was taken is not used after all: who waits may have it. */
void dl_history_unused(struct dl_volume *v, u32 idx);

/* What has to be kept of the origin: sectors of one page with one @until. */
struct dl_keep {
	u64 from;		/* since when, at the latest */
	u64 until;
	u64 loc;
	u32 crc;
	u32 home;		/* its index entry */
	u16 slot;		/* page of the job */
	u8 first, sectors;
	u8 codec, stored;
	u8 flags;		/* DL_PVAL_* */
};

/**
 * dl_history_need() - what a snapshot needs of the origin in one page
 * @v: volume
 * @bucket: of the page
 * @page: page number
 * @mask: sectors about to be overwritten in the origin
 * @zeroed: sequence up to which runs of zeros are in the origin already
 * @keep: out: up to DL_PAGE_SECTORS stretches
 *
 * Context: the shard locked. Return: their number.
 */
u32 dl_history_need(struct dl_volume *v, u32 bucket, u64 page, u8 mask,
		    u64 zeroed, struct dl_keep *keep);

/* Drop version @i if it refers to the origin: see rewind.h. May not sleep. */
void dl_history_drop_origin(struct dl_volume *v, u32 i);

/* Everybody who was about to replace something has done so. May not sleep. */
void dl_history_barrier(struct dl_volume *v);

/* The payload at @loc is, or is no more, one that segments are held for. */
void dl_history_hold(struct dl_volume *v, u64 loc, u8 sectors, int n);

/* Add a version made elsewhere. @val->home set; shard locked. */
void dl_history_add(struct dl_volume *v, u32 bucket, u32 idx,
		    const struct dl_version *val);

/**
 * dl_history_new() - the next version that a horizon is about to pass
 * @v: volume
 * @goal: that horizon
 * @i: in and out: where to look from, where it was found
 * @val: out
 *
 * Context: process, no shard locked. Return: false when there are no more.
 */
bool dl_history_new(struct dl_volume *v, u64 goal, u32 *i,
		    struct dl_version *val);
/* The same for runs. */
bool dl_history_new_run(struct dl_volume *v, u64 goal, u32 *i,
			struct dl_past_run *run);

/* Entry @i, if it is of a version. Context: process, no shard locked. */
bool dl_history_get(struct dl_volume *v, u32 i, struct dl_version *val);

/* Version @idx, run @i, is to be found elsewhere now. Shard locked for @idx. */
void dl_history_moved(struct dl_volume *v, u32 idx, u64 loc, u32 home);
void dl_history_moved_run(struct dl_volume *v, u32 i, u32 home);

/* An index entry found by recovery: 0 or -ENOSPC. */
int dl_history_found(struct dl_volume *v, const struct dl_version *val);
int dl_history_found_run(struct dl_volume *v, const struct dl_version *val);

/* Recovery has seen all: count what segments hold, drop what none needs. */
void dl_history_recovered(struct dl_volume *v);

/* Drop what no pin needs any more. Process context, may sleep. */
void dl_history_sweep(struct dl_volume *v);

/**
 * dl_history_pick() - what a sector of a page was to be read from, then
 * @v: volume
 * @bucket: of the page
 * @page: page number
 * @sector: of the page, 0..7
 * @at: sequence
 * @past: out: the version, or 0
 * @cur: out: the map's entry, or 0; neither: the origin
 *
 * Runs of zeros are not looked at. Context: the shard locked.
 */
void dl_history_pick(struct dl_volume *v, u32 bucket, u64 page, u8 sector,
		     u64 at, u32 *past, u32 *cur);

#endif
