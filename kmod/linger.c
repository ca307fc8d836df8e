// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that linger in the log. See linger.h.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "io.h"
#include "linger.h"
#include "rewind.h"
#include "space.h"
#include "subpage.h"

#define WAYS		4u
#define SLOTS_LEAST	256u
#define SLOTS_MOST	65536u

struct dl_linger_slot {
	u64 seq;		/* of the record that was logged again; 0: free */
	u32 idx;		/* its entry in the map, which only a write changes */
	u32 since;		/* jiffies: what it holds is not older */
};

void dl_linger_init(struct dl_linger *lg)
{
	memset(lg, 0, sizeof(*lg));
	dl_bar_init(&lg->bar);
}

void dl_linger_exit(struct dl_linger *lg)
{
	kvfree(lg->slots);
	lg->slots = NULL;
}

u64 dl_linger_bytes(const struct dl_linger *lg)
{
	return READ_ONCE(lg->slots) ?
		(u64)lg->nr_slots * sizeof(struct dl_linger_slot) : 0;
}

/* ---- the table ---- */

static bool have_table(struct dl_volume *v)
{
	struct dl_linger *lg = &v->rc.linger;
	u32 n = clamp_t(u32, v->map.max / 8, SLOTS_LEAST, SLOTS_MOST);
	struct dl_linger_slot *slots;

	if (lg->slots)
		return true;
	n = roundup_pow_of_two(n);
	slots = kvcalloc(n, sizeof(*slots), GFP_NOIO | __GFP_NORETRY |
			 __GFP_NOWARN);
	if (!slots)
		return false;
	lg->nr_slots = n;
	WRITE_ONCE(lg->slots, slots);
	return true;
}

/*
 * Is the page still what was logged again? Racy, and right: only a write makes the
 * entry another record, and none is that record again.
 */
static bool lingers(const struct dl_volume *v, const struct dl_linger_slot *s)
{
	const struct dl_pent *e = dl_pmap_ent(&v->map.pm, s->idx);

	return READ_ONCE(e->mask) && dl_pent_seq(e) == s->seq;
}

/* @learn: it was what it was to be, and nothing has cut it short. */
static void outcome(struct dl_linger *lg, struct dl_linger_slot *s, bool right,
		    bool learn)
{
	s->seq = 0;
	if (right)
		WRITE_ONCE(lg->hits, lg->hits + 1);
	else
		WRITE_ONCE(lg->misses, lg->misses + 1);
	if (learn)
		dl_bar_outcome(&lg->bar, right);
}

/*
 * A place for entry @idx, @lingers: out: it has one. NULL: none, the page goes its
 * way.
 */
static struct dl_linger_slot *place(struct dl_volume *v, u32 idx, bool *has)
{
	struct dl_linger *lg = &v->rc.linger;
	struct dl_linger_slot *set, *empty = NULL;
	u32 i;

	set = lg->slots + hash_32(idx, ilog2(lg->nr_slots / WAYS)) * WAYS;
	*has = false;
	for (i = 0; i < WAYS; i++) {
		struct dl_linger_slot *s = &set[i];

		if (s->seq && !lingers(v, s))
			outcome(lg, s, true, true);
		if (s->seq && s->idx == idx)
			*has = true;
		if (!s->seq)
			empty = s;
	}
	return empty;
}

unsigned long dl_linger_left(struct dl_volume *v, unsigned long most, u64 *seq)
{
	struct dl_linger *lg = &v->rc.linger;
	unsigned long left = most;
	u32 i, age;

	*seq = 0;
	for (i = 0; lg->slots && i < lg->nr_slots; i++) {
		struct dl_linger_slot *s = &lg->slots[i];

		if (!(i & 0xfff))
			cond_resched();
		if (!s->seq)
			continue;
		if (!lingers(v, s)) {
			outcome(lg, s, true, true);
			continue;
		}
		age = (u32)jiffies - s->since;
		if (age >= most)
			*seq = max(*seq, s->seq);
		left = min(left, age < most ? most - age : 0);
	}
	return left;
}

/* ---- a cycle ---- */

/* Somebody waits for the origin, or is about to. */
static bool hurried(struct dl_volume *v)
{
	struct dl_reconcile *rc = &v->rc;

	/* Pairs with the release in dl_reconcile_all(): its target is seen then. */
	return atomic_read_acquire(&rc->asking) ||
		READ_ONCE(rc->target) > v->horizon || READ_ONCE(rc->stop);
}

static bool allowed(struct dl_volume *v)
{
	u32 free, total;

	if (dl_history_wanted(v) || dl_rewind_pending(v) || hurried(v) ||
	    v->rc.cramped || READ_ONCE(v->log.stopped))
		return false;
	/* Writers are held back from an eighth on, and kept at half of that. */
	dl_volume_room(v, &free, &total);
	return free > total / 32;
}

void dl_linger_begin(struct dl_volume *v, u64 records, unsigned long born,
		     unsigned long most)
{
	struct dl_linger *lg = &v->rc.linger;
	unsigned long age = jiffies - born;

	lg->room = 0;
	lg->crowded = false;
	if (dl_reconcile_in_order(v) || !age ||
	    age + age / 2 >= most - min(most, age) || !allowed(v) ||
	    !have_table(v))
		return;
	lg->room = dl_bar_room(&lg->bar, records);
	lg->since = (u32)born;
	lg->ms = jiffies_to_msecs(age);
}

/* What of an entry is needed to log its page again. */
struct candidate {
	u64 page;
	u32 idx;
	struct dl_pval val;
};

static bool whole(const struct dl_pval *val)
{
	return !(val->flags & ~DL_PVAL_DELTA) && val->mask == 0xff &&
		val->sectors == DL_PAGE_SECTORS;
}

/* Is that entry worth it? */
static bool likely_again(struct dl_volume *v, u32 idx, struct candidate *c)
{
	struct dl_map *m = &v->map;
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);
	struct dl_linger *lg = &v->rc.linger;
	u64 page = dl_pent_page(e);
	u32 bucket = dl_pmap_bucket(&m->pm, page), rate = 0;
	struct dl_shard *sh = dl_map_shard(m, bucket);

	spin_lock(&sh->lock);
	if (dl_map_linked(m, bucket, idx) && dl_pent_page(e) == page &&
	    dl_pent_seq(e) <= v->rc.goal) {
		dl_pmap_get(&m->pm, idx, &c->val);
		if (whole(&c->val))
			rate = dl_grain_page_rate(&v->grain, bucket, page);
	}
	spin_unlock(&sh->lock);
	c->page = page;
	c->idx = idx;
	return rate && dl_odds(rate, lg->ms) >= lg->bar.bar;
}

/* As it is stored, at @buf. */
static bool fetch(struct dl_volume *v, const struct candidate *c, void *buf)
{
	u32 sectors = dl_pval_stored(&c->val);
	struct dl_slot s;

	if (c->val.flags & DL_PVAL_DELTA)
		return true;
	/* Only we release segments, so it stays where it is. */
	if (!dl_log_read_pin(&v->log, c->val.loc, &s))
		return !dl_read_record(v, c->val.loc, sectors, c->val.crc,
				       c->page, buf);
	dl_frame_copy_out(s.frame, s.at, buf, sectors << DL_SECTOR_SHIFT);
	dl_log_read_put(&s);
	return dl_crc32c(buf, sectors << DL_SECTOR_SHIFT) == c->val.crc;
}

/* The page's record, if it was logged again; or 0. */
static u64 again(struct dl_volume *v, const struct candidate *c, const void *buf)
{
	u32 bucket = dl_pmap_bucket(&v->map.pm, c->page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	struct dl_batch b;
	u64 seq = 0;

	dl_batch_init(&b);
	spin_lock(&sh->lock);
	/* Whoever comes to wait, or makes a snapshot, goes through all shards first. */
	if (!hurried(v) && !dl_history_wanted(v))
		seq = dl_subpage_again(v, c->page, c->idx, &c->val, buf, &b);
	spin_unlock(&sh->lock);
	dl_log_submit(&v->log, &b);
	return seq;
}

void dl_linger_batch(struct dl_volume *v, const u32 *idx, u32 nr)
{
	struct dl_linger *lg = &v->rc.linger;
	struct dl_linger_slot *s;
	struct candidate c;
	struct page *buf;
	bool has;
	u32 i;

	if (!lg->room)
		return;
	buf = mempool_alloc(v->pages, GFP_NOIO);
	for (i = 0; i < nr && allowed(v); i++) {
		if (!(i & 0xff))
			cond_resched();
		s = place(v, idx[i], &has);
		if (has || !s || !likely_again(v, idx[i], &c))
			continue;
		lg->crowded = !lg->room;
		if (lg->crowded)
			break;
		if (!fetch(v, &c, page_address(buf)))
			continue;
		s->seq = again(v, &c, page_address(buf));
		if (!s->seq)
			continue;
		s->idx = idx[i];
		s->since = lg->since;
		lg->room--;
		WRITE_ONCE(lg->waited, lg->waited + 1);
	}
	mempool_free(buf, v->pages);
	if (lg->crowded)
		dl_bar_crowded(&lg->bar);
}

unsigned long dl_linger_end(struct dl_volume *v)
{
	struct dl_linger *lg = &v->rc.linger;
	bool asked = READ_ONCE(v->rc.target) >= v->horizon, right;
	u32 i, waited = 0;

	for (i = 0; lg->slots && i < lg->nr_slots; i++) {
		struct dl_linger_slot *s = &lg->slots[i];

		if (!s->seq || s->seq > v->horizon)
			continue;
		right = !lingers(v, s);
		if (!right)
			waited = max(waited, (u32)jiffies - s->since);
		outcome(lg, s, right, !asked);
	}
	return waited;
}
