// SPDX-License-Identifier: GPL-2.0
/*
 * Plans, and what becomes of them. See ahead.h.
 */
#include <linux/lockdep.h>

#include "ahead.h"
#include "trace.h"
#include "turn.h"

#define IDLE_COVERS	4u	/* that are kept whatever comes */

/* Is there so little left that none of it may be tied up? */
static bool cramped(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;
	u32 free = s->free_chunks + s->pool_chunks;

	return free < l->kept_chunks + s->nr_chunks / 4;
}

/* Chunks that the pool is to have. */
static u32 pool_chunks(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;
	u64 n = (u64)l->plan.pool * l->plan.seg_chunks;

	if (!l->planned || cramped(l))
		return 0;
	return min_t(u64, n, (s->free_chunks + s->pool_chunks) / 2);
}

u32 dl_log_segment_chunks(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;

	lockdep_assert_held(&l->lock);
	if (!l->planned || cramped(l))
		return s->seg_chunks;
	return dl_plan_size(l->plan.seg_chunks, s->seg_chunks, s->free_chunks,
			    dl_segments_left(s));
}

u32 dl_ahead_segment(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;

	lockdep_assert_held(&l->lock);
	if (!s->free_chunks ||
	    (s->nr_pool >= DL_SEGMENT_POOL &&
	     (s->pool_chunks >= pool_chunks(l) ||
	      s->nr_pool >= DL_PLAN_POOL_MOST)))
		return 0;
	return dl_log_segment_chunks(l);
}

struct dl_segment *dl_ahead_surplus(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;
	struct dl_segment *last;
	u32 n;

	lockdep_assert_held(&l->lock);
	if (s->nr_pool <= DL_SEGMENT_POOL)
		return NULL;
	last = list_last_entry(&s->pool, struct dl_segment, list);
	n = last->sectors >> s->chunk_shift;
	return s->pool_chunks - n >= pool_chunks(l) ? last : NULL;
}

struct dl_segment *dl_ahead_oversized(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;
	struct dl_segment *seg;

	lockdep_assert_held(&l->lock);
	if (l->planned && !cramped(l))
		return NULL;
	list_for_each_entry(seg, &s->pool, list)
		if (seg->sectors >> s->chunk_shift > s->seg_chunks)
			return seg;
	return NULL;
}

/* ---- frames ---- */

/* Free, or to be had by forgetting what they hold. */
static u32 frames_ahead(const struct dl_log *l)
{
	return l->nr_free + l->recent.nr;
}

bool dl_ahead_frame(const struct dl_log *l)
{
	lockdep_assert_held(&l->lock);
	if (l->starved == DL_STARVED_FRAME && l->nr_free < 2 &&
	    l->nr_frames < l->max_frames)
		return true;
	return l->planned && frames_ahead(l) < l->plan.frames &&
	       l->nr_frames < l->max_frames;
}

bool dl_ahead_cover(const struct dl_log *l)
{
	lockdep_assert_held(&l->lock);
	if (l->nr_covers >= l->max_frames)
		return false;
	return (l->starved == DL_STARVED_FRAME && list_empty(&l->covers)) ||
	       (l->planned && l->nr_covers < l->plan.frames);
}

/* Is nothing on its way, and hardly anything to come? */
static bool idle(const struct dl_log *l)
{
	return l->planned && !l->nr_active && !l->open &&
	       l->plan.soon < DL_FRAME_PAGES * DL_PAGE_BYTES;
}

struct dl_cover *dl_ahead_idle_cover(struct dl_log *l)
{
	struct dl_cover *c;

	lockdep_assert_held(&l->lock);
	if (!idle(l) || list_empty(&l->covers) ||
	    l->nr_covers <= max(l->plan.frames, IDLE_COVERS))
		return NULL;
	c = list_last_entry(&l->covers, struct dl_cover, list);
	list_del_init(&c->list);
	l->nr_covers--;
	return c;
}

/* ---- plans ---- */

/* What is planned and not there, or there and not planned. */
static bool unmet(struct dl_log *l)
{
	return dl_ahead_segment(l) || dl_ahead_surplus(l) ||
	       dl_ahead_oversized(l) || dl_ahead_frame(l) ||
	       (l->crypt && dl_ahead_cover(l)) ||
	       (idle(l) && l->nr_covers > max(l->plan.frames, IDLE_COVERS));
}

void dl_log_bounds(struct dl_log *l, struct dl_plan_bounds *b)
{
	const struct dl_segments *s = &l->segs;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	*b = (struct dl_plan_bounds) {
		.chunks = s->nr_chunks,
		.seg_chunks = s->seg_chunks,
		.seg_most = max(s->seg_chunks, dl_segment_largest(s)),
		.pool = DL_SEGMENT_POOL,
		.frames_max = l->max_frames,
		.frame_bytes = DL_FRAME_PAGES * DL_PAGE_BYTES,
		/* A summary is a 64th of its segment: as much as for frames. */
		.ahead_bytes = (u64)l->max_frames * DL_FRAME_MEM * 64,
		.chunk_shift = s->chunk_shift + DL_SECTOR_SHIFT,
	};
	spin_unlock_irqrestore(&l->lock, flags);
}

bool dl_log_planned(struct dl_log *l, struct dl_plan *p)
{
	unsigned long flags;
	bool planned;

	spin_lock_irqsave(&l->lock, flags);
	planned = l->planned;
	*p = l->plan;
	spin_unlock_irqrestore(&l->lock, flags);
	return planned;
}

void dl_log_plan(struct dl_log *l, const struct dl_plan *p)
{
	unsigned long flags;
	bool work;

	spin_lock_irqsave(&l->lock, flags);
	if (p && (!l->planned || p->seg_chunks != l->plan.seg_chunks ||
		  p->pool != l->plan.pool || p->frames != l->plan.frames))
		trace_deltalog_plan(l, p);
	work = p || l->planned;
	WRITE_ONCE(l->planned, p);
	if (p)
		l->plan = *p;
	work = work && !l->stopped && (unmet(l) || dl_turn_is_overdue(l));
	spin_unlock_irqrestore(&l->lock, flags);
	/* Also when it has just ended: what was too much is given back. */
	if (work)
		queue_work(l->refill_wq, &l->refill);
}
