// SPDX-License-Identifier: GPL-2.0
/*
 * Places for records: the open frame. See log.h for the rules; how one segment follows
 * another is in turn.c, what happens to a frame once it is closed in commit.c.
 */
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

#include "commit.h"
#include "log.h"
#include "payload.h"
#include "trace.h"
#include "turn.h"

int dl_log_init(struct dl_log *l, struct dl_blkio *io,
		const struct dl_super *sb, struct dl_crypt *crypt, u32 segment_kib,
		u32 frame_mem_kib, u32 cache_mem_kib, const char *name,
		const struct dl_log_ops *ops, void *ctx)
{
	u32 seg_sectors;
	int ret, i;

	spin_lock_init(&l->lock);
	INIT_LIST_HEAD(&l->free);
	INIT_LIST_HEAD(&l->closing);
	INIT_LIST_HEAD(&l->flying);
	INIT_LIST_HEAD(&l->waiters);
	INIT_LIST_HEAD(&l->covers);
	INIT_WORK(&l->work, dl_commit_work);
	INIT_DELAYED_WORK(&l->age, dl_commit_age);
	INIT_WORK(&l->refill, dl_refill_work);
	init_waitqueue_head(&l->idle);
	l->io = io;
	l->crypt = crypt->on ? crypt : NULL;
	l->ops = ops;
	l->ctx = ctx;
	l->block_bytes = sb->block_bytes;
	l->block_sectors = sb->block_bytes >> DL_SECTOR_SHIFT;
	l->cache = bdev_write_cache(io->bdev);
	l->open_first_seq = U64_MAX;
	l->commit_ms = 200;
	l->stopped = true;

	ret = dl_segments_init(&l->segs, sb, segment_kib);
	if (ret)
		return ret;
	l->segs.sealed = l->crypt;
	seg_sectors = l->segs.seg_chunks * l->segs.chunk_sectors;
	l->max_descs = clamp_t(u32, seg_sectors / 4, 16, l->crypt ?
			       DL_FRAME_SEALED_DESCS : DL_FRAME_DESCS);

	l->wq = alloc_workqueue("dl-log/%s", WQ_MEM_RECLAIM | WQ_HIGHPRI, 0,
				name);
	/* Its own: memory for a segment may have to be waited for. */
	l->refill_wq = alloc_workqueue("dl-pool/%s", WQ_MEM_RECLAIM | WQ_HIGHPRI,
				       1, name);
	if (!l->wq || !l->refill_wq)
		return -ENOMEM;
	l->max_frames = max_t(u32, frame_mem_kib /
			      ((DL_FRAME_MEM + (l->crypt ? DL_COVER_MEM : 0)) >> 10),
			      2);
	for (i = 0; i < 2; i++) {
		struct dl_frame *f = dl_frame_alloc(l, GFP_KERNEL);
		struct dl_cover *c = l->crypt ? dl_cover_alloc(GFP_KERNEL) : NULL;

		if (c) {
			list_add(&c->list, &l->covers);
			l->nr_covers++;
		}
		if (!f || (l->crypt && !c)) {
			if (f)
				dl_frame_free(f);
			return -ENOMEM;
		}
		list_add(&f->list, &l->free);
		l->nr_frames++;
		l->nr_free++;
	}
	return dl_recent_init(l, cache_mem_kib, name);
}

void dl_log_exit(struct dl_log *l)
{
	struct dl_frame *f, *tmp;
	struct dl_cover *c, *next;

	if (l->refill_wq)
		destroy_workqueue(l->refill_wq);
	if (l->wq) {
		cancel_delayed_work_sync(&l->age);
		destroy_workqueue(l->wq);
	}
	dl_recent_exit(l);
	if (l->free.next) {
		list_splice_init(&l->closing, &l->free);
		list_splice_init(&l->flying, &l->free);
		list_for_each_entry_safe(f, tmp, &l->free, list)
			dl_frame_free(f);
		list_for_each_entry_safe(c, next, &l->covers, list)
			dl_cover_free(c);
	}
	if (l->cur && l->cur->next)
		dl_segment_free(&l->segs, l->cur->next);
	dl_segments_exit(&l->segs);
}

/* ---- frames ---- */

bool dl_log_has_frame(const struct dl_log *l)
{
	return l->nr_active < l->max_frames && (l->nr_free || l->recent.nr) &&
	       (!l->crypt || !list_empty(&l->covers));
}

/* What kept a frame from being opened, or DL_FED. */
static enum dl_starved open_frame(struct dl_log *l)
{
	struct dl_frame *f;
	u32 room, least;
	bool moved = false;

	if (!l->cur)
		return DL_STARVED_SEGMENT;
	if (l->nr_active >= l->max_frames ||
	    (l->crypt && list_empty(&l->covers)))
		return DL_STARVED_FRAME;
	dl_recent_recycle(l);
	f = list_first_entry_or_null(&l->free, struct dl_frame, list);
	if (!f)
		return DL_STARVED_FRAME;

	/* Little frames at the end of a segment cost more than they save. */
	least = clamp_t(u32, l->cur->sectors / 32, DL_PAGE_SECTORS, 128);
	least &= ~(DL_PAGE_SECTORS - 1);
	room = dl_turn_room(l, l->cur);
	if (room < least) {
		if (!dl_turn(l, DL_SEALED_FULL))
			return DL_STARVED_SEGMENT;
		moved = true;
		room = dl_turn_room(l, l->cur);
	}

	if (l->crypt) {
		f->cover = list_first_entry(&l->covers, struct dl_cover, list);
		list_del_init(&f->cover->list);
	}
	f->seg = l->cur;
	f->state = DL_FRAME_OPEN;
	f->fua = false;
	f->preflush = false;
	f->want_durable = false;
	f->plain = false;
	f->commit = l->next_commit++;
	f->first_seq = l->next_seq;
	f->start = l->cur->start + l->cur->used;
	f->payload_start = f->start + l->block_sectors;
	f->nr_descs = 0;
	f->max_descs = l->max_descs;
	f->used = 0;
	f->max_payload = room;
	f->part_at = 0;
	f->part_left = 0;
	f->slack = 0;
	f->opened = jiffies;
	atomic_set(&f->pending, 1);
	if (!l->cur->nr_frames++)
		l->cur->born = jiffies;
	list_move_tail(&f->list, &l->closing);
	l->nr_free--;
	l->nr_active++;
	l->open = f;
	WRITE_ONCE(l->open_first_seq, f->first_seq);
	if (!l->age_armed) {
		l->age_armed = true;
		queue_delayed_work(l->wq, &l->age,
				   msecs_to_jiffies(l->commit_ms));
	}
	if (moved) {
		dl_log_kick(l);
		l->ops->housekeep(l->ctx);
	}
	return DL_FED;
}

void dl_log_close(struct dl_log *l, struct dl_batch *b)
{
	struct dl_frame *f = l->open;

	lockdep_assert_held(&l->lock);
	dl_payload_end(f);
	f->state = DL_FRAME_CLOSED;
	f->seg->used += dl_frame_total(l->block_bytes,
				       dl_frame_slots(dl_frame_flags(f),
						      f->nr_descs, f->used),
				       f->used);
	f->seg->nr_descs += f->nr_descs;
	f->seg->last_commit = f->commit;
	f->seg->last_seq = l->next_seq - 1;
	l->open = NULL;
	WRITE_ONCE(l->open_first_seq, U64_MAX);
	if (atomic_dec_and_test(&f->pending))
		dl_commit_ready(l, f, b);
}

#define HOW_OWN		(1U << 0)	/* reconcile's, which no read will want */
#define HOW_MARK	(1U << 1)
#define HOW_PACKED	(1U << 2)
#define HOW_ROOM	(1U << 3)	/* dl_slot.room is wanted */

/* A write waits for what could have been there: memory and space there were. */
static void count_stall(struct dl_log *l, enum dl_starved why)
{
	const struct dl_segments *s = &l->segs;

	bool frame = why == DL_STARVED_FRAME;

	if (frame ? l->nr_active >= l->max_frames :
		    !l->cur || !s->free_chunks || s->at_max)
		return;
	l->frame_stalls += frame;
	l->alloc_stalls++;
	trace_deltalog_stall(l, why);
}

static inline int take(struct dl_frame *f, unsigned int bytes, struct dl_slot *s,
		       bool over)
{
	return likely(bytes == DL_PAGE_BYTES) ? dl_payload_page(f) :
		dl_payload_take(f, bytes, &s->room, over);
}

static int reserve(struct dl_log *l, unsigned int bytes, struct dl_slot *s,
		   struct dl_batch *b, u32 kept, u32 how)
{
	/*
	 * A log with larger blocks reads them whole, and what lies in two pages would
	 * not fit in one.
	 */
	bool over = how & HOW_PACKED && l->block_sectors == 1;
	struct dl_frame *f;
	enum dl_starved why;
	unsigned long flags;
	int at, ret = 0;

	if (!(how & HOW_ROOM))
		s->room = 0;
	spin_lock_irqsave(&l->lock, flags);
	if (unlikely(l->failed || l->stopped)) {
		ret = l->failed ?: -EAGAIN;
		goto out;
	}
	if (unlikely(dl_segments_free(&l->segs) < kept)) {
		l->starved = DL_STARVED_RESERVE;
		ret = -EAGAIN;
		goto out;
	}
	f = l->open;
	at = -1;
	if (likely(f) && f->nr_descs < f->max_descs)
		at = take(f, bytes, s, over);
	if (unlikely(at < 0)) {
		if (f)
			dl_log_close(l, b);
		why = open_frame(l);
		if (why != DL_FED) {
			l->starved = why;
			if (!(how & HOW_OWN))
				count_stall(l, why);
			ret = -EAGAIN;
			goto out;
		}
		f = l->open;
		at = take(f, bytes, s, over);
	}
	s->frame = f;
	/* What deltas have made of a page is in memory already. */
	f->plain |= !(how & HOW_OWN) && bytes && !(bytes & (DL_SECTOR_BYTES - 1));
	s->desc = &f->descs[f->nr_descs++];
	s->seq = l->next_seq++;
	if (unlikely(how & HOW_MARK))
		l->mark_seq = s->seq;
	s->at = at;
	s->loc = f->payload_start + (at >> DL_SECTOR_SHIFT);
	s->mem = bytes ? dl_frame_byte(f, at) : NULL;
	atomic_inc(&f->pending);
out:
	spin_unlock_irqrestore(&l->lock, flags);
	if (unlikely(ret == -EAGAIN)) {
		dl_log_kick(l);
		l->ops->housekeep(l->ctx);
	}
	return ret;
}

int dl_log_reserve(struct dl_log *l, unsigned int sectors, struct dl_slot *s,
		   struct dl_batch *b)
{
	return reserve(l, sectors << DL_SECTOR_SHIFT, s, b,
		       READ_ONCE(l->kept_chunks), 0);
}

int dl_log_reserve_room(struct dl_log *l, unsigned int sectors,
			struct dl_slot *s, struct dl_batch *b)
{
	return reserve(l, sectors << DL_SECTOR_SHIFT, s, b,
		       READ_ONCE(l->kept_chunks), HOW_ROOM);
}

int dl_log_reserve_packed(struct dl_log *l, unsigned int sectors,
			  struct dl_slot *s, struct dl_batch *b)
{
	return reserve(l, sectors << DL_SECTOR_SHIFT, s, b,
		       READ_ONCE(l->kept_chunks), HOW_PACKED);
}

int dl_log_reserve_bytes(struct dl_log *l, unsigned int bytes,
			 struct dl_slot *s, struct dl_batch *b)
{
	return reserve(l, bytes, s, b, READ_ONCE(l->kept_chunks), 0);
}

int dl_log_reserve_own(struct dl_log *l, unsigned int sectors,
		       struct dl_slot *s, struct dl_batch *b)
{
	return reserve(l, sectors << DL_SECTOR_SHIFT, s, b,
		       READ_ONCE(l->kept_last), HOW_OWN);
}

int dl_log_reserve_last(struct dl_log *l, unsigned int sectors,
			struct dl_slot *s, struct dl_batch *b)
{
	return reserve(l, sectors << DL_SECTOR_SHIFT, s, b, 0, HOW_OWN);
}

int dl_log_reserve_mark(struct dl_log *l, unsigned int sectors,
			struct dl_slot *s, struct dl_batch *b)
{
	return reserve(l, sectors << DL_SECTOR_SHIFT, s, b,
		       READ_ONCE(l->kept_last), HOW_MARK);
}

void dl_log_keep(struct dl_log *l, u32 chunks, u32 last)
{
	chunks = dl_log_kept(l, chunks);
	WRITE_ONCE(l->kept_last, min(last, chunks / 2));
	WRITE_ONCE(l->kept_chunks, chunks);
}

/* Is it to be had, and with @more sectors of room behind it? @l->lock held. */
static bool pin(struct dl_log *l, u64 seq, u64 loc, u8 more, struct dl_slot *s)
{
	struct dl_frame *f = l->open;
	struct dl_disk_desc *d;

	if (!f || seq < f->first_seq || seq <= l->mark_seq || l->failed)
		return false;
	d = &f->descs[seq - f->first_seq];
	/* What a chain has made of a page is not where its last record is. */
	if (d->type != DL_REC_DATA || d->room < more ||
	    loc != f->payload_start + le32_to_cpu(d->payload))
		return false;
	atomic_inc(&f->pending);
	s->frame = f;
	s->desc = d;
	s->seq = seq;
	s->loc = loc;
	s->at = (loc - f->payload_start) << DL_SECTOR_SHIFT;
	s->mem = dl_frame_payload(f, loc - f->payload_start);
	return true;
}

bool dl_log_pin(struct dl_log *l, u64 seq, u64 loc, struct dl_slot *s)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&l->lock, flags);
	ok = pin(l, seq, loc, 0, s);
	spin_unlock_irqrestore(&l->lock, flags);
	return ok;
}

bool dl_log_pin_more(struct dl_log *l, u64 seq, u64 loc, u8 more, struct dl_slot *s)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&l->lock, flags);
	ok = pin(l, seq, loc, more, s);
	if (ok) {
		/* Now: once the frame is closed what is not taken is given back. */
		dl_payload_fill(s->frame, s->at,
				s->desc->sectors << DL_SECTOR_SHIFT,
				s->desc->room, more);
		s->desc->room -= more;
		s->desc->sectors += more;
		s->desc->stored = cpu_to_le16(s->desc->sectors);
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return ok;
}

void dl_log_put(struct dl_slot *s, struct dl_batch *b)
{
	struct dl_frame *f = s->frame;
	struct dl_log *l = f->log;
	unsigned long flags;

	if (likely(!atomic_dec_and_test(&f->pending)))
		return;
	spin_lock_irqsave(&l->lock, flags);
	dl_commit_ready(l, f, b);
	spin_unlock_irqrestore(&l->lock, flags);
}

void dl_log_mark(struct dl_log *l, u64 seq)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	l->mark_seq = max(l->mark_seq, seq);
	spin_unlock_irqrestore(&l->lock, flags);
}

static struct dl_frame *find_frame(struct list_head *list, u64 loc)
{
	struct dl_frame *f;

	list_for_each_entry(f, list, list)
		if (dl_frame_holds(f, loc))
			return f;
	return NULL;
}

/* Is @loc on the device alone, as far as can be told without the lock? */
static bool forgotten(struct dl_log *l, u64 loc)
{
	const struct dl_segment *seg;
	bool gone;

	rcu_read_lock_sched();
	seg = dl_segment_at(&l->segs, loc);
	gone = seg && loc - seg->start < READ_ONCE(seg->gone);
	if (seg && !gone)
		/* Pairs with the release in dl_turn(): it is complete. */
		gone = smp_load_acquire(&seg->state) == DL_SEG_SEALED &&
			seg->last_commit <= READ_ONCE(l->forgotten);
	rcu_read_unlock_sched();
	return gone;
}

bool dl_log_read_pin(struct dl_log *l, u64 loc, struct dl_slot *s)
{
	struct dl_frame *f;
	unsigned long flags;

	if (forgotten(l, loc))
		return false;
	spin_lock_irqsave(&l->lock, flags);
	f = dl_recent_find(l, loc) ?: find_frame(&l->flying, loc) ?:
		find_frame(&l->closing, loc);
	if (f) {
		atomic_inc(&f->readers);
		s->frame = f;
		s->at = (loc - f->payload_start) << DL_SECTOR_SHIFT;
		s->mem = dl_frame_payload(f, loc - f->payload_start);
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return f;
}

void dl_log_read_put(struct dl_slot *s)
{
	struct dl_frame *f = s->frame;
	struct dl_log *l = f->log;
	unsigned long flags;
	bool room = false;

	spin_lock_irqsave(&l->lock, flags);
	if (atomic_dec_and_test(&f->readers) && f->state == DL_FRAME_FREE) {
		/* It was retired meanwhile and waited for its last reader. */
		list_add(&f->list, &l->free);
		l->nr_free++;
		room = l->starved == DL_STARVED_FRAME && dl_log_has_frame(l);
	}
	spin_unlock_irqrestore(&l->lock, flags);
	if (room)
		l->ops->room(l->ctx);
}
