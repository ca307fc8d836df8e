/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A frame in memory: the unit of commit while it fills and flies.
 *
 * States, all under dl_log.lock: FREE -> OPEN (one at a time) -> CLOSED (no
 * more records; copies may still be under way) -> READY (all copies in) ->
 * FLYING -> WRITTEN -> RECENT once every frame before it is WRITTEN too (see
 * recent.h) -> FREE again. A frame that failed stays FAILED, so that what it holds
 * can still be read.
 *
 * @pending counts the copies under way plus one while OPEN; who brings it to
 * zero makes the frame READY. @readers counts reads being served from it;
 * both keep it from being recycled.
 */
#ifndef DL_FRAME_H
#define DL_FRAME_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/list.h>

#include "core/frame.h"

static_assert(PAGE_SIZE == DL_PAGE_BYTES, "pages of 4 KiB");

/*
 * Payload: with head and tail a frame of whole pages is 512 KiB, which devices
 * take in as few requests as can be.
 */
#define DL_FRAME_PAGES		126
#define DL_FRAME_ORDER		5	/* pages wanted in one piece */
#define DL_FRAME_HEAD_BYTES	16384
#define DL_FRAME_DESCS \
	((DL_FRAME_HEAD_BYTES - sizeof(struct dl_disk_frame)) / \
	 sizeof(struct dl_disk_desc))
#define DL_FRAME_VECS		(DL_FRAME_PAGES + 1 + \
				 DL_FRAME_HEAD_BYTES / PAGE_SIZE + 1)

enum dl_frame_state {
	DL_FRAME_FREE,
	DL_FRAME_OPEN,
	DL_FRAME_CLOSED,
	DL_FRAME_READY,
	DL_FRAME_FLYING,
	DL_FRAME_WRITTEN,
	DL_FRAME_RECENT,
	DL_FRAME_FAILED,
};

/*
 * Of an encrypted log: where a frame is put to be written. A frame has one from when
 * it is opened until it is written, so there are as many as frames in use at once.
 */
struct dl_cover {
	struct list_head list;		/* dl_log.covers */
	struct dl_disk_frame *head;	/* DL_FRAME_HEAD_BYTES */
	struct page *pages[DL_FRAME_PAGES];
};

/* Slots for descriptors that the tags of a full payload leave. */
#define DL_FRAME_SEALED_DESCS \
	(DL_FRAME_DESCS - (DL_FRAME_PAGES * DL_TAG_BYTES + \
			   sizeof(struct dl_disk_desc) - 1) / \
	 sizeof(struct dl_disk_desc))

struct dl_log;
struct dl_segment;

struct dl_frame {
	struct list_head list;		/* dl_log.free, .closing or .flying */
	struct dl_frame *batch;		/* next in a dl_batch */
	struct dl_log *log;
	struct dl_segment *seg;		/* RECENT: NULL when it was released */
	enum dl_frame_state state;
	bool fua;			/* durable when written */
	bool preflush;			/* and makes all before it so */
	bool want_durable;		/* a flush waits for it */
	bool plain;			/* has what a read may want: not only deltas, or
					 * reconcile's own records
					 */
	u64 commit;
	u64 first_seq;
	u64 start;			/* log sector of the head */
	u64 payload_start;		/* log sector of the payload */
	u32 nr_descs, max_descs;
	u32 used, max_payload;		/* payload sectors */
	u32 part_at, part_left;		/* a page shared by small records: bytes */
	u32 slack, slack_end;		/* bytes kept behind the last small record, and
					 * where they end
					 */
	unsigned long opened;		/* jiffies at the first record */
	atomic_t pending;
	atomic_t readers;
	struct dl_cover *cover;		/* or NULL */
	struct dl_disk_frame *head;	/* DL_FRAME_HEAD_BYTES: header, descs */
	struct dl_disk_desc *descs;	/* behind the header */
	blk_opf_t opf;
	struct bio bio;
	struct bio_vec vecs[DL_FRAME_VECS];
	struct page *pages[DL_FRAME_PAGES];
};

/* Memory of one frame, for the documented formula. */
#define DL_FRAME_MEM \
	(DL_FRAME_PAGES * PAGE_SIZE + DL_FRAME_HEAD_BYTES + \
	 sizeof(struct dl_frame))

#define DL_COVER_MEM \
	(DL_FRAME_PAGES * PAGE_SIZE + DL_FRAME_HEAD_BYTES + \
	 sizeof(struct dl_cover))

struct dl_frame *dl_frame_alloc(struct dl_log *log, gfp_t gfp);
void dl_frame_free(struct dl_frame *f);
struct dl_cover *dl_cover_alloc(gfp_t gfp);
void dl_cover_free(struct dl_cover *c);

/* Kernel address of payload sector @off of @f. */
static inline void *dl_frame_payload(const struct dl_frame *f, u32 off)
{
	return page_address(f->pages[off >> DL_PAGE_SECTOR_SHIFT]) +
		((off & (DL_PAGE_SECTORS - 1)) << DL_SECTOR_SHIFT);
}

/* And of byte @at. */
static inline void *dl_frame_byte(const struct dl_frame *f, u32 at)
{
	return page_address(f->pages[at >> DL_PAGE_SHIFT]) +
		(at & (DL_PAGE_BYTES - 1));
}

/* Copy to byte @at of the payload on, be it over the end of a page. */
static inline void dl_frame_copy_in(const struct dl_frame *f, u32 at,
				    const void *from, u32 bytes)
{
	u32 n = min_t(u32, bytes, DL_PAGE_BYTES - (at & (DL_PAGE_BYTES - 1)));

	memcpy(dl_frame_byte(f, at), from, n);
	if (n < bytes)
		memcpy(dl_frame_byte(f, at + n), from + n, bytes - n);
}

/* And from there. */
static inline void dl_frame_copy_out(const struct dl_frame *f, u32 at, void *to,
				     u32 bytes)
{
	u32 n = min_t(u32, bytes, DL_PAGE_BYTES - (at & (DL_PAGE_BYTES - 1)));

	memcpy(to, dl_frame_byte(f, at), n);
	if (n < bytes)
		memcpy(to + n, dl_frame_byte(f, at + n), bytes - n);
}

/* dl_disk_frame.flags of what will be written. */
static inline u32 dl_frame_flags(const struct dl_frame *f)
{
	return f->cover ? DL_FRAME_SEALED : 0;
}

/* Is log sector @loc in @f's payload? */
static inline bool dl_frame_holds(const struct dl_frame *f, u64 loc)
{
	return loc >= f->payload_start && loc - f->payload_start < f->used;
}

/**
 * dl_frame_fill_bio() - build the write of a READY frame
 * @f: frame, header packed; if it has a cover it is what is there
 * @block_bytes: log block
 * @bdev: log device
 * @opf: REQ_OP_WRITE with REQ_FUA, REQ_PREFLUSH as decided
 *
 * Context: process; no allocation.
 */
void dl_frame_fill_bio(struct dl_frame *f, u32 block_bytes,
		       struct block_device *bdev, blk_opf_t opf);

#endif
