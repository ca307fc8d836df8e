/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of something came lately, and how likely more than a given amount comes
 * within a time T: counted in blocks of a sixteenth of T, for eight T.
 *
 * The chance is the higher one of two: of all stretches of T that are remembered, the
 * share that had more; and that the last half of T, or the last T if that was more,
 * goes on like that, by a factor of two up or down. The first knows what comes now and
 * then, the second what has just begun. A model of the next interval knows neither
 * well: its median says little about a sum of many, of which a few are most of it.
 *
 * Amounts may be negative: what is given back counts against what is taken. Anything
 * may come in; amounts saturate, time that runs backward stands still.
 *
 * Ownership and locks: the caller's; no pointers.
 */
#ifndef DL_CORE_FLOW_H
#define DL_CORE_FLOW_H

#include "dl_port.h"
#include "format_foresight.h"
#include "series.h"

#define DL_FLOW_PER_T	16u		/* blocks in T */
#define DL_FLOW_BLOCKS	128u		/* that are remembered */
#define DL_FLOW_MOST	(1LL << 48)	/* of a block; more is taken for that */
#define DL_CHANCE_ONE	65536u		/* as sure as can be */

struct dl_flow {
	u32 block_ms;
	u32 nr, at;		/* blocks closed, and where the next one goes */
	u64 begun_ms;		/* when the one that runs began */
	bool begun;
	s64 now;		/* of that one, so far */
	s64 sum[DL_FLOW_BLOCKS];
};

/**
 * dl_flow_init() - know nothing yet
 * @f: out
 * @within_ms: T, at least 16
 */
void dl_flow_init(struct dl_flow *f, u32 within_ms);

/* So much came by @now_ms, since the last time. */
void dl_flow_add(struct dl_flow *f, u64 now_ms, s64 amount);

/*
 * What T has if it goes on like lately; 0 also while less than an eighth of T is
 * known.
 */
u64 dl_flow_expected(const struct dl_flow *f);

/* How likely more than @room comes within T, of DL_CHANCE_ONE. */
u32 dl_flow_chance(const struct dl_flow *f, u64 room);

/**
 * dl_flow_pack() - as it is kept on disk
 * @f: flow
 * @now_ms: now
 * @d: out
 */
void dl_flow_pack(const struct dl_flow *f, u64 now_ms, struct dl_disk_flow *d);

/**
 * dl_flow_unpack() - as it was kept
 * @f: of dl_flow_init(), with the same T; unchanged if @d is not sound
 * @d: from anywhere
 * @now_ms: now
 * @gap_ms: passed since it was packed; nothing came meanwhile
 *
 * Return: whether it is sound, and for the same T.
 */
bool dl_flow_unpack(struct dl_flow *f, const struct dl_disk_flow *d, u64 now_ms,
		    u64 gap_ms);

/**
 * dl_chance_above() - how likely it is that more comes than foreseen
 * @f: forecast, taken for lognormal on either side of its value, with a tenth of it
 *	outside of low and high
 * @room: how much more than which is asked about
 *
 * Return: of DL_CHANCE_ONE; never grows with @room. The confidence is not in it.
 */
u32 dl_chance_above(const struct dl_forecast *f, u64 room);

#endif
