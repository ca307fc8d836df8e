// SPDX-License-Identifier: GPL-2.0
/*
 * Recent frames. See recent.h.
 */
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "log.h"
#include "recent.h"

#define SPARE_FRAMES	4u	/* free ones that housekeeping sees to, meanwhile */

static struct dl_frame *nth(const struct dl_recent *r, u32 i)
{
	return r->ring[(r->first + i) & (DL_RECENT_RING - 1)];
}

/* From what commit on something may be found in memory. */
static void set_forgotten(struct dl_log *l)
{
	const struct dl_recent *r = &l->recent;

	WRITE_ONCE(l->forgotten, r->nr ? nth(r, 0)->commit - 1 : l->written);
}

/* @f is not found any more, and none before it. */
static void set_gone(const struct dl_frame *f)
{
	if (f->seg)
		WRITE_ONCE(f->seg->gone,
			   f->payload_start + f->used - f->seg->start);
}

/* Take the oldest out. */
static struct dl_frame *pop(struct dl_log *l)
{
	struct dl_recent *r = &l->recent;
	struct dl_frame *f = nth(r, 0);

	r->first++;
	r->nr--;
	f->state = DL_FRAME_FREE;
	set_gone(f);
	set_forgotten(l);
	return f;
}

/* Its last reader may have it to do. */
static void set_free(struct dl_log *l, struct dl_frame *f)
{
	f->state = DL_FRAME_FREE;
	if (atomic_read(&f->readers))
		return;
	list_add(&f->list, &l->free);
	l->nr_free++;
}

void dl_recent_put(struct dl_log *l, struct dl_frame *f)
{
	struct dl_recent *r = &l->recent;

	lockdep_assert_held(&l->lock);
	while (r->nr && r->nr >= r->max)
		set_free(l, pop(l));
	/* What reconcile keeps of the origin hardly anybody will read. */
	if (!r->max || !f->plain) {
		if (!r->nr)
			set_gone(f);
		set_free(l, f);
		set_forgotten(l);
		return;
	}
	f->state = DL_FRAME_RECENT;
	r->ring[(r->first + r->nr++) & (DL_RECENT_RING - 1)] = f;
	set_forgotten(l);
	if (dl_recent_wants(l))
		l->ops->housekeep(l->ctx);
}

bool dl_recent_wants(const struct dl_log *l)
{
	const struct dl_recent *r = &l->recent;

	return r->nr && r->nr < r->max && l->nr_free < SPARE_FRAMES &&
	       l->nr_frames < l->max_frames + r->max;
}

void dl_recent_recycle(struct dl_log *l)
{
	while (!l->nr_free && l->recent.nr)
		set_free(l, pop(l));
}

/* The first that begins behind @seq, or @r->nr. */
static u32 first_behind(const struct dl_recent *r, u64 seq)
{
	u32 lo = 0, hi = r->nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (nth(r, mid)->first_seq <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Does @f lie behind @loc, which is in @seg? */
static bool behind(const struct dl_frame *f, const struct dl_segment *seg,
		   u64 loc)
{
	if (f->commit < seg->first_commit)
		return false;
	return f->commit > seg->last_commit || f->start > loc;
}

struct dl_frame *dl_recent_find(struct dl_log *l, u64 loc)
{
	const struct dl_segment *seg = dl_segment_at(&l->segs, loc);
	const struct dl_recent *r = &l->recent;
	u32 lo = 0, hi = r->nr;
	struct dl_frame *f;

	if (!seg)
		return NULL;
	/* In commit order, and so within a segment in that of sectors. */
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (behind(nth(r, mid), seg, loc))
			hi = mid;
		else
			lo = mid + 1;
	}
	if (!lo)
		return NULL;
	f = nth(r, lo - 1);
	return f->seg == seg && dl_frame_holds(f, loc) ? f : NULL;
}

void dl_recent_forget(struct dl_log *l, const struct dl_segment *seg)
{
	struct dl_recent *r = &l->recent;
	u32 i;

	lockdep_assert_held(&l->lock);
	for (i = first_behind(r, seg->first_seq - 1); i < r->nr; i++) {
		if (nth(r, i)->commit > seg->last_commit)
			break;
		if (nth(r, i)->seg == seg)
			nth(r, i)->seg = NULL;
	}
	/* Room for those that are good for something. */
	while (r->nr && !nth(r, 0)->seg)
		set_free(l, pop(l));
}

/* ---- memory ---- */

/* Frames there are always, free or not. */
#define LEAST_FRAMES	2u

/* How many could be given up so that @kept recent ones are left. */
static u32 surplus(const struct dl_log *l, u32 kept)
{
	u32 nr = READ_ONCE(l->recent.nr), idle = READ_ONCE(l->nr_free);
	u32 all = READ_ONCE(l->nr_frames);

	nr -= min(nr, kept);
	idle -= min(idle, LEAST_FRAMES);
	return min(nr + idle, all - min(all, LEAST_FRAMES));
}

/* One of those: a free one, else the oldest. NULL: that one is being read. */
static struct dl_frame *give_up(struct dl_log *l, u32 kept, bool *more)
{
	struct dl_frame *f = NULL;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	*more = surplus(l, kept);
	if (*more && l->nr_free > LEAST_FRAMES) {
		f = list_first_entry(&l->free, struct dl_frame, list);
		list_del_init(&f->list);
		l->nr_free--;
	} else if (*more) {
		f = pop(l);
	}
	if (f && atomic_read(&f->readers))
		f = NULL;
	else if (f)
		l->nr_frames--;
	spin_unlock_irqrestore(&l->lock, flags);
	return f;
}

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long n = surplus(dl_shrinker_ctx(s), 0);

	return n ? n * DL_FRAME_PAGES : SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct dl_log *l = dl_shrinker_ctx(s);
	unsigned long freed = 0;
	struct dl_frame *f;
	bool more = true;

	while (freed < sc->nr_to_scan && more) {
		f = give_up(l, 0, &more);
		if (!f)
			continue;
		dl_frame_free(f);
		freed += DL_FRAME_PAGES;
	}
	return freed ?: SHRINK_STOP;
}

void dl_recent_limit(struct dl_log *l, u32 kib)
{
	u64 most = (u64)totalram_pages() << PAGE_SHIFT >> 4;
	struct dl_recent *r = &l->recent;
	unsigned long flags;
	struct dl_frame *f;
	bool more;
	u32 max;

	most = min(most, (u64)kib << 10);
	max = min_t(u64, div_u64(most, DL_FRAME_MEM), DL_RECENT_RING);
	spin_lock_irqsave(&l->lock, flags);
	r->max = max;
	spin_unlock_irqrestore(&l->lock, flags);
	do {
		f = give_up(l, max, &more);
		if (f)
			dl_frame_free(f);
		cond_resched();
	} while (more);
}

int dl_recent_init(struct dl_log *l, u32 kib, const char *name)
{
	struct dl_recent *r = &l->recent;
	char text[48];

	r->ring = kvcalloc(DL_RECENT_RING, sizeof(*r->ring), GFP_KERNEL);
	if (!r->ring)
		return -ENOMEM;
	dl_recent_limit(l, kib);
	snprintf(text, sizeof(text), "dm-deltalog:%s", name);
	return dl_shrinker_add(&r->shrinker, shrink_count, shrink_scan, l, text);
}

void dl_recent_exit(struct dl_log *l)
{
	struct dl_recent *r = &l->recent;

	dl_shrinker_del(&r->shrinker);
	while (r->nr)
		dl_frame_free(pop(l));
	kvfree(r->ring);
	r->ring = NULL;
}
