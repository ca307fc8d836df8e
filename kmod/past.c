// SPDX-License-Identifier: GPL-2.0
/*
 * Memory and free versions of the past. See past.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "past.h"
#include "pieces.h"

int dl_history_alloc(struct dl_history *h, u32 max, u32 nr_buckets)
{
	u32 i;

	if (h->on)
		return 0;
	h->runs = kvcalloc(DL_PAST_RUNS, sizeof(*h->runs), GFP_KERNEL);
	/* May be more than kvcalloc() gives. */
	h->t.buckets = vzalloc(array_size(nr_buckets, sizeof(u32)));
	if (!h->runs || !h->t.buckets ||
	    dl_pieces_init(&h->t.ents, max + 1, sizeof(struct dl_past_ent))) {
		dl_history_free(h);
		return -ENOMEM;
	}
	spin_lock_init(&h->lock);
	h->max = max;
	h->free = 0;
	for (i = max; i; i--) {
		dl_past_ent(&h->t, i)->next = h->free;
		h->free = i;
		if (!(i & 0xffff))
			cond_resched();
	}
	h->nr_free = max;
	/* Pairs with the acquire of who looks whether it is there. */
	smp_store_release(&h->on, true);
	return 0;
}

void dl_history_free(struct dl_history *h)
{
	dl_pieces_exit(&h->t.ents, sizeof(struct dl_past_ent));
	kvfree(h->t.buckets);
	kvfree(h->runs);
	memset(&h->t, 0, sizeof(h->t));
	h->runs = NULL;
	h->on = false;
}

u64 dl_history_bytes(const struct dl_history *h, u32 nr_buckets)
{
	if (!h->on)
		return 0;
	return dl_pieces_bytes(&h->t.ents, sizeof(struct dl_past_ent)) +
	       (u64)nr_buckets * sizeof(u32) +
	       DL_PAST_RUNS * sizeof(*h->runs);
}

int dl_history_reserve(struct dl_history *h, u32 more)
{
	return h->on ? dl_pieces_reserve(&h->t.ents, more,
					 sizeof(struct dl_past_ent)) : 0;
}

void dl_history_grow(struct dl_history *h, u32 more)
{
	u32 first, i;

	if (!h->on || !more)
		return;
	first = dl_past_nr(&h->t);
	dl_pieces_grow(&h->t.ents, more);
	for (i = first; i < first + more - 1; i++) {
		dl_past_ent(&h->t, i)->next = i + 1;
		if (!(i & 0xffff))
			cond_resched();
	}
	spin_lock(&h->lock);
	dl_past_ent(&h->t, i)->next = h->free;
	h->free = first;
	h->nr_free += more;
	h->max += more;
	h->starved = false;
	spin_unlock(&h->lock);
}

u32 dl_history_take(struct dl_history *h, u32 n)
{
	struct dl_past_ent *e;
	u32 head = 0, idx;

	spin_lock(&h->lock);
	if (h->nr_free < n) {
		h->starved = true;
		n = 0;
	}
	h->nr_free -= n;
	while (n--) {
		idx = h->free;
		e = dl_past_ent(&h->t, idx);
		h->free = e->next;
		e->next = head;
		head = idx;
	}
	spin_unlock(&h->lock);
	return head;
}

bool dl_history_give(struct dl_history *h, u32 idx)
{
	bool wanted;

	spin_lock(&h->lock);
	dl_past_ent(&h->t, idx)->mask = 0;
	dl_past_ent(&h->t, idx)->next = h->free;
	h->free = idx;
	h->nr_free++;
	wanted = h->starved;
	h->starved = false;
	spin_unlock(&h->lock);
	return wanted;
}

u64 dl_past_run_at(struct dl_history *h, u64 sector, u64 at, u8 *flags)
{
	u64 from = 0;
	u32 i;

	for (i = 0; i < h->nr_runs; i++) {
		const struct dl_past_run *r = &h->runs[i];

		if (sector >= r->start && sector < r->end && at >= r->from &&
		    at < r->until && r->from > from) {
			from = r->from;
			*flags = r->flags;
		}
	}
	return from;
}
