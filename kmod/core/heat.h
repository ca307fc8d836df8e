/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The change-frequency monitor: how often a region of 64 KiB is written, how
 * often each of its pages is, and whether in order. A sparse table of sets of
 * four ways, a way for a region; of a full set the coldest goes.
 *
 * Ownership and locking: the memory is the caller's and starts as zeros, and it
 * is he who chooses the set of a region, always the same one. All that is in a
 * set is guarded by a lock of his; nothing is shared between sets. A pointer to
 * a way is good as long as that lock is held.
 *
 * Rates are decayed exponentially with a half-life of half a window: one window
 * after a change a quarter of what was before is left, after two a 16th. Time is
 * counted in ticks, and may wrap around; it may seem to run backward by up to
 * DL_HEAT_SKEW, as it does between processors.
 *
 * The rate of a region is a mean over time of 1 / (gap between two writes), so
 * that of a steady one is right at any number of writes a window, far below one
 * as well, where a decayed count would show its last write only. A gap of half a
 * window or more says that what was before is over: it fades with the gap's square,
 * and counts as eight writes in the gap at most. The first write of a region has
 * no gap: its rate is 0 until there is a second.
 *
 * The rate of a page is from a decayed count: right if there are more than about
 * 1.3 writes of it a window. Less than that reads as some rate below. It is
 * never above the region's, and is the region's above 10 a second, or what
 * 30,000 counts come to (11 a second if the window is an hour, 28 a minute if it
 * is a day).
 *
 * Invariants:
 *  - @mark of a way is at most @at, and less than a half-life before it;
 *  - a region is in one way of its set at most;
 *  - DL_HEAT_USED is set exactly in the ways that hold a region.
 */
#ifndef DL_CORE_HEAT_H
#define DL_CORE_HEAT_H

#include "format.h"
#include "level.h"

#define DL_HEAT_TICKS		16u		/* a second */
#define DL_HEAT_SKEW		256u		/* ticks */
#define DL_HEAT_REGION_SHIFT	4u
#define DL_HEAT_PAGES		(1u << DL_HEAT_REGION_SHIFT)
#define DL_HEAT_WAYS		4u
#define DL_HEAT_WINDOW_MAX	86400u		/* s */

/* dl_heat.flags */
#define DL_HEAT_USED		0x01u
#define DL_HEAT_SEQUENTIAL	0x02u

struct dl_heat {
	u64 rate;		/* writes an hour at @at, fixed point: 24 bits */
	u32 region_lo;
	u8  region_hi;
	u8  flags;		/* DL_HEAT_* */
	u16 delta;		/* mean size of deltas in 1/8 bytes; 0: none yet */
	u32 at;			/* tick of the last write */
	u32 mark;		/* tick at which a write counted as 1 */
	u32 since;		/* tick since which @level is in force */
	/*
	 * Writes counted: one at @mark as 1 << page_shift, one a half-life later
	 * as twice that. So only the pages that are written are touched; when a
	 * half-life is over all are halved.
	 */
	u16 page[DL_HEAT_PAGES];
	u8  next;		/* page behind the last write, 0..16; or none */
	u8  run;		/* decayed share of writes in order, 255: all */
	u8  level;		/* enum dl_level in force; the caller's */
};

static_assert(sizeof(struct dl_heat) <= 64, "a way is a cache line");

struct dl_heat_set {
	struct dl_heat way[DL_HEAT_WAYS];
};

/* What updates need of the window, so that they divide nothing. */
struct dl_heat_scale {
	u32 half;		/* half-life in ticks */
	u32 inv;		/* 2^32 / half */
	u64 unit;		/* one per half-life, as dl_heat.rate */
	u64 write;		/* one write's part of a rate: ln 2 * unit */
	u32 page_shift;
};

/**
 * dl_heat_scale_set() - prepare for a window
 * @s: out
 * @window_secs: window; taken as 1 if it is 0, as DL_HEAT_WINDOW_MAX if above
 *
 * What a table counted with another scale is to be zeroed, or it is off by the
 * quotient until a window or two have passed.
 */
void dl_heat_scale_set(struct dl_heat_scale *s, u32 window_secs);

/**
 * dl_heat_touch() - a write
 * @set: set of the region
 * @s: scale
 * @page: first page, at most DL_PAGE_MAX
 * @pages: how many, at least 1; those beyond the region are not looked at: a
 *	write over several regions is a touch for each
 * @now: tick
 *
 * Return: the way of the region; if it is a new one its level is
 * DL_LEVEL_UNSAID.
 */
struct dl_heat *dl_heat_touch(struct dl_heat_set *set,
			      const struct dl_heat_scale *s, u64 page,
			      u32 pages, u32 now);

/* The way of region (page >> DL_HEAT_REGION_SHIFT) @region, or NULL. */
struct dl_heat *dl_heat_find(struct dl_heat_set *set, u64 region);

/* To and from a checkpoint. */
void dl_heat_pack(const struct dl_heat *h, struct dl_disk_grain *d);
u64 dl_heat_disk_region(const struct dl_disk_grain *d);

/**
 * dl_heat_unpack() - a region as a checkpoint had it
 * @set: set of the region
 * @d: as read; nothing in it does harm
 * @now: tick, as of which its rate is taken to be what it was
 *
 * If there is no way left, or the region is there already, nothing is done.
 */
void dl_heat_unpack(struct dl_heat_set *set, const struct dl_disk_grain *d,
		    u32 now);

/* Region that a used way is of. */
static inline u64 dl_heat_region(const struct dl_heat *h)
{
	return (u64)h->region_hi << 32 | h->region_lo;
}

/**
 * dl_heat_rate() - writes of a region an hour
 * @h: used way
 * @s: scale
 * @now: tick
 *
 * As long as the next write is not late the rate is what it was.
 */
u32 dl_heat_rate(const struct dl_heat *h, const struct dl_heat_scale *s,
		 u32 now);

/**
 * dl_heat_page_rate() - writes of a page an hour
 * @h: used way
 * @s: scale
 * @page: page in the region, 0 to 15
 * @now: tick
 *
 * Meant to be asked after a write of the page, which counts half, as a count
 * is half a write too high then. For other pages that is half a write too low.
 */
u32 dl_heat_page_rate(const struct dl_heat *h, const struct dl_heat_scale *s,
		      unsigned int page, u32 now);

/*
 * Do writes begin where the one before ended, or cover half of the region? Takes
 * more than two in three to become true, and more than two in three that do not
 * to become false again.
 */
static inline bool dl_heat_sequential(const struct dl_heat *h)
{
	return h->flags & DL_HEAT_SEQUENTIAL;
}

/**
 * dl_heat_delta() - a delta was made of a write
 * @h: used way
 * @bytes: its size; beyond 8 KiB - 1 taken as that
 */
void dl_heat_delta(struct dl_heat *h, u32 bytes);

/* Mean size of the last eight deltas or so, in bytes; 0 if there were none. */
static inline u32 dl_heat_delta_bytes(const struct dl_heat *h)
{
	return ((u32)h->delta + 7) >> 3;
}

/* @level is in force from @now on, if it is not already. */
static inline void dl_heat_level_set(struct dl_heat *h, u8 level, u32 now)
{
	if (h->level == level)
		return;
	h->level = level;
	h->since = now;
}

#endif
