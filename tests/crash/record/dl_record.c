// SPDX-License-Identifier: GPL-2.0
/*
 * A device-mapper target that records what reaches a device, see dl_record.h.
 *
 * Ownership: the stream is one buffer of a fixed size; whoever holds stream.lock
 * may append. A request has its place in the stream from the moment it is
 * submitted (its data copied then, as the owner may reuse its pages once it is
 * done), so whatever a test derives from the stream really could have been on
 * the device at that point.
 *
 * Held requests are on the target's list; one thread releases them. They count
 * as in flight for device mapper, so a suspend waits for them.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/device-mapper.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "dl_record.h"

#define DM_MSG_PREFIX "dl-record"

static unsigned int mib = 96;
module_param(mib, uint, 0444);
MODULE_PARM_DESC(mib, "size of the stream's buffer in MiB");

static struct {
	spinlock_t lock;	/* all below but buf and size */
	char *buf;
	size_t size;
	size_t used;
	u64 next_id;
	u64 random;	/* seeded, so that a run can be had again */
	u32 events;
	bool on;
	bool overflow;
} stream;

struct recorder {
	struct dm_dev *dev;
	sector_t offset;
	u8 number;
	unsigned int hold_us;
	struct task_struct *thread;
	wait_queue_head_t wait;
	spinlock_t lock;	/* held and nr_held */
	struct bio_list held;
	unsigned int nr_held;
};

struct request_note {
	u64 id;			/* 0: not in the stream */
	u16 flags;
	u32 sectors;
	u64 sector;
};

/* Room for an event and @data bytes, or NULL; stream.lock is held. */
static struct dl_record_event *append(size_t data)
{
	size_t need = sizeof(struct dl_record_event) + ALIGN(data, 8);
	struct dl_record_event *e;

	if (!stream.on || stream.overflow)
		return NULL;
	if (need > stream.size - stream.used) {
		stream.overflow = true;
		return NULL;
	}
	e = (struct dl_record_event *)(stream.buf + stream.used);
	stream.used += need;
	stream.events++;
	return e;
}

static void note(const struct recorder *r, const struct request_note *n,
		 u8 type, u16 more_flags)
{
	struct dl_record_event *e;
	unsigned long flags;

	if (!n->id)
		return;
	spin_lock_irqsave(&stream.lock, flags);
	e = append(0);
	if (e)
		*e = (struct dl_record_event){
			.id = n->id, .sector = n->sector,
			.sectors = n->sectors, .type = type,
			.flags = n->flags | more_flags, .number = r->number };
	spin_unlock_irqrestore(&stream.lock, flags);
}

static void note_submit(const struct recorder *r, struct request_note *n,
			struct bio *bio)
{
	bool data = n->flags & DL_RECORD_DATA;
	struct dl_record_event *e;
	struct bvec_iter iter;
	unsigned long flags;
	struct bio_vec bv;
	char *to;

	spin_lock_irqsave(&stream.lock, flags);
	e = append(data ? bio->bi_iter.bi_size : 0);
	if (e) {
		n->id = ++stream.next_id;
		*e = (struct dl_record_event){
			.id = n->id, .sector = n->sector,
			.sectors = n->sectors, .type = DL_RECORD_SUBMIT,
			.flags = n->flags, .number = r->number };
		to = (char *)(e + 1);
		if (data) {
			bio_for_each_segment(bv, bio, iter) {
				memcpy_from_bvec(to, &bv);
				to += bv.bv_len;
			}
		}
	}
	spin_unlock_irqrestore(&stream.lock, flags);
}

static int record_map(struct dm_target *ti, struct bio *bio)
{
	struct recorder *r = ti->private;
	struct request_note *n = dm_per_bio_data(bio, sizeof(*n));

	memset(n, 0, sizeof(*n));
	bio_set_dev(bio, r->dev->bdev);
	bio->bi_iter.bi_sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	n->sector = bio->bi_iter.bi_sector;
	n->sectors = bio_sectors(bio);
	bio->bi_iter.bi_sector += r->offset;

	switch (bio_op(bio)) {
	case REQ_OP_WRITE:
		n->flags = n->sectors ? DL_RECORD_WRITE | DL_RECORD_DATA : 0;
		if (bio->bi_opf & REQ_PREFLUSH)
			n->flags |= DL_RECORD_FLUSH;
		if (n->sectors && (bio->bi_opf & REQ_FUA))
			n->flags |= DL_RECORD_FUA;
		break;
	case REQ_OP_FLUSH:
		n->flags = DL_RECORD_FLUSH;
		n->sectors = 0;
		break;
	case REQ_OP_DISCARD:
		n->flags = DL_RECORD_DISCARD;
		break;
	case REQ_OP_WRITE_ZEROES:
		n->flags = DL_RECORD_WRITE | DL_RECORD_ZEROES;
		if (bio->bi_opf & REQ_FUA)
			n->flags |= DL_RECORD_FUA;
		break;
	default:
		return DM_MAPIO_REMAPPED;
	}
	if (READ_ONCE(stream.on))
		note_submit(r, n, bio);
	if (!r->hold_us || !n->sectors)
		return DM_MAPIO_REMAPPED;

	spin_lock_irq(&r->lock);
	bio_list_add(&r->held, bio);
	r->nr_held++;
	spin_unlock_irq(&r->lock);
	wake_up(&r->wait);
	return DM_MAPIO_SUBMITTED;
}

static int record_end_io(struct dm_target *ti, struct bio *bio,
			 blk_status_t *error)
{
	struct request_note *n = dm_per_bio_data(bio, sizeof(*n));

	note(ti->private, n, DL_RECORD_DONE, *error ? DL_RECORD_ERROR : 0);
	n->id = 0;
	return DM_ENDIO_DONE;
}

static u32 draw(u32 below)
{
	unsigned long flags;
	u64 x;

	spin_lock_irqsave(&stream.lock, flags);
	stream.random = stream.random * 6364136223846793005ULL +
		1442695040888963407ULL;
	x = stream.random >> 33;
	spin_unlock_irqrestore(&stream.lock, flags);
	return (u32)x % below;
}

/* Take one of the held requests, any of them. */
static struct bio *take_held(struct recorder *r)
{
	struct bio *bio = NULL;
	unsigned int skip;

	spin_lock_irq(&r->lock);
	if (r->nr_held) {
		skip = draw(r->nr_held);
		while (skip--)
			bio_list_add(&r->held, bio_list_pop(&r->held));
		bio = bio_list_pop(&r->held);
		r->nr_held--;
	}
	spin_unlock_irq(&r->lock);
	return bio;
}

static int release_held(void *arg)
{
	struct recorder *r = arg;
	struct bio *bio;

	while (!kthread_should_stop()) {
		wait_event_interruptible(r->wait, READ_ONCE(r->nr_held) ||
					 kthread_should_stop());
		if (!READ_ONCE(r->nr_held))
			continue;
		fsleep(1 + draw(r->hold_us));
		bio = take_held(r);
		note(r, dm_per_bio_data(bio, sizeof(struct request_note)),
		     DL_RECORD_RELEASE, 0);
		submit_bio_noacct(bio);
	}
	return 0;
}

static int record_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	unsigned long long offset;
	unsigned int number, hold;
	struct recorder *r;
	char dummy;
	int err;

	if (argc != 4 || sscanf(argv[1], "%llu%c", &offset, &dummy) != 1 ||
	    sscanf(argv[2], "%u%c", &number, &dummy) != 1 || number > 255 ||
	    sscanf(argv[3], "%u%c", &hold, &dummy) != 1 || hold > 1000000) {
		ti->error = "expected: <device> <offset> <number> <hold_us>";
		return -EINVAL;
	}
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r) {
		ti->error = "out of memory";
		return -ENOMEM;
	}
	r->offset = offset;
	r->number = number;
	r->hold_us = hold;
	bio_list_init(&r->held);
	spin_lock_init(&r->lock);
	init_waitqueue_head(&r->wait);
	err = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &r->dev);
	if (err) {
		ti->error = "cannot open the device";
		goto free;
	}
	if (hold) {
		r->thread = kthread_run(release_held, r, "dl-record");
		if (IS_ERR(r->thread)) {
			err = PTR_ERR(r->thread);
			ti->error = "cannot start a thread";
			goto put;
		}
	}
	/* A device with a volatile cache, whatever is below. */
	ti->flush_supported = true;
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->per_io_data_size = sizeof(struct request_note);
	ti->private = r;
	return 0;
put:
	dm_put_device(ti, r->dev);
free:
	kfree(r);
	return err;
}

static void record_dtr(struct dm_target *ti)
{
	struct recorder *r = ti->private;

	if (r->thread)
		kthread_stop(r->thread);
	dm_put_device(ti, r->dev);
	kfree(r);
}

static void record_status(struct dm_target *ti, status_type_t type,
			  unsigned int status_flags, char *result,
			  unsigned int maxlen)
{
	struct recorder *r = ti->private;
	unsigned int sz = 0;

	switch (type) {
	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu %u %u", r->dev->name,
		       (unsigned long long)r->offset, r->number, r->hold_us);
		break;
	default:
		*result = '\0';
	}
}

static int record_iterate_devices(struct dm_target *ti,
				  iterate_devices_callout_fn fn, void *data)
{
	struct recorder *r = ti->private;

	return fn(ti, r->dev, r->offset, ti->len, data);
}

static struct target_type record_target = {
	.name = "dl-record",
	.version = {1, 0, 0},
	.module = THIS_MODULE,
	.ctr = record_ctr,
	.dtr = record_dtr,
	.map = record_map,
	.end_io = record_end_io,
	.status = record_status,
	.iterate_devices = record_iterate_devices,
};

static ssize_t stream_read(struct file *file, char __user *to, size_t count,
			   loff_t *pos)
{
	/* Recording only ever adds, and a start needs the stream stopped. */
	return simple_read_from_buffer(to, count, pos, stream.buf,
				       READ_ONCE(stream.used));
}

static ssize_t stream_write(struct file *file, const char __user *from,
			    size_t count, loff_t *pos)
{
	struct dl_record_event *e;
	u64 mark;

	if (count != sizeof(mark))
		return -EINVAL;
	if (copy_from_user(&mark, from, sizeof(mark)))
		return -EFAULT;
	spin_lock_irq(&stream.lock);
	e = append(0);
	if (e)
		*e = (struct dl_record_event){ .id = mark,
					       .type = DL_RECORD_MARK };
	spin_unlock_irq(&stream.lock);
	return e ? count : -ENOSPC;
}

static long stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct dl_record_state state = { };
	int err = 0;

	spin_lock_irq(&stream.lock);
	switch (cmd) {
	case DL_RECORD_START:
		if (stream.on) {
			err = -EBUSY;
			break;
		}
		stream.used = 0;
		stream.events = 0;
		stream.overflow = false;
		stream.on = true;
		break;
	case DL_RECORD_STOP:
		stream.on = false;
		break;
	case DL_RECORD_SEED:
		stream.random = arg;
		break;
	case DL_RECORD_STATE:
		state.bytes = stream.used;
		state.events = stream.events;
		state.overflow = stream.overflow;
		break;
	default:
		err = -ENOTTY;
	}
	spin_unlock_irq(&stream.lock);
	if (!err && cmd == DL_RECORD_STATE &&
	    copy_to_user((void __user *)arg, &state, sizeof(state)))
		err = -EFAULT;
	return err;
}

static const struct file_operations stream_fops = {
	.owner = THIS_MODULE,
	.read = stream_read,
	.write = stream_write,
	.unlocked_ioctl = stream_ioctl,
	.llseek = default_llseek,
};

static struct miscdevice stream_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dl-record",
	.fops = &stream_fops,
	.mode = 0600,
};

static int __init record_init(void)
{
	int err;

	spin_lock_init(&stream.lock);
	stream.size = (size_t)mib << 20;
	stream.buf = vmalloc(stream.size);
	if (!stream.buf)
		return -ENOMEM;
	err = misc_register(&stream_dev);
	if (err)
		goto free;
	err = dm_register_target(&record_target);
	if (err)
		goto deregister;
	return 0;
deregister:
	misc_deregister(&stream_dev);
free:
	vfree(stream.buf);
	return err;
}

static void __exit record_exit(void)
{
	dm_unregister_target(&record_target);
	misc_deregister(&stream_dev);
	vfree(stream.buf);
}

module_init(record_init);
module_exit(record_exit);

MODULE_DESCRIPTION(DM_NAME " target that records what reaches a device, for crash tests");
MODULE_LICENSE("GPL");
