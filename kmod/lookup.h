/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a stretch of sectors is to be read from: at present, or as it was at a
 * sequence that a snapshot holds.
 *
 * Whoever is told the log holds a reader's reference to the segment. Whoever
 * is told the origin, of the past, must have entered (preserve.h) before he
 * asked: else it may be overwritten meanwhile.
 */
#ifndef DL_LOOKUP_H
#define DL_LOOKUP_H

#include <linux/bio.h>

#include "volume.h"

#define DL_NOW	U64_MAX

enum dl_kind {
	DL_FROM_ORIGIN,
	DL_FROM_ZERO,
	DL_FROM_RAM,		/* a frame in memory; has been copied */
	DL_FROM_LOG,
	DL_FROM_LOST,
};

/* What a stretch of sectors of one page is to be read from. */
struct dl_extent {
	enum dl_kind kind;
	u32 sectors;
	struct dl_pval val;		/* of the record, unless ORIGIN */
	struct dl_segment *seg;		/* LOG: reference held */
};

/**
 * dl_look_up() - what sectors are to be read from, as far as it is one thing
 * @v: volume
 * @at: DL_NOW, or a pinned sequence
 * @sector: first sector
 * @max: sectors wanted; it never goes beyond the end of their page
 * @bio: if it is a frame in memory, they are copied there, while the shard's
 *	lock keeps writers away; NULL: they are not
 * @iter: of @bio; advanced by what is copied
 * @x: out
 *
 * Context: process.
 */
void dl_look_up(struct dl_volume *v, u64 at, u64 sector, u32 max,
		struct bio *bio, struct bvec_iter *iter, struct dl_extent *x);

void dl_put_segment(struct dl_volume *v, struct dl_segment *seg);

/* Copy to @bio at *@iter, which advances; zeros if @src is NULL. */
void dl_copy_out(struct bio *bio, struct bvec_iter *iter, const void *src,
		 unsigned int bytes);

/* How many sectors from @first on @mask has, or has not, like @first. */
u32 dl_same(u8 mask, u8 first, u32 max);

/* Sectors of @want that any record of @page holds. Shard locked. */
u8 dl_covered(struct dl_pmap *pm, u32 bucket, u64 page, u8 want);

#endif
