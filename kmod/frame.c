// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of frames and the bio that writes one. See frame.h.
 */
#include <linux/blk-cgroup.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "frame.h"

/*
 * Pages from @i on, neighbours if they can be had: fewer pieces for the bio.
 * *@order only falls, so @i stays aligned to it.
 */
static bool alloc_run(struct page **pages, unsigned int i, unsigned int *order,
		      gfp_t gfp)
{
	struct page *page;
	unsigned int n;

	while (i + (1U << *order) > DL_FRAME_PAGES)
		--*order;
	for (;; --*order) {
		page = alloc_pages(*order ? gfp | __GFP_NORETRY | __GFP_NOWARN :
				   gfp, *order);
		if (page)
			break;
		if (!*order)
			return false;
	}
	if (*order)
		split_page(page, *order);
	for (n = 0; n < 1U << *order; n++)
		pages[i + n] = page + n;
	return true;
}

static bool alloc_pages_of(struct page **pages, gfp_t gfp)
{
	unsigned int i, order = DL_FRAME_ORDER;

	for (i = 0; i < DL_FRAME_PAGES; i += 1U << order)
		if (!alloc_run(pages, i, &order, gfp))
			return false;
	return true;
}

static void free_pages_of(struct page **pages)
{
	unsigned int i;

	for (i = 0; i < DL_FRAME_PAGES && pages[i]; i++)
		__free_page(pages[i]);
}

struct dl_frame *dl_frame_alloc(struct dl_log *log, gfp_t gfp)
{
	struct dl_frame *f;

	f = kzalloc(sizeof(*f), gfp);
	if (!f)
		return NULL;
	INIT_LIST_HEAD(&f->list);
	f->log = log;
	f->head = kzalloc(DL_FRAME_HEAD_BYTES, gfp);
	if (!f->head)
		goto fail;
	f->descs = (struct dl_disk_desc *)(f->head + 1);
	if (!alloc_pages_of(f->pages, gfp))
		goto fail;
	return f;
fail:
	dl_frame_free(f);
	return NULL;
}

void dl_frame_free(struct dl_frame *f)
{
	if (f->cover)
		dl_cover_free(f->cover);
	free_pages_of(f->pages);
	kfree(f->head);
	kfree(f);
}

struct dl_cover *dl_cover_alloc(gfp_t gfp)
{
	struct dl_cover *c = kzalloc(sizeof(*c), gfp);

	if (!c)
		return NULL;
	INIT_LIST_HEAD(&c->list);
	c->head = kzalloc(DL_FRAME_HEAD_BYTES, gfp);
	if (c->head && alloc_pages_of(c->pages, gfp))
		return c;
	dl_cover_free(c);
	return NULL;
}

void dl_cover_free(struct dl_cover *c)
{
	free_pages_of(c->pages);
	kfree(c->head);
	kfree(c);
}

static void add(struct dl_frame *f, void *p, u32 bytes)
{
	__bio_add_page(&f->bio, virt_to_page(p), bytes, offset_in_page(p));
}

void dl_frame_fill_bio(struct dl_frame *f, u32 block_bytes,
		       struct block_device *bdev, blk_opf_t opf)
{
	u32 payload = dl_frame_pad(block_bytes, f->used) << DL_SECTOR_SHIFT;
	u32 slots = dl_frame_slots(dl_frame_flags(f), f->nr_descs, f->used);
	u32 tail = dl_frame_tail_sectors(block_bytes, slots) << DL_SECTOR_SHIFT;
	struct page **pages = f->cover ? f->cover->pages : f->pages;
	struct dl_disk_frame *head = f->cover ? f->cover->head : f->head;
	size_t filled = sizeof(*head) + slots * sizeof(*f->descs);
	void *p = head;
	u32 i, n;

	/* Nothing of an earlier frame goes out behind the descriptors. */
	memset(p + filled, 0, block_bytes + tail -
	       min_t(size_t, block_bytes + tail, filled));
	bio_init(&f->bio, bdev, f->vecs, DL_FRAME_VECS, opf);
	/* It is everybody's, not of the cgroup that happened to close it. */
	bio_associate_blkg_from_css(&f->bio, blkcg_root_css);
	f->bio.bi_iter.bi_sector = f->start;
	add(f, p, block_bytes);
	for (i = 0; payload; payload -= n) {
		struct page *first = pages[i];

		for (n = 0; n < payload && pages[i] ==
		     first + (n >> DL_PAGE_SHIFT); i++)
			n += DL_PAGE_BYTES;
		n = min(n, payload);
		__bio_add_page(&f->bio, first, n, 0);
	}
	for (p += block_bytes; tail; tail -= n, p += n) {
		n = min_t(u32, tail, PAGE_SIZE - offset_in_page(p));
		add(f, p, n);
	}
}
