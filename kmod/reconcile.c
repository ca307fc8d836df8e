// SPDX-License-Identifier: GPL-2.0
/*
 * The reconcile cycle. See reconcile.h for what it promises.
 */
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "io.h"
#include "job.h"
#include "msg.h"
#include "preserve.h"
#include "rewind.h"
#include "space.h"

#define RETRY_SECS	5
#define ZERO_PIECE	(16U << 11)	/* sectors zeroed between two looks */

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

/*
 * Jiffies until the oldest record has waited long enough, 0 if it has. Three
 * quarters of the bound: the rest is for the cycle.
 */
static unsigned long until_due(struct dl_volume *v)
{
	unsigned long most = HZ * (unsigned long)v->opts.reconcile_secs / 4 * 3;
	unsigned long flags, due, left = most;
	struct dl_segment *seg;

	spin_lock_irqsave(&v->log.lock, flags);
	seg = oldest(v);
	if (seg && seg->last_commit >= seg->first_commit &&
	    seg->last_seq > v->horizon) {
		due = seg->born + most;
		left = time_after(due, jiffies) ? due - jiffies : 0;
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

static bool wanted(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	unsigned int pressure = dl_volume_pressure(v);
	u64 target;

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
	else if (pressure <= v->opts.low_watermark)
		rc->running = false;
	if (!dl_runs_room(&v->runs))
		rc->running = true;
	/* The pressure may be all the snapshots', and still somebody waits. */
	if (dl_history_wanted(v) && dl_volume_starved(v))
		rc->running = dl_volume_unsettled(v);
	return rc->running || !until_due(v);
}

/*
 * The sequence up to which a cycle can go: as many of the oldest settled
 * segments as one batch holds. 0 when there is none.
 */
static u64 choose_goal(struct dl_reconcile *rc)
{
	struct dl_log *l = &rc->v->log;
	struct dl_segment *seg;
	unsigned long flags;
	struct dl_volume *v = rc->v;
	u64 goal = 0, records = 0, sectors = 0, room = U64_MAX;

	/* Replaying a rewind needs all that was in the log when it was made. */
	if (dl_rewind_pending(v))
		return dl_rewind_goal(v);
	/* For every page that is overwritten one may have to be kept. */
	if (dl_history_wanted(v))
		room = (u64)dl_log_free_chunks(l) * l->segs.chunk_sectors / 2;
	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list) {
		if (seg->state != DL_SEG_SEALED || seg->last_commit > l->durable)
			break;
		if (seg->last_seq <= v->horizon)
			continue;
		records += seg->last_seq - seg->first_seq + 1;
		sectors += seg->used;
		if (goal && (records > rc->batch || sectors > room))
			break;
		goal = seg->last_seq;
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return goal > v->horizon ? goal : 0;
}

/* ---- jobs ---- */

static struct dl_job *idle_job(struct dl_reconcile *rc)
{
	u32 i;

	for (i = 0; i < rc->nr_jobs; i++)
		/* Pairs with the release in dl_job_work(). */
		if (!smp_load_acquire(&rc->jobs[i]->busy))
			return rc->jobs[i];
	return NULL;
}

static struct dl_job *next_job(struct dl_reconcile *rc)
{
	struct dl_job *job = idle_job(rc);

	if (!job && rc->nr_jobs < DL_JOBS) {
		job = dl_job_alloc(rc->v, GFP_NOIO | __GFP_NORETRY |
				   __GFP_NOWARN);
		if (job)
			rc->jobs[rc->nr_jobs++] = job;
	}
	if (!job)
		wait_event(rc->job_done, (job = idle_job(rc)));
	job->nr_items = 0;
	job->nr_pages = 0;
	job->nr_keep = 0;
	return job;
}

static void send_job(struct dl_reconcile *rc, struct dl_job *job)
{
	if (!job->nr_items && !job->nr_keep)
		return;
	job->busy = true;
	queue_work(rc->job_wq, &job->work);
}

static bool all_idle(struct dl_reconcile *rc)
{
	u32 i;

	for (i = 0; i < rc->nr_jobs; i++)
		/* Pairs with the release in dl_job_work(). */
		if (smp_load_acquire(&rc->jobs[i]->busy))
			return false;
	return true;
}

/* Wait for all jobs: what went wrong in them, if anything did. */
static int finish_jobs(struct dl_reconcile *rc)
{
	wait_event(rc->job_done, all_idle(rc));
	switch (atomic_read(&rc->io_error)) {
	case 0:
		return 0;
	case DL_STOPPED:
		return -EBUSY;
	case DL_NO_ROOM:
		return -ENOSPC;
	default:
		return -EIO;
	}
}

/* ---- runs of zeros ---- */

/* Plan to keep; a job that has no room for it is sent off. */
static void add_keep(struct dl_reconcile *rc, struct dl_job **job, u64 page,
		     u8 mask, u64 zeroed, u64 when)
{
	if (dl_job_add_keep(*job, page, mask, zeroed, when))
		return;
	send_job(rc, *job);
	*job = next_job(rc);
	dl_job_add_keep(*job, page, mask, zeroed, when);
}

/* Have kept what the snapshots need of [start, start + sectors). */
static int keep_under(struct dl_reconcile *rc, u64 start, u64 sectors,
		      u64 zeroed)
{
	u64 page = start >> DL_PAGE_SECTOR_SHIFT, end = start + sectors;
	struct dl_job *job;

	if (!dl_history_wanted(rc->v))
		return 0;
	job = next_job(rc);
	for (; page << DL_PAGE_SECTOR_SHIFT < end; page++) {
		u64 base = page << DL_PAGE_SECTOR_SHIFT;
		u8 from = max(base, start) - base;
		u8 to = min_t(u64, end - base, DL_PAGE_SECTORS);
		u8 mask = dl_pmap_span_mask(from, to - from);

		add_keep(rc, &job, page, mask, zeroed, 0);
		cond_resched();
	}
	send_job(rc, job);
	return finish_jobs(rc);
}

static int zero_runs(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	struct dl_run run;
	u64 at = 0;
	u32 n;
	int ret;

	/*
	 * First, because pages written later than a run lie in it and are
	 * written below; none of them was reconciled before the run was.
	 */
	while (dl_runs_first(&v->runs, at, rc->goal, &run)) {
		if (READ_ONCE(rc->stop))
			return -EBUSY;
		at = max(at, run.start);
		if (run.flags & DL_RUN_ORIGIN) {
			at = run.end;
			continue;
		}
		n = min_t(u64, run.end - at, ZERO_PIECE);
		ret = keep_under(rc, at, n, 0);
		if (ret)
			return ret;
		dl_fingerprint_forget(&v->fp, at >> DL_PAGE_SECTOR_SHIFT,
				      (n >> DL_PAGE_SECTOR_SHIFT) + 2);
		ret = blkdev_issue_zeroout(v->origin.bdev, at, n,
					   GFP_NOIO,
					   run.flags & DL_DESC_NOUNMAP ?
					   BLKDEV_ZERO_NOUNMAP : 0);
		if (ret) {
			atomic64_inc(&rc->origin_errors);
			dl_err_limit("%s: origin %pg: zeroing at sector %llu failed: will try again",
				     v->name, v->origin.bdev, at);
			return -EIO;
		}
		atomic64_add(n, &rc->sectors);
		at += n;
		cond_resched();
	}
	return 0;
}

/* ---- pages ---- */

static int by_page(const void *a, const void *b, const void *priv)
{
	const struct dl_pmap *pm = priv;
	u64 pa = dl_pent_page(dl_pmap_ent(pm, *(const u32 *)a));
	u64 pb = dl_pent_page(dl_pmap_ent(pm, *(const u32 *)b));

	return pa < pb ? -1 : pa > pb;
}

/*
 * Collect entries up to the horizon aimed at, from *@from on. This reads
 * entries that are changing; dl_job_add() looks again under the lock, and an
 * entry of this age can only go, not come.
 */
static u32 collect(struct dl_reconcile *rc, u32 *from)
{
	struct dl_pmap *pm = &rc->v->map.pm;
	u32 i, n = 0;

	for (i = *from; i < pm->nr && n < rc->batch; i++) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);

		if (READ_ONCE(e->mask) && dl_pent_seq(e) <= rc->goal)
			rc->idx[n++] = i;
		if (!(i & 0xffff))
			cond_resched();
	}
	*from = i;
	sort_r(rc->idx, n, sizeof(u32), by_page, NULL, pm);
	return n;
}

static int write_batch(struct dl_reconcile *rc, u32 n)
{
	struct dl_pmap *pm = &rc->v->map.pm;
	struct dl_job *job = next_job(rc);
	bool full, stop = false;
	u32 i;

	for (i = 0; i < n && !stop; i++) {
		u64 page = dl_pent_page(dl_pmap_ent(pm, rc->idx[i]));

		dl_job_add(job, rc->idx[i], page, rc->goal, &full);
		if (!full)
			continue;
		send_job(rc, job);
		job = next_job(rc);
		dl_job_add(job, rc->idx[i], page, rc->goal, &full);
		stop = READ_ONCE(rc->stop) || atomic_read(&rc->io_error);
	}
	send_job(rc, job);
	return finish_jobs(rc) ?: stop ? -EBUSY : 0;
}

static void free_spare_jobs(struct dl_reconcile *rc)
{
	while (rc->nr_jobs > 1)
		dl_job_free(rc->jobs[--rc->nr_jobs]);
}

/* ---- the cycle ---- */

static void release_segments(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	u64 bytes, freed = 0;
	bool found;

	/* No summary may be on its way into a segment that is given away. */
	mutex_lock(&v->house_lock);
	for (;;) {
		found = false;
		spin_lock_irqsave(&l->lock, flags);
		list_for_each_entry(seg, &l->segs.live, list) {
			found = seg->unlisted && !dl_segment_held(seg);
			if (found)
				break;
		}
		spin_unlock_irqrestore(&l->lock, flags);
		if (!found)
			break;
		/* The map has no entry for it any more, so no new reader. */
		wait_event(rc->readers, !atomic_read(&seg->readers));
		spin_lock_irqsave(&l->lock, flags);
		if (!seg->summary_written)
			l->unsettled--;
		bytes = (u64)seg->sectors << DL_SECTOR_SHIFT;
		dl_segment_release(&l->segs, seg);
		spin_unlock_irqrestore(&l->lock, flags);
		dl_segment_free(&l->segs, seg);
		freed += bytes;
	}
	mutex_unlock(&v->house_lock);
	dl_throttle_freed(&v->throttle, freed);
	dl_volume_housekeep(v);
}

/* Entries that a run hides go before it does, or they would come to light. */
static int drop_hidden(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	struct dl_pmap *pm = &v->map.pm;
	int ret = 0;
	u32 i;

	if (dl_runs_none(&v->runs))
		return 0;
	for (i = 1; !ret && i < pm->nr; i++) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);

		if (READ_ONCE(e->mask) && dl_pent_seq(e) <= rc->goal)
			ret = dl_history_hide(v, dl_pent_page(e), i);
		if (!(i & 0xffff))
			cond_resched();
	}
	return ret;
}

/*
 * The origin has it all, durably, and the horizon says so: forget runs and
 * entries. Runs first: a page written after one would else read as zero.
 */
static void forget(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	struct dl_pmap *pm = &v->map.pm;
	struct dl_run run;
	u32 i;

	drop_hidden(rc);
	while (dl_runs_first(&v->runs, 0, rc->goal, &run))
		dl_runs_drop(&v->runs, run.start, run.end, run.seq);
	for (i = 1; i < pm->nr; i++) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);
		u64 seq = dl_pent_seq(e);

		if (READ_ONCE(e->mask) && seq <= rc->goal)
			dl_map_drop(&v->map, dl_pent_page(e), i, seq);
		if (!(i & 0xffff))
			cond_resched();
	}
}

/*
 * A record that was replaced before it came to the origin leaves there what was
 * before it; once the horizon has passed the record nobody could tell. So
 * what it replaced is kept now, although nothing overwrites it yet.
 */
static int keep_behind(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	struct dl_past_run run;
	struct dl_version val;
	struct dl_job *job;
	int ret = 0;
	u32 i;

	if (!v->past.on)
		return 0;
	for (i = 0; !ret && dl_history_new_run(v, rc->goal, &i, &run); i++)
		ret = keep_under(rc, run.start, run.end - run.start, rc->goal);
	if (ret)
		return ret;
	job = next_job(rc);
	for (i = 1; dl_history_new(v, rc->goal, &i, &val); i++)
		add_keep(rc, &job, val.page, val.mask, rc->goal, val.from);
	send_job(rc, job);
	return finish_jobs(rc);
}

/*
 * Snapshots: what is hidden by runs and was not written to the origin becomes
 * past while it can still be told; then the origin is what it should be, and
 * what is replaced from here on need not be kept; then whatever recovery could
 * not find out without the records up to the goal is indexed.
 */
static int settle_past(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	int ret = 0;

	if (dl_history_wanted(v))
		ret = drop_hidden(rc);
	if (!ret)
		ret = keep_behind(rc);
	if (ret)
		return ret;
	WRITE_ONCE(v->settled, rc->goal);
	/* Who asked before has made his version by now: it is indexed, too. */
	if (dl_history_wanted(v))
		dl_history_barrier(v);
	if (dl_rewind_pending(v))
		dl_rewind_forget(v);
	return dl_preserve_index(v, rc->goal);
}

static int cycle(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	u32 from = 1, n;
	int ret;

	atomic_set(&rc->io_error, 0);
	ret = zero_runs(rc);
	while (!ret && (n = collect(rc, &from)))
		ret = write_batch(rc, n);
	if (!ret && blkdev_issue_flush(v->origin.bdev)) {
		atomic64_inc(&rc->origin_errors);
		dl_err_limit("%s: origin %pg: flush failed: will try again",
			     v->name, v->origin.bdev);
		ret = -EIO;
	}
	if (!ret)
		ret = settle_past(rc);
	/* What replaced a dropped record must outlive it: see reconcile.h. */
	if (!ret)
		ret = dl_log_sync(&v->log);
	if (ret)
		return ret;
	dl_fingerprint_refresh(&v->fp, &v->origin, dl_volume_has_record, v);
	ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, rc->goal, 0);
	if (ret) {
		dl_volume_log_failed(v);
		return ret;
	}
	WRITE_ONCE(v->horizon, rc->goal);
	rc->cycles++;
	forget(rc);
	release_segments(rc);
	return 0;
}

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
		release_segments(rc);
	return ret;
}

/* Snapshots have gone, or hold more of the log than they need. */
static int tidy_past(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	int ret = 0;

	if (!v->past.on)
		return 0;
	if (dl_rewind_done(v)) {
		dl_volume_keep_room(v);
		WRITE_ONCE(rc->sweep, true);
	}
	if (xchg(&rc->sweep, false)) {
		dl_history_sweep(v);
		ret = free_segments(rc);
	}
	rc->no_room = false;
	while (!ret && !READ_ONCE(rc->stop) && dl_volume_tight(v)) {
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

static void reconcile_work(struct work_struct *work)
{
	struct dl_reconcile *rc = container_of(to_delayed_work(work),
					       struct dl_reconcile, work);
	struct dl_volume *v = rc->v;
	unsigned int noio = memalloc_noio_save();
	unsigned long again = 0;
	int ret = 0;

	if (!READ_ONCE(rc->stop) && dl_volume_mode(v) == DL_MODE_RW)
		ret = tidy_past(rc);
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
			again = HZ / 50 + 1;
			break;
		}
		ret = cycle(rc);
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
	if (!ret && rc->no_room)
		ret = -ENOSPC;
	dl_volume_set_full(v, dl_history_wanted(v) && (!ret || ret == -ENOSPC) &&
			   dl_volume_no_room(v) &&
			   (ret || !dl_volume_unsettled(v)));
	/* Nothing to wait for any more: nobody is held back. */
	if (!ret && !rc->running)
		dl_throttle_release(&v->throttle);
	free_spare_jobs(rc);
	if (ret && ret != -EBUSY) {
		count_failure(rc);
		again = RETRY_SECS * HZ;
		dl_write_wake(v);
	}
	WRITE_ONCE(rc->error, ret == -EBUSY ? 0 : ret);
	wake_up_all(&rc->wait);
	if (!again)
		again = max(until_due(v), 1UL);
	if (!READ_ONCE(rc->stop) && dl_volume_mode(v) == DL_MODE_RW)
		queue_delayed_work(rc->wq, &rc->work, again);
	memalloc_noio_restore(noio);
}

int dl_reconcile_all(struct dl_reconcile *rc, bool wait)
{
	struct dl_volume *v = rc->v;
	unsigned long flags;
	u64 target;
	int ret;

	spin_lock_irqsave(&v->log.lock, flags);
	target = v->log.next_seq - 1;
	spin_unlock_irqrestore(&v->log.lock, flags);
	spin_lock(&rc->lock);
	rc->target = max(rc->target, target);
	spin_unlock(&rc->lock);
	WRITE_ONCE(rc->error, 0);
	/* Somebody asks: try at once even after a failure. */
	if (!READ_ONCE(rc->stop))
		mod_delayed_work(rc->wq, &rc->work, 0);
	if (!wait)
		return 0;
	ret = wait_event_interruptible(rc->wait,
				       READ_ONCE(v->horizon) >= target ||
				       READ_ONCE(rc->error) ||
				       READ_ONCE(rc->stop) ||
				       READ_ONCE(rc->no_wait) ||
				       dl_volume_mode(v) != DL_MODE_RW);
	if (ret)
		return -EINTR;
	if (READ_ONCE(v->horizon) >= target)
		return 0;
	if (READ_ONCE(rc->error))
		return READ_ONCE(rc->error) == -ENOSPC ? -ENOSPC : -EIO;
	return dl_volume_mode(v) == DL_MODE_RW ? -EBUSY : -EIO;
}
