// SPDX-License-Identifier: GPL-2.0
/*
 * Housekeeping. See housekeep.h.
 */
#include <linux/sched/mm.h>

#include "history.h"
#include "housekeep.h"
#include "space.h"

#define CP_SEGMENTS	16	/* sealed segments between two checkpoints */

/* A segment that is complete and durable and has no summary yet, or NULL. */
static struct dl_segment *unsettled(struct dl_log *l)
{
	struct dl_segment *seg, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list) {
		if (seg->state != DL_SEG_SEALED || seg->last_commit > l->durable)
			break;
		if (!seg->summary_written) {
			found = seg;
			break;
		}
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return found;
}

static int settle_segment(struct dl_volume *v, struct dl_segment *seg)
{
	struct dl_log *l = &v->log;
	struct dl_summary_head h = {
		.epoch = seg->epoch,
		.segment_id = seg->id,
		.next_id = seg->next_id,
		.next_start = seg->next_start,
		.next_sectors = seg->next_sectors,
		.flags = l->crypt ? DL_SUMMARY_SEALED : 0,
	};
	unsigned long flags;
	u32 sectors = 0;
	int ret = 0;
	u64 at;
	bool ok;

	ok = seg->sum_buf && !seg->sum_full &&
	     dl_summary_end(&seg->sum, &h, l->block_bytes,
			    &sectors) == DL_OK;
	at = seg->start + seg->sectors - sectors;
	/* What cannot be encrypted is left out: it is found by its frames. */
	if (ok && l->crypt)
		ok = !dl_crypt_seal_summary(l->crypt, &h, seg->start, at,
					    seg->sum_buf);
	if (ok)
		ret = dl_blkio_write(&v->logio, at, sectors, seg->sum_buf, 0);
	spin_lock_irqsave(&l->lock, flags);
	seg->summary_written = true;
	/* The next checkpoint's preflush makes it so before saying so. */
	seg->summary_durable = ok && !ret;
	l->unsettled--;
	l->log_sectors += sectors;
	spin_unlock_irqrestore(&l->lock, flags);
	dl_segment_drop_summary(&l->segs, seg);
	v->sealed_since++;
	return ret;
}

void dl_housekeep_work(struct work_struct *work)
{
	struct dl_volume *v = container_of(work, struct dl_volume, house_work);
	struct dl_log *l = &v->log;
	unsigned int noio = memalloc_noio_save();
	struct dl_segment *seg;
	bool busy, pace;
	u32 free, total;
	int ret = 0;

	if (!READ_ONCE(v->started) || dl_volume_mode(v) != DL_MODE_RW)
		goto out;
	busy = READ_ONCE(v->detaching);
	if (dl_log_refill(l) && !busy && dl_log_choose(l)) {
		ret = dl_checkpoint_commit(&v->ck, l, &v->fp, v->horizon, 0);
		if (!ret)
			dl_log_begin(l);
	}
	mutex_lock(&v->house_lock);
	while (!ret && (seg = unsettled(l)))
		ret = settle_segment(v, seg);
	if (!ret && !busy && v->sealed_since >= CP_SEGMENTS) {
		v->sealed_since = 0;
		ret = dl_checkpoint_commit(&v->ck, l, &v->fp, v->horizon, 0);
	}
	mutex_unlock(&v->house_lock);
	/* Paced by what comes free: without a cycle nothing does. */
	pace = dl_reconcile_frees(&v->rc) && dl_volume_mode(v) == DL_MODE_RW;
	dl_volume_room(v, &free, &total);
	dl_throttle_update(&v->throttle, pace ? free : total, total);
	dl_event_pressure(v, dl_volume_pressure(v));
	dl_outlook_wake(v);
	if (ret)
		dl_volume_log_failed(v);
	else if (dl_volume_pressure(v) >= v->opts.high_watermark ||
		 (READ_ONCE(l->kept_chunks) && dl_volume_starved(v)))
		dl_reconcile_kick(&v->rc);
out:
	memalloc_noio_restore(noio);
}
