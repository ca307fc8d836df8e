// SPDX-License-Identifier: GPL-2.0
/*
 * Where a sector's content is. See lookup.h.
 */
#include <linux/highmem.h>

#include "history.h"
#include "lookup.h"

void dl_put_segment(struct dl_volume *v, struct dl_segment *seg)
{
	if (atomic_dec_and_test(&seg->readers))
		wake_up(&v->rc.readers);
}

void dl_copy_out(struct bio *bio, struct bvec_iter *iter, const void *src,
		 unsigned int bytes)
{
	while (bytes) {
		struct bio_vec bv = bio_iter_iovec(bio, *iter);
		unsigned int n = min(bytes, bv.bv_len);
		void *p = bvec_kmap_local(&bv);

		if (src) {
			memcpy(p, src, n);
			src += n;
		} else {
			memset(p, 0, n);
		}
		flush_dcache_page(bv.bv_page);
		kunmap_local(p);
		bio_advance_iter_single(bio, iter, n);
		bytes -= n;
	}
}

u32 dl_same(u8 mask, u8 first, u32 max)
{
	bool set = mask >> first & 1;
	u32 n;

	for (n = 1; n < max && (mask >> (first + n) & 1) == set; n++)
		;
	return n;
}

u8 dl_covered(struct dl_pmap *pm, u32 bucket, u64 page, u8 want)
{
	u8 mask = 0;
	u32 idx;

	while ((idx = dl_pmap_find(pm, bucket, page, want & ~mask)))
		mask |= dl_pmap_ent(pm, idx)->mask;
	return mask;
}

/* The record that holds a page's sector @first now. Shard locked. */
static bool record_now(struct dl_volume *v, u32 bucket, u64 page, u8 first,
		       u32 max, struct dl_extent *x)
{
	struct dl_pmap *pm = &v->map.pm;
	u32 idx = dl_pmap_find(pm, bucket, page, 1U << first);

	if (idx) {
		dl_pmap_get(pm, idx, &x->val);
		x->sectors = dl_same(x->val.mask, first, max);
		return true;
	}
	x->val.seq = 0;
	x->sectors = dl_same(dl_covered(pm, bucket, page,
					dl_pmap_span_mask(first, max)),
			     first, max);
	return false;
}

/* What is wanted of a page that lies compressed in a frame in memory. */
static bool unpack_out(struct dl_volume *v, const struct dl_slot *s, u8 first,
		       struct bio *bio, struct bvec_iter *iter,
		       const struct dl_extent *x)
{
	struct dl_bench *b = dl_bench_get(&v->codec);
	int ret;

	dl_frame_copy_out(s->frame, s->at, b->packed,
			  x->val.stored << DL_SECTOR_SHIFT);
	ret = dl_codec_unpack(x->val.codec, b->packed, x->val.stored, b->page);
	if (!ret)
		dl_copy_out(bio, iter, b->page + (first << DL_SECTOR_SHIFT),
			    x->sectors << DL_SECTOR_SHIFT);
	dl_bench_put(b);
	return !ret;
}

/* The record that held it at @at. Shard locked. */
static bool record_then(struct dl_volume *v, u64 at, u32 bucket, u64 page,
			u8 first, u32 max, struct dl_extent *x)
{
	u32 past, cur, p, c;
	struct dl_version ver;

	dl_history_pick(v, bucket, page, first, at, &past, &cur);
	for (x->sectors = 1; x->sectors < max; x->sectors++) {
		dl_history_pick(v, bucket, page, first + x->sectors, at, &p, &c);
		if (p != past || c != cur)
			break;
	}
	x->val.seq = 0;
	if (cur)
		dl_pmap_get(&v->map.pm, cur, &x->val);
	if (past) {
		dl_past_get(&v->past.t, past, &ver);
		x->val = (struct dl_pval) {
			.seq = ver.from, .loc = ver.loc, .crc = ver.crc,
			.first = ver.first, .sectors = ver.sectors,
			.codec = ver.codec, .stored = ver.stored,
			.flags = ver.flags, .mask = ver.mask,
		};
	}
	return past || cur;
}

/*
 * The youngest run over @sector at @at, for how long up to x->sectors. Where @at
 * has no record (@any) the origin says more than a run that is settled: what was
 * written over it and settled, too, may have been replaced since.
 */
static u64 run_over(struct dl_volume *v, u64 at, u64 sector, bool any,
		    struct dl_extent *x, u8 *flags)
{
	u64 len, run, past;
	u8 past_flags;

	run = dl_runs_find(&v->runs, sector, x->sectors, &len, flags);
	x->sectors = len;
	if (at == DL_NOW)
		return run;
	if (run > at || (!any && run <= READ_ONCE(v->settled)))
		run = 0;
	if (READ_ONCE(v->past.nr_runs)) {
		/* Rare enough to go sector by sector. */
		x->sectors = 1;
		read_lock(&v->runs.lock);
		past = dl_past_run_at(&v->past, sector, at, &past_flags);
		read_unlock(&v->runs.lock);
		if (past > run) {
			run = past;
			*flags = past_flags;
		}
	}
	return run;
}

static bool no_runs(struct dl_volume *v, u64 at)
{
	return dl_runs_none(&v->runs) &&
	       (at == DL_NOW || !READ_ONCE(v->past.nr_runs));
}

/* Is it a whole page's that the base cache has? Then copy what is wanted. */
static bool from_base(struct dl_volume *v, u32 bucket, u64 page, u8 first,
		      struct bio *bio, struct bvec_iter *iter,
		      const struct dl_extent *x)
{
	const void *base;

	if (x->val.sectors < DL_PAGE_SECTORS)
		return false;
	base = dl_base_find(&v->base, bucket, page, x->val.seq);
	if (base && bio)
		dl_copy_out(bio, iter, base + (first << DL_SECTOR_SHIFT),
			    x->sectors << DL_SECTOR_SHIFT);
	return base;
}

void dl_look_up(struct dl_volume *v, u64 at, u64 sector, u32 max,
		struct bio *bio, struct bvec_iter *iter, struct dl_extent *x)
{
	u64 page = sector >> DL_PAGE_SECTOR_SHIFT;
	u8 first = sector & (DL_PAGE_SECTORS - 1);
	u32 bucket = dl_pmap_bucket(&v->map.pm, page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	struct dl_slot s;
	bool any, run = false;
	u8 flags = 0;

	max = min_t(u32, max, DL_PAGE_SECTORS - first);
	x->seg = NULL;
	spin_lock(&sh->lock);
	if (likely(at == DL_NOW))
		any = record_now(v, bucket, page, first, max, x);
	else
		any = record_then(v, at, bucket, page, first, max, x);
	if (unlikely(!no_runs(v, at)))
		run = run_over(v, at, sector, any, x, &flags) > x->val.seq;
	if (run) {
		x->kind = flags & DL_RUN_ORIGIN ? DL_FROM_ORIGIN : DL_FROM_ZERO;
	} else if (!any || x->val.flags & DL_PVAL_ORIGIN) {
		x->kind = DL_FROM_ORIGIN;
	} else if (x->val.flags & DL_PVAL_LOST) {
		x->kind = DL_FROM_LOST;
	} else if (x->val.flags & DL_PVAL_ZERO) {
		x->kind = DL_FROM_ZERO;
	} else if (x->val.flags & DL_PVAL_DELTA) {
		x->kind = DL_FROM_RAM;
		if (bio)
			dl_copy_out(bio, iter,
				    dl_chain(&v->map.chains, x->val.loc)->mem +
				    (first << DL_SECTOR_SHIFT),
				    x->sectors << DL_SECTOR_SHIFT);
	} else if (at == DL_NOW &&
		   from_base(v, bucket, page, first, bio, iter, x)) {
		x->kind = DL_FROM_RAM;
	} else if (dl_log_read_pin(&v->log, x->val.loc, &s)) {
		x->kind = DL_FROM_RAM;
		if (bio && x->val.codec) {
			if (!unpack_out(v, &s, first, bio, iter, x))
				x->kind = DL_FROM_LOST;
		} else if (bio)
			dl_copy_out(bio, iter, s.mem +
				    ((first - x->val.first) << DL_SECTOR_SHIFT),
				    x->sectors << DL_SECTOR_SHIFT);
		dl_log_read_put(&s);
	} else {
		x->kind = DL_FROM_LOG;
		x->seg = dl_segment_at(&v->log.segs, x->val.loc);
		atomic_inc(&x->seg->readers);
	}
	spin_unlock(&sh->lock);
}
