// SPDX-License-Identifier: GPL-2.0
/*
 * Versions of what is replaced. See retire.h.
 */
#include "io.h"
#include "retire.h"

/* ---- replaced by a write ---- */

/* Does nothing but the log keep this entry's content for the pins below @until? */
static bool retires(struct dl_volume *v, const struct dl_pent *e, u64 until)
{
	u64 seq = dl_pent_seq(e);

	if (seq >= READ_ONCE(v->pins.newest))
		return false;
	/* Recovery may know of pins younger than what it is about to replace. */
	if (until != U64_MAX && !dl_pins_any(&v->pins, seq, until))
		return false;
	/* What is lost is not in the origin either. */
	return seq > READ_ONCE(v->settled) || dl_pent_lost(e);
}

/*
 * The first run over @sector after record @seq, 0 if there is none; and for how
 * many sectors, of @max, that holds. One that was replaced by another before
 * is known if a pin lies between the two, else it makes no difference.
 */
static u64 first_run(struct dl_volume *v, u64 sector, u32 max, u64 seq,
		     u64 *len)
{
	u64 first;
	u32 i;

	*len = max;
	if (dl_runs_none(&v->runs))
		return 0;
	first = dl_runs_find(&v->runs, sector, max, len, NULL);
	if (first <= seq)
		return 0;
	if (!READ_ONCE(v->past.nr_runs))
		return first;
	*len = 1;
	read_lock(&v->runs.lock);
	for (i = 0; i < v->past.nr_runs; i++) {
		const struct dl_past_run *r = &v->past.runs[i];

		if (sector >= r->start && sector < r->end && r->from > seq)
			first = min(first, r->from);
	}
	read_unlock(&v->runs.lock);
	return first;
}

/* Sort sectors @m of entry @idx by the run that hides them, if any does. */
static void split(struct dl_volume *v, u64 page, u32 idx, u8 m,
		  struct dl_retire *r)
{
	u64 seq = dl_pent_seq(dl_pmap_ent(&v->map.pm, idx));
	u64 at = page << DL_PAGE_SECTOR_SHIFT, until, len;
	u32 first = r->nr, i, s;
	u8 group;

	while (m) {
		s = __ffs(m);
		until = first_run(v, at + s, DL_PAGE_SECTORS - s, seq, &len);
		group = m & dl_pmap_span_mask(s, len);
		m &= ~group;
		if (until && !dl_pins_any(&v->pins, seq, until))
			continue;
		for (i = first; i < r->nr && r->part[i].until != until; i++)
			;
		if (i == r->nr) {
			r->nr++;
			r->part[i].idx = idx;
			r->part[i].until = until;
			r->part[i].mask = 0;
		}
		r->part[i].mask |= group;
	}
}

/* Sectors @m of entry @idx become past. */
static inline void retire(struct dl_volume *v, u64 page, u32 idx, u8 m,
			  struct dl_retire *r)
{
	if (unlikely(!dl_runs_none(&v->runs))) {
		split(v, page, idx, m, r);
		return;
	}
	r->part[r->nr].idx = idx;
	r->part[r->nr].until = 0;
	r->part[r->nr++].mask = m;
}

static int take(struct dl_volume *v, struct dl_retire *r)
{
	r->list = 0;
	if (!r->nr)
		return 0;
	r->list = dl_history_take(&v->past, r->nr);
	if (r->list)
		return 0;
	/* There is nothing to be given back then. */
	r->nr = 0;
	return -EAGAIN;
}

int dl_retire_begin(struct dl_volume *v, u32 bucket, u64 page, u32 idx,
		    u8 mask, u64 seq, struct dl_retire *r)
{
	struct dl_pmap *pm = &v->map.pm;

	lockdep_assert_held(&dl_map_shard(&v->map, bucket)->lock);
	r->nr = 0;
	while (idx) {
		const struct dl_pent *e = dl_pmap_ent(pm, idx);

		if (retires(v, e, seq))
			retire(v, page, idx, e->mask & mask, r);
		mask &= ~e->mask;
		idx = mask ? dl_pmap_find(pm, bucket, page, mask) : 0;
	}
	return take(v, r);
}

void dl_retire_end(struct dl_volume *v, u32 bucket, struct dl_retire *r,
		   u64 seq)
{
	const struct dl_pent *e;
	u32 i, idx;

	for (i = 0; i < r->nr; i++) {
		idx = r->list;
		r->list = dl_past_ent(&v->past.t, idx)->next;
		e = dl_pmap_ent(&v->map.pm, r->part[i].idx);
		dl_past_retire(&v->past.t, bucket, idx, e, r->part[i].mask,
			       r->part[i].until ?: seq);
		if (dl_span_in_log(e->span))
			dl_history_hold(v, (u64)e->loc_hi << 32 | e->loc_lo,
					dl_span_stored(e->span), 1);
	}
	r->nr = 0;
}

void dl_retire_cancel(struct dl_volume *v, struct dl_retire *r)
{
	u32 next;

	for (; r->nr; r->nr--, r->list = next) {
		next = dl_past_ent(&v->past.t, r->list)->next;
		dl_history_unused(v, r->list);
	}
}

int dl_history_hide(struct dl_volume *v, u64 page, u32 idx)
{
	struct dl_map *m = &v->map;
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);
	struct dl_retire r = { };
	struct dl_shard *sh;
	u32 bucket;
	u8 gone;
	u64 seq;
	int ret = 0;

	bucket = dl_pmap_bucket(&m->pm, page);
	sh = dl_map_shard(m, bucket);
	spin_lock(&sh->lock);
	if (!dl_map_linked(m, bucket, idx) || dl_pent_page(e) != page)
		goto out;
	seq = dl_pent_seq(e);
	gone = dl_volume_hidden(v, page, e->mask, seq, U64_MAX);
	/* Recovery will find it as it was, and must be told what is left of it. */
	if (gone && dl_pent_delta(e) && seq > READ_ONCE(v->horizon)) {
		ret = 1;
		goto out;
	}
	if (gone && dl_history_wanted(v) && retires(v, e, U64_MAX)) {
		split(v, page, idx, gone, &r);
		ret = take(v, &r) ? -ENOSPC : 0;
		if (ret)
			goto out;
		dl_retire_end(v, bucket, &r, 0);
	}
	e->mask &= ~gone;
	if (!e->mask && dl_pmap_remove(&m->pm, bucket, idx, seq))
		dl_map_free(m, sh, idx);
out:
	spin_unlock(&sh->lock);
	return ret;
}

/* ---- replaced by a run ---- */

int dl_history_run(struct dl_volume *v, u64 start, u64 end, u64 newest,
		   u64 seq)
{
	struct dl_history *h = &v->past;
	const struct dl_run *run;
	u32 n = h->nr_runs;
	u64 at = start;

	for (; at < end && (run = dl_runs_seek(&v->runs, at)) &&
	     run->start < end; at = run->end) {
		/* The one to come is younger than any pin there is now. */
		if (run->seq >= newest || run->seq <= v->settled ||
		    !dl_pins_any(&v->pins, run->seq, seq ?: U64_MAX))
			continue;
		if (n == DL_PAST_RUNS)
			return -EAGAIN;
		if (seq)
			h->runs[n] = (struct dl_past_run) {
				.start = max(run->start, start),
				.end = min(run->end, end),
				.from = run->seq, .until = seq,
				.flags = run->flags & DL_RUN_ORIGIN,
			};
		n++;
	}
	if (seq)
		WRITE_ONCE(h->nr_runs, n);
	return 0;
}
