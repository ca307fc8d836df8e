/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments: runs of chunks of the log device, and who has which.
 *
 * A segment goes free -> pool (allocated ahead, nothing on disk knows it)
 * -> open (frames go there; its successor is already chosen and named in
 * every frame header) -> sealed -> released once the horizon has passed it.
 *
 * Ownership and locks: lists, states and counters are guarded by dl_log.lock.
 * @by_chunk is written under it and read under a map shard's lock: an entry of
 * the map that points into a segment keeps it from being released, so the
 * pointer found there is good until that lock is dropped; to use it longer
 * take a reader reference first. The array itself is replaced by a larger one
 * when the log grows, which RCU covers.
 */
#ifndef DL_SEGMENT_H
#define DL_SEGMENT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/rcupdate.h>

#include "core/checkpoint.h"
#include "core/plan.h"
#include "core/summary.h"

/* Against what was usual when it was made. */
enum dl_seg_size { DL_SEG_USUAL, DL_SEG_SMALL, DL_SEG_LARGE, DL_SEG_SIZES };

struct dl_segment {
	struct list_head list;	/* dl_segments.live or .pool */
	struct dl_segment *next;/* successor, chosen when this one opens; not to
				 * be followed once it has been entered: it may
				 * be released before this one
				 */
	u64 next_id, next_start;/* what frame headers say of it */
	u32 next_sectors;
	u64 id;
	u64 start;		/* log sector */
	u32 sectors;
	u32 used;		/* by frames so far */
	u32 gone;		/* sectors of which no frame is in memory; READ_ONCE */
	u64 epoch;
	u64 first_commit, last_commit;	/* last < first: no frame yet */
	u64 first_seq, last_seq;
	u8 state;		/* DL_SEG_OPEN, DL_SEG_SEALED, DL_SEG_NEXT */
	u8 size;		/* enum dl_seg_size */
	bool summary_written;	/* handed to the device */
	bool summary_durable;	/* and flushed since */
	bool in_chain;		/* listed in live */
	u32 nr_frames, nr_descs;/* reserved so far, for the room check */
	unsigned long born;	/* jiffies at its first frame */
	atomic_t readers;	/* reads in flight in it */
	atomic_t held;		/* sectors of versions of the past with their payload
				 * in it, and one for each
				 */
	atomic_t index;		/* and with their index entry */
	bool unlisted;		/* the checkpoint has left it out */
	bool stuck;		/* holds what cannot be read: not to be cleaned */
	struct dl_summary_writer sum;
	void *sum_buf;		/* NULL: it will have no summary */
	u32 sum_bytes;
	bool sum_full;		/* a frame did not fit: it is useless */
};

struct dl_segments {
	u64 data_start;
	u32 chunk_sectors;
	u8 chunk_shift;		/* of it, in sectors */
	u32 nr_chunks;
	u32 free_chunks;	/* neither live nor in the pool */
	u32 seg_chunks;		/* size of a new segment, unless a plan says other */
	u32 nr_pool, nr_live;
	u32 nr_size[DL_SEG_SIZES];	/* live ones */
	u32 pool_chunks;
	u32 max;		/* segments a checkpoint has room for */
	bool at_max;		/* there are so many: free chunks are no use */
	u32 held_chunks;	/* behind the horizon, kept for snapshots */
	u64 next_id;
	unsigned long *bitmap;
	struct dl_segment *__rcu *by_chunk;
	struct list_head pool;
	struct list_head live;	/* oldest first; last: the open one */
	mempool_t *mem;
	bool sealed;		/* of an encrypted log: set before the first segment */
	void *spare;		/* a summary buffer to be used again */
	atomic_long_t bytes;	/* of memory, all segments and their buffers */
};

int dl_segments_init(struct dl_segments *s, const struct dl_super *sb,
		     u32 segment_kib);
void dl_segments_exit(struct dl_segments *s);

/**
 * dl_segments_adopt() - take over a segment that recovery found
 * @s: allocator
 * @cs: the segment as walked, checked to lie in the log on chunk boundaries
 *
 * Context: process, may sleep; before any I/O is let in.
 * Return: 0, -ENOMEM, or -EUCLEAN when it overlaps another segment.
 */
int dl_segments_adopt(struct dl_segments *s, const struct dl_cp_segment *cs);

/**
 * dl_segments_size() - chunks of a new segment so that a log can be filled
 * @s: allocator
 * @chunks: of the log
 * @room: segments that a checkpoint has room for
 *
 * Return: the present size, doubled as often as need be; 0 when no size will do.
 */
u32 dl_segments_size(const struct dl_segments *s, u32 chunks, u32 room);

/* How many there may come to be: twice those that fit, and those there are. */
u32 dl_segments_most(const struct dl_segments *s, u32 chunks, u32 seg_chunks,
		     u32 room);

/**
 * dl_segments_limit() - from now on segments are that large, and not too many
 * @s: allocator
 * @seg_chunks: from dl_segments_size()
 * @most: from dl_segments_most(); checkpoints have room for so many
 *
 * Context: dl_log.lock held, if it is in use.
 */
void dl_segments_limit(struct dl_segments *s, u32 seg_chunks, u32 most);

/* Arrays for more chunks. */
struct dl_chunks {
	u32 nr;
	unsigned long *bitmap;
	struct dl_segment **by_chunk;
};

/* Context: process, may sleep. Return: 0 or -ENOMEM; then there is nothing to free. */
int dl_chunks_alloc(struct dl_chunks *c, u32 nr);
void dl_chunks_free(struct dl_chunks *c);

/**
 * dl_segments_extend() - the log has more chunks
 * @s: allocator
 * @c: arrays for all of them; out: those that were in use, to be freed once a
 *	grace period of RCU has passed
 *
 * Context: dl_log.lock held.
 */
void dl_segments_extend(struct dl_segments *s, struct dl_chunks *c);

/* The most chunks of a segment for which a summary of whole pages can be had. */
u32 dl_segment_largest(const struct dl_segments *s);

/**
 * dl_segment_alloc() - memory for a segment and its summary, no space yet
 * @s: allocator
 * @chunks: that it will have, at most
 *
 * Context: process, may sleep (GFP_NOIO). Return: a segment, never NULL; its
 * summary buffer may be missing.
 */
struct dl_segment *dl_segment_alloc(struct dl_segments *s, u32 chunks);

/* Its summary is written: the buffer is free for the next segment's. */
void dl_segment_drop_summary(struct dl_segments *s, struct dl_segment *seg);

void dl_segment_free(struct dl_segments *s, struct dl_segment *seg);

/**
 * dl_segment_place() - give a segment a run of free chunks and put it in the pool
 * @s: allocator
 * @seg: from dl_segment_alloc()
 * @chunks: as dl_segment_alloc() was told; fewer if there are no so many in a row
 * @epoch: of the frames it will hold
 *
 * Context: dl_log.lock held. Return: true, or false when no chunk is free.
 */
bool dl_segment_place(struct dl_segments *s, struct dl_segment *seg, u32 chunks,
		      u64 epoch);

/* How many more there may be. Context: dl_log.lock held. */
u32 dl_segments_left(const struct dl_segments *s);

/* Chunks that new segments could have, and those of the pool. Context: log locked. */
static inline u32 dl_segments_free(const struct dl_segments *s)
{
	return (s->at_max ? 0 : s->free_chunks) + s->pool_chunks;
}

/* Take the pool's first segment, or NULL. Context: dl_log.lock held. */
struct dl_segment *dl_segment_take(struct dl_segments *s);

/**
 * dl_segment_withdraw() - take a segment out of the pool again
 * @s: allocator
 * @seg: of the pool: nothing on the device knows of it
 *
 * Context: dl_log.lock held; dl_segment_free() remains to be done outside.
 */
void dl_segment_withdraw(struct dl_segments *s, struct dl_segment *seg);

/* It takes frames from now on. Context: dl_log.lock held. */
void dl_segment_enlist(struct dl_segments *s, struct dl_segment *seg);

/**
 * dl_segment_release() - the horizon has passed it: give its chunks back
 * @s: allocator
 * @seg: a sealed segment with no reader and no map entry left
 *
 * Context: dl_log.lock held; dl_segment_free() remains to be done outside.
 */
void dl_segment_release(struct dl_segments *s, struct dl_segment *seg);

/* Chunk of log sector @sector. */
static inline u32 dl_segment_chunk(const struct dl_segments *s, u64 sector)
{
	return (sector - s->data_start) >> s->chunk_shift;
}

/*
 * The segment that has chunk @chunk, see above for how long. A spinlock is held,
 * by which RCU waits for who looks.
 */
static inline struct dl_segment *dl_segment_of(const struct dl_segments *s,
					       u32 chunk)
{
	return rcu_dereference_sched(s->by_chunk)[chunk];
}

/* And the one that holds log sector @sector. */
static inline struct dl_segment *dl_segment_at(const struct dl_segments *s,
					       u64 sector)
{
	return dl_segment_of(s, dl_segment_chunk(s, sector));
}

/* Is chunk @chunk @seg's? For who holds no lock. */
static inline bool dl_segment_has(const struct dl_segments *s, u32 chunk,
				  const struct dl_segment *seg)
{
	bool has;

	rcu_read_lock();
	has = rcu_dereference(s->by_chunk)[chunk] == seg;
	rcu_read_unlock();
	return has;
}

/* Is there one that has all of @sectors at @loc? For who holds no lock. */
static inline bool dl_segment_covers(const struct dl_segments *s, u64 loc,
				     u32 sectors)
{
	struct dl_segment *first, *last;

	rcu_read_lock();
	first = rcu_dereference(s->by_chunk)[dl_segment_chunk(s, loc)];
	last = rcu_dereference(s->by_chunk)[dl_segment_chunk(s, loc + sectors - 1)];
	rcu_read_unlock();
	return first && first == last;
}

/* Does a snapshot need it? */
static inline bool dl_segment_held(const struct dl_segment *seg)
{
	return atomic_read(&seg->held) || atomic_read(&seg->index);
}

/* Has the horizon passed all of @seg, for good? */
static inline bool dl_segment_passed(const struct dl_segment *seg, u64 horizon,
				     u64 durable)
{
	return seg->state == DL_SEG_SEALED && seg->last_seq <= horizon &&
	       seg->last_commit <= durable;
}

/* Sectors still free for frames, after what its summary will need. */
u32 dl_segment_room(const struct dl_segments *s, const struct dl_segment *seg,
		    u32 block_bytes, u32 max_descs);

/* How @seg is to be written into a checkpoint when @durable is the durable commit. */
void dl_segment_describe(const struct dl_segment *seg, u64 durable,
			 struct dl_cp_segment *cs);

#endif
