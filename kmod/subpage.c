// SPDX-License-Identifier: GPL-2.0
/*
 * Writes recorded as deltas. See subpage.h.
 */
#include <linux/mm.h>

#include "io.h"
#include "msg.h"
#include "preserve.h"
#include "retire.h"
#include "space.h"
#include "subpage.h"
#include "trace.h"

static struct dl_scratch *scratch_of(struct dl_volume *v,
				     const struct dl_shard *sh)
{
	/* Pairs with the release in dl_chains_on(). */
	struct dl_scratch *s = smp_load_acquire(&v->map.chains.scratch);

	return s ? s + (sh - v->map.shards) : NULL;
}

/* Every sequence is a moment, or is about to be. */
static bool in_window(const struct dl_volume *v)
{
	return READ_ONCE(v->pins.newest) == U64_MAX;
}

/*
 * Does a snapshot need what the entry holds, as far as recovery could tell? It
 * goes by the horizon, which may be behind what is settled.
 */
static bool pinned(struct dl_volume *v, const struct dl_pent *e)
{
	u64 seq = dl_pent_seq(e);

	return dl_history_wanted(v) && seq < READ_ONCE(v->pins.newest) &&
	       seq > READ_ONCE(v->horizon);
}

static bool run_hides(struct dl_volume *v, u64 page, u64 seq)
{
	return !dl_runs_none(&v->runs) &&
	       dl_volume_hidden(v, page, 0xff, seq, U64_MAX);
}

/* The same with the runs locked. */
static bool hides(struct dl_volume *v, u64 page, u64 seq)
{
	u64 at = page << DL_PAGE_SECTOR_SHIFT, end = at + DL_PAGE_SECTORS;
	const struct dl_run *run;

	for (; (run = dl_runs_seek(&v->runs, at)) && run->start < end;
	     at = run->end)
		if (run->seq > seq)
			return true;
	return false;
}

/*
 * A place for what makes all of a page a new record's, unless a run has come over
 * what it held since @seq: all of the page would be newer than that. Until the
 * sequence is given none can come in between.
 * Return: 0, 1 if there is such a run, -EAGAIN.
 */
static int reserve_over(struct dl_volume *v, u64 page, u64 seq, u32 bytes,
			struct dl_slot *s, struct dl_batch *b)
{
	int ret = 1;

	read_lock(&v->runs.lock);
	if (!hides(v, page, seq))
		ret = dl_log_reserve_bytes(&v->log, bytes, s, b);
	read_unlock(&v->runs.lock);
	return ret;
}

/* A whole page, as it is to be stored. */
struct whole {
	struct dl_bench *bench;	/* locked, and @data is on it; or NULL */
	const void *data;
	u8 codec, sectors;
};

static struct whole whole_of(struct dl_volume *v, u64 page, const void *content)
{
	struct whole w = { .data = content, .sectors = DL_PAGE_SECTORS };
	u8 n;

	if (!dl_codec_try(&v->codec, page))
		return w;
	w.bench = dl_bench_get(&v->codec);
	memcpy(w.bench->page, content, DL_PAGE_BYTES);
	n = dl_codec_pack(&v->codec, w.bench, page);
	if (n) {
		w.data = w.bench->packed;
		w.codec = DL_CODEC_LZ4;
		w.sectors = n;
	}
	return w;
}

static void whole_end(const struct whole *w)
{
	if (w->bench)
		dl_bench_put(w->bench);
}

/* Fill in a record and, for dl_pmap_settle(), @val. */
static void fill_data(struct dl_volume *v, struct dl_slot *s, u64 page,
		      const struct whole *w, u8 flags,
		      const struct dl_grained *how, struct dl_pval *val)
{
	u32 bytes = w->sectors << DL_SECTOR_SHIFT;

	if (w->codec)
		dl_stat_packed(v, w->sectors);
	dl_frame_copy_in(s->frame, s->at, w->data, bytes);
	*val = (struct dl_pval) {
		.loc = s->loc,
		.crc = dl_crc32c(w->data, bytes),
		.sectors = DL_PAGE_SECTORS,
		.codec = w->codec,
		.stored = w->codec ? w->sectors : 0,
	};
	*s->desc = (struct dl_disk_desc) {
		.type = DL_REC_DATA,
		.flags = flags,
		.sectors = DL_PAGE_SECTORS,
		.crc = cpu_to_le32(val->crc),
		.addr = cpu_to_le64(page),
		.payload = cpu_to_le32(s->at >> DL_SECTOR_SHIFT),
		.codec = w->codec,
		.stored = cpu_to_le16(w->sectors),
		.level = how->level,
		.temperature = how->temperature,
		.client = cpu_to_le16(how->client),
	};
	trace_deltalog_record(v->md, s->seq, s->desc);
}

static void fill_delta(struct dl_volume *v, struct dl_slot *s,
		       const struct dl_subwrite *w, const u8 *delta, u32 bytes,
		       u8 mask, u8 level)
{
	u8 first = __ffs(mask);

	memcpy(s->mem, delta, bytes);
	*s->desc = (struct dl_disk_desc) {
		.type = DL_REC_DELTA,
		.first = first,
		.sectors = fls(mask) - first,
		.crc = cpu_to_le32(dl_crc32c(delta, bytes)),
		.addr = cpu_to_le64(w->page),
		.payload = cpu_to_le32(s->at),
		.stored = cpu_to_le16(bytes),
		.level = level,
		.temperature = w->how.temperature,
		.client = cpu_to_le16(w->how.client),
	};
	trace_deltalog_record(v->md, s->seq, s->desc);
	dl_grain_delta(&v->grain, w->bucket, w->page, bytes);
	dl_stat_add(v, DL_STAT_DELTAS, 1);
	dl_stat_add(v, DL_STAT_DELTA_BYTES, bytes);
}

/* ---- the end of a chain ---- */

/* @own: it is reconcile that wants it. */
static int log_whole(struct dl_volume *v, u32 idx, bool own, struct dl_batch *b)
{
	const struct dl_grained how = { .level = DL_LEVEL_BLOCK };
	struct dl_pent *e = dl_pmap_ent(&v->map.pm, idx);
	const void *content = dl_map_chain(&v->map, idx)->mem;
	u64 page = dl_pent_page(e);
	struct whole w = whole_of(v, page, content);
	struct dl_pval val;
	struct dl_slot s;
	int ret;

	ret = own ? dl_log_reserve_last(&v->log, w.sectors, &s, b) :
		dl_log_reserve(&v->log, w.sectors, &s, b);
	if (!ret) {
		fill_data(v, &s, page, &w, DL_DESC_SAME, &how, &val);
		dl_base_keep(&v->base, dl_pmap_bucket(&v->map.pm, page), page,
			     dl_pent_seq(e), content);
		dl_map_end_chain(&v->map, idx);
		dl_pmap_settle(&v->map.pm, idx, &val);
		dl_log_put(&s, b);
		dl_stat_add(v, DL_STAT_REBASED, 1);
	}
	whole_end(&w);
	return ret;
}

int dl_subpage_end(struct dl_volume *v, u32 idx, bool all, struct dl_batch *b)
{
	const struct dl_pent *e = dl_pmap_ent(&v->map.pm, idx);

	if (likely(!idx || !dl_pent_delta(e)))
		return 0;
	return all && !pinned(v, e) ? 0 : log_whole(v, idx, false, b);
}

/* As long as there is no room, wait for some. */
static int settle_one(struct dl_volume *v, u64 page, u32 idx, u32 nr,
		      bool (*due)(struct dl_volume *v, u32 idx, const u64 *arg),
		      const u64 *arg, bool stopped_too)
{
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);
	struct dl_batch b;
	int ret, tries = 0;

	do {
		dl_batch_init(&b);
		ret = 0;
		spin_lock(&sh->lock);
		if (dl_map_linked(m, bucket, idx) && dl_pent_page(e) == page &&
		    dl_pent_delta(e) && (!nr || e->loc_lo == nr) &&
		    due(v, idx, arg))
			ret = log_whole(v, idx, !stopped_too, &b);
		spin_unlock(&sh->lock);
		dl_log_submit(&v->log, &b);
		if (ret != -EAGAIN)
			return ret;
		/* What is kept for reconcile is not for who stopped it. */
		if (stopped_too &&
		    READ_ONCE(v->log.starved) == DL_STARVED_RESERVE)
			return -ENOSPC;
		ret = dl_preserve_wait(v, stopped_too, &tries);
	} while (!ret);
	return ret;
}

static bool is_between(struct dl_volume *v, u32 idx, const u64 *arg)
{
	return dl_map_chain(&v->map, idx)->base <= arg[0] &&
	       dl_pent_seq(dl_pmap_ent(&v->map.pm, idx)) > arg[1];
}

int dl_subpage_settle(struct dl_volume *v, u64 base, u64 above)
{
	struct dl_chains *c = &v->map.chains;
	const u64 arg[2] = { base, above };
	int ret = 0;
	u32 i;

	if (base != U64_MAX)
		WRITE_ONCE(c->floor, max(c->floor, base));
	if (!dl_chains_nr(c))
		return 0;
	/* Who did not see the floor has put his delta by now. */
	dl_history_barrier(v);
	for (i = 1; !ret && i < dl_chains_nr(c); i++) {
		const struct dl_chain *ch = dl_chain(c, i);

		if (!(i & 0xfff))
			cond_resched();
		if (READ_ONCE(ch->mem) && READ_ONCE(ch->base) <= base)
			ret = settle_one(v, READ_ONCE(ch->page),
					 READ_ONCE(ch->entry), i, is_between,
					 arg, base == U64_MAX);
	}
	return ret;
}

static bool is_any(struct dl_volume *v, u32 idx, const u64 *arg)
{
	return true;
}

int dl_subpage_whole(struct dl_volume *v, u64 page, u32 idx)
{
	return settle_one(v, page, idx, 0, is_any, NULL, false);
}

static bool still(struct dl_volume *v, u32 bucket, u64 page, u32 idx,
		  const struct dl_pval *was)
{
	const struct dl_pent *e = dl_pmap_ent(&v->map.pm, idx);
	struct dl_pval is;

	if (!dl_map_linked(&v->map, bucket, idx) || dl_pent_page(e) != page)
		return false;
	dl_pmap_get(&v->map.pm, idx, &is);
	return is.seq == was->seq && is.loc == was->loc &&
		is.flags == was->flags && is.mask == was->mask;
}

u64 dl_subpage_again(struct dl_volume *v, u64 page, u32 idx,
		     const struct dl_pval *was, const void *stored,
		     struct dl_batch *b)
{
	const struct dl_grained how = { .level = DL_LEVEL_BLOCK };
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	bool delta = was->flags & DL_PVAL_DELTA;
	struct whole w = {
		.data = stored, .codec = was->codec,
		.sectors = dl_pval_stored(was),
	};
	struct dl_pval val;
	struct dl_slot s;

	if (!still(v, bucket, page, idx, was))
		return 0;
	if (delta)
		w = whole_of(v, page, dl_map_chain(m, idx)->mem);
	s.seq = 0;
	if (!reserve_over(v, page, was->seq, w.sectors << DL_SECTOR_SHIFT, &s,
			  b)) {
		fill_data(v, &s, page, &w, 0, &how, &val);
		if (delta) {
			dl_base_keep(&v->base, bucket, page, s.seq,
				     dl_map_chain(m, idx)->mem);
			dl_map_end_chain(m, idx);
		} else {
			dl_base_again(&v->base, bucket, page, was->seq, s.seq);
		}
		dl_pmap_settle(&m->pm, idx, &val);
		dl_pmap_again(&m->pm, idx, s.seq);
		dl_log_put(&s, b);
	}
	whole_end(&w);
	return s.seq;
}

bool dl_subpage_copy(struct dl_volume *v, u64 page, u32 idx, u64 seq, void *to)
{
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pent *e = dl_pmap_ent(&m->pm, idx);
	bool ok;

	spin_lock(&sh->lock);
	ok = dl_map_linked(m, bucket, idx) && dl_pent_page(e) == page &&
	     dl_pent_seq(e) == seq && dl_pent_delta(e);
	if (ok)
		memcpy(to, dl_map_chain(m, idx)->mem, DL_PAGE_BYTES);
	spin_unlock(&sh->lock);
	return ok;
}

/* ---- a write ---- */

/* The page as it will be, in @page. */
static void put_together(struct dl_subwrite *w, void *page, const void *old)
{
	if (w->sectors < DL_PAGE_SECTORS)
		memcpy(page, old, DL_PAGE_BYTES);
	dl_copy_in(page + (w->first << DL_SECTOR_SHIFT), w->bio, w->iter,
		   w->sectors << DL_SECTOR_SHIFT);
}

/* It is not for us: as dl_subpage_write() says. */
static int not_ours(int ret)
{
	return ret == 1 ? 0 : ret;
}

/* What is left of a chained page's write when no delta will do. */
static int write_whole(struct dl_volume *v, struct dl_subwrite *w,
		       const void *data, struct dl_batch *b)
{
	struct dl_map *m = &v->map;
	u64 seq = dl_pent_seq(dl_pmap_ent(&m->pm, w->old));
	struct whole all = whole_of(v, w->page, data);
	struct dl_pval val;
	struct dl_slot s;
	int ret;

	ret = reserve_over(v, w->page, seq, all.sectors << DL_SECTOR_SHIFT, &s,
			   b);
	if (!ret) {
		fill_data(v, &s, w->page, &all, 0, &w->how, &val);
		dl_map_end_chain(m, w->old);
		dl_pmap_settle(&m->pm, w->old, &val);
		dl_pmap_again(&m->pm, w->old, s.seq);
		dl_base_keep(&v->base, w->bucket, w->page, s.seq, data);
		dl_log_put(&s, b);
	}
	whole_end(&all);
	return ret ? not_ours(ret) : 1;
}

static int go_on(struct dl_volume *v, struct dl_subwrite *w,
		 struct dl_scratch *tmp, struct dl_batch *b)
{
	struct dl_map *m = &v->map;
	u64 seq = dl_pent_seq(dl_pmap_ent(&m->pm, w->old));
	struct dl_chain *ch = dl_map_chain(m, w->old);
	u32 bytes = DL_DELTA_MAX + 1;
	u8 level = w->how.level, mask = 0;
	struct dl_slot s;
	int ret;

	put_together(w, tmp->page, ch->mem);
	/* Sectors of a page that is in memory need not become the page. */
	if (w->sectors < DL_PAGE_SECTORS)
		level = max_t(u8, level, DL_LEVEL_SUB);
	if (level >= DL_LEVEL_SUB && ch->nr < dl_grain_max_chain(&v->grain) &&
	    ch->base > READ_ONCE(m->chains.floor))
		bytes = dl_delta_encode(tmp->delta, ch->mem, tmp->page, level,
					&mask);
	if (bytes > DL_DELTA_MAX)
		return write_whole(v, w, tmp->page, b);
	if (!bytes) {
		dl_stat_add(v, DL_STAT_UNCHANGED, 1);
		return 1;
	}
	ret = reserve_over(v, w->page, seq, bytes, &s, b);
	if (ret)
		return not_ours(ret);
	fill_delta(v, &s, w, tmp->delta, bytes, mask, level);
	memcpy(ch->mem, tmp->page, DL_PAGE_BYTES);
	ch->nr++;
	dl_pmap_again(&m->pm, w->old, s.seq);
	dl_log_put(&s, b);
	return 1;
}

/* Log the delta in @tmp: the first of a chain. */
static int begin(struct dl_volume *v, struct dl_subwrite *w,
		 struct dl_scratch *tmp, u32 bytes, u8 mask, struct dl_batch *b)
{
	struct dl_map *m = &v->map;
	struct dl_pent *e = dl_pmap_ent(&m->pm, w->old);
	struct dl_retire past;
	struct dl_chain *ch;
	struct dl_slot s;
	int ret = 0;
	u32 nr;

	past.nr = 0;
	nr = dl_chain_take(&m->chains, w->page, w->old, dl_pent_seq(e));
	if (!nr)
		return 0;
	if (dl_history_wanted(v))
		ret = dl_retire_begin(v, w->bucket, w->page, w->old, 0xff,
				      U64_MAX, &past);
	if (ret)
		dl_reconcile_kick(&v->rc);
	else
		ret = reserve_over(v, w->page, dl_pent_seq(e), bytes, &s, b);
	if (ret) {
		dl_retire_cancel(v, &past);
		dl_chain_drop(&m->chains, nr);
		return not_ours(ret);
	}
	dl_retire_end(v, w->bucket, &past, s.seq);
	fill_delta(v, &s, w, tmp->delta, bytes, mask, w->how.level);
	ch = dl_chain(&m->chains, nr);
	memcpy(ch->mem, tmp->page, DL_PAGE_BYTES);
	ch->nr = 1;
	dl_pmap_chain(&m->pm, w->old, nr);
	dl_pmap_again(&m->pm, w->old, s.seq);
	dl_log_put(&s, b);
	return 1;
}

/* The page lies whole in the log: does it lie in memory, too? */
static int write_on_record(struct dl_volume *v, struct dl_subwrite *w,
			   struct dl_scratch *tmp, struct dl_batch *b)
{
	u32 bytes = DL_DELTA_MAX + 1;
	const void *base;
	struct dl_pval val;
	struct dl_slot s;
	u8 mask = 0;
	int ret = 0;

	dl_pmap_get(&v->map.pm, w->old, &val);
	if (val.flags || val.sectors < DL_PAGE_SECTORS || val.mask != 0xff ||
	    val.seq <= READ_ONCE(v->settled) ||
	    val.seq <= READ_ONCE(v->map.chains.floor) ||
	    !dl_chains_room(&v->map.chains) ||
	    run_hides(v, w->page, val.seq))
		return 0;
	base = dl_base_find(&v->base, w->bucket, w->page, val.seq);
	if (!base && (val.codec || !dl_log_read_pin(&v->log, val.loc, &s)))
		return 0;
	put_together(w, tmp->page, base ?: s.mem);
	bytes = dl_delta_encode(tmp->delta, base ?: s.mem, tmp->page,
				w->how.level, &mask);
	if (!base)
		dl_log_read_put(&s);
	if (!bytes) {
		dl_stat_add(v, DL_STAT_UNCHANGED, 1);
		return 1;
	}
	if (bytes <= DL_DELTA_MAX && bytes < w->sectors << DL_SECTOR_SHIFT)
		ret = begin(v, w, tmp, bytes, mask, b);
	return ret;
}

int dl_subpage_write(struct dl_volume *v, struct dl_subwrite *w,
		     struct dl_batch *b)
{
	const struct dl_pent *e = dl_pmap_ent(&v->map.pm, w->old);
	struct dl_scratch *tmp = scratch_of(v, w->sh);
	struct bvec_iter saved = *w->iter;
	int ret;

	if (dl_pent_delta(e)) {
		/* Of what recovery found something may be hidden, or pinned. */
		if (tmp && e->mask == 0xff && !in_window(v) && !pinned(v, e) &&
		    !run_hides(v, w->page, dl_pent_seq(e))) {
			ret = go_on(v, w, tmp, b);
			if (ret)
				goto out;
			/* A run has come meanwhile. */
			*w->iter = saved;
		}
		ret = log_whole(v, w->old, false, b);
		if (ret)
			return ret;
	}
	if (!tmp || w->how.level < DL_LEVEL_SUB || in_window(v))
		return 0;
	ret = write_on_record(v, w, tmp, b);
out:
	if (ret != 1)
		*w->iter = saved;
	return ret;
}

/* ---- on ---- */

/*
 * Pages that reconcile can surely log whole in what is kept for it, but for a
 * segment that it may have to leave half empty.
 */
static u32 most(struct dl_volume *v)
{
	const struct dl_segments *s = &v->log.segs;
	u32 kept = dl_log_kept(&v->log, 2 * DL_KEPT_SEGMENTS * s->seg_chunks) / 2;
	u64 room = (u64)(kept - min(kept, s->seg_chunks)) * s->chunk_sectors;
	u64 pages = v->opts.delta_mem_kib / 4;

	pages = min(pages, room / (DL_PAGE_SECTORS + 1));
	return min_t(u64, pages, totalram_pages() / 16);
}

int dl_subpage_on(struct dl_volume *v)
{
	/* Fixed until the next activation. */
	if (v->map.chains.scratch)
		return 0;
	return dl_chains_on(&v->map.chains, v->map.shard_mask + 1, most(v));
}
