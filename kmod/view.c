// SPDX-License-Identifier: GPL-2.0
/*
 * Glue to device mapper: the read-only target that shows a snapshot.
 *
 *   <start> <len> deltalog-view <volume device> <snapshot>
 *
 * A view holds the volume's device open, without claiming it because it may be
 * mounted, so that it is not removed underneath; and origin and log as well,
 * for the case that it is, by force.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "compat/limits.h"
#include "compat/open.h"
#include "io.h"
#include "lookup.h"
#include "preserve.h"
#include "snapshot.h"
#include "target.h"
#include "view.h"

struct dl_view {
	struct dl_volume *volume;
	struct dl_open dev;		/* the volume's */
	struct dm_dev *origin, *log;
	struct dl_pin pin;		/* as it was when the view was made */
	bool open;
};

/* By number, the way the volume's own table holds it. */
static int hold(struct dm_target *ti, struct block_device *bdev,
		struct dm_dev **dev)
{
	char name[BDEVNAME_SIZE];

	format_dev_t(name, bdev->bd_dev);
	return dm_get_device(ti, name, dm_table_get_mode(ti->table), dev);
}

static void view_free(struct dm_target *ti, struct dl_view *w)
{
	if (w->open)
		dl_snapshot_close(w->volume, w->pin.id);
	if (w->volume)
		dl_volume_put(w->volume, ti);
	if (w->log)
		dm_put_device(ti, w->log);
	if (w->origin)
		dm_put_device(ti, w->origin);
	if (w->dev.bdev)
		dl_close_dev(&w->dev);
	kfree(w);
}

static int open_volume(struct dm_target *ti, struct dl_view *w,
		       const char *path)
{
	unsigned int major, minor;
	dev_t dev;
	char c;
	int ret = 0;

	if (sscanf(path, "%u:%u%c", &major, &minor, &c) == 2)
		dev = MKDEV(major, minor);
	else
		ret = lookup_bdev(path, &dev);
	/* A device that holds itself open could never be removed. */
	if (!ret && dev == disk_devt(dm_disk(dm_table_get_md(ti->table))))
		ret = -ELOOP;
	return ret ?: dl_open_dev(&w->dev, dev);
}

static int view_open(struct dm_target *ti, struct dl_view *w, char **argv)
{
	int ret = open_volume(ti, w, argv[0]);

	if (ret) {
		ti->error = "Volume's device cannot be opened";
		return ret;
	}
	w->volume = dl_volume_of(w->dev.bdev);
	if (!w->volume) {
		ti->error = "No active deltalog volume on that device";
		return -ENODEV;
	}
	ret = hold(ti, w->volume->origin.bdev, &w->origin);
	if (!ret)
		ret = hold(ti, w->volume->logio.bdev, &w->log);
	if (ret) {
		ti->error = "Origin or log of the volume cannot be opened";
		return ret;
	}
	ret = dl_snapshot_open(w->volume, argv[1], &w->pin);
	if (ret) {
		ti->error = "Snapshot cannot be viewed, the kernel log says why";
		return ret;
	}
	w->open = true;
	if (ti->begin || ti->len > w->volume->sectors) {
		ti->error = "View is not within the volume";
		return -EINVAL;
	}
	return 0;
}

static int view_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dl_view *w;
	int ret;

	if (argc != 2) {
		ti->error = "Usage: <volume device> <snapshot>";
		return -EINVAL;
	}
	if (dm_table_get_mode(ti->table) & DL_MODE_WRITE) {
		ti->error = "A view is read-only: create it so";
		return -EROFS;
	}
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	ret = view_open(ti, w, argv);
	if (ret) {
		view_free(ti, w);
		return ret;
	}
	ti->private = w;
	ti->per_io_data_size = sizeof(struct dl_io);
	return 0;
}

static void view_dtr(struct dm_target *ti)
{
	view_free(ti, ti->private);
}

static int view_map(struct dm_target *ti, struct bio *bio)
{
	struct dl_view *w = ti->private;
	struct dl_io *io = dm_per_bio_data(bio, sizeof(*io));

	if (bio_op(bio) != REQ_OP_READ)
		return DM_MAPIO_KILL;
	io->v = w->volume;
	io->kind = DL_IO_PLAIN;
	io->at = w->pin.seq;
	return dl_read_past_map(w->volume, bio, io);
}

static int view_end_io(struct dm_target *ti, struct bio *bio,
		       blk_status_t *error)
{
	struct dl_view *w = ti->private;
	struct dl_io *io = dm_per_bio_data(bio, sizeof(*io));

	switch (io->kind) {
	case DL_IO_LOG_READ:
		return dl_read_end(w->volume, bio, io, error);
	case DL_IO_PAST_READ:
		dl_past_leave(w->volume, io->phase);
		io->kind = DL_IO_PLAIN;
	}
	return DM_ENDIO_DONE;
}

static void view_status(struct dm_target *ti, status_type_t type,
			unsigned int status_flags, char *result,
			unsigned int maxlen)
{
	struct dl_view *w = ti->private;
	char dev[BDEVNAME_SIZE];
	struct dl_pin pin = w->pin;
	unsigned int sz = 0;

	/* It may have been renamed, and the table must find it again. */
	dl_snapshot_name(w->volume, &pin);
	switch (type) {
	case STATUSTYPE_INFO:
		DMEMIT("%s %s %llu", w->volume->name, pin.name, pin.seq);
		break;
	case STATUSTYPE_TABLE:
		format_dev_t(dev, w->dev.bdev->bd_dev);
		DMEMIT("%s %s", dev, pin.name);
		break;
	case STATUSTYPE_IMA:
		format_dev_t(dev, w->dev.bdev->bd_dev);
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",volume_device=%s,snapshot_id=%llu,seq=%llu;",
		       dev, pin.id, pin.seq);
		break;
	}
}

static int view_iterate_devices(struct dm_target *ti,
				iterate_devices_callout_fn fn, void *data)
{
	struct dl_view *w = ti->private;

	return fn(ti, w->origin, 0, ti->len, data);
}

static void view_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct dl_view *w = ti->private;

	limits->dma_alignment = max_t(unsigned int, limits->dma_alignment,
				      bdev_dma_alignment(w->log->bdev));
}

struct target_type dl_view_type = {
	.name = "deltalog-view",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_SINGLETON,
	.module = THIS_MODULE,
	.ctr = view_ctr,
	.dtr = view_dtr,
	.map = view_map,
	.end_io = view_end_io,
	.status = view_status,
	.iterate_devices = view_iterate_devices,
	.io_hints = view_io_hints,
};
