// SPDX-License-Identifier: GPL-2.0
/*
 * What the log has in hand: frames and segments ahead of who will need them, so that
 * no write has to allocate. See log.h.
 *
 * Without a plan housekeeping sees to it. With one a work item of its own does so as
 * well, as soon as anything is taken: housekeeping may be writing summaries and
 * checkpoints. The two may meet; then there is one segment or frame more, until it is
 * used or given back.
 */
#include "ahead.h"
#include "commit.h"
#include "turn.h"

static void add_frame(struct dl_log *l, struct dl_frame *f)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	list_add(&f->list, &l->free);
	l->nr_frames++;
	l->nr_free++;
	spin_unlock_irqrestore(&l->lock, flags);
}

static void grow_frames(struct dl_log *l)
{
	struct dl_frame *f;
	unsigned long flags;
	bool want;

	for (;;) {
		spin_lock_irqsave(&l->lock, flags);
		want = dl_ahead_frame(l);
		spin_unlock_irqrestore(&l->lock, flags);
		if (!want)
			return;
		f = dl_frame_alloc(l, GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
		if (!f)
			return;
		add_frame(l, f);
	}
}

/* And what they are written from, if the log is encrypted. */
static void grow_covers(struct dl_log *l)
{
	struct dl_cover *c;
	unsigned long flags;
	bool want;

	while (l->crypt) {
		spin_lock_irqsave(&l->lock, flags);
		want = dl_ahead_cover(l);
		spin_unlock_irqrestore(&l->lock, flags);
		if (!want)
			return;
		c = dl_cover_alloc(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
		if (!c)
			return;
		spin_lock_irqsave(&l->lock, flags);
		list_add(&c->list, &l->covers);
		l->nr_covers++;
		spin_unlock_irqrestore(&l->lock, flags);
	}
}

/* So that more of them can stay in memory, if that costs nobody anything. */
static void grow_recent(struct dl_log *l)
{
	struct dl_frame *f;
	unsigned long flags;
	bool want;

	for (;;) {
		spin_lock_irqsave(&l->lock, flags);
		want = dl_recent_wants(l);
		spin_unlock_irqrestore(&l->lock, flags);
		f = want ? dl_frame_alloc(l, GFP_NOWAIT | __GFP_NOWARN) : NULL;
		if (!f)
			return;
		add_frame(l, f);
	}
}

/* What was missing is there: let those know who wait for it. */
static void tell(struct dl_log *l)
{
	unsigned long flags;
	bool room;

	spin_lock_irqsave(&l->lock, flags);
	room = (l->starved == DL_STARVED_SEGMENT && l->cur && l->segs.nr_pool) ||
	       (l->starved == DL_STARVED_FRAME && dl_log_has_frame(l)) ||
	       (l->starved == DL_STARVED_RESERVE &&
		dl_segments_free(&l->segs) >= l->kept_chunks);
	if (room)
		l->starved = DL_FED;
	spin_unlock_irqrestore(&l->lock, flags);
	if (room)
		l->ops->room(l->ctx);
}

static void claim(struct dl_log *l, const struct dl_segment *seg)
{
	if (l->crypt)
		dl_crypt_claim(l->crypt, seg->start, seg->sectors, seg->id,
			       seg->epoch);
}

static void grow_pool(struct dl_log *l)
{
	struct dl_segment *seg;
	unsigned long flags;
	bool placed;
	u32 n;

	do {
		spin_lock_irqsave(&l->lock, flags);
		n = dl_ahead_segment(l);
		spin_unlock_irqrestore(&l->lock, flags);
		if (!n)
			return;
		seg = dl_segment_alloc(&l->segs, n);
		spin_lock_irqsave(&l->lock, flags);
		placed = dl_segment_place(&l->segs, seg, n, l->epoch);
		if (placed)
			claim(l, seg);
		spin_unlock_irqrestore(&l->lock, flags);
		if (!placed)
			dl_segment_free(&l->segs, seg);
		else
			tell(l);
	} while (placed);
}

/* Segments of the pool that are too many; or too large now that space is short. */
static void shrink_pool(struct dl_log *l)
{
	struct dl_segment *seg;
	unsigned long flags;
	bool again;

	do {
		spin_lock_irqsave(&l->lock, flags);
		seg = dl_ahead_surplus(l);
		if (seg)
			dl_segment_withdraw(&l->segs, seg);
		spin_unlock_irqrestore(&l->lock, flags);
		if (seg)
			dl_segment_free(&l->segs, seg);
		again = seg;
		spin_lock_irqsave(&l->lock, flags);
		seg = dl_ahead_oversized(l);
		if (seg) {
			/* At once, for the pool must not run empty meanwhile. */
			dl_segment_withdraw(&l->segs, seg);
			dl_segment_place(&l->segs, seg, l->segs.seg_chunks,
					 l->epoch);
			claim(l, seg);
		}
		spin_unlock_irqrestore(&l->lock, flags);
		again |= !!seg;
	} while (again);
}

static void shrink_covers(struct dl_log *l)
{
	struct dl_cover *c;
	unsigned long flags;

	do {
		spin_lock_irqsave(&l->lock, flags);
		c = dl_ahead_idle_cover(l);
		spin_unlock_irqrestore(&l->lock, flags);
		if (c)
			dl_cover_free(c);
	} while (c);
}

static void refill(struct dl_log *l)
{
	/* First what a single write waits for, then what is there for many. */
	grow_covers(l);
	grow_pool(l);
	grow_frames(l);
	tell(l);
	shrink_pool(l);
	shrink_covers(l);
}

void dl_refill_work(struct work_struct *work)
{
	struct dl_log *l = container_of(work, struct dl_log, refill);

	refill(l);
	dl_turn_overdue(l);
}

bool dl_log_refill(struct dl_log *l)
{
	unsigned long flags;
	bool idle;

	refill(l);
	spin_lock_irqsave(&l->lock, flags);
	idle = !l->cur && l->segs.nr_pool >= 2 && !l->failed;
	spin_unlock_irqrestore(&l->lock, flags);
	grow_recent(l);
	return idle;
}

unsigned int dl_log_usage(struct dl_log *l)
{
	u32 used, all, own = 0;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	all = l->segs.nr_chunks;
	used = all - dl_segments_free(&l->segs);
	if (l->cur)
		own = (l->cur->sectors + l->cur->next->sectors) >>
			l->segs.chunk_shift;
	/* What snapshots hold no cycle can free. */
	own += l->segs.held_chunks;
	own = min(own, all);
	spin_unlock_irqrestore(&l->lock, flags);
	used -= min(own, used);
	return (u64)used * 100 / max(all - own, 1U);
}

u32 dl_log_free_chunks(struct dl_log *l)
{
	unsigned long flags;
	u32 n;

	spin_lock_irqsave(&l->lock, flags);
	n = dl_segments_free(&l->segs);
	spin_unlock_irqrestore(&l->lock, flags);
	return n;
}
