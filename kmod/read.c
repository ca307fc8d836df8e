// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a read: where nothing is recorded the bio goes straight on to the
 * origin; a whole page stored plainly is read from the log in place and
 * verified when it arrives; everything else is put together here.
 *
 * A payload that does not match its checksum is read once more into memory of
 * our own before anyone is told: the buffer of a direct read belongs to a
 * program that may write to it meanwhile.
 */
#include <linux/blkdev.h>
#include <linux/highmem.h>

#include "io.h"
#include "msg.h"
#include "volume.h"

#define VERIFY_INLINE	4	/* pages checksummed in interrupt context */

enum kind { ORIGIN, ZERO, RAM, LOG, LOST };

/* What a stretch of sectors of one page is to be read from. */
struct extent {
	enum kind kind;
	u32 sectors;
	struct dl_pval val;		/* of the record, unless ORIGIN */
	struct dl_segment *seg;		/* LOG: reference held */
};

static void put_segment(struct dl_volume *v, struct dl_segment *seg)
{
	if (atomic_dec_and_test(&seg->readers))
		wake_up(&v->rc.readers);
}

static void copy_out(struct bio *bio, struct bvec_iter *iter, const void *src,
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

/* How many sectors from @first on @mask has, or has not, like @first. */
static u32 same(u8 mask, u8 first, u32 max)
{
	bool set = mask >> first & 1;
	u32 n;

	for (n = 1; n < max && (mask >> (first + n) & 1) == set; n++)
		;
	return n;
}

/* Sectors of @want that any record of @page holds. Shard locked. */
static u8 covered(struct dl_pmap *pm, u32 bucket, u64 page, u8 want)
{
	u8 mask = 0;
	u32 idx;

	while ((idx = dl_pmap_find(pm, bucket, page, want & ~mask)))
		mask |= dl_pmap_ent(pm, idx)->mask;
	return mask;
}

/*
 * Find out what the sectors at @sector are to be read from, as far as it is
 * one thing, at most to the end of their page. If it is a frame in memory,
 * they are copied to @bio (unless NULL) here, while the shard's lock keeps
 * writers away.
 */
static void look_up(struct dl_volume *v, u64 sector, u32 max,
		    struct bio *bio, struct bvec_iter *iter, struct extent *x)
{
	struct dl_pmap *pm = &v->map.pm;
	u64 page = sector >> DL_PAGE_SECTOR_SHIFT;
	u8 first = sector & (DL_PAGE_SECTORS - 1);
	u32 bucket = dl_pmap_bucket(pm, page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	struct dl_slot s;
	u64 run, len;
	u32 idx;

	max = min_t(u32, max, DL_PAGE_SECTORS - first);
	x->seg = NULL;
	spin_lock(&sh->lock);
	idx = dl_pmap_find(pm, bucket, page, 1U << first);
	if (idx) {
		dl_pmap_get(pm, idx, &x->val);
		x->sectors = same(x->val.mask, first, max);
	} else {
		x->val.seq = 0;
		x->sectors = same(covered(pm, bucket, page,
					  dl_pmap_span_mask(first, max)),
				  first, max);
	}
	if (unlikely(!dl_runs_none(&v->runs))) {
		run = dl_runs_find(&v->runs, sector, x->sectors, &len);
		x->sectors = len;
		if (run > x->val.seq) {
			x->kind = ZERO;
			goto out;
		}
	}
	if (!idx) {
		x->kind = ORIGIN;
	} else if (x->val.flags & DL_PVAL_LOST) {
		x->kind = LOST;
	} else if (x->val.flags & DL_PVAL_ZERO) {
		x->kind = ZERO;
	} else if (dl_log_read_pin(&v->log, x->val.seq, x->val.loc, &s)) {
		x->kind = RAM;
		if (bio)
			copy_out(bio, iter, s.mem +
				 ((first - x->val.first) << DL_SECTOR_SHIFT),
				 x->sectors << DL_SECTOR_SHIFT);
		dl_log_read_put(&s);
	} else {
		x->kind = LOG;
		x->seg = dl_segment_at(&v->log.segs, x->val.loc);
		atomic_inc(&x->seg->readers);
	}
out:
	spin_unlock(&sh->lock);
}

/* Sectors from @sector on, at most @max, that no entry of the map holds. */
static u32 unmapped_prefix(struct dl_volume *v, u64 sector, u32 max)
{
	struct dl_pmap *pm = &v->map.pm;
	u64 page = sector >> DL_PAGE_SECTOR_SHIFT;
	u32 first = sector & (DL_PAGE_SECTORS - 1);
	u32 done = 0, n, bucket;
	u8 mask;

	for (; done < max; done += n, first = 0, page++) {
		n = min(DL_PAGE_SECTORS - first, max - done);
		bucket = dl_pmap_bucket(pm, page);
		if (likely(dl_pmap_empty(pm, bucket)))
			continue;
		spin_lock(&dl_map_shard(&v->map, bucket)->lock);
		mask = dl_pmap_span_mask(first, n);
		if (!dl_pmap_find(pm, bucket, page, mask)) {
			mask = 0;
		} else {
			mask = covered(pm, bucket, page, mask);
			if (mask >> first & 1)
				n = 0;
			else
				n = same(mask, first, n);
		}
		spin_unlock(&dl_map_shard(&v->map, bucket)->lock);
		if (mask)
			return done + n;
	}
	return done;
}

/*
 * Sectors from @sector on, at most @max, for which nothing is recorded. The
 * map first: an entry that goes because a run hides it goes after that run
 * has come.
 */
static u32 clean_prefix(struct dl_volume *v, u64 sector, u32 max)
{
	u32 n = unmapped_prefix(v, sector, max);
	u64 len;

	if (likely(!n || dl_runs_none(&v->runs)))
		return n;
	return dl_runs_find(&v->runs, sector, n, &len) ? 0 : len;
}

static int remap(struct bio *bio, struct block_device *bdev, u64 sector)
{
	bio_set_dev(bio, bdev);
	bio->bi_iter.bi_sector = sector;
	return DM_MAPIO_REMAPPED;
}

/* A whole page, stored plainly and all in sight: can be read in place. */
static bool whole_page(const struct extent *x)
{
	return x->kind == LOG && x->sectors == DL_PAGE_SECTORS &&
	       x->val.sectors == DL_PAGE_SECTORS;
}

/*
 * Is @bio fit to be sent on to the log? The volume has the origin's block size,
 * and a log with larger blocks could not split what is in smaller pieces.
 */
static bool fits_log(struct dl_volume *v, struct bio *bio)
{
	unsigned int mask = bdev_logical_block_size(v->logio.bdev) - 1;
	struct bvec_iter iter;
	struct bio_vec bv;

	if (likely(mask < DL_SECTOR_BYTES))
		return true;
	bio_for_each_segment(bv, bio, iter)
		if ((bv.bv_offset | bv.bv_len) & mask)
			return false;
	return true;
}

/* Read @x and the pages that follow it in the log, straight into @bio. */
static int read_in_place(struct dl_volume *v, struct bio *bio,
			 struct dl_io *io, struct extent *x)
{
	u64 sector = bio->bi_iter.bi_sector;
	u32 left = bio_sectors(bio) - DL_PAGE_SECTORS;
	struct extent y;

	io->kind = DL_IO_LOG_READ;
	io->seg = x->seg;
	io->loc = x->val.loc;
	io->page = sector >> DL_PAGE_SECTOR_SHIFT;
	io->crc[0] = x->val.crc;
	io->nr_pages = 1;
	while (io->nr_pages < DL_IO_PAGES && left >= DL_PAGE_SECTORS) {
		sector += DL_PAGE_SECTORS;
		look_up(v, sector, DL_PAGE_SECTORS, NULL, NULL, &y);
		if (y.seg)
			put_segment(v, y.seg);
		if (!whole_page(&y) || y.seg != x->seg ||
		    y.val.loc != io->loc + io->nr_pages * DL_PAGE_SECTORS)
			break;
		io->crc[io->nr_pages++] = y.val.crc;
		left -= DL_PAGE_SECTORS;
	}
	if (left)
		dm_accept_partial_bio(bio, io->nr_pages * DL_PAGE_SECTORS);
	io->iter = bio->bi_iter;
	dl_stat_add(v, DL_STAT_READ_LOG, 1);
	return remap(bio, v->logio.bdev, io->loc);
}

static void read_slowly(struct work_struct *work);
static void verify_work(struct work_struct *work);

int dl_read_map(struct dl_volume *v, struct bio *bio, struct dl_io *io)
{
	u64 sector = bio->bi_iter.bi_sector;
	u32 total = bio_sectors(bio), n, done = 0;
	struct bvec_iter iter;
	struct extent x;

	n = clean_prefix(v, sector, total);
	if (likely(n == total))
		return remap(bio, v->origin.bdev, sector);
	if (n) {
		dm_accept_partial_bio(bio, n);
		return remap(bio, v->origin.bdev, sector);
	}

	iter = bio->bi_iter;
	while (done < total) {
		look_up(v, sector + done, total - done, bio, &iter, &x);
		if (x.kind == ZERO) {
			copy_out(bio, &iter, NULL, x.sectors << DL_SECTOR_SHIFT);
			dl_stat_add(v, DL_STAT_READ_ZERO, 1);
		} else if (x.kind == RAM) {
			dl_stat_add(v, DL_STAT_READ_RAM, 1);
		} else {
			break;
		}
		done += x.sectors;
	}
	if (done) {
		if (done < total) {
			if (x.seg)
				put_segment(v, x.seg);
			dm_accept_partial_bio(bio, done);
		}
		bio_endio(bio);
		return DM_MAPIO_SUBMITTED;
	}
	if (whole_page(&x) && fits_log(v, bio))
		return read_in_place(v, bio, io, &x);
	if (x.seg)
		put_segment(v, x.seg);
	if (x.sectors < total)
		dm_accept_partial_bio(bio, x.sectors);
	/* The map may have changed since, so only the size is fixed. */
	if (x.kind == ORIGIN)
		return remap(bio, v->origin.bdev, sector);
	io->iter = bio->bi_iter;
	INIT_WORK(&io->work, read_slowly);
	queue_work(v->io_wq, &io->work);
	return DM_MAPIO_SUBMITTED;
}

/* ---- reads that take a worker ---- */

int dl_read_record(struct dl_volume *v, u64 loc, u32 sectors, u32 crc,
		   u64 page, void *buf)
{
	u32 bs = v->log.block_sectors;
	u64 start = round_down(loc, bs), end = round_up(loc + sectors, bs);
	int ret;

	/* A record lies within a page of its frame, hence within 4 KiB. */
	ret = dl_blkio_read(&v->logio, start, end - start, buf);
	if (ret) {
		atomic64_inc(&v->read_errors);
		dl_err_limit("%s: log %pg: read error at sector %llu (page %llu)",
			     v->name, v->logio.bdev, loc, page);
		return ret;
	}
	if (loc != start)
		memmove(buf, buf + ((loc - start) << DL_SECTOR_SHIFT),
			sectors << DL_SECTOR_SHIFT);
	if (dl_crc32c(buf, sectors << DL_SECTOR_SHIFT) == crc)
		return 0;
	atomic64_inc(&v->crc_errors);
	dl_err_limit("%s: log %pg: checksum mismatch at sector %llu, %u sectors (page %llu)",
		     v->name, v->logio.bdev, loc, sectors, page);
	return -EBADMSG;
}

static int read_extent(struct dl_volume *v, u64 sector, struct bio *bio,
		       struct bvec_iter *iter, struct extent *x, void *buf)
{
	u8 first = sector & (DL_PAGE_SECTORS - 1);
	u32 bytes = x->sectors << DL_SECTOR_SHIFT;
	int ret = 0;

	switch (x->kind) {
	case RAM:
		break;
	case ZERO:
		copy_out(bio, iter, NULL, bytes);
		break;
	case ORIGIN:
		ret = dl_blkio_read(&v->origin, sector, x->sectors, buf);
		if (!ret)
			copy_out(bio, iter, buf, bytes);
		break;
	case LOG:
		ret = dl_read_record(v, x->val.loc, x->val.sectors, x->val.crc,
				     sector >> DL_PAGE_SECTOR_SHIFT, buf);
		put_segment(v, x->seg);
		if (!ret)
			copy_out(bio, iter, buf + ((first - x->val.first) <<
						   DL_SECTOR_SHIFT), bytes);
		dl_stat_add(v, DL_STAT_READ_LOG, 1);
		break;
	case LOST:
		dl_err_limit("%s: page %llu was lost to damage of the log: overwrite or discard it",
			     v->name, sector >> DL_PAGE_SECTOR_SHIFT);
		ret = -EIO;
		break;
	}
	return ret;
}

static void read_slowly(struct work_struct *work)
{
	struct dl_io *io = container_of(work, struct dl_io, work);
	struct dl_volume *v = io->v;
	struct bio *bio = dl_io_bio(io);
	struct page *page = mempool_alloc(v->pages, GFP_NOIO);
	struct extent x;
	int ret = 0;

	while (!ret && io->iter.bi_size) {
		u64 sector = io->iter.bi_sector;

		look_up(v, sector, io->iter.bi_size >> DL_SECTOR_SHIFT, bio,
			&io->iter, &x);
		ret = read_extent(v, sector, bio, &io->iter, &x,
				  page_address(page));
	}
	mempool_free(page, v->pages);
	if (ret)
		bio->bi_status = BLK_STS_IOERR;
	bio_endio(bio);
}

/* The first page of @bio that does not match, or nr_pages. */
static u32 verify(struct bio *bio, struct dl_io *io, u32 from)
{
	struct bvec_iter iter = io->iter;
	u32 i;

	bio_advance_iter(bio, &iter, from << DL_PAGE_SHIFT);
	for (i = from; i < io->nr_pages; i++) {
		u32 crc = ~0U, left = DL_PAGE_BYTES;

		while (left) {
			struct bio_vec bv = bio_iter_iovec(bio, iter);
			unsigned int n = min(left, bv.bv_len);
			void *p = bvec_kmap_local(&bv);

			crc = dl_crc32c_feed(crc, p, n);
			kunmap_local(p);
			bio_advance_iter_single(bio, &iter, n);
			left -= n;
		}
		if (~crc != io->crc[i])
			break;
	}
	return i;
}

static void end_log_read(struct dl_io *io)
{
	put_segment(io->v, io->seg);
	io->kind = DL_IO_PLAIN;
}

static void verify_work(struct work_struct *work)
{
	struct dl_io *io = container_of(work, struct dl_io, work);
	struct dl_volume *v = io->v;
	struct bio *bio = dl_io_bio(io);
	struct page *page = NULL;
	int ret = 0;
	u32 i = 0;

	while (!ret && (i = verify(bio, io, i)) < io->nr_pages) {
		struct bvec_iter iter = io->iter;

		if (!page)
			page = mempool_alloc(v->pages, GFP_NOIO);
		ret = dl_read_record(v, io->loc + i * DL_PAGE_SECTORS,
				     DL_PAGE_SECTORS, io->crc[i], io->page + i,
				     page_address(page));
		bio_advance_iter(bio, &iter, i << DL_PAGE_SHIFT);
		if (!ret)
			copy_out(bio, &iter, page_address(page), DL_PAGE_BYTES);
		i++;
	}
	if (page)
		mempool_free(page, v->pages);
	end_log_read(io);
	if (ret)
		bio->bi_status = BLK_STS_IOERR;
	bio_endio(bio);
}

int dl_read_end(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		blk_status_t *error)
{
	if (unlikely(*error)) {
		atomic64_inc(&v->read_errors);
		dl_err_limit("%s: log %pg: read error at sector %llu, %u pages (page %llu)",
			     v->name, v->logio.bdev, io->loc, io->nr_pages,
			     io->page);
		end_log_read(io);
		return DM_ENDIO_DONE;
	}
	if (io->nr_pages <= VERIFY_INLINE &&
	    verify(bio, io, 0) == io->nr_pages) {
		end_log_read(io);
		return DM_ENDIO_DONE;
	}
	INIT_WORK(&io->work, verify_work);
	queue_work(v->io_wq, &io->work);
	return DM_ENDIO_INCOMPLETE;
}
