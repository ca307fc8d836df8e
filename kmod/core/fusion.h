/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Placeholders: how much room to keep behind a record for the writes expected to
 * follow it directly, and whether that pays.
 *
 * A slot for each region of 1 MiB, chosen by a hash, has what the adjacency predictor
 * says of the region, and what became of the room that was kept there. So much room is
 * kept that, if each write that follows does so with the same probability, four
 * sectors in five of it will be filled. Where fewer were, none is kept for a while;
 * the while doubles each time that this was wrong again.
 *
 * Ownership and locks: the caller's memory, which starts as zeros. Slots are read and
 * counted in by many at once without a lock: a count may be lost, and a slot that
 * changes hands meanwhile gives some room too much or too little; nothing else.
 * Judging is one's alone.
 */
#ifndef DL_CORE_FUSION_H
#define DL_CORE_FUSION_H

#include "format.h"

#define DL_FUSION_REGION_SHIFT	11u	/* sectors: 1 MiB */

/* Whether room is kept at all: a tunable's values. */
#define DL_FUSION_OFF		0u
#define DL_FUSION_ON		1u	/* always, all that is left of the page */
#define DL_FUSION_AUTO		2u	/* where it pays */

struct dl_fusion_slot {
	u32 tag;		/* of the region, never 0; 0: unused */
	u8  p;			/* that a write's neighbour follows, of 255 */
	u8  len;		/* sectors that it is expected to have; 0: as many */
	u8  off;		/* judgements to come before room is kept again */
	u8  shy;		/* log2 of how many the next such while has */
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
 * dl_fusion_room() - sectors to keep behind a record
 * @f: slots
 * @mode: DL_FUSION_*
 * @sector: of the volume, first of the record
 * @sectors: that it has, less than a page's
 * @confidence: out: that they will be filled, of 255; if any
 *
 * Return: how many, none beyond the page.
 */
u32 dl_fusion_room(const struct dl_fusion *f, u32 mode, u64 sector, u32 sectors,
		   u8 *confidence);

/* Room was kept, or some of it filled, behind a record at @sector. */
void dl_fusion_count(struct dl_fusion *f, u64 sector, u32 kept, u32 filled);

/**
 * dl_fusion_teach() - what is expected of a region, from now on
 * @f: slots
 * @region: sector >> DL_FUSION_REGION_SHIFT
 * @p: that sectors directly behind a write there are written next, of 255
 * @len: how many; 0: as many as the write had
 */
void dl_fusion_teach(struct dl_fusion *f, u64 region, u8 p, u8 len);

/* Once in a while: where has it paid? Looks at all slots. */
void dl_fusion_judge(struct dl_fusion *f);

#endif
