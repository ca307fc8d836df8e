/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Synchronous I/O on whole buffers, for everything that is not a user's bio:
 * superblocks, checkpoints, summaries, recovery, the fingerprint.
 */
#ifndef DL_BLKIO_H
#define DL_BLKIO_H

#include <linux/blk_types.h>
#include <linux/dm-io.h>

/**
 * struct dl_blkio - one device to do whole-buffer I/O on
 * @bdev: device, held open by the dm table
 * @client: dm-io's memory for it
 */
struct dl_blkio {
	struct block_device *bdev;
	struct dm_io_client *client;
};

int dl_blkio_init(struct dl_blkio *io, struct block_device *bdev);
void dl_blkio_exit(struct dl_blkio *io);

/**
 * dl_blkio_read() - read sectors into kernel memory
 * @io: device
 * @sector: first sector
 * @sectors: how many, at least 1
 * @buf: kmalloc or vmalloc memory of that size
 *
 * Context: process, may sleep; not from a bio submission context.
 * Return: 0 or -EIO.
 */
int dl_blkio_read(struct dl_blkio *io, sector_t sector, unsigned int sectors,
		  void *buf);

/**
 * dl_blkio_write() - write sectors from kernel memory
 * @io: device
 * @sector: first sector
 * @sectors: how many, at least 1
 * @buf: kmalloc or vmalloc memory of that size
 * @flags: REQ_FUA, REQ_PREFLUSH, or 0
 *
 * Context: process, may sleep; not from a bio submission context.
 * Return: 0 or -EIO.
 */
int dl_blkio_write(struct dl_blkio *io, sector_t sector, unsigned int sectors,
		   void *buf, blk_opf_t flags);

#endif
