// SPDX-License-Identifier: GPL-2.0
/*
 * What may differ between two moments. See diff.h.
 *
 * The tables are hashed, the answer is by address. So one call keeps the lowest
 * changed pages that its memory has room for, and says that it goes no further.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "diff.h"
#include "snapshot.h"

#define ITEMS_MIN	4096u
#define ITEMS_MAX	(1u << 20)

/* A changed page and which of its sectors: page << 8 | mask. */
#define ITEM(page, mask)	((page) << 8 | (mask))
#define ITEM_PAGE(item)		((item) >> 8)
#define ITEM_MASK(item)		((u8)(item))

/* Sectors [start, end). */
struct stretch {
	u64 start, end;
};

struct scan {
	struct dl_volume *v;
	u64 lo, hi;		/* sequences (lo, hi] */
	u64 first, limit;	/* pages [first, limit) */
	u64 *item;
	u32 nr, max;
	struct stretch *run;
	u32 nr_runs;
};

static bool within(const struct scan *s, u64 seq)
{
	return seq > s->lo && seq <= s->hi;
}

static bool aimed_at(const struct scan *s, u64 page)
{
	return page >= s->first && page < s->limit;
}

/* ---- changed pages ---- */

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void swap_items(void *a, void *b, int size)
{
	swap(*(u64 *)a, *(u64 *)b);
}

/* In order, each page once. */
static void tidy(struct scan *s)
{
	u32 i, n = 0;

	sort(s->item, s->nr, sizeof(*s->item), by_value, swap_items);
	for (i = 0; i < s->nr; i++) {
		if (n && ITEM_PAGE(s->item[n - 1]) == ITEM_PAGE(s->item[i]))
			s->item[n - 1] |= ITEM_MASK(s->item[i]);
		else
			s->item[n++] = s->item[i];
	}
	s->nr = n;
}

static void add_page(struct scan *s, u64 page, u8 mask)
{
	if (s->nr == s->max) {
		tidy(s);
		if (s->nr > s->max / 2) {
			s->nr = s->max / 2;
			s->limit = ITEM_PAGE(s->item[s->nr]);
		}
	}
	if (mask && page < s->limit)
		s->item[s->nr++] = ITEM(page, mask);
}

/* Entry @i of the map, if it is still what it seemed to be. */
static void look_at_entry(struct scan *s, u32 i)
{
	struct dl_map *m = &s->v->map;
	const struct dl_pent *e = dl_pmap_ent(&m->pm, i);
	u64 page = dl_pent_page(e);
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	u8 mask = 0;

	spin_lock(&sh->lock);
	if (dl_map_linked(m, bucket, i) && dl_pent_page(e) == page &&
	    within(s, dl_pent_seq(e)))
		mask = e->mask;
	spin_unlock(&sh->lock);
	add_page(s, page, mask);
}

static int scan_map(struct scan *s)
{
	const struct dl_pmap *pm = &s->v->map.pm;
	u32 i;

	for (i = 1; i < dl_pmap_nr(pm); i++) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);

		if (READ_ONCE(e->mask) && within(s, dl_pent_seq(e)) &&
		    aimed_at(s, dl_pent_page(e)))
			look_at_entry(s, i);
		if (i & 0xffff)
			continue;
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static void look_at_version(struct scan *s, u32 i)
{
	struct dl_version val;

	if (dl_history_get(s->v, i, &val) && aimed_at(s, val.page) &&
	    (within(s, val.from) || within(s, val.until)))
		add_page(s, val.page, val.mask);
}

static int scan_past(struct scan *s)
{
	const struct dl_past *t = &s->v->past.t;
	u32 i;

	for (i = 1; i < dl_past_nr(t); i++) {
		const struct dl_past_ent *e = dl_past_ent(t, i);

		if (READ_ONCE(e->mask) && aimed_at(s, dl_past_page(e)) &&
		    (within(s, e->from) || within(s, e->until)))
			look_at_version(s, i);
		if (i & 0xffff)
			continue;
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/* ---- changed runs ---- */

static int by_start(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void add_run(struct scan *s, u64 start, u64 end)
{
	s->run[s->nr_runs++] = (struct stretch) { start, end };
}

/* Both kinds under one lock: what is replaced goes from the one to the other. */
static void scan_runs(struct scan *s)
{
	struct dl_volume *v = s->v;
	const struct dl_run *run;
	u64 at;
	u32 i;

	read_lock(&v->runs.lock);
	for (at = 0; (run = dl_runs_seek(&v->runs, at)); at = run->end)
		if (within(s, run->seq))
			add_run(s, run->start, run->end);
	for (i = 0; i < v->past.nr_runs; i++) {
		const struct dl_past_run *r = &v->past.runs[i];

		if (within(s, r->from) || within(s, r->until))
			add_run(s, r->start, r->end);
	}
	read_unlock(&v->runs.lock);
	sort(s->run, s->nr_runs, sizeof(*s->run), by_start, NULL);
}

/* ---- the answer ---- */

/* The next stretch of changed sectors in the page of *@item; taken off it. */
static struct stretch take_stretch(u64 *item)
{
	u64 base = ITEM_PAGE(*item) << DL_PAGE_SECTOR_SHIFT;
	u8 mask = ITEM_MASK(*item), first = __ffs(mask), n;

	for (n = 1; mask >> (first + n) & 1; n++)
		;
	*item &= ~(u64)dl_pmap_span_mask(first, n);
	return (struct stretch) { base + first, base + first + n };
}

/* False when there is no room for another. */
static bool put(struct dl_diff *d, const struct stretch *r)
{
	struct dl_ctl_extent *last = d->nr ? &d->out[d->nr - 1] : NULL;

	if (last && r->start <= last->start + last->sectors) {
		last->sectors = max(last->sectors, r->end - last->start);
		return true;
	}
	if (d->nr == d->max)
		return false;
	d->out[d->nr++] = (struct dl_ctl_extent) {
		.start = r->start, .sectors = r->end - r->start,
	};
	return true;
}

/* What was found, by address, from the cursor to @end. */
static void merge(struct scan *s, struct dl_diff *d, u64 end)
{
	struct stretch page = { }, r;
	u32 i = 0, run = 0;
	bool have = false;

	d->nr = 0;
	for (;;) {
		while (!have && i < s->nr) {
			have = ITEM_MASK(s->item[i]);
			if (have)
				page = take_stretch(&s->item[i]);
			else
				i++;
		}
		if (run < s->nr_runs &&
		    (!have || s->run[run].start < page.start)) {
			r = s->run[run++];
		} else if (have) {
			r = page;
			have = false;
		} else {
			break;
		}
		r.start = max(r.start, d->cursor);
		r.end = min(r.end, end);
		if (r.start < r.end && !put(d, &r)) {
			d->cursor = r.start;
			return;
		}
	}
	d->cursor = end < d->sectors ? end : 0;
}

static int find_changes(struct scan *s, struct dl_diff *d)
{
	u64 end = d->sectors;
	int ret;

	s->first = d->cursor >> DL_PAGE_SECTOR_SHIFT;
	s->limit = DIV_ROUND_UP_ULL(end, DL_PAGE_SECTORS);
	/* In this order: see diff.h. */
	ret = scan_map(s);
	if (ret)
		return ret;
	/* Who saw an entry gone sees the version that it became. */
	dl_history_barrier(s->v);
	scan_runs(s);
	ret = scan_past(s);
	if (ret)
		return ret;
	tidy(s);
	merge(s, d, min(end, s->limit << DL_PAGE_SECTOR_SHIFT));
	return 0;
}

/* What tells it from another of that name; of a moment its name does. */
static u64 number(const struct dl_pin *pin)
{
	return pin->passing ? 0 : pin->id;
}

static int diff(struct dl_volume *v, const struct dl_pin *from,
		const struct dl_pin *to, struct dl_diff *d)
{
	struct scan s = {
		.v = v,
		.lo = min(from->seq, to->seq),
		.hi = max(from->seq, to->seq),
		.max = clamp(v->map.max / 16, ITEMS_MIN, ITEMS_MAX),
	};
	int ret = -ENOMEM;

	d->sectors = max(from->sectors, to->sectors);
	if ((d->from_id && d->from_id != number(from)) ||
	    (d->to_id && d->to_id != number(to)))
		return -ESTALE;
	d->from_id = number(from);
	d->to_id = number(to);
	if (d->cursor && d->cursor >= d->sectors)
		return -EINVAL;
	s.item = kvmalloc_array(s.max, sizeof(*s.item), GFP_NOIO);
	s.run = kvmalloc_array(v->runs.max + DL_PAST_RUNS + 1, sizeof(*s.run),
			       GFP_NOIO);
	if (s.item && s.run) {
		/* What has come to the volume since. */
		add_run(&s, min(from->sectors, to->sectors), d->sectors);
		ret = find_changes(&s, d);
	}
	kvfree(s.run);
	kvfree(s.item);
	return ret;
}

int dl_diff(struct dl_volume *v, struct dl_diff *d)
{
	struct dl_pin from, to;
	int ret = dl_snapshot_open(v, d->from, &from);

	if (ret)
		return ret;
	/* Unpinned, a page that is written again might be in neither table. */
	ret = *d->to ? dl_snapshot_open(v, d->to, &to) :
		       dl_snapshot_open_now(v, &to);
	if (!ret) {
		ret = diff(v, &from, &to, d);
		if (to.id)
			dl_snapshot_close(v, to.id);
	}
	dl_snapshot_close(v, from.id);
	return ret;
}
