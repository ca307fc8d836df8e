// SPDX-License-Identifier: GPL-2.0
/*
 * One job of reconcile. See job.h.
 */
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/slab.h>

#include "io.h"
#include "job.h"
#include "msg.h"
#include "space.h"
#include "subpage.h"

struct dl_job *dl_job_alloc(struct dl_volume *v, gfp_t gfp)
{
	struct dl_job *job = kvzalloc(sizeof(*job), gfp);
	u32 i;

	if (!job)
		return NULL;
	job->v = v;
	INIT_WORK(&job->work, dl_job_work);
	for (i = 0; i < DL_JOB_PAGES; i++) {
		job->mem[i] = alloc_page(gfp);
		if (!job->mem[i])
			goto fail;
	}
	return job;
fail:
	dl_job_free(job);
	return NULL;
}

void dl_job_free(struct dl_job *job)
{
	u32 i;

	for (i = 0; i < DL_JOB_PAGES && job->mem[i]; i++)
		__free_page(job->mem[i]);
	kvfree(job);
}

/* All of a page goes into one job, which then needs room for it. */
static bool job_full(const struct dl_job *job)
{
	return job->nr_pages == DL_JOB_PAGES ||
	       job->nr_items + DL_PAGE_SECTORS > DL_JOB_ITEMS ||
	       job->nr_keep + DL_PAGE_SECTORS > DL_JOB_ITEMS;
}

/* What is to be kept of the job's last page. Shard locked. */
static void plan_keep(struct dl_job *job, u32 bucket, u8 mask, u64 zeroed,
		      u64 when)
{
	struct dl_keep k[DL_PAGE_SECTORS];
	u32 n, i;

	n = dl_history_need(job->v, bucket, job->page[job->nr_pages - 1], mask,
			    zeroed, k);
	for (i = 0; i < n; i++) {
		if (when && k[i].until != when)
			continue;
		k[i].slot = job->nr_pages - 1;
		job->keep[job->nr_keep++] = k[i];
	}
}

bool dl_job_add_keep(struct dl_job *job, u64 page, u8 mask, u64 zeroed,
		     u64 when)
{
	struct dl_map *m = &job->v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page), n = job->nr_keep;
	struct dl_shard *sh = dl_map_shard(m, bucket);

	if (job_full(job))
		return false;
	job->page[job->nr_pages] = page;
	job->mask[job->nr_pages++] = 0;
	spin_lock(&sh->lock);
	plan_keep(job, bucket, mask, zeroed, when);
	spin_unlock(&sh->lock);
	if (job->nr_keep == n)
		job->nr_pages--;
	return true;
}

void dl_job_add(struct dl_job *job, u32 idx, u64 page, u64 goal, bool *full)
{
	struct dl_volume *v = job->v;
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	bool same = job->nr_pages && job->page[job->nr_pages - 1] == page;
	struct dl_pval val = { };
	struct dl_item *it;
	struct dl_pent *e;
	u8 mask = 0, keep;

	*full = !same && job_full(job);
	if (*full)
		return;

	spin_lock(&sh->lock);
	e = dl_pmap_ent(&m->pm, idx);
	if (dl_map_linked(m, bucket, idx) && dl_pent_page(e) == page &&
	    dl_pent_seq(e) <= goal) {
		dl_pmap_get(&m->pm, idx, &val);
		mask = val.mask & ~dl_volume_hidden(v, page, val.mask, val.seq,
						     U64_MAX);
	}
	/* What a rewind gave back to the origin is there already. */
	if (val.flags & DL_PVAL_ORIGIN)
		mask = 0;
	/* Of what is lost it will not be known since when: keep what was before. */
	keep = val.flags & DL_PVAL_LOST && val.seq <= v->settled ? 0 : mask;
	if (val.flags & DL_PVAL_LOST)
		mask = 0;
	if (!dl_history_wanted(v))
		keep = 0;
	if ((mask | keep) && !same) {
		job->page[job->nr_pages] = page;
		job->mask[job->nr_pages++] = 0;
	}
	if (keep)
		plan_keep(job, bucket, keep, goal, 0);
	spin_unlock(&sh->lock);
	if (!mask)
		return;

	job->mask[job->nr_pages - 1] |= mask;
	it = &job->items[job->nr_items++];
	*it = (struct dl_item) {
		.seq = val.seq, .loc = val.loc, .idx = idx, .crc = val.crc,
		.slot = job->nr_pages - 1, .first = val.first,
		.sectors = val.sectors, .mask = mask, .flags = val.flags,
		.codec = val.codec, .stored = val.stored,
	};
}

/* ---- bios whose end a job waits for ---- */

struct job_io {
	atomic_t left;
	blk_status_t status;
	struct completion done;
};

static void job_io_init(struct job_io *jio)
{
	atomic_set(&jio->left, 1);
	jio->status = BLK_STS_OK;
	init_completion(&jio->done);
}

static void job_io_put(struct job_io *jio)
{
	if (atomic_dec_and_test(&jio->left))
		complete(&jio->done);
}

static void job_endio(struct bio *bio)
{
	struct job_io *jio = bio->bi_private;

	if (bio->bi_status)
		jio->status = bio->bi_status;
	bio_put(bio);
	job_io_put(jio);
}

static struct bio *job_bio(struct bio_set *bios, struct job_io *jio,
			   struct block_device *bdev, blk_opf_t opf,
			   u64 sector, u32 vecs)
{
	struct bio *bio = bio_alloc_bioset(bdev, vecs, opf, GFP_NOIO, bios);

	bio->bi_iter.bi_sector = sector;
	bio->bi_private = jio;
	bio->bi_end_io = job_endio;
	atomic_inc(&jio->left);
	return bio;
}

static blk_status_t job_io_wait(struct job_io *jio)
{
	job_io_put(jio);
	wait_for_completion_io(&jio->done);
	return jio->status;
}

/* The sectors of the origin that are to be kept, where they will be needed. */
static blk_status_t read_origin(struct dl_job *job)
{
	struct dl_volume *v = job->v;
	struct job_io jio;
	struct bio *bio = NULL;
	u64 next = 0;
	u32 i;

	job_io_init(&jio);
	for (i = 0; i < job->nr_keep; i++) {
		const struct dl_keep *k = &job->keep[i];
		u64 at = (job->page[k->slot] << DL_PAGE_SECTOR_SHIFT) + k->first;

		if (bio && (at != next || bio->bi_vcnt == BIO_MAX_VECS)) {
			submit_bio(bio);
			bio = NULL;
		}
		if (!bio)
			bio = job_bio(&v->rc.bios, &jio, v->origin.bdev,
				      REQ_OP_READ, at, BIO_MAX_VECS);
		__bio_add_page(bio, job->mem[k->slot],
			       k->sectors << DL_SECTOR_SHIFT,
			       k->first << DL_SECTOR_SHIFT);
		next = at + k->sectors;
	}
	if (bio)
		submit_bio(bio);
	return job_io_wait(&jio);
}

/* One stretch by itself; what cannot be read is lost to the snapshots. */
static void read_kept(struct dl_job *job, struct dl_keep *k)
{
	struct dl_volume *v = job->v;
	u64 at = (job->page[k->slot] << DL_PAGE_SECTOR_SHIFT) + k->first;

	if (!dl_blkio_read(&v->origin, at, k->sectors,
			   page_address(job->mem[k->slot]) +
			   (k->first << DL_SECTOR_SHIFT)))
		return;
	k->flags = DL_PVAL_LOST;
	dl_err_limit("%s: origin %pg: read error at sector %llu: snapshots that need it lose these %u sectors",
		     v->name, v->origin.bdev, at, k->sectors);
}

/* Before anything is written: what the snapshots need of the origin. */
static int keep_origin(struct dl_job *job)
{
	struct dl_volume *v = job->v;
	struct dl_reconcile *rc = &v->rc;
	int ret;
	u32 i;

	if (!job->nr_keep)
		return 0;
	if (read_origin(job)) {
		atomic64_inc(&rc->origin_errors);
		if (READ_ONCE(rc->failures) < DL_READ_RETRIES) {
			dl_err_limit("%s: origin %pg: read error near sector %llu: will try again",
				     v->name, v->origin.bdev,
				     job->page[0] << DL_PAGE_SECTOR_SHIFT);
			atomic_set(&rc->io_error, DL_ORIGIN_FAILED);
			return -EIO;
		}
		for (i = 0; i < job->nr_keep; i++)
			read_kept(job, &job->keep[i]);
	}
	ret = dl_preserve(v, &job->index, job->keep, job->nr_keep, job->page,
			  job->mem);
	if (ret)
		atomic_set(&rc->io_error, ret == -EBUSY ? DL_STOPPED :
			   ret == -ENOSPC ? DL_NO_ROOM : DL_LOG_UNREADABLE);
	return ret;
}

static bool plain_page(const struct dl_item *it)
{
	return !(it->flags & (DL_PVAL_ZERO | DL_PVAL_DELTA)) && !it->codec &&
	       it->sectors == DL_PAGE_SECTORS && it->mask == 0xff;
}

/* What is still in memory is not read again. @to: as it is stored. */
static bool from_memory(struct dl_job *job, const struct dl_item *it, void *to)
{
	u8 sectors = it->codec ? it->stored : it->sectors;
	struct dl_log *l = &job->v->log;
	struct dl_slot s;

	if (!dl_log_read_pin(l, it->loc, &s))
		return false;
	dl_frame_copy_out(s.frame, s.at, to, sectors << DL_SECTOR_SHIFT);
	dl_log_read_put(&s);
	return true;
}

/* The same, verified, and what it says. */
static bool content_from_memory(struct dl_job *job, const struct dl_item *it,
				void *to)
{
	u8 sectors = it->codec ? it->stored : it->sectors;

	return from_memory(job, it, to) &&
	       dl_crc32c(to, sectors << DL_SECTOR_SHIFT) == it->crc &&
	       (!it->codec ||
		!dl_codec_unpack_in_place(&job->v->codec, it->codec, it->stored,
					  to));
}

/* Whole pages come straight into place, neighbours in the log together. */
static void read_pages(struct dl_job *job)
{
	struct dl_volume *v = job->v;
	struct job_io jio;
	struct bio *bio = NULL;
	u64 next = 0;
	u32 i;

	job_io_init(&jio);
	for (i = 0; i < job->nr_items; i++) {
		struct dl_item *it = &job->items[i];
		struct page *page = job->mem[it->slot];

		if (!plain_page(it) || from_memory(job, it, page_address(page)))
			continue;
		if (bio && (it->loc != next || bio->bi_vcnt == BIO_MAX_VECS)) {
			submit_bio(bio);
			bio = NULL;
		}
		if (!bio)
			bio = job_bio(&v->rc.bios, &jio, v->logio.bdev,
				      REQ_OP_READ, it->loc,
				      min_t(u32, job->nr_items - i,
					    BIO_MAX_VECS));
		__bio_add_page(bio, page, DL_PAGE_BYTES, 0);
		next = it->loc + DL_PAGE_SECTORS;
	}
	if (bio)
		submit_bio(bio);
	/* Errors show up as checksums that do not match, and are read again. */
	job_io_wait(&jio);
}

static void copy_sectors(void *to, const void *from, u8 mask)
{
	u32 i;

	for (i = 0; i < DL_PAGE_SECTORS; i++)
		if (mask >> i & 1)
			memcpy(to + (i << DL_SECTOR_SHIFT),
			       from + (i << DL_SECTOR_SHIFT), DL_SECTOR_BYTES);
}

static void clear_sectors(void *to, u8 mask)
{
	u32 i;

	for (i = 0; i < DL_PAGE_SECTORS; i++)
		if (mask >> i & 1)
			memset(to + (i << DL_SECTOR_SHIFT), 0, DL_SECTOR_BYTES);
}

/*
 * What deltas have made of a page. If it is no more, newer ones have come, and the
 * page is none of the goal's any more; unless it was logged whole meanwhile.
 */
static bool settle_chain(struct dl_job *job, struct dl_item *it, void *bounce)
{
	struct dl_volume *v = job->v;
	u64 page = job->page[it->slot];
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, page);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pent *e = dl_pmap_ent(&m->pm, it->idx);
	struct dl_pval val = { .flags = DL_PVAL_DELTA };

	if (dl_subpage_copy(v, page, it->idx, it->seq, bounce)) {
		copy_sectors(page_address(job->mem[it->slot]), bounce, it->mask);
		return true;
	}
	spin_lock(&sh->lock);
	if (dl_map_linked(m, bucket, it->idx) && dl_pent_page(e) == page &&
	    dl_pent_seq(e) == it->seq)
		dl_pmap_get(&m->pm, it->idx, &val);
	spin_unlock(&sh->lock);
	if (val.flags & DL_PVAL_DELTA) {
		job->mask[it->slot] &= ~it->mask;
		return true;
	}
	it->flags = val.flags;
	it->loc = val.loc;
	it->crc = val.crc;
	it->codec = val.codec;
	it->stored = val.stored;
	return false;
}

/* Have @it's sectors in place, or find that it is unreadable. */
static int settle_item(struct dl_job *job, struct dl_item *it, void *bounce)
{
	struct dl_volume *v = job->v;
	void *to = page_address(job->mem[it->slot]);
	int ret;

	if (it->flags & DL_PVAL_ZERO) {
		clear_sectors(to, it->mask);
		return 0;
	}
	if (it->flags & DL_PVAL_DELTA && settle_chain(job, it, bounce))
		return 0;
	if (plain_page(it) && dl_crc32c(to, DL_PAGE_BYTES) == it->crc)
		return 0;
	if (content_from_memory(job, it, bounce)) {
		ret = 0;
	} else {
		const struct dl_pval val = {
			.loc = it->loc, .crc = it->crc, .sectors = it->sectors,
			.codec = it->codec, .stored = it->stored,
		};

		ret = dl_read_content(v, &val, job->page[it->slot], bounce);
	}
	if (!ret)
		copy_sectors(to, bounce - (it->first << DL_SECTOR_SHIFT),
			     it->mask);
	return ret;
}

/*
 * The sectors of a record that cannot be read become lost: an entry that says
 * so takes its place, so that reading them is an error until they are written
 * again. A checksum that does not match will not match later; a device that
 * does not answer may.
 */
static bool lose_item(struct dl_job *job, struct dl_item *it)
{
	struct dl_volume *v = job->v;
	u64 page = job->page[it->slot];

	/* More than a checkpoint can hold would be forgotten by the next life. */
	if (atomic_read(&v->nr_lost) >= v->lost_max) {
		dl_err_limit("%s: more pages damaged than can be kept track of (%u): reconcile stops; overwrite or discard them",
			     v->name, v->lost_max);
		return false;
	}
	if (!dl_map_lose(&v->map, page, it->idx, it->seq))
		return true;
	atomic_inc(&v->nr_lost);
	dl_err_limit("%s: page %llu, sectors %u to %u: lost to damage of the log at sector %llu; reading them fails until they are written again",
		     v->name, page, it->first, it->first + it->sectors - 1,
		     it->loc);
	return true;
}

static void settle_items(struct dl_job *job)
{
	struct dl_volume *v = job->v;
	struct page *bounce = mempool_alloc(v->pages, GFP_NOIO);
	/* Only a full log forces the issue. */
	bool give_up = READ_ONCE(v->rc.read_failures) >= DL_READ_RETRIES &&
		       dl_volume_starved(v);
	u32 i;

	for (i = 0; i < job->nr_items; i++) {
		struct dl_item *it = &job->items[i];

		it->err = settle_item(job, it, page_address(bounce));
		if (!it->err)
			continue;
		job->mask[it->slot] &= ~it->mask;
		if (!((it->err == -EBADMSG || give_up) && lose_item(job, it)))
			atomic_set(&v->rc.io_error, DL_LOG_UNREADABLE);
	}
	mempool_free(bounce, v->pages);
}

/* Write every stretch of sectors without a gap with one bio. */
static blk_status_t write_origin(struct dl_job *job)
{
	struct dl_volume *v = job->v;
	struct job_io jio;
	struct bio *bio = NULL;
	u64 next = 0, sectors = 0;
	u32 i, from, to;

	job_io_init(&jio);
	for (i = 0; i < job->nr_pages; i++) {
		u64 base = job->page[i] << DL_PAGE_SECTOR_SHIFT;

		for (from = 0; from < DL_PAGE_SECTORS; from = to) {
			bool set = job->mask[i] >> from & 1;

			for (to = from + 1; to < DL_PAGE_SECTORS &&
			     (job->mask[i] >> to & 1) == set; to++)
				;
			if (!set)
				continue;
			if (bio && (base + from != next ||
				    bio->bi_vcnt == BIO_MAX_VECS)) {
				submit_bio(bio);
				bio = NULL;
			}
			if (!bio)
				bio = job_bio(&v->rc.bios, &jio,
					      v->origin.bdev, REQ_OP_WRITE,
					      base + from, BIO_MAX_VECS);
			__bio_add_page(bio, job->mem[i],
				       (to - from) << DL_SECTOR_SHIFT,
				       from << DL_SECTOR_SHIFT);
			next = base + to;
			sectors += to - from;
		}
		dl_fingerprint_forget(&v->fp, job->page[i], 1);
	}
	if (bio)
		submit_bio(bio);
	atomic64_add(sectors, &v->rc.sectors);
	atomic64_add(job->nr_pages, &v->rc.pages);
	return job_io_wait(&jio);
}

void dl_job_work(struct work_struct *work)
{
	struct dl_job *job = container_of(work, struct dl_job, work);
	struct dl_volume *v = job->v;
	struct dl_reconcile *rc = &v->rc;
	unsigned int noio = memalloc_noio_save();

	if (keep_origin(job))
		goto out;
	if (job->nr_items) {
		read_pages(job);
		settle_items(job);
	}
	if (job->nr_items && write_origin(job)) {
		atomic64_inc(&rc->origin_errors);
		atomic_set(&rc->io_error, DL_ORIGIN_FAILED);
		dl_err_limit("%s: origin %pg: write error near sector %llu: what is in the log stays there, will try again",
			     v->name, v->origin.bdev,
			     job->page[0] << DL_PAGE_SECTOR_SHIFT);
	}
out:
	memalloc_noio_restore(noio);
	/* Pairs with the acquire in idle_job(): the job is free as a whole. */
	smp_store_release(&job->busy, false);
	wake_up(&rc->job_done);
}
