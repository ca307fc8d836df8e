// SPDX-License-Identifier: GPL-2.0
/*
 * What was there at a sequence takes the place of what is. See rewind.h.
 */
#include <linux/sched.h>

#include "msg.h"
#include "retire.h"
#include "rewind.h"

struct rewind {
	struct dl_volume *v;
	u64 to;
	u64 seq;		/* 0: only to count what it takes */
	bool any_runs;
	u64 entries, versions, runs, lost;
	int err;
};

/* What some sectors of a page held at rw->to: one of these, or the origin. */
struct source {
	u32 past, cur;
	u8 run;			/* 0, or RUN and the run's flags */
};

#define RUN	0x40u
#define GROUP	16u	/* entries whose pages are looked for together */
#define CHAIN	3u	/* links of a bucket, so far */

static bool same_source(const struct source *a, const struct source *b)
{
	return a->past == b->past && a->cur == b->cur && a->run == b->run;
}

/* Shard locked. */
static struct source source_of(struct rewind *rw, u32 bucket, u64 page, u8 s)
{
	struct dl_volume *v = rw->v;
	u64 at = (page << DL_PAGE_SECTOR_SHIFT) + s, seq = 0, run, past, len;
	struct source src = { };
	u8 flags = 0, past_flags;

	dl_history_pick(v, bucket, page, s, rw->to, &src.past, &src.cur);
	if (src.past)
		seq = dl_past_ent(&v->past.t, src.past)->from;
	else if (src.cur)
		seq = dl_pent_seq(dl_pmap_ent(&v->map.pm, src.cur));
	if (!rw->any_runs)
		return src;
	run = dl_runs_find(&v->runs, at, 1, &len, &flags);
	/* As for who looks: see run_over() in lookup.c. */
	if (run > rw->to ||
	    (!src.past && !src.cur && run <= READ_ONCE(v->settled)))
		run = 0;
	read_lock(&v->runs.lock);
	past = dl_past_run_at(&v->past, at, rw->to, &past_flags);
	read_unlock(&v->runs.lock);
	if (past > run) {
		run = past;
		flags = past_flags;
	}
	if (run > seq)
		src = (struct source) { .run = RUN | flags };
	return src;
}

static struct dl_pval value_of(struct rewind *rw, const struct source *src,
			       u8 first, u8 sectors)
{
	struct dl_pval val = {
		.first = first, .sectors = sectors, .flags = DL_PVAL_ORIGIN,
	};
	struct dl_version ver;

	if (src->run) {
		if (!(src->run & DL_RUN_ORIGIN))
			val.flags = DL_PVAL_ZERO;
	} else if (src->past) {
		dl_past_get(&rw->v->past.t, src->past, &ver);
		val = (struct dl_pval) {
			.loc = ver.loc, .crc = ver.crc, .first = ver.first,
			.sectors = ver.sectors, .flags = ver.flags,
			.codec = ver.codec, .stored = ver.stored,
		};
	} else if (src->cur) {
		dl_pmap_get(&rw->v->map.pm, src->cur, &val);
		/* They were all ended before the mark was logged. */
		if (val.flags & DL_PVAL_DELTA && rw->seq)
			val.flags = DL_PVAL_LOST;
	}
	val.seq = rw->seq;
	val.mask = dl_pmap_span_mask(first, sectors);
	return val;
}

/* How many versions what is in the map becomes, at most. Shard locked. */
static u32 replaced(struct rewind *rw, u32 bucket, u64 page, u8 mask)
{
	struct dl_pmap *pm = &rw->v->map.pm;
	u32 n = 0, idx;

	while (mask && (idx = dl_pmap_find(pm, bucket, page, mask))) {
		u8 part = dl_pmap_ent(pm, idx)->mask & mask;

		/* Runs may hide its sectors one by one. */
		n += rw->any_runs ? hweight8(part) : 1;
		mask &= ~part;
	}
	return n;
}

/* Replace some sectors of a page, or count what that takes. Shard locked. */
static void replace(struct rewind *rw, struct dl_shard *sh, u32 bucket,
		    u64 page, const struct dl_pval *val)
{
	struct dl_volume *v = rw->v;
	struct dl_retire past;
	u32 idx;

	rw->entries++;
	rw->lost += !!(val->flags & DL_PVAL_LOST);
	if (!rw->seq) {
		rw->versions += replaced(rw, bucket, page, val->mask);
		return;
	}
	idx = dl_pmap_find(&v->map.pm, bucket, page, val->mask);
	rw->err = dl_retire_begin(v, bucket, page, idx, val->mask, rw->seq,
				  &past);
	if (rw->err)
		return;
	idx = dl_map_alloc(&v->map, sh);
	if (!idx) {
		dl_retire_cancel(v, &past);
		rw->err = -ENOSPC;
		return;
	}
	dl_retire_end(v, bucket, &past, rw->seq);
	dl_map_insert(&v->map, sh, bucket, idx, page, val);
	if (val->flags & DL_PVAL_LOST)
		atomic_inc(&v->nr_lost);
}

/* Sectors of @mask whose entry in the map is younger than @seq. Shard locked. */
static u8 younger(struct dl_pmap *pm, u32 bucket, u64 page, u8 mask, u64 seq)
{
	u8 out = 0;
	u32 idx;

	while ((idx = dl_pmap_find(pm, bucket, page, mask))) {
		const struct dl_pent *e = dl_pmap_ent(pm, idx);

		if (dl_pent_seq(e) > seq)
			out |= e->mask & mask;
		mask &= ~e->mask;
	}
	return out;
}

/*
 * Where sector @s and those of @mask behind it come from: how many of them have
 * the same source. Shard locked.
 */
static u8 find_source(struct rewind *rw, u32 bucket, u64 page, u8 mask, u8 s,
		      struct source *src)
{
	struct source next;
	u8 n;

	*src = source_of(rw, bucket, page, s);
	for (n = 1; mask >> (s + n) & 1; n++) {
		next = source_of(rw, bucket, page, s + n);
		if (!same_source(src, &next))
			break;
	}
	return n;
}

/*
 * The same without runs, when version @only, or none, was replaced since: what
 * the map has of @mask is younger then.
 */
static u8 only_source(struct rewind *rw, u32 only, u8 mask, u8 s,
		      struct source *src)
{
	const struct dl_past_ent *e = dl_past_ent(&rw->v->past.t, only);
	u8 in = only ? e->mask & mask : 0;

	*src = (struct source) { };
	if (!(in >> s & 1))
		in = mask & ~in;
	else if (e->from <= rw->to)
		src->past = only;
	return __ffs(~((u32)in >> s));
}

/* What of sectors @mask was changed since becomes what it was. Shard locked. */
static void take_back(struct rewind *rw, struct dl_shard *sh, u32 bucket,
		      u64 page, u8 mask)
{
	struct source src;
	struct dl_pval val;
	bool sole;
	u32 only;
	u8 s, n;

	/* Most pages are as simple as that, and there may be very many. */
	sole = mask && !rw->any_runs &&
		dl_past_sole(&rw->v->past.t, bucket, page, rw->to, &only);
	while (mask && !rw->err) {
		s = __ffs(mask);
		n = sole ? only_source(rw, only, mask, s, &src) :
			find_source(rw, bucket, page, mask, s, &src);
		val = value_of(rw, &src, s, n);
		replace(rw, sh, bucket, page, &val);
		mask &= ~dl_pmap_span_mask(s, n);
	}
}

/* Entry @i of the map: younger than rw->to, or hidden by a run that is. */
static void entry_back(struct rewind *rw, u32 i)
{
	struct dl_map *m = &rw->v->map;
	const struct dl_pent *e = dl_pmap_ent(&m->pm, i);
	u64 page = dl_pent_page(e), seq;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	u8 mask = 0;

	spin_lock(&sh->lock);
	if (dl_map_linked(m, bucket, i) && dl_pent_page(e) == page) {
		seq = dl_pent_seq(e);
		if (seq <= rw->to)
			mask = dl_volume_hidden(rw->v, page, e->mask, rw->to,
						U64_MAX);
		else if (seq != rw->seq)
			mask = e->mask;
		take_back(rw, sh, bucket, page, mask);
	}
	spin_unlock(&sh->lock);
}

/* Version @i was replaced since by what the map does not have any more. */
static void version_back(struct rewind *rw, u32 i)
{
	struct dl_volume *v = rw->v;
	const struct dl_past_ent *e = dl_past_ent(&v->past.t, i);
	u64 page = dl_past_page(e);
	u32 bucket = dl_pmap_bucket(&v->map.pm, page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	u8 mask;

	spin_lock(&sh->lock);
	if (dl_past_linked(&v->past.t, bucket, i) && dl_past_page(e) == page &&
	    e->from <= rw->to && e->until > rw->to) {
		mask = e->mask;
		mask &= ~younger(&v->map.pm, bucket, page, mask, rw->to);
		take_back(rw, sh, bucket, page, mask);
	}
	spin_unlock(&sh->lock);
}

/* Did @at read as zero at rw->to because of a run; and for how long, at most @n? */
static bool was_run(struct rewind *rw, u64 at, u64 *n, u8 *flags)
{
	const struct dl_history *h = &rw->v->past;
	u64 from = 0;
	u32 i;

	for (i = 0; i < h->nr_runs; i++) {
		const struct dl_past_run *r = &h->runs[i];

		if (r->from > rw->to || r->until <= rw->to || r->end <= at)
			continue;
		if (r->start > at) {
			*n = min(*n, r->start - at);
			continue;
		}
		*n = min(*n, r->end - at);
		if (r->from > from) {
			from = r->from;
			*flags = r->flags;
		}
	}
	return from;
}

/* Let [start, end) be a run of the mark's. Runs locked. */
static void put_run(struct rewind *rw, u64 start, u64 end, u8 flags)
{
	struct dl_volume *v = rw->v;
	u64 newest = dl_history_newest(v);

	rw->runs++;
	if (!rw->seq)
		return;
	if (v->runs.max - v->runs.nr < 2 ||
	    dl_history_run(v, start, end, newest, 0)) {
		rw->err = -ENOSPC;
		return;
	}
	dl_history_run(v, start, end, newest, rw->seq);
	dl_runs_insert(&v->runs, start, end, rw->seq, flags);
}

/* Runs younger than rw->to. Runs locked. */
static void runs_back(struct rewind *rw)
{
	const struct dl_run *run;
	u64 at = 0, n;
	u8 flags;

	for (; !rw->err && (run = dl_runs_seek(&rw->v->runs, at)); at += n) {
		at = max(at, run->start);
		n = run->end - at;
		if (run->seq <= rw->to || run->seq == rw->seq)
			continue;
		flags = 0;
		if (!was_run(rw, at, &n, &flags))
			flags = DL_RUN_ORIGIN;
		put_run(rw, at, at + n, flags);
	}
}

/* Past run @i, in force at rw->to, where no run has taken its place. Locked. */
static void past_run_back(struct rewind *rw, u32 i)
{
	const struct dl_past_run r = rw->v->past.runs[i];
	const struct dl_run *run;
	u64 at, n;
	u8 flags;

	if (r.from > rw->to || r.until <= rw->to)
		return;
	for (at = r.start; !rw->err && at < r.end; at += n) {
		run = dl_runs_seek(&rw->v->runs, at);
		n = r.end - at;
		if (run && run->start <= at) {
			n = min(n, run->end - at);
			continue;
		}
		if (run)
			n = min(n, run->start - at);
		flags = 0;
		was_run(rw, at, &n, &flags);
		put_run(rw, at, at + n, flags);
	}
}

static void zeros_back(struct rewind *rw)
{
	struct dl_volume *v = rw->v;
	u32 n, i;

	write_lock(&v->runs.lock);
	n = v->past.nr_runs;
	runs_back(rw);
	for (i = 0; i < n; i++)
		past_run_back(rw, i);
	write_unlock(&v->runs.lock);
}

/*
 * Where the tables have a page is nowhere near where they have the next one, so
 * most of the time would be spent waiting for memory. Loads that do not wait for
 * each other wait together: those of a group of pages first, then what they led to.
 */
static void touch(struct dl_volume *v, const u64 *page, u32 n)
{
	u32 entry[GROUP], version[GROUP], i, j;

	for (i = 0; i < n; i++) {
		u32 bucket = dl_pmap_bucket(&v->map.pm, page[i]);

		entry[i] = READ_ONCE(v->map.pm.buckets[bucket]);
		version[i] = READ_ONCE(v->past.t.buckets[bucket]);
	}
	for (j = 0; j < CHAIN; j++)
		for (i = 0; i < n; i++) {
			const struct dl_pent *e;
			const struct dl_past_ent *p;

			e = dl_pmap_ent(&v->map.pm, entry[i]);
			p = dl_past_ent(&v->past.t, version[i]);
			entry[i] = READ_ONCE(e->next);
			version[i] = READ_ONCE(p->next);
		}
}

/* The pages of a group of entries of the map, from @i on. */
static void touch_entries(struct dl_volume *v, u32 i)
{
	u32 end = min(i + GROUP, dl_pmap_nr(&v->map.pm)), n = 0;
	u64 page[GROUP];

	for (; i < end; i++) {
		const struct dl_pent *e = dl_pmap_ent(&v->map.pm, i);

		if (READ_ONCE(e->mask))
			page[n++] = dl_pent_page(e);
	}
	touch(v, page, n);
}

/* And of a group of versions, those that are to be taken back. */
static void touch_versions(struct rewind *rw, u32 i)
{
	struct dl_volume *v = rw->v;
	u32 end = min(i + GROUP, dl_past_nr(&v->past.t)), n = 0;
	u64 page[GROUP];

	for (; i < end; i++) {
		const struct dl_past_ent *e = dl_past_ent(&v->past.t, i);

		if (READ_ONCE(e->mask) && e->from <= rw->to &&
		    e->until > rw->to)
			page[n++] = dl_past_page(e);
	}
	touch(v, page, n);
}

static int all_back(struct rewind *rw)
{
	struct dl_volume *v = rw->v;
	u32 i;

	/* None comes while the volume is suspended. */
	rw->any_runs = !dl_runs_none(&v->runs) || READ_ONCE(v->past.nr_runs);
	for (i = 1; !rw->err && i < dl_pmap_nr(&v->map.pm); i++) {
		if (i % GROUP == 1)
			touch_entries(v, i);
		if (READ_ONCE(dl_pmap_ent(&v->map.pm, i)->mask))
			entry_back(rw, i);
		if (!(i & 0xffff))
			cond_resched();
	}
	for (i = 1; !rw->err && i < dl_past_nr(&v->past.t); i++) {
		if (i % GROUP == 1)
			touch_versions(rw, i);
		if (READ_ONCE(dl_past_ent(&v->past.t, i)->mask))
			version_back(rw, i);
		if (!(i & 0xffff))
			cond_resched();
	}
	if (!rw->err)
		zeros_back(rw);
	return rw->err;
}

/* How often sectors next to each other are not both in @mask. */
static u32 edges(u8 mask)
{
	return hweight8((mask ^ mask >> 1) & 0x7f);
}

/*
 * Is there room even if every entry and version that may have to be taken back is
 * taken back by itself, and cut wherever it or another one of its page ends? That
 * is told from the tables as they lie in memory, without a look-up; it is hardly
 * ever much more than what it takes, as most records are of whole pages.
 */
static bool surely_fits(struct dl_volume *v, u64 to)
{
	u32 room = dl_map_room(&v->map), i;
	u64 pieces = 0, cuts = 0;

	if (!dl_runs_none(&v->runs) || READ_ONCE(v->past.nr_runs))
		return false;
	for (i = 1; i < dl_pmap_nr(&v->map.pm); i++) {
		const struct dl_pent *e = dl_pmap_ent(&v->map.pm, i);
		u8 mask = READ_ONCE(e->mask);

		if (mask && dl_pent_lost(e))
			return false;
		pieces += mask && dl_pent_seq(e) > to;
		cuts += edges(mask);
		if (!(i & 0xffff))
			cond_resched();
	}
	for (i = 1; i < dl_past_nr(&v->past.t); i++) {
		const struct dl_past_ent *e = dl_past_ent(&v->past.t, i);
		u8 mask = READ_ONCE(e->mask);

		if (mask && dl_past_lost(e))
			return false;
		pieces += mask && e->from <= to && e->until > to;
		cuts += edges(mask);
		if (!(i & 0xffff))
			cond_resched();
	}
	/* An end cuts what is next to it on both sides; a piece may lie on more. */
	return pieces + 2 * cuts <= room &&
		pieces + 3 * cuts <= READ_ONCE(v->past.nr_free);
}

int dl_rewind_fits(struct dl_volume *v, u64 to)
{
	struct rewind rw = { .v = v, .to = to };
	u32 entries = dl_map_room(&v->map);

	if (surely_fits(v, to))
		return 0;
	if (!all_back(&rw) &&
	    atomic_read(&v->nr_lost) + rw.lost > v->lost_max) {
		dl_err("%s: rewind: %llu pages of the snapshot are lost, more than can be kept track of (%u)",
		       v->name, rw.lost, v->lost_max);
		return -ENOSPC;
	}
	if (rw.err || rw.entries > entries ||
	    rw.versions > READ_ONCE(v->past.nr_free) ||
	    2 * rw.runs > v->runs.max - v->runs.reserve - v->runs.nr ||
	    rw.runs > DL_PAST_RUNS - v->past.nr_runs) {
		dl_err("%s: rewind: %llu pages were changed, %llu of them kept, in %llu runs: room for %u, %u, %u: drain first, or delete snapshots",
		       v->name, rw.entries, rw.versions, rw.runs, entries,
		       READ_ONCE(v->past.nr_free),
		       DL_PAST_RUNS - v->past.nr_runs);
		return -ENOSPC;
	}
	return 0;
}

int dl_rewind(struct dl_volume *v, u64 to, u64 seq)
{
	struct rewind rw = { .v = v, .to = to, .seq = seq };
	int ret = all_back(&rw);

	WRITE_ONCE(v->rewound, seq);
	return ret ? -ENOSPC : 0;
}

void dl_rewind_recovered(struct dl_volume *v)
{
	const struct dl_segments *segs = &v->log.segs;
	struct dl_pmap *pm = &v->map.pm;
	struct dl_pval val;
	u64 page;
	u32 i;

	/* A mark that the horizon has passed was not met. */
	if (!dl_rewind_pending(v)) {
		dl_pins_drop_hidden(&v->pins, v->horizon);
		return;
	}
	for (i = 1; i < dl_pmap_nr(pm); i++) {
		if (!(i & 0xffff))
			cond_resched();
		if (!dl_pmap_ent(pm, i)->mask)
			continue;
		dl_pmap_get(pm, i, &val);
		if (val.seq != v->rewound || val.flags)
			continue;
		if (dl_segment_covers(segs, val.loc, dl_pval_stored(&val)))
			continue;
		page = dl_pent_page(dl_pmap_ent(pm, i));
		dl_err_limit("%s: log %pg: page %llu: what the rewind at sequence %llu brought back, at sector %llu, is in no segment: reading it will fail",
			     v->name, v->logio.bdev, page, val.seq, val.loc);
		if (dl_map_lose(&v->map, page, i, val.seq))
			atomic_inc(&v->nr_lost);
	}
}

void dl_rewind_forget(struct dl_volume *v)
{
	struct dl_history *h = &v->past;
	u32 i;

	if (v->settled < v->rewound)
		return;
	for (i = 1; i < dl_past_nr(&h->t); i++) {
		if (READ_ONCE(dl_past_ent(&h->t, i)->mask))
			dl_history_drop_origin(v, i);
		if (!(i & 0xffff))
			cond_resched();
	}
	write_lock(&v->runs.lock);
	for (i = h->nr_runs; i; i--) {
		if (!(h->runs[i - 1].flags & DL_RUN_ORIGIN))
			continue;
		h->runs[i - 1] = h->runs[h->nr_runs - 1];
		WRITE_ONCE(h->nr_runs, h->nr_runs - 1);
	}
	write_unlock(&v->runs.lock);
}

bool dl_rewind_done(struct dl_volume *v)
{
	if (!v->rewound || dl_rewind_pending(v))
		return false;
	WRITE_ONCE(v->rewound, 0);
	dl_pins_drop_hidden(&v->pins, v->horizon);
	return true;
}
