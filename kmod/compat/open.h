/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holding a block device open without claiming it: what is mounted stays open
 * to others, and cannot be removed while it is.
 */
#ifndef DL_COMPAT_OPEN_H
#define DL_COMPAT_OPEN_H

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/version.h>

struct dl_open {
	struct block_device *bdev;	/* NULL: not open */
	void *handle;
};

/*
 * dl_open_dev(): 0 or a negative errno; may sleep, and so may dl_close_dev().
 *
 * Opening gives a file since f3a608827d1f ("bdev: open block device as files",
 * 6.9); before it gave the device.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
static inline int dl_open_dev(struct dl_open *o, dev_t dev)
{
	struct block_device *bdev = blkdev_get_by_dev(dev, FMODE_READ, NULL);

	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	o->bdev = bdev;
	return 0;
}

static inline void dl_close_dev(struct dl_open *o)
{
	blkdev_put(o->bdev, FMODE_READ);
}
#else
static inline int dl_open_dev(struct dl_open *o, dev_t dev)
{
	struct file *file = bdev_file_open_by_dev(dev, BLK_OPEN_READ, NULL,
						  NULL);

	if (IS_ERR(file))
		return PTR_ERR(file);
	o->handle = file;
	o->bdev = file_bdev(file);
	return 0;
}

static inline void dl_close_dev(struct dl_open *o)
{
	bdev_fput(o->handle);
}
#endif

#endif
