// SPDX-License-Identifier: GPL-2.0
/*
 * What the log has in hand: frames and segments ahead of who will need them, had
 * by housekeeping, so that no write has to allocate. See log.h.
 */
#include "commit.h"
#include "log.h"

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
		want = l->nr_free < 2 && l->nr_frames < l->max_frames &&
		       l->starved == DL_STARVED_FRAME;
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
		want = list_empty(&l->covers) && l->nr_covers < l->max_frames &&
		       l->starved == DL_STARVED_FRAME;
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

bool dl_log_refill(struct dl_log *l)
{
	struct dl_segment *seg;
	unsigned long flags;
	bool placed, want, room, idle;

	grow_frames(l);
	grow_covers(l);
	do {
		spin_lock_irqsave(&l->lock, flags);
		want = l->segs.nr_pool < DL_SEGMENT_POOL && l->segs.free_chunks;
		spin_unlock_irqrestore(&l->lock, flags);
		if (!want)
			break;
		seg = dl_segment_alloc(&l->segs);
		spin_lock_irqsave(&l->lock, flags);
		placed = dl_segment_place(&l->segs, seg, l->epoch);
		if (placed && l->crypt)
			dl_crypt_claim(l->crypt, seg->start, seg->sectors,
				       seg->id, seg->epoch);
		spin_unlock_irqrestore(&l->lock, flags);
		if (!placed)
			dl_segment_free(&l->segs, seg);
	} while (placed);

	spin_lock_irqsave(&l->lock, flags);
	room = (l->starved == DL_STARVED_SEGMENT && l->cur && l->segs.nr_pool) ||
	       (l->starved == DL_STARVED_FRAME && dl_log_has_frame(l)) ||
	       (l->starved == DL_STARVED_RESERVE &&
		dl_segments_free(&l->segs) >= l->kept_chunks);
	if (room)
		l->starved = DL_FED;
	idle = !l->cur && l->segs.nr_pool >= 2 && !l->failed;
	spin_unlock_irqrestore(&l->lock, flags);
	if (room)
		l->ops->room(l->ctx);
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
