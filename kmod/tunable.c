// SPDX-License-Identifier: GPL-2.0
/*
 * Changing options of a running volume. See tunable.h.
 */
#include <linux/kstrtox.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "msg.h"
#include "prepare.h"
#include "snapshot.h"
#include "target.h"
#include "tunable.h"
#include "volume.h"

/* Older releases must refuse the log before it holds what they do not know. */
static int allow_compression(struct dl_volume *v, const char *value)
{
	unsigned int noio, accel;
	int ret = 0;

	if (kstrtouint(value, 10, &accel) || !accel)
		return 0;
	/* The volume may be suspended: nothing may wait for it to be written to. */
	noio = memalloc_noio_save();
	mutex_lock(&v->snapshot_lock);
	if (!(v->ck.sb.incompat & DL_FEATURE_CODEC) && v->started) {
		v->ck.sb.incompat |= DL_FEATURE_CODEC;
		ret = dl_volume_mode(v) != DL_MODE_RW ? -EROFS :
			READ_ONCE(v->detaching) ? -EBUSY : dl_snapshot_save(v);
		if (ret)
			v->ck.sb.incompat &= ~DL_FEATURE_CODEC;
	}
	mutex_unlock(&v->snapshot_lock);
	memalloc_noio_restore(noio);
	if (ret)
		dl_err("%s: set compression %s: log %pg cannot be written",
		       v->name, value, v->logio.bdev);
	return ret;
}

/* Of a suspended volume nothing is to be prepared: resuming it will see to that. */
static void prepare(struct dl_volume *v)
{
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&v->snapshot_lock);
	if (v->resumed)
		dl_prepare(v, 0);
	mutex_unlock(&v->snapshot_lock);
	memalloc_noio_restore(noio);
}

int dl_tunable_set(struct dl_volume *v, const char *name, const char *value)
{
	struct dl_target *live;
	int ret;

	if (!strcmp(name, "compression")) {
		ret = allow_compression(v, value);
		if (ret)
			return ret;
	}
	mutex_lock(&v->event_lock);
	ret = dl_options_set(&v->opts, name, value);
	if (!ret) {
		WRITE_ONCE(v->log.commit_ms, v->opts.commit_ms);
		if (v->ck.sb.incompat & DL_FEATURE_CODEC)
			WRITE_ONCE(v->codec.accel, v->opts.compression);
		dl_recent_limit(&v->log, v->opts.cache_mem_kib);
		live = v->ti ? v->ti->private : NULL;
		if (live)
			live->opts = v->opts;
	}
	mutex_unlock(&v->event_lock);
	if (ret) {
		dl_err("%s: set %s %s: %s", v->name, name, value,
		       ret == -ENOENT ? "no such tunable" :
		       ret == -EPERM ? "fixed until the next activation" :
		       "not a value it can have");
		return -EINVAL;
	}
	prepare(v);
	dl_reconcile_kick(&v->rc);
	return 0;
}
