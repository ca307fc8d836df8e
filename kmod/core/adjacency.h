/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The adjacency predictor: is what lies right behind a write going to be written next,
 * or what lies a fixed step away? Learned per region of 1 MiB from the order of writes,
 * in the manner of a branch predictor.
 *
 * Streams. The last writes that may still be continued are open streams, a few of them,
 * each with its end. A write that begins at one's end continues it, whatever came in
 * between: so streams that are interleaved do not disturb each other. A write that
 * continues none opens one, in the place of what waits longest, those first that were
 * never continued. Who is not continued within DL_ADJ_SOON writes is closed.
 *
 * Counters. Once it is known of a write whether it was continued, the counter of its
 * region moves an eighth of the way to 255 or 0. There are two, as in a predictor with one
 * bit of history: for writes that were a continuation themselves, and for those that
 * began something. A region that is entered by a stream starts with what the region had
 * that the stream comes from; any other with half of what holds for all writes.
 *
 * Steps. A write that continues nothing may be a step from the nearest open stream of the
 * same client; if another one comes as far behind it, it was. A region remembers one step
 * and how often it held.
 *
 * Regions are in a table of sets of four; of a full set the one not written for longest
 * goes.
 *
 * Score. When a write has come, what would be said of its continuation is noted; whether
 * it came true is known when the stream is continued or closed.
 *
 * Ownership: the memory of the sets is the caller's, and so is that of the rest. Locks:
 * the caller's; a question asked while another learns may be answered wrongly, by what
 * was of another region, and does no other harm. Total: sectors may be anything.
 */
#ifndef DL_CORE_ADJACENCY_H
#define DL_CORE_ADJACENCY_H

#include "dl_port.h"

#define DL_ADJ_REGION_SHIFT	11u	/* sectors: 1 MiB */
#define DL_ADJ_WAYS		4u
#define DL_ADJ_STREAMS		16u
#define DL_ADJ_SOON		128u	/* writes */
#define DL_ADJ_STEP_MAX		(1u << 15)	/* sectors, either way */
#define DL_ADJ_SAY		128u	/* a probability from which on it is said */

struct dl_adj_region {
	u64 region;
	u32 at;			/* number of the last write */
	s32 step;		/* sectors; 0: none known */
	u16 length;		/* mean of continuations, in 1/16 sectors */
	u8  next[2];		/* by whether the write was one: P(continued), of 255 */
	u8  stepped;		/* P(next is @step away), of 255 */
	u8  used;
};

struct dl_adj_set {
	struct dl_adj_region way[DL_ADJ_WAYS];
};

struct dl_adj_stream {
	u64 start, end;		/* of the last write */
	u32 at;			/* its number */
	s32 step;		/* from the one before, or from its neighbour; 0: none */
	u16 client;
	u8  run;		/* how often it went on, either way; saturating */
	u8  flags;
};

/* How good it is, since the beginning. */
struct dl_adj_score {
	u64 writes;
	u64 said, came;		/* that a write is continued; that was right */
	u64 were;		/* writes that were continued */
	u64 steps_said, steps_came, steps_were;
	u32 lately;		/* right of what was said, of 65536: a rolling mean */
};

struct dl_adjacency {
	struct dl_adj_set *sets;
	u32 set_mask;
	u32 writes;		/* a number for the next write; wraps */
	u8  next[2];		/* counters as a region's, of all writes */
	struct dl_adj_stream stream[DL_ADJ_STREAMS];
	struct dl_adj_score score;
};

/* What is expected after a write. */
struct dl_adj_next {
	u8  next;		/* that the sectors behind it come soon, of 255 */
	u8  stepped;		/* that a write @step away comes soon, of 255 */
	u16 sectors;		/* how many there will be behind it, about; 0: not known */
	s32 step;		/* sectors from start to start; 0: none */
};

/**
 * dl_adjacency_init() - begin with nothing
 * @a: out
 * @sets: memory for regions, any content
 * @nr_sets: how many, a power of two
 */
void dl_adjacency_init(struct dl_adjacency *a, struct dl_adj_set *sets,
		       u32 nr_sets);

/**
 * dl_adjacency_learn() - the next write
 * @a: predictor
 * @sector: its first sector
 * @sectors: how many; 0 is no write
 * @client: whose it is
 */
void dl_adjacency_learn(struct dl_adjacency *a, u64 sector, u32 sectors,
			u16 client);

/**
 * dl_adjacency_forget() - writes come that it is not told of
 * @a: predictor
 *
 * Who waits for a continuation may have had it: nothing is learned of that.
 */
void dl_adjacency_forget(struct dl_adjacency *a);

/**
 * dl_adjacency_successor() - what is expected after a write
 * @a: predictor, whether or not it has learned that one
 * @sector: first sector of the write
 * @runs: it continues one before it
 * @out: out
 *
 * Constant time: four entries are looked at.
 */
void dl_adjacency_successor(const struct dl_adjacency *a, u64 sector, bool runs,
			    struct dl_adj_next *out);

#endif
