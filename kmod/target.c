// SPDX-License-Identifier: GPL-2.0
/*
 * Glue to device mapper: the table line and the callbacks.
 *
 *   <start> <len> deltalog <origin> <log> [<#opts> <opt>...]
 *
 *   <origin>  the disk; its data stays where it is
 *   <log>     the log device, made by 'deltalog create', or blank
 *   <opt>     see options.c
 *
 * <len> may be less than the origin, and grow with a later table.
 */
#include <linux/blkdev.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "io.h"
#include "compat/limits.h"
#include "msg.h"
#include "policy.h"
#include "sysfs.h"
#include "target.h"
#include "volume.h"

static int get_devices(struct dm_target *ti, struct dl_target *t, char **argv)
{
	int ret;

	ret = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table),
			    &t->origin);
	if (ret) {
		ti->error = "Origin cannot be opened";
		return ret;
	}
	ret = dm_get_device(ti, argv[1], dm_table_get_mode(ti->table), &t->log);
	if (ret) {
		ti->error = "Log cannot be opened";
		return ret;
	}
	if (t->origin->bdev == t->log->bdev) {
		ti->error = "Origin and log are the same device";
		return -EINVAL;
	}
	if (bdev_is_zoned(t->origin->bdev) || bdev_is_zoned(t->log->bdev)) {
		ti->error = "Zoned devices are not supported";
		return -EINVAL;
	}
	if (ti->len > bdev_nr_sectors(t->origin->bdev)) {
		ti->error = "Volume is larger than its origin";
		return -EINVAL;
	}
	return 0;
}

static void put_devices(struct dm_target *ti, struct dl_target *t)
{
	if (t->log)
		dm_put_device(ti, t->log);
	if (t->origin)
		dm_put_device(ti, t->origin);
}

static int take_policy(struct dm_target *ti, struct dl_target *t,
		       const char *policy)
{
	/* The volume may be suspended: nothing may wait for it to be written to. */
	unsigned int noio = memalloc_noio_save();
	int ret = dl_policy_check(t->volume, policy, strlen(policy));

	t->policy = ret ? NULL : kstrdup(policy, GFP_KERNEL);
	memalloc_noio_restore(noio);
	if (!ret && !t->policy)
		ret = -ENOMEM;
	if (ret)
		ti->error = ret == -E2BIG ? "Policy too long for this log" :
			"Policy cannot be taken";
	return ret;
}

static int dl_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	const char *policy;
	struct dl_target *t;
	int ret;

	if (argc < 2) {
		ti->error = "Usage: <origin> <log> [<#opts> <opt>...]";
		return -EINVAL;
	}
	if (ti->begin) {
		ti->error = "A deltalog volume starts at sector 0 of its table";
		return -EINVAL;
	}
	if (!(dm_table_get_mode(ti->table) & DL_MODE_WRITE)) {
		ti->error = "A deltalog volume cannot be read-only";
		return -EROFS;
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	dm_consume_args(&as, 2);
	ret = dl_options_parse(&t->opts, &as, &policy, &ti->error);
	if (!ret)
		ret = get_devices(ti, t, argv);
	if (!ret) {
		t->volume = dl_volume_get(ti, t->origin, t->log, &t->opts);
		if (IS_ERR(t->volume))
			ret = PTR_ERR(t->volume);
	}
	if (!ret && policy) {
		ret = take_policy(ti, t, policy);
		if (ret)
			dl_volume_put(t->volume, ti);
	}
	if (ret) {
		put_devices(ti, t);
		kfree(t);
		return ret;
	}
	/* Not for the table line: a copy of that must not do it again. */
	t->opts.new_key = false;
	ti->private = t;
	ti->per_io_data_size = sizeof(struct dl_io);
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->flush_supported = true;
	/*
	 * A discarded sector reads as zero, in the origin too, so discards are
	 * offered only where the origin can zero cheaply, unless asked for.
	 */
	ti->discards_supported = t->opts.zero_discards ||
		bdev_write_zeroes_sectors(t->origin->bdev) > 0;
	return 0;
}

static void dl_dtr(struct dm_target *ti)
{
	struct dl_target *t = ti->private;

	dl_sysfs_remove(ti);
	dl_volume_put(t->volume, ti);
	put_devices(ti, t);
	kfree(t->policy);
	kfree(t);
}

static int dl_map(struct dm_target *ti, struct bio *bio)
{
	struct dl_target *t = ti->private;
	struct dl_io *io = dm_per_bio_data(bio, sizeof(*io));

	io->v = t->volume;
	io->kind = DL_IO_PLAIN;
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		return dl_read_map(t->volume, bio, io);
	case REQ_OP_WRITE:
		if (unlikely(!bio_sectors(bio)))
			return dl_flush_map(t->volume, bio, io);
		fallthrough;
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
		return dl_write_map(t->volume, bio, io);
	case REQ_OP_FLUSH:
		return dl_flush_map(t->volume, bio, io);
	default:
		return DM_MAPIO_KILL;
	}
}

static int dl_end_io(struct dm_target *ti, struct bio *bio,
		     blk_status_t *error)
{
	struct dl_target *t = ti->private;
	struct dl_io *io = dm_per_bio_data(bio, sizeof(*io));

	if (likely(io->kind == DL_IO_PLAIN))
		return DM_ENDIO_DONE;
	return dl_read_end(t->volume, bio, io, error);
}

static void dl_presuspend(struct dm_target *ti)
{
	struct dl_target *t = ti->private;

	dl_reconcile_no_wait(&t->volume->rc, true);
	dl_write_wake(t->volume);
}

static void dl_presuspend_undo(struct dm_target *ti)
{
	struct dl_target *t = ti->private;

	dl_reconcile_no_wait(&t->volume->rc, false);
}

static int dl_preresume(struct dm_target *ti)
{
	struct dl_target *t = ti->private;
	int ret = dl_volume_resume(t->volume, ti, &t->opts);
	struct dl_policy_error e;

	if (ret)
		return ret;
	/* Once: what is in force later was set later. */
	if (t->policy && !t->policy_set) {
		if (dl_policy_set(t->volume, t->policy, strlen(t->policy), &e))
			dl_err("%s: the table's policy is not in force",
			       t->volume->name);
		else
			WRITE_ONCE(t->policy_set, true);
	}
	dl_sysfs_add(ti);
	return 0;
}

static void dl_postsuspend(struct dm_target *ti)
{
	struct dl_target *t = ti->private;

	dl_volume_suspend(t->volume);
}

static int dl_iterate_devices(struct dm_target *ti,
			      iterate_devices_callout_fn fn, void *data)
{
	struct dl_target *t = ti->private;

	/*
	 * The volume looks like its origin, or what is on it could not go on
	 * in its own block size. What the log demands of bios that are sent on
	 * to it is in the hints.
	 */
	return fn(ti, t->origin, 0, ti->len, data);
}

static void dl_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct dl_target *t = ti->private;

	dl_limits_set(limits, ti->discards_supported);
	/* Whole pages are read from the log in place, into the user's memory. */
	limits->dma_alignment = max_t(unsigned int, limits->dma_alignment,
				      bdev_dma_alignment(t->log->bdev));
	/* Bigger writes leave the log in larger pieces. */
	limits->io_opt = 0;
	limits->io_min = max(limits->physical_block_size,
			     bdev_physical_block_size(t->log->bdev));
}

struct target_type dl_target_type = {
	.name = "deltalog",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_SINGLETON,
	.module = THIS_MODULE,
	.ctr = dl_ctr,
	.dtr = dl_dtr,
	.map = dl_map,
	.end_io = dl_end_io,
	.presuspend = dl_presuspend,
	.presuspend_undo = dl_presuspend_undo,
	.preresume = dl_preresume,
	.postsuspend = dl_postsuspend,
	.status = dl_status,
	.message = dl_message,
	.iterate_devices = dl_iterate_devices,
	.io_hints = dl_io_hints,
};
