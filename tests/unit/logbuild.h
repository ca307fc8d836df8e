/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A synthetic log in memory, and the walk over it: for tests and fuzzers.
 *
 * The builder plays the module's part (it takes segments, writes frames, seals,
 * makes checkpoints) and remembers everything it wrote, byte by byte: @kind
 * says what each byte of the log is, @frames and @recs what a walk must find.
 * @base is the log before the life under test, full of stale frames; a crash
 * is made by copying onto it only some of what was written since.
 *
 * lb_walk() plays recovery's part, and compares all that the walk says with
 * what was written. It needs no test framework: what is wrong is in the result.
 */
#ifndef DL_TEST_LOGBUILD_H
#define DL_TEST_LOGBUILD_H

#include "walk.h"

#define LB_SEGS		16
#define LB_FRAMES	256
#define LB_RECS		8192
#define LB_LOG_SECTORS	2048u
#define LB_LOG_BYTES	(LB_LOG_SECTORS * DL_SECTOR_BYTES)
#define LB_SUMMARY_MAX	(64u << 10)

/* What a byte of the log is. */
enum lb_kind {
	LB_UNUSED,		/* nothing of this life, or padding */
	LB_HEAD,		/* frame header or descriptors */
	LB_PAYLOAD,		/* payload of a record */
	LB_SUMMARY,		/* summary's header and body */
	LB_TAIL,		/* summary's tail */
};

struct lb_rec {
	struct dl_desc d;
	u64 seq;
	u64 loc;
};

struct lb_frame {
	struct dl_frame_head h;
	u64 sector;
	u32 seg;		/* index in segs */
	u32 rec, nr_recs;	/* in recs */
};

/* A write to the log since the life began. */
struct lb_write {
	u64 sector;
	u32 sectors;
	int frame;		/* index in frames, or -1: summary of segs[seg] */
	u32 seg;
};

struct lb {
	struct dl_super sb;
	struct dl_cp_head cp;
	u8 *log, *base;		/* LB_LOG_BYTES each */
	u8 *kind;		/* enum lb_kind of every byte */
	u16 *owner;		/* of every sector: frame, or segment of summary */
	u64 rng;

	struct dl_cp_segment segs[LB_SEGS];	/* as they really are */
	u32 nr_segs;				/* segs[nr_segs] is the next one */
	struct lb_frame frames[LB_FRAMES];
	u32 nr_frames;
	struct lb_rec recs[LB_RECS];
	u32 nr_recs;
	struct lb_write writes[LB_FRAMES + LB_SEGS];
	u32 nr_writes;

	struct dl_cp_segment table[LB_SEGS];	/* as the checkpoint has them */
	u32 nr_table;

	/* the writer */
	u64 epoch, commit, seq, segment_id, time_ns;
	u64 durable;		/* what new frames say */
	u32 next_chunk, pos;
	struct dl_summary_writer sum;
	u8 *sum_buf;

	/* reads of these sectors fail */
	u64 bad_sector;
	u32 bad_sectors;
	bool whole;	/* random records that have a payload share no sector */
	bool no_model;	/* the image is not @b's: check only what always holds */

	void *head_buf, *data_buf, *summary_buf;	/* for lb_walk() */
};

struct lb_result {
	enum dl_status st;
	const char *wrong;	/* what contradicts the model, or NULL */
	u32 notes[4];		/* by kind */
	struct dl_note note[4];	/* the last of each kind */
	u32 frames, records;	/* accepted */
	u32 unreadable;		/* records whose payload fails its CRC */
	u32 reads, read_sectors;
	u64 damaged, last_commit, last_seq;
	struct dl_walk_segment_info segs[LB_SEGS];
	u32 nr_segs;
	bool more;		/* of the last segment */
};

u64 lb_random(struct lb *b);

/* A formatted log without a segment; block is 512..4096. */
struct lb *lb_new(u32 block_bytes, u64 seed);
void lb_free(struct lb *b);

/* Begin to write in the next segment (@sectors: of the one after it). */
void lb_open(struct lb *b, u32 sectors);

/* One record for a frame; payloads are random. */
struct lb_spec {
	u8 type, flags, first, sectors;
	u64 addr;
	u32 run;		/* of a DELTA: bytes */
};

/* Write a frame. False: it does not fit in the segment. */
bool lb_frame(struct lb *b, const struct lb_spec *spec, u32 nr);
/* The same with @nr random records. */
bool lb_frame_random(struct lb *b, u32 nr);

/*
 * Up to @n frames of up to @max_descs records, which say that all but the @lag
 * frames before them are durable. Return: frames that fitted.
 */
u32 lb_frames(struct lb *b, u32 n, u32 lag, u32 max_descs);

/* End the segment, with a summary or without. */
void lb_seal(struct lb *b, bool summary);

/* Everything written so far is durable, and later frames say so. */
static inline void lb_flush(struct lb *b)
{
	b->durable = b->commit - 1;
}

/* Make the checkpoint say what is true now. */
void lb_checkpoint(struct lb *b);

/*
 * Forget all segments and begin at the first chunk again, over what is there:
 * as after a crash (with a new epoch) or once everything is in the origin.
 */
void lb_recycle(struct lb *b, bool new_epoch);

/*
 * A log over the remains of an earlier life: A sealed with a summary, B open
 * and C next when the checkpoint is made; then B fills and is sealed with a
 * summary, C without, and D is open.
 */
struct lb *lb_long(u32 block_bytes, u64 seed, u32 lag, bool new_epoch);

/* The first @sectors of a write, from @from, copied onto @image. */
void lb_apply(const struct lb *b, u8 *image, const struct lb_write *wr,
	      u32 from, u32 sectors);

/* Was the frame provably durable, if frames[0..present-1] are in the log? */
bool lb_proven(const struct lb *b, u32 frame, const bool *present);

/*
 * Walk @image with @b's superblock, checkpoint and table. @summary_bytes: at
 * most LB_SUMMARY_MAX, 0: no buffer for summaries.
 */
void lb_walk(struct lb *b, const u8 *image, u32 flags, size_t summary_bytes,
	     struct lb_result *r);

#endif
