// SPDX-License-Identifier: GPL-2.0
/*
 * From a closed frame to a durable one: launch in commit order, completion in
 * any order, flushes of the device where FUA alone does not do.
 *
 * When is a frame durable? With FUA: once it and everything before it is on
 * the device and durable. Without: once a flush that was sent after it had
 * completed has completed. A frame someone waits for is sent with
 *   FUA            when every frame sent without it is already durable,
 *   PREFLUSH|FUA   when every such frame has at least completed,
 *   neither        otherwise; a flush follows when it and they are written.
 */
#include <linux/blkdev.h>
#include <linux/ktime.h>

#include "commit.h"
#include "msg.h"
#include "trace.h"

/* Commits in flight that flushes start of their own; more share the next one. */
#define MAX_FORCED	4

static void batch_add(struct dl_batch *b, struct dl_frame *f)
{
	f->batch = NULL;
	*b->last = f;
	b->last = &f->batch;
}

static blk_opf_t choose_flags(struct dl_log *l, struct dl_frame *f)
{
	if (unlikely(!l->cache && bdev_write_cache(l->io->bdev))) {
		struct dl_frame *other;

		/* The device's cache was switched on meanwhile. */
		list_for_each_entry(other, &l->flying, list)
			other->fua = false;
		l->cache = true;
		l->plain = f->commit - 1;
		l->plain_written = l->written;
	}
	f->fua = !l->cache;
	if (!f->want_durable)
		return REQ_OP_WRITE;
	l->forced++;
	if (!l->cache)
		return REQ_OP_WRITE | REQ_SYNC;
	if (l->plain <= l->durable) {
		f->fua = true;
		return REQ_OP_WRITE | REQ_SYNC | REQ_FUA;
	}
	if (l->plain <= l->written) {
		f->fua = true;
		f->preflush = true;
		l->plain = 0;
		return REQ_OP_WRITE | REQ_SYNC | REQ_FUA | REQ_PREFLUSH;
	}
	return REQ_OP_WRITE | REQ_SYNC;
}

/* Frames pass here one by one, in commit order. */
static void launch(struct dl_log *l, struct dl_frame *f, struct dl_batch *b)
{
	struct dl_segment *seg = f->seg;
	struct dl_frame_head h = {
		.epoch = l->epoch,
		.commit = f->commit,
		.segment_id = seg->id,
		.first_seq = f->first_seq,
		.time_ns = ktime_get_real_ns(),
		.durable_commit = l->durable,
		.next_id = seg->next_id,
		.next_start = seg->next_start,
		.next_sectors = seg->next_sectors,
		.flags = dl_frame_flags(f),
		.nr_descs = f->nr_descs,
		.payload_sectors = f->used,
	};

	f->opf = choose_flags(l, f);
	if (!f->fua)
		l->plain = f->commit;
	dl_frame_pack(&h, l->block_bytes, f->head, f->descs);
	/* Without a summary recovery will read the frames instead. */
	if (seg->sum_buf && !seg->sum_full &&
	    dl_summary_add(&seg->sum, &h, f->start - seg->start,
			   l->block_bytes, f->descs) != DL_OK)
		seg->sum_full = true;
	f->state = DL_FRAME_FLYING;
	list_move_tail(&f->list, &l->flying);
	l->nr_commits++;
	l->log_sectors += h.total_sectors;
	l->ops->closed(l->ctx, h.first_seq + h.nr_descs - 1, h.time_ns);
	trace_deltalog_frame_write(l, f);
	batch_add(b, f);
}

void dl_commit_ready(struct dl_log *l, struct dl_frame *f, struct dl_batch *b)
{
	lockdep_assert_held(&l->lock);
	f->state = DL_FRAME_READY;
	while (!l->failed && !list_empty(&l->closing)) {
		f = list_first_entry(&l->closing, struct dl_frame, list);
		if (f->state != DL_FRAME_READY)
			break;
		launch(l, f, b);
	}
}

/* ---- waiters ---- */

static void run_waiters(struct list_head *done, int err)
{
	struct dl_waiter *w, *tmp;

	list_for_each_entry_safe(w, tmp, done, list) {
		list_del_init(&w->list);
		w->done(w, err);
	}
}

/* Move the waiters that @durable satisfies (or all of a failed log) to @done. */
static void collect_waiters(struct dl_log *l, struct list_head *done)
{
	struct dl_waiter *w;

	while (!list_empty(&l->waiters)) {
		w = list_first_entry(&l->waiters, struct dl_waiter, list);
		if (!l->failed && w->target > l->durable)
			break;
		if (w == &l->age_waiter) {
			list_del_init(&w->list);
			l->age_waiting = false;
		} else {
			list_move_tail(&w->list, done);
		}
	}
}

/* Is a flush of the device due for the first waiter, and none under way? */
static bool flush_due(struct dl_log *l)
{
	struct dl_waiter *w;

	if (list_empty(&l->waiters) || l->flushing || l->failed)
		return false;
	w = list_first_entry(&l->waiters, struct dl_waiter, list);
	return l->written >= w->target && l->durable < w->target;
}

static void start_flush(struct dl_log *l, struct dl_batch *b)
{
	if (!flush_due(l))
		return;
	l->flushing = true;
	l->flush_commit = l->written;
	l->flush_seq = l->retired_seq;
	l->nr_flushes++;
	b->flush = true;
}

/* ---- completion ---- */

static void advance(struct dl_log *l)
{
	struct dl_frame *f;

	while (!list_empty(&l->flying)) {
		f = list_first_entry(&l->flying, struct dl_frame, list);
		if (f->state != DL_FRAME_WRITTEN)
			break;
		l->written = f->commit;
		if (f->preflush)
			l->plain_written = 0;
		else if (!f->fua)
			l->plain_written = f->commit;
		WRITE_ONCE(l->retired_seq, f->first_seq + f->nr_descs - 1);
		if (l->plain_written <= l->durable) {
			l->durable = l->written;
			l->durable_seq = l->retired_seq;
		}
		list_del_init(&f->list);
		l->nr_active--;
		dl_recent_put(l, f);
	}
	if (l->plain_written <= l->durable) {
		l->durable = l->written;
		l->durable_seq = l->retired_seq;
	}
}

/*
 * What a change of @written, @durable or @failed entails. Whom a waiter's end
 * sets free may take the log down, so the waiters come last and nothing else is
 * touched after them.
 */
static void settle(struct dl_log *l, unsigned long flags)
	__releases(&l->lock)
{
	LIST_HEAD(done);
	int err = l->failed;

	trace_deltalog_durable(l);
	collect_waiters(l, &done);
	if (l->starved == DL_STARVED_FRAME && dl_log_has_frame(l)) {
		l->starved = DL_FED;
		l->ops->room(l->ctx);
	}
	if (flush_due(l) || (l->force_open && l->forced < MAX_FORCED))
		queue_work(l->wq, &l->work);
	if (l->unsettled)
		l->ops->housekeep(l->ctx);
	wake_up(&l->idle);
	spin_unlock_irqrestore(&l->lock, flags);
	run_waiters(&done, err);
}

/* The device failed: from here on the log takes no more. @lock held. */
static void fail(struct dl_log *l, blk_status_t status, u64 sector)
{
	l->log_errors++;
	if (l->failed)
		return;
	l->failed = blk_status_to_errno(status);
	l->ops->failed(l->ctx, sector);
}

void dl_log_fail(struct dl_log *l)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	l->log_errors++;
	if (!l->failed)
		l->failed = -EIO;
	settle(l, flags);
}

static void frame_endio(struct bio *bio)
{
	struct dl_frame *f = container_of(bio, struct dl_frame, bio);
	struct dl_log *l = f->log;
	unsigned long flags;

	/* The memory is used again: this life of the bio ends here. */
	bio_uninit(bio);
	spin_lock_irqsave(&l->lock, flags);
	if (f->cover) {
		list_add(&f->cover->list, &l->covers);
		f->cover = NULL;
	}
	trace_deltalog_frame_done(l, f, blk_status_to_errno(bio->bi_status));
	if (f->want_durable)
		l->forced--;
	if (unlikely(bio->bi_status)) {
		f->state = DL_FRAME_FAILED;
		fail(l, bio->bi_status, f->start);
	} else {
		f->state = DL_FRAME_WRITTEN;
		advance(l);
	}
	settle(l, flags);
}

static void flush_endio(struct bio *bio)
{
	struct dl_log *l = container_of(bio, struct dl_log, flush_bio);
	unsigned long flags;

	bio_uninit(bio);
	spin_lock_irqsave(&l->lock, flags);
	l->flushing = false;
	if (unlikely(bio->bi_status)) {
		fail(l, bio->bi_status, 0);
	} else {
		if (l->plain_written <= l->flush_commit)
			l->plain_written = 0;
		if (l->durable < l->flush_commit) {
			l->durable = l->flush_commit;
			l->durable_seq = l->flush_seq;
		}
		advance(l);
	}
	settle(l, flags);
}

/* ---- what callers see ---- */

void dl_log_commit(struct dl_log *l, struct dl_waiter *w, struct dl_batch *b)
{
	struct dl_frame *f = NULL;
	unsigned long flags;
	int err;

	spin_lock_irqsave(&l->lock, flags);
	err = l->failed;
	w->target = l->next_commit - 1;
	if (err || w->target <= l->durable) {
		spin_unlock_irqrestore(&l->lock, flags);
		w->done(w, err);
		return;
	}
	if (!list_empty(&l->closing))
		f = list_last_entry(&l->closing, struct dl_frame, list);
	if (f)
		f->want_durable = true;
	list_add_tail(&w->list, &l->waiters);
	if (l->open) {
		if (l->forced < MAX_FORCED)
			dl_log_close(l, b);
		else
			l->force_open = true;
	}
	start_flush(l, b);
	spin_unlock_irqrestore(&l->lock, flags);
}

/* Should it fail, the frame fails as if the device had not taken it. */
static int seal(struct dl_log *l, struct dl_frame *f)
{
	struct dl_sealing s = {
		.start = f->start, .used = f->used, .nr_descs = f->nr_descs,
		.head = f->head, .pages = f->pages,
		.out = f->cover->head, .out_pages = f->cover->pages,
	};

	int ret = dl_crypt_seal(l->crypt, &s);

	if (ret)
		dl_err_limit("log %pg: frame at sector %llu could not be encrypted (%d)",
			     l->io->bdev, f->start, ret);
	return ret;
}

void dl_log_submit(struct dl_log *l, struct dl_batch *b)
{
	struct dl_frame *f = b->first, *next;
	int err;

	for (; f; f = next) {
		next = f->batch;
		err = l->crypt ? seal(l, f) : 0;
		dl_frame_fill_bio(f, l->block_bytes, l->io->bdev, f->opf);
		f->bio.bi_end_io = frame_endio;
		if (unlikely(err)) {
			f->bio.bi_status = errno_to_blk_status(err);
			bio_endio(&f->bio);
		} else {
			submit_bio(&f->bio);
		}
	}
	if (b->flush) {
		bio_init(&l->flush_bio, l->io->bdev, NULL, 0,
			 REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC);
		l->flush_bio.bi_end_io = flush_endio;
		submit_bio(&l->flush_bio);
	}
	dl_batch_init(b);
}

void dl_commit_work(struct work_struct *work)
{
	struct dl_log *l = container_of(work, struct dl_log, work);
	struct dl_batch b;
	unsigned long flags;

	dl_batch_init(&b);
	spin_lock_irqsave(&l->lock, flags);
	if (l->force_open && l->forced < MAX_FORCED) {
		l->force_open = false;
		if (l->open) {
			l->open->want_durable = true;
			dl_log_close(l, &b);
		}
	}
	start_flush(l, &b);
	spin_unlock_irqrestore(&l->lock, flags);
	dl_log_submit(l, &b);
}

struct sync_waiter {
	struct dl_waiter w;
	struct completion done;
	int err;
};

static void sync_done(struct dl_waiter *w, int err)
{
	struct sync_waiter *sw = container_of(w, struct sync_waiter, w);

	sw->err = err;
	complete(&sw->done);
}

int dl_log_sync(struct dl_log *l)
{
	struct sync_waiter sw = { .w.done = sync_done };
	struct dl_batch b;

	init_completion(&sw.done);
	dl_batch_init(&b);
	dl_log_commit(l, &sw.w, &b);
	dl_log_submit(l, &b);
	wait_for_completion_io(&sw.done);
	return sw.err;
}

static void age_done(struct dl_waiter *w, int err)
{
	struct dl_log *l = container_of(w, struct dl_log, age_waiter);

	/* An error is sticky and was reported when it happened. */
	WRITE_ONCE(l->age_waiting, false);
}

/*
 * Nothing accepted stays volatile for much longer than commit_ms. This does
 * not wait: the flush it may need is sent by another item of the same queue.
 */
void dl_commit_age(struct work_struct *work)
{
	struct dl_log *l = container_of(to_delayed_work(work), struct dl_log,
					age);
	struct dl_batch b;
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&l->lock, flags);
	busy = READ_ONCE(l->age_waiting);
	if (busy)
		queue_delayed_work(l->wq, &l->age,
				   msecs_to_jiffies(l->commit_ms));
	else
		l->age_waiting = true;
	l->age_armed = busy;
	spin_unlock_irqrestore(&l->lock, flags);
	if (busy)
		return;
	dl_batch_init(&b);
	l->age_waiter.done = age_done;
	dl_log_commit(l, &l->age_waiter, &b);
	dl_log_submit(l, &b);
}

static bool in_flight(struct dl_log *l)
{
	struct dl_frame *f;
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&l->lock, flags);
	busy = l->flushing || l->age_waiting;
	list_for_each_entry(f, &l->flying, list)
		busy |= f->state == DL_FRAME_FLYING;
	spin_unlock_irqrestore(&l->lock, flags);
	return busy;
}

void dl_log_quiesce(struct dl_log *l)
{
	cancel_delayed_work_sync(&l->age);
	l->age_armed = false;
	wait_event(l->idle, !in_flight(l));
	/* Nobody asks for more, and what it found for whom is not there for long. */
	cancel_work_sync(&l->refill);
}
