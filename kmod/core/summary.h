/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The summary of a sealed segment: all its descriptors in one place, so that
 * recovery need not read the frames. Built in a buffer the caller owns while
 * the segment fills, written at the segment's end once all of it is durable.
 *
 * Buffer layout = disk layout: dl_disk_summary, body, padding, and in the last
 * 32 bytes of the padded length a dl_disk_summary_tail.
 */
#ifndef DL_CORE_SUMMARY_H
#define DL_CORE_SUMMARY_H

#include "format.h"
#include "frame.h"
#include "status.h"

struct dl_summary_head {
	u64 epoch, segment_id;
	u64 first_commit, last_commit;
	u64 first_seq, last_seq;
	u64 next_id, next_start;
	u32 next_sectors;
	u32 nr_frames, nr_descs;
	u32 body_bytes;
	u32 end;
	u32 flags;		/* DL_SUMMARY_SEALED */
	u8  digest[32];
};

/* Bytes of it that are tags, one of them its own, if @end sectors are used. */
static inline u32 dl_summary_tags(u32 flags, u32 end)
{
	return flags & DL_SUMMARY_SEALED ?
		(end / DL_PAGE_SECTORS + 1) * DL_TAG_BYTES : 0;
}

/*
 * Sectors a summary of @nr_frames and @nr_descs takes, with @tags bytes of tags, tail
 * and padding in.
 */
u32 dl_summary_sectors(u32 block_bytes, u32 nr_frames, u32 nr_descs, u32 tags);

struct dl_summary_writer {
	u8 *buf;
	size_t size;		/* of the buffer */
	size_t used;		/* header included */
	u32 nr_frames, nr_descs;
	u64 first_commit, last_commit, first_seq, last_seq;
	u32 end;
};

void dl_summary_begin(struct dl_summary_writer *w, void *buf, size_t size);

/**
 * dl_summary_add() - append a frame
 * @w: writer; frames must come in commit order
 * @h: the frame's header
 * @start: sector of the frame's head, from the segment's start
 * @block_bytes: log block
 * @descs: its descriptors in disk form
 *
 * Return: DL_OK, or DL_NO_SPACE (nothing was added).
 */
enum dl_status dl_summary_add(struct dl_summary_writer *w,
			      const struct dl_frame_head *h, u32 start,
			      u32 block_bytes, const struct dl_disk_desc *descs);

/**
 * dl_summary_end() - finish: header, padding, tail, CRCs
 * @w: writer
 * @h: epoch, segment_id, next_*, flags, digest from the caller; the rest is filled
 *	in. If it is to be sealed, the tags are zero: dl_summary_seal()
 * @block_bytes: log block
 * @sectors: out: length; it goes to the last @sectors of the segment
 *
 * Return: DL_OK, DL_NO_SPACE (buffer too small for padding and tail) or
 * DL_BAD_SIZE (no frame was added: an empty segment has no summary).
 */
enum dl_status dl_summary_end(struct dl_summary_writer *w,
			      struct dl_summary_head *h, u32 block_bytes,
			      u32 *sectors);

/* What is to be encrypted of a summary with header @h in @buf, and its length. */
static inline void *dl_summary_body(const struct dl_summary_head *h, void *buf,
				    u32 *bytes)
{
	*bytes = h->body_bytes - DL_TAG_BYTES;
	return (u8 *)buf + sizeof(struct dl_disk_summary);
}

/* The tags of the segment's blocks, in the clear. */
static inline u8 *dl_summary_block_tags(const struct dl_summary_head *h, void *buf)
{
	return (u8 *)buf + sizeof(struct dl_disk_summary) + h->body_bytes -
		dl_summary_tags(h->flags, h->end);
}

/**
 * dl_summary_seal() - a summary has been encrypted
 * @h: its header
 * @buf: all of it
 * @tag: DL_TAG_BYTES
 */
void dl_summary_seal(const struct dl_summary_head *h, void *buf, const u8 *tag);

/**
 * dl_summary_tail_unpack() - is there a summary, and how long
 * @block: the last log block of the segment
 * @block_bytes: its length
 * @segment_id: expected; @epoch: expected
 * @max_sectors: length of the segment
 * @sectors: out: length of the summary, whole blocks, within the segment
 *
 * Return: DL_OK, DL_BAD_MAGIC (none was ever written), DL_BAD_CRC,
 * DL_BAD_IDENTITY, DL_BAD_SIZE.
 */
enum dl_status dl_summary_tail_unpack(const void *block, u32 block_bytes,
				      u64 segment_id, u64 epoch,
				      u32 max_sectors, u32 *sectors);

/**
 * dl_summary_open() - check a whole summary, decode its header
 * @h: out
 * @buf: @sectors sectors as read
 * @sectors: from dl_summary_tail_unpack()
 * @segment_id: expected; @epoch: expected
 * @segment_sectors: length of the segment
 *
 * Return: DL_OK, DL_BAD_MAGIC, DL_BAD_CRC, DL_BAD_IDENTITY or DL_BAD_SIZE.
 */
enum dl_status dl_summary_open(struct dl_summary_head *h, const void *buf,
			       u32 sectors, u64 segment_id, u64 epoch,
			       u32 segment_sectors);

struct dl_summary_frame {
	u64 commit, first_seq, time_ns;
	u32 payload_start;	/* sector, from segment start */
	u32 nr_descs;
};

struct dl_summary_reader {
	const u8 *pos, *end;
	u32 frames_left, descs_left;
};

void dl_summary_rewind(struct dl_summary_reader *r,
		       const struct dl_summary_head *h, const void *buf);
/**
 * dl_summary_next() - the next frame of an opened summary
 * @r: reader
 * @f: out: the frame
 * @descs: out: its f->nr_descs descriptors, inside the buffer
 *
 * Return: DL_OK, DL_NOT_FOUND at the end, DL_BAD_SIZE if lengths do not add up.
 */
enum dl_status dl_summary_next(struct dl_summary_reader *r,
			       struct dl_summary_frame *f,
			       const struct dl_disk_desc **descs);

#endif
