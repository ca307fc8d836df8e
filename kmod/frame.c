// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of frames and the bio that writes one. See frame.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "frame.h"

struct dl_frame *dl_frame_alloc(struct dl_log *log, gfp_t gfp)
{
	struct dl_frame *f;
	unsigned int i;

	f = kzalloc(sizeof(*f), gfp);
	if (!f)
		return NULL;
	INIT_LIST_HEAD(&f->list);
	f->log = log;
	f->head = kmalloc(DL_FRAME_HEAD_BYTES, gfp);
	if (!f->head)
		goto fail;
	f->descs = (struct dl_disk_desc *)(f->head + 1);
	for (i = 0; i < DL_FRAME_PAGES; i++) {
		f->pages[i] = alloc_page(gfp);
		if (!f->pages[i])
			goto fail;
	}
	return f;
fail:
	dl_frame_free(f);
	return NULL;
}

void dl_frame_free(struct dl_frame *f)
{
	unsigned int i;

	for (i = 0; i < DL_FRAME_PAGES && f->pages[i]; i++)
		__free_page(f->pages[i]);
	kfree(f->head);
	kfree(f);
}

static void add(struct dl_frame *f, void *p, u32 bytes)
{
	__bio_add_page(&f->bio, virt_to_page(p), bytes, offset_in_page(p));
}

void dl_frame_fill_bio(struct dl_frame *f, u32 block_bytes,
		       struct block_device *bdev, blk_opf_t opf)
{
	u32 payload = dl_frame_pad(block_bytes, f->used) << DL_SECTOR_SHIFT;
	u32 tail = dl_frame_tail_sectors(block_bytes, f->nr_descs) <<
		   DL_SECTOR_SHIFT;
	void *p = f->head;
	u32 i, n;

	bio_init(&f->bio, bdev, f->vecs, DL_FRAME_VECS, opf);
	f->bio.bi_iter.bi_sector = f->start;
	add(f, p, block_bytes);
	for (i = 0; payload; i++, payload -= n) {
		n = min_t(u32, payload, DL_PAGE_BYTES);
		add(f, page_address(f->pages[i]), n);
	}
	for (p += block_bytes; tail; tail -= n, p += n) {
		n = min_t(u32, tail, PAGE_SIZE - offset_in_page(p));
		add(f, p, n);
	}
}
