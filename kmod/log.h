/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The write-ahead log: records go in, frames go out, in order.
 *
 * A record is reserved a place (sequence number, log sector, memory), its
 * payload is copied there by the caller, and the reservation is put back.
 * A full, flushed or aged frame is closed; once its last copy is in it is
 * written. Frames are handed to the device in commit order and may complete
 * in any order; @written and @durable advance without gaps.
 *
 * Locks: @lock guards everything here and in dl_segments, frames' states
 * included. It is taken with interrupts off, because frames complete in
 * interrupt context, and it is the innermost lock of the target: nothing else
 * is taken under it. Order: map shard -> runs -> log.
 *
 * Nothing here submits I/O or sleeps under a lock: what became ready to be
 * written is collected in a dl_batch that the caller hands to
 * dl_log_submit() once it holds no lock.
 */
#ifndef DL_LOG_H
#define DL_LOG_H

#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "blkio.h"
#include "crypt.h"
#include "frame.h"
#include "recent.h"
#include "segment.h"

/* What became ready to be written while a lock was held. */
struct dl_batch {
	struct dl_frame *first, **last;
	bool flush;
};

static inline void dl_batch_init(struct dl_batch *b)
{
	b->first = NULL;
	b->last = &b->first;
	b->flush = false;
}

/* A record's place in an open frame. */
struct dl_slot {
	struct dl_frame *frame;
	struct dl_disk_desc *desc;
	u64 seq;
	u64 loc;	/* log sector of the payload */
	u32 at;		/* and where that is in the frame's, in bytes */
	void *mem;	/* where the payload goes; NULL if there is none */
	u32 room;	/* sectors kept behind it, for what may follow */
};

/* Someone who waits for the log to be durable up to a commit. */
struct dl_waiter {
	struct list_head list;
	u64 target;
	void (*done)(struct dl_waiter *w, int err);	/* any context */
};

enum dl_starved {
	DL_FED,
	DL_STARVED_FRAME,
	DL_STARVED_SEGMENT,
	DL_STARVED_RESERVE,	/* what is left is reconcile's */
};

/* Why a segment was sealed. */
enum dl_sealed {
	DL_SEALED_FULL,
	DL_SEALED_ASKED,	/* by who wants it settled */
	DL_SEALED_AGE,
	DL_SEALED_REASONS
};

/**
 * struct dl_log_ops - what the log tells its owner; any context, dl_log.lock
 * may be held, so these only queue work
 * @room: frames or segments came free after a reservation had failed
 * @housekeep: a segment was sealed, became durable, or the pool runs low
 * @closed: a frame goes to the log, with records up to @seq; in their order
 * @failed: the log device failed; the log takes no more records
 */
struct dl_log_ops {
	void (*room)(void *ctx);
	void (*housekeep)(void *ctx);
	void (*closed)(void *ctx, u64 seq, u64 time_ns);
	void (*failed)(void *ctx, u64 sector);
};

struct dl_log {
	spinlock_t lock;		/* all of this, see above */
	struct dl_frame *open;		/* last of @closing, or NULL */
	struct list_head free;
	struct list_head closing;	/* OPEN, CLOSED, READY: commit order */
	struct list_head flying;	/* FLYING, WRITTEN, FAILED: same */
	struct dl_recent recent;	/* RECENT: commit order */
	u32 nr_frames, nr_free;
	u32 nr_active, max_frames;	/* in @closing and @flying */
	struct dl_crypt *crypt;		/* or NULL: it is not encrypted */
	struct list_head covers;	/* that no frame has */
	u32 nr_covers;			/* all there are */
	u64 next_commit, next_seq;
	u64 written;			/* all commits <= it are on the device */
	u64 durable;			/* and would survive a power cut */
	u64 plain;			/* last commit handed over without FUA */
	u64 plain_written;		/* last such one that @written passed */
	u64 durable_seq;		/* last sequence of frame @durable */
	u64 mark_seq;			/* no rewriting in place before it */
	u64 open_first_seq;		/* U64_MAX: no open frame; read racily */
	u64 retired_seq;		/* <=: written, neither closing nor flying */
	u64 forgotten;			/* commits <= it are not in memory; read racily */
	u32 forced;			/* frames in flight someone waits for */
	bool force_open;		/* commit the open frame at next chance */
	enum dl_starved starved;	/* why a reservation failed since .room() */
	bool cache;			/* device has a volatile write cache */
	bool flushing;
	bool age_armed;
	bool stopped;			/* takes no record until begun */
	int failed;			/* sticky errno */
	u64 flush_commit, flush_seq;
	struct list_head waiters;	/* ascending target */
	struct bio flush_bio;
	struct dl_segment *cur;
	struct dl_segments segs;
	u32 kept_chunks;		/* only reconcile may take the last ones */
	u32 kept_last;			/* of these, what only chains may take */
	u64 epoch;
	u64 unsettled;			/* sealed segments without a summary */
	u32 block_bytes, block_sectors;
	u32 max_descs;
	unsigned int commit_ms;
	struct dl_blkio *io;
	const struct dl_log_ops *ops;
	void *ctx;
	struct dl_plan plan;		/* if @planned: what to have ahead */
	bool planned;
	unsigned int seal_secs;		/* how long a segment may stay open; 0: for ever */
	struct workqueue_struct *refill_wq;
	struct work_struct refill;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct delayed_work age;
	struct dl_waiter age_waiter;
	bool age_waiting;
	wait_queue_head_t idle;
	/* counters, under @lock */
	u64 nr_commits, log_sectors, log_errors, nr_flushes;
	u64 alloc_stalls, frame_stalls;
	u64 sealed[DL_SEALED_REASONS];
};

int dl_log_init(struct dl_log *l, struct dl_blkio *io,
		const struct dl_super *sb, struct dl_crypt *crypt, u32 segment_kib,
		u32 frame_mem_kib, u32 cache_mem_kib, const char *name,
		const struct dl_log_ops *ops, void *ctx);
void dl_log_exit(struct dl_log *l);

/**
 * dl_log_reserve() - a place for one record
 * @l: log
 * @sectors: of payload, 0..8; 8 gets a page of its own, page aligned
 * @s: out: the place; @s->desc is the caller's to fill in, all of it
 * @b: collects frames that became ready
 *
 * The frame stays as it is until dl_log_put().
 *
 * Context: any process context, spinlocks may be held.
 * Return: 0; -EAGAIN when no frame or no log space is free just now (.room()
 * will be called); the sticky error of a failed log.
 */
int dl_log_reserve(struct dl_log *l, unsigned int sectors, struct dl_slot *s,
		   struct dl_batch *b);

/* The same for reconcile's own records, which may use what is kept for them. */
int dl_log_reserve_own(struct dl_log *l, unsigned int sectors,
		       struct dl_slot *s, struct dl_batch *b);

/* The same for a record of @bytes, at most a page, next to others like it. */
int dl_log_reserve_bytes(struct dl_log *l, unsigned int bytes,
			 struct dl_slot *s, struct dl_batch *b);

/*
 * The same for some sectors of a page, with room for @s->room more behind them; out:
 * how much of that there is. For dl_log_pin_more().
 */
int dl_log_reserve_room(struct dl_log *l, unsigned int sectors,
			struct dl_slot *s, struct dl_batch *b);

/*
 * And for a payload with a codec, which .mem may not hold in one piece: for
 * dl_frame_copy_in().
 */
int dl_log_reserve_packed(struct dl_log *l, unsigned int sectors,
			  struct dl_slot *s, struct dl_batch *b);

/* And for a mark: no record before it is rewritten in place any more. */
int dl_log_reserve_mark(struct dl_log *l, unsigned int sectors,
			struct dl_slot *s, struct dl_batch *b);

/**
 * dl_log_pin() - a record of the open frame, to write over it in memory
 * @l: log
 * @seq: its sequence
 * @loc: its payload's log sector
 * @s: out: its place
 *
 * The caller excludes other users of that record (its map shard is locked).
 *
 * Return: true; false when the frame is closed, a mark lies in between, or the
 * payload is another record's.
 */
bool dl_log_pin(struct dl_log *l, u64 seq, u64 loc, struct dl_slot *s);

/**
 * dl_log_pin_more() - a record of the open frame, to write into the room behind it
 * @l: log
 * @seq: its sequence
 * @loc: its payload's log sector
 * @more: sectors, at least 1
 * @s: out: its place; the descriptor has that many sectors more already
 *
 * Return: as dl_log_pin(); false as well when there is not so much room.
 */
bool dl_log_pin_more(struct dl_log *l, u64 seq, u64 loc, u8 more,
		     struct dl_slot *s);

/* Done with a reserved or pinned place: payload and descriptor are in. */
void dl_log_put(struct dl_slot *s, struct dl_batch *b);

/* And for what ends a chain, without which no horizon may pass where it began. */
int dl_log_reserve_last(struct dl_log *l, unsigned int sectors,
			struct dl_slot *s, struct dl_batch *b);

/*
 * Space that only reconcile's own records may take, in chunks; and @last of them
 * only what ends chains, so that nothing else can use that up.
 */
void dl_log_keep(struct dl_log *l, u32 chunks, u32 last);
/* How many that are, if so many are asked for. */
static inline u32 dl_log_kept(const struct dl_log *l, u32 chunks)
{
	return min(chunks, l->segs.nr_chunks / 4);
}

/* From now on records before this point are not rewritten in place. */
void dl_log_mark(struct dl_log *l, u64 seq);

/**
 * dl_log_read_pin() - a record's payload, if its frame is in memory
 * @l: log
 * @loc: its log sector; its segment cannot be released meanwhile
 * @s: out: .mem is where; valid until dl_log_read_put()
 *
 * Return: true, or false when it is on the log device.
 */
bool dl_log_read_pin(struct dl_log *l, u64 loc, struct dl_slot *s);
void dl_log_read_put(struct dl_slot *s);

/**
 * dl_log_commit() - make everything accepted so far durable
 * @l: log
 * @w: waiter with .done set; called exactly once, possibly before this returns
 * @b: batch
 */
void dl_log_commit(struct dl_log *l, struct dl_waiter *w, struct dl_batch *b);

/**
 * dl_log_submit() - hand a batch to the device
 * @l: log
 * @b: batch; empty afterwards
 *
 * Context: process, no spinlock held. Inside a map function the bios are
 * queued by the block layer and go out when it returns.
 */
void dl_log_submit(struct dl_log *l, struct dl_batch *b);

/* dl_log_commit() and wait. Context: process, may sleep, not in map. */
int dl_log_sync(struct dl_log *l);

/* Metadata of the log could not be written: it takes no more. */
void dl_log_fail(struct dl_log *l);

/* End the open segment, so that all of the log can be reconciled. */
void dl_log_seal(struct dl_log *l);

/* No I/O comes any more: wait until nothing is in flight, even after a failure. */
void dl_log_quiesce(struct dl_log *l);

/**
 * dl_log_plan() - what to have ahead from now on
 * @l: log
 * @p: plan by dl_log_bounds(); NULL: what it is without foresight
 *
 * Context: process. What is lacking is had, and what is too much given back, by a work
 * item of its own, so that no write waits while summaries and checkpoints are written.
 */
void dl_log_plan(struct dl_log *l, const struct dl_plan *p);

/* The plan there is. Return: false: none. */
bool dl_log_planned(struct dl_log *l, struct dl_plan *p);

/* Is there a segment that is to be sealed when it has been open for long? */
bool dl_log_waits(struct dl_log *l);

/* What a plan has to keep to. */
void dl_log_bounds(struct dl_log *l, struct dl_plan_bounds *b);

/* Chunks of a new segment, as things are. Context: dl_log.lock held. */
u32 dl_log_segment_chunks(const struct dl_log *l);

/* Something may be lacking: if there is a plan, look. Any context. */
static inline void dl_log_kick(struct dl_log *l)
{
	if (READ_ONCE(l->planned))
		queue_work(l->refill_wq, &l->refill);
}

/**
 * dl_log_refill() - allocate segments ahead, frames too; give back what is too much
 * @l: log
 *
 * Return: true when the log has no open segment but could have one now: the
 * owner must write a checkpoint and then call dl_log_begin().
 * Context: process, may sleep.
 */
bool dl_log_refill(struct dl_log *l);

/* Percent of the log in use, but for the open segment and its successor. */
unsigned int dl_log_usage(struct dl_log *l);

/* Chunks that are free or in the pool; for throttling. */
u32 dl_log_free_chunks(struct dl_log *l);

/**
 * dl_log_begin() - open the first segment of a life
 * @l: log with at least two segments in the pool, none open
 *
 * dl_log_choose() picked it and the checkpoint on the device lists it.
 */
void dl_log_begin(struct dl_log *l);
bool dl_log_choose(struct dl_log *l);

/* Could a frame be opened? Context: dl_log.lock held. */
bool dl_log_has_frame(const struct dl_log *l);

/* Take no record until dl_log_begin(); reservations wait. */
void dl_log_stop(struct dl_log *l);

#define DL_SEGMENT_POOL	3	/* segments allocated ahead, without a plan */

#endif
