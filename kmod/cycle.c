// SPDX-License-Identifier: GPL-2.0
/*
 * One reconcile cycle. See cycle.h.
 */
#include <linux/blkdev.h>
#include <linux/sort.h>

#include "cycle.h"
#include "io.h"
#include "job.h"
#include "msg.h"
#include "preserve.h"
#include "retire.h"
#include "rewind.h"
#include "subpage.h"
#include "trace.h"

#define ZERO_PIECE	(16U << 11)	/* sectors zeroed between two looks */

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
		/*
		 * What a cycle that went no further has settled is there, and
		 * what was written over it meanwhile is nowhere else.
		 */
		if (run.flags & DL_RUN_ORIGIN || run.seq <= v->settled) {
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

	for (i = *from; i < dl_pmap_nr(pm) && n < rc->batch; i++) {
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

void dl_cycle_free_jobs(struct dl_reconcile *rc)
{
	while (rc->nr_jobs > 1)
		dl_job_free(rc->jobs[--rc->nr_jobs]);
}

/* ---- the cycle ---- */

void dl_cycle_release(struct dl_reconcile *rc)
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
		trace_deltalog_segment_release(l, seg);
		dl_recent_forget(l, seg);
		dl_segment_release(&l->segs, seg);
		spin_unlock_irqrestore(&l->lock, flags);
		dl_segment_free(&l->segs, seg);
		freed += bytes;
	}
	mutex_unlock(&v->house_lock);
	dl_throttle_freed(&v->throttle, freed);
	dl_outlook_freed(v, freed);
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
	for (i = 1; !ret && i < dl_pmap_nr(pm); i++) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);

		if (READ_ONCE(e->mask) && dl_pent_seq(e) <= rc->goal) {
			u64 page = dl_pent_page(e);

			ret = dl_history_hide(v, page, i);
			while (ret == 1) {
				ret = dl_subpage_whole(v, page, i);
				ret = ret ?: dl_history_hide(v, page, i);
			}
		}
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
	for (i = 1; i < dl_pmap_nr(pm); i++) {
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

int dl_cycle(struct dl_reconcile *rc)
{
	struct dl_volume *v = rc->v;
	unsigned long waited;
	u32 from = 1, n;
	int ret;

	atomic_set(&rc->io_error, 0);
	ret = zero_runs(rc);
	while (!ret && (n = collect(rc, &from))) {
		dl_linger_batch(v, rc->idx, n);
		ret = write_batch(rc, n);
	}
	if (!ret && blkdev_issue_flush(v->origin.bdev)) {
		atomic64_inc(&rc->origin_errors);
		dl_err_limit("%s: origin %pg: flush failed: will try again",
			     v->name, v->origin.bdev);
		ret = -EIO;
	}
	if (!ret)
		ret = settle_past(rc);
	if (!ret) {
		ret = dl_subpage_settle(v, rc->goal, rc->goal);
		WRITE_ONCE(rc->cramped, ret == -ENOSPC);
	}
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
	waited = max(jiffies - rc->born, dl_linger_end(v));
	rc->lag_ms = max(rc->lag_ms, jiffies_to_msecs(waited));
	forget(rc);
	dl_cycle_release(rc);
	return 0;
}
