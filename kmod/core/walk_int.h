/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to the walk: what walk.c, which decides, shares with walk_load.c,
 * which reads and checks.
 */
#ifndef DL_CORE_WALK_INT_H
#define DL_CORE_WALK_INT_H

#include "walk.h"

/* One segment on its way. */
struct dl_seg_walk {
	const struct dl_cp_segment *seg;
	struct dl_walk_segment_info *info;
	u32 bs;			/* sectors of a log block */
	u32 pos;		/* where the next frame must be, <= seg->sectors */
	u64 commit;		/* its number */
	u64 min_seq;		/* its records' sequence is not below */
	u64 durable;		/* commits up to this were durable */
	bool vouched;		/* a summary was begun: all that is here was */
	bool later;		/* a look ahead saw frames of later commits */
	u64 missing, missing_id;	/* sector and segment where the expected
					 * one was, as far as it could see
					 */

	/* of the frame loaded last */
	enum dl_status why;	/* of the first damaged payload */
	const char *what;	/* what was looked at when a check failed */
	bool here;		/* the header is right and the one expected */
	bool trace;		/* the header is damaged, but was of this epoch */
	bool absurd;		/* checksums are right, what they cover is not */
};

static inline bool dl_seg_sealed(const struct dl_seg_walk *s)
{
	return s->seg->state == DL_SEG_SEALED;
}

static inline int dl_walk_read(struct dl_walk *w, u64 sector, u32 sectors,
			       void *buf)
{
	return w->ops->read(w->ctx, sector, sectors, buf);
}

/* Descriptors of the frame in head_buf, which has head and tail in a row. */
static inline const struct dl_disk_desc *dl_walk_descs(const struct dl_walk *w)
{
	return w->head_buf + sizeof(struct dl_disk_frame);
}

void dl_walk_note(struct dl_walk *w, enum dl_note_kind kind, enum dl_status why,
		  const char *what, u64 segment_id, u64 sector, u64 commit,
		  u64 page);

/* Read the block at @sector into head_buf and decode it as a frame's header. */
enum dl_status dl_walk_load_head(struct dl_walk *w, u64 sector,
				 struct dl_frame_head *h);

/**
 * dl_walk_load_frame() - read and check a frame, all but its payloads
 * @w: walk; head_buf gets head and tail
 * @s: segment; the frame must be at @pos and have @commit
 * @h: out: header
 *
 * Return: DL_OK, or why not; then s->what and what follows it tell more.
 */
enum dl_status dl_walk_load_frame(struct dl_walk *w, struct dl_seg_walk *s,
				  struct dl_frame_head *h);

/**
 * dl_walk_check_payload() - verify the payloads of the frame at s->pos
 * @w: walk; data_buf is used
 * @s: segment
 * @h: the frame's header
 * @descs: its descriptors, checked
 * @report: note every damaged record
 *
 * Return: number of damaged records; s->why is what the first one suffers from.
 */
u32 dl_walk_check_payload(struct dl_walk *w, struct dl_seg_walk *s,
			  const struct dl_frame_head *h,
			  const struct dl_disk_desc *descs, bool report);

/**
 * dl_walk_load_summary() - read a segment's summary, check it by itself
 * @w: walk; summary_buf gets the summary, head_buf is used
 * @seg: segment: id, epoch, start and sectors matter
 * @sh: out: its header
 * @tail: out: its tail is right, so a summary was begun at least
 *
 * Return: DL_OK; DL_NO_SPACE when it is there and summary_buf cannot hold it;
 * else why there is none.
 */
enum dl_status dl_walk_load_summary(struct dl_walk *w,
				    const struct dl_cp_segment *seg,
				    struct dl_summary_head *sh, bool *tail);

/* Is the summary in summary_buf, every frame of it, one for @s to go by? */
enum dl_status dl_walk_check_summary(struct dl_walk *w,
				     const struct dl_seg_walk *s,
				     const struct dl_summary_head *sh);

/* Sectors of payload that @nr descriptors, at most @limit far, point into. */
u32 dl_walk_extent(const struct dl_disk_desc *descs, u32 nr, u32 limit);

#endif
