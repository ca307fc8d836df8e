// SPDX-License-Identifier: GPL-2.0
/*
 * Growing the log. See grow.h.
 */
#include <linux/blkdev.h>
#include <linux/sched/mm.h>

#include "grow.h"
#include "io.h"
#include "msg.h"
#include "space.h"

static u32 grain_bytes(const struct dl_volume *v)
{
	return v->grain.text_max +
		v->grain.room * sizeof(struct dl_disk_grain) +
		v->grainpast.im.room;
}

/* Segments that a checkpoint has room for, beside everything else in it. */
static u32 segment_room(struct dl_volume *v)
{
	return dl_checkpoint_room(&v->ck, v->lost_max, v->pins.max,
				  v->window.moments.max, grain_bytes(v));
}

/* A buffer for checkpoints of so many segments. */
static int fit(struct dl_volume *v, u32 most)
{
	return dl_checkpoint_fit(&v->ck, most, 2 * v->lost_max, v->pins.max,
				 v->window.moments.max, grain_bytes(v));
}

int dl_grow_fit(struct dl_volume *v)
{
	struct dl_segments *s = &v->log.segs;
	u32 room = segment_room(v);
	/* A log that has grown may have too many chunks for the size it began with. */
	u32 n = dl_segments_size(s, s->nr_chunks, room) ?: s->seg_chunks;
	u32 most = dl_segments_most(s, s->nr_chunks, n, room);

	dl_segments_limit(s, n, most);
	return fit(v, most);
}

u32 dl_grow_records(const struct dl_super *sb)
{
	u64 pages = sb->log_sectors >> DL_PAGE_SECTOR_SHIFT;

	/* As many as there are pages before writers are slowed for want of space. */
	return clamp_t(u64, pages - pages / 8, 4096, 1U << 31);
}

static int refuse(struct dl_volume *v, int err, const char *why)
{
	dl_err("%s: log %pg cannot grow: %s", v->name, v->logio.bdev, why);
	return err;
}

/* The log as it is to be, and how large its segments. */
static int plan(struct dl_volume *v, struct dl_super *sb, u32 *seg_chunks)
{
	u64 device = bdev_nr_sectors(v->logio.bdev), chunks;

	*sb = v->ck.sb;
	if (device < sb->log_sectors)
		return refuse(v, -EINVAL,
			      "its device has become smaller than it: restore the device's size");
	device = min_t(u64, device, DL_LOG_SECTORS_MAX);
	chunks = (device - sb->data_start) >> v->log.segs.chunk_shift;
	if (chunks > DL_CHUNKS_MAX)
		return refuse(v, -E2BIG,
			      "its chunks are too small for a device of this size; detach the log and make a new one");
	*seg_chunks = dl_segments_size(&v->log.segs, chunks, segment_room(v));
	if (!*seg_chunks)
		return refuse(v, -E2BIG,
			      "its checkpoint has no room for so many segments; detach the log and make a new one");
	sb->log_sectors = sb->data_start +
		(chunks << v->log.segs.chunk_shift);
	return 0;
}

/* Memory for the records and versions that the new chunks will hold. */
static int reserve(struct dl_volume *v, u32 more)
{
	int ret = dl_map_reserve(&v->map, more);

	if (!ret)
		ret = dl_history_reserve(&v->past, more);
	if (ret)
		refuse(v, ret, ret == -E2BIG ?
		       "its tables in memory cannot grow that far: activate it again first" :
		       "out of memory");
	return ret;
}

static int extend(struct dl_volume *v, const struct dl_super *sb,
		  u32 seg_chunks)
{
	u32 most, more = v->fixed_records ? 0 :
		dl_grow_records(sb) - dl_grow_records(&v->ck.sb);
	struct dl_log *l = &v->log;
	struct dl_chunks c;
	unsigned long flags;
	int ret;

	ret = dl_chunks_alloc(&c, dl_super_chunks(sb));
	if (ret)
		return refuse(v, ret, "out of memory");
	most = dl_segments_most(&l->segs, c.nr, seg_chunks, segment_room(v));
	ret = fit(v, most);
	if (ret)
		refuse(v, ret, "out of memory");
	else
		ret = reserve(v, more);
	if (!ret) {
		ret = dl_crypt_reserve(&v->crypt, sb);
		if (ret)
			refuse(v, ret, "out of memory");
	}
	if (ret) {
		dl_chunks_free(&c);
		return ret;
	}
	dl_checkpoint_resize(&v->ck, sb->log_sectors);
	ret = dl_checkpoint_commit(&v->ck, l, &v->fp, v->horizon, 0);
	if (ret) {
		dl_volume_log_failed(v);
		dl_chunks_free(&c);
		return ret;
	}
	spin_lock_irqsave(&l->lock, flags);
	dl_segments_extend(&l->segs, &c);
	dl_segments_limit(&l->segs, seg_chunks, most);
	spin_unlock_irqrestore(&l->lock, flags);
	/* Not before: recovery has entries for what the superblock says. */
	dl_map_grow(&v->map, more);
	dl_history_grow(&v->past, more);
	synchronize_rcu();
	dl_chunks_free(&c);
	return 0;
}

/* There is room: for who waits, and for who thinks there is none. */
static void use(struct dl_volume *v)
{
	dl_volume_keep_room(v);
	/* First, so that who finds it full just now does not have the last word. */
	dl_reconcile_sweep(&v->rc);
	dl_volume_set_full(v, false);
	dl_volume_housekeep(v);
	dl_write_wake(v);
}

static int grow(struct dl_volume *v, u64 *old, u64 *new)
{
	unsigned int noio;
	struct dl_super sb;
	u32 seg_chunks;
	int ret;

	if (dl_volume_mode(v) != DL_MODE_RW)
		return refuse(v, -EROFS, "it is read-only");
	if (!v->resumed)
		return refuse(v, -EBUSY, "the volume is suspended: resume it first");
	ret = plan(v, &sb, &seg_chunks);
	if (ret)
		return ret;
	*old = v->ck.sb.log_sectors;
	*new = sb.log_sectors;
	if (*new == *old)
		return 0;
	/* Memory may come from writing, and writes may wait for this. */
	noio = memalloc_noio_save();
	ret = extend(v, &sb, seg_chunks);
	memalloc_noio_restore(noio);
	if (ret)
		return ret;
	use(v);
	dl_info("%s: log %pg has grown from %llu to %llu sectors", v->name,
		v->logio.bdev, *old, *new);
	return 0;
}

int dl_grow(struct dl_volume *v, u64 *old, u64 *new)
{
	int ret;

	/* What is being detached must not be begun again. */
	if (!mutex_trylock(&v->detach_lock))
		return refuse(v, -EBUSY, "it is being detached, or grows already");
	mutex_lock(&v->snapshot_lock);
	ret = grow(v, old, new);
	mutex_unlock(&v->snapshot_lock);
	mutex_unlock(&v->detach_lock);
	return ret;
}
