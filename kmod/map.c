// SPDX-License-Identifier: GPL-2.0
/*
 * Locks, memory and free entries of the map. See map.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "map.h"
#include "pieces.h"

#define REFILL		16u	/* entries moved to a shard at once */
#define SHARDS_MAX	256u

int dl_map_init(struct dl_map *m, u32 entries, void (*room)(void *ctx),
		void *ctx)
{
	u32 shards, buckets, i;

	dl_chains_init(&m->chains);
	m->room = room;
	m->ctx = ctx;
	spin_lock_init(&m->lock);
	/* Entries parked in shards must stay a small part of all. */
	shards = clamp_t(u32, rounddown_pow_of_two(max(entries / 1024, 1u)), 1,
			 SHARDS_MAX);
	entries += shards * 2 * REFILL;
	m->max = entries;
	buckets = max_t(u32, roundup_pow_of_two(entries) / 2, shards);
	if (buckets < entries - entries / 4)
		buckets *= 2;

	m->shards = kvcalloc(shards, sizeof(*m->shards), GFP_KERNEL);
	/* May be more than kvcalloc() gives. */
	m->pm.buckets = vzalloc(array_size(buckets, sizeof(u32)));
	if (!m->shards || !m->pm.buckets ||
	    dl_pieces_init(&m->pm.ents, entries + 1, sizeof(struct dl_pent)))
		return -ENOMEM;
	m->shard_mask = shards - 1;
	m->pm.bucket_mask = buckets - 1;
	for (i = 0; i < shards; i++)
		spin_lock_init(&m->shards[i].lock);
	/* Entry 0 is DL_PMAP_NIL. */
	for (i = entries; i; i--) {
		dl_pmap_ent(&m->pm, i)->next = m->free;
		m->free = i;
		if (!(i & 0xffff))
			cond_resched();
	}
	m->nr_free = entries;
	return 0;
}

void dl_map_exit(struct dl_map *m)
{
	dl_chains_exit(&m->chains);
	dl_pieces_exit(&m->pm.ents, sizeof(struct dl_pent));
	kvfree(m->pm.buckets);
	kvfree(m->shards);
	memset(&m->pm, 0, sizeof(m->pm));
	m->shards = NULL;
}

size_t dl_map_bytes(const struct dl_map *m)
{
	return dl_pieces_bytes(&m->pm.ents, sizeof(struct dl_pent)) +
	       dl_chains_bytes(&m->chains, m->shard_mask + 1) +
	       ((size_t)m->pm.bucket_mask + 1) * sizeof(u32) +
	       ((size_t)m->shard_mask + 1) * sizeof(struct dl_shard);
}

void dl_map_hold_back(struct dl_map *m)
{
	m->hold = (m->shard_mask + 1) * 2 * REFILL;
	m->max -= m->hold;
}

int dl_map_reserve(struct dl_map *m, u32 more)
{
	return dl_pieces_reserve(&m->pm.ents, more, sizeof(struct dl_pent));
}

void dl_map_grow(struct dl_map *m, u32 more)
{
	u32 first = dl_pmap_nr(&m->pm), i;
	bool room;

	if (!more)
		return;
	dl_pieces_grow(&m->pm.ents, more);
	for (i = first; i < first + more - 1; i++) {
		dl_pmap_ent(&m->pm, i)->next = i + 1;
		if (!(i & 0xffff))
			cond_resched();
	}
	spin_lock(&m->lock);
	dl_pmap_ent(&m->pm, i)->next = m->free;
	m->free = first;
	m->nr_free += more;
	m->max += more;
	room = m->starved;
	m->starved = false;
	spin_unlock(&m->lock);
	if (room)
		m->room(m->ctx);
}

u32 dl_map_used(struct dl_map *m)
{
	u32 free = READ_ONCE(m->nr_free), i;

	for (i = 0; i <= m->shard_mask; i++)
		free += READ_ONCE(m->shards[i].nr_free);
	return m->max + m->hold - min(free, m->max + m->hold);
}

u32 dl_map_room(struct dl_map *m)
{
	/* What one shard has parked another cannot use. */
	u32 parked = m->hold + (m->shard_mask + 1) * REFILL;
	u32 free = READ_ONCE(m->nr_free);

	return free - min(free, parked);
}

static void refill(struct dl_map *m, struct dl_shard *sh)
{
	u32 n;

	spin_lock(&m->lock);
	for (n = 0; n < REFILL && m->nr_free > m->hold + n; n++) {
		u32 idx = m->free;
		struct dl_pent *e = dl_pmap_ent(&m->pm, idx);

		m->free = e->next;
		e->next = sh->free;
		sh->free = idx;
	}
	m->nr_free -= n;
	if (!n)
		m->starved = true;
	spin_unlock(&m->lock);
	sh->nr_free += n;
}

void dl_map_end_chain(struct dl_map *m, u32 idx)
{
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);

	if (likely(!dl_pent_delta(e)))
		return;
	dl_chain_drop(&m->chains, e->loc_lo);
	e->span ^= DL_PENT_DELTA;
}

u32 dl_map_alloc(struct dl_map *m, struct dl_shard *sh)
{
	u32 idx;

	lockdep_assert_held(&sh->lock);
	if (unlikely(!sh->nr_free))
		refill(m, sh);
	idx = sh->free;
	if (likely(idx)) {
		sh->free = dl_pmap_ent(&m->pm, idx)->next;
		sh->nr_free--;
	}
	return idx;
}

void dl_map_free(struct dl_map *m, struct dl_shard *sh, u32 idx)
{
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);
	bool room = false;

	lockdep_assert_held(&sh->lock);
	e->mask = 0;
	dl_map_end_chain(m, idx);
	if (sh->nr_free < 2 * REFILL && !READ_ONCE(m->starved)) {
		e->next = sh->free;
		sh->free = idx;
		sh->nr_free++;
		return;
	}
	spin_lock(&m->lock);
	e->next = m->free;
	m->free = idx;
	m->nr_free++;
	if (m->starved && m->nr_free >= m->hold + REFILL) {
		m->starved = false;
		room = true;
	}
	spin_unlock(&m->lock);
	if (room)
		m->room(m->ctx);
}

/* A list of entries that are nobody's any more. */
static void free_all(struct dl_map *m, struct dl_shard *sh, u32 gone)
{
	while (unlikely(gone)) {
		u32 next = dl_pmap_ent(&m->pm, gone)->next;

		dl_map_free(m, sh, gone);
		gone = next;
	}
}

void dl_map_insert(struct dl_map *m, struct dl_shard *sh, u32 bucket, u32 idx,
		   u64 page, const struct dl_pval *val)
{
	u32 gone;

	lockdep_assert_held(&sh->lock);
	dl_pmap_insert(&m->pm, bucket, idx, page, val, &gone);
	free_all(m, sh, gone);
}

void dl_map_extend(struct dl_map *m, struct dl_shard *sh, u32 bucket, u32 idx,
		   u8 more, u32 crc)
{
	u32 gone;

	lockdep_assert_held(&sh->lock);
	dl_pmap_extend(&m->pm, bucket, idx, more, crc, &gone);
	free_all(m, sh, gone);
}

void dl_map_drop(struct dl_map *m, u64 page, u32 idx, u64 seq)
{
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);

	spin_lock(&sh->lock);
	if (!dl_pent_lost(dl_pmap_ent(&m->pm, idx)) &&
	    dl_pmap_remove(&m->pm, bucket, idx, seq))
		dl_map_free(m, sh, idx);
	spin_unlock(&sh->lock);
}

bool dl_map_lose(struct dl_map *m, u64 page, u32 idx, u64 seq)
{
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);
	bool ok;

	spin_lock(&sh->lock);
	ok = dl_map_linked(m, bucket, idx) && dl_pent_page(e) == page && dl_pent_seq(e) == seq &&
	     !dl_pent_lost(e);
	if (ok) {
		dl_map_end_chain(m, idx);
		e->span = dl_span_flagged(e->span);
		e->loc_lo = DL_PVAL_LOST;
		e->loc_hi = 0;
	}
	spin_unlock(&sh->lock);
	return ok;
}
