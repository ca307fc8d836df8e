/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Predictive fusion: one record of what several small writes said.
 *
 * Behind a record of some sectors of a page room is kept for those that are expected
 * to be written next (core/fusion.h). If they are, while the frame is open, they are
 * written into that room: the record and its entry in the map become longer, and what
 * were two records are one. It keeps its sequence, which is the same as both writes
 * arriving at once, because a frame is whole or absent; so this is done only
 *
 *  - while nothing that was accepted in between may tell the two apart: no mark, no
 *    run of zeros, no window in which every sequence is a moment;
 *  - if no younger record than the one that grows says anything of those sectors.
 *
 * Room that was not filled when the frame is closed is given back if it is at the
 * end, else it is zeros that no record speaks of.
 *
 * Locks: the page's shard. Memory: 48 KiB a volume.
 */
#ifndef DL_FUSE_H
#define DL_FUSE_H

#include "subpage.h"

int dl_fuse_init(struct dl_volume *v);
void dl_fuse_exit(struct dl_volume *v);
u64 dl_fuse_bytes(const struct dl_volume *v);

/**
 * dl_fuse_fill() - write into the room that was kept for it, if there is such
 * @v: volume
 * @w: write to less than a page; its iterator advances if it is taken
 * @b: batch
 *
 * Context: the shard locked. Return: it was taken.
 */
bool dl_fuse_fill(struct dl_volume *v, const struct dl_subwrite *w,
		  struct dl_batch *b);

/* Sectors to keep behind a record of @sectors at @sector. Context: any. */
u32 dl_fuse_room(struct dl_volume *v, u64 sector, u32 sectors, u8 *confidence);

/* So much was kept. Context: any. */
void dl_fuse_kept(struct dl_volume *v, u64 sector, u32 room);

#endif
