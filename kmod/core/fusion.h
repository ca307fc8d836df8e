/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Placeholders: how much room to keep behind a record for the writes expected to
 * follow it directly, and whether that pays.
 *
 * A slot for each region of 1 MiB, chosen by a hash, has two counters in the manner of
 * a branch predictor: how likely a write is followed by its neighbour, if it followed
 * one itself, and if it did not. They move an eighth of the way with each write to less
 * than a page: a slot remembers where the last four streams of such writes ended, and
 * in which frame, as who comes when that is closed comes too late. A
 * stream that enters a region brings along what it was in the one before; else a region
 * has what the adjacency predictor (adjacency.h) says of it, which sees all writes, but
 * later.
 *
 * So much room is kept that nine sectors in ten of it are expected to be filled. Where
 * fewer than four in five were, none is kept for a while; the while doubles each time
 * that this was wrong again.
 *
 * Ownership and locks: the caller's memory, which starts as zeros. Slots are read and
 * counted in by many at once without a lock: a count may be lost, and a slot that
 * changes hands meanwhile gives some room too much or too little; nothing else.
 * Judging and teaching is one's alone.
 */
#ifndef DL_CORE_FUSION_H
#define DL_CORE_FUSION_H

#include "format.h"

#define DL_FUSION_REGION_SHIFT	11u	/* sectors: 1 MiB */

/* Whether room is kept at all: a tunable's values. */
#define DL_FUSION_OFF		0u
#define DL_FUSION_ON		1u	/* always, all that is left of the page */
#define DL_FUSION_AUTO		2u	/* where it pays */

#define DL_FUSION_STREAMS	4u

struct dl_fusion_slot {
	u32 tag;		/* of the region, never 0; 0: unused */
	u32 end[DL_FUSION_STREAMS];	/* of the last writes there, lowest bits */
	u32 frame[DL_FUSION_STREAMS];	/* that they went to */
	u8  ran;		/* a bit for each: it had followed another */
	u8  next;		/* of them the one to be replaced */
	u8  p[2];		/* that a write's neighbour follows, of 255: [1] if it
				 * followed one itself
				 */
	u8  len;		/* sectors that it is expected to have; 0: as many */
	u8  off;		/* judgements to come before room is kept again */
	u8  shy;		/* log2 of how many the next such while has */
	u8  pad;
	u16 kept, filled;	/* sectors since the last judgement */
};

struct dl_fusion {
	struct dl_fusion_slot *slots;
	u32 mask;		/* their number, a power of two, less 1 */
};

/* The slot that region @region has, or shares. */
static inline struct dl_fusion_slot *dl_fusion_slot(const struct dl_fusion *f,
						    u64 region)
{
	/* 2^64 over the golden ratio. */
	return &f->slots[(u32)(region * 0x9e3779b97f4a7c15ULL >> 32) & f->mask];
}

static inline u32 dl_fusion_tag(u64 region)
{
	return (u32)region + 1 ?: 1;
}

/**
 * dl_fusion_room() - a record is to be made: sectors to keep behind it
 * @f: slots
 * @mode: DL_FUSION_*
 * @frame: a number that tells the open frame from those before it
 * @sector: of the volume, first of the record
 * @sectors: that it has, less than a page's
 * @confidence: out: that they will be filled, of 255; if any
 *
 * Return: how many, none beyond the page.
 */
u32 dl_fusion_room(struct dl_fusion *f, u32 mode, u32 frame, u64 sector,
		   u32 sectors, u8 *confidence);

/* So much room was kept behind a record at @sector. */
void dl_fusion_kept(struct dl_fusion *f, u64 sector, u32 kept);

/* Room was filled by @sectors at @sector, in the open frame. */
void dl_fusion_filled(struct dl_fusion *f, u32 frame, u64 sector, u32 sectors);

/**
 * dl_fusion_teach() - what is expected of a region of which nothing is known
 * @f: slots
 * @region: sector >> DL_FUSION_REGION_SHIFT
 * @p: that sectors directly behind a write there are written next, of 255; [1] of
 *	one that followed another itself
 * @len: how many; 0: as many as the write had
 *
 * Whether they come in time is not known: it is believed so far that few writes of its
 * own are needed until room is kept there.
 */
void dl_fusion_teach(struct dl_fusion *f, u64 region, const u8 p[2], u8 len);

/* Once in a while: where has it paid? Looks at all slots. */
void dl_fusion_judge(struct dl_fusion *f);

#endif
