// SPDX-License-Identifier: GPL-2.0
/*
 * Versions: found, looked up, counted, dropped when no pin needs them. See
 * history.h.
 */
#include <linux/sched.h>

#include "history.h"
#include "io.h"
#include "msg.h"

static struct dl_shard *shard_of(struct dl_volume *v, u64 page, u32 *bucket)
{
	*bucket = dl_pmap_bucket(&v->map.pm, page);
	return dl_map_shard(&v->map, *bucket);
}

/* ---- what segments hold ---- */

/* @sectors: of the payload at @loc. */
static void hold(struct dl_volume *v, u64 loc, u8 sectors, u32 home, int n)
{
	struct dl_segments *segs = &v->log.segs;

	/* Recovery counts when all segments are known. */
	if (!v->counting)
		return;
	if (loc)
		atomic_add(n * (sectors + 1), &dl_segment_at(segs, loc)->held);
	if (home)
		atomic_add(n, &dl_segment_of(segs, home - 1)->index);
}

static void hold_version(struct dl_volume *v, const struct dl_version *val,
			 int n)
{
	hold(v, val->flags ? 0 : val->loc, dl_version_stored(val), val->home, n);
}

void dl_history_hold(struct dl_volume *v, u64 loc, u8 sectors, int n)
{
	hold(v, loc, sectors, 0, n);
}

void dl_history_unused(struct dl_volume *v, u32 idx)
{
	if (dl_history_give(&v->past, idx))
		dl_write_wake(v);
}

void dl_history_add(struct dl_volume *v, u32 bucket, u32 idx,
		    const struct dl_version *val)
{
	dl_past_insert(&v->past.t, bucket, idx, val);
	hold_version(v, val, 1);
}

void dl_history_moved(struct dl_volume *v, u32 idx, u64 loc, u32 home)
{
	struct dl_version val;

	dl_past_get(&v->past.t, idx, &val);
	hold_version(v, &val, -1);
	dl_past_move(&v->past.t, idx, loc, home);
	dl_past_get(&v->past.t, idx, &val);
	hold_version(v, &val, 1);
}

void dl_history_moved_run(struct dl_volume *v, u32 i, u32 home)
{
	write_lock(&v->runs.lock);
	hold(v, 0, 0, v->past.runs[i].home, -1);
	v->past.runs[i].home = home;
	hold(v, 0, 0, home, 1);
	write_unlock(&v->runs.lock);
}

void dl_history_barrier(struct dl_volume *v)
{
	struct dl_map *m = &v->map;
	u32 i;

	for (i = 0; i <= m->shard_mask; i++) {
		spin_lock(&m->shards[i].lock);
		spin_unlock(&m->shards[i].lock);
	}
	write_lock(&v->runs.lock);
	write_unlock(&v->runs.lock);
}

/* ---- what the origin alone has ---- */

/* When was what the origin holds of a sector first replaced? */
static u64 first_change(struct dl_volume *v, u32 bucket, u64 page, u8 s,
			u64 zeroed)
{
	u64 at = (page << DL_PAGE_SECTOR_SHIFT) + s, after = v->settled;
	u64 next = U64_MAX, run = 0, len;
	u8 flags = 0;
	u32 idx, i;

	if (!dl_runs_none(&v->runs))
		run = dl_runs_find(&v->runs, at, 1, &len, &flags);
	/* Zeroed in the origin; what it was made to hold again was not. */
	if (run <= zeroed && !(flags & DL_RUN_ORIGIN))
		after = max(after, run);
	else if (run > after)
		next = run;
	dl_past_next_from(&v->past.t, bucket, page, s, after, &next);
	idx = dl_pmap_find(&v->map.pm, bucket, page, 1U << s);
	if (idx && dl_pent_seq(dl_pmap_ent(&v->map.pm, idx)) > after)
		next = min(next, dl_pent_seq(dl_pmap_ent(&v->map.pm, idx)));
	read_lock(&v->runs.lock);
	for (i = 0; i < v->past.nr_runs; i++) {
		const struct dl_past_run *r = &v->past.runs[i];

		if (at >= r->start && at < r->end && r->from > after)
			next = min(next, r->from);
	}
	read_unlock(&v->runs.lock);
	return next;
}

/*
 * And since when had it held that, as far as anything in the log tells? @most when
 * it had not: a run that was replaced later, and may never have come to the
 * origin, was what a change at @most was made to.
 */
static u64 last_change(struct dl_volume *v, u32 bucket, u64 page, u8 s,
		       u64 most)
{
	u64 at = (page << DL_PAGE_SECTOR_SHIFT) + s;
	u64 last = dl_past_last_until(&v->past.t, bucket, page, s, most);
	u64 run, len;
	u8 flags = 0;
	u32 i;

	/* One that is settled, but not forgotten yet. */
	if (!dl_runs_none(&v->runs)) {
		run = dl_runs_find(&v->runs, at, 1, &len, &flags);
		if (run < most && !(flags & DL_RUN_ORIGIN))
			last = max(last, run);
	}

	read_lock(&v->runs.lock);
	for (i = 0; i < v->past.nr_runs; i++) {
		const struct dl_past_run *r = &v->past.runs[i];

		if (at < r->start || at >= r->end || r->from >= most)
			continue;
		if (r->until <= most)
			last = max(last, r->until);
		else if (!(r->flags & DL_RUN_ORIGIN))
			last = most;
	}
	read_unlock(&v->runs.lock);
	return last;
}

u32 dl_history_need(struct dl_volume *v, u32 bucket, u64 page, u8 mask,
		    u64 zeroed, struct dl_keep *keep)
{
	u64 until, since;
	u32 n = 0, idx;
	u8 s;

	for (s = 0; s < DL_PAGE_SECTORS; s++) {
		if (!(mask >> s & 1))
			continue;
		until = first_change(v, bucket, page, s, zeroed);
		if (until == U64_MAX)
			continue;
		/* What was lost is not what the origin holds. */
		idx = dl_pmap_find(&v->map.pm, bucket, page, 1U << s);
		if (idx && dl_pent_lost(dl_pmap_ent(&v->map.pm, idx)) &&
		    dl_pent_seq(dl_pmap_ent(&v->map.pm, idx)) < until)
			continue;
		since = last_change(v, bucket, page, s, until);
		/* What was rewound to is not in what is overwritten. */
		if (!dl_pins_any_named(&v->pins, since, until))
			continue;
		if (n && keep[n - 1].until == until &&
		    keep[n - 1].from == since &&
		    keep[n - 1].first + keep[n - 1].sectors == s) {
			keep[n - 1].sectors++;
			continue;
		}
		keep[n++] = (struct dl_keep) {
			.from = since, .until = until, .first = s,
			.sectors = 1,
		};
	}
	return n;
}

/* ---- looking back ---- */

void dl_history_pick(struct dl_volume *v, u32 bucket, u64 page, u8 sector,
		     u64 at, u32 *past, u32 *cur)
{
	const struct dl_past *t = &v->past.t;

	*cur = 0;
	*past = dl_past_pick(t, bucket, page, sector, at);
	if (*past) {
		/* Replaced since, but what was there before it was settled. */
		if (dl_past_ent(t, *past)->from > at)
			*past = 0;
		return;
	}
	*cur = dl_pmap_find(&v->map.pm, bucket, page, 1U << sector);
	if (*cur && dl_pent_seq(dl_pmap_ent(&v->map.pm, *cur)) > at)
		*cur = 0;
}

bool dl_history_get(struct dl_volume *v, u32 i, struct dl_version *val)
{
	const struct dl_past_ent *e = dl_past_ent(&v->past.t, i);
	u64 page = dl_past_page(e);
	u32 bucket = dl_pmap_bucket(&v->map.pm, page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	bool ok;

	/* A free one needs no lock to be told. */
	if (!READ_ONCE(e->mask))
		return false;
	spin_lock(&sh->lock);
	ok = dl_past_linked(&v->past.t, bucket, i) && dl_past_page(e) == page;
	if (ok)
		dl_past_get(&v->past.t, i, val);
	spin_unlock(&sh->lock);
	return ok;
}

bool dl_history_new(struct dl_volume *v, u64 goal, u32 *i,
		    struct dl_version *val)
{
	const struct dl_past *t = &v->past.t;

	for (; *i < dl_past_nr(t); ++*i) {
		if (!(*i & 0xffff))
			cond_resched();
		if (READ_ONCE(dl_past_ent(t, *i)->mask) && !dl_past_ent(t, *i)->home &&
		    dl_history_get(v, *i, val) && !val->home &&
		    val->from <= goal && val->from > v->settled)
			return true;
	}
	return false;
}

bool dl_history_new_run(struct dl_volume *v, u64 goal, u32 *i,
			struct dl_past_run *run)
{
	bool found = false;

	read_lock(&v->runs.lock);
	for (; !found && *i < v->past.nr_runs; ++*i) {
		*run = v->past.runs[*i];
		found = !run->home && run->from <= goal &&
			run->from > v->settled;
	}
	read_unlock(&v->runs.lock);
	*i -= found;
	return found;
}

/* ---- recovery ---- */

int dl_history_found(struct dl_volume *v, const struct dl_version *val)
{
	struct dl_shard *sh;
	u32 bucket, idx;
	int ret = 0;

	sh = shard_of(v, val->page, &bucket);
	spin_lock(&sh->lock);
	idx = dl_past_same(&v->past.t, bucket, val);
	if (idx) {
		/* Said once more, differently: the latter holds. */
		dl_past_remove(&v->past.t, bucket, idx);
		dl_history_add(v, bucket, idx, val);
	} else if (dl_pins_any(&v->pins, val->from, val->until)) {
		idx = dl_history_take(&v->past, 1);
		if (idx)
			dl_history_add(v, bucket, idx, val);
		else
			ret = -ENOSPC;
	}
	spin_unlock(&sh->lock);
	return ret;
}

int dl_history_found_run(struct dl_volume *v, const struct dl_version *val)
{
	struct dl_history *h = &v->past;
	struct dl_past_run new = {
		.start = val->page, .end = val->page + val->loc,
		.from = val->from, .until = val->until, .home = val->home,
	};
	int ret = 0;
	u32 i;

	if (!dl_pins_any(&v->pins, val->from, val->until))
		return 0;
	write_lock(&v->runs.lock);
	for (i = 0; i < h->nr_runs; i++)
		if (h->runs[i].start == new.start &&
		    h->runs[i].end == new.end && h->runs[i].from == new.from &&
		    h->runs[i].until == new.until)
			break;
	if (i == DL_PAST_RUNS)
		ret = -ENOSPC;
	else
		h->runs[i] = new;
	if (i == h->nr_runs && !ret)
		WRITE_ONCE(h->nr_runs, i + 1);
	write_unlock(&v->runs.lock);
	return ret;
}

/* Whose segment recovery did not find: not to be read as anything else. */
static void count(struct dl_volume *v, u32 idx, const struct dl_version *val)
{
	struct dl_past_ent *e = dl_past_ent(&v->past.t, idx);

	if (!val->flags &&
	    !dl_segment_covers(&v->log.segs, val->loc,
			       dl_version_stored(val))) {
		dl_err_limit("%s: log %pg: page %llu as it was at sequence %llu: its record at sector %llu is in no segment: reading it will fail",
			     v->name, v->logio.bdev, val->page, val->from,
			     val->loc);
		e->span = dl_span_flagged(e->span);
		e->loc_lo = DL_PVAL_LOST;
		e->loc_hi = 0;
		hold(v, 0, 0, val->home, 1);
		return;
	}
	hold_version(v, val, 1);
}

void dl_history_recovered(struct dl_volume *v)
{
	struct dl_history *h = &v->past;
	struct dl_version val;
	u32 i;

	if (!h->on) {
		v->counting = true;
		return;
	}
	dl_history_sweep(v);
	v->counting = true;
	for (i = 1; i < dl_past_nr(&h->t); i++) {
		if (dl_past_ent(&h->t, i)->mask) {
			dl_past_get(&h->t, i, &val);
			rcu_read_lock_sched();
			count(v, i, &val);
			rcu_read_unlock_sched();
		}
		if (!(i & 0xffff))
			cond_resched();
	}
	rcu_read_lock_sched();
	for (i = 0; i < h->nr_runs; i++)
		hold(v, 0, 0, h->runs[i].home, 1);
	rcu_read_unlock_sched();
}

/* ---- no longer needed ---- */

void dl_history_drop_origin(struct dl_volume *v, u32 i)
{
	struct dl_history *h = &v->past;
	const struct dl_past_ent *e = dl_past_ent(&h->t, i);
	u64 page = dl_past_page(e);
	struct dl_shard *sh;
	bool gone = false;
	u32 bucket;

	sh = shard_of(v, page, &bucket);
	spin_lock(&sh->lock);
	if (dl_past_linked(&h->t, bucket, i) && dl_past_page(e) == page &&
	    (e->span & DL_PENT_KIND) == DL_PENT_FLAGS &&
	    e->loc_lo & DL_PVAL_ORIGIN)
		gone = dl_past_remove(&h->t, bucket, i);
	spin_unlock(&sh->lock);
	if (gone)
		dl_history_unused(v, i);
}

static bool sweep_one(struct dl_volume *v, u32 i)
{
	struct dl_history *h = &v->past;
	const struct dl_past_ent *e = dl_past_ent(&h->t, i);
	struct dl_version val;
	struct dl_shard *sh;
	bool gone = false;
	u32 bucket;
	u64 page = dl_past_page(e);

	sh = shard_of(v, page, &bucket);
	spin_lock(&sh->lock);
	if (dl_past_linked(&h->t, bucket, i) && dl_past_page(e) == page &&
	    !dl_pins_any(&v->pins, e->from, e->until)) {
		dl_past_get(&h->t, i, &val);
		gone = dl_past_remove(&h->t, bucket, i);
		hold_version(v, &val, -1);
	}
	spin_unlock(&sh->lock);
	return gone && dl_history_give(h, i);
}

static void sweep_runs(struct dl_volume *v)
{
	struct dl_history *h = &v->past;
	u32 i = 0;

	write_lock(&v->runs.lock);
	while (i < h->nr_runs) {
		struct dl_past_run *r = &h->runs[i];

		if (dl_pins_any(&v->pins, r->from, r->until)) {
			i++;
			continue;
		}
		hold(v, 0, 0, r->home, -1);
		*r = h->runs[h->nr_runs - 1];
		WRITE_ONCE(h->nr_runs, h->nr_runs - 1);
	}
	write_unlock(&v->runs.lock);
}

void dl_history_sweep(struct dl_volume *v)
{
	bool wanted = false;
	u32 i;

	if (!v->past.on)
		return;
	for (i = 1; i < dl_past_nr(&v->past.t); i++) {
		if (READ_ONCE(dl_past_ent(&v->past.t, i)->mask))
			wanted |= sweep_one(v, i);
		if (!(i & 0xffff))
			cond_resched();
	}
	sweep_runs(v);
	if (wanted)
		dl_write_wake(v);
}
