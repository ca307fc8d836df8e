/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The base cache: what hot pages held when they were last recorded whole, so that
 * the first delta of a chain finds what it is made against, however long ago that
 * was; and so that reading such a page takes no device.
 *
 * A way says: record @seq of this page holds that. Who asks names the record that the
 * map has; one that was replaced is asked for no more and gives way in time. So
 * nothing has to be told to the cache but what is worth to be kept.
 *
 * Locks: a set is guarded by the shard that has its pages, whose number follows from
 * the bucket's as the shard's does. The shrinker takes the shards one by one.
 *
 * Memory: 4 KiB a page, at most @max of them, had when they are needed and given
 * back when the kernel asks; DL_BASE_WAYS * 24 bytes a set.
 */
#ifndef DL_BASE_H
#define DL_BASE_H

#include <linux/atomic.h>

#include "compat/shrinker.h"
#include "map.h"

#define DL_BASE_WAYS	8u

struct dl_base_way {
	u64 seq;
	void *mem;		/* NULL: nothing */
	u32 page_lo;
	u8  page_hi;
	u8  used;		/* since the hand passed it */
};

struct dl_base_set {
	struct dl_base_way way[DL_BASE_WAYS];
	u32 hand;		/* of the clock that chooses who goes */
};

struct dl_base {
	struct dl_base_set *sets;
	u32 set_mask;
	u32 shift;		/* bits of a shard's number */
	u32 max;		/* pages */
	u32 next;		/* set that the shrinker looks at next */
	atomic_t nr;
	struct dl_map *m;
	struct dl_shrinker shrinker;
};

/**
 * dl_base_init() - have a cache
 * @b: out
 * @m: map
 * @kib: memory for pages, at most; no more than a 32nd of all memory is taken
 * @name: of the volume
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM; dl_base_exit() either way.
 */
int dl_base_init(struct dl_base *b, struct dl_map *m, u32 kib, const char *name);
void dl_base_exit(struct dl_base *b);
u64 dl_base_bytes(const struct dl_base *b);

/**
 * dl_base_find() - what record @seq of @page holds, if it is known
 * @b: cache
 * @bucket: of the page
 * @page: page
 * @seq: sequence of the map's entry, of the whole page
 *
 * Context: the shard locked, and as long as the answer is used.
 */
const void *dl_base_find(struct dl_base *b, u32 bucket, u64 page, u64 seq);

/* What was known of record @was is what record @seq holds. Context: the shard locked. */
void dl_base_again(struct dl_base *b, u32 bucket, u64 page, u64 was, u64 seq);

/* Keep it, if there is memory. Context: the shard locked. */
void dl_base_keep(struct dl_base *b, u32 bucket, u64 page, u64 seq,
		  const void *content);

#endif
