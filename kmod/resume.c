// SPDX-License-Identifier: GPL-2.0
/*
 * A volume between suspends: started, or started again, and settled. See volume.h.
 */
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "foresee.h"
#include "msg.h"
#include "policy.h"
#include "prepare.h"
#include "volume.h"

static int start(struct dl_volume *v)
{
	struct dl_log *l = &v->log;
	bool open;
	int ret;

	/* There may be segments already, from a resume that failed. */
	dl_log_refill(l);
	ret = dl_policy_begin(v);
	if (ret)
		return ret;
	/* Without room for a segment reconcile has to make some first. */
	open = l->cur || dl_log_choose(l);
	ret = dl_fingerprint_refresh(&v->fp, &v->origin, dl_volume_has_record,
				     v);
	if (!ret)
		ret = dl_checkpoint_commit(&v->ck, l, &v->fp, v->horizon, 0);
	if (ret)
		return ret;
	v->started = true;
	if (open)
		dl_log_begin(l);
	return 0;
}

/* The options of a table that becomes live, but for what cannot change any more. */
static void take_options(struct dl_volume *v, const struct dl_options *opts)
{
	char key[DL_OPTION_KEY_BYTES];
	bool other = v->started && strcmp(opts->key, v->opts.key);

	if (other)
		dl_warn("%s: the key changes with the message key only",
			v->name);
	strscpy(key, other ? v->opts.key : opts->key, sizeof(key));
	v->opts = *opts;
	strscpy(v->opts.key, key, sizeof(v->opts.key));
}

int dl_volume_resume(struct dl_volume *v, struct dm_target *ti,
		     const struct dl_options *opts)
{
	unsigned int noio;
	int ret;

	mutex_lock(&v->event_lock);
	v->ti = ti;
	if (v->started && (opts->frame_mem_kib != v->opts.frame_mem_kib ||
			   opts->delta_mem_kib != v->opts.delta_mem_kib ||
			   opts->max_records != v->opts.max_records ||
			   opts->segment_kib != v->opts.segment_kib ||
			   opts->workload_kib != v->opts.workload_kib))
		dl_warn("%s: frame_mem_kib, delta_mem_kib, max_records, segment_kib and workload_kib change with the next activation only",
			v->name);
	take_options(v, opts);
	mutex_unlock(&v->event_lock);
	v->sectors = ti->len;
	v->ck.sb.volume_sectors = ti->len;
	v->log.commit_ms = opts->commit_ms;
	dl_recent_limit(&v->log, opts->cache_mem_kib);
	if (dl_volume_mode(v) != DL_MODE_RW)
		return 0;
	/* Nothing is written to the volume for memory before this is done. */
	noio = memalloc_noio_save();
	/* A snapshot of the suspended volume marks the log clean: not from here. */
	mutex_lock(&v->snapshot_lock);
	/* Older releases must refuse the log before it holds what they do not know. */
	if (opts->compression)
		v->ck.sb.incompat |= DL_FEATURE_CODEC;
	if (v->started)
		ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon,
					   0);
	else
		ret = start(v);
	if (!ret)
		WRITE_ONCE(v->codec.accel, opts->compression);
	v->resumed = !ret;
	mutex_unlock(&v->snapshot_lock);
	memalloc_noio_restore(noio);
	if (ret) {
		dl_err("%s: cannot be started: log %pg cannot be written",
		       v->name, v->logio.bdev);
		return ret;
	}
	dl_reconcile_no_wait(&v->rc, false);
	dl_reconcile_start(&v->rc);
	dl_prepare(v, 0);
	dl_foresee_start(v);
	dl_outlook_start(v);
	dl_volume_housekeep(v);
	return 0;
}

void dl_volume_suspend(struct dl_volume *v)
{
	int ret;

	if (!v->resumed)
		return;
	/* Who rewinds must not find it suspended before it is at rest. */
	mutex_lock(&v->snapshot_lock);
	v->resumed = false;
	dl_outlook_stop(v);
	dl_foresee_stop(v);
	dl_reconcile_stop(&v->rc);
	ret = dl_log_sync(&v->log);
	/* No segment is sealed behind the checkpoint's back. */
	cancel_work_sync(&v->log.refill);
	flush_workqueue(v->meta_wq);
	if (!ret && dl_volume_mode(v) == DL_MODE_RW) {
		dl_fingerprint_refresh(&v->fp, &v->origin, dl_volume_has_record,
				       v);
		if (dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon,
					 DL_SUPER_CLEAN))
			dl_volume_log_failed(v);
	}
	mutex_unlock(&v->snapshot_lock);
}
