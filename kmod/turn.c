// SPDX-License-Identifier: GPL-2.0
/*
 * From one segment to the next. See turn.h.
 */
#include <linux/jiffies.h>

#include "commit.h"
#include "trace.h"
#include "turn.h"

static u32 tail_max(const struct dl_log *l)
{
	return dl_frame_tail_sectors(l->block_bytes, l->max_descs +
				     (l->crypt ? dl_frame_tag_slots(DL_FRAME_PAGES *
								    DL_PAGE_SECTORS) :
				      0));
}

u32 dl_turn_room(const struct dl_log *l, const struct dl_segment *seg)
{
	u32 room = dl_segment_room(&l->segs, seg, l->block_bytes, l->max_descs);
	u32 need = l->block_sectors + tail_max(l);

	if (room <= need)
		return 0;
	return min_t(u32, (room - need) & ~(DL_PAGE_SECTORS - 1),
		     DL_FRAME_PAGES * DL_PAGE_SECTORS);
}

static void enter_segment(struct dl_log *l, struct dl_segment *seg)
{
	seg->state = DL_SEG_OPEN;
	seg->first_commit = l->next_commit;
	seg->last_commit = l->next_commit - 1;
	seg->first_seq = l->next_seq;
	seg->last_seq = l->next_seq - 1;
	if (!seg->in_chain)
		dl_segment_enlist(&l->segs, seg);
	l->cur = seg;
	trace_deltalog_segment_open(l, seg);
}

static void set_next(struct dl_segment *seg, struct dl_segment *next)
{
	seg->next = next;
	seg->next_id = next->id;
	seg->next_start = next->start;
	seg->next_sectors = next->sectors;
}

/*
 * The frame header names the successor, so a segment is opened only when the
 * one after it is known: recovery can then always follow the chain.
 */
bool dl_turn(struct dl_log *l, enum dl_sealed why)
{
	struct dl_segment *old = l->cur, *next;

	next = dl_segment_take(&l->segs);
	if (!next)
		return false;
	/* Pairs with the acquire in forgotten(). */
	smp_store_release(&old->state, (u8)DL_SEG_SEALED);
	trace_deltalog_segment_seal(l, old);
	l->sealed[why]++;
	l->unsettled++;
	enter_segment(l, old->next);
	set_next(l->cur, next);
	return true;
}

/* ---- before it is full ---- */

static void seal(struct dl_log *l, enum dl_sealed why)
{
	struct dl_batch b;
	unsigned long flags;

	dl_batch_init(&b);
	spin_lock_irqsave(&l->lock, flags);
	if (l->open)
		dl_log_close(l, &b);
	if (l->cur && l->cur->last_commit >= l->cur->first_commit)
		dl_turn(l, why);
	spin_unlock_irqrestore(&l->lock, flags);
	dl_log_submit(l, &b);
	dl_log_kick(l);
	l->ops->housekeep(l->ctx);
}

void dl_log_seal(struct dl_log *l)
{
	seal(l, DL_SEALED_ASKED);
}

/*
 * Has the open segment waited for long, and will go on to? Then what it has can be
 * settled sooner; what it has not is lost until then, so only while there is plenty
 * of everything.
 */
bool dl_turn_is_overdue(const struct dl_log *l)
{
	const struct dl_segments *s = &l->segs;
	const struct dl_segment *seg = l->cur;
	unsigned long most = HZ * (unsigned long)READ_ONCE(l->seal_secs);
	u64 room;

	if (!l->planned || !most || !seg || !seg->nr_frames || l->stopped ||
	    l->failed || time_before(jiffies, seg->born + most))
		return false;
	room = (u64)(seg->sectors - min(seg->sectors, seg->used)) << DL_SECTOR_SHIFT;
	return room > l->plan.soon && s->nr_pool > 1 &&
	       s->nr_live < s->max / 4 && s->free_chunks >= s->nr_chunks / 2;
}

bool dl_log_waits(struct dl_log *l)
{
	unsigned long flags;
	bool waits;

	spin_lock_irqsave(&l->lock, flags);
	waits = l->seal_secs && l->cur && l->cur->nr_frames;
	spin_unlock_irqrestore(&l->lock, flags);
	return waits;
}

void dl_turn_overdue(struct dl_log *l)
{
	unsigned long flags;
	bool late;

	spin_lock_irqsave(&l->lock, flags);
	late = dl_turn_is_overdue(l);
	spin_unlock_irqrestore(&l->lock, flags);
	if (late)
		seal(l, DL_SEALED_AGE);
}

/* ---- begin and end ---- */

bool dl_log_choose(struct dl_log *l)
{
	struct dl_segment *seg;
	unsigned long flags;
	bool ok = false;

	spin_lock_irqsave(&l->lock, flags);
	if (!l->cur && l->segs.nr_pool >= 2) {
		seg = dl_segment_take(&l->segs);
		set_next(seg, dl_segment_take(&l->segs));
		enter_segment(l, seg);
		ok = true;
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return ok;
}

void dl_log_begin(struct dl_log *l)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	l->stopped = false;
	l->starved = DL_FED;
	spin_unlock_irqrestore(&l->lock, flags);
	l->ops->room(l->ctx);
}

void dl_log_stop(struct dl_log *l)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	l->stopped = true;
	spin_unlock_irqrestore(&l->lock, flags);
}
