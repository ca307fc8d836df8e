/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much room bursts of writes take: what a log has to have free so that none of
 * them waits, if it is emptied at a given pace from the first byte on.
 *
 * That is the highest level of a bucket that leaks at that pace. A burst begins when
 * something is in the bucket and ends when but a sixteenth of the highest level is left:
 * what trickles on may keep that in it for ever. Remembered are the levels of the last
 * sixteen that came to something. What the next one takes is the second highest of
 * twelve or more, the highest of fewer; it is not known of less than four, or when none
 * came for four times as long as between any two of them.
 *
 * Anything may come in; levels saturate, time that runs backward stands still.
 *
 * Ownership and locks: the caller's; no pointers. Zeros are a valid state.
 */
#ifndef DL_CORE_BURST_H
#define DL_CORE_BURST_H

#include "dl_port.h"
#include "format_foresight.h"

#define DL_BURSTS	16u
#define DL_BURSTS_LEAST	4u		/* bursts before anything is expected */
#define DL_BURST_MOST	(1ULL << 48)	/* bytes; more is taken for that */

struct dl_bursts {
	u64 level, peak;
	u64 now_ms, last_ms;	/* @last_ms: the last one's end; may be before 0 */
	u32 nr, at;
	struct {
		u64 peak;
		u64 gap_ms;	/* from the one before it */
	} burst[DL_BURSTS];
};

/**
 * dl_bursts_add() - so much came
 * @b: bursts
 * @now_ms: by then
 * @bytes: since the last time
 * @drain: bytes a second that the bucket leaks; 0: not known, nothing is learned
 * @least: bursts below that do not count
 */
void dl_bursts_add(struct dl_bursts *b, u64 now_ms, u64 bytes, u64 drain, u64 least);

/* Room that the next one is to find, in all; 0: not known. */
u64 dl_bursts_expected(const struct dl_bursts *b);

/* The same, less what has come of one that is under way. */
u64 dl_bursts_need(const struct dl_bursts *b);

/* How likely the next one takes more than @room and comes within @within_ms. */
u32 dl_bursts_chance(const struct dl_bursts *b, u64 room, u32 within_ms);

/**
 * dl_bursts_pack() - as they are kept on disk
 * @b: bursts; one that is under way is not kept
 * @d: out
 */
void dl_bursts_pack(const struct dl_bursts *b, struct dl_disk_bursts *d);

/**
 * dl_bursts_unpack() - as they were kept
 * @b: out; zeros if they are not sound
 * @d: from anywhere
 * @now_ms: now, by the clock that dl_bursts_add() is told
 * @gap_ms: passed since they were packed
 *
 * Return: whether they are sound.
 */
bool dl_bursts_unpack(struct dl_bursts *b, const struct dl_disk_bursts *d, u64 now_ms,
		      u64 gap_ms);

/* What is emptied at @rate a second in @ms, at most a fortieth less than that. */
static inline u64 dl_drained(u64 rate, u32 ms)
{
	return mul_u64_u32_shr(min_t(u64, rate, 1ULL << 40), ms, 10);
}

#endif
