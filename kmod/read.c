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
#include "lookup.h"
#include "msg.h"
#include "preserve.h"
#include "volume.h"

#define VERIFY_INLINE	4	/* pages checksummed in interrupt context */

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
			mask = dl_covered(pm, bucket, page, mask);
			if (mask >> first & 1)
				n = 0;
			else
				n = dl_same(mask, first, n);
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
	return dl_runs_find(&v->runs, sector, n, &len, NULL) ? 0 : len;
}

static int remap(struct bio *bio, struct block_device *bdev, u64 sector)
{
	bio_set_dev(bio, bdev);
	bio->bi_iter.bi_sector = sector;
	return DM_MAPIO_REMAPPED;
}

/* A whole page, stored plainly and all in sight: can be read in place. */
static bool whole_page(const struct dl_extent *x)
{
	return x->kind == DL_FROM_LOG && x->sectors == DL_PAGE_SECTORS &&
	       x->val.sectors == DL_PAGE_SECTORS && !x->val.codec;
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
			 struct dl_io *io, struct dl_extent *x)
{
	u64 sector = bio->bi_iter.bi_sector;
	u32 left = bio_sectors(bio) - DL_PAGE_SECTORS;
	struct dl_extent y;

	io->kind = DL_IO_LOG_READ;
	io->seg = x->seg;
	io->loc = x->val.loc;
	io->page = sector >> DL_PAGE_SECTOR_SHIFT;
	io->crc[0] = x->val.crc;
	io->nr_pages = 1;
	while (io->nr_pages < DL_IO_PAGES && left >= DL_PAGE_SECTORS) {
		sector += DL_PAGE_SECTORS;
		dl_look_up(v, io->at, sector, DL_PAGE_SECTORS, NULL, NULL, &y);
		if (y.seg)
			dl_put_segment(v, y.seg);
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

/*
 * Serve what comes first from memory, or find in @x what it is to be read from.
 * Return: sectors served; @x is of those behind.
 */
static u32 serve_memory(struct dl_volume *v, struct bio *bio, struct dl_io *io,
			struct dl_extent *x)
{
	u64 sector = bio->bi_iter.bi_sector;
	u32 total = bio_sectors(bio), done = 0;
	struct bvec_iter iter = bio->bi_iter;

	x->seg = NULL;
	while (done < total) {
		dl_look_up(v, io->at, sector + done, total - done, bio, &iter,
			   x);
		if (x->kind == DL_FROM_ZERO) {
			dl_copy_out(bio, &iter, NULL,
				    x->sectors << DL_SECTOR_SHIFT);
			dl_stat_add(v, DL_STAT_READ_ZERO, 1);
		} else if (x->kind == DL_FROM_RAM) {
			dl_stat_add(v, DL_STAT_READ_RAM, 1);
		} else {
			break;
		}
		done += x->sectors;
	}
	if (done && x->seg)
		dl_put_segment(v, x->seg);
	return done;
}

/* What is not in memory, and not the origin's. */
static int read_log(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		    struct dl_extent *x)
{
	if (whole_page(x) && fits_log(v, bio))
		return read_in_place(v, bio, io, x);
	if (x->seg)
		dl_put_segment(v, x->seg);
	if (x->sectors < bio_sectors(bio))
		dm_accept_partial_bio(bio, x->sectors);
	/* The map may have changed since, so only the size is fixed. */
	io->iter = bio->bi_iter;
	INIT_WORK(&io->work, read_slowly);
	queue_work(v->io_wq, &io->work);
	return DM_MAPIO_SUBMITTED;
}

static int end_early(struct bio *bio, u32 done)
{
	if (done < bio_sectors(bio))
		dm_accept_partial_bio(bio, done);
	bio_endio(bio);
	return DM_MAPIO_SUBMITTED;
}

int dl_read_map(struct dl_volume *v, struct bio *bio, struct dl_io *io)
{
	u64 sector = bio->bi_iter.bi_sector;
	u32 total = bio_sectors(bio), n;
	struct dl_extent x;

	n = clean_prefix(v, sector, total);
	if (likely(n == total))
		return remap(bio, v->origin.bdev, sector);
	if (n) {
		dm_accept_partial_bio(bio, n);
		return remap(bio, v->origin.bdev, sector);
	}
	io->at = DL_NOW;
	n = serve_memory(v, bio, io, &x);
	if (n)
		return end_early(bio, n);
	if (x.kind != DL_FROM_ORIGIN)
		return read_log(v, bio, io, &x);
	if (x.sectors < total)
		dm_accept_partial_bio(bio, x.sectors);
	return remap(bio, v->origin.bdev, sector);
}

/* How far beyond @n sectors the origin is what to read. */
static u32 origin_prefix(struct dl_volume *v, u64 at, u64 sector, u32 n,
			 u32 total)
{
	struct dl_extent x;

	while (n < total) {
		dl_look_up(v, at, sector + n, total - n, NULL, NULL, &x);
		if (x.seg)
			dl_put_segment(v, x.seg);
		if (x.kind != DL_FROM_ORIGIN)
			break;
		n += x.sectors;
	}
	return n;
}

int dl_read_past_map(struct dl_volume *v, struct bio *bio, struct dl_io *io)
{
	u64 sector = bio->bi_iter.bi_sector;
	u32 total = bio_sectors(bio), n;
	struct dl_extent x;

	io->phase = dl_past_enter(v);
	n = serve_memory(v, bio, io, &x);
	if (!n && x.kind == DL_FROM_ORIGIN) {
		n = origin_prefix(v, io->at, sector, x.sectors, total);
		if (n < total)
			dm_accept_partial_bio(bio, n);
		/* It leaves when the origin has answered. */
		io->kind = DL_IO_PAST_READ;
		return remap(bio, v->origin.bdev, sector);
	}
	dl_past_leave(v, io->phase);
	return n ? end_early(bio, n) : read_log(v, bio, io, &x);
}

/* ---- reads that take a worker ---- */

int dl_read_record(struct dl_volume *v, u64 loc, u32 sectors, u32 crc,
		   u64 page, void *buf)
{
	u32 bs = v->log.block_sectors;
	u64 start = round_down(loc, bs), end = round_up(loc + sectors, bs);
	int ret;

	/*
	 * A record lies within a page of its frame, hence within 4 KiB; only what
	 * is compressed may not, where blocks are small.
	 */
	if (unlikely(end - start > DL_PAGE_SECTORS))
		goto bad;
	ret = dl_blkio_read(&v->logio, start, end - start, buf);
	if (ret) {
		atomic64_inc(&v->read_errors);
		dl_err_limit("%s: log %pg: read error at sector %llu (page %llu)",
			     v->name, v->logio.bdev, loc, page);
		return ret;
	}
	ret = v->crypt.on ? dl_crypt_plain(&v->crypt, start, buf) : 0;
	if (ret) {
		atomic64_inc(ret == -EBADMSG ? &v->crc_errors : &v->read_errors);
		dl_err_limit("%s: log %pg: %s at sector %llu, %u sectors (page %llu)",
			     v->name, v->logio.bdev, ret == -EBADMSG ?
			     "does not decrypt, so it was changed," :
			     "the cipher failed", loc, sectors, page);
		return ret == -EBADMSG ? ret : -EIO;
	}
	if (loc != start)
		memmove(buf, buf + ((loc - start) << DL_SECTOR_SHIFT),
			sectors << DL_SECTOR_SHIFT);
	if (dl_crc32c(buf, sectors << DL_SECTOR_SHIFT) == crc)
		return 0;
bad:
	atomic64_inc(&v->crc_errors);
	dl_err_limit("%s: log %pg: checksum mismatch at sector %llu, %u sectors (page %llu)",
		     v->name, v->logio.bdev, loc, sectors, page);
	return -EBADMSG;
}

int dl_read_content(struct dl_volume *v, const struct dl_pval *val, u64 page,
		    void *buf)
{
	int ret = dl_read_record(v, val->loc, dl_pval_stored(val), val->crc,
				 page, buf);

	if (ret || !val->codec)
		return ret;
	ret = dl_codec_unpack_in_place(&v->codec, val->codec, val->stored, buf);
	if (ret) {
		atomic64_inc(&v->crc_errors);
		dl_err_limit("%s: log %pg: what is compressed at sector %llu, %u sectors, makes no page (page %llu)",
			     v->name, v->logio.bdev, val->loc, val->stored, page);
	}
	return ret;
}

static int read_extent(struct dl_volume *v, u64 sector, struct bio *bio,
		       struct bvec_iter *iter, struct dl_extent *x, void *buf)
{
	u8 first = sector & (DL_PAGE_SECTORS - 1);
	u32 bytes = x->sectors << DL_SECTOR_SHIFT;
	int ret = 0;

	switch (x->kind) {
	case DL_FROM_RAM:
		break;
	case DL_FROM_ZERO:
		dl_copy_out(bio, iter, NULL, bytes);
		break;
	case DL_FROM_ORIGIN:
		ret = dl_blkio_read(&v->origin, sector, x->sectors, buf);
		if (!ret)
			dl_copy_out(bio, iter, buf, bytes);
		break;
	case DL_FROM_LOG:
		ret = dl_read_content(v, &x->val,
				      sector >> DL_PAGE_SECTOR_SHIFT, buf);
		dl_put_segment(v, x->seg);
		if (!ret)
			dl_copy_out(bio, iter, buf + ((first - x->val.first) <<
						   DL_SECTOR_SHIFT), bytes);
		dl_stat_add(v, DL_STAT_READ_LOG, 1);
		break;
	case DL_FROM_LOST:
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
	struct dl_extent x;
	int ret = 0;

	while (!ret && io->iter.bi_size) {
		u64 sector = io->iter.bi_sector;

		if (io->at != DL_NOW)
			io->phase = dl_past_enter(v);
		dl_look_up(v, io->at, sector,
			   io->iter.bi_size >> DL_SECTOR_SHIFT, bio, &io->iter,
			   &x);
		ret = read_extent(v, sector, bio, &io->iter, &x,
				  page_address(page));
		if (io->at != DL_NOW)
			dl_past_leave(v, io->phase);
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
	dl_put_segment(io->v, io->seg);
	io->kind = DL_IO_PLAIN;
}

/* Page @i of what was read in place from an encrypted log: decrypt it, by way of @buf. */
static bool decrypt(struct dl_volume *v, struct bio *bio, struct dl_io *io, u32 i,
		    void *buf)
{
	struct bvec_iter iter = io->iter, from;

	bio_advance_iter(bio, &iter, i << DL_PAGE_SHIFT);
	from = iter;
	dl_copy_in(buf, bio, &from, DL_PAGE_BYTES);
	if (dl_crypt_plain(&v->crypt, io->loc + i * DL_PAGE_SECTORS, buf) ||
	    dl_crc32c(buf, DL_PAGE_BYTES) != io->crc[i])
		return false;
	dl_copy_out(bio, &iter, buf, DL_PAGE_BYTES);
	return true;
}

/* The first page from @i on that has to be read again, or nr_pages. */
static u32 next_bad(struct dl_volume *v, struct bio *bio, struct dl_io *io, u32 i,
		    struct page *page)
{
	if (!v->crypt.on)
		return verify(bio, io, i);
	while (i < io->nr_pages && decrypt(v, bio, io, i, page_address(page)))
		i++;
	return i;
}

static void verify_work(struct work_struct *work)
{
	struct dl_io *io = container_of(work, struct dl_io, work);
	struct dl_volume *v = io->v;
	struct bio *bio = dl_io_bio(io);
	struct page *page = mempool_alloc(v->pages, GFP_NOIO);
	int ret = 0;
	u32 i = 0;

	while (!ret && (i = next_bad(v, bio, io, i, page)) < io->nr_pages) {
		struct bvec_iter iter = io->iter;

		ret = dl_read_record(v, io->loc + i * DL_PAGE_SECTORS,
				     DL_PAGE_SECTORS, io->crc[i], io->page + i,
				     page_address(page));
		bio_advance_iter(bio, &iter, i << DL_PAGE_SHIFT);
		if (!ret)
			dl_copy_out(bio, &iter, page_address(page), DL_PAGE_BYTES);
		i++;
	}
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
	if (!v->crypt.on && io->nr_pages <= VERIFY_INLINE &&
	    verify(bio, io, 0) == io->nr_pages) {
		end_log_read(io);
		return DM_ENDIO_DONE;
	}
	INIT_WORK(&io->work, verify_work);
	queue_work(v->io_wq, &io->work);
	return DM_ENDIO_INCOMPLETE;
}
