/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map: which record holds the newest content of a sector, if any does.
 *
 * core/pmap.h holds the data structure; this adds the locks, the memory and
 * the free entries. A bucket's entries are guarded by the spinlock of its
 * shard (a sixteenth of the bucket number modulo the number of shards). Free entries are kept in
 * small stacks per shard, refilled from and drained to one list under @lock.
 *
 * Memory: taken at activation, 28 bytes an entry and 3 to 6 bytes of bucket for
 * it, and entries again when the log grows; when none is left a write waits as
 * for a full log. Of a page whose newest record is a delta the content is here,
 * too (chain.h).
 *
 * Locks: shard -> lock. Shards are taken in process context only.
 */
#ifndef DL_MAP_H
#define DL_MAP_H

#include <linux/cache.h>
#include <linux/spinlock.h>

#include "chain.h"
#include "core/pmap.h"

struct dl_shard {
	spinlock_t lock;	/* its buckets' entries, @free */
	u32 free;		/* list through dl_pent.next */
	u32 nr_free;
} ____cacheline_aligned_in_smp;

struct dl_map {
	struct dl_pmap pm;
	struct dl_shard *shards;
	u32 shard_mask;
	u32 max;		/* entries */
	spinlock_t lock;	/* the common list */
	u32 free;		/* the common list */
	u32 nr_free;		/* entries in it */
	u32 hold;		/* entries in it not to be given out */
	bool starved;		/* an allocation failed since .room() */
	struct dl_chains chains;	/* of the entries that are deltas */
	void (*room)(void *ctx);
	void *ctx;
};

int dl_map_init(struct dl_map *m, u32 entries, void (*room)(void *ctx),
		void *ctx);
void dl_map_exit(struct dl_map *m);
size_t dl_map_bytes(const struct dl_map *m);

/**
 * dl_map_reserve() - have memory for more entries
 * @m: map
 * @more: how many
 *
 * Context: process, may sleep; one caller at a time.
 * Return: 0; -ENOMEM or -E2BIG, then there are no more than before.
 */
int dl_map_reserve(struct dl_map *m, u32 more);

/*
 * There are @more entries more, which were reserved; the buckets stay as many as
 * they were until the next activation. Context: as above.
 */
void dl_map_grow(struct dl_map *m, u32 more);

/*
 * From now on keep back what the shards may have parked: the next recovery
 * parks differently and must find room for all the same.
 */
void dl_map_hold_back(struct dl_map *m);

/* Is this entry's record lost? */
static inline bool dl_pent_lost(const struct dl_pent *e)
{
	return (e->span & DL_PENT_KIND) == DL_PENT_FLAGS &&
	       (e->loc_lo & DL_PVAL_LOST);
}

/*
 * Is entry @idx one of @bucket's? Only then do its fields mean anything to who
 * holds that bucket's shard: an entry on its way elsewhere may look alike.
 */
static inline bool dl_map_linked(const struct dl_map *m, u32 bucket, u32 idx)
{
	u32 i;

	for (i = m->pm.buckets[bucket]; i; i = dl_pmap_ent(&m->pm, i)->next)
		if (i == idx)
			return true;
	return false;
}

/* Entries in use; exact when nothing is going on. */
u32 dl_map_used(struct dl_map *m);

static inline struct dl_shard *dl_map_shard(struct dl_map *m, u32 bucket)
{
	/* Sixteen neighbouring pages share one: see dl_pmap_bucket(). */
	return &m->shards[(bucket >> 4) & m->shard_mask];
}

/* Entries that dl_map_alloc() will surely have, in whatever shards. */
u32 dl_map_room(struct dl_map *m);

/**
 * dl_map_alloc() - an entry for a record about to be reserved
 * @m: map
 * @sh: shard, locked
 *
 * Return: its index, or DL_PMAP_NIL when there is none: m->room() will be
 * called when one comes free.
 */
u32 dl_map_alloc(struct dl_map *m, struct dl_shard *sh);

/* Give entry @idx back unused, or after it was removed. @sh is locked. */
void dl_map_free(struct dl_map *m, struct dl_shard *sh, u32 idx);

/**
 * dl_map_insert() - let entry @idx be the record @val of @page
 * @m: map
 * @sh: shard of @bucket, locked
 * @bucket: of @page
 * @idx: from dl_map_alloc()
 * @page: page number
 * @val: record
 *
 * Older records lose the sectors it covers; those left with none are freed.
 */
void dl_map_insert(struct dl_map *m, struct dl_shard *sh, u32 bucket, u32 idx,
		   u64 page, const struct dl_pval *val);

/*
 * Record @idx has @more sectors than it had, see dl_pmap_extend(). Context: the
 * shard locked.
 */
void dl_map_extend(struct dl_map *m, struct dl_shard *sh, u32 bucket, u32 idx,
		   u8 more, u32 crc);

/*
 * Entry @idx is a delta no more, if it was one; its caller says what it is
 * instead. Context: the shard locked.
 */
void dl_map_end_chain(struct dl_map *m, u32 idx);

/* The chain of an entry that is a delta. Context: the shard locked. */
static inline struct dl_chain *dl_map_chain(const struct dl_map *m, u32 idx)
{
	return dl_chain(&m->chains, dl_pmap_ent(&m->pm, idx)->loc_lo);
}

/**
 * dl_map_lose() - from now on what is visible of a record is lost
 * @m: map
 * @page: page number
 * @idx: its entry
 * @seq: its sequence
 *
 * In place: at no moment does the page look as if it had no record.
 *
 * Context: process, no shard locked. Return: false when it is gone already.
 */
bool dl_map_lose(struct dl_map *m, u64 page, u32 idx, u64 seq);

/**
 * dl_map_drop() - forget record @seq of @page, if it is there and not lost
 * @m: map
 * @page: page number
 * @idx: its entry
 * @seq: its sequence, which tells it from a later user of the entry
 *
 * Context: process, no shard locked.
 */
void dl_map_drop(struct dl_map *m, u64 page, u32 idx, u64 seq);

#endif
