/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walking a log: from a superblock and its checkpoint to every record that
 * belongs to the volume, in sequence order. The module's recovery and the
 * tool's check and dump are this one walk with different visitors.
 *
 * What is accepted: the segments of the checkpoint in order, then the chain of
 * successors that frame headers name; in each segment its summary if there is
 * a valid one (it vouches for its frames), else its frames: commit numbers
 * gapless from the segment's first, header and descriptor CRCs right, and,
 * unless the frame is proven durable, every payload CRC right. The walk ends
 * at the first frame that is not there: a crash leaves exactly such an end.
 *
 * What was proven durable and is not there is damage, never an end: a frame
 * up to the checkpoint's durable_commit or a sealed segment's last_commit, or
 * up to the durable_commit that any later valid frame of the same epoch
 * carries (the walk looks ahead through the rest of the segment and the first
 * frames of its successor for one). A frame whose header or descriptors are
 * gone but which was durable ends the walk with DL_LOST; a frame of which only
 * payloads are damaged is accepted and the payload reported, so that reading
 * those sectors fails and nothing else does. A frame whose checksums are right
 * and whose contents are impossible (no crash makes one) ends it as well.
 *
 * Of an encrypted log (see dl_disk_crypt) every frame and every summary must be.
 *
 * The caller owns all memory; the walk allocates nothing and keeps nothing.
 */
#ifndef DL_CORE_WALK_H
#define DL_CORE_WALK_H

#include "checkpoint.h"
#include "frame.h"
#include "status.h"
#include "summary.h"
#include "super.h"

/* A record with everything a map needs to know. */
struct dl_rec {
	struct dl_desc d;
	u64 seq;
	u64 loc;		/* absolute log sector the payload begins in */
	u64 segment_id;
	u64 commit;
};

/* Does it say what the volume reads from it on, and not something of the past? */
static inline bool dl_rec_present(const struct dl_rec *rec)
{
	return rec->d.type == DL_REC_DATA || rec->d.type == DL_REC_ZERO ||
	       rec->d.type == DL_REC_ZERO_RUN || rec->d.type == DL_REC_LOST ||
	       rec->d.type == DL_REC_DELTA;
}

/* How serious a note is. */
enum dl_note_kind {
	DL_NOTE_INFO,		/* an end that a crash explains */
	DL_NOTE_REPAIRED,	/* damage that redundancy made good */
	DL_NOTE_DAMAGE,		/* data is unreadable; exactly where is said */
	DL_NOTE_FATAL,		/* the walk cannot go on */
};

struct dl_note {
	enum dl_note_kind kind;
	enum dl_status why;
	const char *what;	/* "frame header", "payload", "summary", ... */
	u64 sector;		/* absolute log sector; where to look */
	u64 segment_id;		/* 0: none */
	u64 commit;		/* 0: none */
	u64 page;		/* of the record concerned, or U64_MAX */
};

struct dl_walk_segment_info {
	struct dl_cp_segment seg;	/* state, last_commit, last_seq, end as found */
	bool from_chain;		/* not in the checkpoint */
	bool by_summary;
	u64 next_id, next_start;	/* successor named by its last frame, or 0 */
	u32 next_sectors;
};

/**
 * struct dl_walk_ops - what the walk asks of its caller
 * @read: read @sectors sectors at absolute log sector @sector into @buf;
 *	0 or a negative errno (an unreadable structure is treated as damaged)
 * @segment: a segment was walked to its end or the log's; may be NULL;
 *	non-zero stops the walk
 * @frame: a frame was accepted, before its records; may be NULL; non-zero stops
 *	the walk. Of a frame known by its segment's summary the header lacks
 *	durable_commit, total_sectors and desc_crc (all zero), payload_sectors
 *	is what the records need, and the successor is the segment's
 * @record: a record was accepted (DL_REC_NONE is none); may be NULL; non-zero
 *	stops the walk
 * @note: something worth telling; may be NULL
 * @open: of an encrypted log: decrypt, in place, the slots of the frame with header
 *	@h at @sector, all of which is at @head as it was read, and learn the tags of
 *	its payload; NULL: the key is not at hand. Return: DL_OK, DL_BAD_TAG
 * @summary: and of an encrypted log's segment @seg the summary with header @sh, at
 *	@sector, all of which is at @buf; like @open. NULL: it is done without
 * @plain: and then the block of its payload at @sector, in place
 */
struct dl_walk_ops {
	int (*read)(void *ctx, u64 sector, u32 sectors, void *buf);
	int (*segment)(void *ctx, const struct dl_walk_segment_info *info);
	int (*frame)(void *ctx, const struct dl_frame_head *h, u64 sector);
	int (*record)(void *ctx, const struct dl_rec *rec);
	void (*note)(void *ctx, const struct dl_note *note);
	enum dl_status (*open)(void *ctx, const struct dl_frame_head *h,
			       u64 sector, void *head);
	enum dl_status (*summary)(void *ctx, const struct dl_cp_segment *seg,
				  const struct dl_summary_head *sh, u64 sector,
				  void *buf);
	enum dl_status (*plain)(void *ctx, u64 sector, void *block);
};

/* dl_walk.flags */
#define DL_WALK_FRAMES		(1u << 0)  /* read the frames even where a
					    * summary would do, compare both
					    */
#define DL_WALK_PAYLOADS	(1u << 1)  /* verify every payload's CRC */

/* Sizes of the caller's buffers. */
#define DL_WALK_HEAD_BYTES \
	(sizeof(struct dl_disk_frame) + \
	 DL_FRAME_MAX_DESCS * sizeof(struct dl_disk_desc) + DL_BLOCK_MAX)
#define DL_WALK_DATA_BYTES	(DL_FRAME_MAX_SECTORS * DL_SECTOR_BYTES)

struct dl_walk {
	/* set by the caller */
	const struct dl_walk_ops *ops;
	void *ctx;
	const struct dl_super *sb;
	const struct dl_cp_head *cp;
	u32 flags;
	void *head_buf;		/* DL_WALK_HEAD_BYTES: head and tail of a frame */
	void *data_buf;		/* DL_WALK_DATA_BYTES: payloads, summary pieces */
	void *summary_buf;	/* of summary_bytes: a whole summary, or NULL to */
	size_t summary_bytes;	/* do without; one too long is not used */
	/* filled in: the state of the log where the walk ended */
	u64 last_commit;
	u64 last_seq;
	u64 nr_frames, nr_records, nr_damaged;
	int err;		/* what a callback returned to stop, or 0 */
	/* private to the walk */
	u64 epoch;		/* of the segment walked last */
	u64 expect;		/* commit that must come next in it, 0: none */
};

/**
 * dl_walk_begin() - start: last_commit and last_seq from the checkpoint
 * @w: with the caller's part set
 */
void dl_walk_begin(struct dl_walk *w);

/**
 * dl_walk_segment() - walk one segment of the checkpoint
 * @w: walk
 * @seg: segment, checked by dl_cp_get_segment(); in checkpoint order
 * @info: out: what was found, successor included
 * @more: out: true when the log goes on (the segment ended, its successor
 *	is to be walked); false when the end of the log was found in it
 *
 * An OPEN segment ends where its successor's first frame has the next commit
 * number; so does one that is NEXT, which may have frames by now. Of a segment
 * without a frame first_commit may be 0: not known.
 *
 * The caller goes on with the next segment of the checkpoint if there is one,
 * else with the successor (dl_walk_successor() makes it), until @more is false
 * or a segment has none.
 *
 * Reads are whole log blocks. All of @w but its counters is left alone.
 *
 * Context: may sleep if ops->read does.
 * Return: DL_OK; DL_LOST for damage that must not be passed over; DL_IO_ERROR
 * with w->err set when a callback stopped the walk.
 */
enum dl_status dl_walk_segment(struct dl_walk *w,
			       const struct dl_cp_segment *seg,
			       struct dl_walk_segment_info *info, bool *more);

/**
 * dl_walk_successor() - the segment that @info names as its successor
 * @w: walk
 * @info: a walked segment
 * @seg: out: an OPEN segment with first_commit and first_seq as expected
 *
 * To be asked right after dl_walk_segment() made @info.
 * Return: DL_OK; DL_NOT_FOUND when none is named, or when @info was sealed by
 * the checkpoint in an earlier life, which goes on nowhere; DL_BAD_PLACE when
 * it does not lie in the log on chunk boundaries or its id does not rise.
 */
enum dl_status dl_walk_successor(const struct dl_walk *w,
				 const struct dl_walk_segment_info *info,
				 struct dl_cp_segment *seg);

#endif
