/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue limits and open modes, whose names changed between kernels.
 */
#ifndef DL_COMPAT_LIMITS_H
#define DL_COMPAT_LIMITS_H

#include <linux/blkdev.h>
#include <linux/version.h>

/*
 * max_hw_discard_sectors became what a driver sets, and max_discard_sectors
 * derived from it, for stacked limits in 4f563a64732d ("block: add a
 * max_user_discard_sectors queue limit", 6.9).
 */
static inline void dl_limits_set(struct queue_limits *limits, bool discard)
{
	unsigned int most = UINT_MAX >> SECTOR_SHIFT;

	/* A single record covers a run of any length a bio can have. */
	most = round_down(most, 8);
	/* As far as the origin has it: see dm_table_supports_write_zeroes(). */
	limits->max_write_zeroes_sectors = most;
	limits->max_hw_discard_sectors = discard ? most : 0;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	limits->max_discard_sectors = discard ? most : 0;
#endif
	limits->discard_granularity = discard ? limits->logical_block_size : 0;
	limits->discard_alignment = 0;
}

/* fmode_t gave way to blk_mode_t in 05bdb9965305 (6.5). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define DL_MODE_WRITE	FMODE_WRITE
#else
#define DL_MODE_WRITE	BLK_OPEN_WRITE
#endif

#endif
