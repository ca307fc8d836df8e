// SPDX-License-Identifier: GPL-2.0
/*
 * Samples of the origin's pages. See fingerprint.h.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "fingerprint.h"

/* Where file systems and volume managers keep what a mount changes. */
static const u64 favourites[] = { 0, 1, 2, 3, 16, 32 };

static void add_sample(struct dl_fingerprint *fp, u64 page, u64 pages)
{
	u32 i;

	if (page >= pages || fp->nr == DL_SAMPLES)
		return;
	for (i = 0; i < fp->nr; i++)
		if (fp->s[i].page == page)
			return;
	fp->s[fp->nr++] = (struct dl_cp_sample) { .page = page };
}

void dl_fingerprint_init(struct dl_fingerprint *fp, u64 pages)
{
	u64 step = pages / DL_SAMPLES;
	u32 i;

	spin_lock_init(&fp->lock);
	fp->nr = 0;
	for (i = 0; i < ARRAY_SIZE(favourites); i++)
		add_sample(fp, favourites[i], pages);
	if (pages)
		add_sample(fp, pages - 1, pages);
	/* Off the beat, so as not to sample one column of a striped layout. */
	for (i = 0; i < DL_SAMPLES && step; i++)
		add_sample(fp, i * step + (i * 2654435761U) % step, pages);
}

void dl_fingerprint_load(struct dl_fingerprint *fp, const void *body,
			 size_t bytes, u64 pages)
{
	struct dl_cp_sample s;
	u32 i;

	fp->nr = 0;
	for (i = 0; i < bytes / sizeof(struct dl_disk_sample) &&
	     fp->nr < DL_SAMPLES; i++)
		if (dl_cp_get_sample(&s, body, bytes, i) == DL_OK &&
		    s.page < pages)
			fp->s[fp->nr++] = s;
}

void dl_fingerprint_save(struct dl_fingerprint *fp, struct dl_cp_writer *w)
{
	u32 i;

	spin_lock(&fp->lock);
	for (i = 0; i < fp->nr; i++)
		dl_cp_put_sample(w, &fp->s[i]);
	spin_unlock(&fp->lock);
}

void dl_fingerprint_forget(struct dl_fingerprint *fp, u64 page, u64 n)
{
	u32 i;

	spin_lock(&fp->lock);
	for (i = 0; i < fp->nr; i++)
		if (fp->s[i].page - page < n)
			fp->s[i].flags &= ~DL_SAMPLE_VALID;
	spin_unlock(&fp->lock);
}

static int read_page(struct dl_blkio *origin, u64 page, void *buf, u32 *crc)
{
	u64 size = bdev_nr_sectors(origin->bdev);
	u64 sector = page * DL_PAGE_SECTORS;
	u32 n = min_t(u64, DL_PAGE_SECTORS, size - min(size, sector));
	int ret;

	if (!n)
		return -EIO;
	ret = dl_blkio_read(origin, sector, n, buf);
	if (!ret)
		*crc = dl_crc32c(buf, n << DL_SECTOR_SHIFT);
	return ret;
}

int dl_fingerprint_check(struct dl_fingerprint *fp, struct dl_blkio *origin,
			 bool (*has_record)(void *ctx, u64 page), void *ctx,
			 u64 *page)
{
	void *buf = kmalloc(DL_PAGE_BYTES, GFP_KERNEL);
	int ret = 0;
	u32 i, crc;

	if (!buf)
		return -ENOMEM;
	for (i = 0; !ret && i < fp->nr; i++) {
		if (!(fp->s[i].flags & DL_SAMPLE_VALID) ||
		    has_record(ctx, fp->s[i].page))
			continue;
		*page = fp->s[i].page;
		/* An unreadable page tells nothing: who needs it will see. */
		if (!read_page(origin, fp->s[i].page, buf, &crc) &&
		    crc != fp->s[i].crc)
			ret = -ESTALE;
	}
	kfree(buf);
	return ret;
}

int dl_fingerprint_refresh(struct dl_fingerprint *fp, struct dl_blkio *origin,
			   bool (*has_record)(void *ctx, u64 page), void *ctx)
{
	void *buf = kmalloc(DL_PAGE_BYTES, GFP_NOIO);
	int ret = 0;
	u32 i, crc = 0;

	if (!buf)
		return -ENOMEM;
	for (i = 0; i < fp->nr; i++) {
		if (fp->s[i].flags & DL_SAMPLE_VALID ||
		    has_record(ctx, fp->s[i].page))
			continue;
		/* An unreadable sample is no reason to fail: it stays invalid. */
		if (read_page(origin, fp->s[i].page, buf, &crc))
			continue;
		spin_lock(&fp->lock);
		fp->s[i].crc = crc;
		fp->s[i].flags |= DL_SAMPLE_VALID;
		spin_unlock(&fp->lock);
	}
	kfree(buf);
	return ret;
}
