// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a write: cut into pages, each becomes a record in the open frame
 * and an entry of the map, and the bio is done (or waits for durability if it
 * is FUA). Nothing here touches the origin.
 *
 * Order: a page's record is reserved (which gives it its sequence), filled and
 * entered in the map under its map shard's lock, so for each page the order of
 * sequences is the order of the map. A page still in the open frame is written
 * over in memory, which is the same as both writes arriving at once, because a
 * frame is whole or absent.
 *
 * A bio that finds no frame, segment, map entry or run node free is put on the
 * deferred list together with how far it got, and everything behind it queues
 * there; dl_write_work() goes on when there is room. Map never blocks: frames
 * it submits go out only when it returns, so it must not wait for them.
 */
#include <linux/blkdev.h>
#include <linux/highmem.h>

#include "foresee.h"
#include "fuse.h"
#include "io.h"
#include "msg.h"
#include "retire.h"
#include "space.h"
#include "subpage.h"
#include "trace.h"

/* Zeroed ranges up to this many sectors become records of single pages. */
#define SMALL_RUN	(8 * DL_PAGE_SECTORS)

void dl_copy_in(void *dst, struct bio *bio, struct bvec_iter *iter,
		unsigned int bytes)
{
	while (bytes) {
		struct bio_vec bv = bio_iter_iovec(bio, *iter);
		unsigned int n = min(bytes, bv.bv_len);
		void *p = bvec_kmap_local(&bv);

		if (likely(n == PAGE_SIZE))
			copy_page(dst, p);
		else
			memcpy(dst, p, n);
		kunmap_local(p);
		bio_advance_iter_single(bio, iter, n);
		dst += n;
		bytes -= n;
	}
}

/*
 * Of a whole page: what is to be stored of it, made on a bench, as far as it is
 * smaller than the page.
 */
struct content {
	struct dl_bench *bench;		/* locked; NULL: nothing was made */
	const void *data;
	u8 type;			/* DL_REC_DATA, or ZERO */
	u8 codec, stored;
};

static void pack_page(struct dl_volume *v, struct bio *bio,
		      struct bvec_iter *iter, u64 page, struct content *c)
{
	struct dl_bench *b = dl_bench_get(&v->codec);

	dl_copy_in(b->page, bio, iter, DL_PAGE_BYTES);
	c->bench = b;
	c->data = b->page;
	c->stored = DL_PAGE_SECTORS;
	if (!memchr_inv(b->page, 0, DL_PAGE_BYTES)) {
		c->type = DL_REC_ZERO;
		c->stored = 0;
		return;
	}
	c->stored = dl_codec_pack(&v->codec, b, page);
	c->codec = c->stored ? DL_CODEC_LZ4 : DL_CODEC_NONE;
	if (c->stored)
		c->data = b->packed;
	else
		c->stored = DL_PAGE_SECTORS;
}

/*
 * Write over what is compressed, if what is new becomes no larger. Rare, and not to be on
 * the stack of every write.
 */
static noinline_for_stack bool
rewrite_packed(struct dl_volume *v, struct bio *bio, struct bvec_iter *iter,
	       u64 page, u32 bucket, struct dl_pent *e,
	       const struct dl_pval *val, struct dl_batch *b)
{
	u32 bytes = val->stored << DL_SECTOR_SHIFT;
	struct bvec_iter saved = *iter;
	struct content c = { };
	struct dl_slot s;
	bool ok;

	pack_page(v, bio, iter, page, &c);
	ok = c.codec == val->codec && c.stored <= val->stored &&
	     dl_log_pin(&v->log, val->seq, val->loc, &s);
	if (ok) {
		/* It stays as long as it was. */
		memset(c.bench->packed + (c.stored << DL_SECTOR_SHIFT), 0,
		       bytes - (c.stored << DL_SECTOR_SHIFT));
		dl_frame_copy_in(s.frame, s.at, c.data, bytes);
		e->crc = dl_crc32c(c.data, bytes);
		s.desc->crc = cpu_to_le32(e->crc);
		if (dl_base_find(&v->base, bucket, page, val->seq))
			dl_base_keep(&v->base, bucket, page, val->seq,
				     c.bench->page);
		dl_log_put(&s, b);
	} else {
		*iter = saved;
	}
	dl_bench_put(c.bench);
	return ok;
}

/* Write over a record that is still in the open frame. Shard locked. */
static bool rewrite(struct dl_volume *v, struct bio *bio,
		    struct bvec_iter *iter, u64 page, u32 bucket, u32 idx,
		    u8 first, u8 sectors, struct dl_batch *b)
{
	struct dl_pent *e = dl_pmap_ent(&v->map.pm, idx);
	struct dl_slot s;
	struct dl_pval val;

	/* In a window, and while one begins, every sequence is a moment. */
	if (dl_pent_seq(e) < READ_ONCE(v->log.open_first_seq) ||
	    READ_ONCE(v->pins.newest) == U64_MAX)
		return false;
	dl_pmap_get(&v->map.pm, idx, &val);
	/* All of it must be in sight, and all of the write inside it. */
	if (val.flags || first < val.first ||
	    first + sectors > val.first + val.sectors ||
	    val.mask != dl_pmap_span_mask(val.first, val.sectors))
		return false;
	if (unlikely(val.codec))
		return sectors == DL_PAGE_SECTORS &&
			rewrite_packed(v, bio, iter, page, bucket, e, &val, b);
	if (!dl_log_pin(&v->log, val.seq, val.loc, &s))
		return false;
	dl_copy_in(s.mem + ((first - val.first) << DL_SECTOR_SHIFT), bio, iter,
		   sectors << DL_SECTOR_SHIFT);
	e->crc = dl_crc32c(s.mem, val.sectors << DL_SECTOR_SHIFT);
	s.desc->crc = cpu_to_le32(e->crc);
	if (dl_base_find(&v->base, bucket, page, val.seq))
		dl_base_keep(&v->base, bucket, page, val.seq, s.mem);
	dl_log_put(&s, b);
	return true;
}

static void put_content(struct dl_slot *s, const struct content *c)
{
	if (c->stored)
		dl_frame_copy_in(s->frame, s->at, c->data,
				 c->stored << DL_SECTOR_SHIFT);
}

/* Of what has no content nothing is to be said. */
static const struct dl_grained no_grain;

static void fill_desc(struct dl_disk_desc *d, u8 type, u8 flags, u8 first,
		      u8 sectors, u32 crc, u64 addr, u32 payload,
		      const struct dl_grained *how)
{
	*d = (struct dl_disk_desc) {
		.type = type,
		.flags = flags,
		.first = first,
		.sectors = sectors,
		.crc = cpu_to_le32(crc),
		.addr = cpu_to_le64(addr),
		.payload = cpu_to_le32(payload),
		.level = how->level,
		.temperature = how->temperature,
		.client = cpu_to_le16(how->client),
	};
}

/* Some sectors of a page: is more to be expected behind them? */
static int reserve_some(struct dl_volume *v, u64 page, u8 first, u8 sectors,
			struct dl_slot *s, u8 *confidence, struct dl_batch *b)
{
	u64 sector = (page << DL_PAGE_SECTOR_SHIFT) + first;
	int ret;

	s->room = dl_fuse_room(v, sector, sectors, confidence);
	ret = dl_log_reserve_room(&v->log, sectors, s, b);
	if (!ret && s->room)
		dl_fuse_kept(v, sector, s->room);
	return ret;
}

/* One page's worth of a write. @iter advances only on success. */
static int write_page(struct dl_volume *v, struct bio *bio,
		      struct bvec_iter *iter, u64 page, u8 first, u8 sectors,
		      struct dl_grained *how, struct dl_batch *b)
{
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pval val;
	struct dl_retire past;
	struct dl_slot s;
	struct bvec_iter saved = *iter;
	struct content c;
	u8 confidence = 0;
	bool fine;
	u32 idx, old;
	int ret = 0;

	past.nr = 0;
	c = (struct content) {
		.type = DL_REC_DATA, .stored = sectors,
	};

	spin_lock(&sh->lock);
	old = dl_pmap_find(&m->pm, bucket, page,
			   dl_pmap_span_mask(first, sectors));
	/* Once for each region that the write has. */
	if (how->level == DL_LEVEL_UNSAID || !(page & (DL_HEAT_PAGES - 1)))
		*how = dl_grain_write(&v->grain, bucket, page,
				      DIV_ROUND_UP(first + (iter->bi_size >>
							    DL_SECTOR_SHIFT),
						   DL_PAGE_SECTORS),
				      bio);
	if (old && rewrite(v, bio, iter, page, bucket, old, first,
			   sectors, b)) {
		dl_stat_add(v, DL_STAT_REWRITTEN, 1);
		goto out;
	}
	fine = old && (how->level >= DL_LEVEL_SUB ||
		       unlikely(dl_pent_delta(dl_pmap_ent(&m->pm, old))));
	if (fine || sectors < DL_PAGE_SECTORS) {
		struct dl_subwrite w = {
			.bio = bio, .iter = iter, .page = page, .sh = sh,
			.bucket = bucket, .old = old, .first = first,
			.sectors = sectors, .how = *how,
		};

		if (sectors < DL_PAGE_SECTORS && dl_fuse_fill(v, &w, b))
			goto out;
		if (fine)
			ret = dl_subpage_write(v, &w, b);
		if (ret) {
			ret = min(ret, 0);
			goto out;
		}
	}
	idx = dl_map_alloc(m, sh);
	if (unlikely(!idx)) {
		dl_reconcile_kick(&v->rc);
		ret = -EAGAIN;
		goto out;
	}
	if (unlikely(old && dl_history_wanted(v)))
		ret = dl_retire_begin(v, bucket, page, old,
				      dl_pmap_span_mask(first, sectors),
				      U64_MAX, &past);
	if (unlikely(ret)) {
		dl_reconcile_kick(&v->rc);
	} else {
		if (sectors == DL_PAGE_SECTORS &&
		    unlikely(dl_codec_try(&v->codec, page)))
			pack_page(v, bio, iter, page, &c);
		ret = c.codec ?
			dl_log_reserve_packed(&v->log, c.stored, &s, b) :
			sectors < DL_PAGE_SECTORS ?
			reserve_some(v, page, first, sectors, &s, &confidence, b) :
			dl_log_reserve(&v->log, c.stored, &s, b);
	}
	if (unlikely(ret)) {
		*iter = saved;
		dl_retire_cancel(v, &past);
		dl_map_free(m, sh, idx);
		goto out;
	}
	if (unlikely(past.nr))
		dl_retire_end(v, bucket, &past, s.seq);
	if (unlikely(c.bench))
		put_content(&s, &c);
	else
		dl_copy_in(s.mem, bio, iter, sectors << DL_SECTOR_SHIFT);
	val = (struct dl_pval) {
		.seq = s.seq, .loc = s.loc, .first = first, .sectors = sectors,
		.codec = c.codec, .stored = c.codec ? c.stored : 0,
		.flags = c.stored ? 0 : DL_PVAL_ZERO,
		.crc = c.stored ? dl_crc32c(c.data ?: s.mem,
					    c.stored << DL_SECTOR_SHIFT) : 0,
	};
	fill_desc(s.desc, c.type, 0, first, sectors, val.crc, page,
		  c.stored ? s.loc - s.frame->payload_start : 0, how);
	s.desc->codec = c.codec;
	s.desc->stored = cpu_to_le16(c.stored);
	if (s.room) {
		s.desc->flags = DL_DESC_FORESEEN;
		s.desc->confidence = confidence;
		s.desc->room = s.room;
	}
	trace_deltalog_record(v->md, s.seq, s.desc);
	dl_map_insert(m, sh, bucket, idx, page, &val);
	if (!old)
		dl_stat_add(v, DL_STAT_NEW_PAGES, 1);
	/* The next write of it is to find what it held. */
	if (how->level >= DL_LEVEL_SUB && sectors == DL_PAGE_SECTORS &&
	    c.stored)
		dl_base_keep(&v->base, bucket, page, s.seq,
			     c.bench ? c.bench->page : s.mem);
	dl_log_put(&s, b);
	if (unlikely(c.codec))
		dl_stat_packed(v, c.stored);
out:
	if (unlikely(c.bench))
		dl_bench_put(c.bench);
	spin_unlock(&sh->lock);
	return ret;
}

static int write_data(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		      struct dl_batch *b)
{
	struct dl_grained how = { .level = DL_LEVEL_UNSAID };

	while (io->iter.bi_size) {
		u64 sector = io->iter.bi_sector;
		u8 first = sector & (DL_PAGE_SECTORS - 1);
		u8 n = min_t(u32, DL_PAGE_SECTORS - first,
			     io->iter.bi_size >> DL_SECTOR_SHIFT);
		int ret = write_page(v, bio, &io->iter,
				     sector >> DL_PAGE_SECTOR_SHIFT, first, n,
				     &how, b);

		if (unlikely(ret))
			return ret;
	}
	return 0;
}

static int zero_page(struct dl_volume *v, u64 page, u8 first, u8 sectors,
		     u8 flags, struct dl_batch *b)
{
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	u8 mask = dl_pmap_span_mask(first, sectors);
	struct dl_retire past = { };
	struct dl_pval val;
	struct dl_slot s;
	int ret = -EAGAIN;
	u32 idx, old;

	spin_lock(&sh->lock);
	idx = dl_map_alloc(m, sh);
	if (!idx)
		dl_reconcile_kick(&v->rc);
	if (idx) {
		old = dl_pmap_find(&m->pm, bucket, page, mask);
		ret = dl_subpage_end(v, old, mask == 0xff, b);
		if (!ret && dl_history_wanted(v))
			ret = dl_retire_begin(v, bucket, page, old, mask,
					      U64_MAX, &past);
		if (!ret)
			ret = dl_log_reserve(&v->log, 0, &s, b);
		if (ret) {
			dl_retire_cancel(v, &past);
			dl_map_free(m, sh, idx);
		}
	}
	if (!ret) {
		dl_retire_end(v, bucket, &past, s.seq);
		val = (struct dl_pval) {
			.seq = s.seq, .first = first, .sectors = sectors,
			.flags = DL_PVAL_ZERO |
				(flags & DL_DESC_DISCARD ? DL_PVAL_DISCARD : 0) |
				(flags & DL_DESC_NOUNMAP ? DL_PVAL_NOUNMAP : 0),
		};
		fill_desc(s.desc, DL_REC_ZERO, flags, first, sectors, 0, page, 0,
			  &no_grain);
		trace_deltalog_record(v->md, s.seq, s.desc);
		dl_map_insert(m, sh, bucket, idx, page, &val);
		dl_log_put(&s, b);
	}
	spin_unlock(&sh->lock);
	return ret;
}

static int zero_run(struct dl_volume *v, u64 start, u32 sectors, u8 flags,
		    struct dl_batch *b)
{
	u64 end = start + sectors, newest;
	struct dl_slot s;
	int ret = -EAGAIN;

	write_lock(&v->runs.lock);
	/* Once: what there was room for is what is kept. */
	newest = dl_history_newest(v);
	if (dl_runs_room(&v->runs) &&
	    (!newest || !dl_history_run(v, start, end, newest, 0)))
		ret = dl_log_reserve(&v->log, 0, &s, b);
	if (!ret) {
		if (newest)
			dl_history_run(v, start, end, newest, s.seq);
		fill_desc(s.desc, DL_REC_ZERO_RUN, flags, 0, 0, 0, start,
			  sectors, &no_grain);
		trace_deltalog_record(v->md, s.seq, s.desc);
		dl_runs_insert(&v->runs, start, end, s.seq, flags);
		/* No record before this may take a later write's content. */
		dl_log_mark(&v->log, s.seq);
		dl_log_put(&s, b);
	}
	write_unlock(&v->runs.lock);
	if (ret == -EAGAIN)
		dl_reconcile_kick(&v->rc);
	return ret;
}

static int write_zeroes(struct dl_volume *v, struct bio *bio, struct dl_io *io,
			struct dl_batch *b)
{
	u8 flags = bio_op(bio) == REQ_OP_DISCARD ? DL_DESC_DISCARD :
		bio->bi_opf & REQ_NOUNMAP ? DL_DESC_NOUNMAP : 0;

	while (io->iter.bi_size) {
		u64 sector = io->iter.bi_sector;
		u32 left = io->iter.bi_size >> DL_SECTOR_SHIFT, n;
		u8 first = sector & (DL_PAGE_SECTORS - 1);
		int ret;

		if (bio_sectors(bio) > SMALL_RUN) {
			n = left;
			ret = zero_run(v, sector, n, flags, b);
		} else {
			n = min_t(u32, DL_PAGE_SECTORS - first, left);
			ret = zero_page(v, sector >> DL_PAGE_SECTOR_SHIFT,
					first, n, flags, b);
		}
		if (ret)
			return ret;
		io->iter.bi_sector += n;
		io->iter.bi_size -= n << DL_SECTOR_SHIFT;
	}
	return 0;
}

/* Go on with @bio where it stands: 0 when it was taken care of, or -EAGAIN. */
static int advance(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		   struct dl_batch *b)
{
	int ret;

	if (likely(bio_op(bio) == REQ_OP_WRITE))
		ret = write_data(v, bio, io, b);
	else
		ret = write_zeroes(v, bio, io, b);
	if (ret == -EAGAIN)
		return ret;
	if (unlikely(ret)) {
		bio_io_error(bio);
		return 0;
	}
	if (likely(bio_op(bio) == REQ_OP_WRITE)) {
		dl_stat_add(v, DL_STAT_USER_BYTES, bio->bi_iter.bi_size);
		dl_stat_add(v, DL_STAT_WRITES, 1);
		dl_foresee_note(v->foresee);
	}
	if (bio->bi_opf & REQ_FUA)
		dl_flush_then_end(v, bio, io, b);
	else
		bio_endio(bio);
	return 0;
}

static void defer(struct dl_volume *v, struct bio *bio, bool first)
{
	bool empty;

	spin_lock(&v->defer_lock);
	empty = bio_list_empty(&v->deferred);
	if (first)
		bio_list_add_head(&v->deferred, bio);
	else
		bio_list_add(&v->deferred, bio);
	WRITE_ONCE(v->nr_deferred, v->nr_deferred + 1);
	spin_unlock(&v->defer_lock);
	/*
	 * The worker may have found the list empty and gone; it does no harm
	 * to have it look again.
	 */
	if (empty && !first)
		dl_write_wake(v);
}

int dl_write_map(struct dl_volume *v, struct bio *bio, struct dl_io *io)
{
	struct dl_batch b;
	int ret = -EAGAIN;

	if (unlikely(dl_volume_mode(v) != DL_MODE_RW))
		return DM_MAPIO_KILL;
	dl_workload_add(&v->workload, bio);
	io->iter = bio->bi_iter;
	dl_batch_init(&b);
	if (likely(!READ_ONCE(v->nr_deferred) && !READ_ONCE(v->throttle.on)))
		ret = advance(v, bio, io, &b);
	if (unlikely(ret)) {
		dl_stat_add(v, DL_STAT_DEFERRED, 1);
		defer(v, bio, false);
	}
	dl_log_submit(&v->log, &b);
	return DM_MAPIO_SUBMITTED;
}

void dl_write_wake(struct dl_volume *v)
{
	queue_work(v->io_wq, &v->write_work);
}

static struct bio *next_deferred(struct dl_volume *v)
{
	struct bio *bio;

	spin_lock(&v->defer_lock);
	bio = bio_list_pop(&v->deferred);
	if (bio)
		WRITE_ONCE(v->nr_deferred, v->nr_deferred - 1);
	spin_unlock(&v->defer_lock);
	return bio;
}

/*
 * No room, and none to be expected: the origin takes no writes. Better an
 * error than a program that waits for ever.
 */
static bool hopeless(struct dl_volume *v)
{
	int err = READ_ONCE(v->rc.error);

	if (READ_ONCE(v->window.easing))
		return false;
	if (dl_volume_fails_full(v))
		return true;
	if (READ_ONCE(v->rc.failures) <= DL_READ_RETRIES ||
	    !dl_volume_starved(v))
		return false;
	/* That the past takes all room is no reason where it is to be waited for. */
	return !dl_volume_waits_full(v) || (err && err != -ENOSPC);
}

void dl_write_work(struct work_struct *work)
{
	struct dl_volume *v = container_of(work, struct dl_volume, write_work);
	struct dl_batch b;
	struct bio *bio;
	bool over, last;
	int ret = 0;

	dl_batch_init(&b);
	while (!ret && (bio = next_deferred(v))) {
		struct dl_io *io = dm_per_bio_data(bio, sizeof(*io));

		ret = -EAGAIN;
		over = dl_volume_mode(v) != DL_MODE_RW;
		last = !over && hopeless(v);
		/*
		 * What was let in once, or takes no room, is not charged; nor is
		 * who is to fail if there is no room for him.
		 */
		if (!over && (last || io->iter.bi_size != bio->bi_iter.bi_size ||
			      bio_op(bio) != REQ_OP_WRITE ||
			      dl_throttle_admit(&v->throttle,
						bio->bi_iter.bi_size)))
			ret = advance(v, bio, io, &b);
		/* A frame comes free in any case. */
		last &= READ_ONCE(v->log.starved) != DL_STARVED_FRAME;
		if (unlikely(ret && (over || last))) {
			bio->bi_status = READ_ONCE(v->full) ? BLK_STS_NOSPC :
							      BLK_STS_IOERR;
			bio_endio(bio);
			ret = 0;
		}
		if (ret)
			defer(v, bio, true);
		dl_log_submit(&v->log, &b);
		cond_resched();
	}
}
