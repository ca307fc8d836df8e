// SPDX-License-Identifier: GPL-2.0
/*
 * A volume's life: found or made by a constructor, destroyed. See volume.h; what is
 * between is in resume.c.
 */
#include <linux/blkdev.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "foresee.h"
#include "fuse.h"
#include "grow.h"
#include "housekeep.h"
#include "io.h"
#include "job.h"
#include "msg.h"
#include "policy.h"
#include "recovery.h"
#include "space.h"

#define BOUNCE_PAGES	16
#define RUNS_MAX	4096
#define PINS_MAX	8192
#define LOST_MAX	4096

static LIST_HEAD(volumes);
static DEFINE_MUTEX(volumes_lock);
static DECLARE_WAIT_QUEUE_HEAD(visitor_left);

void dl_volume_housekeep(struct dl_volume *v)
{
	queue_work(v->meta_wq, &v->house_work);
}

void dl_volume_fail(struct dl_volume *v, enum dl_mode mode,
		    const char *fmt, ...)
{
	static const char * const names[] = {
		"read-write", "read-only", "detached",
	};
	struct va_format vaf;
	va_list args;
	int old = READ_ONCE(v->mode);

	do {
		if (old >= (int)mode)
			return;
	} while (!try_cmpxchg(&v->mode, &old, mode));
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	dl_err("%s: %s from now on: %pV", v->name, names[mode], &vaf);
	va_end(args);
	wake_up_all(&v->rc.wait);
	dl_throttle_release(&v->throttle);
	dl_write_wake(v);
	dl_event_raise(v, DL_EVENT_MODE);
}

void dl_volume_log_failed(struct dl_volume *v)
{
	dl_volume_fail(v, DL_MODE_RO,
		       "log %pg: write error in its metadata; what was durable stays readable, replace the device and activate again",
		       v->logio.bdev);
	dl_log_fail(&v->log);
}

bool dl_volume_has_record(void *volume, u64 page)
{
	struct dl_volume *v = volume;
	struct dl_pmap *pm = &v->map.pm;
	u32 bucket = dl_pmap_bucket(pm, page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	u64 at = page << DL_PAGE_SECTOR_SHIFT, len;
	bool has;

	spin_lock(&sh->lock);
	has = dl_pmap_find(pm, bucket, page, 0xff);
	spin_unlock(&sh->lock);
	return has || dl_runs_find(&v->runs, at, DL_PAGE_SECTORS, &len, NULL) ||
	       len < DL_PAGE_SECTORS;
}

u8 dl_volume_hidden(struct dl_volume *v, u64 page, u8 mask, u64 seq, u64 upper)
{
	u64 at = page << DL_PAGE_SECTOR_SHIFT, len, run;
	u8 gone = 0;
	u32 i;

	if (dl_runs_none(&v->runs))
		return 0;
	for (i = 0; i < DL_PAGE_SECTORS; i += len) {
		run = dl_runs_find(&v->runs, at + i, DL_PAGE_SECTORS - i, &len, NULL);
		if (run > seq && run <= upper)
			gone |= dl_pmap_span_mask(i, len);
	}
	return gone & mask;
}

u64 dl_volume_memory(struct dl_volume *v)
{
	u64 bytes = dl_map_bytes(&v->map) + dl_grain_bytes(&v->grain) +
		    dl_grainpast_bytes(&v->grainpast) + dl_foresee_bytes(v) +
		    dl_fuse_bytes(v) +
		    dl_base_bytes(&v->base) + dl_codec_bytes(&v->codec) +
		    dl_history_bytes(&v->past, v->map.pm.bucket_mask + 1) +
		    (v->mover ? sizeof(*v->mover) : 0) +
		    (u64)v->pins.max * sizeof(struct dl_pin) +
		    (u64)v->window.moments.max * sizeof(struct dl_moment) +
		    (u64)RUNS_MAX * sizeof(struct dl_run) +
		    (u64)v->rc.batch * sizeof(u32) +
		    dl_linger_bytes(&v->rc.linger) +
		    (u64)READ_ONCE(v->rc.nr_jobs) *
		    (sizeof(struct dl_job) + DL_JOB_PAGES * PAGE_SIZE) +
		    BOUNCE_PAGES * PAGE_SIZE +
		    v->ck.bytes +
		    (u64)v->log.segs.nr_chunks * sizeof(void *) +
		    (u64)READ_ONCE(v->log.nr_frames) * DL_FRAME_MEM +
		    (u64)READ_ONCE(v->log.nr_covers) * DL_COVER_MEM +
		    dl_crypt_bytes(&v->crypt) + dl_workload_bytes(&v->workload) +
		    (u64)atomic_long_read(&v->log.segs.bytes);

	return bytes;
}

/* ---- what the log asks for ---- */

static void log_room(void *ctx)
{
	struct dl_volume *v = ctx;

	dl_write_wake(v);
	wake_up_all(&v->room_wait);
}

static void log_housekeep(void *ctx)
{
	dl_volume_housekeep(ctx);
}

static void log_closed(void *ctx, u64 seq, u64 time_ns)
{
	struct dl_volume *v = ctx;

	if (READ_ONCE(v->pins.window) != DL_WINDOW_OFF)
		dl_window_moment(&v->window, seq, time_ns);
}

static void log_failed(void *ctx, u64 sector)
{
	struct dl_volume *v = ctx;

	dl_volume_fail(v, DL_MODE_RO,
		       "log %pg: write error at sector %llu; what was durable stays readable, replace the device and activate again",
		       v->logio.bdev, sector);
}

static const struct dl_log_ops log_ops = {
	.room = log_room,
	.housekeep = log_housekeep,
	.closed = log_closed,
	.failed = log_failed,
};

/* ---- making and destroying ---- */

static void volume_destroy(struct dl_volume *v)
{
	if (v->rc.wq)
		dl_reconcile_stop(&v->rc);
	if (v->outlook.on)
		dl_outlook_stop(v);
	if (v->foresee)
		dl_foresee_stop(v);
	/* What completes frames queues work: that ends first. */
	if (v->log.wq)
		dl_log_quiesce(&v->log);
	if (v->meta_wq)
		destroy_workqueue(v->meta_wq);
	if (v->throttle.wq)
		dl_throttle_stop(&v->throttle);
	if (v->io_wq)
		destroy_workqueue(v->io_wq);
	cancel_work_sync(&v->events.work);
	dl_reconcile_exit(&v->rc);
	dl_log_exit(&v->log);
	dl_base_exit(&v->base);
	dl_codec_exit(&v->codec);
	dl_grain_exit(&v->grain);
	dl_grainpast_exit(&v->grainpast);
	dl_foresee_exit(v);
	dl_fuse_exit(v);
	dl_map_exit(&v->map);
	dl_runs_exit(&v->runs);
	dl_history_free(&v->past);
	dl_pins_exit(&v->pins);
	dl_window_exit(&v->window);
	kvfree(v->mover);
	dl_checkpoint_exit(&v->ck);
	dl_crypt_exit(&v->crypt);
	mempool_destroy(v->pages);
	free_percpu(v->stats);
	dl_workload_exit(&v->workload);
	dl_blkio_exit(&v->logio);
	dl_blkio_exit(&v->origin);
	/* Not before: the next one on these devices must find them quiet. */
	mutex_lock(&volumes_lock);
	list_del(&v->registry);
	mutex_unlock(&volumes_lock);
	kfree(v);
}

/*
 * What of a checkpoint's sections is for the maps of snapshots: no more than is left,
 * which is a 32nd of a small one, and twice that if there is no need for less.
 */
static u32 imprint_room(const struct dl_volume *v, u64 area, u32 pins, u32 moments)
{
	u64 others = v->lost_max * sizeof(struct dl_disk_lost) +
		pins * sizeof(struct dl_disk_pin) +
		moments * sizeof(struct dl_disk_moment) + v->grain.text_max +
		v->grain.room * sizeof(struct dl_disk_grain) +
		dl_foresee_saved();

	return min(area / 16, area - min(area, others));
}

static int volume_setup(struct dl_volume *v, u64 sectors)
{
	u32 records, moments, pins;
	struct dl_cp_reader r;
	u64 area;
	int ret;

	ret = dl_checkpoint_load(&v->ck, &v->logio, &r, sectors);
	if (ret)
		return ret;
	if (v->ck.sb.flags & DL_SUPER_DETACHED) {
		dl_err("log %pg is detached: its origin is a plain disk again; 'deltalog create' starts anew",
		       v->logio.bdev);
		return -EINVAL;
	}
	if (v->ck.sb.volume_sectors > sectors) {
		dl_err("log %pg belongs to a volume of %llu sectors, the table says %llu: is this its origin?",
		       v->logio.bdev, v->ck.sb.volume_sectors, sectors);
		return -EINVAL;
	}

	v->stats = alloc_percpu(struct dl_stats);
	v->pages = mempool_create_page_pool(BOUNCE_PAGES, 0);
	v->io_wq = alloc_workqueue("dl-io/%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 64,
				   v->name);
	v->meta_wq = alloc_ordered_workqueue("dl-meta/%s", WQ_MEM_RECLAIM,
					     v->name);
	if (!v->stats || !v->pages || !v->io_wq || !v->meta_wq)
		return -ENOMEM;

	records = v->opts.max_records ?: dl_grow_records(&v->ck.sb);
	v->fixed_records = v->opts.max_records;
	dl_throttle_init(&v->throttle, v->io_wq, log_room, v);
	area = dl_super_sections(&v->ck.sb);
	area -= min(area, 4096ULL);
	v->lost_max = min_t(u64, LOST_MAX,
			    area / (2 * sizeof(struct dl_disk_lost)));
	moments = clamp_t(u64, area / 8 / sizeof(struct dl_disk_moment), 8,
			  DL_MOMENTS);
	v->grain.text_max = min_t(u64, DL_POLICY_TEXT, area / 16);
	v->grain.room = area / 32 / sizeof(struct dl_disk_grain);
	/* LBA order over more records, the more there are to scan for them. */
	v->rc.batch = clamp_t(u32, records / 16, 256,
			      max(65536U, records / 64));
	pins = clamp_t(u64, area / 4 / sizeof(struct dl_disk_pin), 8, PINS_MAX);
	dl_grainpast_init(&v->grainpast, imprint_room(v, area, pins, moments));
	ret = dl_pins_init(&v->pins, pins);
	if (!ret)
		ret = dl_window_init(&v->window, moments);
	if (!ret)
		ret = dl_map_init(&v->map, records, log_room, v);
	if (!ret)
		ret = dl_grain_init(&v->grain, &v->map);
	if (!ret)
		ret = dl_base_init(&v->base, &v->map, v->opts.delta_mem_kib,
				   v->name);
	if (!ret)
		ret = dl_codec_init(&v->codec);
	if (!ret)
		ret = dl_foresee_init(v);
	if (!ret)
		ret = dl_fuse_init(v);
	if (!ret)
		ret = dl_workload_init(&v->workload, v->opts.workload_kib);
	if (!ret)
		ret = dl_runs_init(&v->runs, RUNS_MAX);
	if (!ret)
		ret = dl_crypt_reserve(&v->crypt, &v->ck.sb);
	if (!ret)
		ret = dl_log_init(&v->log, &v->logio, &v->ck.sb, &v->crypt,
				  v->opts.segment_kib, v->opts.frame_mem_kib,
				  v->opts.cache_mem_kib,
				  v->name, &log_ops, v);
	if (!ret)
		ret = dl_reconcile_init(&v->rc, v);
	if (!ret)
		ret = dl_recover(v, &r, sectors);
	if (!ret)
		ret = dl_grow_fit(v);
	/* With its key: a suspended device is no place to look for a cipher. */
	while (!v->log.epoch || v->log.epoch == v->ck.loaded_epoch)
		get_random_bytes(&v->log.epoch, sizeof(v->log.epoch));
	if (!ret)
		ret = dl_crypt_epoch(&v->crypt, v->log.epoch);
	if (ret)
		return ret;
	v->sectors = sectors;
	v->ck.sb.volume_sectors = sectors;
	v->runs.reserve = RUNS_MAX / 4;
	dl_map_hold_back(&v->map);
	dl_volume_keep_room(v);
	return 0;
}

/* Is @bdev in use by another volume than one of @md? */
static bool taken(struct dl_volume *v, struct mapped_device *md,
		  struct block_device *bdev)
{
	return v->md != md && (v->logio.bdev->bd_dev == bdev->bd_dev ||
			       v->origin.bdev->bd_dev == bdev->bd_dev);
}

static struct dl_volume *find(struct dm_target *ti, struct dm_dev *origin,
			      struct dm_dev *log)
{
	struct mapped_device *md = dm_table_get_md(ti->table);
	bool same_log, same_origin;
	struct dl_volume *v;

	list_for_each_entry(v, &volumes, registry) {
		if (taken(v, md, log->bdev) || taken(v, md, origin->bdev)) {
			dl_err("%s: origin or log is in use by volume %s: deactivate that first",
			       dm_table_device_name(ti->table), v->name);
			ti->error = "Device is in use by another volume";
			return ERR_PTR(-EBUSY);
		}
		same_log = v->logio.bdev == log->bdev;
		same_origin = v->origin.bdev == origin->bdev;
		if (v->md == md && v->started && same_log != same_origin &&
		    dl_volume_mode(v) != DL_MODE_DETACHED) {
			dl_err("%s: a table cannot exchange origin or log of a running volume: detach it first",
			       v->name);
			ti->error = "Origin or log differ from the running volume's";
			return ERR_PTR(-EBUSY);
		}
		if (v->md != md || !same_log || !same_origin)
			continue;
		if (v->making) {
			ti->error = "Volume is being set up or taken down";
			return ERR_PTR(-EBUSY);
		}
		return v;
	}
	return NULL;
}

/* The same log may be reached through another device: its name tells. */
static bool twin(struct dl_volume *v)
{
	struct dl_volume *other;

	list_for_each_entry(other, &volumes, registry)
		if (other != v &&
		    !memcmp(other->ck.sb.uuid, v->ck.sb.uuid, 16))
			return true;
	return false;
}

/* A volume that others can see is taken, but not use yet. Registry locked. */
static struct dl_volume *reserve(struct dm_target *ti, struct dm_dev *origin,
				 struct dm_dev *log,
				 const struct dl_options *opts)
{
	struct dl_volume *v = kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v) {
		ti->error = "Out of memory";
		return ERR_PTR(-ENOMEM);
	}
	v->md = dm_table_get_md(ti->table);
	v->opts = *opts;
	v->origin.bdev = origin->bdev;
	v->logio.bdev = log->bdev;
	v->making = true;
	v->users = 1;
	mutex_init(&v->event_lock);
	mutex_init(&v->detach_lock);
	mutex_init(&v->snapshot_lock);
	dl_scrub_init(&v->scrub);
	dl_crypt_init(&v->crypt, v->opts.key, v->opts.cipher, v->opts.new_key);
	v->ck.crypt = &v->crypt;
	mutex_init(&v->past_lock);
	init_waitqueue_head(&v->room_wait);
	spin_lock_init(&v->defer_lock);
	bio_list_init(&v->deferred);
	INIT_WORK(&v->write_work, dl_write_work);
	INIT_WORK(&v->house_work, dl_housekeep_work);
	dl_event_init(v);
	dl_outlook_init(v);
	mutex_init(&v->house_lock);
	strscpy(v->name, dm_table_device_name(ti->table), sizeof(v->name));
	list_add(&v->registry, &volumes);
	return v;
}

/* The work without the registry's lock: it reads, perhaps a lot. */
static int fill_in(struct dl_volume *v, struct dm_target *ti)
{
	int ret;

	ret = dl_blkio_init(&v->origin, v->origin.bdev);
	if (!ret)
		ret = dl_blkio_init(&v->logio, v->logio.bdev);
	if (!ret)
		ret = volume_setup(v, ti->len);
	mutex_lock(&volumes_lock);
	if (!ret && twin(v)) {
		dl_err("%s: log %pg is active already, through another device",
		       v->name, v->logio.bdev);
		ret = -EBUSY;
	}
	v->making = ret;
	mutex_unlock(&volumes_lock);
	if (ret)
		ti->error = "Log cannot be activated, the kernel log says why";
	return ret;
}

struct dl_volume *dl_volume_get(struct dm_target *ti, struct dm_dev *origin,
				struct dm_dev *log,
				const struct dl_options *opts)
{
	struct dl_volume *v;
	bool made = false;
	int ret;

	mutex_lock(&volumes_lock);
	v = find(ti, origin, log);
	if (!v) {
		v = reserve(ti, origin, log, opts);
		made = true;
	} else if (!IS_ERR(v) && ti->len < v->sectors) {
		dl_err("%s: a volume can grow, not shrink: %llu sectors now, %llu wanted",
		       v->name, v->sectors, (u64)ti->len);
		ti->error = "Volume cannot shrink";
		v = ERR_PTR(-EINVAL);
	} else if (!IS_ERR(v)) {
		v->users++;
	}
	mutex_unlock(&volumes_lock);
	if (!made || IS_ERR(v))
		return v;
	ret = fill_in(v, ti);
	if (!ret)
		return v;
	volume_destroy(v);
	return ERR_PTR(ret);
}

struct dl_volume *dl_volume_of(struct block_device *bdev)
{
	struct dl_volume *v, *found = NULL;

	mutex_lock(&volumes_lock);
	list_for_each_entry(v, &volumes, registry)
		if (!v->making && v->started &&
		    dl_volume_mode(v) != DL_MODE_DETACHED &&
		    dm_disk(v->md) == bdev->bd_disk)
			found = v;
	if (found)
		found->users++;
	mutex_unlock(&volumes_lock);
	return found;
}

void dl_volume_put(struct dl_volume *v, struct dm_target *ti)
{
	bool last;

	mutex_lock(&v->event_lock);
	if (v->ti == ti)
		v->ti = NULL;
	mutex_unlock(&v->event_lock);
	mutex_lock(&volumes_lock);
	last = !--v->users;
	v->making = last;
	mutex_unlock(&volumes_lock);
	if (!last)
		return;
	dl_event_end(v);
	/* No more come in; the devices are still the table's. */
	wait_event(visitor_left, !atomic_read(&v->visitors));
	volume_destroy(v);
}

/* What is asked for @dev, or behind it? Registry locked. */
static bool fits(struct dl_volume *v, dev_t dev, bool next)
{
	dev_t have = disk_devt(dm_disk(v->md));

	return !v->making && v->started && (next ? have >= dev : have == dev);
}

struct dl_volume *dl_volume_enter(dev_t dev, bool next)
{
	struct dl_volume *v, *best = NULL;
	dev_t least = 0, have;

	mutex_lock(&volumes_lock);
	list_for_each_entry(v, &volumes, registry) {
		if (!fits(v, dev, next))
			continue;
		have = disk_devt(dm_disk(v->md));
		if (best && have > least)
			continue;
		/* One that is detached may have a successor on its device. */
		if (best && have == least &&
		    dl_volume_mode(v) == DL_MODE_DETACHED)
			continue;
		best = v;
		least = have;
	}
	if (best)
		atomic_inc(&best->visitors);
	mutex_unlock(&volumes_lock);
	return best;
}

void dl_volume_leave(struct dl_volume *v)
{
	/* The volume may go with the last one: not to be touched after this. */
	if (atomic_dec_and_test(&v->visitors))
		wake_up_all(&visitor_left);
}
