/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a log is to have ready, by what it is expected to be given: how large the
 * next segments are, how many are allocated ahead, how many frames.
 *
 * A segment is as large as what is foreseen for the time that one is to last, so
 * that a busy log changes segments no more often than a quiet one, and what a quiet
 * one writes comes to an end. The pool holds what may come until it can be filled
 * again: the upper quantile, or what bursts came to that are too rare to be in it, and
 * what single clients may write beyond their share of it. The pool is one;
 * whom it serves first does not matter as long as it lasts.
 *
 * Never less than without foresight: a pool holds at least as many bytes and as many
 * segments, and a forecast that nobody would bet on counts for nothing.
 *
 * Pure: no allocation, no clock; a plan is made of the one before it. The caller calls
 * at equal intervals (DL_CASCADE_TICK_MS): what the pool was once made for is forgotten
 * by half in 35 seconds of such calls.
 */
#ifndef DL_CORE_PLAN_H
#define DL_CORE_PLAN_H

#include "series.h"

#define DL_PLAN_CONFIDENCE	96u	/* of 255: forecasts below it are not used */
#define DL_PLAN_POOL_MOST	64u	/* segments allocated ahead, at most */
#define DL_PLAN_FRAMES		2u	/* ahead, at least */

/* What is fixed, or changes with the log's size only. */
struct dl_plan_bounds {
	u32 chunks;		/* of the log */
	u32 seg_chunks;		/* of a segment without foresight; at least 1 */
	u32 seg_most;		/* that a summary can be had for; at least @seg_chunks */
	u32 pool;		/* segments allocated ahead without foresight */
	u32 frames_max;		/* at least DL_PLAN_FRAMES */
	u32 frame_bytes;	/* of payload; not 0 */
	u64 ahead_bytes;	/* of log that memory for the pool's summaries allows */
	u8 chunk_shift;		/* of a chunk's bytes */
};

/* A client that is known: what it may write until the pool can be filled. */
struct dl_plan_client {
	u32 share;		/* of all that is written, expected; of 65536 */
	u64 high;		/* bytes, the upper quantile */
};

struct dl_plan_needs {
	struct dl_forecast fill;	/* bytes logged while a segment is to last */
	struct dl_forecast burst;	/* and until the pool can be filled again */
	u64 bursts;			/* what bursts came to that are rarer than a
					 * quantile tells; 0: not known
					 */
	const struct dl_plan_client *clients;
	u32 nr_clients;
	u64 least;			/* bytes to have ahead whatever is foreseen */
};

struct dl_plan {
	u32 seg_chunks;		/* of a new segment */
	u32 pool;		/* segments ahead, of that size */
	u32 frames;		/* ahead, idle or to be had without allocating */
	u64 soon;		/* bytes at most until a segment should have been
				 * filled; U64_MAX: nobody knows
				 */
	u64 burst;		/* bytes that the pool is made for: it only fades */
};

/**
 * dl_plan_static() - what is ready if nothing is foreseen
 * @p: out
 * @b: bounds
 */
void dl_plan_static(struct dl_plan *p, const struct dl_plan_bounds *b);

/**
 * dl_plan_burst() - bytes that may come until the pool can be filled again
 * @n: what is foreseen; of clients, as far as they are known
 *
 * Return: 0 if nobody knows.
 */
u64 dl_plan_burst(const struct dl_plan_needs *n);

/**
 * dl_plan_part() - a part of what may come
 * @bytes: all of it
 * @share: of 65536, at most that
 *
 * Return: it, or a little less.
 */
u64 dl_plan_part(u64 bytes, u32 share);

/**
 * dl_plan_make() - the next plan
 * @p: the one before, from here or dl_plan_static(); out
 * @b: bounds; they may have changed
 * @n: what is foreseen
 *
 * The size follows @n->fill.value, from a quarter of the size without foresight to a
 * 32nd of the log, but stays what it is until it would be twice or half of that.
 */
void dl_plan_make(struct dl_plan *p, const struct dl_plan_bounds *b,
		  const struct dl_plan_needs *n);

/**
 * dl_plan_size() - chunks of the next segment, so that all of a log can be used
 * @want: chunks, as planned
 * @usual: as without foresight
 * @unused: chunks that no segment has
 * @left: segments there may yet be
 *
 * A checkpoint has room for so many segments. Smaller ones than usual are made only as
 * far as the chunks that are left come to no more than that.
 *
 * Return: @want, or more, but then no more than @usual.
 */
u32 dl_plan_size(u32 want, u32 usual, u32 unused, u32 left);

#endif
