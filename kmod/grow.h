/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growing the log of a running volume onto what its device has gained.
 *
 * Room in a log is chunks, and entries in memory for the records and versions
 * that fill them. First comes what may fail, the memory; then both superblocks
 * say so, durably; only then does a segment go there: whichever slot recovery
 * starts from, every segment it finds lies in the log.
 */
#ifndef DL_GROW_H
#define DL_GROW_H

#include "volume.h"

/**
 * dl_grow_fit() - how many segments there may be; a buffer for checkpoints of them
 * @v: volume
 *
 * Context: process, may sleep; at activation. Return: 0 or -ENOMEM.
 */
int dl_grow_fit(struct dl_volume *v);

/* Records the map has entries for, unless the table says: what fills the log. */
u32 dl_grow_records(const struct dl_super *sb);

/**
 * dl_grow() - use all of the log device
 * @v: volume, running
 * @old: out: sectors of the log before
 * @new: out: and now; the same when the device has no whole chunk more
 *
 * Context: process, may sleep.
 * Return: 0; -EROFS; -EBUSY while it is suspended or being detached; -EINVAL
 * when the device is smaller than the log; -E2BIG when it cannot grow that far
 * before the next activation, or not at all with segments of this size; -ENOMEM;
 * -EIO. The reason is logged; but for -EIO nothing has changed.
 */
int dl_grow(struct dl_volume *v, u64 *old, u64 *new);

#endif
