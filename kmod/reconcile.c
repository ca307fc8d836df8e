// SPDX-License-Identifier: GPL-2.0
/*
 * The reconcile cycle. See reconcile.h for what it promises.
 */
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "cycle.h"
#include "io.h"
#include "job.h"
#include "msg.h"
#include "preserve.h"
#include "retain.h"
#include "rewind.h"
#include "space.h"
#include "trace.h"

#define RETRY_SECS	5
/* By so many cycles of so many pages it is known how long they take. */
#define CYCLES_TOLD	8u
#define PAGES_TOLD	64
#define EACH_SHIFT	16

static void reconcile_work(struct work_struct *work);

int dl_reconcile_init(struct dl_reconcile *rc, struct dl_volume *v)
{
	rc->v = v;
	rc->stop = true;
	spin_lock_init(&rc->lock);
	INIT_DELAYED_WORK(&rc->work, reconcile_work);
	init_waitqueue_head(&rc->wait);
	init_waitqueue_head(&rc->readers);
	init_waitqueue_head(&rc->job_done);
	dl_linger_init(&rc->linger);
	rc->wq = alloc_ordered_workqueue("dl-rec/%s", WQ_MEM_RECLAIM, v->name);
	rc->job_wq = alloc_workqueue("dl-job/%s", WQ_MEM_RECLAIM | WQ_UNBOUND,
				     DL_JOBS, v->name);
	rc->idx = kvmalloc_array(rc->batch, sizeof(u32), GFP_KERNEL);
	/* One job is enough to get on; more are had while a cycle runs. */
	rc->jobs[0] = dl_job_alloc(v, GFP_KERNEL);
	rc->nr_jobs = 1;
	if (!rc->wq || !rc->job_wq || !rc->idx || !rc->jobs[0])
		return -ENOMEM;
	return bioset_init(&rc->bios, 2 * DL_JOBS, 0, BIOSET_NEED_BVECS);
}

void dl_reconcile_exit(struct dl_reconcile *rc)
{
	if (rc->wq) {
		cancel_delayed_work_sync(&rc->work);
		destroy_workqueue(rc->wq);
	}
	if (rc->job_wq)
		destroy_workqueue(rc->job_wq);
	if (rc->jobs[0])
		dl_job_free(rc->jobs[0]);
	bioset_exit(&rc->bios);
	dl_linger_exit(&rc->linger);
	kvfree(rc->idx);
}

void dl_reconcile_kick(struct dl_reconcile *rc)
{
	/* After a failure the next try is queued, and is not to come sooner. */
	if (!READ_ONCE(rc->stop) && !READ_ONCE(rc->failures))
		mod_delayed_work(rc->wq, &rc->work, 0);
}

void dl_reconcile_sweep(struct dl_reconcile *rc)
{
	WRITE_ONCE(rc->sweep, true);
	WRITE_ONCE(rc->failures, 0);
	if (!READ_ONCE(rc->stop))
		mod_delayed_work(rc->wq, &rc->work, 0);
}

void dl_reconcile_start(struct dl_reconcile *rc)
{
	WRITE_ONCE(rc->stop, false);
	/* The next try that was queued after a failure went with the stop. */
	WRITE_ONCE(rc->failures, 0);
	rc->read_failures = 0;
	dl_reconcile_kick(rc);
}

void dl_reconcile_no_wait(struct dl_reconcile *rc, bool no_wait)
{
	WRITE_ONCE(rc->no_wait, no_wait);
	wake_up_all(&rc->wait);
}

void dl_reconcile_stop(struct dl_reconcile *rc)
{
	WRITE_ONCE(rc->stop, true);
	cancel_delayed_work_sync(&rc->work);
	wake_up_all(&rc->wait);
}

/* ---- what there is to do ---- */

/* The oldest segment that is not settled, log locked; NULL when all are. */
static struct dl_segment *oldest(struct dl_volume *v)
{
	struct dl_segment *seg;

	list_for_each_entry(seg, &v->log.segs.live, list)
		if (seg->state != DL_SEG_SEALED || seg->last_seq > v->horizon)
			return seg;
	return NULL;
}

/* No record is due before it is so old. */
static unsigned long shortest(const struct dl_volume *v)
{
	unsigned long bound = HZ * (unsigned long)v->opts.reconcile_secs;

	return bound - bound / 4;
}

/*
 * How long a record may wait: three quarters of the bound, the rest is for the cycles.
 * Who waits for pages to be written again leaves as much as four cycles take, and all
 * that the map has, which may be due at once: 1/16 of the bound at least, a quarter at
 * most, and as long as too few were seen to tell.
 */
static unsigned long longest(struct dl_volume *v)
{
	unsigned long bound = HZ * (unsigned long)v->opts.reconcile_secs;
	const struct dl_reconcile *rc = &v->rc;
	u64 margin;

	if (dl_reconcile_in_order(v) || rc->told < CYCLES_TOLD)
		return shortest(v);
	margin = 4 * rc->took + ((dl_map_used(&v->map) * rc->each) >> EACH_SHIFT);
	return bound - (unsigned long)clamp_t(u64, margin, bound / 16, bound / 4);
}

/* The longest of late, until that is long ago; of pages, where there were enough. */
static void timed(struct dl_reconcile *rc, unsigned long took, u64 pages)
{
	rc->took = max(took, rc->took - rc->took / 8);
	if (pages < PAGES_TOLD)
		return;
	rc->each = max(div64_u64((u64)took << EACH_SHIFT, pages),
		       rc->each - rc->each / 8);
	rc->told = min(rc->told + 1, CYCLES_TOLD);
}

/*
 * Jiffies until the oldest record, or what lingers, has waited long enough, 0 if it
 * has.
 */
static unsigned long until_due(struct dl_volume *v)
{
	unsigned long most = longest(v), flags, due, left;
	struct dl_segment *seg;

	left = dl_linger_left(v, most, &v->rc.due);

	spin_lock_irqsave(&v->log.lock, flags);
	seg = oldest(v);
	if (seg && seg->last_commit >= seg->first_commit &&
	    seg->last_seq > v->horizon) {
		due = seg->born + most;
		left = time_after(due, jiffies) ? min(left, due - jiffies) : 0;
	}
	spin_unlock_irqrestore(&v->log.lock, flags);
	return left;
}

/* Is there any record that the origin does not have? */
static bool anything(struct dl_volume *v)
{
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	bool any;

	spin_lock_irqsave(&l->lock, flags);
	seg = oldest(v);
	any = l->open || (seg && seg->last_commit >= seg->first_commit);
	spin_unlock_irqrestore(&l->lock, flags);
	return any;
}

/* Is there anything to settle without ending the open segment before its time? */
static bool sealed(struct dl_volume *v)
{
	struct dl_segment *seg;
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&v->log.lock, flags);
	seg = oldest(v);
	ret = seg && seg->state == DL_SEG_SEALED && seg->last_commit <= v->log.durable;
	spin_unlock_irqrestore(&v->log.lock, flags);
	return ret;
}

bool dl_reconcile_frees(struct dl_reconcile *rc)
{
	/* While a cycle that was begun for another reason goes on nobody else looks. */
	return READ_ONCE(rc->running) ||
		(READ_ONCE(rc->under_way) &&
		 dl_volume_pressure(rc->v) >= rc->v->opts.high_watermark);
}

/*
 * Percent in use at which there is room enough. Who waits for pages to be written
 * again settles no more than has to be, a batch at a time; but what a snapshot will
 * need of the origin takes room as well.
 */
static unsigned int enough(const struct dl_volume *v)
{
	return dl_reconcile_in_order(v) || dl_history_wanted(v) ?
		v->opts.low_watermark : v->opts.high_watermark - 1;
}

static bool wanted(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	unsigned int pressure = dl_volume_pressure(v);
	bool due, early;
	u64 target;

	rc->bulk = true;
	if (!anything(v)) {
		rc->running = false;
		return false;
	}
	spin_lock(&rc->lock);
	target = rc->target;
	spin_unlock(&rc->lock);
	if (target > v->horizon)
		return true;
	if (pressure >= v->opts.high_watermark)
		rc->running = true;
	else if (pressure <= enough(v))
		rc->running = false;
	if (!dl_runs_room(&v->runs))
		rc->running = true;
	/* The pressure may be all the snapshots', and still room is wanted. */
	if (READ_ONCE(v->log.kept_chunks) &&
	    (rc->no_room || dl_volume_starved(v)))
		rc->running = dl_volume_unsettled(v);
	due = !until_due(v);
	early = dl_outlook_early(v) && sealed(v);
	rc->bulk = rc->running || early || dl_reconcile_in_order(v);
	return rc->running || early || due;
}

/*
 * Is a segment to be settled because of its age, now or soon? So soon that one cycle
 * does not follow the other at once, and no more of its pages than need be are
 * written while they may still be replaced.
 */
static bool due_soon(const struct dl_reconcile *rc, const struct dl_segment *seg,
		     unsigned long most)
{
	return seg->first_seq <= rc->due ||
		time_before_eq(seg->born + most - most / 16, jiffies);
}

/*
 * The sequence up to which a cycle can go: as many of the oldest sealed
 * segments as one batch holds, or as are due. 0 when there is none.
 */
static u64 choose_goal(struct dl_reconcile *rc)
{
	struct dl_log *l = &rc->v->log;
	struct dl_segment *seg;
	unsigned long flags;
	struct dl_volume *v = rc->v;
	unsigned long most = longest(v);
	u64 goal = 0, records = 0, sectors = 0, room = U64_MAX, n;
	/* No chain goes on above a goal that has all there is. */
	bool all = rc->cramped || READ_ONCE(l->stopped);

	/* Replaying a rewind needs all that was in the log when it was made. */
	if (dl_rewind_pending(v)) {
		rc->born = jiffies;
		return dl_rewind_goal(v);
	}
	/* For every page that is overwritten one may have to be kept. */
	if (dl_history_wanted(v))
		room = (u64)dl_log_free_chunks(l) * l->segs.chunk_sectors / 2;
	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list) {
		if (seg->state != DL_SEG_SEALED || seg->last_commit > l->durable)
			break;
		if (seg->last_seq <= v->horizon)
			continue;
		n = seg->last_seq - seg->first_seq + 1;
		records += n;
		/* What is compressed, or zeros, may need more than it takes. */
		sectors += max_t(u64, seg->used, n * (DL_PAGE_SECTORS + 1));
		if (goal && !all && (records > rc->batch || sectors > room ||
				     !(rc->bulk || due_soon(rc, seg, most))))
			break;
		if (!goal)
			rc->born = seg->born;
		rc->records = records;
		goal = seg->last_seq;
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return goal > v->horizon ? goal : 0;
}

/* ---- one after the other ---- */

/* Make what is accepted so far ready to be taken: sealed and durable. */
static void prepare(struct dl_reconcile *rc)
{
	struct dl_log *l = &rc->v->log;
	unsigned long flags;
	bool open;

	spin_lock_irqsave(&l->lock, flags);
	open = l->cur && l->cur->last_seq > rc->v->horizon;
	spin_unlock_irqrestore(&l->lock, flags);
	if (open || l->open)
		dl_log_seal(l);
	dl_log_sync(l);
}

/* Errors are final only after a while, however often one asks meanwhile. */
static void count_failure(struct dl_reconcile *rc)
{
	if (rc->failures &&
	    time_before(jiffies, rc->last_failure + RETRY_SECS * HZ))
		return;
	rc->last_failure = jiffies;
	if (atomic_read(&rc->io_error) == DL_LOG_UNREADABLE)
		rc->read_failures++;
	WRITE_ONCE(rc->failures, rc->failures + 1);
}

/* A checkpoint for no other reason than that segments may go. */
static int free_segments(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	int ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon, 0);

	if (ret)
		dl_volume_log_failed(v);
	else
		dl_cycle_release(rc);
	return ret;
}

/* Snapshots have gone, or hold more of the log than they need. */
static int tidy_past(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	u64 most = READ_ONCE(v->log.durable_seq);
	int ret = 0;

	if (!v->past.on)
		return 0;
	if (dl_rewind_done(v)) {
		dl_volume_keep_room(v);
		WRITE_ONCE(rc->sweep, true);
	}
	ret = dl_retain_tend(v, dl_volume_held_tight(v) ||
			     dl_volume_past_tight(v));
	if (ret > 0) {
		WRITE_ONCE(rc->sweep, true);
		ret = 0;
	}
	if (!ret && xchg(&rc->sweep, false)) {
		dl_history_sweep(v);
		ret = free_segments(rc);
	}
	rc->no_room = false;
	while (!ret && !READ_ONCE(rc->stop) &&
	       (dl_volume_tight(v) || dl_volume_past_tight(v))) {
		/* What a cycle will free is not the past's to make room for. */
		ret = dl_volume_held_tight(v) || dl_volume_past_tight(v) ?
			dl_retain_shorten(v, most) : 0;
		if (ret > 0) {
			dl_history_sweep(v);
			ret = free_segments(rc);
			continue;
		}
		if (ret || !dl_volume_tight(v))
			break;
		ret = dl_preserve_clean(v);
		if (ret <= 0) {
			/* The cycle may make room all the same. */
			rc->no_room = ret == -ENOSPC;
			if (ret != -EBUSY)
				ret = 0;
			break;
		}
		ret = free_segments(rc);
	}
	return ret;
}

/*
 * There was no room, be it for what a cycle has to keep of what it overwrites: a
 * shorter window needs less of it. Returns 0 when it may be tried again.
 */
static int forget_some(struct dl_reconcile *rc)
{
	int ret = dl_retain_shorten(rc->v, U64_MAX);

	if (ret <= 0)
		return ret ?: -ENOSPC;
	WRITE_ONCE(rc->sweep, true);
	return tidy_past(rc);
}

/* Cycles, as long as there is a reason; @again: out: when to look again, or 0. */
static int cycles(struct dl_reconcile *rc, unsigned long *again)
{
	struct dl_volume *v = rc->v;
	struct dl_outlook_cycle begun;
	unsigned long began;
	u64 pages;
	int ret = 0;

	*again = 0;
	while (!ret && !READ_ONCE(rc->stop) &&
	       dl_volume_mode(v) == DL_MODE_RW && wanted(rc)) {
		rc->goal = choose_goal(rc);
		if (!rc->goal) {
			prepare(rc);
			rc->goal = choose_goal(rc);
		}
		if (!rc->goal) {
			/* The pool is empty: let it be filled, then go on. */
			rc->no_room |= dl_history_wanted(v) &&
				       !dl_log_free_chunks(&v->log);
			dl_volume_housekeep(v);
			*again = HZ / 50 + 1;
			break;
		}
		dl_linger_begin(v, rc->records, rc->born, longest(v));
		trace_deltalog_reconcile_begin(v->md, v->horizon, rc->goal);
		begun = dl_outlook_cycle_begin(v);
		began = jiffies;
		pages = atomic64_read(&rc->pages);
		WRITE_ONCE(rc->under_way, true);
		ret = dl_cycle(rc);
		WRITE_ONCE(rc->under_way, false);
		if (!ret)
			timed(rc, jiffies - began, atomic64_read(&rc->pages) - pages);
		dl_outlook_cycle_end(v, &begun);
		trace_deltalog_reconcile_end(v->md, v->horizon, ret);
		if (!ret)
			ret = tidy_past(rc);
		if (ret)
			break;
		WRITE_ONCE(rc->failures, 0);
		rc->read_failures = 0;
		wake_up_all(&rc->wait);
		dl_write_wake(v);
	}
	/* It did not: housekeeping is not to ask for it again and again. */
	return ret ?: rc->no_room ? -ENOSPC : 0;
}

static void reconcile_work(struct work_struct *work)
{
	struct dl_reconcile *rc = container_of(to_delayed_work(work),
					       struct dl_reconcile, work);
	struct dl_volume *v = rc->v;
	unsigned int noio = memalloc_noio_save();
	unsigned long again = 0;
	bool full = false;
	int ret = 0;

	if (!READ_ONCE(rc->stop) && dl_volume_mode(v) == DL_MODE_RW)
		ret = tidy_past(rc);
	while (!ret) {
		ret = cycles(rc, &again);
		full = dl_history_wanted(v) && (!ret || ret == -ENOSPC) &&
			dl_volume_no_room(v) &&
			(ret || !dl_volume_unsettled(v));
		/* Only what nothing can be forgotten of is full. */
		if ((!full && ret != -ENOSPC) || READ_ONCE(rc->stop) ||
		    forget_some(rc))
			break;
		ret = 0;
	}
	/* Who was stopped midway does not know. */
	if (!READ_ONCE(rc->stop))
		dl_volume_set_full(v, full);
	/* Nothing to wait for any more: nobody is held back. */
	if (!ret && !rc->running)
		dl_throttle_release(&v->throttle);
	dl_cycle_free_jobs(rc);
	/* Before anybody is told to look at it. */
	WRITE_ONCE(rc->error, ret == -EBUSY ? 0 : ret);
	if (ret && ret != -EBUSY) {
		count_failure(rc);
		again = RETRY_SECS * HZ;
		dl_write_wake(v);
	}
	wake_up_all(&rc->wait);
	/* What is written from now on may be due sooner than what there is. */
	if (!again)
		again = clamp(min(until_due(v), shortest(v)), 1UL, dl_retain_due(v));
	if (!READ_ONCE(rc->stop) && dl_volume_mode(v) == DL_MODE_RW)
		queue_delayed_work(rc->wq, &rc->work, again);
	memalloc_noio_restore(noio);
}

/*
 * No horizon comes to sequences that were given out and lost in a crash: there is
 * nothing left either when no segment has more.
 */
static bool settled(struct dl_volume *v, u64 target)
{
	return READ_ONCE(v->horizon) >= target || !anything(v);
}

int dl_reconcile_all(struct dl_reconcile *rc, bool wait)
{
	struct dl_volume *v = rc->v;
	unsigned long flags;
	u64 target;
	int ret;

	/* From here on nothing is logged again, which the target would not have. */
	atomic_inc(&rc->asking);
	dl_history_barrier(v);
	spin_lock_irqsave(&v->log.lock, flags);
	target = v->log.next_seq - 1;
	spin_unlock_irqrestore(&v->log.lock, flags);
	spin_lock(&rc->lock);
	rc->target = max(rc->target, target);
	spin_unlock(&rc->lock);
	/* Pairs with the acquire in hurried(). */
	smp_mb__before_atomic();
	atomic_dec(&rc->asking);
	WRITE_ONCE(rc->error, 0);
	/* Somebody asks: try at once even after a failure. */
	if (!READ_ONCE(rc->stop))
		mod_delayed_work(rc->wq, &rc->work, 0);
	if (!wait)
		return 0;
	ret = wait_event_interruptible(rc->wait,
				       settled(v, target) ||
				       READ_ONCE(rc->error) ||
				       READ_ONCE(rc->stop) ||
				       READ_ONCE(rc->no_wait) ||
				       dl_volume_mode(v) != DL_MODE_RW);
	if (ret)
		return -EINTR;
	if (settled(v, target))
		return 0;
	if (READ_ONCE(rc->error))
		return READ_ONCE(rc->error) == -ENOSPC ? -ENOSPC : -EIO;
	return dl_volume_mode(v) == DL_MODE_RW ? -EBUSY : -EIO;
}
